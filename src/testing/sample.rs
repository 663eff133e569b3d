//! Samples: for every part of a policy a value that it takes.

use rust_decimal::Decimal;

use super::strategies::Choices;
use crate::{
    command::{Hold, RatedInput, Report, Resolve},
    field::{FieldDefinition, FieldKind, FieldName, Requirement, Severity},
    key::ChoiceKey,
    policy::{HoldRule, Policy, ResolutionRule, UntilRule},
    time::{Instant, hours},
};

/// The people of random commands.
pub(super) const PEOPLE: [&str; 6] = ["bob", "anna", "carl", "vera", "dora", "eve"];
/// Their groups.
pub(super) const GROUPS: [&str; 2] = ["Network", "Mail"];
/// Their organisations.
pub(super) const ORGANISATIONS: [&str; 2] = ["sales", "plant"];

/// A text that fits into so many characters.
pub(super) fn fitting(text: &str, chars: usize) -> String {
    text.trim().chars().take(chars.max(1)).collect::<String>().trim().to_owned()
}

/// A text for people to read, within the policy's cap.
pub(super) fn text(policy: &Policy, choices: &mut Choices) -> String {
    let text = choices.pick("Restarted it.", &[" Mail hangs\nsince noon ", "ü", "Works for me."]);
    if text.chars().count() <= policy.caps().text_chars { text.to_owned() } else { fitting(text, 1) }
}

/// A title that no phrase of the policy takes for a service request, if there is one among a few.
pub(super) fn title(policy: &Policy, choices: &mut Choices) -> String {
    let phrases = || policy.intake().service_requests.iter().flat_map(|rule| &rule.title_contains);
    let is_request = |title: &str| phrases().any(|phrase| title.to_lowercase().contains(&phrase.trim().to_lowercase()));
    let titles = ["Mail is down", " Web is slow ", "ü", "4711"];
    let fit: Vec<_> = titles.into_iter().filter(|title| !is_request(title)).collect();
    fitting(choices.of(&fit).unwrap_or("Mail is down"), policy.caps().title_chars)
}

/// A value that the field takes.
pub(super) fn value(field: &FieldDefinition, choices: &mut Choices) -> String {
    match &field.kind {
        FieldKind::Text { max_chars } => {
            let text = choices.pick("Worn out.", &["ü", "Nobody knows."]);
            fitting(text, *max_chars)
        }
        FieldKind::Number { min, max } => {
            let candidates = [Some(Decimal::ZERO), Some(Decimal::new(1250, 2)), Some(Decimal::new(125, 1)), *min, *max];
            let fits = |number: &Decimal| min.is_none_or(|min| *number >= min) && max.is_none_or(|max| *number <= max);
            let fit: Vec<_> = candidates.into_iter().flatten().filter(fits).collect();
            choices.of(&fit).unwrap_or_default().to_string()
        }
        FieldKind::Choice { options } => {
            let options: Vec<_> = options.iter().map(ChoiceKey::as_str).collect();
            choices.of(&options).unwrap_or_default().to_owned()
        }
        FieldKind::Date => choices.pick("2026-02-28", &["2024-02-29"]).to_owned(),
        FieldKind::Reference => choices.pick("T-1", &["T-2"]).to_owned(),
    }
}

/// A hold by this rule, for as long as it asks for: a few hours.
pub(super) fn hold(rule: &HoldRule, now: Instant) -> Hold {
    Hold {
        reason: rule.reason.to_string(),
        until: (rule.until == UntilRule::Required).then(|| crate::time::later(now, hours(8))),
        note: rule.needs_note.then(|| "ü".to_owned()),
    }
}

/// A resolution by this rule.
pub(super) fn resolution(rule: &ResolutionRule) -> Resolve {
    let resolve = Resolve::new(rule.code.as_str());
    if rule.needs_text { resolve.text("ü") } else { resolve }
}

/// The categories that take new incidents.
pub(super) fn categories(policy: &Policy) -> Vec<&str> {
    let keys = policy.parts().categories.iter().map(|category| category.key.as_str());
    keys.filter(|key| policy.category(key).is_some_and(|(_, defaults)| !defaults.retired)).collect()
}

/// Fills in what the policy asks for and the report does not say.
pub(super) fn fill(report: &mut Report, policy: &Policy, choices: &mut Choices, asked: impl Fn(&Requirement) -> bool) {
    // A category that is filled in may ask for more.
    for _ in 0..2 {
        let category = report.category.as_deref().and_then(|key| policy.category(key));
        let of_category = category.map_or(&[][..], |(_, defaults)| defaults.required.as_slice());
        let required = policy.closure().required.iter().chain(of_category);
        for requirement in required.filter(|known| known.severity == Severity::Blocking && asked(known)) {
            fill_in(report, &requirement.field, policy, choices);
        }
    }
}

fn fill_in(report: &mut Report, field: &FieldName, policy: &Policy, choices: &mut Choices) {
    let or = |value: &mut Option<String>, sample: &str| {
        value.get_or_insert_with(|| sample.to_owned());
    };
    match field {
        FieldName::Description => or(&mut report.description, "ü"),
        FieldName::Category => {
            if let Some(first) = categories(policy).first() {
                or(&mut report.category, first);
            }
        }
        FieldName::Caller => or(&mut report.caller, "bob"),
        FieldName::Affected => or(&mut report.affected, "bob"),
        FieldName::PeopleAffected => {
            report.people_affected.get_or_insert(1);
        }
        FieldName::Organisation => or(&mut report.organisation, "sales"),
        FieldName::Site => or(&mut report.site, "Oslo"),
        FieldName::Channel => {
            let first = policy.intake().channels.first();
            or(&mut report.channel, first.map_or("phone", |channel| channel.as_str()));
        }
        FieldName::Services if report.services.is_empty() => report.services.push(RatedInput::from("mail")),
        FieldName::Offering => {
            report.offering.get_or_insert_with(|| RatedInput::from("basic"));
        }
        FieldName::Items if report.items.is_empty() => report.items.push(RatedInput::from("pc1")),
        FieldName::Group => or(&mut report.group, "Network"),
        FieldName::Person => or(&mut report.person, "anna"),
        FieldName::Custom(key) => {
            if let Some(field) = policy.field(key.as_str()).filter(|field| !field.retired) {
                report.fields.entry(key.to_string()).or_insert_with(|| value(field, choices));
            }
        }
        FieldName::Services
        | FieldName::Items
        | FieldName::ResolutionText
        | FieldName::RootCause
        | FieldName::KnownError
        | FieldName::Workaround => {}
    }
}
