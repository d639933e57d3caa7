//! Points in time, in whole milliseconds, which is what both engines keep.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds (Unix time).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const RFC3339: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const ASCTIME: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]");
const RFC5322: &[BorrowedFormatItem<'_>] = format_description!(
    "[weekday repr:short], [day padding:none] [month repr:short] [year] [hour]:[minute]:[second] +0000"
);
const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const EXACT: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute]:[second] UTC");
const DAY_AND_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:short] [year]");
const DAY_OF_THIS_YEAR: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:short]");
const TIME_OF_DAY: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down, as a JWT's NumericDate wants them (RFC 7519 §2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant without its fraction of a second, so that a token can name it exactly.
    pub const fn whole_seconds(self) -> Self {
        Self(self.0 - self.0.rem_euclid(1000))
    }

    /// This instant and `duration` more; stays at the largest instant rather than wrap.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This instant and `duration` less; stays at the least instant rather than wrap.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this instant is; zero when it is not after it.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds, for example `2026-11-21T08:05:00.250Z`.
    pub fn rfc3339(self) -> String {
        self.format(RFC3339)
    }

    /// The whole instant in words, for a tooltip: `21 November 2026, 08:05:00 UTC`.
    pub fn exact(self) -> String {
        self.format(EXACT)
    }

    /// Day and time, for the head of a letter: `21 Nov 2026, 08:05 UTC`.
    pub fn day_and_time(self) -> String {
        self.format(DAY_AND_TIME)
    }

    /// The shortest form that tells instants of a list apart, seen from `now` in UTC: the time today, the day
    /// this year, the full date before that.
    pub fn short(self, now: Timestamp) -> String {
        let (then, today) = (self.utc(), now.utc());
        if then.date() == today.date() {
            self.format(TIME_OF_DAY)
        } else if then.year() == today.year() {
            self.format(DAY_OF_THIS_YEAR)
        } else {
            self.format(DAY)
        }
    }

    /// As C's `asctime` writes it, in UTC: what separates the letters of a mailbox (RFC 4155).
    pub fn asctime(self) -> String {
        self.format(ASCTIME)
    }

    /// As the head of a mail has it: `Sat, 21 Nov 2026 08:05:00 +0000` (RFC 5322 §3.3).
    pub fn rfc5322(self) -> String {
        self.format(RFC5322)
    }

    /// The day in UTC, for example `2026-11-21`.
    pub fn date(self) -> String {
        self.format(DATE)
    }

    /// The beginning, in UTC, of a day written as [`Timestamp::date`] writes it.
    pub fn parse_date(text: &str) -> Option<Self> {
        // The parser would take a sign too.
        let text = Some(text).filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))?;
        let midnight = time::Date::parse(text, DATE).ok()?.midnight().assume_utc();
        let millis = midnight.unix_timestamp().checked_mul(1_000)?;
        (millis >= 0).then_some(Self(millis))
    }

    fn utc(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    fn format(self, form: &[BorrowedFormatItem<'_>]) -> String {
        // Formatting numbers into a string has no reachable error; an empty string beats a panic all the same.
        self.utc().format(form).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_with_its_milliseconds() {
        assert_eq!(Timestamp::from_millis(1_795_248_300_250).rfc3339(), "2026-11-21T08:05:00.250Z");
        assert_eq!(Timestamp::from_millis(0).rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(0).asctime(), "Thu Jan  1 00:00:00 1970");
        assert_eq!(Timestamp::from_millis(1_795_248_300_250).rfc5322(), "Sat, 21 Nov 2026 08:05:00 +0000");
    }

    #[test]
    fn a_list_shows_the_time_today_the_day_this_year_and_the_year_before_that() {
        let now = Timestamp::from_millis(1_795_248_300_250);
        let day = Duration::from_hours(24).as_millis() as i64;
        assert_eq!(Timestamp::from_millis(now.millis() - 60_000).short(now), "08:04");
        assert_eq!(Timestamp::from_millis(now.millis() - day).short(now), "20 Nov");
        assert_eq!(Timestamp::from_millis(now.millis() - 400 * day).short(now), "17 Oct 2025");
    }

    #[test]
    fn a_day_survives_being_written_and_no_other_text_is_a_day() {
        for day in ["1970-01-01", "2026-11-21", "2028-02-29", "9999-12-31"] {
            assert_eq!(Timestamp::parse_date(day).map(Timestamp::date).as_deref(), Some(day));
        }
        for wrong in ["", "yesterday", "2026-02-29", "1969-12-31", "21.11.2026", "+2026-11-21", "2026-11-21 "] {
            assert_eq!(Timestamp::parse_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn time_never_runs_backwards_in_a_difference() {
        let (early, late) = (Timestamp::from_millis(5), Timestamp::from_millis(9));
        assert_eq!(late.since(early), Duration::from_millis(4));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
