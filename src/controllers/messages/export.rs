//! `GET /messages/export`: the letters of a list as one file.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::view::View;
use crate::body::Form;
use crate::error::Error;
use crate::export;
use crate::middleware::CurrentUser;
use crate::models::Format;
use crate::state::State;

/// `GET /messages/export?format=csv|jsonl|mbox`, with the filters of the list.
pub async fn export(request: HttpRequest, user: CurrentUser, state: Data<State>) -> Result<HttpResponse, Error> {
    let view = View::of(request.query_string())?;
    let format = match Form::parse(request.query_string().as_bytes()).take("format").as_str() {
        "" => Format::Csv,
        name => Format::parse(name)
            .ok_or(Error::BadRequest("There is no such format. Choose csv, jsonl or mbox in the address."))?,
    };
    tracing::info!(user = %user.user().id, format = format.as_str(), "letters are exported");
    let session = user.session();
    Ok(export::answer(&request, state, view.page(export::AT_ONCE), format, move |state| async move {
        state.auth.is_live(session).await
    }))
}
