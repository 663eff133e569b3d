//! Logs, read in parts.

use super::{
    check::{Kept, ensure, same},
    fixture::{Known, Trial, all},
};
use crate::{
    id::Version,
    incident::Audience,
    store::{LogPart, MAX_PAGE, Repository},
};

/// A stored record with so many events.
async fn long<R: Repository>(trial: &Trial<'_, R>, events: usize) -> Kept<Known> {
    let known = trial.reported(trial.facts("long")?)?;
    let notes = (1..events).map(|n| trial.note(Audience::Public, &format!("note {n}")));
    let notes = notes.collect::<Kept<Vec<_>>>()?;
    let known = trial.longer(trial.now(), known, notes)?;
    trial.put(&known).await?;
    Ok(known)
}

pub(super) async fn a_log_reads_forwards<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    trial.make("another").await?;
    let known = long(trial, 15).await?;
    for limit in [1, 2, 7, 15, 100] {
        same("the log", &trial.log(&all(), known.id(), limit, false).await?, &known.log)?;
    }
    for from in 1..=16 {
        let part = LogPart { from: Version::new(from), limit: 4, newest_first: false };
        let page = trial.repository.events(&all(), known.id(), part).await?;
        let expected = known.log.iter().filter(|event| event.sequence.get() >= from).take(4);
        let next = (from <= 11).then(|| Version::new(from.saturating_add(4)));
        same("a part of the log", &page.events, &expected.cloned().collect())?;
        same("where the next part begins", &page.next, &next)?;
    }
    let part = LogPart { from: Version::new(u64::MAX), limit: 4, newest_first: false };
    let page = trial.repository.events(&all(), known.id(), part).await?;
    same("the log far beyond its end", &(page.events, page.next), &(Vec::new(), None))
}

pub(super) async fn a_log_reads_backwards<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    trial.make("another").await?;
    let known = long(trial, 15).await?;
    let backwards: Vec<_> = known.log.iter().rev().cloned().collect();
    for limit in [1, 2, 7, 15, 100] {
        same("the log", &trial.log(&all(), known.id(), limit, true).await?, &backwards)?;
    }
    for from in 1..=16 {
        let part = LogPart { from: Version::new(from), limit: 4, newest_first: true };
        let page = trial.repository.events(&all(), known.id(), part).await?;
        let expected: Vec<_> = backwards.iter().filter(|event| event.sequence.get() <= from).take(4).cloned().collect();
        let next = expected.last().map(|event| event.sequence.get()).filter(|last| *last > 1);
        same("a part of the log", &page.events, &expected)?;
        same("where the next part begins", &page.next, &next.map(|last| Version::new(last.saturating_sub(1))))?;
    }
    Ok(())
}

pub(super) async fn a_part_has_one_event_at_least<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = long(trial, MAX_PAGE.saturating_add(5)).await?;
    for newest_first in [false, true] {
        let from = if newest_first { known.version() } else { Version::new(1) };
        for (limit, expected) in [(0, 1), (1, 1), (MAX_PAGE, MAX_PAGE), (1_000_000, MAX_PAGE), (usize::MAX, MAX_PAGE)] {
            let page = trial.repository.events(&all(), known.id(), LogPart { from, limit, newest_first }).await?;
            same("how many events come", &page.events.len(), &expected)?;
            ensure!(page.next.is_some(), "a part of {expected} events says that the log ends, and it does not");
        }
    }
    Ok(())
}
