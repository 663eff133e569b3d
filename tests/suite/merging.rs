//! Merging: duplicates become one incident; who was concerned there comes along, and what they write arrives.

use std::sync::Arc;

use crate::common::{Acting, House, did, faults};
use andon::{
    Error, Id, Incident, Stage,
    cascade::{Plan, SkipReason},
    command::{Cancel, Edit, IncidentCommand, Override, Report, Resolve},
    desk::StepResult,
    incident::{Cancellation, Cancelled, NoteFrom},
    key::PersonRef,
    store::{Filter, Query},
};
use proptest::prelude::*;

fn reported(desk: &Acting, caller: &str) -> Id<Incident> {
    desk.report(Report::new("Mail is down").caller(caller)).unwrap().id()
}

fn merge(desk: &Acting, duplicate: Id<Incident>, master: Id<Incident>) -> Result<(), Error> {
    desk.incident(duplicate).cancel(Cancel::duplicate_of(master)).map(drop)
}

fn incident(desk: &Acting, id: Id<Incident>) -> Incident {
    desk.incident(id).get().unwrap().into_incident()
}

fn watchers(desk: &Acting, id: Id<Incident>) -> Vec<String> {
    let mut people: Vec<_> = incident(desk, id).facts().watchers.iter().map(ToString::to_string).collect();
    people.sort_unstable();
    people
}

fn cancelled(incident: &Incident) -> &Cancelled {
    let Incident::Cancelled(cancelled) = incident else { panic!("{}", incident.stage()) };
    cancelled.stage()
}

fn apply(desk: &Acting, plan: &Plan) -> Vec<StepResult> {
    let part = desk.apply_plan(plan, 0, 100).unwrap();
    part.answers.into_iter().map(|answer| answer.result).collect()
}

fn duplicates(desk: &Acting, of: Id<Incident>) -> Vec<Id<Incident>> {
    let query = Query { filter: Filter { duplicate_of: vec![of], ..Filter::default() }, ..Query::all() };
    desk.worklist(&query, None, 100).unwrap().rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn a_merge_brings_whom_the_duplicate_concerns_and_its_undoing_takes_them_away() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let report = Report::new("Mail is down").caller("bob").watcher("otto");
    let master = anna.report(report).unwrap().id();
    let report = Report::new("No mail").caller("eve").affected("kim").watcher("otto").watcher("bob").watcher("lea");
    let duplicate = anna.report(report).unwrap().id();
    let (before, there) = (incident(&anna, duplicate), incident(&anna, master));
    anna.incident(duplicate).cancel(Cancel::duplicate_of(master).reason("the same relay")).unwrap();
    assert_eq!(watchers(&anna, master), ["eve", "kim", "lea", "otto"]);
    let merged = incident(&anna, duplicate);
    let brought: Vec<_> = cancelled(&merged).brought().iter().map(PersonRef::as_str).collect();
    assert_eq!(brought, ["eve", "kim", "lea"], "whom it concerns and the other does not");
    assert_eq!(duplicates(&anna, master), [duplicate]);
    let (events, _) = anna.incident(master).events(andon::Version::new(2), 10).unwrap();
    assert!(events.iter().all(|event| event.body.name() == "incident.watched"), "{events:?}");

    house.time.advance(andon::time::minutes(30));
    mia.incident(duplicate).undo_merge("another relay").unwrap();
    let (after, here) = (incident(&anna, duplicate), incident(&anna, master));
    assert_eq!((after.stage(), after.facts()), (before.stage(), before.facts()));
    assert_eq!((here.stage(), here.facts()), (there.stage(), there.facts()), "as it was before");
    assert!(duplicates(&anna, master).is_empty());
}

#[test]
fn who_comes_by_two_duplicates_leaves_with_the_last_of_them() {
    for first in [0, 1] {
        let house = House::new();
        let (anna, mia) = (house.anna(), house.mia());
        let master = reported(&anna, "bob");
        let two = [reported(&anna, "eve"), reported(&anna, "eve")];
        for duplicate in two {
            merge(&anna, duplicate, master).unwrap();
        }
        assert_eq!(watchers(&anna, master), ["eve"]);
        mia.incident(two[first]).undo_merge("another relay").unwrap();
        assert_eq!(watchers(&anna, master), ["eve"], "the other one still brings her");
        mia.incident(two[1 - first]).undo_merge("another relay").unwrap();
        assert!(watchers(&anna, master).is_empty());
    }
}

#[test]
fn who_watched_before_the_merge_stays_after_its_undoing() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (master, duplicate) = (reported(&anna, "bob"), reported(&anna, "eve"));
    anna.incident(master).watch("eve").unwrap();
    merge(&anna, duplicate, master).unwrap();
    assert!(cancelled(&incident(&anna, duplicate)).brought().is_empty());
    mia.incident(duplicate).undo_merge("another relay").unwrap();
    assert_eq!(watchers(&anna, master), ["eve"]);
}

#[test]
fn what_the_caller_of_a_duplicate_writes_later_arrives_at_the_incident_that_goes_on() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let master = reported(&anna, "eve");
    let duplicate = bob.report("No mail").unwrap();
    let (id, number) = (duplicate.id(), duplicate.number().clone());
    merge(&anna, id, master).unwrap();
    let command = andon::CommandId::named("reply");
    let written = bob.incident(id).with_command(command).add_note("Still no mail here").unwrap();
    assert_eq!((written.id(), did(&written)), (master, vec!["note_added"]));
    let seen = incident(&anna, master);
    assert_eq!(seen.progress().public_notes, 1);
    assert!(incident(&anna, id).progress().public_notes == 0, "nothing happened to the duplicate");
    for again in [bob.incident(id), bob.incident(&number)] {
        let again = again.with_command(command).add_note("Still no mail here").unwrap();
        assert!(again.was_repeated());
        assert_eq!((again.id(), again.version()), (master, written.version()));
    }
    let other = bob.incident(id).with_command(command).add_note("Something else").unwrap_err();
    assert!(matches!(other, Error::CommandReused(_)), "{other}");
    let preview = bob.incident(id).preview(note("Once more")).unwrap();
    assert_eq!((preview.incident().id(), preview.incident().progress().public_notes), (master, 2));
    // A version is expected of the duplicate, which was named.
    let version = bob.incident(id).get().unwrap().version();
    assert!(bob.incident(id).if_version(version).add_note("And again").is_ok());
    let there = bob.incident(master).get().unwrap().version();
    assert_ne!(version, there);
    let error = bob.incident(id).if_version(there).add_note("And again").unwrap_err();
    assert!(matches!(error, Error::Conflict(_)), "{error}");
    // The desk writes where it means to.
    let error = anna.incident(id).add_note("We are on it").unwrap_err();
    assert!(matches!(error, Error::Illegal(_)), "{error}");
}

fn note(text: &str) -> IncidentCommand {
    IncidentCommand::AddNote { audience: andon::incident::Audience::Public, text: text.to_owned() }
}

#[test]
fn the_reply_of_a_duplicates_caller_counts_as_one_of_the_caller() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let master = reported(&anna, "eve");
    let id = bob.report("No mail").unwrap().id();
    merge(&anna, id, master).unwrap();
    anna.incident(master).resolve(Resolve::new("fixed").text("The relay is back.")).unwrap();
    let written = bob.incident(id).add_note("Not here").unwrap();
    let Some(andon::event::Body::Incident(andon::incident::IncidentEvent::NoteAdded(note))) =
        written.events().first().map(|event| &event.body)
    else {
        panic!("{written:?}")
    };
    assert_eq!(note.from, NoteFrom::Caller);
    let Incident::Resolved(resolved) = incident(&anna, master) else { panic!("resolved") };
    assert!(resolved.stage().caller_replied(), "somebody looks at it before it closes");
}

#[test]
fn nobody_is_brought_to_what_is_confidential_and_no_word_arrives_there() {
    let house = House::new();
    let (mia, bob) = (house.mia(), house.bob());
    let master = mia.report(Report::new("Leak").caller("mia").confidential()).unwrap().id();
    let id = bob.report("Strange mail").unwrap().id();
    merge(&mia, id, master).unwrap();
    assert!(watchers(&mia, master).is_empty());
    assert!(matches!(bob.incident(master).get().unwrap_err(), Error::NotFound(_)));
    let error = bob.incident(id).add_note("And more").unwrap_err();
    assert!(matches!(error, Error::Illegal(_)), "{error}");
}

#[test]
fn as_many_are_brought_as_may_watch() {
    let house = House::with(|draft| draft.caps.watchers = 2);
    let anna = house.anna();
    let master = reported(&anna, "bob");
    for caller in ["eve", "kim", "lea"] {
        merge(&anna, reported(&anna, caller), master).unwrap();
    }
    assert_eq!(watchers(&anna, master), ["eve", "kim"]);
    assert_eq!(duplicates(&anna, master).len(), 3, "and yet all are merged");
}

#[test]
fn many_are_merged_by_a_plan_and_what_is_final_is_left_alone() {
    let house = House::new();
    let anna = house.anna();
    let ids: Vec<_> = (0..6).map(|index| reported(&anna, &format!("caller-{index}"))).collect();
    anna.incident(ids[2]).cancel(Cancellation::Withdrawn).unwrap();
    anna.incident(ids[3]).resolve(Resolve::new("fixed").text("Done.")).unwrap();
    merge(&anna, ids[4], ids[0]).unwrap();
    let mut named = ids.clone();
    named.push(Id::from_u128(99));
    let plan = anna.plan_merge(named, ids[0]).unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.record).collect::<Vec<_>>(), [ids[1], ids[5]]);
    let reasons: Vec<_> = plan.skipped.iter().map(|skipped| (skipped.record, skipped.reason)).collect();
    let expected = [
        (ids[0], SkipReason::Source),
        (ids[2], SkipReason::Final),
        (ids[3], SkipReason::IsResolved),
        (ids[4], SkipReason::AlreadyThere),
    ];
    assert_eq!((reasons.as_slice(), plan.unseen), (expected.as_slice(), 1));
    let json = serde_json::to_string(&plan).unwrap();
    let plan: Plan = serde_json::from_str(&json).unwrap();
    for _ in 0..2 {
        assert!(apply(&anna, &plan).iter().all(|result| matches!(result, StepResult::Done(_))));
        assert_eq!(duplicates(&anna, ids[0]).len(), 3);
        assert_eq!(watchers(&anna, ids[0]), ["caller-1", "caller-4", "caller-5"]);
    }
    // Nothing is left to be done.
    assert!(anna.plan_merge(ids.clone(), ids[0]).unwrap().steps.is_empty());
}

#[test]
fn the_root_is_found_and_duplicates_go_along_with_their_master() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let ids: Vec<_> = (0..4).map(|index| reported(&anna, &format!("caller-{index}"))).collect();
    let (root, middle) = (ids[0], ids[1]);
    merge(&anna, ids[2], middle).unwrap();
    // By hand, a second level is refused either way.
    assert_eq!(faults(&merge(&anna, middle, root).unwrap_err()), [("as", "link.third_level")]);
    assert_eq!(faults(&merge(&anna, ids[3], ids[2]).unwrap_err()), [("as", "record.cancelled")]);
    assert_eq!(faults(&merge(&anna, middle, ids[2]).unwrap_err())[0].0, "as", "a master into its own duplicate");
    let plan = anna.plan_merge(vec![middle], root).unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.record).collect::<Vec<_>>(), [ids[2], middle]);
    apply(&anna, &plan);
    assert_eq!(watchers(&anna, root), ["caller-1", "caller-2"]);
    assert!(watchers(&anna, middle).is_empty(), "they went along");
    let outcome = anna.incident(ids[2]).events(andon::Version::new(2), 10).unwrap().0;
    assert_eq!(outcome.last().unwrap().body.name(), "incident.merge_moved");
    // Whoever names a duplicate means the incident that goes on.
    let plan = anna.plan_merge(vec![ids[3]], ids[2]).unwrap();
    assert_eq!(plan.source, root.into());
    apply(&anna, &plan);
    assert_eq!(duplicates(&anna, root).len(), 3);
    // And each comes back as it was.
    for id in &ids[1..] {
        mia.incident(*id).undo_merge("another relay").unwrap();
        assert_eq!(incident(&anna, *id).stage(), Stage::New);
    }
    assert!(watchers(&anna, root).is_empty());
}

#[test]
fn a_higher_priority_of_a_duplicate_is_proposed_and_not_done() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let master = reported(&anna, "bob");
    let low = anna.report(Report::new("No mail").impact("low").urgency("low")).unwrap().id();
    assert_eq!(anna.plan_merge(vec![low], master).unwrap().proposed, None);
    let high = anna.report(Report::new("No mail").impact("high").urgency("high")).unwrap().id();
    let plan = anna.plan_merge(vec![low, high], master).unwrap();
    let proposed = plan.proposed.clone().unwrap();
    assert_eq!(proposed.record, master);
    assert_eq!(proposed.commands, [IncidentCommand::Edit(Box::new(Edit::new().impact("high").urgency("high")))]);
    let before = incident(&anna, master).priority().clone();
    apply(&anna, &plan);
    assert_eq!(*incident(&anna, master).priority(), before);
    for command in proposed.commands {
        anna.incident(master).execute(command).unwrap();
    }
    assert_eq!(incident(&anna, master).priority(), incident(&anna, high).priority());

    let (other, set) = (reported(&anna, "bob"), reported(&anna, "kim"));
    mia.incident(set).override_priority(Override::new("P1", "board meeting")).unwrap();
    let proposed = anna.plan_merge(vec![set], other).unwrap().proposed.unwrap();
    let IncidentCommand::OverridePriority(set) = &proposed.commands[0] else { panic!("{proposed:?}") };
    assert_eq!(set.priority, "P1");
    mia.incident(other).execute(proposed.commands[0].clone()).unwrap();
}

#[test]
fn bad_merges_are_refused_whole() {
    let house = House::new();
    let (anna, mia, bob) = (house.anna(), house.mia(), house.bob());
    let (one, gone) = (reported(&anna, "bob"), reported(&anna, "bob"));
    anna.incident(gone).cancel(Cancellation::Withdrawn).unwrap();
    assert_eq!(faults(&anna.plan_merge(vec![one], gone).unwrap_err()), [("into", "record.cancelled")]);
    assert!(matches!(anna.plan_merge(vec![one], Id::from_u128(99)).unwrap_err(), Error::NotFound(_)));
    assert_eq!(faults(&merge(&anna, one, one).unwrap_err()), [("as", "record.itself")]);
    let hidden = mia.report(Report::new("Leak").caller("mia").confidential()).unwrap().id();
    assert_eq!(faults(&merge(&anna, one, hidden).unwrap_err()), [("as", "record.unknown")]);
    // What is merged does not become something else by a word.
    let other = reported(&anna, "eve");
    merge(&anna, one, other).unwrap();
    let error = anna.incident(one).cancel(Cancellation::Withdrawn).unwrap_err();
    assert_eq!(faults(&error), [("as", "cancellation.merged")]);
    assert!(did(&anna.incident(one).cancel(Cancel::duplicate_of(other)).unwrap()).is_empty(), "said again");
    assert!(matches!(bob.incident(one).cancel(Cancel::duplicate_of(other)).unwrap_err(), Error::Refused(_)));
    // Who goes along and is not to be seen holds the others back.
    let (master, middle) = (reported(&anna, "bob"), reported(&anna, "bob"));
    let secret = mia.report(Report::new("Leak").caller("mia").confidential()).unwrap().id();
    merge(&mia, secret, middle).unwrap();
    let plan = anna.plan_merge(vec![middle], master).unwrap();
    assert_eq!((plan.steps.len(), plan.skipped[0].reason), (0, SkipReason::HasUnseenDuplicates));
    let error = merge(&anna, middle, master).unwrap_err();
    assert_eq!(faults(&error), [("as", "link.third_level")]);
    assert!(!error.to_string().contains("INC0000007"), "{error}");
}

#[test]
fn a_correction_out_of_a_merge_takes_along_whom_it_brought() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let (master, one) = (reported(&anna, "bob"), reported(&anna, "eve"));
    merge(&anna, one, master).unwrap();
    let correct = andon::command::Correct::new(andon::command::CorrectTo::New, "merged by mistake");
    mia.incident(one).correct(correct).unwrap();
    assert!(watchers(&anna, master).is_empty());
}

#[test]
fn merges_into_each_other_and_along_a_chain_at_once_never_come_to_two_levels() {
    for round in 0..60 {
        let house = Arc::new(House::new());
        let ids: Vec<_> = (0..3).map(|index| reported(&house.anna(), &format!("caller-{index}"))).collect();
        let pairs = if round % 2 == 0 { vec![(0, 1), (1, 0)] } else { vec![(0, 1), (1, 2), (2, 0)] };
        std::thread::scope(|scope| {
            for (duplicate, master) in pairs {
                let (house, ids) = (Arc::clone(&house), ids.clone());
                scope.spawn(move || merge(&house.anna(), ids[duplicate], ids[master]).is_ok());
            }
        });
        let anna = house.anna();
        let now: Vec<_> = ids.iter().map(|id| incident(&anna, *id)).collect();
        assert!(now.iter().any(|incident| incident.stage().is_open()), "round {round}: one goes on");
        for merged in now.iter().filter(|incident| incident.stage() == Stage::Cancelled) {
            let of = cancelled(merged).merged_into().unwrap();
            let master = now.iter().find(|incident| incident.id() == of).unwrap();
            assert!(master.stage().is_open(), "round {round}: a duplicate of a duplicate");
        }
    }
}

#[test]
fn two_that_bring_the_same_person_are_undone_at_once() {
    for _ in 0..40 {
        let house = Arc::new(House::new());
        let anna = house.anna();
        let master = reported(&anna, "bob");
        let two = [reported(&anna, "eve"), reported(&anna, "eve")];
        for duplicate in two {
            merge(&anna, duplicate, master).unwrap();
        }
        std::thread::scope(|scope| {
            for duplicate in two {
                let house = Arc::clone(&house);
                scope.spawn(move || house.mia().incident(duplicate).undo_merge("another relay").unwrap());
            }
        });
        assert!(watchers(&anna, master).is_empty(), "nobody is left behind");
    }
}

#[test]
fn whom_one_brings_and_another_takes_away_at_once_is_there_for_the_one() {
    for round in 0..60 {
        let house = Arc::new(House::new());
        let anna = house.anna();
        let master = reported(&anna, "bob");
        let (first, second) = (reported(&anna, "eve"), reported(&anna, "eve"));
        merge(&anna, first, master).unwrap();
        std::thread::scope(|scope| {
            let other = Arc::clone(&house);
            scope.spawn(move || other.mia().incident(first).undo_merge("another relay").unwrap());
            let other = Arc::clone(&house);
            scope.spawn(move || merge(&other.anna(), second, master).unwrap());
        });
        assert_eq!(watchers(&anna, master), ["eve"], "round {round}: her other call is merged");
        house.mia().incident(second).undo_merge("another relay").unwrap();
        assert!(watchers(&anna, master).is_empty(), "round {round}");
    }
}

#[test]
fn no_correction_and_no_history_makes_a_second_level() {
    let house = House::new();
    let (anna, ada) = (house.anna(), house.admin());
    let ids: Vec<_> = (0..4).map(|_| reported(&anna, "bob")).collect();
    merge(&anna, ids[1], ids[0]).unwrap();
    let correct = |of| {
        andon::command::Correct::new(
            andon::command::CorrectTo::Cancelled(Cancellation::Duplicate { of }),
            "it was the same",
        )
    };
    assert_eq!(faults(&ada.incident(ids[0]).correct(correct(ids[2])).unwrap_err()), [("to", "link.third_level")]);
    assert_eq!(faults(&ada.incident(ids[2]).correct(correct(ids[1])).unwrap_err()), [("to", "record.cancelled")]);
    anna.incident(ids[3]).link(andon::link::Link::ChildOf(ids[2])).unwrap();
    for (command, path, fault) in [
        (IncidentCommand::Cancel(Cancel::duplicate_of(ids[1])), "steps[0].as", "record.cancelled"),
        (
            IncidentCommand::Link { link: andon::link::Link::ChildOf(ids[3]), reason: None },
            "steps[0].link",
            "link.third_level",
        ),
    ] {
        let at = crate::common::at(crate::common::START);
        let by = andon::actor::ActorId::System;
        let step = andon::desk::HistoryStep { at, by: by.clone(), on_behalf_of: None, command, otherwise: None };
        let history = andon::desk::History {
            from: None,
            report: Report::new("Mail was down"),
            reported_at: at,
            reported_by: by,
            steps: vec![step],
            on_refusal: andon::desk::OnRefusal::Abort,
        };
        assert_eq!(faults(&ada.import(&history).unwrap_err()), [(path, fault)]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Merges and their undoing, in any order: in the end both sides are what they were, but for the time that passed.
    #[test]
    fn what_is_merged_and_undone_is_what_it_was(
        callers in proptest::collection::vec(0_usize..3, 4),
        order in Just([1_usize, 2, 3]).prop_shuffle(),
        undoing in Just([1_usize, 2, 3]).prop_shuffle(),
        waits in proptest::collection::vec(0_u32..300, 6),
        held in any::<bool>(),
    ) {
        let house = House::new();
        let (anna, mia) = (house.anna(), house.mia());
        let ids: Vec<_> = callers.iter().map(|caller| reported(&anna, ["bob", "eve", "kim"][*caller])).collect();
        anna.incident(ids[1]).start_work().unwrap();
        if held {
            anna.incident(ids[2]).hold("awaiting_vendor").unwrap();
        }
        let before: Vec<_> = ids.iter().map(|id| incident(&anna, *id)).collect();
        let due = |of: &Incident| of.clocks().live().map(andon::ledger::Clock::due).collect::<Vec<_>>();
        for (index, wait) in order.iter().zip(&waits) {
            house.time.advance(andon::time::minutes(*wait));
            merge(&anna, ids[*index], ids[0]).unwrap();
        }
        for (index, wait) in undoing.iter().zip(&waits[3..]) {
            house.time.advance(andon::time::minutes(*wait));
            mia.incident(ids[*index]).undo_merge("another relay").unwrap();
        }
        for (id, before) in ids.iter().zip(&before) {
            let after = incident(&anna, *id);
            prop_assert_eq!((after.stage(), after.facts()), (before.stage(), before.facts()));
            prop_assert_eq!(after.hold(), before.hold());
            prop_assert_eq!(due(&after), due(before), "the clocks count on");
        }
    }
}
