//! Lots: letters that come one after the other through one process are counted together, so that none of them has to be
//! written a second time. (A write of any indexed field costs the server the keys of all of a letter's words.)
//!
//! A lot is opened in the sums, then letters come with its name, and when the fate of all of them is known it is closed:
//! one atomic write counts as many as have come. The lot of a try that was never answered stays open, for its letters
//! may come yet, and so does that of a process which has died. After an hour, when nothing can come any more, whoever
//! folds closes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use mongodb::bson::{DateTime, Document, Uuid, doc};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::counts::{ID, Ledger, sums};
use super::letter::{Named, letters};
use crate::store::mongo::connection::{LET_GO_AFTER, TRY_WITHIN};
use crate::store::mongo::fault::{hangs, is_duplicate};
use crate::store::mongo::values::damaged;
use crate::store::mongo::{Fault, Rooms};

/// Letters of a lot, about. Whoever reads the counts looks at each while the lot is open.
const MANY: usize = 200;
/// How long letters may set out with a lot: less by far than [`FORGOTTEN_AFTER`].
const USED_FOR: Duration = Duration::from_secs(60);
/// So long after it was opened nothing comes with a lot any more, in milliseconds. No act hangs longer than minutes,
/// unless the machine sleeps over it.
const FORGOTTEN_AFTER: i64 = 60 * 60 * 1_000;

/// The lots with which letters come through this process.
#[derive(Default)]
pub(super) struct Lots(Mutex<Ours>);

#[derive(Default)]
struct Ours {
    /// With which letters set out just now.
    current: Option<Current>,
    /// One for those after them, so that they need not wait until it is open.
    next: Option<Next>,
}

struct Current {
    lot: Arc<Lot>,
    age: Age,
    letters: usize,
}

struct Next {
    lot: JoinHandle<mongodb::error::Result<Arc<Lot>>>,
    age: Age,
}

/// When a lot began to be opened, by two clocks: the first stands still while the machine sleeps, the other one may be
/// set.
struct Age(Instant, SystemTime);

/// An open lot. When nobody holds it any more, it is closed, if the fate of all its letters is known.
pub(super) struct Lot {
    pub(super) id: Uuid,
    /// Tries that have set out and of which nothing is known.
    unsettled: AtomicUsize,
    rooms: Arc<Rooms>,
    /// Where the driver lives, which may have ended by now.
    home: Handle,
}

impl Lots {
    /// The lot with which so many letters shall set out. The try has to be [settled](Lot::settle).
    pub(super) async fn set_out(&self, rooms: &Arc<Rooms>, letters: usize) -> mongodb::error::Result<Arc<Lot>> {
        let mut ours = self.0.lock().await;
        let Ours { current, next } = &mut *ours;
        current.take_if(|current| current.letters >= MANY || current.age.is_over());
        let Current { lot, age, letters: before } = match current.take() {
            Some(current) => current,
            None => Current::begin(rooms, next.take()).await?,
        };
        // The machine slept while it was opened: that is tried again.
        if age.is_over() {
            return Err(hangs());
        }
        lot.unsettled.fetch_add(1, Ordering::AcqRel);
        let letters = before + letters;
        *current = Some(Current { lot: Arc::clone(&lot), age, letters });
        if letters >= MANY / 2 {
            next.get_or_insert_with(|| Next::open(rooms));
        }
        Ok(lot)
    }

    /// Nothing more comes through this process. What cannot be closed now is left open.
    pub(super) async fn end(&self, rooms: &Rooms) {
        let Ours { current, next } = std::mem::take(&mut *self.0.lock().await);
        let current = async { Some(current?.lot) };
        // To open it takes no longer than any other try.
        let next = async { next?.lot.await.ok()?.ok() };
        tokio::join!(close_at_end(rooms, current), close_at_end(rooms, next));
    }

    /// Nobody knows what became of a try: nothing more sets out with its lot, which stays open.
    pub(super) async fn leave(&self, lot: &Arc<Lot>) {
        self.0.lock().await.current.take_if(|current| Arc::ptr_eq(&current.lot, lot));
    }
}

impl Current {
    /// Begins with the next lot, else with a new one.
    async fn begin(rooms: &Arc<Rooms>, next: Option<Next>) -> mongodb::error::Result<Self> {
        if let Some(Next { lot, age }) = next
            && !age.is_over()
        {
            // What went wrong some time ago may go well now.
            let is_news = !lot.is_finished();
            match lot.await {
                Ok(Ok(lot)) => return Ok(Self { lot, age, letters: 0 }),
                Ok(Err(error)) if is_news => return Err(error),
                Ok(Err(_)) | Err(_) => {}
            }
        }
        Ok(Self { age: Age::new(), lot: Lot::open(rooms).await?, letters: 0 })
    }
}

impl Next {
    fn open(rooms: &Arc<Rooms>) -> Self {
        let rooms = Arc::clone(rooms);
        Self { age: Age::new(), lot: tokio::spawn(async move { Lot::open(&rooms).await }) }
    }
}

impl Age {
    fn new() -> Self {
        Self(Instant::now(), SystemTime::now())
    }

    /// Whether no letter sets out any more with a lot of this age.
    fn is_over(&self) -> bool {
        self.0.elapsed() >= USED_FOR || self.1.elapsed().is_ok_and(|elapsed| elapsed >= USED_FOR)
    }
}

impl Lot {
    /// Opens a lot in the sums. Each try opens one of its own: one that hangs and is carried out late opens a lot with
    /// which nothing comes.
    async fn open(rooms: &Arc<Rooms>) -> mongodb::error::Result<Arc<Self>> {
        let rooms = Arc::clone(rooms);
        let opening = tokio::spawn(timeout(LET_GO_AFTER, async move {
            let id = Uuid::new();
            let opened = [doc! { "id": id, "since": "$$NOW" }];
            let set = doc! {
                "revision": { "$add": [{ "$ifNull": ["$revision", 0_i64] }, 1_i64] },
                "open": { "$concatArrays": [{ "$ifNull": ["$open", []] }, opened] },
            };
            let room = sums(&rooms);
            let open = || room.update_one(doc! { "_id": ID }, vec![doc! { "$set": set.clone() }]).upsert(true);
            match open().await {
                // Two that are the first to count meet; the one that comes second finds what the other made.
                Err(error) if is_duplicate(&error) => open().await?,
                outcome => outcome?,
            };
            Ok(Arc::new(Self { id, unsettled: AtomicUsize::new(0), rooms, home: Handle::current() }))
        }));
        match timeout(TRY_WITHIN, opening).await {
            Ok(Ok(Ok(opened))) => opened,
            Ok(Ok(Err(_)) | Err(_)) | Err(_) => Err(hangs()),
        }
    }

    /// It is known of each letter of a try whether it has come.
    pub(super) fn settle(&self) {
        self.unsettled.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Lot {
    fn drop(&mut self) {
        if *self.unsettled.get_mut() == 0 {
            let (rooms, id) = (Arc::clone(&self.rooms), self.id);
            // What fails here is left open, and closed by whoever finds it later.
            self.home.spawn(timeout(LET_GO_AFTER, async move { close(&rooms, id, Document::new()).await }));
        }
    }
}

/// Closes a lot, if there is one, if the fate of all its letters is known, and if that can be done now.
async fn close_at_end(rooms: &Rooms, lot: impl Future<Output = Option<Arc<Lot>>>) {
    if let Some(lot) = lot.await
        && lot.unsettled.load(Ordering::Acquire) == 0
    {
        let _ = timeout(TRY_WITHIN, close(rooms, lot.id, Document::new())).await;
    }
}

/// Whether one was, by our clock.
pub(super) fn perhaps_forgotten(ledger: &Ledger) -> bool {
    let forgotten = DateTime::now().timestamp_millis() - FORGOTTEN_AFTER;
    ledger.open.iter().any(|lot| lot.since.timestamp_millis() < forgotten)
}

/// Closes the lots that were left open for so long that nothing comes with them any more.
pub(super) async fn close_forgotten(rooms: &Rooms, ledger: &Ledger) -> Result<(), Fault> {
    // The server's clock decides; ours only says whether it is worth asking.
    let perhaps = DateTime::now().timestamp_millis() - FORGOTTEN_AFTER / 2;
    for lot in ledger.open.iter().filter(|lot| lot.since.timestamp_millis() < perhaps) {
        let old = doc! { "$lt": ["$$this.since", { "$subtract": ["$$NOW", FORGOTTEN_AFTER] }] };
        let forgotten = doc! { "$filter": { "input": "$open", "cond": old } };
        let names = doc! { "$map": { "input": forgotten, "in": "$$this.id" } };
        close(rooms, lot.id, doc! { "$expr": { "$in": [lot.id, names] } }).await?;
    }
    Ok(())
}

/// Counts all that has come with a lot as what it came as, unread in the inbox, if the lot is still open and fits.
async fn close(rooms: &Rooms, lot: Uuid, fit: Document) -> Result<(), Fault> {
    let came = letters::<Named>(rooms).count_documents(doc! { "lot": lot }).await?;
    let came = i64::try_from(came).map_err(|_| damaged(format!("{came} letters in a lot")))?;
    let mut filter = doc! { "_id": ID, "open.id": lot };
    filter.extend(fit);
    let counted = doc! { "revision": 1_i64, "folders.inbox.total": came, "folders.inbox.unread": came };
    sums(rooms).update_one(filter, doc! { "$pull": { "open": { "id": lot } }, "$inc": counted }).await?;
    Ok(())
}
