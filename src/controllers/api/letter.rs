//! `/api/v1/messages/{id}`: one letter. Reading it here does not mark it read: a program says so itself.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::web::{Data, Path};

use super::answered::MessageJson;
use super::conditions::{Conditions, etag};
use super::json;
use super::sent::{NoQuery, Sent, TakesJson};
use super::shapes::{LetterPatch, WholeLetter};
use crate::error::{Detail, Error};
use crate::middleware::Caller;
use crate::models::{Edit, Message, MessageId};
use crate::state::State;
use crate::store::{Deleted, Edited};

/// `GET /api/v1/messages/{id}`.
pub async fn show(
    _caller: Caller,
    id: Path<String>,
    _: TakesJson,
    _: NoQuery,
    conditions: Conditions,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let message = find(&state, &id).await?;
    if conditions.is_news(&message)? {
        return Ok(answer(&message));
    }
    Ok(tagged(HttpResponse::NotModified().finish(), &message))
}

/// `PUT /api/v1/messages/{id}`: another letter in the place of this one, whole.
pub async fn replace(
    _caller: Caller,
    id: Path<String>,
    _: TakesJson,
    _: NoQuery,
    conditions: Conditions,
    whole: Sent<WholeLetter>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let message = find(&state, &id).await?;
    let contradictions = whole.0.contradictions(&MessageJson::of(&message));
    if contradictions.is_empty() {
        return edit(&state, &message, &conditions, whole.0.edit()).await;
    }
    let detail =
        |member| Detail::in_body(&format!("/{member}"), "This cannot be changed. Send it as it is, or leave it out.");
    Err(Error::Invalid(contradictions.into_iter().map(detail).collect()))
}

/// `PATCH /api/v1/messages/{id}`: another folder, other marks.
pub async fn patch(
    _caller: Caller,
    id: Path<String>,
    _: TakesJson,
    _: NoQuery,
    conditions: Conditions,
    patch: Sent<LetterPatch>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let message = find(&state, &id).await?;
    edit(&state, &message, &conditions, patch.0).await
}

/// `DELETE /api/v1/messages/{id}`: for good, wherever it lies.
pub async fn remove(
    _caller: Caller,
    id: Path<String>,
    _: NoQuery,
    conditions: Conditions,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let message = find(&state, &id).await?;
    let deleted = match conditions.expected(&message)? {
        Some(version) => state.store.delete_message_at(message.id, version).await?,
        None if state.store.delete_message(message.id).await? => Deleted::Done,
        None => Deleted::Unknown,
    };
    match deleted {
        Deleted::Done => Ok(HttpResponse::NoContent().finish()),
        Deleted::Unknown => Err(Error::NotFound),
        Deleted::Stale => Err(Error::PreconditionFailed),
    }
}

async fn edit(state: &State, message: &Message, conditions: &Conditions, edit: Edit) -> Result<HttpResponse, Error> {
    let expected = conditions.expected(message)?;
    match state.store.edit_message(message.id, edit, expected, state.clock.now()).await? {
        Edited::Done(message) => Ok(answer(&message)),
        Edited::Unknown => Err(Error::NotFound),
        Edited::Stale => Err(Error::PreconditionFailed),
    }
}

/// An id has one spelling; under every other one there is nothing.
async fn find(state: &State, id: &str) -> Result<Message, Error> {
    let id: MessageId = id.parse().map_err(|_| Error::NotFound)?;
    state.store.message(id).await?.ok_or(Error::NotFound)
}

fn answer(message: &Message) -> HttpResponse {
    tagged(json(StatusCode::OK, &MessageJson::of(message)), message)
}

fn tagged(mut response: HttpResponse, message: &Message) -> HttpResponse {
    if let Ok(tag) = HeaderValue::from_str(&etag(message)) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
