//! Every address with its methods: what it takes, what it answers.

use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, Paths, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Object, ObjectBuilder, Ref, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{PathItem, Required, ResponseBuilder};

use super::answers::{header, reference, with_policy};
use super::{links, name_of, rules};
use crate::controllers::api::answered::{ActedJson, FoldersJson, LettersJson, MessageJson, TokensJson, UndoneJson};
use crate::controllers::api::sent::Shape;
use crate::controllers::api::shapes::{Act, LetterPatch, Login, NewLetter, Refresh, WholeLetter};
use crate::models::Format;

pub(super) fn paths() -> Paths {
    let all = [
        ("/auth/login", HttpMethod::Post, log_in()),
        ("/auth/refresh", HttpMethod::Post, refresh()),
        ("/auth/logout", HttpMethod::Post, log_out()),
        ("/folders", HttpMethod::Get, folders()),
        ("/messages", HttpMethod::Get, list()),
        ("/messages", HttpMethod::Post, create()),
        ("/messages/export", HttpMethod::Get, export()),
        ("/messages/actions", HttpMethod::Post, act()),
        ("/messages/actions/{id}/undo", HttpMethod::Post, undo()),
        ("/messages/{id}", HttpMethod::Get, show()),
        ("/messages/{id}", HttpMethod::Put, replace()),
        ("/messages/{id}", HttpMethod::Patch, patch()),
        ("/messages/{id}", HttpMethod::Delete, remove()),
        ("/openapi.json", HttpMethod::Get, describe()),
    ];
    let mut paths = PathsBuilder::new();
    for (path, method, Described(operation)) in all {
        paths = paths.path(format!("{}{path}", crate::paths::API_V1), PathItem::new(method, operation));
    }
    paths.build()
}

/// One operation on its way into the document.
struct Described(OperationBuilder);

impl From<Described> for Operation {
    fn from(described: Described) -> Self {
        described.0.build()
    }
}

impl Described {
    /// For everybody.
    fn new(tag: &str, id: &str, summary: &str, text: &str) -> Self {
        let operation = OperationBuilder::new().tag(tag).operation_id(Some(id)).summary(Some(summary));
        Self(operation.description(Some(text))).faults(&[400, 403, 405, 408, 422, 500, 503])
    }

    /// For who has a token.
    fn guarded(tag: &str, id: &str, summary: &str, text: &str) -> Self {
        let described = Self::new(tag, id, summary, text).faults(&[401]);
        Self(described.0.security(SecurityRequirement::new("bearer", Vec::<String>::new())))
    }

    fn faults(self, statuses: &[u16]) -> Self {
        Self(statuses.iter().fold(self.0, |all, status| all.response(status.to_string(), reference(*status))))
    }

    /// Takes a body.
    fn takes<T: Shape>(self) -> Self {
        let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name(T::NAME))).build();
        let body = RequestBodyBuilder::new().required(Some(Required::True));
        let body = T::KINDS.iter().fold(body, |body, kind| body.content(*kind, content()));
        Self(self.0.request_body(Some(body.build()))).faults(&[413, 415])
    }

    /// Answers in JSON.
    fn gives<T: ToSchema>(self, status: u16, answer: ResponseBuilder) -> Self {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(name_of::<T>()))).build();
        let answer = answer.content("application/json", content).build();
        Self(self.0.response(status.to_string(), answer)).faults(&[406])
    }

    /// Answers without a body.
    fn says(self, status: u16, answer: ResponseBuilder) -> Self {
        Self(self.0.response(status.to_string(), answer.build()))
    }

    fn query(self, name: &str, schema: Object) -> Self {
        self.parameter(ParameterIn::Query, name, Required::False, schema)
    }

    fn header(self, name: &str, schema: Object) -> Self {
        self.parameter(ParameterIn::Header, name, Required::False, schema)
    }

    /// Of the thing that its address names.
    fn of(self, id: Object) -> Self {
        self.parameter(ParameterIn::Path, "id", Required::True, id).faults(&[404])
    }

    fn parameter(self, place: ParameterIn, name: &str, required: Required, schema: Object) -> Self {
        let text = schema.description.clone();
        let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(required).description(text);
        Self(self.0.parameter(parameter.schema(Some(schema))))
    }

    fn filters(self) -> Self {
        let search =
            "What the inbox's search field takes: words, \"phrases\", -without, from:, in:, is:, before:, after:.";
        self.query("folder", rules::folder())
            .query("q", ObjectBuilder::new().schema_type(Type::String).description(Some(search)).build())
            .query("unread", rules::switch())
            .query("starred", rules::switch())
    }

    /// May ask for the version that was seen.
    fn conditional(self) -> Self {
        self.header("If-Match", tags("Only if it still is of this version.")).faults(&[412])
    }
}

fn tags(text: &str) -> Object {
    rules::string(text, "\"1\"").pattern(Some("^(\\*|\"[0-9]+\"(, \"[0-9]+\")*)$")).build()
}

fn answer(text: &str) -> ResponseBuilder {
    ResponseBuilder::new().description(text)
}

/// A letter, with the version it is of.
fn letter(text: &str) -> ResponseBuilder {
    answer(text).header("ETag", header("Its version.", "\"1\""))
}

fn log_in() -> Described {
    Described::new(
        "auth",
        "logIn",
        "Begin a session",
        "Twenty tries at once from one address, then one every three seconds.",
    )
    .takes::<Login>()
    .gives::<TokensJson>(200, links::to_refresh(with_policy(answer("The tokens of the session."))))
    .faults(&[401, 429])
}

fn refresh() -> Described {
    let text = "The refresh token is spent by it. One that comes back after its successor was used ends the session.";
    Described::new("auth", "refresh", "Get the next tokens", text)
        .takes::<Refresh>()
        .gives::<TokensJson>(200, links::to_refresh(answer("The next tokens of the session.")))
        .faults(&[401])
}

fn log_out() -> Described {
    Described::guarded("auth", "logOut", "End the session", "At once, for every token of it.")
        .says(204, answer("It is over."))
}

fn folders() -> Described {
    Described::guarded("folders", "folders", "Count letters", "Every folder, in the order people see them.")
        .gives::<FoldersJson>(200, answer("The folders."))
}

fn list() -> Described {
    let text = "Newest first. A search without a folder looks through inbox and archive. Follow next and previous as they are.";
    let page = answer("One page.")
        .header("Link", header("The same as next and previous.", "</api/v1/messages?before=…>; rel=\"next\""));
    Described::guarded("messages", "listMessages", "List letters", text)
        .filters()
        .query("before", rules::before())
        .query("after", rules::after())
        .query("limit", rules::limit())
        .gives::<LettersJson>(200, links::to_letter(page, "/items/0/id"))
}

fn create() -> Described {
    let key = rules::string("Makes many sendings of one letter one letter, for as long as it is there.", "4711");
    let created =
        letter("It is in the inbox, unread.").header("Location", header("Its address.", "/api/v1/messages/0198…"));
    let created = links::to_act(links::to_letter(created, "/id"));
    Described::guarded("messages", "createMessage", "Create a letter", "By the rules of the contact page.")
        .header(
            "Idempotency-Key",
            key.min_length(Some(1)).max_length(Some(crate::body::KEY_MAX)).pattern(Some("^[!-~]+$")).build(),
        )
        .takes::<NewLetter>()
        .gives::<MessageJson>(201, created)
        .faults(&[409])
}

fn export() -> Described {
    let described = Described::guarded(
        "messages",
        "exportMessages",
        "Save letters",
        "All letters of a list as one file, streamed.",
    );
    let file = Format::ALL.iter().fold(answer("The file."), |file, format| {
        let kind = format.media_type().split(';').next().unwrap_or_default();
        file.content(kind, ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build())
    });
    let file =
        file.header("Content-Disposition", header("A name for it.", "attachment; filename=\"letters-2026-11-21.csv\""));
    described.filters().query("format", rules::format()).says(200, file).faults(&[406])
}

fn act() -> Described {
    let acted = answer("What came of it.");
    Described::guarded("messages", "act", "Change many letters", "What is there of them is changed, whatever is not.")
        .takes::<Act>()
        .gives::<ActedJson>(200, links::to_undo(acted))
}

fn undo() -> Described {
    Described::guarded("messages", "undo", "Take it back", "On those letters that nobody has changed since. Once.")
        .of(rules::change_id())
        .gives::<UndoneJson>(200, answer("What came of it."))
}

fn show() -> Described {
    Described::guarded("messages", "showMessage", "Read a letter", "Marks nothing as read.")
        .of(rules::id())
        .header("If-None-Match", tags("Only if it is of another version."))
        .faults(&[412])
        .gives::<MessageJson>(200, links::to_this_version(letter("The letter.")))
        .says(304, letter("It is of that version."))
}

fn replace() -> Described {
    let text = "Whole, with folder and marks. What cannot be changed (id, form, received_at) may be sent as it is.";
    Described::guarded("messages", "replaceMessage", "Replace a letter", text)
        .of(rules::id())
        .conditional()
        .takes::<WholeLetter>()
        .gives::<MessageJson>(200, links::to_this_version(letter("The letter as it is now.")))
}

fn patch() -> Described {
    Described::guarded("messages", "patchMessage", "Move or mark a letter", "What is not named stays.")
        .of(rules::id())
        .conditional()
        .takes::<LetterPatch>()
        .gives::<MessageJson>(200, links::to_this_version(letter("The letter as it is now.")))
}

fn remove() -> Described {
    Described::guarded("messages", "deleteMessage", "Delete a letter", "For good, wherever it lies.")
        .of(rules::id())
        .conditional()
        .says(204, answer("It is gone."))
}

fn describe() -> Described {
    let content = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::Object))).build();
    Described::new("auth", "describe", "Describe the API", "This document.")
        .says(200, answer("OpenAPI 3.1.").content("application/json", content))
        .faults(&[406])
}
