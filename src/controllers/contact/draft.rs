//! What was sent to the contact page, from a form or as JSON.

use actix_web::HttpRequest;
use actix_web::web::Bytes;
use serde_json::Value;

use crate::body::{Form, Kind, idempotency_key};
use crate::error::Error;
use crate::models::{Draft, Fault, Letter};

const FIELDS: [&str; 4] = ["name", "email", "subject", "message"];
const KINDS: &str = "application/x-www-form-urlencoded or application/json";

/// A letter as it came, with what tells it from others.
pub(super) struct Submission {
    pub(super) draft: Draft,
    /// The receipt number the form carried; empty when it carried none.
    pub(super) receipt: String,
    /// The header of that name, for programs.
    pub(super) idempotency_key: Option<String>,
    /// Whether the sender speaks JSON.
    pub(super) is_json: bool,
    /// What is wrong with it before any rule is applied.
    faults: Vec<Fault>,
}

impl Submission {
    /// Reads the body by its kind.
    pub(super) fn read(request: &HttpRequest, body: Bytes) -> Result<Self, Error> {
        let mut submission = match Kind::of(request) {
            Kind::Form => Self::from_form(Form::parse(&body)),
            Kind::Json => Self::from_json(&body)?,
            Kind::Other => return Err(Error::UnsupportedMediaType(KINDS)),
        };
        submission.idempotency_key = idempotency_key(request)?;
        Ok(submission)
    }

    /// The letter, if it keeps every rule.
    pub(super) fn letter(&self) -> Result<Letter, Vec<Fault>> {
        let parsed = Letter::parse(&self.draft);
        if self.faults.is_empty() {
            return parsed;
        }
        let mut faults = self.faults.clone();
        let told = |fault: &Fault| self.faults.iter().any(|known| known.field == fault.field);
        faults.extend(parsed.err().unwrap_or_default().into_iter().filter(|fault| !told(fault)));
        faults.sort_by_key(|fault| FIELDS.iter().position(|field| *field == fault.field));
        Err(faults)
    }

    fn from_form(mut form: Form) -> Self {
        let faults = FIELDS
            .into_iter()
            .filter(|field| form.is_garbled(field))
            .map(|field| {
                Fault::new(field, "This text did not arrive as UTF-8. Check the marked places and send it again.")
            })
            .collect();
        let [name, email, subject, message] = FIELDS.map(|field| form.take(field));
        Self {
            draft: Draft { name, email, subject, message },
            receipt: form.take("receipt"),
            idempotency_key: None,
            is_json: false,
            faults,
        }
    }

    fn from_json(body: &[u8]) -> Result<Self, Error> {
        let not_json = Error::BadRequest(
            "The body is not a JSON object in UTF-8. Send {\"name\": …, \"email\": …, \"message\": …}.",
        );
        let Ok(Value::Object(mut members)) = serde_json::from_slice(body) else { return Err(not_json) };
        let mut faults = Vec::new();
        let mut text = |field: &'static str| match members.remove(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(_) => {
                faults.push(Fault::new(field, format!("The member {field} is not a string.")));
                String::new()
            }
        };
        let [name, email, subject, message] = FIELDS.map(&mut text);
        let receipt = text("receipt");
        Ok(Self {
            draft: Draft { name, email, subject, message },
            receipt,
            idempotency_key: None,
            is_json: true,
            faults,
        })
    }
}
