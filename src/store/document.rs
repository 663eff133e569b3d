//! Documents: what a tenant publishes and never changes, kept by digest.

use std::sync::Arc;

use super::Term;
use crate::{actor::ActorId, digest::Digest, event::PolicyStamp, id::CommandId, policy::Policy, time::Instant};

/// Something that is published whole and never changes. Closed: a new kind is a new variant here and no
/// new method in a repository.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Document {
    /// A policy.
    Policy(Arc<Policy>),
}

impl Document {
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
}

/// What was published when, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
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
