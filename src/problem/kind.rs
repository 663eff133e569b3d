//! The problem as a kind of record.

use super::{Analysis, IllegalMove, New, Problem, ProblemEvent, Stage};
use crate::{
    event::{Body, RecordId},
    id::Id,
    lifecycle::{In, Stamp, Step},
    record::{AnyStage, Audience, Kind, KindEvent, RecordKind, Shared, sealed::Sealed},
    verb::ProblemVerb,
};

impl Sealed for Problem {}

impl Kind for Problem {
    const KIND: RecordKind = RecordKind::Problem;
    type Stage = Stage;
    type Own = Analysis;
    type Verb = ProblemVerb;

    fn key(id: Id<Self>) -> RecordId {
        RecordId::Problem(id)
    }

    fn id_of(record: RecordId) -> Option<Id<Self>> {
        record.problem()
    }

    fn stage_of(stage: AnyStage) -> Option<Stage> {
        match stage {
            AnyStage::Problem(stage) => Some(stage),
            AnyStage::Incident(_) => None,
        }
    }

    fn shared(&self) -> &Shared<Self> {
        self.shared()
    }

    fn stage(&self) -> Stage {
        self.stage()
    }

    fn begin(event: &ProblemEvent, stamp: &Stamp<'_>) -> Option<Self> {
        match event {
            ProblemEvent::Raised(raised) => Some(In::<New>::raise((**raised).clone(), stamp).next.into()),
            _ => None,
        }
    }

    fn apply(self, event: ProblemEvent, stamp: &Stamp<'_>) -> Result<Step<Self>, Box<IllegalMove>> {
        self.apply(event, stamp)
    }

    fn has_internals(&self) -> bool {
        self.has_internals()
    }

    fn withheld(&self) -> Self {
        self.withheld()
    }
}

impl KindEvent for ProblemEvent {
    fn name(&self) -> &'static str {
        self.name()
    }

    fn audience(&self) -> Audience {
        self.audience()
    }

    fn withheld(&self) -> Self {
        self.withheld()
    }

    fn of(body: &Body) -> Option<&Self> {
        match body {
            Body::Problem(event) => Some(event),
            Body::Incident(_) => None,
        }
    }
}
