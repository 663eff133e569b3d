//! The feed: every write, in order, as far as the viewer sees it.

use std::collections::BTreeMap;

use super::{
    check::{Kept, Why, ensure, same},
    fixture::{Known, Trial, acme, all, globex, group, person, routed, viewer},
    generated::{moved_on, records},
};
use crate::{
    event::{Event, RecordId},
    incident::{Audience, FactChange, IncidentEvent as E, Stage},
    store::{
        FeedChange, FeedEntry, FeedPosition, FeedRequest, Filter, IndexRow, Query, Repository, RepositoryError, Scope,
        Term,
    },
};

/// What one commit wrote: each record with the events that were added to it.
type Written = Vec<(RecordId, Vec<Event>)>;

/// Commits of one record and of several, while another tenant commits, too. Gives what each wrote, and the
/// records as they came to stand.
async fn writes<R: Repository>(trial: &Trial<'_, R>) -> Kept<(Vec<Written>, Vec<Known>)> {
    let mut commits = Vec::new();
    let mut stored = records(trial, 12)?;
    for some in stored.chunks(4) {
        trial.land(&acme(), trial.commit(&some.iter().collect::<Vec<_>>())).await?;
        commits.push(some.iter().map(written).collect());
        let foreign = trial.reported_by(&globex(), trial.command(), trial.now(), trial.facts("theirs")?)?;
        trial.put(&foreign).await?;
    }
    for seed in [7_000, 8_000] {
        for (seed, known) in (seed..).zip(&mut stored).step_by(2) {
            *known = moved_on(trial, known, seed)?;
            trial.put(known).await?;
            commits.push(vec![written(known)]);
        }
    }
    Ok((commits, stored))
}

fn written(known: &Known) -> (RecordId, Vec<Event>) {
    (known.id(), known.added().to_vec())
}

fn told(entries: &[FeedEntry]) -> Written {
    let events = |entry: &FeedEntry| match &entry.change {
        FeedChange::Stands { events, .. } => events.clone(),
        FeedChange::Left => Vec::new(),
    };
    entries.iter().map(|entry| (entry.record, events(entry))).collect()
}

pub(super) async fn every_write_is_in_the_feed<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (commits, _) = writes(trial).await?;
    let entries = trial.feed(&all()).await?;
    let mut last: Option<FeedPosition> = None;
    for entry in &entries {
        let (at, same_epoch) = (entry.position, last.is_none_or(|last| last.epoch == entry.position.epoch));
        ensure!(same_epoch && last < Some(at), "the position {at:?} comes after {last:?}");
        last = Some(at);
    }
    let records = |written: &Written| written.iter().map(|(record, _)| *record).collect::<Vec<_>>();
    let mut found = records(&told(&entries)).into_iter();
    for commit in &commits {
        // The records of one commit come in any order.
        let mut of_commit: Vec<_> = found.by_ref().take(commit.len()).collect();
        let mut wanted = records(commit);
        of_commit.sort_unstable();
        wanted.sort_unstable();
        same("the records of a commit in the feed", &of_commit, &wanted)?;
    }
    same("what is in the feed beside the writes", &found.collect(), &Vec::new())
}

pub(super) async fn the_feed_reads_in_pages<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    writes(trial).await?;
    let whole = trial.feed(&all()).await?;
    let end = trial.feed_end(&acme()).await?;
    for limit in [1, 2, 7, 1_000] {
        let (entries, next) = trial.follow(&all(), &Filter::default(), None, limit).await?;
        same(&format!("the feed, {limit} at a time"), &entries, &whole)?;
        same("where it ends", &next, &end)?;
    }
    for (cut, entry) in (1_usize..).zip(&whole) {
        let (entries, _) = trial.follow(&all(), &Filter::default(), Some(entry.position), 5).await?;
        same("the rest of the feed", &entries.as_slice(), &whole.get(cut..).unwrap_or_default())?;
    }
    let filter = Filter::default();
    let nothing = trial.repository.feed(&all(), FeedRequest { after: Some(end), filter: &filter, limit: 5 }).await?;
    same("what comes after the end", &(nothing.entries.len(), nothing.next, nothing.more), &(0, end, false))
}

pub(super) async fn an_entry_has_what_was_added<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (commits, stored) = writes(trial).await?;
    let rows: BTreeMap<RecordId, &IndexRow> = stored.iter().map(|known| (known.id(), &known.row)).collect();
    let entries = trial.feed(&all()).await?;
    let by_record = |written: Written| {
        let mut added: BTreeMap<RecordId, Vec<Vec<Event>>> = BTreeMap::new();
        for (record, events) in written {
            added.entry(record).or_default().push(events);
        }
        added
    };
    let wanted = by_record(commits.into_iter().flatten().collect());
    same("the events that each commit added to each record", &by_record(told(&entries)), &wanted)?;
    for entry in &entries {
        let FeedChange::Stands { row, .. } = &entry.change else {
            return Err(Why::new(format!("{} has left, and everybody sees it", entry.record)));
        };
        same("the row in the feed", &Some(&**row), &rows.get(&entry.record).copied())?;
    }
    Ok(())
}

pub(super) async fn what_does_not_fit_has_left<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (_, stored) = writes(trial).await?;
    let filters = [
        Query::all().stage(Stage::New).stage(Stage::InProgress),
        Query::all().group(group("Network")),
        Query::all().search("vpn"),
        Query::all().unassigned(),
    ];
    for Query { filter, .. } in filters {
        let (entries, _) = trial.follow(&all(), &filter, None, 7).await?;
        let mut told = BTreeMap::new();
        for entry in entries {
            told.insert(entry.record, matches!(entry.change, FeedChange::Stands { .. }));
        }
        let fits = stored.iter().map(|known| (known.id(), filter.matches(&known.row, &known.terms)));
        same(&format!("which records fit {filter:?}"), &told, &fits.collect())?;
    }
    Ok(())
}

fn hidden(known: &Known, new: bool) -> E {
    E::Edited(vec![FactChange::Confidential { old: known.facts().confidential, new }])
}

/// What a viewer is told after a position: of which records, and whether they stand.
async fn stands<R: Repository>(
    trial: &Trial<'_, R>,
    scope: &Scope,
    after: Option<FeedPosition>,
) -> Kept<Vec<(RecordId, bool)>> {
    let (entries, _) = trial.follow(scope, &Filter::default(), after, 2).await?;
    let stands = |entry: &FeedEntry| matches!(entry.change, FeedChange::Stands { .. });
    Ok(entries.iter().map(|entry| (entry.record, stands(entry))).collect())
}

pub(super) async fn what_leaves_sight_has_left<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let scope = viewer(&[Term::Everyone]);
    let known = trial.make("now you see it").await?;
    let other = trial.make("always seen").await?;
    let seen = trial.feed_end(&acme()).await?;
    let known =
        trial.change(&known, vec![trial.note(Audience::Public, "the last that you see")?, hidden(&known, true)]);
    let known = known.await?;
    let gone = trial.feed_end(&acme()).await?;
    let known = trial.change(&known, vec![trial.note(Audience::Public, "secret")?]).await?;
    trial.change(&known, vec![routed("Network")]).await?;
    let left = (known.id(), false);
    same("what is told from the beginning", &stands(trial, &scope, None).await?, &vec![(other.id(), true), left])?;
    same("what is told to one who saw it", &stands(trial, &scope, Some(seen)).await?, &vec![left])?;
    same("what is told to one who knows that it left", &stands(trial, &scope, Some(gone)).await?, &Vec::new())?;
    // For those who see it through something else, or in a group, it is the same.
    let network = viewer(&[Term::Group(group("Network"))]);
    let at_desk = trial.make("handed on").await?;
    let at_desk = trial.change(&at_desk, vec![routed("Network")]).await?;
    let seen = trial.feed_end(&acme()).await?;
    let handed_on = trial.change(&at_desk, vec![routed("Mail")]).await?;
    trial.change(&handed_on, vec![trial.note(Audience::Public, "not theirs any more")?]).await?;
    let told = stands(trial, &network, Some(seen)).await?;
    same("what is told to the group that had it", &told, &vec![(handed_on.id(), false)])
}

pub(super) async fn what_was_never_seen_is_not_in_the_feed<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let scopes = [
        viewer(&[Term::Everyone]),
        viewer(&[Term::Person(person("anna")), Term::Watcher(person("anna"))]),
        viewer(&[Term::Group(group("Mail"))]),
        viewer(&[]),
    ];
    let mut facts = trial.facts("secret")?;
    facts.confidential = true;
    let known = trial.reported(facts)?;
    trial.put(&known).await?;
    // Even while who sees it changes for others.
    let known = trial.change(&known, vec![routed("Network")]).await?;
    let known = trial.change(&known, vec![E::Watched(person("wanda"))]).await?;
    trial.change(&known, vec![E::Unwatched(person("wanda")), trial.note(Audience::Public, "secret")?]).await?;
    for scope in scopes {
        same(&format!("what {:?} is told", scope.viewer), &stands(trial, &scope, None).await?, &Vec::new())?;
    }
    Ok(())
}

pub(super) async fn what_comes_into_sight_is_in_the_feed<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let scope = viewer(&[Term::Everyone]);
    let mut facts = trial.facts("secret until now")?;
    facts.confidential = true;
    let known = trial.reported(facts)?;
    trial.put(&known).await?;
    let before = trial.feed_end(&acme()).await?;
    same("what is told before", &stands(trial, &scope, None).await?, &Vec::new())?;
    let known = trial.change(&known, vec![hidden(&known, false)]).await?;
    let known = trial.change(&known, vec![routed("Network")]).await?;
    let (entries, _) = trial.follow(&scope, &Filter::default(), Some(before), 10).await?;
    let rows = entries.iter().filter_map(|entry| match &entry.change {
        FeedChange::Stands { row, .. } => Some(&**row),
        FeedChange::Left => None,
    });
    same("what is told from then on", &rows.collect(), &vec![&known.row, &known.row])
}

/// Whether waiting for, or reading, what comes after a position is refused as it must be.
pub(super) fn too_old<T>(what: &str, result: Result<T, RepositoryError>) -> Kept {
    match result {
        Err(RepositoryError::CursorTooOld) => Ok(()),
        Err(error) => Err(Why::new(format!("{what}: refused with `{error}`, and not with CursorTooOld"))),
        Ok(_) => Err(Why::new(format!("{what}: accepted"))),
    }
}

/// Positions that no feed of this store has, or not yet.
pub(super) fn foreign(end: FeedPosition) -> [(&'static str, FeedPosition); 5] {
    let place = end.place.saturating_add(1);
    [
        ("a position just beyond the end", FeedPosition { place, ..end }),
        ("a position far beyond the end", FeedPosition { place: u64::MAX, ..end }),
        ("a position of another epoch", FeedPosition { epoch: !end.epoch, ..end }),
        ("the beginning of another epoch", FeedPosition { epoch: end.epoch ^ 1, place: 0 }),
        ("the beginning of no epoch", FeedPosition { epoch: end.epoch.wrapping_add(1 << 40), place: 0 }),
    ]
}

pub(super) async fn a_foreign_position_is_too_old<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let filter = Filter::default();
    for _ in 0..2 {
        // Of an empty feed, and of one that is not.
        for (what, after) in foreign(trial.feed_end(&acme()).await?) {
            let request = FeedRequest { after: Some(after), filter: &filter, limit: 10 };
            too_old(what, trial.repository.feed(&all(), request).await)?;
        }
        trial.make("something").await?;
    }
    Ok(())
}

pub(super) async fn a_position_stays_valid<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut ends = vec![trial.feed_end(&acme()).await?];
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(trial.make(&format!("record {n}")).await?.id());
        ends.push(trial.feed_end(&acme()).await?);
    }
    for (known, end) in ends.into_iter().enumerate() {
        let (entries, _) = trial.follow(&all(), &Filter::default(), Some(end), 4).await?;
        let found: Vec<_> = entries.iter().map(|entry| entry.record).collect();
        same("what comes after an old position", &found.as_slice(), &ids.get(known..).unwrap_or_default())?;
    }
    Ok(())
}
