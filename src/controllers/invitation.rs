//! Where somebody who was invited chooses a password.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::auth::AccountError;
use crate::error::Error;
use crate::models::{Fault, NewPassword, User};
use crate::page::{self, Frame};
use crate::state::State;
use crate::{body, client, cookies, flash, paths};

const STALE: &str =
    "This invitation was used, is older than seven days, or was replaced by a newer one. Ask for a new link.";

#[derive(Template)]
#[template(path = "invitation/form.html")]
struct FormPage {
    frame: Frame,
    token: String,
    name: String,
    email: String,
    errors: Vec<Fault>,
    notice: Option<String>,
}

impl FormPage {
    fn of(user: User, token: String, errors: Vec<Fault>, state: &State) -> Self {
        Self {
            frame: Frame::public(&state.config.site_name),
            token,
            name: user.name.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
            errors,
            notice: None,
        }
    }

    fn error(&self, field: &str) -> Option<&str> {
        page::fault_of(&self.errors, field)
    }
}

/// What the link carries.
#[derive(Deserialize)]
pub struct Link {
    #[serde(default)]
    token: String,
}

/// `GET /invitation`: the form, for whoever has the link.
pub async fn show(link: Query<Link>, state: Data<State>) -> Result<HttpResponse, Error> {
    let user = state.auth.invited(&link.token).await.map_err(stale)?;
    Ok(page::private_html(StatusCode::OK, &FormPage::of(user, link.into_inner().token, Vec::new(), &state)))
}

/// `POST /invitation`: sets the password and signs them in.
pub async fn accept(
    request: HttpRequest,
    payload: Payload,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let mut sent = body::small_form(&request, payload).await?;
    let token = sent.take("token");
    let user = state.auth.invited(&token).await.map_err(stale)?;
    let password = match NewPassword::parse_twice(&sent.take("password"), &sent.take("password_again")) {
        Ok(password) => password,
        Err(faults) => {
            let page = FormPage::of(user, token, faults, &state);
            return Ok(page::form_again(StatusCode::UNPROCESSABLE_ENTITY, &page, &page.errors, None));
        }
    };
    let from = client::of(&request, &state);
    match state.auth.accept_invitation(&token, &password, &from).await {
        Ok(logged_in) => {
            client::end_session_before(&request, &state, &from).await;
            flash::put(&session, "Welcome. The letterbox is open for you.");
            Ok(cookies::welcome(&logged_in, paths::MESSAGES, state.is_https()))
        }
        // The password is set; only signing in failed.
        Err(AccountError::Login(_)) => Ok(page::see_other(paths::LOGIN)),
        Err(error) => Err(stale(error)),
    }
}

fn stale(error: AccountError) -> Error {
    match error {
        AccountError::NotInvited => Error::Forbidden(STALE),
        error => error.into(),
    }
}
