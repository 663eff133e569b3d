//! Major incidents: a facet beside the stage, with a lifecycle of its own.

use serde::{Deserialize, Serialize};

use super::{Incident, IncidentEvent as Event, IncidentStage, Reason};
use crate::{
    key::{PersonRef, RuleId},
    lifecycle::{In, Stamp, Step},
    link::Links,
    priority::Priority,
    record::Live,
    text::Text,
    time::{Instant, Seconds, later},
};

/// How many updates in a row are noted as missed; then it is known that none come.
pub const MAX_MISSED: u32 = 24;

/// Where an incident stands as a major one: an outage for which the ordinary way of working is not enough, with a manager
/// of its own and word to everybody at fixed times.
///
/// Proposed → accepted → stood down; or rejected, or demoted. Whether it is one is beside its stage: it goes through the
/// stages as others do, but never closes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Major {
    /// Somebody, or a criterion of the policy, thinks that it is one.
    Proposed(MajorProposal),
    /// It was proposed, and is none.
    Rejected {},
    /// It is one, and runs.
    Accepted(RunningMajor),
    /// It was one, and service is back.
    StoodDown(EndedMajor),
    /// It was taken for one, and was none.
    Demoted {},
}

/// What an incident has beside its stage, and problems do not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Beside {
    /// What it has to do with problems, other incidents and changes.
    #[serde(skip_serializing_if = "Links::is_empty")]
    pub(crate) links: Links,
    /// Where it stands as a major incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) major: Option<Box<Major>>,
}

impl Beside {
    /// Everybody got word, or begins to wait for it.
    pub(super) fn wait_for_word(&mut self, at: Instant) {
        if let Some(Major::Accepted(running)) = self.major.as_deref_mut() {
            running.restart(at);
        }
    }
}

/// That an incident may be a major one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MajorProposal {
    /// The criteria of the policy that it meets; none if people propose it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<RuleId>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// With what it becomes a major incident: decided then by the policy and by whoever accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MajorAcceptance {
    /// Who leads it.
    pub manager: PersonRef,
    /// The priority that it has at least, as long as it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Priority>,
    /// How often everybody gets word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_every: Option<Seconds>,
    /// Whether it has to be reviewed before it is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_review: bool,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// A major incident that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningMajor {
    pub(crate) since: Instant,
    pub(crate) manager: PersonRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<Priority>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) update_every: Option<Seconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) update_due: Option<Instant>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) missed: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) needs_review: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A major incident that was stood down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedMajor {
    pub(crate) since: Instant,
    pub(crate) until: Instant,
    pub(crate) manager: PersonRef,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) needs_review: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reviewed_at: Option<Instant>,
}

/// What was found when a major incident was looked back on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MajorReview {
    /// What was found: what went well, what did not, what is to be done.
    pub text: Text,
}

/// That everybody should have had word by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissedUpdate {
    /// By when.
    pub due: Instant,
}

impl RunningMajor {
    fn begun(accepted: &MajorAcceptance, since: Instant) -> Self {
        let MajorAcceptance { manager, floor, update_every, needs_review, .. } = accepted.clone();
        let mut major = Self { since, manager, floor, update_every, update_due: None, missed: 0, needs_review };
        major.restart(since);
        major
    }

    /// Since when it runs.
    #[must_use]
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// Who leads it.
    #[must_use]
    pub const fn manager(&self) -> &PersonRef {
        &self.manager
    }

    /// The priority that it has at least.
    #[must_use]
    pub const fn floor(&self) -> Option<&Priority> {
        self.floor.as_ref()
    }

    /// How often everybody gets word.
    #[must_use]
    pub const fn update_every(&self) -> Option<Seconds> {
        self.update_every
    }

    /// By when the next word is due, while the incident is open. `None` without a cadence, or once [`MAX_MISSED`] were
    /// missed in a row.
    #[must_use]
    pub const fn update_due(&self) -> Option<Instant> {
        self.update_due
    }

    /// How many updates were missed since the last one.
    #[must_use]
    pub const fn missed(&self) -> u32 {
        self.missed
    }

    /// Whether it has to be reviewed before it is closed.
    #[must_use]
    pub const fn needs_review(&self) -> bool {
        self.needs_review
    }

    /// Everybody got word, or begins to wait for it. A word that is dated back takes nothing from a later one.
    pub(crate) fn restart(&mut self, at: Instant) {
        let next = self.update_every.map(|every| later(at, every.span()));
        if next > self.update_due {
            self.missed = 0;
            self.update_due = next;
        }
    }

    /// The word did not come in time.
    fn miss(&mut self, due: Instant) {
        self.missed = self.missed.saturating_add(1);
        let goes_on = self.missed < MAX_MISSED;
        self.update_due = self.update_every.filter(|_| goes_on).map(|every| later(due, every.span()));
    }

    fn ended(self, until: Instant) -> EndedMajor {
        let Self { since, manager, needs_review, .. } = self;
        EndedMajor { since, until, manager, needs_review, reviewed_at: None }
    }
}

impl EndedMajor {
    /// Since when it ran.
    #[must_use]
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// When it was stood down.
    #[must_use]
    pub const fn until(&self) -> Instant {
        self.until
    }

    /// Who led it.
    #[must_use]
    pub const fn manager(&self) -> &PersonRef {
        &self.manager
    }

    /// When it was reviewed.
    #[must_use]
    pub const fn reviewed_at(&self) -> Option<Instant> {
        self.reviewed_at
    }

    /// Whether it has yet to be reviewed before it is closed.
    #[must_use]
    pub const fn owes_review(&self) -> bool {
        self.needs_review && self.reviewed_at.is_none()
    }
}

impl Major {
    /// Where it stands, in a word: `proposed`, `rejected`, `accepted`, `stood_down`, `demoted`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Proposed(_) => "proposed",
            Self::Rejected {} => "rejected",
            Self::Accepted(_) => "accepted",
            Self::StoodDown(_) => "stood_down",
            Self::Demoted {} => "demoted",
        }
    }

    /// When it came to where it stands, if it runs or has run.
    #[must_use]
    pub const fn since(&self) -> Option<Instant> {
        match self {
            Self::Accepted(running) => Some(running.since),
            Self::StoodDown(ended) => Some(ended.until),
            Self::Proposed(_) | Self::Rejected {} | Self::Demoted {} => None,
        }
    }

    /// What runs, if it does.
    #[must_use]
    pub const fn running(&self) -> Option<&RunningMajor> {
        match self {
            Self::Accepted(running) => Some(running),
            _ => None,
        }
    }

    /// What was stood down, if it was.
    #[must_use]
    pub const fn ended(&self) -> Option<&EndedMajor> {
        match self {
            Self::StoodDown(ended) => Some(ended),
            _ => None,
        }
    }

    /// Whether only the desk knows of it.
    pub(crate) const fn is_internal(&self) -> bool {
        matches!(self, Self::Proposed(_) | Self::Rejected {})
    }
}

impl Incident {
    /// Where it stands as a major incident, if that was ever in question.
    #[must_use]
    pub const fn major(&self) -> Option<&Major> {
        match &self.shared().own.major {
            Some(major) => Some(major),
            None => None,
        }
    }

    /// Whether it is a major incident, or was one until it was stood down: it never closes by itself, no plan moves it, and
    /// only the desk resolves, reopens and closes it.
    #[must_use]
    pub const fn is_major(&self) -> bool {
        matches!(self.major(), Some(Major::Accepted(_) | Major::StoodDown(_)))
    }

    /// Whether it is a major incident that runs.
    #[must_use]
    pub fn is_running_major(&self) -> bool {
        matches!(self.major(), Some(Major::Accepted(_))) && !self.stage().is_final()
    }

    /// Whether it is proposed as a major incident, and nobody has judged that yet.
    #[must_use]
    pub const fn is_major_candidate(&self) -> bool {
        matches!(self.major(), Some(Major::Proposed(_))) && !self.stage().is_final()
    }
}

/// What a move of the facet gives that needs more than its stage: the step, or the incident back.
type Tried<S> = Result<Step<In<S>>, Box<In<S>>>;

impl<S: IncidentStage + Live> In<S> {
    /// Proposes it as a major incident, if it neither is one nor is proposed already.
    ///
    /// # Errors
    /// The incident itself, otherwise.
    pub fn propose_major(self, proposal: MajorProposal, stamp: &Stamp<'_>) -> Tried<S> {
        match self.shared.own.major.as_deref() {
            None | Some(Major::Rejected {} | Major::Demoted {}) => {
                let major = Major::Proposed(proposal.clone());
                Ok(self.noted(Event::MajorProposed(proposal), stamp, |this| this.shared.own.major = Some(major.into())))
            }
            _ => Err(Box::new(self)),
        }
    }

    /// Rejects the proposal.
    ///
    /// # Errors
    /// The incident itself, if there is none.
    pub fn reject_major(self, why: Reason, stamp: &Stamp<'_>) -> Tried<S> {
        match self.shared.own.major.as_deref() {
            Some(Major::Proposed(_)) => Ok(self.noted(Event::MajorRejected(why), stamp, |this| {
                this.shared.own.major = Some(Major::Rejected {}.into());
            })),
            _ => Err(Box::new(self)),
        }
    }

    /// Makes it a major incident, proposed or not; one that was stood down runs again.
    ///
    /// # Errors
    /// The incident itself, if it runs as one already.
    pub fn accept_major(self, accepted: MajorAcceptance, stamp: &Stamp<'_>) -> Tried<S> {
        match self.shared.own.major.as_deref() {
            Some(Major::Accepted(_)) => Err(Box::new(self)),
            _ => {
                let mut running = RunningMajor::begun(&accepted, stamp.occurred_at);
                // If it is said later than it happened, everybody may have had word since.
                if let Some(word) = self.shared.progress.last_public_note {
                    running.restart(word);
                }
                Ok(self.noted(Event::MajorAccepted(accepted), stamp, |this| {
                    this.shared.own.major = Some(Major::Accepted(running).into());
                    // That an earlier review was waived says nothing of this one.
                    this.shared.progress.waivers.retain(|waiver| &*waiver.code != crate::obligation::MAJOR_REVIEW);
                }))
            }
        }
    }

    /// Gives the lead to somebody else.
    ///
    /// # Errors
    /// The incident itself, if it does not run as a major one.
    pub fn hand_over_major(self, manager: PersonRef, stamp: &Stamp<'_>) -> Tried<S> {
        self.while_running(Event::MajorHandedOver(manager.clone()), stamp, |major| {
            Major::Accepted(RunningMajor { manager, ..major })
        })
    }

    /// Notes that word was due and did not come.
    ///
    /// # Errors
    /// The incident itself, if it does not run as a major one.
    pub fn miss_major_update(self, missed: MissedUpdate, stamp: &Stamp<'_>) -> Tried<S> {
        self.while_running(Event::MajorUpdateMissed(missed), stamp, |mut major| {
            major.miss(missed.due);
            Major::Accepted(major)
        })
    }

    /// Ends it as a major incident: service is back.
    ///
    /// # Errors
    /// The incident itself, if it does not run as a major one.
    pub fn stand_down_major(self, why: Reason, stamp: &Stamp<'_>) -> Tried<S> {
        let at = stamp.occurred_at;
        self.while_running(Event::MajorStoodDown(why), stamp, |major| Major::StoodDown(major.ended(at)))
    }

    /// Makes an ordinary incident of it again: it was none.
    ///
    /// # Errors
    /// The incident itself, if it does not run as a major one.
    pub fn demote_major(self, why: Reason, stamp: &Stamp<'_>) -> Tried<S> {
        self.while_running(Event::MajorDemoted(why), stamp, |_| Major::Demoted {})
    }

    fn while_running(self, event: Event, stamp: &Stamp<'_>, next: impl FnOnce(RunningMajor) -> Major) -> Tried<S> {
        match self.shared.own.major.as_deref().cloned() {
            Some(Major::Accepted(running)) => {
                Ok(self.noted(event, stamp, |this| this.shared.own.major = Some(next(running).into())))
            }
            _ => Err(Box::new(self)),
        }
    }
}

impl<S: IncidentStage> In<S> {
    /// Writes down the review of a major incident that was stood down, in any stage.
    ///
    /// # Errors
    /// The incident itself, if it was not stood down as a major one.
    pub fn review_major(mut self, review: MajorReview, stamp: &Stamp<'_>) -> Tried<S> {
        match self.shared.own.major.as_deref_mut() {
            Some(Major::StoodDown(ended)) => {
                ended.reviewed_at = Some(stamp.occurred_at);
                Ok(self.noted(Event::MajorReviewed(review), stamp, |_| {}))
            }
            _ => Err(Box::new(self)),
        }
    }
}
