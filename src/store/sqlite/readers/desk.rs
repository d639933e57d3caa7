//! Where work waits for one of several threads.
//!
//! Of those that are free the one that was busy last goes first: what it has read lies in its memory. Another one is only
//! called while few are at work: where there are no more cores, it would take turns with those that are about to be done.
//! Whoever has something longer to do says so, and does not count meanwhile.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::closed;
use crate::store::{Result, StoreError};

/// Pieces of work that may wait. Beyond it callers are told that the store is busy.
const QUEUE: usize = 4_096;

/// Work for threads that are numbered from 0.
pub(super) struct Desk<T> {
    waiting: Mutex<Waiting<T>>,
    bells: Vec<Condvar>,
    /// Threads at work, those that are away aside, beyond which no other one is called.
    at_once: usize,
}

struct Waiting<T> {
    work: VecDeque<T>,
    /// Threads with nothing to do; the last one was busy last.
    free: Vec<usize>,
    /// How many of the others will be longer.
    away: usize,
    closed: bool,
}

/// A thread that has something longer to do, until this is dropped.
pub(super) struct Away<'a, T>(&'a Desk<T>);

impl<T> Drop for Away<'_, T> {
    fn drop(&mut self) {
        self.0.waiting().away -= 1;
    }
}

impl<T> Desk<T> {
    /// For so many threads, of which no more than `at_once` are called for what is quickly done.
    pub(super) fn new(threads: usize, at_once: usize) -> Self {
        let waiting = Waiting { work: VecDeque::new(), free: (0..threads).collect(), away: 0, closed: false };
        Self { waiting: Mutex::new(waiting), bells: (0..threads).map(|_| Condvar::new()).collect(), at_once }
    }

    /// Adds work behind what waits.
    pub(super) fn put(&self, work: T) -> Result<()> {
        let mut waiting = self.waiting();
        if waiting.closed {
            return Err(closed());
        }
        if waiting.work.len() >= QUEUE {
            return Err(StoreError::Busy);
        }
        waiting.work.push_back(work);
        self.call_one(waiting);
        Ok(())
    }

    /// Calls a thread that is free, if one is to be called.
    fn call_one(&self, mut waiting: MutexGuard<'_, Waiting<T>>) {
        let at_work = self.bells.len() - waiting.free.len() - waiting.away;
        let thread = if at_work < self.at_once { waiting.free.pop() } else { None };
        drop(waiting);
        if let Some(bell) = thread.and_then(|thread| self.bells.get(thread)) {
            bell.notify_one();
        }
    }

    /// Says that a thread will be busy for longer: whatever waits is left to others.
    pub(super) fn away(&self) -> Away<'_, T> {
        let mut waiting = self.waiting();
        waiting.away += 1;
        if !waiting.work.is_empty() {
            self.call_one(waiting);
        }
        Away(self)
    }

    /// The next work, if any waits.
    pub(super) fn more(&self) -> Option<T> {
        self.waiting().work.pop_front()
    }

    /// Says that this thread has nothing to do, just before it asks for its next work.
    pub(super) fn set_free(&self, thread: usize) {
        self.waiting().free.push(thread);
    }

    /// The next work for this thread; waits for it. None when there is none left and no more will come.
    pub(super) fn next(&self, thread: usize) -> Option<T> {
        let bell = self.bells.get(thread)?;
        let mut waiting = self.waiting();
        loop {
            // Not there if somebody has called, who may have come before the bell could be heard.
            waiting.free.retain(|free| *free != thread);
            if let Some(work) = waiting.work.pop_front() {
                return Some(work);
            }
            if waiting.closed {
                return None;
            }
            waiting.free.push(thread);
            waiting = bell.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes no more work. What waits is still done.
    pub(super) fn close(&self) {
        self.waiting().closed = true;
        self.bells.iter().for_each(Condvar::notify_one);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn all_work_is_done_once_and_none_is_taken_after_the_close() {
        let desk = Desk::new(3, 3);
        let (done, all) = mpsc::channel();
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let (desk, done) = (&desk, done.clone());
                scope.spawn(move || {
                    while let Some(number) = desk.next(thread) {
                        done.send(number).expect("somebody counts");
                    }
                });
            }
            (0..1_000).for_each(|number| desk.put(number).expect("there is room"));
            desk.close();
            assert!(desk.put(0).is_err());
        });
        drop(done);
        let mut all: Vec<i32> = all.iter().collect();
        all.sort_unstable();
        assert_eq!(all, (0..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn the_thread_that_was_busy_last_goes_first() {
        let desk = Desk::new(3, 3);
        desk.waiting().free = vec![2, 0, 1];
        desk.put(()).expect("there is room");
        assert_eq!(desk.waiting().free, [2, 0]);
        // One that is about to answer and to ask for work is called too, and finds it.
        desk.set_free(1);
        desk.put(()).expect("there is room");
        assert_eq!(desk.waiting().free, [2, 0]);
        assert!(desk.next(1).is_some() && desk.next(1).is_some());
    }

    #[test]
    fn another_thread_is_called_only_where_those_at_work_will_be_longer() {
        let desk = Desk::new(3, 1);
        desk.put(1).expect("there is room");
        assert_eq!(desk.waiting().free, [0, 1], "one was called");
        desk.put(2).expect("there is room");
        assert_eq!(desk.waiting().free, [0, 1], "it will take both");
        assert_eq!(desk.next(2), Some(1));
        let away = desk.away();
        assert_eq!(desk.waiting().free, [0], "the other one waits for nobody");
        assert_eq!(desk.next(1), Some(2));
        drop(away);
        desk.put(3).expect("there is room");
        assert_eq!(desk.waiting().free, [0], "both are there to take it");
        assert_eq!(desk.more(), Some(3));
    }

    #[test]
    fn more_than_may_wait_is_refused() {
        let desk = Desk::new(1, 1);
        (0..QUEUE).for_each(|_| desk.put(()).expect("there is room"));
        assert!(matches!(desk.put(()), Err(StoreError::Busy)));
    }
}
