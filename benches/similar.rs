//! Finding what is alike: one incident against a hundred thousand resolved ones, and how much they take.
//!
//! `cargo bench --bench similar` prints the median and the slowest of a thousand questions.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark that fails panics, prints what it measured, and takes the time"
)]

use std::{
    alloc::System,
    hint::black_box,
    time::{Duration, Instant},
};

use andon::{
    Actor, Incident, PolicyDraft,
    blocking::{ActingDesk, Desk},
    command::Report,
    permission::Permissions,
    recurrence::{Aspect, RecurrenceRule, Recurrences, SimilarIncidents},
    store::MemoryRepository,
    time::Seconds,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const INCIDENTS: usize = 100_000;
const QUESTIONS: usize = 1_000;

const SUBJECTS: [&str; 8] = ["Mail", "VPN", "Printer", "Calendar", "Badge", "Laptop", "Till", "Relay"];
const TROUBLES: [&str; 8] = [
    "is stuck",
    "drops after a minute",
    "does not start",
    "refuses certificates",
    "is slow",
    "hangs",
    "beeps",
    "restarts",
];

/// Each of a hundred thousand has two words in common with many, and an item with few.
fn report(index: usize) -> Report {
    let (subject, trouble) = (SUBJECTS[index % 8], TROUBLES[index / 8 % 8]);
    Report::new(format!("{subject} {trouble} on floor {} of house {}", index % 97, index % 1_009))
        .service(&*subject.to_lowercase())
        .item(&*format!("item-{}", index % 20_011))
}

fn incident(desk: &ActingDesk<MemoryRepository>, index: usize) -> Incident {
    desk.report(report(index)).unwrap().incident().clone()
}

fn main() {
    let policy = PolicyDraft { permissions: Permissions::everything(), ..PolicyDraft::itil() }.validate().unwrap();
    let desk = Desk::from(andon::Desk::in_memory().with_policy(policy)).tenant("acme").unwrap();
    let desk = desk.acting_as(Actor::person("anna").unwrap());
    let incidents: Vec<Incident> = (0..INCIDENTS).map(|index| incident(&desk, index)).collect();

    let region = Region::new(ALLOCATOR);
    let mut similar = SimilarIncidents::new();
    let began = Instant::now();
    for incident in &incidents {
        similar.add(incident);
    }
    let added = began.elapsed();
    let change = region.change();
    let bytes = change.bytes_allocated.saturating_sub(change.bytes_deallocated) / INCIDENTS;
    println!("{INCIDENTS} incidents added in {added:.2?}, {bytes} bytes each");

    let asked: Vec<Incident> = (0..QUESTIONS).map(|index| incident(&desk, index * 7_919)).collect();
    let mut took: Vec<Duration> = asked
        .iter()
        .map(|incident| {
            let began = Instant::now();
            black_box(similar.find(incident.facts(), 5));
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!(
        "the five most alike: median {:.1?}, slowest of {QUESTIONS} {:.1?}",
        took[QUESTIONS / 2],
        took[QUESTIONS - 1]
    );

    let rule = RecurrenceRule::new("words".parse().unwrap(), [Aspect::Words]).within(Seconds::days(7));
    let mut recurrences = Recurrences::new(vec![rule]).unwrap();
    let began = Instant::now();
    for incident in &incidents {
        recurrences.observe(incident);
    }
    let counted = began.elapsed();
    let began = Instant::now();
    let found = recurrences.strongest(10).len();
    println!("counted by pairs of words in {counted:.2?}; the {found} strongest found in {:.2?}", began.elapsed());
}
