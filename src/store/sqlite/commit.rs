//! A commit: what it expects is looked at first, then everything is written.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    columns::{At, Count, bytes, checksum, command, json, kind},
    erase,
    error::During as _,
    read, record,
};
use crate::{
    event::RecordId,
    id::{CommandId, Number, Version},
    key::TenantId,
    record::RecordKind,
    store::{Answer, Commit, Document, Expected, Landed, MAX_PAGE, Published, RepositoryError, Term, Write},
    time::Instant,
};

/// Lets a commit land whole, or finds why it cannot.
pub(super) fn land(
    connection: &Connection,
    tenant: &TenantId,
    commit: &Commit,
    texts: Vec<record::Texts>,
) -> Result<Landed, RepositoryError> {
    let tenant_id = tenant_id(connection, tenant)?;
    if let Some(answer) = read::answer(connection, tenant_id, commit.command)? {
        return Ok(Landed::Before(answer));
    }
    commit.check(tenant)?;
    let stored = expected(connection, tenant_id, commit)?;
    for erasure in &commit.erasures {
        erase::texts(connection, tenant_id, erasure)?;
    }
    remember(connection, tenant_id, commit.command, &commit.answer())?;
    for document in &commit.documents {
        keep(connection, tenant_id, document)?;
    }
    if let Some(publication) = &commit.publication {
        keep(connection, tenant_id, &publication.document)?;
        published(connection, tenant_id, &publication.published(commit.at, commit.command))?;
    }
    for ((write, texts), stored) in commit.writes.iter().zip(texts).zip(stored) {
        record::write(connection, tenant_id, write, texts, stored)?;
    }
    Ok(Landed::Now)
}

/// Looks at everything that the commit expects, before anything of it is written.
fn expected(
    connection: &Connection,
    tenant: i64,
    commit: &Commit,
) -> Result<Vec<Option<record::Before>>, RepositoryError> {
    let in_force = read::in_force(connection, tenant)?;
    if in_force != commit.policy {
        return Err(RepositoryError::PolicyChanged { found: in_force });
    }
    let stored = commit.writes.iter().map(|write| expected_of(connection, tenant, write)).collect::<Result<_, _>>()?;
    for guard in &commit.guards {
        Expected::At(guard.version).met_by(guard.id, version(connection, tenant, guard.id)?)?;
    }
    unused(connection, tenant, &commit.unused)?;
    if let Some(publication) = &commit.publication {
        if publication.version != in_force.map_or(0, |stamp| stamp.version).saturating_add(1) {
            return Err(RepositoryError::PolicyChanged { found: in_force });
        }
        unused(connection, tenant, &publication.unused)?;
    }
    Ok(stored)
}

fn expected_of(connection: &Connection, tenant: i64, write: &Write) -> Result<Option<record::Before>, RepositoryError> {
    let id = write.id();
    let before = record::before(connection, tenant, id)?;
    write.expected.met_by(id, before.as_ref().map(|before| before.version))?;
    if before.is_none() && is_number_taken(connection, tenant, &write.row.number)? {
        return Err(RepositoryError::AlreadyExists { id });
    }
    Ok(before)
}

/// Whether a record has this number.
pub(super) fn is_number_taken(connection: &Connection, tenant: i64, number: &Number) -> Result<bool, RepositoryError> {
    let sql = "SELECT 1 FROM record WHERE tenant = ?1 AND number = ?2";
    exists(connection, sql, params![tenant, number.as_str()])
}

fn version(connection: &Connection, tenant: i64, id: RecordId) -> Result<Option<Version>, RepositoryError> {
    let sql = "SELECT version FROM record WHERE tenant = ?1 AND kind = ?2 AND id = ?3";
    let mut statement = connection.prepare_cached(sql).during("commit")?;
    let found = statement.query_row(params![tenant, kind(id.kind()), bytes(id)], |row| row.get::<_, Count>(0));
    Ok(found.optional().during("commit")?.map(|version| Version::new(version.0)))
}

/// That no record bears these terms.
fn unused(connection: &Connection, tenant: i64, terms: &[Term]) -> Result<(), RepositoryError> {
    for term in terms {
        let sql = "SELECT 1 FROM term WHERE tenant = ?1 AND term = ?2";
        if exists(connection, sql, params![tenant, term.to_string()])? {
            return Err(RepositoryError::InUse { term: term.clone() });
        }
    }
    Ok(())
}

pub(super) fn exists(connection: &Connection, sql: &str, with: impl rusqlite::Params) -> Result<bool, RepositoryError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.exists(with)).during("commit")
}

/// The tenant's key in the other tables. It is made if there is none.
pub(super) fn tenant_id(connection: &Connection, tenant: &TenantId) -> Result<i64, RepositoryError> {
    if let Some(id) = read::tenant_id(connection, tenant)? {
        return Ok(id);
    }
    let sql = "INSERT INTO tenant (key) VALUES (?1)";
    connection.prepare_cached(sql).and_then(|mut statement| statement.insert([tenant.as_str()])).during("commit")
}

/// Keeps the answer to a command.
pub(super) fn remember(
    connection: &Connection,
    tenant: i64,
    id: CommandId,
    answer: &Answer,
) -> Result<(), RepositoryError> {
    let read = answer.read().map(bytes);
    let sql = "INSERT INTO answer \
               (tenant, command, at, salt, intent, touched, policy_version, policy_digest, maker, read) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = params![
        tenant,
        command(id),
        At(answer.at),
        answer.salt,
        answer.intent.as_bytes(),
        json(&answer.touched)?,
        answer.published.map(|stamp| stamp.version),
        answer.published.as_ref().map(|stamp| stamp.digest.as_bytes()),
        answer.made_a_record(),
        read,
    ];
    write(connection, sql, values)
}

/// Keeps a document under its digest.
pub(super) fn keep(connection: &Connection, tenant: i64, document: &Document) -> Result<(), RepositoryError> {
    let sql = "INSERT INTO document (tenant, digest, checksum, json) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let json = json(document)?;
    write(connection, sql, params![tenant, document.digest().as_bytes(), checksum(json.as_bytes()), json])
}

/// Puts in force what was published.
pub(super) fn published(connection: &Connection, tenant: i64, published: &Published) -> Result<(), RepositoryError> {
    let sql = "INSERT INTO publication (tenant, version, digest, name, publisher, at, command) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![
        tenant,
        published.stamp.version,
        published.stamp.digest.as_bytes(),
        published.name,
        json(&published.by)?,
        At(published.at),
        command(published.command),
    ];
    write(connection, sql, values)
}

/// Runs a statement that is always the same.
pub(super) fn write(connection: &Connection, sql: &str, with: impl rusqlite::Params) -> Result<(), RepositoryError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(with)).map(|_| ()).during("commit")
}

/// The next number for records of a kind.
pub(super) fn next_number(connection: &Connection, tenant: &TenantId, of: RecordKind) -> Result<u64, RepositoryError> {
    let tenant = tenant_id(connection, tenant)?;
    let sql = "INSERT INTO counter (tenant, kind, value) VALUES (?1, ?2, 1) \
               ON CONFLICT (tenant, kind) DO UPDATE SET value = value + 1 RETURNING value";
    let next = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(params![tenant, kind(of)], |row| row.get::<_, Count>(0)));
    Ok(next.during("take a number")?.0)
}

/// Lets go of answers that were recorded before an instant, the oldest first.
pub(super) fn forget(connection: &Connection, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
    let sql = "DELETE FROM answer WHERE (tenant, command) IN \
               (SELECT tenant, command FROM answer INDEXED BY forgettable WHERE maker = 0 AND at < ?1 ORDER BY at LIMIT ?2)";
    let limit = i64::try_from(limit.clamp(1, MAX_PAGE)).unwrap_or(1);
    let forgotten =
        connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params![At(before), limit]));
    forgotten.during("forget")
}
