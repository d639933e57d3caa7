//! What can go wrong, and what visitors are told: a status, a title, and what to do. The cause goes to the log only.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};

use crate::auth::{AccountError, LoginError, RecogniseError};
use crate::store::{BoxError, StoreError};

/// An answer that is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request makes no sense; the text says what to do instead.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// For programs that did not say who they are. People are sent to the login.
    #[error("not signed in")]
    Unauthorized,
    /// Not from here, or not by this user; the text says why.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// There is nothing at this address.
    #[error("not found")]
    NotFound,
    /// Not with this method; the text lists those that work.
    #[error("method not allowed")]
    MethodNotAllowed(String),
    /// The client took too long.
    #[error("the request took too long")]
    Timeout,
    /// The body is larger than this many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body is of a kind that is not read here; the text lists those that are.
    #[error("unsupported media type")]
    UnsupportedMediaType(&'static str),
    /// Too many tries; come back after this long.
    #[error("too many requests")]
    TooManyRequests(Duration),
    /// Something Letterbox needs does not answer; it may soon.
    #[error("unavailable: {0}")]
    Unavailable(#[source] BoxError),
    /// A mistake of ours.
    #[error("internal: {0}")]
    Internal(#[source] BoxError),
}

/// An error in the words of the person who meets it. Rides on the bare answer until the error page is made of it.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// What happened.
    pub title: &'static str,
    /// What to do.
    pub advice: String,
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

/// How long a client waits before it tries an unavailable service again.
const RETRY: Duration = Duration::from_secs(5);

impl Error {
    /// The one table of what people are told.
    pub fn problem(&self) -> Problem {
        let (status, title, advice) = match self {
            Error::BadRequest(advice) => (400, "This request cannot be read", (*advice).to_owned()),
            Error::Unauthorized => (401, "You are not signed in", "Log in, then try again.".to_owned()),
            Error::Forbidden(advice) => (403, "This is not allowed", (*advice).to_owned()),
            Error::NotFound => (404, "There is nothing here", "Check the address, or start again from the first page.".to_owned()),
            Error::MethodNotAllowed(allow) => (405, "This cannot be done here", format!("This address answers to {allow}.")),
            Error::Timeout => (408, "That took too long", "Check your connection and send it again. If you were writing, go back in your browser: your text is still there.".to_owned()),
            Error::TooLarge(limit) => (413, "That is too much", format!("{}Go back in your browser: your text is still there. Shorten it and send it again.", if *limit == 0 { String::new() } else { format!("At most {limit} bytes fit. ") })),
            Error::UnsupportedMediaType(kinds) => (415, "This kind of data is not read here", format!("Send {kinds}.")),
            Error::TooManyRequests(wait) => (429, "Too many tries", format!("Wait {} and try again.", in_words(*wait))),
            Error::Unavailable(_) => (503, "Not available just now", "Nothing was lost on our side. Wait a few seconds and try again; if you were writing, go back in your browser: your text is still there.".to_owned()),
            Error::Internal(_) => (500, "Something went wrong", "The mistake is ours and has been noted. Try again, and tell the owner of this site if it stays.".to_owned()),
        };
        let cause = match self {
            Error::Unavailable(_) | Error::Internal(_) => Some(self.to_string()),
            _ => None,
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Problem { status, title, advice, cause }
    }

    /// When to try again, for the answers that say so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::TooManyRequests(wait) => Some(*wait),
            Error::Unavailable(_) => Some(RETRY),
            _ => None,
        }
    }
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

/// What the problem is, in the body and media type of RFC 9457.
pub fn problem_json(problem: &Problem, request_id: &str) -> serde_json::Value {
    serde_json::json!({
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status.as_u16(),
        "detail": problem.advice,
        "request_id": request_id,
    })
}

/// An answer without a body that carries its [`Problem`]; the middleware `envelope` makes page or JSON of it.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.problem().status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(wait) = self.retry_after() {
            response.insert_header((header::RETRY_AFTER, retry_after_seconds(wait)));
        }
        match self {
            Error::MethodNotAllowed(allow) => {
                response.insert_header((header::ALLOW, allow.as_str()));
            }
            Error::Unauthorized => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"letterbox\""));
            }
            _ => {}
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.problem());
        response
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Internal(_) => Error::Internal(Box::new(error)),
            _ => Error::Unavailable(Box::new(error)),
        }
    }
}

impl From<LoginError> for Error {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Store(error) => error.into(),
            LoginError::Busy(_) => Error::Unavailable(Box::new(error)),
            LoginError::TooMany(wait) => Error::TooManyRequests(wait),
            LoginError::Wrong | LoginError::Tokens(_) => Error::Internal(Box::new(error)),
        }
    }
}

impl From<AccountError> for Error {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::Login(error) => error.into(),
            AccountError::Busy(_) => Error::Unavailable(Box::new(error)),
            AccountError::TooMany(wait) => Error::TooManyRequests(wait),
            other => Error::Internal(Box::new(other)),
        }
    }
}

impl From<RecogniseError> for Error {
    fn from(error: RecogniseError) -> Self {
        match error {
            RecogniseError::Store(error) => error.into(),
            RecogniseError::Tokens(_) => Error::Internal(Box::new(error)),
            RecogniseError::Nobody | RecogniseError::Ended(_) => Error::Unauthorized,
        }
    }
}

impl From<getrandom::Error> for Error {
    fn from(error: getrandom::Error) -> Self {
        Error::Unavailable(error.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_an_error_is_never_told() {
        let secret = || -> BoxError { "the database's name and password".into() };
        for error in [Error::Unavailable(secret()), Error::Internal(secret())] {
            let problem = error.problem();
            assert!(!problem_json(&problem, "1").to_string().contains("password"));
            assert!(problem.cause.is_some_and(|cause| cause.contains("password")));
        }
    }

    #[test]
    fn waiting_is_told_in_words_and_never_too_short() {
        assert_eq!(retry_after_seconds(Duration::from_millis(5_001)), 6);
        assert_eq!(in_words(Duration::ZERO), "1 second");
        assert_eq!(in_words(Duration::from_millis(39_500)), "40 seconds");
        assert_eq!(in_words(Duration::from_secs(91)), "2 minutes");
    }
}
