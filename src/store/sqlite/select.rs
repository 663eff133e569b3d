//! How a filter and a viewer become the condition of a statement.

use rusqlite::{Params, params_from_iter, types::Value};

use super::columns::{kind, line};
use crate::{
    record::{AnyStage, RecordKind},
    store::{Filter, Scope, Search, Span, Term},
    time::ceil_micros,
};

/// A statement in the making, with the values for its places.
#[derive(Default)]
pub(super) struct Select {
    pub sql: String,
    pub values: Vec<Value>,
}

impl Select {
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.push("?")
    }

    /// Several values, in brackets.
    fn list(&mut self, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.push("(");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self.push(")")
    }

    /// The values, as statements take them.
    pub(super) fn params(&self) -> impl Params {
        params_from_iter(&self.values)
    }

    /// That the viewer sees the record `r`.
    pub(super) fn seen_by(&mut self, scope: &Scope) -> &mut Self {
        self.push(" AND (");
        for (index, term) in scope.viewer.iter().enumerate() {
            if index > 0 {
                self.push(" OR ");
            }
            self.push("instr(r.standing, ").bind(line(term)).push(")");
        }
        self.push(")")
    }

    /// That the record `r` fits every part of the filter.
    pub(super) fn fits(&mut self, tenant: i64, filter: &Filter) -> &mut Self {
        self.stages(filter);
        self.among("r.rank", filter.priorities.iter().map(|rank| i64::from(*rank).into()));
        self.among("r.grp", filter.groups.iter().map(text));
        self.among("r.person", filter.people.iter().map(text));
        self.among("r.label", filter.stage_labels.iter().map(text));
        match filter.unassigned {
            Some(true) => self.push(" AND r.person IS NULL"),
            Some(false) => self.push(" AND r.person IS NOT NULL"),
            None => self,
        };
        self.within("r.due", filter.due)
            .within("r.reported_at", filter.reported)
            .within("r.updated_at", filter.updated);
        for need in filter.needs() {
            self.bears(tenant, &need.any);
        }
        if let Some(search) = &filter.search {
            self.finds(tenant, search);
        }
        self
    }

    fn among(&mut self, column: &str, values: impl ExactSizeIterator<Item = Value>) {
        if values.len() > 0 {
            self.push(" AND ").push(column).push(" IN ").list(values);
        }
    }

    /// That its stage is one of those asked for.
    fn stages(&mut self, filter: &Filter) {
        if filter.stages.is_empty() && filter.problem_stages.is_empty() {
            if let Some(of) = filter.kind {
                self.push(" AND r.kind = ").bind(kind(of));
            }
            return;
        }
        self.push(" AND (");
        for (index, of) in RecordKind::ALL.into_iter().enumerate() {
            if index > 0 {
                self.push(" OR ");
            }
            let stages = AnyStage::all().filter(|stage| stage.kind() == of && filter.holds_stage(*stage));
            self.push("(r.kind = ").bind(kind(of)).push(" AND r.stage IN ");
            self.list(stages.map(|stage| stage.key().to_owned().into())).push(")");
        }
        self.push(")");
    }

    fn within(&mut self, column: &str, span: Span) -> &mut Self {
        if let Some(from) = span.from {
            self.push(" AND ").push(column).push(" >= ").bind(ceil_micros(from).timestamp_micros());
        }
        if let Some(until) = span.until {
            self.push(" AND ").push(column).push(" < ").bind(ceil_micros(until).timestamp_micros());
        }
        self
    }

    /// That it bears one of these terms.
    fn bears(&mut self, tenant: i64, terms: &[Term]) {
        self.push(" AND EXISTS (SELECT 1 FROM term t WHERE t.tenant = ").bind(tenant).push(" AND t.term IN ");
        self.list(terms.iter().map(|term| term.to_string().into())).push(" AND t.record = r.slot)");
    }

    /// That the words stand in it.
    fn finds(&mut self, tenant: i64, search: &Search) {
        for word in search.words() {
            self.bears(tenant, &[Term::Token(word.clone())]);
        }
        // Where its terms stand one after the other: there may be any number of words that begin so.
        let begun = search.beginning().map(|beginning| format!("\n{}", Term::Token(beginning.clone())));
        if let Some(begun) = begun {
            self.push(" AND EXISTS (SELECT 1 FROM subject s WHERE s.record = r.slot AND instr(s.terms, ");
            self.bind(begun).push("))");
        }
    }
}

fn text(key: &impl ToString) -> Value {
    key.to_string().into()
}
