//! Many duplicates, merged into one incident by a plan.

use std::collections::HashSet;

use super::{ActingDesk, Seen, Selection, others::unknown};
use crate::{
    blocking,
    cascade::{Plan, PlannedStep, Rule, SkipReason, proposed},
    command::IncidentCommand,
    decision::invalid,
    error::{Error, NotFound},
    fault::{Fault, Faults},
    id::Id,
    incident::{Incident, Stage},
    link::Link,
    record::RecordKind,
    store::{Filter, MAX_PAGE, Repository},
    verb::IncidentVerb as Verb,
    waiting::wait,
};

impl<R: Repository> ActingDesk<R> {
    /// Plans to merge the incidents of a selection into one that goes on: each is cancelled as its duplicate. Nothing is
    /// stored; [`apply_plan`](Self::apply_plan) does it, each incident in a commit of its own.
    ///
    /// If `into` is a duplicate itself, the incident that goes on in its place is the one. Duplicates of what is merged go
    /// along, before it, and its children come to the incident that goes on; where they cannot, it is skipped. What is
    /// final is skipped, and what is resolved, each with the reason; of what is named and cannot
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
        let (mut known, mut adopted) = (HashSet::new(), Vec::new());
        let mut after = None;
        loop {
            let (taken, next) = self.take(&selection, after.as_ref(), MAX_PAGE).await?;
            for (id, _) in taken {
                if !known.insert(id) {
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
                let children = match self.children_of(&mut plan, id, &root).await? {
                    Ok(children) => children,
                    Err(reason) => {
                        plan.skip(incident, reason);
                        continue;
                    }
                };
                if let Some(reason) = self.take_duplicates(&mut plan, id, &mut known).await? {
                    plan.skip(incident, reason);
                    continue;
                }
                adopted.extend(children);
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
        // Who is merged itself is nobody's child any more.
        let merged: HashSet<_> = plan.steps.iter().map(|step| step.record).collect();
        plan.steps.extend(adopted.into_iter().filter(|step: &PlannedStep| !merged.contains(&step.record)));
        plan.proposed = highest.and_then(|duplicate| proposed(&root, version, &duplicate));
        Ok(plan)
    }

    /// Takes the duplicates of an incident into the plan; gives why it cannot be merged, if some cannot go along.
    async fn take_duplicates(
        &self,
        plan: &mut Plan,
        of: Id<Incident>,
        known: &mut HashSet<Id<Incident>>,
    ) -> Result<Option<SkipReason>, Error> {
        let filter = Filter { duplicate_of: vec![of], ..Filter::default() };
        let Some(along) = self.all_seen(plan, filter).await? else {
            return Ok(Some(SkipReason::HasUnseenDuplicates));
        };
        let mut steps = Vec::with_capacity(along.len());
        for seen in along {
            match plan.rule.step_for(plan.source, seen.incident(), seen.version()) {
                Ok(step) => steps.push(step),
                Err(reason) => {
                    plan.skip(seen.incident(), reason);
                    return Ok(Some(SkipReason::HasFixedDuplicates));
                }
            }
        }
        plan.steps.extend(steps.into_iter().filter(|step| known.insert(step.record)));
        Ok(None)
    }

    /// What makes the children of an incident children of the one that goes on; or why it cannot be merged, if they cannot.
    async fn children_of(
        &self,
        plan: &mut Plan,
        of: Id<Incident>,
        root: &Incident,
    ) -> Result<Result<Vec<PlannedStep>, SkipReason>, Error> {
        let filter = Filter { child_of: vec![of], ..Filter::default() };
        let Some(children) = self.all_seen(plan, filter).await? else { return Ok(Err(SkipReason::HasChildren)) };
        if !children.is_empty() && root.links().parent().is_some() {
            return Ok(Err(SkipReason::HasChildren));
        }
        Ok(Ok(children.iter().map(|child| adopted(child, of, root.id())).collect()))
    }

    /// All incidents that fit a filter; `None` if the actor may not see all of them.
    async fn all_seen(&self, plan: &mut Plan, filter: Filter) -> Result<Option<Vec<Seen>>, Error> {
        let policy = self.in_force().await?;
        if self.unseen(&policy, &filter).await? > 0 {
            return Ok(None);
        }
        let selection = Selection::from(filter);
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (taken, next) = self.take(&selection, after.as_ref(), MAX_PAGE).await?;
            for (id, _) in taken {
                all.extend(self.seen_for(plan, id).await?);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(Some(all)),
            }
        }
    }
}

/// A child comes to another parent.
fn adopted(child: &Seen, from: Id<Incident>, to: Id<Incident>) -> PlannedStep {
    let unlink = IncidentCommand::Unlink { link: Link::ChildOf(from), reason: None };
    let link = IncidentCommand::Link { link: Link::ChildOf(to), reason: None };
    let (incident, version) = (child.incident(), child.version());
    PlannedStep { record: incident.id(), number: incident.number().clone(), version, commands: vec![unlink, link] }
}

impl<R: Repository> blocking::ActingDesk<R> {
    /// Plans to merge the incidents of a selection into one that goes on.
    ///
    /// # Errors
    /// As [the asynchronous twin](ActingDesk::plan_merge).
    pub fn plan_merge(&self, selection: impl Into<Selection> + Send, into: Id<Incident>) -> Result<Plan, Error> {
        wait(self.0.plan_merge(selection, into))
    }
}
