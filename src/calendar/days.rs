//! Deadlines in business days.

use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::{
    Calendar, CalendarError, Span,
    dates::{Piece, joined},
    rules::{END_SECONDS, START_SECONDS},
    walk::DAY,
};
use crate::time::Instant;

/// A number of business days. A business day is a local date on which hours open, and are not wholly cut out
/// by closures; hours across midnight belong to the date on which they open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BusinessDays(pub u16);

impl fmt::Display for BusinessDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} business day{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// # Business days
///
/// Both meanings count from the day of the start, which is day 0. A start outside hours counts as the next
/// opening: what comes on Friday evening comes on Monday at nine.
impl Calendar {
    /// The end of the n-th business day after the start: its last closing. With 0 days it is the end of the day
    /// of the start.
    ///
    /// ```
    /// use andon::calendar::{BuiltIn, BusinessDays, CalendarDraft, Hours, WORKDAYS};
    ///
    /// let desk = CalendarDraft::new("Desk").zone("UTC").open_on(WORKDAYS, [Hours::new("09:00", "17:00")?]);
    /// let desk = desk.compile(&BuiltIn)?;
    /// let thursday = "2026-03-26T10:00:00Z".parse()?;
    /// assert_eq!(desk.due_end_of_day(thursday, BusinessDays(1))?.to_rfc3339(), "2026-03-27T17:00:00+00:00");
    /// // Friday evening counts as Monday morning, so that the first day after it is Tuesday.
    /// let evening = "2026-03-27T18:00:00Z".parse()?;
    /// assert_eq!(desk.due_end_of_day(evening, BusinessDays(1))?.to_rfc3339(), "2026-03-31T17:00:00+00:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for a start outside the years 1970 to 2099, and
    /// [`CalendarError::BeyondRange`] if there are not so many business days after it within them.
    pub fn due_end_of_day(&self, start: Instant, days: BusinessDays) -> Result<Instant, CalendarError> {
        let (_, date) = self.begun(start)?;
        let last = self.day_after(date, days)?.last().map(|(_, close)| *close);
        whole(last.ok_or(CalendarError::BeyondRange)?)
    }

    /// The same time of day on the n-th business day after the start, by the clock on the wall. Where that day
    /// is not open at that time, it is the next opening on that day, or, after its last closing, that closing.
    ///
    /// ```
    /// use andon::calendar::{BuiltIn, BusinessDays, CalendarDraft, Hours, WORKDAYS};
    ///
    /// let desk = CalendarDraft::new("Desk")
    ///     .zone("UTC")
    ///     .open_on(WORKDAYS, [Hours::new("09:00", "17:00")?])
    ///     .override_on("2026-12-24".parse()?, [Hours::new("09:00", "12:00")?])
    ///     .compile(&BuiltIn)?;
    /// let friday = "2026-03-27T15:00:00Z".parse()?;
    /// assert_eq!(desk.due_same_time(friday, BusinessDays(2))?.to_rfc3339(), "2026-03-31T15:00:00+00:00");
    /// // The day before Christmas closes at noon.
    /// let wednesday = "2026-12-23T15:00:00Z".parse()?;
    /// assert_eq!(desk.due_same_time(wednesday, BusinessDays(1))?.to_rfc3339(), "2026-12-24T12:00:00+00:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As with [`due_end_of_day`](Self::due_end_of_day).
    pub fn due_same_time(&self, start: Instant, days: BusinessDays) -> Result<Instant, CalendarError> {
        let (begun, date) = self.begun(start)?;
        let offsets = &self.dates().offsets;
        let second = begun.timestamp();
        let since_midnight = second.saturating_add(offsets.at(second)).saturating_sub(date.saturating_mul(DAY));
        let day = self.day_after(date, days)?;
        let target = day.date.saturating_mul(DAY).saturating_add(since_midnight);
        let wanted = if days.0 == 0 { second } else { offsets.instant(target) };
        match day.pieces.iter().find(|(_, close)| *close > wanted) {
            Some((open, _)) if *open > wanted => whole(*open),
            Some(_) if wanted < END_SECONDS => {
                let with_nanos = chrono::DateTime::from_timestamp(wanted, begun.timestamp_subsec_nanos());
                with_nanos.ok_or(CalendarError::BeyondRange)
            }
            Some(_) => Err(CalendarError::BeyondRange),
            None => whole(day.last().map(|(_, close)| *close).ok_or(CalendarError::BeyondRange)?),
        }
    }

    /// [`due_end_of_day`](Self::due_end_of_day), with pauses: the business time that they hold up to the deadline is
    /// added after it, and what lies in a pause then does not count either.
    ///
    /// ```
    /// use andon::calendar::{BuiltIn, BusinessDays, CalendarDraft, Hours, Span, WORKDAYS};
    ///
    /// let desk = CalendarDraft::new("Desk").zone("UTC").open_on(WORKDAYS, [Hours::new("09:00", "17:00")?]);
    /// let desk = desk.compile(&BuiltIn)?;
    /// // Held from Thursday 15:00 to Friday 10:00: three hours of business time.
    /// let hold = Span::new("2026-03-26T15:00:00Z".parse()?, "2026-03-27T10:00:00Z".parse()?)?;
    /// let due = desk.due_end_of_day_over("2026-03-26T10:00:00Z".parse()?, BusinessDays(1), &[hold])?;
    /// assert_eq!(due.to_rfc3339(), "2026-03-30T12:00:00+00:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As with [`due_end_of_day`](Self::due_end_of_day).
    pub fn due_end_of_day_over(
        &self,
        start: Instant,
        days: BusinessDays,
        pauses: &[Span],
    ) -> Result<Instant, CalendarError> {
        self.put_off(start, self.due_end_of_day(start, days)?, pauses)
    }

    /// [`due_same_time`](Self::due_same_time), with pauses as in
    /// [`due_end_of_day_over`](Self::due_end_of_day_over).
    ///
    /// # Errors
    /// As with [`due_end_of_day`](Self::due_end_of_day).
    pub fn due_same_time_over(
        &self,
        start: Instant,
        days: BusinessDays,
        pauses: &[Span],
    ) -> Result<Instant, CalendarError> {
        self.put_off(start, self.due_same_time(start, days)?, pauses)
    }

    /// Whether a local date is a business day.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for a date before 1970, or in 2100 or later.
    pub fn is_business_day(&self, date: NaiveDate) -> Result<bool, CalendarError> {
        let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp();
        super::seconds::in_range(midnight)?;
        Ok(!self.pieces_of(midnight.div_euclid(DAY)).is_empty())
    }

    /// A deadline put off by the business time paused before it.
    fn put_off(&self, start: Instant, due: Instant, pauses: &[Span]) -> Result<Instant, CalendarError> {
        let all = self.elapsed(start, due)?;
        if self.elapsed_over(start, due, pauses)? == all {
            return Ok(due);
        }
        self.due_fine_over(start, all.num_nanoseconds().unwrap_or(i64::MAX), pauses)
    }

    /// The start, or the next opening, and the date to which its hours belong.
    fn begun(&self, start: Instant) -> Result<(Instant, i64), CalendarError> {
        let begun = self.next_open(start)?;
        let at = begun.timestamp();
        let today = self.dates().date_at(at);
        // Hours of the evening before run on, and where clocks change they may be off by a date.
        let candidates = [0, -1, -2, 1].map(|days| today.saturating_add(days));
        let holds = |date: &i64| self.pieces_of(*date).iter().any(|(open, close)| (*open..*close).contains(&at));
        Ok((begun, candidates.into_iter().find(holds).unwrap_or(today)))
    }

    /// The n-th business day after a date; the date itself with 0 days.
    fn day_after(&self, date: i64, days: BusinessDays) -> Result<Day, CalendarError> {
        let mut day = Day { date, pieces: self.pieces_of(date) };
        for _ in 0..days.0 {
            loop {
                let date = day.date.saturating_add(1);
                if self.dates().floor_of(date) >= END_SECONDS {
                    return Err(CalendarError::BeyondRange);
                }
                day = Day { date, pieces: self.pieces_of(date) };
                if !day.pieces.is_empty() {
                    break;
                }
            }
        }
        Ok(day)
    }

    /// The hours that open on a date, in order and apart from each other.
    fn pieces_of(&self, date: i64) -> Vec<Piece> {
        let mut pieces = Vec::new();
        self.dates().pieces(date, |piece| pieces.push(piece));
        pieces.sort_unstable();
        let mut pieces = joined(pieces.into_iter());
        pieces.retain(|(_, close)| *close > START_SECONDS);
        pieces
    }
}

/// A date and its hours.
struct Day {
    date: i64,
    pieces: Vec<Piece>,
}

impl Day {
    fn last(&self) -> Option<&Piece> {
        self.pieces.last()
    }
}

fn whole(seconds: i64) -> Result<Instant, CalendarError> {
    let at = chrono::DateTime::from_timestamp(seconds, 0).filter(|_| seconds < END_SECONDS);
    at.ok_or(CalendarError::BeyondRange)
}
