//! What stands in columns: keys, terms and checksums.

use std::{fmt::Write as _, str::FromStr as _, sync::Arc};

use super::rows::Damage;
use crate::{
    event::RecordId,
    id::CommandId,
    record::RecordKind,
    store::{Record, RepositoryError, Term},
};

/// The columns of a row of the table `record`, called `r`, as [`index_row`](super::index_row) reads them.
pub(in crate::store) const ROW: &str = "r.kind, r.id, r.number, r.version, r.stage, r.label, r.rank, r.priority, r.major, r.grp, \
     r.person, r.clock, r.due, r.wake_at, r.reported_at, r.updated_at, r.title";

/// How many columns those are.
pub(in crate::store) const ROW_WIDTH: usize = 17;

/// The text in which terms stand on lines of their own, with a line break before the first and after the last.
pub(in crate::store) fn lines(terms: &[Term]) -> String {
    let mut text = String::with_capacity(256);
    text.push('\n');
    for term in terms {
        // Into a text, this cannot fail.
        let _ = writeln!(text, "{term}");
    }
    text
}

/// Whether one of these terms stands in such a text.
#[cfg(feature = "sqlite")]
pub(in crate::store) fn bears_one(text: &str, terms: &[Term]) -> bool {
    terms.iter().any(|term| text.contains(&line(term)))
}

/// The terms of such a text.
pub(in crate::store) fn line_terms(text: &str) -> Result<Arc<[Term]>, Damage> {
    let lines = text.split('\n').filter(|line| !line.is_empty());
    lines.map(Term::from_str).collect::<Result<_, _>>().map_err(Damage::from)
}

/// The term as it stands in such a text, with nothing before or after it on its line.
pub(in crate::store) fn line(term: &Term) -> String {
    format!("\n{term}\n")
}

/// Those of such a text by which records are found: what nearly all of them bear is no help.
pub(in crate::store) fn listed(lines: &str) -> Vec<&str> {
    lines.split('\n').filter(|line| !matches!(*line, "" | "everyone" | "problem:everyone")).collect()
}

/// The number of a kind.
pub(in crate::store) const fn kind(kind: RecordKind) -> i64 {
    match kind {
        RecordKind::Incident => 1,
        RecordKind::Problem => 2,
    }
}

/// The bytes of an id.
pub(in crate::store) fn bytes(id: RecordId) -> [u8; 16] {
    match id {
        RecordId::Incident(id) => id.as_u128().to_be_bytes(),
        RecordId::Problem(id) => id.as_u128().to_be_bytes(),
    }
}

/// The bytes of the id of a command.
pub(in crate::store) const fn command(id: CommandId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

/// The CRC-32 of what is kept as JSON: it tells when that is damaged.
pub(in crate::store) fn checksum(json: &[u8]) -> i64 {
    i64::from(crc32fast::hash(json))
}

/// What is kept, as JSON.
pub(in crate::store) fn json(backend: &'static str, what: &impl serde::Serialize) -> Result<String, RepositoryError> {
    written(backend, what, 1_000)
}

/// What is kept, as JSON; few are longer than this. To grow bit by bit takes longer than to write.
fn written(backend: &'static str, what: &impl serde::Serialize, capacity: usize) -> Result<String, RepositoryError> {
    let failed = |source| RepositoryError::Backend { backend, operation: "write JSON", source };
    let mut text = Vec::with_capacity(capacity);
    serde_json::to_writer(&mut text, what).map_err(|error| failed(Damage::from(error)))?;
    String::from_utf8(text).map_err(|error| failed(Damage::from(error)))
}

/// The snapshot of a record, as JSON.
pub(in crate::store) fn snapshot(backend: &'static str, record: &Record) -> Result<String, RepositoryError> {
    match record {
        Record::Incident(incident) => written(backend, &**incident, 4_000),
        Record::Problem(problem) => written(backend, &**problem, 4_000),
    }
}
