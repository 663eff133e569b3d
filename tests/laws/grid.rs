//! The legal verbs of each stage, written by hand.

use andon::{Stage, verb::IncidentVerb as Verb};

/// What changes the stage, or could.
pub fn moves(stage: Stage) -> &'static [Verb] {
    match stage {
        Stage::New => &[Verb::Assign, Verb::StartWork, Verb::Hold, Verb::Resolve, Verb::Cancel, Verb::Correct],
        Stage::Assigned => {
            &[Verb::Assign, Verb::Unassign, Verb::StartWork, Verb::Hold, Verb::Resolve, Verb::Cancel, Verb::Correct]
        }
        Stage::InProgress => {
            &[Verb::Assign, Verb::Unassign, Verb::EnterPhase, Verb::Hold, Verb::Resolve, Verb::Cancel, Verb::Correct]
        }
        Stage::OnHold => {
            &[Verb::Assign, Verb::StartWork, Verb::ChangeHold, Verb::Resume, Verb::Resolve, Verb::Cancel, Verb::Correct]
        }
        Stage::Resolved => &[Verb::Hold, Verb::Confirm, Verb::Reopen, Verb::Close, Verb::Correct],
        Stage::Closed => &[Verb::Correct],
        Stage::Cancelled => &[Verb::Cancel, Verb::UndoMerge, Verb::Correct],
    }
}

/// What happens beside the stage.
pub fn facets(stage: Stage) -> &'static [Verb] {
    match stage {
        Stage::New | Stage::Assigned | Stage::InProgress | Stage::OnHold | Stage::Resolved => &[
            Verb::Route,
            Verb::Edit,
            Verb::Categorise,
            Verb::AddNote,
            Verb::AddInternalNote,
            Verb::Watch,
            Verb::Attach,
            Verb::LogTime,
            Verb::OverridePriority,
            Verb::SetLabel,
            Verb::RecordMilestone,
            Verb::Link,
            Verb::ProposeMajor,
            Verb::JudgeMajor,
            Verb::ManageMajor,
            Verb::ReviewMajor,
            Verb::Waive,
            Verb::Reissue,
            Verb::Reschedule,
            Verb::Redact,
        ],
        Stage::Closed | Stage::Cancelled => &[
            Verb::AddInternalNote,
            Verb::Watch,
            Verb::LogTime,
            Verb::RecordMilestone,
            Verb::Link,
            Verb::ReviewMajor,
            Verb::Redact,
        ],
    }
}

/// Whether the stage has the verb.
pub fn is_legal(stage: Stage, verb: Verb) -> bool {
    moves(stage).contains(&verb) || facets(stage).contains(&verb)
}

/// Every legal pair.
pub fn pairs() -> impl Iterator<Item = (Stage, Verb)> {
    Stage::ALL.into_iter().flat_map(|stage| moves(stage).iter().chain(facets(stage)).map(move |verb| (stage, *verb)))
}

/// Every verb with which a command can be given.
pub const ASKABLE: [Verb; 34] = [
    Verb::ProposeMajor,
    Verb::JudgeMajor,
    Verb::ManageMajor,
    Verb::ReviewMajor,
    Verb::Link,
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
    Verb::UndoMerge,
    Verb::Edit,
    Verb::Categorise,
    Verb::AddNote,
    Verb::AddInternalNote,
    Verb::Watch,
    Verb::Attach,
    Verb::LogTime,
    Verb::OverridePriority,
    Verb::SetLabel,
    Verb::RecordMilestone,
    Verb::Waive,
    Verb::Reissue,
    Verb::Reschedule,
    Verb::Redact,
    Verb::Correct,
];
