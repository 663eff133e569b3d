//! What a desk over a file costs, beside the engine alone that runs the same statements with the same values.
//!
//! `cargo bench --features sqlite --bench sqlite` measures 100,000 incidents; `-- --large` 1,000,000, and
//! `-- --small` 10,000. Desk and engine take turns, each on a file of its own that holds the same; figures are medians, for
//! machines are noisy: look at the ratios.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark that fails panics, and prints what it measured"
)]

#[path = "../common/figures.rs"]
mod figures;
mod raw;
#[path = "../common/recording.rs"]
mod recording;

use std::{
    path::PathBuf,
    time::{Duration, Instant as Stopwatch},
};

use andon::{
    Actor, CommandId, Desk, Id, Incident, PolicyDraft, blocking,
    command::{Assign, Hold, Report, Resolve},
    desk::ActingDesk,
    event::RecordId,
    permission::Permissions,
    store::{Durability, Filter, Query, Repository as _, Share, Sort, SqliteOptions, SqliteRepository, Sweep},
    time::{ManualTime, days},
};
use cpu_time::ProcessTime;
use figures::{cycle, median, percentile};
use futures_util::{StreamExt as _, stream};
use pollster::block_on;
use raw::{Raw, Ready, bytes};
use recording::Recording as RecordingOf;

/// How many commands each does in a round, one after the other, and at once.
const COMMANDS: usize = 500;
const AT_ONCE: usize = 100;
const ROUNDS: usize = 9;
const GROUPS: usize = 200;

type Recording = RecordingOf<SqliteRepository>;
type AtDesk = ActingDesk<Recording>;

fn of_all(repository: Recording, time: ManualTime) -> Desk<Recording> {
    let policy = PolicyDraft { permissions: Permissions::everything(), ..PolicyDraft::itil() }.validate().unwrap();
    Desk::new(repository).with_time(time).with_policy(policy)
}

fn anna() -> Actor {
    Actor::person("anna").unwrap().role("agent").unwrap()
}

fn desk(repository: Recording, time: ManualTime) -> AtDesk {
    of_all(repository, time).tenant("acme").unwrap().acting_as(anna())
}

fn report(index: usize) -> Report {
    let urgency = ["high", "medium", "low"][index % 3];
    let title = format!("Outgoing mail is stuck on relay {}", index % 1_000);
    Report::new(title).caller(format!("caller-{}", index % 50_000)).impact("medium").urgency(urgency)
}

/// Reports as many incidents as there are to be, with the groups.
async fn fill(desk: &AtDesk, count: usize) -> Vec<Id<Incident>> {
    let one = |index: usize| async move {
        let id = desk.report(report(index)).await.unwrap().id();
        let group = format!("group-{}", index % GROUPS);
        desk.incident(id).assign(Assign::to_group(&group)).await.unwrap();
        if index.is_multiple_of(10) {
            desk.incident(id)
                .hold(Hold::new("awaiting_vendor").until(desk_time() + days(3 + u32::try_from(index % 50).unwrap())))
                .await
                .unwrap();
        }
        id
    };
    stream::iter(0..count).map(one).buffered(256).collect().await
}

fn desk_time() -> andon::time::Instant {
    "2026-03-27T08:00:00Z".parse().unwrap()
}

/// The same, on the present thread.
fn cycle_here(desk: &blocking::ActingDesk<Recording>, id: Id<Incident>, step: usize) {
    let incident = desk.incident(id);
    let done = match step % 5 {
        0 => incident.assign(Assign::to_group("group-1")),
        1 => incident.hold("awaiting_vendor"),
        2 => incident.resume(),
        3 => incident.resolve(Resolve::new("fixed")),
        _ => incident.reopen("It is back"),
    };
    done.unwrap();
}

/// Wall and CPU time of something.
fn timed(run: impl FnOnce()) -> (Duration, Duration) {
    let (wall, cpu) = (Stopwatch::now(), ProcessTime::now());
    run();
    (wall.elapsed(), cpu.elapsed())
}

fn main() {
    let large = std::env::args().any(|argument| argument == "--large");
    let small = std::env::args().any(|argument| argument == "--small");
    let count = if large {
        1_000_000
    } else if small {
        10_000
    } else {
        100_000
    };
    let folder = std::env::temp_dir().join(format!("andon-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (ours, theirs) = (folder.join("ours.andon"), folder.join("theirs.andon"));
    let time = ManualTime::at(desk_time());

    let began = Stopwatch::now();
    let repository = SqliteOptions::new().durability(Durability::Normal).open(&ours).unwrap();
    let ids = block_on(fill(&desk(Recording::new(repository.clone()), time.clone()), count));
    block_on(repository.close());
    println!("{count} incidents filled in {:.1} s, {} MB", began.elapsed().as_secs_f64(), size(&ours) / 1_000_000);
    std::fs::copy(&ours, &theirs).unwrap();

    let repository = SqliteRepository::open(&ours).unwrap();
    let recording = Recording::new(repository.clone());
    let here = blocking::Desk::from(of_all(recording.clone(), time.clone())).tenant("acme").unwrap().acting_as(anna());
    let desk = desk(recording.clone(), time);
    let raw = Raw::open(&theirs);
    // Spread over the file, each incident once; those that are on hold (every tenth) are left alone.
    let mut spread = (0..).map(|n: usize| n * 7_919 % ids.len()).filter(|n| n % 10 != 0).map(|n| ids[n]);
    let mut some = |count: usize| -> Vec<Id<Incident>> { spread.by_ref().take(count).collect() };
    one_by_one("on the present thread", &|id, step| cycle_here(&here, id, step), &recording, &mut some, &raw);
    one_by_one("awaited", &|id, step| block_on(cycle(&desk, id, step)), &recording, &mut some, &raw);
    at_once(&desk, &recording, &mut some, &raw);
    pages(&desk, &repository);
    block_on(repository.close());
    std::fs::remove_dir_all(&folder).unwrap();
}

fn size(path: &PathBuf) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

/// What was measured of those whose turn comes again and again.
#[derive(Default)]
struct Turns {
    walls: Vec<Duration>,
    cpu: Duration,
}

impl Turns {
    fn take(&mut self, run: impl FnOnce()) {
        let (wall, cpu) = timed(run);
        self.walls.push(wall);
        self.cpu = self.cpu.saturating_add(cpu);
    }
}

/// Commands that each wait for the one before. Beside each, the engine does what such a command does: both find the caches
/// as the other one left them, and the machine as busy.
fn one_by_one(
    how: &str,
    run: &dyn Fn(Id<Incident>, usize),
    recording: &Recording,
    some: &mut dyn FnMut(usize) -> Vec<Id<Incident>>,
    raw: &Raw,
) {
    let (mut walls, mut cpus, mut ours, mut theirs) = (vec![], vec![], vec![], vec![]);
    for round in 0..=ROUNDS {
        // What the engine is given is taken down from others like these, for that takes time.
        let ready = ready(recording, || {
            for id in some(COMMANDS / 5) {
                (0..5).for_each(|step| run(id, step));
            }
        });
        let chosen = some(COMMANDS / 5);
        let steps = chosen.iter().flat_map(|id| (0..5).map(move |step| (*id, step)));
        let (mut desk, mut engine) = (Turns::default(), Turns::default());
        assert_eq!(ready.len(), COMMANDS);
        for (index, ((id, step), (raw_id, command, ready))) in steps.zip(&ready).enumerate() {
            let by_desk = |turns: &mut Turns| turns.take(|| run(id, step));
            let by_engine = |turns: &mut Turns| {
                turns.take(|| {
                    raw.load(bytes(*raw_id), command_bytes(*command));
                    raw.run_nothing("BEGIN IMMEDIATE");
                    raw.commit(ready);
                    raw.run_nothing("COMMIT");
                });
            };
            // Neither is always the first to come to a page of the disk, or a moment of the machine.
            if index.is_multiple_of(2) {
                by_desk(&mut desk);
                by_engine(&mut engine);
            } else {
                by_engine(&mut engine);
                by_desk(&mut desk);
            }
        }
        if round == 0 {
            // The first finds little of both files in memory.
            continue;
        }
        let (p50, raw_p50) = (percentile(&mut desk.walls, 50), percentile(&mut engine.walls, 50));
        walls.push(p50.as_secs_f64() / raw_p50.as_secs_f64());
        cpus.push(desk.cpu.as_secs_f64() / engine.cpu.as_secs_f64());
        ours.push(p50.as_secs_f64() * 1e6);
        theirs.push(raw_p50.as_secs_f64() * 1e6);
    }
    println!("one command, {how}: p50 {:.0} us, the engine {:.0} us", median(ours), median(theirs));
    println!(
        "one command, {how}: wall p50 {:.2} x engine (bar 1.15), CPU {:.2} x engine (bar 1.30)",
        median(walls),
        median(cpus)
    );
}

/// Commands at once, in turns with the engine.
fn at_once(desk: &AtDesk, recording: &Recording, some: &mut dyn FnMut(usize) -> Vec<Id<Incident>>, raw: &Raw) {
    let (mut walls, mut cpus) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let run = |chosen: &[Id<Incident>]| {
            for step in 0..5 {
                block_on(
                    stream::iter(chosen).map(|id| cycle(desk, *id, step)).buffer_unordered(AT_ONCE).collect::<()>(),
                );
            }
        };
        let ready = ready(recording, || run(&some(AT_ONCE)));
        let chosen = some(AT_ONCE);
        let (wall, cpu) = timed(|| run(&chosen));
        let (raw_wall, raw_cpu) = timed(|| {
            for batch in ready.chunks(AT_ONCE) {
                for (id, command, _) in batch {
                    raw.load(bytes(*id), command_bytes(*command));
                }
                raw.run_nothing("BEGIN IMMEDIATE");
                for (_, _, ready) in batch {
                    raw.commit(ready);
                }
                raw.run_nothing("COMMIT");
            }
        });
        walls.push(raw_wall.as_secs_f64() / wall.as_secs_f64());
        cpus.push(cpu.as_secs_f64() / raw_cpu.as_secs_f64());
    }
    println!(
        "{AT_ONCE} at once: rate {:.2} x engine's batch (bar 0.80), CPU {:.2} x engine",
        median(walls),
        median(cpus)
    );
}

/// What something commits, with its values ready for the engine.
fn ready(recording: &Recording, run: impl FnOnce()) -> Vec<(RecordId, CommandId, Ready)> {
    recording.begin();
    run();
    recording.end().iter().map(|commit| (commit.writes[0].id(), commit.command, Ready::of(commit))).collect()
}

fn command_bytes(command: CommandId) -> [u8; 16] {
    command.as_u128().to_be_bytes()
}

/// Makes the n-th query of a kind.
type Make = Box<dyn Fn(usize) -> Query>;

/// Lists, counts and sweeps.
fn pages(desk: &AtDesk, repository: &SqliteRepository) {
    let group = |n: usize| format!("group-{n}").parse().unwrap();
    let lists: Vec<(&str, Make)> = vec![
        ("a group's open incidents, what is overdue first", Box::new(move |n| Query::open().group(group(n % GROUPS)))),
        (
            "a group's, priority 1 and 2",
            Box::new(move |n| Query::open().group(group(n % GROUPS)).priority(1).priority(2).sorted(Sort::Priority)),
        ),
        ("all open, by priority", Box::new(|_| Query::open().sorted(Sort::Priority))),
        ("all, what changed last", Box::new(|_| Query::all().sorted(Sort::Updated))),
        ("what is due next", Box::new(|_| Query::open().sorted(Sort::Due))),
        (
            "on hold, priority 2",
            Box::new(|_| Query::all().stage(andon::Stage::OnHold).priority(2).sorted(Sort::Priority)),
        ),
        ("of one caller", Box::new(|n| Query::all().caller(format!("caller-{n}").parse().unwrap()))),
        ("by a word of the title", Box::new(|n| Query::open().search(format!("relay {}", n % 1_000)))),
    ];
    for (what, query) in lists {
        let mut times: Vec<Duration> = (0..200)
            .map(|n| {
                let query = query(n * 31);
                let one = Stopwatch::now();
                let page = block_on(desk.worklist(&query, None, 50)).unwrap();
                assert!(page.rows.len() <= 50);
                one.elapsed()
            })
            .collect();
        println!("page of 50: {what}: p50 {:?}, p99 {:?}", percentile(&mut times, 50), percentile(&mut times, 99));
    }
    let mut times: Vec<Duration> = (0..200)
        .map(|n| {
            let filter = Filter { groups: vec![group(n % GROUPS)], ..Query::open().filter };
            let one = Stopwatch::now();
            block_on(desk.count(&filter, 10_000)).unwrap();
            one.elapsed()
        })
        .collect();
    println!("count of a group's: p50 {:?}", percentile(&mut times, 50));
    for (what, now) in [("nothing due", desk_time()), ("up to 100 due", desk_time() + days(60))] {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..200 {
            let one = Stopwatch::now();
            found =
                block_on(repository.wakes(Sweep { now, limit: 100, share: Share::ALL, after: None })).unwrap().len();
            times.push(one.elapsed());
        }
        println!(
            "sweep, {what}: {found} found, p50 {:?}, p99 {:?}",
            percentile(&mut times, 50),
            percentile(&mut times, 99)
        );
    }
}
