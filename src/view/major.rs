//! A major incident as a front-end shows it.

use serde::{Deserialize, Serialize};

use super::{text, texts};
use crate::{incident::Major, time::Instant};

/// Where an incident stands as a major one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MajorView {
    /// `proposed`, `rejected`, `accepted`, `stood_down` or `demoted`.
    pub status: String,
    /// By which criteria of the policy it is proposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<String>,
    /// Who leads it, or led it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// Since when it runs, or ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// When it was stood down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// The priority that it has at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<String>,
    /// By when everybody gets word next, while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_due: Option<Instant>,
    /// How many times in a row that was missed.
    #[serde(default)]
    pub missed_updates: u32,
    /// When it was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<Instant>,
}

impl MajorView {
    pub(super) fn of(major: &Major) -> Self {
        let view = Self {
            status: major.key().to_owned(),
            criteria: Vec::new(),
            manager: None,
            since: None,
            until: None,
            floor: None,
            update_due: None,
            missed_updates: 0,
            reviewed_at: None,
        };
        match major {
            Major::Proposed(proposal) => Self { criteria: texts(&proposal.criteria), ..view },
            Major::Rejected {} | Major::Demoted {} => view,
            Major::Accepted(running) => Self {
                manager: Some(text(running.manager())),
                since: Some(running.since()),
                floor: running.floor().map(text),
                update_due: running.update_due(),
                missed_updates: running.missed(),
                ..view
            },
            Major::StoodDown(ended) => Self {
                manager: Some(text(ended.manager())),
                since: Some(ended.since()),
                until: Some(ended.until()),
                reviewed_at: ended.reviewed_at(),
                ..view
            },
        }
    }
}
