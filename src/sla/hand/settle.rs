//! Bringing every clock to where its record says that it should be.

use super::{Hand, pause_reason};
use crate::{
    incident::{Milestone, Stage},
    ledger::{
        CancelReason, Clock, ClockCancelled, ClockEnded, ClockId, ClockPaused, ClockReplaced, ClockResult,
        ClockResumed, ClockRevived, ClockState, Ledger, Pause, PauseReason, Schedule,
    },
    sla::{EndRule, MetricRule, OnReopening, Promise, promise::held_for},
    time::{Instant, Seconds},
};

impl<'a> Hand<'a> {
    /// Brings every clock to where the record says that it should be.
    pub(in crate::sla) fn settle(&mut self) {
        let unsettled = self.ledger.clocks().iter().filter_map(|clock| {
            let rule = self.clockwork.rule(clock)?;
            (!self.is_settled(clock, rule)).then(|| (clock.id(), rule))
        });
        for (id, rule) in unsettled.collect::<Vec<_>>() {
            let Some(clock) = self.ledger.clock(id).cloned() else { continue };
            match clock.state() {
                ClockState::Running | ClockState::Paused => self.settle_live(&clock, rule),
                ClockState::Ended { at, .. } => self.settle_ended(&clock, rule, *at),
                ClockState::Cancelled { why, .. } => self.settle_cancelled(&clock, *why),
                ClockState::Replaced { .. } => {}
            }
        }
    }

    /// Whether a clock is where the record says that it should be.
    fn is_settled(&self, clock: &Clock, rule: &MetricRule) -> bool {
        let stage = self.record.stage();
        match clock.state() {
            ClockState::Running | ClockState::Paused => {
                let over = stage.is_final()
                    || self.is_unstarted(rule)
                    || (rule.end == EndRule::Update && stage == Stage::Resolved);
                let still = clock.pause().map(|pause| &pause.reason);
                !over && self.end(rule, clock.start()).is_none() && still == pause_reason(rule, self.record).as_ref()
            }
            ClockState::Ended { at, .. } => match self.end(rule, clock.start()) {
                _ if rule.end == EndRule::Update => true,
                _ if self.is_still_no_more(clock) || self.never_was(rule) => false,
                Some(end) => end == *at,
                // A new clock begins with the reopening, or never; but what was recorded by mistake was never done.
                None => stage.is_final() || (begins_anew(rule) && !self.is_reopened),
            },
            ClockState::Cancelled { why, .. } => match why {
                CancelReason::RecordEnded => stage.is_final(),
                CancelReason::Resolved => !stage.is_open() || !self.is_reopened,
                CancelReason::NotPromised => true,
            },
            ClockState::Replaced { .. } => true,
        }
    }

    /// Whether a clock ended while it stood still, and goes on standing still no more: should it be known better when it
    /// ended, that hold lasted until now.
    fn is_still_no_more(&self, clock: &Clock) -> bool {
        self.is_hold_over && clock.pause().is_some_and(|pause| matches!(pause.reason, PauseReason::Hold(_)))
    }

    /// Whether that from which an ended clock counted was taken back while the record goes on.
    fn never_was(&self, rule: &MetricRule) -> bool {
        !self.record.stage().is_final() && self.is_unstarted(rule)
    }

    fn settle_live(&mut self, clock: &Clock, rule: &MetricRule) {
        let (at, stage) = (self.at, self.record.stage());
        let over = if stage == Stage::Cancelled {
            Some(CancelReason::RecordEnded)
        } else if let Some(end) = self.end(rule, clock.start()) {
            self.end_clock(clock, end);
            if rule.end == EndRule::Update && stage.is_open() {
                self.next_update(clock, end);
            }
            return;
        } else if stage == Stage::Closed {
            Some(CancelReason::RecordEnded)
        } else if self.is_unstarted(rule) {
            Some(CancelReason::NotPromised)
        } else {
            (rule.end == EndRule::Update && stage == Stage::Resolved).then_some(CancelReason::Resolved)
        };
        if let Some(why) = over {
            return self.note(ClockCancelled { clock: clock.to_ref(), at, why });
        }
        let should = pause_reason(rule, self.record);
        match (clock.pause(), should) {
            (pause, Some(reason)) if pause.is_none_or(|pause| pause.reason != reason) => {
                self.note(ClockPaused { clock: clock.to_ref(), at, reason });
            }
            (Some(_), None) => {
                let resumed = |schedule| ClockResumed { clock: clock.to_ref(), at, schedule };
                let schedule = self.going_on(clock, |ledger| ledger.enter(&resumed(Schedule::default()).into()));
                self.note(resumed(schedule));
            }
            _ => {}
        }
    }

    /// What had ended: when, may be known better; or it is taken back.
    fn settle_ended(&mut self, clock: &Clock, rule: &MetricRule, ended: Instant) {
        if rule.end == EndRule::Update {
            return;
        }
        let at = self.at;
        // That from which it counted never was.
        if self.never_was(rule) {
            self.revive(clock, None);
            let at = at.max(ended);
            return self.note(ClockCancelled { clock: clock.to_ref(), at, why: CancelReason::NotPromised });
        }
        let end = self.end(rule, clock.start());
        if self.is_still_no_more(clock) && end == Some(ended) {
            let schedule = Schedule { due: clock.due(), warnings: Vec::new() };
            return self.note(ClockResumed { clock: clock.to_ref(), at: at.max(ended), schedule });
        }
        match end {
            Some(end) if end == ended => {}
            Some(end) => self.end_clock(clock, end),
            None if self.record.stage().is_final() => {}
            // It was never done: the time since it was said to be counts.
            None if !self.is_reopened => self.take_up(clock, None),
            None => match rule.on_reopening {
                OnReopening::Restart => {
                    let new = held_for(&self.clockwork.in_force, self.record.into());
                    // If nothing is promised any more, what was done stays done.
                    if let Some(promise) = self.of_place(&new, clock).copied() {
                        let by = self.started(&promise, at, Seconds::ZERO, self.still_from(&promise, at));
                        self.note(ClockReplaced { clock: clock.to_ref(), at, by });
                    }
                }
                resumed => {
                    let paused = resumed == OnReopening::CountAsPause;
                    self.take_up(clock, Some(&PauseReason::Resolved { paused }));
                }
            },
        }
    }

    /// What was cancelled with the record comes back with it, as if nothing had been.
    fn settle_cancelled(&mut self, clock: &Clock, why: CancelReason) {
        let stage = self.record.stage();
        match why {
            CancelReason::RecordEnded if !stage.is_final() => {
                self.revive(clock, None);
                if let Some((clock, rule)) = self.clock_and_rule(clock.id()) {
                    self.settle_live(&clock, rule);
                }
            }
            CancelReason::Resolved if stage.is_open() && self.is_reopened && self.is_last_of_place(clock) => {
                self.next_update(clock, self.at);
            }
            _ => {}
        }
    }

    /// A clock goes on as the record now is, and as is promised for it.
    fn take_up(&mut self, clock: &Clock, gap: Option<&PauseReason>) {
        self.revive(clock, gap);
        if let Some((revived, rule)) = self.clock_and_rule(clock.id()) {
            self.settle_live(&revived, rule);
        }
        self.follow(clock.id());
    }

    /// A clock that is asked for again may be promised otherwise by now, if the record changed while it had ended;
    /// not because another policy was published.
    fn follow(&mut self, id: ClockId) {
        let Some(clock) = self.ledger.clock(id).filter(|clock| clock.is_live()).cloned() else { return };
        let Some(own) = self.clockwork.policy(clock.terms().policy) else { return };
        let terms = clock.terms();
        let as_it_was = held_for(own, self.record.into());
        let same = self.of_place(&as_it_was, &clock).is_some_and(|promise| {
            let calendar = terms.calendar.as_ref().map(|stamp| &stamp.key);
            (&promise.agreement.key, promise.target, promise.calendar) == (&terms.agreement, terms.target, calendar)
        });
        if !same {
            let new = held_for(&self.clockwork.in_force, self.record.into());
            self.change(&clock, self.of_place(&new, &clock));
        }
    }

    pub(super) fn clock_and_rule(&self, id: ClockId) -> Option<(Clock, &'a MetricRule)> {
        let clock = self.ledger.clock(id).filter(|clock| clock.is_live())?.clone();
        let rule = self.clockwork.rule(&clock)?;
        Some((clock, rule))
    }

    /// When what a rule waits for was done, if it was.
    pub(super) fn end(&self, rule: &MetricRule, start: Instant) -> Option<Instant> {
        let progress = self.record.progress();
        match &rule.end {
            EndRule::Milestones(milestones) => {
                let reached = milestones.iter().filter_map(|milestone| progress.milestones.at(milestone));
                reached.min().map(|end| end.max(start))
            }
            EndRule::Update => progress.last_public_note.filter(|note| *note > start),
        }
    }

    pub(super) fn end_clock(&mut self, clock: &Clock, end: Instant) {
        let measure = self.clockwork.measure(clock.terms());
        let ended = measure.and_then(|measure| clock.ended_at(end, measure).ok());
        // Beyond what the calendar reaches nothing is due, and nothing is late.
        let unmeasured = || ClockEnded {
            clock: clock.to_ref(),
            at: end,
            result: ClockResult::Met,
            due: None,
            used_seconds: 0,
            late: None,
        };
        self.note(ended.unwrap_or_else(unmeasured));
    }

    /// The clock of the next update starts, if one is promised still.
    fn next_update(&mut self, clock: &Clock, from: Instant) {
        let new = held_for(&self.clockwork.in_force, self.record.into());
        // One that runs already asks for it.
        if let Some(promise) = self.of_place(&new, clock).copied().filter(|promise| !self.is_kept(promise)) {
            let by = self.started(&promise, from, Seconds::ZERO, self.still_from(&promise, from));
            self.note(by);
        }
    }

    /// The pause with which a clock begins that should stand still at once.
    fn still_from(&self, promise: &Promise<'_>, from: Instant) -> Vec<Pause> {
        pause_reason(promise.rule, self.record).map(|reason| Pause { from, to: None, reason }).into_iter().collect()
    }

    fn revive(&mut self, clock: &Clock, gap: Option<&PauseReason>) {
        let at = self.at;
        let revived = |schedule| ClockRevived { clock: clock.to_ref(), at, gap: gap.cloned(), schedule };
        let schedule = self.going_on(clock, |ledger| ledger.enter(&revived(Schedule::default()).into()));
        self.note(revived(schedule));
    }

    /// When a clock is due and when it warns after something that lets it go on.
    fn going_on<E>(&self, clock: &Clock, enter: impl FnOnce(&mut Ledger) -> Result<(), E>) -> Schedule {
        let mut ledger = self.ledger.clone().into_owned();
        let entered = enter(&mut ledger).ok();
        let after = entered.and_then(|()| ledger.clock(clock.id()));
        let measure = self.clockwork.measure(clock.terms());
        let schedule = after.zip(measure).and_then(|(after, measure)| after.scheduled(measure).ok());
        let mut schedule = schedule.unwrap_or_default();
        // What lies behind does not warn any more.
        schedule.warnings.retain(|next| next.at >= self.at);
        if schedule.due.is_some_and(|due| due < self.at) {
            schedule.warnings.clear();
        }
        schedule
    }
}

/// Whether another clock begins with a reopening, and what ended before stays ended.
fn begins_anew(rule: &MetricRule) -> bool {
    let by_stage = match &rule.end {
        EndRule::Update => true,
        EndRule::Milestones(milestones) => milestones.iter().all(Milestone::is_set_by_stage),
    };
    rule.on_reopening == OnReopening::Restart && by_stage
}
