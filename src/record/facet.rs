//! Facets: what can happen to a record of any kind, beside its stage.

use std::{num::NonZeroU64, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Assignment, Attachment, FactChange};
use crate::{
    actor::ActorId,
    digest::Digest,
    key::PersonRef,
    priority::{Assessment, Priority, PriorityCause},
    text::Text,
};

/// Something that can happen to a record of any kind, beside its stage. Each kind of record has it among its events,
/// under a name of its own: `incident.edited`, `problem.edited`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Facet {
    /// Group and person were set without a change of stage.
    Routed(Assignment),
    /// Facts were changed.
    Edited(Vec<FactChange>),
    /// The priority was assessed anew, with another result or for other reasons.
    PriorityChanged(Box<PriorityChange>),
    /// A note was written.
    NoteAdded(Note),
    /// Somebody wants to hear of it.
    Watched(PersonRef),
    /// Somebody no longer wants to hear of it.
    Unwatched(PersonRef),
    /// A reference to a file was attached.
    Attached(Attachment),
    /// The reference to the file with this digest was taken off.
    Detached(Digest),
    /// Time was spent on it.
    TimeSpent(TimeSpent),
    /// Texts were erased, here and in the log.
    Redacted(Redaction),
}

/// A reason, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// A new assessment of the priority. Old and new are equal when only its reasons changed, as when the
/// computed priority moves below an override.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityChange {
    /// The priority that held before.
    pub old: Priority,
    /// The priority that holds now.
    pub new: Priority,
    /// Why it was assessed anew.
    pub cause: PriorityCause,
    /// How the new one came about.
    pub assessment: Arc<Assessment>,
}

/// Who may read a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody who may see the record, the caller too.
    Public,
    /// Those who may read internal notes.
    Internal,
}

/// On which side of the desk a note was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteFrom {
    /// The caller or the affected person.
    Caller,
    /// A person of the desk.
    Desk,
    /// An automation, or the system. It is no response.
    Automation,
    /// Somebody else: neither the caller nor of the desk. It is neither a reply nor a response.
    Other,
}

/// What a caller's reply does to a resolved incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyRule {
    /// The quiet time begins again.
    #[default]
    RestartQuietTime,
    /// It is marked, and the quiet time goes on.
    Flag,
    /// It is reopened, as far as the reopening policy allows; if it does not, it is marked.
    Reopen,
}

/// A note. It lives in the log only; the snapshot counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Who may read it.
    pub audience: Audience,
    /// On which side of the desk it was written.
    pub from: NoteFrom,
    /// What it says.
    pub text: Text,
    /// What it does to a resolved incident; decided by the policy when it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_resolved: Option<ReplyRule>,
}

/// Time spent on a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpent {
    /// How long, in seconds.
    pub seconds: NonZeroU64,
    /// On what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Texts that were erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// The digests of the texts.
    pub texts: Vec<Digest>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// An obligation that was waived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The obligation's code.
    pub code: Arc<str>,
    /// The field it concerns, if it concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Arc<str>>,
    /// Why.
    pub reason: Text,
    /// Who waived it.
    pub by: ActorId,
}
