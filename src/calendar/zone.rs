//! Names of time zones, and the rules that are built in. The only file that names time-tz.

use std::{fmt, sync::Arc};

use chrono::FixedOffset;
use serde::{Deserialize, Serialize};

use super::rules::{RANGE_END, RANGE_START, ZoneError, ZoneRules, ZoneSource};
use crate::time::Instant;

/// The version of the IANA database that is compiled in with the feature `time-zones`.
#[cfg(feature = "time-zones")]
pub const TZDATA_VERSION: &str = "2026e";

/// The name of a time zone: `UTC`, a fixed offset such as `+05:30`, or a name of the IANA database such as
/// `Europe/Berlin`.
///
/// With the feature `time-zones` (on by default) an IANA name must be one that the compiled database has,
/// spelled as there. Without it, any well-formed name is taken (`Area/City`, each part beginning with a
/// capital), for the host may have a [`ZoneSource`] that knows it; whether one does is said when a calendar is
/// compiled.
///
/// A name that the database has as a link to another (`Asia/Calcutta` to `Asia/Kolkata`) stays as it was
/// given: the compiled form no longer says which names are links.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Arc<str>", into = "Arc<str>")]
pub struct ZoneName(Arc<str>);

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is neither UTC nor an offset such as +05:30 nor {}",
    if cfg!(feature = "time-zones") { "a zone of the IANA database" } else { "spelled like a zone of the IANA database" }
)]
pub struct ZoneNameError {
    name: Arc<str>,
}

impl ZoneName {
    /// `UTC`.
    #[must_use]
    pub fn utc() -> Self {
        Self(Arc::from("UTC"))
    }

    /// Takes `name` as a zone.
    ///
    /// # Errors
    /// [`ZoneNameError`] for a name that is none. Names are case-sensitive.
    pub fn new(name: &str) -> Result<Self, ZoneNameError> {
        Self::try_from(Arc::from(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Arc<str>> for ZoneName {
    type Error = ZoneNameError;

    fn try_from(name: Arc<str>) -> Result<Self, ZoneNameError> {
        if fixed(&name).is_some() || is_iana(&name) { Ok(Self(name)) } else { Err(ZoneNameError { name }) }
    }
}

impl From<ZoneName> for Arc<str> {
    fn from(zone: ZoneName) -> Self {
        zone.0
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The zones that are built in: UTC, fixed offsets, and, with the feature `time-zones`, the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuiltIn;

impl ZoneSource for BuiltIn {
    fn rules(&self, name: &ZoneName) -> Option<Arc<dyn ZoneRules>> {
        match fixed(name.as_str()) {
            Some(offset) => Some(Arc::new(Fixed(offset))),
            None => iana(name.as_str()),
        }
    }

    fn version(&self) -> &str {
        #[cfg(feature = "time-zones")]
        return TZDATA_VERSION;
        #[cfg(not(feature = "time-zones"))]
        return "none";
    }
}

/// A zone whose clocks never change.
struct Fixed(FixedOffset);

impl ZoneRules for Fixed {
    fn offset_at(&self, at: Instant) -> Result<FixedOffset, ZoneError> {
        in_range(at).map(|()| self.0)
    }
}

fn in_range(at: Instant) -> Result<(), ZoneError> {
    if (RANGE_START..RANGE_END).contains(&at) { Ok(()) } else { Err(ZoneError::OutOfRange(at.naive_utc())) }
}

/// The offset of `UTC`, and of `+hh:mm` and `-hh:mm`, at most 18 hours from UTC.
fn fixed(name: &str) -> Option<FixedOffset> {
    if name == "UTC" {
        return FixedOffset::east_opt(0);
    }
    let &[sign @ (b'+' | b'-'), h1 @ b'0'..=b'1', h2 @ b'0'..=b'9', b':', m1 @ b'0'..=b'5', m2 @ b'0'..=b'9'] =
        name.as_bytes()
    else {
        return None;
    };
    if [h1, h2, m1, m2] > *b"1800" {
        return None;
    }
    let two = |tens: u8, ones: u8| {
        let digit = |c: u8| i32::from(c.saturating_sub(b'0'));
        digit(tens).saturating_mul(10).saturating_add(digit(ones))
    };
    let seconds = two(h1, h2).saturating_mul(3_600).saturating_add(two(m1, m2).saturating_mul(60));
    FixedOffset::east_opt(if sign == b'-' { seconds.saturating_neg() } else { seconds })
}

#[cfg(feature = "time-zones")]
fn find(name: &str) -> Option<&'static time_tz::Tz> {
    // time-tz also knows the zones of Windows; those have spaces or begin with UTC.
    if name.contains(' ') || name.starts_with("UTC") { None } else { time_tz::timezones::get_by_name(name) }
}

#[cfg(feature = "time-zones")]
fn is_iana(name: &str) -> bool {
    find(name).is_some()
}

#[cfg(feature = "time-zones")]
fn iana(name: &str) -> Option<Arc<dyn ZoneRules>> {
    let zone = find(name)?;
    Some(Arc::new(Iana(zone)))
}

/// A zone of the compiled database. Only its offsets at instants are used: its own way from local times to
/// instants knows no gap, and from 2100 on it has no summer time.
#[cfg(feature = "time-zones")]
struct Iana(&'static time_tz::Tz);

#[cfg(feature = "time-zones")]
impl ZoneRules for Iana {
    fn offset_at(&self, at: Instant) -> Result<FixedOffset, ZoneError> {
        use time_tz::{Offset as _, TimeZone as _};
        in_range(at)?;
        let out = || ZoneError::OutOfRange(at.naive_utc());
        let asked = time::OffsetDateTime::from_unix_timestamp(at.timestamp()).map_err(|_| out())?;
        FixedOffset::east_opt(self.0.get_offset_utc(&asked).to_utc().whole_seconds()).ok_or_else(out)
    }
}

/// Whether a name is spelled like one of the IANA database.
#[cfg(not(feature = "time-zones"))]
fn is_iana(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    name.len() <= 64 && name != "UTC" && name.split('/').all(part)
}

#[cfg(not(feature = "time-zones"))]
fn iana(_: &str) -> Option<Arc<dyn ZoneRules>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_utc_are_always_zones() {
        for name in ["UTC", "+00:00", "-03:30", "+18:00"] {
            assert!(ZoneName::new(name).is_ok(), "{name}");
        }
        for name in ["", "utc", "+18:01", "+24:00", "+5:30", "mars/Olympus", "Mars//Olympus", "Mars Olympus"] {
            assert!(ZoneName::new(name).is_err(), "{name}");
        }
        assert_eq!(fixed("-03:30").unwrap().local_minus_utc(), -12_600);
    }

    #[test]
    #[cfg(feature = "time-zones")]
    fn iana_names_are_zones_and_windows_names_are_not() {
        for name in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/UTC", "Etc/GMT+5", "Asia/Calcutta"] {
            assert!(ZoneName::new(name).is_ok(), "{name}");
        }
        for name in ["W. Europe Standard Time", "UTC-11", "europe/berlin", "Mars/Olympus"] {
            assert!(ZoneName::new(name).is_err(), "{name}");
        }
    }

    #[test]
    #[cfg(not(feature = "time-zones"))]
    fn without_the_feature_an_iana_name_is_a_name_but_no_rules_are_built_in() {
        let berlin = ZoneName::new("Europe/Berlin").unwrap();
        assert!(BuiltIn.rules(&berlin).is_none());
        for name in ["europe/berlin", "W. Europe Standard Time"] {
            assert!(ZoneName::new(name).is_err(), "{name}");
        }
    }
}
