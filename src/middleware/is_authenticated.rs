//! The guard: reads the JWT cookie, and lets only those in whose session is alive.
//!
//! When the access token has run out, it renews in place, before the controller, on whatever method: a redirect would
//! lose the body of a form. The new cookies go out with whatever answer results.

use std::future::{Ready, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::security_headers;
use crate::auth::{RecogniseError, Recognised};
use crate::cookies::{self, LoginCookies};
use crate::error::Error;
use crate::models::{Role, SessionId, User};
use crate::state::State;
use crate::{client, page, paths, wants};

/// Somebody who is signed in. Only the guard makes one, so a page that asks for it cannot run without the guard.
#[derive(Debug, Clone)]
pub struct CurrentUser {
    user: User,
    session: SessionId,
}

impl CurrentUser {
    /// Who it is.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Who it is, if they are an owner.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for everybody else.
    pub fn owner(&self) -> Result<&User, Error> {
        match self.user.role {
            Role::Owner => Ok(&self.user),
            Role::Member => Err(Error::Forbidden("This page is for owners. Ask one of them.")),
        }
    }

    /// In which session.
    pub fn session(&self) -> SessionId {
        self.session
    }
}

impl FromRequest for CurrentUser {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<CurrentUser>().cloned().ok_or(Error::Unauthorized))
    }
}

/// The middleware.
///
/// # Errors
/// Those of the layers within.
pub async fn is_authenticated<B: MessageBody + 'static>(
    state: Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if request.method() == Method::OPTIONS {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let https = state.is_https();
    let presented = LoginCookies::of(request.request(), https);
    let Recognised { user, session, renewed } =
        match state.auth.recognise(presented.presented(), &client::of(request.request(), &state)).await {
            Ok(recognised) => recognised,
            Err(error) => return Ok(refuse(request, &presented, error, https)),
        };
    request.extensions_mut().insert(CurrentUser { user, session });
    let mut response = next.call(request).await?.map_into_left_body();
    security_headers::apply_private(response.response_mut().headers_mut());
    if let Some(tokens) = renewed {
        cookies::give(response.response_mut(), &tokens, https);
    }
    Ok(response)
}

/// People are sent to the login and come back from there; programs are told 401.
fn refuse<B>(
    request: ServiceRequest,
    presented: &LoginCookies,
    error: RecogniseError,
    https: bool,
) -> ServiceResponse<EitherBody<B>> {
    let nobody = matches!(error, RecogniseError::Nobody | RecogniseError::Ended(_));
    let mut response = if !nobody || wants::json(request.request()) {
        Error::from(error).error_response()
    } else {
        to_login(&request)
    };
    // A store that fails says nothing about the cookies; they may be good again in a moment.
    if nobody && !presented.is_empty() {
        cookies::take_back(&mut response, https);
    }
    request.into_response(response).map_into_right_body()
}

fn to_login(request: &ServiceRequest) -> HttpResponse {
    let wanted = match (request.method(), request.uri().path_and_query()) {
        (&Method::GET | &Method::HEAD, Some(wanted)) => wanted.as_str(),
        _ => request.path(),
    };
    match page::local_next(wanted) {
        Some(next) if next != paths::HOME => {
            let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
            page::see_other(&format!("{}?next={next}", paths::LOGIN))
        }
        _ => page::see_other(paths::LOGIN),
    }
}
