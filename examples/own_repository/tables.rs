//! What is stored, under which keys and in which form, and what can go wrong with it.

use std::{error::Error as StdError, fmt::Debug, sync::Arc};

use andon::{
    Incident, Problem, Version,
    event::{PolicyStamp, RecordId},
    store::{IndexRow, Loaded, Published, Record, RepositoryError, Scope, Term, Terms},
    time::Instant,
};
use redb::{Key, ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Keys begin with the tenant: what is read for one is a range that reaches into no other.
type ByName = (&'static str, &'static str);
type ByPlace = (&'static str, u64);
/// But for these, which are read across tenants: seconds and nanoseconds, a name, and the tenant.
type ByInstant = (i64, u32, &'static str, &'static str);
/// Values are JSON, which later versions of the library read.
type Json = &'static [u8];

/// By record, what lists, searches and checks look at. Apart from the records: it is read much more often.
pub const ROWS: TableDefinition<ByName, Json> = TableDefinition::new("rows");
/// By record, the record.
pub const RECORDS: TableDefinition<ByName, Json> = TableDefinition::new("records");
/// By number, the name of the record.
pub const NUMBERS: TableDefinition<ByName, &str> = TableDefinition::new("numbers");
/// By record and sequence, events.
pub const LOG: TableDefinition<(&str, &str, u64), Json> = TableDefinition::new("log");
/// By command, answers.
pub const ANSWERS: TableDefinition<ByName, Json> = TableDefinition::new("answers");
/// The commands whose answers may be forgotten, by when those were recorded.
pub const FORGETTABLE: TableDefinition<ByInstant, ()> = TableDefinition::new("forgettable");
/// By digest, documents.
pub const DOCUMENTS: TableDefinition<ByName, Json> = TableDefinition::new("documents");
/// By version, what was published.
pub const PUBLISHED: TableDefinition<ByPlace, Json> = TableDefinition::new("published");
/// By place, counted from 1, what was written.
pub const FEED: TableDefinition<ByPlace, Json> = TableDefinition::new("feed");
/// Records, by when something falls due on them. The value is the id, for a name is not read back.
pub const WAKES: TableDefinition<ByInstant, Json> = TableDefinition::new("wakes");
/// By kind, the last number that was given.
pub const COUNTERS: TableDefinition<ByName, u64> = TableDefinition::new("counters");
/// What belongs to no tenant: the epoch of the feed.
pub const STORE: TableDefinition<&str, u64> = TableDefinition::new("store");

/// Makes the tables that are missing, so that whoever reads finds them all.
pub fn make(transaction: &WriteTransaction) -> Result<(), Failure> {
    for table in [ROWS, RECORDS, ANSWERS, DOCUMENTS] {
        transaction.open_table(table)?;
    }
    for table in [PUBLISHED, FEED] {
        transaction.open_table(table)?;
    }
    transaction.open_table(NUMBERS)?;
    transaction.open_table(LOG)?;
    transaction.open_table(FORGETTABLE)?;
    transaction.open_table(WAKES)?;
    transaction.open_table(COUNTERS)?;
    transaction.open_table(STORE)?;
    Ok(())
}

/// What is stored of a record beside the record itself.
#[derive(Serialize, Deserialize)]
pub struct Listed {
    pub row: IndexRow,
    pub terms: Terms,
}

/// A write, as the feed remembers it.
#[derive(Serialize, Deserialize)]
pub struct Delivery {
    pub record: RecordId,
    pub first: Version,
    pub last: Version,
    /// Who could see the record before, if that changed.
    pub before: Option<Arc<[Term]>>,
}

/// The key of something that is found by an instant. Such keys compare as [`Wake`](andon::store::Wake)s do: the names of
/// records, `incident 0192f0c4-…`, compare as their ids.
pub fn by_instant<'a>(at: Instant, name: &'a str, tenant: &'a str) -> (i64, u32, &'a str, &'a str) {
    (at.timestamp(), at.timestamp_subsec_nanos(), name, tenant)
}

/// What stands under a key.
pub fn find<K: Key + 'static, T, E: Into<Source>>(
    table: &impl ReadableTable<K, Json>,
    key: K::SelfType<'_>,
    read: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<Option<T>, Failure> {
    let Some(json) = table.get(&key)? else { return Ok(None) };
    read(json.value()).map(Some).map_err(|error| corrupt(key, error))
}

/// What a tenant has in a table, with its names.
pub fn all<T: DeserializeOwned>(
    table: &impl ReadableTable<ByName, Json>,
    tenant: &str,
) -> Result<impl Iterator<Item = Result<(String, T), Failure>>, Failure> {
    // No name begins with the last of all characters.
    let range = table.range((tenant, "")..(tenant, "\u{10ffff}"))?;
    Ok(range.map(|entry| {
        let (key, json) = entry?;
        let value = from_json(json.value()).map_err(|error| corrupt(key.value(), error))?;
        Ok((key.value().1.to_owned(), value))
    }))
}

/// The row of a record, if the viewer may see it.
pub fn seen(rows: &impl ReadableTable<ByName, Json>, scope: &Scope, name: &str) -> Result<Option<Listed>, Failure> {
    let listed: Option<Listed> = find(rows, (scope.tenant.as_str(), name), from_json)?;
    Ok(listed.filter(|listed| scope.sees(&listed.terms)))
}

/// The record of this name, if the viewer may see it.
pub fn load(transaction: &ReadTransaction, scope: &Scope, name: &str) -> Result<Option<Loaded>, Failure> {
    let Some(Listed { row, .. }) = seen(&transaction.open_table(ROWS)?, scope, name)? else { return Ok(None) };
    let read = |json: &[u8]| -> Result<Record, Source> {
        match row.id {
            RecordId::Incident(_) => Ok(Incident::from_json(json)?.into()),
            RecordId::Problem(_) => Ok(Problem::from_json(json)?.into()),
            _ => Err(UNKNOWN.into()),
        }
    };
    let record = find(&transaction.open_table(RECORDS)?, (scope.tenant.as_str(), name), read)?;
    Ok(record.map(|record| Loaded { record, version: row.version }))
}

/// The policy in force.
pub fn in_force(published: &impl ReadableTable<ByPlace, Json>, tenant: &str) -> Result<Option<PolicyStamp>, Failure> {
    let latest: Option<Published> = find(published, (tenant, last_place(published, tenant)?), from_json)?;
    Ok(latest.map(|published| published.stamp))
}

/// The last place that is taken; 0 if none is.
pub fn last_place(table: &impl ReadableTable<ByPlace, Json>, tenant: &str) -> Result<u64, Failure> {
    let last = table.range((tenant, 0)..=(tenant, u64::MAX))?.next_back().transpose()?;
    Ok(last.map_or(0, |(key, _)| key.value().1))
}

/// A record as JSON.
pub fn record_to_json(record: &Record) -> Result<Vec<u8>, Failure> {
    match record {
        Record::Incident(incident) => to_json(&**incident),
        Record::Problem(problem) => to_json(&**problem),
        _ => Err(unwritten(UNKNOWN)),
    }
}

pub fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(unwritten)
}

pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json)
}

/// The library may come to know kinds that a repository does not.
const UNKNOWN: &str = "it is of a kind that this repository does not know";

type Source = Box<dyn StdError + Send + Sync>;

/// An error of the repository. A type of its own, so that `?` makes it of what the database says.
pub struct Failure(pub RepositoryError);

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let source = Box::new(error.into());
        Self(RepositoryError::Backend { backend: "redb", operation: "a transaction", source })
    }
}

/// What could not be written down.
fn unwritten(error: impl Into<Source>) -> Failure {
    Failure(RepositoryError::Backend { backend: "redb", operation: "writing JSON", source: error.into() })
}

/// What stands under a key and cannot be read.
pub fn corrupt(key: impl Debug, error: impl Into<Source>) -> Failure {
    Failure(RepositoryError::Corrupt { key: format!("{key:?}"), source: error.into() })
}
