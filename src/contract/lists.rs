//! Lists and counts: what a filter selects, and in which order it comes.

use super::{
    check::{Kept, ensure, same},
    fixture::{Known, Trial, acme, all, minute, viewer},
    generated::{Dice, MANY, filters, moved_on, population, viewers},
};
use crate::{
    event::RecordId,
    store::{Filter, IndexRow, Query, Repository, Scope, Sort},
    time::Instant,
};

/// The rows that belong to a list, in its order, found by looking at all of them.
pub(super) fn expected(records: &[Known], scope: &Scope, query: &Query, at: Instant) -> Vec<IndexRow> {
    let fits = |known: &&Known| scope.sees(&known.terms) && query.matches(&known.row, &known.terms);
    let mut rows: Vec<IndexRow> = records.iter().filter(fits).map(|known| known.row.clone()).collect();
    rows.sort_by_key(|row| query.sort_key(row, at));
    rows
}

fn ids(rows: &[IndexRow]) -> Vec<RecordId> {
    rows.iter().map(|row| row.id).collect()
}

/// Checks which rows are listed, by each sort, whatever their order.
async fn selects<R: Repository>(
    trial: &Trial<'_, R>,
    records: &[Known],
    scope: &Scope,
    what: &str,
    filter: &Filter,
) -> Kept {
    for sort in Sort::ALL {
        let query = Query { filter: filter.clone(), sort };
        let mut found = ids(&trial.list_after(scope, &query, minute(150), None, 20).await?);
        let mut wanted = ids(&expected(records, scope, &query, minute(150)));
        found.sort_unstable();
        wanted.sort_unstable();
        ensure!(
            found == wanted,
            "{what}, listed by {sort:?}: found {} records, expected {}; the filter is {filter:?}",
            found.len(),
            wanted.len()
        );
    }
    Ok(())
}

pub(super) async fn each_part_of_a_filter_selects<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = population(trial, MANY).await?;
    for (part, filter) in filters() {
        selects(trial, &records, &all(), part, &filter).await?;
    }
    Ok(())
}

pub(super) async fn parts_of_a_filter_add_up<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = population(trial, MANY).await?;
    let parts = filters();
    let mut dice = Dice::new(77);
    let any = |dice: &mut Dice| {
        let index = dice.below(u64::try_from(parts.len()).unwrap_or(1));
        usize::try_from(index).ok().and_then(|index| parts.get(index)).map(|(_, filter)| filter.clone())
    };
    for viewers in viewers().iter().cycle().take(120) {
        let (Some(one), Some(two)) = (any(&mut dice), any(&mut dice)) else { continue };
        let filter = both(one, two);
        selects(trial, &records, &all(), "two parts", &filter).await?;
        selects(trial, &records, &viewer(viewers), "two parts, for a viewer", &filter).await?;
    }
    Ok(())
}

/// A filter that says what each of two says; of a part that both name, what the first says.
fn both(one: Filter, two: Filter) -> Filter {
    fn list<T>(one: Vec<T>, two: Vec<T>) -> Vec<T> {
        if one.is_empty() { two } else { one }
    }
    Filter {
        kind: one.kind.or(two.kind),
        problem_stages: list(one.problem_stages, two.problem_stages),
        major: one.major || two.major,
        known_error: one.known_error || two.known_error,
        caused_by: list(one.caused_by, two.caused_by),
        child_of: list(one.child_of, two.child_of),
        duplicate_of: list(one.duplicate_of, two.duplicate_of),
        duplicate_of_problem: list(one.duplicate_of_problem, two.duplicate_of_problem),
        follow_up_of: list(one.follow_up_of, two.follow_up_of),
        related: list(one.related, two.related),
        caused_by_changes: list(one.caused_by_changes, two.caused_by_changes),
        resolved_by_changes: list(one.resolved_by_changes, two.resolved_by_changes),
        stages: list(one.stages, two.stages),
        priorities: list(one.priorities, two.priorities),
        groups: list(one.groups, two.groups),
        people: list(one.people, two.people),
        unassigned: one.unassigned.or(two.unassigned),
        stage_labels: list(one.stage_labels, two.stage_labels),
        hold_reasons: list(one.hold_reasons, two.hold_reasons),
        resolution_codes: list(one.resolution_codes, two.resolution_codes),
        breached: list(one.breached, two.breached),
        paused_clocks: list(one.paused_clocks, two.paused_clocks),
        labels: list(one.labels, two.labels),
        categories: list(one.categories, two.categories),
        callers: list(one.callers, two.callers),
        affected: list(one.affected, two.affected),
        organisations: list(one.organisations, two.organisations),
        sites: list(one.sites, two.sites),
        channels: list(one.channels, two.channels),
        services: list(one.services, two.services),
        offerings: list(one.offerings, two.offerings),
        items: list(one.items, two.items),
        references: list(one.references, two.references),
        fields: if one.fields.is_empty() { two.fields } else { one.fields },
        search: one.search.or(two.search),
        due: if one.due.is_open() { two.due } else { one.due },
        reported: if one.reported.is_open() { two.reported } else { one.reported },
        updated: if one.updated.is_open() { two.updated } else { one.updated },
    }
}

pub(super) async fn lists_follow_changes<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut records = population(trial, 30).await?;
    for round in 0..3 {
        for (seed, known) in (round..).step_by(100).zip(&mut records) {
            *known = moved_on(trial, known, seed)?;
            trial.put(known).await?;
        }
        for sort in Sort::ALL {
            let query = Query::all().sorted(sort);
            let found = trial.list_after(&all(), &query, minute(150), None, 20).await?;
            same(&format!("the rows by {sort:?}"), &found, &expected(&records, &all(), &query, minute(150)))?;
        }
        for (part, filter) in filters() {
            selects(trial, &records, &all(), part, &filter).await?;
        }
    }
    Ok(())
}

pub(super) async fn each_order_is_kept<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = population(trial, MANY).await?;
    for sort in Sort::ALL {
        for at in [0, 100, 101, 250, 10_000].map(minute) {
            let query = Query::all().sorted(sort);
            // Without what breaks ties: that is a promise of its own.
            let places = |rows: &[IndexRow]| -> Vec<_> {
                let keys = rows.iter().map(|row| query.sort_key(row, at));
                keys.map(|key| (key.part, key.rank, key.at)).collect()
            };
            let found = trial.list_after(&all(), &query, at, None, 100).await?;
            let wanted = expected(&records, &all(), &query, at);
            same(&format!("the order of {sort:?}"), &places(&found), &places(&wanted))?;
        }
    }
    Ok(())
}

pub(super) async fn ties_are_broken_by_id<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    // All alike, and their ids in no order.
    let mut records = Vec::new();
    for _ in 0..12 {
        let facts = trial.facts("alike")?;
        records.push(trial.reported_by(&acme(), trial.command(), minute(5), facts)?.due(Some(minute(10))));
    }
    for known in &records {
        trial.put(known).await?;
    }
    for sort in Sort::ALL {
        for at in [0, 100].map(minute) {
            let query = Query::all().sorted(sort);
            let found = ids(&trial.list_after(&all(), &query, at, None, 5).await?);
            let mut wanted = found.clone();
            wanted.sort_unstable();
            same("how many come", &found.len(), &records.len())?;
            same(&format!("the order of rows that are equal by {sort:?}"), &found, &wanted)?;
        }
    }
    Ok(())
}

pub(super) async fn a_count_is_of_what_fits<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = population(trial, MANY).await?;
    let scopes = [all()].into_iter().chain(viewers().iter().map(|terms| viewer(terms))).collect::<Vec<_>>();
    let everything = [("everything", Filter::default())];
    for (index, (part, filter)) in everything.into_iter().chain(filters()).enumerate() {
        let other = index.checked_rem(scopes.len()).and_then(|index| scopes.get(index));
        for scope in [Some(&all()), other].into_iter().flatten() {
            let query = Query { filter: filter.clone(), sort: Sort::Due };
            let wanted = expected(&records, scope, &query, minute(0)).len();
            let found = trial.repository.count(scope, &filter, 10_000).await?;
            same(&format!("how many are counted by {part}"), &usize::try_from(found)?, &wanted)?;
        }
    }
    Ok(())
}

pub(super) async fn a_count_ends_at_its_cap<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    population(trial, 12).await?;
    for filter in [Filter::default(), Query::all().search("INC").filter] {
        for (cap, wanted) in [(0, 0), (1, 1), (11, 11), (12, 12), (13, 12), (u64::MAX, 12)] {
            let found = trial.repository.count(&all(), &filter, cap).await?;
            same(&format!("how many of 12 are counted up to {cap}"), &found, &wanted)?;
        }
    }
    Ok(())
}
