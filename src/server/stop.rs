//! Asking the server to stop.

use std::io;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// Asks the server to stop: gracefully the first time, at once the second time.
#[derive(Debug, Clone)]
pub struct StopHandle(UnboundedSender<()>);

/// The server's end of a [`StopHandle`].
#[derive(Debug)]
pub struct StopRequests(UnboundedReceiver<()>);

/// A handle to stop a server, and the end to give to [`run`](super::run).
#[must_use]
pub fn stop_channel() -> (StopHandle, StopRequests) {
    let (sender, receiver) = unbounded_channel();
    (StopHandle(sender), StopRequests(receiver))
}

impl StopHandle {
    /// Asks once.
    pub fn stop(&self) {
        // Nobody listens when the server has ended already, which is what was asked for.
        let _ = self.0.send(());
    }

    /// From now on SIGTERM and SIGINT ask too. Must be called inside the runtime.
    pub fn on_signals(self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        actix_rt::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => self.stop(),
                    _ = interrupt.recv() => self.stop(),
                }
            }
        });
        Ok(())
    }
}

impl StopRequests {
    /// Waits for the next request to stop; forever when nobody is left to ask.
    pub(super) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
