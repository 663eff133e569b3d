//! Situations of a real desk, told through the desk as its people live them. The answers to their questions are
//! those that a practitioner expects, to the second.
//!
//! The collection from which they come is not part of the project. Where it is to be had (`ANDON_CASES_DIR` names
//! the folder, else `../shared/cases`), each test also checks that it answers every question of its
//! scenario, with the answer that stands there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails should say so at once"
)]

#[path = "../suite/common/mod.rs"]
mod common;
mod told;

use andon::{
    Stage,
    blocking::IncidentDesk,
    command::{Cancel, Edit, Hold, Report},
    desk::ClockSeen,
    incident::{Cancellation, IncidentEvent, Milestone, ResumedBy},
    ledger::{AgreementKind, ClockResult, ClockState, Entry, Reading},
    obligation::Obligation,
    time::{Instant, hours},
    verb::IncidentVerb,
};
use common::{at, did, kinds, log};
use told::{told, told_with};

type Incident = IncidentDesk<andon::MemoryRepository>;

/// The last clock of a metric.
fn clock(incident: &Incident, metric: &str) -> ClockSeen {
    let id = incident.get().unwrap().incident().clocks().last(metric).map(andon::ledger::Clock::id);
    let clocks = incident.clocks().unwrap();
    clocks.into_iter().find(|seen| Some(seen.clock().id()) == id).unwrap_or_else(|| panic!("no clock {metric}"))
}

fn reading(incident: &Incident, metric: &str) -> Reading {
    *clock(incident, metric).reading().unwrap()
}

fn due(incident: &Incident, metric: &str) -> String {
    instant(clock(incident, metric).clock().due())
}

fn instant(at: Option<Instant>) -> String {
    at.map_or_else(|| "none".to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// `met`, `missed`, `cancelled`, `replaced` or `running`, and whether it was breached where that is not said.
fn result(seen: &ClockSeen) -> &'static str {
    let breached = seen.clock().breached_at().is_some();
    match (seen.clock().state(), breached) {
        (ClockState::Ended { result: ClockResult::Met, .. }, _) => "met",
        (ClockState::Ended { result: ClockResult::Missed, .. }, _) => "missed",
        (ClockState::Cancelled { .. }, true) => "cancelled, breached",
        (ClockState::Cancelled { .. }, false) => "cancelled, not breached",
        (ClockState::Replaced { .. }, true) => "replaced, breached",
        (ClockState::Replaced { .. }, false) => "replaced, not breached",
        (ClockState::Running | ClockState::Paused, _) => "running",
    }
}

fn late(incident: &Incident, metric: &str) -> (i64, i64) {
    let late = reading(incident, metric).late.unwrap();
    (i64::try_from(late.counted_seconds).unwrap(), i64::try_from(late.elapsed_seconds).unwrap())
}

const RESOLVE_8H: &str = r#"[{"metric": "resolve", "target": {"all": {"business_seconds": 28800}},
    "end": {"milestones": ["resolved"]}, "paused_by": ["awaiting_caller", "awaiting_date"],
    "warnings": [{"percent": 75}]}]"#;

#[test]
fn s01_neither_routing_nor_a_robot_is_a_response_and_the_clocks_go_forward_at_the_weekend() {
    let told = told(
        "S01",
        r#"[{"metric": "respond", "target": {"all": {"business_seconds": 3600}}, "end": {"milestones": ["responded"]}},
            {"metric": "resolve", "target": {"all": {"business_seconds": 28800}}, "end": {"milestones": ["resolved"]}}]"#,
    );
    told.at("2026-03-27T15:30:00Z");
    let id = told.bob().report("Mail is stuck").unwrap().id();
    let robot = told.robot();
    told.at("2026-03-27T15:31:00Z");
    robot.incident(id).add_note("We have received your report.").unwrap();
    told.at("2026-03-27T15:32:00Z");
    robot.incident(id).assign(andon::command::Assign::to_group("Network")).unwrap();
    let anna = told.anna().incident(id);
    told.ask("response due", due(&anna, "respond"), "2026-03-30T07:30:00Z");
    told.ask("resolution due", due(&anna, "resolve"), "2026-03-30T14:30:00Z");
    told.at("2026-03-30T07:29:59Z");
    anna.start_work().unwrap();
    told.ask("response result", result(&clock(&anna, "respond")), "met");
    told.ask("response: business seconds used", reading(&anna, "respond").used.num_seconds(), "3599");
    told.at("2026-03-30T14:30:00Z");
    anna.resolve("fixed").unwrap();
    told.ask("resolution result", result(&clock(&anna, "resolve")), "met");
    told.ask("resolution: business seconds used", reading(&anna, "resolve").used.num_seconds(), "28800");
    let milestones = anna.get().unwrap().incident().progress().milestones.clone();
    let took = milestones.resolved.unwrap() - milestones.reported.unwrap();
    told.ask("clock-time seconds from reported to resolved", took.num_seconds(), "255600");
    told.done();
}

#[test]
fn s03_the_callers_reply_on_saturday_night_starts_the_clock_though_no_business_time_passes_before_monday() {
    let told = told("S03", RESOLVE_8H);
    told.at("2026-06-04T12:00:00Z");
    let id = told.bob().report("Mail is stuck").unwrap().id();
    let anna = told.anna().incident(id);
    told.at("2026-06-05T09:00:00Z");
    anna.hold("awaiting_caller").unwrap();
    told.at("2026-06-05T13:00:00Z");
    told.ask("at 2026-06-05 15:00 local: due", due(&anna, "resolve"), "none");
    let left = reading(&anna, "resolve").remaining.num_seconds();
    told.ask("at 2026-06-05 15:00 local: remaining business seconds", left, "10800");
    let resumed = anna.preview(andon::command::IncidentCommand::Resume {}).unwrap();
    let then = resumed.incident().clocks().last("resolve").unwrap().due();
    told.ask("at 2026-06-05 15:00 local: due if resumed at that moment", instant(then), "2026-06-08T08:00:00Z");
    told.at("2026-06-06T20:00:00Z");
    told.bob().incident(id).add_note("It is on the second floor.").unwrap();
    let ended =
        log(&anna).into_iter().find(|event| event.body == IncidentEvent::Resumed(ResumedBy::CallerReply).into());
    told.ask("hold ended at", instant(ended.map(|event| event.occurred_at)), "2026-06-06T20:00:00Z");
    told.ask("due after the reply", due(&anna, "resolve"), "2026-06-08T10:00:00Z");
    let (warns, _) = clock(&anna, "resolve").clock().next_effect().unwrap();
    told.ask("75 % warning becomes due at", instant(Some(warns)), "2026-06-08T08:00:00Z");
    told.at("2026-06-08T07:40:00Z");
    let used = reading(&anna, "resolve").used.num_seconds();
    told.ask("business seconds used on Monday 2026-06-08 09:40 local", used, "20400");
    told.done();
}

#[test]
fn s05_pausing_belongs_to_the_reason_and_not_to_the_stage() {
    let told = told("S05", RESOLVE_8H);
    told.at("2026-06-09T07:00:00Z");
    let id = told.bob().report("Mail is stuck").unwrap().id();
    let anna = told.anna().incident(id);
    told.at("2026-06-09T08:00:00Z");
    anna.hold("awaiting_vendor").unwrap();
    told.at("2026-06-09T08:30:00Z");
    told.ask("due, asked at 10:30", due(&anna, "resolve"), "2026-06-09T15:00:00Z");
    told.at("2026-06-09T09:00:00Z");
    anna.change_hold("awaiting_caller").unwrap();
    told.at("2026-06-09T10:00:00Z");
    told.ask("due, asked at 12:00", due(&anna, "resolve"), "none");
    told.at("2026-06-09T13:00:00Z");
    anna.change_hold("awaiting_vendor").unwrap();
    told.at("2026-06-09T14:00:00Z");
    anna.resume().unwrap();
    told.ask("business seconds used at 16:00", reading(&anna, "resolve").used.num_seconds(), "10800");
    told.ask("due, asked at 16:00", due(&anna, "resolve"), "2026-06-10T11:00:00Z");
    told.ask("seconds paused", reading(&anna, "resolve").paused.num_seconds(), "14400");
    told.ask("number of hold intervals", anna.get().unwrap().incident().progress().holds, "3");
    told.done();
}

#[test]
fn s06_resolved_from_hold_reopened_after_two_days_and_counted_once() {
    let told = told(
        "S06",
        r#"[{"metric": "respond", "target": {"all": {"business_seconds": 3600}}, "end": {"milestones": ["responded"]}},
            {"metric": "resolve", "target": {"all": {"business_seconds": 28800}}, "end": {"milestones": ["resolved"]},
             "paused_by": ["awaiting_caller"], "on_reopening": "resume"}]"#,
    );
    told.at("2026-06-08T07:00:00Z");
    let id = told.bob().report("Mail is stuck").unwrap().id();
    let anna = told.anna().incident(id);
    told.at("2026-06-08T07:10:00Z");
    anna.start_work().unwrap();
    told.at("2026-06-08T11:00:00Z");
    anna.hold("awaiting_caller").unwrap();
    told.at("2026-06-09T09:00:00Z");
    anna.resolve("fixed").unwrap();
    told.ask("resolution result after the first resolution", result(&clock(&anna, "resolve")), "met");
    let used = reading(&anna, "resolve").used.num_seconds();
    told.ask("business seconds used at the first resolution", used, "14400");
    told.at("2026-06-11T08:00:00Z");
    told.bob().incident(id).reopen("It is back").unwrap();
    told.ask("due after the reopening", due(&anna, "resolve"), "2026-06-11T12:00:00Z");
    told.at("2026-06-11T12:30:00Z");
    anna.resolve("fixed").unwrap();
    told.ask("resolution result after the second resolution", result(&clock(&anna, "resolve")), "missed");
    told.ask("missed by, business seconds", late(&anna, "resolve").0, "1800");
    let incident = anna.get().unwrap().into_incident();
    let tally = incident.clocks().tallies(AgreementKind::Sla)["resolve"];
    told.ask("number of resolution results this incident adds to the compliance report", tally.met + tally.missed, "1");
    told.ask("number of reopenings", incident.progress().reopenings, "1");
    told.ask("response result", result(&clock(&anna, "respond")), "met");
    told.ask("response used, business seconds", reading(&anna, "respond").used.num_seconds(), "600");
    let held = reading(&anna, "resolve").paused_counted.num_seconds();
    told.ask("business seconds on hold in all", held, "21600");
    told.done();
}

const BY_PRIORITY: &str = r#"[{"metric": "resolve", "end": {"milestones": ["resolved"]},
    "target": {"by_priority": {"P3": {"business_seconds": 57600}, "P2": {"business_seconds": 28800},
        "P1": {"business_seconds": 14400}}},
    "paused_by": ["awaiting_caller"], "on_change": "keep_start", "warnings": [{"percent": 75}]}]"#;

/// A report that gives P3 by the ITIL matrix; P2 and P1 come by raising the urgency, then the impact.
fn p3() -> Report {
    Report::new("Mail is stuck").impact("medium").urgency("medium")
}

#[test]
fn s07_a_raised_priority_may_be_overdue_at_once() {
    let told = told("S07", BY_PRIORITY);
    told.at("2026-06-09T07:00:00Z");
    let id = told.bob().report(p3()).unwrap().id();
    let anna = told.anna().incident(id);
    told.ask("due before the change", due(&anna, "resolve"), "2026-06-10T15:00:00Z");
    told.at("2026-06-09T13:00:00Z");
    let raised = anna.edit(Edit::new().impact("high").urgency("high")).unwrap();
    assert_eq!(raised.incident().priority().name().as_str(), "P1");
    told.ask("due after the change", due(&anna, "resolve"), "2026-06-09T11:00:00Z");
    told.ask("overdue at 15:00:00 by, business seconds", late(&anna, "resolve").0, "7200");
    told.at("2026-06-09T14:00:00Z");
    anna.resolve("fixed").unwrap();
    let log = log(&anna);
    let entry = |wanted: fn(&Entry) -> bool| {
        let entries = log.iter().filter(move |event| match &event.body {
            andon::event::Body::Incident(IncidentEvent::Clock(entry)) => wanted(entry),
            _ => false,
        });
        entries.collect::<Vec<_>>()
    };
    let breaches = entry(|entry| matches!(entry, Entry::Breached(_)));
    told.ask(
        "the breach is recorded (recorded_at) at",
        instant(breaches.first().map(|event| event.recorded_at)),
        "2026-06-09T13:00:00Z",
    );
    told.ask("number of breach effects", breaches.len(), "1");
    let warned = entry(|entry| matches!(entry, Entry::Warned(_)));
    let after = warned.iter().filter(|event| event.recorded_at >= at("2026-06-09T13:00:00Z"));
    told.ask("number of warning effects after the change", after.count(), "0");
    told.ask("result of the P1 clock", result(&clock(&anna, "resolve")), "missed");
    told.ask("missed by, business seconds", late(&anna, "resolve").0, "10800");
    let first = anna.clocks().unwrap().into_iter().last().unwrap();
    assert_eq!(first.clock().terms().priority.name().as_str(), "P3");
    told.ask("result of the P3 clock", result(&first), "replaced, not breached");
    told.done();
}

#[test]
fn s10_a_pause_survives_changes_of_priority_and_hides_no_breach() {
    let told = told("S10", BY_PRIORITY);
    told.at("2026-06-08T07:00:00Z");
    let id = told.bob().report(p3()).unwrap().id();
    let anna = told.anna().incident(id);
    told.at("2026-06-08T08:00:00Z");
    anna.hold("awaiting_caller").unwrap();
    told.at("2026-06-08T12:00:00Z");
    told.bob().incident(id).add_note("Here you are.").unwrap();
    told.at("2026-06-08T13:00:00Z");
    let used = reading(&anna, "resolve").used.num_seconds();
    told.ask("used at 15:00 on the first day, business seconds", used, "7200");
    anna.edit(Edit::new().urgency("high")).unwrap();
    told.ask("due after P2", due(&anna, "resolve"), "2026-06-09T11:00:00Z");
    told.at("2026-06-09T08:00:00Z");
    anna.hold("awaiting_caller").unwrap();
    told.at("2026-06-09T08:30:00Z");
    told.ask("due while on hold at 10:30 on the second day", due(&anna, "resolve"), "none");
    let left = reading(&anna, "resolve").remaining.num_seconds();
    told.ask("remaining at 10:30 on the second day, business seconds", left, "10800");
    told.at("2026-06-09T09:00:00Z");
    anna.edit(Edit::new().impact("high")).unwrap();
    told.ask("at 11:00 on the second day, P1, still on hold: due", due(&anna, "resolve"), "2026-06-08T15:00:00Z");
    let overdue = clock(&anna, "resolve").clock().is_overdue(at("2026-06-09T09:00:00Z"));
    told.ask("is it overdue at 11:00 while paused", if overdue { "yes" } else { "no" }, "yes");
    told.ask("overdue by at 11:00, business seconds", late(&anna, "resolve").0, "3600");
    told.at("2026-06-09T10:00:00Z");
    told.bob().incident(id).add_note("Once more.").unwrap();
    told.at("2026-06-09T11:00:00Z");
    told.ask("overdue by at 13:00, business seconds", late(&anna, "resolve").0, "7200");
    told.done();
}

#[test]
fn s14_a_late_scheduler_changes_no_sum() {
    let story = |wake_in_time: bool| {
        let told = told("S14", RESOLVE_8H);
        told.at("2026-06-08T07:00:00Z");
        let id = told.bob().report("Mail is stuck").unwrap().id();
        told.at("2026-06-08T10:00:00Z");
        told.anna().incident(id).hold(Hold::new("awaiting_date").until(at("2026-06-10T07:00:00Z"))).unwrap();
        if wake_in_time {
            told.at("2026-06-10T07:00:00Z");
            assert_eq!(told.wake(), 1);
        }
        told.at("2026-06-10T07:05:00Z");
        told.anna().incident(id).resolve("fixed").unwrap();
        (told, id)
    };
    let (told, id) = story(false);
    let anna = told.anna().incident(id);
    let events = log(&anna);
    let resumed = events.iter().find(|event| event.body.name() == "incident.resumed").unwrap();
    told.ask("hold ended at (occurred_at)", instant(Some(resumed.occurred_at)), "2026-06-10T07:00:00Z");
    told.ask("the resumption is recorded (recorded_at) at", instant(Some(resumed.recorded_at)), "2026-06-10T07:05:00Z");
    told.ask("business seconds used", reading(&anna, "resolve").used.num_seconds(), "11100");
    let moves: Vec<_> = kinds(&events).into_iter().filter(|kind| !kind.starts_with("clock_")).collect();
    told.ask("order of the last two events", moves[moves.len() - 2..].join(", "), "resumed, resolved");
    told.at("2026-06-10T07:07:00Z");
    let woken = told.wake();
    told.ask(
        "effects of the wake at 09:07 on this record",
        if woken == 0 { "none".to_owned() } else { woken.to_string() },
        "none",
    );
    let (in_time, id) = story(true);
    let used = reading(&in_time.anna().incident(id), "resolve").used.num_seconds();
    told.ask("business seconds used had the wake come at 09:00:00", used, "11100");
    told.done();
}

#[test]
#[allow(clippy::many_single_char_names, reason = "they are called so")]
fn s16_what_is_due_at_closing_time_is_late_a_second_after_it() {
    let told = told("S16", RESOLVE_8H);
    told.at("2026-06-05T07:00:00Z");
    let ids = ["A", "B", "C", "D", "E"].map(|name| told.bob().report(name).unwrap().id());
    let [a, b, c, d, e] = ids.map(|id| told.anna().incident(id));
    let dues: Vec<_> = [&a, &b, &c, &d, &e].iter().map(|incident| due(incident, "resolve")).collect();
    assert!(dues.iter().all(|due| due == &dues[0]));
    told.ask("due of all", dues[0].clone(), "2026-06-05T15:00:00Z");
    for (when, incident) in [
        ("2026-06-05T15:00:00Z", &a),
        ("2026-06-05T15:00:01Z", &b),
        ("2026-06-05T16:00:00Z", &c),
        ("2026-06-08T07:00:00Z", &d),
        ("2026-06-08T07:30:00Z", &e),
    ] {
        told.at(when);
        incident.resolve("fixed").unwrap();
    }
    told.ask("A", result(&clock(&a, "resolve")), "met");
    told.ask("B", result(&clock(&b, "resolve")), "missed");
    told.ask("B: missed by, business seconds", late(&b, "resolve").0, "0");
    told.ask("B: missed by, seconds", late(&b, "resolve").1, "1");
    told.ask("C", result(&clock(&c, "resolve")), "missed");
    told.ask("C: missed by, business seconds", late(&c, "resolve").0, "0");
    told.ask("C: missed by, seconds", late(&c, "resolve").1, "3600");
    told.ask("D", result(&clock(&d, "resolve")), "missed");
    told.ask("E", result(&clock(&e, "resolve")), "missed");
    told.ask("E: missed by, business seconds", late(&e, "resolve").0, "1800");
    told.ask("E: missed by, seconds", late(&e, "resolve").1, "232200");
    told.done();
}

#[test]
fn s18_a_merge_launders_no_breach_and_its_undoing_counts_the_merged_time() {
    let told = told(
        "S18",
        r#"[{"metric": "resolve", "target": {"all": {"business_seconds": 14400}}, "end": {"milestones": ["resolved"]}}]"#,
    );
    told.at("2026-06-08T06:00:00Z");
    let m = told.anna().report("The master").unwrap().id();
    told.at("2026-06-08T07:00:00Z");
    let a = told.bob().report("A").unwrap().id();
    told.at("2026-06-08T11:00:00Z");
    let b = told.carl().report("B").unwrap().id();
    let [m, a, b] = [m, a, b].map(|id| told.anna().incident(id));
    told.ask("A: due before the merge", due(&a, "resolve"), "2026-06-08T11:00:00Z");
    let master = clock(&m, "resolve").clock().start();
    told.at("2026-06-08T12:00:00Z");
    let master_id = m.get().unwrap().incident().id();
    for duplicate in [&a, &b] {
        let cancelled = duplicate.cancel(Cancel::from(Cancellation::Duplicate { of: master_id })).unwrap();
        assert_eq!(did(&cancelled).last(), Some(&"clock_cancelled"));
    }
    told.ask("A: clock after the merge", result(&clock(&a, "resolve")), "cancelled, breached");
    told.ask("B: clock after the merge", result(&clock(&b, "resolve")), "cancelled, not breached");
    told.ask("B: business seconds used at the merge", reading(&b, "resolve").used.num_seconds(), "3600");
    told.at("2026-06-09T07:30:00Z");
    told.mia().incident(b.get().unwrap().incident().id()).undo_merge("They are two things").unwrap();
    told.ask("B: stage after undoing", b.get().unwrap().incident().stage(), "New");
    assert_eq!(b.get().unwrap().incident().stage(), Stage::New);
    told.ask("B: due after undoing", due(&b, "resolve"), "2026-06-08T15:00:00Z");
    told.at("2026-06-09T08:30:00Z");
    b.resolve("fixed").unwrap();
    told.ask("B: missed by at resolution, business seconds", late(&b, "resolve").0, "5400");
    let same = clock(&m, "resolve").clock().start() == master;
    told.ask("M: start of the master's clock changed by the merge", if same { "no" } else { "yes" }, "no");
    told.done();
}

#[test]
fn s20_a_notification_to_the_authority_counts_from_awareness_and_owes_its_reasons_when_it_is_late() {
    let told = told_with(
        "S20",
        r#"[{"metric": "notify_authority", "target": {"all": {"elapsed_seconds": 259200}},
             "start": {"milestone": "aware"}, "end": {"milestones": ["authority_notified"]},
             "when_missed": [{"field": "fields.reasons_for_delay", "by": "closure"}]}]"#,
        r#""name": "Privacy",
           "milestones": [{"milestone": "aware"}, {"milestone": "authority_notified"}],
           "fields": [{"key": "reasons_for_delay", "kind": {"text": {"max_chars": 2000}}}]"#,
    );
    told.at("2026-10-23T07:00:00Z");
    let id = told.robot().report("Customer data in a public bucket").unwrap().id();
    let privacy = told.mia().incident(id);
    let own = |key: &str| Milestone::Own(key.parse().unwrap());
    let known = privacy.get().unwrap().incident().clocks().last("notify_authority").is_some();
    told.ask("state before awareness", if known { "started" } else { "not started" }, "not started");
    told.at("2026-10-23T14:00:00Z");
    privacy.record_milestone(own("aware"), at("2026-10-23T14:00:00Z")).unwrap();
    told.ask("due", due(&privacy, "notify_authority"), "2026-10-26T14:00:00Z");
    // Berlin is an hour ahead of UTC again.
    let local = clock(&privacy, "notify_authority").clock().due().unwrap() + hours(1);
    told.ask("due, local time", local.format("%Y-%m-%d %H:%M"), "2026-10-26 15:00");
    told.at("2026-10-23T15:00:00Z");
    told.anna().incident(id).hold("awaiting_vendor").unwrap();
    told.ask("due while on hold", due(&privacy, "notify_authority"), "2026-10-26T14:00:00Z");
    told.at("2026-10-26T14:30:00Z");
    privacy.record_milestone(own("authority_notified"), at("2026-10-26T14:30:00Z")).unwrap();
    let reasons = |open: &IncidentDesk<andon::MemoryRepository>| {
        let moves = open.allowed_moves().unwrap();
        let close = moves.into_iter().find(|allowed| allowed.verb() == IncidentVerb::Close).unwrap();
        let field = |owed: &Obligation| owed.field().map(ToString::to_string);
        close.obligations().iter().any(|owed| field(owed).as_deref() == Some("fields.reasons_for_delay"))
    };
    privacy.resolve("fixed").unwrap();
    let asked = if reasons(&privacy) { "reasons required" } else { "nothing required" };
    let result = format!("{}; {asked}", result(&clock(&privacy, "notify_authority")));
    told.ask("result", result, "missed; reasons required");
    told.ask("missed by, seconds", late(&privacy, "notify_authority").1, "1800");
    privacy.edit(Edit::new().field("reasons_for_delay", "The processor told us on Monday.")).unwrap();
    assert!(!reasons(&privacy), "the reasons were given");
    told.done();
}

/// What a service manager reads of a clock: a weekend on which the clocks go forward, and a hold.
#[test]
fn the_explanation_of_a_clock_reads_as_it_went() {
    let told = told_with(
        "S03",
        r#"[{"metric": "resolve", "target": {"all": {"business_seconds": 28800}}, "end": {"milestones": ["resolved"]},
            "paused_by": ["awaiting_caller"]}]"#,
        r#""name": "Berlin""#,
    );
    told.at("2026-03-27T13:00:00Z");
    let id = told.bob().report("Mail is stuck").unwrap().id();
    let anna = told.anna().incident(id);
    told.at("2026-03-27T14:00:00Z");
    anna.hold("awaiting_caller").unwrap();
    told.at("2026-03-28T20:00:00Z");
    told.bob().incident(id).add_note("It is on the second floor.").unwrap();
    told.at("2026-03-30T12:30:00Z");
    let running = anna.explain_clock("resolve").unwrap().unwrap();
    told.at("2026-03-30T15:00:00Z");
    anna.resolve("fixed").unwrap();
    let ended = anna.explain_clock("resolve").unwrap().unwrap();
    insta::assert_snapshot!(format!("{running}\n--- at the end ---\n{ended}"));
}
