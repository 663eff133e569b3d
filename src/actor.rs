//! Who acts: a person, an automation or the system; in which roles; on whose behalf.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::key::{AutomationRef, GroupRef, KeyError, OrganisationRef, PersonRef, RoleName};

/// Who did something, as events remember it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorId {
    /// A person.
    Person(PersonRef),
    /// An automation: a rule, a bot, a monitoring system. Nothing that it does counts as a response, but
    /// for resolving: what is resolved needs none.
    Automation(AutomationRef),
    /// The library itself, when something falls due.
    System,
}

impl ActorId {
    /// The person, if it is one.
    #[must_use]
    pub const fn person(&self) -> Option<&PersonRef> {
        match self {
            Self::Person(person) => Some(person),
            Self::Automation(_) | Self::System => None,
        }
    }

    /// Whether it is a person.
    #[must_use]
    pub const fn is_person(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::Automation(automation) => automation.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

/// Who acts now: what the host vouches for about whoever sent a command.
///
/// The library takes the host's word for it; it authenticates nobody.
///
/// ```
/// use andon::Actor;
///
/// let anna = Actor::person("anna")?.role("agent")?.group("Network")?;
/// let monitoring = Actor::automation("prometheus")?.role("monitoring")?;
/// # Ok::<(), andon::key::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    id: ActorId,
    on_behalf_of: Option<PersonRef>,
    roles: Vec<RoleName>,
    groups: Vec<GroupRef>,
    organisation: Option<OrganisationRef>,
}

impl Actor {
    /// A person. Without a role it may do nothing.
    ///
    /// # Errors
    /// [`KeyError`] if `person` is not a key.
    pub fn person(person: impl AsRef<str>) -> Result<Self, KeyError> {
        Ok(Self::from_id(ActorId::Person(PersonRef::new(person)?)))
    }

    /// An automation. Without a role it may do nothing.
    ///
    /// # Errors
    /// [`KeyError`] if `automation` is not a key.
    pub fn automation(automation: impl AsRef<str>) -> Result<Self, KeyError> {
        Ok(Self::from_id(ActorId::Automation(AutomationRef::new(automation)?)))
    }

    /// The system itself, which may do everything. Not for what comes from outside.
    #[must_use]
    pub const fn system() -> Self {
        Self::from_id(ActorId::System)
    }

    /// Somebody of whom nothing more is known, as in a history.
    pub(crate) const fn from_id(id: ActorId) -> Self {
        Self { id, on_behalf_of: None, roles: Vec::new(), groups: Vec::new(), organisation: None }
    }

    /// On behalf of this person, if it was.
    pub(crate) fn for_person(self, person: Option<PersonRef>) -> Self {
        Self { on_behalf_of: person, ..self }
    }

    /// With this role; call it again for another one.
    ///
    /// # Errors
    /// [`KeyError`] if `role` is not a key.
    pub fn role(mut self, role: impl AsRef<str>) -> Result<Self, KeyError> {
        self.roles.push(RoleName::new(role)?);
        Ok(self)
    }

    /// As a member of this group; call it again for another one.
    ///
    /// # Errors
    /// [`KeyError`] if `group` is not a key.
    pub fn group(mut self, group: impl AsRef<str>) -> Result<Self, KeyError> {
        self.groups.push(GroupRef::new(group)?);
        Ok(self)
    }

    /// As one of this organisation.
    ///
    /// # Errors
    /// [`KeyError`] if `organisation` is not a key.
    pub fn organisation(mut self, organisation: impl AsRef<str>) -> Result<Self, KeyError> {
        self.organisation = Some(OrganisationRef::new(organisation)?);
        Ok(self)
    }

    /// On behalf of this person, as an assistant or a service desk does.
    ///
    /// # Errors
    /// [`KeyError`] if `person` is not a key.
    pub fn on_behalf_of(mut self, person: impl AsRef<str>) -> Result<Self, KeyError> {
        self.on_behalf_of = Some(PersonRef::new(person)?);
        Ok(self)
    }

    /// Who it is.
    #[must_use]
    pub const fn id(&self) -> &ActorId {
        &self.id
    }

    /// For whom it acts.
    #[must_use]
    pub const fn behalf(&self) -> Option<&PersonRef> {
        self.on_behalf_of.as_ref()
    }

    /// The roles in which it acts.
    #[must_use]
    pub fn roles(&self) -> &[RoleName] {
        &self.roles
    }

    /// The groups that it belongs to.
    #[must_use]
    pub fn groups(&self) -> &[GroupRef] {
        &self.groups
    }

    /// The organisation that it belongs to.
    #[must_use]
    pub const fn member_of(&self) -> Option<&OrganisationRef> {
        self.organisation.as_ref()
    }

    /// The people whose records are its own: itself, and the one on whose behalf it acts.
    pub(crate) fn people(&self) -> impl Iterator<Item = &PersonRef> {
        self.id.person().into_iter().chain(self.on_behalf_of.as_ref())
    }
}
