//! `/api/v1/folders`: how many letters lie where.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::answered::FoldersJson;
use super::json;
use super::sent::{NoQuery, TakesJson};
use crate::error::Error;
use crate::middleware::Caller;
use crate::state::State;

/// `GET /api/v1/folders`.
pub async fn folders(_caller: Caller, _: TakesJson, _: NoQuery, state: Data<State>) -> Result<HttpResponse, Error> {
    Ok(json(StatusCode::OK, &FoldersJson::of(state.store.count_folders().await?)))
}
