//! Drives a real event log through a desk: every incident with all that happened to it, at its
//! original times, every step checked.
//!
//! ```text
//! cargo run --release --example replay [PATH] [--policy FILE] [--store memory|sqlite:PATH] [--json]
//! ```
//!
//! Without PATH it takes the small log beside this file. examples/README.md says what a log looks like.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]
#![allow(clippy::arithmetic_side_effects, reason = "it counts what stands in a file")]
#![allow(clippy::disallowed_methods, reason = "a program that measures its own time")]

mod journal;
mod levels;
mod mapping;
mod progress;
mod relating;
mod report;
#[path = "../store/mod.rs"]
mod store;

use std::{error::Error, io::Read, path::PathBuf, process::ExitCode, time::Instant};

use andon::{
    Actor, Desk, Policy, PolicyDraft,
    blocking::{self, ActingDesk},
    store::AnyRepository,
    time::{ManualTime, SystemTime, TimeSource},
};
use chrono::{DateTime, Utc};
use journal::Journal;
use mapping::Plan;
use progress::Progress;
use report::Report;
use store::Store;

/// The log that is taken when none is named.
const SAMPLE: &[u8] = include_bytes!("sample.csv");
/// The policy that is taken when none is named.
const POLICY: &str = include_str!("policy.toml");
const USAGE: &str = "usage: replay [PATH] [--policy FILE] [--store memory|sqlite:PATH] [--json]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("replay: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was asked on the command line.
#[derive(Default)]
struct Options {
    log: Option<PathBuf>,
    policy: Option<PathBuf>,
    store: Store,
    json: bool,
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = options()? else {
        println!("{USAGE}");
        return Ok(());
    };
    let began = Instant::now();
    let mut draft = match &options.policy {
        Some(path) => read_policy(path)?,
        None => toml::from_str(POLICY)?,
    };
    let journal = Journal::read(&log(&options)?)?;
    mapping::add_names(&mut draft, &journal);
    let policy = draft.validate().map_err(|faults| format!("the policy is not valid: {faults}"))?;
    let store = options.store.open()?;
    let desk = desk(store.repository.clone(), &policy, journal.latest())?;
    let mut report = Report::new(&journal)?;
    let mut progress = Progress::new(journal.incidents.len());
    for incident in &journal.incidents {
        if let Some(mut plan) = Plan::of(incident, &journal, &policy, &mut report) {
            let before = Instant::now();
            let imported = desk.clone().with_command(plan.command).import(&plan.history);
            report.desk_time += before.elapsed();
            match imported {
                Ok(imported) => {
                    report.related.note(imported.outcome.id(), std::mem::take(&mut plan.relations));
                    report.add(&plan, &imported);
                }
                Err(error) => report.lost(&plan, &error),
            }
        }
        progress.step();
    }
    progress.end();
    report.related.relate(&desk)?;
    report.recur();
    report.file = store.close()?;
    report.print(began.elapsed(), options.json);
    if report.is_empty() && !journal.is_empty() {
        return Err("no row of the log could be used".into());
    }
    // The process ends here; giving back what it holds piece by piece would only take time.
    std::mem::forget((desk, journal));
    Ok(())
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options::default();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--json") => options.json = true,
            Some("--help" | "-h") => return Ok(None),
            Some("--policy") => match arguments.next() {
                Some(path) => options.policy = Some(path.into()),
                None => return Err(format!("--policy takes a file\n{USAGE}")),
            },
            Some("--store") => match arguments.next().as_deref().map(std::ffi::OsStr::to_string_lossy) {
                Some(store) => options.store = store.parse().map_err(|error| format!("{error}\n{USAGE}"))?,
                None => return Err(format!("--store takes {}\n{USAGE}", Store::USAGE)),
            },
            Some(flag) if flag.starts_with('-') => return Err(format!("{flag} is not known\n{USAGE}")),
            _ if options.log.is_none() => options.log = Some(argument.into()),
            _ => return Err(format!("one log at a time\n{USAGE}")),
        }
    }
    Ok(Some(options))
}

/// The log's text, unpacked if it is packed with gzip.
fn log(options: &Options) -> Result<Vec<u8>, Box<dyn Error>> {
    let Some(path) = &options.log else {
        return Ok(SAMPLE.to_vec());
    };
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut text = Vec::with_capacity(bytes.len().saturating_mul(20));
    flate2::read::MultiGzDecoder::new(&*bytes)
        .read_to_end(&mut text)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text)
}

fn read_policy(path: &PathBuf) -> Result<PolicyDraft, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let json = path.extension().is_some_and(|extension| extension == "json");
    let draft = if json {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    } else {
        toml::from_str(&text).map_err(|error| error.to_string())
    };
    Ok(draft.map_err(|error| format!("{}: {error}", path.display()))?)
}

/// A desk on which the system imports, whatever roles the policy has. Nothing may lie in its future, so its clock stands
/// at the log's end, should that be later than now.
fn desk(
    repository: AnyRepository,
    policy: &Policy,
    latest: DateTime<Utc>,
) -> Result<ActingDesk<AnyRepository>, andon::Error> {
    let time = ManualTime::at(SystemTime.now().max(latest));
    let desk = Desk::new(repository).with_policy(policy.clone()).with_time(time);
    Ok(blocking::Desk::from(desk).tenant("log")?.acting_as(Actor::system()))
}
