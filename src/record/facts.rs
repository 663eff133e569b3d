//! Facts: what is known of a record, whatever stage it is in.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    actor::ActorId,
    digest::Digest,
    id::{Id, Number},
    key::{
        CategoryKey, ChoiceKey, ContactChannel, ExternalKey, FieldKey, GroupRef, ItemRef, Label, LevelName, MediaType,
        OfferingRef, OrganisationRef, PersonRef, ServiceRef, SiteRef, SystemName,
    },
    permission::Stake,
    text::{Text, Title},
};

/// What is known of a record of the kind `K` in every stage. Group, person and priority stand beside it, in
/// [`Progress`](super::Progress).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Facts<K> {
    /// Its id.
    pub id: Id<K>,
    /// Its number, as people say it.
    pub number: Number,
    /// What is wrong, in a line.
    pub title: Title,
    /// What is wrong, at length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// The category in the policy's tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryKey>,
    /// How far it reaches.
    pub impact: LevelName,
    /// How soon it matters.
    pub urgency: LevelName,
    /// Who reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<PersonRef>,
    /// Who cannot work; the caller, if nobody else was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected: Option<PersonRef>,
    /// Whether the affected person was a VIP when it was looked up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vip: bool,
    /// How many people are affected, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_affected: Option<u32>,
    /// Who logged it.
    pub opened_by: ActorId,
    /// The organisation that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationRef>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteRef>,
    /// How it reached the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ContactChannel>,
    /// The services that suffer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// The offering under which it is handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offering: Option<Offering>,
    /// The configuration items concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// Labels, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
    /// Who wants to hear of it, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watchers: Vec<PersonRef>,
    /// References to files that the host keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What it is called in other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ExternalReference>,
    /// The record that it follows, because that one could not be reopened any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Id<K>>,
    /// Whether only those who have to do with it may see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
    /// The host's own fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldKey, FieldValue>,
}

/// A reference to something in the host's world that a record concerns, and how critical it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rated<R> {
    /// The host's key.
    pub key: R,
    /// Its criticality, on the policy's scale, when it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criticality: Option<LevelName>,
}

/// A service that suffers.
pub type Service = Rated<ServiceRef>;
/// The offering under which a record is handled.
pub type Offering = Rated<OfferingRef>;
/// A configuration item concerned.
pub type Item = Rated<ItemRef>;

/// A reference to a file that the host keeps. The library never sees the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The file's name, which can be erased.
    pub name: Title,
    /// What kind of file it is.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content, by which the host finds it.
    pub digest: Digest,
}

/// What a record is called in another system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalReference {
    /// The other system.
    pub system: SystemName,
    /// The key there.
    pub key: ExternalKey,
}

/// The value of one of the host's own fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// A text, which can be erased.
    Text(Text),
    /// A decimal number, written as text: `"12.50"`.
    Number(Decimal),
    /// One of the options that the policy lists.
    Choice(ChoiceKey),
    /// A calendar date.
    Date(NaiveDate),
    /// The key of something in the host's world.
    Reference(ExternalKey),
}

/// Where a record is: with which group, with which person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupRef>,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonRef>,
}

impl<K> Facts<K> {
    /// The facts of a record of which nothing was said but its title: opened by the library itself, with one level
    /// as its impact and its urgency.
    pub(crate) fn bare(id: Id<K>, number: Number, title: Title, level: &LevelName) -> Self {
        Self {
            id,
            number,
            title,
            description: None,
            category: None,
            impact: level.clone(),
            urgency: level.clone(),
            caller: None,
            affected: None,
            vip: false,
            people_affected: None,
            opened_by: ActorId::System,
            organisation: None,
            site: None,
            channel: None,
            services: Vec::new(),
            offering: None,
            items: Vec::new(),
            labels: Vec::new(),
            watchers: Vec::new(),
            attachments: Vec::new(),
            references: Vec::new(),
            follows: None,
            confidential: false,
            fields: BTreeMap::new(),
        }
    }

    /// How many links to other records of its kind stand in the facts.
    pub(crate) fn links(&self) -> usize {
        usize::from(self.follows.is_some())
    }

    /// Who has to do with it, as far as the facts say: without group and assignee.
    #[must_use]
    pub fn stake(&self) -> Stake<'_> {
        Stake {
            people: [self.caller.as_ref(), self.affected.as_ref(), self.opened_by.person(), None],
            group: None,
            organisation: self.organisation.as_ref(),
        }
    }

    /// The criticality of everything that it concerns.
    pub fn criticalities(&self) -> impl Iterator<Item = &LevelName> {
        let services = self.services.iter().map(|service| &service.criticality);
        let offering = self.offering.iter().map(|offering| &offering.criticality);
        let items = self.items.iter().map(|item| &item.criticality);
        services.chain(offering).chain(items).flatten()
    }
}

impl Assignment {
    /// Whether it is with nobody.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.group.is_none() && self.person.is_none()
    }
}
