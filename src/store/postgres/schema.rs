//! The schema of a database, and the migrations that lead to it.

use tokio_postgres::{Client, IsolationLevel, types::Type};

use super::{columns::Param, error::Failure};
use crate::store::{Migration, OpenError};

/// Every migration, in order. `{schema}` stands for the schema that was chosen, `{channel}` for the channel on which
/// what lands is told.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "tables, indexes and row-level security", include_str!("schema/1.sql")),
    Migration::new(2, "the functions through which commands and sweeps go", include_str!("schema/2.sql")),
];

/// The version that this library needs.
pub(super) fn known() -> u32 {
    MIGRATIONS.last().map_or(0, |last| last.version)
}

/// What a schema is called, and where.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// As statements name it.
    pub quoted: String,
    /// As people name it: with its database.
    pub place: String,
    /// The channel on which what lands is told.
    pub channel: String,
    /// Whether statements say whose rows they mean. Only tests leave that to row-level security alone.
    pub names_tenant: bool,
}

impl Name {
    /// A name that is made of small letters, digits and underscores.
    pub(super) fn is_plain(schema: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = schema.bytes().next().is_some_and(|first| !first.is_ascii_digit());
        schema.len() <= 40 && begins && schema.bytes().all(plain)
    }

    /// A statement in which the schema has its name.
    pub(super) fn settle(&self, sql: &str) -> String {
        let sql = sql.replace("{schema}", &self.quoted).replace("{channel}", &self.channel);
        if self.names_tenant { sql } else { nameless(&sql) }
    }
}

/// The statement without what says whose rows it means.
fn nameless(sql: &str) -> String {
    let mut rest = sql;
    let mut told = String::with_capacity(sql.len());
    // Each round takes one condition away.
    while let Some((before, after)) = rest.split_once(".tenant = ") {
        let value = after.trim_start_matches(|c: char| c == '$' || c == '_' || c.is_ascii_alphanumeric());
        let meant = after.strip_suffix(value).unwrap_or_default();
        if meant == "of_tenant" || meant.starts_with('$') {
            // The rows before it are called by one letter.
            told.push_str(before.get(..before.len().saturating_sub(1)).unwrap_or_default());
            told.push_str("true");
        } else {
            told.push_str(before);
            told.push_str(".tenant = ");
            told.push_str(meant);
        }
        rest = value;
    }
    told.push_str(rest);
    told
}

/// The version of the schema that is there; 0 if none is.
pub(super) async fn found(client: &Client, name: &Name) -> Result<u32, OpenError> {
    let tables = "SELECT count(*), count(*) FILTER (WHERE c.relname = 'migration') \
                  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                  WHERE n.nspname = $1 AND c.relkind IN ('r', 'v', 'm', 'p')";
    let schema = name.quoted.trim_matches('"');
    let [tables, noted] = numbers(client, tables, &[(&schema, Type::TEXT)]).await?;
    if noted == 0 {
        let none = || unsuitable(name, "there are tables of another application in it");
        return if tables > 0 { Err(none()) } else { Ok(0) };
    }
    let sql = "SELECT coalesce(max(version), 0), 0::bigint FROM {schema}.migration";
    let [version, _] = numbers(client, &name.settle(sql), &[]).await?;
    u32::try_from(version).map_err(|_| unsuitable(name, "its version is not one of the library's"))
}

async fn numbers(client: &Client, sql: &str, values: &[Param<'_>]) -> Result<[i64; 2], OpenError> {
    let rows = client.query_typed(sql, values).await.map_err(failed)?;
    let Some(row) = rows.first() else { return Ok([0, 0]) };
    Ok([row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?])
}

/// That the database, and the connection to it, are such that a repository can be kept there.
pub(super) async fn suits(client: &Client, name: &Name) -> Result<(), OpenError> {
    let sql = "SELECT (current_setting('server_encoding') = 'UTF8')::int::bigint, \
               (current_setting('default_transaction_isolation') = 'read committed')::int::bigint";
    match numbers(client, sql, &[]).await? {
        [0, _] => Err(unsuitable(name, "the encoding of the database is not UTF8")),
        [_, 0] => Err(unsuitable(
            name,
            "its transactions are not at READ COMMITTED if nothing is said: set \
                                        default_transaction_isolation, for the role or for the connections of the pool",
        )),
        _ => Ok(()),
    }
}

/// The version of the schema, if this library can work with it.
pub(super) async fn current(client: &Client, name: &Name) -> Result<u32, OpenError> {
    let found = found(client, name).await?;
    if found > known() {
        return Err(OpenError::NewerSchema { place: name.place.clone(), found, known: known() });
    }
    Ok(found)
}

/// Applies what is missing: each migration in a transaction of its own, so that it can be run again wherever it was
/// killed. Says which were applied.
pub(super) async fn migrate(client: &mut Client, name: &Name) -> Result<Vec<&'static Migration>, OpenError> {
    let mut applied = Vec::new();
    for migration in MIGRATIONS {
        if migration.version <= current(client, name).await? {
            continue;
        }
        // What is judged under the lock must be seen as it is then.
        let transaction = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted);
        let transaction = transaction.start().await.map_err(failed)?;
        // Another process may have been first: what is missing is judged again under the lock.
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended('{schema} migrations', 0))";
        transaction.batch_execute(&name.settle(lock)).await.map_err(failed)?;
        if migration.version <= current(transaction.client(), name).await? {
            transaction.rollback().await.map_err(failed)?;
            continue;
        }
        if migration.version == 1 {
            // Whoever was given a schema need not be allowed to create one.
            let sql = "SELECT count(*), 0::bigint FROM pg_namespace WHERE nspname = $1";
            let schema = name.quoted.trim_matches('"');
            let [there, _] = numbers(transaction.client(), sql, &[(&schema, Type::TEXT)]).await?;
            if there == 0 {
                transaction.batch_execute(&name.settle("CREATE SCHEMA {schema}")).await.map_err(failed)?;
            }
            let begin = "CREATE TABLE {schema}.migration (version bigint PRIMARY KEY, name text NOT NULL, \
                         applied_at timestamptz NOT NULL DEFAULT now())";
            transaction.batch_execute(&name.settle(begin)).await.map_err(failed)?;
        }
        transaction.batch_execute(&name.settle(migration.sql)).await.map_err(failed)?;
        let noted = format!(
            "INSERT INTO {{schema}}.migration (version, name) VALUES ({}, '{}')",
            migration.version, migration.name
        );
        transaction.batch_execute(&name.settle(&noted)).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        applied.push(migration);
    }
    Ok(applied)
}

fn unsuitable(name: &Name, reason: &str) -> OpenError {
    OpenError::NotARepository { place: name.place.clone(), reason: reason.to_owned() }
}

fn failed(error: tokio_postgres::Error) -> OpenError {
    Failure::of(error).during("migrate").into()
}
