//! actix-session, for notices that outlive a redirect. The login never rests on it: a cookie session cannot be ended.

use actix_session::SessionMiddleware;
use actix_session::config::{CookieContentSecurity, PersistentSession, SessionLifecycle};
use actix_session::storage::CookieSessionStore;
use actix_web::cookie::SameSite;
use actix_web::cookie::time::Duration;

use crate::cookies;
use crate::state::State;

/// Wraps the pages of people who sign in. Visitors are not wrapped, and so never get a cookie.
pub fn session(state: &State) -> SessionMiddleware<CookieSessionStore> {
    let https = state.is_https();
    SessionMiddleware::builder(CookieSessionStore::default(), state.session_key.clone())
        .cookie_name(cookies::session_name(https).to_owned())
        .cookie_content_security(CookieContentSecurity::Private)
        .cookie_secure(https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .session_lifecycle(SessionLifecycle::PersistentSession(
            PersistentSession::default().session_ttl(Duration::hours(1)),
        ))
        .build()
}
