//! Milestones of the host's own, clocks that count by them, and what is owed once one is missed.

use andon::{
    PolicyDraft,
    command::{Edit, IncidentCommand, Patch, Report},
    incident::Milestone,
    time::{hours, minutes},
};
use serde_json::{Value, json};

use super::agreements::{clocks, drafted, told};
use crate::common::{House, at};

fn own(key: &str) -> Milestone {
    Milestone::Own(key.parse().unwrap())
}

/// From awareness to the notification of the authority, in so many hours around the clock.
fn notify(hours: u64) -> Value {
    json!({"metric": "notify", "target": {"all": {"elapsed_seconds": hours * 3_600}},
           "start": {"milestone": "aware"}, "end": {"milestones": ["authority_notified"]},
           "paused_by": ["awaiting_caller"],
           "when_missed": [{"field": "fields.reasons", "by": "closure"}]})
}

fn privacy(hours: u64) -> PolicyDraft {
    let mut draft = drafted(json!([{"key": "gdpr", "metrics": [notify(hours)]}]));
    draft.milestones = serde_json::from_value(json!([
        {"milestone": "aware", "label": "Aware of it"}, {"milestone": "authority_notified"},
        {"milestone": "press_informed", "retired": true}]))
    .unwrap();
    draft.fields = serde_json::from_value(json!([{"key": "reasons", "kind": {"text": {"max_chars": 100}}}])).unwrap();
    draft
}

fn privacy_house() -> House {
    let house = House::new();
    House { desk: house.desk.with_policy(privacy(72).validate().unwrap()), ..house }
}

#[test]
fn a_host_records_milestones_of_its_own_and_only_those_that_the_policy_has() {
    let house = privacy_house();
    let anna = house.anna();
    let incident = anna.incident(anna.report("A leak").unwrap().id());
    let moves = incident.allowed_moves().unwrap();
    let fields = moves.iter().find(|allowed| allowed.command() == "record_milestone").unwrap().fields();
    assert!(fields[0].options().iter().any(|option| option == "aware"), "{fields:?}");
    assert!(!fields[0].options().iter().any(|option| option == "press_informed"), "{fields:?}");
    assert_eq!(fields[0].labels().get("aware").map(String::as_str), Some("Aware of it"));
    for (key, code) in
        [("aware_of", "milestone.unknown"), ("press_informed", "field.retired"), ("resolved", "milestone.unknown")]
    {
        let error = incident.record_milestone(own(key), at("2026-06-08T07:00:00Z")).unwrap_err();
        let faults = error.faults().unwrap();
        let fault = faults.iter().next().unwrap();
        assert_eq!((fault.path(), fault.code()), ("milestone", code), "{error}");
    }
    incident.record_milestone(own("aware"), at("2026-06-08T06:30:00Z")).unwrap();
    let view = incident.get().unwrap().incident().progress().milestones.clone();
    assert_eq!(view.at(&own("aware")), Some(at("2026-06-08T06:30:00Z")));
    assert_eq!(view.reached().last(), Some(("aware", at("2026-06-08T06:30:00Z"))));
    incident.execute(IncidentCommand::RecordMilestone { milestone: own("aware"), at: None }).unwrap();
    assert!(incident.get().unwrap().incident().progress().milestones.own.is_empty());
    assert_eq!(clocks(&incident), told(&[("notify", "gdpr", "cancelled")]), "what it counts from never was");
}

#[test]
fn a_policy_names_only_milestones_and_fields_that_it_has() {
    let mut draft = privacy(72);
    draft.milestones = serde_json::from_value(json!([
        {"milestone": "responded"}, {"milestone": "aware"}, {"milestone": "aware"}]))
    .unwrap();
    draft.agreements[0].metrics[0].when_missed = serde_json::from_value(json!([
        {"field": "fields.excuse", "by": "closure"}, {"field": "fields.reasons", "by": "report"}]))
    .unwrap();
    let faults = draft.validate().unwrap_err();
    let found: Vec<_> = faults.iter().map(|fault| (fault.path(), fault.code())).collect();
    let metric = "agreements[0].metrics[0]";
    assert_eq!(
        found,
        [
            ("milestones[2].milestone", "name.repeated"),
            ("milestones[0].milestone", "milestone.known"),
            (&*format!("{metric}.when_missed[0].field"), "field.unknown"),
            (&*format!("{metric}.when_missed[1].by"), "requirement.impossible"),
            (&*format!("{metric}.end.milestones[0]"), "milestone.unknown"),
        ],
        "{faults}"
    );
}

#[test]
fn what_is_missed_owes_its_reasons_until_they_are_given_or_it_was_in_time_after_all() {
    let house = privacy_house();
    let mia = house.mia();
    let incident = mia.incident(mia.report("A leak").unwrap().id());
    let owed = || -> Vec<String> {
        let moves = incident.allowed_moves().unwrap();
        let close = moves.into_iter().find(|allowed| allowed.command() == "close").unwrap();
        let fields = close.obligations().iter().filter_map(|owed| owed.field().map(ToString::to_string));
        fields.collect()
    };
    incident.record_milestone(own("aware"), at("2026-06-08T07:00:00Z")).unwrap();
    house.time.advance(hours(72));
    incident.resolve("fixed").unwrap();
    assert!(owed().is_empty(), "at the last second it is in time");
    house.time.advance(minutes(1));
    assert_eq!(owed(), ["fields.reasons"], "overdue, and nothing notified yet");
    incident.record_milestone(own("authority_notified"), at("2026-06-11T07:00:30Z")).unwrap();
    assert_eq!(owed(), ["fields.reasons"], "late");
    assert_eq!(incident.close().unwrap_err().code(), "incident.close.blocked");
    incident.record_milestone(own("authority_notified"), at("2026-06-10T07:00:00Z")).unwrap();
    assert!(owed().is_empty(), "it was in time after all");
}

#[test]
fn a_clock_follows_a_start_that_is_known_better() {
    let house = privacy_house();
    let mia = house.mia();
    let incident = mia.incident(mia.report("A leak").unwrap().id());
    let shown = || incident.clock_views().unwrap().into_iter().find(|clock| clock.state != "replaced").unwrap();
    let due = || shown().due;
    house.time.advance(hours(1));
    incident.hold("awaiting_caller").unwrap();
    house.time.advance(hours(1));
    incident.record_milestone(own("aware"), at("2026-06-08T08:30:00Z")).unwrap();
    assert_eq!(due(), None, "on hold since it began");
    incident.resume().unwrap();
    assert_eq!(due(), Some(at("2026-06-11T09:00:00Z")), "half an hour on hold does not count");
    incident.record_milestone(own("aware"), at("2026-06-08T08:45:00Z")).unwrap();
    assert_eq!(due(), Some(at("2026-06-11T09:00:00Z")), "a quarter of an hour does not count");
    incident.record_milestone(own("authority_notified"), at("2026-06-08T09:00:00Z")).unwrap();
    assert_eq!(shown().state, "met");
    house.time.advance(hours(100));
    incident.record_milestone(own("authority_notified"), at("2026-06-11T08:59:00Z")).unwrap();
    incident.record_milestone(own("aware"), at("2026-06-08T08:58:00Z")).unwrap();
    let clock = shown();
    assert_eq!((clock.state.as_str(), clock.due), ("met", Some(at("2026-06-11T09:00:00Z"))));
    incident.record_milestone(own("aware"), at("2026-06-08T07:00:00Z")).unwrap();
    let clock = shown();
    assert_eq!(clock.state, "missed", "it was known earlier than was said: {clock:?}");
}

#[test]
fn what_was_missed_and_is_no_longer_promised_owes_its_reasons_still() {
    let house = House::new();
    let mut draft = privacy(1);
    draft.agreements[0].when.labels = vec!["personal_data".parse().unwrap()];
    let house = House { desk: house.desk.with_policy(draft.validate().unwrap()), ..house };
    let mia = house.mia();
    let id = mia.report(Report::new("A leak").label("personal_data")).unwrap().id();
    let incident = mia.incident(id);
    incident.record_milestone(own("aware"), at("2026-06-08T07:00:00Z")).unwrap();
    house.time.advance(hours(2));
    incident.edit(Edit { labels: Patch::Set(Vec::new()), ..Edit::new() }).unwrap();
    assert_eq!(clocks(&incident), told(&[("notify", "gdpr", "cancelled")]));
    incident.resolve("fixed").unwrap();
    let error = incident.close().unwrap_err();
    assert!(error.to_string().contains("fields.reasons"), "{error}");
}
