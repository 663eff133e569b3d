//! Rules of zones: the offset at an instant, the instant of a local time, and when clocks change.

use std::{fmt, sync::Arc};

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta};

use super::ZoneName;
use crate::time::{Instant, earlier, later};

/// The first instant that calendars and zones answer for: 1970-01-01T00:00Z. What zones did before is not
/// kept reliably, and no agreement reaches back so far.
pub const RANGE_START: Instant = DateTime::UNIX_EPOCH;

/// The first instant that calendars and zones no longer answer for: 2100-01-01T00:00Z. Compiled zone data
/// end there; beyond, an answer would be an hour off every summer.
pub const RANGE_END: Instant = match DateTime::from_timestamp(END_SECONDS, 0) {
    Some(end) => end,
    None => DateTime::UNIX_EPOCH,
};

/// [`RANGE_START`] in seconds since 1970.
pub(super) const START_SECONDS: i64 = 0;
/// [`RANGE_END`] in seconds since 1970.
pub(super) const END_SECONDS: i64 = 4_102_444_800;

/// Why a zone's rules have no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZoneError {
    /// The time lies before 1970, or in 2100 or later.
    #[error("{0} lies outside the years 1970 to 2099, for which the rules of zones are known")]
    OutOfRange(NaiveDateTime),
    /// A host's own rules could not say; the text is the host's.
    #[error("the rules of the zone gave no answer: {0}")]
    Unavailable(String),
}

/// The rules of one zone. A host that keeps zone data of its own implements this, and a [`ZoneSource`] that
/// hands it out.
///
/// The rules must answer for every instant from [`RANGE_START`] to before [`RANGE_END`]. The search for
/// [changes](zone_changes) looks at every fifth day: two changes within five days that cancel out are not seen (no
/// zone of the IANA database has had such since 1970; the closest are seven days apart).
///
/// ```
/// use andon::calendar::{BuiltIn, LocalTime, ZoneName, ZoneSource};
///
/// let zone = BuiltIn.rules(&ZoneName::new("+05:30")?).ok_or("no such zone")?;
/// assert_eq!(zone.offset_at("2026-03-29T00:00:00Z".parse()?)?.local_minus_utc(), 19_800);
/// assert!(matches!(zone.local("2026-03-29T02:30:00".parse()?)?, LocalTime::One(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ZoneRules: Send + Sync {
    /// The offset from UTC that is in force at an instant, in whole seconds.
    ///
    /// # Errors
    /// [`ZoneError`] before [`RANGE_START`], from [`RANGE_END`] on, and where the rules cannot say.
    fn offset_at(&self, at: Instant) -> Result<FixedOffset, ZoneError>;

    /// What a local time is: one instant, none or two. As it stands, it is found by asking
    /// [`offset_at`](Self::offset_at) a day before and a day after.
    ///
    /// # Errors
    /// [`ZoneError`] as with [`offset_at`](Self::offset_at). A local time within two days of the ends of the
    /// range is judged by what is known within it.
    fn local(&self, local: NaiveDateTime) -> Result<LocalTime, ZoneError> {
        let clamp = |at: Instant| at.clamp(RANGE_START, earlier(RANGE_END, TimeDelta::seconds(1)));
        let (Some(day_before), Some(day_after)) =
            (local.checked_sub_signed(TimeDelta::days(1)), local.checked_add_signed(TimeDelta::days(1)))
        else {
            return Err(ZoneError::OutOfRange(local));
        };
        if day_after.and_utc() < RANGE_START || day_before.and_utc() >= RANGE_END {
            return Err(ZoneError::OutOfRange(local));
        }
        let before = self.offset_at(clamp(day_before.and_utc()))?;
        let after = self.offset_at(clamp(day_after.and_utc()))?;
        let is_so = |offset: FixedOffset| -> Result<bool, ZoneError> {
            Ok(self.offset_at(clamp(minus(local, offset)))? == offset)
        };
        Ok(match (is_so(before)?, is_so(after)?) {
            (true, true) if before == after => LocalTime::One(before),
            (true, true) => LocalTime::Fold { first: before, second: after },
            (true, false) => LocalTime::One(before),
            (false, true) => LocalTime::One(after),
            (false, false) => LocalTime::Gap { before, after },
        })
    }
}

/// The instant at which a clock at this offset shows `local`.
fn minus(local: NaiveDateTime, offset: FixedOffset) -> Instant {
    let span = TimeDelta::seconds(i64::from(offset.local_minus_utc()));
    earlier(local.and_utc(), span)
}

/// What a local time is in a zone whose clocks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalTime {
    /// It comes once.
    One(FixedOffset),
    /// It never comes: the clocks were put forward over it.
    Gap {
        /// The offset before the change.
        before: FixedOffset,
        /// The offset after it.
        after: FixedOffset,
    },
    /// It comes twice: the clocks were put back over it.
    Fold {
        /// The offset the first time.
        first: FixedOffset,
        /// The offset the second time.
        second: FixedOffset,
    },
}

impl LocalTime {
    /// The offset by which `local` is read under the rule of RFC 5545, which Temporal calls "compatible":
    /// in a gap the one before it, in a fold the first.
    #[must_use]
    pub const fn offset(self) -> FixedOffset {
        match self {
            Self::One(offset) | Self::Gap { before: offset, .. } | Self::Fold { first: offset, .. } => offset,
        }
    }

    /// The instant that `local` means under that rule, if this is what `local` is: in a gap it moves forward
    /// by the gap (02:30 becomes 03:30), in a fold it is the first of the two.
    ///
    /// ```
    /// use andon::calendar::{BuiltIn, ZoneName, ZoneSource};
    ///
    /// # #[cfg(feature = "time-zones")] {
    /// let berlin = BuiltIn.rules(&ZoneName::new("Europe/Berlin")?).ok_or("no such zone")?;
    /// let skipped = "2026-03-29T02:30:00".parse()?;
    /// assert_eq!(berlin.local(skipped)?.instant(skipped).to_rfc3339(), "2026-03-29T01:30:00+00:00");
    /// let twice = "2026-10-25T02:30:00".parse()?;
    /// assert_eq!(berlin.local(twice)?.instant(twice).to_rfc3339(), "2026-10-25T00:30:00+00:00");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn instant(self, local: NaiveDateTime) -> Instant {
        minus(local, self.offset())
    }
}

/// Where calendars find the rules of zones.
pub trait ZoneSource: Send + Sync {
    /// The rules of a zone; `None` if the source does not know it.
    fn rules(&self, name: &ZoneName) -> Option<Arc<dyn ZoneRules>>;

    /// Which data these are, such as `2026e`: it says why two hosts differ.
    fn version(&self) -> &str;
}

impl<S: ZoneSource + ?Sized> ZoneSource for &S {
    fn rules(&self, name: &ZoneName) -> Option<Arc<dyn ZoneRules>> {
        (**self).rules(name)
    }

    fn version(&self) -> &str {
        (**self).version()
    }
}

impl<S: ZoneSource + ?Sized> ZoneSource for Arc<S> {
    fn rules(&self, name: &ZoneName) -> Option<Arc<dyn ZoneRules>> {
        (**self).rules(name)
    }

    fn version(&self) -> &str {
        (**self).version()
    }
}

/// A change of a zone's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneChange {
    /// The first instant at which the new offset is in force.
    pub at: Instant,
    /// The offset before.
    pub before: FixedOffset,
    /// The offset from then on.
    pub after: FixedOffset,
}

impl fmt::Display for ZoneChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clocks go from {} to {}", self.before, self.after)
    }
}

/// How far apart the search for changes looks.
const STEP: TimeDelta = TimeDelta::days(5);

/// The changes of a zone's clocks after `from` and before `to`, in order.
///
/// They are found by asking for the offset every five days, and by halving the spans over which it differs.
///
/// ```
/// use andon::calendar::{BuiltIn, ZoneName, ZoneSource, zone_changes};
///
/// # #[cfg(feature = "time-zones")] {
/// let berlin = BuiltIn.rules(&ZoneName::new("Europe/Berlin")?).ok_or("no such zone")?;
/// let changes = zone_changes(&*berlin, "2026-01-01T00:00:00Z".parse()?, "2027-01-01T00:00:00Z".parse()?)?;
/// assert_eq!(changes.len(), 2);
/// assert_eq!(changes[0].to_string(), "clocks go from +01:00 to +02:00");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ZoneError`] if the span reaches beyond [`RANGE_START`] or [`RANGE_END`], or the rules cannot say.
pub fn zone_changes(rules: &dyn ZoneRules, from: Instant, to: Instant) -> Result<Vec<ZoneChange>, ZoneError> {
    let mut changes = Vec::new();
    if to <= from {
        return Ok(changes);
    }
    if from < RANGE_START || to > RANGE_END {
        let out = if from < RANGE_START { from } else { to };
        return Err(ZoneError::OutOfRange(out.naive_utc()));
    }
    let mut known = from;
    let mut before = rules.offset_at(known)?;
    let last = earlier(to, TimeDelta::seconds(1));
    while known < last {
        let next = later(known, STEP).min(last);
        if rules.offset_at(next)? == before {
            known = next;
            continue;
        }
        let (at, after) = first_other(rules, known, next, before)?;
        changes.push(ZoneChange { at, before, after });
        (known, before) = (at, after);
    }
    Ok(changes)
}

/// The instant, to the second, from which on the offset is no longer `before`; it is so at `low`, and no
/// longer at `high`.
fn first_other(
    rules: &dyn ZoneRules,
    low: Instant,
    high: Instant,
    before: FixedOffset,
) -> Result<(Instant, FixedOffset), ZoneError> {
    let (mut low, mut high) = (low.timestamp(), high.timestamp());
    let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or(RANGE_START);
    while low.saturating_add(1) < high {
        let middle = low.midpoint(high);
        if rules.offset_at(at(middle))? == before {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok((at(high), rules.offset_at(at(high))?))
}
