//! The ledger: the clocks of a record, as intervals that events alone move.
//!
//! A [`Clock`] measures how long something takes: the response, the resolution, the next update. It starts,
//! is paused and resumed, warns, is found to be overdue, and ends; or it is cancelled, or another takes its
//! place. Each of these is an [`Entry`], and an event of the record; what was decided when it happened (the
//! target, when it is due, when it warns) stands in it, so that folding a log needs no calendar.
//!
//! How much of a target is used at an instant, how much is left and why is worked out of the intervals by the
//! calendar that the clock names: see [`Clock::read`] and [`Clock::explain`].

mod clock;
mod entry;
mod explain;

mod measure;
mod reading;
mod terms;
pub(crate) mod text;

use std::{collections::BTreeMap, sync::Arc};

pub use clock::{
    CancelReason, Clock, ClockEffect, ClockId, ClockResult, ClockState, Late, NextWarning, Pause, PauseReason, Schedule,
};
pub use entry::{
    ClockBreached, ClockCancelled, ClockEnded, ClockPaused, ClockRef, ClockReplaced, ClockRescheduled, ClockResumed,
    ClockRevived, ClockStarted, ClockWarned, Entry,
};

pub use explain::{ExplainedSpan, Explanation, WhyCounted};
pub use measure::Measure;
pub use reading::Reading;
pub(crate) use reading::schedule;

use serde::{Deserialize, Serialize};
pub use terms::{AgreementKind, CalendarStamp, Target, Terms, WarnAt};

use crate::{key::ClockName, time::Instant};

/// How many clocks that have stopped a record keeps beside those that have not, and beside the last of each
/// metric; what came before is in the log, and counted.
pub const MAX_STOPPED: usize = 16;

/// The clocks of a record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// In the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    clocks: Vec<Clock>,
    /// How many clocks there have been.
    #[serde(default)]
    started: u32,
    /// What came of the clocks that are no longer kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    earlier: BTreeMap<AgreementKind, BTreeMap<ClockName, Tally>>,
}

/// What came of the clocks of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// How many ended in time. A clock counts once, by how it ended last.
    pub met: u32,
    /// How many ended too late.
    pub missed: u32,
    /// How many were overdue at some time, however they ended: also those that were replaced or cancelled.
    pub ever_breached: u32,
}

impl Tally {
    fn count(&mut self, clock: &Clock) {
        let one = |counter: &mut u32, counts: bool| *counter = counter.saturating_add(u32::from(counts));
        let ended = match clock.state {
            ClockState::Ended { result, .. } => Some(result),
            _ => None,
        };
        one(&mut self.met, ended == Some(ClockResult::Met));
        one(&mut self.missed, ended == Some(ClockResult::Missed));
        one(&mut self.ever_breached, clock.breached.is_some());
    }
}

/// An entry that does not fit the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no such clock, or it is no longer kept.
    #[error("clock {} is not in the ledger", .0.0)]
    Unknown(ClockId),
    /// The clock is not in a state in which this can happen to it.
    #[error("this cannot happen to clock {} now", .0.0)]
    State(ClockId),
    /// A clock that starts must have the next id.
    #[error("clock {} does not follow the last one", .0.0)]
    Order(ClockId),
}

impl Ledger {
    /// Whether there has never been a clock.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.started == 0
    }

    /// Whether a ledger that was read can be one: ids that rise, pauses in order, states that fit them.
    pub(crate) fn is_sound(&self) -> bool {
        let rising = self.clocks.windows(2).all(|pair| matches!(pair, [a, b] if a.id < b.id));
        let known = |id: ClockId| id.0 > 0 && id.0 <= self.started;
        let followed = |clock: &Clock| match clock.state {
            ClockState::Replaced { by, .. } => by > clock.id && known(by),
            _ => true,
        };
        let counted = self.clocks.iter().all(|clock| known(clock.id) && followed(clock));
        // Were the ids used up, two clocks would have the same.
        let room = self.started < u32::MAX;
        rising && room && counted && self.clocks.iter().all(Clock::is_sound)
    }

    /// Whether there is a clock that is not of an agreement with the customer.
    pub(crate) fn has_internals(&self) -> bool {
        let mut kinds = self.clocks.iter().map(|clock| clock.terms.kind).chain(self.earlier.keys().copied());
        kinds.any(|kind| kind != AgreementKind::Sla)
    }

    /// Keeps the clocks of agreements with the customer.
    pub(crate) fn withhold(&mut self) {
        self.clocks.retain(|clock| clock.terms.kind == AgreementKind::Sla);
        self.earlier.retain(|kind, _| *kind == AgreementKind::Sla);
    }

    /// The clocks, in the order in which they started: all that are live, the last of each metric, and others that
    /// have stopped, [`MAX_STOPPED`] as a rule.
    #[must_use]
    pub fn clocks(&self) -> &[Clock] {
        &self.clocks
    }

    /// The clock with this id, if it is still kept.
    #[must_use]
    pub fn clock(&self, id: ClockId) -> Option<&Clock> {
        self.clocks.iter().find(|clock| clock.id == id)
    }

    /// The clocks that can still be met or missed.
    pub fn live(&self) -> impl Iterator<Item = &Clock> {
        self.clocks.iter().filter(|clock| clock.is_live())
    }

    /// The clocks that can still be met or missed, those first that are due first; those without a due
    /// instant, because they are paused, last.
    #[must_use]
    pub fn by_deadline(&self) -> Vec<&Clock> {
        let mut clocks: Vec<&Clock> = self.live().collect();
        clocks.sort_by_key(|clock| (clock.due().is_none(), clock.due(), clock.id));
        clocks
    }

    /// The last clock of this metric.
    #[must_use]
    pub fn last(&self, metric: &str) -> Option<&Clock> {
        self.clocks.iter().rev().find(|clock| clock.terms.metric.as_str() == metric)
    }

    /// The id that the next clock gets.
    #[must_use]
    pub const fn next_id(&self) -> ClockId {
        ClockId(self.started.saturating_add(1))
    }

    /// What came of the clocks of each metric, of agreements of this kind: of all of them, kept or not.
    #[must_use]
    pub fn tallies(&self, kind: AgreementKind) -> BTreeMap<ClockName, Tally> {
        let mut tallies = self.earlier.get(&kind).cloned().unwrap_or_default();
        for clock in self.clocks.iter().filter(|clock| clock.terms.kind == kind) {
            tallies.entry(clock.terms.metric.clone()).or_default().count(clock);
        }
        tallies
    }

    /// The terms of the clocks that were missed, as far as is known: those that [are](Clock::is_missed), and those that
    /// were overdue when another one took their place that began anew.
    pub(crate) fn missed(&self) -> impl Iterator<Item = &Terms> {
        let began_anew = |clock: &Clock| match (&clock.state, clock.breached) {
            (ClockState::Replaced { by, .. }, Some(breached)) => {
                self.clock(*by).is_some_and(|next| next.start > breached)
            }
            _ => false,
        };
        let missed = self.clocks.iter().filter(move |clock| clock.is_missed() || began_anew(clock));
        missed.map(|clock| &*clock.terms)
    }

    /// Whether a clock of this metric that is no longer kept was missed.
    pub(crate) fn missed_earlier(&self, kind: AgreementKind, metric: &ClockName) -> bool {
        self.earlier.get(&kind).and_then(|of_kind| of_kind.get(metric)).is_some_and(|tally| tally.missed > 0)
    }

    /// The metrics of which a clock was overdue at some time, of agreements of this kind.
    pub(crate) fn breached(&self, kind: AgreementKind) -> impl Iterator<Item = &ClockName> {
        let earlier = self.earlier.get(&kind).into_iter().flatten();
        let earlier = earlier.filter(|(_, tally)| tally.ever_breached > 0).map(|(metric, _)| metric);
        let kept = self.clocks.iter().filter(move |clock| clock.terms.kind == kind && clock.breached.is_some());
        earlier.chain(kept.map(|clock| &clock.terms.metric))
    }

    /// When one of the clocks next does something by itself, which one, and what.
    #[must_use]
    pub fn next_effect(&self) -> Option<(Instant, ClockId, ClockEffect)> {
        let effects = self.clocks.iter().filter_map(|clock| Some((clock.next_effect()?, clock.id)));
        // What is due at an instant is overdue only after it.
        effects
            .map(|((at, effect), id)| (at, id, effect))
            .min_by_key(|(at, id, effect)| (*at, *effect == ClockEffect::Breaches, *id))
    }

    /// Takes note of an entry.
    ///
    /// # Errors
    /// [`LedgerError`] for an entry about a clock that is not there, or to which this cannot happen now. The
    /// ledger is then as it was.
    pub(crate) fn enter(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        match entry {
            Entry::Started(started) => self.start(started)?,
            Entry::Replaced(replaced) => {
                self.in_turn(replaced.by.clock)?;
                let clock = self.clock_mut(replaced.clock.id)?;
                if !matches!(clock.state, ClockState::Running | ClockState::Paused | ClockState::Ended { .. }) {
                    return Err(LedgerError::State(replaced.clock.id));
                }
                // What had ended before shows what it showed then.
                let at = clock.state.stopped_at().unwrap_or(replaced.at);
                clock.state = ClockState::Replaced { at, by: replaced.by.clock };
                self.start(&replaced.by)?;
            }
            Entry::Paused(paused) => self.live_mut(paused.clock.id)?.pause_at(paused.at, &paused.reason),
            Entry::Resumed(resumed) => {
                let clock = self.clock_mut(resumed.clock.id)?;
                match clock.state {
                    ClockState::Paused => {
                        clock.end_pause(resumed.at);
                        clock.state = ClockState::Running;
                        clock.schedule(&resumed.schedule);
                    }
                    // It ended while it stood still: until when is known now, should it have ended later.
                    ClockState::Ended { .. } if clock.pause().is_some() => clock.end_pause(resumed.at),
                    _ => return Err(LedgerError::State(resumed.clock.id)),
                }
            }
            Entry::Warned(warned) => {
                let clock = self.live_mut(warned.clock.id)?;
                clock.schedule.warnings.retain(|next| next.warning != warned.warning);
                if !clock.warned.contains(&warned.warning) {
                    clock.warned.push(warned.warning);
                }
            }
            Entry::Breached(breached) => self.live_mut(breached.clock.id)?.breached = Some(breached.due),
            Entry::Ended(ended) => {
                let clock = self.clock_mut(ended.clock.id)?;
                if !matches!(clock.state, ClockState::Running | ClockState::Paused | ClockState::Ended { .. }) {
                    return Err(LedgerError::State(ended.clock.id));
                }
                let ClockEnded { at, result, due, used_seconds, late, .. } = **ended;
                clock.schedule = Schedule { due, warnings: Vec::new() };
                clock.state = ClockState::Ended { at, result, used_seconds, late };
                if result == ClockResult::Missed {
                    clock.breached = clock.breached.or(due);
                }
            }
            Entry::Cancelled(cancelled) => {
                let ClockCancelled { at, why, .. } = **cancelled;
                self.live_mut(cancelled.clock.id)?.state = ClockState::Cancelled { at, why };
            }
            Entry::Revived(revived) => self.clock_mut(revived.clock.id)?.revive(revived)?,
            Entry::Rescheduled(rescheduled) => self.live_mut(rescheduled.clock.id)?.schedule(&rescheduled.schedule),
        }
        self.forget();
        Ok(())
    }

    fn start(&mut self, started: &ClockStarted) -> Result<(), LedgerError> {
        self.in_turn(started.clock)?;
        let paused = started.pauses.last().is_some_and(|pause| pause.to.is_none());
        self.clocks.push(Clock {
            id: started.clock,
            terms: Arc::new(started.terms.clone()),
            start: started.start,
            spent: started.spent.unwrap_or(crate::time::Seconds::ZERO),
            pauses: started.pauses.clone(),
            state: if paused { ClockState::Paused } else { ClockState::Running },
            schedule: started.schedule.clone(),
            warned: Vec::new(),
            breached: None,
        });
        self.started = started.clock.0;
        Ok(())
    }

    fn in_turn(&self, id: ClockId) -> Result<(), LedgerError> {
        if id == self.next_id() { Ok(()) } else { Err(LedgerError::Order(id)) }
    }

    fn clock_mut(&mut self, id: ClockId) -> Result<&mut Clock, LedgerError> {
        self.clocks.iter_mut().find(|clock| clock.id == id).ok_or(LedgerError::Unknown(id))
    }

    fn live_mut(&mut self, id: ClockId) -> Result<&mut Clock, LedgerError> {
        let clock = self.clock_mut(id)?;
        if clock.is_live() { Ok(clock) } else { Err(LedgerError::State(id)) }
    }

    /// Lets go of the first clocks that have stopped, and counts them. The last one that measures the same is kept:
    /// it may be asked for again.
    fn forget(&mut self) {
        let stopped = self.clocks.iter().filter(|clock| !clock.is_live()).count();
        for _ in MAX_STOPPED..stopped {
            let spent = |(index, clock): (usize, &Clock)| {
                let later = self.clocks.iter().skip(index.saturating_add(1));
                let place =
                    |clock: &Clock| (clock.terms.kind, clock.terms.metric.clone(), clock.terms.agreement.clone());
                !clock.is_live() && later.into_iter().any(|other| place(other) == place(clock))
            };
            let Some(index) = self.clocks.iter().enumerate().position(spent) else { return };
            let clock = self.clocks.remove(index);
            let tallies = self.earlier.entry(clock.terms.kind).or_default();
            tallies.entry(clock.terms.metric.clone()).or_default().count(&clock);
        }
    }
}

impl Clock {
    fn is_sound(&self) -> bool {
        let pauses = &self.pauses;
        let each = pauses.iter().all(|pause| pause.to.is_none_or(|to| pause.from <= to));
        let ordered = pauses.windows(2).all(|pair| matches!(pair, [a, b] if a.to.is_some_and(|to| to <= b.from)));
        let stands = self.pause().is_some();
        let fits = match &self.state {
            ClockState::Running => !stands,
            ClockState::Paused => stands,
            // What stood still when it ended did so until then, whenever that is known to have been.
            ClockState::Ended { at, result, late, .. } => {
                *at >= self.start && (*result == ClockResult::Missed) == late.is_some()
            }
            ClockState::Cancelled { .. } | ClockState::Replaced { .. } => true,
        };
        let warnings = self.schedule.warnings.iter().map(|next| next.warning).chain(self.warned.iter().copied());
        let known = warnings.into_iter().all(|warning| usize::from(warning) < self.terms.warnings.len());
        let measured = self.terms.target.needs_calendar() == self.terms.calendar.is_some();
        each && ordered && fits && known && measured
    }

    /// Stands still from `at` on, for this reason. What was due before that stays due.
    fn pause_at(&mut self, at: Instant, reason: &PauseReason) {
        self.end_pause(at);
        let from = self.pauses.last().and_then(|last| last.to).map_or(at, |end| at.max(end));
        self.pauses.push(Pause { from, to: None, reason: reason.clone() });
        self.state = ClockState::Paused;
        self.schedule.due = self.schedule.due.filter(|due| *due <= from);
        self.schedule.warnings.retain(|next| next.at <= from);
    }

    /// Ends the pause that lasts, if one does. One that would end before it began never was.
    pub(super) fn end_pause(&mut self, at: Instant) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(at.max(pause.from));
            if at <= pause.from {
                self.pauses.pop();
            }
        }
    }

    /// Is due and warns at these instants from now on. Warnings that were given are not given again.
    fn schedule(&mut self, schedule: &Schedule) {
        self.schedule = schedule.clone();
        let warned = &self.warned;
        self.schedule.warnings.retain(|next| !warned.contains(&next.warning));
    }

    /// Goes on after it had stopped.
    fn revive(&mut self, revived: &ClockRevived) -> Result<(), LedgerError> {
        let (ClockState::Ended { at: since, .. } | ClockState::Cancelled { at: since, .. }) = self.state else {
            return Err(LedgerError::State(self.id));
        };
        // What stood still when it ended did so until then. What was cancelled comes back as if nothing had been.
        if revived.gap.is_some() || matches!(self.state, ClockState::Ended { .. }) {
            self.end_pause(since);
        }
        if let Some(reason) = &revived.gap
            && since < revived.at
        {
            let from = self.pauses.last().and_then(|last| last.to).map_or(since, |end| end.max(since));
            if from < revived.at {
                self.pauses.push(Pause { from, to: Some(revived.at), reason: reason.clone() });
            }
        }
        self.state = if self.pause().is_some() { ClockState::Paused } else { ClockState::Running };
        self.schedule(&revived.schedule);
        Ok(())
    }
}
