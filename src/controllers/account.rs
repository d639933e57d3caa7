//! One's own account: name, password, sessions.

use actix_session::Session;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::auth::AccountError;
use crate::body::Form;
use crate::error::{Error, in_words, retry_after_seconds};
use crate::middleware::CurrentUser;
use crate::models::{Fault, NewPassword, PersonName, Role};
use crate::page::{self, Frame, When};
use crate::state::State;
use crate::{body, client, flash, paths};

#[derive(Template)]
#[template(path = "account/show.html")]
struct AccountPage {
    frame: Frame,
    name: String,
    email: String,
    is_owner: bool,
    sessions: Vec<SessionRow>,
    errors: Vec<Fault>,
    notice: Option<String>,
}

struct SessionRow {
    handle: String,
    device: String,
    begun: When,
    seen: When,
    is_current: bool,
}

impl AccountPage {
    async fn of(user: &CurrentUser, state: &State) -> Result<Self, Error> {
        let now = state.clock.now();
        let sessions = state.auth.sessions_of(user.user(), user.session()).await?.into_iter();
        let sessions = sessions.map(|session| SessionRow {
            handle: session.handle,
            device: session.device,
            begun: When::in_list(session.begun_at, now),
            seen: When::in_list(session.seen_at, now),
            is_current: session.is_current,
        });
        Ok(Self {
            frame: Frame::private(&state.config.site_name, user.user()),
            name: user.user().name.as_str().to_owned(),
            email: user.user().email.as_str().to_owned(),
            is_owner: user.user().role == Role::Owner,
            sessions: sessions.collect(),
            errors: Vec::new(),
            notice: None,
        })
    }

    fn error(&self, field: &str) -> Option<&str> {
        page::fault_of(&self.errors, field)
    }
}

/// `GET /account`: the forms and the list of sessions.
pub async fn show(user: CurrentUser, session: Session, state: Data<State>) -> Result<HttpResponse, Error> {
    let mut page = AccountPage::of(&user, &state).await?;
    page.frame.flash = flash::take(&session);
    Ok(page::html(StatusCode::OK, &page))
}

/// `POST /account`: one change, named by `action`.
pub async fn change(
    request: HttpRequest,
    payload: Payload,
    user: CurrentUser,
    session: Session,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let mut sent = body::small_form(&request, payload).await?;
    let client = client::of(&request, &state);
    match sent.take("action").as_str() {
        "name" => rename(&user, &state, &session, sent).await,
        "password" => change_password(&request, &user, &state, &session, sent).await,
        "end" => {
            let ended = state.auth.end_session(user.user(), &sent.take("session"), &client).await?;
            Ok(done(&session, if ended { "That session has ended." } else { "That session had ended already." }))
        }
        "end-others" => {
            let ended = state.auth.end_other_sessions(user.user(), user.session(), &client).await?;
            Ok(done(
                &session,
                if ended == 0 { "There were no other sessions." } else { "All other sessions have ended." },
            ))
        }
        _ => Err(Error::BadRequest("This form is not one of ours. Open the page anew and try again.")),
    }
}

async fn rename(user: &CurrentUser, state: &State, session: &Session, mut sent: Form) -> Result<HttpResponse, Error> {
    let typed = sent.take("name");
    match PersonName::parse("name", &typed) {
        Ok(name) => {
            state.auth.set_name(user.user(), name).await?;
            Ok(done(session, "Your name is saved."))
        }
        Err(fault) => {
            let page = AccountPage { name: typed, errors: vec![fault], ..AccountPage::of(user, state).await? };
            Ok(page::html(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

async fn change_password(
    request: &HttpRequest,
    user: &CurrentUser,
    state: &State,
    session: &Session,
    mut sent: Form,
) -> Result<HttpResponse, Error> {
    let present = sent.take("present");
    let errors = match NewPassword::parse_twice(&sent.take("password"), &sent.take("password_again")) {
        Err(faults) => faults,
        Ok(new) => {
            let client = client::of(request, state);
            match state.auth.change_password(user.user(), user.session(), &present, &new, &client).await {
                Ok(()) => return Ok(done(session, &password_changed(user, state).await?)),
                Err(AccountError::WrongPassword) => {
                    vec![Fault::new("present", "This is not your present password. Type it again.")]
                }
                Err(error) => return wait_and_retry(user, state, error.into()).await,
            }
        }
    };
    let page = AccountPage { errors, ..AccountPage::of(user, state).await? };
    Ok(page::html(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// Tokens outlive the password; whoever changes it because somebody knew it must be told.
async fn password_changed(user: &CurrentUser, state: &State) -> Result<String, Error> {
    let mut sentence = "Your password is changed. All other sessions have ended.".to_owned();
    if !state.auth.tokens_of(user.user()).await?.is_empty() {
        sentence.push_str(" Your access tokens go on working: check that you know them all.");
    }
    Ok(sentence)
}

async fn wait_and_retry(user: &CurrentUser, state: &State, error: Error) -> Result<HttpResponse, Error> {
    let Error::TooManyRequests(wait) = error else { return Err(error) };
    let notice = format!("Too many tries. Please wait {} and try again.", in_words(wait));
    let page = AccountPage { notice: Some(notice), ..AccountPage::of(user, state).await? };
    let mut response = page::html(StatusCode::TOO_MANY_REQUESTS, &page);
    response.headers_mut().insert(header::RETRY_AFTER, retry_after_seconds(wait).into());
    Ok(response)
}

fn done(session: &Session, sentence: &str) -> HttpResponse {
    flash::put(session, sentence);
    page::see_other(paths::ACCOUNT)
}
