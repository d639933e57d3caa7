//! What the writer does: acts, each with somebody who waits for its outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::closed;
use crate::store::sqlite::connection::comes_from_the_disk;
use crate::store::{Result, StoreError};

/// Something to do in a transaction, and somebody to tell how it went.
pub(super) trait Job: Send {
    /// Does it; an error asks for its changes to be undone.
    fn run(&mut self, connection: &Connection) -> Result<(), Undo>;
    /// Tells the caller. `lost` says why the transaction as a whole did not come to be.
    fn answer(self: Box<Self>, lost: Option<StoreError>);
    /// Whether it can be undone alone.
    fn has_savepoint(&self) -> bool {
        true
    }
    /// Whether this is the last job.
    fn is_last(&self) -> bool {
        false
    }
}

/// What a failed job takes with it.
pub(super) enum Undo {
    /// Its own changes.
    Act,
    /// Everything: the disk failed under it.
    Everything,
}

/// An act and whoever asked for it.
pub(super) struct Act<T, F> {
    act: Option<F>,
    has_savepoint: bool,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Act<T, F> {
    /// The act, and where its outcome will be told.
    pub(super) fn new(act: F) -> (Self, oneshot::Receiver<Result<T>>) {
        let (reply, answer) = oneshot::channel();
        (Self { act: Some(act), has_savepoint: true, result: None, reply }, answer)
    }

    /// The same for an act that takes its whole transaction along when it fails after its first change.
    pub(super) fn without_savepoint(act: F) -> (Self, oneshot::Receiver<Result<T>>) {
        let (act, answer) = Self::new(act);
        (Self { has_savepoint: false, ..act }, answer)
    }
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T> + Send> Job for Act<T, F> {
    fn run(&mut self, connection: &Connection) -> Result<(), Undo> {
        let Some(act) = self.act.take() else { return Err(Undo::Act) };
        // A panic is one act's failure; without the writer's thread nothing could be stored any more.
        let result = catch_unwind(AssertUnwindSafe(|| act(connection)))
            .unwrap_or_else(|_| Err(StoreError::Internal("an act of the store panicked".into())));
        let kept = match &result {
            Ok(_) => Ok(()),
            Err(error) if comes_from_the_disk(error) => Err(Undo::Everything),
            Err(_) => Err(Undo::Act),
        };
        self.result = Some(result);
        kept
    }

    fn has_savepoint(&self) -> bool {
        self.has_savepoint
    }

    fn answer(self: Box<Self>, lost: Option<StoreError>) {
        let answer = match (self.result, lost) {
            // The act's own error says more than the end of the transaction it shared.
            (Some(Err(error)), _) => Err(error),
            (_, Some(lost)) => Err(lost),
            (Some(done), None) => done,
            (None, None) => Err(closed()),
        };
        let _ = self.reply.send(answer);
    }
}

/// The last job.
pub(super) struct Close {
    pub(super) reply: oneshot::Sender<()>,
}

impl Job for Close {
    fn run(&mut self, _: &Connection) -> Result<(), Undo> {
        Ok(())
    }

    fn answer(self: Box<Self>, _: Option<StoreError>) {
        let _ = self.reply.send(());
    }

    fn is_last(&self) -> bool {
        true
    }
}
