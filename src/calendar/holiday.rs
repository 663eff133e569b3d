//! Holidays: dates and rules that give dates.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Deserializer, Serialize};

/// A holiday: a local date, or a rule that gives one each year, on which there are no hours.
///
/// As data a date alone, or a table:
///
/// ```
/// # use andon::calendar::Holiday;
/// let holidays: Vec<Holiday> = serde_json::from_str(
///     r#"[
///         "2026-06-19",
///         {"date": "2026-12-24", "name": "Christmas Eve"},
///         {"month": 7, "day": 4, "name": "Independence Day", "observed": "nearest_weekday"},
///         {"nth": 4, "weekday": "thu", "month": 11, "name": "Thanksgiving Day"},
///         {"nth": -1, "weekday": "mon", "month": 5, "name": "Memorial Day", "from_year": 1971},
///         {"easter": -2, "name": "Good Friday"}
///     ]"#,
/// )?;
/// let thanksgiving = holidays[3].dates(2026).next().map(|(date, _)| date.to_string());
/// assert_eq!(thanksgiving.as_deref(), Some("2026-11-26"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Form")]
pub struct Holiday {
    /// On which date it falls.
    pub rule: HolidayRule,
    /// What people call it.
    pub name: Option<String>,
    /// On which other date it is kept, too, when it falls on a weekend.
    pub observed: Observed,
    /// The first year in which it falls.
    pub from_year: Option<i32>,
    /// The last year in which it falls.
    pub to_year: Option<i32>,
}

/// On which date a holiday falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HolidayRule {
    /// On this date, once.
    Date(NaiveDate),
    /// On a day of a month, each year that has it: 29 February comes in leap years only.
    Fixed {
        /// The month, 1 to 12.
        month: u32,
        /// The day of the month.
        day: u32,
    },
    /// On the n-th such weekday of a month, counted from the end if negative. A month without a fifth one has
    /// none.
    Nth {
        /// Which one: 1 to 5, or −1 to −5.
        nth: i8,
        /// The weekday.
        weekday: Weekday,
        /// The month, 1 to 12.
        month: u32,
    },
    /// So many days after Easter Sunday of the Gregorian calendar, or before it if negative.
    Easter(i16),
}

/// On which other date a holiday is kept, too. The day on which it falls has no hours in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Observed {
    /// On none.
    #[default]
    Never,
    /// From a Saturday on the Friday before, from a Sunday on the Monday after.
    NearestWeekday,
    /// From a Sunday on the Monday after.
    MondayAfterSunday,
    /// From a Saturday or Sunday on the Monday after.
    MondayAfterWeekend,
    /// From a weekday without weekly hours on the next date that has them and is no holiday itself, so that two
    /// holidays on one weekend are kept on two days. A calendar that is open every day moves nothing.
    NextWorkday,
}

impl Holiday {
    /// A holiday by this rule, without a name, each year.
    #[must_use]
    pub const fn new(rule: HolidayRule) -> Self {
        Self { rule, name: None, observed: Observed::Never, from_year: None, to_year: None }
    }

    /// On this date, once.
    #[must_use]
    pub const fn on(date: NaiveDate) -> Self {
        Self::new(HolidayRule::Date(date))
    }

    /// On a day of a month, each year.
    #[must_use]
    pub const fn yearly(month: u32, day: u32) -> Self {
        Self::new(HolidayRule::Fixed { month, day })
    }

    /// On the n-th such weekday of a month, counted from the end if negative.
    #[must_use]
    pub const fn nth(nth: i8, weekday: Weekday, month: u32) -> Self {
        Self::new(HolidayRule::Nth { nth, weekday, month })
    }

    /// So many days after Easter Sunday, or before it if negative.
    #[must_use]
    pub const fn easter(days: i16) -> Self {
        Self::new(HolidayRule::Easter(days))
    }

    /// With a name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Kept on another date, too, when it falls on a weekend.
    #[must_use]
    pub fn observed(self, observed: Observed) -> Self {
        Self { observed, ..self }
    }

    /// In these years only, both included.
    #[must_use]
    pub fn in_years(self, from: Option<i32>, to: Option<i32>) -> Self {
        Self { from_year: from, to_year: to, ..self }
    }

    /// The dates that the holiday gives in a year, each with whether it is the other date on which it is
    /// observed. That date may lie in the year before or after. What [`Observed::NextWorkday`] gives hangs
    /// on the calendar, and is not among them.
    pub fn dates(&self, year: i32) -> impl Iterator<Item = (NaiveDate, bool)> + use<> {
        let date = self.date(year);
        let other = date.and_then(|date| self.observed.moved(date));
        date.map(|date| (date, false)).into_iter().chain(other.map(|date| (date, true)))
    }

    /// The date on which it falls in a year.
    #[must_use]
    pub fn date(&self, year: i32) -> Option<NaiveDate> {
        if self.from_year.is_some_and(|from| year < from) || self.to_year.is_some_and(|to| year > to) {
            return None;
        }
        match self.rule {
            HolidayRule::Date(date) => (date.year() == year).then_some(date),
            HolidayRule::Fixed { month, day } => NaiveDate::from_ymd_opt(year, month, day),
            HolidayRule::Nth { nth, weekday, month } => nth_weekday(year, month, weekday, nth),
            HolidayRule::Easter(days) => {
                let distance = Days::new(u64::from(days.unsigned_abs()));
                let easter = easter(year)?;
                if days < 0 { easter.checked_sub_days(distance) } else { easter.checked_add_days(distance) }
            }
        }
    }
}

impl Observed {
    /// The other date, where it hangs on nothing but the date.
    fn moved(self, date: NaiveDate) -> Option<NaiveDate> {
        match (self, date.weekday()) {
            (Self::NearestWeekday, Weekday::Sat) => date.pred_opt(),
            (Self::NearestWeekday | Self::MondayAfterSunday | Self::MondayAfterWeekend, Weekday::Sun) => {
                date.succ_opt()
            }
            (Self::MondayAfterWeekend, Weekday::Sat) => date.checked_add_days(Days::new(2)),
            _ => None,
        }
    }
}

fn nth_weekday(year: i32, month: u32, weekday: Weekday, nth: i8) -> Option<NaiveDate> {
    let weeks = Days::new(u64::from(nth.unsigned_abs().checked_sub(1)?).checked_mul(7)?);
    let found = if nth > 0 {
        NaiveDate::from_weekday_of_month_opt(year, month, weekday, 1)?.checked_add_days(weeks)?
    } else {
        let fifth = NaiveDate::from_weekday_of_month_opt(year, month, weekday, 5);
        fifth.or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4))?.checked_sub_days(weeks)?
    };
    (found.month() == month).then_some(found)
}

/// Easter Sunday by the rule of the Gregorian calendar: the first Sunday after the full moon on or after
/// 21 March, the moon reckoned by the Metonic cycle of 19 years with its corrections at the centuries.
fn easter(year: i32) -> Option<NaiveDate> {
    let year_u = u32::try_from(year).ok()?;
    let century = year_u.checked_div(100)?.checked_add(1)?;
    let golden = year_u.checked_rem(19)?.checked_add(1)?;
    let solar = century.checked_mul(3)?.checked_div(4)?.checked_sub(12)?;
    let lunar = century.checked_mul(8)?.checked_add(5)?.checked_div(25)?.checked_sub(5)?;
    // The age of the moon on 1 January; 30 keeps it positive.
    let age = golden.checked_mul(11)?.checked_add(20)?.checked_add(lunar)?.checked_add(30)?.checked_sub(solar)?;
    let epact = match age.checked_rem(30)? {
        25 if golden > 11 => 26,
        24 => 25,
        epact => epact,
    };
    let full_moon = if epact > 23 { 74_u32.checked_sub(epact)? } else { 44_u32.checked_sub(epact)? };
    let moon =
        NaiveDate::from_ymd_opt(year, 3, 1)?.checked_add_days(Days::new(u64::from(full_moon.checked_sub(1)?)))?;
    let to_sunday = 7_u32.checked_sub(moon.weekday().num_days_from_sunday())?;
    moon.checked_add_days(Days::new(u64::from(to_sunday)))
}

/// The table as which a holiday is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<i8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weekday: Option<Day>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    month: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    easter: Option<i16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "is_never")]
    observed: Observed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_year: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_year: Option<i32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_never(observed: &Observed) -> bool {
    *observed == Observed::Never
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl From<Day> for Weekday {
    fn from(day: Day) -> Self {
        match day {
            Day::Mon => Self::Mon,
            Day::Tue => Self::Tue,
            Day::Wed => Self::Wed,
            Day::Thu => Self::Thu,
            Day::Fri => Self::Fri,
            Day::Sat => Self::Sat,
            Day::Sun => Self::Sun,
        }
    }
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

impl From<Holiday> for Form {
    fn from(holiday: Holiday) -> Self {
        let Holiday { rule, name, observed, from_year, to_year } = holiday;
        let mut form = Self {
            date: None,
            nth: None,
            weekday: None,
            month: None,
            day: None,
            easter: None,
            name,
            observed,
            from_year,
            to_year,
        };
        match rule {
            HolidayRule::Date(date) => form.date = Some(date),
            HolidayRule::Fixed { month, day } => (form.month, form.day) = (Some(month), Some(day)),
            HolidayRule::Nth { nth, weekday, month } => {
                (form.nth, form.weekday, form.month) = (Some(nth), Some(weekday.into()), Some(month));
            }
            HolidayRule::Easter(days) => form.easter = Some(days),
        }
        form
    }
}

impl TryFrom<Form> for Holiday {
    type Error = &'static str;

    fn try_from(form: Form) -> Result<Self, &'static str> {
        let Form { date, nth, weekday, month, day, easter, name, observed, from_year, to_year } = form;
        let rule = match (date, nth, weekday, month, day, easter) {
            (Some(date), None, None, None, None, None) => HolidayRule::Date(date),
            (None, None, None, Some(month), Some(day), None) => HolidayRule::Fixed { month, day },
            (None, Some(nth), Some(weekday), Some(month), None, None) => {
                HolidayRule::Nth { nth, weekday: weekday.into(), month }
            }
            (None, None, None, None, None, Some(days)) => HolidayRule::Easter(days),
            _ => {
                return Err(
                    "a holiday has either `date`, or `month` and `day`, or `nth`, `weekday` and `month`, or `easter`",
                );
            }
        };
        Ok(Self { rule, name, observed, from_year, to_year })
    }
}

impl<'de> Deserialize<'de> for Holiday {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Holiday;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a holiday: a date such as \"2026-12-25\", or a table")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Holiday, E> {
                text.parse().map(Holiday::on).map_err(|_| E::custom(format_args!("`{text}` is no date")))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Holiday, A::Error> {
                let form = Form::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Holiday::try_from(form).map_err(serde::de::Error::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(holiday: &Holiday, year: i32) -> String {
        holiday.date(year).map_or_else(|| "none".to_owned(), |date| date.to_string())
    }

    #[test]
    fn easter_is_when_the_church_has_it() {
        let known = [
            (1961, "1961-04-02"),
            (1970, "1970-03-29"),
            (2000, "2000-04-23"),
            (2008, "2008-03-23"),
            (2011, "2011-04-24"),
            (2019, "2019-04-21"),
            (2024, "2024-03-31"),
            (2026, "2026-04-05"),
            (2038, "2038-04-25"),
            (2049, "2049-04-18"),
            (2076, "2076-04-19"),
            (2099, "2099-04-12"),
        ];
        for (year, on) in known {
            assert_eq!(date(&Holiday::easter(0), year), on);
        }
        assert_eq!(date(&Holiday::easter(-2), 2026), "2026-04-03");
        assert_eq!(date(&Holiday::easter(39), 2026), "2026-05-14");
    }

    #[test]
    fn the_n_th_weekday_counts_from_either_end() {
        assert_eq!(date(&Holiday::nth(4, Weekday::Thu, 11), 2026), "2026-11-26");
        assert_eq!(date(&Holiday::nth(-1, Weekday::Mon, 5), 2026), "2026-05-25");
        assert_eq!(date(&Holiday::nth(5, Weekday::Mon, 2), 2026), "none");
        assert_eq!(date(&Holiday::nth(-5, Weekday::Mon, 2), 2026), "none");
        assert_eq!(date(&Holiday::nth(-5, Weekday::Mon, 3), 2026), "2026-03-02");
        assert_eq!(date(&Holiday::nth(0, Weekday::Mon, 3), 2026), "none");
        assert_eq!(date(&Holiday::nth(i8::MIN, Weekday::Mon, 3), 2026), "none");
    }

    #[test]
    fn a_leap_day_comes_in_leap_years() {
        assert_eq!(date(&Holiday::yearly(2, 29), 2028), "2028-02-29");
        assert_eq!(date(&Holiday::yearly(2, 29), 2026), "none");
    }

    #[test]
    fn a_holiday_on_a_weekend_is_observed_on_another_day_too() {
        let on = |observed, year| {
            let dates: Vec<_> = Holiday::yearly(7, 4).observed(observed).dates(year).collect();
            dates.get(1).map(|(date, _)| date.to_string())
        };
        // 4 July 2026 is a Saturday, in 2027 it is a Sunday.
        assert_eq!(on(Observed::NearestWeekday, 2026).as_deref(), Some("2026-07-03"));
        assert_eq!(on(Observed::NearestWeekday, 2027).as_deref(), Some("2027-07-05"));
        assert_eq!(on(Observed::MondayAfterSunday, 2026), None);
        assert_eq!(on(Observed::MondayAfterWeekend, 2026).as_deref(), Some("2026-07-06"));
        assert_eq!(on(Observed::NearestWeekday, 2028), None);
    }

    #[test]
    fn what_is_no_holiday_is_said() {
        for (json, says) in [
            (r#"{"month": 2}"#, "a holiday has either"),
            (r#"{"date": "2026-12-25", "easter": 1}"#, "a holiday has either"),
            (r#"{"date": "2026-02-31"}"#, "out of range"),
            (r#""2026-02-31""#, "is no date"),
            (r#"{"on": "2026-12-25"}"#, "unknown field `on`"),
            ("7", "a holiday: a date"),
        ] {
            let error = serde_json::from_str::<Holiday>(json).unwrap_err().to_string();
            assert!(error.contains(says), "{json}: {error}");
        }
    }
}
