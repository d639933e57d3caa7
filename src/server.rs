//! The listener: who is let in, how long they may take, and how it ends.
//!
//! It is actix-web's own server put together by hand (`actix_server` and `actix_http` are what `HttpServer` consists
//! of), because only so the stream below HTTP can be ours: see `server/stream.rs` for why. It speaks HTTP/1.1
//! over plain TCP; TLS is a proxy's work.

mod bind;
mod gate;
mod limits;
mod stop;
mod stream;

use std::{
    fmt, io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_http::{HttpService, KeepAlive, Protocol, Request, body::MessageBody, error::DispatchError};
use actix_rt::net::TcpStream;
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, ServiceResponse};
use tokio::time::sleep;

pub use self::{
    bind::bind,
    limits::{Limits, header_lines, share_per_address},
    stop::{StopHandle, StopRequests, stop_channel},
};
use self::{gate::Gate, limits::RESERVE, stream::GuardedStream};
use crate::connection::{Connection, Timeouts};

/// How long to read on after an answer that came before the request body was read, so that the client gets to see it.
const LINGER: Duration = Duration::from_secs(1);

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every request was answered, or had the time of [`Limits::shutdown_timeout`].
    Gracefully,
    /// It was asked twice: leave the process, threads may still be at work.
    AtOnce,
}

/// Serves `app` until `stop` asks for the end.
///
/// `ready` is what the readiness check answers; it turns false first, then requests are still answered for
/// [`Limits::drain`], then no connection is accepted any more, idle ones are closed and requests in flight may finish.
/// When this returns, no handler runs any more, so that the store can be closed.
pub async fn run<F, I, S, B>(
    listener: TcpListener,
    limits: Limits,
    ready: Arc<AtomicBool>,
    mut stop: StopRequests,
    app: F,
) -> io::Result<Ended>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let drain = limits.drain;
    let mut server = serve(listener, limits.fitted_to_descriptors(), app)?;
    let handle = server.handle();

    tokio::select! {
        ended = &mut server => return ended.map(|()| Ended::Gracefully),
        () = stop.next() => {}
    }
    ready.store(false, Ordering::SeqCst);
    tracing::info!("stopping: not ready any more");
    tokio::select! {
        ended = &mut server => return ended.map(|()| Ended::Gracefully),
        () = stop.next() => return Ok(Ended::AtOnce),
        () = sleep(drain) => {}
    }
    tracing::info!("stopping: requests in flight may finish");
    let stopped = handle.stop(true);
    tokio::select! {
        ended = &mut server => ended?,
        () = stop.next() => return Ok(Ended::AtOnce),
    }
    stopped.await;
    Ok(Ended::Gracefully)
}

fn serve<F, I, S, B>(listener: TcpListener, limits: Limits, app: F) -> io::Result<Server>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let builder = builder(&limits);
    let stopping = builder.graceful_shutdown_signal();
    let door = Door::new(&limits);

    let listening = builder.listen("letterbox", listener, move || {
        let (door, stopping) = (door.clone(), stopping.clone());
        let app = app().into_factory().map_err(|error: actix_web::Error| error.error_response());
        let http = HttpService::build()
            // The stream keeps all deadlines; these would be a second, weaker set.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(LINGER)
            .local_addr(address)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|stream: &GuardedStream, data| {
                data.insert(stream.connection());
            })
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |tcp: TcpStream| std::future::ready(door.open(tcp))).and_then(http)
    })?;
    Ok(listening.run())
}

fn builder(limits: &Limits) -> ServerBuilder {
    let rounded_up = limits.shutdown_timeout + Duration::from_millis(999);
    Server::build()
        .workers(limits.workers.clamp(1, 512))
        // Above any count that the gate lets in: a full house is told so, not left waiting in the backlog.
        .max_concurrent_connections(limits.max_connections.saturating_add(16 * RESERVE))
        .shutdown_timeout(rounded_up.as_secs())
        .disable_signals()
}

/// Turns an accepted connection into a guarded one, or away.
#[derive(Clone)]
struct Door {
    gate: Arc<Gate>,
    timeouts: Timeouts,
    error_headers: Arc<[u8]>,
}

type Opened = (GuardedStream, Protocol, Option<std::net::SocketAddr>);

impl Door {
    fn new(limits: &Limits) -> Self {
        Self {
            gate: Arc::new(Gate::new(limits)),
            timeouts: limits.timeouts,
            error_headers: Arc::clone(&limits.error_headers),
        }
    }

    fn open(&self, tcp: TcpStream) -> Result<Opened, DispatchError> {
        let mut peer = tcp.peer_addr().map_err(DispatchError::Io)?;
        // An IPv4 client of an IPv6 listener is an IPv4 client to everyone further in.
        peer.set_ip(peer.ip().to_canonical());
        let Some(ticket) = self.gate.admit(peer.ip()) else {
            tracing::debug!(%peer, "no place left: closed");
            return Err(DispatchError::Io(io::ErrorKind::ConnectionRefused.into()));
        };
        let timeouts = if ticket.is_of_proxy() { self.timeouts.for_proxies() } else { self.timeouts };
        let connection = Connection::new(timeouts, ticket.is_over_cap());
        let stream = GuardedStream::new(tcp, connection, Arc::clone(&self.error_headers), ticket);
        Ok((stream, Protocol::Http1, Some(peer)))
    }
}
