//! Views: what front-ends get, and what of it those get who may not read internals.
//!
//! The files under `tests/golden/views-1` are never changed: a front-end may have kept such a view.
//! `ANDON_UPDATE=1` writes the file that is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::common::{
    AtIncident, House,
    eventful::{
        SECRET, clocked, closes_by_itself, closing, eventful, has_majors, major, promises, reissued_and_redacted,
        rescheduled, rich,
    },
    log,
};
use andon::{
    Incident, Version,
    command::{Cancel, Correct, CorrectTo, Hold, IncidentCommand, Override, Report, Resolve},
    desk::Outcome,
    event::Event,
    incident::{Audience, IncidentEvent},
    view::{ListRow, MoveView, OpenedView, RecordView, RowPriority, TimelineEntry, VIEW_SCHEMA},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Almost everything that can happen to an incident: the record after each command.
fn life() -> Vec<Outcome> {
    eventful(&House::with(rich))
}

/// The rest: what closes by itself or is kept from it, what another policy decides anew, what is erased.
fn other_lives() -> [Vec<Outcome>; 5] {
    let [closing, reissued] = [closing, reissued_and_redacted].map(|life| life(&House::with(closes_by_itself)));
    [closing, reissued, clocked(&House::with(promises)), rescheduled(), major(&House::with(has_majors))]
}

/// Every kind of event.
fn every_event() -> Vec<Event> {
    other_lives().iter().fold(events(&life()), |log, life| log.into_iter().chain(events(life)).collect())
}

fn events(life: &[Outcome]) -> Vec<Event> {
    life.iter().flat_map(|outcome| outcome.events().iter().cloned()).collect()
}

/// The record as it first was in this stage.
fn first_in<'a>(life: &'a [Outcome], stage: &str) -> &'a Outcome {
    life.iter().find(|outcome| outcome.incident().stage().key() == stage).unwrap()
}

/// The record when an obligation was waived: resolved, and with everything on it.
fn waived(life: &[Outcome]) -> &Outcome {
    life.iter().find(|outcome| !outcome.incident().progress().waivers.is_empty()).unwrap()
}

fn json(view: &impl Serialize) -> String {
    serde_json::to_string_pretty(view).unwrap()
}

fn row(outcome: &Outcome) -> ListRow {
    let incident = outcome.incident();
    ListRow {
        id: incident.id(),
        number: incident.number().clone(),
        title: incident.facts().title.shown(),
        stage: incident.stage(),
        label: None,
        priority: RowPriority { rank: incident.priority().rank(), name: incident.priority().name().clone() },
        major: false,
        group: incident.assignment().group.clone(),
        person: None,
        next_clock: Some("resolution".parse().unwrap()),
        due: Some(crate::common::at("2026-06-08T11:00:00Z")),
        version: outcome.version(),
        updated_at: incident.progress().recorded_at,
        reported_at: incident.progress().milestones.reported.unwrap(),
    }
}

/// The moves of an incident that is resolved and has something owed.
fn moves() -> Vec<MoveView> {
    let house = House::with(rich);
    let id = house.bob().report(Report::new("Mail is down").category("network")).unwrap().id();
    house.anna().incident(id).resolve("fixed").unwrap();
    house.anna().incident(id).allowed_moves().unwrap().iter().map(MoveView::from).collect()
}

/// An incident that is opened, with more on its timeline than is read.
fn opened() -> OpenedView {
    let house = House::with(rich);
    let id = house.bob().report(Report::new("Mail is down").category("network")).unwrap().id();
    house.anna().incident(id).start_work().unwrap();
    house.anna().incident(id).open(2).unwrap()
}

// What is withheld.

#[test]
fn a_withheld_log_folds_to_the_withheld_record() {
    let (mut whole, mut withheld) = (Vec::new(), Vec::new());
    for outcome in life() {
        whole.extend(outcome.events().iter().cloned());
        withheld.extend(outcome.events().iter().map(Event::withheld));
        let (incident, version) = Incident::fold(&whole).unwrap();
        let without = incident.withheld();
        let (folded, folded_version) = Incident::fold(&withheld).unwrap();
        assert_eq!((folded.withheld(), folded_version), (without.clone(), version));
        assert_eq!(incident.has_internals(), incident != without, "{}", incident.stage());
        assert!(!without.has_internals());
        let snapshot = serde_json::to_vec(&without).unwrap();
        assert_eq!(Incident::from_json(&snapshot).unwrap(), without);
    }
}

#[test]
fn withholding_leaves_the_canonical_form_and_what_was_withheld_already_as_it_is() {
    for event in every_event() {
        let withheld = event.withheld();
        assert_eq!(withheld.canonical().unwrap(), event.canonical().unwrap(), "{}", event.body.name());
        assert_eq!(withheld.withheld(), withheld);
        assert_eq!(withheld.audience(), event.audience());
    }
}

#[test]
fn the_desk_keeps_its_clocks_eight_other_kinds_of_events_and_its_notes_to_itself() {
    let (mut public, mut internal) = (BTreeSet::new(), BTreeSet::new());
    for event in every_event() {
        match event.audience() {
            Audience::Public => public.insert(event.body.name()),
            Audience::Internal => internal.insert(event.body.name()),
        };
    }
    let own = [
        "incident.closure_reissued",
        "incident.major_proposed",
        "incident.major_rejected",
        "incident.major_reviewed",
        "incident.major_update_missed",
        "incident.obligation_waived",
        "incident.redacted",
        "incident.time_spent",
    ];
    let clocks = || IncidentEvent::NAMES.iter().copied().filter(|name| name.starts_with("incident.clock_"));
    assert_eq!(internal, own.into_iter().chain(clocks()).chain(["incident.note_added"]).collect());
    assert!(public.contains("incident.note_added"));
    assert_eq!(public.len() + own.len() + clocks().count(), IncidentEvent::NAMES.len());
}

/// The incident with an internal text wherever there can be one, and the texts. Each is told apart.
fn with_internals(house: &House) -> (AtIncident, Vec<(&'static str, Incident)>) {
    let id = house.bob().report(Report::new("Mail is down").description("PUBLIC-description")).unwrap().id();
    let (anna, mia) = (house.anna().incident(id), house.mia().incident(id));
    let now = |at: &AtIncident| at.get().unwrap().into_incident();
    let mut found = Vec::new();
    anna.hold(Hold::new("awaiting_caller").note("INTERNAL-hold")).unwrap();
    found.push(("INTERNAL-hold", now(&anna)));
    anna.change_hold(Hold::new("awaiting_vendor").note("INTERNAL-changed-hold")).unwrap();
    found.push(("INTERNAL-changed-hold", now(&anna)));
    let other = house.bob().report("The same").unwrap().id();
    anna.cancel(Cancel::duplicate_of(other).reason("PUBLIC-cancellation")).unwrap();
    found.push(("INTERNAL-changed-hold", now(&anna)));
    mia.undo_merge("INTERNAL-undone").unwrap();
    anna.resume().unwrap();
    mia.override_priority(Override::new("P1", "INTERNAL-override")).unwrap();
    found.push(("INTERNAL-override", now(&anna)));
    anna.add_note("PUBLIC-note").unwrap();
    anna.add_internal_note("INTERNAL-note").unwrap();
    anna.execute(IncidentCommand::LogTime { seconds: 3_905, note: Some("INTERNAL-time".to_owned()) }).unwrap();
    anna.resolve(Resolve::new("fixed").text("PUBLIC-resolution")).unwrap();
    mia.waive("obligation.confirmation", "INTERNAL-waiver").unwrap();
    found.push(("INTERNAL-waiver", now(&anna)));
    mia.reopen("PUBLIC-reopening").unwrap();
    let hold = Hold::new("awaiting_vendor").note("INTERNAL-corrected-hold");
    mia.correct(Correct::new(CorrectTo::OnHold(hold), "INTERNAL-correction")).unwrap();
    found.push(("INTERNAL-corrected-hold", now(&anna)));
    (anna, found)
}

#[test]
fn internal_texts_of_a_record_are_in_its_view_and_not_in_its_public_view() {
    let (_, found) = with_internals(&House::new());
    for (internal, incident) in found {
        let stage = incident.stage();
        let public = json(&RecordView::public(&incident, Version::new(1)));
        assert!(!public.contains("INTERNAL"), "{internal}, {stage}: {public}");
        let withheld = serde_json::to_string(&incident.withheld()).unwrap();
        assert!(!withheld.contains("INTERNAL"), "{internal}, {stage}: {withheld}");
        assert!(withheld.contains("PUBLIC-description") && public.contains("PUBLIC-description"));
        if !matches!(incident, Incident::Cancelled(_)) {
            let whole = json(&RecordView::of(&incident, Version::new(1)));
            assert!(whole.contains(internal), "{internal}: {whole}");
        }
    }
}

#[test]
fn internal_texts_of_a_log_are_in_its_timeline_and_not_in_its_public_timeline() {
    let (incident, _) = with_internals(&House::new());
    let log = log(&incident);
    let whole = json(&log.iter().map(TimelineEntry::of).collect::<Vec<_>>());
    let public: Vec<_> = log.iter().filter_map(TimelineEntry::public).collect();
    let public_json = json(&public);
    for marker in ["description", "cancellation", "note", "resolution", "reopening"] {
        let marker = format!("PUBLIC-{marker}");
        assert!(whole.contains(&marker) && public_json.contains(&marker), "{marker}");
    }
    let internal =
        ["hold", "changed-hold", "undone", "override", "note", "time", "waiver", "corrected-hold", "correction"];
    for marker in internal {
        assert!(whole.contains(&format!("INTERNAL-{marker}")), "{marker}");
    }
    assert!(!public_json.contains("INTERNAL"), "{public_json}");
    assert!(public.iter().all(|entry| entry.audience == "public"));
    for event in &log {
        let withheld = serde_json::to_string(&event.withheld()).unwrap();
        assert!(!withheld.contains("INTERNAL"), "{withheld}");
        assert!(!TimelineEntry::of(event).summary.contains("INTERNAL"), "a summary has no internal text");
    }
}

// What the views look like.

#[test]
fn the_view_of_a_record_on_hold() {
    let life = life();
    let held = first_in(&life, "on_hold");
    insta::assert_snapshot!("record_on_hold", json(&RecordView::of(held.incident(), held.version())));
}

#[test]
fn the_view_of_a_resolved_record_with_everything_on_it() {
    let life = life();
    let waived = waived(&life);
    insta::assert_snapshot!("record_resolved", json(&RecordView::of(waived.incident(), waived.version())));
    insta::assert_snapshot!("record_resolved_public", json(&RecordView::public(waived.incident(), waived.version())));
}

#[test]
fn the_view_of_a_merged_record() {
    let life = life();
    let merged = first_in(&life, "cancelled");
    let view = RecordView::of(merged.incident(), merged.version()).cancellation;
    insta::assert_snapshot!("record_merged", json(&view));
}

#[test]
fn a_timeline_tells_of_everything_that_can_happen() {
    let log = events(&life());
    let entries: Vec<_> = log.iter().map(TimelineEntry::of).collect();
    let every: Vec<_> = every_event().iter().map(TimelineEntry::of).collect();
    let kinds: BTreeSet<_> = every.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, IncidentEvent::NAMES.iter().copied().collect());
    for entry in &every {
        assert!(entry.summary.starts_with(&entry.actor) && !entry.summary.contains('\n'), "{}", entry.summary);
    }
    insta::assert_snapshot!("timeline", json(&entries));
}

#[test]
fn the_lines_of_a_timeline_read_as_sentences() {
    let lines = |log: &[Event]| {
        log.iter().map(|event| TimelineEntry::of(event).summary).collect::<Vec<_>>().join("\n").replace(SECRET, "…")
    };
    insta::assert_snapshot!("timeline_lines", lines(&events(&life())));
    insta::assert_snapshot!(
        "timeline_lines_of_other_lives",
        other_lives().map(|life| lines(&events(&life))).join("\n")
    );
    let house = House::new();
    let (incident, _) = with_internals(&house);
    insta::assert_snapshot!("timeline_lines_of_internals", lines(&log(&incident)));
}

#[test]
fn a_closure_without_delay_is_told_with_its_time() {
    let house = House::with(closes_by_itself);
    let id = house.bob().report("Mail is down").unwrap().id();
    house.anna().incident(id).resolve("fixed").unwrap();
    let at_once = |draft: &mut andon::PolicyDraft| {
        draft.closure.confirmation = andon::policy::ConfirmationRule::default();
        draft.closure.automatic_after_seconds = Some(andon::time::Seconds::ZERO);
    };
    house.admin().publish_policy(crate::common::policy(at_once)).unwrap();
    let reissued = house.admin().incident(id).reissue().unwrap();
    let told = TimelineEntry::of(&reissued.events()[0]).summary;
    assert_eq!(told, "ada decided anew that it closes by itself after 0 s");
}

#[test]
fn the_view_of_the_moves_of_a_resolved_record() {
    insta::assert_snapshot!("moves", json(&moves()));
}

#[test]
fn an_incident_is_opened_with_record_moves_and_timeline_at_one_version() {
    let house = House::new();
    let (anna, found) = with_internals(&house);
    let id = found[0].1.id();
    for acting in [house.anna(), house.bob()] {
        let incident = acting.incident(id);
        let opened = incident.open(4).unwrap();
        assert_eq!((&opened.record, &opened.moves), (&incident.view().unwrap(), &incident.move_views().unwrap()));
        let (newest, earlier) = incident.timeline(None, 4).unwrap();
        assert_eq!((&opened.timeline, opened.earlier), (&newest, earlier));
        let internals = json(&opened).contains("INTERNAL");
        assert_eq!(internals, acting.actor() == house.anna().actor(), "{}", json(&opened));
    }
    let opened = anna.open(100).unwrap();
    assert_eq!((opened.timeline[0].sequence, opened.earlier), (opened.record.version, None));
    let stranger = house.acting("other", crate::common::anna()).incident(id);
    assert_eq!(stranger.open(1).unwrap_err().code(), "record.not_found");
    for limit in [0, 1_001] {
        assert_eq!(crate::common::faults(&anna.open(limit).unwrap_err()), [("limit", "limit.range")]);
    }
}

#[test]
fn what_has_fallen_due_stands_in_an_opened_record_before_it_is_stored() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let anna = house.anna().incident(id);
    anna.hold(Hold::new("awaiting_date").until(crate::common::at(crate::common::START) + andon::time::hours(3)))
        .unwrap();
    house.time.advance(andon::time::days(1));
    let opened = anna.open(10).unwrap();
    assert_eq!((opened.record.stage.as_str(), opened.timeline.len()), ("new", 2));
    assert!(opened.moves.iter().all(|allowed| allowed.verb != "resume"), "the hold is over");
}

// Forms.

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/views-1")
}

/// Writes what is missing, if that is asked for; never what is there.
#[expect(clippy::disallowed_methods, reason = "whoever adds a view asks for its file with ANDON_UPDATE=1")]
fn write_missing(name: &str, view: &impl Serialize) {
    let file = golden().join(format!("{name}.json"));
    if std::env::var_os("ANDON_UPDATE").is_some() && !file.exists() {
        fs::create_dir_all(golden()).unwrap();
        fs::write(file, json(view) + "\n").unwrap();
    }
}

/// Whether everything that stands in `old` stands in `new`, too: views may grow.
fn still_says(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            old.iter().all(|(key, old)| new.get(key).is_some_and(|new| still_says(old, new)))
        }
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| still_says(old, new))
        }
        _ => old == new,
    }
}

fn reads<T: Serialize + DeserializeOwned>(name: &str, bytes: &[u8]) {
    let view: T = serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written: Value = serde_json::from_slice(bytes).unwrap();
    assert!(still_says(&written, &serde_json::to_value(&view).unwrap()), "{name}");
}

#[test]
fn the_views_of_schema_1_stay_readable() {
    let life = life();
    for stage in ["new", "in_progress", "on_hold", "closed", "cancelled"] {
        let outcome = first_in(&life, stage);
        write_missing(&format!("record.{stage}"), &RecordView::of(outcome.incident(), outcome.version()));
    }
    let waived = waived(&life);
    write_missing("record.resolved", &RecordView::of(waived.incident(), waived.version()));
    write_missing("record.public", &RecordView::public(waived.incident(), waived.version()));
    write_missing("row", &row(&life[0]));
    write_missing("timeline", &events(&life).iter().map(TimelineEntry::of).collect::<Vec<_>>());
    write_missing("moves", &moves());
    // The same again, with members that came later.
    write_missing("record.with_digests", &RecordView::of(waived.incident(), waived.version()));
    write_missing("timeline.with_digests", &events(&life).iter().map(TimelineEntry::of).collect::<Vec<_>>());
    write_missing("moves.with_kinds", &moves());
    write_missing("opened", &opened());
    let mut read = BTreeMap::<_, usize>::new();
    for entry in fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        let (name, bytes) = (path.file_stem().unwrap().to_str().unwrap(), fs::read(&path).unwrap());
        let view = name.split('.').next().unwrap().to_owned();
        match view.as_str() {
            "record" => reads::<RecordView>(name, &bytes),
            "row" => reads::<ListRow>(name, &bytes),
            "timeline" => reads::<Vec<TimelineEntry>>(name, &bytes),
            "moves" => reads::<Vec<MoveView>>(name, &bytes),
            "opened" => reads::<OpenedView>(name, &bytes),
            _ => panic!("{name} is no view"),
        }
        *read.entry(view).or_default() += 1;
    }
    let expected = [("moves", 2), ("opened", 1), ("record", 8), ("row", 1), ("timeline", 2)];
    assert_eq!(read, expected.map(|(view, files)| (view.to_owned(), files)).into());
}

#[test]
fn a_view_is_read_back_and_may_have_members_that_this_version_does_not_know() {
    let life = life();
    for outcome in &life {
        let view = RecordView::of(outcome.incident(), outcome.version());
        let mut json = serde_json::to_value(&view).unwrap();
        json["of_a_later_version"] = Value::Bool(true);
        json["priority"]["of_a_later_version"] = Value::Bool(true);
        assert_eq!(serde_json::from_value::<RecordView>(json).unwrap(), view);
        let row = row(outcome);
        assert_eq!(serde_json::from_str::<ListRow>(&json_of(&row)).unwrap(), row);
    }
    for event in every_event() {
        let entry = TimelineEntry::of(&event);
        assert_eq!(entry.schema, VIEW_SCHEMA);
        assert_eq!(serde_json::from_str::<TimelineEntry>(&json_of(&entry)).unwrap(), entry);
    }
    let moves = moves();
    assert_eq!(serde_json::from_str::<Vec<MoveView>>(&json_of(&moves)).unwrap(), moves);
}

fn json_of(view: &impl Serialize) -> String {
    serde_json::to_string(view).unwrap()
}

/// Checks views against their JSON Schemas, as far as the schemas of views go.
#[cfg(feature = "schema")]
mod schemas {
    use andon::view::schemas;

    use super::*;

    /// What the schemas of views are made of. A word that is not here would be checked by nobody.
    const KNOWN: [&str; 16] = [
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "enum",
        "format",
        "pattern",
        "minimum",
        "maximum",
        "properties",
        "required",
        "items",
        "additionalProperties",
        "anyOf",
    ];

    struct Schema<'a> {
        root: &'a Value,
        unknown_words: Vec<String>,
        faults: Vec<String>,
    }

    impl Schema<'_> {
        fn check(&mut self, schema: &Value, value: &Value, path: &str) {
            let Some(schema) = schema.as_object() else { return };
            for word in schema.keys().filter(|word| !KNOWN.contains(&word.as_str())) {
                self.unknown_words.push(format!("{path}: {word}"));
            }
            if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
                let target = self.root.pointer(reference.trim_start_matches('#')).unwrap();
                self.check(target, value, path);
            }
            if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
                let fits = |of: &&Value| {
                    let mut tried = Schema { root: self.root, unknown_words: Vec::new(), faults: Vec::new() };
                    tried.check(of, value, path);
                    tried.faults.is_empty() && tried.unknown_words.is_empty()
                };
                if !any.iter().any(|of| fits(&of)) {
                    self.faults.push(format!("{path} fits nothing of anyOf"));
                }
            }
            let types: Vec<&str> = match schema.get("type") {
                Some(Value::String(name)) => vec![name.as_str()],
                Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            };
            let found = match value {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Number(_) => "integer",
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            };
            if !types.is_empty() && !types.contains(&found) {
                self.faults.push(format!("{path} is {found} and not {types:?}"));
            }
            let bound = |word: &str| schema.get(word).and_then(Value::as_u64);
            let out = |number: u64| {
                bound("minimum").is_some_and(|least| number < least)
                    || bound("maximum").is_some_and(|most| number > most)
            };
            if value.as_u64().is_some_and(out) {
                self.faults.push(format!("{path} is out of bounds"));
            }
            let listed = schema.get("enum").and_then(Value::as_array);
            if listed.is_some_and(|listed| !listed.contains(value)) {
                self.faults.push(format!("{path} is none of the values that are listed"));
            }
            let is_instant = schema.get("format").and_then(Value::as_str) == Some("date-time");
            if is_instant && value.as_str().is_some_and(|text| text.parse::<andon::time::Instant>().is_err()) {
                self.faults.push(format!("{path} is no instant"));
            }
            if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
                for (index, value) in values.iter().enumerate() {
                    self.check(items, value, &format!("{path}[{index}]"));
                }
            }
            if let Some(members) = value.as_object() {
                for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
                    if !members.contains_key(name.as_str().unwrap()) {
                        self.faults.push(format!("{path} lacks {name}"));
                    }
                }
                let properties = schema.get("properties").and_then(Value::as_object);
                for (name, value) in members {
                    let path = format!("{path}.{name}");
                    match (properties.and_then(|known| known.get(name)), schema.get("additionalProperties")) {
                        (Some(of), _) | (None, Some(of)) => self.check(of, value, &path),
                        // A view has no member that its schema does not name.
                        (None, None) if properties.is_some() => self.faults.push(format!("{path} is not named")),
                        (None, None) => {}
                    }
                }
            }
        }
    }

    fn fits(name: &str, view: &impl Serialize) {
        let root = &schemas()[name];
        let mut schema = Schema { root, unknown_words: Vec::new(), faults: Vec::new() };
        schema.check(root, &serde_json::to_value(view).unwrap(), name);
        assert!(schema.unknown_words.is_empty(), "{:?}", schema.unknown_words);
        assert!(schema.faults.is_empty(), "{:?}", schema.faults);
    }

    #[test]
    fn every_view_fits_its_schema() {
        let life = life();
        for outcome in &life {
            fits("record", &RecordView::of(outcome.incident(), outcome.version()));
            fits("record", &RecordView::public(outcome.incident(), outcome.version()));
            fits("row", &row(outcome));
        }
        for event in every_event() {
            fits("timeline_entry", &TimelineEntry::of(&event));
        }
        for allowed in moves() {
            fits("move", &allowed);
        }
        fits("opened", &opened());
    }

    #[test]
    fn a_schema_asks_for_what_is_always_there_and_explains_it() {
        let schemas = schemas();
        let names: Vec<_> = schemas.keys().copied().collect();
        assert_eq!(names, ["clock", "move", "opened", "problem", "problem_row", "record", "row", "timeline_entry"]);
        for (name, schema) in &schemas {
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
            for (member, of) in schema["properties"].as_object().unwrap() {
                assert!(of["description"].is_string(), "{name}.{member} has no description");
            }
        }
        let required =
            |name: &str| -> BTreeSet<String> { serde_json::from_value(schemas[name]["required"].clone()).unwrap() };
        assert!(["schema", "id", "stage", "vip", "counters"].iter().all(|name| required("record").contains(*name)));
        assert!(!required("record").contains("description") && !required("record").contains("labels"));
        let wrong = serde_json::json!({ "command": 7 });
        let root = &schemas["move"];
        let mut checked = Schema { root, unknown_words: Vec::new(), faults: Vec::new() };
        checked.check(root, &wrong, "move");
        assert_eq!(checked.faults.len(), 5, "what does not fit is found: {:?}", checked.faults);
    }
}
