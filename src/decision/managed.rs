//! What the desk needs of a kind of record to manage it: the same flow for all of them.

use std::sync::Arc;

use serde::Serialize;

use super::{Closing, Context, Course, catch_up, decide, due, is_blocked, next_due, pinned_policy, problem, settle};
use crate::{
    command::{Cancel, Correct, CorrectTo, IncidentCommand, ProblemCommand, Resolve},
    error::Error,
    event::{Cause, PolicyStamp, RecordId},
    id::Id,
    incident::{Cancellation, Incident},
    lifecycle::Stamp,
    link::Link,
    policy::Policy,
    problem::Problem,
    record::Kind,
    sla::{Before, Clockwork},
    store::{Indexed, Record, Term},
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

    /// The other records that a command names, where they stand in the command, and what they must be.
    fn others(&self, command: &Self::Command) -> Vec<Other>;

    /// The records that stand in the way of a command: the ends of links that it would contradict.
    fn contested(&self, _: &Self::Command) -> Vec<RecordId> {
        Vec::new()
    }

    /// What no record may bear for a command to be taken, and where the command asks for it.
    fn unused(&self, _: &Self::Command) -> Option<(Term, &'static str)> {
        None
    }

    /// Other verbs that a command needs on this record.
    fn also(&self, _: &Self::Command) -> Vec<Self::Verb> {
        Vec::new()
    }

    /// What a command does to the incidents of which the record is a duplicate.
    fn merge(&self, _: &Self::Command) -> Option<Merge> {
        None
    }

    /// The incident, if it is one.
    fn as_incident(&self) -> Option<&Incident> {
        None
    }

    /// Whether the command is a note that the caller sees.
    fn is_public_note(_: &Self::Command) -> bool {
        false
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
    /// An incident that is neither cancelled nor a child itself.
    BeNoChild,
    /// Not itself a duplicate.
    BeNoDuplicate,
    /// An incident that is resolved or closed.
    BeResolved,
    /// A problem whose fix is applied.
    BeFixed,
}

/// A duplicate is counted to an incident, or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Merge {
    /// To which from now on.
    pub into: Option<Id<Incident>>,
    /// To which until now.
    pub out_of: Option<Id<Incident>>,
}

/// What a resolution names, at these places: the problem that it says resolved it, if it is known which, and must be right
/// about that; and the parent along with which it is resolved.
pub(crate) fn resolved_by(resolve: &Resolve, problem: Option<Id<Problem>>, paths: [&'static str; 2]) -> Vec<Other> {
    let [code, along_with] = paths;
    let problem = problem.filter(|_| resolve.code == BY_PROBLEM).map(RecordId::from);
    let problem = problem.map(|record| Other { record, path: code, must: Must::BeFixed });
    let parent = resolve.along_with.map(RecordId::from);
    let parent = parent.map(|record| Other { record, path: along_with, must: Must::BeResolved });
    problem.into_iter().chain(parent).collect()
}

/// The code of resolutions by a problem.
pub(crate) const BY_PROBLEM: &str = "resolved_by_problem";

impl Incident {
    /// Other verbs that a verb needs on this incident.
    pub(super) fn also_by(&self, verb: IncidentVerb) -> Vec<IncidentVerb> {
        let reopens = verb == IncidentVerb::Hold && matches!(self, Self::Resolved(_));
        let ends = matches!(verb, IncidentVerb::Resolve | IncidentVerb::Reopen | IncidentVerb::Close);
        // End users neither end a major incident nor begin it anew.
        let of_the_desk = self.is_major() && (reopens || ends);
        let also = [reopens.then_some(IncidentVerb::Reopen), of_the_desk.then_some(IncidentVerb::HandleMajor)];
        also.into_iter().flatten().collect()
    }
}

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

    fn others(&self, command: &IncidentCommand) -> Vec<Other> {
        let named = |record: Option<RecordId>, path, must| record.map(|record| Other { record, path, must });
        match command {
            IncidentCommand::Link { link, .. } => {
                let must = if link.parent().is_some() { Must::BeNoChild } else { Must::Live };
                let record = link.record().filter(|_| !self.links().contains(link));
                named(record, "link", must).into_iter().collect()
            }
            IncidentCommand::Resolve(resolve) => resolved_by(resolve, self.links().problem(), ["code", "along_with"]),
            IncidentCommand::Correct(Correct {
                to: CorrectTo::Resolved(resolve) | CorrectTo::Closed(resolve), ..
            }) => resolved_by(resolve, self.links().problem(), ["to.code", "to.along_with"]),
            _ => {
                let path = if command.verb() == IncidentVerb::Correct { "to" } else { "as" };
                named(command.other().map(RecordId::from), path, Must::Live).into_iter().collect()
            }
        }
    }

    fn contested(&self, command: &IncidentCommand) -> Vec<RecordId> {
        let links = self.links();
        let present = match command {
            IncidentCommand::Link { link, .. } if links.contains(link) => None,
            IncidentCommand::Link { link: Link::CausedBy(_), .. } => links.problem().map(RecordId::from),
            IncidentCommand::Link { link: Link::ChildOf(_), .. }
            | IncidentCommand::ProposeMajor { .. }
            | IncidentCommand::AcceptMajor(_) => links.parent().map(RecordId::from),
            _ => None,
        };
        let asked = match command {
            IncidentCommand::Link { link, .. } => link.record(),
            _ => None,
        };
        // Where nothing is present, nothing is contradicted.
        present.into_iter().flat_map(|present| [Some(present), asked]).flatten().collect()
    }

    fn unused(&self, command: &IncidentCommand) -> Option<(Term, &'static str)> {
        match command {
            IncidentCommand::Link { link, .. } if !self.links().contains(link) => {
                link.parent().map(|_| (Term::ChildOf(self.id()), "link"))
            }
            _ => {
                let (merges, path) = match command {
                    IncidentCommand::Cancel(cancel) => (&cancel.cancellation, "as"),
                    IncidentCommand::Correct(Correct { to: CorrectTo::Cancelled(cancellation), .. }) => {
                        (cancellation, "to")
                    }
                    _ => return None,
                };
                let merges = matches!(merges, Cancellation::Duplicate { .. });
                merges.then(|| (Term::DuplicateOf(self.id()), path))
            }
        }
    }

    fn also(&self, command: &IncidentCommand) -> Vec<IncidentVerb> {
        let duplicate = |cancellation: &Cancellation| matches!(cancellation, Cancellation::Duplicate { .. });
        let (merges, corrects) = match command {
            IncidentCommand::Cancel(cancel) => (duplicate(&cancel.cancellation), false),
            IncidentCommand::Correct(Correct { to: CorrectTo::Cancelled(cancellation), .. }) => {
                (duplicate(cancellation), true)
            }
            IncidentCommand::Correct(_) => (false, true),
            _ => (false, false),
        };
        // A correction that takes a merge back is an undoing, too.
        let undoes =
            corrects && matches!(self, Self::Cancelled(cancelled) if cancelled.stage().merged_into().is_some());
        let also = [merges.then_some(IncidentVerb::Merge), undoes.then_some(IncidentVerb::UndoMerge)];
        self.also_by(command.verb()).into_iter().chain(also.into_iter().flatten()).collect()
    }

    fn merge(&self, command: &IncidentCommand) -> Option<Merge> {
        let was = match self {
            Self::Cancelled(cancelled) => cancelled.stage().merged_into(),
            _ => None,
        };
        match command {
            IncidentCommand::Cancel(Cancel { cancellation: Cancellation::Duplicate { of }, .. })
                if was != Some(*of) =>
            {
                Some(Merge { into: Some(*of), out_of: was })
            }
            IncidentCommand::UndoMerge { .. } | IncidentCommand::Correct(_) => {
                was.map(|was| Merge { into: None, out_of: Some(was) })
            }
            _ => None,
        }
    }

    fn as_incident(&self) -> Option<&Incident> {
        Some(self)
    }

    fn is_public_note(command: &IncidentCommand) -> bool {
        command.verb() == IncidentVerb::AddNote
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

    fn others(&self, command: &ProblemCommand) -> Vec<Other> {
        let named = command.other().map(|(other, path)| Other { record: other.into(), path, must: Must::Live });
        named.into_iter().collect()
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
