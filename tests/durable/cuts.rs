//! The log beside a file, cut off anywhere: what is found is what some first commands left, whole.

use std::{fs, path::Path};

use andon::{CommandId, key::TenantId, store::SqliteRepository};
use rusqlite::{Connection, config::DbConfig};

use crate::{
    child::any,
    common::{Dice, Folder, anna, long, whole},
};

/// The head of the log, and that of each of its frames, before a page.
const HEAD: u64 = 32;
const FRAME: u64 = 24 + 4_096;

/// What stands in the tables after each command: numbers that no half command leaves alike.
const COUNTS: &str = "SELECT (SELECT count(*) FROM answer), (SELECT count(*) FROM event), (SELECT count(*) FROM feed), \
                      (SELECT count(*) FROM record), (SELECT coalesce(sum(version), 0) FROM record), \
                      (SELECT count(*) FROM term), (SELECT coalesce(sum(length(snapshot)), 0) FROM record)";

type Counts = [i64; 7];

fn counts(connection: &Connection) -> rusqlite::Result<Counts> {
    connection.query_row(COUNTS, [], |row| {
        let mut counts = [0; 7];
        for (index, count) in counts.iter_mut().enumerate() {
            *count = row.get(index)?;
        }
        Ok(counts)
    })
}

#[test]
fn a_log_cut_anywhere_is_a_first_part_of_what_was_done() {
    let commands: u64 = if long() { 500 } else { 120 };
    let folder = Folder::new();
    let (file, log) = (folder.file(), folder.path().join("desk.andon-wal"));
    // A reader that looks at the file as it was in the beginning: the log is not written back, and not begun anew.
    let repository = SqliteRepository::open(&file).unwrap();
    anna(&repository).report("The first").unwrap();
    pollster::block_on(repository.close());
    let holder = Connection::open(&file).unwrap();
    holder.execute_batch("BEGIN; SELECT count(*) FROM record;").unwrap();
    let repository = SqliteRepository::open(&file).unwrap();
    let desk = anna(&repository);
    let looker = Connection::open(&file).unwrap();
    let mut after = vec![counts(&looker).unwrap()];
    let mut ids = Vec::new();
    let mut dice = Dice(7);
    for n in 0..commands {
        let command = CommandId::named(&format!("cut {n}"));
        if n % 6 == 0 {
            ids.push(desk.clone().with_command(command).report(format!("Incident {n}")).unwrap().id());
        } else {
            let at = usize::try_from(dice.roll(u64::try_from(ids.len()).unwrap())).unwrap();
            let _ = desk.incident(ids[at]).with_command(command).execute(any(&mut dice));
        }
        let now = counts(&looker).unwrap();
        if after.last() != Some(&now) {
            after.push(now);
        }
    }
    let whole_log = fs::read(&log).unwrap();
    // The reader, too, is in the way of the log being written back when the others are gone.
    let kept = Folder::new();
    fs::copy(&file, kept.file()).unwrap();
    pollster::block_on(repository.close());
    drop((looker, holder));

    let frames = (u64::try_from(whole_log.len()).unwrap() - HEAD) / FRAME;
    let mut cuts: Vec<u64> = (0..=frames)
        .flat_map(|frame| [HEAD + frame * FRAME - 1, HEAD + frame * FRAME, HEAD + frame * FRAME + 1])
        .filter(|cut| *cut <= u64::try_from(whole_log.len()).unwrap())
        .collect();
    cuts.reverse();
    let log = kept.path().join("desk.andon-wal");
    fs::write(&log, &whole_log).unwrap();
    let mut found = after.len() - 1;
    let mut first_parts = 0;
    for (tried, cut) in cuts.iter().enumerate() {
        fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(*cut).unwrap();
        let here = reopened(&kept.file());
        // A shorter log holds as much or less: always what some first commands left.
        let at = after[..=found].iter().rposition(|known| *known == here);
        found = at.unwrap_or_else(|| panic!("cut at {cut}: {here:?} is what no first part of the commands left"));
        if tried % 100 == 0 {
            let copy = Folder::new();
            fs::copy(kept.file(), copy.file()).unwrap();
            fs::copy(&log, copy.path().join("desk.andon-wal")).unwrap();
            let repository = SqliteRepository::open(copy.file()).unwrap();
            let acme: TenantId = "acme".parse().unwrap();
            let whole = whole::whole(&repository, &acme);
            assert_eq!(i64::try_from(whole.answers.len()).unwrap(), here[0]);
            first_parts += 1;
            pollster::block_on(repository.close());
        }
    }
    assert_eq!(found, 0, "a log without a frame is what was there in the beginning");
    println!("{} cuts of a log of {frames} frames; {} states; {first_parts} looked at whole", cuts.len(), after.len());
}

/// What stands in the tables when the file is opened with what is left of its log, which is left as it is.
fn reopened(file: &Path) -> Counts {
    let _ = fs::remove_file(file.with_extension("andon-shm"));
    let connection = Connection::open(file).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    counts(&connection).unwrap()
}
