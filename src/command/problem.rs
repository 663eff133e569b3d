//! What can be asked of a problem: raising one, and what is done to it.

use serde::{Deserialize, Serialize};

use super::{AttachmentInput, Edit, Override, Patch, RatedInput, tagged::tagged};
use crate::{
    digest::Digest,
    id::Id,
    incident::Incident,
    problem::{Dismissed, Effect, Origin, Problem, Verdict},
    record::{Audience, ExternalReference},
    time::Instant,
    verb::ProblemVerb as Verb,
};

/// A problem that is to be raised. Only the title is needed; the rest comes from the category and the policy.
///
/// ```
/// use andon::command::Raise;
///
/// let raise = Raise::new("Mail queues fill up on Mondays").service("mail").category("mail").group("Mail");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Raise {
    /// What is wrong, in a line.
    pub title: String,
    /// What is wrong, at length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How it came to be known.
    pub origin: Origin,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The impact; else the category's, else the policy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    /// The urgency; else the category's, else the policy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    /// How many people are affected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_affected: Option<u32>,
    /// The organisation; else the actor's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The group in whose queue it begins; else the category's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The person with whom it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The services that suffer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<RatedInput>,
    /// The configuration items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<RatedInput>,
    /// Labels, beside the category's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Who wants to hear of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub watchers: Vec<String>,
    /// What it is called in other systems.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ExternalReference>,
    /// Whether only those who have to do with it may see it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
    /// The incidents that it is the cause of: at most [`MAX_RAISED_FROM`]; each is linked to it in the same commit, and
    /// stays an incident.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Id<Incident>>,
}

/// The most incidents from which a problem is raised at once; others are linked afterwards.
pub const MAX_RAISED_FROM: usize = 100;

impl Raise {
    /// A problem of which nothing but the title is known.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Raised from this incident; call it again for another one.
    #[must_use]
    pub fn from_incident(mut self, incident: Id<Incident>) -> Self {
        self.from.push(incident);
        self
    }

    /// With this service; call it again for another one.
    #[must_use]
    pub fn service(mut self, service: impl Into<RatedInput>) -> Self {
        self.services.push(service.into());
        self
    }

    /// With this configuration item; call it again for another one.
    #[must_use]
    pub fn item(mut self, item: impl Into<RatedInput>) -> Self {
        self.items.push(item.into());
        self
    }

    /// Found by foresight, and not because incidents had happened.
    #[must_use]
    pub const fn proactive(mut self) -> Self {
        self.origin = Origin::Proactive;
        self
    }
}

/// Declares a setter for each optional text.
macro_rules! texts {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        impl Raise {
            $($(#[$doc])*
            #[must_use]
            pub fn $field(mut self, $field: impl Into<String>) -> Self {
                self.$field = Some($field.into());
                self
            })*
        }
    };
}

texts! {
    /// With this description.
    description,
    /// In this category.
    category,
    /// With this impact.
    impact,
    /// With this urgency.
    urgency,
    /// Of this organisation.
    organisation,
    /// In this group's queue.
    group,
    /// With this person.
    person,
}

impl From<&str> for Raise {
    fn from(title: &str) -> Self {
        Self::new(title)
    }
}

/// A fix that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FixInput {
    /// The change by which it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// What is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl FixInput {
    /// By this change.
    #[must_use]
    pub fn by_change(change: impl Into<String>) -> Self {
        Self { change: Some(change.into()), text: None }
    }

    /// With a text that says what is done.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
}

/// A workaround that is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkaroundInput {
    /// What to do.
    pub text: String,
    /// How much it helps.
    #[serde(default)]
    pub effect: Effect,
}

/// A known error that is written down: what those who meet its symptoms should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownErrorInput {
    /// By what it shows.
    pub symptoms: String,
    /// How to live with it, if there is a way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workaround: Option<WorkaroundInput>,
}

impl KnownErrorInput {
    /// With these symptoms.
    #[must_use]
    pub fn new(symptoms: impl Into<String>) -> Self {
        Self { symptoms: symptoms.into(), workaround: None }
    }

    /// With this workaround.
    #[must_use]
    pub fn workaround(mut self, text: impl Into<String>, effect: Effect) -> Self {
        self.workaround = Some(WorkaroundInput { text: text.into(), effect });
        self
    }
}

/// A root cause that is identified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootCauseInput {
    /// What kind of cause it is: one of the policy's [`cause_categories`](crate::policy::ProblemPolicy::cause_categories), if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What it is.
    pub text: String,
    /// What helped it along, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contributing: Vec<String>,
}

impl RootCauseInput {
    /// This cause.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { category: None, text: text.into(), contributing: Vec::new() }
    }

    /// Of this category.
    #[must_use]
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Helped along by this; call it again for more.
    #[must_use]
    pub fn contributing(mut self, factor: impl Into<String>) -> Self {
        self.contributing.push(factor.into());
        self
    }
}

/// The stage to which a problem is corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CorrectProblemTo {
    /// New.
    New,
    /// Assessing.
    Assessing,
    /// Investigating.
    Investigating,
    /// A fix is in progress.
    FixInProgress(FixInput),
    /// Resolved, with what came of it.
    Resolved {
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Closed, with the fix applied.
    Closed {
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Closed without a fix.
    Dismissed(Dismissed),
}

tagged! {
/// What is asked of a problem. As JSON: `{"command": "start_fix", "change": "CHG0042"}`.
pub enum ProblemCommand = "ProblemCommand" {
    /// Begin to judge whether it is a problem, and how much it matters.
    Assess {},
    /// Begin to look for the cause. A person who takes up what no person has becomes its owner.
    Investigate {},
    /// Add what the cause may be.
    AddHypothesis {
        /// What it says.
        text: String,
    },
    /// Judge whether a hypothesis holds.
    JudgeHypothesis {
        /// The number of the hypothesis.
        number: u32,
        /// Whether it holds.
        verdict: Verdict,
        /// By what it was judged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Add what was found out.
    AddFinding {
        /// What.
        text: String,
    },
    /// Say what the cause is.
    IdentifyRootCause(RootCauseInput),
    /// Write down what those who meet its symptoms should know.
    RecordKnownError(KnownErrorInput),
    /// Say that the workaround was tried and works.
    VerifyWorkaround {},
    /// Publish the known error.
    PublishKnownError {},
    /// Withdraw the known error.
    WithdrawKnownError {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Begin to remove the cause.
    StartFix(FixInput),
    /// Give the fix up before it is applied.
    AbandonFix {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Say that the fix is applied, and is being watched.
    Observe {
        /// When it is resolved by itself; left out: by hand alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Instant>,
    },
    /// Say that the cause is gone.
    Resolve {
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Say that the fix does not hold.
    FailFix {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Close it: the fix holds.
    Close {},
    /// Close it without a fix, and bear the risk until a date.
    AcceptRisk {
        /// Why.
        reason: String,
        /// When it is looked at again: then it is analysed anew by itself.
        review_at: Instant,
    },
    /// Close it as a duplicate, as no problem, or as not reproducible.
    Dismiss {
        /// As what.
        #[serde(rename = "as")]
        dismissed: Dismissed,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Take it up again after it was closed.
    Reanalyse {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Set group and person.
    Route {
        /// The group. Another group without a person takes it from the person.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        group: Patch<String>,
        /// The person: the owner.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        person: Patch<String>,
    },
    /// Change facts.
    Edit(Box<Edit>),
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
    /// Erase texts, here and in the log. Their salted digests stay.
    Redact {
        /// The digests of the texts: 1 to 1,000.
        texts: Vec<Digest>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Set the stage by hand.
    Correct {
        /// The stage that it should be in.
        to: CorrectProblemTo,
        /// Why.
        reason: String,
    },
}
}

impl ProblemCommand {
    /// The verb: what permission it needs, and how errors name it.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Assess {} => Verb::Assess,
            Self::Investigate {} => Verb::Investigate,
            Self::AddHypothesis { .. } => Verb::AddHypothesis,
            Self::JudgeHypothesis { .. } => Verb::JudgeHypothesis,
            Self::AddFinding { .. } => Verb::AddFinding,
            Self::IdentifyRootCause(_) => Verb::IdentifyRootCause,
            Self::RecordKnownError(_) => Verb::RecordKnownError,
            Self::VerifyWorkaround {} => Verb::VerifyWorkaround,
            Self::PublishKnownError {} => Verb::PublishKnownError,
            Self::WithdrawKnownError { .. } => Verb::WithdrawKnownError,
            Self::StartFix(_) => Verb::StartFix,
            Self::AbandonFix { .. } => Verb::AbandonFix,
            Self::Observe { .. } => Verb::Observe,
            Self::Resolve { .. } => Verb::Resolve,
            Self::FailFix { .. } => Verb::FailFix,
            Self::Close {} => Verb::Close,
            Self::AcceptRisk { .. } => Verb::AcceptRisk,
            Self::Dismiss { .. } => Verb::Dismiss,
            Self::Reanalyse { .. } => Verb::Reanalyse,
            Self::Route { .. } => Verb::Route,
            Self::Edit(_) => Verb::Edit,
            Self::AddNote { audience: Audience::Public, .. } => Verb::AddNote,
            Self::AddNote { audience: Audience::Internal, .. } => Verb::AddInternalNote,
            Self::Watch { .. } | Self::Unwatch { .. } => Verb::Watch,
            Self::Attach(_) | Self::Detach { .. } => Verb::Attach,
            Self::LogTime { .. } => Verb::LogTime,
            Self::OverridePriority(_) | Self::ClearOverride {} => Verb::OverridePriority,
            Self::Redact { .. } => Verb::Redact,
            Self::Correct { .. } => Verb::Correct,
        }
    }

    /// The other problem that it names, and where.
    pub(crate) const fn other(&self) -> Option<(Id<Problem>, &'static str)> {
        let (other, path) = match self {
            Self::Dismiss { dismissed, .. } => (dismissed.other(), "as"),
            Self::Correct { to: CorrectProblemTo::Dismissed(dismissed), .. } => (dismissed.other(), "to"),
            _ => return None,
        };
        match other {
            Some(other) => Some((other, path)),
            None => None,
        }
    }
}
