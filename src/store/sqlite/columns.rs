//! What stands in columns: keys, instants, rows and records, as SQLite keeps them.

use std::{error::Error as StdError, str::FromStr, sync::Arc};

use rusqlite::{
    Row,
    types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef},
};

use super::error::{During as _, corrupt};
use crate::{
    digest::Digest,
    event::{Event, RecordId},
    id::{CommandId, Id, Number, Version},
    incident::Incident,
    priority::Priority,
    problem::Problem,
    record::{AnyStage, RecordKind},
    store::{IndexRow, Loaded, Record, RepositoryError, Term},
    time::Instant,
};

/// The columns of a row of the table `record`, called `r`, as [`index_row`] reads them.
pub(super) const ROW: &str = "r.kind, r.id, r.number, r.version, r.stage, r.label, r.rank, r.priority, r.major, r.grp, \
                              r.person, r.clock, r.due, r.wake_at, r.reported_at, r.updated_at, r.title";

/// How many columns those are.
pub(super) const ROW_WIDTH: usize = 17;

/// An instant as microseconds since 1970.
pub(super) struct At(pub Instant);

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = value.as_i64()?;
        Instant::from_timestamp_micros(micros).map(Self).ok_or(FromSqlError::OutOfRange(micros))
    }
}

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.timestamp_micros().into())
    }
}

/// A number that is never negative.
pub(super) struct Count(pub u64);

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        i64::try_from(self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

/// A key, or another text that is read from its written form.
pub(super) struct Key<T>(pub T);

impl<T: FromStr<Err: StdError + Send + Sync + 'static>> FromSql for Key<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// Something that is kept as JSON.
pub(super) struct Json<T>(pub T);

impl<T: serde::de::DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_slice(value.as_bytes()?).map(Self).map_err(FromSqlError::other)
    }
}

/// Terms, each on a line of its own.
pub(super) struct Lines(pub Arc<[Term]>);

impl FromSql for Lines {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let lines = value.as_str()?.split('\n').filter(|line| !line.is_empty());
        lines.map(Term::from_str).collect::<Result<_, _>>().map(Self).map_err(FromSqlError::other)
    }
}

/// The text in which terms stand on lines of their own.
pub(super) fn lines(terms: &[Term]) -> String {
    let mut text = String::from("\n");
    for term in terms {
        text.push_str(&term.to_string());
        text.push('\n');
    }
    text
}

/// The term as it stands in such a text, with nothing before or after it on its line.
pub(super) fn line(term: &Term) -> String {
    format!("\n{term}\n")
}

pub(super) const fn kind(kind: RecordKind) -> i64 {
    match kind {
        RecordKind::Incident => 1,
        RecordKind::Problem => 2,
    }
}

/// The bytes of an id.
pub(super) fn bytes(id: RecordId) -> [u8; 16] {
    match id {
        RecordId::Incident(id) => id.as_u128().to_be_bytes(),
        RecordId::Problem(id) => id.as_u128().to_be_bytes(),
    }
}

/// The bytes of the id of a command.
pub(super) const fn command(id: CommandId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

/// The id in two columns: kind and bytes.
pub(super) fn record_id(row: &Row<'_>, first: usize) -> rusqlite::Result<RecordId> {
    let id = u128::from_be_bytes(row.get(first.saturating_add(1))?);
    match row.get(first)? {
        1_i64 => Ok(Id::<Incident>::from_u128(id).into()),
        2 => Ok(Id::<Problem>::from_u128(id).into()),
        other => Err(FromSqlError::OutOfRange(other).into()),
    }
}

fn optional<T: FromStr<Err: StdError + Send + Sync + 'static>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    Ok(row.get::<_, Option<Key<T>>>(column)?.map(|key| key.0))
}

fn stage(kind: RecordKind, key: &str) -> Option<AnyStage> {
    AnyStage::all().find(|stage| stage.kind() == kind && stage.key() == key)
}

/// The row whose columns are those of [`ROW`].
pub(super) fn index_row(row: &Row<'_>) -> rusqlite::Result<IndexRow> {
    let id = record_id(row, 0)?;
    let unknown = || FromSqlError::Other("the stage is unknown".into());
    let stage = stage(id.kind(), row.get_ref(4)?.as_str()?).ok_or_else(unknown)?;
    let rank: i64 = row.get(6)?;
    let found = u8::try_from(rank).ok().and_then(std::num::NonZeroU8::new);
    let rank = found.ok_or(FromSqlError::OutOfRange(rank))?;
    let instant = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<At>>(column)?.map(|at| at.0));
    Ok(IndexRow {
        id,
        number: row.get::<_, Key<Number>>(2)?.0,
        version: Version::new(row.get::<_, Count>(3)?.0),
        stage,
        label: optional(row, 5)?,
        priority: Priority { rank, name: row.get::<_, Key<_>>(7)?.0 },
        major: row.get(8)?,
        group: optional(row, 9)?,
        person: optional(row, 10)?,
        clock: optional(row, 11)?,
        due: instant(12)?,
        wake_at: instant(13)?,
        reported_at: row.get::<_, At>(14)?.0,
        updated_at: row.get::<_, At>(15)?.0,
        title: row.get::<_, Json<_>>(16)?.0,
    })
}

/// The CRC-32 of what is kept as JSON: it tells when that is damaged.
pub(super) fn checksum(json: &[u8]) -> i64 {
    i64::from(crc32fast::hash(json))
}

/// What is kept as JSON is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("the checksum does not fit")]
pub(super) struct Damaged;

/// The record whose version, checksum and snapshot stand in these columns and the two after it.
pub(super) fn loaded(row: &Row<'_>, id: RecordId, first: usize) -> Result<Loaded, RepositoryError> {
    let column = |offset: usize| first.saturating_add(offset);
    let read = || Ok((row.get::<_, Count>(column(0))?.0, row.get::<_, i64>(column(1))?, row.get_ref(column(2))?));
    let (version, sum, snapshot) = read().during("load")?;
    let broken = |source: Box<dyn StdError + Send + Sync>| corrupt(id.to_string(), source);
    let json = snapshot.as_bytes().map_err(|error| broken(error.into()))?;
    if checksum(json) != sum {
        return Err(broken(Damaged.into()));
    }
    let record = match id.kind() {
        RecordKind::Incident => Incident::from_json(json).map(Record::from),
        RecordKind::Problem => Problem::from_json(json).map(Record::from),
    };
    let record = record.map_err(|error| broken(error.into()))?;
    if record.id() != id {
        return Err(broken("it is the snapshot of another record".into()));
    }
    Ok(Loaded { record, version: Version::new(version) })
}

/// The event whose checksum and JSON stand in this column and the next.
pub(super) fn event(row: &Row<'_>, id: RecordId, sequence: u64, first: usize) -> Result<Event, RepositoryError> {
    let read = || Ok((row.get::<_, i64>(first)?, row.get_ref(first.saturating_add(1))?));
    let (sum, json) = read().during("read a log")?;
    let broken = |source: Box<dyn StdError + Send + Sync>| corrupt(format!("event {sequence} of {id}"), source);
    let json = json.as_bytes().map_err(|error| broken(error.into()))?;
    if checksum(json) != sum {
        return Err(broken(Damaged.into()));
    }
    let event = Event::from_json(json).map_err(|error| broken(error.into()))?;
    if event.record != id || event.sequence.get() != sequence {
        return Err(broken("it is the event of another place".into()));
    }
    Ok(event)
}

/// A digest out of its bytes.
pub(super) fn digest(bytes: [u8; 32]) -> Digest {
    Digest::from_bytes(bytes)
}

/// What is kept, as JSON.
pub(super) fn json(what: &impl serde::Serialize) -> Result<String, RepositoryError> {
    let failed = |error| RepositoryError::Backend {
        backend: super::error::BACKEND,
        operation: "write JSON",
        source: Box::new(error),
    };
    serde_json::to_string(what).map_err(failed)
}

/// The snapshot of a record, as JSON.
pub(super) fn snapshot(record: &Record) -> Result<String, RepositoryError> {
    match record {
        Record::Incident(incident) => json(&**incident),
        Record::Problem(problem) => json(&**problem),
    }
}
