//! A commit: all that stands in its way is looked for, and then all of it is written, in one transaction.

use andon::{
    Version,
    event::{Event, RecordId},
    key::TenantId,
    store::{Answer, Commit, Document, Erasure, Expected, Published, RepositoryError, Term, Terms, Write},
};
use redb::{ReadableTable, WriteTransaction};

use crate::tables::{
    ANSWERS, DOCUMENTS, Delivery, FEED, FORGETTABLE, Failure, LOG, Listed, NUMBERS, PUBLISHED, RECORDS, ROWS, WAKES,
    all, by_instant, corrupt, find, from_json, in_force, last_place, record_to_json, to_json,
};

/// Whether the commit fits what is stored. There is one writer at a time, so what is found here still holds when it is
/// written; a database with several would lock what is written and guarded first.
pub fn check(transaction: &WriteTransaction, tenant: &TenantId, commit: &Commit) -> Result<(), Failure> {
    commit.check(tenant).map_err(Failure)?;
    let tenant = tenant.as_str();
    let in_force = in_force(&transaction.open_table(PUBLISHED)?, tenant)?;
    let next = in_force.map_or(1, |stamp| stamp.version.saturating_add(1));
    if in_force != commit.policy || commit.publication.as_ref().is_some_and(|published| published.version != next) {
        return Err(Failure(RepositoryError::PolicyChanged { found: in_force }));
    }
    let expected = commit.writes.iter().map(|write| (write.id(), write.expected));
    let guarded = commit.guards.iter().map(|guard| (guard.id, Expected::At(guard.version)));
    for (id, expected) in expected.chain(guarded) {
        match (expected, version(transaction, tenant, id)?) {
            (Expected::Absent, None) => {}
            (Expected::Absent, Some(_)) => return Err(Failure(RepositoryError::AlreadyExists { id })),
            (Expected::At(version), found) if found == Some(version) => {}
            (_, found) => return Err(Failure(RepositoryError::Conflict { id, expected, found })),
        }
    }
    let numbers = transaction.open_table(NUMBERS)?;
    for write in commit.writes.iter().filter(|write| write.expected == Expected::Absent) {
        if numbers.get((tenant, write.row.number.as_str()))?.is_some() {
            return Err(Failure(RepositoryError::AlreadyExists { id: write.id() }));
        }
    }
    let left_out = commit.publication.iter().flat_map(|publication| &publication.unused);
    unused(transaction, tenant, &commit.unused.iter().chain(left_out).collect::<Vec<_>>())
}

fn version(transaction: &WriteTransaction, tenant: &str, id: RecordId) -> Result<Option<Version>, Failure> {
    let listed: Option<Listed> = find(&transaction.open_table(ROWS)?, (tenant, &id.to_string()), from_json)?;
    Ok(listed.map(|listed| listed.row.version))
}

/// Whether no record bears one of these terms. It looks at every row of the tenant; a table with the key
/// `(tenant, term, record)` would answer at once, and would be kept by [`write`].
fn unused(transaction: &WriteTransaction, tenant: &str, terms: &[&Term]) -> Result<(), Failure> {
    if terms.is_empty() {
        return Ok(());
    }
    for listed in all(&transaction.open_table(ROWS)?, tenant)? {
        let (_, Listed { terms: borne, .. }) = listed?;
        if let Some(&term) = terms.iter().find(|term| borne.bear(term)) {
            return Err(Failure(RepositoryError::InUse { term: term.clone() }));
        }
    }
    Ok(())
}

/// Writes all that the commit says. It was checked: what fails now is the database, and nothing of it stays.
pub fn store(transaction: &WriteTransaction, tenant: &TenantId, commit: &Commit) -> Result<(), Failure> {
    let tenant = tenant.as_str();
    for erasure in &commit.erasures {
        erase(transaction, tenant, erasure)?;
    }
    keep_answer(transaction, tenant, commit)?;
    for document in &commit.documents {
        keep_document(transaction, tenant, document)?;
    }
    if let Some(publication) = &commit.publication {
        let published = Published {
            stamp: publication.stamp(),
            name: publication.document.name().to_owned(),
            by: publication.by.clone(),
            at: commit.at,
            command: commit.command,
        };
        let place = (tenant, u64::from(publication.version));
        transaction.open_table(PUBLISHED)?.insert(place, to_json(&published)?.as_slice())?;
        keep_document(transaction, tenant, &publication.document)?;
    }
    commit.writes.iter().try_for_each(|write| write_record(transaction, tenant, write))
}

fn keep_answer(transaction: &WriteTransaction, tenant: &str, commit: &Commit) -> Result<(), Failure> {
    let (answer, command) = (commit.answer(), commit.command.to_string());
    transaction.open_table(ANSWERS)?.insert((tenant, command.as_str()), to_json(&answer)?.as_slice())?;
    if !answer.made_a_record() {
        transaction.open_table(FORGETTABLE)?.insert(by_instant(answer.at, &command, tenant), ())?;
    }
    Ok(())
}

fn keep_document(transaction: &WriteTransaction, tenant: &str, document: &Document) -> Result<(), Failure> {
    let digest = document.digest().to_string();
    transaction.open_table(DOCUMENTS)?.insert((tenant, digest.as_str()), to_json(document)?.as_slice())?;
    Ok(())
}

fn write_record(transaction: &WriteTransaction, tenant: &str, write: &Write) -> Result<(), Failure> {
    let name = write.id().to_string();
    let key = (tenant, name.as_str());
    let mut rows = transaction.open_table(ROWS)?;
    let before: Option<Listed> = find(&rows, key, from_json)?;
    let Some(terms) = Terms::changed(before.as_ref().map(|before| &before.terms), &write.terms) else {
        return Err(Failure(RepositoryError::Malformed { reason: "it writes a new record without its terms" }));
    };
    for event in &*write.events {
        transaction.open_table(LOG)?.insert((tenant, &*name, event.sequence.get()), to_json(event)?.as_slice())?;
    }
    let mut wakes = transaction.open_table(WAKES)?;
    if let Some(at) = before.as_ref().and_then(|before| before.row.wake_at) {
        wakes.remove(by_instant(at, &name, tenant))?;
    }
    if let Some(at) = write.row.wake_at {
        wakes.insert(by_instant(at, &name, tenant), to_json(&write.id())?.as_slice())?;
    }
    let mut feed = transaction.open_table(FEED)?;
    let delivery = Delivery {
        record: write.id(),
        first: write.events.first().map_or(write.row.version, |event| event.sequence),
        last: write.row.version,
        before: before.map(|before| before.terms.standing).filter(|standing| *standing != terms.standing),
    };
    let place = last_place(&feed, tenant)?.saturating_add(1);
    feed.insert((tenant, place), to_json(&delivery)?.as_slice())?;
    transaction.open_table(NUMBERS)?.insert((tenant, write.row.number.as_str()), &*name)?;
    transaction.open_table(RECORDS)?.insert(key, record_to_json(&write.record)?.as_slice())?;
    rows.insert(key, to_json(&Listed { row: write.row.clone(), terms })?.as_slice())?;
    Ok(())
}

/// Takes texts out of the log of a record, before anything is added to it. Nobody can find out by trying, any more, what
/// was asked of the record: the answers lose their salts. To find those it looks at every answer of the tenant; a table
/// with the key `(tenant, record, command)` would name them.
///
/// The database writes pages anew and uses the old ones again later: until then, the texts can be found in the file by
/// other means. Who must prevent that copies the tables into a new file and destroys the old one.
fn erase(transaction: &WriteTransaction, tenant: &str, erasure: &Erasure) -> Result<(), Failure> {
    let name = erasure.record.to_string();
    let mut log = transaction.open_table(LOG)?;
    let mut events = Vec::new();
    for entry in log.range((tenant, &*name, 0)..=(tenant, &*name, u64::MAX))? {
        let (key, json) = entry?;
        let erased = Event::from_json(json.value()).and_then(|event| event.erased(&erasure.slots));
        events.push(erased.map_err(|error| corrupt(key.value(), error))?);
    }
    for event in events {
        log.insert((tenant, &*name, event.sequence.get()), to_json(&event)?.as_slice())?;
    }
    let mut answers = transaction.open_table(ANSWERS)?;
    let answered: Vec<(String, Answer)> = all(&answers, tenant)?.collect::<Result<_, _>>()?;
    for (command, answer) in answered {
        if answer.touched.iter().any(|touched| touched.record == erasure.record) {
            let bare = Answer { salt: None, ..answer };
            answers.insert((tenant, command.as_str()), to_json(&bare)?.as_slice())?;
        }
    }
    Ok(())
}
