//! What happens to clocks: the entries of a ledger.

use serde::{Deserialize, Serialize};

use super::{CancelReason, ClockId, ClockResult, Late, Pause, PauseReason, Schedule, Terms};
use crate::{
    key::ClockName,
    time::{Instant, Seconds},
};

/// A clock that something happens to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRef {
    /// Which it is among the record's clocks.
    pub id: ClockId,
    /// What it measures.
    pub metric: ClockName,
}

/// A clock starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockStarted {
    /// Which it is among the record's clocks.
    pub clock: ClockId,
    /// What it promises.
    pub terms: Terms,
    /// From when on it counts.
    pub start: Instant,
    /// With how much used it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Seconds>,
    /// The pauses that it takes over from the clock before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// When it is due, and when it warns.
    #[serde(default)]
    pub schedule: Schedule,
}

/// A clock takes the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockReplaced {
    /// The clock that goes.
    pub clock: ClockRef,
    /// When.
    pub at: Instant,
    /// The clock that comes.
    pub by: ClockStarted,
}

/// A clock stops for a while, or goes on standing still for another reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockPaused {
    /// Which.
    pub clock: ClockRef,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: PauseReason,
}

/// A clock goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockResumed {
    /// Which.
    pub clock: ClockRef,
    /// When.
    pub at: Instant,
    /// When it is due now, and when it warns.
    pub schedule: Schedule,
}

/// A clock warns that its target may be missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockWarned {
    /// Which.
    pub clock: ClockRef,
    /// Which of the warnings of its terms, counted from 0.
    pub warning: u8,
}

/// A clock was due, and that has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockBreached {
    /// Which.
    pub clock: ClockRef,
    /// When it was due.
    pub due: Instant,
}

/// What a clock measures was done; or it is known better when it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockEnded {
    /// Which.
    pub clock: ClockRef,
    /// When.
    pub at: Instant,
    /// In time or not.
    pub result: ClockResult,
    /// When it was due; `None` if it was paused before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
    /// How much of the target was used, in the clock's own time.
    pub used_seconds: u64,
    /// By how much it was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
}

/// A clock is no longer asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockCancelled {
    /// Which.
    pub clock: ClockRef,
    /// When.
    pub at: Instant,
    /// Why.
    pub why: CancelReason,
}

/// A clock that had ended or was cancelled is asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRevived {
    /// Which.
    pub clock: ClockRef,
    /// When.
    pub at: Instant,
    /// Why the time since it stopped does not count; if `None`, it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<PauseReason>,
    /// When it is due now, and when it warns.
    pub schedule: Schedule,
}

/// A clock is due at another time than was said, because its calendar is known better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRescheduled {
    /// Which.
    pub clock: ClockRef,
    /// When it is due now, and when it warns.
    pub schedule: Schedule,
}

/// Declares the entries, one for each thing that happens to a clock.
macro_rules! entries {
    ($($(#[$doc:meta])* $variant:ident($payload:ident),)*) => {
        /// Something that happens to a clock.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Entry {
            $($(#[$doc])* $variant(Box<$payload>),)*
        }

        $(impl From<$payload> for Entry {
            fn from(entry: $payload) -> Self {
                Self::$variant(Box::new(entry))
            }
        })*
    };
}

entries! {
    /// It starts.
    Started(ClockStarted),
    /// Another takes its place.
    Replaced(ClockReplaced),
    /// It stops for a while.
    Paused(ClockPaused),
    /// It goes on.
    Resumed(ClockResumed),
    /// It warns.
    Warned(ClockWarned),
    /// It was due, and that has passed.
    Breached(ClockBreached),
    /// It ends.
    Ended(ClockEnded),
    /// It is no longer asked for.
    Cancelled(ClockCancelled),
    /// It is asked for again.
    Revived(ClockRevived),
    /// It is due at another time.
    Rescheduled(ClockRescheduled),
}

impl Entry {
    /// What the clock measures.
    #[must_use]
    pub fn metric(&self) -> &ClockName {
        match self {
            Self::Started(entry) => &entry.terms.metric,
            Self::Replaced(entry) => &entry.clock.metric,
            Self::Paused(entry) => &entry.clock.metric,
            Self::Resumed(entry) => &entry.clock.metric,
            Self::Warned(entry) => &entry.clock.metric,
            Self::Breached(entry) => &entry.clock.metric,
            Self::Ended(entry) => &entry.clock.metric,
            Self::Cancelled(entry) => &entry.clock.metric,
            Self::Revived(entry) => &entry.clock.metric,
            Self::Rescheduled(entry) => &entry.clock.metric,
        }
    }

    /// The clock that it is about; for a replacement the one that goes.
    #[must_use]
    pub fn clock(&self) -> ClockId {
        match self {
            Self::Started(entry) => entry.clock,
            Self::Replaced(entry) => entry.clock.id,
            Self::Paused(entry) => entry.clock.id,
            Self::Resumed(entry) => entry.clock.id,
            Self::Warned(entry) => entry.clock.id,
            Self::Breached(entry) => entry.clock.id,
            Self::Ended(entry) => entry.clock.id,
            Self::Cancelled(entry) => entry.clock.id,
            Self::Revived(entry) => entry.clock.id,
            Self::Rescheduled(entry) => entry.clock.id,
        }
    }
}
