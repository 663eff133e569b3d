//! Raising a problem, to the corners: one instant for all that lands together, no number for what is refused, and no word
//! to whom may not.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use crate::common::{Acting, House, at, faults};
use andon::{
    Actor, Desk, Error, Id, Incident, MemoryRepository, Problem, Version, blocking,
    command::{Command, KnownErrorInput, ProblemCommand, Raise, RootCauseInput},
    event::Event,
    id::SequentialIds,
    permission::{PermissionScope, Permissions},
    problem::{Dismissed, Effect, Verdict},
    store::Query,
    time::{Instant, TimeSource, minutes},
    verb::{IncidentVerb, ProblemVerb},
};

/// A clock that goes on by a minute whenever somebody looks.
struct Ticking(AtomicI64);

impl TimeSource for Ticking {
    fn now(&self) -> Instant {
        at("2026-06-08T07:00:00Z") + minutes(u32::try_from(self.0.fetch_add(1, Ordering::Relaxed)).unwrap())
    }
}

fn ticking() -> Acting {
    let time = Arc::new(Ticking(AtomicI64::new(0)));
    let desk = Desk::with_sources(MemoryRepository::new(), time, SequentialIds::new());
    blocking::Desk::from(desk).tenant("acme").unwrap().acting_as(Actor::person("anna").unwrap().role("agent").unwrap())
}

fn reported(desk: &Acting) -> Id<Incident> {
    desk.report("Mail is down").unwrap().id()
}

#[test]
fn all_that_lands_with_a_problem_is_recorded_at_one_instant_and_adds_up() {
    let anna = ticking();
    let ids: Vec<_> = (0..4).map(|_| reported(&anna)).collect();
    let raise = ids.iter().fold(Raise::new("Queues fill up"), |raise, id| raise.from_incident(*id));
    let raised = anna.raise(raise).unwrap();
    let at = raised.problem().progress().recorded_at;
    for id in &ids {
        let seen = anna.incident(*id).get().unwrap();
        let log: Vec<Event> = anna.incident(*id).events(Version::new(1), 100).unwrap().0;
        assert_eq!(log.last().unwrap().recorded_at, at);
        let stored = Incident::fold(&log).unwrap().0;
        assert_eq!(stored.links(), seen.incident().links());
        assert_eq!(stored.progress().recorded_at, at);
    }
    let (log, _) = anna.problem(raised.id()).events(Version::new(1), 100).unwrap();
    assert_eq!(Problem::fold(&log).unwrap().0, *raised.problem());
}

#[test]
fn faults_name_the_place_that_was_given_and_a_refusal_takes_no_number() {
    let house = House::new();
    let anna = house.anna();
    let (free, taken) = (reported(&anna), reported(&anna));
    anna.raise(Raise::new("The first").from_incident(taken)).unwrap();
    let raise = Raise { from: vec![free, free, taken], ..Raise::new("The second") };
    assert_eq!(faults(&anna.raise(raise).unwrap_err()), [("from[2].link", "link.other_problem")]);
    let raise = Raise { from: vec![free, free, Id::from_u128(9)], ..Raise::new("The second") };
    assert_eq!(faults(&anna.raise(raise).unwrap_err()), [("from[2]", "record.unknown")]);
    assert_eq!(anna.raise("The second").unwrap().number().as_str(), "PRB0000002");
}

#[test]
fn a_version_that_is_expected_is_none_of_the_incidents() {
    let house = House::new();
    let anna = house.anna();
    let id = reported(&anna);
    anna.incident(id).start_work().unwrap();
    let raise = Raise::new("Queues fill up").from_incident(id);
    assert!(anna.if_version(Version::new(7)).raise(raise).is_ok());
}

#[test]
fn whoever_may_not_raise_learns_nothing_from_faults_and_to_name_a_group_is_to_route() {
    let house = House::with(|draft| {
        let role = |name: &str| name.parse().unwrap();
        draft.permissions = Permissions::none()
            .grant(role("reader"), PermissionScope::All, [IncidentVerb::Read, IncidentVerb::Report])
            .grant(role("raiser"), PermissionScope::All, [ProblemVerb::Read, ProblemVerb::Raise]);
    });
    let acting = |role: &str| house.acting("acme", Actor::person("rita").unwrap().role(role).unwrap());
    let bad = Raise::new("").impact("huge").from_incident(Id::from_u128(9));
    assert!(matches!(acting("reader").raise(bad).unwrap_err(), Error::Refused(_)));
    let error = acting("raiser").raise(Raise { group: Some("Mail".to_owned()), ..Raise::new("Queues") }).unwrap_err();
    assert_eq!(error.code(), "problem.route.refused");
    assert!(acting("raiser").raise("Queues").is_ok());
}

#[test]
fn what_is_said_again_is_no_news() {
    let house = House::new();
    let anna = house.anna();
    let problem = anna.problem(anna.raise("Queues fill up").unwrap().id());
    problem.investigate().unwrap();
    problem.add_hypothesis("The index is too small").unwrap();
    let cause = RootCauseInput { contributing: vec!["A full disk".to_owned()], ..RootCauseInput::new("A leak") };
    let commands = [
        ProblemCommand::JudgeHypothesis { number: 1, verdict: Verdict::Refuted, reason: Some("It is not".to_owned()) },
        ProblemCommand::IdentifyRootCause(cause),
        ProblemCommand::RecordKnownError(KnownErrorInput::new("Mail is late").workaround("Wait", Effect::Partial)),
    ];
    for command in commands {
        assert!(!problem.execute(command.clone()).unwrap().events().is_empty());
        assert!(problem.execute(command.clone()).unwrap().events().is_empty(), "{command:?}");
    }
    let other = ProblemCommand::JudgeHypothesis { number: 1, verdict: Verdict::Refuted, reason: None };
    assert_eq!(problem.execute(other).unwrap().events().len(), 1, "without the reason it says something else");
}

#[test]
fn the_texts_of_causes_and_workarounds_can_be_found_by_their_digests_and_erased() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.raise("Queues fill up").unwrap().id();
    let problem = anna.problem(id);
    problem.investigate().unwrap();
    let cause = RootCauseInput { contributing: vec!["Bob forgot it".to_owned()], ..RootCauseInput::new("A leak") };
    problem.identify_root_cause(cause).unwrap();
    problem.record_known_error(KnownErrorInput::new("Mail is late").workaround("Ask Bob", Effect::Full)).unwrap();
    for secret in ["Bob forgot it", "Ask Bob"] {
        let entries = problem.timeline(None, 100).unwrap().0;
        let changes = entries.iter().flat_map(|entry| &entry.changes);
        let told = changes
            .filter(|change| change.new.as_deref() == Some(secret))
            .filter_map(|change| change.new_digest.clone());
        let digests: Vec<_> = told.map(|digest| digest.parse().unwrap()).collect();
        assert_eq!(digests.len(), 1, "{secret}");
        house.admin().problem(id).redact(digests, "it names him").unwrap();
        let (log, _) = problem.events(Version::new(1), 100).unwrap();
        assert!(!serde_json::to_string(&log).unwrap().contains(secret));
    }
}

#[test]
fn incidents_are_not_pointed_to_what_is_dismissed_itself() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let problems: Vec<_> = ["One", "Two"].map(|title| anna.raise(title).unwrap().id()).to_vec();
    let id = reported(&anna);
    anna.incident(id).link(andon::link::Link::CausedBy(problems[0])).unwrap();
    mia.problem(problems[0]).dismiss(Dismissed::Duplicate { of: problems[1] }, "the same").unwrap();
    mia.problem(problems[1]).dismiss(Dismissed::Cancelled, "none").unwrap();
    // Nothing goes on in its place: what waits for it goes on itself, and what does not is left as it is.
    let plan = mia.problem(problems[0]).plan_cascade().unwrap();
    assert_eq!((plan.steps.len(), plan.skipped.len()), (0, 1));
    assert_eq!(plan.rule, andon::cascade::Rule::ByProblem(andon::cascade::ByProblem::Resume));
}

#[test]
fn an_event_of_one_kind_on_a_record_of_the_other_is_refused() {
    let house = House::new();
    let anna = house.anna();
    let id = reported(&anna);
    let (log, _) = anna.incident(id).events(Version::new(1), 1).unwrap();
    let mut json = serde_json::to_value(&log[0]).unwrap();
    let problem = anna.raise("Queues").unwrap().id();
    json["record"] = serde_json::to_value(andon::event::RecordId::from(problem)).unwrap();
    let error = Event::from_json(&serde_json::to_vec(&json).unwrap()).unwrap_err();
    assert_eq!(error.path(), "record", "{error}");
    assert_eq!(anna.problems(&Query::all(), None, 10).unwrap().rows.len(), 1);
}

#[test]
fn a_snapshot_of_what_is_observed_begins_when_the_fix_was_applied() {
    let house = House::new();
    let anna = house.anna();
    let problem = anna.problem(anna.raise("Queues fill up").unwrap().id());
    problem.investigate().unwrap();
    problem.start_fix(andon::command::FixInput::default()).unwrap();
    house.time.advance(minutes(2));
    let observed = problem.observe(None).unwrap();
    let mut json = serde_json::to_value(observed.problem()).unwrap();
    assert!(Problem::from_json(&serde_json::to_vec(&json).unwrap()).is_ok());
    json["stage"]["observing"]["applied_at"] = serde_json::json!("2026-06-08T07:00:00Z");
    let error = Problem::from_json(&serde_json::to_vec(&json).unwrap()).unwrap_err();
    assert_eq!(error.path(), "stage", "{error}");
}

#[test]
fn raising_can_be_previewed_without_a_number_and_without_a_link() {
    let house = House::new();
    let anna = house.anna();
    let id = reported(&anna);
    let raise = Raise::new("Queues fill up").impact("high").from_incident(id);
    let preview = anna.preview(Command::Raise(Box::new(raise.clone()))).unwrap().into_problem().unwrap();
    let kinds: Vec<_> = preview.events().iter().map(|event| event.body.name()).collect();
    assert_eq!((kinds, preview.version()), (vec!["problem.raised"], Version::NONE));
    assert!(anna.incident(id).get().unwrap().incident().links().is_empty(), "a preview has linked the incident");
    let raised = anna.raise(raise.clone()).unwrap();
    assert_eq!(raised.number().as_str(), "PRB0000001");
    assert_eq!(raised.problem().priority(), preview.problem().priority());
    // What would be refused is refused the same, with its place.
    let again = Command::Raise(Box::new(raise));
    let (refused, foreseen) = (anna.execute(again.clone()).unwrap_err(), anna.preview(again).unwrap_err());
    assert_eq!((refused.code(), faults(&refused)), (foreseen.code(), faults(&foreseen)));
    assert_eq!(faults(&refused)[0].0, "from[0].link");
    let refused = house.bob().preview(Command::Raise(Box::new("Queues fill up".into()))).unwrap_err();
    assert_eq!(refused.code(), house.bob().raise("Queues fill up").unwrap_err().code());
}
