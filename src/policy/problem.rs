//! What the policy says of problems.

use serde::{Deserialize, Serialize};

use crate::{field::Requirement, key::CauseCategory};

/// What the policy says of problems. Without anything here, a cause may be of any category, and nothing is asked for
/// before a problem is resolved or closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProblemPolicy {
    /// What kinds of root causes there are; if there are none here, any is taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cause_categories: Vec<CauseCategory>,
    /// What a problem must have, by its resolution or by its closure: `root_cause`, `known_error`, `workaround`, a
    /// `person` that owns it. What is asked for by the resolution is asked for before the fix is said to be applied, so
    /// that a problem under observation can be resolved by itself. A problem that is closed without a fix owes nothing
    /// of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<Requirement>,
}

impl ProblemPolicy {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
