//! Lifecycles found by trying: every move on a record in every stage.

use std::collections::BTreeSet;

use super::{AnyStage, Kind, RecordKind};
use crate::{
    actor::ActorId,
    id::{Id, Number},
    key::LevelName,
    lifecycle::{Lifecycle, Stamp, Transition},
    priority::{Assessment, HighEnd, Matrix, Scale, Weights},
    record::Facts,
    text::Title,
    time::Instant,
    verb::{IncidentVerb, ProblemVerb, Verb},
};

/// One record for each way to be in a stage, and one of each move.
pub(crate) struct Samples<K: Kind> {
    pub records: Vec<K>,
    pub moves: Vec<(K::Verb, Vec<K::Event>)>,
}

impl<K: Kind> Samples<K> {
    /// The record after the move with this verb.
    pub fn go(&self, from: &K, verb: K::Verb) -> Option<K> {
        let (_, events) = self.moves.iter().find(|(known, _)| *known == verb)?;
        after(from.clone(), events)
    }

    fn transitions(&self) -> BTreeSet<Transition> {
        let mut found = BTreeSet::new();
        for record in &self.records {
            for (verb, events) in &self.moves {
                if let Some(next) = after(record.clone(), events) {
                    let (from, to): (AnyStage, AnyStage) = (record.stage().into(), next.stage().into());
                    let verb: Verb = (*verb).into();
                    found.insert(Transition { from: from.as_str(), verb: verb.as_str(), to: to.as_str() });
                }
            }
        }
        found
    }
}

/// The lifecycle that these samples show, its verbs in this order.
pub(crate) fn lifecycle<K: Kind>(samples: Option<&Samples<K>>, verbs: &[K::Verb]) -> Lifecycle {
    let stages: Vec<AnyStage> = AnyStage::all().filter(|stage| stage.kind() == K::KIND).collect();
    let rank = |stage: &str| stages.iter().position(|known| known.as_str() == stage);
    let order = |verb: &str| verbs.iter().position(|known| Into::<Verb>::into(*known).as_str() == verb);
    let found = samples.map(Samples::transitions).unwrap_or_default();
    let mut transitions: Vec<_> = found.into_iter().collect();
    transitions.sort_by_key(|t: &Transition| (rank(t.from), order(t.verb), rank(t.to)));
    Lifecycle {
        stages: stages.iter().map(|stage| stage.as_str()).collect(),
        begins_by: match K::KIND {
            RecordKind::Incident => IncidentVerb::Report.as_str(),
            RecordKind::Problem => ProblemVerb::Raise.as_str(),
        },
        initial: stages.first().map_or("", |stage| stage.as_str()),
        finals: stages.iter().filter(|stage| stage.is_final()).map(|stage| stage.as_str()).collect(),
        transitions,
    }
}

/// The verbs that each stage has, in the order of the stages.
pub(crate) fn verbs_by_stage<V: Copy + Into<Verb>>(lifecycle: &Lifecycle, verbs: &[V]) -> Vec<Vec<V>> {
    let of = |stage: &&'static str| {
        let has = |verb: &V| {
            let verb: Verb = (*verb).into();
            lifecycle.transitions().iter().any(|known| known.from == *stage && known.verb == verb.as_str())
        };
        verbs.iter().copied().filter(has).collect()
    };
    lifecycle.stages().iter().map(of).collect()
}

/// The record after these events, if each is legal.
pub(crate) fn after<K: Kind>(record: K, events: &[K::Event]) -> Option<K> {
    let stamp = Stamp::now(Instant::UNIX_EPOCH, &ActorId::System);
    events.iter().try_fold(record, |record, event| Some(record.apply(event.clone(), &stamp).ok()?.next))
}

/// The facts of a sample, and a priority for it.
pub(crate) fn begun<K: Kind>(prefix: &str) -> Option<(Facts<K>, Assessment)> {
    let level = LevelName::new("high").ok()?;
    let criticality = Scale::new(Vec::new(), HighEnd::First);
    let assessment = Assessment::of(&Matrix::itil(), &[], &criticality, &level, &level, Weights::default())?;
    let (number, title) = (Number::new(prefix, 7, 1).ok()?, Title::new("sample", 80, [0; 16]).ok()?);
    Some((Facts::bare(Id::from_u128(1), number, title, &level), assessment))
}
