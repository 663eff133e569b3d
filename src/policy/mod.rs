//! The policy: everything that a tenant decides about its incident management, as one value.
//!
//! A [`PolicyDraft`] is what people and files write; [`PolicyDraft::validate`] makes a [`Policy`] of it
//! or says everything that is wrong. A policy that exists is valid, and never changes: another one
//! takes its place.
//!
//! As a file, here in TOML; `toml::to_string(Policy::itil().parts())` writes the one to begin with:
//!
//! ```
//! let draft: andon::PolicyDraft = toml::from_str(r#"
//!     name = "Acme"
//!     default_impact = "medium"
//!
//!     [[modifiers]]
//!     id = "till"
//!     when = { criticality = "critical" }  # or { people_affected = 100 }, or "vip"
//!     effect = { raise = 1 }               # or { at_least = "P2" }
//!
//!     [[fields]]
//!     key = "floor"
//!     kind = { choice = { options = ["ground", "first"] } }
//!
//!     [[fields]]
//!     key = "cost"
//!     kind = { number = { min = "0" } }    # or { text = { max_chars = 200 } }, "date", "reference"
//!
//!     [[categories]]
//!     key = "tills"
//!     urgency = "high"
//!     group = "Shop floor"
//!     required = [{ field = "fields.floor", by = "report" }]
//!
//!     [[hold_reasons]]
//!     reason = "awaiting_parts"
//!     until = "required"
//!
//!     [[stage_labels]]
//!     key = "on the way"
//!     stage = "in_progress"
//!
//!     [[intake.service_requests]]
//!     id = "orders"
//!     title_contains = ["order a", "please send"]
//!
//!     [closure]
//!     automatic_after_seconds = 604_800    # closes by itself after seven quiet days
//!
//!     [reopening]
//!     window_seconds = "unlimited"
//!     max_times = 2
//!
//!     [permissions.roles.agent]            # replaces every role of ITIL's
//!     "incident.read" = ["all"]
//!     "incident.resolve" = ["own", "own_group"]
//! "#)?;
//! let policy = draft.validate()?;
//! assert_eq!(policy.field("floor").map(|field| field.retired), Some(false));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod draft;
mod itil;
mod left_out;
mod major;
mod problem;
mod rules;
mod validate;

use std::collections::{BTreeMap, HashMap};

pub use draft::PolicyDraft;
pub(crate) use left_out::left_out;
pub use major::{MajorCriterion, MajorPolicy};
pub use problem::ProblemPolicy;
pub use rules::{
    Caps, ClosurePolicy, ConfirmationRule, HoldRule, Intake, LabelRule, MilestoneRule, NumberFormat, Numbering,
    ReopeningPolicy, ResolutionRule, ServiceRequestRule, Timeliness, UntilRule,
};
use serde::{Deserialize, Serialize};

use crate::{
    calendar::Calendar,
    category::Defaults,
    digest::Digest,
    event::PolicyStamp,
    fault::Faults,
    field::FieldDefinition,
    incident::{HoldReason, Stage},
    key::{CalendarKey, CategoryKey, FieldKey, LevelName},
    permission::Permissions,
    priority::{Assessment, Matrix, Weights},
    record::Facts,
    sla::Agreement,
};

/// A valid policy. Read it by its parts; change it by drafting another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PolicyDraft", into = "PolicyDraft")]
pub struct Policy {
    draft: PolicyDraft,
    categories: HashMap<CategoryKey, Defaults>,
    calendars: BTreeMap<CalendarKey, Calendar>,
    digest: Digest,
}

impl Policy {
    /// A policy that works out of the box, in the words of ITIL.
    ///
    /// | part | what it says |
    /// |---|---|
    /// | impact, urgency | `high`, `medium`, `low`; `medium` if nothing else is said |
    /// | priority | `P1` to `P5`, by [`Matrix::itil`] |
    /// | criticality | `critical`, `high`, `medium`, `low`; no modifier uses it |
    /// | hold reasons | `awaiting_caller` (ended by the caller's reply), `awaiting_vendor`, `awaiting_change`, `awaiting_problem`, `awaiting_date` (needs a date) |
    /// | resolution codes | `fixed`, `workaround`, `resolved_by_problem`, `resolved_by_change`, `no_fault_found`, `user_error` |
    /// | closure | the caller or monitoring confirms, or five quiet days; a reply restarts them; nothing closes by itself |
    /// | reopening | thirty days, any number of times |
    /// | role `caller` | reads, reports, writes to, confirms and reopens what is its own |
    /// | role `monitoring` | reports, routes, writes notes, resolves, confirms, reopens |
    /// | role `agent` | everything but what follows |
    /// | role `manager` | also overrides priorities, waives, corrects, undoes merges, accepts and leads major incidents, reads confidential records |
    /// | role `administrator` | everything, importing, reissuing, redacting and publishing policies included |
    #[must_use]
    pub fn itil() -> Self {
        Self::from_valid(PolicyDraft::itil(), BTreeMap::new())
    }

    /// A draft with the content of this policy, to be changed into another.
    #[must_use]
    pub fn to_draft(&self) -> PolicyDraft {
        self.draft.clone()
    }

    /// The digest of the policy's content.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What events say about the policy by which they were decided.
    #[must_use]
    pub const fn stamp(&self, version: u32) -> PolicyStamp {
        PolicyStamp { version, digest: self.digest }
    }

    /// The matrix and its scales.
    #[must_use]
    pub const fn matrix(&self) -> &Matrix {
        &self.draft.matrix
    }

    /// Who may do what.
    #[must_use]
    pub const fn permissions(&self) -> &Permissions {
        &self.draft.permissions
    }

    /// The caps on sizes and counts.
    #[must_use]
    pub const fn caps(&self) -> &Caps {
        &self.draft.caps
    }

    /// How late a clock may be, and how far back something may be said to have happened.
    #[must_use]
    pub const fn timeliness(&self) -> &Timeliness {
        &self.draft.timeliness
    }

    /// What closure asks.
    #[must_use]
    pub const fn closure(&self) -> &ClosurePolicy {
        &self.draft.closure
    }

    /// When and how often an incident can be reopened.
    #[must_use]
    pub const fn reopening(&self) -> &ReopeningPolicy {
        &self.draft.reopening
    }

    /// What is recognised when something is reported.
    #[must_use]
    pub const fn intake(&self) -> &Intake {
        &self.draft.intake
    }

    /// How records are numbered.
    #[must_use]
    pub const fn numbering(&self) -> &Numbering {
        &self.draft.numbering
    }

    /// What a category comes to, with all that its parents add.
    #[must_use]
    pub fn category(&self, key: &str) -> Option<(&CategoryKey, &Defaults)> {
        self.categories.get_key_value(key)
    }

    /// The field of the host's own with this key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&FieldDefinition> {
        self.draft.fields.iter().find(|field| field.key.as_str() == key)
    }

    /// The rule for a hold reason; `None` for a reason that the policy does not know.
    #[must_use]
    pub fn hold(&self, reason: &str) -> Option<&HoldRule> {
        self.draft.hold_reasons.iter().find(|rule| rule.reason.as_str() == reason)
    }

    /// The hold reasons of the policy.
    #[must_use]
    pub fn hold_reasons(&self) -> &[HoldRule] {
        &self.draft.hold_reasons
    }

    /// The rule for a resolution code; `None` for a code that the policy does not know.
    #[must_use]
    pub fn resolution(&self, code: &str) -> Option<&ResolutionRule> {
        self.draft.resolution_codes.iter().find(|rule| rule.code.as_str() == code)
    }

    /// The resolution codes of the policy.
    #[must_use]
    pub fn resolution_codes(&self) -> &[ResolutionRule] {
        &self.draft.resolution_codes
    }

    /// The host's own status with this key, beneath `stage`.
    #[must_use]
    pub fn label(&self, stage: Stage, key: &str) -> Option<&LabelRule> {
        self.draft.stage_labels.iter().find(|rule| rule.stage == stage && rule.key.as_str() == key)
    }

    /// The rule for a milestone of the host's own; `None` for one that the policy does not know.
    #[must_use]
    pub fn milestone(&self, key: &str) -> Option<&MilestoneRule> {
        self.draft.milestones.iter().find(|rule| rule.milestone.as_str() == key)
    }

    /// The impact of an incident about which neither its report nor its category says anything.
    #[must_use]
    pub const fn default_impact(&self) -> &LevelName {
        &self.draft.default_impact
    }

    /// The urgency of an incident about which neither its report nor its category says anything.
    #[must_use]
    pub const fn default_urgency(&self) -> &LevelName {
        &self.draft.default_urgency
    }

    /// A criticality as this policy spells it.
    #[must_use]
    pub fn criticality(&self, level: &str) -> Option<&LevelName> {
        self.draft.criticality.find(level)
    }

    /// Assesses the priority of these facts. `None` if the matrix does not know their impact or urgency.
    #[must_use]
    pub fn assess<K>(&self, facts: &Facts<K>) -> Option<Assessment> {
        let criticalities: Vec<&LevelName> = facts.criticalities().collect();
        let weights = Weights { criticalities: &criticalities, people_affected: facts.people_affected, vip: facts.vip };
        Assessment::of(
            &self.draft.matrix,
            &self.draft.modifiers,
            &self.draft.criticality,
            &facts.impact,
            &facts.urgency,
            weights,
        )
    }

    /// The policy's parts as they were drafted.
    #[must_use]
    pub const fn parts(&self) -> &PolicyDraft {
        &self.draft
    }

    /// The business calendar with this key.
    #[must_use]
    pub fn calendar(&self, key: &str) -> Option<&Calendar> {
        self.calendars.get(key)
    }

    /// The agreement with this key.
    #[must_use]
    pub fn agreement(&self, key: &str) -> Option<&Agreement> {
        self.draft.agreements.iter().find(|agreement| agreement.key.as_str() == key)
    }

    fn from_valid(draft: PolicyDraft, calendars: BTreeMap<CalendarKey, Calendar>) -> Self {
        let mut ignored = Faults::none();
        let categories = crate::category::work_out(&draft.categories, &mut ignored);
        // Every part of a draft has a JSON form; should one ever have none, the digest is that of nothing.
        let digest = Digest::of(&serde_json::to_vec(&draft).unwrap_or_default());
        Self { draft, categories, calendars, digest }
    }
}

impl TryFrom<PolicyDraft> for Policy {
    type Error = Faults;

    fn try_from(draft: PolicyDraft) -> Result<Self, Faults> {
        draft.validate()
    }
}

impl From<Policy> for PolicyDraft {
    fn from(policy: Policy) -> Self {
        policy.draft
    }
}

/// The hold reasons that a policy can name without declaring a key of its own.
pub(crate) const KNOWN_REASONS: [HoldReason; 5] = [
    HoldReason::AwaitingCaller,
    HoldReason::AwaitingVendor,
    HoldReason::AwaitingChange,
    HoldReason::AwaitingProblem,
    HoldReason::AwaitingDate,
];

/// The fields of a policy as a message lists them: the first of them.
pub(crate) fn known_fields(policy: &Policy) -> String {
    const LISTED: usize = 20;
    let fields = &policy.draft.fields;
    let mut list = fields.iter().take(LISTED).map(|field| field.key.as_str()).collect::<Vec<_>>().join(", ");
    if fields.len() > LISTED {
        list.push_str(", …");
    }
    list
}

impl Policy {
    /// The key of a field as the policy spells it.
    pub(crate) fn field_key(&self, key: &str) -> Option<&FieldKey> {
        self.field(key).map(|field| &field.key)
    }
}
