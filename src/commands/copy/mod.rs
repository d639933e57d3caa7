//! `letterbox copy FROM TO`: everything in one store, put into another one of whatever engine.
//!
//! Three walks over both stores in the order of the names, batch by batch: [`compare`] sees whether the target holds
//! anything else, [`transfer`] puts in what is missing, [`verify`] reads both again. No walk remembers anything between
//! two runs, so an interrupted copy is just run again.

mod digest;
mod walk;

use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

pub use self::digest::{Digests, verify};
pub use self::walk::{Differences, compare, transfer};
use super::{Failure, say, wait_for};
use crate::config::{Config, Engine};
use crate::store::{self, RecordKind, Records};

pub(super) fn run(from: &Engine, to: &Engine, overwrite: bool) -> Result<(), Failure> {
    wait_for(async {
        let (source, target) = open(from, to, overwrite).await?;
        let both = Both { from, to, source: &*source, target: &*target };
        let outcome = tokio::select! {
            outcome = copy(&both, overwrite) => outcome,
            interrupted = interrupted() => Err(interrupted),
        };
        source.close().await;
        target.close().await;
        outcome
    })?;
    tell_about_the_key(from, to);
    Ok(())
}

/// What `word` names: a store's address, or `env:NAME` for the variable that holds it, in the
/// environment or in `.env`.
///
/// # Errors
/// A sentence about what it must look like, without any password that it may hold.
pub(super) fn wanted(place: &'static str, word: &str) -> Result<Engine, Failure> {
    let value = match word.strip_prefix("env:") {
        Some(name) => Config::variable(name).map_err(|error| error.to_string())?.ok_or_else(|| {
            // Whoever wrote an address behind it would not want to see that again.
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let name = if plain { name } else { "it names" };
            format!(
                "{place}: {name} is not set, neither in the environment nor in .env; give it the address of the store."
            )
        })?,
        None => word.to_owned(),
    };
    Config::store_address(place, &value).map_err(|error| error.to_string())
}

/// Two stores and how they are called.
struct Both<'a> {
    from: &'a Engine,
    to: &'a Engine,
    source: &'a dyn Records,
    target: &'a dyn Records,
}

async fn open(from: &Engine, to: &Engine, overwrite: bool) -> Result<(Arc<dyn Records>, Arc<dyn Records>), Failure> {
    if !store::exists(from).await.map_err(|error| unopened("FROM", &error))? {
        return Err(format!("There is no store at {from}; nothing was copied. Name the one that holds the letters."));
    }
    if same_place(from, to) {
        return Err(same(from, to));
    }
    if store::is_served(from) {
        say("FROM is being served: what changes there from now on may be missing. Stop the server for the last copy.");
    }
    if store::is_served(to) {
        return Err(format!("Another Letterbox is serving {to}; stop it first, or name another store as TO."));
    }
    if overwrite && matches!(to, Engine::MongoDb(_)) {
        say("TO is a MongoDB, which may be served unseen: see that every Letterbox that serves it is stopped.");
    }
    let source = store::open_to_copy_from(from).await.map_err(|error| unopened("FROM", &error))?;
    let target = store::open_to_copy_into(to).await.map_err(|error| unopened("TO", &error))?;
    let [left, right] = [source.identity().await, target.identity().await];
    if left.map_err(failed)? == right.map_err(failed)? {
        return Err(same(from, to));
    }
    Ok((source, target))
}

/// The store's sentence, which knows the one address that a server has, about the one that was given as `place`.
fn unopened(place: &str, error: &store::StoreError) -> Failure {
    format!("{place}: {}", error.to_string().replace("DATABASE_URL", place))
}

/// Seen before either is opened: the target's lock is not taken for nothing.
fn same_place(from: &Engine, to: &Engine) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match (from, to) {
        (Engine::Sqlite(from), Engine::Sqlite(to)) => real(from) == real(to),
        _ => from == to,
    }
}

fn same(from: &Engine, to: &Engine) -> Failure {
    format!("{from} and {to} are the same store; name two.")
}

async fn copy(both: &Both<'_>, overwrite: bool) -> Result<(), Failure> {
    let Both { from, to, source, target } = *both;
    say(&format!("From {from} to {to}"));
    let (there, here) = (total(source).await?, total(target).await?);
    if here > 0 {
        let bar = progress("comparing", there + here);
        let found = compare(source, target, overwrite, &bar).await.map_err(failed)?;
        bar.finish_and_clear();
        if found.any() && !overwrite {
            return Err(format!(
                "{to} holds other data: {found}. Nothing was changed. Name an empty store, or say --overwrite: then \
                 it becomes exactly what {from} is, and what only it holds is deleted. An unfinished copy needs \
                 --overwrite too, if FROM was served meanwhile."
            ));
        }
    }
    let bar = progress("copying", there);
    let written = transfer(source, target, &bar).await.map_err(failed)?;
    bar.finish_and_clear();
    say(&format!("{written} records were written."));
    let bar = progress("verifying", there * 2);
    let (left, right) = verify(source, target, &bar).await.map_err(failed)?;
    bar.finish_and_clear();
    if left != right {
        return Err(format!(
            "The two stores do not hold the same: {}. One of them was changed meanwhile; stop every Letterbox that \
             serves them and run the same command again, with --overwrite.",
            left.unlike(&right)
        ));
    }
    say(&left.to_string());
    say("Verified: both stores hold the same records.");
    Ok(())
}

async fn total(store: &dyn Records) -> Result<u64, Failure> {
    let mut total = 0;
    for kind in RecordKind::ALL {
        total += store.count_records(kind).await.map_err(failed)?;
    }
    Ok(total)
}

fn failed(error: store::StoreError) -> Failure {
    format!("The copy is not finished: {error}. Run the same command again; what was copied stays.")
}

/// On a terminal a bar; nothing elsewhere.
fn progress(what: &'static str, length: u64) -> ProgressBar {
    let template = "{msg:9} [{bar:20}] {human_pos} of {human_len} records, {rate}, {eta} left";
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = write!(out, "{:.0}/s", state.per_sec());
    };
    let bar = ProgressBar::new(length).with_message(what);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.with_key("rate", rate).progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// Waits until somebody wants this to end. What was written stays; a batch on its way arrives whole or not at all.
async fn interrupted() -> Failure {
    let signals = signal(SignalKind::interrupt()).and_then(|first| Ok((first, signal(SignalKind::terminate())?)));
    let Ok((mut interrupt, mut terminate)) = signals else { return std::future::pending().await };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    "Interrupted; the copy is not finished. Run the same command again to go on; what was copied stays.".to_owned()
}

/// Sessions, tokens and forms are signed with it.
fn tell_about_the_key(from: &Engine, to: &Engine) {
    say(&format!("Serve {to} with the SECRET_KEY of {from}, or everybody has to log in again."));
    if let Engine::Sqlite(path) = from {
        let key = path.with_file_name("secret.key");
        if key.is_file() {
            say(&format!("It is kept in {}: SECRET_KEY=\"$(cat {})\"", key.display(), quoted(&key)));
        }
    }
}

/// For a shell.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
