//! The snapshot: a problem as versioned JSON.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Analysis, Assessing, Closed, Closure, Facts, FixInProgress, Investigating, MAX_HYPOTHESES, New, Observing, Problem,
    Progress, Resolved, Stage,
};
use crate::{event::DecodeError, incident::SNAPSHOT_SCHEMA, lifecycle::In, record::Shared};

/// The stage and what only it has.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StageForm {
    New(New),
    Assessing(Assessing),
    Investigating(Investigating),
    FixInProgress(FixInProgress),
    Observing(Observing),
    Resolved(Resolved),
    Closed(Closed),
}

/// What is written.
#[derive(Serialize)]
struct Written<'a> {
    schema: u16,
    stage: StageForm,
    facts: &'a Facts,
    progress: &'a Progress,
    analysis: &'a Analysis,
}

/// What is read, before it is known to be a problem.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    schema: u16,
    stage: StageForm,
    facts: Arc<Facts>,
    progress: Progress,
    analysis: Analysis,
}

/// A snapshot that no problem can have.
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
    #[error("a problem that is {stage} {} have the milestone `{milestone}`", if *.expected { "must" } else { "cannot" })]
    Milestone {
        /// The stage that it claims.
        stage: Stage,
        /// The milestone.
        milestone: &'static str,
        /// Whether the stage needs it or excludes it.
        expected: bool,
    },
    /// A time of the stage is not that of its milestone, or lies after the last event: the snapshot was altered. Fold
    /// it from its events.
    #[error("the times of a problem that is {stage} contradict each other")]
    Times {
        /// The stage that it claims.
        stage: Stage,
    },
    /// Its hypotheses are not numbered one after the other: the snapshot was altered. Fold it from its events.
    #[error("the hypotheses of the problem are not numbered one after the other")]
    Hypotheses,
    /// It has what only incidents have: clocks, holds, statuses of the host's own. Fold it from its events.
    #[error("a problem has no clocks, holds or labels")]
    NotAProblem,
}

impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stage = match self {
            Self::New(i) => StageForm::New(i.stage),
            Self::Assessing(i) => StageForm::Assessing(i.stage),
            Self::Investigating(i) => StageForm::Investigating(i.stage),
            Self::FixInProgress(i) => StageForm::FixInProgress(i.stage.clone()),
            Self::Observing(i) => StageForm::Observing(i.stage.clone()),
            Self::Resolved(i) => StageForm::Resolved(i.stage.clone()),
            Self::Closed(i) => StageForm::Closed(i.stage.clone()),
        };
        let (facts, progress, analysis) = (self.facts(), self.progress(), self.analysis());
        Written { schema: SNAPSHOT_SCHEMA, stage, facts, progress, analysis }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::deserialize(deserializer)?.check().map_err(serde::de::Error::custom)
    }
}

impl Problem {
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
    fn check(self) -> Result<Problem, SnapshotError> {
        if self.schema != SNAPSHOT_SCHEMA {
            return Err(SnapshotError::Schema { found: self.schema });
        }
        let shared = Shared { facts: self.facts, progress: self.progress, own: self.analysis };
        let problem = match self.stage {
            StageForm::New(stage) => Problem::New(In::new(shared, stage)),
            StageForm::Assessing(stage) => Problem::Assessing(In::new(shared, stage)),
            StageForm::Investigating(stage) => Problem::Investigating(In::new(shared, stage)),
            StageForm::FixInProgress(stage) => Problem::FixInProgress(In::new(shared, stage)),
            StageForm::Observing(stage) => Problem::Observing(In::new(shared, stage)),
            StageForm::Resolved(stage) => Problem::Resolved(In::new(shared, stage)),
            StageForm::Closed(stage) => Problem::Closed(In::new(shared, stage)),
        };
        let (stage, progress) = (problem.stage(), problem.progress());
        let solved = stage == Stage::Resolved || matches!(problem.closure(), Some(Closure::FixApplied(_)));
        for (milestone, found, expected) in [
            ("reported", progress.milestones.reported.is_some(), true),
            ("resolved", progress.milestones.resolved.is_some(), solved),
            ("closed", progress.milestones.closed.is_some(), stage == Stage::Closed),
        ] {
            if found != expected {
                return Err(SnapshotError::Milestone { stage, milestone, expected });
            }
        }
        let since = match &problem {
            Problem::Resolved(i) if progress.milestones.resolved != Some(i.stage.resolved_at) => None,
            Problem::Closed(i) if progress.milestones.closed != Some(i.stage.closed_at) => None,
            Problem::Observing(i) if progress.stage_since != i.stage.applied_at => None,
            _ => Some(progress.stage_since),
        };
        if since.is_none_or(|since| since.max(progress.stage_since) > progress.recorded_at) {
            return Err(SnapshotError::Times { stage });
        }
        let numbered = problem.analysis().hypotheses.iter().zip(1..).all(|(known, number)| known.number == number);
        if !numbered || problem.analysis().hypotheses.len() > MAX_HYPOTHESES {
            return Err(SnapshotError::Hypotheses);
        }
        if progress.holds > 0 || progress.label.is_some() || !progress.clocks.is_empty() || !progress.waivers.is_empty()
        {
            return Err(SnapshotError::NotAProblem);
        }
        Ok(problem)
    }
}
