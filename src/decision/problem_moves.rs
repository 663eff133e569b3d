//! The moves that an actor has on a problem now.

use super::allowed::{AllowedMove, MoveField, MoveFieldKind};
use crate::{
    actor::Actor,
    field::RequiredBy,
    obligation,
    policy::Policy,
    problem::{Problem, Verdict},
    verb::ProblemVerb as Verb,
};

const UNWATCH: &str = "unwatch";
const DETACH: &str = "detach";
const CLEAR_OVERRIDE: &str = "clear_override";

impl Problem {
    /// The moves that the problem has in its present stage, in the order of a problem's life: with the permission that
    /// each takes and whether the actor has it, the fields that each needs, and the obligations that block it.
    #[must_use]
    pub fn allowed_moves(&self, actor: &Actor, policy: &Policy) -> Vec<AllowedMove> {
        let stake = self.stake();
        let commands = self.legal_verbs().flat_map(|verb| {
            let doing = if verb == Verb::AddInternalNote { Verb::AddNote } else { verb };
            [Some(doing.as_str()), self.undoing(verb)].into_iter().flatten().map(move |command| (verb, command))
        });
        commands
            .map(|(verb, command)| {
                let permitted = policy.permissions().allows(actor, verb.into(), &stake);
                let fields = match command {
                    UNWATCH => vec![MoveField::choice("person", true, &self.facts().watchers)],
                    DETACH => {
                        let files = self.facts().attachments.iter().map(|attachment| attachment.digest);
                        vec![MoveField::choice("digest", true, files)]
                    }
                    CLEAR_OVERRIDE => Vec::new(),
                    _ => self.fields(verb, policy),
                };
                let owed = match verb {
                    Verb::Observe | Verb::Resolve => obligation::of_problem(self, policy, RequiredBy::Resolution),
                    Verb::Close => obligation::of_problem(self, policy, RequiredBy::Closure),
                    _ => Vec::new(),
                };
                AllowedMove::of(verb.into(), command, permitted, fields).owing(owed)
            })
            .collect()
    }

    /// The command that takes off what a verb adds or sets, if there is something to be taken off.
    fn undoing(&self, verb: Verb) -> Option<&'static str> {
        let facts = self.facts();
        match verb {
            Verb::Watch => (!facts.watchers.is_empty()).then_some(UNWATCH),
            Verb::Attach => (!facts.attachments.is_empty()).then_some(DETACH),
            Verb::OverridePriority => self.progress().assessment.overridden().map(|_| CLEAR_OVERRIDE),
            _ => None,
        }
    }

    fn fields(&self, verb: Verb, policy: &Policy) -> Vec<MoveField> {
        let free = MoveField::free;
        let draft = policy.parts();
        match verb {
            Verb::AddHypothesis | Verb::AddFinding => vec![free("text", true)],
            Verb::JudgeHypothesis => {
                let numbers = self.analysis().hypotheses.iter().map(|known| known.number);
                vec![
                    MoveField::choice("number", true, numbers),
                    MoveField::choice("verdict", true, Verdict::ALL),
                    free("reason", false),
                ]
            }
            Verb::IdentifyRootCause => {
                let categories = match draft.problems.cause_categories.as_slice() {
                    [] => free("category", false),
                    known => MoveField::choice("category", false, known),
                };
                vec![categories, free("text", true), free("contributing", false)]
            }
            Verb::RecordKnownError => {
                vec![free("symptoms", true), free("workaround", false).of_kind(MoveFieldKind::Workaround)]
            }
            Verb::WithdrawKnownError | Verb::AbandonFix | Verb::FailFix | Verb::Reanalyse => {
                vec![free("reason", false)]
            }
            Verb::StartFix => vec![free("change", false), free("text", false)],
            Verb::Observe => vec![free("until", false)],
            Verb::Resolve => vec![free("text", false)],
            Verb::AcceptRisk => vec![free("reason", true), free("review_at", true)],
            Verb::Dismiss => vec![free("as", true).of_kind(MoveFieldKind::Dismissed), free("reason", false)],
            Verb::Route => vec![free("group", false), free("person", false)],
            Verb::Edit => MoveField::editable(draft),
            Verb::AddNote => vec![MoveField::choice("audience", true, ["public"]), free("text", true)],
            Verb::AddInternalNote => vec![MoveField::choice("audience", true, ["internal"]), free("text", true)],
            Verb::Watch => vec![free("person", true)],
            Verb::Attach => {
                vec![free("name", true), free("media_type", true), free("size", true), free("digest", true)]
            }
            Verb::LogTime => vec![free("seconds", true), free("note", false)],
            Verb::OverridePriority => {
                let priorities = MoveField::choice("priority", true, draft.matrix.priority.in_use());
                vec![priorities, free("reason", true), free("until", false)]
            }
            Verb::Redact => vec![free("texts", true), free("reason", false)],
            Verb::Correct => vec![free("to", true).of_kind(MoveFieldKind::ProblemCorrection), free("reason", true)],
            Verb::Read
            | Verb::ReadInternal
            | Verb::ReadConfidential
            | Verb::Raise
            | Verb::Assess
            | Verb::Investigate
            | Verb::VerifyWorkaround
            | Verb::PublishKnownError
            | Verb::Close
            | Verb::Cascade
            | Verb::Backdate => Vec::new(),
        }
    }
}
