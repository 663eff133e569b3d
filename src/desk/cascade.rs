//! Cascades: a plan is made from what the records are now, and applied in bounded batches.

use std::sync::Arc;

use super::{ActingDesk, InForce, Outcome, Seen, Selection, options::InPlan, reads::check_limit};
use crate::{
    cascade::{Carried, Plan, PlannedStep, Rule, SkipReason},
    decision::invalid,
    error::Error,
    event::RecordId,
    fault::{Fault, Faults},
    id::{CommandId, Id, Number},
    incident::Incident,
    store::{Filter, Guard, MAX_PAGE, RecordKey, Repository, Scope},
    verb::Verb,
};

/// The code of the fault that the record from which a plan comes has changed, so that the plan holds no longer. It reaches
/// nobody: the step is skipped for it.
const PLAN_STALE: &str = "plan.stale";

/// The highest count of incidents that are not the planner's to see.
const MAX_UNSEEN: u64 = 1_000_000;

/// What a part of a plan came to, record by record.
#[derive(Debug)]
pub struct Applied {
    /// An answer for each step, in the plan's order.
    pub answers: Vec<StepAnswer>,
    /// The step at which the next part begins; `None` at the end.
    pub next: Option<usize>,
}

/// The answer for one step of a plan.
#[derive(Debug)]
pub struct StepAnswer {
    /// The incident.
    pub record: Id<Incident>,
    /// Its number.
    pub number: Number,
    /// What came of it. One that is refused does not keep others from being changed.
    pub result: StepResult,
}

/// What came of one step of a plan.
#[derive(Debug)]
pub enum StepResult {
    /// It was done, now or before.
    Done(Outcome),
    /// It had changed since, and is left alone.
    Skipped(SkipReason),
    /// It was refused.
    Refused(Error),
}

impl<R: Repository> ActingDesk<R> {
    /// Plans what `source` carries to the incidents of a selection. Nothing is stored.
    ///
    /// What is final or there already is skipped with the reason; of what is named and cannot be seen, only the number
    /// is told. The plan's id is that of [`with_command`](Self::with_command), or a new one.
    ///
    /// # Errors
    /// As [`Bulk::preview`](super::Bulk::preview); and [`Error::Repository`] if the repository fails.
    pub async fn plan_cascade(
        &self,
        source: impl Into<RecordId> + Send,
        selection: impl Into<Selection> + Send,
        carried: &Carried,
    ) -> Result<Plan, Error> {
        let rule = Rule::Carried(carried.clone());
        self.plan_by(self.command_id(), source.into(), &selection.into(), rule).await
    }

    /// Plans by a rule what is to be done to each incident of a selection.
    pub(super) async fn plan_by(
        &self,
        id: CommandId,
        source: RecordId,
        selection: &Selection,
        rule: Rule,
    ) -> Result<Plan, Error> {
        let mut plan = Plan::begun(id, source, rule);
        let mut after = None;
        loop {
            let (taken, next) = self.take(selection, after.as_ref(), MAX_PAGE).await?;
            for (id, _) in taken {
                if let Some(seen) = self.seen_for(&mut plan, id).await? {
                    plan.take(seen.incident(), seen.version());
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(plan),
            }
        }
    }

    /// An incident as it is planned for; one that is not to be seen is counted.
    pub(super) async fn seen_for(&self, plan: &mut Plan, id: Id<Incident>) -> Result<Option<Seen>, Error> {
        match self.incident(id).get().await {
            Ok(seen) => Ok(Some(seen)),
            Err(Error::NotFound(_)) => {
                plan.unseen = plan.unseen.saturating_add(1);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Plans by a rule what is to be done to each incident that fits a filter; those that the planner may not see are
    /// counted.
    pub(super) async fn plan_over(
        &self,
        policy: &InForce,
        id: CommandId,
        source: RecordId,
        filter: Filter,
        rule: Rule,
    ) -> Result<Plan, Error> {
        let unseen = self.unseen(policy, &filter).await?;
        let mut plan = self.plan_by(id, source, &Selection::from(filter), rule).await?;
        plan.unseen = plan.unseen.saturating_add(unseen);
        Ok(plan)
    }

    /// How many incidents that fit a filter are not the actor's to see.
    pub(super) async fn unseen(&self, policy: &InForce, filter: &Filter) -> Result<u64, Error> {
        let (repository, whole) = (self.desk.repository(), Scope::everything(&self.tenant));
        let all = repository.count(&whole, filter, MAX_UNSEEN).await.map_err(|error| self.failed(error))?;
        let seen =
            repository.count(&self.scope(policy), filter, MAX_UNSEEN).await.map_err(|error| self.failed(error))?;
        Ok(all.saturating_sub(seen))
    }

    /// Does `limit` steps of a plan from step `from` on, each in a commit of its own, with a command id made of the
    /// plan's and the incident's: doing it again changes nothing more.
    ///
    /// An incident that has changed since is done as planned if the same still fits it, and is reported if not. So is every
    /// step once the record from which the plan comes no longer stands as it did: a problem that is open again, say.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a `limit` that is not 1 to [`MAX_PAGE`].
    pub async fn apply_plan(&self, plan: &Plan, from: usize, limit: usize) -> Result<Applied, Error> {
        check_limit(limit)?;
        let mut answers = Vec::with_capacity(limit.min(plan.steps.len()));
        let mut acting = self.clone();
        let (id, source, rule) = (plan.id, plan.source, plan.rule.clone());
        acting.options.plan = Some(Arc::new(InPlan { id, source, rule }));
        for step in plan.steps.iter().skip(from).take(limit) {
            let result = acting.apply_step(plan, step).await;
            answers.push(StepAnswer { record: step.record, number: step.number.clone(), result });
        }
        let next = Some(from.saturating_add(limit)).filter(|next| *next < plan.steps.len());
        Ok(Applied { answers, next })
    }

    async fn apply_step(&self, plan: &Plan, step: &PlannedStep) -> StepResult {
        let mut acting = self.clone();
        acting.options.command = Some(self.step_id(plan, step));
        acting.options.if_version = Some(step.version);
        let key = RecordKey::from(step.record);
        let mut result = acting.run_requests::<Incident>(&key, &step.commands).await;
        if matches!(result, Err(Error::Conflict(_))) {
            // Only the very same is done to what has changed, so that the command stays the one that is repeated.
            let seen = match self.incident(step.record).get().await {
                Ok(seen) => seen,
                Err(error) => return StepResult::Refused(error),
            };
            match plan.rule.step_for(plan.source, seen.incident(), seen.version()) {
                Ok(anew) if anew.commands == step.commands => {
                    acting.options.if_version = Some(seen.version());
                    result = acting.run_requests::<Incident>(&key, &step.commands).await;
                }
                Ok(_) => return StepResult::Skipped(SkipReason::Changed),
                Err(reason) => return StepResult::Skipped(reason),
            }
        }
        match result {
            Ok(outcome) => StepResult::Done(outcome),
            Err(Error::CommandReused(_)) if plan.rule.is_offer() => StepResult::Skipped(SkipReason::AlreadyThere),
            Err(Error::Invalid(invalid)) if invalid.faults().iter().any(|fault| fault.code() == PLAN_STALE) => {
                StepResult::Skipped(SkipReason::SourceChanged)
            }
            Err(error) => StepResult::Refused(error),
        }
    }

    /// The id of a step: another one for everybody who applies the plan, so that each gets an answer of their own. What is
    /// offered is offered once, whoever does it.
    fn step_id(&self, plan: &Plan, step: &PlannedStep) -> CommandId {
        let by = if plan.rule.is_offer() { String::new() } else { format!("/{}", self.actor.id()) };
        CommandId::named(&format!("{}/{}{by}", plan.id, step.record))
    }

    /// Guards the record from which the plan comes that is being applied, if there is one: it must stand as it did.
    pub(super) async fn stands(&self, verb: Verb, number: &Number) -> Result<Option<Guard>, Error> {
        let Some(plan) = self.options.plan.as_deref().filter(|plan| plan.rule.depends_on_source()) else {
            return Ok(None);
        };
        let whole = Scope::everything(&self.tenant);
        let found = self.desk.repository().load_many(&whole, &[plan.source]).await;
        let found = found.map_err(|error| self.failed(error))?.into_iter().flatten().next();
        match found.filter(|source| plan.rule.stands(&source.record)) {
            Some(source) => Ok(Some(Guard { id: plan.source, version: source.version })),
            None => {
                let rule = "no longer stands as it did when the plan was made; plan anew";
                Err(invalid(Faults::one(Fault::new("source", PLAN_STALE, rule)), verb, Some(number)))
            }
        }
    }
}
