//! The rules of the models, as JSON Schema says them.

use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type};

use super::super::asked::LIMIT_MAX;
use super::super::shapes::IDS_MAX;
use crate::models::{Action, BODY_MAX, Folder, Format, NAME_MAX, SUBJECT_MAX};

/// One line of text that is not blank.
const NAME: &str =
    r"^[^\x00-\x08\x0A-\x1F\x7F-\x9F\u2028\u2029]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x08\x0A-\x1F\x7F-\x9F\u2028\u2029]*$";
/// One line of text.
const LINE: &str = r"^[^\x00-\x08\x0A-\x1F\x7F-\x9F\u2028\u2029]*$";
/// Lines of text.
const TEXT: &str = r"^(\r\n|[^\x00-\x08\x0B-\x1F\x7F-\x9F])+$";
/// An address as HTML's `type=email` takes it.
const EMAIL: &str = r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$";
/// A UUID in its one spelling.
const ID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const EXAMPLE_ID: &str = "0198c8d2-1111-7000-8000-000000000000";

pub(in crate::controllers::api) fn string(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).examples([example])
}

fn nullable(schema: ObjectBuilder) -> ObjectBuilder {
    schema.schema_type(SchemaType::from_iter([Type::String, Type::Null]))
}

pub(in crate::controllers::api) fn name() -> Object {
    let text = format!("Who sent it: one line of 1 to {NAME_MAX} characters without white space around it.");
    string(&text, "Ada Lovelace").min_length(Some(1)).max_length(Some(NAME_MAX)).pattern(Some(NAME)).build()
}

pub(in crate::controllers::api) fn email() -> Object {
    string("Where to answer: at most 254 bytes.", "ada@example.com").build()
}

pub(in crate::controllers::api) fn email_sent() -> Object {
    string(
        "Where to answer: at most 254 bytes. An internationalised domain is taken in either form.",
        "ada@example.com",
    )
    .max_length(Some(254))
    .pattern(Some(EMAIL))
    .build()
}

pub(in crate::controllers::api) fn subject() -> Object {
    let text = format!("What it is about: one line of at most {SUBJECT_MAX} characters; may be empty.");
    string(&text, "Engines").max_length(Some(SUBJECT_MAX)).pattern(Some(LINE)).build()
}

pub(in crate::controllers::api) fn body() -> Object {
    let text = format!("The text: 1 to {BODY_MAX} characters. CRLF becomes LF, nothing else changes.");
    string(&text, "Dear Olive,\nit computes.")
        .min_length(Some(1))
        .max_length(Some(BODY_MAX))
        .pattern(Some(TEXT))
        .build()
}

pub(in crate::controllers::api) fn folder() -> Object {
    string("Where it lies.", "inbox").enum_values(Some(Folder::ALL.map(Folder::as_str))).build()
}

pub(in crate::controllers::api) fn read() -> Object {
    flag("Whether somebody has opened it.")
}

pub(in crate::controllers::api) fn starred() -> Object {
    flag("Whether somebody marked it.")
}

fn flag(description: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).description(Some(description)).examples([false]).build()
}

pub(in crate::controllers::api) fn id() -> Object {
    named("Names one letter: a UUID of version 7 in lower case.")
}

pub(in crate::controllers::api) fn before() -> Object {
    named("The letters older than this one.")
}

pub(in crate::controllers::api) fn after() -> Object {
    named("The letters newer than this one; of no account where before is there.")
}

fn named(description: &str) -> Object {
    string(description, EXAMPLE_ID).pattern(Some(ID)).build()
}

pub(in crate::controllers::api) fn change_id() -> Object {
    named("Names one change.")
}

pub(in crate::controllers::api) fn undo() -> Object {
    nullable(string("What takes it back; null when nothing was changed.", EXAMPLE_ID).pattern(Some(ID))).build()
}

pub(in crate::controllers::api) fn form() -> Object {
    string("The form it came by.", "contact").enum_values(Some(["contact"])).build()
}

pub(in crate::controllers::api) fn received_at() -> Object {
    string("When it came: RFC 3339 in UTC with milliseconds.", "2026-11-21T08:05:00.250Z")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .build()
}

pub(in crate::controllers::api) fn action() -> Object {
    string("What to do.", "archive").enum_values(Some(Action::ALL.map(Action::as_str))).build()
}

pub(in crate::controllers::api) fn format() -> Object {
    string("Of the file.", "jsonl").enum_values(Some(Format::ALL.map(Format::as_str))).build()
}

pub(in crate::controllers::api) fn switch() -> Object {
    string("A switch.", "1").enum_values(Some(["1", "0", "true", "false"])).build()
}

pub(in crate::controllers::api) fn limit() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("Letters on a page."))
        .minimum(Some(1))
        .maximum(Some(LIMIT_MAX))
        .default(Some(50.into()))
        .build()
}

fn counted(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some(description))
        .minimum(Some(0))
        .examples([3])
        .build()
}

pub(in crate::controllers::api) fn ids() -> utoipa::openapi::schema::Array {
    ArrayBuilder::new()
        .items(id())
        .min_items(Some(1))
        .max_items(Some(IDS_MAX))
        .unique_items(true)
        .description(Some("With which letters."))
        .build()
}

fn page(description: &str) -> Object {
    nullable(string(description, "/api/v1/messages?limit=50&before=0198c8d2-1111-7000-8000-000000000000")).build()
}

pub(in crate::controllers::api) fn changed() -> Object {
    counted("Letters that were changed; those can be taken back.")
}

pub(in crate::controllers::api) fn unchanged() -> Object {
    counted("Letters that were so already.")
}

pub(in crate::controllers::api) fn gone() -> Object {
    counted("Letters that are not there.")
}

pub(in crate::controllers::api) fn restored() -> Object {
    counted("Letters that are as they were.")
}

pub(in crate::controllers::api) fn total() -> Object {
    counted("All its letters.")
}

pub(in crate::controllers::api) fn unread() -> Object {
    counted("Those that nobody has opened.")
}

pub(in crate::controllers::api) fn next() -> Object {
    page("Where the older letters are; null when there are none.")
}

pub(in crate::controllers::api) fn previous() -> Object {
    page("Where the newer letters are; null when there are none.")
}

pub(in crate::controllers::api) fn access_token() -> Object {
    string("Opens everything else, as Authorization: Bearer.", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln").build()
}

pub(in crate::controllers::api) fn token_type() -> Object {
    string("Always Bearer.", "Bearer").enum_values(Some(["Bearer"])).build()
}

pub(in crate::controllers::api) fn expires_in() -> Object {
    counted("Seconds until the access token opens nothing any more.")
}

pub(in crate::controllers::api) fn refresh_token() -> Object {
    string("Good for one refresh.", "v1.c2Vzc2lvbg.7.bWFj").build()
}

/// What may be sent back as it was given, and not otherwise.
pub(in crate::controllers::api) fn fixed(mut schema: Object) -> Object {
    schema.read_only = Some(true);
    schema
}
