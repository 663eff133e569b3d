//! What each local date has: hours, a holiday, an override; and the spans of instants that come of it.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate};

use super::{
    CalendarDraft, Holiday, HolidayRule, Hours, Observed, Weekly,
    offsets::{LAST, Offsets},
    rules::START_SECONDS,
    walk::DAY,
};

/// A span of instants in seconds since 1970: from its first to before its second.
pub(super) type Piece = (i64, i64);

/// A name in an explanation.
pub(super) type Name = Option<Arc<str>>;

/// The rules of a calendar, resolved into what is asked day by day. A date is the number of days since
/// 1970-01-01.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) offsets: Offsets,
    weekly: [Box<[LocalPiece]>; 7],
    /// By date; few dates are special, so that a bit for each keeps the search off the others.
    special: Box<[(i64, Special)]>,
    special_bits: Box<[u64]>,
    /// In order and apart from each other.
    closed: Box<[Piece]>,
    /// As they were drafted, in order of their beginning.
    closures: Box<[(Piece, Name)]>,
}

/// Hours in seconds from local midnight.
type LocalPiece = (u32, u32);

/// A date that is not like its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Special {
    Holiday(Name),
    Override(Box<[LocalPiece]>, Name),
}

/// The first and last date of which some part lies in the range in some zone.
pub(super) const FIRST_DATE: i64 = -2;
const LAST_DATE: i64 = LAST / DAY + 2;

impl Dates {
    /// Of a draft that is valid and stands on nothing.
    pub(super) fn of(draft: &CalendarDraft, offsets: Offsets) -> Self {
        let none = Weekly::default();
        let week = draft.weekly.as_ref().unwrap_or(&none);
        let weekly = Weekly::days().map(|(day, _)| local(week.day(day)));
        let special = special(draft, &weekly);
        let mut special_bits = vec![0_u64; bit(LAST_DATE).map_or(0, |(word, _)| word.saturating_add(1))];
        for (date, _) in &special {
            if let Some((word, mask)) = bit(*date)
                && let Some(bits) = special_bits.get_mut(word)
            {
                *bits |= mask;
            }
        }
        let mut closures: Vec<_> = draft
            .closures
            .iter()
            .map(|closure| {
                let instant = |local: chrono::NaiveDateTime| offsets.instant(local.and_utc().timestamp());
                ((instant(closure.from), instant(closure.to)), name(closure.name.as_deref()))
            })
            .filter(|((from, to), _)| from < to)
            .collect();
        closures.sort_by_key(|(piece, _)| *piece);
        let closed = joined(closures.iter().map(|(piece, _)| *piece));
        Self {
            offsets,
            weekly,
            special: special.into(),
            special_bits: special_bits.into(),
            closed: closed.into(),
            closures: closures.into(),
        }
    }

    /// What is special about a date.
    pub(super) fn special(&self, date: i64) -> Option<&Special> {
        let (word, mask) = bit(date)?;
        if self.special_bits.get(word)? & mask == 0 {
            return None;
        }
        let at = self.special.binary_search_by_key(&date, |(date, _)| *date).ok()?;
        self.special.get(at).map(|(_, special)| special)
    }

    /// The hours of a date, by the clock on the wall.
    fn hours(&self, date: i64) -> &[LocalPiece] {
        match self.special(date) {
            Some(Special::Holiday(_)) => &[],
            Some(Special::Override(hours, _)) => hours,
            None => usize::try_from(weekday(date)).ok().and_then(|day| self.weekly.get(day)).map_or(&[], |day| day),
        }
    }

    /// The hours that open on a date as instants, closures not yet cut out. They may overlap where clocks
    /// change, and then need not be in order.
    pub(super) fn uncut(&self, date: i64, mut each: impl FnMut(Piece)) {
        let hours = self.hours(date);
        if hours.is_empty() {
            return;
        }
        let midnight = date.saturating_mul(DAY);
        if let Some(offset) = self.offsets.steady(midnight) {
            let start = midnight.saturating_sub(offset);
            for &(open, close) in hours {
                each((start.saturating_add(open.into()), start.saturating_add(close.into())));
            }
        } else if self.start_of(date) < self.start_of(date.saturating_add(1)) {
            for &(open, close) in hours {
                let instant = |seconds: u32| self.offsets.instant(midnight.saturating_add(seconds.into()));
                let piece = (instant(open), instant(close));
                if piece.0 < piece.1 {
                    each(piece);
                }
            }
        }
        // Otherwise the zone skipped the date whole, as Samoa did on 30 December 2011: it has no hours.
    }

    /// The same, with closures cut out.
    pub(super) fn pieces(&self, date: i64, mut each: impl FnMut(Piece)) {
        if self.closed.is_empty() {
            self.uncut(date, each);
        } else {
            self.uncut(date, |piece| self.cut(piece, &mut each));
        }
    }

    fn cut(&self, (mut open, close): Piece, each: &mut impl FnMut(Piece)) {
        let first = self.closed.partition_point(|(_, to)| *to <= open);
        for &(from, to) in self.closed.get(first..).unwrap_or_default() {
            if from >= close {
                break;
            }
            if open < from {
                each((open, from));
            }
            open = open.max(to);
        }
        if open < close {
            each((open, close));
        }
    }

    /// The closure that an instant lies in, the one that began last.
    pub(super) fn closure_at(&self, at: i64) -> Option<&Name> {
        let begun = self.closures.partition_point(|((from, _), _)| *from <= at);
        let begun = self.closures.get(..begun).unwrap_or_default();
        begun.iter().rev().find(|((_, to), _)| at < *to).map(|(_, name)| name)
    }

    /// The edges of the closures that reach into a span.
    pub(super) fn closure_edges(&self, from: i64, to: i64, mut each: impl FnMut(i64)) {
        for ((begin, end), _) in self.closures.iter().take_while(|((begin, _), _)| *begin < to) {
            if *end > from {
                each(*begin);
                each(*end);
            }
        }
    }

    /// The instant at which a date begins.
    pub(super) fn start_of(&self, date: i64) -> i64 {
        self.offsets.instant(date.saturating_mul(DAY))
    }

    /// An instant before which no hours of a date, or of a later one, open.
    pub(super) fn floor_of(&self, date: i64) -> i64 {
        self.offsets.floor(date.saturating_mul(DAY))
    }

    /// The local date of an instant.
    pub(super) fn date_at(&self, at: i64) -> i64 {
        at.saturating_add(self.offsets.at(at)).div_euclid(DAY)
    }
}

/// Spans in order of their beginning, with those joined that overlap or touch.
pub(super) fn joined(sorted: impl Iterator<Item = Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for (from, to) in sorted {
        match out.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    out
}

fn bit(date: i64) -> Option<(usize, u64)> {
    let place = u32::try_from(date.checked_sub(FIRST_DATE)?).ok().filter(|_| date <= LAST_DATE)?;
    Some((usize::try_from(place / 64).ok()?, 1_u64.checked_shl(place % 64)?))
}

/// 0 for Monday to 6 for Sunday: 1970 began on a Thursday.
fn weekday(date: i64) -> i64 {
    date.saturating_add(3).rem_euclid(7)
}

fn number(date: NaiveDate) -> i64 {
    date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp().div_euclid(DAY)
}

fn local(hours: &[Hours]) -> Box<[LocalPiece]> {
    let mut pieces: Box<[_]> = hours.iter().map(|hours| hours.seconds()).collect();
    pieces.sort_unstable();
    pieces
}

fn name(text: Option<&str>) -> Name {
    text.map(Arc::from)
}

/// Every date that is not like its weekday, in order.
fn special(draft: &CalendarDraft, weekly: &[Box<[LocalPiece]>; 7]) -> Vec<(i64, Special)> {
    let mut holidays = holidays(draft, weekly);
    // Of two holidays on one date the one that was drafted first gives its name; sorting keeps their order.
    holidays.sort_by_key(|(date, _)| *date);
    holidays.dedup_by_key(|(date, _)| *date);
    let mut all: Vec<(i64, u8, Special)> = draft
        .overrides
        .iter()
        .map(|day| {
            // An override counts before a holiday only if it says so.
            let rank = if day.on_holidays { 0 } else { 2 };
            (number(day.date), rank, Special::Override(local(&day.hours), name(day.name.as_deref())))
        })
        .chain(holidays.into_iter().map(|(date, name)| (date, 1, Special::Holiday(name))))
        .filter(|(date, _, _)| (FIRST_DATE..=LAST_DATE).contains(date))
        .collect();
    all.sort_by_key(|(date, rank, _)| (*date, *rank));
    all.dedup_by_key(|(date, _, _)| *date);
    all.into_iter().map(|(date, _, special)| (date, special)).collect()
}

fn holidays(draft: &CalendarDraft, weekly: &[Box<[LocalPiece]>; 7]) -> Vec<(i64, Name)> {
    let mut dates = Vec::new();
    let mut to_move = Vec::new();
    for holiday in &draft.holidays {
        let own = name(holiday.name.as_deref());
        let observed: Name = holiday.name.as_deref().map(|name| Arc::from(format!("{name} (observed)")));
        for year in years(holiday) {
            for (date, is_other) in holiday.dates(year) {
                let name = if is_other { &observed } else { &own };
                dates.push((number(date), name.clone()));
                if holiday.observed == Observed::NextWorkday {
                    to_move.push((number(date), observed.clone()));
                }
            }
        }
    }
    if to_move.is_empty() {
        return dates;
    }
    let mut taken: std::collections::HashSet<i64> = dates.iter().map(|(date, _)| *date).collect();
    let has_hours = |date: i64| {
        usize::try_from(weekday(date)).ok().and_then(|day| weekly.get(day)).is_some_and(|day| !day.is_empty())
    };
    to_move.sort_by_key(|(date, _)| *date);
    for (date, name) in to_move {
        if has_hours(date) {
            continue;
        }
        // More holidays in a row than this are no workdays to be found behind.
        let next =
            (1..=60).map(|days| date.saturating_add(days)).find(|next| has_hours(*next) && !taken.contains(next));
        if let Some(next) = next {
            taken.insert(next);
            dates.push((next, name));
        }
    }
    dates
}

/// The years in which a holiday can give dates within the range.
fn years(holiday: &Holiday) -> std::ops::RangeInclusive<i32> {
    match holiday.rule {
        HolidayRule::Date(date) => date.year()..=date.year(),
        _ => {
            let last = DateTime::from_timestamp(LAST, 0).map_or(2_099, |at| at.year());
            let first = DateTime::from_timestamp(START_SECONDS, 0).map_or(1_970, |at| at.year());
            first.saturating_sub(1)..=last.saturating_add(1)
        }
    }
}
