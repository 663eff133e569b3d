//! The moves beside the stage, which all kinds of records have: each a method on the stages in which it is legal.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Assignment, Attachment, Audience, Facet, FactChange, Kind, Note, PriorityChange, Redaction, Shared, TimeSpent,
};
use crate::{
    digest::Digest,
    key::PersonRef,
    lifecycle::{In, StageOf, Stamp, Step},
    text::without,
};

/// A stage of some kind of record.
pub trait RecordStage:
    StageOf<Shared = Shared<<Self as RecordStage>::Kind>, Event: From<Facet>> + Serialize + DeserializeOwned
{
    /// The kind of record.
    type Kind: Kind;
}

/// A stage in which facts may change: every one in which the record is not done for good.
pub trait Live: RecordStage {}

impl<S: RecordStage> In<S> {
    /// Takes note of something and stays.
    pub(crate) fn noted(
        mut self,
        event: impl Into<S::Event>,
        stamp: &Stamp<'_>,
        note: impl FnOnce(&mut Self),
    ) -> Step<Self> {
        self.shared.progress.record(stamp);
        note(&mut self);
        Step::new(self, event.into())
    }

    /// Records time spent, in any stage.
    pub fn log_time(self, spent: TimeSpent, stamp: &Stamp<'_>) -> Step<Self> {
        let seconds = spent.seconds.get();
        self.noted(Facet::TimeSpent(spent), stamp, |this| {
            let progress = &mut this.shared.progress;
            progress.time_spent_seconds = progress.time_spent_seconds.saturating_add(seconds);
        })
    }

    /// Erases texts, in any stage. The log loses them in the same commit.
    pub fn redact(self, redaction: Redaction, stamp: &Stamp<'_>) -> Step<Self> {
        let texts = redaction.texts.clone();
        self.noted(Facet::Redacted(redaction), stamp, |this| {
            // What was written by the library is read back by it.
            if let Ok(facts) = without(&*this.shared.facts, &texts) {
                this.shared.facts = Arc::new(facts);
            }
            if let Ok(progress) = without(&this.shared.progress, &texts) {
                this.shared.progress = progress;
            }
            if let Ok(own) = without(&this.shared.own, &texts) {
                this.shared.own = own;
            }
            if let Ok(stage) = without(&this.stage, &texts) {
                this.stage = stage;
            }
        })
    }

    /// Adds a watcher, in any stage.
    pub fn watch(self, person: PersonRef, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Facet::Watched(person.clone()), stamp, |this| {
            if !this.shared.facts.watchers.contains(&person) {
                Arc::make_mut(&mut this.shared.facts).watchers.push(person);
            }
        })
    }

    /// Removes a watcher, in any stage.
    pub fn unwatch(self, person: &PersonRef, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Facet::Unwatched(person.clone()), stamp, |this| {
            if this.shared.facts.watchers.contains(person) {
                Arc::make_mut(&mut this.shared.facts).watchers.retain(|known| known != person);
            }
        })
    }

    /// Writes a note that the caller does not see, in any stage.
    pub fn note_internally(self, note: Note, stamp: &Stamp<'_>) -> Step<Self> {
        let note = Note { audience: Audience::Internal, ..note };
        self.noted(Facet::NoteAdded(note), stamp, |this| {
            let progress = &mut this.shared.progress;
            progress.internal_notes = progress.internal_notes.saturating_add(1);
        })
    }
}

impl<S: Live> In<S> {
    /// Sets group and person and stays in the stage: a queue, or a hand-over among colleagues.
    pub fn route(self, to: Assignment, stamp: &Stamp<'_>) -> Step<Self> {
        let assignment = to.clone();
        self.noted(Facet::Routed(to), stamp, |this| this.shared.progress.hand_to(assignment))
    }

    /// Changes facts.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn edit(incident: In<Closed>, changes: Vec<FactChange>, stamp: &Stamp<'_>) -> Step<In<Closed>> {
    ///     incident.edit(changes, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, incident::*};
    /// fn edit(incident: In<OnHold>, changes: Vec<FactChange>, stamp: &Stamp<'_>) -> Step<In<OnHold>> {
    ///     incident.edit(changes, stamp)
    /// }
    /// ```
    pub fn edit(self, changes: Vec<FactChange>, stamp: &Stamp<'_>) -> Step<Self> {
        let event = Facet::Edited(changes.clone());
        self.noted(event, stamp, |this| {
            let facts = Arc::make_mut(&mut this.shared.facts);
            for change in changes {
                change.apply(facts);
            }
        })
    }

    /// Assesses the priority anew.
    pub fn change_priority(self, change: PriorityChange, stamp: &Stamp<'_>) -> Step<Self> {
        let assessment = Arc::clone(&change.assessment);
        self.noted(Facet::PriorityChanged(Box::new(change)), stamp, |this| this.shared.progress.assessment = assessment)
    }

    /// Attaches a reference to a file; one with the same digest is replaced.
    pub fn attach(self, attachment: Attachment, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Facet::Attached(attachment.clone()), stamp, |this| {
            let attachments = &mut Arc::make_mut(&mut this.shared.facts).attachments;
            match attachments.iter_mut().find(|known| known.digest == attachment.digest) {
                Some(known) => *known = attachment,
                None => attachments.push(attachment),
            }
        })
    }

    /// Takes off the reference to the file with this digest.
    pub fn detach(self, file: Digest, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Facet::Detached(file), stamp, |this| {
            Arc::make_mut(&mut this.shared.facts).attachments.retain(|known| known.digest != file);
        })
    }
}
