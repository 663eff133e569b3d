//! Links, to the corners: what corrections and histories say of them, and what errors tell.

use crate::common::{Acting, House, at, did, faults};
use andon::{
    Id, Incident, Problem,
    command::{AcceptMajor, Correct, CorrectTo, Hold, IncidentCommand, Report, Resolve},
    link::Link,
    store::Query,
    time::TimeSource,
};

fn reported(desk: &Acting, caller: &str) -> Id<Incident> {
    desk.report(Report::new("Mail is down").caller(caller)).unwrap().id()
}

fn incident(desk: &Acting, id: Id<Incident>) -> Incident {
    desk.incident(id).get().unwrap().into_incident()
}

fn problem(desk: &Acting) -> Id<Problem> {
    let id = desk.raise("Queues fill up").unwrap().id();
    desk.problem(id).investigate().unwrap();
    id
}

fn waiting(desk: &Acting, problem: Id<Problem>) -> Id<Incident> {
    let id = desk.report("Mail is down").unwrap().id();
    desk.incident(id).link(Link::CausedBy(problem)).unwrap();
    desk.incident(id).hold(Hold::new("awaiting_problem")).unwrap();
    id
}

fn history(steps: Vec<IncidentCommand>) -> andon::desk::History {
    let by = andon::actor::ActorId::System;
    let start = at(crate::common::START);
    andon::desk::History {
        from: None,
        report: Report::new("Mail was down"),
        reported_at: start,
        reported_by: by.clone(),
        steps: steps
            .into_iter()
            .map(|command| andon::desk::HistoryStep {
                at: start,
                by: by.clone(),
                on_behalf_of: None,
                command,
                otherwise: None,
            })
            .collect(),
        on_refusal: andon::desk::OnRefusal::Abort,
    }
}

#[test]
fn no_correction_says_that_an_open_problem_resolved_it() {
    for closed in [false, true] {
        let house = House::new();
        let (anna, mia) = (house.anna(), house.mia());
        let problem = problem(&anna);
        let id = waiting(&anna, problem);
        let by = Resolve::new("resolved_by_problem");
        assert_eq!(faults(&anna.incident(id).resolve(by.clone()).unwrap_err()), [("code", "problem.not_resolved")]);
        let to = if closed { CorrectTo::Closed(by) } else { CorrectTo::Resolved(by) };
        let result = mia.incident(id).correct(Correct::new(to, "so it was"));
        assert!(result.is_err(), "{}", did(&result.unwrap()).join(" "));
    }
}

#[test]
fn no_history_says_that_an_open_problem_resolved_it() {
    let house = House::new();
    let (anna, ada) = (house.anna(), house.admin());
    let problem = problem(&anna);
    let steps = vec![
        IncidentCommand::Link { link: Link::CausedBy(problem), reason: None },
        IncidentCommand::Resolve(Resolve::new("resolved_by_problem")),
    ];
    assert!(ada.import(&history(steps)).is_err());
}

#[test]
fn no_history_is_corrected_along_with_an_open_parent() {
    let house = House::new();
    let (anna, ada) = (house.anna(), house.admin());
    let parent = reported(&anna, "bob");
    let along = Resolve::new("fixed").text("x").along_with(parent);
    let steps = vec![
        IncidentCommand::Link { link: Link::ChildOf(parent), reason: None },
        IncidentCommand::Correct(Correct::new(CorrectTo::Resolved(along), "x")),
    ];
    assert!(ada.import(&history(steps)).is_err());
}

#[test]
fn a_problem_shows_its_duplicates() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (first, second) = (problem(&anna), problem(&anna));
    mia.problem(first).dismiss_as_duplicate(second).unwrap();
    let json = serde_json::json!({ "filter": { "duplicate_of_problem": [second] } });
    let query: Query = serde_json::from_value(json).unwrap();
    assert_eq!(anna.problems(&query, None, 10).unwrap().rows.len(), 1, "found from the other end");
}

#[test]
fn a_candidate_of_which_one_has_a_problem_can_still_be_raised() {
    use andon::recurrence::{Aspect, RecurrenceRule, Recurrences};
    let house = House::new();
    let anna = house.anna();
    let often = RecurrenceRule::new("often".parse().unwrap(), [Aspect::Service]).at_least(3);
    let mut recurrences = Recurrences::new(vec![often]).unwrap();
    let ids: Vec<_> = (0..4).map(|_| anna.report(Report::new("x").service("mail")).unwrap()).collect();
    anna.raise(andon::command::Raise::new("first").from_incident(ids[0].id())).unwrap();
    for id in &ids {
        recurrences.observe(&incident(&anna, id.id()));
    }
    let found = recurrences.candidates(house.time.now(), 1);
    anna.raise(&found[0]).unwrap();
}

#[test]
fn errors_name_the_other_end_by_its_number() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let number = |id| incident(&anna, id).number().to_string();
    let (parent, other, child) = (reported(&anna, "bob"), reported(&anna, "bob"), reported(&anna, "bob"));
    anna.incident(child).link(Link::ChildOf(parent)).unwrap();
    let mut wrong = Vec::new();
    let error = anna.incident(child).link(Link::ChildOf(other)).unwrap_err().to_string();
    if !error.contains(&number(parent)) || !error.contains(&number(other)) {
        wrong.push(error);
    }
    let (one, two) = (anna.raise("One").unwrap(), anna.raise("Two").unwrap());
    anna.incident(child).link(Link::CausedBy(one.id())).unwrap();
    let error = anna.incident(child).link(Link::CausedBy(two.id())).unwrap_err().to_string();
    if !error.contains(one.number().as_str()) || !error.contains(two.number().as_str()) {
        wrong.push(error);
    }
    let error = mia.incident(child).accept_major(AcceptMajor::default()).unwrap_err().to_string();
    if !error.contains(&number(parent)) {
        wrong.push(error);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
