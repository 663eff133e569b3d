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

use crate::{event::DecodeError, id::Id, incident::Incident};

/// Anything that can be asked of a desk.
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
            let request = whole.pointer_mut("/incident/request").map(Value::take);
            let request = request.filter(|_| error.path() == "incident.request");
            let found = request.and_then(request::fault_of).map(|fault| fault.below("incident.request"));
            found.unwrap_or(error)
        })
    }
}

impl IncidentCommand {
    /// Reads a command from JSON: `{"command": "resolve", "code": "fixed"}`, `{"command": "cancel", "as":
    /// "withdrawn"}`, `{"command": "cancel", "as": {"duplicate": {"of": "0192f0c4-…"}}}`.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to what cannot be read: `code`, `as.duplicate.of`; `command` for a command that
    /// there is not.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        crate::event::decode(json).map_err(|error| {
            let whole = serde_json::from_slice(json).unwrap_or_default();
            request::fault_of(whole).unwrap_or(error)
        })
    }
}
