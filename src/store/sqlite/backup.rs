//! A consistent copy of the database while the server writes.

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connection::open_reader;
use crate::store::{Result, StoreError};

/// Writes a compact copy of the database at `source` to `target`, as of one moment: every letter acknowledged before
/// the start is in it. The copy is checked and on disk before it gets its name.
///
/// # Errors
/// [`StoreError::Refused`] when there is no source, when `target` exists, or when the copy cannot be made.
pub fn backup(source: &Path, target: &Path) -> Result<()> {
    if target.symlink_metadata().is_ok() {
        return Err(taken(target));
    }
    if !source.is_file() {
        return Err(StoreError::Refused(format!("There is no store at {} to back up.", source.display())));
    }
    if directory(target).metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Err(nowhere(target));
    }
    let partial = Partial::beside(target);
    copy(source, &partial.0).map_err(|error| failed(target, &error))?;
    publish(&partial.0, target)
}

fn copy(source: &Path, partial: &Path) -> Result<()> {
    File::options().write(true).create_new(true).open(partial)?.set_permissions(Permissions::from_mode(0o600))?;
    let connection = open_reader(source)?;
    // VACUUM INTO reads one snapshot and lets the server write on.
    connection.pragma_update(None, "query_only", false)?;
    connection.execute("VACUUM INTO ?1", [partial.to_string_lossy()])?;
    let copy = Connection::open(partial)?;
    let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(StoreError::Internal(verdict.into()));
    }
    drop(copy);
    File::open(partial)?.sync_all()?;
    Ok(())
}

/// Gives the copy its name only if nobody else took it meanwhile.
fn publish(partial: &Path, target: &Path) -> Result<()> {
    std::fs::hard_link(partial, target).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken(target),
        _ => failed(target, &error.into()),
    })?;
    File::open(directory(target))
        .and_then(|directory| directory.sync_all())
        .map_err(|error| failed(target, &error.into()))
}

/// The unfinished copy; removed whatever happens.
struct Partial(PathBuf);

impl Partial {
    fn beside(target: &Path) -> Self {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        Self(name.into())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where a file lies, or shall lie.
fn directory(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn nowhere(target: &Path) -> StoreError {
    let directory = directory(target).display();
    StoreError::Refused(format!(
        "There is no directory {directory} to put the backup in; make it, or name a file in another one."
    ))
}

fn taken(target: &Path) -> StoreError {
    StoreError::Refused(format!("{} exists already; a backup never overwrites. Name another file.", target.display()))
}

fn failed(target: &Path, error: &StoreError) -> StoreError {
    StoreError::Refused(format!(
        "The backup {} could not be written: {error}. Nothing was left behind.",
        target.display()
    ))
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        StoreError::Unavailable(Box::new(error))
    }
}
