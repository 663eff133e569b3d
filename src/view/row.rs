//! The view of a row: what a list shows of each record.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    event::RecordId,
    id::{Id, Number, Version},
    incident::{Incident, Stage},
    key::{ClockName, GroupRef, LevelName, PersonRef, StageLabel},
    store::{Columns, IndexRow, Sort, SortKey},
    time::Instant,
};

/// A record as a list shows it. Nothing internal is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListRow {
    /// Its id.
    pub id: Id<Incident>,
    /// Its number, as people say it.
    pub number: Number,
    /// What is wrong, in a line.
    pub title: Arc<str>,
    /// The stage: `new`, `assigned`, `in_progress`, `on_hold`, `resolved`, `closed` or `cancelled`.
    pub stage: Stage,
    /// The host's own status beneath the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<StageLabel>,
    /// The priority that holds.
    pub priority: RowPriority,
    /// The group that it is with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupRef>,
    /// The person whom it is with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonRef>,
    /// The clock of a service level agreement that is due next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_clock: Option<ClockName>,
    /// When that clock is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
    /// Its version.
    pub version: Version,
    /// When its last event was recorded.
    pub updated_at: Instant,
    /// When it was reported.
    pub reported_at: Instant,
}

/// A priority in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowPriority {
    /// 1 for the highest priority of the policy, 2 for the next, …
    pub rank: u8,
    /// The policy's name: `P1`, `3 - Moderate`, …
    pub name: LevelName,
}

impl ListRow {
    /// Where the row stands in an order, when what is overdue is judged at `at`, as
    /// [`Page::at`](crate::desk::Page::at) tells it: to put a row that the feed delivers where it belongs.
    #[must_use]
    pub fn sort_key(&self, sort: Sort, at: Instant) -> SortKey {
        let Self { id, due, reported_at, updated_at, .. } = *self;
        let rank = self.priority.rank;
        sort.place(Columns { id: id.into(), rank, due, reported_at, updated_at }, at)
    }
}

impl From<IndexRow> for ListRow {
    fn from(row: IndexRow) -> Self {
        let RecordId::Incident(id) = row.id;
        Self {
            id,
            title: row.title.shown(),
            number: row.number,
            stage: row.stage,
            label: row.label,
            priority: RowPriority { rank: row.priority.rank(), name: row.priority.into_name() },
            group: row.group,
            person: row.person,
            next_clock: row.clock,
            due: row.due,
            version: row.version,
            updated_at: row.updated_at,
            reported_at: row.reported_at,
        }
    }
}
