//! What narrows down which records fit. Where one of that is rare, its records are gathered and put in order; else, a list is
//! found along its order.

use std::sync::Arc;

use super::{
    order::halves,
    select::{Dialect, Met, Select, Value},
    texts::kind,
};
use crate::{
    incident::Stage,
    key::PersonRef,
    record::{AnyStage, RecordKind},
    store::{Filter, Need, Scope, Term},
};

/// So many records are gathered and put in order at most.
pub(in crate::store) const RARE: u64 = 4_000;

/// What narrows down which records fit.
pub(in crate::store) struct Narrowing {
    /// The keys of all that fit, and of others; one may come several times.
    pub keys: Select,
    /// The part of the filter that all of them fit, if it is one that need not be asked again.
    pub met: Option<Met>,
}

impl From<Select> for Narrowing {
    fn from(keys: Select) -> Self {
        Self { keys, met: None }
    }
}

/// Everything that narrows down which records fit.
pub(in crate::store) fn narrowing(
    dialect: &'static Dialect,
    tenant: &Value,
    scope: &Scope,
    filter: &Filter,
) -> Vec<Narrowing> {
    let keys = Keys { dialect, tenant };
    let by_need =
        |(index, need): (usize, Need)| Narrowing { keys: keys.bearing(&need.any), met: Some(Met::Need(index)) };
    let mut all: Vec<Narrowing> = filter.needs().enumerate().map(by_need).collect();
    if let Some(search) = &filter.search {
        let by_word = |(index, word): (usize, &Arc<str>)| {
            let keys = keys.bearing(&[Term::Token(word.clone())]);
            Narrowing { keys, met: Some(Met::Word(index)) }
        };
        all.extend(search.words().iter().enumerate().map(by_word));
        let begun =
            |beginning: &Arc<str>| Narrowing { keys: keys.beginning(beginning.clone()), met: Some(Met::Beginning) };
        all.extend(search.beginning().map(begun));
    }
    let sees_all = |term: &Term| *term == Term::Everyone || matches!(term, Term::Problem(of) if **of == Term::Everyone);
    if !scope.viewer.iter().any(sees_all) {
        all.push(keys.bearing(&scope.viewer).into());
    }
    // One group has orders of its own; one person rarely has many.
    if filter.groups.len() > 1 {
        all.push(keys.bearing(&of_kinds(&filter.groups, Term::Group)).into());
    }
    match filter.people.as_slice() {
        [] => {}
        [person] => all.push(keys.with(person, filter).into()),
        several => all.push(keys.bearing(&of_kinds(several, Term::Person)).into()),
    }
    if !filter.stage_labels.is_empty() {
        let stages = Stage::ALL.into_iter().filter(|stage| filter.stages.is_empty() || filter.stages.contains(stage));
        let beneath = |stage| filter.stage_labels.iter().map(move |label| Term::StageLabel(stage, label.clone()));
        all.push(keys.bearing(&stages.flat_map(beneath).collect::<Vec<_>>()).into());
    }
    // Most of what is listed is open: that is no help.
    let stages = filter.stages.len().saturating_add(filter.problem_stages.len());
    if (1..=2).contains(&stages) {
        all.push(keys.staged(AnyStage::all().filter(|stage| filter.holds_stage(*stage))).into());
    }
    all
}

/// The terms by which records of each kind are with these groups, or these people.
fn of_kinds<T: Clone>(wanted: &[T], term: fn(T) -> Term) -> Vec<Term> {
    wanted.iter().flat_map(move |value| RecordKind::ALL.map(|kind| term(value.clone()).for_kind(kind))).collect()
}

/// The keys of a tenant's records.
struct Keys<'a> {
    dialect: &'static Dialect,
    tenant: &'a Value,
}

impl Keys<'_> {
    fn terms(&self) -> Select {
        let (key, table) = (self.dialect.key_of_term, (self.dialect.table)("term"));
        let mut keys = Select::new(self.dialect, format!("SELECT {key} FROM {table} t WHERE "));
        keys.of_tenant("t", self.tenant);
        keys
    }

    fn records(&self, index: &str) -> Select {
        let (key, table) = (self.dialect.key_of_record, (self.dialect.table)("record"));
        let along = (self.dialect.along)(index);
        let mut keys = Select::new(self.dialect, format!("SELECT {key} FROM {table} p{along} WHERE "));
        keys.of_tenant("p", self.tenant);
        keys
    }

    /// Those that bear one of these terms.
    fn bearing(&self, terms: &[Term]) -> Select {
        let mut keys = self.terms();
        keys.push(" AND t.term IN (");
        for (index, term) in terms.iter().enumerate() {
            if index > 0 {
                keys.push(", ");
            }
            keys.bind(term.to_string());
        }
        keys.push(")");
        keys
    }

    /// Those with a word that begins so.
    fn beginning(&self, beginning: Arc<str>) -> Select {
        let first = Term::Token(beginning).to_string();
        // No character of a word comes after this one.
        let end = format!("{first}{}", char::MAX);
        let mut keys = self.terms();
        keys.push(" AND t.term >= ").bind(first).push(" AND t.term < ").bind(end);
        keys
    }

    /// Those with one person, but for what is done if that is not asked for.
    fn with(&self, person: &PersonRef, filter: &Filter) -> Select {
        let mut keys = self.records("by_person");
        keys.push(" AND p.person = ").bind(person.to_string()).push(" AND (p.kind, p.done) IN (VALUES ");
        for (index, (of, done)) in halves(filter).enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            keys.push(&format!("{comma}({}, {})", kind(of), i64::from(done)));
        }
        keys.push(")");
        keys
    }

    fn staged(&self, stages: impl Iterator<Item = AnyStage>) -> Select {
        let mut keys = self.records("by_update");
        keys.push(" AND (p.kind, p.stage) IN (VALUES ");
        for (index, stage) in stages.enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            keys.push(&format!("{comma}({}, '{}')", kind(stage.kind()), stage.key()));
        }
        keys.push(")");
        keys
    }
}
