//! The database: a port in the words of the house, and the engines behind it.

pub mod mongo;
mod port;
mod records;
pub mod sqlite;

use std::sync::Arc;

pub use port::{
    Audit, BoxError, Coordination, Deleted, Delivered, Delivery, Edited, Messages, Result, Sessions, Store, StoreError,
    StoreReport, Tokens, UserAdded, UserChanged, Users,
};
pub use records::{KeptLetter, KeptSession, Record, RecordId, RecordKind, Records};

use crate::config::{Config, Engine};

/// Opens the store the settings name. The single place that picks the engine.
///
/// # Errors
/// [`StoreError::Refused`] with a sentence for the operator.
pub async fn open(config: &Config, purpose: Purpose) -> Result<Arc<dyn Store>> {
    match &config.database_url {
        Engine::Sqlite(path) => Ok(Arc::new(sqlite::SqliteStore::open(path, purpose)?)),
        Engine::MongoDb(url) => Ok(Arc::new(mongo::MongoStore::open(url).await?)),
    }
}

/// Whether there is a store at all. Makes none.
///
/// # Errors
/// [`StoreError::Refused`] when nothing answers there.
pub async fn exists(engine: &Engine) -> Result<bool> {
    match engine {
        Engine::Sqlite(path) => Ok(path.exists()),
        Engine::MongoDb(url) => mongo::exists(url).await,
    }
}

/// Whether a Letterbox serves this store just now. Nobody can say that of a MongoDB, which any number may serve.
pub fn is_served(engine: &Engine) -> bool {
    match engine {
        Engine::Sqlite(path) => sqlite::is_served(path),
        Engine::MongoDb(_) => false,
    }
}

/// Opens a store that is there, to read all of it, beside a server that may be running.
///
/// # Errors
/// [`StoreError::Refused`] with a sentence for the operator.
pub async fn open_to_copy_from(engine: &Engine) -> Result<Arc<dyn Records>> {
    open_records(engine, Purpose::Command).await
}

/// Opens a store to write records into it, and makes it if there is none. An embedded one that is being served is
/// refused.
///
/// # Errors
/// [`StoreError::Refused`] with a sentence for the operator.
pub async fn open_to_copy_into(engine: &Engine) -> Result<Arc<dyn Records>> {
    let purpose = match engine {
        Engine::Sqlite(_) => Purpose::Serve,
        Engine::MongoDb(_) => Purpose::Command,
    };
    open_records(engine, purpose).await
}

async fn open_records(engine: &Engine, purpose: Purpose) -> Result<Arc<dyn Records>> {
    match engine {
        Engine::Sqlite(path) => Ok(Arc::new(sqlite::SqliteStore::open(path, purpose)?)),
        Engine::MongoDb(url) => Ok(Arc::new(mongo::MongoStore::open(url).await?)),
    }
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To serve visitors: the embedded store has at most one server.
    Serve,
    /// For one command, beside a server that may be running.
    Command,
}
