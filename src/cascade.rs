//! Cascades: what one record brings to others, as a plan before it is an act.
//!
//! A plan is data: it can be shown, stored, and applied in parts. It names each record with the version at which it was
//! planned and what is to be done to it, and each that is skipped with the reason. How a plan is made and applied through
//! the desk is told at [`ActingDesk::plan_cascade`](crate::desk::ActingDesk::plan_cascade).

use serde::{Deserialize, Serialize};

use crate::{
    command::{Cancel, Edit, Hold, IncidentCommand as Command, Override, Resolve},
    decision::BY_PROBLEM,
    event::RecordId,
    id::{CommandId, Id, Number, Version},
    incident::{Audience, HoldReason, Incident, OnHold, Stage, WakeOn},
    link::Link,
    problem::{Closure, Dismissed, Problem},
    store::Record,
};

/// What one record brings to others, and what it leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The plan's id: the events that it brings about name it, and the ids of its commands are made of it.
    pub id: CommandId,
    /// From which record it comes: a parent, a problem.
    pub source: RecordId,
    /// By what it was planned.
    pub rule: Rule,
    /// What is to be done, record by record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PlannedStep>,
    /// What is proposed beside, for people to decide: applying the plan does not do it. A duplicate with a higher priority
    /// proposes that to the incident that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<PlannedStep>,
    /// What is left alone, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// How many of the records that were named do not exist or are not the planner's to see. Nothing else is told of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unseen: u64,
}

impl Plan {
    pub(crate) const fn begun(id: CommandId, source: RecordId, rule: Rule) -> Self {
        Self { id, source, rule, steps: Vec::new(), proposed: None, skipped: Vec::new(), unseen: 0 }
    }

    /// Takes an incident into the plan: with what is to be done to it, or with the reason why it is left alone.
    pub(crate) fn take(&mut self, incident: &Incident, version: Version) {
        let step = if RecordId::from(incident.id()) == self.source {
            Err(SkipReason::Source)
        } else {
            self.rule.step_for(self.source, incident, version)
        };
        match step {
            Ok(step) => self.steps.push(step),
            Err(reason) => self.skip(incident, reason),
        }
    }

    /// Leaves an incident alone.
    pub(crate) fn skip(&mut self, incident: &Incident, reason: SkipReason) {
        self.skipped.push(Skipped { record: incident.id(), number: incident.number().clone(), reason });
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What is to be done to one record: all of it in one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// The incident.
    pub record: Id<Incident>,
    /// Its number.
    pub number: Number,
    /// The version at which it was planned.
    pub version: Version,
    /// What is to be done.
    pub commands: Vec<Command>,
}

/// A record that a plan leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The incident.
    pub record: Id<Incident>,
    /// Its number.
    pub number: Number,
    /// Why.
    pub reason: SkipReason,
}

/// Why a plan leaves a record alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// It is the record from which the plan comes.
    #[error("is where the plan comes from")]
    Source,
    /// It is closed or cancelled.
    #[error("is closed or cancelled")]
    Final,
    /// It is a major incident, which people move by hand.
    #[error("is a major incident, which is moved by hand")]
    Major,
    /// It is there already.
    #[error("is there already")]
    AlreadyThere,
    /// It is resolved: what is meant for open incidents would reopen it.
    #[error("is resolved, and would have to be reopened")]
    IsResolved,
    /// It waits for its own caller, who has to answer first.
    #[error("waits for its own caller")]
    AwaitsItsCaller,
    /// It is not on hold, so that there is nothing to resume.
    #[error("is not on hold")]
    NotOnHold,
    /// It does not wait for the problem.
    #[error("does not wait for the problem")]
    NotWaiting,
    /// Its parent did not resolve it: it was resolved for reasons of its own.
    #[error("was not resolved along with its parent")]
    NotAlong,
    /// It has duplicates that the planner may not see, which would have to go along.
    #[error("has duplicates that are not yours to see")]
    HasUnseenDuplicates,
    /// Some of its duplicates cannot go along, as one that was made by a correction.
    #[error("has duplicates that cannot go along")]
    HasFixedDuplicates,
    /// It has children, which would be left with what is cancelled: those that the planner may not see, or where the
    /// incident that goes on is a child itself.
    #[error("has children that cannot go along")]
    HasChildren,
    /// The record from which the plan comes no longer stands as it did.
    #[error("is left alone, for where the plan comes from has changed; plan it anew")]
    SourceChanged,
    /// It has changed since it was planned, so that something else would have to be done.
    #[error("has changed since it was planned; plan it anew")]
    Changed,
}

/// What a problem brings to the incidents of which it is the cause, by how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ByProblem {
    /// Its fix is applied: what waits for it is resolved by it.
    Resolve {
        /// What the resolutions say.
        text: String,
    },
    /// It ended without a fix: what waits for it goes on.
    Resume,
    /// It is a duplicate: its incidents belong to the problem that goes on.
    Repoint {
        /// The duplicate.
        from: Id<Problem>,
        /// The problem that goes on.
        to: Id<Problem>,
    },
    /// It has a workaround that is published: it is offered where work is still to be done.
    Offer {
        /// What the notes say.
        text: String,
    },
}

impl ByProblem {
    /// What the note says by which the published workaround of a problem is offered, as long as there is one: with the
    /// problem's number, if there is room for it.
    pub(crate) fn offer(problem: &Problem, most_chars: usize) -> Option<Self> {
        let workaround = problem.known_error().and_then(|known| known.offered())?.text.as_str()?;
        let text = format!("Workaround of {}: {workaround}", problem.number());
        let text =
            if text.chars().count() <= most_chars { text } else { workaround.chars().take(most_chars).collect() };
        Some(Self::Offer { text })
    }

    /// Whether the problem still brings this.
    fn stands(&self, problem: &Problem) -> bool {
        match self {
            Self::Resolve { .. } => problem.is_fixed(),
            Self::Resume => problem.closure().is_some() && !problem.is_fixed(),
            Self::Repoint { .. } => {
                matches!(problem.closure(), Some(Closure::Dismissed(Dismissed::Duplicate { .. })))
            }
            Self::Offer { text } => Self::offer(problem, text.chars().count()).is_some_and(|now| now == *self),
        }
    }

    /// What is to be done to this incident, at this version; or why it is left alone.
    ///
    /// # Errors
    /// The reason why nothing is to be done to it.
    pub fn step_for(&self, incident: &Incident, version: Version) -> Result<PlannedStep, SkipReason> {
        let waits = incident.hold().is_some_and(|held| held.hold().wakes_on.contains(&WakeOn::ProblemResolved));
        let commands = match self {
            // A link stays possible in every stage, and says where an incident belongs, not how it goes on.
            Self::Repoint { from, to } => {
                if incident.links().problem() != Some(*from) {
                    return Err(SkipReason::AlreadyThere);
                }
                let (from, to) = (Link::CausedBy(*from), Link::CausedBy(*to));
                vec![Command::Unlink { link: from, reason: None }, Command::Link { link: to, reason: None }]
            }
            _ if incident.stage().is_final() => return Err(SkipReason::Final),
            _ if is_major(incident) => return Err(SkipReason::Major),
            Self::Resolve { .. } if incident.stage() == Stage::Resolved => return Err(SkipReason::AlreadyThere),
            Self::Offer { .. } if incident.stage() == Stage::Resolved => return Err(SkipReason::IsResolved),
            Self::Offer { text } => vec![Command::AddNote { audience: Audience::Internal, text: text.clone() }],
            _ if !waits => return Err(SkipReason::NotWaiting),
            Self::Resolve { text } => vec![Command::Resolve(Resolve::new(BY_PROBLEM).text(text))],
            Self::Resume => vec![Command::Resume {}],
        };
        Ok(PlannedStep { record: incident.id(), number: incident.number().clone(), version, commands })
    }
}

/// By what it is decided what each record of a plan gets: what a plan made anew would go by, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Rule {
    /// The same for each, as far as it fits.
    Carried(Carried),
    /// What a problem brings to its incidents.
    ByProblem(ByProblem),
    /// Each is the same as another incident, which goes on.
    Merged {
        /// The one that goes on.
        into: Id<Incident>,
    },
}

impl Rule {
    /// Whether it offers something, which is done once.
    pub(crate) const fn is_offer(&self) -> bool {
        matches!(self, Self::ByProblem(ByProblem::Offer { .. }))
    }

    /// Whether it holds only while the record from which it comes stands as it does. (Where the commands themselves name
    /// that record, and so see to it, it need not.)
    pub(crate) fn depends_on_source(&self) -> bool {
        match self {
            Self::ByProblem(_) => true,
            Self::Carried(carried) => {
                carried.commands().iter().any(|command| matches!(command, Command::Reopen { .. }))
            }
            Self::Merged { .. } => false,
        }
    }

    /// Whether the record from which it comes still stands as it did.
    pub(crate) fn stands(&self, source: &Record) -> bool {
        match (self, source) {
            (Self::ByProblem(by), Record::Problem(problem)) => by.stands(problem),
            (Self::ByProblem(_), Record::Incident(_)) => false,
            (Self::Carried(_), Record::Incident(parent)) => parent.stage().is_open(),
            (Self::Carried(_), Record::Problem(_)) | (Self::Merged { .. }, _) => true,
        }
    }

    /// What comes from `source` to this incident, at this version; or why it is left alone.
    ///
    /// # Errors
    /// The reason why nothing is to be done to it.
    pub fn step_for(&self, source: RecordId, incident: &Incident, version: Version) -> Result<PlannedStep, SkipReason> {
        match self {
            Self::Carried(carried) => carried.step_for(source, incident, version),
            Self::ByProblem(by) => by.step_for(incident, version),
            Self::Merged { into } => merged(*into, incident, version),
        }
    }
}

/// What is carried from one record to others: some moves, holds and notes. Anything else is for each record to decide.
///
/// What waits for a caller is not carried: each incident has its own. Nor are closures and cancellations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Command>", into = "Vec<Command>")]
pub struct Carried(Vec<Command>);

/// A command that is not carried from one record to others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{command}` is not carried to other incidents; what is: resolve, reopen, hold, resume, start_work and notes")]
pub struct NotCarried {
    /// Where it stands.
    pub index: usize,
    /// Its name.
    pub command: &'static str,
}

impl Carried {
    /// These commands, in this order.
    ///
    /// # Errors
    /// [`NotCarried`] for the first that is not carried: only `resolve`, `reopen`, `hold` for anything but a caller,
    /// `resume`, `start_work` and notes are.
    pub fn new(commands: impl IntoIterator<Item = Command>) -> Result<Self, NotCarried> {
        let commands: Vec<_> = commands.into_iter().collect();
        match commands.iter().enumerate().find(|(_, command)| !is_carried(command)) {
            Some((index, command)) => Err(NotCarried { index, command: command.verb().as_str() }),
            None => Ok(Self(commands)),
        }
    }

    /// The commands.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.0
    }

    /// What comes from `source` to this incident, at this version; or why it is left alone. Of what is carried, it gets
    /// what fits. What its own parent resolves is resolved along with that, so that it is reopened with it.
    ///
    /// # Errors
    /// The reason why nothing is to be done to it.
    pub fn step_for(&self, source: RecordId, incident: &Incident, version: Version) -> Result<PlannedStep, SkipReason> {
        let parent = incident.links().parent().filter(|parent| RecordId::from(*parent) == source);
        if incident.stage().is_final() {
            return Err(SkipReason::Final);
        }
        if is_major(incident) {
            return Err(SkipReason::Major);
        }
        let mut reason = SkipReason::AlreadyThere;
        let mut moves = 0_usize;
        let mut commands = Vec::with_capacity(self.0.len());
        let mut standing = Standing::of(incident);
        for command in &self.0 {
            match standing.fitting(command, incident, parent) {
                Ok(command) => {
                    moves = moves.saturating_add(usize::from(!is_note(&command)));
                    standing.goes_on(&command);
                    commands.push(command);
                }
                Err(why) => reason = why,
            }
        }
        // A note tells of a move: where no move is made, it would tell what did not happen.
        let asks_for_moves = self.0.iter().any(|command| !is_note(command));
        if commands.is_empty() || (asks_for_moves && moves == 0) {
            return Err(reason);
        }
        Ok(PlannedStep { record: incident.id(), number: incident.number().clone(), version, commands })
    }
}

impl TryFrom<Vec<Command>> for Carried {
    type Error = NotCarried;

    fn try_from(commands: Vec<Command>) -> Result<Self, NotCarried> {
        Self::new(commands)
    }
}

impl From<Carried> for Vec<Command> {
    fn from(carried: Carried) -> Self {
        carried.0
    }
}

/// What makes an incident a duplicate of another one.
fn merged(into: Id<Incident>, incident: &Incident, version: Version) -> Result<PlannedStep, SkipReason> {
    match incident {
        _ if incident.id() == into => return Err(SkipReason::Source),
        Incident::Cancelled(cancelled) if cancelled.stage().merged_into() == Some(into) => {
            return Err(SkipReason::AlreadyThere);
        }
        Incident::Cancelled(cancelled) if cancelled.stage().is_undoable() => {}
        Incident::Cancelled(_) | Incident::Closed(_) => return Err(SkipReason::Final),
        _ if is_major(incident) => return Err(SkipReason::Major),
        Incident::Resolved(_) => return Err(SkipReason::IsResolved),
        Incident::New(_) | Incident::Assigned(_) | Incident::InProgress(_) | Incident::OnHold(_) => {}
    }
    let commands = vec![Command::Cancel(Cancel::duplicate_of(into))];
    Ok(PlannedStep { record: incident.id(), number: incident.number().clone(), version, commands })
}

/// What the duplicate with the highest priority proposes to the incident that goes on; nothing, if that has the same or a
/// higher one.
pub(crate) fn proposed(master: &Incident, version: Version, duplicate: &Incident) -> Option<PlannedStep> {
    let (ours, theirs) = (&master.progress().assessment, &duplicate.progress().assessment);
    let rank = |assessment: &crate::priority::Assessment| assessment.result().rank();
    if rank(theirs) >= rank(ours) {
        return None;
    }
    let facts = duplicate.facts();
    // Where its impact and urgency alone do not make it so, people or modifiers that belong to it do.
    let command = if theirs.overridden().is_none() && theirs.cell().priority.rank() < rank(ours) {
        Command::Edit(Box::new(Edit::new().impact(facts.impact.as_str()).urgency(facts.urgency.as_str())))
    } else {
        let reason = format!("The priority of {}, a duplicate.", duplicate.number());
        Command::OverridePriority(Override::new(theirs.result().name().as_str(), reason))
    };
    let number = master.number().clone();
    Some(PlannedStep { record: master.id(), number, version, commands: vec![command] })
}

/// Whether people move it by hand, whatever its parent does.
const fn is_major(incident: &Incident) -> bool {
    incident.is_major()
}

fn is_carried(command: &Command) -> bool {
    match command {
        Command::Resolve(_)
        | Command::Reopen { .. }
        | Command::Resume {}
        | Command::StartWork {}
        | Command::AddNote { .. } => true,
        Command::Hold(hold) => hold.reason != HoldReason::AwaitingCaller.as_str(),
        _ => false,
    }
}

const fn is_note(command: &Command) -> bool {
    matches!(command, Command::AddNote { .. })
}

/// Where an incident stands while one command after the other is fitted to it.
struct Standing<'a> {
    stage: Stage,
    /// The hold in which it was found, while it still is in it.
    held: Option<&'a OnHold>,
}

impl<'a> Standing<'a> {
    const fn of(incident: &'a Incident) -> Self {
        Self { stage: incident.stage(), held: incident.hold() }
    }

    /// It goes on by a command that fits.
    fn goes_on(&mut self, command: &Command) {
        let stage = match command {
            Command::Resolve(_) => Stage::Resolved,
            Command::Hold(_) | Command::ChangeHold(_) => Stage::OnHold,
            Command::Reopen { .. } | Command::Resume {} | Command::StartWork {} => Stage::InProgress,
            _ => return,
        };
        *self = Self { stage, held: None };
    }

    /// The command as it fits, or why it does not; `parent` is its parent, if the plan comes from there.
    fn fitting(
        &self,
        command: &Command,
        incident: &Incident,
        parent: Option<Id<Incident>>,
    ) -> Result<Command, SkipReason> {
        let stage = self.stage;
        let waits_for_caller = self.held.is_some_and(|held| held.hold().reason == HoldReason::AwaitingCaller);
        match command {
            Command::AddNote { audience: Audience::Internal | Audience::Public, .. } => Ok(command.clone()),
            Command::Resolve(_) if stage == Stage::Resolved => Err(SkipReason::AlreadyThere),
            Command::Reopen { .. } if stage != Stage::Resolved => Err(SkipReason::AlreadyThere),
            Command::Reopen { .. } => {
                let along = incident.resolution().and_then(|resolution| resolution.along_with);
                if along.is_some() && along == parent { Ok(command.clone()) } else { Err(SkipReason::NotAlong) }
            }
            _ if stage == Stage::Resolved => Err(SkipReason::IsResolved),
            Command::Resolve(resolve) => {
                let along_with = parent.or(resolve.along_with);
                Ok(Command::Resolve(Resolve { along_with, ..resolve.clone() }))
            }
            _ if waits_for_caller => Err(SkipReason::AwaitsItsCaller),
            Command::Hold(hold) => match self.held {
                Some(present) if is_same(hold, present) => Err(SkipReason::AlreadyThere),
                None if stage != Stage::OnHold => Ok(command.clone()),
                _ => Ok(Command::ChangeHold(hold.clone())),
            },
            Command::Resume {} if stage != Stage::OnHold => Err(SkipReason::NotOnHold),
            Command::StartWork {} if stage == Stage::InProgress => Err(SkipReason::AlreadyThere),
            _ => Ok(command.clone()),
        }
    }
}

/// Whether it waits already as it is asked to.
fn is_same(asked: &Hold, held: &OnHold) -> bool {
    held.hold().reason.as_str() == asked.reason && held.hold().until == asked.until
}
