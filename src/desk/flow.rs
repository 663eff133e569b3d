//! How a command flows: load, judge, catch up, decide, commit, and again on a conflict.

use std::{collections::BTreeSet, pin::pin, sync::Arc};

use serde::Serialize;

use super::{
    ActingDesk, InForce, Outcome,
    commit::{Attempt, Committed, Place},
    judge::recorded_at,
    merge::Masters,
    observe::Tries,
    outcome::Preview,
    reads::Known,
};
use crate::{
    actor::ActorId,
    command::Report,
    decision::{Context, Course, Managed, Must, Other, intake},
    digest::Digest,
    error::{CommandReused, Error, VersionConflict},
    event::{Cause, RecordId},
    id::{CommandId, Id, Number, Version},
    incident::Incident,
    key::PersonRef,
    store::{Answer, Guard, RecordKey, Repository, RepositoryError, Term},
    time::Instant,
    verb::{IncidentVerb as Verb, Verb as AnyVerb},
};

/// How often a command is decided anew because others were first.
pub(super) const CONFLICT_TRIES: usize = 16;

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
        Digest::of_all(&[&salt, &self.0])
    }

    /// Whether this is what was answered. Without a salt nobody can tell.
    pub(super) fn is_of(&self, answer: &Answer) -> bool {
        answer.salt.is_some_and(|salt| answer.intent == self.digest(salt))
    }
}

/// One command, or several that land together, as those of a step.
pub(super) type Requests<'a, K> = &'a [<K as Managed>::Command];

/// How commands come to a record, beside what they ask.
#[derive(Clone, Copy, Default)]
pub(super) struct Coming<'a> {
    /// A record that is made in the same commit, and needs no guard. The version that may have been expected is not meant
    /// for what goes along with it.
    pub made: Option<RecordId>,
    /// When all that lands together is recorded; else now.
    pub at: Option<Instant>,
    /// The duplicate on which they were given: whom that concerns, speaks here as a caller does.
    pub through: Option<&'a Incident>,
}

/// What was decided about a record, and not yet committed.
pub(super) struct Decided<K: Managed> {
    pub course: Course<K>,
    /// What was decided about incidents that go on in place of it, or did.
    pub masters: Vec<(Course, Known<Incident>)>,
    pub guards: Vec<Guard>,
    /// Terms that no record may bear.
    pub unused: Vec<Term>,
    pub recorded_at: Instant,
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

    /// A command by itself asks the same whether or not it came as a step.
    fn asked_of<K: Managed>(&self, record: Option<RecordId>, requests: Requests<'_, K>) -> Asked {
        match requests {
            [request] => self.asked(record, request),
            several => self.asked(record, &several),
        }
    }

    pub(super) fn attempt(&self, command: CommandId, asked: &Asked, policy: InForce) -> Attempt {
        let salt = self.desk.ids.salt();
        Attempt { command, salt, intent: asked.digest(salt), policy }
    }

    pub(super) fn command_id(&self) -> CommandId {
        self.options.command.unwrap_or_else(|| self.desk.mint_command())
    }

    pub(super) fn cause(&self) -> Cause {
        match (&self.options.plan, &self.options.rule) {
            (Some(plan), _) => Cause::Plan { plan: plan.id },
            (None, Some(rule)) => Cause::Rule { rule: rule.clone() },
            (None, None) => Cause::Command,
        }
    }

    /// Reports an incident.
    pub(crate) async fn run_report(&self, report: Report) -> Result<Outcome, Error> {
        let command = self.command_id();
        let tries = Tries::default();
        let run = pin!(async {
            let asked = self.asked(None, &report);
            for _ in 0..CONFLICT_TRIES {
                tries.count();
                let (policy, found) = self.load(None, Some(command)).await?;
                if let Some(answer) = found.answer {
                    return self.repeat::<Incident>(command, &asked, &answer).await;
                }
                let attempt = self.attempt(command, &asked, policy);
                let landed = self.try_report(&attempt, &report).await?;
                if let Some(outcome) = self.settle(command, &asked, landed).await? {
                    return Ok(outcome);
                }
            }
            Err(busy(command))
        });
        let outcome = self.observed(Verb::Report.permission(), command, &tries, run).await?;
        Ok(self.shown(outcome))
    }

    async fn try_report(
        &self,
        attempt: &Attempt,
        report: &Report,
    ) -> Result<Result<Committed<Incident>, RepositoryError>, Error> {
        let decided = self.decide_report(&attempt.policy, report, Some(attempt)).await?;
        let Decided { course, guards, unused, recorded_at, .. } = decided;
        Ok(self.commit_course(attempt, course, Place { base: None, guards, unused }, recorded_at).await)
    }

    /// Decides what a report comes to. Without an attempt no number is taken, and it gets one that nobody has.
    pub(super) async fn decide_report(
        &self,
        policy: &InForce,
        report: &Report,
        attempt: Option<&Attempt>,
    ) -> Result<Decided<Incident>, Error> {
        self.may_report_at_all(report, &policy.policy)?;
        let now = self.desk.now();
        let affected = self.person(report.affected.as_deref().or(report.caller.as_deref())).await?;
        let cause = self.cause();
        let context = Context {
            policy: &policy.policy,
            policy_stamp: policy.stamp,
            ids: &*self.desk.ids,
            actor: &self.actor,
            occurred_at: self.options.occurred_at.unwrap_or(now),
            recorded_at: now,
            affected: affected.as_ref(),
            brings: &[],
            ends: &[],
            speaks: false,
            cause: &cause,
            importing: false,
            clockwork: &policy.clockwork(),
            texts: &BTreeSet::new(),
        };
        let intaken = intake(report.clone(), &context)?;
        self.may_report(report, intaken.facts(), &policy.policy)?;
        self.check_time::<Incident>(&context, Verb::Report, None)?;
        let follows = report.follows.map(|id| Other { record: id.into(), path: "follows", must: Must::Exist });
        let guards = self.guard::<Incident>(follows, Verb::Report, None).await?;
        let (id, number) = match attempt {
            Some(attempt) => (Id::from_u128(self.desk.ids.id(now)), self.take_number::<Incident>(attempt).await?),
            None => (Id::from_u128(0), Number::untaken()),
        };
        let course = intaken.begin(id, number, &context)?;
        Ok(Decided { course, masters: Vec::new(), guards, unused: Vec::new(), recorded_at: now })
    }

    /// Does something to a record that exists.
    pub(crate) async fn run_requests<K: Managed>(
        &self,
        key: &RecordKey,
        requests: Requests<'_, K>,
    ) -> Result<Outcome<K>, Error> {
        let command = self.command_id();
        let tries = Tries::default();
        let verb: AnyVerb = requests.first().map_or(K::READ, K::verb).into();
        // Pinned where it stands: moving a future costs as much as a good part of the command.
        let run = pin!(self.try_requests::<K>(command, key, requests, &tries));
        let outcome = self.observed(verb.permission(), command, &tries, run).await?;
        Ok(self.shown(outcome))
    }

    async fn try_requests<K: Managed>(
        &self,
        command: CommandId,
        key: &RecordKey,
        requests: Requests<'_, K>,
        tries: &Tries,
    ) -> Result<Outcome<K>, Error> {
        for _ in 0..CONFLICT_TRIES {
            tries.count();
            let (policy, found) = self.load(Some(key), Some(command)).await?;
            if let Some(answer) = found.answer {
                // By a number, the record that has it; if that is no longer to be seen, the one that the answer is about,
                // which must have that number.
                let (record, number) = match (key, &found.record) {
                    (RecordKey::Id(id), _) => (Some(*id), None),
                    (RecordKey::Number(_), Some(loaded)) => (Some(loaded.record.id()), None),
                    (RecordKey::Number(number), None) => {
                        (answer.touched.first().map(|touched| touched.record), Some(number))
                    }
                };
                let asked = self.asked_of::<K>(record, requests);
                let outcome = Box::pin(self.repeat::<K>(command, &asked, &answer)).await?;
                return match number {
                    Some(number) if outcome.number() != number => Err(reused(command)),
                    _ => Ok(outcome),
                };
            }
            let loaded = self.found::<K>(found.record, key)?;
            let asked = self.asked_of::<K>(Some(K::key(loaded.kept.id())), requests);
            let attempt = self.attempt(command, &asked, policy);
            let landed = self.try_request(&attempt, &loaded, requests).await?;
            if let Some(outcome) = self.settle(command, &asked, landed).await? {
                return Ok(outcome);
            }
        }
        Err(busy(command))
    }

    /// The outcome of a try; `None` if others were first and it is worth another one.
    pub(super) async fn settle<K: Managed>(
        &self,
        command: CommandId,
        asked: &Asked,
        landed: Result<Committed<K>, RepositoryError>,
    ) -> Result<Option<Outcome<K>>, Error> {
        match landed {
            Ok(Committed::Now(outcome)) => Ok(Some(outcome)),
            // What is rare is boxed, so that the futures of commands stay small.
            Ok(Committed::Before(answer)) => Box::pin(self.repeat(command, asked, &answer)).await.map(Some),
            Err(error) if error.is_overtaken() => Ok(None),
            // A record came to bear what none may: decided anew, the command is refused with the reason.
            Err(RepositoryError::InUse { .. }) => Ok(None),
            Err(error) => Err(repository(command, error)),
        }
    }

    async fn try_request<K: Managed>(
        &self,
        attempt: &Attempt,
        loaded: &Known<K>,
        requests: Requests<'_, K>,
    ) -> Result<Result<Committed<K>, RepositoryError>, Error> {
        let onward = self.forwarded(&attempt.policy, loaded, requests).await?;
        if onward.is_some() {
            self.check_version(&attempt.policy, loaded).await?;
        }
        let coming = Coming { through: onward.as_ref().and_then(|_| loaded.kept.as_incident()), ..Coming::default() };
        // What is written on a duplicate arrives elsewhere only as long as it is one, and as it was seen.
        let duplicate = onward.as_ref().map(|_| Guard { id: K::key(loaded.kept.id()), version: loaded.version });
        let loaded = onward.as_ref().unwrap_or(loaded);
        let Decided { course, masters, mut guards, unused, recorded_at } =
            self.decide_requests(&attempt.policy, loaded, requests, coming).await?;
        guards.extend(duplicate);
        if course.happenings.is_empty() {
            return Ok(self.commit_nothing(attempt, loaded, recorded_at).await);
        }
        let place = Place { base: Some(loaded.clone()), guards, unused };
        Ok(self.commit_with(attempt, course, place, masters, recorded_at).await)
    }

    /// Whether the record is at the version that was expected, if one was; what fell due since does not count.
    async fn check_version<K: Managed>(&self, in_force: &InForce, loaded: &Known<K>) -> Result<(), Error> {
        let expected = self.options.if_version.filter(|expected| *expected != loaded.version);
        let Some(expected) = expected else { return Ok(()) };
        if Box::pin(self.only_fell_due(loaded, expected)).await? {
            return Ok(());
        }
        let number = loaded.kept.number().clone();
        let (since, more) = Box::pin(self.since(in_force, loaded, expected)).await?;
        Err(VersionConflict { number, expected, found: loaded.version, since, more }.into())
    }

    /// Decides what commands do to a record, with everything that has fallen due on it.
    pub(super) async fn decide_requests<K: Managed>(
        &self,
        in_force: &InForce,
        loaded: &Known<K>,
        requests: Requests<'_, K>,
        coming: Coming<'_>,
    ) -> Result<Decided<K>, Error> {
        let record = &*loaded.kept;
        let policy = &*in_force.policy;
        let now = coming.at.unwrap_or_else(|| self.desk.now());
        let merges = requests.iter().any(|request| record.merge(request).is_some());
        let mut masters =
            if merges { Box::pin(self.masters(record, requests, in_force)).await? } else { Masters::default() };
        let recorded_at = recorded_at(record, policy, now)?.max(masters.recorded_at(policy, now, record.number())?);
        // A version is expected of the record that was named.
        if coming.made.is_none() && coming.through.is_none() {
            self.check_version(in_force, loaded).await?;
        }
        let clockwork = self.clockwork(record, in_force).await?;
        // Everything that has fallen due comes first, whether or not somebody came to store it before: a
        // command that is dated back is judged by the same record either way.
        let clocked = Arc::clone(&clockwork);
        let mut course = self.caught_up(record.clone(), clocked, recorded_at, recorded_at, in_force).await?;
        let (mut guards, mut unused) = (Vec::new(), Vec::new());
        if self.options.plan.is_some() {
            let verb = requests.first().map_or(K::READ, K::verb);
            guards.extend(Box::pin(self.stands(verb.into(), record.number())).await?);
        }
        let cause = self.cause();
        for request in requests {
            let verb = K::verb(request);
            // What is written on a duplicate was judged there.
            if coming.through.is_none() {
                self.may(verb, &course.record, policy)?;
            }
            for also in course.record.also(request) {
                self.may(also, &course.record, policy)?;
            }
            let affected = match K::affected(request) {
                Some(person) => self.person(Some(person)).await?,
                None => None,
            };
            let texts = if K::names_texts(request) {
                Box::pin(self.texts_of(K::key(loaded.kept.id()))).await?
            } else {
                BTreeSet::new()
            };
            let ends = course.record.contested(request);
            let ends = if ends.is_empty() { Vec::new() } else { Box::pin(self.numbers_of(ends)).await? };
            let occurred_at = self.options.occurred_at.unwrap_or(recorded_at);
            let context = Context {
                policy,
                policy_stamp: in_force.stamp,
                ids: &*self.desk.ids,
                actor: &self.actor,
                occurred_at,
                recorded_at,
                affected: affected.as_ref(),
                brings: &[],
                ends: &ends,
                speaks: self.speaks_through(coming.through),
                cause: &cause,
                importing: false,
                clockwork: &clockwork,
                texts: &texts,
            };
            self.check_time(&context, verb, Some(&course.record))?;
            for other in course.record.others(request) {
                if Some(other.record) != coming.made {
                    guards.extend(self.guard(Some(other), verb, Some(&course.record)).await?);
                }
            }
            if let Some((term, path)) = course.record.unused(request) {
                Box::pin(self.must_be_unused(in_force, &term, path, verb, &course.record)).await?;
                unused.push(term);
            }
            let merge = course.record.merge(request).zip(course.record.as_incident());
            let brings = match merge {
                Some((merge, duplicate)) => {
                    let follows = self.masters_follow(merge, duplicate, &mut masters, &context, in_force);
                    let (brings, judged_by) = Box::pin(follows).await?;
                    guards.extend(judged_by);
                    brings
                }
                None => Vec::new(),
            };
            course = K::decide(course, request, &Context { brings: &brings, ..context })?;
            let closing = self.settling(&course.record, recorded_at, in_force).await?;
            course = K::settle(course, occurred_at, recorded_at, closing.as_deref());
        }
        let (masters, judged_by) = masters.decided();
        guards.extend(judged_by);
        guards.retain(|guard| !masters.iter().any(|(_, known)| RecordId::from(known.kept.id()) == guard.id));
        Ok(Decided { course, masters, guards, unused, recorded_at })
    }

    /// What commands would do, without storing it.
    pub(super) async fn preview_requests<K: Managed>(
        &self,
        key: &RecordKey,
        requests: Requests<'_, K>,
    ) -> Result<Preview<K>, Error> {
        let (policy, found) = self.load(Some(key), self.options.command).await?;
        let loaded = self.found::<K>(found.record, key)?;
        if let (Some(command), Some(answer)) = (self.options.command, found.answer) {
            let asked = self.asked_of::<K>(Some(K::key(loaded.kept.id())), requests);
            return self.preview_again(command, &asked, &answer).await;
        }
        let onward = self.forwarded(&policy, &loaded, requests).await?;
        if onward.is_some() {
            self.check_version(&policy, &loaded).await?;
        }
        let coming = Coming { through: onward.as_ref().and_then(|_| loaded.kept.as_incident()), ..Coming::default() };
        let loaded = onward.as_ref().unwrap_or(&loaded);
        let decided = self.decide_requests(&policy, loaded, requests, coming).await?;
        Ok(self.preview_of(&policy, Some(&*loaded.kept), decided, loaded.version))
    }

    /// What a report would come to, without storing it.
    pub(super) async fn preview_report(&self, report: &Report) -> Result<Preview, Error> {
        let (policy, found) = self.load(None, self.options.command).await?;
        if let (Some(command), Some(answer)) = (self.options.command, found.answer) {
            return self.preview_again(command, &self.asked(None, report), &answer).await;
        }
        let decided = self.decide_report(&policy, report, None).await?;
        Ok(self.preview_of(&policy, None, decided, Version::NONE))
    }
}

pub(super) fn repository(command: CommandId, source: RepositoryError) -> Error {
    Error::Repository { command: Some(command), source }
}

/// The id was used for something else.
pub(super) fn reused(command: CommandId) -> Error {
    Error::CommandReused(CommandReused { command })
}

/// The record kept changing under the command.
pub(super) fn busy(command: CommandId) -> Error {
    Error::Busy { command, tries: CONFLICT_TRIES }
}
