//! What all kinds of records share: what is known of them, what their events add up to, and what can happen to them
//! beside their stage.
//!
//! An incident and a problem are two kinds of record. They differ in their stages and in what these are about; title,
//! category, priority, group and person, notes, watchers, files and time spent are one mechanism, which stands here.

mod apply;
mod change;
pub(crate) mod events;
mod facet;
mod facts;
mod fold;
mod kind;
mod moves;
mod progress;
pub(crate) mod samples;
pub(crate) mod stages;
mod withheld;

use std::sync::Arc;

pub(crate) use apply::{in_every, only_in, tried_in};
pub use change::FactChange;
pub use facet::{Audience, Facet, Note, NoteFrom, PriorityChange, Reason, Redaction, ReplyRule, TimeSpent, Waiver};
pub use facts::{Assignment, Attachment, ExternalReference, Facts, FieldValue, Item, Offering, Rated, Service};
pub(crate) use fold::fold;
pub use fold::{FoldError, IllegalMove};
pub(crate) use kind::sealed;
pub use kind::{AnyStage, Kind, KindEvent, RecordKind};
pub use moves::{Live, RecordStage};
pub use progress::{Milestone, Milestones, Progress};
pub(crate) use withheld::{erase, erase_any, withhold_assessment};

/// What a record of the kind `K` has in every stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared<K: Kind> {
    pub(crate) facts: Arc<Facts<K>>,
    pub(crate) progress: Progress,
    /// What only this kind of record has.
    pub(crate) own: K::Own,
}

impl<S: RecordStage> crate::lifecycle::In<S> {
    /// What is known of it.
    #[must_use]
    pub fn facts(&self) -> &Facts<S::Kind> {
        &self.shared.facts
    }

    /// What its events have added up to.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.shared.progress
    }
}
