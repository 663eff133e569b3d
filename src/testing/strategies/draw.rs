//! Drawing a command or a report that fits a policy, and what it finds.

use super::Choices;
use crate::{
    command::{
        AcceptMajor, Assign, AttachmentInput, Cancel, Correct, CorrectTo, Hold, IncidentCommand as Command, Override,
        Patch, RatedInput, Report, Resolve,
    },
    digest::Digest,
    id::Id,
    incident::{Audience, Cancellation, ConfirmedBy, Incident, Milestone, Phase},
    key::{ChangeRef, MilestoneKey},
    link::Link,
    obligation,
    policy::{Policy, UntilRule},
    testing::{
        START,
        sample::{self, fitting},
    },
    time::{Instant, earlier, hours, later, minutes},
    verb::IncidentVerb as Verb,
};

/// The verbs by which a command can be given, in the order of an incident's life.
pub const VERBS: [Verb; 29] = [
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

/// The most texts that one command erases.
const MAX_REDACTED: usize = 1_000;

/// What a command or a report is drawn for.
#[derive(Debug, Clone, Copy)]
pub struct Draw<'a> {
    /// The policy that it is to fit.
    pub policy: &'a Policy,
    /// The present instant: dates are drawn around it.
    pub now: Instant,
    /// The incident that gets the command.
    pub id: Id<Incident>,
    /// The incident of which it can be a duplicate.
    pub other: Id<Incident>,
    /// The texts in its log: what can be erased.
    pub texts: &'a [Digest],
    /// Whether something is to be wrong. (Where nothing can be wrong with a command, nothing is.)
    pub bad: bool,
}

impl<'a> Draw<'a> {
    /// An incident that there is not: what bad commands name.
    pub const UNKNOWN: Id<Incident> = Id::from_u128(7);

    /// What fits a policy at the start of a test desk.
    #[must_use]
    pub const fn new(policy: &'a Policy) -> Self {
        Self { policy, now: START, id: Self::UNKNOWN, other: Id::from_u128(8), texts: &[], bad: false }
    }

    /// A command by this verb; `None` for a verb that is none, as reading or reporting.
    #[must_use]
    pub fn command(&self, verb: Verb, choices: &mut Choices) -> Option<Command> {
        Some(match verb {
            Verb::Assign => Command::Assign(self.assign(choices)),
            Verb::Unassign => Command::Unassign {},
            Verb::Route => {
                let group = patch(choices, |choices| self.key(choices, &sample::GROUPS));
                Command::Route { group, person: patch(choices, person) }
            }
            Verb::StartWork => Command::StartWork {},
            Verb::EnterPhase => {
                let [first, others @ ..] = Phase::ALL;
                Command::EnterPhase { phase: choices.pick(first, &others) }
            }
            Verb::Hold => Command::Hold(self.hold(choices)),
            Verb::ChangeHold => Command::ChangeHold(self.hold(choices)),
            Verb::Resume => Command::Resume {},
            Verb::Resolve => Command::Resolve(self.resolve(choices)),
            Verb::Confirm => Command::Confirm { by: choices.pick(ConfirmedBy::Caller, &[ConfirmedBy::Monitoring]) },
            Verb::Reopen => Command::Reopen { reason: choices.maybe(|choices| self.text(choices)) },
            Verb::Close => Command::Close {},
            Verb::Cancel => {
                let cancellation = self.cancellation(choices);
                Command::Cancel(Cancel { cancellation, reason: choices.maybe(|choices| self.text(choices)) })
            }
            Verb::Link => {
                let unlink = choices.roll(3) == 2;
                let link = self.link(choices);
                let reason = choices.maybe(|choices| self.text(choices));
                if unlink { Command::Unlink { link, reason } } else { Command::Link { link, reason } }
            }
            Verb::UndoMerge => Command::UndoMerge { reason: choices.maybe(|choices| self.text(choices)) },
            Verb::Edit => Command::Edit(Box::new(self.edit(choices))),
            Verb::Categorise => {
                Command::Categorise { category: self.category(choices), apply_defaults: choices.flip() }
            }
            Verb::AddNote => Command::AddNote { audience: Audience::Public, text: self.text(choices) },
            Verb::AddInternalNote => Command::AddNote { audience: Audience::Internal, text: self.text(choices) },
            Verb::Watch => match self.watcher(choices) {
                (person, true) => Command::Unwatch { person },
                (person, false) => Command::Watch { person },
            },
            Verb::Attach => match self.file(choices) {
                (attachment, true) => Command::Detach { digest: attachment.digest },
                (attachment, false) => Command::Attach(attachment),
            },
            Verb::LogTime => {
                let (seconds, note) = self.spent(choices);
                Command::LogTime { seconds, note }
            }
            Verb::OverridePriority => match self.set_override(choices) {
                Some(set) => Command::OverridePriority(set),
                None => Command::ClearOverride {},
            },
            Verb::SetLabel => Command::SetLabel { label: self.label(choices) },
            Verb::RecordMilestone => self.record_milestone(choices),
            Verb::ProposeMajor => Command::ProposeMajor { reason: choices.maybe(|choices| self.text(choices)) },
            Verb::JudgeMajor => {
                let reason = choices.maybe(|choices| self.text(choices));
                if choices.roll(4) == 3 {
                    Command::RejectMajor { reason }
                } else {
                    let manager = Some(self.key(choices, &sample::PEOPLE));
                    Command::AcceptMajor(AcceptMajor { manager, floor: None, reason })
                }
            }
            Verb::ManageMajor => match choices.roll(3) {
                0 => Command::HandOverMajor { manager: self.key(choices, &sample::PEOPLE) },
                1 => Command::StandDownMajor { reason: choices.maybe(|choices| self.text(choices)) },
                _ => Command::DemoteMajor { reason: self.text(choices) },
            },
            Verb::ReviewMajor => Command::ReviewMajor { text: self.text(choices) },
            Verb::Waive => self.waive(choices),
            Verb::Reissue => Command::Reissue {},
            Verb::Reschedule => Command::Reschedule {},
            Verb::Redact => {
                let reason = choices.maybe(|_| fitting("It names somebody.", self.policy.caps().text_chars));
                Command::Redact { texts: self.redacted(choices), reason }
            }
            Verb::Correct => self.correct(choices),
            Verb::Read
            | Verb::ReadInternal
            | Verb::ReadConfidential
            | Verb::Report
            | Verb::ReportFor
            | Verb::Backdate
            | Verb::Merge
            | Verb::HandleMajor
            | Verb::Import => return None,
        })
    }

    /// A report. A bad one is refused under any policy.
    #[must_use]
    pub fn report(&self, choices: &mut Choices) -> Report {
        let mut report = Report::new(sample::title(self.policy, choices));
        if self.bad {
            self.spoil(&mut report, choices);
            return report;
        }
        let matrix = self.policy.matrix();
        report.caller = choices.pick(None, &[Some("bob"), Some("vera")]).map(str::to_owned);
        report.category = self.category(choices);
        report.impact = choices.maybe(|choices| level(&matrix.impact, choices));
        report.urgency = choices.maybe(|choices| level(&matrix.urgency, choices));
        report.people_affected = choices.pick(None, &[Some(3), Some(300)]);
        report.group = choices.maybe(|_| "Mail".to_owned());
        report.person = choices.pick(None, &[None, Some("anna")]).map(str::to_owned);
        report.confidential = choices.roll(8) == 7;
        report.occurred = choices.maybe(|_| earlier(self.now, minutes(50)));
        if choices.flip() {
            report = report.label("red");
            if let Some(criticality) = self.criticality(choices) {
                report = report.service(RatedInput::from("mail").criticality(criticality));
            }
            if let Some(field) = choices.of(&self.fields()) {
                report = report.field(field.key.as_str(), sample::value(field, choices));
            }
        }
        sample::fill(&mut report, self.policy, choices, |asked| asked.by == crate::field::RequiredBy::Report);
        report
    }

    fn spoil(&self, report: &mut Report, choices: &mut Choices) {
        match choices.roll(7) {
            0 => report.title = String::new(),
            1 => "a\nb".clone_into(&mut report.title),
            2 => report.title = "x".repeat(self.policy.caps().title_chars.saturating_add(1)),
            3 => report.impact = Some("enormous".to_owned()),
            4 => report.category = Some(self.wrong_category(choices)),
            5 => report.detected = Some(later(self.now, hours(1))),
            _ => report.follows = Some(Self::UNKNOWN),
        }
    }

    /// Somebody who is to watch, or to watch no more.
    pub(super) fn watcher(&self, choices: &mut Choices) -> (String, bool) {
        let leaves = choices.roll(3) == 2;
        (self.key(choices, &sample::PEOPLE), leaves)
    }

    /// A file that is to be attached, or taken off.
    pub(super) fn file(&self, choices: &mut Choices) -> (AttachmentInput, bool) {
        let goes = choices.roll(4) == 3;
        (self.attachment(choices), goes)
    }

    /// How many seconds were spent, and on what.
    pub(super) fn spent(&self, choices: &mut Choices) -> (u64, Option<String>) {
        let seconds = if self.bad { 0 } else { choices.pick(1, &[60, 5_400]) };
        (seconds, choices.maybe(|choices| self.text(choices)))
    }

    pub(super) fn text(&self, choices: &mut Choices) -> String {
        if !self.bad {
            return sample::text(self.policy, choices);
        }
        match choices.roll(3) {
            0 => String::new(),
            1 => "a\u{0}b".to_owned(),
            _ => "ä".repeat(self.policy.caps().text_chars.saturating_add(1)),
        }
    }

    pub(super) fn key(&self, choices: &mut Choices, keys: &[&str]) -> String {
        let wrong = ["", " x", "a\u{0}b", "x\u{85}"];
        choices.of(if self.bad { &wrong } else { keys }).unwrap_or_default().to_owned()
    }

    fn assign(&self, choices: &mut Choices) -> Assign {
        if self.bad && choices.flip() {
            return Assign::default();
        }
        match choices.roll(3) {
            0 => Assign::to_group(self.key(choices, &sample::GROUPS)),
            1 => Assign::to_person(self.key(choices, &sample::PEOPLE)),
            _ => Assign::to_group(self.key(choices, &sample::GROUPS)).and_person(person(choices)),
        }
    }

    fn hold(&self, choices: &mut Choices) -> Hold {
        let rules = self.policy.hold_reasons();
        if self.bad {
            let retired = rules.iter().find(|rule| rule.retired).map(|rule| rule.reason.to_string());
            let dated = rules.iter().find(|rule| rule.until == UntilRule::Required).map(|rule| rule.reason.to_string());
            return match (choices.roll(4), retired, dated) {
                (0, Some(retired), _) => Hold::new(retired),
                (1, _, Some(dated)) => Hold::new(dated),
                (2, _, Some(dated)) => Hold::new(dated).until(earlier(self.now, hours(2_000))),
                _ => Hold::new("no such reason"),
            };
        }
        let rules: Vec<_> = rules.iter().filter(|rule| !rule.retired).collect();
        let Some(rule) = choices.of(&rules) else { return Hold::new("awaiting_caller") };
        let mut hold = sample::hold(rule, self.now);
        let until = choices.pick(None, &[Some(minutes(10)), Some(hours(3)), Some(hours(70))]);
        hold.until = until.map(|span| later(self.now, span)).or(hold.until);
        if rule.needs_note || choices.flip() {
            hold.note = Some(self.text(choices));
        }
        hold
    }

    fn resolve(&self, choices: &mut Choices) -> Resolve {
        let rules = self.policy.resolution_codes();
        if self.bad {
            let retired = rules.iter().find(|rule| rule.retired).map(|rule| rule.code.to_string());
            let wordy = rules.iter().find(|rule| rule.needs_text).map(|rule| rule.code.to_string());
            return match (choices.roll(4), retired, wordy) {
                (0, Some(retired), _) => Resolve::new(retired),
                (1, _, Some(wordy)) => Resolve::new(wordy),
                (2, ..) => Resolve::new(""),
                _ => Resolve::new("unheard of"),
            };
        }
        let rules: Vec<_> = rules.iter().filter(|rule| !rule.retired).collect();
        let Some(rule) = choices.of(&rules) else { return Resolve::new("fixed") };
        let resolve = sample::resolution(rule);
        let resolve = if rule.needs_text || choices.flip() { resolve.text(self.text(choices)) } else { resolve };
        if choices.flip() { resolve.by_workaround() } else { resolve }
    }

    fn cancellation(&self, choices: &mut Choices) -> Cancellation {
        if self.bad {
            return Cancellation::Duplicate { of: choices.pick(self.id, &[Self::UNKNOWN]) };
        }
        match choices.roll(8) {
            0 => Cancellation::Withdrawn,
            1 => Cancellation::NotAnIncident,
            2 => Cancellation::ServiceRequest,
            3 => Cancellation::Superseded { by: self.other },
            _ => Cancellation::Duplicate { of: self.other },
        }
    }

    fn link(&self, choices: &mut Choices) -> Link {
        if self.bad {
            return Link::Related(choices.pick(self.id, &[Self::UNKNOWN]));
        }
        let change = |key: &str| ChangeRef::new(key).ok();
        match (choices.roll(4), change("CHG0042")) {
            (1, Some(change)) => Link::CausedByChange(change),
            (2, Some(change)) => Link::ResolvedByChange(change),
            _ => Link::Related(self.other),
        }
    }

    pub(super) fn category(&self, choices: &mut Choices) -> Option<String> {
        if self.bad {
            return Some(self.wrong_category(choices));
        }
        let known = sample::categories(self.policy);
        // The first option is none at all.
        choices
            .roll(known.len().saturating_add(1))
            .checked_sub(1)
            .and_then(|at| known.get(at))
            .map(|&key| key.to_owned())
    }

    fn wrong_category(&self, choices: &mut Choices) -> String {
        let retired = |key: &&str| self.policy.category(key).is_some_and(|(_, defaults)| defaults.retired);
        let keys = self.policy.parts().categories.iter().map(|category| category.key.as_str());
        let wrong: Vec<_> = [" "].into_iter().chain(keys.filter(retired)).collect();
        choices.of(&wrong).unwrap_or(" ").to_owned()
    }

    /// An override; none to clear one.
    pub(super) fn set_override(&self, choices: &mut Choices) -> Option<Override> {
        if !self.bad && choices.roll(3) == 2 {
            return None;
        }
        let priority = if self.bad { " ".to_owned() } else { level(&self.policy.matrix().priority, choices) };
        let until = choices.pick(None, &[Some(minutes(20)), Some(hours(30))]).map(|span| later(self.now, span));
        Some(Override { priority, reason: self.text(choices), until })
    }

    fn label(&self, choices: &mut Choices) -> Option<String> {
        let rules = self.policy.parts().stage_labels.iter().filter(|rule| rule.retired == self.bad);
        let keys: Vec<_> = rules.map(|rule| rule.key.as_str()).collect();
        if self.bad {
            return Some(choices.of(&keys).unwrap_or("no such label").to_owned());
        }
        if choices.roll(3) == 0 { None } else { choices.of(&keys).map(str::to_owned) }
    }

    fn record_milestone(&self, choices: &mut Choices) -> Command {
        let own = &self.policy.parts().milestones;
        let with = |retired: bool| own.iter().filter(move |rule| rule.retired == retired).map(|rule| &rule.milestone);
        if self.bad {
            let unknown =
                Milestone::Own(with(true).next().cloned().unwrap_or_else(|| MilestoneKey::known("no such one")));
            let (milestone, at) = match choices.roll(3) {
                0 => (Milestone::Resolved, self.now),
                1 => (unknown, self.now),
                _ => (Milestone::Detected, later(self.now, hours(1))),
            };
            return Command::RecordMilestone { milestone, at: Some(at) };
        }
        let mut others = vec![Milestone::Acknowledged, Milestone::Mitigated, Milestone::Restored];
        others.extend(with(false).cloned().map(Milestone::Own));
        let milestone = choices.pick(Milestone::Detected, &others);
        let at = choices.pick(None, &[Some(minutes(0)), Some(minutes(90))]).map(|span| earlier(self.now, span));
        Command::RecordMilestone { milestone, at }
    }

    fn waive(&self, choices: &mut Choices) -> Command {
        if self.bad {
            return Command::Waive { code: "obligation.none".to_owned(), field: None, reason: "because".to_owned() };
        }
        let of_categories = self.policy.parts().categories.iter().flat_map(|category| &category.required);
        let fields = self.policy.closure().required.iter().chain(of_categories).map(|asked| &asked.field);
        let fields: Vec<_> = fields.map(|field| Some(field.to_string())).collect();
        let field = choices.pick(None, &fields);
        let code = if field.is_some() { obligation::FIELD_REQUIRED } else { obligation::CONFIRMATION };
        Command::Waive { code: code.to_owned(), field, reason: self.text(choices) }
    }

    /// Some of the texts in its log; where none are known, one that is nowhere, which is refused.
    pub(super) fn redacted(&self, choices: &mut Choices) -> Vec<Digest> {
        let nowhere = Digest::of(b"nowhere");
        if self.bad {
            let known = self.texts.iter().copied().take(1).chain([nowhere]).collect();
            return choices.pick(Vec::new(), &[known, vec![nowhere; MAX_REDACTED.saturating_add(1)]]);
        }
        if self.texts.is_empty() {
            return vec![nowhere];
        }
        let count = choices.roll(2).saturating_add(1);
        (0..count).filter_map(|_| choices.of(self.texts)).collect()
    }

    fn correct(&self, choices: &mut Choices) -> Command {
        let to = match choices.roll(7) {
            0 => CorrectTo::New,
            1 => CorrectTo::Assigned,
            2 => CorrectTo::InProgress,
            3 => CorrectTo::OnHold(self.hold(choices)),
            4 => CorrectTo::Resolved(self.resolve(choices)),
            5 => CorrectTo::Closed(self.resolve(choices)),
            _ => CorrectTo::Cancelled(self.cancellation(choices)),
        };
        let instead_of = choices.maybe(|_| "incident.close.illegal".to_owned());
        Command::Correct(Correct { to, reason: self.text(choices), instead_of })
    }
}

/// Keeps a value, sets or clears it.
pub(super) fn patch<T>(choices: &mut Choices, value: impl FnOnce(&mut Choices) -> T) -> Patch<T> {
    match choices.roll(4) {
        2 => Patch::Set(value(choices)),
        3 => Patch::Clear,
        _ => Patch::Keep,
    }
}

pub(super) fn person(choices: &mut Choices) -> String {
    choices.of(&sample::PEOPLE).unwrap_or_default().to_owned()
}

/// A level of a scale.
pub(super) fn level(scale: &crate::priority::Scale, choices: &mut Choices) -> String {
    choices.of(&scale.levels).map(|level| level.to_string()).unwrap_or_default()
}
