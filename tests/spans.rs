//! Commands as spans. Alone in its file: whether a span is wanted is remembered for the whole process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails should say so at once"
)]

#[path = "suite/common/mod.rs"]
mod common;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use andon::command::Report;
use common::House;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

type Fields = BTreeMap<String, String>;

/// Keeps the fields of every span.
#[derive(Default)]
struct Spans {
    next: AtomicU64,
    spans: Mutex<Vec<(String, Fields)>>,
}

struct Read<'a>(&'a mut Fields);

impl Visit for Read<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

struct Keeper(Arc<Spans>);

impl Subscriber for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::new();
        span.record(&mut Read(&mut fields));
        self.0.spans.lock().unwrap().push((span.metadata().name().to_owned(), fields));
        Id::from_u64(self.0.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let place = usize::try_from(span.into_u64() - 1).unwrap();
        values.record(&mut Read(&mut self.0.spans.lock().unwrap()[place].1));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_command_is_a_span_without_personal_data() {
    let spans = Arc::new(Spans::default());
    tracing::subscriber::with_default(Keeper(Arc::clone(&spans)), || {
        let anna = House::new().anna();
        let report = Report::new("Salaries of bob").caller("bob").description("hunter2");
        let id = anna.report(report).unwrap().id();
        anna.incident(id).add_note("hunter2").unwrap();
        anna.incident(id).resume().unwrap_err();
    });
    let spans = spans.spans.lock().unwrap();
    let told: Vec<_> = spans.iter().map(|(name, fields)| (name.as_str(), fields["asked"].as_str())).collect();
    assert_eq!(
        told,
        [
            ("andon.command", "\"incident.report\""),
            ("andon.command", "\"incident.add_note\""),
            ("andon.command", "\"incident.resume\""),
        ]
    );
    assert!(spans[0].1["record"].starts_with("incident "), "{:?}", spans[0]);
    assert_eq!((spans[1].1["tenant"].as_str(), spans[1].1["retries"].as_str()), ("\"acme\"", "0"));
    assert_eq!(spans[2].1["code"], "\"incident.resume.illegal\"");
    let all = format!("{spans:?}");
    assert!(["bob", "anna", "hunter2", "Salaries"].iter().all(|personal| !all.contains(personal)), "{all}");
}
