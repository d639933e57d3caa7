//! Who sends a request, as far as the room `auth` asks.

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

use crate::auth::Client;
use crate::client_address::client_address;
use crate::cookies::LoginCookies;
use crate::models::device_in_words;
use crate::state::State;

/// Address and browser of a request.
pub fn of(request: &HttpRequest, state: &State) -> Client {
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Client { address: client_address(request, &state.config.trusted_proxies), device: device_in_words(agent) }
}

/// Whatever session this browser had is over: a new login is a new session (OWASP ASVS 5.0, 7.2.4).
pub async fn end_session_before(request: &HttpRequest, state: &State, client: &Client) {
    let before = LoginCookies::of(request, state.is_https());
    if let Err(error) = state.auth.log_out(before.presented(), client).await {
        tracing::warn!(%error, "the session before this login could not be ended");
    }
}
