//! Queries, read against the policy before a repository gets them.

use std::sync::Arc;

use crate::{
    error::{Error, Invalid},
    fault::{Broken, Faults},
    key::FieldKey,
    policy::{Policy, known_fields},
    store::{Filter, Query, Term, field_term},
};

/// The most values that one part of a filter may name.
const MAX_VALUES: usize = 100;
/// The most words of a search.
const MAX_WORDS: usize = 20;
/// The most characters of a search.
const MAX_SEARCH_CHARS: usize = 200;

/// The query as a repository gets it, with the values of fields as they are indexed; or everything that is
/// wrong with it.
pub(crate) fn ready(mut query: Query, policy: &Policy) -> Result<Query, Error> {
    let Filter { search, due, reported, updated, .. } = &query.filter;
    let mut faults = Faults::none();
    for (part, values) in query.filter.lengths() {
        if values > MAX_VALUES {
            let rule = format!("names {values} values; at most {MAX_VALUES} are allowed");
            faults.push(format!("filter.{part}"), "cap.exceeded", rule);
        }
    }
    if let Some(search) = search {
        if search.text().chars().count() > MAX_SEARCH_CHARS || search.words().len() >= MAX_WORDS {
            let rule = format!("has more than {MAX_SEARCH_CHARS} characters or {MAX_WORDS} words");
            faults.push("filter.search", "cap.exceeded", rule);
        } else if search.beginning().is_none() {
            faults.push("filter.search", "query.no_words", "has no word that could be found");
        }
    }
    for (part, span) in [("due", due), ("reported", reported), ("updated", updated)] {
        if span.from.zip(span.until).is_some_and(|(from, until)| from >= until) {
            faults.push(format!("filter.{part}"), "query.empty_span", "ends before it begins");
        }
    }
    for (key, value) in &mut query.filter.fields {
        if let Some(indexed) = faults.take(format!("filter.fields.{key}"), indexed(policy, key, value)) {
            *value = indexed;
        }
    }
    if faults.is_empty() {
        return Ok(query);
    }
    Err(Invalid { code: "query.invalid", subject: "the query".to_owned(), faults }.into())
}

/// The value of a field as it is indexed.
fn indexed(policy: &Policy, key: &FieldKey, value: &str) -> Result<Arc<str>, Broken> {
    let Some(field) = policy.field(key.as_str()) else {
        let rule = format!("is no field of the policy; its fields are {}", known_fields(policy));
        return Err(Broken { code: "field.unknown", rule: rule.into() });
    };
    match field_term(&field.key, &field.parse(value, || [0; 16])?) {
        Some(Term::Field(_, value)) => Ok(value),
        _ => {
            let rule = "is a field of texts; find its words by `search`".into();
            Err(Broken { code: "query.not_indexed", rule })
        }
    }
}
