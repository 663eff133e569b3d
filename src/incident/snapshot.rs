//! The snapshot: an incident as versioned JSON.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Assigned, Beside, Cancelled, Closed, Facts, InProgress, Incident, Major, Milestone, New, OnHold, Progress,
    Resolved, Stage,
};
use crate::{event::DecodeError, lifecycle::In, link::Links, record::Shared};

/// The schema of snapshots that this version writes.
pub const SNAPSHOT_SCHEMA: u16 = 1;

/// The stage and what only it has.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StageForm {
    New(New),
    Assigned(Assigned),
    InProgress(InProgress),
    OnHold(OnHold),
    Resolved(Resolved),
    Closed(Closed),
    Cancelled(Cancelled),
}

/// What is written.
#[derive(Serialize)]
struct Written<'a> {
    schema: u16,
    stage: StageForm,
    facts: &'a Facts,
    progress: &'a Progress,
    #[serde(flatten)]
    beside: &'a Beside,
}

/// What is read, before it is known to be an incident.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    schema: u16,
    stage: StageForm,
    facts: Arc<Facts>,
    progress: Progress,
    #[serde(default)]
    links: Links,
    #[serde(default)]
    major: Option<Box<Major>>,
}

/// A snapshot that no incident can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It was written by a later version of the library: use that one.
    #[error("the snapshot has schema {found}; this version reads schema {SNAPSHOT_SCHEMA}")]
    Schema {
        /// The schema that it has.
        found: u16,
    },
    /// The milestones contradict the stage: the snapshot was altered. Fold it from its events.
    #[error("an incident that is {stage} {} have the milestone `{milestone}`", if *.expected { "must" } else { "cannot" })]
    Milestone {
        /// The stage that it claims.
        stage: Stage,
        /// The milestone.
        milestone: &'static str,
        /// Whether the stage needs it or excludes it.
        expected: bool,
    },
    /// A milestone that every incident has stands among the host's own: the snapshot was altered. Fold it from its
    /// events.
    #[error("the milestone `{}` cannot be one of the host's own", .milestone.as_str())]
    OwnMilestone {
        /// The milestone.
        milestone: Milestone,
    },
    /// A time of the stage is not that of its milestone, or lies after the last event: the snapshot was
    /// altered. Fold it from its events.
    #[error("the times of an incident that is {stage} contradict each other")]
    Times {
        /// The stage that it claims.
        stage: Stage,
    },
    /// It is on hold and no hold has been counted: the snapshot was altered. Fold it from its events.
    #[error("an incident that is on hold must have at least one hold interval")]
    NoHold,
    /// Its clocks contradict themselves: the snapshot was altered. Fold it from its events.
    #[error("the clocks of the incident contradict themselves")]
    Clocks,
    /// Its closure is blocked, but nothing would close it by itself: the snapshot was altered. Fold it from
    /// its events.
    #[error("an incident whose closure is blocked must be one that closes by itself")]
    NoClosure,
}

impl Serialize for Incident {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stage = match self {
            Self::New(i) => StageForm::New(i.stage),
            Self::Assigned(i) => StageForm::Assigned(i.stage),
            Self::InProgress(i) => StageForm::InProgress(i.stage),
            Self::OnHold(i) => StageForm::OnHold(i.stage.clone()),
            Self::Resolved(i) => StageForm::Resolved(i.stage.clone()),
            Self::Closed(i) => StageForm::Closed(i.stage.clone()),
            Self::Cancelled(i) => StageForm::Cancelled(i.stage.clone()),
        };
        let (facts, progress, beside) = (self.facts(), self.progress(), &self.shared().own);
        Written { schema: SNAPSHOT_SCHEMA, stage, facts, progress, beside }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Incident {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::deserialize(deserializer)?.check().map_err(serde::de::Error::custom)
    }
}

impl Incident {
    /// Reads a snapshot.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to the field that is not as it should be.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        let read: Read = crate::event::decode_schema(json, SNAPSHOT_SCHEMA)?;
        read.check().map_err(|error| {
            let path = if matches!(error, SnapshotError::Schema { .. }) { "schema" } else { "stage" };
            DecodeError::new(path, error)
        })
    }
}

impl Read {
    fn check(self) -> Result<Incident, SnapshotError> {
        if self.schema != SNAPSHOT_SCHEMA {
            return Err(SnapshotError::Schema { found: self.schema });
        }
        let shared =
            Shared { facts: self.facts, progress: self.progress, own: Beside { links: self.links, major: self.major } };
        let incident = match self.stage {
            StageForm::New(stage) => Incident::New(In::new(shared, stage)),
            StageForm::Assigned(stage) => Incident::Assigned(In::new(shared, stage)),
            StageForm::InProgress(stage) => Incident::InProgress(In::new(shared, stage)),
            StageForm::OnHold(stage) => Incident::OnHold(In::new(shared, stage)),
            StageForm::Resolved(stage) => Incident::Resolved(In::new(shared, stage)),
            StageForm::Closed(stage) => Incident::Closed(In::new(shared, stage)),
            StageForm::Cancelled(stage) => Incident::Cancelled(In::new(shared, stage)),
        };
        let (stage, progress) = (incident.stage(), incident.progress());
        let resolved = matches!(stage, Stage::Resolved | Stage::Closed);
        for (milestone, found, expected) in [
            ("reported", progress.milestones.reported.is_some(), true),
            ("resolved", progress.milestones.resolved.is_some(), resolved),
            ("closed", progress.milestones.closed.is_some(), stage == Stage::Closed),
        ] {
            if found != expected {
                return Err(SnapshotError::Milestone { stage, milestone, expected });
            }
        }
        if let Some(known) = Milestone::KNOWN.iter().find(|known| progress.milestones.own.contains_key(known.as_str()))
        {
            return Err(SnapshotError::OwnMilestone { milestone: known.clone() });
        }
        let since = match &incident {
            Incident::Resolved(i) if progress.milestones.resolved != Some(i.stage.resolved_at) => None,
            Incident::Closed(i) if progress.milestones.closed != Some(i.stage.closed_at) => None,
            Incident::OnHold(i) => Some(i.stage.since),
            Incident::Cancelled(i) => Some(i.stage.cancelled_at),
            _ => Some(progress.stage_since),
        };
        let major = incident.major().and_then(Major::since);
        let latest = since.map(|since| major.map_or(since, |major| since.max(major)).max(progress.stage_since));
        if latest.is_none_or(|latest| latest > progress.recorded_at) {
            return Err(SnapshotError::Times { stage });
        }
        if !progress.clocks.is_sound() {
            return Err(SnapshotError::Clocks);
        }
        if stage == Stage::OnHold && progress.holds == 0 {
            return Err(SnapshotError::NoHold);
        }
        if let Incident::Resolved(i) = &incident
            && i.stage.closure_blocked
            && i.stage.resolution.closes.is_none()
        {
            return Err(SnapshotError::NoClosure);
        }
        Ok(incident)
    }
}
