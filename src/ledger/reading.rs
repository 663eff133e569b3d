//! Reading a clock: how much is used, how much is left, and when it is due.

use chrono::TimeDelta;

use super::{
    Clock, ClockEnded, ClockResult, ClockState, Late, Measure, NextWarning, Pause, PauseReason, Schedule, Terms,
};
use crate::{
    calendar::{CalendarError, Span},
    time::{Instant, Seconds},
};

/// What a clock shows at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// How much of the target is used, in the clock's own time. It may be more than the target.
    pub used: TimeDelta,
    /// How much of the target is left; less than nothing if more was used.
    pub remaining: TimeDelta,
    /// The target in the clock's own time: for business days, what they came to.
    pub budget: Seconds,
    /// When it is due; `None` while it was paused before that.
    pub due: Option<Instant>,
    /// By how much it is overdue now, or was when it stopped.
    pub late: Option<Late>,
    /// How long it was paused, in real time.
    pub paused: TimeDelta,
    /// How long it was paused, in the clock's own time.
    pub paused_counted: TimeDelta,
}

impl Reading {
    /// How many hundredths of the target are used, rounded down: 99.9 of them are 99.
    #[must_use]
    pub fn percent_used(&self) -> u64 {
        let used = u64::try_from(self.used.num_seconds()).unwrap_or(0);
        used.saturating_mul(100).checked_div(self.budget.get()).unwrap_or(100)
    }
}

impl Clock {
    /// What the clock shows at `now`; if it has stopped, what it showed then.
    ///
    /// # Errors
    /// [`CalendarError`] for instants that the calendar does not reach.
    pub fn read(&self, now: Instant, measure: Measure<'_>) -> Result<Reading, CalendarError> {
        let until = self.until(now);
        let budget = measure.budget(self.terms.target, self.start)?;
        let used = self.used(until, measure)?;
        let whole = self.spans(until, PauseReason::is_pause);
        let (mut paused, mut paused_counted) = (TimeDelta::zero(), TimeDelta::zero());
        for span in &whole {
            let from = span.from().max(self.start);
            paused = plus(paused, span.to().signed_duration_since(from).max(TimeDelta::zero()));
            paused_counted = plus(paused_counted, measure.elapsed(from, span.to(), &[])?);
        }
        let late = match self.state {
            ClockState::Ended { late, .. } => late,
            _ => self.late(until, measure)?,
        };
        Ok(Reading {
            used,
            remaining: budget.span().checked_sub(&used).unwrap_or(TimeDelta::zero()),
            budget,
            due: self.schedule.due,
            late,
            paused,
            paused_counted,
        })
    }

    /// The last instant at which the clock is looked at: now, or when it stopped.
    pub(super) fn until(&self, now: Instant) -> Instant {
        self.state.stopped_at().map_or(now, |stopped| stopped.min(now)).max(self.start)
    }

    /// How much is used by `until`.
    pub(crate) fn used(&self, until: Instant, measure: Measure<'_>) -> Result<TimeDelta, CalendarError> {
        let counted = measure.elapsed(self.start, until, &self.spans(until, |_| true))?;
        Ok(plus(self.spent.span(), counted))
    }

    /// By how much it is overdue at `until`.
    pub(crate) fn late(&self, until: Instant, measure: Measure<'_>) -> Result<Option<Late>, CalendarError> {
        let Some(due) = self.schedule.due.filter(|due| *due < until) else { return Ok(None) };
        let counted = measure.elapsed(due, until, &self.spans(until, |_| true))?;
        let seconds = |span: TimeDelta| u64::try_from(span.num_seconds()).unwrap_or(0);
        Ok(Some(Late { counted_seconds: seconds(counted), elapsed_seconds: seconds(until.signed_duration_since(due)) }))
    }

    /// What the clock comes to if what it measures was done at `end`.
    pub(crate) fn ended_at(&self, end: Instant, measure: Measure<'_>) -> Result<ClockEnded, CalendarError> {
        let mut ended = self.clone();
        ended.end_pause(end);
        ended.schedule = ended.scheduled(measure)?;
        let late = ended.late(end, measure)?;
        let used = ended.used(end, measure)?.num_seconds();
        Ok(ClockEnded {
            clock: self.to_ref(),
            at: end,
            result: if late.is_some() { ClockResult::Missed } else { ClockResult::Met },
            due: if late.is_some() { ended.schedule.due } else { self.schedule.due },
            used_seconds: u64::try_from(used).unwrap_or(0),
            late,
        })
    }

    /// The pauses as spans; one that lasts ends at `until`.
    pub(super) fn spans(&self, until: Instant, wanted: impl Fn(&PauseReason) -> bool) -> Vec<Span> {
        spans(&self.pauses, until, wanted)
    }

    /// When the clock is due and when it warns, by its terms and pauses.
    pub(crate) fn scheduled(&self, measure: Measure<'_>) -> Result<Schedule, CalendarError> {
        schedule(&self.terms, self.start, self.spent, &self.pauses, measure)
    }

    /// When the clock is due and when it warns, if that is not what was said; without the warnings that were given
    /// or left out.
    pub(crate) fn rescheduled(&self, measure: Measure<'_>) -> Result<Option<Schedule>, CalendarError> {
        let mut schedule = self.scheduled(measure)?;
        let known = |next: &NextWarning| self.schedule.warnings.iter().any(|said| said.warning == next.warning);
        schedule.warnings.retain(known);
        Ok((schedule != self.schedule).then_some(schedule))
    }

    /// When the clock is due if it goes on at `now`; the same as [`due`](Self::due) for one that is not paused.
    ///
    /// # Errors
    /// [`CalendarError`] if it is due where the calendar does not reach.
    pub fn due_if_resumed(&self, now: Instant, measure: Measure<'_>) -> Result<Option<Instant>, CalendarError> {
        if self.pause().is_none() {
            return Ok(self.due());
        }
        let mut resumed = self.clone();
        resumed.end_pause(now);
        Ok(resumed.scheduled(measure)?.due)
    }
}

fn spans(pauses: &[Pause], until: Instant, wanted: impl Fn(&PauseReason) -> bool) -> Vec<Span> {
    let spans = pauses.iter().filter(|pause| wanted(&pause.reason)).filter_map(|pause| {
        let to = pause.to.unwrap_or(until).min(until);
        (pause.from < to).then(|| Span::new(pause.from, to).ok()).flatten()
    });
    spans.collect()
}

/// When a clock with these terms and pauses is due, and when it warns. While a pause lasts, what would come
/// after its beginning has no instant yet.
pub(crate) fn schedule(
    terms: &Terms,
    start: Instant,
    spent: Seconds,
    pauses: &[Pause],
    measure: Measure<'_>,
) -> Result<Schedule, CalendarError> {
    let stopped = pauses.last().filter(|pause| pause.to.is_none()).map(|pause| pause.from);
    // A pause that lasts ends where it began: it covers nothing yet.
    let covered = spans(pauses, stopped.unwrap_or(Instant::MAX_UTC), |_| true);
    let reached = |at: &Instant| stopped.is_none_or(|from| *at <= from);
    let due = measure.deadline(terms.target, start, spent, &covered)?;
    let budget = measure.budget(terms.target, start)?;
    let mut warnings = Vec::with_capacity(terms.warnings.len());
    for (index, warning) in (0..).zip(&terms.warnings) {
        let Some(left) = warning.of(budget).get().checked_sub(spent.get()) else { continue };
        let at = measure.due(start, Seconds::capped(left), &covered)?;
        if reached(&at) {
            warnings.push(NextWarning { warning: index, at });
        }
    }
    Ok(Schedule { due: Some(due).filter(reached), warnings })
}

fn plus(a: TimeDelta, b: TimeDelta) -> TimeDelta {
    a.checked_add(&b).unwrap_or(TimeDelta::MAX)
}
