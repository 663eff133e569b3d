//! Fields: the host's own, with their types, and which fields are asked for when.

use std::{collections::HashSet, fmt, sync::Arc};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    fault::{Broken, Faults},
    incident::{FieldValue, Incident},
    key::{ChoiceKey, ExternalKey, FieldKey, KeyError},
    problem::Problem,
    record::{Assignment, Facts},
    text::{MAX_TEXT_CHARS, Text},
};

/// A field of the host's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDefinition {
    /// Its key.
    pub key: FieldKey,
    /// What values it takes.
    pub kind: FieldKind,
    /// Takes no new values; those that are there stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

/// What values a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FieldKind {
    /// A text of at most so many characters.
    Text {
        /// The most characters.
        max_chars: usize,
    },
    /// A decimal number within these bounds.
    Number {
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<Decimal>,
        /// The most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<Decimal>,
    },
    /// One of these options.
    Choice {
        /// The options.
        options: Vec<ChoiceKey>,
    },
    /// A calendar date, written `2026-03-27`.
    Date,
    /// The key of something in the host's world.
    Reference,
}

impl FieldDefinition {
    /// Reads a value of this field from the text that somebody gave.
    pub(crate) fn parse(&self, value: &str, salt: impl FnOnce() -> [u8; 16]) -> Result<FieldValue, Broken> {
        let value = value.trim();
        match &self.kind {
            FieldKind::Text { max_chars } => Ok(FieldValue::Text(Text::new(value, *max_chars, salt())?)),
            FieldKind::Number { min, max } => {
                let number = Decimal::from_str_exact(value)
                    .map_err(|_| broken("field.not_a_number", "must be a decimal number, such as 12.50"))?;
                match (min, max) {
                    (Some(min), _) if number < *min => {
                        Err(broken("field.too_small", format!("must be at least {min}")))
                    }
                    (_, Some(max)) if number > *max => Err(broken("field.too_large", format!("must be at most {max}"))),
                    _ => Ok(FieldValue::Number(number)),
                }
            }
            FieldKind::Choice { options } => options
                .iter()
                .find(|option| option.as_str() == value)
                .map(|option| FieldValue::Choice(option.clone()))
                .ok_or_else(|| broken("field.unknown_choice", format!("must be one of {}", list(options)))),
            FieldKind::Date => NaiveDate::parse_from_str(value, "%Y-%m-%d")
                .map(FieldValue::Date)
                .map_err(|_| broken("field.not_a_date", "must be a date, such as 2026-03-27")),
            FieldKind::Reference => Ok(FieldValue::Reference(ExternalKey::new(value)?)),
        }
    }

    pub(crate) fn check(&self, faults: &mut Faults, path: &str) {
        match &self.kind {
            FieldKind::Text { max_chars: 0 } => {
                faults.push(format!("{path}.kind.text.max_chars"), "field.no_room", "must be at least 1");
            }
            FieldKind::Text { max_chars } if *max_chars > MAX_TEXT_CHARS => {
                let path = format!("{path}.kind.text.max_chars");
                faults.push(path, "cap.too_high", format!("must be at most {MAX_TEXT_CHARS}"));
            }
            FieldKind::Number { min: Some(min), max: Some(max) } if min > max => {
                faults.push(
                    format!("{path}.kind.number"),
                    "field.no_room",
                    format!("has a min {min} above its max {max}"),
                );
            }
            FieldKind::Choice { options } if options.is_empty() => {
                faults.push(format!("{path}.kind.choice.options"), "field.no_room", "must have at least one option");
            }
            FieldKind::Choice { options } => {
                let mut seen = HashSet::new();
                for (index, option) in options.iter().enumerate().filter(|(_, option)| !seen.insert(*option)) {
                    let path = format!("{path}.kind.choice.options[{index}]");
                    faults.push(path, "name.repeated", format!("names `{option}` again"));
                }
            }
            _ => {}
        }
    }
}

fn broken(code: &'static str, rule: impl Into<std::borrow::Cow<'static, str>>) -> Broken {
    Broken { code, rule: rule.into() }
}

fn list(options: &[ChoiceKey]) -> String {
    options.iter().map(ChoiceKey::as_str).collect::<Vec<_>>().join(", ")
}

/// Something that can be asked for, or `fields.` and the key of a field of the host's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Arc<str>", into = "Arc<str>")]
#[non_exhaustive]
pub enum FieldName {
    /// `description`
    Description,
    /// `category`
    Category,
    /// `caller`
    Caller,
    /// `affected`
    Affected,
    /// `people_affected`
    PeopleAffected,
    /// `organisation`
    Organisation,
    /// `site`
    Site,
    /// `channel`
    Channel,
    /// `services`
    Services,
    /// `offering`
    Offering,
    /// `items`
    Items,
    /// `group`
    Group,
    /// `person`
    Person,
    /// `resolution.text`: incidents alone have it.
    ResolutionText,
    /// `root_cause`: problems alone have it, as what follows.
    RootCause,
    /// `known_error`
    KnownError,
    /// `workaround`: of the known error.
    Workaround,
    /// `fields.` and a key.
    Custom(FieldKey),
}

const NAMED: [FieldName; 17] = [
    FieldName::Description,
    FieldName::Category,
    FieldName::Caller,
    FieldName::Affected,
    FieldName::PeopleAffected,
    FieldName::Organisation,
    FieldName::Site,
    FieldName::Channel,
    FieldName::Services,
    FieldName::Offering,
    FieldName::Items,
    FieldName::Group,
    FieldName::Person,
    FieldName::ResolutionText,
    FieldName::RootCause,
    FieldName::KnownError,
    FieldName::Workaround,
];

impl FieldName {
    /// Whether the incident has a value there.
    #[must_use]
    pub fn is_filled(&self, incident: &Incident) -> bool {
        match self {
            Self::ResolutionText => incident.resolution().is_some_and(|resolution| resolution.text.is_some()),
            _ => self.is_fact(incident.facts(), incident.assignment()),
        }
    }

    /// Whether the problem has a value there.
    #[must_use]
    pub fn is_filled_of(&self, problem: &Problem) -> bool {
        match self {
            Self::RootCause => problem.analysis().root_cause.is_some(),
            Self::KnownError => problem.known_error().is_some(),
            Self::Workaround => problem.known_error().is_some_and(|known| known.workaround.is_some()),
            _ => self.is_fact(problem.facts(), problem.assignment()),
        }
    }

    /// Whether it is a fact that every kind of record has, and is there.
    fn is_fact<K>(&self, facts: &Facts<K>, assignment: &Assignment) -> bool {
        match self {
            Self::Description => facts.description.is_some(),
            Self::Category => facts.category.is_some(),
            Self::Caller => facts.caller.is_some(),
            Self::Affected => facts.affected.is_some(),
            Self::PeopleAffected => facts.people_affected.is_some(),
            Self::Organisation => facts.organisation.is_some(),
            Self::Site => facts.site.is_some(),
            Self::Channel => facts.channel.is_some(),
            Self::Services => !facts.services.is_empty(),
            Self::Offering => facts.offering.is_some(),
            Self::Items => !facts.items.is_empty(),
            Self::Group => assignment.group.is_some(),
            Self::Person => assignment.person.is_some(),
            Self::ResolutionText | Self::RootCause | Self::KnownError | Self::Workaround => false,
            Self::Custom(key) => facts.fields.contains_key(key),
        }
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Description => "description",
            Self::Category => "category",
            Self::Caller => "caller",
            Self::Affected => "affected",
            Self::PeopleAffected => "people_affected",
            Self::Organisation => "organisation",
            Self::Site => "site",
            Self::Channel => "channel",
            Self::Services => "services",
            Self::Offering => "offering",
            Self::Items => "items",
            Self::Group => "group",
            Self::Person => "person",
            Self::ResolutionText => "resolution.text",
            Self::RootCause => "root_cause",
            Self::KnownError => "known_error",
            Self::Workaround => "workaround",
            Self::Custom(key) => return write!(f, "fields.{key}"),
        })
    }
}

/// A text that names no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldNameError {
    /// It is none of the known names.
    #[error("`{0}` is no field that can be asked for; the host's own begin with `fields.`")]
    Unknown(Arc<str>),
    /// What follows `fields.` is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl TryFrom<Arc<str>> for FieldName {
    type Error = FieldNameError;

    fn try_from(text: Arc<str>) -> Result<Self, FieldNameError> {
        if let Some(key) = text.strip_prefix("fields.") {
            return Ok(Self::Custom(FieldKey::new(key)?));
        }
        NAMED.into_iter().find(|name| name.to_string() == *text).ok_or(FieldNameError::Unknown(text))
    }
}

impl From<FieldName> for Arc<str> {
    fn from(name: FieldName) -> Self {
        name.to_string().into()
    }
}

/// Until when a field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredBy {
    /// When it is reported: without it nothing is stored. Nothing of it is asked of problems.
    Report,
    /// When it is resolved.
    Resolution,
    /// When it is closed.
    Closure,
}

/// How hard something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Without it the move is refused.
    #[default]
    Blocking,
    /// It is shown, and blocks nothing.
    Advice,
}

/// A field that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Which.
    pub field: FieldName,
    /// Until when.
    pub by: RequiredBy,
    /// How hard.
    #[serde(default)]
    pub severity: Severity,
}
