//! What the desk costs at scale, beside a raw loop that keeps exactly the same index sets and event log.
//!
//! `cargo bench --bench scale` measures 100,000 incidents; `-- --large` also 1,000,000. Desk and raw loop
//! take turns in one process, and each figure is the median of the rounds: machines are noisy, so look at
//! the ratios and at CPU time.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "a benchmark that fails panics, and prints what it measured"
)]

mod heap;
mod measure;
mod raw;

use andon::{
    Actor, Desk, Id, Incident, MemoryRepository, Policy, PolicyDraft,
    blocking::{self, ActingDesk},
    command::{Assign, Hold, Report},
    permission::Permissions,
    store::{Query, Repository, Share, Sort, Sweep},
    time::{Instant, ManualTime, days},
};
use measure::{Median, cpu, table};
use raw::Raw;

/// How many commands each of desk and raw loop does in a round.
const COMMANDS: usize = 50_000;
/// How many rounds there are.
const ROUNDS: usize = 7;
/// How many groups share the incidents.
const GROUPS: usize = 50;

struct Office {
    repository: MemoryRepository,
    whole: blocking::Desk<MemoryRepository>,
    desk: ActingDesk<MemoryRepository>,
    time: ManualTime,
    ids: Vec<Id<Incident>>,
}

fn policy() -> Policy {
    PolicyDraft { permissions: Permissions::everything(), ..PolicyDraft::itil() }.validate().unwrap()
}

fn start() -> Instant {
    "2026-03-27T08:00:00Z".parse().unwrap()
}

/// The same title and facts for desk and raw loop.
fn report(index: usize) -> Report {
    let urgency = ["high", "medium", "low"][index % 3];
    Report::new(format!("Outgoing mail is stuck on relay {}", index % 1_000))
        .caller(format!("caller-{}", index % 5_000))
        .impact("medium")
        .urgency(urgency)
        .group(format!("group-{}", index % GROUPS))
}

impl Office {
    fn of(incidents: usize) -> Self {
        let time = ManualTime::at(start());
        let repository = MemoryRepository::new();
        let desk = Desk::new(repository.clone()).with_time(time.clone()).with_policy(policy());
        let whole = blocking::Desk::from(desk);
        let desk = whole.tenant("acme").unwrap().acting_as(Actor::person("anna").unwrap());
        let ids = (0..incidents)
            .map(|index| {
                time.advance(chrono::TimeDelta::milliseconds(10));
                desk.report(report(index)).unwrap().id()
            })
            .collect();
        Self { repository, whole, desk, time, ids }
    }

    /// One of five commands in turn: assign, hold, resume, resolve, reopen.
    fn command(&self, id: Id<Incident>, step: usize) {
        let incident = self.desk.incident(id);
        match step {
            0 => incident.assign(Assign::to_group("group-7").and_person("anna")),
            1 => incident.hold("awaiting_vendor"),
            2 => incident.resume(),
            3 => incident.resolve("fixed"),
            _ => incident.reopen("It is back"),
        }
        .unwrap();
    }

    /// Walks through all incidents in an order that no cache foresees.
    fn commands(&self, from: usize, count: usize) {
        for index in from / 5..(from + count) / 5 {
            let id = self.ids[scattered(index, self.ids.len())];
            self.time.advance(chrono::TimeDelta::milliseconds(1));
            (0..5).for_each(|step| self.command(id, step));
        }
    }
}

/// A place among `len` that jumps about; each comes once before any comes again.
fn scattered(index: usize, len: usize) -> usize {
    index.wrapping_mul(7_919) % len
}

fn cycle(incidents: usize) {
    println!("\n{incidents} open incidents, five-command cycle, commands per CPU second");
    let (office, office_bytes) = heap::grown(|| Office::of(incidents));
    let (mut raw, raw_bytes) = heap::grown(|| Raw::of(&office));
    let (mut desk, mut loop_) = (Median::default(), Median::default());
    for round in 0..ROUNDS {
        desk.add(COMMANDS as f64 / cpu(|| office.commands(round * COMMANDS, COMMANDS)));
        loop_.add(COMMANDS as f64 / cpu(|| raw.commands(round * COMMANDS, COMMANDS)));
    }
    table(&[("desk", desk.get()), ("raw loop", loop_.get()), ("desk / raw", desk.get() / loop_.get())]);
    println!(
        "  bytes per incident after its report: desk {}, raw loop {}",
        office_bytes / incidents,
        raw_bytes / incidents
    );
    pages(&office, &raw);
}

/// A page of 50 of one group's open incidents by priority, from the middle of the list.
fn pages(office: &Office, raw: &Raw) {
    let query = Query::open().group("group-3".parse().unwrap()).sorted(Sort::Priority);
    let first = office.desk.worklist(&query, None, 500).unwrap();
    let cursor = first.next.unwrap();
    let after = raw.key_of(first.rows.last().unwrap().id);
    let (mut desk, mut loop_) = (Median::default(), Median::default());
    for _ in 0..2_000 {
        let mut rows = 0;
        desk.add(1e6 * measure::wall(|| rows = office.desk.worklist(&query, Some(&cursor), 50).unwrap().rows.len()));
        let mut raw_rows = 0;
        loop_.add(1e6 * measure::wall(|| raw_rows = raw.page("group-3", after, 50).len()));
        assert_eq!((rows, raw_rows), (50, 50));
    }
    println!("  page of 50 (a group, by priority), µs, median");
    table(&[("desk", desk.get()), ("raw loop", loop_.get()), ("desk / raw", desk.get() / loop_.get())]);
}

/// A sweep with a hundred due among all.
fn sweep(incidents: usize) {
    println!("\n{incidents} open incidents, 100 of them due");
    let office = Office::of(incidents);
    let later = start() + days(30);
    for (index, id) in office.ids.iter().enumerate().filter(|(index, _)| index % 10 == 0) {
        let until = if index % (incidents / 100) == 0 { start() + days(2) } else { later };
        let hold = Hold::new("awaiting_vendor").until(until);
        office.desk.incident(*id).hold(hold).unwrap();
    }
    office.time.set(start() + days(3));
    let due = pollster::block_on(office.repository.wakes(Sweep {
        now: start() + days(3),
        limit: 1_000,
        share: Share::ALL,
        after: None,
    }))
    .unwrap();
    let mut woken = 0;
    let took = measure::wall(|| woken = office.whole.wake(start() + days(3), 1_000).unwrap().records.len());
    println!("  rows read {}, records woken {woken}, {:.2} ms in all", due.len(), took * 1e3);
    assert_eq!((due.len(), woken), (100, 100));
}

fn main() {
    let large = std::env::args().any(|arg| arg == "--large");
    cycle(100_000);
    sweep(100_000);
    if large {
        cycle(1_000_000);
        sweep(1_000_000);
    }
}
