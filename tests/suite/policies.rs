//! Policies: in force from their publication on, and all that is wrong with one named at once.

use crate::common::{Acting, House};
use andon::{
    Policy, PolicyDraft, command::IncidentCommand, incident::ConfirmedBy, permission::Permissions, store::Query,
};

// Publication.

#[test]
fn a_policy_is_in_force_for_its_tenant_from_its_publication_on() {
    let house = House::new();
    let strict =
        crate::common::policy(|draft| draft.closure.required = toml::from_str::<Required>(REQUIRED).unwrap().required);
    let refused = house.mia().publish_policy(strict.clone()).unwrap_err();
    assert_eq!(refused.code(), "policy.publish.refused");
    let stamp = house.admin().publish_policy(strict.clone()).unwrap();
    assert_eq!((stamp.version, stamp.digest), (1, strict.digest()));
    assert_eq!(house.admin().publish_policy(strict.clone()).unwrap(), stamp, "it is in force already");

    let reported = house.bob().report("Mail is down").unwrap();
    assert_eq!(reported.events()[0].policy, stamp);
    let resolve = house.anna().incident(reported.id()).resolve("fixed").unwrap_err();
    assert_eq!(resolve.code(), "incident.resolve.blocked");
    assert!(house.acting("globex", crate::common::anna()).report("x").unwrap().events()[0].policy.version == 0);

    // Another desk over the same repository follows.
    let desk = andon::Desk::with_sources(house.repository.clone(), house.time.clone(), andon::id::SystemIds::new());
    let elsewhere = House { desk, ..house };
    assert_eq!(
        elsewhere.anna().incident(reported.id()).resolve("fixed").unwrap_err().code(),
        "incident.resolve.blocked"
    );
    let next = elsewhere.admin().publish_policy(Policy::itil()).unwrap();
    assert_eq!(next.version, 2);
    assert!(elsewhere.anna().incident(reported.id()).resolve("fixed").is_ok());
}

const REQUIRED: &str = r#"required = [{ field = "site", by = "resolution" }]"#;

#[derive(serde::Deserialize)]
struct Required {
    required: Vec<andon::field::Requirement>,
}

#[test]
fn permissions_that_a_policy_takes_away_are_gone_at_once() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let acting: Acting = house.anna();
    acting.incident(id).start_work().unwrap();
    let administrator = andon::key::RoleName::new("administrator").unwrap();
    let nothing = Permissions::none().grant(
        administrator,
        andon::permission::PermissionScope::All,
        [andon::permission::Permission::PublishPolicy],
    );
    house.admin().publish_policy(crate::common::policy(|draft| draft.permissions = nothing)).unwrap();
    assert_eq!(acting.incident(id).get().unwrap_err().code(), "record.not_found");
    let command = IncidentCommand::Confirm { by: ConfirmedBy::Caller };
    assert_eq!(house.bob().incident(id).execute(command).unwrap_err().code(), "record.not_found");
}

#[test]
fn lists_go_by_the_policy_in_force_whoever_published_it() {
    let house = House::new();
    house.bob().report("Mail is down").unwrap();
    let desk = andon::Desk::with_sources(house.repository.clone(), house.time.clone(), andon::id::SystemIds::new());
    let elsewhere = House { desk, time: house.time.clone(), repository: house.repository.clone() };
    let listed = |query: &Query| elsewhere.anna().worklist(query, None, 10);
    assert_eq!(listed(&Query::open()).unwrap().rows.len(), 1);
    // What the policy that it knows refuses, it asks about.
    let of_a_floor = Query::open().field("floor".parse().unwrap(), "3");
    assert!(matches!(listed(&of_a_floor), Err(andon::Error::Invalid(_))));
    let fields = serde_json::json!([{"key": "floor", "kind": {"choice": {"options": ["3"]}}}]);
    let with_floors = crate::common::policy(|draft| draft.fields = serde_json::from_value(fields).unwrap());
    house.admin().publish_policy(with_floors).unwrap();
    assert_eq!(listed(&of_a_floor).unwrap().rows, []);
    // What it knows and is no longer allowed is not told.
    let administrator = andon::key::RoleName::new("administrator").unwrap();
    let publishing = [andon::permission::Permission::PublishPolicy];
    let nothing = Permissions::none().grant(administrator, andon::permission::PermissionScope::All, publishing);
    house.admin().publish_policy(crate::common::policy(|draft| draft.permissions = nothing)).unwrap();
    assert_eq!(listed(&Query::open()).unwrap().rows, []);
}

// Faults.

fn policy_faults(change: impl FnOnce(&mut PolicyDraft)) -> Vec<(String, &'static str)> {
    let mut draft = PolicyDraft::itil();
    change(&mut draft);
    let faults = draft.validate().unwrap_err();
    faults.iter().map(|fault| (fault.path().to_owned(), fault.code())).collect()
}

#[test]
fn a_policy_with_holes_names_every_one() {
    let found = policy_faults(|draft| {
        *draft = toml::from_str(
            r#"
            name = "Acme\nand others"
            default_impact = "enormous"
            default_urgency = "low"
            resolution_codes = [{ code = "gone", retired = true }]
            hold_reasons = [{ reason = "awaiting_caller" }, { reason = "awaiting_caller" }]
            stage_labels = [{ key = "archived", stage = "closed" }]

            [matrix]
            impact = { levels = ["high", "low"], high = "first" }
            urgency = { levels = ["high", "low"], high = "first" }
            priority = { levels = ["P1", "P2"], high = "first" }
            cells = [["P1"], ["P2", "P3", "P1"]]

            [[modifiers]]
            id = "none"
            when = { criticality = "vital" }
            effect = { raise = 0 }

            [[modifiers]]
            id = "none"
            when = "vip"
            effect = { at_least = "P0" }

            [[categories]]
            key = "network"
            parent = "it"
            impact = "enormous"
            required = [{ field = "fields.asset", by = "closure" }]

            [[fields]]
            key = "floor"
            kind = { choice = { options = [] } }

            [[fields]]
            key = "floor"
            kind = { number = { min = "2", max = "1" } }

            [intake]
            channels = ["phone", "phone"]
            service_requests = [{ id = "all" }, { id = "some", categories = ["none"], title_contains = [" "] }]

            [closure]
            required = [{ field = "fields.asset", by = "resolution" }]
            automatic_after_seconds = 431_999

            [reopening]
            max_times = 0
            window_seconds = 60

            [numbering.incident]
            prefix = "INC1"
            width = 21

            [caps]
            title_chars = 0
            labels = 10001
            "#,
        )
        .unwrap();
    });
    let expected = [
        ("matrix.cells[0][1]", "matrix.hole"),
        ("matrix.cells[1][1]", "level.unknown"),
        ("matrix.cells[1]", "matrix.surplus"),
        ("default_impact", "level.unknown"),
        ("modifiers[1].id", "name.repeated"),
        ("modifiers[0].when.criticality", "level.unknown"),
        ("modifiers[0].effect.raise", "modifier.no_effect"),
        ("modifiers[1].effect.at_least", "level.unknown"),
        ("categories[0].parent", "category.unknown"),
        ("categories[0].required[0].field", "field.unknown"),
        ("categories[0].impact", "level.unknown"),
        ("fields[1].key", "name.repeated"),
        ("fields[0].kind.choice.options", "field.no_room"),
        ("fields[1].kind.number", "field.no_room"),
        ("name", "text.control_character"),
        ("hold_reasons[1].reason", "name.repeated"),
        ("resolution_codes", "resolution.none"),
        ("stage_labels[0].stage", "label.final_stage"),
        ("intake.channels[1]", "name.repeated"),
        ("intake.service_requests[0]", "intake.fits_all"),
        ("intake.service_requests[1].categories[0]", "category.unknown"),
        ("intake.service_requests[1].title_contains[0]", "text.empty"),
        ("closure.required[0].field", "field.unknown"),
        ("closure.automatic_after_seconds", "closure.before_quiet_time"),
        ("reopening.max_times", "reopening.contradiction"),
        ("numbering.incident.prefix", "number.prefix"),
        ("numbering.incident.width", "number.width"),
        ("caps.title_chars", "cap.zero"),
        ("caps.labels", "cap.too_high"),
    ];
    let found: Vec<(&str, &str)> = found.iter().map(|(path, code)| (path.as_str(), *code)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_policy_whose_scales_are_none() {
    let found = policy_faults(|draft| {
        draft.matrix.impact.levels.clear();
        let level = draft.matrix.urgency.levels[0].clone();
        draft.matrix.urgency.levels.push(level);
        draft.matrix.priority.levels = (0..65).map(|n| format!("P{n}").parse().unwrap()).collect();
    });
    assert!(found.contains(&("matrix.impact.levels".to_owned(), "scale.empty")));
    assert!(found.contains(&("matrix.urgency.levels[3]".to_owned(), "scale.repeated")));
    assert!(found.contains(&("matrix.priority.levels".to_owned(), "scale.too_long")));
}

#[test]
fn a_policy_that_gives_a_lower_priority_to_what_is_worse() {
    let found = policy_faults(|draft| draft.matrix.cells[0][0] = "P5".parse().unwrap());
    assert_eq!(
        found,
        [
            ("matrix.cells[0][0]".to_owned(), "matrix.not_monotone"),
            ("matrix.cells[0][0]".to_owned(), "matrix.not_monotone")
        ]
    );
}

#[test]
fn a_policy_file_with_a_misspelt_entry() {
    for toml in ["defualt_impact = 'low'", "[caps]\nlabel = 3", "[closure]\nconfirm = true", "[timeliness]\nskew = -1"]
    {
        assert!(toml::from_str::<PolicyDraft>(toml).is_err(), "{toml}");
    }
    let error = serde_json::from_str::<andon::Policy>(r#"{"default_impact": "enormous"}"#).unwrap_err();
    assert!(error.to_string().contains("default_impact is `enormous`"), "{error}");
}

#[test]
fn a_table_of_a_policy_file_keeps_what_it_does_not_name() {
    let read = |text: &str| toml::from_str::<PolicyDraft>(text).unwrap();
    let itil = PolicyDraft::itil();
    let draft = read("[closure]\non_caller_reply = 'flag'\n[reopening]\nmax_times = 3\n[caps]\nlabels = 3");
    assert_eq!(draft.closure.confirmation, itil.closure.confirmation);
    assert_eq!(draft.reopening.window_seconds, itil.reopening.window_seconds);
    assert_eq!((draft.caps.labels, draft.caps.watchers), (3, itil.caps.watchers));
    assert_eq!(draft.timeliness, itil.timeliness);

    let open = read("[closure]\nconfirmation = {}\n[reopening]\nwindow_seconds = 'unlimited'");
    assert!(!open.closure.confirmation.is_asked() && open.reopening.window_seconds.is_none());
    let again: PolicyDraft = toml::from_str(&toml::to_string(&open).unwrap()).unwrap();
    assert_eq!(again, open);
    assert!(toml::from_str::<PolicyDraft>("[reopening]\nwindow_seconds = 'forever'").is_err());
}

#[test]
fn a_policy_that_nobody_could_fulfil_is_refused() {
    let faults = |json: &str| {
        let draft = PolicyDraft::from_json(json.as_bytes()).unwrap();
        let faults = draft.validate().unwrap_err();
        faults.iter().map(|fault| (fault.path().to_owned(), fault.code())).collect::<Vec<_>>()
    };
    let early = r#"{"closure": {"required": [{"field": "resolution.text", "by": "report"}]}}"#;
    assert_eq!(faults(early), [("closure.required[0].field".to_owned(), "requirement.impossible")]);
    let retired = r#"{"fields": [{"key": "tag", "kind": "date", "retired": true}],
        "categories": [{"key": "a", "required": [{"field": "fields.tag", "by": "closure"}]}]}"#;
    assert_eq!(faults(retired), [("categories[0].required[0].field".to_owned(), "requirement.impossible")]);
    let twice = r#"{"fields": [{"key": "f", "kind": {"choice": {"options": ["n", "y", "n"]}}}]}"#;
    assert_eq!(faults(twice), [("fields[0].kind.choice.options[2]".to_owned(), "name.repeated")]);
    let crowded = r#"{"caps": {"labels": 1}, "categories": [
        {"key": "a", "labels": ["x"]}, {"key": "b", "parent": "a", "labels": ["y"]}]}"#;
    assert_eq!(faults(crowded), [("categories[1].labels".to_owned(), "cap.exceeded")]);
}

#[test]
fn a_policy_that_would_lock_its_publisher_out_is_refused() {
    let house = House::new();
    let draft = PolicyDraft::from_json(br#"{"permissions": {"roles": {"oncall": {"incident.read": ["all"]}}}}"#);
    let error = house.admin().publish_policy(draft.unwrap().validate().unwrap()).unwrap_err();
    assert_eq!(crate::common::faults(&error), [("permissions", "permissions.locked_out")]);
    assert!(house.admin().publish_policy(Policy::itil()).is_ok());
}
