//! Worklists: pages of records, and how many there are.

use serde::Serialize;

use super::{
    ActingDesk, InForce,
    cursor::{Binding, Cursor, ListPlace, seal_feed},
    log::corrupt,
    reads::{POLICY_TRIES, check_limit},
};
use crate::{
    decision::{Managed, ready},
    error::{CursorError, Error, invalid_read},
    id::Version,
    incident::Incident,
    problem::Problem,
    record::Kind,
    store::{Filter, IndexRow, PageRequest, Query, Record, Repository, RepositoryError, RowPage, Sort, SortKey},
    time::{Instant, floor_micros},
    view::ListRow,
};

/// The highest cap of a count.
const MAX_COUNT: u64 = 100_000;

/// The most counts of one call.
const MAX_COUNTS: usize = 100;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(bound = "")]
pub struct Page<K: Kind = Incident> {
    /// The rows, in the order of the query.
    pub rows: Vec<ListRow<K>>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
    /// When what is overdue was judged: the same for all pages of a list.
    pub at: Instant,
    /// Where the feed stood: what changes from now on comes after it.
    pub feed: Cursor,
}

/// How many records there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// So many, or at least so many.
    pub counted: u64,
    /// Whether counting ended there.
    pub capped: bool,
}

/// A page of rows, and how it came about.
pub(super) struct Listed {
    /// By which it was decided what the actor sees.
    pub policy: InForce,
    pub query: Query,
    pub binding: Binding,
    pub page: RowPage,
    /// When what is overdue was judged.
    pub at: Instant,
}

impl<R: Repository> ActingDesk<R> {
    /// A page of the incidents that match a query and that the actor may see: 1 to
    /// [`MAX_PAGE`](crate::store::MAX_PAGE) rows.
    ///
    /// Give the cursor of one page to get the next. While others write, an incident that does not change is on
    /// exactly one page; what is overdue is judged when the first page is read. A row on which something has
    /// fallen due that nobody has stored yet is shown as it is now, in the place where it is stored.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the limit is none, a part of the filter names too much, a search has no word (as a field that
    /// is still empty: leave it out then), or a field is not the policy's or cannot have the value; a category or a group that
    /// nothing bears finds nothing.
    /// [`Error::Cursor`] for a cursor of another list, viewer or tenant.
    pub async fn worklist(&self, query: &Query, after: Option<&Cursor>, limit: usize) -> Result<Page, Error> {
        self.listed(query, after, limit).await
    }

    /// A page of the problems that match a query and that the actor may see, as [`worklist`](Self::worklist) gives
    /// incidents.
    ///
    /// # Errors
    /// As [`worklist`](Self::worklist).
    pub async fn problems(&self, query: &Query, after: Option<&Cursor>, limit: usize) -> Result<Page<Problem>, Error> {
        self.listed(query, after, limit).await
    }

    async fn listed<K: Managed>(&self, query: &Query, after: Option<&Cursor>, limit: usize) -> Result<Page<K>, Error> {
        check_limit(limit)?;
        let Listed { policy, query, binding, page, at } =
            self.rows(query.clone().of_kind(K::KIND), after, limit).await?;
        let last = page.rows.last().filter(|_| page.more);
        let next = last.map(|row| ListPlace { at, after: query.sort_key(row, at) }.seal(binding));
        let feed = seal_feed(page.feed, Binding::of_feed(&self.tenant));
        let rows = self.refreshed(&policy, page.rows).await?;
        let mut shown = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id;
            let row = ListRow::of(row);
            shown.push(row.ok_or_else(|| self.failed(corrupt(id, "it is on a list of another kind of record")))?);
        }
        Ok(Page { rows: shown, next, at, feed })
    }

    /// How many incidents match and may be seen: counted up to `cap`, at most 100,000. What has fallen due counts
    /// once it is stored, as by [`wake`](super::Desk::wake).
    ///
    /// # Errors
    /// As [`worklist`](Self::worklist).
    pub async fn count(&self, filter: &Filter, cap: u64) -> Result<Count, Error> {
        check_cap(cap)?;
        let policy = self.in_force().await?;
        let query = Query { filter: filter.clone(), sort: Sort::default() }.of_some_kind();
        let query = ready(query, &policy.policy)?;
        self.counted(&policy, &query, cap).await
    }

    /// How many incidents match each of at most 100 queries, in their order, as by [`count`](Self::count): what the
    /// tabs of a worklist show. They are counted one after the other, so that what lands meanwhile may be in the later
    /// ones alone.
    ///
    /// # Errors
    /// As [`count`](Self::count), with the place of the query: `queries[1].filter.groups`.
    pub async fn counts(&self, queries: &[Query], cap: u64) -> Result<Vec<Count>, Error> {
        check_cap(cap)?;
        if queries.len() > MAX_COUNTS {
            let rule = format!("names {}, and may name {MAX_COUNTS}; count in parts", queries.len());
            return Err(invalid_read("queries", "limit.range", rule));
        }
        let policy = self.in_force().await?;
        let read = queries.iter().enumerate().map(|(index, query)| {
            ready(query.clone().of_some_kind(), &policy.policy)
                .map_err(|error| error.below(&format!("queries[{index}]")))
        });
        let mut counts = Vec::with_capacity(queries.len());
        for query in read.collect::<Result<Vec<_>, _>>()? {
            counts.push(self.counted(&policy, &query, cap).await?);
        }
        Ok(counts)
    }

    async fn counted(&self, policy: &InForce, query: &Query, cap: u64) -> Result<Count, Error> {
        let counted = self.desk.repository().count(&self.scope(policy), &query.filter, cap.saturating_add(1)).await;
        let counted = counted.map_err(|error| self.failed(error))?;
        Ok(Count { counted: counted.min(cap), capped: counted > cap })
    }

    /// The policy in force.
    pub(super) async fn in_force(&self) -> Result<InForce, Error> {
        Ok(self.load(None, None).await?.0)
    }

    /// A page of rows after a cursor, by the policy in force: by the one that is known, and anew if that is an earlier one.
    pub(super) async fn rows(&self, query: Query, after: Option<&Cursor>, limit: usize) -> Result<Listed, Error> {
        let mut policy = self.desk.known_policy(&self.tenant);
        for _ in 0..POLICY_TRIES {
            let listed = self.rows_by(policy.clone(), query.clone(), after, limit).await;
            let told = match &listed {
                Ok(listed) if listed.page.policy.is_some() || policy.stamp.version == 0 => Some(listed.page.policy),
                Err(Error::Repository { source: RepositoryError::Unavailable { .. }, .. }) => return listed,
                // What an earlier policy refuses or cannot read, the one in force may allow, or need not read. Whether there
                // is none any more, a load knows.
                Ok(_) | Err(_) => None,
            };
            let newer = match told {
                Some(told) => self.desk.learn_policy(&self.tenant, policy.stamp, told).await,
                None => Ok(Some(self.in_force().await?).filter(|in_force| in_force.stamp != policy.stamp)),
            };
            match newer.map_err(|error| self.failed(error))? {
                None => return listed,
                Some(newer) => policy = newer,
            }
        }
        Err(self.policy_keeps_changing())
    }

    async fn rows_by(
        &self,
        policy: InForce,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed, Error> {
        let query = ready(query, &policy.policy)?;
        let scope = self.scope(&policy);
        let binding = Binding::of_list(&scope, &query);
        let place = after.map(|cursor| ListPlace::open(cursor, binding)).transpose()?;
        let at = place.map_or_else(|| floor_micros(self.desk.now()), |place| place.at);
        let after = place.map(|place| place.after);
        let request = PageRequest { query: &query, at, after, limit };
        let page = self.desk.repository().page(&scope, request).await.map_err(|error| self.failed(error))?;
        // Rows that do not go on from the cursor would be read for ever.
        let keys: Vec<SortKey> = page.rows.iter().map(|row| query.sort_key(row, at)).collect();
        let rising = keys.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let onwards = keys.first().is_none_or(|first| after.is_none_or(|after| *first > after));
        if !rising || !onwards || keys.len() > limit || (page.more && keys.is_empty()) {
            let source = "rows out of order".into();
            return Err(self.failed(RepositoryError::Corrupt { key: "a list".to_owned(), source }));
        }
        Ok(Listed { policy, query, binding, page, at })
    }

    /// The rows with what has fallen due on them, stored or not.
    pub(super) async fn refreshed(&self, policy: &InForce, mut rows: Vec<IndexRow>) -> Result<Vec<IndexRow>, Error> {
        let now = self.desk.now();
        let is_stale = |row: &IndexRow| row.wake_at.is_some_and(|at| at <= now);
        let stale: Vec<_> = rows.iter().filter(|row| is_stale(row)).map(|row| row.id).collect();
        if stale.is_empty() {
            return Ok(rows);
        }
        let loaded = self.desk.repository().load_many(&self.scope(policy), &stale).await;
        for loaded in loaded.map_err(|error| self.failed(error))?.into_iter().flatten() {
            let fresh = match &loaded.record {
                Record::Incident(incident) => self.fresh(&**incident, loaded.version, now, policy).await?,
                Record::Problem(problem) => self.fresh(&**problem, loaded.version, now, policy).await?,
            };
            for row in rows.iter_mut().filter(|row| row.id == fresh.id) {
                *row = fresh.clone();
            }
        }
        Ok(rows)
    }
}

impl<R: Repository> ActingDesk<R> {
    /// The row of a record with what has fallen due on it.
    async fn fresh<K: Managed>(
        &self,
        record: &K,
        version: Version,
        now: Instant,
        policy: &InForce,
    ) -> Result<IndexRow, Error> {
        let record = self.effective(record.clone(), now, policy).await?;
        Ok(IndexRow::of_kind(&record, version, record.next_due()))
    }
}

fn check_cap(cap: u64) -> Result<(), Error> {
    if (1..=MAX_COUNT).contains(&cap) {
        return Ok(());
    }
    Err(invalid_read("cap", "limit.range", format!("is {cap}; a count goes up to 1 to {MAX_COUNT}")))
}

impl From<CursorError> for Error {
    fn from(error: CursorError) -> Self {
        Self::Cursor(error)
    }
}
