//! How a command flows: load, judge, catch up, decide, commit, and again on a conflict.

use std::sync::Arc;

use serde::Serialize;

use super::{
    ActingDesk, InForce, Outcome,
    judge::{affected_of, other_of, recorded_at},
    reads::{found, incident_of},
};
use crate::{
    actor::ActorId,
    command::{IncidentCommand, Report},
    decision::{Context, Course, Happening, decide, intake, next_due},
    digest::Digest,
    error::{CommandReused, Error, VersionConflict},
    event::{Body, Cause, Event, RecordId},
    fault::{Fault, Faults},
    id::{CommandId, Id, Number, Version},
    incident::{Incident, Stage},
    key::PersonRef,
    store::{
        Answer, Commit, Expected, Guard, IndexRow, Landed, Loaded, Record, RecordKey, RecordKind, Repository,
        RepositoryError, Scope, Touched, Write,
    },
    time::Instant,
    verb::IncidentVerb as Verb,
};

/// How often a command is decided anew because others were first.
pub(super) const CONFLICT_TRIES: usize = 16;
/// How many events one page of the log holds when an answer is put together again.
const PAGE: usize = 500;

/// What a command asks, as far as its identity goes: not when, nor with which minted ids.
#[derive(Serialize)]
struct Intent<'a, C> {
    actor: &'a ActorId,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<RecordId>,
    asks: &'a C,
}

/// What a command asks, as the bytes by which it is told from others.
pub(super) struct Asked(Vec<u8>);

impl Asked {
    /// The digest that is kept. It is salted, so that what was asked cannot be found by trying.
    fn digest(&self, salt: [u8; 16]) -> Digest {
        Digest::of(&[salt.as_slice(), &self.0].concat())
    }
}

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
    pub expected: Expected,
    pub guards: Vec<Guard>,
}

impl<R: Repository> ActingDesk<R> {
    /// What is asked, of which record. The same record by its id and by its number is the same.
    pub(super) fn asked(&self, record: Option<RecordId>, asks: &impl Serialize) -> Asked {
        let intent = Intent {
            actor: self.actor.id(),
            on_behalf_of: self.actor.behalf(),
            occurred_at: self.options.occurred_at,
            record,
            asks,
        };
        // Every command has a JSON form; should one ever have none, it is still told from all that have.
        Asked(serde_json::to_vec(&intent).unwrap_or_default())
    }

    pub(super) fn attempt(&self, command: CommandId, asked: &Asked, policy: InForce) -> Attempt {
        let salt = self.desk.ids.salt();
        Attempt { command, salt, intent: asked.digest(salt), policy }
    }

    pub(super) fn command_id(&self) -> CommandId {
        self.options.command.unwrap_or_else(|| self.desk.mint_command())
    }

    fn cause(&self) -> Cause {
        self.options.rule.clone().map_or(Cause::Command, |rule| Cause::Rule { rule })
    }

    /// Reports an incident.
    pub(crate) async fn run_report(&self, report: Report) -> Result<Outcome, Error> {
        let command = self.command_id();
        let asked = self.asked(None, &report);
        for _ in 0..CONFLICT_TRIES {
            let (policy, loaded) = self.load(None, Some(command)).await?;
            if let Some(answer) = loaded.answer {
                return self.repeat(command, &asked, &answer).await;
            }
            let attempt = self.attempt(command, &asked, policy);
            let tried = self.try_report(&attempt, &report).await?;
            if let Some(outcome) = self.settle(command, &asked, tried).await? {
                return Ok(outcome);
            }
        }
        Err(busy(command))
    }

    async fn try_report(
        &self,
        attempt: &Attempt,
        report: &Report,
    ) -> Result<Result<Committed, RepositoryError>, Error> {
        self.may_report_at_all(report, &attempt.policy.policy)?;
        let now = self.desk.now();
        let affected = self.person(report.affected.as_deref().or(report.caller.as_deref())).await?;
        let cause = self.cause();
        let context = Context {
            policy: &attempt.policy.policy,
            policy_stamp: attempt.policy.stamp,
            ids: &*self.desk.ids,
            actor: &self.actor,
            occurred_at: self.options.occurred_at.unwrap_or(now),
            recorded_at: now,
            affected: affected.as_ref(),
            cause: &cause,
            importing: false,
        };
        let intaken = intake(report.clone(), &context)?;
        self.may_report(report, intaken.facts(), &attempt.policy.policy)?;
        self.check_time(&context, Verb::Report, None)?;
        let guards = self.guard(report.follows, Verb::Report, "follows", None).await?;
        let (id, number) = self.take_number(attempt).await?;
        let course = intaken.begin(id, number, &context)?;
        let place = Place { expected: Expected::Absent, guards };
        Ok(self.commit(attempt, course, place, now).await)
    }

    /// Does something to an incident that exists.
    pub(crate) async fn run_request(&self, key: &RecordKey, request: &IncidentCommand) -> Result<Outcome, Error> {
        let command = self.command_id();
        for _ in 0..CONFLICT_TRIES {
            let (policy, loaded) = self.load(Some(key), Some(command)).await?;
            if let Some(answer) = loaded.answer {
                // By a number, the record that the answer is about; it is compared with the number below.
                let record = match key {
                    RecordKey::Id(id) => Some(*id),
                    RecordKey::Number(_) => answer.touched.first().map(|touched| touched.record),
                };
                let outcome = self.repeat(command, &self.asked(record, request), &answer).await?;
                return match key {
                    RecordKey::Number(number) if outcome.number() != number => Err(reused(command)),
                    _ => Ok(outcome),
                };
            }
            let loaded = found(loaded.record, key)?;
            let asked = self.asked(Some(loaded.record.id()), request);
            let attempt = self.attempt(command, &asked, policy);
            let tried = self.try_request(&attempt, &loaded, request).await?;
            if let Some(outcome) = self.settle(command, &asked, tried).await? {
                return Ok(outcome);
            }
        }
        Err(busy(command))
    }

    /// The outcome of a try; `None` if others were first and it is worth another one.
    async fn settle(
        &self,
        command: CommandId,
        asked: &Asked,
        tried: Result<Committed, RepositoryError>,
    ) -> Result<Option<Outcome>, Error> {
        match tried {
            Ok(Committed::Now(outcome)) => Ok(Some(outcome)),
            Ok(Committed::Before(answer)) => self.repeat(command, asked, &answer).await.map(Some),
            Err(RepositoryError::Conflict { .. }) => Ok(None),
            Err(error) => Err(repository(command, error)),
        }
    }

    async fn try_request(
        &self,
        attempt: &Attempt,
        loaded: &Loaded,
        request: &IncidentCommand,
    ) -> Result<Result<Committed, RepositoryError>, Error> {
        let incident = incident_of(loaded);
        let policy = &*attempt.policy.policy;
        let verb = request.verb();
        let now = self.desk.now();
        let recorded_at = recorded_at(incident, policy, now)?;
        if let Some(expected) = self.options.if_version.filter(|expected| *expected != loaded.version) {
            return Err(VersionConflict { number: incident.number().clone(), expected, found: loaded.version }.into());
        }
        let occurred_at = self.options.occurred_at.unwrap_or(recorded_at);
        // Everything that has fallen due comes first, whether or not somebody came to store it before: a
        // command that is dated back is judged by the same record either way.
        let course = self.caught_up(Course::from(incident.clone()), recorded_at, recorded_at, &attempt.policy).await?;
        self.may(verb, &course.incident, policy)?;
        if verb == Verb::Hold && course.incident.stage() == Stage::Resolved {
            self.may(Verb::Reopen, &course.incident, policy)?;
        }
        let affected = match affected_of(request) {
            Some(person) => self.person(Some(person)).await?,
            None => None,
        };
        let cause = self.cause();
        let context = Context {
            policy,
            policy_stamp: attempt.policy.stamp,
            ids: &*self.desk.ids,
            actor: &self.actor,
            occurred_at,
            recorded_at,
            affected: affected.as_ref(),
            cause: &cause,
            importing: false,
        };
        self.check_time(&context, verb, Some(&course.incident))?;
        let path = if verb == Verb::Correct { "to" } else { "as" };
        let guards = self.guard(other_of(request), verb, path, Some(&course.incident)).await?;
        let course = decide(course, request, &context)?;
        let course = self.settled(course, occurred_at, recorded_at, &attempt.policy).await?;
        if course.happenings.is_empty() {
            return Ok(self.keep(attempt, loaded).await);
        }
        let place = Place { expected: Expected::At(loaded.version), guards };
        Ok(self.commit(attempt, course, place, recorded_at).await)
    }

    /// Commits that a command changed nothing, so that it changes nothing when it comes again.
    async fn keep(&self, attempt: &Attempt, loaded: &Loaded) -> Result<Committed, RepositoryError> {
        let guard = Guard { id: loaded.record.id(), version: loaded.version };
        let commit = Commit {
            command: attempt.command,
            salt: attempt.salt,
            intent: attempt.intent,
            writes: Vec::new(),
            guards: vec![guard],
        };
        match self.desk.repository().commit(&self.tenant, commit).await {
            Ok(Landed::Now) => Ok(Committed::Now(Outcome {
                record: Arc::clone(&loaded.record),
                version: loaded.version,
                events: Vec::new(),
                command: attempt.command,
                repeated: false,
            })),
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

    /// Commits a course and everything that goes with it.
    pub(super) async fn commit(
        &self,
        attempt: &Attempt,
        course: Course,
        place: Place,
        recorded_at: Instant,
    ) -> Result<Committed, RepositoryError> {
        let base = match place.expected {
            Expected::Absent => Version::NONE,
            Expected::At(version) => version,
        };
        let id = RecordId::from(course.incident.id());
        let mut version = base;
        let mut events = Vec::with_capacity(course.happenings.len());
        for happening in course.happenings {
            version = version.next();
            events.push(self.seal(happening, id, version, attempt, recorded_at));
        }
        let index = IndexRow::of(&course.incident, version);
        let wake_at = next_due(&course.incident);
        let record = Arc::new(Record::Incident(course.incident));
        let write =
            Write { id, expected: place.expected, record: Arc::clone(&record), index, wake_at, events: events.clone() };
        let commit = Commit {
            command: attempt.command,
            salt: attempt.salt,
            intent: attempt.intent,
            writes: vec![write],
            guards: place.guards,
        };
        match self.desk.repository().commit(&self.tenant, commit).await {
            Ok(Landed::Now) => {
                Ok(Committed::Now(Outcome { record, version, events, command: attempt.command, repeated: false }))
            }
            Ok(Landed::Before(answer)) => Ok(Committed::Before(answer)),
            Err(refused) => Err(refused.error),
        }
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

    /// Gives the answer that the command got when it came before: the record as it was after it. Who asks
    /// is part of what is asked, so nobody gets another's answer.
    pub(super) async fn repeat(&self, command: CommandId, asked: &Asked, answer: &Answer) -> Result<Outcome, Error> {
        let touched = answer.touched.first().filter(|_| answer.intent == asked.digest(answer.salt));
        let Touched { record: id, first, last } = *touched.ok_or_else(|| reused(command))?;
        let scope = Scope::everything(&self.tenant);
        let mut log = Vec::new();
        let mut from = Version::NONE.next();
        while from <= last {
            let page = self
                .desk
                .repository()
                .events(&scope, id, from, PAGE)
                .await
                .map_err(|error| repository(command, error))?;
            let newest = page.events.last().map(|event| event.sequence).filter(|newest| *newest >= from);
            let newest = newest.ok_or_else(|| {
                let source = format!("event {from} is missing").into();
                repository(command, RepositoryError::Corrupt { key: id.to_string(), source })
            })?;
            log.extend(page.events.into_iter().filter(|event| event.sequence <= last));
            from = newest.next();
        }
        let (incident, version) = Incident::fold(&log).map_err(|error| {
            repository(command, RepositoryError::Corrupt { key: id.to_string(), source: Box::new(error) })
        })?;
        log.retain(|event| event.sequence >= first);
        Ok(Outcome { record: Arc::new(Record::Incident(incident)), version, events: log, command, repeated: true })
    }
}

pub(super) fn repository(command: CommandId, source: RepositoryError) -> Error {
    Error::Repository { command: Some(command), source }
}

/// The id was used for something else.
fn reused(command: CommandId) -> Error {
    Error::CommandReused(CommandReused { command })
}

/// The record kept changing under the command.
pub(super) fn busy(command: CommandId) -> Error {
    Error::Busy { command, tries: CONFLICT_TRIES }
}
