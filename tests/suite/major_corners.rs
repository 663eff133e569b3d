//! Major incidents, to the corners: corrected, renamed, dated back, and not told to everybody.

use crate::common::{Acting, House, did};
use andon::{
    Id, Incident, Stage,
    command::{AcceptMajor, Cancel, Correct, CorrectTo, Report, Resolve},
    incident::Cancellation,
    link::Link,
    store::Query,
    time::{Seconds, TimeSource, hours, minutes},
};

fn reported(desk: &Acting, caller: &str) -> Id<Incident> {
    desk.report(Report::new("Mail is down").caller(caller)).unwrap().id()
}

fn incident(desk: &Acting, id: Id<Incident>) -> Incident {
    desk.incident(id).get().unwrap().into_incident()
}

#[test]
fn no_correction_makes_a_running_major_incident_a_child() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (id, parent) = (reported(&anna, "bob"), reported(&anna, "bob"));
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    let closed = CorrectTo::Closed(Resolve::new("fixed").text("Done."));
    drop(mia.incident(id).correct(Correct::new(closed, "by mistake")));
    drop(anna.incident(id).link(Link::ChildOf(parent)));
    drop(mia.incident(id).correct(Correct::new(CorrectTo::InProgress, "it was open")));
    let now = incident(&anna, id);
    assert!(!(now.is_running_major() && now.links().parent().is_some()), "a major incident is a child");
}

#[test]
fn no_undone_merge_makes_a_candidate_a_child() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (id, parent, master) = (reported(&anna, "bob"), reported(&anna, "bob"), reported(&anna, "bob"));
    anna.incident(id).propose_major("everybody calls").unwrap();
    anna.incident(id).cancel(Cancel::duplicate_of(master)).unwrap();
    drop(anna.incident(id).link(Link::ChildOf(parent)));
    drop(mia.incident(id).undo_merge("not the same"));
    let now = incident(&anna, id);
    assert!(!(now.is_major_candidate() && now.links().parent().is_some()), "a candidate is a child");
}

#[test]
fn a_major_incident_that_was_stood_down_is_no_child() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (id, parent) = (reported(&anna, "bob"), reported(&anna, "bob"));
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    mia.incident(id).stand_down_major("back").unwrap();
    assert!(incident(&anna, id).is_major());
    drop(anna.incident(id).link(Link::ChildOf(parent)));
    let now = incident(&anna, id);
    assert!(!(now.is_major() && now.links().parent().is_some()), "a major incident is a child");
}

#[test]
fn a_missed_update_is_the_desks_own_affair() {
    let house = House::with(|draft| draft.major.update_every_seconds = Some(Seconds::hours(1)));
    let (bob, mia) = (house.bob(), house.mia());
    let id = bob.report("Mail is down").unwrap().id();
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    house.time.advance(hours(3));
    assert_eq!(bob.incident(id).view().unwrap().major.unwrap().missed_updates, 0, "the event is internal");
}

#[test]
fn word_that_came_before_a_backdated_acceptance_was_recorded_is_no_miss() {
    let house = House::with(|draft| draft.major.update_every_seconds = Some(Seconds::hours(1)));
    let (anna, bob, mia) = (house.anna(), house.bob(), house.mia());
    let id = bob.report("Mail is down").unwrap().id();
    let began = house.time.now();
    house.time.advance(minutes(50));
    anna.incident(id).add_note("We are on it").unwrap();
    house.time.advance(minutes(50));
    let outcome = mia.incident(id).occurring_at(began).accept_major(AcceptMajor::default()).unwrap();
    assert!(!did(&outcome).contains(&"major_update_missed"), "{:?}", did(&outcome));
}

#[test]
fn a_review_that_is_owed_is_not_escaped_by_a_cancellation() {
    let house = House::with(|draft| draft.major.review = true);
    let (anna, mia) = (house.anna(), house.mia());
    let id = reported(&anna, "bob");
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    mia.incident(id).stand_down_major("back").unwrap();
    assert!(anna.incident(id).cancel(Cancellation::Withdrawn).is_err(), "it was never reviewed");
}

#[test]
fn a_floor_is_decided_anew_by_another_scale() {
    let house = House::with(|draft| draft.major.floor = Some("P2".parse().unwrap()));
    let (ada, mia) = (house.admin(), house.mia());
    let id = ada.report(Report::new("x").impact("low").urgency("low")).unwrap().id();
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    let policy = crate::common::policy(|draft| {
        draft.major.floor = Some("P2".parse().unwrap());
        draft.matrix.priority.levels.insert(0, "P0".parse().unwrap());
    });
    let rank = policy.matrix().find("P2").unwrap().rank();
    ada.publish_policy(policy).unwrap();
    ada.incident(id).reissue().unwrap();
    let now = incident(&ada, id).priority().clone();
    assert_eq!((now.name().as_str(), now.rank()), ("P2", rank));
}

#[test]
fn a_priority_of_a_running_floor_is_not_left_out() {
    let house = House::with(|draft| draft.major.floor = Some("P1".parse().unwrap()));
    let (ada, mia) = (house.admin(), house.mia());
    let id = ada.report(Report::new("x").impact("low").urgency("low")).unwrap().id();
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    let policy = crate::common::policy(|draft| {
        draft.matrix.priority.levels.remove(0);
        for row in &mut draft.matrix.cells {
            for cell in row {
                if cell.as_str() == "P1" {
                    *cell = "P2".parse().unwrap();
                }
            }
        }
    });
    if ada.publish_policy(policy.clone()).is_ok() {
        ada.incident(id).reissue().unwrap();
        let now = incident(&ada, id).priority().clone();
        assert!(policy.matrix().find(now.name().as_str()).is_some(), "{now} is no priority of the policy");
    }
}

#[test]
fn no_word_was_due_while_a_corrected_major_incident_was_resolved() {
    let house = House::with(|draft| draft.major.update_every_seconds = Some(Seconds::hours(1)));
    let (anna, mia) = (house.anna(), house.mia());
    let id = reported(&anna, "bob");
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    anna.incident(id).resolve(Resolve::new("fixed").text("Back.")).unwrap();
    house.time.advance(andon::time::days(3));
    let outcome = mia.incident(id).correct(Correct::new(CorrectTo::InProgress, "it was not")).unwrap();
    assert_eq!(did(&outcome), ["corrected"]);
}

#[test]
fn a_waiver_of_an_earlier_run_does_not_waive_the_review_of_a_later() {
    let house = House::with(|draft| draft.major.review = true);
    let (anna, mia) = (house.anna(), house.mia());
    let id = reported(&anna, "bob");
    let by = mia.incident(id);
    by.accept_major(AcceptMajor::default()).unwrap();
    by.stand_down_major("a drill").unwrap();
    by.waive("obligation.major_review", "it was a drill").unwrap();
    by.accept_major(AcceptMajor::default()).unwrap();
    by.stand_down_major("and this was real").unwrap();
    by.resolve(Resolve::new("fixed").text("Back.")).unwrap();
    by.confirm(andon::incident::ConfirmedBy::Caller).unwrap();
    let Incident::Resolved(seen) = incident(&anna, id) else { panic!() };
    assert!(Incident::Resolved(seen).major().unwrap().ended().unwrap().owes_review());
    let error = by.close();
    assert!(error.is_err(), "nobody reviewed what was real");
}

#[test]
fn a_correction_does_not_merge_a_running_major() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (id, other) = (reported(&anna, "bob"), reported(&anna, "bob"));
    mia.incident(id).accept_major(AcceptMajor::led_by("kim").floor("P1")).unwrap();
    let to = CorrectTo::Cancelled(Cancellation::Duplicate { of: other });
    drop(mia.incident(id).correct(Correct::new(to, "x")));
    let now = incident(&anna, id);
    let view = anna.incident(id).view().unwrap();
    assert!(
        now.stage() != Stage::Cancelled || view.major.is_none_or(|major| major.status != "accepted"),
        "{:?}",
        now.priority()
    );
}

#[test]
fn the_moves_of_a_caller_do_not_tell_of_a_proposal() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let id = bob.report("Mail is down").unwrap().id();
    let moves = || -> Vec<_> {
        bob.incident(id).allowed_moves().unwrap().iter().map(|known| known.command().to_owned()).collect()
    };
    let before = moves();
    let illegal = || bob.incident(id).confirm(andon::incident::ConfirmedBy::Caller).unwrap_err().to_string();
    let said = illegal();
    anna.incident(id).propose_major("everybody calls").unwrap();
    assert_eq!(illegal(), said);
    let after = moves();
    let new: Vec<_> = after.iter().filter(|known| !before.contains(known)).collect();
    let gone: Vec<_> = before.iter().filter(|known| !after.contains(known)).collect();
    assert!(new.is_empty() && gone.is_empty(), "came {new:?}, went {gone:?}");
}

#[test]
fn a_feed_of_a_caller_does_not_tell_of_a_proposal() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let id = bob.report("Mail is down").unwrap().id();
    let before =
        serde_json::to_string(&bob.worklist(&Query::all(), None, 10).unwrap().rows[0].priority.name.as_str()).unwrap();
    anna.incident(id).propose_major("everybody calls").unwrap();
    let row = &bob.worklist(&Query::all(), None, 10).unwrap().rows[0];
    assert!(!row.major);
    assert_eq!(before, serde_json::to_string(&row.priority.name.as_str()).unwrap());
}

#[test]
fn a_filter_of_moves_views_and_errors_after_a_rejection() {
    let house = House::new();
    let (anna, bob, mia) = (house.anna(), house.bob(), house.mia());
    let id = bob.report("Mail is down").unwrap().id();
    let json = |desk: &Acting| serde_json::to_value(desk.incident(id).view().unwrap()).unwrap();
    let before = json(&bob);
    anna.incident(id).propose_major("everybody calls").unwrap();
    mia.incident(id).reject_major("no").unwrap();
    let mut after = json(&bob);
    after["version"] = before["version"].clone();
    assert_eq!(before, after);
}

#[test]
fn the_offered_moves_of_a_caller_do_not_tell_of_a_proposal() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let id = bob.report("Mail is down").unwrap().id();
    let moves =
        || -> Vec<_> { bob.incident(id).move_views().unwrap().iter().map(|known| known.command.clone()).collect() };
    let before = moves();
    anna.incident(id).propose_major("everybody calls").unwrap();
    let after = moves();
    let new: Vec<_> = after.iter().filter(|known| !before.contains(known)).collect();
    let gone: Vec<_> = before.iter().filter(|known| !after.contains(known)).collect();
    assert!(new.is_empty() && gone.is_empty(), "came {new:?}, went {gone:?}");
}

#[test]
fn a_major_incident_keeps_its_clocks_when_another_policy_renames_its_floor() {
    use serde_json::json;
    let policy = |top: &str| {
        let mut draft = andon::PolicyDraft::itil();
        draft.major.floor = Some(top.parse().unwrap());
        for level in &mut draft.matrix.priority.levels {
            if level.as_str() == "P1" {
                *level = top.parse().unwrap();
            }
        }
        for cell in draft.matrix.cells.iter_mut().flatten() {
            if cell.as_str() == "P1" {
                *cell = top.parse().unwrap();
            }
        }
        let by = json!({ top: {"elapsed_seconds": 3_600}, "P2": {"elapsed_seconds": 7_200}, "P3": {"elapsed_seconds": 36_000}, "P4": {"elapsed_seconds": 36_000}, "P5": {"elapsed_seconds": 36_000}});
        draft.agreements = serde_json::from_value(json!([{"key": "gold",
            "metrics": [{"metric": "resolve", "target": {"by_priority": by}, "end": {"milestones": ["resolved"]}}]}]))
        .unwrap();
        draft.validate().unwrap()
    };
    let house = House::new();
    let house = House { desk: house.desk.with_policy(policy("P1")), ..house };
    let (ada, mia) = (house.admin(), house.mia());
    let id = ada.report(Report::new("x").impact("low").urgency("low")).unwrap().id();
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    let live = || incident(&ada, id).clocks().live().count();
    assert_eq!(live(), 1);
    ada.publish_policy(policy("Critical")).unwrap();
    ada.incident(id).reissue().unwrap();
    assert_eq!((incident(&ada, id).priority().name().as_str(), live()), ("Critical", 1));
}
