//! Agreements: which hold, what they start, and how their clocks go along with the incident.

use crate::common::{AtIncident, House, at, did, kinds, log};
use andon::{
    PolicyDraft,
    actor::ActorId,
    command::{Assign, Edit, IncidentCommand, Report},
    desk::{History, HistoryStep},
    fault::Faults,
    incident::Milestone,
    ledger::{AgreementKind, CancelReason, ClockState},
    sla::Misfit,
    store::{Query, Sort},
    time::{hours, minutes},
};
use serde_json::{Value, json};

fn calendars() -> Value {
    let week = |open: &str, close: &str| {
        json!({"mon": [[open, close]], "tue": [[open, close]], "wed": [[open, close]], "thu": [[open, close]],
               "fri": [[open, close]]})
    };
    json!({
        "office": {"name": "Office", "zone": "UTC", "weekly": week("07:00", "15:00")},
        "late": {"name": "Late shift", "zone": "UTC", "weekly": week("12:00", "20:00")},
    })
}

#[allow(clippy::needless_pass_by_value, reason = "it is written where it is passed")]
pub fn drafted(agreements: Value) -> PolicyDraft {
    let draft = json!({"name": "Acme", "calendars": calendars(), "agreements": agreements, "categories": [
        {"key": "it"}, {"key": "network", "parent": "it"}]});
    serde_json::from_value(draft).unwrap()
}

fn house(agreements: Value) -> House {
    let house = House::new();
    House { desk: house.desk.with_policy(drafted(agreements).validate().unwrap()), ..house }
}

/// A metric from the report to the resolution, in so many hours of business time.
fn resolve(hours: u64) -> Value {
    json!({"metric": "resolve", "target": {"all": {"business_seconds": hours * 3_600}}, "end": {"milestones": ["resolved"]}})
}

/// Metric, agreement and state of each clock, in the order in which the desk shows them.
pub fn clocks(incident: &AtIncident) -> Vec<(String, String, String)> {
    let views = incident.clock_views().unwrap();
    views.into_iter().map(|clock| (clock.metric, clock.agreement, clock.state)).collect()
}

pub fn told(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

// Which hold.

#[test]
fn of_agreements_that_promise_the_same_the_first_that_fits_holds_and_the_desk_says_why() {
    let house = house(json!([
        {"key": "gold", "calendar": "office", "when": {"organisations": ["Acme Ltd"], "priorities": ["P1", "P2"]},
         "metrics": [resolve(4)]},
        {"key": "network", "calendar": "office", "when": {"categories": ["it"]}, "metrics": [resolve(6)]},
        {"key": "retired", "calendar": "office", "metrics": [resolve(1)], "retired": true},
        {"key": "standard", "calendar": "office", "metrics": [resolve(8),
            {"metric": "respond", "target": {"all": {"business_seconds": 600}}, "end": {"milestones": ["responded"]}}]},
    ]));
    let anna = house.anna();
    let id = anna.report(Report::new("Mail").organisation("Acme Ltd").category("network")).unwrap().id();
    // The category lies below the one that is named; the organisation fits, the priority does not.
    assert_eq!(
        clocks(&anna.incident(id)),
        told(&[("respond", "standard", "running"), ("resolve", "network", "running")])
    );
    let considered = anna.incident(id).agreements().unwrap();
    let why: Vec<_> = considered.iter().map(|one| (one.agreement.as_str(), one.misfit)).collect();
    assert_eq!(
        why,
        [("gold", Some(Misfit::Priority)), ("network", None), ("retired", Some(Misfit::Retired)), ("standard", None)]
    );
}

#[test]
fn each_condition_must_fit() {
    for (condition, misfit) in [
        (json!({"services": ["mail"]}), Misfit::Service),
        (json!({"offerings": ["gold"]}), Misfit::Offering),
        (json!({"organisations": ["Acme Ltd"]}), Misfit::Organisation),
        (json!({"categories": ["network"]}), Misfit::Category),
        (json!({"priorities": ["P1"]}), Misfit::Priority),
        (json!({"groups": ["Network"]}), Misfit::Group),
        (json!({"labels": ["vip"]}), Misfit::Label),
    ] {
        let house = house(json!([{"key": "only", "calendar": "office", "when": condition, "metrics": [resolve(8)]}]));
        let anna = house.anna();
        let bare = anna.report(Report::new("Mail")).unwrap().id();
        assert_eq!(anna.incident(bare).agreements().unwrap()[0].misfit, Some(misfit));
        assert!(clocks(&anna.incident(bare)).is_empty());
        let fitting = Report::new("Mail")
            .service("mail")
            .offering("gold")
            .organisation("Acme Ltd")
            .category("network")
            .impact("high")
            .urgency("high")
            .group("Network")
            .label("vip");
        let fitting = anna.report(fitting).unwrap().id();
        assert_eq!(clocks(&anna.incident(fitting)).len(), 1, "{misfit:?}");
    }
}

#[test]
fn the_calendar_may_be_that_of_the_organisation_or_of_the_service() {
    let agreements = json!([{"key": "standard", "calendar": {"of": "organisation", "otherwise": "office"},
        "metrics": [resolve(1)]}]);
    let mut draft = drafted(agreements);
    draft.calendars_of = serde_json::from_value(json!({"organisations": {"Night Ltd": "late"}})).unwrap();
    let house = House::new();
    let house = House { desk: house.desk.with_policy(draft.validate().unwrap()), ..house };
    let anna = house.anna();
    let due = |organisation: &str| {
        let id = anna.report(Report::new("Mail").organisation(organisation)).unwrap().id();
        anna.incident(id).clock_views().unwrap()[0].due.unwrap()
    };
    assert_eq!(due("Day Ltd"), at("2026-06-08T08:00:00Z"));
    assert_eq!(due("Night Ltd"), at("2026-06-08T13:00:00Z"));
}

// What they start, and what goes along.

#[test]
fn a_clock_starts_at_its_milestone() {
    let house = house(json!([{"key": "standard", "metrics": [
        {"metric": "own", "target": {"all": {"elapsed_seconds": 3_600}}, "start": {"milestone": "assigned"},
         "end": {"milestones": ["started"]}}]}]));
    let anna = house.anna();
    let id = anna.report("Mail").unwrap().id();
    assert!(clocks(&anna.incident(id)).is_empty(), "not started");
    house.time.advance(hours(5));
    let assigned = anna.incident(id).assign(Assign::to_group("Network")).unwrap();
    assert_eq!(did(&assigned), ["assigned", "clock_started"]);
    let clock = &anna.incident(id).clock_views().unwrap()[0];
    assert_eq!((clock.start, clock.due), (at("2026-06-08T12:00:00Z"), Some(at("2026-06-08T13:00:00Z"))));
    // A second dispatch is no second start.
    let again = anna.incident(id).assign(Assign::to_group("Mail")).unwrap();
    assert_eq!(did(&again), ["assigned"]);
}

#[test]
fn the_clock_of_an_operational_level_agreement_adds_up_over_returns() {
    let house = house(json!([{"key": "network", "kind": "ola", "metrics": [
        {"metric": "network", "target": {"all": {"elapsed_seconds": 7_200}}, "end": {"milestones": ["resolved"]},
         "runs": {"with_group": "Network"}}]}]));
    let anna = house.anna();
    let id = anna.report("Mail").unwrap().id();
    for group in ["Network", "Mail", "Network"] {
        anna.incident(id).assign(Assign::to_group(group)).unwrap();
        house.time.advance(minutes(50));
    }
    let clock = &anna.incident(id).clock_views().unwrap()[0];
    assert_eq!((clock.used_seconds, clock.state.as_str()), (Some(6_000), "running"));
    assert_eq!(clock.due, Some(house_now(&house) + minutes(20)));
    // Those who may not read internals do not see what groups owe each other.
    assert!(house.bob().report("Mine").is_ok());
    let mine = house.bob().report("Mine, too").unwrap().id();
    assert!(anna.incident(mine).clock_views().unwrap().is_empty(), "the group has never had it");
    anna.incident(mine).assign(Assign::to_group("Network")).unwrap();
    assert!(house.bob().incident(mine).clock_views().unwrap().is_empty());
    assert_eq!(anna.incident(mine).clock_views().unwrap().len(), 1);
}

#[test]
fn the_clock_of_a_contract_runs_while_the_vendor_is_waited_for() {
    let house = house(json!([{"key": "maker", "kind": "contract", "calendar": "late", "metrics": [
        {"metric": "deliver", "target": {"all": {"business_seconds": 3_600}}, "end": {"milestones": ["resolved"]},
         "runs": {"on_hold_for": ["awaiting_vendor"]}}]}]));
    let anna = house.anna();
    let id = anna.report("Mail").unwrap().id();
    let clock = || anna.incident(id).clock_views().unwrap().remove(0);
    house.time.advance(hours(1));
    anna.incident(id).hold("awaiting_caller").unwrap();
    assert!(anna.incident(id).clock_views().unwrap().is_empty(), "nobody waits for the vendor yet");
    anna.incident(id).change_hold("awaiting_vendor").unwrap();
    assert_eq!(clock().due, Some(at("2026-06-08T13:00:00Z")), "an hour of the vendor's day, which begins at noon");
    house.time.advance(hours(5) + minutes(30));
    anna.incident(id).resume().unwrap();
    assert_eq!((clock().state.as_str(), clock().used_seconds, clock().overdue), ("paused", Some(5_400), true));
    assert_eq!(clock().paused_by.as_deref(), Some("not_on_hold"));
}

#[test]
fn what_never_ran_was_neither_met_nor_missed() {
    let house = house(json!([
        {"key": "network", "kind": "ola", "metrics": [
            {"metric": "network", "target": {"all": {"elapsed_seconds": 60}}, "end": {"milestones": ["resolved"]},
             "runs": {"with_group": "Network"}}]},
        {"key": "maker", "kind": "contract", "calendar": "office", "metrics": [
            {"metric": "deliver", "target": {"all": {"business_days": 2}}, "end": {"milestones": ["resolved"]},
             "runs": {"on_hold_for": ["awaiting_vendor"]}}]}]));
    let anna = house.anna();
    let incident = anna.incident(anna.report("Mail").unwrap().id());
    house.time.advance(hours(1));
    incident.resolve("fixed").unwrap();
    assert!(incident.clock_views().unwrap().is_empty());
    incident.route_to_group("Network").unwrap();
    assert!(incident.clock_views().unwrap().is_empty(), "it is resolved, and nothing is asked of them");
    house.time.advance(hours(1));
    incident.reopen("It is back").unwrap();
    assert_eq!(clocks(&incident), told(&[("network", "network", "running")]), "now it is");
    // Two business days from when the vendor is waited for, whatever day it was reported.
    house.time.set(at("2026-06-09T10:00:00Z"));
    incident.hold("awaiting_vendor").unwrap();
    let clock = incident.clock_views().unwrap().into_iter().find(|clock| clock.metric == "deliver").unwrap();
    assert_eq!((clock.start, clock.due), (at("2026-06-09T10:00:00Z"), Some(at("2026-06-11T10:00:00Z"))));
}

#[test]
fn each_update_ends_a_clock_and_starts_the_next() {
    let house = house(json!([{"key": "standard", "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3_600}}, "end": "update"}]}]));
    let (id, anna) = (house.bob().report("Mail").unwrap().id(), house.anna());
    house.time.advance(minutes(30));
    // Neither the caller nor a robot gives an update.
    house
        .acting("acme", andon::Actor::automation("robot").unwrap().role("agent").unwrap())
        .incident(id)
        .add_note("Hm")
        .unwrap();
    assert_eq!(did(&anna.incident(id).add_internal_note("I look").unwrap()), ["note_added"]);
    let told = anna.incident(id).add_note("We are on it").unwrap();
    assert_eq!(did(&told), ["note_added", "clock_ended", "clock_started"]);
    house.time.advance(minutes(90));
    let late = anna.incident(id).add_note("Still").unwrap();
    assert_eq!(did(&late), ["clock_breached", "note_added", "clock_ended", "clock_started"]);
    let tally = late.incident().clocks().tallies(AgreementKind::Sla)["update"];
    assert_eq!((tally.met, tally.missed, tally.ever_breached), (1, 1, 1));
    // Nobody asks for updates on what is resolved; on what comes back they do.
    assert_eq!(did(&anna.incident(id).resolve("fixed").unwrap()), ["resolved", "clock_cancelled"]);
    assert_eq!(did(&anna.incident(id).reopen("It is back").unwrap()), ["reopened", "clock_started"]);
}

#[test]
fn a_long_cadence_keeps_few_clocks_and_counts_all() {
    let house = house(json!([{"key": "standard", "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3_600}}, "end": "update"}]}]));
    let (id, anna) = (house.bob().report("Mail").unwrap().id(), house.anna());
    for _ in 0..50 {
        house.time.advance(minutes(10));
        anna.incident(id).add_note("Still").unwrap();
    }
    let incident = anna.incident(id).get().unwrap().into_incident();
    assert_eq!(incident.clocks().clocks().len(), andon::ledger::MAX_STOPPED + 1);
    assert_eq!(incident.clocks().tallies(AgreementKind::Sla)["update"].met, 50);
}

#[test]
fn what_ended_before_a_long_cadence_goes_on_with_a_reopening() {
    let house = house(json!([{"key": "standard", "metrics": [
        {"metric": "resolve", "target": {"all": {"elapsed_seconds": 86_400}}, "end": {"milestones": ["resolved"]}},
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3_600}}, "end": "update"}]}]));
    let (id, anna) = (house.bob().report("Mail").unwrap().id(), house.anna());
    for _ in 0..30 {
        house.time.advance(minutes(10));
        anna.incident(id).add_note("Still").unwrap();
    }
    anna.incident(id).resolve("fixed").unwrap();
    assert!(anna.incident(id).explain_clock("resolve").unwrap().is_some());
    let reopened = anna.incident(id).reopen("It is back").unwrap();
    assert!(reopened.incident().clocks().live().any(|clock| clock.terms().metric.as_str() == "resolve"));
    // Nor is what was kept judged a second time.
    assert!(house.admin().incident(id).reissue().unwrap().events().is_empty());
}

#[test]
fn a_cadence_that_begins_in_mid_life_counts_from_the_last_update() {
    let house = house(json!([{"key": "urgent", "when": {"priorities": ["P1"]}, "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3_600}}, "end": "update"}]}]));
    let (id, anna) = (house.bob().report("Mail").unwrap().id(), house.anna());
    house.time.advance(hours(3));
    anna.incident(id).add_note("We are on it").unwrap();
    house.time.advance(minutes(15));
    let raised = anna.incident(id).edit(Edit::new().impact("high").urgency("high")).unwrap();
    assert_eq!(did(&raised).last(), Some(&"clock_started"));
    assert_eq!(anna.incident(id).clock_views().unwrap()[0].due, Some(at("2026-06-08T11:00:00Z")));
}

#[test]
fn what_was_said_to_be_done_by_mistake_was_never_done() {
    let house = house(json!([{"key": "standard", "metrics": [
        {"metric": "restore", "target": {"all": {"elapsed_seconds": 36_000}}, "end": {"milestones": ["restored"]},
         "paused_by": ["awaiting_caller"]}]}]));
    let (anna, restored) = (house.anna(), andon::incident::Milestone::Restored);
    let id = anna.report("Mail").unwrap().id();
    let incident = anna.incident(id);
    let hour = || house.time.advance(hours(1));
    hour();
    incident.hold("awaiting_caller").unwrap();
    hour();
    incident.resume().unwrap();
    hour();
    incident.record_milestone(restored.clone(), at("2026-06-08T07:30:00Z")).unwrap();
    assert_eq!(incident.clock_views().unwrap()[0].state, "met");
    hour();
    incident.execute(IncidentCommand::RecordMilestone { milestone: restored, at: None }).unwrap();
    let clock = incident.clock_views().unwrap().remove(0);
    assert_eq!((clock.state.as_str(), clock.used_seconds), ("running", Some(3 * 3_600)), "all but the hold");
}

#[test]
fn what_groups_and_vendors_owe_is_the_desks_own_affair() {
    let house = house(json!([
        {"key": "standard", "metrics": [
            {"metric": "resolve", "target": {"all": {"elapsed_seconds": 36_000}}, "end": {"milestones": ["resolved"]}}]},
        {"key": "network", "kind": "ola", "metrics": [
            {"metric": "network", "target": {"all": {"elapsed_seconds": 60}}, "end": {"milestones": ["resolved"]}}]}]));
    let id = house.bob().report("Mail").unwrap().id();
    house.time.advance(hours(1));
    andon::blocking::Desk::from(house.desk.clone()).wake(house_now(&house), 100).unwrap();
    let bob = house.bob();
    let seen = bob.incident(id).get().unwrap().into_incident();
    assert_eq!(seen.clocks().clocks().len(), 1);
    assert_eq!(bob.incident(id).agreements().unwrap().len(), 1);
    assert!(bob.incident(id).explain_clock("network").unwrap().is_none());
    let both: Vec<_> =
        (1_u32..=3).map(|clock| house.anna().incident(id).explain_clock_by_id(clock).unwrap().is_some()).collect();
    assert_eq!(both, [true, true, false]);
    let shown: Vec<_> =
        (1_u32..=3).filter(|clock| bob.incident(id).explain_clock_by_id(*clock).unwrap().is_some()).collect();
    assert_eq!(shown.len(), 1, "what groups owe is not his to see");
    let row = bob.worklist(&Query::all(), None, 10).unwrap().rows.remove(0);
    assert_eq!(row.next_clock.unwrap().as_str(), "resolve");
    assert!(bob.worklist(&Query::all().breached("network".parse().unwrap()), None, 10).unwrap().rows.is_empty());
    assert_eq!(house.anna().incident(id).clocks().unwrap().len(), 2);
}

#[test]
fn a_reopening_is_no_reissue() {
    let house = house(json!([{"key": "standard", "calendar": "office", "metrics": [resolve(8)]}]));
    let (id, anna) = (house.bob().report("Mail").unwrap().id(), house.anna());
    house.time.advance(hours(1));
    anna.incident(id).resolve("fixed").unwrap();
    let stricter = drafted(json!([{"key": "standard", "calendar": "office", "metrics": [resolve(1)]}]));
    house.admin().publish_policy(stricter.validate().unwrap()).unwrap();
    house.time.advance(hours(1));
    let reopened = anna.incident(id).reopen("It is back").unwrap();
    assert_eq!(did(&reopened), ["reopened", "clock_revived"]);
    assert_eq!(reopened.incident().clocks().last("resolve").unwrap().due(), Some(at("2026-06-09T08:00:00Z")));
}

#[test]
fn what_is_no_longer_promised_is_cancelled_and_what_is_promised_anew_counts_from_the_report() {
    let house =
        house(json!([{"key": "vip", "calendar": "office", "when": {"labels": ["vip"]}, "metrics": [resolve(2)]}]));
    let anna = house.anna();
    let id = anna.report(Report::new("Mail").label("vip")).unwrap().id();
    house.time.advance(hours(1));
    let edited = anna.incident(id).edit(Edit::new().labels(Vec::<String>::new())).unwrap();
    assert_eq!(did(&edited), ["edited", "clock_cancelled"]);
    let cancelled = edited.incident().clocks().last("resolve").unwrap();
    assert!(matches!(cancelled.state(), ClockState::Cancelled { why: CancelReason::NotPromised, .. }));
    house.time.advance(minutes(30));
    let again = anna.incident(id).edit(Edit::new().labels(vec!["vip".to_owned()])).unwrap();
    assert_eq!(did(&again), ["edited", "clock_started"]);
    assert_eq!(again.incident().clocks().last("resolve").unwrap().due(), Some(at("2026-06-08T09:00:00Z")));
}

#[test]
fn a_warning_and_a_breach_come_once_each_whoever_comes_to_see_them() {
    let house = house(json!([{"key": "standard", "calendar": "office", "metrics": [
        {"metric": "resolve", "target": {"all": {"business_seconds": 7_200}}, "end": {"milestones": ["resolved"]},
         "warnings": [{"percent": 50}, {"seconds_left": 600}]}]}]));
    let anna = house.anna();
    let id = anna.report("Mail").unwrap().id();
    let wake = || andon::blocking::Desk::from(house.desk.clone()).wake(house_now(&house), 100).unwrap().records.len();
    house.time.set(at("2026-06-08T08:00:00Z"));
    assert_eq!((wake(), wake()), (1, 0));
    house.time.set(at("2026-06-08T09:00:00Z"));
    assert_eq!((wake(), wake()), (1, 0), "the second warning; it is not overdue at the instant at which it is due");
    house.time.advance(chrono::TimeDelta::nanoseconds(1));
    assert_eq!(wake(), 0, "it is overdue; what wakes is kept in whole microseconds, and never comes too early");
    house.time.advance(chrono::TimeDelta::nanoseconds(999));
    assert_eq!((wake(), wake()), (1, 0));
    assert_eq!(
        kinds(&log(&anna.incident(id))),
        ["reported", "clock_started", "clock_warned", "clock_warned", "clock_breached"]
    );
}

#[test]
fn worklists_find_what_is_due_breached_and_paused() {
    let house = house(json!([{"key": "standard", "calendar": "office", "metrics": [
        {"metric": "resolve", "target": {"by_priority": {"P1": {"business_seconds": 3_600},
            "P3": {"business_seconds": 28_800}}}, "end": {"milestones": ["resolved"]},
         "paused_by": ["awaiting_caller"]}]}]));
    let anna = house.anna();
    let urgent = anna.report(Report::new("Urgent").impact("high").urgency("high")).unwrap().id();
    let held = anna.report("Held").unwrap().id();
    let other = anna.report("Other").unwrap().id();
    anna.incident(held).hold("awaiting_caller").unwrap();
    house.time.advance(hours(2));
    andon::blocking::Desk::from(house.desk.clone()).wake(house_now(&house), 100).unwrap();
    let ids = |query: &Query| -> Vec<_> {
        anna.worklist(query, None, 10).unwrap().rows.into_iter().map(|row| row.id).collect()
    };
    let metric = || "resolve".parse().unwrap();
    assert_eq!(ids(&Query::open().breached(metric())), [urgent]);
    assert_eq!(ids(&Query::open().paused_clock(metric())), [held]);
    assert_eq!(ids(&Query::open().sorted(Sort::Due)), [urgent, other, held]);
    assert_eq!(ids(&Query::open())[0], urgent, "what is overdue comes first");
    let row = anna.worklist(&Query::open(), None, 10).unwrap().rows.remove(0);
    assert_eq!((row.next_clock.unwrap().as_str(), row.due.unwrap()), ("resolve", at("2026-06-08T08:00:00Z")));
}

// Other policies.

#[test]
fn a_running_clock_keeps_its_version_until_it_is_issued_anew() {
    let house = house(json!([{"key": "standard", "calendar": "office", "metrics": [resolve(8)]}]));
    let anna = house.anna();
    let id = anna.report("Mail").unwrap().id();
    let stricter = drafted(json!([{"key": "standard", "calendar": "office", "metrics": [resolve(2)]}]));
    house.admin().publish_policy(stricter.validate().unwrap()).unwrap();
    house.time.advance(hours(1));
    // What has nothing to do with the agreement changes nothing; nor does a pause, which goes by the old calendar.
    anna.incident(id).edit(Edit::new().site("HQ")).unwrap();
    let due = || anna.incident(id).clock_views().unwrap()[0].due;
    assert_eq!(due(), Some(at("2026-06-08T15:00:00Z")));
    let planned = house.admin().incident(id).preview(IncidentCommand::Reissue {}).unwrap();
    assert_eq!(planned.events().iter().map(|event| event.body.name()).collect::<Vec<_>>(), ["incident.clock_replaced"]);
    assert_eq!(due(), Some(at("2026-06-08T15:00:00Z")), "a plan changes nothing");
    house.admin().incident(id).reissue().unwrap();
    assert_eq!(due(), Some(at("2026-06-08T09:00:00Z")));
    let again = house.admin().incident(id).reissue().unwrap();
    assert!(again.events().is_empty(), "the second time there is nothing to do");
}

#[test]
fn a_history_is_judged_by_the_agreements_at_its_own_times() {
    let house = house(json!([{"key": "standard", "calendar": "office", "metrics": [resolve(2)]}]));
    let step = |when: &str, command| HistoryStep {
        at: at(when),
        by: person("anna"),
        on_behalf_of: None,
        command,
        otherwise: None,
    };
    let history = History {
        from: None,
        report: Report::new("Mail"),
        reported_at: at("2026-06-01T07:00:00Z"),
        reported_by: person("bob"),
        steps: vec![step("2026-06-01T10:00:00Z", IncidentCommand::Resolve("fixed".into()))],
        on_refusal: andon::desk::OnRefusal::Abort,
    };
    let imported = house.admin().import(&history).unwrap();
    assert_eq!(did(&imported.outcome), ["reported", "clock_started", "clock_breached", "resolved", "clock_ended"]);
    let clock = imported.outcome.incident().clocks().last("resolve").unwrap();
    assert_eq!(clock.breached_at(), Some(at("2026-06-01T09:00:00Z")));
}

// What cannot be an agreement.

fn faults(agreements: Value) -> Vec<(String, &'static str)> {
    let faults: Faults = drafted(agreements).validate().unwrap_err();
    faults.iter().map(|fault| (fault.path().to_owned(), fault.code())).collect()
}

#[test]
fn what_an_agreement_names_must_be_there_and_what_it_promises_must_be_possible() {
    let metric = |change: Value| {
        let mut metric = resolve(8);
        for (key, value) in change.as_object().unwrap() {
            metric[key] = value.clone();
        }
        json!([{"key": "a", "calendar": "office", "metrics": [metric]}])
    };
    let at = |path: &str, code: &'static str| vec![(format!("agreements[0].{path}"), code)];
    let all = |target: Value| metric(json!({"target": {"all": target}}));
    for (agreements, expected) in [
        (all(json!({"business_seconds": 0})), at("metrics[0].target.all", "target.zero")),
        (all(json!({"business_days": 0})), at("metrics[0].target.all", "target.zero")),
        (all(json!({"elapsed_seconds": 3_155_760_000_u64})), at("metrics[0].target.all", "target.too_long")),
        (all(json!({"end_of_business_day": 60_000})), at("metrics[0].target.all", "target.too_long")),
        (
            metric(json!({"target": {"by_priority": {"P9": {"business_seconds": 60}}}})),
            at("metrics[0].target.by_priority.P9", "level.unknown"),
        ),
        (metric(json!({"target": {"by_priority": {}}})), at("metrics[0].target.by_priority", "value.nothing")),
        (metric(json!({"end": {"milestones": []}})), at("metrics[0].end.milestones", "value.nothing")),
        (metric(json!({"start": {"milestone": "resolved"}})), at("metrics[0].end.milestones", "metric.no_time")),
        (metric(json!({"start": {"milestone": "occurred"}})), at("metrics[0].start", "metric.start")),
        (metric(json!({"paused_by": ["lunch"]})), at("metrics[0].paused_by[0]", "hold.unknown")),
        (metric(json!({"runs": {"on_hold_for": []}})), at("metrics[0].runs.on_hold_for", "value.nothing")),
        (
            metric(json!({"paused_by": ["awaiting_vendor"], "runs": {"on_hold_for": ["awaiting_vendor"]}})),
            at("metrics[0].runs.on_hold_for[0]", "metric.no_time"),
        ),
        (metric(json!({"warnings": [{"percent": 100}]})), at("metrics[0].warnings[0]", "warning.range")),
        (metric(json!({"warnings": [{"percent": 0}]})), at("metrics[0].warnings[0]", "warning.range")),
        (metric(json!({"warnings": [{"seconds_left": 28_800}]})), at("metrics[0].warnings[0]", "warning.range")),
        (
            metric(json!({"warnings": [{"percent": 50}, {"percent": 50}]})),
            at("metrics[0].warnings[1]", "name.repeated"),
        ),
        (json!([{"key": "a", "calendar": "nowhere", "metrics": [resolve(8)]}]), at("calendar", "calendar.unknown")),
        (json!([{"key": "a", "metrics": [resolve(8)]}]), at("calendar", "target.no_calendar")),
        (json!([{"key": "a", "calendar": "office", "metrics": []}]), at("metrics", "agreement.metrics")),
        (
            json!([{"key": "a", "calendar": "office", "metrics": [resolve(8), resolve(9)]}]),
            at("metrics[1].metric", "name.repeated"),
        ),
        (
            json!([{"key": "a", "calendar": "office", "when": {"categories": ["x"]}, "metrics": [resolve(8)]}]),
            at("when.categories[0]", "category.unknown"),
        ),
        (
            json!([{"key": "a", "calendar": "office", "when": {"priorities": ["P1"]}, "metrics": [
                {"metric": "resolve", "end": {"milestones": ["resolved"]},
                 "target": {"by_priority": {"P2": {"business_seconds": 60}}}}]}]),
            at("metrics[0].target.by_priority.P2", "target.never_applies"),
        ),
    ] {
        assert_eq!(faults(agreements.clone()), expected, "{agreements}");
    }
}

#[test]
fn an_agreement_that_can_never_hold_is_a_fault() {
    let general = json!({"key": "general", "calendar": "office", "metrics": [resolve(8)]});
    let special = json!({"key": "special", "calendar": "office", "when": {"labels": ["vip"]}, "metrics": [resolve(2)]});
    assert_eq!(
        faults(json!([general, special])),
        [("agreements[1]".to_owned(), "agreement.never_applies")],
        "the general one comes first"
    );
    assert!(drafted(json!([special, general])).validate().is_ok());
    let other = json!({"key": "team", "kind": "ola", "calendar": "office", "metrics": [resolve(2)]});
    assert!(drafted(json!([general, other])).validate().is_ok(), "of another kind");
}

#[test]
fn a_file_that_says_what_no_agreement_has_is_told_where() {
    let json = br#"{"agreements": [{"key": "a", "metrics": [{"metric": "m", "target": {"all": {"days": 1}}, "end": "update"}]}]}"#;
    let error = PolicyDraft::from_json(json).unwrap_err();
    assert_eq!(error.path(), "agreements[0].metrics[0].target.all");
}

fn person(name: &str) -> ActorId {
    ActorId::Person(name.parse().unwrap())
}

fn house_now(house: &House) -> andon::time::Instant {
    andon::time::TimeSource::now(&house.time)
}

// What comes back.

#[test]
fn what_is_promised_again_goes_on_with_its_pauses() {
    let house = house(json!([{"key": "network", "when": {"categories": ["network"]}, "metrics": [
        {"metric": "resolve", "target": {"all": {"elapsed_seconds": 36_000}}, "end": {"milestones": ["resolved"]},
         "paused_by": ["awaiting_caller"]}]}]));
    let anna = house.anna();
    let incident = anna.incident(anna.report(Report::new("Mail").category("network")).unwrap().id());
    let hour = || house.time.advance(hours(1));
    hour();
    incident.hold("awaiting_caller").unwrap();
    hour();
    incident.resume().unwrap();
    hour();
    incident.categorise("it").unwrap();
    assert_eq!(clocks(&incident), told(&[("resolve", "network", "cancelled")]));
    hour();
    incident.categorise("network").unwrap();
    let clock = incident.clock_views().unwrap().into_iter().find(|clock| clock.state == "running").unwrap();
    assert_eq!(
        (clock.used_seconds, clock.due),
        (Some(3 * 3_600), Some(at("2026-06-08T18:00:00Z"))),
        "all but the hold"
    );
}

#[test]
fn a_hold_that_ended_with_the_resolution_is_not_made_longer_by_a_correction() {
    let house = house(json!([{"key": "standard", "metrics": [
        {"metric": "restore", "target": {"all": {"elapsed_seconds": 36_000}}, "end": {"milestones": ["restored"]},
         "paused_by": ["awaiting_caller"]}]}]));
    let anna = house.anna();
    let used = |resumes: bool| {
        let incident = anna.incident(anna.report("Mail").unwrap().id());
        let now = || andon::time::TimeSource::now(&house.time);
        house.time.advance(hours(1));
        incident.hold("awaiting_caller").unwrap();
        house.time.advance(hours(1));
        if resumes {
            incident.resume().unwrap();
        }
        incident.record_milestone(Milestone::Restored, now()).unwrap();
        house.time.advance(hours(1));
        incident.record_milestone(Milestone::Restored, now()).unwrap();
        incident.clock_views().unwrap()[0].used_seconds
    };
    assert_eq!(used(true), Some(2 * 3_600), "it ran for an hour more");
    assert_eq!(used(false), Some(3_600), "it was on hold all the time");
}

// What is counted.

#[test]
fn what_came_of_a_group_is_counted_apart_and_is_not_told_to_callers() {
    let house = house(json!([
        {"key": "network", "kind": "ola", "metrics": [
            {"metric": "update", "target": {"all": {"elapsed_seconds": 60}}, "end": "update"}]},
        {"key": "standard", "metrics": [
            {"metric": "update", "target": {"all": {"elapsed_seconds": 60}}, "end": "update"}]}]));
    let anna = house.anna();
    let id = house.bob().report("Mail").unwrap().id();
    for _ in 0..30 {
        house.time.advance(minutes(2));
        anna.incident(id).add_note("We are at it.").unwrap();
    }
    let incident = anna.incident(id).get().unwrap().into_incident();
    for kind in [AgreementKind::Sla, AgreementKind::Ola] {
        let tally = incident.clocks().tallies(kind)["update"];
        assert_eq!((tally.met, tally.missed, tally.ever_breached), (0, 30, 30), "{kind:?}");
    }
    let seen = house.bob().incident(id).get().unwrap().into_incident();
    assert!(seen.clocks().tallies(AgreementKind::Ola).is_empty(), "that is no affair of a caller's");
    assert_eq!(seen.clocks().tallies(AgreementKind::Sla)["update"].missed, 30);
}

#[test]
fn what_was_late_once_is_found_though_its_clock_is_no_longer_kept() {
    let house = house(json!([{"key": "standard", "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 60}}, "end": "update"}]}]));
    let anna = house.anna();
    let incident = anna.incident(house.bob().report("Mail").unwrap().id());
    house.time.advance(minutes(2));
    for _ in 0..30 {
        incident.add_note("We are at it.").unwrap();
        house.time.advance(chrono::TimeDelta::seconds(30));
    }
    let kept = incident.get().unwrap().into_incident();
    let late: Vec<_> = kept.clocks().clocks().iter().filter(|clock| clock.breached_at().is_some()).collect();
    assert!(late.is_empty(), "{late:?}");
    let late = Query::all().breached("update".parse().unwrap());
    assert_eq!(anna.worklist(&late, None, 10).unwrap().rows.len(), 1);
}

#[test]
fn a_warning_that_was_given_is_not_given_again_by_the_clock_that_takes_over() {
    let house = house(json!([{"key": "standard", "metrics": [
        {"metric": "resolve", "end": {"milestones": ["resolved"]}, "warnings": [{"percent": 50}, {"percent": 75}],
         "target": {"by_priority": {"P3": {"elapsed_seconds": 36_000}, "P2": {"elapsed_seconds": 28_800}}}}]}]));
    let anna = house.anna();
    let incident = anna.incident(anna.report("Mail").unwrap().id());
    house.time.advance(hours(5));
    incident.add_internal_note("Half the time is over.").unwrap();
    house.time.advance(hours(2));
    incident.edit(Edit::new().impact("high")).unwrap();
    let warned = |kinds: Vec<&str>| kinds.into_iter().filter(|kind| *kind == "clock_warned").count();
    incident.add_internal_note("The other warning is due by the shorter target.").unwrap();
    assert_eq!(
        warned(kinds(&log(&incident))),
        1,
        "half of ten hours; what lies behind by the shorter target is no news"
    );
}

#[test]
fn hours_are_pairs_in_every_form() {
    for (text, problem) in [
        (r#"mon = [["08:00", "12:00", "13:00", "17:00"]]"#, "invalid length 4, expected hours as a pair of times"),
        (r#"mon = [["08:00"]]"#, "invalid length 1, expected hours as a pair of times"),
        (r#"mon = ["08:00", "17:00"]"#, "expected hours as a pair of times, such as [\"09:00\", \"17:00\"]"),
    ] {
        let error = toml::from_str::<andon::calendar::Weekly>(text).unwrap_err();
        assert!(error.to_string().contains(problem), "{text}: {error}");
    }
    let json = r#"{"mon": [["08:00", "12:00", "13:00", "17:00"]]}"#;
    assert!(serde_json::from_str::<andon::calendar::Weekly>(json).is_err());
}
