//! Where an answer leads: what of it the next request takes.

use serde_json::json;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::link::LinkBuilder;

const CHANGES: [&str; 3] = ["replaceMessage", "patchMessage", "deleteMessage"];

/// To the letter whose id stands at this place of the answer.
pub(super) fn to_letter(answer: ResponseBuilder, place: &str) -> ResponseBuilder {
    let id = format!("$response.body#{place}");
    ["showMessage"].into_iter().chain(CHANGES).fold(answer, |answer, operation| {
        answer.link(operation, LinkBuilder::new().operation_id(operation).parameter("id", id.as_str()).build())
    })
}

/// To changes of the letter as it was answered, and of no other version.
pub(super) fn to_this_version(answer: ResponseBuilder) -> ResponseBuilder {
    CHANGES.into_iter().fold(answer, |answer, operation| {
        let link = LinkBuilder::new()
            .operation_id(operation)
            .parameter("id", "$response.body#/id")
            .parameter("header.If-Match", "$response.header.ETag");
        answer.link(operation, link.build())
    })
}

/// From a new letter to what is done with many.
pub(super) fn to_act(answer: ResponseBuilder) -> ResponseBuilder {
    let body = json!({"action": "archive", "ids": ["$response.body#/id"]});
    answer.link("act", LinkBuilder::new().operation_id("act").request_body(Some(body)).build())
}

/// From what was done to taking it back.
pub(super) fn to_undo(answer: ResponseBuilder) -> ResponseBuilder {
    answer.link("undo", LinkBuilder::new().operation_id("undo").parameter("id", "$response.body#/undo").build())
}

/// From tokens to the next ones.
pub(super) fn to_refresh(answer: ResponseBuilder) -> ResponseBuilder {
    let body = json!({"refresh_token": "$response.body#/refresh_token"});
    answer.link("refresh", LinkBuilder::new().operation_id("refresh").request_body(Some(body)).build())
}
