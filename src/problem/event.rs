//! What happens to a problem.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Correction, DismissedAs, Facts, Fix, Hypothesis, Judgement, Observation, RiskAcceptance, RootCause, Solution,
    Workaround,
};
use crate::{
    priority::Assessment,
    record::{Assignment, Reason, events::events},
    text::Text,
};

events! {
    /// What happened to a problem. Each kind has a stable name; new kinds may be added.
    pub enum ProblemEvent of "problem";
    {
    /// It was raised. Always the first event, and never a later one.
    Raised(Box<Raised>) = "problem.raised",
    /// It began to be judged.
    AssessmentStarted = "problem.assessment_started",
    /// The cause began to be looked for.
    InvestigationStarted = "problem.investigation_started",
    /// Somebody thought of what the cause may be.
    HypothesisAdded(Hypothesis) = "problem.hypothesis_added",
    /// It was judged whether a hypothesis holds.
    HypothesisJudged(HypothesisJudged) = "problem.hypothesis_judged",
    /// Something was found out.
    FindingAdded(Finding) = "problem.finding_added",
    /// The cause was found, or told anew.
    RootCauseIdentified(RootCause) = "problem.root_cause_identified",
    /// It was written down what those who meet its symptoms should know.
    KnownErrorRecorded(KnownErrorContent) = "problem.known_error_recorded",
    /// Somebody tried the workaround, and it works.
    WorkaroundVerified = "problem.workaround_verified",
    /// The known error was published.
    KnownErrorPublished = "problem.known_error_published",
    /// The known error was withdrawn.
    KnownErrorWithdrawn(Reason) = "problem.known_error_withdrawn",
    /// The cause began to be removed.
    FixStarted(Fix) = "problem.fix_started",
    /// The fix was given up before it was applied; the cause is looked for again.
    FixAbandoned(Reason) = "problem.fix_abandoned",
    /// The fix was applied, and is being watched.
    FixApplied(Observation) = "problem.fix_applied",
    /// The fix does not hold; another is needed.
    FixFailed(Reason) = "problem.fix_failed",
    /// The cause is gone.
    Resolved(Solution) = "problem.resolved",
    /// It was closed: the fix holds.
    Closed = "problem.closed",
    /// It was closed without a fix: the risk is borne.
    RiskAccepted(RiskAcceptance) = "problem.risk_accepted",
    /// It was closed without a fix.
    Dismissed(DismissedAs) = "problem.dismissed",
    /// It was taken up again after it was closed.
    Reanalysed(Reanalysis) = "problem.reanalysed",
    /// The stage was set by hand.
    Corrected(Box<Correction>) = "problem.corrected",
    }
}

/// The beginning of a problem: everything that was known then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raised {
    /// The facts.
    pub facts: Arc<Facts>,
    /// The first priority and how it came about.
    pub assessment: Arc<Assessment>,
    /// With whom it begins.
    #[serde(default)]
    pub assignment: Assignment,
    /// How it came to be known.
    #[serde(default)]
    pub origin: Origin,
}

/// How a problem came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Incidents had happened that have one cause.
    #[default]
    Reactive,
    /// Somebody looked for what may cause incidents.
    Proactive,
}

/// Whether a hypothesis holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HypothesisJudged {
    /// The number of the hypothesis.
    pub number: u32,
    /// What came of it.
    pub judgement: Judgement,
}

/// Something that was found out. It lives in the log only; the record counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What.
    pub text: Text,
}

/// What those who meet the symptoms should know. Written anew, it takes the place of what was known; a workaround
/// that reads otherwise is to be verified anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownErrorContent {
    /// By what it shows.
    pub symptoms: Text,
    /// How to live with it, if there is a way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workaround: Option<Workaround>,
}

/// Why a problem was taken up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reanalysis {
    /// What brought it about.
    pub by: ReanalysedBy,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// What brought it about that a problem was taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReanalysedBy {
    /// Somebody did.
    Hand,
    /// The date came at which an accepted risk is looked at again.
    ReviewDate,
}
