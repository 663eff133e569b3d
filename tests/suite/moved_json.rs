//! The JSON of what stores keep beside records and events, and of a tenant that is moved: what was written once stays
//! readable, and what is none of it is refused, with its line and its path.

use std::{collections::BTreeSet, fs, path::Path};

use andon::{
    Id, Incident, MemoryRepository,
    calendar::BuiltIn,
    command::{Edit, IncidentCommand, Raise, Report},
    digest::Digest,
    event::{RecordId, RecordIdError},
    key::TenantId,
    store::{self, Answer, IndexRow, MoveError, Moves, Published, Terms, Wake},
    time::days,
};
use pollster::block_on;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    common::{House, eventful::rich, policy},
    json::{kind, read_golden, write_missing},
};

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// A tenant with something of everything: a policy, an incident on hold of which a text is erased, a problem, a command
/// that changed nothing, and one that published.
fn house() -> House {
    let house = House::new();
    let admin = house.admin();
    admin.publish_policy(policy(rich)).unwrap();
    let report = Report::new("Mail is down").caller("bob").group("Network").person("anna").service("mail");
    let id = admin.report(report.field("floor", "first").description("Since nine.")).unwrap().id();
    house.time.advance(days(1));
    let incident = admin.incident(id);
    incident.edit(Edit::new().title("Mail is slow")).unwrap();
    let digest = erasable(&house, id);
    let redact = json!({"command": "redact", "texts": [digest]});
    incident.execute(serde_json::from_value::<IncidentCommand>(redact).unwrap()).unwrap();
    incident.edit(Edit::new().title("Mail is slow")).unwrap();
    let hold = json!({"command": "hold", "reason": "awaiting_vendor", "until": "2026-06-12T07:00:00Z"});
    incident.execute(serde_json::from_value::<IncidentCommand>(hold).unwrap()).unwrap();
    admin.raise(Raise { from: vec![id], ..Raise::new("Mail goes down every Monday") }).unwrap();
    house
}

/// The text of the description.
fn erasable(house: &House, id: Id<Incident>) -> Digest {
    house.admin().incident(id).get().unwrap().incident().facts().description.as_ref().unwrap().digest()
}

/// A tenant as JSON Lines.
fn exported(repository: &MemoryRepository) -> String {
    let mut lines = Vec::new();
    block_on(store::export(repository, &acme(), &mut lines, |_| {})).unwrap();
    String::from_utf8(lines).unwrap()
}

fn imported(lines: &str) -> Result<(MemoryRepository, Moves), MoveError> {
    let repository = MemoryRepository::new();
    let (tenant, moves) = block_on(store::import(&repository, lines.as_bytes(), &BuiltIn, |_| {}))?;
    assert_eq!(tenant, acme());
    Ok((repository, moves))
}

/// The tenant as it was once exported.
#[expect(clippy::disallowed_methods, reason = "ANDON_UPDATE=1 writes the file, if it is missing")]
fn golden() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/exports-1/acme.jsonl");
    if std::env::var_os("ANDON_UPDATE").is_some() && !file.exists() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, exported(&house().repository)).unwrap();
    }
    fs::read_to_string(file).unwrap()
}

fn values(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a line says, and of what kind it is.
fn parts(line: &Value) -> (&str, &Value) {
    let mut members = line.as_object().unwrap().iter();
    let (kind, said) = members.next().unwrap();
    assert!(members.next().is_none(), "a line says one thing: {line}");
    (kind, said)
}

#[test]
fn what_hosts_keep_under_keys_and_in_queues_is_read_back() {
    let uuid = "0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d11";
    for (text, record) in [
        (format!("incident {uuid}"), RecordId::Incident(uuid.parse().unwrap())),
        (format!("problem {uuid}"), RecordId::Problem(uuid.parse().unwrap())),
    ] {
        assert_eq!((record.to_string(), text.parse()), (text, Ok(record)));
    }
    for text in ["", "incident", "incident ", uuid, "incident 4711", "incident  4711"] {
        assert_eq!(text.parse::<RecordId>(), Err(RecordIdError), "{text}");
    }
    for (kind, id) in
        [("change", uuid.to_owned()), ("incident", uuid.to_uppercase()), ("incident", uuid.replace('-', ""))]
    {
        assert_eq!(format!("{kind} {id}").parse::<RecordId>(), Err(RecordIdError), "{kind} {id}");
    }
    let at = "2026-03-27T08:00:00Z".parse().unwrap();
    let wake = Wake { at, record: RecordId::Problem(uuid.parse().unwrap()), tenant: acme() };
    let json = json!({"at": "2026-03-27T08:00:00Z", "record": {"problem": uuid}, "tenant": "acme"});
    assert_eq!(serde_json::to_value(&wake).unwrap(), json);
    assert_eq!(serde_json::from_value::<Wake>(json).unwrap(), wake);
}

#[test]
fn an_export_of_schema_1_stays_readable() {
    let golden = golden();
    let (repository, moves) = imported(&golden).unwrap();
    assert_eq!(moves, Moves { documents: 1, publications: 1, records: 2, events: 6, answers: 7 });
    // What it says is the same, in whatever order members were written then; and what is written now comes back as it is.
    let now = exported(&repository);
    assert_eq!(values(&now), values(&golden));
    assert_eq!(exported(&imported(&now).unwrap().0), now);
}

#[test]
fn an_export_has_a_line_for_each_thing_between_a_head_and_an_end() {
    let golden = values(&golden());
    let kinds: Vec<&str> = golden.iter().map(|line| parts(line).0).collect();
    let mut expected = vec!["export", "document", "published", "record", "record"];
    expected.extend(["answer"; 7]);
    expected.extend(["counter", "counter", "end"]);
    assert_eq!(kinds, expected);
    assert_eq!(golden[0], json!({"export": {"schema": 1, "tenant": "acme"}}));
    let counted = json!({"end": {"documents": 1, "publications": 1, "records": 2, "events": 6, "answers": 7}});
    assert_eq!(golden[golden.len() - 1], counted);
    assert_eq!(golden[golden.len() - 3], json!({"counter": {"kind": "incident", "last": 1}}));
}

#[test]
fn what_is_exported_today_has_the_same_members() {
    /// Every member, by its path, with what stands in lists under one path.
    fn members(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        found.insert(path.to_owned());
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    members(&format!("{path}/{key}"), value, found);
                }
            }
            Value::Array(array) => {
                for value in array {
                    members(&format!("{path}/*"), value, found);
                }
            }
            _ => {}
        }
    }
    let of = |lines: &str| {
        let mut found = BTreeSet::new();
        for line in values(lines) {
            members("", &line, &mut found);
        }
        found
    };
    assert_eq!(of(&exported(&house().repository)), of(&golden()));
}

/// That a part of a line is read and written as it stands.
fn stays<T: Serialize + DeserializeOwned>(name: &str, written: &[u8]) {
    let read: T = serde_json::from_slice(written).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written: Value = serde_json::from_slice(written).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), written, "{name}");
}

#[test]
fn rows_terms_answers_and_publications_of_schema_1_stay_readable() {
    for line in values(&exported(&house().repository)) {
        match parts(&line) {
            ("record", said) => {
                let of = parts(&said["snapshot"]).0;
                write_missing("stored-1", &format!("row-{of}"), &said["row"]);
                write_missing("stored-1", &format!("terms-{of}"), &said["terms"]);
            }
            ("published", said) => write_missing("stored-1", "published", said),
            ("answer", said) => {
                let answer = &said["answer"];
                let name = match (&answer["published"], &answer["salt"], &answer["touched"][0]) {
                    (Value::Object(_), ..) => "answer-published",
                    (_, Value::Null, _) => "answer-erased",
                    (_, _, touched) if touched["last"].as_u64() < touched["first"].as_u64() => "answer-unchanged",
                    _ => "answer-written",
                };
                write_missing("stored-1", name, answer);
            }
            _ => {}
        }
    }
    let files = read_golden("stored-1");
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        "answer-erased",
        "answer-published",
        "answer-unchanged",
        "answer-written",
        "published",
        "row-incident",
        "row-problem",
        "terms-incident",
        "terms-problem",
    ];
    assert_eq!(names, expected);
    for (name, bytes) in &files {
        match kind(name) {
            "row" => stays::<IndexRow>(name, bytes),
            "terms" => stays::<Terms>(name, bytes),
            "answer" => stays::<Answer>(name, bytes),
            _ => stays::<Published>(name, bytes),
        }
    }
}

// What is no export.

/// The export with something else at a place of the first line of this kind.
fn spoilt(pointer: &str, value: Value) -> (u64, String) {
    let of = pointer.split('/').nth(1).unwrap();
    let mut lines = values(&golden());
    let at = lines.iter().position(|line| parts(line).0 == of).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match lines[at].pointer_mut(parent).unwrap_or_else(|| panic!("there is no {parent}")) {
        Value::Object(object) => {
            object.insert(key.to_owned(), value);
        }
        Value::Array(array) => array[key.parse::<usize>().unwrap()] = value,
        other => panic!("{other} has no {key}"),
    }
    let text = lines.iter().fold(String::new(), |text, line| text + &line.to_string() + "\n");
    (u64::try_from(at).unwrap() + 1, text)
}

#[test]
fn a_line_that_says_what_is_not_known_is_refused_with_its_path() {
    for (pointer, value, path, says) in [
        ("/export/surprise", json!(1), "export.surprise", "unknown field"),
        ("/export/schema", json!(2), "export", "begins with its schema, 1"),
        ("/export/tenant", json!(""), "export.tenant", "empty"),
        ("/document/surprise", json!(1), ".", ""),
        ("/document/policy/surprise", json!(1), "policy.surprise", "unknown field"),
        ("/published/surprise", json!(1), "published.surprise", "unknown field"),
        ("/published/stamp/digest", json!("00"), "published.stamp.digest", "64 hexadecimal digits"),
        ("/record/surprise", json!(1), "record.surprise", "unknown field"),
        ("/record/snapshot/incident/surprise", json!(1), "record.snapshot", "unknown field"),
        ("/record/row/surprise", json!(1), "record.row.surprise", "unknown field"),
        ("/record/row/stage", json!("asleep"), "record.row.stage", ""),
        ("/record/row/priority", json!({"rank": 0, "name": "P1"}), "record.row.priority", ""),
        ("/record/terms/surprise", json!([]), "record.terms.surprise", "unknown field"),
        ("/record/terms/subject/0", json!("colour:red"), "record.terms.subject[0]", "`colour:red` is no term"),
        ("/record/terms/standing/0", json!("person:"), "record.terms.standing[0]", "`person:` is no term"),
        ("/record/events/0/surprise", json!(1), "record.events[0]", "unknown field"),
        ("/answer/surprise", json!(1), "answer.surprise", "unknown field"),
        ("/answer/answer/surprise", json!(1), "answer.answer.surprise", "unknown field"),
        ("/answer/answer/salt", json!("salt"), "answer.answer.salt", "32 hexadecimal digits"),
        ("/counter/kind", json!("change"), "counter.kind", "unknown variant"),
        ("/counter/surprise", json!(1), "counter.surprise", "unknown field"),
        ("/end/surprise", json!(1), "end.surprise", "unknown field"),
        ("/end/answers", json!(8), "end", "lines are missing"),
    ] {
        let (at, lines) = spoilt(pointer, value);
        match imported(&lines) {
            Err(MoveError::Line { line, source }) => {
                assert_eq!(line, at, "{pointer}: {source}");
                assert!(source.path().starts_with(path) && source.message().contains(says), "{pointer}: {source}");
            }
            other => panic!("{pointer}: {other:?}"),
        }
    }
}

#[test]
fn a_line_of_another_kind_or_none_is_refused() {
    let golden = golden();
    for line in ["{\"attachment\": {}}", "", "[]", "{\"counter\": {\"kind\": \"incident\", \"last\": 1}} {}", "{"] {
        let (head, rest) = golden.split_once('\n').unwrap();
        let error = imported(&format!("{head}\n{line}\n{rest}")).unwrap_err();
        assert!(matches!(error, MoveError::Line { line: 2, .. }), "{line}: {error:?}");
    }
}

#[test]
fn an_export_that_was_cut_off_says_after_which_line_and_can_be_imported_again() {
    let golden = golden();
    let lines: Vec<&str> = golden.split_inclusive('\n').collect();
    let repository = MemoryRepository::new();
    for count in 1..lines.len() {
        let whole: String = lines[..count].concat();
        let half = format!("{whole}{}", &lines[count][..lines[count].len() / 2]);
        let unended = format!("{whole}{}", lines[count].trim_end());
        for cut in [whole, half, unended] {
            let result = block_on(store::import(&repository, cut.as_bytes(), &BuiltIn, |_| {}));
            let after = u64::try_from(count).unwrap();
            assert!(matches!(result, Err(MoveError::CutOff { lines }) if lines == after), "{count}: {result:?}");
        }
    }
    block_on(store::import(&repository, golden.as_bytes(), &BuiltIn, |_| {})).unwrap();
    assert_eq!(exported(&repository), exported(&imported(&golden).unwrap().0));
}

#[test]
fn an_export_that_lacks_a_line_is_refused() {
    let golden = golden();
    let lines: Vec<&str> = golden.split_inclusive('\n').collect();
    // A counter is not counted: what comes without it gives numbers from where the records end.
    for left_out in 1..lines.len() - 3 {
        let mut fewer = lines.clone();
        fewer.remove(left_out);
        assert!(imported(&fewer.concat()).is_err(), "without {}", lines[left_out]);
    }
}
