//! Time is an argument. This is the only place that asks the system for it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::models::Timestamp;

/// Tells the time. Tests bring a clock of their own and need no sleep.
pub trait Clock: Send + Sync {
    /// The present instant, as people know it; may jump when somebody sets the machine's clock.
    fn now(&self) -> Timestamp;

    /// The time since some fixed instant; never goes back.
    fn elapsed(&self) -> Duration;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Starts counting now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock set before 1970 reads as 1970: wrong by years already, and no reason to stop.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
