//! Reading what was sent: within a limit, of a known kind, in UTF-8.

pub mod json;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, error::PayloadError};
use futures_util::{Stream, StreamExt as _};
use percent_encoding::percent_decode;

use crate::error::Error;

/// Largest form of a few short fields, in bytes.
pub const SMALL: usize = 16 * 1024;
/// Longest `Idempotency-Key`, in bytes.
pub const KEY_MAX: usize = 255;

/// What kind of body a request says it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
    /// Anything else, or nothing.
    Other,
}

impl Kind {
    /// As the header says.
    pub fn of(request: &HttpRequest) -> Self {
        let header = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = header.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Kind::Form
        } else if essence.eq_ignore_ascii_case("application/json") {
            Kind::Json
        } else {
            Kind::Other
        }
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// [`Error::TooLarge`] at the first byte too many, [`Error::BadRequest`] when it cannot be read to its end.
pub async fn read(
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: usize,
) -> Result<Bytes, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => Error::TooLarge(limit),
            PayloadError::Incomplete(Some(error)) if error.kind() == std::io::ErrorKind::TimedOut => Error::Timeout,
            _ => Error::BadRequest("What you sent did not arrive whole. Send it again."),
        })?;
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// Reads a short HTML form.
///
/// # Errors
/// [`Error::UnsupportedMediaType`] and those of [`read`].
pub async fn small_form(request: &HttpRequest, payload: Payload) -> Result<Form, Error> {
    match Kind::of(request) {
        Kind::Form => Ok(Form::parse(&read(payload, SMALL).await?)),
        Kind::Json | Kind::Other => Err(Error::UnsupportedMediaType("application/x-www-form-urlencoded")),
    }
}

/// The header `Idempotency-Key`, which makes many sendings of one thing one thing.
///
/// # Errors
/// [`Error::BadRequest`] when it is empty, too long, or not of visible ASCII characters.
pub fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Error> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=KEY_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Error::BadRequest("The Idempotency-Key must have 1 to 255 visible ASCII characters.")),
    }
}

/// The fields of an HTML form (WHATWG URL Standard, "application/x-www-form-urlencoded"), in the order they came.
pub struct Form {
    fields: Vec<(String, String)>,
    /// Names of fields whose bytes were not UTF-8; their text has U+FFFD where it was not.
    garbled: Vec<String>,
}

impl Form {
    /// Reads the fields. Whatever the bytes are, they are some form.
    pub fn parse(body: &[u8]) -> Self {
        let mut form = Self { fields: Vec::new(), garbled: Vec::new() };
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let middle = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = middle.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
            let (name, (value, clean)) = (decode(name).0, decode(value));
            if !clean {
                form.garbled.push(name.clone());
            }
            form.fields.push((name, value));
        }
        form
    }

    /// The names and values that are left, in the order they came.
    pub fn into_fields(self) -> impl Iterator<Item = (String, String)> {
        self.fields.into_iter()
    }

    /// The first value of `name`; empty when there is none.
    pub fn take(&mut self, name: &str) -> String {
        let found = self.fields.iter_mut().find(|(field, _)| field == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }

    /// Every value of `name`, in the order they came.
    pub fn take_all(&mut self, name: &str) -> Vec<String> {
        let found = self.fields.iter_mut().filter(|(field, _)| field == name);
        found.map(|(_, value)| std::mem::take(value)).collect()
    }

    /// Whether the bytes of `name` were not UTF-8.
    pub fn is_garbled(&self, name: &str) -> bool {
        self.garbled.iter().any(|field| field == name)
    }
}

fn decode(bytes: &[u8]) -> (String, bool) {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    match String::from_utf8(percent_decode(&spaced).collect()) {
        Ok(text) => (text, true),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let mut form = Form::parse(b"name=Ada+L%C3%B6v&message=a%0D%0Ab%2Bc&empty=&flag&name=second");
        assert_eq!(form.take("name"), "Ada Löv");
        assert_eq!(form.take("message"), "a\r\nb+c");
        assert_eq!(form.take("empty") + &form.take("flag") + &form.take("missing"), "");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_told_and_not_swallowed() {
        let mut form = Form::parse(b"name=%FF%FEAda&message=fine&x=%zz");
        assert!(form.is_garbled("name") && !form.is_garbled("message") && !form.is_garbled("x"));
        assert_eq!(form.take("name"), "\u{fffd}\u{fffd}Ada");
        assert_eq!(form.take("x"), "%zz");
    }
}
