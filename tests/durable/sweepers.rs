//! Sweepers that are killed: what falls due happens exactly once, not early, and is not missed.

use std::{
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use andon::{
    Actor, Desk, Repository,
    blocking::{self, ActingDesk},
    command::{Hold, IncidentCommand},
    event::Body,
    incident::IncidentEvent,
    store::{Durability, Portable, SqliteOptions, SqliteRepository},
    testing::START,
    time::{Instant, ManualTime, days, hours},
};

use crate::{
    child::said,
    common::{Dice, Folder, child, long, whole},
};

/// When the sweepers look.
fn now() -> Instant {
    START + days(10)
}

fn desk_at<R: Repository>(repository: R, at: Instant) -> Desk<R> {
    Desk::new(repository).with_time(ManualTime::at(at))
}

fn agent<R: Repository>(repository: R) -> ActingDesk<R> {
    let desk = blocking::Desk::from(desk_at(repository, START));
    desk.tenant("acme").unwrap().acting_as(Actor::person("anna").unwrap().role("agent").unwrap())
}

/// A sweeper over a file, or over a schema of a database at an address, as a process of its own.
pub fn sweeper(place: &Path) {
    #[cfg(feature = "postgres")]
    if let Ok(schema) = std::env::var("ANDON_SCHEMA") {
        let options = andon::store::PostgresOptions::new().schema(schema).connections(2);
        return sweep(pollster::block_on(options.open(place.to_str().unwrap())).unwrap());
    }
    sweep(SqliteOptions::new().patience(Duration::from_secs(60)).open(place).unwrap());
}

/// What a sweeper does, until nothing is due.
fn sweep<R: Repository>(repository: R) {
    let desk = desk_at(repository, now());
    loop {
        let woken = pollster::block_on(desk.wake(now(), 100)).unwrap();
        assert!(woken.failed.is_empty(), "{:?}", woken.failed);
        if woken.records.is_empty() && !woken.more {
            crate::child::say("done");
            return;
        }
    }
}

/// Incidents on hold: half of them until the sweepers look, or before; half until later.
fn settle<R: Repository + Clone>(repository: R, count: u64) {
    let desk = agent(repository);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let desk = desk.clone();
            scope.spawn(move || {
                for n in (thread..count).step_by(8) {
                    let id = desk.report(format!("Incident {n}")).unwrap().id();
                    let until =
                        if n % 2 == 0 { now() - hours(u32::try_from(n % 24).unwrap()) } else { now() + hours(1) };
                    let hold = Hold::new("awaiting_vendor").until(until);
                    desk.incident(id).execute(IncidentCommand::Hold(hold)).unwrap();
                }
            });
        }
    });
}

/// Starts four sweepers, and kills one after the other at random, so many times at most, while they have something to do.
/// Says how many were killed.
fn kill_sweepers(most: u64, spawn: impl Fn(u64) -> Command) -> u64 {
    let mut dice = Dice(9);
    let spawn = |n: u64| spawn(n).spawn().unwrap();
    let mut sweepers: Vec<Child> = (0..4).map(spawn).collect();
    let mut killed = 0_u64;
    while killed < most {
        std::thread::sleep(Duration::from_millis(20 + dice.roll(60)));
        let at = usize::try_from(dice.roll(4)).unwrap();
        if sweepers[at].try_wait().unwrap().is_some() {
            break;
        }
        sweepers[at].kill().unwrap();
        sweepers[at].wait().unwrap();
        killed += 1;
        sweepers[at] = spawn(killed);
    }
    for sweeper in sweepers {
        let output = sweeper.wait_with_output().unwrap();
        assert!(said(&String::from_utf8(output.stdout).unwrap()).any(|said| said == "done"));
    }
    killed
}

/// That all that was due happened, once and in its time, and nothing else.
fn all_happened_once<R: Repository + Portable>(repository: &R, count: u64) {
    let whole = whole::whole_of(repository, &"acme".parse().unwrap());
    assert_eq!(u64::try_from(whole.records.len()).unwrap(), count);
    let mut ended = 0_u64;
    for record in whole.records.values() {
        let until = record.events.iter().find_map(|event| match &event.body {
            Body::Incident(IncidentEvent::Held(hold)) => hold.until,
            _ => None,
        });
        let resumed = |body: &Body| matches!(body, Body::Incident(IncidentEvent::Resumed { .. }));
        let resumptions: Vec<_> = record.events.iter().filter(|event| resumed(&event.body)).collect();
        let due = until.unwrap() <= now();
        assert_eq!(resumptions.len(), usize::from(due), "{:?}", record.events);
        assert!(resumptions.iter().all(|event| Some(event.occurred_at) == until), "{resumptions:?}");
        ended += u64::from(due);
    }
    assert_eq!(ended, count / 2);
}

/// How many there are, and how often a sweeper is killed at most.
fn sizes() -> (u64, u64) {
    if long() { (200_000, 200) } else { (4_000, 40) }
}

#[test]
fn sweepers_that_are_killed_do_everything_once() {
    let (count, most) = sizes();
    let folder = Folder::new();
    let file = folder.file();
    let repository = SqliteOptions::new().durability(Durability::Normal).open(&file).unwrap();
    settle(repository.clone(), count);
    pollster::block_on(repository.close());
    let killed = kill_sweepers(most, |n| child("sweeper", &file, n));
    let repository = SqliteRepository::open(&file).unwrap();
    assert!(pollster::block_on(repository.inspect(|_| {})).unwrap().is_sound());
    all_happened_once(&repository, count);
    println!("{killed} sweepers killed; {} of {count} fell due, each once", count / 2);
}

#[cfg(feature = "postgres")]
#[test]
fn sweepers_over_a_server_that_are_killed_do_everything_once() {
    let Some(schema) = crate::common::cluster::Schema::new() else { return };
    let (count, most) = sizes();
    let repository = schema.open();
    settle(repository.clone(), count);
    let killed = kill_sweepers(most, |n| {
        let mut sweeper = child("sweeper", Path::new(&schema.url), n);
        sweeper.env("ANDON_SCHEMA", &schema.name);
        sweeper
    });
    all_happened_once(&repository, count);
    println!("{killed} sweepers killed; {} of {count} fell due, each once", count / 2);
}
