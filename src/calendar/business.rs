//! Business time by instants, with their nanoseconds, and over pauses.

use chrono::{DateTime, TimeDelta};

use super::{
    Calendar, CalendarError, Span,
    rules::{END_SECONDS, RANGE_END},
    seconds::{Edge, in_range},
};
use crate::time::{Instant, Seconds};

const NANOS: i64 = 1_000_000_000;

impl Calendar {
    /// Whether an instant is business time. Hours are half-open: an opening instant is, a closing one is not.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] before 1970, and in 2100 or later.
    pub fn is_open(&self, at: Instant) -> Result<bool, CalendarError> {
        self.is_open_seconds(at.timestamp())
    }

    /// The next instant that is business time: `at` itself if it is.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for an instant outside the years 1970 to 2099, and
    /// [`CalendarError::BeyondRange`] if it does not open again within them.
    pub fn next_open(&self, at: Instant) -> Result<Instant, CalendarError> {
        if self.is_open(at)? {
            return Ok(at);
        }
        let (open, _) = self.piece(at.timestamp())?;
        instant(open, 0)
    }

    /// The first closing instant after `at`, whether `at` is business time or not. Hours that touch are one:
    /// 22:00 to 24:00 and 00:00 to 06:00 of the next day close once.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for an instant outside the years 1970 to 2099, and
    /// [`CalendarError::BeyondRange`] if it does not close again within them.
    pub fn next_close(&self, at: Instant) -> Result<Instant, CalendarError> {
        let (_, close) = self.piece(at.timestamp())?;
        if close < END_SECONDS { instant(close, 0) } else { Err(CalendarError::BeyondRange) }
    }

    /// The first instant by which `budget` of business time has passed since `start`. It may be a closing
    /// instant: eight hours from 09:00 in a week of 9 to 5 end at 17:00, not on the next morning. With no
    /// budget it is `start`, open or not. Real seconds count: a night on which the clocks change is an hour
    /// shorter or longer.
    ///
    /// ```
    /// use andon::{calendar::{BuiltIn, CalendarDraft, Hours, WORKDAYS}, time::Seconds};
    ///
    /// let desk = CalendarDraft::new("Desk").zone("UTC").open_on(WORKDAYS, [Hours::new("09:00", "17:00")?]);
    /// let desk = desk.compile(&BuiltIn)?;
    /// let friday = "2026-03-27T15:30:00Z".parse()?;
    /// assert_eq!(desk.due(friday, Seconds::hours(4))?.to_rfc3339(), "2026-03-30T11:30:00+00:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for a start outside the years 1970 to 2099, and
    /// [`CalendarError::BeyondRange`] if the budget is not used up within them.
    #[inline]
    pub fn due(&self, start: Instant, budget: Seconds) -> Result<Instant, CalendarError> {
        if start.timestamp_subsec_nanos() == 0 {
            return instant(self.due_seconds(start.timestamp(), budget.get())?, 0);
        }
        self.due_fine(start, nanos(budget))
    }

    /// The last instant from which on `budget` of business time passes until `end`: the mirror of
    /// [`due`](Self::due). It may be an opening instant; with no budget it is `end`.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for an end outside the years 1970 to 2099, and
    /// [`CalendarError::BeyondRange`] if there is not so much business time before it within them.
    pub fn start_before(&self, end: Instant, budget: Seconds) -> Result<Instant, CalendarError> {
        self.start_before_fine(end, nanos(budget))
    }

    /// The business time from `from` to before `to`; negative if `to` is before `from`.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for an instant outside the years 1970 to 2099.
    #[inline]
    pub fn elapsed(&self, from: Instant, to: Instant) -> Result<TimeDelta, CalendarError> {
        let whole = self.elapsed_seconds(from.timestamp(), to.timestamp())?;
        if from.timestamp_subsec_nanos() == 0 && to.timestamp_subsec_nanos() == 0 {
            return Ok(span(whole, 0));
        }
        Ok(span(whole, self.open_nanos(to)?.saturating_sub(self.open_nanos(from)?)))
    }

    /// [`due`](Self::due), with pauses left out: what lies in one of them does not count. They may overlap, and
    /// come in any order. With no budget it is `start`, in a pause or not.
    ///
    /// ```
    /// use andon::{calendar::{BuiltIn, CalendarDraft, Hours, Span, WORKDAYS}, time::Seconds};
    ///
    /// let desk = CalendarDraft::new("Desk").zone("UTC").open_on(WORKDAYS, [Hours::new("09:00", "17:00")?]);
    /// let desk = desk.compile(&BuiltIn)?;
    /// // A pause from Friday afternoon to Monday 10:00 is two and a half hours of business time.
    /// let hold = Span::new("2026-03-27T15:30:00Z".parse()?, "2026-03-30T10:00:00Z".parse()?)?;
    /// let due = desk.due_over("2026-03-27T15:00:00Z".parse()?, Seconds::hours(4), &[hold])?;
    /// assert_eq!(due.to_rfc3339(), "2026-03-30T13:30:00+00:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As with [`due`](Self::due).
    pub fn due_over(&self, start: Instant, budget: Seconds, pauses: &[Span]) -> Result<Instant, CalendarError> {
        self.due_fine_over(start, nanos(budget), pauses)
    }

    pub(super) fn due_fine_over(&self, start: Instant, budget: i64, pauses: &[Span]) -> Result<Instant, CalendarError> {
        in_range(start.timestamp())?;
        let (mut from, mut left) = (start, budget);
        if left == 0 {
            return Ok(start);
        }
        for pause in Span::joined(pauses, start, RANGE_END) {
            if from < pause.from() {
                let passed = self.nanos_between(from, pause.from())?;
                if passed >= left {
                    break;
                }
                left = left.saturating_sub(passed);
            }
            if pause.to() >= RANGE_END {
                return Err(CalendarError::BeyondRange);
            }
            from = pause.to();
        }
        self.due_fine(from, left)
    }

    /// [`start_before`](Self::start_before), with pauses left out.
    ///
    /// # Errors
    /// As with [`start_before`](Self::start_before).
    pub fn start_before_over(&self, end: Instant, budget: Seconds, pauses: &[Span]) -> Result<Instant, CalendarError> {
        in_range(end.timestamp())?;
        let (mut to, mut left) = (end, nanos(budget));
        if left == 0 {
            return Ok(end);
        }
        for pause in Span::joined(pauses, super::RANGE_START, end).iter().rev() {
            if pause.to() < to {
                let passed = self.nanos_between(pause.to(), to)?;
                if passed >= left {
                    break;
                }
                left = left.saturating_sub(passed);
            }
            to = pause.from();
        }
        self.start_before_fine(to, left)
    }

    /// [`elapsed`](Self::elapsed), with pauses left out.
    ///
    /// # Errors
    /// As with [`elapsed`](Self::elapsed).
    pub fn elapsed_over(&self, from: Instant, to: Instant, pauses: &[Span]) -> Result<TimeDelta, CalendarError> {
        if to < from {
            let forth = self.elapsed_over(to, from, pauses)?;
            return Ok(TimeDelta::zero().checked_sub(&forth).unwrap_or_default());
        }
        let mut sum = self.elapsed(from, to)?;
        for pause in Span::joined(pauses, from, to) {
            sum = sum.checked_sub(&self.elapsed(pause.from(), pause.to())?).unwrap_or_default();
        }
        Ok(sum)
    }

    /// The business time of a span in nanoseconds, which 130 years of them fit into.
    fn nanos_between(&self, from: Instant, to: Instant) -> Result<i64, CalendarError> {
        Ok(self.elapsed(from, to)?.num_nanoseconds().unwrap_or(i64::MAX))
    }

    /// The nanoseconds of an instant beyond its second, if that is open.
    fn open_nanos(&self, at: Instant) -> Result<i64, CalendarError> {
        let nanos = subsecond(at);
        Ok(if nanos > 0 && self.is_open(at)? { nanos } else { 0 })
    }

    /// Hours open and close at whole seconds, so that what the start has begun of its second is carried over
    /// to the end.
    pub(super) fn due_fine(&self, start: Instant, budget: i64) -> Result<Instant, CalendarError> {
        let second = in_range(start.timestamp())?;
        if budget == 0 {
            return Ok(start);
        }
        let all = self.open_nanos(start)?.saturating_add(budget);
        let (whole, part) = (all.div_euclid(NANOS), all.rem_euclid(NANOS));
        if part == 0 {
            instant(self.reach(second, whole, Edge::First)?, 0)
        } else {
            instant(self.reach(second, whole, Edge::Open)?, part)
        }
    }

    fn start_before_fine(&self, end: Instant, budget: i64) -> Result<Instant, CalendarError> {
        let second = in_range(end.timestamp())?;
        if budget == 0 {
            return Ok(end);
        }
        let all = budget.saturating_sub(self.open_nanos(end)?);
        // So many whole seconds back, and from there a part of a second forth.
        let (whole, part) =
            (all.saturating_neg().div_euclid(NANOS).saturating_neg(), all.saturating_neg().rem_euclid(NANOS));
        let from = if whole <= 0 { second } else { self.reach_back(second, whole)? };
        instant(from, part)
    }
}

/// The nanoseconds beyond the second. An instant within a leap second counts as the end of the second before.
fn subsecond(at: Instant) -> i64 {
    i64::from(at.timestamp_subsec_nanos()).min(NANOS.saturating_sub(1))
}

fn nanos(budget: Seconds) -> i64 {
    i64::try_from(budget.get()).unwrap_or(i64::MAX).saturating_mul(NANOS)
}

#[inline]
fn instant(seconds: i64, nanos: i64) -> Result<Instant, CalendarError> {
    u32::try_from(nanos)
        .ok()
        .and_then(|nanos| DateTime::from_timestamp(seconds, nanos))
        .ok_or(CalendarError::BeyondRange)
}

fn span(seconds: i64, nanos: i64) -> TimeDelta {
    TimeDelta::seconds(seconds).checked_add(&TimeDelta::nanoseconds(nanos)).unwrap_or_default()
}
