//! What queries see of a record, and who may see it.

use std::sync::Arc;

use crate::{
    actor::Actor,
    event::RecordId,
    id::Version,
    incident::{Incident, Stage},
    key::{GroupRef, PersonRef, TenantId},
    permission::{Permission, PermissionScope, Permissions},
    time::Instant,
    verb::IncidentVerb,
};

/// A mark on a record, or a mark that a viewer holds. A viewer sees the records with which it shares
/// one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Term {
    /// Every record that is not confidential; held by those who may read all.
    Everyone,
    /// Every confidential record; held by those who may read confidential ones.
    Confidential,
    /// A record that a person has to do with; held by that person.
    Person(PersonRef),
    /// A record that is with a group; held by the group's members.
    Group(GroupRef),
    /// A record of an organisation that is not confidential; held by its members.
    Organisation(crate::key::OrganisationRef),
}

/// Who reads, in which tenant. Every read has one.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// What the viewer may see: a record is seen if it bears one of these.
    pub viewer: Arc<[Term]>,
}

impl Scope {
    /// What an actor may see in a tenant, by the permission to read incidents.
    #[must_use]
    pub fn of(tenant: &TenantId, actor: &Actor, permissions: &Permissions) -> Self {
        let mut viewer = Vec::new();
        let read = permissions.scopes(actor, Permission::Incident(IncidentVerb::Read));
        if read.contains(PermissionScope::All) {
            viewer.push(Term::Everyone);
        }
        if !read.is_empty() {
            viewer.extend(actor.people().cloned().map(Term::Person));
        }
        if read.contains(PermissionScope::All) || read.contains(PermissionScope::OwnGroup) {
            viewer.extend(actor.groups().iter().cloned().map(Term::Group));
        }
        if read.contains(PermissionScope::OwnOrganisation) {
            viewer.extend(actor.member_of().cloned().map(Term::Organisation));
        }
        let confidential = permissions.scopes(actor, Permission::Incident(IncidentVerb::ReadConfidential));
        if confidential.contains(PermissionScope::All) {
            viewer.push(Term::Confidential);
        }
        Self { tenant: tenant.clone(), viewer: viewer.into() }
    }

    /// The scope of one who may see everything in a tenant: the library itself, to put an earlier answer
    /// together again.
    #[must_use]
    pub fn everything(tenant: &TenantId) -> Self {
        Self { tenant: tenant.clone(), viewer: [Term::Everyone, Term::Confidential].into() }
    }

    /// Whether the viewer sees a record that bears these marks.
    #[must_use]
    pub fn sees(&self, visibility: &[Term]) -> bool {
        self.viewer.iter().any(|held| visibility.contains(held))
    }
}

/// What queries see of a record: fixed columns and terms. The library fills it in.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexRow {
    /// The record.
    pub id: RecordId,
    /// Its stage.
    pub stage: Stage,
    /// The rank of its priority; 1 is the highest.
    pub priority: u8,
    /// The group that it is with.
    pub group: Option<GroupRef>,
    /// The person whom it is with.
    pub person: Option<PersonRef>,
    /// When it was reported.
    pub reported_at: Option<Instant>,
    /// When its last event was recorded.
    pub updated_at: Instant,
    /// Its version.
    pub version: Version,
    /// Who may see it.
    pub visibility: Arc<[Term]>,
}

impl IndexRow {
    /// The row of an incident.
    #[must_use]
    pub fn of(incident: &Incident, version: Version) -> Self {
        let (progress, assignment) = (incident.progress(), incident.assignment());
        Self {
            id: incident.id().into(),
            stage: incident.stage(),
            priority: incident.priority().rank(),
            group: assignment.group.clone(),
            person: assignment.person.clone(),
            reported_at: progress.milestones.reported,
            updated_at: progress.recorded_at,
            version,
            visibility: visibility(incident),
        }
    }
}

fn visibility(incident: &Incident) -> Arc<[Term]> {
    let facts = incident.facts();
    let mut terms = Vec::with_capacity(8);
    if facts.confidential {
        terms.push(Term::Confidential);
    } else {
        terms.push(Term::Everyone);
        terms.extend(facts.organisation.clone().map(Term::Organisation));
    }
    let stake = incident.stake();
    let people = stake.people.into_iter().flatten().chain(&facts.watchers);
    for person in people {
        let term = Term::Person(person.clone());
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms.extend(stake.group.cloned().map(Term::Group));
    terms.into()
}
