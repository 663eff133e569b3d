//! The incident as a kind of record.

use super::{Audience, Beside, IllegalMove, Incident, IncidentEvent, New, Stage};
use crate::{
    event::{Body, RecordId},
    id::Id,
    lifecycle::{In, Stamp, Step},
    record::{AnyStage, Kind, KindEvent, RecordKind, Shared, sealed::Sealed},
    verb::IncidentVerb,
};

impl Sealed for Incident {}

impl Kind for Incident {
    const KIND: RecordKind = RecordKind::Incident;
    type Stage = Stage;
    type Own = Beside;
    type Verb = IncidentVerb;

    fn key(id: Id<Self>) -> RecordId {
        RecordId::Incident(id)
    }

    fn id_of(record: RecordId) -> Option<Id<Self>> {
        record.incident()
    }

    fn stage_of(stage: AnyStage) -> Option<Stage> {
        match stage {
            AnyStage::Incident(stage) => Some(stage),
            AnyStage::Problem(_) => None,
        }
    }

    fn shared(&self) -> &Shared<Self> {
        self.shared()
    }

    fn stage(&self) -> Stage {
        self.stage()
    }

    fn begin(event: &IncidentEvent, stamp: &Stamp<'_>) -> Option<Self> {
        match event {
            IncidentEvent::Reported(reported) => Some(In::<New>::report((**reported).clone(), stamp).next.into()),
            _ => None,
        }
    }

    fn apply(self, event: IncidentEvent, stamp: &Stamp<'_>) -> Result<Step<Self>, Box<IllegalMove>> {
        self.apply(event, stamp)
    }

    fn runs_as_major(&self) -> bool {
        self.is_running_major()
    }

    fn has_internals(&self) -> bool {
        self.has_internals()
    }

    fn withheld(&self) -> Self {
        self.withheld()
    }
}

impl KindEvent for IncidentEvent {
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
            Body::Incident(event) => Some(event),
            Body::Problem(_) => None,
        }
    }
}
