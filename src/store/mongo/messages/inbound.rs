//! Letters that wait to be put in, and how many of them go together.
//!
//! What a bag costs the server lies mostly in the bag, not in its letters. Those who were answered by one bag tend to
//! write again together, so that the first of them would set out alone and leave the others to wait for its return: a
//! bag waits a moment for its share of the letters that are about.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, timeout};

use super::lots::Lots;
use crate::store::mongo::Rooms;
use crate::store::{Delivered, Delivery, Result};

/// Letters that go in together, at most.
const TOGETHER: usize = 100;
/// How many such bags may be under way at once.
const BAGS: usize = 2;
/// How long a bag waits for its share.
const GATHERS_FOR: Duration = Duration::from_millis(2);
/// With every bag so much of the crowd is forgotten, unless it is there: one of so many letters.
const FORGETS: usize = 8;

/// Letters that wait.
#[derive(Default)]
pub(in crate::store::mongo) struct Inbound {
    waiting: Mutex<Waiting>,
    /// Told when a share waits.
    share: Notify,
    /// With which they are counted.
    pub(super) lots: Lots,
}

#[derive(Default)]
struct Waiting {
    letters: Vec<Inward>,
    /// Bags under way.
    bags: usize,
    /// Letters in them.
    carried: usize,
    /// Letters that were about lately, waiting or under way.
    crowd: usize,
}

/// One letter, and whoever waits for its answer.
pub(super) struct Inward {
    pub(super) delivery: Delivery,
    pub(super) until: Instant,
    /// Whether an earlier try may have put it in, which nobody was told of.
    pub(super) tried: bool,
    pub(super) answer: oneshot::Sender<Result<Delivered>>,
    /// In the crowd, until it is answered, even when nobody waits for that any more.
    pub(super) _place: OwnedSemaphorePermit,
}

impl Inbound {
    /// Closes the lots with which letters came, or would have come next.
    pub(super) async fn close_lots(&self, rooms: &Rooms) {
        self.lots.end(rooms).await;
    }

    /// Whether another bag shall set out.
    pub(super) fn add(&self, letter: Inward) -> bool {
        let mut waiting = self.lock();
        waiting.letters.push(letter);
        if waiting.is_share() {
            self.share.notify_one();
        }
        let sets_out = waiting.bags < BAGS;
        waiting.bags += usize::from(sets_out);
        sets_out
    }

    /// The letters of a bag that has `carried` so many before: those that have waited longest. None when there is nothing
    /// more to carry.
    pub(super) async fn next(&self, carried: usize) -> Vec<Inward> {
        self.lock().carried -= carried;
        // Whoever never comes back is not waited for long.
        let _ = timeout(GATHERS_FOR, self.gather()).await;
        self.lock().take()
    }

    async fn gather(&self) {
        while !self.lock().is_share() {
            self.share.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Whether one bag's share of the crowd waits. One that is alone is its own crowd.
    fn is_share(&self) -> bool {
        self.letters.len() >= self.crowd / BAGS
    }

    fn take(&mut self) -> Vec<Inward> {
        self.crowd = (self.letters.len() + self.carried).max(self.crowd - self.crowd.div_ceil(FORGETS));
        let most = self.crowd.div_ceil(BAGS).min(TOGETHER).min(self.letters.len());
        self.bags -= usize::from(most == 0);
        self.carried += most;
        self.letters.drain(..most).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::models::{Body, DeliveryKey, EmailAddress, Letter, MessageId, PersonName, Subject, Timestamp};

    fn letter() -> Inward {
        let letter = Letter {
            name: PersonName::from_trusted("Ada".to_owned()),
            email: EmailAddress::from_trusted("ada@example.com".to_owned()),
            subject: Subject::from_trusted("Engines".to_owned()),
            body: Body::from_trusted("Yours".to_owned()),
        };
        let (id, key) = (MessageId::from_bytes([1; 16]), DeliveryKey::from_bytes([1; 16]));
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Inward {
            delivery: Delivery { id, key, received_at: Timestamp::from_millis(0), letter },
            until: Instant::now(),
            tried: false,
            answer: oneshot::channel().0,
            _place: place,
        }
    }

    /// How many bags set out for so many letters.
    fn add(inbound: &Inbound, letters: usize) -> usize {
        (0..letters).filter(|_| inbound.add(letter())).count()
    }

    /// How many letters a bag takes that need not wait for more.
    fn at_once(inbound: &Inbound, carried: usize) -> Option<usize> {
        inbound.next(carried).now_or_never().map(|bag| bag.len())
    }

    #[tokio::test]
    async fn a_letter_that_is_alone_sets_out_at_once() {
        let inbound = Inbound::default();
        for _ in 0..3 {
            assert_eq!((add(&inbound, 1), at_once(&inbound, 0)), (1, Some(1)));
            assert_eq!(at_once(&inbound, 1), Some(0), "there is nothing more to carry");
        }
    }

    #[tokio::test]
    async fn a_crowd_is_shared_by_the_bags_and_whoever_was_answered_is_waited_for() {
        let inbound = Inbound::default();
        assert_eq!(add(&inbound, 64), BAGS);
        assert_eq!(at_once(&inbound, 0), Some(32));
        assert_eq!(at_once(&inbound, 0), Some(32));
        // The first bag is back, and half of those it carried write again.
        assert_eq!(add(&inbound, 16), 0);
        let mut next = Box::pin(inbound.next(32));
        assert!(next.as_mut().now_or_never().is_none(), "it sets out with half of its share");
        assert_eq!(add(&inbound, 16), 0);
        assert_eq!(next.await.len(), 32);
        // Nobody else comes, and the other bag does not wait for that.
        assert_eq!(inbound.next(32).await.len(), 0);
    }

    #[tokio::test]
    async fn a_crowd_that_has_gone_is_not_waited_for_any_more() {
        let inbound = Inbound::default();
        add(&inbound, 64);
        let mut carried = inbound.next(0).await.len() + inbound.next(0).await.len();
        let mut waits = 0;
        loop {
            add(&inbound, 1);
            let mut next = Box::pin(inbound.next(carried));
            if let Some(bag) = next.as_mut().now_or_never() {
                assert_eq!(bag.len(), 1);
                break;
            }
            carried = next.await.len();
            waits += 1;
            assert!(waits < 30, "a crowd of 64 is waited for");
        }
        assert!(waits > 0, "the first to come back is not alone");
    }

    #[tokio::test]
    async fn a_bag_takes_no_more_than_the_server_is_given_at_once() {
        let inbound = Inbound::default();
        add(&inbound, 3 * TOGETHER);
        assert_eq!(at_once(&inbound, 0), Some(TOGETHER));
    }
}
