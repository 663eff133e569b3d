//! Scopes: who reads, in which tenant, and what of it.

use std::sync::Arc;

use super::{Term, Terms};
use crate::{
    actor::Actor,
    event::Event,
    key::TenantId,
    permission::{PermissionScope, Permissions, Scopes},
    record::{Audience, RecordKind},
    verb::{IncidentVerb, ProblemVerb, Verb},
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
    /// What an actor may see in a tenant, by the permissions to read incidents and problems, what is internal to them,
    /// and confidential ones.
    #[must_use]
    pub fn of(tenant: &TenantId, actor: &Actor, permissions: &Permissions) -> Self {
        let (mut viewer, mut internal) = (Vec::new(), Vec::new());
        for (kind, verbs) in reading() {
            let [read, confidential, internals] = verbs.map(|verb| permissions.scopes(actor, verb.into()));
            viewer.extend(seen(actor, read, confidential).into_iter().map(|term| term.for_kind(kind)));
            internal.extend(seen_within(actor, internals).into_iter().map(|term| term.for_kind(kind)));
        }
        Self { tenant: tenant.clone(), viewer: viewer.into(), internal: internal.into() }
    }

    /// The scope of one who may see everything in a tenant: the library itself.
    #[must_use]
    pub fn everything(tenant: &TenantId) -> Self {
        let kinds = RecordKind::ALL.into_iter();
        let all: Arc<[Term]> =
            kinds.flat_map(|kind| [Term::Everyone, Term::Confidential].map(|term| term.for_kind(kind))).collect();
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

/// The verbs of reading: the record, confidential ones, and what is internal.
fn reading() -> [(RecordKind, [Verb; 3]); 2] {
    use {IncidentVerb as I, ProblemVerb as P};
    [
        (RecordKind::Incident, [I::Read, I::ReadConfidential, I::ReadInternal].map(Verb::Incident)),
        (RecordKind::Problem, [P::Read, P::ReadConfidential, P::ReadInternal].map(Verb::Problem)),
    ]
}

/// The marks of the records of a kind that the actor sees.
fn seen(actor: &Actor, read: Scopes, confidential: Scopes) -> Vec<Term> {
    let mut viewer = Vec::new();
    // Whoever reads nothing at all reads nothing confidential either.
    if read.is_empty() {
        return viewer;
    }
    if read.contains(PermissionScope::All) {
        viewer.push(Term::Everyone);
    }
    let people = actor.people().cloned();
    viewer.extend(people.flat_map(|person| [Term::Person(person.clone()), Term::Watcher(person)]));
    if read.contains(PermissionScope::All) || read.contains(PermissionScope::OwnGroup) {
        viewer.extend(actor.groups().iter().cloned().map(Term::Group));
    }
    if read.contains(PermissionScope::OwnOrganisation) {
        viewer.extend(actor.member_of().cloned().map(Term::Organisation));
    }
    if confidential.contains(PermissionScope::All) {
        viewer.push(Term::Confidential);
    }
    if confidential.contains(PermissionScope::OwnOrganisation) {
        viewer.extend(actor.member_of().cloned().map(Term::ConfidentialOrganisation));
    }
    viewer
}

/// The marks of the records of a kind of which the actor sees what is internal, if it sees them.
fn seen_within(actor: &Actor, internals: Scopes) -> Vec<Term> {
    let mut internal = Vec::new();
    if internals.contains(PermissionScope::All) {
        internal.extend([Term::Everyone, Term::Confidential]);
    }
    if internals.contains(PermissionScope::Own) {
        internal.extend(actor.people().cloned().map(Term::Person));
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
    internal
}

fn shares(held: &[Term], borne: &[Term]) -> bool {
    held.iter().any(|term| borne.contains(term))
}
