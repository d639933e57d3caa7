//! Room on the disk: new letters are refused while there is still enough left to read, log in and delete.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::readers::Readers;
use crate::store::{Result, StoreError};

/// Bytes that new letters leave free. Logging in, marking and deleting also write, and a full disk refuses even a
/// DELETE; so does the log, which may grow to 13 megabytes and more between two checkpoints.
const RESERVE: u64 = 32 << 20;
/// Of these, what the log takes in any case. Above it, the reserve may lie in the database itself: letters that were
/// deleted leave their pages there, and the file does not shrink.
pub(super) const LOG: u64 = 16 << 20;

/// How long it is believed that there is room. What is written meanwhile is a small part of the reserve.
const BELIEVED: Duration = Duration::from_millis(5);

/// Watches the file system that holds the database.
pub(super) struct Room {
    directory: PathBuf,
    short: AtomicBool,
    start: Instant,
    /// When there was room last, in microseconds from the start.
    seen: AtomicU64,
}

impl Room {
    /// Watches the file system of the database at `path`.
    pub(super) fn beside(path: &Path) -> Self {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (short, seen) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { directory: directory.to_owned(), short, start: Instant::now(), seen }
    }

    /// [`StoreError::Full`] while less than the reserve is free; the log says when that begins and when it ends.
    pub(super) async fn check(&self, readers: &Readers) -> Result<()> {
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let seen = self.seen.load(Ordering::Relaxed);
        if seen > 0 && now < seen.saturating_add(BELIEVED.as_micros() as u64) {
            return Ok(());
        }
        // A file system that does not say how full it is gets the benefit of the doubt: SQLite will tell.
        let free = rustix::fs::statvfs(&self.directory).map_or(u64::MAX, |fs| fs.f_bavail.saturating_mul(fs.f_frsize));
        let short = free < RESERVE && (free < LOG || free + unused(readers).await? < RESERVE);
        if short != self.short.swap(short, Ordering::Relaxed) {
            if short {
                tracing::error!(
                    free_bytes = free,
                    "the disk is nearly full; new letters are refused until there is room"
                );
            } else {
                tracing::warn!(free_bytes = free, "there is room on the disk again; letters are accepted");
            }
        }
        self.seen.store(if short { 0 } else { now }, Ordering::Relaxed);
        if short { Err(StoreError::Full(format!("{free} bytes are free on its disk").into())) } else { Ok(()) }
    }
}

/// Bytes of the database file that hold nothing.
async fn unused(readers: &Readers) -> Result<u64> {
    readers
        .read(|connection| {
            let pages = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
            Ok(pages("freelist_count")? * pages("page_size")?)
        })
        .await
}
