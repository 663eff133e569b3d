//! The view of a change: one field before and after.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::{
    record::{field_digest, field_text},
    text, text_of,
};
use crate::{
    incident::{Attachment, ExternalReference, FactChange as F, Rated},
    text::Text,
};

/// One field before and after, as text for people: lists are joined by commas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeView {
    /// The field's name: `title`, `group`, `fields.cost`, …
    pub field: String,
    /// Before. Left out if it was empty, and where an event says only what is new: who had the incident
    /// before an assignment stands in the record, and not in the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// After. Left out if it is empty now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The digest of the text that it had before, or of the name of the file that was there: what a `redact` names.
    /// Left out where nobody wrote a text, or an event does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_digest: Option<String>,
    /// The digest of the text that it has now, or of the name of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_digest: Option<String>,
}

impl ChangeView {
    pub(super) fn of(change: &F) -> Self {
        let (old, new) = match change {
            F::Title { old, new } => both(Some(old), Some(new)),
            F::Description { old, new } => both(old.as_ref(), new.as_ref()),
            F::Category { old, new } => both(old.as_ref(), new.as_ref()),
            F::Impact { old, new } | F::Urgency { old, new } => both(Some(old), Some(new)),
            F::Caller { old, new } | F::Affected { old, new } => both(old.as_ref(), new.as_ref()),
            F::Vip { old, new } | F::Confidential { old, new } => both(Some(old), Some(new)),
            F::PeopleAffected { old, new } => both(old.as_ref(), new.as_ref()),
            F::Organisation { old, new } => both(old.as_ref(), new.as_ref()),
            F::Site { old, new } => both(old.as_ref(), new.as_ref()),
            F::Channel { old, new } => both(old.as_ref(), new.as_ref()),
            F::Services { old, new } => (list(old, rated), list(new, rated)),
            F::Offering { old, new } => (old.as_ref().map(rated), new.as_ref().map(rated)),
            F::Items { old, new } => (list(old, rated), list(new, rated)),
            F::Labels { old, new } => (list(old, text), list(new, text)),
            F::References { old, new } => (list(old, reference), list(new, reference)),
            F::Custom { old, new, .. } => (old.as_ref().map(field_text), new.as_ref().map(field_text)),
        };
        let (old_digest, new_digest) = match change {
            F::Title { old, new } => (Some(text(old.digest())), Some(text(new.digest()))),
            F::Description { old, new } => {
                let digest = |written: &Option<Text>| written.as_ref().map(|written| text(written.digest()));
                (digest(old), digest(new))
            }
            F::Custom { old, new, .. } => (old.as_ref().and_then(field_digest), new.as_ref().and_then(field_digest)),
            _ => (None, None),
        };
        Self { field: change.field(), old, new, old_digest, new_digest }
    }

    /// A field that has this value now; what it had before is not known.
    pub(super) fn to(field: &str, new: Option<impl Display>) -> Self {
        Self { field: field.to_owned(), old: None, new: new.map(text), old_digest: None, new_digest: None }
    }

    /// A field that has this text now.
    pub(super) fn to_text(field: &str, new: &Text) -> Self {
        Self { new_digest: Some(text(new.digest())), ..Self::to(field, Some(new)) }
    }

    /// A file that is attached now: named by its digest, and with that of its name.
    pub(super) fn attached(attachment: &Attachment) -> Self {
        Self { new_digest: Some(text(attachment.name.digest())), ..Self::to("attachments", Some(attachment.digest)) }
    }

    /// A field that went from one value to another.
    pub(super) fn between(field: &str, old: impl Display, new: impl Display) -> Self {
        Self { old: Some(text(old)), ..Self::to(field, Some(new)) }
    }
}

fn both<T: Display>(old: Option<&T>, new: Option<&T>) -> (Option<String>, Option<String>) {
    (text_of(old), text_of(new))
}

fn list<'a, T>(values: &'a [T], shown: impl Fn(&'a T) -> String) -> Option<String> {
    (!values.is_empty()).then(|| values.iter().map(shown).collect::<Vec<_>>().join(", "))
}

fn rated<K: Display>(rated: &Rated<K>) -> String {
    match &rated.criticality {
        Some(criticality) => format!("{} ({criticality})", rated.key),
        None => text(&rated.key),
    }
}

fn reference(reference: &ExternalReference) -> String {
    format!("{}:{}", reference.system, reference.key)
}
