//! For everybody.

use actix_files::Files;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, HeaderValue, VARY};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, ResponseError as _};

use super::{Page, add, allow};
use crate::controllers::{contact, health, invitation, login, setup};
use crate::error::Error;
use crate::middleware::{in_one_piece, session};
use crate::state::State;
use crate::{assets, paths};

pub(super) fn configure(config: &mut ServiceConfig, state: &State) {
    // Compressed: these pages hold nothing secret that an attacker could guess at by its length.
    add(
        config,
        Page::at(paths::CONTACT)
            .get(|r| r.to(contact::show))
            .post(|r| r.to(contact::send))
            .finish()
            .wrap(Compress::default())
            .wrap(from_fn(any_encoding_will_do))
            .wrap(from_fn(in_one_piece)),
    );
    add(
        config,
        Page::at(paths::THANKS)
            .get(|r| r.to(contact::thanks))
            .finish()
            .wrap(Compress::default())
            .wrap(from_fn(any_encoding_will_do)),
    );

    // Not compressed, and with a session for notices: these are for people who sign in.
    add(
        config,
        Page::at(paths::LOGIN).get(|r| r.to(login::show)).post(|r| r.to(login::log_in)).finish().wrap(session(state)),
    );
    add(
        config,
        Page::at(paths::SETUP).get(|r| r.to(setup::show)).post(|r| r.to(setup::create)).finish().wrap(session(state)),
    );

    add(
        config,
        Page::at(paths::INVITATION)
            .get(|r| r.to(invitation::show))
            .post(|r| r.to(invitation::accept))
            .finish()
            .wrap(session(state)),
    );

    add(config, Page::at(paths::HEALTH).get(|r| r.to(health::health)).finish());
    add(config, Page::at(paths::READY).get(|r| r.to(health::ready)).finish());

    let files = Files::new("", state.config.data_dir.join("static"))
        .try_compressed()
        .use_etag(true)
        .use_last_modified(true)
        .disable_content_disposition();
    add(config, web::scope(paths::STATIC).wrap(from_fn(static_file)).service(files));
}

/// A client that says it takes no encoding at all, not even none, gets the page as it is: RFC 9110 §12.5.3 allows that,
/// and 406 would cost a visitor their text.
async fn any_encoding_will_do<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let compact: String = accepted.chars().filter(|c| !c.is_whitespace()).collect();
    if compact.contains("*;q=0") || compact.contains("identity;q=0") {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    next.call(request).await
}

/// Files are read and nothing else; they never change under their name; and what is not there gets the house's answer.
async fn static_file<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let methods = [Method::GET, Method::HEAD];
    let refused = match request.method() {
        &Method::OPTIONS => Some(HttpResponse::NoContent().insert_header((ALLOW, allow(&methods))).finish()),
        method if !methods.contains(method) => Some(Error::MethodNotAllowed(allow(&methods)).error_response()),
        // Nothing else that lies there: no compressed form by its name, and no file that somebody put beside ours.
        _ if !assets::is_ours(request.path()) => Some(Error::NotFound.error_response()),
        _ => None,
    };
    if let Some(refused) = refused {
        return Ok(request.into_response(refused).map_into_right_body());
    }
    let mut response = next.call(request).await?;
    let status = response.status();
    if status.is_success() || status.is_redirection() {
        let a_year = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(CACHE_CONTROL, a_year);
        // On the plain form too, or a cache would hand it to nobody who takes another.
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        return Ok(response.map_into_left_body());
    }
    // actix-files tells what it made of the path; visitors are told that there is nothing.
    let answer = if status.is_client_error() && status.as_u16() != 412 && status.as_u16() != 416 {
        Error::NotFound.error_response()
    } else {
        HttpResponse::new(status)
    };
    Ok(response.into_response(answer).map_into_right_body())
}
