//! Letters that wait to be put in, and how many of them go together.
//!
//! What a bag costs the server lies mostly in the bag, not in its letters. Those who were answered by one bag tend to
//! write again together, so that the first of them would set out alone and leave the others to wait for its return: a
//! bag waits a moment for its share of the letters that are about.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, timeout};

use super::lots::Lots;
use crate::store::{Delivered, Delivery, Result};

/// Letters that go in together, at most.
const TOGETHER: usize = 100;
/// How many such bags may be under way at once.
const BAGS: usize = 2;
/// How long a bag waits for its share.
const GATHERS_FOR: Duration = Duration::from_millis(2);
/// Each bag lets the number of letters that are expected shrink by one in so many, down to those that are there.
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
    /// Letters in them that are not answered yet.
    carried: usize,
    /// Letters that are expected to be about, waiting or under way, as many as were about with the last bags.
    expected: usize,
}

/// A bag under way. It gives back what it has when it is dropped, whatever became of its letters.
pub(super) struct Bag {
    inbound: Arc<Inbound>,
    /// Its letters that are not answered yet.
    carried: usize,
    /// Whether it has found nothing more to carry, and is not counted any more.
    ended: bool,
}

/// One letter, and whoever waits for its answer.
pub(super) struct Inward {
    pub(super) delivery: Delivery,
    pub(super) until: Instant,
    /// Whether an earlier try may have put it in, which nobody was told of.
    pub(super) tried: bool,
    pub(super) answer: oneshot::Sender<Result<Delivered>>,
    /// In the crowd before the gate, until it is answered, even when nobody waits for that any more.
    pub(super) _place: OwnedSemaphorePermit,
}

impl Inbound {
    /// Another bag, if one shall set out.
    pub(super) fn add(self: &Arc<Self>, letter: Inward) -> Option<Bag> {
        let mut waiting = self.lock();
        waiting.letters.push(letter);
        if waiting.is_share() {
            self.share.notify_one();
        }
        let sets_out = waiting.bags < BAGS;
        waiting.bags += usize::from(sets_out);
        sets_out.then(|| Bag { inbound: Arc::clone(self), carried: 0, ended: false })
    }

    /// Takes a share as soon as one waits.
    async fn gather(&self) -> Vec<Inward> {
        loop {
            if let Some(letters) = self.lock().take_share() {
                return letters;
            }
            self.share.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bag {
    /// The letters that have waited longest; empty when there is nothing more to carry, and the bag has ended.
    pub(super) async fn next(&mut self) -> Vec<Inward> {
        // Whoever never comes back is not waited for long.
        let gathered = timeout(GATHERS_FOR, self.inbound.gather()).await;
        let letters = gathered.unwrap_or_else(|_| self.inbound.lock().take());
        (self.carried, self.ended) = (letters.len(), letters.is_empty());
        letters
    }

    /// With which its letters are counted.
    pub(super) fn lots(&self) -> &Lots {
        &self.inbound.lots
    }

    /// So many of its letters were answered.
    pub(super) fn answered(&mut self, letters: usize) {
        self.carried -= letters;
        self.inbound.lock().carried -= letters;
    }
}

impl Drop for Bag {
    fn drop(&mut self) {
        let mut waiting = self.inbound.lock();
        waiting.carried -= self.carried;
        if self.ended {
            return;
        }
        waiting.end_bag();
        if waiting.bags == 0 {
            // Nobody carries these any more. Whoever waits for them is told so by their end, outside the lock.
            let stranded = std::mem::take(&mut waiting.letters);
            drop(waiting);
            drop(stranded);
        }
    }
}

impl Waiting {
    /// One bag's share of the letters that are expected.
    fn share(&self) -> usize {
        (self.expected / BAGS).min(TOGETHER)
    }

    /// Whether as many wait. One letter alone is always as many, once the others are forgotten.
    fn is_share(&self) -> bool {
        self.letters.len() >= self.share()
    }

    /// One bag less is under way. When the last one ends it is forgotten how many letters there were.
    fn end_bag(&mut self) {
        self.bags -= 1;
        if self.bags == 0 {
            self.expected = 0;
        }
    }

    fn take_share(&mut self) -> Option<Vec<Inward>> {
        self.is_share().then(|| self.take())
    }

    /// What is there, up to a share. A bag that finds nothing ends.
    fn take(&mut self) -> Vec<Inward> {
        let about = self.letters.len() + self.carried;
        self.expected = about.max(self.expected - self.expected.div_ceil(FORGETS));
        let most = self.expected.div_ceil(BAGS).min(TOGETHER).min(self.letters.len());
        self.carried += most;
        if most == 0 {
            self.end_bag();
        }
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

    /// The bags that set out for so many letters.
    fn add(inbound: &Arc<Inbound>, letters: usize) -> Vec<Bag> {
        (0..letters).filter_map(|_| inbound.add(letter())).collect()
    }

    /// How many letters a bag takes that need not wait for more.
    fn at_once(bag: &mut Bag) -> Option<usize> {
        bag.next().now_or_never().map(|letters| letters.len())
    }

    fn two(bags: Vec<Bag>) -> [Bag; 2] {
        bags.try_into().unwrap_or_else(|bags: Vec<Bag>| panic!("{} bags", bags.len()))
    }

    /// Two bags that are back from carrying 64 letters.
    fn both_back(inbound: &Arc<Inbound>) -> [Bag; 2] {
        let [mut one, mut other] = two(add(inbound, 64));
        assert_eq!((at_once(&mut one), at_once(&mut other)), (Some(32), Some(32)));
        one.answered(32);
        other.answered(32);
        [one, other]
    }

    #[tokio::test]
    async fn a_letter_that_is_alone_sets_out_at_once() {
        let inbound = Arc::default();
        for _ in 0..3 {
            let mut bags = add(&inbound, 1);
            assert_eq!((bags.len(), at_once(&mut bags[0])), (1, Some(1)));
            bags[0].answered(1);
            assert_eq!(at_once(&mut bags[0]), Some(0), "there is nothing more to carry");
        }
    }

    #[tokio::test]
    async fn a_crowd_is_shared_by_the_bags_and_whoever_was_answered_is_waited_for() {
        let inbound = Arc::default();
        let [mut one, mut other] = two(add(&inbound, 64));
        assert_eq!((at_once(&mut one), at_once(&mut other)), (Some(32), Some(32)));
        // The first bag is back, and half of those it carried write again.
        one.answered(32);
        assert!(add(&inbound, 16).is_empty());
        let mut next = Box::pin(one.next());
        assert!(next.as_mut().now_or_never().is_none(), "it sets out with half of its share");
        assert!(add(&inbound, 16).is_empty());
        assert_eq!(next.as_mut().now_or_never().map(|letters| letters.len()), Some(32), "nobody told it");
        drop(next);
        // Nobody else comes, and the other bag does not wait long for that.
        other.answered(32);
        assert_eq!(other.next().await.len(), 0);
    }

    #[tokio::test]
    async fn of_two_bags_that_wait_one_takes_the_share_and_the_other_waits_on() {
        let inbound = Arc::default();
        let [mut one, mut other] = both_back(&inbound);
        let (mut one, mut other) = (Box::pin(one.next()), Box::pin(other.next()));
        assert!(one.as_mut().now_or_never().is_none() && other.as_mut().now_or_never().is_none());
        add(&inbound, 33);
        // An eighth of 64 may have gone for good.
        assert_eq!(one.as_mut().now_or_never().map(|letters| letters.len()), Some(28));
        assert!(other.as_mut().now_or_never().is_none(), "the one that is left sets out alone");
        add(&inbound, 31);
        assert_eq!(other.as_mut().now_or_never().map(|letters| letters.len()), Some(32));
    }

    #[tokio::test]
    async fn a_crowd_that_has_gone_is_not_waited_for_any_more() {
        let inbound = Arc::default();
        let [mut one, _other] = both_back(&inbound);
        let mut waits = 0;
        loop {
            add(&inbound, 1);
            let mut next = Box::pin(one.next());
            let at_once = next.as_mut().now_or_never().map(|letters| letters.len());
            if at_once.is_none() {
                assert_eq!(next.as_mut().await.len(), 1);
                waits += 1;
                assert!(waits < 30, "a crowd of 64 is waited for");
            }
            drop(next);
            one.answered(1);
            if at_once.is_some() {
                break;
            }
        }
        assert!(waits > 0, "the first to come back is not alone");
    }

    #[tokio::test]
    async fn when_no_bag_is_under_way_any_more_nobody_is_waited_for() {
        let inbound = Arc::default();
        let [mut one, mut other] = both_back(&inbound);
        assert_eq!((one.next().await.len(), other.next().await.len()), (0, 0));
        assert_eq!(at_once(&mut add(&inbound, 1)[0]), Some(1));
    }

    #[tokio::test]
    async fn a_bag_takes_no_more_than_the_server_is_given_at_once_and_waits_for_no_more() {
        let inbound = Arc::default();
        let [mut one, mut other] = two(add(&inbound, 3 * TOGETHER));
        assert_eq!((at_once(&mut one), at_once(&mut other)), (Some(TOGETHER), Some(TOGETHER)));
        one.answered(TOGETHER);
        assert_eq!(at_once(&mut one), Some(TOGETHER));
    }

    #[tokio::test]
    async fn a_bag_that_is_lost_is_followed_by_another_and_the_last_leaves_nobody_waiting() {
        let inbound = Arc::default();
        let [mut lost, other] = two(add(&inbound, 8));
        assert_eq!(at_once(&mut lost), Some(4));
        drop(lost);
        assert_eq!(inbound.lock().carried, 0);
        let mut bags = add(&inbound, 1);
        assert_eq!((bags.len(), at_once(&mut bags[0])), (1, Some(4)));
        drop((bags, other));
        assert!(inbound.lock().letters.is_empty());
    }
}
