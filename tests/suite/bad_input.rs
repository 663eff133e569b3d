//! Bad input: a typed error that names field and rule, every fault at once, and nothing stored.

use crate::common::{AtIncident, House, at, did, faults};
use andon::{
    Error, Id, Incident, Number, Version,
    command::{
        Assign, AttachmentInput, Cancel, Correct, CorrectTo, Edit, Hold, IncidentCommand, RatedInput, Report, Resolve,
    },
    desk::{Cursor, Outcome, Page},
    digest::Digest,
    error::ErrorKind,
    incident::{Cancellation, Milestone},
    key::ResolutionCode,
    policy::ResolutionRule,
    store::{Filter, MAX_PAGE, Query, Sort},
    time::{TimeSource, days, minutes},
};

/// A report that is refused with exactly these faults, and leaves nothing behind.
fn refuse(report: Report, expected: &[(&str, &str)]) {
    let house = House::new();
    let error = house.anna().report(report).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("incident.report.invalid", ErrorKind::Invalid));
    assert_eq!(faults(&error), expected);
    let first: Number = "INC0000001".parse().unwrap();
    assert_eq!(house.admin().incident(&first).get().unwrap_err().code(), "record.not_found");
    assert_eq!(*house.anna().report("fine").unwrap().number(), first, "it took no number");
}

/// An incident of Bob's, to be tried on.
fn incident(house: &House) -> AtIncident {
    let id = house.bob().report("Mail is down").unwrap().id();
    house.anna().incident(id)
}

/// A command that is refused with exactly these faults, and changes nothing.
fn refuse_on(
    incident: &AtIncident,
    command: impl FnOnce(&AtIncident) -> Result<Outcome, Error>,
    code: &str,
    expected: &[(&str, &str)],
) {
    let before = incident.get().unwrap();
    let error = command(incident).unwrap_err();
    assert_eq!(error.code(), code);
    assert_eq!(faults(&error), expected);
    assert_eq!(incident.get().unwrap(), before);
}

// Texts and keys.

#[test]
fn titles_that_are_empty_too_long_or_not_one_line() {
    for (title, code) in [
        ("", "text.empty"),
        (" \t\u{a0}\u{3000} ", "text.empty"),
        (&"x".repeat(201), "text.too_long"),
        (&"ä".repeat(201), "text.too_long"),
        (&"x".repeat(1 << 20), "text.too_long"),
        ("first\nsecond", "text.control_character"),
        ("null\u{0}byte", "text.control_character"),
        ("esc\u{1b}[31m", "text.control_character"),
    ] {
        refuse(Report::new(title), &[("title", code)]);
    }
    let house = House::new();
    assert!(house.bob().report("ä".repeat(200).as_str()).is_ok(), "characters are counted, not bytes");
}

#[test]
fn texts_that_are_empty_or_too_long() {
    refuse(Report::new("x").description(" "), &[("description", "text.empty")]);
    refuse(Report::new("x").description("x".repeat(32_001)), &[("description", "text.too_long")]);
    refuse(Report::new("x").description("a\u{0}b"), &[("description", "text.control_character")]);
    let house = House::new();
    let hers = incident(&house);
    refuse_on(&hers, |it| it.add_note(""), "incident.add_note.invalid", &[("text", "text.empty")]);
    let long = "x".repeat(1 << 20);
    refuse_on(&hers, |it| it.add_note(long), "incident.add_note.invalid", &[("text", "text.too_long")]);
}

#[test]
fn keys_that_are_none() {
    for (key, code) in [
        ("", "key.empty"),
        (" bob", "key.not_trimmed"),
        ("bob\t", "key.control_character"),
        ("bo\nb", "key.control_character"),
        ("bob\u{2003}", "key.not_trimmed"),
        (&"b".repeat(201), "key.too_long"),
    ] {
        refuse(Report::new("x").caller(key), &[("caller", code)]);
        refuse(Report::new("x").group(key), &[("group", code)]);
        refuse(Report::new("x").item("fine").item(key), &[("items[1]", code)]);
        refuse(Report::new("x").service(key), &[("services[0]", code)]);
        let error = Error::from(andon::Actor::person(key).unwrap_err());
        assert_eq!((error.code(), faults(&error)), ("key.invalid", vec![("person", code)]));
        let house = House::new();
        let error = house.desk.tenant(key).unwrap_err();
        assert_eq!((error.code(), faults(&error)), ("key.invalid", vec![("tenant", code)]));
    }
}

// What the policy does not know.

#[test]
fn levels_categories_channels_and_fields_that_the_policy_does_not_know() {
    refuse(Report::new("x").impact("huge"), &[("impact", "level.unknown")]);
    refuse(Report::new("x").urgency("High"), &[("urgency", "level.unknown")]);
    refuse(Report::new("x").category("network"), &[("category", "category.unknown")]);
    refuse(Report::new("x").field("colour", "red"), &[("fields.colour", "field.unknown")]);
    refuse(
        Report::new("x").service(RatedInput::from("mail").criticality("vital")),
        &[("services[0].criticality", "level.unknown")],
    );
    let house = House::with(|draft| {
        draft.intake.channels = vec![andon::key::ContactChannel::new("phone").unwrap()];
    });
    let error = house.bob().report(Report::new("x").channel("fax")).unwrap_err();
    assert_eq!(faults(&error), [("channel", "channel.unknown")]);
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let mut report = Report::new("")
        .description("")
        .category("none")
        .impact("none")
        .urgency("none")
        .caller("")
        .site(" hq")
        .channel("")
        .service(RatedInput::from("").criticality("none"))
        .offering("")
        .item("")
        .label("")
        .watcher("")
        .field("colour", "red")
        .group("")
        .person("")
        .occurred(at("2027-01-01T00:00:00Z"))
        .detected(at("2027-01-01T00:00:00Z"));
    report.attachments.push(AttachmentInput {
        name: String::new(),
        media_type: String::new(),
        size: u64::MAX,
        digest: Digest::of(b""),
    });
    refuse(
        report,
        &[
            ("category", "category.unknown"),
            ("title", "text.empty"),
            ("description", "text.empty"),
            ("impact", "level.unknown"),
            ("urgency", "level.unknown"),
            ("caller", "key.empty"),
            ("site", "key.not_trimmed"),
            ("channel", "key.empty"),
            ("services[0]", "key.empty"),
            ("services[0].criticality", "level.unknown"),
            ("offering", "key.empty"),
            ("items[0]", "key.empty"),
            ("labels[0]", "key.empty"),
            ("watchers[0]", "key.empty"),
            ("attachments[0].name", "text.empty"),
            ("attachments[0].media_type", "key.empty"),
            ("attachments[0].size", "cap.exceeded"),
            ("fields.colour", "field.unknown"),
            ("group", "key.empty"),
            ("person", "key.empty"),
            ("occurred", "time.future"),
            ("detected", "time.future"),
        ],
    );
}

#[test]
fn more_than_the_policy_allows() {
    let many = |n: usize| (0..n).map(|i| format!("l{i}")).collect::<Vec<_>>();
    refuse(Report { labels: many(51), ..Report::new("x") }, &[("labels", "cap.exceeded")]);
    refuse(Report { labels: many(100_000), ..Report::new("x") }, &[("labels", "cap.exceeded")]);
    refuse(Report { watchers: many(201), ..Report::new("x") }, &[("watchers", "cap.exceeded")]);
    refuse(Report { items: vec!["i".into(); 201], ..Report::new("x") }, &[("items", "cap.exceeded")]);
    let services = many(51).iter().map(|key| RatedInput::from(key.as_str())).collect();
    refuse(Report { services, ..Report::new("x") }, &[("services", "cap.exceeded")]);
    let reference = serde_json::from_str(r#"{"system": "zabbix", "key": "1"}"#).unwrap();
    refuse(Report { references: vec![reference; 51], ..Report::new("x") }, &[("references", "cap.exceeded")]);
    let file = |n: u32| AttachmentInput {
        name: "log".to_owned(),
        media_type: "text/plain".to_owned(),
        size: 1,
        digest: Digest::of(&n.to_be_bytes()),
    };
    let attachments = (0..101).map(file).collect();
    refuse(Report { attachments, ..Report::new("x") }, &[("attachments", "cap.exceeded")]);

    let house = House::with(|draft| draft.caps.links = 0);
    let other = incident(&house).get().unwrap().incident().id();
    let error = house.bob().report(Report { follows: Some(other), ..Report::new("x") }).unwrap_err();
    assert_eq!(faults(&error), [("follows", "cap.exceeded")]);
    let merge = Cancel::duplicate_of(other);
    refuse_on(&incident(&house), |it| it.cancel(merge), "incident.cancel.invalid", &[("as", "cap.exceeded")]);

    let house = House::with(|draft| {
        draft.caps.watchers = 1;
        draft.caps.attachments = 1;
    });
    let hers = incident(&house);
    hers.watch("otto").unwrap();
    refuse_on(&hers, |it| it.watch("eve"), "incident.watch.invalid", &[("watchers", "cap.exceeded")]);
    hers.attach(file(1)).unwrap();
    refuse_on(&hers, |it| it.attach(file(2)), "incident.attach.invalid", &[("attachments", "cap.exceeded")]);
    let edit = Edit::new().labels(many(51));
    refuse_on(&hers, |it| it.edit(edit), "incident.edit.invalid", &[("labels", "cap.exceeded")]);
}

#[test]
fn an_error_about_a_huge_value_stays_readable() {
    let house = House::new();
    let huge = "x".repeat(1 << 20);
    let report = Report::new("x").impact(&huge).category(&huge).field(&huge, "x");
    let error = house.bob().report(report).unwrap_err();
    assert!(error.to_string().len() < 2_000, "{} bytes", error.to_string().len());
    let hers = incident(&house);
    for error in [
        hers.hold(huge.as_str()).unwrap_err(),
        hers.resolve(huge.as_str()).unwrap_err(),
        hers.set_label(huge.as_str()).unwrap_err(),
        hers.waive(huge.as_str(), "x").unwrap_err(),
        hers.edit(Edit::new().clear_field(&huge)).unwrap_err(),
    ] {
        assert!(error.to_string().len() < 2_000, "{}: {} bytes", error.code(), error.to_string().len());
    }
}

// Commands on an incident.

#[test]
fn holds_without_what_their_reason_needs() {
    let house = House::with(|draft| {
        draft.hold_reasons[1].needs_note = true;
        draft.hold_reasons[2].retired = true;
    });
    let hers = incident(&house);
    let past = house.time.now();
    for (hold, expected) in [
        (Hold::new("lunch"), ("reason", "hold.unknown")),
        (Hold::new("awaiting_date"), ("until", "field.required")),
        (Hold::new("awaiting_date").until(past), ("until", "time.not_future")),
        (Hold::new("awaiting_vendor"), ("note", "field.required")),
        (Hold::new("awaiting_vendor").note(" "), ("note", "text.empty")),
        (Hold::new("awaiting_change"), ("reason", "field.retired")),
    ] {
        refuse_on(&hers, |it| it.hold(hold), "incident.hold.invalid", &[expected]);
    }
    hers.hold("awaiting_caller").unwrap();
    refuse_on(&hers, |it| it.change_hold("lunch"), "incident.change_hold.invalid", &[("reason", "hold.unknown")]);
}

#[test]
fn resolutions_without_what_their_code_needs() {
    let house = House::with(|draft| {
        let code = |code| ResolutionRule::new(ResolutionCode::new(code).unwrap());
        draft.resolution_codes =
            vec![ResolutionRule { needs_text: true, ..code("fixed") }, ResolutionRule { retired: true, ..code("old") }];
    });
    let hers = incident(&house);
    for (resolution, expected) in [
        (Resolve::new("magic"), ("code", "resolution.unknown")),
        (Resolve::new("fixed"), ("text", "field.required")),
        (Resolve::new("fixed").text(""), ("text", "text.empty")),
        (Resolve::new("old"), ("code", "field.retired")),
    ] {
        refuse_on(&hers, |it| it.resolve(resolution), "incident.resolve.invalid", &[expected]);
    }
}

#[test]
fn commands_that_ask_for_nothing_or_nonsense() {
    let house = House::new();
    let hers = incident(&house);
    let anywhere = Assign::default();
    refuse_on(&hers, |it| it.assign(anywhere), "incident.assign.invalid", &[("group", "value.nothing")]);
    refuse_on(&hers, |it| it.log_time(0), "incident.log_time.invalid", &[("seconds", "value.zero")]);
    let future = house.time.now() + minutes(1);
    refuse_on(
        &hers,
        |it| it.record_milestone(Milestone::Restored, future),
        "incident.record_milestone.invalid",
        &[("at", "time.future")],
    );
    let mias = house.mia().incident(hers.get().unwrap().incident().id());
    refuse_on(
        &mias,
        |it| it.waive("obligation.none", ""),
        "incident.waive.invalid",
        &[("code", "obligation.unknown"), ("reason", "text.empty")],
    );
    refuse_on(
        &mias,
        |it| it.correct(Correct::new(CorrectTo::OnHold(Hold::new("lunch")), "")),
        "incident.correct.invalid",
        &[("to.reason", "hold.unknown"), ("reason", "text.empty")],
    );
    let long = Correct { instead_of: Some("x".repeat(1 << 20)), ..Correct::new(CorrectTo::Assigned, "a repair") };
    refuse_on(&mias, |it| it.correct(long), "incident.correct.invalid", &[("instead_of", "key.too_long")]);
}

// Times.

#[test]
fn what_is_said_to_have_happened_in_the_future_too_long_ago_or_before_its_stage() {
    let house = House::new();
    let hers = incident(&house);
    house.time.advance(days(40));
    let now = house.time.now();
    for (at, code) in [
        (now + chrono::TimeDelta::nanoseconds(1), "time.future"),
        (now + days(1), "time.future"),
        (now - days(30) - chrono::TimeDelta::seconds(1), "time.too_early"),
        (chrono::DateTime::<chrono::Utc>::MIN_UTC, "time.too_early"),
        (chrono::DateTime::<chrono::Utc>::MAX_UTC, "time.future"),
    ] {
        let acting = hers.clone().occurring_at(at);
        refuse_on(&acting, AtIncident::start_work, "incident.start_work.invalid", &[("occurred_at", code)]);
        let error = house.anna().occurring_at(at).report("x").unwrap_err();
        assert_eq!(faults(&error), [("occurred_at", code)]);
    }
    house.time.set(now - days(40) + days(10));
    hers.start_work().unwrap();
    let before = hers.clone().occurring_at(house.time.now() - minutes(1));
    refuse_on(
        &before,
        |it| it.hold("awaiting_vendor"),
        "incident.hold.invalid",
        &[("occurred_at", "time.before_stage")],
    );
}

#[test]
fn a_hold_cannot_have_ended_before_its_reason_began() {
    let house = House::new();
    let hers = incident(&house);
    hers.hold("awaiting_vendor").unwrap();
    house.time.advance(minutes(60));
    hers.change_hold("awaiting_caller").unwrap();
    house.time.advance(minutes(60));
    let early = hers.clone().occurring_at(house.time.now() - minutes(90));
    refuse_on(&early, AtIncident::resume, "incident.resume.invalid", &[("occurred_at", "time.before_stage")]);
}

// Other records and tenants.

#[test]
fn ids_of_another_tenant_name_nothing() {
    let house = House::new();
    let foreign = house.acting("globex", crate::common::bob()).report("Theirs").unwrap();
    let (id, number) = (foreign.id(), foreign.number().clone());
    for error in [
        house.admin().incident(id).get().unwrap_err(),
        house.admin().incident(&number).get().unwrap_err(),
        house.admin().incident(id).start_work().unwrap_err(),
        house.admin().incident(id).events(Version::new(1), 10).unwrap_err(),
        house.admin().incident(id).allowed_moves().unwrap_err(),
    ] {
        assert_eq!((error.code(), error.kind()), ("record.not_found", ErrorKind::NotFound));
    }
    refuse(Report { follows: Some(id), ..Report::new("x") }, &[("follows", "record.unknown")]);
    let hers = incident(&house);
    for cancellation in [Cancellation::Duplicate { of: id }, Cancellation::Superseded { by: id }] {
        refuse_on(
            &hers,
            |it| it.cancel(Cancel::from(cancellation)),
            "incident.cancel.invalid",
            &[("as", "record.unknown")],
        );
    }
    let untouched = house.acting("globex", crate::common::admin()).incident(id).get().unwrap();
    assert_eq!(untouched.version(), Version::new(1));
}

#[test]
fn an_incident_that_does_not_exist() {
    let house = House::new();
    let nobody: Id<Incident> = Id::from_u128(7);
    assert_eq!(house.admin().incident(nobody).start_work().unwrap_err().code(), "record.not_found");
    assert!("INC".parse::<Number>().is_err() && "INC 1".parse::<Number>().is_err());
    assert!("not-a-uuid".parse::<Id<Incident>>().is_err());
}

#[test]
fn versions_that_the_record_does_not_have() {
    let house = House::new();
    let hers = incident(&house);
    for version in [Version::NONE, Version::new(2), Version::new(u64::MAX)] {
        let error = hers.clone().if_version(version).start_work().unwrap_err();
        assert_eq!(error.code(), "record.conflict");
    }
    assert_eq!(hers.get().unwrap().version(), Version::new(1));
    assert_eq!(hers.events(Version::new(u64::MAX), MAX_PAGE).unwrap().0, []);
    assert_eq!(hers.events(Version::NONE, 1).unwrap().0.len(), 1);
}

#[test]
fn a_page_of_no_length_or_of_too_much() {
    let house = House::new();
    let hers = incident(&house);
    for limit in [0, MAX_PAGE + 1, usize::MAX] {
        for error in [
            hers.events(Version::NONE, limit).unwrap_err(),
            hers.timeline(None, limit).unwrap_err(),
            house.anna().worklist(&Query::all(), None, limit).unwrap_err(),
            house.anna().feed(None, &Filter::default(), limit).unwrap_err(),
            house.admin().policy_history(None, limit).unwrap_err(),
        ] {
            assert_eq!((error.code(), &faults(&error)[..]), ("read.invalid", &[("limit", "limit.range")][..]));
        }
    }
    assert_eq!(hers.events(Version::NONE, MAX_PAGE).unwrap().0.len(), 1);
}

#[test]
fn a_cursor_that_somebody_altered_is_refused_or_leads_to_a_part_of_the_list() {
    let house = House::new();
    for title in ["one", "two", "three"] {
        house.bob().report(title).unwrap();
    }
    let anna = house.anna();
    for query in Sort::ALL.map(|sort| Query::all().sorted(sort)) {
        let ids = |page: Page| page.rows.iter().map(|row| row.id).collect::<Vec<_>>();
        let whole = ids(anna.worklist(&query, None, 10).unwrap());
        let real = anna.worklist(&query, None, 1).unwrap().next.unwrap().to_string();
        for (place, digit) in (0..real.len()).flat_map(|place| ["0", "2", "8", "f", "G"].map(|digit| (place, digit))) {
            let mut altered = real.clone();
            altered.replace_range(place..=place, digit);
            match anna.worklist(&query, Some(&Cursor::from(altered.as_str())), 10) {
                Ok(page) => assert!(whole.ends_with(&ids(page)), "{altered}"),
                Err(error) => assert!(error.code().starts_with("cursor."), "{altered}: {error}"),
            }
        }
    }
}

#[test]
fn a_redaction_of_nothing_or_of_too_much() {
    let house = House::new();
    let id = incident(&house).get().unwrap().incident().id();
    let hers = house.admin().incident(id);
    refuse_on(&hers, |it| it.redact(Vec::new(), "x"), "incident.redact.invalid", &[("texts", "value.nothing")]);
    let digests = |n: u32| (0..n).map(|n| Digest::of(&n.to_be_bytes())).collect::<Vec<_>>();
    refuse_on(
        &hers,
        |it| it.redact(digests(10_000), " "),
        "incident.redact.invalid",
        &[("texts", "cap.exceeded"), ("reason", "text.empty")],
    );
    let error = hers.redact(digests(1_000), "as many as one command takes, and all unknown").unwrap_err();
    assert_eq!(faults(&error).len(), 1_000);
    let title = hers.get().unwrap().incident().facts().title.digest();
    assert_eq!(did(&hers.redact(vec![title; 1_000], "as many as one command takes").unwrap()), ["redacted"]);
}

// Commands as JSON.

#[test]
fn a_command_with_a_misspelt_field_is_not_taken_for_another_one() {
    for json in [
        r#"{"command": "resolve", "code": "fixed", "txt": "x"}"#,
        r#"{"command": "route", "grup": "Network"}"#,
        r#"{"command": "reopen", "raeson": "x"}"#,
        r#"{"command": "categorise", "category": "network", "defaults": true}"#,
        r#"{"command": "fly"}"#,
        r#"{"command": "assign", "group": 7}"#,
        r#"{"command": "log_time", "seconds": -1}"#,
        r#"{"command": "log_time", "seconds": 1e30}"#,
        r#"{"code": "fixed"}"#,
    ] {
        assert!(serde_json::from_str::<IncidentCommand>(json).is_err(), "{json}");
    }
    assert!(serde_json::from_str::<Report>(r#"{"titel": "x"}"#).is_err());
    assert!(serde_json::from_str::<Edit>(r#"{"impcat": "x"}"#).is_err());
}

#[test]
fn a_title_that_nobody_could_see_or_that_breaks_the_line_is_none() {
    let house = House::new();
    for title in ["\u{200b}", "\u{feff} \u{ad}", "a\u{2028}b", "\u{202e}abc"] {
        let error = house.bob().report(title).unwrap_err();
        assert_eq!(error.code(), "incident.report.invalid", "{title:?}");
    }
    assert!(house.bob().report("👩\u{200d}💻 is offline").is_ok());
}

#[test]
fn a_flood_of_unknown_fields_makes_no_flood_of_text() {
    let house = House::with(|draft| {
        let field = |n| andon::field::FieldDefinition {
            key: andon::key::FieldKey::new(format!("field number {n}")).unwrap(),
            kind: andon::field::FieldKind::Date,
            retired: false,
        };
        draft.fields = (0..500).map(field).collect();
    });
    let report = (0..500).fold(Report::new("Mail is down"), |report, n| report.field(format!("x{n}"), "y"));
    let error = house.bob().report(report).unwrap_err();
    assert!(error.to_string().len() < 1_000, "{} bytes", error.to_string().len());
}
