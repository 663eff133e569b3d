//! Decisions: from a command to what happens. Pure: no I/O, no clock, no randomness but what is
//! passed in.

mod allowed;
mod changes;
mod due;
mod facets;
mod intake;
mod links;
mod major;
mod managed;
mod merging;
mod moves;
mod problem;
mod problem_moves;
mod query;
mod raising;
mod reading;

pub use allowed::{AllowedMove, MoveField, MoveFieldKind};
pub(crate) use due::{Closing, catch_up, clock_policies, is_blocked, next_due, pinned_policy, settle};
pub(crate) use intake::intake;
pub(crate) use managed::{BY_PROBLEM, Managed, Merge, Must, Other, resolved_by};
pub(crate) use merging::{brings, concerned, join, part};
pub(crate) use moves::decide;
pub(crate) use query::ready;
pub(crate) use raising::raising;

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    actor::{Actor, ActorId},
    digest::Digest,
    directory::Person,
    error::{Blocked, Error, Illegal, Invalid},
    event::{Cause, PolicyStamp, RecordId},
    fault::Faults,
    field::Severity,
    id::{IdSource, Number},
    incident::Incident,
    key::PersonRef,
    ledger::Entry,
    lifecycle::{Stamp, Step},
    obligation::Obligation,
    policy::Policy,
    record::Kind,
    sla::{Before, Clockwork},
    time::Instant,
    verb::{IncidentVerb, Verb},
};

/// What a decision is made by.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub policy: &'a Policy,
    /// What events say about that policy.
    pub policy_stamp: PolicyStamp,
    pub ids: &'a dyn IdSource,
    pub actor: &'a Actor,
    /// When it happens.
    pub occurred_at: Instant,
    /// When it is recorded.
    pub recorded_at: Instant,
    /// What the directory says about the affected person whom the command names.
    pub affected: Option<&'a Person>,
    /// The numbers of records that stand in the way of a command, as far as the actor may see them.
    pub ends: &'a [(RecordId, Number)],
    /// Whom a merge brings to the incident that goes on.
    pub brings: &'a [PersonRef],
    /// Whether the actor speaks as the caller does: it is whom a duplicate concerns, and wrote there.
    pub speaks: bool,
    /// What brings it about.
    pub cause: &'a Cause,
    /// Whether a history is being imported: what people did then is taken as it was.
    pub importing: bool,
    /// What moves clocks.
    pub clockwork: &'a Arc<Clockwork>,
    /// The digests of the texts in the record's log, for a command that names some. A history that is imported
    /// knows none: its texts get their salts as it lands.
    pub texts: &'a BTreeSet<Digest>,
}

impl<'a> Context<'a> {
    /// A record that stands in the way, by its number if the actor may see it.
    pub fn end(&self, record: impl Into<RecordId>) -> String {
        let record = record.into();
        let known = self.ends.iter().find(|(known, _)| *known == record);
        let kind = record.kind();
        known.map_or_else(|| format!("another {kind}, which is not yours to see"), |(_, number)| number.to_string())
    }

    pub fn stamp(&self) -> Stamp<'a> {
        Stamp {
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            actor: self.actor.id(),
            on_behalf_of: self.actor.behalf(),
        }
    }
}

/// Something that was decided to have happened: what an event says besides its place in the log.
pub(crate) struct Happening<E> {
    pub event: E,
    pub occurred_at: Instant,
    pub actor: ActorId,
    pub on_behalf_of: Option<PersonRef>,
    pub cause: Cause,
    /// The policy that decided it, if it is not the one in force.
    pub policy: Option<PolicyStamp>,
}

/// A record on which events are being decided, one after the other. Its clocks follow each of them.
pub(crate) struct Course<K: Kind = Incident> {
    pub record: K,
    pub happenings: Vec<Happening<K::Event>>,
    clockwork: Arc<Clockwork>,
}

impl<K: Managed> Course<K> {
    /// A course that begins with a record as it was loaded.
    pub const fn from(record: K, clockwork: Arc<Clockwork>) -> Self {
        Self { record, happenings: Vec::new(), clockwork }
    }

    /// A course that begins with a report, or with the raising of a problem.
    fn begin(step: Step<K>, stamp: &Stamp<'_>, cause: &Cause, clockwork: &Arc<Clockwork>) -> Self {
        let mut course = Self::from(step.next, Arc::clone(clockwork));
        course.add(step.events, stamp, cause);
        K::clocks_follow(course, None, stamp, cause)
    }

    /// The same course from another record on, as if nothing had happened yet.
    pub fn anew(&self, record: K) -> Self {
        Self::from(record, Arc::clone(&self.clockwork))
    }

    /// Takes note of what a step brought.
    fn add(&mut self, events: Vec<K::Event>, stamp: &Stamp<'_>, cause: &Cause) {
        self.happenings.extend(events.into_iter().map(|event| Happening {
            event,
            occurred_at: stamp.occurred_at,
            actor: stamp.actor.clone(),
            on_behalf_of: stamp.on_behalf_of.cloned(),
            cause: cause.clone(),
            policy: None,
        }));
    }

    /// Applies what a command by this verb brings about.
    fn happens(self, event: K::Event, verb: K::Verb, context: &Context<'_>) -> Result<Self, Error> {
        self.apply(event, &context.stamp(), context.cause).map_err(|course| illegal(verb, &course.record, context))
    }

    /// Applies what happens next, or hands back the course and the event that is not legal.
    fn apply(mut self, event: K::Event, stamp: &Stamp<'_>, cause: &Cause) -> Result<Self, Box<Self>> {
        let before = self.record.before(&self.clockwork);
        match self.record.apply(event, stamp) {
            Ok(step) => {
                self.record = step.next;
                self.add(step.events, stamp, cause);
                match before {
                    Some(before) => Ok(K::clocks_follow(self, Some(before), stamp, cause)),
                    None => Ok(self),
                }
            }
            Err(refused) => Err(Box::new(Self { record: refused.record, ..self })),
        }
    }
}

impl Course {
    /// Lets the clocks follow what has just happened.
    fn follow(self, before: Option<&Before>, stamp: &Stamp<'_>, cause: &Cause) -> Self {
        let at = stamp.occurred_at;
        let entries = match before {
            Some(before) if *cause == Cause::Due => {
                let then = self.clockwork.decided_then(before.decides_by_itself());
                then.react(Some(before), &self.record, at)
            }
            before => self.clockwork.react(before, &self.record, at),
        };
        self.move_clocks(entries, stamp, cause)
    }

    /// Issues the clocks anew under the policy in force.
    fn reissue_clocks(self, stamp: &Stamp<'_>, cause: &Cause) -> Self {
        let entries = self.clockwork.reissue(&self.record, stamp.occurred_at);
        self.move_clocks(entries, stamp, cause)
    }

    /// Works out anew when the clocks are due.
    fn reschedule_clocks(self, stamp: &Stamp<'_>, cause: &Cause) -> Self {
        let entries = self.clockwork.reschedule(&self.record);
        self.move_clocks(entries, stamp, cause)
    }

    /// Takes note of what happens to the clocks. It fits where it was found; were it not so, nothing would
    /// have happened to them.
    fn move_clocks(mut self, entries: Vec<Entry>, stamp: &Stamp<'_>, cause: &Cause) -> Self {
        for entry in entries {
            let decided_by = self.clockwork.decided_by(&self.record, &entry);
            match self.record.apply(entry.into(), stamp) {
                Ok(step) => {
                    self.record = step.next;
                    self.add(step.events, stamp, cause);
                    if let Some(happening) = self.happenings.last_mut() {
                        happening.policy = decided_by;
                    }
                }
                Err(refused) => return Self { record: refused.record, ..self },
            }
        }
        self
    }
}

/// The error for a move that the stage does not have, with those that it has as the actor may know of it.
fn illegal<K: Managed>(verb: K::Verb, record: &K, context: &Context<'_>) -> Error {
    let internal: Verb = K::READ_INTERNAL.into();
    let told = context.policy.permissions().allows(context.actor, internal.into(), &record.stake());
    let legal = if told || !record.has_internals() { record.legal() } else { record.withheld().legal() };
    let legal = legal.into_iter().filter(|known| *known != verb).map(Into::into).collect();
    let (number, stage) = (record.number().clone(), record.stage().into());
    Illegal { verb: verb.into(), number, stage, legal }.into()
}

/// The error for wrong fields of a command, of a report, or of a problem that is raised.
pub(crate) fn invalid(faults: Faults, verb: impl Into<Verb>, number: Option<&Number>) -> Error {
    let verb = verb.into();
    let subject = match (number, verb) {
        (Some(number), _) => format!("`{verb}` of {number}"),
        (None, Verb::Incident(IncidentVerb::Import)) => "the history".to_owned(),
        (None, Verb::Incident(_)) => "the report".to_owned(),
        (None, Verb::Problem(_)) => "the problem".to_owned(),
    };
    Invalid { code: verb.invalid(), subject, faults }.into()
}

/// An error if any of these obligations blocks.
fn blocked(number: &Number, verb: impl Into<Verb>, owed: Vec<Obligation>) -> Result<(), Error> {
    let obligations: Vec<_> = owed.into_iter().filter(|owed| owed.severity() == Severity::Blocking).collect();
    if obligations.is_empty() {
        return Ok(());
    }
    Err(Blocked { verb: verb.into(), number: number.clone(), obligations }.into())
}
