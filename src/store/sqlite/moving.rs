//! Moving a tenant out and in.

use rusqlite::{Connection, Row, params};

use super::{
    columns::{self, Count, Lines, ROW, ROW_WIDTH, bytes, command as command_bytes, digest, index_row, kind, loaded},
    commit::{self, write as execute},
    error::{During as _, corrupt, unless_damaged},
    read, record,
};
use crate::{
    calendar::ZoneSource,
    event::{Event, RecordId},
    id::CommandId,
    key::TenantId,
    record::RecordKind,
    store::{
        MAX_PAGE, Moved, MovedKey, MovedRecord, RepositoryError, Terms,
        moving::{ANSWER, DOCUMENT, PUBLICATION, differs},
    },
};

const EXPORT: &str = "export";

/// What comes after a key, as it stood at one moment.
pub(super) fn export(
    connection: &Connection,
    tenant: i64,
    after: Option<MovedKey>,
    limit: usize,
    zones: &dyn ZoneSource,
) -> Result<Vec<Moved>, RepositoryError> {
    let limit = limit.clamp(1, MAX_PAGE);
    let export = Export { connection, tenant, after, zones };
    let mut moved = Vec::new();
    for part in [Export::documents, Export::publications, Export::records, Export::answers, Export::counters] {
        if moved.len() < limit {
            part(&export, limit.saturating_sub(moved.len()), &mut moved)?;
        }
    }
    Ok(moved)
}

/// An export: each part adds what comes after the key, or nothing if the key is one of a later part.
struct Export<'a> {
    connection: &'a Connection,
    tenant: i64,
    after: Option<MovedKey>,
    zones: &'a dyn ZoneSource,
}

impl Export<'_> {
    /// The keys of a part, in order.
    fn keys<T>(
        &self,
        sql: &str,
        with: impl rusqlite::Params,
        key: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, RepositoryError> {
        let mut statement = self.connection.prepare_cached(sql).during(EXPORT)?;
        statement.query_map(with, key).and_then(Iterator::collect).during(EXPORT)
    }

    fn documents(&self, limit: usize, to: &mut Vec<Moved>) -> Result<(), RepositoryError> {
        let after = match self.after {
            None => Vec::new(),
            Some(MovedKey::Document(digest)) => digest.as_bytes().to_vec(),
            Some(_) => return Ok(()),
        };
        let sql = "SELECT digest FROM document WHERE tenant = ?1 AND digest > ?2 ORDER BY digest LIMIT ?3";
        for key in self.keys(sql, params![self.tenant, after, size(limit)], |row| Ok(digest(row.get(0)?)))? {
            to.extend(read::document(self.connection, self.tenant, key, self.zones)?.map(Moved::Document));
        }
        Ok(())
    }

    fn publications(&self, limit: usize, to: &mut Vec<Moved>) -> Result<(), RepositoryError> {
        let after = match self.after {
            None | Some(MovedKey::Document(_)) => 0,
            Some(MovedKey::Published(version)) => version,
            Some(_) => return Ok(()),
        };
        let sql = "SELECT version FROM publication WHERE tenant = ?1 AND version > ?2 ORDER BY version LIMIT ?3";
        for version in self.keys(sql, params![self.tenant, after, size(limit)], |row| row.get::<_, u32>(0))? {
            let found = read::published(self.connection, self.tenant, version.checked_add(1), 1)?;
            to.extend(found.into_iter().map(Moved::Published));
        }
        Ok(())
    }

    fn records(&self, limit: usize, to: &mut Vec<Moved>) -> Result<(), RepositoryError> {
        let (of, after) = match self.after {
            None | Some(MovedKey::Document(_) | MovedKey::Published(_)) => (0, Vec::new()),
            Some(MovedKey::Record(id)) => (kind(id.kind()), bytes(id).to_vec()),
            Some(_) => return Ok(()),
        };
        let sql = "SELECT slot FROM record WHERE tenant = ?1 AND (kind, id) > (?2, ?3) ORDER BY kind, id LIMIT ?4";
        for slot in self.keys(sql, params![self.tenant, of, after, size(limit)], |row| row.get(0))? {
            to.push(Moved::Record(Box::new(self.record(slot)?)));
        }
        Ok(())
    }

    fn record(&self, slot: i64) -> Result<MovedRecord, RepositoryError> {
        let sql = format!(
            "SELECT {ROW}, r.version, r.checksum, r.snapshot, r.standing, s.terms \
             FROM record r JOIN subject s ON s.record = r.slot WHERE r.slot = ?1"
        );
        let mut statement = self.connection.prepare_cached(&sql).during(EXPORT)?;
        let mut rows = statement.query([slot]).during(EXPORT)?;
        let missing = || corrupt("the terms of a record".to_owned(), "they are missing");
        let found = rows.next().during(EXPORT)?.ok_or_else(missing)?;
        let at = |offset: usize| ROW_WIDTH.saturating_add(offset);
        let damaged = |error| unless_damaged(error, || "the row of a record".to_owned());
        let row = index_row(found).map_err(damaged)?;
        let loaded = loaded(found, row.id, ROW_WIDTH)?;
        let lines = |column| Ok::<_, RepositoryError>(found.get::<_, Lines>(column).map_err(damaged)?.0);
        let terms = Terms { standing: lines(at(3))?, subject: lines(at(4))? };
        let events = self.events(slot, row.id)?;
        Ok(MovedRecord { record: loaded.record, row, terms, events: events.into() })
    }

    fn events(&self, slot: i64, id: RecordId) -> Result<Vec<Event>, RepositoryError> {
        let sql = "SELECT sequence, checksum, json FROM event WHERE record = ?1 ORDER BY sequence";
        let mut statement = self.connection.prepare_cached(sql).during(EXPORT)?;
        let mut rows = statement.query([slot]).during(EXPORT)?;
        let mut events = Vec::new();
        while let Some(row) = rows.next().during(EXPORT)? {
            let sequence = row.get::<_, Count>(0).during(EXPORT)?.0;
            events.push(columns::event(row, id, sequence, 1)?);
        }
        Ok(events)
    }

    fn answers(&self, limit: usize, to: &mut Vec<Moved>) -> Result<(), RepositoryError> {
        let after = match self.after {
            Some(MovedKey::Counter(_)) => return Ok(()),
            Some(MovedKey::Answer(command)) => command_bytes(command).to_vec(),
            None | Some(_) => Vec::new(),
        };
        let sql = "SELECT command FROM answer WHERE tenant = ?1 AND command > ?2 ORDER BY command LIMIT ?3";
        let id = |row: &Row<'_>| Ok(CommandId::from_u128(u128::from_be_bytes(row.get(0)?)));
        for command in self.keys(sql, params![self.tenant, after, size(limit)], id)? {
            let answer = read::answer(self.connection, self.tenant, command)?;
            to.extend(answer.map(|answer| Moved::Answer { command, answer }));
        }
        Ok(())
    }

    fn counters(&self, limit: usize, to: &mut Vec<Moved>) -> Result<(), RepositoryError> {
        let sql = "SELECT value FROM counter WHERE tenant = ?1 AND kind = ?2";
        let after = |of: &RecordKind| self.after.is_none_or(|after| MovedKey::Counter(*of) > after);
        for of in RecordKind::ALL.into_iter().filter(after).take(limit) {
            let found = self.keys(sql, params![self.tenant, kind(of)], |row| row.get::<_, Count>(0))?;
            to.extend(found.into_iter().map(|last| Moved::Counter { kind: of, last: last.0 }));
        }
        Ok(())
    }
}

fn size(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Takes in what was exported. What is there already must be the same.
pub(super) fn import(connection: &Connection, tenant: &TenantId, moved: &[Moved]) -> Result<(), RepositoryError> {
    let tenant_id = commit::tenant_id(connection, tenant)?;
    for moved in moved {
        moved.check(tenant)?;
        match moved {
            Moved::Document(document) => commit::keep(connection, tenant_id, document)?,
            Moved::Published(published) => {
                let version = published.stamp.version;
                match read::published(connection, tenant_id, version.checked_add(1), 1)?.first() {
                    Some(known) if known == published => {}
                    Some(known) if known.stamp.version == version => return Err(differs(PUBLICATION)),
                    _ => publish(connection, tenant_id, published)?,
                }
            }
            Moved::Record(moved) => self::record(connection, tenant_id, moved)?,
            Moved::Answer { command, answer } => match read::answer(connection, tenant_id, *command)? {
                Some(known) if known == *answer => {}
                Some(_) => return Err(differs(ANSWER)),
                None => commit::remember(connection, tenant_id, *command, answer)?,
            },
            Moved::Counter { kind: of, last } => {
                let sql = "INSERT INTO counter (tenant, kind, value) VALUES (?1, ?2, ?3) \
                           ON CONFLICT (tenant, kind) DO UPDATE SET value = max(value, excluded.value)";
                execute(connection, sql, params![tenant_id, kind(*of), Count(*last)])?;
            }
        }
    }
    Ok(())
}

fn publish(connection: &Connection, tenant: i64, published: &crate::store::Published) -> Result<(), RepositoryError> {
    let sql = "SELECT 1 FROM document WHERE tenant = ?1 AND digest = ?2";
    if !commit::exists(connection, sql, params![tenant, published.stamp.digest.as_bytes()])? {
        return Err(differs(DOCUMENT));
    }
    commit::published(connection, tenant, published)
}

fn record(connection: &Connection, tenant: i64, moved: &MovedRecord) -> Result<(), RepositoryError> {
    let id = moved.row.id;
    if record::before(connection, tenant, id)?.is_some() {
        let everything = crate::store::Scope::everything(&crate::key::TenantId::known("any"));
        let known = read::record(connection, tenant, &everything, &id.into())?;
        let same = known.is_some_and(|known| known.record == moved.record && known.version == moved.row.version);
        return if same { Ok(()) } else { Err(RepositoryError::AlreadyExists { id }) };
    }
    if commit::is_number_taken(connection, tenant, &moved.row.number)? {
        return Err(RepositoryError::AlreadyExists { id });
    }
    let write = moved.write();
    record::write(connection, tenant, &write, record::Texts::of(&write)?, None)
}
