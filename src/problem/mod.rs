//! The problem: a cause, or potential cause, of one or more incidents.
//!
//! A problem is never an incident, and no incident becomes one: a problem is raised *from* incidents, which stay. Its
//! stages and moves are typed as those of the [incident](crate::incident). Beside the stage stands its
//! [analysis](Analysis): hypotheses, the root cause, and the [known error](KnownError) with its workaround.

mod analysis;
mod apply;
mod event;
mod kind;
mod moves;
mod outcome;
mod samples;
mod snapshot;
mod stage;
mod withheld;

pub use analysis::{
    Analysis, Effect, Hypothesis, Judgement, KnownError, Publication, RootCause, Verdict, Verified, Workaround,
};
pub use event::{Finding, HypothesisJudged, KnownErrorContent, Origin, ProblemEvent, Raised, ReanalysedBy, Reanalysis};
pub(crate) use moves::next_number;
pub use moves::{MAX_HYPOTHESES, Tried};
pub use outcome::{
    Closure, CorrectedStage, Correction, Dismissed, DismissedAs, Fix, Observation, RiskAcceptance, Solution,
};
pub use snapshot::SnapshotError;
pub use stage::{Assessing, Closed, FixInProgress, Investigating, New, Observing, Resolved, Stage};

use crate::{
    id::{Id, Number},
    lifecycle::{In, Staged},
    permission::Stake,
    priority::Priority,
    record::{self, Assignment, Progress, stages::each_stage},
    time::Instant,
};

/// What is known of a problem in every stage.
pub type Facts = record::Facts<Problem>;

/// A move that the problem's stage does not have. It gives both back.
pub type IllegalMove = record::IllegalMove<Problem>;

/// A problem in whatever stage it is; `match` it to get the typed form.
///
/// The JSON form is a versioned snapshot. Reading one checks it.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// Raised and not yet looked at.
    New(In<New>),
    /// It is being judged whether it is a problem.
    Assessing(In<Assessing>),
    /// The cause is being looked for.
    Investigating(In<Investigating>),
    /// The cause is being removed.
    FixInProgress(In<FixInProgress>),
    /// The fix is being watched.
    Observing(In<Observing>),
    /// The cause is gone.
    Resolved(In<Resolved>),
    /// Done, one way or another.
    Closed(In<Closed>),
}

impl Staged for Problem {
    type Event = ProblemEvent;
}

each_stage!(Problem: New, Assessing, Investigating, FixInProgress, Observing, Resolved, Closed);

impl Problem {
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

    /// What its events have added up to.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.shared().progress
    }

    /// What is known about the cause.
    #[must_use]
    pub const fn analysis(&self) -> &Analysis {
        &self.shared().own
    }

    /// What those who meet its symptoms should know, if that was written down.
    #[must_use]
    pub const fn known_error(&self) -> Option<&KnownError> {
        self.analysis().known_error.as_ref()
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

    /// How it ended, while it is closed.
    #[must_use]
    pub const fn closure(&self) -> Option<&Closure> {
        match self {
            Self::Closed(problem) => Some(&problem.stage.closure),
            _ => None,
        }
    }

    /// The problem as a duplicate of which it was dismissed.
    #[must_use]
    pub const fn duplicate_of(&self) -> Option<Id<Self>> {
        match self.closure() {
            Some(Closure::Dismissed(Dismissed::Duplicate { of })) => Some(*of),
            _ => None,
        }
    }

    /// Whether its fix is applied, so that incidents can be resolved by it: it is observing, resolved, or closed with
    /// the fix applied.
    #[must_use]
    pub const fn is_fixed(&self) -> bool {
        matches!(self, Self::Observing(_) | Self::Resolved(_)) || matches!(self.closure(), Some(Closure::FixApplied(_)))
    }

    /// When an accepted risk is looked at again, while it is.
    #[must_use]
    pub const fn review_at(&self) -> Option<Instant> {
        match self.closure() {
            Some(Closure::RiskAccepted(risk)) => Some(risk.review_at),
            _ => None,
        }
    }

    /// The problem without the texts that have these digests.
    ///
    /// # Errors
    /// [`DecodeError`](crate::event::DecodeError) if it could not be read back; none of the library's can.
    pub fn erased(&self, slots: &[crate::digest::Digest]) -> Result<Self, crate::event::DecodeError> {
        crate::text::without(self, slots)
    }

    /// Who has to do with it: what permission scopes are judged by.
    #[must_use]
    pub fn stake(&self) -> Stake<'_> {
        record::Kind::stake(self)
    }
}
