//! The way out.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use askama::Template;

use crate::cookies::{self, LoginCookies};
use crate::error::Error;
use crate::middleware::CurrentUser;
use crate::page::{self, Frame};
use crate::state::State;
use crate::{client, flash, paths};

#[derive(Template)]
#[template(path = "logout/show.html")]
struct LogoutPage {
    frame: Frame,
}

/// `GET /logout`: the button.
pub async fn show(user: CurrentUser, state: Data<State>) -> HttpResponse {
    page::html(StatusCode::OK, &LogoutPage { frame: Frame::private(&state.config.site_name, user.user()) })
}

/// `POST /logout`: ends the session and takes the cookies back. They are taken back whatever happens: also from
/// somebody whose tokens have run out, and also when the store fails, which the answer then says.
pub async fn log_out(request: HttpRequest, session: Session, state: Data<State>) -> HttpResponse {
    let presented = LoginCookies::of(&request, state.is_https());
    let mut response = match state.auth.log_out(presented.presented(), &client::of(&request, &state)).await {
        Ok(()) => {
            flash::put(&session, "You are logged out.");
            page::see_other(paths::LOGIN)
        }
        Err(error) => Error::from(error).error_response(),
    };
    cookies::take_back(&mut response, state.is_https());
    response
}
