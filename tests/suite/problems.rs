//! Problems: raised from incidents that stay, investigated, known, fixed, closed.

use crate::common::{Acting, House, at, faults};
use andon::{
    Actor, CommandId, Error, Id, Incident, Problem, Version,
    blocking::ProblemDesk,
    command::{
        AttachmentInput, CorrectProblemTo, Edit, FixInput, KnownErrorInput, Override, ProblemCommand, Raise,
        RootCauseInput,
    },
    desk::Outcome,
    digest::Digest,
    event::Event,
    field::{FieldName, RequiredBy, Requirement, Severity},
    incident::Audience,
    key::{CauseCategory, GroupRef},
    permission::{PermissionScope, Permissions},
    problem::{Closure, Dismissed, Effect, Origin, Publication, Stage, Verdict},
    record::Milestone,
    store::{Filter, Query, RecordKind},
    time::{TimeSource, days, hours, minutes},
    verb::{IncidentVerb, ProblemVerb},
    view::AnyRow,
};

type AtProblem = ProblemDesk<andon::MemoryRepository>;

fn raised(desk: &Acting) -> Id<Problem> {
    desk.raise("Mail queues fill up").unwrap().id()
}

fn did(outcome: &Outcome<Problem>) -> Vec<&str> {
    outcome.events().iter().map(|event| event.body.name().strip_prefix("problem.").unwrap()).collect()
}

/// The whole log, read in parts.
fn log(problem: &AtProblem) -> Vec<Event> {
    let (mut events, mut from) = (Vec::new(), Some(Version::NONE.next()));
    while let Some(next) = from {
        let (page, then) = problem.events(next, 3).unwrap();
        events.extend(page);
        from = then;
    }
    events
}

/// The log adds up to the record.
fn adds_up(problem: &AtProblem) {
    let seen = problem.get().unwrap();
    assert_eq!(Problem::fold(&log(problem)).unwrap(), (seen.problem().clone(), seen.version()));
}

/// A problem with everything on it, at the end of its life.
pub fn whole_life(house: &House) -> Vec<Outcome<Problem>> {
    let (anna, mia) = (house.anna(), house.mia());
    let incident = anna.report("Mail is down").unwrap().id();
    let raise = Raise::new("Mail queues fill up")
        .description("Each Monday")
        .impact("high")
        .service("mail")
        .item("relay-1")
        .group("Mail")
        .from_incident(incident);
    let mut life = vec![anna.raise(raise).unwrap()];
    let (work, decide) = (anna.problem(life[0].id()), mia.problem(life[0].id()));
    let mut then = |outcome: Result<Outcome<Problem>, Error>| {
        house.time.advance(minutes(10));
        life.push(outcome.unwrap());
    };
    then(work.assess());
    then(work.investigate());
    then(work.add_hypothesis("A runaway sender"));
    then(work.judge_hypothesis(1, Verdict::Refuted, "No sender sends more than others"));
    then(work.add_finding("It begins at 06:00"));
    then(work.identify_root_cause(RootCauseInput::new("A job sends all reports at once").category("schedule")));
    let known = KnownErrorInput::new("Mail leaves late on Mondays").workaround("Send it by hand", Effect::Partial);
    then(work.record_known_error(known));
    then(work.verify_workaround());
    then(decide.publish_known_error());
    then(decide.withdraw_known_error("It reads badly"));
    then(work.start_fix(FixInput::by_change("CHG0042").text("Spread the job")));
    then(work.abandon_fix("The change was refused"));
    then(work.start_fix(FixInput::by_change("CHG0043")));
    then(work.observe(None));
    then(work.fail_fix("The queue filled up again"));
    then(work.resolve("The job is spread over the week"));
    then(work.edit(Edit::new().title("Mail queues fill up on Mondays").urgency("high")));
    then(work.add_note("We found it"));
    then(work.add_internal_note("It was our own job"));
    then(work.watch("kim"));
    then(work.unwatch("kim"));
    let file = |name: &str| AttachmentInput {
        name: name.to_owned(),
        media_type: "text/plain".to_owned(),
        size: 12,
        digest: Digest::of(b"log"),
    };
    then(work.attach(file("queue.txt")));
    then(work.detach(Digest::of(b"log")));
    then(work.log_time(600));
    then(decide.override_priority(Override::new("P1", "The board asked").until(house.time.now() + days(30))));
    then(work.route_to_group("Batch"));
    then(decide.close());
    then(decide.reanalyse("It is back"));
    then(decide.accept_risk("The job goes in spring", house.time.now() + days(90)));
    let correct = ProblemCommand::Correct { to: CorrectProblemTo::Investigating, reason: "A slip".to_owned() };
    then(decide.execute(correct));
    then(decide.dismiss(Dismissed::NotReproducible, "It does not come again"));
    let text = decide.get().unwrap().problem().facts().description.as_ref().unwrap().digest();
    then(house.admin().problem(decide.get().unwrap().problem().id()).redact(vec![text], "a name stood there"));
    life
}

#[test]
fn a_problem_is_raised_from_incidents_which_stay_and_are_linked_in_the_same_commit() {
    let house = House::new();
    let anna = house.anna();
    let ids: Vec<Id<Incident>> = (0..3).map(|_| anna.report("Mail is down").unwrap().id()).collect();
    let raise = ids.iter().fold(Raise::new("Mail queues fill up"), |raise, id| raise.from_incident(*id));
    let outcome = anna.raise(raise).unwrap();
    assert_eq!((outcome.number().as_str(), outcome.problem().stage()), ("PRB0000001", Stage::New));
    for id in &ids {
        let seen = anna.incident(*id).get().unwrap();
        assert_eq!(seen.incident().links().problem(), Some(outcome.id()));
        let last = anna.incident(*id).timeline(None, 1).unwrap().0;
        assert_eq!((last[0].kind.as_str(), last[0].actor.as_str()), ("incident.linked", "anna"));
    }
    let caused = anna.worklist(&Query::all().caused_by(outcome.id()), None, 10).unwrap();
    assert_eq!(caused.rows.len(), 3);
    let page = anna.problems(&Query::all(), None, 10).unwrap();
    assert_eq!(page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [outcome.id()]);
    assert_eq!(page.rows[0].stage, Stage::New);
}

#[test]
fn nothing_is_raised_if_one_of_its_incidents_cannot_be_linked() {
    let house = House::new();
    let anna = house.anna();
    let (free, taken) = (anna.report("Mail is down").unwrap().id(), anna.report("Mail is slow").unwrap().id());
    anna.raise(Raise::new("The first").from_incident(taken)).unwrap();
    let raise = |id| Raise::new("The second").from_incident(free).from_incident(id);
    let error = anna.raise(raise(taken)).unwrap_err();
    assert_eq!(faults(&error), [("from[1].link", "link.other_problem")]);
    let error = anna.raise(raise(Id::from_u128(7))).unwrap_err();
    assert_eq!((error.code(), faults(&error)), ("problem.raise.invalid", vec![("from[1]", "record.unknown")]));
    let error = house.acting("globex", andon::Actor::person("gina").unwrap().role("agent").unwrap());
    let error = error.raise(raise(free)).unwrap_err();
    assert_eq!(faults(&error)[0], ("from[0]", "record.unknown"), "another tenant's is not there");
    assert!(anna.incident(free).get().unwrap().incident().links().is_empty());
    assert_eq!(anna.problems(&Query::all(), None, 10).unwrap().rows.len(), 1);
    let error = anna.raise(Raise { from: vec![free; 101], ..Raise::new("") }.impact("huge")).unwrap_err();
    assert_eq!(
        faults(&error),
        [("title", "text.empty"), ("impact", "level.unknown"), ("from", "cap.exceeded")],
        "everything that is wrong is named at once"
    );
}

#[test]
fn a_problem_raised_twice_with_one_command_id_is_raised_once() {
    let house = House::new();
    let anna = house.anna();
    let incident = anna.report("Mail is down").unwrap().id();
    let raise = || Raise::new("Mail queues fill up").from_incident(incident);
    let named = || house.anna().with_command(CommandId::named("the same"));
    let (first, again) = (named().raise(raise()).unwrap(), named().raise(raise()).unwrap());
    assert_eq!((first.id(), first.was_repeated(), again.was_repeated()), (again.id(), false, true));
    assert_eq!(first.problem(), again.problem());
    assert_eq!(house.anna().problems(&Query::all(), None, 10).unwrap().rows.len(), 1);
    assert!(matches!(named().raise("Another"), Err(Error::CommandReused(_))));
}

#[test]
fn the_log_adds_up_to_the_problem_after_every_command_and_reads_back_from_json() {
    let house = House::new();
    let life = whole_life(&house);
    let mut log = Vec::new();
    for outcome in &life {
        log.extend(outcome.events().iter().cloned());
        if did(outcome) == ["redacted"] {
            continue; // The log before it still has the text; the stored one does not, as is tested below.
        }
        let (folded, version) = Problem::fold(&log).unwrap();
        assert_eq!((&folded, version), (outcome.problem(), outcome.version()));
        let json = serde_json::to_vec(outcome.problem()).unwrap();
        assert_eq!(Problem::from_json(&json).unwrap(), *outcome.problem());
        for event in outcome.events() {
            let json = serde_json::to_vec(event).unwrap();
            assert_eq!(Event::from_json(&json).unwrap(), *event);
        }
    }
    let problem = house.admin().problem(life[0].id());
    adds_up(&problem);
    let names: std::collections::BTreeSet<_> = log.iter().map(|event| event.body.name()).collect();
    assert_eq!(names, andon::problem::ProblemEvent::NAMES.iter().copied().collect(), "everything has happened");
    assert!(Incident::fold(&log).is_err(), "and it is the log of no incident");
}

#[test]
fn a_person_who_takes_up_what_nobody_has_owns_it() {
    let house = House::new();
    let id = raised(&house.anna());
    let outcome = house.anna().problem(id).investigate().unwrap();
    assert_eq!(did(&outcome), ["routed", "investigation_started"]);
    assert_eq!(outcome.problem().assignment().person.as_ref().unwrap().as_str(), "anna");
    let milestones = &outcome.problem().progress().milestones;
    assert!(milestones.at(&Milestone::Started).is_some());
}

#[test]
fn hypotheses_are_numbered_and_judged_and_findings_stay_in_the_log() {
    let house = House::new();
    let work = house.anna().problem(raised(&house.anna()));
    let early = work.add_hypothesis("Too early").unwrap_err();
    assert_eq!(early.code(), "problem.add_hypothesis.illegal");
    work.investigate().unwrap();
    work.add_hypothesis("A runaway sender").unwrap();
    work.add_hypothesis("A full disk").unwrap();
    let wrong = work.judge_hypothesis(3, Verdict::Confirmed, "sure").unwrap_err();
    assert_eq!(faults(&wrong), [("number", "hypothesis.unknown")]);
    work.judge_hypothesis(2, Verdict::Inconclusive, "Nobody looked").unwrap();
    work.judge_hypothesis(2, Verdict::Confirmed, "It was full").unwrap();
    work.add_finding("The disk has 4 GB").unwrap();
    let seen = work.get().unwrap();
    let analysis = seen.problem().analysis();
    let told: Vec<_> = analysis
        .hypotheses
        .iter()
        .map(|known| (known.number, known.judgement.as_ref().map(|judgement| judgement.verdict)))
        .collect();
    assert_eq!((told, analysis.findings), (vec![(1, None), (2, Some(Verdict::Confirmed))], 1));
    assert_eq!(work.timeline(None, 1).unwrap().0[0].text.as_deref(), Some("The disk has 4 GB"));
    adds_up(&work);
}

#[test]
fn a_root_cause_has_a_category_of_the_policy_if_that_has_any() {
    let house = House::with(|draft| draft.problems.cause_categories = vec![CauseCategory::new("capacity").unwrap()]);
    let work = house.anna().problem(raised(&house.anna()));
    work.investigate().unwrap();
    let error = work.identify_root_cause(RootCauseInput::new("Full").category("fate")).unwrap_err();
    assert_eq!(faults(&error), [("category", "cause.unknown")]);
    let found = RootCauseInput::new("The disk is too small").category("capacity").contributing("No alarm is set");
    let outcome = work.identify_root_cause(found).unwrap();
    let cause = outcome.problem().analysis().root_cause.as_ref().unwrap();
    assert_eq!((cause.category.as_ref().unwrap().as_str(), cause.contributing.len()), ("capacity", 1));
    assert!(outcome.problem().progress().milestones.at(&Milestone::Identified).is_some());
    let many = (0..21).fold(RootCauseInput::new("Full"), |cause, _| cause.contributing("No alarm"));
    assert_eq!(faults(&work.identify_root_cause(many).unwrap_err()), [("contributing", "cap.exceeded")]);
}

#[test]
fn what_the_policy_asks_of_a_problem_is_owed_before_it_is_resolved_or_closed() {
    let asks = |field, by, severity| Requirement { field, by, severity };
    let house = House::with(|draft| {
        draft.problems.required = vec![
            asks(FieldName::RootCause, RequiredBy::Resolution, Severity::Blocking),
            asks(FieldName::Workaround, RequiredBy::Resolution, Severity::Advice),
            asks(FieldName::KnownError, RequiredBy::Closure, Severity::Blocking),
            asks(FieldName::Description, RequiredBy::Closure, Severity::Blocking),
        ];
    });
    let id = raised(&house.anna());
    let (work, decide) = (house.anna().problem(id), house.mia().problem(id));
    let owed = |command: &str| {
        let moves = decide.allowed_moves().unwrap();
        let allowed = moves.iter().find(|allowed| allowed.command() == command).unwrap();
        let blocks = |owed: &&andon::obligation::Obligation| owed.severity() == Severity::Blocking;
        let owed = allowed.obligations().iter();
        assert_eq!(allowed.is_possible(), owed.clone().filter(blocks).count() == 0);
        owed.map(|owed| owed.field().unwrap().to_string()).collect::<Vec<_>>()
    };
    work.investigate().unwrap();
    work.start_fix(FixInput::by_change("CHG0042")).unwrap();
    assert_eq!(owed("observe"), ["root_cause", "workaround"]);
    for refused in [work.observe(None), work.resolve("Gone")] {
        let Err(Error::Blocked(blocked)) = refused else { panic!("a problem without a cause was resolved") };
        let owed: Vec<_> = blocked.obligations().iter().map(ToString::to_string).collect();
        assert_eq!(owed, ["root_cause must be filled in"]);
        assert_eq!(blocked.obligations()[0].waivable_by(), None);
    }
    assert_eq!(work.get().unwrap().problem().stage(), Stage::FixInProgress);
    work.identify_root_cause(RootCauseInput::new("The disk is too small")).unwrap();
    assert_eq!(owed("resolve"), ["workaround"]);
    work.observe(Some(house.time.now() + hours(1))).unwrap();
    // What resolves by itself was asked before.
    house.time.advance(hours(2));
    assert_eq!(work.get().unwrap().problem().stage(), Stage::Resolved);
    assert_eq!(owed("close"), ["workaround", "known_error", "description"]);
    assert_eq!(decide.close().unwrap_err().code(), "problem.close.blocked");
    work.record_known_error(KnownErrorInput::new("Mail is late")).unwrap();
    work.edit(Edit::new().description("Each Monday")).unwrap();
    assert_eq!(owed("close"), ["workaround"]);
    assert_eq!(decide.close().unwrap().problem().stage(), Stage::Closed);

    // Without a fix nothing of it is owed.
    let other = house.mia().problem(raised(&house.anna()));
    other.dismiss(Dismissed::NotReproducible, "Never seen again").unwrap();
    assert_eq!(other.get().unwrap().problem().stage(), Stage::Closed);
}

#[test]
fn what_problems_and_incidents_cannot_have_is_not_asked_of_them() {
    let faults = |json: &str| {
        let draft = andon::PolicyDraft::from_json(json.as_bytes()).unwrap();
        let faults = draft.validate().unwrap_err();
        faults.iter().map(|fault| (fault.path().to_owned(), fault.code().to_owned())).collect::<Vec<_>>()
    };
    let told = |path: &str| vec![(path.to_owned(), "requirement.impossible".to_owned())];
    let of_problems = |required: &str| format!(r#"{{"problems": {{"required": [{required}]}}}}"#);
    let required = faults(&of_problems(r#"{"field": "resolution.text", "by": "closure"}"#));
    assert_eq!(required, told("problems.required[0].field"));
    let required = faults(&of_problems(r#"{"field": "root_cause", "by": "report"}"#));
    assert_eq!(required, told("problems.required[0].by"));
    let required = faults(r#"{"closure": {"required": [{"field": "root_cause", "by": "closure"}]}}"#);
    assert_eq!(required, told("closure.required[0].field"));
    let repeated = faults(r#"{"problems": {"cause_categories": ["capacity", "capacity"]}}"#);
    assert_eq!(repeated, [("problems.cause_categories[1]".to_owned(), "name.repeated".to_owned())]);
}

#[test]
fn a_workaround_that_reads_otherwise_is_to_be_verified_anew() {
    let house = House::new();
    let (work, decide) = (house.anna().problem(raised(&house.anna())), house.mia());
    work.investigate().unwrap();
    assert_eq!(work.verify_workaround().unwrap_err().code(), "problem.verify_workaround.illegal");
    let known = |symptoms: &str, way: &str| KnownErrorInput::new(symptoms).workaround(way, Effect::Full);
    work.record_known_error(known("Mail is late", "Send it by hand")).unwrap();
    work.verify_workaround().unwrap();
    decide.problem(work.get().unwrap().problem().id()).publish_known_error().unwrap();
    let verified = |outcome: &Outcome<Problem>| {
        let known = outcome.problem().known_error().unwrap();
        (known.workaround.as_ref().unwrap().verified.is_some(), known.is_published())
    };
    let same = work.record_known_error(known("Mail is very late", "Send it by hand")).unwrap();
    assert_eq!(verified(&same), (true, true), "the symptoms alone were put otherwise");
    let other = work.record_known_error(known("Mail is very late", "Use the web")).unwrap();
    assert_eq!(verified(&other), (false, true));
    let without = work.record_known_error(KnownErrorInput::new("Mail is late")).unwrap();
    assert!(without.problem().known_error().unwrap().workaround.is_none());
    adds_up(&work);
}

#[test]
fn a_known_error_is_published_once_and_withdrawn_with_a_reason() {
    let house = House::new();
    let id = raised(&house.anna());
    let (work, decide) = (house.anna().problem(id), house.mia().problem(id));
    work.investigate().unwrap();
    assert_eq!(decide.publish_known_error().unwrap_err().code(), "problem.publish_known_error.illegal");
    work.record_known_error(KnownErrorInput::new("Mail is late")).unwrap();
    decide.publish_known_error().unwrap();
    let found = house.anna().problems(
        &Query { filter: Filter { known_error: true, ..Filter::default() }, ..Query::all() },
        None,
        9,
    );
    assert_eq!(found.unwrap().rows.len(), 1);
    assert_eq!(decide.publish_known_error().unwrap_err().code(), "problem.publish_known_error.illegal");
    let outcome = decide.withdraw_known_error("It misleads").unwrap();
    assert!(matches!(
        &outcome.problem().known_error().unwrap().publication,
        Publication::Withdrawn { reason: Some(_), .. }
    ));
    assert_eq!(decide.withdraw_known_error("again").unwrap_err().code(), "problem.withdraw_known_error.illegal");
}

#[test]
fn an_observed_fix_is_resolved_at_its_date_whenever_somebody_comes_to_see_it() {
    for waits in [None, Some(hours(1)), Some(days(40))] {
        let house = House::new();
        let id = raised(&house.anna());
        let work = house.anna().problem(id);
        work.investigate().unwrap();
        work.start_fix(FixInput::default()).unwrap();
        let wrong = work.observe(Some(house.time.now())).unwrap_err();
        assert_eq!(faults(&wrong), [("until", "time.not_future")]);
        let until = house.time.now() + days(7);
        work.observe(Some(until)).unwrap();
        house.time.advance(days(7) - minutes(1));
        assert_eq!(work.get().unwrap().problem().stage(), Stage::Observing);
        house.time.advance(minutes(1));
        if let Some(wait) = waits {
            house.time.advance(wait);
            let woken = pollster::block_on(house.desk.wake(house.time.now(), 10)).unwrap();
            assert_eq!((woken.records.len(), woken.failed.len()), (1, 0));
        }
        let seen = work.get().unwrap();
        let Problem::Resolved(resolved) = seen.problem() else { panic!("{waits:?}") };
        assert_eq!(resolved.stage().resolved_at(), until, "whoever came when");
        house.mia().problem(id).close().unwrap();
        adds_up(&work);
    }
}

#[test]
fn a_fix_that_does_not_hold_is_taken_up_again_and_counts_as_a_reopening_once_it_was_resolved() {
    let house = House::new();
    let id = raised(&house.anna());
    let (work, decide) = (house.anna().problem(id), house.mia().problem(id));
    work.investigate().unwrap();
    work.start_fix(FixInput::by_change("CHG0042")).unwrap();
    work.observe(None).unwrap();
    let failed = work.fail_fix("It is back").unwrap();
    assert_eq!((failed.problem().stage(), failed.problem().progress().reopenings), (Stage::FixInProgress, 0));
    assert_eq!(failed.problem().fix().unwrap().change.as_ref().unwrap().as_str(), "CHG0042");
    work.resolve("Now it holds").unwrap();
    let failed = work.fail_fix("It does not").unwrap();
    assert_eq!((failed.problem().stage(), failed.problem().progress().reopenings), (Stage::FixInProgress, 1));
    work.resolve("Now it does").unwrap();
    let closed = decide.close().unwrap();
    assert!(closed.problem().is_fixed());
    assert!(matches!(closed.problem().closure(), Some(Closure::FixApplied(_))));
    let back = decide.reanalyse("It is back").unwrap();
    assert_eq!((back.problem().stage(), back.problem().progress().reopenings), (Stage::Investigating, 2));
    assert!(back.problem().progress().milestones.at(&Milestone::Closed).is_none());
    adds_up(&work);
}

#[test]
fn an_accepted_risk_has_a_reason_and_a_date_on_which_it_is_taken_up_again() {
    let house = House::new();
    let id = raised(&house.anna());
    let (work, decide) = (house.anna().problem(id), house.mia().problem(id));
    work.investigate().unwrap();
    let soon = house.time.now() + days(30);
    let error = decide.accept_risk("", house.time.now()).unwrap_err();
    assert_eq!(faults(&error), [("review_at", "time.not_future"), ("reason", "text.empty")]);
    let accepted = decide.accept_risk("A fix costs more than the trouble", soon).unwrap();
    assert_eq!(accepted.problem().review_at(), Some(soon));
    house.time.advance(days(31));
    let woken = pollster::block_on(house.desk.wake(house.time.now(), 10)).unwrap();
    assert_eq!(woken.records.len(), 1);
    let seen = work.get().unwrap();
    assert_eq!((seen.problem().stage(), seen.problem().progress().stage_since), (Stage::Investigating, soon));
    let entry = &work.timeline(None, 1).unwrap().0[0];
    assert_eq!(entry.summary, "system took it up again: the accepted risk is to be looked at");
    adds_up(&work);
}

#[test]
fn a_duplicate_names_a_problem_that_goes_on() {
    let house = House::new();
    let (one, two) = (raised(&house.anna()), raised(&house.anna()));
    let mia = house.mia();
    let error = mia.problem(one).dismiss_as_duplicate(one).unwrap_err();
    assert_eq!(faults(&error), [("as", "record.itself")]);
    let error = mia.problem(one).dismiss_as_duplicate(Id::from_u128(9)).unwrap_err();
    assert_eq!(faults(&error), [("as", "record.unknown")]);
    mia.problem(one).dismiss_as_duplicate(two).unwrap();
    let error = mia.problem(two).dismiss_as_duplicate(one).unwrap_err();
    assert_eq!(faults(&error), [("as", "record.cancelled")], "no circle can form");
    assert_eq!(mia.problem(one).view().unwrap().closed_as.as_deref(), Some("duplicate"));
}

#[test]
fn an_override_of_the_priority_ends_at_its_date() {
    let house = House::new();
    let id = raised(&house.anna());
    let until = house.time.now() + days(1);
    house.mia().problem(id).override_priority(Override::new("P1", "the board").until(until)).unwrap();
    house.time.advance(days(2));
    let seen = house.anna().problem(id).get().unwrap();
    assert_eq!(seen.problem().priority().name().as_str(), "P3");
    assert_eq!(seen.problem().progress().recorded_at, seen.problem().progress().recorded_at.max(until));
}

#[test]
fn erased_texts_are_in_no_read() {
    let house = House::new();
    let raise = Raise::new("Mail queues").description("Because of Mr Secretman");
    let id = house.anna().raise(raise).unwrap().id();
    let work = house.anna().problem(id);
    work.investigate().unwrap();
    work.add_hypothesis("Mr Secretman did it").unwrap();
    let seen = work.get().unwrap();
    let texts = vec![
        seen.problem().facts().description.as_ref().unwrap().digest(),
        seen.problem().analysis().hypotheses[0].text.digest(),
    ];
    house.admin().problem(id).redact(texts, "a name").unwrap();
    let told = serde_json::to_string(&(work.view().unwrap(), log(&work), work.get().unwrap().problem())).unwrap();
    assert!(!told.contains("Secretman"), "{told}");
    assert!(house.anna().problems(&Query::all().search("secretman"), None, 9).unwrap().rows.is_empty());
    adds_up(&work);
    let error = house.admin().problem(id).redact(vec![Digest::of(b"nothing")], "a slip").unwrap_err();
    assert_eq!(faults(&error), [("texts[0]", "text.unknown")]);
}

#[test]
fn callers_see_no_problem_agents_work_and_managers_decide() {
    let house = House::new();
    let id = raised(&house.anna());
    assert!(matches!(house.bob().problem(id).get(), Err(Error::NotFound(_))));
    assert!(house.bob().problems(&Query::all(), None, 9).unwrap().rows.is_empty());
    assert_eq!(house.bob().raise("Mine").unwrap_err().code(), "problem.raise.refused");
    let work = house.anna().problem(id);
    work.investigate().unwrap();
    work.record_known_error(KnownErrorInput::new("Mail is late")).unwrap();
    for error in [
        work.publish_known_error().unwrap_err(),
        work.accept_risk("x", at("2027-01-01T00:00:00Z")).unwrap_err(),
        work.dismiss(Dismissed::Cancelled, "x").unwrap_err(),
        work.override_priority(Override::new("P1", "x")).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Refused(_)), "{error}");
    }
    house.mia().problem(id).publish_known_error().unwrap();
}

#[test]
fn who_reads_the_incidents_of_a_group_does_not_by_that_read_its_problems() {
    let role = |name: &str| name.parse().unwrap();
    let house = House::with(|draft| {
        draft.permissions = Permissions::none()
            .grant(role("administrator"), PermissionScope::All, andon::permission::Permission::all())
            .grant(role("first"), PermissionScope::OwnGroup, [IncidentVerb::Read])
            .grant(role("second"), PermissionScope::OwnGroup, [ProblemVerb::Read]);
    });
    let admin = house.admin();
    let incident = admin.report(andon::command::Report::new("Mail is down").group("Mail")).unwrap().id();
    let problem = admin.raise(Raise::new("Queues fill up").group("Mail")).unwrap().id();
    let person = |name: &str, of: &str| {
        house.acting("acme", Actor::person(name).unwrap().role(of).unwrap().group("Mail").unwrap())
    };
    let (first, second) = (person("fay", "first"), person("sam", "second"));
    assert!(first.incident(incident).get().is_ok() && first.problem(problem).get().is_err());
    assert!(second.incident(incident).get().is_err() && second.problem(problem).get().is_ok());
    let count = |desk: &Acting, filter: &Filter| desk.count(filter, 100).unwrap().counted;
    let problems = Filter { kind: Some(RecordKind::Problem), ..Filter::default() };
    assert_eq!((count(&first, &Filter::default()), count(&first, &problems)), (1, 0));
    assert_eq!((count(&second, &Filter::default()), count(&second, &problems)), (0, 1));
    let fed = |desk: &Acting| desk.feed(None, &Filter::default(), 100).unwrap().deliveries.len();
    assert_eq!((fed(&first), fed(&second)), (1, 1));
    let internal = second.problem(problem).view().unwrap();
    assert_eq!(internal.findings, None, "who may not read internals gets the public view");
}

#[test]
fn what_is_internal_is_withheld() {
    let role = |name: &str| name.parse().unwrap();
    let house = House::with(|draft| {
        draft.permissions = draft.permissions.clone().grant(role("reader"), PermissionScope::All, [ProblemVerb::Read]);
    });
    let id = raised(&house.anna());
    let work = house.anna().problem(id);
    work.investigate().unwrap();
    work.add_hypothesis("HIDDEN").unwrap();
    work.add_finding("HIDDEN").unwrap();
    work.add_internal_note("HIDDEN").unwrap();
    house.mia().problem(id).override_priority(Override::new("P1", "HIDDEN")).unwrap();
    let reader = house.acting("acme", Actor::person("rita").unwrap().role("reader").unwrap());
    let seen = reader.problem(id);
    let told = serde_json::to_string(&(
        seen.view().unwrap(),
        seen.get().unwrap().problem(),
        log(&seen),
        seen.timeline(None, 100).unwrap().0,
        reader.feed(None, &Filter::default(), 100).unwrap(),
    ));
    assert!(!told.unwrap().contains("HIDDEN"));
    assert!(log(&seen).iter().all(|event| event.audience() == Audience::Public));
}

#[test]
fn lists_are_of_incidents_or_of_problems_and_the_feed_has_both() {
    let house = House::new();
    let anna = house.anna();
    let incident = anna.report("Mail is down").unwrap().id();
    let (new, worked) = (raised(&anna), raised(&anna));
    anna.problem(worked).investigate().unwrap();
    let incidents = anna.worklist(&Query::all().of_kind(RecordKind::Problem), None, 9).unwrap().rows;
    assert_eq!(incidents.iter().map(|row| row.id).collect::<Vec<_>>(), [incident], "whatever the query says");
    let stages = |stages: Vec<Stage>| {
        let query = Query { filter: Filter { problem_stages: stages, ..Filter::default() }, ..Query::all() };
        anna.problems(&query, None, 9).unwrap().rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!((stages(vec![Stage::New]), stages(vec![Stage::Investigating])), (vec![new], vec![worked]));
    assert_eq!(anna.problems(&Query::open_problems().search("queues"), None, 9).unwrap().rows.len(), 2);
    let mine = Query::all().person("anna".parse().unwrap());
    assert_eq!(anna.problems(&mine, None, 9).unwrap().rows.len(), 1);
    let first = anna.problems(&Query::all(), None, 1).unwrap();
    let second = anna.problems(&Query::all(), first.next.as_ref(), 1).unwrap();
    assert_eq!((first.rows.len(), second.rows.len(), second.next), (1, 1, None));
    assert!(anna.worklist(&Query::all(), first.next.as_ref(), 1).is_err(), "a cursor of problems is none of incidents");
    let fed = anna.feed(None, &Filter::default(), 100).unwrap();
    let kinds: Vec<_> = fed
        .deliveries
        .iter()
        .filter_map(|delivery| match &delivery.change {
            andon::desk::Change::Stands { row, .. } => Some(matches!(**row, AnyRow::Problem(_))),
            andon::desk::Change::Left => None,
        })
        .collect();
    assert_eq!(kinds, [false, true, true, true]);
    let group = GroupRef::new("Batch").unwrap();
    anna.problem(new).route_to_group("Batch").unwrap();
    assert_eq!(anna.problems(&Query::all().group(group), None, 9).unwrap().rows.len(), 1);
}

#[test]
fn an_incident_is_no_problem_and_a_problem_no_incident() {
    let house = House::new();
    let anna = house.anna();
    let (incident, problem) = (anna.report("Mail is down").unwrap(), anna.raise("Queues").unwrap());
    assert!(matches!(anna.problem(incident.number()).get(), Err(Error::NotFound(_))));
    assert!(matches!(anna.incident(problem.number()).get(), Err(Error::NotFound(_))));
    assert!(matches!(anna.incident(problem.id()).start_work(), Err(Error::NotFound(_))));
    let json = serde_json::to_vec(problem.problem()).unwrap();
    assert!(Incident::from_json(&json).is_err());
}

#[test]
fn commands_are_safe_to_repeat_previewed_and_based_on_a_version() {
    let house = House::new();
    let id = raised(&house.anna());
    let work = house.anna().problem(id);
    let preview = work.preview(ProblemCommand::Investigate {}).unwrap();
    assert_eq!((preview.problem().stage(), preview.events().len()), (Stage::Investigating, 2));
    assert_eq!(preview.events()[1].summary(), "anna began to look for the cause");
    assert_eq!(work.get().unwrap().problem().stage(), Stage::New, "nothing was stored");
    let named = CommandId::named("once");
    let (first, again) =
        (work.clone().with_command(named).investigate(), work.clone().with_command(named).investigate());
    assert_eq!((first.unwrap().was_repeated(), again.unwrap().was_repeated()), (false, true));
    let conflict = work.clone().if_version(Version::new(1)).add_finding("x").unwrap_err();
    assert!(matches!(conflict, Error::Conflict(_)), "{conflict}");
    let before = house.time.now();
    house.time.advance(hours(1));
    work.start_fix(FixInput::default()).unwrap();
    assert_eq!(work.as_of(before).unwrap().problem().stage(), Stage::Investigating);
    house.time.advance(hours(1));
    let dated = work.clone().occurring_at(house.time.now() - minutes(30)).resolve("done").unwrap();
    assert_eq!(dated.problem().progress().stage_since, house.time.now() - minutes(30));
    let future = work.clone().occurring_at(house.time.now() + days(1)).fail_fix("x").unwrap_err();
    assert_eq!(faults(&future), [("occurred_at", "time.future")]);
    let illegal = work.assess().unwrap_err();
    assert!(illegal.to_string().contains("PRB0000001 is Resolved, where `assess` is not possible"), "{illegal}");
}

#[test]
fn the_moves_that_are_offered_are_those_that_are_possible() {
    let house = House::new();
    let id = raised(&house.anna());
    house.anna().problem(id).investigate().unwrap();
    let moves = house.anna().problem(id).move_views().unwrap();
    let verbs: Vec<_> = moves.iter().filter(|allowed| allowed.possible).map(|allowed| allowed.verb.as_str()).collect();
    assert!(verbs.contains(&"start_fix") && verbs.contains(&"record_known_error"), "{verbs:?}");
    assert!(!verbs.contains(&"accept_risk") && !verbs.contains(&"assess"), "{verbs:?}");
    let risk = moves.iter().find(|allowed| allowed.verb == "accept_risk").unwrap();
    let fields: Vec<_> =
        risk.fields.iter().map(|field| (field.name.as_str(), field.kind.as_str(), field.required)).collect();
    assert_eq!(fields, [("reason", "text", true), ("review_at", "instant", true)]);
}

#[test]
fn a_problem_found_by_foresight_says_so() {
    let house = House::new();
    let outcome = house.anna().raise(Raise::new("Disks wear out").proactive()).unwrap();
    let andon::event::Body::Problem(andon::problem::ProblemEvent::Raised(raised)) = &outcome.events()[0].body else {
        panic!("it begins otherwise")
    };
    assert_eq!(raised.origin, Origin::Proactive);
}

#[test]
fn the_view_of_a_problem_and_its_timeline() {
    let house = House::new();
    let life = whole_life(&house);
    let problem = house.anna().problem(life[0].id());
    insta::assert_snapshot!("problem_view", serde_json::to_string_pretty(&problem.view().unwrap()).unwrap());
    let (mut entries, _) = problem.timeline(None, 100).unwrap();
    entries.reverse();
    let lines: Vec<_> = entries.into_iter().map(|entry| entry.summary).collect();
    insta::assert_snapshot!("problem_timeline", lines.join("\n"));
}
