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
    /// ended without a fix, they go on. If it is a duplicate, all its incidents are pointed to the problem that goes on.
    /// Others are skipped, each with the reason; those that are not the actor's to see are counted.
    ///
    /// Planned again at the same version of the problem, the plan has the same id: what was applied changes nothing more.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such problem that the actor may see; [`Error::Refused`] without the
    /// permission `problem.cascade`; [`Error::Invalid`] while the problem is open, or if the policy does not have the
    /// code.
    pub async fn plan_cascade(&self) -> Result<Plan, Error> {
        let (policy, Seen { record: problem, version }) = self.seen().await?;
        self.acting.may(Verb::Cascade, &problem, &policy.policy)?;
        let rule = self.brought_by(&policy, &problem).await?;
        self.planned(&policy, &problem, format!("cascade/{}/{version}", problem.id()), rule).await
    }

    /// Plans to offer the workaround of the problem's known error, which must be published, to its incidents on which
    /// work is still to be done: as an internal note.
    ///
    /// # Errors
    /// As [`plan_cascade`](Self::plan_cascade); [`Error::Invalid`] if no workaround is published.
    pub async fn plan_offer(&self) -> Result<Plan, Error> {
        let (policy, Seen { record: problem, .. }) = self.seen().await?;
        self.acting.may(Verb::Cascade, &problem, &policy.policy)?;
        let offered = problem.known_error().and_then(|known| known.offered());
        let Some(text) = offered.and_then(|workaround| workaround.text.as_str()) else {
            let rule = "has no workaround in a known error that is published";
            return Err(refused(&problem, Fault::new("known_error", "problem.no_workaround", rule)));
        };
        let rule = ByProblem::Offer { text: format!("Workaround of {}: {text}", problem.number()) };
        // The same workaround is offered to an incident once, however often that is planned.
        let digest = offered.map(|workaround| workaround.text.digest().to_string()).unwrap_or_default();
        self.planned(&policy, &problem, format!("offer/{}/{digest}", problem.id()), rule).await
    }

    async fn brought_by(&self, policy: &InForce, problem: &Problem) -> Result<ByProblem, Error> {
        if problem.is_fixed() {
            if policy.policy.resolution(BY_PROBLEM).is_none_or(|rule| rule.retired) {
                let rule = format!("needs the resolution code `{BY_PROBLEM}`, which the policy does not have in use");
                return Err(refused(problem, Fault::new("code", "resolution.unknown", rule)));
            }
            return Ok(ByProblem::Resolve { text: format!("Resolved by {}.", problem.number()) });
        }
        match problem.closure() {
            Some(Closure::Dismissed(Dismissed::Duplicate { of })) => {
                Ok(ByProblem::Repoint { from: problem.id(), to: self.root(problem, *of).await? })
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

    /// The problem that goes on in place of a duplicate.
    async fn root(&self, problem: &Problem, of: Id<Problem>) -> Result<Id<Problem>, Error> {
        let mut root = of;
        for _ in 0..MAX_CHAIN {
            let found = self.acting.seen_by_all(root.into()).await?;
            let Some(found) = found.as_ref().and_then(|loaded| loaded.record.problem()) else {
                return Err(refused(problem, unknown("as", RecordKind::Problem)));
            };
            match found.closure() {
                Some(Closure::Dismissed(Dismissed::Duplicate { of })) if *of != problem.id() => root = *of,
                Some(Closure::Dismissed(_)) => {
                    let rule = format!("leads to {}, which is dismissed itself", found.number());
                    return Err(refused(problem, Fault::new("as", "record.cancelled", rule)));
                }
                _ => return Ok(root),
            }
        }
        Ok(root)
    }

    async fn planned(&self, policy: &InForce, problem: &Problem, name: String, rule: ByProblem) -> Result<Plan, Error> {
        let id = self.acting.options.command.unwrap_or_else(|| CommandId::named(&name));
        let filter = Filter { caused_by: vec![problem.id()], ..Filter::default() };
        self.acting.plan_over(policy, id, problem.id().into(), filter, Rule::ByProblem(rule)).await
    }
}

fn refused(problem: &Problem, fault: Fault) -> Error {
    invalid(Faults::one(fault), Verb::Cascade, Some(problem.number()))
}
