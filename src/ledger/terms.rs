//! What a clock promises: the terms that were decided when it started.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    event::PolicyStamp,
    key::{AgreementKey, CalendarKey, ClockName},
    priority::Priority,
    time::Seconds,
};

/// With whom an agreement is made (ITIL 4, service level management).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementKind {
    /// A service level agreement: with the customer.
    #[default]
    Sla,
    /// An operational level agreement: with a group of one's own.
    Ola,
    /// An underpinning contract: with a vendor.
    Contract,
}

impl AgreementKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Sla, Self::Ola, Self::Contract];

    /// The kind as data names it: `sla`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sla => "sla",
            Self::Ola => "ola",
            Self::Contract => "contract",
        }
    }
}

/// How long something may take, and in what time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// So many seconds of real time, around the clock: weekends, nights and holidays count.
    ElapsedSeconds(Seconds),
    /// So many seconds of the calendar's opening hours.
    BusinessSeconds(Seconds),
    /// By the end of the n-th business day of the calendar, the day of the start not counted.
    EndOfBusinessDay(u16),
    /// By the same time of day, n business days of the calendar later.
    BusinessDays(u16),
}

impl Target {
    /// Whether it is measured by a calendar.
    #[must_use]
    pub const fn needs_calendar(self) -> bool {
        !matches!(self, Self::ElapsedSeconds(_))
    }

    /// Whether it leaves no time at all.
    pub(crate) const fn is_zero(self) -> bool {
        match self {
            Self::ElapsedSeconds(seconds) | Self::BusinessSeconds(seconds) => seconds.get() == 0,
            Self::EndOfBusinessDay(_) => false,
            Self::BusinessDays(days) => days == 0,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ElapsedSeconds(seconds) => write!(f, "{}", super::text::duration(seconds.get())),
            Self::BusinessSeconds(seconds) => write!(f, "{} of business time", super::text::duration(seconds.get())),
            Self::EndOfBusinessDay(0) => f.write_str("the end of the business day"),
            Self::EndOfBusinessDay(days) => write!(f, "the end of business day {days} after the start"),
            Self::BusinessDays(1) => f.write_str("1 business day"),
            Self::BusinessDays(days) => write!(f, "{days} business days"),
        }
    }
}

/// When to warn that a target may be missed. Measured in the clock's own time: while it is paused, and
/// outside its hours, nothing comes nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarnAt {
    /// When so many hundredths of the target are used: 1 to 99.
    Percent(u8),
    /// When so many seconds of the target are left.
    SecondsLeft(Seconds),
}

/// Which calendar measures a clock: its key, and the digest of the content that it had.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarStamp {
    /// Its key in the policy.
    pub key: CalendarKey,
    /// The digest of its content.
    pub digest: Digest,
}

/// The terms of a clock, as they were when it started. Another policy changes nothing about them, until the
/// clock is issued anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What it measures: `respond`, `resolve`, …
    pub metric: ClockName,
    /// The agreement that promises it.
    pub agreement: AgreementKey,
    /// With whom that agreement is made.
    pub kind: AgreementKind,
    /// The priority for which it is promised.
    pub priority: Priority,
    /// How long it may take.
    pub target: Target,
    /// The calendar that measures it; `None`: around the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarStamp>,
    /// When to warn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarnAt>,
    /// The policy in which the agreement stands: its rules on pauses and ends hold for this clock.
    pub policy: PolicyStamp,
}
