//! How a request of a program is read. Each of these stands in a controller's list of arguments.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::dev;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest};
use utoipa::openapi::schema::Object;

use super::BODY;
use crate::body::json::{Json, Members};
use crate::body::{self, Form};
use crate::error::{Detail, Error};
use crate::wants;

/// What a body may be.
pub trait Shape: 'static {
    /// What it becomes when it keeps every rule.
    type Good: 'static;

    /// Its media types.
    const KINDS: &'static [&'static str] = &["application/json"];
    /// The same for people.
    const KINDS_SAID: &'static str = "application/json";

    /// Its name in the description of the API.
    const NAME: &'static str;

    /// Its members and their rules, for the description of the API.
    fn schema() -> Object;

    /// Takes its members; notes what is wrong with them. `None` only when something is.
    fn read(members: &mut Members) -> Option<Self::Good>;
}

/// The body, read and judged.
pub struct Sent<T: Shape>(pub T::Good);

impl<T: Shape> FromRequest for Sent<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_known = T::KINDS.iter().any(|kind| is_of_kind(request, kind));
        let payload = payload.take();
        Box::pin(async move {
            if !is_known {
                return Err(Error::UnsupportedMediaType(T::KINDS_SAID));
            }
            let body = body::read(payload, BODY).await.map_err(|error| match error {
                Error::TooLarge(limit) => Error::BodyTooLarge(limit),
                other => other,
            })?;
            let mut members = Members::of(Json::parse(&body)?)?;
            let good = T::read(&mut members);
            members.finish()?;
            good.map(Self).ok_or_else(|| Error::Internal("a body without faults was not read".into()))
        })
    }
}

/// Whether the body says it is of this kind, in UTF-8 and not compressed.
fn is_of_kind(request: &HttpRequest, kind: &str) -> bool {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("?")).unwrap_or_default();
    let encoding = header(CONTENT_ENCODING);
    let mut parts = header(CONTENT_TYPE).split(';').map(str::trim);
    let is_kind = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(kind));
    let is_utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    is_kind && is_utf8 && (encoding.is_empty() || encoding.eq_ignore_ascii_case("identity"))
}

/// The client takes an answer in JSON.
pub struct TakesJson;

impl FromRequest for TakesJson {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let kind = "application/json";
        ready(if wants::takes(request, kind) { Ok(Self) } else { Err(Error::NotAcceptable(kind)) })
    }
}

/// The URL has no query: a parameter that would be ignored was meant to do something.
pub struct NoQuery;

impl FromRequest for NoQuery {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let fields = Form::parse(request.query_string().as_bytes()).into_fields();
        let faults: Vec<Detail> = fields
            .take(MOST_TOLD)
            .map(|(name, _)| Detail::in_query(&name, "This address takes no parameters. Leave it out."))
            .collect();
        ready(if faults.is_empty() { Ok(Self) } else { Err(Error::Invalid(faults)) })
    }
}

/// Parameters that nobody knows which are told.
const MOST_TOLD: usize = 20;
