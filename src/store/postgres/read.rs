//! Reads of single records, of logs, answers, wakes and documents.

use tokio_postgres::{Row, types::Type};

use super::{
    DIALECT,
    ask::{Ask, Whose},
    columns::{count, size, small},
    error::corrupt,
};
use crate::{
    digest::Digest,
    event::{Event, RecordId},
    id::{CommandId, Version},
    key::TenantId,
    store::{
        Answer, Document, EventPage, Found, Loaded, LogPart, MAX_PAGE, Published, RecordKey, RepositoryError, Scope,
        Sweep, Terms, Wake,
        sql::{self, Columns as _, Damage, Recent, Select, Unfit, Value, bytes, checksum, command, kind},
    },
    time::Instant,
};

const LOAD: &str = "load";
const LOG: &str = "read a log";
const DOCUMENT: &str = "read a document";

/// A statement on the rows of a tenant.
pub(super) fn select(sql: &str) -> Select {
    Select::new(&DIALECT, sql)
}

/// A tenant, as a value.
pub(super) fn value(tenant: &TenantId) -> Value {
    Value::Text(tenant.to_string())
}

/// The only one, or the first.
pub(super) fn first(rows: &[Row]) -> Result<&Row, RepositoryError> {
    rows.first().ok_or_else(|| corrupt("the schema".to_owned(), "a function says nothing"))
}

pub(super) async fn load(
    ask: &impl Ask,
    scope: &Scope,
    key: Option<&RecordKey>,
    wanted: Option<CommandId>,
) -> Result<Found, RepositoryError> {
    let tenant = scope.tenant.as_str();
    let (of, id, number) = match key {
        Some(RecordKey::Id(id)) => (Some(small(kind(id.kind()))), Some(bytes(*id).to_vec()), None),
        Some(RecordKey::Number(number)) => (None, None, Some(number.as_str())),
        None => (None, None, None),
    };
    let wanted_bytes = wanted.map(|id| command(id).to_vec());
    let values: [super::columns::Param<'_>; 5] = [
        (&tenant, Type::TEXT),
        (&of, Type::INT2),
        (&id, Type::BYTEA),
        (&number, Type::TEXT),
        (&wanted_bytes, Type::BYTEA),
    ];
    let rows = ask.call("SELECT * FROM {schema}.load($1, $2, $3, $4, $5)", &values).await;
    let rows = rows.map_err(|failure| failure.during(LOAD))?;
    let row = first(&rows)?;
    let answered = || row.int(6)?.map(|_| sql::answer(row, 6)).transpose();
    let answer = answered().map_err(|damage| match wanted {
        Some(wanted) => corrupt(format!("the answer to {wanted}"), damage),
        None => corrupt("an answer".to_owned(), damage),
    })?;
    let policy = row.stamp(12).map_err(|damage| corrupt("what was published".to_owned(), damage))?;
    Ok(Found { record: seen(row, scope, &ask.shared().recent)?, answer, policy })
}

/// The record whose kind, id, standing, version, checksum and snapshot stand in the first columns, if there is one and
/// the viewer may see it.
fn seen(row: &Row, scope: &Scope, recent: &Recent) -> Result<Option<Loaded>, RepositoryError> {
    let there = row.int(0).map_err(|damage| corrupt("a row".to_owned(), damage))?;
    if there.is_none() {
        return Ok(None);
    }
    let id = sql::record_id(row, 0).map_err(|damage| corrupt("a row".to_owned(), damage))?;
    let read = || {
        let standing = sql::line_terms(row.string(2)?)?;
        let sees = scope.sees(&Terms { standing, subject: [].into() });
        sees.then(|| recent.decoded(id, row.count(3)?, row.number(4)?, row.string(5)?)).transpose()
    };
    read().map_err(|damage: Damage| corrupt(id.to_string(), damage))
}

pub(super) async fn load_many(
    ask: &impl Ask,
    scope: &Scope,
    records: &[RecordId],
) -> Result<Vec<Option<Loaded>>, RepositoryError> {
    let mut all = vec![None; records.len()];
    if records.is_empty() {
        return Ok(all);
    }
    let mut wanted =
        select("SELECT r.kind, r.id, r.standing, r.version, r.checksum, r.snapshot FROM {schema}.record r WHERE ");
    wanted.of_tenant("r", &value(&scope.tenant)).push(" AND (r.kind, r.id) IN (");
    for (index, id) in records.iter().enumerate() {
        wanted.push(if index > 0 { ", (" } else { "(" }).push(&kind(id.kind()).to_string()).push(", ");
        wanted.bind(bytes(*id).to_vec()).push(")");
    }
    wanted.push(")");
    for row in ask.read_one(Whose::Of(&scope.tenant), wanted, LOAD).await? {
        let Some(loaded) = seen(&row, scope, &ask.shared().recent)? else { continue };
        let id = loaded.record.id();
        for (slot, _) in all.iter_mut().zip(records).filter(|(_, wanted)| **wanted == id) {
            *slot = Some(loaded.clone());
        }
    }
    Ok(all)
}

/// The answer to a command, if it landed.
pub(super) async fn answer(
    ask: &impl Ask,
    tenant: &TenantId,
    id: CommandId,
) -> Result<Option<Answer>, RepositoryError> {
    let nobody = Scope { tenant: tenant.clone(), viewer: [].into(), internal: [].into() };
    Ok(load(ask, &nobody, None, Some(id)).await?.answer)
}

/// A part of a record's log.
pub(super) async fn events(
    ask: &impl Ask,
    scope: &Scope,
    id: RecordId,
    part: LogPart,
) -> Result<EventPage, RepositoryError> {
    let tenant = value(&scope.tenant);
    let limit = part.limit.clamp(1, MAX_PAGE);
    let (compared, order) = if part.newest_first { ("<=", "DESC") } else { (">=", "ASC") };
    let (mut events, mut from) = (Vec::new(), part.from.get());
    // Each round goes on in the log.
    loop {
        let mut wanted = select(
            "SELECT e.sequence, e.checksum, e.json, r.version, r.standing FROM {schema}.record r \
             LEFT JOIN LATERAL (SELECT e.sequence, e.checksum, e.json FROM {schema}.event e WHERE ",
        );
        wanted.of_tenant("e", &tenant).push(" AND e.kind = r.kind AND e.id = r.id");
        wanted.push(&format!(" AND e.sequence {compared} ")).bind(count(from));
        wanted.push(&format!(" ORDER BY e.sequence {order} LIMIT {limit}) e ON true WHERE "));
        wanted.of_tenant("r", &tenant).push(&format!(" AND r.kind = {} AND r.id = ", kind(id.kind())));
        wanted.bind(bytes(id).to_vec()).push(&format!(" ORDER BY e.sequence {order}"));
        let log = ask.read_one(Whose::Of(&scope.tenant), wanted, LOG).await?;
        let Some(record) = log.first() else { return Ok(EventPage::default()) };
        let shown = || Ok((record.count(3)?, sql::line_terms(record.string(4)?)?));
        let (version, standing) = shown().map_err(|damage: Damage| corrupt(id.to_string(), damage))?;
        let terms = Terms { standing, subject: [].into() };
        if !scope.sees(&terms) {
            return Ok(EventPage::default());
        }
        let mut last = None;
        for row in &log {
            // Without an event, there is a record beyond whose log it was asked.
            if row.int(0).map_err(|damage| corrupt(id.to_string(), damage))?.is_none() {
                break;
            }
            let (sequence, event) = event(row, id, 0)?;
            last = Some(sequence);
            events.extend(scope.shows(&event, &terms));
            if events.len() == limit {
                break;
            }
        }
        let next = last.and_then(|last| {
            if part.newest_first {
                (last > 1).then(|| last.saturating_sub(1))
            } else {
                (last < version).then(|| last.saturating_add(1))
            }
        });
        match next {
            Some(next) if events.len() < limit => from = next,
            next => return Ok(EventPage { events, next: next.map(Version::new) }),
        }
    }
}

/// The event whose sequence, checksum and JSON stand in this column and those after it.
pub(super) fn event(row: &Row, id: RecordId, column: usize) -> Result<(u64, Event), RepositoryError> {
    let sequence = row.count(column).map_err(|damage| corrupt(format!("the log of {id}"), damage))?;
    let event = sql::event(row, id, sequence, column.saturating_add(1));
    let event = event.map_err(|damage| corrupt(format!("event {sequence} of {id}"), damage))?;
    Ok((sequence, event))
}

/// The whole log of a record.
pub(super) async fn log(
    ask: &impl Ask,
    whose: Whose<'_>,
    tenant: &TenantId,
    id: RecordId,
) -> Result<Vec<Event>, RepositoryError> {
    let rows = ask.read_one(whose, whole_log(tenant, id), LOG).await?;
    rows.iter().map(|row| event(row, id, 0).map(|(_, event)| event)).collect()
}

/// A statement that reads the whole log of a record.
pub(super) fn whole_log(tenant: &TenantId, id: RecordId) -> Select {
    let mut log = select("SELECT e.sequence, e.checksum, e.json FROM {schema}.event e WHERE ");
    log.of_tenant("e", &value(tenant)).push(&format!(" AND e.kind = {} AND e.id = ", kind(id.kind())));
    log.bind(bytes(id).to_vec()).push(" ORDER BY e.sequence");
    log
}

/// What falls due, of all tenants.
pub(super) async fn wakes(ask: &impl Ask, sweep: &Sweep) -> Result<Vec<Wake>, RepositoryError> {
    const WAKES: &str = "look for what is due";
    let (at, of, id, tenant) = match &sweep.after {
        Some(after) => (
            after.at.timestamp_micros(),
            small(kind(after.record.kind())),
            bytes(after.record).to_vec(),
            after.tenant.as_str(),
        ),
        None => (i64::MIN, 0, Vec::new(), ""),
    };
    let now = sweep.now.timestamp_micros();
    let (share, shares) = sweep.share.parts();
    let (share, shares) = (small(share.into()), small(shares.into()));
    let most = size(sweep.limit.clamp(1, MAX_PAGE));
    let values: [super::columns::Param<'_>; 8] = [
        (&now, Type::INT8),
        (&at, Type::INT8),
        (&of, Type::INT2),
        (&id, Type::BYTEA),
        (&tenant, Type::TEXT),
        (&share, Type::INT2),
        (&shares, Type::INT2),
        (&most, Type::INT8),
    ];
    let rows = ask.call("SELECT * FROM {schema}.wakes($1, $2, $3, $4, $5, $6, $7, $8)", &values).await;
    let rows = rows.map_err(|failure| failure.during(WAKES))?;
    let wake = |row: &Row| {
        let tenant = row.key(3)?.ok_or("it is nobody's")?;
        Ok(Wake { record: sql::record_id(row, 0)?, at: row.at(2)?, tenant })
    };
    let wakes = rows.iter().map(wake).collect::<Result<_, Damage>>();
    wakes.map_err(|damage| corrupt("what falls due".to_owned(), damage))
}

/// The document with this digest.
pub(super) async fn document(
    ask: &impl Ask,
    tenant: &TenantId,
    wanted: Digest,
) -> Result<Option<Document>, RepositoryError> {
    let mut document = select("SELECT d.checksum, d.json FROM {schema}.document d WHERE ");
    document.of_tenant("d", &value(tenant)).push(" AND d.digest = ").bind(wanted.as_bytes().to_vec());
    let rows = ask.read_one(Whose::Of(tenant), document, DOCUMENT).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let read = || {
        let json = row.string(1)?.as_bytes();
        if checksum(json) != row.number(0)? {
            return Err(Damage::from(Unfit));
        }
        Ok(Document::from_json(json, &*ask.shared().zones)?)
    };
    read().map(Some).map_err(|damage| corrupt(format!("document {wanted}"), damage))
}

/// What was published, the newest first.
pub(super) async fn published(
    ask: &impl Ask,
    tenant: &TenantId,
    before: Option<u32>,
    limit: usize,
) -> Result<Vec<Published>, RepositoryError> {
    let mut made =
        select("SELECT p.version, p.digest, p.name, p.publisher, p.at, p.command FROM {schema}.publication p WHERE ");
    made.of_tenant("p", &value(tenant)).push(" AND p.version < ").bind(before.map_or(i64::MAX, i64::from));
    made.push(&format!(" ORDER BY p.version DESC LIMIT {}", limit.clamp(1, MAX_PAGE)));
    let rows = ask.read_one(Whose::Of(tenant), made, "read what was published").await?;
    let made = rows.iter().map(sql::published).collect::<Result<_, _>>();
    made.map_err(|damage| corrupt("what was published".to_owned(), damage))
}

/// Lets go of answers that were recorded before an instant.
pub(super) async fn forget(ask: &impl Ask, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
    let (before, most) = (before.timestamp_micros(), size(limit.clamp(1, MAX_PAGE)));
    let rows = ask.call("SELECT {schema}.forget($1, $2)", &[(&before, Type::INT8), (&most, Type::INT8)]).await;
    let rows = rows.map_err(|failure| failure.during("forget"))?;
    let gone = first(&rows)?.count(0).map_err(|damage| corrupt("the schema".to_owned(), damage))?;
    Ok(usize::try_from(gone).unwrap_or(usize::MAX))
}
