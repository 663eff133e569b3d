//! Business time in whole seconds since 1970: by the index within its window, by the day walk outside it.

use super::{
    Calendar, CalendarError,
    dates::Piece,
    index::{Index, WINDOW},
    rules::{END_SECONDS, START_SECONDS},
    walk::{DAY, Walk},
};

/// How many seconds a step of a walk covers.
const STEP: i64 = 64 * DAY;

/// Which instant with so much business time before it is meant, where a closing and the next opening both
/// have it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// The first: it may be a closing.
    First,
    /// The one that is open.
    Open,
}

impl Edge {
    fn fits(self, business: i64, length: i64) -> bool {
        match self {
            Self::First => business <= length,
            Self::Open => business < length,
        }
    }
}

/// The same answers as by [`Instant`](crate::time::Instant), in whole seconds since 1970, for those who ask
/// millions of times.
impl Calendar {
    /// The first second by which `budget` seconds of business time have passed since `start`; see
    /// [`due`](Self::due).
    ///
    /// # Errors
    /// As with [`due`](Self::due).
    #[inline]
    pub fn due_seconds(&self, start: i64, budget: u64) -> Result<i64, CalendarError> {
        if budget == 0 {
            return in_range(start);
        }
        let index = self.index();
        if let Some(told) = Index::told(start)
            && let Ok(budget) = u32::try_from(budget)
            && let Some(business) = index.before(told).checked_add(budget)
            && business <= index.total()
        {
            return Ok(WINDOW.0.saturating_add(index.first(business).into()));
        }
        self.reach(in_range(start)?, i64::try_from(budget).unwrap_or(i64::MAX), Edge::First)
    }

    /// The last second from which on `budget` seconds of business time pass until `end`; see
    /// [`start_before`](Self::start_before).
    ///
    /// # Errors
    /// As with [`start_before`](Self::start_before).
    pub fn start_before_seconds(&self, end: i64, budget: u64) -> Result<i64, CalendarError> {
        if budget == 0 {
            in_range(end)
        } else {
            self.reach_back(in_range(end)?, i64::try_from(budget).unwrap_or(i64::MAX))
        }
    }

    /// The seconds of business time from one second to another, negative if `to` is before `from`; see
    /// [`elapsed`](Self::elapsed).
    ///
    /// # Errors
    /// As with [`elapsed`](Self::elapsed).
    #[inline]
    pub fn elapsed_seconds(&self, from: i64, to: i64) -> Result<i64, CalendarError> {
        if let (Some(from), Some(to)) = (Index::told(from), Index::told(to)) {
            return Ok(i64::from(self.index().before(to)).saturating_sub(self.index().before(from).into()));
        }
        let (from, to) = (in_range(from)?, in_range(to)?);
        Ok(if from <= to { self.sum(from, to) } else { self.sum(to, from).saturating_neg() })
    }

    /// Whether a second is business time; see [`is_open`](Self::is_open).
    ///
    /// # Errors
    /// As with [`is_open`](Self::is_open).
    #[inline]
    pub fn is_open_seconds(&self, at: i64) -> Result<bool, CalendarError> {
        match Index::told(at) {
            Some(told) => Ok(self.index().piece(told).is_some_and(|(open, _)| open <= told)),
            None => Ok(Walk::new(self.dates(), in_range(at)?, at.saturating_add(1)).next().is_some()),
        }
    }

    /// The open piece that a second lies in, or else the next one after it, whole but for what lies before
    /// `at`. A piece that ends with the range may go on.
    pub(super) fn piece(&self, at: i64) -> Result<Piece, CalendarError> {
        let (mut first, mut from) = (None, in_range(at)?);
        for end in [WINDOW.0, WINDOW.1, END_SECONDS] {
            if from >= end {
                continue;
            }
            let found = match Index::told(from) {
                Some(told) => self.index().piece(told).map(|(open, close)| {
                    (WINDOW.0.saturating_add(open.into()).max(from), WINDOW.0.saturating_add(close.into()))
                }),
                None => Walk::new(self.dates(), from, end).next(),
            };
            first = match (first, found) {
                // It touches the end of one part, and so goes on only if the next one begins with it.
                (Some((open, close)), Some(next)) if next.0 == close => Some((open, next.1)),
                (Some(piece), _) => Some(piece),
                (None, found) => found,
            };
            if first.is_some_and(|(_, close)| close < end) {
                break;
            }
            from = end;
        }
        first.ok_or(CalendarError::BeyondRange)
    }

    /// The instant from `from` on before which there is so much business time.
    pub(super) fn reach(&self, from: i64, business: i64, edge: Edge) -> Result<i64, CalendarError> {
        let mut left = business;
        // In steps, so that a stretch without end is not walked to its end.
        let walk = |from: i64, to: i64, left: &mut i64| {
            let mut start = from;
            while start < to {
                let end = start.saturating_add(STEP).min(to);
                for (open, close) in Walk::new(self.dates(), start, end) {
                    let length = close.saturating_sub(open);
                    if edge.fits(*left, length) {
                        return Some(open.saturating_add(*left));
                    }
                    *left = left.saturating_sub(length);
                }
                start = end;
            }
            None
        };
        if from < WINDOW.0
            && let Some(found) = walk(from, WINDOW.0, &mut left)
        {
            return Ok(found);
        }
        if let Some(told) = Index::told(from.max(WINDOW.0)) {
            let before = i64::from(self.index().before(told));
            let length = i64::from(self.index().total()).saturating_sub(before);
            if edge.fits(left, length)
                && let Ok(business) = u32::try_from(before.saturating_add(left))
            {
                let found =
                    if edge == Edge::First { self.index().first(business) } else { self.index().open(business) };
                return Ok(WINDOW.0.saturating_add(found.into()));
            }
            left = left.saturating_sub(length);
        }
        let found = walk(from.max(WINDOW.1), END_SECONDS, &mut left);
        found.filter(|found| *found < END_SECONDS).ok_or(CalendarError::BeyondRange)
    }

    /// The open instant from which on so much business time, which is more than none, passes until `to`.
    pub(super) fn reach_back(&self, to: i64, business: i64) -> Result<i64, CalendarError> {
        let mut left = business;
        let walk_back = |from: i64, to: i64, left: &mut i64| {
            let mut end = to;
            while end > from {
                let start = end.saturating_sub(STEP).max(from);
                let pieces: Vec<Piece> = Walk::new(self.dates(), start, end).collect();
                for &(open, close) in pieces.iter().rev() {
                    let length = close.saturating_sub(open);
                    if *left <= length {
                        return Some(close.saturating_sub(*left));
                    }
                    *left = left.saturating_sub(length);
                }
                end = start;
            }
            None
        };
        if let Some(found) = walk_back(WINDOW.1, to, &mut left) {
            return Ok(found);
        }
        if to > WINDOW.0 {
            let before = Index::told(to).map_or(self.index().total(), |told| self.index().before(told));
            if let Some(business) = u32::try_from(left).ok().and_then(|left| before.checked_sub(left)) {
                return Ok(WINDOW.0.saturating_add(self.index().open(business).into()));
            }
            left = left.saturating_sub(before.into());
        }
        walk_back(START_SECONDS, to.min(WINDOW.0), &mut left).ok_or(CalendarError::BeyondRange)
    }

    /// The business time from one second to a later one.
    fn sum(&self, from: i64, to: i64) -> i64 {
        let walked = |from: i64, to: i64| {
            Walk::new(self.dates(), from, to.max(from))
                .fold(0_i64, |sum, (open, close)| sum.saturating_add(close.saturating_sub(open)))
        };
        let mut sum = 0_i64;
        if from < WINDOW.0 {
            sum = sum.saturating_add(walked(from, to.min(WINDOW.0)));
        }
        if from < WINDOW.1 && to > WINDOW.0 {
            let before = |at: i64| Index::told(at).map_or(self.index().total(), |told| self.index().before(told));
            let within = before(to).saturating_sub(before(from.max(WINDOW.0)));
            sum = sum.saturating_add(within.into());
        }
        if to > WINDOW.1 {
            sum = sum.saturating_add(walked(from.max(WINDOW.1), to));
        }
        sum
    }
}

/// The second itself, if calendars answer for it.
#[inline]
pub(super) fn in_range(seconds: i64) -> Result<i64, CalendarError> {
    if (START_SECONDS..END_SECONDS).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(CalendarError::OutOfRange { seconds })
    }
}
