//! The policy that works out of the box.

use std::collections::BTreeMap;

use super::{
    Caps, ClosurePolicy, ConfirmationRule, HoldRule, Intake, KNOWN_REASONS, MajorPolicy, Numbering, PolicyDraft,
    ProblemPolicy, ReopeningPolicy, ResolutionRule, Timeliness, UntilRule,
};
use crate::{
    incident::{HoldReason, ReplyRule, WakeOn},
    key::{LevelName, ResolutionCode, RoleName},
    permission::{Permission, PermissionScope as Scope, Permissions},
    priority::{HighEnd, Matrix, Scale},
    sla::CalendarsOf,
    verb::{IncidentVerb as Verb, ProblemVerb as P},
};

impl PolicyDraft {
    /// The content of [`Policy::itil`](super::Policy::itil), to be changed.
    #[must_use]
    pub fn itil() -> Self {
        Self {
            name: "ITIL".to_owned(),
            matrix: Matrix::itil(),
            default_impact: LevelName::known("medium"),
            default_urgency: LevelName::known("medium"),
            criticality: Scale::new(
                ["critical", "high", "medium", "low"].map(LevelName::known).to_vec(),
                HighEnd::First,
            ),
            modifiers: Vec::new(),
            categories: Vec::new(),
            fields: Vec::new(),
            hold_reasons: hold_reasons(),
            stage_labels: Vec::new(),
            milestones: Vec::new(),
            resolution_codes: resolution_codes(),
            calendars: BTreeMap::new(),
            calendars_of: CalendarsOf::default(),
            agreements: Vec::new(),
            closure: ClosurePolicy {
                confirmation: ConfirmationRule::itil(),
                required: Vec::new(),
                on_caller_reply: ReplyRule::RestartQuietTime,
                automatic_after_seconds: None,
            },
            major: MajorPolicy::default(),
            problems: ProblemPolicy::default(),
            reopening: ReopeningPolicy::itil(),
            intake: Intake::default(),
            numbering: Numbering::default(),
            permissions: permissions(),
            caps: Caps::default(),
            timeliness: Timeliness::default(),
        }
    }
}

fn hold_reasons() -> Vec<HoldRule> {
    KNOWN_REASONS
        .into_iter()
        .map(|reason| match reason {
            HoldReason::AwaitingCaller => HoldRule { wakes_on: vec![WakeOn::CallerReply], ..HoldRule::new(reason) },
            HoldReason::AwaitingProblem => {
                HoldRule { wakes_on: vec![WakeOn::ProblemResolved], ..HoldRule::new(reason) }
            }
            HoldReason::AwaitingChange => HoldRule { wakes_on: vec![WakeOn::ChangeDone], ..HoldRule::new(reason) },
            HoldReason::AwaitingDate => HoldRule { until: UntilRule::Required, ..HoldRule::new(reason) },
            HoldReason::AwaitingVendor | HoldReason::Other(_) => HoldRule::new(reason),
        })
        .collect()
}

fn resolution_codes() -> Vec<ResolutionRule> {
    ["fixed", "workaround", "resolved_by_problem", "resolved_by_change", "no_fault_found", "user_error"]
        .map(|code| ResolutionRule::new(ResolutionCode::known(code)))
        .to_vec()
}

/// What an agent does about problems.
const INVESTIGATING: [P; 25] = [
    P::Read,
    P::ReadInternal,
    P::Raise,
    P::Assess,
    P::Investigate,
    P::AddHypothesis,
    P::JudgeHypothesis,
    P::AddFinding,
    P::IdentifyRootCause,
    P::RecordKnownError,
    P::VerifyWorkaround,
    P::StartFix,
    P::AbandonFix,
    P::Observe,
    P::Resolve,
    P::FailFix,
    P::Route,
    P::Edit,
    P::AddNote,
    P::AddInternalNote,
    P::Watch,
    P::Attach,
    P::LogTime,
    P::Cascade,
    P::Backdate,
];

/// What a manager decides about them.
const DECIDING: [P; 9] = [
    P::PublishKnownError,
    P::WithdrawKnownError,
    P::Close,
    P::AcceptRisk,
    P::Dismiss,
    P::Reanalyse,
    P::OverridePriority,
    P::Correct,
    P::ReadConfidential,
];

/// The roles: a caller sees and answers what is theirs; monitoring reports and confirms; an agent
/// works; a manager also decides; an administrator may do everything.
fn permissions() -> Permissions {
    let role = RoleName::known;
    let caller = [Verb::Read, Verb::Report, Verb::AddNote, Verb::Watch, Verb::Attach, Verb::Confirm, Verb::Reopen];
    let monitoring = [
        Verb::Read,
        Verb::Report,
        Verb::ReportFor,
        Verb::Route,
        Verb::AddNote,
        Verb::AddInternalNote,
        Verb::RecordMilestone,
        Verb::Resolve,
        Verb::Confirm,
        Verb::Reopen,
    ];
    let agent = [
        Verb::Read,
        Verb::ReadInternal,
        Verb::Report,
        Verb::ReportFor,
        Verb::Assign,
        Verb::Unassign,
        Verb::Route,
        Verb::StartWork,
        Verb::EnterPhase,
        Verb::Hold,
        Verb::ChangeHold,
        Verb::Resume,
        Verb::Resolve,
        Verb::Confirm,
        Verb::Reopen,
        Verb::Close,
        Verb::Cancel,
        Verb::Merge,
        Verb::Edit,
        Verb::Categorise,
        Verb::AddNote,
        Verb::AddInternalNote,
        Verb::Watch,
        Verb::Attach,
        Verb::LogTime,
        Verb::SetLabel,
        Verb::RecordMilestone,
        Verb::Link,
        Verb::ProposeMajor,
        Verb::HandleMajor,
        Verb::ReviewMajor,
        Verb::Backdate,
    ];
    let manager = [
        Verb::JudgeMajor,
        Verb::ManageMajor,
        Verb::UndoMerge,
        Verb::OverridePriority,
        Verb::Waive,
        Verb::Correct,
        Verb::ReadConfidential,
    ];
    Permissions::none()
        .grant(role("agent"), Scope::All, INVESTIGATING)
        .grant(role("manager"), Scope::All, INVESTIGATING.into_iter().chain(DECIDING))
        .grant(role("caller"), Scope::Own, caller)
        .grant(role("monitoring"), Scope::All, monitoring)
        .grant(role("agent"), Scope::All, agent)
        .grant(role("manager"), Scope::All, agent.into_iter().chain(manager))
        .grant(role("administrator"), Scope::All, Permission::all())
}
