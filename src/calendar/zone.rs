//! Names of time zones. The only file that names time-tz.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a time zone: `UTC`, a fixed offset such as `+05:30`, or, with the feature `time-zones`
/// (on by default), a name of the IANA database such as `Europe/Berlin`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Arc<str>", into = "Arc<str>")]
pub struct ZoneName(Arc<str>);

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is neither UTC nor an offset such as +05:30{}",
    if cfg!(feature = "time-zones") { " nor a zone of the IANA database" } else { "; IANA names need the feature `time-zones`" }
)]
pub struct ZoneNameError {
    name: Arc<str>,
}

impl ZoneName {
    /// Takes `name` as a zone.
    ///
    /// # Errors
    /// [`ZoneNameError`] for an unknown name. Names are case-sensitive.
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
        if &*name == "UTC" || is_offset(&name) || is_iana(&name) { Ok(Self(name)) } else { Err(ZoneNameError { name }) }
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

/// `+hh:mm` or `-hh:mm`, at most 18 hours from UTC.
fn is_offset(name: &str) -> bool {
    let [b'+' | b'-', h1 @ b'0'..=b'1', h2 @ b'0'..=b'9', b':', m1 @ b'0'..=b'5', m2 @ b'0'..=b'9'] = name.as_bytes()
    else {
        return false;
    };
    [*h1, *h2, *m1, *m2] <= *b"1800"
}

#[cfg(feature = "time-zones")]
fn is_iana(name: &str) -> bool {
    // time-tz also knows the zones of Windows; those have spaces or begin with UTC.
    !name.contains(' ') && !name.starts_with("UTC") && time_tz::timezones::get_by_name(name).is_some()
}

#[cfg(not(feature = "time-zones"))]
const fn is_iana(_: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_utc_are_always_zones() {
        for name in ["UTC", "+00:00", "-03:30", "+18:00"] {
            assert!(ZoneName::new(name).is_ok(), "{name}");
        }
        for name in ["", "utc", "+18:01", "+24:00", "+5:30", "Mars/Olympus"] {
            assert!(ZoneName::new(name).is_err(), "{name}");
        }
    }

    #[test]
    #[cfg(feature = "time-zones")]
    fn iana_names_are_zones_and_windows_names_are_not() {
        for name in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/UTC"] {
            assert!(ZoneName::new(name).is_ok(), "{name}");
        }
        for name in ["W. Europe Standard Time", "UTC-11", "europe/berlin"] {
            assert!(ZoneName::new(name).is_err(), "{name}");
        }
    }

    #[test]
    #[cfg(not(feature = "time-zones"))]
    fn without_the_feature_an_iana_name_says_which_feature_is_missing() {
        assert!(ZoneName::new("Europe/Berlin").unwrap_err().to_string().contains("time-zones"));
    }
}
