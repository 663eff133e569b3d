//! The assessment: a priority that explains itself.

use std::{fmt, num::NonZeroU8};

use serde::{Deserialize, Serialize};

use super::{Cell, Matrix, Modifier, Scale, Weights};
use crate::{
    actor::ActorId,
    digest::PolicyStamp,
    key::{LevelName, RuleId},
    text::Text,
    time::Instant,
};

/// A priority: its rank, of which 1 is the highest, and its name in the policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    pub(crate) rank: NonZeroU8,
    pub(crate) name: LevelName,
}

impl Priority {
    /// 1 for the highest priority of the policy, 2 for the next, …
    #[must_use]
    pub const fn rank(&self) -> u8 {
        self.rank.get()
    }

    pub(crate) fn into_name(self) -> LevelName {
        self.name
    }

    /// The policy's name: `P1`, `3 - Moderate`, …
    #[must_use]
    pub const fn name(&self) -> &LevelName {
        &self.name
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// A modifier that changed the priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedModifier {
    /// The rule of the policy.
    pub rule: RuleId,
    /// The priority before.
    pub from: Priority,
    /// The priority after.
    pub to: Priority,
}

/// A priority set by hand. Below it the computed priority goes on living, and returns when the
/// override is cleared or expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The priority that holds.
    pub priority: Priority,
    /// Why.
    pub reason: Text,
    /// Who set it.
    pub by: ActorId,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// The policy by which it was set, if it ends by itself: what is promised then is decided by that one, whenever
    /// somebody comes to see that it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyStamp>,
}

/// A priority and how it came about: the cell, the modifiers, the override, the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    pub(crate) cell: Cell,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) modifiers: Vec<AppliedModifier>,
    #[serde(rename = "override", default, skip_serializing_if = "Option::is_none")]
    pub(crate) set_by_hand: Option<Override>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<Priority>,
}

impl Assessment {
    /// Assesses the priority of an impact and an urgency. `None` if the matrix does not know one of
    /// them.
    #[must_use]
    pub fn of(
        matrix: &Matrix,
        modifiers: &[Modifier],
        criticality: &Scale,
        impact: &LevelName,
        urgency: &LevelName,
        weights: Weights<'_>,
    ) -> Option<Self> {
        let cell = matrix.cell(impact.as_str(), urgency.as_str())?;
        let mut applied: Vec<AppliedModifier> = Vec::new();
        for modifier in modifiers {
            let so_far = applied.last().map_or(&cell.priority, |last| &last.to);
            if let Some(next) = modifier.apply(matrix, criticality, weights, so_far) {
                applied.push(next);
            }
        }
        Some(Self { cell, modifiers: applied, set_by_hand: None, floor: None })
    }

    /// The priority that holds.
    #[must_use]
    pub fn result(&self) -> &Priority {
        let said = self.set_by_hand.as_ref().map_or_else(|| self.computed(), |set| &set.priority);
        self.floor.as_ref().filter(|floor| floor.rank() < said.rank()).unwrap_or(said)
    }

    /// The priority by matrix and modifiers, whatever the override says.
    #[must_use]
    pub fn computed(&self) -> &Priority {
        self.modifiers.last().map_or(&self.cell.priority, |last| &last.to)
    }

    /// The cell of the matrix.
    #[must_use]
    pub const fn cell(&self) -> &Cell {
        &self.cell
    }

    /// The modifiers that changed the priority, in order.
    #[must_use]
    pub fn modifiers(&self) -> &[AppliedModifier] {
        &self.modifiers
    }

    /// The override, if one holds.
    #[must_use]
    pub const fn overridden(&self) -> Option<&Override> {
        self.set_by_hand.as_ref()
    }

    /// What the priority is at least, as long as the incident is a major one that runs.
    #[must_use]
    pub const fn floor(&self) -> Option<&Priority> {
        self.floor.as_ref()
    }

    /// The same assessment with this floor, or without one.
    #[must_use]
    pub fn with_floor(mut self, floor: Option<Priority>) -> Self {
        self.floor = floor;
        self
    }

    /// The same assessment under this override, or under none.
    #[must_use]
    pub fn with_override(mut self, set_by_hand: Option<Override>) -> Self {
        self.set_by_hand = set_by_hand;
        self
    }
}

/// The explanation, for people: `P2: impact medium × urgency medium gives P3; rule vip raises it to P2`.
impl fmt::Display for Assessment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { impact, urgency, priority } = &self.cell;
        write!(f, "{}: impact {impact} × urgency {urgency} gives {priority}", self.result())?;
        for AppliedModifier { rule, to, .. } in &self.modifiers {
            write!(f, "; rule {rule} raises it to {to}")?;
        }
        if let Some(set) = &self.set_by_hand {
            write!(f, "; overridden with {} by {}", set.priority, set.by)?;
            if let Some(until) = set.until {
                write!(f, " until {}", until.format("%Y-%m-%d %H:%M:%S UTC"))?;
            }
            write!(f, ": {}", set.reason)?;
        }
        if let Some(floor) = &self.floor {
            write!(f, "; at least {floor} as a major incident")?;
        }
        Ok(())
    }
}

/// Why a priority was assessed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PriorityCause {
    /// Impact, urgency or what modifiers look at was edited.
    Edited,
    /// The incident moved to a category whose defaults were applied.
    Categorised,
    /// An override was set.
    Overridden,
    /// The override was cleared.
    OverrideCleared,
    /// The override expired.
    OverrideExpired,
    /// It was assessed anew by another policy.
    Reissued,
    /// The incident was accepted as a major one, which set a floor.
    MajorAccepted,
    /// The incident runs as a major one no longer: the floor is gone.
    MajorEnded,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::priority::{Effect, HighEnd, Trigger};

    fn level(name: &str) -> LevelName {
        LevelName::new(name).unwrap()
    }

    fn rule(id: &str, when: Trigger, effect: Effect) -> Modifier {
        Modifier { id: RuleId::new(id).unwrap(), when, effect }
    }

    fn assess(modifiers: &[Modifier], weights: Weights<'_>) -> Assessment {
        let criticality = Scale::new(vec![level("gold"), level("silver"), level("bronze")], HighEnd::First);
        Assessment::of(&Matrix::itil(), modifiers, &criticality, &level("medium"), &level("low"), weights).unwrap()
    }

    #[test]
    fn modifiers_act_in_order_and_stop_at_the_top() {
        let modifiers = [
            rule("gold-service", Trigger::Criticality(level("gold")), Effect::Raise(1)),
            rule("crowd", Trigger::PeopleAffected(100), Effect::AtLeast(level("P2"))),
            rule("vip", Trigger::Vip, Effect::Raise(9)),
        ];
        let gold = level("gold");
        let weights = Weights { criticalities: &[&gold], people_affected: Some(100), vip: true };
        let assessment = assess(&modifiers, weights);
        assert_eq!(
            assessment.to_string(),
            "P1: impact medium × urgency low gives P4; rule gold-service raises it to P3; rule crowd raises it to P2; rule vip raises it to P1"
        );
        assert_eq!(assess(&modifiers, Weights::default()).to_string(), "P4: impact medium × urgency low gives P4");
    }

    #[test]
    fn a_rule_that_changes_nothing_is_not_in_the_explanation() {
        let modifiers = [rule("crowd", Trigger::PeopleAffected(2), Effect::AtLeast(level("P5")))];
        let assessment = assess(&modifiers, Weights { people_affected: Some(2), ..Weights::default() });
        assert!(assessment.modifiers().is_empty());
    }

    #[test]
    fn at_least_this_criticality_means_this_or_a_higher_one() {
        let modifiers = [rule("critical", Trigger::Criticality(level("silver")), Effect::Raise(1))];
        for (criticality, raised) in [("gold", true), ("silver", true), ("bronze", false), ("unheard", false)] {
            let criticality = level(criticality);
            let weights = Weights { criticalities: &[&criticality], ..Weights::default() };
            assert_eq!(assess(&modifiers, weights).modifiers().len() == 1, raised, "{criticality}");
        }
    }

    #[test]
    fn the_computed_priority_lives_on_below_an_override() {
        let set = Override {
            priority: Priority { rank: NonZeroU8::MIN, name: level("P1") },
            reason: Text::new("board meeting", 80, [0; 16]).unwrap(),
            by: ActorId::System,
            until: None,
            policy: None,
        };
        let assessment = assess(&[], Weights::default()).with_override(Some(set));
        assert_eq!((assessment.result().rank(), assessment.computed().rank()), (1, 4));
        assert!(assessment.to_string().ends_with("overridden with P1 by system: board meeting"));
        assert_eq!(assessment.with_override(None).result().rank(), 4);
    }
}
