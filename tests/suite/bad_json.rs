//! JSON that is not what it should be: refused with the path to the field, and no stage minted from it.

use crate::common::{
    House,
    eventful::{closes_by_itself, closing, eventful, rich},
};
use andon::{
    Id, Incident, PolicyDraft, Problem, Version,
    command::{Command, IncidentCommand, ProblemCommand},
    desk::Outcome,
    event::{Event, RecordId},
    incident::{FoldError, IncidentEvent},
};
use serde_json::{Value, json};

/// The first event of a kind in an eventful life.
fn event(kind: &str) -> Value {
    let outcomes = eventful(&House::with(rich));
    let mut events = outcomes.iter().flat_map(Outcome::events);
    let found = events.find(|event| event.body.name() == kind).unwrap();
    serde_json::to_value(found).unwrap()
}

/// The last snapshot in a stage in an eventful life.
fn snapshot(stage: &str) -> Value {
    let outcomes = eventful(&House::with(rich));
    let found = outcomes.iter().rfind(|outcome| outcome.incident().stage().key() == stage).unwrap();
    serde_json::to_value(found.incident()).unwrap()
}

fn with(mut json: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(parent).unwrap() {
        Value::Object(object) => {
            object.insert(key.to_owned(), value);
        }
        Value::Array(array) => array[key.parse::<usize>().unwrap()] = value,
        other => panic!("{other} has no {key}"),
    }
    json
}

fn without(mut json: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    json.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    json
}

fn refuse_event(json: &Value, path: &str, says: &str) {
    let error = Event::from_json(json.to_string().as_bytes()).unwrap_err();
    assert!(error.path() == path && error.message().contains(says), "{path}, {says}: {error}");
    assert!(serde_json::from_value::<Event>(json.clone()).is_err(), "{path}: through serde, too");
}

fn refuse_snapshot(json: &Value, path: &str, says: &str) {
    let error = Incident::from_json(json.to_string().as_bytes()).unwrap_err();
    assert!(error.path() == path && error.message().contains(says), "{path}, {says}: {error}");
    assert!(serde_json::from_value::<Incident>(json.clone()).is_err(), "{path}: through serde, too");
}

// Events.

#[test]
fn an_envelope_with_a_wrong_field_names_it() {
    let good = event("incident.resolved");
    assert!(Event::from_json(good.to_string().as_bytes()).is_ok());
    for (pointer, value, path, says) in [
        ("/id", json!("7"), "id", "UUID"),
        ("/tenant", json!(" acme"), "tenant", "white space"),
        ("/record", json!({"recipe": "x"}), "record", "unknown variant"),
        ("/sequence", json!(0), "sequence", "counted from 1"),
        ("/sequence", json!(-1), "sequence", "invalid"),
        ("/occurred_at", json!("yesterday"), "occurred_at", "invalid"),
        ("/actor", json!({"person": ""}), "actor.person", "must not be empty"),
        ("/cause", json!("magic"), "cause", "unknown variant"),
        ("/policy", json!({"version": 1, "digest": "00"}), "policy.digest", "64 hexadecimal digits"),
        ("/type", json!("incident.exploded"), "type", "incident.exploded"),
        ("/version", json!(0), "version", "up to version 1"),
        ("/version", json!(2), "version", "up to version 1"),
        ("/surprise", json!(1), "surprise", "unknown field"),
    ] {
        refuse_event(&with(good.clone(), pointer, value), path, says);
    }
    refuse_event(&without(good, "/command"), ".", "missing field `command`");
}

#[test]
fn what_happened_is_checked_with_its_path() {
    let cases = [
        ("incident.resolved", "/data/code", json!(""), "data.code", "must not be empty"),
        ("incident.resolved", "/data/surprise", json!(1), "data.surprise", "unknown field"),
        ("incident.reported", "/data/facts/title", json!({"text": "x"}), "data.facts.title", "salt"),
        ("incident.reported", "/data/facts/number", json!("INC"), "data.facts.number", "digits"),
        ("incident.reported", "/data/facts/labels/0", json!(7), "data.facts.labels[0]", "invalid type"),
        ("incident.reported", "/data/facts/fields/cost", json!({"number": "x"}), "data.facts.fields.cost.number", ""),
        ("incident.edited", "/data/0/field", json!("colour"), "data[0].field", "unknown variant"),
        ("incident.phase_entered", "/data", json!("napping"), "data", "unknown variant"),
        ("incident.milestone_recorded", "/data/milestone", json!("resolved"), "data", "set by a move"),
        ("incident.held", "/data/reason", json!(" x"), "data.reason", "white space"),
        ("incident.assigned", "/data/group", json!({}), "data.group", "invalid type"),
    ];
    for (kind, pointer, value, path, says) in cases {
        refuse_event(&with(event(kind), pointer, value), path, says);
    }
}

#[test]
fn an_event_from_the_future_says_that_it_is_that() {
    let future = with(event("incident.resolved"), "/schema", json!(2));
    refuse_event(&future, "schema", "is 2; this version reads schema 1");
    let changed = with(without(future, "/command"), "/commands", json!([]));
    refuse_event(&changed, "schema", "is 2; this version reads schema 1");
}

#[test]
fn what_is_no_json_is_refused() {
    for bytes in [&b""[..], b"{", b"null", b"[]", b"{\"schema\":1}", b"\xff\xfe", b"{}{}"] {
        assert!(Event::from_json(bytes).is_err());
        assert!(Incident::from_json(bytes).is_err());
    }
    let deep = "[".repeat(100_000);
    assert!(Event::from_json(deep.as_bytes()).is_err());
    let nested = format!(r#"{{"data":{deep}"#);
    assert!(Event::from_json(nested.as_bytes()).is_err());
    let twice = event("incident.resolved").to_string() + "{}";
    assert!(Event::from_json(twice.as_bytes()).is_err());
}

// Snapshots.

#[test]
fn a_snapshot_with_a_wrong_field_names_it() {
    let good = snapshot("in_progress");
    for (pointer, value, path, says) in [
        ("/facts/impact", json!(""), "facts.impact", "must not be empty"),
        ("/facts/surprise", json!(1), "facts.surprise", "unknown field"),
        ("/progress/reopenings", json!(-1), "progress.reopenings", "invalid value"),
        ("/progress/milestones/resolved", json!("never"), "progress.milestones.resolved", "invalid"),
        ("/stage", json!({"exploded": {}}), "stage", "unknown variant"),
        ("/stage", json!({"in_progress": {"phase": "napping"}}), "stage.in_progress.phase", "unknown variant"),
    ] {
        refuse_snapshot(&with(good.clone(), pointer, value), path, says);
    }
}

#[test]
fn a_snapshot_from_the_future_says_that_it_is_that() {
    let future = with(snapshot("new"), "/schema", json!(2));
    refuse_snapshot(&future, "schema", "2; this version reads schema 1");
    refuse_snapshot(&with(future, "/surprise", json!(1)), "schema", "2; this version reads schema 1");
}

#[test]
fn no_stage_is_minted_from_a_snapshot() {
    let closed = snapshot("closed");
    assert!(Incident::from_json(closed.to_string().as_bytes()).is_ok());
    refuse_snapshot(
        &without(closed.clone(), "/progress/milestones/closed"),
        "stage",
        "must have the milestone `closed`",
    );
    refuse_snapshot(&without(closed.clone(), "/progress/milestones/resolved"), "stage", "`resolved`");
    refuse_snapshot(&without(closed.clone(), "/progress/milestones/reported"), "stage", "`reported`");

    // The stage of one, with the progress of another.
    let stage_of = |stage: &str| snapshot(stage)["stage"].clone();
    for (of, claims, says) in [
        ("new", "closed", "must have the milestone"),
        ("in_progress", "resolved", "must have the milestone `resolved`"),
        ("resolved", "closed", "must have the milestone `closed`"),
        ("closed", "resolved", "cannot have the milestone `closed`"),
        ("closed", "in_progress", "cannot have the milestone"),
        ("resolved", "cancelled", "cannot have the milestone `resolved`"),
    ] {
        refuse_snapshot(&with(snapshot(of), "/stage", stage_of(claims)), "stage", says);
    }
    let held = with(snapshot("on_hold"), "/progress/holds", json!(0));
    refuse_snapshot(&held, "stage", "at least one hold interval");
    let blocked = closing(&House::with(closes_by_itself))[1].incident().clone();
    let blocked = without(serde_json::to_value(blocked).unwrap(), "/stage/resolved/resolution/closes");
    refuse_snapshot(&blocked, "stage", "one that closes by itself");
}

// Policies.

#[test]
fn a_policy_that_cannot_be_read_names_the_field() {
    for (json, path, says) in [
        (r#"{"caps": {"labels": -1}}"#, "caps.labels", "invalid value"),
        (r#"{"caps": {"label": 1}}"#, "caps.label", "unknown field"),
        (
            r#"{"matrix": {"impact": {"levels": [""], "high": "first"}}}"#,
            "matrix.impact.levels[0]",
            "must not be empty",
        ),
        (r#"{"hold_reasons": [{"reason": " lunch"}]}"#, "hold_reasons[0].reason", "white space"),
        (
            r#"{"permissions": {"roles": {"agent": {"incident.fly": ["all"]}}}}"#,
            "permissions.roles.agent.incident.fly",
            "is not a permission",
        ),
        (r#"{"reopening": {"window_seconds": 3155760001}}"#, "reopening.window_seconds", "100 years"),
        (r#"{"closure": {"required": [{"field": "colour", "by": "closure"}]}}"#, "closure.required[0].field", "colour"),
        (r#"{"defualt_impact": "low"}"#, "defualt_impact", "unknown field"),
        ("{", ".", "EOF"),
    ] {
        let error = PolicyDraft::from_json(json.as_bytes()).unwrap_err();
        assert!(error.path() == path && error.message().contains(says), "{path}, {says}: {error}");
    }
}

// Logs.

#[test]
fn a_log_that_is_not_the_log_of_one_incident_does_not_add_up() {
    let log: Vec<Event> = eventful(&House::with(rich)).iter().flat_map(|outcome| outcome.events().to_vec()).collect();
    let fold = |log: &[Event]| Incident::fold(log).unwrap_err();
    assert_eq!(fold(&[]), FoldError::Empty);
    assert_eq!(fold(&log[1..]), FoldError::NotReported { found: "incident.labelled" });
    let (two, three) = (Version::new(2), Version::new(3));
    assert_eq!(fold(&[log[0].clone(), log[2].clone()]), FoldError::Sequence { expected: two, found: three });
    let twice = [log[0].clone(), log[1].clone(), log[1].clone()];
    assert_eq!(fold(&twice), FoldError::Sequence { expected: three, found: two });
    let foreign = Event { record: RecordId::Incident(Id::from_u128(7)), ..log[1].clone() };
    assert_eq!(fold(&[log[0].clone(), foreign]), FoldError::Foreign { at: two });
    let other_tenant = Event { tenant: "globex".parse().unwrap(), ..log[1].clone() };
    assert_eq!(fold(&[log[0].clone(), other_tenant]), FoldError::Foreign { at: two });
    let closed = Event { body: IncidentEvent::Unassigned.into(), ..log[1].clone() };
    assert_eq!(
        fold(&[log[0].clone(), closed]),
        FoldError::Illegal { at: two, event: "incident.unassigned", stage: andon::Stage::New.into() }
    );
}

#[test]
fn a_command_with_a_member_too_many_or_too_few_is_refused() {
    for json in [
        r#"{"command":"close","if_version":3}"#,
        r#"{"command":"resume","x":1}"#,
        r#"{"command":"categorise"}"#,
        r#"{"command":"set_label"}"#,
        r#"{"command":"cancel","as":{"duplicate":{"of":"00000000-0000-0000-0000-000000000001","x":1}}}"#,
    ] {
        assert!(serde_json::from_str::<andon::command::IncidentCommand>(json).is_err(), "{json}");
    }
    for json in [r#"{"command":"close"}"#, r#"{"command":"categorise","category":null}"#] {
        assert!(serde_json::from_str::<andon::command::IncidentCommand>(json).is_ok(), "{json}");
    }
}

#[test]
fn a_command_that_cannot_be_read_names_the_field() {
    let mut wrong = Vec::new();
    for (json, path, says) in [
        (r#"{"command":"resolve","code":7}"#, "code", "invalid type"),
        (r#"{"command":"resolve","code":"fixed","txt":"x"}"#, "txt", "unknown field"),
        (r#"{"command":"resolve"}"#, ".", "missing field `code`"),
        (r#"{"command":"close","if_version":3}"#, "if_version", "unknown field"),
        (r#"{"command":"log_time","seconds":-1}"#, "seconds", "invalid value"),
        (r#"{"command":"redact","texts":["x"]}"#, "texts[0]", "64 hexadecimal digits"),
        (r#"{"command":"attach","name":"a","media_type":"b","size":"c"}"#, "size", "invalid type"),
        (r#"{"command":"detach","digest":"d"}"#, "digest", "64 hexadecimal digits"),
        (r#"{"command":"hold","reason":"awaiting_date","until":"soon"}"#, "until", "invalid"),
        (r#"{"command":"edit","services":["mail",{"key":7}]}"#, "services[1]", "expected a key"),
        (r#"{"command":"cancel","as":{"duplicate":{"of":"INC1"}}}"#, "as.duplicate.of", "UUID"),
        (r#"{"command":"correct","to":{"on_hold":{"reason":7}},"reason":"x"}"#, "to.on_hold.reason", "invalid type"),
        (r#"{"command":"fly"}"#, "command", "unknown variant `fly`"),
        (r#"{"command":7}"#, "command", "invalid type"),
        (r#"{"code":"fixed"}"#, ".", "missing field `command`"),
        ("[]", ".", ""),
        ("{", ".", "EOF"),
    ] {
        let error = IncidentCommand::from_json(json.as_bytes()).unwrap_err();
        if error.path() != path || !error.message().contains(says) {
            wrong.push(format!("{json}: {path}, {says}: {error}"));
        }
        let id = Id::<Incident>::from_u128(1);
        let whole = format!(r#"{{"incident":{{"id":"{id}","request":{json}}}}}"#);
        let error = Command::from_json(whole.as_bytes()).unwrap_err();
        let below = if path == "." { "incident.request".to_owned() } else { format!("incident.request.{path}") };
        if json != "{" && (error.path() != below || !error.message().contains(says)) {
            wrong.push(format!("{whole}: {below}, {says}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let error = Command::from_json(br#"{"report":{"title":"x","labels":[7]}}"#).unwrap_err();
    assert_eq!(error.path(), "report.labels[0]");
    let error = Command::from_json(br#"{"raise":{"title":"x","from":["INC1"]}}"#).unwrap_err();
    assert_eq!(error.path(), "raise.from[0]");
}

#[test]
fn a_bad_command_on_a_problem_is_refused_with_the_path_to_the_fault() {
    let mut wrong = Vec::new();
    for (json, path, says) in [
        (r#"{"command":"add_finding"}"#, ".", "missing field `text`"),
        (r#"{"command":"add_finding","text":7}"#, "text", "invalid type"),
        (r#"{"command":"assess","deeply":true}"#, "deeply", "unknown field `deeply`"),
        (r#"{"command":"judge_hypothesis","number":-1,"verdict":"refuted"}"#, "number", "invalid value"),
        (r#"{"command":"judge_hypothesis","number":1,"verdict":"maybe"}"#, "verdict", "unknown variant `maybe`"),
        (r#"{"command":"identify_root_cause","text":"x","contributing":[1]}"#, "contributing[0]", "invalid type"),
        (
            r#"{"command":"record_known_error","symptoms":"x","workaround":{"text":"y","effect":"some"}}"#,
            "workaround.effect",
            "unknown variant `some`",
        ),
        (r#"{"command":"accept_risk","reason":"x","review_at":"soon"}"#, "review_at", "invalid"),
        (r#"{"command":"dismiss","as":"a feature"}"#, "as", "unknown variant `a feature`"),
        (r#"{"command":"dismiss","as":{"duplicate":{"of":"PRB1"}}}"#, "as.duplicate.of", "UUID"),
        (
            r#"{"command":"correct","to":{"fix_in_progress":{"change":7}},"reason":"x"}"#,
            "to.fix_in_progress.change",
            "",
        ),
        (r#"{"command":"cancel","as":"withdrawn"}"#, "command", "unknown variant `cancel`"),
        (r#"{"command":7}"#, "command", "invalid type"),
        ("[]", ".", ""),
        ("{", ".", "EOF"),
    ] {
        let error = ProblemCommand::from_json(json.as_bytes()).unwrap_err();
        if error.path() != path || !error.message().contains(says) {
            wrong.push(format!("{json}: {path}, {says}: {error}"));
        }
        let whole = format!(r#"{{"problem":{{"id":"{}","request":{json}}}}}"#, Id::<Problem>::from_u128(1));
        let error = Command::from_json(whole.as_bytes()).unwrap_err();
        let below = if path == "." { "problem.request".to_owned() } else { format!("problem.request.{path}") };
        if json != "{" && (error.path() != below || !error.message().contains(says)) {
            wrong.push(format!("{whole}: {below}, {says}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_log_that_breaks_the_order_of_times_is_no_log() {
    let house = crate::common::House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    house.time.advance(andon::time::hours(1));
    house.anna().incident(id).start_work().unwrap();
    let log = crate::common::log(&house.anna().incident(id));
    let altered = |change: fn(&mut andon::event::Event)| {
        let mut log = log.clone();
        change(log.last_mut().unwrap());
        Incident::fold(&log)
    };
    let early = altered(|event| event.recorded_at = crate::common::at("1990-01-01T00:00:00Z"));
    let late = altered(|event| event.occurred_at = crate::common::at("2990-01-01T00:00:00Z"));
    for result in [early, late] {
        assert!(matches!(result, Err(andon::incident::FoldError::Time { .. })), "{result:?}");
    }
}
