//! The view of a record: everything about an incident that a page about it shows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{MajorView, VIEW_SCHEMA, key, text, text_of, texts};
use crate::{
    id::{Id, Number, Version},
    incident::{
        Attachment, Cancellation, Cancelled, ExternalReference, FieldValue, Former, Incident, OnHold, Progress, Rated,
        Resolution, Waiver,
    },
    link::Link,
    priority::Assessment,
    time::Instant,
};

/// A record as a front-end shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecordView {
    /// The schema of the view; see [`VIEW_SCHEMA`].
    pub schema: u16,
    /// Its id.
    pub id: Id<Incident>,
    /// Its number, as people say it.
    pub number: Number,
    /// Its version: say it with a command, and nothing is overwritten that was not seen.
    pub version: Version,
    /// What is wrong, in a line.
    pub title: String,
    /// The digest of the title: what a `redact` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_digest: Option<String>,
    /// What is wrong, at length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The digest of the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_digest: Option<String>,
    /// The stage: `new`, `assigned`, `in_progress`, `on_hold`, `resolved`, `closed` or `cancelled`.
    pub stage: String,
    /// When the stage was entered.
    pub stage_since: Instant,
    /// The host's own status beneath the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What the work is at, while it is in progress: `investigating`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The priority that holds.
    pub priority: PriorityView,
    /// How far it reaches, on the policy's scale.
    pub impact: String,
    /// How soon it matters, on the policy's scale.
    pub urgency: String,
    /// The category's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The group that it is with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The person whom it is with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Who reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Who cannot work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected: Option<String>,
    /// Whether the affected person was a VIP when it was looked up.
    pub vip: bool,
    /// How many people are affected, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_affected: Option<u32>,
    /// Who logged it: a person, an automation, or `system`.
    pub opened_by: String,
    /// The organisation that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// How it reached the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The services that suffer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<RatedView>,
    /// The offering under which it is handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offering: Option<RatedView>,
    /// The configuration items concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<RatedView>,
    /// Labels, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Who wants to hear of it. Not in the public view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watchers: Vec<String>,
    /// References to files that the host keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentView>,
    /// What it is called in other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceView>,
    /// The incident that it follows, because that one could not be reopened any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Id<Incident>>,
    /// What it has to do with problems, other incidents and changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkView>,
    /// Where it stands as a major incident, if that was ever in question. In the public view, only if it is or was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub major: Option<MajorView>,
    /// Whether only those who have to do with it may see it.
    pub confidential: bool,
    /// The host's own fields by their keys. Numbers and dates are written as text: `12.50`,
    /// `2026-03-27`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The digests of those of them that are texts, by their keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub field_digests: BTreeMap<String, String>,
    /// The hold, while it is on hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldView>,
    /// The resolution, while it is resolved or closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<ResolutionView>,
    /// The cancellation, while it is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<CancellationView>,
    /// The obligations that were waived. Not in the public view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverView>,
    /// When each milestone was reached that was: `reported`, `responded`, `resolved`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub milestones: BTreeMap<String, Instant>,
    /// How often and how long.
    pub counters: CountersView,
    /// When its last event was recorded.
    pub updated_at: Instant,
}

/// A priority and how it came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PriorityView {
    /// 1 for the highest priority of the policy, 2 for the next, …
    pub rank: u8,
    /// The policy's name: `P1`, `3 - Moderate`, …
    pub name: String,
    /// How it came about, in an English sentence.
    pub explanation: String,
    /// Whether it was set by hand.
    pub overridden: bool,
    /// When what was set by hand ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// Something in the host's world that the incident concerns: a service, an offering, an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RatedView {
    /// The host's key.
    pub key: String,
    /// How critical it was, on the policy's scale, when it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criticality: Option<String>,
}

/// A reference to a file that the host keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttachmentView {
    /// The file's name.
    pub name: String,
    /// The digest of that name: what a `redact` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_digest: Option<String>,
    /// What kind of file it is: `image/png`.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content in hexadecimal digits, by which the host finds it.
    pub digest: String,
}

/// What the incident is called in another system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReferenceView {
    /// The other system.
    pub system: String,
    /// The key there.
    pub key: String,
}

/// What an incident has to do with something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkView {
    /// What: `caused_by`, `related`, `caused_by_change` or `resolved_by_change`.
    pub kind: String,
    /// With what: the id of a record, or the host's key of a change.
    pub to: String,
}

/// A hold: why, since when, and what ends it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HoldView {
    /// Why: `awaiting_caller`, …, or the host's own key.
    pub reason: String,
    /// Since when it waits for this reason.
    pub since: Instant,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// What else ends it: `caller_reply`, `problem_resolved`, `change_done`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wakes_on: Vec<String>,
    /// What is waited for, in words. Internal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How an incident was resolved, and what has come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResolutionView {
    /// The policy's code.
    pub code: String,
    /// `fix` or `workaround`.
    pub remedy: String,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
    /// When it was confirmed that the resolution holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Instant>,
    /// Who confirmed it, `caller` or `monitoring`, while it is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// When it closes by itself, unless something happens before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Instant>,
    /// Whether, while it is resolved, the caller has replied and the desk has not answered.
    pub caller_replied: bool,
    /// What the closure rests on, once it is closed: `confirmed`, `quiet_time`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_as: Option<String>,
}

/// Why an incident ended without a resolution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CancellationView {
    /// As what: `duplicate`, `not_an_incident`, `service_request`, `withdrawn` or `superseded`.
    #[serde(rename = "as")]
    pub kind: String,
    /// The incident that goes on in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Id<Incident>>,
    /// When it was cancelled.
    pub cancelled_at: Instant,
    /// The stage that it was in, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_stage: Option<String>,
    /// Whether it is a merge that can be undone.
    pub undoable: bool,
}

/// An obligation that was waived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaiverView {
    /// The obligation's code.
    pub code: String,
    /// The field that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why. Internal.
    pub reason: String,
    /// Who waived it.
    pub by: String,
}

/// How often and how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CountersView {
    /// How often it was reopened.
    pub reopenings: u32,
    /// How often it went from one group to another.
    pub group_hops: u32,
    /// How often it went from one person to another.
    pub person_hops: u32,
    /// How many hold intervals there have been.
    pub holds: u32,
    /// The seconds spent in hold intervals that have ended.
    pub on_hold_seconds: u64,
    /// How many public notes there are.
    pub public_notes: u32,
    /// How many internal notes there are. Not in the public view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_notes: Option<u32>,
    /// The seconds that people recorded as spent. Not in the public view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_spent_seconds: Option<u64>,
    /// How often the stage was set by hand. Not in the public view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrections: Option<u32>,
}

impl RecordView {
    /// The view for those who may read internals.
    #[must_use]
    pub fn of(incident: &Incident, version: Version) -> Self {
        let (facts, progress, assignment) = (incident.facts(), incident.progress(), incident.assignment());
        let phase = match incident {
            Incident::InProgress(working) => working.stage().phase(),
            _ => None,
        };
        let cancellation = match incident {
            Incident::Cancelled(cancelled) => Some(CancellationView::of(cancelled.stage())),
            _ => None,
        };
        Self {
            schema: VIEW_SCHEMA,
            id: facts.id,
            number: facts.number.clone(),
            version,
            title: text(&facts.title),
            title_digest: Some(facts.title.digest().to_string()),
            description: text_of(facts.description.as_ref()),
            description_digest: facts.description.as_ref().map(|written| text(written.digest())),
            stage: incident.stage().key().to_owned(),
            stage_since: progress.stage_since,
            label: text_of(progress.label.as_ref()),
            phase: text_of(phase.as_ref()),
            priority: PriorityView::of(&progress.assessment),
            impact: text(&facts.impact),
            urgency: text(&facts.urgency),
            category: text_of(facts.category.as_ref()),
            group: text_of(assignment.group.as_ref()),
            person: text_of(assignment.person.as_ref()),
            caller: text_of(facts.caller.as_ref()),
            affected: text_of(facts.affected.as_ref()),
            vip: facts.vip,
            people_affected: facts.people_affected,
            opened_by: text(&facts.opened_by),
            organisation: text_of(facts.organisation.as_ref()),
            site: text_of(facts.site.as_ref()),
            channel: text_of(facts.channel.as_ref()),
            services: facts.services.iter().map(RatedView::of).collect(),
            offering: facts.offering.as_ref().map(RatedView::of),
            items: facts.items.iter().map(RatedView::of).collect(),
            labels: texts(&facts.labels),
            watchers: texts(&facts.watchers),
            attachments: facts.attachments.iter().map(AttachmentView::of).collect(),
            references: facts.references.iter().map(ReferenceView::of).collect(),
            follows: facts.follows,
            links: incident.links().iter().map(LinkView::of).collect(),
            major: incident.major().map(MajorView::of),
            confidential: facts.confidential,
            fields: facts.fields.iter().map(|(key, value)| (text(key), field_text(value))).collect(),
            field_digests: facts
                .fields
                .iter()
                .filter_map(|(key, value)| Some((text(key), field_digest(value)?)))
                .collect(),
            hold: incident.hold().map(HoldView::of),
            resolution: incident.resolution().map(|resolution| ResolutionView::of(incident, resolution)),
            cancellation,
            waivers: progress.waivers.iter().map(WaiverView::of).collect(),
            milestones: progress.milestones.reached().map(|(name, at)| (name.to_owned(), at)).collect(),
            counters: CountersView::of(progress),
            updated_at: progress.recorded_at,
        }
    }

    /// The view for those who may not read internals: of the [withheld](Incident::withheld) incident, and
    /// without what internal events add up to: waivers, internal notes, time spent; nor does it count
    /// corrections.
    #[must_use]
    pub fn public(incident: &Incident, version: Version) -> Self {
        let view = if incident.has_internals() {
            Self::of(&incident.withheld(), version)
        } else {
            Self::of(incident, version)
        };
        let counters =
            CountersView { internal_notes: None, time_spent_seconds: None, corrections: None, ..view.counters };
        Self { waivers: Vec::new(), counters, ..view }
    }
}

impl PriorityView {
    pub(super) fn of(assessment: &Assessment) -> Self {
        let (result, overridden) = (assessment.result(), assessment.overridden());
        Self {
            rank: result.rank(),
            name: text(result),
            explanation: text(assessment),
            overridden: overridden.is_some(),
            until: overridden.and_then(|set| set.until),
        }
    }
}

impl RatedView {
    pub(super) fn of<K: std::fmt::Display>(rated: &Rated<K>) -> Self {
        Self { key: text(&rated.key), criticality: text_of(rated.criticality.as_ref()) }
    }
}

impl AttachmentView {
    pub(super) fn of(attachment: &Attachment) -> Self {
        Self {
            name: text(&attachment.name),
            name_digest: Some(text(attachment.name.digest())),
            media_type: text(&attachment.media_type),
            size: attachment.size,
            digest: text(attachment.digest),
        }
    }
}

impl ReferenceView {
    pub(super) fn of(reference: &ExternalReference) -> Self {
        Self { system: text(&reference.system), key: text(&reference.key) }
    }
}

impl LinkView {
    fn of(link: &Link) -> Self {
        let to = match link {
            Link::CausedBy(problem) => text(problem),
            Link::ChildOf(incident) | Link::Related(incident) => text(incident),
            Link::CausedByChange(change) | Link::ResolvedByChange(change) => text(change),
        };
        Self { kind: link.key().to_owned(), to }
    }
}

impl HoldView {
    fn of(stage: &OnHold) -> Self {
        let hold = stage.hold();
        Self {
            reason: text(&hold.reason),
            since: stage.since(),
            until: hold.until,
            wakes_on: hold.wakes_on.iter().map(key).collect(),
            note: text_of(hold.note.as_ref()),
        }
    }
}

impl ResolutionView {
    fn of(incident: &Incident, resolution: &Resolution) -> Self {
        let milestones = &incident.progress().milestones;
        let view = Self {
            code: text(&resolution.code),
            remedy: key(resolution.remedy),
            text: text_of(resolution.text.as_ref()),
            resolved_at: milestones.resolved,
            confirmed_at: milestones.confirmed,
            confirmed_by: None,
            closes_at: None,
            caller_replied: false,
            closed_as: None,
        };
        match incident {
            Incident::Resolved(resolved) => Self {
                confirmed_by: resolved.stage().confirmation().map(|confirmation| key(confirmation.by)),
                closes_at: resolved.stage().closes_at().filter(|_| !resolved.stage().is_closure_blocked()),
                caller_replied: resolved.stage().caller_replied(),
                ..view
            },
            Incident::Closed(closed) => Self { closed_as: Some(key(closed.stage().basis())), ..view },
            _ => view,
        }
    }
}

impl CancellationView {
    fn of(cancelled: &Cancelled) -> Self {
        let former = match cancelled.former() {
            Former::New => Some("new"),
            Former::Assigned => Some("assigned"),
            Former::InProgress(_) => Some("in_progress"),
            Former::OnHold(_) => Some("on_hold"),
            Former::Other => None,
        };
        Self {
            kind: cancellation_key(cancelled.cancellation()).to_owned(),
            other: cancelled.cancellation().other(),
            cancelled_at: cancelled.cancelled_at(),
            former_stage: former.map(ToOwned::to_owned),
            undoable: cancelled.is_undoable(),
        }
    }
}

impl WaiverView {
    fn of(waiver: &Waiver) -> Self {
        Self {
            code: text(&waiver.code),
            field: text_of(waiver.field.as_ref()),
            reason: text(&waiver.reason),
            by: text(&waiver.by),
        }
    }
}

impl CountersView {
    pub(super) fn of(progress: &Progress) -> Self {
        Self {
            reopenings: progress.reopenings,
            group_hops: progress.group_hops,
            person_hops: progress.person_hops,
            holds: progress.holds,
            on_hold_seconds: progress.on_hold_seconds,
            public_notes: progress.public_notes,
            internal_notes: Some(progress.internal_notes),
            time_spent_seconds: Some(progress.time_spent_seconds),
            corrections: Some(progress.corrections),
        }
    }
}

/// What a cancellation is called, without the incident that it may name.
pub(super) const fn cancellation_key(cancellation: &Cancellation) -> &'static str {
    match cancellation {
        Cancellation::Duplicate { .. } => "duplicate",
        Cancellation::NotAnIncident => "not_an_incident",
        Cancellation::ServiceRequest => "service_request",
        Cancellation::Withdrawn => "withdrawn",
        Cancellation::Superseded { .. } => "superseded",
    }
}

/// The value of one of the host's own fields, as text.
pub(super) fn field_text(value: &FieldValue) -> String {
    match value {
        FieldValue::Text(value) => text(value),
        FieldValue::Number(value) => text(value),
        FieldValue::Choice(value) => text(value),
        FieldValue::Date(value) => text(value),
        FieldValue::Reference(value) => text(value),
    }
}

/// The digest of the value of one of the host's own fields, if it is a text.
pub(super) fn field_digest(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::Text(written) => Some(text(written.digest())),
        FieldValue::Number(_) | FieldValue::Choice(_) | FieldValue::Date(_) | FieldValue::Reference(_) => None,
    }
}
