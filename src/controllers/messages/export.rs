//! `GET /messages/export`: the letters of a list as one file, streamed.

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;

use super::view::View;
use crate::body::Form;
use crate::error::Error;
use crate::middleware::CurrentUser;
use crate::models::{Cursor, Format, ListQuery, SessionId};
use crate::state::State;
use crate::store::StoreError;

/// Letters read at once. Each batch is a read of its own: a slow reader keeps neither memory nor a snapshot.
const AT_ONCE: u32 = 50;

/// `GET /messages/export?format=csv|jsonl|mbox`, with the filters of the list.
pub async fn export(request: HttpRequest, user: CurrentUser, state: Data<State>) -> Result<HttpResponse, Error> {
    let view = View::of(request.query_string())?;
    let format = match Form::parse(request.query_string().as_bytes()).take("format").as_str() {
        "" => Format::Csv,
        name => Format::parse(name)
            .ok_or(Error::BadRequest("There is no such format. Choose csv, jsonl or mbox in the address."))?,
    };
    let name = format!("letters-{}.{}", state.clock.now().date(), format.as_str());
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    if request.method() == Method::HEAD {
        return Ok(answer.streaming(stream::empty::<Result<Bytes, StoreError>>()));
    }
    tracing::info!(user = %user.user().id, format = format.as_str(), "letters are exported");
    Ok(answer.streaming(letters(state, user.session(), view.page(AT_ONCE), format)))
}

/// The head, then batch after batch. A store that fails breaks the connection off: half a file must not look whole.
fn letters(
    state: Data<State>,
    session: SessionId,
    query: ListQuery,
    format: Format,
) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> {
    let begin = Some((query, Some(format.head())));
    stream::try_unfold((state, begin), move |(state, next)| async move {
        let Some((mut query, head)) = next else { return Ok(None) };
        // Whoever was shut out meanwhile gets no further letter.
        if !state.auth.is_live(session).await {
            return Err(StoreError::Unavailable("the session has ended".into()));
        }
        let letters = state.store.read_messages(query.clone()).await?;
        let mut text = head.unwrap_or_default().to_owned();
        text.extend(letters.iter().map(|message| format.letter(message)));
        let more = letters.len() == query.limit as usize;
        query.cursor = letters.last().map(|last| Cursor::Before(last.id));
        let next = more.then_some((query, None));
        Ok((!text.is_empty()).then(|| (Bytes::from(text), (state, next))))
    })
}
