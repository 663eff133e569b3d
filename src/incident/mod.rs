//! The incident: an unplanned interruption of a service or a reduction in its quality.
//!
//! [`Incident`] is an enum of typed stages. Match it, and the stage is in the type: `In<New>` can be
//! assigned, `In<Resolved>` can be closed, and what is not legal does not compile. What arrives at
//! run time goes through [`Incident::apply`], which does nothing but call those moves.

mod apply;
mod clocks;
mod event;
mod kind;
mod links;
mod major;
mod moves;
mod outcome;
mod samples;
mod snapshot;
mod stage;
mod withheld;

pub use clocks::EntryRefused;
pub use event::{
    CancelledAs, IncidentEvent, Merging, MilestoneTime, OpenObligation, Reopening, Reported, ResumedBy, StageMilestone,
};
pub use major::{
    Beside, EndedMajor, MAX_MISSED, Major, MajorAcceptance, MajorProposal, MajorReview, MissedUpdate, RunningMajor,
};
pub use moves::{Active, Dispatched, IncidentStage, Open, Unstarted};
pub use outcome::{
    AutomaticClosure, Cancellation, ClosureBasis, Confirmation, ConfirmedBy, CorrectedStage, Correction, Hold,
    HoldReason, Remedy, Resolution, WakeOn,
};
pub use snapshot::{SNAPSHOT_SCHEMA, SnapshotError};
pub use stage::{Assigned, Cancelled, Closed, Former, InProgress, Left, New, OnHold, Phase, Resolved, Stage};

pub use crate::record::{
    Assignment, Attachment, Audience, ExternalReference, FactChange, FieldValue, FoldError, Item, Live, Milestone,
    Milestones, Note, NoteFrom, Offering, PriorityChange, Progress, Rated, Reason, Redaction, ReplyRule, Service,
    TimeSpent, Waiver,
};
use std::sync::Arc;

use crate::{
    id::{Id, Number},
    lifecycle::{In, Staged},
    permission::Stake,
    priority::Priority,
    record::{self, stages::each_stage},
};

/// What is known of an incident in every stage.
pub type Facts = record::Facts<Incident>;

/// A move that the incident's stage does not have. It gives both back.
pub type IllegalMove = record::IllegalMove<Incident>;

/// An incident in whatever stage it is; `match` it to get the typed form.
///
/// The JSON form is a versioned snapshot. Reading one checks it: no stage can be minted from JSON
/// that the record could not be in.
#[derive(Debug, Clone, PartialEq)]
pub enum Incident {
    /// Reported and not yet taken up.
    New(In<New>),
    /// Dispatched to a group or a person who has not begun.
    Assigned(In<Assigned>),
    /// Being worked on.
    InProgress(In<InProgress>),
    /// Waiting, with a reason.
    OnHold(In<OnHold>),
    /// Service is restored; to be verified.
    Resolved(In<Resolved>),
    /// Done for good.
    Closed(In<Closed>),
    /// Ended without a resolution.
    Cancelled(In<Cancelled>),
}

impl Staged for Incident {
    type Event = IncidentEvent;
}

each_stage!(Incident: New, Assigned, InProgress, OnHold, Resolved, Closed, Cancelled);

impl Incident {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> Id<Self> {
        self.facts().id
    }

    /// Its number, as people say it.
    #[must_use]
    pub fn number(&self) -> &Number {
        &self.facts().number
    }

    /// What is known of it.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.shared().facts
    }

    /// The facts, as they are shared with the record that it was before them.
    pub(crate) const fn shared_facts(&self) -> &Arc<Facts> {
        &self.shared().facts
    }

    /// The incident without the texts that have these digests.
    ///
    /// # Errors
    /// [`DecodeError`](crate::event::DecodeError) if it could not be read back; none of the library's can.
    pub fn erased(&self, slots: &[crate::digest::Digest]) -> Result<Self, crate::event::DecodeError> {
        crate::text::without(self, slots)
    }

    /// What its events have added up to.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.shared().progress
    }

    /// The priority that holds.
    #[must_use]
    pub fn priority(&self) -> &Priority {
        self.progress().assessment.result()
    }

    /// With whom it is.
    #[must_use]
    pub const fn assignment(&self) -> &Assignment {
        &self.progress().assignment
    }

    /// The hold, while it is on hold.
    #[must_use]
    pub const fn hold(&self) -> Option<&OnHold> {
        match self {
            Self::OnHold(incident) => Some(&incident.stage),
            _ => None,
        }
    }

    /// The resolution, while it is resolved or closed.
    #[must_use]
    pub const fn resolution(&self) -> Option<&Resolution> {
        match self {
            Self::Resolved(incident) => Some(&incident.stage.resolution),
            Self::Closed(incident) => Some(&incident.stage.resolution),
            _ => None,
        }
    }

    /// Whether this person is the caller or the affected person.
    #[must_use]
    pub fn is_callers(&self, person: &crate::key::PersonRef) -> bool {
        let facts = self.facts();
        facts.caller.as_ref() == Some(person) || facts.affected.as_ref() == Some(person)
    }

    /// Who has to do with it: what permission scopes are judged by.
    #[must_use]
    pub fn stake(&self) -> Stake<'_> {
        record::Kind::stake(self)
    }
}
