//! A TCP stream that gives up on slow clients.
//!
//! actix-http limits only the first request head of a connection. Every deadline on the wire is therefore kept here,
//! by one timer per connection: the head of each request, the silence between requests, and the pace at which an
//! answer is taken. The pace of a request body is the middleware's business, since only it can answer 408 to it.

use std::{
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_rt::net::TcpStream;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use super::gate::Ticket;
use crate::connection::{Connection, WRITE_RATE};

/// The shortest time between two looks at the deadlines.
const SHORTEST_LOOK: Duration = Duration::from_millis(50);

const TIMED_OUT: (&[u8], &[u8]) =
    (b"HTTP/1.1 408 Request Timeout\r\n", b"content-length: 0\r\nconnection: close\r\n\r\n");

/// A client's TCP stream with deadlines.
pub struct GuardedStream {
    tcp: TcpStream,
    connection: Rc<Connection>,
    error_headers: Arc<[u8]>,
    alarm: Pin<Box<Sleep>>,
    stall: Option<Stall>,
    unwritten: Vec<u8>,
    given_up: bool,
    _ticket: Ticket,
}

/// A client that lets an answer wait: since when, and how much it has taken meanwhile.
struct Stall {
    since: Instant,
    taken: usize,
}

enum Overdue {
    Asking,
    Taking,
}

impl GuardedStream {
    /// Guards a stream just accepted. `error_headers` are whole header lines for answers that the HTTP parser gives
    /// by itself.
    pub(super) fn new(tcp: TcpStream, connection: Connection, error_headers: Arc<[u8]>, ticket: Ticket) -> Self {
        let alarm = Box::pin(sleep(connection.timeouts().idle));
        Self {
            tcp,
            connection: Rc::new(connection),
            error_headers,
            alarm,
            stall: None,
            unwritten: Vec::new(),
            given_up: false,
            _ticket: ticket,
        }
    }

    /// What the middleware is told about this connection.
    pub(super) fn connection(&self) -> Rc<Connection> {
        Rc::clone(&self.connection)
    }

    fn next_deadline(&self, now: Instant) -> Option<(Instant, Overdue)> {
        match &self.stall {
            Some(stall) => Some((stall.since + self.connection.timeouts().write_stall, Overdue::Taking)),
            None => self.connection.asking_ends(now).map(|at| (at, Overdue::Asking)),
        }
    }

    /// Tells what the client is late with, else sees to it that the task wakes in time to ask again. The phase may
    /// change without a further read, so the look is repeated at least as often as the shortest deadline.
    fn overdue(&mut self, cx: &mut Context<'_>) -> Option<Overdue> {
        let timeouts = self.connection.timeouts();
        let longest_look = timeouts.idle.min(timeouts.head).max(SHORTEST_LOOK);
        loop {
            let now = Instant::now();
            let mut look = now + longest_look;
            if let Some((at, what)) = self.next_deadline(now) {
                if at <= now {
                    return Some(what);
                }
                look = look.min(at);
            }
            if look < self.alarm.deadline() || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(look);
            }
            if self.alarm.as_mut().poll(cx).is_pending() {
                return None;
            }
        }
    }

    /// Resets the connection, so that the kernel doesn't keep offering what the client won't take.
    fn abort(&self) -> io::Error {
        let _ = SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
        io::ErrorKind::TimedOut.into()
    }

    fn poll_write_tcp(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.tcp).poll_write(cx, bytes) {
            Poll::Ready(Ok(taken)) => {
                self.note_taken(taken);
                Poll::Ready(Ok(taken))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.stall.get_or_insert_with(|| Stall { since: Instant::now(), taken: 0 });
                match self.overdue(cx) {
                    Some(_) => Poll::Ready(Err(self.abort())),
                    None => Poll::Pending,
                }
            }
        }
    }

    fn note_taken(&mut self, taken: usize) {
        if let Some(stall) = &mut self.stall {
            stall.taken += taken;
            let enough = f64::from(WRITE_RATE) * self.connection.timeouts().write_stall.as_secs_f64();
            if stall.taken as f64 >= enough {
                self.stall = None;
            }
        }
    }

    fn poll_unwritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unwritten.is_empty() {
            let bytes = std::mem::take(&mut self.unwritten);
            let outcome = self.poll_write_tcp(cx, &bytes);
            self.unwritten = bytes;
            let taken = ready!(outcome)?;
            self.unwritten.drain(..taken);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes an answer of the parser with our headers behind its status line.
    fn poll_write_refusal(&mut self, cx: &mut Context<'_>, answer: &[u8]) -> Poll<io::Result<usize>> {
        let Some(end) = answer.iter().position(|byte| *byte == b'\n') else {
            return self.poll_write_tcp(cx, answer);
        };
        let (status, rest) = answer.split_at(end + 1);
        let whole = [status, &self.error_headers, rest].concat();
        let taken = ready!(self.poll_write_tcp(cx, &whole))?;
        self.unwritten.extend(whole.into_iter().skip(taken));
        Poll::Ready(Ok(answer.len()))
    }

    /// Ends the stream as if the client had: actix-http then flushes and shuts down in its ordinary way.
    fn give_up(&mut self) {
        self.given_up = true;
        if self.connection.is_in_head() {
            let (status, rest) = TIMED_OUT;
            self.unwritten.extend([status, &self.error_headers, rest].concat());
        }
    }
}

/// Whether this is the head of an error, as opposed to `100 Continue`.
fn is_refusal(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.") && matches!(answer.get(9), Some(b'4' | b'5'))
}

impl AsyncRead for GuardedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.given_up {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        match Pin::new(&mut this.tcp).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                if buf.filled().len() > before {
                    this.connection.bytes_came();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => match this.overdue(cx) {
                None => Poll::Pending,
                Some(Overdue::Taking) => Poll::Ready(Err(this.abort())),
                Some(Overdue::Asking) => {
                    this.give_up();
                    Poll::Ready(Ok(()))
                }
            },
        }
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_unwritten(cx))?;
        // Every answer of the app begins behind the middleware; one that doesn't is the parser's own.
        if !this.connection.is_answering() && is_refusal(bytes) {
            this.poll_write_refusal(cx, bytes)
        } else {
            this.poll_write_tcp(cx, bytes)
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unwritten(cx))?;
        let stalled = this.stall.take().is_some();
        this.connection.all_written(stalled);
        Pin::new(&mut this.tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unwritten(cx))?;
        Pin::new(&mut this.tcp).poll_shutdown(cx)
    }
}
