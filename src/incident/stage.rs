//! The stages of an incident, each with what only it has.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Cancellation, ClosureBasis, Confirmation, Hold, Incident, IncidentEvent, Resolution};
use crate::{
    id::Id,
    key::{PersonRef, StageLabel},
    record::stages::stages,
    time::{Instant, later},
};

stages! {
    /// The stage alone: for indexes, filters and messages. Fixed, so that it can be matched whole; a
    /// host's own statuses are labels beneath it.
    Incident, IncidentEvent, 7;
    /// Reported and not yet taken up; with a group it is a queue.
    New = "new",
    /// Dispatched to a group or a person who has not begun.
    Assigned = "assigned",
    /// Being worked on.
    InProgress = "in_progress",
    /// Waiting for something or somebody, with a reason.
    OnHold = "on_hold",
    /// Service is restored; to be verified.
    Resolved = "resolved",
    /// Done for good.
    Closed = "closed",
    /// Ended without a resolution.
    Cancelled = "cancelled",
}

impl Stage {
    /// Whether work is still to be done: neither resolved nor final.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Assigned | Self::InProgress | Self::OnHold)
    }

    /// Whether the stage is final: closed or cancelled.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }
}

/// What the work is at, inside [`InProgress`]. The host uses the phases that it needs; any may follow
/// any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Finding out what it is and how bad.
    Triage,
    /// Looking for the cause.
    Investigating,
    /// The cause is known. Sets the milestone `identified`.
    Identified,
    /// It can do no further harm. Sets the milestone `contained`.
    Contained,
    /// Removing the cause.
    Eradicating,
    /// Lessening the effect.
    Mitigating,
    /// Bringing service back. Sets the milestone `mitigated`.
    Recovering,
    /// Watching whether it holds. Sets the milestone `mitigated`.
    Monitoring,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 8] = [
        Self::Triage,
        Self::Investigating,
        Self::Identified,
        Self::Contained,
        Self::Eradicating,
        Self::Mitigating,
        Self::Recovering,
        Self::Monitoring,
    ];

    /// The phase as data names it: `investigating`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Contained => "contained",
            Self::Eradicating => "eradicating",
            Self::Mitigating => "mitigating",
            Self::Recovering => "recovering",
            Self::Monitoring => "monitoring",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Reported and not yet taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {}

/// Dispatched to a group or a person who has not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assigned {}

/// Being worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InProgress {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<Phase>,
}

impl InProgress {
    /// What the work is at, if somebody said so.
    #[must_use]
    pub const fn phase(&self) -> Option<Phase> {
        self.phase
    }
}

/// What a held incident goes back to when it resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// It was new.
    New,
    /// It was assigned.
    Assigned,
    /// It was in progress, in this phase.
    InProgress {
        /// The phase, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<Phase>,
    },
}

/// Waiting, with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnHold {
    pub(crate) hold: Hold,
    /// When this reason began.
    #[serde(serialize_with = "crate::time::write")]
    pub(crate) since: Instant,
    pub(crate) left: Left,
}

impl OnHold {
    /// Why, until when, and what ends it.
    #[must_use]
    pub const fn hold(&self) -> &Hold {
        &self.hold
    }

    /// Since when it has been on hold for this reason.
    #[must_use]
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// What it goes back to.
    #[must_use]
    pub const fn left(&self) -> Left {
        self.left
    }
}

/// Service is restored; to be verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolved {
    pub(crate) resolution: Resolution,
    #[serde(serialize_with = "crate::time::write")]
    pub(crate) resolved_at: Instant,
    #[serde(serialize_with = "crate::time::write")]
    pub(crate) quiet_since: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confirmation: Option<Confirmation>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) caller_replied: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) closure_blocked: bool,
}

impl Resolved {
    /// How it was resolved.
    #[must_use]
    pub const fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// When it was resolved.
    #[must_use]
    pub const fn resolved_at(&self) -> Instant {
        self.resolved_at
    }

    /// Since when the caller has been quiet: the resolution, or a reply that restarted the quiet time.
    #[must_use]
    pub const fn quiet_since(&self) -> Instant {
        self.quiet_since
    }

    /// Who confirmed that the resolution holds.
    #[must_use]
    pub const fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    /// Whether the caller has replied since, and no person of the desk has answered publicly.
    #[must_use]
    pub const fn caller_replied(&self) -> bool {
        self.caller_replied
    }

    /// When it closes by itself, if nothing is owed then and the caller stays quiet; `None` if it does not.
    #[must_use]
    pub fn closes_at(&self) -> Option<Instant> {
        self.resolution.closes.map(|closes| later(self.quiet_since, closes.after.span()))
    }

    /// Whether it would have closed by itself, but something was owed. It closes when nothing is owed any
    /// more.
    #[must_use]
    pub const fn is_closure_blocked(&self) -> bool {
        self.closure_blocked
    }
}

/// Done for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    pub(crate) resolution: Resolution,
    #[serde(serialize_with = "crate::time::write")]
    pub(crate) closed_at: Instant,
    pub(crate) basis: ClosureBasis,
}

impl Closed {
    /// How it was resolved.
    #[must_use]
    pub const fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// When it was closed.
    #[must_use]
    pub const fn closed_at(&self) -> Instant {
        self.closed_at
    }

    /// What the closure rests on.
    #[must_use]
    pub const fn basis(&self) -> ClosureBasis {
        self.basis
    }
}

/// What a cancelled incident was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Former {
    /// It was new.
    New,
    /// It was assigned.
    Assigned,
    /// It was in progress.
    InProgress(InProgress),
    /// It was on hold.
    OnHold(OnHold),
    /// It was resolved, closed or cancelled otherwise, and was corrected.
    Other,
}

/// Ended without a resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancelled {
    pub(crate) cancellation: Cancellation,
    #[serde(serialize_with = "crate::time::write")]
    pub(crate) cancelled_at: Instant,
    pub(crate) former: Former,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) brought: Vec<PersonRef>,
    /// The host's own status that it had then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<StageLabel>,
}

impl Cancelled {
    /// Why it was cancelled.
    #[must_use]
    pub const fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// When it was cancelled.
    #[must_use]
    pub const fn cancelled_at(&self) -> Instant {
        self.cancelled_at
    }

    /// What it was before.
    #[must_use]
    pub const fn former(&self) -> &Former {
        &self.former
    }

    /// Whom it brought to the incident of which it is a duplicate: they watch that one for its sake, and leave it when the
    /// merge is undone, unless another duplicate brought them, too. (Also who was taken off there by hand, and added again:
    /// the incident that goes on does not know why somebody watches it.)
    #[must_use]
    pub fn brought(&self) -> &[PersonRef] {
        &self.brought
    }

    /// The incident of which it is a duplicate, if it is one.
    #[must_use]
    pub const fn merged_into(&self) -> Option<Id<Incident>> {
        match self.cancellation {
            Cancellation::Duplicate { of } => Some(of),
            _ => None,
        }
    }

    /// The host's own status that it had before.
    #[must_use]
    pub const fn former_label(&self) -> Option<&StageLabel> {
        self.label.as_ref()
    }

    /// Whether it is a merge that can be undone: a duplicate of which it is known what it was before.
    #[must_use]
    pub const fn is_undoable(&self) -> bool {
        matches!(self.cancellation, Cancellation::Duplicate { .. }) && !matches!(self.former, Former::Other)
    }
}
