//! Corners of ledgers: what lapses and comes back, what is corrected, and what is looked at late.

use andon::{
    PolicyDraft,
    command::{Cancel, Edit, Hold, IncidentCommand, Report},
    incident::{Cancellation, Incident, Milestone},
    ledger::AgreementKind,
    time::{Instant, hours, minutes},
};
use serde_json::{Value, json};

use crate::common::{AtIncident, House, at, kinds, log};

fn drafted(agreements: &Value) -> PolicyDraft {
    let draft = json!({"name": "Acme", "agreements": agreements, "categories": [
        {"key": "it"}, {"key": "network", "parent": "it"}],
        "milestones": [{"milestone": "aware"}, {"milestone": "notified"}],
        "fields": [{"key": "reasons", "kind": {"text": {"max_chars": 100}}}]});
    serde_json::from_value(draft).unwrap()
}

fn house(agreements: &Value) -> House {
    let house = House::new();
    House { desk: house.desk.with_policy(drafted(agreements).validate().unwrap()), ..house }
}

fn own(key: &str) -> Milestone {
    Milestone::Own(key.parse().unwrap())
}

fn t(time: &str) -> Instant {
    at(&format!("2026-06-08T{time}:00Z"))
}

/// Start and due of the clocks that run.
fn live(incident: &AtIncident) -> Vec<(Instant, Option<Instant>)> {
    let incident = incident.get().unwrap().into_incident();
    incident.clocks().live().map(|clock| (clock.start(), clock.due())).collect()
}

/// The clock that nothing took the place of.
fn last(incident: &AtIncident) -> andon::view::ClockView {
    let gone = ["replaced", "cancelled"];
    incident.clock_views().unwrap().into_iter().find(|clock| !gone.contains(&clock.state.as_str())).unwrap()
}

fn clear(incident: &AtIncident, milestone: Milestone) {
    incident.execute(IncidentCommand::RecordMilestone { milestone, at: None }).unwrap();
}

fn warned(incident: &AtIncident) -> usize {
    kinds(&log(incident)).iter().filter(|kind| **kind == "clock_warned").count()
}

/// The fields that are owed before closure.
fn owed(incident: &AtIncident) -> Vec<String> {
    let moves = incident.allowed_moves().unwrap();
    let close = moves.into_iter().find(|allowed| allowed.command() == "close").unwrap();
    close.obligations().iter().filter_map(|owed| owed.field().map(ToString::to_string)).collect()
}

fn notify(hours: u64) -> Value {
    json!({"metric": "notify", "target": {"all": {"elapsed_seconds": hours * 3_600}}, "start": {"milestone": "aware"},
      "end": {"milestones": ["notified"]}, "paused_by": ["awaiting_caller"]})
}

#[test]
fn a_cadence_that_lapsed_begins_again_when_it_is_promised_again() {
    let desk = house(&json!([{"key": "u", "when": {"categories": ["network"]}, "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3600}}, "end": "update"}]}]));
    let anna = desk.anna();
    let incident = anna.incident(desk.bob().report(Report::new("M").category("network")).unwrap().id());
    desk.time.advance(minutes(10));
    incident.add_note("one").unwrap();
    incident.categorise("it").unwrap();
    desk.time.advance(minutes(10));
    incident.categorise("network").unwrap();
    assert_eq!(live(&incident).len(), 1, "a cadence is promised again");
}

#[test]
fn a_corrected_start_of_a_cadence_makes_no_second_clock() {
    let desk = house(&json!([{"key": "u", "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3600}}, "start": {"milestone": "acknowledged"}, "end": "update"}]}]));
    let anna = desk.anna();
    let incident = anna.incident(desk.bob().report(Report::new("M")).unwrap().id());
    incident.record_milestone(Milestone::Acknowledged, t("07:00")).unwrap();
    for _ in 0..3 {
        desk.time.advance(minutes(30));
        incident.add_note("n").unwrap();
    }
    incident.record_milestone(Milestone::Acknowledged, t("07:05")).unwrap();
    let tally = incident.get().unwrap().into_incident().clocks().tallies(AgreementKind::Sla)["update"];
    assert_eq!((live(&incident).len(), tally.missed), (1, 0));
}

#[test]
fn a_corrected_start_counts_also_on_a_record_that_has_ended() {
    let desk = house(&json!([{"key": "g", "metrics": [notify(1)]}]));
    let mia = desk.mia();
    let incident = mia.incident(mia.report(Report::new("M")).unwrap().id());
    desk.time.advance(hours(3));
    incident.record_milestone(own("aware"), t("09:00")).unwrap();
    incident.record_milestone(own("notified"), t("09:30")).unwrap();
    incident.cancel(Cancel::from(Cancellation::Withdrawn)).unwrap();
    incident.record_milestone(own("notified"), t("09:45")).unwrap();
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    let clock = last(&incident);
    assert_eq!((clock.state.as_str(), clock.start), ("missed", t("07:00")), "the start moved, as the end does");
}

#[test]
fn a_start_that_was_taken_back_and_recorded_otherwise_is_judged_by_the_later_word() {
    let desk = house(&json!([{"key": "g", "metrics": [notify(1)]}]));
    let mia = desk.mia();
    let incident = mia.incident(mia.report(Report::new("M")).unwrap().id());
    desk.time.advance(hours(3));
    incident.record_milestone(own("aware"), t("09:00")).unwrap();
    incident.record_milestone(own("notified"), t("09:30")).unwrap();
    clear(&incident, own("aware"));
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    let clock = last(&incident);
    assert_eq!(clock.state, "missed");
}

#[test]
fn a_correction_and_its_correction_change_nothing() {
    let desk = house(&json!([{"key": "g", "metrics": [notify(5)]}]));
    let mia = desk.mia();
    let incident = mia.incident(mia.report(Report::new("M")).unwrap().id());
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    desk.time.advance(hours(1));
    incident.hold("awaiting_caller").unwrap();
    desk.time.advance(hours(1));
    incident.resume().unwrap();
    desk.time.advance(hours(1));
    let before = live(&incident);
    incident.record_milestone(own("aware"), t("09:30")).unwrap();
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    assert_eq!(before, live(&incident));
}

#[test]
fn a_corrected_start_does_not_warn_again() {
    let desk = house(&json!([{"key": "g", "metrics": [
        {"metric": "notify", "target": {"all": {"elapsed_seconds": 36000}}, "start": {"milestone": "aware"}, "end": {"milestones": ["notified"]}, "warnings": [{"percent": 50}]}]}]));
    let mia = desk.mia();
    let incident = mia.incident(mia.report(Report::new("M")).unwrap().id());
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    desk.time.advance(hours(6));
    incident.add_internal_note("x").unwrap();
    incident.record_milestone(own("aware"), t("06:59")).unwrap();
    desk.time.advance(minutes(1));
    incident.add_internal_note("x").unwrap();
    assert_eq!(warned(&incident), 1);
}

#[test]
fn a_promise_that_comes_back_does_not_warn_again() {
    let desk = house(&json!([{"key": "n", "when": {"categories": ["network"]}, "metrics": [
        {"metric": "resolve", "target": {"all": {"elapsed_seconds": 36000}}, "end": {"milestones": ["resolved"]}, "warnings": [{"percent": 50}]}]}]));
    let anna = desk.anna();
    let incident = anna.incident(anna.report(Report::new("M").category("network")).unwrap().id());
    desk.time.advance(hours(6));
    incident.categorise("it").unwrap();
    incident.categorise("network").unwrap();
    desk.time.advance(minutes(1));
    incident.add_internal_note("x").unwrap();
    assert_eq!(warned(&incident), 1);
}

#[test]
fn a_start_that_was_corrected_while_nothing_was_promised_counts_when_it_is() {
    let metric = notify(10);
    let desk = house(&json!([{"key": "g", "when": {"categories": ["network"]}, "metrics": [metric]}]));
    let mia = desk.mia();
    let incident = mia.incident(mia.report(Report::new("M").category("network")).unwrap().id());
    desk.time.advance(hours(2));
    incident.record_milestone(own("aware"), t("09:00")).unwrap();
    incident.categorise("it").unwrap();
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    incident.categorise("network").unwrap();
    assert_eq!(live(&incident), [(t("07:00"), Some(t("17:00")))]);
}

#[test]
fn a_hold_that_ended_after_the_clock_is_known_to_have_lasted_until_then() {
    let desk = house(&json!([{"key": "s", "metrics": [
        {"metric": "restore", "target": {"all": {"elapsed_seconds": 3 * 3600}}, "end": {"milestones": ["restored"]}, "paused_by": ["awaiting_caller"]}]}]));
    let anna = desk.anna();
    let incident = anna.incident(anna.report(Report::new("M")).unwrap().id());
    desk.time.advance(hours(1));
    incident.hold("awaiting_caller").unwrap(); // 08:00
    desk.time.advance(hours(1));
    incident.record_milestone(Milestone::Restored, t("09:00")).unwrap();
    desk.time.advance(minutes(30));
    incident.resume().unwrap(); // 09:30
    desk.time.advance(hours(4));
    incident.record_milestone(Milestone::Restored, t("13:00")).unwrap();
    let clock = &incident.clock_views().unwrap()[0];
    assert_eq!(
        (clock.state.as_str(), clock.used_seconds),
        ("missed", Some(4 * 3600 + 1800)),
        "on hold from 08:00 to 09:30 only"
    );
}

#[test]
fn an_end_that_is_taken_back_lets_the_clock_run_whatever_a_reopening_does() {
    let desk = house(&json!([{"key": "s", "metrics": [
        {"metric": "restore", "target": {"all": {"elapsed_seconds": 3600}}, "end": {"milestones": ["restored"]}, "on_reopening": "restart"}]}]));
    let anna = desk.anna();
    let incident = anna.incident(anna.report(Report::new("M")).unwrap().id());
    desk.time.advance(minutes(10));
    incident.record_milestone(Milestone::Restored, t("07:10")).unwrap();
    clear(&incident, Milestone::Restored);
    assert_eq!(incident.clock_views().unwrap()[0].state, "running");
}

#[test]
fn a_promise_that_comes_back_dated_back_leaves_a_ledger_that_can_be_read() {
    let desk = house(&json!([{"key": "o", "kind": "ola", "when": {"categories": ["network"]}, "metrics": [
        {"metric": "net", "target": {"all": {"elapsed_seconds": 3600}}, "end": {"milestones": ["resolved"]}, "runs": {"with_group": "Network"}}]}]));
    let anna = desk.anna();
    let id = anna.report(Report::new("M").category("network").group("Mail")).unwrap().id();
    let incident = anna.incident(id);
    desk.time.advance(hours(3));
    incident.categorise("it").unwrap(); // 10:00
    anna.clone().occurring_at(t("09:00")).incident(id).categorise("network").unwrap();
    let inc = incident.get().unwrap().into_incident();
    let json = serde_json::to_vec(&inc).unwrap();
    assert!(Incident::from_json(&json).is_ok(), "{:?}", Incident::from_json(&json).err());
}

#[test]
fn a_missed_update_owes_its_reasons_though_its_clock_is_no_longer_kept() {
    let desk = house(&json!([{"key": "u", "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3600}}, "end": "update", "when_missed": [{"field": "fields.reasons", "by": "closure"}]}]}]));
    let mia = desk.mia();
    let incident = mia.incident(desk.bob().report(Report::new("M")).unwrap().id());
    desk.time.advance(hours(2));
    incident.add_note("late").unwrap();
    incident.resolve("fixed").unwrap();
    let first = owed(&incident);
    incident.reopen("x").unwrap();
    for _ in 0..20 {
        desk.time.advance(minutes(10));
        incident.add_note("n").unwrap();
    }
    incident.resolve("fixed").unwrap();
    assert_eq!(
        (first.clone(), owed(&incident)),
        (vec!["fields.reasons".to_owned()], vec!["fields.reasons".to_owned()])
    );
}

#[test]
fn a_promise_that_lapsed_and_came_back_by_reissues_keeps_its_pauses() {
    let ag = |on: bool| {
        json!([{"key": "s", "retired": !on, "metrics": [
        {"metric": "resolve", "target": {"all": {"elapsed_seconds": 36000}}, "end": {"milestones": ["resolved"]}, "paused_by": ["awaiting_caller"]}]}])
    };
    let desk = house(&ag(true));
    let anna = desk.admin();
    let incident = anna.incident(anna.report(Report::new("M")).unwrap().id());
    desk.time.advance(hours(1));
    incident.hold("awaiting_caller").unwrap();
    desk.time.advance(hours(1));
    incident.resume().unwrap();
    let before = live(&incident);
    anna.publish_policy(drafted(&ag(false)).validate().unwrap()).unwrap();
    incident.reissue().unwrap();
    anna.publish_policy(drafted(&ag(true)).validate().unwrap()).unwrap();
    incident.reissue().unwrap();
    assert_eq!(before, live(&incident));
}

#[test]
fn a_cadence_after_a_reopening_does_not_depend_on_who_looks() {
    let ag = |when: Value| {
        json!([{"key": "u", "when": when, "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3600}}, "end": "update"}]}])
    };
    let run = |wakes: bool| {
        let desk = house(&ag(json!({"labels": ["vip"]})));
        let anna = desk.admin();
        let incident = anna.incident(anna.report(Report::new("M").label("vip")).unwrap().id());
        incident.resolve("fixed").unwrap();
        incident.edit(Edit::new().labels(Vec::<String>::new())).unwrap();
        incident.reopen("again").unwrap();
        incident.hold(Hold::new("awaiting_vendor").until(t("08:00"))).unwrap();
        desk.time.set(t("08:30"));
        if wakes {
            andon::blocking::Desk::from(desk.desk.clone()).wake(t("08:30"), 10).unwrap();
        }
        anna.publish_policy(drafted(&ag(json!({}))).validate().unwrap()).unwrap();
        desk.time.set(t("10:00"));
        andon::blocking::Desk::from(desk.desk.clone()).wake(t("10:00"), 10).unwrap();
        let told: Vec<String> = kinds(&log(&incident)).iter().map(ToString::to_string).collect();
        (incident.get().unwrap().into_incident().clocks().clone(), told)
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_milestone_that_a_clock_waits_for_can_be_recorded_though_the_policy_has_it_no_more() {
    let desk = house(&json!([{"key": "g", "metrics": [notify(1)]}]));
    let admin = desk.admin();
    let incident = admin.incident(admin.report(Report::new("M")).unwrap().id());
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    let mut draft = drafted(&json!([]));
    draft.milestones.clear();
    let published = admin.publish_policy(draft.validate().unwrap());
    if published.is_err() {
        return;
    }
    desk.time.advance(minutes(10));
    let recorded = incident.record_milestone(own("notified"), t("07:10"));
    assert!(recorded.is_ok(), "the running clock can never end: {:?}", recorded.err().map(|e| e.to_string()));
}

#[test]
fn a_warning_at_the_instant_at_which_another_clock_is_due_is_given() {
    let desk = house(&json!([{"key": "s", "metrics": [
        {"metric": "respond", "target": {"all": {"elapsed_seconds": 3600}}, "end": {"milestones": ["responded"]}},
        {"metric": "resolve", "target": {"all": {"elapsed_seconds": 14400}}, "end": {"milestones": ["resolved"]}, "warnings": [{"percent": 25}]}]}]));
    let anna = desk.anna();
    let incident = anna.incident(anna.report(Report::new("M")).unwrap().id());
    desk.time.set(t("08:00"));
    incident.add_internal_note("x").unwrap();
    assert!(kinds(&log(&incident)).contains(&"clock_warned"));
}

#[test]
fn a_cadence_that_lapsed_was_not_missed_by_what_came_in_between() {
    let desk = house(&json!([{"key": "u", "when": {"categories": ["network"]}, "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3600}}, "end": "update"}]}]));
    let anna = desk.anna();
    let incident = anna.incident(desk.bob().report(Report::new("M").category("network")).unwrap().id());
    desk.time.set(t("07:30"));
    incident.categorise("it").unwrap();
    desk.time.set(t("08:30"));
    incident.add_note("in time? nothing was promised").unwrap();
    desk.time.set(t("09:00"));
    incident.categorise("network").unwrap();
    let tally = incident.get().unwrap().into_incident().clocks().tallies(AgreementKind::Sla)["update"];
    assert_eq!((tally.missed, live(&incident)), (0, vec![(t("08:30"), Some(t("09:30")))]));
}

#[test]
fn a_milestone_that_was_taken_back_and_recorded_again_keeps_its_pauses() {
    let desk = house(&json!([{"key": "g", "metrics": [notify(5)]}]));
    let mia = desk.mia();
    let incident = mia.incident(mia.report(Report::new("M")).unwrap().id());
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    desk.time.advance(hours(1));
    incident.hold("awaiting_caller").unwrap();
    desk.time.advance(hours(1));
    incident.resume().unwrap();
    desk.time.advance(hours(1));
    let before = live(&incident);
    clear(&incident, own("aware"));
    incident.record_milestone(own("aware"), t("07:00")).unwrap();
    assert_eq!(before, live(&incident));
}

#[test]
fn a_later_hold_says_nothing_about_an_earlier_pause() {
    let desk = house(&json!([{"key": "g", "metrics": [notify(5)]}]));
    let mia = desk.mia();
    let incident = mia.incident(mia.report(Report::new("M")).unwrap().id());
    incident.hold("awaiting_caller").unwrap(); // 07:00
    desk.time.advance(hours(1));
    incident.record_milestone(own("aware"), t("08:00")).unwrap(); // on hold since 07:00
    desk.time.advance(hours(1));
    incident.record_milestone(own("notified"), t("09:00")).unwrap(); // used 0, pause 08:00-
    incident.resume().unwrap();
    desk.time.advance(hours(3));
    incident.hold("awaiting_caller").unwrap(); // 12:00
    incident.record_milestone(own("aware"), t("08:10")).unwrap();
    let clock = last(&incident);
    assert_eq!(clock.used_seconds, Some(0), "on hold from start to end");
}

#[test]
fn a_cadence_that_was_overdue_at_the_resolution_owes_its_reasons() {
    let desk = house(&json!([{"key": "u", "metrics": [
        {"metric": "update", "target": {"all": {"elapsed_seconds": 3600}}, "end": "update", "when_missed": [{"field": "fields.reasons", "by": "closure"}]}]}]));
    let mia = desk.mia();
    let incident = mia.incident(desk.bob().report(Report::new("M")).unwrap().id());
    desk.time.advance(hours(2));
    incident.resolve("fixed").unwrap();
    assert_eq!(owed(&incident), ["fields.reasons"]);
}

#[test]
fn what_was_missed_before_a_new_beginning_owes_its_reasons() {
    let desk = house(&json!([{"key": "a", "when": {"categories": ["network"]}, "metrics": [
        {"metric": "resolve", "target": {"all": {"elapsed_seconds": 3600}}, "end": {"milestones": ["resolved"]}, "on_change": "restart", "when_missed": [{"field": "fields.reasons", "by": "closure"}]}]}, 
        {"key": "b", "metrics": [
        {"metric": "resolve", "target": {"all": {"elapsed_seconds": 7200}}, "end": {"milestones": ["resolved"]}, "on_change": "restart", "when_missed": [{"field": "fields.reasons", "by": "closure"}]}]}]));
    let mia = desk.mia();
    let incident = mia.incident(desk.bob().report(Report::new("M").category("network")).unwrap().id());
    desk.time.advance(hours(2));
    incident.categorise("it").unwrap();
    incident.resolve("fixed").unwrap();
    assert_eq!(owed(&incident), ["fields.reasons"], "nothing is laundered");
}

#[test]
fn two_cadences_of_one_metric_go_on_beside_each_other() {
    let cadence = |runs: Value| json!({"metric": "update", "target": {"all": {"elapsed_seconds": 3_600}}, "end": "update", "runs": runs});
    let agreement = |key: &str, runs: Value| json!({"key": key, "kind": "ola", "metrics": [cadence(runs)]});
    let desk =
        house(&json!([agreement("all", json!("always")), agreement("network", json!({"with_group": "Network"}))]));
    let anna = desk.anna();
    let incident = anna.incident(anna.report(Report::new("M").caller("bob").group("Network")).unwrap().id());
    assert_eq!(live(&incident).len(), 2);
    for _ in 0..3 {
        desk.time.advance(minutes(10));
        incident.add_note("We are at it.").unwrap();
        assert_eq!(live(&incident).len(), 2, "each goes on from the update");
    }
}
