//! The hand that moves the clocks of one record: what it starts, changes and gives up as the promises change.

mod settle;

use std::borrow::Cow;

use super::{Clockwork, EndRule, MetricRule, OnChange, Promise, Runs, StartRule, clockwork::Before, promise::held_for};
use crate::{
    incident::{Incident, Milestones, OnHold},
    ledger::{
        CalendarStamp, CancelReason, Clock, ClockCancelled, ClockReplaced, ClockStarted, ClockState, Entry, Ledger,
        Pause, PauseReason, Terms, schedule,
    },
    time::{Instant, Seconds},
};

/// Who moves the clocks of one record, and notes down how.
pub(super) struct Hand<'a> {
    clockwork: &'a Clockwork,
    record: &'a Incident,
    at: Instant,
    ledger: Cow<'a, Ledger>,
    pub(super) entries: Vec<Entry>,
    /// Whether a resolution or a closure was taken back just now.
    pub(super) is_reopened: bool,
}

impl<'a> Hand<'a> {
    pub(super) fn of(clockwork: &'a Clockwork, record: &'a Incident, at: Instant) -> Self {
        Self { clockwork, record, at, ledger: Cow::Borrowed(record.clocks()), entries: Vec::new(), is_reopened: false }
    }

    /// Notes down an entry. One that does not fit says nothing: it was not needed.
    fn note(&mut self, entry: impl Into<Entry>) {
        let entry = entry.into();
        if self.ledger.to_mut().enter(&entry).is_ok() {
            self.entries.push(entry);
        }
    }

    /// Follows a change of what is promised.
    pub(super) fn promise(&mut self, before: Option<&Before>) {
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
        for (clock, start) in self.moved(before) {
            self.start_over(&clock, start);
        }
        for promise in &new {
            let start = self.start_of(promise.rule);
            let reached_before = before.and_then(|before| match &promise.rule.start {
                StartRule::Milestone(milestone) => before.milestones.at(milestone),
                StartRule::Reported | StartRule::Created => before.milestones.reported,
            });
            let is_new = !old.contains(promise) || reached_before.is_none();
            if let Some(start) = start.filter(|_| is_new && !self.is_kept(promise)) {
                match self.given_up(promise).filter(|_| reached_before.is_some()) {
                    Some(clock) => self.promise_again(&clock, promise),
                    None => self.start(promise, start),
                }
            }
        }
    }

    /// Holds what runs against what the policy in force promises.
    pub(super) fn reissue(&mut self) {
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
        let start = anchor(&rule.start, &progress.milestones, progress.created_at())?;
        match rule.end {
            EndRule::Update if !self.record.stage().is_open() => None,
            EndRule::Update => Some(progress.last_public_note.map_or(start, |note| note.max(start))),
            EndRule::Milestones(_) => Some(start),
        }
    }

    /// Whether that from which a clock counts was taken back.
    fn is_unstarted(&self, rule: &MetricRule) -> bool {
        let progress = self.record.progress();
        anchor(&rule.start, &progress.milestones, progress.created_at()).is_none()
    }

    /// The clocks that count from a milestone whose time has been corrected, each with the instant from which it
    /// counts now.
    fn moved(&self, before: Option<&Before>) -> Vec<(Clock, Instant)> {
        let Some(before) = before else { return Vec::new() };
        let known = &self.record.progress().milestones;
        let moved = self.ledger.clocks().iter().filter_map(|clock| {
            let counts = clock.is_live() || matches!(clock.state(), ClockState::Ended { .. });
            let StartRule::Milestone(milestone) = &self.clockwork.rule(clock).filter(|_| counts)?.start else {
                return None;
            };
            let (was, is) = (before.milestones.at(milestone)?, known.at(milestone)?);
            (was != is && clock.start() == was).then(|| (clock.clone(), is))
        });
        moved.collect()
    }

    /// The last clock in the place of a promise, if it was given up because nothing promised it any more.
    fn given_up(&self, promise: &Promise<'_>) -> Option<Clock> {
        let of_place = |clock: &&Clock| {
            let terms = clock.terms();
            let rule = self.clockwork.rule(clock);
            rule.is_some_and(|rule| promise.place() == (terms.kind, terms.metric.as_str(), &rule.runs))
        };
        let last = self.ledger.clocks().iter().rev().find(of_place)?;
        matches!(last.state(), ClockState::Cancelled { why: CancelReason::NotPromised, .. }).then(|| last.clone())
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

    /// Another clock takes the place of one whose start is known better: on the same terms, with the same pauses as
    /// far as they come after it.
    fn start_over(&mut self, clock: &Clock, start: Instant) {
        let since = self.record.hold().map(OnHold::since);
        let mut pauses = Vec::with_capacity(clock.pauses().len());
        for pause in clock.pauses().iter().filter(|pause| pause.to.is_none_or(|to| to > start)) {
            // What was on hold before the clock started was so from then on.
            let began = since.filter(|_| pause.to.is_none() && pause.from == clock.start());
            pauses.push(Pause { from: began.unwrap_or(pause.from).max(start), ..pause.clone() });
        }
        let by = self.started_on(clock.terms().clone(), start, clock.spent(), pauses);
        self.note(ClockReplaced { clock: clock.to_ref(), at: self.at.max(clock.start()), by });
    }

    /// What was given up is promised again: another clock goes on where it stopped, as after a change. What was on
    /// hold in between is not known, but for a hold that lasts.
    fn promise_again(&mut self, clock: &Clock, promise: &Promise<'_>) {
        let (at, stopped) = (self.at, clock.state().stopped_at().unwrap_or(self.at));
        let should = pause_reason(promise.rule, self.record);
        let since = self.record.hold().map_or(at, OnHold::since);
        let (start, spent, mut pauses) = match promise.rule.on_change {
            OnChange::KeepStart => (clock.start(), clock.spent(), clock.pauses().to_vec()),
            OnChange::KeepSpent => (at, self.used(clock, stopped), Vec::new()),
            OnChange::Restart => (at, Seconds::ZERO, Vec::new()),
        };
        if promise.rule.on_change == OnChange::KeepStart {
            let lasts = |pause: &Pause| should.as_ref() == Some(&pause.reason) && since <= pause.from;
            if let Some(last) = pauses.last_mut().filter(|pause| pause.to.is_none() && !lasts(pause)) {
                last.to = Some(stopped.max(last.from));
            }
            // What runs only at times stood still while nothing was promised.
            let still = match promise.rule.runs {
                Runs::Always => None,
                Runs::WithGroup(_) => Some(PauseReason::WithOthers),
                Runs::OnHoldFor(_) => Some(PauseReason::NotOnHold),
            };
            let lasting = pauses.last().is_some_and(|pause| pause.to.is_none());
            if let Some(reason) = still.filter(|_| !lasting && stopped < at) {
                pauses.push(Pause { from: stopped, to: Some(at), reason });
            }
        }
        if let Some(reason) = should.filter(|_| pauses.last().is_none_or(|pause| pause.to.is_some())) {
            let from = pauses.last().and_then(|pause| pause.to).map_or(start, |end| end.max(start));
            pauses.push(Pause { from: since.max(from).min(at), to: None, reason });
        }
        let by = self.started(promise, start, spent, pauses);
        self.note(by);
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
            let since = self.record.hold().map_or(start, OnHold::since);
            let from = if waited.is_some() { self.at } else { since.max(start) };
            Pause { from, to: None, reason }
        });
        let pauses = waited.into_iter().chain(open).collect();
        let by = self.started(promise, start, Seconds::ZERO, pauses);
        self.note(by);
    }

    fn started(&self, promise: &Promise<'_>, start: Instant, spent: Seconds, pauses: Vec<Pause>) -> ClockStarted {
        self.started_on(self.terms(promise), start, spent, pauses)
    }

    fn started_on(&self, terms: Terms, start: Instant, spent: Seconds, pauses: Vec<Pause>) -> ClockStarted {
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

    fn used(&self, clock: &Clock, until: Instant) -> Seconds {
        let measure = self.clockwork.measure(clock.terms());
        let used = measure.and_then(|measure| clock.used(until, measure).ok()).unwrap_or_default();
        Seconds::capped(u64::try_from(used.num_seconds()).unwrap_or(0))
    }
}

/// From when a clock counts, if that has come.
fn anchor(start: &StartRule, milestones: &Milestones, created_at: Option<Instant>) -> Option<Instant> {
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
