//! Lateness changes nothing: any schedule of catch-ups leads to the same record.

use andon::{
    blocking::IncidentDesk,
    event::{Body, Event, PolicyStamp},
    incident::IncidentEvent,
    store::MemoryRepository,
    testing::strategies::{Choices, Draw, choices},
    time::TimeSource,
    verb::IncidentVerb as Verb,
};
use proptest::prelude::*;

use crate::{
    action::{Action, Kind, WAITS, actions},
    erasing::digests,
    grid, policies,
    world::{ACTORS, Stored, World},
};

/// When a desk is looked in on between two commands: after so many quarters of the time that passes.
#[derive(Debug, Clone, Copy)]
enum LookIn {
    /// By a read.
    Read(i32),
    /// By a command that changes nothing, which stores what has fallen due.
    NoOp(i32),
}

fn look_in() -> impl Strategy<Value = LookIn> {
    prop_oneof![(0..=4).prop_map(LookIn::Read), (0..=4).prop_map(LookIn::NoOp)]
}

/// Does the same at a desk, looked in on or left alone in between.
fn live(policy: usize, first: &Choices, steps: &[(Action, Vec<LookIn>)], looked_in_on: bool) -> Stored {
    let mut world = World::new(policy);
    let other = world.desk(0).report("The other one").unwrap().id();
    let draw = Draw { now: world.time.now(), ..Draw::new(world.policy()) };
    let reported = draw.report(&mut first.clone());
    let id = world.desk(0).report(reported).unwrap().id();
    let system = |world: &World| -> IncidentDesk<MemoryRepository> { world.desk(ACTORS - 1).incident(id) };
    for (action, looks) in steps {
        let (start, wait) = (world.time.now(), chrono::TimeDelta::seconds(i64::from(WAITS[action.wait])));
        let mut looks = looks.clone();
        looks.sort_by_key(|look| match look {
            LookIn::Read(quarters) | LookIn::NoOp(quarters) => *quarters,
        });
        for look in looks.into_iter().filter(|_| looked_in_on) {
            match look {
                LookIn::Read(quarters) => {
                    world.time.set(start + wait * quarters / 4);
                    let _ = system(&world).get().unwrap();
                }
                LookIn::NoOp(quarters) => {
                    world.time.set(start + wait * quarters / 4);
                    system(&world).unwatch("nobody").unwrap();
                }
            }
        }
        world.time.set(start + wait);
        let mut choices = action.choices.clone();
        if action.kind == Kind::Publish {
            world.publish(choices.roll(policies::BY_ROLES));
            continue;
        }
        let actor = choices.roll(ACTORS);
        let stage = system(&world).get().unwrap().incident().stage();
        let verbs = if action.kind == Kind::Facet { grid::facets(stage) } else { grid::moves(stage) };
        let verb = verbs[choices.roll(verbs.len())];
        let texts = if verb == Verb::Redact { digests(&world.stored(id).log) } else { Vec::new() };
        let (policy, now) = (world.policy(), world.time.now());
        let draw = Draw { policy, now, id, other, texts: &texts, bad: false };
        let command = draw.command(verb, &mut choices).expect("every verb of the grid is a command");
        let command_id = world.command_id();
        // What is refused at one desk is refused at the other: the records at the end tell.
        let _ = world.desk(actor).incident(id).with_command(command_id).execute(command);
    }
    system(&world).log_time(1).unwrap();
    world.stored(id)
}

/// What happened, when, by whom, and for a closure by which policy: all but when it was recorded and under
/// which ids.
fn told(log: &[Event]) -> Vec<(String, chrono::DateTime<chrono::Utc>, String, Option<PolicyStamp>)> {
    log.iter()
        .map(|event| {
            let Body::Incident(body) = &event.body else { panic!("another kind of record") };
            let pinned =
                matches!(body, IncidentEvent::Closed(_) | IncidentEvent::ClosureBlocked(_) | IncidentEvent::Clock(_));
            let policy = pinned.then_some(event.policy);
            (format!("{body:?}"), event.occurred_at, event.actor.to_string(), policy)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_of_catch_ups_gives_the_same_record(
        policy in 0..policies::BY_ROLES,
        first in choices(),
        steps in actions(1..=20).prop_flat_map(|actions| {
            let looks = prop::collection::vec(prop::collection::vec(look_in(), 0..3), actions.len());
            looks.prop_map(move |looks| actions.iter().cloned().zip(looks).collect::<Vec<_>>())
        }),
    ) {
        let (alone, looked_in_on) = (live(policy, &first, &steps, false), live(policy, &first, &steps, true));
        prop_assert_eq!(told(&alone.log), told(&looked_in_on.log));
        prop_assert_eq!(alone.incident, looked_in_on.incident);
        prop_assert_eq!(alone.version, looked_in_on.version);
    }
}
