//! When the counts are folded: whenever so many letters have changed that reading them would be felt.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use super::counts;
use crate::store::mongo::MongoStore;

/// A fold that takes longer is left to whoever comes next.
const PATIENCE: Duration = Duration::from_secs(60);

/// What this process knows of letters that are pending.
#[derive(Default)]
pub(in crate::store::mongo) struct Tally {
    /// Letters it has changed since it last folded.
    changed: AtomicU64,
    /// Whether it is folding.
    folds: Arc<AtomicBool>,
}

impl MongoStore {
    /// So many letters were changed here.
    pub(super) fn note_changed(&self, letters: u64) {
        let changed = self.tally.changed.fetch_add(letters, Ordering::Relaxed) + letters;
        if changed >= counts::MANY as u64 {
            self.fold_aside();
        }
    }

    /// Folds while nobody waits for it, unless that is being done already.
    pub(super) fn fold_aside(&self) {
        let folds = Arc::clone(&self.tally.folds);
        if folds.swap(true, Ordering::AcqRel) {
            return;
        }
        self.tally.changed.store(0, Ordering::Relaxed);
        let rooms = Arc::clone(&self.rooms);
        let end = Arc::clone(&folds);
        let begun = self.spawn(&self.writes, async move {
            // What fails here is done by whoever comes next.
            while matches!(timeout(PATIENCE, counts::fold(&rooms)).await, Ok(Ok(true))) {}
            end.store(false, Ordering::Release);
        });
        if begun.is_err() {
            folds.store(false, Ordering::Release);
        }
    }
}
