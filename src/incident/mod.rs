//! The incident: an unplanned interruption of a service or a reduction in its quality.
//!
//! [`Incident`] is an enum of typed stages. Match it, and the stage is in the type: `In<New>` can be
//! assigned, `In<Resolved>` can be closed, and what is not legal does not compile. What arrives at
//! run time goes through [`Incident::apply`], which does nothing but call those moves.

mod apply;
mod change;
mod clocks;
mod event;
mod facts;
mod moves;
mod outcome;
mod progress;
mod samples;
mod snapshot;
mod stage;
mod withheld;

pub use apply::{FoldError, IllegalMove};
pub use change::FactChange;
pub use clocks::EntryRefused;
pub use event::{
    Audience, CancelledAs, IncidentEvent, MilestoneTime, Note, NoteFrom, OpenObligation, PriorityChange, Reason,
    Redaction, Reopening, ReplyRule, Reported, ResumedBy, StageMilestone, TimeSpent, Waiver,
};
pub use facts::{Assignment, Attachment, ExternalReference, Facts, FieldValue, Item, Offering, Rated, Service};
pub use moves::{Active, Dispatched, IncidentStage, Live, Open, Unstarted};
pub use outcome::{
    AutomaticClosure, Cancellation, ClosureBasis, Confirmation, ConfirmedBy, CorrectedStage, Correction, Hold,
    HoldReason, Remedy, Resolution, WakeOn,
};
pub use progress::{Milestone, Milestones, Progress};
pub use snapshot::{SNAPSHOT_SCHEMA, SnapshotError};
pub use stage::{Assigned, Cancelled, Closed, Former, InProgress, Left, New, OnHold, Phase, Resolved, Stage};

use crate::{
    id::{Id, Number},
    lifecycle::{In, Staged, Step},
    permission::Stake,
    priority::Priority,
};

/// What an incident has in every stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    pub(crate) facts: facts::SharedFacts,
    pub(crate) progress: Progress,
}

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

macro_rules! each_stage {
    ($($stage:ident),*) => {
        $(impl From<In<$stage>> for Incident {
            fn from(incident: In<$stage>) -> Self {
                Self::$stage(incident)
            }
        }

        impl From<Step<In<$stage>>> for Step<Incident> {
            fn from(step: Step<In<$stage>>) -> Self {
                step.widen()
            }
        })*

        impl Incident {
            pub(crate) const fn shared(&self) -> &Shared {
                match self { $(Self::$stage(incident) => &incident.shared),* }
            }

            const fn shared_mut(&mut self) -> &mut Shared {
                match self { $(Self::$stage(incident) => &mut incident.shared),* }
            }

            /// The stage alone.
            #[must_use]
            pub const fn stage(&self) -> Stage {
                match self { $(Self::$stage(_) => Stage::$stage),* }
            }
        }
    };
}

each_stage!(New, Assigned, InProgress, OnHold, Resolved, Closed, Cancelled);

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
    pub(crate) const fn shared_facts(&self) -> &facts::SharedFacts {
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
        let (facts, assignment) = (self.facts(), self.assignment());
        let mut stake = facts.stake();
        let [.., assignee] = &mut stake.people;
        *assignee = assignment.person.as_ref();
        Stake { group: assignment.group.as_ref(), ..stake }
    }
}

impl<S: crate::lifecycle::StageOf<Shared = Shared>> In<S> {
    /// What is known of it.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.shared.facts
    }

    /// What its events have added up to.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.shared.progress
    }
}
