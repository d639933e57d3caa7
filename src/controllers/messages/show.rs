//! `GET /messages/{id}`: one letter.

use actix_session::Session;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::tools::{Tool, moves};
use super::view::{View, name};
use crate::error::Error;
use crate::flash;
use crate::middleware::CurrentUser;
use crate::models::{Cursor, Folder, ListQuery, Message, MessageId, MessageSummary, Segment, Timestamp};
use crate::page::{self, Frame, When};
use crate::state::State;

/// Earlier letters of the sender that are shown.
const EARLIER: u32 = 10;

#[derive(Template)]
#[template(path = "messages/show.html")]
struct LetterPage<'a> {
    frame: Frame,
    action: String,
    folder: Folder,
    folder_name: &'static str,
    moves: Vec<Tool>,
    starred: bool,
    name: Vec<Segment<'a>>,
    email: Vec<Segment<'a>>,
    title: &'a str,
    subject: Vec<Segment<'a>>,
    body: Vec<Segment<'a>>,
    when: When,
    reply_href: String,
    back_href: String,
    back_name: &'static str,
    here: String,
    newer: Option<String>,
    older: Option<String>,
    earlier: Vec<Earlier>,
}

struct Earlier {
    href: String,
    subject: String,
    preview: String,
    goes_on: bool,
    when: When,
    folder: Option<&'static str>,
}

/// `GET /messages/{id}`: the letter as it was sent, in the list it was opened from; marks it read.
pub async fn show(
    request: HttpRequest,
    user: CurrentUser,
    id: Path<String>,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let id: MessageId = id.parse().map_err(|_| Error::NotFound)?;
    let view = View::of(request.query_string())?;
    let message = state.store.message(id).await?.ok_or(Error::NotFound)?;
    if !message.read && is_seen_by_a_person(&request) {
        // A full disk must not keep anybody from reading.
        if let Err(error) = state.store.set_read(id, true).await {
            tracing::warn!(%error, "a letter could not be marked read");
        }
    }
    let newer = neighbour(&state, &view, Cursor::After(id)).await?;
    let older = neighbour(&state, &view, Cursor::Before(id)).await?;
    let earlier = state.store.earlier_from_sender(id, EARLIER).await?;
    let frame = Frame::private(&state.config.site_name, user.user()).with_notice(flash::take_notice(&session));
    let mut page = LetterPage::of(&message, &view, frame);
    (page.newer, page.older) = (newer, older);
    let now = state.clock.now();
    page.earlier = earlier.iter().map(|letter| Earlier::of(letter, now)).collect();
    Ok(page::html(StatusCode::OK, &page))
}

/// Not for HEAD, and not for a browser that only guesses what its user may open next.
fn is_seen_by_a_person(request: &HttpRequest) -> bool {
    request.method() == Method::GET && !request.headers().contains_key("sec-purpose")
}

/// The letter next to this one in the list it was opened from. This one need not be in that list any more.
async fn neighbour(state: &State, view: &View, cursor: Cursor) -> Result<Option<String>, Error> {
    if view.by_relevance {
        return Ok(None);
    }
    let letters = state.store.list_messages(ListQuery { cursor: Some(cursor), ..view.page(1) }).await?;
    Ok(letters.items.first().map(|letter| view.letter(letter.id)))
}

impl<'a> LetterPage<'a> {
    fn of(message: &'a Message, view: &View, frame: Frame) -> Self {
        let (letter, search) = (&message.letter, &view.query.search);
        let view = view.from(view.cursor);
        Self {
            frame,
            action: View::default().letter(message.id),
            folder: message.folder,
            folder_name: name(message.folder),
            moves: moves(Some(message.folder)),
            starred: message.starred,
            reply_href: reply_href(letter.email.as_str(), letter.subject.as_str()),
            name: search.segments(letter.name.as_str(), true),
            email: search.segments(letter.email.as_str(), true),
            title: letter.subject.as_str(),
            subject: search.segments(letter.subject.as_str(), false),
            body: search.segments(letter.body.as_str(), false),
            when: When::in_head(message.received_at),
            back_href: view.href(),
            back_name: view.title(),
            here: view.letter(message.id),
            newer: None,
            older: None,
            earlier: Vec::new(),
        }
    }
}

impl Earlier {
    fn of(letter: &MessageSummary, now: Timestamp) -> Self {
        let folder = (letter.folder != Folder::Inbox).then_some(letter.folder);
        let view = View { folder, ..View::default() };
        let (opening, goes_on) = letter.opening();
        Self {
            href: view.letter(letter.id),
            preview: opening.to_owned(),
            goes_on,
            subject: letter.subject().to_owned(),
            when: When::in_list(letter.received_at, now),
            folder: folder.map(name),
        }
    }
}

/// A `mailto:` URL that begins an answer (RFC 6068).
fn reply_href(email: &str, subject: &str) -> String {
    const ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'@').remove(b'.').remove(b'-').remove(b'_');
    let subject = if subject.is_empty() { "Your letter" } else { subject };
    let subject = if subject.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:")) {
        subject.to_owned()
    } else {
        format!("Re: {subject}")
    };
    let (email, subject) = (utf8_percent_encode(email, ADDRESS), utf8_percent_encode(&subject, NON_ALPHANUMERIC));
    format!("mailto:{email}?subject={subject}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_to_the_sender_and_nothing_slips_into_its_head() {
        assert_eq!(reply_href("ada@example.com", "Hi & bye"), "mailto:ada@example.com?subject=Re%3A%20Hi%20%26%20bye");
        assert_eq!(reply_href("a?cc=x@b.c", "RE: Hi"), "mailto:a%3Fcc%3Dx@b.c?subject=RE%3A%20Hi");
        assert_eq!(reply_href("a@b.c", ""), "mailto:a@b.c?subject=Re%3A%20Your%20letter");
        assert_eq!(reply_href("a@b.c", "日本"), "mailto:a@b.c?subject=Re%3A%20%E6%97%A5%E6%9C%AC");
    }
}
