//! The hand that moves the clocks of one record: what it starts, changes and gives up as the promises change.

mod settle;

use std::borrow::Cow;

use super::{Clockwork, EndRule, MetricRule, OnChange, Promise, StartRule, clockwork::Before, promise::held_for};
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
    /// Whether a hold ended, or went on for another reason, just now.
    pub(super) is_hold_over: bool,
}

impl<'a> Hand<'a> {
    pub(super) fn of(clockwork: &'a Clockwork, record: &'a Incident, at: Instant) -> Self {
        Self {
            clockwork,
            record,
            at,
            ledger: Cow::Borrowed(record.clocks()),
            entries: Vec::new(),
            is_reopened: false,
            is_hold_over: false,
        }
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
        self.correct_starts(before);
        for promise in &new {
            let start = self.start_of(promise.rule).filter(|_| promise.rule.runs.hold_for(self.record));
            let reached_before = before.and_then(|before| match &promise.rule.start {
                StartRule::Milestone(milestone) => before.milestones.at(milestone),
                StartRule::Reported | StartRule::Created => before.milestones.reported,
            });
            // What runs only at times begins to do so, too, when the record is taken up again.
            let ran_before = before.is_some_and(|before| before.lets(&promise.rule.runs));
            let ran_before = ran_before && (promise.rule.runs.is_always() || !self.is_reopened);
            let is_new = !old.contains(promise) || reached_before.is_none() || !ran_before;
            if let Some(start) = start.filter(|_| is_new && !self.is_kept(promise)) {
                self.begin(promise, start);
            }
        }
    }

    /// Follows starts that are known better now, also after the end.
    pub(super) fn correct_starts(&mut self, before: Option<&Before>) {
        for (clock, start) in self.moved(before) {
            self.start_over(&clock, start);
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
            let start = self.start_of(promise.rule).filter(|_| promise.rule.runs.hold_for(self.record));
            if let Some(start) = start.filter(|_| !self.is_kept(promise)) {
                self.begin(promise, start);
            }
        }
    }

    /// A clock comes for a promise: one that goes on where another was given up, or one that starts.
    fn begin(&mut self, promise: &Promise<'_>, start: Instant) {
        match self.given_up(promise) {
            Some(clock) => self.promise_again(&clock, promise, start),
            None => self.start(promise, start),
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
            let rule = self.clockwork.rule(clock).filter(|_| counts)?;
            // A cadence counts from update to update, and what runs only at times from when it first does.
            let StartRule::Milestone(milestone) = &rule.start else { return None };
            if rule.end == EndRule::Update || !rule.runs.is_always() {
                return None;
            }
            let (was, is) = (before.milestones.at(milestone)?, known.at(milestone)?);
            (was != is && clock.start() == was).then(|| (clock.clone(), is))
        });
        moved.collect()
    }

    /// The last clock in the place of a promise, if it was given up because nothing promised it any more.
    fn given_up(&self, promise: &Promise<'_>) -> Option<Clock> {
        // A cadence begins anew, from the last update.
        if promise.rule.end == EndRule::Update {
            return None;
        }
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
        let ends = promise.rule.end != EndRule::Update;
        let standing = |state: &ClockState| state.is_live() || (ends && matches!(state, ClockState::Ended { .. }));
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

    /// Another clock takes the place of one whose start is known better: on the same terms, with the same pauses.
    fn start_over(&mut self, clock: &Clock, start: Instant) {
        let since = self.record.hold().map(OnHold::since);
        // What was on hold before the clock started was so from then on. A pause before the start takes nothing away,
        // and is there if that is corrected again.
        let began = |pause: &Pause| {
            let lasts =
                pause.to.is_none() && pause.from == clock.start() && matches!(pause.reason, PauseReason::Hold(_));
            since.filter(|since| lasts && *since <= pause.from).unwrap_or(pause.from)
        };
        let pauses = clock.pauses().iter().map(|pause| Pause { from: began(pause), ..pause.clone() }).collect();
        let by = self.started_on(clock.terms().clone(), start, clock.spent(), pauses);
        let next = by.clock;
        self.note(ClockReplaced { clock: clock.to_ref(), at: self.at.max(clock.start()), by });
        // What had ended has, whatever became of the record since.
        if matches!(clock.state(), ClockState::Ended { .. })
            && let Some((next, rule)) = self.clock_and_rule(next)
            && let Some(end) = self.end(rule, start)
        {
            self.end_clock(&next, end);
        }
    }

    /// What was given up is promised again: another clock goes on where it stopped, as after a change. What was on
    /// hold in between is not known, but for a hold that lasts.
    fn promise_again(&mut self, clock: &Clock, promise: &Promise<'_>, start: Instant) {
        let stopped = clock.state().stopped_at().unwrap_or(self.at);
        let at = self.at.max(stopped);
        let should = pause_reason(promise.rule, self.record);
        let since = self.record.hold().map_or(at, OnHold::since);
        let (start, spent, mut pauses) = match promise.rule.on_change {
            OnChange::KeepStart => {
                // What it counts from may be known better by now.
                let start = if promise.rule.runs.is_always() { start } else { clock.start() };
                (start, clock.spent(), clock.pauses().to_vec())
            }
            OnChange::KeepSpent => (at, self.used(clock, stopped), Vec::new()),
            OnChange::Restart => (at, Seconds::ZERO, Vec::new()),
        };
        let lasts = |pause: &Pause| should.as_ref() == Some(&pause.reason) && since <= pause.from;
        if let Some(last) = pauses.last_mut().filter(|pause| pause.to.is_none() && !lasts(pause)) {
            last.to = Some(stopped.max(last.from));
        }
        // What runs only at times stood still while nothing was promised.
        let still = promise.rule.runs.otherwise();
        let end_of = |pauses: &[Pause]| pauses.last().map(|last| last.to);
        if let Some(reason) = still.filter(|_| start < at && end_of(&pauses) != Some(None)) {
            let from = end_of(&pauses).flatten().map_or(stopped, |end| end.max(stopped));
            pauses.extend((from < at).then_some(Pause { from, to: Some(at), reason }));
        }
        if let Some(reason) = should.filter(|_| end_of(&pauses) != Some(None)) {
            let from = end_of(&pauses).flatten().map_or(start, |end| end.max(start));
            pauses.push(Pause { from: since.max(from), to: None, reason });
        }
        let by = self.started(promise, start, spent, pauses);
        self.note(by);
    }

    /// A clock starts.
    fn start(&mut self, promise: &Promise<'_>, start: Instant) {
        // What runs only at times starts when it first does; what was before its agreement held is not known.
        let is_always = promise.rule.runs.is_always();
        let start = if is_always { start } else { start.max(self.at) };
        // What was done before it could run is not asked of anybody.
        if !is_always && self.end(promise.rule, start).is_some() {
            return;
        }
        let open = pause_reason(promise.rule, self.record).map(|reason| {
            let since = self.record.hold().map_or(start, OnHold::since);
            Pause { from: since.max(start), to: None, reason }
        });
        let by = self.started(promise, start, Seconds::ZERO, open.into_iter().collect());
        self.note(by);
    }

    fn started(&self, promise: &Promise<'_>, start: Instant, spent: Seconds, pauses: Vec<Pause>) -> ClockStarted {
        self.started_on(self.terms(promise), start, spent, pauses)
    }

    fn started_on(&self, terms: Terms, start: Instant, spent: Seconds, pauses: Vec<Pause>) -> ClockStarted {
        let measure = self.clockwork.measure(&terms);
        let schedule = measure.and_then(|measure| schedule(&terms, start, spent, &pauses, measure).ok());
        let mut schedule = schedule.unwrap_or_default();
        // What lies behind does not warn any more, and what is overdue when it begins does not at all.
        schedule.warnings.retain(|next| next.at >= self.at);
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
    if let Some(reason) = rule.runs.otherwise().filter(|_| !rule.runs.hold_for(record)) {
        return Some(reason);
    }
    held.filter(|reason| rule.paused_by.contains(reason)).cloned().map(PauseReason::Hold)
}
