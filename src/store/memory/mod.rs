//! A repository in memory: for tests, demonstrations, and hosts that need no durability.

mod log;
mod moving;
mod orders;
mod plan;
mod tenant;

#[cfg(not(shuttle))]
use std::sync::{Mutex, MutexGuard};
use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, RandomState},
    ops::Bound,
    sync::{Arc, PoisonError},
};

use event_listener::Event as Landing;
#[cfg(shuttle)]
use shuttle::sync::{Mutex, MutexGuard};
use tenant::{Tenant, Wakes};

use super::{
    Commit, Document, EventPage, FeedKeeper, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded,
    LogPart, MAX_PAGE, Moved, MovedKey, PageRequest, Portable, Published, RecordKey, RecordKind, Refused, Repository,
    RepositoryError, RowPage, Scope, Sweep, Wake,
};
use crate::{
    digest::Digest,
    event::RecordId,
    id::CommandId,
    key::{ConsumerName, TenantId},
    time::Instant,
};

/// A repository in memory. It keeps every promise of [`Repository`] but that of surviving the process.
/// Clones share what is stored.
#[derive(Clone)]
pub struct MemoryRepository(Arc<Shared>);

struct Shared {
    world: Mutex<World>,
    /// Told whenever something lands.
    landing: Landing,
    epoch: u64,
}

#[derive(Default)]
struct World {
    tenants: HashMap<TenantId, Tenant>,
    /// What falls due when, across tenants.
    wakes: Wakes,
}

impl MemoryRepository {
    /// An empty repository.
    #[must_use]
    pub fn new() -> Self {
        // The keys of a new hasher differ from those of any other: so do the lives of two repositories.
        Self::with_epoch(RandomState::new().hash_one(0_u8))
    }

    /// An empty repository whose feed has this epoch: for tests that must be the same each time.
    #[must_use]
    pub fn with_epoch(epoch: u64) -> Self {
        Self(Arc::new(Shared { world: Mutex::new(World::default()), landing: Landing::new(), epoch }))
    }

    /// Holds the lock for as long as it takes to look something up or to write a commit. A panic under
    /// it cannot leave half a commit: a commit is checked whole before anything is changed.
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks something up in what a tenant stores; `absent` if it stores nothing.
    fn read<T>(&self, tenant: &TenantId, absent: impl FnOnce() -> T, look: impl FnOnce(&Tenant) -> T) -> T {
        self.world().tenants.get(tenant).map_or_else(absent, look)
    }

    fn position(&self, place: u64) -> FeedPosition {
        FeedPosition { epoch: self.0.epoch, place }
    }

    /// The place in the feed, if the position is one of this repository's and between these.
    fn place(&self, position: FeedPosition, (floor, end): (u64, u64)) -> Result<u64, RepositoryError> {
        let known = position.epoch == self.0.epoch && (floor..=end).contains(&position.place);
        known.then_some(position.place).ok_or(RepositoryError::CursorTooOld)
    }
}

impl FeedKeeper for MemoryRepository {
    async fn consumer(&self, tenant: &TenantId, name: &ConsumerName) -> Result<Option<FeedPosition>, RepositoryError> {
        let place = self.read(tenant, || None, |tenant| tenant.consumers.get(name).copied());
        Ok(place.map(|place| self.position(place)))
    }

    async fn consumers(&self, tenant: &TenantId) -> Result<Vec<(ConsumerName, FeedPosition)>, RepositoryError> {
        let known = |tenant: &Tenant| {
            let each = tenant.consumers.iter();
            each.map(|(name, place)| (name.clone(), self.position(*place))).collect()
        };
        Ok(self.read(tenant, Vec::new, known))
    }

    async fn acknowledge(
        &self,
        tenant: &TenantId,
        name: &ConsumerName,
        upto: FeedPosition,
    ) -> Result<(), RepositoryError> {
        let mut world = self.world();
        let tenant = world.tenants.entry(tenant.clone()).or_default();
        let place = self.place(upto, tenant.feed_bounds())?;
        let kept = tenant.consumers.entry(name.clone()).or_insert(place);
        *kept = place.max(*kept);
        Ok(())
    }

    async fn remove_consumer(&self, tenant: &TenantId, name: &ConsumerName) -> Result<bool, RepositoryError> {
        let mut world = self.world();
        Ok(world.tenants.get_mut(tenant).is_some_and(|tenant| tenant.consumers.remove(name).is_some()))
    }

    async fn trim_feed(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut trimmed = 0_usize;
        for tenant in self.world().tenants.values_mut() {
            trimmed = trimmed.saturating_add(tenant.trim_feed(before, limit.saturating_sub(trimmed)));
        }
        Ok(trimmed)
    }
}

impl Portable for MemoryRepository {
    async fn export(
        &self,
        tenant: &TenantId,
        after: Option<MovedKey>,
        limit: usize,
    ) -> Result<Vec<Moved>, RepositoryError> {
        Ok(self.read(tenant, Vec::new, |tenant| tenant.export(after, limit.clamp(1, MAX_PAGE))))
    }

    async fn import(&self, tenant: &TenantId, moved: Vec<Moved>) -> Result<(), RepositoryError> {
        {
            let mut world = self.world();
            let World { tenants, wakes } = &mut *world;
            tenants.entry(tenant.clone()).or_default().import(tenant, moved, wakes)?;
        }
        self.0.landing.notify(usize::MAX);
        Ok(())
    }
}

impl Default for MemoryRepository {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryRepository")
    }
}

impl Repository for MemoryRepository {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        Ok(self.read(&scope.tenant, Found::default, |tenant| Found {
            record: key.and_then(|key| tenant.row(key)).filter(|row| scope.sees(&row.terms)).map(tenant::Row::loaded),
            answer: command.and_then(|command| tenant.answers.get(&command)).cloned(),
            policy: tenant.in_force(),
        }))
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError> {
        let absent = || vec![None; records.len()];
        Ok(self.read(&scope.tenant, absent, |tenant| {
            let seen = |id: &RecordId| tenant.seen(scope, *id).map(tenant::Row::loaded);
            records.iter().map(seen).collect()
        }))
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        let landed = {
            let mut world = self.world();
            let World { tenants, wakes } = &mut *world;
            tenants.entry(tenant.clone()).or_default().commit(tenant, commit, wakes)?
        };
        if landed == Landed::Now {
            self.0.landing.notify(usize::MAX);
        }
        Ok(landed)
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        let mut world = self.world();
        let next = world.tenants.entry(tenant.clone()).or_default().next.entry(kind).or_default();
        *next = next.saturating_add(1);
        Ok(*next)
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError> {
        Ok(self.read(&scope.tenant, EventPage::default, |tenant| {
            tenant.seen(scope, record).map(|row| row.page(scope, part)).unwrap_or_default()
        }))
    }

    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
        let limit = request.limit.clamp(1, MAX_PAGE);
        let (mut rows, end, policy) = self.read(&scope.tenant, Default::default, |tenant| {
            (tenant.list(scope, request, limit.saturating_add(1)), tenant.feed_end(), tenant.in_force())
        });
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok(RowPage { rows, more, feed: self.position(end), policy })
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError> {
        Ok(self.read(&scope.tenant, || 0, |tenant| tenant.count(scope, filter, cap)))
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>, RepositoryError> {
        let world = self.world();
        let from = sweep.after.map_or(Bound::Unbounded, Bound::Excluded);
        let due = world.wakes.range((from, Bound::Unbounded)).take_while(|wake| wake.at <= sweep.now);
        let held = due.filter(|wake| sweep.share.holds(wake.record));
        Ok(held.take(sweep.limit.clamp(1, MAX_PAGE)).cloned().collect())
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError> {
        let world = self.world();
        let tenant = world.tenants.get(&scope.tenant);
        let (floor, end) = tenant.map_or((0, 0), Tenant::feed_bounds);
        let after = request.after.map_or(Ok(floor), |after| self.place(after, (floor, end)))?;
        let (entries, next) = match tenant {
            Some(tenant) => tenant.feed_page(scope, request.filter, after, request.limit.clamp(1, MAX_PAGE)),
            None => (Vec::new(), after),
        };
        let entries =
            entries.into_iter().map(|(place, entry)| super::FeedEntry { position: self.position(place), ..entry });
        Ok(FeedPage { entries: entries.collect(), next: self.position(next), more: next < end })
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError> {
        // Ends with the first landing of this tenant's; a landing of another's only begins a round.
        loop {
            let landing = self.0.landing.listen();
            let bounds = self.read(tenant, || (0, 0), Tenant::feed_bounds);
            if self.place(after, bounds)? < bounds.1 {
                return Ok(());
            }
            landing.await;
        }
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>, RepositoryError> {
        Ok(self.read(tenant, || None, |tenant| tenant.document(digest).cloned()))
    }

    async fn published(
        &self,
        tenant: &TenantId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Published>, RepositoryError> {
        let limit = limit.clamp(1, MAX_PAGE);
        Ok(self.read(tenant, Vec::new, |tenant| tenant.published(before).take(limit).cloned().collect()))
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        let mut forgotten = 0_usize;
        let limit = limit.clamp(1, MAX_PAGE);
        for tenant in self.world().tenants.values_mut() {
            forgotten = forgotten.saturating_add(tenant.forget(before, limit.saturating_sub(forgotten)));
        }
        Ok(forgotten)
    }
}
