//! Looking after a database: its health, what in it is damaged, and mending that.

use tokio_postgres::{Row, types::Type};

use super::{
    Shared,
    ask::{Ask, Pooled, Whose},
    columns::Param,
    commit::{Writes, places},
    error::{BACKEND, Failure, corrupt},
    list::row_key,
    moving::{whole_record, whole_records},
    read::{self, select, value},
    schema,
};
use crate::{
    event::RecordId,
    id::Version,
    key::TenantId,
    store::{
        Health, Inspected, Inspection, RepositoryError,
        sql::{self, Columns as _, Damage, bytes, kind},
    },
};

const HEALTH: &str = "look after itself";
const INSPECT: &str = "inspect";
/// So many damages are told of at most.
const MAX_DAMAGES: usize = 1_000;
/// So many records are read at a time.
const AT_ONCE: usize = 200;

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
        let mut keys =
            select("SELECT r.tenant, r.kind, r.id FROM {schema}.record r WHERE (r.tenant, r.kind, r.id) > (");
        keys.bind(after.0.clone()).push(&format!(", {}, ", after.1)).bind(after.2.clone());
        keys.push(&format!(") ORDER BY r.tenant, r.kind, r.id LIMIT {AT_ONCE}"));
        let keys = Pooled(shared).read_one(Whose::Everyones, keys, INSPECT).await?;
        for row in &keys {
            let key = || Ok((row.key::<TenantId>(0)?.ok_or("it is nobody's")?, sql::record_id(row, 1)?));
            let (tenant, id) = key().map_err(|damage: Damage| corrupt("a row".to_owned(), damage))?;
            after = (tenant.to_string(), kind(id.kind()), bytes(id).to_vec());
            inspection.records = inspection.records.saturating_add(1);
            match sound(shared, &tenant, id).await {
                Ok(events) => inspection.events = inspection.events.saturating_add(events),
                Err(error @ RepositoryError::Corrupt { .. }) if inspection.damages.len() < MAX_DAMAGES => {
                    inspection.damages.push(Inspected { tenant, record: id, error });
                }
                Err(RepositoryError::Corrupt { .. }) => inspection.more = true,
                Err(error) => return Err(error),
            }
            progress(inspection.records);
        }
        if keys.len() < AT_ONCE {
            return Ok(inspection);
        }
    }
}

async fn stored(shared: &Shared, tenant: &TenantId, id: RecordId) -> Result<Option<Row>, RepositoryError> {
    let mut wanted = whole_records();
    wanted.of_tenant("r", &value(tenant)).push(&format!(" AND r.kind = {} AND r.id = ", kind(id.kind())));
    wanted.bind(bytes(id).to_vec());
    Ok(Pooled(shared).read_one(Whose::Of(tenant), wanted, INSPECT).await?.into_iter().next())
}

/// Whether a record, its row, its terms and its log are what was written, and fit each other; how many events it has.
async fn sound(shared: &Shared, tenant: &TenantId, id: RecordId) -> Result<u64, RepositoryError> {
    let Some(row) = stored(shared, tenant, id).await? else { return Err(corrupt(id.to_string(), "it is gone")) };
    let (loaded, index_row, terms) = whole_record(&row).map_err(|damage| corrupt(row_key(&row), damage))?;
    let log = read::log(&Pooled(shared), Whose::Of(tenant), tenant, id).await?;
    sql::sound(id, &loaded, &index_row, &terms, &log)?;
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
    let sql = format!("SELECT {{schema}}.write({})", places(values.len()));
    ask.call(&sql, &values).await.map(drop).map_err(|failure| failure.during(REBUILD))?;
    Ok(true)
}
