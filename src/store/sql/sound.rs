//! Whether a record, its row, its terms and its log are what was written, and making them anew from the log.

use super::rows::Damage;
use crate::{
    event::{Event, RecordId},
    id::Version,
    incident::Incident,
    problem::Problem,
    record::RecordKind,
    store::{Expected, IndexRow, Loaded, Record, RepositoryError, TermChange, Terms, Write},
    time::Instant,
};

fn corrupt(key: String, source: impl Into<Damage>) -> RepositoryError {
    RepositoryError::Corrupt { key, source: source.into() }
}

/// That what is stored of a record fits together; `unlisted` of its terms do not lead to it.
pub(in crate::store) fn sound(
    id: RecordId,
    loaded: &Loaded,
    row: &IndexRow,
    terms: &Terms,
    unlisted: u64,
    log: &[Event],
) -> Result<(), RepositoryError> {
    let (folded, version) = folded(id, log)?;
    if folded != loaded.record || version != loaded.version {
        return Err(corrupt(id.to_string(), "its log does not lead to it"));
    }
    if *row != IndexRow::of(&folded, version, row.wake_at) {
        return Err(corrupt(format!("the row of {id}"), "it does not say what the record says"));
    }
    if *terms != Terms::of(&folded) {
        return Err(corrupt(format!("the terms of {id}"), "they are not those of the record"));
    }
    if unlisted > 0 {
        return Err(corrupt(format!("the terms of {id}"), "some do not lead to it"));
    }
    Ok(())
}

/// What the log of a record adds up to.
fn folded(id: RecordId, log: &[Event]) -> Result<(Record, Version), RepositoryError> {
    let folded = match id.kind() {
        RecordKind::Incident => Incident::fold(log).map(|(incident, version)| (Record::from(incident), version)),
        RecordKind::Problem => Problem::fold(log).map(|(problem, version)| (Record::from(problem), version)),
    };
    folded.map_err(|error| corrupt(format!("the log of {id}"), error))
}

/// What is written so that a record, now at a version, is what its log adds up to. By when it is woken depends on the
/// policy: it stays as it is.
pub(in crate::store) fn rebuilt(
    id: RecordId,
    log: &[Event],
    stored: Version,
    wake_at: Option<Instant>,
) -> Result<Write, RepositoryError> {
    let (record, version) = folded(id, log)?;
    let terms = Terms::of(&record);
    Ok(Write {
        expected: Expected::At(stored),
        row: IndexRow::of(&record, version, wake_at),
        terms: TermChange { standing: Some(terms.standing), subject: Some(terms.subject) },
        record,
        events: [].into(),
    })
}
