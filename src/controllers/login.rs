//! The login page.

use actix_session::Session;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::auth::LoginError;
use crate::cookies::{self, LoginCookies};
use crate::error::{Error, in_words, retry_after_seconds};
use crate::models::Fault;
use crate::page::{self, Frame};
use crate::state::State;
use crate::{body, client, flash, paths};

const WRONG: &str = "The email address or the password is not right. Check both and try again.";
const ALARM: &str = "A session of yours was ended, because an old copy of its key was used. If you did not restore a \
                     browser from a backup, somebody else may have had it: change your password.";

#[derive(Template)]
#[template(path = "login/form.html")]
struct FormPage {
    frame: Frame,
    email: String,
    next: String,
    errors: Vec<Fault>,
    notice: Option<String>,
}

impl FormPage {
    fn error(&self, field: &str) -> Option<&str> {
        page::fault_of(&self.errors, field)
    }
}

/// Where to go after the login.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    next: String,
}

/// `GET /login`: the form; whoever is signed in already goes on.
pub async fn show(
    request: HttpRequest,
    wanted: Query<Wanted>,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let presented = LoginCookies::of(&request, state.is_https());
    if !presented.is_empty()
        && let Ok(recognised) = state.auth.recognise(presented.presented(), &client::of(&request, &state)).await
    {
        let mut response = page::see_other(destination(&wanted.next));
        if let Some(tokens) = recognised.renewed {
            cookies::give(&mut response, &tokens, state.is_https());
        }
        return Ok(response);
    }
    let frame = Frame::public(&state.config.site_name).with_flash(flash::take(&session));
    let next = page::local_next(&wanted.next).unwrap_or_default().to_owned();
    Ok(page::private_html(
        StatusCode::OK,
        &FormPage { frame, email: String::new(), next, errors: Vec::new(), notice: None },
    ))
}

/// `POST /login`: begins a session, or shows the form again.
pub async fn log_in(
    request: HttpRequest,
    payload: Payload,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let mut sent = body::small_form(&request, payload).await?;
    let (email, password, next) = (sent.take("email"), sent.take("password"), sent.take("next"));
    let device = cookies::device_of(&request, state.is_https());
    let from = client::of(&request, &state);
    match state.auth.log_in(&email, &password, device.as_deref(), &from).await {
        Ok(logged_in) => {
            client::end_session_before(&request, &state, &from).await;
            if state.auth.take_reuse_alarm(&logged_in.user).await? {
                flash::put(&session, ALARM);
            }
            Ok(cookies::welcome(&logged_in, destination(&next), state.is_https()))
        }
        Err(error) => {
            let frame = Frame::public(&state.config.site_name);
            let next = page::local_next(&next).unwrap_or_default().to_owned();
            form_again(FormPage { frame, email, next, errors: Vec::new(), notice: None }, error)
        }
    }
}

fn form_again(mut page: FormPage, error: LoginError) -> Result<HttpResponse, Error> {
    if let LoginError::Wrong = error {
        page.errors.push(Fault::new("email", WRONG));
        return Ok(page::form_again(StatusCode::UNPROCESSABLE_ENTITY, &page, &page.errors, None));
    }
    let error = Error::from(error);
    let Some(wait) = error.retry_after() else { return Err(error) };
    page.notice = Some(match &error {
        Error::TooManyRequests(wait) => format!("Too many tries. Please wait {} and try again.", in_words(*wait)),
        _ => {
            tracing::error!(%error, "a login could not be decided");
            "Nobody can log in just now. Please try again in a few seconds.".to_owned()
        }
    });
    let mut response = page::form_again(error.problem().status, &page, &[], page.notice.as_deref());
    response.headers_mut().insert(header::RETRY_AFTER, retry_after_seconds(wait).into());
    Ok(response)
}

fn destination(next: &str) -> &str {
    page::local_next(next).unwrap_or(paths::MESSAGES)
}
