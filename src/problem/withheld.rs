//! What those who may not read internals do not get to see.
//!
//! Title, description, root cause, known error, public notes, and why it ended are for everybody who may see the
//! problem. How the cause is looked for is internal: hypotheses and their judgements, findings, internal notes, time
//! spent, and the reasons of overrides, corrections and erasures.

use super::{Problem, ProblemEvent as E};
use crate::record::{Audience, erase, erase_any, withhold_assessment};

impl Problem {
    /// Whether there is any internal text in it. If not, [`withheld`](Self::withheld) would be no more than a copy.
    #[must_use]
    pub fn has_internals(&self) -> bool {
        let overridden = self.progress().assessment.overridden().map(|set| &set.reason);
        let hypotheses = self.analysis().hypotheses.iter();
        let thought = hypotheses.flat_map(|hypothesis| {
            let judged = hypothesis.judgement.as_ref().and_then(|judgement| judgement.reason.as_ref());
            std::iter::once(&hypothesis.text).chain(judged)
        });
        overridden.into_iter().chain(thought).any(|text| !text.is_erased())
    }

    /// The same problem for those who may not read internals: of its hypotheses and of the reason of its priority's
    /// override only the salted digests are left.
    #[must_use]
    pub fn withheld(&self) -> Self {
        let mut problem = self.clone();
        let shared = problem.shared_mut();
        withhold_assessment(&mut shared.progress.assessment);
        for hypothesis in &mut shared.own.hypotheses {
            erase(&mut hypothesis.text);
            if let Some(judgement) = &mut hypothesis.judgement {
                erase_any(&mut judgement.reason);
            }
        }
        problem
    }
}

impl E {
    /// Who may learn that it happened: findings, hypotheses, internal notes, time spent and erasures are the desk's own
    /// affair; everything else is for all who may see the problem, without its [internal texts](Self::withheld).
    #[must_use]
    pub const fn audience(&self) -> Audience {
        match self {
            Self::NoteAdded(note) => note.audience,
            Self::HypothesisAdded(_)
            | Self::HypothesisJudged(_)
            | Self::FindingAdded(_)
            | Self::TimeSpent(_)
            | Self::Redacted(_) => Audience::Internal,
            _ => Audience::Public,
        }
    }

    /// The same for those who may not read internals: of its internal texts only the salted digests are left.
    #[must_use]
    pub fn withheld(&self) -> Self {
        let mut event = self.clone();
        match &mut event {
            Self::Raised(raised) => withhold_assessment(&mut raised.assessment),
            Self::HypothesisAdded(hypothesis) => erase(&mut hypothesis.text),
            Self::HypothesisJudged(judged) => erase_any(&mut judged.judgement.reason),
            Self::FindingAdded(finding) => erase(&mut finding.text),
            Self::PriorityChanged(change) => withhold_assessment(&mut change.assessment),
            Self::NoteAdded(note) if note.audience == Audience::Internal => erase(&mut note.text),
            Self::TimeSpent(spent) => erase_any(&mut spent.note),
            Self::Redacted(redaction) => erase_any(&mut redaction.reason),
            Self::Corrected(correction) => erase(&mut correction.reason),
            _ => {}
        }
        event
    }
}
