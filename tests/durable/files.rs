//! Opening, migrating, closing, backing up, and files that are not what they should be.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use andon::{
    Error,
    key::TenantId,
    store::{
        Durability, FeedRequest, Filter, OpenError, Query, Repository, RepositoryError, Scope, Sort, SqliteOptions,
        SqliteRepository,
    },
};
use pollster::block_on;

use crate::{
    child::note,
    common::{Folder, anna, whole},
};

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

#[test]
fn what_was_written_is_there_after_closing_and_opening() {
    for durability in [Durability::Full, Durability::Normal] {
        let folder = Folder::new();
        let repository = SqliteOptions::new().durability(durability).open(folder.file()).unwrap();
        let id = anna(&repository).report("Mail is down").unwrap().id();
        let again = SqliteRepository::clone(&repository);
        block_on(repository.close());
        block_on(repository.close());
        let closed = anna(&again).incident(id).get().unwrap_err();
        let unavailable = matches!(closed, Error::Repository { source: RepositoryError::Unavailable { .. }, .. });
        assert!(unavailable, "{closed:?}");
        assert!(!folder.path().join("desk.andon-wal").exists(), "the log was written back");
        let repository = SqliteRepository::open(folder.file()).unwrap();
        assert_eq!(anna(&repository).incident(id).get().unwrap().version().get(), 1);
        assert_eq!(anna(&repository).report("No network").unwrap().number().as_str(), "INC0000002");
    }
}

#[test]
fn closing_does_what_was_handed_in() {
    let folder = Folder::new();
    let repository = SqliteRepository::open(folder.file()).unwrap();
    let desk = anna(&repository);
    let id = desk.report("Mail is down").unwrap().id();
    let answered = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..32)
            .map(|n| {
                let desk = desk.clone();
                scope.spawn(move || {
                    (0..50).filter(|m| desk.incident(id).execute(note(&format!("{n} {m}"))).is_ok()).count()
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(30));
        block_on(repository.close());
        writers.into_iter().map(|writer| writer.join().unwrap()).sum::<usize>()
    });
    let repository = SqliteRepository::open(folder.file()).unwrap();
    let whole = whole::whole(&repository, &acme());
    let notes = whole.records.values().next().unwrap().events.len() - 1;
    assert_eq!(notes, answered, "everything that was answered is there, and nothing that was refused");
}

#[test]
fn several_processes_share_a_file() {
    let folder = Folder::new();
    let one = SqliteRepository::open(folder.file()).unwrap();
    let two = SqliteRepository::open(folder.file()).unwrap();
    std::thread::scope(|scope| {
        for repository in [&one, &two, &one, &two] {
            let desk = anna(repository);
            scope.spawn(move || {
                for n in 0..50 {
                    desk.report(format!("Incident {n}")).unwrap();
                }
            });
        }
    });
    let whole = whole::whole(&one, &acme());
    let numbers: std::collections::BTreeSet<_> = whole.records.values().map(|record| &record.row.number).collect();
    assert_eq!(numbers.len(), 200);
}

#[test]
fn what_is_no_repository_is_not_opened() {
    let folder = Folder::new();
    let refused = |path: &Path| SqliteRepository::open(path).unwrap_err();
    fs::write(folder.file(), "This is a letter, and a long one: it goes on and on.".repeat(100)).unwrap();
    let letter = fs::read(folder.file()).unwrap();
    assert!(matches!(refused(&folder.file()), OpenError::NotARepository { .. }));
    assert_eq!(fs::read(folder.file()).unwrap(), letter, "it is left as it was");

    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    let error = refused(&other);
    assert!(matches!(error, OpenError::NotARepository { .. }));
    assert!(error.to_string().ends_with("it is the database of another application"), "{error}");

    let began = Instant::now();
    let error = refused(&folder.path().join("no/such/folder.andon"));
    assert!(matches!(error, OpenError::Repository(RepositoryError::Unavailable { .. })), "{error:?}");
    let told = error.to_string();
    assert!(
        told.starts_with("the SQLite repository is unavailable: ") && told.contains("no/such/folder.andon"),
        "{told}"
    );
    assert!(matches!(refused(folder.path()), OpenError::Repository(_)));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_schema_of_the_future_is_refused_and_left_alone() {
    let folder = Folder::new();
    let repository = SqliteRepository::open(folder.file()).unwrap();
    let known = u32::try_from(SqliteRepository::migrations().len()).unwrap();
    block_on(repository.close());
    let raw = rusqlite::Connection::open(folder.file()).unwrap();
    raw.pragma_update(None, "user_version", known + 1).unwrap();
    drop(raw);
    let error = SqliteRepository::open(folder.file()).unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { found, known: of, .. } if found == known + 1 && of == known));
    let error = SqliteOptions::new().apply_migrations(folder.file()).unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { .. }), "{error:?}");
}

#[test]
fn migrations_are_applied_at_opening_or_explicitly() {
    let folder = Folder::new();
    let by_hand = SqliteOptions::new().migrate(false);
    let error = by_hand.open(folder.file()).unwrap_err();
    assert!(matches!(error, OpenError::OlderSchema { found: 0, .. }), "{error:?}");
    let all: Vec<u32> = SqliteRepository::migrations().iter().map(|migration| migration.version).collect();
    assert!(all.iter().copied().eq(1..=u32::try_from(all.len()).unwrap()));
    let applied = by_hand.apply_migrations(folder.file()).unwrap();
    assert_eq!(applied.iter().map(|migration| migration.version).collect::<Vec<_>>(), all);
    assert!(by_hand.apply_migrations(folder.file()).unwrap().is_empty());
    let repository = by_hand.open(folder.file()).unwrap();
    let health = block_on(repository.health()).unwrap();
    assert_eq!((health.schema, health.needed), (health.needed, health.schema));
    assert!(health.bytes > 0 && health.engine.starts_with("3."), "{health:?}");
}

/// A migration that is killed after any of its statements leaves nothing of itself, and can be run again.
#[test]
fn a_migration_killed_at_any_statement_can_be_run_again() {
    for migration in SqliteRepository::migrations() {
        let statements: Vec<&str> = migration.sql.split_inclusive(";\n").collect();
        for killed_after in 0..=statements.len() {
            let folder = Folder::new();
            let raw = rusqlite::Connection::open(folder.file()).unwrap();
            raw.pragma_update(None, "journal_mode", "WAL").unwrap();
            raw.execute_batch("BEGIN IMMEDIATE").unwrap();
            raw.execute_batch(&statements[..killed_after].concat()).unwrap();
            // As a process that is killed leaves it: neither committed nor rolled back.
            let copy = Folder::new();
            for name in ["desk.andon", "desk.andon-wal"] {
                let _ = fs::copy(folder.path().join(name), copy.path().join(name));
            }
            let repository = SqliteRepository::open(copy.file()).unwrap();
            anna(&repository).report("Mail is down").unwrap();
        }
    }
}

#[test]
fn a_file_that_can_only_be_read_is_refused() {
    let folder = Folder::new();
    let repository = SqliteRepository::open(folder.file()).unwrap();
    anna(&repository).report("Mail is down").unwrap();
    block_on(repository.close());
    let mut permissions = fs::metadata(folder.file()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(folder.file(), permissions).unwrap();
    // Whoever runs as root may write everything.
    if fs::OpenOptions::new().write(true).open(folder.file()).is_ok() {
        println!("skipped: this user may write what is read-only");
        return;
    }
    let began = Instant::now();
    let refused = SqliteRepository::open(folder.file()).map(|repository| anna(&repository).report("No network"));
    assert!(!matches!(refused, Ok(Ok(_))), "{refused:?}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn whoever_waits_too_long_for_another_writer_is_told_and_can_try_again() {
    let folder = Folder::new();
    let repository = SqliteOptions::new().patience(Duration::from_millis(50)).open(folder.file()).unwrap();
    let desk = anna(&repository);
    let id = desk.report("Mail is down").unwrap().id();
    let raw = rusqlite::Connection::open(folder.file()).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let error = desk.incident(id).execute(note("meanwhile")).unwrap_err();
    assert!(matches!(error, Error::Repository { source: RepositoryError::Unavailable { .. }, .. }), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(matches!(block_on(repository.health()), Err(RepositoryError::Unavailable { .. })));
    assert_eq!(desk.incident(id).get().unwrap().version().get(), 1, "reading goes on");
    raw.execute_batch("ROLLBACK").unwrap();
    assert_eq!(desk.incident(id).execute(note("now")).unwrap().version().get(), 2);
}

#[test]
fn a_backup_under_load_is_a_first_part_and_of_another_epoch() {
    let folder = Folder::new();
    let repository = SqliteRepository::open(folder.file()).unwrap();
    let desk = anna(&repository);
    desk.report("The first").unwrap();
    let position = |repository: &SqliteRepository| {
        let filter = Filter::default();
        let request = FeedRequest { after: None, filter: &filter, limit: 1 };
        block_on(repository.feed(&Scope::everything(&acme()), request)).unwrap().next
    };
    let here = position(&repository);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..300 {
                desk.report(format!("Incident {n}")).unwrap();
            }
        });
        let mut earlier = 0;
        let mut copies = 0;
        while !writer.is_finished() {
            let copy = folder.path().join(format!("copy {copies}.andon"));
            block_on(repository.backup(&copy, |_, _| {})).unwrap();
            let opened = SqliteRepository::open(&copy).unwrap();
            let whole = whole::whole(&opened, &acme());
            assert!(whole.records.len() >= earlier, "a later copy has as much or more");
            earlier = whole.records.len();
            let filter = Filter::default();
            let request = FeedRequest { after: Some(here), filter: &filter, limit: 1 };
            let foreign = block_on(opened.feed(&Scope::everything(&acme()), request));
            assert!(matches!(foreign, Err(RepositoryError::CursorTooOld)), "{foreign:?}");
            copies += 1;
        }
        println!("{copies} backups while 300 incidents were reported");
        assert!(copies > 0);
    });
    let there = block_on(repository.backup(folder.path().join("copy 0.andon"), |_, _| {}));
    let Err(RepositoryError::Backend { source, .. }) = there else { panic!("{there:?}") };
    assert!(source.to_string().ends_with("copy 0.andon exists"), "{source}");
    let nowhere = block_on(repository.backup(folder.path().join("no such folder/copy.andon"), |_, _| {}));
    let Err(RepositoryError::Backend { source, .. }) = nowhere else { panic!("{nowhere:?}") };
    assert!(source.to_string().contains("no such folder"), "{source}");
    let mut told = Vec::new();
    let (tell, progress) = std::sync::mpsc::channel();
    block_on(repository.backup(folder.path().join("last.andon"), move |done, of| {
        let _ = tell.send((done, of));
    }))
    .unwrap();
    told.extend(progress);
    assert!(told.last().is_some_and(|(done, of)| done == of && *of > 0), "{told:?}");
}

#[test]
fn a_tenant_moves_from_memory_to_a_file_and_back_as_lines() {
    let memory = andon::MemoryRepository::new();
    let desk = andon::blocking::Desk::from(andon::Desk::new(memory.clone()));
    let anna = andon::Actor::person("anna").unwrap().role("agent").unwrap().role("administrator").unwrap();
    let desk = desk.tenant("acme").unwrap().acting_as(anna);
    desk.publish_policy(andon::Policy::itil()).unwrap();
    for n in 0..250 {
        let id = desk.report(format!("Incident {n}")).unwrap().id();
        desk.incident(id).execute(note("what was done")).unwrap();
    }
    let mut lines = Vec::new();
    let moves = block_on(andon::store::export(&memory, &acme(), &mut lines, |_| {})).unwrap();
    assert_eq!((moves.records, moves.events, moves.publications), (250, 500, 1));
    let folder = Folder::new();
    let file = SqliteRepository::open(folder.file()).unwrap();
    let zones = andon::calendar::BuiltIn;
    let (tenant, taken) = block_on(andon::store::import(&file, lines.as_slice(), &zones, |_| {})).unwrap();
    assert_eq!((tenant, taken), (acme(), moves));
    let mut again = Vec::new();
    block_on(andon::store::export(&file, &acme(), &mut again, |_| {})).unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(lines.clone()).unwrap());
    assert!(whole::whole(&file, &acme()).records.len() == 250);
    // Once more, and cut off anywhere: what is there stays, and what is wrong is told with its line.
    block_on(andon::store::import(&file, lines.as_slice(), &zones, |_| {})).unwrap();
    let third = lines.len() / 3;
    let error = block_on(andon::store::import(&file, &lines[..third], &zones, |_| {})).unwrap_err();
    assert!(error.to_string().starts_with("the export is cut off after line"), "{error}");
    let text = String::from_utf8(lines).unwrap().replacen("Incident 7\"", "Incident 8\"", 1);
    let other = andon::MemoryRepository::new();
    let error = block_on(andon::store::import(&other, text.as_bytes(), &zones, |_| {})).unwrap_err();
    assert!(matches!(error, andon::store::MoveError::Repository { source: RepositoryError::Malformed { .. }, .. }));
    let listed = block_on(other.count(&Scope::everything(&acme()), &Query::all().filter, 1_000)).unwrap();
    assert!(listed < 250);
}

#[test]
fn what_was_closed_is_one_file() {
    for _ in 0..50 {
        let folder = Folder::new();
        let repository = SqliteRepository::open(folder.file()).unwrap();
        anna(&repository).report("Mail is down").unwrap();
        pollster::block_on(repository.close());
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["desk.andon"]);
    }
}

#[test]
fn what_is_asked_for_twice_is_listed_once() {
    let desk = anna(&SqliteRepository::open_in_memory().unwrap());
    desk.report("Mail is down").unwrap();
    for sort in [Sort::Priority, Sort::OverdueFirst] {
        let query = Query::open().priority(3).priority(3).priority(4).priority(4).sorted(sort);
        assert_eq!(desk.worklist(&query, None, 10).unwrap().rows.len(), 1, "{sort:?}");
    }
}
