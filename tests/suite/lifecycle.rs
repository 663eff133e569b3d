//! The lifecycle of an incident: which move leads where, and what each move does to the record.

use std::collections::BTreeSet;

use crate::common::typed::*;
use andon::{
    Incident,
    digest::Digest,
    incident::{
        Assigned, Attachment, Audience, Cancellation, CancelledAs, Closed, ClosureBasis, ConfirmedBy, CorrectedStage,
        FactChange, InProgress, IncidentEvent, Milestone, MilestoneTime, New, NoteFrom, OnHold, OpenObligation, Phase,
        PriorityChange, Reason, Redaction, Resolved, ResumedBy, TimeSpent, Waiver,
    },
    key::{MediaType, PersonRef, StageLabel},
    lifecycle::{In, Lifecycle, StageOf, Staged, Stamp, Step},
    priority::PriorityCause,
    text::Title,
};

/// Which move leads where. A letter is the stage after the move; several letters are several
/// possibilities; a dash is no such move.
const GRID: &str = "
                      New  Assigned  InProgress  OnHold  Resolved  Closed   Cancelled
  assign              A    A         A           A       -         -        -
  unassign            -    N         N           -       -         -        -
  route               N    A         P           H       R         -        -
  start_work          P    P         -           P       -         -        -
  enter_phase         -    -         P           -       -         -        -
  hold                H    H         H           -       H         -        -
  change_hold         -    -         -           H       -         -        -
  resume              -    -         -           NAP     -         -        -
  resolve             R    R         R           R       -         -        -
  confirm             -    -         -           -       R         -        -
  reopen              -    -         -           -       P         -        -
  close               -    -         -           -       C         -        -
  cancel              X    X         X           X       -         -        X
  undo_merge          -    -         -           -       -         -        NAPH
  edit                N    A         P           H       R         -        -
  categorise          N    A         P           H       R         -        -
  add_note            N    A         P           H       R         -        -
  add_internal_note   N    A         P           H       R         C        X
  watch               N    A         P           H       R         C        X
  attach              N    A         P           H       R         -        -
  log_time            N    A         P           H       R         C        X
  override_priority   N    A         P           H       R         -        -
  set_label           N    A         P           H       R         -        -
  record_milestone    N    A         P           H       R         C        X
  link                N    A         P           H       R         C        X
  propose_major       N    A         P           H       R         -        -
  judge_major         N    A         P           H       R         -        -
  manage_major        N    A         P           H       R         -        -
  review_major        N    A         P           H       R         C        X
  waive               N    A         P           H       R         -        -
  reissue             N    A         P           H       R         -        -
  reschedule          N    A         P           H       R         -        -
  redact              N    A         P           H       R         C        X
  correct             NAPHRCX NAPHRCX NAPHRCX    NAPHRCX NAPHRCX   NAPHRCX  NAPHRCX
";

fn expected() -> BTreeSet<(String, String, String)> {
    let stage = |letter| {
        let letters = [
            ('N', "New"),
            ('A', "Assigned"),
            ('P', "InProgress"),
            ('H', "OnHold"),
            ('R', "Resolved"),
            ('C', "Closed"),
            ('X', "Cancelled"),
        ];
        letters.into_iter().find(|(known, _)| *known == letter).unwrap().1.to_owned()
    };
    let mut lines = GRID.lines().filter(|line| !line.trim().is_empty());
    let from: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let mut moves = BTreeSet::new();
    for line in lines {
        let mut cells = line.split_whitespace();
        let verb = cells.next().unwrap();
        let cells: Vec<&str> = cells.collect();
        assert_eq!(cells.len(), 7, "{line}");
        for (from, to) in from.iter().zip(cells) {
            moves.extend(to.chars().filter(|to| *to != '-').map(|to| ((*from).to_owned(), verb.to_owned(), stage(to))));
        }
    }
    moves
}

#[test]
fn every_stage_has_exactly_the_moves_of_the_grid() {
    let described: BTreeSet<_> = Lifecycle::describe::<Incident>()
        .transitions()
        .iter()
        .map(|known| (known.from.to_owned(), known.verb.to_owned(), known.to.to_owned()))
        .collect();
    let expected = expected();
    let missing: Vec<_> = expected.difference(&described).collect();
    let surplus: Vec<_> = described.difference(&expected).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "not described: {missing:?}; not in the grid: {surplus:?}");
}

#[test]
fn an_incident_begins_new_and_ends_closed_or_cancelled() {
    let lifecycle = Lifecycle::describe::<Incident>();
    assert_eq!(lifecycle.initial(), "New");
    assert_eq!(lifecycle.finals(), ["Closed", "Cancelled"]);
    assert_eq!(lifecycle.stages(), ["New", "Assigned", "InProgress", "OnHold", "Resolved", "Closed", "Cancelled"]);
}

#[test]
fn the_diagram_shows_the_moves_that_change_the_stage() {
    insta::assert_snapshot!(Lifecycle::describe::<Incident>().to_mermaid());
}

// The typed door.

#[test]
fn a_whole_life_can_be_written_with_the_stage_in_the_type() {
    let anna = person("anna");
    let at = |n| Stamp::now(minute(n), &anna);
    let incident: In<New> = new();
    let incident: In<Assigned> = incident.assign(to(Some("Network"), Some("anna")), &at(1)).next;
    let incident: In<InProgress> = incident.start_work(&at(2)).next;
    let incident: In<InProgress> = incident.enter_phase(Phase::Contained, &at(3)).next;
    let incident: In<OnHold> = incident.hold(vendor(), &at(4)).next;
    let incident: In<Resolved> = incident.resolve(fixed(), &at(5)).next;
    let incident: In<InProgress> = incident.reopen(reopening(), &at(6)).next;
    let incident: In<Resolved> = incident.resolve(fixed(), &at(7)).next;
    let incident: In<Resolved> = incident.confirm(ConfirmedBy::Caller, &at(8)).next;
    let incident: In<Closed> = incident.close(ClosureBasis::Confirmed, &at(9)).next;
    assert_eq!(incident.stage().closed_at(), minute(9));
    let milestones = incident.progress().milestones.clone();
    assert_eq!(
        (milestones.responded, milestones.contained, milestones.resolved, milestones.confirmed),
        (Some(minute(2)), Some(minute(3)), Some(minute(7)), Some(minute(8)))
    );
}

// The two doors.

/// What a typed method did, `apply` does too: the same incident and the same events.
fn agree<S, T>(incident: &In<S>, typed: impl FnOnce(In<S>) -> Step<T>, stamp: &Stamp<'_>)
where
    S: StageOf,
    T: Staged,
    Incident: From<In<S>>,
    Step<T>: Into<Step<Incident>>,
{
    let step: Step<Incident> = typed(incident.clone()).into();
    let mut applied = Incident::from(incident.clone());
    let mut events = Vec::new();
    for event in &step.events {
        let next = applied.apply(event.clone(), stamp).unwrap();
        applied = next.next;
        events.extend(next.events);
    }
    assert_eq!(applied, step.next);
    assert_eq!(events, step.events);
}

#[test]
fn both_doors_give_the_same_step() {
    let anna = person("anna");
    let s = Stamp::now(minute(9), &anna);
    agree(&new(), |i| i.assign(to(Some("Mail"), None), &s), &s);
    agree(&on_hold(), |i| i.assign(to(None, Some("otto")), &s), &s);
    agree(&in_progress(), |i| i.unassign(&s), &s);
    agree(&resolved(), |i| i.route(to(Some("Mail"), None), &s), &s);
    agree(&on_hold(), |i| i.start_work(&s), &s);
    agree(&in_progress(), |i| i.enter_phase(Phase::Recovering, &s), &s);
    agree(&assigned(), |i| i.hold(vendor(), &s), &s);
    agree(&on_hold(), |i| i.change_hold(caller(), &s), &s);
    agree(&on_hold(), |i| i.resume(ResumedBy::Hand, &s), &s);
    agree(&new(), |i| i.resolve(fixed(), &s), &s);
    agree(&on_hold(), |i| i.resolve(fixed(), &s), &s);
    agree(&resolved(), |i| i.confirm(ConfirmedBy::Monitoring, &s), &s);
    agree(&resolved(), |i| i.reopen(reopening(), &s), &s);
    agree(&resolved(), |i| i.reopen_on_hold(reopening(), vendor(), &s), &s);
    agree(&resolved(), |i| i.close(ClosureBasis::QuietTime, &s), &s);
    let owed = OpenObligation { code: "obligation.confirmation".into(), field: None };
    agree(&resolved(), |i| i.block_closure(vec![owed], &s), &s);
    agree(&on_hold(), |i| i.cancel(duplicate(), &s), &s);
    agree(&cancelled(), |i| i.undo_merge(Reason { reason: None }, &s).unwrap(), &s);
    let impact = FactChange::Impact { old: level("low"), new: level("high") };
    agree(&new(), |i| i.edit(vec![impact], &s), &s);
    let priority = PriorityChange {
        old: assessment("low").result().clone(),
        new: assessment("high").result().clone(),
        cause: PriorityCause::Edited,
        assessment: assessment("high"),
    };
    agree(&assigned(), |i| i.change_priority(priority, &s), &s);
    agree(&on_hold(), |i| i.note_publicly(note(Audience::Public, NoteFrom::Caller), &s), &s);
    agree(&closed(), |i| i.note_internally(note(Audience::Internal, NoteFrom::Desk), &s), &s);
    let eve = PersonRef::new("eve").unwrap();
    agree(&closed(), |i| i.watch(eve.clone(), &s), &s);
    agree(&cancelled(), |i| i.unwatch(&eve, &s), &s);
    let file = Attachment {
        name: Title::new("log.txt", 80, SALT).unwrap(),
        media_type: MediaType::new("text/plain").unwrap(),
        size: 12,
        digest: Digest::of(b"log"),
    };
    agree(&resolved(), |i| i.attach(file, &s), &s);
    agree(&new(), |i| i.detach(Digest::of(b"log"), &s), &s);
    agree(&closed(), |i| i.log_time(TimeSpent { seconds: 60.try_into().unwrap(), note: None }, &s), &s);
    agree(&new(), |i| i.set_label(Some(StageLabel::new("triaged").unwrap()), &s), &s);
    let restored = MilestoneTime::new(Milestone::Restored, Some(minute(8))).unwrap();
    agree(&closed(), |i| i.record_milestone(restored, &s), &s);
    let waiver =
        Waiver { code: "obligation.confirmation".into(), field: None, reason: text("known"), by: person("mia") };
    agree(&resolved(), |i| i.waive(waiver, &s), &s);
    agree(&resolved(), |i| i.reissue_closure(None, &s), &s);
    let redaction = || Redaction { texts: vec![text("Mail is down").digest()], reason: Some(text("it names him")) };
    agree(&new(), |i| i.redact(redaction(), &s), &s);
    agree(&cancelled(), |i| i.redact(redaction(), &s), &s);
    agree(&closed(), |i| i.correct(correction(CorrectedStage::New), &s), &s);
}

#[test]
fn an_illegal_move_gives_incident_and_event_back() {
    let anna = person("anna");
    let incident = Incident::from(closed());
    let event = IncidentEvent::WorkStarted;
    let illegal = incident.clone().apply(event.clone(), &Stamp::now(minute(9), &anna)).unwrap_err();
    assert_eq!((illegal.record, illegal.event), (incident, event));
}

#[test]
fn only_a_duplicate_can_be_undone() {
    let anna = person("anna");
    let stamp = Stamp::now(minute(9), &anna);
    for cancellation in [
        Cancellation::NotAnIncident,
        Cancellation::ServiceRequest,
        Cancellation::Withdrawn,
        Cancellation::Superseded { by: andon::Id::from_u128(2) },
    ] {
        let cancelled = new().cancel(CancelledAs { cancellation, reason: None, brings: Vec::new() }, &stamp).next;
        let back = cancelled.clone().undo_merge(Reason { reason: None }, &stamp).unwrap_err();
        assert_eq!(*back, cancelled);
    }
}
