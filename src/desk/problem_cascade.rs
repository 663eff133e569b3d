//! What a problem brings to its incidents, as plans.

use super::{InForce, ProblemDesk, Seen, others::unknown};
use crate::{
    cascade::{ByProblem, Plan, Rule},
    decision::{BY_PROBLEM, invalid},
    error::Error,
    fault::{Fault, Faults},
    id::{CommandId, Id},
    problem::{Closure, Dismissed, Problem},
    record::RecordKind,
    store::{Filter, Repository},
    verb::ProblemVerb as Verb,
};

/// How many duplicates of duplicates are followed to the problem that goes on.
const MAX_CHAIN: usize = 32;

impl<R: Repository> ProblemDesk<R> {
    /// Plans what the problem, as it stands, brings to the incidents of which it is the cause. Nothing is stored;
    /// [`apply_plan`](super::ActingDesk::apply_plan) does it.
    ///
    /// Once its fix is applied, the incidents that wait for it are resolved, with the code `resolved_by_problem`. If it
    /// ended without a fix, they go on. If it is a duplicate, all its incidents are pointed to the problem that goes on;
    /// if none does, they go on themselves.
    /// Others are skipped, each with the reason; those that are not the actor's to see are counted.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such problem that the actor may see; [`Error::Refused`] without the
    /// permission `problem.cascade`; [`Error::Invalid`] while the problem is open, or if the policy does not have the
    /// code.
    pub async fn plan_cascade(&self) -> Result<Plan, Error> {
        let (policy, Seen { record: problem, .. }) = self.seen().await?;
        self.acting.may(Verb::Cascade, &problem, &policy.policy)?;
        let rule = self.brought_by(&policy, &problem).await?;
        self.planned(&policy, &problem, self.acting.command_id(), rule).await
    }

    /// Plans to offer the workaround of the problem's known error, which must be published, to its incidents on which
    /// work is still to be done: as an internal note. The same workaround is offered to an incident once, whoever plans it and
    /// however often, as long as [answers are kept](crate::desk::Desk::forget).
    ///
    /// # Errors
    /// As [`plan_cascade`](Self::plan_cascade); [`Error::Invalid`] if no workaround is published.
    pub async fn plan_offer(&self) -> Result<Plan, Error> {
        let (policy, Seen { record: problem, .. }) = self.seen().await?;
        self.acting.may(Verb::Cascade, &problem, &policy.policy)?;
        let chars = policy.policy.caps().text_chars;
        let Some(rule) = ByProblem::offer(&problem, chars) else {
            let rule = "has no workaround in a known error that is published";
            return Err(refused(&problem, Fault::new("known_error", "problem.no_workaround", rule)));
        };
        // The same workaround is offered to an incident once, whoever plans it and however often. Its digest is salted: who
        // does not know it cannot take the place of the offer beforehand.
        let offered = problem.known_error().and_then(|known| known.offered());
        let digest = offered.map(|workaround| workaround.text.digest().to_string()).unwrap_or_default();
        let id = CommandId::named(&format!("offer/{}/{digest}", problem.id()));
        self.planned(&policy, &problem, id, rule).await
    }

    async fn brought_by(&self, policy: &InForce, problem: &Problem) -> Result<ByProblem, Error> {
        if problem.is_fixed() {
            if policy.policy.resolution(BY_PROBLEM).is_none_or(|rule| rule.retired) {
                let rule = format!("needs the resolution code `{BY_PROBLEM}`, which the policy does not have in use");
                return Err(refused(problem, Fault::new("code", "resolution.unknown", rule)));
            }
            // Whoever waited may see that, and not the problem.
            let named = !problem.facts().confidential;
            let text =
                if named { format!("Resolved by {}.", problem.number()) } else { "Its cause is gone.".to_owned() };
            return Ok(ByProblem::Resolve { text });
        }
        match problem.closure() {
            Some(Closure::Dismissed(Dismissed::Duplicate { of })) => {
                let root = self.root(problem, *of).await?;
                Ok(root.map_or(ByProblem::Resume, |to| ByProblem::Repoint { from: problem.id(), to }))
            }
            Some(_) => Ok(ByProblem::Resume),
            None => {
                let rule = format!(
                    "is {}: nothing is brought to its incidents until its fix is applied, or it is closed",
                    problem.stage()
                );
                Err(refused(problem, Fault::new("stage", "problem.still_open", rule)))
            }
        }
    }

    /// The problem that goes on in place of a duplicate; none if that was dismissed itself, so that nothing goes on.
    async fn root(&self, problem: &Problem, of: Id<Problem>) -> Result<Option<Id<Problem>>, Error> {
        let mut root = of;
        for _ in 0..MAX_CHAIN {
            let found = self.acting.seen_by_all(root.into()).await?;
            let Some(found) = found.as_ref().and_then(|loaded| loaded.record.problem()) else {
                return Err(refused(problem, unknown("as", RecordKind::Problem)));
            };
            match found.closure() {
                Some(Closure::Dismissed(Dismissed::Duplicate { of })) if *of != problem.id() => root = *of,
                Some(Closure::Dismissed(_)) => return Ok(None),
                _ => return Ok(Some(root)),
            }
        }
        Ok(None)
    }

    async fn planned(
        &self,
        policy: &InForce,
        problem: &Problem,
        id: CommandId,
        rule: ByProblem,
    ) -> Result<Plan, Error> {
        let filter = Filter { caused_by: vec![problem.id()], ..Filter::default() };
        self.acting.plan_over(policy, id, problem.id().into(), filter, Rule::ByProblem(rule)).await
    }
}

fn refused(problem: &Problem, fault: Fault) -> Error {
    invalid(Faults::one(fault), Verb::Cascade, Some(problem.number()))
}
