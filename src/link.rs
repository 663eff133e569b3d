//! Links: what an incident has to do with problems, other incidents, and what lies outside the library.
//!
//! A link is stored at its source, the incident, and found from its other end by the index. Its ends are typed: a link
//! between wrong kinds does not compile, and JSON has no form for one. (The UUID of an incident in the place of a problem's is
//! that of a problem that does not exist.) That an incident follows another stands in its facts, and of what
//! it is a duplicate in its cancellation.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{event::RecordId, id::Id, incident::Incident, key::ChangeRef, problem::Problem, text::Text};

/// What an incident has to do with something else. As JSON: `{"caused_by": "0192f0c4-…"}`,
/// `{"resolved_by_change": "CHG0042"}`.
///
/// ```compile_fail,E0308
/// # use andon::{Id, Incident, link::Link};
/// let incident: Id<Incident> = Id::from_u128(1);
/// let link = Link::CausedBy(incident);
/// ```
/// ```
/// # use andon::{Id, Problem, link::Link};
/// let problem: Id<Problem> = Id::from_u128(1);
/// let link = Link::CausedBy(problem);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Link {
    /// This problem is its cause. An incident has at most one.
    CausedBy(Id<Problem>),
    /// This incident is its parent: what happens to that is carried to it, by plan. An incident has at most one, and is
    /// itself nobody's parent then: children have no children.
    ChildOf(Id<Incident>),
    /// It has to do with this incident.
    Related(Id<Incident>),
    /// This change brought it about.
    CausedByChange(ChangeRef),
    /// This change ended it.
    ResolvedByChange(ChangeRef),
}

impl Link {
    /// The word for it: `caused_by`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::CausedBy(_) => "caused_by",
            Self::ChildOf(_) => "child_of",
            Self::Related(_) => "related",
            Self::CausedByChange(_) => "caused_by_change",
            Self::ResolvedByChange(_) => "resolved_by_change",
        }
    }

    /// The record at the other end, if it is one of the library's.
    #[must_use]
    pub const fn record(&self) -> Option<RecordId> {
        match self {
            Self::CausedBy(problem) => Some(RecordId::Problem(*problem)),
            Self::ChildOf(incident) | Self::Related(incident) => Some(RecordId::Incident(*incident)),
            Self::CausedByChange(_) | Self::ResolvedByChange(_) => None,
        }
    }

    /// The problem that is the cause, if that is what the link says.
    #[must_use]
    pub const fn problem(&self) -> Option<Id<Problem>> {
        match self {
            Self::CausedBy(problem) => Some(*problem),
            _ => None,
        }
    }

    /// The incident that is the parent, if that is what the link says.
    #[must_use]
    pub const fn parent(&self) -> Option<Id<Incident>> {
        match self {
            Self::ChildOf(incident) => Some(*incident),
            _ => None,
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CausedBy(problem) => write!(f, "caused by problem {problem}"),
            Self::ChildOf(incident) => write!(f, "child of incident {incident}"),
            Self::Related(incident) => write!(f, "related to incident {incident}"),
            Self::CausedByChange(change) => write!(f, "caused by change {change}"),
            Self::ResolvedByChange(change) => write!(f, "resolved by change {change}"),
        }
    }
}

/// The links of an incident, each once, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Links(Vec<Link>);

impl Links {
    /// Each link.
    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn contains(&self, link: &Link) -> bool {
        self.0.contains(link)
    }

    /// The problem that is the cause, if it is known.
    #[must_use]
    pub fn problem(&self) -> Option<Id<Problem>> {
        self.0.iter().find_map(Link::problem)
    }

    /// The incident that is the parent, if there is one.
    #[must_use]
    pub fn parent(&self) -> Option<Id<Incident>> {
        self.0.iter().find_map(Link::parent)
    }

    pub(crate) fn add(&mut self, link: Link) {
        if !self.0.contains(&link) {
            self.0.push(link);
        }
    }

    pub(crate) fn remove(&mut self, link: &Link) {
        self.0.retain(|known| known != link);
    }
}

/// That a link was made or taken away, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linking {
    /// The link.
    pub link: Link,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}
