//! News of letters: of one's own at once, of those that came through other processes by asking, while anybody listens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::doc;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::letter::{Named, letters};
use crate::models::MessageId;
use crate::store::mongo::{Fault, Rooms};

/// Between two questions.
const EVERY: Duration = Duration::from_secs(1);
/// A question that is not answered in this time is asked anew.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells open pages that letters have come.
pub(in crate::store::mongo) struct Arrivals {
    news: watch::Sender<u64>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// The newest letter anybody was told of; none before the first question.
    newest: Option<MessageId>,
    /// Whether somebody asks already.
    asks: bool,
}

impl Arrivals {
    pub(in crate::store::mongo) fn new() -> Self {
        Self { news: watch::Sender::new(0), known: Arc::default() }
    }

    /// A letter has come here.
    pub(super) fn came(&self, id: MessageId) {
        lock(&self.known).see(id);
        self.news.send_modify(|letters| *letters += 1);
    }

    /// Listens. The first to listen sets the asking going; it ends when nobody listens any more.
    pub(super) fn listen(&self, runtime: Option<&Runtime>, rooms: &Arc<Rooms>) -> watch::Receiver<u64> {
        let receiver = self.news.subscribe();
        if let Some(runtime) = runtime
            && !std::mem::replace(&mut lock(&self.known).asks, true)
        {
            runtime.spawn(ask(self.news.clone(), Arc::clone(&self.known), Arc::clone(rooms)));
        }
        receiver
    }
}

impl Known {
    /// Whether this one is newer than all before. The first one is news to nobody.
    fn see(&mut self, id: MessageId) -> bool {
        let newer = self.newest.is_none_or(|newest| newest < id);
        let first = self.newest.is_none();
        if newer {
            self.newest = Some(id);
        }
        newer && !first
    }
}

async fn ask(news: watch::Sender<u64>, known: Arc<Mutex<Known>>, rooms: Arc<Rooms>) {
    loop {
        // A server that does not answer is somebody else's news. Nobody but us would notice one that says nothing.
        if let Ok(Ok(newest)) = timeout(PATIENCE, newest(&rooms)).await
            && lock(&known).see(newest)
        {
            news.send_modify(|letters| *letters += 1);
        }
        sleep(EVERY).await;
        let mut known = lock(&known);
        if news.receiver_count() == 0 {
            *known = Known::default();
            return;
        }
    }
}

/// The newest letter; the least of all names where there is none.
async fn newest(rooms: &Rooms) -> Result<MessageId, Fault> {
    let room = letters::<Named>(rooms);
    let find = room.find_one(doc! {}).projection(doc! { "_id": 1 }).sort(doc! { "_id": -1 });
    Ok(MessageId::from_bytes(find.await?.map_or([0; 16], |newest| newest.id.bytes())))
}

fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
