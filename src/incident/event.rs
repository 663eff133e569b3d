//! What happens to an incident.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Assignment, AutomaticClosure, Cancellation, ClosureBasis, ConfirmedBy, Correction, Facts, Hold, Incident,
    MajorAcceptance, MajorProposal, MajorReview, Milestone, MissedUpdate, Phase, Reason, Resolution, Waiver,
};
use crate::{
    id::Id,
    key::{PersonRef, StageLabel},
    link::Linking,
    priority::Assessment,
    record::events::events,
    text::Text,
    time::Instant,
};

events! {
    /// What happened to an incident. Each kind has a stable name; new kinds may be added.
    pub enum IncidentEvent of "incident";
    {
    /// It was reported. Always the first event, and never a later one.
    Reported(Box<Reported>) = "incident.reported",
    /// It was dispatched to a group or a person.
    Assigned(Assignment) = "incident.assigned",
    /// The assignment was taken back.
    Unassigned = "incident.unassigned",
    /// Work began.
    WorkStarted = "incident.work_started",
    /// The work entered a phase.
    PhaseEntered(Phase) = "incident.phase_entered",
    /// It was put on hold.
    Held(Hold) = "incident.held",
    /// The hold changed; one interval ended and the next began.
    HoldChanged(Hold) = "incident.hold_changed",
    /// The hold ended.
    Resumed(ResumedBy) = "incident.resumed",
    /// It was resolved.
    Resolved(Resolution) = "incident.resolved",
    /// The resolution was confirmed.
    Confirmed(ConfirmedBy) = "incident.confirmed",
    /// The resolution was taken back.
    Reopened(Reopening) = "incident.reopened",
    /// It was closed.
    Closed(ClosureBasis) = "incident.closed",
    /// It would have closed by itself, but something is owed. Said once; when nothing is owed any more, it
    /// closes.
    ClosureBlocked(Vec<OpenObligation>) = "incident.closure_blocked",
    /// It ended without a resolution.
    Cancelled(CancelledAs) = "incident.cancelled",
    /// It is a duplicate of another incident than before.
    MergeMoved(Merging) = "incident.merge_moved",
    /// The merge of a duplicate was undone.
    MergeUndone(Reason) = "incident.merge_undone",
    /// The host's own status beneath the stage was set or cleared.
    Labelled(Option<StageLabel>) = "incident.labelled",
    /// The time of a milestone was recorded, corrected or cleared.
    MilestoneRecorded(MilestoneTime) = "incident.milestone_recorded",
    /// An obligation was waived.
    ObligationWaived(Waiver) = "incident.obligation_waived",
    /// When, and by which policy, it closes by itself was decided anew; `None`: not at all.
    ClosureReissued(Option<AutomaticClosure>) = "incident.closure_reissued",
    /// It may be a major incident.
    MajorProposed(MajorProposal) = "incident.major_proposed",
    /// It was proposed as a major incident, and is none.
    MajorRejected(Reason) = "incident.major_rejected",
    /// It is a major incident.
    MajorAccepted(MajorAcceptance) = "incident.major_accepted",
    /// Somebody else leads it as a major incident.
    MajorHandedOver(PersonRef) = "incident.major_handed_over",
    /// Word to everybody was due, and did not come.
    MajorUpdateMissed(MissedUpdate) = "incident.major_update_missed",
    /// It is over as a major incident.
    MajorStoodDown(Reason) = "incident.major_stood_down",
    /// It was taken for a major incident, and was none.
    MajorDemoted(Reason) = "incident.major_demoted",
    /// The major incident was looked back on.
    MajorReviewed(MajorReview) = "incident.major_reviewed",
    /// It was linked to a problem, another incident or a change.
    Linked(Linking) = "incident.linked",
    /// A link was taken away.
    Unlinked(Linking) = "incident.unlinked",
    /// The stage was set by hand.
    Corrected(Box<Correction>) = "incident.corrected",
    }
    /// Something happened to one of its clocks.
    Clock {
    Started = "incident.clock_started",
    Replaced = "incident.clock_replaced",
    Paused = "incident.clock_paused",
    Resumed = "incident.clock_resumed",
    Warned = "incident.clock_warned",
    Breached = "incident.clock_breached",
    Ended = "incident.clock_ended",
    Cancelled = "incident.clock_cancelled",
    Revived = "incident.clock_revived",
    Rescheduled = "incident.clock_rescheduled",
    }
}

/// The report: everything that was known at the beginning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// The facts.
    pub facts: Arc<Facts>,
    /// The first priority and how it came about.
    pub assessment: Arc<Assessment>,
    /// With whom it begins.
    #[serde(default)]
    pub assignment: Assignment,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Instant>,
    /// When it was noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected: Option<Instant>,
}

/// What ended a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResumedBy {
    /// Somebody resumed it.
    Hand,
    /// Its date came.
    Date,
    /// The caller replied.
    CallerReply,
}

/// Why a resolution was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reopening {
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Whether the caller's reply reopened it, by the policy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_reply: bool,
}

/// A cancellation and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelledAs {
    /// As what.
    pub cancellation: Cancellation,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Whom it brings to the incident of which it is a duplicate: who was concerned here and not yet there. They watch that
    /// one from then on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brings: Vec<PersonRef>,
}

/// A duplicate that is counted to another incident than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merging {
    /// The incident of which it is a duplicate now.
    pub of: Id<Incident>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Whom it brings there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brings: Vec<PersonRef>,
}

/// The time of a milestone that people may record: not one that a stage sets (reported, responded to,
/// resolved, confirmed, closed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MilestoneTimeForm", into = "MilestoneTimeForm")]
pub struct MilestoneTime {
    milestone: Milestone,
    at: Option<Instant>,
}

impl MilestoneTime {
    /// The time at which a milestone was reached; `None` takes it back.
    ///
    /// # Errors
    /// [`StageMilestone`] for a milestone that a stage sets.
    pub fn new(milestone: Milestone, at: Option<Instant>) -> Result<Self, StageMilestone> {
        if milestone.is_set_by_stage() { Err(StageMilestone { milestone }) } else { Ok(Self { milestone, at }) }
    }

    /// Which.
    #[must_use]
    pub const fn milestone(&self) -> &Milestone {
        &self.milestone
    }

    /// When; `None` takes it back.
    #[must_use]
    pub const fn at(&self) -> Option<Instant> {
        self.at
    }
}

/// A milestone that only a stage can set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the milestone `{}` is set by a move and cannot be recorded by hand", .milestone.as_str())]
pub struct StageMilestone {
    milestone: Milestone,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MilestoneTimeForm {
    milestone: Milestone,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
}

impl TryFrom<MilestoneTimeForm> for MilestoneTime {
    type Error = StageMilestone;

    fn try_from(form: MilestoneTimeForm) -> Result<Self, StageMilestone> {
        Self::new(form.milestone, form.at)
    }
}

impl From<MilestoneTime> for MilestoneTimeForm {
    fn from(time: MilestoneTime) -> Self {
        Self { milestone: time.milestone, at: time.at }
    }
}

/// An obligation that was open when it mattered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenObligation {
    /// The obligation's code.
    pub code: Arc<str>,
    /// The field it concerns, if it concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Arc<str>>,
}
