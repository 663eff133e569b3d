//! What happens to an incident.

use std::{num::NonZeroU64, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeStruct};
use serde_json::Value;
use serde_path_to_error::Error as PathError;

use super::{
    Assignment, Attachment, AutomaticClosure, Cancellation, ClosureBasis, ConfirmedBy, Correction, FactChange, Facts,
    Hold, Milestone, Phase, Resolution,
};
use crate::{
    actor::ActorId,
    digest::Digest,
    key::{PersonRef, StageLabel},
    ledger::Entry,
    priority::{Assessment, Priority, PriorityCause},
    text::Text,
    time::Instant,
};

/// Declares the events, their stable names, and the list of them.
macro_rules! events {
    (
        { $($(#[$doc:meta])* $variant:ident$(($payload:ty))? = $name:literal,)* }
        { $($entry:ident = $clock:literal,)* }
    ) => {
        /// What happened to an incident. Each kind has a stable name; new kinds may be added.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum IncidentEvent {
            $($(#[$doc])* $variant$(($payload))?,)*
            /// Something happened to one of its clocks.
            Clock(Entry),
        }

        impl IncidentEvent {
            /// The name of every kind of event.
            pub const NAMES: &'static [&'static str] = &[$($name,)* $($clock),*];

            /// The kind of event: `incident.resolved`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(events!(@pattern $variant $(($payload))?) => $name,)*
                    $(Self::Clock(Entry::$entry(_)) => $clock,)*
                }
            }

            /// Reads what happened by its kind, keeping the path to whatever is wrong; `None` for a kind
            /// that is not known.
            pub(crate) fn decode(kind: &str, data: Value) -> Option<Result<Self, PathError<serde_json::Error>>> {
                match kind {
                    $($name => Some(events!(@decode data $variant $(($payload))?)),)*
                    $($clock => {
                        Some(serde_path_to_error::deserialize(data).map(|entry| Self::Clock(Entry::$entry(entry))))
                    })*
                    _ => None,
                }
            }
        }

        /// As `{"type": "incident.resolved", "data": …}`.
        impl Serialize for IncidentEvent {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let kind = self.name();
                match self {
                    $(events!(@bind data $variant $(($payload))?) => {
                        events!(@data serializer kind data $(($payload))?)
                    })*
                    $(Self::Clock(Entry::$entry(data)) => tagged(serializer, kind, Some(data)),)*
                }
            }
        }
    };
    (@pattern $variant:ident) => { Self::$variant };
    (@pattern $variant:ident($payload:ty)) => { Self::$variant(_) };
    (@bind $data:ident $variant:ident) => { Self::$variant };
    (@bind $data:ident $variant:ident($payload:ty)) => { Self::$variant($data) };
    (@data $serializer:ident $kind:ident $data:ident) => { tagged($serializer, $kind, None::<&()>) };
    (@data $serializer:ident $kind:ident $data:ident ($payload:ty)) => { tagged($serializer, $kind, Some($data)) };
    (@decode $data:ident $variant:ident) => {
        serde_path_to_error::deserialize::<_, ()>($data).map(|()| Self::$variant)
    };
    (@decode $data:ident $variant:ident($payload:ty)) => {
        serde_path_to_error::deserialize::<_, $payload>($data).map(Self::$variant)
    };
}

/// Writes what happened with its kind beside it.
fn tagged<S: Serializer>(serializer: S, kind: &'static str, data: Option<&impl Serialize>) -> Result<S::Ok, S::Error> {
    let mut form = serializer.serialize_struct("IncidentEvent", 1_usize.saturating_add(data.iter().len()))?;
    form.serialize_field("type", kind)?;
    if let Some(data) = data {
        form.serialize_field("data", data)?;
    }
    form.end()
}

impl<'de> Deserialize<'de> for IncidentEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Tagged {
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            data: Value,
        }
        let Tagged { kind, data } = Tagged::deserialize(deserializer)?;
        let decoded = Self::decode(&kind, data).ok_or_else(|| D::Error::custom(format!("unknown event `{kind}`")))?;
        decoded.map_err(D::Error::custom)
    }
}

events! {
    {
    /// It was reported. Always the first event, and never a later one.
    Reported(Box<Reported>) = "incident.reported",
    /// It was dispatched to a group or a person.
    Assigned(Assignment) = "incident.assigned",
    /// The assignment was taken back.
    Unassigned = "incident.unassigned",
    /// Group and person were set without a change of stage.
    Routed(Assignment) = "incident.routed",
    /// Work began.
    WorkStarted = "incident.work_started",
    /// The work entered a phase.
    PhaseEntered(Phase) = "incident.phase_entered",
    /// It was put on hold.
    Held(Hold) = "incident.held",
    /// The hold changed; one interval ended and the next began.
    HoldChanged(Hold) = "incident.hold_changed",
    /// The hold ended.
    Resumed(ResumedBy) = "incident.resumed",
    /// It was resolved.
    Resolved(Resolution) = "incident.resolved",
    /// The resolution was confirmed.
    Confirmed(ConfirmedBy) = "incident.confirmed",
    /// The resolution was taken back.
    Reopened(Reopening) = "incident.reopened",
    /// It was closed.
    Closed(ClosureBasis) = "incident.closed",
    /// It would have closed by itself, but something is owed. Said once; when nothing is owed any more, it
    /// closes.
    ClosureBlocked(Vec<OpenObligation>) = "incident.closure_blocked",
    /// It ended without a resolution.
    Cancelled(CancelledAs) = "incident.cancelled",
    /// The merge of a duplicate was undone.
    MergeUndone(Reason) = "incident.merge_undone",
    /// Facts were changed.
    Edited(Vec<FactChange>) = "incident.edited",
    /// The priority was assessed anew, with another result or for other reasons.
    PriorityChanged(Box<PriorityChange>) = "incident.priority_changed",
    /// A note was written.
    NoteAdded(Note) = "incident.note_added",
    /// Somebody wants to hear of it.
    Watched(PersonRef) = "incident.watched",
    /// Somebody no longer wants to hear of it.
    Unwatched(PersonRef) = "incident.unwatched",
    /// A reference to a file was attached.
    Attached(Attachment) = "incident.attached",
    /// The reference to the file with this digest was taken off.
    Detached(Digest) = "incident.detached",
    /// Time was spent on it.
    TimeSpent(TimeSpent) = "incident.time_spent",
    /// The host's own status beneath the stage was set or cleared.
    Labelled(Option<StageLabel>) = "incident.labelled",
    /// The time of a milestone was recorded, corrected or cleared.
    MilestoneRecorded(MilestoneTime) = "incident.milestone_recorded",
    /// An obligation was waived.
    ObligationWaived(Waiver) = "incident.obligation_waived",
    /// When, and by which policy, it closes by itself was decided anew; `None`: not at all.
    ClosureReissued(Option<AutomaticClosure>) = "incident.closure_reissued",
    /// Texts were erased, here and in the log.
    Redacted(Redaction) = "incident.redacted",
    /// The stage was set by hand.
    Corrected(Box<Correction>) = "incident.corrected",
    }
    {
    Started = "incident.clock_started",
    Replaced = "incident.clock_replaced",
    Paused = "incident.clock_paused",
    Resumed = "incident.clock_resumed",
    Warned = "incident.clock_warned",
    Breached = "incident.clock_breached",
    Ended = "incident.clock_ended",
    Cancelled = "incident.clock_cancelled",
    Revived = "incident.clock_revived",
    Rescheduled = "incident.clock_rescheduled",
    }
}

/// The report: everything that was known at the beginning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// The facts.
    pub facts: Arc<Facts>,
    /// The first priority and how it came about.
    pub assessment: Arc<Assessment>,
    /// With whom it begins.
    #[serde(default)]
    pub assignment: Assignment,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Instant>,
    /// When it was noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected: Option<Instant>,
}

/// What ended a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResumedBy {
    /// Somebody resumed it.
    Hand,
    /// Its date came.
    Date,
    /// The caller replied.
    CallerReply,
}

/// Why a resolution was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reopening {
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Whether the caller's reply reopened it, by the policy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_reply: bool,
}

/// A cancellation and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelledAs {
    /// As what.
    pub cancellation: Cancellation,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
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
    /// Everybody who may see the incident, the caller too.
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

/// Time spent on an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpent {
    /// How long, in seconds.
    pub seconds: NonZeroU64,
    /// On what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// The time of a milestone that people may record: not one that a stage sets (reported, responded to,
/// resolved, confirmed, closed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MilestoneTimeForm", into = "MilestoneTimeForm")]
pub struct MilestoneTime {
    milestone: Milestone,
    at: Option<Instant>,
}

impl MilestoneTime {
    /// The time at which a milestone was reached; `None` takes it back.
    ///
    /// # Errors
    /// [`StageMilestone`] for a milestone that a stage sets.
    pub fn new(milestone: Milestone, at: Option<Instant>) -> Result<Self, StageMilestone> {
        if milestone.is_set_by_stage() { Err(StageMilestone { milestone }) } else { Ok(Self { milestone, at }) }
    }

    /// Which.
    #[must_use]
    pub const fn milestone(&self) -> &Milestone {
        &self.milestone
    }

    /// When; `None` takes it back.
    #[must_use]
    pub const fn at(&self) -> Option<Instant> {
        self.at
    }
}

/// A milestone that only a stage can set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the milestone `{}` is set by a move and cannot be recorded by hand", .milestone.as_str())]
pub struct StageMilestone {
    milestone: Milestone,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MilestoneTimeForm {
    milestone: Milestone,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
}

impl TryFrom<MilestoneTimeForm> for MilestoneTime {
    type Error = StageMilestone;

    fn try_from(form: MilestoneTimeForm) -> Result<Self, StageMilestone> {
        Self::new(form.milestone, form.at)
    }
}

impl From<MilestoneTime> for MilestoneTimeForm {
    fn from(time: MilestoneTime) -> Self {
        Self { milestone: time.milestone, at: time.at }
    }
}

/// An obligation that was open when it mattered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenObligation {
    /// The obligation's code.
    pub code: Arc<str>,
    /// The field it concerns, if it concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Arc<str>>,
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
