//! What the replay found, for people and as JSON.

use std::{
    collections::BTreeMap,
    error::Error,
    path::PathBuf,
    time::{Duration, Instant},
};

use andon::{
    Stage,
    desk::Imported,
    event::{Body, Event},
    incident::IncidentEvent,
    key::KeyError,
    recurrence::{Aspect, Candidate, RecurrenceRule, Recurrences},
    time::Seconds,
};
use serde_json::json;

use super::{
    journal::Journal,
    levels::{Levels, Results},
    mapping::{Change, Plan},
    relating::Related,
};

/// How many unusable rows are listed.
const LISTED: usize = 20;
/// How many candidates for problems are listed.
const LISTED_RECURRENCES: usize = 10;

pub(crate) struct Report {
    rows: u64,
    /// The rows that could not be used: line and reason.
    pub unusable: Vec<(u64, String)>,
    pub desk_time: Duration,
    /// The problems and changes that the log names.
    pub related: Related,
    incidents: u64,
    events: u64,
    changes: BTreeMap<Change, u64>,
    refused: BTreeMap<Change, u64>,
    refused_facts: u64,
    lost: u64,
    lost_rows: u64,
    priority_changes: u64,
    priority_mismatches: u64,
    reopenings: u64,
    group_hops: u64,
    person_hops: u64,
    stages: BTreeMap<Stage, u64>,
    levels: Levels,
    /// What the log itself says of its incidents at their ends, by priority.
    said: BTreeMap<String, Results>,
    recurrences: Recurrences,
    /// What came again most strongly, and how long counting took.
    recurring: Vec<Candidate>,
    counting: Duration,
    /// The file in which everything is kept now, and how large it is.
    pub file: Option<(PathBuf, u64)>,
}

impl Report {
    pub(crate) fn new(journal: &Journal) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            rows: journal.rows,
            unusable: journal.unusable.clone(),
            desk_time: Duration::ZERO,
            related: Related::default(),
            incidents: 0,
            events: 0,
            changes: BTreeMap::new(),
            refused: BTreeMap::new(),
            refused_facts: 0,
            lost: 0,
            lost_rows: 0,
            priority_changes: 0,
            priority_mismatches: 0,
            reopenings: 0,
            group_hops: 0,
            person_hops: 0,
            stages: BTreeMap::new(),
            levels: Levels::default(),
            said: BTreeMap::new(),
            recurrences: Recurrences::new(rules()?)?,
            recurring: Vec::new(),
            counting: Duration::ZERO,
            file: None,
        })
    }

    /// Finds what came again most strongly.
    pub(crate) fn recur(&mut self) {
        let before = Instant::now();
        self.recurring = self.recurrences.strongest(LISTED_RECURRENCES);
        self.counting += before.elapsed();
    }

    /// Adds what became of one incident.
    pub(crate) fn add(&mut self, plan: &Plan, imported: &Imported) {
        let events = imported.outcome.events();
        let incident = imported.outcome.incident();
        let before = Instant::now();
        self.recurrences.observe(incident);
        self.counting += before.elapsed();
        self.incidents += 1;
        self.events += count(events.len());
        for change in plan.carries.iter().flatten() {
            *self.changes.entry(*change).or_default() += 1;
        }
        for step in &imported.refused {
            match plan.carries.get(step.index).copied().flatten() {
                Some(change) => *self.refused.entry(change).or_default() += 1,
                None => self.refused_facts += 1,
            }
        }
        self.compare_priorities(plan, imported, events);
        self.levels.add(events);
        if let Some(made) = plan.made_sla {
            self.said.entry(incident.priority().to_string()).or_default().add(made);
        }
        let progress = incident.progress();
        self.reopenings += u64::from(progress.reopenings);
        self.group_hops += u64::from(progress.group_hops);
        self.person_hops += u64::from(progress.person_hops);
        *self.stages.entry(incident.stage()).or_default() += 1;
    }

    /// Takes note that an incident could not be imported at all.
    pub(crate) fn lost(&mut self, plan: &Plan, error: &andon::Error) {
        self.lost += 1;
        self.lost_rows += count(plan.rows.len());
        self.unusable.push((plan.line, format!("{} and its {} rows: {error}", plan.name, plan.rows.len())));
    }

    /// How many rows were not used.
    fn skipped(&self) -> u64 {
        // A lost incident is listed once, and counts with all its rows.
        count(self.unusable.len()) + self.lost_rows - self.lost
    }

    /// Compares the priority after each row with the one that the log says.
    fn compare_priorities(&mut self, plan: &Plan, imported: &Imported, events: &[Event]) {
        let mut present = None;
        let mut events = events.iter().peekable();
        for (steps, said) in &plan.rows {
            let version =
                steps.checked_sub(1).and_then(|last| imported.versions.get(last)).map_or(1, |known| known.get());
            while let Some(event) = events.next_if(|event| event.sequence.get() <= version) {
                let Body::Incident(body) = &event.body else { continue };
                match body {
                    IncidentEvent::Reported(reported) => present = Some(reported.assessment.result().clone()),
                    IncidentEvent::PriorityChanged(change) => {
                        self.priority_changes += u64::from(change.old != change.new);
                        present = Some(change.new.clone());
                    }
                    _ => {}
                }
            }
            let differs = said
                .as_deref()
                .is_some_and(|said| present.as_ref().is_none_or(|priority| priority.name().as_str() != said));
            self.priority_mismatches += u64::from(differs);
        }
    }

    /// Whether nothing was imported.
    pub(crate) fn is_empty(&self) -> bool {
        self.incidents == 0
    }

    /// Prints everything; as JSON on the last line if it is asked for.
    pub(crate) fn print(&mut self, all: Duration, json: bool) {
        self.unusable.sort_unstable();
        for (line, reason) in self.unusable.iter().take(LISTED) {
            eprintln!("line {line} cannot be used: {reason}");
        }
        if let Some(more) = self.unusable.len().checked_sub(LISTED).filter(|more| *more > 0) {
            eprintln!("… and {more} more lines");
        }
        self.table(all);
        if json {
            println!("{}", self.json(all));
        }
    }

    fn table(&self, all: Duration) {
        let rows = self.rows.saturating_sub(self.skipped());
        println!("{:>9}  rows, {} of them unusable", self.rows, self.skipped());
        println!("{:>9}  incidents, {} events", self.incidents, self.events);
        println!(
            "{:>9}  changes of stage, {} of them refused and carried as corrections",
            total(&self.changes),
            total(&self.refused)
        );
        for (change, times) in &self.changes {
            let refused = match self.refused.get(change) {
                Some(refused) => format!("  ({refused} refused)"),
                None => String::new(),
            };
            println!("{times:>9}    {}{refused}", pair(*change));
        }
        println!(
            "{:>9}  changes of priority, {} differences from the log",
            self.priority_changes, self.priority_mismatches
        );
        println!("{:>9}  reopenings", self.reopenings);
        println!(
            "{:>9}  reassignments between groups, {} between persons (the first is none)",
            self.group_hops, self.person_hops
        );
        println!("{:>9}  changes of facts refused", self.refused_facts);
        for (stage, times) in &self.stages {
            println!("{times:>9}  {stage} at the end");
        }
        self.levels.print();
        println!(
            "{:>9}  problems named by the log, {} incidents linked to them, {} links to changes, {} links refused",
            self.related.problems(),
            self.related.links,
            self.related.change_links,
            self.related.refused
        );
        println!(
            "{:>9}  candidates for problems, the strongest, found in {:.3} seconds",
            self.recurring.len(),
            self.counting.as_secs_f64()
        );
        for candidate in &self.recurring {
            println!("{:>9}    {candidate}, {} to {}", candidate.count, day(candidate.first), day(candidate.last));
        }
        for (priority, results) in &self.said {
            println!("{:>9}  met by the log's own word for {priority}, {} missed", results.met, results.missed);
        }
        let seconds = all.as_secs_f64();
        println!("{seconds:>9.3}  seconds in all, {:.3} of them at the desk", self.desk_time.as_secs_f64());
        println!("{:>9.0}  rows a second", rate(rows, seconds));
        if let Some((path, bytes)) = &self.file {
            println!("{:>9}  MB in {}", bytes.div_ceil(1_000_000), path.display());
        }
        if let Some(peak) = peak_memory() {
            println!("{peak:>9}  MiB of memory at the peak");
        }
    }

    fn json(&self, all: Duration) -> serde_json::Value {
        let pairs = |counts: &BTreeMap<Change, u64>| -> BTreeMap<String, u64> {
            counts.iter().map(|(change, times)| (pair(*change), *times)).collect()
        };
        let stages: BTreeMap<&str, u64> = self.stages.iter().map(|(stage, times)| (stage.as_str(), *times)).collect();
        json!({
            "rows": self.rows,
            "rows_skipped": self.skipped(),
            "incidents": self.incidents,
            "events": self.events,
            "changes": pairs(&self.changes),
            "changes_total": total(&self.changes),
            "refused": pairs(&self.refused),
            "refused_total": total(&self.refused),
            "refused_facts": self.refused_facts,
            "priority_changes": self.priority_changes,
            "priority_mismatches": self.priority_mismatches,
            "reopenings": self.reopenings,
            "group_reassignments": self.group_hops,
            "person_reassignments": self.person_hops,
            "stages_at_end": stages,
            "sla": self.levels,
            "made_sla": self.said,
            "problems": self.related.problems(),
            "problem_links": self.related.links,
            "change_links": self.related.change_links,
            "links_refused": self.related.refused,
            "recurrences": self.recurring.iter().map(|found| json!({"why": found.to_string(), "count": found.count,
                "urgency": found.urgency, "first": found.first, "last": found.last})).collect::<Vec<_>>(),
            "recurrence_seconds": self.counting.as_secs_f64(),
            "seconds": all.as_secs_f64(),
            "desk_seconds": self.desk_time.as_secs_f64(),
            "file_bytes": self.file.as_ref().map(|(_, bytes)| bytes),
            "peak_memory_mib": peak_memory(),
        })
    }
}

/// Ten of a category, or five of an item, within a week.
fn rules() -> Result<Vec<RecurrenceRule>, KeyError> {
    let rule = |id: &str, aspect| Ok(RecurrenceRule::new(id.parse()?, [aspect]).within(Seconds::days(7)));
    Ok(vec![rule("category", Aspect::Category)?.at_least(10), rule("item", Aspect::Item)?.at_least(5)])
}

fn day(at: andon::time::Instant) -> String {
    at.format("%Y-%m-%d").to_string()
}

#[allow(clippy::cast_precision_loss, clippy::as_conversions, reason = "a rate for people to read")]
fn rate(rows: u64, seconds: f64) -> f64 {
    rows as f64 / seconds.max(f64::EPSILON)
}

fn pair(change: Change) -> String {
    format!("{} → {}", change.from, change.to)
}

fn total(counts: &BTreeMap<Change, u64>) -> u64 {
    counts.values().sum()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// The most memory that the process has held, in MiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
