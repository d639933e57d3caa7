//! Ends requests that take too long, and tells the connection when a request begins and ends.
//!
//! The client has [`Timeouts::body`] to bring its body: later it hears 408. The handler has [`Timeouts::handler`] for
//! the rest, not counting the waits for the body: later it is dropped and the client hears 503. Work that must not be
//! cut is spawned by its owner. It wraps everything but the envelope and what is kept of its answers.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_http::{ConnectionType, error::PayloadError};
use actix_web::{
    Error, HttpMessage as _, HttpResponse,
    body::{BodySize, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::InternalError,
    http::header,
    middleware::Next,
    web::Bytes,
};
use futures_util::Stream;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep, timeout_at};

use crate::connection::{BODY_RATE, Connection, InFlight, Timeouts};

/// Answered even when there is no place for anyone else.
const HEALTH_CHECKS: [&str; 2] = ["/healthz", "/readyz"];

/// The middleware, for `actix_web::middleware::from_fn`.
pub async fn deadline<B: MessageBody + 'static>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Counted<EitherBody<B>>>, Error> {
    let connection = req.conn_data::<Rc<Connection>>().cloned();
    let in_flight = connection.as_ref().map(Connection::begin_request);
    let over_cap = connection.as_ref().is_some_and(|connection| connection.is_over_cap());
    let timeouts = connection.as_ref().map_or_else(Timeouts::default, |connection| *connection.timeouts());

    if over_cap && !HEALTH_CHECKS.contains(&req.path()) {
        let refused = req.into_response(full()).map_into_right_body();
        return Ok(counted(refused, in_flight, connection));
    }
    let body = time_body(&mut req, timeouts.body);
    let Some(answer) = within(timeouts.handler, body.as_deref(), next.call(req)).await else {
        if let Some(connection) = connection {
            connection.will_close();
        }
        return Err(InternalError::from_response("the handler took too long", overdue()).into());
    };
    let mut answer = answer?;
    if over_cap {
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let failed = answer.status().is_client_error() || answer.status().is_server_error();
    let answer = if failed && body.is_some_and(|body| body.late.get()) {
        answer.into_response(too_slow()).map_into_right_body()
    } else {
        answer.map_into_left_body()
    };
    Ok(counted(answer, in_flight, connection))
}

fn full() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "1")).force_close().finish()
}

fn overdue() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "10")).force_close().finish()
}

fn too_slow() -> HttpResponse {
    HttpResponse::RequestTimeout().force_close().finish()
}

/// Waits for `work` no longer than `limit`, the waits for the client not counted; `None` when that was too short.
async fn within<T>(limit: Duration, body: Option<&BodyTime>, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    // Most work is done at once and needs neither clock nor timer.
    if let Poll::Ready(done) = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        return Some(done);
    }
    let start = Instant::now();
    let mut end = start + limit;
    loop {
        if let Ok(done) = timeout_at(end, work.as_mut()).await {
            return Some(done);
        }
        end = start + limit + body.map_or(Duration::ZERO, BodyTime::waited);
        if end <= Instant::now() {
            return None;
        }
    }
}

/// How long a request body has kept its reader waiting.
struct BodyTime {
    waited: Cell<Duration>,
    waiting_since: Cell<Option<Instant>>,
    late: Cell<bool>,
}

impl BodyTime {
    fn waited(&self) -> Duration {
        let now = self.waiting_since.get().map_or(Duration::ZERO, |since| since.elapsed());
        self.waited.get() + now
    }

    fn pause(&self) {
        self.waited.set(self.waited());
        self.waiting_since.set(None);
    }
}

/// Puts the request's body, if it has one, under a deadline.
fn time_body(req: &mut ServiceRequest, allowed: Duration) -> Option<Rc<BodyTime>> {
    let payload = req.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let time =
        Rc::new(BodyTime { waited: Cell::new(Duration::ZERO), waiting_since: Cell::new(None), late: Cell::new(false) });
    let timed = TimedBody { payload, time: Rc::clone(&time), allowed, alarm: Box::pin(sleep(allowed)) };
    req.set_payload(Payload::Stream { payload: Box::pin(timed) });
    Some(time)
}

struct TimedBody {
    payload: Payload,
    time: Rc<BodyTime>,
    allowed: Duration,
    alarm: Pin<Box<Sleep>>,
}

impl TimedBody {
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.time.waiting_since.get().is_none() {
            let now = Instant::now();
            self.time.waiting_since.set(Some(now));
            self.alarm.as_mut().reset(now + self.allowed.saturating_sub(self.time.waited.get()));
        }
        ready!(self.alarm.as_mut().poll(cx));
        self.time.late.set(true);
        Poll::Ready(())
    }
}

impl Stream for TimedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.time.late.get() {
            if let Poll::Ready(item) = Pin::new(&mut self.payload).poll_next(cx) {
                self.time.pause();
                if let Some(Ok(bytes)) = &item {
                    self.allowed += Duration::from_secs_f64(bytes.len() as f64 / f64::from(BODY_RATE));
                }
                return Poll::Ready(item);
            }
            ready!(self.poll_late(cx));
            self.time.pause();
        }
        Poll::Ready(Some(Err(PayloadError::Incomplete(Some(io::ErrorKind::TimedOut.into())))))
    }
}

pin_project! {
    /// A response body that keeps its request in flight until it was sent or dropped.
    pub struct Counted<B> {
        #[pin]
        body: B,
        in_flight: Option<InFlight>,
    }
}

fn counted<B>(
    answer: ServiceResponse<B>,
    in_flight: Option<InFlight>,
    connection: Option<Rc<Connection>>,
) -> ServiceResponse<Counted<B>> {
    if let Some(connection) = connection.filter(|_| answer.response().head().connection_type() == ConnectionType::Close)
    {
        connection.will_close();
    }
    answer.map_body(|_, body| Counted { body, in_flight })
}

impl<B: MessageBody> MessageBody for Counted<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.project().body.poll_next(cx)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, in_flight } = self;
        body.try_into_bytes().map_err(|body| Self { body, in_flight })
    }
}
