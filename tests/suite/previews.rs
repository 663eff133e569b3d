//! A preview is what execution comes to, and stores nothing.

use andon::{
    Actor, Error, Id, Incident, MemoryRepository, Policy, PolicyDraft, Stage, Version,
    actor::ActorId,
    blocking::ActingDesk,
    command::{Command, IncidentCommand},
    desk::{Outcome, Preview, Selection},
    digest::Digest,
    event::{Body, Cause, Event},
    incident::IncidentEvent,
    permission::Permissions,
    store::{Filter, Query},
    testing::{
        self, OneSalt, TestDesk, administrator, agent, caller, incident, manager, monitoring,
        strategies::{self, Choices, Draw, VERBS, choices},
    },
    time::{Instant, Seconds, minutes},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

/// Policies under which people have the roles of ITIL, or may do everything.
fn policy() -> impl Strategy<Value = Policy> {
    let itil = PolicyDraft::itil();
    let mut closing = PolicyDraft::itil();
    closing.closure.automatic_after_seconds = Some(Seconds::days(6));
    let by_roles = prop_oneof![2 => Just(itil), 2 => Just(closing)].prop_map(|draft| draft.validate().unwrap());
    let free = strategies::policy().prop_map(|policy| {
        PolicyDraft { permissions: Permissions::everything(), ..policy.to_draft() }.validate().unwrap()
    });
    prop_oneof![4 => by_roles, 1 => free]
}

/// A command that is previewed, and then given.
#[derive(Debug, Clone)]
struct Asked {
    who: usize,
    verb: usize,
    bad: bool,
    /// How long before it time passes, in minutes, and how long ago it is said to have happened.
    wait: u32,
    ago: Option<u32>,
    choices: Choices,
}

fn asked() -> impl Strategy<Value = Asked> {
    let wait = prop_oneof![3 => 0..100_u32, 1 => 100..20_000_u32];
    let ago = prop_oneof![8 => Just(None), 1 => (0..300_u32).prop_map(Some)];
    (0..6_usize, 0..VERBS.len(), prop::bool::weighted(0.1), wait, ago, choices())
        .prop_map(|(who, verb, bad, wait, ago, choices)| Asked { who, verb, bad, wait, ago, choices })
}

fn stage() -> impl Strategy<Value = Stage> {
    prop::sample::select(Stage::ALL.to_vec())
}

fn people(desk: &TestDesk) -> Vec<ActingDesk<MemoryRepository>> {
    [
        Ok(Actor::system()),
        agent("anna").and_then(|anna| anna.group("Network")),
        caller("bob"),
        manager("mia"),
        administrator("ada"),
        monitoring("probe"),
    ]
    .map(|actor| desk.acting_as(actor.unwrap()))
    .into()
}

/// Everything that is stored for the tenant: rows, logs and the end of the feed.
fn stored(desk: &TestDesk) -> (Vec<Value>, Vec<Event>, String) {
    let system = desk.system();
    let page = system.worklist(&Query::all(), None, 1_000).unwrap();
    let logs = page.rows.iter().flat_map(|row| system.incident(row.id).events(Version::new(1), 1_000).unwrap().0);
    let rows = page.rows.iter().map(|row| serde_json::to_value(row).unwrap()).collect();
    (rows, logs.collect(), page.feed.to_string())
}

/// What a preview tells, or an outcome, or why there is none.
#[derive(Debug, PartialEq)]
enum Told {
    Refused(String),
    Came { incident: Value, events: Vec<Value> },
}

fn foreseen(preview: Result<Preview, Error>) -> Told {
    match preview {
        Err(error) => Told::Refused(format!("{}: {error}", error.code())),
        Ok(preview) => Told::Came {
            incident: nameless(json!(preview.incident())),
            events: preview
                .events()
                .iter()
                .map(|event| told(event.occurred_at, &event.actor, &event.cause, &event.body))
                .collect(),
        },
    }
}

fn done(outcome: Result<Outcome, Error>) -> Told {
    match outcome {
        Err(error) => Told::Refused(format!("{}: {error}", error.code())),
        Ok(outcome) => Told::Came {
            incident: nameless(json!(outcome.incident())),
            events: outcome
                .events()
                .iter()
                .map(|event| told(event.occurred_at, &event.actor, &event.cause, &event.body))
                .collect(),
        },
    }
}

/// Without id and number, which a report that is only previewed does not get.
fn nameless(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            if members.contains_key("number") && members.contains_key("title") {
                members.remove("id");
                members.remove("number");
            }
            for member in members.values_mut() {
                *member = nameless(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = nameless(item.take());
            }
        }
        _ => {}
    }
    value
}

/// The title of a report, which can be erased.
fn title(event: &Event) -> Option<Digest> {
    match &event.body {
        Body::Incident(IncidentEvent::Reported(reported)) => Some(reported.facts.title.digest()),
        _ => None,
    }
}

/// What happened, as JSON. A body has none of its own.
fn told(at: Instant, actor: &ActorId, cause: &Cause, body: &Body) -> Value {
    let Body::Incident(body) = body else { panic!("another kind of record") };
    nameless(json!([at, actor, cause, body]))
}

fn drawn(policy: &Policy, desk: &TestDesk, asked: &Asked, id: Id<Incident>, other: Id<Incident>) -> IncidentCommand {
    let log = desk.system().incident(id).events(Version::new(1), 1_000).unwrap().0;
    let texts: Vec<_> = log.iter().filter_map(title).collect();
    let draw = Draw { policy, now: desk.now(), id, other, texts: &texts, bad: asked.bad };
    draw.command(VERBS[asked.verb], &mut asked.choices.clone()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "how much a test run does comes from its environment")]
fn cases() -> u32 {
    std::env::var("ANDON_CASES").ok().and_then(|cases| cases.parse().ok()).map_or(1_000, |cases: u32| cases.max(1_000))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_preview_of_a_command_is_what_it_comes_to(
        policy in policy(), stage in stage(), confidential in any::<bool>(), asked in vec(asked(), 1..10),
    ) {
        let desk = TestDesk::new().with_policy(policy.clone()).with_ids(OneSalt::new());
        let other = incident().titled("4711").at(&desk)?.id();
        let made = incident().titled("4711").reported(|report| {
            if confidential { report.confidential() } else { report }
        });
        // A policy without hold reasons has no holds.
        let Ok(made) = made.in_stage(stage).at(&desk) else { return Ok(()) };
        let people = people(&desk);
        for asked in asked {
            desk.clock().advance(minutes(asked.wait));
            let mut acting = people[asked.who].clone();
            if let Some(ago) = asked.ago {
                acting = acting.occurring_at(desk.now() - minutes(ago));
            }
            let command = drawn(&policy, &desk, &asked, made.id(), other);
            let before = stored(&desk);
            let preview = acting.incident(made.id()).preview(command.clone());
            let again = acting.preview(Command::Incident { id: made.id(), request: command.clone() });
            let again = again.map(|preview| preview.into_incident().unwrap());
            prop_assert_eq!(stored(&desk), before);
            let foreseen = foreseen(preview);
            prop_assert_eq!(&self::foreseen(again), &foreseen);
            let outcome = acting.incident(made.id()).execute(command.clone());
            prop_assert_eq!(&done(outcome), &foreseen, "{:?} of {:?}", acting.actor(), command);
        }
    }

    #[test]
    fn a_preview_of_a_report_is_what_it_comes_to_and_takes_no_number(
        (policy, reports) in policy().prop_flat_map(|policy| {
            (Just(policy), vec((0..6_usize, any::<bool>(), choices()), 1..6))
        }),
    ) {
        let desk = TestDesk::new().with_policy(policy.clone()).with_ids(OneSalt::new());
        let people = people(&desk);
        let mut made = 0_u64;
        for (who, bad, mut choices) in reports {
            let report = Draw { bad, now: desk.now(), ..Draw::new(&policy) }.report(&mut choices);
            let before = stored(&desk);
            let preview = people[who].preview(Command::Report(Box::new(report.clone())));
            let preview = preview.map(|preview| preview.into_incident().unwrap());
            prop_assert_eq!(stored(&desk), before);
            let outcome = people[who].report(report);
            if let Ok(outcome) = &outcome {
                made += 1;
                let digits = outcome.number().as_str().trim_start_matches(|c: char| !c.is_ascii_digit());
                prop_assert_eq!(digits.parse::<u64>(), Ok(made), "a preview took a number");
            }
            prop_assert_eq!(done(outcome), foreseen(preview));
        }
    }

    #[test]
    fn a_preview_of_a_bulk_command_is_what_it_comes_to(
        policy in policy(), stages in vec(stage(), 1..8), asked in asked(), by_id in any::<bool>(), limit in 1..10_usize,
    ) {
        let desk = TestDesk::new().with_policy(policy.clone()).with_ids(OneSalt::new());
        let other = incident().titled("4711").site("elsewhere").at(&desk)?.id();
        let made = stages.into_iter().map(|stage| incident().titled("4711").site("here").in_stage(stage).at(&desk));
        let Ok(made) = made.collect::<testing::Result<Vec<_>>>() else { return Ok(()) };
        let ids: Vec<_> = made.iter().map(Outcome::id).collect();
        desk.clock().advance(minutes(asked.wait));
        let people = people(&desk);
        // A command that names the incident itself names only one of these.
        let request = drawn(&policy, &desk, &asked, ids[0], other);
        let here = Filter { sites: vec!["here".parse().unwrap()], ..Filter::default() };
        let selection = if by_id { Selection::from(ids) } else { Selection::from(here) };
        let bulk = people[asked.who].bulk(selection, request);
        let before = stored(&desk);
        let mut foreseen = Vec::new();
        let mut after = None;
        loop {
            let batch = bulk.preview(after.as_ref(), limit).unwrap();
            foreseen.extend(batch.answers.into_iter().map(|answer| (answer.id, answer.number, self::foreseen(answer.result))));
            after = batch.next;
            if after.is_none() {
                break;
            }
        }
        prop_assert_eq!(stored(&desk), before);
        let mut came = Vec::new();
        loop {
            let batch = bulk.apply(after.as_ref(), limit).unwrap();
            came.extend(batch.answers.into_iter().map(|answer| (answer.id, answer.number, done(answer.result))));
            after = batch.next;
            if after.is_none() {
                break;
            }
        }
        prop_assert_eq!(came, foreseen);
    }
}
