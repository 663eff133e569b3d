//! Reading: the record as it is now, its log, its moves.

use super::{ActingDesk, InForce, IncidentDesk, Seen};
use crate::{
    decision::{AllowedMove, Course},
    error::{Error, NotFound},
    event::{Body, Event},
    id::{CommandId, Version},
    incident::{Audience, Incident, IncidentEvent},
    permission::Permission,
    store::{Found, Loaded, Record, RecordKey, Repository, RepositoryError, Scope},
    verb::IncidentVerb,
};

/// How often a load follows a policy that changes under it.
const POLICY_TRIES: usize = 4;

impl<R: Repository> ActingDesk<R> {
    /// Loads by the policy that is in force: what the actor may see depends on it.
    pub(crate) async fn load(
        &self,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<(InForce, Found), Error> {
        let mut policy = self.desk.known_policy(&self.tenant);
        for _ in 0..POLICY_TRIES {
            let scope = self.scope(&policy);
            let found = self.desk.repository().load(&scope, key, command).await.map_err(|error| self.failed(error))?;
            let newer = self.desk.learn_policy(&self.tenant, policy.stamp, found.policy).await;
            match newer.map_err(|error| self.failed(error))? {
                None => return Ok((policy, found)),
                Some(newer) => policy = newer,
            }
        }
        Err(self.failed(RepositoryError::Unavailable { backend: "policy", source: "the policy keeps changing".into() }))
    }

    pub(crate) fn scope(&self, policy: &InForce) -> Scope {
        Scope::of(&self.tenant, &self.actor, policy.policy.permissions())
    }

    /// An error of the repository outside a command.
    pub(crate) fn failed(&self, source: RepositoryError) -> Error {
        Error::Repository { command: self.options.command, source }
    }
}

/// The incident that was loaded, or the answer that there is none.
pub(crate) fn found(loaded: Option<Loaded>, key: &RecordKey) -> Result<Loaded, Error> {
    loaded.ok_or_else(|| NotFound { what: key.to_string() }.into())
}

pub(crate) fn incident_of(loaded: &Loaded) -> &Incident {
    let Record::Incident(incident) = &*loaded.record;
    incident
}

impl<R: Repository> IncidentDesk<R> {
    /// The incident as it is now: with everything that has fallen due, stored or not.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn get(&self) -> Result<Seen, Error> {
        Ok(self.seen().await?.1)
    }

    /// The moves that the actor has now, with the fields that each needs and the obligations that block
    /// it; see [`Incident::allowed_moves`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn allowed_moves(&self) -> Result<Vec<AllowedMove>, Error> {
        let (policy, seen) = self.seen().await?;
        Ok(seen.incident.allowed_moves(&self.acting.actor, &policy.policy, self.acting.desk.now()))
    }

    /// A page of its log, from `from` on: at most `limit` events, without the internal notes that the
    /// actor may not read. The second value is where the next page begins.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn events(&self, from: Version, limit: usize) -> Result<(Vec<Event>, Option<Version>), Error> {
        let acting = &self.acting;
        let (policy, loaded) = acting.load(Some(&self.key), None).await?;
        let loaded = found(loaded.record, &self.key)?;
        let scope = acting.scope(&policy);
        let page = acting
            .desk
            .repository()
            .events(&scope, loaded.record.id(), from, limit)
            .await
            .map_err(|error| acting.failed(error))?;
        let internal = Permission::Incident(IncidentVerb::ReadInternal);
        let all = policy.policy.permissions().allows(&acting.actor, internal, &incident_of(&loaded).stake());
        let mut events = page.events;
        events.retain(|event| all || !is_internal(event));
        Ok((events, page.next))
    }

    async fn seen(&self) -> Result<(InForce, Seen), Error> {
        let (policy, loaded) = self.acting.load(Some(&self.key), None).await?;
        let loaded = found(loaded.record, &self.key)?;
        let now = self.acting.desk.now();
        let incident = incident_of(&loaded).clone();
        let recorded_at = now.max(incident.progress().recorded_at);
        let course = self.acting.caught_up(Course::from(incident), now, recorded_at, &policy).await?;
        Ok((policy, Seen { incident: course.incident, version: loaded.version }))
    }
}

fn is_internal(event: &Event) -> bool {
    let Body::Incident(body) = &event.body;
    matches!(body, IncidentEvent::NoteAdded(note) if note.audience == Audience::Internal)
}
