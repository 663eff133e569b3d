//! What each move does to the record: holds, merges, reopenings, hand-overs, corrections, milestones.

use crate::common::typed::*;
use andon::{
    Incident, Stage,
    incident::{
        Assigned, Audience, Cancellation, ConfirmedBy, CorrectedStage, HoldReason, Left, Milestone, MilestoneTime,
        Note, NoteFrom, OnHold, Phase, Reason, ReplyRule, ResumedBy, TimeSpent, Waiver,
    },
    key::StageLabel,
    lifecycle::{In, Stamp},
    time::Instant,
};

// Holds.

#[test]
fn resuming_returns_to_what_was_left() {
    let anna = person("anna");
    let at = |n| Stamp::now(minute(n), &anna);
    let resume = |held: In<OnHold>| held.resume(ResumedBy::Hand, &at(20)).next;
    assert_eq!(resume(new().hold(vendor(), &at(10)).next).stage(), Stage::New);
    assert_eq!(resume(assigned().hold(vendor(), &at(10)).next).stage(), Stage::Assigned);
    let mitigating = in_progress().enter_phase(Phase::Mitigating, &at(9)).next.hold(vendor(), &at(10)).next;
    assert_eq!(mitigating.stage().left(), Left::InProgress { phase: Some(Phase::Mitigating) });
    let Incident::InProgress(resumed) = resume(mitigating) else { panic!("it was in progress") };
    assert_eq!(resumed.stage().phase(), Some(Phase::Mitigating));
}

#[test]
fn every_way_out_of_a_hold_ends_its_interval() {
    let anna = person("anna");
    let stamp = Stamp::now(minute(13), &anna);
    let held_seconds = |incident: Incident| (incident.progress().holds, incident.progress().on_hold_seconds);
    let ten_minutes = (1, 600);
    assert_eq!(held_seconds(on_hold().resume(ResumedBy::Hand, &stamp).next), ten_minutes);
    assert_eq!(held_seconds(on_hold().start_work(&stamp).next.into()), ten_minutes);
    assert_eq!(held_seconds(on_hold().assign(to(Some("Mail"), None), &stamp).next.into()), ten_minutes);
    assert_eq!(held_seconds(on_hold().resolve(fixed(), &stamp).next.into()), ten_minutes);
    assert_eq!(held_seconds(on_hold().cancel(duplicate(), &stamp).next.into()), ten_minutes);
    assert_eq!(held_seconds(on_hold().correct(correction(CorrectedStage::New), &stamp).next), ten_minutes);
}

#[test]
fn changing_the_reason_of_a_hold_splits_its_interval() {
    let anna = person("anna");
    let held = on_hold().change_hold(caller(), &Stamp::now(minute(8), &anna)).next;
    assert_eq!((held.progress().holds, held.progress().on_hold_seconds), (2, 300));
    assert_eq!((held.stage().since(), &held.stage().hold().reason), (minute(8), &HoldReason::AwaitingCaller));
    assert_eq!(held.progress().stage_since, minute(3), "it is on hold for as long as before");
    let resumed = held.resume(ResumedBy::Hand, &Stamp::now(minute(10), &anna)).next;
    assert_eq!(resumed.progress().on_hold_seconds, 420);
}

// Merges.

#[test]
fn undoing_a_merge_brings_back_what_was() {
    let anna = person("anna");
    let (merge, undo) = (Stamp::now(minute(20), &anna), Stamp::now(minute(50), &anna));
    let investigating = in_progress().enter_phase(Phase::Investigating, &Stamp::now(minute(5), &anna)).next;
    for before in [Incident::from(new()), assigned().into(), investigating.into(), on_hold().into()] {
        let event = andon::incident::IncidentEvent::Cancelled(duplicate());
        let merged = before.clone().apply(event, &merge).unwrap().next;
        let Incident::Cancelled(merged) = merged else { panic!("it was merged") };
        let back = merged.undo_merge(Reason { reason: None }, &undo).unwrap().next;
        assert_eq!((back.stage(), back.hold()), (before.stage(), before.hold()));
        assert_eq!(back.assignment(), before.assignment());
        if let (Incident::InProgress(back), Incident::InProgress(before)) = (&back, &before) {
            assert_eq!(back.stage(), before.stage(), "the phase returns, too");
        }
    }
}

#[test]
fn the_merged_time_counts_as_on_hold_for_what_was_on_hold() {
    let anna = person("anna");
    let merged = on_hold().cancel(duplicate(), &Stamp::now(minute(20), &anna)).next;
    assert_eq!(merged.progress().on_hold_seconds, 17 * 60, "while merged, the hold is over");
    let back = merged.undo_merge(Reason { reason: None }, &Stamp::now(minute(50), &anna)).unwrap().next;
    let Incident::OnHold(back) = back else { panic!("it was on hold") };
    assert_eq!(back.progress().holds, 1);
    let resumed = back.resume(ResumedBy::Hand, &Stamp::now(minute(60), &anna)).next;
    assert_eq!(resumed.progress().on_hold_seconds, 57 * 60, "from minute 3 to minute 60 without a break");
}

// Resolution and reopening.

#[test]
fn resolving_from_any_open_stage_implies_a_response_and_invents_no_stage() {
    let anna = person("anna");
    let stamp = Stamp::now(minute(30), &anna);
    let first_contact = new().resolve(fixed(), &stamp);
    assert_eq!(first_contact.events.len(), 1);
    let milestones = first_contact.next.progress().milestones.clone();
    assert_eq!((milestones.responded, milestones.resolved), (Some(minute(30)), Some(minute(30))));
    assert_eq!((milestones.assigned, milestones.started), (None, None), "nobody was assigned and no work was begun");
    let dispatched = assigned().resolve(fixed(), &stamp).next.progress().milestones.clone();
    assert_eq!((dispatched.responded, dispatched.started), (Some(minute(30)), None));
    let worked_on = in_progress().resolve(fixed(), &stamp).next.progress().milestones.clone();
    assert_eq!(worked_on.responded, Some(minute(2)), "the response came when work began");
    let held = on_hold().resolve(fixed(), &stamp).next;
    assert_eq!((held.progress().milestones.resolved, held.progress().on_hold_seconds), (Some(minute(30)), 27 * 60));
}

#[test]
fn reopening_is_counted_and_clears_what_the_resolution_had_settled() {
    let anna = person("anna");
    let at = |n| Stamp::now(minute(n), &anna);
    let waiver = Waiver { code: "obligation.field".into(), field: None, reason: text("known"), by: person("mia") };
    let confirmed = resolved().confirm(ConfirmedBy::Caller, &at(6)).next.waive(waiver, &at(7)).next;
    let reopened = confirmed.reopen(reopening(), &at(8)).next;
    let progress = reopened.progress();
    assert_eq!(progress.reopenings, 1);
    assert_eq!((progress.milestones.resolved, progress.milestones.confirmed), (None, None));
    assert_eq!(progress.milestones.responded, Some(minute(2)), "the response stays");
    assert!(progress.waivers.is_empty());
    assert_eq!(reopened.stage().phase(), None);
    let again = reopened.resolve(fixed(), &at(9)).next.reopen(reopening(), &at(10)).next;
    assert_eq!(again.progress().reopenings, 2);
}

#[test]
fn reopening_into_a_hold_is_one_step_of_two_events() {
    let anna = person("anna");
    let step = resolved().reopen_on_hold(reopening(), vendor(), &Stamp::now(minute(8), &anna));
    let names: Vec<_> = step.events.iter().map(andon::incident::IncidentEvent::name).collect();
    assert_eq!(names, ["incident.reopened", "incident.held"]);
    assert_eq!((step.next.progress().reopenings, step.next.progress().holds), (1, 1));
    assert_eq!(step.next.stage().left(), Left::InProgress { phase: None });
}

// Hand-overs.

#[test]
fn hops_of_groups_and_persons_are_counted_apart_and_the_first_is_none() {
    let anna = person("anna");
    let at = |n| Stamp::now(minute(n), &anna);
    let hops = |incident: &In<Assigned>| (incident.progress().group_hops, incident.progress().person_hops);
    let first = new().assign(to(Some("Network"), Some("anna")), &at(1)).next;
    assert_eq!(hops(&first), (0, 0));
    let colleague = first.assign(to(None, Some("otto")), &at(2)).next;
    assert_eq!(hops(&colleague), (0, 1));
    let other_group = colleague.assign(to(Some("Mail"), None), &at(3)).next;
    assert_eq!(hops(&other_group), (1, 1));
    let other_both = other_group.assign(to(Some("Network"), Some("anna")), &at(4)).next;
    assert_eq!(hops(&other_both), (2, 2));
    let same_again = other_both.assign(to(Some("Network"), Some("anna")), &at(5)).next;
    assert_eq!(hops(&same_again), (2, 2));
}

#[test]
fn a_queue_set_when_it_was_reported_counts_as_the_first_group() {
    let incident = reported(to(Some("First line"), None));
    assert_eq!(incident.progress().group_hops, 0);
    let anna = person("anna");
    let routed = incident.route(to(Some("Network"), None), &Stamp::now(minute(1), &anna)).next;
    assert_eq!(routed.progress().group_hops, 1);
}

#[test]
fn handing_to_another_group_takes_it_from_the_person() {
    let anna = person("anna");
    let stamp = Stamp::now(minute(5), &anna);
    let hers = new().assign(to(Some("Network"), Some("anna")), &stamp).next;
    let same_group = hers.clone().assign(to(Some("Network"), None), &stamp).next;
    assert_eq!(same_group.progress().assignment, to(Some("Network"), Some("anna")));
    let other_group = hers.clone().assign(to(Some("Mail"), None), &stamp).next;
    assert_eq!(other_group.progress().assignment, to(Some("Mail"), None));
    let person_only = hers.assign(to(None, Some("otto")), &stamp).next;
    assert_eq!(person_only.progress().assignment, to(Some("Network"), Some("otto")));
}

// Corrections.

#[test]
fn every_stage_can_be_corrected_to_every_stage() {
    let mia = person("mia");
    let stamp = Stamp::now(minute(30), &mia);
    let targets = [
        (CorrectedStage::New, Stage::New),
        (CorrectedStage::Assigned, Stage::Assigned),
        (CorrectedStage::InProgress { phase: Some(Phase::Triage) }, Stage::InProgress),
        (CorrectedStage::OnHold(vendor()), Stage::OnHold),
        (CorrectedStage::Resolved(fixed()), Stage::Resolved),
        (CorrectedStage::Closed(fixed()), Stage::Closed),
        (CorrectedStage::Cancelled(Cancellation::Withdrawn), Stage::Cancelled),
    ];
    for before in in_every_stage() {
        for (to, stage) in &targets {
            let event = andon::incident::IncidentEvent::Corrected(Box::new(correction(to.clone())));
            let after = before.clone().apply(event, &stamp).unwrap().next;
            let case = format!("{} → {stage}", before.stage());
            assert_eq!(after.stage(), *stage, "{case}");
            assert_eq!(after.progress().corrections, 1, "{case}");
            let milestones = after.progress().milestones.clone();
            assert_eq!(milestones.resolved.is_some(), matches!(stage, Stage::Resolved | Stage::Closed), "{case}");
            assert_eq!(milestones.closed.is_some(), *stage == Stage::Closed, "{case}");
            let json = serde_json::to_vec(&after).unwrap();
            assert_eq!(Incident::from_json(&json).unwrap(), after, "{case}: its snapshot is one that can be read");
        }
    }
}

#[test]
fn a_correction_to_resolved_is_confirmed_by_nobody_yet() {
    let anna = person("anna");
    let stamp = Stamp::now(minute(30), &anna);
    let confirmed = resolved().confirm(ConfirmedBy::Caller, &stamp).next;
    let corrected = confirmed.correct(correction(CorrectedStage::Resolved(fixed())), &stamp).next;
    let Incident::Resolved(incident) = corrected else { panic!("it was corrected to resolved") };
    assert_eq!((incident.stage().confirmation(), incident.progress().milestones.confirmed), (None, None));
}

// Milestones.

fn responded(incident: &Incident) -> Option<Instant> {
    incident.progress().milestones.responded
}

#[test]
fn a_response_is_a_person_starting_work_a_persons_public_note_or_the_resolution() {
    let (anna, robot) = (person("anna"), automation());
    let at = Stamp::now(minute(9), &anna);
    assert_eq!(responded(&new().start_work(&at).next.into()), Some(minute(9)));
    let desk = note(Audience::Public, NoteFrom::Desk);
    assert_eq!(responded(&new().note_publicly(desk, &at).next.into()), Some(minute(9)));
    assert_eq!(responded(&new().resolve(fixed(), &at).next.into()), Some(minute(9)));
    let by_robot = Stamp::now(minute(9), &robot);
    assert_eq!(responded(&new().resolve(fixed(), &by_robot).next.into()), Some(minute(9)));
}

#[test]
fn automations_routing_logging_and_the_caller_respond_to_nothing() {
    let (anna, robot) = (person("anna"), automation());
    let (at, by_robot) = (Stamp::now(minute(9), &anna), Stamp::now(minute(9), &robot));
    let silent: [Incident; 8] = [
        new().into(),
        new().assign(to(Some("Network"), Some("anna")), &at).next.into(),
        new().route(to(Some("Network"), None), &at).next.into(),
        new().start_work(&by_robot).next.into(),
        new().note_publicly(note(Audience::Public, NoteFrom::Automation), &by_robot).next.into(),
        new().note_publicly(note(Audience::Public, NoteFrom::Caller), &at).next.into(),
        new().note_internally(note(Audience::Internal, NoteFrom::Desk), &at).next.into(),
        new().log_time(TimeSpent { seconds: 60.try_into().unwrap(), note: None }, &at).next.into(),
    ];
    for incident in silent {
        assert_eq!(responded(&incident), None);
    }
}

#[test]
fn the_earliest_response_counts_even_if_it_is_recorded_later() {
    let anna = person("anna");
    let started = new().start_work(&Stamp::now(minute(9), &anna)).next;
    let backdated = Stamp { occurred_at: minute(4), ..Stamp::now(minute(12), &anna) };
    let noted = started.note_publicly(note(Audience::Public, NoteFrom::Desk), &backdated).next;
    assert_eq!(noted.progress().milestones.responded, Some(minute(4)));
}

#[test]
fn phases_reach_the_milestones_that_they_imply() {
    let anna = person("anna");
    let stamp = Stamp::now(minute(9), &anna);
    let reached = |phase| in_progress().enter_phase(phase, &stamp).next.progress().milestones.clone();
    assert_eq!(reached(Phase::Identified).identified, Some(minute(9)));
    assert_eq!(reached(Phase::Contained).contained, Some(minute(9)));
    assert_eq!(reached(Phase::Recovering).mitigated, Some(minute(9)));
    assert_eq!(reached(Phase::Monitoring).mitigated, Some(minute(9)));
    for phase in [Phase::Triage, Phase::Investigating, Phase::Eradicating, Phase::Mitigating] {
        assert_eq!(reached(phase), in_progress().progress().milestones, "{phase}");
    }
}

#[test]
fn a_milestone_that_a_move_sets_cannot_be_recorded_by_hand() {
    for milestone in Milestone::KNOWN {
        let by_hand = MilestoneTime::new(milestone.clone(), Some(minute(1))).is_ok();
        let of_a_move = matches!(
            milestone,
            Milestone::Reported | Milestone::Responded | Milestone::Resolved | Milestone::Confirmed | Milestone::Closed
        );
        assert_eq!(by_hand, !of_a_move, "{}", milestone.as_str());
    }
}

// What a caller's reply does in the stage.

#[test]
fn the_callers_reply_restarts_the_quiet_time_or_only_marks() {
    let bob = person("bob");
    let at = Stamp::now(minute(40), &bob);
    let reply = |rule| Note { on_resolved: Some(rule), ..note(Audience::Public, NoteFrom::Caller) };
    let restarted = resolved().note_publicly(reply(ReplyRule::RestartQuietTime), &at).next;
    assert_eq!((restarted.stage().quiet_since(), restarted.stage().caller_replied()), (minute(40), true));
    let flagged = resolved().note_publicly(reply(ReplyRule::Flag), &at).next;
    assert_eq!((flagged.stage().quiet_since(), flagged.stage().caller_replied()), (minute(4), true));
}

#[test]
fn leaving_a_stage_takes_the_hosts_label_off() {
    let anna = person("anna");
    let stamp = Stamp::now(minute(9), &anna);
    let labelled = assigned().set_label(Some(StageLabel::new("queued").unwrap()), &stamp).next;
    assert_eq!(labelled.progress().label.as_ref().map(StageLabel::as_str), Some("queued"));
    assert_eq!(labelled.start_work(&stamp).next.progress().label, None);
}
