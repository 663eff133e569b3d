//! A commit: everything that one command changes, to land whole or not at all.

use std::sync::Arc;

use super::{IndexRow, RepositoryError};
use crate::{
    digest::Digest,
    event::{Event, RecordId},
    id::{CommandId, Number, Version},
    incident::Incident,
    time::Instant,
};

/// A kind of record: each has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordKind {
    /// Incidents.
    Incident,
}

/// A record of any kind. Closed: a new kind is a new variant here and no new method in a repository.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Record {
    /// An incident.
    Incident(Incident),
}

impl Record {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> RecordId {
        match self {
            Self::Incident(incident) => incident.id().into(),
        }
    }

    /// Its number, as people say it.
    #[must_use]
    pub fn number(&self) -> &Number {
        match self {
            Self::Incident(incident) => incident.number(),
        }
    }
}

impl From<Incident> for Record {
    fn from(incident: Incident) -> Self {
        Self::Incident(incident)
    }
}

/// By what a record is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordKey {
    /// Its id.
    Id(RecordId),
    /// Its number.
    Number(Number),
}

impl<I: Into<RecordId>> From<I> for RecordKey {
    fn from(id: I) -> Self {
        Self::Id(id.into())
    }
}

impl From<Number> for RecordKey {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<&Number> for RecordKey {
    fn from(number: &Number) -> Self {
        Self::Number(number.clone())
    }
}

impl std::fmt::Display for RecordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// A record as it was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The record.
    pub record: Arc<Record>,
    /// The version at which it was loaded.
    pub version: Version,
}

/// What a record must be for a write to land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It must not exist.
    Absent,
    /// It must be at this version.
    At(Version),
}

/// One record that a commit writes.
#[derive(Debug, Clone)]
pub struct Write {
    /// Which.
    pub id: RecordId,
    /// What it must be now.
    pub expected: Expected,
    /// What it is to be.
    pub record: Arc<Record>,
    /// What queries see of it.
    pub index: IndexRow,
    /// When something next falls due on it.
    pub wake_at: Option<Instant>,
    /// What happened; its last sequence is the record's new version.
    pub events: Vec<Event>,
}

/// A record that was read and not written, and must not have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Which.
    pub id: RecordId,
    /// The version at which it was read.
    pub version: Version,
}

/// Everything that one command changes. It lands whole or not at all. A command that changes nothing
/// has no writes, and the record that it left as it was is its first guard.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The command. A repository keeps its answer with the rest.
    pub command: CommandId,
    /// The salt of the digest of what was asked.
    pub salt: [u8; 16],
    /// The digest of what was asked: not of `now`, of minted ids or of the policy.
    pub intent: Digest,
    /// The records that are written.
    pub writes: Vec<Write>,
    /// The records that were read and must not have changed.
    pub guards: Vec<Guard>,
}

/// The answer to a command, kept so that the same command gets it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The salt of the digest. Without it nobody can find out by trying what was asked: when a record's
    /// texts are erased, the salts of its answers go, too.
    pub salt: [u8; 16],
    /// The salted digest of what was asked.
    pub intent: Digest,
    /// The records that it wrote; or the one that it read and left as it was.
    pub touched: Vec<Touched>,
}

/// What a command did to a record: it added the events from `first` to `last`. If `last` comes before
/// `first` it added none, and the record stayed at version `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// Which.
    pub record: RecordId,
    /// The first event that it added.
    pub first: Version,
    /// The last event that it added: the record's version after it.
    pub last: Version,
}

/// How a commit landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landed {
    /// Now: what it says is stored.
    Now,
    /// Its command had landed before, with this answer. Nothing of the commit was stored.
    Before(Answer),
}

impl Commit {
    /// The answer that is kept when the commit lands.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let written = |write: &Write| {
            let first = write.events.first().map_or(Version::NONE, |event| event.sequence);
            let last = write.events.last().map_or(first, |event| event.sequence);
            Touched { record: write.id, first, last }
        };
        let read = |guard: &Guard| Touched { record: guard.id, first: guard.version.next(), last: guard.version };
        let unchanged = if self.writes.is_empty() { self.guards.first().map(read) } else { None };
        Answer {
            salt: self.salt,
            intent: self.intent,
            touched: self.writes.iter().map(written).chain(unchanged).collect(),
        }
    }
}

/// A commit that did not land, handed back so that nothing is lost with it.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: RepositoryError,
    /// The commit.
    pub commit: Box<Commit>,
}
