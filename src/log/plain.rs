//! An event as a line of text: time, level, message, then `name=value` for each field. In files, that is; on a terminal
//! tracing-subscriber's own lines have colours, but each of them takes as long as all the rest of a small answer.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime as _;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Stamp;

pub(super) struct Plain(Stamp);

impl Plain {
    pub(super) fn new() -> Self {
        Self(Stamp::new())
    }
}

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        self.0.format_time(&mut line)?;
        line.write_str(match *event.metadata().level() {
            Level::ERROR => " ERROR",
            Level::WARN => "  WARN",
            Level::INFO => "  INFO",
            Level::DEBUG => " DEBUG",
            Level::TRACE => " TRACE",
        })?;
        let mut fields = Fields { line: &mut line, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        line.write_char('\n')
    }
}

/// Writes one field after the other.
struct Fields<'a, 'b> {
    line: &'a mut Writer<'b>,
    result: fmt::Result,
}

impl Fields<'_, '_> {
    fn put(&mut self, field: &Field, value: impl FnOnce(&mut OnOneLine<'_, '_>) -> fmt::Result) {
        if self.result.is_ok() {
            self.result = self.try_put(field.name(), value);
        }
    }

    fn try_put(&mut self, name: &str, value: impl FnOnce(&mut OnOneLine<'_, '_>) -> fmt::Result) -> fmt::Result {
        self.line.write_char(' ')?;
        if name != "message" {
            self.line.write_str(name)?;
            self.line.write_char('=')?;
        }
        value(&mut OnOneLine(self.line))
    }
}

impl Visit for Fields<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, |line| write!(line, "{value:?}"));
    }

    /// Between quotes, unless it is one plain word.
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_word = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        self.put(field, |line| if is_word { line.0.write_str(value) } else { write!(line, "{value:?}") });
    }
}

/// Writes control characters as `\n` or `\u{1b}`: what comes from outside neither begins a line nor moves a cursor.
struct OnOneLine<'a, 'b>(&'a mut Writer<'b>);

impl fmt::Write for OnOneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive(char::is_control) {
            match piece.chars().next_back().filter(|last| last.is_control()) {
                Some(control) => {
                    self.0.write_str(&piece[..piece.len() - control.len_utf8()])?;
                    write!(self.0, "{}", control.escape_debug())?;
                }
                None => self.0.write_str(piece)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::fmt as format;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panics").write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What the log says of `events`, without the time.
    fn logged(events: impl FnOnce()) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let log = format().event_format(Plain::new()).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(log, events);
        let text = String::from_utf8(written.0.lock().expect("nobody panics").clone()).expect("UTF-8");
        text.lines().map(|line| line.split_once('Z').map_or(line, |(_, rest)| rest).to_owned()).collect()
    }

    #[test]
    fn an_event_is_its_message_and_its_fields() {
        let lines = logged(|| {
            tracing::info!(id = "0a-1", route = "/contact", none = "", status = 200, ms = 0.25, "request");
            tracing::warn!(cause = %"no room", "refused");
        });
        assert_eq!(
            lines,
            ["  INFO request id=0a-1 route=\"/contact\" none=\"\" status=200 ms=0.25", "  WARN refused cause=no room"]
        );
    }

    #[test]
    fn what_comes_from_outside_stays_on_its_line() {
        let lines = logged(|| tracing::info!(shown = %"a\r\nb \u{1b}[31m é\u{85}", quoted = "a\nb", "one\ntwo"));
        assert_eq!(lines, ["  INFO one\\ntwo shown=a\\r\\nb \\u{1b}[31m é\\u{85} quoted=\"a\\nb\""]);
    }
}
