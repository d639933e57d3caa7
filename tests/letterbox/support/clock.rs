use std::sync::{Arc, Mutex};
use std::time::Duration;

use letterbox::clock::Clock;
use letterbox::models::Timestamp;

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<(Timestamp, Duration)>>);

impl TestClock {
    /// Stands at 2026-11-21T08:05:00.250Z.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new((Timestamp::from_millis(1_795_248_300_250), Duration::ZERO))))
    }

    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock().unwrap();
        *time = (time.0.plus(by), time.1 + by);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap().1
    }
}
