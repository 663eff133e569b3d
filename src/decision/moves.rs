//! From a command on an incident to what happens: what the policy has to say before the move.

use super::{Context, Course, blocked, changes, facets, illegal, invalid, links, major, reading::Reading};
use crate::{
    actor::ActorId,
    command::{Cancel, Correct, CorrectTo, IncidentCommand as Command, Report},
    error::{Error, ReopeningOver},
    fault::Faults,
    incident::{
        Assignment, Audience, Cancellation, CancelledAs, ConfirmedBy, CorrectedStage, Correction, Incident,
        IncidentEvent as Event, Left, Merging, Milestone, MilestoneTime, Note, NoteFrom, Reason, Reopening, ReplyRule,
        Resolution, ResumedBy, Stage, Waiver, WakeOn,
    },
    key::{GroupRef, PersonRef, RuleId, StageLabel},
    obligation::{self, ReopeningLimit},
    permission::Permission,
    policy::Policy,
    priority::PriorityCause,
    record::Facet,
    time::{Instant, later},
    verb::IncidentVerb as Verb,
};

/// Decides what a command does to an incident. Permissions and times were judged before.
pub(crate) fn decide(course: Course, command: &Command, context: &Context<'_>) -> Result<Course, Error> {
    let verb = command.verb();
    let incident = &course.record;
    if !incident.legal_verbs().any(|legal| legal == verb) {
        return Err(illegal(verb, incident, context));
    }
    let mut read = Reading::new(context);
    let events = events(incident, command, &mut read, context)?;
    if !read.faults.is_empty() {
        return Err(invalid(read.faults, verb, Some(incident.number())));
    }
    let stamp = context.stamp();
    let takes_away = matches!(command, Command::Edit(_) | Command::Categorise { .. } | Command::Route { .. });
    let before = takes_away.then(|| course.record.clone());
    let mut course = course;
    for event in events {
        course = course.happens(event, verb, context)?;
    }
    keeps_required(before, verb, &course.record, context)?;
    match command {
        Command::Resolve(_) => {
            blocked(course.record.number(), verb, obligation::before_resolution(&course.record, context.policy))?;
        }
        Command::Edit(edit) if edit.weighs() => course = reassessed(course, PriorityCause::Edited, context)?,
        Command::Categorise { .. } => course = reassessed(course, PriorityCause::Categorised, context)?,
        Command::Reissue {} => {
            course = reassessed(course, PriorityCause::Reissued, context)?.reissue_clocks(&stamp, context.cause);
        }
        Command::Reschedule {} => course = course.reschedule_clocks(&stamp, context.cause),
        command => course = major::follows(course, command, context)?,
    }
    major::proposed(course, context)
}

/// Nothing is taken away that had to be there from the report on.
fn keeps_required(before: Option<Incident>, verb: Verb, after: &Incident, context: &Context<'_>) -> Result<(), Error> {
    let Some(before) = before else { return Ok(()) };
    let mut faults = Faults::none();
    for field in obligation::required_by_report(after, context.policy) {
        if field.is_filled(&before) && !field.is_filled(after) {
            faults.push(
                field.to_string(),
                "field.required",
                "cannot be cleared; the policy asks for it from the report on",
            );
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(invalid(faults, verb, Some(after.number()))) }
}

fn reassessed(course: Course, cause: PriorityCause, context: &Context<'_>) -> Result<Course, Error> {
    if context.policy.assess(course.record.facts()).is_none() {
        let mut read = Reading::new(context);
        let (facts, matrix) = (course.record.facts(), context.policy.matrix());
        read.level("impact", facts.impact.as_str(), &matrix.impact);
        read.level("urgency", facts.urgency.as_str(), &matrix.urgency);
        return Err(invalid(read.faults, Verb::Edit, Some(course.record.number())));
    }
    match changes::reassess(&course.record, cause, context) {
        Some(change) => {
            let event = Event::PriorityChanged(change.into());
            course.happens(event, Verb::Edit, context)
        }
        None => Ok(course),
    }
}

/// What happens, before it is known to be legal; empty if nothing changes.
fn events(
    incident: &Incident,
    command: &Command,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Result<Vec<Event>, Error> {
    let at = context.occurred_at;
    Ok(match command {
        Command::Assign(to) => {
            if to.group.is_none() && to.person.is_none() {
                read.fault("group", "value.nothing", "must be named, or else a person");
            }
            let group = read.maybe_key::<GroupRef>("group", to.group.as_ref());
            let person = read.maybe_key::<PersonRef>("person", to.person.as_ref());
            vec![Event::Assigned(Assignment { group, person })]
        }
        Command::Unassign {} => vec![Event::Unassigned],
        Command::Route { group, person } => {
            let present = incident.assignment();
            let to = facets::routed(present, group, person, read);
            let dispatched = match incident {
                Incident::Assigned(_) => true,
                Incident::OnHold(held) => held.stage().left() == Left::Assigned,
                _ => false,
            };
            if to.is_empty() && dispatched {
                read.fault(
                    "group",
                    "value.nothing",
                    "and person cannot both be cleared of what is assigned; unassign it",
                );
            }
            if to == *present { Vec::new() } else { vec![Event::Routed(to)] }
        }
        Command::StartWork {} => start_work(incident, context),
        Command::EnterPhase { phase } => match incident {
            Incident::InProgress(working) if working.stage().phase() == Some(*phase) => Vec::new(),
            _ => vec![Event::PhaseEntered(*phase)],
        },
        Command::Hold(hold) => {
            let hold = read.hold("", hold, at).map(Event::Held);
            let reopened = match incident.stage() {
                Stage::Resolved => {
                    may_reopen(incident, context)?;
                    Some(Event::Reopened(Reopening { reason: None, by_reply: false }))
                }
                _ => None,
            };
            reopened.into_iter().chain(hold).collect()
        }
        Command::ChangeHold(hold) => read.hold("", hold, at).map(Event::HoldChanged).into_iter().collect(),
        Command::Resume {} => vec![Event::Resumed(ResumedBy::Hand)],
        Command::Resolve(resolution) => {
            let resolved = read.resolution("", resolution, incident).map(Event::Resolved);
            resolved.into_iter().collect()
        }

        Command::Confirm { by } => {
            let side = note_from(incident, context);
            let theirs = matches!(
                (side, by),
                (NoteFrom::Desk, _)
                    | (NoteFrom::Caller, ConfirmedBy::Caller)
                    | (NoteFrom::Automation, ConfirmedBy::Monitoring)
            );
            if !theirs && !context.importing && *context.actor.id() != ActorId::System {
                read.fault("by", "confirmation.not_theirs", "names somebody for whom the actor cannot speak");
            }
            vec![Event::Confirmed(*by)]
        }
        Command::Reopen { reason } => {
            may_reopen(incident, context)?;
            let reason = read.maybe_text("reason", reason.as_ref());
            vec![Event::Reopened(Reopening { reason, by_reply: false })]
        }
        Command::Close {} => {
            let (owed, basis) = obligation::before_closure(incident, context.policy, at);
            blocked(incident.number(), Verb::Close, owed)?;
            vec![Event::Closed(basis)]
        }
        Command::Cancel(cancel) => cancelled(incident, cancel, read, context)?,
        Command::UndoMerge { reason } => {
            vec![Event::MergeUndone(Reason { reason: read.maybe_text("reason", reason.as_ref()) })]
        }
        Command::Correct(correct) => {
            match correct.to {
                CorrectTo::Closed(_) => major::may_be_ended(incident, Verb::Correct, "to")?,
                CorrectTo::Cancelled(_) => major::may_be_cancelled(incident, Verb::Correct, "to")?,
                _ => {}
            }
            correction(incident, correct, read, at)
        }
        other => beside_the_stage(incident, other, read, context),
    })
}

/// An end without a resolution; for what is a duplicate already, of another incident.
fn cancelled(
    incident: &Incident,
    cancel: &Cancel,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Result<Vec<Event>, Error> {
    major::may_be_cancelled(incident, Verb::Cancel, "as")?;
    if cancel.cancellation.other() == Some(incident.id()) {
        read.fault("as", "record.itself", "must name another incident");
    }
    let links = usize::from(cancel.cancellation.other().is_some()).saturating_add(incident.facts().links());
    read.within("as", links, context.policy.caps().links);
    let reason = read.maybe_text("reason", cancel.reason.as_ref());
    let (cancellation, brings) = (cancel.cancellation.clone(), context.brings.to_vec());
    Ok(match (incident, &cancellation) {
        // What is a duplicate already can be one of another incident.
        (Incident::Cancelled(known), Cancellation::Duplicate { of }) => {
            let moves = known.stage().merged_into() != Some(*of);
            moves.then_some(Event::MergeMoved(Merging { of: *of, reason, brings })).into_iter().collect()
        }
        (Incident::Cancelled(_), _) => {
            let rule = "must name another incident of which it is a duplicate; to end it otherwise, undo the merge";
            read.fault("as", "cancellation.merged", rule);
            Vec::new()
        }
        _ => vec![Event::Cancelled(CancelledAs { cancellation, reason, brings })],
    })
}

/// What happens beside the stage: to facts, notes, priority, milestones.
fn beside_the_stage(
    incident: &Incident,
    command: &Command,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Vec<Event> {
    let facts = incident.facts();
    let one = |facet: Option<Facet>| facet.map(Event::from).into_iter().collect();
    match command {
        Command::Edit(edit) => {
            let changes = changes::edit(facts, edit, read, context);
            if changes.is_empty() { Vec::new() } else { vec![Event::Edited(changes)] }
        }
        Command::Categorise { category, apply_defaults } => {
            let (changes, group) = changes::categorise(incident, category.as_ref(), *apply_defaults, read, context);
            let routed = group.filter(|group| incident.assignment().group.as_ref() != Some(group));
            let edited = (!changes.is_empty()).then_some(Event::Edited(changes));
            let routed = routed.map(|group| Event::Routed(Assignment { group: Some(group), person: None }));
            edited.into_iter().chain(routed).collect()
        }
        Command::AddNote { audience, text } => note(incident, *audience, text, read, context),
        Command::Watch { person } => one(facets::watch(facts, person, read, context)),
        Command::Unwatch { person } => one(facets::unwatch(facts, person, read)),
        Command::Attach(input) => one(facets::attach(facts, input, read, context)),
        Command::Detach { digest } => one(facets::detach(facts, *digest)),
        Command::LogTime { seconds, note } => one(facets::log_time(*seconds, note.as_ref(), read)),
        Command::OverridePriority(input) => {
            let change = changes::set_override(incident, Some(input), read, context);
            one(change.map(|change| Facet::PriorityChanged(change.into())))
        }
        Command::ClearOverride {} => {
            let change = changes::set_override(incident, None, read, context);
            one(change.map(|change| Facet::PriorityChanged(change.into())))
        }
        Command::SetLabel { label } => set_label(incident, label.as_ref(), read, context),
        Command::RecordMilestone { milestone, at } => {
            let at = read.past("at", *at, context.recorded_at);
            // What clocks count by, or what stands there already, may be recorded and taken back, declared or not.
            let known =
                incident.progress().milestones.at(milestone).is_some() || context.clockwork.awaits(incident, milestone);
            if let Milestone::Own(key) = milestone
                && !known
            {
                read.own_milestone("milestone", key, at.is_some());
            }
            match MilestoneTime::new(milestone.clone(), at) {
                Ok(_) if incident.progress().milestones.at(milestone) == at => Vec::new(),
                Ok(time) => vec![Event::MilestoneRecorded(time)],
                Err(error) => {
                    read.fault("milestone", "milestone.set_by_stage", format!("is wrong: {error}"));
                    Vec::new()
                }
            }
        }
        Command::Reissue {} => reissue(incident, context),
        Command::Redact { texts, reason } => one(Some(facets::redact(texts, reason.as_ref(), read, context))),
        Command::Link { link, reason } => links::link(incident, link, reason.as_ref(), read, context),
        Command::Unlink { link, reason } => links::unlink(incident, link, reason.as_ref(), read),
        Command::Waive { code, field, reason } => waive(incident, code, field.as_ref(), reason, read, context),
        // The moves of the stage are decided above.
        other => major::events(incident, other, read, context),
    }
}

/// What another policy decides otherwise. The priority follows as after an edit.
fn reissue(incident: &Incident, context: &Context<'_>) -> Vec<Event> {
    let Incident::Resolved(resolved) = incident else { return Vec::new() };
    let before = resolved.stage().resolution().closes;
    let after = if incident.is_major() { None } else { major::closes(context) };
    let same = before.map(|closes| closes.policy) == after.map(|closes| closes.policy);
    if same { Vec::new() } else { vec![Event::ClosureReissued(after)] }
}

/// Begins work. A person who takes up what no person has becomes its assignee; in an import everything
/// is as it was.
fn start_work(incident: &Incident, context: &Context<'_>) -> Vec<Event> {
    let assignment = incident.assignment();
    let taken = match context.actor.id() {
        ActorId::Person(person) if assignment.person.is_none() && !context.importing => {
            Some(Event::Routed(Assignment { group: assignment.group.clone(), person: Some(person.clone()) }))
        }
        _ => None,
    };
    taken.into_iter().chain([Event::WorkStarted]).collect()
}

/// A note, and what the caller's reply does: it ends a hold that waits for it, and may reopen.
fn note(
    incident: &Incident,
    audience: Audience,
    text: &str,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Vec<Event> {
    let Some(text) = read.text("text", text) else {
        return Vec::new();
    };
    let from = note_from(incident, context);
    let reply = audience == Audience::Public && from == NoteFrom::Caller;
    let mut follows = None;
    let mut on_resolved = None;
    if reply {
        match incident {
            Incident::OnHold(held) if held.stage().hold().wakes_on.contains(&WakeOn::CallerReply) => {
                follows = Some(Event::Resumed(ResumedBy::CallerReply));
            }
            Incident::Resolved(_) => {
                let rule = context.policy.closure().on_caller_reply;
                let reopens =
                    rule == ReplyRule::Reopen && !incident.is_major() && may_reopen(incident, context).is_ok();
                follows = reopens.then_some(Event::Reopened(Reopening { reason: None, by_reply: true }));
                on_resolved = Some(if rule == ReplyRule::Reopen && !reopens { ReplyRule::Flag } else { rule });
            }
            _ => {}
        }
    }
    [Event::NoteAdded(Note { audience, from, text, on_resolved })].into_iter().chain(follows).collect()
}

/// On which side of the desk the actor writes. Who may read internal notes is of the desk.
fn note_from(incident: &Incident, context: &Context<'_>) -> NoteFrom {
    let actor = context.actor;
    if context.speaks || actor.people().any(|person| incident.is_callers(person)) {
        return NoteFrom::Caller;
    }
    facets::side(incident, context)
}

fn set_label(incident: &Incident, label: Option<&String>, read: &mut Reading<'_>, context: &Context<'_>) -> Vec<Event> {
    let stage = incident.stage();
    let new: Option<StageLabel> = match label {
        None => None,
        Some(label) => match context.policy.label(stage, label) {
            Some(rule) if rule.retired => {
                read.fault("label", "field.retired", "is no longer in use");
                return Vec::new();
            }
            Some(rule) => Some(rule.key.clone()),
            None => {
                read.fault("label", "label.unknown", format!("is no label of the policy beneath {stage}"));
                return Vec::new();
            }
        },
    };
    if new == incident.progress().label { Vec::new() } else { vec![Event::Labelled(new)] }
}

fn waive(
    incident: &Incident,
    code: &str,
    field: Option<&String>,
    reason: &str,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Vec<Event> {
    let (owed, _) = obligation::before_closure(incident, context.policy, context.occurred_at);
    let known = owed.iter().find(|obligation| {
        obligation.code() == code
            && obligation.field().map(ToString::to_string).as_ref() == field
            && obligation.waivable_by().is_some()
    });
    if known.is_none() {
        let open = crate::error::list(owed.iter().map(|obligation| match obligation.field() {
            Some(field) => format!("{} for {field}", obligation.code()),
            None => obligation.code().to_owned(),
        }));
        let rule = if open.is_empty() {
            "names no open obligation; there is none".to_owned()
        } else {
            format!("names no open obligation; open are {open}")
        };
        read.fault("code", "obligation.unknown", rule);
    }
    let reason = read.text("reason", reason);
    let Some((known, reason)) = known.zip(reason) else {
        return Vec::new();
    };
    let field = known.field().map(|field| field.to_string().into());
    vec![Event::ObligationWaived(Waiver { code: known.code().into(), field, reason, by: context.actor.id().clone() })]
}

fn correction(incident: &Incident, correct: &Correct, read: &mut Reading<'_>, at: Instant) -> Vec<Event> {
    let to = match &correct.to {
        CorrectTo::New => Some(CorrectedStage::New),
        CorrectTo::Assigned => Some(CorrectedStage::Assigned),
        CorrectTo::InProgress => Some(CorrectedStage::InProgress { phase: None }),
        CorrectTo::OnHold(hold) => read.hold("to.", hold, at).map(CorrectedStage::OnHold),
        CorrectTo::Resolved(resolution) => read.resolution("to.", resolution, incident).map(CorrectedStage::Resolved),
        CorrectTo::Closed(resolution) => {
            let resolution = read.resolution("to.", resolution, incident);
            resolution.map(|resolution| CorrectedStage::Closed(Resolution { closes: None, ..resolution }))
        }
        CorrectTo::Cancelled(cancellation) => {
            if cancellation.other() == Some(incident.id()) {
                read.fault("to", "record.itself", "must name another incident");
            }
            Some(CorrectedStage::Cancelled(cancellation.clone()))
        }
    };
    let reason = read.text("reason", &correct.reason);
    read.maybe_key::<RuleId>("instead_of", correct.instead_of.as_ref());
    let Some((to, reason)) = to.zip(reason) else {
        return Vec::new();
    };
    vec![Event::Corrected(Box::new(Correction { to, reason, instead_of: correct.instead_of.clone() }))]
}

/// Whether the reopening policy still allows it.
fn may_reopen(incident: &Incident, context: &Context<'_>) -> Result<(), Error> {
    let Some(limit) = reopening_limit(incident, context.policy, context.occurred_at) else {
        return Ok(());
    };
    Err(ReopeningOver { number: incident.number().clone(), limit, successor: successor(incident, context) }.into())
}

/// A report that follows the incident, as this actor can report it under the present policy.
fn successor(incident: &Incident, context: &Context<'_>) -> Report {
    let mut report = Report::following(incident);
    let (policy, actor) = (context.policy, context.actor);
    if report.category.as_ref().is_some_and(|key| policy.category(key).is_none_or(|(_, defaults)| defaults.retired)) {
        report.category = None;
    }
    report.fields.retain(|key, _| policy.field(key).is_some_and(|field| !field.retired));
    let others = Permission::Incident(Verb::ReportFor);
    if !policy.permissions().allows(actor, others, &incident.stake()) {
        report.caller = None;
        report.affected = None;
        report.group = None;
    }
    report
}

/// The limit of the reopening policy that is reached, if one is.
pub(super) fn reopening_limit(incident: &Incident, policy: &Policy, at: Instant) -> Option<ReopeningLimit> {
    let rules = policy.reopening();
    let Incident::Resolved(resolved) = incident else {
        return None;
    };
    let times = incident.progress().reopenings;
    let end = rules.window_seconds.map(|window| later(resolved.stage().resolved_at(), window.span()));
    match (rules.max_times, end) {
        (Some(max), _) if times >= max => Some(ReopeningLimit::Times(times)),
        (_, Some(end)) if at > end => Some(ReopeningLimit::Window(end)),
        _ => None,
    }
}
