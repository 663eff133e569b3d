//! Spans of instants: pauses, and the open intervals of a calendar.

use serde::{Deserialize, Serialize};

use super::CalendarError;
use crate::time::Instant;

/// A span from an instant on and before another, which is not earlier. As data `{"from": …, "to": …}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Form")]
pub struct Span {
    from: Instant,
    to: Instant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    from: Instant,
    to: Instant,
}

impl TryFrom<Form> for Span {
    type Error = CalendarError;

    fn try_from(form: Form) -> Result<Self, CalendarError> {
        Self::new(form.from, form.to)
    }
}

impl Span {
    /// The span from `from` on and before `to`.
    ///
    /// # Errors
    /// [`CalendarError::Reversed`] if `to` is before `from`.
    pub fn new(from: Instant, to: Instant) -> Result<Self, CalendarError> {
        if to < from {
            Err(CalendarError::Reversed { from: from.timestamp(), to: to.timestamp() })
        } else {
            Ok(Self { from, to })
        }
    }

    /// Its first instant.
    #[must_use]
    pub const fn from(self) -> Instant {
        self.from
    }

    /// The first instant after it.
    #[must_use]
    pub const fn to(self) -> Instant {
        self.to
    }

    /// What of the span lies from one instant on and before another, if that is anything.
    pub(super) fn within(self, from: Instant, to: Instant) -> Option<Self> {
        let within = Self { from: self.from.max(from), to: self.to.min(to) };
        (within.from < within.to).then_some(within)
    }

    /// What of spans lies from one instant on and before another: in order and apart from each other.
    pub(super) fn joined(spans: &[Self], from: Instant, to: Instant) -> Vec<Self> {
        let mut within: Vec<Self> = spans.iter().filter_map(|span| span.within(from, to)).collect();
        within.sort_unstable_by_key(|span| (span.from, span.to));
        let mut out: Vec<Self> = Vec::with_capacity(within.len());
        for span in within {
            match out.last_mut() {
                Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
                _ => out.push(span),
            }
        }
        out
    }
}
