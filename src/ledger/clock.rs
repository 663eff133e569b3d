//! A clock: the intervals in which it ran and in which it did not, and how it ended.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ClockRef, Terms};
use crate::{
    incident::HoldReason,
    time::{Instant, Seconds},
};

/// A clock of a record: the first is 1. Ids are never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClockId(pub(crate) u32);

impl ClockId {
    /// The number of the clock within its record.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// As views number a record's clocks. An id that no clock has finds none.
impl From<u32> for ClockId {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

/// Why a clock stands still.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PauseReason {
    /// The record is on hold for this reason.
    Hold(HoldReason),
    /// The record is with another group than the one that the clock measures.
    WithOthers,
    /// The record does not wait for the vendor whom the clock measures.
    NotOnHold,
    /// The record was resolved, and then reopened. `paused` says whether that counts as a pause, too.
    Resolved {
        /// Whether the time is told as paused; if not, it simply does not count.
        paused: bool,
    },
}

impl PauseReason {
    /// Whether the time is told as paused, and not only as not counted.
    #[must_use]
    pub const fn is_pause(&self) -> bool {
        match self {
            Self::Hold(_) => true,
            Self::WithOthers | Self::NotOnHold => false,
            Self::Resolved { paused } => *paused,
        }
    }
}

/// An interval in which a clock stands still: from `from` on, and before `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// When it began.
    #[serde(serialize_with = "crate::time::write")]
    pub from: Instant,
    /// When it ended; `None` while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::time::write_some")]
    pub to: Option<Instant>,
    /// Why.
    pub reason: PauseReason,
}

/// What a clock came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockResult {
    /// It ended at or before the instant at which it was due.
    Met,
    /// It ended after the instant at which it was due.
    Missed,
}

/// By how much a target was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// In the clock's own time: without pauses, and within its hours. It may be 0: what was due at closing
    /// time and came a minute later is late by no business time.
    pub counted_seconds: u64,
    /// In real time.
    pub elapsed_seconds: u64,
}

/// Why a clock is no longer asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelReason {
    /// The record came to its end without what the clock measures.
    RecordEnded,
    /// The record was resolved, and updates are no longer asked for.
    Resolved,
    /// No agreement promises it any more.
    NotPromised,
}

/// Whether a clock runs, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// It runs, if its calendar is open.
    Running,
    /// It stands still; see the last of its pauses.
    Paused,
    /// What it measures was done.
    Ended {
        /// When.
        at: Instant,
        /// In time or not.
        result: ClockResult,
        /// How much of the target was used, in the clock's own time.
        used_seconds: u64,
        /// By how much it was missed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late: Option<Late>,
    },
    /// It is no longer asked for.
    Cancelled {
        /// When.
        at: Instant,
        /// Why.
        why: CancelReason,
    },
    /// Another clock took its place.
    Replaced {
        /// When.
        at: Instant,
        /// Which.
        by: ClockId,
    },
}

impl ClockState {
    /// Whether the clock runs or is paused: whether it can still be met or missed.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }

    /// When it stopped for good, as far as is known now.
    #[must_use]
    pub const fn stopped_at(&self) -> Option<Instant> {
        match self {
            Self::Running | Self::Paused => None,
            Self::Ended { at, .. } | Self::Cancelled { at, .. } | Self::Replaced { at, .. } => Some(*at),
        }
    }
}

/// When a clock is due and when it warns, by its calendar and by what has counted so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// When it is due: `None` while it was paused before that, or where no calendar reaches.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "crate::time::write_some")]
    pub due: Option<Instant>,
    /// When it warns, one for each of the warnings of its terms that is still to come.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<NextWarning>,
}

/// A warning that is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextWarning {
    /// Which of the warnings of the clock's terms, counted from 0.
    pub warning: u8,
    /// When.
    #[serde(serialize_with = "crate::time::write")]
    pub at: Instant,
}

/// A clock, as a ledger of intervals: moved by events alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub(super) id: ClockId,
    pub(super) terms: Arc<Terms>,
    #[serde(serialize_with = "crate::time::write")]
    pub(super) start: Instant,
    /// What a clock before it had used, if it goes on with that.
    #[serde(default, skip_serializing_if = "Seconds::is_zero")]
    pub(super) spent: Seconds,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) pauses: Vec<Pause>,
    pub(super) state: ClockState,
    #[serde(default)]
    pub(super) schedule: Schedule,
    /// Which of the warnings were given, by their places in the terms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) warned: Vec<u8>,
    /// When it was due when that was found to have passed. It stays, whatever comes after.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::time::write_some")]
    pub(super) breached: Option<Instant>,
}

impl Clock {
    /// Which of the record's clocks it is.
    #[must_use]
    pub const fn id(&self) -> ClockId {
        self.id
    }

    /// Which it is and what it measures, as entries name it.
    #[must_use]
    pub fn to_ref(&self) -> ClockRef {
        ClockRef { id: self.id, metric: self.terms.metric.clone() }
    }

    /// What it promises.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// From when on it counts.
    #[must_use]
    pub const fn start(&self) -> Instant {
        self.start
    }

    /// What a clock before it had used, with which it began.
    #[must_use]
    pub const fn spent(&self) -> Seconds {
        self.spent
    }

    /// The intervals in which it stood still, in order.
    #[must_use]
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// Whether it runs, and if not, why.
    #[must_use]
    pub const fn state(&self) -> &ClockState {
        &self.state
    }

    /// Whether it can still be met or missed.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.state.is_live()
    }

    /// When it is due. `None` while it is paused, if it was paused before that: when it will be, depends on
    /// when it goes on. What was paused after that keeps showing when it was due.
    #[must_use]
    pub const fn due(&self) -> Option<Instant> {
        self.schedule.due
    }

    /// When it was due, if that was found to have passed. A clock that is replaced or cancelled after that
    /// keeps it, and so does one that is said later to have been met in time.
    #[must_use]
    pub const fn breached_at(&self) -> Option<Instant> {
        self.breached
    }

    /// Whether it is overdue at `now`: it is due, that has passed, and it has not ended.
    #[must_use]
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.is_live() && self.schedule.due.is_some_and(|due| due < now)
    }

    /// Whether it is missed as far as is known: it ended too late, or it is overdue and that was recorded, or was when
    /// it was cancelled. What was overdue and has more time by now, or was done in time after all, is not; for one that
    /// was replaced the other one speaks.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        match &self.state {
            ClockState::Ended { result, .. } => *result == ClockResult::Missed,
            ClockState::Running | ClockState::Paused => {
                self.breached.is_some_and(|breached| self.schedule.due.is_some_and(|due| due <= breached))
            }
            ClockState::Cancelled { .. } => self.breached.is_some(),
            ClockState::Replaced { .. } => false,
        }
    }

    /// The warnings of its terms that were given, by their places.
    #[must_use]
    pub fn warned(&self) -> &[u8] {
        &self.warned
    }

    /// Why it stands still now.
    #[must_use]
    pub fn pause(&self) -> Option<&Pause> {
        self.pauses.last().filter(|pause| pause.to.is_none())
    }

    /// When it next warns or is found to be overdue, and what of the two.
    #[must_use]
    pub fn next_effect(&self) -> Option<(Instant, ClockEffect)> {
        if !self.is_live() {
            return None;
        }
        let warnings = self.schedule.warnings.iter().map(|next| (next.at, ClockEffect::Warns(next.warning)));
        let breach = self.schedule.due.filter(|_| self.breached.is_none()).map(|due| (due, ClockEffect::Breaches));
        warnings.chain(breach).min_by_key(|(at, _)| *at)
    }
}

/// What a clock does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockEffect {
    /// It gives a warning: which, by its place in the terms.
    Warns(u8),
    /// It is found to be overdue: at any instant after the one at which it was due, for what ends right then
    /// is in time.
    Breaches,
}
