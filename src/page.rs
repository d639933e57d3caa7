//! How a page becomes an answer.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

use crate::flash::{Notice, Undo};
use crate::models::{Fault, Role, Timestamp, User};
use crate::paths;

/// What every page shows around its content.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The site's name.
    pub site_name: String,
    /// Who is signed in.
    pub user: Option<SignedIn>,
    /// One sentence about what has just happened.
    pub flash: Option<String>,
    /// How to take it back.
    pub undo: Option<Undo>,
}

/// Somebody who is signed in, as the head of a page names them.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What they are called.
    pub name: String,
    /// Their login.
    pub email: String,
    /// Whether they may manage users.
    pub is_owner: bool,
}

impl Frame {
    /// For visitors.
    pub fn public(site_name: &str) -> Self {
        Self { site_name: site_name.to_owned(), user: None, flash: None, undo: None }
    }

    /// For somebody who is signed in.
    pub fn private(site_name: &str, user: &User) -> Self {
        let user = SignedIn {
            name: user.name.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
            is_owner: user.role == Role::Owner,
        };
        Self { user: Some(user), ..Self::public(site_name) }
    }

    /// With a sentence about what has just happened.
    pub fn with_flash(self, flash: Option<String>) -> Self {
        Self { flash, ..self }
    }

    /// With a sentence about what has just happened, which may be taken back.
    pub fn with_notice(self, notice: Option<Notice>) -> Self {
        let (flash, undo) = notice.map(|notice| (notice.sentence, notice.undo)).unzip();
        Self { flash, undo: undo.flatten(), ..self }
    }
}

/// An instant, in three lengths.
#[derive(Debug, Clone)]
pub struct When {
    /// For machines.
    pub iso: String,
    /// For a list or the head of a letter.
    pub short: String,
    /// To the second, with its zone.
    pub exact: String,
}

impl When {
    /// As short as a list wants it, seen from `now`.
    pub fn in_list(then: Timestamp, now: Timestamp) -> Self {
        Self { iso: then.rfc3339(), short: then.short(now), exact: then.exact() }
    }

    /// Day and time, for the head of a letter.
    pub fn in_head(then: Timestamp) -> Self {
        Self { iso: then.rfc3339(), short: then.day_and_time(), exact: then.exact() }
    }
}

/// The fault of one field among those of a form.
pub fn fault_of<'a>(faults: &'a [Fault], field: &str) -> Option<&'a str> {
    faults.iter().find(|fault| fault.field == field).map(|fault| fault.message.as_str())
}

/// Marks an answer whose body is as it should be, whatever its status. An error without this mark gets the error page.
#[derive(Debug, Clone, Copy)]
pub struct Finished;

/// Why a template was not rendered; for the log.
#[derive(Debug)]
pub struct RenderFailure(pub String);

/// An HTML page. A template that fails becomes a bare 500, which the error page then fills.
pub fn html(status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(text) => {
            let mut response = HttpResponse::build(status)
                .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
                .insert_header((header::CACHE_CONTROL, "no-cache"))
                .body(text);
            response.extensions_mut().insert(Finished);
            response
        }
        Err(error) => {
            let mut response = HttpResponse::InternalServerError().finish();
            response.extensions_mut().insert(RenderFailure(error.to_string()));
            response
        }
    }
}

/// An HTML page that no cache may keep.
pub fn private_html(status: StatusCode, template: &impl Template) -> HttpResponse {
    let mut response = html(status, template);
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// Why a form comes back, in data: what the page says in words. Programs get it as JSON instead of the page.
#[derive(Debug, Clone, Default)]
pub struct Refusal {
    /// What keeps it from being done just now.
    pub notice: Option<String>,
    /// What is wrong with its fields.
    pub faults: Vec<Fault>,
}

/// A form that comes back to whoever sent it, in a page that no cache may keep.
pub fn form_again(
    status: StatusCode,
    template: &impl Template,
    faults: &[Fault],
    notice: Option<&str>,
) -> HttpResponse {
    let mut response = private_html(status, template);
    let refusal = Refusal { notice: notice.map(str::to_owned), faults: faults.to_vec() };
    response.extensions_mut().insert(refusal);
    response
}

/// "See Other" (303): the browser goes on with a GET.
pub fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}

/// Longest `next` that is followed, in bytes.
const NEXT_MAX: usize = 512;

/// `next`, if it is a page of ours to come back to after a login; anything that a browser could read as another
/// origin is not.
pub fn local_next(next: &str) -> Option<&str> {
    let visible = next.len() <= NEXT_MAX && next.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\');
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let known = path == paths::HOME
        || [paths::MESSAGES, paths::ACCOUNT, paths::USERS]
            .iter()
            .any(|page| path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    (visible && known).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_followed_after_a_login() {
        for good in ["/", "/messages", "/messages?before=0198", "/messages/0198", "/account", "/users?x=//evil.example"]
        {
            assert_eq!(local_next(good), Some(good));
        }
        let long = format!("/messages?{}", "x".repeat(NEXT_MAX));
        for evil in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "\t//evil.example",
            "/\n/evil.example",
            " //evil.example",
            "https://me@evil.example",
            "javascript:alert(1)",
            "messages",
            "/messages\\..\\",
            "/messagesx",
            "/contact",
            "/static/app.css",
            "/messages\r\nSet-Cookie: a=b",
            &long,
        ] {
            assert_eq!(local_next(evil), None, "{evil:?}");
        }
    }
}
