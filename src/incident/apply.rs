//! The run-time door: one total match that does nothing but call the moves.

use super::{Audience, Incident, IncidentEvent as E};
use crate::{
    event::Event,
    id::Version,
    lifecycle::{Stamp, Step},
    record::{FoldError, IllegalMove},
};

impl Incident {
    /// Applies what happened, if it is legal in the present stage.
    ///
    /// # Errors
    /// [`IllegalMove`], with the incident and the event, if the stage has no such move.
    pub fn apply(self, event: E, stamp: &Stamp<'_>) -> Result<Step<Self>, Box<IllegalMove<Self>>> {
        /// Calls the move on the incident, whatever its stage: all have it.
        macro_rules! in_every {
            ($self:ident, $i:ident => $move:expr) => {
                match $self {
                    Self::New($i) => $move.into(),
                    Self::Assigned($i) => $move.into(),
                    Self::InProgress($i) => $move.into(),
                    Self::OnHold($i) => $move.into(),
                    Self::Resolved($i) => $move.into(),
                    Self::Closed($i) => $move.into(),
                    Self::Cancelled($i) => $move.into(),
                }
            };
        }
        /// Calls the move on an incident in one of these stages; gives both back in the others.
        macro_rules! only_in {
            ($self:ident, $event:expr, [$($stage:ident)*], $i:ident => $move:expr) => {
                match $self {
                    $(Self::$stage($i) => $move.into(),)*
                    incident => return Err(Box::new(IllegalMove { record: incident, event: $event })),
                }
            };
        }
        macro_rules! open {
            ($event:expr, $i:ident => $move:expr) => {
                only_in!(self, $event, [New Assigned InProgress OnHold], $i => $move)
            };
        }
        macro_rules! live {
            ($event:expr, $i:ident => $move:expr) => {
                only_in!(self, $event, [New Assigned InProgress OnHold Resolved], $i => $move)
            };
        }
        Ok(match event {
            E::Reported(_) => return Err(Box::new(IllegalMove { record: self, event })),
            E::Assigned(to) => open!(E::Assigned(to), i => i.assign(to, stamp)),
            E::Unassigned => only_in!(self, E::Unassigned, [Assigned InProgress], i => i.unassign(stamp)),
            E::Routed(to) => live!(E::Routed(to), i => i.route(to, stamp)),
            E::WorkStarted => only_in!(self, E::WorkStarted, [New Assigned OnHold], i => i.start_work(stamp)),
            E::PhaseEntered(phase) => {
                only_in!(self, E::PhaseEntered(phase), [InProgress], i => i.enter_phase(phase, stamp))
            }
            E::Held(hold) => only_in!(self, E::Held(hold), [New Assigned InProgress], i => i.hold(hold, stamp)),
            E::HoldChanged(hold) => only_in!(self, E::HoldChanged(hold), [OnHold], i => i.change_hold(hold, stamp)),
            E::Resumed(by) => only_in!(self, E::Resumed(by), [OnHold], i => i.resume(by, stamp)),
            E::Resolved(resolution) => open!(E::Resolved(resolution), i => i.resolve(resolution, stamp)),
            E::Confirmed(by) => only_in!(self, E::Confirmed(by), [Resolved], i => i.confirm(by, stamp)),
            E::Reopened(why) => only_in!(self, E::Reopened(why), [Resolved], i => i.reopen(why, stamp)),
            E::Closed(basis) => only_in!(self, E::Closed(basis), [Resolved], i => i.close(basis, stamp)),
            E::ClosureBlocked(owed) => {
                only_in!(self, E::ClosureBlocked(owed), [Resolved], i => i.block_closure(owed, stamp))
            }
            E::Cancelled(why) => open!(E::Cancelled(why), i => i.cancel(why, stamp)),
            E::MergeUndone(why) => match self {
                Self::Cancelled(i) => match i.undo_merge(why.clone(), stamp) {
                    Ok(step) => step,
                    Err(i) => return Err(Box::new(IllegalMove { record: (*i).into(), event: E::MergeUndone(why) })),
                },
                incident => return Err(Box::new(IllegalMove { record: incident, event: E::MergeUndone(why) })),
            },
            E::Edited(changes) => live!(E::Edited(changes), i => i.edit(changes, stamp)),
            E::PriorityChanged(change) => live!(E::PriorityChanged(change), i => i.change_priority(*change, stamp)),
            E::NoteAdded(note) => match note.audience {
                Audience::Internal => in_every!(self, i => i.note_internally(note, stamp)),
                Audience::Public => live!(E::NoteAdded(note), i => i.note_publicly(note, stamp)),
            },
            E::Watched(person) => in_every!(self, i => i.watch(person, stamp)),
            E::Unwatched(person) => in_every!(self, i => i.unwatch(&person, stamp)),
            E::Attached(attachment) => live!(E::Attached(attachment), i => i.attach(attachment, stamp)),
            E::Detached(file) => live!(E::Detached(file), i => i.detach(file, stamp)),
            E::TimeSpent(spent) => in_every!(self, i => i.log_time(spent, stamp)),
            E::Labelled(label) => live!(E::Labelled(label), i => i.set_label(label, stamp)),
            E::MilestoneRecorded(time) => in_every!(self, i => i.record_milestone(time, stamp)),
            E::ObligationWaived(waiver) => live!(E::ObligationWaived(waiver), i => i.waive(waiver, stamp)),
            E::ClosureReissued(closes) => {
                only_in!(self, E::ClosureReissued(closes), [Resolved], i => i.reissue_closure(closes, stamp))
            }
            E::Linked(linking) => in_every!(self, i => i.link(linking, stamp)),
            E::Unlinked(linking) => in_every!(self, i => i.unlink(linking, stamp)),
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
            E::Redacted(redaction) => in_every!(self, i => i.redact(redaction, stamp)),
            E::Corrected(correction) => in_every!(self, i => i.correct(*correction, stamp)),
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
