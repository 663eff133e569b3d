//! Counting what comes again and again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Aspect, Feature, RecurrenceRule, feature::Numbering};
use crate::{
    command::{MAX_RAISED_FROM, Raise},
    fault::Faults,
    id::Id,
    incident::Incident,
    key::RuleId,
    ledger::text::duration,
    time::{Instant, Seconds, earlier},
};

/// The most ways to be alike, by one rule, that are counted for an incident.
const MAX_SIGNATURES: usize = 256;

/// The most characters of the title of a problem that is raised from a candidate.
const MAX_TITLE: usize = 150;

/// What alike incidents have in common, in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signature(BTreeSet<Feature>);

impl Signature {
    /// What they have in common.
    pub fn features(&self) -> impl Iterator<Item = &Feature> {
        self.0.iter()
    }

    fn is_part_of(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.iter().filter(|feature| feature.aspect() != Aspect::Words).map(ToString::to_string);
        let words: Vec<&str> = self
            .0
            .iter()
            .filter_map(|feature| match feature {
                Feature::Word(word) => Some(&**word),
                _ => None,
            })
            .collect();
        let words = match words.as_slice() {
            [] => None,
            [word] => Some(format!("the word {word}")),
            words => Some(format!("the words {}", words.join(", "))),
        };
        f.write_str(&named.chain(words).collect::<Vec<_>>().join(" and "))
    }
}

/// Incidents that are alike and came often: what a problem may lie behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The rule that found it.
    pub rule: RuleId,
    /// What its incidents have in common.
    pub signature: Signature,
    /// The time within which they came, by the rule.
    pub within_seconds: Seconds,
    /// When the first of them was reported.
    pub first: Instant,
    /// When the last of them was reported.
    pub last: Instant,
    /// How many there are.
    pub count: usize,
    /// Which, in the order in which they were reported.
    pub members: Vec<Id<Incident>>,
    /// How urgent it is: 16 for each incident of the highest priority, 8, 4 and 2 for those of the next three, and 1 for
    /// each other.
    pub urgency: u64,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, signature, within_seconds, count, .. } = self;
        let seconds = within_seconds.get();
        let within = match (seconds.checked_div(86_400), seconds.checked_rem(86_400)) {
            (Some(days), Some(0)) => format!("{days} d"),
            _ => duration(seconds),
        };
        write!(f, "{count} incidents within {within} with {signature} (rule {rule})")
    }
}

/// A problem raised from the candidate: with what its incidents have in common, and the latest
/// [`MAX_RAISED_FROM`] of them. The others are linked afterwards.
impl From<&Candidate> for Raise {
    fn from(candidate: &Candidate) -> Self {
        let mut raise = Self::new(candidate.to_string().chars().take(MAX_TITLE).collect::<String>());
        for feature in candidate.signature.features() {
            match feature {
                Feature::Service(service) => raise.services.push(service.as_str().into()),
                Feature::Item(item) => raise.items.push(item.as_str().into()),
                Feature::Category(category) => raise.category = Some(category.to_string()),
                Feature::Word(_) => {}
            }
        }
        let spare = candidate.members.len().saturating_sub(MAX_RAISED_FROM);
        raise.from = candidate.members.iter().skip(spare).copied().collect();
        raise
    }
}

/// That somebody looked at a candidate and made no problem of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// The rule that had found it.
    pub rule: RuleId,
    /// What its incidents had in common.
    pub signature: Signature,
    /// How many there were.
    pub count: usize,
    /// Until when it stays quiet.
    pub until: Instant,
    /// Why.
    pub reason: String,
}

impl Dismissal {
    /// Whether it keeps a candidate quiet: until its time has come, or there are twice as many.
    fn covers(&self, candidate: &Candidate, now: Instant) -> bool {
        let alike = self.signature.is_part_of(&candidate.signature) || candidate.signature.is_part_of(&self.signature);
        self.rule == candidate.rule && alike && now < self.until && candidate.count < self.count.saturating_mul(2)
    }
}

/// An incident, as far as it is counted.
#[derive(Debug, Clone)]
struct Sighting {
    id: Id<Incident>,
    at: Instant,
    rank: u8,
    features: Vec<u32>,
}

/// The place of an incident among those that were seen.
type Slot = u32;
/// When an incident that bears a signature was reported, and which it is.
type Bearer = (Instant, Slot);
/// What bears each signature, in the order of time.
type Bearing = HashMap<Vec<u32>, Vec<Bearer>>;

/// Counts incidents that are alike, by rules; see [the module](super). It keeps what it is told until
/// [`forget_before`](Self::forget_before) lets go of it.
#[derive(Debug, Clone)]
pub struct Recurrences {
    rules: Vec<RecurrenceRule>,
    numbering: Numbering,
    seen: HashMap<Slot, Sighting>,
    slots: HashMap<Id<Incident>, Slot>,
    next: Slot,
    /// For each rule.
    bearing: Vec<Bearing>,
    dismissals: Vec<Dismissal>,
}

impl Recurrences {
    /// Counts by these rules; nothing is counted yet.
    ///
    /// # Errors
    /// [`Faults`] for rules that name no aspect or one twice, count words other than 1 to 3, have no time, are content
    /// with one incident, or share a name.
    pub fn new(rules: Vec<RecurrenceRule>) -> Result<Self, Faults> {
        let mut faults = Faults::none();
        for (index, rule) in rules.iter().enumerate() {
            let path = format!("[{index}]");
            if rules.iter().take(index).any(|known| known.id == rule.id) {
                faults.push(format!("{path}.id"), "name.repeated", "is given a second time");
            }
            rule.check(&mut faults, &path);
        }
        faults.done()?;
        Ok(Self {
            bearing: rules.iter().map(|_| HashMap::new()).collect(),
            rules,
            numbering: Numbering::default(),
            seen: HashMap::new(),
            slots: HashMap::new(),
            next: 0,
            dismissals: Vec::new(),
        })
    }

    /// Counts an incident, at the time at which it was reported; one that is counted already, as it is now. What has its
    /// problem already, or is a duplicate, is not counted, or no more.
    pub fn observe(&mut self, incident: &Incident) {
        self.forget(incident.id());
        let merged = matches!(incident, Incident::Cancelled(cancelled) if cancelled.stage().merged_into().is_some());
        if merged || incident.links().problem().is_some() {
            return;
        }
        let features = Feature::of(incident.facts());
        let features = features.into_iter().map(|feature| self.numbering.number(feature)).collect();
        let progress = incident.progress();
        self.count(Sighting {
            id: incident.id(),
            at: progress.milestones.reported.unwrap_or(progress.recorded_at),
            rank: incident.priority().rank(),
            features,
        });
    }

    fn count(&mut self, sighting: Sighting) {
        let slot = self.next;
        self.next = slot.saturating_add(1);
        for index in 0..self.rules.len() {
            for signature in self.signatures(index, &sighting.features) {
                let Some(bearing) = self.bearing.get_mut(index) else { continue };
                let bearers = bearing.entry(signature).or_default();
                let place = bearers.partition_point(|known| *known < (sighting.at, slot));
                bearers.insert(place, (sighting.at, slot));
            }
        }
        self.slots.insert(sighting.id, slot);
        self.seen.insert(slot, sighting);
    }

    /// Counts an incident no more.
    pub fn forget(&mut self, incident: Id<Incident>) {
        let Some(sighting) = self.slots.remove(&incident).and_then(|slot| self.seen.remove(&slot)) else { return };
        for index in 0..self.rules.len() {
            for signature in self.signatures(index, &sighting.features) {
                let Some(bearing) = self.bearing.get_mut(index) else { continue };
                if let Some(bearers) = bearing.get_mut(&signature) {
                    let seen = &self.seen;
                    bearers.retain(|(_, slot)| seen.contains_key(slot));
                    if bearers.is_empty() {
                        bearing.remove(&signature);
                    }
                }
            }
        }
    }

    /// Lets go of incidents that were reported before an instant, and of dismissals that ended before it.
    pub fn forget_before(&mut self, instant: Instant) {
        // All that is left is counted anew, so that nothing stays of what is gone: no signature, and no word.
        let before = std::mem::take(&mut self.numbering);
        let mut seen: Vec<(Slot, Sighting)> = std::mem::take(&mut self.seen).into_iter().collect();
        seen.sort_unstable_by_key(|(slot, _)| *slot);
        self.slots.clear();
        self.bearing.iter_mut().for_each(HashMap::clear);
        self.next = 0;
        for (_, mut sighting) in seen.into_iter().filter(|(_, sighting)| sighting.at >= instant) {
            let features = before.features(&sighting.features).into_iter();
            sighting.features = features.map(|feature| self.numbering.number(feature)).collect();
            self.count(sighting);
        }
        self.dismissals.retain(|dismissal| dismissal.until >= instant);
    }

    /// What has come often enough within the time of its rule before `now`, the most urgent first, at most so many. What
    /// was dismissed is left out, and what has no incident that a more urgent one by the same rule does not have.
    #[must_use]
    pub fn candidates(&self, now: Instant, limit: usize) -> Vec<Candidate> {
        let mut found = self.found(|bearers, rule| {
            let from = earlier(now, rule.within_seconds.span());
            let begin = bearers.partition_point(|(at, _)| *at <= from);
            let end = bearers.partition_point(|(at, _)| *at <= now);
            bearers.get(begin..end).unwrap_or_default()
        });
        found.retain(|candidate| !self.dismissals.iter().any(|dismissal| dismissal.covers(candidate, now)));
        most_urgent(found, limit)
    }

    /// The same for the past: the time of each rule in which most came, whenever that was. Dismissals do not count.
    #[must_use]
    pub fn strongest(&self, limit: usize) -> Vec<Candidate> {
        let found = self.found(|bearers, rule| densest(bearers, rule.within_seconds.span()));
        most_urgent(found, limit)
    }

    /// Keeps a candidate quiet until then, or until there are twice as many incidents.
    pub fn dismiss(&mut self, candidate: &Candidate, until: Instant, reason: impl Into<String>) {
        self.dismissals.push(Dismissal {
            rule: candidate.rule.clone(),
            signature: candidate.signature.clone(),
            count: candidate.count,
            until,
            reason: reason.into(),
        });
    }

    /// What was dismissed. A host that begins anew gives it back with [`restore`](Self::restore).
    #[must_use]
    pub fn dismissals(&self) -> &[Dismissal] {
        &self.dismissals
    }

    /// Takes note of what was dismissed before.
    pub fn restore(&mut self, dismissals: impl IntoIterator<Item = Dismissal>) {
        self.dismissals.extend(dismissals);
    }

    /// How many incidents are counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing is counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// The ways in which an incident with these features can be like others by a rule.
    fn signatures(&self, rule: usize, features: &[u32]) -> Vec<Vec<u32>> {
        let Some(rule) = self.rules.get(rule) else { return Vec::new() };
        let mut signatures = vec![Vec::new()];
        for aspect in &rule.by {
            let of_aspect =
                |number: &&u32| self.numbering.feature(**number).is_some_and(|feature| feature.aspect() == *aspect);
            let values: Vec<u32> = features.iter().filter(of_aspect).copied().collect();
            let chosen = if *aspect == Aspect::Words { usize::from(rule.words) } else { 1 };
            let choices = choices(&values, chosen);
            let longer = signatures.iter().flat_map(|signature: &Vec<u32>| {
                choices.iter().map(move |choice| [signature.as_slice(), choice].concat())
            });
            signatures = longer.take(MAX_SIGNATURES).collect();
        }
        signatures
    }

    /// What came often enough among the bearers of each signature that `within` picks. Signatures with the same
    /// incidents are one.
    fn found<'a>(&'a self, within: impl Fn(&'a [Bearer], &RecurrenceRule) -> &'a [Bearer]) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for (rule, bearing) in self.rules.iter().zip(&self.bearing) {
            let enough = usize::try_from(rule.at_least).unwrap_or(usize::MAX);
            let mut groups: BTreeMap<&[Bearer], BTreeSet<u32>> = BTreeMap::new();
            for (signature, bearers) in bearing.iter().filter(|(_, bearers)| bearers.len() >= enough) {
                let members = within(bearers, rule);
                if members.len() >= enough {
                    groups.entry(members).or_default().extend(signature);
                }
            }
            candidates.extend(groups.into_iter().filter_map(|(members, signature)| {
                let seen = members.iter().filter_map(|(_, slot)| self.seen.get(slot));
                let common: Vec<u32> = signature.into_iter().collect();
                Some(Candidate {
                    rule: rule.id.clone(),
                    signature: Signature(self.numbering.features(&common).into_iter().collect()),
                    within_seconds: rule.within_seconds,
                    first: members.first()?.0,
                    last: members.last()?.0,
                    count: members.len(),
                    urgency: seen.clone().map(|sighting| weight(sighting.rank)).fold(0, u64::saturating_add),
                    members: seen.map(|sighting| sighting.id).collect(),
                })
            }));
        }
        candidates
    }
}

/// Every choice of so many of the values, in order.
fn choices(values: &[u32], chosen: usize) -> Vec<Vec<u32>> {
    let mut choices = vec![(Vec::new(), values)];
    for _ in 0..chosen {
        let longer = choices.into_iter().flat_map(|(choice, rest)| {
            rest.iter().enumerate().map(move |(index, value)| {
                let rest = rest.get(index.saturating_add(1)..).unwrap_or_default();
                ([choice.as_slice(), &[*value]].concat(), rest)
            })
        });
        choices = longer.take(MAX_SIGNATURES).collect();
    }
    choices.into_iter().map(|(choice, _)| choice).collect()
}

/// The most that came within a span of time; of several, the last.
fn densest(bearers: &[Bearer], span: TimeDelta) -> &[Bearer] {
    let mut best: &[Bearer] = &[];
    let mut begin = 0_usize;
    for (index, (at, _)) in bearers.iter().enumerate() {
        let from = earlier(*at, span);
        while bearers.get(begin).is_some_and(|(first, _)| *first <= from) {
            begin = begin.saturating_add(1);
        }
        let window = bearers.get(begin..=index).unwrap_or_default();
        if window.len() >= best.len() {
            best = window;
        }
    }
    best
}

const fn weight(rank: u8) -> u64 {
    match rank {
        0 | 1 => 16,
        2 => 8,
        3 => 4,
        4 => 2,
        _ => 1,
    }
}

/// The most urgent first, without those that are part of a more urgent one by the same rule.
fn most_urgent(mut candidates: Vec<Candidate>, limit: usize) -> Vec<Candidate> {
    candidates.sort_by(|a, b| {
        let key = |candidate: &Candidate| (candidate.urgency, candidate.count, candidate.last);
        key(b).cmp(&key(a)).then_with(|| a.rule.cmp(&b.rule)).then_with(|| a.signature.cmp(&b.signature))
    });
    let mut told: Vec<(RuleId, BTreeSet<Id<Incident>>)> = Vec::new();
    let mut shown = Vec::new();
    for candidate in candidates {
        if shown.len() == limit {
            break;
        }
        let part_of = |(rule, members): &(RuleId, BTreeSet<_>)| {
            *rule == candidate.rule && candidate.members.iter().all(|member| members.contains(member))
        };
        if !told.iter().any(part_of) {
            told.push((candidate.rule.clone(), candidate.members.iter().copied().collect()));
            shown.push(candidate);
        }
    }
    shown
}
