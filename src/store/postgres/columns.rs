//! What stands in columns, as PostgreSQL keeps it.

use std::error::Error as StdError;

use tokio_postgres::{
    Row,
    types::{FromSql, ToSql, Type},
};

use crate::store::sql::{Columns, Damage, Select, Value};

impl Columns for Row {
    fn int(&self, column: usize) -> Result<Option<i64>, Damage> {
        Ok(self.try_get::<_, Option<Int>>(column)?.map(|int| int.0))
    }

    fn text(&self, column: usize) -> Result<Option<&str>, Damage> {
        Ok(self.try_get(column)?)
    }

    fn blob(&self, column: usize) -> Result<Option<&[u8]>, Damage> {
        Ok(self.try_get(column)?)
    }
}

/// A number, however wide its column is.
struct Int(i64);

impl FromSql<'_> for Int {
    fn from_sql(of: &Type, raw: &[u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        match *of {
            Type::INT2 => i16::from_sql(of, raw).map(i64::from).map(Self),
            Type::INT4 => i32::from_sql(of, raw).map(i64::from).map(Self),
            _ => i64::from_sql(of, raw).map(Self),
        }
    }

    fn accepts(of: &Type) -> bool {
        matches!(*of, Type::INT2 | Type::INT4 | Type::INT8)
    }
}

/// A value for a place in a statement, with its type.
pub(super) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// The values of a statement, as it takes them.
pub(super) fn params(select: &Select) -> Vec<Param<'_>> {
    select.values.iter().map(param).collect()
}

fn param(value: &Value) -> Param<'_> {
    match value {
        Value::Int(number) => (number, Type::INT8),
        Value::Text(text) => (text, Type::TEXT),
        Value::Bytes(bytes) => (bytes, Type::BYTEA),
    }
}

/// Null characters stand in no text that is stored, and cannot be asked for: what is asked for instead is not stored,
/// either.
pub(super) fn without_nulls(mut select: Select) -> Select {
    for value in &mut select.values {
        if let Value::Text(text) = value
            && text.contains('\0')
        {
            *text = text.replace('\0', "\u{1f}\u{1f}");
        }
    }
    select
}

/// A number of a column that is small.
pub(super) fn small(number: i64) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// A number of a column that is never negative.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How many rows are wanted.
pub(super) fn size(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
