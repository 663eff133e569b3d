//! Time: instants are UTC, `now` always comes in from outside, and durations are integers of seconds.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize, Serializer};

/// An instant in UTC.
pub type Instant = DateTime<Utc>;

/// Where a desk takes `now` from.
pub trait TimeSource: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;
}

impl<S: TimeSource + ?Sized> TimeSource for &S {
    fn now(&self) -> Instant {
        (**self).now()
    }
}

impl<S: TimeSource + ?Sized> TimeSource for Arc<S> {
    fn now(&self) -> Instant {
        (**self).now()
    }
}

/// The system's clock. Not on `wasm32-unknown-unknown`, which has none: inject a source there.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTime;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl TimeSource for SystemTime {
    #[expect(clippy::disallowed_methods, reason = "the one place where the library reads the clock")]
    fn now(&self) -> Instant {
        Utc::now()
    }
}

/// A clock that stands still until it is turned by hand. Clones share it.
///
/// ```
/// use andon::time::{ManualTime, TimeSource, minutes};
///
/// let time = ManualTime::at("2026-03-27T15:30:00Z".parse()?);
/// time.advance(minutes(90));
/// assert_eq!(time.now().to_rfc3339(), "2026-03-27T17:00:00+00:00");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ManualTime(Arc<Mutex<Instant>>);

impl ManualTime {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Sets the clock, forwards or backwards.
    pub fn set(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Turns the clock on by `span`; it stops at the last instant that can be told.
    pub fn advance(&self, span: TimeDelta) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = later(*now, span);
    }
}

impl TimeSource for ManualTime {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes an instant as everywhere else, in a fifth of the time: for what every command writes.
pub(crate) fn write<S: Serializer>(at: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The same for one that may be missing.
#[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
pub(crate) fn write_some<S: Serializer>(at: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.serialize_some(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        None => serializer.serialize_none(),
    }
}

/// The last whole microsecond that is not after an instant: what stores keep.
pub(crate) fn floor_micros(at: Instant) -> Instant {
    Instant::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// The first whole microsecond that is not before an instant.
pub(crate) fn ceil_micros(at: Instant) -> Instant {
    let floor = floor_micros(at);
    if floor == at { at } else { later(floor, TimeDelta::microseconds(1)) }
}

/// A span of `n` minutes.
#[must_use]
pub fn minutes(n: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(n).saturating_mul(60))
}

/// A span of `n` hours.
#[must_use]
pub fn hours(n: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(n).saturating_mul(3_600))
}

/// A span of `n` days of 24 hours.
#[must_use]
pub fn days(n: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(n).saturating_mul(86_400))
}

/// `at` and `span` later; the last instant that can be told if there is none so late.
pub(crate) fn later(at: Instant, span: TimeDelta) -> Instant {
    at.checked_add_signed(span).unwrap_or(if span < TimeDelta::zero() { Instant::MIN_UTC } else { Instant::MAX_UTC })
}

/// `at` and `span` earlier; the first instant that can be told if there is none so early.
pub(crate) fn earlier(at: Instant, span: TimeDelta) -> Instant {
    at.checked_sub_signed(span).unwrap_or(if span < TimeDelta::zero() { Instant::MAX_UTC } else { Instant::MIN_UTC })
}

/// The seconds from `from` to `to`, and 0 if `to` is earlier.
pub(crate) fn seconds_between(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.signed_duration_since(from).num_seconds()).unwrap_or(0)
}

/// A time span of a policy, in whole seconds: at most 100 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Seconds(u64);

/// A number of seconds beyond 100 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a span is at most {} seconds, which is 100 years", Seconds::MAX)]
pub struct SecondsError;

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span: 100 years of 365.25 days.
    pub const MAX: u64 = 3_155_760_000;

    /// A span of `seconds`.
    ///
    /// # Errors
    /// [`SecondsError`] beyond [`Self::MAX`].
    pub const fn new(seconds: u64) -> Result<Self, SecondsError> {
        if seconds > Self::MAX { Err(SecondsError) } else { Ok(Self(seconds)) }
    }

    /// A span of `seconds`; the longest, if it is longer than that.
    pub(crate) const fn capped(seconds: u64) -> Self {
        if seconds > Self::MAX { Self(Self::MAX) } else { Self(seconds) }
    }

    /// A span of hours.
    #[must_use]
    pub fn hours(hours: u16) -> Self {
        Self(u64::from(hours).saturating_mul(3_600))
    }

    /// A span of days of 24 hours.
    #[must_use]
    pub fn days(days: u8) -> Self {
        Self(u64::from(days).saturating_mul(86_400))
    }

    /// Whether it is no time at all.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field like this")]
    pub(crate) const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// The number of seconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The span as chrono has it.
    #[must_use]
    pub fn span(self) -> TimeDelta {
        TimeDelta::seconds(i64::try_from(self.0).unwrap_or(i64::MAX / 1_000))
    }
}

impl TryFrom<u64> for Seconds {
    type Error = SecondsError;

    fn try_from(seconds: u64) -> Result<Self, SecondsError> {
        Self::new(seconds)
    }
}

impl From<Seconds> for u64 {
    fn from(seconds: Seconds) -> Self {
        seconds.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_never_overflows() {
        assert_eq!(later(Instant::MAX_UTC, hours(1)), Instant::MAX_UTC);
        assert_eq!(later(Instant::MIN_UTC, -hours(1)), Instant::MIN_UTC);
        assert_eq!(seconds_between(Instant::MAX_UTC, Instant::MIN_UTC), 0);
    }

    #[test]
    fn an_instant_is_written_as_everywhere_else() {
        #[derive(Serialize)]
        struct Both {
            #[serde(serialize_with = "write")]
            quick: Instant,
            usual: Instant,
            #[serde(serialize_with = "write_some")]
            some: Option<Instant>,
        }
        let micros = [0, 1, -1, 1_000, 999_999, 1_000_000, 1_774_598_400_123_456, -62_198_755_200_000_000];
        let known = micros.map(|micros| Instant::from_timestamp_micros(micros).unwrap());
        let nanos = [1, 999, 1_000_001].map(|nanos| later(known[0], TimeDelta::nanoseconds(nanos)));
        let leap = DateTime::from_timestamp(59, 1_500_000_000).unwrap();
        let far = [Instant::MIN_UTC, Instant::MAX_UTC, "+12345-01-01T00:00:00Z".parse().unwrap(), leap];
        for at in known.into_iter().chain(nanos).chain(far) {
            let both = serde_json::to_value(Both { quick: at, usual: at, some: Some(at) }).unwrap();
            assert_eq!(both["quick"], both["usual"]);
            assert_eq!(both["some"], both["usual"]);
        }
    }

    #[test]
    fn a_span_of_a_policy_is_at_most_a_hundred_years() {
        assert!(Seconds::new(Seconds::MAX).is_ok());
        assert_eq!(Seconds::new(Seconds::MAX + 1), Err(SecondsError));
        assert!(serde_json::from_str::<Seconds>("-1").is_err());
    }
}
