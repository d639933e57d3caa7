//! The audit log, for owners.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use crate::error::Error;
use crate::middleware::CurrentUser;
use crate::models::{Event, EventKind};
use crate::page::{self, Frame, When};
use crate::paths;
use crate::state::State;

/// Entries on a page.
const PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "account/activity.html")]
struct ActivityPage {
    frame: Frame,
    events: Vec<EventRow>,
    older: Option<String>,
}

struct EventRow {
    words: &'static str,
    actor: String,
    subject: String,
    network: String,
    when: When,
}

/// Which page of the log.
#[derive(Deserialize)]
pub struct Wanted {
    before: Option<String>,
}

/// `GET /account/activity`: what happened, newest first.
pub async fn list(user: CurrentUser, wanted: Query<Wanted>, state: Data<State>) -> Result<HttpResponse, Error> {
    let owner = user.owner()?;
    let damaged = |_| Error::BadRequest("This link to a page of the log is not whole. Open the log from its start.");
    let before = wanted.before.as_ref().map(|text| text.parse()).transpose().map_err(damaged)?;
    let mut events = state.auth.events(before, PAGE + 1).await?;
    let more = events.len() > PAGE as usize;
    events.truncate(PAGE as usize);
    let last = events.last().filter(|_| more);
    let older = last.map(|event| format!("{}?before={}", paths::ACTIVITY, event.id));
    let frame = Frame::private(&state.config.site_name, owner);
    let page = ActivityPage { frame, events: events.into_iter().map(EventRow::of).collect(), older };
    Ok(page::html(StatusCode::OK, &page))
}

impl EventRow {
    fn of(event: Event) -> Self {
        let words = match event.kind {
            EventKind::LoggedIn => "Logged in:",
            EventKind::LoginFailed => "Wrong password:",
            EventKind::LoggedOut => "Logged out:",
            EventKind::SessionEnded => "Session ended from elsewhere by",
            EventKind::TokenReused => "Session ended, because a spent key came back:",
            EventKind::PasswordChanged => "Password changed by",
            EventKind::UserAdded => "User added by",
            EventKind::UserInvited => "User invited by",
            EventKind::InvitationAccepted => "Invitation accepted by",
            EventKind::RoleChanged => "Role changed by",
            EventKind::UserRemoved => "User removed by",
            EventKind::AccessTokenMade => "Access token made by",
            EventKind::AccessTokenRevoked => "Access token revoked by",
        };
        let Event { at, actor, subject, network, .. } = event;
        let subject = if subject == actor { String::new() } else { subject };
        Self { words, actor, subject, network, when: When::in_head(at) }
    }
}
