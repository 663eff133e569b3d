//! How a filter and a viewer become the condition of a statement.

use super::texts::{kind, line};
use crate::{
    record::{AnyStage, RecordKind},
    store::{Filter, Scope, Search, Span, Term},
    time::ceil_micros,
};

/// What takes a place in a statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::store) enum Value {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// How an engine has things said.
#[derive(Debug)]
pub(in crate::store) struct Dialect {
    /// What a table is called.
    pub table: fn(&str) -> String,
    /// The place of a value, counted from one.
    pub place: fn(usize) -> String,
    /// The function that says where in a text another one begins.
    pub find: &'static str,
    /// That `{}` belongs to the record `r`.
    pub belongs: fn(&str) -> String,
    /// The key of a record in a row of terms, called `t`.
    pub key_of_term: &'static str,
    /// The key of a record, called `p`.
    pub key_of_record: &'static str,
    /// What makes a statement go along an index, where the engine is told.
    pub along: fn(&str) -> String,
}

/// A part of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Met {
    /// The need at this place.
    Need(usize),
    /// The word at this place of the search.
    Word(usize),
    /// The word that is only begun.
    Beginning,
}

/// A statement in the making, with the values for its places.
#[derive(Debug, Clone)]
pub(in crate::store) struct Select {
    dialect: &'static Dialect,
    pub sql: String,
    pub values: Vec<Value>,
}

impl Select {
    pub fn new(dialect: &'static Dialect, sql: impl Into<String>) -> Self {
        Self { dialect, sql: sql.into(), values: Vec::new() }
    }

    /// The same statement with something before and after it.
    pub fn wrapped(self, before: &str, after: &str) -> Self {
        Self { sql: format!("{before}{}{after}", self.sql), ..self }
    }

    #[cfg(feature = "postgres")]
    /// Both statements as one, with something between them.
    pub fn joined(mut self, between: &str, other: Self) -> Self {
        self.push(between);
        // The places of the second are counted on from the first.
        let mut rest = other.sql.as_str();
        let (before, place) = (self.values.len(), |at: usize| (other.dialect.place)(at));
        for at in 1..=other.values.len() {
            let Some((sql, after)) = rest.split_once(&place(at)) else { break };
            self.push(sql).push(&place(before.saturating_add(at)));
            rest = after;
        }
        self.push(rest);
        self.values.extend(other.values);
        self
    }

    /// The table of records, called `r`, read along an index.
    pub fn records(dialect: &'static Dialect, what: &str, index: &str) -> Self {
        let (table, along) = ((dialect.table)("record"), (dialect.along)(index));
        Self::new(dialect, format!("SELECT {what} FROM {table} r{along} WHERE "))
    }

    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        let place = (self.dialect.place)(self.values.len());
        self.push(&place)
    }

    /// That the rows called so are the tenant's.
    pub fn of_tenant(&mut self, rows: &str, tenant: &Value) -> &mut Self {
        self.push(rows).push(".tenant = ").bind(tenant.clone())
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

    /// That the viewer sees the record `r`.
    pub fn seen_by(&mut self, scope: &Scope) -> &mut Self {
        self.push(" AND (");
        for (index, term) in scope.viewer.iter().enumerate() {
            if index > 0 {
                self.push(" OR ");
            }
            self.holds("r.standing", line(term)).push(" > 0");
        }
        self.push(")")
    }

    /// That the record `r` fits every part of the filter.
    pub fn fits(&mut self, tenant: &Value, filter: &Filter) -> &mut Self {
        self.fits_but(None, tenant, filter)
    }

    /// That the record `r` fits every part of the filter but for one that it is known to fit.
    pub fn fits_but(&mut self, met: Option<Met>, tenant: &Value, filter: &Filter) -> &mut Self {
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
        for (index, need) in filter.needs().enumerate() {
            if met != Some(Met::Need(index)) {
                self.bears(tenant, &need.any);
            }
        }
        if let Some(search) = &filter.search {
            self.finds(met, search);
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
        self.push(" AND (false");
        for of in RecordKind::ALL {
            let stages = AnyStage::all().filter(|stage| stage.kind() == of && filter.holds_stage(*stage));
            let mut stages = stages.map(|stage| Value::Text(stage.key().to_owned())).peekable();
            if stages.peek().is_some() {
                self.push(" OR (r.kind = ").bind(kind(of)).push(" AND r.stage IN ").list(stages).push(")");
            }
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
    fn bears(&mut self, tenant: &Value, terms: &[Term]) {
        let (table, belongs) = ((self.dialect.table)("term"), (self.dialect.belongs)("t"));
        self.push(&format!(" AND EXISTS (SELECT 1 FROM {table} t WHERE "))
            .of_tenant("t", tenant)
            .push(" AND t.term IN ");
        self.list(terms.iter().map(|term| term.to_string().into())).push(&format!(" AND {belongs})"));
    }

    /// Where in a text another one begins; zero if it does not occur.
    fn holds(&mut self, column: &str, text: String) -> &mut Self {
        let find = self.dialect.find;
        self.push(&format!("{find}({column}, ")).bind(text).push(")")
    }

    /// That the words stand in it: all of them are looked for where its terms stand one after the other.
    fn finds(&mut self, met: Option<Met>, search: &Search) {
        let words = search.words().iter().enumerate().filter(|(index, _)| met != Some(Met::Word(*index)));
        let whole = words.map(|(_, word)| line(&Term::Token(word.clone())));
        let begun = search.beginning().filter(|_| met != Some(Met::Beginning));
        let begun = begun.map(|beginning| format!("\n{}", Term::Token(beginning.clone())));
        let mut wanted = whole.chain(begun).peekable();
        if wanted.peek().is_some() {
            let (table, belongs) = ((self.dialect.table)("subject"), (self.dialect.belongs)("s"));
            self.push(&format!(" AND EXISTS (SELECT 1 FROM {table} s WHERE {belongs}"));
            for text in wanted {
                self.push(" AND ").holds("s.terms", text).push(" > 0");
            }
            self.push(")");
        }
    }
}

fn text(key: &impl ToString) -> Value {
    key.to_string().into()
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}
