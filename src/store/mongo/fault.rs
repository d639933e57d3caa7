//! Why an act on MongoDB failed, and whether doing it again may help.

use mongodb::error::{CommandError, Error, ErrorKind, WriteFailure};

use crate::store::{BoxError, StoreError};

/// What can go wrong within an act.
#[derive(Debug)]
pub(super) enum Fault {
    /// The driver or the server said no.
    Driver(Error),
    /// Decided already; doing it again changes nothing.
    Store(StoreError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Driver(error) if is_full(&error) => Self::Full(words(&error)),
            Fault::Driver(error) if may_pass(&error) => Self::Unavailable(words(&error)),
            Fault::Driver(error) => Self::Internal(words(&error)),
        }
    }
}

/// What is said of an error in the log. The server's whole answer is not: it may quote what was to be written.
fn words(error: &Error) -> BoxError {
    error.kind.to_string().into()
}

impl Fault {
    /// Whether the same act may succeed a moment later: the server is away, an election is on, a network failed.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Driver(error) if may_pass(error))
    }
}

/// Codes a server answers while it is not, or no longer, the one to ask, and when an act took too long.
/// Source: MongoDB "Server Discovery and Monitoring" and "Retryable Writes" specifications.
const PASSING: [i32; 17] = [6, 7, 24, 50, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];
/// No room on the disk: `OutOfDiskSpace`, and WiredTiger's own words for it.
const FULL: [i32; 1] = [14031];
/// `DuplicateKey`
pub(super) const DUPLICATE: i32 = 11000;

fn may_pass(error: &Error) -> bool {
    let kind = matches!(
        *error.kind,
        ErrorKind::Io(_)
            | ErrorKind::ServerSelection { .. }
            | ErrorKind::ConnectionPoolCleared { .. }
            | ErrorKind::DnsResolve { .. }
    );
    let labelled = error.contains_label("RetryableWriteError") || error.contains_label("TransientTransactionError");
    kind || labelled || code(error).is_some_and(|code| PASSING.contains(&code))
}

fn is_full(error: &Error) -> bool {
    code(error).is_some_and(|code| FULL.contains(&code))
}

/// What the driver says of a network that failed.
pub(super) fn hangs() -> Error {
    ErrorKind::Io(std::sync::Arc::new(std::io::ErrorKind::TimedOut.into())).into()
}

/// Whether a unique index refused a document.
pub(super) fn is_duplicate(error: &Error) -> bool {
    code(error) == Some(DUPLICATE)
}

/// The number the server gave the error.
pub(super) fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(CommandError { code, .. }) => Some(*code),
        ErrorKind::Write(WriteFailure::WriteError(error)) => Some(error.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(error)) => Some(error.code),
        // Of several documents: what is wrong beside those that were there already.
        ErrorKind::InsertMany(failure) => {
            let refused = failure.write_errors.iter().flatten().map(|error| error.code);
            let all = failure.write_concern_error.iter().map(|error| error.code).chain(refused);
            all.reduce(|first, next| if first == DUPLICATE { next } else { first })
        }
        _ => None,
    }
}
