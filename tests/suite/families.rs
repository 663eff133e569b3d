//! Parents and children: one level deep, whatever happens at once; and what a parent brings to its children.

use std::sync::Arc;

use crate::common::{Acting, House, did, faults};
use andon::{
    Error, Id, Incident, Stage,
    cascade::{Carried, Plan, SkipReason},
    command::{Hold, IncidentCommand, Resolve},
    desk::StepResult,
    incident::{Audience, Cancellation},
    link::Link,
    store::Filter,
};
use proptest::prelude::*;

fn reported(desk: &Acting) -> Id<Incident> {
    desk.report("Mail is down").unwrap().id()
}

fn adopt(desk: &Acting, child: Id<Incident>, parent: Id<Incident>) -> Result<(), Error> {
    desk.incident(child).link(Link::ChildOf(parent)).map(drop)
}

fn children(desk: &Acting, parent: Id<Incident>) -> Vec<Id<Incident>> {
    let filter = Filter { child_of: vec![parent], ..Filter::default() };
    let query = andon::store::Query { filter, ..andon::store::Query::all() };
    let mut found: Vec<_> = desk.worklist(&query, None, 100).unwrap().rows.into_iter().map(|row| row.id).collect();
    found.sort_unstable();
    found
}

fn parent_of(desk: &Acting, child: Id<Incident>) -> Option<Id<Incident>> {
    desk.incident(child).get().unwrap().incident().links().parent()
}

fn stage(desk: &Acting, id: Id<Incident>) -> Stage {
    desk.incident(id).get().unwrap().incident().stage()
}

/// A parent with so many children.
fn family(desk: &Acting, count: usize) -> (Id<Incident>, Vec<Id<Incident>>) {
    let parent = reported(desk);
    let of: Vec<_> = (0..count).map(|_| reported(desk)).collect();
    for child in &of {
        adopt(desk, *child, parent).unwrap();
    }
    (parent, of)
}

fn carried(commands: impl IntoIterator<Item = IncidentCommand>) -> Carried {
    Carried::new(commands).unwrap()
}

fn resolve() -> IncidentCommand {
    IncidentCommand::Resolve(Resolve::new("fixed").text("The relay is back."))
}

fn reopen() -> IncidentCommand {
    IncidentCommand::Reopen { reason: Some("It is back.".to_owned()) }
}

fn apply(desk: &Acting, plan: &Plan) -> Vec<StepResult> {
    let part = desk.apply_plan(plan, 0, 100).unwrap();
    assert_eq!(part.next, None);
    part.answers.into_iter().map(|answer| answer.result).collect()
}

fn events_of(results: &[StepResult]) -> usize {
    results.iter().map(|result| if let StepResult::Done(outcome) = result { outcome.events().len() } else { 0 }).sum()
}

#[test]
fn a_child_is_found_from_its_parent() {
    let house = House::new();
    let anna = house.anna();
    let (parent, mut of) = family(&anna, 3);
    of.sort_unstable();
    assert_eq!(children(&anna, parent), of);
    anna.incident(of[1]).unlink_because(Link::ChildOf(parent), "another relay").unwrap();
    assert_eq!(children(&anna, parent), [of[0], of[2]]);
    let view = anna.incident(of[0]).view().unwrap();
    assert_eq!((view.links[0].kind.as_str(), view.links[0].to.clone()), ("child_of", parent.to_string()));
}

#[test]
fn a_third_level_a_second_parent_and_a_circle_are_refused_and_the_errors_name_both_ends() {
    let house = House::new();
    let anna = house.anna();
    let (parent, of) = family(&anna, 2);
    let other = reported(&anna);
    let number = |id| anna.incident(id).get().unwrap().incident().number().to_string();
    for (child, wanted, fault) in [
        (other, of[0], "link.third_level"),
        (parent, other, "link.third_level"),
        (parent, of[0], "link.third_level"),
        (of[0], other, "link.other_parent"),
        (other, other, "record.itself"),
        (other, Id::from_u128(99), "record.unknown"),
    ] {
        let before = anna.incident(child).get().unwrap();
        let error = adopt(&anna, child, wanted).unwrap_err();
        assert_eq!(faults(&error), [("link", fault)], "{error}");
        assert!(error.to_string().contains(&number(child)), "{error}");
        assert_eq!(anna.incident(child).get().unwrap(), before, "nothing is half done");
    }
    let error = adopt(&anna, other, of[0]).unwrap_err().to_string();
    assert!(error.contains(&number(of[0])) && error.contains(&number(parent)), "{error}");
    let error = adopt(&anna, parent, other).unwrap_err().to_string();
    assert!(error.contains("2 that you may see"), "{error}");
    anna.incident(other).cancel(Cancellation::Withdrawn).unwrap();
    let error = adopt(&anna, reported(&anna), other).unwrap_err();
    assert_eq!(faults(&error), [("link", "record.cancelled")]);
    // Without its children it can be a child.
    for child in &of {
        anna.incident(*child).unlink(Link::ChildOf(parent)).unwrap();
    }
    let third = reported(&anna);
    adopt(&anna, parent, third).unwrap();
    assert_eq!(children(&anna, third), [parent]);
}

#[test]
fn what_a_parent_may_not_be_told_of_is_not_named() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (parent, of) = family(&mia, 1);
    mia.incident(parent).edit(andon::command::Edit::new().confidential(true)).unwrap();
    let error = adopt(&anna, reported(&anna), of[0]).unwrap_err();
    assert_eq!(faults(&error), [("link", "link.third_level")]);
    let hidden = mia.incident(parent).get().unwrap().incident().number().to_string();
    assert!(!error.to_string().contains(&hidden), "{error}");
    let error = adopt(&anna, reported(&anna), parent).unwrap_err();
    assert_eq!(faults(&error), [("link", "record.unknown")]);
}

#[test]
fn children_are_resolved_along_with_their_parent_and_reopened_with_it_and_no_others() {
    let house = House::new();
    let anna = house.anna();
    let (parent, of) = family(&anna, 4);
    let at = anna.incident(parent);
    let error = at.plan_children(&carried([resolve()])).unwrap_err();
    assert_eq!(faults(&error), [("carried[0]", "link.parent_open")]);
    anna.incident(of[1]).resolve(Resolve::new("fixed").text("By itself.")).unwrap();
    anna.incident(of[2]).cancel(Cancellation::Withdrawn).unwrap();
    anna.incident(of[3]).hold("awaiting_caller").unwrap();
    at.resolve(Resolve::new("fixed").text("The relay is back.")).unwrap();
    let plan = at.plan_children(&carried([resolve()])).unwrap();
    assert_eq!(plan.source, parent.into());
    assert_eq!(plan.steps.iter().map(|step| step.record).collect::<Vec<_>>(), [of[0], of[3]]);
    let reasons: Vec<_> = plan.skipped.iter().map(|skipped| (skipped.record, skipped.reason)).collect();
    assert_eq!(reasons, [(of[1], SkipReason::AlreadyThere), (of[2], SkipReason::Final)]);
    let results = apply(&anna, &plan);
    assert!(events_of(&results) > 0);
    assert_eq!(events_of(&apply(&anna, &plan)), events_of(&results), "applied again, the answers are the same");
    assert_eq!(anna.incident(of[0]).get().unwrap().incident().resolution().unwrap().along_with, Some(parent));

    let error = at.plan_children(&carried([reopen()])).unwrap_err();
    assert_eq!(faults(&error), [("carried[0]", "link.parent_not_reopened")]);
    at.reopen("It is back.").unwrap();
    let plan = at.plan_children(&carried([reopen()])).unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.record).collect::<Vec<_>>(), [of[0], of[3]]);
    let reasons: Vec<_> = plan.skipped.iter().map(|skipped| (skipped.record, skipped.reason)).collect();
    assert_eq!(reasons, [(of[1], SkipReason::NotAlong), (of[2], SkipReason::Final)]);
    apply(&anna, &plan);
    let stages: Vec<_> = of.iter().map(|id| stage(&anna, *id)).collect();
    assert_eq!(stages, [Stage::InProgress, Stage::Resolved, Stage::Cancelled, Stage::InProgress]);
}

#[test]
fn a_resolution_is_along_with_the_parent_alone_and_once_that_is_resolved() {
    let house = House::new();
    let anna = house.anna();
    let (parent, of) = family(&anna, 1);
    let other = reported(&anna);
    let at = anna.incident(of[0]);
    let along = |with| Resolve::new("fixed").text("With it.").along_with(with);
    let error = at.resolve(along(other)).unwrap_err();
    assert_eq!(faults(&error), [("along_with", "link.parent_open")]);
    let error = at.resolve(along(parent)).unwrap_err();
    assert_eq!(faults(&error), [("along_with", "link.parent_open")]);
    for id in [parent, other] {
        anna.incident(id).resolve(Resolve::new("fixed").text("Done.")).unwrap();
    }
    let error = at.resolve(along(other)).unwrap_err();
    assert_eq!(faults(&error), [("along_with", "link.not_parent")]);
    assert_eq!(did(&at.resolve(along(parent)).unwrap()), ["resolved"]);
}

#[test]
fn notes_and_holds_are_carried_but_no_wait_for_a_caller() {
    let house = House::new();
    let anna = house.anna();
    let (parent, of) = family(&anna, 3);
    anna.incident(of[1]).hold("awaiting_caller").unwrap();
    let hold = IncidentCommand::Hold(Hold::new("awaiting_vendor"));
    let note = IncidentCommand::AddNote { audience: Audience::Internal, text: "The vendor is called.".to_owned() };
    let plan = anna.incident(parent).plan_children(&carried([hold, note])).unwrap();
    assert_eq!(plan.steps.len(), 2);
    assert_eq!(plan.skipped[0].reason, SkipReason::AwaitsItsCaller);
    apply(&anna, &plan);
    assert_eq!(stage(&anna, of[0]), Stage::OnHold);
    assert!(Carried::new([IncidentCommand::Hold(Hold::new("awaiting_caller"))]).is_err());
}

#[test]
fn children_that_the_planner_may_not_see_are_counted_and_not_shown() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (parent, of) = family(&mia, 2);
    mia.incident(of[0]).edit(andon::command::Edit::new().confidential(true)).unwrap();
    let note = IncidentCommand::AddNote { audience: Audience::Internal, text: "Seen.".to_owned() };
    let plan = anna.incident(parent).plan_children(&carried([note])).unwrap();
    assert_eq!((plan.steps.len(), plan.skipped.len(), plan.unseen), (1, 0, 1));
    assert!(!serde_json::to_string(&plan).unwrap().contains(&of[0].to_string()));
}

#[test]
fn two_that_adopt_each_other_or_hand_down_at_once_never_come_to_three_levels() {
    for round in 0..60 {
        let house = Arc::new(House::new());
        let ids: Vec<_> = (0..3).map(|_| reported(&house.anna())).collect();
        let pairs = if round % 2 == 0 { vec![(0, 1), (1, 0)] } else { vec![(0, 1), (1, 2), (2, 0)] };
        std::thread::scope(|scope| {
            for (child, parent) in pairs {
                let (house, ids) = (Arc::clone(&house), ids.clone());
                scope.spawn(move || adopt(&house.anna(), ids[child], ids[parent]).is_ok());
            }
        });
        let anna = house.anna();
        let mut adopted = 0;
        for id in &ids {
            if let Some(parent) = parent_of(&anna, *id) {
                adopted += 1;
                assert_eq!(parent_of(&anna, parent), None, "round {round}: a third level");
                assert!(children(&anna, *id).is_empty(), "round {round}: a child with children");
            }
        }
        assert!(adopted >= 1, "round {round}: somebody is first");
    }
}

/// Something that is done to five incidents.
#[derive(Debug, Clone)]
enum Deed {
    Adopt(usize, usize),
    Leave(usize, usize),
    Cancel(usize),
    Merge(usize, usize),
    Undo(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let (one, two) = (0_usize..5, 0_usize..5);
    prop_oneof![
        5 => (one.clone(), two.clone()).prop_map(|(a, b)| Deed::Adopt(a, b)),
        2 => (one.clone(), two.clone()).prop_map(|(a, b)| Deed::Leave(a, b)),
        1 => one.clone().prop_map(Deed::Cancel),
        3 => (one.clone(), two).prop_map(|(a, b)| Deed::Merge(a, b)),
        2 => one.prop_map(Deed::Undo),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_makes_a_circle_a_third_level_or_a_link_of_one_side(
        deeds in proptest::collection::vec(deed(), 1..40)
    ) {
        let house = House::new();
        let ada = house.admin();
        let ids: Vec<_> = (0..5).map(|_| reported(&ada)).collect();
        for deed in deeds {
            // Some are refused, as they should be.
            match deed {
                Deed::Adopt(a, b) => drop(adopt(&ada, ids[a], ids[b])),
                Deed::Leave(a, b) => drop(ada.incident(ids[a]).unlink(Link::ChildOf(ids[b]))),
                Deed::Cancel(a) => drop(ada.incident(ids[a]).cancel(Cancellation::Withdrawn)),
                Deed::Merge(a, b) => drop(ada.incident(ids[a]).cancel(Cancellation::Duplicate { of: ids[b] })),
                Deed::Undo(a) => drop(ada.incident(ids[a]).undo_merge("not the same")),
            }
        }
        let master_of = |id: Id<Incident>| match ada.incident(id).get().unwrap().into_incident() {
            Incident::Cancelled(cancelled) => cancelled.stage().merged_into(),
            _ => None,
        };
        for id in &ids {
            if let Some(parent) = parent_of(&ada, *id) {
                prop_assert_ne!(parent, *id);
                prop_assert_eq!(parent_of(&ada, parent), None, "a third level");
                prop_assert!(children(&ada, parent).contains(id), "not shown at its parent");
            }
            for child in children(&ada, *id) {
                prop_assert_eq!(parent_of(&ada, child), Some(*id), "found by a link that is not there");
            }
            if let Some(master) = master_of(*id) {
                prop_assert_ne!(master, *id);
                prop_assert_eq!(master_of(master), None, "a duplicate of a duplicate");
            }
        }
    }
}
