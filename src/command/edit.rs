//! An edit: a patch of facts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Patch, RatedInput};
use crate::incident::ExternalReference;

/// Changes of facts. What is left out stays as it is.
///
/// ```
/// use andon::command::Edit;
///
/// let edit = Edit::new().impact("high").clear_site();
/// let same: Edit = serde_json::from_str(r#"{"impact": "high", "site": null}"#)?;
/// assert_eq!(edit, same);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Edit {
    /// The title; it cannot be cleared.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub title: Patch<String>,
    /// The description.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// The impact; it cannot be cleared.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub impact: Patch<String>,
    /// The urgency; it cannot be cleared.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub urgency: Patch<String>,
    /// The caller.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub caller: Patch<String>,
    /// The affected person. The directory is asked anew whether that is a VIP.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub affected: Patch<String>,
    /// How many people are affected.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub people_affected: Patch<u32>,
    /// The organisation.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub organisation: Patch<String>,
    /// The site.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub site: Patch<String>,
    /// The contact channel.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub channel: Patch<String>,
    /// The services, as a whole.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub services: Patch<Vec<RatedInput>>,
    /// The offering.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub offering: Patch<RatedInput>,
    /// The configuration items, as a whole.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub items: Patch<Vec<RatedInput>>,
    /// The labels, as a whole.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub labels: Patch<Vec<String>>,
    /// The external references, as a whole.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub references: Patch<Vec<ExternalReference>>,
    /// Whether it is confidential; clearing says no.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub confidential: Patch<bool>,
    /// The host's own fields: a text sets, `null` clears, what is not named stays.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Option<String>>,
}

/// Declares a setter and a clearer for each field.
macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty $(, $clear:ident)?;)*) => {
        impl Edit {
            $($(#[$doc])*
            #[must_use]
            pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                self.$field = Patch::Set($field.into());
                self
            }

            $(/// Takes the value away.
            #[must_use]
            pub fn $clear(mut self) -> Self {
                self.$field = Patch::Clear;
                self
            })?)*
        }
    };
}

setters! {
    /// With this title.
    title: String;
    /// With this description.
    description: String, clear_description;
    /// With this impact.
    impact: String;
    /// With this urgency.
    urgency: String;
    /// With this caller.
    caller: String, clear_caller;
    /// With this affected person.
    affected: String, clear_affected;
    /// With so many people affected.
    people_affected: u32, clear_people_affected;
    /// With this organisation.
    organisation: String, clear_organisation;
    /// At this site.
    site: String, clear_site;
    /// By this channel.
    channel: String, clear_channel;
    /// With these services.
    services: Vec<RatedInput>, clear_services;
    /// Under this offering.
    offering: RatedInput, clear_offering;
    /// With these configuration items.
    items: Vec<RatedInput>, clear_items;
    /// With these labels.
    labels: Vec<String>, clear_labels;
    /// With these external references.
    references: Vec<ExternalReference>, clear_references;
    /// Confidential or not.
    confidential: bool;
}

impl Edit {
    /// Whether it touches what the priority is made from.
    pub(crate) fn weighs(&self) -> bool {
        let kept =
            [self.impact.is_keep(), self.urgency.is_keep(), self.affected.is_keep(), self.people_affected.is_keep()];
        let concerned = [self.services.is_keep(), self.offering.is_keep(), self.items.is_keep()];
        !kept.into_iter().chain(concerned).all(|keep| keep)
    }

    /// An edit that changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this value of one of the host's own fields.
    #[must_use]
    pub fn field(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.insert(key.into(), Some(value.into()));
        self
    }

    /// Takes away the value of one of the host's own fields.
    #[must_use]
    pub fn clear_field(mut self, key: impl Into<String>) -> Self {
        self.fields.insert(key.into(), None);
        self
    }
}
