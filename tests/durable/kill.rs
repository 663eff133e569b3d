//! Processes that are killed in the middle of writing: what was answered is there whole, and nothing is there in part.

use std::{
    io::Read as _,
    time::{Duration, Instant},
};

use andon::{
    CommandId,
    key::TenantId,
    store::{Moved, SqliteRepository},
};

use crate::{
    child::said,
    common::{Dice, Folder, child, long, whole},
};

/// So many processes are killed on one file before a new one is begun.
const ON_ONE_FILE: u64 = 20;

#[test]
fn what_was_answered_survives_the_process() {
    let kills: u64 = if long() { 1_000 } else { 200 };
    let acme: TenantId = "acme".parse().unwrap();
    let mut dice = Dice(6);
    let (mut answered, mut began) = (0_usize, Instant::now());
    let mut folder = Folder::new();
    let mut acknowledged: Vec<(CommandId, u64)> = Vec::new();
    for kill in 0..kills {
        if kill % ON_ONE_FILE == 0 {
            folder = Folder::new();
            acknowledged.clear();
        }
        let mut process = child("writer", &folder.file(), kill).spawn().unwrap();
        let mut out = process.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut output = String::new();
            out.read_to_string(&mut output).map(|_| output)
        });
        std::thread::sleep(Duration::from_millis(40 + dice.roll(120)));
        process.kill().unwrap();
        process.wait().unwrap();
        let output = reader.join().unwrap().unwrap();
        let acknowledgement = |line: &str| {
            let (command, version) = line.split_once(' ').unwrap();
            (command.parse::<CommandId>().unwrap(), version.parse::<u64>().unwrap())
        };
        acknowledged.extend(said(&output).map(acknowledgement));
        if !folder.file().exists() {
            continue;
        }
        let repository = SqliteRepository::open(folder.file()).unwrap();
        let whole = whole::whole(&repository, &acme);
        for (command, version) in &acknowledged {
            let answer = whole.answers.get(command).unwrap_or_else(|| panic!("{command} was answered, and is lost"));
            let touched = answer.touched.first().unwrap();
            assert_eq!(touched.last.get(), *version, "the version that {command} was answered with");
            assert!(whole.records[&touched.record].row.version >= touched.last);
        }
        if kill % ON_ONE_FILE == ON_ONE_FILE - 1 {
            answered += acknowledged.len();
        }
        pollster::block_on(repository.close());
        if kill % 50 == 49 {
            println!("{} killed, {answered} commands answered before; {:?}", kill + 1, began.elapsed());
            began = Instant::now();
        }
    }
    assert!(answered > usize::try_from(kills).unwrap(), "only {answered} commands were answered: nothing was tried");
}

/// That the checks of the tests above would find something: a log that lost its last event is told.
#[test]
fn what_is_there_in_part_is_found() {
    let folder = Folder::new();
    let repository = SqliteRepository::open(folder.file()).unwrap();
    let desk = crate::common::anna(&repository);
    desk.report("Mail is down").unwrap();
    pollster::block_on(repository.close());
    let raw = rusqlite::Connection::open(folder.file()).unwrap();
    raw.pragma_update(None, "foreign_keys", false).unwrap();
    raw.execute("DELETE FROM event", []).unwrap();
    drop(raw);
    let repository = SqliteRepository::open(folder.file()).unwrap();
    let inspection = pollster::block_on(repository.inspect(|_| {})).unwrap();
    assert_eq!(inspection.damages.len(), 1);
    let acme: TenantId = "acme".parse().unwrap();
    let records = whole::moved(&repository, &acme).into_iter().filter(|moved| matches!(moved, Moved::Record(_)));
    assert!(records.into_iter().all(|moved| moved.check(&acme).is_err()));
}
