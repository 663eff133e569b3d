//! The stages of a problem, each with what only it has.

use serde::{Deserialize, Serialize};

use super::{Closure, Fix, Problem, ProblemEvent, Solution};
use crate::{record::stages::stages, time::Instant};

stages! {
    /// The stage alone: for indexes, filters and messages. Fixed, so that it can be matched whole.
    Problem, ProblemEvent, 7;
    /// Raised and not yet looked at.
    New = "new",
    /// It is being judged whether it is a problem, and how much it matters.
    Assessing = "assessing",
    /// The cause is being looked for.
    Investigating = "investigating",
    /// The cause is known well enough, and is being removed.
    FixInProgress = "fix_in_progress",
    /// The fix is applied, and it is being watched whether it holds.
    Observing = "observing",
    /// The cause is gone.
    Resolved = "resolved",
    /// Done, one way or another. What is closed can be analysed anew.
    Closed = "closed",
}

impl Stage {
    /// Whether work is still to be done: the fix is not yet applied.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Assessing | Self::Investigating | Self::FixInProgress)
    }

    /// Whether the stage is final: closed.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// Raised and not yet looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {}

/// It is being judged whether it is a problem, and how much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessing {}

/// The cause is being looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Investigating {}

/// The cause is being removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixInProgress {
    pub(crate) fix: Fix,
}

impl FixInProgress {
    /// What is being done, and by which change.
    #[must_use]
    pub const fn fix(&self) -> &Fix {
        &self.fix
    }
}

/// The fix is applied, and it is being watched whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observing {
    pub(crate) fix: Fix,
    pub(crate) applied_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Instant>,
}

impl Observing {
    /// What was done, and by which change.
    #[must_use]
    pub const fn fix(&self) -> &Fix {
        &self.fix
    }

    /// When it was applied.
    #[must_use]
    pub const fn applied_at(&self) -> Instant {
        self.applied_at
    }

    /// When it is resolved by itself, if nothing happens before.
    #[must_use]
    pub const fn until(&self) -> Option<Instant> {
        self.until
    }
}

/// The cause is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolved {
    pub(crate) solution: Solution,
    pub(crate) resolved_at: Instant,
}

impl Resolved {
    /// What removed the cause.
    #[must_use]
    pub const fn solution(&self) -> &Solution {
        &self.solution
    }

    /// When it was resolved.
    #[must_use]
    pub const fn resolved_at(&self) -> Instant {
        self.resolved_at
    }
}

/// Done, one way or another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    pub(crate) closure: Closure,
    pub(crate) closed_at: Instant,
}

impl Closed {
    /// How it ended.
    #[must_use]
    pub const fn closure(&self) -> &Closure {
        &self.closure
    }

    /// When it was closed.
    #[must_use]
    pub const fn closed_at(&self) -> Instant {
        self.closed_at
    }
}
