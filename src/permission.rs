//! What who may do: roles map to permissions, each with a scope.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    actor::{Actor, ActorId},
    key::{GroupRef, OrganisationRef, PersonRef, RoleName},
    verb::{IncidentVerb, ProblemVerb, Verb},
};

/// The permission for one verb of one kind of record, or for something of the tenant's as a whole.
/// Text and JSON form: `incident.assign`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "std::borrow::Cow<'_, str>", into = "&'static str")]
#[non_exhaustive]
pub enum Permission {
    /// A verb of incidents.
    Incident(IncidentVerb),
    /// A verb of problems.
    Problem(ProblemVerb),
    /// Publish a policy for the tenant: `policy.publish`.
    PublishPolicy,
}

impl Permission {
    /// Every permission.
    pub fn all() -> impl Iterator<Item = Self> {
        let problems = ProblemVerb::ALL.iter().copied().map(Self::Problem);
        IncidentVerb::ALL.iter().copied().map(Self::Incident).chain(problems).chain([Self::PublishPolicy])
    }

    /// The permission as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incident(verb) => verb.permission(),
            Self::Problem(verb) => verb.permission(),
            Self::PublishPolicy => "policy.publish",
        }
    }
}

impl From<IncidentVerb> for Permission {
    fn from(verb: IncidentVerb) -> Self {
        Self::Incident(verb)
    }
}

impl From<ProblemVerb> for Permission {
    fn from(verb: ProblemVerb) -> Self {
        Self::Problem(verb)
    }
}

impl From<Verb> for Permission {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Incident(verb) => Self::Incident(verb),
            Verb::Problem(verb) => Self::Problem(verb),
        }
    }
}

impl From<Permission> for &'static str {
    fn from(permission: Permission) -> Self {
        permission.as_str()
    }
}

/// A text that names no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a permission")]
pub struct UnknownPermission(String);

impl TryFrom<std::borrow::Cow<'_, str>> for Permission {
    type Error = UnknownPermission;

    fn try_from(text: std::borrow::Cow<'_, str>) -> Result<Self, UnknownPermission> {
        Self::all().find(|permission| permission.as_str() == text).ok_or_else(|| UnknownPermission(text.into_owned()))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// On which records a permission holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionScope {
    /// Records of which the actor, or the one on whose behalf it acts, is the caller, the affected
    /// person, the one who opened it, or the assignee.
    Own,
    /// Records that are with a group of the actor's.
    OwnGroup,
    /// Records of the actor's organisation.
    OwnOrganisation,
    /// Every record of the tenant that is not confidential, and confidential ones as far as the actor
    /// may see them.
    All,
}

impl PermissionScope {
    /// Every scope, from the narrowest on.
    pub const EVERY: [Self; 4] = [Self::Own, Self::OwnGroup, Self::OwnOrganisation, Self::All];

    const fn bit(self) -> u8 {
        match self {
            Self::Own => 1,
            Self::OwnGroup => 2,
            Self::OwnOrganisation => 4,
            Self::All => 8,
        }
    }
}

/// The scopes in which a permission is granted; the grants of several roles add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// In no scope.
    pub const NONE: Self = Self(0);

    /// In this scope and those of `self`.
    #[must_use]
    pub const fn with(self, scope: PermissionScope) -> Self {
        Self(self.0 | scope.bit())
    }

    /// In the scopes of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is granted in this scope.
    #[must_use]
    pub const fn contains(self, scope: PermissionScope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether it is granted nowhere.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn each(self) -> impl Iterator<Item = PermissionScope> {
        PermissionScope::EVERY.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<PermissionScope> for Scopes {
    fn from_iter<I: IntoIterator<Item = PermissionScope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.each())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<PermissionScope>::deserialize(deserializer).map(Self::from_iter)
    }
}

/// Who has to do with a record: what scopes are judged by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stake<'a> {
    /// Caller, affected person, opener and assignee.
    pub people: [Option<&'a PersonRef>; 4],
    /// The group that it is with.
    pub group: Option<&'a GroupRef>,
    /// The organisation that it is of.
    pub organisation: Option<&'a OrganisationRef>,
}

/// The permissions of a tenant: by role, or everything for hosts that authorise by themselves.
///
/// As data: `{"roles": {"agent": {"incident.assign": ["all"]}}}` or `{"everything": true}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    everything: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    roles: BTreeMap<RoleName, BTreeMap<Permission, Scopes>>,
}

impl Permissions {
    /// Nobody may do anything, but the system.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Everybody may do everything: for hosts that authorise by themselves.
    #[must_use]
    pub const fn everything() -> Self {
        Self { everything: true, roles: BTreeMap::new() }
    }

    /// Grants `role` these permissions in `scope`, beside what it has.
    #[must_use]
    pub fn grant(
        mut self,
        role: RoleName,
        scope: PermissionScope,
        permissions: impl IntoIterator<Item = impl Into<Permission>>,
    ) -> Self {
        let grants = self.roles.entry(role).or_default();
        for permission in permissions {
            let scopes = grants.entry(permission.into()).or_default();
            *scopes = scopes.with(scope);
        }
        self
    }

    /// The roles that are granted anything, and what.
    #[must_use]
    pub const fn roles(&self) -> &BTreeMap<RoleName, BTreeMap<Permission, Scopes>> {
        &self.roles
    }

    /// The scopes in which the actor has the permission, by all its roles.
    #[must_use]
    pub fn scopes(&self, actor: &Actor, permission: Permission) -> Scopes {
        if self.everything || *actor.id() == ActorId::System {
            return Scopes::NONE.with(PermissionScope::All);
        }
        actor
            .roles()
            .iter()
            .filter_map(|role| self.roles.get(role)?.get(&permission))
            .fold(Scopes::NONE, |scopes, granted| scopes.union(*granted))
    }

    /// Whether the actor may do this to a record in which others have this stake.
    #[must_use]
    pub fn allows(&self, actor: &Actor, permission: Permission, stake: &Stake<'_>) -> bool {
        self.scopes(actor, permission).each().any(|scope| match scope {
            PermissionScope::All => true,
            PermissionScope::Own => actor.people().any(|person| stake.people.contains(&Some(person))),
            PermissionScope::OwnGroup => stake.group.is_some_and(|group| actor.groups().contains(group)),
            PermissionScope::OwnOrganisation => stake.organisation.is_some() && stake.organisation == actor.member_of(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent() -> RoleName {
        RoleName::new("agent").unwrap()
    }

    #[test]
    fn scopes_are_judged_by_the_stake() {
        let permissions = Permissions::none().grant(agent(), PermissionScope::OwnGroup, [IncidentVerb::Assign]).grant(
            agent(),
            PermissionScope::Own,
            [IncidentVerb::Assign],
        );
        let anna = Actor::person("anna").unwrap().role("agent").unwrap().group("Network").unwrap();
        let (network, mail) = (GroupRef::new("Network").unwrap(), GroupRef::new("Mail").unwrap());
        let me = PersonRef::new("anna").unwrap();
        let allows = |stake: Stake<'_>| permissions.allows(&anna, IncidentVerb::Assign.into(), &stake);
        assert!(allows(Stake { group: Some(&network), ..Stake::default() }));
        assert!(!allows(Stake { group: Some(&mail), ..Stake::default() }));
        assert!(allows(Stake { people: [None, Some(&me), None, None], ..Stake::default() }));
        assert!(!allows(Stake::default()));
        assert!(!permissions.allows(&anna, IncidentVerb::Close.into(), &Stake::default()));
    }

    #[test]
    fn an_actor_without_organisation_shares_none() {
        let permissions = Permissions::none().grant(agent(), PermissionScope::OwnOrganisation, [IncidentVerb::Read]);
        let nobody = Actor::person("bo").unwrap().role("agent").unwrap();
        assert!(!permissions.allows(&nobody, IncidentVerb::Read.into(), &Stake::default()));
    }

    #[test]
    fn permissions_read_back_from_json() {
        let permissions = Permissions::none().grant(agent(), PermissionScope::All, [IncidentVerb::Close]);
        let json = serde_json::to_string(&permissions).unwrap();
        assert_eq!(json, r#"{"roles":{"agent":{"incident.close":["all"]}}}"#);
        assert_eq!(serde_json::from_str::<Permissions>(&json).unwrap(), permissions);
        assert!(serde_json::from_str::<Permissions>(r#"{"roles":{"a":{"incident.fly":[]}}}"#).is_err());
    }
}
