//! Sweepers that are killed: what falls due happens exactly once, not early, and is not missed.

use std::{path::Path, process::Child, time::Duration};

use andon::{
    Actor, Desk,
    blocking::{self, ActingDesk},
    command::{Hold, IncidentCommand},
    event::Body,
    incident::IncidentEvent,
    store::{Durability, SqliteOptions, SqliteRepository},
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

fn desk_at(repository: &SqliteRepository, at: Instant) -> Desk<SqliteRepository> {
    Desk::new(repository.clone()).with_time(ManualTime::at(at))
}

fn agent(repository: &SqliteRepository) -> ActingDesk<SqliteRepository> {
    let desk = blocking::Desk::from(desk_at(repository, START));
    desk.tenant("acme").unwrap().acting_as(Actor::person("anna").unwrap().role("agent").unwrap())
}

/// What a sweeper does, until nothing is due.
pub fn sweep(file: &Path) {
    let repository = SqliteOptions::new().patience(Duration::from_secs(60)).open(file).unwrap();
    let desk = desk_at(&repository, now());
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
fn settle(file: &Path, count: u64) {
    let repository = SqliteOptions::new().durability(Durability::Normal).open(file).unwrap();
    let desk = agent(&repository);
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
    pollster::block_on(repository.close());
}

#[test]
fn sweepers_that_are_killed_do_everything_once() {
    let count: u64 = if long() { 200_000 } else { 4_000 };
    let folder = Folder::new();
    let file = folder.file();
    settle(&file, count);
    let mut dice = Dice(9);
    let spawn = |n: u64| child("sweeper", &file, n).spawn().unwrap();
    let mut sweepers: Vec<Child> = (0..4).map(spawn).collect();
    let mut killed = 0_u64;
    while killed < if long() { 200 } else { 40 } {
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
    let repository = SqliteRepository::open(&file).unwrap();
    let whole = whole::whole(&repository, &"acme".parse().unwrap());
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
    println!("{killed} sweepers killed; {ended} of {count} fell due, each once");
    assert_eq!(ended, count / 2);
}
