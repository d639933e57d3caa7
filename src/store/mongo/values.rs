//! Identifiers, times and counters as MongoDB keeps them. Filters are made of these, never of text that came from
//! outside: an operator cannot be smuggled into one.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};

use super::Fault;
use crate::models::Timestamp;
use crate::store::StoreError;

/// The sixteen bytes of a UUID (BSON binary, subtype 4); they sort as bytes do.
pub(super) fn uuid(bytes: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*bytes)
}

/// Bytes that are no UUID (BSON binary, subtype 0).
pub(super) fn blob(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

/// Exactly `N` bytes.
pub(super) fn exactly<const N: usize>(binary: &Binary) -> Result<[u8; N], StoreError> {
    binary.bytes.as_slice().try_into().map_err(|_| damaged(format!("{} bytes instead of {N}", binary.bytes.len())))
}

/// Milliseconds since 1970, which is also what a BSON date is.
pub(super) fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.millis())
}

/// The instant of a BSON date.
pub(super) fn time(date: DateTime) -> Timestamp {
    Timestamp::from_millis(date.timestamp_millis())
}

/// A number that MongoDB can keep: it knows no unsigned ones.
pub(super) fn signed(number: u64) -> Result<i64, Fault> {
    i64::try_from(number).map_err(|error| Fault::Store(StoreError::Internal(error.into())))
}

/// The condition on a field that a document does not have it.
pub(super) fn absent() -> Document {
    doc! { "$exists": false }
}

/// Something in the database that Letterbox did not put there.
pub(super) fn damaged(what: String) -> StoreError {
    StoreError::Internal(what.into())
}
