//! The letters of a list as one file, streamed: for the page and for programs.

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;

use crate::models::{Cursor, Format, ListQuery};
use crate::state::State;
use crate::store::StoreError;

/// Letters to read at once. Each batch is a read of its own: a slow reader keeps neither memory nor a snapshot.
pub const AT_ONCE: u32 = 50;

/// The answer, letter after letter. Before each batch `is_live` says whether who asked may still read.
pub fn answer<F: Future<Output = bool> + 'static>(
    request: &HttpRequest,
    state: Data<State>,
    query: ListQuery,
    format: Format,
    is_live: impl Fn(Data<State>) -> F + 'static,
) -> HttpResponse {
    let name = format!("letters-{}.{}", state.clock.now().date(), format.as_str());
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    if request.method() == Method::HEAD {
        return answer.streaming(stream::empty::<Result<Bytes, StoreError>>());
    }
    answer.streaming(letters(state, query, format, is_live))
}

/// The head, then batch after batch. A store that fails breaks the connection off: half a file must not look whole.
fn letters<F: Future<Output = bool>>(
    state: Data<State>,
    query: ListQuery,
    format: Format,
    is_live: impl Fn(Data<State>) -> F,
) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> {
    let begin = Some((query, Some(format.head())));
    stream::try_unfold((is_live, begin), move |(is_live, next)| {
        let state = state.clone();
        async move {
            let Some((mut query, head)) = next else { return Ok(None) };
            // Whoever was shut out meanwhile gets no further letter.
            if !is_live(state.clone()).await {
                return Err(StoreError::Unavailable("whoever exports may not read any more".into()));
            }
            let letters = state.store.read_messages(query.clone()).await?;
            let mut text = head.unwrap_or_default().to_owned();
            text.extend(letters.iter().map(|message| format.letter(message)));
            let more = letters.len() == query.limit as usize;
            query.cursor = letters.last().map(|last| Cursor::Before(last.id));
            let next = more.then_some((query, None));
            Ok((!text.is_empty()).then(|| (Bytes::from(text), (is_live, next))))
        }
    })
}
