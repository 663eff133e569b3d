//! The memory repository under every order of two calls that a scheduler comes to: `cargo test` in this folder.
//! `ANDON_SCHEDULES` is the number of schedules for each pair of calls.

#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails should say so at once"
)]

#[cfg(not(shuttle))]
compile_error!("run it in its folder, where the library is built with `--cfg shuttle`");

#[path = "../../tests/suite/common/mod.rs"]
mod common;

use std::collections::BTreeSet;

use andon::{
    CommandId, Desk, Id, Incident, MemoryRepository, Problem, Version,
    blocking::{self, ActingDesk},
    command::{Assign, Cancel, Hold, Report},
    id::SequentialIds,
    link::Link,
    problem::Dismissed,
    store::{Filter, Query},
    time::{ManualTime, days, hours},
};
use shuttle::{scheduler::RandomScheduler, thread};

/// A desk with two incidents, one of which falls due, and a problem; and what two threads do there.
#[derive(Clone)]
struct Place {
    whole: blocking::Desk<MemoryRepository>,
    desk: ActingDesk<MemoryRepository>,
    one: Id<Incident>,
    two: Id<Incident>,
    cause: Id<Problem>,
}

type Act = fn(&Place, u64);

/// What can be done at once. The number tells the threads apart.
const ACTS: &[(&str, Act)] = &[
    ("report", |place, thread| {
        place.desk.report(format!("of thread {thread}")).unwrap();
    }),
    ("report by one id", |place, _| {
        place.desk.clone().with_command(CommandId::named("once")).report("once").unwrap();
    }),
    ("assign", |place, thread| {
        let _ = place.desk.incident(place.one).assign(Assign::to_group(format!("group {thread}")));
    }),
    ("resolve at a version", |place, _| {
        let _ = place.desk.incident(place.one).if_version(Version::new(1)).resolve("fixed");
    }),
    ("note by one id", |place, _| {
        place.desk.incident(place.two).with_command(CommandId::named("note")).add_note("once").unwrap();
    }),
    ("wake", |place, _| {
        assert!(place.whole.wake(common::at(common::START) + days(1), 10).unwrap().failed.is_empty());
    }),
    ("redact", |place, _| {
        let title = place.desk.incident(place.one).get().unwrap().incident().facts().title.digest();
        let _ = place.desk.incident(place.one).redact(vec![title], "asked to");
    }),
    ("publish", |place, thread| {
        place.desk.publish_policy(common::policy(|draft| draft.name = format!("of thread {thread}"))).unwrap();
    }),
    ("read", |place, _| {
        let page = place.desk.worklist(&Query::all(), None, 10).unwrap();
        let counted = place.desk.count(&Filter::default(), 100).unwrap().counted;
        assert!(u64::try_from(page.rows.len()).unwrap() <= counted, "nothing goes away");
        let news = place.desk.feed(Some(&page.feed), &Filter::default(), 10).unwrap();
        assert!(news.deliveries.len() <= 4);
    }),
    ("link to the problem", |place, _| {
        let _ = place.desk.incident(place.one).link(Link::CausedBy(place.cause));
    }),
    ("dismiss the problem", |place, _| {
        let _ = place.desk.problem(place.cause).dismiss(Dismissed::Cancelled, "none");
    }),
    ("adopt the other", |place, thread| {
        let (child, parent) = if thread == 1 { (place.one, place.two) } else { (place.two, place.one) };
        let _ = place.desk.incident(child).link(Link::ChildOf(parent));
    }),
    ("merge into the other", |place, thread| {
        let (duplicate, master) = if thread == 1 { (place.one, place.two) } else { (place.two, place.one) };
        let _ = place.desk.incident(duplicate).cancel(Cancel::duplicate_of(master));
    }),
    ("forget", |place, _| {
        place.whole.forget(common::at(common::START), 10).unwrap();
    }),
];

fn place() -> Place {
    let start = common::at(common::START);
    let time = ManualTime::at(start);
    let desk = Desk::with_sources(MemoryRepository::with_epoch(1), time.clone(), SequentialIds::new());
    let whole = blocking::Desk::from(desk);
    let desk = whole.tenant("acme").unwrap().acting_as(common::admin());
    let one = desk.report(Report::new("one").caller("bob")).unwrap().id();
    let two = desk.report("two").unwrap().id();
    desk.incident(two).hold(Hold::new("awaiting_date").until(start + hours(1))).unwrap();
    time.advance(days(1));
    let cause = desk.raise("queues").unwrap().id();
    Place { whole, desk, one, two, cause }
}

/// What is stored in the end, as far as it does not hang on who minted which id; and that it holds together.
fn end(place: &Place) -> String {
    let mut told = Vec::new();
    let mut events = 0;
    for row in place.desk.worklist(&Query::all(), None, 100).unwrap().rows {
        let incident = place.desk.incident(row.id);
        let log = common::log(&incident);
        let (folded, version) = Incident::fold(&log).unwrap();
        let seen = incident.as_of(common::at(common::START) + days(2)).unwrap();
        assert_eq!((&folded, version), (seen.incident(), row.version), "the log is the truth");
        events += log.len();
        told.push(format!("{} {:?} {:?}", row.title, row.stage, common::kinds(&log)));
    }
    let problem = place.desk.problem(place.cause);
    let (log, _) = problem.events(Version::new(1), 100).unwrap();
    let (folded, version) = Problem::fold(&log).unwrap();
    let seen = problem.get().unwrap();
    assert_eq!((&folded, version), (seen.problem(), seen.version()), "the log is the truth");
    events += log.len();
    told.push(format!("{:?} {:?}", folded.stage(), log.iter().map(|event| event.body.name()).collect::<Vec<_>>()));
    told.sort();
    let news = place.desk.feed(None, &Filter::default(), 100).unwrap();
    let mut seen = BTreeSet::new();
    for delivery in &news.deliveries {
        let andon::desk::Change::Stands { events, .. } = &delivery.change else { panic!() };
        assert!(events.iter().all(|event| seen.insert((event.record, event.sequence))), "each event once");
    }
    assert_eq!(seen.len(), events, "the feed leaves nothing out");
    let policies = place.desk.policy_history(None, 10).unwrap().len();
    format!("{told:#?}, {policies} policies")
}

#[test]
fn two_calls_at_once_come_to_what_one_after_the_other_would() {
    let schedules = std::env::var("ANDON_SCHEDULES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    for (index, (first, a)) in ACTS.iter().enumerate() {
        for (second, b) in &ACTS[index..] {
            // A command goes deep in a build without optimisation.
            let mut config = shuttle::Config::default();
            config.stack_size = 4 << 20;
            let runner = shuttle::Runner::new(RandomScheduler::new(schedules), config);
            let (first, second, a, b) = (*first, *second, *a, *b);
            runner.run(move || {
                let orders = [(a, 1, b, 2), (b, 2, a, 1)].map(|(x, by_x, y, by_y)| {
                    let place = place();
                    x(&place, by_x);
                    y(&place, by_y);
                    end(&place)
                });
                let place = place();
                let other = thread::spawn({
                    let place = place.clone();
                    move || b(&place, 2)
                });
                a(&place, 1);
                other.join().unwrap();
                let end = end(&place);
                assert!(orders.contains(&end), "{first} and {second} came to {end}\nand not to one of {orders:#?}");
            });
        }
    }
}
