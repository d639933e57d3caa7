//! `GET /messages/events`: server-sent events that tell an open page how many letters have come since it was made.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::body::Form;
use crate::error::Error;
use crate::middleware::CurrentUser;
use crate::models::{Cursor, Folder, ListQuery, MessageId, SessionId};
use crate::state::State;

/// Most letters that are counted; a page says "99+" then.
const MOST: u32 = 100;
/// How often to look whether the process is about to stop: such a stream would keep it from ending.
const LOOK: Duration = Duration::from_secs(1);
/// How often to say something, so that proxies keep the connection, and to look whether the session still lives.
const PULSE: Duration = Duration::from_secs(20);
/// Letters that come in one go are told of once.
const TOGETHER: Duration = Duration::from_millis(500);

/// `GET /messages/events?since=ID`: an event now, and one whenever letters come; with `once=1`, the first alone.
pub async fn events(request: HttpRequest, user: CurrentUser, state: Data<State>) -> Result<HttpResponse, Error> {
    let mut form = Form::parse(request.query_string().as_bytes());
    let since: MessageId =
        form.take("since").parse().map_err(|_| Error::BadRequest("This address is not whole. Open the inbox anew."))?;
    let once = !form.take("once").is_empty();
    let mut answer = HttpResponse::Ok();
    // Proxies must pass each event on at once.
    answer.insert_header((CONTENT_TYPE, "text/event-stream")).insert_header(("x-accel-buffering", "no"));
    if request.method() == Method::HEAD {
        return Ok(answer.streaming(stream::empty::<Result<Bytes, Error>>()));
    }
    let watch = Watch {
        arrivals: state.store.arrivals(),
        session: user.session(),
        since,
        begun: false,
        pulse: Instant::now() + PULSE,
        once,
        state,
    };
    Ok(answer.streaming(stream::unfold(watch, |mut watch| async move {
        let said = watch.next().await?;
        Some((Ok::<_, Error>(Bytes::from(said)), watch))
    })))
}

/// One open page.
struct Watch {
    state: Data<State>,
    arrivals: watch::Receiver<u64>,
    session: SessionId,
    since: MessageId,
    begun: bool,
    pulse: Instant,
    once: bool,
}

impl Watch {
    /// What to say next; nothing more when the process stops, the session has ended or the store does not answer. The
    /// browser comes back by itself then, and meets the guard.
    async fn next(&mut self) -> Option<String> {
        if !self.begun {
            self.begun = true;
            return self.count().await;
        }
        if self.once {
            return None;
        }
        loop {
            if !self.state.is_ready() {
                return None;
            }
            if self.pulse <= Instant::now() {
                self.pulse = Instant::now() + PULSE;
                return self.state.auth.is_live(self.session).await.then(|| ":\n\n".to_owned());
            }
            let look = Instant::now() + LOOK;
            match timeout_at(look, self.arrivals.changed()).await {
                Ok(Ok(())) => {
                    sleep_until(Instant::now() + TOGETHER).await;
                    self.arrivals.mark_unchanged();
                    return self.count().await;
                }
                Ok(Err(_)) => return None,
                Err(_) => {}
            }
        }
    }

    async fn count(&self) -> Option<String> {
        if !self.state.auth.is_live(self.session).await {
            return None;
        }
        let query = ListQuery { cursor: Some(Cursor::After(self.since)), ..ListQuery::newest(Folder::Inbox, MOST) };
        let new = self.state.store.list_messages(query).await.ok()?.items.len();
        let unread = self.state.store.count_messages(Folder::Inbox).await.ok()?.unread;
        Some(format!("data: {}\n\n", json!({ "new": new, "unread": unread })))
    }
}
