//! How a list or a count is found: along an order, or by the rarest term.

use std::{collections::BTreeSet, ops::Bound};

use super::{
    orders::{Half, Order},
    tenant::{Row, Slot, Tenant},
};
use crate::{
    event::RecordId,
    id::Id,
    incident::{Incident, Stage},
    record::{AnyStage, RecordKind},
    store::{Filter, IndexRow, PageRequest, Scope, Sort, SortKey, Term},
    time::Instant,
};

/// Rows among which all that fit are, and how many they are at most.
struct Candidates<'a> {
    sets: Vec<&'a BTreeSet<Slot>>,
    size: usize,
}

impl<'a> Candidates<'a> {
    fn of(sets: impl IntoIterator<Item = &'a BTreeSet<Slot>>) -> Self {
        let sets: Vec<_> = sets.into_iter().collect();
        let size = sets.iter().map(|set| set.len()).fold(0, usize::saturating_add);
        Self { sets, size }
    }

    /// Each row once.
    fn slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.sets.iter().flat_map(|set| set.iter().copied()).collect();
        if self.sets.len() > 1 {
            slots.sort_unstable();
            slots.dedup();
        }
        slots
    }
}

impl Tenant {
    /// The first rows of a list after a key, at most so many.
    pub(super) fn list(&self, scope: &Scope, request: PageRequest<'_>, limit: usize) -> Vec<IndexRow> {
        let PageRequest { query, at, after, .. } = request;
        let matcher = query.filter.matcher();
        let fits = |row: &Row| scope.sees(&row.terms) && matcher.matches(&row.row, &row.terms);
        let mut found: Vec<(SortKey, &Row)> = Vec::with_capacity(limit.saturating_mul(2));
        let walked =
            self.halves(&query.filter).map(|half| order_of(half, query.sort, &query.filter).map_or(0, Order::len));
        let walked = walked.fold(0, usize::saturating_add);
        let candidates = self.candidates(scope, &query.filter).filter(|rare| rare.is_worth(limit, walked));
        if let Some(candidates) = candidates {
            let rows = candidates.slots().into_iter().filter_map(|slot| self.at(slot));
            let keyed = rows.map(|row| (query.sort_key(&row.row, at), row));
            found.extend(keyed.filter(|(key, row)| after.is_none_or(|after| *key > after) && fits(row)));
        } else {
            for half in self.halves(&query.filter) {
                let rows = along(half, query.sort, &query.filter, at, after);
                let keyed = rows.filter_map(|(part, slot)| {
                    let row = self.at(slot)?;
                    let key = query.sort_key(&row.row, at);
                    (part.is_none_or(|part| part == key.part) && fits(row)).then_some((key, row))
                });
                found.extend(keyed.take(limit));
            }
        }
        found.sort_unstable_by_key(|(key, _)| *key);
        found.truncate(limit);
        found.into_iter().map(|(_, row)| row.row.clone()).collect()
    }

    /// How many rows fit, up to a cap.
    pub(super) fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> u64 {
        let matcher = filter.matcher();
        let fits = |row: &&Row| scope.sees(&row.terms) && matcher.matches(&row.row, &row.terms);
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        let counted = match self.candidates(scope, filter) {
            Some(candidates) => {
                candidates.slots().into_iter().filter_map(|slot| self.at(slot)).filter(fits).take(cap).count()
            }
            None => {
                let halves = self.halves(filter);
                let slots = halves.flat_map(|half| half.priority.values().copied());
                slots.filter_map(|slot| self.at(slot)).filter(fits).take(cap).count()
            }
        };
        u64::try_from(counted).unwrap_or(u64::MAX)
    }

    /// The halves in which rows can fit.
    fn halves(&self, filter: &Filter) -> impl Iterator<Item = &Half> {
        let asked = |done: bool| AnyStage::all().any(|stage| stage.is_final() == done && filter.holds_stage(stage));
        [(asked(false), &self.orders.live), (asked(true), &self.orders.done)]
            .into_iter()
            .filter_map(|(asked, half)| asked.then_some(half))
    }

    /// The smallest set of rows that has all that fit; `None` if nothing narrows them down.
    fn candidates(&self, scope: &Scope, filter: &Filter) -> Option<Candidates<'_>> {
        let orders = &self.orders;
        let bearing = |term: &Term| orders.bearing(term);
        let viewer =
            (!scope.viewer.contains(&Term::Everyone)).then(|| Candidates::of(scope.viewer.iter().filter_map(bearing)));
        let needs = filter.needs().map(|need| Candidates::of(need.any.iter().filter_map(bearing)));
        let groups = (!filter.groups.is_empty())
            .then(|| Candidates::of(of_kinds(&filter.groups, Term::Group).filter_map(|term| bearing(&term))));
        let people = (!filter.people.is_empty())
            .then(|| Candidates::of(of_kinds(&filter.people, Term::Person).filter_map(|term| bearing(&term))));
        let labels = (!filter.stage_labels.is_empty()).then(|| {
            let beneath = |stage| filter.stage_labels.iter().map(move |label| Term::StageLabel(stage, label.clone()));
            let stages =
                Stage::ALL.into_iter().filter(|stage| filter.stages.is_empty() || filter.stages.contains(stage));
            Candidates::of(stages.flat_map(beneath).filter_map(|term| bearing(&term)))
        });
        // That it is an incident is no help: nearly everything is.
        let narrow = !filter.stages.is_empty() || !filter.problem_stages.is_empty();
        let stages = (narrow || filter.kind == Some(RecordKind::Problem)).then(|| {
            let asked = || AnyStage::all().filter(|stage| filter.holds_stage(*stage));
            let halves = [&orders.live, &orders.done];
            Candidates::of(halves.iter().flat_map(|half| asked().filter_map(|stage| half.stages.get(&stage))))
        });
        let search = filter.search.iter().flat_map(|search| {
            let words = search.words().iter();
            let whole = words.map(|word| Candidates::of(bearing(&Term::Token(word.clone()))));
            let begun = search.beginning().map(|beginning| Candidates::of(orders.beginning(beginning)));
            let none = search.beginning().is_none().then(|| Candidates::of([]));
            whole.chain(begun).chain(none)
        });
        let all = needs.chain(search).chain(viewer).chain(groups).chain(people).chain(labels).chain(stages);
        all.min_by_key(|candidates| candidates.size)
    }
}

/// The terms by which records of each kind are with these groups, or these people.
fn of_kinds<T: Clone>(wanted: &[T], term: fn(T) -> Term) -> impl Iterator<Item = Term> {
    wanted.iter().flat_map(move |value| RecordKind::ALL.map(|kind| term(value.clone()).for_kind(kind)))
}

impl Candidates<'_> {
    /// Whether looking at all of them costs less than walking along an order of so many rows until enough of
    /// them were met.
    fn is_worth(&self, limit: usize, walked: usize) -> bool {
        self.size.saturating_mul(self.size) <= limit.saturating_mul(walked)
    }
}

/// Rows along an order; each with the part of the list in which it belongs there, if the order is used
/// for a part only.
type Along<'a> = Box<dyn Iterator<Item = (Option<u8>, Slot)> + 'a>;

/// The rows of a half in an order, after a key.
fn along<'a>(half: &'a Half, sort: Sort, filter: &Filter, at: Instant, after: Option<SortKey>) -> Along<'a> {
    let order = order_of(half, sort, filter);
    match sort {
        Sort::Due | Sort::Updated | Sort::Reported | Sort::Priority => {
            order.map_or_else(none, |order| walk(order, after, None))
        }
        Sort::OverdueFirst => {
            // What is overdue has a key of the order of due times; the rest one of that of priorities, where what
            // is overdue stands, too, and is left out.
            let end = SortKey {
                part: 0,
                rank: 0,
                at: at.timestamp_micros(),
                id: RecordId::from(Id::<Incident>::from_u128(0)),
            };
            let overdue = match after {
                Some(after) if after >= end => none(),
                Some(after) => slots(half.due.range((Bound::Excluded(after), Bound::Excluded(end))), Some(0)),
                None => slots(half.due.range(..end), Some(0)),
            };
            let after = after.filter(|after| after.part > 0).map(|after| SortKey { part: 0, ..after });
            let rest = order.map_or_else(none, |order| walk(order, after, Some(1)));
            Box::new(overdue.chain(rest))
        }
    }
}

/// The order along which a list is walked; for what is overdue, that of the rest.
fn order_of<'a>(half: &'a Half, sort: Sort, filter: &Filter) -> Option<&'a Order> {
    match sort {
        Sort::Due => Some(&half.due),
        Sort::Updated => Some(&half.updated),
        Sort::Reported => Some(&half.reported),
        Sort::Priority | Sort::OverdueFirst => by_priority(half, filter),
    }
}

/// The order of priorities for the group or person asked for; of all, if not one is asked for. `None` if
/// that one has nothing.
fn by_priority<'a>(half: &'a Half, filter: &Filter) -> Option<&'a Order> {
    match (filter.groups.as_slice(), filter.people.as_slice()) {
        (_, [person]) => half.people.get(person),
        ([group], _) => half.groups.get(group),
        _ => Some(&half.priority),
    }
}

fn walk(order: &Order, after: Option<SortKey>, part: Option<u8>) -> Along<'_> {
    match after {
        Some(after) => slots(order.range((Bound::Excluded(after), Bound::Unbounded)), part),
        None => slots(order.range(..), part),
    }
}

fn slots<'a>(range: impl Iterator<Item = (&'a SortKey, &'a Slot)> + 'a, part: Option<u8>) -> Along<'a> {
    Box::new(range.map(move |(_, slot)| (part, *slot)))
}

fn none<'a>() -> Along<'a> {
    Box::new(std::iter::empty())
}
