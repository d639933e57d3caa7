//! `/api/v1/messages/export`: the letters of a list as one file.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::asked::{Asked, FILTERS};
use crate::error::Error;
use crate::middleware::Caller;
use crate::models::Format;
use crate::state::State;
use crate::{export, wants};

/// `GET /api/v1/messages/export?format=csv|jsonl|mbox`, with the filters of the list.
pub async fn export(request: HttpRequest, caller: Caller, state: Data<State>) -> Result<HttpResponse, Error> {
    let asked = Asked::of(request.query_string(), &[&FILTERS[..], &["format"]].concat())?;
    let kind = asked.format.media_type().split(';').next().unwrap_or_default();
    if !wants::takes(&request, kind) {
        return Err(Error::NotAcceptable(match asked.format {
            Format::Csv => "text/csv",
            Format::Jsonl => "application/jsonl",
            Format::Mbox => "application/mbox",
        }));
    }
    tracing::info!(user = %caller.user().id, format = asked.format.as_str(), "letters are exported");
    Ok(export::answer(&request, state, asked.at(None, export::AT_ONCE), asked.format, move |state| {
        let caller = caller.clone();
        async move { caller.is_live(&state).await }
    }))
}
