//! `letterbox backup FILE`

use std::path::Path;

use super::{Failure, load_config, say};
use crate::config::Engine;
use crate::store::sqlite;

pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let config = load_config()?;
    match &config.database_url {
        Engine::Sqlite(path) => sqlite::backup(path, file).map_err(|error| error.to_string())?,
        Engine::MongoDb(_) => {
            return Err(
                "A MongoDB is backed up with its own tools: use mongodump, or snapshots of its disks.".to_owned()
            );
        }
    }
    say(&format!("The store was copied to {} and the copy was checked.", file.display()));
    Ok(())
}
