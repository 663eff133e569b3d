//! What is stored, under which keys and in which form; how a tenant's part of it is read; and what can go wrong.

use std::{
    error::Error as StdError,
    fmt::Debug,
    hash::{BuildHasher, RandomState},
    ops::{self, RangeInclusive},
    sync::Arc,
};

use andon::{
    Incident, Problem, Version,
    event::{PolicyStamp, RecordId},
    key::TenantId,
    store::{IndexRow, Loaded, Published, Record, RepositoryError, Scope, Term, Terms},
    time::Instant,
};
use redb::{
    AccessGuard, Database, Key, Range, ReadTransaction, ReadableTable, StorageError, TableDefinition, WriteTransaction,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Keys begin with the tenant: what is read for one is a range that reaches into no other. Names are the texts of ids,
/// numbers, digests and kinds.
type ByName = (&'static str, &'static str);
type ByPlace = (&'static str, u64);
/// A record, and the sequence of an event.
type BySequence = (&'static str, &'static str, u64);
/// The exception, for what is read across tenants: seconds and nanoseconds, a name, and the tenant.
type ByInstant = (i64, u32, &'static str, &'static str);
/// Later versions of the library read the JSON of this one.
type Json = &'static [u8];

/// By record, its row and terms. Apart from the records, for they are read much more often.
pub const ROWS: TableDefinition<ByName, Json> = TableDefinition::new("rows");
/// By record, the record.
pub const RECORDS: TableDefinition<ByName, Json> = TableDefinition::new("records");
/// By record and sequence, events.
pub const LOG: TableDefinition<BySequence, Json> = TableDefinition::new("log");
/// By number, the id of the record.
pub const NUMBERS: TableDefinition<ByName, Json> = TableDefinition::new("numbers");
/// By kind, the last number that was given.
pub const COUNTERS: TableDefinition<ByName, Json> = TableDefinition::new("counters");
/// By place, counted from 1, what was written.
pub const FEED: TableDefinition<ByPlace, Json> = TableDefinition::new("feed");
/// By when something falls due, and by record: when, which and whose.
pub const WAKES: TableDefinition<ByInstant, Json> = TableDefinition::new("wakes");
/// By command, answers.
pub const ANSWERS: TableDefinition<ByName, Json> = TableDefinition::new("answers");
/// By when they were recorded, and by command: the answers that may be forgotten.
pub const FORGETTABLE: TableDefinition<ByInstant, ()> = TableDefinition::new("forgettable");
/// By digest, documents.
pub const DOCUMENTS: TableDefinition<ByName, Json> = TableDefinition::new("documents");
/// By version, what was published.
pub const PUBLISHED: TableDefinition<ByPlace, Json> = TableDefinition::new("published");
/// What belongs to no tenant.
const STORE: TableDefinition<&str, u64> = TableDefinition::new("store");

/// Makes the tables that are missing, so that whoever reads finds them all. Gives the epoch of the feed, which is made with
/// the tables. Whoever restores a backup takes it out, so that another is made: positions that were given since the backup
/// are no longer good.
pub fn make(database: &Database) -> Result<u64, Failure> {
    let transaction = database.begin_write()?;
    for table in [ROWS, RECORDS, NUMBERS, COUNTERS, ANSWERS, DOCUMENTS] {
        transaction.open_table(table)?;
    }
    for table in [FEED, PUBLISHED] {
        transaction.open_table(table)?;
    }
    transaction.open_table(LOG)?;
    transaction.open_table(WAKES)?;
    transaction.open_table(FORGETTABLE)?;
    let known = transaction.open_table(STORE)?.get("epoch")?.map(|epoch| epoch.value());
    // The keys of a new hasher are random.
    let epoch = known.unwrap_or_else(|| RandomState::new().hash_one("epoch"));
    transaction.open_table(STORE)?.insert("epoch", epoch)?;
    transaction.commit()?;
    Ok(epoch)
}

/// What lists, searches and checks look at.
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

/// What a tenant has stored, as it was at one moment.
pub struct Stored {
    pub transaction: ReadTransaction,
    pub tenant: TenantId,
}

impl Stored {
    /// What has this name.
    pub fn find<T, E: Into<Source>>(
        &self,
        table: TableDefinition<ByName, Json>,
        name: &str,
        read: impl Fn(&[u8]) -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        let key = (self.tenant.as_str(), name);
        let Some(json) = self.transaction.open_table(table)?.get(key)? else { return Ok(None) };
        read(json.value()).map(Some).map_err(|error| corrupt(key, error))
    }

    /// Whatever has a name.
    pub fn all(&self, table: TableDefinition<ByName, Json>) -> Result<Range<'static, ByName, Json>, Failure> {
        // No name begins with the last of all characters.
        Ok(self
            .transaction
            .open_table(table)?
            .range((self.tenant.as_str(), "")..(self.tenant.as_str(), "\u{10ffff}"))?)
    }

    /// Events of a record.
    pub fn log(&self, id: RecordId, part: RangeInclusive<u64>) -> Result<Range<'static, BySequence, Json>, Failure> {
        let (tenant, name, (first, last)) = (self.tenant.as_str(), id.to_string(), part.into_inner());
        Ok(self.transaction.open_table(LOG)?.range((tenant, &*name, first)..=(tenant, &*name, last))?)
    }

    /// What stands in these places.
    pub fn places(
        &self,
        table: TableDefinition<ByPlace, Json>,
        part: ops::Range<u64>,
    ) -> Result<Range<'static, ByPlace, Json>, Failure> {
        Ok(self
            .transaction
            .open_table(table)?
            .range((self.tenant.as_str(), part.start)..(self.tenant.as_str(), part.end))?)
    }

    /// The last place in the feed that is taken; 0 if none is.
    pub fn feed_end(&self) -> Result<u64, Failure> {
        let last = self.places(FEED, 0..u64::MAX)?.next_back().transpose()?;
        Ok(last.map_or(0, |(key, _)| key.value().1))
    }

    /// The policy in force.
    pub fn in_force(&self) -> Result<Option<PolicyStamp>, Failure> {
        let latest = each(self.places(PUBLISHED, 0..u64::MAX)?.rev(), from_json::<Published>).next().transpose()?;
        Ok(latest.map(|published| published.stamp))
    }

    /// What is listed of a record, whoever asks.
    pub fn listed(&self, id: RecordId) -> Result<Option<Listed>, Failure> {
        self.find(ROWS, &id.to_string(), from_json)
    }

    /// What is listed of a record, if the viewer may see it.
    pub fn seen(&self, scope: &Scope, id: RecordId) -> Result<Option<Listed>, Failure> {
        Ok(self.listed(id)?.filter(|listed| scope.sees(&listed.terms)))
    }

    /// A record, if the viewer may see it.
    pub fn load(&self, scope: &Scope, id: RecordId) -> Result<Option<Loaded>, Failure> {
        let Some(Listed { row, .. }) = self.seen(scope, id)? else { return Ok(None) };
        let read = |json: &[u8]| -> Result<Record, Source> {
            match id {
                RecordId::Incident(_) => Ok(Incident::from_json(json)?.into()),
                RecordId::Problem(_) => Ok(Problem::from_json(json)?.into()),
                _ => Err(UNKNOWN.into()),
            }
        };
        let record = self.find(RECORDS, &id.to_string(), read)?;
        Ok(record.map(|record| Loaded { record, version: row.version }))
    }
}

/// What stands under each of some keys.
pub fn each<'a, K: Key + 'static, T, E: Into<Source>>(
    entries: impl Iterator<Item = Result<(AccessGuard<'a, K>, AccessGuard<'a, Json>), StorageError>>,
    read: impl Fn(&[u8]) -> Result<T, E>,
) -> impl Iterator<Item = Result<T, Failure>> {
    entries.map(move |entry| {
        let (key, json) = entry?;
        read(json.value()).map_err(|error| corrupt(key.value(), error))
    })
}

/// Puts something under a key.
pub fn put<K: Key + 'static>(
    transaction: &WriteTransaction,
    table: TableDefinition<K, Json>,
    key: K::SelfType<'_>,
    value: &impl Serialize,
) -> Result<(), Failure> {
    let json = serde_json::to_vec(value).map_err(unwritten)?;
    transaction.open_table(table)?.insert(key, &*json)?;
    Ok(())
}

/// Puts a record where it is loaded from.
pub fn put_record(transaction: &WriteTransaction, key: (&str, &str), record: &Record) -> Result<(), Failure> {
    match record {
        Record::Incident(incident) => put(transaction, RECORDS, key, &**incident),
        Record::Problem(problem) => put(transaction, RECORDS, key, &**problem),
        _ => Err(unwritten(UNKNOWN)),
    }
}

/// Keys that compare as [`Wake`](andon::store::Wake)s do: the names of records compare as their ids.
pub fn by_instant<'a>(at: Instant, name: &'a str, tenant: &'a str) -> (i64, u32, &'a str, &'a str) {
    (at.timestamp(), at.timestamp_subsec_nanos(), name, tenant)
}

pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json)
}

/// A [`RepositoryError`], in a type of its own so that `?` makes it of whatever the database says.
#[derive(Debug)]
pub struct Failure(pub RepositoryError);

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let source = Box::new(error.into());
        Self(RepositoryError::Backend { backend: "redb", operation: "a transaction", source })
    }
}

impl From<Failure> for RepositoryError {
    fn from(Failure(error): Failure) -> Self {
        error
    }
}

/// Something that stands under a key and cannot be read.
pub fn corrupt(key: impl Debug, error: impl Into<Source>) -> Failure {
    Failure(RepositoryError::Corrupt { key: format!("{key:?}"), source: error.into() })
}

fn unwritten(error: impl Into<Source>) -> Failure {
    Failure(RepositoryError::Backend { backend: "redb", operation: "writing JSON", source: error.into() })
}

/// The library may come to know kinds that a repository does not.
const UNKNOWN: &str = "it is of a kind that this repository does not know";

type Source = Box<dyn StdError + Send + Sync>;
