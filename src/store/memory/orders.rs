//! The orders in which rows are listed, and the terms by which they are found.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::tenant::Slot;
use crate::{
    key::{GroupRef, PersonRef},
    record::AnyStage,
    store::{IndexRow, Sort, SortKey, Term, Terms},
    time::Instant,
};

/// Rows in an order.
pub(super) type Order = BTreeMap<SortKey, Slot>;

/// What is indexed of a tenant's rows. Those that are done for good stand apart from those that are not.
#[derive(Default)]
pub(super) struct Orders {
    pub(super) live: Half,
    pub(super) done: Half,
    terms: BTreeMap<Term, BTreeSet<Slot>>,
}

/// The rows of final stages, or those of the others.
#[derive(Default)]
pub(super) struct Half {
    pub(super) priority: Order,
    pub(super) due: Order,
    pub(super) updated: Order,
    pub(super) reported: Order,
    /// By priority, for each group and each person.
    pub(super) groups: HashMap<GroupRef, Order>,
    pub(super) people: HashMap<PersonRef, Order>,
    pub(super) stages: HashMap<AnyStage, BTreeSet<Slot>>,
}

/// What is overdue does not depend on a row alone: the orders do not use it.
const NEVER: Instant = Instant::MIN_UTC;

impl Orders {
    /// Puts a row where it belongs now.
    pub(super) fn update(&mut self, slot: Slot, before: Option<(&IndexRow, &Terms)>, after: (&IndexRow, &Terms)) {
        let (row, terms) = after;
        match before.map(|(row, _)| row) {
            Some(old) if old.stage.is_final() == row.stage.is_final() => {
                self.half(row.stage.is_final()).update(slot, Some(old), row);
            }
            Some(old) => {
                self.half(old.stage.is_final()).remove(slot, old);
                self.half(row.stage.is_final()).update(slot, None, row);
            }
            None => self.half(row.stage.is_final()).update(slot, None, row),
        }
        let old = before.map(|(_, terms)| terms);
        self.mark(slot, old.map(|terms| &terms.standing), &terms.standing);
        self.mark(slot, old.map(|terms| &terms.subject), &terms.subject);
    }

    fn half(&mut self, done: bool) -> &mut Half {
        if done { &mut self.done } else { &mut self.live }
    }

    fn mark(&mut self, slot: Slot, before: Option<&Arc<[Term]>>, after: &Arc<[Term]>) {
        if before.is_some_and(|before| Arc::ptr_eq(before, after)) {
            return;
        }
        let before = before.map_or(&[][..], |before| before);
        for term in before.iter().filter(|term| !after.contains(term)) {
            if let Some(slots) = self.terms.get_mut(term) {
                slots.remove(&slot);
                if slots.is_empty() {
                    self.terms.remove(term);
                }
            }
        }
        // Whoever may see everyone's records is no help in finding some of them.
        for term in after.iter().filter(|term| **term != Term::Everyone && !before.contains(term)) {
            match self.terms.get_mut(term) {
                Some(slots) => slots.insert(slot),
                None => self.terms.entry(term.clone()).or_default().insert(slot),
            };
        }
    }

    /// Whether some record bears the term.
    pub(super) fn bears(&self, term: &Term) -> bool {
        self.terms.contains_key(term)
    }

    /// The rows that bear the term.
    pub(super) fn bearing(&self, term: &Term) -> Option<&BTreeSet<Slot>> {
        self.terms.get(term)
    }

    /// The rows with a word that begins so, word by word.
    pub(super) fn beginning(&self, beginning: &Arc<str>) -> impl Iterator<Item = &BTreeSet<Slot>> {
        let from = Term::Token(Arc::clone(beginning));
        self.terms.range(from..).map_while(move |(term, slots)| match term {
            Term::Token(token) if token.starts_with(&**beginning) => Some(slots),
            _ => None,
        })
    }
}

impl Half {
    fn update(&mut self, slot: Slot, before: Option<&IndexRow>, after: &IndexRow) {
        let priority = Sort::Priority.key_of(after, NEVER);
        let old_priority = before.map(|row| Sort::Priority.key_of(row, NEVER));
        move_key(&mut self.priority, old_priority, priority, slot);
        for (order, sort) in
            [(&mut self.due, Sort::Due), (&mut self.updated, Sort::Updated), (&mut self.reported, Sort::Reported)]
        {
            move_key(order, before.map(|row| sort.key_of(row, NEVER)), sort.key_of(after, NEVER), slot);
        }
        let same = old_priority == Some(priority);
        let (group, person) = (before.and_then(|row| row.group.as_ref()), before.and_then(|row| row.person.as_ref()));
        if !same || group != after.group.as_ref() {
            take(&mut self.groups, group, old_priority);
            put(&mut self.groups, after.group.as_ref(), priority, slot);
        }
        if !same || person != after.person.as_ref() {
            take(&mut self.people, person, old_priority);
            put(&mut self.people, after.person.as_ref(), priority, slot);
        }
        let stage = before.map(|row| row.stage);
        if stage != Some(after.stage) {
            if let Some(slots) = stage.and_then(|stage| self.stages.get_mut(&stage)) {
                slots.remove(&slot);
            }
            self.stages.entry(after.stage).or_default().insert(slot);
        }
    }

    fn remove(&mut self, slot: Slot, row: &IndexRow) {
        let priority = Sort::Priority.key_of(row, NEVER);
        self.priority.remove(&priority);
        self.due.remove(&Sort::Due.key_of(row, NEVER));
        self.updated.remove(&Sort::Updated.key_of(row, NEVER));
        self.reported.remove(&Sort::Reported.key_of(row, NEVER));
        take(&mut self.groups, row.group.as_ref(), Some(priority));
        take(&mut self.people, row.person.as_ref(), Some(priority));
        if let Some(slots) = self.stages.get_mut(&row.stage) {
            slots.remove(&slot);
        }
    }
}

fn move_key(order: &mut Order, before: Option<SortKey>, after: SortKey, slot: Slot) {
    if before != Some(after) {
        before.and_then(|before| order.remove(&before));
        order.insert(after, slot);
    }
}

fn take<K: Eq + std::hash::Hash>(orders: &mut HashMap<K, Order>, of: Option<&K>, key: Option<SortKey>) {
    let Some((of, key)) = of.zip(key) else { return };
    if let Some(order) = orders.get_mut(of) {
        order.remove(&key);
        if order.is_empty() {
            orders.remove(of);
        }
    }
}

fn put<K: Eq + std::hash::Hash + Clone>(orders: &mut HashMap<K, Order>, of: Option<&K>, key: SortKey, slot: Slot) {
    let Some(of) = of else { return };
    match orders.get_mut(of) {
        Some(order) => order.insert(key, slot),
        None => orders.entry(of.clone()).or_default().insert(key, slot),
    };
}
