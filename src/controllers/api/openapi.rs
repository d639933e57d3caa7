//! `GET /api/v1/openapi.json`: the API in the words of OpenAPI 3.1, made of what the controllers take and answer.

mod answers;
mod links;
mod operations;
pub(super) mod rules;

use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, ComponentsBuilder, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr};

use super::answered::{ActedJson, FolderJson, FoldersJson, LettersJson, MessageJson, TokensJson, UndoneJson};
use super::sent::{NoQuery, Shape, TakesJson};
use super::shapes::{Act, LetterPatch, Login, NewLetter, Refresh, WholeLetter};

const ABOUT: &str = "The inbox of a Letterbox, for programs. Log in with `POST /api/v1/auth/login`, or make a personal \
    access token on the account page; send it as `Authorization: Bearer TOKEN`. Cookies are not accepted.\n\n\
    `HEAD` works wherever `GET` does; `OPTIONS` says what an address answers to. Every error is a problem (RFC 9457). \
    Bodies are JSON in UTF-8 of at most 256 KiB, nested at most 16 deep, without unknown members and with none twice; \
    unknown parameters are refused too.";

/// `GET /api/v1/openapi.json`.
pub async fn describe(_: TakesJson, _: NoQuery) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").insert_header((CACHE_CONTROL, "no-cache")).body(text())
}

/// The document, written once.
fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| document().to_pretty_json().unwrap_or_default())
}

/// The document.
pub(super) fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Letterbox")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()));
    let tags =
        [("auth", "Getting in, going on, getting out."), ("messages", "Letters."), ("folders", "Where they lie.")];
    OpenApiBuilder::new()
        .info(info)
        .tags(Some(tags.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build())))
        .paths(operations::paths())
        .components(Some(components()))
        .build()
}

fn components() -> Components {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token of a login, or a personal access token of scope read or read-write."))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .schema_from::<TokensJson>()
        .schema_from::<MessageJson>()
        .schema_from::<LettersJson>()
        .schema_from::<ActedJson>()
        .schema_from::<UndoneJson>()
        .schema_from::<FolderJson>()
        .schema_from::<FoldersJson>()
        .schema("Problem", answers::problem());
    let components = sent::<Login>(sent::<Refresh>(sent::<NewLetter>(sent::<WholeLetter>(components))));
    let components = sent::<LetterPatch>(sent::<Act>(components));
    answers::faults().fold(components, |all, (name, fault)| all.response(name, fault)).build()
}

/// What is sent has no members but those that are described.
fn sent<T: Shape>(components: ComponentsBuilder) -> ComponentsBuilder {
    let closed = AdditionalProperties::FreeForm(false);
    let mut schema = T::schema();
    schema.additional_properties = Some(Box::new(closed));
    components.schema(T::NAME, RefOr::T(Schema::Object(schema)))
}

/// The name under which an answer is described.
fn name_of<T: ToSchema>() -> String {
    T::name().into_owned()
}
