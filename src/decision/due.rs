//! What falls due on an incident by itself, and catching up with it.

use std::sync::Arc;

use super::Course;
use crate::{
    actor::ActorId,
    event::Cause,
    incident::{Incident, IncidentEvent, PriorityChange, ResumedBy, Stage},
    lifecycle::Stamp,
    priority::PriorityCause,
    time::Instant,
};

/// Something that falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The date of a hold comes.
    HoldEnds,
    /// An override expires.
    OverrideExpires,
}

/// When something next falls due on the incident.
pub(crate) fn next_due(incident: &Incident) -> Option<Instant> {
    next(incident).map(|(at, _)| at)
}

fn next(incident: &Incident) -> Option<(Instant, Due)> {
    let hold = incident.hold().and_then(|stage| stage.hold().until).map(|at| (at, Due::HoldEnds));
    let live = incident.stage().is_open() || incident.stage() == Stage::Resolved;
    let overridden = incident.progress().assessment.overridden().filter(|_| live);
    let expiry = overridden.and_then(|set| set.until).map(|at| (at, Due::OverrideExpires));
    hold.into_iter().chain(expiry).min_by_key(|(at, _)| *at)
}

/// Applies what has fallen due by `until`, each at the instant at which it fell due.
pub(crate) fn catch_up(mut course: Course, until: Instant, recorded_at: Instant) -> Course {
    // Each effect removes its own cause, so there are never more than there are kinds.
    for _ in 0..2 {
        let Some((at, due)) = next(&course.incident).filter(|(at, _)| *at <= until) else { break };
        let stamp = Stamp { occurred_at: at, recorded_at, actor: &ActorId::System, on_behalf_of: None };
        let event = match due {
            Due::HoldEnds => IncidentEvent::Resumed(ResumedBy::Date),
            Due::OverrideExpires => expired(&course.incident),
        };
        // What falls due is legal where it is found; were it not, nothing would have happened.
        course = match course.apply(event, &stamp, &Cause::Due) {
            Ok(course) => course,
            Err(course) => return *course,
        };
    }
    course
}

/// The computed priority holds again.
fn expired(incident: &Incident) -> IncidentEvent {
    let before = &incident.progress().assessment;
    let after = before.as_ref().clone().with_override(None);
    IncidentEvent::PriorityChanged(Box::new(PriorityChange {
        old: before.result().clone(),
        new: after.result().clone(),
        cause: PriorityCause::OverrideExpired,
        assessment: Arc::new(after),
    }))
}
