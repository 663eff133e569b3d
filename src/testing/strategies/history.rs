//! Drawing a history that another system might tell.

use proptest::{collection::vec, prelude::*};

use super::{Choices, Draw, choices};
use crate::{
    actor::{Actor, ActorId},
    desk::{History, HistoryStep, OnRefusal},
    key::{PersonRef, SystemName},
    permission::Permissions,
    policy::{Policy, PolicyDraft},
    testing::{START, TestDesk, sample},
    time::{days, earlier, minutes},
};

/// Histories of one incident that a desk with this policy imports whole: up to twelve steps, each legal where
/// it finds the incident. They begin a hundred days before the [start](super::super::START) of a test desk, and
/// shrink to fewer steps.
pub fn history(policy: &Policy) -> impl Strategy<Value = History> + use<> {
    let (policy, desk_policy) = (policy.clone(), unguarded(policy));
    let steps = vec((0..10_000_u32, choices()), 0..=12);
    (choices(), steps).prop_filter_map("the policy takes its own history", move |(report, steps)| {
        let history = told(&policy, desk_policy.as_ref()?, report, steps)?;
        // An import takes what people did as it was, and asks less or more than a desk does: whoever starts work is
        // not given it, say.
        let imported = TestDesk::new().with_policy(policy.clone()).system().import(&history).ok()?;
        imported.refused.is_empty().then_some(history)
    })
}

/// The policy under which a history is found: an import asks nobody's permission, and nothing closes by itself
/// before it is at its end.
fn unguarded(policy: &Policy) -> Option<Policy> {
    let mut draft = PolicyDraft { permissions: Permissions::everything(), ..policy.to_draft() };
    draft.closure.automatic_after_seconds = None;
    draft.validate().ok()
}

/// What happened at a desk of its own: whatever was taken there.
fn told(policy: &Policy, desk_policy: &Policy, mut report: Choices, steps: Vec<(u32, Choices)>) -> Option<History> {
    let desk = TestDesk::new().with_policy(desk_policy.clone());
    let begin = earlier(START, days(100));
    desk.clock().set(begin);
    let reporter = sample::PEOPLE.first()?;
    let draw = Draw { now: begin, ..Draw::new(policy) };
    let mut history = History {
        from: Some(SystemName::known("legacy")),
        report: draw.report(&mut report),
        reported_at: begin,
        reported_by: ActorId::Person(PersonRef::new(reporter).ok()?),
        steps: Vec::new(),
        on_refusal: OnRefusal::Abort,
    };
    let id = desk.acting_as(Actor::person(reporter).ok()?).report(history.report.clone()).ok()?.id();
    for (wait, mut choices) in steps {
        desk.advance(minutes(wait)).ok()?;
        let actor = Actor::person(choices.of(&sample::PEOPLE)?).ok()?;
        let incident = desk.acting_as(actor.clone()).incident(id);
        let moves = incident.allowed_moves().ok()?;
        let verbs: Vec<_> = moves.iter().filter_map(|allowed| allowed.verb().incident()).collect();
        // What names another incident would have to be imported after it.
        let draw = Draw { now: desk.now(), id, other: id, ..draw };
        let Some(command) = choices.of(&verbs).and_then(|verb| draw.command(verb, &mut choices)) else { continue };
        if incident.execute(command.clone()).is_ok() {
            let by = actor.id().clone();
            history.steps.push(HistoryStep { at: desk.now(), by, on_behalf_of: None, command, otherwise: None });
        }
    }
    Some(history)
}
