//! What the desk costs, beside a raw loop that does the least that any desk must: copy a record into
//! a map and push an event to a log.
//!
//! `cargo bench --bench desk`. The throughput is in commands, events or assessments; divide a line of
//! the desk's by `raw/insert_and_push` of the same run to get a ratio.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark that fails panics; criterion's macros make functions without documentation"
)]

use std::{collections::HashMap, hint::black_box, time::Duration, time::Instant as Stopwatch};

use andon::{
    Actor, Desk, Id, Incident, MemoryRepository, Policy, PolicyDraft, Version,
    actor::ActorId,
    blocking::ActingDesk,
    command::{Assign, RatedInput, Report},
    event::Event,
    incident::{IncidentEvent, Phase},
    lifecycle::Stamp,
    permission::Permissions,
    time::{Instant, ManualTime, minutes},
};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// How many incidents there are while the cycle runs.
const INCIDENTS: usize = 10_000;

fn policy() -> Policy {
    let draft = serde_json::json!({
        "modifiers": [
            { "id": "critical", "when": { "criticality": "critical" }, "effect": { "raise": 1 } },
            { "id": "crowd", "when": { "people_affected": 100 }, "effect": { "at_least": "P2" } },
        ],
    });
    let draft: PolicyDraft = serde_json::from_value(draft).unwrap();
    PolicyDraft { permissions: Permissions::everything(), ..draft }.validate().unwrap()
}

/// The system's ids, and a clock that stands where it is put.
fn desk() -> (ActingDesk<MemoryRepository>, ManualTime) {
    let time = ManualTime::at("2026-03-27T08:00:00Z".parse().unwrap());
    let desk = Desk::new(MemoryRepository::new()).with_time(time.clone()).with_policy(policy());
    let desk = andon::blocking::Desk::from(desk).tenant("acme").unwrap();
    (desk.acting_as(Actor::person("anna").unwrap()), time)
}

fn report(desk: &ActingDesk<MemoryRepository>) -> andon::desk::Outcome {
    let report = Report::new("Outgoing mail is stuck").caller("bob").impact("medium").urgency("high");
    desk.report(report.service(RatedInput::from("mail").criticality("critical"))).unwrap()
}

/// Reports as many incidents as there are to be.
fn filled() -> (ActingDesk<MemoryRepository>, ManualTime, Vec<Id<Incident>>) {
    let (desk, time) = desk();
    let ids = (0..INCIDENTS).map(|_| report(&desk).id()).collect();
    (desk, time, ids)
}

/// One of five commands in turn: assign, hold, resume, resolve, reopen.
fn cycle(desk: &ActingDesk<MemoryRepository>, id: Id<Incident>, step: usize) -> andon::desk::Outcome {
    let incident = desk.incident(id);
    match step {
        0 => incident.assign(Assign::to_group("Network")),
        1 => incident.hold("awaiting_vendor"),
        2 => incident.resume(),
        3 => incident.resolve("fixed"),
        _ => incident.reopen("It is back"),
    }
    .unwrap()
}

/// How long `rounds` of something take. What a sample stores is gone before the next begins.
#[expect(clippy::disallowed_methods, reason = "a benchmark takes the time")]
fn timed(rounds: u64, mut once: impl FnMut()) -> Duration {
    let start = Stopwatch::now();
    for _ in 0..rounds {
        once();
    }
    start.elapsed()
}

fn commands(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("desk");
    group.throughput(Throughput::Elements(1));
    group.bench_function("report", |bencher| {
        bencher.iter_custom(|rounds| {
            let (desk, _) = desk();
            timed(rounds, || {
                black_box(report(&desk));
            })
        });
    });
    group.throughput(Throughput::Elements(5));
    group.bench_function(BenchmarkId::new("cycle of five", INCIDENTS), |bencher| {
        bencher.iter_custom(|rounds| {
            let (desk, time, ids) = filled();
            let mut next = ids.iter().cycle();
            timed(rounds, || {
                let id = *next.next().unwrap();
                time.advance(minutes(1));
                for step in 0..5 {
                    black_box(cycle(&desk, id, step));
                }
            })
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("get", |bencher| {
        let (desk, _, ids) = filled();
        let mut next = ids.iter().cycle();
        bencher.iter(|| desk.incident(*next.next().unwrap()).get().unwrap());
    });
    group.finish();
}

/// The log of an incident with this many events.
fn log_of(events: usize) -> Vec<Event> {
    let (desk, time) = desk();
    let id = report(&desk).id();
    for step in 0.. {
        let log = desk.incident(id).events(Version::new(1), events).unwrap().0;
        if log.len() == events {
            return log;
        }
        time.advance(minutes(1));
        cycle(&desk, id, step % 5);
    }
    Vec::new()
}

fn pure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pure");
    let (desk, _) = desk();
    let id = report(&desk).id();
    desk.incident(id).start_work().unwrap();
    let incident = desk.incident(id).get().unwrap().into_incident();
    let actor = ActorId::System;
    let at: Instant = "2026-03-27T09:00:00Z".parse().unwrap();
    group.throughput(Throughput::Elements(1));
    group.bench_function("apply", |bencher| {
        let event = IncidentEvent::PhaseEntered(Phase::Investigating);
        bencher.iter_batched(
            || incident.clone(),
            |incident| incident.apply(event.clone(), &Stamp::now(at, &actor)).unwrap(),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("assess", |bencher| {
        let policy = policy();
        bencher.iter(|| policy.assess(black_box(incident.facts())).unwrap());
    });
    let log = log_of(50);
    group.throughput(Throughput::Elements(50));
    group.bench_function("fold of 50 events", |bencher| bencher.iter(|| Incident::fold(black_box(&log)).unwrap()));
    group.finish();
}

/// The least that any desk over memory must do for a command.
fn raw(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("raw");
    group.throughput(Throughput::Elements(1));
    let (desk, _, ids) = filled();
    let read = |id: &Id<Incident>| desk.incident(*id).get().unwrap().into_incident();
    let log = log_of(5);
    group.bench_function(BenchmarkId::new("insert_and_push", INCIDENTS), |bencher| {
        bencher.iter_custom(|rounds| {
            let mut records: HashMap<Id<Incident>, (Incident, Vec<Event>)> =
                ids.iter().map(|id| (*id, (read(id), Vec::new()))).collect();
            let (mut next, mut events) = (ids.iter().cycle(), log.iter().cycle());
            timed(rounds, || {
                let id = next.next().unwrap();
                let event = events.next().unwrap();
                let (record, mut log) = records.remove(id).unwrap();
                log.push(black_box(event.clone()));
                records.insert(*id, (black_box(record.clone()), log));
            })
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1));
    targets = commands, pure, raw
}
criterion_main!(benches);
