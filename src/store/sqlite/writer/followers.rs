//! What follows the letters a moment later, many at a time: the search index and the table of delivery keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot::Receiver;

use super::closed;
use super::job::{Act, Job};
use crate::store::sqlite::delivery_keys::Settled;
use crate::store::sqlite::memory::Memory;
use crate::store::sqlite::search_index::{Waiting, index_some};
use crate::store::{Purpose, Result};

/// How long nothing must have come before letters are followed. In a stream of letters there are shorter gaps all the
/// time; to index the few that have come since the last one would cost more than to take them in.
const QUIET: Duration = Duration::from_millis(50);
/// Rows that may be changed before somebody looks how much waits. A letter is three.
const SOME: u64 = 192;
/// How long what has failed rests.
const REST: Duration = Duration::from_secs(60);

/// How far the followers are.
pub(super) struct Followers {
    memory: Arc<Memory>,
    /// Rows that were changed since somebody looked.
    unlooked: u64,
    /// Rows that this connection had changed by then.
    looked_at: u64,
    /// What was left to index then.
    unindexed: Waiting,
    /// Whether keys were left to put into their table.
    unsettled: bool,
    index: Health,
    table: Health,
}

/// When a follower failed, unless it has worked since.
#[derive(Default)]
struct Health(Option<Instant>);

impl Health {
    /// How long it has yet to rest.
    fn rest(&self) -> Duration {
        self.0.map_or(Duration::ZERO, |at| REST.saturating_sub(at.elapsed()))
    }

    fn after<T>(&mut self, outcome: &Result<T>) {
        self.0 = outcome.is_err().then(Instant::now);
    }
}

/// What there is to do.
#[derive(Clone, Copy)]
pub(super) struct Due {
    pub(super) index: bool,
    pub(super) table: bool,
}

impl Due {
    pub(super) fn is_nothing(self) -> bool {
        !self.index && !self.table
    }
}

/// The outcomes of what was done last.
pub(super) struct Outcomes {
    indexed: Option<Receiver<Result<()>>>,
    settled: Option<Receiver<Result<Settled>>>,
}

impl Followers {
    /// What waits is looked for at once by a server. A command leaves it to the server until it writes itself: most only
    /// read.
    pub(super) fn start(connection: &Connection, memory: Arc<Memory>, purpose: Purpose) -> Result<Self> {
        memory.catch_up(connection)?;
        let unlooked = match purpose {
            Purpose::Serve => SOME,
            Purpose::Command => 0,
        };
        let (index, table) = Default::default();
        Ok(Self { memory, unlooked, looked_at: 0, unindexed: Waiting::default(), unsettled: false, index, table })
    }

    /// Something was committed; what it was is not known.
    pub(super) fn committed(&mut self, connection: &Connection) {
        // A connection that was opened anew begins to count anew.
        self.unlooked = connection.total_changes().checked_sub(self.looked_at).unwrap_or(SOME);
    }

    /// Looks how much waits: while letters come, not for a few changes.
    pub(super) fn look(&mut self, connection: &Connection, is_quiet: bool) -> Result<()> {
        if self.unlooked < if is_quiet { 1 } else { SOME } {
            return Ok(());
        }
        let changed = std::mem::take(&mut self.unlooked);
        self.looked_at = connection.total_changes();
        self.unsettled = !self.memory.keys.is_nothing();
        let looked =
            if is_quiet { self.unindexed.look_again(connection) } else { self.unindexed.look_on(connection, changed) };
        if looked.is_err() {
            // Not to index for ever what may be done already.
            self.unindexed = Waiting::default();
        }
        looked
    }

    /// What is so far behind that it comes before more letters.
    pub(super) fn far_behind(&self) -> Due {
        let Due { index, table } = self.waiting();
        Due { index: index && self.unindexed.is_too_much(), table: table && self.memory.keys.is_too_much() }
    }

    /// What may be done when it is quiet.
    pub(super) fn waiting(&self) -> Due {
        Due {
            index: !self.unindexed.is_nothing() && self.index.rest().is_zero(),
            table: self.unsettled && self.table.rest().is_zero(),
        }
    }

    /// After how long without letters there is something to do; `None` if nothing waits.
    pub(super) fn quiet(&self) -> Option<Duration> {
        let look = (self.unlooked > 0).then_some(QUIET);
        let index = (!self.unindexed.is_nothing()).then(|| self.index.rest());
        let table = self.unsettled.then(|| self.table.rest());
        look.into_iter().chain(index).chain(table).min().map(|rest| rest.max(QUIET))
    }

    /// Some of what is due, to be done in one transaction.
    pub(super) fn some(&self, due: Due) -> (Vec<Box<dyn Job>>, Outcomes) {
        let mut jobs: Vec<Box<dyn Job>> = Vec::new();
        let indexed = due.index.then(|| {
            let (job, outcome) = Act::new(index_some);
            jobs.push(Box::new(job));
            outcome
        });
        let settled = due.table.then(|| {
            let memory = Arc::clone(&self.memory);
            let settle = move |connection: &Connection| memory.keys.settle_some(connection);
            let (job, outcome) = Act::new(settle);
            jobs.push(Box::new(job));
            outcome
        });
        (jobs, Outcomes { indexed, settled })
    }

    /// How that went.
    pub(super) fn done(&mut self, outcomes: Outcomes) {
        // Another process may have done it before: then no row was changed, and there is something to look for all the same.
        self.unlooked = self.unlooked.max(1);
        if let Some(outcome) = outcomes.indexed.map(told) {
            if let Err(error) = &outcome {
                tracing::error!(%error, "letters could not be indexed; each search reads them until they are");
            }
            self.index.after(&outcome);
        }
        if let Some(outcome) = outcomes.settled.map(told) {
            if let Err(error) = &outcome {
                tracing::error!(%error, "delivery keys could not be put into their table; they stay in memory");
            }
            self.table.after(&outcome);
            if let Ok(settled) = outcome {
                self.memory.keys.settled(settled);
                self.unsettled = !self.memory.keys.is_nothing();
            }
        }
    }
}

fn told<T>(mut outcome: Receiver<Result<T>>) -> Result<T> {
    outcome.try_recv().unwrap_or_else(|_| Err(closed()))
}
