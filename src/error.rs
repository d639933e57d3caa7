//! What can go wrong, and what visitors are told: a status, a title, and what to do. The cause goes to the log only.

mod problem;

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};

pub use self::problem::{Detail, Problem, in_words, problem_json, retry_after_seconds};
use crate::auth::{AccountError, LoginError, RecogniseError};
use crate::store::{BoxError, StoreError};

/// An answer that is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request makes no sense; the text says what to do instead.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// The body is not what it says it is; the text says where and what to do.
    #[error("malformed: {0}")]
    Malformed(String),
    /// For programs that did not say who they are. People are sent to the login.
    #[error("not signed in")]
    Unauthorized,
    /// For programs whose token opens nothing, or nothing any more.
    #[error("the token is not valid")]
    InvalidToken,
    /// For programs: the address or the password is not right.
    #[error("wrong login")]
    WrongLogin,
    /// The token may read and nothing else.
    #[error("the token may only read")]
    ReadOnlyToken,
    /// Not from here, or not by this user; the text says why.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// There is nothing at this address.
    #[error("not found")]
    NotFound,
    /// Not with this method; the text lists those that work.
    #[error("method not allowed")]
    MethodNotAllowed(String),
    /// The client takes none of the media types there are; the text names them.
    #[error("not acceptable")]
    NotAcceptable(&'static str),
    /// The client took too long.
    #[error("the request took too long")]
    Timeout,
    /// What is wanted contradicts what is there; the text says how.
    #[error("conflict: {0}")]
    Conflict(String),
    /// What is there is not as the client believes.
    #[error("precondition failed")]
    PreconditionFailed,
    /// The request can be read and breaks rules: which, and where.
    #[error("invalid: {0:?}")]
    Invalid(Vec<Detail>),
    /// The body is larger than this many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The same, for programs.
    #[error("the body is larger than {0} bytes")]
    BodyTooLarge(usize),
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

/// How long a client waits before it tries an unavailable service again.
const RETRY: Duration = Duration::from_secs(5);

impl Error {
    /// The one table of what people are told.
    pub fn problem(&self) -> Problem {
        let (status, title, advice) = match self {
            Error::BadRequest(advice) => (400, "This request cannot be read", (*advice).to_owned()),
            Error::Malformed(advice) => (400, "This request cannot be read", advice.clone()),
            Error::Unauthorized => (401, "You are not signed in", "Log in, then try again.".to_owned()),
            Error::InvalidToken => (401, "This token opens nothing", "It has expired, was revoked, or is not from here. Refresh it, or log in.".to_owned()),
            Error::WrongLogin => (401, "This login is not right", "Check the email address and the password, then try again.".to_owned()),
            Error::ReadOnlyToken => (403, "This is not allowed", "This token may only read. Use one that may write too.".to_owned()),
            Error::Forbidden(advice) => (403, "This is not allowed", (*advice).to_owned()),
            Error::NotFound => (404, "There is nothing here", "Check the address, or start again from the first page.".to_owned()),
            Error::MethodNotAllowed(allow) => (405, "This cannot be done here", format!("This address answers to {allow}.")),
            Error::NotAcceptable(kinds) => (406, "There is no such form of it", format!("This address answers in {kinds}. Accept that.")),
            Error::Timeout => (408, "That took too long", "Check your connection and send it again. If you were writing, go back in your browser: your text is still there.".to_owned()),
            Error::Conflict(advice) => (409, "This contradicts what is there", advice.clone()),
            Error::PreconditionFailed => (412, "It has changed meanwhile", "Fetch it anew, see what has changed, and send your change with the new ETag.".to_owned()),
            Error::Invalid(_) => (422, "This breaks rules", "Mend what is named in errors and send it again.".to_owned()),
            Error::TooLarge(limit) => (413, "That is too much", format!("{}Go back in your browser: your text is still there. Shorten it and send it again.", if *limit == 0 { String::new() } else { format!("At most {limit} bytes fit. ") })),
            Error::BodyTooLarge(limit) => (413, "That is too much", format!("A body may have at most {limit} bytes here. Send less.")),
            Error::UnsupportedMediaType(kinds) => (415, "This kind of data is not read here", format!("Send {kinds}.")),
            Error::TooManyRequests(wait) => (429, "Too many tries", format!("Wait {} and try again.", in_words(*wait))),
            Error::Unavailable(_) => (503, "Not available just now", "Nothing was lost on our side. Wait a few seconds and try again; if you were writing, go back in your browser: your text is still there.".to_owned()),
            Error::Internal(_) => (500, "Something went wrong", "The mistake is ours and has been noted. Try again, and tell the owner of this site if it stays.".to_owned()),
        };
        let cause = match self {
            Error::Unavailable(_) | Error::Internal(_) => Some(self.to_string()),
            _ => None,
        };
        let errors = match self {
            Error::Invalid(errors) => errors.clone(),
            _ => Vec::new(),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Problem { status, title, advice, errors, cause }
    }

    /// How to say who one is, for the answers that ask for it (RFC 6750 §3).
    fn challenge(&self) -> Option<&'static str> {
        match self {
            Error::Unauthorized | Error::WrongLogin => Some("Bearer realm=\"letterbox\""),
            Error::InvalidToken => Some("Bearer realm=\"letterbox\", error=\"invalid_token\""),
            Error::ReadOnlyToken => Some("Bearer realm=\"letterbox\", error=\"insufficient_scope\", scope=\"write\""),
            _ => None,
        }
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
        if let Error::MethodNotAllowed(allow) = self {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if let Some(challenge) = self.challenge() {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
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
            // In a running server: what is wanted does not fit, and will not in a while either.
            StoreError::Refused(sentence) => Error::Conflict(sentence),
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
    fn what_the_store_refuses_is_a_conflict_and_told() {
        let problem = Error::from(StoreError::Refused("There are too many; remove one first.".to_owned())).problem();
        assert_eq!((problem.status.as_u16(), problem.advice.as_str()), (409, "There are too many; remove one first."));
    }

    #[test]
    fn waiting_is_told_in_words_and_never_too_short() {
        assert_eq!(retry_after_seconds(Duration::from_millis(5_001)), 6);
        assert_eq!(in_words(Duration::ZERO), "1 second");
        assert_eq!(in_words(Duration::from_millis(39_500)), "40 seconds");
        assert_eq!(in_words(Duration::from_secs(91)), "2 minutes");
    }
}
