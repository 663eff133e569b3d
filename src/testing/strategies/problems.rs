//! Drawing a problem and commands on it that fit a policy, and what they find.

use super::{
    Choices, Draw,
    draw::{level, patch, person},
};
use crate::{
    command::{CorrectProblemTo, FixInput, KnownErrorInput, ProblemCommand as Command, Raise, RootCauseInput},
    digest::Digest,
    id::Id,
    policy::Policy,
    problem::{Dismissed, Effect, Problem, Verdict},
    record::Audience,
    testing::{
        START,
        sample::{self, fitting},
    },
    time::{Instant, days, earlier, hours, later, minutes},
    verb::ProblemVerb as Verb,
};

/// The verbs by which a command on a problem can be given, in the order of a problem's life.
pub const PROBLEM_VERBS: [Verb; 29] = [
    Verb::Assess,
    Verb::Investigate,
    Verb::AddHypothesis,
    Verb::JudgeHypothesis,
    Verb::AddFinding,
    Verb::IdentifyRootCause,
    Verb::RecordKnownError,
    Verb::VerifyWorkaround,
    Verb::PublishKnownError,
    Verb::WithdrawKnownError,
    Verb::StartFix,
    Verb::AbandonFix,
    Verb::Observe,
    Verb::Resolve,
    Verb::FailFix,
    Verb::Close,
    Verb::AcceptRisk,
    Verb::Dismiss,
    Verb::Reanalyse,
    Verb::Route,
    Verb::Edit,
    Verb::AddNote,
    Verb::AddInternalNote,
    Verb::Watch,
    Verb::Attach,
    Verb::LogTime,
    Verb::OverridePriority,
    Verb::Redact,
    Verb::Correct,
];

/// What a problem, or a command on one, is drawn for: what [`Draw`] is for incidents.
#[derive(Debug, Clone, Copy)]
pub struct DrawProblem<'a> {
    /// The policy that it is to fit.
    pub policy: &'a Policy,
    /// The present instant: dates are drawn around it.
    pub now: Instant,
    /// The problem that gets the command.
    pub id: Id<Problem>,
    /// The problem of which it can be a duplicate.
    pub other: Id<Problem>,
    /// How many hypotheses it has.
    pub hypotheses: u32,
    /// The texts in its log: what can be erased.
    pub texts: &'a [Digest],
    /// Whether something is to be wrong. (Where nothing can be wrong with a command, nothing is.)
    pub bad: bool,
}

impl<'a> DrawProblem<'a> {
    /// A problem that there is not: what bad commands name.
    pub const UNKNOWN: Id<Problem> = Id::from_u128(9);

    /// What fits a policy at the start of a test desk.
    #[must_use]
    pub const fn new(policy: &'a Policy) -> Self {
        let (id, other) = (Self::UNKNOWN, Id::from_u128(10));
        Self { policy, now: START, id, other, hypotheses: 0, texts: &[], bad: false }
    }

    /// What is drawn alike for incidents.
    const fn alike(&self) -> Draw<'a> {
        Draw { now: self.now, texts: self.texts, bad: self.bad, ..Draw::new(self.policy) }
    }

    fn text(&self, choices: &mut Choices) -> String {
        self.alike().text(choices)
    }

    fn maybe_text(&self, choices: &mut Choices) -> Option<String> {
        choices.maybe(|choices| self.text(choices))
    }

    /// A problem that is to be raised. A bad one is refused under any policy.
    #[must_use]
    pub fn raise(&self, choices: &mut Choices) -> Raise {
        let mut raise = Raise::new(sample::title(self.policy, choices));
        if self.bad {
            match choices.roll(4) {
                0 => raise.title = String::new(),
                1 => raise.impact = Some("enormous".to_owned()),
                2 => raise.from = vec![Draw::UNKNOWN],
                _ => raise.services = vec!["\n".into()],
            }
            return raise;
        }
        let matrix = self.policy.matrix();
        raise.category = self.alike().category(choices);
        raise.impact = choices.maybe(|choices| level(&matrix.impact, choices));
        raise.urgency = choices.maybe(|choices| level(&matrix.urgency, choices));
        raise.people_affected = choices.pick(None, &[Some(3), Some(300)]);
        raise.group = choices.maybe(|_| "Mail".to_owned());
        raise.person = choices.pick(None, &[None, Some("anna")]).map(str::to_owned);
        raise.confidential = choices.roll(8) == 7;
        if choices.flip() {
            raise = raise.service("mail").item("relay-1").proactive();
        }
        raise
    }

    /// A command by this verb; `None` for a verb that is none, as reading or raising.
    #[must_use]
    pub fn command(&self, verb: Verb, choices: &mut Choices) -> Option<Command> {
        let alike = self.alike();
        Some(match verb {
            Verb::Assess => Command::Assess {},
            Verb::Investigate => Command::Investigate {},
            Verb::AddHypothesis => Command::AddHypothesis { text: self.text(choices) },
            Verb::JudgeHypothesis => {
                let known = usize::try_from(self.hypotheses.max(1)).unwrap_or(1);
                let number = u32::try_from(choices.roll(known)).unwrap_or(0).saturating_add(1);
                let number = if self.bad { self.hypotheses.saturating_add(7) } else { number };
                let [first, others @ ..] = Verdict::ALL;
                let verdict = choices.pick(first, &others);
                Command::JudgeHypothesis { number, verdict, reason: self.maybe_text(choices) }
            }
            Verb::AddFinding => Command::AddFinding { text: self.text(choices) },
            Verb::IdentifyRootCause => Command::IdentifyRootCause(self.root_cause(choices)),
            Verb::RecordKnownError => Command::RecordKnownError(self.known_error(choices)),
            Verb::VerifyWorkaround => Command::VerifyWorkaround {},
            Verb::PublishKnownError => Command::PublishKnownError {},
            Verb::WithdrawKnownError => Command::WithdrawKnownError { reason: self.maybe_text(choices) },
            Verb::StartFix => Command::StartFix(self.fix(choices)),
            Verb::AbandonFix => Command::AbandonFix { reason: self.maybe_text(choices) },
            Verb::Observe => Command::Observe { until: self.until(choices) },
            Verb::Resolve => Command::Resolve { text: self.maybe_text(choices) },
            Verb::FailFix => Command::FailFix { reason: self.maybe_text(choices) },
            Verb::Close => Command::Close {},
            Verb::AcceptRisk => {
                let review_at = choices.pick(hours(3), &[minutes(10), days(90)]);
                let now = if self.bad { earlier(self.now, days(1)) } else { later(self.now, review_at) };
                Command::AcceptRisk { reason: self.text(choices), review_at: now }
            }
            Verb::Dismiss => Command::Dismiss { dismissed: self.dismissed(choices), reason: self.maybe_text(choices) },
            Verb::Reanalyse => Command::Reanalyse { reason: self.maybe_text(choices) },
            Verb::Route => {
                let group = patch(choices, |choices| alike.key(choices, &sample::GROUPS));
                Command::Route { group, person: patch(choices, person) }
            }
            Verb::Edit => Command::Edit(Box::new(alike.edit(choices))),
            Verb::AddNote => Command::AddNote { audience: Audience::Public, text: self.text(choices) },
            Verb::AddInternalNote => Command::AddNote { audience: Audience::Internal, text: self.text(choices) },
            Verb::Watch => match alike.watcher(choices) {
                (person, true) => Command::Unwatch { person },
                (person, false) => Command::Watch { person },
            },
            Verb::Attach => match alike.file(choices) {
                (attachment, true) => Command::Detach { digest: attachment.digest },
                (attachment, false) => Command::Attach(attachment),
            },
            Verb::LogTime => {
                let (seconds, note) = alike.spent(choices);
                Command::LogTime { seconds, note }
            }
            Verb::OverridePriority => match alike.set_override(choices) {
                Some(set) => Command::OverridePriority(set),
                None => Command::ClearOverride {},
            },
            Verb::Redact => {
                let reason = choices.maybe(|_| fitting("It names somebody.", self.policy.caps().text_chars));
                Command::Redact { texts: alike.redacted(choices), reason }
            }
            Verb::Correct => Command::Correct { to: self.correct_to(choices), reason: self.text(choices) },
            Verb::Read | Verb::ReadInternal | Verb::ReadConfidential | Verb::Raise | Verb::Cascade | Verb::Backdate => {
                return None;
            }
        })
    }

    fn root_cause(&self, choices: &mut Choices) -> RootCauseInput {
        let known = &self.policy.parts().problems.cause_categories;
        let category = match known.as_slice() {
            [] if self.bad => Some("\n".to_owned()),
            [] => choices.maybe(|_| "wear".to_owned()),
            _ if self.bad => Some("no such cause".to_owned()),
            known => choices.maybe(|choices| choices.of(known)).flatten().map(|known| known.to_string()),
        };
        let contributing = choices.maybe(|choices| sample::text(self.policy, choices)).into_iter().collect();
        RootCauseInput { category, text: self.text(choices), contributing }
    }

    fn known_error(&self, choices: &mut Choices) -> KnownErrorInput {
        let known = KnownErrorInput::new(self.text(choices));
        let effect = choices.pick(Effect::Full, &[Effect::Partial]);
        if choices.roll(4) == 0 { known } else { known.workaround(sample::text(self.policy, choices), effect) }
    }

    fn fix(&self, choices: &mut Choices) -> FixInput {
        if self.bad {
            return FixInput { change: Some("\n".to_owned()), text: None };
        }
        FixInput { change: choices.maybe(|_| "CHG0042".to_owned()), text: self.maybe_text(choices) }
    }

    fn until(&self, choices: &mut Choices) -> Option<Instant> {
        if self.bad {
            return Some(earlier(self.now, hours(2_000)));
        }
        choices.pick(None, &[Some(minutes(10)), Some(hours(3)), Some(days(30))]).map(|span| later(self.now, span))
    }

    fn dismissed(&self, choices: &mut Choices) -> Dismissed {
        if self.bad {
            return Dismissed::Duplicate { of: choices.pick(self.id, &[Self::UNKNOWN]) };
        }
        choices.pick(Dismissed::Cancelled, &[Dismissed::NotReproducible, Dismissed::Duplicate { of: self.other }])
    }

    fn correct_to(&self, choices: &mut Choices) -> CorrectProblemTo {
        match choices.roll(7) {
            0 => CorrectProblemTo::New,
            1 => CorrectProblemTo::Assessing,
            2 => CorrectProblemTo::Investigating,
            3 => CorrectProblemTo::FixInProgress(self.fix(choices)),
            4 => CorrectProblemTo::Resolved { text: self.maybe_text(choices) },
            5 => CorrectProblemTo::Closed { text: self.maybe_text(choices) },
            _ => CorrectProblemTo::Dismissed(self.dismissed(choices)),
        }
    }
}
