//! The distributed store: a MongoDB, standalone, replica set or Atlas, shared by any number of equal processes.
//!
//! What must be atomic is one document; no act needs a transaction over several, so any server will do.

mod connection;
mod fault;

use std::sync::Arc;

use mongodb::Database;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use self::fault::Fault;
use crate::config::MongoUrl;
use crate::store::{Purpose, Result};

/// Letters, users and sessions in one database.
pub struct MongoStore {
    /// Where the driver lives. Its tasks outlive the workers of the web server, and an act that was begun runs to its
    /// end here even when the request behind it goes away.
    runtime: Option<Runtime>,
    rooms: Arc<Rooms>,
    /// Tells open pages that letters have come.
    arrivals: watch::Sender<u64>,
}

/// The collections.
struct Rooms {
    database: Database,
}

impl MongoStore {
    /// Connects, makes what indexes are missing, and brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Refused`](crate::store::StoreError::Refused) with a sentence for the operator: no server answers,
    /// the login is wrong, a database of a newer version, or an index that is in the way.
    pub async fn open(url: &MongoUrl, _purpose: Purpose) -> Result<Self> {
        let runtime = connection::runtime()?;
        let url = url.clone();
        let opened = runtime.spawn(async move { connection::connect(&url).await });
        let database = connection::joined(opened).await?;
        Ok(Self { runtime: Some(runtime), rooms: Arc::new(Rooms { database }), arrivals: watch::Sender::new(0) })
    }
}

/// Whether a database of this name holds anything. Makes none.
///
/// # Errors
/// [`StoreError::Refused`](crate::store::StoreError::Refused) when no server answers.
pub async fn exists(url: &MongoUrl) -> Result<bool> {
    let runtime = connection::runtime()?;
    let url = url.clone();
    let looked = runtime.spawn(async move {
        let rooms = connection::connect(&url).await?.list_collection_names().await;
        Ok(!rooms.map_err(Fault::from)?.is_empty())
    });
    let found = connection::joined(looked).await;
    runtime.shutdown_background();
    found
}
