//! `/api/v1/auth/…`: logging in, going on, logging out.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use super::answered::TokensJson;
use super::json;
use super::sent::{NoQuery, Sent, TakesJson};
use super::shapes::{Login, Refresh};
use crate::auth::{LOGINS_AT_ONCE, LOGINS_WINDOW, LoginError, Presented, RecogniseError};
use crate::client;
use crate::error::{Error, retry_after_seconds};
use crate::middleware::Caller;
use crate::state::State;

/// `POST /api/v1/auth/login`: begins a session.
pub async fn log_in(
    request: HttpRequest,
    _: TakesJson,
    _: NoQuery,
    sent: Sent<Login>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let Sent(Login { email, password }) = sent;
    let mut answer = match state.auth.log_in(&email, &password, None, &client::of(&request, &state)).await {
        Ok(logged_in) => json(StatusCode::OK, &TokensJson::of(&logged_in.tokens)),
        Err(LoginError::Wrong) => Error::WrongLogin.error_response(),
        Err(LoginError::TooMany(wait)) => too_many(wait),
        Err(error) => return Err(error.into()),
    };
    let policy = format!("\"login\";q={LOGINS_AT_ONCE};w={}", LOGINS_WINDOW.as_secs());
    insert(&mut answer, HeaderName::from_static("ratelimit-policy"), &policy);
    Ok(answer)
}

/// `POST /api/v1/auth/refresh`: the next tokens of a session, by the rules of the pages' guard.
pub async fn refresh(
    request: HttpRequest,
    _: TakesJson,
    _: NoQuery,
    sent: Sent<Refresh>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let Sent(Refresh { refresh_token }) = sent;
    let presented = Presented { access: None, refresh: Some(&refresh_token) };
    match state.auth.recognise(presented, &client::of(&request, &state)).await {
        Ok(known) => {
            let tokens = known.renewed.ok_or_else(|| Error::Internal("nothing was renewed".into()))?;
            Ok(json(StatusCode::OK, &TokensJson::of(&tokens)))
        }
        Err(RecogniseError::Nobody | RecogniseError::Ended(_)) => Err(Error::InvalidToken),
        Err(error) => Err(error.into()),
    }
}

/// `POST /api/v1/auth/logout`: the session is over, at once.
pub async fn log_out(
    request: HttpRequest,
    caller: Caller,
    _: NoQuery,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let session =
        caller.session().ok_or(Error::Forbidden("This token is of no session. Revoke it on the account page."))?;
    state.auth.log_out_of(session, &client::of(&request, &state)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// With what is left in the words of draft-ietf-httpapi-ratelimit-headers. Of an answer that was given nobody knows how
/// many more there will be: other processes count too.
fn too_many(wait: Duration) -> HttpResponse {
    let mut response = Error::TooManyRequests(wait).error_response();
    let left = format!("\"login\";r=0;t={}", retry_after_seconds(wait));
    insert(&mut response, HeaderName::from_static("ratelimit"), &left);
    response
}

fn insert(response: &mut HttpResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
