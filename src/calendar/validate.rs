//! Validation: a calendar as a whole, all faults at once, each with its path.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::{
    BuiltIn, Calendar, CalendarDraft, Hours, Weekly, ZoneName, ZoneSource,
    dates::Dates,
    holiday::{Holiday, HolidayRule},
    offsets::Offsets,
};
use crate::{fault::Faults, key::CalendarKey};

/// The most hours that a weekday or an override may have: one for each quarter of an hour. It bounds what a
/// compiled calendar takes to about 25 MB; with one a day it is about 250 KB.
pub const MAX_HOURS_PER_DAY: usize = 96;
/// The most holidays, overrides and closures, of each.
pub const MAX_ENTRIES: usize = 10_000;
/// The most calendars that may stand on top of each other.
pub const MAX_BASES: usize = 16;
/// The most characters of a name.
const MAX_NAME_CHARS: usize = 200;
/// The seconds of a week by the clock on the wall.
const WEEK: u32 = 7 * 86_400;

/// Finds the drafts on top of which others stand.
pub trait Bases {
    /// The draft of this key, if there is one.
    fn draft(&self, key: &CalendarKey) -> Option<CalendarDraft>;
}

impl<F: Fn(&CalendarKey) -> Option<CalendarDraft>> Bases for F {
    fn draft(&self, key: &CalendarKey) -> Option<CalendarDraft> {
        self(key)
    }
}

impl CalendarDraft {
    /// Makes a calendar of a draft that stands on no other: validates it and compiles it.
    ///
    /// # Errors
    /// Every fault at once, each with its path: no zone or one that `zones` does not know, hours that overlap
    /// or close when they open, dates that no year has or that are given twice, closures that end before they
    /// begin, too many of anything, no open second in the years 2000 to 2040, and a base, which
    /// [`compile_on`](Self::compile_on) would take.
    pub fn compile(self, zones: &dyn ZoneSource) -> Result<Calendar, Faults> {
        self.compile_on(zones, &|_: &CalendarKey| None)
    }

    /// Makes a calendar of a draft that may stand on others, which `bases` finds.
    ///
    /// ```
    /// use andon::{calendar::{BuiltIn, CalendarDraft, Hours, WORKDAYS}, key::CalendarKey};
    ///
    /// let desk = CalendarDraft::new("Desk").zone("UTC").open_on(WORKDAYS, [Hours::new("09:00", "17:00")?]);
    /// let vip = CalendarDraft::new("VIP").on_top_of(CalendarKey::new("desk")?).override_on(
    ///     "2026-06-06".parse()?, // a Saturday
    ///     [Hours::new("10:00", "14:00")?],
    /// );
    /// let vip = vip.compile_on(&BuiltIn, &|key: &CalendarKey| (key.as_str() == "desk").then(|| desk.clone()))?;
    /// assert!(vip.is_open("2026-06-06T12:00:00Z".parse()?)? && vip.is_open("2026-06-08T12:00:00Z".parse()?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As with [`compile`](Self::compile), the faults of a base below `base`; and a base that is unknown, that
    /// stands on itself, or that has more than [`MAX_BASES`] below it.
    pub fn compile_on(self, zones: &dyn ZoneSource, bases: &dyn Bases) -> Result<Calendar, Faults> {
        let mut faults = Faults::none();
        self.check(&mut faults);
        let resolved = self.clone().resolve(bases, &mut faults);
        let zone = match &resolved.zone {
            Some(zone) => known_zone(zone, zones, &mut faults),
            None => {
                faults.push("zone", "zone.missing", "must be given, as no base has one");
                None
            }
        };
        faults.done()?;
        let Some((zone, offsets)) = zone else { return Err(never_open()) };
        let dates = Dates::of(&resolved, offsets);
        let calendar = Calendar::of(self, resolved, zone, zones.version(), dates);
        if calendar.never_opens() { Err(never_open()) } else { Ok(calendar) }
    }

    /// The draft as one that stands on nothing, with the faults of what it stands on.
    fn resolve(self, bases: &dyn Bases, faults: &mut Faults) -> Self {
        let mut chain = vec![self];
        let mut seen = HashSet::new();
        let mut path = String::from("base");
        while let Some(key) = chain.last().and_then(|draft| draft.base.clone()) {
            if seen.len() >= MAX_BASES {
                let rule = format!("has more than {MAX_BASES} calendars below it");
                faults.push(path.as_str(), "calendar.too_many", rule);
                break;
            }
            if !seen.insert(key.clone()) {
                let rule = format!("is `{key}`, which stands on itself");
                faults.push(path.as_str(), "calendar.circle", rule);
                break;
            }
            let Some(base) = bases.draft(&key) else {
                let rule = format!("is `{key}`, which is no calendar that is known here");
                faults.push(path.as_str(), "calendar.unknown", rule);
                break;
            };
            let mut inner = Faults::none();
            base.check(&mut inner);
            faults.nest(&path, inner);
            path.push_str(".base");
            chain.push(base);
        }
        let lowest = chain.pop().unwrap_or_default();
        chain.into_iter().rev().fold(Self { base: None, ..lowest }, |below, draft| draft.over(below))
    }

    /// What can be said of the draft alone.
    fn check(&self, faults: &mut Faults) {
        check_name(faults, "name", Some(&self.name));
        if let Some(weekly) = &self.weekly {
            check_week(faults, weekly);
        }
        if few_enough(faults, "holidays", self.holidays.len(), MAX_ENTRIES) {
            self.check_holidays(faults);
        }
        if few_enough(faults, "overrides", self.overrides.len(), MAX_ENTRIES) {
            self.check_overrides(faults);
        }
        if few_enough(faults, "closures", self.closures.len(), MAX_ENTRIES) {
            for (index, closure) in self.closures.iter().enumerate() {
                let path = format!("closures[{index}]");
                check_name(faults, &format!("{path}.name"), closure.name.as_ref());
                if closure.to <= closure.from {
                    let rule = format!("is {}, which is not after its beginning, {}", closure.to, closure.from);
                    faults.push(format!("{path}.to"), "calendar.closure_reversed", rule);
                }
            }
        }
    }

    fn check_holidays(&self, faults: &mut Faults) {
        let mut seen = HashSet::new();
        for (index, holiday) in self.holidays.iter().enumerate() {
            let path = format!("holidays[{index}]");
            check_name(faults, &format!("{path}.name"), holiday.name.as_ref());
            check_rule(faults, &path, holiday);
            if let HolidayRule::Date(date) = holiday.rule
                && !seen.insert(date)
            {
                faults.push(path, "date.repeated", format!("is {date}, which is a holiday already"));
            }
        }
    }

    fn check_overrides(&self, faults: &mut Faults) {
        let mut seen = HashSet::new();
        for (index, day) in self.overrides.iter().enumerate() {
            let path = format!("overrides[{index}]");
            check_name(faults, &format!("{path}.name"), day.name.as_ref());
            if !seen.insert(day.date) {
                let rule = format!("is {}, which is overridden already", day.date);
                faults.push(format!("{path}.date"), "date.repeated", rule);
            }
            let path = format!("{path}.hours");
            if few_enough(faults, &path, day.hours.len(), MAX_HOURS_PER_DAY) {
                let placed = place(faults, &path, &day.hours, 0);
                check_overlaps(faults, placed);
            }
        }
    }
}

fn never_open() -> Faults {
    let mut faults = Faults::none();
    faults.push("weekly", "calendar.never_open", "and the overrides leave no second open in the years 2000 to 2040");
    faults
}

fn known_zone(zone: &str, zones: &dyn ZoneSource, faults: &mut Faults) -> Option<(ZoneName, Offsets)> {
    let name = match ZoneName::new(zone) {
        Ok(name) => name,
        Err(error) => {
            faults.push("zone", "zone.unknown", format!("is not known: {error}"));
            return None;
        }
    };
    let Some(rules) = zones.rules(&name) else {
        let rule = format!(
            "is `{name}`, of which the rules are not known here: turn the feature `time-zones` on, or give a `ZoneSource` of your own that has it"
        );
        faults.push("zone", "zone.unknown", rule);
        return None;
    };
    match Offsets::of(&*rules) {
        Ok(offsets) => Some((name, offsets)),
        Err(error) => {
            let rule = format!("is `{name}`, of which the rules do not tell every year from 1970 to 2099: {error}");
            faults.push("zone", "zone.incomplete", rule);
            None
        }
    }
}

fn few_enough(faults: &mut Faults, path: &str, count: usize, most: usize) -> bool {
    if count > most {
        faults.push(path, "calendar.too_many", format!("has {count} entries; at most {most} are allowed"));
    }
    count <= most
}

fn check_name(faults: &mut Faults, path: &str, name: Option<&String>) {
    let Some(name) = name else { return };
    if name.trim().is_empty() {
        faults.push(path, "text.empty", "must not be empty");
    } else if name.chars().count() > MAX_NAME_CHARS {
        faults.push(path, "text.too_long", format!("must have at most {MAX_NAME_CHARS} characters"));
    } else if name.chars().any(char::is_control) {
        faults.push(path, "text.control_character", "must not have control characters");
    }
}

fn check_rule(faults: &mut Faults, path: &str, holiday: &Holiday) {
    let month_exists = |month: u32| (1..=12).contains(&month);
    match holiday.rule {
        HolidayRule::Date(_) => {}
        // 2000 was a leap year: a day that it lacks is in no year.
        HolidayRule::Fixed { month, day } => {
            if NaiveDate::from_ymd_opt(2000, month, day).is_none() {
                let rule = format!("is day {day} of month {month}, which no year has");
                faults.push(path, "date.impossible", rule);
            }
        }
        HolidayRule::Nth { nth, month, .. } => {
            if !month_exists(month) {
                faults.push(format!("{path}.month"), "date.impossible", format!("is {month}; months are 1 to 12"));
            }
            if !(1..=5).contains(&nth.unsigned_abs()) {
                let rule = format!("is {nth}; it must be 1 to 5, or -1 to -5 from the end of the month");
                faults.push(format!("{path}.nth"), "holiday.range", rule);
            }
        }
        HolidayRule::Easter(days) => {
            if days.unsigned_abs() > 366 {
                let rule = format!("is {days}; it must be at most 366 days before or after");
                faults.push(format!("{path}.easter"), "holiday.range", rule);
            }
        }
    }
    if let Some((from, to)) = holiday.from_year.zip(holiday.to_year)
        && to < from
    {
        let rule = format!("is {to}, which lies before `from_year`, {from}");
        faults.push(format!("{path}.to_year"), "holiday.years", rule);
    }
}

/// Hours in seconds from some midnight, and where they stand in the draft.
struct Placed {
    from: u32,
    to: u32,
    hours: Hours,
    path: String,
}

fn check_week(faults: &mut Faults, weekly: &Weekly) {
    let mut placed = Vec::new();
    let mut midnight = 0_u32;
    for (day, name) in Weekly::days() {
        let path = format!("weekly.{name}");
        if few_enough(faults, &path, weekly.day(day).len(), MAX_HOURS_PER_DAY) {
            placed.extend(place(faults, &path, weekly.day(day), midnight));
        }
        midnight = midnight.saturating_add(86_400);
    }
    // What runs across midnight on Sunday meets the Monday of the next week.
    let wrapped: Vec<_> = placed
        .iter()
        .filter(|placed| placed.from < 86_400)
        .map(|placed| Placed {
            from: placed.from.saturating_add(WEEK),
            to: placed.to.saturating_add(WEEK),
            hours: placed.hours,
            path: placed.path.clone(),
        })
        .collect();
    let sunday_runs_on = placed.iter().any(|placed| placed.to > WEEK);
    if sunday_runs_on {
        placed.extend(wrapped);
    }
    check_overlaps(faults, placed);
}

/// Hours that close after they open, placed; the others are faults.
fn place(faults: &mut Faults, path: &str, hours: &[Hours], midnight: u32) -> Vec<Placed> {
    let mut placed = Vec::new();
    for (index, hours) in hours.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if hours.open == hours.close || hours.open.seconds() == 86_400 {
            let rule = format!("opens at {} and closes at {}: a whole day is 00:00 to 24:00", hours.open, hours.close);
            faults.push(path, "hours.empty", rule);
        } else {
            let (from, to) = hours.seconds();
            let (from, to) = (from.saturating_add(midnight), to.saturating_add(midnight));
            placed.push(Placed { from, to, hours: *hours, path });
        }
    }
    placed
}

fn check_overlaps(faults: &mut Faults, mut placed: Vec<Placed>) {
    placed.sort_by_key(|placed| (placed.from, placed.to));
    let mut told: HashSet<String> = HashSet::new();
    let mut longest: Option<&Placed> = None;
    for next in &placed {
        if let Some(last) = longest
            && next.from < last.to
            && told.insert(next.path.clone())
        {
            let rule = format!("is {}, which overlaps with {} of `{}`", next.hours, last.hours, last.path);
            faults.push(next.path.as_str(), "hours.overlap", rule);
        }
        if longest.is_none_or(|last| last.to < next.to) {
            longest = Some(next);
        }
    }
}

impl Calendar {
    /// Open at every hour, in the local time of a zone that is built in.
    ///
    /// # Errors
    /// A fault if no rules for the zone are built in: without the feature `time-zones` that is any but UTC and
    /// fixed offsets.
    pub fn around_the_clock(zone: &ZoneName) -> Result<Self, Faults> {
        CalendarDraft::new("Around the clock").zone(zone.as_str()).around_the_clock().compile(&BuiltIn)
    }
}
