//! A commit: everything that one command changes, to land whole or not at all.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Document, IndexRow, Publication, RepositoryError, Term, TermChange};
use crate::{
    digest::Digest,
    event::{Event, PolicyStamp, RecordId},
    id::{CommandId, Number, Version},
    incident::Incident,
    key::TenantId,
    problem::Problem,
    time::Instant,
};

/// A record of any kind. Closed: a new kind is a new variant here and no new method in a repository. Cheap to clone: clones
/// share the record. As data: `{"incident": …}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Record {
    /// An incident.
    Incident(Arc<Incident>),
    /// A problem.
    Problem(Arc<Problem>),
}

impl Record {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> RecordId {
        match self {
            Self::Incident(incident) => incident.id().into(),
            Self::Problem(problem) => problem.id().into(),
        }
    }

    /// Its number, as people say it.
    #[must_use]
    pub fn number(&self) -> &Number {
        match self {
            Self::Incident(incident) => incident.number(),
            Self::Problem(problem) => problem.number(),
        }
    }

    /// The incident, if it is one.
    #[must_use]
    pub fn incident(&self) -> Option<&Incident> {
        match self {
            Self::Incident(incident) => Some(incident),
            Self::Problem(_) => None,
        }
    }

    /// The problem, if it is one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Incident(_) => None,
        }
    }
}

impl From<Problem> for Record {
    fn from(problem: Problem) -> Self {
        Self::Problem(Arc::new(problem))
    }
}

impl From<Incident> for Record {
    fn from(incident: Incident) -> Self {
        Self::Incident(Arc::new(incident))
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
    pub record: Record,
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

impl Expected {
    /// Whether a record that is at this version, or `None` if there is none, is what it must be.
    ///
    /// # Errors
    /// [`RepositoryError::AlreadyExists`] if it must not exist and does, [`RepositoryError::Conflict`] if it is at
    /// another version or does not exist.
    pub const fn met_by(self, id: RecordId, found: Option<Version>) -> Result<(), RepositoryError> {
        match (self, found) {
            (Self::Absent, None) => Ok(()),
            (Self::Absent, Some(_)) => Err(RepositoryError::AlreadyExists { id }),
            (Self::At(version), Some(at)) if at.get() == version.get() => Ok(()),
            (expected, found) => Err(RepositoryError::Conflict { id, expected, found }),
        }
    }
}

/// One record that a commit writes.
#[derive(Debug, Clone)]
pub struct Write {
    /// What it must be now.
    pub expected: Expected,
    /// What it is to be.
    pub record: Record,
    /// What queries see of it: its id, version and wake instant among it.
    pub row: IndexRow,
    /// What changes of its terms. A record that did not exist gets all of them.
    pub terms: TermChange,
    /// What happened; its last sequence is the record's new version.
    pub events: Arc<[Event]>,
}

/// Texts of a record that are to be erased: in the events of its log that were stored before, wherever they occur. Answers
/// to the commands that had touched the record lose their salts; that of the commit itself keeps its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Which record.
    pub record: RecordId,
    /// The digests of the texts.
    pub slots: Vec<Digest>,
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
/// has no writes, and the record that it left as it was is its first guard; one that left the policy as
/// it was has neither.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The command. A repository keeps its answer with the rest.
    pub command: CommandId,
    /// The salt of the digest of what was asked.
    pub salt: [u8; 16],
    /// The digest of what was asked: not of `now`, of minted ids or of the policy.
    pub intent: Digest,
    /// When it is recorded, in whole microseconds.
    pub at: Instant,
    /// The policy by which it was decided, which must still be in force; `None` if none was published.
    pub policy: Option<PolicyStamp>,
    /// The records that are written.
    pub writes: Vec<Write>,
    /// The records that were read and must not have changed.
    pub guards: Vec<Guard>,
    /// Terms that no record may bear before the commit: a record becomes a child only while none is a child of it. Each
    /// names a record that the commit writes, and whoever makes another record bear such a term guards the one that it
    /// names: a store that locks what is written and guarded, and looks for the terms then, is right.
    pub unused: Vec<Term>,
    /// Texts that are erased from the logs. The records that are written no longer have them.
    pub erasures: Vec<Erasure>,
    /// Documents to which the records refer, and which were not published: kept by digest.
    pub documents: Vec<Document>,
    /// What is put in force.
    pub publication: Option<Publication>,
}

/// The answer to a command, kept so that the same command gets it again.
///
/// A host lets go of old answers with [`Repository::forget`](super::Repository::forget); the answer to a
/// command that made a record is kept as long as the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The salt of the digest; `None` once texts of a record that the command touched were erased. Without
    /// it nobody can find out by trying what was asked.
    #[serde(default, with = "hexadecimal", skip_serializing_if = "Option::is_none")]
    pub salt: Option<[u8; 16]>,
    /// The salted digest of what was asked.
    pub intent: Digest,
    /// When the command was recorded.
    pub at: Instant,
    /// The records that it wrote; or the one that it read and left as it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touched: Vec<Touched>,
    /// The policy that it put in force, or left in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<PolicyStamp>,
}

/// What a command did to a record: it added the events from `first` to `last`. If `last` comes before
/// `first` it added none, and the record stayed at version `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl Write {
    /// The record.
    #[must_use]
    pub const fn id(&self) -> RecordId {
        self.row.id
    }
}

impl Commit {
    /// The answer that is kept when the commit lands.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let written = |write: &Write| {
            let first = write.events.first().map_or(Version::NONE, |event| event.sequence);
            let last = write.events.last().map_or(first, |event| event.sequence);
            Touched { record: write.id(), first, last }
        };
        let read = |guard: &Guard| Touched { record: guard.id, first: guard.version.next(), last: guard.version };
        let unchanged = if self.writes.is_empty() { self.guards.first().map(read) } else { None };
        let published = match &self.publication {
            Some(publication) => Some(publication.stamp()),
            None if self.writes.is_empty() && self.guards.is_empty() => self.policy,
            None => None,
        };
        Answer {
            salt: Some(self.salt),
            intent: self.intent,
            at: self.at,
            touched: self.writes.iter().map(written).chain(unchanged).collect(),
            published,
        }
    }

    /// Whether the commit holds together, whatever is stored: what a repository asks before it looks.
    ///
    /// # Errors
    /// [`RepositoryError::Malformed`] if it writes a record twice or under another's id, or has events that do
    /// not follow each other or belong to others.
    pub fn check(&self, tenant: &TenantId) -> Result<(), RepositoryError> {
        let malformed = |reason| Err(RepositoryError::Malformed { reason });
        for (index, write) in self.writes.iter().enumerate() {
            let id = write.id();
            let again = |earlier: &Write| earlier.id() == id || earlier.row.number == write.row.number;
            if self.writes.iter().take(index).any(again) {
                return malformed("it writes a record, or gives a number, twice");
            }
            if write.record.id() != id || write.row.number != *write.record.number() {
                return malformed("it writes one record under another's id or number");
            }
            if write.expected == Expected::Absent && (write.terms.standing.is_none() || write.terms.subject.is_none()) {
                return malformed("it writes a new record without its terms");
            }
            if write.events.is_empty() {
                return malformed("it writes a record without an event");
            }
            let mut version = match write.expected {
                Expected::Absent => Version::NONE,
                Expected::At(version) => version,
            };
            for event in &*write.events {
                if event.tenant != *tenant {
                    return malformed("it holds events of another tenant");
                }
                if event.sequence != version.next() || event.record != id {
                    return malformed("its events do not follow the version that it expects");
                }
                version = event.sequence;
            }
            if write.row.version != version {
                return malformed("the version of a row is not that of its last event");
            }
        }
        let written = |erasure: &Erasure| self.writes.iter().any(|write| write.id() == erasure.record);
        if !self.erasures.iter().all(written) {
            return malformed("it erases texts of a record that it does not write");
        }
        Ok(())
    }
}

impl Answer {
    /// The record that the command read and left as it was, if that is all it did.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(super) fn read(&self) -> Option<RecordId> {
        match &*self.touched {
            [touched] if touched.last < touched.first => Some(touched.record),
            _ => None,
        }
    }

    /// Whether the command made a record: such an answer is kept as long as the record.
    #[must_use]
    pub fn made_a_record(&self) -> bool {
        self.touched.iter().any(|touched| touched.first == Version::NONE.next() && touched.last >= touched.first)
    }
}

/// A salt as hexadecimal digits.
mod hexadecimal {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::digest::{hex, unhex};

    #[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
    pub(super) fn serialize<S: Serializer>(salt: &Option<[u8; 16]>, serializer: S) -> Result<S::Ok, S::Error> {
        match salt {
            Some(salt) => serializer.serialize_some(&hex(salt)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 16]>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
        let read = |text: Cow<'_, str>| unhex(&text).ok_or_else(|| D::Error::custom("a salt is 32 hexadecimal digits"));
        text.map(read).transpose()
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
