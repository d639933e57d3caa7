//! The first start: makes the owner, once.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::auth::{AccountError, NewAccount};
use crate::error::Error;
use crate::models::Fault;
use crate::page::{self, Frame};
use crate::state::State;
use crate::{body, client, cookies, flash, paths};

const STALE: &str = "This set-up link is not valid, or it is older than a day. Restart Letterbox: it prints a new one.";

#[derive(Template)]
#[template(path = "setup/form.html")]
struct FormPage {
    frame: Frame,
    token: String,
    name: String,
    email: String,
    errors: Vec<Fault>,
    notice: Option<String>,
}

impl FormPage {
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

/// `GET /setup`: the form, for whoever has the link, while no user exists.
pub async fn show(link: Query<Link>, state: Data<State>) -> Result<HttpResponse, Error> {
    admit(&state, &link.token).await?;
    let frame = Frame::public(&state.config.site_name);
    let (token, name, email) = (link.token.clone(), String::new(), String::new());
    Ok(page::private_html(StatusCode::OK, &FormPage { frame, token, name, email, errors: Vec::new(), notice: None }))
}

/// `POST /setup`: creates the owner and signs them in.
pub async fn create(
    request: HttpRequest,
    payload: Payload,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let mut sent = body::small_form(&request, payload).await?;
    let token = sent.take("token");
    admit(&state, &token).await?;
    let (name, email) = (sent.take("name"), sent.take("email"));
    let (password, again) = (sent.take("password"), sent.take("password_again"));
    let account = match NewAccount::parse(&name, &email, &password, &again) {
        Ok(account) => account,
        Err(errors) => {
            let frame = Frame::public(&state.config.site_name);
            let page = FormPage { frame, token, name, email, errors, notice: None };
            return Ok(page::form_again(StatusCode::UNPROCESSABLE_ENTITY, &page, &page.errors, None));
        }
    };
    match state.auth.create_owner(account, &client::of(&request, &state)).await {
        Ok(logged_in) => {
            flash::put(&session, "Welcome. This letterbox is yours.");
            Ok(cookies::welcome(&logged_in, paths::MESSAGES, state.is_https()))
        }
        // The account is there; only signing in failed.
        Err(AccountError::Login(_)) => Ok(page::see_other(paths::LOGIN)),
        Err(AccountError::NotFirst) => Err(Error::NotFound),
        Err(error) => Err(error.into()),
    }
}

async fn admit(state: &State, token: &str) -> Result<(), Error> {
    if !state.auth.is_new().await? {
        return Err(Error::NotFound);
    }
    if state.auth.accepts_setup_token(token) { Ok(()) } else { Err(Error::Forbidden(STALE)) }
}
