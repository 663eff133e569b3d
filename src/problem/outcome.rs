//! Fixes, solutions and closures: what the stages are about.

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::{id::Id, key::ChangeRef, text::Text, time::Instant};

/// What is done to remove a cause.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// The change by which it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeRef>,
    /// What is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}

/// What removed the cause.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solution {
    /// The fix that was applied.
    #[serde(default)]
    pub fix: Fix,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}

/// A fix that was applied, and is to be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// When it is resolved by itself, if nothing happens before; `None`: by hand alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// That the cause stays, and why that is borne.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskAcceptance {
    /// Why.
    pub reason: Text,
    /// When it is looked at again: then the problem is analysed anew by itself.
    pub review_at: Instant,
}

/// Why a problem ended without a fix, a risk that was accepted aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Dismissed {
    /// It is the same as another problem, which goes on.
    Duplicate {
        /// The one that goes on.
        of: Id<Problem>,
    },
    /// It is no problem, or not worth the effort.
    Cancelled,
    /// It does not come again, and cannot be brought about.
    NotReproducible,
}

impl Dismissed {
    /// The other problem that it names.
    #[must_use]
    pub const fn other(&self) -> Option<Id<Problem>> {
        match self {
            Self::Duplicate { of } => Some(*of),
            Self::Cancelled | Self::NotReproducible => None,
        }
    }

    /// The word for it: `duplicate`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "duplicate",
            Self::Cancelled => "cancelled",
            Self::NotReproducible => "not_reproducible",
        }
    }
}

/// A dismissal and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissedAs {
    /// As what.
    pub dismissed: Dismissed,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// How a problem ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closure {
    /// The cause is gone.
    FixApplied(Solution),
    /// The cause stays, and that is borne until it is looked at again.
    RiskAccepted(RiskAcceptance),
    /// It ended without a fix.
    Dismissed(Dismissed),
}

impl Closure {
    /// The word for it: `fix_applied`, `risk_accepted`, `duplicate`, `cancelled` or `not_reproducible`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::FixApplied(_) => "fix_applied",
            Self::RiskAccepted(_) => "risk_accepted",
            Self::Dismissed(dismissed) => dismissed.key(),
        }
    }
}

/// A stage set by hand, with whatever that stage needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectedStage {
    /// New.
    New,
    /// Assessing.
    Assessing,
    /// Investigating.
    Investigating,
    /// A fix is in progress.
    FixInProgress(Fix),
    /// Resolved.
    Resolved(Solution),
    /// Closed.
    Closed(Closure),
}

/// A correction: the stage is set against the lifecycle, with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The stage that the record should be in.
    pub to: CorrectedStage,
    /// Why.
    pub reason: Text,
}
