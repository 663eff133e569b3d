//! The view of a clock: what it promises, and how it stands.

use serde::{Deserialize, Serialize};

use super::{text, text_of};
use crate::{
    desk::ClockSeen,
    ledger::{Clock, ClockEffect, ClockResult, ClockState, PauseReason},
    time::Instant,
};

/// A clock as a front-end shows it. Durations are whole seconds, rounded down; those of a clock in business time
/// are seconds of its calendar's hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClockView {
    /// Which of the record's clocks it is, counted from 1.
    pub clock: u32,
    /// What it measures: `respond`, `resolve`, …
    pub metric: String,
    /// The agreement that promises it.
    pub agreement: String,
    /// With whom that is made: `sla`, `ola` or `contract`.
    pub kind: String,
    /// The priority for which it is promised.
    pub priority: String,
    /// How long it may take, in English.
    pub target: String,
    /// The calendar that measures it; without one it counts around the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// From when on it counts.
    pub start: Instant,
    /// `running`, `paused`, `met`, `missed`, `cancelled` or `replaced`.
    pub state: String,
    /// Why it is paused: `hold`, `with_others` or `not_on_hold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<String>,
    /// When it stopped for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Instant>,
    /// When it is due; not while it was paused before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
    /// Whether it is overdue now.
    pub overdue: bool,
    /// When it was due, if that was found to have passed at some time, whatever came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached_at: Option<Instant>,
    /// When it warns next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_warning: Option<Instant>,
    /// How much of the target is used. None of these figures is there where the calendar does not reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_seconds: Option<i64>,
    /// How much of it is left; less than 0 if more is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_seconds: Option<i64>,
    /// The target itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_seconds: Option<u64>,
    /// How many hundredths of it are used, rounded down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_used: Option<u64>,
    /// By how much it is overdue or was missed, in the clock's own time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_seconds: Option<u64>,
    /// By how much it is overdue or was missed, in real time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_elapsed_seconds: Option<u64>,
}

impl ClockView {
    /// The view of a clock at `now`.
    #[must_use]
    pub fn of(seen: &ClockSeen, now: Instant) -> Self {
        let (clock, reading) = (seen.clock(), seen.reading());
        let terms = clock.terms();
        let late = reading.and_then(|reading| reading.late);
        Self {
            clock: clock.id().get(),
            metric: text(&terms.metric),
            agreement: text(&terms.agreement),
            kind: terms.kind.key().to_owned(),
            priority: text(&terms.priority),
            target: text(terms.target),
            calendar: text_of(terms.calendar.as_ref().map(|calendar| &calendar.key)),
            start: clock.start(),
            state: state(clock).to_owned(),
            paused_by: clock.pause().filter(|_| clock.is_live()).map(|pause| pause_key(&pause.reason).to_owned()),
            stopped_at: clock.state().stopped_at(),
            due: clock.due(),
            overdue: clock.is_overdue(now),
            breached_at: clock.breached_at(),
            next_warning: next_warning(clock),
            used_seconds: reading.map(|reading| reading.used.num_seconds()),
            remaining_seconds: reading.map(|reading| reading.remaining.num_seconds()),
            target_seconds: reading.map(|reading| reading.budget.get()),
            percent_used: reading.map(crate::ledger::Reading::percent_used),
            late_seconds: late.map(|late| late.counted_seconds),
            late_elapsed_seconds: late.map(|late| late.elapsed_seconds),
        }
    }
}

const fn state(clock: &Clock) -> &'static str {
    match clock.state() {
        ClockState::Running => "running",
        ClockState::Paused => "paused",
        ClockState::Ended { result: ClockResult::Met, .. } => "met",
        ClockState::Ended { result: ClockResult::Missed, .. } => "missed",
        ClockState::Cancelled { .. } => "cancelled",
        ClockState::Replaced { .. } => "replaced",
    }
}

const fn pause_key(reason: &PauseReason) -> &'static str {
    match reason {
        PauseReason::Hold(_) => "hold",
        PauseReason::WithOthers => "with_others",
        PauseReason::NotOnHold => "not_on_hold",
        PauseReason::Resolved { .. } => "resolved",
    }
}

fn next_warning(clock: &Clock) -> Option<Instant> {
    clock.next_effect().filter(|(_, effect)| matches!(effect, ClockEffect::Warns(_))).map(|(at, _)| at)
}
