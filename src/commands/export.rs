//! `letterbox export`

use std::io::Write as _;

use super::{Failure, load_config, open_store, wait_for};
use crate::models::{Cursor, Folder, Format, ListQuery, Search, Selection};
use crate::store::Store;

/// Letters read at once.
const AT_ONCE: u32 = 100;

pub(super) fn run(format: Format, folders: Vec<Folder>) -> Result<(), Failure> {
    let config = load_config()?;
    wait_for(async {
        let store = open_store(&config).await?;
        let written = write(&*store, format, folders).await;
        store.close().await;
        written
    })
}

async fn write(store: &dyn Store, format: Format, folders: Vec<Folder>) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| format!("The letters could not be written ({error}); the export is not whole.");
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    out.write_all(format.head().as_bytes()).map_err(failed)?;
    let which = Selection { folders, unread: false, starred: false, search: Search::default() };
    let mut query = ListQuery { which, cursor: None, limit: AT_ONCE };
    loop {
        let letters = store.read_messages(query.clone()).await.map_err(|error| error.to_string())?;
        for message in &letters {
            out.write_all(format.letter(message).as_bytes()).map_err(failed)?;
        }
        match letters.last() {
            Some(last) => query.cursor = Some(Cursor::Before(last.id)),
            None => return out.flush().map_err(failed),
        }
    }
}

/// What the arguments name.
///
/// # Errors
/// A sentence about the one that names nothing.
pub(super) fn wanted(format: &str, folder: Option<&str>) -> Result<(Format, Vec<Folder>), Failure> {
    let format = Format::parse(format)
        .ok_or_else(|| format!("{format:?} is no format of an export; say --format csv, jsonl or mbox."))?;
    let Some(name) = folder else { return Ok((format, Folder::ALL.to_vec())) };
    let folder = Folder::parse(name)
        .ok_or_else(|| format!("{name:?} is no folder; say --folder inbox, archive, spam or trash."))?;
    Ok((format, vec![folder]))
}
