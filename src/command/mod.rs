//! Commands: what a caller asks, as plain data.
//!
//! A command holds texts as they were typed. The desk reads them against the policy and reports
//! everything that is wrong at once, so that a form can show it beside its fields. Each has a JSON
//! form, so that it can come over a wire.

mod edit;
pub(crate) mod intent;
mod patch;
mod report;
mod request;

pub use edit::Edit;
pub use patch::Patch;
pub use report::{AttachmentInput, RatedInput, Report};
pub use request::{Assign, Cancel, Correct, CorrectTo, Hold, IncidentCommand, Override, Resolve};

use serde::{Deserialize, Serialize};

use crate::{id::Id, incident::Incident};

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
