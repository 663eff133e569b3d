//! Raising problems, from incidents or by foresight.

use std::{collections::BTreeSet, pin::pin};

use super::{
    ActingDesk, InForce, Outcome, Preview,
    commit::{Attempt, Committed, Place},
    flow::{CONFLICT_TRIES, Coming, Decided, busy},
    judge::recorded_at,
    observe::Tries,
    others::unknown,
    reads::Known,
};
use crate::{
    command::{IncidentCommand, MAX_RAISED_FROM, Raise},
    decision::{Context, invalid, raising},
    error::Error,
    fault::Faults,
    id::{Id, Number, Version},
    incident::Incident,
    link::Link,
    permission::{Permission, Stake},
    policy::Policy,
    problem::Problem,
    record::{Kind as _, RecordKind},
    store::{Repository, RepositoryError},
    verb::{ProblemVerb as Verb, Verb as AnyVerb},
};

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
        let decided = self.decide_raise(&attempt.policy, raise, Some(attempt)).await?;
        let Decided { course, masters: linked, guards, unused, recorded_at } = decided;
        let place = Place { base: None, guards, unused };
        Ok(self.commit_with(attempt, course, place, linked, recorded_at).await)
    }

    /// What raising a problem would come to, without storing it.
    pub(super) async fn preview_raise(&self, raise: &Raise) -> Result<Preview<Problem>, Error> {
        let (policy, found) = self.load(None, self.options.command).await?;
        if let (Some(command), Some(answer)) = (self.options.command, found.answer) {
            return self.preview_again(command, &self.asked(None, &("raise", raise)), &answer).await;
        }
        let decided = self.decide_raise(&policy, raise, None).await?;
        Ok(self.preview_of(&policy, None, decided, Version::NONE))
    }

    /// Decides what raising a problem comes to, for it and for the incidents from which it is raised. Without an attempt
    /// no number is taken, and it gets one that nobody has.
    async fn decide_raise(
        &self,
        in_force: &InForce,
        raise: &Raise,
        attempt: Option<&Attempt>,
    ) -> Result<Decided<Problem>, Error> {
        let policy = &*in_force.policy;
        self.may_raise_at_all(policy)?;
        let from = self.incidents_of(raise).await?;
        // All of it is recorded at once: at an instant that no incident has already behind it.
        let now = self.desk.now();
        let latest = from
            .iter()
            .try_fold(now, |latest, (_, known)| Ok::<_, Error>(latest.max(recorded_at(&*known.kept, policy, now)?)))?;
        let cause = self.cause();
        let context = Context {
            policy,
            policy_stamp: in_force.stamp,
            ids: &*self.desk.ids,
            actor: &self.actor,
            occurred_at: self.options.occurred_at.unwrap_or(latest),
            recorded_at: latest,
            affected: None,
            brings: &[],
            ends: &[],
            speaks: false,
            cause: &cause,
            importing: false,
            clockwork: &in_force.clockwork(),
            texts: &BTreeSet::new(),
        };
        let raising = raising(raise, &context)?;
        let stake = raising.facts().stake();
        self.may_with(Verb::Raise, &stake, None, policy)?;
        if raise.group.is_some() || raise.person.is_some() {
            self.may_with(Verb::Route, &stake, None, policy)?;
        }
        if self.options.occurred_at.is_some_and(|at| at < latest) {
            self.may_with(Verb::Backdate, &stake, None, policy)?;
        }
        self.check_time::<Problem>(&context, Verb::Raise, None)?;
        let id = Id::from_u128(if attempt.is_some() { self.desk.ids.id(latest) } else { 0 });
        let (mut linked, mut guards) = (Vec::new(), Vec::new());
        let coming = Coming { made: Some(Problem::key(id)), at: Some(latest), through: None };
        for (index, known) in from {
            let link = IncidentCommand::Link { link: Link::CausedBy(id), reason: None };
            let decided = self.decide_requests::<Incident>(in_force, &known, &[link], coming).await;
            let Decided { course, guards: more, .. } =
                decided.map_err(|error| error.below(&format!("from[{index}]")))?;
            guards.extend(more);
            linked.push((course, known));
        }
        // What is refused takes no number.
        let number = match attempt {
            Some(attempt) => self.take_number::<Problem>(attempt).await?,
            None => Number::untaken(),
        };
        let course = raising.begin(id, number, &context)?;
        Ok(Decided { course, masters: linked, guards, unused: Vec::new(), recorded_at: latest })
    }

    /// Whether there is anything that the actor may raise: asked before what is asked is read, so that a stranger learns
    /// nothing from its faults.
    fn may_raise_at_all(&self, policy: &Policy) -> Result<(), Error> {
        let permission = Permission::from(AnyVerb::from(Verb::Raise));
        if !policy.permissions().scopes(&self.actor, permission).is_empty() {
            return Ok(());
        }
        self.may_with(Verb::Raise, &Stake::default(), None, policy)
    }

    /// The incidents from which a problem is raised, each once and with its place; or the faults of those that are not
    /// there.
    async fn incidents_of(&self, raise: &Raise) -> Result<Vec<(usize, Known<Incident>)>, Error> {
        let mut faults = Faults::none();
        let mut from: Vec<(usize, Known<Incident>)> = Vec::with_capacity(raise.from.len());
        for (index, id) in raise.from.iter().enumerate().take(MAX_RAISED_FROM) {
            if from.iter().any(|(_, known)| known.kept.id() == *id) {
                continue;
            }
            let key = (*id).into();
            let (_, found): (InForce, _) = self.load(Some(&key), None).await?;
            match found.record {
                Some(loaded) => from.push((index, self.found::<Incident>(Some(loaded), &key)?)),
                None => {
                    let fault = unknown(format!("from[{index}]"), RecordKind::Incident);
                    faults.push(fault.path().to_owned(), fault.code(), fault.rule().to_owned());
                }
            }
        }
        if faults.is_empty() { Ok(from) } else { Err(invalid(faults, Verb::Raise, None)) }
    }
}
