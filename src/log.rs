//! The log: one line for each event, on standard error, so that standard output holds the greeting alone.
//!
//! Lines about requests that come faster than one in [`APART`] are written together, no later than after that time: a
//! server under load spends itself on requests and not on a system call for each line. A process that is killed takes as
//! much along. Every other line is written at once, behind those that wait.

mod lines;
mod plain;

use std::cell::RefCell;
use std::fmt;
use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use tracing::Metadata;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::lines::{Line, Lines};
use self::plain::Plain;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, LogFormat};
use crate::models::Timestamp;

/// The target of the lines that tell of requests, one each.
pub const REQUESTS: &str = "letterbox::requests";
/// How long such a line may wait for others.
const APART: Duration = Duration::from_millis(10);

static LINES: Lines = Lines::new();

/// Writes what still waits when it is dropped; to be kept as long as there is anything to log.
#[must_use]
pub struct Log(());

/// Starts the log.
///
/// # Errors
/// A sentence for the operator: the filter cannot be read, the thread cannot be started.
pub fn start(config: &Config) -> Result<Log, String> {
    let filter: Targets = config.log_filter.parse().map_err(|error| format!("RUST_LOG is wrong: {error}."))?;
    LINES.start().map_err(|error| format!("The log's thread cannot be started: {error}."))?;
    let log = registry().with(filter);
    // What cannot be written cannot be complained of either: standard error is where both would go.
    let lines = layer().with_writer(Destination).with_target(false).with_timer(Stamp::new()).log_internal_errors(false);
    let started = match config.log_format {
        LogFormat::Json => log.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text if stderr().is_terminal() => log.with(lines.with_ansi(true)).try_init(),
        LogFormat::Text => log.with(lines.event_format(Plain::new())).try_init(),
    };
    started.map_err(|error| format!("The log cannot be started: {error}."))?;
    Ok(Log(()))
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.flush();
    }
}

/// Where lines go, as the subscriber asks for it.
struct Destination;

impl<'a> MakeWriter<'a> for Destination {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        LINES.line(false)
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line {
        LINES.line(about.target() == REQUESTS)
    }
}

/// The time of an event: RFC 3339 in UTC with milliseconds.
struct Stamp {
    clock: SystemClock,
}

thread_local! {
    /// The last second that was written, and how.
    static SECOND: RefCell<(Timestamp, String)> = const { RefCell::new((Timestamp::from_millis(i64::MIN), String::new())) };
}

impl Stamp {
    fn new() -> Self {
        Self { clock: SystemClock::start() }
    }
}

impl FormatTime for Stamp {
    fn format_time(&self, line: &mut Writer<'_>) -> fmt::Result {
        let now = self.clock.now();
        let second = now.whole_seconds();
        SECOND.with_borrow_mut(|(known, text)| {
            if *known != second {
                *text = second.rfc3339();
                text.truncate(text.len().saturating_sub("000Z".len()));
                *known = second;
            }
            line.write_str(text)?;
            let millis = now.since(second).as_millis() as u32;
            for place in [100, 10, 1] {
                line.write_char(char::from_digit(millis / place % 10, 10).unwrap_or('0'))?;
            }
            line.write_char('Z')
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_milliseconds() {
        let mut text = String::new();
        Stamp::new().format_time(&mut Writer::new(&mut text)).expect("a String takes everything");
        let (day, rest) = text.split_once('T').expect("a time");
        assert!(Timestamp::parse_date(day).is_some() && rest.len() == "08:05:00.250Z".len(), "{text}");
    }
}
