//! The feed: what was committed, in the order of the places that it got.

use std::{collections::HashMap, pin::pin, sync::Arc};

use futures_util::future::select;
use tokio_postgres::{Row, types::Type};

use super::{
    ask::{Ask, Manner, Whose},
    columns::{Param, count, size},
    error::corrupt,
    list::row_key,
    read,
};
use crate::{
    event::{Event, PolicyStamp, RecordId},
    key::{ConsumerName, TenantId},
    store::{
        FeedChange, FeedEntry, FeedPage, FeedPosition, FeedRequest, IndexRow, MAX_PAGE, RepositoryError, Scope, Term,
        Terms,
        sql::{self, Columns as _, Damage, ROW, ROW_WIDTH, Select, bytes, kind},
    },
    time::Instant,
};

/// How many writes one page of the feed looks at: a viewer for whom there is little does not hold up others.
const MAX_SCANNED: u64 = 10_000;
/// How many are read at a time, at least.
const MIN_READ: usize = 100;

const FEED: &str = "read the feed";

const BOUNDS: &str = "SELECT * FROM {schema}.bounds($1, $2, $3)";

/// How far a feed goes, and by which policy its tenant goes.
pub(super) struct Bounds {
    /// The life of the store.
    epoch: u64,
    floor: u64,
    ending: u64,
    /// Whether there is more that has no place yet.
    more: bool,
    /// The policy in force.
    pub policy: Option<PolicyStamp>,
}

impl Bounds {
    /// Where it ends.
    pub(super) const fn end(&self) -> FeedPosition {
        self.at(self.ending)
    }

    fn read(rows: &[Row]) -> Result<Self, RepositoryError> {
        let read = || {
            let row = rows.first().ok_or("it says nothing")?;
            let epoch = u64::from_be_bytes(row.number(0)?.to_be_bytes());
            let more = row.try_get::<_, bool>(3)?;
            Ok(Self { epoch, floor: row.count(1)?, ending: row.count(2)?, more, policy: row.stamp(4)? })
        };
        read().map_err(|damage: Damage| corrupt("how far the feed goes".to_owned(), damage))
    }

    const fn at(&self, place: u64) -> FeedPosition {
        FeedPosition { epoch: self.epoch, place }
    }

    /// The place of a position, if it is one of this feed's.
    fn place(&self, position: FeedPosition) -> Result<u64, RepositoryError> {
        let known = position.epoch == self.epoch && (self.floor..=self.ending).contains(&position.place);
        if known { Ok(position.place) } else { Err(RepositoryError::CursorTooOld) }
    }
}

/// How far the feed of a tenant goes. What has no place yet gets one, if it is to: never within a transaction of the
/// host's, which others would wait for.
pub(super) async fn bounds(ask: &impl Ask, tenant: &TenantId, placing: bool) -> Result<Bounds, RepositoryError> {
    let (tenant, placing, patience) = (tenant.as_str(), placing && ask.is_alone(), ask.lock_patience());
    let values: [Param<'_>; 3] = [(&tenant, Type::TEXT), (&placing, Type::BOOL), (&patience, Type::INT8)];
    let rows = ask.call(BOUNDS, &values).await.map_err(|failure| failure.during(FEED))?;
    Bounds::read(&rows)
}

/// How far the feed of a tenant goes, and then what stands in some lists: whatever lands meanwhile comes after.
pub(super) async fn bounds_before(
    ask: &impl Ask,
    tenant: &TenantId,
    manner: Manner,
    selects: Vec<Select>,
) -> Result<(Bounds, Vec<Vec<Row>>), RepositoryError> {
    let (key, placing, patience) = (tenant.as_str(), ask.is_alone(), ask.lock_patience());
    let values: [Param<'_>; 3] = [(&key, Type::TEXT), (&placing, Type::BOOL), (&patience, Type::INT8)];
    let read = ask.read_after(Some((BOUNDS, &values)), Whose::Of(tenant), manner, selects).await;
    let mut read = read.map_err(|failure| failure.during("list"))?.into_iter();
    let bounds = Bounds::read(&read.next().unwrap_or_default())?;
    Ok((bounds, read.collect()))
}

/// A write, as the feed has it.
struct Delivery {
    place: u64,
    first: u64,
    last: u64,
    before: Option<Arc<[Term]>>,
    row: IndexRow,
    terms: Terms,
}

/// A page of the feed. A place that it does not have, any more or yet, is too old.
pub(super) async fn page(ask: &impl Ask, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError> {
    let bounds = bounds(ask, &scope.tenant, true).await?;
    let after = request.after.map_or(Ok(bounds.floor), |after| bounds.place(after))?;
    let limit = request.limit.clamp(1, MAX_PAGE);
    let matcher = request.filter.matcher();
    let whole = request.filter.needs().next().is_some() || request.filter.search.is_some();
    let (mut entries, mut next) = (Vec::new(), after);
    while entries.len() < limit && next < bounds.ending && next.saturating_sub(after) < MAX_SCANNED {
        let most = limit.saturating_sub(entries.len()).clamp(MIN_READ, MAX_PAGE);
        let deliveries = deliveries(ask, &scope.tenant, next, bounds.ending, most, whole).await?;
        // There are no gaps: others let go of what is missing meanwhile.
        if deliveries.first().is_none_or(|first| first.place != next.saturating_add(1)) {
            return Err(RepositoryError::CursorTooOld);
        }
        let added = added(ask, scope, &deliveries).await?;
        for Delivery { place, first, before, row, terms, .. } in deliveries {
            if entries.len() == limit {
                break;
            }
            next = place;
            let events = || Ok::<_, RepositoryError>(added.get(&(row.id, first)).cloned().unwrap_or_default());
            let change = FeedChange::of(scope, &matcher, &row, &terms, before.as_ref(), events)?;
            let position = bounds.at(place);
            entries.extend(change.map(|change| FeedEntry { position, record: row.id, change }));
        }
    }
    Ok(FeedPage { entries, next: bounds.at(next), more: next < bounds.ending })
}

/// The writes that come next.
async fn deliveries(
    ask: &impl Ask,
    tenant: &TenantId,
    after: u64,
    ending: u64,
    most: usize,
    whole: bool,
) -> Result<Vec<Delivery>, RepositoryError> {
    let subject =
        "(SELECT s.terms FROM {schema}.subject s WHERE s.tenant = r.tenant AND s.kind = r.kind AND s.id = r.id)";
    let subject = if whole { subject } else { "''" };
    let mut wanted = read::select(&format!(
        "SELECT {ROW}, f.place, f.first, f.last, f.standing_before, r.standing, {subject} FROM {{schema}}.feed f \
         JOIN {{schema}}.record r ON r.tenant = f.tenant AND r.kind = f.kind AND r.id = f.id WHERE "
    ));
    wanted.of_tenant("f", &read::value(tenant)).push(" AND f.place > ").bind(count(after));
    wanted.push(" AND f.place <= ").bind(count(ending)).push(&format!(" ORDER BY f.place LIMIT {most}"));
    let rows = ask.read_one(Whose::Of(tenant), wanted, FEED).await?;
    rows.iter().map(|row| delivery(row).map_err(|damage| corrupt(row_key(row), damage))).collect()
}

fn delivery(row: &Row) -> Result<Delivery, Damage> {
    let at = |offset: usize| ROW_WIDTH.saturating_add(offset);
    let subject = row.text(at(5))?.unwrap_or_default();
    Ok(Delivery {
        row: sql::index_row(row)?,
        place: row.count(at(0))?,
        first: row.count(at(1))?,
        last: row.count(at(2))?,
        before: row.text(at(3))?.map(sql::line_terms).transpose()?,
        terms: Terms { standing: sql::line_terms(row.string(at(4))?)?, subject: sql::line_terms(subject)? },
    })
}

/// The events that writes added, by their records and the first of them.
type Added = HashMap<(RecordId, u64), Vec<Event>>;

async fn added(ask: &impl Ask, scope: &Scope, deliveries: &[Delivery]) -> Result<Added, RepositoryError> {
    let seen: Vec<&Delivery> = deliveries.iter().filter(|delivery| scope.sees(&delivery.terms)).collect();
    let mut added = Added::new();
    if seen.is_empty() {
        return Ok(added);
    }
    let mut wanted = read::select("SELECT d.kind, d.id, d.first, e.sequence, e.checksum, e.json FROM (VALUES ");
    for (index, delivery) in seen.iter().enumerate() {
        wanted.push(if index > 0 { ", (" } else { "(" });
        wanted.push(&format!("{}::smallint, ", kind(delivery.row.id.kind()))).bind(bytes(delivery.row.id).to_vec());
        wanted.push(&format!(", {}::bigint, {}::bigint)", delivery.first, delivery.last));
    }
    wanted.push(") d (kind, id, first, last) JOIN {schema}.event e ON ").of_tenant("e", &read::value(&scope.tenant));
    wanted.push(" AND e.kind = d.kind AND e.id = d.id AND e.sequence BETWEEN d.first AND d.last ORDER BY e.sequence");
    for row in ask.read_one(Whose::Of(&scope.tenant), wanted, FEED).await? {
        let key = || Ok((sql::record_id(&row, 0)?, row.count(2)?));
        let key = key().map_err(|damage: Damage| corrupt("the feed".to_owned(), damage))?;
        let (_, event) = read::event(&row, key.0, 3)?;
        added.entry(key).or_default().push(event);
    }
    Ok(added)
}

/// Waits until the feed has something after a position. It looks when something lands, here or in another process, and
/// now and then in any case.
pub(super) async fn changed(ask: &impl Ask, tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError> {
    let shared = ask.shared();
    // Ends with the first landing of this tenant's.
    loop {
        let landing = shared.listening.listen(tenant.as_str());
        let bounds = bounds(ask, tenant, false).await?;
        if bounds.place(after)? < bounds.ending || bounds.more {
            return Ok(());
        }
        if shared.pool.is_closed() {
            return Err(super::closed());
        }
        let patience = shared.listening.patience();
        let wait = async {
            select(pin!(landing.heard()), pin!(tokio::time::sleep(patience))).await;
        };
        shared.engine.run(wait).await;
    }
}

/// Up to where a consumer has dealt with the feed.
pub(super) async fn consumer(
    ask: &impl Ask,
    tenant: &TenantId,
    name: &ConsumerName,
) -> Result<Option<FeedPosition>, RepositoryError> {
    let known = consumers_like(ask, tenant, Some(name)).await?;
    Ok(known.into_iter().next().map(|(_, position)| position))
}

/// Every consumer, by name.
pub(super) async fn consumers(
    ask: &impl Ask,
    tenant: &TenantId,
) -> Result<Vec<(ConsumerName, FeedPosition)>, RepositoryError> {
    consumers_like(ask, tenant, None).await
}

async fn consumers_like(
    ask: &impl Ask,
    tenant: &TenantId,
    name: Option<&ConsumerName>,
) -> Result<Vec<(ConsumerName, FeedPosition)>, RepositoryError> {
    let mut wanted = read::select("SELECT c.name, c.place, {schema}.epoch() FROM {schema}.consumer c WHERE ");
    wanted.of_tenant("c", &read::value(tenant));
    if let Some(name) = name {
        wanted.push(" AND c.name = ").bind(name.as_str().to_owned());
    }
    wanted.push(" ORDER BY c.name");
    let rows = ask.read_one(Whose::Of(tenant), wanted, FEED).await?;
    let known = |row: &Row| {
        let epoch = u64::from_be_bytes(row.number(2)?.to_be_bytes());
        Ok((row.key(0)?.ok_or("it has no name")?, FeedPosition { epoch, place: row.count(1)? }))
    };
    let known = rows.iter().map(known).collect::<Result<_, Damage>>();
    known.map_err(|damage| corrupt("the consumers of the feed".to_owned(), damage))
}

/// Keeps up to where a consumer has dealt with the feed, if that is further than before.
pub(super) async fn acknowledge(
    ask: &impl Ask,
    tenant: &TenantId,
    name: &ConsumerName,
    upto: FeedPosition,
) -> Result<(), RepositoryError> {
    let (tenant, name) = (tenant.as_str(), name.as_str());
    let (epoch, place) = (i64::from_be_bytes(upto.epoch.to_be_bytes()), count(upto.place));
    let patience = ask.lock_patience();
    let values: [Param<'_>; 5] = [
        (&tenant, Type::TEXT),
        (&name, Type::TEXT),
        (&epoch, Type::INT8),
        (&place, Type::INT8),
        (&patience, Type::INT8),
    ];
    let rows = ask.call("SELECT {schema}.acknowledge($1, $2, $3, $4, $5)", &values).await;
    let rows = rows.map_err(|failure| failure.during("acknowledge"))?;
    let known = rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false));
    if known { Ok(()) } else { Err(RepositoryError::CursorTooOld) }
}

/// Forgets a consumer; says whether there was one.
pub(super) async fn remove_consumer(
    ask: &impl Ask,
    tenant: &TenantId,
    name: &ConsumerName,
) -> Result<bool, RepositoryError> {
    let (tenant, name) = (tenant.as_str(), name.as_str());
    let values: [Param<'_>; 2] = [(&tenant, Type::TEXT), (&name, Type::TEXT)];
    let rows = ask.call("SELECT {schema}.remove_consumer($1, $2)", &values).await;
    let rows = rows.map_err(|failure| failure.during("remove a consumer"))?;
    Ok(rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)))
}

/// Lets go of the beginnings of feeds: tenant by tenant, and a few of them at a time.
pub(super) async fn trim(ask: &impl Ask, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
    const TRIM: &str = "trim the feed";
    let (before, limit) = (before.timestamp_micros(), limit.clamp(1, MAX_PAGE));
    let (mut trimmed, mut last) = (0_usize, Some(String::new()));
    // Ends with the last tenant.
    while let Some(after) = last.filter(|_| trimmed < limit) {
        let most = size(limit.saturating_sub(trimmed));
        let values: [Param<'_>; 3] = [(&before, Type::INT8), (&most, Type::INT8), (&after, Type::TEXT)];
        let rows = ask.call("SELECT * FROM {schema}.trim($1, $2, $3)", &values).await;
        let rows = rows.map_err(|failure| failure.during(TRIM))?;
        let row = read::first(&rows)?;
        let told = || Ok((row.count(0)?, row.text(1)?.map(str::to_owned)));
        let (gone, next) = told().map_err(|damage: Damage| corrupt("the schema".to_owned(), damage))?;
        trimmed = trimmed.saturating_add(usize::try_from(gone).unwrap_or(usize::MAX));
        last = next;
    }
    Ok(trimmed)
}
