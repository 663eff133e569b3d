//! How a command flows: load, judge, catch up, decide, commit, and again on a conflict.

use std::sync::Arc;

use serde::Serialize;

use super::{
    ActingDesk, InForce, Outcome,
    reads::{found, incident_of},
};
use crate::{
    actor::ActorId,
    command::{Cancel, Correct, CorrectTo, IncidentCommand, Patch, Report},
    decision::{Context, Course, Happening, catch_up, decide, intake, invalid, next_due},
    digest::Digest,
    directory::{Directory, Person},
    error::{ClockBehind, CommandReused, Error, NotFound, PermissionRefused, VersionConflict},
    event::{Body, Cause, Event, RecordId},
    fault::{Fault, Faults},
    id::{CommandId, Id, Number, Version},
    incident::{Facts, Incident, OnHold},
    key::PersonRef,
    permission::{Permission, Stake},
    policy::Policy,
    store::{
        Answer, Commit, Expected, Guard, IndexRow, Loaded, Record, RecordKey, RecordKind, Refused, Repository,
        RepositoryError, Write,
    },
    time::{Instant, earlier, later},
    verb::IncidentVerb as Verb,
};

/// How often a command is decided anew because others were first.
const CONFLICT_TRIES: usize = 16;
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
    record: Option<String>,
    asks: &'a C,
}

/// One try to carry out a command.
pub(super) struct Attempt {
    pub command: CommandId,
    pub intent: Digest,
    pub policy: InForce,
}

/// Where a course is committed.
pub(super) struct Place {
    pub expected: Expected,
    pub guards: Vec<Guard>,
}

impl<R: Repository> ActingDesk<R> {
    pub(super) fn intent(&self, record: Option<&RecordKey>, asks: &impl Serialize) -> Digest {
        let intent = Intent {
            actor: self.actor.id(),
            on_behalf_of: self.actor.behalf(),
            occurred_at: self.options.occurred_at,
            record: record.map(ToString::to_string),
            asks,
        };
        // Every command has a JSON form; should one ever have none, it is still told from all that have.
        Digest::of(&serde_json::to_vec(&intent).unwrap_or_default())
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
        let intent = self.intent(None, &report);
        let (policy, loaded) = self.load(None, Some(command)).await?;
        if let Some(answer) = loaded.answer {
            return self.repeat(command, intent, &answer, &policy).await;
        }
        let attempt = Attempt { command, intent, policy };
        let now = self.desk.now();
        let affected = self.person(report.affected.as_deref().or(report.caller.as_deref())).await?;
        let cause = self.cause();
        let context = Context {
            policy: &attempt.policy.policy,
            ids: &*self.desk.inner.ids,
            actor: &self.actor,
            occurred_at: self.options.occurred_at.unwrap_or(now),
            recorded_at: now,
            affected: affected.as_ref(),
            cause: &cause,
            importing: false,
        };
        let follows = report.follows;
        let intaken = intake(report, &context)?;
        self.may_report(intaken.facts(), &attempt.policy.policy)?;
        self.check_time(&context, Verb::Report, None)?;
        let guards = self.guard(follows, Verb::Report, "follows", None).await?;
        let (id, number) = self.take_number(&attempt).await?;
        let course = intaken.begin(id, number, &context)?;
        let place = Place { expected: Expected::Absent, guards };
        self.commit(&attempt, course, place, now).await.map_err(|refused| repository(attempt.command, refused.error))
    }

    /// Does something to an incident that exists.
    pub(crate) async fn run_request(&self, key: &RecordKey, request: &IncidentCommand) -> Result<Outcome, Error> {
        let command = self.command_id();
        let intent = self.intent(Some(key), request);
        let mut tries = 0_usize;
        loop {
            let (policy, loaded) = self.load(Some(key), Some(command)).await?;
            if let Some(answer) = loaded.answer {
                return self.repeat(command, intent, &answer, &policy).await;
            }
            let loaded = found(loaded.record, key)?;
            let attempt = Attempt { command, intent, policy };
            let refused = match self.try_request(&attempt, &loaded, request).await? {
                Ok(outcome) => return Ok(outcome),
                Err(refused) => refused,
            };
            tries = tries.saturating_add(1);
            let again = matches!(refused.error, RepositoryError::Conflict { .. }) && tries < CONFLICT_TRIES;
            if !again {
                return Err(repository(command, refused.error));
            }
        }
    }

    async fn try_request(
        &self,
        attempt: &Attempt,
        loaded: &Loaded,
        request: &IncidentCommand,
    ) -> Result<Result<Outcome, Refused>, Error> {
        let incident = incident_of(loaded);
        let policy = &*attempt.policy.policy;
        let verb = request.verb();
        let now = self.desk.now();
        let recorded_at = Self::recorded_at(incident, policy, now)?;
        if let Some(expected) = self.options.if_version.filter(|expected| *expected != loaded.version) {
            return Err(VersionConflict { number: incident.number().clone(), expected, found: loaded.version }.into());
        }
        let occurred_at = self.options.occurred_at.unwrap_or(recorded_at);
        // What fell due before the command happened comes before it; what fell due since, after it.
        let course = catch_up(Course::from(incident.clone()), occurred_at, recorded_at);
        self.may(verb, &course.incident, policy)?;
        let affected = match affected_of(request) {
            Some(person) => self.person(Some(person)).await?,
            None => None,
        };
        let cause = self.cause();
        let context = Context {
            policy,
            ids: &*self.desk.inner.ids,
            actor: &self.actor,
            occurred_at,
            recorded_at,
            affected: affected.as_ref(),
            cause: &cause,
            importing: false,
        };
        self.check_time(&context, verb, Some(&course.incident))?;
        let guards = self.guard(other_of(request), verb, "as", Some(&course.incident)).await?;
        let course = decide(course, request, &context)?;
        let course = catch_up(course, recorded_at, recorded_at);
        if course.happenings.is_empty() {
            return Ok(Ok(Self::unchanged(attempt, loaded)));
        }
        let place = Place { expected: Expected::At(loaded.version), guards };
        Ok(self.commit(attempt, course, place, recorded_at).await)
    }

    fn unchanged(attempt: &Attempt, loaded: &Loaded) -> Outcome {
        Outcome {
            record: Arc::clone(&loaded.record),
            version: loaded.version,
            events: Vec::new(),
            command: attempt.command,
            repeated: false,
        }
    }

    /// When something is recorded: now, or when the record was last changed, if that is later.
    fn recorded_at(incident: &Incident, policy: &Policy, now: Instant) -> Result<Instant, Error> {
        let last = incident.progress().recorded_at;
        if later(now, policy.timeliness().allowed_skew_seconds.span()) < last {
            return Err(ClockBehind { number: incident.number().clone(), now, recorded_at: last }.into());
        }
        Ok(now.max(last))
    }

    /// Whether the actor may do this to the incident.
    fn may(&self, verb: Verb, incident: &Incident, policy: &Policy) -> Result<(), Error> {
        self.may_with(verb, &incident.stake(), Some(incident.number()), policy)
    }

    pub(super) fn may_with(
        &self,
        verb: Verb,
        stake: &Stake<'_>,
        number: Option<&Number>,
        policy: &Policy,
    ) -> Result<(), Error> {
        let permission = Permission::Incident(verb);
        if policy.permissions().allows(&self.actor, permission, stake) {
            return Ok(());
        }
        let actor = self.actor.id().clone();
        Err(PermissionRefused { code: verb.refused(), permission, actor, number: number.cloned() }.into())
    }

    /// Whether the actor may report this: for itself, or for somebody else.
    fn may_report(&self, facts: &Facts, policy: &Policy) -> Result<(), Error> {
        let own = facts.caller.as_ref().is_none_or(|caller| self.actor.people().any(|person| person == caller));
        let stake = Stake {
            people: [facts.caller.as_ref(), facts.affected.as_ref(), facts.opened_by.person(), None],
            group: None,
            organisation: facts.organisation.as_ref(),
        };
        self.may_with(if own { Verb::Report } else { Verb::ReportFor }, &stake, None, policy)
    }

    /// Whether something can have happened then: not in the future, and earlier only with permission, not
    /// too far back, and not before the incident came to its stage.
    fn check_time(&self, context: &Context<'_>, verb: Verb, incident: Option<&Incident>) -> Result<(), Error> {
        let Some(at) = self.options.occurred_at else {
            return Ok(());
        };
        let now = context.recorded_at;
        let timeliness = context.policy.timeliness();
        let earliest = timeliness.max_backdate_seconds.map(|back| earlier(now, back.span()));
        let fault = if at > now {
            Some(Fault::new("occurred_at", "time.future", format!("lies in the future; now is {}", now.to_rfc3339())))
        } else if let Some(earliest) = earliest.filter(|earliest| at < *earliest) {
            let rule = format!("lies further back than the policy allows, which is {}", earliest.to_rfc3339());
            Some(Fault::new("occurred_at", "time.too_early", rule))
        } else {
            incident
                .map(|incident| {
                    // A change of hold begins a new interval without a new stage: the two must not overlap.
                    let held_since = incident.hold().map(OnHold::since);
                    (incident.stage(), held_since.into_iter().fold(incident.progress().stage_since, Instant::max))
                })
                .filter(|(_, since)| at < *since)
                .map(|(stage, since)| {
                    let rule = format!("lies before the incident became {stage}, which was {}", since.to_rfc3339());
                    Fault::new("occurred_at", "time.before_stage", rule)
                })
        };
        let number = incident.map(Incident::number);
        if let Some(fault) = fault {
            return Err(invalid(Faults::one(fault), verb, number));
        }
        if at < now {
            let stake = incident.map(Incident::stake).unwrap_or_default();
            self.may_with(Verb::Backdate, &stake, number, context.policy)?;
        }
        Ok(())
    }

    /// What the directory knows about the affected person; the actor's own, if nobody is named.
    pub(super) async fn person(&self, named: Option<&str>) -> Result<Option<Person>, Error> {
        let Some(directory) = &self.desk.inner.directory else {
            return Ok(None);
        };
        let person = match named {
            Some(name) => PersonRef::new(name).ok(),
            None => self.actor.behalf().or_else(|| self.actor.id().person()).cloned(),
        };
        match person {
            Some(person) => Ok(directory.person(&self.tenant, &person).await?),
            None => Ok(None),
        }
    }

    /// Guards the other incident that a command names: it must exist, be the actor's to see, and not
    /// change until the commit.
    pub(super) async fn guard(
        &self,
        other: Option<Id<Incident>>,
        verb: Verb,
        path: &str,
        incident: Option<&Incident>,
    ) -> Result<Vec<Guard>, Error> {
        let Some(other) = other.filter(|other| incident.is_none_or(|incident| incident.id() != *other)) else {
            return Ok(Vec::new());
        };
        let key = RecordKey::from(other);
        let (_, loaded) = self.load(Some(&key), None).await?;
        match loaded.record {
            Some(loaded) => Ok(vec![Guard { id: other.into(), version: loaded.version }]),
            None => {
                let rule = "names an incident that does not exist, or is not yours to see";
                Err(invalid(
                    Faults::one(Fault::new(path, "record.unknown", rule)),
                    verb,
                    incident.map(Incident::number),
                ))
            }
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
        Ok((Id::from_u128(self.desk.inner.ids.id(self.desk.now())), number))
    }

    /// Commits a course and everything that goes with it.
    pub(super) async fn commit(
        &self,
        attempt: &Attempt,
        course: Course,
        place: Place,
        recorded_at: Instant,
    ) -> Result<Outcome, Refused> {
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
        let commit =
            Commit { command: attempt.command, intent: attempt.intent, writes: vec![write], guards: place.guards };
        let answer = self.desk.repository().commit(&self.tenant, commit).await?;
        debug_assert_eq!(answer.intent, attempt.intent);
        Ok(Outcome { record, version, events, command: attempt.command, repeated: false })
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
            id: Id::from_u128(self.desk.inner.ids.id(recorded_at)),
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
            policy: attempt.policy.stamp,
            digest: None,
            body: Body::Incident(happening.event),
        }
    }

    /// Gives the answer that the command got when it came before: the record as it was after it.
    pub(super) async fn repeat(
        &self,
        command: CommandId,
        intent: Digest,
        answer: &Answer,
        policy: &InForce,
    ) -> Result<Outcome, Error> {
        let reused = Error::CommandReused(CommandReused { command });
        if answer.intent != intent {
            return Err(reused);
        }
        let (id, first, last) = *answer.versions.first().ok_or(reused)?;
        let scope = self.scope(policy);
        let mut log = Vec::new();
        let mut from = Version::NONE.next();
        while from <= last {
            let page = self
                .desk
                .repository()
                .events(&scope, id, from, PAGE)
                .await
                .map_err(|error| repository(command, error))?;
            let Some(newest) = page.events.last().map(|event| event.sequence) else {
                return Err(NotFound { what: id.to_string() }.into());
            };
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
    Error::Repository { command, source }
}

/// The other incident that a command names.
pub(super) fn other_of(request: &IncidentCommand) -> Option<Id<Incident>> {
    match request {
        IncidentCommand::Cancel(Cancel { cancellation, .. })
        | IncidentCommand::Correct(Correct { to: CorrectTo::Cancelled(cancellation), .. }) => cancellation.other(),
        _ => None,
    }
}

/// The affected person that a command names.
fn affected_of(request: &IncidentCommand) -> Option<&str> {
    match request {
        IncidentCommand::Edit(edit) => match &edit.affected {
            Patch::Set(person) => Some(person),
            Patch::Keep | Patch::Clear => None,
        },
        _ => None,
    }
}
