//! A problem with ten thousand incidents that wait for it, and an incident with ten thousand children: planning what the
//! fix, or the parent's resolution, brings to them, applying it, and doing both again.
//!
//! `cargo bench --bench cascade` prints CPU time, beside that of the same ten thousand resolutions asked for one by one.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    reason = "a benchmark that fails panics, and prints what it measured"
)]

use std::time::Duration;

use andon::{
    Actor, Id, Incident, PolicyDraft, Problem,
    blocking::{ActingDesk, Desk},
    cascade::{Carried, Plan},
    command::{FixInput, Hold, IncidentCommand, Raise, Resolve},
    desk::StepResult,
    link::Link,
    permission::Permissions,
    store::{MAX_PAGE, MemoryRepository},
};
use cpu_time::ProcessTime;

const CHILDREN: usize = 10_000;

type Acting = ActingDesk<MemoryRepository>;

/// A problem whose fix is applied, and its incidents, which wait for it.
fn fixed(desk: &Acting) -> (Id<Problem>, Vec<Id<Incident>>) {
    let problem = desk.raise(Raise::new("Mail queues fill up")).unwrap().id();
    let children = (0..CHILDREN).map(|index| {
        let id = desk.report(format!("Mail {index} does not arrive")).unwrap().id();
        let incident = desk.incident(id);
        incident.execute(IncidentCommand::Link { link: Link::CausedBy(problem), reason: None }).unwrap();
        incident.hold(Hold::new("awaiting_problem")).unwrap();
        id
    });
    let children = children.collect();
    let work = desk.problem(problem);
    work.investigate().unwrap();
    work.start_fix(FixInput::by_change("CHG0042")).unwrap();
    work.resolve("The queues are emptied").unwrap();
    (problem, children)
}

fn apply(desk: &Acting, plan: &Plan) -> usize {
    let (mut from, mut done) = (Some(0), 0);
    while let Some(begin) = from {
        let part = desk.apply_plan(plan, begin, MAX_PAGE).unwrap();
        done += part.answers.iter().filter(|answer| matches!(answer.result, StepResult::Done(_))).count();
        from = part.next;
    }
    done
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let began = ProcessTime::now();
    let value = run();
    (value, began.elapsed())
}

fn main() {
    let policy = PolicyDraft { permissions: Permissions::everything(), ..PolicyDraft::itil() }.validate().unwrap();
    let desk = Desk::from(andon::Desk::in_memory().with_policy(policy)).tenant("acme").unwrap();
    let desk = desk.acting_as(Actor::person("anna").unwrap());

    let (_, children) = fixed(&desk);
    let ((), alone) = timed(|| {
        for id in &children {
            desk.incident(*id).resolve(Resolve::new("resolved_by_problem").text("Resolved by a problem.")).unwrap();
        }
    });
    println!("{CHILDREN} resolutions, one by one: {alone:.2?}");

    let (problem, _) = fixed(&desk);
    println!("\nincidents that wait for a problem");
    measured(&desk, alone, || desk.problem(problem).plan_cascade().unwrap());

    let parent = family(&desk);
    println!("\nchildren of an incident");
    let resolve = IncidentCommand::Resolve(Resolve::new("fixed").text("The queues are emptied"));
    let carried = Carried::new([resolve]).unwrap();
    measured(&desk, alone, || desk.incident(parent).plan_children(&carried).unwrap());
}

/// Plans, applies, applies again and plans anew.
fn measured(desk: &Acting, alone: Duration, plan: impl Fn() -> Plan) {
    let (planned, took) = timed(&plan);
    assert_eq!(planned.steps.len(), CHILDREN);
    println!("planned for {CHILDREN}: {took:.2?}");
    let (done, applied) = timed(|| apply(desk, &planned));
    assert_eq!(done, CHILDREN);
    println!("applied: {applied:.2?}, {:.2} times those one by one", applied.as_secs_f64() / alone.as_secs_f64());
    let (again, repeated) = timed(|| apply(desk, &planned));
    assert_eq!(again, CHILDREN);
    println!("applied again, which changes nothing: {repeated:.2?}");
    let (anew, took) = timed(&plan);
    assert!(anew.steps.is_empty());
    println!("planned anew, with nothing left to do: {took:.2?}");
}

/// A resolved incident, and its children, which are not.
fn family(desk: &Acting) -> Id<Incident> {
    let parent = desk.report("Mail is down").unwrap().id();
    for index in 0..CHILDREN {
        let child = desk.report(format!("Mail {index} does not arrive")).unwrap().id();
        desk.incident(child).link(Link::ChildOf(parent)).unwrap();
    }
    desk.incident(parent).resolve(Resolve::new("fixed").text("The queues are emptied")).unwrap();
    parent
}
