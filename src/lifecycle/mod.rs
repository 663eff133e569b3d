//! What all lifecycles share: a record in a typed stage, a step, a stamp, and the description.
//!
//! A record is an enum of typed stages. A move is a method on the one stage in which it is legal; it
//! consumes the record and gives a [`Step`]. So an illegal move cannot be written down, and what
//! arrives at run time goes through one `match` that can only call these methods.

mod describe;

use std::fmt;

pub use describe::{HasLifecycle, Lifecycle, Transition};

use crate::{actor::ActorId, key::PersonRef, time::Instant};

/// A stage that a record can be in, as a type.
pub trait StageOf: Clone + fmt::Debug + PartialEq {
    /// What records of this kind have in every stage.
    type Shared: Clone + fmt::Debug + PartialEq;
    /// What happens to records of this kind.
    type Event: Clone + fmt::Debug + PartialEq;
}

/// A record known, in its type, to be in stage `S`.
#[derive(Clone, PartialEq)]
pub struct In<S: StageOf> {
    pub(crate) shared: S::Shared,
    pub(crate) stage: S,
}

impl<S: StageOf> In<S> {
    pub(crate) const fn new(shared: S::Shared, stage: S) -> Self {
        Self { shared, stage }
    }

    /// What only this stage has: the hold, the resolution, …
    #[must_use]
    pub const fn stage(&self) -> &S {
        &self.stage
    }
}

impl<S: StageOf> fmt::Debug for In<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("In").field("stage", &self.stage).field("shared", &self.shared).finish()
    }
}

/// What a move leads to: a record in a known stage, or the enum over all stages.
pub trait Staged {
    /// What happens to records of this kind.
    type Event;
}

impl<S: StageOf> Staged for In<S> {
    type Event = S::Event;
}

/// A legal step: the record after it, and the events that must be stored with it.
#[must_use = "a step changes nothing until it is committed"]
#[derive(Debug, Clone, PartialEq)]
pub struct Step<T: Staged> {
    /// The record after the step.
    pub next: T,
    /// What happened, in order.
    pub events: Vec<T::Event>,
}

impl<T: Staged> Step<T> {
    pub(crate) fn new(next: T, event: T::Event) -> Self {
        Self { next, events: vec![event] }
    }

    /// The same step with the stage in the value and not in the type.
    pub fn widen<U: Staged<Event = T::Event> + From<T>>(self) -> Step<U> {
        Step { next: self.next.into(), events: self.events }
    }
}

/// When and by whom: what a move needs to know besides its own data.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// When it happened. Clocks and milestones go by this.
    pub occurred_at: Instant,
    /// When it was recorded, never earlier than what the record already holds.
    pub recorded_at: Instant,
    /// Who did it.
    pub actor: &'a ActorId,
    /// For whom it was done.
    pub on_behalf_of: Option<&'a PersonRef>,
}

impl<'a> Stamp<'a> {
    /// Something that is recorded as it happens.
    #[must_use]
    pub const fn now(at: Instant, actor: &'a ActorId) -> Self {
        Self { occurred_at: at, recorded_at: at, actor, on_behalf_of: None }
    }
}
