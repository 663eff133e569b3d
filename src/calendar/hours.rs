//! Hours of a day and of a week, in local time.

use std::{borrow::Cow, fmt, str::FromStr};

use chrono::Weekday;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, SeqAccess, Visitor},
};

/// A local time of day from 00:00 to 24:00, which is the end of the day. Text form: `09:00`, or `09:00:30`
/// where there are seconds.
///
/// ```
/// use andon::calendar::TimeOfDay;
///
/// assert_eq!(TimeOfDay::new("09:30")?.seconds(), 34_200);
/// assert_eq!(TimeOfDay::new("24:00")?, TimeOfDay::END);
/// assert!(TimeOfDay::new("24:01").is_err());
/// # Ok::<(), andon::calendar::TimeOfDayError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Cow<'_, str>", into = "String")]
pub struct TimeOfDay(u32);

/// A text that is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no time of day from 00:00 to 24:00, such as 09:30")]
pub struct TimeOfDayError {
    text: String,
}

impl TimeOfDay {
    /// 00:00, at which a day begins.
    pub const START: Self = Self(0);
    /// 24:00, at which a day ends.
    pub const END: Self = Self(86_400);

    /// Takes a text such as `09:30`.
    ///
    /// # Errors
    /// [`TimeOfDayError`] for any other form, and for a time after 24:00.
    pub fn new(text: &str) -> Result<Self, TimeOfDayError> {
        read(text).map(Self).ok_or_else(|| TimeOfDayError { text: text.chars().take(40).collect() })
    }

    /// The seconds from 00:00 by the clock on the wall: 0 to 86,400.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

fn read(text: &str) -> Option<u32> {
    let mut parts = text.split(':');
    let mut part = |most: u32| {
        let digits = parts.next()?;
        let two = digits.len() == 2 && digits.bytes().all(|c| c.is_ascii_digit());
        digits.parse().ok().filter(|number| two && *number <= most)
    };
    let (hours, minutes) = (part(24)?, part(59)?);
    let seconds = if text.len() > 5 { part(59)? } else { 0 };
    if parts.next().is_some() {
        return None;
    }
    let all = hours.checked_mul(3_600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?;
    (all <= 86_400).then_some(all)
}

impl TryFrom<&str> for TimeOfDay {
    type Error = TimeOfDayError;

    fn try_from(text: &str) -> Result<Self, TimeOfDayError> {
        Self::new(text)
    }
}

impl TryFrom<Cow<'_, str>> for TimeOfDay {
    type Error = TimeOfDayError;

    fn try_from(text: Cow<'_, str>) -> Result<Self, TimeOfDayError> {
        Self::new(&text)
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        Self::new(text)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.0 / 3_600, self.0 / 60 % 60, self.0 % 60);
        write!(f, "{hours:02}:{minutes:02}")?;
        if seconds > 0 { write!(f, ":{seconds:02}") } else { Ok(()) }
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hours from an opening to a closing; as data `["09:00", "17:00"]`. The opening instant is within, the
/// closing instant is not.
///
/// Hours that close at an earlier time than they open run across midnight (`["22:00", "06:00"]`), and belong
/// to the day on which they open. Those that close when they open are a fault: a whole day is
/// `["00:00", "24:00"]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "(TimeOfDay, TimeOfDay)")]
pub struct Hours {
    /// When they begin.
    pub open: TimeOfDay,
    /// When they end.
    pub close: TimeOfDay,
}

impl Hours {
    /// The whole day: 00:00 to 24:00.
    pub const ALL_DAY: Self = Self { open: TimeOfDay::START, close: TimeOfDay::END };

    /// Hours from two texts.
    ///
    /// # Errors
    /// [`TimeOfDayError`] for a text that is no time of day.
    pub fn new(open: &str, close: &str) -> Result<Self, TimeOfDayError> {
        Ok(Self { open: TimeOfDay::new(open)?, close: TimeOfDay::new(close)? })
    }

    /// Whether they run across midnight.
    #[must_use]
    pub fn cross_midnight(self) -> bool {
        self.close < self.open
    }

    /// Seconds from the midnight of their day, by the clock on the wall: the end of hours across midnight is
    /// more than a day.
    pub(super) fn seconds(self) -> (u32, u32) {
        let next_day = if self.cross_midnight() { 86_400 } else { 0 };
        (self.open.0, self.close.0.saturating_add(next_day))
    }
}

/// Not as a tuple: some formats take the first two of four times, and would lose an afternoon.
impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;

        impl<'de> Visitor<'de> for Pair {
            type Value = Hours;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("hours as a pair of times, such as [\"09:00\", \"17:00\"]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut times: A) -> Result<Hours, A::Error> {
                let mut given = 0_usize;
                let (mut open, mut close) = (None, None);
                while let Some(time) = times.next_element()? {
                    given = given.saturating_add(1);
                    match given {
                        1 => open = Some(time),
                        2 => close = Some(time),
                        _ => {}
                    }
                }
                match (open, close) {
                    (Some(open), Some(close)) if given == 2 => Ok(Hours { open, close }),
                    _ => Err(A::Error::invalid_length(given, &self)),
                }
            }
        }

        deserializer.deserialize_seq(Pair)
    }
}

impl From<Hours> for (TimeOfDay, TimeOfDay) {
    fn from(hours: Hours) -> Self {
        (hours.open, hours.close)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", self.open, self.close)
    }
}

impl fmt::Debug for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hours of each day of the week; as data `mon` to `sun`, a day that is left out has none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weekly {
    /// On Mondays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mon: Vec<Hours>,
    /// On Tuesdays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tue: Vec<Hours>,
    /// On Wednesdays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wed: Vec<Hours>,
    /// On Thursdays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thu: Vec<Hours>,
    /// On Fridays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fri: Vec<Hours>,
    /// On Saturdays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sat: Vec<Hours>,
    /// On Sundays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sun: Vec<Hours>,
}

/// Monday to Friday.
pub const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

impl Weekly {
    /// Every hour of the week.
    #[must_use]
    pub fn around_the_clock() -> Self {
        let day = || vec![Hours::ALL_DAY];
        Self { mon: day(), tue: day(), wed: day(), thu: day(), fri: day(), sat: day(), sun: day() }
    }

    /// The hours of a weekday.
    #[must_use]
    pub fn day(&self, day: Weekday) -> &[Hours] {
        match day {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }

    /// The hours of a weekday, to be changed.
    #[must_use]
    pub fn day_mut(&mut self, day: Weekday) -> &mut Vec<Hours> {
        match day {
            Weekday::Mon => &mut self.mon,
            Weekday::Tue => &mut self.tue,
            Weekday::Wed => &mut self.wed,
            Weekday::Thu => &mut self.thu,
            Weekday::Fri => &mut self.fri,
            Weekday::Sat => &mut self.sat,
            Weekday::Sun => &mut self.sun,
        }
    }

    /// Every weekday, from Monday on, with its name as data.
    pub(super) fn days() -> [(Weekday, &'static str); 7] {
        [
            (Weekday::Mon, "mon"),
            (Weekday::Tue, "tue"),
            (Weekday::Wed, "wed"),
            (Weekday::Thu, "thu"),
            (Weekday::Fri, "fri"),
            (Weekday::Sat, "sat"),
            (Weekday::Sun, "sun"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_two_digits_each_and_at_most_24_00() {
        for (text, seconds) in [("00:00", 0), ("01:30:30", 5_430), ("23:59:59", 86_399), ("24:00", 86_400)] {
            let time = TimeOfDay::new(text).unwrap();
            assert_eq!((time.seconds(), time.to_string().as_str()), (seconds, text));
        }
        for text in ["", "9:00", "09:0", "09:60", "24:00:01", "25:00", "09:00:00:00", "+9:00", "09:00:", "0９:00"] {
            assert!(TimeOfDay::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hours_across_midnight_end_on_the_next_day() {
        assert_eq!(Hours::new("22:00", "06:00").unwrap().seconds(), (79_200, 108_000));
        assert_eq!(Hours::new("22:00", "00:00").unwrap().seconds(), (79_200, 86_400));
        assert_eq!(Hours::ALL_DAY.seconds(), (0, 86_400));
    }
}
