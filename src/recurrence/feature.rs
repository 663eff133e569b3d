//! What of an incident makes it like others.

use std::{collections::HashMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    key::{CategoryKey, ItemRef, ServiceRef},
    record::Facts,
    store::tokens,
};

/// The least letters of a word that says something: shorter ones are in every sentence.
const MIN_LETTERS: usize = 3;
/// The most words of a title that are looked at.
const MAX_WORDS: usize = 12;
/// The most services, and the most items, that are looked at.
const MAX_NAMED: usize = 8;

/// In what incidents can be alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// A service.
    Service,
    /// A configuration item.
    Item,
    /// The category.
    Category,
    /// Words of their titles.
    Words,
}

/// Something that incidents can have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// A service.
    Service(ServiceRef),
    /// A configuration item.
    Item(ItemRef),
    /// The category.
    Category(CategoryKey),
    /// A word of the title, as search compares it.
    Word(Arc<str>),
}

impl Feature {
    /// In what it makes incidents alike.
    #[must_use]
    pub const fn aspect(&self) -> Aspect {
        match self {
            Self::Service(_) => Aspect::Service,
            Self::Item(_) => Aspect::Item,
            Self::Category(_) => Aspect::Category,
            Self::Word(_) => Aspect::Words,
        }
    }

    /// What these facts have, each once and in order: up to eight services and items each, and twelve words of three or
    /// more letters from the title. A title that was erased has none.
    #[must_use]
    pub fn of<K>(facts: &Facts<K>) -> Vec<Self> {
        let services = facts.services.iter().take(MAX_NAMED).map(|service| Self::Service(service.key.clone()));
        let items = facts.items.iter().take(MAX_NAMED).map(|item| Self::Item(item.key.clone()));
        let category = facts.category.iter().cloned().map(Self::Category);
        let words = Self::words_of(facts.title.as_str().unwrap_or_default());
        let mut features: Vec<_> = services.chain(items).chain(category).chain(words).collect();
        features.sort();
        features.dedup();
        features
    }

    /// The first twelve words of a text that have three or more letters.
    pub(super) fn words_of(text: &str) -> Vec<Self> {
        let words = tokens(text).filter(|word| word.chars().count() >= MIN_LETTERS);
        words.take(MAX_WORDS).map(Self::Word).collect()
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(key) => write!(f, "service {key}"),
            Self::Item(key) => write!(f, "item {key}"),
            Self::Category(key) => write!(f, "category {key}"),
            Self::Word(word) => write!(f, "the word {word}"),
        }
    }
}

/// Features by number, so that those of many incidents are small and quick to compare.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbering {
    numbers: HashMap<Feature, u32>,
    features: Vec<Feature>,
}

impl Numbering {
    /// The number of a feature; one that is new gets the next.
    pub fn number(&mut self, feature: Feature) -> u32 {
        let next = u32::try_from(self.features.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(feature).or_insert_with_key(|feature| {
            self.features.push(feature.clone());
            next
        })
    }

    /// The number of a feature that has one.
    pub fn known(&self, feature: &Feature) -> Option<u32> {
        self.numbers.get(feature).copied()
    }

    /// The feature with a number.
    pub fn feature(&self, number: u32) -> Option<&Feature> {
        self.features.get(usize::try_from(number).ok()?)
    }

    /// The features with these numbers.
    pub fn features(&self, numbers: &[u32]) -> Vec<Feature> {
        numbers.iter().filter_map(|number| self.feature(*number).cloned()).collect()
    }
}
