//! From the log's rows to the history of an incident.

use std::collections::BTreeSet;

use andon::{
    CommandId, Policy, PolicyDraft, Stage,
    actor::ActorId,
    category::Category,
    command::{Cancel, CorrectTo, Edit, Hold, IncidentCommand as Command, Patch, Report as NewReport, Resolve},
    desk::{History, HistoryStep, OnRefusal},
    incident::{Cancellation, ExternalReference, HoldReason},
    key::{CategoryKey, ChangeRef, ExternalKey, HoldReasonKey, PersonRef, ResolutionCode, SystemName},
    link::Link,
    policy::{HoldRule, ResolutionRule},
};

use super::{
    journal::{Incident, Journal, Row, State, Symbol},
    report::Report,
};

/// The resolution code of an incident for which the log names none.
const NO_CODE: &str = "not stated";

/// What is imported for one incident, and what the log says about each row.
pub(crate) struct Plan {
    /// The incident's number in the log.
    pub name: String,
    pub command: CommandId,
    pub history: History,
    /// For each step, the change of stage that it carries; `None` for a change of facts.
    pub carries: Vec<Option<Change>>,
    /// Where it begins in the log, and how many rows it has there.
    pub line: u64,
    /// For each row: how many steps had been taken by then, and the priority that the log says.
    pub rows: Vec<(usize, Option<String>)>,
    /// Whether what was promised was kept, as the last row says.
    pub made_sla: Option<bool>,
    /// What it has to do with problems and changes, as the log names them last.
    pub relations: Relations,
}

/// What an incident has to do with problems and changes.
#[derive(Debug, Default)]
pub(crate) struct Relations {
    pub problem: Option<String>,
    /// The change that is asked for because of it, and the one that brought it about.
    pub links: Vec<Link>,
}

/// A change of stage from one row to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    pub from: Stage,
    pub to: Stage,
}

/// Adds to a policy the names that the log uses and the policy does not know: categories, hold reasons,
/// resolution codes. Levels and priorities must be the policy's own.
pub(crate) fn add_names(draft: &mut PolicyDraft, journal: &Journal) {
    let mut categories = BTreeSet::new();
    let mut reasons = BTreeSet::new();
    let mut codes = BTreeSet::from([NO_CODE.to_owned()]);
    for row in journal.incidents.iter().flat_map(|incident| &incident.rows) {
        categories.extend(category(row, journal));
        codes.extend(row.code.map(|code| journal.name(code).to_owned()));
        if let State::OnHold(state) = row.state {
            reasons.insert(reason(journal.name(state)));
        }
    }
    for category in categories.iter().filter_map(|category| CategoryKey::new(category).ok()) {
        if !draft.categories.iter().any(|known| known.key == category) {
            draft.categories.push(Category::new(category));
        }
    }
    for code in codes.iter().filter_map(|code| ResolutionCode::new(code).ok()) {
        if !draft.resolution_codes.iter().any(|known| known.code == code) {
            draft.resolution_codes.push(ResolutionRule::new(code));
        }
    }
    for reason in reasons.iter().filter_map(|reason| HoldReasonKey::new(reason).ok()) {
        if !draft.hold_reasons.iter().any(|known| known.reason.as_str() == reason.as_str()) {
            draft.hold_reasons.push(HoldRule::new(HoldReason::Other(reason)));
        }
    }
}

impl Plan {
    /// The plan for one incident; `None` if none of its rows can be used. Rows that the policy cannot
    /// take are reported.
    pub(crate) fn of(incident: &Incident, journal: &Journal, policy: &Policy, report: &mut Report) -> Option<Self> {
        let usable = |row: &&Row| match unknown_level(row, journal, policy) {
            Some(reason) => {
                report.unusable.push((row.line, reason));
                false
            }
            None => true,
        };
        let rows: Vec<&Row> = incident.rows.iter().filter(usable).collect();
        let first = *rows.first()?;
        let name = journal.name(incident.number).to_owned();
        let mut steps = Steps { journal, steps: Vec::new(), carries: Vec::new() };
        // The log begins with the incident already in some stage; getting there is no change of the log's.
        steps.reach(first, Stage::New, None);
        let mut said = vec![(steps.steps.len(), priority(first, journal))];
        for pair in rows.windows(2) {
            let [before, row] = pair else { continue };
            steps.next(before, row);
            said.push((steps.steps.len(), priority(row, journal)));
        }
        let history = History {
            from: SystemName::new("log").ok(),
            report: first_report(first, &name, journal),
            reported_at: first.opened_at,
            reported_by: actor(first.opened_by, journal),
            steps: steps.steps,
            on_refusal: OnRefusal::Correct,
        };
        let command = CommandId::named(&name);
        let last = rows.last().and_then(|row| row.made_sla).map(|said| journal.name(said));
        let made_sla = last.and_then(|said| said.to_ascii_lowercase().parse().ok());
        let relations = Relations::of(&rows, journal);
        Some(Self { name, line: first.line, command, history, carries: steps.carries, rows: said, made_sla, relations })
    }
}

impl Relations {
    fn of(rows: &[&Row], journal: &Journal) -> Self {
        let last = |named: fn(&Row) -> Option<Symbol>| {
            rows.iter().rev().find_map(|row| named(row)).map(|name| journal.name(name))
        };
        let change = |name: Option<&str>| name.and_then(|name| ChangeRef::new(name).ok());
        let ended = change(last(|row| row.change)).map(Link::ResolvedByChange);
        let caused = change(last(|row| row.causing_change)).map(Link::CausedByChange);
        Self {
            problem: last(|row| row.problem).map(ToOwned::to_owned),
            links: ended.into_iter().chain(caused).collect(),
        }
    }
}

/// The steps of a history while it is put together.
struct Steps<'a> {
    journal: &'a Journal,
    steps: Vec<HistoryStep>,
    carries: Vec<Option<Change>>,
}

impl Steps<'_> {
    /// What happened between two rows. Facts change before the stage does, unless the stage before was
    /// final and takes no facts.
    fn next(&mut self, before: &Row, row: &Row) {
        let (from, to) = (stage(before.state), stage(row.state));
        let change = (before.state != row.state).then_some(Change { from, to });
        if from.is_final() {
            self.change(row, from, change);
            self.facts(before, row);
        } else {
            self.facts(before, row);
            self.change(row, from, change);
        }
    }

    fn change(&mut self, row: &Row, from: Stage, change: Option<Change>) {
        if change.is_some() {
            self.reach(row, from, change);
        }
    }

    /// The step that leads to the row's state.
    fn reach(&mut self, row: &Row, from: Stage, change: Option<Change>) {
        let journal = self.journal;
        let hold = |state: Symbol| Hold::new(reason(journal.name(state)));
        let resolve = || Resolve::new(row.code.map_or(NO_CODE, |code| journal.name(code)));
        let (command, otherwise) = match row.state {
            State::New if change.is_none() => return,
            State::New => (Command::Unassign {}, CorrectTo::New),
            State::InProgress if from == Stage::Resolved => (Command::Reopen { reason: None }, CorrectTo::InProgress),
            State::InProgress => (Command::StartWork {}, CorrectTo::InProgress),
            State::OnHold(state) if from == Stage::OnHold => {
                (Command::ChangeHold(hold(state)), CorrectTo::OnHold(hold(state)))
            }
            State::OnHold(state) => (Command::Hold(hold(state)), CorrectTo::OnHold(hold(state))),
            State::Resolved => (Command::Resolve(resolve()), CorrectTo::Resolved(resolve())),
            State::Closed => (Command::Close {}, CorrectTo::Closed(resolve())),
            State::Cancelled => {
                (Command::Cancel(Cancel::from(Cancellation::Withdrawn)), CorrectTo::Cancelled(Cancellation::Withdrawn))
            }
        };
        let unassigned = command == Command::Unassign {};
        self.push(row, command, Some(otherwise), change);
        if unassigned {
            // The log keeps the group in whose queue it waits again.
            let name = |symbol: Option<Symbol>| symbol.map(|symbol| journal.name(symbol).to_owned());
            let (group, person) =
                (name(row.group).map_or(Patch::Keep, Patch::Set), name(row.person).map_or(Patch::Keep, Patch::Set));
            self.push(row, Command::Route { group, person }, None, None);
        }
    }

    /// The steps that change facts.
    fn facts(&mut self, before: &Row, row: &Row) {
        let name = |symbol: Option<Symbol>| symbol.map(|symbol| self.journal.name(symbol).to_owned());
        let patch = |old: Option<Symbol>, new: Option<Symbol>| match (old == new, name(new)) {
            (true, _) => Patch::Keep,
            (false, Some(name)) => Patch::Set(name),
            (false, None) => Patch::Clear,
        };
        let edit = Edit {
            impact: patch(before.impact, row.impact),
            urgency: patch(before.urgency, row.urgency),
            caller: patch(before.caller, row.caller),
            site: patch(before.site, row.site),
            channel: patch(before.channel, row.channel),
            ..Edit::new()
        };
        let category = category(row, self.journal);
        let moved = (before.category, before.subcategory) != (row.category, row.subcategory);
        let group = patch(before.group, row.group);
        let person = patch(before.person, row.person);
        if edit != Edit::new() {
            self.push(row, Command::Edit(Box::new(edit)), None, None);
        }
        if moved {
            self.push(row, Command::Categorise { category, apply_defaults: false }, None, None);
        }
        if !group.is_keep() || !person.is_keep() {
            // The log says who has it after the change of group, so a person who stays is named again.
            let person = if person.is_keep() { name(row.person).map_or(Patch::Keep, Patch::Set) } else { person };
            self.push(row, Command::Route { group, person }, None, None);
        }
    }

    fn push(&mut self, row: &Row, command: Command, otherwise: Option<CorrectTo>, change: Option<Change>) {
        self.steps.push(HistoryStep {
            at: row.at,
            by: actor(row.by, self.journal),
            on_behalf_of: None,
            command,
            otherwise,
        });
        self.carries.push(change);
    }
}

fn first_report(row: &Row, name: &str, journal: &Journal) -> NewReport {
    let text = |symbol: Option<Symbol>| symbol.map(|symbol| journal.name(symbol).to_owned());
    let title = text(row.symptom).or_else(|| category(row, journal)).unwrap_or_else(|| name.to_owned());
    let reference = SystemName::new("log").ok().zip(ExternalKey::new(name).ok());
    NewReport {
        title,
        category: category(row, journal),
        impact: text(row.impact),
        urgency: text(row.urgency),
        caller: text(row.caller),
        site: text(row.site),
        channel: text(row.channel),
        group: text(row.group),
        person: text(row.person),
        references: reference.map(|(system, key)| ExternalReference { system, key }).into_iter().collect(),
        ..NewReport::default()
    }
}

fn category(row: &Row, journal: &Journal) -> Option<String> {
    let category = journal.name(row.category?);
    Some(match row.subcategory {
        Some(subcategory) => format!("{category} / {}", journal.name(subcategory)),
        None => category.to_owned(),
    })
}

fn priority(row: &Row, journal: &Journal) -> Option<String> {
    row.priority.map(|priority| journal.name(priority).to_owned())
}

fn actor(by: Option<Symbol>, journal: &Journal) -> ActorId {
    by.and_then(|by| PersonRef::new(journal.name(by)).ok()).map_or(ActorId::System, ActorId::Person)
}

/// The library's hold reason for a state of the log; the log's own name where it has none.
fn reason(state: &str) -> String {
    match state {
        "Awaiting User Info" | "Awaiting Caller" => "awaiting_caller".to_owned(),
        "Awaiting Vendor" => "awaiting_vendor".to_owned(),
        "Awaiting Problem" => "awaiting_problem".to_owned(),
        "Awaiting Change" => "awaiting_change".to_owned(),
        other => other.to_owned(),
    }
}

const fn stage(state: State) -> Stage {
    match state {
        State::New => Stage::New,
        State::InProgress => Stage::InProgress,
        State::OnHold(_) => Stage::OnHold,
        State::Resolved => Stage::Resolved,
        State::Closed => Stage::Closed,
        State::Cancelled => Stage::Cancelled,
    }
}

/// Why the policy cannot take the row.
fn unknown_level(row: &Row, journal: &Journal, policy: &Policy) -> Option<String> {
    let unknown = |what: &str, symbol: Option<Symbol>, scale: &andon::priority::Scale| match symbol {
        None => Some(format!("it has no {what}")),
        Some(symbol) if scale.rank(journal.name(symbol)).is_none() => {
            Some(format!("the {what} `{}` is no level of the policy", journal.name(symbol)))
        }
        Some(_) => None,
    };
    let matrix = policy.matrix();
    unknown("impact", row.impact, &matrix.impact).or_else(|| unknown("urgency", row.urgency, &matrix.urgency))
}
