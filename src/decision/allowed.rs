//! The moves that an actor has on an incident now: what a front-end shows as buttons.

use std::{collections::BTreeMap, fmt::Display};

use serde::Serialize;

use super::moves::reopening_limit;
use crate::{
    actor::Actor,
    field::{FieldName, Severity},
    incident::{Incident, Major, Milestone, Phase, Stage},
    link::Link,
    obligation::{self, Obligation},
    permission::Permission,
    policy::{Policy, PolicyDraft, UntilRule},
    time::Instant,
    verb::{IncidentVerb as Verb, Verb as AnyVerb},
};

/// A move that the stage has, what it needs, and what stands in its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AllowedMove {
    verb: AnyVerb,
    command: &'static str,
    permission: Permission,
    permitted: bool,
    fields: Vec<MoveField>,
    obligations: Vec<Obligation>,
}

impl AllowedMove {
    pub(super) const fn of(verb: AnyVerb, command: &'static str, permitted: bool, fields: Vec<MoveField>) -> Self {
        let permission = match verb {
            AnyVerb::Incident(verb) => Permission::Incident(verb),
            AnyVerb::Problem(verb) => Permission::Problem(verb),
        };
        Self { verb, command, permission, permitted, fields, obligations: Vec::new() }
    }

    pub(super) fn owing(self, obligations: Vec<Obligation>) -> Self {
        Self { obligations, ..self }
    }

    /// The move.
    #[must_use]
    pub const fn verb(&self) -> AnyVerb {
        self.verb
    }

    /// The command that asks for it, as JSON names it: `{"command": "add_note", …}`. Both kinds of notes
    /// are one command; to take off what was added or set is another one under the same verb.
    #[must_use]
    pub const fn command(&self) -> &'static str {
        self.command
    }

    /// The permission that it takes.
    #[must_use]
    pub const fn permission(&self) -> Permission {
        self.permission
    }

    /// Whether the actor has that permission.
    #[must_use]
    pub const fn is_permitted(&self) -> bool {
        self.permitted
    }

    /// What has to be said with it.
    #[must_use]
    pub fn fields(&self) -> &[MoveField] {
        &self.fields
    }

    /// What is owed before it.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }

    /// Whether nothing stands in its way: it is permitted, and no obligation blocks it.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.permitted && !self.obligations.iter().any(|owed| owed.severity() == Severity::Blocking)
    }
}

/// Something that has to be said, or may be said, with a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveField {
    name: &'static str,
    kind: MoveFieldKind,
    required: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required_with: Vec<String>,
}

/// What kind of value a field of a move takes, as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MoveFieldKind {
    /// A text, or a key of the host's.
    Text,
    /// One of the options.
    Choice,
    /// A whole number, 0 or more.
    WholeNumber,
    /// `true` or `false`.
    YesNo,
    /// An instant by RFC 3339: `2026-06-08T09:00:00Z`.
    Instant,
    /// A digest: 64 hexadecimal digits.
    Digest,
    /// A list of digests.
    Digests,
    /// A list of texts.
    Texts,
    /// Something of the host's world: its key, or `{"key": …, "criticality": …}`.
    Rated,
    /// A list of those.
    RatedList,
    /// A list of `{"system": …, "key": …}`.
    References,
    /// Values of the host's own fields, by their keys: texts, or `null` to clear one.
    CustomFields,
    /// A [`Cancellation`](crate::incident::Cancellation): `"withdrawn"`, `{"duplicate": {"of": …}}`, …
    Cancellation,
    /// A [`Link`](crate::link::Link): `{"caused_by": …}`, `{"caused_by_change": …}`, …
    Link,
    /// A [`CorrectTo`](crate::command::CorrectTo): `"new"`, `{"resolved": {"code": …}}`, …
    Correction,
    /// A [`Dismissed`](crate::problem::Dismissed): `"not_reproducible"`, `{"duplicate": {"of": …}}`, …
    Dismissed,
    /// A [`CorrectProblemTo`](crate::command::CorrectProblemTo): `"assessing"`, `{"resolved": {}}`, …
    ProblemCorrection,
    /// A [`WorkaroundInput`](crate::command::WorkaroundInput): `{"text": …, "effect": "full"}`.
    Workaround,
}

impl MoveFieldKind {
    /// The kind of a field without options: a name means the same in every command.
    fn named(name: &str) -> Self {
        match name {
            "seconds" | "size" | "people_affected" => Self::WholeNumber,
            "apply_defaults" | "confidential" => Self::YesNo,
            "until" | "at" | "review_at" => Self::Instant,
            "digest" => Self::Digest,
            "texts" => Self::Digests,
            "labels" | "contributing" => Self::Texts,
            "offering" => Self::Rated,
            "services" | "items" => Self::RatedList,
            "references" => Self::References,
            "fields" => Self::CustomFields,
            "as" => Self::Cancellation,
            "link" => Self::Link,
            "to" => Self::Correction,
            _ => Self::Text,
        }
    }
}

impl MoveField {
    /// Its name in the command.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What kind of value it takes.
    #[must_use]
    pub const fn kind(&self) -> MoveFieldKind {
        self.kind
    }

    /// Whether the move cannot do without it.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.required
    }

    /// The values to choose from; none for a free value, or if there is nothing to choose.
    #[must_use]
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// What people read for an option, by the option: those to which the policy gives a label.
    #[must_use]
    pub const fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The options of the move's first field with which this one is required, too: `awaiting_date` asks
    /// for `until`.
    #[must_use]
    pub fn required_with(&self) -> &[String] {
        &self.required_with
    }

    pub(super) fn free(name: &'static str, required: bool) -> Self {
        Self {
            name,
            kind: MoveFieldKind::named(name),
            required,
            options: Vec::new(),
            labels: BTreeMap::new(),
            required_with: Vec::new(),
        }
    }

    /// What an edit can change.
    pub(super) fn editable(draft: &PolicyDraft) -> Vec<Self> {
        let levels = |name| match name {
            "impact" => Self::choice(name, false, draft.matrix.impact.in_use()),
            "urgency" => Self::choice(name, false, draft.matrix.urgency.in_use()),
            name => Self::free(name, false),
        };
        EDITABLE.map(levels).to_vec()
    }

    pub(super) fn of_kind(self, kind: MoveFieldKind) -> Self {
        Self { kind, ..self }
    }

    fn with(name: &'static str, options: impl IntoIterator<Item = impl ToString>) -> Self {
        Self {
            required_with: options.into_iter().map(|option| option.to_string()).collect(),
            ..Self::free(name, false)
        }
    }

    pub(super) fn choice(name: &'static str, required: bool, options: impl IntoIterator<Item = impl ToString>) -> Self {
        let options = options.into_iter().map(|option| option.to_string()).collect();
        Self { options, kind: MoveFieldKind::Choice, ..Self::free(name, required) }
    }

    /// A choice among what may have a label of the policy's.
    fn labelled<'a>(
        name: &'static str,
        required: bool,
        options: impl Iterator<Item = (&'a (impl Display + ?Sized + 'a), Option<&'a String>)> + Clone,
    ) -> Self {
        let labels = options.clone().filter_map(|(key, label)| Some((key.to_string(), label?.clone()))).collect();
        Self { labels, ..Self::choice(name, required, options.map(|(key, _)| key)) }
    }
}

impl Incident {
    /// The moves that the incident has in its present stage, in the order of an incident's life: with the permission
    /// that each takes and whether the actor has it, the fields that each needs, and the obligations that
    /// block it. Closing shows what is owed while it is resolved.
    #[must_use]
    pub fn allowed_moves(&self, actor: &Actor, policy: &Policy, now: Instant) -> Vec<AllowedMove> {
        let stake = self.stake();
        let permits = |permission| policy.permissions().allows(actor, permission, &stake);
        // What only the desk knows of is no reason to offer others another move.
        if self.has_internals() && !permits(Permission::Incident(Verb::ReadInternal)) {
            return self.withheld().moves_of(actor, policy, now);
        }
        self.moves_of(actor, policy, now)
    }

    fn moves_of(&self, actor: &Actor, policy: &Policy, now: Instant) -> Vec<AllowedMove> {
        let stake = self.stake();
        let permits = |permission| policy.permissions().allows(actor, permission, &stake);
        // The text of a resolution is said with it: it is a field of the move, and no obligation before it.
        let (text, owed): (Vec<_>, Vec<_>) = obligation::before_resolution(self, policy)
            .into_iter()
            .partition(|owed| owed.field() == Some(&FieldName::ResolutionText));
        let needs_text = text.iter().any(|owed| owed.severity() == Severity::Blocking);
        self.legal_verbs()
            .flat_map(|verb| self.commands(verb))
            .map(|(verb, command)| {
                let permission = Permission::Incident(verb);
                AllowedMove {
                    verb: verb.into(),
                    command,
                    permission,
                    permitted: permits(permission) && self.also_by(verb).iter().all(|also| permits((*also).into())),
                    fields: match command {
                        UNWATCH => vec![MoveField::choice("person", true, &self.facts().watchers)],
                        DETACH => {
                            let files = self.facts().attachments.iter().map(|attachment| attachment.digest);
                            vec![MoveField::choice("digest", true, files)]
                        }
                        CLEAR_OVERRIDE => Vec::new(),
                        REJECT_MAJOR | STAND_DOWN_MAJOR => vec![MoveField::free("reason", false)],
                        DEMOTE_MAJOR => vec![MoveField::free("reason", true)],
                        UNLINK => {
                            let links = self.links().iter().map(link_json);
                            let link = MoveField::choice("link", true, links).of_kind(MoveFieldKind::Link);
                            vec![link, MoveField::free("reason", false)]
                        }
                        _ if verb == Verb::Waive => self.waivable(policy, now),
                        _ => fields(verb, self.stage(), needs_text, policy),
                    },
                    obligations: match verb {
                        Verb::Resolve => owed.clone(),
                        Verb::Close => obligation::before_closure(self, policy, now).0,
                        Verb::Cancel => obligation::before_cancellation(self),
                        Verb::Reopen | Verb::Hold => {
                            reopening_limit(self, policy, now).map(obligation::reopening_over).into_iter().collect()
                        }
                        _ => Vec::new(),
                    },
                }
            })
            .collect()
    }
}

const REJECT_MAJOR: &str = "reject_major";
const HAND_OVER_MAJOR: &str = "hand_over_major";
const STAND_DOWN_MAJOR: &str = "stand_down_major";
const DEMOTE_MAJOR: &str = "demote_major";
const UNWATCH: &str = "unwatch";
const DETACH: &str = "detach";
const UNLINK: &str = "unlink";
const CLEAR_OVERRIDE: &str = "clear_override";

impl Incident {
    /// The commands of a verb: what adds or sets, and what takes off again, if there is something to be taken
    /// off.
    fn commands(&self, verb: Verb) -> impl Iterator<Item = (Verb, &'static str)> {
        let facts = self.facts();
        let proposed = matches!(self.major(), Some(Major::Proposed(_)));
        let (doing, others): (_, &[_]) = match verb {
            Verb::AddInternalNote => (Verb::AddNote.as_str(), &[]),
            Verb::JudgeMajor => ("accept_major", if proposed { &[REJECT_MAJOR] } else { &[] }),
            Verb::ManageMajor => (HAND_OVER_MAJOR, &[STAND_DOWN_MAJOR, DEMOTE_MAJOR]),
            verb => (verb.as_str(), &[]),
        };
        let undoing = match verb {
            Verb::Watch => (!facts.watchers.is_empty()).then_some(UNWATCH),
            Verb::Attach => (!facts.attachments.is_empty()).then_some(DETACH),
            Verb::Link => (!self.links().is_empty()).then_some(UNLINK),
            Verb::OverridePriority => self.progress().assessment.overridden().map(|_| CLEAR_OVERRIDE),
            _ => None,
        };
        [doing].into_iter().chain(others.iter().copied()).chain(undoing).map(move |command| (verb, command))
    }

    /// What a waiver names: the obligations that are open.
    fn waivable(&self, policy: &Policy, now: Instant) -> Vec<MoveField> {
        let (owed, _) = obligation::before_closure(self, policy, now);
        let open = || owed.iter().filter(|owed| owed.waivable_by().is_some());
        let mut codes: Vec<_> = open().map(Obligation::code).collect();
        codes.sort_unstable();
        codes.dedup();
        let fields = MoveField::choice("field", false, open().filter_map(Obligation::field));
        let with = codes.iter().filter(|code| **code == obligation::FIELD_REQUIRED).map(ToString::to_string).collect();
        let reason = MoveField::free("reason", true);
        vec![MoveField::choice("code", true, codes), MoveField { required_with: with, ..fields }, reason]
    }
}

/// A link as it is given back.
fn link_json(link: &Link) -> String {
    serde_json::to_string(link).unwrap_or_default()
}

fn fields(verb: Verb, stage: Stage, needs_text: bool, policy: &Policy) -> Vec<MoveField> {
    let free = MoveField::free;
    let draft = policy.parts();
    match verb {
        Verb::Assign | Verb::Route => vec![free("group", false), free("person", false)],
        Verb::EnterPhase => vec![MoveField::choice("phase", true, Phase::ALL)],
        Verb::Hold | Verb::ChangeHold => {
            let rules = || draft.hold_reasons.iter().filter(|rule| !rule.retired);
            let dated = rules().filter(|rule| rule.until == UntilRule::Required).map(|rule| &rule.reason);
            let noted = rules().filter(|rule| rule.needs_note).map(|rule| &rule.reason);
            let reasons = MoveField::labelled("reason", true, rules().map(|rule| (&rule.reason, rule.label.as_ref())));
            vec![reasons, MoveField::with("until", dated), MoveField::with("note", noted)]
        }
        Verb::Resolve => {
            let rules = || draft.resolution_codes.iter().filter(|rule| !rule.retired);
            let codes = MoveField::labelled("code", true, rules().map(|rule| (&rule.code, rule.label.as_ref())));
            let text = MoveField::with("text", rules().filter(|rule| rule.needs_text).map(|rule| &rule.code));
            let remedy = MoveField::choice("remedy", false, ["fix", "workaround"]);
            vec![codes, MoveField { required: needs_text, ..text }, remedy]
        }
        Verb::Confirm => vec![MoveField::choice("by", true, ["caller", "monitoring"])],
        Verb::Reopen | Verb::UndoMerge | Verb::ProposeMajor => vec![free("reason", false)],
        Verb::Cancel => vec![free("as", true), free("reason", false)],
        Verb::Categorise => {
            let categories = draft.categories.iter().filter(|category| !category.retired).map(|category| &category.key);
            vec![MoveField::choice("category", false, categories), free("apply_defaults", false)]
        }
        Verb::AddNote => vec![MoveField::choice("audience", true, ["public"]), free("text", true)],
        Verb::AddInternalNote => vec![MoveField::choice("audience", true, ["internal"]), free("text", true)],
        Verb::Edit => MoveField::editable(draft),
        Verb::Watch => vec![free("person", true)],
        Verb::Attach => vec![free("name", true), free("media_type", true), free("size", true), free("digest", true)],
        Verb::LogTime => vec![free("seconds", true), free("note", false)],
        Verb::OverridePriority => {
            let priorities = MoveField::choice("priority", true, draft.matrix.priority.in_use());
            vec![priorities, free("reason", true), free("until", false)]
        }
        Verb::SetLabel => {
            let rules = draft.stage_labels.iter().filter(|rule| rule.stage == stage && !rule.retired);
            vec![MoveField::labelled("label", false, rules.map(|rule| (&rule.key, rule.label.as_ref())))]
        }
        Verb::RecordMilestone => {
            let known = Milestone::KNOWN.iter().filter(|milestone| !milestone.is_set_by_stage());
            let known = known.map(|known| (known.as_str(), None));
            let own = draft.milestones.iter().filter(|rule| !rule.retired);
            let own = own.map(|rule| (rule.milestone.as_str(), rule.label.as_ref()));
            vec![MoveField::labelled("milestone", true, known.chain(own)), free("at", false)]
        }
        Verb::JudgeMajor => {
            let floor = MoveField::choice("floor", false, draft.matrix.priority.in_use());
            vec![free("manager", false), floor, free("reason", false)]
        }
        Verb::ManageMajor => vec![free("manager", true)],
        Verb::ReviewMajor => vec![free("text", true)],
        Verb::Link => vec![free("link", true), free("reason", false)],
        Verb::Waive => vec![free("code", true), free("field", false), free("reason", true)],
        Verb::Correct => vec![free("to", true), free("reason", true)],
        Verb::Redact => vec![free("texts", true), free("reason", false)],
        Verb::Read
        | Verb::ReadInternal
        | Verb::ReadConfidential
        | Verb::Report
        | Verb::ReportFor
        | Verb::Unassign
        | Verb::StartWork
        | Verb::Resume
        | Verb::Close
        | Verb::Reissue
        | Verb::Reschedule
        | Verb::Backdate
        | Verb::Merge
        | Verb::HandleMajor
        | Verb::Import => Vec::new(),
    }
}

/// What an edit can change.
const EDITABLE: [&str; 17] = [
    "title",
    "description",
    "impact",
    "urgency",
    "caller",
    "affected",
    "people_affected",
    "organisation",
    "site",
    "channel",
    "services",
    "offering",
    "items",
    "labels",
    "references",
    "confidential",
    "fields",
];
