//! Importing a history: everything at its original time, in the name of whoever did it, in one commit.

use crate::common::{House, at, did, eventful::closes_by_itself, faults};
use andon::{
    CommandId, Incident, Number, Stage,
    actor::ActorId,
    command::{Assign, CorrectTo, Hold, IncidentCommand, Report, Resolve},
    desk::{History, HistoryStep, Imported, OnRefusal},
    event::Cause,
    incident::{Audience, ClosureBasis, ConfirmedBy},
    key::{AutomationRef, PersonRef, SystemName},
    time::Instant,
};

fn person(name: &str) -> ActorId {
    ActorId::Person(PersonRef::new(name).unwrap())
}

fn step(at: &str, by: &str, command: IncidentCommand) -> HistoryStep {
    HistoryStep { at: crate::common::at(at), by: person(by), on_behalf_of: None, command, otherwise: None }
}

/// A history of many years ago, which goes through without a refusal.
fn history() -> History {
    let note = IncidentCommand::AddNote { audience: Audience::Public, text: "We are on it.".to_owned() };
    History {
        from: Some(SystemName::new("old-desk").unwrap()),
        report: Report::new("Mail was down").group("Network"),
        reported_at: at("2015-03-02T09:00:00Z"),
        reported_by: person("clerk"),
        steps: vec![
            step("2015-03-02T09:05:00Z", "dispatcher", IncidentCommand::Assign(Assign::to_person("carl"))),
            step("2015-03-02T09:20:00Z", "carl", note),
            step("2015-03-02T09:30:00Z", "carl", IncidentCommand::StartWork {}),
            step("2015-03-02T10:00:00Z", "carl", IncidentCommand::Hold(Hold::new("awaiting_vendor"))),
            step("2015-03-02T12:00:00Z", "carl", IncidentCommand::Resume {}),
            step("2015-03-02T13:00:00Z", "carl", IncidentCommand::Resolve(Resolve::new("fixed"))),
            step("2015-03-02T14:00:00Z", "carl", IncidentCommand::Confirm { by: ConfirmedBy::Caller }),
            step("2015-03-02T15:00:00Z", "carl", IncidentCommand::Close {}),
        ],
        on_refusal: OnRefusal::Abort,
    }
}

/// The same, but closed without a confirmation, which the policy does not allow.
fn unconfirmed(on_refusal: OnRefusal) -> History {
    let mut history = History { on_refusal, ..history() };
    history.steps.remove(6);
    history.steps[6].otherwise = Some(CorrectTo::Closed(Resolve::new("fixed")));
    history
}

fn import(house: &House, history: &History) -> Imported {
    house.admin().import(history).unwrap()
}

#[test]
fn times_and_actors_are_the_original_ones_and_the_record_is_of_now() {
    let house = House::new();
    let imported = import(&house, &history());
    assert!(imported.refused.is_empty());
    let events = imported.outcome.events();
    assert_eq!(
        did(&imported.outcome),
        ["reported", "assigned", "note_added", "work_started", "held", "resumed", "resolved", "confirmed", "closed"]
    );
    let occurred: Vec<Instant> = events.iter().map(|event| event.occurred_at).collect();
    let original: Vec<Instant> =
        std::iter::once(history().reported_at).chain(history().steps.iter().map(|step| step.at)).collect();
    assert_eq!(occurred, original);
    let actors: Vec<String> = events.iter().map(|event| event.actor.to_string()).collect();
    assert_eq!(actors[..3], ["clerk", "dispatcher", "carl"]);
    let cause = Cause::Import { from: Some(SystemName::new("old-desk").unwrap()) };
    assert!(events.iter().all(|event| event.recorded_at == at(crate::common::START) && event.cause == cause));
    assert!(events.iter().all(|event| event.command == imported.outcome.command()), "it is one commit");
    let progress = imported.outcome.incident().progress();
    assert_eq!(progress.milestones.reported, Some(at("2015-03-02T09:00:00Z")));
    assert_eq!(progress.milestones.responded, Some(at("2015-03-02T09:20:00Z")), "carl's note was a response");
    assert_eq!((progress.on_hold_seconds, progress.milestones.closed), (7_200, Some(at("2015-03-02T15:00:00Z"))));
    assert_eq!(Incident::fold(events).unwrap().0, *imported.outcome.incident());
    let versions: Vec<u64> = imported.versions.iter().map(|version| version.get()).collect();
    assert_eq!(versions, [2, 3, 4, 5, 6, 7, 8, 9], "one event came of each step");
}

#[test]
fn everything_is_taken_as_it_was_and_nothing_is_added() {
    let house = House::new();
    let mut history = history();
    history.steps = vec![step("2015-03-02T09:30:00Z", "carl", IncidentCommand::StartWork {})];
    let imported = import(&house, &history);
    let incident = imported.outcome.incident();
    assert_eq!((&incident.facts().caller, incident.facts().opened_by.clone()), (&None, person("clerk")));
    assert_eq!(incident.assignment().person, None, "who began work then did not become the assignee");
    assert_eq!(did(&imported.outcome), ["reported", "work_started"]);
}

#[test]
fn an_automation_of_then_responded_to_nothing() {
    let house = House::new();
    let mut history = history();
    history.steps.truncate(3);
    for step in &mut history.steps {
        step.by = ActorId::Automation(AutomationRef::new("robot").unwrap());
    }
    assert_eq!(import(&house, &history).outcome.incident().progress().milestones.responded, None);
}

#[test]
fn what_fell_due_between_two_steps_comes_between_them() {
    let house = House::new();
    let mut history = history();
    let until = Hold::new("awaiting_date").until(at("2015-03-02T11:00:00Z"));
    history.steps[3].command = IncidentCommand::Hold(until);
    history.steps.remove(4);
    let imported = import(&house, &history);
    let resumed = imported.outcome.events().iter().find(|event| event.body.name() == "incident.resumed").unwrap();
    assert_eq!((resumed.occurred_at, &resumed.cause), (at("2015-03-02T11:00:00Z"), &Cause::Due));
    assert_eq!(imported.outcome.incident().progress().on_hold_seconds, 3_600);
}

// Refused steps.

#[test]
fn a_refused_step_aborts_the_import_and_nothing_is_stored() {
    let house = House::new();
    let error = house.admin().import(&unconfirmed(OnRefusal::Abort)).unwrap_err();
    assert_eq!(error.code(), "incident.close.blocked");
    assert!(error.to_string().starts_with("steps[6]: "), "{error}");
    for number in ["INC0000001", "INC0000002"] {
        let number: Number = number.parse().unwrap();
        assert_eq!(house.admin().incident(&number).get().unwrap_err().code(), "record.not_found");
    }
}

#[test]
fn a_refused_step_can_be_left_out() {
    let house = House::new();
    let imported = import(&house, &unconfirmed(OnRefusal::Skip));
    assert_eq!(imported.outcome.incident().stage(), Stage::Resolved);
    let [refused] = &imported.refused[..] else { panic!("one step was refused") };
    assert_eq!((refused.index, refused.stage, refused.corrected), (6, Stage::Resolved, false));
    assert_eq!(refused.error.code(), "incident.close.blocked");
}

#[test]
fn a_refused_step_can_be_carried_as_a_correction() {
    let house = House::new();
    let imported = import(&house, &unconfirmed(OnRefusal::Correct));
    assert!(imported.refused[0].corrected);
    let Incident::Closed(closed) = imported.outcome.incident() else { panic!("it was closed") };
    assert_eq!((closed.stage().basis(), closed.progress().corrections), (ClosureBasis::Corrected, 1));
    assert_eq!(closed.stage().closed_at(), at("2015-03-02T15:00:00Z"));
    assert_eq!(closed.progress().milestones.resolved, Some(at("2015-03-02T13:00:00Z")));
    let event = serde_json::to_value(imported.outcome.events().last().unwrap()).unwrap();
    assert_eq!((&event["type"], &event["actor"]["person"]), (&"incident.corrected".into(), &"carl".into()));
    assert_eq!(event["data"]["instead_of"], "incident.close.blocked");
    assert_eq!(event["data"]["reason"]["text"], "imported against the lifecycle: incident.close.blocked");
}

#[test]
fn a_refused_step_that_names_no_stage_is_left_out() {
    let house = House::new();
    let mut history = unconfirmed(OnRefusal::Correct);
    history.steps[6].otherwise = None;
    let imported = import(&house, &history);
    assert_eq!(imported.outcome.incident().stage(), Stage::Resolved);
    assert!(!imported.refused[0].corrected);
}

#[test]
fn an_illegal_move_of_the_past_is_refused_like_one_of_now() {
    let house = House::new();
    let mut history = History { on_refusal: OnRefusal::Correct, ..history() };
    let mut restart = step("2015-03-03T09:00:00Z", "carl", IncidentCommand::StartWork {});
    restart.otherwise = Some(CorrectTo::InProgress);
    history.steps.push(restart);
    let imported = import(&house, &history);
    assert_eq!(imported.refused[0].error.code(), "incident.start_work.illegal");
    assert_eq!((imported.refused[0].stage, imported.outcome.incident().stage()), (Stage::Closed, Stage::InProgress));
}

// Once, not in the future, not too much.

#[test]
fn the_same_history_under_the_same_name_is_imported_once() {
    let house = House::new();
    let admin = house.admin().with_command(CommandId::named("old-desk:4711"));
    let first = admin.import(&unconfirmed(OnRefusal::Skip)).unwrap();
    let again = admin.import(&unconfirmed(OnRefusal::Skip)).unwrap();
    assert!(again.outcome.was_repeated() && again.refused.is_empty());
    assert_eq!(again.outcome.incident(), first.outcome.incident());
    assert_eq!(again.outcome.events(), first.outcome.events());
    assert_eq!(admin.import(&history()).unwrap_err().code(), "command.reused");
    assert_eq!(house.bob().report("next").unwrap().number().as_str(), "INC0000002");
}

#[test]
fn nothing_was_done_in_the_future() {
    let house = House::new();
    let mut history = history();
    history.reported_at = at("2027-01-01T00:00:00Z");
    history.steps[2].at = at("2027-01-01T00:00:00Z");
    let error = house.admin().import(&history).unwrap_err();
    assert_eq!(error.code(), "incident.import.invalid");
    assert_eq!(faults(&error), [("reported_at", "time.future"), ("steps[2].at", "time.future")]);
}

#[test]
fn a_history_has_no_more_steps_than_the_policy_allows() {
    let house = House::with(|draft| draft.caps.import_steps = 7);
    let error = house.admin().import(&history()).unwrap_err();
    assert_eq!((error.code(), faults(&error)), ("incident.import.invalid", vec![("steps", "cap.exceeded")]));
    assert!(error.to_string().starts_with("the history cannot be taken"), "{error}");
}

#[test]
fn a_report_of_the_past_needs_what_a_report_needs() {
    let house = House::new();
    let bad = History { report: Report::new("").impact("huge"), ..history() };
    let error = house.admin().import(&bad).unwrap_err();
    assert_eq!(faults(&error), [("report.title", "text.empty"), ("report.impact", "level.unknown")]);
}

#[test]
fn a_history_can_come_as_json() {
    let json = serde_json::json!({
        "from": "old-desk",
        "report": {"title": "Mail was down"},
        "reported_at": "2015-03-02T09:00:00Z",
        "reported_by": {"person": "clerk"},
        "steps": [{
            "at": "2015-03-02T09:30:00Z",
            "by": {"automation": "robot"},
            "command": {"command": "resolve", "code": "fixed"},
            "otherwise": {"closed": {"code": "fixed"}},
        }],
        "on_refusal": "correct",
    });
    let history: History = serde_json::from_value(json).unwrap();
    let house = House::new();
    assert_eq!(import(&house, &history).outcome.incident().stage(), Stage::Resolved);
}

#[test]
fn a_step_that_names_an_unknown_incident_is_refused_like_any_other() {
    let house = House::new();
    let unknown = andon::command::Cancel::duplicate_of(andon::Id::from_u128(77));
    let mut history = History { on_refusal: OnRefusal::Skip, ..history() };
    history.steps = vec![step("2015-03-02T10:00:00Z", "carl", IncidentCommand::Cancel(unknown))];
    let imported = import(&house, &history);
    assert_eq!(imported.refused[0].error.code(), "incident.cancel.invalid");
    assert_eq!(imported.outcome.incident().stage(), Stage::New);
}

#[test]
fn a_correction_that_cannot_be_carried_leaves_the_step_out() {
    let house = House::new();
    let mut history = History { on_refusal: OnRefusal::Correct, ..history() };
    let mut bad = step("2015-03-02T10:00:00Z", "carl", IncidentCommand::Hold(andon::command::Hold::new("a\0b")));
    bad.otherwise = Some(CorrectTo::OnHold(andon::command::Hold::new("nonsense")));
    history.steps = vec![bad];
    let imported = import(&house, &history);
    assert!(!imported.refused[0].corrected);
    assert_eq!(imported.refused[0].error.code(), "incident.hold.invalid");
}

#[test]
fn an_override_of_then_has_ended_by_now() {
    let house = House::new();
    let mut history = history();
    let set = andon::command::Override::new("P1", "board meeting").until(at("2015-03-02T12:00:00Z"));
    history.steps = vec![step("2015-03-02T10:00:00Z", "mia", IncidentCommand::OverridePriority(set))];
    let imported = import(&house, &history);
    assert_eq!(imported.refused.len(), 0);
    assert_eq!(imported.outcome.incident().priority().name().as_str(), "P3");
    let last = imported.outcome.events().last().unwrap();
    assert_eq!((last.body.name(), last.occurred_at), ("incident.priority_changed", at("2015-03-02T12:00:00Z")));
}

#[test]
fn what_a_history_leaves_resolved_closes_by_itself_but_not_before_the_history_ends() {
    let house = House::with(closes_by_itself);
    let site = |mut history: History| {
        history.report = history.report.site("HQ");
        history
    };
    let mut resolved = site(history());
    resolved.steps.truncate(6);
    let imported = import(&house, &resolved);
    let last = imported.outcome.events().last().unwrap();
    assert_eq!((last.body.name(), last.occurred_at), ("incident.closed", at("2015-03-09T13:00:00Z")));
    // Nothing closed by itself then: the late steps are taken as they were.
    let mut late = site(history());
    late.steps[6].at = at("2015-04-01T14:00:00Z");
    late.steps.truncate(7);
    let imported = import(&house, &late);
    assert!(imported.refused.is_empty());
    assert_eq!(did(&imported.outcome)[7..], ["confirmed", "closed"]);
    assert_eq!(imported.outcome.events()[8].occurred_at, at("2015-04-01T14:00:00Z"));
    let mut open = history();
    open.steps.truncate(6);
    let imported = import(&house, &open);
    assert_eq!(did(&imported.outcome)[6..], ["resolved", "closure_blocked"]);
    assert_eq!(imported.outcome.incident().stage(), Stage::Resolved);
}
