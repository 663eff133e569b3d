//! Documents: what a tenant publishes and never changes, kept by digest.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Term;
use crate::{
    actor::ActorId,
    calendar::ZoneSource,
    digest::Digest,
    event::{DecodeError, PolicyStamp},
    id::CommandId,
    policy::{Policy, PolicyDraft},
    time::Instant,
};

/// Something that is published whole and never changes. Closed: a new kind is a new variant here and no
/// new method in a repository.
///
/// A repository keeps its JSON and reads it with [`from_json`](Self::from_json), by the zones that it is given: the
/// [built-in](crate::calendar::BuiltIn) ones, or those of the host.
///
/// ```
/// use andon::{Policy, calendar::BuiltIn, store::Document};
///
/// let document = Document::Policy(Policy::itil().into());
/// let kept = serde_json::to_vec(&document)?;
/// let read = Document::from_json(&kept, &BuiltIn)?;
/// assert_eq!(read.digest(), document.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Document {
    /// A policy.
    Policy(Arc<Policy>),
}

/// A document as it is read, before what it says is known to hold together.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Read {
    Policy(Box<PolicyDraft>),
}

impl Document {
    /// Reads a document. The zones of its calendars have their rules from `zones`.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to what cannot be read; or with every fault of a policy that is not valid, such
    /// as a zone that `zones` does not know.
    pub fn from_json(json: &[u8], zones: &dyn ZoneSource) -> Result<Self, DecodeError> {
        let Read::Policy(draft) = crate::event::decode(json)?;
        let policy = draft.validate_with(zones).map_err(|faults| DecodeError::new("policy", faults))?;
        Ok(Self::Policy(Arc::new(policy)))
    }

    /// The digest of its content, under which it is kept.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let Self::Policy(policy) = self;
        policy.digest()
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        let Self::Policy(policy) = self;
        &policy.parts().name
    }
}

/// A document that a commit puts in force.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Which.
    pub document: Document,
    /// Its version: one higher than the last one's.
    pub version: u32,
    /// Who publishes it.
    pub by: ActorId,
    /// What no record may bear, because the document leaves it out.
    pub unused: Vec<Term>,
}

impl Publication {
    /// The stamp of what is published.
    #[must_use]
    pub fn stamp(&self) -> PolicyStamp {
        PolicyStamp { version: self.version, digest: self.document.digest() }
    }

    /// What is kept of it when its command lands.
    #[must_use]
    pub fn published(&self, at: Instant, command: CommandId) -> Published {
        Published { stamp: self.stamp(), name: self.document.name().to_owned(), by: self.by.clone(), at, command }
    }
}

/// What was published when, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Version and digest.
    pub stamp: PolicyStamp,
    /// What people call it.
    pub name: String,
    /// Who published it.
    pub by: ActorId,
    /// When.
    pub at: Instant,
    /// By which command.
    pub command: CommandId,
}
