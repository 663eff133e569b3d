//! Why an instant is business time or is not: the spans of a stretch of time, each with its reason.

use std::{collections::VecDeque, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    Calendar, CalendarError, Span, ZoneChange,
    dates::{Dates, Piece, Special},
    seconds::in_range,
    walk::Walk,
};
use crate::time::Instant;

/// A piece of time that is open, or closed, for one reason. The pieces of a stretch follow each other
/// without a gap, and the open ones add up to [`elapsed`](Calendar::elapsed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarSpan {
    /// Its first instant.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// Whether it is business time.
    pub open: bool,
    /// Why.
    pub why: Why,
    /// The change of the clocks with which it begins.
    pub zone_change: Option<ZoneChange>,
}

/// Why time is business time, or is not. Names are those of the draft.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Why {
    /// It lies in the hours of its weekday.
    Hours,
    /// It lies outside the hours of its weekday.
    OutsideHours,
    /// Its date is a holiday, or one on which a holiday is observed.
    Holiday {
        /// Which.
        name: Option<Arc<str>>,
    },
    /// Its date has other hours: open in them, closed outside them.
    Override {
        /// Why.
        name: Option<Arc<str>>,
    },
    /// It would be open, and is cut out.
    Closure {
        /// Why.
        name: Option<Arc<str>>,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, name) = match self {
            Self::Hours => ("business hours", &None),
            Self::OutsideHours => ("outside business hours", &None),
            Self::Holiday { name } => ("holiday", name),
            Self::Override { name } => ("other hours on that day", name),
            Self::Closure { name } => ("closure", name),
        };
        match name {
            Some(name) => write!(f, "{what}: {name}"),
            None => f.write_str(what),
        }
    }
}

impl Calendar {
    /// The open intervals from `from` on and before `to`, in order, joined where they touch, and cut off at both
    /// ends. None if `to` is not after `from`.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for an instant outside the years 1970 to 2099.
    pub fn open_intervals(&self, from: Instant, to: Instant) -> Result<OpenIntervals<'_>, CalendarError> {
        let (first, end) = seconds(from, to)?;
        Ok(OpenIntervals { walk: Walk::new(self.dates(), first, end), from, to })
    }

    /// The pieces of the time from `from` on and before `to`, each open or closed for one reason, and split where
    /// the clocks change. They cover it exactly. None if `to` is not after `from`.
    ///
    /// ```
    /// use andon::calendar::{BuiltIn, CalendarDraft, Holiday, Hours, WORKDAYS};
    ///
    /// let desk = CalendarDraft::new("Desk")
    ///     .zone("UTC")
    ///     .open_on(WORKDAYS, [Hours::new("09:00", "17:00")?])
    ///     .holiday(Holiday::easter(-2).named("Good Friday"))
    ///     .compile(&BuiltIn)?;
    /// let told: Vec<String> = desk
    ///     .spans("2026-04-02T15:00:00Z".parse()?, "2026-04-06T10:00:00Z".parse()?)?
    ///     .map(|span| format!("{} to {}: {}", span.from.format("%a %H:%M"), span.to.format("%a %H:%M"), span.why))
    ///     .collect();
    /// assert_eq!(told, [
    ///     "Thu 15:00 to Thu 17:00: business hours",
    ///     "Thu 17:00 to Fri 00:00: outside business hours",
    ///     "Fri 00:00 to Sat 00:00: holiday: Good Friday",
    ///     "Sat 00:00 to Mon 09:00: outside business hours",
    ///     "Mon 09:00 to Mon 10:00: business hours",
    /// ]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for an instant outside the years 1970 to 2099.
    pub fn spans(&self, from: Instant, to: Instant) -> Result<CalendarSpans<'_>, CalendarError> {
        let (first, end) = seconds(from, to)?;
        let dates = self.dates();
        // Where clocks change around midnight, the date before may still begin later than `from`.
        let date = dates.date_at(first).saturating_sub(1);
        Ok(CalendarSpans { dates, from, to, first, end, date, found: VecDeque::new() })
    }
}

/// The whole seconds that hold a stretch of time.
fn seconds(from: Instant, to: Instant) -> Result<Piece, CalendarError> {
    let (first, last) = (in_range(from.timestamp())?, in_range(to.timestamp())?);
    let begun = i64::from(to.timestamp_subsec_nanos() > 0);
    Ok((first, if to <= from { first } else { last.saturating_add(begun) }))
}

/// The open intervals of a stretch of time; see [`Calendar::open_intervals`].
pub struct OpenIntervals<'a> {
    walk: Walk<'a>,
    from: Instant,
    to: Instant,
}

impl Iterator for OpenIntervals<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let (open, close) = self.walk.next()?;
        Span::new(instant(open), instant(close)).ok()?.within(self.from, self.to)
    }
}

impl fmt::Debug for OpenIntervals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenIntervals").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

/// The pieces of a stretch of time; see [`Calendar::spans`].
pub struct CalendarSpans<'a> {
    dates: &'a Dates,
    from: Instant,
    to: Instant,
    first: i64,
    end: i64,
    /// The next date to be looked at.
    date: i64,
    /// What is found; the last one may go on with the next date.
    found: VecDeque<CalendarSpan>,
}

impl CalendarSpans<'_> {
    /// Finds the pieces of the next date.
    fn look(&mut self) {
        let date = self.date;
        self.date = date.saturating_add(1);
        let (from, to) = (self.dates.start_of(date).max(self.first), self.dates.start_of(self.date).min(self.end));
        if from >= to {
            return;
        }
        let mut hours: Vec<(Piece, i64)> = Vec::new();
        // Hours of the evening before run on; where clocks change, they may be off by another date.
        for near in [1, 0, -1, -2].map(|days| date.saturating_add(days)) {
            self.dates.uncut(near, |piece| hours.push((piece, near)));
        }
        let mut edges = vec![from, to];
        let mut edge = |at: i64| {
            if from < at && at < to {
                edges.push(at);
            }
        };
        for ((open, close), _) in &hours {
            edge(*open);
            edge(*close);
        }
        self.dates.closure_edges(from, to, &mut edge);
        let changes = self.dates.offsets.changes_after(from.saturating_sub(1));
        let changes: Vec<_> = changes.iter().take_while(|change| change.at.timestamp() < to).copied().collect();
        for change in &changes {
            edge(change.at.timestamp());
        }
        edges.sort_unstable();
        edges.dedup();
        for (&at, &until) in edges.iter().zip(edges.iter().skip(1)) {
            let (open, why) = self.why(date, at, &hours);
            let change = changes.iter().find(|change| change.at.timestamp() == at && change.at > self.from).copied();
            self.add(at, until, open, why, change);
        }
    }

    fn why(&self, date: i64, at: i64, hours: &[(Piece, i64)]) -> (bool, Why) {
        let within = hours.iter().find(|((open, close), _)| (*open..*close).contains(&at));
        match (within, self.dates.closure_at(at)) {
            (Some(_), Some(name)) => (false, Why::Closure { name: name.clone() }),
            (Some((_, owner)), None) => match self.dates.special(*owner) {
                Some(Special::Override(_, name)) => (true, Why::Override { name: name.clone() }),
                _ => (true, Why::Hours),
            },
            (None, _) => match self.dates.special(date) {
                Some(Special::Holiday(name)) => (false, Why::Holiday { name: name.clone() }),
                Some(Special::Override(_, name)) => (false, Why::Override { name: name.clone() }),
                None => (false, Why::OutsideHours),
            },
        }
    }

    fn add(&mut self, at: i64, until: i64, open: bool, why: Why, zone_change: Option<ZoneChange>) {
        let (from, to) = (instant(at).max(self.from), instant(until).min(self.to));
        match self.found.back_mut() {
            Some(last) if zone_change.is_none() && last.open == open && last.why == why => last.to = to,
            _ => self.found.push_back(CalendarSpan { from, to, open, why, zone_change }),
        }
    }
}

impl Iterator for CalendarSpans<'_> {
    type Item = CalendarSpan;

    fn next(&mut self) -> Option<CalendarSpan> {
        while self.found.len() < 2 && self.dates.start_of(self.date) < self.end {
            self.look();
        }
        self.found.pop_front()
    }
}

impl fmt::Debug for CalendarSpans<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendarSpans").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

fn instant(seconds: i64) -> Instant {
    chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
