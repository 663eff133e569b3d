//! The view of an incident that is opened: everything that its page shows, read at once.

use serde::{Deserialize, Serialize};

use super::{ClockView, MoveView, RecordView, TimelineEntry};
use crate::id::Version;

/// An incident that is opened: its record, the actor's moves, its clocks and a page of its timeline, all at one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenedView {
    /// The record, with everything that has fallen due; its version is that of all.
    pub record: RecordView,
    /// The moves that the actor has now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<MoveView>,
    /// Its clocks, as far as the actor may see them: those first that can still be met or missed, by when they are
    /// due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockView>,
    /// The newest entries of its timeline, the newest first, up to that version. What has fallen due stands here
    /// once it is stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<TimelineEntry>,
    /// Where the earlier entries begin; left out if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Version>,
}
