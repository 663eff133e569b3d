//! Cascades: what a parent brings to its children is a plan before it is an act.

use crate::common::{Acting, House, did};
use andon::{
    CommandId, Error, Id, Incident, Stage,
    cascade::{Carried, Plan, SkipReason},
    command::{Hold, IncidentCommand, Resolve},
    desk::StepResult,
    event::Cause,
    incident::{Audience, Cancellation, HoldReason},
};

fn fixed() -> IncidentCommand {
    IncidentCommand::Resolve(Resolve::new("fixed").text("The mail server is back."))
}

fn note() -> IncidentCommand {
    IncidentCommand::AddNote { audience: Audience::Internal, text: "As its parent.".to_owned() }
}

fn hold(reason: &str) -> IncidentCommand {
    IncidentCommand::Hold(Hold::new(reason))
}

fn carried(commands: impl IntoIterator<Item = IncidentCommand>) -> Carried {
    Carried::new(commands).unwrap()
}

fn reported(desk: &Acting, count: usize) -> Vec<Id<Incident>> {
    (0..count).map(|index| desk.report(format!("Mail is down for floor {index}")).unwrap().id()).collect()
}

fn reasons(plan: &Plan) -> Vec<(Id<Incident>, SkipReason)> {
    plan.skipped.iter().map(|skipped| (skipped.record, skipped.reason)).collect()
}

/// Applies the whole plan, two steps at a time.
fn apply(desk: &Acting, plan: &Plan) -> Vec<StepResult> {
    let (mut results, mut from) = (Vec::new(), Some(0));
    while let Some(next) = from {
        let part = desk.apply_plan(plan, next, 2).unwrap();
        results.extend(part.answers.into_iter().map(|answer| answer.result));
        from = part.next;
    }
    results
}

#[test]
fn a_plan_says_what_is_done_and_what_is_left_alone_with_the_reason() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 5);
    anna.incident(ids[2]).cancel(Cancellation::Withdrawn).unwrap();
    anna.incident(ids[3]).resolve(Resolve::new("fixed").text("Done before.")).unwrap();
    let mut named = ids.clone();
    named.push(Id::from_u128(99));
    let before: Vec<_> = ids.iter().map(|id| anna.incident(*id).get().unwrap().version()).collect();
    let plan = anna.plan_cascade(ids[0], named, &carried([fixed(), note()])).unwrap();
    assert_eq!(plan.source, ids[0].into());
    assert_eq!(plan.steps.iter().map(|step| step.record).collect::<Vec<_>>(), [ids[1], ids[4]]);
    assert_eq!(plan.steps[0].commands, [fixed(), note()]);
    assert_eq!(
        reasons(&plan),
        [(ids[0], SkipReason::Source), (ids[2], SkipReason::Final), (ids[3], SkipReason::AlreadyThere)],
        "nobody is told of a move that is not made"
    );
    assert_eq!(plan.unseen, 1, "what cannot be seen is counted");
    let after: Vec<_> = ids.iter().map(|id| anna.incident(*id).get().unwrap().version()).collect();
    assert_eq!(before, after, "a plan is no act");
}

#[test]
fn a_plan_is_applied_in_parts_and_a_second_time_changes_nothing() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 6);
    let plan = anna.plan_cascade(ids[0], ids.clone(), &carried([fixed()])).unwrap();
    for (round, repeated) in [(1, false), (2, true)] {
        let results = apply(&anna, &plan);
        assert_eq!(results.len(), 5);
        for result in results {
            let StepResult::Done(outcome) = result else { panic!("round {round}: {result:?}") };
            assert_eq!((did(&outcome), outcome.was_repeated()), (vec!["resolved"], repeated));
            assert!(outcome.events().iter().all(|event| event.cause == Cause::Plan { plan: plan.id }));
        }
    }
    assert_eq!(anna.incident(ids[0]).get().unwrap().incident().stage(), Stage::New, "the source is left alone");
}

#[test]
fn what_has_changed_since_is_done_if_the_same_still_fits_and_reported_if_not() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 4);
    let plan = anna.plan_cascade(ids[0], ids[1..].to_vec(), &carried([fixed()])).unwrap();
    anna.incident(ids[1]).start_work().unwrap();
    anna.incident(ids[2]).cancel(Cancellation::Withdrawn).unwrap();
    let results = apply(&anna, &plan);
    assert!(matches!(&results[0], StepResult::Done(outcome) if did(outcome) == ["resolved"]), "{results:?}");
    assert!(matches!(results[1], StepResult::Skipped(SkipReason::Final)), "{results:?}");
    assert!(matches!(results[2], StepResult::Done(_)), "one that is refused keeps no other from being changed");
    assert!(apply(&anna, &plan).iter().all(|again| match again {
        StepResult::Done(outcome) => outcome.was_repeated(),
        again => matches!(again, StepResult::Skipped(SkipReason::Final)),
    }));
}

#[test]
fn a_hold_is_carried_as_it_fits_but_never_one_for_a_caller() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 5);
    anna.incident(ids[1]).hold("awaiting_vendor").unwrap();
    anna.incident(ids[2]).hold("awaiting_problem").unwrap();
    anna.incident(ids[3]).hold("awaiting_caller").unwrap();
    let plan = anna.plan_cascade(ids[4], ids[..4].to_vec(), &carried([hold("awaiting_problem")])).unwrap();
    let changed = IncidentCommand::ChangeHold(Hold::new("awaiting_problem"));
    let steps: Vec<_> = plan.steps.iter().map(|step| (step.record, step.commands.clone())).collect();
    assert_eq!(steps, [(ids[0], vec![hold("awaiting_problem")]), (ids[1], vec![changed])]);
    assert_eq!(reasons(&plan), [(ids[2], SkipReason::AlreadyThere), (ids[3], SkipReason::AwaitsItsCaller)]);
    apply(&anna, &plan);
    for id in &ids[..3] {
        let seen = anna.incident(*id).get().unwrap();
        assert_eq!(seen.incident().hold().unwrap().hold().reason, HoldReason::AwaitingProblem);
    }
    assert_eq!(Carried::new([note(), hold("awaiting_caller")]).unwrap_err().index, 1);
}

#[test]
fn closures_and_cancellations_are_not_carried() {
    let refused = Carried::new([fixed(), IncidentCommand::Close {}]).unwrap_err();
    assert_eq!((refused.index, refused.command), (1, "close"));
    let json = r#"[{"command": "cancel", "as": "withdrawn"}]"#;
    assert!(serde_json::from_str::<Carried>(json).is_err(), "nor do they come in through JSON");
}

#[test]
fn a_plan_can_be_stored_and_read_back() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 3);
    let id = CommandId::named("the mail server is back");
    let plan = anna.clone().with_command(id).plan_cascade(ids[0], ids, &carried([fixed(), note()])).unwrap();
    assert_eq!(plan.id, id);
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

#[test]
fn a_part_of_a_plan_is_bounded() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 2);
    let plan = anna.plan_cascade(ids[0], ids, &carried([fixed()])).unwrap();
    assert!(matches!(anna.apply_plan(&plan, 0, 0), Err(Error::Invalid(_))));
    assert!(anna.apply_plan(&plan, 7, 10).unwrap().answers.is_empty(), "beyond the end there is nothing to do");
}
