//! Reaching the database, and how an act is carried out: in the driver's own runtime, repeated where that is safe, and
//! given up in time.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use mongodb::bson::doc;
use mongodb::error::ErrorKind;
use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern};
use mongodb::{Client, Database};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::task::JoinHandle;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Fault, MongoStore, Rooms};
use crate::config::MongoUrl;
use crate::store::{Result, StoreError};

/// Connections to each server, at most (`maxPoolSize` in the URL; the driver's own 10 are few). An act that finds none
/// free waits, and is given up like any other.
const POOL: u32 = 64;
/// Reads, and writes too, that are under way or wait for a connection. One more is refused at once.
const CROWD: u32 = 512;
/// Connections that may be under construction at once. The driver's own 2 make a burst of visitors wait for each other.
const CONNECTING: u32 = 8;
/// How long a connection may take, and how long a server may leave a heartbeat unanswered (`connectTimeoutMS`).
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How often a server is asked whether it is there (`heartbeatFrequencyMS`).
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long to look for a server that can be asked (`serverSelectionTimeoutMS`). An election takes longer; acts are
/// repeated over it.
const SELECT_WITHIN: Duration = Duration::from_millis(2_500);
/// How long the start waits for a server.
const START_WITHIN: Duration = Duration::from_secs(5);
/// A read is answered within this, or not at all.
const READ_WITHIN: Duration = Duration::from_millis(2_900);
/// A look over everything has this long.
const CHECK_WITHIN: Duration = Duration::from_secs(60);
/// A write is tried again until this has passed: an election of a replica set takes some 12 s with its default settings.
pub(super) const WRITE_WITHIN: Duration = Duration::from_secs(15);
/// After so long without an answer a write is tried once more, beside the tries that hang. The driver has no time limit
/// on a command, and interrupts it only when its own heartbeat, over another connection, has just timed out: a socket
/// that fell silent while others work would otherwise take a letter with it. A connection that hangs is not given to
/// the next try, so that two may be silent before a write is given up. Sooner, and a server that is merely slow would be
/// given more to do.
pub(super) const TRY_WITHIN: Duration = Duration::from_secs(6);
/// After so long an act that nobody waits for any more is let go of, and its connection closed, so that sockets which
/// fell silent do not fill the pool.
pub(super) const LET_GO_AFTER: Duration = Duration::from_secs(90);
/// Connections that were not used for so long are not used again: firewalls forget them without a word after some four
/// minutes and more.
const IDLE: Duration = Duration::from_secs(120);
/// Between two tries.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// The runtime of the driver. It must not be waited for where others wait, so it is left to end by itself.
pub(super) struct Home(Option<Runtime>);

impl Home {
    /// Starts its threads.
    pub(super) fn start() -> Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("letterbox-mongo").enable_all();
        let started = builder.build();
        started
            .map(|runtime| Self(Some(runtime)))
            .map_err(|error| StoreError::Refused(format!("No threads can be started for MongoDB ({error}).")))
    }

    /// The runtime, to begin a task that nothing but its own end ends.
    pub(super) fn runtime(&self) -> Option<&Runtime> {
        self.0.as_ref()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}

/// Connects to the database the URL names, and sees that it answers. The driver's tasks begin in `home`.
pub(super) async fn connect(home: &Home, url: &MongoUrl) -> Result<Database> {
    let to = url.clone();
    let task = home.runtime().ok_or_else(closed)?.spawn(async move { greet(&to).await });
    task.await.unwrap_or_else(|error| Err(StoreError::Internal(error.into())))
}

async fn greet(url: &MongoUrl) -> Result<Database> {
    // The driver itself begins without a word when nobody is there.
    let greeted = async {
        let mut options = ClientOptions::parse(url.secret()).await?;
        set(&mut options);
        let database = Client::with_options(options)?.database(url.database());
        database.run_command(doc! { "ping": 1 }).await?;
        Ok(database)
    };
    match timeout(START_WITHIN, greeted).await {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(error)) => Err(refused(url, &error)),
        Err(_) => Err(nobody(url)),
    }
}

/// What Letterbox needs of a connection, whatever the URL says; and what it takes where the URL says nothing.
fn set(options: &mut ClientOptions) {
    // Acknowledged means: on the disks of most servers. No URL may soften that.
    options.write_concern = Some(WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build());
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.retry_reads = Some(true);
    options.retry_writes = Some(true);
    options.app_name.get_or_insert_with(|| "letterbox".to_owned());
    options.max_pool_size.get_or_insert(POOL);
    options.max_connecting.get_or_insert(CONNECTING);
    options.max_idle_time.get_or_insert(IDLE);
    options.connect_timeout.get_or_insert(CONNECT_WITHIN);
    options.heartbeat_freq.get_or_insert(HEARTBEAT);
    options.server_selection_timeout.get_or_insert(SELECT_WITHIN);
}

/// Why Letterbox cannot start, in a sentence that shows no login.
fn refused(url: &MongoUrl, error: &mongodb::error::Error) -> StoreError {
    match &*error.kind {
        ErrorKind::ServerSelection { .. } | ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => nobody(url),
        ErrorKind::Authentication { message, .. } => StoreError::Refused(format!(
            "The MongoDB at {url} refuses the login ({}); see that the user, the password and authSource in \
             DATABASE_URL are right.",
            message.trim_end_matches('.')
        )),
        kind => StoreError::Refused(format!(
            "The MongoDB at {url} cannot be used ({kind}); see that DATABASE_URL is right."
        )),
    }
}

fn nobody(url: &MongoUrl) -> StoreError {
    StoreError::Refused(format!(
        "No MongoDB that can be written to answers at {url}; see that it runs, that it can be reached from here, and \
         that DATABASE_URL is right."
    ))
}

fn silent(late: Elapsed) -> StoreError {
    StoreError::Unavailable(late.into())
}

/// Lets in as many acts as can be done in time, and none once it is closed.
pub(super) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(CROWD as usize)))
    }

    /// A place among them, until it is dropped.
    pub(super) fn enter(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => StoreError::Busy,
            TryAcquireError::Closed => closed(),
        })
    }

    /// Waits for the acts that are under way, as long as a write may take; none begins after that.
    pub(super) async fn close(&self) {
        let _ = timeout(WRITE_WITHIN, self.0.acquire_many(CROWD)).await;
        self.0.close();
    }
}

impl MongoStore {
    /// Asks something. Once more if the network failed meanwhile (the driver's own doing), then the answer is no; over a
    /// connection that fell silent it is no at once when the time is over, and whoever asks again gets another one.
    pub(super) async fn read<T, F>(&self, act: impl FnOnce(Arc<Rooms>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = std::result::Result<T, Fault>> + Send + 'static,
    {
        self.read_within(READ_WITHIN, act).await
    }

    /// The same for what nobody waits for in a browser.
    pub(super) async fn read_patiently<T, F>(&self, act: impl FnOnce(Arc<Rooms>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = std::result::Result<T, Fault>> + Send + 'static,
    {
        self.read_within(CHECK_WITHIN, act).await
    }

    async fn read_within<T, F>(&self, limit: Duration, act: impl FnOnce(Arc<Rooms>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = std::result::Result<T, Fault>> + Send + 'static,
    {
        let act = act(Arc::clone(&self.rooms));
        let task = self.spawn(&self.reads, async move {
            timeout(LET_GO_AFTER, act).await.map_err(silent)?.map_err(StoreError::from)
        })?;
        match timeout(limit, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(StoreError::Internal(error.into())),
            Err(late) => Err(silent(late)),
        }
    }

    /// Does something, again and again over a failure that may pass: `act` must come to the same however often it is
    /// done, also twice at once. Of tries that run beside each other the first answer counts. Giving up leaves them
    /// running; whoever repeats the act later finds what it did.
    pub(super) async fn write<T, F>(&self, act: impl Fn(Arc<Rooms>) -> F + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = std::result::Result<T, Fault>> + Send + 'static,
    {
        let rooms = Arc::clone(&self.rooms);
        let deadline = Instant::now() + WRITE_WITHIN;
        let task = self.spawn(&self.writes, async move {
            let mut tries = FuturesUnordered::new();
            loop {
                tries.push(tokio::spawn(timeout(LET_GO_AFTER, act(Arc::clone(&rooms)))));
                let first = timeout(TRY_WITHIN, tries.select_next_some()).await;
                let again = Instant::now() + PAUSE < deadline;
                match first {
                    Ok(Ok(Ok(Err(fault)))) if fault.may_pass() && again => sleep(PAUSE).await,
                    Ok(Ok(Ok(outcome))) => return outcome.map_err(StoreError::from),
                    Ok(Err(error)) => return Err(StoreError::Internal(error.into())),
                    Ok(Ok(Err(late))) | Err(late) if !again => return Err(silent(late)),
                    Ok(Ok(Err(_))) | Err(_) => {}
                }
            }
        })?;
        match timeout_at(deadline, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(StoreError::Internal(error.into())),
            Err(late) => Err(silent(late)),
        }
    }

    /// Begins an act. It keeps its place in the crowd until it has ended, whoever still waits for it.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        gate: &Gate,
        act: impl Future<Output = T> + Send + 'static,
    ) -> Result<JoinHandle<T>> {
        let place = gate.enter()?;
        let runtime = self.home.runtime().ok_or_else(closed)?;
        Ok(runtime.spawn(async move {
            let outcome = act.await;
            drop(place);
            outcome
        }))
    }
}
