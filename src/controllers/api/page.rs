//! `GET /api`: the API for people who write programs; the same document as a page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde_json::Value;

use super::openapi;
use crate::page::{self, Frame};
use crate::state::State;

#[derive(Template)]
#[template(path = "api/explain.html")]
struct ApiPage {
    frame: Frame,
    version: String,
    about: Vec<String>,
    operations: Vec<Described>,
}

/// One method of one address.
struct Described {
    id: String,
    method: String,
    path: String,
    summary: String,
    text: String,
    guarded: bool,
    groups: Vec<Group>,
}

/// What it takes or answers.
struct Group {
    title: &'static str,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    text: String,
}

/// `GET /api`.
pub async fn explain(state: Data<State>) -> HttpResponse {
    let document = serde_json::to_value(openapi::document()).unwrap_or_default();
    let about = text(&document["info"], "description").replace('`', "");
    let page = ApiPage {
        frame: Frame::public(&state.config.site_name),
        version: text(&document["info"], "version"),
        about: about.split("\n\n").map(str::to_owned).collect(),
        operations: members(&document["paths"])
            .flat_map(|(path, methods)| {
                members(methods).map(|(method, operation)| described(&document, path, method, operation))
            })
            .collect(),
    };
    page::html(StatusCode::OK, &page)
}

fn described(document: &Value, path: &str, method: &str, operation: &Value) -> Described {
    let groups = [
        Group { title: "Parameters", lines: items(&operation["parameters"]).map(parameter).collect() },
        Group { title: "Body", lines: body(document, &operation["requestBody"]) },
        Group {
            title: "Answers",
            lines: members(&operation["responses"]).map(|(status, answer)| reply(document, status, answer)).collect(),
        },
    ];
    Described {
        id: text(operation, "operationId"),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(operation, "summary"),
        text: text(operation, "description"),
        guarded: operation["security"].is_array(),
        groups: groups.into_iter().filter(|group| !group.lines.is_empty()).collect(),
    }
}

fn parameter(parameter: &Value) -> Line {
    let place = match parameter["in"].as_str() {
        Some("header") => "Header. ",
        Some("path") => "In the address. ",
        _ => "",
    };
    Line { name: text(parameter, "name"), text: format!("{place}{}", rule(&parameter["schema"])) }
}

fn body(document: &Value, body: &Value) -> Vec<Line> {
    let schema = members(&body["content"]).map(|(_, content)| resolved(document, &content["schema"])).next();
    let Some(schema) = schema else { return Vec::new() };
    let needed = |name: &str| items(&schema["required"]).any(|required| required == name);
    members(&schema["properties"])
        .map(|(name, property)| {
            let optional = if needed(name) { "" } else { " May be left out." };
            Line { name: name.to_owned(), text: format!("{}{optional}", rule(property)) }
        })
        .collect()
}

fn reply(document: &Value, status: &str, answer: &Value) -> Line {
    let answer = resolved(document, answer);
    let headers: Vec<&str> = members(&answer["headers"]).map(|(name, _)| name).collect();
    let with = if headers.is_empty() { String::new() } else { format!(" With {}.", headers.join(", ")) };
    Line { name: status.to_owned(), text: format!("{}{with}", text(answer, "description")) }
}

/// What a value must be, in words.
fn rule(schema: &Value) -> String {
    let choices: Vec<&str> = items(&schema["enum"]).filter_map(Value::as_str).collect();
    let mut said = text(schema, "description");
    if !choices.is_empty() {
        said.push_str(&format!(" One of {}.", choices.join(", ")));
    }
    for (member, words) in [("maximum", "At most"), ("maxItems", "At most"), ("default", "If nothing is said,")] {
        if !schema[member].is_null() {
            said.push_str(&format!(" {words} {}.", schema[member]));
        }
    }
    said
}

/// What a reference leads to; anything else is itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}
