//! Zones of civil time, and business calendars.

mod business;
mod calendar;
mod dates;
mod days;
mod draft;
mod error;
mod holiday;
mod hours;
mod index;
mod offsets;
mod rules;
mod seconds;
mod span;
mod spans;
mod validate;
mod walk;
mod zone;

pub use calendar::Calendar;
pub use days::BusinessDays;
pub use draft::{CalendarDraft, Closure, DayOverride};
pub use error::CalendarError;
pub use holiday::{Holiday, HolidayRule, Observed};
pub use hours::{Hours, TimeOfDay, TimeOfDayError, WORKDAYS, Weekly};
pub use rules::{LocalTime, RANGE_END, RANGE_START, ZoneChange, ZoneError, ZoneRules, ZoneSource, zone_changes};
pub use span::Span;
pub use spans::{CalendarSpan, CalendarSpans, OpenIntervals, Why};
pub use validate::{Bases, MAX_BASES, MAX_ENTRIES, MAX_HOURS_PER_DAY};
#[cfg(feature = "time-zones")]
pub use zone::TZDATA_VERSION;
pub use zone::{BuiltIn, ZoneName, ZoneNameError};
