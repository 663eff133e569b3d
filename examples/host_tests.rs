//! What a host's own tests of a rule look like: here, who is woken when something is urgent.
//!
//! `cargo test --example host_tests --features test-util` runs the tests; `cargo run …` tells the story of one that
//! fails.
#![allow(clippy::print_stdout, reason = "an example prints")]

use andon::testing::{TestDesk, given};
use andon::{Error, Id, Incident, Repository, blocking::ActingDesk, command::Assign};

/// The rule of the host: what is urgent goes to whoever is on call, and everybody else sleeps.
fn on_call<R: Repository>(desk: &ActingDesk<R>, id: Id<Incident>) -> Result<(), Error> {
    let incident = desk.incident(id);
    if incident.get()?.incident().priority().name().as_str() == "P1" {
        incident.assign(Assign::to_group("On call").and_person("nora"))?;
    }
    Ok(())
}

#[test]
fn what_is_urgent_wakes_who_is_on_call() -> andon::testing::Result {
    let urgent = given(&TestDesk::new()).incident(|i| i.titled("Till 3 is dead").priority("P1"));
    urgent.when(on_call).then().stage(andon::Stage::Assigned).person("nora").events(["assigned"]).holds()
}

#[test]
fn what_is_done_is_left_alone() -> andon::testing::Result {
    let done = given(&TestDesk::new()).incident(|i| i.priority("P1").resolved("fixed"));
    done.when(on_call).then().refused_with("incident.assign.illegal").unchanged().holds()
}

fn main() {
    let dull = given(&TestDesk::new()).incident(|i| i.titled("The toner is low").priority("P4"));
    if let Err(story) = dull.when(on_call).then().group("On call").holds() {
        println!("{story}");
    }
}
