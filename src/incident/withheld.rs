//! What those who may not read internals do not get to see.
//!
//! Titles, descriptions, public notes, resolutions, and why something was reopened or cancelled are for
//! everybody who may see the incident. What the desk writes for itself is internal: notes of holds,
//! internal notes, notes on time spent, and the reasons of waivers, overrides, corrections and undone
//! merges. Withholding puts the erased slot in the place of an internal text. The shape stays as it is, so
//! that a withheld log still folds, and into the withheld incident.

use std::sync::Arc;

use super::{Audience, CorrectedStage, Former, Hold, Incident, IncidentEvent as E, Major, OnHold};
use crate::record::{erase, erase_any, withhold_assessment};

impl Incident {
    /// Whether there is any internal text in it, or a clock that is not of a service level agreement. If not, it can be shown to everybody who may see it as
    /// it is, and [`withheld`](Self::withheld) would be no more than a copy.
    #[must_use]
    pub fn has_internals(&self) -> bool {
        let progress = self.progress();
        let note = self.any_hold().and_then(|held| held.hold.note.as_ref());
        let override_reason = progress.assessment.overridden().map(|set| &set.reason);
        let waived = progress.waivers.iter().map(|waiver| &waiver.reason);
        note.into_iter().chain(override_reason).chain(waived).any(|text| !text.is_erased())
            || progress.clocks.has_internals()
            || self.major().is_some_and(|major| major.is_internal() || major.running().is_some_and(|m| m.missed() > 0))
    }

    /// The same incident for those who may not read internals: of the note of its hold, the reasons of
    /// its waivers and the reason of its priority's override only the salted digests are left, and of its clocks
    /// those of service level agreements; and that it was proposed or rejected as a major incident is not in it, nor
    /// which updates about one were missed. The
    /// withheld log has the events of all clocks, so that what it folds to
    /// is withheld once more.
    #[must_use]
    pub fn withheld(&self) -> Self {
        let mut incident = self.clone();
        match &mut incident {
            Self::OnHold(held) => held.stage.hold.withhold(),
            Self::Cancelled(cancelled) => {
                if let Former::OnHold(held) = &mut cancelled.stage.former {
                    held.hold.withhold();
                }
            }
            Self::New(_) | Self::Assigned(_) | Self::InProgress(_) | Self::Resolved(_) | Self::Closed(_) => {}
        }
        let progress = &mut incident.shared_mut().progress;
        withhold_assessment(&mut progress.assessment);
        if progress.clocks.has_internals() {
            Arc::make_mut(&mut progress.clocks).withhold();
        }
        for waiver in &mut progress.waivers {
            erase(&mut waiver.reason);
        }
        let major = &mut incident.shared_mut().own.major;
        *major = major.take().filter(|major| !major.is_internal());
        if let Some(Major::Accepted(running)) = major.as_deref_mut() {
            running.missed = 0;
        }
        incident
    }

    /// The hold that it is in, or was in when it was cancelled.
    const fn any_hold(&self) -> Option<&OnHold> {
        match self {
            Self::OnHold(held) => Some(&held.stage),
            Self::Cancelled(cancelled) => match &cancelled.stage.former {
                Former::OnHold(held) => Some(held),
                _ => None,
            },
            _ => None,
        }
    }
}

impl E {
    /// Who may learn that it happened. Internal notes, time spent, waivers, and what was reissued or erased are
    /// the desk's own affair; everything else is for all who may see the incident, without its
    /// [internal texts](Self::withheld).
    #[must_use]
    pub const fn audience(&self) -> Audience {
        match self {
            Self::NoteAdded(note) => note.audience,
            Self::TimeSpent(_)
            | Self::MajorProposed(_)
            | Self::MajorRejected(_)
            | Self::MajorUpdateMissed(_)
            | Self::MajorReviewed(_)
            | Self::ObligationWaived(_)
            | Self::ClosureReissued(_)
            | Self::Clock(_)
            | Self::Redacted(_) => Audience::Internal,
            Self::Reported(_)
            | Self::Watched(_)
            | Self::Unwatched(_)
            | Self::Assigned(_)
            | Self::Unassigned
            | Self::Routed(_)
            | Self::WorkStarted
            | Self::PhaseEntered(_)
            | Self::Held(_)
            | Self::HoldChanged(_)
            | Self::Resumed(_)
            | Self::Resolved(_)
            | Self::Confirmed(_)
            | Self::Reopened(_)
            | Self::Closed(_)
            | Self::ClosureBlocked(_)
            | Self::Cancelled(_)
            | Self::MergeMoved(_)
            | Self::MergeUndone(_)
            | Self::Edited(_)
            | Self::PriorityChanged(_)
            | Self::Attached(_)
            | Self::Detached(_)
            | Self::Labelled(_)
            | Self::MilestoneRecorded(_)
            | Self::MajorAccepted(_)
            | Self::MajorHandedOver(_)
            | Self::MajorStoodDown(_)
            | Self::MajorDemoted(_)
            | Self::Linked(_)
            | Self::Unlinked(_)
            | Self::Corrected(_) => Audience::Public,
        }
    }

    /// The same for those who may not read internals: of its internal texts only the salted digests are
    /// left.
    #[must_use]
    pub fn withheld(&self) -> Self {
        let mut event = self.clone();
        event.withhold();
        event
    }

    /// Erases the internal texts.
    pub(crate) fn withhold(&mut self) {
        match self {
            Self::Reported(reported) => withhold_assessment(&mut reported.assessment),
            Self::Held(hold) | Self::HoldChanged(hold) => hold.withhold(),
            Self::MergeUndone(why) => erase_any(&mut why.reason),
            Self::PriorityChanged(change) => withhold_assessment(&mut change.assessment),
            Self::NoteAdded(note) => {
                if note.audience == Audience::Internal {
                    erase(&mut note.text);
                }
            }
            Self::TimeSpent(spent) => erase_any(&mut spent.note),
            Self::ObligationWaived(waiver) => erase(&mut waiver.reason),
            Self::Redacted(redaction) => erase_any(&mut redaction.reason),
            Self::MajorProposed(proposal) => erase_any(&mut proposal.reason),
            Self::MajorAccepted(accepted) => erase_any(&mut accepted.reason),
            Self::MajorRejected(why) | Self::MajorStoodDown(why) | Self::MajorDemoted(why) => {
                erase_any(&mut why.reason);
            }
            Self::MajorReviewed(review) => erase(&mut review.text),
            Self::Linked(linking) | Self::Unlinked(linking) => erase_any(&mut linking.reason),
            Self::Corrected(correction) => {
                erase(&mut correction.reason);
                if let CorrectedStage::OnHold(hold) = &mut correction.to {
                    hold.withhold();
                }
            }
            Self::Assigned(_)
            | Self::Unassigned
            | Self::Routed(_)
            | Self::WorkStarted
            | Self::PhaseEntered(_)
            | Self::Resumed(_)
            | Self::Resolved(_)
            | Self::Confirmed(_)
            | Self::Reopened(_)
            | Self::Closed(_)
            | Self::ClosureBlocked(_)
            | Self::ClosureReissued(_)
            | Self::Clock(_)
            | Self::Cancelled(_)
            | Self::MajorHandedOver(_)
            | Self::MajorUpdateMissed(_)
            | Self::MergeMoved(_)
            | Self::Edited(_)
            | Self::Watched(_)
            | Self::Unwatched(_)
            | Self::Attached(_)
            | Self::Detached(_)
            | Self::Labelled(_)
            | Self::MilestoneRecorded(_) => {}
        }
    }
}

impl Hold {
    fn withhold(&mut self) {
        erase_any(&mut self.note);
    }
}
