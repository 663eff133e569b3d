//! Looking after a file: its health, copies of it, what in it is damaged, and mending that.

use std::{error::Error as StdError, path::Path};

use rusqlite::{Connection, OptionalExtension as _, backup, params};

use super::{
    columns::{self, Count, Key, Lines, ROW, ROW_WIDTH, bytes, index_row, kind, lines, record_id},
    error::{BACKEND, During as _, backend, corrupt, unavailable, unless_damaged},
    read, record, schema,
};
use crate::{
    event::{Event, RecordId},
    key::TenantId,
    store::{Health, IndexRow, Inspected, Inspection, RepositoryError, Scope, Terms, sql},
};

/// So many pages are copied at a time.
const PAGES: i32 = 1_000;
const COPY: &str = "back up";
/// So many damages are told of at most.
const MAX_DAMAGES: usize = 1_000;

/// How a file is, as its writer sees it.
pub(super) fn health(connection: &Connection, place: &str) -> Result<Health, RepositoryError> {
    const HEALTH: &str = "look after itself";
    let number =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, Count>(0)).during(HEALTH);
    let found = number("user_version")?.0;
    let size = number("page_count")?.0.saturating_mul(number("page_size")?.0);
    let log = std::fs::metadata(format!("{place}-wal")).map_or(0, |log| log.len());
    Ok(Health {
        backend: BACKEND,
        engine: rusqlite::version().to_owned(),
        place: place.to_owned(),
        schema: u32::try_from(found).unwrap_or(u32::MAX),
        needed: schema::known(),
        bytes: size.saturating_add(log),
        log_bytes: log,
    })
}

/// Copies everything, as it stands at one moment, into a new file of another epoch.
pub(super) fn copy(
    connection: &Connection,
    to: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), RepositoryError> {
    if to.exists() {
        return Err(failed(format!("{} exists", to.display())));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let copied = pages(connection, partial, &mut progress).and_then(|()| std::fs::rename(partial, to).map_err(failed));
    copied.inspect_err(|_| {
        // Half a copy is none.
        let _ = std::fs::remove_file(partial);
    })
}

fn failed(source: impl Into<Box<dyn StdError + Send + Sync>>) -> RepositoryError {
    RepositoryError::Backend { backend: BACKEND, operation: COPY, source: source.into() }
}

fn pages(connection: &Connection, to: &Path, progress: &mut impl FnMut(u64, u64)) -> Result<(), RepositoryError> {
    // What is left of an earlier copy that was cut off is in the way of this one.
    let _ = std::fs::remove_file(to);
    // What is read within a transaction does not change meanwhile.
    let transaction = connection.unchecked_transaction().during(COPY)?;
    transaction.query_row("SELECT epoch FROM store", [], |row| row.get::<_, i64>(0)).during(COPY)?;
    let mut copy = Connection::open(to).map_err(failed)?;
    {
        let backup = backup::Backup::new(&transaction, &mut copy).during(COPY)?;
        loop {
            let step = backup.step(PAGES).during(COPY)?;
            let told = backup.progress();
            let count = |pages: std::ffi::c_int| u64::try_from(pages).unwrap_or(0);
            progress(count(told.pagecount.saturating_sub(told.remaining)), count(told.pagecount));
            match step {
                backup::StepResult::Done => break,
                backup::StepResult::More => {}
                _ => return Err(unavailable("another process holds the file")),
            }
        }
    }
    // The copy goes its own way from here: positions in the feed of one mean nothing in the other.
    copy.execute("UPDATE store SET epoch = random()", []).during(COPY)?;
    copy.close().map_err(|(_, error)| backend(COPY, error))?;
    transaction.finish().during(COPY)
}

/// Reads everything that is stored of records and says what is not as it was written.
pub(super) fn inspect(connection: &Connection, mut progress: impl FnMut(u64)) -> Result<Inspection, RepositoryError> {
    const INSPECT: &str = "inspect";
    let transaction = connection.unchecked_transaction().during(INSPECT)?;
    let mut inspection = Inspection::default();
    let mut check = transaction.prepare("PRAGMA integrity_check(100)").during(INSPECT)?;
    let said: Vec<String> = check.query_map([], |row| row.get(0)).and_then(Iterator::collect).during(INSPECT)?;
    inspection.engine = said.into_iter().filter(|said| said != "ok").collect();
    let sql = "SELECT t.id, t.key, r.kind, r.id FROM record r JOIN tenant t ON t.id = r.tenant ORDER BY r.slot";
    let mut statement = transaction.prepare(sql).during(INSPECT)?;
    let mut rows = statement.query([]).during(INSPECT)?;
    while let Some(row) = rows.next().during(INSPECT)? {
        let read = || Ok((row.get::<_, i64>(0)?, row.get::<_, Key<TenantId>>(1)?.0, record_id(row, 2)?));
        let (tenant_id, tenant, id) = read().map_err(|error| unless_damaged(error, || "a row".to_owned()))?;
        inspection.records = inspection.records.saturating_add(1);
        match sound(&transaction, tenant_id, &tenant, id) {
            Ok(events) => inspection.events = inspection.events.saturating_add(events),
            Err(error @ RepositoryError::Corrupt { .. }) if inspection.damages.len() < MAX_DAMAGES => {
                inspection.damages.push(Inspected { tenant, record: id, error });
            }
            Err(RepositoryError::Corrupt { .. }) => inspection.more = true,
            Err(error) => return Err(error),
        }
        progress(inspection.records);
    }
    Ok(inspection)
}

/// Whether a record, its row, its terms and its log are what was written, and fit each other; how many events it has.
fn sound(connection: &Connection, tenant_id: i64, tenant: &TenantId, id: RecordId) -> Result<u64, RepositoryError> {
    let everything = Scope::everything(tenant);
    let found = read::record(connection, tenant_id, &everything, &id.into())?;
    let loaded = found.ok_or_else(|| corrupt(id.to_string(), "nobody sees it"))?;
    let log = log(connection, tenant_id, id)?;
    let Shown { slot, row, terms } = shown(connection, tenant_id, id)?;
    let unlisted = record::unlisted(connection, tenant_id, slot, &terms)?;
    sql::sound(id, &loaded, &row, &terms, unlisted, &log)?;
    Ok(loaded.version.get())
}

/// How a record shows in lists, as it is stored.
struct Shown {
    slot: i64,
    row: IndexRow,
    terms: Terms,
}

fn shown(connection: &Connection, tenant: i64, id: RecordId) -> Result<Shown, RepositoryError> {
    let sql = format!(
        "SELECT {ROW}, r.standing, s.terms, r.slot FROM record r JOIN subject s ON s.record = r.slot \
         WHERE r.tenant = ?1 AND r.kind = ?2 AND r.id = ?3"
    );
    let mut statement = connection.prepare_cached(&sql).during("inspect")?;
    let shown = statement.query_row(params![tenant, kind(id.kind()), bytes(id)], |row| {
        let lines = |column| Ok::<_, rusqlite::Error>(row.get::<_, Lines>(column)?.0);
        let terms = Terms { standing: lines(ROW_WIDTH)?, subject: lines(ROW_WIDTH.saturating_add(1))? };
        Ok(Shown { slot: row.get(ROW_WIDTH.saturating_add(2))?, row: index_row(row)?, terms })
    });
    shown.map_err(|error| match error {
        rusqlite::Error::QueryReturnedNoRows => corrupt(format!("the terms of {id}"), "they are missing"),
        error => unless_damaged(error, || format!("the row of {id}")),
    })
}

/// The whole log of a record.
fn log(connection: &Connection, tenant: i64, id: RecordId) -> Result<Vec<Event>, RepositoryError> {
    const READ: &str = "read a log";
    let sql = "SELECT e.sequence, e.checksum, e.json FROM record r JOIN event e ON e.record = r.slot \
               WHERE r.tenant = ?1 AND r.kind = ?2 AND r.id = ?3 ORDER BY e.sequence";
    let mut statement = connection.prepare_cached(sql).during(READ)?;
    let mut rows = statement.query(params![tenant, kind(id.kind()), bytes(id)]).during(READ)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().during(READ)? {
        let sequence = row.get::<_, Count>(0).during(READ)?.0;
        events.push(columns::event(row, id, sequence, 1)?);
    }
    Ok(events)
}

/// Makes the snapshot, the row and the terms of a record anew from its log.
pub(super) fn rebuild(connection: &Connection, tenant: &TenantId, id: RecordId) -> Result<bool, RepositoryError> {
    let Some(tenant) = read::tenant_id(connection, tenant)? else { return Ok(false) };
    let Some(before) = record::before(connection, tenant, id)? else { return Ok(false) };
    let sql = "SELECT wake_at FROM record WHERE tenant = ?1 AND kind = ?2 AND id = ?3";
    let mut statement = connection.prepare_cached(sql).during("rebuild")?;
    let wake_at = statement.query_row(params![tenant, kind(id.kind()), bytes(id)], |row| {
        Ok(row.get::<_, Option<columns::At>>(0)?.map(|at| at.0))
    });
    let wake_at = wake_at.optional().during("rebuild")?.flatten();
    let write = sql::rebuilt(id, &log(connection, tenant, id)?, before.version, wake_at)?;
    let slot = before.slot;
    record::write(connection, tenant, &write, record::Texts::of(&write)?, Some(before))?;
    // Terms that were lost come back, though the texts are as they were.
    for terms in [&write.terms.standing, &write.terms.subject].into_iter().flatten() {
        record::mark(connection, tenant, slot, "", &lines(terms))?;
    }
    Ok(true)
}
