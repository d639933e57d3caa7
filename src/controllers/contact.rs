//! The contact page: where the public drops a letter in.

mod draft;

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::rt::time::timeout;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::{Value, json};

use self::draft::Submission;
use crate::body;
use crate::client_address::client_address;
use crate::error::{Error, in_words, retry_after_seconds};
use crate::models::{BODY_MAX, DeliveryKey, Draft, Fault, Letter, MessageId, NAME_MAX, SUBJECT_MAX};
use crate::page::{self, Finished, Frame};
use crate::state::State;
use crate::store::{Delivered, Delivery};
use crate::throttle::household;
use crate::{paths, wants};

/// Largest body, in bytes. Far above what the longest allowed letter can take, so that somebody who pasted too much is
/// told by how much it is too long, with the text still there.
const LIMIT: usize = 1024 * 1024;

/// How long a visitor is kept waiting for the store, before they get their text back. What the store has begun it ends
/// all the same; the receipt sees to it that trying again makes no second letter.
const PATIENCE: Duration = Duration::from_secs(18);
const SLOW: &str = "the store took too long to take a letter";

#[derive(Template)]
#[template(path = "contact/form.html")]
struct FormPage {
    frame: Frame,
    intro: String,
    receipt: String,
    name: String,
    email: String,
    subject: String,
    message: String,
    errors: Vec<Fault>,
    notice: Option<String>,
}

impl FormPage {
    fn error(&self, field: &str) -> Option<&str> {
        page::fault_of(&self.errors, field)
    }
}

#[derive(Template)]
#[template(path = "contact/thanks.html")]
struct ThanksPage {
    frame: Frame,
}

/// `GET /contact`: the form; for programs, what it is made of.
pub async fn show(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Error> {
    let receipt = state.receipts.issue(state.clock.now())?;
    if wants::json(&request) {
        return Ok(json_answer(StatusCode::OK, &description(&receipt)));
    }
    Ok(form(&state, StatusCode::OK, Draft::default(), receipt, Vec::new(), None))
}

/// `GET /contact/thanks`: the letter is in the box.
pub async fn thanks(state: Data<State>) -> HttpResponse {
    page::html(StatusCode::OK, &ThanksPage { frame: Frame::public(&state.config.site_name) })
}

/// `POST /contact`: stores the letter, then thanks. The same letter with the same receipt is stored once.
pub async fn send(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Error> {
    let submission = Submission::read(&request, body::read(payload, LIMIT).await?)?;
    let json = wants::json(&request) || submission.is_json;
    let letter = match submission.letter() {
        Ok(letter) => letter,
        Err(faults) if json => return Ok(json_faults(&faults)),
        Err(faults) => {
            let receipt = state.receipts.issue(state.clock.now())?;
            return Ok(form(&state, StatusCode::UNPROCESSABLE_ENTITY, submission.draft, receipt, faults, None));
        }
    };
    let delivery = deliver(&request, &state, &submission, letter.clone());
    let outcome = timeout(PATIENCE, delivery).await.unwrap_or_else(|_| Err(Error::Unavailable(SLOW.into())));
    match outcome {
        Ok(delivered) if json => Ok(json_answer(StatusCode::CREATED, &receipt(&delivered, &letter))),
        Ok(_) => Ok(page::see_other(paths::THANKS)),
        Err(error) if json => Err(error),
        Err(error) => keep_the_text(&state, submission, error),
    }
}

async fn deliver(
    request: &HttpRequest,
    state: &State,
    submission: &Submission,
    letter: Letter,
) -> Result<Delivered, Error> {
    let key = match state.receipts.recognise(&submission.receipt) {
        Some(receipt) => DeliveryKey::of_receipt(&receipt, &letter),
        None => match &submission.idempotency_key {
            Some(key) => DeliveryKey::of_idempotency_key(key, &letter),
            None => DeliveryKey::unique()?,
        },
    };
    if let Some(address) = client_address(request, &state.config.trusted_proxies)
        && let Err(wait) = state.letters.admit(household(address)).await
    {
        // A letter that is there already gets the answer it had, however often it is sent.
        return state.store.delivered(key).await?.ok_or(Error::TooManyRequests(wait));
    }
    let received_at = state.clock.now();
    let delivery = Delivery { id: MessageId::next(received_at), received_at, key, letter };
    Ok(state.store.add_message(delivery).await?)
}

/// The form again, with the text in it, and a word on why the letter is not in the box yet.
fn keep_the_text(state: &State, submission: Submission, error: Error) -> Result<HttpResponse, Error> {
    let problem = error.problem();
    let Some(wait) = error.retry_after() else { return Err(error) };
    if let Some(cause) = &problem.cause {
        tracing::error!(%cause, "a letter could not be stored; its sender was asked to try again");
    }
    let notice = match error {
        Error::TooManyRequests(_) => too_many(wait),
        _ => "Your letter could not be stored just now. Your text is still here: please send it again in a moment."
            .to_owned(),
    };
    // The same receipt again: should the letter have been stored after all, sending it again does no harm.
    let receipt = submission.receipt;
    let mut response = form(state, problem.status, submission.draft, receipt, Vec::new(), Some(notice));
    response.headers_mut().insert(header::RETRY_AFTER, retry_after_seconds(wait).into());
    Ok(response)
}

fn too_many(wait: Duration) -> String {
    format!("Too many letters came from your address. Your text is still here: please send it in {}.", in_words(wait))
}

fn form(
    state: &State,
    status: StatusCode,
    draft: Draft,
    receipt: String,
    errors: Vec<Fault>,
    notice: Option<String>,
) -> HttpResponse {
    let Draft { name, email, subject, message } = draft;
    let (frame, intro) = (Frame::public(&state.config.site_name), state.config.site_intro.clone());
    let page = FormPage { frame, intro, receipt, name, email, subject, message, errors, notice };
    let mut response = page::html(status, &page);
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("accept"));
    response
}

/// The letter as it was stored, for the program that sent it.
fn receipt(delivered: &Delivered, letter: &Letter) -> Value {
    json!({
        "id": delivered.id.to_string(),
        "form": "contact",
        "received_at": delivered.received_at.rfc3339(),
        "name": letter.name.as_str(),
        "email": letter.email.as_str(),
        "subject": letter.subject.as_str(),
        "body": letter.body.as_str(),
    })
}

fn description(receipt: &str) -> Value {
    json!({
        "action": paths::CONTACT,
        "method": "POST",
        "content_types": ["application/x-www-form-urlencoded", "application/json"],
        "fields": [
            {"name": "name", "type": "text", "required": true, "max_characters": NAME_MAX, "lines": 1},
            {"name": "email", "type": "email", "required": true, "max_bytes": 254, "lines": 1},
            {"name": "subject", "type": "text", "required": false, "max_characters": SUBJECT_MAX, "lines": 1},
            {"name": "message", "type": "text", "required": true, "max_characters": BODY_MAX},
            {"name": "receipt", "type": "hidden", "required": false, "value": receipt},
        ],
    })
}

fn json_answer(status: StatusCode, value: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(value.to_string())
}

/// All faults at once, each pointing at its member (RFC 9457, with pointers as RFC 6901 §6 spells them).
fn json_faults(faults: &[Fault]) -> HttpResponse {
    let errors: Vec<Value> = faults
        .iter()
        .map(|fault| json!({"pointer": format!("#/{}", fault.field), "field": fault.field, "detail": fault.message}))
        .collect();
    let body = json!({
        "type": "about:blank",
        "title": "The letter has faults",
        "status": 422,
        "detail": "Mend the fields named in errors and send it again.",
        "errors": errors,
    });
    let mut response = HttpResponse::UnprocessableEntity()
        .content_type("application/problem+json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body.to_string());
    response.extensions_mut().insert(Finished);
    response
}
