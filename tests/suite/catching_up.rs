//! What falls due by itself: late or not, it happens at the instant at which it fell due.

use crate::common::{House, at, did, eventful::closes_by_itself, faults, kinds, log};
use andon::{
    Id, Incident, Stage, Version,
    command::{Edit, Hold, Override},
    event::Cause,
    time::{Seconds, TimeSource, days, hours, minutes},
};

/// Anna puts it on hold until Wednesday at 09:00 in Berlin.
fn held_until_wednesday(house: &House) -> Id<Incident> {
    let id = house.bob().report("Mail is down").unwrap().id();
    house.time.set(at("2026-06-08T10:00:00Z"));
    let hold = Hold::new("awaiting_date").until(at("2026-06-10T07:00:00Z"));
    house.anna().incident(id).hold(hold).unwrap();
    id
}

#[test]
fn a_hold_ended_on_its_date_although_a_person_was_quicker_than_the_scheduler() {
    let house = House::new();
    let id = held_until_wednesday(&house);
    house.time.set(at("2026-06-10T07:05:00Z"));
    let resolved = house.anna().incident(id).resolve("fixed").unwrap();
    assert_eq!(did(&resolved), ["resumed", "resolved"]);
    let [resumed, then] = resolved.events() else { panic!("two events were expected") };
    assert_eq!(resumed.occurred_at, at("2026-06-10T07:00:00Z"));
    assert_eq!(resumed.recorded_at, at("2026-06-10T07:05:00Z"));
    assert_eq!((resumed.actor.to_string().as_str(), &resumed.cause), ("system", &Cause::Due));
    assert_eq!((then.occurred_at, &then.cause), (at("2026-06-10T07:05:00Z"), &Cause::Command));
    assert_eq!(resumed.command, then.command, "both land in one commit");
    let progress = resolved.incident().progress();
    assert_eq!(progress.on_hold_seconds, 45 * 3_600, "from Monday 10:00 to Wednesday 07:00 UTC");
}

#[test]
fn waking_on_time_late_or_twice_gives_the_same_hold() {
    let wakes: [&[&str]; 4] =
        [&[], &["2026-06-10T07:00:00Z"], &["2026-06-10T07:04:00Z"], &["2026-06-10T07:00:00Z", "2026-06-10T07:03:00Z"]];
    for wakes in wakes {
        let house = House::new();
        let id = held_until_wednesday(&house);
        for wake in wakes {
            // Any command on the record applies what is due before it.
            house.time.set(at(wake));
            house.anna().incident(id).log_time(1).unwrap();
        }
        house.time.set(at("2026-06-10T07:05:00Z"));
        let resolved = house.anna().incident(id).resolve("fixed").unwrap();
        assert_eq!(resolved.incident().progress().on_hold_seconds, 162_000, "{wakes:?}");
        let resumed: Vec<_> = log(&house.anna().incident(id))
            .into_iter()
            .filter(|event| event.body.name() == "incident.resumed")
            .map(|event| event.occurred_at)
            .collect();
        assert_eq!(resumed, [at("2026-06-10T07:00:00Z")], "{wakes:?}");
    }
}

#[test]
fn a_read_shows_what_has_fallen_due_and_stores_nothing() {
    let house = House::new();
    let id = held_until_wednesday(&house);
    house.time.set(at("2026-06-10T06:59:59Z"));
    assert_eq!(house.anna().incident(id).get().unwrap().incident().stage(), Stage::OnHold);
    house.time.set(at("2026-06-10T07:00:00Z"));
    let seen = house.anna().incident(id).get().unwrap();
    assert_eq!((seen.incident().stage(), seen.version()), (Stage::New, Version::new(2)));
    assert_eq!(seen.incident().progress().stage_since, at("2026-06-10T07:00:00Z"));
    assert_eq!(kinds(&log(&house.anna().incident(id))), ["reported", "held"]);
}

#[test]
fn what_is_dated_back_before_an_effect_is_judged_alike_whether_or_not_it_is_stored() {
    let refused = |stored: bool| {
        let house = House::new();
        let id = held_until_wednesday(&house);
        house.time.set(at("2026-06-10T08:00:00Z"));
        if stored {
            house.anna().incident(id).watch("otto").unwrap();
        }
        let earlier = house.anna().incident(id).occurring_at(at("2026-06-10T06:00:00Z"));
        let error = earlier.resolve("fixed").unwrap_err();
        assert_eq!(faults(&error), [("occurred_at", "time.before_stage")]);
        error.to_string()
    };
    assert_eq!(refused(true), refused(false));
}

#[test]
fn a_hold_recorded_after_its_date_is_over_at_once() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    house.time.advance(hours(5));
    let begun = house.time.now() - hours(4);
    let until = Hold::new("awaiting_date").until(begun + hours(1));
    let outcome = house.anna().incident(id).occurring_at(begun).hold(until).unwrap();
    assert_eq!(did(&outcome), ["held", "resumed"]);
    assert_eq!((outcome.incident().stage(), outcome.incident().progress().on_hold_seconds), (Stage::New, 3_600));
}

#[test]
fn a_refused_command_leaves_what_is_due_for_the_next_one() {
    let house = House::new();
    let id = held_until_wednesday(&house);
    house.time.set(at("2026-06-10T07:05:00Z"));
    assert_eq!(house.anna().incident(id).resume().unwrap_err().code(), "incident.resume.illegal");
    assert_eq!(kinds(&log(&house.anna().incident(id))), ["reported", "held"]);
    assert_eq!(did(&house.anna().incident(id).start_work().unwrap()), ["resumed", "routed", "work_started"]);
}

#[test]
fn an_override_expires_at_its_instant() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let until = house.time.now() + hours(2);
    house.mia().incident(id).override_priority(Override::new("P1", "board meeting").until(until)).unwrap();
    house.time.advance(hours(3));
    assert_eq!(house.bob().incident(id).get().unwrap().incident().priority().name().as_str(), "P3");
    let noted = house.anna().incident(id).add_internal_note("quiet again").unwrap();
    assert_eq!(did(&noted), ["priority_changed", "note_added"]);
    assert_eq!(noted.events()[0].occurred_at, until);
    let data = serde_json::to_value(&noted.events()[0]).unwrap();
    assert_eq!(data["data"]["cause"], "override_expired");
    assert_eq!((&data["data"]["old"]["name"], &data["data"]["new"]["name"]), (&"P1".into(), &"P3".into()));
}

#[test]
fn several_things_fall_due_in_their_order() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let start = house.time.now();
    house.mia().incident(id).override_priority(Override::new("P1", "demo").until(start + hours(2))).unwrap();
    house.anna().incident(id).hold(Hold::new("awaiting_date").until(start + hours(1))).unwrap();
    house.time.advance(days(1));
    let noted = house.anna().incident(id).add_internal_note("both are over").unwrap();
    assert_eq!(did(&noted), ["resumed", "priority_changed", "note_added"]);
    let instants: Vec<_> = noted.events().iter().map(|event| event.occurred_at).collect();
    assert_eq!(instants, [start + hours(1), start + hours(2), start + days(1)]);
}

#[test]
fn a_merge_that_is_undone_after_the_date_of_the_hold_finds_it_over() {
    let house = House::new();
    let other = house.bob().report("The same").unwrap().id();
    let id = held_until_wednesday(&house);
    house.time.advance(minutes(10));
    house.anna().incident(id).cancel(andon::command::Cancel::duplicate_of(other)).unwrap();
    house.time.set(at("2026-06-10T09:00:00Z"));
    assert_eq!(house.anna().incident(id).get().unwrap().incident().stage(), Stage::Cancelled);
    let undone = house.mia().incident(id).undo_merge("another cause").unwrap();
    assert_eq!(did(&undone), ["merge_undone", "resumed"]);
    assert_eq!(undone.incident().progress().on_hold_seconds, 162_000, "as if there had been no merge");
}

#[test]
fn an_override_expires_and_the_incident_closes_in_the_order_of_their_instants() {
    for (expires, expected) in [
        (days(2), &["priority_changed", "closed", "time_spent"][..]),
        (days(7), &["priority_changed", "closed", "time_spent"][..]),
        (days(9), &["closed", "time_spent"][..]),
    ] {
        let house = House::with(|draft| draft.closure.automatic_after_seconds = Some(Seconds::days(7)));
        let id = house.bob().report("Mail is down").unwrap().id();
        let start = house.time.now();
        house.mia().incident(id).override_priority(Override::new("P1", "demo").until(start + expires)).unwrap();
        house.anna().incident(id).resolve("fixed").unwrap();
        house.time.advance(days(30));
        let spent = house.anna().incident(id).log_time(60).unwrap();
        assert_eq!(did(&spent), expected);
        assert!(spent.events().iter().map(|event| event.occurred_at).is_sorted());
        let closed = spent.events().iter().find(|event| event.body.name() == "incident.closed").unwrap();
        assert_eq!(closed.occurred_at, start + days(7));
    }
}

#[test]
fn waking_on_time_late_or_twice_gives_the_same_closure() {
    let live = |wakes: &[u32]| {
        let house = House::with(closes_by_itself);
        let id = house.bob().report("Mail is down").unwrap().id();
        house.anna().incident(id).resolve("fixed").unwrap();
        let start = house.time.now();
        for day in wakes {
            // A command that changes nothing stores what is due before it.
            house.time.set(start + days(*day));
            house.anna().incident(id).unwatch("nobody").unwrap();
        }
        house.time.set(start + days(10));
        house.anna().incident(id).edit(Edit::new().site("Berlin")).unwrap();
        let log = log(&house.anna().incident(id));
        log.into_iter().map(|event| (event.body.name(), event.occurred_at - start)).collect::<Vec<_>>()
    };
    let alone = live(&[]);
    let after: Vec<_> = alone[2..].iter().map(|(name, after)| (*name, after.num_days())).collect();
    assert_eq!(after, [("incident.closure_blocked", 7), ("incident.edited", 10), ("incident.closed", 10)]);
    for wakes in [&[7][..], &[8], &[7, 8], &[1, 7, 7, 9]] {
        assert_eq!(live(wakes), alone, "{wakes:?}");
    }
}

#[test]
fn a_command_dated_back_finds_what_has_closed_since() {
    let house = House::with(|draft| draft.closure.automatic_after_seconds = Some(Seconds::days(7)));
    let id = house.bob().report("Mail is down").unwrap().id();
    house.anna().incident(id).resolve("fixed").unwrap();
    house.time.advance(days(8));
    let error = house.anna().incident(id).occurring_at(house.time.now() - days(3)).watch("otto").unwrap_err();
    assert_eq!(faults(&error), [("occurred_at", "time.before_stage")]);
}

#[test]
fn a_resolution_recorded_after_its_quiet_days_is_closed_at_once() {
    let house = House::with(|draft| draft.closure.automatic_after_seconds = Some(Seconds::days(7)));
    let id = house.bob().report("Mail is down").unwrap().id();
    house.time.advance(days(20));
    let then = house.time.now() - days(10);
    let resolved = house.anna().incident(id).occurring_at(then).resolve("fixed").unwrap();
    assert_eq!(did(&resolved), ["resolved", "closed"]);
    assert_eq!(resolved.events()[1].occurred_at, then + days(7));
}
