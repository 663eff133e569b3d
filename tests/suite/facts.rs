//! What is known of an incident: intake, categories, fields, edits, and what hangs on the record.

use crate::common::{House, did, faults};
use andon::{
    Error, PolicyDraft, Stage,
    category::Category,
    command::{AttachmentInput, Edit, RatedInput, Report},
    digest::Digest,
    directory::{Directory, DirectoryError, Person},
    field::{FieldDefinition, FieldKind, FieldName, RequiredBy, Requirement, Severity},
    incident::{ExternalReference, FieldValue, Milestone},
    key::{
        CategoryKey, ChoiceKey, ContactChannel, ExternalKey, FieldKey, GroupRef, Label, LevelName, OrganisationRef,
        PersonRef, RuleId, StageLabel, SystemName, TenantId,
    },
    policy::{LabelRule, ServiceRequestRule},
    time::{TimeSource, hours, minutes},
};

fn category(key: &str) -> Category {
    Category::new(CategoryKey::new(key).unwrap())
}

fn level(name: &str) -> LevelName {
    LevelName::new(name).unwrap()
}

/// `it` sets urgency and a label; `network` below it sets impact, group and another label.
fn tree(draft: &mut PolicyDraft) {
    let label = |name| vec![Label::new(name).unwrap()];
    draft.categories = vec![
        Category { urgency: Some(level("high")), labels: label("it"), ..category("it") },
        Category {
            parent: Some(CategoryKey::new("it").unwrap()),
            impact: Some(level("high")),
            group: Some(GroupRef::new("Network").unwrap()),
            labels: label("net"),
            ..category("network")
        },
    ];
}

fn labels(incident: &andon::Incident) -> Vec<&str> {
    incident.facts().labels.iter().map(Label::as_str).collect()
}

// Intake.

#[test]
fn a_report_needs_no_more_than_a_title() {
    let house = House::new();
    let reported = house.bob().report("  Mail is down ").unwrap();
    let facts = reported.incident().facts();
    assert!(facts.title.says("Mail is down"));
    assert_eq!((facts.impact.as_str(), facts.urgency.as_str()), ("medium", "medium"));
    let bob = Some(PersonRef::new("bob").unwrap());
    assert_eq!((&facts.caller, &facts.affected), (&bob, &bob));
    assert_eq!(facts.opened_by.to_string(), "bob");
}

#[test]
fn an_automation_that_reports_is_no_caller() {
    let house = House::new();
    let reported = house.monitoring().report("Queue is growing").unwrap();
    assert_eq!(reported.incident().facts().caller, None);
    assert_eq!(reported.incident().facts().opened_by.to_string(), "prometheus");
}

#[test]
fn a_report_keeps_everything_that_was_said() {
    let house = House::new();
    let began = house.time.now() - hours(2);
    let report = Report::new("Mail is down")
        .description("Nothing goes out.")
        .affected("eve")
        .people_affected(12)
        .organisation("Acme Ltd")
        .site("HQ")
        .channel("phone")
        .group("Messaging")
        .person("anna")
        .service(RatedInput::from("mail").criticality("critical"))
        .service("calendar")
        .offering(RatedInput::from("mail-gold").criticality("high"))
        .item("relay-1")
        .label("mail")
        .label("mail")
        .watcher("otto")
        .reference(ExternalReference {
            system: SystemName::new("zabbix").unwrap(),
            key: ExternalKey::new("4711").unwrap(),
        })
        .occurred(began)
        .detected(began + minutes(5));
    let reported = house.anna().report(report).unwrap();
    let (facts, progress) = (reported.incident().facts(), reported.incident().progress());
    assert_eq!(facts.description.as_ref().unwrap().as_str(), Some("Nothing goes out."));
    assert_eq!(facts.affected.as_ref().unwrap().as_str(), "eve");
    assert_eq!((facts.people_affected, facts.organisation.as_ref().unwrap().as_str()), (Some(12), "Acme Ltd"));
    assert_eq!((facts.site.as_ref().unwrap().as_str(), facts.channel.as_ref().unwrap().as_str()), ("HQ", "phone"));
    assert_eq!(facts.services.len(), 2);
    assert_eq!(facts.services[0].criticality.as_ref().map(LevelName::as_str), Some("critical"));
    assert_eq!((facts.offering.as_ref().unwrap().key.as_str(), facts.items[0].key.as_str()), ("mail-gold", "relay-1"));
    assert_eq!((labels(reported.incident()), facts.watchers[0].as_str()), (vec!["mail"], "otto"));
    assert_eq!(facts.references[0].key.as_str(), "4711");
    assert_eq!(progress.assignment.group.as_ref().unwrap().as_str(), "Messaging");
    assert_eq!(progress.assignment.person.as_ref().unwrap().as_str(), "anna");
    assert_eq!(reported.incident().stage(), Stage::New, "a queue is no dispatch");
    let milestones = progress.milestones.clone();
    assert_eq!(
        (milestones.occurred, milestones.detected, milestones.reported),
        (Some(began), Some(began + minutes(5)), Some(house.time.now()))
    );
}

#[test]
fn a_service_request_is_handed_back_as_it_came() {
    let house = House::with(|draft| {
        draft.intake.service_requests = vec![ServiceRequestRule {
            id: RuleId::new("new-kit").unwrap(),
            categories: Vec::new(),
            offerings: Vec::new(),
            channels: vec![ContactChannel::new("self_service").unwrap()],
            title_contains: vec!["Please order".to_owned(), "new laptop".to_owned()],
        }];
    });
    let report = Report::new("I need a NEW LAPTOP").channel("self_service");
    let error = house.bob().report(report.clone()).unwrap_err();
    assert_eq!(error.code(), "incident.report.service_request");
    let Error::ServiceRequest(request) = error else { panic!("{error}") };
    assert_eq!((request.rule().as_str(), request.report()), ("new-kit", &report));
    let by_phone = house.bob().report(Report { channel: Some("phone".to_owned()), ..report }).unwrap();
    assert_eq!(by_phone.number().as_str(), "INC0000001", "every criterion must fit, and no number was lost");
}

struct People;

impl Directory for People {
    async fn person(&self, tenant: &TenantId, person: &PersonRef) -> Result<Option<Person>, DirectoryError> {
        match (tenant.as_str(), person.as_str()) {
            ("acme", "eve") => Ok(Some(Person {
                vip: true,
                organisation: Some(OrganisationRef::new("Board").unwrap()),
                ..Person::default()
            })),
            ("acme", "nobody-answers") => Err(DirectoryError("timeout".into())),
            _ => Ok(None),
        }
    }
}

#[test]
fn the_directory_says_who_is_a_vip_and_of_which_organisation() {
    let house = House::new();
    let house = House { desk: house.desk.clone().with_directory(People), ..house };
    let reported = house.anna().report(Report::new("Mail is down").caller("bob").affected("eve")).unwrap();
    let facts = reported.incident().facts();
    assert_eq!((facts.vip, facts.organisation.as_ref().unwrap().as_str()), (true, "Board"));
    let edited = house.anna().incident(reported.id()).edit(Edit::new().affected("bob")).unwrap();
    assert!(!edited.incident().facts().vip, "the new one is none");
    let said = house.anna().report(Report::new("x").affected("eve").organisation("Acme Ltd")).unwrap();
    assert_eq!(said.incident().facts().organisation.as_ref().unwrap().as_str(), "Acme Ltd", "what is said goes first");
    let error = house.anna().report(Report::new("x").caller("nobody-answers")).unwrap_err();
    assert_eq!(error.code(), "directory.unavailable");
}

// Categories.

#[test]
fn a_category_fills_in_what_a_report_leaves_open() {
    let house = House::with(tree);
    let reported = house.bob().report(Report::new("No network").category("network").label("floor-2")).unwrap();
    let facts = reported.incident().facts();
    assert_eq!((facts.impact.as_str(), facts.urgency.as_str()), ("high", "high"));
    assert_eq!(labels(reported.incident()), ["floor-2", "net", "it"]);
    assert_eq!(reported.incident().assignment().group.as_ref().unwrap().as_str(), "Network");
    let said = Report::new("No network").category("network").impact("low").group("First line");
    let sent = house.bob().report(said.clone()).unwrap_err();
    assert_eq!(sent.code(), "incident.route.refused", "a caller does not choose the queue");
    let said = house.anna().report(said).unwrap();
    assert_eq!((said.incident().facts().impact.as_str(), said.incident().priority().name().as_str()), ("low", "P3"));
    assert_eq!(said.incident().assignment().group.as_ref().unwrap().as_str(), "First line");
}

#[test]
fn moving_to_another_category_can_leave_everything_else_as_it_is() {
    let house = House::with(tree);
    let id = house.bob().report("No network").unwrap().id();
    let moved = house.anna().incident(id).categorise("network").unwrap();
    assert_eq!(did(&moved), ["edited"]);
    let facts = moved.incident().facts();
    assert_eq!((facts.category.as_ref().unwrap().as_str(), facts.impact.as_str()), ("network", "medium"));
    assert!(facts.labels.is_empty() && moved.incident().assignment().is_empty());
}

#[test]
fn moving_to_another_category_can_apply_its_defaults() {
    let house = House::with(tree);
    let id = house.bob().report("No network").unwrap().id();
    let moved = house.anna().incident(id).categorise_with_defaults("network").unwrap();
    assert_eq!(did(&moved), ["edited", "routed", "priority_changed"]);
    assert_eq!(labels(moved.incident()), ["net", "it"]);
    assert_eq!(moved.incident().assignment().group.as_ref().unwrap().as_str(), "Network");
    assert_eq!(moved.incident().priority().name().as_str(), "P1");
    let event = serde_json::to_value(&moved.events()[2]).unwrap();
    assert_eq!(event["data"]["cause"], "categorised");
}

// Fields of the host's own.

fn own_fields(draft: &mut PolicyDraft) {
    let field = |key, kind| FieldDefinition { key: FieldKey::new(key).unwrap(), kind, retired: false };
    draft.fields = vec![
        field("asset_tag", FieldKind::Text { max_chars: 8 }),
        field("cost", FieldKind::Number { min: Some(0.into()), max: Some(1_000.into()) }),
        field("floor", FieldKind::Choice { options: ["ground", "first"].map(|o| ChoiceKey::new(o).unwrap()).to_vec() }),
        field("bought", FieldKind::Date),
        field("contract", FieldKind::Reference),
    ];
    let required = |key, by| Requirement {
        field: FieldName::Custom(FieldKey::new(key).unwrap()),
        by,
        severity: Severity::Blocking,
    };
    draft.categories = vec![Category {
        required: vec![required("asset_tag", RequiredBy::Report), required("cost", RequiredBy::Closure)],
        ..category("hardware")
    }];
}

#[test]
fn each_kind_of_field_takes_its_values() {
    let house = House::with(own_fields);
    let report = Report::new("Broken screen")
        .field("asset_tag", " A-1 ")
        .field("cost", "12.50")
        .field("floor", "first")
        .field("bought", "2024-02-29")
        .field("contract", "C/7");
    let reported = house.bob().report(report).unwrap();
    let value = |key: &str| reported.incident().facts().fields.get(key).cloned();
    let Some(FieldValue::Text(text)) = value("asset_tag") else { panic!("a text") };
    assert!(text.says("A-1"));
    assert_eq!(value("cost"), Some(FieldValue::Number("12.50".parse().unwrap())));
    assert_eq!(value("floor"), Some(FieldValue::Choice(ChoiceKey::new("first").unwrap())));
    assert_eq!(value("bought"), Some(FieldValue::Date("2024-02-29".parse().unwrap())));
    assert_eq!(value("contract"), Some(FieldValue::Reference(ExternalKey::new("C/7").unwrap())));
}

#[test]
fn each_kind_of_field_refuses_what_is_none_of_its_values() {
    let house = House::with(own_fields);
    for (key, value, code) in [
        ("asset_tag", "far too long a tag", "text.too_long"),
        ("asset_tag", " ", "text.empty"),
        ("cost", "twelve", "field.not_a_number"),
        ("cost", "-0.01", "field.too_small"),
        ("cost", "1000.01", "field.too_large"),
        ("floor", "attic", "field.unknown_choice"),
        ("bought", "2023-02-29", "field.not_a_date"),
        ("bought", "29.02.2024", "field.not_a_date"),
        ("contract", "", "key.empty"),
        ("colour", "red", "field.unknown"),
    ] {
        let error = house.bob().report(Report::new("x").field(key, value)).unwrap_err();
        assert_eq!(faults(&error), [(format!("fields.{key}").as_str(), code)], "{value}");
    }
}

#[test]
fn a_category_requires_fields_when_it_is_reported_and_later() {
    let house = House::with(own_fields);
    let report = Report::new("Broken screen").category("hardware");
    let error = house.bob().report(report.clone()).unwrap_err();
    assert_eq!(faults(&error), [("fields.asset_tag", "field.required")]);
    let id = house.bob().report(report.field("asset_tag", "A-1")).unwrap().id();
    let hers = house.anna().incident(id);
    hers.resolve("fixed").unwrap();
    house.bob().incident(id).confirm(andon::incident::ConfirmedBy::Caller).unwrap();
    assert_eq!(hers.close().unwrap_err().code(), "incident.close.blocked");
    hers.edit(Edit::new().field("cost", "80")).unwrap();
    hers.close().unwrap();
}

// Edits.

#[test]
fn an_edit_is_one_event_with_old_and_new_of_each_field_that_changes() {
    let house = House::with(own_fields);
    let report = Report::new("Mail is down").site("HQ").label("mail").field("floor", "first").field("cost", "1");
    let id = house.bob().report(report).unwrap().id();
    let edit = Edit::new()
        .title("Mail is slow")
        .clear_site()
        .channel("phone")
        .people_affected(3_u32)
        .labels(vec!["mail".to_owned()])
        .services(vec!["mail".into()])
        .field("cost", "2")
        .clear_field("floor");
    let edited = house.anna().incident(id).edit(edit).unwrap();
    assert_eq!(did(&edited), ["edited"]);
    let event = serde_json::to_value(&edited.events()[0]).unwrap();
    let changes: Vec<(&str, &serde_json::Value, &serde_json::Value)> = event["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["field"].as_str().unwrap(), &change["old"], &change["new"]))
        .collect();
    let names: Vec<&str> = changes.iter().map(|(field, ..)| *field).collect();
    assert_eq!(names, ["title", "people_affected", "site", "channel", "services", "custom", "custom"]);
    assert_eq!((&changes[0].1["text"], &changes[0].2["text"]), (&"Mail is down".into(), &"Mail is slow".into()));
    assert_eq!((changes[2].1, changes[2].2), (&"HQ".into(), &serde_json::Value::Null));
    assert_eq!((changes[3].1, changes[3].2), (&serde_json::Value::Null, &"phone".into()));
    let facts = edited.incident().facts();
    assert!(facts.site.is_none() && !facts.fields.contains_key("floor"));
    assert_eq!(labels(edited.incident()), ["mail"]);
}

#[test]
fn title_impact_and_urgency_cannot_be_cleared() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let edit: Edit = serde_json::from_str(r#"{"title": null, "impact": null, "urgency": null}"#).unwrap();
    let error = house.anna().incident(id).edit(edit).unwrap_err();
    assert_eq!(
        faults(&error),
        [("title", "field.required"), ("impact", "field.required"), ("urgency", "field.required")]
    );
}

// What hangs on the record.

#[test]
fn watchers_attachments_and_time_are_kept() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let hers = house.anna().incident(id);
    hers.watch("otto").unwrap();
    hers.watch("eve").unwrap();
    hers.unwatch("otto").unwrap();
    let file = AttachmentInput {
        name: "log.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: 12,
        digest: Digest::of(b"log"),
    };
    hers.attach(file.clone()).unwrap();
    hers.attach(AttachmentInput { name: "mail.log".to_owned(), ..file.clone() }).unwrap();
    hers.log_time(600).unwrap();
    hers.log_time(300).unwrap();
    let seen = hers.get().unwrap();
    let facts = seen.incident().facts();
    assert_eq!(facts.watchers, [PersonRef::new("eve").unwrap()]);
    assert_eq!(facts.attachments.len(), 1, "the same file under another name is the same file");
    assert!(facts.attachments[0].name.says("mail.log"));
    assert_eq!(seen.incident().progress().time_spent_seconds, 900);
    assert!(hers.detach(file.digest).unwrap().incident().facts().attachments.is_empty());
}

#[test]
fn milestones_of_the_desks_own_are_recorded_corrected_and_taken_back() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    house.time.advance(hours(1));
    let hers = house.anna().incident(id);
    let restored = house.time.now() - minutes(20);
    hers.record_milestone(Milestone::Restored, restored - minutes(5)).unwrap();
    let corrected = hers.record_milestone(Milestone::Restored, restored).unwrap();
    assert_eq!(corrected.incident().progress().milestones.restored, Some(restored));
    let back = andon::command::IncidentCommand::RecordMilestone { milestone: Milestone::Restored, at: None };
    assert_eq!(hers.execute(back).unwrap().incident().progress().milestones.restored, None);
    let error = hers.record_milestone(Milestone::Resolved, restored).unwrap_err();
    assert_eq!(faults(&error), [("milestone", "milestone.set_by_stage")]);
}

#[test]
fn a_hosts_own_status_stands_beneath_its_stage() {
    let house = House::with(|draft| {
        let rule = |key, stage, retired| LabelRule { key: StageLabel::new(key).unwrap(), stage, label: None, retired };
        draft.stage_labels = vec![
            rule("triaged", Stage::New, false),
            rule("parts_ordered", Stage::OnHold, false),
            rule("old", Stage::New, true),
        ];
    });
    let id = house.bob().report("Mail is down").unwrap().id();
    let hers = house.anna().incident(id);
    assert_eq!(did(&hers.set_label("triaged").unwrap()), ["labelled"]);
    let cleared = hers.clear_label().unwrap();
    assert_eq!(did(&cleared), ["labelled"]);
    // There is no more to say of it than that.
    let written = serde_json::to_value(&cleared.events()[0]).unwrap();
    assert_eq!((&written["type"], written.get("data")), (&"incident.labelled".into(), None));
    assert_eq!(did(&hers.set_label("triaged").unwrap()), ["labelled"]);
    for (label, code) in [("parts_ordered", "label.unknown"), ("old", "field.retired"), ("x", "label.unknown")] {
        assert_eq!(faults(&hers.set_label(label).unwrap_err()), [("label", code)], "{label}");
    }
    let held = hers.hold("awaiting_vendor").unwrap();
    assert_eq!(held.incident().progress().label, None, "it stood beneath New");
    hers.set_label("parts_ordered").unwrap();
    assert_eq!(hers.clear_label().unwrap().incident().progress().label, None);
}

#[test]
fn an_edit_takes_nothing_away_that_had_to_be_there_from_the_report_on() {
    let house = House::with(|draft| {
        let asked = Requirement { field: FieldName::Site, by: RequiredBy::Report, severity: Severity::Blocking };
        draft.closure.required = vec![asked];
    });
    let id = house.anna().report(Report::new("Mail is down").site("HQ")).unwrap().id();
    let error = house.anna().incident(id).edit(Edit::new().clear_site()).unwrap_err();
    assert_eq!(faults(&error), [("site", "field.required")]);
    assert!(house.anna().incident(id).edit(Edit::new().site("Annex")).is_ok());
}
