//! What the desk needs of a kind of record to manage it: the same flow for all of them.

use std::sync::Arc;

use serde::Serialize;

use super::{Closing, Context, Course, catch_up, decide, due, is_blocked, next_due, pinned_policy, problem, settle};
use crate::{
    command::{IncidentCommand, ProblemCommand},
    error::Error,
    event::{Cause, PolicyStamp, RecordId},
    incident::Incident,
    lifecycle::Stamp,
    policy::Policy,
    problem::Problem,
    record::Kind,
    sla::{Before, Clockwork},
    store::{Indexed, Record},
    time::Instant,
    verb::{IncidentVerb, ProblemVerb},
};

/// A kind of record, as the desk manages it.
pub(crate) trait Managed: Kind + Indexed {
    /// What can be asked of it.
    type Command: Serialize + Clone + Send + Sync;

    /// The verb by which its records are found and seen.
    const READ: Self::Verb;
    /// The verb by which what is internal to them is seen.
    const READ_INTERNAL: Self::Verb;
    /// The verb of dating something back.
    const BACKDATE: Self::Verb;

    /// The record, if it is of this kind.
    fn of(record: &Record) -> Option<&Arc<Self>>;

    /// The record as one of any kind.
    fn into_record(kept: Arc<Self>) -> Record;

    /// What is asked by a command.
    fn verb(command: &Self::Command) -> Self::Verb;

    /// The verbs that the record has now.
    fn legal(&self) -> Vec<Self::Verb>;

    /// Decides what a command does. Permissions and times were judged before.
    fn decide(course: Course<Self>, command: &Self::Command, context: &Context<'_>) -> Result<Course<Self>, Error>;

    /// The affected person whom a command names.
    fn affected(_: &Self::Command) -> Option<&str> {
        None
    }

    /// The other record that a command names, where it stands in the command, and what it must be.
    fn other(&self, command: &Self::Command) -> Option<Other>;

    /// Other verbs that a command needs on this record.
    fn also(&self, _: &Self::Command) -> Option<Self::Verb> {
        None
    }

    /// Whether the command names texts by their digests.
    fn names_texts(command: &Self::Command) -> bool;

    /// The earliest instant at which something can happen to it: when it came to its stage.
    fn earliest(&self) -> Instant {
        self.progress().stage_since
    }

    /// When something next falls due on it.
    fn next_due(&self) -> Option<Instant>;

    /// Whether it ends by itself, or is kept from it, by `until`: then [`pinned`](Self::pinned) is needed.
    fn ends_by(&self, _: Instant) -> bool {
        false
    }

    /// Whether it would have ended by itself, but something was owed.
    fn is_kept_open(&self) -> bool {
        false
    }

    /// The policy by which it ends by itself.
    fn pinned(&self) -> Option<PolicyStamp> {
        None
    }

    /// Applies what has fallen due by `until`.
    fn catch_up(
        course: Course<Self>,
        until: Instant,
        recorded_at: Instant,
        closing: Option<Closing<'_>>,
    ) -> Course<Self>;

    /// What follows from a command.
    fn settle(
        course: Course<Self>,
        occurred_at: Instant,
        recorded_at: Instant,
        closing: Option<&Policy>,
    ) -> Course<Self>;

    /// What must be known of the record before something happens to it, for its clocks.
    fn before(&self, _: &Clockwork) -> Option<Before> {
        None
    }

    /// Lets its clocks follow what has just happened.
    fn clocks_follow(course: Course<Self>, _: Option<Before>, _: &Stamp<'_>, _: &Cause) -> Course<Self> {
        course
    }
}

/// Another record that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Other {
    /// Which.
    pub record: RecordId,
    /// Where the command names it.
    pub path: &'static str,
    /// What it must be.
    pub must: Must,
}

/// What another record must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Must {
    /// There, whatever its stage.
    Exist,
    /// Neither cancelled nor dismissed.
    Live,
    /// A problem whose fix is applied.
    BeFixed,
}

/// The code of resolutions by a problem.
pub(crate) const BY_PROBLEM: &str = "resolved_by_problem";

impl Managed for Incident {
    type Command = IncidentCommand;
    const READ: IncidentVerb = IncidentVerb::Read;
    const READ_INTERNAL: IncidentVerb = IncidentVerb::ReadInternal;
    const BACKDATE: IncidentVerb = IncidentVerb::Backdate;

    fn of(record: &Record) -> Option<&Arc<Self>> {
        match record {
            Record::Incident(incident) => Some(incident),
            Record::Problem(_) => None,
        }
    }

    fn into_record(kept: Arc<Self>) -> Record {
        Record::Incident(kept)
    }

    fn verb(command: &IncidentCommand) -> IncidentVerb {
        command.verb()
    }

    fn legal(&self) -> Vec<IncidentVerb> {
        self.legal_verbs().collect()
    }

    fn decide(course: Course, command: &IncidentCommand, context: &Context<'_>) -> Result<Course, Error> {
        decide(course, command, context)
    }

    fn affected(command: &IncidentCommand) -> Option<&str> {
        command.affected()
    }

    fn other(&self, command: &IncidentCommand) -> Option<Other> {
        match command {
            IncidentCommand::Link { link, .. } => {
                let record = link.record().filter(|_| !self.links().contains(link))?;
                Some(Other { record, path: "link", must: Must::Live })
            }
            // What says that a problem resolved it must be right about that, if it is known which.
            IncidentCommand::Resolve(resolve) if resolve.code == BY_PROBLEM => {
                let record = self.links().problem()?.into();
                Some(Other { record, path: "code", must: Must::BeFixed })
            }
            _ => {
                let path = if command.verb() == IncidentVerb::Correct { "to" } else { "as" };
                command.other().map(|other| Other { record: other.into(), path, must: Must::Live })
            }
        }
    }

    fn also(&self, command: &IncidentCommand) -> Option<IncidentVerb> {
        let reopens = command.verb() == IncidentVerb::Hold && matches!(self, Self::Resolved(_));
        reopens.then_some(IncidentVerb::Reopen)
    }

    fn names_texts(command: &IncidentCommand) -> bool {
        matches!(command, IncidentCommand::Redact { .. })
    }

    fn earliest(&self) -> Instant {
        // A change of hold begins a new interval without a new stage: the two must not overlap.
        let held_since = self.hold().map(crate::incident::OnHold::since);
        held_since.into_iter().fold(self.progress().stage_since, Instant::max)
    }

    fn next_due(&self) -> Option<Instant> {
        next_due(self)
    }

    fn ends_by(&self, until: Instant) -> bool {
        due::closes_by(self, until)
    }

    fn is_kept_open(&self) -> bool {
        is_blocked(self)
    }

    fn pinned(&self) -> Option<PolicyStamp> {
        pinned_policy(self)
    }

    fn catch_up(course: Course, until: Instant, recorded_at: Instant, closing: Option<Closing<'_>>) -> Course {
        catch_up(course, until, recorded_at, closing)
    }

    fn settle(course: Course, occurred_at: Instant, recorded_at: Instant, closing: Option<&Policy>) -> Course {
        settle(course, occurred_at, recorded_at, closing)
    }

    fn before(&self, clockwork: &Clockwork) -> Option<Before> {
        clockwork.before(self)
    }

    fn clocks_follow(course: Course, before: Option<Before>, stamp: &Stamp<'_>, cause: &Cause) -> Course {
        course.follow(before.as_ref(), stamp, cause)
    }
}

impl Managed for Problem {
    type Command = ProblemCommand;
    const READ: ProblemVerb = ProblemVerb::Read;
    const READ_INTERNAL: ProblemVerb = ProblemVerb::ReadInternal;
    const BACKDATE: ProblemVerb = ProblemVerb::Backdate;

    fn of(record: &Record) -> Option<&Arc<Self>> {
        match record {
            Record::Problem(problem) => Some(problem),
            Record::Incident(_) => None,
        }
    }

    fn into_record(kept: Arc<Self>) -> Record {
        Record::Problem(kept)
    }

    fn verb(command: &ProblemCommand) -> ProblemVerb {
        command.verb()
    }

    fn legal(&self) -> Vec<ProblemVerb> {
        self.legal_verbs().collect()
    }

    fn decide(course: Course<Self>, command: &ProblemCommand, context: &Context<'_>) -> Result<Course<Self>, Error> {
        problem::decide(course, command, context)
    }

    fn other(&self, command: &ProblemCommand) -> Option<Other> {
        command.other().map(|(other, path)| Other { record: other.into(), path, must: Must::Live })
    }

    fn names_texts(command: &ProblemCommand) -> bool {
        matches!(command, ProblemCommand::Redact { .. })
    }

    fn next_due(&self) -> Option<Instant> {
        problem::next_due(self)
    }

    fn catch_up(course: Course<Self>, until: Instant, recorded_at: Instant, _: Option<Closing<'_>>) -> Course<Self> {
        problem::catch_up(course, until, recorded_at)
    }

    fn settle(course: Course<Self>, _: Instant, recorded_at: Instant, _: Option<&Policy>) -> Course<Self> {
        problem::catch_up(course, recorded_at, recorded_at)
    }
}
