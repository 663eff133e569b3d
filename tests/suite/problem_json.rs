//! The JSON of problems: golden files of every version, kept for ever, and what is no JSON of a problem.

use std::collections::BTreeSet;

use crate::{
    common::House,
    json::{events_stay_readable, kind, read_golden, write_missing},
    problems::whole_life,
};
use andon::{
    Problem,
    command::ProblemCommand,
    event::Event,
    problem::{ProblemEvent, Stage},
    view::ProblemView,
};
use serde_json::{Value, json};

fn house() -> House {
    House::new()
}

#[test]
fn every_kind_of_event_of_schema_1_stays_readable() {
    for outcome in whole_life(&house()) {
        for event in outcome.events() {
            write_missing("problem-events-1", event.body.name(), event);
        }
    }
    events_stay_readable("problem-events-1", ProblemEvent::NAMES);
}

#[test]
fn a_snapshot_of_schema_1_in_every_stage_stays_readable() {
    for outcome in whole_life(&house()) {
        let problem = outcome.problem();
        let name = match problem.closure() {
            Some(closure) => format!("closed-{}", closure.key()),
            None => problem.stage().key().to_owned(),
        };
        write_missing("problem-snapshots-1", &name, problem);
    }
    let files = read_golden("problem-snapshots-1");
    let kinds: BTreeSet<_> = files.keys().map(|name| kind(name)).collect();
    assert_eq!(kinds, Stage::ALL.map(Stage::key).into());
    for (name, bytes) in files {
        let problem = Problem::from_json(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(problem.stage().key(), kind(&name));
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_value(&problem).unwrap(), written, "{name}");
    }
}

#[test]
fn a_view_of_schema_1_stays_readable() {
    let life = whole_life(&house());
    let full = life.iter().find(|outcome| outcome.problem().stage() == Stage::Observing).unwrap();
    write_missing("problem-views-1", "whole", &ProblemView::of(full.problem(), full.version()));
    write_missing("problem-views-1", "public", &ProblemView::public(full.problem(), full.version()));
    for (name, bytes) in read_golden("problem-views-1") {
        let view: ProblemView = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_value(&view).unwrap(), written, "{name}");
    }
}

#[test]
fn whatever_happens_is_read_back_as_it_was_written_and_withheld_it_folds_alike() {
    let (mut whole, mut withheld) = (Vec::new(), Vec::new());
    for outcome in whole_life(&house()) {
        let json = serde_json::to_vec(outcome.problem()).unwrap();
        assert_eq!(Problem::from_json(&json).unwrap(), *outcome.problem());
        for event in outcome.events() {
            let json = serde_json::to_vec(event).unwrap();
            assert_eq!(Event::from_json(&json).unwrap(), *event);
            assert_eq!(event.withheld().canonical().unwrap(), event.canonical().unwrap(), "{}", event.body.name());
        }
        whole.extend(outcome.events().iter().cloned());
        withheld.extend(outcome.events().iter().map(Event::withheld));
        let problem = Problem::fold(&whole).unwrap().0;
        let folded = Problem::fold(&withheld).unwrap().0;
        assert_eq!(folded.withheld(), problem.withheld());
        assert_eq!(problem.has_internals(), problem != problem.withheld(), "{}", problem.stage());
    }
}

/// What spoils a snapshot.
type Bend = fn(&mut Value);

#[test]
fn what_is_no_problem_is_told_where() {
    let life = whole_life(&house());
    let json = |stage: Stage| {
        let outcome = life.iter().find(|outcome| outcome.problem().stage() == stage).unwrap();
        serde_json::to_value(outcome.problem()).unwrap()
    };
    let bends: [(Stage, Bend, &str); 8] = [
        (Stage::New, |json| json["schema"] = json!(2), "schema"),
        (Stage::New, |json| json["stage"] = json!({ "on_hold": {} }), "stage"),
        (Stage::New, |json| json["more"] = json!(1), "more"),
        (Stage::New, |json| json["facts"]["title"] = json!(7), "facts.title"),
        (Stage::New, |json| json["stage"] = json!({ "closed": {} }), "stage.closed"),
        (Stage::Resolved, |json| json["stage"] = json!({ "new": {} }), "stage"),
        (Stage::Investigating, |json| json["analysis"]["hypotheses"] = json!([{ "number": 2 }]), "analysis"),
        (Stage::New, |json| json["progress"]["holds"] = json!(1), "stage"),
    ];
    for (stage, bend, path) in bends {
        let mut json = json(stage);
        bend(&mut json);
        let error = Problem::from_json(&serde_json::to_vec(&json).unwrap()).unwrap_err();
        assert!(error.path().starts_with(path), "{path}: {error}");
    }
}

#[test]
fn what_is_no_command_on_a_problem_is_not_read() {
    for (command, named) in [
        (json!({ "command": "start_fix", "change": 7 }), "string"),
        (json!({ "command": "accept_risk", "reason": "spring" }), "review_at"),
        (json!({ "command": "judge_hypothesis", "number": -1, "verdict": "refuted" }), "u32"),
        (json!({ "command": "dismiss", "as": "withdrawn" }), "withdrawn"),
        (json!({ "command": "close", "by": "somebody" }), "by"),
        (json!({ "command": "link", "link": { "child_of": "0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d11" } }), "link"),
    ] {
        let error = serde_json::from_value::<ProblemCommand>(command).unwrap_err().to_string();
        assert!(error.contains(named), "{named}: {error}");
    }
}
