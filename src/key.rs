//! Keys: the short names by which a host and the library mean the same thing.
//!
//! People, groups, services and the like live in the host; categories, levels and codes live in the
//! policy. Both are named here by keys: short texts without control characters and without white
//! space at either end. One type per meaning, so that a group cannot be passed where a person is
//! wanted.

use std::fmt;

/// The longest key, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 200;

/// A text that cannot be a key, and the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {what} key {rule}")]
pub struct KeyError {
    what: &'static str,
    rule: KeyRule,
}

impl KeyError {
    pub(crate) const fn new(what: &'static str, rule: KeyRule) -> Self {
        Self { what, rule }
    }

    /// What the key was to name: `person`, `group`, `category`, …
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// The rule that the text breaks.
    #[must_use]
    pub const fn rule(&self) -> KeyRule {
        self.rule
    }
}

/// What every key obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRule {
    /// It has at least one character.
    NotEmpty,
    /// It has at most [`MAX_KEY_BYTES`] bytes.
    NotTooLong,
    /// It neither begins nor ends with white space.
    Trimmed,
    /// It has no control characters.
    NoControl,
}

impl KeyRule {
    /// The stable code of the rule, as in faults: `key.empty`, `key.too_long`, …
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotEmpty => "key.empty",
            Self::NotTooLong => "key.too_long",
            Self::Trimmed => "key.not_trimmed",
            Self::NoControl => "key.control_character",
        }
    }
}

impl fmt::Display for KeyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEmpty => f.write_str("must not be empty"),
            Self::NotTooLong => write!(f, "must not be longer than {MAX_KEY_BYTES} bytes"),
            Self::Trimmed => f.write_str("must not begin or end with white space"),
            Self::NoControl => f.write_str("must not contain control characters"),
        }
    }
}

/// Whether `text` obeys every rule of keys; the first broken rule if not.
pub(crate) fn check(text: &str) -> Result<(), KeyRule> {
    if text.is_empty() {
        Err(KeyRule::NotEmpty)
    } else if text.len() > MAX_KEY_BYTES {
        Err(KeyRule::NotTooLong)
    } else if text.chars().any(char::is_control) {
        Err(KeyRule::NoControl)
    } else if text.trim().len() != text.len() {
        Err(KeyRule::Trimmed)
    } else {
        Ok(())
    }
}

/// Declares key types; each is a shared, immutable, validated text.
macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "std::sync::Arc<str>", into = "std::sync::Arc<str>")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// What this key names, as it appears in errors.
            pub const WHAT: &'static str = $what;

            /// Takes the text as a key.
            ///
            /// # Errors
            /// [`KeyError`] with the broken rule: empty, too long, white space at an end, or a
            /// control character.
            pub fn new(text: impl AsRef<str>) -> Result<Self, KeyError> {
                let text = text.as_ref();
                match check(text) {
                    Ok(()) => Ok(Self(text.into())),
                    Err(rule) => Err(KeyError::new($what, rule)),
                }
            }

            /// A key that stands in the library's own code, which its tests read back as keys.
            #[allow(dead_code, reason = "not every kind of key stands in the code")]
            pub(crate) fn known(text: &'static str) -> Self {
                Self(text.into())
            }

            /// The text of the key.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<std::sync::Arc<str>> for $name {
            type Error = KeyError;

            fn try_from(text: std::sync::Arc<str>) -> Result<Self, KeyError> {
                match check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(rule) => Err(KeyError::new($what, rule)),
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = KeyError;

            fn try_from(text: &str) -> Result<Self, KeyError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = KeyError;

            fn try_from(text: String) -> Result<Self, KeyError> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = KeyError;

            fn from_str(text: &str) -> Result<Self, KeyError> {
                Self::new(text)
            }
        }

        impl From<$name> for std::sync::Arc<str> {
            fn from(key: $name) -> Self {
                key.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &*self.0)
            }
        }
    )*};
}

keys! {
    /// A tenant: one organisation whose records never meet another's.
    TenantId = "tenant";
    /// A person as the host names them. Use an opaque key (a user id), not a name or an address: keys
    /// are indexed and stay in the log when texts are erased.
    PersonRef = "person";
    /// An automation as the host names it: a rule, a bot, a monitoring system.
    AutomationRef = "automation";
    /// A support group or team.
    GroupRef = "group";
    /// An organisation: a customer, a company, a department.
    OrganisationRef = "organisation";
    /// A site or location.
    SiteRef = "site";
    /// A service of the service catalogue.
    ServiceRef = "service";
    /// An offering of a service.
    OfferingRef = "offering";
    /// A configuration item, asset or device.
    ItemRef = "item";
    /// A role that a person plays towards the desk: `caller`, `agent`, `manager`, …
    RoleName = "role";
    /// A level of impact, urgency, priority or criticality, as the policy names it.
    LevelName = "level";
    /// A category of the policy's tree.
    CategoryKey = "category";
    /// A label put on a record.
    Label = "label";
    /// A status of the host's own beneath a fixed stage.
    StageLabel = "stage label";
    /// A reason for holding that is the host's own.
    HoldReasonKey = "hold reason";
    /// A milestone of the host's own.
    MilestoneKey = "milestone";
    /// How an incident was resolved: `fixed`, `workaround`, …
    ResolutionCode = "resolution code";
    /// A change in the host's world, which the library does not keep.
    ChangeRef = "change";
    /// What kind of cause a root cause is: `design`, `capacity`, `human_error`, …
    CauseCategory = "cause category";
    /// How the report reached the desk: `phone`, `mail`, `self_service`, …
    ContactChannel = "contact channel";
    /// A custom field of the policy.
    FieldKey = "field";
    /// An option of a custom field of the choice kind.
    ChoiceKey = "choice";
    /// A business calendar of a tenant.
    CalendarKey = "calendar";
    /// An agreement of the policy.
    AgreementKey = "agreement";
    /// What a clock measures: `respond`, `own`, `resolve`, `restore`, `update`, or the host's own word.
    ClockName = "clock";
    /// A rule of the policy, named so that an explanation can point to it.
    RuleId = "rule";
    /// A system outside, named in an external reference.
    SystemName = "system";
    /// The key of something in a system outside.
    ExternalKey = "external reference";
    /// A media type, such as `image/png`.
    MediaType = "media type";
    /// Who follows a tenant's feed, and whose place the store keeps: `mailer`, `search_index`, …
    ConsumerName = "consumer";
    /// What ties records and commands of one larger happening together.
    CorrelationKey = "correlation";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_printable_and_trimmed() {
        assert!(GroupRef::new("Network, 2nd line").is_ok());
        for (text, rule) in [
            ("", KeyRule::NotEmpty),
            (" a", KeyRule::Trimmed),
            ("a\u{a0}", KeyRule::Trimmed),
            ("a\u{0}b", KeyRule::NoControl),
        ] {
            assert_eq!(GroupRef::new(text).unwrap_err().rule(), rule, "{text:?}");
        }
        assert!(GroupRef::new("x".repeat(MAX_KEY_BYTES)).is_ok());
        let long = GroupRef::new("x".repeat(MAX_KEY_BYTES + 1)).unwrap_err();
        assert_eq!(long.to_string(), "a group key must not be longer than 200 bytes");
    }

    #[test]
    fn a_bad_key_does_not_come_in_through_serde() {
        assert!(serde_json::from_str::<PersonRef>("\"anna\"").is_ok());
        let error = serde_json::from_str::<PersonRef>("\"\"").unwrap_err();
        assert!(error.to_string().contains("person key must not be empty"), "{error}");
    }
}
