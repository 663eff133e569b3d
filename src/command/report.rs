//! The report of an incident.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::Id,
    incident::{ExternalReference, FieldValue, Incident, Rated},
    time::Instant,
};

/// What is reported. Only the title is needed; the rest comes from the category and the policy.
///
/// ```
/// use andon::command::Report;
///
/// let report = Report::new("Mail is down")
///     .caller("bob")
///     .impact("high")
///     .urgency("high")
///     .label("mail");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// What is wrong, in a line.
    pub title: String,
    /// What is wrong, at length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The impact; else the category's, else the policy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    /// The urgency; else the category's, else the policy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    /// Who reports; else the one on whose behalf the actor acts, else the actor, if it is a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Who cannot work; else the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affected: Option<String>,
    /// How many people are affected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_affected: Option<u32>,
    /// The organisation; else the affected person's by the directory, else the actor's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// How it reached the desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The group in whose queue it begins; else the category's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The person with whom it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The services that suffer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<RatedInput>,
    /// The offering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offering: Option<RatedInput>,
    /// The configuration items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<RatedInput>,
    /// Labels, beside the category's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Who wants to hear of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub watchers: Vec<String>,
    /// Files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentInput>,
    /// What it is called in other systems.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ExternalReference>,
    /// Whether only those who have to do with it may see it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
    /// The host's own fields, as texts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Instant>,
    /// When it was noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected: Option<Instant>,
    /// The incident that this one follows, because it could not be reopened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<Id<Incident>>,
}

/// A service, an offering or a configuration item. As JSON: `"mail"`, or
/// `{"key": "mail", "criticality": "high"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RatedForm")]
pub struct RatedInput {
    /// The host's key.
    pub key: String,
    /// How critical it is, on the policy's scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criticality: Option<String>,
}

/// How it may be written.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a key, or an object with `key` and perhaps `criticality`")]
enum RatedForm {
    Key(String),
    Rated(RatedObject),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RatedObject {
    key: String,
    #[serde(default)]
    criticality: Option<String>,
}

impl From<RatedForm> for RatedInput {
    fn from(form: RatedForm) -> Self {
        match form {
            RatedForm::Key(key) => Self { key, criticality: None },
            RatedForm::Rated(RatedObject { key, criticality }) => Self { key, criticality },
        }
    }
}

impl RatedInput {
    /// Of this criticality.
    #[must_use]
    pub fn criticality(mut self, level: impl Into<String>) -> Self {
        self.criticality = Some(level.into());
        self
    }
}

impl From<&str> for RatedInput {
    fn from(key: &str) -> Self {
        Self { key: key.to_owned(), criticality: None }
    }
}

impl<K: ToString> From<&Rated<K>> for RatedInput {
    fn from(rated: &Rated<K>) -> Self {
        Self { key: rated.key.to_string(), criticality: rated.criticality.as_ref().map(ToString::to_string) }
    }
}

/// A file that the host keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentInput {
    /// Its name.
    pub name: String,
    /// What kind of file it is.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content.
    pub digest: Digest,
}

/// Declares a setter for each optional text.
macro_rules! texts {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        impl Report {
            $($(#[$doc])*
            #[must_use]
            pub fn $field(mut self, $field: impl Into<String>) -> Self {
                self.$field = Some($field.into());
                self
            })*
        }
    };
}

texts! {
    /// With this description.
    description,
    /// In this category.
    category,
    /// With this impact.
    impact,
    /// With this urgency.
    urgency,
    /// From this caller.
    caller,
    /// With this affected person.
    affected,
    /// Of this organisation.
    organisation,
    /// At this site.
    site,
    /// By this channel.
    channel,
    /// In this group's queue.
    group,
    /// With this person.
    person,
}

impl Report {
    /// A report of which nothing but the title is known.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// With so many people affected.
    #[must_use]
    pub const fn people_affected(mut self, people: u32) -> Self {
        self.people_affected = Some(people);
        self
    }

    /// With this service, `"mail"` or `RatedInput::from("mail").criticality("high")`; call it again for
    /// another one.
    #[must_use]
    pub fn service(mut self, service: impl Into<RatedInput>) -> Self {
        self.services.push(service.into());
        self
    }

    /// Under this offering.
    #[must_use]
    pub fn offering(mut self, offering: impl Into<RatedInput>) -> Self {
        self.offering = Some(offering.into());
        self
    }

    /// With this configuration item; call it again for another one.
    #[must_use]
    pub fn item(mut self, item: impl Into<RatedInput>) -> Self {
        self.items.push(item.into());
        self
    }

    /// With this label; call it again for another one.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(label.into());
        self
    }

    /// With this watcher; call it again for another one.
    #[must_use]
    pub fn watcher(mut self, person: impl Into<String>) -> Self {
        self.watchers.push(person.into());
        self
    }

    /// With this value of one of the host's own fields.
    #[must_use]
    pub fn field(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.insert(key.into(), value.into());
        self
    }

    /// Known by this key in another system.
    #[must_use]
    pub fn reference(mut self, reference: ExternalReference) -> Self {
        self.references.push(reference);
        self
    }

    /// Only for those who have to do with it.
    #[must_use]
    pub const fn confidential(mut self) -> Self {
        self.confidential = true;
        self
    }

    /// Begun at this instant.
    #[must_use]
    pub const fn occurred(mut self, at: Instant) -> Self {
        self.occurred = Some(at);
        self
    }

    /// Noticed at this instant.
    #[must_use]
    pub const fn detected(mut self, at: Instant) -> Self {
        self.detected = Some(at);
        self
    }

    /// A report of the same trouble, following an incident that cannot be reopened any more. Files,
    /// external references and erased texts are not taken along.
    #[must_use]
    pub fn following(incident: &Incident) -> Self {
        let facts = incident.facts();
        let text = |key: &str| Some(key.to_owned());
        Self {
            title: facts.title.as_str().unwrap_or(facts.number.as_str()).to_owned(),
            description: facts.description.as_ref().and_then(|text| text.as_str()).map(str::to_owned),
            category: facts.category.as_ref().and_then(|key| text(key.as_str())),
            impact: text(facts.impact.as_str()),
            urgency: text(facts.urgency.as_str()),
            caller: facts.caller.as_ref().and_then(|key| text(key.as_str())),
            affected: facts.affected.as_ref().and_then(|key| text(key.as_str())),
            people_affected: facts.people_affected,
            organisation: facts.organisation.as_ref().and_then(|key| text(key.as_str())),
            site: facts.site.as_ref().and_then(|key| text(key.as_str())),
            channel: facts.channel.as_ref().and_then(|key| text(key.as_str())),
            group: incident.assignment().group.as_ref().and_then(|key| text(key.as_str())),
            services: facts.services.iter().map(RatedInput::from).collect(),
            offering: facts.offering.as_ref().map(RatedInput::from),
            items: facts.items.iter().map(RatedInput::from).collect(),
            labels: facts.labels.iter().map(ToString::to_string).collect(),
            watchers: facts.watchers.iter().map(ToString::to_string).collect(),
            confidential: facts.confidential,
            fields: facts.fields.iter().filter_map(|(key, value)| Some((key.to_string(), as_text(value)?))).collect(),
            follows: Some(facts.id),
            ..Self::default()
        }
    }
}

/// A value as somebody would type it; nothing for an erased text.
pub(super) fn as_text(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::Text(text) => text.as_str().map(str::to_owned),
        FieldValue::Number(number) => Some(number.to_string()),
        FieldValue::Choice(choice) => Some(choice.to_string()),
        FieldValue::Date(date) => Some(date.to_string()),
        FieldValue::Reference(key) => Some(key.to_string()),
    }
}

impl From<&str> for Report {
    fn from(title: &str) -> Self {
        Self::new(title)
    }
}

impl From<String> for Report {
    fn from(title: String) -> Self {
        Self::new(title)
    }
}
