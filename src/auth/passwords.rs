//! Passwords: bcrypt over a fixed-length digest, on threads of its own behind a short queue.
//!
//! bcrypt reads 72 bytes and stops at a NUL, so it is given the base64 of an HMAC-SHA-384: 64 ASCII bytes whatever the
//! password. The HMAC's key is a constant, not `SECRET_KEY`: that may change without locking anybody out.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha384;
use tokio::sync::oneshot;

use crate::models::{PASSWORD_MAX, PasswordHash};

/// Names the digest that comes before bcrypt.
const SCHEME: &str = "hmac-sha384-v1";
const DIGEST_KEY: &[u8] = b"letterbox password v1";
/// Stored costs that are honoured. A planted cost of 31 would keep a core busy for days.
const COSTS: std::ops::RangeInclusive<u32> = 10..=15;
/// Checks that may wait in a lane: at the default cost about four seconds on one core, which people still wait for.
const QUEUE: usize = 16;

type Job = Box<dyn FnOnce() + Send>;

/// Who waits. Strangers who guess at many accounts from many addresses can fill their lane; it must not be the one in
/// which people wait who are signed in, or whose browser has logged in before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// People with a proof of having been let in before. They come first.
    Known,
    /// Everybody else.
    Strangers,
}

#[derive(Default)]
struct Waiting {
    known: VecDeque<Job>,
    strangers: VecDeque<Job>,
    /// No more jobs will come.
    closed: bool,
}

/// Two lanes to the same threads.
#[derive(Default)]
struct Desk {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

impl Desk {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, job: Job, lane: Lane) -> Result<(), PasswordsBusy> {
        let mut waiting = self.waiting();
        let queue = match lane {
            Lane::Known => &mut waiting.known,
            Lane::Strangers => &mut waiting.strangers,
        };
        if queue.len() >= QUEUE {
            return Err(PasswordsBusy);
        }
        queue.push_back(job);
        self.came.notify_one();
        Ok(())
    }

    /// The next job; waits for one. None when no more will come.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.waiting();
        loop {
            if let Some(job) = waiting.known.pop_front() {
                return Some(job);
            }
            if let Some(job) = waiting.strangers.pop_front() {
                return Some(job);
            }
            if waiting.closed {
                return None;
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Sends the threads home when nobody can bring them work any more.
struct Doorbell(Arc<Desk>);

impl Drop for Doorbell {
    fn drop(&mut self) {
        self.0.waiting().closed = true;
        self.0.came.notify_all();
    }
}

/// More passwords are waiting to be checked than can be checked in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("too many logins are waiting")]
pub struct PasswordsBusy;

/// Hashes and verifies.
#[derive(Clone)]
pub struct Passwords {
    desk: Arc<Doorbell>,
    cost: u32,
    /// What an unknown address is checked against, so that it takes as long as a known one. Made after the start, so
    /// that nobody waits for it.
    decoy: Arc<OnceLock<String>>,
}

impl Passwords {
    /// Starts the threads (one fewer than there are cores, at least one).
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn start(cost: u32) -> Result<Self, String> {
        let desk = Arc::new(Desk::default());
        let doorbell = Doorbell(Arc::clone(&desk));
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for number in 1..=cores.saturating_sub(1).max(1) {
            let desk = Arc::clone(&desk);
            std::thread::Builder::new()
                .name(format!("passwords-{number}"))
                .spawn(move || work(&desk))
                .map_err(|error| format!("The threads that check passwords cannot be started: {error}."))?;
        }
        let passwords = Self { desk: Arc::new(doorbell), cost, decoy: Arc::default() };
        let decoy = Arc::clone(&passwords.decoy);
        let first = Box::new(move || {
            decoy.get_or_init(|| make_decoy(cost));
        });
        let _ = desk.put(first, Lane::Known);
        Ok(passwords)
    }

    /// Hashes a password at the cost in force.
    ///
    /// # Errors
    /// [`PasswordsBusy`].
    pub(super) async fn hash(&self, password: &str, lane: Lane) -> Result<PasswordHash, PasswordsBusy> {
        let (digest, cost) = (digest(password.as_bytes()), self.cost);
        let hash = self.elsewhere(lane, move || bcrypt::non_truncating_hash(digest, cost)).await?;
        // Only a cost out of range or missing random bytes could get here; neither makes a usable hash.
        Ok(PasswordHash { scheme: SCHEME.to_owned(), hash: hash.map_err(|_| PasswordsBusy)? })
    }

    /// Whether `password` is the one behind `stored`. Takes as long for nobody's password as for somebody's. A hash
    /// that is malformed, of another scheme or of a cost out of bounds fits no password.
    ///
    /// # Errors
    /// [`PasswordsBusy`].
    pub(super) async fn verify(
        &self,
        password: &str,
        stored: Option<PasswordHash>,
        lane: Lane,
    ) -> Result<bool, PasswordsBusy> {
        let digest = digest(&password.as_bytes()[..password.len().min(PASSWORD_MAX + 1)]);
        let usable = stored.filter(|stored| stored.scheme == SCHEME && cost(&stored.hash).is_some());
        let (decoy, cost) = (Arc::clone(&self.decoy), self.cost);
        self.elsewhere(lane, move || match usable {
            Some(stored) => bcrypt::non_truncating_verify(digest, &stored.hash).unwrap_or(false),
            None => {
                let _ = bcrypt::non_truncating_verify(digest, decoy.get_or_init(|| make_decoy(cost)));
                false
            }
        })
        .await
    }

    /// Whether a hash was made by another scheme or at another cost than those in force.
    pub fn is_outdated(&self, hash: &PasswordHash) -> bool {
        hash.scheme != SCHEME || cost(&hash.hash) != Some(self.cost)
    }

    async fn elsewhere<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordsBusy> {
        let (reply, answer) = oneshot::channel();
        let job = move || {
            // Nobody waits any longer: the work is not worth a core.
            if !reply.is_closed() {
                let _ = reply.send(work());
            }
        };
        self.desk.0.put(Box::new(job), lane)?;
        answer.await.map_err(|_| PasswordsBusy)
    }
}

fn work(desk: &Desk) {
    while let Some(job) = desk.next() {
        job();
    }
}

/// A hash of what nobody knows.
fn make_decoy(cost: u32) -> String {
    let mut nobody = [0; 32];
    getrandom::fill(&mut nobody)
        .ok()
        .and_then(|()| bcrypt::non_truncating_hash(digest(&nobody), cost).ok())
        .unwrap_or_default()
}

/// 64 ASCII bytes that stand for the password, its length and its NULs included.
fn digest(password: &[u8]) -> String {
    Hmac::<Sha384>::new_from_slice(DIGEST_KEY)
        .map(|hmac| STANDARD_NO_PAD.encode(hmac.chain_update(password).finalize().into_bytes()))
        .unwrap_or_default()
}

/// The cost of a well-formed bcrypt hash within the honoured bounds.
fn cost(hash: &str) -> Option<u32> {
    let parts: bcrypt::HashParts = hash.parse().ok()?;
    Some(parts.get_cost()).filter(|cost| COSTS.contains(cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bcrypt_reads_has_always_the_same_length() {
        for password in ["", "a", "a\0a", &"😀".repeat(64), &"x".repeat(1_000)] {
            assert_eq!(digest(password.as_bytes()).len(), 64);
        }
        assert_ne!(digest(b"a"), digest(b"a\0a"));
    }

    #[test]
    fn a_cost_out_of_bounds_or_a_broken_hash_has_no_cost() {
        let salt_and_hash = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        assert_eq!(cost(&format!("$2b$10${salt_and_hash}")), Some(10));
        assert_eq!(cost(&format!("$2b$31${salt_and_hash}")), None);
        assert_eq!(cost(&format!("$2b$04${salt_and_hash}")), None);
        assert_eq!(cost("$2b$10$short"), None);
        assert_eq!(cost(""), None);
    }
}
