//! Raising problems, from incidents or by foresight.

use std::{collections::BTreeSet, pin::pin};

use super::{
    ActingDesk, InForce, Outcome,
    commit::{Attempt, Committed, Place},
    flow::{CONFLICT_TRIES, Coming, Decided, busy},
    observe::Tries,
    others::unknown,
    reads::Known,
};
use crate::{
    command::{IncidentCommand, Raise},
    decision::{Context, Course, invalid, raising},
    error::Error,
    fault::Faults,
    incident::Incident,
    link::Link,
    problem::Problem,
    record::{Kind as _, RecordKind},
    store::{Guard, Repository, RepositoryError},
    verb::{ProblemVerb as Verb, Verb as AnyVerb},
};

/// What was decided about an incident from which a problem is raised.
type Linked = (Course<Incident>, Known<Incident>);

impl<R: Repository> ActingDesk<R> {
    pub(super) async fn run_raise(&self, raise: Raise) -> Result<Outcome<Problem>, Error> {
        let command = self.command_id();
        let tries = Tries::default();
        let run = pin!(async {
            let asked = self.asked(None, &("raise", &raise));
            for _ in 0..CONFLICT_TRIES {
                tries.count();
                let (policy, found) = self.load(None, Some(command)).await?;
                if let Some(answer) = found.answer {
                    return self.repeat::<Problem>(command, &asked, &answer).await;
                }
                let attempt = self.attempt(command, &asked, policy);
                let landed = self.try_raise(&attempt, &raise).await?;
                if let Some(outcome) = self.settle(command, &asked, landed).await? {
                    return Ok(outcome);
                }
            }
            Err(busy(command))
        });
        let verb: AnyVerb = Verb::Raise.into();
        let outcome = self.observed(verb.permission(), command, &tries, run).await?;
        Ok(self.shown(outcome))
    }

    async fn try_raise(
        &self,
        attempt: &Attempt,
        raise: &Raise,
    ) -> Result<Result<Committed<Problem>, RepositoryError>, Error> {
        let policy = &*attempt.policy.policy;
        let now = self.desk.now();
        let cause = self.cause();
        let context = Context {
            policy,
            policy_stamp: attempt.policy.stamp,
            ids: &*self.desk.ids,
            actor: &self.actor,
            occurred_at: self.options.occurred_at.unwrap_or(now),
            recorded_at: now,
            affected: None,
            brings: &[],
            speaks: false,
            cause: &cause,
            importing: false,
            clockwork: &attempt.policy.clockwork(),
            texts: &BTreeSet::new(),
        };
        let raising = raising(raise, &context)?;
        let stake = raising.facts().stake();
        self.may_with(Verb::Raise, &stake, None, policy)?;
        if self.options.occurred_at.is_some_and(|at| at < now) {
            self.may_with(Verb::Backdate, &stake, None, policy)?;
        }
        self.check_time::<Problem>(&context, Verb::Raise, None)?;
        let from = self.incidents_of(raise).await?;
        let (id, number) = self.take_number::<Problem>(attempt).await?;
        let course = raising.begin(id, number, &context)?;
        let mut recorded_at = now;
        let (mut linked, mut guards): (Vec<Linked>, Vec<Guard>) = (Vec::new(), Vec::new());
        for (index, known) in from.into_iter().enumerate() {
            let link = IncidentCommand::Link { link: Link::CausedBy(id), reason: None };
            let coming = Coming { made: Some(Problem::key(id)), through: None };
            let decided = self.decide_requests::<Incident>(&attempt.policy, &known, &[link], coming).await;
            let Decided { course, guards: more, recorded_at: at, .. } =
                decided.map_err(|error| error.below(&format!("from[{index}]")))?;
            recorded_at = recorded_at.max(at);
            guards.extend(more);
            linked.push((course, known));
        }
        let place = Place { base: None, guards, unused: Vec::new() };
        Ok(self.commit_with(attempt, course, place, linked, recorded_at).await)
    }

    /// The incidents from which a problem is raised, each once; or the faults of those that are not there.
    async fn incidents_of(&self, raise: &Raise) -> Result<Vec<Known<Incident>>, Error> {
        let mut faults = Faults::none();
        let mut from: Vec<Known<Incident>> = Vec::with_capacity(raise.from.len());
        for (index, id) in raise.from.iter().enumerate() {
            if from.iter().any(|known| known.kept.id() == *id) {
                continue;
            }
            let key = (*id).into();
            let (_, found): (InForce, _) = self.load(Some(&key), None).await?;
            match found.record {
                Some(loaded) => from.push(self.found::<Incident>(Some(loaded), &key)?),
                None => {
                    let fault = unknown(format!("from[{index}]"), RecordKind::Incident);
                    faults.push(fault.path().to_owned(), fault.code(), fault.rule().to_owned());
                }
            }
        }
        if faults.is_empty() { Ok(from) } else { Err(invalid(faults, Verb::Raise, None)) }
    }
}
