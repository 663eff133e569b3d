//! A repository in a file, over SQLite.

mod columns;
mod commit;
mod erase;
mod error;
mod feed;
mod list;
mod maintain;
mod moving;
mod options;
#[cfg(test)]
mod plans;
mod queue;
mod read;
mod record;
mod schema;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use event_listener::Event as Landing;
use futures_channel::oneshot;
pub use options::{Durability, SqliteOptions};
use rusqlite::Connection;

use self::{
    queue::{Reads, closed},
    writer::{Task, Writes},
};
use super::{
    Commit, Document, EventPage, FeedKeeper, FeedPage, FeedPosition, FeedRequest, Filter, Found, Health, Inspection,
    Landed, Loaded, LogPart, MAX_PAGE, Migration, Moved, MovedKey, OpenError, PageRequest, Portable, Published,
    RecordKey, RecordKind, Refused, Repository, RepositoryError, RowPage, Scope, Sweep, Wake,
    sql::{Dialect, Recent},
};
use crate::{
    calendar::ZoneSource,
    digest::Digest,
    event::RecordId,
    id::CommandId,
    key::{ConsumerName, TenantId},
    time::Instant,
};

/// How SQLite has things said: a list goes along the index that it is told.
static DIALECT: Dialect = Dialect {
    table: str::to_owned,
    place: |_| "?".to_owned(),
    find: "instr",
    belongs: |rows| format!("{rows}.record = r.slot"),
    key_of_term: "t.record",
    key_of_record: "p.slot",
    along: |index| format!(" INDEXED BY {index}"),
};

/// A repository in a file, over SQLite, which is compiled in. It keeps every promise of [`Repository`]; a command that
/// was answered survives the end of the process and, unless [chosen otherwise](Durability), the loss of power.
///
/// One thread writes, and lets the commands that wait land together; a few others read. No call blocks whoever awaits it,
/// and no runtime is needed. A [blocking](crate::blocking) desk writes on the thread that waits, if nobody else does: that
/// takes a third of the time off a single command. Clones share what is open.
///
/// ```
/// use andon::{Actor, blocking, store::SqliteRepository};
///
/// let folder = std::env::temp_dir().join(format!("andon-doc-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// let repository = SqliteRepository::open(folder.join("desk.andon"))?;
/// let desk = blocking::Desk::from(andon::Desk::new(repository.clone()));
/// let anna = desk.tenant("acme")?.acting_as(Actor::person("anna")?.role("agent")?);
/// let incident = anna.report("Mail is down")?;
/// assert_eq!(incident.number().as_str(), "INC0000001");
/// pollster::block_on(repository.close());
/// std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteRepository(Arc<Shared>);

struct Shared {
    /// `None` once it was closed.
    open: RwLock<Option<Open>>,
    /// Told whenever something lands.
    landing: Landing,
    recent: Recent,
    epoch: u64,
    zones: Arc<dyn ZoneSource>,
    place: String,
}

/// The threads that have the connections.
struct Open {
    writes: Writes,
    reads: Reads,
    /// Comes to its end with the writer's thread.
    written: oneshot::Receiver<()>,
    /// Each comes to its end with a reader's thread.
    read: Vec<oneshot::Receiver<()>>,
}

impl SqliteRepository {
    /// Opens the repository in a file, which is made if there is none, with the [usual options](SqliteOptions).
    ///
    /// # Errors
    /// [`OpenError`]; see [`SqliteOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        SqliteOptions::new().open(path)
    }

    /// Opens an empty repository in memory.
    ///
    /// # Errors
    /// [`OpenError`]; see [`SqliteOptions::open_in_memory`].
    pub fn open_in_memory() -> Result<Self, OpenError> {
        SqliteOptions::new().open_in_memory()
    }

    /// Every migration, in order, with its statements.
    #[must_use]
    pub const fn migrations() -> &'static [Migration] {
        schema::MIGRATIONS
    }

    /// Closes it: what was handed in is done first. Every later call, of any clone, is
    /// [`Unavailable`](RepositoryError::Unavailable). One that is dropped without being closed does the same, and nobody
    /// waits for it.
    pub async fn close(&self) {
        let open = self.0.open.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Open { writes, reads, written, read }) = open else { return };
        drop(reads);
        for end in read {
            // The end of a thread is told by its letting go.
            let _ = end.await;
        }
        // The last connection that is closed puts the log into the file and removes it. Of two that are closed at once,
        // neither would be the last.
        drop(writes);
        let _ = written.await;
        self.0.landing.notify(usize::MAX);
    }

    /// How the file is, and whether it can be written: it waits for the writer's turn.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] if the file cannot be written within the [patience](SqliteOptions::patience);
    /// [`RepositoryError::Backend`] if it can be read only, or the disk is full.
    pub async fn health(&self) -> Result<Health, RepositoryError> {
        let place = self.0.place.clone();
        let health = move |connection: &Connection| maintain::health(connection, &place);
        self.writes()?.run(Task::Write, None, health).await
    }

    /// Copies everything, as it stands at one moment, into a new file, while others go on reading and writing. The copy
    /// is opened like any other file. It is of another epoch: positions in the feed of one are
    /// [`CursorTooOld`](RepositoryError::CursorTooOld) in the other. `progress` is told how many pages of how many are
    /// copied.
    ///
    /// # Errors
    /// [`RepositoryError::Backend`] if the new file exists, or cannot be written: nothing is left of it then.
    pub async fn backup(
        &self,
        to: impl AsRef<Path>,
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<(), RepositoryError> {
        let to = to.as_ref().to_owned();
        self.reads()?.run(move |connection| maintain::copy(connection, &to, progress)).await
    }

    /// Reads every record with its log, and says which are not as they were written: whose checksums do not fit, and
    /// which their events do not lead to. `progress` is told how many records were read.
    ///
    /// # Errors
    /// [`RepositoryError`] if the file cannot be read.
    pub async fn inspect(&self, progress: impl FnMut(u64) + Send + 'static) -> Result<Inspection, RepositoryError> {
        self.reads()?.run(move |connection| maintain::inspect(connection, progress)).await
    }

    /// Makes the snapshot, the row and the terms of a record anew from its log; says whether there is such a record. For
    /// one that is [`Corrupt`](RepositoryError::Corrupt) while its events are not.
    ///
    /// # Errors
    /// [`RepositoryError::Corrupt`] if an event is damaged, too: restore it from a backup.
    pub async fn rebuild(&self, tenant: &TenantId, record: impl Into<RecordId>) -> Result<bool, RepositoryError> {
        let (tenant, record) = (tenant.clone(), record.into());
        let rebuild = move |connection: &Connection| maintain::rebuild(connection, &tenant, record);
        self.writes()?.run(Task::Write, None, rebuild).await
    }

    fn new(open: Open, landing: Landing, epoch: u64, zones: Arc<dyn ZoneSource>, place: String) -> Self {
        Self(Arc::new(Shared { open: RwLock::new(Some(open)), landing, recent: Recent::new(), epoch, zones, place }))
    }

    fn writes(&self) -> Result<Writes, RepositoryError> {
        let open = self.0.open.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(|open| open.writes.clone()).ok_or_else(closed)
    }

    fn reads(&self) -> Result<Reads, RepositoryError> {
        let open = self.0.open.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(|open| open.reads.clone()).ok_or_else(closed)
    }

    /// Reads as everything of a tenant stood at one moment.
    async fn read<T: Default + Send + 'static>(
        &self,
        tenant: &TenantId,
        read: impl FnOnce(&Connection, i64) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let tenant = tenant.clone();
        let reads = self.reads()?;
        reads.run(move |connection| read::of_tenant(connection, &tenant, |tenant| read(connection, tenant))).await
    }

    fn position(&self, place: u64) -> FeedPosition {
        FeedPosition { epoch: self.0.epoch, place }
    }

    /// The place in the feed, if the position is of this epoch.
    fn place(&self, position: FeedPosition) -> Result<u64, RepositoryError> {
        if position.epoch == self.0.epoch { Ok(position.place) } else { Err(RepositoryError::CursorTooOld) }
    }
}

impl fmt::Debug for SqliteRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteRepository({})", self.0.place)
    }
}

impl Repository for SqliteRepository {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        let (owned, key) = (scope.clone(), key.cloned());
        let tenant = scope.tenant.clone();
        let load = move |connection: &Connection| {
            let load = |tenant| read::load(connection, tenant, &owned, key.as_ref(), command);
            read::of_tenant(connection, &tenant, load)
        };
        self.reads()?.run_shortly(load).await?.decoded(&self.0.recent)
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError> {
        let (owned, ids) = (scope.clone(), records.to_vec());
        let load = move |connection: &Connection, tenant| {
            let one = |id: RecordId| read::record(connection, tenant, &owned, &id.into());
            ids.into_iter().map(one).collect::<Result<Vec<_>, _>>()
        };
        let mut found = self.read(&scope.tenant, load).await?;
        found.resize(records.len(), None);
        Ok(found)
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        let commit = Arc::new(commit);
        let landed = self.land(tenant.clone(), Arc::clone(&commit)).await;
        match landed {
            Ok(landed) => Ok(landed),
            Err(error) => Err(Refused { error, commit: Box::new(Arc::unwrap_or_clone(commit)) }),
        }
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        let tenant = tenant.clone();
        let next = move |connection: &Connection| commit::next_number(connection, &tenant, kind);
        self.writes()?.run(Task::Unsynced, None, next).await
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError> {
        let owned = scope.clone();
        let read = move |connection: &Connection, tenant| read::events(connection, tenant, &owned, record, part);
        self.read(&scope.tenant, read).await
    }

    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
        let (owned, query, PageRequest { at, after, .. }) = (scope.clone(), request.query.clone(), request);
        let limit = request.limit.clamp(1, MAX_PAGE);
        let read = move |connection: &Connection, tenant| {
            let request = PageRequest { query: &query, at, after, limit };
            let rows = list::rows(connection, tenant, &owned, request, limit.saturating_add(1))?;
            Ok((rows, feed::bounds(connection, tenant)?.end, read::in_force(connection, tenant)?))
        };
        let (mut rows, end, policy) = self.read(&scope.tenant, read).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok(RowPage { rows, more, feed: self.position(end), policy })
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError> {
        let (owned, filter) = (scope.clone(), filter.clone());
        let count = move |connection: &Connection, tenant| list::count(connection, tenant, &owned, &filter, cap);
        self.read(&scope.tenant, count).await
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>, RepositoryError> {
        self.reads()?.run(move |connection| read::wakes(connection, &sweep)).await
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError> {
        let after = request.after.map(|after| self.place(after)).transpose()?;
        let (owned, filter, limit, epoch) = (scope.clone(), request.filter.clone(), request.limit, self.0.epoch);
        let read = move |connection: &Connection, tenant| {
            feed::page(connection, tenant, &feed::Wanted { scope: &owned, filter: &filter, after, limit, epoch })
                .map(Some)
        };
        match (self.read(&scope.tenant, read).await?, after) {
            (Some(page), _) => Ok(page),
            (None, None | Some(0)) => Ok(FeedPage { entries: Vec::new(), next: self.position(0), more: false }),
            (None, Some(_)) => Err(RepositoryError::CursorTooOld),
        }
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError> {
        let after = self.place(after)?;
        // Ends with the first landing of this tenant's; a landing of another's only begins a round.
        loop {
            let landing = self.0.landing.listen();
            let bounds = self.read(tenant, feed::bounds).await?;
            if after < bounds.floor || after > bounds.end {
                return Err(RepositoryError::CursorTooOld);
            }
            if after < bounds.end {
                return Ok(());
            }
            landing.await;
        }
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>, RepositoryError> {
        let zones = Arc::clone(&self.0.zones);
        self.read(tenant, move |connection, tenant| read::document(connection, tenant, digest, &*zones)).await
    }

    async fn published(
        &self,
        tenant: &TenantId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Published>, RepositoryError> {
        self.read(tenant, move |connection, tenant| read::published(connection, tenant, before, limit)).await
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        let forget = move |connection: &Connection| commit::forget(connection, before, limit);
        self.writes()?.run(Task::Write, None, forget).await
    }
}

impl FeedKeeper for SqliteRepository {
    async fn consumer(&self, tenant: &TenantId, name: &ConsumerName) -> Result<Option<FeedPosition>, RepositoryError> {
        let name = name.clone();
        let place = self.read(tenant, move |connection, tenant| feed::consumer(connection, tenant, &name)).await?;
        Ok(place.map(|place| self.position(place)))
    }

    async fn consumers(&self, tenant: &TenantId) -> Result<Vec<(ConsumerName, FeedPosition)>, RepositoryError> {
        let known = self.read(tenant, feed::consumers).await?;
        Ok(known.into_iter().map(|(name, place)| (name, self.position(place))).collect())
    }

    async fn acknowledge(
        &self,
        tenant: &TenantId,
        name: &ConsumerName,
        upto: FeedPosition,
    ) -> Result<(), RepositoryError> {
        let (tenant, name, upto) = (tenant.clone(), name.clone(), self.place(upto)?);
        let acknowledge = move |connection: &Connection| {
            feed::acknowledge(connection, commit::tenant_id(connection, &tenant)?, &name, upto)
        };
        self.writes()?.run(Task::Write, None, acknowledge).await
    }

    async fn remove_consumer(&self, tenant: &TenantId, name: &ConsumerName) -> Result<bool, RepositoryError> {
        let (tenant, name) = (tenant.clone(), name.clone());
        let remove = move |connection: &Connection| match read::tenant_id(connection, &tenant)? {
            Some(tenant) => feed::remove_consumer(connection, tenant, &name),
            None => Ok(false),
        };
        self.writes()?.run(Task::Write, None, remove).await
    }

    async fn trim_feed(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        self.writes()?.run(Task::Write, None, move |connection| feed::trim(connection, before, limit)).await
    }
}

impl Portable for SqliteRepository {
    async fn export(
        &self,
        tenant: &TenantId,
        after: Option<MovedKey>,
        limit: usize,
    ) -> Result<Vec<Moved>, RepositoryError> {
        let zones = Arc::clone(&self.0.zones);
        let export = move |connection: &Connection, tenant| moving::export(connection, tenant, after, limit, &*zones);
        self.read(tenant, export).await
    }

    async fn import(&self, tenant: &TenantId, moved: Vec<Moved>) -> Result<(), RepositoryError> {
        let tenant = tenant.clone();
        let import = move |connection: &Connection| moving::import(connection, &tenant, &moved);
        self.writes()?.run(Task::Write, None, import).await?;
        self.0.landing.notify(usize::MAX);
        Ok(())
    }
}

impl SqliteRepository {
    async fn land(&self, tenant: TenantId, commit: Arc<Commit>) -> Result<Landed, RepositoryError> {
        let command = commit.command;
        let texts = commit.writes.iter().map(record::Texts::of).collect::<Result<Vec<_>, _>>()?;
        let snapshots: Vec<_> =
            commit.writes.iter().zip(&texts).map(|(write, texts)| texts.snapshot_of(write)).collect();
        let land = move |connection: &Connection| commit::land(connection, &tenant, &commit, texts);
        let landed = self.writes()?.run(Task::Write, Some(command), land).await?;
        if landed == Landed::Now {
            for snapshot in snapshots {
                self.0.recent.keep(snapshot);
            }
            self.0.landing.notify(usize::MAX);
        }
        Ok(landed)
    }
}
