//! What is refused when something is to happen, and the fold: the record that a whole log adds up to.

use super::{AnyStage, Kind, KindEvent};
use crate::{event::Event, id::Version};

/// A move that the record's stage does not have. It gives both back.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{} is not legal for {}, which is {}", .event.name(), .record.number(), .record.stage())]
pub struct IllegalMove<K: Kind> {
    /// The record, unchanged.
    pub record: K,
    /// What was to happen.
    pub event: K::Event,
}

/// A log that is not the log of a record.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FoldError {
    /// There are no events.
    #[error("there are no events")]
    Empty,
    /// The first event is not the one with which a record of this kind begins: a report, for an incident.
    #[error("the first event is {found}, and not the beginning of a record")]
    NotReported {
        /// The first event's name.
        found: &'static str,
    },
    /// A number is missing, repeated or out of order.
    #[error("event {found} stands where event {expected} belongs")]
    Sequence {
        /// The version that should follow.
        expected: Version,
        /// The version that stands there.
        found: Version,
    },
    /// An event belongs to another record.
    #[error("event {at} belongs to another record")]
    Foreign {
        /// The version of the foreign event.
        at: Version,
    },
    /// An event was recorded before the one before it, or happened after it was recorded.
    #[error("event {at} breaks the order of times")]
    Time {
        /// The version of the event.
        at: Version,
    },
    /// An event is not legal where it stands.
    #[error("event {at}, {event}, is not legal while the record is {stage}")]
    Illegal {
        /// The version of the event.
        at: Version,
        /// Its name.
        event: &'static str,
        /// The stage in which it found the record.
        stage: AnyStage,
    },
}

/// The record that a whole log adds up to, and its version. It needs the events alone: no policy, no calendar, no
/// clock.
pub(crate) fn fold<'a, K: Kind>(events: impl IntoIterator<Item = &'a Event>) -> Result<(K, Version), FoldError> {
    let mut events = events.into_iter();
    let first = events.next().ok_or(FoldError::Empty)?;
    let begun = K::Event::of(&first.body).and_then(|event| K::begin(event, &first.stamp()));
    let mut record = begun.ok_or(FoldError::NotReported { found: first.body.name() })?;
    let expected = Version::NONE.next();
    if first.sequence != expected {
        return Err(FoldError::Sequence { expected, found: first.sequence });
    }
    if first.record != K::key(record.id()) {
        return Err(FoldError::Foreign { at: first.sequence });
    }
    if first.occurred_at > first.recorded_at {
        return Err(FoldError::Time { at: first.sequence });
    }
    let mut version = expected;
    let mut recorded_at = first.recorded_at;
    for event in events {
        if event.sequence != version.next() {
            return Err(FoldError::Sequence { expected: version.next(), found: event.sequence });
        }
        if event.record != first.record || event.tenant != first.tenant {
            return Err(FoldError::Foreign { at: event.sequence });
        }
        if event.recorded_at < recorded_at || event.occurred_at > event.recorded_at {
            return Err(FoldError::Time { at: event.sequence });
        }
        recorded_at = event.recorded_at;
        version = event.sequence;
        let body = K::Event::of(&event.body).ok_or(FoldError::Foreign { at: version })?;
        let (name, stage) = (body.name(), record.stage().into());
        record = record
            .apply(body.clone(), &event.stamp())
            .map_err(|_| FoldError::Illegal { at: version, event: name, stage })?
            .next;
    }
    Ok((record, version))
}
