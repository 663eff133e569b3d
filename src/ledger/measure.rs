//! In what time a clock counts: around the clock, or in the hours of a calendar.

use chrono::TimeDelta;

use super::{Target, WarnAt};
use crate::{
    calendar::{BusinessDays, Calendar, CalendarError, Span},
    time::{Instant, Seconds, later},
};

/// In what time a clock counts.
#[derive(Debug, Clone, Copy)]
pub enum Measure<'a> {
    /// Around the clock.
    Elapsed,
    /// In the hours of this calendar.
    Business(&'a Calendar),
}

impl Measure<'_> {
    /// How much counts from `from` to `to`, without the pauses; 0 if `to` is earlier.
    ///
    /// # Errors
    /// [`CalendarError`] for instants that the calendar does not reach.
    pub fn elapsed(self, from: Instant, to: Instant, pauses: &[Span]) -> Result<TimeDelta, CalendarError> {
        if to <= from {
            return Ok(TimeDelta::zero());
        }
        match self {
            Self::Elapsed => Ok(uncovered(from, to, pauses)),
            Self::Business(calendar) => calendar.elapsed_over(from, to, pauses),
        }
    }

    /// The first instant by which so much has counted since `start`, without the pauses.
    ///
    /// # Errors
    /// [`CalendarError`] if it lies where the calendar does not reach.
    pub fn due(self, start: Instant, budget: Seconds, pauses: &[Span]) -> Result<Instant, CalendarError> {
        match self {
            Self::Elapsed => Ok(after(start, budget.span(), pauses)),
            Self::Business(calendar) => calendar.due_over(start, budget, pauses),
        }
    }

    /// The last instant from which so much counts until `end`.
    ///
    /// # Errors
    /// [`CalendarError`] if it lies where the calendar does not reach.
    pub fn start_before(self, end: Instant, budget: Seconds) -> Result<Instant, CalendarError> {
        match self {
            Self::Elapsed => Ok(crate::time::earlier(end, budget.span())),
            Self::Business(calendar) => calendar.start_before(end, budget),
        }
    }

    /// When a target that began at `start`, of which `spent` was used before, is due.
    ///
    /// # Errors
    /// [`CalendarError`] if it lies where the calendar does not reach.
    pub(super) fn deadline(
        self,
        target: Target,
        start: Instant,
        spent: Seconds,
        pauses: &[Span],
    ) -> Result<Instant, CalendarError> {
        match (target, self) {
            (Target::EndOfBusinessDay(_) | Target::BusinessDays(_), Self::Business(calendar))
                if spent == Seconds::ZERO =>
            {
                in_days(calendar, target, start, pauses)
            }
            _ => match self.budget(target, start)?.get().checked_sub(spent.get()) {
                Some(left) => self.due(start, Seconds::capped(left), pauses),
                // More was used before than there is now: it was due before it began.
                None => {
                    let over = spent.get().saturating_sub(self.budget(target, start)?.get());
                    self.start_before(start, Seconds::capped(over))
                }
            },
        }
    }

    /// How much a target comes to in the clock's own time, if it begins at `start`.
    ///
    /// # Errors
    /// [`CalendarError`] if it ends where the calendar does not reach.
    pub(super) fn budget(self, target: Target, start: Instant) -> Result<Seconds, CalendarError> {
        let end = match (target, self) {
            (Target::ElapsedSeconds(seconds) | Target::BusinessSeconds(seconds), _) => return Ok(seconds),
            (_, Self::Business(calendar)) => in_days(calendar, target, start, &[])?,
            // A policy does not measure business days without a calendar.
            (Target::EndOfBusinessDay(days) | Target::BusinessDays(days), Self::Elapsed) => {
                later(start, crate::time::days(u32::from(days)))
            }
        };
        let counted = self.elapsed(start, end, &[])?.num_seconds();
        Ok(Seconds::capped(u64::try_from(counted).unwrap_or(0)))
    }
}

/// When a target in business days is due.
fn in_days(calendar: &Calendar, target: Target, start: Instant, pauses: &[Span]) -> Result<Instant, CalendarError> {
    match target {
        Target::EndOfBusinessDay(days) => calendar.due_end_of_day_over(start, BusinessDays(days), pauses),
        Target::BusinessDays(days) => calendar.due_same_time_over(start, BusinessDays(days), pauses),
        Target::ElapsedSeconds(seconds) | Target::BusinessSeconds(seconds) => calendar.due_over(start, seconds, pauses),
    }
}

impl WarnAt {
    /// How much of a budget is used when it is time to warn. Fractions of a second are left out.
    pub(super) fn of(self, budget: Seconds) -> Seconds {
        let used = match self {
            Self::Percent(percent) => {
                let hundredths = u128::from(budget.get()).saturating_mul(u128::from(percent));
                u64::try_from(hundredths.checked_div(100).unwrap_or(0)).unwrap_or(u64::MAX)
            }
            Self::SecondsLeft(left) => budget.get().saturating_sub(left.get()),
        };
        Seconds::capped(used)
    }
}

/// The time from `from` to `to` that no pause covers. Pauses are in order and do not overlap.
fn uncovered(from: Instant, to: Instant, pauses: &[Span]) -> TimeDelta {
    let covered = pauses.iter().map(|pause| {
        let (begin, end) = (pause.from().max(from), pause.to().min(to));
        end.signed_duration_since(begin).max(TimeDelta::zero())
    });
    let covered = covered.fold(TimeDelta::zero(), |sum, part| sum.checked_add(&part).unwrap_or(TimeDelta::MAX));
    let whole = to.signed_duration_since(from);
    whole.checked_sub(&covered).unwrap_or(TimeDelta::zero()).max(TimeDelta::zero())
}

/// The first instant by which `budget` has passed since `start`, without the pauses.
fn after(start: Instant, budget: TimeDelta, pauses: &[Span]) -> Instant {
    let mut end = later(start, budget);
    for pause in pauses.iter().filter(|pause| pause.to() > start) {
        let begin = pause.from().max(start);
        if end <= begin {
            break;
        }
        end = later(end, pause.to().signed_duration_since(begin));
    }
    end
}
