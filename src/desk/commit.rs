//! What was decided becomes a commit.

use std::sync::Arc;

use super::{ActingDesk, InForce, Outcome, flow::repository, log::corrupt, reads::Known};
use crate::{
    decision::{Course, Happening, Managed, clock_policies},
    digest::Digest,
    error::Error,
    event::{Body, Event, PolicyStamp, RecordId},
    fault::{Fault, Faults},
    id::{CommandId, Id, Number, Version},
    incident::Incident,
    record::RecordKind,
    store::{
        Answer, Commit, Document, Erasure, Expected, Guard, IndexRow, Landed, Publication, Repository, RepositoryError,
        Term, TermChange, Write,
    },
    time::{Instant, floor_micros},
};

/// One try to carry out a command.
pub(super) struct Attempt {
    pub command: CommandId,
    pub salt: [u8; 16],
    pub intent: Digest,
    pub policy: InForce,
}

/// What a commit came to.
pub(super) enum Committed<K: Managed> {
    Now(Outcome<K>),
    Before(Answer),
}

/// Where a course is committed.
pub(super) struct Place<K: Managed> {
    pub base: Option<Known<K>>,
    pub guards: Vec<Guard>,
    /// Terms that no record may bear.
    pub unused: Vec<Term>,
}

/// What a course comes to: what is stored, and what is told of it.
pub(super) struct Drawn<K: Managed> {
    write: Write,
    outcome: Outcome<K>,
    erasures: Vec<Erasure>,
    documents: Vec<Document>,
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
            at: floor_micros(at),
            policy: self.policy.published(),
            writes: Vec::new(),
            guards: Vec::new(),
            unused: Vec::new(),
            erasures: Vec::new(),
            documents: Vec::new(),
            publication: None,
        }
    }
}

impl<R: Repository> ActingDesk<R> {
    /// Commits a course and everything that goes with it.
    pub(super) async fn commit_course<K: Managed>(
        &self,
        attempt: &Attempt,
        course: Course<K>,
        place: Place<K>,
        recorded_at: Instant,
    ) -> Result<Committed<K>, RepositoryError> {
        self.commit_with(attempt, course, place, Vec::new(), recorded_at).await
    }

    /// Commits a course and what goes with it on other records: all of it lands, or nothing. The outcome tells of the
    /// first one.
    pub(super) async fn commit_with<K: Managed>(
        &self,
        attempt: &Attempt,
        course: Course<K>,
        place: Place<K>,
        others: Vec<(Course<Incident>, Known<Incident>)>,
        recorded_at: Instant,
    ) -> Result<Committed<K>, RepositoryError> {
        let Drawn { write, outcome, mut erasures, mut documents } =
            self.draw(attempt, course, place.base.as_ref(), recorded_at)?;
        let mut writes = vec![write];
        for (course, base) in others {
            let drawn = self.draw(attempt, course, Some(&base), recorded_at)?;
            writes.push(drawn.write);
            erasures.extend(drawn.erasures);
            documents.extend(drawn.documents);
        }
        documents.dedup_by_key(|document| document.digest());
        let Place { guards, unused, .. } = place;
        let commit = Commit { writes, guards, unused, erasures, documents, ..attempt.commit(recorded_at) };
        self.land(commit, outcome).await
    }

    /// What a course comes to.
    fn draw<K: Managed>(
        &self,
        attempt: &Attempt,
        course: Course<K>,
        base: Option<&Known<K>>,
        recorded_at: Instant,
    ) -> Result<Drawn<K>, RepositoryError> {
        let (expected, mut version) = match base {
            None => (Expected::Absent, Version::NONE),
            Some(base) => (Expected::At(base.version), base.version),
        };
        let id = K::key(course.record.id());
        let sealed = course.happenings.into_iter().map(|happening| {
            version = version.next();
            self.seal(happening, id, version, attempt, recorded_at)
        });
        let mut events: Arc<[Event]> = sealed.collect();
        let erasures = erase(id, Arc::make_mut(&mut events))?;
        let terms = TermChange::between(base.map(|base| &*base.kept), &course.record);
        let row = IndexRow::of_kind(&course.record, version, course.record.next_due());
        // What closes by itself, or has clocks, under the desk's own policy must find that policy again, whatever
        // the desk has then.
        let mut pinned = course.record.pinned().into_iter().chain(clock_policies(&course.record));
        let default = pinned.any(|stamp| stamp.version == 0 && stamp == attempt.policy.stamp);
        drop(pinned);
        let documents = default.then(|| Document::Policy(Arc::clone(&attempt.policy.policy))).into_iter().collect();
        let kept = Arc::new(course.record);
        let record = K::into_record(Arc::clone(&kept));
        let write = Write { expected, record, row, terms, events: Arc::clone(&events) };
        let outcome = Outcome { record: kept, version, events, command: attempt.command, repeated: false };
        Ok(Drawn { write, outcome, erasures, documents })
    }

    /// Commits that a command changed nothing, so that it changes nothing when it comes again.
    pub(super) async fn commit_nothing<K: Managed>(
        &self,
        attempt: &Attempt,
        loaded: &Known<K>,
        recorded_at: Instant,
    ) -> Result<Committed<K>, RepositoryError> {
        let guard = Guard { id: K::key(loaded.kept.id()), version: loaded.version };
        let outcome = Outcome {
            record: Arc::clone(&loaded.kept),
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

    async fn land<K: Managed>(&self, commit: Commit, outcome: Outcome<K>) -> Result<Committed<K>, RepositoryError> {
        match self.desk.repository().commit(&self.tenant, commit).await {
            Ok(Landed::Now) => Ok(Committed::Now(outcome)),
            Ok(Landed::Before(answer)) => Ok(Committed::Before(answer)),
            Err(refused) => Err(refused.error),
        }
    }

    /// A number for a new record.
    pub(super) async fn take_number<K: Managed>(&self, attempt: &Attempt) -> Result<Number, Error> {
        let value = self.desk.repository().next_number(&self.tenant, K::KIND).await;
        let value = value.map_err(|error| repository(attempt.command, error))?;
        let numbering = attempt.policy.policy.numbering();
        let format = match K::KIND {
            RecordKind::Incident => &numbering.incident,
            RecordKind::Problem => &numbering.problem,
        };
        Number::new(&format.prefix, format.width, value).map_err(|_| {
            let path = format!("numbering.{}.prefix", K::KIND);
            Error::Policy(Faults::one(Fault::new(path, "number.prefix", "cannot be the prefix of a number")))
        })
    }

    fn seal(
        &self,
        happening: Happening<impl Into<Body>>,
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
            body: happening.event.into(),
        }
    }
}

/// The texts that these events say are erased. What was done in the same commit before names them no more
/// either, as an edit names the old title.
fn erase(record: RecordId, events: &mut [Event]) -> Result<Vec<Erasure>, RepositoryError> {
    let mut erasures = Vec::new();
    for end in 1..=events.len() {
        let Some((redacted, _)) = events.split_at_mut_checked(end) else { break };
        let Some(redaction) = redacted.last().and_then(|event| event.body.redaction()) else { continue };
        let slots = redaction.texts.clone();
        for event in redacted {
            *event = event.erased(&slots).map_err(|error| corrupt(record, error.to_string()))?;
        }
        erasures.push(Erasure { record, slots });
    }
    Ok(erasures)
}
