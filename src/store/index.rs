//! Index rows: the columns that queries look at, and that a list shows.

use serde::{Deserialize, Serialize};

use super::Record;
use crate::{
    event::RecordId,
    id::{Number, Version},
    key::{ClockName, GroupRef, PersonRef, StageLabel},
    ledger::{AgreementKind, Clock},
    priority::Priority,
    record::{AnyStage, Kind},
    text::Title,
    time::{Instant, ceil_micros, floor_micros},
};

/// What queries see of a record beside its terms. The library fills it in; a store keeps it beside the
/// record and indexes what it needs. Its instants are whole microseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexRow {
    /// The record.
    pub id: RecordId,
    /// Its number.
    pub number: Number,
    /// Its title, which can be erased.
    pub title: Title,
    /// Its stage.
    pub stage: AnyStage,
    /// The host's own status beneath the stage.
    pub label: Option<StageLabel>,
    /// Its priority.
    pub priority: Priority,
    /// Whether it is a major incident that runs.
    pub major: bool,
    /// The group that it is with.
    pub group: Option<GroupRef>,
    /// The person whom it is with.
    pub person: Option<PersonRef>,
    /// Which of its clocks is due next, or was due first if that has passed; `None` while none is. Rows go by the clocks
    /// of service level agreements: what groups and vendors owe is internal.
    pub clock: Option<ClockName>,
    /// When that clock is due.
    pub due: Option<Instant>,
    /// When something next falls due on the record by itself: see
    /// [`Repository::wakes`](super::Repository::wakes).
    pub wake_at: Option<Instant>,
    /// When it was reported.
    pub reported_at: Instant,
    /// When its last event was recorded.
    pub updated_at: Instant,
    /// Its version.
    pub version: Version,
}

impl IndexRow {
    /// The row of a record at a version, for stores that make theirs anew. `wake_at` is what the row said that is stored: when
    /// something next falls due on the record by itself depends on the policy, too.
    #[must_use]
    pub fn of(record: &Record, version: Version, wake_at: Option<Instant>) -> Self {
        match record {
            Record::Incident(incident) => Self::of_kind(&**incident, version, wake_at),
            Record::Problem(problem) => Self::of_kind(&**problem, version, wake_at),
        }
    }

    /// The row of a record on which something next falls due at `wake_at`.
    pub(crate) fn of_kind<K: Kind>(record: &K, version: Version, wake_at: Option<Instant>) -> Self {
        let (facts, progress) = (record.facts(), record.progress());
        let assignment = &progress.assignment;
        let shown = |clock: &&Clock| clock.terms().kind == AgreementKind::Sla && clock.due().is_some();
        let next = progress.clocks.by_deadline().into_iter().find(shown);
        Self {
            id: K::key(facts.id),
            number: facts.number.clone(),
            title: facts.title.clone(),
            stage: record.stage().into(),
            label: progress.label.clone(),
            priority: record.priority().clone(),
            major: record.runs_as_major(),
            group: assignment.group.clone(),
            person: assignment.person.clone(),
            clock: next.map(|clock| clock.terms().metric.clone()),
            due: next.and_then(Clock::due).map(floor_micros),
            // Nothing is woken before it is due.
            wake_at: wake_at.map(ceil_micros),
            reported_at: floor_micros(progress.milestones.reported.unwrap_or(progress.recorded_at)),
            updated_at: floor_micros(progress.recorded_at),
            version,
        }
    }
}
