//! The distributed store: a MongoDB, standalone, replica set or Atlas, shared by any number of equal processes.
//!
//! What must be atomic is one document; no act needs a transaction over several, so any server will do.

mod audit;
mod connection;
mod coordination;
mod fault;
mod messages;
mod records;
mod register;
mod rooms;
mod schema;
mod sessions;
mod tokens;
mod users;
mod values;

use std::sync::Arc;

use async_trait::async_trait;
use mongodb::bson::doc;

use self::connection::{Gate, Home};
use self::fault::Fault;
use self::messages::{Arrivals, Inbound, Tally};
use self::register::Register;
use self::rooms::Rooms;
use self::values::damaged;
use crate::config::MongoUrl;
use crate::models::Timestamp;
use crate::store::{Result, Store, StoreError, StoreReport};

/// Letters, users and sessions in one database.
pub struct MongoStore {
    /// Where the driver lives. Its tasks outlive the workers of the web server, and an act that was begun runs to its
    /// end here even when the request behind it goes away.
    home: Home,
    rooms: Arc<Rooms>,
    reads: Gate,
    writes: Gate,
    inbound: Arc<Inbound>,
    arrivals: Arrivals,
    tally: Tally,
}

impl MongoStore {
    /// Connects, makes what indexes are missing, and brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Refused`](crate::store::StoreError::Refused) with a sentence for the operator: no server answers,
    /// the login is wrong, a database of a newer version or another program, or an index that is in the way.
    pub async fn open(url: &MongoUrl) -> Result<Self> {
        let home = Home::start()?;
        let database = connection::connect(&home, url).await?;
        let store = Self {
            home,
            rooms: Arc::new(Rooms::of(database)),
            reads: Gate::new(),
            writes: Gate::new(),
            inbound: Arc::default(),
            arrivals: Arrivals::new(),
            tally: Tally::default(),
        };
        let url = url.clone();
        store
            .write(move |rooms| {
                let url = url.clone();
                async move { schema::prepare(&rooms, &url).await }
            })
            .await?;
        Ok(store)
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn ping(&self) -> Result<()> {
        self.read(|rooms| async move {
            rooms.database.run_command(doc! { "ping": 1 }).await?;
            Ok(())
        })
        .await
    }

    async fn check(&self, now: Timestamp) -> Result<StoreReport> {
        self.read_patiently(move |rooms| async move {
            schema::verify(&rooms).await?;
            let build = rooms.database.run_command(doc! { "buildInfo": 1 }).await?;
            let mark = schema::version(&rooms).await?.and_then(|version| u32::try_from(version).ok());
            Ok(StoreReport {
                engine: format!("MongoDB {}", build.get_str("version").unwrap_or("of an unknown version")),
                schema: mark.ok_or_else(|| damaged("the number of the schema is missing".to_owned()))?,
                messages: messages::total(&rooms).await?,
                users: Register::read(&rooms).await?.list.len() as u64,
                sessions: rooms.sessions.count_documents(sessions::live(now)).await?,
            })
        })
        .await
    }

    async fn rebuild_search_index(&self) -> Result<()> {
        self.rebuild_words().await
    }

    async fn close(&self) {
        self.reads.close().await;
        self.writes.close().await;
        self.close_lots().await;
    }
}

/// Whether the database has any collection by a name that Letterbox gives. Makes none.
///
/// # Errors
/// [`StoreError::Refused`](crate::store::StoreError::Refused) when no server answers.
pub async fn exists(url: &MongoUrl) -> Result<bool> {
    let home = Home::start()?;
    let database = connection::connect(&home, url).await?;
    let Some(runtime) = home.runtime() else { return Ok(false) };
    let looked = runtime.spawn(async move {
        let names = database.list_collection_names().await;
        // Left alone, the driver ends its sessions by a task of its own, which panics when its home is gone by then.
        database.client().clone().shutdown().immediate(true).await;
        names
    });
    let names = looked.await.map_err(|error| StoreError::Internal(error.into()))?;
    let names = names.map_err(|error| StoreError::from(Fault::from(error)))?;
    Ok(names.iter().any(|name| Rooms::NAMES.contains(&name.as_str())))
}
