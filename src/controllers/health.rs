//! For those who watch over the process.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::error::Error;
use crate::state::State;

/// A store that takes longer than this to say yes is as good as away.
const PATIENCE: Duration = Duration::from_secs(3);

/// `GET /healthz`: the process is up.
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("up\n")
}

/// `GET /readyz`: the store answers, and the process has not been asked to stop.
pub async fn ready(state: Data<State>) -> Result<HttpResponse, Error> {
    if !state.is_ready() {
        return Err(Error::Unavailable("the process is stopping".into()));
    }
    match actix_web::rt::time::timeout(PATIENCE, state.store.ping()).await {
        Ok(Ok(())) => Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n")),
        Ok(Err(error)) => Err(Error::Unavailable(Box::new(error))),
        Err(_) => Err(Error::Unavailable("the store does not answer in time".into())),
    }
}
