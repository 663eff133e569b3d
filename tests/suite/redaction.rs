//! Erasing: what a redaction takes away, where it is gone from, and what stays.

use crate::common::{Acting, AtIncident, House, did, faults, kinds, log};
use andon::{
    CommandId, Error, Id, Incident, PolicyDraft, Stage, Version,
    command::{Cancel, Correct, CorrectTo, Edit, Hold, IncidentCommand, Override, Report, Resolve},
    desk::{Change, History, HistoryStep, OnRefusal},
    digest::Digest,
    event::Event,
    field::{FieldName, RequiredBy, Requirement, Severity},
    incident::{Assignment, Audience, IncidentEvent, Redaction},
    lifecycle::{Stamp, Step},
    obligation::CONFIRMATION,
    store::{Filter, LogPart, Query, RecordKey, Repository, Scope, Term, Terms, tokens},
    text::{ERASED, Text, Title},
    time::{TimeSource, days, hours, minutes},
};
use serde_json::Value;

/// The policy: somebody's own field for texts, and the word of the caller before a closure.
fn with_a_field(draft: &mut PolicyDraft) {
    draft.fields = serde_json::from_value(serde_json::json!([
        { "key": "asset_tag", "kind": { "text": { "max_chars": 40 } } },
    ]))
    .unwrap();
}

fn house() -> House {
    House::with(with_a_field)
}

/// Every text of a JSON with the digest of its slot.
fn slots(json: &Value, found: &mut Vec<(String, Digest)>) {
    match json {
        Value::Object(object) if object.contains_key("text") && object.contains_key("salt") => {
            let slot: Text = serde_json::from_value(json.clone()).unwrap();
            found.push((slot.as_str().unwrap().to_owned(), slot.digest()));
        }
        Value::Object(object) => object.values().for_each(|value| slots(value, found)),
        Value::Array(array) => array.iter().for_each(|value| slots(value, found)),
        _ => {}
    }
}

/// The digests of every text in the log that says this.
fn digests(incident: &AtIncident, text: &str) -> Vec<Digest> {
    let mut found = Vec::new();
    slots(&serde_json::to_value(log(incident)).unwrap(), &mut found);
    let mut digests: Vec<_> =
        found.into_iter().filter(|(known, _)| known.contains(text)).map(|(_, digest)| digest).collect();
    digests.sort_unstable();
    digests.dedup();
    assert!(!digests.is_empty(), "{text} stands in the log");
    digests
}

/// Erases every text of the log that says this.
fn erase(house: &House, id: Id<Incident>, text: &str) {
    let admin = house.admin().incident(id);
    let texts = digests(&admin, text);
    assert_eq!(did(&admin.redact(texts, "they were not ours to keep").unwrap()), ["redacted"]);
}

/// Everything that anybody can read of the record, as text, and everything that is stored of it.
fn everything(house: &House, id: Id<Incident>) -> String {
    let mut found = String::new();
    let mut add = |json: serde_json::Result<String>| found.push_str(&json.unwrap());
    for acting in [house.bob(), house.anna(), house.admin()] {
        let incident = acting.incident(id);
        add(serde_json::to_string(incident.get().unwrap().incident()));
        add(serde_json::to_string(&incident.view().unwrap()));
        add(serde_json::to_string(&log(&incident)));
        add(serde_json::to_string(&incident.timeline(None, 100).unwrap().0));
        add(serde_json::to_string(incident.as_of(house.time.now()).unwrap().incident()));
        add(serde_json::to_string(&acting.worklist(&Query::all(), None, 100).unwrap().rows));
        for delivery in acting.feed(None, &Filter::default(), 100).unwrap().deliveries {
            let Change::Stands { row, events } = delivery.change else { continue };
            add(serde_json::to_string(&(row, events)));
        }
    }
    let scope = Scope::everything(&"acme".parse().unwrap());
    let key = RecordKey::from(id);
    let stored = pollster::block_on(house.repository.load(&scope, Some(&key), None)).unwrap().record.unwrap();
    let incident = stored.record.incident().unwrap();
    let part = LogPart { from: Version::NONE, limit: 1_000, newest_first: false };
    let events = pollster::block_on(house.repository.events(&scope, id.into(), part)).unwrap().events;
    assert_eq!(Incident::fold(&events).unwrap(), (incident.clone(), stored.version), "the log adds up to the record");
    add(serde_json::to_string(&(incident, events)));
    found.push_str(&Terms::of(&stored.record).iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    found
}

fn finds(acting: &Acting, word: &str) -> usize {
    acting.worklist(&Query::all().search(word), None, 10).unwrap().rows.len()
}

/// A report with a text in each of its places.
fn report() -> Report {
    Report::new("Title about Zoltan").description("Description about Zoltan").field("asset_tag", "Zoltan's laptop")
}

// What is erased, and from where.

#[test]
fn each_text_is_gone_from_wherever_it_stood_and_its_digest_stays() {
    type Writes = fn(&House, Id<Incident>) -> Result<andon::desk::Outcome, Error>;
    let writes: [(&str, Writes); 14] = [
        ("Title about Zoltan", |house, id| house.anna().incident(id).edit(Edit::new().title("Another title"))),
        ("Title about Zoltan", |house, id| house.anna().incident(id).watch("kim")),
        ("Description about", |house, id| house.anna().incident(id).edit(Edit::new().clear_description())),
        ("Description about", |house, id| house.anna().incident(id).watch("kim")),
        ("Zoltan's laptop", |house, id| house.anna().incident(id).edit(Edit::new().field("asset_tag", "PC-7"))),
        ("Zoltan's laptop", |house, id| house.anna().incident(id).watch("kim")),
        ("Zoltan wrote", |house, id| house.bob().incident(id).add_note("Zoltan wrote this")),
        ("Zoltan knows", |house, id| house.anna().incident(id).add_internal_note("Zoltan knows")),
        ("Zoltan comes", |house, id| {
            house.anna().incident(id).hold(Hold::new("awaiting_vendor").note("when Zoltan comes"))
        }),
        ("Zoltan did it", |house, id| house.anna().incident(id).resolve(Resolve::new("fixed").text("Zoltan did it"))),
        ("Zoltan orders", |house, id| {
            house.mia().incident(id).override_priority(Override::new("P1", "because Zoltan orders it"))
        }),
        ("Zoltan's call", |house, id| {
            let note = Some("Zoltan's call".to_owned());
            house.anna().incident(id).execute(IncidentCommand::LogTime { seconds: 60, note })
        }),
        ("Zoltan has it", |house, id| {
            let other = house.bob().report("The same").unwrap().id();
            house.anna().incident(id).cancel(Cancel::duplicate_of(other).reason("Zoltan has it, too"))
        }),
        ("Zoltan erred", |house, id| {
            house.mia().incident(id).correct(Correct::new(CorrectTo::Assigned, "Zoltan erred"))
        }),
    ];
    for (text, write) in writes {
        let house = house();
        let id = house.bob().report(report()).unwrap().id();
        house.time.advance(minutes(5));
        write(&house, id).unwrap();
        house.time.advance(minutes(5));
        let before = log(&house.admin().incident(id));
        let texts = digests(&house.admin().incident(id), text);
        assert!(everything(&house, id).contains(text), "{text}");
        erase(&house, id, text);
        let after = everything(&house, id);
        assert!(!after.contains(text), "{text} stands in {after}");
        for digest in texts {
            assert!(after.contains(&digest.to_string()), "{text}: its digest stays");
        }
        let log = log(&house.admin().incident(id));
        let canonical = |log: &[Event]| log.iter().map(|event| event.canonical().unwrap()).collect::<Vec<_>>();
        assert_eq!(canonical(&log[..before.len()]), canonical(&before), "{text}");
        assert_eq!(kinds(&log[before.len()..]), ["redacted"], "{text}");
    }
}

#[test]
fn what_it_was_found_by_is_gone_and_what_others_say_is_still_found() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let other = house.bob().report("Zoltan is ill").unwrap().id();
    assert_eq!((finds(&house.anna(), "zoltan"), finds(&house.anna(), "laptop")), (2, 1));
    erase(&house, id, "Zoltan");
    assert_eq!(
        (finds(&house.anna(), "zoltan"), finds(&house.anna(), "laptop"), finds(&house.anna(), "zol")),
        (1, 0, 1)
    );
    let found = house.anna().worklist(&Query::all().search("zoltan"), None, 10).unwrap().rows;
    assert_eq!(found[0].id, other);
    let number = house.anna().incident(id).get().unwrap().incident().number().to_string();
    assert_eq!(finds(&house.anna(), &number), 1, "by its number");
    let rows = house.anna().worklist(&Query::all(), None, 10).unwrap().rows;
    assert_eq!(rows.iter().find(|row| row.id == id).unwrap().title.as_ref(), ERASED);
    let view = house.anna().incident(id).view().unwrap();
    assert_eq!((view.title.as_str(), view.description.as_deref()), (ERASED, Some(ERASED)));
}

#[test]
fn it_is_gone_from_what_was_known_at_any_time() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let reported = house.time.now();
    house.time.advance(hours(1));
    house.anna().incident(id).edit(Edit::new().title("Another title")).unwrap();
    house.time.advance(hours(1));
    erase(&house, id, "Title about");
    let then = house.admin().incident(id).as_of(reported).unwrap();
    assert!(then.incident().facts().title.is_erased());
    assert_eq!(then.incident().facts().description.as_ref().unwrap().as_str(), Some("Description about Zoltan"));
    let now = house.admin().incident(id).get().unwrap();
    assert_eq!(now.incident().facts().title.as_str(), Some("Another title"), "the present one was not meant");
}

#[test]
fn a_redaction_is_the_desks_own_affair_and_says_why() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    erase(&house, id, "Title about");
    assert_eq!(kinds(&log(&house.bob().incident(id))), ["reported"]);
    let entries = house.anna().incident(id).timeline(None, 1).unwrap().0;
    assert_eq!(entries[0].summary, "ada erased a text");
    assert_eq!(entries[0].text.as_deref(), Some("they were not ours to keep"));
    erase(&house, id, "not ours");
    let entries = house.anna().incident(id).timeline(None, 2).unwrap().0;
    assert_eq!(entries[1].text.as_deref(), Some(ERASED), "the reason can be erased, too");
}

#[test]
fn a_digest_of_no_text_of_the_record_is_refused_and_nothing_is_erased() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let stranger = house.bob().report("Other words").unwrap().id();
    let admin = house.admin().incident(id);
    let (own, foreign) = (digests(&admin, "Title about")[0], digests(&house.admin().incident(stranger), "Other")[0]);
    let before = (everything(&house, id), everything(&house, stranger));
    let error = admin.redact(vec![foreign, own, Digest::of(b"nothing")], "a slip").unwrap_err();
    assert_eq!(error.code(), "incident.redact.invalid");
    assert_eq!(faults(&error), [("texts[0]", "text.unknown"), ("texts[2]", "text.unknown")]);
    assert_eq!((everything(&house, id), everything(&house, stranger)), before);
    let request = IncidentCommand::Redact { texts: vec![foreign], reason: None };
    let error = house.admin().preview(andon::command::Command::Incident { id, request }).unwrap_err();
    assert_eq!(faults(&error), [("texts[0]", "text.unknown")], "a preview says so, too");
}

#[test]
fn what_was_erased_before_can_be_named_again() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let admin = house.admin().incident(id);
    let title = digests(&admin, "Title about");
    for reason in ["they asked for it", "they asked again"] {
        assert_eq!(did(&admin.redact(title.clone(), reason).unwrap()), ["redacted"]);
    }
}

#[test]
fn a_history_that_is_imported_can_erase_nothing() {
    let house = house();
    let texts = vec![Digest::of(b"a text of another system")];
    let step = HistoryStep {
        at: house.time.now(),
        by: crate::common::admin().id().clone(),
        on_behalf_of: None,
        command: IncidentCommand::Redact { texts, reason: None },
        otherwise: None,
    };
    let history = History {
        from: None,
        report: report(),
        reported_at: house.time.now(),
        reported_by: crate::common::bob().id().clone(),
        steps: vec![step],
        on_refusal: OnRefusal::Abort,
    };
    let error = house.admin().import(&history).unwrap_err();
    assert_eq!(faults(&error), [("steps[0].texts[0]", "text.unknown")]);
}

// Named from what a front-end shows.

#[test]
fn an_older_title_is_named_from_the_timeline_alone() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    house.anna().incident(id).edit(Edit::new().title("Another title").field("asset_tag", "PC-7")).unwrap();
    let admin = house.admin().incident(id);
    let entries = admin.timeline(None, 100).unwrap().0;
    let old = |field: &str| {
        let change = entries.iter().flat_map(|entry| &entry.changes).find(|change| change.field == field).unwrap();
        assert!(change.old.as_ref().unwrap().contains("Zoltan"));
        change.old_digest.as_ref().unwrap().parse().unwrap()
    };
    let texts = vec![old("title"), old("fields.asset_tag")];
    assert_eq!(did(&admin.redact(texts, "they asked for it").unwrap()), ["redacted"]);
    let after = everything(&house, id);
    assert!(!after.contains("Title about Zoltan") && !after.contains("Zoltan's laptop"), "{after}");
    assert!(after.contains("Another title") && after.contains("Description about Zoltan"), "the rest is as it was");
}

#[test]
fn the_views_tell_the_digest_of_every_text_of_a_log() {
    let house = house();
    let file = |name: &str| andon::command::AttachmentInput {
        name: name.to_owned(),
        media_type: "image/png".to_owned(),
        size: 12,
        digest: Digest::of(name.as_bytes()),
    };
    let reported = Report { attachments: vec![file("first.png"), file("second.png")], ..report() };
    let id = house.bob().report(reported).unwrap().id();
    let (anna, mia) = (house.anna().incident(id), house.mia().incident(id));
    anna.attach(file("third.png")).unwrap();
    anna.detach(file("first.png").digest).unwrap();
    anna.detach(file("third.png").digest).unwrap();
    anna.edit(Edit::new().title("Another title").clear_description().field("asset_tag", "PC-7")).unwrap();
    anna.edit(Edit::new().title("A third title").description("Again")).unwrap();
    anna.hold(Hold::new("awaiting_vendor").note("a note")).unwrap();
    mia.override_priority(Override::new("P1", "a reason")).unwrap();
    let to = CorrectTo::OnHold(Hold::new("awaiting_vendor").note("another note"));
    mia.correct(Correct::new(to, "a slip")).unwrap();
    mia.correct(Correct::new(CorrectTo::Resolved(Resolve::new("fixed").text("done")), "a slip")).unwrap();
    mia.waive(CONFIRMATION, "he is on leave").unwrap();
    let admin = house.admin().incident(id);
    let shown = serde_json::to_string(&(admin.view().unwrap(), admin.timeline(None, 100).unwrap().0)).unwrap();
    let mut found = Vec::new();
    slots(&serde_json::to_value(log(&admin)).unwrap(), &mut found);
    assert!(found.len() > 15, "{found:?}");
    for (text, digest) in found {
        assert!(shown.contains(&digest.to_string()), "{text} cannot be named");
    }
}

// Together with other commands.

/// A step of several moves, one after the other.
fn steps(incident: Incident, events: Vec<IncidentEvent>, at: andon::time::Instant) -> Step<Incident> {
    let actor = crate::common::admin().id().clone();
    let mut step = Step { next: incident, events: Vec::new() };
    for event in events {
        let next = step.next.apply(event, &Stamp::now(at, &actor)).unwrap();
        step.next = next.next;
        step.events.extend(next.events);
    }
    step
}

#[test]
fn what_lands_with_the_redaction_does_not_keep_what_it_erases() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    house.mia().incident(id).override_priority(Override::new("P2", "because Zoltan orders it")).unwrap();
    let admin = house.admin();
    let seen = admin.incident(id).get().unwrap().into_incident();
    let old = seen.facts().title.clone();
    let texts = [digests(&admin.incident(id), "Title about"), digests(&admin.incident(id), "Zoltan orders")].concat();
    let title = Title::new("Another title", 80, [1; 16]).unwrap();
    let changes = serde_json::from_value(serde_json::json!([
        { "field": "title", "old": old, "new": title },
        { "field": "impact", "old": seen.facts().impact, "new": "high" },
    ]));
    let events = vec![
        IncidentEvent::Edited(changes.unwrap()),
        IncidentEvent::Redacted(Redaction { texts, reason: None }),
        IncidentEvent::Routed(Assignment { group: Some("Mail".parse().unwrap()), person: None }),
    ];
    let outcome = admin.commit(steps(seen, events, house.time.now())).unwrap();
    assert_eq!(did(&outcome), ["edited", "priority_changed", "redacted", "routed"]);
    assert!(outcome.incident().facts().title.says("Another title"));
    for text in ["Title about", "Zoltan orders"] {
        assert!(!serde_json::to_string(outcome.events()).unwrap().contains(text), "the outcome keeps `{text}`");
        let left = everything(&house, id);
        assert!(!left.contains(text), "`{text}` stands in {left}");
    }
}

#[test]
fn a_redacted_record_goes_on() {
    let house = House::with(|draft| {
        with_a_field(draft);
        let (by, severity) = (RequiredBy::Closure, Severity::Blocking);
        draft.closure.required = vec![
            Requirement { field: FieldName::Description, by, severity },
            Requirement { field: FieldName::ResolutionText, by, severity },
        ];
        draft.reopening.max_times = Some(1);
    });
    let id = house.bob().report(report()).unwrap().id();
    let anna = house.anna().incident(id);
    anna.hold(Hold::new("awaiting_caller").note("Zoltan is away")).unwrap();
    erase(&house, id, "Zoltan");
    let replied = house.bob().incident(id).add_note("He is back.").unwrap();
    assert_eq!(did(&replied), ["note_added", "resumed"]);
    anna.edit(Edit::new().title("Mail is down").field("asset_tag", "PC-7")).unwrap();
    assert_eq!(finds(&house.anna(), "mail"), 1);
    anna.resolve(Resolve::new("fixed").text("Zoltan did it")).unwrap();
    erase(&house, id, "Zoltan did it");
    house.mia().incident(id).waive(CONFIRMATION, "Zoltan said so").unwrap();
    erase(&house, id, "Zoltan said so");
    assert_eq!(anna.get().unwrap().incident().progress().waivers.len(), 1, "what was waived stays waived");
    house.bob().incident(id).reopen("It is back.").unwrap();
    anna.resolve(Resolve::new("fixed").text("Zoltan did it again")).unwrap();
    erase(&house, id, "Zoltan did it again");
    let over = house.bob().incident(id).reopen("No.").unwrap_err();
    assert_eq!(over.code(), "incident.reopen.over");
    house.mia().incident(id).waive(CONFIRMATION, "he is on leave").unwrap();
    assert_eq!(did(&anna.close().unwrap()), ["closed"], "an erased text is still one that was said");
    assert_eq!(anna.get().unwrap().incident().stage(), Stage::Closed);
    erase(&house, id, "Mail is down");
    assert!(!everything(&house, id).contains("Zoltan"));
}

#[test]
fn what_follows_a_record_with_an_erased_title_can_be_reported() {
    let house = House::with(|draft| {
        with_a_field(draft);
        draft.reopening.max_times = Some(0);
        draft.reopening.window_seconds = None;
    });
    let id = house.bob().report(report()).unwrap().id();
    house.anna().incident(id).resolve("fixed").unwrap();
    erase(&house, id, "Zoltan");
    let Error::ReopeningOver(over) = house.bob().incident(id).reopen("It is back.").unwrap_err() else {
        panic!("it can never be reopened")
    };
    let successor = over.successor().clone();
    assert!(!serde_json::to_string(&successor).unwrap().contains("Zoltan"));
    let followed = house.bob().report(successor).unwrap();
    assert_eq!(followed.incident().facts().follows, Some(id));
}

#[test]
fn a_file_name_can_be_erased_and_the_file_taken_off() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let file = andon::command::AttachmentInput {
        name: "Zoltan.png".to_owned(),
        media_type: "image/png".to_owned(),
        size: 12,
        digest: Digest::of(b"picture"),
    };
    house.anna().incident(id).attach(file.clone()).unwrap();
    erase(&house, id, "Zoltan.png");
    assert!(!everything(&house, id).contains("Zoltan.png"));
    assert_eq!(did(&house.anna().incident(id).detach(file.digest).unwrap()), ["detached"]);
}

// Commands that were given before.

#[test]
fn the_redaction_itself_is_answered_again() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let admin = house.admin().incident(id).with_command(CommandId::named("erase"));
    let texts = digests(&admin, "Title about");
    let first = admin.redact(texts.clone(), "they asked for it").unwrap();
    house.anna().incident(id).watch("kim").unwrap();
    let again = admin.redact(texts.clone(), "they asked for it").unwrap();
    assert!(again.was_repeated());
    assert_eq!(
        (again.incident(), again.events(), again.version()),
        (first.incident(), first.events(), first.version())
    );
    assert_eq!(admin.redact(texts, "for another reason").unwrap_err().code(), "command.reused");
}

#[test]
fn what_was_asked_of_the_record_before_can_no_longer_be_found_out_and_not_be_repeated() {
    let house = house();
    let named = CommandId::named;
    let report_it = || house.bob().with_command(named("report")).report(report());
    let id = report_it().unwrap().id();
    let write = || house.anna().incident(id).with_command(named("note")).add_note("Zoltan wrote this");
    let nothing = || house.anna().incident(id).with_command(named("nothing")).unwatch("nobody");
    write().unwrap();
    nothing().unwrap();
    let elsewhere = house.bob().report("Other words").unwrap().id();
    let note_elsewhere = || house.anna().incident(elsewhere).with_command(named("other")).add_note("Hello.");
    note_elsewhere().unwrap();
    erase(&house, id, "Zoltan wrote");
    let before = log(&house.admin().incident(id));
    for error in [report_it().unwrap_err(), write().unwrap_err(), nothing().unwrap_err()] {
        assert_eq!(error.code(), "command.reused");
    }
    assert_eq!(log(&house.admin().incident(id)), before, "and nothing happens twice");
    assert!(note_elsewhere().unwrap().was_repeated(), "other records keep their answers");
    let scope = Scope::everything(&"acme".parse().unwrap());
    for command in ["report", "note", "nothing"] {
        let found = pollster::block_on(house.repository.load(&scope, None, Some(named(command)))).unwrap();
        assert_eq!(found.answer.unwrap().salt, None, "{command}");
    }
    let after = || house.anna().incident(id).with_command(named("after")).add_note("We go on.");
    after().unwrap();
    assert!(after().unwrap().was_repeated(), "what comes later is answered again");
}

// Who may, and what is refused.

#[test]
fn only_administrators_erase() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let texts = digests(&house.admin().incident(id), "Title about");
    for acting in [house.bob(), house.anna(), house.mia(), house.monitoring()] {
        let error = acting.incident(id).redact(texts.clone(), "no").unwrap_err();
        assert_eq!(error.code(), "incident.redact.refused");
    }
    let foreign = house.acting("globex", crate::common::admin());
    assert_eq!(foreign.incident(id).redact(texts, "no").unwrap_err().code(), "record.not_found");
    assert!(house.bob().incident(id).get().unwrap().incident().facts().title.says("Title about Zoltan"));
}

#[test]
fn what_asks_for_nothing_or_too_much_is_refused_and_erases_nothing() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let admin = house.admin().incident(id);
    let title = digests(&admin, "Title about");
    let refuse = |texts: Vec<Digest>, reason: &str, expected: &[(&str, &str)]| {
        let error = admin.redact(texts, reason).unwrap_err();
        assert_eq!((error.code(), &faults(&error)[..]), ("incident.redact.invalid", expected));
        assert!(error.to_string().len() < 1_000, "{error}");
        assert_eq!(admin.get().unwrap().version(), Version::new(1));
        assert!(admin.get().unwrap().incident().facts().title.says("Title about Zoltan"));
    };
    refuse(Vec::new(), "why not", &[("texts", "value.nothing")]);
    refuse(vec![title[0]; 10_000], "all of it", &[("texts", "cap.exceeded")]);
    refuse(title.clone(), " ", &[("reason", "text.empty")]);
    let later = house.time.now() + days(1);
    let error = admin.clone().occurring_at(later).redact(title, "tomorrow").unwrap_err();
    assert_eq!(faults(&error), [("occurred_at", "time.future")]);
    for json in
        [r#"{"command":"redact"}"#, r#"{"command":"redact","texts":["x"]}"#, r#"{"command":"redact","texts":7}"#]
    {
        assert!(serde_json::from_str::<IncidentCommand>(json).is_err(), "{json}");
    }
}

#[test]
fn a_preview_of_a_redaction_erases_nothing() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let texts = digests(&house.admin().incident(id), "Title about");
    let request = IncidentCommand::Redact { texts, reason: None };
    let preview =
        house.admin().preview(andon::command::Command::Incident { id, request }).unwrap().into_incident().unwrap();
    assert!(preview.incident().facts().title.is_erased());
    assert!(house.admin().incident(id).get().unwrap().incident().facts().title.says("Title about Zoltan"));
    assert_eq!(tokens("Zoltan").map(Term::Token).count(), 1);
    assert_eq!(finds(&house.anna(), "zoltan"), 1);
    assert_eq!(log(&house.admin().incident(id)).len(), 1);
}

/// Both kinds of notes are erased alike.
#[test]
fn a_note_for_the_desk_alone_is_erased_as_one_for_all() {
    let house = house();
    let id = house.bob().report(report()).unwrap().id();
    let anna = house.anna().incident(id);
    for audience in [Audience::Public, Audience::Internal] {
        anna.execute(IncidentCommand::AddNote { audience, text: "Zoltan, again".to_owned() }).unwrap();
    }
    let counters = |at: &AtIncident| {
        let progress = at.get().unwrap().into_incident().progress().clone();
        (progress.public_notes, progress.internal_notes)
    };
    assert_eq!(digests(&anna, "Zoltan, again").len(), 2, "each has a salt of its own");
    erase(&house, id, "Zoltan, again");
    assert_eq!(counters(&anna), (1, 1));
    assert!(!everything(&house, id).contains("Zoltan, again"));
}
