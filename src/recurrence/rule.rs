//! By which rule incidents are counted.

use serde::{Deserialize, Serialize};

use super::Aspect;
use crate::{fault::Faults, key::RuleId, time::Seconds};

/// How many incidents must be alike, in what, and within how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecurrenceRule {
    /// Its name, to which what it finds points.
    pub id: RuleId,
    /// In what they are alike, all of it at once.
    pub by: Vec<Aspect>,
    /// How many words they have in common, if words are asked for: 1 to 3. There are as many ways to be alike as there
    /// are choices of so many words from a title.
    #[serde(default = "two")]
    pub words: u8,
    /// The time within which they came.
    pub within_seconds: Seconds,
    /// How many there must be: two at least.
    pub at_least: u32,
}

const fn two() -> u8 {
    2
}

impl RecurrenceRule {
    /// Five within thirty days, and with two words in common if words are asked for.
    #[must_use]
    pub fn new(id: RuleId, by: impl IntoIterator<Item = Aspect>) -> Self {
        let within_seconds = Seconds::days(30);
        Self { id, by: by.into_iter().collect(), words: two(), within_seconds, at_least: 5 }
    }

    /// Within this time.
    #[must_use]
    pub const fn within(mut self, time: Seconds) -> Self {
        self.within_seconds = time;
        self
    }

    /// So many at least.
    #[must_use]
    pub const fn at_least(mut self, incidents: u32) -> Self {
        self.at_least = incidents;
        self
    }

    /// With so many words in common.
    #[must_use]
    pub const fn words(mut self, words: u8) -> Self {
        self.words = words;
        self
    }

    pub(super) fn check(&self, faults: &mut Faults, path: &str) {
        if self.by.is_empty() {
            faults.push(format!("{path}.by"), "value.nothing", "must name at least one aspect");
        }
        for (at, aspect) in self.by.iter().enumerate() {
            if self.by.iter().take(at).any(|known| known == aspect) {
                faults.push(format!("{path}.by[{at}]"), "name.repeated", "is given a second time");
            }
        }
        if !(1..=3).contains(&self.words) {
            faults.push(format!("{path}.words"), "recurrence.words", format!("is {}; it must be 1 to 3", self.words));
        }
        if self.within_seconds == Seconds::ZERO {
            faults.push(format!("{path}.within_seconds"), "value.zero", "must not be zero");
        }
        if self.at_least < 2 {
            let rule = format!("is {}; what came once does not recur: it must be at least 2", self.at_least);
            faults.push(format!("{path}.at_least"), "recurrence.too_few", rule);
        }
    }
}
