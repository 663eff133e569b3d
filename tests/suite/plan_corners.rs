//! Plans, to the corners: applied by others, applied late, applied to what has changed.

use crate::common::{Acting, House};
use andon::{
    CommandId, Error, Id, Incident, Problem, Stage,
    cascade::{Carried, Plan},
    command::{Cancel, Correct, CorrectTo, FixInput, Hold, IncidentCommand, KnownErrorInput, Report, Resolve},
    desk::StepResult,
    incident::Cancellation,
    link::Link,
    problem::{Dismissed, Effect},
};

fn reported(desk: &Acting, caller: &str) -> Id<Incident> {
    desk.report(Report::new("Mail is down").caller(caller)).unwrap().id()
}

fn incident(desk: &Acting, id: Id<Incident>) -> Incident {
    desk.incident(id).get().unwrap().into_incident()
}

fn apply(desk: &Acting, plan: &Plan) -> Vec<StepResult> {
    desk.apply_plan(plan, 0, 100).unwrap().answers.into_iter().map(|answer| answer.result).collect()
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

fn fix(desk: &Acting, problem: Id<Problem>) {
    desk.problem(problem).start_fix(FixInput::by_change("CHG0042")).unwrap();
    desk.problem(problem).resolve("Emptied").unwrap();
}

#[test]
fn an_incident_that_waits_again_for_a_fixed_problem_is_not_said_to_be_done() {
    let house = House::new();
    let anna = house.anna();
    let problem = problem(&anna);
    let id = waiting(&anna, problem);
    fix(&anna, problem);
    apply(&anna, &anna.problem(problem).plan_cascade().unwrap());
    assert_eq!(incident(&anna, id).stage(), Stage::Resolved);
    anna.incident(id).reopen("It is back").unwrap();
    anna.incident(id).hold(Hold::new("awaiting_problem")).unwrap();
    let plan = anna.problem(problem).plan_cascade().unwrap();
    assert_eq!(plan.steps.len(), 1, "it is proposed to resolve it");
    let results = apply(&anna, &plan);
    let done = matches!(results[0], StepResult::Done(_));
    assert_eq!((done, incident(&anna, id).stage()), (true, Stage::Resolved), "{:?}", results[0]);
}

#[test]
fn a_plan_that_a_colleague_applied_is_not_refused() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let problem = problem(&anna);
    let _ = waiting(&anna, problem);
    fix(&anna, problem);
    let plan = anna.problem(problem).plan_cascade().unwrap();
    apply(&anna, &plan);
    for result in apply(&mia, &plan) {
        assert!(!matches!(result, StepResult::Refused(_)), "{result:?}");
    }
}

#[test]
fn an_offer_that_a_colleague_made_is_not_refused() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let problem = problem(&anna);
    let _ = waiting(&anna, problem);
    let known = KnownErrorInput::new("Mail is late").workaround("Send it by hand", Effect::Full);
    anna.problem(problem).record_known_error(known).unwrap();
    mia.problem(problem).publish_known_error().unwrap();
    apply(&anna, &anna.problem(problem).plan_offer().unwrap());
    for result in apply(&mia, &mia.problem(problem).plan_offer().unwrap()) {
        assert!(!matches!(result, StepResult::Refused(_)), "{result:?}");
    }
}

#[test]
fn nobody_takes_the_place_of_a_step_beforehand() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let problem = problem(&anna);
    let id = bob.report("Mail is down").unwrap().id();
    anna.incident(id).link(Link::CausedBy(problem)).unwrap();
    anna.incident(id).hold(Hold::new("awaiting_problem")).unwrap();
    fix(&anna, problem);
    let plan = anna.problem(problem).plan_cascade().unwrap();
    // bob knows the id of the problem: it stands in the view of his incident.
    let link = bob.incident(id).view().unwrap().links[0].to.clone();
    for version in 1..20 {
        let guess = CommandId::named(&format!("cascade/{link}/{version}"));
        assert_ne!(guess, plan.id, "it can be guessed");
        let step = CommandId::named(&format!("{guess}/{id}/anna"));
        drop(bob.incident(id).with_command(step).add_note("hello"));
    }
    let results = apply(&anna, &plan);
    assert!(matches!(results[0], StepResult::Done(_)), "{:?}", results[0]);
}

#[test]
fn a_long_workaround_is_offered() {
    let house = House::with(|draft| draft.caps.text_chars = 200);
    let (anna, mia) = (house.anna(), house.mia());
    let problem = problem(&anna);
    let _ = waiting(&anna, problem);
    let known = KnownErrorInput::new("Mail is late").workaround("x".repeat(200), Effect::Full);
    anna.problem(problem).record_known_error(known).unwrap();
    mia.problem(problem).publish_known_error().unwrap();
    for result in apply(&anna, &anna.problem(problem).plan_offer().unwrap()) {
        assert!(matches!(result, StepResult::Done(_)), "{result:?}");
    }
}

#[test]
fn a_caller_is_not_told_the_number_of_a_hidden_problem() {
    let house = House::new();
    let (bob, mia) = (house.bob(), house.mia());
    let problem = mia
        .raise(andon::command::Raise { confidential: true, ..andon::command::Raise::new("Spy in payroll") })
        .unwrap();
    let (id, number) = (problem.id(), problem.number().to_string());
    mia.problem(id).investigate().unwrap();
    let mine = bob.report("Mail is down").unwrap().id();
    mia.incident(mine).link(Link::CausedBy(id)).unwrap();
    mia.incident(mine).hold(Hold::new("awaiting_problem")).unwrap();
    fix(&mia, id);
    apply(&mia, &mia.problem(id).plan_cascade().unwrap());
    let told = bob.incident(mine).view().unwrap().resolution.unwrap().text.unwrap();
    assert!(!told.contains(&number), "{told}");
}

#[test]
fn a_reopened_and_held_parent_brings_both_to_its_children() {
    let house = House::new();
    let anna = house.anna();
    let (parent, child) = (reported(&anna, "bob"), reported(&anna, "eve"));
    anna.incident(child).link(Link::ChildOf(parent)).unwrap();
    let resolve = Resolve::new("fixed").text("Back.");
    anna.incident(parent).resolve(resolve.clone()).unwrap();
    let carried = Carried::new([IncidentCommand::Resolve(resolve)]).unwrap();
    apply(&anna, &anna.incident(parent).plan_children(&carried).unwrap());
    anna.incident(parent).hold("awaiting_vendor").unwrap();
    let both = [IncidentCommand::Reopen { reason: None }, IncidentCommand::Hold(Hold::new("awaiting_vendor"))];
    let plan = anna.incident(parent).plan_children(&Carried::new(both).unwrap()).unwrap();
    apply(&anna, &plan);
    assert_eq!(incident(&anna, child).stage(), Stage::OnHold);
}

#[test]
fn a_duplicate_of_a_dismissed_problem_plans_nothing_that_is_refused() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let first = problem(&anna);
    let _ = waiting(&anna, first);
    let second = problem(&anna);
    mia.problem(first).dismiss_as_duplicate(second).unwrap();
    mia.problem(second).dismiss(Dismissed::Cancelled, "none").unwrap();
    match anna.problem(first).plan_cascade() {
        Ok(plan) => {
            for result in apply(&anna, &plan) {
                assert!(matches!(result, StepResult::Done(_)), "{result:?}");
            }
        }
        Err(error) => panic!("nothing lets what waits go on: {error}"),
    }
}

#[test]
fn a_plan_to_resume_is_not_applied_when_the_problem_is_open_again() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let problem = problem(&anna);
    let id = waiting(&anna, problem);
    mia.problem(problem).dismiss(Dismissed::NotReproducible, "gone").unwrap();
    let plan = anna.problem(problem).plan_cascade().unwrap();
    mia.problem(problem).reanalyse("seen again").unwrap();
    apply(&anna, &plan);
    assert_eq!(incident(&anna, id).stage(), Stage::OnHold, "it waits for a problem that is open");
}

#[test]
fn a_plan_to_point_elsewhere_is_not_applied_when_the_problem_is_no_duplicate_any_more() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (first, second) = (problem(&anna), problem(&anna));
    let id = waiting(&anna, first);
    mia.problem(first).dismiss_as_duplicate(second).unwrap();
    let plan = anna.problem(first).plan_cascade().unwrap();
    mia.problem(first).reanalyse("it is another").unwrap();
    apply(&anna, &plan);
    assert_eq!(incident(&anna, id).links().problem(), Some(first));
}

#[test]
fn children_are_not_reopened_when_the_parent_is_resolved_again() {
    let house = House::new();
    let anna = house.anna();
    let (parent, child) = (reported(&anna, "bob"), reported(&anna, "eve"));
    anna.incident(child).link(Link::ChildOf(parent)).unwrap();
    let resolve = Resolve::new("fixed").text("Back.");
    anna.incident(parent).resolve(resolve.clone()).unwrap();
    let carried = Carried::new([IncidentCommand::Resolve(resolve.clone())]).unwrap();
    apply(&anna, &anna.incident(parent).plan_children(&carried).unwrap());
    anna.incident(parent).reopen("It is back").unwrap();
    let carried = Carried::new([IncidentCommand::Reopen { reason: None }]).unwrap();
    let plan = anna.incident(parent).plan_children(&carried).unwrap();
    anna.incident(parent).resolve(resolve).unwrap();
    apply(&anna, &plan);
    assert_eq!(incident(&anna, child).stage(), Stage::Resolved, "its parent is resolved");
}

#[test]
fn a_withdrawn_workaround_is_offered_no_more() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let problem = problem(&anna);
    let id = waiting(&anna, problem);
    let known = KnownErrorInput::new("Mail is late").workaround("Delete the queue", Effect::Full);
    anna.problem(problem).record_known_error(known).unwrap();
    mia.problem(problem).publish_known_error().unwrap();
    let plan = anna.problem(problem).plan_offer().unwrap();
    mia.problem(problem).withdraw_known_error("it destroys mail").unwrap();
    apply(&anna, &plan);
    assert_eq!(incident(&anna, id).progress().internal_notes, 0);
}

#[test]
fn a_plan_to_merge_proposes_nothing_that_must_be_refused() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (root, middle, corrected) = (reported(&anna, "bob"), reported(&anna, "eve"), reported(&anna, "kim"));
    let to = CorrectTo::Cancelled(Cancellation::Duplicate { of: middle });
    mia.incident(corrected).correct(Correct::new(to, "it was the same")).unwrap();
    let plan = anna.plan_merge(vec![middle], root).unwrap();
    for result in apply(&anna, &plan) {
        assert!(matches!(result, StepResult::Done(_)), "{result:?}");
    }
}

#[test]
fn a_master_into_its_own_duplicate_is_told_of() {
    let house = House::new();
    let anna = house.anna();
    let (master, duplicate) = (reported(&anna, "bob"), reported(&anna, "eve"));
    anna.incident(duplicate).cancel(Cancel::duplicate_of(master)).unwrap();
    match anna.plan_merge(vec![master], duplicate) {
        Ok(plan) => assert_eq!(plan.skipped.len(), 1, "neither refused nor skipped with a reason: {plan:?}"),
        Err(error) => assert!(matches!(error, Error::Invalid(_)), "{error}"),
    }
}

#[test]
fn the_children_of_what_is_merged_are_not_left_behind() {
    let house = House::new();
    let anna = house.anna();
    let (master, parent, child) = (reported(&anna, "bob"), reported(&anna, "eve"), reported(&anna, "kim"));
    anna.incident(child).link(Link::ChildOf(parent)).unwrap();
    let plan = anna.plan_merge(vec![parent], master).unwrap();
    apply(&anna, &plan);
    anna.incident(master).resolve(Resolve::new("fixed").text("Back.")).unwrap();
    let carried = || Carried::new([IncidentCommand::Resolve(Resolve::new("fixed").text("Back."))]).unwrap();
    for of in [master, parent] {
        if let Ok(plan) = anna.incident(of).plan_children(&carried()) {
            apply(&anna, &plan);
        }
    }
    assert_eq!(incident(&anna, child).stage(), Stage::Resolved, "plan said: {plan:?}");
}

#[test]
fn a_parent_and_its_child_are_merged_by_one_plan() {
    let house = House::new();
    let anna = house.anna();
    let [master, parent, child, other] = ["bob", "eve", "kim", "ann"].map(|caller| reported(&anna, caller));
    for of_parent in [child, other] {
        anna.incident(of_parent).link(Link::ChildOf(parent)).unwrap();
    }
    let plan = anna.plan_merge(vec![parent, child], master).unwrap();
    for result in apply(&anna, &plan) {
        assert!(matches!(result, StepResult::Done(_)), "{result:?}");
    }
    assert_eq!([parent, child].map(|id| incident(&anna, id).stage()), [Stage::Cancelled; 2]);
    assert_eq!(incident(&anna, other).links().parent(), Some(master));
}
