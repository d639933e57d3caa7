//! `letterbox check`

use super::{Failure, load_config, open_store, say, wait_for};
use crate::clock::{Clock, SystemClock};
use crate::store::StoreReport;

pub(super) fn run(rebuild_index: bool) -> Result<(), Failure> {
    let config = load_config()?;
    for (name, value) in config.lines() {
        say(&format!("{name:24} {value}"));
    }
    let report = wait_for(async {
        let store = open_store(&config).await?;
        if rebuild_index {
            store.rebuild_search_index().await.map_err(|error| error.to_string())?;
        }
        let report = store.check(SystemClock::start().now()).await;
        store.close().await;
        report.map_err(|error| {
            format!("{error}; restore a backup, or, if only the search index is damaged, run `letterbox check --rebuild-index`.")
        })
    })?;
    tell_report(&report);
    Ok(())
}

fn tell_report(report: &StoreReport) {
    say("");
    say(&format!("{:24} {}, schema {}", "Store", report.engine, report.schema));
    for (name, count) in [("Letters", report.messages), ("Users", report.users), ("Sessions", report.sessions)] {
        say(&format!("{name:24} {count}"));
    }
    say("Everything is in order.");
}
