//! One incident for each way to be in a stage, and one of each move: by trying every move on every
//! incident, the lifecycle describes itself.

use std::{
    num::NonZeroU64,
    sync::{Arc, OnceLock},
};

use super::{
    Assignment, Audience, Cancellation, CancelledAs, ClosureBasis, ConfirmedBy, CorrectedStage, Correction, Hold,
    HoldReason, Incident, IncidentEvent as E, Major, MajorAcceptance, MajorProposal, MajorReview, Merging, Milestone,
    MilestoneTime, Note, NoteFrom, Phase, PriorityChange, Reason, Redaction, Reopening, Reported, Resolution,
    ResumedBy, Stage, TimeSpent, Waiver,
};
use crate::{
    actor::ActorId,
    digest::Digest,
    id::Id,
    key::{GroupRef, KeyError, PersonRef, ResolutionCode},
    lifecycle::{HasLifecycle, In, Lifecycle, Stamp},
    link::{Link, Linking},
    priority::PriorityCause,
    record::samples::{self, Samples, after},
    text::Text,
    time::Instant,
    verb::IncidentVerb as Verb,
};

impl HasLifecycle for Incident {
    fn lifecycle() -> Lifecycle {
        samples::lifecycle(incidents().as_ref(), Verb::ALL)
    }
}

fn incidents() -> Option<Samples<Incident>> {
    let new = new_incident()?;
    let samples = Samples { records: Vec::new(), moves: moves().ok()? };
    let go = |from: &Incident, verb: Verb| samples.go(from, verb);
    let assigned = go(&new, Verb::Assign)?;
    let started = go(&new, Verb::StartWork)?;
    let held = [go(&new, Verb::Hold)?, go(&assigned, Verb::Hold)?, go(&started, Verb::Hold)?];
    let resolved = go(&started, Verb::Resolve)?;
    let closed = go(&resolved, Verb::Close)?;
    let duplicate = E::Cancelled(CancelledAs {
        cancellation: Cancellation::Duplicate { of: Id::from_u128(2) },
        reason: None,
        brings: Vec::new(),
    });
    let merged: Option<Vec<_>> = [&new, &assigned, &started]
        .into_iter()
        .chain(&held)
        .map(|open| after(open.clone(), std::slice::from_ref(&duplicate)))
        .collect();
    let withdrawn = go(&new, Verb::Cancel)?;
    let mut records = vec![new, assigned, started, resolved, closed, withdrawn];
    let reviewed = samples.moves.iter().find(|(verb, _)| *verb == Verb::ReviewMajor)?.1.clone();
    let was_major = after(records.first()?.clone(), &reviewed)?;
    let resolved = go(&go(&was_major, Verb::StartWork)?, Verb::Resolve)?;
    records.extend([go(&resolved, Verb::Close)?, go(&was_major, Verb::Cancel)?]);
    records.extend(held);
    records.extend(merged?);
    Some(Samples { records, ..samples })
}

fn new_incident() -> Option<Incident> {
    let (facts, assessment) = samples::begun("INC")?;
    let reported = Reported {
        facts: Arc::new(facts),
        assessment: Arc::new(assessment),
        assignment: Assignment::default(),
        occurred: None,
        detected: None,
    };
    Some(In::report(reported, &Stamp::now(Instant::UNIX_EPOCH, &ActorId::System)).next.into())
}

fn moves() -> Result<Vec<(Verb, Vec<E>)>, KeyError> {
    let text = || Text::new("sample", 80, [0; 16]);
    let group = Assignment { group: Some(GroupRef::new("desk")?), person: None };
    let hold = || Hold { reason: HoldReason::AwaitingVendor, until: None, wakes_on: Vec::new(), note: None };
    let reopened = || E::Reopened(Reopening { reason: None, by_reply: false });
    let code = ResolutionCode::new("fixed")?;
    let resolution =
        || Resolution { code: code.clone(), remedy: super::Remedy::Fix, text: None, along_with: None, closes: None };
    let person = PersonRef::new("anna")?;
    let accepted =
        MajorAcceptance { manager: person.clone(), floor: None, update_every: None, needs_review: false, reason: None };
    let mut moves = vec![
        (Verb::Assign, vec![E::Assigned(group.clone())]),
        (Verb::Unassign, vec![E::Unassigned]),
        (Verb::Route, vec![E::Routed(group)]),
        (Verb::StartWork, vec![E::WorkStarted]),
        (Verb::EnterPhase, vec![E::PhaseEntered(Phase::Triage)]),
        (Verb::Hold, vec![E::Held(hold())]),
        (Verb::Hold, vec![reopened(), E::Held(hold())]),
        (Verb::ChangeHold, vec![E::HoldChanged(hold())]),
        (Verb::Resume, vec![E::Resumed(ResumedBy::Hand)]),
        (Verb::Resolve, vec![E::Resolved(resolution())]),
        (Verb::Confirm, vec![E::Confirmed(ConfirmedBy::Caller)]),
        (Verb::Reopen, vec![reopened()]),
        (Verb::Close, vec![E::Closed(ClosureBasis::Confirmed)]),
        (
            Verb::Cancel,
            vec![E::Cancelled(CancelledAs { cancellation: Cancellation::Withdrawn, reason: None, brings: Vec::new() })],
        ),
        (Verb::Cancel, vec![E::MergeMoved(Merging { of: Id::from_u128(3), reason: None, brings: Vec::new() })]),
        (Verb::UndoMerge, vec![E::MergeUndone(Reason { reason: None })]),
        (Verb::Edit, vec![E::Edited(Vec::new())]),
        (Verb::Categorise, vec![E::Edited(Vec::new())]),
        (Verb::Watch, vec![E::Watched(person)]),
        (Verb::Attach, vec![E::Detached(Digest::of(b""))]),
        (Verb::LogTime, vec![E::TimeSpent(TimeSpent { seconds: NonZeroU64::MIN, note: None })]),
        (Verb::SetLabel, vec![E::Labelled(None)]),
        (Verb::ProposeMajor, vec![E::MajorProposed(MajorProposal::default())]),
        (Verb::JudgeMajor, vec![E::MajorAccepted(accepted.clone())]),
        (Verb::ManageMajor, vec![E::MajorAccepted(accepted.clone()), E::MajorDemoted(Reason { reason: None })]),
        (Verb::Link, vec![E::Linked(Linking { link: Link::Related(Id::from_u128(2)), reason: None })]),
        (Verb::Redact, vec![E::Redacted(Redaction { texts: Vec::new(), reason: None })]),
    ];
    // In a final stage nothing is accepted any more; what was stood down before can be reviewed there.
    if let Ok(text) = text() {
        let review = E::MajorReviewed(MajorReview { text });
        let before = [E::MajorAccepted(accepted), E::MajorStoodDown(Reason { reason: None })];
        moves.push((Verb::ReviewMajor, before.into_iter().chain([review.clone()]).collect()));
        moves.push((Verb::ReviewMajor, vec![review]));
    }
    if let Ok(time) = MilestoneTime::new(Milestone::Detected, None) {
        moves.push((Verb::RecordMilestone, vec![E::MilestoneRecorded(time)]));
    }
    if let Some(change) = priority_change() {
        moves.push((Verb::Reissue, vec![E::PriorityChanged(Box::new(change.clone()))]));
        moves.push((Verb::Reschedule, vec![E::PriorityChanged(Box::new(change.clone()))]));
        moves.push((Verb::OverridePriority, vec![E::PriorityChanged(Box::new(change))]));
    }
    if let (Ok(public), Ok(internal), Ok(reason), Ok(waived)) = (text(), text(), text(), text()) {
        let note = |audience, text| E::NoteAdded(Note { audience, from: NoteFrom::Desk, text, on_resolved: None });
        moves.push((Verb::AddNote, vec![note(Audience::Public, public)]));
        moves.push((Verb::AddInternalNote, vec![note(Audience::Internal, internal)]));
        let waiver = Waiver { code: "sample".into(), field: None, reason: waived, by: ActorId::System };
        moves.push((Verb::Waive, vec![E::ObligationWaived(waiver)]));
        for to in [
            CorrectedStage::New,
            CorrectedStage::Assigned,
            CorrectedStage::InProgress { phase: None },
            CorrectedStage::OnHold(hold()),
            CorrectedStage::Resolved(resolution()),
            CorrectedStage::Closed(resolution()),
            CorrectedStage::Cancelled(Cancellation::Withdrawn),
        ] {
            let correction = Correction { to, reason: reason.clone(), instead_of: None };
            moves.push((Verb::Correct, vec![E::Corrected(Box::new(correction))]));
        }
    }
    Ok(moves)
}

fn priority_change() -> Option<PriorityChange> {
    let incident = new_incident()?;
    let priority = incident.priority().clone();
    let assessment = Arc::clone(&incident.progress().assessment);
    Some(PriorityChange { old: priority.clone(), new: priority, cause: PriorityCause::Edited, assessment })
}

impl Incident {
    /// The verbs that this incident has: those of its stage, but for a merge that can neither be undone nor moved.
    pub(crate) fn legal_verbs(&self) -> impl Iterator<Item = Verb> {
        let fixed = matches!(self, Self::Cancelled(incident) if !incident.stage().is_undoable());
        let merges = [Verb::Cancel, Verb::UndoMerge];
        let major = self.major();
        legal_verbs(self.stage()).iter().copied().filter(move |verb| match verb {
            Verb::ProposeMajor => matches!(major, None | Some(Major::Rejected {} | Major::Demoted {})),
            Verb::JudgeMajor => !matches!(major, Some(Major::Accepted(_))),
            Verb::ManageMajor => matches!(major, Some(Major::Accepted(_))),
            Verb::ReviewMajor => matches!(major, Some(Major::StoodDown(_))),
            verb => !fixed || !merges.contains(verb),
        })
    }
}

/// The verbs that a stage has, as the lifecycle describes itself.
fn legal_verbs(stage: Stage) -> &'static [Verb] {
    static VERBS: OnceLock<Vec<Vec<Verb>>> = OnceLock::new();
    let all = VERBS.get_or_init(|| samples::verbs_by_stage(&Incident::lifecycle(), Verb::ALL));
    let index = Stage::ALL.iter().position(|known| *known == stage);
    index.and_then(|index| all.get(index)).map_or(&[], Vec::as_slice)
}
