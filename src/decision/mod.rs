//! Decisions: from a command to what happens. Pure: no I/O, no clock, no randomness but what is
//! passed in.

mod allowed;
mod changes;
mod due;
mod intake;
mod moves;
mod query;
mod reading;

pub use allowed::{AllowedMove, MoveField, MoveFieldKind};
pub(crate) use due::{Closing, catch_up, clock_policies, closes_by, is_blocked, next_due, pinned_policy, settle};
pub(crate) use intake::intake;
pub(crate) use moves::decide;
pub(crate) use query::ready;

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    actor::{Actor, ActorId},
    digest::Digest,
    directory::Person,
    error::{Error, Illegal, Invalid},
    event::{Cause, PolicyStamp},
    fault::Faults,
    id::{IdSource, Number},
    incident::{Incident, IncidentEvent, New},
    key::PersonRef,
    ledger::Entry,
    lifecycle::{In, Stamp, Step},
    policy::Policy,
    sla::Clockwork,
    time::Instant,
    verb::IncidentVerb,
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
pub(crate) struct Happening {
    pub event: IncidentEvent,
    pub occurred_at: Instant,
    pub actor: ActorId,
    pub on_behalf_of: Option<PersonRef>,
    pub cause: Cause,
    /// The policy that decided it, if it is not the one in force.
    pub policy: Option<PolicyStamp>,
}

/// An incident on which events are being decided, one after the other. Its clocks follow each of them.
pub(crate) struct Course {
    pub incident: Incident,
    pub happenings: Vec<Happening>,
    clockwork: Arc<Clockwork>,
}

impl Course {
    /// A course that begins with an incident as it was loaded.
    pub const fn from(incident: Incident, clockwork: Arc<Clockwork>) -> Self {
        Self { incident, happenings: Vec::new(), clockwork }
    }

    /// A course that begins with a report.
    fn begin(step: Step<In<New>>, stamp: &Stamp<'_>, cause: &Cause, clockwork: &Arc<Clockwork>) -> Self {
        let mut course = Self::from(step.next.into(), Arc::clone(clockwork));
        course.add(step.events, stamp, cause);
        let entries = clockwork.react(None, &course.incident, stamp.occurred_at);
        course.move_clocks(entries, stamp, cause)
    }

    /// The same course from another incident on, as if nothing had happened yet.
    pub fn anew(&self, incident: Incident) -> Self {
        Self::from(incident, Arc::clone(&self.clockwork))
    }

    /// Takes note of what a step brought.
    fn add(&mut self, events: Vec<IncidentEvent>, stamp: &Stamp<'_>, cause: &Cause) {
        self.happenings.extend(events.into_iter().map(|event| Happening {
            event,
            occurred_at: stamp.occurred_at,
            actor: stamp.actor.clone(),
            on_behalf_of: stamp.on_behalf_of.cloned(),
            cause: cause.clone(),
            policy: None,
        }));
    }

    /// Applies what happens next, or hands back the course and the event that is not legal.
    fn apply(mut self, event: IncidentEvent, stamp: &Stamp<'_>, cause: &Cause) -> Result<Self, Box<Self>> {
        let before = self.clockwork.before(&self.incident);
        match self.incident.apply(event, stamp) {
            Ok(step) => {
                self.incident = step.next;
                self.add(step.events, stamp, cause);
                let Some(before) = before else { return Ok(self) };
                let entries = if *cause == Cause::Due {
                    let then = self.clockwork.decided_then(before.decides_by_itself());
                    then.react(Some(&before), &self.incident, stamp.occurred_at)
                } else {
                    self.clockwork.react(Some(&before), &self.incident, stamp.occurred_at)
                };
                Ok(self.move_clocks(entries, stamp, cause))
            }
            Err(refused) => Err(Box::new(Self { incident: refused.incident, ..self })),
        }
    }

    /// Issues the clocks anew under the policy in force.
    fn reissue_clocks(self, stamp: &Stamp<'_>, cause: &Cause) -> Self {
        let entries = self.clockwork.reissue(&self.incident, stamp.occurred_at);
        self.move_clocks(entries, stamp, cause)
    }

    /// Works out anew when the clocks are due.
    fn reschedule_clocks(self, stamp: &Stamp<'_>, cause: &Cause) -> Self {
        let entries = self.clockwork.reschedule(&self.incident);
        self.move_clocks(entries, stamp, cause)
    }

    /// Takes note of what happens to the clocks. It fits where it was found; were it not so, nothing would
    /// have happened to them.
    fn move_clocks(mut self, entries: Vec<Entry>, stamp: &Stamp<'_>, cause: &Cause) -> Self {
        for entry in entries {
            let decided_by = self.clockwork.decided_by(&self.incident, &entry);
            match self.incident.apply(entry.into(), stamp) {
                Ok(step) => {
                    self.incident = step.next;
                    self.add(step.events, stamp, cause);
                    if let Some(happening) = self.happenings.last_mut() {
                        happening.policy = decided_by;
                    }
                }
                Err(refused) => return Self { incident: refused.incident, ..self },
            }
        }
        self
    }
}

/// The error for a move that the stage does not have.
fn illegal(verb: IncidentVerb, incident: &Incident) -> Error {
    let stage = incident.stage();
    let legal = incident.legal_verbs().filter(|known| *known != verb).collect();
    Illegal { verb, number: incident.number().clone(), stage, legal }.into()
}

/// The error for wrong fields of a command, or of a report.
pub(crate) fn invalid(faults: Faults, verb: IncidentVerb, number: Option<&Number>) -> Error {
    let subject = match number {
        Some(number) => format!("`{verb}` of {number}"),
        None if verb == IncidentVerb::Import => "the history".to_owned(),
        None => "the report".to_owned(),
    };
    Invalid { code: verb.invalid(), subject, faults }.into()
}
