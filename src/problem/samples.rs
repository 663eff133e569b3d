//! One problem for each way to be in a stage, and one of each move: by trying every move on every problem, the
//! lifecycle describes itself.

use std::{
    num::NonZeroU64,
    sync::{Arc, OnceLock},
};

use super::{
    Closure, CorrectedStage, Correction, Dismissed, DismissedAs, Effect, Finding, Fix, Hypothesis, HypothesisJudged,
    Judgement, KnownErrorContent, MAX_HYPOTHESES, Observation, Origin, Problem, ProblemEvent as E, Publication, Raised,
    ReanalysedBy, Reanalysis, RiskAcceptance, RootCause, Solution, Stage, Verdict, Workaround, next_number,
};
use crate::{
    actor::ActorId,
    digest::Digest,
    key::{GroupRef, PersonRef},
    lifecycle::{HasLifecycle, In, Lifecycle, Stamp},
    priority::PriorityCause,
    record::{
        Assignment, Audience, Note, NoteFrom, PriorityChange, Reason, Redaction, TimeSpent,
        samples::{self, Samples},
    },
    text::Text,
    time::Instant,
    verb::ProblemVerb as Verb,
};

impl HasLifecycle for Problem {
    fn lifecycle() -> Lifecycle {
        samples::lifecycle(problems().as_ref(), Verb::ALL)
    }
}

fn problems() -> Option<Samples<Problem>> {
    let new = new_problem()?;
    let samples = Samples { records: Vec::new(), moves: moves(&new)? };
    let go = |from: &Problem, verb: Verb| samples.go(from, verb);
    let assessing = go(&new, Verb::Assess)?;
    let thought = go(&assessing, Verb::AddHypothesis)?;
    let investigating = go(&assessing, Verb::Investigate)?;
    let known = go(&investigating, Verb::RecordKnownError)?;
    let published = go(&known, Verb::PublishKnownError)?;
    let working = |from: &Problem| -> Option<Vec<Problem>> {
        let fixing = go(from, Verb::StartFix)?;
        let observing = go(&fixing, Verb::Observe)?;
        let resolved = go(&fixing, Verb::Resolve)?;
        let closed = go(&resolved, Verb::Close)?;
        let accepted = go(from, Verb::AcceptRisk)?;
        Some(vec![from.clone(), fixing, observing, resolved, closed, accepted])
    };
    let mut records = vec![new.clone(), assessing, thought.clone(), go(&new, Verb::Dismiss)?];
    // Whatever can be done to hypotheses and known errors is tried in every stage that can have them.
    let thinking = go(&thought, Verb::Investigate)?;
    for from in [&investigating, &thinking, &known, &published] {
        records.extend(working(from)?);
    }
    Some(Samples { records, ..samples })
}

fn new_problem() -> Option<Problem> {
    let (facts, assessment) = samples::begun("PRB")?;
    let raised = Raised {
        facts: Arc::new(facts),
        assessment: Arc::new(assessment),
        assignment: Assignment::default(),
        origin: Origin::default(),
    };
    Some(In::raise(raised, &Stamp::now(Instant::UNIX_EPOCH, &ActorId::System)).next.into())
}

fn moves(new: &Problem) -> Option<Vec<(Verb, Vec<E>)>> {
    let text = Text::new("sample", 80, [0; 16]).ok()?;
    let reason = || Reason { reason: None };
    let priority = new.priority().clone();
    let change = PriorityChange {
        old: priority.clone(),
        new: priority,
        cause: PriorityCause::Edited,
        assessment: Arc::clone(&new.progress().assessment),
    };
    let note = |audience| Note { audience, from: NoteFrom::Desk, text: text.clone(), on_resolved: None };
    let person = PersonRef::new("anna").ok()?;
    let group = Assignment { group: Some(GroupRef::new("desk").ok()?), person: None };
    let judgement = Judgement { verdict: Verdict::Confirmed, reason: None };
    let workaround = Workaround { text: text.clone(), effect: Effect::Partial, verified: None };
    let dismissed = DismissedAs { dismissed: Dismissed::Cancelled, reason: None };
    let risk = RiskAcceptance { reason: text.clone(), review_at: Instant::UNIX_EPOCH };
    let mut moves = vec![
        (Verb::Assess, vec![E::AssessmentStarted]),
        (Verb::Investigate, vec![E::InvestigationStarted]),
        (Verb::AddHypothesis, vec![E::HypothesisAdded(Hypothesis { number: 1, text: text.clone(), judgement: None })]),
        (Verb::AddHypothesis, vec![E::HypothesisAdded(Hypothesis { number: 2, text: text.clone(), judgement: None })]),
        (Verb::JudgeHypothesis, vec![E::HypothesisJudged(HypothesisJudged { number: 1, judgement })]),
        (Verb::AddFinding, vec![E::FindingAdded(Finding { text: text.clone() })]),
        (
            Verb::IdentifyRootCause,
            vec![E::RootCauseIdentified(RootCause { category: None, text: text.clone(), contributing: Vec::new() })],
        ),
        (
            Verb::RecordKnownError,
            vec![E::KnownErrorRecorded(KnownErrorContent { symptoms: text.clone(), workaround: Some(workaround) })],
        ),
        (Verb::VerifyWorkaround, vec![E::WorkaroundVerified]),
        (Verb::PublishKnownError, vec![E::KnownErrorPublished]),
        (Verb::WithdrawKnownError, vec![E::KnownErrorWithdrawn(reason())]),
        (Verb::StartFix, vec![E::FixStarted(Fix::default())]),
        (Verb::AbandonFix, vec![E::FixAbandoned(reason())]),
        (Verb::Observe, vec![E::FixApplied(Observation::default())]),
        (Verb::Resolve, vec![E::Resolved(Solution::default())]),
        (Verb::FailFix, vec![E::FixFailed(reason())]),
        (Verb::Close, vec![E::Closed]),
        (Verb::AcceptRisk, vec![E::RiskAccepted(risk)]),
        (Verb::Dismiss, vec![E::Dismissed(dismissed)]),
        (Verb::Reanalyse, vec![E::Reanalysed(Reanalysis { by: ReanalysedBy::Hand, reason: None })]),
        (Verb::Route, vec![E::Routed(group)]),
        (Verb::Edit, vec![E::Edited(Vec::new())]),
        (Verb::AddNote, vec![E::NoteAdded(note(Audience::Public))]),
        (Verb::AddInternalNote, vec![E::NoteAdded(note(Audience::Internal))]),
        (Verb::Watch, vec![E::Watched(person)]),
        (Verb::Attach, vec![E::Detached(Digest::of(b""))]),
        (Verb::LogTime, vec![E::TimeSpent(TimeSpent { seconds: NonZeroU64::MIN, note: None })]),
        (Verb::OverridePriority, vec![E::PriorityChanged(Box::new(change))]),
        (Verb::Redact, vec![E::Redacted(Redaction { texts: Vec::new(), reason: None })]),
    ];
    for to in [
        CorrectedStage::New,
        CorrectedStage::Assessing,
        CorrectedStage::Investigating,
        CorrectedStage::FixInProgress(Fix::default()),
        CorrectedStage::Resolved(Solution::default()),
        CorrectedStage::Closed(Closure::Dismissed(Dismissed::Cancelled)),
    ] {
        moves.push((Verb::Correct, vec![E::Corrected(Box::new(Correction { to, reason: text.clone() }))]));
    }
    Some(moves)
}

impl Problem {
    /// The verbs that this problem has: those of its stage, as far as there is something for them to act on.
    pub(crate) fn legal_verbs(&self) -> impl Iterator<Item = Verb> {
        let analysis = self.analysis();
        let known = analysis.known_error.as_ref();
        let published = matches!(known.map(|known| &known.publication), Some(Publication::Published { .. }));
        let (is_known, has_workaround) = (known.is_some(), known.is_some_and(|known| known.workaround.is_some()));
        let (has_hypotheses, has_room) = (
            !analysis.hypotheses.is_empty(),
            analysis.hypotheses.len() < MAX_HYPOTHESES && next_number(&analysis.hypotheses).is_some(),
        );
        legal_verbs(self.stage()).iter().copied().filter(move |verb| match verb {
            Verb::AddHypothesis => has_room,
            Verb::JudgeHypothesis => has_hypotheses,
            Verb::VerifyWorkaround => has_workaround,
            Verb::PublishKnownError => is_known && !published,
            Verb::WithdrawKnownError => published,
            _ => true,
        })
    }
}

/// The verbs that a stage has, as the lifecycle describes itself.
fn legal_verbs(stage: Stage) -> &'static [Verb] {
    static VERBS: OnceLock<Vec<Vec<Verb>>> = OnceLock::new();
    let all = VERBS.get_or_init(|| samples::verbs_by_stage(&Problem::lifecycle(), Verb::ALL));
    let index = Stage::ALL.iter().position(|known| *known == stage);
    index.and_then(|index| all.get(index)).map_or(&[], Vec::as_slice)
}
