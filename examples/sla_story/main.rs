//! One incident over a weekend on which the clocks go forward, with two holds: its clock as text and as a picture.
//!
//! ```text
//! cargo run --example sla_story [FILE.svg]
//! ```
//!
//! The text goes to standard output, the picture to the file, `target/sla_story.svg` if none is named.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that tells a story")]

mod picture;

use std::{error::Error, path::PathBuf, process::ExitCode};

use andon::{
    Actor, Desk, MemoryRepository, PolicyDraft,
    blocking::{self, ActingDesk},
    id::SequentialIds,
    time::ManualTime,
};

/// Nine to five on workdays, and a night shift on Sunday: two to three in the morning is missing on 29 March.
const POLICY: &str = r#"
name = "Berlin"

[calendars.berlin]
name = "Service desk Berlin"
zone = "Europe/Berlin"

[calendars.berlin.weekly]
mon = [["09:00", "17:00"]]
tue = [["09:00", "17:00"]]
wed = [["09:00", "17:00"]]
thu = [["09:00", "17:00"]]
fri = [["09:00", "17:00"]]
sun = [["00:00", "06:00"]]

[[agreements]]
key = "standard"
calendar = "berlin"

[[agreements.metrics]]
metric = "resolve"
target = { all = { business_seconds = 57_600 } }
end = { milestones = ["resolved"] }
paused_by = ["awaiting_caller"]
warnings = [{ percent = 75 }]
"#;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sla_story: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let draft: PolicyDraft = toml::from_str(POLICY)?;
    let time = ManualTime::at("2026-03-26T13:00:00Z".parse()?);
    let desk = Desk::with_sources(MemoryRepository::new(), time.clone(), SequentialIds::new());
    let desk = blocking::Desk::from(desk.with_policy(draft.validate()?)).tenant("acme")?;
    let bob = desk.acting_as(Actor::person("bob")?.role("caller")?);
    let anna: ActingDesk<_> = desk.acting_as(Actor::person("anna")?.role("agent")?);
    let now = |text: &str| -> Result<(), chrono::ParseError> {
        time.set(text.parse()?);
        Ok(())
    };

    // Thursday afternoon in Berlin, which is an hour ahead of UTC until Sunday.
    let id = bob.report("Outgoing mail is stuck")?.id();
    now("2026-03-26T13:20:00Z")?;
    anna.incident(id).start_work()?;
    now("2026-03-27T09:30:00Z")?;
    anna.incident(id).hold("awaiting_caller")?;
    // He answers on Saturday night. Nobody at the desk has seen it, but the clock goes on: first in the night shift.
    now("2026-03-28T20:00:00Z")?;
    bob.incident(id).add_note("It is only the relay on the second floor.")?;
    now("2026-03-30T08:00:00Z")?;
    anna.incident(id).hold("awaiting_vendor")?; // the vendor is the desk's own concern: the clock runs
    now("2026-03-30T10:00:00Z")?;
    anna.incident(id).change_hold("awaiting_caller")?;
    now("2026-03-30T14:00:00Z")?;
    anna.incident(id).resume()?;
    now("2026-03-31T09:15:00Z")?;
    anna.incident(id).resolve("fixed")?;

    let explanation = anna.incident(id).explain_clock("resolve")?.ok_or("the incident has no such clock")?;
    println!("{explanation}");

    let file = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/sla_story.svg"), PathBuf::from);
    std::fs::write(&file, picture::draw(&explanation)).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("\nThe picture is in {}.", file.display());
    Ok(())
}
