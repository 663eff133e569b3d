//! The repository: what each method of the trait reads, and the one that writes.
//!
//! The database's calls block, for as long as a disk takes. A host on an asynchronous runtime moves the body of each
//! method to the threads that it has for that, as `tokio::task::spawn_blocking` does.

use std::{
    hash::{BuildHasher, RandomState},
    ops::Bound,
    path::Path,
};

use andon::{
    CommandId, Repository,
    digest::Digest,
    event::{Event, RecordId},
    key::TenantId,
    store::{
        Answer, Commit, Document, EventPage, FeedChange, FeedEntry, FeedPage, FeedPosition, FeedRequest, Filter, Found,
        Landed, Loaded, LogPart, MAX_PAGE, Matcher, PageRequest, Published, RecordKey, RecordKind, Refused,
        RepositoryError, RowPage, Scope, Sweep, Terms, Wake,
    },
    time::Instant,
};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, WriteTransaction, backends::InMemoryBackend};

use crate::{
    commit,
    tables::{
        self, ANSWERS, COUNTERS, DOCUMENTS, Delivery, FEED, FORGETTABLE, Failure, LOG, Listed, NUMBERS, PUBLISHED,
        ROWS, STORE, WAKES, all, by_instant, corrupt, find, from_json, in_force, last_place, seen,
    },
};

/// How many writes one page of the feed looks at: a viewer for whom there is little does not hold up others.
const MAX_SCANNED: usize = 10_000;

/// A repository over a database of redb.
#[derive(Debug)]
pub struct RedbRepository {
    database: Database,
    /// The life of the store. Whoever restores the file from a backup takes the entry out of the table, so that the
    /// next opening makes another: positions that were given since the backup are no longer good.
    epoch: u64,
    /// Told whenever something lands. One process has the file open at a time: whatever lands, lands here.
    landing: event_listener::Event,
}

impl RedbRepository {
    /// The repository in this file, which is made if it is missing.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RepositoryError> {
        let database = Database::create(path).map_err(|error| Failure::from(error).0)?;
        Self::over(database).map_err(|Failure(error)| error)
    }

    /// An empty repository in memory.
    pub fn in_memory() -> Result<Self, RepositoryError> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new());
        Self::over(database.map_err(|error| Failure::from(error).0)?).map_err(|Failure(error)| error)
    }

    fn over(database: Database) -> Result<Self, Failure> {
        let transaction = database.begin_write()?;
        tables::make(&transaction)?;
        let epoch = {
            let mut store = transaction.open_table(STORE)?;
            let known = store.get("epoch")?.map(|epoch| epoch.value());
            // The keys of a new hasher are random.
            let epoch = known.unwrap_or_else(|| RandomState::new().hash_one("epoch"));
            store.insert("epoch", epoch)?;
            epoch
        };
        transaction.commit()?;
        Ok(Self { database, epoch, landing: event_listener::Event::new() })
    }

    /// Reads what was stored at one moment, whatever others write meanwhile.
    fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Result<T, Failure>) -> Result<T, RepositoryError> {
        let begun = || read(&self.database.begin_read()?);
        begun().map_err(|Failure(error)| error)
    }

    /// Writes, alone; nothing at all if it fails. What is written is on the disk when this returns.
    fn write<T>(&self, write: impl FnOnce(&WriteTransaction) -> Result<T, Failure>) -> Result<T, RepositoryError> {
        let begun = || {
            let transaction = self.database.begin_write()?;
            let written = write(&transaction)?;
            transaction.commit()?;
            Ok(written)
        };
        begun().map_err(|Failure(error)| error)
    }

    fn land(&self, tenant: &TenantId, commit: &Commit) -> Result<Landed, Failure> {
        let transaction = self.database.begin_write()?;
        let key = (tenant.as_str(), &*commit.command.to_string());
        if let Some(answer) = find(&transaction.open_table(ANSWERS)?, key, from_json)? {
            return Ok(Landed::Before(answer));
        }
        commit::check(&transaction, tenant, commit)?;
        commit::store(&transaction, tenant, commit)?;
        // Where a disk fails while it writes, nobody knows what is on it.
        transaction.commit().map_err(|_| Failure(RepositoryError::OutcomeUnknown { command: commit.command }))?;
        self.landing.notify(usize::MAX);
        Ok(Landed::Now)
    }

    fn position(&self, place: u64) -> FeedPosition {
        FeedPosition { epoch: self.epoch, place }
    }

    /// The place in the feed, if the position is one of this store's.
    fn place(&self, position: FeedPosition, end: u64) -> Result<u64, Failure> {
        let known = position.epoch == self.epoch && position.place <= end;
        known.then_some(position.place).ok_or(Failure(RepositoryError::CursorTooOld))
    }
}

/// Any limit is one of 1 to [`MAX_PAGE`].
fn at_most(limit: usize) -> usize {
    limit.clamp(1, MAX_PAGE)
}

impl Repository for RedbRepository {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        let tenant = scope.tenant.as_str();
        self.read(|transaction| {
            let numbers = transaction.open_table(NUMBERS)?;
            let name = match key {
                Some(RecordKey::Id(id)) => Some(id.to_string()),
                Some(RecordKey::Number(number)) => {
                    numbers.get((tenant, number.as_str()))?.map(|name| name.value().to_owned())
                }
                None => None,
            };
            let record = name.map(|name| tables::load(transaction, scope, &name)).transpose()?.flatten();
            let answers = transaction.open_table(ANSWERS)?;
            let answer = |command: CommandId| find(&answers, (tenant, &*command.to_string()), from_json::<Answer>);
            Ok(Found {
                record,
                answer: command.map(answer).transpose()?.flatten(),
                policy: in_force(&transaction.open_table(PUBLISHED)?, tenant)?,
            })
        })
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError> {
        self.read(|transaction| records.iter().map(|id| tables::load(transaction, scope, &id.to_string())).collect())
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        self.land(tenant, &commit).map_err(|Failure(error)| Refused { error, commit: Box::new(commit) })
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        let key = (tenant.as_str(), kind.as_str());
        self.write(|transaction| {
            let mut counters = transaction.open_table(COUNTERS)?;
            let last = counters.get(key)?.map_or(0, |last| last.value());
            let next = last.saturating_add(1);
            counters.insert(key, next)?;
            Ok(next)
        })
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError> {
        let (tenant, name) = (scope.tenant.as_str(), record.to_string());
        self.read(|transaction| {
            let mut page = EventPage::default();
            let Some(Listed { terms, .. }) = seen(&transaction.open_table(ROWS)?, scope, &name)? else {
                return Ok(page);
            };
            let from = part.from.get();
            let (first, last) = if part.newest_first { (0, from) } else { (from, u64::MAX) };
            let mut log = transaction.open_table(LOG)?.range((tenant, &*name, first)..=(tenant, &*name, last))?;
            while let Some(entry) = if part.newest_first { log.next_back() } else { log.next() } {
                let (key, json) = entry?;
                let event = Event::from_json(json.value()).map_err(|error| corrupt(key.value(), error))?;
                if page.events.len() == at_most(part.limit) {
                    page.next = Some(event.sequence);
                    break;
                }
                page.events.extend(scope.shows(&event, &terms));
            }
            Ok(page)
        })
    }

    /// It looks at every row of the tenant, and sorts those that fit. A desk with many records keeps a table for each
    /// [`Sort`](andon::store::Sort), with the tenant and the parts of its [`SortKey`](andon::store::SortKey) as the key, and reads on from `after`; and one
    /// with the key `(tenant, term, record)`, where a filter is narrow.
    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
        self.read(|transaction| {
            let mut found = Vec::new();
            for fitting in fitting(&transaction.open_table(ROWS)?, scope, &request.query.filter)? {
                let row = fitting?;
                let key = request.query.sort_key(&row, request.at);
                if request.after.is_none_or(|after| key > after) {
                    found.push((key, row));
                }
            }
            found.sort_unstable_by_key(|(key, _)| *key);
            let limit = at_most(request.limit);
            let more = found.len() > limit;
            let end = last_place(&transaction.open_table(FEED)?, scope.tenant.as_str())?;
            let rows = found.into_iter().take(limit).map(|(_, row)| row).collect();
            Ok(RowPage { rows, more, feed: self.position(end) })
        })
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError> {
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        self.read(|transaction| {
            let rows = transaction.open_table(ROWS)?;
            fitting(&rows, scope, filter)?.take(cap).try_fold(0_u64, |count, row| row.map(|_| count.saturating_add(1)))
        })
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>, RepositoryError> {
        let after = sweep.after.map(|wake| (wake.at, wake.record.to_string(), wake.tenant));
        let from = after
            .as_ref()
            .map_or(Bound::Unbounded, |(at, name, tenant)| Bound::Excluded(by_instant(*at, name, tenant.as_str())));
        let mut due = Vec::new();
        self.read(|transaction| {
            for entry in transaction.open_table(WAKES)?.range((from, Bound::Unbounded))? {
                let (key, json) = entry?;
                let wake = wake(key.value(), json.value())?;
                if wake.at > sweep.now || due.len() == at_most(sweep.limit) {
                    break;
                }
                if sweep.share.holds(wake.record) {
                    due.push(wake);
                }
            }
            Ok(due)
        })
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError> {
        let tenant = scope.tenant.as_str();
        self.read(|transaction| {
            let feed = transaction.open_table(FEED)?;
            let end = last_place(&feed, tenant)?;
            let mut place = request.after.map_or(Ok(0), |after| self.place(after, end))?;
            let mut entries = Vec::new();
            let matcher = request.filter.matcher();
            for entry in feed.range((tenant, place.saturating_add(1))..=(tenant, end))?.take(MAX_SCANNED) {
                if entries.len() == at_most(request.limit) {
                    break;
                }
                let (key, json) = entry?;
                let delivery: Delivery = from_json(json.value()).map_err(|error| corrupt(key.value(), error))?;
                (_, place) = key.value();
                let (position, record) = (self.position(place), delivery.record);
                let change = deliver(transaction, delivery, scope, &matcher)?;
                entries.extend(change.map(|change| FeedEntry { position, record, change }));
            }
            Ok(FeedPage { entries, next: self.position(place), more: place < end })
        })
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError> {
        loop {
            // Before looking: what lands between looking and waiting is told.
            let landing = self.landing.listen();
            let landed = self.read(|transaction| {
                let end = last_place(&transaction.open_table(FEED)?, tenant.as_str())?;
                Ok(self.place(after, end)? < end)
            })?;
            if landed {
                return Ok(());
            }
            landing.await;
        }
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>, RepositoryError> {
        let digest = digest.to_string();
        // A host with zones of its own reads documents by those.
        let read = |json: &[u8]| Document::from_json(json, &andon::calendar::BuiltIn);
        self.read(|transaction| find(&transaction.open_table(DOCUMENTS)?, (tenant.as_str(), &*digest), read))
    }

    async fn published(
        &self,
        tenant: &TenantId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Published>, RepositoryError> {
        let tenant = tenant.as_str();
        let before = before.map_or(u64::MAX, u64::from);
        self.read(|transaction| {
            let range = transaction.open_table(PUBLISHED)?.range((tenant, 0)..(tenant, before))?;
            let read = range.rev().take(at_most(limit)).map(|entry| {
                let (key, json) = entry?;
                from_json(json.value()).map_err(|error| corrupt(key.value(), error))
            });
            read.collect()
        })
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        self.write(|transaction| {
            let mut answers = transaction.open_table(ANSWERS)?;
            let mut forgettable = transaction.open_table(FORGETTABLE)?;
            let mut forgotten = 0_usize;
            let old = forgettable.extract_from_if(..by_instant(before, "", ""), |_, ()| true)?;
            for entry in old.take(at_most(limit)) {
                let (key, _) = entry?;
                let (_, _, command, tenant) = key.value();
                answers.remove((tenant, command))?;
                forgotten = forgotten.saturating_add(1);
            }
            Ok(forgotten)
        })
    }
}

/// The rows of what fits and may be seen.
fn fitting(
    rows: &impl ReadableTable<(&'static str, &'static str), &'static [u8]>,
    scope: &Scope,
    filter: &Filter,
) -> Result<impl Iterator<Item = Result<andon::store::IndexRow, Failure>>, Failure> {
    let matcher = filter.matcher();
    Ok(all(rows, scope.tenant.as_str())?.filter_map(move |listed| match listed {
        Ok((_, Listed { row, terms })) => (scope.sees(&terms) && matcher.matches(&row, &terms)).then_some(Ok(row)),
        Err(error) => Some(Err(error)),
    }))
}

fn wake(key: (i64, u32, &str, &str), json: &[u8]) -> Result<Wake, Failure> {
    let (seconds, nanoseconds, _, tenant) = key;
    let at = Instant::from_timestamp(seconds, nanoseconds).ok_or_else(|| corrupt(key, "it is no instant"))?;
    let tenant = TenantId::new(tenant).map_err(|error| corrupt(key, error))?;
    Ok(Wake { at, tenant, record: from_json(json).map_err(|error| corrupt(key, error))? })
}

/// What a viewer gets of a write; nothing, if it never saw the record.
fn deliver(
    transaction: &ReadTransaction,
    delivery: Delivery,
    scope: &Scope,
    matcher: &Matcher<'_>,
) -> Result<Option<FeedChange>, Failure> {
    let (tenant, name) = (scope.tenant.as_str(), delivery.record.to_string());
    let Some(Listed { row, terms }) = seen(&transaction.open_table(ROWS)?, scope, &name)? else {
        let before = delivery.before.map(|standing| Terms { standing, subject: [].into() });
        return Ok(before.filter(|before| scope.sees(before)).map(|_| FeedChange::Left));
    };
    if !matcher.matches(&row, &terms) {
        return Ok(Some(FeedChange::Left));
    }
    let (first, last) = (delivery.first.get(), delivery.last.get());
    let mut events = Vec::new();
    for entry in transaction.open_table(LOG)?.range((tenant, &*name, first)..=(tenant, &*name, last))? {
        let (key, json) = entry?;
        let event = Event::from_json(json.value()).map_err(|error| corrupt(key.value(), error))?;
        events.extend(scope.shows(&event, &terms));
    }
    Ok(Some(FeedChange::Stands { row: Box::new(row), events }))
}
