//! Reads of single records, of logs, answers, wakes and documents.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    columns::{self, At, Count, Key, Lines, Unfit, bytes, checksum, command, digest, kind, record_id, told},
    error::{During as _, corrupt, unless_damaged},
};
use crate::{
    calendar::ZoneSource,
    digest::Digest,
    event::{PolicyStamp, RecordId},
    id::{CommandId, Version},
    key::TenantId,
    store::{
        Answer, Document, EventPage, Found, Loaded, LogPart, MAX_PAGE, Published, RecordKey, RepositoryError, Scope,
        Sweep, Terms, Wake,
        sql::{self, Recent},
    },
};

/// The tenant's key in the other tables; `None` if it stores nothing.
pub(super) fn tenant_id(connection: &Connection, tenant: &TenantId) -> Result<Option<i64>, RepositoryError> {
    let mut statement = connection.prepare_cached("SELECT id FROM tenant WHERE key = ?1").during("read")?;
    statement.query_row([tenant.as_str()], |row| row.get(0)).optional().during("read")
}

/// Reads as everything stood at one moment, if the tenant stores anything.
pub(super) fn of_tenant<T: Default>(
    connection: &Connection,
    tenant: &TenantId,
    read: impl FnOnce(i64) -> Result<T, RepositoryError>,
) -> Result<T, RepositoryError> {
    let run = |sql: &str| connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).during("read");
    run("BEGIN")?;
    let found = tenant_id(connection, tenant).and_then(|id| id.map(read).transpose());
    let ended = run("COMMIT").inspect_err(|_| {
        // Left open, it would be in the way of the next one.
        let _ = run("ROLLBACK");
    });
    let found = found?;
    ended?;
    Ok(found.unwrap_or_default())
}

/// What a load found: the record is decoded when it is no longer the connection's turn.
#[derive(Default)]
pub(super) struct FoundKept {
    record: Option<Kept>,
    answer: Option<Answer>,
    policy: Option<PolicyStamp>,
}

impl FoundKept {
    pub(super) fn decoded(self, recent: &Recent) -> Result<Found, RepositoryError> {
        let read = |kept: Kept| {
            let Kept { id, version, checksum, json } = kept;
            recent.decoded(id, version, checksum, &json).map_err(|damage| corrupt(id.to_string(), damage))
        };
        let record = self.record.map(read).transpose()?;
        Ok(Found { record, answer: self.answer, policy: self.policy })
    }
}

/// A record as it is kept.
struct Kept {
    id: RecordId,
    version: u64,
    checksum: i64,
    json: String,
}

impl Kept {
    fn decoded(self) -> Result<Loaded, RepositoryError> {
        let loaded = sql::decoded(self.id, self.version, self.checksum, &self.json);
        loaded.map_err(|damage| corrupt(self.id.to_string(), damage))
    }
}

pub(super) fn load(
    connection: &Connection,
    tenant: i64,
    scope: &Scope,
    key: Option<&RecordKey>,
    command: Option<CommandId>,
) -> Result<FoundKept, RepositoryError> {
    Ok(FoundKept {
        record: key.map(|key| kept(connection, tenant, scope, key)).transpose()?.flatten(),
        answer: command.map(|command| answer(connection, tenant, command)).transpose()?.flatten(),
        policy: in_force(connection, tenant)?,
    })
}

/// The record, if the viewer may see it.
pub(super) fn record(
    connection: &Connection,
    tenant: i64,
    scope: &Scope,
    key: &RecordKey,
) -> Result<Option<Loaded>, RepositoryError> {
    kept(connection, tenant, scope, key)?.map(Kept::decoded).transpose()
}

fn kept(connection: &Connection, tenant: i64, scope: &Scope, key: &RecordKey) -> Result<Option<Kept>, RepositoryError> {
    const BY_ID: &str = "SELECT kind, id, standing, version, checksum, snapshot FROM record \
                         WHERE tenant = ?1 AND kind = ?2 AND id = ?3";
    const BY_NUMBER: &str = "SELECT kind, id, standing, version, checksum, snapshot FROM record \
                             WHERE tenant = ?1 AND number = ?2";
    let read = |row: &Row<'_>| -> Result<Option<Kept>, RepositoryError> {
        let id = record_id(row, 0).during("load")?;
        let damaged = |error| unless_damaged(error, || id.to_string());
        let seen = row.get_ref(2).during("load")?.as_str().is_ok_and(|lines| sql::bears_one(lines, &scope.viewer));
        if !seen {
            // Unless that is because it was damaged. Of those who see it, `inspect` tells what else is wrong with it.
            row.get::<_, Lines>(2).map_err(damaged)?;
            return Ok(None);
        }
        let version = row.get::<_, Count>(3).map_err(damaged)?.0;
        let (checksum, json) = (row.get(4).map_err(damaged)?, row.get(5).map_err(damaged)?);
        Ok(Some(Kept { id, version, checksum, json }))
    };
    let (mut statement, mut rows);
    match key {
        RecordKey::Id(id) => {
            statement = connection.prepare_cached(BY_ID).during("load")?;
            rows = statement.query(params![tenant, kind(id.kind()), bytes(*id)]).during("load")?;
        }
        RecordKey::Number(number) => {
            statement = connection.prepare_cached(BY_NUMBER).during("load")?;
            rows = statement.query(params![tenant, number.as_str()]).during("load")?;
        }
    }
    match rows.next().during("load")? {
        Some(row) => read(row),
        None => Ok(None),
    }
}

/// The answer to a command, if it landed.
pub(super) fn answer(connection: &Connection, tenant: i64, id: CommandId) -> Result<Option<Answer>, RepositoryError> {
    let sql = "SELECT at, salt, intent, touched, policy_version, policy_digest FROM answer \
               WHERE tenant = ?1 AND command = ?2";
    let mut statement = connection.prepare_cached(sql).during("read an answer")?;
    let found = statement.query_row(params![tenant, command(id)], |row| told(sql::answer(row, 0)));
    found.optional().map_err(|error| unless_damaged(error, || format!("the answer to {id}")))
}

/// The stamp of the policy in force.
pub(super) fn in_force(connection: &Connection, tenant: i64) -> Result<Option<PolicyStamp>, RepositoryError> {
    let sql = "SELECT version, digest FROM publication WHERE tenant = ?1 ORDER BY version DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql).during("read")?;
    let stamp = |row: &Row<'_>| Ok(PolicyStamp { version: row.get(0)?, digest: digest(row.get(1)?) });
    statement.query_row([tenant], stamp).optional().during("read")
}

/// A part of a record's log.
pub(super) fn events(
    connection: &Connection,
    tenant: i64,
    scope: &Scope,
    id: RecordId,
    part: LogPart,
) -> Result<EventPage, RepositoryError> {
    let sql = "SELECT slot, version, standing FROM record WHERE tenant = ?1 AND kind = ?2 AND id = ?3";
    let mut statement = connection.prepare_cached(sql).during("read a log")?;
    let found = statement.query_row(params![tenant, kind(id.kind()), bytes(id)], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Count>(1)?.0, row.get::<_, Lines>(2)?.0))
    });
    let found = found.optional().map_err(|error| unless_damaged(error, || id.to_string()))?;
    let Some((slot, version, standing)) = found else { return Ok(EventPage::default()) };
    let terms = Terms { standing, subject: [].into() };
    if !scope.sees(&terms) {
        return Ok(EventPage::default());
    }
    let sql = if part.newest_first {
        "SELECT sequence, checksum, json FROM event WHERE record = ?1 AND sequence <= ?2 ORDER BY sequence DESC"
    } else {
        "SELECT sequence, checksum, json FROM event WHERE record = ?1 AND sequence >= ?2 ORDER BY sequence"
    };
    let mut statement = connection.prepare_cached(sql).during("read a log")?;
    let from = i64::try_from(part.from.get()).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![slot, from]).during("read a log")?;
    let limit = part.limit.clamp(1, MAX_PAGE);
    let mut events = Vec::new();
    while let Some(row) = rows.next().during("read a log")? {
        let sequence = row.get::<_, Count>(0).during("read a log")?.0;
        let event = columns::event(row, id, sequence, 1)?;
        events.extend(scope.shows(&event, &terms));
        if events.len() == limit {
            let next = if part.newest_first {
                (sequence > 1).then(|| sequence.saturating_sub(1))
            } else {
                (sequence < version).then(|| sequence.saturating_add(1))
            };
            return Ok(EventPage { events, next: next.map(Version::new) });
        }
    }
    Ok(EventPage { events, next: None })
}

/// What falls due, of all tenants.
pub(super) fn wakes(connection: &Connection, sweep: &Sweep) -> Result<Vec<Wake>, RepositoryError> {
    // What has one instant and one id comes by tenant; the index has it by the number of the tenant. So what belongs
    // together is read whole, and put in order here.
    let sql = "SELECT r.kind, r.id, r.wake_at, t.key FROM record r INDEXED BY by_wake JOIN tenant t ON t.id = r.tenant \
               WHERE r.wake_at IS NOT NULL AND r.wake_at <= ?1 AND (r.wake_at, r.kind, r.id) >= (?2, ?3, ?4) \
               ORDER BY r.wake_at, r.kind, r.id";
    let (after, first_kind, first_id) = match &sweep.after {
        Some(after) => (after.at.timestamp_micros(), kind(after.record.kind()), bytes(after.record)),
        None => (i64::MIN, 0, [0; 16]),
    };
    let mut statement = connection.prepare_cached(sql).during("look for what is due")?;
    let values = params![sweep.now.timestamp_micros(), after, first_kind, first_id];
    let mut rows = statement.query(values).during("look for what is due")?;
    let limit = sweep.limit.clamp(1, MAX_PAGE);
    let (mut wakes, mut alike) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next().during("look for what is due")? {
        let read = || {
            Ok(Wake {
                record: record_id(row, 0)?,
                at: row.get::<_, At>(2)?.0,
                tenant: row.get::<_, Key<TenantId>>(3)?.0,
            })
        };
        let wake = read().map_err(|error| unless_damaged(error, || "what falls due".to_owned()))?;
        if !sweep.share.holds(wake.record) || sweep.after.as_ref().is_some_and(|after| wake <= *after) {
            continue;
        }
        let another = alike.last().is_some_and(|last: &Wake| (last.at, last.record) != (wake.at, wake.record));
        if another {
            settle(&mut wakes, &mut alike);
            if wakes.len() >= limit {
                break;
            }
        }
        alike.push(wake);
    }
    settle(&mut wakes, &mut alike);
    wakes.truncate(limit);
    Ok(wakes)
}

/// Adds what has one instant and one id, by tenant.
fn settle(wakes: &mut Vec<Wake>, alike: &mut Vec<Wake>) {
    alike.sort_unstable();
    wakes.append(alike);
}

/// The document with this digest.
pub(super) fn document(
    connection: &Connection,
    tenant: i64,
    wanted: Digest,
    zones: &dyn ZoneSource,
) -> Result<Option<Document>, RepositoryError> {
    let sql = "SELECT checksum, json FROM document WHERE tenant = ?1 AND digest = ?2";
    let mut statement = connection.prepare_cached(sql).during("read a document")?;
    let found = statement
        .query_row(params![tenant, wanted.as_bytes()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)));
    let Some((sum, json)) = found.optional().during("read a document")? else { return Ok(None) };
    let key = || format!("document {wanted}");
    if checksum(json.as_bytes()) != sum {
        return Err(corrupt(key(), Unfit));
    }
    Document::from_json(json.as_bytes(), zones).map(Some).map_err(|error| corrupt(key(), error))
}

/// What was published, the newest first.
pub(super) fn published(
    connection: &Connection,
    tenant: i64,
    before: Option<u32>,
    limit: usize,
) -> Result<Vec<Published>, RepositoryError> {
    let sql = "SELECT version, digest, name, publisher, at, command FROM publication \
               WHERE tenant = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3";
    let mut statement = connection.prepare_cached(sql).during("read what was published")?;
    let before = before.map_or(i64::MAX, i64::from);
    let limit = i64::try_from(limit.clamp(1, MAX_PAGE)).unwrap_or(1);
    let rows = statement.query_map(params![tenant, before, limit], |row| told(sql::published(row)));
    let rows = rows.and_then(Iterator::collect);
    rows.map_err(|error| unless_damaged(error, || "what was published".to_owned()))
}
