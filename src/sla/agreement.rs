//! Agreements as a policy writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    field::Requirement,
    incident::{HoldReason, Milestone},
    key::{
        AgreementKey, CalendarKey, CategoryKey, ClockName, GroupRef, Label, LevelName, OfferingRef, OrganisationRef,
        ServiceRef,
    },
    ledger::{AgreementKind, Target, WarnAt},
};

/// What is promised, to whom, for which records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its key.
    pub key: AgreementKey,
    /// With whom it is made.
    #[serde(default)]
    pub kind: AgreementKind,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For which records it holds.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub when: Conditions,
    /// The calendar that measures business time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarChoice>,
    /// What it promises, a clock each.
    pub metrics: Vec<MetricRule>,
    /// Starts no new clocks; those that run go on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

impl Agreement {
    /// A service level agreement that holds for every record and promises nothing yet.
    #[must_use]
    pub fn new(key: AgreementKey) -> Self {
        Self {
            key,
            kind: AgreementKind::Sla,
            name: None,
            when: Conditions::default(),
            calendar: None,
            metrics: Vec::new(),
            retired: false,
        }
    }

    /// The rule for a metric of this agreement.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&MetricRule> {
        self.metrics.iter().find(|rule| rule.metric.as_str() == name)
    }
}

/// For which records an agreement holds: those that fit every part that names something. A part that names
/// several fits a record that has one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// With one of these services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceRef>,
    /// Under one of these offerings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offerings: Vec<OfferingRef>,
    /// Of one of these organisations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<OrganisationRef>,
    /// In one of these categories, or below one of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryKey>,
    /// With one of these priorities.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<LevelName>,
    /// With one of these groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRef>,
    /// Bearing one of these labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
}

impl Conditions {
    /// Whether it holds for every record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which calendar measures business time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected the key of a calendar, or a table with `of` and `otherwise`")]
pub enum CalendarChoice {
    /// This one.
    Fixed(CalendarKey),
    /// That of the record's organisation or of its first service that has one.
    Of {
        /// Whose.
        of: CalendarOwner,
        /// The calendar of those that have none.
        otherwise: CalendarKey,
    },
}

/// Who can have a calendar of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarOwner {
    /// The record's organisation.
    Organisation,
    /// The first of the record's services that has a calendar.
    Service,
}

/// Which organisations and services have calendars of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarsOf {
    /// By organisation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub organisations: BTreeMap<OrganisationRef, CalendarKey>,
    /// By service.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceRef, CalendarKey>,
}

impl CalendarsOf {
    /// Whether nobody has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.organisations.is_empty() && self.services.is_empty()
    }
}

/// What a clock measures, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricRule {
    /// What it is called: `respond`, `own`, `resolve`, `restore`, `update`, or the host's own word.
    pub metric: ClockName,
    /// How long it may take.
    pub target: Targets,
    /// From when it counts; from the report if nothing is said.
    #[serde(default)]
    pub start: StartRule,
    /// What ends it.
    pub end: EndRule,
    /// While what it runs; always if nothing is said.
    #[serde(default, skip_serializing_if = "Runs::is_always")]
    pub runs: Runs,
    /// The hold reasons that pause it; none if nothing is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paused_by: Vec<HoldReason>,
    /// What becomes of it when the priority or the agreement changes; it keeps its start if nothing is said.
    #[serde(default)]
    pub on_change: OnChange,
    /// What becomes of it when a resolution is taken back; it goes on if nothing is said.
    #[serde(default)]
    pub on_reopening: OnReopening,
    /// When it warns, at most [`MAX_WARNINGS`](Self::MAX_WARNINGS).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarnAt>,
    /// What must be filled in once it is missed, such as the reasons for a late notification: by a resolution or a
    /// closure, and by those of service level agreements alone. What was missed stays so when it is promised no more;
    /// what was late and, by a correction, no longer is asks for nothing, and so does a cancellation of the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when_missed: Vec<Requirement>,
}

impl MetricRule {
    /// The most warnings of a clock.
    pub const MAX_WARNINGS: usize = 16;

    /// A clock from the report on.
    #[must_use]
    pub const fn new(metric: ClockName, target: Targets, end: EndRule) -> Self {
        Self {
            metric,
            target,
            start: StartRule::Reported,
            end,
            runs: Runs::Always,
            paused_by: Vec::new(),
            on_change: OnChange::KeepStart,
            on_reopening: OnReopening::Resume,
            warnings: Vec::new(),
            when_missed: Vec::new(),
        }
    }
}

/// How long something may take: the same for every priority, or for each its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Targets {
    /// The same for every priority.
    All(Target),
    /// For each priority its own; those that are not named are promised nothing.
    ByPriority(BTreeMap<LevelName, Target>),
}

impl Targets {
    /// The target for a priority.
    #[must_use]
    pub fn of(&self, priority: &LevelName) -> Option<Target> {
        match self {
            Self::All(target) => Some(*target),
            Self::ByPriority(targets) => targets.get(priority).copied(),
        }
    }
}

/// From when a clock counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartRule {
    /// From when it was reported, by the time at which that happened.
    #[default]
    Reported,
    /// From when it was recorded here, which is later if it was reported elsewhere before.
    Created,
    /// From a milestone on. It starts when the milestone is reached.
    Milestone(Milestone),
}

/// What ends a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndRule {
    /// The first of these milestones.
    Milestones(Vec<Milestone>),
    /// The next update: a public note by a person of the desk. Then the next clock starts, from that update, as
    /// long as the incident is neither resolved nor ended.
    Update,
}

/// While what a clock runs. It starts when it first does, and adds up over returns; one that never ran never was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// Always.
    #[default]
    Always,
    /// While the incident is with this group: for operational level agreements.
    WithGroup(GroupRef),
    /// While it is on hold for one of these reasons: for contracts with vendors.
    OnHoldFor(Vec<HoldReason>),
}

impl Runs {
    /// Whether it always runs.
    #[must_use]
    pub const fn is_always(&self) -> bool {
        matches!(self, Self::Always)
    }
}

/// What becomes of a running clock when the priority or the agreement changes and something else is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// The new clock counts from when the old one did, with its pauses. It may be overdue at once: that is
    /// recorded then.
    #[default]
    KeepStart,
    /// The new clock begins with the change, with as much used as the old one had.
    KeepSpent,
    /// The new clock begins with the change, with nothing used.
    Restart,
}

/// What becomes of a clock that had ended when a resolution is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReopening {
    /// It goes on; the time in which it was resolved does not count.
    #[default]
    Resume,
    /// It goes on; the time in which it was resolved is told as a pause.
    CountAsPause,
    /// A new clock begins with the reopening. In a [tally](crate::ledger::Tally) the new one counts as met or missed,
    /// and the one before only as ever breached, if it was.
    Restart,
}
