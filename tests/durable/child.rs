//! What a child does: the same program again, to be killed, or to meet a disk that fails.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use andon::{
    CommandId, Error, Id, Incident,
    command::{IncidentCommand, Patch},
    incident::Audience,
    store::{RepositoryError, SqliteRepository},
};

use crate::{
    common::{Dice, anna},
    sweepers,
};

/// Not a test: what the other tests start as a process of its own.
#[test]
#[ignore = "the others start it, in a role"]
fn child() {
    let Some(role) = std::env::var_os("ANDON_CHILD") else { return };
    let file = PathBuf::from(std::env::var_os("ANDON_FILE").unwrap());
    let seed: u64 = std::env::var("ANDON_SEED").unwrap().parse().unwrap();
    match role.to_str().unwrap() {
        "writer" => write_until_killed(&file, seed),
        "victim" => meet_a_fault(&file),
        "sweeper" => sweepers::sweeper(&file),
        role => panic!("{role} is no role"),
    }
}

/// Says something to whoever started this. What was said was done before.
pub fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "said {what}").unwrap();
    out.flush().unwrap();
}

/// What was said by a child, line by line. The last line counts only if it was said to its end.
pub fn said(output: &str) -> impl Iterator<Item = &str> {
    let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().filter_map(|line| line.split_once("said ").map(|(_, said)| said))
}

/// Four threads that write without end. Each says which of its commands were answered, and with which version.
fn write_until_killed(file: &Path, seed: u64) {
    let repository = SqliteRepository::open(file).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let desk = anna(&repository);
            scope.spawn(move || {
                let mut dice = Dice(seed * 4 + thread);
                let mut mine: Vec<Id<Incident>> = Vec::new();
                // Long enough for whoever kills it, and not for ever if nobody does.
                for n in 0..100_000_u64 {
                    let command = CommandId::named(&format!("{seed}/{thread}/{n}"));
                    let outcome = if mine.is_empty() || dice.roll(6) == 0 {
                        desk.clone().with_command(command).report(format!("Incident {n} of {thread}"))
                    } else {
                        let at = usize::try_from(dice.roll(u64::try_from(mine.len()).unwrap())).unwrap();
                        desk.incident(mine[at]).with_command(command).execute(any(&mut dice))
                    };
                    // What an incident does not take is refused, and leaves nothing.
                    if let Ok(outcome) = outcome {
                        if outcome.version().get() == 1 {
                            mine.push(outcome.id());
                        }
                        say(&format!("{command} {}", outcome.version()));
                    }
                }
            });
        }
    });
}

/// Some command.
pub fn any(dice: &mut Dice) -> IncidentCommand {
    match dice.roll(8) {
        0 => IncidentCommand::Route { group: Patch::Set("Network".to_owned()), person: Patch::Set("anna".to_owned()) },
        1 => IncidentCommand::StartWork {},
        2 => IncidentCommand::Watch { person: "bob".to_owned() },
        3 => IncidentCommand::LogTime { seconds: 60, note: None },
        _ => note(&"what was done ".repeat(usize::try_from(1 + dice.roll(40)).unwrap())),
    }
}

pub fn note(text: &str) -> IncidentCommand {
    IncidentCommand::AddNote { audience: Audience::Internal, text: text.to_owned() }
}

/// A command in the middle of which the disk fails, once; then the same again, and another one. Says how each came out.
fn meet_a_fault(file: &Path) {
    let repository = SqliteRepository::open(file).unwrap();
    let desk = anna(&repository);
    let incident = desk.report("Mail is down").unwrap();
    let id = incident.id();
    desk.incident(id).execute(note("before")).unwrap();
    let before = desk.incident(id).get().unwrap().version();
    // From here on the library in front of the disk counts.
    std::fs::write(file.with_extension("armed"), "").unwrap();
    let command = CommandId::named("the victim");
    let first = desk.incident(id).with_command(command).execute(note("in the middle"));
    std::fs::remove_file(file.with_extension("armed")).unwrap();
    let fired = file.with_extension("fired").exists();
    let unknown =
        |error: &Error| matches!(error, Error::Repository { source: RepositoryError::OutcomeUnknown { .. }, .. });
    let came = match &first {
        Ok(_) => "landed",
        Err(error) if unknown(error) => "unknown",
        Err(Error::Repository { .. }) => "failed",
        Err(error) => panic!("{error:?}"),
    };
    if first.is_err() {
        // What failed is not there: neither the event nor the answer.
        let seen = desk.incident(id).get().unwrap().version();
        assert_eq!(seen, before, "after {first:?}");
    }
    // The next command works, and the one that failed can be sent again.
    desk.incident(id).execute(note("the next")).unwrap();
    let again = desk.incident(id).with_command(command).execute(note("in the middle")).unwrap();
    assert_eq!(again.was_repeated(), first.is_ok());
    pollster::block_on(repository.close());
    let repository = SqliteRepository::open(file).unwrap();
    let whole = crate::common::whole::whole(&repository, &"acme".parse().unwrap());
    assert_eq!(whole.records.values().next().unwrap().row.version.get(), before.get() + 2);
    say(&format!("{came} {}", if fired { "fired" } else { "spared" }));
}
