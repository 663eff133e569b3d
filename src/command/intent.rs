//! Intents: the commands that ask for the events of a step, so that a step can be committed as they are.
//!
//! A step was made on a record that may have moved on since. So the desk takes its events as a wish:
//! the commands that ask for them are authorised, checked and decided like any others. What the policy,
//! the directory or the actor decides is decided anew: what else ends a hold, on which side a note was
//! written, what a closure rests on, who waived or overrode, whether somebody is a VIP.

use super::{
    AcceptMajor, Assign, AttachmentInput, Cancel, Correct, CorrectTo, Edit, Hold as HoldInput,
    IncidentCommand as Command, Override, Patch, RatedInput, Resolve, report::as_text,
};
use crate::{
    incident::{
        Assignment, Attachment, Cancellation, CorrectedStage, Correction, FactChange as Change, Hold,
        IncidentEvent as Event, Merging, PriorityChange, Rated, Reopening, Resolution, ResumedBy,
    },
    priority::PriorityCause as Cause,
    text::Text,
};

/// The commands that ask for these events, in order: as many as there are events, as a rule.
///
/// # Errors
/// [`NotAsked`] for the first event that no command asks for.
pub(crate) fn intent(events: &[Event]) -> Result<Vec<Command>, NotAsked> {
    let mut commands = Vec::with_capacity(events.len());
    let mut rest = events.iter().enumerate().peekable();
    while let Some((index, event)) = rest.next() {
        // The hold of a resolved incident reopens it. A hold has no room for the reopening's reason, so that
        // one with a reason is asked for by itself.
        let by_hold = matches!(event, Event::Reopened(Reopening { reason: None, by_reply: false }))
            && matches!(rest.peek(), Some((_, Event::Held(_))));
        if !by_hold {
            let asked = asking_for(event).map_err(|why| NotAsked { index, event: event.name(), why })?;
            commands.extend(asked);
        }
    }
    Ok(commands)
}

/// An event of a step that no command asks for. It reads after the event's path: `events[0]` is ….
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is `{event}` {why}")]
pub(crate) struct NotAsked {
    /// Where the event stands in the step.
    pub index: usize,
    /// Its name.
    pub event: &'static str,
    /// Why no command asks for it.
    pub why: NoIntent,
}

/// Why no command asks for an event, and what to do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoIntent {
    /// The beginning of a record.
    #[error("and no step of an incident that exists; make a report with `report`")]
    Report,
    /// A hold that its date ended.
    #[error("by its date, which the library alone brings about; resume it by hand to end the hold now")]
    ByDate,
    /// What a caller's reply leads to.
    #[error("by the caller's reply, which the policy brings about; commit the note alone, or make the move by hand")]
    ByReply,
    /// An assessment that follows from the facts.
    #[error("because facts changed, which the policy brings about; commit the change of facts alone")]
    ByFacts,
    /// An override that ran out.
    #[error("because an override expired, which the library alone brings about; clear the override to end it now")]
    ByExpiry,
    /// The floor of a major incident's priority.
    #[error("by the floor of a major incident, which comes with its acceptance; accept it, stand it down or demote it")]
    ByMajor,
    /// An override that was set and is not there, or was cleared and is.
    #[error("with a cause that its assessment belies; set an override in the assessment, or clear it there")]
    OverrideUnclear,
    /// A VIP without the person.
    #[error("with a change of `vip`, which the directory decides; change the affected person")]
    Vip,
    /// A phase that a correction sets.
    #[error("to a phase, which a correction cannot ask for; correct to in progress, then enter the phase")]
    CorrectedPhase,
    /// What another policy decides anew.
    #[error("by another policy, which decides it by itself; reissue it to have everything decided anew")]
    ByPolicy,
    /// What happens to a clock.
    #[error("of a clock, which follows from the agreements of the policy; commit the move alone")]
    Clock,
    /// A closure that something kept from falling due.
    #[error("by the quiet time, which the library alone brings about; close it by hand to end it now")]
    ByQuietTime,
    /// A text that is no longer known.
    #[error("with an erased text, which cannot be asked for; write the text anew")]
    Erased,
}

/// The commands that ask for this event; more than one for an edit that is also a move to another category.
fn asking_for(event: &Event) -> Result<Vec<Command>, NoIntent> {
    let command = match event {
        Event::Reported(_) => return Err(NoIntent::Report),
        Event::Assigned(Assignment { group, person }) => {
            Command::Assign(Assign { group: typed(group.as_ref()), person: typed(person.as_ref()) })
        }
        Event::Unassigned => Command::Unassign {},
        // What is not with anybody after it is cleared: the event holds the whole assignment.
        Event::Routed(Assignment { group, person }) => {
            Command::Route { group: patch(group.as_ref()), person: patch(person.as_ref()) }
        }
        Event::WorkStarted => Command::StartWork {},
        Event::PhaseEntered(phase) => Command::EnterPhase { phase: *phase },
        Event::Held(hold) => Command::Hold(hold_input(hold)?),
        Event::HoldChanged(hold) => Command::ChangeHold(hold_input(hold)?),
        Event::Resumed(ResumedBy::Hand) => Command::Resume {},
        Event::Resumed(ResumedBy::Date) | Event::MajorUpdateMissed(_) => return Err(NoIntent::ByDate),
        Event::Resumed(ResumedBy::CallerReply) | Event::Reopened(Reopening { by_reply: true, .. }) => {
            return Err(NoIntent::ByReply);
        }
        Event::Resolved(resolution) => Command::Resolve(resolve(resolution)?),
        Event::Confirmed(by) => Command::Confirm { by: *by },
        Event::Reopened(Reopening { reason, by_reply: false }) => {
            Command::Reopen { reason: maybe_said(reason.as_ref())? }
        }
        Event::ClosureBlocked(_) => return Err(NoIntent::ByQuietTime),
        Event::ClosureReissued(_) => return Err(NoIntent::ByPolicy),
        Event::Clock(_) => return Err(NoIntent::Clock),
        Event::Redacted(redaction) => {
            Command::Redact { texts: redaction.texts.clone(), reason: maybe_said(redaction.reason.as_ref())? }
        }
        Event::Closed(_) => Command::Close {},
        Event::Cancelled(why) => {
            Command::Cancel(Cancel { cancellation: why.cancellation.clone(), reason: maybe_said(why.reason.as_ref())? })
        }
        Event::MergeMoved(Merging { of, reason, .. }) => {
            let cancellation = Cancellation::Duplicate { of: *of };
            Command::Cancel(Cancel { cancellation, reason: maybe_said(reason.as_ref())? })
        }
        Event::MergeUndone(why) => Command::UndoMerge { reason: maybe_said(why.reason.as_ref())? },
        Event::Edited(changes) => return edit(changes),
        Event::PriorityChanged(change) => override_of(change)?,
        Event::NoteAdded(note) => Command::AddNote { audience: note.audience, text: said(note.text.as_str())? },
        Event::Watched(person) => Command::Watch { person: person.to_string() },
        Event::Unwatched(person) => Command::Unwatch { person: person.to_string() },
        Event::Attached(Attachment { name, media_type, size, digest }) => Command::Attach(AttachmentInput {
            name: said(name.as_str())?,
            media_type: media_type.to_string(),
            size: *size,
            digest: *digest,
        }),
        Event::Detached(digest) => Command::Detach { digest: *digest },
        Event::TimeSpent(spent) => {
            Command::LogTime { seconds: spent.seconds.get(), note: maybe_said(spent.note.as_ref())? }
        }
        Event::Labelled(label) => Command::SetLabel { label: typed(label.as_ref()) },
        Event::MilestoneRecorded(time) => {
            Command::RecordMilestone { milestone: time.milestone().clone(), at: time.at() }
        }
        Event::ObligationWaived(waiver) => Command::Waive {
            code: waiver.code.to_string(),
            field: typed(waiver.field.as_ref()),
            reason: said(waiver.reason.as_str())?,
        },
        Event::MajorProposed(proposal) if !proposal.criteria.is_empty() => return Err(NoIntent::ByFacts),
        Event::MajorProposed(proposal) => Command::ProposeMajor { reason: maybe_said(proposal.reason.as_ref())? },
        Event::MajorRejected(why) => Command::RejectMajor { reason: maybe_said(why.reason.as_ref())? },
        Event::MajorAccepted(accepted) => Command::AcceptMajor(AcceptMajor {
            manager: Some(accepted.manager.to_string()),
            floor: accepted.floor.as_ref().map(|floor| floor.name().to_string()),
            reason: maybe_said(accepted.reason.as_ref())?,
        }),
        Event::MajorHandedOver(manager) => Command::HandOverMajor { manager: manager.to_string() },
        Event::MajorStoodDown(why) => Command::StandDownMajor { reason: maybe_said(why.reason.as_ref())? },
        Event::MajorDemoted(why) => {
            Command::DemoteMajor { reason: said(why.reason.as_ref().and_then(|reason| reason.as_str()))? }
        }
        Event::MajorReviewed(review) => Command::ReviewMajor { text: said(review.text.as_str())? },
        Event::Linked(linking) => {
            Command::Link { link: linking.link.clone(), reason: maybe_said(linking.reason.as_ref())? }
        }
        Event::Unlinked(linking) => {
            Command::Unlink { link: linking.link.clone(), reason: maybe_said(linking.reason.as_ref())? }
        }
        Event::Corrected(correction) => Command::Correct(correct(correction)?),
    };
    Ok(vec![command])
}

/// An edit, and before it the move to another category: what a category asks for is judged by the new one.
fn edit(changes: &[Change]) -> Result<Vec<Command>, NoIntent> {
    let mut edit = Edit::new();
    let mut moved = None;
    for change in changes {
        match change {
            Change::Title { new, .. } => edit.title = Patch::Set(said(new.as_str())?),
            Change::Description { new, .. } => {
                edit.description = maybe_said(new.as_ref())?.map_or(Patch::Clear, Patch::Set);
            }
            Change::Category { new, .. } => moved = Some(typed(new.as_ref())),
            Change::Impact { new, .. } => edit.impact = patch(Some(new)),
            Change::Urgency { new, .. } => edit.urgency = patch(Some(new)),
            Change::Caller { new, .. } => edit.caller = patch(new.as_ref()),
            Change::Affected { new, .. } => edit.affected = patch(new.as_ref()),
            // It is looked up when another person is affected, and at no other time.
            Change::Vip { .. } if changes.iter().any(|other| matches!(other, Change::Affected { .. })) => {}
            Change::Vip { .. } => return Err(NoIntent::Vip),
            Change::PeopleAffected { new, .. } => edit.people_affected = new.map_or(Patch::Clear, Patch::Set),
            Change::Organisation { new, .. } => edit.organisation = patch(new.as_ref()),
            Change::Site { new, .. } => edit.site = patch(new.as_ref()),
            Change::Channel { new, .. } => edit.channel = patch(new.as_ref()),
            Change::Services { new, .. } => edit.services = rated(new),
            Change::Offering { new, .. } => {
                edit.offering = new.as_ref().map_or(Patch::Clear, |new| Patch::Set(new.into()));
            }
            Change::Items { new, .. } => edit.items = rated(new),
            Change::Labels { new, .. } => edit.labels = Patch::Set(new.iter().map(ToString::to_string).collect()),
            Change::References { new, .. } => edit.references = Patch::Set(new.clone()),
            Change::Confidential { new, .. } => edit.confidential = Patch::Set(*new),
            Change::Custom { key, new, .. } => {
                let new = new.as_ref().map(|value| as_text(value).ok_or(NoIntent::Erased)).transpose()?;
                edit.fields.insert(key.to_string(), new);
            }
        }
    }
    let moved = moved.map(|category| Command::Categorise { category, apply_defaults: false });
    // An edit of nothing is asked for, too, and then changes nothing.
    let edited = moved.is_none() || edit != Edit::new();
    Ok(moved.into_iter().chain(edited.then(|| Command::Edit(Box::new(edit)))).collect())
}

/// The override that was set or cleared: people ask for no other assessment.
fn override_of(change: &PriorityChange) -> Result<Command, NoIntent> {
    match (change.cause, change.assessment.overridden()) {
        (Cause::Overridden, Some(set)) => Ok(Command::OverridePriority(Override {
            priority: set.priority.to_string(),
            reason: said(set.reason.as_str())?,
            until: set.until,
        })),
        (Cause::OverrideCleared, None) => Ok(Command::ClearOverride {}),
        (Cause::Overridden, None) | (Cause::OverrideCleared, Some(_)) => Err(NoIntent::OverrideUnclear),
        (Cause::Edited | Cause::Categorised, _) => Err(NoIntent::ByFacts),
        (Cause::Reissued, _) => Err(NoIntent::ByPolicy),
        (Cause::OverrideExpired, _) => Err(NoIntent::ByExpiry),
        (Cause::MajorAccepted | Cause::MajorEnded, _) => Err(NoIntent::ByMajor),
    }
}

fn correct(correction: &Correction) -> Result<Correct, NoIntent> {
    let to = match &correction.to {
        CorrectedStage::New => CorrectTo::New,
        CorrectedStage::Assigned => CorrectTo::Assigned,
        CorrectedStage::InProgress { phase: None } => CorrectTo::InProgress,
        CorrectedStage::InProgress { phase: Some(_) } => return Err(NoIntent::CorrectedPhase),
        CorrectedStage::OnHold(hold) => CorrectTo::OnHold(hold_input(hold)?),
        CorrectedStage::Resolved(resolution) => CorrectTo::Resolved(resolve(resolution)?),
        CorrectedStage::Closed(resolution) => CorrectTo::Closed(resolve(resolution)?),
        CorrectedStage::Cancelled(cancellation) => CorrectTo::Cancelled(cancellation.clone()),
    };
    Ok(Correct { to, reason: said(correction.reason.as_str())?, instead_of: correction.instead_of.clone() })
}

fn hold_input(hold: &Hold) -> Result<HoldInput, NoIntent> {
    Ok(HoldInput { reason: hold.reason.to_string(), until: hold.until, note: maybe_said(hold.note.as_ref())? })
}

fn resolve(resolution: &Resolution) -> Result<Resolve, NoIntent> {
    Ok(Resolve {
        code: resolution.code.to_string(),
        text: maybe_said(resolution.text.as_ref())?,
        remedy: resolution.remedy,
        along_with: resolution.along_with,
    })
}

/// What a slot says.
fn said(text: Option<&str>) -> Result<String, NoIntent> {
    text.map(str::to_owned).ok_or(NoIntent::Erased)
}

/// What a slot says, where there may be none.
fn maybe_said(text: Option<&Text>) -> Result<Option<String>, NoIntent> {
    text.map(|text| said(text.as_str())).transpose()
}

/// A key as somebody would type it.
fn typed(key: Option<&impl ToString>) -> Option<String> {
    key.map(ToString::to_string)
}

fn patch(new: Option<&impl ToString>) -> Patch<String> {
    typed(new).map_or(Patch::Clear, Patch::Set)
}

fn rated<K: ToString>(new: &[Rated<K>]) -> Patch<Vec<RatedInput>> {
    Patch::Set(new.iter().map(RatedInput::from).collect())
}

#[cfg(test)]
mod tests;
