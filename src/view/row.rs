//! The view of a row: what a list shows of each record.

use serde::{Deserialize, Serialize};

use crate::{
    event::RecordId,
    id::{Id, Number, Version},
    incident::Incident,
    store::IndexRow,
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
    pub title: String,
    /// The stage: `new`, `assigned`, `in_progress`, `on_hold`, `resolved`, `closed` or `cancelled`.
    pub stage: String,
    /// The host's own status beneath the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The priority that holds.
    pub priority: RowPriority,
    /// The group that it is with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The person whom it is with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The clock that is due next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_clock: Option<String>,
    /// When that clock is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
    /// Its version.
    pub version: Version,
    /// When its last event was recorded.
    pub updated_at: Instant,
    /// When it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Instant>,
}

/// A priority in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowPriority {
    /// 1 for the highest priority of the policy, 2 for the next, …
    pub rank: u8,
    /// The policy's name: `P1`, `3 - Moderate`, …
    pub name: String,
}

impl From<&IndexRow> for ListRow {
    fn from(row: &IndexRow) -> Self {
        let RecordId::Incident(id) = row.id;
        Self {
            id,
            number: row.number.clone(),
            title: row.title.to_string(),
            stage: row.stage.key().to_owned(),
            label: row.label.as_ref().map(ToString::to_string),
            priority: RowPriority { rank: row.priority.rank(), name: row.priority.name().to_string() },
            group: row.group.as_ref().map(ToString::to_string),
            person: row.person.as_ref().map(ToString::to_string),
            next_clock: row.clock.as_ref().map(ToString::to_string),
            due: row.due,
            version: row.version,
            updated_at: row.updated_at,
            reported_at: Some(row.reported_at),
        }
    }
}
