//! When an incident is proposed as a major one, and what a major incident asks.

use serde::{Deserialize, Serialize};

use crate::{
    incident::Incident,
    key::{CategoryKey, LevelName, RuleId, ServiceRef},
    policy::Policy,
    time::Seconds,
};

/// What the policy says of major incidents. Without anything here, people propose and accept them, without a floor, a
/// cadence or a review.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MajorPolicy {
    /// What proposes an incident: one of these is enough. A child is never proposed, nor again what was rejected or
    /// demoted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<MajorCriterion>,
    /// The priority that a major incident has at least, unless whoever accepts it says another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<LevelName>,
    /// How often everybody gets word by a public note of the desk; at least a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_every_seconds: Option<Seconds>,
    /// Whether it has to be reviewed before it is closed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub review: bool,
}

/// What an incident has that is proposed as a major one: everything that is said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MajorCriterion {
    /// What it is called: `top_priority`, `many_people`, `security`.
    pub id: RuleId,
    /// A priority of at least this: `P1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_at_least: Option<LevelName>,
    /// One of these services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceRef>,
    /// At least so many people affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_at_least: Option<u32>,
    /// One of these categories: those of security, for one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryKey>,
}

impl MajorPolicy {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl MajorCriterion {
    /// A criterion that asks for nothing yet.
    #[must_use]
    pub const fn new(id: RuleId) -> Self {
        Self { id, priority_at_least: None, services: Vec::new(), people_at_least: None, categories: Vec::new() }
    }

    /// Whether it asks for nothing, so that every incident would meet it.
    pub(super) const fn fits_all(&self) -> bool {
        self.priority_at_least.is_none()
            && self.services.is_empty()
            && self.people_at_least.is_none()
            && self.categories.is_empty()
    }

    /// Whether an incident meets it.
    #[must_use]
    pub fn is_met(&self, incident: &Incident, policy: &Policy) -> bool {
        let facts = incident.facts();
        let asked = |level: &LevelName| {
            let asked = policy.matrix().find(level.as_str());
            asked.is_some_and(|asked| incident.priority().rank() <= asked.rank())
        };
        !self.fits_all()
            && self.priority_at_least.as_ref().is_none_or(asked)
            && (self.services.is_empty() || facts.services.iter().any(|known| self.services.contains(&known.key)))
            && self.people_at_least.is_none_or(|least| facts.people_affected.is_some_and(|people| people >= least))
            && (self.categories.is_empty() || facts.category.as_ref().is_some_and(|key| self.categories.contains(key)))
    }
}
