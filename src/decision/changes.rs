//! Changes of facts, and of the priority that follows from them.

use std::sync::Arc;

use super::{
    Context,
    reading::{Reading, shown},
};
use crate::{
    command::{Edit, Override as OverrideInput, Patch},
    incident::Incident,
    key::{GroupRef, Label, OrganisationRef, PersonRef, SiteRef},
    priority::{Override, Priority, PriorityCause},
    record::{FactChange as Change, Facts, Kind, PriorityChange},
};

/// The changes that an edit makes: only of fields whose value is another than before.
pub(super) fn edit<K>(facts: &Facts<K>, edit: &Edit, read: &mut Reading<'_>, context: &Context<'_>) -> Vec<Change> {
    let policy = context.policy;
    let mut changes = Vec::new();

    /// A fact that may be missing.
    macro_rules! optional {
        ($variant:ident, $field:ident, $value:ident => $read:expr) => {
            if let Some(new) = edit.$field.as_option() {
                let wanted = new.is_some();
                let new = new.and_then(|$value| $read);
                if new.is_some() == wanted && new != facts.$field {
                    changes.push(Change::$variant { old: facts.$field.clone(), new });
                }
            }
        };
    }
    /// A list, which clearing empties.
    macro_rules! list {
        ($variant:ident, $field:ident, $value:ident => $read:expr) => {
            if let Some(new) = edit.$field.as_option() {
                let new = new.map_or_else(Vec::new, |$value| $read);
                if new != facts.$field {
                    changes.push(Change::$variant { old: facts.$field.clone(), new });
                }
            }
        };
    }

    match &edit.title {
        Patch::Set(title) if !facts.title.says(title) => {
            if let Some(new) = read.title("title", title) {
                changes.push(Change::Title { old: facts.title.clone(), new });
            }
        }
        Patch::Clear => read.fault("title", "field.required", "cannot be cleared"),
        Patch::Set(_) | Patch::Keep => {}
    }
    match &edit.description {
        Patch::Set(text) if !facts.description.as_ref().is_some_and(|known| known.says(text)) => {
            if let Some(new) = read.text("description", text) {
                changes.push(Change::Description { old: facts.description.clone(), new: Some(new) });
            }
        }
        Patch::Clear if facts.description.is_some() => {
            changes.push(Change::Description { old: facts.description.clone(), new: None });
        }
        Patch::Set(_) | Patch::Keep | Patch::Clear => {}
    }
    // A level that is there already may stay, retired or not.
    match &edit.impact {
        Patch::Set(level) if level.as_str() != facts.impact.as_str() => {
            if let Some(new) = read.level("impact", level, &policy.matrix().impact) {
                changes.push(Change::Impact { old: facts.impact.clone(), new });
            }
        }
        Patch::Clear => read.fault("impact", "field.required", "cannot be cleared"),
        Patch::Set(_) | Patch::Keep => {}
    }
    match &edit.urgency {
        Patch::Set(level) if level.as_str() != facts.urgency.as_str() => {
            if let Some(new) = read.level("urgency", level, &policy.matrix().urgency) {
                changes.push(Change::Urgency { old: facts.urgency.clone(), new });
            }
        }
        Patch::Clear => read.fault("urgency", "field.required", "cannot be cleared"),
        Patch::Set(_) | Patch::Keep => {}
    }
    optional!(Caller, caller, value => read.key::<PersonRef>("caller", value));
    let before = changes.len();
    optional!(Affected, affected, value => read.key::<PersonRef>("affected", value));
    if changes.len() > before {
        let vip = context.affected.is_some_and(|person| person.vip);
        if vip != facts.vip {
            changes.push(Change::Vip { old: facts.vip, new: vip });
        }
    }
    optional!(PeopleAffected, people_affected, value => Some(*value));
    optional!(Organisation, organisation, value => read.key::<OrganisationRef>("organisation", value));
    optional!(Site, site, value => read.key::<SiteRef>("site", value));
    optional!(Channel, channel, value => read.channel("channel", value));
    list!(Services, services, value => read.all_rated("services", value, policy.caps().services));
    optional!(Offering, offering, value => read.rated("offering", value));
    list!(Items, items, value => read.all_rated("items", value, policy.caps().items));
    list!(Labels, labels, value => read.labels("labels", value));
    list!(References, references, value => {
        read.within("references", value.len(), policy.caps().references);
        value.clone()
    });
    if let Some(new) = edit.confidential.as_option().map(|new| new.copied().unwrap_or(false))
        && new != facts.confidential
    {
        changes.push(Change::Confidential { old: facts.confidential, new });
    }
    let fields = if read.few_fields(edit.fields.keys()) { Some(&edit.fields) } else { None };
    for (key, value) in fields.into_iter().flatten() {
        custom(facts, key, value.as_deref(), read, context, &mut changes);
    }
    changes
}

/// The change of one of the host's own fields.
fn custom<K>(
    facts: &Facts<K>,
    key: &str,
    value: Option<&str>,
    read: &mut Reading<'_>,
    context: &Context<'_>,
    changes: &mut Vec<Change>,
) {
    let (key, new) = match value {
        Some(value) => match read.field(key, value) {
            Some((key, new)) => (key, Some(new)),
            None => return,
        },
        None => match context.policy.field_key(key) {
            Some(key) => (key.clone(), None),
            None => {
                read.fault(format!("fields.{}", shown(key)), "field.unknown", "is no field of the policy");
                return;
            }
        },
    };
    let old = facts.fields.get(&key).cloned();
    let same = match (&old, value) {
        (Some(crate::incident::FieldValue::Text(text)), Some(value)) => text.says(value),
        _ => old == new,
    };
    if !same {
        changes.push(Change::Custom { key, old, new });
    }
}

/// The changes of a move to another category, and the group in whose queue it belongs there.
pub(super) fn categorise(
    incident: &Incident,
    category: Option<&String>,
    apply_defaults: bool,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> (Vec<Change>, Option<GroupRef>) {
    let (facts, policy) = (incident.facts(), context.policy);
    let mut changes = Vec::new();
    let new = category.and_then(|key| read.category("category", key));
    if new.is_some() == category.is_some() && new != facts.category {
        changes.push(Change::Category { old: facts.category.clone(), new: new.clone() });
    }
    let defaults = new.as_ref().and_then(|key| policy.category(key.as_str())).map(|(_, defaults)| defaults);
    let Some(defaults) = defaults.filter(|_| apply_defaults) else {
        return (changes, None);
    };
    if let Some(new) = defaults.impact.clone().filter(|new| *new != facts.impact) {
        changes.push(Change::Impact { old: facts.impact.clone(), new });
    }
    if let Some(new) = defaults.urgency.clone().filter(|new| *new != facts.urgency) {
        changes.push(Change::Urgency { old: facts.urgency.clone(), new });
    }
    let missing: Vec<Label> = defaults.labels.iter().filter(|label| !facts.labels.contains(label)).cloned().collect();
    if !missing.is_empty() {
        let new: Vec<Label> = facts.labels.iter().cloned().chain(missing).collect();
        read.within("labels", new.len(), policy.caps().labels);
        changes.push(Change::Labels { old: facts.labels.clone(), new });
    }
    (changes, defaults.group.clone())
}

/// The change of the priority, if the facts now give another assessment.
pub(super) fn reassess<K: Kind>(record: &K, cause: PriorityCause, context: &Context<'_>) -> Option<PriorityChange> {
    let before = &record.progress().assessment;
    // What was set under another policy is what is called the same in this one; or stands as high, if nothing is.
    let renewed = |priority: &Priority| {
        let (matrix, name, rank) = (context.policy.matrix(), priority.name().as_str(), priority.rank());
        matrix.find(name).or_else(|| matrix.ranked(rank)).unwrap_or_else(|| priority.clone())
    };
    let overridden = before.overridden().map(|set| Override { priority: renewed(&set.priority), ..set.clone() });
    let after = context.policy.assess(record.facts())?.with_override(overridden);
    let after = after.with_floor(before.floor().map(renewed));
    (after != **before).then(|| changed(record, after, cause))
}

/// The computed priority holds again, as when an override has run out.
pub(super) fn expired<K: Kind>(record: &K) -> PriorityChange {
    let after = record.progress().assessment.as_ref().clone().with_override(None);
    changed(record, after, PriorityCause::OverrideExpired)
}

/// The change of the priority when an override is set, or cleared.
pub(super) fn set_override<K: Kind>(
    record: &K,
    input: Option<&OverrideInput>,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Option<PriorityChange> {
    let before = &record.progress().assessment;
    let Some(input) = input else {
        before.overridden()?;
        return Some(changed(record, before.as_ref().clone().with_override(None), PriorityCause::OverrideCleared));
    };
    let priority = context.policy.matrix().find(&input.priority);
    if priority.is_none() {
        let list = context.policy.matrix().priority.list();
        read.fault("priority", "level.unknown", format!("is no priority of the policy; the priorities are {list}"));
    }
    let reason = read.text("reason", &input.reason);
    if input.until.is_some_and(|until| until <= context.occurred_at) {
        read.fault("until", "time.not_future", "must lie after the beginning of the override");
    }
    let set = Override {
        priority: priority?,
        reason: reason?,
        by: context.actor.id().clone(),
        until: input.until,
        policy: input.until.map(|_| context.policy_stamp),
    };
    Some(changed(record, before.as_ref().clone().with_override(Some(set)), PriorityCause::Overridden))
}

fn changed<K: Kind>(record: &K, after: crate::priority::Assessment, cause: PriorityCause) -> PriorityChange {
    PriorityChange { old: record.priority().clone(), new: after.result().clone(), cause, assessment: Arc::new(after) }
}
