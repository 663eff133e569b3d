//! Priority: the matrix, what raises it, what overrides it, and how it explains itself.

use crate::common::{House, did, faults};
use andon::{
    Incident, PolicyDraft,
    command::{Edit, Override, RatedInput, Report},
    desk::Outcome,
    directory::{Directory, DirectoryError, Person},
    event::{Body, Event},
    incident::{IncidentEvent, PriorityChange},
    key::{LevelName, PersonRef, RuleId, TenantId},
    priority::{Effect, Matrix, Modifier, PriorityCause, Trigger},
    time::{TimeSource, hours},
};

fn change(event: &Event) -> &PriorityChange {
    let Body::Incident(IncidentEvent::PriorityChanged(change)) = &event.body else { panic!("{}", event.body.name()) };
    change
}

fn names(change: &PriorityChange) -> (&str, &str, PriorityCause) {
    (change.old.name().as_str(), change.new.name().as_str(), change.cause)
}

fn priority(incident: &Incident) -> &str {
    incident.priority().name().as_str()
}

fn explained(outcome: &Outcome) -> String {
    outcome.incident().progress().assessment.to_string()
}

#[test]
fn impact_and_urgency_give_the_priority() {
    let house = House::new();
    for (impact, urgency, expected) in [
        ("high", "high", "P1"),
        ("high", "medium", "P2"),
        ("high", "low", "P3"),
        ("medium", "high", "P2"),
        ("medium", "medium", "P3"),
        ("medium", "low", "P4"),
        ("low", "high", "P3"),
        ("low", "medium", "P4"),
        ("low", "low", "P5"),
    ] {
        let reported = house.bob().report(Report::new("x").impact(impact).urgency(urgency)).unwrap();
        assert_eq!(priority(reported.incident()), expected, "{impact} × {urgency}");
    }
}

#[test]
fn a_host_brings_its_own_matrix() {
    let house = House::with(|draft| {
        draft.matrix = Matrix::glpi();
        draft.default_impact = LevelName::new("3").unwrap();
        draft.default_urgency = LevelName::new("3").unwrap();
    });
    let reported = house.bob().report(Report::new("x").impact("5").urgency("5")).unwrap();
    assert_eq!((priority(reported.incident()), reported.incident().priority().rank()), ("5", 1));
}

#[test]
fn an_edit_of_impact_or_urgency_assesses_it_anew() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let edited = house.anna().incident(id).edit(Edit::new().impact("high").urgency("high")).unwrap();
    assert_eq!(did(&edited), ["edited", "priority_changed"]);
    assert_eq!(names(change(&edited.events()[1])), ("P3", "P1", PriorityCause::Edited));
    let other = house.anna().incident(id).edit(Edit::new().site("HQ")).unwrap();
    assert_eq!(did(&other), ["edited"]);
}

// Overrides.

#[test]
fn the_computed_priority_lives_on_below_an_override() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let set = house.mia().incident(id).override_priority(Override::new("P1", "board meeting")).unwrap();
    assert_eq!(names(change(&set.events()[0])), ("P3", "P1", PriorityCause::Overridden));
    assert_eq!(
        explained(&set),
        "P1: impact medium × urgency medium gives P3; overridden with P1 by mia: board meeting"
    );

    let edited = house.anna().incident(id).edit(Edit::new().impact("low")).unwrap();
    assert_eq!(names(change(&edited.events()[1])), ("P1", "P1", PriorityCause::Edited), "only the reasons changed");
    assert_eq!(edited.incident().progress().assessment.computed().name().as_str(), "P4");

    let cleared = house.mia().incident(id).clear_override().unwrap();
    assert_eq!(names(change(&cleared.events()[0])), ("P1", "P4", PriorityCause::OverrideCleared));
    assert!(house.mia().incident(id).clear_override().unwrap().events().is_empty(), "there is none any more");
}

#[test]
fn an_override_needs_a_priority_of_the_policy_a_reason_and_a_future_end() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let wrong = Override::new("P0", "").until(house.time.now());
    let error = house.mia().incident(id).override_priority(wrong).unwrap_err();
    assert_eq!(faults(&error), [("priority", "level.unknown"), ("reason", "text.empty"), ("until", "time.not_future")]);
    let refused = house.anna().incident(id).override_priority(Override::new("P1", "it is mine")).unwrap_err();
    assert_eq!(refused.code(), "incident.override_priority.refused");
}

#[test]
fn an_override_with_an_end_expires() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let until = house.time.now() + hours(1);
    house.mia().incident(id).override_priority(Override::new("P1", "demo").until(until)).unwrap();
    house.time.set(until);
    let noted = house.anna().incident(id).add_internal_note("the demo is over").unwrap();
    assert_eq!(names(change(&noted.events()[0])), ("P1", "P3", PriorityCause::OverrideExpired));
}

// Modifiers.

fn rules(draft: &mut PolicyDraft) {
    let level = |name| LevelName::new(name).unwrap();
    let rule = |id, when, effect| Modifier { id: RuleId::new(id).unwrap(), when, effect };
    draft.modifiers = vec![
        rule("critical-service", Trigger::Criticality(level("critical")), Effect::Raise(1)),
        rule("crowd", Trigger::PeopleAffected(100), Effect::AtLeast(level("P2"))),
        rule("vip", Trigger::Vip, Effect::Raise(1)),
    ];
}

#[test]
fn rules_raise_the_priority_in_their_order_and_are_named() {
    let house = House::with(rules);
    let report = Report::new("x").impact("low").urgency("low");
    let plain = house.bob().report(report.clone()).unwrap();
    assert_eq!(explained(&plain), "P5: impact low × urgency low gives P5");
    let critical =
        house.bob().report(report.clone().service(RatedInput::from("mail").criticality("critical"))).unwrap();
    assert_eq!(explained(&critical), "P4: impact low × urgency low gives P5; rule critical-service raises it to P4");
    let crowd = report.service(RatedInput::from("mail").criticality("critical")).people_affected(100);
    let crowd = house.bob().report(crowd).unwrap();
    assert_eq!(
        explained(&crowd),
        "P2: impact low × urgency low gives P5; rule critical-service raises it to P4; rule crowd raises it to P2"
    );
}

#[test]
fn offerings_and_items_are_as_critical_as_services() {
    let house = House::with(rules);
    let critical = || RatedInput::from("x").criticality("critical");
    for report in [Report::new("x").offering(critical()), Report::new("x").item(critical())] {
        assert_eq!(priority(house.bob().report(report).unwrap().incident()), "P2");
    }
    let high = Report::new("x").item(RatedInput::from("x").criticality("high"));
    assert_eq!(priority(house.bob().report(high).unwrap().incident()), "P3", "the rule asks for more");
}

#[test]
fn the_top_is_the_top() {
    let house = House::with(rules);
    let top = Report::new("x").impact("high").urgency("high").service(RatedInput::from("mail").criticality("critical"));
    let reported = house.bob().report(top).unwrap();
    assert_eq!(priority(reported.incident()), "P1");
    assert!(reported.incident().progress().assessment.modifiers().is_empty(), "nothing was left to raise");
}

struct Vips;

impl Directory for Vips {
    async fn person(&self, _: &TenantId, person: &PersonRef) -> Result<Option<Person>, DirectoryError> {
        Ok(Some(Person { vip: person.as_str() == "eve", ..Person::default() }))
    }
}

#[test]
fn a_vip_counts_if_it_is_the_affected_person() {
    let house = House::with(rules);
    let house = House { desk: house.desk.clone().with_directory(Vips), ..house };
    let for_eve = house.anna().report(Report::new("x").caller("bob").affected("eve")).unwrap();
    assert_eq!(priority(for_eve.incident()), "P2");
    let by_eve_for_bob = house.anna().report(Report::new("x").caller("eve").affected("bob")).unwrap();
    assert_eq!(priority(by_eve_for_bob.incident()), "P3");
    let changed = house.anna().incident(by_eve_for_bob.id()).edit(Edit::new().affected("eve")).unwrap();
    assert_eq!(names(change(&changed.events()[1])), ("P3", "P2", PriorityCause::Edited));
}

#[test]
fn a_vip_is_pinned_when_it_is_reported() {
    let house = House::with(rules);
    let with_vips = House { desk: house.desk.clone().with_directory(Vips), ..house };
    let id = with_vips.anna().report(Report::new("x").caller("eve")).unwrap().id();
    // A desk over the same repository whose directory no longer knows anybody.
    let desk =
        andon::Desk::with_sources(with_vips.repository.clone(), with_vips.time.clone(), andon::id::SystemIds::new())
            .with_policy(crate::common::policy(rules));
    let later = House { desk, ..with_vips };
    let edited = later.anna().incident(id).edit(Edit::new().urgency("low")).unwrap();
    assert_eq!(priority(edited.incident()), "P3", "P4 by the matrix, raised for the VIP of then");
}
