//! The run-time door: one total match that does nothing but call the moves.

use super::{Audience, Incident, IncidentEvent as E};
use crate::{
    event::Event,
    id::Version,
    lifecycle::{Stamp, Step},
    record::{FoldError, IllegalMove, in_every, only_in, tried_in},
};

/// Calls the move on an incident that is not resolved.
macro_rules! open {
    ($incident:expr, $event:expr, $i:ident => $move:expr) => {
        only_in!($incident, $event, [New Assigned InProgress OnHold], $i => $move)
    };
}

/// Calls the move on an incident that is not done for good.
macro_rules! live {
    ($incident:expr, $event:expr, $i:ident => $move:expr) => {
        only_in!($incident, $event, [New Assigned InProgress OnHold Resolved], $i => $move)
    };
}

/// Calls a move that needs more than its stage on an incident that is not done for good.
macro_rules! tried_live {
    ($incident:expr, $event:expr, $i:ident => $move:expr) => {
        tried_in!($incident, $event, [New Assigned InProgress OnHold Resolved], $i => $move)
    };
}

/// Calls the move on the incident, whatever its stage.
macro_rules! any {
    ($incident:expr, $i:ident => $move:expr) => {
        in_every!($incident, [New Assigned InProgress OnHold Resolved Closed Cancelled], $i => $move)
    };
}

impl Incident {
    /// Applies what happened, if it is legal in the present stage.
    ///
    /// # Errors
    /// [`IllegalMove`], with the incident and the event, if the stage has no such move.
    pub fn apply(self, event: E, stamp: &Stamp<'_>) -> Result<Step<Self>, Box<IllegalMove<Self>>> {
        Ok(match event {
            E::Reported(_) => return Err(Box::new(IllegalMove { record: self, event })),
            E::Assigned(to) => open!(self, E::Assigned(to), i => i.assign(to, stamp)),
            E::Unassigned => only_in!(self, E::Unassigned, [Assigned InProgress], i => i.unassign(stamp)),
            E::Routed(to) => live!(self, E::Routed(to), i => i.route(to, stamp)),
            E::WorkStarted => only_in!(self, E::WorkStarted, [New Assigned OnHold], i => i.start_work(stamp)),
            E::PhaseEntered(phase) => {
                only_in!(self, E::PhaseEntered(phase), [InProgress], i => i.enter_phase(phase, stamp))
            }
            E::Held(hold) => only_in!(self, E::Held(hold), [New Assigned InProgress], i => i.hold(hold, stamp)),
            E::HoldChanged(hold) => only_in!(self, E::HoldChanged(hold), [OnHold], i => i.change_hold(hold, stamp)),
            E::Resumed(by) => only_in!(self, E::Resumed(by), [OnHold], i => i.resume(by, stamp)),
            E::Resolved(resolution) => open!(self, E::Resolved(resolution), i => i.resolve(resolution, stamp)),
            E::Confirmed(by) => only_in!(self, E::Confirmed(by), [Resolved], i => i.confirm(by, stamp)),
            E::Reopened(why) => only_in!(self, E::Reopened(why), [Resolved], i => i.reopen(why, stamp)),
            E::Closed(basis) => only_in!(self, E::Closed(basis), [Resolved], i => i.close(basis, stamp)),
            E::ClosureBlocked(owed) => {
                only_in!(self, E::ClosureBlocked(owed), [Resolved], i => i.block_closure(owed, stamp))
            }
            E::Cancelled(why) => open!(self, E::Cancelled(why), i => i.cancel(why, stamp)),
            E::MergeMoved(to) => {
                tried_in!(self, E::MergeMoved(to), [Cancelled], i => i.move_merge(to.clone(), stamp))
            }
            E::MergeUndone(why) => {
                tried_in!(self, E::MergeUndone(why), [Cancelled], i => i.undo_merge(why.clone(), stamp))
            }
            E::Edited(changes) => live!(self, E::Edited(changes), i => i.edit(changes, stamp)),
            E::PriorityChanged(change) => {
                live!(self, E::PriorityChanged(change), i => i.change_priority(*change, stamp))
            }
            E::NoteAdded(note) => match note.audience {
                Audience::Internal => any!(self, i => i.note_internally(note, stamp)),
                Audience::Public => live!(self, E::NoteAdded(note), i => i.note_publicly(note, stamp)),
            },
            E::Watched(person) => any!(self, i => i.watch(person, stamp)),
            E::Unwatched(person) => any!(self, i => i.unwatch(&person, stamp)),
            E::Attached(attachment) => live!(self, E::Attached(attachment), i => i.attach(attachment, stamp)),
            E::Detached(file) => live!(self, E::Detached(file), i => i.detach(file, stamp)),
            E::TimeSpent(spent) => any!(self, i => i.log_time(spent, stamp)),
            E::Labelled(label) => live!(self, E::Labelled(label), i => i.set_label(label, stamp)),
            E::MilestoneRecorded(time) => any!(self, i => i.record_milestone(time, stamp)),
            E::ObligationWaived(waiver) => live!(self, E::ObligationWaived(waiver), i => i.waive(waiver, stamp)),
            E::ClosureReissued(closes) => {
                only_in!(self, E::ClosureReissued(closes), [Resolved], i => i.reissue_closure(closes, stamp))
            }
            E::MajorProposed(what) => {
                tried_live!(self, E::MajorProposed(what), i => i.propose_major(what.clone(), stamp))
            }
            E::MajorRejected(why) => tried_live!(self, E::MajorRejected(why), i => i.reject_major(why.clone(), stamp)),
            E::MajorAccepted(what) => {
                tried_live!(self, E::MajorAccepted(what), i => i.accept_major(what.clone(), stamp))
            }
            E::MajorHandedOver(to) => {
                tried_live!(self, E::MajorHandedOver(to), i => i.hand_over_major(to.clone(), stamp))
            }
            E::MajorUpdateMissed(it) => {
                tried_live!(self, E::MajorUpdateMissed(it), i => i.miss_major_update(it, stamp))
            }
            E::MajorStoodDown(why) => {
                tried_live!(self, E::MajorStoodDown(why), i => i.stand_down_major(why.clone(), stamp))
            }
            E::MajorDemoted(why) => tried_live!(self, E::MajorDemoted(why), i => i.demote_major(why.clone(), stamp)),
            E::MajorReviewed(what) => tried_in!(
                self,
                E::MajorReviewed(what),
                [New Assigned InProgress OnHold Resolved Closed Cancelled],
                i => i.review_major(what.clone(), stamp)
            ),
            E::Linked(linking) => any!(self, i => i.link(linking, stamp)),
            E::Unlinked(linking) => any!(self, i => i.unlink(linking, stamp)),
            E::Clock(entry) => {
                /// Moves a clock of the incident, whatever its stage.
                macro_rules! clock {
                    ($($stage:ident)*) => {
                        match self {
                            $(Self::$stage(i) => match i.keep_clock(entry, stamp) {
                                Ok(step) => step.into(),
                                Err(refused) => {
                                    let (incident, event) = ((*refused.record).into(), E::Clock(refused.entry));
                                    return Err(Box::new(IllegalMove { record: incident, event }));
                                }
                            },)*
                        }
                    };
                }
                clock!(New Assigned InProgress OnHold Resolved Closed Cancelled)
            }
            E::Redacted(redaction) => any!(self, i => i.redact(redaction, stamp)),
            E::Corrected(correction) => any!(self, i => i.correct(*correction, stamp)),
        })
    }

    /// The incident that a whole log adds up to, and its version. It needs the events alone: no policy,
    /// no calendar, no clock.
    ///
    /// # Errors
    /// [`FoldError`] if a log does not begin with a report, has a gap, mixes records, or holds an event
    /// that was not legal where it stands.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<(Self, Version), FoldError> {
        crate::record::fold(events)
    }
}
