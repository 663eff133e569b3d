//! Scopes: who reads, in which tenant, and what of it.

use std::sync::Arc;

use super::{Term, Terms};
use crate::{
    actor::Actor,
    event::Event,
    incident::Audience,
    key::TenantId,
    permission::{Permission, PermissionScope, Permissions, Scopes},
    verb::IncidentVerb,
};

/// Who reads, in which tenant. Every read has one: what may be seen is decided in the repository, so
/// that pages, counts, searches and the feed are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// What the viewer may see: a record is seen if it bears one of these.
    pub viewer: Arc<[Term]>,
    /// Of which records the viewer sees internal notes, too: those that it sees and that bear one of
    /// these.
    pub internal: Arc<[Term]>,
}

impl Scope {
    /// What an actor may see in a tenant, by the permissions to read incidents, internal notes and
    /// confidential records.
    #[must_use]
    pub fn of(tenant: &TenantId, actor: &Actor, permissions: &Permissions) -> Self {
        let scopes = |verb| permissions.scopes(actor, Permission::Incident(verb));
        let people = || actor.people().cloned();
        let read = scopes(IncidentVerb::Read);
        let mut viewer = Vec::new();
        if read.contains(PermissionScope::All) {
            viewer.push(Term::Everyone);
        }
        if !read.is_empty() {
            viewer.extend(people().flat_map(|person| [Term::Person(person.clone()), Term::Watcher(person)]));
        }
        if read.contains(PermissionScope::All) || read.contains(PermissionScope::OwnGroup) {
            viewer.extend(actor.groups().iter().cloned().map(Term::Group));
        }
        if read.contains(PermissionScope::OwnOrganisation) {
            viewer.extend(actor.member_of().cloned().map(Term::Organisation));
        }
        // Whoever reads nothing at all reads nothing confidential either.
        let confidential = if read.is_empty() { Scopes::NONE } else { scopes(IncidentVerb::ReadConfidential) };
        if confidential.contains(PermissionScope::All) {
            viewer.push(Term::Confidential);
        }
        if confidential.contains(PermissionScope::OwnOrganisation) {
            viewer.extend(actor.member_of().cloned().map(Term::ConfidentialOrganisation));
        }
        let internals = scopes(IncidentVerb::ReadInternal);
        let mut internal = Vec::new();
        if internals.contains(PermissionScope::All) {
            internal.extend([Term::Everyone, Term::Confidential]);
        }
        if internals.contains(PermissionScope::Own) {
            internal.extend(people().map(Term::Person));
        }
        if internals.contains(PermissionScope::OwnGroup) {
            internal.extend(actor.groups().iter().cloned().map(Term::Group));
        }
        if internals.contains(PermissionScope::OwnOrganisation) {
            let of = actor.member_of().cloned();
            internal.extend(of.into_iter().flat_map(|organisation| {
                [Term::Organisation(organisation.clone()), Term::ConfidentialOrganisation(organisation)]
            }));
        }
        Self { tenant: tenant.clone(), viewer: viewer.into(), internal: internal.into() }
    }

    /// The scope of one who may see everything in a tenant: the library itself.
    #[must_use]
    pub fn everything(tenant: &TenantId) -> Self {
        let all: Arc<[Term]> = [Term::Everyone, Term::Confidential].into();
        Self { tenant: tenant.clone(), viewer: Arc::clone(&all), internal: all }
    }

    /// Whether the viewer sees a record that bears these terms.
    #[must_use]
    pub fn sees(&self, terms: &Terms) -> bool {
        shares(&self.viewer, &terms.standing)
    }

    /// The event as the viewer sees it in the log of a record that bears these terms: whole, without its
    /// internal texts, or not at all.
    #[must_use]
    pub fn shows(&self, event: &Event, terms: &Terms) -> Option<Event> {
        if self.sees_internals(terms) {
            return Some(event.clone());
        }
        (self.sees(terms) && event.audience() == Audience::Public).then(|| event.withheld())
    }

    /// Whether the viewer sees the internal notes of a record that bears these terms, too.
    #[must_use]
    pub fn sees_internals(&self, terms: &Terms) -> bool {
        self.sees(terms) && shares(&self.internal, &terms.standing)
    }
}

fn shares(held: &[Term], borne: &[Term]) -> bool {
    held.iter().any(|term| borne.contains(term))
}
