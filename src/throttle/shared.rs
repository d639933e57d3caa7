//! Counting together with the other processes on the same store.
//!
//! A quota is one quota, however many processes there are and whichever of them is asked. The process's own count goes
//! first: what it refuses alone, all together would refuse too, so a flood does not reach the store. When the store
//! cannot say, the process's own count holds: an outage neither locks anybody out nor opens a door.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Throttle;
use crate::clock::Clock;
use crate::models::{ActKey, Admission, Quota};
use crate::store::Store;

/// How long the store may take to count. People wait meanwhile.
const WITHIN: Duration = Duration::from_secs(1);
/// After the store did not count in time it is not asked for so long, so that an outage is waited for once.
const REST: Duration = Duration::from_secs(5);

/// What acts can be counted by, across processes: spelt as bytes that are the same everywhere.
pub trait Countable: Hash {
    /// The bytes; no two different values have the same.
    fn spelt(&self) -> Vec<u8>;
}

impl Countable for IpAddr {
    fn spelt(&self) -> Vec<u8> {
        match self {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        }
    }
}

impl Countable for String {
    fn spelt(&self) -> Vec<u8> {
        self.clone().into_bytes()
    }
}

impl Countable for [u8; 16] {
    fn spelt(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl Countable for (String, IpAddr) {
    fn spelt(&self) -> Vec<u8> {
        let address = self.1.spelt();
        let length = [u8::try_from(address.len()).unwrap_or(0)];
        [&length, &address[..], self.0.as_bytes()].concat()
    }
}

/// Asks the store to count, and does without while it does not answer.
pub struct Tally {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    key: [u8; 32],
    /// Until when the store is left in peace, in milliseconds of [`Clock::elapsed`]; 0 while it counts.
    resting: AtomicU64,
}

impl Tally {
    /// Counts in `store`, under hashes made with `key`.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, key: [u8; 32]) -> Self {
        Self { store, clock, key, resting: AtomicU64::new(0) }
    }

    async fn count(&self, act: &str, who: &[u8], quota: Quota) -> Result<(), Duration> {
        let resting = self.resting.load(Ordering::Relaxed);
        if resting > self.elapsed() {
            return Ok(());
        }
        let key = ActKey::new(&self.key, act, who);
        let counted = tokio::time::timeout(WITHIN, self.store.count_act(key, quota, self.clock.now())).await;
        let why = match counted {
            Ok(Ok(verdict)) => {
                if resting > 0 && self.resting.swap(0, Ordering::Relaxed) > 0 {
                    tracing::info!("the store counts tries and letters for all processes again");
                }
                return match verdict {
                    Some(Admission::Refused(wait)) => Err(wait),
                    Some(Admission::Admitted) | None => Ok(()),
                };
            }
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        let until = self.elapsed().saturating_add(millis(REST)).max(1);
        if self.resting.swap(until, Ordering::Relaxed) == 0 {
            tracing::warn!(
                error = why,
                "the store cannot count tries and letters for all processes; until it can, each counts its own"
            );
        }
        Ok(())
    }

    fn elapsed(&self) -> u64 {
        millis(self.clock.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Counts acts by key, together with all processes on the same store.
pub struct SharedThrottle<K> {
    act: &'static str,
    own: Throttle<K>,
    quota: Option<Quota>,
    tally: Arc<Tally>,
}

impl<K: Countable> SharedThrottle<K> {
    /// Lets `burst` acts through at once and then one every `pace`; a burst of 0 means no limit. Processes that call
    /// the `act` the same count together.
    pub fn new(act: &'static str, burst: u32, pace: Duration, tally: &Arc<Tally>) -> Self {
        let quota = NonZeroU32::new(burst).filter(|_| !pace.is_zero()).map(|burst| Quota { burst, pace });
        let own = Throttle::new(burst, pace, Arc::clone(&tally.clock));
        Self { act, own, quota, tally: Arc::clone(tally) }
    }

    /// Lets `per_minute` acts through at once and then one every 60 s / `per_minute`; 0 means no limit.
    pub fn per_minute(act: &'static str, per_minute: u32, tally: &Arc<Tally>) -> Self {
        Self::new(act, per_minute, Duration::from_secs(60) / per_minute.max(1), tally)
    }

    /// Counts an act of `key`.
    ///
    /// # Errors
    /// How long to wait, if that was one too many.
    pub async fn admit(&self, key: K) -> Result<(), Duration> {
        let Some(quota) = self.quota else { return Ok(()) };
        let who = key.spelt();
        self.own.admit(key)?;
        self.tally.count(self.act, &who, quota).await
    }
}
