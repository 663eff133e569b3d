//! The oracle: business time the slow way, date by date, with jiff. It knows nothing of the library.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use jiff::{
    ToSpan,
    civil::{Date, date},
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::spec::{Minutes, Moves, Rule, Spec, Ymd};

/// Nanoseconds since 1970.
pub type Nanos = i128;
/// From the first to before the second.
pub type Piece = (Nanos, Nanos);

pub const SECOND: Nanos = 1_000_000_000;
const DAY: Nanos = 86_400 * SECOND;
/// The years 1970 to 2099.
const RANGE: Piece = (0, 4_102_444_800 * SECOND);

pub struct Oracle {
    spec: Spec,
    zone: TimeZone,
    holidays: RefCell<HashMap<i16, Rc<HashSet<Date>>>>,
}

impl Oracle {
    pub fn new(spec: Spec) -> Self {
        let zone = TimeZoneDatabase::bundled().get(spec.zone).unwrap();
        Self { spec, zone, holidays: RefCell::default() }
    }

    pub fn is_open(&self, at: Nanos) -> bool {
        self.pieces(at, at + 1).iter().any(|(from, to)| *from <= at && at < *to)
    }

    pub fn next_open(&self, at: Nanos) -> Option<Nanos> {
        self.look_ahead(at, |pieces, _| pieces.first().map(|(open, _)| *open))
    }

    pub fn next_close(&self, at: Nanos) -> Option<Nanos> {
        self.look_ahead(at, |pieces, end| pieces.first().map(|(_, close)| *close).filter(|close| *close < end))
    }

    pub fn due(&self, start: Nanos, budget: Nanos, pauses: &[Piece]) -> Option<Nanos> {
        if budget == 0 {
            return Some(start);
        }
        let due = self.look_ahead(start, |pieces, _| {
            let mut left = budget;
            for (open, close) in without(pieces, pauses) {
                if left <= close - open {
                    return Some(open + left);
                }
                left -= close - open;
            }
            None
        });
        due.filter(|due| *due < RANGE.1)
    }

    pub fn before(&self, end: Nanos, budget: Nanos, pauses: &[Piece]) -> Option<Nanos> {
        if budget == 0 {
            return Some(end);
        }
        let mut days = 8;
        loop {
            let from = (end - days * DAY).max(RANGE.0);
            let mut left = budget;
            for (open, close) in without(&self.pieces(from, end), pauses).into_iter().rev() {
                if left <= close - open {
                    return Some(close - left);
                }
                left -= close - open;
            }
            if from == RANGE.0 {
                return None;
            }
            days *= 4;
        }
    }

    pub fn elapsed(&self, from: Nanos, to: Nanos, pauses: &[Piece]) -> Nanos {
        if to < from {
            return -self.elapsed(to, from, pauses);
        }
        without(&self.pieces(from, to), pauses).iter().map(|(open, close)| close - open).sum()
    }

    pub fn end_of_day(&self, start: Nanos, days: u16) -> Option<Nanos> {
        let open = self.next_open(start)?;
        let mut day = self.owner(open)?;
        for _ in 0..days {
            day = day.tomorrow().unwrap();
            while self.own(day).is_empty() {
                day = day.tomorrow().unwrap();
                if day.year() > 2_100 {
                    return None;
                }
            }
        }
        self.own(day).iter().map(|(_, close)| *close).max().filter(|end| *end < RANGE.1)
    }

    /// The date on which the hours open that an instant lies in; of two the later one.
    fn owner(&self, open: Nanos) -> Option<Date> {
        let today = self.local(open);
        [1, 0, -1, -2]
            .into_iter()
            .map(|days| today + days.days())
            .find(|day| self.own(*day).iter().any(|(from, to)| *from <= open && open < *to))
    }

    /// Looks at a week, a month, and so on, until something is found or the range ends.
    fn look_ahead(&self, from: Nanos, find: impl Fn(&[Piece], Nanos) -> Option<Nanos>) -> Option<Nanos> {
        let mut days = 8;
        loop {
            let to = (from + days * DAY).min(RANGE.1);
            let found = find(&self.pieces(from, to), to);
            if found.is_some() || to == RANGE.1 {
                return found;
            }
            days *= 4;
        }
    }

    /// The open pieces of a span, in order and apart.
    fn pieces(&self, from: Nanos, to: Nanos) -> Vec<Piece> {
        let mut all = Vec::new();
        let mut day = self.local(from) - 3.days();
        let last = self.local(to) + 2.days();
        while day <= last {
            all.extend(self.own(day));
            day = day.tomorrow().unwrap();
        }
        all.sort_unstable();
        let mut out: Vec<Piece> = Vec::new();
        for (open, close) in all {
            match out.last_mut() {
                Some(last) if open <= last.1 => last.1 = last.1.max(close),
                _ => out.push((open, close)),
            }
        }
        out.into_iter()
            .map(|(open, close)| (open.max(from), close.min(to)))
            .filter(|(open, close)| open < close)
            .collect()
    }

    /// The hours that open on a date, without the closures.
    fn own(&self, day: Date) -> Vec<Piece> {
        if self.instant(day, 0) >= self.instant(day, 1_440) {
            return Vec::new();
        }
        let pieces: Vec<Piece> = self
            .hours(day)
            .into_iter()
            .map(|(open, close)| {
                let close = if close <= open { close + 1_440 } else { close };
                (self.instant(day, open), self.instant(day, close))
            })
            .filter(|(open, close)| open < close)
            .collect();
        let closures: Vec<Piece> = self
            .spec
            .closures
            .iter()
            .map(|(from, to)| (self.instant(of(from.0), from.1), self.instant(of(to.0), to.1)))
            .filter(|(from, to)| from < to)
            .collect();
        without(&pieces, &closures)
    }

    fn hours(&self, day: Date) -> Vec<Minutes> {
        let special = self.spec.overrides.iter().find(|(on, _, _)| of(*on) == day);
        match special {
            Some((_, hours, true)) => hours.clone(),
            _ if self.is_holiday(day) => Vec::new(),
            Some((_, hours, false)) => hours.clone(),
            None => self.spec.weekly[weekday(day)].clone(),
        }
    }

    fn is_holiday(&self, day: Date) -> bool {
        let known = self.holidays.borrow().get(&day.year()).cloned();
        let known = known.unwrap_or_else(|| {
            let found = Rc::new(self.holidays_around(day.year()));
            self.holidays.borrow_mut().insert(day.year(), found.clone());
            found
        });
        known.contains(&day)
    }

    /// All holidays of a year, found by trying each day from the year before to the year after.
    fn holidays_around(&self, year: i16) -> HashSet<Date> {
        let mut found = HashSet::new();
        let mut to_move = Vec::new();
        let mut day = date(year - 1, 1, 1);
        while day.year() <= year + 1 {
            for (rule, moves) in &self.spec.holidays {
                if !falls(*rule, day) {
                    continue;
                }
                found.insert(day);
                match (moves, weekday(day)) {
                    (Moves::Nearest, 5) => found.insert(day - 1.day()),
                    (Moves::Nearest | Moves::FromSunday | Moves::FromWeekend, 6) => found.insert(day + 1.day()),
                    (Moves::FromWeekend, 5) => found.insert(day + 2.days()),
                    (Moves::ToWorkday, weekday) if self.spec.weekly[weekday].is_empty() => {
                        to_move.push(day);
                        true
                    }
                    _ => true,
                };
            }
            day = day.tomorrow().unwrap();
        }
        for day in to_move {
            let mut next = day.tomorrow().unwrap();
            while self.spec.weekly[weekday(next)].is_empty() || found.contains(&next) {
                next = next.tomorrow().unwrap();
            }
            found.insert(next);
        }
        found
    }

    fn instant(&self, day: Date, minute: u32) -> Nanos {
        let civil = day.at(0, 0, 0, 0) + i64::from(minute).minutes();
        self.zone.to_ambiguous_timestamp(civil).compatible().unwrap().as_nanosecond()
    }

    fn local(&self, at: Nanos) -> Date {
        self.zone.to_datetime(jiff::Timestamp::from_nanosecond(at).unwrap()).date()
    }
}

fn of((year, month, day): Ymd) -> Date {
    date(year, month, day)
}

/// From Monday 0 on.
fn weekday(day: Date) -> usize {
    usize::try_from(day.weekday().to_monday_zero_offset()).unwrap()
}

fn falls(rule: Rule, day: Date) -> bool {
    match rule {
        Rule::Date(on) => of(on) == day,
        Rule::Fixed(month, on) => (day.month(), day.day()) == (month, on),
        Rule::Nth(nth, on, month) => {
            let place = if nth > 0 { (day.day() - 1) / 7 + 1 } else { (day.days_in_month() - day.day()) / 7 + 1 };
            day.month() == month && day.weekday().to_monday_zero_offset() == on && place == nth.abs()
        }
        Rule::Easter(days) => {
            let sunday = day - i64::from(days).days();
            sunday == easter(sunday.year())
        }
    }
}

/// The anonymous Gregorian algorithm.
fn easter(year: i16) -> Date {
    let whole = i32::from(year);
    let (golden, century, rest) = (whole % 19, whole / 100, whole % 100);
    let lunar = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - lunar + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    let day = epact + to_sunday - 7 * late + 114;
    date(year, i8::try_from(day / 31).unwrap(), i8::try_from(day % 31 + 1).unwrap())
}

/// What of pieces remains without others.
fn without(pieces: &[Piece], others: &[Piece]) -> Vec<Piece> {
    let mut left = pieces.to_vec();
    for (from, to) in others {
        if from < to {
            let cut = |(open, close): Piece| [(open, close.min(*from)), (open.max(*to), close)];
            left = left.into_iter().flat_map(cut).filter(|(open, close)| open < close).collect();
        }
    }
    left
}
