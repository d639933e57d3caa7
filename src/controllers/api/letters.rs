//! `/api/v1/messages`: letters as a list, and a new one.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LINK, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answered::{LettersJson, MessageJson};
use super::asked::{Asked, FILTERS, PAGING};
use super::conditions::etag;
use super::json;
use super::sent::{NoQuery, Sent, TakesJson};
use super::shapes::NewLetter;
use crate::body::idempotency_key;
use crate::error::Error;
use crate::middleware::Caller;
use crate::models::{Cursor, DeliveryKey, Letter, Message, MessageId};
use crate::paths;
use crate::state::State;
use crate::store::{Delivered, Delivery};

/// `GET /api/v1/messages`: one page of the letters that are asked for, newest first.
pub async fn list(
    request: HttpRequest,
    _caller: Caller,
    _: TakesJson,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::of(request.query_string(), &[&FILTERS[..], &PAGING].concat())?;
    let (letters, newer, older) = page(&state, &asked).await?;
    let [previous, next] = [newer, older].map(|cursor| cursor.map(|cursor| asked.href(cursor)));
    let links = [("next", &next), ("prev", &previous)];
    let links = links.iter().filter_map(|(rel, href)| href.as_ref().map(|href| format!("<{href}>; rel=\"{rel}\"")));
    let links = links.collect::<Vec<_>>().join(", ");
    let items = letters.iter().map(MessageJson::of).collect();
    let mut answer = json(StatusCode::OK, &LettersJson { items, next, previous });
    if let Some(links) = links.parse().ok().filter(|_| !links.is_empty()) {
        answer.headers_mut().insert(LINK, links);
    }
    Ok(answer)
}

/// The letters, and where the newer and the older ones begin, if there are any.
async fn page(state: &State, asked: &Asked) -> Result<(Vec<Message>, Option<Cursor>, Option<Cursor>), Error> {
    let query = asked.one_more();
    let up = query.looks_up();
    let mut letters = state.store.read_messages(query).await?;
    let more = letters.len() > asked.limit as usize;
    if more && up {
        letters.remove(0);
    } else if more {
        letters.pop();
    }
    let newer = letters.first().map(|first| Cursor::After(first.id));
    let older = letters.last().map(|last| Cursor::Before(last.id));
    let beyond = async |cursor: Option<Cursor>| match cursor.filter(|_| asked.cursor.is_some()) {
        Some(cursor) => Ok::<_, Error>(!state.store.list_messages(asked.at(Some(cursor), 1)).await?.items.is_empty()),
        None => Ok(false),
    };
    let (has_newer, has_older) = if up { (more, beyond(older).await?) } else { (beyond(newer).await?, more) };
    Ok((letters, newer.filter(|_| has_newer), older.filter(|_| has_older)))
}

/// `POST /api/v1/messages`: a new letter in the inbox. An `Idempotency-Key` makes it one, however often it is sent.
pub async fn create(
    request: HttpRequest,
    caller: Caller,
    _: TakesJson,
    _: NoQuery,
    letter: Sent<NewLetter>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let key = match idempotency_key(&request)? {
        Some(name) => DeliveryKey::of_request(caller.user().id, &name),
        None => DeliveryKey::unique()?,
    };
    let received_at = state.clock.now();
    let delivery = Delivery { id: MessageId::next(received_at), received_at, key, letter: letter.0.clone() };
    let delivered = state.store.add_message(delivery).await?;
    let message = stored(&state, &delivered, &letter.0).await?;
    let mut answer = json(StatusCode::CREATED, &MessageJson::of(&message));
    let address = format!("{}/{}", paths::API_MESSAGES, message.id);
    for (name, value) in [(LOCATION, address), (ETAG, etag(&message))] {
        if let Ok(value) = value.parse() {
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

/// The letter of a delivery as it is now. One that was there before and says something else is another letter.
async fn stored(state: &State, delivered: &Delivered, letter: &Letter) -> Result<Message, Error> {
    let id = delivered.id;
    let message = state.store.message(id).await?;
    let message = message
        .ok_or_else(|| Error::Conflict(format!("The letter {id} was deleted in this moment. Send yours again.")))?;
    if delivered.repeated && message.letter != *letter {
        return Err(Error::Conflict(format!(
            "This Idempotency-Key was given to the letter {id}, which says something else. Send yours with a key of its own."
        )));
    }
    Ok(message)
}
