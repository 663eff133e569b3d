//! Many duplicates, merged into one incident by a plan.

use std::collections::HashSet;

use super::{ActingDesk, Seen, Selection, others::unknown};
use crate::{
    blocking,
    cascade::{Plan, Rule, SkipReason, proposed},
    decision::invalid,
    error::{Error, NotFound},
    fault::{Fault, Faults},
    id::Id,
    incident::{Incident, Stage},
    record::RecordKind,
    store::{Filter, MAX_PAGE, Repository},
    verb::IncidentVerb as Verb,
};

impl<R: Repository> ActingDesk<R> {
    /// Plans to merge the incidents of a selection into one that goes on: each is cancelled as its duplicate. Nothing is
    /// stored; [`apply_plan`](Self::apply_plan) does it, each incident in a commit of its own.
    ///
    /// If `into` is a duplicate itself, the incident that goes on in its place is the one. Duplicates of what is merged go
    /// along, before it. What is final is skipped, and what is resolved, each with the reason; of what is named and cannot
    /// be seen, only the number is told. If one of them has a higher priority than the incident that goes on, what would
    /// give that the same is [`proposed`](Plan::proposed).
    ///
    /// With each merge those whom the duplicate concerns - its caller, the affected person, its watchers - come to watch the
    /// incident that goes on, as long as there is room for them under the policy's cap; and what they write on the duplicate
    /// from then on arrives there.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such incident that the actor may see; [`Error::Invalid`] if the incident that goes
    /// on is cancelled or not to be seen; else as [`plan_cascade`](Self::plan_cascade).
    pub async fn plan_merge(&self, selection: impl Into<Selection> + Send, into: Id<Incident>) -> Result<Plan, Error> {
        let selection = selection.into();
        let named = self.incident(into).get().await?;
        let number = named.incident().number();
        let refuse = |fault| Err(invalid(Faults::one(fault), Verb::Cancel, Some(number)));
        let Some(root) = self.goes_on(into).await? else {
            return refuse(unknown("into", RecordKind::Incident));
        };
        let into = root.record.id().incident().ok_or_else(|| NotFound { what: root.record.id().to_string() })?;
        let Seen { record: root, version } = self.incident(into).get().await?;
        if root.stage() == Stage::Cancelled {
            return refuse(Fault::new("into", "record.cancelled", format!("is {}, which is cancelled", root.number())));
        }
        let mut plan = Plan::begun(self.command_id(), into.into(), Rule::Merged { into });
        let mut highest: Option<Incident> = None;
        let mut known = HashSet::new();
        let mut after = None;
        loop {
            let (taken, next) = self.take(&selection, after.as_ref(), MAX_PAGE).await?;
            for (id, _) in taken {
                if id == into || !known.insert(id) {
                    continue;
                }
                let Some(seen) = self.seen_for(&mut plan, id).await? else { continue };
                let incident = seen.incident();
                let step = match plan.rule.step_for(plan.source, incident, seen.version()) {
                    Ok(step) => step,
                    Err(reason) => {
                        plan.skip(incident, reason);
                        continue;
                    }
                };
                if self.take_duplicates(&mut plan, id, &mut known).await? > 0 {
                    plan.skip(incident, SkipReason::HasUnseenDuplicates);
                    continue;
                }
                plan.steps.push(step);
                let rank = |incident: &Incident| incident.progress().assessment.result().rank();
                if highest.as_ref().is_none_or(|highest| rank(incident) < rank(highest)) {
                    highest = Some(incident.clone());
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        plan.proposed = highest.and_then(|duplicate| proposed(&root, version, &duplicate));
        Ok(plan)
    }

    /// Takes the duplicates of an incident into the plan; gives how many the actor may not see.
    async fn take_duplicates(
        &self,
        plan: &mut Plan,
        of: Id<Incident>,
        known: &mut HashSet<Id<Incident>>,
    ) -> Result<u64, Error> {
        let policy = self.in_force().await?;
        let filter = Filter { duplicate_of: vec![of], ..Filter::default() };
        let unseen = self.unseen(&policy, &filter).await?;
        if unseen > 0 {
            return Ok(unseen);
        }
        let selection = Selection::from(filter);
        let mut after = None;
        loop {
            let (taken, next) = self.take(&selection, after.as_ref(), MAX_PAGE).await?;
            for (id, _) in taken {
                if known.insert(id)
                    && let Some(seen) = self.seen_for(plan, id).await?
                {
                    plan.take(seen.incident(), seen.version());
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(0),
            }
        }
    }
}

impl<R: Repository> blocking::ActingDesk<R> {
    /// Plans to merge the incidents of a selection into one that goes on.
    ///
    /// # Errors
    /// As [the asynchronous twin](ActingDesk::plan_merge).
    pub fn plan_merge(&self, selection: impl Into<Selection> + Send, into: Id<Incident>) -> Result<Plan, Error> {
        pollster::block_on(self.0.plan_merge(selection, into))
    }
}
