//! What the listener and the middleware know together about one client's connection.
//!
//! The listener sees bytes, the middleware sees requests; neither alone can tell a client that dribbles a request
//! head from one that waits for its answer. Both live on the same worker thread, so cells are enough.

use std::{cell::Cell, rc::Rc, time::Duration};

use tokio::time::Instant;

/// How long a client and a handler may take. A slow client is cut within 15 s whatever it is slow at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first byte of a request head to its end. Counted for every request of a connection, not only the first.
    pub head: Duration,
    /// How long a connection may stay open with nothing asked on it.
    pub idle: Duration,
    /// The same for connections from trusted proxies. Longer than proxies keep theirs open (nginx: 60 s), so that it is
    /// the proxy who closes: a request sent while we close would be lost, and a `POST` is not sent twice.
    pub proxy_idle: Duration,
    /// How long a request body may keep its reader waiting, all waits added up. A body earns more time by arriving
    /// at [`BODY_RATE`] or faster, so long uploads pass and dribbled ones do not.
    pub body: Duration,
    /// How long a handler may work, the waits for the client's body not counted: nobody waits longer. Longer than the
    /// longest store operation (15 s, over the failure of a server), so that it only ever ends a handler that hangs.
    pub handler: Duration,
    /// How long the client may take to make room for [`WRITE_RATE`] × this time in bytes, once its buffers are full.
    pub write_stall: Duration,
}

/// Bytes of request body that earn one second of waiting.
pub const BODY_RATE: u32 = 4 * 1024;

/// Bytes per second that a client must take of an answer, measured over [`Timeouts::write_stall`].
pub const WRITE_RATE: u32 = 1024;

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(8),
            idle: Duration::from_secs(5),
            proxy_idle: Duration::from_secs(75),
            body: Duration::from_secs(8),
            handler: Duration::from_secs(20),
            write_stall: Duration::from_secs(10),
        }
    }
}

impl Timeouts {
    /// The same, with the patience that a trusted proxy needs.
    #[must_use]
    pub fn for_proxies(self) -> Self {
        Self { idle: self.proxy_idle, ..self }
    }

    /// The same, but no patience with silence: for connections above the cap, whose few places must come free soon.
    #[must_use]
    pub fn hurried(self) -> Self {
        const SHORT: Duration = Duration::from_secs(2);
        Self { head: self.head.min(SHORT), idle: self.idle.min(SHORT), ..self }
    }
}

/// One client's connection, as far as deadlines are concerned.
#[derive(Debug)]
pub struct Connection {
    timeouts: Timeouts,
    over_cap: bool,
    in_flight: Cell<u32>,
    answering: Cell<bool>,
    closing: Cell<bool>,
    idle_since: Cell<Instant>,
    in_head: Cell<bool>,
    head_since: Cell<Option<Instant>>,
}

impl Connection {
    /// A connection just accepted.
    #[must_use]
    pub fn new(timeouts: Timeouts, over_cap: bool) -> Self {
        Self {
            timeouts: if over_cap { timeouts.hurried() } else { timeouts },
            over_cap,
            in_flight: Cell::new(0),
            answering: Cell::new(false),
            closing: Cell::new(false),
            idle_since: Cell::new(Instant::now()),
            in_head: Cell::new(false),
            head_since: Cell::new(None),
        }
    }

    /// The deadlines of this connection.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// Whether it was let in above the cap, only to answer a health check or to be told to come back.
    #[must_use]
    pub fn is_over_cap(&self) -> bool {
        self.over_cap
    }

    /// Notes that a request has begun. It lasts as long as the returned guard.
    #[must_use]
    pub fn begin_request(self: &Rc<Self>) -> InFlight {
        self.in_flight.set(self.in_flight.get() + 1);
        self.answering.set(true);
        self.end_head();
        InFlight(Rc::clone(self))
    }

    /// Notes that the answer now being given is the last one. What still comes in is what is left of a body, and is
    /// owed no answer.
    pub fn will_close(&self) {
        self.closing.set(true);
    }

    /// Notes that bytes came in. Between requests the first of them begin a head.
    pub fn bytes_came(&self) {
        if self.in_flight.get() == 0 && !self.closing.get() {
            self.in_head.set(true);
        }
    }

    /// Notes that everything produced so far was taken by the client's side; `stalled` when it had to be waited for.
    pub fn all_written(&self, stalled: bool) {
        self.answering.set(self.in_flight.get() > 0);
        if stalled {
            self.idle_since.set(Instant::now());
        }
    }

    /// Whether what is now being written belongs to a request that the middleware saw.
    #[must_use]
    pub fn is_answering(&self) -> bool {
        self.answering.get()
    }

    /// Whether part of a request head has come.
    #[must_use]
    pub fn is_in_head(&self) -> bool {
        self.in_head.get()
    }

    /// When the client's time to ask is over, as of `now`; `None` while a request is being answered.
    #[must_use]
    pub fn asking_ends(&self, now: Instant) -> Option<Instant> {
        if self.in_flight.get() > 0 {
            return None;
        }
        if !self.in_head.get() {
            return Some(self.idle_since.get() + self.timeouts.idle);
        }
        // A head usually comes whole; the clock starts when the rest has to be waited for.
        let began = self.head_since.get().unwrap_or(now);
        self.head_since.set(Some(began));
        Some(began + self.timeouts.head)
    }

    fn end_request(&self) {
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
        self.idle_since.set(Instant::now());
        self.end_head();
    }

    fn end_head(&self) {
        self.in_head.set(false);
        self.head_since.set(None);
    }
}

/// A request that is being handled or whose answer is being sent; ends when dropped.
#[derive(Debug)]
pub struct InFlight(Rc<Connection>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.end_request();
    }
}
