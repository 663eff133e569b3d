//! The view of a row: what a list shows of each record.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    id::{Id, Number, Version},
    incident::Incident,
    key::{ClockName, GroupRef, LevelName, PersonRef, StageLabel},
    problem::Problem,
    record::Kind,
    store::{Columns, IndexRow, Sort, SortKey},
    time::Instant,
};

/// A record as a list shows it. Nothing internal is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = "K::Stage: schemars::JsonSchema"))]
pub struct ListRow<K: Kind = Incident> {
    /// Its id.
    pub id: Id<K>,
    /// Its number, as people say it.
    pub number: Number,
    /// What is wrong, in a line.
    pub title: Arc<str>,
    /// The stage: for incidents `new`, `assigned`, `in_progress`, `on_hold`, `resolved`, `closed` or `cancelled`; for
    /// problems `new`, `assessing`, `investigating`, `fix_in_progress`, `observing`, `resolved` or `closed`.
    pub stage: K::Stage,
    /// The host's own status beneath the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<StageLabel>,
    /// The priority that holds.
    pub priority: RowPriority,
    /// Whether it is a major incident that runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub major: bool,
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

impl<K: Kind> ListRow<K> {
    /// The row as a list of records of this kind shows it; `None` if it is one of another kind.
    #[must_use]
    pub fn of(row: IndexRow) -> Option<Self> {
        let (id, stage) = (K::id_of(row.id)?, K::stage_of(row.stage)?);
        Some(Self {
            id,
            title: row.title.shown(),
            number: row.number,
            stage,
            label: row.label,
            priority: RowPriority { rank: row.priority.rank(), name: row.priority.into_name() },
            major: row.major,
            group: row.group,
            person: row.person,
            next_clock: row.clock,
            due: row.due,
            version: row.version,
            updated_at: row.updated_at,
            reported_at: row.reported_at,
        })
    }

    /// Where the row stands in an order, when what is overdue is judged at `at`, as
    /// [`Page::at`](crate::desk::Page::at) tells it: to put a row that the feed delivers where it belongs.
    #[must_use]
    pub fn sort_key(&self, sort: Sort, at: Instant) -> SortKey {
        let Self { id, due, reported_at, updated_at, .. } = *self;
        let rank = self.priority.rank;
        sort.place(Columns { id: K::key(id), rank, due, reported_at, updated_at }, at)
    }
}

/// A record of any kind as a list shows it: what the feed delivers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnyRow {
    /// An incident.
    Incident(ListRow<Incident>),
    /// A problem.
    Problem(ListRow<Problem>),
}

impl AnyRow {
    /// The row, if it is that of an incident.
    #[must_use]
    pub const fn incident(&self) -> Option<&ListRow<Incident>> {
        match self {
            Self::Incident(row) => Some(row),
            Self::Problem(_) => None,
        }
    }

    /// The row, if it is that of a problem.
    #[must_use]
    pub const fn problem(&self) -> Option<&ListRow<Problem>> {
        match self {
            Self::Problem(row) => Some(row),
            Self::Incident(_) => None,
        }
    }
}
