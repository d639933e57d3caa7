//! `/api/v1/messages/actions`: one thing with many letters, and taking it back.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};

use super::answered::{ActedJson, UndoneJson};
use super::json;
use super::sent::{NoQuery, Sent, TakesJson};
use super::shapes::Act;
use crate::error::Error;
use crate::middleware::Caller;
use crate::models::{Change, ChangeId, Target};
use crate::state::State;

/// `POST /api/v1/messages/actions`: what is there of the letters is changed, whatever is not.
pub async fn act(
    _caller: Caller,
    _: TakesJson,
    _: NoQuery,
    act: Sent<Act>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let now = state.clock.now();
    let id = ChangeId::new(now);
    let letters = act.0.ids.iter().map(|id| Target { id: *id, seen_in: None }).collect();
    let changed = state.store.change_messages(Change { id, action: act.0.action, letters, now }).await?;
    Ok(json(StatusCode::OK, &ActedJson::of(&changed, id.to_string())))
}

/// `POST /api/v1/messages/actions/{id}/undo`: on those of its letters that nobody has changed since.
pub async fn undo(
    _caller: Caller,
    id: Path<String>,
    _: TakesJson,
    _: NoQuery,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let id: ChangeId = id.parse().map_err(|_| Error::NotFound)?;
    let restored = state.store.undo_change(id, state.clock.now()).await?;
    Ok(json(StatusCode::OK, &UndoneJson { restored }))
}
