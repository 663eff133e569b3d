//! What a problem brings to its incidents: a plan before it is an act.

use crate::common::{Acting, House, faults};
use andon::{
    Error, Id, Incident, Problem, Stage,
    cascade::{Plan, SkipReason},
    command::{Cancel, FixInput, Hold, KnownErrorInput, Raise},
    desk::StepResult,
    event::Cause,
    incident::Cancellation,
    link::Link,
    problem::{Dismissed, Effect},
    store::Query,
    time::{TimeSource, days},
};

/// A problem under investigation, and incidents of which it is the cause; those of the first number wait for it.
fn caused(desk: &Acting, waiting: usize, others: usize) -> (Id<Problem>, Vec<Id<Incident>>) {
    let problem = desk.raise("Queues fill up").unwrap().id();
    desk.problem(problem).investigate().unwrap();
    let ids: Vec<_> = (0..waiting + others).map(|_| desk.report("Mail is down").unwrap().id()).collect();
    for (index, id) in ids.iter().enumerate() {
        desk.incident(*id).link(Link::CausedBy(problem)).unwrap();
        if index < waiting {
            desk.incident(*id).hold(Hold::new("awaiting_problem")).unwrap();
        }
    }
    (problem, ids)
}

fn fix(desk: &Acting, problem: Id<Problem>) {
    let work = desk.problem(problem);
    work.start_fix(FixInput::by_change("CHG0042")).unwrap();
    work.resolve("Emptied").unwrap();
}

fn apply(desk: &Acting, plan: &Plan) -> Vec<StepResult> {
    let (mut results, mut from) = (Vec::new(), Some(0));
    while let Some(begin) = from {
        let part = desk.apply_plan(plan, begin, 2).unwrap();
        results.extend(part.answers.into_iter().map(|answer| answer.result));
        from = part.next;
    }
    results
}

fn stage(desk: &Acting, id: Id<Incident>) -> Stage {
    desk.incident(id).get().unwrap().incident().stage()
}

#[test]
fn a_fix_resolves_what_waits_for_it_and_leaves_the_rest_alone_with_the_reason() {
    let house = House::new();
    let anna = house.anna();
    let (problem, ids) = caused(&anna, 3, 3);
    anna.incident(ids[4]).cancel(Cancellation::Withdrawn).unwrap();
    anna.incident(ids[5]).resolve("workaround").unwrap();
    let early = anna.problem(problem).plan_cascade().unwrap_err();
    assert_eq!((early.code(), faults(&early)), ("problem.cascade.invalid", vec![("stage", "problem.still_open")]));
    fix(&anna, problem);
    let plan = anna.problem(problem).plan_cascade().unwrap();
    assert_eq!(plan.steps.len(), 3);
    let mut skipped: Vec<_> = plan.skipped.iter().map(|skipped| (skipped.record, skipped.reason)).collect();
    skipped.sort_unstable_by_key(|(id, _)| *id);
    assert_eq!(
        skipped,
        [(ids[3], SkipReason::NotWaiting), (ids[4], SkipReason::Final), (ids[5], SkipReason::AlreadyThere)]
    );
    assert_eq!(stage(&anna, ids[0]), Stage::OnHold, "a plan changes nothing");
    for repeated in [false, true] {
        for result in apply(&anna, &plan) {
            let StepResult::Done(outcome) = result else { panic!("{result:?}") };
            assert_eq!(outcome.was_repeated(), repeated);
            assert_eq!(outcome.incident().resolution().unwrap().code.as_str(), "resolved_by_problem");
            assert!(outcome.events().iter().all(|event| event.cause == Cause::Plan { plan: plan.id }));
        }
    }
    let again = anna.problem(problem).plan_cascade().unwrap();
    assert!(again.steps.is_empty(), "planned again there is nothing left to do");
    let text = anna.incident(ids[0]).view().unwrap().resolution.unwrap().text.unwrap();
    assert_eq!(text, "Resolved by PRB0000001.");
}

#[test]
fn what_ends_without_a_fix_lets_its_incidents_go_on() {
    for ending in ["risk", "cancelled", "not_reproducible"] {
        let house = House::new();
        let (anna, mia) = (house.anna(), house.mia());
        let (problem, ids) = caused(&anna, 2, 1);
        let decide = mia.problem(problem);
        match ending {
            "risk" => decide.accept_risk("too dear", house.time.now() + days(90)),
            "cancelled" => decide.dismiss(Dismissed::Cancelled, "none"),
            _ => decide.dismiss(Dismissed::NotReproducible, "gone"),
        }
        .unwrap();
        let plan = anna.problem(problem).plan_cascade().unwrap();
        assert_eq!(plan.steps.len(), 2, "{ending}");
        apply(&anna, &plan);
        assert!(ids.iter().all(|id| stage(&anna, *id) == Stage::New), "{ending}: back where they were");
    }
}

#[test]
fn a_duplicate_hands_its_incidents_over_to_the_problem_that_goes_on() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (first, ids) = caused(&anna, 1, 2);
    anna.incident(ids[2]).cancel(Cancellation::Withdrawn).unwrap();
    let (second, third) = (anna.raise("The same").unwrap().id(), anna.raise("The cause of both").unwrap().id());
    mia.problem(first).dismiss_as_duplicate(second).unwrap();
    mia.problem(second).dismiss_as_duplicate(third).unwrap();
    let plan = anna.problem(first).plan_cascade().unwrap();
    assert_eq!(plan.steps.len(), 3, "what is over belongs there, too");
    apply(&anna, &plan);
    for id in &ids {
        assert_eq!(anna.incident(*id).get().unwrap().incident().links().problem(), Some(third), "the end of the chain");
    }
    assert!(anna.worklist(&Query::all().caused_by(first), None, 9).unwrap().rows.is_empty());
    assert_eq!(stage(&anna, ids[0]), Stage::OnHold, "it waits on");
}

#[test]
fn what_has_changed_since_it_was_planned_is_planned_anew_or_reported() {
    let house = House::new();
    let anna = house.anna();
    let (problem, ids) = caused(&anna, 4, 0);
    fix(&anna, problem);
    let plan = anna.problem(problem).plan_cascade().unwrap();
    anna.incident(ids[0]).add_internal_note("still waiting").unwrap();
    anna.incident(ids[1]).resume().unwrap();
    anna.incident(ids[2]).cancel(Cancel::from(Cancellation::Withdrawn)).unwrap();
    let mut results: Vec<_> = plan.steps.iter().map(|step| step.record).zip(apply(&anna, &plan)).collect();
    results.sort_unstable_by_key(|(id, _)| *id);
    assert!(matches!(results[0].1, StepResult::Done(_)), "the same still fits: {:?}", results[0]);
    assert!(matches!(results[1].1, StepResult::Skipped(SkipReason::NotWaiting)), "{:?}", results[1]);
    assert!(matches!(results[2].1, StepResult::Skipped(SkipReason::Final)), "{:?}", results[2]);
    assert!(matches!(results[3].1, StepResult::Done(_)), "{:?}", results[3]);
}

#[test]
fn a_plan_of_a_problem_whose_fix_failed_since_resolves_nothing() {
    let house = House::new();
    let anna = house.anna();
    let (problem, ids) = caused(&anna, 2, 0);
    fix(&anna, problem);
    let plan = anna.problem(problem).plan_cascade().unwrap();
    anna.problem(problem).fail_fix("It is back").unwrap();
    for result in apply(&anna, &plan) {
        assert!(matches!(result, StepResult::Skipped(SkipReason::SourceChanged)), "{result:?}");
    }
    assert!(ids.iter().all(|id| stage(&anna, *id) == Stage::OnHold));
}

#[test]
fn what_the_actor_may_not_see_is_counted_and_not_shown() {
    let house = House::new();
    let (anna, ada) = (house.anna(), house.admin());
    let (problem, _) = caused(&anna, 1, 0);
    let hidden = ada.report(andon::command::Report::new("Hidden").confidential()).unwrap().id();
    ada.incident(hidden).link(Link::CausedBy(problem)).unwrap();
    ada.incident(hidden).hold(Hold::new("awaiting_problem")).unwrap();
    fix(&anna, problem);
    let plan = anna.problem(problem).plan_cascade().unwrap();
    assert_eq!((plan.steps.len(), plan.unseen), (1, 1));
    assert!(!serde_json::to_string(&plan).unwrap().contains(&hidden.to_string()));
    assert!(matches!(house.bob().problem(problem).plan_cascade(), Err(Error::NotFound(_))));
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

#[test]
fn a_published_workaround_is_offered_once() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (problem, ids) = caused(&anna, 1, 2);
    anna.incident(ids[2]).resolve("workaround").unwrap();
    let work = anna.problem(problem);
    let none = work.plan_offer().unwrap_err();
    assert_eq!(faults(&none), [("known_error", "problem.no_workaround")]);
    work.record_known_error(KnownErrorInput::new("Mail is late").workaround("Send it by hand", Effect::Full)).unwrap();
    assert_eq!(
        faults(&work.plan_offer().unwrap_err()),
        [("known_error", "problem.no_workaround")],
        "not yet published"
    );
    mia.problem(problem).publish_known_error().unwrap();
    let plan = work.plan_offer().unwrap();
    assert_eq!((plan.steps.len(), plan.skipped.len()), (2, 1));
    apply(&anna, &plan);
    apply(&anna, &work.plan_offer().unwrap());
    let told = anna.incident(ids[0]).timeline(None, 10).unwrap().0;
    let offered =
        told.iter().filter(|entry| entry.text.as_deref() == Some("Workaround of PRB0000001: Send it by hand"));
    assert_eq!(offered.count(), 1, "planned twice, it is offered once");
    work.record_known_error(KnownErrorInput::new("Mail is late").workaround("Use the web", Effect::Full)).unwrap();
    apply(&anna, &work.plan_offer().unwrap());
    let notes = anna.incident(ids[0]).get().unwrap().incident().progress().internal_notes;
    assert_eq!(notes, 2, "another workaround is another offer");
}

#[test]
fn a_policy_without_the_code_says_so() {
    let house = House::with(|draft| {
        draft.resolution_codes.retain(|rule| rule.code.as_str() != "resolved_by_problem");
    });
    let anna = house.anna();
    let (problem, _) = caused(&anna, 1, 0);
    fix(&anna, problem);
    let error = anna.problem(problem).plan_cascade().unwrap_err();
    assert_eq!(faults(&error), [("code", "resolution.unknown")]);
}

#[test]
fn a_candidate_becomes_a_problem_in_one_call() {
    use andon::recurrence::{Aspect, RecurrenceRule, Recurrences};
    let house = House::new();
    let anna = house.anna();
    let often = RecurrenceRule::new("often".parse().unwrap(), [Aspect::Service]).at_least(3);
    let mut recurrences = Recurrences::new(vec![often]).unwrap();
    for _ in 0..120 {
        let report = andon::command::Report::new("Mail is down").service("mail");
        recurrences.observe(anna.report(report).unwrap().incident());
    }
    let found = recurrences.candidates(house.time.now(), 1);
    let raise = Raise::from(&found[0]);
    assert_eq!((raise.from.len(), raise.services.len()), (100, 1), "as many as one commit takes");
    let problem = anna.raise(&found[0]).unwrap();
    assert_eq!(problem.problem().facts().services[0].key.as_str(), "mail");
    let linked = anna.count(&Query::all().caused_by(problem.id()).filter, 1_000).unwrap();
    assert_eq!(linked.counted, 100);
}
