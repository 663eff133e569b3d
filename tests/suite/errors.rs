//! Errors: every code is documented and every documented code occurs; the texts help.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use crate::common::{House, every_command, faults, typed};
use andon::{
    Actor, CommandId, Error, Id, Incident, PolicyDraft, Version,
    command::{AcceptMajor, Assign, Cancel, Correct, CorrectTo, Hold, Report},
    desk::{Cursor, History, OnRefusal},
    directory::{Directory, DirectoryError, Person},
    error::{CodeEntry, ErrorKind, FAULTS, Retry, catalogue},
    event::RecordId,
    field::FieldDefinition,
    incident::{Cancellation, ResumedBy},
    key::{FieldKey, Label, PersonRef, RoleName, RuleId, TenantId},
    lifecycle::{Stamp, Step},
    permission::{PermissionScope, Permissions},
    policy::ServiceRequestRule,
    store::{Expected, Filter, Query, RepositoryError, Span, Term},
    time::{TimeSource, days, minutes},
    verb::IncidentVerb,
};

fn in_the_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

// The table in the documentation.

fn table() -> String {
    let mut out = String::from("## Codes of errors\n\n| code | kind | retry | meaning |\n|---|---|---|---|\n");
    for CodeEntry { code, kind, retry, meaning } in catalogue() {
        writeln!(out, "| `{code}` | {} | {} | {meaning} |", kind.as_str(), retry.as_str()).unwrap();
    }
    out.push_str("\n## Codes of faults\n\nThey stand in [`Error::faults`], each with the path of its field.\n\n");
    out.push_str("| code | meaning |\n|---|---|\n");
    for (code, meaning) in FAULTS {
        writeln!(out, "| `{code}` | {meaning} |").unwrap();
    }
    out
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever changes a code asks for the table anew with ANDON_UPDATE=1")]
fn the_documented_table_is_the_catalogue() {
    let file = in_the_crate("src/error/codes.md");
    if std::env::var_os("ANDON_UPDATE").is_some() {
        fs::write(&file, table()).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap();
    assert!(written == table(), "src/error/codes.md is out of date; run this test with ANDON_UPDATE=1");
}

#[test]
fn every_code_stands_in_the_table_once() {
    let codes: Vec<_> = catalogue().map(|entry| entry.code).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    let faults: Vec<_> = FAULTS.iter().map(|(code, _)| *code).collect();
    assert!(faults.is_sorted() && faults.iter().collect::<BTreeSet<_>>().len() == faults.len());
}

// The codes of faults, as the source uses them.

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let library = text.split("#[cfg(test)]\nmod ").next().unwrap();
            found.push(library.to_owned());
        }
    }
}

/// The arguments of a call, from just behind its opening bracket.
fn arguments(text: &str) -> Vec<String> {
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    let mut arguments = vec![String::new()];
    for c in text.chars() {
        let here = arguments.last_mut().unwrap();
        match c {
            _ if in_text => {
                in_text = escaped || c != '"';
                escaped = c == '\\' && !escaped;
            }
            '"' => in_text = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        here.push(c);
    }
    arguments.into_iter().map(|argument| argument.trim().to_owned()).filter(|argument| !argument.is_empty()).collect()
}

fn literal(argument: &str) -> Option<String> {
    Some(argument.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// Every literal that the source passes as the code of a fault.
fn used() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&in_the_crate("src"), &mut files);
    let mut codes = BTreeSet::new();
    for text in &files {
        for (call, least, place) in
            [("fault(", 3, 1), ("push(", 3, 1), ("Fault::new(", 3, 1), ("broken(", 2, 0), ("invalid_read(", 3, 1)]
        {
            for (at, _) in text.match_indices(call) {
                let arguments = arguments(&text[at + call.len()..]);
                if arguments.len() >= least {
                    codes.extend(literal(&arguments[place]));
                }
            }
        }
        for (at, _) in text.match_indices("Broken { code: ") {
            codes.extend(literal(&arguments(&text[at + "Broken { code: ".len()..])[0]));
        }
        // Rules of keys and texts name their codes in `fn code`.
        for (at, _) in text.match_indices("pub const fn code(self) -> &'static str {") {
            let body = text[at..].split("\n    }\n").next().unwrap();
            codes.extend(body.split('"').skip(1).step_by(2).filter(|word| word.contains('.')).map(str::to_owned));
        }
    }
    codes
}

#[test]
fn every_fault_is_documented_and_every_documented_fault_occurs() {
    let documented: BTreeSet<String> = FAULTS.iter().map(|(code, _)| (*code).to_owned()).collect();
    let used = used();
    let undocumented: Vec<_> = used.difference(&documented).collect();
    let unused: Vec<_> = documented.difference(&used).collect();
    assert!(undocumented.is_empty() && unused.is_empty(), "not in FAULTS: {undocumented:?}; nowhere used: {unused:?}");
}

// The codes of verbs, as they occur.

/// The codes of the catalogue for verbs that end so.
fn of_verbs(ending: &str) -> BTreeSet<&'static str> {
    let of_a_verb = |code: &str| code.starts_with("incident.") && code.ends_with(ending);
    catalogue().map(|entry| entry.code).filter(|code| of_a_verb(code)).collect()
}

fn history(house: &House) -> History {
    History {
        from: None,
        report: Report::new("Mail was down"),
        reported_at: house.time.now(),
        reported_by: crate::common::bob().id().clone(),
        steps: Vec::new(),
        on_refusal: OnRefusal::Abort,
    }
}

#[test]
fn the_codes_for_illegal_moves_are_those_that_occur() {
    let house = House::new();
    let mut codes = BTreeSet::new();
    let hold = Hold::new("awaiting_vendor");
    for stage in [
        CorrectTo::New,
        CorrectTo::Assigned,
        CorrectTo::InProgress,
        CorrectTo::OnHold(hold),
        CorrectTo::Resolved("fixed".into()),
        CorrectTo::Closed("fixed".into()),
        CorrectTo::Cancelled(Cancellation::Withdrawn),
    ] {
        // Every stage has the redaction, and this one names a text that is not there.
        for command in every_command().into_iter().filter(|command| command.verb() != IncidentVerb::Redact) {
            let id = house.bob().report("Mail is down").unwrap().id();
            let ada = house.admin().incident(id);
            ada.correct(Correct::new(stage.clone(), "to begin there")).unwrap();
            match ada.execute(command) {
                Err(Error::Illegal(illegal)) => {
                    codes.insert(Error::from(*illegal).code());
                }
                // What was not proposed cannot be rejected, though it could be accepted.
                Err(error @ Error::Invalid(_)) if faults(&error)[0].1 == "major.not_proposed" => {}
                Err(Error::Blocked(_)) | Ok(_) => {}
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert_eq!(codes, of_verbs(".illegal"));
}

#[test]
fn the_codes_for_wrong_fields_are_those_that_occur() {
    let house = House::new();
    let future = house.time.now() + days(1);
    let id = house.bob().report("Mail is down").unwrap().id();
    let mut codes: BTreeSet<_> = every_command()
        .into_iter()
        .map(|command| house.admin().incident(id).occurring_at(future).execute(command).unwrap_err().code())
        .collect();
    codes.insert(house.bob().report("").unwrap_err().code());
    let late = History { reported_at: future, ..history(&house) };
    codes.insert(house.admin().import(&late).unwrap_err().code());
    assert_eq!(codes, of_verbs(".invalid"));
}

#[test]
fn the_codes_for_missing_permissions_are_those_that_occur() {
    let reader = RoleName::new("reader").unwrap();
    let house = House::with(|draft| {
        draft.permissions = Permissions::none()
            .grant(reader.clone(), PermissionScope::All, [IncidentVerb::Read])
            .grant(RoleName::new("reporter").unwrap(), PermissionScope::All, [IncidentVerb::Report])
            .grant(
                RoleName::new("ender").unwrap(),
                PermissionScope::All,
                [IncidentVerb::Read, IncidentVerb::Cancel, IncidentVerb::Resolve],
            );
    });
    let acting = |role| house.acting("acme", Actor::person("rita").unwrap().role(role).unwrap());
    let id = acting("reporter").report("Mail is down").unwrap().id();
    let mut codes: BTreeSet<_> = every_command()
        .into_iter()
        .map(|command| acting("reader").incident(id).execute(command).unwrap_err().code())
        .collect();
    house.time.advance(minutes(5));
    let earlier = house.time.now() - minutes(1);
    codes.insert(acting("reader").report("x").unwrap_err().code());
    codes.insert(acting("reporter").report(Report::new("x").caller("bob")).unwrap_err().code());
    codes.insert(acting("reporter").occurring_at(earlier).report("x").unwrap_err().code());
    codes.insert(acting("reader").import(&history(&house)).unwrap_err().code());
    let other = acting("reporter").report("Mail is down").unwrap().id();
    codes.insert(acting("ender").incident(id).cancel(Cancel::duplicate_of(other)).unwrap_err().code());
    acting("ender").incident(other).cancel(Cancellation::Withdrawn).unwrap();
    let manager = house.acting("acme", Actor::system()).incident(id);
    manager.accept_major(AcceptMajor::led_by("mia")).unwrap();
    codes.insert(acting("ender").incident(id).resolve("fixed").unwrap_err().code());
    assert_eq!(codes, of_verbs(".refused"));
    assert_eq!(acting("reader").publish_policy(andon::Policy::itil()).unwrap_err().code(), "policy.publish.refused");
}

// The codes of faults that reads, steps and policies have.

#[test]
fn the_faults_of_reads_steps_and_policies_are_those_that_occur() {
    let house = House::with(|draft| {
        let kind = serde_json::from_value(serde_json::json!({ "text": { "max_chars": 20 } })).unwrap();
        draft.fields = vec![FieldDefinition { key: FieldKey::new("asset_tag").unwrap(), kind, retired: false }];
    });
    let (admin, all) = (house.admin(), Query::all());
    admin.report(Report::new("Mail is down").field("asset_tag", "PC-7")).unwrap();
    let now = house.time.now();
    let never = Filter { due: Span { from: Some(now), until: Some(now) }, ..Filter::default() };
    let by_text = Query::all().field(FieldKey::new("asset_tag").unwrap(), "PC-7");
    for (error, code, fault) in [
        (admin.worklist(&all, None, 0).unwrap_err(), "read.invalid", ("limit", "limit.range")),
        (admin.count(&all.filter, 0).unwrap_err(), "read.invalid", ("cap", "limit.range")),
        (admin.count(&never, 1).unwrap_err(), "query.invalid", ("filter.due", "query.empty_span")),
        (
            admin.worklist(&Query::all().search("…"), None, 9).unwrap_err(),
            "query.invalid",
            ("filter.search", "query.no_words"),
        ),
        (
            admin.worklist(&by_text, None, 9).unwrap_err(),
            "query.invalid",
            ("filter.fields.asset_tag", "query.not_indexed"),
        ),
        (admin.commit(resumed_by_date()).unwrap_err(), "step.invalid", ("events[0]", "step.not_asked")),
        (
            admin.publish_policy(andon::Policy::itil()).unwrap_err(),
            "policy.invalid",
            ("fields.asset_tag", "value.in_use"),
        ),
    ] {
        assert_eq!((error.code(), &faults(&error)[..]), (code, &[fault][..]), "{error}");
    }
}

// Kind and advice.

struct Silent;

impl Directory for Silent {
    async fn person(&self, _: &TenantId, _: &PersonRef) -> Result<Option<Person>, DirectoryError> {
        Err(DirectoryError("connection refused".into()))
    }
}

/// A step that takes up what its date alone takes up.
fn resumed_by_date() -> Step<Incident> {
    typed::on_hold().resume(ResumedBy::Date, &Stamp::now(typed::minute(9), &typed::person("anna")))
}

/// Errors of reads, of steps, and of a policy that follows another one than its publisher thinks.
fn of_reads_and_steps(house: &House, id: Id<Incident>) -> Vec<Error> {
    let anna = house.anna();
    let all = Query::all();
    anna.report("Another one").unwrap();
    let list = anna.worklist(&all, None, 1).unwrap();
    let feed = House::new().anna().worklist(&all, None, 1).unwrap().feed;
    vec![
        anna.incident(id).events(Version::NONE, 0).unwrap_err(),
        anna.worklist(&all.clone().search("…"), None, 10).unwrap_err(),
        anna.worklist(&all, Some(&Cursor::from("page 2")), 10).unwrap_err(),
        anna.worklist(&Query::open(), list.next.as_ref(), 10).unwrap_err(),
        anna.feed(Some(&feed), &Filter::default(), 10).unwrap_err(),
        anna.commit(resumed_by_date()).unwrap_err(),
        house.admin().if_version(Version::new(9)).publish_policy(andon::Policy::itil()).unwrap_err(),
    ]
}

/// One error of every kind that a desk can give.
fn representative() -> Vec<Error> {
    let house = House::with(|draft| {
        draft.reopening.max_times = Some(0);
        draft.reopening.window_seconds = None;
        draft.intake.service_requests = vec![ServiceRequestRule {
            id: RuleId::new("new-kit").unwrap(),
            categories: Vec::new(),
            offerings: Vec::new(),
            channels: Vec::new(),
            title_contains: vec!["new laptop".to_owned()],
        }];
    });
    let id = house.bob().report("Mail is down").unwrap().id();
    let hers = house.anna().incident(id);
    let nobody: Id<Incident> = Id::from_u128(7);
    let named = CommandId::from_u128(0x42);
    let mut errors = vec![
        house.bob().report(Report::new("").impact("huge")).unwrap_err(),
        hers.hold("lunch").unwrap_err(),
        hers.assign(Assign::default()).unwrap_err(),
        hers.cancel(Cancel::duplicate_of(nobody)).unwrap_err(),
        house.bob().incident(nobody).get().unwrap_err(),
        house.bob().incident(id).start_work().unwrap_err(),
        house.bob().publish_policy(andon::Policy::itil()).unwrap_err(),
        hers.close().unwrap_err(),
        house.bob().report("I want a new laptop").unwrap_err(),
        hers.clone().if_version(Version::new(9)).start_work().unwrap_err(),
        hers.clone().if_version(Version::NONE).start_work().unwrap_err(),
        Error::from(Actor::person(" bob").unwrap_err()),
    ];
    errors.extend(of_reads_and_steps(&house, id));
    hers.clone().with_command(named).resolve("fixed").unwrap();
    errors.push(hers.clone().with_command(named).close().unwrap_err());
    errors.push(hers.close().unwrap_err());
    errors.push(house.bob().incident(id).reopen("It is back.").unwrap_err());
    house.time.set(house.time.now() - days(1));
    errors.push(hers.close().unwrap_err());
    let silent = House { desk: house.desk.clone().with_directory(Silent), ..house };
    errors.push(silent.bob().report("x").unwrap_err());
    let policy: PolicyDraft = toml::from_str("default_impact = 'huge'\n[caps]\ntitle_chars = 0").unwrap();
    errors.push(Error::Policy(policy.validate().unwrap_err()));
    errors.push(Error::Busy { command: named, tries: 16 });
    let record = RecordId::from(nobody);
    let said = || "disk full".into();
    errors.extend(
        [
            RepositoryError::AlreadyExists { id: record },
            RepositoryError::Conflict { id: record, expected: Expected::At(Version::new(1)), found: None },
            RepositoryError::PolicyChanged { found: None },
            RepositoryError::InUse { term: Term::Label(Label::new("vpn").unwrap()) },
            RepositoryError::Malformed { reason: "it has no events" },
            RepositoryError::Corrupt { key: record.to_string(), source: said() },
            RepositoryError::OutcomeUnknown { command: named },
            RepositoryError::Unavailable { backend: "sqlite", source: said() },
            RepositoryError::Backend { backend: "sqlite", operation: "commit", source: said() },
        ]
        .map(|source| Error::Repository { command: Some(named), source }),
    );
    errors
}

#[test]
fn every_error_says_what_kind_it_is_and_whether_to_ask_again() {
    let expected = [
        ("incident.report.invalid", ErrorKind::Invalid, Retry::Never),
        ("incident.hold.invalid", ErrorKind::Invalid, Retry::Never),
        ("incident.assign.invalid", ErrorKind::Invalid, Retry::Never),
        ("incident.cancel.invalid", ErrorKind::Invalid, Retry::Never),
        ("record.not_found", ErrorKind::NotFound, Retry::Never),
        ("incident.start_work.refused", ErrorKind::Forbidden, Retry::Never),
        ("policy.publish.refused", ErrorKind::Forbidden, Retry::Never),
        ("incident.close.illegal", ErrorKind::Precondition, Retry::WhenSettled),
        ("incident.report.service_request", ErrorKind::Elsewhere, Retry::Never),
        ("record.conflict", ErrorKind::Conflict, Retry::Reloaded),
        ("record.conflict", ErrorKind::Conflict, Retry::Reloaded),
        ("key.invalid", ErrorKind::Invalid, Retry::Never),
        ("read.invalid", ErrorKind::Invalid, Retry::Never),
        ("query.invalid", ErrorKind::Invalid, Retry::Never),
        ("cursor.malformed", ErrorKind::Invalid, Retry::Never),
        ("cursor.elsewhere", ErrorKind::Invalid, Retry::Never),
        ("cursor.too_old", ErrorKind::Precondition, Retry::Never),
        ("step.invalid", ErrorKind::Invalid, Retry::Never),
        ("policy.conflict", ErrorKind::Conflict, Retry::Reloaded),
        ("command.reused", ErrorKind::Conflict, Retry::Never),
        ("incident.close.blocked", ErrorKind::Precondition, Retry::WhenSettled),
        ("incident.reopen.over", ErrorKind::Precondition, Retry::Never),
        ("time.behind", ErrorKind::Precondition, Retry::WhenSettled),
        ("directory.unavailable", ErrorKind::Unavailable, Retry::SameCommand),
        ("policy.invalid", ErrorKind::Invalid, Retry::Never),
        ("record.busy", ErrorKind::Conflict, Retry::SameCommand),
        ("repository.already_exists", ErrorKind::Conflict, Retry::Never),
        ("repository.conflict", ErrorKind::Conflict, Retry::Reloaded),
        ("repository.policy_changed", ErrorKind::Conflict, Retry::SameCommand),
        ("repository.in_use", ErrorKind::Conflict, Retry::Never),
        ("repository.malformed", ErrorKind::Internal, Retry::Never),
        ("repository.corrupt", ErrorKind::Internal, Retry::Never),
        ("repository.outcome_unknown", ErrorKind::Unavailable, Retry::SameCommand),
        ("repository.unavailable", ErrorKind::Unavailable, Retry::SameCommand),
        ("repository.failed", ErrorKind::Internal, Retry::SameCommand),
    ];
    let errors = representative();
    let found: Vec<_> = errors.iter().map(|error| (error.code(), error.kind(), error.retry())).collect();
    assert_eq!(found, expected);
    let endings = [".invalid", ".refused", ".illegal", ".blocked"];
    let of_a_verb = |code: &str| {
        let of_a_record = code.starts_with("incident.") || code.starts_with("problem.");
        of_a_record && endings.iter().any(|ending| code.ends_with(ending))
    };
    for entry in catalogue().filter(|entry| !of_a_verb(entry.code)) {
        assert!(found.iter().any(|(code, ..)| *code == entry.code), "{} does not occur here", entry.code);
    }
}

#[test]
fn the_texts_name_the_record_what_was_asked_what_stands_in_the_way_and_what_would_help() {
    let mut text = String::new();
    for error in representative() {
        writeln!(text, "{}\n  {error}", error.code()).unwrap();
        for (name, value) in error.params() {
            writeln!(text, "  {name} = {value}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}
