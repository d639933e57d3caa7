//! What processes on one store agree on. An engine that serves one process counts nothing and gives every job.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use letterbox::models::{ActKey, Admission, Job, ProcessId, Quota, Timestamp};
use letterbox::store::Store;

use super::at_once;

/// A time far ahead: a server that forgets counts of long ago, by its own clock, finds none here.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(4_102_444_800_000 + millis)
}

fn key(number: u8) -> ActKey {
    ActKey::from_bytes([number; 16])
}

fn quota(burst: u32, pace: Duration) -> Quota {
    Quota { burst: NonZeroU32::new(burst).unwrap(), pace }
}

/// Ten at once, then one every six seconds.
fn ten() -> Quota {
    quota(10, Duration::from_secs(6))
}

/// Counts; `None` when it was let through, else how long to wait in milliseconds.
async fn count(store: &dyn Store, key: ActKey, quota: Quota, now: Timestamp) -> Option<u128> {
    match store.count_act(key, quota, now).await.unwrap().unwrap() {
        Admission::Admitted => None,
        Admission::Refused(wait) => Some(wait.as_millis()),
    }
}

/// Whether the engine counts at all; if not, it never does.
async fn counts(store: &dyn Store) -> bool {
    let counts = store.count_act(key(255), ten(), at(0)).await.unwrap().is_some();
    assert!(counts || store.count_act(key(255), ten(), at(0)).await.unwrap().is_none());
    counts
}

pub async fn so_many_acts_at_once_and_then_one_after_the_other(store: Arc<dyn Store>) {
    if !counts(&*store).await {
        return;
    }
    for _ in 0..10 {
        assert_eq!(count(&*store, key(1), ten(), at(0)).await, None);
    }
    assert_eq!(count(&*store, key(1), ten(), at(0)).await, Some(6_000));
    assert_eq!(count(&*store, key(1), ten(), at(5_999)).await, Some(1), "a refused act does not count");
    assert_eq!(count(&*store, key(1), ten(), at(6_000)).await, None);
    assert_eq!(count(&*store, key(1), ten(), at(6_000)).await, Some(6_000));
}

pub async fn who_waited_long_enough_has_the_whole_quota_again(store: Arc<dyn Store>) {
    if !counts(&*store).await {
        return;
    }
    for round in 0..3 {
        let now = at(round * 60_000);
        for _ in 0..10 {
            assert_eq!(count(&*store, key(1), ten(), now).await, None);
        }
        assert_eq!(count(&*store, key(1), ten(), now).await, Some(6_000));
    }
}

pub async fn acts_are_counted_apart_by_their_keys(store: Arc<dyn Store>) {
    if !counts(&*store).await {
        return;
    }
    let one = quota(1, Duration::from_secs(60));
    for number in 1..20 {
        assert_eq!(count(&*store, key(number), one, at(0)).await, None);
        assert_eq!(count(&*store, key(number), one, at(0)).await, Some(60_000));
    }
}

pub async fn of_many_acts_at_once_exactly_the_quota_is_let_through(store: Arc<dyn Store>) {
    if !counts(&*store).await {
        return;
    }
    let outcomes = at_once(&store, 40, |store, _| async move { count(&*store, key(1), ten(), at(0)).await }).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_none()).count(), 10, "{outcomes:?}");
}

pub async fn a_clock_that_was_wrong_shuts_nobody_out_for_longer_than_a_full_count(store: Arc<dyn Store>) {
    if !counts(&*store).await {
        return;
    }
    let tomorrow = at(24 * 3_600_000);
    assert_eq!(count(&*store, key(1), ten(), tomorrow).await, None);
    assert_eq!(count(&*store, key(1), ten(), at(0)).await, Some(6_000));
    assert_eq!(count(&*store, key(1), ten(), at(6_000)).await, None);
}

pub async fn a_pace_of_less_than_a_millisecond_is_kept(store: Arc<dyn Store>) {
    if !counts(&*store).await {
        return;
    }
    let fast = quota(3, Duration::from_micros(600));
    let mut admitted = 0;
    for millis in 0..6 {
        for _ in 0..4 {
            admitted +=
                u32::from(store.count_act(key(1), fast, at(millis)).await.unwrap() == Some(Admission::Admitted));
        }
    }
    assert_eq!(admitted, 3 + 8, "three at once, and then five milliseconds' worth");
}

pub async fn a_job_is_one_process_s_until_its_time_is_over(store: Arc<dyn Store>) {
    let [one, other] = [1, 2].map(|number| ProcessId::from_bytes([number; 16]));
    let shared = counts(&*store).await;
    let claim = async |holder, until, now| store.claim(Job::Sweep, holder, at(until), at(now)).await.unwrap();
    assert!(claim(one, 1_000, 0).await);
    assert_eq!(claim(other, 1_500, 999).await, !shared);
    assert!(claim(one, 2_000, 500).await, "whoever has it may take it longer");
    assert_eq!(claim(other, 2_500, 1_999).await, !shared);
    assert!(claim(other, 3_000, 2_000).await);
    assert_eq!(claim(one, 3_500, 2_500).await, !shared);
}

pub async fn of_many_that_claim_a_job_at_once_one_gets_it(store: Arc<dyn Store>) {
    let claims = at_once(&store, 20, |store, number| async move {
        let holder = ProcessId::from_bytes([u8::try_from(number).unwrap(); 16]);
        store.claim(Job::Sweep, holder, at(1_000), at(0)).await.unwrap()
    });
    let got = claims.await.into_iter().filter(|got| *got).count();
    assert_eq!(got, if counts(&*store).await { 1 } else { 20 });
}
