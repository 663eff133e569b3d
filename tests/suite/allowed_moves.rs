//! The moves that an actor has now: what a front-end shows as buttons.

use crate::common::House;
use andon::{command::Cancel, incident::Cancellation, verb::IncidentVerb};

#[test]
fn the_moves_that_an_actor_has_come_with_their_fields_and_permissions() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let moves = house.bob().incident(id).allowed_moves().unwrap();
    let find = |verb| moves.iter().find(|known| known.verb() == verb).unwrap();
    let possible: Vec<_> =
        moves.iter().filter(|known| known.is_possible()).map(|known| known.verb().as_str()).collect();
    assert_eq!(possible, ["add_note", "watch", "attach"], "what a caller may do with a new incident");
    assert!(!moves.iter().any(|known| known.verb() == IncidentVerb::Close), "New cannot be closed by anybody");
    let hold = find(IncidentVerb::Hold);
    assert_eq!((hold.permission().as_str(), hold.is_permitted()), ("incident.hold", false));
    let fields: Vec<_> = hold.fields().iter().map(|field| (field.name(), field.is_required())).collect();
    assert_eq!(fields, [("reason", true), ("until", false), ("note", false)]);
    assert_eq!(
        hold.fields()[0].options(),
        ["awaiting_caller", "awaiting_vendor", "awaiting_change", "awaiting_problem", "awaiting_date"]
    );
    let anna = house.anna().incident(id).allowed_moves().unwrap();
    let hold = anna.iter().find(|known| known.verb() == IncidentVerb::Hold).unwrap();
    assert!(hold.is_possible());
}

#[test]
fn a_merge_can_be_undone_and_no_other_cancellation() {
    let house = House::new();
    let other = house.bob().report("The same").unwrap().id();
    for (cancel, possible) in [
        (Cancel::duplicate_of(other), true),
        (Cancel::from(Cancellation::Withdrawn), false),
        (Cancel::from(Cancellation::Superseded { by: other }), false),
    ] {
        let id = house.bob().report("Mail is down").unwrap().id();
        house.anna().incident(id).cancel(cancel).unwrap();
        let moves = house.mia().incident(id).allowed_moves().unwrap();
        assert_eq!(moves.iter().any(|known| known.verb() == IncidentVerb::UndoMerge), possible);
        assert_eq!(house.mia().incident(id).undo_merge("another cause").is_ok(), possible);
    }
}

#[test]
fn every_move_that_is_said_to_be_possible_is() {
    let house = House::new();
    let fresh = || house.bob().report("Mail is down").unwrap().id();
    for verb in [IncidentVerb::StartWork, IncidentVerb::Unassign, IncidentVerb::Resume, IncidentVerb::Close] {
        let hers = house.anna().incident(fresh());
        let said = hers.allowed_moves().unwrap().iter().any(|known| known.verb() == verb && known.is_possible());
        let command = match verb {
            IncidentVerb::StartWork => andon::command::IncidentCommand::StartWork {},
            IncidentVerb::Unassign => andon::command::IncidentCommand::Unassign {},
            IncidentVerb::Resume => andon::command::IncidentCommand::Resume {},
            _ => andon::command::IncidentCommand::Close {},
        };
        assert_eq!(hers.execute(command).is_ok(), said, "{verb}");
    }
}

#[test]
fn a_reopening_whose_time_is_over_is_shown_with_what_stands_in_its_way() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    house.anna().incident(id).resolve("fixed").unwrap();
    let reopening = || {
        let moves = house.anna().incident(id).allowed_moves().unwrap();
        moves.into_iter().find(|known| known.verb() == IncidentVerb::Reopen).unwrap()
    };
    assert!(reopening().is_possible());
    house.time.advance(andon::time::days(31));
    let over = reopening();
    assert!(!over.is_possible());
    assert_eq!(over.obligations()[0].code(), andon::obligation::REOPENING);
    assert_eq!(over.obligations()[0].waivable_by(), None);
}

#[test]
fn every_move_names_the_command_that_asks_for_it_and_what_its_options_need() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let moves = house.admin().incident(id).allowed_moves().unwrap();
    for allowed in &moves {
        let json = serde_json::json!({ "command": allowed.command() });
        let message =
            serde_json::from_value::<andon::command::IncidentCommand>(json).err().map(|error| error.to_string());
        let known = message.as_ref().is_none_or(|message| !message.contains("unknown variant"));
        assert!(known, "{}: {message:?}", allowed.verb());
    }
    let hold = moves.iter().find(|known| known.verb() == IncidentVerb::Hold).unwrap();
    let until = hold.fields().iter().find(|field| field.name() == "until").unwrap();
    assert_eq!((until.is_required(), until.required_with()), (false, &["awaiting_date".to_owned()][..]));
    let edit = moves.iter().find(|known| known.verb() == IncidentVerb::Edit).unwrap();
    let names: serde_json::Map<_, _> =
        edit.fields().iter().map(|field| (field.name().to_owned(), serde_json::Value::Null)).collect();
    let patch = serde_json::Value::Object(names.into_iter().filter(|(name, _)| name != "fields").collect());
    assert!(serde_json::from_value::<andon::command::Edit>(patch).is_ok(), "each is a field of an edit");
}

/// A value of each kind.
fn value_of(field: &andon::MoveField) -> Option<serde_json::Value> {
    use andon::MoveFieldKind as K;
    let digest = andon::digest::Digest::of(b"picture");
    Some(match field.kind() {
        K::Text => "a text".into(),
        K::Choice => field.options().first()?.as_str().into(),
        K::WholeNumber => 7.into(),
        K::YesNo => true.into(),
        K::Instant => "2026-06-08T09:00:00Z".into(),
        K::Digest => serde_json::json!(digest),
        K::Digests => serde_json::json!([digest]),
        K::Texts => serde_json::json!(["red"]),
        K::Rated => serde_json::json!({ "key": "mail" }),
        K::RatedList => serde_json::json!(["mail", { "key": "vpn", "criticality": "high" }]),
        K::References => serde_json::json!([{ "system": "jira", "key": "OPS-1" }]),
        K::CustomFields => serde_json::json!({ "site": "Oslo", "cost": null }),
        K::Cancellation => "withdrawn".into(),
        K::Link => serde_json::json!({ "caused_by_change": "CHG0042" }),
        K::Correction => serde_json::json!({ "resolved": { "code": "fixed" } }),
        other => panic!("{other:?} has no value here"),
    })
}

#[test]
fn each_field_tells_the_kind_of_value_that_the_command_reads() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let admin = house.admin().incident(id);
    admin.watch("kim").unwrap();
    let mut moves = admin.allowed_moves().unwrap();
    admin.hold("awaiting_vendor").unwrap();
    moves.extend(admin.allowed_moves().unwrap());
    admin.resolve("fixed").unwrap();
    moves.extend(admin.allowed_moves().unwrap());
    let mut kinds = std::collections::HashSet::new();
    for allowed in &moves {
        for field in allowed.fields() {
            let Some(value) = value_of(field) else { continue };
            let named = serde_json::json!({ "command": allowed.command(), field.name(): value });
            let read = andon::command::IncidentCommand::from_json(named.to_string().as_bytes());
            let path = read.err().map(|error| error.path().to_owned()).unwrap_or_default();
            assert!(!path.starts_with(field.name()), "{named}: {path}");
            kinds.insert(field.kind());
        }
    }
    assert_eq!(kinds.len(), 15, "every kind: {kinds:?}");
}

#[test]
fn options_come_with_the_labels_that_the_policy_gives_them() {
    let house = House::with(crate::common::eventful::rich);
    let id = house.bob().report(andon::command::Report::new("Mail is down").category("network")).unwrap().id();
    let moves = house.anna().incident(id).allowed_moves().unwrap();
    let labelled = moves.iter().find(|known| known.verb() == IncidentVerb::SetLabel).unwrap();
    let field = &labelled.fields()[0];
    assert_eq!(field.options(), ["triaged"]);
    assert_eq!(field.labels().get("triaged").map(String::as_str), Some("Triaged"));
    let reasons = &moves.iter().find(|known| known.verb() == IncidentVerb::Hold).unwrap().fields()[0];
    assert!(reasons.labels().len() <= reasons.options().len());
}
