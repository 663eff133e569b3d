//! What was decided becomes a commit.

use std::sync::Arc;

use super::{ActingDesk, InForce, Outcome, flow::repository, log::corrupt};
use crate::{
    decision::{Course, Happening, clock_policies, next_due, pinned_policy},
    digest::Digest,
    error::Error,
    event::{Body, Event, PolicyStamp, RecordId},
    fault::{Fault, Faults},
    id::{CommandId, Id, Number, Version},
    incident::{Incident, IncidentEvent},
    store::{
        Answer, Commit, Document, Erasure, Expected, Guard, IndexRow, Landed, Loaded, Publication, Record, RecordKind,
        Repository, RepositoryError, TermChange, Write,
    },
    time::Instant,
};

/// One try to carry out a command.
pub(super) struct Attempt {
    pub command: CommandId,
    pub salt: [u8; 16],
    pub intent: Digest,
    pub policy: InForce,
}

/// What a commit came to.
pub(super) enum Committed {
    Now(Outcome),
    Before(Answer),
}

/// Where a course is committed.
pub(super) struct Place {
    pub base: Option<Loaded>,
    pub guards: Vec<Guard>,
}

impl InForce {
    /// What a commit expects to be in force. The desk's own default is no published policy.
    pub(super) fn published(&self) -> Option<PolicyStamp> {
        (self.stamp.version > 0).then_some(self.stamp)
    }
}

impl Attempt {
    pub(super) fn commit(&self, at: Instant) -> Commit {
        Commit {
            command: self.command,
            salt: self.salt,
            intent: self.intent,
            at,
            policy: self.policy.published(),
            writes: Vec::new(),
            guards: Vec::new(),
            erasures: Vec::new(),
            documents: Vec::new(),
            publication: None,
        }
    }
}

impl<R: Repository> ActingDesk<R> {
    /// Commits a course and everything that goes with it.
    pub(super) async fn commit_course(
        &self,
        attempt: &Attempt,
        course: Course,
        place: Place,
        recorded_at: Instant,
    ) -> Result<Committed, RepositoryError> {
        let (expected, mut version) = match &place.base {
            None => (Expected::Absent, Version::NONE),
            Some(base) => (Expected::At(base.version), base.version),
        };
        let id = RecordId::from(course.incident.id());
        let sealed = course.happenings.into_iter().map(|happening| {
            version = version.next();
            self.seal(happening, id, version, attempt, recorded_at)
        });
        let mut events: Arc<[Event]> = sealed.collect();
        let erasures = erase(id, Arc::make_mut(&mut events))?;
        let before = place.base.as_ref().map(super::reads::incident_of);
        let terms = TermChange::between(before, &course.incident);
        let row = IndexRow::of(&course.incident, version, next_due(&course.incident));
        // What closes by itself, or has clocks, under the desk's own policy must find that policy again, whatever
        // the desk has then.
        let mut pinned = pinned_policy(&course.incident).into_iter().chain(clock_policies(&course.incident));
        let default = pinned.any(|stamp| stamp.version == 0 && stamp == attempt.policy.stamp);
        drop(pinned);
        let documents = default.then(|| Document::Policy(Arc::clone(&attempt.policy.policy)));
        let record = Arc::new(Record::Incident(course.incident));
        let write = Write { expected, record: Arc::clone(&record), row, terms, events: Arc::clone(&events) };
        let documents = documents.into_iter().collect();
        let commit =
            Commit { writes: vec![write], guards: place.guards, erasures, documents, ..attempt.commit(recorded_at) };
        let outcome = Outcome { record, version, events, command: attempt.command, repeated: false };
        self.land(commit, outcome).await
    }

    /// Commits that a command changed nothing, so that it changes nothing when it comes again.
    pub(super) async fn commit_nothing(
        &self,
        attempt: &Attempt,
        loaded: &Loaded,
        recorded_at: Instant,
    ) -> Result<Committed, RepositoryError> {
        let guard = Guard { id: loaded.record.id(), version: loaded.version };
        let outcome = Outcome {
            record: Arc::clone(&loaded.record),
            version: loaded.version,
            events: Arc::default(),
            command: attempt.command,
            repeated: false,
        };
        self.land(Commit { guards: vec![guard], ..attempt.commit(recorded_at) }, outcome).await
    }

    /// Commits that a policy is put in force; or, without a publication, that it was in force already.
    pub(super) async fn commit_policy(
        &self,
        attempt: &Attempt,
        publication: Option<Publication>,
        now: Instant,
    ) -> Result<Landed, RepositoryError> {
        let commit = Commit { publication, ..attempt.commit(now) };
        self.desk.repository().commit(&self.tenant, commit).await.map_err(|refused| refused.error)
    }

    async fn land(&self, commit: Commit, outcome: Outcome) -> Result<Committed, RepositoryError> {
        match self.desk.repository().commit(&self.tenant, commit).await {
            Ok(Landed::Now) => Ok(Committed::Now(outcome)),
            Ok(Landed::Before(answer)) => Ok(Committed::Before(answer)),
            Err(refused) => Err(refused.error),
        }
    }

    /// An id and a number for a new incident.
    pub(super) async fn take_number(&self, attempt: &Attempt) -> Result<(Id<Incident>, Number), Error> {
        let value = self
            .desk
            .repository()
            .next_number(&self.tenant, RecordKind::Incident)
            .await
            .map_err(|error| repository(attempt.command, error))?;
        let format = &attempt.policy.policy.numbering().incident;
        let number = Number::new(&format.prefix, format.width, value).map_err(|_| {
            let rule = "cannot be the prefix of a number";
            Error::Policy(Faults::one(Fault::new("numbering.incident.prefix", "number.prefix", rule)))
        })?;
        Ok((Id::from_u128(self.desk.ids.id(self.desk.now())), number))
    }

    fn seal(
        &self,
        happening: Happening,
        record: RecordId,
        sequence: Version,
        attempt: &Attempt,
        recorded_at: Instant,
    ) -> Event {
        Event {
            id: Id::from_u128(self.desk.ids.id(recorded_at)),
            tenant: self.tenant.clone(),
            record,
            sequence,
            occurred_at: happening.occurred_at,
            recorded_at,
            actor: happening.actor,
            on_behalf_of: happening.on_behalf_of,
            command: attempt.command,
            cause: happening.cause,
            correlation: self.options.correlation.clone(),
            policy: happening.policy.unwrap_or(attempt.policy.stamp),
            digest: None,
            body: Body::Incident(happening.event),
        }
    }
}

/// The texts that these events say are erased. What was done in the same commit before names them no more
/// either, as an edit names the old title.
fn erase(record: RecordId, events: &mut [Event]) -> Result<Vec<Erasure>, RepositoryError> {
    let mut erasures = Vec::new();
    for end in 1..=events.len() {
        let Some((redacted, _)) = events.split_at_mut_checked(end) else { break };
        let Some(Body::Incident(IncidentEvent::Redacted(redaction))) = redacted.last().map(|event| &event.body) else {
            continue;
        };
        let slots = redaction.texts.clone();
        for event in redacted {
            *event = event.erased(&slots).map_err(|error| corrupt(record, error.to_string()))?;
        }
        erasures.push(Erasure { record, slots });
    }
    Ok(erasures)
}
