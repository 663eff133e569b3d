//! What a parent carries to its children, as a plan.

use super::{IncidentDesk, Seen};
use crate::{
    blocking,
    cascade::{Carried, Plan, Rule},
    command::IncidentCommand,
    decision::invalid,
    error::Error,
    fault::Faults,
    incident::{Incident, Stage},
    store::{Filter, Repository},
    waiting::wait,
};

impl<R: Repository> IncidentDesk<R> {
    /// Plans what the incident, as the parent, carries to its children: moves, holds and notes. Nothing is stored;
    /// [`apply_plan`](super::ActingDesk::apply_plan) does it.
    ///
    /// Children that are final or there already are skipped, each with the reason; those that are not the actor's to see
    /// are counted. A resolution is carried once the parent is resolved: its children are then resolved along with it, and
    /// a reopening, carried once the parent is open again, reopens those and no others.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such incident that the actor may see; [`Error::Invalid`] if a resolution or a
    /// reopening is carried that the parent has not had.
    pub async fn plan_children(&self, carried: &Carried) -> Result<Plan, Error> {
        let (policy, Seen { record: parent, .. }) = self.seen().await?;
        let mut faults = Faults::none();
        for (index, command) in carried.commands().iter().enumerate() {
            not_yet(&parent, command, &format!("carried[{index}]"), &mut faults);
        }
        if let Some(first) = carried.commands().first().filter(|_| !faults.is_empty()) {
            return Err(invalid(faults, first.verb(), Some(parent.number())));
        }
        let id = self.acting.command_id();
        let filter = Filter { child_of: vec![parent.id()], ..Filter::default() };
        self.acting.plan_over(&policy, id, parent.id().into(), filter, Rule::Carried(carried.clone())).await
    }
}

/// What the parent has not had itself is not carried from it.
fn not_yet(parent: &Incident, command: &IncidentCommand, path: &str, faults: &mut Faults) {
    let (number, stage) = (parent.number(), parent.stage());
    match command {
        IncidentCommand::Resolve(_) if !matches!(stage, Stage::Resolved | Stage::Closed) => {
            let rule = format!("resolves children of {number}, which is {stage} and not resolved");
            faults.push(path, "link.parent_open", rule);
        }
        IncidentCommand::Reopen { .. } if !stage.is_open() => {
            faults.push(path, "link.parent_not_reopened", format!("reopens children of {number}, which is {stage}"));
        }
        _ => {}
    }
}

impl<R: Repository> blocking::IncidentDesk<R> {
    /// Plans what the incident, as the parent, carries to its children.
    ///
    /// # Errors
    /// As [the asynchronous twin](IncidentDesk::plan_children).
    pub fn plan_children(&self, carried: &Carried) -> Result<Plan, Error> {
        wait(self.0.plan_children(carried))
    }
}
