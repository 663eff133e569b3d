//! What SQLite says, as errors of a repository.

use std::error::Error as StdError;

use rusqlite::ErrorCode;

use crate::store::RepositoryError;

pub(super) const BACKEND: &str = "SQLite";

/// An error of SQLite's while it did something that did not change anything, or was undone.
pub(super) fn backend(operation: &'static str, error: rusqlite::Error) -> RepositoryError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::CannotOpen) => unavailable(error),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => corrupt("the database file".to_owned(), error),
        _ => RepositoryError::Backend { backend: BACKEND, operation, source: Box::new(error) },
    }
}

pub(super) fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> RepositoryError {
    RepositoryError::Unavailable { backend: BACKEND, source: source.into() }
}

pub(super) fn corrupt(key: String, source: impl Into<Box<dyn StdError + Send + Sync>>) -> RepositoryError {
    RepositoryError::Corrupt { key, source: source.into() }
}

/// What cannot be read out of a column was damaged; other errors are the engine's.
pub(super) fn unless_damaged(error: rusqlite::Error, key: impl FnOnce() -> String) -> RepositoryError {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..) => corrupt(key(), error),
        error => backend("read", error),
    }
}

/// Says what a statement was doing when it failed.
pub(super) trait During<T> {
    fn during(self, operation: &'static str) -> Result<T, RepositoryError>;
}

impl<T> During<T> for rusqlite::Result<T> {
    fn during(self, operation: &'static str) -> Result<T, RepositoryError> {
        self.map_err(|error| backend(operation, error))
    }
}
