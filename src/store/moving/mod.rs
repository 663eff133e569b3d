//! Moving house: everything of a tenant, out of one store and into another.

mod check;
mod lines;

use std::{future::Future, sync::Arc};

use self::check::Misfit;
use super::{Answer, Document, IndexRow, Published, Record, Repository, RepositoryError, Terms};
use crate::{
    digest::Digest,
    event::{Event, RecordId},
    id::CommandId,
    key::TenantId,
    record::RecordKind,
};

pub use lines::{MoveError, Moves, export, import};

/// Something of a tenant's that is moved as it is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Moved {
    /// A document.
    Document(Document),
    /// What was published. Its document comes before it.
    Published(Published),
    /// A record with its log.
    Record(Box<MovedRecord>),
    /// The answer to a command.
    Answer {
        /// The command.
        command: CommandId,
        /// Its answer.
        answer: Answer,
    },
    /// The last number that was given to a record of this kind.
    Counter {
        /// Which kind.
        kind: RecordKind,
        /// The last number.
        last: u64,
    },
}

/// A record with its log, its row and its terms.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedRecord {
    /// The record.
    pub record: Record,
    /// Its row.
    pub row: IndexRow,
    /// Its terms.
    pub terms: Terms,
    /// Its whole log.
    pub events: Arc<[Event]>,
}

/// Where something stands among all that is moved. Keys compare as what they name is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MovedKey {
    /// A document.
    Document(Digest),
    /// What was published, by its version.
    Published(u32),
    /// A record.
    Record(RecordId),
    /// The answer to a command.
    Answer(CommandId),
    /// A counter.
    Counter(RecordKind),
}

impl Moved {
    /// Where it stands among all that is moved.
    #[must_use]
    pub fn key(&self) -> MovedKey {
        match self {
            Self::Document(document) => MovedKey::Document(document.digest()),
            Self::Published(published) => MovedKey::Published(published.stamp.version),
            Self::Record(moved) => MovedKey::Record(moved.row.id),
            Self::Answer { command, .. } => MovedKey::Answer(*command),
            Self::Counter { kind, .. } => MovedKey::Counter(*kind),
        }
    }

    /// Whether it holds together and is the tenant's: what a store asks before it takes it in.
    ///
    /// # Errors
    /// [`RepositoryError::Malformed`] if the events of a record do not follow each other, are another's, or do not lead
    /// to the record; or if its row or terms are not what the record says.
    pub fn check(&self, tenant: &TenantId) -> Result<(), RepositoryError> {
        match self {
            Self::Record(moved) => moved.check(tenant).map_err(|Misfit(reason)| RepositoryError::Malformed { reason }),
            _ => Ok(()),
        }
    }
}

/// A [`Repository`] out of which, and into which, a tenant can be moved. Its promises can be run as cases, too:
/// `contract::test_portable`.
pub trait Portable: Repository {
    /// Everything that is stored of a tenant but its feed, in the order of its keys: what comes after `after`, at most
    /// so many. Erased texts are gone, and whoever may read this sees everything: it is for moving house.
    fn export(
        &self,
        tenant: &TenantId,
        after: Option<MovedKey>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Moved>, RepositoryError>> + Send;

    /// Takes in what was exported: all of it, or nothing. What is there already and is the same stays. Each record that
    /// is new is in the feed once, with its whole log.
    ///
    /// Something else of the same id or number is [`AlreadyExists`](RepositoryError::AlreadyExists); what does not
    /// [hold together](Moved::check), and an answer or a publication that differs from the one that is there, is
    /// [`Malformed`](RepositoryError::Malformed).
    fn import(&self, tenant: &TenantId, moved: Vec<Moved>) -> impl Future<Output = Result<(), RepositoryError>> + Send;
}

/// What is there differs from what is moved in.
pub(super) const fn differs(reason: &'static str) -> RepositoryError {
    RepositoryError::Malformed { reason }
}

pub(super) const ANSWER: &str = "a command that it brings has another answer here";
pub(super) const PUBLICATION: &str = "a version that it brings was published otherwise here";
pub(super) const DOCUMENT: &str = "it brings a publication without its document";
