//! The login cookies: read, give, take back. Their names and attributes stand here and nowhere else.

use actix_web::cookie::time::Duration as MaxAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::COOKIE;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::{LoggedIn, Presented, Tokens};
use crate::page;

/// The name of a cookie. Over https the `__Host-` prefix makes browsers refuse it from anywhere but this very host
/// (RFC 6265bis §4.1.3.2); the two sets of names are never accepted together.
const fn name(https: bool, cookie: Which) -> &'static str {
    match (cookie, https) {
        (Which::Access, true) => "__Host-access_token",
        (Which::Access, false) => "access_token",
        (Which::Refresh, true) => "__Host-refresh_token",
        (Which::Refresh, false) => "refresh_token",
        (Which::Device, true) => "__Host-device",
        (Which::Device, false) => "device",
        (Which::Session, true) => "__Host-session",
        (Which::Session, false) => "session",
    }
}

#[derive(Clone, Copy)]
enum Which {
    Access,
    Refresh,
    Device,
    Session,
}

/// The name of actix-session's cookie.
pub const fn session_name(https: bool) -> &'static str {
    name(https, Which::Session)
}

/// The tokens that came with a request.
#[derive(Default)]
pub struct LoginCookies {
    access: Option<String>,
    refresh: Option<String>,
}

impl LoginCookies {
    /// Reads them.
    pub fn of(request: &HttpRequest, https: bool) -> Self {
        let value = |which| read(request, name(https, which));
        Self { access: value(Which::Access), refresh: value(Which::Refresh) }
    }

    /// As the room `auth` wants them.
    pub fn presented(&self) -> Presented<'_> {
        Presented { access: self.access.as_deref(), refresh: self.refresh.as_deref() }
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.access.is_none() && self.refresh.is_none()
    }
}

/// Gives new tokens to the browser.
pub fn give<B>(response: &mut HttpResponse<B>, tokens: &Tokens, https: bool) {
    set(response, Which::Access, &tokens.access, seconds(tokens.access_for), https);
    set(response, Which::Refresh, &tokens.refresh, seconds(tokens.refresh_for), https);
}

/// Sends somebody who has just proven who they are on their way, with what their browser needs from now on.
pub fn welcome(logged_in: &LoggedIn, to: &str, https: bool) -> HttpResponse {
    let mut response = page::see_other(to);
    give(&mut response, &logged_in.tokens, https);
    give_device(&mut response, &logged_in.device, https);
    response
}

/// What a browser is known again by; only ever set after a login. It stays after the logout: it opens nothing, and keeps
/// its owner apart from those who guess.
fn give_device<B>(response: &mut HttpResponse<B>, token: &str, https: bool) {
    set(response, Which::Device, token, MaxAge::days(365), https);
}

/// The token of a browser that has logged in before.
pub fn device_of(request: &HttpRequest, https: bool) -> Option<String> {
    read(request, name(https, Which::Device))
}

/// The first cookie of this very name. Names are compared as browsers sent them: decoded, `%5F%5FHost-…`, which any
/// neighbouring site may set, would pass for `__Host-…`. What neighbours set besides, be it no UTF-8, hides nothing.
fn read(request: &HttpRequest, name: &str) -> Option<String> {
    request.headers().get_all(COOKIE).find_map(|line| {
        line.as_bytes().split(|byte| *byte == b';').find_map(|pair| {
            let value = pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
            str::from_utf8(value).ok().map(str::to_owned)
        })
    })
}

/// Takes the tokens back. A `__Host-` cookie only goes when its removal has the same attributes.
pub fn take_back<B>(response: &mut HttpResponse<B>, https: bool) {
    set(response, Which::Access, "", MaxAge::ZERO, https);
    set(response, Which::Refresh, "", MaxAge::ZERO, https);
}

fn set<B>(response: &mut HttpResponse<B>, which: Which, value: &str, max_age: MaxAge, https: bool) {
    let cookie = Cookie::build(name(https, which), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https)
        .max_age(max_age)
        .finish();
    if let Err(error) = response.add_cookie(&cookie) {
        tracing::error!(%error, "a login cookie could not be set");
    }
}

fn seconds(duration: std::time::Duration) -> MaxAge {
    MaxAge::seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}
