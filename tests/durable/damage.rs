//! What was damaged by hand is told, with its key; the rest is readable, and what can be made anew is.

use andon::{
    Actor, Error, Id, Incident, PolicyDraft,
    key::{RoleName, TenantId},
    permission::{Permission, PermissionScope, Permissions},
    store::{Query, RecordKey, Repository, RepositoryError, Scope, SqliteRepository},
};
use pollster::block_on;

use crate::{
    child::note,
    common::{Folder, anna},
};

/// A file with three incidents, of which the second is damaged by this statement.
fn damaged(sql: &str) -> (Folder, SqliteRepository, [Id<Incident>; 3]) {
    let folder = Folder::new();
    let repository = SqliteRepository::open(folder.file()).unwrap();
    let desk = anna(&repository);
    let ids = ["Mail is down", "No network", "Printer on fire"].map(|title| desk.report(title).unwrap().id());
    for id in ids {
        desk.incident(id).execute(note("what was done")).unwrap();
    }
    block_on(repository.close());
    let raw = rusqlite::Connection::open(folder.file()).unwrap();
    let changed = raw.execute(sql, []).unwrap();
    assert_eq!(changed, 1, "{sql}");
    drop(raw);
    let repository = SqliteRepository::open(folder.file()).unwrap();
    (folder, repository, ids)
}

fn corrupt(error: &Error) -> String {
    match error {
        Error::Repository { source: RepositoryError::Corrupt { key, .. }, .. } => key.clone(),
        error => panic!("{error:?}"),
    }
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

#[test]
fn a_damaged_snapshot_is_told_and_made_anew_from_its_events() {
    for sql in [
        "UPDATE record SET snapshot = replace(snapshot, 'No network', 'No netwark') WHERE slot = 2",
        "UPDATE record SET snapshot = substr(snapshot, 1, 100) WHERE slot = 2",
        "UPDATE record SET snapshot = '' WHERE slot = 2",
        "UPDATE record SET snapshot = (SELECT snapshot FROM record WHERE slot = 1), \
         checksum = (SELECT checksum FROM record WHERE slot = 1) WHERE slot = 2",
        "UPDATE record SET checksum = checksum + 1 WHERE slot = 2",
    ] {
        let (_folder, repository, ids) = damaged(sql);
        let desk = anna(&repository);
        assert_eq!(corrupt(&desk.incident(ids[1]).get().unwrap_err()), format!("incident {}", ids[1]), "{sql}");
        for id in [ids[0], ids[2]] {
            desk.incident(id).get().unwrap();
            desk.incident(id).execute(note("as ever")).unwrap();
        }
        assert_eq!(desk.worklist(&Query::open(), None, 10).unwrap().rows.len(), 3, "lists show the row");
        let inspection = block_on(repository.inspect(|_| {})).unwrap();
        let told: Vec<_> = inspection.damages.iter().map(|damage| damage.record).collect();
        assert_eq!(told, [ids[1].into()], "{sql}");
        assert!(block_on(repository.rebuild(&acme(), ids[1])).unwrap());
        assert!(block_on(repository.inspect(|_| {})).unwrap().is_sound(), "{sql}");
        let seen = desk.incident(ids[1]).get().unwrap();
        assert_eq!(seen.incident().facts().title.as_str(), Some("No network"));
        desk.incident(ids[1]).execute(note("and on")).unwrap();
    }
}

#[test]
fn a_damaged_event_is_told_with_its_place() {
    for sql in [
        "UPDATE event SET json = replace(json, 'what was done', 'what was dune') WHERE record = 2 AND sequence = 2",
        "UPDATE event SET json = 'x' WHERE record = 2 AND sequence = 2",
        "UPDATE event SET json = (SELECT json FROM event WHERE record = 1 AND sequence = 2), \
         checksum = (SELECT checksum FROM event WHERE record = 1 AND sequence = 2) WHERE record = 2 AND sequence = 2",
    ] {
        let (_folder, repository, ids) = damaged(sql);
        let desk = anna(&repository);
        let key = format!("event 2 of incident {}", ids[1]);
        let error = desk.incident(ids[1]).events(andon::Version::new(1), 10).unwrap_err();
        assert_eq!(corrupt(&error), key, "{sql}");
        // The record itself is sound: it can be worked on.
        desk.incident(ids[1]).execute(note("as ever")).unwrap();
        let inspection = block_on(repository.inspect(|_| {})).unwrap();
        assert_eq!(inspection.damages.len(), 1);
        let rebuilt = block_on(repository.rebuild(&acme(), ids[1]));
        assert!(matches!(rebuilt, Err(RepositoryError::Corrupt { key: found, .. }) if found == key), "{sql}");
    }
}

#[test]
fn what_is_damaged_is_told_to_those_alone_who_see_it_by_the_policy_in_force() {
    let (_folder, repository, ids) = damaged("UPDATE record SET number = '?' WHERE slot = 2");
    let list = || anna(&repository).worklist(&Query::open(), None, 10);
    assert_eq!(corrupt(&list().unwrap_err()), format!("the row of incident {}", ids[1]));
    let administrator = RoleName::new("administrator").unwrap();
    let publishing = [Permission::PublishPolicy];
    let permissions = Permissions::none().grant(administrator, PermissionScope::All, publishing);
    let policy = PolicyDraft { permissions, ..PolicyDraft::itil() }.validate().unwrap();
    let desk = andon::blocking::Desk::from(andon::Desk::new(repository.clone())).tenant("acme").unwrap();
    let ada = Actor::person("ada").unwrap().role("administrator").unwrap();
    desk.acting_as(ada).publish_policy(policy).unwrap();
    // A desk that knows of no policy as yet would have read it.
    assert!(list().unwrap().rows.is_empty());
}

#[test]
fn damaged_rows_terms_and_answers_are_told() {
    for (sql, key) in [
        ("UPDATE record SET stage = 'nowhere' WHERE slot = 2", "the row of incident"),
        ("UPDATE record SET number = '?' WHERE slot = 2", "the row of incident"),
        ("UPDATE record SET title = '{}' WHERE slot = 2", "the row of incident"),
        ("UPDATE record SET rank = 5 WHERE slot = 2", "the row of incident"),
        ("UPDATE record SET standing = '\nnobody:x\n' WHERE slot = 2", "incident"),
        ("UPDATE record SET standing = '\neveryone\nnobody:x\n' WHERE slot = 2", "incident"),
        ("UPDATE subject SET terms = '\nlabel:x\n' WHERE record = 2", "the terms of incident"),
        ("DELETE FROM term WHERE record = 2 AND term = 'token:network'", "the terms of incident"),
    ] {
        let (_folder, repository, ids) = damaged(sql);
        let inspection = block_on(repository.inspect(|_| {})).unwrap();
        let told: Vec<String> = inspection.damages.iter().map(|damage| damage.error.to_string()).collect();
        assert_eq!(told.len(), 1, "{sql}: {told:?}");
        assert!(told[0].contains(key), "{sql}: {told:?}");
        assert_eq!(inspection.damages[0].record, ids[1].into(), "{sql}");
        assert!(block_on(repository.rebuild(&acme(), ids[1])).unwrap());
        let again = block_on(repository.inspect(|_| {})).unwrap();
        assert!(again.is_sound(), "{sql}: {again:?}");
    }
    let (_folder, repository, _) = damaged(
        "UPDATE answer SET touched = '[' WHERE command = \
         (SELECT max(command) FROM answer)",
    );
    let scope = Scope::everything(&acme());
    let _ = (scope, RecordKey::from("INC0000001".parse::<andon::Number>().unwrap()));
    let exported = block_on(andon::store::Portable::export(&repository, &acme(), None, 1_000));
    assert!(matches!(exported, Err(RepositoryError::Corrupt { .. })), "{exported:?}");
}

#[test]
fn a_damaged_page_is_told_by_the_engine() {
    let (folder, repository, _) = damaged("UPDATE store SET epoch = epoch");
    block_on(repository.close());
    let mut bytes = std::fs::read(folder.file()).unwrap();
    let last = bytes.len() - 4_096;
    bytes[last..].fill(0xff);
    std::fs::write(folder.file(), bytes).unwrap();
    let repository = SqliteRepository::open(folder.file()).unwrap();
    match block_on(repository.inspect(|_| {})) {
        Ok(inspection) => assert!(!inspection.is_sound(), "{inspection:?}"),
        Err(RepositoryError::Corrupt { .. }) => {}
        Err(error) => panic!("{error:?}"),
    }
    let _ = block_on(repository.load(&Scope::everything(&acme()), None, None));
}
