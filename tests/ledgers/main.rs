//! Clocks against a second implementation: stories of random holds, changes of priority, hand-overs, reopenings,
//! merges, corrections and wakes, after each step of which desk and oracle must show the same.
//!
//! `ANDON_CASES` says how many stories, `ANDON_SEED` which.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test that fails should say so at once, and one of many stories tells how many there were"
)]

#[path = "../suite/common/mod.rs"]
mod common;
mod oracle;

use andon::{
    Desk, Incident, MemoryRepository, PolicyDraft, Stage,
    blocking::{self, IncidentDesk},
    command::{Assign, Cancel, Correct, CorrectTo, Edit, Report},
    id::SequentialIds,
    incident::Cancellation,
    ledger::{ClockResult, ClockState},
    permission::Permissions,
    time::{Instant, ManualTime, TimeSource, minutes},
};
use oracle::{ON_CHANGE, ON_REOPENING, Oracle, Shown, targets};

/// A sequence of numbers that looks random and is always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::try_from(self.below(u64::try_from(values.len()).unwrap())).unwrap()]
    }
}

fn policy(on_change: &str, on_reopening: &str) -> andon::Policy {
    let [p1, p2, p3] = targets();
    let metrics = format!(
        r#"[{{"metric": "resolve", "end": {{"milestones": ["resolved"]}}, "paused_by": ["awaiting_caller"],
            "on_change": "{on_change}", "on_reopening": "{on_reopening}", "warnings": [{{"percent": 50}}],
            "target": {{"by_priority": {{"P1": {{"business_seconds": {p1}}}, "P2": {{"business_seconds": {p2}}},
                "P3": {{"business_seconds": {p3}}}}}}}}}]"#
    );
    let draft = format!(
        r#"{{"name": "random",
            "calendars": {{"office": {{"name": "Office", "zone": "UTC", "weekly": {{
                "mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]], "wed": [["09:00", "17:00"]],
                "thu": [["09:00", "17:00"]], "fri": [["09:00", "17:00"]]}}}}}},
            "agreements": [
                {{"key": "standard", "calendar": "office", "metrics": {metrics}}},
                {{"key": "network", "kind": "ola", "metrics": [
                    {{"metric": "network", "target": {{"all": {{"elapsed_seconds": {ola}}}}},
                      "end": {{"milestones": ["resolved"]}}, "runs": {{"with_group": "Network"}}}}]}}]}}"#,
        ola = oracle::OLA,
    );
    let draft = PolicyDraft::from_json(draft.as_bytes()).unwrap();
    PolicyDraft { permissions: Permissions::everything(), ..draft }.validate().unwrap()
}

struct Story {
    time: ManualTime,
    desk: blocking::Desk<MemoryRepository>,
    incident: IncidentDesk<MemoryRepository>,
    other: andon::Id<Incident>,
    oracle: Oracle,
}

impl Story {
    fn begin(dice: &mut Dice) -> Self {
        let (on_change, on_reopening) = (dice.pick(&ON_CHANGE), dice.pick(&ON_REOPENING));
        let start: Instant = "2026-06-05T06:00:00Z".parse().unwrap();
        let time = ManualTime::at(start + minutes(u32::try_from(dice.below(6_000)).unwrap()));
        let desk = Desk::with_sources(MemoryRepository::new(), time.clone(), SequentialIds::new());
        let desk = blocking::Desk::from(desk.with_policy(policy(on_change, on_reopening)));
        let anna = desk.tenant("acme").unwrap().acting_as(common::anna());
        let other = anna.report("The same").unwrap().id();
        let id = anna.report(Report::new("Mail is down").impact("medium").urgency("medium")).unwrap().id();
        let oracle = Oracle::new(time.now(), on_change, on_reopening);
        Self { incident: anna.incident(id), time, desk, other, oracle }
    }

    /// Something that may happen now; what is not possible does not happen to the oracle either.
    fn step(&mut self, dice: &mut Dice) -> &'static str {
        let (incident, now) = (&self.incident, self.time.now());
        let stage = incident.get().unwrap().incident().stage();
        match dice.below(13) {
            0 if incident.hold("awaiting_caller").is_ok() => {
                // A hold of a resolved incident reopens it.
                self.oracle.reopened(now);
                self.oracle.paused(now, true);
                "hold for the caller"
            }
            1 if incident.hold("awaiting_vendor").is_ok() => {
                self.oracle.reopened(now);
                "hold for the vendor"
            }
            2 if incident.change_hold("awaiting_caller").is_ok() => {
                self.oracle.paused(now, true);
                "change the hold to the caller"
            }
            3 if incident.change_hold("awaiting_vendor").is_ok() => {
                self.oracle.paused(now, false);
                "change the hold to the vendor"
            }
            4 if incident.resume().is_ok() => {
                self.oracle.paused(now, false);
                "resume"
            }
            5 if incident.resolve("fixed").is_ok() => {
                self.oracle.resolved(now);
                "resolve"
            }
            6 if incident.reopen("It is back").is_ok() => {
                self.oracle.reopened(now);
                "reopen"
            }
            7 => {
                let (impact, urgency, rank) =
                    dice.pick(&[("high", "high", 0), ("high", "medium", 1), ("medium", "medium", 2)]);
                if incident.edit(Edit::new().impact(impact).urgency(urgency)).is_ok() && !stage.is_final() {
                    self.oracle.prioritised(now, rank);
                }
                "change the priority"
            }
            8 => {
                let group = dice.pick(&["Network", "Mail"]);
                if incident.assign(Assign::to_group(group)).is_ok() {
                    self.oracle.paused(now, false);
                    self.oracle.assigned(now, group == "Network");
                }
                "assign"
            }
            9 if stage != Stage::Cancelled
                && incident.cancel(Cancel::from(Cancellation::Duplicate { of: self.other })).is_ok() =>
            {
                self.oracle.cancelled(now);
                "merge"
            }
            10 if incident.undo_merge("They are two things").is_ok() => {
                self.oracle.merge_undone(now);
                "undo the merge"
            }
            11 if stage == Stage::Resolved => {
                incident.correct(Correct::new(CorrectTo::InProgress, "It was not")).unwrap();
                self.oracle.reopened(now);
                "correct to in progress"
            }
            12 => {
                self.desk.wake(now, 10).unwrap();
                "wake"
            }
            _ => "nothing",
        }
    }

    fn shown(&self, metric: &str) -> Option<Shown> {
        let seen = self.incident.get().unwrap();
        let id = seen.incident().clocks().last(metric)?.id();
        let clocks = self.incident.clocks().unwrap();
        let clock = clocks.iter().find(|seen| seen.clock().id() == id).unwrap();
        let reading = clock.reading().unwrap();
        Some(Shown {
            state: match clock.clock().state() {
                ClockState::Running => "running",
                ClockState::Paused => "paused",
                ClockState::Ended { result: ClockResult::Met, .. } => "met",
                ClockState::Ended { result: ClockResult::Missed, .. } => "missed",
                ClockState::Cancelled { .. } => "cancelled",
                ClockState::Replaced { .. } => "replaced",
            },
            due: clock.clock().due().filter(|_| clock.clock().is_live()),
            used: reading.used.num_seconds(),
            late: reading.late.map(|late| (late.counted_seconds, late.elapsed_seconds)),
            breached: clock.clock().breached_at().is_some(),
        })
    }
}

#[test]
fn clocks_show_what_a_second_implementation_shows() {
    #[expect(clippy::disallowed_methods, reason = "whoever wants more stories asks for them")]
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
    };
    let (stories, seed) = (number("ANDON_CASES", 600), number("ANDON_SEED", 1));
    let (mut steps, mut missed, mut replaced) = (0_u64, 0_u64, 0_u64);
    for story in 0..stories {
        let mut dice =
            Dice((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (story + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut told = Story::begin(&mut dice);
        let mut log = vec![format!("began {}", told.time.now())];
        for _ in 0..25 {
            told.time.advance(minutes(u32::try_from(dice.below(400)).unwrap()));
            let did = told.step(&mut dice);
            log.push(format!("{} {did}", told.time.now()));
            let now = told.time.now();
            for metric in ["resolve", "network"] {
                let (shown, expected) = (told.shown(metric), told.oracle.shown(metric, now));
                assert_eq!(shown, expected, "{metric} of story {story} of seed {seed}:\n{}", log.join("\n"));
                let Some(shown) = shown else { continue };
                missed += u64::from(shown.state == "missed");
                let explained = told.incident.explain_clock(metric).unwrap().unwrap();
                let counted = explained.spans.iter().filter(|span| span.counted);
                let counted: i64 = counted.map(|span| (span.to - span.from).num_seconds()).sum();
                let spent = i64::try_from(explained.spent.get()).unwrap();
                assert_eq!(counted + spent, shown.used, "the spans of {metric} of story {story} of seed {seed}");
                let whole = explained.spans.windows(2).all(|pair| pair[0].to == pair[1].from);
                assert!(whole, "the spans of {metric} of story {story} of seed {seed} leave a gap");
            }
            steps += 1;
        }
        // What is seen before it is stored is what is stored, and what the log alone adds up to.
        let before = told.incident.get().unwrap().into_incident();
        told.desk.wake(told.time.now(), 10).unwrap();
        let events = common::log(&told.incident);
        let (folded, _) = Incident::fold(&events).unwrap();
        assert_eq!(folded.clocks(), before.clocks(), "story {story} of seed {seed}");
        let replacements = common::kinds(&events).into_iter().filter(|kind| *kind == "clock_replaced").count();
        replaced += u64::try_from(replacements).unwrap();
    }
    println!("{stories} stories, {steps} steps, {missed} times missed, {replaced} replacements");
    assert!(missed > 0 && replaced > 0, "the stories are too tame");
}
