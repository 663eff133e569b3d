//! Importing a history: one incident with everything that happened to it, at its original times, in
//! one commit.

use std::{collections::BTreeSet, pin::pin};

use serde::{Deserialize, Serialize};

use super::{
    ActingDesk, Outcome,
    commit::{Committed, Place},
    flow::{Asked, CONFLICT_TRIES, busy, repository},
    observe::Tries,
};
use crate::{
    actor::{Actor, ActorId},
    command::{Correct, CorrectTo, IncidentCommand, Report},
    decision::{Closing, Context, Course, Must, Other, catch_up, decide, intake, invalid, resolved_by},
    error::Error,
    event::Cause,
    fault::{Fault, Faults},
    id::{CommandId, Id, Version},
    incident::{Cancellation, Incident, Stage},
    key::{PersonRef, SystemName},
    link::Link,
    permission::Stake,
    problem::Problem,
    store::{Answer, Guard, Repository},
    time::Instant,
    verb::IncidentVerb as Verb,
};

/// The history of one incident, from another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The system that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<SystemName>,
    /// What was reported. Without a caller it has none: the importer did not call.
    pub report: Report,
    /// When.
    pub reported_at: Instant,
    /// By whom it was logged.
    pub reported_by: ActorId,
    /// What happened then, in order.
    pub steps: Vec<HistoryStep>,
    /// What to do with a step that is refused.
    #[serde(default)]
    pub on_refusal: OnRefusal,
}

/// A step of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryStep {
    /// When it happened.
    pub at: Instant,
    /// Who did it.
    pub by: ActorId,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonRef>,
    /// What it did.
    pub command: IncidentCommand,
    /// The stage to correct the record to if the step is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<CorrectTo>,
}

/// What to do with a step that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefusal {
    /// Import nothing of the history.
    #[default]
    Abort,
    /// Leave the step out, and report it.
    Skip,
    /// Carry it as an audited correction to the stage that the step names in `otherwise`, and report it;
    /// a step that names none, or one that cannot be carried, is left out.
    Correct,
}

/// What an import came to.
#[derive(Debug)]
pub struct Imported {
    /// The incident, and the events of its whole history.
    pub outcome: Outcome,
    /// The record's version after each step: which events came of it. Empty when the command had landed
    /// before.
    pub versions: Vec<Version>,
    /// The steps that were refused, in order. Empty when the command had landed before.
    pub refused: Vec<RefusedStep>,
}

/// A step that was refused.
#[derive(Debug)]
pub struct RefusedStep {
    /// Its place in the history, counted from 0.
    pub index: usize,
    /// The stage in which it found the incident.
    pub stage: Stage,
    /// Why it was refused.
    pub error: Error,
    /// Whether it was carried as a correction.
    pub corrected: bool,
}

impl<R: Repository> ActingDesk<R> {
    /// Imports the history of one incident: every step is checked as if it came now, but at its original
    /// time and in the name of whoever did it. All of it lands in one commit, or nothing.
    ///
    /// Give it a command id of its own, such as [`CommandId::named`](crate::CommandId::named) over the
    /// other system's key: importing again then changes nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] without the permission `incident.import`; [`Error::Invalid`] for a report that
    /// cannot be taken, a time in the future, or more steps than the policy allows; with
    /// [`OnRefusal::Abort`] whatever a step is refused with.
    pub async fn import(&self, history: &History) -> Result<Imported, Error> {
        let command = self.command_id();
        let tries = Tries::default();
        let run = pin!(self.run_import(command, history, &tries));
        self.observed(Verb::Import.permission(), command, &tries, run).await
    }

    async fn run_import(&self, command: CommandId, history: &History, tries: &Tries) -> Result<Imported, Error> {
        let asked = self.asked(None, history);
        for _ in 0..CONFLICT_TRIES {
            tries.count();
            match self.try_import(command, &asked, history).await {
                Err(Error::Repository { source, .. }) if source.is_overtaken() => {}
                settled => return settled,
            }
        }
        Err(busy(command))
    }

    async fn try_import(&self, command: CommandId, asked: &Asked, history: &History) -> Result<Imported, Error> {
        let (policy, loaded) = self.load(None, Some(command)).await?;
        if let Some(answer) = loaded.answer {
            return self.repeated(command, asked, &answer).await;
        }
        let attempt = self.attempt(command, asked, policy);
        let policy = &*attempt.policy.policy;
        self.may_with(Verb::Import, &Stake::default(), None, policy)?;
        let now = self.desk.now();
        check_history(history, policy.caps().import_steps, now)?;
        let cause = Cause::Import { from: history.from.clone() };
        let reporter = Actor::from_id(history.reported_by.clone());
        let named = history.report.affected.as_deref().or(history.report.caller.as_deref());
        let affected = match named {
            Some(person) => self.person(Some(person)).await?,
            None => None,
        };
        let clockwork = attempt.policy.clockwork();
        let context = Context {
            policy,
            policy_stamp: attempt.policy.stamp,
            ids: &*self.desk.ids,
            actor: &reporter,
            occurred_at: history.reported_at,
            recorded_at: now,
            affected: affected.as_ref(),
            brings: &[],
            ends: &[],
            speaks: false,
            cause: &cause,
            importing: true,
            clockwork: &clockwork,
            texts: &BTreeSet::new(),
        };
        let follows = history.report.follows;
        let follows = follows.map(|id| Other { record: id.into(), path: "report.follows", must: Must::Exist });
        let mut guards = self.guard::<Incident>(follows, Verb::Report, None).await?;
        let mut others = Vec::with_capacity(history.steps.len());
        let mut problem = None;
        for step in &history.steps {
            let of_step = self.known(named_by(&step.command, problem), &mut guards).await?;
            let otherwise = step.otherwise.as_ref().map(|to| named_in(to, problem)).unwrap_or_default();
            let of_correction = self.known(otherwise, &mut guards).await?;
            others.push((of_step, of_correction));
            problem = caused_by(&step.command, problem);
        }
        let intaken = intake(history.report.clone(), &context).map_err(|error| error.below("report"))?;
        let (id, number) = (Id::from_u128(self.desk.ids.id(now)), self.take_number::<Incident>(&attempt).await?);
        let mut course = intaken.begin(id, number, &context)?;
        let mut refused = Vec::new();
        let mut versions = Vec::with_capacity(history.steps.len());
        for (index, step) in history.steps.iter().enumerate() {
            let faults = others.get_mut(index).map(std::mem::take).unwrap_or_default();
            course = take(course, index, step, faults, history.on_refusal, &context, &mut refused)
                .map_err(|error| error.below(&format!("steps[{index}]")))?;
            versions.push(Version::new(u64::try_from(course.happenings.len()).unwrap_or(u64::MAX)));
        }
        // The history tells what happened until its end; it has not closed by itself before.
        let told_until = course.happenings.iter().map(|happening| happening.occurred_at).max();
        let course = catch_up(course, now, now, Some(Closing { policy, not_before: told_until }));
        let place = Place { base: None, guards, unused: Vec::new() };
        match self.commit_course(&attempt, course, place, now).await {
            Ok(Committed::Now(outcome)) => Ok(Imported { outcome, versions, refused }),
            Ok(Committed::Before(answer)) => self.repeated(command, asked, &answer).await,
            Err(error) => Err(repository(command, error)),
        }
    }
}

impl<R: Repository> ActingDesk<R> {
    /// What is wrong with the first of the other records that a step names; if nothing is, they are guarded.
    async fn known(&self, others: Vec<Other>, guards: &mut Vec<Guard>) -> Result<Option<Fault>, Error> {
        for other in others {
            let found = self.seen_by_all(other.record).await?;
            match found {
                Some(loaded) if other.must.holds_for(&loaded.record) => {
                    if !guards.iter().any(|guard| guard.id == other.record) {
                        guards.push(Guard { id: other.record, version: loaded.version });
                    }
                }
                found => return self.fault_of(other, found.as_ref()).await.map(Some),
            }
        }
        Ok(None)
    }

    async fn repeated(&self, command: CommandId, asked: &Asked, answer: &Answer) -> Result<Imported, Error> {
        let outcome = self.repeat::<Incident>(command, asked, answer).await?;
        Ok(Imported { outcome, versions: Vec::new(), refused: Vec::new() })
    }
}

/// Takes one step, or does with it what is to be done with refused ones.
fn take(
    course: Course,
    index: usize,
    step: &HistoryStep,
    others: (Option<Fault>, Option<Fault>),
    on_refusal: OnRefusal,
    context: &Context<'_>,
    refused: &mut Vec<RefusedStep>,
) -> Result<Course, Error> {
    let by = Actor::from_id(step.by.clone()).for_person(step.on_behalf_of.clone());
    let context = Context { actor: &by, occurred_at: step.at, ..*context };
    let course = catch_up(course, step.at, context.recorded_at, None);
    let at_step = course.anew(course.record.clone());
    let Course { record: incident, mut happenings, .. } = course;
    let stage = incident.stage();
    let attempt = |command: &IncidentCommand, wrong: Option<Fault>| {
        if let Some(fault) = wrong {
            return Err(invalid(Faults::one(fault), command.verb(), Some(incident.number())));
        }
        decide(at_step.anew(incident.clone()), command, &context)
    };
    let mut next = match attempt(&step.command, others.0) {
        Ok(next) => next,
        Err(error) if on_refusal == OnRefusal::Abort => return Err(error),
        Err(error) => {
            // A correction that cannot be carried leaves the step out, as if it had named none.
            let otherwise = step.otherwise.clone().filter(|_| on_refusal == OnRefusal::Correct);
            let corrected = otherwise.and_then(|to| attempt(&correction(to, &error), others.1).ok());
            refused.push(RefusedStep { index, stage, error, corrected: corrected.is_some() });
            corrected.unwrap_or_else(|| at_step.anew(incident.clone()))
        }
    };
    happenings.extend(next.happenings);
    next.happenings = happenings;
    Ok(next)
}

/// The problem that caused the incident after a step.
const fn caused_by(command: &IncidentCommand, before: Option<Id<Problem>>) -> Option<Id<Problem>> {
    match command {
        IncidentCommand::Link { link: Link::CausedBy(problem), .. } => Some(*problem),
        IncidentCommand::Unlink { link: Link::CausedBy(_), .. } => None,
        _ => before,
    }
}

/// The other records that a step names. What was cancelled since may well be named by a history.
fn named_by(command: &IncidentCommand, problem: Option<Id<Problem>>) -> Vec<Other> {
    match command {
        IncidentCommand::Link { link, .. } => {
            let must = if link.parent().is_some() { Must::BeNoChild } else { Must::Exist };
            link.record().map(|record| Other { record, path: "link", must }).into_iter().collect()
        }
        IncidentCommand::Resolve(resolve) => resolved_by(resolve, problem, ["code", "along_with"]),
        IncidentCommand::Cancel(cancel) => named_as(&cancel.cancellation, "as"),
        IncidentCommand::Correct(correct) => named_in(&correct.to, problem),
        _ => Vec::new(),
    }
}

/// The other records that a correction names.
fn named_in(to: &CorrectTo, problem: Option<Id<Problem>>) -> Vec<Other> {
    match to {
        CorrectTo::Resolved(resolve) | CorrectTo::Closed(resolve) => {
            resolved_by(resolve, problem, ["to.code", "to.along_with"])
        }
        CorrectTo::Cancelled(cancellation) => named_as(cancellation, "to"),
        _ => Vec::new(),
    }
}

fn named_as(cancellation: &Cancellation, path: &'static str) -> Vec<Other> {
    let must = if matches!(cancellation, Cancellation::Duplicate { .. }) { Must::BeNoDuplicate } else { Must::Exist };
    cancellation.other().map(|other| Other { record: other.into(), path, must }).into_iter().collect()
}

fn check_history(history: &History, cap: usize, now: Instant) -> Result<(), Error> {
    let mut faults = Faults::none();
    if history.steps.len() > cap {
        faults.push("steps", "cap.exceeded", format!("has {} entries; the policy allows {cap}", history.steps.len()));
    }
    let future = |at: Instant| at > now;
    if future(history.reported_at) {
        faults.push("reported_at", "time.future", format!("lies in the future; now is {}", now.to_rfc3339()));
    }
    for (index, step) in history.steps.iter().enumerate().filter(|(_, step)| future(step.at)) {
        faults.push(
            format!("steps[{index}].at"),
            "time.future",
            format!("{} lies in the future", step.at.to_rfc3339()),
        );
    }
    if faults.is_empty() { Ok(()) } else { Err(invalid(faults, Verb::Import, None)) }
}

/// The correction for a refused step. Its reason names the code alone: texts of the history stay out of it.
fn correction(to: CorrectTo, error: &Error) -> IncidentCommand {
    let code = error.code();
    IncidentCommand::Correct(Correct {
        to,
        reason: format!("imported against the lifecycle: {code}"),
        instead_of: Some(code.to_owned()),
    })
}
