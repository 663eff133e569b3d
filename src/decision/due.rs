//! What falls due on an incident by itself, and catching up with it.

use chrono::TimeDelta;

use super::{Course, changes};
use crate::{
    actor::ActorId,
    event::{Cause, PolicyStamp},
    incident::{Incident, IncidentEvent, MAX_MISSED, Major, MissedUpdate, Resolved, ResumedBy, RunningMajor, Stage},
    ledger::{ClockBreached, ClockEffect, ClockId, ClockWarned},
    lifecycle::{In, Stamp},
    obligation,
    policy::Policy,
    record::Kind,
    sla::{MAX_CLOCKS, MetricRule},
    time::{Instant, earlier, later},
};

/// Something that falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The date of a hold comes.
    HoldEnds,
    /// An override expires.
    OverrideExpires,
    /// A clock warns, or is found to be overdue.
    Clock(ClockId, ClockEffect),
    /// Word about a major incident is due.
    Word,
    /// A resolved incident closes by itself, or is kept from it by what is owed.
    Closes,
}

/// The most that falls due on an incident: the end of a hold, of an override and of the quiet time, and of each
/// clock, those included that start when an override ends, its warnings and its breach; and word about a major incident.
const MAX_EFFECTS: usize = 3 + MAX_UPDATES + 2 * MAX_CLOCKS * (MetricRule::MAX_WARNINGS + 1);

/// [`MAX_MISSED`], as a count of effects.
const MAX_UPDATES: usize = 24;
const _: () = assert!(MAX_MISSED == 24);

/// The least that can pass: what ends at the instant at which it is due is in time, and a moment later it is
/// not.
const INSTANT: TimeDelta = TimeDelta::nanoseconds(1);

/// By what it is judged whether an incident closes by itself.
#[derive(Clone, Copy)]
pub(crate) struct Closing<'a> {
    /// The policy by which it was resolved: [`pinned_policy`].
    pub policy: &'a Policy,
    /// The earliest instant at which it can have closed.
    pub not_before: Option<Instant>,
}

/// When something next falls due on the incident.
pub(crate) fn next_due(incident: &Incident) -> Option<Instant> {
    next(incident, closes_at(incident)).map(|(at, _)| at)
}

/// Whether the incident closes by itself, or is kept from it, by `until`: then [`pinned_policy`] is needed.
pub(crate) fn closes_by(incident: &Incident, until: Instant) -> bool {
    closes_at(incident).is_some_and(|at| at <= until)
}

/// Whether the incident would have closed by itself, but something was owed.
pub(crate) fn is_blocked(incident: &Incident) -> bool {
    resolved(incident).is_some_and(|resolved| resolved.stage().is_closure_blocked())
}

/// The policy by which a resolved incident closes by itself. It stands in its resolution, so that what is
/// published later does not change what happens, whenever somebody comes to see that it fell due.
pub(crate) fn pinned_policy(incident: &Incident) -> Option<PolicyStamp> {
    Some(resolved(incident)?.stage().resolution().closes?.policy)
}

/// The policies by which the clocks of a record started, or would start when its override ends by itself.
pub(crate) fn clock_policies<K: Kind>(record: &K) -> impl Iterator<Item = PolicyStamp> {
    let overridden = record.progress().assessment.overridden().and_then(|set| set.policy);
    record.progress().clocks.clocks().iter().map(|clock| clock.terms().policy).chain(overridden)
}

/// Applies what has fallen due by `until`, each at the instant at which it fell due. Without `closing`,
/// nothing closes by itself.
pub(crate) fn catch_up(
    mut course: Course,
    until: Instant,
    recorded_at: Instant,
    closing: Option<Closing<'_>>,
) -> Course {
    // Each effect removes its own cause, so there are never more than these.
    for _ in 0..MAX_EFFECTS {
        let closes = closing.and_then(|closing| {
            let at = closes_at(&course.record)?;
            Some(closing.not_before.map_or(at, |earliest| at.max(earliest)))
        });
        let Some((at, due)) = next(&course.record, closes).filter(|(at, _)| *at <= until) else { break };
        let event = match (due, closing) {
            (Due::HoldEnds, _) => IncidentEvent::Resumed(ResumedBy::Date),
            (Due::OverrideExpires, _) => IncidentEvent::PriorityChanged(changes::expired(&course.record).into()),
            (Due::Clock(id, effect), _) => match clock_event(&course.record, id, effect) {
                Some(event) => event,
                None => break,
            },
            (Due::Word, _) => IncidentEvent::MajorUpdateMissed(MissedUpdate { due: at }),
            (Due::Closes, Some(closing)) => closed(&course.record, closing.policy, at),
            (Due::Closes, None) => break,
        };
        let by = match due {
            Due::Closes => pinned_policy(&course.record),
            Due::Clock(id, _) => course.record.clocks().clock(id).map(|clock| clock.terms().policy),
            Due::HoldEnds | Due::OverrideExpires | Due::Word => None,
        };
        // That something is overdue is true after the instant at which it was due, and is dated to it.
        let at = if matches!(due, Due::Clock(_, ClockEffect::Breaches)) { earlier(at, INSTANT) } else { at };
        course = match happens(course, event, at, recorded_at, by) {
            Ok(course) => course,
            Err(course) => return *course,
        };
    }
    course
}

/// What follows from a command at `occurred_at`: the closure that nothing blocks any more, and what has fallen due
/// since. A policy closes nothing before the command that asked for it.
pub(crate) fn settle(
    mut course: Course,
    occurred_at: Instant,
    recorded_at: Instant,
    closing: Option<&Policy>,
) -> Course {
    if let Some(policy) = closing {
        course = close_unblocked(course, occurred_at, recorded_at, policy);
    }
    let closing = closing.map(|policy| Closing { policy, not_before: Some(occurred_at) });
    catch_up(course, recorded_at, recorded_at, closing)
}

/// Closes what was kept from closing by itself, if after a command nothing is owed any more: at the instant
/// of the command, but not before the instant at which it would have closed. What is still owed is not said
/// again.
fn close_unblocked(course: Course, occurred_at: Instant, recorded_at: Instant, policy: &Policy) -> Course {
    let stage = resolved(&course.record).map(In::stage).filter(|stage| stage.is_closure_blocked());
    let at = stage.and_then(Resolved::closes_at).map(|due| due.max(occurred_at)).filter(|at| *at <= recorded_at);
    let Some(at) = at else { return course };
    match closed(&course.record, policy, at) {
        IncidentEvent::ClosureBlocked(_) => course,
        event => {
            let by = pinned_policy(&course.record);
            happens(course, event, at, recorded_at, by).unwrap_or_else(|course| *course)
        }
    }
}

fn next(incident: &Incident, closes: Option<Instant>) -> Option<(Instant, Due)> {
    let hold = incident.hold().and_then(|stage| stage.hold().until).map(|at| (at, Due::HoldEnds));
    let live = incident.stage().is_open() || incident.stage() == Stage::Resolved;
    let overridden = incident.progress().assessment.overridden().filter(|_| live);
    let expiry = overridden.and_then(|set| set.until).map(|at| (at, Due::OverrideExpires));
    let clock = incident.clocks().next_effect().map(|(at, id, effect)| {
        let at = if effect == ClockEffect::Breaches { later(at, INSTANT) } else { at };
        (at, Due::Clock(id, effect))
    });
    let running = incident.major().and_then(Major::running).filter(|_| incident.stage().is_open());
    let word = running.and_then(RunningMajor::update_due).map(|at| (at, Due::Word));
    let closure = closes.map(|at| (at, Due::Closes));
    // At one instant, what is closed last: it takes the others with it.
    hold.into_iter().chain(expiry).chain(clock).chain(word).chain(closure).min_by_key(|(at, _)| *at)
}

/// When the incident closes by itself, or is kept from it; `None` once that was said.
fn closes_at(incident: &Incident) -> Option<Instant> {
    resolved(incident)?.stage().closes_at().filter(|_| !is_blocked(incident))
}

const fn resolved(incident: &Incident) -> Option<&In<Resolved>> {
    match incident {
        Incident::Resolved(resolved) => Some(resolved),
        _ => None,
    }
}

/// The system does what fell due. It is legal where it is found; were it not, nothing would have happened.
fn happens(
    course: Course,
    event: IncidentEvent,
    at: Instant,
    recorded_at: Instant,
    by: Option<PolicyStamp>,
) -> Result<Course, Box<Course>> {
    let stamp = Stamp { occurred_at: at, recorded_at, actor: &ActorId::System, on_behalf_of: None };
    let place = course.happenings.len();
    let mut course = course.apply(event, &stamp, &Cause::Due)?;
    // What the clocks make of it says by itself what decided it.
    if let Some(happening) = course.happenings.get_mut(place) {
        happening.policy = by;
    }
    Ok(course)
}

/// It is closed, or what is owed keeps it open.
fn closed(incident: &Incident, policy: &Policy, at: Instant) -> IncidentEvent {
    let (owed, basis) = obligation::before_automatic_closure(incident, policy, at);
    if owed.is_empty() { IncidentEvent::Closed(basis) } else { IncidentEvent::ClosureBlocked(owed) }
}

/// What a clock does by itself.
fn clock_event(incident: &Incident, id: ClockId, effect: ClockEffect) -> Option<IncidentEvent> {
    let clock = incident.clocks().clock(id)?;
    Some(IncidentEvent::Clock(match effect {
        ClockEffect::Warns(warning) => ClockWarned { clock: clock.to_ref(), warning }.into(),
        ClockEffect::Breaches => ClockBreached { clock: clock.to_ref(), due: clock.due()? }.into(),
    }))
}
