//! The draft: a policy as people and files write it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Caps, ClosurePolicy, HoldRule, Intake, LabelRule, MajorPolicy, MilestoneRule, NumberFormat, Numbering,
    ProblemPolicy, ReopeningPolicy, ResolutionRule, Timeliness,
};
use crate::{
    calendar::CalendarDraft,
    category::Category,
    event::DecodeError,
    field::FieldDefinition,
    key::{CalendarKey, LevelName},
    permission::Permissions,
    priority::{Matrix, Modifier, Scale},
    sla::{Agreement, CalendarsOf},
};

/// A policy before it is known to be valid. In a file, what is left out is as in
/// [`Policy::itil`](super::Policy::itil), part by part; a list, or the table of roles, that is given
/// replaces ITIL's whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyDraft {
    /// What people call it.
    pub name: String,
    /// Impact × urgency → priority.
    pub matrix: Matrix,
    /// The impact where neither report nor category says.
    pub default_impact: LevelName,
    /// The urgency where neither report nor category says.
    pub default_urgency: LevelName,
    /// How critical services, offerings and items can be.
    pub criticality: Scale,
    /// What raises a priority, in order.
    pub modifiers: Vec<Modifier>,
    /// The category tree; a parent may come after its children.
    pub categories: Vec<Category>,
    /// The host's own fields.
    pub fields: Vec<FieldDefinition>,
    /// Why incidents may wait.
    pub hold_reasons: Vec<HoldRule>,
    /// The host's own statuses beneath the stages.
    pub stage_labels: Vec<LabelRule>,
    /// The host's own milestones, which people record and from which and to which clocks can count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<MilestoneRule>,
    /// How incidents are resolved.
    pub resolution_codes: Vec<ResolutionRule>,
    /// The business calendars, by their keys.
    pub calendars: BTreeMap<CalendarKey, CalendarDraft>,
    /// Which organisations and services have calendars of their own.
    #[serde(skip_serializing_if = "CalendarsOf::is_empty")]
    pub calendars_of: CalendarsOf,
    /// What is promised to whom: of agreements that promise the same, the first that fits.
    pub agreements: Vec<Agreement>,
    /// What closure asks.
    pub closure: ClosurePolicy,
    /// When an incident is proposed as a major one, and what a major incident asks.
    #[serde(skip_serializing_if = "MajorPolicy::is_default")]
    pub major: MajorPolicy,
    /// What kinds of causes problems have, and what is asked for before one is resolved or closed.
    #[serde(skip_serializing_if = "ProblemPolicy::is_default")]
    pub problems: ProblemPolicy,
    /// When and how often an incident can be reopened.
    pub reopening: ReopeningPolicy,
    /// What is recognised when something is reported.
    pub intake: Intake,
    /// How records are numbered.
    pub numbering: Numbering,
    /// Who may do what.
    pub permissions: Permissions,
    /// Caps on sizes and counts.
    pub caps: Caps,
    /// How late a clock may be, and how far back something may be said to have happened.
    pub timeliness: Timeliness,
}

impl PolicyDraft {
    /// Reads a draft from JSON.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to the field that cannot be read. Whether the policy holds together
    /// is for [`validate`](Self::validate) to say.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        crate::event::decode(json)
    }
}

impl Default for PolicyDraft {
    fn default() -> Self {
        Self::itil()
    }
}

impl Default for Numbering {
    fn default() -> Self {
        let format = |prefix: &str| NumberFormat { prefix: prefix.to_owned(), width: 7 };
        Self { incident: format("INC"), problem: format("PRB") }
    }
}
