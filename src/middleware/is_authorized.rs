//! The guard of the API: reads a bearer token (RFC 6750), and lets only those in whom it proves.
//!
//! Cookies count for nothing here and none is ever set, so no other site can make a browser act. Nothing is renewed on
//! the way either: a program refreshes its tokens itself.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, ResponseError as _};

use crate::auth::{Presented, RecogniseError, TOKEN_PREFIX};
use crate::client;
use crate::error::Error;
use crate::models::{SessionId, User};
use crate::state::State;

/// Whom a program acts for, and what it may do. Only the guard makes one.
#[derive(Debug, Clone)]
pub struct Caller {
    user: User,
    proof: Proof,
    may_write: bool,
}

/// What has proven who it is.
#[derive(Clone)]
enum Proof {
    /// An access token of this session.
    Session(SessionId),
    /// This personal access token.
    Token(String),
}

/// Proofs are never shown.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(…)")
    }
}

impl Caller {
    /// Whom it acts for.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The session it is in, if it has logged in.
    pub fn session(&self) -> Option<SessionId> {
        match self.proof {
            Proof::Session(session) => Some(session),
            Proof::Token(_) => None,
        }
    }

    /// Whether it may still do what it may do: for answers so long that this may end before they do.
    pub async fn is_live(&self, state: &State) -> bool {
        match &self.proof {
            Proof::Session(session) => state.auth.is_live(*session).await,
            Proof::Token(text) => state.auth.recognise_token(text).await.is_ok(),
        }
    }
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Caller>().cloned().ok_or(Error::Unauthorized))
    }
}

/// The middleware. What changes anything is refused here to those who may only read, so that no controller forgets it.
///
/// # Errors
/// Those of the layers within.
pub async fn is_authorized<B: MessageBody + 'static>(
    state: Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if request.method() == Method::OPTIONS {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    let refused = match caller(request.request(), &state).await {
        Ok(caller) if reads || caller.may_write => {
            request.extensions_mut().insert(caller);
            return next.call(request).await.map(ServiceResponse::map_into_left_body);
        }
        Ok(_) => Error::ReadOnlyToken,
        Err(error) => error,
    };
    Ok(request.into_response(refused.error_response()).map_into_right_body())
}

async fn caller(request: &HttpRequest, state: &State) -> Result<Caller, Error> {
    let token = bearer(request.headers())?.ok_or(Error::Unauthorized)?;
    recognise(token, request, state).await.map_err(|error| match error {
        RecogniseError::Nobody | RecogniseError::Ended(_) => Error::InvalidToken,
        error => error.into(),
    })
}

async fn recognise(token: &str, request: &HttpRequest, state: &State) -> Result<Caller, RecogniseError> {
    if token.starts_with(TOKEN_PREFIX) {
        let (user, scope) = state.auth.recognise_token(token).await?;
        return Ok(Caller { user, proof: Proof::Token(token.to_owned()), may_write: scope.may_write() });
    }
    let presented = Presented { access: Some(token), refresh: None };
    let known = state.auth.recognise(presented, &client::of(request, state)).await?;
    Ok(Caller { user: known.user, proof: Proof::Session(known.session), may_write: true })
}

/// The token of the one header that may carry it.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut lines = headers.get_all(AUTHORIZATION);
    let line = lines.next().map(|line| line.to_str().unwrap_or_default()).unwrap_or_default();
    if lines.next().is_some() {
        return Err(Error::BadRequest("There are several Authorization headers. Send one."));
    }
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    let token = token.trim();
    Ok((scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_token_is_read_from_one_header_of_its_own_scheme() {
        let read = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, HeaderValue::from_static(line));
            }
            bearer(&headers).map(|token| token.map(str::to_owned)).map_err(|_| ())
        };
        for good in ["Bearer abc", "bearer  abc", "BEARER abc "] {
            assert_eq!(read(&[good]), Ok(Some("abc".to_owned())), "{good}");
        }
        for none in ["", "Bearer", "Bearer ", "Basic abc", "Bearerabc", "abc"] {
            assert_eq!(read(&[none]), Ok(None), "{none}");
        }
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["Bearer abc", "Bearer abc"]), Err(()));
    }
}
