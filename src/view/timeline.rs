//! The view of an event: a line of the record's timeline.

use serde::{Deserialize, Serialize};

use super::{ChangeView, VIEW_SCHEMA, key, moment, record::cancellation_key, text, text_of};
use crate::{
    actor::ActorId,
    event::{Body, Event, RecordId},
    id::{Id, Version},
    incident::{
        Assignment, Audience, Cancellation, CancelledAs, ClosureBasis, ConfirmedBy, CorrectedStage, Correction, Hold,
        IncidentEvent as E, MilestoneTime, PriorityChange, Remedy, Resolution, ResumedBy,
    },
    key::PersonRef,
    ledger::{CancelReason, ClockResult, ClockStarted, Entry, PauseReason, text::duration},
    priority::PriorityCause,
    store::Record,
    text::Text,
    time::Instant,
};

/// Something that happened, as a timeline shows it.
///
/// It is told from the event alone. In which stage it found the record, and what an assignment replaced,
/// is not in an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimelineEntry {
    /// The schema of the view; see [`VIEW_SCHEMA`].
    pub schema: u16,
    /// To which record it happened. [`kind`](Self::kind) tells of which kind that is.
    pub record: Id<Record>,
    /// Its place in the record's log, counted from 1. A public timeline has gaps.
    pub sequence: Version,
    /// When it happened.
    pub occurred_at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Who did it, as the host names them; `system` for the library itself.
    pub actor: String,
    /// `person`, `automation` or `system`.
    pub actor_kind: String,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// Who may learn of it: `public` or `internal`.
    pub audience: String,
    /// The kind of event: `incident.held`.
    pub kind: String,
    /// What happened, in one English line. No internal text is in it.
    pub summary: String,
    /// What somebody wrote with it: the description of a report, a note, a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The digest of that text: what a `redact` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_digest: Option<String>,
    /// The fields that it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeView>,
}

impl TimelineEntry {
    /// The entry for those who may read internals.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let record = match event.record {
            RecordId::Incident(id) => Id::from_u128(id.as_u128()),
            RecordId::Problem(id) => Id::from_u128(id.as_u128()),
        };
        let body = &event.body;
        let (words, changes) = match body {
            Body::Incident(event) => (words(event).cloned(), changes(event)),
            Body::Problem(event) => (super::problem::words(event), super::problem::changes(event)),
        };
        Self {
            schema: VIEW_SCHEMA,
            record,
            sequence: event.sequence,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            actor: text(&event.actor),
            actor_kind: match event.actor {
                ActorId::Person(_) => "person",
                ActorId::Automation(_) => "automation",
                ActorId::System => "system",
            }
            .to_owned(),
            on_behalf_of: text_of(event.on_behalf_of.as_ref()),
            audience: key(event.audience()),
            kind: event.body.name().to_owned(),
            summary: summary(&event.actor, event.on_behalf_of.as_ref(), body),
            text: text_of(words.as_ref()),
            text_digest: words.as_ref().map(|words| words.digest().to_string()),
            changes,
        }
    }

    /// The entry for those who may not read internals: of the [withheld](Event::withheld) event; `None`
    /// if the event is not for them at all.
    #[must_use]
    pub fn public(event: &Event) -> Option<Self> {
        (event.audience() == Audience::Public).then(|| Self::of(&event.withheld()))
    }
}

/// What happened, in one line.
pub(crate) fn summary(actor: &ActorId, on_behalf_of: Option<&PersonRef>, event: &Body) -> String {
    let what = match event {
        Body::Incident(event) => what(event),
        Body::Problem(event) => super::problem::what(event),
    };
    match on_behalf_of {
        Some(person) => format!("{actor}, for {person}, {what}"),
        None => format!("{actor} {what}"),
    }
}

/// What was done: what follows the actor's name in a summary.
pub(super) fn what(event: &E) -> String {
    match event {
        E::Reported(reported) => format!("reported it: {}", reported.facts.title),
        E::Assigned(to) => format!("assigned it to {}", whom(to)),
        E::Unassigned => "took the assignment back".to_owned(),
        E::Routed(to) => format!("routed it to {}", whom(to)),
        E::WorkStarted => "started work".to_owned(),
        E::PhaseEntered(phase) => format!("entered the phase {phase}"),
        E::Held(hold) => format!("put it on hold: {}", why(hold)),
        E::HoldChanged(hold) => format!("changed the hold: {}", why(hold)),
        E::Resumed(ResumedBy::Hand) => "ended the hold".to_owned(),
        E::Resumed(ResumedBy::Date) => "ended the hold: its date has come".to_owned(),
        E::Resumed(ResumedBy::CallerReply) => "ended the hold: the caller replied".to_owned(),
        E::Resolved(resolution) => format!("resolved it: {}", how(resolution)),
        E::Confirmed(ConfirmedBy::Caller) => "confirmed the resolution for the caller".to_owned(),
        E::Confirmed(ConfirmedBy::Monitoring) => "confirmed the resolution by monitoring".to_owned(),
        E::Reopened(why) if why.by_reply => "reopened it by a reply".to_owned(),
        E::Reopened(_) => "reopened it".to_owned(),
        E::Closed(basis) => format!("closed it: {}", on(*basis)),
        E::Cancelled(CancelledAs { cancellation, .. }) => match cancellation {
            Cancellation::Duplicate { of } => format!("cancelled it as a duplicate of {of}"),
            Cancellation::NotAnIncident => "cancelled it: it is not an incident".to_owned(),
            Cancellation::ServiceRequest => "cancelled it: it is a service request".to_owned(),
            Cancellation::Withdrawn => "cancelled it: it was withdrawn".to_owned(),
            Cancellation::Superseded { by } => format!("cancelled it as superseded by {by}"),
        },
        E::MajorProposed(proposal) if proposal.criteria.is_empty() => "proposed it as a major incident".to_owned(),
        E::MajorProposed(proposal) => {
            format!("proposed it as a major incident by {}", crate::error::list(&proposal.criteria))
        }
        E::MajorRejected(_) => "rejected it as a major incident".to_owned(),
        E::MajorAccepted(accepted) => match &accepted.floor {
            Some(floor) => format!("accepted it as a major incident led by {}, {floor} at least", accepted.manager),
            None => format!("accepted it as a major incident led by {}", accepted.manager),
        },
        E::MajorHandedOver(manager) => format!("gave the lead of the major incident to {manager}"),
        E::MajorUpdateMissed(missed) => format!("gave no word about the major incident by {}", moment(missed.due)),
        E::MajorStoodDown(_) => "stood the major incident down".to_owned(),
        E::MajorDemoted(_) => "demoted it: it is no major incident".to_owned(),
        E::MajorReviewed(_) => "reviewed the major incident".to_owned(),
        E::MergeMoved(to) => format!("made it a duplicate of {} instead", to.of),
        E::MergeUndone(_) => "undid the merge".to_owned(),
        E::Edited(changes) => {
            let fields: Vec<_> = changes.iter().map(crate::incident::FactChange::field).collect();
            format!("edited {}", fields.join(", "))
        }
        E::PriorityChanged(change) => priority(change),
        E::NoteAdded(note) => match note.audience {
            Audience::Public => "wrote a public note".to_owned(),
            Audience::Internal => "wrote an internal note".to_owned(),
        },
        E::Watched(person) => format!("added the watcher {person}"),
        E::Unwatched(person) => format!("removed the watcher {person}"),
        E::Attached(attachment) => format!("attached {}", attachment.name),
        E::Detached(file) => {
            format!("took off the file {}…", file.to_string().chars().take(12).collect::<String>())
        }
        E::TimeSpent(spent) => format!("spent {}", duration(spent.seconds.get())),
        E::Labelled(Some(label)) => format!("set the label {label}"),
        E::Labelled(None) => "cleared the label".to_owned(),
        E::MilestoneRecorded(time) => match time.at() {
            Some(at) => format!("recorded the milestone {} at {}", time.milestone().as_str(), moment(at)),
            None => format!("cleared the milestone {}", time.milestone().as_str()),
        },
        E::ClosureBlocked(owed) => {
            let owed: Vec<_> = owed
                .iter()
                .map(|owed| match &owed.field {
                    Some(field) => format!("{} for {field}", owed.code),
                    None => owed.code.to_string(),
                })
                .collect();
            format!("did not close it by itself; still owed: {}", owed.join(", "))
        }
        E::ClosureReissued(Some(closes)) => {
            format!("decided anew that it closes by itself after {}", duration(closes.after.get()))
        }
        E::ClosureReissued(None) => "decided anew that it does not close by itself".to_owned(),
        E::Redacted(redaction) => match redaction.texts.len() {
            1 => "erased a text".to_owned(),
            texts => format!("erased {texts} texts"),
        },
        E::Linked(linking) => format!("linked it: {}", linking.link),
        E::Unlinked(linking) => format!("took away the link: {}", linking.link),
        E::Clock(entry) => clock(entry),
        E::ObligationWaived(waiver) => match &waiver.field {
            Some(field) => format!("waived {} for {field}", waiver.code),
            None => format!("waived {}", waiver.code),
        },
        E::Corrected(correction) => {
            let to = corrected_stage(&correction.to);
            match &correction.instead_of {
                Some(code) => format!("set the stage to {to} by hand, instead of {code}"),
                None => format!("set the stage to {to} by hand"),
            }
        }
    }
}

fn whom(to: &Assignment) -> String {
    match (&to.group, &to.person) {
        (Some(group), Some(person)) => format!("{person} of {group}"),
        (Some(group), None) => text(group),
        (None, Some(person)) => text(person),
        (None, None) => "nobody".to_owned(),
    }
}

fn why(hold: &Hold) -> String {
    match hold.until {
        Some(until) => format!("{} until {}", hold.reason, moment(until)),
        None => text(&hold.reason),
    }
}

fn how(resolution: &Resolution) -> String {
    match resolution.remedy {
        Remedy::Fix => text(&resolution.code),
        Remedy::Workaround => format!("{}, by a workaround", resolution.code),
    }
}

const fn on(basis: ClosureBasis) -> &'static str {
    match basis {
        ClosureBasis::Confirmed => "the resolution is confirmed",
        ClosureBasis::QuietTime => "the caller stayed quiet",
        ClosureBasis::NotRequired => "no confirmation is asked for",
        ClosureBasis::Waived => "the confirmation was waived",
        ClosureBasis::Corrected => "by a correction",
    }
}

fn priority(change: &PriorityChange) -> String {
    let cause = match change.cause {
        PriorityCause::Edited => "after an edit",
        PriorityCause::Categorised => "after a change of the category",
        PriorityCause::Overridden => "by an override",
        PriorityCause::OverrideCleared => "by clearing the override",
        PriorityCause::Reissued => "by another policy",
        PriorityCause::OverrideExpired => "as the override expired",
        PriorityCause::MajorAccepted => "as it became a major incident",
        PriorityCause::MajorEnded => "as it is no major incident any more",
    };
    if change.old == change.new {
        format!("assessed the priority anew {cause}: it stays {}", change.new)
    } else {
        format!("changed the priority from {} to {} {cause}", change.old, change.new)
    }
}

/// What happened to a clock.
fn clock(entry: &Entry) -> String {
    let due = |due: Option<Instant>| due.map_or_else(|| "not due yet".to_owned(), |at| format!("due {}", moment(at)));
    let started =
        |by: &ClockStarted| format!("{} by {}, {}", by.terms.target, by.terms.agreement, due(by.schedule.due));
    let clock = format!("the clock {}", entry.metric());
    match entry {
        Entry::Started(by) => format!("started {clock}: {}", started(by)),
        Entry::Replaced(replaced) => format!("started {clock} anew: {}", started(&replaced.by)),
        Entry::Paused(paused) => match &paused.reason {
            PauseReason::Hold(reason) => format!("paused {clock}: {reason}"),
            PauseReason::WithOthers => format!("paused {clock}: another group has it"),
            _ => format!("paused {clock}"),
        },
        Entry::Resumed(resumed) => format!("resumed {clock}, {}", due(resumed.schedule.due)),
        Entry::Warned(_) => format!("warned that {clock} may be missed"),
        Entry::Breached(breached) => format!("found {clock} overdue since {}", moment(breached.due)),
        Entry::Ended(ended) => match (ended.result, ended.late) {
            (ClockResult::Met, _) => format!("ended {clock} in time, after {}", duration(ended.used_seconds)),
            (ClockResult::Missed, Some(late)) => {
                format!("ended {clock} too late, by {}", duration(late.elapsed_seconds))
            }
            (ClockResult::Missed, None) => format!("ended {clock} too late"),
        },
        Entry::Cancelled(cancelled) => match cancelled.why {
            CancelReason::NotPromised => format!("cancelled {clock}: nothing is promised any more"),
            _ => format!("cancelled {clock}"),
        },
        Entry::Revived(revived) => format!("took up {clock} again, {}", due(revived.schedule.due)),
        Entry::Rescheduled(rescheduled) => format!("rescheduled {clock}, {}", due(rescheduled.schedule.due)),
    }
}

/// The stage that a correction leads to, as data names it.
const fn corrected_stage(to: &CorrectedStage) -> &'static str {
    use crate::incident::Stage;
    let stage = match to {
        CorrectedStage::New => Stage::New,
        CorrectedStage::Assigned => Stage::Assigned,
        CorrectedStage::InProgress { .. } => Stage::InProgress,
        CorrectedStage::OnHold(_) => Stage::OnHold,
        CorrectedStage::Resolved(_) => Stage::Resolved,
        CorrectedStage::Closed(_) => Stage::Closed,
        CorrectedStage::Cancelled(_) => Stage::Cancelled,
    };
    stage.key()
}

/// What somebody wrote with it. An override's reason belongs to the event that set it, though later
/// assessments carry it, too.
pub(super) fn words(event: &E) -> Option<&Text> {
    match event {
        E::Reported(reported) => reported.facts.description.as_ref(),
        E::Held(hold) | E::HoldChanged(hold) => hold.note.as_ref(),
        E::Resolved(resolution) => resolution.text.as_ref(),
        E::Reopened(why) => why.reason.as_ref(),
        E::Cancelled(why) => why.reason.as_ref(),
        E::MajorProposed(proposal) => proposal.reason.as_ref(),
        E::MajorAccepted(accepted) => accepted.reason.as_ref(),
        E::MajorReviewed(review) => Some(&review.text),
        E::MergeMoved(to) => to.reason.as_ref(),
        E::MergeUndone(why) | E::MajorRejected(why) | E::MajorStoodDown(why) | E::MajorDemoted(why) => {
            why.reason.as_ref()
        }
        E::PriorityChanged(change) if change.cause == PriorityCause::Overridden => {
            change.assessment.overridden().map(|set| &set.reason)
        }
        E::NoteAdded(note) => Some(&note.text),
        E::TimeSpent(spent) => spent.note.as_ref(),
        E::ObligationWaived(waiver) => Some(&waiver.reason),
        E::Redacted(redaction) => redaction.reason.as_ref(),
        E::Corrected(correction) => Some(&correction.reason),
        E::Linked(linking) | E::Unlinked(linking) => linking.reason.as_ref(),
        E::MajorHandedOver(_)
        | E::MajorUpdateMissed(_)
        | E::Assigned(_)
        | E::Unassigned
        | E::Routed(_)
        | E::WorkStarted
        | E::PhaseEntered(_)
        | E::Resumed(_)
        | E::Confirmed(_)
        | E::Closed(_)
        | E::ClosureBlocked(_)
        | E::ClosureReissued(_)
        | E::Clock(_)
        | E::Edited(_)
        | E::PriorityChanged(_)
        | E::Watched(_)
        | E::Unwatched(_)
        | E::Attached(_)
        | E::Detached(_)
        | E::Labelled(_)
        | E::MilestoneRecorded(_) => None,
    }
}

pub(super) fn changes(event: &E) -> Vec<ChangeView> {
    match event {
        E::Reported(reported) => {
            let files = reported.facts.attachments.iter().map(ChangeView::attached);
            assigned(&reported.assignment).into_iter().chain(files).collect()
        }
        E::Assigned(to) => assigned(to),
        // Routing and taking back say where it is as a whole: what they do not name is empty now.
        E::Routed(to) => {
            vec![ChangeView::to("group", to.group.as_ref()), ChangeView::to("person", to.person.as_ref())]
        }
        E::Unassigned => changes(&E::Routed(Assignment::default())),
        E::PhaseEntered(phase) => vec![ChangeView::to("phase", Some(phase))],
        E::Edited(changes) => changes.iter().map(ChangeView::of).collect(),
        E::PriorityChanged(change) if change.old != change.new => {
            vec![ChangeView::between("priority", &change.old, &change.new)]
        }
        E::Attached(attachment) => vec![ChangeView::attached(attachment)],
        E::Detached(file) => {
            vec![ChangeView { old: Some(text(file)), ..ChangeView::to("attachments", None::<&str>) }]
        }
        E::Labelled(label) => vec![ChangeView::to("label", label.as_ref())],
        E::MilestoneRecorded(time) => vec![milestone(time)],
        E::Corrected(correction) => corrected(correction),
        E::Linked(linking) => vec![ChangeView::to("links", Some(&linking.link))],
        E::Unlinked(linking) => {
            vec![ChangeView { old: Some(text(&linking.link)), ..ChangeView::to("links", None::<&str>) }]
        }
        E::WorkStarted
        | E::Held(_)
        | E::HoldChanged(_)
        | E::Resumed(_)
        | E::Resolved(_)
        | E::Confirmed(_)
        | E::Reopened(_)
        | E::Closed(_)
        | E::ClosureBlocked(_)
        | E::ClosureReissued(_)
        | E::Clock(_)
        | E::Redacted(_)
        | E::Cancelled(_)
        | E::MajorProposed(_)
        | E::MajorRejected(_)
        | E::MajorAccepted(_)
        | E::MajorHandedOver(_)
        | E::MajorUpdateMissed(_)
        | E::MajorStoodDown(_)
        | E::MajorDemoted(_)
        | E::MajorReviewed(_)
        | E::MergeMoved(_)
        | E::MergeUndone(_)
        | E::PriorityChanged(_)
        | E::NoteAdded(_)
        | E::Watched(_)
        | E::Unwatched(_)
        | E::TimeSpent(_)
        | E::ObligationWaived(_) => Vec::new(),
    }
}

/// A dispatch names what it sets. What else it does to group and person depends on who had it before.
pub(super) fn assigned(to: &Assignment) -> Vec<ChangeView> {
    let group = to.group.as_ref().map(|group| ChangeView::to("group", Some(group)));
    let person = to.person.as_ref().map(|person| ChangeView::to("person", Some(person)));
    group.into_iter().chain(person).collect()
}

fn milestone(time: &MilestoneTime) -> ChangeView {
    ChangeView::to(&format!("milestones.{}", time.milestone().as_str()), time.at().map(key))
}

/// The stage, and what came with it: a correction's own text is its reason.
fn corrected(correction: &Correction) -> Vec<ChangeView> {
    let mut changes = vec![ChangeView::to("stage", Some(corrected_stage(&correction.to)))];
    match &correction.to {
        CorrectedStage::InProgress { phase } => changes.extend(phase.map(|phase| ChangeView::to("phase", Some(phase)))),
        CorrectedStage::OnHold(hold) => {
            changes.push(ChangeView::to("hold.reason", Some(&hold.reason)));
            changes.extend(hold.until.map(|until| ChangeView::to("hold.until", Some(key(until)))));
            changes.extend(hold.note.as_ref().map(|note| ChangeView::to_text("hold.note", note)));
        }
        CorrectedStage::Resolved(resolution) | CorrectedStage::Closed(resolution) => {
            changes.push(ChangeView::to("resolution.code", Some(&resolution.code)));
            changes.extend(resolution.text.as_ref().map(|text| ChangeView::to_text("resolution.text", text)));
        }
        CorrectedStage::Cancelled(cancellation) => {
            changes.push(ChangeView::to("cancellation.as", Some(cancellation_key(cancellation))));
            changes.extend(cancellation.other().map(|other| ChangeView::to("cancellation.other", Some(other))));
        }
        CorrectedStage::New | CorrectedStage::Assigned => {}
    }
    changes
}
