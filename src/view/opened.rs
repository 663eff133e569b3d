//! The view of an incident that is opened: everything that its page shows, read at once.

use serde::{Deserialize, Serialize};

use super::{MoveView, RecordView, TimelineEntry};
use crate::id::Version;

/// An incident that is opened: its record, the actor's moves and a page of its timeline, all at one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenedView {
    /// The record, with everything that has fallen due; its version is that of all.
    pub record: RecordView,
    /// The moves that the actor has now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<MoveView>,
    /// The newest entries of its timeline, the newest first, up to that version. What has fallen due stands here
    /// once it is stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<TimelineEntry>,
    /// Where the earlier entries begin; left out if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Version>,
}
