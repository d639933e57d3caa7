//! The API: the same letters, rules and logins as the pages, for programs. One file per resource; what is sent
//! stands in `shapes`, what is answered in `answered`, how a request is read in `sent` and `asked`.

mod actions;
mod answered;
mod asked;
mod auth;
mod conditions;
mod export;
mod folders;
mod letter;
mod letters;
mod openapi;
mod page;
mod sent;
mod shapes;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

pub use actions::{act, undo};
pub use auth::{log_in, log_out, refresh};
pub use export::export;
pub use folders::folders;
pub use letter::{patch, remove, replace, show};
pub use letters::{create, list};
pub use openapi::describe;
pub use page::explain;

/// Largest body of a request, in bytes: the longest letter fits with every character escaped, and an emoji then takes
/// twelve.
const BODY: usize = 256 * 1024;

fn json(status: StatusCode, value: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).json(value)
}
