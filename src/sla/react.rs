//! How clocks react to what happens to their record.
//!
//! After each event the clocks are held against the record as it now is: what each should do follows from its
//! rule and from the record alone, and the entries that are missing are made. So whatever brings a record
//! somewhere, a move, a correction, an import, its clocks come along.

use std::{borrow::Cow, sync::Arc};

use super::{
    EndRule, MetricRule, OnChange, OnReopening, Promise, Runs, StartRule,
    promise::{Subject, held_for},
};
use crate::{
    event::PolicyStamp,
    incident::{Assignment, Facts, Incident, Milestones, Stage},
    ledger::{
        CalendarStamp, CancelReason, Clock, ClockCancelled, ClockEnded, ClockId, ClockPaused, ClockReplaced,
        ClockRescheduled, ClockResult, ClockResumed, ClockRevived, ClockStarted, ClockState, Entry, Ledger, Measure,
        Pause, PauseReason, Schedule, Terms, schedule,
    },
    policy::Policy,
    priority::Assessment,
    time::{Instant, Seconds},
};

/// What moves clocks: the policy in force, by which they start, and those by which they started.
#[derive(Debug, Clone)]
pub(crate) struct Clockwork {
    in_force: Arc<Policy>,
    stamp: PolicyStamp,
    earlier: Vec<Arc<Policy>>,
}

/// What of a record decides what is promised for it, as it was before an event.
pub(crate) struct Before {
    facts: Arc<Facts>,
    assessment: Arc<Assessment>,
    assignment: Assignment,
    milestones: Milestones,
}

impl Before {
    /// The policy by which is decided what is promised when its override ends by itself.
    pub fn decides_by_itself(&self) -> Option<PolicyStamp> {
        self.assessment.overridden()?.policy
    }

    fn subject(&self) -> Subject<'_> {
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
            milestones: progress.milestones,
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
        hand.reopened = before.is_some_and(|before| before.is_reopened(after));
        if !after.stage().is_final() && before.is_none_or(|before| before.differs(after)) {
            hand.promise(before);
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
    fn policy(&self, stamp: PolicyStamp) -> Option<&Policy> {
        let mut known = std::iter::once(&self.in_force).chain(&self.earlier);
        known.find(|policy| policy.digest() == stamp.digest).map(|policy| &**policy)
    }

    /// The rule of a clock, in the policy by which it started.
    fn rule(&self, clock: &Clock) -> Option<&MetricRule> {
        let terms = clock.terms();
        let agreements = &self.policy(terms.policy)?.parts().agreements;
        agreements.iter().find(|agreement| agreement.key == terms.agreement)?.metric(terms.metric.as_str())
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
        let (before, after) = (self.milestones, after.progress().milestones);
        (before.resolved.is_some() && after.resolved.is_none()) || (before.closed.is_some() && after.closed.is_none())
    }

    /// Whether what is promised may have changed.
    fn differs(&self, after: &Incident) -> bool {
        let progress = after.progress();
        !Arc::ptr_eq(&self.facts, after.shared_facts())
            || !Arc::ptr_eq(&self.assessment, &progress.assessment)
            || self.assignment != progress.assignment
            || self.milestones != progress.milestones
    }
}

/// Who moves the clocks of one record, and notes down how.
struct Hand<'a> {
    clockwork: &'a Clockwork,
    record: &'a Incident,
    at: Instant,
    ledger: Cow<'a, Ledger>,
    entries: Vec<Entry>,
    /// Whether a resolution or a closure was taken back just now.
    reopened: bool,
}

impl<'a> Hand<'a> {
    fn of(clockwork: &'a Clockwork, record: &'a Incident, at: Instant) -> Self {
        Self { clockwork, record, at, ledger: Cow::Borrowed(record.clocks()), entries: Vec::new(), reopened: false }
    }

    /// Notes down an entry. One that does not fit says nothing: it was not needed.
    fn note(&mut self, entry: impl Into<Entry>) {
        let entry = entry.into();
        if self.ledger.to_mut().enter(&entry).is_ok() {
            self.entries.push(entry);
        }
    }

    /// Follows a change of what is promised.
    fn promise(&mut self, before: Option<&Before>) {
        let policy = &*self.clockwork.in_force;
        let old = before.map_or_else(Vec::new, |before| held_for(policy, before.subject()));
        let new = held_for(policy, self.record.into());
        for clock in self.live() {
            let (was, is) = (self.of_place(&old, &clock), self.of_place(&new, &clock));
            // What stays promised keeps the version by which it started.
            if was != is {
                self.change(&clock, is);
            }
        }
        for promise in &new {
            let start = self.start_of(promise.rule);
            let reached_before = before.and_then(|before| match promise.rule.start {
                StartRule::Milestone(milestone) => before.milestones.at(milestone),
                StartRule::Reported | StartRule::Created => before.milestones.reported,
            });
            let is_new = !old.contains(promise) || reached_before.is_none();
            if let Some(start) = start.filter(|_| is_new && !self.is_kept(promise)) {
                self.start(promise, start);
            }
        }
    }

    /// Holds what runs against what the policy in force promises.
    fn reissue(&mut self) {
        let new = held_for(&self.clockwork.in_force, self.record.into());
        for clock in self.live() {
            let promise = self.of_place(&new, &clock);
            let same = promise.is_some_and(|promise| {
                let terms = Terms { policy: clock.terms().policy, ..self.terms(promise) };
                terms == *clock.terms() && self.clockwork.rule(&clock) == Some(promise.rule)
            });
            if !same {
                self.change(&clock, promise);
            }
        }
        for promise in &new {
            if let Some(start) = self.start_of(promise.rule).filter(|_| !self.is_kept(promise)) {
                self.start(promise, start);
            }
        }
    }

    fn live(&self) -> Vec<Clock> {
        self.ledger.live().cloned().collect()
    }

    /// From when a clock with this rule counts, if that has come. Updates are asked for on what is open, from the
    /// last one on.
    fn start_of(&self, rule: &MetricRule) -> Option<Instant> {
        let progress = self.record.progress();
        let start = anchor(rule.start, progress.milestones, progress.created_at())?;
        match rule.end {
            EndRule::Update if !self.record.stage().is_open() => None,
            EndRule::Update => Some(progress.last_public_note.map_or(start, |note| note.max(start))),
            EndRule::Milestones(_) => Some(start),
        }
    }

    /// Whether that from which a clock counts was taken back.
    fn is_unstarted(&self, rule: &MetricRule) -> bool {
        let progress = self.record.progress();
        anchor(rule.start, progress.milestones, progress.created_at()).is_none()
    }

    /// Whether no later clock measures the same, while the same.
    fn is_last_of_place(&self, clock: &Clock) -> bool {
        let place = |clock: &Clock| {
            let runs = self.clockwork.rule(clock).map(|rule| &rule.runs);
            (clock.terms().kind, clock.terms().metric.clone(), runs)
        };
        let mut later = self.ledger.clocks().iter().filter(|other| other.id() > clock.id());
        later.all(|other| place(other) != place(clock))
    }

    /// The promise that takes the place of a clock.
    fn of_place<'p>(&self, promises: &'p [Promise<'a>], clock: &Clock) -> Option<&'p Promise<'a>> {
        let runs = &self.clockwork.rule(clock)?.runs;
        let terms = clock.terms();
        promises.iter().find(|promise| promise.place() == (terms.kind, terms.metric.as_str(), runs))
    }

    /// Whether a clock keeps the promise, or has kept or broken it.
    fn is_kept(&self, promise: &Promise<'_>) -> bool {
        let standing = |state: &ClockState| state.is_live() || matches!(state, ClockState::Ended { .. });
        self.ledger.clocks().iter().filter(|clock| standing(clock.state())).any(|clock| {
            let terms = clock.terms();
            self.clockwork
                .rule(clock)
                .is_some_and(|rule| promise.place() == (terms.kind, terms.metric.as_str(), &rule.runs))
        })
    }

    /// The clock goes; if something is promised in its place, another one comes.
    fn change(&mut self, clock: &Clock, promise: Option<&Promise<'_>>) {
        let at = self.at.max(clock.start());
        let Some(promise) = promise else {
            let why = CancelReason::NotPromised;
            return self.note(ClockCancelled { clock: clock.to_ref(), at, why });
        };
        let open = clock.pause().map(|pause| Pause { from: at, ..pause.clone() });
        let (start, spent, pauses) = match promise.rule.on_change {
            OnChange::KeepStart => (clock.start(), clock.spent(), clock.pauses().to_vec()),
            OnChange::KeepSpent => (at, self.used(clock, at), open.into_iter().collect()),
            OnChange::Restart => (at, Seconds::ZERO, open.into_iter().collect()),
        };
        let by = self.started(promise, start, spent, pauses);
        self.note(ClockReplaced { clock: clock.to_ref(), at, by });
    }

    /// A clock starts.
    fn start(&mut self, promise: &Promise<'_>, start: Instant) {
        // What was before its agreement held is not known: what runs only at times begins to do so now.
        let waiting = match promise.rule.runs {
            Runs::Always => None,
            Runs::WithGroup(_) => Some(PauseReason::WithOthers),
            Runs::OnHoldFor(_) => Some(PauseReason::NotOnHold),
        };
        let waited = waiting.filter(|_| start < self.at);
        let waited = waited.map(|reason| Pause { from: start, to: Some(self.at), reason });
        let open = pause_reason(promise.rule, self.record).map(|reason| {
            let since = self.record.hold().map_or(start, crate::incident::OnHold::since);
            let from = if waited.is_some() { self.at } else { since.max(start) };
            Pause { from, to: None, reason }
        });
        let pauses = waited.into_iter().chain(open).collect();
        let by = self.started(promise, start, Seconds::ZERO, pauses);
        self.note(by);
    }

    fn started(&self, promise: &Promise<'_>, start: Instant, spent: Seconds, pauses: Vec<Pause>) -> ClockStarted {
        let terms = self.terms(promise);
        let measure = self.clockwork.measure(&terms);
        let schedule = measure.and_then(|measure| schedule(&terms, start, spent, &pauses, measure).ok());
        let mut schedule = schedule.unwrap_or_default();
        // What is overdue when it begins does not warn any more.
        if schedule.due.is_some_and(|due| due < self.at) {
            schedule.warnings.clear();
        }
        let spent = Some(spent).filter(|spent| *spent > Seconds::ZERO);
        ClockStarted { clock: self.ledger.next_id(), terms, start, spent, pauses, schedule }
    }

    /// The terms on which a clock starts now.
    fn terms(&self, promise: &Promise<'_>) -> Terms {
        let calendar = promise.calendar.and_then(|key| {
            let calendar = self.clockwork.in_force.calendar(key.as_str())?;
            Some(CalendarStamp { key: key.clone(), digest: calendar.digest() })
        });
        Terms {
            metric: promise.rule.metric.clone(),
            agreement: promise.agreement.key.clone(),
            kind: promise.agreement.kind,
            priority: self.record.priority().clone(),
            target: promise.target,
            calendar,
            warnings: promise.rule.warnings.clone(),
            policy: self.clockwork.stamp,
        }
    }

    /// Brings every clock to where the record says that it should be.
    fn settle(&mut self) {
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
                Some(end) => end == *at,
                // A new clock begins with the reopening, or never.
                None => stage.is_final() || (rule.on_reopening == OnReopening::Restart && !self.reopened),
            },
            ClockState::Cancelled { why, .. } => match why {
                CancelReason::RecordEnded => stage.is_final(),
                CancelReason::Resolved => !stage.is_open(),
                CancelReason::NotPromised => true,
            },
            ClockState::Replaced { .. } => true,
        }
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
        match self.end(rule, clock.start()) {
            Some(end) if end == ended => {}
            Some(end) => self.end_clock(clock, end),
            None if self.record.stage().is_final() => {}
            // It was never done: the time since it was said to be counts.
            None if !self.reopened => self.take_up(clock, None),
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
            CancelReason::Resolved if stage.is_open() && self.is_last_of_place(clock) => {
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

    fn clock_and_rule(&self, id: ClockId) -> Option<(Clock, &'a MetricRule)> {
        let clock = self.ledger.clock(id).filter(|clock| clock.is_live())?.clone();
        let rule = self.clockwork.rule(&clock)?;
        Some((clock, rule))
    }

    /// When what a rule waits for was done, if it was.
    fn end(&self, rule: &MetricRule, start: Instant) -> Option<Instant> {
        let progress = self.record.progress();
        match &rule.end {
            EndRule::Milestones(milestones) => {
                let reached = milestones.iter().filter_map(|milestone| progress.milestones.at(*milestone));
                reached.min().map(|end| end.max(start))
            }
            EndRule::Update => progress.last_public_note.filter(|note| *note > start),
        }
    }

    fn end_clock(&mut self, clock: &Clock, end: Instant) {
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
        if let Some(promise) = self.of_place(&new, clock).copied() {
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

    fn used(&self, clock: &Clock, until: Instant) -> Seconds {
        let measure = self.clockwork.measure(clock.terms());
        let used = measure.and_then(|measure| clock.used(until, measure).ok()).unwrap_or_default();
        Seconds::capped(u64::try_from(used.num_seconds()).unwrap_or(0))
    }
}

/// From when a clock counts, if that has come.
fn anchor(start: StartRule, milestones: Milestones, created_at: Option<Instant>) -> Option<Instant> {
    match start {
        StartRule::Reported => milestones.reported,
        StartRule::Created => created_at,
        StartRule::Milestone(milestone) => milestones.at(milestone),
    }
}

/// Why a clock should stand still while the record is as it is.
fn pause_reason(rule: &MetricRule, record: &Incident) -> Option<PauseReason> {
    let held = record.hold().map(|stage| &stage.hold().reason);
    match &rule.runs {
        Runs::WithGroup(group) if record.assignment().group.as_ref() != Some(group) => {
            return Some(PauseReason::WithOthers);
        }
        Runs::OnHoldFor(reasons) if held.is_none_or(|reason| !reasons.contains(reason)) => {
            return Some(PauseReason::NotOnHold);
        }
        Runs::Always | Runs::WithGroup(_) | Runs::OnHoldFor(_) => {}
    }
    held.filter(|reason| rule.paused_by.contains(reason)).cloned().map(PauseReason::Hold)
}
