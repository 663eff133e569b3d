//! The explanation of a clock: what counted, what did not, and why.

use std::fmt;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{Clock, ClockResult, ClockState, Measure, PauseReason, Reading, Target, text::duration};
use crate::{
    calendar::{CalendarError, CalendarSpan, Why, ZoneChange, ZoneName},
    incident::HoldReason,
    key::{AgreementKey, CalendarKey, ClockName},
    time::{Instant, Seconds},
};

/// Why a span of time counted for a clock, or did not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhyCounted {
    /// It counts around the clock.
    AroundTheClock,
    /// The calendar was open, or was not, for this reason.
    Calendar(Why),
    /// The clock stood still for this reason, whether or not its calendar was open.
    StoodStill(PauseReason),
}

impl fmt::Display for WhyCounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AroundTheClock => f.write_str("around the clock"),
            Self::Calendar(why) => why.fmt(f),
            Self::StoodStill(PauseReason::Hold(reason)) => write!(f, "on hold: {}", said(reason)),
            Self::StoodStill(PauseReason::WithOthers) => f.write_str("with another group"),
            Self::StoodStill(PauseReason::NotOnHold) => f.write_str("not waiting for the vendor"),
            Self::StoodStill(PauseReason::Resolved { .. }) => f.write_str("resolved, and reopened later"),
        }
    }
}

/// The host's own reasons are said as they are; the known ones in words.
fn said(reason: &HoldReason) -> String {
    match reason {
        HoldReason::Other(key) => key.to_string(),
        known => known.as_str().replace('_', " "),
    }
}

/// A span of time that counted for a clock or did not, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedSpan {
    /// Its first instant.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// Whether it counted.
    pub counted: bool,
    /// Why.
    pub why: WhyCounted,
    /// The change of the clocks on the wall with which it begins.
    pub zone_change: Option<ZoneChange>,
}

/// What counted for a clock from its start until it is looked at or stopped. The spans follow each other without
/// a gap; those that counted, and what a clock before it had used, add up to what is [used](Reading::used).
///
/// As text it is what a service manager reads, in the local time of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What the clock measures.
    pub metric: ClockName,
    /// The agreement that promises it.
    pub agreement: AgreementKey,
    /// How long it may take.
    pub target: Target,
    /// The calendar, and the zone in whose local time the text is; `None`: around the clock, in UTC.
    pub calendar: Option<(CalendarKey, ZoneName)>,
    /// What a clock before it had used.
    pub spent: Seconds,
    /// What counted, and what did not.
    pub spans: Vec<ExplainedSpan>,
    /// What the clock shows.
    pub reading: Reading,
    /// Whether it ran when it was looked at, and how it stopped if it had.
    pub state: ClockState,
    offsets: Vec<FixedOffset>,
    due_offset: FixedOffset,
}

impl Clock {
    /// What counted for the clock until `now`, or until it stopped, and why.
    ///
    /// # Errors
    /// [`CalendarError`] for instants that the calendar does not reach.
    pub fn explain(&self, now: Instant, measure: Measure<'_>) -> Result<Explanation, CalendarError> {
        let reading = self.read(now, measure)?;
        let until = self.until(now);
        let spans = self.explained(until, measure)?;
        let offset = |at: Instant| match measure {
            Measure::Elapsed => Ok(utc()),
            Measure::Business(calendar) => calendar.local(at).map(|local| *local.offset()),
        };
        // The end of each span is told by the clock that is valid before it: 03:00, and not 02:00.
        let ends = spans.iter().map(|span| offset(span.from));
        let calendar = match (measure, &self.terms.calendar) {
            (Measure::Business(calendar), Some(stamp)) => Some((stamp.key.clone(), calendar.zone().clone())),
            _ => None,
        };
        Ok(Explanation {
            metric: self.terms.metric.clone(),
            agreement: self.terms.agreement.clone(),
            target: self.terms.target,
            calendar,
            spent: self.spent,
            offsets: ends.collect::<Result<_, _>>()?,
            due_offset: offset(reading.due.unwrap_or(until))?,
            spans,
            reading,
            state: self.state.clone(),
        })
    }

    fn explained(&self, until: Instant, measure: Measure<'_>) -> Result<Vec<ExplainedSpan>, CalendarError> {
        let mut spans = Vec::new();
        let mut add = |from: Instant, to: Instant, counted: bool, why: WhyCounted, zone_change| {
            if from < to {
                spans.push(ExplainedSpan { from, to, counted, why, zone_change });
            }
        };
        match measure {
            Measure::Elapsed => {
                let whole = WhyCounted::AroundTheClock;
                self.cut(self.start, until, |from, to, pause| match pause {
                    Some(reason) => add(from, to, false, WhyCounted::StoodStill(reason.clone()), None),
                    None => add(from, to, true, whole.clone(), None),
                });
            }
            Measure::Business(calendar) => {
                for CalendarSpan { from, to, open, why, zone_change } in calendar.spans(self.start, until)? {
                    let mut change = zone_change;
                    self.cut(from, to, |from, to, pause| match pause {
                        Some(reason) => add(from, to, false, WhyCounted::StoodStill(reason.clone()), change.take()),
                        None => add(from, to, open, WhyCounted::Calendar(why.clone()), change.take()),
                    });
                }
            }
        }
        Ok(spans)
    }

    /// Cuts a span where pauses begin and end.
    fn cut(&self, from: Instant, to: Instant, mut each: impl FnMut(Instant, Instant, Option<&PauseReason>)) {
        let mut at = from;
        for pause in &self.pauses {
            let (begin, end) = (pause.from.max(at), pause.to.unwrap_or(to).min(to));
            if begin < end {
                if at < begin {
                    each(at, begin, None);
                }
                each(begin, end, Some(&pause.reason));
                at = end;
            }
        }
        if at < to {
            each(at, to, None);
        }
    }
}

fn utc() -> FixedOffset {
    DateTime::UNIX_EPOCH.fixed_offset().timezone()
}

fn seconds(span: TimeDelta) -> u64 {
    u64::try_from(span.num_seconds()).unwrap_or(0)
}

/// A line of the text: spans that follow each other, counted or not for the same reason.
struct Line<'a> {
    from: DateTime<FixedOffset>,
    to: DateTime<FixedOffset>,
    took: TimeDelta,
    span: &'a ExplainedSpan,
}

impl Explanation {
    /// Beginning and end of each span, by the clock on the wall that is valid at its beginning.
    pub fn local_spans(&self) -> impl Iterator<Item = (DateTime<FixedOffset>, DateTime<FixedOffset>)> + '_ {
        let spans = self.spans.iter().zip(&self.offsets);
        spans.map(|(span, offset)| (span.from.with_timezone(offset), span.to.with_timezone(offset)))
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (span, (from, to)) in self.spans.iter().zip(self.local_spans()) {
            let took = span.to.signed_duration_since(span.from);
            match lines.last_mut().filter(|line| {
                line.span.why == span.why && line.span.counted == span.counted && span.zone_change.is_none()
            }) {
                Some(line) => {
                    line.to = to;
                    line.took = line.took.checked_add(&took).unwrap_or(TimeDelta::MAX);
                }
                None => lines.push(Line { from, to, took, span }),
            }
        }
        lines
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, by {}", self.metric, self.target, self.agreement)?;
        match &self.calendar {
            Some((key, zone)) => writeln!(f, "; times of the calendar {key}, in {zone}")?,
            None => writeln!(f, "; times in UTC")?,
        }
        if self.spent > Seconds::ZERO {
            writeln!(f, "  {:>42}  {:>12}  used before", "", duration(self.spent.get()))?;
        }
        for Line { from, to, took, span } in self.lines() {
            if let Some(change) = span.zone_change {
                writeln!(
                    f,
                    "  {} the clocks go from UTC{} to UTC{}",
                    from.format("%a %Y-%m-%d"),
                    change.before,
                    change.after
                )?;
            }
            let to = if from.date_naive() == to.date_naive() {
                to.format("%H:%M:%S").to_string()
            } else {
                to.format("%a %Y-%m-%d %H:%M:%S").to_string()
            };
            let when = format!("{} – {to}", from.format("%a %Y-%m-%d %H:%M:%S"));
            let (took, mark) = (duration(seconds(took)), if span.counted { "counts" } else { "–" });
            writeln!(f, "  {when:<50} {took:>14}  {mark:<6}  {}", span.why)?;
        }
        writeln!(f, "used {} of {}", duration(seconds(self.reading.used)), duration(self.reading.budget.get()))?;
        let due = self.reading.due.map(|due| due.with_timezone(&self.due_offset).format("%a %Y-%m-%d %H:%M:%S"));
        match (&self.state, due) {
            (ClockState::Ended { result: ClockResult::Met, .. }, Some(due)) => write!(f, "met; it was due {due}")?,
            (ClockState::Ended { result: ClockResult::Met, .. }, None) => f.write_str("met")?,
            (ClockState::Ended { result: ClockResult::Missed, .. }, due) => {
                f.write_str("missed")?;
                due.map_or(Ok(()), |due| write!(f, "; it was due {due}"))?;
            }
            (ClockState::Cancelled { .. }, _) => f.write_str("cancelled")?,
            (ClockState::Replaced { .. }, _) => f.write_str("replaced by another clock")?,
            (ClockState::Running | ClockState::Paused, Some(due)) => write!(f, "due {due}")?,
            (ClockState::Running | ClockState::Paused, None) => {
                write!(f, "not due while it is paused; {} are left", duration(seconds(self.reading.remaining)))?;
            }
        }
        if let Some(late) = self.reading.late {
            write!(f, ", late by {}", duration(late.elapsed_seconds))?;
            if self.calendar.is_some() {
                write!(f, " ({} of business time)", duration(late.counted_seconds))?;
            }
        }
        Ok(())
    }
}
