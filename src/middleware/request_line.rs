//! One line in the log for each request, and the number by which a person who reports an error means the same request.

use std::time::Instant;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};

use super::request_id;
use crate::log;
use crate::models::Timestamp;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the line says of a request that has begun.
pub(super) struct RequestLine {
    /// Its number.
    pub(super) id: String,
    method: Method,
    begun: Instant,
}

impl RequestLine {
    /// A request that begins now.
    pub(super) fn begin(now: Timestamp, method: &Method) -> Self {
        Self { id: request_id::new(now), method: method.clone(), begun: Instant::now() }
    }

    /// Tells the client its number, and writes the line: no query, no text, no address of anybody.
    pub(super) fn finish(&self, headers: &mut HeaderMap, route: Option<&str>, status: StatusCode) {
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, id);
        }
        tracing::info!(
            target: log::REQUESTS,
            request_id = self.id,
            method = self.method.as_str(),
            route = route.unwrap_or("-"),
            status = status.as_u16(),
            ms = self.begun.elapsed().as_micros() as f64 / 1_000.0,
            "request"
        );
    }
}
