//! Many writers on one incident: one wins each version, nobody's write is lost, and every loser is told.

use std::sync::atomic::{AtomicU64, Ordering};

use andon::{
    Actor, CommandId, Desk, Error, MemoryRepository, Repository,
    blocking::{self, ActingDesk},
    event::Body,
    incident::IncidentEvent,
    store::SqliteRepository,
};

use crate::{child::note, common::Folder};

const WRITERS: u64 = 64;
const TRIES: u64 = 20_000;

fn desk<R: Repository>(repository: R) -> ActingDesk<R> {
    let desk = blocking::Desk::from(Desk::new(repository));
    desk.tenant("acme").unwrap().acting_as(Actor::person("anna").unwrap().role("agent").unwrap())
}

fn race<R: Repository + Send + Sync>(desk: &ActingDesk<R>) -> (u64, u64) {
    let id = desk.report("Mail is down").unwrap().id();
    let (tried, won, lost) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (tried, won, lost) = (&tried, &won, &lost);
            scope.spawn(move || {
                loop {
                    let n = tried.fetch_add(1, Ordering::Relaxed);
                    if n >= TRIES {
                        return;
                    }
                    let seen = desk.incident(id).get().unwrap().version();
                    let write = desk.incident(id).if_version(seen).with_command(CommandId::named(&n.to_string()));
                    match write.execute(note(&format!("{writer} {n}"))) {
                        Ok(outcome) => {
                            assert_eq!(outcome.version(), seen.next());
                            won.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(Error::Conflict(conflict)) => {
                            assert!(conflict.found() > seen, "{conflict:?} after {seen}");
                            lost.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => panic!("{error:?}"),
                    }
                }
            });
        }
    });
    let (won, lost) = (won.into_inner(), lost.into_inner());
    assert_eq!(won + lost, TRIES);
    let mut said = std::collections::BTreeSet::new();
    for (sequence, event) in (1..).zip(whole_log(desk, id)) {
        assert_eq!(event.sequence.get(), sequence);
        if let Body::Incident(IncidentEvent::NoteAdded(note)) = &event.body {
            assert!(said.insert(note.text.as_str().unwrap().to_owned()), "{:?} was written twice", note.text);
        }
    }
    assert_eq!(u64::try_from(said.len()).unwrap(), won, "every winner's note is there, and no other");
    (won, lost)
}

#[test]
fn sixty_four_writers_on_one_incident() {
    println!("memory: won and lost {:?}", race(&desk(MemoryRepository::new())));
    let folder = Folder::new();
    let repository = SqliteRepository::open(folder.file()).unwrap();
    println!("SQLite: won and lost {:?}", race(&desk(repository.clone())));
    let whole = crate::common::whole::whole(&repository, &"acme".parse().unwrap());
    assert_eq!(whole.records.len(), 1);
}

#[cfg(feature = "postgres")]
#[test]
fn sixty_four_writers_on_one_incident_in_postgresql() {
    if let Some(schema) = crate::common::cluster::Schema::new() {
        let repository = schema.open();
        println!("PostgreSQL: won and lost {:?}", race(&desk(repository.clone())));
        let inspection = pollster::block_on(repository.inspect(|_| {})).unwrap();
        assert!(inspection.is_sound() && inspection.records == 1, "{inspection:?}");
    }
}

fn whole_log<R: Repository>(desk: &ActingDesk<R>, id: andon::Id<andon::Incident>) -> Vec<andon::event::Event> {
    let (mut log, mut from) = (Vec::new(), Some(andon::Version::new(1)));
    while let Some(next) = from {
        let (events, more) = desk.incident(id).events(next, 1_000).unwrap();
        log.extend(events);
        from = more;
    }
    log
}
