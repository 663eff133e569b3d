//! Erasing: texts leave the log of a record, and answers lose what would tell what was asked.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::{
    columns::{Count, bytes, checksum, command, event, json, kind},
    commit::write as execute,
    error::{During as _, corrupt},
};
use crate::{
    event::{Event, RecordId},
    store::{Erasure, RepositoryError},
};

/// Erases texts from the log of a record, as it was before the commit.
pub(super) fn texts(connection: &Connection, tenant: i64, erasure: &Erasure) -> Result<(), RepositoryError> {
    let id = erasure.record;
    let mut commands = BTreeSet::new();
    for (slot, known) in log(connection, tenant, id)? {
        commands.insert(known.command);
        let erased = known.erased(&erasure.slots).map_err(|error| corrupt(id.to_string(), error))?;
        if erased != known {
            let json = json(&erased)?;
            let sql = "UPDATE event SET checksum = ?1, json = ?2 WHERE record = ?3 AND sequence = ?4";
            let values = params![checksum(json.as_bytes()), json, slot, Count(known.sequence.get())];
            execute(connection, sql, values)?;
        }
    }
    // Nobody can find out by trying, any more, what was asked of the record.
    for touched in commands {
        let sql = "UPDATE answer SET salt = NULL WHERE tenant = ?1 AND command = ?2";
        execute(connection, sql, params![tenant, command(touched)])?;
    }
    execute(connection, "UPDATE answer SET salt = NULL WHERE tenant = ?1 AND read = ?2", params![tenant, bytes(id)])
}

/// Every event of a record, with the key of its record in the table.
fn log(connection: &Connection, tenant: i64, id: RecordId) -> Result<Vec<(i64, Event)>, RepositoryError> {
    let sql = "SELECT e.record, e.sequence, e.checksum, e.json FROM record r JOIN event e ON e.record = r.slot \
               WHERE r.tenant = ?1 AND r.kind = ?2 AND r.id = ?3 ORDER BY e.sequence";
    let mut statement = connection.prepare_cached(sql).during("erase")?;
    let mut rows = statement.query(params![tenant, kind(id.kind()), bytes(id)]).during("erase")?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().during("erase")? {
        let (slot, sequence) = (row.get(0).during("erase")?, row.get::<_, Count>(1).during("erase")?.0);
        events.push((slot, event(row, id, sequence, 2)?));
    }
    Ok(events)
}
