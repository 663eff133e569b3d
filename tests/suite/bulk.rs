//! The same command on many incidents, previews, and steps as wishes.

use crate::common::{Acting, House, at, did, faults, kinds, log};
use andon::{
    CommandId, Id, Incident, Stage, Version,
    command::{Assign, Command, Edit, Hold, IncidentCommand, Report, Resolve},
    desk::Selection,
    incident::{Assignment, Resolution, ResumedBy},
    lifecycle::Stamp,
    store::{Filter, Query},
};

fn reported(desk: &Acting, count: usize) -> Vec<Id<Incident>> {
    (0..count).map(|index| desk.report(format!("incident {index}")).unwrap().id()).collect()
}

fn assign() -> IncidentCommand {
    IncidentCommand::Assign(Assign::to_group("Mail"))
}

#[test]
fn a_selection_gets_an_answer_for_each() {
    let house = House::new();
    let anna = house.anna();
    let mut ids = reported(&anna, 3);
    anna.incident(ids[1]).cancel(andon::incident::Cancellation::Withdrawn).unwrap();
    let absent = Id::from_u128(99);
    ids.extend([absent, ids[0]]);
    let batch = anna.bulk(ids.clone(), assign()).apply(None, 100).unwrap();
    let answers: Vec<_> = batch
        .answers
        .iter()
        .map(|answer| (answer.id, answer.result.as_ref().map(did).map_err(andon::Error::code)))
        .collect();
    assert_eq!(
        answers,
        [
            (ids[0], Ok(vec!["assigned"])),
            (ids[1], Err("incident.assign.illegal")),
            (ids[2], Ok(vec!["assigned"])),
            (absent, Err("record.not_found")),
        ],
        "each once, and one that is refused keeps no other from being changed"
    );
    assert!(batch.next.is_none());
}

#[test]
fn what_matches_is_taken_in_bounded_batches_each_once() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 7);
    let new = Filter { stages: vec![Stage::New], ..Filter::default() };
    let bulk = anna.bulk(new, assign());
    let (mut taken, mut after, mut batches) = (Vec::new(), None, 0);
    loop {
        let batch = bulk.apply(after.as_ref(), 3).unwrap();
        taken.extend(batch.answers.iter().map(|answer| answer.id));
        assert!(batch.answers.iter().all(|answer| answer.result.is_ok() && answer.number.is_some()));
        batches += 1;
        match batch.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    taken.sort_unstable();
    assert_eq!((taken, batches), (ids.clone(), 3), "although what was done takes them out of the filter");
    assert!(ids.iter().all(|id| anna.incident(*id).get().unwrap().incident().stage() == Stage::Assigned));
}

#[test]
fn applying_the_same_again_changes_nothing_more() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 3);
    let desk = anna.clone().with_command(CommandId::named("hand over to Mail"));
    let first = desk.bulk(ids.clone(), assign()).apply(None, 10).unwrap();
    let second = desk.bulk(ids.clone(), assign()).apply(None, 10).unwrap();
    for (first, second) in first.answers.iter().zip(&second.answers) {
        let (first, second) = (first.result.as_ref().unwrap(), second.result.as_ref().unwrap());
        assert!(second.was_repeated() && first.events() == second.events());
    }
    let other = desk.bulk(ids, IncidentCommand::StartWork {}).apply(None, 10).unwrap();
    assert!(other.answers.iter().all(|answer| answer.result.as_ref().unwrap_err().code() == "command.reused"));
}

#[test]
fn a_plan_shows_what_would_change_and_what_not_and_stores_nothing() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 3);
    anna.incident(ids[1]).resolve("fixed").unwrap();
    let plan = anna.bulk(ids.clone(), IncidentCommand::Hold(Hold::new("awaiting_vendor"))).preview(None, 10).unwrap();
    let stages: Vec<_> = plan.answers.iter().map(|answer| answer.result.as_ref().unwrap().incident().stage()).collect();
    assert_eq!(stages, [Stage::OnHold; 3]);
    let events: Vec<_> = plan.answers.iter().map(|answer| answer.result.as_ref().unwrap().events().len()).collect();
    assert_eq!(events, [1, 2, 1], "the resolved one would be reopened for it");
    assert!(ids.iter().all(|id| anna.incident(*id).get().unwrap().incident().hold().is_none()));
}

#[test]
fn a_bulk_of_no_size_or_too_large_is_refused() {
    let house = House::new();
    let anna = house.anna();
    let many: Vec<_> = (0..1_001).map(Id::from_u128).collect();
    let error = anna.bulk(many, assign()).apply(None, 10).unwrap_err();
    assert_eq!(faults(&error), [("selection", "limit.range")]);
    assert!(error.to_string().contains("names 1001 incidents, and may name 1000; give it in parts"), "{error}");
    assert_eq!(faults(&anna.bulk(Vec::new(), assign()).apply(None, 0).unwrap_err()), [("limit", "limit.range")]);
    assert!(anna.bulk(Vec::new(), assign()).apply(None, 10).unwrap().answers.is_empty());
    let bad = Query::all().field("height".parse().unwrap(), "1");
    assert_eq!(anna.bulk(Selection::from(bad), assign()).apply(None, 10).unwrap_err().code(), "query.invalid");
}

#[test]
fn a_preview_equals_what_then_happens() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    let command = IncidentCommand::Resolve(Resolve::new("fixed").text("New certificate"));
    let preview = anna.incident(id).preview(command.clone()).unwrap();
    assert_eq!(preview.version(), Version::new(1));
    assert_eq!(anna.incident(id).get().unwrap().incident().stage(), Stage::New, "nothing is stored");
    let done = anna.incident(id).execute(command).unwrap();
    let foreseen: Vec<_> =
        preview.events().iter().map(|event| (event.body.name(), event.occurred_at, &event.actor)).collect();
    let happened: Vec<_> =
        done.events().iter().map(|event| (event.body.name(), event.occurred_at, &event.actor)).collect();
    assert_eq!(foreseen, happened);
    assert_eq!(preview.incident().progress(), done.incident().progress());
    let error = anna.incident(id).preview(IncidentCommand::StartWork {}).unwrap_err();
    assert_eq!(error.code(), "incident.start_work.illegal");
}

#[test]
fn a_report_can_be_previewed_without_taking_a_number() {
    let house = House::new();
    let anna = house.anna();
    let report = Report::new("Mail is down").impact("high").urgency("high");
    let preview = anna.preview(Command::Report(Box::new(report.clone()))).unwrap().into_incident().unwrap();
    assert_eq!((preview.incident().priority().rank(), preview.events().len()), (1, 1));
    assert_eq!(anna.report(report).unwrap().number().as_str(), "INC0000001");
    assert!(anna.preview(Command::Report(Box::new(Report::new(" ")))).unwrap_err().is_invalid());
}

#[test]
fn a_step_is_a_wish_that_is_judged_like_any_command() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    let Incident::New(new) = anna.incident(id).get().unwrap().into_incident() else { panic!() };
    let actor = anna.actor().id().clone();
    let stamp = Stamp::now(at("2030-01-01T00:00:00Z"), &actor);
    let to = Assignment { group: Some("Mail".parse().unwrap()), person: None };
    let step = new.clone().assign(to, &stamp);
    let done = anna.commit(step.clone()).unwrap();
    assert_eq!(
        (did(&done), done.events()[0].occurred_at),
        (vec!["assigned"], at(crate::common::START)),
        "the desk says when"
    );
    let eve = house.acting("acme", andon::Actor::person("eve").unwrap());
    assert_eq!(eve.commit(step.clone()).unwrap_err().code(), "record.not_found");
    assert_eq!(house.bob().commit(step).unwrap_err().code(), "record.not_found");
    let resolution = Resolution {
        code: "magic".parse().unwrap(),
        remedy: andon::incident::Remedy::Fix,
        text: None,
        along_with: None,
        closes: None,
    };
    let error = anna.commit(new.resolve(resolution, &stamp)).unwrap_err();
    assert_eq!((error.code(), faults(&error)), ("incident.resolve.invalid", vec![("code", "resolution.unknown")]));
}

#[test]
fn a_step_holds_on_to_its_record_and_goes_through_once() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    anna.incident(id).resolve("fixed").unwrap();
    let Incident::Resolved(resolved) = anna.incident(id).get().unwrap().into_incident() else { panic!() };
    let actor = anna.actor().id().clone();
    let stamp = Stamp::now(at(crate::common::START), &actor);
    let why = andon::incident::Reopening { reason: None, by_reply: false };
    let hold = andon::incident::Hold {
        reason: andon::incident::HoldReason::AwaitingVendor,
        until: None,
        wakes_on: Vec::new(),
        note: None,
    };
    let step = resolved.reopen_on_hold(why, hold, &stamp);
    let named = anna.clone().with_command(CommandId::named("again"));
    assert_eq!(did(&named.commit(step.clone()).unwrap()), ["reopened", "held"], "both in one commit");
    assert!(named.commit(step).unwrap().was_repeated());
    assert_eq!(kinds(&log(&anna.incident(id))), ["reported", "resolved", "reopened", "held"]);
}

#[test]
fn what_nobody_can_ask_for_is_no_wish() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    anna.incident(id).hold("awaiting_vendor").unwrap();
    let Incident::OnHold(held) = anna.incident(id).get().unwrap().into_incident() else { panic!() };
    let actor = anna.actor().id().clone();
    let step = held.resume(ResumedBy::Date, &Stamp::now(at(crate::common::START), &actor));
    let error = anna.commit(step).unwrap_err();
    assert_eq!((error.code(), faults(&error)), ("step.invalid", vec![("events[0]", "step.not_asked")]));
    assert!(error.to_string().contains("resume it by hand"), "{error}");
}

#[test]
fn who_named_a_version_is_told_what_has_happened_since() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let id = bob.report("Mail is down").unwrap().id();
    anna.incident(id).assign(Assign::to_group("Mail")).unwrap();
    anna.incident(id).add_internal_note("He forgot it again").unwrap();
    anna.incident(id).edit(Edit::new().site("HQ")).unwrap();
    let andon::Error::Conflict(conflict) = anna.incident(id).if_version(Version::new(1)).start_work().unwrap_err()
    else {
        panic!()
    };
    let since: Vec<_> = conflict.since().iter().map(|happened| (happened.sequence.get(), happened.kind)).collect();
    assert_eq!(since, [(2, "incident.assigned"), (3, "incident.note_added"), (4, "incident.edited")]);
    assert_eq!(
        conflict.to_string(),
        "INC0000001 is at version 4 and not at 1; since then: incident.assigned by anna, incident.note_added by anna, \
         incident.edited by anna"
    );
    let andon::Error::Conflict(conflict) = bob.incident(id).if_version(Version::new(1)).add_note("?").unwrap_err()
    else {
        panic!()
    };
    assert_eq!(conflict.since().len(), 2, "he is not told of internal notes");
}

#[test]
fn an_incident_can_be_seen_as_it_was_known() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    let start = at(crate::common::START);
    house.time.advance(andon::time::hours(2));
    anna.incident(id).occurring_at(start + andon::time::hours(1)).start_work().unwrap();
    let seen = |hours| anna.incident(id).as_of(start + andon::time::hours(hours)).unwrap();
    assert_eq!(seen(0).incident().stage(), Stage::New);
    assert_eq!(seen(1).incident().stage(), Stage::New, "it was dated back, but not yet known");
    assert_eq!((seen(2).incident().stage(), seen(2).version()), (Stage::InProgress, Version::new(3)));
    assert_eq!(anna.incident(id).as_of(start - andon::time::hours(1)).unwrap_err().code(), "record.not_found");
    house.mia().incident(id).edit(Edit::new().confidential(true)).unwrap();
    let eve = house.acting("acme", andon::Actor::person("eve").unwrap().role("agent").unwrap());
    assert_eq!(eve.incident(id).as_of(start).unwrap_err().code(), "record.not_found", "judged by what it is now");
}

#[test]
fn a_named_selection_goes_on_in_batches_too() {
    let house = House::new();
    let anna = house.anna();
    let ids = reported(&anna, 5);
    let bulk = anna.bulk(ids.clone(), assign());
    let first = bulk.apply(None, 2).unwrap();
    assert_eq!(first.answers.iter().map(|answer| answer.id).collect::<Vec<_>>(), ids[..2]);
    let second = bulk.apply(first.next.as_ref(), 10).unwrap();
    assert_eq!(second.answers.iter().map(|answer| answer.id).collect::<Vec<_>>(), ids[2..]);
    assert!(second.next.is_none());
    let other = anna.bulk(ids[1..].to_vec(), assign());
    assert_eq!(other.apply(first.next.as_ref(), 2).unwrap_err().code(), "cursor.elsewhere");
}

#[test]
fn a_preview_of_what_has_landed_shows_that_nothing_more_would_happen() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    let named = anna.incident(id).with_command(CommandId::named("note"));
    let note =
        || IncidentCommand::AddNote { audience: andon::incident::Audience::Public, text: "We are on it".to_owned() };
    named.execute(note()).unwrap();
    assert!(named.preview(note()).unwrap().events().is_empty());
    assert_eq!(named.preview(IncidentCommand::StartWork {}).unwrap_err().code(), "command.reused");
}

#[test]
fn a_preview_does_not_show_what_only_its_own_outcome_would_let_see() {
    use andon::{
        command::Override,
        permission::PermissionScope::{All, Own},
        verb::IncidentVerb as Verb,
    };
    let house = House::with(|draft| {
        let role = || "dispatcher".parse().unwrap();
        let permissions = std::mem::take(&mut draft.permissions);
        draft.permissions =
            permissions.grant(role(), All, [Verb::Read, Verb::Assign]).grant(role(), Own, [Verb::ReadInternal]);
    });
    let id = house.bob().report("Mail is down").unwrap().id();
    house.mia().incident(id).override_priority(Override::new("P1", "the board meets")).unwrap();
    let dan = house.acting("acme", andon::Actor::person("dan").unwrap().role("dispatcher").unwrap());
    let preview = dan.incident(id).preview(IncidentCommand::Assign(Assign::to_person("dan"))).unwrap();
    assert!(!format!("{preview:?}").contains("the board meets"));
}

#[test]
fn what_only_fell_due_since_is_no_conflict() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    let start = at(crate::common::START);
    let held = anna.incident(id).hold(Hold::new("awaiting_date").until(start + andon::time::hours(1))).unwrap();
    house.time.advance(andon::time::hours(2));
    andon::blocking::Desk::from(house.desk.clone()).wake(start + andon::time::hours(2), 10).unwrap();
    assert_eq!(did(&anna.incident(id).if_version(held.version()).start_work().unwrap()), ["routed", "work_started"]);
    let error = anna.incident(id).if_version(held.version()).resolve("fixed").unwrap_err();
    assert_eq!(error.code(), "record.conflict", "somebody did something since");
}
