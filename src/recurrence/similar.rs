//! Finding records that are like one: incidents that were solved before, and known errors.

use std::collections::{BTreeSet, HashMap};

use super::{Feature, feature::Numbering};
use crate::{
    id::Id,
    incident::Incident,
    problem::{KnownError, Problem},
    record::{Facts, Kind},
};

/// The most incidents that are compared for each feature, the latest first: so a question costs the same however long
/// the past is.
const MAX_COMPARED: usize = 1_024;

/// How many places of incidents that were taken out are left as they are.
const SPARE: usize = 1_024;

/// A record that is like the one that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarRecord<K> {
    /// Which.
    pub id: Id<K>,
    /// How alike they are, in hundredths: 100 for one that has all that the other has.
    pub score: u8,
    /// What the two share, what counts most first.
    pub shared: Vec<Shared>,
}

/// An incident that is like the one that was asked about.
pub type SimilarIncident = SimilarRecord<Incident>;

/// Something that two records share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// What.
    pub feature: Feature,
    /// How much it counts. A configuration item counts four, a word three, a service or a category two; and that as often
    /// as the records must be halved until only those with the feature are left, and once more. So what is rare says
    /// much, and what all have says little.
    pub points: u32,
}

#[derive(Debug, Clone)]
struct Kept<K> {
    id: Id<K>,
    /// In order.
    features: Box<[u32]>,
}

impl<K> Kept<K> {
    fn has(&self, number: Option<u32>) -> bool {
        number.is_some_and(|number| self.features.binary_search(&number).is_ok())
    }
}

/// What was asked about: a feature, its number if any incident has it, and how much it counts.
struct Asked {
    feature: Feature,
    number: Option<u32>,
    points: u32,
}

/// Finds incidents that are like one; see [the module](super).
pub type SimilarIncidents = SimilarRecords<Incident>;

/// Finds records of the kind `K` that are like one; see [the module](super).
#[derive(Debug, Clone)]
pub struct SimilarRecords<K> {
    numbering: Numbering,
    /// For each feature the places of those that have it, the latest last.
    bearing: Vec<Vec<u32>>,
    /// In the order in which they came; nothing for one that was taken out.
    kept: Vec<Option<Kept<K>>>,
    places: HashMap<Id<K>, u32>,
}

impl<K> Default for SimilarRecords<K> {
    fn default() -> Self {
        Self { numbering: Numbering::default(), bearing: Vec::new(), kept: Vec::new(), places: HashMap::new() }
    }
}

impl<K: Kind> SimilarRecords<K> {
    /// Without any record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record that can be found, such as an incident that was resolved; one that is there already, as it is now.
    pub fn add(&mut self, record: &K) {
        self.add_with(record, &[]);
    }

    /// Adds a record, found by these features beside those of its facts.
    fn add_with(&mut self, record: &K, more: &[Feature]) {
        self.remove(record.id());
        if self.kept.len() > self.places.len().saturating_mul(2).saturating_add(SPARE) {
            self.close_ranks();
        }
        let mut features = Feature::of(record.facts());
        features.extend_from_slice(more);
        features.sort();
        features.dedup();
        self.keep(record.id(), features);
    }

    fn keep(&mut self, id: Id<K>, features: Vec<Feature>) {
        let Ok(place) = u32::try_from(self.kept.len()) else { return };
        let mut features: Vec<u32> = features.into_iter().map(|feature| self.number(feature)).collect();
        features.sort_unstable();
        for number in &features {
            if let Some(bearers) = self.bearers_mut(*number) {
                bearers.push(place);
            }
        }
        self.kept.push(Some(Kept { id, features: features.into() }));
        self.places.insert(id, place);
    }

    /// Takes a record out.
    pub fn remove(&mut self, record: Id<K>) {
        let Some(place) = self.places.remove(&record) else { return };
        let kept = usize::try_from(place).ok().and_then(|index| self.kept.get_mut(index)).and_then(Option::take);
        for number in kept.iter().flat_map(|kept| kept.features.iter()) {
            if let Some(bearers) = self.bearers_mut(*number)
                && let Ok(index) = bearers.binary_search(&place)
            {
                bearers.remove(index);
            }
        }
    }

    /// Keeps those that are left anew, so that nothing stays of what was taken out: no place, and no word.
    fn close_ranks(&mut self) {
        let Self { numbering, kept, .. } = std::mem::take(self);
        for kept in kept.into_iter().flatten() {
            self.keep(kept.id, numbering.features(&kept.features));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Those that are most like a record with these facts, itself left out: the most alike first, of those that are
    /// equally so the latest. For each feature the latest 1,024 that have it are compared.
    #[must_use]
    pub fn find<J: Kind>(&self, facts: &Facts<J>, limit: usize) -> Vec<SimilarRecord<K>> {
        let asked: Vec<Asked> = Feature::of(facts)
            .into_iter()
            .map(|feature| {
                let number = self.numbering.known(&feature);
                Asked { points: self.points(&feature, number), feature, number }
            })
            .collect();
        let compared: BTreeSet<u32> = asked
            .iter()
            .filter_map(|asked| self.bearers(asked.number?))
            .flat_map(|bearers| bearers.iter().rev().take(MAX_COMPARED).copied())
            .collect();
        let scored = compared.into_iter().filter_map(|place| {
            let kept = self.at(place).filter(|kept| K::key(kept.id) != J::key(facts.id))?;
            Some((sum(asked.iter().filter(|asked| kept.has(asked.number))), place))
        });
        let mut scored: Vec<(u32, u32)> = scored.collect();
        scored.sort_unstable_by(|a, b| b.cmp(a));
        scored.truncate(limit);
        let whole = sum(asked.iter());
        scored.into_iter().filter_map(|(points, place)| self.explain(&asked, whole, points, place)).collect()
    }

    fn explain(&self, asked: &[Asked], whole: u32, points: u32, place: u32) -> Option<SimilarRecord<K>> {
        let kept = self.at(place)?;
        let shared = asked.iter().filter(|asked| kept.has(asked.number));
        let mut shared: Vec<Shared> =
            shared.map(|asked| Shared { feature: asked.feature.clone(), points: asked.points }).collect();
        shared.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.feature.cmp(&b.feature)));
        let score = u64::from(points).saturating_mul(100).checked_div(u64::from(whole))?;
        Some(SimilarRecord { id: kept.id, score: u8::try_from(score).unwrap_or(100), shared })
    }

    /// How much a feature counts.
    fn points(&self, feature: &Feature, number: Option<u32>) -> u32 {
        let weight = match feature {
            Feature::Item(_) => 4_u32,
            Feature::Word(_) => 3,
            Feature::Service(_) | Feature::Category(_) => 2,
        };
        let bearing = number.and_then(|number| self.bearers(number)).map_or(0, <[u32]>::len).max(1);
        let times = self.places.len().max(1).checked_div(bearing).unwrap_or(1);
        weight.saturating_mul(times.checked_ilog2().unwrap_or(0).saturating_add(1))
    }

    fn number(&mut self, feature: Feature) -> u32 {
        let number = self.numbering.number(feature);
        if usize::try_from(number).is_ok_and(|number| number == self.bearing.len()) {
            self.bearing.push(Vec::new());
        }
        number
    }

    fn at(&self, place: u32) -> Option<&Kept<K>> {
        self.kept.get(usize::try_from(place).ok()?)?.as_ref()
    }

    fn bearers(&self, number: u32) -> Option<&[u32]> {
        self.bearing.get(usize::try_from(number).ok()?).map(Vec::as_slice)
    }

    fn bearers_mut(&mut self, number: u32) -> Option<&mut Vec<u32>> {
        self.bearing.get_mut(usize::try_from(number).ok()?)
    }
}

fn sum<'a>(asked: impl Iterator<Item = &'a Asked>) -> u32 {
    asked.map(|asked| asked.points).fold(0, u32::saturating_add)
}

/// Finds, for an incident, the known errors whose symptoms it shows: what may be told to whoever handles it.
///
/// It is a value of the host's, fed with problems as they come; see [the module](super).
#[derive(Debug, Clone, Default)]
pub struct KnownErrors(SimilarRecords<Problem>);

impl KnownErrors {
    /// Without any known error.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of a problem as it is now: its known error can be found from its publication until it is withdrawn, or
    /// the problem's fix is applied. By what it concerns, and by the words of its title and its symptoms.
    pub fn observe(&mut self, problem: &Problem) {
        match problem.known_error().filter(|known| known.is_published() && !problem.is_fixed()) {
            Some(KnownError { symptoms, .. }) => {
                self.0.add_with(problem, &Feature::words_of(symptoms.as_str().unwrap_or_default()));
            }
            None => self.0.remove(problem.id()),
        }
    }

    /// The known errors that fit an incident with these facts best, each with its score and what the two share.
    #[must_use]
    pub fn matching(&self, facts: &Facts<Incident>, limit: usize) -> Vec<SimilarRecord<Problem>> {
        self.0.find(facts, limit)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
