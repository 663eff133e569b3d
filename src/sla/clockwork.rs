//! How clocks react to what happens to their record.
//!
//! After each event the clocks are held against the record as it now is: what each should do follows from its
//! rule and from the record alone, and the entries that are missing are made. So whatever brings a record
//! somewhere, a move, a correction, an import, its clocks come along.

use std::sync::Arc;

use super::{EndRule, MetricRule, Runs, StartRule, hand::Hand, promise::Subject};
use crate::{
    event::PolicyStamp,
    incident::{Assignment, Facts, HoldReason, Incident, Milestone, Milestones, OnHold},
    key::GroupRef,
    ledger::{Clock, ClockRescheduled, Entry, Measure, PauseReason, Terms},
    policy::Policy,
    priority::Assessment,
    time::Instant,
};

/// What moves clocks: the policy in force, by which they start, and those by which they started.
#[derive(Debug, Clone)]
pub(crate) struct Clockwork {
    pub(super) in_force: Arc<Policy>,
    pub(super) stamp: PolicyStamp,
    earlier: Vec<Arc<Policy>>,
}

/// What of a record decides what is promised for it, as it was before an event.
pub(crate) struct Before {
    facts: Arc<Facts>,
    assessment: Arc<Assessment>,
    assignment: Assignment,
    hold: Option<HoldReason>,
    pub(super) milestones: Milestones,
}

impl Before {
    /// The policy by which is decided what is promised when its override ends by itself.
    pub fn decides_by_itself(&self) -> Option<PolicyStamp> {
        self.assessment.overridden()?.policy
    }

    /// Whether a clock that runs at these times did.
    pub(super) fn lets(&self, runs: &Runs) -> bool {
        runs.hold(self.assignment.group.as_ref(), self.hold.as_ref())
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        Subject { facts: &self.facts, priority: self.assessment.result(), assignment: &self.assignment }
    }
}

impl Clockwork {
    /// The clockwork of a tenant; `earlier` are the policies by which clocks of the record started.
    pub fn new(in_force: Arc<Policy>, stamp: PolicyStamp, earlier: Vec<Arc<Policy>>) -> Arc<Self> {
        Arc::new(Self { in_force, stamp, earlier })
    }

    /// What must be known of a record before something happens to it; `None` if it has nothing to do with
    /// clocks.
    pub fn before(&self, incident: &Incident) -> Option<Before> {
        if self.is_idle(incident) {
            return None;
        }
        let progress = incident.progress();
        Some(Before {
            facts: Arc::clone(incident.shared_facts()),
            assessment: Arc::clone(&progress.assessment),
            assignment: progress.assignment.clone(),
            hold: held(incident).cloned(),
            milestones: progress.milestones.clone(),
        })
    }

    /// Whether there is neither a clock nor an agreement that could start one.
    fn is_idle(&self, incident: &Incident) -> bool {
        incident.clocks().is_empty() && self.in_force.parts().agreements.is_empty()
    }

    /// What happens to the clocks of a record that is as it is after an event at `at`. `before` is what was
    /// known before; `None` for a report.
    pub fn react(&self, before: Option<&Before>, after: &Incident, at: Instant) -> Vec<Entry> {
        if self.is_idle(after) {
            return Vec::new();
        }
        let mut hand = Hand::of(self, after, at);
        hand.is_reopened = before.is_some_and(|before| before.is_reopened(after));
        hand.is_hold_over = before.is_some_and(|before| before.hold.is_some() && before.hold.as_ref() != held(after));
        if before.is_none_or(|before| before.differs(after)) {
            if after.stage().is_final() { hand.correct_starts(before) } else { hand.promise(before) }
        }
        hand.settle();
        hand.entries
    }

    /// The same clockwork for what falls due by itself: what is promised is decided by the policy that stands in the
    /// record, and not by the one that is in force when somebody comes to see it.
    pub fn decided_then(&self, stamp: Option<PolicyStamp>) -> Self {
        let mut known = std::iter::once(&self.in_force).chain(&self.earlier);
        let then = stamp.and_then(|stamp| Some((stamp, known.find(|policy| policy.digest() == stamp.digest)?)));
        match then {
            Some((stamp, policy)) => Self {
                in_force: Arc::clone(policy),
                stamp,
                earlier: self.earlier.iter().chain([&self.in_force]).cloned().collect(),
            },
            None => self.clone(),
        }
    }

    /// What happens to the clocks of a record that is issued anew under the policy in force.
    pub fn reissue(&self, record: &Incident, at: Instant) -> Vec<Entry> {
        if self.is_idle(record) || record.stage().is_final() {
            return Vec::new();
        }
        let mut hand = Hand::of(self, record, at);
        hand.reissue();
        hand.settle();
        hand.entries
    }

    /// What is due at another time than was said, by the calendars at hand.
    pub fn reschedule(&self, record: &Incident) -> Vec<Entry> {
        let moved = record.clocks().live().filter_map(|clock| {
            let schedule = clock.rescheduled(self.measure(clock.terms())?).ok()?;
            let clock = clock.to_ref();
            schedule.map(|schedule| ClockRescheduled { clock, schedule }.into())
        });
        moved.collect()
    }

    /// The policy that decides an entry, if it is not the one in force: that of a clock that goes on.
    pub fn decided_by(&self, incident: &Incident, entry: &Entry) -> Option<PolicyStamp> {
        match entry {
            Entry::Started(started) => Some(started.terms.policy),
            Entry::Replaced(replaced) => Some(replaced.by.terms.policy),
            _ => incident.clocks().clock(entry.clock()).map(|clock| clock.terms().policy),
        }
        .filter(|stamp| *stamp != self.stamp)
    }

    /// The policy with this stamp, if it is at hand.
    pub(super) fn policy(&self, stamp: PolicyStamp) -> Option<&Policy> {
        let mut known = std::iter::once(&self.in_force).chain(&self.earlier);
        known.find(|policy| policy.digest() == stamp.digest).map(|policy| &**policy)
    }

    /// The rule of a clock, in the policy by which it started.
    pub(super) fn rule(&self, clock: &Clock) -> Option<&MetricRule> {
        let terms = clock.terms();
        let agreements = &self.policy(terms.policy)?.parts().agreements;
        agreements.iter().find(|agreement| agreement.key == terms.agreement)?.metric(terms.metric.as_str())
    }

    /// Whether a clock of the record counts from this milestone or waits for it, whatever the policy in force says.
    pub fn awaits(&self, record: &Incident, milestone: &Milestone) -> bool {
        let named = |rule: &MetricRule| {
            let ends = matches!(&rule.end, EndRule::Milestones(ends) if ends.contains(milestone));
            ends || matches!(&rule.start, StartRule::Milestone(start) if start == milestone)
        };
        record.clocks().clocks().iter().filter_map(|clock| self.rule(clock)).any(named)
    }

    /// In what time a clock with these terms counts. A clock whose calendar is not at hand cannot be told
    /// anything about.
    pub fn measure(&self, terms: &Terms) -> Option<Measure<'_>> {
        match &terms.calendar {
            None => Some(Measure::Elapsed),
            Some(stamp) => self.policy(terms.policy)?.calendar(stamp.key.as_str()).map(Measure::Business),
        }
    }
}

impl Before {
    /// Whether a resolution or a closure was taken back.
    fn is_reopened(&self, after: &Incident) -> bool {
        let (before, after) = (&self.milestones, &after.progress().milestones);
        (before.resolved.is_some() && after.resolved.is_none()) || (before.closed.is_some() && after.closed.is_none())
    }

    /// Whether what is promised may have changed.
    fn differs(&self, after: &Incident) -> bool {
        let progress = after.progress();
        !Arc::ptr_eq(&self.facts, after.shared_facts())
            || !Arc::ptr_eq(&self.assessment, &progress.assessment)
            || self.assignment != progress.assignment
            || self.hold.as_ref() != held(after)
            || self.milestones != progress.milestones
    }
}

impl Runs {
    /// Whether a clock that runs at these times does, on this record.
    pub(super) fn hold_for(&self, record: &Incident) -> bool {
        self.hold(record.assignment().group.as_ref(), held(record))
    }

    /// Why it stands still at other times.
    pub(super) const fn otherwise(&self) -> Option<PauseReason> {
        match self {
            Self::Always => None,
            Self::WithGroup(_) => Some(PauseReason::WithOthers),
            Self::OnHoldFor(_) => Some(PauseReason::NotOnHold),
        }
    }

    fn hold(&self, group: Option<&GroupRef>, held: Option<&HoldReason>) -> bool {
        match self {
            Self::Always => true,
            Self::WithGroup(of) => group == Some(of),
            Self::OnHoldFor(reasons) => held.is_some_and(|reason| reasons.contains(reason)),
        }
    }
}

fn held(record: &Incident) -> Option<&HoldReason> {
    record.hold().map(OnHold::hold).map(|hold| &hold.reason)
}
