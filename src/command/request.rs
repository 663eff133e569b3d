//! What can be asked of an incident that exists.

use serde::{Deserialize, Serialize};

use super::{AttachmentInput, Edit, Patch, tagged::tagged};
use crate::{
    digest::Digest,
    id::Id,
    incident::{Audience, Cancellation, ConfirmedBy, Incident, Milestone, Phase, Remedy},
    link::Link,
    time::Instant,
    verb::IncidentVerb as Verb,
};

tagged! {
/// What is asked of an incident. As JSON: `{"command": "resolve", "code": "fixed"}`.
pub enum IncidentCommand = "IncidentCommand" {
    /// Dispatch to a group or a person.
    Assign(Assign),
    /// Take the assignment back.
    Unassign {},
    /// Set group and person and stay in the stage.
    Route {
        /// The group. Another group without a person takes it from the person.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        group: Patch<String>,
        /// The person.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        person: Patch<String>,
    },
    /// Begin work. A person who begins work on what nobody has becomes its assignee.
    StartWork {},
    /// Enter a phase.
    EnterPhase {
        /// Which.
        phase: Phase,
    },
    /// Put on hold; a resolved incident is reopened for it.
    Hold(Hold),
    /// Change the reason, date or note of a hold.
    ChangeHold(Hold),
    /// End the hold.
    Resume {},
    /// Resolve.
    Resolve(Resolve),
    /// Confirm the resolution.
    Confirm {
        /// At whose word.
        by: ConfirmedBy,
    },
    /// Take the resolution back.
    Reopen {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Close for good.
    Close {},
    /// End without a resolution.
    Cancel(Cancel),
    /// Undo the merge of a duplicate.
    UndoMerge {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Change facts.
    Edit(Box<Edit>),
    /// Move to another category, or to none.
    Categorise {
        /// The category; `null` for none.
        #[serde(deserialize_with = "Option::deserialize")]
        category: Option<String>,
        /// Whether to apply the category's impact, urgency, group and labels.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        apply_defaults: bool,
    },
    /// Write a note.
    AddNote {
        /// Who may read it.
        audience: Audience,
        /// What it says.
        text: String,
    },
    /// Add a watcher.
    Watch {
        /// Who.
        person: String,
    },
    /// Remove a watcher.
    Unwatch {
        /// Who.
        person: String,
    },
    /// Attach a reference to a file.
    Attach(AttachmentInput),
    /// Take off the reference to a file.
    Detach {
        /// The file's digest.
        digest: Digest,
    },
    /// Record time spent.
    LogTime {
        /// How long.
        seconds: u64,
        /// On what.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Override the computed priority.
    OverridePriority(Override),
    /// Let the computed priority hold again.
    ClearOverride {},
    /// Set the host's own status beneath the stage, or clear it.
    SetLabel {
        /// The status; `null` for none.
        #[serde(deserialize_with = "Option::deserialize")]
        label: Option<String>,
    },
    /// Record, correct or clear the time of a milestone.
    RecordMilestone {
        /// Which.
        milestone: Milestone,
        /// When; left out takes it back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Instant>,
    },
    /// Waive an obligation.
    Waive {
        /// The obligation's code.
        code: String,
        /// The field that it concerns, if it concerns one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// Why.
        reason: String,
    },
    /// Decide anew, by the policy in force, what was decided by an earlier one: the priority, what is promised and
    /// measured by its clocks, and when it closes by itself. If that lies in the past by the new policy, it closes
    /// now.
    Reissue {},
    /// Work out anew when its clocks are due and when they warn, by their own calendars: after an update of the
    /// zone data, which may move them. What was given or breached stays.
    Reschedule {},
    /// Erase texts, here and in the log. Their salted digests stay. A digest that no text of the record or of its log
    /// has is refused, and nothing is erased; one of a text that was erased before is taken. In a history that is
    /// imported every digest is refused: its texts get theirs as it lands.
    Redact {
        /// The digests of the texts, as [`Text::digest`](crate::text::Text::digest) and the [views](crate::view) give
        /// them: 1 to 1,000.
        texts: Vec<Digest>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Propose it as a major incident.
    ProposeMajor {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Reject the proposal.
    RejectMajor {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Accept it as a major incident, proposed or not.
    AcceptMajor(AcceptMajor),
    /// Give the lead of a major incident to somebody else.
    HandOverMajor {
        /// To whom.
        manager: String,
    },
    /// Say that a major incident is over.
    StandDownMajor {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Say that it is no major incident after all.
    DemoteMajor {
        /// Why.
        reason: String,
    },
    /// Write down what was found when a major incident was looked back on.
    ReviewMajor {
        /// What.
        text: String,
    },
    /// Link to a problem, another incident or a change.
    Link {
        /// The link.
        link: Link,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Take a link away.
    Unlink {
        /// The link.
        link: Link,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Set the stage by hand.
    Correct(Correct),
}
}

impl IncidentCommand {
    /// The verb: what permission it needs, and how errors name it.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Assign(_) => Verb::Assign,
            Self::Unassign {} => Verb::Unassign,
            Self::Route { .. } => Verb::Route,
            Self::StartWork {} => Verb::StartWork,
            Self::EnterPhase { .. } => Verb::EnterPhase,
            Self::Hold(_) => Verb::Hold,
            Self::ChangeHold(_) => Verb::ChangeHold,
            Self::Resume {} => Verb::Resume,
            Self::Resolve(_) => Verb::Resolve,
            Self::Confirm { .. } => Verb::Confirm,
            Self::Reopen { .. } => Verb::Reopen,
            Self::Close {} => Verb::Close,
            Self::Cancel(_) => Verb::Cancel,
            Self::UndoMerge { .. } => Verb::UndoMerge,
            Self::Edit(_) => Verb::Edit,
            Self::Categorise { .. } => Verb::Categorise,
            Self::AddNote { audience: Audience::Public, .. } => Verb::AddNote,
            Self::AddNote { audience: Audience::Internal, .. } => Verb::AddInternalNote,
            Self::Watch { .. } | Self::Unwatch { .. } => Verb::Watch,
            Self::Attach(_) | Self::Detach { .. } => Verb::Attach,
            Self::LogTime { .. } => Verb::LogTime,
            Self::OverridePriority(_) | Self::ClearOverride {} => Verb::OverridePriority,
            Self::SetLabel { .. } => Verb::SetLabel,
            Self::RecordMilestone { .. } => Verb::RecordMilestone,
            Self::ProposeMajor { .. } => Verb::ProposeMajor,
            Self::AcceptMajor(_) | Self::RejectMajor { .. } => Verb::JudgeMajor,
            Self::HandOverMajor { .. } | Self::StandDownMajor { .. } | Self::DemoteMajor { .. } => Verb::ManageMajor,
            Self::ReviewMajor { .. } => Verb::ReviewMajor,
            Self::Link { .. } | Self::Unlink { .. } => Verb::Link,
            Self::Waive { .. } => Verb::Waive,
            Self::Reissue {} => Verb::Reissue,
            Self::Reschedule {} => Verb::Reschedule,
            Self::Redact { .. } => Verb::Redact,
            Self::Correct(_) => Verb::Correct,
        }
    }
}

impl IncidentCommand {
    /// The other incident that it names.
    pub(crate) const fn other(&self) -> Option<Id<Incident>> {
        match self {
            Self::Cancel(Cancel { cancellation, .. }) => cancellation.other(),
            Self::Correct(Correct { to, .. }) => to.other(),
            _ => None,
        }
    }

    /// The affected person that it names.
    pub(crate) fn affected(&self) -> Option<&str> {
        match self {
            Self::Edit(edit) => match &edit.affected {
                Patch::Set(person) => Some(person),
                Patch::Keep | Patch::Clear => None,
            },
            _ => None,
        }
    }
}

/// To whom an incident goes: a group, a person, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assign {
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

impl Assign {
    /// To a group.
    #[must_use]
    pub fn to_group(group: impl Into<String>) -> Self {
        Self { group: Some(group.into()), person: None }
    }

    /// To a person; the group stays.
    #[must_use]
    pub fn to_person(person: impl Into<String>) -> Self {
        Self { group: None, person: Some(person.into()) }
    }

    /// To this person of that group.
    #[must_use]
    pub fn and_person(mut self, person: impl Into<String>) -> Self {
        self.person = Some(person.into());
        self
    }
}

/// A hold that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// A reason of the policy: `awaiting_caller`, …
    pub reason: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// What is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Hold {
    /// For this reason.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), until: None, note: None }
    }

    /// Until this instant.
    #[must_use]
    pub const fn until(mut self, at: Instant) -> Self {
        self.until = Some(at);
        self
    }

    /// With a note that says what is waited for.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

impl From<&str> for Hold {
    fn from(reason: &str) -> Self {
        Self::new(reason)
    }
}

/// A resolution that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// A code of the policy: `fixed`, …
    pub code: String,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Fix or workaround.
    #[serde(default)]
    pub remedy: Remedy,
    /// The parent with which it is resolved, which must be resolved: when that is reopened, it is, too, by plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub along_with: Option<Id<Incident>>,
}

impl Resolve {
    /// With this code, by a fix.
    #[must_use]
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), text: None, remedy: Remedy::Fix, along_with: None }
    }

    /// With a text that says what was done.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// By a workaround: the cause remains.
    #[must_use]
    pub const fn by_workaround(mut self) -> Self {
        self.remedy = Remedy::Workaround;
        self
    }

    /// Along with its parent, which must be resolved.
    #[must_use]
    pub const fn along_with(mut self, parent: Id<Incident>) -> Self {
        self.along_with = Some(parent);
        self
    }
}

impl From<&str> for Resolve {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

/// A major incident that is to be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcceptMajor {
    /// Who leads it; else the person who accepts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// The priority that it has at least; else the policy's floor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl AcceptMajor {
    /// Led by this person.
    #[must_use]
    pub fn led_by(manager: impl Into<String>) -> Self {
        Self { manager: Some(manager.into()), ..Self::default() }
    }

    /// With at least this priority.
    #[must_use]
    pub fn floor(mut self, priority: impl Into<String>) -> Self {
        self.floor = Some(priority.into());
        self
    }

    /// For this reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// A cancellation that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// As what.
    #[serde(rename = "as")]
    pub cancellation: Cancellation,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Cancel {
    /// As a duplicate of another incident.
    #[must_use]
    pub const fn duplicate_of(other: Id<Incident>) -> Self {
        Self { cancellation: Cancellation::Duplicate { of: other }, reason: None }
    }

    /// With a reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

impl From<Cancellation> for Cancel {
    fn from(cancellation: Cancellation) -> Self {
        Self { cancellation, reason: None }
    }
}

/// An override that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The priority that is to hold.
    pub priority: String,
    /// Why.
    pub reason: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

impl Override {
    /// This priority for this reason.
    #[must_use]
    pub fn new(priority: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { priority: priority.into(), reason: reason.into(), until: None }
    }

    /// Until this instant.
    #[must_use]
    pub const fn until(mut self, at: Instant) -> Self {
        self.until = Some(at);
        self
    }
}

/// A correction that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correct {
    /// The stage that it should be in, with what that stage needs.
    pub to: CorrectTo,
    /// Why.
    pub reason: String,
    /// The code of the error with which the proper move was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
}

/// The stage to which a record is corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CorrectTo {
    /// New.
    New,
    /// Assigned.
    Assigned,
    /// In progress.
    InProgress,
    /// On hold.
    OnHold(Hold),
    /// Resolved.
    Resolved(Resolve),
    /// Closed.
    Closed(Resolve),
    /// Cancelled.
    Cancelled(Cancellation),
}

impl Correct {
    /// To this stage for this reason.
    #[must_use]
    pub fn new(to: CorrectTo, reason: impl Into<String>) -> Self {
        Self { to, reason: reason.into(), instead_of: None }
    }
}

impl CorrectTo {
    /// The other incident that it names.
    pub(crate) const fn other(&self) -> Option<Id<Incident>> {
        match self {
            Self::Cancelled(cancellation) => cancellation.other(),
            _ => None,
        }
    }
}
