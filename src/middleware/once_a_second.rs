//! A page that is the same for everybody is made once a second, not once a visitor.
//!
//! What is kept is the finished answer of the layers within, compressed, with every header, by what the client says it
//! takes. Each worker keeps its own, so nobody waits for a lock, and for no longer than the second in which it was made.
//! This is the outermost layer: what it answers by itself no other layer sees, so it does for it what they would do.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, EitherBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};

use super::request_line::RequestLine;
use crate::connection::Connection;
use crate::models::Timestamp;
use crate::paths;
use crate::state::State;

/// The pages that are the same for everybody and heed no query.
const PAGES: [&str; 1] = [paths::CONTACT];

/// Forms of one page that are kept in a second. Browsers ask for two or three; what more is asked for is made anew.
const FORMS: usize = 16;
/// Longest header that is remembered, in bytes; browsers send about 80.
const LONGEST: usize = 256;

/// The answers of this second.
#[derive(Default)]
pub struct Kept {
    page: RefCell<Page>,
}

#[derive(Default)]
struct Page {
    second: Option<Timestamp>,
    forms: Vec<(Wanted, Answer)>,
}

/// What of a request decides which form of a page it gets.
#[derive(PartialEq, Eq)]
struct Wanted {
    path: &'static str,
    accept: Option<HeaderValue>,
    encoding: Option<HeaderValue>,
}

struct Answer {
    headers: HeaderMap,
    body: Bytes,
}

/// The middleware. Only what succeeds is shared, among those who ask for the page and bring nothing; the protocol layer
/// leaves the body away from `HEAD`.
///
/// # Errors
/// Those of the layers within.
pub async fn once_a_second<B: MessageBody + 'static>(
    state: Data<State>,
    kept: Data<Kept>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let Some(wanted) = Wanted::by(&request) else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    let now = state.clock.now();
    let second = now.whole_seconds();
    if let Some(mut answer) = kept.answer(second, &wanted) {
        let line = RequestLine::begin(now, request.method());
        if let Some(connection) = request.conn_data::<Rc<Connection>>() {
            // Begun and ended: the answer is here.
            drop(connection.begin_request());
        }
        line.finish(answer.headers_mut(), Some(wanted.path), StatusCode::OK);
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let response = next.call(request).await?;
    if response.status() != StatusCode::OK {
        return Ok(response.map_into_left_body());
    }
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let response = match body.try_into_bytes() {
        Ok(body) => {
            kept.keep(second, wanted, Answer { headers: head.headers().clone(), body: body.clone() });
            head.set_body(body).map_into_boxed_body().map_into_right_body()
        }
        Err(streamed) => head.set_body(streamed).map_into_left_body(),
    };
    Ok(ServiceResponse::new(request, response))
}

/// Has a page in one piece before the layers further out see it, so that it can be kept; to be put around what
/// compresses it. A failure is theirs to tell, like any other within.
///
/// # Errors
/// Those of the layers within.
pub async fn in_one_piece<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (request, response) = next.call(request).await?.into_parts();
    let (head, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(Into::<Box<dyn std::error::Error>>::into)?;
    Ok(ServiceResponse::new(request, head.set_body(body).map_into_boxed_body()))
}

impl Wanted {
    /// None for a request that is not like everybody's.
    fn by(request: &ServiceRequest) -> Option<Self> {
        let path = PAGES.into_iter().find(|page| *page == request.path())?;
        if ![Method::GET, Method::HEAD].contains(request.method())
            || request.headers().contains_key(header::CONTENT_TYPE)
        {
            return None;
        }
        let single = |name: HeaderName| {
            let mut values = request.headers().get_all(name);
            let first = values.next();
            let fits = values.next().is_none() && first.is_none_or(|value| value.len() <= LONGEST);
            fits.then(|| first.cloned())
        };
        let (accept, encoding) = (single(header::ACCEPT)?, single(header::ACCEPT_ENCODING)?);
        let over_cap = request.conn_data::<Rc<Connection>>().is_some_and(|connection| connection.is_over_cap());
        (!over_cap).then_some(Self { path, accept, encoding })
    }
}

impl Kept {
    fn answer(&self, second: Timestamp, wanted: &Wanted) -> Option<HttpResponse> {
        let page = self.page.borrow();
        let answer = page.forms.iter().find(|(known, _)| page.second == Some(second) && known == wanted);
        answer.map(|(_, answer)| answer.response())
    }

    fn keep(&self, second: Timestamp, wanted: Wanted, answer: Answer) {
        let mut page = self.page.borrow_mut();
        if page.second < Some(second) {
            *page = Page { second: Some(second), forms: Vec::new() };
        }
        // Several may have made the same one at the turn of a second, and a slow one may come after it.
        let is_news = page.second == Some(second) && page.forms.iter().all(|(known, _)| *known != wanted);
        if is_news && page.forms.len() < FORMS {
            page.forms.push((wanted, answer));
        }
    }
}

impl Answer {
    fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, self.body.clone()).map_into_boxed_body();
        *response.headers_mut() = self.headers.clone();
        response
    }
}
