//! Commands: what a caller asks, as plain data.
//!
//! A command holds texts as they were typed. The desk reads them against the policy and reports
//! everything that is wrong at once, so that a form can show it beside its fields. Each has a JSON
//! form, so that it can come over a wire.

mod edit;
pub(crate) mod intent;
mod patch;
mod problem;
mod report;
mod request;
mod tagged;

pub use edit::Edit;
pub use patch::Patch;
pub use problem::{
    CorrectProblemTo, FixInput, KnownErrorInput, MAX_RAISED_FROM, ProblemCommand, Raise, RootCauseInput,
    WorkaroundInput,
};
pub use report::{AttachmentInput, RatedInput, Report};
pub use request::{AcceptMajor, Assign, Cancel, Correct, CorrectTo, Hold, IncidentCommand, Override, Resolve};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{event::DecodeError, id::Id, incident::Incident, problem::Problem};

/// Anything that can be asked of a desk. As JSON: `{"report": {"title": "Mail is down"}}`, `{"incident": {"id": "0192…",
/// "request": {"command": "start_work"}}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// Report an incident.
    Report(Box<Report>),
    /// Do something to an incident that exists.
    Incident {
        /// Which.
        id: Id<Incident>,
        /// What.
        request: IncidentCommand,
    },
    /// Raise a problem.
    Raise(Box<Raise>),
    /// Do something to a problem that exists.
    Problem {
        /// Which.
        id: Id<Problem>,
        /// What.
        request: ProblemCommand,
    },
}

impl Command {
    /// Reads a command from JSON.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to what cannot be read: `incident.request.code`. Whether it can be done is for
    /// the desk to say.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        crate::event::decode(json).map_err(|error: DecodeError| {
            let mut whole: Value = serde_json::from_slice(json).unwrap_or_default();
            let mut told = |path: &str, fault_of: fn(Value) -> Option<DecodeError>| {
                let request = whole.pointer_mut(&format!("/{}", path.replace('.', "/"))).map(Value::take);
                request.filter(|_| error.path() == path).and_then(fault_of).map(|fault| fault.below(path))
            };
            told("incident.request", IncidentCommand::fault_of)
                .or_else(|| told("problem.request", ProblemCommand::fault_of))
                .unwrap_or(error)
        })
    }
}

/// Declares how the commands on a kind of record are read.
macro_rules! from_json {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(impl $name {
            $(#[$doc])*
            pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
                crate::event::decode(json).map_err(|error| {
                    let whole = serde_json::from_slice(json).unwrap_or_default();
                    Self::fault_of(whole).unwrap_or(error)
                })
            }
        })*
    };
}

from_json! {
    /// Reads a command from JSON: `{"command": "resolve", "code": "fixed"}`, `{"command": "cancel", "as":
    /// "withdrawn"}`, `{"command": "cancel", "as": {"duplicate": {"of": "0192f0c4-…"}}}`.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to what cannot be read: `code`, `as.duplicate.of`; `command` for a command that
    /// there is not.
    IncidentCommand;
    /// Reads a command from JSON: `{"command": "start_fix", "change": "CHG0042"}`, `{"command": "dismiss", "as":
    /// "not_reproducible"}`, `{"command": "dismiss", "as": {"duplicate": {"of": "0192f0c4-…"}}}`.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to what cannot be read: `review_at`, `workaround.effect`; `command` for a command
    /// that there is not.
    ProblemCommand;
}
