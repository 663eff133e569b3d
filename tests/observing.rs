//! Observing commands: for metrics, and as spans.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails should say so at once"
)]

mod common;

use std::sync::{Arc, Mutex};

use andon::{
    CommandId, Desk, MemoryRepository, Version, blocking,
    command::Report,
    desk::{Observation, Observer},
    id::SequentialIds,
    time::ManualTime,
};

/// What was observed, as a line each.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Observer for Lines {
    fn command(&self, seen: &Observation<'_>) {
        let code = seen.code.unwrap_or("ok");
        let record = if seen.record.is_some() { "a record" } else { "no record" };
        let repeated = if seen.repeated { ", repeated" } else { "" };
        let line = format!(
            "{}: {} is {code} with {record} after {} tries, {} events{repeated}",
            seen.tenant, seen.asked, seen.tries, seen.events
        );
        assert!(seen.began <= seen.ended);
        self.0.lock().unwrap().push(line);
    }
}

fn observed(observer: Arc<Lines>) -> blocking::ActingDesk<MemoryRepository> {
    let time = ManualTime::at(common::at(common::START));
    let desk = Desk::with_sources(MemoryRepository::new(), time, SequentialIds::new()).with_observer(observer);
    blocking::Desk::from(desk).tenant("acme").unwrap().acting_as(common::anna())
}

#[test]
fn every_command_is_observed_whatever_comes_of_it() {
    let lines = Arc::new(Lines::default());
    let anna = observed(Arc::clone(&lines));
    let id = anna.report(Report::new("Mail is down").caller("bob")).unwrap().id();
    let work = anna.incident(id).with_command(CommandId::named("work"));
    work.start_work().unwrap();
    work.start_work().unwrap();
    anna.incident(id).resume().unwrap_err();
    anna.incident(id).if_version(Version::new(1)).close().unwrap_err();
    anna.incident(id).get().unwrap();
    anna.publish_policy(andon::Policy::itil()).unwrap_err();
    assert_eq!(
        *lines.0.lock().unwrap(),
        [
            "acme: incident.report is ok with a record after 1 tries, 1 events",
            "acme: incident.start_work is ok with a record after 1 tries, 2 events",
            "acme: incident.start_work is ok with a record after 1 tries, 2 events, repeated",
            "acme: incident.resume is incident.resume.illegal with no record after 1 tries, 0 events",
            "acme: incident.close is record.conflict with no record after 1 tries, 0 events",
            "acme: policy.publish is policy.publish.refused with no record after 1 tries, 0 events",
        ]
    );
}

#[cfg(feature = "tracing")]
mod spans {
    use std::{
        collections::BTreeMap,
        sync::{
            Arc, Mutex,
            atomic::{AtomicU64, Ordering},
        },
    };

    use tracing::{
        Event, Metadata, Subscriber,
        field::{Field, Visit},
        span::{Attributes, Id, Record},
    };

    use super::*;

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
            let anna = observed(Arc::default());
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
}
