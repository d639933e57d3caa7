//! So many acts in a time, and no more: counted by this process ([`Throttle`]) and, with it, by all that share a store
//! ([`SharedThrottle`]).

mod shared;

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

pub use shared::{Countable, SharedThrottle, Tally};

use crate::clock::Clock;

/// Keys are counted in so many buckets, by a hash that nobody outside can foresee. However many keys an attacker makes
/// up, the memory has an end (some 6 MB); two keys seldom share a bucket.
const BUCKETS: u64 = 1 << 17;

/// The house's clock, as the rate limiter wants it.
#[derive(Clone)]
struct Ticks(Arc<dyn Clock>);

impl GovernorClock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

type Limiter = RateLimiter<u64, DashMapStateStore<u64>, Ticks, NoOpMiddleware<Nanos>>;

/// Counts acts by key, for example by address.
pub struct Throttle<K> {
    limiter: Option<Limiter>,
    clock: Ticks,
    hasher: RandomState,
    keys: PhantomData<fn(K)>,
}

impl<K: Hash> Throttle<K> {
    /// Lets `burst` acts through at once and then one every `pace`; a burst of 0 means no limit.
    pub fn new(burst: u32, pace: Duration, clock: Arc<dyn Clock>) -> Self {
        let clock = Ticks(clock);
        let quota = NonZeroU32::new(burst).zip(Quota::with_period(pace)).map(|(burst, quota)| quota.allow_burst(burst));
        let limiter = quota.map(|quota| RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()));
        Self { limiter, clock, hasher: RandomState::new(), keys: PhantomData }
    }

    /// Lets `per_minute` acts through at once and then one every 60 s / `per_minute`; 0 means no limit.
    pub fn per_minute(per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        Self::new(per_minute, Duration::from_secs(60) / per_minute.max(1), clock)
    }

    /// Counts an act of `key`.
    ///
    /// # Errors
    /// How long to wait, if that was one too many.
    pub fn admit(&self, key: K) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(&(self.hasher.hash_one(key) % BUCKETS)).map_err(|refused| {
            let wait = refused.earliest_possible().duration_since(self.clock.now());
            Duration::from_nanos(wait.as_u64())
        })
    }
}

/// What counts as one sender: an IPv4 address, or an IPv6 /64, which is what one household gets.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::models::Timestamp;

    #[derive(Default)]
    struct Stopped(Mutex<Duration>);

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }
        fn elapsed(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    fn address(text: &str) -> IpAddr {
        household(text.parse().unwrap())
    }

    #[test]
    fn the_eleventh_in_a_minute_waits_and_then_passes() {
        let clock = Arc::new(Stopped::default());
        let throttle = Throttle::per_minute(10, clock.clone());
        for _ in 0..10 {
            assert_eq!(throttle.admit(address("192.0.2.1")), Ok(()));
        }
        assert_eq!(throttle.admit(address("192.0.2.1")), Err(Duration::from_secs(6)));
        assert_eq!(throttle.admit(address("192.0.2.2")), Ok(()));
        *clock.0.lock().unwrap() += Duration::from_secs(6);
        assert_eq!(throttle.admit(address("192.0.2.1")), Ok(()));
    }

    #[test]
    fn an_ipv6_household_counts_as_one_and_a_mapped_address_as_ipv4() {
        let throttle = Throttle::per_minute(1, Arc::new(Stopped::default()));
        assert_eq!(throttle.admit(address("2001:db8:1:2::1")), Ok(()));
        assert!(throttle.admit(address("2001:db8:1:2:ffff::9")).is_err());
        assert_eq!(throttle.admit(address("2001:db8:1:3::1")), Ok(()));
        assert_eq!(throttle.admit(address("::ffff:192.0.2.1")), Ok(()));
        assert!(throttle.admit(address("192.0.2.1")).is_err());
    }

    #[test]
    fn zero_is_no_limit() {
        let throttle = Throttle::per_minute(0, Arc::new(Stopped::default()));
        assert!((0..1_000).all(|_| throttle.admit(address("192.0.2.1")).is_ok()));
    }
}
