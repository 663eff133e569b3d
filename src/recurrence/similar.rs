//! Finding incidents that are like one.

use std::collections::{BTreeSet, HashMap};

use super::{Feature, feature::Numbering};
use crate::{
    id::Id,
    incident::{Facts, Incident},
};

/// The most incidents that are compared for each feature, the latest first: so a question costs the same however long
/// the past is.
const MAX_COMPARED: usize = 1_024;

/// How many places of incidents that were taken out are left as they are.
const SPARE: usize = 1_024;

/// An incident that is like the one that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarIncident {
    /// Which.
    pub id: Id<Incident>,
    /// How alike they are, in hundredths: 100 for one that has all that the other has.
    pub score: u8,
    /// What the two share, what counts most first.
    pub shared: Vec<Shared>,
}

/// Something that two incidents share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// What.
    pub feature: Feature,
    /// How much it counts. A configuration item counts four, a word three, a service or a category two; and that as often
    /// as the incidents must be halved until only those with the feature are left, and once more. So what is rare says
    /// much, and what all have says little.
    pub points: u32,
}

#[derive(Debug, Clone)]
struct Kept {
    id: Id<Incident>,
    /// In order.
    features: Box<[u32]>,
}

impl Kept {
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
#[derive(Debug, Clone, Default)]
pub struct SimilarIncidents {
    numbering: Numbering,
    /// For each feature the places of those that have it, the latest last.
    bearing: Vec<Vec<u32>>,
    /// In the order in which they came; nothing for one that was taken out.
    kept: Vec<Option<Kept>>,
    places: HashMap<Id<Incident>, u32>,
}

impl SimilarIncidents {
    /// Without any incident.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an incident that can be found, such as one that was resolved; one that is there already, as it is now.
    pub fn add(&mut self, incident: &Incident) {
        self.remove(incident.id());
        if self.kept.len() > self.places.len().saturating_mul(2).saturating_add(SPARE) {
            self.close_ranks();
        }
        self.keep(incident.id(), Feature::of(incident.facts()));
    }

    fn keep(&mut self, id: Id<Incident>, features: Vec<Feature>) {
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

    /// Takes an incident out.
    pub fn remove(&mut self, incident: Id<Incident>) {
        let Some(place) = self.places.remove(&incident) else { return };
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

    /// Those that are most like an incident with these facts, itself left out: the most alike first, of those that are
    /// equally so the latest. For each feature the latest 1,024 that have it are compared.
    #[must_use]
    pub fn find(&self, facts: &Facts, limit: usize) -> Vec<SimilarIncident> {
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
            let kept = self.at(place).filter(|kept| kept.id != facts.id)?;
            Some((sum(asked.iter().filter(|asked| kept.has(asked.number))), place))
        });
        let mut scored: Vec<(u32, u32)> = scored.collect();
        scored.sort_unstable_by(|a, b| b.cmp(a));
        scored.truncate(limit);
        let whole = sum(asked.iter());
        scored.into_iter().filter_map(|(points, place)| self.explain(&asked, whole, points, place)).collect()
    }

    fn explain(&self, asked: &[Asked], whole: u32, points: u32, place: u32) -> Option<SimilarIncident> {
        let kept = self.at(place)?;
        let shared = asked.iter().filter(|asked| kept.has(asked.number));
        let mut shared: Vec<Shared> =
            shared.map(|asked| Shared { feature: asked.feature.clone(), points: asked.points }).collect();
        shared.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.feature.cmp(&b.feature)));
        let score = u64::from(points).saturating_mul(100).checked_div(u64::from(whole))?;
        Some(SimilarIncident { id: kept.id, score: u8::try_from(score).unwrap_or(100), shared })
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

    fn at(&self, place: u32) -> Option<&Kept> {
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
