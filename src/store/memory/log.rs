//! A record's events, as its commits brought them.

use std::sync::Arc;

use crate::{
    digest::Digest,
    event::{DecodeError, Event},
    id::Version,
};

/// Oldest first. What came together stays together, shared with whoever holds it: a log grows without a copy.
pub(super) struct Log(Vec<Arc<[Event]>>);

impl Log {
    pub(super) fn new(first: Arc<[Event]>) -> Self {
        Self(vec![first])
    }

    pub(super) fn append(&mut self, events: Arc<[Event]>) {
        self.0.push(events);
    }

    /// The events from a version on, oldest first.
    pub(super) fn from(&self, from: Version) -> impl DoubleEndedIterator<Item = &Event> {
        let before = self.0.partition_point(|events| events.last().is_some_and(|last| last.sequence < from));
        let rest = self.0.get(before..).unwrap_or_default();
        rest.iter().flat_map(|events| &**events).filter(move |event| event.sequence >= from)
    }

    /// The events up to a version, newest first.
    pub(super) fn back_from(&self, from: Version) -> impl Iterator<Item = &Event> {
        let until = self.0.partition_point(|events| events.first().is_some_and(|first| first.sequence <= from));
        let rest = self.0.get(..until).unwrap_or_default();
        rest.iter().rev().flat_map(|events| events.iter().rev()).filter(move |event| event.sequence <= from)
    }

    /// All events, in one piece.
    pub(super) fn whole(&self) -> Arc<[Event]> {
        match self.0.as_slice() {
            [one] => Arc::clone(one),
            parts => parts.iter().flat_map(|events| events.iter().cloned()).collect(),
        }
    }

    /// The log without some texts.
    pub(super) fn erased(&self, slots: &[Digest]) -> Result<Self, DecodeError> {
        let erase = |events: &Arc<[Event]>| events.iter().map(|event| event.erased(slots)).collect();
        self.0.iter().map(erase).collect::<Result<_, _>>().map(Self)
    }
}
