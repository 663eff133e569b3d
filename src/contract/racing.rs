//! Races: several at once on one record, one command, one number, one feed.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
};

use super::{
    check::{Kept, WHILE, Why, ensure, same, step_back, within},
    fixture::{Known, Trial, acme, all},
};
use crate::{
    event::RecordId,
    id::Version,
    incident::{Audience, Incident},
    store::{FeedChange, FeedRequest, Filter, Landed, Record, Refused, Repository, RepositoryError},
};

/// How many race.
const RACERS: u32 = 4;
/// How often each writes.
const WRITES: u32 = 8;
/// How often a writer tries before the case gives up: far more than there are others to lose against.
const TRIES: u32 = 10_000;

/// How often the follower looks again when all is written.
const IDLE: u32 = 50;

/// The record as it is stored now. Its log is not read: it is not needed to go on.
async fn present<R: Repository>(trial: &Trial<'_, R>, known: &Known) -> Kept<Known> {
    let loaded = trial.load(&all(), known.id()).await?.ok_or_else(|| Why::new("the record is gone"))?;
    let incident = loaded.record.incident().ok_or_else(|| Why::new("the record is no incident"))?.clone();
    let mut known = Known { incident, ..known.clone() };
    known.row.version = loaded.version;
    let past = usize::try_from(loaded.version.get()).unwrap_or(usize::MAX);
    if let Some(any) = known.log.first().cloned() {
        known.log.resize(past, any);
    }
    Ok(known)
}

/// Writes on a record, again and again until it lands, and says on which version it did each time.
async fn write_on<R: Repository>(trial: &Trial<'_, R>, known: &Known) -> Kept<Vec<Version>> {
    let mut won = Vec::new();
    for _ in 0..WRITES {
        let mut landed = false;
        for _ in 0..TRIES {
            let found = present(trial, known).await?;
            let next = trial.next(&found, vec![trial.note(Audience::Public, "mine")?])?;
            step_back().await;
            match trial.repository.commit(&acme(), trial.commit(&[&next])).await {
                Ok(Landed::Now) => {
                    won.push(next.version());
                    landed = true;
                    break;
                }
                Err(Refused { error: RepositoryError::Conflict { .. }, .. }) => {}
                Ok(before @ Landed::Before(_)) => {
                    return Err(Why::new(format!("a new command came back as {before:?}")));
                }
                Err(refused) => return Err(refused.error.into()),
            }
        }
        ensure!(landed, "a writer lost {TRIES} times");
    }
    Ok(won)
}

pub(super) async fn one_writer_wins_each_version<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = trial.make("contended").await?;
    let racers = (0..RACERS).map(|_| write_on(trial, &known)).collect();
    let mut won = Vec::new();
    for racer in trial.racing.race(racers).await? {
        won.extend(racer?);
    }
    won.sort_unstable();
    let all_of_them = u64::from(RACERS.saturating_mul(WRITES)).saturating_add(1);
    let expected: Vec<_> = (2..=all_of_them).map(Version::new).collect();
    same("the versions that writers won", &won, &expected)?;
    let log = trial.log(&all(), known.id(), 100, false).await?;
    let sequences: Vec<_> = log.iter().map(|event| event.sequence).collect();
    same("the sequences of the log", &sequences, &(1..=all_of_them).map(Version::new).collect::<Vec<_>>())?;
    let (folded, version) = Incident::fold(&log)?;
    let loaded = trial.load(&all(), known.id()).await?.map(|loaded| (loaded.record, loaded.version));
    same("the record that the log adds up to", &loaded, &Some((Record::from(folded), version)))
}

pub(super) async fn racing_commands_land_once<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    for _ in 0..WRITES {
        let known = trial.make("asked for often").await?;
        let next = trial.next(&known, vec![trial.note(Audience::Public, "once")?])?;
        let commit = trial.commit(&[&next]);
        let send = || async {
            step_back().await;
            trial.repository.commit(&acme(), commit.clone()).await.map_err(|refused| refused.error)
        };
        let mut now = 0_u32;
        for landed in trial.racing.race((0..RACERS).map(|_| send()).collect()).await? {
            match landed? {
                Landed::Now => now = now.saturating_add(1),
                Landed::Before(answer) => same("the answer", &answer, &commit.answer())?,
            }
        }
        same("how often the command landed", &now, &1)?;
        trial.stands(&next).await?;
    }
    Ok(())
}

pub(super) async fn one_of_two_takes_a_number<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    for _ in 0..WRITES {
        let number = trial.facts("numbered")?.number;
        let new = (0..RACERS).map(|_| {
            let mut facts = trial.facts("numbered")?;
            facts.number = number.clone();
            trial.reported(facts)
        });
        let new = new.collect::<Kept<Vec<_>>>()?;
        let send = |known: &Known| {
            let commit = trial.commit(&[known]);
            async {
                step_back().await;
                trial.repository.commit(&acme(), commit).await.map_err(|refused| refused.error)
            }
        };
        let mut winner = None;
        for (known, landed) in new.iter().zip(trial.racing.race(new.iter().map(send).collect()).await?) {
            match landed {
                Ok(_) if winner.is_some() => return Err(Why::new(format!("two records are called {number}"))),
                Ok(_) => winner = Some(known),
                Err(RepositoryError::AlreadyExists { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let winner = winner.ok_or_else(|| Why::new(format!("no record is called {number}")))?;
        trial.stands(winner).await?;
    }
    Ok(())
}

/// What a writer or the follower comes to.
enum Came {
    Wrote(RecordId, Version),
    Followed(BTreeMap<RecordId, Vec<Version>>),
}

pub(super) async fn late_commits_are_not_missed<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let writing = AtomicU32::new(RACERS);
    let write = |known: Known| async move {
        let mut known = known;
        for _ in 0..WRITES {
            known = trial.next(&known, vec![trial.note(Audience::Public, "on and on")?])?;
            step_back().await;
            trial.put(&known).await?;
        }
        Ok(Came::Wrote(known.id(), known.version()))
    };
    let writer = |known: Known| async {
        let result = write(known).await;
        writing.fetch_sub(1, Ordering::SeqCst);
        result
    };
    let follower = async {
        let filter = Filter::default();
        let awaited = RACERS.saturating_mul(WRITES.saturating_add(1));
        let mut found: BTreeMap<RecordId, Vec<Version>> = BTreeMap::new();
        let mut after = None;
        let (mut known, mut idle) = (0_u32, 0_u32);
        for _ in 0..TRIES {
            // Whoever looks now and then finds several changes of a record on one page.
            for _ in 0..3 {
                step_back().await;
            }
            let over = writing.load(Ordering::SeqCst) == 0;
            let page = trial.repository.feed(&all(), FeedRequest { after, filter: &filter, limit: 7 }).await?;
            for entry in page.entries {
                let FeedChange::Stands { events, .. } = entry.change else {
                    return Err(Why::new("a record that everybody sees has left"));
                };
                let versions = found.entry(entry.record).or_default();
                for event in events {
                    // A change may come twice, but none before the one that it follows.
                    let next = versions.last().map_or(Version::new(1), |last| last.next());
                    ensure!(event.sequence <= next, "event {} of {} came before {next}", event.sequence, entry.record);
                    if event.sequence == next {
                        versions.push(next);
                        known = known.saturating_add(1);
                    }
                }
            }
            after = Some(page.next);
            // When all is written, what is still missing may come a little later, or was missed.
            idle = if over { idle.saturating_add(1) } else { 0 };
            if known >= awaited || idle > IDLE {
                break;
            }
            if !page.more {
                // Nothing is lost by going on early: the next page tells.
                drop(within(WHILE, trial.repository.changed(&acme(), page.next)).await);
            }
        }
        Ok(Came::Followed(found))
    };
    let mut racers: Vec<Pin<Box<dyn Future<Output = Kept<Came>> + Send + '_>>> = Vec::new();
    for _ in 0..RACERS {
        racers.push(Box::pin(writer(trial.make("written on").await?)));
    }
    racers.push(Box::pin(follower));
    let mut written = BTreeMap::new();
    let mut told = BTreeMap::new();
    for came in trial.racing.race(racers).await? {
        match came? {
            Came::Wrote(record, version) => {
                written.insert(record, (1..=version.get()).map(Version::new).collect::<Vec<_>>());
            }
            Came::Followed(found) => told = found,
        }
    }
    same("what the follower found of each record", &told, &written)
}
