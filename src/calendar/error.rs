//! What a calendar cannot answer.

use chrono::DateTime;

/// Why a calendar has no answer. It never gives a wrong date instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// An instant that was asked about lies before 1970, or in 2100 or later.
    #[error("{} lies outside the years 1970 to 2099, for which calendars answer", told(*.seconds))]
    OutOfRange {
        /// The instant in seconds since 1970.
        seconds: i64,
    },
    /// The answer lies before 1970, or in 2100 or later, or there is none: a calendar that never closes has no
    /// next closing. Ask for less, or look at the calendar.
    #[error("the answer lies outside the years 1970 to 2099, for which calendars answer")]
    BeyondRange,
    /// A span ends before it begins.
    #[error("the span from {} to {} ends before it begins", told(*.from), told(*.to))]
    Reversed {
        /// Its beginning in seconds since 1970.
        from: i64,
        /// Its end in seconds since 1970.
        to: i64,
    },
}

fn told(seconds: i64) -> String {
    match DateTime::from_timestamp(seconds, 0) {
        Some(at) => at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        None => format!("{seconds} seconds since 1970"),
    }
}
