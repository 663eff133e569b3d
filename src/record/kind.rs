//! The kinds of records, and what all of them have.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Audience, Facet, Facts, IllegalMove, Progress, Shared};
use crate::{
    event::{Body, RecordId},
    id::{Id, Number},
    incident,
    lifecycle::{HasLifecycle, Staged, Stamp, Step},
    permission::Stake,
    priority::Priority,
    problem,
    verb::Verb,
};

/// A kind of record: each has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordKind {
    /// Incidents.
    Incident,
    /// Problems.
    Problem,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Incident, Self::Problem];

    /// The kind as data and people name it: `problem`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Problem => "problem",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The stage of a record of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AnyStage {
    /// Of an incident.
    Incident(incident::Stage),
    /// Of a problem.
    Problem(problem::Stage),
}

impl AnyStage {
    /// Of which kind of record it is a stage.
    #[must_use]
    pub const fn kind(self) -> RecordKind {
        match self {
            Self::Incident(_) => RecordKind::Incident,
            Self::Problem(_) => RecordKind::Problem,
        }
    }

    /// The stage as people and diagrams name it: `InProgress`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incident(stage) => stage.as_str(),
            Self::Problem(stage) => stage.as_str(),
        }
    }

    /// The stage as data names it: `in_progress`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Incident(stage) => stage.key(),
            Self::Problem(stage) => stage.key(),
        }
    }

    /// Whether the stage is final.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Incident(stage) => stage.is_final(),
            Self::Problem(stage) => stage.is_final(),
        }
    }

    /// Every stage of every kind of record.
    pub fn all() -> impl Iterator<Item = Self> {
        let problems = problem::Stage::ALL.into_iter().map(Self::Problem);
        incident::Stage::ALL.into_iter().map(Self::Incident).chain(problems)
    }
}

impl fmt::Display for AnyStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<incident::Stage> for AnyStage {
    fn from(stage: incident::Stage) -> Self {
        Self::Incident(stage)
    }
}

impl From<problem::Stage> for AnyStage {
    fn from(stage: problem::Stage) -> Self {
        Self::Problem(stage)
    }
}

impl PartialEq<incident::Stage> for AnyStage {
    fn eq(&self, stage: &incident::Stage) -> bool {
        *self == Self::from(*stage)
    }
}

impl PartialEq<problem::Stage> for AnyStage {
    fn eq(&self, stage: &problem::Stage) -> bool {
        *self == Self::from(*stage)
    }
}

/// What happens to records of one kind.
pub trait KindEvent: Clone + fmt::Debug + PartialEq + Send + Sync + From<Facet> + Into<Body> {
    /// The kind of event: `incident.resolved`.
    fn name(&self) -> &'static str;

    /// Who may learn that it happened.
    fn audience(&self) -> Audience;

    /// The same for those who may not read internals: of its internal texts only the salted digests are left.
    #[must_use]
    fn withheld(&self) -> Self;

    /// The event in an envelope, if it is one of this kind of record.
    fn of(body: &Body) -> Option<&Self>;
}

/// A kind of record: [`Incident`](crate::Incident) or [`Problem`](crate::Problem). There are no others.
pub trait Kind:
    Staged<Event: KindEvent> + HasLifecycle + Clone + fmt::Debug + PartialEq + Send + Sync + sealed::Sealed + 'static
{
    /// Which.
    const KIND: RecordKind;

    /// The stages of records of this kind.
    type Stage: Copy
        + fmt::Debug
        + fmt::Display
        + PartialEq
        + Into<AnyStage>
        + Serialize
        + DeserializeOwned
        + Send
        + Sync;

    /// What only records of this kind have in every stage.
    type Own: Clone + fmt::Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync;

    /// What can be asked of records of this kind.
    type Verb: Copy + fmt::Debug + fmt::Display + PartialEq + Into<Verb> + Send + Sync;

    /// The id of a record of this kind as that of any.
    fn key(id: Id<Self>) -> RecordId;

    /// The id of a record of this kind, if it is one.
    fn id_of(record: RecordId) -> Option<Id<Self>>;

    /// The stage of a record of any kind, if it is one of this kind.
    fn stage_of(stage: AnyStage) -> Option<Self::Stage>;

    /// What it has in every stage.
    fn shared(&self) -> &Shared<Self>;

    /// The stage alone.
    fn stage(&self) -> Self::Stage;

    /// The record that begins with this event, if records of its kind begin so.
    fn begin(event: &Self::Event, stamp: &Stamp<'_>) -> Option<Self>;

    /// Applies what happened, if it is legal in the present stage.
    ///
    /// # Errors
    /// [`IllegalMove`], with the record and the event, if the stage has no such move.
    fn apply(self, event: Self::Event, stamp: &Stamp<'_>) -> Result<Step<Self>, Box<IllegalMove<Self>>>;

    /// Whether it runs as a major incident.
    fn runs_as_major(&self) -> bool {
        false
    }

    /// Whether there is anything in it that is internal.
    fn has_internals(&self) -> bool;

    /// The same record for those who may not read internals.
    #[must_use]
    fn withheld(&self) -> Self;

    /// What is known of it.
    fn facts(&self) -> &Facts<Self> {
        &self.shared().facts
    }

    /// What its events have added up to.
    fn progress(&self) -> &Progress {
        &self.shared().progress
    }

    /// Its id.
    fn id(&self) -> Id<Self> {
        self.facts().id
    }

    /// Its number, as people say it.
    fn number(&self) -> &Number {
        &self.facts().number
    }

    /// The priority that holds.
    fn priority(&self) -> &Priority {
        self.progress().assessment.result()
    }

    /// Who has to do with it: what permission scopes are judged by.
    fn stake(&self) -> Stake<'_> {
        let assignment = &self.progress().assignment;
        let mut stake = self.facts().stake();
        let [.., assignee] = &mut stake.people;
        *assignee = assignment.person.as_ref();
        Stake { group: assignment.group.as_ref(), ..stake }
    }
}

pub(crate) mod sealed {
    /// Keeps the kinds of records to those of the library.
    pub trait Sealed {}
}
