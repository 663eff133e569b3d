//! A repository of one's own, here over the embedded database redb: what a host writes that keeps incidents where it
//! keeps everything else.
//!
//! `cargo run --release --example own_repository --features contract` runs the contract and tells a small story;
//! `cargo test --example own_repository --features contract` runs the contract as a host's tests do.
//!
//! `tables.rs` says what is stored and under which keys, `repository.rs` has the trait, `writing.rs` the commit.

#![allow(clippy::print_stdout, reason = "an example prints")]

mod repository;
mod tables;
mod writing;

use std::{error::Error, fs, path::Path};

use andon::{
    Actor, Desk, Version,
    blocking::{self, ActingDesk},
    command::{Assign, Report},
    contract,
    store::Filter,
};
use redb::{Database, backends::InMemoryBackend};
use repository::RedbRepository;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{} promises are kept", keep_promises()?);
    let folder = std::env::temp_dir().join(format!("own_repository-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let told = story(&folder.join("desk.redb"));
    fs::remove_dir_all(&folder)?;
    told
}

/// Runs the contract, each case on a database of its own: in memory, for nothing of it is to last. It ends at the first
/// promise that is broken. A test, which may panic where there is no database, is shorter: see below.
fn keep_promises() -> Result<usize, Box<dyn Error>> {
    for (case, _) in contract::cases() {
        let repository = in_memory()?;
        contract::blocking::test_one(case, || async { ((), &repository) })?;
    }
    Ok(contract::cases().count())
}

/// An empty repository.
fn in_memory() -> Result<RedbRepository, Box<dyn Error>> {
    Ok(RedbRepository::over(Database::builder().create_with_backend(InMemoryBackend::new())?)?)
}

/// One incident, before and after the database was closed: what no contract can look at, a host tells itself.
fn story(file: &Path) -> Result<(), Box<dyn Error>> {
    let anna = desk(file)?;
    let number = anna.report(Report::new("Outgoing mail is stuck").impact("medium").urgency("high"))?.number().clone();
    let read = anna.feed(None, &Filter::default(), 10)?.next;
    anna.incident(&number).assign(Assign::to_group("Messaging"))?;
    println!("{number} is reported and assigned, and the database is closed.");
    drop(anna);

    let anna = desk(file)?;
    let seen = anna.incident(&number).get()?;
    let incident = seen.incident();
    println!("Opened again: {number} \"{}\", {}, {}", incident.facts().title, incident.priority(), incident.stage());
    let (events, _) = anna.incident(&number).events(Version::NONE, 10)?;
    println!("Its log: {}", events.iter().map(|event| event.body.name()).collect::<Vec<_>>().join(", "));
    let unread = anna.feed(Some(&read), &Filter::default(), 10)?.deliveries;
    println!("Who had read the feed after the report goes on there: {} change", unread.len());
    Ok(())
}

/// Anna's desk, over the database in this file.
fn desk(file: &Path) -> Result<ActingDesk<RedbRepository>, Box<dyn Error>> {
    let desk = blocking::Desk::from(Desk::new(RedbRepository::over(Database::create(file)?)?));
    Ok(desk.tenant("acme")?.acting_as(Actor::person("anna")?.role("agent")?.group("Messaging")?))
}

/// The whole test of a repository.
#[test]
fn every_promise_is_kept() {
    let empty = || async { ((), in_memory().expect("there is memory")) };
    contract::blocking::test_all(empty).unwrap();
}
