//! The feed: what was committed, in the order of the commits.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    columns::{self, At, Count, Key, Lines, ROW_WIDTH, index_row},
    commit::write,
    error::{During as _, unless_damaged},
};
use crate::{
    event::Event,
    key::ConsumerName,
    store::{
        FeedChange, FeedEntry, FeedPage, FeedPosition, Filter, IndexRow, MAX_PAGE, RepositoryError, Scope, Term, Terms,
    },
    time::Instant,
};

/// How many writes one page of the feed looks at: a viewer for whom there is little does not hold up others.
const MAX_SCANNED: i64 = 10_000;

const FEED: &str = "read the feed";
const TRIM: &str = "trim the feed";

/// Up to where the feed was let go of, and where it ends.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub floor: u64,
    pub end: u64,
}

pub(super) fn bounds(connection: &Connection, tenant: i64) -> Result<Bounds, RepositoryError> {
    let sql = "SELECT feed_floor, coalesce((SELECT max(place) FROM feed WHERE tenant = ?1), feed_floor) \
               FROM tenant WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql).during(FEED)?;
    let bounds = |row: &Row<'_>| Ok(Bounds { floor: row.get::<_, Count>(0)?.0, end: row.get::<_, Count>(1)?.0 });
    statement.query_row([tenant], bounds).during(FEED)
}

/// What to read of the feed of a tenant.
pub(super) struct Wanted<'a> {
    pub scope: &'a Scope,
    pub filter: &'a Filter,
    /// What comes after this place; `None`: everything that is kept.
    pub after: Option<u64>,
    pub limit: usize,
    pub epoch: u64,
}

/// A write, as the feed has it.
struct Delivery {
    place: u64,
    slot: i64,
    first: u64,
    last: u64,
    before: Option<Arc<[Term]>>,
    row: IndexRow,
    terms: Terms,
}

/// A page of the feed. A place that it does not have, any more or yet, is too old.
pub(super) fn page(connection: &Connection, tenant: i64, wanted: &Wanted<'_>) -> Result<FeedPage, RepositoryError> {
    let Bounds { floor, end } = bounds(connection, tenant)?;
    let after = wanted.after.unwrap_or(floor);
    if after < floor || after > end {
        return Err(RepositoryError::CursorTooOld);
    }
    let matcher = wanted.filter.matcher();
    let whole = wanted.filter.needs().next().is_some() || wanted.filter.search.is_some();
    let sql = format!(
        "SELECT {}, f.place, f.record, f.first, f.last, f.standing_before, r.standing \
         FROM feed f JOIN record r ON r.slot = f.record WHERE f.tenant = ?1 AND f.place > ?2 ORDER BY f.place LIMIT ?3",
        columns::ROW
    );
    let mut statement = connection.prepare_cached(&sql).during(FEED)?;
    let mut rows = statement.query(params![tenant, Count(after), MAX_SCANNED]).during(FEED)?;
    let limit = wanted.limit.clamp(1, MAX_PAGE);
    let (mut entries, mut next) = (Vec::new(), after);
    while entries.len() < limit
        && let Some(row) = rows.next().during(FEED)?
    {
        let mut delivery = delivery(row).map_err(|error| unless_damaged(error, || "the feed".to_owned()))?;
        next = delivery.place;
        if whole {
            delivery.terms.subject = subject(connection, delivery.slot)?;
        }
        let Delivery { row, terms, before, .. } = &delivery;
        let added = || added(connection, &delivery);
        let change = FeedChange::of(wanted.scope, &matcher, row, terms, before.as_ref(), added)?;
        let position = FeedPosition { epoch: wanted.epoch, place: delivery.place };
        entries.extend(change.map(|change| FeedEntry { position, record: delivery.row.id, change }));
    }
    Ok(FeedPage { entries, next: FeedPosition { epoch: wanted.epoch, place: next }, more: next < end })
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let at = |offset: usize| ROW_WIDTH.saturating_add(offset);
    Ok(Delivery {
        row: index_row(row)?,
        place: row.get::<_, Count>(at(0))?.0,
        slot: row.get(at(1))?,
        first: row.get::<_, Count>(at(2))?.0,
        last: row.get::<_, Count>(at(3))?.0,
        before: row.get::<_, Option<Lines>>(at(4))?.map(|before| before.0),
        terms: Terms { standing: row.get::<_, Lines>(at(5))?.0, subject: [].into() },
    })
}

/// The events that a write added.
fn added(connection: &Connection, delivery: &Delivery) -> Result<Vec<Event>, RepositoryError> {
    let sql = "SELECT sequence, checksum, json FROM event WHERE record = ?1 AND sequence BETWEEN ?2 AND ?3 \
               ORDER BY sequence";
    let mut statement = connection.prepare_cached(sql).during(FEED)?;
    let values = params![delivery.slot, Count(delivery.first), Count(delivery.last)];
    let mut rows = statement.query(values).during(FEED)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().during(FEED)? {
        let sequence = row.get::<_, Count>(0).during(FEED)?.0;
        events.push(columns::event(row, delivery.row.id, sequence, 1)?);
    }
    Ok(events)
}

fn subject(connection: &Connection, slot: i64) -> Result<Arc<[Term]>, RepositoryError> {
    let mut statement = connection.prepare_cached("SELECT terms FROM subject WHERE record = ?1").during(FEED)?;
    let terms = statement.query_row([slot], |row| row.get::<_, Lines>(0));
    terms.map(|lines| lines.0).map_err(|error| unless_damaged(error, || "the terms of a record".to_owned()))
}

/// Up to where a consumer has dealt with the feed.
pub(super) fn consumer(
    connection: &Connection,
    tenant: i64,
    name: &ConsumerName,
) -> Result<Option<u64>, RepositoryError> {
    let sql = "SELECT place FROM consumer WHERE tenant = ?1 AND name = ?2";
    let mut statement = connection.prepare_cached(sql).during(FEED)?;
    let place = statement.query_row(params![tenant, name.as_str()], |row| row.get::<_, Count>(0));
    Ok(place.optional().during(FEED)?.map(|place| place.0))
}

/// Every consumer, by name.
pub(super) fn consumers(connection: &Connection, tenant: i64) -> Result<Vec<(ConsumerName, u64)>, RepositoryError> {
    let sql = "SELECT name, place FROM consumer WHERE tenant = ?1 ORDER BY name";
    let mut statement = connection.prepare_cached(sql).during(FEED)?;
    let each = statement.query_map([tenant], |row| Ok((row.get::<_, Key<_>>(0)?.0, row.get::<_, Count>(1)?.0)));
    let each = each.and_then(Iterator::collect);
    each.map_err(|error| unless_damaged(error, || "the consumers of the feed".to_owned()))
}

/// Keeps up to where a consumer has dealt with the feed, if that is further than before.
pub(super) fn acknowledge(
    connection: &Connection,
    tenant: i64,
    name: &ConsumerName,
    upto: u64,
) -> Result<(), RepositoryError> {
    let Bounds { floor, end } = bounds(connection, tenant)?;
    if upto < floor || upto > end {
        return Err(RepositoryError::CursorTooOld);
    }
    let sql = "INSERT INTO consumer (tenant, name, place) VALUES (?1, ?2, ?3) \
               ON CONFLICT (tenant, name) DO UPDATE SET place = max(place, excluded.place)";
    write(connection, sql, params![tenant, name.as_str(), Count(upto)])
}

pub(super) fn remove_consumer(
    connection: &Connection,
    tenant: i64,
    name: &ConsumerName,
) -> Result<bool, RepositoryError> {
    let sql = "DELETE FROM consumer WHERE tenant = ?1 AND name = ?2";
    let removed =
        connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params![tenant, name.as_str()]));
    Ok(removed.during("remove a consumer")? > 0)
}

/// Lets go of the beginnings of feeds, tenant by tenant.
pub(super) fn trim(connection: &Connection, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
    let mut left = u64::try_from(limit.clamp(1, MAX_PAGE)).unwrap_or(1);
    let (mut trimmed, mut tenant) = (0_usize, 0);
    while left > 0
        && let Some(next) = next_with_feed(connection, tenant)?
    {
        tenant = next;
        let floor = bounds(connection, tenant)?.floor;
        let furthest = floor.saturating_add(left);
        let upto = furthest_trimmed(connection, tenant, furthest, before).during(TRIM)?;
        if upto <= floor {
            continue;
        }
        let sql = "DELETE FROM feed WHERE tenant = ?1 AND place <= ?2";
        let gone =
            connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params![tenant, Count(upto)]));
        trimmed = trimmed.saturating_add(gone.during(TRIM)?);
        write(connection, "UPDATE tenant SET feed_floor = ?2 WHERE id = ?1", params![tenant, Count(upto)])?;
        left = left.saturating_sub(upto.saturating_sub(floor));
    }
    Ok(trimmed)
}

/// The first tenant after this one of which the feed has something.
fn next_with_feed(connection: &Connection, after: i64) -> Result<Option<i64>, RepositoryError> {
    let sql = "SELECT min(tenant) FROM feed WHERE tenant > ?1";
    let mut statement = connection.prepare_cached(sql).during(TRIM)?;
    statement.query_row([after], |row| row.get(0)).during(TRIM)
}

/// The last place, up to a furthest one, of what was recorded before an instant and is awaited by no consumer.
fn furthest_trimmed(connection: &Connection, tenant: i64, furthest: u64, before: Instant) -> rusqlite::Result<u64> {
    let sql = "SELECT min(\
               coalesce((SELECT min(place) FROM consumer WHERE tenant = ?1), ?2), \
               coalesce((SELECT place - 1 FROM feed WHERE tenant = ?1 AND place <= ?2 AND at >= ?3 \
                         ORDER BY place LIMIT 1), ?2), \
               coalesce((SELECT max(place) FROM feed WHERE tenant = ?1), 0), ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row(params![tenant, Count(furthest), At(before)], |row| row.get::<_, Count>(0)).map(|upto| upto.0)
}
