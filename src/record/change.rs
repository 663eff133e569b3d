//! Changes of facts: old and new of every field that an edit touched.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ExternalReference, Facts, FieldValue, Item, Offering, Service};
use crate::{
    key::{CategoryKey, ContactChannel, FieldKey, Label, LevelName, OrganisationRef, PersonRef, SiteRef},
    text::{Text, Title},
};

/// Declares the editable facts once: the change of each, how it is applied, and what it is called.
macro_rules! editable {
    ($($(#[$doc:meta])* $variant:ident = $field:ident: $type:ty,)*) => {
        /// One field before and after.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "field", rename_all = "snake_case", deny_unknown_fields)]
        #[non_exhaustive]
        pub enum FactChange {
            $(
                $(#[$doc])*
                $variant {
                    /// Before.
                    old: $type,
                    /// After.
                    new: $type,
                },
            )*
            /// One of the host's own fields.
            Custom {
                /// Which.
                key: FieldKey,
                /// Before.
                old: Option<FieldValue>,
                /// After.
                new: Option<FieldValue>,
            },
        }

        impl FactChange {
            /// The field's name, as in [`Facts`]; `fields.` and the key for one of the host's own.
            #[must_use]
            pub fn field(&self) -> String {
                match self {
                    $(Self::$variant { .. } => stringify!($field).to_owned(),)*
                    Self::Custom { key, .. } => format!("fields.{key}"),
                }
            }

            /// Sets the new value.
            pub(super) fn apply<K>(&self, facts: &mut Facts<K>) {
                match self {
                    $(Self::$variant { new, .. } => facts.$field.clone_from(new),)*
                    Self::Custom { key, new, .. } => set_custom(&mut facts.fields, key, new.as_ref()),
                }
            }
        }
    };
}

fn set_custom(fields: &mut BTreeMap<FieldKey, FieldValue>, key: &FieldKey, new: Option<&FieldValue>) {
    match new {
        Some(value) => fields.insert(key.clone(), value.clone()),
        None => fields.remove(key),
    };
}

editable! {
    /// The title.
    Title = title: Title,
    /// The description.
    Description = description: Option<Text>,
    /// The category.
    Category = category: Option<CategoryKey>,
    /// The impact.
    Impact = impact: LevelName,
    /// The urgency.
    Urgency = urgency: LevelName,
    /// The caller.
    Caller = caller: Option<PersonRef>,
    /// The affected person.
    Affected = affected: Option<PersonRef>,
    /// Whether the affected person is a VIP.
    Vip = vip: bool,
    /// How many people are affected.
    PeopleAffected = people_affected: Option<u32>,
    /// The organisation.
    Organisation = organisation: Option<OrganisationRef>,
    /// The site.
    Site = site: Option<SiteRef>,
    /// The contact channel.
    Channel = channel: Option<ContactChannel>,
    /// The services.
    Services = services: Vec<Service>,
    /// The offering.
    Offering = offering: Option<Offering>,
    /// The configuration items.
    Items = items: Vec<Item>,
    /// The labels.
    Labels = labels: Vec<Label>,
    /// The external references.
    References = references: Vec<ExternalReference>,
    /// Whether it is confidential.
    Confidential = confidential: bool,
}
