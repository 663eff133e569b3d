//! What is stored, under which keys and in which form; how a tenant's part of it is read; and what can go wrong.

use std::{
    error::Error as StdError,
    fmt::Debug,
    hash::{BuildHasher, RandomState},
    ops::RangeInclusive,
    sync::Arc,
};

use andon::{
    Version,
    event::{PolicyStamp, RecordId},
    key::TenantId,
    store::{IndexRow, Loaded, Published, Record, RepositoryError, Scope, Term, Terms},
    time::Instant,
};
use redb::{
    AccessGuard, Database, Key, Range, ReadTransaction, ReadableTable, StorageError, TableDefinition, WriteTransaction,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The key of nearly everything. The tenant comes first: what is read for one is a range that reaches into no other.
/// Then a name, the text of an id, a number, a digest or a kind; and a place where things have an order, else 0.
type Place = (&'static str, &'static str, u64);
/// The key of what is read across tenants: the seconds and nanoseconds of an instant, a name, the tenant.
type Moment = (i64, u32, &'static str, &'static str);
/// Records and events say of which schema they are, so that later versions of the library read them.
type Json = &'static [u8];
type Table<K = Place> = TableDefinition<'static, K, Json>;
pub type Entries<'a, K = Place> = Range<'a, K, Json>;

/// By record, its row and terms. Apart from the records, for they are read much more often.
pub const ROWS: Table = Table::new("rows");
/// By record.
pub const RECORDS: Table = Table::new("records");
/// By record, its events in their sequence.
pub const LOG: Table = Table::new("log");
/// By number, the id of its record.
pub const NUMBERS: Table = Table::new("numbers");
/// By kind, the last number that was given.
pub const COUNTERS: Table = Table::new("counters");
/// By command.
pub const ANSWERS: Table = Table::new("answers");
/// By digest.
pub const DOCUMENTS: Table = Table::new("documents");
/// Without a name, by version.
pub const PUBLISHED: Table = Table::new("published");
/// Without a name, every write, counted from 1.
pub const FEED: Table = Table::new("feed");
/// Records, by when something falls due on them.
pub const WAKES: Table<Moment> = Table::new("wakes");
/// Commands, by when their answers were recorded: those that may be forgotten.
pub const FORGETTABLE: Table<Moment> = Table::new("forgettable");
/// What belongs to no tenant.
const STORE: TableDefinition<&str, u64> = TableDefinition::new("store");

/// Makes the tables that are missing, so that whoever reads finds them all. Gives the epoch of the feed, which is made
/// with them. Whoever restores a backup takes it out, so that another is made: positions that were given since the
/// backup are no longer good.
pub fn make(database: &Database) -> Result<u64, Failure> {
    let transaction = database.begin_write()?;
    for table in [ROWS, RECORDS, LOG, NUMBERS, COUNTERS, ANSWERS, DOCUMENTS, PUBLISHED, FEED] {
        transaction.open_table(table)?;
    }
    for table in [WAKES, FORGETTABLE] {
        transaction.open_table(table)?;
    }
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
        table: Table,
        name: &str,
        read: impl Fn(&[u8]) -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        let key = (self.tenant.as_str(), name, 0);
        let Some(json) = self.transaction.open_table(table)?.get(key)? else { return Ok(None) };
        read(json.value()).map(Some).map_err(|error| corrupt(key, error))
    }

    /// Whatever has a name. None begins with the last of all characters.
    pub fn all(&self, table: Table) -> Result<Entries<'static>, Failure> {
        let tenant = self.tenant.as_str();
        Ok(self.transaction.open_table(table)?.range((tenant, "", 0)..(tenant, "\u{10ffff}", 0))?)
    }

    /// What stands in these places.
    pub fn places(&self, table: Table, name: &str, part: RangeInclusive<u64>) -> Result<Entries<'static>, Failure> {
        let (tenant, (first, last)) = (self.tenant.as_str(), part.into_inner());
        Ok(self.transaction.open_table(table)?.range((tenant, name, first)..=(tenant, name, last))?)
    }

    /// The last place in the feed that is taken; 0 if none is.
    pub fn feed_end(&self) -> Result<u64, Failure> {
        let last = self.places(FEED, "", 0..=u64::MAX)?.next_back().transpose()?;
        Ok(last.map_or(0, |(key, _)| key.value().2))
    }

    /// The policy in force.
    pub fn in_force(&self) -> Result<Option<PolicyStamp>, Failure> {
        let published = self.places(PUBLISHED, "", 0..=u64::MAX)?;
        let last: Option<Published> = each(published.rev(), from_json).next().transpose()?;
        Ok(last.map(|published| published.stamp))
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
        let record = self.find(RECORDS, &id.to_string(), from_json::<Record>)?;
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
    table: Table<K>,
    key: K::SelfType<'_>,
    value: &impl Serialize,
) -> Result<(), Failure> {
    let json = serde_json::to_vec(value).map_err(unwritten)?;
    transaction.open_table(table)?.insert(key, &*json)?;
    Ok(())
}

/// The key of a moment. Such keys compare as [`Wake`](andon::store::Wake)s do, for the names of records compare as
/// their ids.
pub fn by_instant<'a>(at: Instant, name: &'a str, tenant: &'a str) -> (i64, u32, &'a str, &'a str) {
    (at.timestamp(), at.timestamp_subsec_nanos(), name, tenant)
}

pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json)
}

/// A [`RepositoryError`], in a type of our own: so `?` can make it of whatever the database says.
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

type Source = Box<dyn StdError + Send + Sync>;
