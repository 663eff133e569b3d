//! A repository in a database, over PostgreSQL.

mod ask;
mod columns;
mod commit;
mod engine;
mod error;
mod feed;
mod list;
mod listen;
mod maintain;
mod moving;
mod options;
mod plentiful;
mod read;
mod schema;
mod usual;
mod within;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use deadpool_postgres::{Object, Pool};
pub use options::PostgresOptions;
use tokio_postgres::{IsolationLevel, types::Type};
pub use within::PostgresTransaction;

use self::{
    ask::{Ask as _, Pooled, Usual},
    columns::Param,
    engine::Engine,
    error::{Failure, unavailable},
    listen::Listening,
    plentiful::Plentiful,
    schema::Name,
};
use super::{
    Commit, Document, EventPage, FeedKeeper, FeedPage, FeedPosition, FeedRequest, Filter, Found, Health, Inspection,
    Landed, Loaded, LogPart, Migration, Moved, MovedKey, OpenError, PageRequest, Portable, Published, RecordKey,
    RecordKind, Refused, Repository, RepositoryError, RowPage, Scope, Sweep, Wake,
    sql::{Dialect, Recent, Select},
};
use crate::{
    calendar::ZoneSource,
    digest::Digest,
    event::RecordId,
    id::CommandId,
    key::{ConsumerName, TenantId},
    time::Instant,
};

/// How PostgreSQL has things said: the planner finds the index.
static DIALECT: Dialect = Dialect {
    table: |name| format!("{{schema}}.{name}"),
    place: |place| format!("${place}"),
    find: "strpos",
    belongs: |rows| format!("{rows}.tenant = r.tenant AND {rows}.kind = r.kind AND {rows}.id = r.id"),
    key_of_term: "t.kind, t.id",
    key_of_record: "p.kind, p.id",
    along: |_| String::new(),
};

/// A repository in a schema of a database, over PostgreSQL 14 or later. It keeps every promise of [`Repository`]; a
/// command that was answered is as safe as the server's commits are.
///
/// A command takes two round trips: one loads, and one statement lets everything land. One that makes a record takes a
/// third, for its number, and one that erases texts, too, for the log. Nothing depends on an isolation above READ
/// COMMITTED: each record's version is checked under its lock. The tenant is named in every statement, and row-level
/// security stands behind that.
///
/// Clones share the pool. Dropping the last one closes it.
///
/// ```no_run
/// # async fn work() -> Result<(), Box<dyn std::error::Error>> {
/// use andon::{Actor, Desk, store::PostgresRepository};
///
/// let repository = PostgresRepository::open("postgres://desk@localhost/itsm").await?;
/// let desk = Desk::new(repository);
/// let anna = desk.tenant("acme")?.acting_as(Actor::person("anna")?.role("agent")?);
/// let incident = anna.report("Mail is down").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresRepository(Arc<Shared>);

/// What clones share.
struct Shared {
    pool: Pool,
    name: Name,
    listening: Listening,
    patience: Duration,
    /// Whether statements are prepared: not where each transaction may have another connection.
    prepares: bool,
    usual: Usual,
    plentiful: Plentiful,
    recent: Recent,
    zones: Arc<dyn ZoneSource>,
    /// Dropped last.
    engine: Engine,
}

/// What is done in a transaction of its own.
const WORK: &str = "write";

impl Shared {
    /// What the server says within the patience. A connection from which nothing comes is of no use any more.
    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Failure> {
        match tokio::time::timeout(self.patience, answer).await {
            Ok(answer) => answer.map_err(Failure::of),
            Err(late) => Err(Failure::Lost(late.into())),
        }
    }

    /// How many milliseconds to wait for a lock at most: so that the server says that it did not get it, before nobody
    /// waits for the server any more.
    fn lock_patience(&self) -> i64 {
        ask::milliseconds(ask::less(self.patience, 4)).into()
    }

    /// A statement in which the schema has its name.
    fn named(&self, sql: &str) -> String {
        self.name.settle(sql)
    }

    /// The same, of a statement with values.
    fn settled(&self, select: Select) -> Select {
        let mut select = columns::without_nulls(select);
        select.sql = self.named(&select.sql);
        select
    }
}

impl PostgresRepository {
    /// Opens the repository at an address, with the [usual options](PostgresOptions).
    ///
    /// # Errors
    /// [`OpenError`]; see [`PostgresOptions::open`].
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        PostgresOptions::new().open(url).await
    }

    /// Every migration, in order, with its statements: `{schema}` stands in them for the schema that is chosen, and
    /// `{channel}` for the channel on which what lands is told.
    #[must_use]
    pub const fn migrations() -> &'static [Migration] {
        schema::MIGRATIONS
    }

    /// Closes the pool. Every later call, of any clone, is [`Unavailable`](RepositoryError::Unavailable); those that are
    /// under way come to their end. Other processes that listen may learn of what landed last only when they look by
    /// themselves.
    pub fn close(&self) {
        self.0.pool.close();
        self.0.listening.end();
    }

    /// How the database is, and whether it can be written.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] if the server does not answer in time, or can only be read.
    pub async fn health(&self) -> Result<Health, RepositoryError> {
        Box::pin(maintain::health(&self.0)).await
    }

    /// Reads every record with its log, and says which are not as they were written: whose checksums do not fit, and
    /// which their events do not lead to. `progress` is told how many records were read.
    ///
    /// # Errors
    /// [`RepositoryError`] if the database cannot be read.
    pub async fn inspect(&self, progress: impl FnMut(u64) + Send) -> Result<Inspection, RepositoryError> {
        Box::pin(maintain::inspect(&self.0, progress)).await
    }

    /// Makes the snapshot, the row and the terms of a record anew from its log; says whether there is such a record. For
    /// one that is [`Corrupt`](RepositoryError::Corrupt) while its events are not.
    ///
    /// # Errors
    /// [`RepositoryError::Corrupt`] if an event is damaged, too: restore it from a backup.
    pub async fn rebuild(&self, tenant: &TenantId, record: impl Into<RecordId>) -> Result<bool, RepositoryError> {
        let record = record.into();
        Box::pin(self.in_transaction(async |within| maintain::rebuild(within, tenant, record).await)).await
    }

    fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    fn pooled(&self) -> Pooled<'_> {
        Pooled(&self.0)
    }

    /// Does several things, which land together or not at all.
    async fn in_transaction<T>(
        &self,
        work: impl AsyncFnOnce(&ask::Within<'_, '_>) -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let work = async {
            let client = self.0.pool.get().await.map_err(|error| Failure::from(error).during(WORK));
            let mut client = client?;
            let done = self.transact(&mut client, work).await;
            if matches!(done, Err(RepositoryError::Unavailable { .. })) {
                // Whatever it is still about, nobody waits for it.
                drop(Object::take(client));
            }
            done
        };
        self.0.engine.run(work).await
    }

    async fn transact<T>(
        &self,
        client: &mut Object,
        work: impl AsyncFnOnce(&ask::Within<'_, '_>) -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let shared = &self.0;
        let failed = |failure: Failure| failure.during(WORK);
        let begun = (**client).build_transaction().isolation_level(IsolationLevel::ReadCommitted).start();
        let begun = shared.in_time(begun).await.map_err(failed)?;
        let within = ask::Within(shared, &begun);
        let patience: Param<'_> = (&shared.lock_patience(), Type::INT8);
        within.call("SELECT {schema}.wait_at_most($1)", &[patience]).await.map_err(failed)?;
        let done = work(&within).await?;
        shared.in_time(begun.commit()).await.map_err(failed)?;
        Ok(done)
    }
}

impl fmt::Debug for PostgresRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresRepository({}, {:?})", self.0.name.place, self.0.engine)
    }
}

fn closed() -> RepositoryError {
    unavailable("the repository is closed")
}

impl Repository for PostgresRepository {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        Box::pin(read::load(&self.pooled(), scope, key, command)).await
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError> {
        Box::pin(read::load_many(&self.pooled(), scope, records)).await
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        let landed = Box::pin(commit::land(&self.pooled(), tenant, &commit)).await;
        landed.map_err(|error| Refused { error, commit: Box::new(commit) })
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        Box::pin(commit::next_number(&self.pooled(), tenant, kind)).await
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError> {
        Box::pin(read::events(&self.pooled(), scope, record, part)).await
    }

    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
        Box::pin(list::page(&self.pooled(), scope, request)).await
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError> {
        Box::pin(list::count(&self.pooled(), scope, filter, cap)).await
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>, RepositoryError> {
        Box::pin(read::wakes(&self.pooled(), &sweep)).await
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError> {
        Box::pin(feed::page(&self.pooled(), scope, request)).await
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError> {
        Box::pin(feed::changed(&self.pooled(), tenant, after)).await
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>, RepositoryError> {
        Box::pin(read::document(&self.pooled(), tenant, digest)).await
    }

    async fn published(
        &self,
        tenant: &TenantId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Published>, RepositoryError> {
        Box::pin(read::published(&self.pooled(), tenant, before, limit)).await
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        Box::pin(read::forget(&self.pooled(), before, limit)).await
    }
}

impl FeedKeeper for PostgresRepository {
    async fn consumer(&self, tenant: &TenantId, name: &ConsumerName) -> Result<Option<FeedPosition>, RepositoryError> {
        Box::pin(feed::consumer(&self.pooled(), tenant, name)).await
    }

    async fn consumers(&self, tenant: &TenantId) -> Result<Vec<(ConsumerName, FeedPosition)>, RepositoryError> {
        Box::pin(feed::consumers(&self.pooled(), tenant)).await
    }

    async fn acknowledge(
        &self,
        tenant: &TenantId,
        name: &ConsumerName,
        upto: FeedPosition,
    ) -> Result<(), RepositoryError> {
        Box::pin(feed::acknowledge(&self.pooled(), tenant, name, upto)).await
    }

    async fn remove_consumer(&self, tenant: &TenantId, name: &ConsumerName) -> Result<bool, RepositoryError> {
        Box::pin(feed::remove_consumer(&self.pooled(), tenant, name)).await
    }

    async fn trim_feed(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        Box::pin(feed::trim(&self.pooled(), before, limit)).await
    }
}

impl Portable for PostgresRepository {
    async fn export(
        &self,
        tenant: &TenantId,
        after: Option<MovedKey>,
        limit: usize,
    ) -> Result<Vec<Moved>, RepositoryError> {
        Box::pin(moving::export(&self.pooled(), tenant, after, limit)).await
    }

    async fn import(&self, tenant: &TenantId, moved: Vec<Moved>) -> Result<(), RepositoryError> {
        Box::pin(self.in_transaction(async |within| moving::import(within, tenant, &moved).await)).await?;
        self.0.listening.landed(tenant.as_str());
        Ok(())
    }
}
