//! The repository: the methods of the trait, and what they read.
//!
//! The database's calls block, for as long as a disk takes. A host on an asynchronous runtime moves the body of each
//! method to the threads that it has for that, as with `tokio::task::spawn_blocking`.

use std::ops::Bound;

use andon::{
    CommandId, Repository,
    calendar::BuiltIn,
    digest::Digest,
    event::{Event, RecordId},
    key::TenantId,
    store::{
        Commit, Document, EventPage, FeedChange, FeedEntry, FeedPage, FeedPosition, FeedRequest, Filter, Found,
        IndexRow, Landed, Loaded, LogPart, MAX_PAGE, Matcher, PageRequest, Published, RecordKey, RecordKind, Refused,
        RepositoryError, RowPage, Scope, Sweep, Wake,
    },
    time::Instant,
};
use redb::{Database, ReadableDatabase};

use crate::{
    tables::{
        self, ANSWERS, DOCUMENTS, Delivery, FEED, Failure, LOG, Listed, NUMBERS, PUBLISHED, ROWS, Stored, WAKES,
        by_instant, each, from_json,
    },
    writing::{self, Writing},
};

/// How many writes one page of the feed looks at: a viewer for whom there is little does not hold up others.
const MAX_SCANNED: usize = 10_000;

/// A repository over a database of redb.
#[derive(Debug)]
pub struct RedbRepository {
    database: Database,
    /// The life of the store.
    epoch: u64,
    /// Told whenever something lands. One process has the file open at a time: whatever lands, lands here.
    landing: event_listener::Event,
}

impl RedbRepository {
    /// The repository in this database. Its tables are made if they are missing, beside others that are there.
    pub fn over(database: Database) -> Result<Self, RepositoryError> {
        let epoch = tables::make(&database)?;
        Ok(Self { database, epoch, landing: event_listener::Event::new() })
    }

    /// Looks something up in what a tenant has stored.
    fn read<T>(
        &self,
        tenant: &TenantId,
        look: impl FnOnce(&Stored) -> Result<T, Failure>,
    ) -> Result<T, RepositoryError> {
        let begun = || Ok(Stored { transaction: self.database.begin_read()?, tenant: tenant.clone() });
        Ok(begun().and_then(|stored| look(&stored))?)
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

impl Repository for RedbRepository {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        self.read(&scope.tenant, |stored| {
            let id = match key {
                Some(RecordKey::Id(id)) => Some(*id),
                Some(RecordKey::Number(number)) => stored.find(NUMBERS, number.as_str(), from_json)?,
                None => None,
            };
            let record = id.map(|id| stored.load(scope, id)).transpose()?.flatten();
            let answered = |command: CommandId| stored.find(ANSWERS, &command.to_string(), from_json);
            let answer = command.map(answered).transpose()?.flatten();
            Ok(Found { record, answer, policy: stored.in_force()? })
        })
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError> {
        self.read(&scope.tenant, |stored| records.iter().map(|id| stored.load(scope, *id)).collect())
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        let landed = Writing::begin(&self.database, tenant).and_then(|writing| writing.land(&commit));
        if matches!(landed, Ok(Landed::Now)) {
            self.landing.notify(usize::MAX);
        }
        landed.map_err(|Failure(error)| Refused { error, commit: Box::new(commit) })
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        Ok(Writing::begin(&self.database, tenant)?.number(kind.as_str())?)
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError> {
        let (name, from) = (record.to_string(), part.from.get());
        self.read(&scope.tenant, |stored| {
            let mut page = EventPage::default();
            let Some(Listed { terms, .. }) = stored.seen(scope, record)? else { return Ok(page) };
            let mut log = stored.places(LOG, &name, if part.newest_first { 0..=from } else { from..=u64::MAX })?;
            let entries = std::iter::from_fn(|| if part.newest_first { log.next_back() } else { log.next() });
            for event in each(entries, Event::from_json) {
                let event = event?;
                if page.events.len() == at_most(part.limit) {
                    page.next = Some(event.sequence);
                    break;
                }
                page.events.extend(scope.shows(&event, &terms));
            }
            Ok(page)
        })
    }

    // It looks at every row of the tenant, and sorts those that fit: the simplest that is right, and enough for some
    // thousands of records. For more, there is a table for each order, with the tenant and the parts of the sort key as
    // its key, that is read on from where the last page ended; and where a filter is narrow, one with the key
    // `(tenant, term, record)` names what can fit.
    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
        self.read(&scope.tenant, |stored| {
            let mut found = Vec::new();
            for row in fitting(stored, scope, &request.query.filter)? {
                let row = row?;
                let key = request.query.sort_key(&row, request.at);
                if request.after.is_none_or(|after| after < key) {
                    found.push((key, row));
                }
            }
            found.sort_unstable_by_key(|(key, _)| *key);
            let more = found.len() > at_most(request.limit);
            let rows = found.into_iter().map(|(_, row)| row).take(at_most(request.limit)).collect();
            Ok(RowPage { rows, more, feed: self.position(stored.feed_end()?), policy: stored.in_force()? })
        })
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError> {
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        self.read(&scope.tenant, |stored| fitting(stored, scope, filter)?.take(cap).map(|row| row.map(|_| 1_u64)).sum())
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>, RepositoryError> {
        Ok(due(&self.database, &sweep)?)
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError> {
        self.read(&scope.tenant, |stored| {
            let end = stored.feed_end()?;
            let mut place = request.after.map_or(Ok(0), |after| self.place(after, end))?;
            let (mut entries, matcher) = (Vec::new(), request.filter.matcher());
            for delivery in each(stored.places(FEED, "", place.saturating_add(1)..=end)?, from_json).take(MAX_SCANNED) {
                if entries.len() == at_most(request.limit) {
                    break;
                }
                let delivery: Delivery = delivery?;
                place = place.saturating_add(1);
                let (position, record) = (self.position(place), delivery.record);
                let change = change(stored, scope, &matcher, delivery)?;
                entries.extend(change.map(|change| FeedEntry { position, record, change }));
            }
            Ok(FeedPage { entries, next: self.position(place), more: place < end })
        })
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError> {
        loop {
            // It listens before it looks, so that it is told of what lands in between.
            let landing = self.landing.listen();
            let end = self.read(tenant, Stored::feed_end)?;
            if self.place(after, end)? < end {
                return Ok(());
            }
            landing.await;
        }
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>, RepositoryError> {
        // A host with zones of its own reads documents by those.
        let read = |json: &[u8]| Document::from_json(json, &BuiltIn);
        self.read(tenant, |stored| stored.find(DOCUMENTS, &digest.to_string(), read))
    }

    async fn published(
        &self,
        tenant: &TenantId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Published>, RepositoryError> {
        self.read(tenant, |stored| {
            let last = before.map_or(u64::MAX, |before| u64::from(before).saturating_sub(1));
            let published = stored.places(PUBLISHED, "", 0..=last)?;
            each(published.rev().take(at_most(limit)), from_json).collect()
        })
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        Ok(writing::forget(&self.database, before, at_most(limit))?)
    }
}

/// Any limit is one of 1 to [`MAX_PAGE`].
fn at_most(limit: usize) -> usize {
    limit.clamp(1, MAX_PAGE)
}

/// The rows of what fits and may be seen.
fn fitting(
    stored: &Stored,
    scope: &Scope,
    filter: &Filter,
) -> Result<impl Iterator<Item = Result<IndexRow, Failure>>, Failure> {
    let matcher = filter.matcher();
    Ok(each(stored.all(ROWS)?, from_json).filter_map(move |listed| match listed {
        Ok(Listed { row, terms }) => (scope.sees(&terms) && matcher.matches(&row, &terms)).then_some(Ok(row)),
        Err(failure) => Some(Err(failure)),
    }))
}

/// What a viewer gets of a write; nothing, if it never saw the record.
fn change(
    stored: &Stored,
    scope: &Scope,
    matcher: &Matcher<'_>,
    delivery: Delivery,
) -> Result<Option<FeedChange>, Failure> {
    let Delivery { record, first, last, before } = delivery;
    let Some(Listed { row, terms }) = stored.listed(record)? else { return Ok(None) };
    let added = || each(stored.places(LOG, &record.to_string(), first.get()..=last.get())?, Event::from_json).collect();
    FeedChange::of(scope, matcher, &row, &terms, before.as_ref(), added)
}

/// What falls due, of all tenants.
fn due(database: &Database, sweep: &Sweep) -> Result<Vec<Wake>, Failure> {
    let name = sweep.after.as_ref().map(|after| after.record.to_string()).unwrap_or_default();
    let from = match &sweep.after {
        Some(after) => Bound::Excluded(by_instant(after.at, &name, after.tenant.as_str())),
        None => Bound::Unbounded,
    };
    let mut due = Vec::new();
    for wake in each(database.begin_read()?.open_table(WAKES)?.range((from, Bound::Unbounded))?, from_json::<Wake>) {
        let wake = wake?;
        if wake.at > sweep.now || due.len() == at_most(sweep.limit) {
            break;
        }
        if sweep.share.holds(wake.record) {
            due.push(wake);
        }
    }
    Ok(due)
}
