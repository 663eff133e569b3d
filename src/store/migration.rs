//! Migrations: how the schema of a store comes to be what this version of the library needs.

use std::error::Error as StdError;

/// One step from a schema to the next, to be applied whole or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// The version of the schema after it, counted from 1.
    pub version: u32,
    /// What it does, in a few words.
    pub name: &'static str,
    /// Its statements, as they are run.
    pub sql: &'static str,
}

impl Migration {
    pub(super) const fn new(version: u32, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sql }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// What is there is not a repository of the library's. Open another place.
    #[error("{place} is not an andon repository: {reason}")]
    NotARepository {
        /// The file or schema.
        place: String,
        /// What is there instead.
        reason: String,
    },
    /// A newer version of the library made the schema. Upgrade the library: this version could not keep its promises.
    #[error("the schema in {place} is version {found}, and this version of the library knows up to {known}")]
    NewerSchema {
        /// The file or schema.
        place: String,
        /// The version that is there.
        found: u32,
        /// The latest version that this library knows.
        known: u32,
    },
    /// The schema lacks migrations, and the store was to be opened without applying any. Apply them.
    #[error("the schema in {place} is version {found}, and version {needed} is needed; apply the migrations")]
    OlderSchema {
        /// The file or schema.
        place: String,
        /// The version that is there; 0 for an empty store.
        found: u32,
        /// The version that this library needs.
        needed: u32,
    },
    /// The store cannot be reached, or failed. The message says why, with all that lies behind it, which is therefore no
    /// source of this error; the error of the repository has it.
    #[error("{}", with_causes(.0))]
    Repository(super::RepositoryError),
}

impl From<super::RepositoryError> for OpenError {
    fn from(error: super::RepositoryError) -> Self {
        Self::Repository(error)
    }
}

/// An error and what lies behind it, on one line: whoever opens a store mostly prints what it says, and is to see why.
fn with_causes(error: &super::RepositoryError) -> String {
    let mut told = error.to_string();
    for cause in std::iter::successors(error.source(), |cause: &&(dyn StdError + 'static)| (*cause).source()) {
        let cause = cause.to_string();
        // Some say themselves what lies behind them.
        if !told.ends_with(&cause) {
            told.extend([": ", &cause]);
        }
    }
    told
}
