//! For programs. Everything but the way in stands behind the guard of the API; no cookie is read or set here.

use actix_web::Resource;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use super::{Page, add};
use crate::controllers::api;
use crate::error::Error;
use crate::middleware::is_authorized;
use crate::paths;

pub(super) fn configure(config: &mut ServiceConfig) {
    let guard = || from_fn(is_authorized);
    let at = Page::at;
    add(config, at(paths::API).get(|r| r.to(api::explain)).finish());
    add(
        config,
        web::scope(paths::API_V1)
            .service(at("/auth/login").post(|r| r.to(api::log_in)).finish())
            .service(at("/auth/refresh").post(|r| r.to(api::refresh)).finish())
            .service(at("/auth/logout").post(|r| r.to(api::log_out)).finish().wrap(guard()))
            .service(at("/openapi.json").get(|r| r.to(api::describe)).finish())
            .service(at("/folders").get(|r| r.to(api::folders)).finish().wrap(guard()))
            .service(at("/messages").get(|r| r.to(api::list)).post(|r| r.to(api::create)).finish().wrap(guard()))
            .service(at("/messages/export").get(|r| r.to(api::export)).finish().wrap(guard()))
            .service(at("/messages/actions").post(|r| r.to(api::act)).finish().wrap(guard()))
            .service(at("/messages/actions/{id}/undo").post(|r| r.to(api::undo)).finish().wrap(guard()))
            .service(letter().wrap(guard()))
            .default_service(web::to(|| async { Err::<&str, _>(Error::NotFound) })),
    );
}

fn letter() -> Resource {
    Page::at("/messages/{id}")
        .get(|r| r.to(api::show))
        .on(Method::PUT, |r| r.to(api::replace))
        .on(Method::PATCH, |r| r.to(api::patch))
        .on(Method::DELETE, |r| r.to(api::remove))
        .finish()
}
