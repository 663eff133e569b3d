//! The schema of the file, and the migrations that lead to it.

use rusqlite::{Connection, TransactionBehavior};

use super::error::{BACKEND, During as _, backend};
use crate::store::{Migration, OpenError, RepositoryError};

/// Marks the file as the library's: "andn".
const APPLICATION_ID: i64 = 0x616e_646e;

/// Every migration, in order.
pub(super) const MIGRATIONS: &[Migration] =
    &[Migration::new(1, "records, terms, events, feed, answers and documents", include_str!("schema/1.sql"))];

/// The version that this library needs.
pub(super) fn known() -> u32 {
    MIGRATIONS.last().map_or(0, |last| last.version)
}

/// The version of the schema of a file; 0 for an empty one.
pub(super) fn found(conn: &Connection, place: &str) -> Result<u32, OpenError> {
    let failed = |error| unreadable(error, place);
    let number = |pragma: &str| conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id").map_err(failed)?, number("user_version").map_err(failed)?);
    if application == APPLICATION_ID {
        return u32::try_from(version).map_err(|_| unsuitable(place, "its version is not one of the library's"));
    }
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = conn.query_row(tables, [], |row| row.get(0)).map_err(failed)?;
    if tables > 0 || application != 0 || version != 0 {
        return Err(unsuitable(place, "it is the database of another application"));
    }
    Ok(0)
}

/// Applies what is missing: each migration in a transaction of its own, so that it can be run again wherever it was
/// killed. Says which were applied.
pub(super) fn migrate(conn: &mut Connection, place: &str) -> Result<Vec<&'static Migration>, OpenError> {
    let mut applied = Vec::new();
    for migration in MIGRATIONS {
        let failed = |error| OpenError::from(backend("migrate", error));
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        // Another process may have been first: what is missing is judged under the lock.
        if migration.version <= current(&transaction, place)? {
            continue;
        }
        transaction.execute_batch(migration.sql).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        transaction.pragma_update(None, "user_version", migration.version).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        applied.push(migration);
    }
    Ok(applied)
}

/// The version of the schema, if this library can work with it.
pub(super) fn current(conn: &Connection, place: &str) -> Result<u32, OpenError> {
    let found = found(conn, place)?;
    if found > known() {
        return Err(OpenError::NewerSchema { place: place.to_owned(), found, known: known() });
    }
    Ok(found)
}

fn unsuitable(place: &str, reason: &str) -> OpenError {
    OpenError::NotARepository { place: place.to_owned(), reason: reason.to_owned() }
}

fn unreadable(error: rusqlite::Error, place: &str) -> OpenError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => unsuitable(place, "the file is not a database"),
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            RepositoryError::Corrupt { key: place.to_owned(), source: Box::new(error) }.into()
        }
        Some(rusqlite::ErrorCode::CannotOpen) => {
            RepositoryError::Unavailable { backend: BACKEND, source: Box::new(error) }.into()
        }
        _ => backend("open", error).into(),
    }
}

/// The epoch of the file. It is made if there is none.
pub(super) fn epoch(connection: &Connection) -> Result<u64, RepositoryError> {
    let made = "INSERT INTO store (id, epoch) VALUES (1, random()) ON CONFLICT DO NOTHING";
    connection.execute(made, []).during("open")?;
    let epoch: i64 = connection.query_row("SELECT epoch FROM store", [], |row| row.get(0)).during("open")?;
    Ok(u64::from_be_bytes(epoch.to_be_bytes()))
}
