//! Holds, resolutions, confirmations, closures, cancellations: what the stages are about.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Incident, Phase};
use crate::{
    event::PolicyStamp,
    id::Id,
    key::{HoldReasonKey, KeyError, ResolutionCode},
    text::Text,
    time::{Instant, Seconds},
};

/// Why an incident waits. As data: `awaiting_caller`, or the host's own key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Arc<str>", into = "Arc<str>")]
pub enum HoldReason {
    /// For the caller to answer.
    AwaitingCaller,
    /// For a vendor.
    AwaitingVendor,
    /// For a change to be done.
    AwaitingChange,
    /// For a problem to be resolved.
    AwaitingProblem,
    /// For a date.
    AwaitingDate,
    /// For something of the host's own.
    Other(HoldReasonKey),
}

impl HoldReason {
    /// The reason as data names it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::AwaitingCaller => "awaiting_caller",
            Self::AwaitingVendor => "awaiting_vendor",
            Self::AwaitingChange => "awaiting_change",
            Self::AwaitingProblem => "awaiting_problem",
            Self::AwaitingDate => "awaiting_date",
            Self::Other(key) => key.as_str(),
        }
    }
}

impl TryFrom<Arc<str>> for HoldReason {
    type Error = KeyError;

    fn try_from(text: Arc<str>) -> Result<Self, KeyError> {
        Ok(match &*text {
            "awaiting_caller" => Self::AwaitingCaller,
            "awaiting_vendor" => Self::AwaitingVendor,
            "awaiting_change" => Self::AwaitingChange,
            "awaiting_problem" => Self::AwaitingProblem,
            "awaiting_date" => Self::AwaitingDate,
            _ => Self::Other(HoldReasonKey::try_from(text)?),
        })
    }
}

impl From<HoldReason> for Arc<str> {
    fn from(reason: HoldReason) -> Self {
        match reason {
            HoldReason::Other(key) => key.into(),
            known => known.as_str().into(),
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What ends a hold without anybody's doing, beside its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WakeOn {
    /// A public note by the caller or the affected person.
    CallerReply,
    /// The problem that it waits for is resolved.
    ProblemResolved,
    /// The change that it waits for is done.
    ChangeDone,
}

/// A hold: why, until when, and what ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Why.
    pub reason: HoldReason,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// What else ends it; decided by the policy when the hold began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wakes_on: Vec<WakeOn>,
    /// What is waited for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Whether the cause is gone or the effect worked around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// The cause is gone.
    #[default]
    Fix,
    /// Service is back by another way; the cause remains.
    Workaround,
}

/// How an incident was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// The policy's code.
    pub code: ResolutionCode,
    /// Fix or workaround.
    #[serde(default)]
    pub remedy: Remedy,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The parent with which it was resolved: when that is reopened, it is, too, by plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub along_with: Option<Id<Incident>>,
    /// How the incident closes by itself; decided by the policy when it was resolved. `None`: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<AutomaticClosure>,
}

/// How a resolved incident closes by itself. Policies that are published later change nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomaticClosure {
    /// After so long without a reply from the caller.
    pub after: Seconds,
    /// The policy by which it was resolved, and by which it is judged what is owed before the closure.
    pub policy: PolicyStamp,
}

/// Who confirms that a resolution holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// The caller or the affected person, or somebody at their word.
    Caller,
    /// Monitoring.
    Monitoring,
}

/// A confirmation that the resolution holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Who confirmed.
    pub by: ConfirmedBy,
    /// When.
    pub at: Instant,
}

/// What a closure rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClosureBasis {
    /// The resolution was confirmed.
    Confirmed,
    /// The caller was quiet for as long as the policy asks.
    QuietTime,
    /// The policy asks for no confirmation.
    NotRequired,
    /// What the policy asks was waived.
    Waived,
    /// A correction put the record there.
    Corrected,
}

/// Why an incident ended without a resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Cancellation {
    /// It is the same as another incident, which goes on.
    Duplicate {
        /// The one that goes on.
        of: Id<Incident>,
    },
    /// Nothing was wrong.
    NotAnIncident,
    /// It was a request for something, not a disturbance.
    ServiceRequest,
    /// The caller took it back.
    Withdrawn,
    /// Another incident replaced it.
    Superseded {
        /// The one that replaced it.
        by: Id<Incident>,
    },
}

impl Cancellation {
    /// The other incident that it names.
    #[must_use]
    pub const fn other(&self) -> Option<Id<Incident>> {
        match self {
            Self::Duplicate { of: other } | Self::Superseded { by: other } => Some(*other),
            Self::NotAnIncident | Self::ServiceRequest | Self::Withdrawn => None,
        }
    }
}

/// A stage set by hand, with whatever that stage needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectedStage {
    /// New.
    New,
    /// Assigned.
    Assigned,
    /// In progress.
    InProgress {
        /// The phase, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<Phase>,
    },
    /// On hold.
    OnHold(Hold),
    /// Resolved.
    Resolved(Resolution),
    /// Closed.
    Closed(Resolution),
    /// Cancelled.
    Cancelled(Cancellation),
}

impl CorrectedStage {
    /// Whether work is still to be done in it.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::New | Self::Assigned | Self::InProgress { .. } | Self::OnHold(_))
    }
}

/// A correction: the stage is set against the lifecycle, with a reason. Imports and repairs need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The stage that the record should be in.
    pub to: CorrectedStage,
    /// Why.
    pub reason: Text,
    /// The code of the error with which the proper move was refused, if one was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
}
