//! Zones of civil time, and business calendars: when a desk is at work, and how much of that time passes.
//!
//! A [`CalendarDraft`] is what people write: weekly hours, holidays as dates and as rules, dates with other hours,
//! closures, and a calendar on top of which it stands. [`compile`](CalendarDraft::compile) validates it, tells every
//! fault at once, and makes a [`Calendar`] of it, which answers. Instants are UTC everywhere else in this library;
//! local time is here only.
//!
//! ```
//! use andon::{
//!     calendar::{BuiltIn, CalendarDraft},
//!     time::Seconds,
//! };
//!
//! let draft: CalendarDraft = toml::from_str(
//!     r#"
//!     name = "Support, first line"
//!     zone = "+01:00"
//!
//!     [weekly]
//!     mon = [["08:00", "12:00"], ["13:00", "17:00"]]
//!     tue = [["08:00", "12:00"], ["13:00", "17:00"]]
//!     wed = [["08:00", "12:00"], ["13:00", "17:00"]]
//!     thu = [["08:00", "12:00"], ["13:00", "17:00"]]
//!     fri = [["08:00", "15:00"]]
//!     sat = [["22:00", "06:00"]]          # across midnight: Saturday's
//!
//!     [[holidays]]
//!     month = 12
//!     day = 25
//!     name = "Christmas Day"
//!     observed = "nearest_weekday"
//!
//!     [[holidays]]
//!     easter = 1
//!     name = "Easter Monday"
//!
//!     [[holidays]]
//!     nth = -1
//!     weekday = "mon"
//!     month = 8
//!     name = "Summer bank holiday"
//!
//!     [[overrides]]
//!     date = "2026-12-24"
//!     hours = [["08:00", "12:00"]]
//!     name = "Christmas Eve"
//!
//!     [[closures]]
//!     from = "2026-06-01T14:00"
//!     to = "2026-06-01T16:00"
//!     name = "Fire drill"
//!     "#,
//! )?;
//! let support = draft.compile(&BuiltIn)?;
//! // Christmas Eve closes at noon, Christmas Day is a Friday; Saturday's night shift is next.
//! let due = support.due("2026-12-24T10:00:00Z".parse()?, Seconds::hours(2))?;
//! assert_eq!(due.to_rfc3339(), "2026-12-26T22:00:00+00:00");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the answers mean
//!
//! - Business time is half-open: an opening instant counts, a closing one does not.
//!   [`due`](Calendar::due) is the first instant by which the budget has passed, so that it may be a closing; with no
//!   budget it is the start, open or not. [`elapsed`](Calendar::elapsed) has a sign.
//! - Real seconds count, and not what the clock on the wall shows: a day around the clock has 23 or 25 hours when the
//!   clocks change. Nanoseconds of instants are kept; hours begin and end at whole seconds.
//! - A local time that the clocks skip moves forward by what they skip, and one that comes twice is the first of the two
//!   (RFC 5545, "compatible" in Temporal). Hours that thereby end before they begin are none, and neither are those
//!   of a date that a zone skipped whole.
//! - Hours belong to the date on which they open: those of the evening before a holiday run to their end across
//!   midnight. Hours that touch are one stretch.
//! - A holiday has no hours. An [override](DayOverride) replaces the hours of its weekday; of a holiday only if it
//!   says so. A closure is cut out of whatever there is.
//! - Calendars answer for the years 1970 to 2099, from [`RANGE_START`] to before [`RANGE_END`]. Beyond, the answer
//!   is a [`CalendarError`], and never a wrong date: compiled zone data end with 2099.
//!
//! # What they cost
//!
//! Compiling takes some milliseconds and makes an index of the years 2000 to 2040, of about 16 bytes for each
//! interval; within them an answer takes tens of nanoseconds, over whatever range. Outside them the days are
//! walked one by one, at most those up to the end of the range. Clones share the index, and nothing is locked.
//!
//! # Zones
//!
//! A [`ZoneName`] is `UTC`, a fixed offset, or a name of the IANA database, of which [`BuiltIn`] has the rules with the
//! feature `time-zones`. A host that keeps zone data of its own implements [`ZoneRules`] and [`ZoneSource`].
//!
//! An explanation of an answer is made of [`spans`](Calendar::spans).

mod business;
mod compiled;
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

pub use compiled::Calendar;
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
