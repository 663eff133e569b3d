//! Major incidents: proposed, accepted, led, told of, stood down, reviewed; and what does not happen to them by itself.

use crate::common::{Acting, House, did, faults};
use andon::{
    Error, Id, Incident, Stage,
    cascade::{Carried, SkipReason},
    command::{AcceptMajor, Cancel, Correct, CorrectTo, Edit, IncidentCommand, Override, Report, Resolve},
    incident::{Cancellation, ConfirmedBy, Major},
    link::Link,
    policy::MajorCriterion,
    store::Query,
    time::{Seconds, TimeSource, days, hours, minutes},
};

fn reported(desk: &Acting) -> Id<Incident> {
    desk.report("Mail is down").unwrap().id()
}

fn incident(desk: &Acting, id: Id<Incident>) -> Incident {
    desk.incident(id).get().unwrap().into_incident()
}

fn status(desk: &Acting, id: Id<Incident>) -> Option<&'static str> {
    incident(desk, id).major().map(Major::key)
}

fn accepted(house: &House) -> Id<Incident> {
    let id = reported(&house.anna());
    house.mia().incident(id).accept_major(AcceptMajor::default()).unwrap();
    id
}

fn criterion(id: &str) -> MajorCriterion {
    MajorCriterion::new(id.parse().unwrap())
}

fn house() -> House {
    House::with(|draft| {
        draft.categories = vec![
            serde_json::from_value(serde_json::json!({ "key": "mail" })).unwrap(),
            serde_json::from_value(serde_json::json!({ "key": "breach" })).unwrap(),
        ];
        draft.major.criteria = vec![
            MajorCriterion { priority_at_least: Some("P1".parse().unwrap()), ..criterion("top") },
            MajorCriterion { people_at_least: Some(100), ..criterion("many") },
            MajorCriterion { categories: vec!["breach".parse().unwrap()], ..criterion("security") },
            MajorCriterion {
                services: vec!["payments".parse().unwrap()],
                priority_at_least: Some("P2".parse().unwrap()),
                ..criterion("payments")
            },
        ];
        draft.major.floor = Some("P2".parse().unwrap());
        draft.major.update_every_seconds = Some(Seconds::hours(1));
        draft.major.review = true;
        draft.closure.automatic_after_seconds = Some(Seconds::days(7));
    })
}

#[test]
fn criteria_of_the_policy_propose_what_meets_them_and_nothing_else() {
    let house = house();
    let anna = house.anna();
    let proposed = |report: Report| match incident(&anna, anna.report(report).unwrap().id()).major() {
        Some(Major::Proposed(proposal)) => proposal.criteria.iter().map(ToString::to_string).collect(),
        Some(other) => panic!("{other:?}"),
        None => Vec::new(),
    };
    let report = || Report::new("Mail is down");
    assert_eq!(proposed(report()), [""; 0]);
    assert_eq!(proposed(report().impact("high").urgency("high")), ["top"]);
    assert_eq!(proposed(report().people_affected(99)), [""; 0]);
    assert_eq!(proposed(report().people_affected(100).category("breach")), ["many", "security"]);
    assert_eq!(proposed(report().service("payments")), [""; 0], "the priority is too low");
    assert_eq!(proposed(report().service("payments").impact("high")), ["payments"]);
    // What comes to meet them later is proposed later, once; what was judged stays judged.
    let id = reported(&anna);
    assert_eq!(
        did(&anna.incident(id).edit(Edit::new().people_affected(500_u32)).unwrap()),
        ["edited", "major_proposed"]
    );
    assert_eq!(did(&anna.incident(id).edit(Edit::new().people_affected(600_u32)).unwrap()), ["edited"]);
    house.mia().incident(id).reject_major("it is the printer").unwrap();
    assert_eq!(did(&anna.incident(id).edit(Edit::new().people_affected(700_u32)).unwrap()), ["edited"]);
    assert_eq!(status(&anna, id), Some("rejected"));
    let id = reported(&anna);
    let set = house.mia().incident(id).override_priority(Override::new("P1", "the board asks")).unwrap();
    assert!(did(&set).contains(&"major_proposed"));
}

#[test]
fn a_proposal_is_for_the_desk_and_an_accepted_one_for_everybody() {
    let house = House::new();
    let (anna, bob, mia) = (house.anna(), house.bob(), house.mia());
    let id = bob.report("Mail is down").unwrap().id();
    anna.incident(id).propose_major("everybody calls").unwrap();
    assert_eq!((status(&anna, id), status(&bob, id)), (Some("proposed"), None));
    assert!(incident(&anna, id).is_major_candidate() && !incident(&anna, id).is_major());
    let kinds = |desk: &Acting| desk.incident(id).timeline(None, 50).unwrap().0.into_iter().map(|entry| entry.kind);
    assert!(kinds(&anna).any(|kind| kind == "incident.major_proposed"));
    assert!(kinds(&bob).all(|kind| kind != "incident.major_proposed"));
    mia.incident(id).accept_major(AcceptMajor::led_by("kim").reason("it is INTERNAL")).unwrap();
    let view = bob.incident(id).view().unwrap().major.unwrap();
    assert_eq!((view.status.as_str(), view.manager.as_deref()), ("accepted", Some("kim")));
    let shown = serde_json::to_string(&bob.incident(id).timeline(None, 50).unwrap().0).unwrap();
    assert!(!shown.contains("INTERNAL"));
    let row = &anna.worklist(&Query::all().majors(), None, 10).unwrap().rows[0];
    assert!(row.major && row.id == id);
    mia.incident(id).stand_down_major("mail is back").unwrap();
    assert!(anna.worklist(&Query::all().majors(), None, 10).unwrap().rows.is_empty());
}

#[test]
fn who_accepts_leads_unless_somebody_else_is_named_and_the_lead_is_handed_over() {
    let house = House::new();
    let id = accepted(&house);
    let running = |house: &House| incident(&house.anna(), id).major().unwrap().running().unwrap().clone();
    assert_eq!(running(&house).manager().as_str(), "mia");
    assert_eq!(did(&house.mia().incident(id).hand_over_major("kim").unwrap()), ["major_handed_over"]);
    assert!(house.mia().incident(id).hand_over_major("kim").unwrap().events().is_empty(), "said again");
    assert_eq!(running(&house).manager().as_str(), "kim");
    let error = house.acting("acme", andon::Actor::automation("bot").unwrap().role("manager").unwrap());
    let error = error.incident(reported(&house.anna())).accept_major(AcceptMajor::default()).unwrap_err();
    assert_eq!(faults(&error), [("manager", "field.required")]);
    let error = house.mia().incident(reported(&house.anna())).accept_major(AcceptMajor::led_by("").floor("P9"));
    assert_eq!(faults(&error.unwrap_err()), [("manager", "key.empty"), ("floor", "level.unknown")]);
}

#[test]
fn each_step_is_possible_where_it_makes_sense_and_nowhere_else() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let id = reported(&anna);
    let (at, by) = (anna.incident(id), mia.incident(id));
    let illegal =
        |result: Result<andon::desk::Outcome, Error>| assert!(matches!(result.unwrap_err(), Error::Illegal(_)));
    illegal(by.stand_down_major("x"));
    illegal(by.demote_major("x"));
    illegal(by.hand_over_major("kim"));
    illegal(at.review_major("x"));
    assert_eq!(faults(&by.reject_major("x").unwrap_err()), [("major", "major.not_proposed")]);
    at.propose_major("x").unwrap();
    illegal(at.propose_major("y"));
    by.accept_major(AcceptMajor::default()).unwrap();
    illegal(by.accept_major(AcceptMajor::default()));
    illegal(at.propose_major("y"));
    by.stand_down_major("x").unwrap();
    illegal(by.demote_major("x"));
    at.review_major("What went well").unwrap();
    by.accept_major(AcceptMajor::default()).unwrap();
    assert_eq!(status(&anna, id), Some("accepted"), "what was stood down may flare up again");
    by.demote_major("it was none").unwrap();
    at.propose_major("it was one").unwrap();
    assert!(matches!(at.accept_major(AcceptMajor::default()).unwrap_err(), Error::Refused(_)), "an agent proposes");
    at.resolve(Resolve::new("fixed").text("Done.")).unwrap();
    at.confirm(ConfirmedBy::Caller).unwrap();
    at.close().unwrap();
    illegal(by.accept_major(AcceptMajor::default()));
    assert!(!incident(&anna, id).is_major_candidate(), "a proposal lapses with the incident");
}

#[test]
fn the_floor_holds_against_matrix_and_override_and_goes_with_the_major_incident() {
    let house = house();
    let (anna, mia) = (house.anna(), house.mia());
    let id = anna.report(Report::new("Mail is down").impact("low").urgency("low")).unwrap().id();
    let name = || incident(&anna, id).priority().name().to_string();
    let low = name();
    let by = mia.incident(id);
    assert_eq!(did(&by.accept_major(AcceptMajor::default()).unwrap())[..2], ["major_accepted", "priority_changed"]);
    assert_eq!(name(), "P2");
    by.override_priority(Override::new("P4", "it is quiet")).unwrap();
    assert_eq!(name(), "P2", "at least");
    anna.incident(id).edit(Edit::new().impact("high").urgency("high")).unwrap();
    assert_eq!(name(), "P2");
    by.clear_override().unwrap();
    assert_eq!(name(), "P1", "a higher one holds");
    anna.incident(id).edit(Edit::new().impact("low").urgency("low")).unwrap();
    assert_eq!(name(), "P2");
    let view = anna.incident(id).view().unwrap();
    assert!(view.priority.explanation.contains("at least P2 as a major incident"), "{}", view.priority.explanation);
    by.stand_down_major("mail is back").unwrap();
    assert_eq!(name(), low);
    by.accept_major(AcceptMajor::led_by("kim").floor("P1")).unwrap();
    assert_eq!(name(), "P1");
    by.demote_major("it was none").unwrap();
    assert_eq!(name(), low);
}

#[test]
fn word_is_due_at_its_cadence_and_a_miss_is_dated_to_when_it_was_due() {
    let house = house();
    let (anna, mia) = (house.anna(), house.mia());
    let id = reported(&house.bob());
    let start = house.time.now();
    mia.incident(id).accept_major(AcceptMajor::default()).unwrap();
    let running = || incident(&anna, id).major().unwrap().running().unwrap().clone();
    assert_eq!(running().update_due(), Some(start + hours(1)));
    house.time.advance(minutes(50));
    anna.incident(id).add_note("We are on it").unwrap();
    assert_eq!(running().update_due(), Some(start + minutes(110)));
    house.time.advance(minutes(140));
    assert_eq!(
        (running().missed(), running().update_due()),
        (2, Some(start + minutes(230))),
        "seen before it is stored"
    );
    let outcome = anna.incident(id).add_internal_note("hm").unwrap();
    assert_eq!(did(&outcome), ["major_update_missed", "major_update_missed", "note_added"]);
    let at: Vec<_> = outcome.events().iter().take(2).map(|event| event.occurred_at).collect();
    assert_eq!(at, [start + minutes(110), start + minutes(170)]);
    assert_eq!(running().missed(), 2, "an internal note is no word");
    anna.incident(id).add_note("Soon").unwrap();
    assert_eq!((running().missed(), running().update_due()), (0, Some(start + minutes(250))));
    // Nothing is due while it is resolved; the waiting begins anew when it is reopened.
    anna.incident(id).resolve(Resolve::new("fixed").text("Back.")).unwrap();
    house.time.advance(days(3));
    assert_eq!(running().missed(), 0);
    anna.incident(id).reopen("It is back").unwrap();
    assert_eq!(running().update_due(), Some(house.time.now() + hours(1)));
}

#[test]
fn misses_end_after_so_many_and_any_schedule_of_wakes_gives_the_same() {
    let seen = |wakes: bool| {
        let house = house();
        let id = reported(&house.anna());
        house.mia().incident(id).accept_major(AcceptMajor::default()).unwrap();
        for _ in 0..40 {
            house.time.advance(hours(1) + minutes(1));
            if wakes {
                house.anna().incident(id).log_time(60).unwrap();
            }
        }
        let seen = incident(&house.anna(), id);
        let running = seen.major().unwrap().running().unwrap();
        (running.missed(), running.update_due(), running.since())
    };
    assert_eq!(seen(false), seen(true));
    assert_eq!((seen(false).0, seen(false).1), (andon::incident::MAX_MISSED, None));
}

#[test]
fn a_major_incident_never_closes_by_itself_and_an_ordinary_one_does_again() {
    let house = house();
    let (anna, mia) = (house.anna(), house.mia());
    let resolve = |id| anna.incident(id).resolve(Resolve::new("fixed").text("Back.")).unwrap();
    let ids: Vec<_> = (0..4).map(|_| reported(&anna)).collect();
    // Accepted before, accepted after the resolution, stood down after it, demoted after it.
    mia.incident(ids[0]).accept_major(AcceptMajor::default()).unwrap();
    for id in &ids {
        resolve(*id);
    }
    for id in &ids[1..] {
        mia.incident(*id).accept_major(AcceptMajor::default()).unwrap();
    }
    mia.incident(ids[2]).stand_down_major("back").unwrap();
    mia.incident(ids[3]).demote_major("it was none").unwrap();
    house.time.advance(days(30));
    let stages: Vec<_> = ids.iter().map(|id| incident(&anna, *id).stage()).collect();
    assert_eq!(stages, [Stage::Resolved, Stage::Resolved, Stage::Resolved, Stage::Closed]);
    house.admin().incident(ids[0]).reissue().unwrap();
    house.time.advance(days(30));
    assert_eq!(incident(&anna, ids[0]).stage(), Stage::Resolved, "no policy closes it either");
}

#[test]
fn closing_asks_that_it_is_stood_down_and_reviewed() {
    let house = house();
    let (anna, mia) = (house.anna(), house.mia());
    let id = reported(&anna);
    let (at, by) = (anna.incident(id), mia.incident(id));
    by.accept_major(AcceptMajor::default()).unwrap();
    at.resolve(Resolve::new("fixed").text("Back.")).unwrap();
    at.confirm(ConfirmedBy::Caller).unwrap();
    let owed = || match at.close().unwrap_err() {
        Error::Blocked(blocked) => blocked.obligations().iter().map(|owed| owed.code().to_owned()).collect::<Vec<_>>(),
        error => panic!("{error}"),
    };
    assert_eq!(owed(), ["obligation.major_running"]);
    let error = by.waive("obligation.major_running", "we want to go home").unwrap_err();
    assert_eq!(faults(&error), [("code", "obligation.unknown")], "nobody waives that");
    by.stand_down_major("back").unwrap();
    assert_eq!(owed(), ["obligation.major_review"]);
    at.review_major("The relay had no spare.").unwrap();
    assert_eq!(at.close().unwrap().incident().stage(), Stage::Closed);

    let other = accepted(&house);
    let by = mia.incident(other);
    by.resolve(Resolve::new("fixed").text("Back.")).unwrap();
    by.confirm(ConfirmedBy::Caller).unwrap();
    by.stand_down_major("back").unwrap();
    by.waive("obligation.major_review", "it is a drill").unwrap();
    by.close().unwrap();
    by.review_major("It was a drill, and it went well.").unwrap();
    assert!(incident(&anna, other).major().unwrap().ended().unwrap().reviewed_at().is_some(), "later, too");
}

#[test]
fn end_users_neither_resolve_nor_reopen_nor_close_it() {
    let house = House::with(|draft| {
        draft.closure.on_caller_reply = andon::incident::ReplyRule::Reopen;
    });
    let (anna, bob, mia) = (house.anna(), house.bob(), house.mia());
    let ids = [(); 2].map(|()| bob.report("Mail is down").unwrap().id());
    mia.incident(ids[0]).accept_major(AcceptMajor::default()).unwrap();
    for id in ids {
        anna.incident(id).resolve(Resolve::new("fixed").text("Back.")).unwrap();
    }
    assert!(matches!(bob.incident(ids[0]).reopen("Not here").unwrap_err(), Error::Refused(_)));
    let offered = bob.incident(ids[0]).allowed_moves().unwrap();
    let reopen = offered.iter().find(|known| known.command() == "reopen").unwrap();
    assert!(!reopen.is_permitted());
    assert_eq!(bob.incident(ids[0]).add_note("Not here").unwrap().incident().stage(), Stage::Resolved, "it is flagged");
    assert_eq!(bob.incident(ids[1]).add_note("Not here").unwrap().incident().stage(), Stage::InProgress);
    assert!(bob.incident(ids[0]).confirm(ConfirmedBy::Caller).is_ok(), "to confirm is not to close");
}

#[test]
fn a_child_is_no_major_incident_and_a_major_incident_no_child() {
    let house = house();
    let (anna, mia) = (house.anna(), house.mia());
    let (parent, child, major) = (reported(&anna), reported(&anna), accepted(&house));
    anna.incident(child).link(Link::ChildOf(parent)).unwrap();
    let error = mia.incident(child).accept_major(AcceptMajor::default()).unwrap_err();
    assert_eq!(faults(&error), [("major", "major.child")]);
    assert_eq!(faults(&anna.incident(child).propose_major("x").unwrap_err()), [("major", "major.child")]);
    anna.incident(child).edit(Edit::new().people_affected(500_u32)).unwrap();
    assert_eq!(status(&anna, child), None, "no criterion proposes a child");
    assert_eq!(faults(&anna.incident(major).link(Link::ChildOf(parent)).unwrap_err()), [("link", "major.child")]);
    // A parent may be one.
    mia.incident(parent).accept_major(AcceptMajor::default()).unwrap();
}

#[test]
fn plans_leave_it_alone_and_it_is_not_cancelled_while_it_runs() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (id, other) = (accepted(&house), reported(&anna));
    let note = IncidentCommand::AddNote { audience: andon::incident::Audience::Internal, text: "Seen.".to_owned() };
    let plan = anna.plan_cascade(other, vec![id], &Carried::new([note]).unwrap()).unwrap();
    assert_eq!(plan.skipped[0].reason, SkipReason::Major);
    assert_eq!(anna.plan_merge(vec![id], other).unwrap().skipped[0].reason, SkipReason::Major);
    for cancel in [Cancel::from(Cancellation::Withdrawn), Cancel::duplicate_of(other)] {
        assert_eq!(faults(&anna.incident(id).cancel(cancel).unwrap_err()), [("as", "major.running")]);
    }
    // Others may be merged into it.
    anna.incident(other).cancel(Cancel::duplicate_of(id)).unwrap();
    mia.incident(id).demote_major("it was none").unwrap();
    anna.incident(id).cancel(Cancellation::Withdrawn).unwrap();
}

#[test]
fn a_correction_leaves_it_a_major_incident_that_does_not_close_by_itself() {
    let house = house();
    let id = accepted(&house);
    let to = CorrectTo::Resolved(Resolve::new("fixed").text("It was."));
    house.mia().incident(id).correct(Correct::new(to, "it was resolved")).unwrap();
    house.time.advance(days(60));
    let seen = incident(&house.anna(), id);
    assert_eq!((seen.stage(), seen.is_running_major()), (Stage::Resolved, true));
    // Nor is it ended under its manager.
    let closed = CorrectTo::Closed(Resolve::new("fixed").text("It was."));
    for to in [CorrectTo::Cancelled(Cancellation::NotAnIncident), closed.clone()] {
        let error = house.mia().incident(id).correct(Correct::new(to, "it was none")).unwrap_err();
        assert_eq!(faults(&error), [("to", "major.running")]);
    }
    house.mia().incident(id).stand_down_major("it was over").unwrap();
    house.mia().incident(id).correct(Correct::new(closed, "it was closed")).unwrap();
    assert!(house.anna().worklist(&Query::all().majors(), None, 10).unwrap().rows.is_empty(), "it runs no longer");
}

#[test]
fn nothing_is_said_of_it_for_a_time_before_it_began_and_an_earlier_word_takes_nothing_from_a_later() {
    let house = house();
    let id = reported(&house.bob());
    let (anna, mia) = (house.anna().incident(id), house.mia().incident(id));
    house.time.advance(hours(2));
    let began = house.time.now();
    mia.accept_major(AcceptMajor::default()).unwrap();
    house.time.advance(minutes(30));
    let before = incident(&house.anna(), id);
    for result in [
        mia.clone().occurring_at(began - minutes(1)).stand_down_major("back"),
        mia.clone().occurring_at(began - minutes(1)).demote_major("it was none"),
        mia.clone().occurring_at(began - minutes(1)).hand_over_major("kim"),
    ] {
        assert_eq!(faults(&result.unwrap_err()), [("occurred_at", "time.before_stage")]);
    }
    assert_eq!(incident(&house.anna(), id), before, "nothing is stored");
    let due = || incident(&house.anna(), id).major().unwrap().running().unwrap().update_due();
    anna.add_note("We are on it").unwrap();
    assert_eq!(due(), Some(began + minutes(90)));
    anna.clone().occurring_at(began + minutes(10)).add_note("We knew already").unwrap();
    assert_eq!(due(), Some(began + minutes(90)));
}

#[test]
fn a_policy_that_makes_no_sense_is_told_where() {
    let mut draft = andon::PolicyDraft::itil();
    draft.major.criteria = vec![
        criterion("all"),
        MajorCriterion { priority_at_least: Some("P9".parse().unwrap()), ..criterion("all") },
        MajorCriterion { categories: vec!["none".parse().unwrap()], ..criterion("security") },
    ];
    draft.major.floor = Some("P0".parse().unwrap());
    draft.major.update_every_seconds = Some(Seconds::new(59).unwrap());
    let faults = draft.validate().unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.path().to_owned(), fault.code())).collect();
    let expected = [
        ("major.criteria[1].id", "name.repeated"),
        ("major.criteria[0]", "major.fits_all"),
        ("major.criteria[1].priority_at_least", "level.unknown"),
        ("major.criteria[2].categories[0]", "category.unknown"),
        ("major.floor", "level.unknown"),
        ("major.update_every_seconds", "major.cadence"),
    ];
    assert_eq!(told, expected.map(|(path, code)| (path.to_owned(), code)));
}
