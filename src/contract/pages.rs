//! Pages: each row once, wherever they are cut and whatever is written between them.

use std::collections::BTreeMap;

use super::{
    check::{Kept, Why, ensure, same},
    documents::{policy, publication},
    fixture::{Known, Trial, acme, all, minute, start, viewer},
    generated::{Dice, MANY, moved_on, population},
    lists::expected,
};
use crate::{
    event::RecordId,
    incident::Facts,
    key::SiteRef,
    store::{
        Commit, FeedRequest, Filter, IndexRow, MAX_PAGE, PageRequest, Query, Repository, Share, Sort, Sweep, Term,
    },
};

/// Lists that cut across what a store may keep apart: those that are done, a group's, what few may see.
fn queries() -> Vec<Query> {
    let network = Query::all().group(super::fixture::group("Network"));
    let searched = Query::all().search("o");
    [Query::all(), Query::open(), network, searched]
        .into_iter()
        .flat_map(|query| Sort::ALL.map(|sort| query.clone().sorted(sort)))
        .collect()
}

pub(super) async fn each_row_is_on_one_page<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = population(trial, MANY).await?;
    let at = minute(150);
    for query in queries() {
        let whole = expected(&records, &all(), &query, at);
        let sort = query.sort;
        for limit in [1, 2, 7, 1_000] {
            let found = trial.list_after(&all(), &query, at, None, limit).await?;
            same(&format!("the rows by {sort:?}, {limit} at a time"), &found, &whole)?;
        }
        // From every row on.
        for (cut, row) in (1_usize..).zip(&whole) {
            let after = Some(query.sort_key(row, at));
            let page = trial.repository.page(&all(), PageRequest { query: &query, at, after, limit: 7 }).await?;
            let rest = whole.get(cut..).unwrap_or_default();
            let wanted = rest.get(..7).unwrap_or(rest);
            same(&format!("the rows by {sort:?} after the {cut}. one"), &page.rows, &wanted.to_vec())?;
        }
    }
    // Those that few may see, in pages.
    for terms in [vec![Term::Confidential], vec![Term::Group(super::fixture::group("Mail"))]] {
        for query in queries() {
            let found = trial.list_after(&viewer(&terms), &query, at, None, 3).await?;
            same("the rows that a viewer sees", &found, &expected(&records, &viewer(&terms), &query, at))?;
        }
    }
    Ok(())
}

pub(super) async fn pages_say_whether_there_are_more<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let query = Query::all();
    let scope = all();
    let page = |limit, after| trial.repository.page(&scope, PageRequest { query: &query, at: start(), after, limit });
    let empty = page(5, None).await?;
    same("an empty list", &(empty.rows.len(), empty.more), &(0, false))?;
    let records = population(trial, 6).await?;
    for (limit, more) in [(1, true), (5, true), (6, false), (7, false), (1_000, false)] {
        same(&format!("whether there are more than {limit} of 6"), &page(limit, None).await?.more, &more)?;
    }
    let whole = expected(&records, &all(), &query, start());
    for (left, row) in (0..6_usize).rev().zip(&whole) {
        let rest = page(3, Some(query.sort_key(row, start()))).await?;
        same(&format!("whether there are more where {left} are left"), &rest.more, &(left > 3))?;
    }
    Ok(())
}

pub(super) async fn writes_do_not_move_the_rest<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    for sort in Sort::ALL {
        for limit in [1, 2, 7] {
            unmoved(trial, sort, limit).await?;
        }
    }
    Ok(())
}

/// Reads a list page by page while every second record changes and new ones come in before and behind.
async fn unmoved<R: Repository>(trial: &Trial<'_, R>, sort: Sort, limit: usize) -> Kept {
    let round = SiteRef::new(format!("{} by {limit}", sort.key()))?;
    let report = |seed: u64| {
        let facts = Facts { site: Some(round.clone()), ..trial.generated_facts(&mut Dice::new(seed))? };
        let known = trial.reported_by(&acme(), trial.command(), minute(seed_minute(seed)), facts)?;
        Ok::<_, Why>(known.due(seed.is_multiple_of(2).then(|| minute(seed_minute(!seed)))))
    };
    let stored = (0..24).map(report).collect::<Kept<Vec<_>>>()?;
    trial.land(&acme(), trial.commit(&stored.iter().collect::<Vec<_>>())).await?;
    let mut quiet: BTreeMap<RecordId, u32> = BTreeMap::new();
    let mut busy: Vec<Known> = Vec::new();
    for (index, known) in stored.into_iter().enumerate() {
        if index.is_multiple_of(2) {
            quiet.insert(known.id(), 0);
        } else {
            busy.push(known);
        }
    }
    let filter = Filter { sites: vec![round.clone()], ..Filter::default() };
    let (query, at) = (Query { filter, sort }, minute(150));
    let mut after = None;
    let mut seed = 5_000_u64;
    for _ in 0..1_000 {
        let page = trial.repository.page(&all(), PageRequest { query: &query, at, after, limit }).await?;
        for row in &page.rows {
            if let Some(times) = quiet.get_mut(&row.id) {
                *times = times.saturating_add(1);
            }
        }
        after = page.rows.last().map(|row| query.sort_key(row, at)).or(after);
        if !page.more {
            let wrong = quiet.values().filter(|times| **times != 1).count();
            ensure!(
                wrong == 0,
                "of {} rows that did not change while they were read by {sort:?}, {limit} at a time, {wrong} came \
                 not once: {:?}",
                quiet.len(),
                quiet.values().collect::<Vec<_>>()
            );
            return Ok(());
        }
        // One is moved, and one is new: before the place that was reached, or behind it.
        if let Some(known) = busy.pop() {
            seed = seed.wrapping_add(1);
            trial.put(&moved_on(trial, &known, seed)?).await?;
            trial.put(&report(seed)?).await?;
        }
    }
    Err(Why::new("the pages of a list do not end while others write"))
}

fn seed_minute(seed: u64) -> u32 {
    u32::try_from(super::fixture::scramble(seed).checked_rem(400).unwrap_or(0)).unwrap_or(0)
}

pub(super) async fn a_page_says_where_the_feed_stood<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    for _ in 0..3 {
        let before = trial.make("before").await?;
        let query = Query::all();
        let page =
            trial.repository.page(&all(), PageRequest { query: &query, at: start(), after: None, limit: 1 }).await?;
        let (none, _) = trial.follow(&all(), &Filter::default(), Some(page.feed), 10).await?;
        ensure!(none.is_empty(), "{} old entries come after the position of a page", none.len());
        let new = trial.make("after").await?;
        let changed = trial.change(&before, vec![super::fixture::routed("Network")]).await?;
        let (entries, _) = trial.follow(&all(), &Filter::default(), Some(page.feed), 10).await?;
        let found: Vec<_> = entries.iter().map(|entry| entry.record).collect();
        same("what comes after the position of a page", &found, &vec![new.id(), changed.id()])?;
    }
    Ok(())
}

pub(super) async fn a_page_has_one_row_at_least<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    for n in 1..=3 {
        let known = trial.reported(trial.facts("waiting")?)?.wake(Some(minute(n)));
        trial.put(&known).await?;
    }
    let query = Query::all();
    let page = trial.repository.page(&all(), PageRequest { query: &query, at: start(), after: None, limit: 0 }).await?;
    same("a page of no rows", &(page.rows.len(), page.more), &(1, true))?;
    let filter = Filter::default();
    let feed = trial.repository.feed(&all(), FeedRequest { after: None, filter: &filter, limit: 0 }).await?;
    same("a page of no entries", &(feed.entries.len(), feed.more), &(1, true))?;
    let sweep = Sweep { now: minute(10), limit: 0, share: Share::ALL, after: None };
    same("a sweep of no wakes", &trial.repository.wakes(sweep).await?.len(), &1)?;
    for version in 1..=2 {
        let policy = policy(&format!("Version {version}"))?;
        let before = trial.repository.load(&all(), None, None).await?.policy;
        let publication = Some(publication(&policy, version));
        trial.land(&acme(), Commit { publication, policy: before, ..trial.commit(&[]) }).await?;
    }
    same("no publications", &trial.repository.published(&all().tenant, None, 0).await?.len(), &1)
}

pub(super) async fn a_page_has_an_end<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let many = MAX_PAGE.saturating_add(5);
    let mut new = Vec::with_capacity(many);
    for _ in 0..many {
        new.push(trial.reported(trial.facts("one of many")?)?.wake(Some(minute(1))));
    }
    for some in new.chunks(200) {
        trial.land(&acme(), trial.commit(&some.iter().collect::<Vec<_>>())).await?;
    }
    let filter = Filter::default();
    for limit in [MAX_PAGE, 1_000_000, usize::MAX] {
        for sort in Sort::ALL {
            let query = Query::all().sorted(sort);
            let request = PageRequest { query: &query, at: start(), after: None, limit };
            let page = trial.repository.page(&all(), request).await?;
            same("a page of many rows", &(page.rows.len(), page.more), &(MAX_PAGE, true))?;
        }
        let feed = trial.repository.feed(&all(), FeedRequest { after: None, filter: &filter, limit }).await?;
        same("a page of many entries", &(feed.entries.len(), feed.more), &(MAX_PAGE, true))?;
        let sweep = Sweep { now: minute(1), limit, share: Share::ALL, after: None };
        same("a sweep of many wakes", &trial.repository.wakes(sweep).await?.len(), &MAX_PAGE)?;
    }
    let rows: Vec<IndexRow> = trial.list_after(&all(), &Query::all(), start(), None, MAX_PAGE).await?;
    same("how many rows there are in all", &rows.len(), &many)
}
