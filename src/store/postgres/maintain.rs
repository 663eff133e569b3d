//! Looking after a database: its health, what in it is damaged, and mending that.

use std::collections::HashMap;

use tokio_postgres::{Row, types::Type};

use super::{
    Shared,
    ask::{Ask, Pooled, Whose},
    columns::{Param, small},
    commit::{Writes, write_alone},
    error::{BACKEND, Failure, corrupt},
    list::row_key,
    moving::{whole_record, whole_records},
    read::{self, select, value},
    schema,
};
use crate::{
    event::{Event, RecordId},
    id::Version,
    key::TenantId,
    store::{
        Health, Inspected, Inspection, RepositoryError,
        sql::{self, Columns as _, Damage, ROW_WIDTH, Select, bytes, kind},
    },
};

const HEALTH: &str = "look after itself";
const INSPECT: &str = "inspect";
/// So many damages are told of at most.
const MAX_DAMAGES: usize = 1_000;
/// So many records are read at a time.
const AT_ONCE: usize = 100;

/// How a database is, and whether it can be written.
pub(super) async fn health(shared: &Shared) -> Result<Health, RepositoryError> {
    let sql = "SELECT current_setting('server_version'), \
               (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c WHERE c.relkind = 'r' \
                AND c.relnamespace = (SELECT s.relnamespace FROM pg_class s WHERE s.oid = '{schema}.store'::regclass)), \
               (SELECT max(version) FROM {schema}.migration), \
               pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'";
    let rows = Pooled(shared).call(sql, &[]).await.map_err(|failure| failure.during(HEALTH))?;
    let read = || {
        let row = rows.first().ok_or("it says nothing")?;
        let read_only = row.try_get::<_, bool>(3)?;
        let found = u32::try_from(row.number(2)?)?;
        let health = Health {
            backend: BACKEND,
            engine: row.string(0)?.to_owned(),
            place: shared.name.place.clone(),
            schema: found,
            needed: schema::known(),
            bytes: row.count(1)?,
            log_bytes: 0,
        };
        Ok((health, read_only))
    };
    let (health, read_only) = read().map_err(|damage: Damage| corrupt("the schema".to_owned(), damage))?;
    if read_only {
        return Err(Failure::Unsent("the server can only be read: it is a standby, or was made read-only".into())
            .during(HEALTH));
    }
    Ok(health)
}

/// Reads everything that is stored of records and says what is not as it was written.
pub(super) async fn inspect(
    shared: &Shared,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Inspection, RepositoryError> {
    let mut inspection = Inspection::default();
    let mut after = (String::new(), 0, Vec::new());
    // Each round goes on where the last one ended.
    loop {
        let mut next = inspected();
        next.push("(r.tenant, r.kind, r.id) > (").bind(after.0.clone());
        next.push(&format!(", {}, ", after.1)).bind(after.2.clone());
        next.push(&format!(") ORDER BY r.tenant, r.kind, r.id LIMIT {AT_ONCE}"));
        let rows = Pooled(shared).read_one(Whose::Everyones, next, INSPECT).await?;
        let keys = rows
            .iter()
            .map(|row| Ok((row.key(ROW_WIDTH.saturating_add(6))?.ok_or("it is nobody's")?, sql::record_id(row, 0)?)));
        let keys: Vec<(TenantId, RecordId)> = keys.collect::<Result<_, Damage>>().map_err(of_row)?;
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Ok(inspection) };
        let mut logs = logs(shared, first, last).await?;
        for (key, row) in keys.iter().zip(&rows) {
            let (tenant, id) = key;
            inspection.records = inspection.records.saturating_add(1);
            let mut found = is_sound(row, *id, logs.remove(key).unwrap_or_default());
            if matches!(found, Err(RepositoryError::Corrupt { .. })) {
                // It may have changed between the two statements.
                found = sound(shared, tenant, *id).await;
            }
            match found {
                Ok(events) => inspection.events = inspection.events.saturating_add(events),
                Err(error @ RepositoryError::Corrupt { .. }) if inspection.damages.len() < MAX_DAMAGES => {
                    inspection.damages.push(Inspected { tenant: tenant.clone(), record: *id, error });
                }
                Err(RepositoryError::Corrupt { .. }) => inspection.more = true,
                Err(error) => return Err(error),
            }
            progress(inspection.records);
        }
        after = (last.0.to_string(), kind(last.1.kind()), bytes(last.1).to_vec());
    }
}

fn of_row(damage: Damage) -> RepositoryError {
    corrupt("a row".to_owned(), damage)
}

/// A statement that reads records as [`is_sound`] takes them.
fn inspected() -> Select {
    whole_records(
        ", (SELECT count(*) FROM unnest(string_to_array(r.standing || coalesce((\
            SELECT s.terms FROM {schema}.subject s WHERE s.tenant = r.tenant AND s.kind = r.kind AND s.id = r.id), ''), \
            E'\\n')) n (term) \
          WHERE n.term NOT IN ('', 'everyone', 'problem:everyone') AND NOT EXISTS (\
            SELECT FROM {schema}.term t \
            WHERE t.tenant = r.tenant AND t.term = n.term AND t.kind = r.kind AND t.id = r.id)), r.tenant",
    )
}

/// An event as its columns have it, or what is wrong with it.
type Logged = Result<Event, RepositoryError>;

/// The logs of the records from one key to another.
async fn logs(
    shared: &Shared,
    first: &(TenantId, RecordId),
    last: &(TenantId, RecordId),
) -> Result<HashMap<(TenantId, RecordId), Vec<Logged>>, RepositoryError> {
    let mut wanted =
        select("SELECT e.kind, e.id, e.tenant, e.sequence, e.checksum, e.json FROM {schema}.event e WHERE ");
    for (compared, (tenant, id)) in [(">=", first), ("<=", last)] {
        wanted.push(&format!("(e.tenant, e.kind, e.id) {compared} (")).bind(value(tenant));
        wanted.push(&format!(", {}, ", kind(id.kind()))).bind(bytes(*id).to_vec());
        wanted.push(if compared == ">=" { ") AND " } else { ")" });
    }
    wanted.push(" ORDER BY e.tenant, e.kind, e.id, e.sequence");
    let mut logs: HashMap<_, Vec<Logged>> = HashMap::new();
    for row in Pooled(shared).read_one(Whose::Everyones, wanted, INSPECT).await? {
        let key = || Ok((row.key::<TenantId>(2)?.ok_or("it is nobody's")?, sql::record_id(&row, 0)?));
        let (tenant, id) = key().map_err(of_row)?;
        let event = read::event(&row, id, 3).map(|(_, event)| event);
        logs.entry((tenant, id)).or_default().push(event);
    }
    Ok(logs)
}

/// Whether a record, its row, its terms and its log are what was written, and fit each other; how many events it has.
async fn sound(shared: &Shared, tenant: &TenantId, id: RecordId) -> Result<u64, RepositoryError> {
    let mut wanted = inspected();
    wanted.of_tenant("r", &value(tenant)).push(&format!(" AND r.kind = {} AND r.id = ", kind(id.kind())));
    wanted.bind(bytes(id).to_vec());
    let both = Pooled(shared).read(Whose::Of(tenant), vec![wanted, read::whole_log(tenant, id)]).await;
    let both = both.map_err(|failure| failure.during(INSPECT))?;
    let [row, log] = both.as_slice() else { return Err(corrupt(id.to_string(), "it is gone")) };
    let Some(row) = row.first() else { return Err(corrupt(id.to_string(), "it is gone")) };
    is_sound(row, id, log.iter().map(|row| read::event(row, id, 0).map(|(_, event)| event)).collect())
}

fn is_sound(row: &Row, id: RecordId, log: Vec<Logged>) -> Result<u64, RepositoryError> {
    let (loaded, index_row, terms) = whole_record(row).map_err(|damage| corrupt(row_key(row), damage))?;
    let log: Vec<Event> = log.into_iter().collect::<Result<_, _>>()?;
    let unlisted = row.count(ROW_WIDTH.saturating_add(5)).map_err(of_row)?;
    sql::sound(id, &loaded, &index_row, &terms, unlisted, &log)?;
    Ok(loaded.version.get())
}

/// Makes the snapshot, the row and the terms of a record anew from its log.
pub(super) async fn rebuild(ask: &impl Ask, tenant: &TenantId, id: RecordId) -> Result<bool, RepositoryError> {
    const REBUILD: &str = "rebuild";
    let mut wanted = select("SELECT r.version, r.wake_at FROM {schema}.record r WHERE ");
    wanted.of_tenant("r", &value(tenant)).push(&format!(" AND r.kind = {} AND r.id = ", kind(id.kind())));
    wanted.bind(bytes(id).to_vec());
    wanted.push(" FOR NO KEY UPDATE");
    let rows = ask.read_one(Whose::Of(tenant), wanted, REBUILD).await?;
    let Some(row) = rows.first() else { return Ok(false) };
    let there = || Ok((Version::new(row.count(0)?), row.instant(1)?));
    let (version, wake_at) = there().map_err(|damage: Damage| corrupt(format!("the row of {id}"), damage))?;
    let log = read::log(ask, Whose::Of(tenant), tenant, id).await?;
    let writes = Writes::of(&[sql::rebuilt(id, &log, version, wake_at)?])?;
    let tenant = tenant.as_str();
    let mut values: Vec<Param<'_>> = vec![(&tenant, Type::TEXT)];
    values.extend(writes.params());
    let sql = write_alone(values.len());
    ask.call(&sql, &values).await.map(drop).map_err(|failure| failure.during(REBUILD))?;
    // Terms that were lost come back, though the texts are as they were.
    let (of, id) = (small(kind(id.kind())), bytes(id).to_vec());
    let sql = "SELECT {schema}.mark($1, $2, $3, '', r.standing), {schema}.mark($1, $2, $3, '', s.terms) \
               FROM {schema}.record r JOIN {schema}.subject s ON s.tenant = r.tenant AND s.kind = r.kind AND s.id = r.id \
               WHERE r.tenant = $1 AND r.kind = $2 AND r.id = $3";
    let values: [Param<'_>; 3] = [(&tenant, Type::TEXT), (&of, Type::INT2), (&id, Type::BYTEA)];
    ask.call(sql, &values).await.map(drop).map_err(|failure| failure.during(REBUILD))?;
    Ok(true)
}
