//! The draft: a calendar as people and files write it.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveDateTime, Weekday};
use serde::{Deserialize, Serialize};

use super::{Holiday, Hours, Weekly};
use crate::{event::DecodeError, key::CalendarKey};

/// A calendar before it is known to be valid. Reads and writes JSON, TOML and whatever else serde does.
///
/// A calendar on top of another has the key of that one in `base`: what it leaves out of zone and weekly hours
/// is as there, its holidays and closures are added to those there, and of two overrides of one date its own
/// counts.
///
/// ```
/// use andon::calendar::{BuiltIn, CalendarDraft, Holiday, Hours, Observed, WORKDAYS};
///
/// let draft = CalendarDraft::new("Support")
///     .zone("UTC")
///     .open_on(WORKDAYS, [Hours::new("09:00", "12:00")?, Hours::new("13:00", "17:00")?])
///     .holiday(Holiday::yearly(12, 25).named("Christmas Day").observed(Observed::NearestWeekday))
///     .override_on("2026-12-24".parse()?, [Hours::new("09:00", "12:00")?])
///     .closure("2026-06-01T14:00:00".parse()?, "2026-06-01T16:00:00".parse()?, "Fire drill");
/// let support = draft.compile(&BuiltIn)?;
/// assert!(support.is_open("2026-06-01T13:30:00Z".parse()?)?);
/// assert!(!support.is_open("2026-06-01T14:30:00Z".parse()?)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarDraft {
    /// What people call it.
    pub name: String,
    /// The calendar on top of which this one stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<CalendarKey>,
    /// The zone in whose local time everything here is; see [`ZoneName`](super::ZoneName).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The hours of each weekday. If it is given, it replaces the base's whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<Weekly>,
    /// Dates without hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Holiday>,
    /// Dates with other hours than their weekday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<DayOverride>,
    /// What is cut out of the hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closures: Vec<Closure>,
}

/// A local date with other hours than its weekday. One date is one date: a half day of every year has an entry for each.
///
/// They replace the hours that open on that date; hours of the evening before that run across midnight stay.
/// A holiday has no hours, whatever an override says, unless `on_holidays` is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayOverride {
    /// The date.
    pub date: NaiveDate,
    /// Its hours; none at all closes it.
    pub hours: Vec<Hours>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Counts even where the date is a holiday.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_holidays: bool,
}

/// A span of local time that is cut out of the hours, from an instant to before another. As data the times
/// are `2026-06-01T14:00`, with seconds where there are any; parts of a second do not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// Its beginning.
    #[serde(with = "local")]
    pub from: NaiveDateTime,
    /// The first time after it.
    #[serde(with = "local")]
    pub to: NaiveDateTime,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl CalendarDraft {
    /// A calendar of this name without anything.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Reads a draft from JSON.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to the field that cannot be read. Whether the calendar holds together
    /// is for [`compile`](Self::compile) to say.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        crate::event::decode(json)
    }

    /// On top of another calendar.
    #[must_use]
    pub fn on_top_of(self, base: CalendarKey) -> Self {
        Self { base: Some(base), ..self }
    }

    /// In the local time of this zone.
    #[must_use]
    pub fn zone(self, zone: impl Into<String>) -> Self {
        Self { zone: Some(zone.into()), ..self }
    }

    /// With these hours on these weekdays, beside what they have already.
    #[must_use]
    pub fn open_on(mut self, days: impl IntoIterator<Item = Weekday>, hours: impl IntoIterator<Item = Hours>) -> Self {
        let hours: Vec<_> = hours.into_iter().collect();
        let weekly = self.weekly.get_or_insert_default();
        for day in days {
            weekly.day_mut(day).extend(&hours);
        }
        self
    }

    /// Open at every hour of the week.
    #[must_use]
    pub fn around_the_clock(self) -> Self {
        Self { weekly: Some(Weekly::around_the_clock()), ..self }
    }

    /// With a holiday.
    #[must_use]
    pub fn holiday(mut self, holiday: Holiday) -> Self {
        self.holidays.push(holiday);
        self
    }

    /// With other hours on a date.
    #[must_use]
    pub fn override_on(mut self, date: NaiveDate, hours: impl IntoIterator<Item = Hours>) -> Self {
        let hours = hours.into_iter().collect();
        self.overrides.push(DayOverride { date, hours, name: None, on_holidays: false });
        self
    }

    /// With a span of local time cut out.
    #[must_use]
    pub fn closure(mut self, from: NaiveDateTime, to: NaiveDateTime, name: impl Into<String>) -> Self {
        self.closures.push(Closure { from, to, name: Some(name.into()) });
        self
    }

    /// This draft on top of `base`, as one draft that stands on nothing.
    pub(super) fn over(self, base: Self) -> Self {
        let replaced: HashSet<_> = self.overrides.iter().map(|upper| upper.date).collect();
        let mut overrides = base.overrides;
        overrides.retain(|lower| !replaced.contains(&lower.date));
        overrides.extend(self.overrides);
        Self {
            name: self.name,
            base: None,
            zone: self.zone.or(base.zone),
            weekly: self.weekly.or(base.weekly),
            holidays: [base.holidays, self.holidays].concat(),
            overrides,
            closures: [base.closures, self.closures].concat(),
        }
    }
}

/// Local times as data: a date, `T`, and a time of day up to 24:00.
mod local {
    use std::borrow::Cow;

    use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::super::TimeOfDay;

    pub(super) fn serialize<S: Serializer>(time: &NaiveDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%Y-%m-%dT%H:%M:%S"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDateTime, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        read(&text).ok_or_else(|| D::Error::custom(format_args!("`{text}` is no local time such as 2026-06-01T14:00")))
    }

    fn read(text: &str) -> Option<NaiveDateTime> {
        let (date, time) = text.split_once('T')?;
        let date: NaiveDate = date.parse().ok()?;
        match TimeOfDay::new(time) {
            Ok(TimeOfDay::END) => Some(date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN)),
            Ok(time) => Some(date.and_time(NaiveTime::from_num_seconds_from_midnight_opt(time.seconds(), 0)?)),
            Err(_) => None,
        }
    }
}
