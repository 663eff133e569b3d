//! The moves of a problem: each a method on the stages in which it is legal.
//!
//! What all kinds of records can do beside their stage stands with [the record](crate::record).

use std::sync::Arc;

use super::{
    Analysis, Assessing, Closed, Closure, CorrectedStage, Correction, DismissedAs, Finding, Fix, FixInProgress,
    Hypothesis, HypothesisJudged, Investigating, KnownError, KnownErrorContent, New, Observation, Observing, Problem,
    ProblemEvent as Event, Publication, Raised, Reanalysis, Resolved, RiskAcceptance, RootCause, Solution, Verified,
};
use crate::{
    lifecycle::{In, Stamp, Step},
    record::{Audience, Live, Milestone, Milestones, Note, NoteFrom, Progress, Reason, RecordStage, Shared},
};

/// The most hypotheses that a problem has.
pub const MAX_HYPOTHESES: usize = 200;

/// What a move gives that needs more than its stage: the step, or the record back.
pub type Tried<T> = Result<Step<T>, Box<T>>;

/// Gives each of these stages the same moves.
macro_rules! on_each {
    ([$($stage:ident)*] $moves:tt) => { $(on_each! { @one $stage $moves })* };
    (@one $stage:ident { $($moves:tt)* }) => { impl In<$stage> { $($moves)* } };
}

macro_rules! mark {
    ($role:ident: $($stage:ident)*) => { $(impl $role for $stage {})* };
}

mark!(Live: New Assessing Investigating FixInProgress Observing Resolved);

impl<S: RecordStage<Kind = Problem>> In<S> {
    /// What is known about the cause.
    #[must_use]
    pub const fn analysis(&self) -> &Analysis {
        &self.shared.own
    }
}

/// Leaves a stage and enters another.
fn enter<A: RecordStage<Kind = Problem>, B: RecordStage<Kind = Problem>>(
    mut from: In<A>,
    stage: impl FnOnce(A) -> B,
    stamp: &Stamp<'_>,
) -> In<B> {
    from.shared.progress.enter(stamp);
    In::new(from.shared, stage(from.stage))
}

impl In<New> {
    /// Raises a problem: the beginning of its life.
    pub fn raise(raised: Raised, stamp: &Stamp<'_>) -> Step<Self> {
        let progress = Progress::begun(Arc::clone(&raised.assessment), Milestones::default(), stamp);
        let mut shared = Shared { facts: Arc::clone(&raised.facts), progress, own: Analysis::default() };
        shared.progress.hand_to(raised.assignment.clone());
        Step::new(Self::new(shared, New {}), Event::Raised(Box::new(raised)))
    }

    /// Begins to judge whether it is a problem, and how much it matters.
    pub fn assess(self, stamp: &Stamp<'_>) -> Step<In<Assessing>> {
        Step::new(enter(self, |_| Assessing {}, stamp), Event::AssessmentStarted)
    }
}

on_each! { [New Assessing] {
    /// Begins to look for the cause.
    pub fn investigate(mut self, stamp: &Stamp<'_>) -> Step<In<Investigating>> {
        self.shared.progress.reach(Milestone::Started, stamp.occurred_at);
        Step::new(enter(self, |_| Investigating {}, stamp), Event::InvestigationStarted)
    }
}}

on_each! { [Assessing Investigating FixInProgress Observing] {
    /// Takes note of what the cause may be.
    ///
    /// # Errors
    /// The problem itself, if it has [`MAX_HYPOTHESES`] already or the number is not the next one.
    pub fn add_hypothesis(self, hypothesis: Hypothesis, stamp: &Stamp<'_>) -> Tried<Self> {
        let known = &self.shared.own.hypotheses;
        if known.len() >= MAX_HYPOTHESES || Some(hypothesis.number) != next_number(known) {
            return Err(Box::new(self));
        }
        Ok(self.noted(Event::HypothesisAdded(hypothesis.clone()), stamp, |this| {
            this.shared.own.hypotheses.push(hypothesis);
        }))
    }

    /// Judges whether a hypothesis holds; a judgement takes the place of an earlier one.
    ///
    /// # Errors
    /// The problem itself, if it has no such hypothesis.
    pub fn judge_hypothesis(mut self, judged: HypothesisJudged, stamp: &Stamp<'_>) -> Tried<Self> {
        let mut known = self.shared.own.hypotheses.iter_mut();
        match known.find(|known| known.number == judged.number) {
            Some(known) => known.judgement = Some(judged.judgement.clone()),
            None => return Err(Box::new(self)),
        }
        Ok(self.noted(Event::HypothesisJudged(judged), stamp, |_| {}))
    }

    /// Takes note of something that was found out.
    pub fn add_finding(self, finding: Finding, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::FindingAdded(finding), stamp, |this| {
            let analysis = &mut this.shared.own;
            analysis.findings = analysis.findings.saturating_add(1);
        })
    }
}}

/// The number of the next hypothesis.
pub(crate) fn next_number(known: &[Hypothesis]) -> Option<u32> {
    u32::try_from(known.len()).ok()?.checked_add(1)
}

on_each! { [Investigating FixInProgress Observing Resolved] {
    /// Says what the cause is: it may be understood only after it is gone.
    pub fn identify_root_cause(self, cause: RootCause, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::RootCauseIdentified(cause.clone()), stamp, |this| {
            this.shared.progress.reach(Milestone::Identified, stamp.occurred_at);
            this.shared.own.root_cause = Some(cause);
        })
    }
}}

on_each! { [Investigating FixInProgress Observing Resolved Closed] {
    /// Writes down what those who meet its symptoms should know. What was verified or published stays so, unless the
    /// workaround reads otherwise: then it is to be verified anew.
    pub fn record_known_error(self, content: KnownErrorContent, stamp: &Stamp<'_>) -> Step<Self> {
        self.noted(Event::KnownErrorRecorded(content.clone()), stamp, |this| {
            let before = this.shared.own.known_error.take();
            let publication = before.map(|known| known.publication).unwrap_or_default();
            let KnownErrorContent { symptoms, workaround } = content;
            this.shared.own.known_error = Some(KnownError { symptoms, workaround, publication });
        })
    }

    /// Says that the workaround was tried and works.
    ///
    /// # Errors
    /// The problem itself, if it has no workaround.
    pub fn verify_workaround(mut self, stamp: &Stamp<'_>) -> Tried<Self> {
        let workaround = self.shared.own.known_error.as_mut().and_then(|known| known.workaround.as_mut());
        match workaround {
            Some(workaround) => {
                workaround.verified = Some(Verified { by: stamp.actor.clone(), at: stamp.occurred_at });
            }
            None => return Err(Box::new(self)),
        }
        Ok(self.noted(Event::WorkaroundVerified, stamp, |_| {}))
    }

    /// Publishes the known error: people are told, and its workaround is offered.
    ///
    /// # Errors
    /// The problem itself, if it has no known error, or one that is published.
    pub fn publish_known_error(mut self, stamp: &Stamp<'_>) -> Tried<Self> {
        match self.shared.own.known_error.as_mut().filter(|known| !known.is_published()) {
            Some(known) => {
                known.publication = Publication::Published { by: stamp.actor.clone(), at: stamp.occurred_at };
            }
            None => return Err(Box::new(self)),
        }
        Ok(self.noted(Event::KnownErrorPublished, stamp, |_| {}))
    }

    /// Withdraws the known error: its workaround is offered no more.
    ///
    /// # Errors
    /// The problem itself, if it has no known error that is published.
    pub fn withdraw_known_error(mut self, why: Reason, stamp: &Stamp<'_>) -> Tried<Self> {
        match self.shared.own.known_error.as_mut().filter(|known| known.is_published()) {
            Some(known) => {
                let (by, at) = (stamp.actor.clone(), stamp.occurred_at);
                known.publication = Publication::Withdrawn { by, at, reason: why.reason.clone() };
            }
            None => return Err(Box::new(self)),
        }
        Ok(self.noted(Event::KnownErrorWithdrawn(why), stamp, |_| {}))
    }
}}

impl In<Investigating> {
    /// Begins to remove the cause.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, problem::*};
    /// fn fix(problem: In<New>, fix: Fix, stamp: &Stamp<'_>) -> Step<In<FixInProgress>> {
    ///     problem.start_fix(fix, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, problem::*};
    /// fn fix(problem: In<Investigating>, fix: Fix, stamp: &Stamp<'_>) -> Step<In<FixInProgress>> {
    ///     problem.start_fix(fix, stamp)
    /// }
    /// ```
    pub fn start_fix(self, fix: Fix, stamp: &Stamp<'_>) -> Step<In<FixInProgress>> {
        let stage = FixInProgress { fix: fix.clone() };
        Step::new(enter(self, |_| stage, stamp), Event::FixStarted(fix))
    }
}

impl In<FixInProgress> {
    /// Gives the fix up before it is applied: the cause is looked for again.
    pub fn abandon_fix(self, why: Reason, stamp: &Stamp<'_>) -> Step<In<Investigating>> {
        Step::new(enter(self, |_| Investigating {}, stamp), Event::FixAbandoned(why))
    }

    /// Says that the fix is applied, and is being watched.
    pub fn observe(self, observation: Observation, stamp: &Stamp<'_>) -> Step<In<Observing>> {
        let applied_at = stamp.occurred_at;
        let next = enter(self, |left| Observing { fix: left.fix, applied_at, until: observation.until }, stamp);
        Step::new(next, Event::FixApplied(observation))
    }
}

on_each! { [FixInProgress Observing] {
    /// Says that the cause is gone.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, problem::*};
    /// fn resolve(problem: In<Investigating>, how: Solution, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     problem.resolve(how, stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, problem::*};
    /// fn resolve(problem: In<Observing>, how: Solution, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
    ///     problem.resolve(how, stamp)
    /// }
    /// ```
    pub fn resolve(mut self, solution: Solution, stamp: &Stamp<'_>) -> Step<In<Resolved>> {
        self.shared.progress.set(Milestone::Resolved, Some(stamp.occurred_at));
        let stage = Resolved { solution: solution.clone(), resolved_at: stamp.occurred_at };
        Step::new(enter(self, |_| stage, stamp), Event::Resolved(solution))
    }
}}

impl In<Observing> {
    /// Says that the fix does not hold: another is needed.
    pub fn fail_fix(self, why: Reason, stamp: &Stamp<'_>) -> Step<In<FixInProgress>> {
        let next = enter(self, |left| FixInProgress { fix: left.fix }, stamp);
        Step::new(next, Event::FixFailed(why))
    }
}

impl In<Resolved> {
    /// Says that the fix did not hold: another is needed. It counts as a reopening.
    pub fn fail_fix(mut self, why: Reason, stamp: &Stamp<'_>) -> Step<In<FixInProgress>> {
        self.shared.progress.reopen();
        let next = enter(self, |left| FixInProgress { fix: left.solution.fix }, stamp);
        Step::new(next, Event::FixFailed(why))
    }

    /// Closes it: the fix holds.
    ///
    /// ```compile_fail,E0599
    /// # use andon::{lifecycle::{In, Step, Stamp}, problem::*};
    /// fn close(problem: In<Observing>, stamp: &Stamp<'_>) -> Step<In<Closed>> {
    ///     problem.close(stamp)
    /// }
    /// ```
    /// ```
    /// # use andon::{lifecycle::{In, Step, Stamp}, problem::*};
    /// fn close(problem: In<Resolved>, stamp: &Stamp<'_>) -> Step<In<Closed>> {
    ///     problem.close(stamp)
    /// }
    /// ```
    pub fn close(self, stamp: &Stamp<'_>) -> Step<In<Closed>> {
        let closure = Closure::FixApplied(self.stage.solution.clone());
        Step::new(end(self, closure, stamp), Event::Closed)
    }
}

/// Closes a problem.
fn end<S: RecordStage<Kind = Problem>>(mut from: In<S>, closure: Closure, stamp: &Stamp<'_>) -> In<Closed> {
    let closed_at = stamp.occurred_at;
    from.shared.progress.set(Milestone::Closed, Some(closed_at));
    enter(from, |_| Closed { closure, closed_at }, stamp)
}

on_each! { [Investigating FixInProgress] {
    /// Closes it without a fix: the risk is borne until it is looked at again.
    pub fn accept_risk(self, risk: RiskAcceptance, stamp: &Stamp<'_>) -> Step<In<Closed>> {
        Step::new(end(self, Closure::RiskAccepted(risk.clone()), stamp), Event::RiskAccepted(risk))
    }
}}

on_each! { [New Assessing Investigating FixInProgress Observing] {
    /// Closes it without a fix: a duplicate, no problem after all, or not reproducible.
    pub fn dismiss(self, why: DismissedAs, stamp: &Stamp<'_>) -> Step<In<Closed>> {
        Step::new(end(self, Closure::Dismissed(why.dismissed), stamp), Event::Dismissed(why))
    }
}}

impl In<Closed> {
    /// Takes it up again: the cause is looked for anew. What was known about it stays.
    pub fn reanalyse(mut self, why: Reanalysis, stamp: &Stamp<'_>) -> Step<In<Investigating>> {
        self.shared.progress.reopen();
        Step::new(enter(self, |_| Investigating {}, stamp), Event::Reanalysed(why))
    }
}

on_each! { [New Assessing Investigating FixInProgress Observing Resolved] {
    /// Writes a note that everybody who may see the problem sees.
    pub fn note_publicly(self, note: Note, stamp: &Stamp<'_>) -> Step<Self> {
        let note = Note { audience: Audience::Public, ..note };
        let (from, at) = (note.from, stamp.occurred_at);
        self.noted(Event::NoteAdded(note), stamp, |this| {
            let progress = &mut this.shared.progress;
            progress.public_notes = progress.public_notes.saturating_add(1);
            if from == NoteFrom::Desk {
                progress.last_public_note = progress.last_public_note.max(Some(at));
            }
        })
    }
}}

on_each! { [New Assessing Investigating FixInProgress Observing Resolved Closed] {
    /// Sets the stage by hand, against the lifecycle: for repairs.
    pub fn correct(mut self, correction: Correction, stamp: &Stamp<'_>) -> Step<Problem> {
        let at = stamp.occurred_at;
        let progress = &mut self.shared.progress;
        progress.enter(stamp);
        progress.corrections = progress.corrections.saturating_add(1);
        let (resolved, closed) = match correction.to {
            CorrectedStage::Resolved(_) => (Some(at), None),
            CorrectedStage::Closed(Closure::FixApplied(_)) => (progress.milestones.resolved.or(Some(at)), Some(at)),
            CorrectedStage::Closed(_) => (None, Some(at)),
            _ => (None, None),
        };
        progress.set(Milestone::Resolved, resolved);
        progress.set(Milestone::Closed, closed);
        let shared = self.shared;
        let next = match correction.to.clone() {
            CorrectedStage::New => In::new(shared, New {}).into(),
            CorrectedStage::Assessing => In::new(shared, Assessing {}).into(),
            CorrectedStage::Investigating => In::new(shared, Investigating {}).into(),
            CorrectedStage::FixInProgress(fix) => In::new(shared, FixInProgress { fix }).into(),
            CorrectedStage::Resolved(solution) => In::new(shared, Resolved { solution, resolved_at: at }).into(),
            CorrectedStage::Closed(closure) => In::new(shared, Closed { closure, closed_at: at }).into(),
        };
        Step::new(next, Event::Corrected(Box::new(correction)))
    }
}}

/// Every fix that a stage knows of.
impl Problem {
    /// The fix that is in progress, was applied, or removed the cause.
    #[must_use]
    pub const fn fix(&self) -> Option<&Fix> {
        match self {
            Self::FixInProgress(problem) => Some(&problem.stage.fix),
            Self::Observing(problem) => Some(&problem.stage.fix),
            Self::Resolved(problem) => Some(&problem.stage.solution.fix),
            Self::Closed(problem) => match &problem.stage.closure {
                Closure::FixApplied(Solution { fix, .. }) => Some(fix),
                Closure::RiskAccepted(_) | Closure::Dismissed(_) => None,
            },
            Self::New(_) | Self::Assessing(_) | Self::Investigating(_) => None,
        }
    }
}
