//! What people and programs are told of an error.

use std::time::Duration;

use actix_web::http::StatusCode;

use super::Error;
use crate::store::BoxError;

/// An error in the words of the person who meets it. Rides on the bare answer until the error page is made of it.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// What happened.
    pub title: &'static str,
    /// What to do.
    pub advice: String,
    /// The parts of the request that are at fault, for programs.
    pub errors: Vec<Detail>,
    /// For the log.
    pub cause: Option<String>,
}

impl Problem {
    /// The problem behind a bare status that a library answered with.
    pub fn of_status(status: StatusCode) -> Self {
        let nothing = || -> BoxError { "an answer without a reason".into() };
        let error = match status.as_u16() {
            401 => Error::Unauthorized,
            403 => Error::Forbidden("You do not have the right to do this."),
            404 => Error::NotFound,
            405 => Error::MethodNotAllowed("GET and HEAD".to_owned()),
            408 => Error::Timeout,
            413 => Error::TooLarge(0),
            415 => Error::UnsupportedMediaType("what this address expects"),
            503 => Error::Unavailable(nothing()),
            400..=499 => Error::BadRequest("Check the address and what you sent, then try again."),
            _ => Error::Internal(nothing()),
        };
        Self { status, cause: None, ..error.problem() }
    }
}

/// One fault of a request, and where it is (RFC 9457 §3, "errors").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    place: &'static str,
    name: String,
    detail: String,
}

impl Detail {
    /// In a member of the body, named by its JSON Pointer (RFC 6901), for example `/ids/3`; empty for the whole body.
    pub fn in_body(pointer: &str, detail: impl Into<String>) -> Self {
        Self { place: "pointer", name: format!("#{pointer}"), detail: detail.into() }
    }

    /// In a parameter of the query.
    pub fn in_query(name: &str, detail: impl Into<String>) -> Self {
        Self { place: "parameter", name: name.to_owned(), detail: detail.into() }
    }

    /// Whether it is of this member of the body.
    pub fn is_of(&self, pointer: &str) -> bool {
        self.place == "pointer" && self.name.strip_prefix('#') == Some(pointer)
    }
}

/// What the problem is, in the body and media type of RFC 9457.
pub fn problem_json(problem: &Problem, request_id: &str) -> serde_json::Value {
    let mut json = serde_json::json!({
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status.as_u16(),
        "detail": problem.advice,
        "request_id": request_id,
    });
    if !problem.errors.is_empty() {
        let error = |error: &Detail| serde_json::json!({error.place: error.name, "detail": error.detail});
        json["errors"] = problem.errors.iter().map(error).collect();
    }
    json
}

/// `Retry-After` in whole seconds, rounded up so that nobody comes too early (RFC 9110 §10.2.3).
pub fn retry_after_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// `1 second`, `40 seconds`, `2 minutes`.
pub fn in_words(wait: Duration) -> String {
    match retry_after_seconds(wait).max(1) {
        1 => "1 second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}
