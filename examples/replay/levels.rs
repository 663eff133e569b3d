//! Service levels: what came of the clocks, by metric and priority.

use std::collections::BTreeMap;

use andon::{
    event::{Body, Event},
    incident::IncidentEvent,
    ledger::{ClockId, ClockResult, Entry},
};
use serde::Serialize;

/// How many clocks ended in time, and how many too late.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Results {
    pub met: u64,
    pub missed: u64,
}

impl Results {
    pub(crate) fn add(&mut self, met: bool) {
        *(if met { &mut self.met } else { &mut self.missed }) += 1;
    }
}

/// The results of each metric, by priority.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Levels(BTreeMap<String, BTreeMap<String, Results>>);

impl Levels {
    /// Adds what came of the clocks of one incident: each once, by how it ended last.
    pub(crate) fn add(&mut self, events: &[Event]) {
        let mut terms = BTreeMap::new();
        let mut ended: BTreeMap<ClockId, ClockResult> = BTreeMap::new();
        for event in events {
            let Body::Incident(IncidentEvent::Clock(entry)) = &event.body else { continue };
            match entry {
                Entry::Started(started) => {
                    terms.insert(started.clock, &started.terms);
                }
                Entry::Replaced(replaced) => {
                    terms.insert(replaced.by.clock, &replaced.by.terms);
                    ended.remove(&entry.clock());
                }
                Entry::Ended(clock) => {
                    ended.insert(entry.clock(), clock.result);
                }
                Entry::Revived(_) => {
                    ended.remove(&entry.clock());
                }
                _ => {}
            }
        }
        for (clock, result) in ended {
            let Some(terms) = terms.get(&clock) else { continue };
            let by_priority = self.0.entry(terms.metric.to_string()).or_default();
            by_priority.entry(terms.priority.to_string()).or_default().add(result == ClockResult::Met);
        }
    }

    pub(crate) fn print(&self) {
        for (metric, by_priority) in &self.0 {
            for (priority, results) in by_priority {
                println!("{:>9}  {metric} met for {priority}, {} missed", results.met, results.missed);
            }
        }
    }
}
