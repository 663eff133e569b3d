//! Observing commands, for metrics.

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
    let time = ManualTime::at(crate::common::at(crate::common::START));
    let desk = Desk::with_sources(MemoryRepository::new(), time, SequentialIds::new()).with_observer(observer);
    blocking::Desk::from(desk).tenant("acme").unwrap().acting_as(crate::common::anna())
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
