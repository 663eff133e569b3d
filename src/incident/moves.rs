//! The moves: each a method on the stages in which it is legal. This is the definition of legality.
//!
//! A move needs no policy and no clock: whether it is wise, allowed or blocked is decided before it.
//! It consumes the incident and gives the next one, with the event that led there.

use std::sync::Arc;

use super::{
    Assigned, Assignment, Audience, AutomaticClosure, Beside, Cancellation, Cancelled, CancelledAs, Closed,
    ClosureBasis, Confirmation, ConfirmedBy, CorrectedStage, Correction, Former, Hold, InProgress, Incident,
    IncidentEvent as Event, Left, Merging, Milestone, MilestoneTime, Milestones, New, Note, NoteFrom, OnHold,
    OpenObligation, Phase, Progress, Reason, Reopening, ReplyRule, Reported, Resolution, Resolved, ResumedBy, Waiver,
};
use crate::{
    key::StageLabel,
    lifecycle::{In, StageOf, Stamp, Step},
    record::{Live, RecordStage, Shared},
    time::Instant,
};

/// A stage of incidents: any of the seven.
pub trait IncidentStage: RecordStage<Kind = Incident> + StageOf<Event = Event> + Leave + Hear {}
impl<S: RecordStage<Kind = Incident> + StageOf<Event = Event> + Leave + Hear> IncidentStage for S {}

mod sealed {
    use super::{Former, Instant, Progress, ReplyRule};

    pub trait Leave {
        /// Leaves the stage, ending what ends with it, and tells what it was.
        fn leave(self, _: &mut Progress, _: Instant) -> Former
        where
            Self: Sized,
        {
            Former::Other
        }
    }

    pub trait Hear {
        /// Takes note in the stage that the caller replied.
        fn hear(&mut self, _: ReplyRule, _: Instant) {}

        /// Takes note in the stage that the desk answered.
        fn answer(&mut self) {}
    }
}

use sealed::{Hear, Leave};

/// A stage in which work is still to be done: [`New`], [`Assigned`], [`InProgress`], [`OnHold`].
pub trait Open: IncidentStage {}

/// An open stage that can be put on hold: [`New`], [`Assigned`], [`InProgress`].
pub trait Active: Open {
    /// What a hold goes back to.
    fn left(&self) -> Left;
}

/// An open stage in which work has yet to begin, or to begin again: [`New`], [`Assigned`], [`OnHold`].
pub trait Unstarted: Open {}

/// An open stage that was handed to somebody: [`Assigned`], [`InProgress`].
pub trait Dispatched: Open {}

impl Leave for New {
    fn leave(self, _: &mut Progress, _: Instant) -> Former {
        Former::New
    }
}

impl Leave for Assigned {
    fn leave(self, _: &mut Progress, _: Instant) -> Former {
        Former::Assigned
    }
}

impl Leave for InProgress {
    fn leave(self, _: &mut Progress, _: Instant) -> Former {
        Former::InProgress(self)
    }
}

impl Leave for OnHold {
    fn leave(self, progress: &mut Progress, at: Instant) -> Former {
        progress.end_hold(self.since, at);
        Former::OnHold(self)
    }
}

impl Leave for Resolved {}
impl Leave for Closed {}
impl Leave for Cancelled {}

impl Active for New {
    fn left(&self) -> Left {
        Left::New
    }
}

impl Active for Assigned {
    fn left(&self) -> Left {
        Left::Assigned
    }
}

impl Active for InProgress {
    fn left(&self) -> Left {
        Left::InProgress { phase: self.phase }
    }
}

impl Hear for New {}
impl Hear for Assigned {}
impl Hear for InProgress {}
impl Hear for OnHold {}
impl Hear for Closed {}
impl Hear for Cancelled {}
impl Hear for Resolved {
    fn hear(&mut self, rule: ReplyRule, at: Instant) {
        self.caller_replied = true;
        self.confirmation = None;
        if rule == ReplyRule::RestartQuietTime && at > self.quiet_since {
            self.quiet_since = at;
            self.closure_blocked = false;
        }
    }

    fn answer(&mut self) {
        self.caller_replied = false;
    }
}

macro_rules! mark {
    ($($role:ident: $($stage:ident)*;)*) => { $($(impl $role for $stage {})*)* };
}

mark! {
    Open: New Assigned InProgress OnHold;
    Unstarted: New Assigned OnHold;
    Dispatched: Assigned InProgress;
    Live: New Assigned InProgress OnHold Resolved;
}

impl<S: Open> In<S> {
    /// Leaves an open stage and enters another.
    fn enter<N: IncidentStage>(mut self, stage: impl FnOnce(Former) -> N, stamp: &Stamp<'_>) -> In<N> {
        let former = self.stage.leave(&mut self.shared.progress, stamp.occurred_at);
        self.shared.progress.enter(stamp);
        In::new(self.shared, stage(former))
    }
}

impl In<New> {
    /// Reports an incident: the beginning of its life.
    pub fn report(reported: Reported, stamp: &Stamp<'_>) -> Step<Self> {
        let milestones =
            Milestones { occurred: reported.occurred, detected: reported.detected, ..Milestones::default() };
        let progress = Progress::begun(Arc::clone(&reported.assessment), milestones, stamp);
        let mut shared = Shared { facts: Arc::clone(&reported.facts), progress, own: Beside::default() };
        shared.progress.hand_to(reported.assignment.clone());
        Step::new(Self::new(shared, New {}), Event::Reported(Box::new(reported)))
    }
}

impl<S: Open> In<S> {
    /// Dispatches it to a group or a person, who has then yet to begin. Without a group it stays with
    /// the group that has it; another group without a person takes it from the person.
    pub fn assign(mut self, to: Assignment, stamp: &Stamp<'_>) -> Step<In<Assigned>> {
        let whole = to.filled_from(&self.shared.progress.assignment);
        self.shared.progress.hand_to(whole);
        self.shared.progress.reach(Milestone::Assigned, stamp.occurred_at);
        Step::new(self.enter(|_| Assigned {}, stamp), Event::Assigned(to))
    }

    /// Resolves it: service is back. From any open stage, so that a first contact can resolve.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn resolve(incident: In<Closed>, how: Resolution, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     incident.resolve(how, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn resolve(incident: In<InProgress>, how: Resolution, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     incident.resolve(how, stamp)
    /// }
    /// ```
    pub fn resolve(mut self, resolution: Resolution, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
        let at = stamp.occurred_at;
        self.shared.progress.reach(Milestone::Responded, at);
        self.shared.progress.set(Milestone::Resolved, Some(at));
        let stage = Resolved {
            resolution: resolution.clone(),
            resolved_at: at,
            quiet_since: at,
            confirmation: None,
            caller_replied: false,
            closure_blocked: false,
        };
        Step::new(self.enter(|_| stage, stamp), Event::Resolved(resolution))
    }

    /// Ends it without a resolution.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn cancel(incident: In<Resolved>, why: CancelledAs, stamp: &Stamp<'_>) -> Step<In<Cancelled>> {
    ///     incident.cancel(why, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn cancel(incident: In<OnHold>, why: CancelledAs, stamp: &Stamp<'_>) -> Step<In<Cancelled>> {
    ///     incident.cancel(why, stamp)
    /// }
    /// ```
    pub fn cancel(self, why: CancelledAs, stamp: &Stamp<'_>) -> Step<In<Cancelled>> {
        let CancelledAs { cancellation, brings: brought, .. } = why.clone();
        let cancelled_at = stamp.occurred_at;
        let label = self.shared.progress.label.clone();
        let next = self.enter(|former| Cancelled { cancellation, cancelled_at, former, brought, label }, stamp);
        Step::new(next, Event::Cancelled(why))
    }
}

impl<S: Unstarted> In<S> {
    /// Begins work; ends a hold. By a person it is a response.
    pub fn start_work(mut self, stamp: &Stamp<'_>) -> Step<In<InProgress>> {
        self.shared.progress.reach(Milestone::Started, stamp.occurred_at);
        if stamp.actor.is_person() {
            self.shared.progress.reach(Milestone::Responded, stamp.occurred_at);
        }
        Step::new(self.enter(|_| InProgress { phase: None }, stamp), Event::WorkStarted)
    }
}

impl<S: Dispatched> In<S> {
    /// Takes the assignment back: it is new again, with nobody.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn unassign(incident: In<New>, stamp: &Stamp<'_>) -> Step<In<New>> {
    ///     incident.unassign(stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn unassign(incident: In<Assigned>, stamp: &Stamp<'_>) -> Step<In<New>> {
    ///     incident.unassign(stamp)
    /// }
    /// ```
    pub fn unassign(mut self, stamp: &Stamp<'_>) -> Step<In<New>> {
        self.shared.progress.assignment = Assignment::default();
        Step::new(self.enter(|_| New {}, stamp), Event::Unassigned)
    }
}

impl<S: Active> In<S> {
    /// Puts it on hold. It remembers what it left.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn hold(incident: In<OnHold>, why: Hold, stamp: &Stamp<'_>) -> Step<In<OnHold>> {
    ///     incident.hold(why, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn hold(incident: In<Assigned>, why: Hold, stamp: &Stamp<'_>) -> Step<In<OnHold>> {
    ///     incident.hold(why, stamp)
    /// }
    /// ```
    pub fn hold(mut self, hold: Hold, stamp: &Stamp<'_>) -> Step<In<OnHold>> {
        self.shared.progress.begin_hold();
        let stage = OnHold { hold: hold.clone(), since: stamp.occurred_at, left: self.stage.left() };
        Step::new(self.enter(|_| stage, stamp), Event::Held(hold))
    }
}

impl In<InProgress> {
    /// Enters a phase of the work, and reaches the milestone that the phase implies.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn contain(incident: In<New>, stamp: &Stamp<'_>) -> Step<In<InProgress>> {
    ///     incident.enter_phase(Phase::Contained, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn contain(incident: In<InProgress>, stamp: &Stamp<'_>) -> Step<In<InProgress>> {
    ///     incident.enter_phase(Phase::Contained, stamp)
    /// }
    /// ```
    pub fn enter_phase(self, phase: Phase, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::PhaseEntered(phase), stamp, |this| {
            this.stage.phase = Some(phase);
            let implied = match phase {
                Phase::Identified => Some(Milestone::Identified),
                Phase::Contained => Some(Milestone::Contained),
                Phase::Recovering | Phase::Monitoring => Some(Milestone::Mitigated),
                Phase::Triage | Phase::Investigating | Phase::Eradicating | Phase::Mitigating => None,
            };
            if let Some(milestone) = implied {
                this.shared.progress.reach(milestone, stamp.occurred_at);
            }
        })
    }
}

impl In<OnHold> {
    /// Changes why, or until when: one interval ends and the next begins at the same instant.
    pub fn change_hold(self, hold: Hold, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::HoldChanged(hold.clone()), stamp, |this| {
            this.shared.progress.end_hold(this.stage.since, stamp.occurred_at);
            this.shared.progress.begin_hold();
            this.stage.hold = hold;
            this.stage.since = stamp.occurred_at;
        })
    }

    /// Ends the hold; it goes back to what it left.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn resume(incident: In<InProgress>, stamp: &Stamp<'_>) -> Step<Incident> {
    ///     incident.resume(ResumedBy::Hand, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn resume(incident: In<OnHold>, stamp: &Stamp<'_>) -> Step<Incident> {
    ///     incident.resume(ResumedBy::Hand, stamp)
    /// }
    /// ```
    pub fn resume(self, by: ResumedBy, stamp: &Stamp<'_>) -> Step<Incident> {
        let next = match self.stage.left {
            Left::New => self.enter(|_| New {}, stamp).into(),
            Left::Assigned => self.enter(|_| Assigned {}, stamp).into(),
            Left::InProgress { phase } => self.enter(|_| InProgress { phase }, stamp).into(),
        };
        Step::new(next, Event::Resumed(by))
    }
}

impl In<Resolved> {
    /// Takes note that somebody confirmed the resolution.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn confirm(incident: In<InProgress>, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     incident.confirm(ConfirmedBy::Caller, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn confirm(incident: In<Resolved>, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     incident.confirm(ConfirmedBy::Caller, stamp)
    /// }
    /// ```
    pub fn confirm(self, by: ConfirmedBy, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::Confirmed(by), stamp, |this| {
            this.stage.confirmation = Some(Confirmation { by, at: stamp.occurred_at });
            this.shared.progress.set(Milestone::Confirmed, Some(stamp.occurred_at));
        })
    }

    /// Takes the resolution back: work goes on.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn reopen(incident: In<Closed>, why: Reopening, stamp: &Stamp<'_>) -> Step<In<InProgress>> {
    ///     incident.reopen(why, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn reopen(incident: In<Resolved>, why: Reopening, stamp: &Stamp<'_>) -> Step<In<InProgress>> {
    ///     incident.reopen(why, stamp)
    /// }
    /// ```
    pub fn reopen(mut self, why: Reopening, stamp: &Stamp<'_>) -> Step<In<InProgress>> {
        let progress = &mut self.shared.progress;
        progress.enter(stamp);
        progress.reopen();
        // While it was resolved, no word was due.
        self.shared.own.wait_for_word(stamp.occurred_at);
        Step::new(In::new(self.shared, InProgress { phase: None }), Event::Reopened(why))
    }

    /// Takes the resolution back and waits: a reopening and a hold in one step.
    pub fn reopen_on_hold(self, why: Reopening, hold: Hold, stamp: &Stamp<'_>) -> Step<In<OnHold>> {
        let reopened = self.reopen(why, stamp);
        let then = reopened.next.hold(hold, stamp);
        let events = reopened.events.into_iter().chain(then.events).collect();
        Step { next: then.next, events }
    }

    /// Closes it for good.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn close(incident: In<New>, stamp: &Stamp<'_>) -> Step<In<Closed>> {
    ///     incident.close(ClosureBasis::Confirmed, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn close(incident: In<Resolved>, stamp: &Stamp<'_>) -> Step<In<Closed>> {
    ///     incident.close(ClosureBasis::Confirmed, stamp)
    /// }
    /// ```
    pub fn close(mut self, basis: ClosureBasis, stamp: &Stamp<'_>) -> Step<In<Closed>> {
        let closed_at = stamp.occurred_at;
        self.shared.progress.enter(stamp);
        self.shared.progress.set(Milestone::Closed, Some(closed_at));
        let stage = Closed { resolution: self.stage.resolution, closed_at, basis };
        Step::new(In::new(self.shared, stage), Event::Closed(basis))
    }

    /// Takes note of what is owed, so that it does not close by itself now. What does not close by itself
    /// cannot be kept from it.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn block(incident: In<InProgress>, owed: Vec<OpenObligation>, stamp: &Stamp<'_>) -> Step<In<InProgress>> {
    ///     incident.block_closure(owed, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn block(incident: In<Resolved>, owed: Vec<OpenObligation>, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     incident.block_closure(owed, stamp)
    /// }
    /// ```
    pub fn block_closure(self, owed: Vec<OpenObligation>, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::ClosureBlocked(owed), stamp, |this| {
            this.stage.closure_blocked = this.stage.resolution.closes.is_some();
        })
    }

    /// Decides anew when, and by which policy, it closes by itself. What kept it from closing is judged
    /// again.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn reissue(incident: In<InProgress>, stamp: &Stamp<'_>) -> Step<In<InProgress>> {
    ///     incident.reissue_closure(None, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn reissue(incident: In<Resolved>, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     incident.reissue_closure(None, stamp)
    /// }
    /// ```
    pub fn reissue_closure(self, closes: Option<AutomaticClosure>, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::ClosureReissued(closes), stamp, |this| {
            this.stage.resolution.closes = closes;
            this.stage.closure_blocked = false;
        })
    }
}

impl In<Cancelled> {
    /// Counts a duplicate to another incident, as if it had been merged into that one.
    ///
    /// # Errors
    /// The incident itself, if it was cancelled as anything but a duplicate, or it is not known what it was before.
    pub fn move_merge(self, to: Merging, stamp: &Stamp<'_>) -> Result<Step<Self>, Box<Self>> {
        if !self.stage.is_undoable() {
            return Err(Box::new(self));
        }
        let (of, brought) = (to.of, to.brings.clone());
        Ok(self.noted(Event::MergeMoved(to), stamp, |this| {
            this.stage.cancellation = Cancellation::Duplicate { of };
            this.stage.brought = brought;
        }))
    }

    /// Undoes the merge of a duplicate: it goes back to what it was, as if there had been no merge.
    ///
    /// # Errors
    /// The incident itself, if it was cancelled as anything but a duplicate: nothing else can be
    /// undone.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn undo(incident: In<Closed>, why: Reason, stamp: &Stamp<'_>) -> Option<Step<Incident>> {
    ///     incident.undo_merge(why, stamp).ok()
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn undo(incident: In<Cancelled>, why: Reason, stamp: &Stamp<'_>) -> Option<Step<Incident>> {
    ///     incident.undo_merge(why, stamp).ok()
    /// }
    /// ```
    pub fn undo_merge(mut self, why: Reason, stamp: &Stamp<'_>) -> Result<Step<Incident>, Box<Self>> {
        if !self.stage.is_undoable() {
            return Err(Box::new(self));
        }
        self.shared.progress.enter(stamp);
        self.shared.progress.label = self.stage.label;
        let shared = self.shared;
        let next = match self.stage.former {
            Former::New | Former::Other => In::new(shared, New {}).into(),
            Former::Assigned => In::new(shared, Assigned {}).into(),
            Former::InProgress(stage) => In::new(shared, stage).into(),
            Former::OnHold(stage) => {
                // Leaving ended the interval; as if there had been no merge, it goes on, the merged time included.
                let mut shared = shared;
                let counted = crate::time::seconds_between(stage.since, self.stage.cancelled_at);
                shared.progress.on_hold_seconds = shared.progress.on_hold_seconds.saturating_sub(counted);
                In::new(shared, stage).into()
            }
        };
        Ok(Step::new(next, Event::MergeUndone(why)))
    }
}

impl<S: IncidentStage + Live> In<S> {
    /// Sets the host's own status beneath the stage, or clears it.
    pub fn set_label(self, label: Option<StageLabel>, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::Labelled(label.clone()), stamp, |this| this.shared.progress.label = label)
    }

    /// Waives an obligation.
    pub fn waive(self, waiver: Waiver, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::ObligationWaived(waiver.clone()), stamp, |this| this.shared.progress.waivers.push(waiver))
    }
}

impl<S: IncidentStage> In<S> {
    /// Records, corrects or clears the time of a milestone, in any stage.
    pub fn record_milestone(self, time: MilestoneTime, stamp: &Stamp<'_>) -> Step<Self> {
        let (milestone, at) = (time.milestone().clone(), time.at());
        self.noted(Event::MilestoneRecorded(time), stamp, |this| {
            this.shared.progress.set(milestone, at);
        })
    }

    /// Sets the stage by hand, against the lifecycle: for imports and repairs.
    pub fn correct(mut self, correction: Correction, stamp: &Stamp<'_>) -> Step<Incident> {
        let at = stamp.occurred_at;
        let progress = &mut self.shared.progress;
        let was_open = !matches!(self.stage.leave(progress, at), Former::Other);
        if !was_open && correction.to.is_open() {
            self.shared.own.wait_for_word(at);
        }
        let progress = &mut self.shared.progress;
        progress.enter(stamp);
        progress.corrections = progress.corrections.saturating_add(1);
        let (resolved, closed) = match correction.to {
            CorrectedStage::Resolved(_) => (Some(at), None),
            CorrectedStage::Closed(_) => (progress.milestones.resolved.or(Some(at)), Some(at)),
            _ => (None, None),
        };
        progress.set(Milestone::Resolved, resolved);
        progress.set(Milestone::Closed, closed);
        if resolved.is_some() {
            progress.reach(Milestone::Responded, at);
        } else {
            progress.waivers.clear();
        }
        // What was confirmed was an earlier resolution; only a closure can rest on it.
        if closed.is_none() {
            progress.set(Milestone::Confirmed, None);
        }
        let shared = self.shared;
        let next = match correction.to.clone() {
            CorrectedStage::New => In::new(shared, New {}).into(),
            CorrectedStage::Assigned => In::new(shared, Assigned {}).into(),
            CorrectedStage::InProgress { phase } => In::new(shared, InProgress { phase }).into(),
            CorrectedStage::OnHold(hold) => {
                let mut shared = shared;
                shared.progress.begin_hold();
                In::new(shared, OnHold { hold, since: at, left: Left::InProgress { phase: None } }).into()
            }
            CorrectedStage::Resolved(resolution) => {
                let stage = Resolved {
                    resolution,
                    resolved_at: at,
                    quiet_since: at,
                    confirmation: None,
                    caller_replied: false,
                    closure_blocked: false,
                };
                In::new(shared, stage).into()
            }
            CorrectedStage::Closed(resolution) => {
                In::new(shared, Closed { resolution, closed_at: at, basis: ClosureBasis::Corrected }).into()
            }
            CorrectedStage::Cancelled(cancellation) => {
                let (former, brought) = (Former::Other, Vec::new());
                In::new(shared, Cancelled { cancellation, cancelled_at: at, former, brought, label: None }).into()
            }
        };
        Step::new(next, Event::Corrected(Box::new(correction)))
    }
}

impl<S: IncidentStage + Live> In<S> {
    /// Writes a note that the caller sees. By a person of the desk it is a response.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn tell(incident: In<Closed>, note: Note, stamp: &Stamp<'_>) -> Step<In<Closed>> {
    ///     incident.note_publicly(note, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn tell(incident: In<Resolved>, note: Note, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     incident.note_publicly(note, stamp)
    /// }
    /// ```
    pub fn note_publicly(self, note: Note, stamp: &Stamp<'_>) -> Step<Self> {
        let note = Note { audience: Audience::Public, ..note };
        let (from, rule) = (note.from, note.on_resolved.unwrap_or_default());
        let at = stamp.occurred_at;
        self.noted(Event::NoteAdded(note), stamp, |this| {
            let progress = &mut this.shared.progress;
            progress.public_notes = progress.public_notes.saturating_add(1);
            match from {
                NoteFrom::Caller => {
                    progress.last_caller_reply = progress.last_caller_reply.max(Some(at));
                    progress.set(Milestone::Confirmed, None);
                    this.stage.hear(rule, at);
                }
                NoteFrom::Desk => {
                    progress.last_public_note = progress.last_public_note.max(Some(at));
                    progress.reach(Milestone::Responded, at);
                    this.stage.answer();
                    this.shared.own.wait_for_word(at);
                }
                NoteFrom::Automation | NoteFrom::Other => {}
            }
        })
    }
}

impl Assignment {
    /// This assignment, with what it leaves open taken from the present one: another group without a
    /// person takes it from the person.
    pub(super) fn filled_from(&self, present: &Self) -> Self {
        match (&self.group, &self.person) {
            (Some(group), None) if present.group.as_ref() == Some(group) => {
                Self { group: Some(group.clone()), person: present.person.clone() }
            }
            (None, person) => Self { group: present.group.clone(), person: person.clone() },
            _ => self.clone(),
        }
    }
}
