//! What PostgreSQL says, as errors of a repository.

use std::error::Error as StdError;

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::{
    Error,
    error::{Severity, SqlState},
};

use crate::{
    id::CommandId,
    store::{RepositoryError, sql::Damage},
};

pub(super) const BACKEND: &str = "PostgreSQL";

/// Why a statement did not come to its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not sent.
    Unsent(Damage),
    /// The server refused it: it changed nothing.
    Refused(Error),
    /// The connection, or our patience, ended before the server said how it came out.
    Lost(Damage),
}

impl Failure {
    /// What the error of a statement that was sent says.
    pub(super) fn of(error: Error) -> Self {
        // A server that ends a connection does not say what became of the statement.
        let fatal = |error: &Error| {
            error.as_db_error().is_some_and(|told| {
                !matches!(told.parsed_severity(), Some(Severity::Error)) || told.code().code().starts_with("57P")
            })
        };
        if error.as_db_error().is_some() && !fatal(&error) { Self::Refused(error) } else { Self::Lost(error.into()) }
    }

    /// Whether the statement can be sent again: it changed nothing, and may fare better.
    pub(super) fn is_worth_a_try(&self) -> bool {
        const WORTH: [SqlState; 3] =
            [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE, SqlState::UNIQUE_VIOLATION];
        matches!(self, Self::Refused(error) if error.code().is_some_and(|code| WORTH.contains(code)))
    }

    /// As the error of something that changes nothing, or can be done again.
    pub(super) fn during(self, operation: &'static str) -> RepositoryError {
        match self {
            Self::Unsent(source) | Self::Lost(source) => unavailable(source),
            Self::Refused(error) => refused(error, operation),
        }
    }

    /// As the error of a commit.
    pub(super) fn of_command(self, command: CommandId) -> RepositoryError {
        match self {
            Self::Lost(_) => RepositoryError::OutcomeUnknown { command },
            failure => failure.during("commit"),
        }
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        Self::Unsent(match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(TimeoutType::Wait) => "every connection of the pool was in use for too long".into(),
            PoolError::Timeout(_) => "the server did not answer in time".into(),
            error => error.into(),
        })
    }
}

fn refused(error: Error, operation: &'static str) -> RepositoryError {
    // It had to wait for too long, or there is no room for another connection.
    let busy = [
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    if error.code().is_some_and(|code| busy.contains(code)) {
        return unavailable(error);
    }
    let corrupt = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED];
    if error.code().is_some_and(|code| corrupt.contains(code)) {
        return self::corrupt("the database".to_owned(), error);
    }
    RepositoryError::Backend { backend: BACKEND, operation, source: error.into() }
}

pub(super) fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> RepositoryError {
    RepositoryError::Unavailable { backend: BACKEND, source: source.into() }
}

pub(super) fn corrupt(key: String, source: impl Into<Damage>) -> RepositoryError {
    RepositoryError::Corrupt { key, source: source.into() }
}
