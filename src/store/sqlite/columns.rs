//! What stands in columns: keys, instants, rows and records, as SQLite keeps them.

use std::{error::Error as StdError, str::FromStr, sync::Arc};

use rusqlite::{
    Params, Row, params_from_iter,
    types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef},
};

use super::error::{BACKEND, corrupt};
pub(super) use crate::store::sql::{ROW, ROW_WIDTH, Unfit, bytes, checksum, command, kind, lines};
use crate::{
    digest::Digest,
    event::{Event, RecordId},
    store::{
        IndexRow, Loaded, Record, RepositoryError, Term,
        sql::{self, Columns, Damage, Select, Value},
    },
    time::Instant,
};

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

/// Terms, each on a line of its own.
pub(super) struct Lines(pub Arc<[Term]>);

impl FromSql for Lines {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        sql::line_terms(value.as_str()?).map(Self).map_err(FromSqlError::Other)
    }
}

impl Columns for Row<'_> {
    fn int(&self, column: usize) -> Result<Option<i64>, Damage> {
        Ok(self.get(column)?)
    }

    fn text(&self, column: usize) -> Result<Option<&str>, Damage> {
        Ok(self.get_ref(column)?.as_str_or_null()?)
    }

    fn blob(&self, column: usize) -> Result<Option<&[u8]>, Damage> {
        Ok(self.get_ref(column)?.as_blob_or_null()?)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Int(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Bytes(bytes) => bytes.as_slice().into(),
        })
    }
}

/// The values of a statement, as it takes them.
pub(super) fn params(select: &Select) -> impl Params {
    params_from_iter(&select.values)
}

/// What is damaged is told like a column that cannot be read.
pub(super) fn told<T>(read: Result<T, Damage>) -> rusqlite::Result<T> {
    read.map_err(|damage| FromSqlError::Other(damage).into())
}

/// The id in two columns: kind and bytes.
pub(super) fn record_id(row: &Row<'_>, first: usize) -> rusqlite::Result<RecordId> {
    told(sql::record_id(row, first))
}

/// The row whose columns are those of [`ROW`](sql::ROW).
pub(super) fn index_row(row: &Row<'_>) -> rusqlite::Result<IndexRow> {
    told(sql::index_row(row))
}

/// The record whose version, checksum and snapshot stand in these columns and the two after it.
pub(super) fn loaded(row: &Row<'_>, id: RecordId, first: usize) -> Result<Loaded, RepositoryError> {
    sql::loaded(row, id, first).map_err(|damage| corrupt(id.to_string(), damage))
}

/// The event whose checksum and JSON stand in this column and the next.
pub(super) fn event(row: &Row<'_>, id: RecordId, sequence: u64, first: usize) -> Result<Event, RepositoryError> {
    sql::event(row, id, sequence, first).map_err(|damage| corrupt(format!("event {sequence} of {id}"), damage))
}

/// A digest out of its bytes.
pub(super) fn digest(bytes: [u8; 32]) -> Digest {
    Digest::from_bytes(bytes)
}

/// What is kept, as JSON.
pub(super) fn json(what: &impl serde::Serialize) -> Result<String, RepositoryError> {
    sql::json(BACKEND, what)
}

/// The snapshot of a record, as JSON.
pub(super) fn snapshot(record: &Record) -> Result<String, RepositoryError> {
    sql::snapshot(BACKEND, record)
}
