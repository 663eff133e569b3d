//! Waking: what the host's scheduler brings about, and what it cannot.

use crate::common::{House, at, faults, kinds, log};
use andon::{
    Stage, Version, blocking,
    command::{Hold, Override, Report},
    event::Cause,
    store::{Filter, Share},
    time::{Seconds, days, hours},
};

fn start() -> andon::time::Instant {
    at(crate::common::START)
}

fn whole(house: &House) -> blocking::Desk<andon::MemoryRepository> {
    blocking::Desk::from(house.desk.clone())
}

#[test]
fn what_fell_due_is_stored_with_the_instant_at_which_it_did() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    anna.incident(id).hold(Hold::new("awaiting_date").until(start() + hours(3))).unwrap();
    assert!(whole(&house).wake(start(), 10).unwrap().records.is_empty(), "nothing is due yet");
    house.time.advance(days(2));
    let woken = whole(&house).wake(start() + days(2), 10).unwrap();
    assert_eq!((woken.records.len(), woken.failed.len(), woken.more), (1, 0, false));
    assert_eq!(woken.records[0].version, Version::new(3));
    let log = log(&anna.incident(id));
    assert_eq!(kinds(&log), ["reported", "held", "resumed"]);
    assert_eq!((log[2].occurred_at, log[2].recorded_at), (start() + hours(3), start() + days(2)));
    assert_eq!((&log[2].cause, log[2].actor.is_person()), (&Cause::Due, false));
    assert!(whole(&house).wake(start() + days(2), 10).unwrap().records.is_empty(), "once is enough");
}

#[test]
fn a_sweep_takes_the_first_due_first_and_says_whether_there_is_more() {
    let house = House::new();
    let anna = house.anna();
    for day in [3, 1, 2] {
        let id = anna.report("one").unwrap().id();
        anna.incident(id).hold(Hold::new("awaiting_date").until(start() + days(day))).unwrap();
    }
    house.time.advance(days(10));
    let now = start() + days(10);
    let stages = || anna.count(&Filter { stages: vec![Stage::OnHold], ..Filter::default() }, 10).unwrap().counted;
    let first = whole(&house).wake(now, 2).unwrap();
    assert_eq!((first.records.len(), first.more, stages()), (2, true, 1));
    let rest = whole(&house).wake(now, 2).unwrap();
    assert_eq!((rest.records.len(), rest.more, stages()), (1, false, 0));
}

#[test]
fn sweeps_cross_tenants_and_shares_divide_them() {
    let house = House::new();
    for index in 0..20 {
        let desk = house.acting(["acme", "other"][index % 2], crate::common::anna());
        let id = desk.report("one").unwrap().id();
        desk.incident(id).hold(Hold::new("awaiting_date").until(start() + hours(1))).unwrap();
    }
    house.time.advance(days(1));
    let mut woken = 0;
    for index in 0..3 {
        let share = Share::new(index, 3).unwrap();
        let sweep = whole(&house).wake_share(start() + days(1), 100, share).unwrap();
        assert!(sweep.records.iter().all(|woken| share.holds(woken.record)));
        assert!(sweep.records.len() > 2, "each share has some");
        woken += sweep.records.len();
    }
    assert_eq!(woken, 20);
    assert!(Share::new(3, 3).is_err() && Share::new(0, 0).is_err() && Share::new(0, 1_025).is_err());
}

#[test]
fn a_scheduler_with_a_wrong_clock_does_no_harm() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("one").unwrap().id();
    anna.incident(id).hold(Hold::new("awaiting_date").until(start() + hours(1))).unwrap();
    house.time.advance(hours(2));
    let desk = whole(&house);
    assert!(desk.wake(start() - days(10_000), 10).unwrap().records.is_empty(), "a past time finds less");
    let error = desk.wake(start() + days(1), 10).unwrap_err();
    assert_eq!(faults(&error), [("now", "time.future")], "nothing falls due before its time");
    assert_eq!(anna.incident(id).get().unwrap().version(), Version::new(2));
    for limit in [0, 1_001] {
        assert_eq!(faults(&desk.wake(start(), limit).unwrap_err()), [("limit", "limit.range")]);
    }
}

#[test]
fn overrides_expire_and_resolved_incidents_close_by_themselves() {
    let house = House::with(|draft| {
        draft.closure.automatic_after_seconds = Some(Seconds::days(7));
    });
    let (anna, mia) = (house.anna(), house.mia());
    let id = anna.report(Report::new("one").impact("low").urgency("low")).unwrap().id();
    mia.incident(id).override_priority(Override::new("P1", "board").until(start() + days(1))).unwrap();
    anna.incident(id).resolve("fixed").unwrap();
    house.time.advance(days(30));
    assert_eq!(anna.incident(id).get().unwrap().incident().stage(), Stage::Closed, "reads show it before");
    let woken = whole(&house).wake(start() + days(30), 10).unwrap();
    assert_eq!(woken.records.len(), 1);
    let log = log(&anna.incident(id));
    let due: Vec<_> = log.iter().filter(|event| event.cause == Cause::Due).collect();
    let told: Vec<_> = due.iter().map(|event| (event.body.name(), event.occurred_at - start())).collect();
    assert_eq!(told, [("incident.priority_changed", days(1)), ("incident.closed", days(7))]);
    assert_eq!(due[0].command, due[1].command, "in one commit");
}

#[test]
fn a_closure_that_is_blocked_says_so_once_and_is_not_woken_again() {
    let house = House::with(|draft| {
        draft.closure.automatic_after_seconds = Some(Seconds::days(7));
        draft.closure.confirmation.quiet_seconds = None;
    });
    let anna = house.anna();
    let id = anna.report("one").unwrap().id();
    anna.incident(id).resolve("fixed").unwrap();
    for day in [8, 9, 10] {
        house.time.set(start() + days(day));
        let woken = whole(&house).wake(start() + days(day), 10).unwrap();
        assert_eq!(woken.records.len(), usize::from(day == 8), "day {day}");
    }
    assert_eq!(kinds(&log(&anna.incident(id))), ["reported", "resolved", "closure_blocked"]);
}

#[test]
fn answers_are_let_go_of_but_not_those_that_made_a_record() {
    let house = House::new();
    let anna = house.anna();
    let named = andon::CommandId::named;
    let id = anna.clone().with_command(named("report")).report("one").unwrap().id();
    anna.incident(id).with_command(named("work")).start_work().unwrap();
    house.time.advance(days(40));
    anna.incident(id).with_command(named("note")).add_note("We are on it").unwrap();
    let desk = whole(&house);
    assert_eq!(desk.forget(start() + days(30), 100).unwrap(), 1, "the one of the work");
    assert_eq!(desk.forget(start() + days(30), 100).unwrap(), 0);
    assert!(anna.clone().with_command(named("report")).report("one").unwrap().was_repeated());
    assert!(anna.incident(id).with_command(named("note")).add_note("We are on it").unwrap().was_repeated());
    let error = anna.incident(id).with_command(named("work")).start_work().unwrap_err();
    assert_eq!(error.code(), "incident.start_work.illegal", "it is a new command by now");
    assert_eq!(faults(&desk.forget(start(), 0).unwrap_err()), [("limit", "limit.range")]);
}
