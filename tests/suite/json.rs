//! JSON and TOML: what was written once stays readable, and what can be erased is.
//!
//! The files under `tests/golden` are never changed: an incident's log that was written with them must
//! open for ever. For a new kind of event, `ANDON_UPDATE=1` writes the file that is missing. What follows a `-`
//! in a file's name tells it from others of its kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::common::{
    House,
    eventful::{
        SECRET, clocked, closes_by_itself, closing, eventful, has_majors, major, promises, reissued_and_redacted,
        rescheduled, rich,
    },
    every_command, policy,
};
use andon::{
    Id, Incident, Policy, PolicyDraft, Stage,
    command::{Command, Edit, IncidentCommand, Patch, RatedInput, Report},
    desk::Outcome,
    digest::Digest,
    event::Event,
    incident::IncidentEvent,
    policy::Caps,
    text::Text,
};
use serde_json::{Value, json};

fn golden(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder)
}

/// Writes what is missing, if that is asked for; never what is there.
#[expect(clippy::disallowed_methods, reason = "whoever adds a kind of event asks for its file with ANDON_UPDATE=1")]
pub fn write_missing(folder: &str, name: &str, json: &impl serde::Serialize) {
    let file = golden(folder).join(format!("{name}.json"));
    if std::env::var_os("ANDON_UPDATE").is_some() && !file.exists() {
        fs::create_dir_all(golden(folder)).unwrap();
        fs::write(file, serde_json::to_string_pretty(json).unwrap() + "\n").unwrap();
    }
}

/// The golden files of a folder, by name.
pub fn read_golden(folder: &str) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(golden(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}

/// Of what kind a golden file is.
pub fn kind(name: &str) -> &str {
    name.split('-').next().unwrap()
}

fn rich_house() -> House {
    House::with(rich)
}

#[test]
fn every_kind_of_event_of_schema_1_stays_readable() {
    for outcome in eventful(&rich_house()) {
        for event in outcome.events() {
            write_missing("events-1", event.body.name(), event);
        }
    }
    let [resolved, blocked, _] = &closing(&House::with(closes_by_itself))[..] else { panic!("three commands") };
    write_missing("events-1", "incident.resolved-closing", &resolved.events()[0]);
    write_missing("events-1", "incident.closure_blocked", &blocked.events()[0]);
    for event in reissued_and_redacted(&House::with(closes_by_itself)).iter().flat_map(Outcome::events) {
        write_missing("events-1", event.body.name(), event);
    }
    let lives = clocked(&House::with(promises)).into_iter().chain(rescheduled()).chain(major(&House::with(has_majors)));
    for event in lives.flat_map(|outcome| outcome.events().to_vec()) {
        write_missing("events-1", event.body.name(), &event);
    }
    events_stay_readable("events-1", IncidentEvent::NAMES);
}

/// There is a golden file for each kind of event, and each is read and written as it stands.
pub fn events_stay_readable(folder: &str, names: &[&str]) {
    let files = read_golden(folder);
    let kinds: BTreeSet<_> = files.keys().map(|name| kind(name)).collect();
    assert_eq!(kinds, names.iter().copied().collect(), "a file for each kind, and no other");
    for (name, bytes) in files {
        let event = Event::from_json(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(event.body.name(), kind(&name));
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), written, "{name}");
    }
}

#[test]
fn a_snapshot_of_schema_1_in_every_stage_stays_readable() {
    for outcome in eventful(&rich_house()) {
        write_missing("snapshots-1", outcome.incident().stage().key(), outcome.incident());
    }
    write_missing("snapshots-1", "resolved-blocked", closing(&House::with(closes_by_itself))[1].incident());
    for outcome in clocked(&House::with(promises)) {
        write_missing("snapshots-1", &format!("{}-clocks", outcome.incident().stage().key()), outcome.incident());
    }
    let files = read_golden("snapshots-1");
    let kinds: BTreeSet<_> = files.keys().map(|name| kind(name)).collect();
    assert_eq!(kinds, Stage::ALL.map(Stage::key).into());
    for (name, bytes) in files {
        let incident = Incident::from_json(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(incident.stage().key(), kind(&name));
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_value(&incident).unwrap(), written, "{name}");
    }
}

#[test]
fn whatever_happens_is_read_back_as_it_was_written() {
    let others = [closing, reissued_and_redacted].map(|life| life(&House::with(closes_by_itself)));
    let others = others.into_iter().flatten().chain(clocked(&House::with(promises)));
    let others = others.chain(major(&House::with(has_majors)));
    for outcome in eventful(&rich_house()).into_iter().chain(others) {
        let json = serde_json::to_vec(outcome.incident()).unwrap();
        assert_eq!(Incident::from_json(&json).unwrap(), *outcome.incident());
        for event in outcome.events() {
            let json = serde_json::to_vec(event).unwrap();
            assert_eq!(Event::from_json(&json).unwrap(), *event);
            assert_eq!(serde_json::from_slice::<Event>(&json).unwrap(), *event);
        }
    }
}

#[test]
fn the_log_adds_up_to_the_record_after_every_command() {
    let mut log = Vec::new();
    for outcome in eventful(&rich_house()) {
        log.extend(outcome.events().iter().cloned());
        assert_eq!(Incident::fold(&log).unwrap(), (outcome.incident().clone(), outcome.version()));
    }
    let mut log = Vec::new();
    for outcome in clocked(&House::with(promises)) {
        log.extend(outcome.events().iter().cloned());
        assert_eq!(Incident::fold(&log).unwrap(), (outcome.incident().clone(), outcome.version()));
    }
}

// Erasing.

/// The same JSON with every text erased.
fn erased(json: &Value) -> Value {
    match json {
        Value::Object(object) if object.contains_key("text") && object.contains_key("salt") => {
            let text: Text = serde_json::from_value(json.clone()).unwrap();
            serde_json::to_value(text.erased()).unwrap()
        }
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), erased(value))).collect(),
        Value::Array(array) => array.iter().map(erased).collect(),
        scalar => scalar.clone(),
    }
}

#[test]
fn the_canonical_form_is_the_same_before_and_after_erasing_and_holds_no_text() {
    let mut texts = 0;
    for outcome in eventful(&rich_house()) {
        for event in outcome.events() {
            let json = serde_json::to_value(event).unwrap();
            texts += usize::from(json.to_string().contains(SECRET));
            let without = Event::from_json(erased(&json).to_string().as_bytes()).unwrap();
            assert!(!serde_json::to_string(&without).unwrap().contains(SECRET), "{}", event.body.name());
            let canonical = event.canonical().unwrap();
            assert_eq!(without.canonical().unwrap(), canonical, "{}", event.body.name());
            assert!(!String::from_utf8(canonical).unwrap().contains(SECRET), "{}", event.body.name());
        }
    }
    assert_eq!(texts, 20, "so many of the events have a text");
}

#[test]
fn the_canonical_form_leaves_room_for_the_chain_and_covers_all_else() {
    let event = eventful(&rich_house())[0].events()[0].clone();
    let canonical = event.canonical().unwrap();
    let chained = Event { digest: Some(Digest::of(b"before")), ..event.clone() };
    assert_eq!(chained.canonical().unwrap(), canonical);
    let other_time = Event { occurred_at: crate::common::at("2020-01-01T00:00:00Z"), ..event.clone() };
    assert_ne!(other_time.canonical().unwrap(), canonical);
    let keys: Vec<String> = serde_json::from_slice::<serde_json::Map<String, Value>>(&canonical)
        .unwrap()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert!(keys.is_sorted());
}

#[test]
fn an_erased_incident_goes_on() {
    let house = rich_house();
    let mut log = Vec::new();
    for outcome in eventful(&house) {
        log.extend(outcome.events().iter().map(|event| {
            let json = erased(&serde_json::to_value(event).unwrap());
            Event::from_json(json.to_string().as_bytes()).unwrap()
        }));
        let (incident, version) = Incident::fold(&log).unwrap();
        assert_eq!((incident.stage(), version), (outcome.incident().stage(), outcome.version()));
        assert!(incident.facts().title.is_erased());
        let snapshot = serde_json::to_vec(&incident).unwrap();
        assert_eq!(Incident::from_json(&snapshot).unwrap(), incident);
    }
}

// Commands.

#[test]
fn commands_have_a_json_form_that_people_can_write() {
    let digest = Digest::of(b"log").to_string();
    let expected = [
        json!({"command": "assign", "group": "Network"}),
        json!({"command": "unassign"}),
        json!({"command": "route", "group": "Mail"}),
        json!({"command": "start_work"}),
        json!({"command": "enter_phase", "phase": "triage"}),
        json!({"command": "hold", "reason": "awaiting_vendor"}),
        json!({"command": "change_hold", "reason": "awaiting_caller"}),
        json!({"command": "resume"}),
        json!({"command": "resolve", "code": "fixed", "remedy": "fix"}),
        json!({"command": "confirm", "by": "caller"}),
        json!({"command": "reopen"}),
        json!({"command": "close"}),
        json!({"command": "cancel", "as": "withdrawn"}),
        json!({"command": "undo_merge"}),
        json!({"command": "edit", "site": "HQ"}),
        json!({"command": "categorise", "category": null}),
        json!({"command": "add_note", "audience": "public", "text": "We are on it."}),
        json!({"command": "add_note", "audience": "internal", "text": "We are on it."}),
        json!({"command": "watch", "person": "otto"}),
        json!({"command": "attach", "name": "log.txt", "media_type": "text/plain", "size": 12, "digest": digest}),
        json!({"command": "log_time", "seconds": 60}),
        json!({"command": "override_priority", "priority": "P1", "reason": "board meeting"}),
        json!({"command": "set_label", "label": null}),
        json!({"command": "record_milestone", "milestone": "acknowledged", "at": "2026-06-08T07:00:00Z"}),
        json!({"command": "waive", "code": "obligation.confirmation", "reason": "he is on leave"}),
        json!({"command": "reissue"}),
        json!({"command": "reschedule"}),
        json!({"command": "redact", "texts": [Digest::of(b"secret")]}),
        json!({"command": "propose_major"}),
        json!({"command": "reject_major"}),
        json!({"command": "accept_major"}),
        json!({"command": "hand_over_major", "manager": "mia"}),
        json!({"command": "stand_down_major"}),
        json!({"command": "demote_major", "reason": "it was none"}),
        json!({"command": "review_major", "text": "What went well."}),
        json!({"command": "link", "link": {"resolved_by_change": "CHG0042"}}),
        json!({"command": "unlink", "link": {"resolved_by_change": "CHG0042"}}),
        json!({"command": "correct", "to": "new", "reason": "a repair"}),
    ];
    let commands = every_command();
    assert_eq!(commands.len(), expected.len());
    for (command, json) in commands.into_iter().zip(expected) {
        assert_eq!(serde_json::to_value(&command).unwrap(), json);
        assert_eq!(serde_json::from_value::<IncidentCommand>(json).unwrap(), command);
    }
}

#[test]
fn a_command_names_its_incident() {
    let id: Id<Incident> = Id::from_u128(7);
    let json = json!({"incident": {"id": "00000000-0000-0000-0000-000000000007", "request": {"command": "close"}}});
    let command = Command::Incident { id, request: IncidentCommand::Close {} };
    assert_eq!(serde_json::to_value(&command).unwrap(), json);
    assert_eq!(serde_json::from_value::<Command>(json).unwrap(), command);
    let report = json!({"report": {"title": "Mail is down", "impact": "high", "fields": {"floor": "first"}}});
    let expected = Report::new("Mail is down").impact("high").field("floor", "first");
    assert_eq!(serde_json::from_value::<Command>(report.clone()).unwrap(), Command::Report(Box::new(expected)));
    assert_eq!(serde_json::to_value(serde_json::from_value::<Command>(report.clone()).unwrap()).unwrap(), report);
}

#[test]
fn a_service_is_written_as_its_key_or_with_its_criticality() {
    let json = r#"{"title": "x", "services": ["mail", {"key": "crm", "criticality": "high"}]}"#;
    let report: Report = serde_json::from_str(json).unwrap();
    assert_eq!(report, Report::new("x").service("mail").service(RatedInput::from("crm").criticality("high")));
    assert_eq!(serde_json::from_value::<Report>(serde_json::to_value(&report).unwrap()).unwrap(), report);
}

#[test]
fn an_edit_keeps_what_it_does_not_name_sets_what_it_names_and_clears_what_is_null() {
    let json = r#"{"title": "x", "site": null, "confidential": false, "fields": {"cost": "1", "floor": null}}"#;
    let edit: Edit = serde_json::from_str(json).unwrap();
    assert_eq!((&edit.title, &edit.site, &edit.channel), (&Patch::Set("x".to_owned()), &Patch::Clear, &Patch::Keep));
    assert_eq!(edit.confidential, Patch::Set(false));
    assert_eq!(edit.fields["cost"], Some("1".to_owned()));
    assert_eq!(edit.fields["floor"], None);
    assert_eq!(serde_json::to_value(&edit).unwrap(), serde_json::from_str::<Value>(json).unwrap());
    assert_eq!(serde_json::to_string(&Edit::new()).unwrap(), "{}");
}

// Policies.

#[test]
fn a_policy_is_read_back_from_toml_and_json() {
    let policy = policy(rich);
    let draft = policy.to_draft();
    let written = toml::to_string(&draft).unwrap();
    assert_eq!(toml::from_str::<PolicyDraft>(&written).unwrap(), draft);
    let json = serde_json::to_string(&draft).unwrap();
    assert_eq!(serde_json::from_str::<PolicyDraft>(&json).unwrap(), draft);
    let again: Policy = serde_json::from_str(&serde_json::to_string(&policy).unwrap()).unwrap();
    assert_eq!((again.digest(), &again), (policy.digest(), &policy));
    let itil: PolicyDraft = toml::from_str(&toml::to_string(&PolicyDraft::itil()).unwrap()).unwrap();
    assert_eq!(itil.validate().unwrap(), Policy::itil());
}

#[test]
fn a_policy_file_says_only_what_differs() {
    assert_eq!(toml::from_str::<PolicyDraft>("").unwrap(), PolicyDraft::itil());
    let file = "
        name = 'Acme'
        default_impact = 'low'

        [caps]
        labels = 5

        [timeliness]
        allowed_skew_seconds = 60
    ";
    let mut expected = PolicyDraft::itil();
    expected.name = "Acme".to_owned();
    expected.default_impact = "low".parse().unwrap();
    expected.caps = Caps { labels: 5, ..Caps::default() };
    expected.timeliness = expected.timeliness.with_skew_minutes(1);
    assert_eq!(toml::from_str::<PolicyDraft>(file).unwrap(), expected);
}

#[test]
fn the_digest_of_a_policy_is_that_of_its_content() {
    assert_eq!(policy(rich).digest(), policy(rich).digest());
    assert_ne!(policy(rich).digest(), Policy::itil().digest());
    assert_ne!(policy(|draft| draft.caps.labels = 49).digest(), Policy::itil().digest());
}
