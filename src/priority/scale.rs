//! Scales: the levels of impact, urgency, priority or criticality, as the host names them.

use serde::{Deserialize, Serialize};

use crate::{fault::Faults, key::LevelName};

/// Which end of a scale is the high one: the severe impact, the pressing urgency, the top priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HighEnd {
    /// The first level is the highest, as in ITIL (1 = critical).
    First,
    /// The last level is the highest, as in GLPI (5 = very high).
    Last,
}

/// The levels of a scale in the host's order, and which end is high.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// The names of the levels, each once.
    pub levels: Vec<LevelName>,
    /// Which end is high.
    pub high: HighEnd,
    /// The levels that take nothing new; what has them keeps them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<LevelName>,
}

impl Scale {
    /// The most levels that a scale may have.
    pub const MAX_LEVELS: usize = 64;

    /// A scale of these levels.
    #[must_use]
    pub const fn new(levels: Vec<LevelName>, high: HighEnd) -> Self {
        Self { levels, high, retired: Vec::new() }
    }

    /// The rank of a level: 1 is the highest. `None` if the scale has no such level.
    #[must_use]
    pub fn rank(&self, level: &str) -> Option<u8> {
        let index = self.levels.iter().position(|name| name.as_str() == level)?;
        let from_top = match self.high {
            HighEnd::First => index,
            HighEnd::Last => self.levels.len().checked_sub(index)?.checked_sub(1)?,
        };
        u8::try_from(from_top.checked_add(1)?).ok()
    }

    /// The level of a rank; 1 is the highest.
    #[must_use]
    pub fn level(&self, rank: u8) -> Option<&LevelName> {
        let from_top = usize::from(rank).checked_sub(1)?;
        let index = match self.high {
            HighEnd::First => from_top,
            HighEnd::Last => self.levels.len().checked_sub(from_top)?.checked_sub(1)?,
        };
        self.levels.get(index)
    }

    /// Whether a level takes nothing new.
    #[must_use]
    pub fn is_retired(&self, level: &str) -> bool {
        self.retired.iter().any(|retired| retired.as_str() == level)
    }

    /// The levels that can be chosen.
    pub fn in_use(&self) -> impl Iterator<Item = &LevelName> {
        self.levels.iter().filter(|level| !self.is_retired(level.as_str()))
    }

    /// The position of a level in the host's order.
    pub(crate) fn position(&self, level: &str) -> Option<usize> {
        self.levels.iter().position(|name| name.as_str() == level)
    }

    /// The level as this scale spells it: shared, and known to exist.
    pub(crate) fn find(&self, level: &str) -> Option<&LevelName> {
        self.levels.iter().find(|name| name.as_str() == level)
    }

    /// The levels as people read them: `high, medium, low`.
    pub(crate) fn list(&self) -> String {
        self.levels.iter().map(LevelName::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Whether the scale has levels, not too many, each once, and retires none that it has not.
    pub(crate) fn check(&self, faults: &mut Faults, path: &str) {
        if self.levels.is_empty() {
            faults.push(format!("{path}.levels"), "scale.empty", "must have at least one level");
        }
        if self.levels.len() > Self::MAX_LEVELS {
            faults.push(
                format!("{path}.levels"),
                "scale.too_long",
                format!("must have at most {} levels", Self::MAX_LEVELS),
            );
        }
        for (index, level) in self.retired.iter().enumerate().filter(|(_, level)| !self.levels.contains(level)) {
            let rule = format!("is `{level}`, which is no level of the scale");
            faults.push(format!("{path}.retired[{index}]"), "level.unknown", rule);
        }
        for (index, level) in self.levels.iter().enumerate() {
            if self.levels.iter().take(index).any(|earlier| earlier == level) {
                faults.push(format!("{path}.levels[{index}]"), "scale.repeated", format!("names `{level}` again"));
            }
        }
    }
}
