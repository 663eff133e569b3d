//! Modifiers: rules that raise a priority above what the matrix says.

use serde::{Deserialize, Serialize};

use super::{AppliedModifier, Matrix, Priority, Scale};
use crate::key::{LevelName, RuleId};

/// A rule that raises the priority. Rules are tried in the policy's order; each that holds acts on
/// what the earlier ones left. No rule lowers a priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modifier {
    /// The name by which an explanation points to this rule.
    pub id: RuleId,
    /// When it holds.
    pub when: Trigger,
    /// What it does.
    pub effect: Effect,
}

/// When a modifier holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A service, the offering or an item of the incident has at least this criticality.
    Criticality(LevelName),
    /// At least this many people are affected.
    PeopleAffected(u32),
    /// The affected person was a VIP when it was pinned: at intake, or when an edit named the person.
    Vip,
}

/// What a modifier does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Raises the priority by so many ranks, at most to the top.
    Raise(u8),
    /// Raises it to at least this priority.
    AtLeast(LevelName),
}

/// What modifiers look at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weights<'a> {
    /// The criticalities of the incident's services, offering and items.
    pub criticalities: &'a [&'a LevelName],
    /// How many people are affected, if it is known.
    pub people_affected: Option<u32>,
    /// Whether the affected person is a VIP.
    pub vip: bool,
}

impl Modifier {
    /// Applies the rule to `priority` if it holds and changes something.
    pub(crate) fn apply(
        &self,
        matrix: &Matrix,
        criticality: &Scale,
        weights: Weights<'_>,
        priority: &Priority,
    ) -> Option<AppliedModifier> {
        let holds = match &self.when {
            Trigger::Criticality(least) => {
                let least = criticality.rank(least.as_str())?;
                weights
                    .criticalities
                    .iter()
                    .any(|level| criticality.rank(level.as_str()).is_some_and(|rank| rank <= least))
            }
            Trigger::PeopleAffected(least) => weights.people_affected.is_some_and(|people| people >= *least),
            Trigger::Vip => weights.vip,
        };
        if !holds {
            return None;
        }
        let raised = match &self.effect {
            Effect::Raise(by) => matrix.ranked(priority.rank().saturating_sub(*by).max(1))?,
            Effect::AtLeast(floor) => matrix.find(floor.as_str())?,
        };
        (raised.rank < priority.rank).then(|| AppliedModifier {
            rule: self.id.clone(),
            from: priority.clone(),
            to: raised,
        })
    }
}
