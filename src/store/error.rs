//! What can go wrong in a repository, and what to do about it.

use std::error::Error as StdError;

use super::{Expected, Term};
use crate::{
    event::{PolicyStamp, RecordId},
    id::{CommandId, Version},
};

/// A repository did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// A record of this id or number exists. Ask with another id.
    #[error("{id} already exists, or another record has its number")]
    AlreadyExists {
        /// Which.
        id: RecordId,
    },
    /// The record has changed. Load it and decide again.
    #[error("{id} is at version {}, and was expected {}", .found.map_or(0, Version::get), expectation(*.expected))]
    Conflict {
        /// Which.
        id: RecordId,
        /// What it was to be.
        expected: Expected,
        /// The version that it has; `None` if it does not exist.
        found: Option<Version>,
    },
    /// Another policy is in force than the one by which the commit was decided. Load and decide again.
    #[error("another policy is in force: {}", .found.map_or_else(|| "none".to_owned(), |stamp| format!("version {}", stamp.version)))]
    PolicyChanged {
        /// The one that is; `None` if none was published.
        found: Option<PolicyStamp>,
    },
    /// A policy leaves out a value that a record bears. Retire the value, or move the record first.
    #[error("`{term}` is in use")]
    InUse {
        /// The value, as the term that the record bears.
        term: Term,
    },
    /// The feed no longer goes back to this position, or it is of another life of the store. Read the list
    /// anew, and follow the feed from there.
    #[error("the feed does not go back to this position")]
    CursorTooOld,
    /// A commit contradicts itself: its events do not follow the version that it expects, it names a
    /// record twice, or it has no events. The desk makes no such commits.
    #[error("the commit is malformed: {reason}")]
    Malformed {
        /// What is wrong.
        reason: &'static str,
    },
    /// Something that is stored is not what was written. The other records are readable.
    #[error("what is stored under {key} is corrupt")]
    Corrupt {
        /// Where.
        key: String,
        /// What is wrong.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// It is not known whether the command landed. Send it again with the same id: the answer tells.
    #[error("it is not known whether command {command} landed")]
    OutcomeUnknown {
        /// Which.
        command: CommandId,
    },
    /// The store cannot be reached. Try again later.
    #[error("the {backend} repository is unavailable")]
    Unavailable {
        /// Which kind of store.
        backend: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The store failed in a way of its own. Nothing was stored.
    #[error("{operation} failed in the {backend} repository")]
    Backend {
        /// Which kind of store.
        backend: &'static str,
        /// What it was doing.
        operation: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl RepositoryError {
    /// Whether others were first: it is worth loading and deciding again.
    #[must_use]
    pub const fn is_overtaken(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::PolicyChanged { .. })
    }
}

fn expectation(expected: Expected) -> String {
    match expected {
        Expected::Absent => "not to exist".to_owned(),
        Expected::At(version) => format!("at version {version}"),
    }
}
