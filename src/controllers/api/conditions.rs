//! Acting only on the state that was seen: `ETag`, `If-Match`, `If-None-Match` (RFC 9110 §8.8.3 and §13.1).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};

use crate::error::Error;
use crate::models::Message;

const MALFORMED: Error =
    Error::BadRequest("If-Match and If-None-Match take ETags as they were given, in double quotes, or a lone *.");

/// The strong tag of a letter as it is now.
pub fn etag(message: &Message) -> String {
    format!("\"{}\"", message.version)
}

/// Some tags, or any.
enum Tags {
    Any,
    /// Each with whether it is weak, and its quotes.
    These(Vec<(bool, String)>),
}

/// What a request asks of the state it meets.
#[derive(Default)]
pub struct Conditions {
    wanted: Option<Tags>,
    unwanted: Option<Tags>,
}

impl Conditions {
    fn of(request: &HttpRequest) -> Result<Self, Error> {
        Ok(Self { wanted: tags(request, IF_MATCH)?, unwanted: tags(request, IF_NONE_MATCH)? })
    }

    /// For a change: the version that it may be made to, if only to one. What passes here and is of another version by
    /// the time of the change is refused by the store.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`].
    pub fn expected(&self, message: &Message) -> Result<Option<u64>, Error> {
        if !self.is_wanted(message) || self.is_unwanted(message) {
            return Err(Error::PreconditionFailed);
        }
        let names_tags = |tags: &Option<Tags>| matches!(tags, Some(Tags::These(_)));
        Ok((names_tags(&self.wanted) || names_tags(&self.unwanted)).then_some(message.version))
    }

    /// For reading: whether there is anything new to tell.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] for an `If-Match` that does not hold.
    pub fn is_news(&self, message: &Message) -> Result<bool, Error> {
        if self.is_wanted(message) { Ok(!self.is_unwanted(message)) } else { Err(Error::PreconditionFailed) }
    }

    fn is_wanted(&self, message: &Message) -> bool {
        match &self.wanted {
            None | Some(Tags::Any) => true,
            Some(Tags::These(tags)) => tags.contains(&(false, etag(message))),
        }
    }

    /// Compared weakly: a tag that a proxy has weakened still names the same state.
    fn is_unwanted(&self, message: &Message) -> bool {
        match &self.unwanted {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::These(tags)) => tags.iter().any(|(_, tag)| *tag == etag(message)),
        }
    }
}

impl FromRequest for Conditions {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// The tags of a header, on however many lines it came.
fn tags(request: &HttpRequest, name: HeaderName) -> Result<Option<Tags>, Error> {
    let lines: Vec<&str> = request.headers().get_all(name).map(|line| line.to_str().unwrap_or("?")).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let list = lines.join(",");
    if list.trim() == "*" {
        return Ok(Some(Tags::Any));
    }
    parse(&list).map(|tags| Some(Tags::These(tags))).ok_or(MALFORMED)
}

/// `"1", W/"2"`; a comma within quotes divides nothing. Quotes that a shell has eaten are put back.
fn parse(list: &str) -> Option<Vec<(bool, String)>> {
    let (mut rest, mut tags) = (list.trim(), Vec::new());
    loop {
        let (weak, opaque) = rest.strip_prefix("W/").map_or((false, rest), |opaque| (true, opaque));
        let (tag, end) = match opaque.strip_prefix('"') {
            Some(inside) => {
                let end = inside.find('"')? + 2;
                (opaque[..end].to_owned(), end)
            }
            None => {
                let end = opaque.find(|c: char| !c.is_ascii_digit()).unwrap_or(opaque.len());
                (end > 0).then(|| (format!("\"{}\"", &opaque[..end]), end))?
            }
        };
        tags.push((weak, tag));
        rest = opaque[end..].trim_start();
        if rest.is_empty() {
            return Some(tags);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags_are_read_and_nothing_else_is() {
        let tag = |weak, tag: &str| (weak, tag.to_owned());
        assert_eq!(parse("\"1\""), Some(vec![tag(false, "\"1\"")]));
        assert_eq!(
            parse("W/\"1\" ,\"a,b\",\"\""),
            Some(vec![tag(true, "\"1\""), tag(false, "\"a,b\""), tag(false, "\"\"")])
        );
        assert_eq!(parse("1"), parse("\"1\""));
        for wrong in ["", "none", "1a", "\"1", "\"1\" \"2\"", "\"1\",", ",\"1\"", "w/\"1\"", "*, \"1\"", "\"1\", *"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
