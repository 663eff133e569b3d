//! Others are quicker: what happens between the load and the commit of a command.

use std::sync::Mutex;

use crate::common::{
    House,
    busy::{Busy, interrupted},
    did, kinds, log,
};
use andon::{
    CommandId, Desk, MemoryRepository, Stage, Version,
    blocking::{self, ActingDesk},
    command::{Assign, Cancel, Report},
    id::SystemIds,
};

/// Anna at a desk at which `meanwhile` happens before each of the next commits, so many times.
fn anna(house: &House, times: u32, meanwhile: impl FnMut() + Send + 'static) -> ActingDesk<Busy> {
    interrupted(house, crate::common::anna(), times, meanwhile)
}

#[test]
fn a_command_is_decided_anew_with_what_others_did_meanwhile() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let other = house.mia().incident(id);
    let hers = anna(&house, 1, move || {
        other.assign(Assign::to_group("Mail").and_person("otto")).unwrap();
    });
    let started = hers.incident(id).start_work().unwrap();
    assert_eq!(did(&started), ["work_started"], "otto has it by now, so that she does not take it");
    assert_eq!(kinds(&log(&house.anna().incident(id))), ["reported", "assigned", "work_started"]);
}

#[test]
fn a_command_that_others_made_illegal_is_refused() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let other = house.mia().incident(id);
    let hers = anna(&house, 1, move || {
        other.resolve("fixed").unwrap();
    });
    assert_eq!(hers.incident(id).start_work().unwrap_err().code(), "incident.start_work.illegal");
    assert_eq!(house.anna().incident(id).get().unwrap().incident().stage(), Stage::Resolved);
}

#[test]
fn who_named_a_version_is_told_that_it_has_passed() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let other = house.mia().incident(id);
    let hers = anna(&house, 1, move || {
        other.watch("kim").unwrap();
    });
    let error = hers.incident(id).if_version(Version::new(1)).start_work().unwrap_err();
    assert_eq!(error.code(), "record.conflict");
    assert_eq!(kinds(&log(&house.anna().incident(id))), ["reported", "watched"]);
}

#[test]
fn a_record_that_never_stands_still_is_given_up_after_a_while() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let other = house.mia().incident(id);
    let hers = anna(&house, u32::MAX, move || {
        other.log_time(1).unwrap();
    });
    assert_eq!(hers.incident(id).start_work().unwrap_err().code(), "record.busy");
    let log = log(&house.anna().incident(id));
    assert!(kinds(&log)[1..].iter().all(|kind| *kind == "time_spent"), "nothing of hers was stored");
}

#[test]
fn the_other_incident_of_a_merge_is_looked_at_anew() {
    let house = House::new();
    let (id, kept) = (house.bob().report("one").unwrap().id(), house.bob().report("two").unwrap().id());
    let other = house.mia().incident(kept);
    let hers = anna(&house, 1, move || {
        other.edit(andon::command::Edit::new().confidential(true)).unwrap();
    });
    let error = hers.incident(id).cancel(Cancel::duplicate_of(kept)).unwrap_err();
    assert_eq!(crate::common::faults(&error), [("as", "record.unknown")], "by now it is not hers to see");
}

#[test]
fn a_report_that_follows_another_incident_lands_although_that_one_changes() {
    let house = House::new();
    let old = house.bob().report("one").unwrap().id();
    let other = house.mia().incident(old);
    let hers = anna(&house, 1, move || {
        other.log_time(1).unwrap();
    });
    let followed = hers.report(Report { follows: Some(old), ..Report::new("again") }).unwrap();
    assert_eq!(followed.incident().facts().follows, Some(old));
}

#[test]
fn the_same_command_sent_twice_at_once_happens_once() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let named = CommandId::named("start");
    let twin = house.anna().incident(id).with_command(named);
    let hers = anna(&house, 1, move || {
        twin.start_work().unwrap();
    });
    let second = hers.incident(id).with_command(named).start_work().unwrap();
    let stored = log(&house.anna().incident(id));
    assert_eq!(kinds(&stored), ["reported", "routed", "work_started"]);
    assert_eq!(second.events(), &stored[1..], "the answer is what was stored");
    assert!(second.was_repeated());
}

#[test]
fn a_command_id_that_was_used_meanwhile_for_something_else_is_refused() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let named = CommandId::named("one");
    let twin = house.anna().incident(id).with_command(named);
    let hers = anna(&house, 1, move || {
        twin.hold("awaiting_vendor").unwrap();
    });
    let error = hers.incident(id).with_command(named).start_work().unwrap_err();
    assert_eq!(error.code(), "command.reused");
    assert_eq!(kinds(&log(&house.anna().incident(id))), ["reported", "held"]);
}

/// Sixty-four threads at once, in rounds: each names the version that it has seen.
#[test]
fn of_sixty_four_that_name_the_same_version_one_wins_and_the_others_are_told() {
    const THREADS: usize = 64;
    const ROUNDS: usize = 20;
    let desk = Desk::with_sources(MemoryRepository::new(), andon::time::SystemTime, SystemIds::new());
    let anna = blocking::Desk::from(desk).tenant("acme").unwrap().acting_as(crate::common::anna());
    let id = anna.report("Mail is down").unwrap().id();
    let barrier = std::sync::Barrier::new(THREADS);
    let won = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for round in 1..=ROUNDS {
                    barrier.wait();
                    let version = Version::new(u64::try_from(round).unwrap());
                    match anna.incident(id).if_version(version).log_time(60) {
                        Ok(outcome) => won.lock().unwrap().push(outcome.version().get()),
                        Err(andon::Error::Conflict(told)) => {
                            assert_eq!((told.expected(), told.found()), (version, version.next()));
                            assert_eq!(told.since().len(), 1, "and what the winner did");
                        }
                        Err(other) => panic!("{other}"),
                    }
                    barrier.wait();
                }
            });
        }
    });
    let won = won.into_inner().unwrap();
    assert_eq!(won, (2..=u64::try_from(ROUNDS).unwrap() + 1).collect::<Vec<_>>(), "one winner for each version");
    let log = log(&anna.incident(id));
    assert_eq!(log.len(), ROUNDS + 1);
}

#[test]
fn nothing_is_lost_of_sixty_four_who_name_no_version() {
    let desk = Desk::with_sources(MemoryRepository::new(), andon::time::SystemTime, SystemIds::new());
    let anna = blocking::Desk::from(desk).tenant("acme").unwrap().acting_as(crate::common::anna());
    let id = anna.report("Mail is down").unwrap().id();
    let (landed, busy) = (Mutex::new(0_u64), Mutex::new(0_u64));
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..20 {
                    match anna.incident(id).log_time(1) {
                        Ok(_) => *landed.lock().unwrap() += 1,
                        Err(error) if error.code() == "record.busy" => *busy.lock().unwrap() += 1,
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
    });
    let (landed, busy) = (landed.into_inner().unwrap(), busy.into_inner().unwrap());
    assert_eq!(landed + busy, 64 * 20, "who did not land was told");
    assert_eq!(anna.incident(id).get().unwrap().incident().progress().time_spent_seconds, landed);
}
