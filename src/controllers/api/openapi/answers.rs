//! What goes wrong, described once: a problem for each status, with the headers that come with it.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Ref, Type};
use utoipa::openapi::{Response, ResponseBuilder};

use super::rules;

/// Status, when, an example of the detail.
const FAULTS: [(u16, &str, &str); 15] = [
    (
        400,
        "The request cannot be read: no JSON (with line and column), or a header that makes no sense.",
        "The body is empty. Send a JSON object.",
    ),
    (401, "Nobody, or nobody any more: see the challenge.", "Log in, then try again."),
    (
        403,
        "The token may only read, or the request comes from a page of another site.",
        "This token may only read. Use one that may write too.",
    ),
    (404, "There is nothing of this name.", "Check the address, or start again from the first page."),
    (405, "Not with this method: see Allow.", "This address answers to GET, HEAD, OPTIONS."),
    (
        406,
        "The client takes none of the media types there are.",
        "This address answers in application/json. Accept that.",
    ),
    (408, "The body took too long to come.", "Check your connection and send it again."),
    (409, "The Idempotency-Key was given to a letter that says something else.", "Send yours with a key of its own."),
    (
        412,
        "It is of another version by now: nothing was done.",
        "Fetch it anew, see what has changed, and send your change with the new ETag.",
    ),
    (413, "The body is larger than 256 KiB.", "A body may have at most 262144 bytes here. Send less."),
    (415, "The body is of another kind, not in UTF-8, or compressed.", "Send application/json."),
    (
        422,
        "The request can be read and breaks rules: errors names all of them.",
        "Mend what is named in errors and send it again.",
    ),
    (429, "Too many tries: see Retry-After.", "Wait 40 seconds and try again."),
    (500, "A mistake of Letterbox; its log names it by the request_id.", "The mistake is ours and has been noted."),
    (503, "The store does not answer; see Retry-After.", "Wait a few seconds and try again."),
];

/// Every fault by its name in the document.
pub(super) fn faults() -> impl Iterator<Item = (String, Response)> {
    FAULTS.into_iter().map(|(status, text, detail)| (name(status), fault(status, text, detail)))
}

/// Where the description of a fault stands.
pub(super) fn reference(status: u16) -> Ref {
    Ref::from_response_name(name(status))
}

fn name(status: u16) -> String {
    format!("Problem{status}")
}

fn fault(status: u16, text: &str, detail: &str) -> Response {
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).example(Some(example(status, detail)));
    let mut response = ResponseBuilder::new().description(text).content("application/problem+json", content.build());
    for (of, name, text, example) in HEADERS {
        if of.contains(&status) {
            response = response.header(name, header(text, example));
        }
    }
    response.build()
}

/// Of which faults, the header's name, what it says, an example.
const HEADERS: [(&[u16], &str, &str, &str); 5] = [
    (&[401, 403], "WWW-Authenticate", "How to say who one is (RFC 6750).", "Bearer realm=\"letterbox\""),
    (&[405], "Allow", "The methods that work.", "GET, HEAD, OPTIONS"),
    (&[429, 503], "Retry-After", "Seconds to wait.", "40"),
    (&[429], "RateLimit", "Tries that are left, and seconds until there are more.", "\"login\";r=0;t=3"),
    (&[429], "RateLimit-Policy", POLICY.0, POLICY.1),
];

/// What the policy of the login says, and an example.
const POLICY: (&str, &str) = ("Tries at once, and seconds until all of them are back.", "\"login\";q=20;w=60");

/// With the policy of the login.
pub(super) fn with_policy(answer: ResponseBuilder) -> ResponseBuilder {
    answer.header("RateLimit-Policy", header(POLICY.0, POLICY.1))
}

/// A header whose value is text.
pub(super) fn header(text: &str, example: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(text))
        .example(Some(json!(example)))
        .build()
}

fn example(status: u16, detail: &str) -> Value {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let mut problem = json!({
        "type": "about:blank", "title": title, "status": status, "detail": detail,
        "request_id": "019ab12345677abc8123456789abcdef",
    });
    if status == 422 {
        problem["errors"] = json!([{"pointer": "#/email", "detail": "The email address is not complete. It looks like name@example.com."}]);
    }
    problem
}

/// A problem (RFC 9457).
pub(super) fn problem() -> Object {
    let fault = ObjectBuilder::new()
        .property("pointer", rules::string("The member at fault, as a JSON Pointer.", "#/email"))
        .property("parameter", rules::string("Or the parameter.", "limit"))
        .property("detail", rules::string("What is wrong and what to do.", "Send a string."))
        .required("detail");
    ObjectBuilder::new()
        .property("type", rules::string("Always about:blank.", "about:blank"))
        .property("title", rules::string("What happened.", "This breaks rules"))
        .property("status", ObjectBuilder::new().schema_type(Type::Integer).description(Some("The status.")))
        .property("detail", rules::string("What to do.", "Mend what is named in errors and send it again."))
        .property("request_id", rules::string("Names the request in the log.", "019ab12345677abc8123456789abcdef"))
        .property("errors", ArrayBuilder::new().items(fault).description(Some("Every fault, each with its place.")))
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("request_id")
        .build()
}
