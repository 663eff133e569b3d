//! Links: from an incident to its cause, to other incidents, to changes; and found from the other end.

use std::sync::Arc;

use crate::common::{Acting, House, faults};
use andon::{
    Error, Id, Incident, Problem, Stage,
    command::{Correct, CorrectTo, FixInput, IncidentCommand, Raise},
    desk::StepResult,
    incident::Cancellation,
    key::ChangeRef,
    link::Link,
    problem::Dismissed,
    store::{Filter, Query},
    time::minutes,
    view::LinkView,
};
use proptest::prelude::*;

fn change(key: &str) -> ChangeRef {
    ChangeRef::new(key).unwrap()
}

fn reported(desk: &Acting) -> Id<Incident> {
    desk.report("Mail is down").unwrap().id()
}

fn raised(desk: &Acting) -> Id<Problem> {
    desk.raise("Queues fill up").unwrap().id()
}

fn links(desk: &Acting, incident: Id<Incident>) -> Vec<Link> {
    desk.incident(incident).get().unwrap().incident().links().iter().cloned().collect()
}

/// The incidents that the index finds.
fn found(desk: &Acting, filter: Filter) -> Vec<Id<Incident>> {
    let rows = desk.worklist(&Query { filter, ..Query::all() }, None, 100).unwrap().rows;
    rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn a_link_is_an_event_with_who_and_why_and_is_found_from_the_other_end() {
    let house = House::new();
    let anna = house.anna();
    let (incident, other, problem) = (reported(&anna), reported(&anna), raised(&anna));
    let at = anna.incident(incident);
    at.link_because(Link::CausedBy(problem), "The queue was full then").unwrap();
    at.link(Link::Related(other)).unwrap();
    at.link(Link::CausedByChange(change("CHG1"))).unwrap();
    at.link(Link::ResolvedByChange(change("CHG2"))).unwrap();
    let again = at.link(Link::Related(other)).unwrap();
    assert!(again.events().is_empty(), "a link that is there is not made again");
    for filter in [
        Filter { caused_by: vec![problem], ..Filter::default() },
        Filter { related: vec![other], ..Filter::default() },
        Filter { caused_by_changes: vec![change("CHG1")], ..Filter::default() },
        Filter { resolved_by_changes: vec![change("CHG2")], ..Filter::default() },
    ] {
        assert_eq!(found(&anna, filter), [incident]);
    }
    assert!(found(&anna, Filter { caused_by_changes: vec![change("CHG2")], ..Filter::default() }).is_empty());
    let view = at.view().unwrap();
    assert_eq!(view.links[0], LinkView { kind: "caused_by".to_owned(), to: problem.to_string() });
    let entry = at.timeline(None, 4).unwrap().0.pop().unwrap();
    assert_eq!(entry.summary, format!("anna linked it: caused by problem {problem}"));
    assert_eq!(entry.text.as_deref(), Some("The queue was full then"));
    at.unlink_because(Link::CausedBy(problem), "It was not").unwrap();
    assert!(found(&anna, Filter { caused_by: vec![problem], ..Filter::default() }).is_empty());
    assert!(at.unlink(Link::CausedBy(problem)).unwrap().events().is_empty());
    assert_eq!(links(&anna, incident).len(), 3);
}

#[test]
fn why_it_was_linked_is_internal() {
    let house = House::new();
    let incident = house.bob().report("Mail is down").unwrap().id();
    let problem = raised(&house.anna());
    house.anna().incident(incident).link_because(Link::CausedBy(problem), "HIDDEN").unwrap();
    let bob = house.bob().incident(incident);
    let told = serde_json::to_string(&(bob.timeline(None, 10).unwrap().0, bob.view().unwrap())).unwrap();
    assert!(told.contains("incident.linked") && !told.contains("HIDDEN"));
    assert!(matches!(bob.link(Link::Related(incident)), Err(Error::Refused(_))), "callers link nothing");
}

#[test]
fn what_cannot_be_linked_is_refused_and_nothing_is_stored() {
    let house = House::new();
    let anna = house.anna();
    let (incident, problem) = (reported(&anna), raised(&anna));
    let foreign = house.acting("globex", andon::Actor::person("gina").unwrap().role("agent").unwrap());
    let (their_incident, their_problem) = (reported(&foreign), raised(&foreign));
    let cancelled = reported(&anna);
    anna.incident(cancelled).cancel(Cancellation::Withdrawn).unwrap();
    let dismissed = raised(&anna);
    house.mia().problem(dismissed).dismiss(Dismissed::Cancelled, "no problem").unwrap();
    let hidden = house.admin().raise(Raise { confidential: true, ..Raise::new("Hidden") }).unwrap().id();
    let at = anna.incident(incident);
    for (link, code) in [
        (Link::Related(incident), "record.itself"),
        (Link::Related(Id::from_u128(7)), "record.unknown"),
        (Link::CausedBy(Id::from_u128(7)), "record.unknown"),
        (Link::CausedBy(Id::from_u128(incident.as_u128())), "record.unknown"),
        (Link::Related(their_incident), "record.unknown"),
        (Link::CausedBy(their_problem), "record.unknown"),
        (Link::CausedBy(hidden), "record.unknown"),
        (Link::Related(cancelled), "record.cancelled"),
        (Link::CausedBy(dismissed), "record.cancelled"),
    ] {
        let error = at.link(link.clone()).unwrap_err();
        assert_eq!((error.code(), faults(&error)), ("incident.link.invalid", vec![("link", code)]), "{link}");
    }
    assert!(links(&anna, incident).is_empty());
    at.link(Link::CausedBy(problem)).unwrap();
    let other = raised(&anna);
    let error = at.link(Link::CausedBy(other)).unwrap_err();
    assert_eq!(faults(&error), [("link", "link.other_problem")]);
    let seen = anna.problem(problem).get().unwrap();
    assert!(
        error.to_string().contains(seen.problem().number().as_str()),
        "it names the problem that is there: {error}"
    );
    let few = House::with(|draft| draft.caps.links = 1);
    let at = few.anna().incident(reported(&few.anna()));
    at.link(Link::CausedByChange(change("CHG1"))).unwrap();
    assert_eq!(faults(&at.link(Link::CausedByChange(change("CHG2"))).unwrap_err()), [("link", "cap.exceeded")]);
}

#[test]
fn what_is_over_can_still_be_linked() {
    let house = House::new();
    let (anna, problem) = (house.anna(), raised(&house.anna()));
    let (closed, cancelled) = (reported(&anna), reported(&anna));
    let ada = house.admin();
    ada.incident(closed).correct(Correct::new(CorrectTo::Closed("fixed".into()), "as it was")).unwrap();
    anna.incident(cancelled).cancel(Cancellation::Withdrawn).unwrap();
    for id in [closed, cancelled] {
        let outcome = anna.incident(id).link(Link::CausedBy(problem)).unwrap();
        assert!(outcome.incident().stage().is_final());
    }
    assert_eq!(found(&anna, Filter { caused_by: vec![problem], ..Filter::default() }).len(), 2);
}

#[test]
fn a_link_between_wrong_kinds_does_not_decode() {
    for wrong in [
        r#"{"caused_by": 7}"#,
        r#"{"blames": "0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d11"}"#,
        r#"{"caused_by_change": ""}"#,
        r#"{"related": "CHG0042"}"#,
        r#"{"caused_by": "0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d11", "related": "0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d12"}"#,
    ] {
        assert!(serde_json::from_str::<Link>(wrong).is_err(), "{wrong}");
    }
    let command = r#"{"command": "link", "link": {"related": "CHG0042"}}"#;
    let error = IncidentCommand::from_json(command.as_bytes()).unwrap_err();
    assert_eq!(error.path(), "link.related", "{error}");
    for link in [Link::CausedBy(Id::from_u128(1)), Link::ResolvedByChange(change("CHG1"))] {
        assert_eq!(serde_json::from_str::<Link>(&serde_json::to_string(&link).unwrap()).unwrap(), link);
    }
}

#[test]
fn what_says_that_a_problem_resolved_it_needs_one_whose_fix_is_applied() {
    let house = House::new();
    let anna = house.anna();
    let (incident, problem) = (reported(&anna), raised(&anna));
    let at = anna.incident(incident);
    at.link(Link::CausedBy(problem)).unwrap();
    let error = at.resolve("resolved_by_problem").unwrap_err();
    assert_eq!(faults(&error), [("code", "problem.not_resolved")]);
    assert!(error.to_string().contains("INC0000001") && error.to_string().contains("PRB0000001"), "{error}");
    let work = anna.problem(problem);
    work.investigate().unwrap();
    work.start_fix(FixInput::default()).unwrap();
    work.observe(None).unwrap();
    assert_eq!(at.resolve("resolved_by_problem").unwrap().incident().stage(), Stage::Resolved);
    let another = reported(&anna);
    anna.incident(another).resolve("resolved_by_problem").unwrap(); // Which problem is not known: the host knows it.
}

#[test]
fn no_link_is_made_to_a_problem_that_somebody_dismisses_meanwhile() {
    for round in 0..40 {
        let house = Arc::new(House::new());
        let problem = raised(&house.anna());
        let incidents: Vec<_> = (0..4).map(|_| reported(&house.anna())).collect();
        std::thread::scope(|scope| {
            for id in &incidents {
                let house = Arc::clone(&house);
                scope.spawn(move || house.anna().incident(*id).link(Link::CausedBy(problem)).is_ok());
            }
            let house = Arc::clone(&house);
            scope.spawn(move || house.mia().problem(problem).dismiss(Dismissed::Cancelled, "none").unwrap());
        });
        // Whatever was linked was linked before: the feed tells the order.
        let mia = house.mia();
        let fed = mia.feed(None, &Filter::default(), 100).unwrap().deliveries;
        let dismissed = fed.iter().rposition(|delivery| delivery.record == problem.into()).unwrap();
        for (index, delivery) in fed.iter().enumerate() {
            let andon::desk::Change::Stands { events, .. } = &delivery.change else { continue };
            let linked = events.iter().any(|event| event.body.name() == "incident.linked");
            assert!(!linked || index < dismissed, "round {round}: linked after it was dismissed");
        }
    }
}

#[test]
fn what_follows_an_incident_is_found_from_there() {
    let house = House::new();
    let anna = house.anna();
    let (first, other) = (reported(&anna), reported(&anna));
    let report = andon::command::Report { follows: Some(first), ..andon::command::Report::new("It is back") };
    let next = anna.report(report).unwrap().id();
    let of = |id| found(&anna, Query::all().follow_up_of(id).filter);
    assert_eq!((of(first), of(other)), (vec![next], vec![]));
    anna.incident(next).start_work().unwrap();
    assert_eq!(of(first), [next]);
    assert_eq!(anna.incident(next).view().unwrap().follows, Some(first));
}

/// Something that is done to incidents and problems.
#[derive(Debug, Clone)]
enum Deed {
    Link(usize, usize),
    Relate(usize, usize),
    Unlink(usize, usize),
    Raise(Vec<usize>),
    Dismiss(usize),
    Fix(usize),
    Cancel(usize),
    Resolve(usize),
    Hold(usize),
    Reopen(usize),
    Correct(usize),
    Reanalyse(usize),
    Cascade(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let (one, two) = (0_usize..5, 0_usize..5);
    prop_oneof![
        4 => (one.clone(), two.clone()).prop_map(|(a, b)| Deed::Link(a, b)),
        3 => (one.clone(), two.clone()).prop_map(|(a, b)| Deed::Relate(a, b)),
        3 => (one.clone(), two.clone()).prop_map(|(a, b)| Deed::Unlink(a, b)),
        2 => proptest::collection::vec(0_usize..5, 0..3).prop_map(Deed::Raise),
        1 => one.clone().prop_map(Deed::Dismiss),
        1 => one.clone().prop_map(Deed::Fix),
        1 => one.clone().prop_map(Deed::Cancel),
        2 => two.prop_map(Deed::Resolve),
        2 => one.clone().prop_map(Deed::Hold),
        1 => one.clone().prop_map(Deed::Reopen),
        1 => one.clone().prop_map(Deed::Correct),
        1 => one.clone().prop_map(Deed::Reanalyse),
        2 => one.prop_map(Deed::Cascade),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_linked_is_there_is_found_from_both_ends_and_is_never_resolved_by_what_is_open(
        deeds in proptest::collection::vec(deed(), 1..40)
    ) {
        let house = House::new();
        let ada = house.admin();
        let incidents: Vec<_> = (0..5).map(|_| reported(&ada)).collect();
        let mut problems: Vec<_> = (0..2).map(|_| raised(&ada)).collect();
        let of = |problems: &[Id<Problem>], index: usize| problems[index % problems.len()];
        let by_problem = |id: Id<Incident>| {
            let seen = ada.incident(id).get().unwrap().into_incident();
            let said = seen.resolution().is_some_and(|known| known.code.as_str() == "resolved_by_problem");
            said.then(|| (seen.progress().stage_since, seen.links().problem()))
        };
        for deed in deeds {
            let before: Vec<_> = incidents.iter().map(|id| by_problem(*id)).collect();
            // Some are refused, as they should be.
            match deed {
                Deed::Link(a, b) => drop(ada.incident(incidents[a]).link(Link::CausedBy(of(&problems, b)))),
                Deed::Relate(a, b) => drop(ada.incident(incidents[a]).link(Link::Related(incidents[b]))),
                Deed::Unlink(a, b) => {
                    drop(ada.incident(incidents[a]).unlink(Link::CausedBy(of(&problems, b))));
                    drop(ada.incident(incidents[a]).unlink(Link::Related(incidents[b])));
                }
                Deed::Raise(from) => {
                    let from = from.into_iter().map(|index| incidents[index]).collect();
                    problems.extend(ada.raise(Raise { from, ..Raise::new("Another") }).map(|outcome| outcome.id()));
                }
                Deed::Dismiss(a) => drop(ada.problem(of(&problems, a)).dismiss(Dismissed::Cancelled, "none")),
                Deed::Fix(a) => {
                    let work = ada.problem(of(&problems, a));
                    drop(work.investigate());
                    drop(work.start_fix(FixInput::default()));
                    drop(work.resolve("done"));
                }
                Deed::Cancel(a) => drop(ada.incident(incidents[a]).cancel(Cancellation::Withdrawn)),
                Deed::Resolve(a) => drop(ada.incident(incidents[a]).resolve("resolved_by_problem")),
                Deed::Hold(a) => drop(ada.incident(incidents[a]).hold("awaiting_problem")),
                Deed::Reopen(a) => drop(ada.incident(incidents[a]).reopen("it is back")),
                Deed::Correct(a) => {
                    let to = CorrectTo::Resolved("resolved_by_problem".into());
                    drop(ada.incident(incidents[a]).correct(Correct::new(to, "so it was")));
                }
                Deed::Reanalyse(a) => {
                    let work = ada.problem(of(&problems, a));
                    drop(work.fail_fix("it does not hold"));
                    drop(work.reanalyse("it is back"));
                }
                Deed::Cascade(a) => {
                    if let Ok(plan) = ada.problem(of(&problems, a)).plan_cascade() {
                        for answer in ada.apply_plan(&plan, 0, 100).unwrap().answers {
                            prop_assert!(matches!(answer.result, StepResult::Done(_)), "{:?}", answer.result);
                        }
                    }
                }
            }
            house.time.advance(minutes(1));
            // Whatever says now, and did not before, that its problem resolved it, has one whose fix is applied.
            for (id, before) in incidents.iter().zip(before) {
                let now = by_problem(*id).filter(|now| before.is_none_or(|before| before.0 != now.0));
                if let Some(problem) = now.and_then(|(_, problem)| problem) {
                    prop_assert!(ada.problem(problem).get().unwrap().problem().is_fixed(), "resolved by what is open");
                }
            }
        }
        for id in &incidents {
            let seen = ada.incident(*id).get().unwrap();
            let causes = seen.incident().links().iter().filter(|link| link.problem().is_some()).count();
            prop_assert!(causes <= 1, "more than one cause");
            for link in seen.incident().links().iter() {
                prop_assert_ne!(link.record(), Some((*id).into()), "linked to itself");
                if let Link::CausedBy(problem) = link {
                    prop_assert!(ada.problem(*problem).get().is_ok(), "linked to what is not there");
                    let shown = found(&ada, Filter { caused_by: vec![*problem], ..Filter::default() });
                    prop_assert!(shown.contains(id), "not shown at its cause");
                }
                if let Link::Related(other) = link {
                    let shown = found(&ada, Filter { related: vec![*other], ..Filter::default() });
                    prop_assert!(shown.contains(id), "not shown at the other end");
                }
            }
        }
        for problem in &problems {
            for id in found(&ada, Filter { caused_by: vec![*problem], ..Filter::default() }) {
                prop_assert!(links(&ada, id).contains(&Link::CausedBy(*problem)), "found by a link that is not there");
            }
        }
    }
}
