//! Major incidents: who says so, with what, and what follows for the priority and the closure.

use std::sync::Arc;

use super::{Context, Course, blocked, invalid, reading::Reading};
use crate::{
    actor::ActorId,
    command::{AcceptMajor, IncidentCommand as Command},
    error::Error,
    fault::{Fault, Faults},
    incident::{
        AutomaticClosure, Incident, IncidentEvent as Event, Major, MajorAcceptance, MajorProposal, MajorReview,
        PriorityChange, Reason,
    },
    key::{PersonRef, RuleId},
    obligation,
    priority::{Priority, PriorityCause},
    verb::IncidentVerb as Verb,
};

/// What a command about a major incident comes to, before it is known to be legal; empty if nothing changes.
pub(super) fn events(
    incident: &Incident,
    command: &Command,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Vec<Event> {
    if let Some(since) = incident.major().and_then(Major::since).filter(|since| context.occurred_at < *since) {
        let rule = format!("lies before the major incident came to where it stands, which was {}", since.to_rfc3339());
        let about = matches!(command.verb(), Verb::JudgeMajor | Verb::ManageMajor | Verb::ReviewMajor);
        if about {
            read.fault("occurred_at", "time.before_stage", rule);
        }
    }
    match command {
        Command::ProposeMajor { reason } => {
            is_no_child(incident, read, context);
            let reason = read.maybe_text("reason", reason.as_ref());
            vec![Event::MajorProposed(MajorProposal { criteria: Vec::new(), reason })]
        }
        Command::RejectMajor { reason } => {
            if !matches!(incident.major(), Some(Major::Proposed(_))) {
                read.fault("major", "major.not_proposed", "is not proposed, so that there is nothing to be rejected");
            }
            vec![Event::MajorRejected(why(reason.as_ref(), read))]
        }
        Command::AcceptMajor(accept) => {
            is_no_child(incident, read, context);
            accepted(accept, read, context).into_iter().map(Event::MajorAccepted).collect()
        }
        Command::HandOverMajor { manager } => {
            let running = incident.major().and_then(Major::running);
            let manager = read.key::<PersonRef>("manager", manager);
            let news = manager.filter(|manager| running.is_none_or(|running| running.manager() != manager));
            news.into_iter().map(Event::MajorHandedOver).collect()
        }
        Command::StandDownMajor { reason } => vec![Event::MajorStoodDown(why(reason.as_ref(), read))],
        Command::DemoteMajor { reason } => {
            let reason = read.text("reason", reason);
            vec![Event::MajorDemoted(Reason { reason })]
        }
        Command::ReviewMajor { text } => {
            read.text("text", text).into_iter().map(|text| Event::MajorReviewed(MajorReview { text })).collect()
        }
        _ => Vec::new(),
    }
}

fn why(reason: Option<&String>, read: &mut Reading<'_>) -> Reason {
    Reason { reason: read.maybe_text("reason", reason) }
}

/// A child goes with its parent: the parent is the major incident, if one of them is.
fn is_no_child(incident: &Incident, read: &mut Reading<'_>, context: &Context<'_>) {
    if let Some(parent) = incident.links().parent() {
        let rule = format!("cannot be said of a child; its parent is {}", context.end(parent));
        read.fault("major", "major.child", rule);
    }
}

fn accepted(accept: &AcceptMajor, read: &mut Reading<'_>, context: &Context<'_>) -> Option<MajorAcceptance> {
    let (policy, rules) = (context.policy, &context.policy.parts().major);
    let manager = match (&accept.manager, context.actor.id()) {
        (Some(manager), _) => read.key::<PersonRef>("manager", manager),
        (None, ActorId::Person(person)) => Some(person.clone()),
        (None, _) => {
            read.fault("manager", "field.required", "must be named; only people lead");
            None
        }
    };
    let floor = match &accept.floor {
        Some(level) => {
            let found = policy.matrix().find(level);
            if found.is_none() {
                let list = policy.matrix().priority.list();
                read.fault(
                    "floor",
                    "level.unknown",
                    format!("is no priority of the policy; the priorities are {list}"),
                );
            }
            found
        }
        None => rules.floor.as_ref().and_then(|level| policy.matrix().find(level.as_str())),
    };
    let reason = read.maybe_text("reason", accept.reason.as_ref());
    let (update_every, needs_review) = (rules.update_every_seconds, rules.review);
    Some(MajorAcceptance { manager: manager?, floor, update_every, needs_review, reason })
}

/// What follows from a command for a major incident: the floor of its priority comes and goes, and so does its closing by
/// itself.
pub(super) fn follows(mut course: Course, command: &Command, context: &Context<'_>) -> Result<Course, Error> {
    let ends = matches!(command, Command::StandDownMajor { .. } | Command::DemoteMajor { .. });
    if !ends && !matches!(command, Command::AcceptMajor(_)) {
        return Ok(course);
    }
    let verb = command.verb();
    let floor = course.record.major().and_then(Major::running).and_then(|running| running.floor().cloned());
    if let Some(change) = floored(&course.record, floor) {
        course = course.happens(Event::PriorityChanged(change.into()), verb, context)?;
    }
    match closure(&course.record, context) {
        Some(event) => course.happens(event, verb, context),
        None => Ok(course),
    }
}

/// Whether, and to what, the floor of a priority changes.
fn floored(incident: &Incident, floor: Option<Priority>) -> Option<PriorityChange> {
    let before = &incident.progress().assessment;
    if before.floor() == floor.as_ref() {
        return None;
    }
    let cause = if floor.is_some() { PriorityCause::MajorAccepted } else { PriorityCause::MajorEnded };
    let after = before.as_ref().clone().with_floor(floor);
    Some(PriorityChange {
        old: before.result().clone(),
        new: after.result().clone(),
        cause,
        assessment: Arc::new(after),
    })
}

/// How a resolved incident closes by itself from now on, if that changes: a major one does not.
fn closure(incident: &Incident, context: &Context<'_>) -> Option<Event> {
    let Incident::Resolved(resolved) = incident else { return None };
    let before = resolved.stage().resolution().closes;
    let after = if incident.is_major() { None } else { closes(context) };
    (before.is_some() != after.is_some()).then_some(Event::ClosureReissued(after))
}

/// How an incident that is resolved now closes by itself, by the policy in force.
pub(super) fn closes(context: &Context<'_>) -> Option<AutomaticClosure> {
    let after = context.policy.closure().automatic_after_seconds;
    after.map(|after| AutomaticClosure { after, policy: context.policy_stamp })
}

/// Proposes an incident that meets a criterion of the policy, and of which nobody has judged yet whether it is a major one.
pub(super) fn proposed(course: Course, context: &Context<'_>) -> Result<Course, Error> {
    let incident = &course.record;
    let asked = &context.policy.parts().major.criteria;
    if context.importing
        || asked.is_empty()
        || incident.major().is_some()
        || !incident.stage().is_open()
        || incident.links().parent().is_some()
    {
        return Ok(course);
    }
    let met = asked.iter().filter(|criterion| criterion.is_met(incident, context.policy));
    let criteria: Vec<RuleId> = met.map(|criterion| criterion.id.clone()).collect();
    if criteria.is_empty() {
        return Ok(course);
    }
    let proposal = MajorProposal { criteria, reason: None };
    course.happens(Event::MajorProposed(proposal), Verb::ProposeMajor, context)
}

/// A major incident that runs is not ended under its manager, by a cancellation or a correction.
pub(super) fn may_be_ended(incident: &Incident, verb: Verb, path: &'static str) -> Result<(), Error> {
    if !incident.is_running_major() {
        return Ok(());
    }
    let rule = "would end a major incident that runs; demote it first, or stand it down";
    let fault = Fault::new(path, "major.running", rule);
    Err(invalid(Faults::one(fault), verb, Some(incident.number())))
}

/// Nor is its review escaped by a cancellation.
pub(super) fn may_be_cancelled(incident: &Incident, verb: Verb, path: &'static str) -> Result<(), Error> {
    may_be_ended(incident, verb, path)?;
    blocked(incident.number(), verb, obligation::before_cancellation(incident))
}
