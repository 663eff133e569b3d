//! The test kit itself: incidents in every stage under every policy, stories, strategies.

use andon::{
    Policy, PolicyDraft, Stage,
    command::{Assign, Hold, IncidentCommand, RootCauseInput},
    incident::{Cancellation, Cancelled, ConfirmedBy, OnHold},
    permission::Permissions,
    problem::{self, Closure, Dismissed},
    testing::{self, Failure, OneSalt, START, TestDesk, agent, given, incident, strategies},
    time::{Seconds, days, hours, minutes},
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn an_incident_is_made_in_every_stage_at_a_desk_and_without() -> testing::Result {
    for stage in Stage::ALL {
        let desk = TestDesk::new();
        let made = incident().in_stage(stage).at(&desk)?;
        assert_eq!(
            (made.incident().stage(), made.id()),
            (stage, desk.agent("anna")?.incident(made.id()).get()?.incident().id())
        );
        assert_eq!(incident().in_stage(stage).build()?.stage(), stage);
    }
    Ok(())
}

#[test]
fn an_incident_is_made_as_it_is_described() -> testing::Result {
    let desk = TestDesk::new();
    let until = START + days(2);
    let held = incident()
        .titled("Till 3 is dead")
        .caller("carl")
        .priority("P1")
        .group("Tills")
        .label("till")
        .confidential()
        .on_hold(Hold::new("awaiting_vendor").until(until))
        .at(&desk)?;
    let held = held.incident();
    assert_eq!(held.facts().title.as_str(), Some("Till 3 is dead"));
    assert_eq!(held.priority().name().as_str(), "P1");
    assert_eq!(held.hold().map(|stage| stage.hold().until), Some(Some(until)));
    assert!(held.facts().confidential);
    let assigned = incident().assigned_to(Assign::to_group("Mail").and_person("anna")).build()?;
    assert_eq!(assigned.stage(), Stage::Assigned);
    let closed = incident().in_stage(Stage::Closed).resolved("workaround").build()?;
    assert_eq!(closed.resolution().unwrap().code.as_str(), "workaround");
    assert_eq!(incident().typed::<OnHold>()?.stage().hold().reason.as_str(), "awaiting_caller");
    let cancelled = incident().cancelled(Cancellation::NotAnIncident).typed::<Cancelled>()?;
    assert_eq!(*cancelled.stage().cancellation(), Cancellation::NotAnIncident);
    Ok(())
}

#[test]
fn a_problem_is_made_in_every_stage_at_a_desk_and_without() -> testing::Result {
    for stage in problem::Stage::ALL {
        let desk = TestDesk::new();
        let made = testing::problem().in_stage(stage).at(&desk)?;
        assert_eq!((made.problem().stage(), made.number().as_str()), (stage, "PRB0000001"));
        assert_eq!(testing::problem().in_stage(stage).build()?.stage(), stage);
    }
    let dismissed = testing::problem().dismissed(Dismissed::NotReproducible).typed::<problem::Closed>()?;
    assert_eq!(*dismissed.stage().closure(), Closure::Dismissed(Dismissed::NotReproducible));
    let borne = testing::problem().risk_accepted("Too dear", START + days(90)).build()?;
    assert_eq!(borne.review_at(), Some(START + days(90)));
    let watched = testing::problem().observed_until(START + days(3)).typed::<problem::Observing>()?;
    assert_eq!(watched.stage().until(), Some(START + days(3)));
    Ok(())
}

#[test]
fn a_problem_is_made_as_it_is_described() -> testing::Result {
    let desk = TestDesk::new();
    let down = incident().titled("Mail is down").at(&desk)?;
    let made = testing::problem()
        .titled("Queues fill up")
        .impact("high")
        .group("Mail")
        .raised(|raise| raise.service("mail").proactive())
        .from_incident(down.id())
        .root_cause(RootCauseInput::new("The disk is too small"))
        .known_error("Mail is late", "Send it by hand")
        .fixed_by_change("CHG0042")
        .at(&desk)?;
    let made = made.problem();
    assert_eq!((made.facts().title.as_str(), made.stage()), (Some("Queues fill up"), problem::Stage::FixInProgress));
    assert!(made.analysis().root_cause.is_some() && made.known_error().is_some_and(problem::KnownError::is_published));
    assert_eq!(made.fix().unwrap().change.as_ref().unwrap().as_str(), "CHG0042");
    assert_eq!(desk.system().incident(down.id()).get()?.incident().links().len(), 1);
    let failure = testing::problem().titled(" ").build().unwrap_err();
    assert_eq!(failure.code(), Some("problem.raise.invalid"));
    assert!(format!("{failure:?}").starts_with("the problem could not be made: "), "{failure}");
    let failure = testing::problem().risk_accepted("Too dear", START + days(1)).in_stage(problem::Stage::Observing);
    assert!(failure.build().unwrap_err().to_string().contains("it is Closed, and does not become Observing"));
    Ok(())
}

#[test]
fn what_cannot_be_made_says_why() {
    let failure = incident().titled(" ").build().unwrap_err();
    assert_eq!(failure.code(), Some("incident.report.invalid"));
    assert!(format!("{failure:?}").starts_with("the incident could not be made: "), "{failure}");
    let failure = incident().priority("P9").build().unwrap_err();
    assert_eq!(failure.code(), Some("incident.override_priority.invalid"));
}

#[test]
fn the_clock_turns_and_the_desk_wakes() -> testing::Result {
    let mut draft = PolicyDraft::itil();
    draft.closure.automatic_after_seconds = Some(Seconds::days(7));
    let desk = TestDesk::new().with_policy(draft.validate()?);
    let [held, resolved] =
        [incident().on_hold(Hold::new("awaiting_date").until(START + days(1))), incident().resolved("fixed")];
    let (held, resolved) = (held.at(&desk)?.id(), resolved.at(&desk)?.id());
    desk.advance(days(1) + hours(1))?;
    let stage = |id| Ok::<_, Failure>(desk.system().incident(id).get()?.incident().stage());
    let version = |id| Ok::<_, Failure>(desk.system().incident(id).events(andon::Version::new(1), 50)?.0.len());
    assert_eq!((stage(held)?, version(held)?), (Stage::InProgress, 5));
    desk.at(START + days(7))?;
    assert_eq!((stage(resolved)?, version(resolved)?), (Stage::Closed, 5));
    assert_eq!(desk.now(), START + days(7));
    Ok(())
}

#[test]
fn other_tenants_and_asynchronous_code_use_the_same_desk() -> testing::Result {
    let desk = TestDesk::new();
    let beta = desk.tenant("beta")?;
    let id = incident().at(&beta)?.id();
    assert!(desk.system().incident(id).get().is_err());
    pollster::block_on(async {
        let anna = beta.acting_as_async(agent("anna")?);
        anna.incident(id).start_work().await?;
        beta.advance_async(hours(1)).await?;
        assert_eq!(anna.incident(id).get().await?.incident().stage(), Stage::InProgress);
        Ok(())
    })
}

#[test]
fn a_story_tells_what_was_expected_and_what_was_found() {
    let desk = TestDesk::new().with_ids(OneSalt::new());
    let story = given(&desk)
        .incident(|incident| incident.priority("P1").assigned_to(Assign::to_group("Network")))
        .when(|acting, id| acting.incident(id).close())
        .then()
        .stage(Stage::Closed)
        .group("Mail")
        .events(["closed"])
        .holds()
        .unwrap_err();
    insta::assert_snapshot!(story.to_string());
}

#[test]
fn expectations_that_are_met_are_silent() -> testing::Result {
    let desk = TestDesk::new();
    given(&desk)
        .incident(|incident| incident.in_stage(Stage::InProgress))
        .when_asked(IncidentCommand::Close {})
        .then()
        .refused_with("incident.close.illegal")
        .unchanged()
        .holds()?;
    given(&desk)
        .incident(|incident| incident.resolved("fixed"))
        .when(|acting, id| acting.incident(id).confirm(ConfirmedBy::Caller))
        .then()
        .event("confirmed")
        .that("it is confirmed", |incident| incident.progress().milestones.confirmed.is_some())
        .holds()?;
    given(&desk).when(|_, _| Err::<(), _>(std::fmt::Error)).then().fails("an error occurred").with_nobody().holds()?;
    let unexpected = given(&desk).when(|_, _| Err::<(), _>(std::fmt::Error)).then().holds().unwrap_err();
    assert!(unexpected.to_string().contains("expected  the rule to succeed"), "{unexpected}");
    let not_given =
        given(&desk).incident(|incident| incident.titled("")).when(|_, _| Ok::<_, Failure>(())).then().holds();
    assert_eq!(not_given.unwrap_err().code(), Some("incident.report.invalid"));
    Ok(())
}

#[test]
fn every_policy_that_is_drawn_lets_incidents_be_made_in_every_stage() {
    TestRunner::new(config(200))
        .run(&strategies::policy(), |policy| {
            let draft = PolicyDraft { permissions: Permissions::everything(), ..policy.to_draft() };
            let policy = draft.validate().unwrap();
            let holds = policy.hold_reasons().iter().any(|rule| !rule.retired);
            for stage in Stage::ALL.into_iter().filter(|stage| holds || *stage != Stage::OnHold) {
                let made = incident().titled("4711").in_stage(stage).build_under(&policy)?;
                prop_assert_eq!(made.stage(), stage);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_policy_that_is_drawn_lets_problems_be_made_in_every_stage() {
    TestRunner::new(config(200))
        .run(&strategies::policy(), |policy| {
            for stage in problem::Stage::ALL {
                prop_assert_eq!(testing::problem().in_stage(stage).build_under(&policy)?.stage(), stage);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn problems_that_are_drawn_are_raised_and_bad_ones_are_not() {
    let drawn = strategies::policy().prop_flat_map(|policy| {
        let raise = strategies::raise(&policy);
        (Just(policy), raise, strategies::choices())
    });
    TestRunner::new(config(500))
        .run(&drawn, |(policy, raise, mut choices)| {
            let desk = TestDesk::new().with_policy(policy.clone());
            desk.system().raise(raise)?;
            let bad = strategies::DrawProblem { bad: true, ..strategies::DrawProblem::new(&policy) };
            prop_assert!(desk.system().raise(bad.raise(&mut choices)).is_err());
            Ok(())
        })
        .unwrap();
}

#[test]
fn most_commands_on_problems_that_are_drawn_find_a_stage_that_takes_them() {
    let policy = Policy::itil();
    let (mut taken, mut refused) = (0_u32, 0_u32);
    let mut runner = TestRunner::deterministic();
    for _ in 0..500 {
        let command = strategies::problem_command(&policy).new_tree(&mut runner).unwrap().current();
        let fits = problem::Stage::ALL.into_iter().any(|stage| {
            let desk = TestDesk::new();
            let id = testing::problem().in_stage(stage).at(&desk).unwrap().id();
            desk.system().problem(id).execute(command.clone()).is_ok()
        });
        *if fits { &mut taken } else { &mut refused } += 1;
    }
    assert!(taken > 300 && refused > 20, "{taken} taken, {refused} refused");
}

#[test]
fn reports_that_are_drawn_are_taken_and_bad_ones_are_not() {
    let drawn = strategies::policy().prop_flat_map(|policy| {
        let report = strategies::report(&policy);
        (Just(policy), report, strategies::choices())
    });
    TestRunner::new(config(500))
        .run(&drawn, |(policy, report, mut choices)| {
            let desk = TestDesk::new().with_policy(policy.clone());
            desk.system().report(report)?;
            let bad = strategies::Draw { bad: true, ..strategies::Draw::new(&policy) };
            prop_assert!(desk.system().report(bad.report(&mut choices)).is_err());
            Ok(())
        })
        .unwrap();
}

#[test]
fn histories_that_are_drawn_are_imported_whole() {
    let drawn = prop_oneof![Just(Policy::itil()), strategies::policy()]
        .prop_flat_map(|policy| (strategies::history(&policy), Just(policy)));
    TestRunner::new(config(300))
        .run(&drawn, |(history, policy)| {
            let imported = TestDesk::new().with_policy(policy).system().import(&history)?;
            prop_assert!(imported.refused.is_empty());
            Ok(())
        })
        .unwrap();
}

#[test]
fn most_commands_that_are_drawn_find_a_stage_that_takes_them() {
    let policy = Policy::itil();
    let (mut taken, mut refused) = (0_u32, 0_u32);
    let mut runner = TestRunner::deterministic();
    for _ in 0..500 {
        let command = strategies::command(&policy).new_tree(&mut runner).unwrap().current();
        let fits = Stage::ALL.into_iter().any(|stage| {
            let desk = TestDesk::new();
            let id = incident().in_stage(stage).at(&desk).unwrap().id();
            desk.system().incident(id).execute(command.clone()).is_ok()
        });
        *if fits { &mut taken } else { &mut refused } += 1;
    }
    assert!(taken > 300 && refused > 20, "{taken} taken, {refused} refused");
}

// Clocks.

fn promised() -> TestDesk {
    let draft = PolicyDraft::from_json(
        br#"{"name": "Acme", "agreements": [{"key": "standard", "metrics": [
            {"metric": "respond", "target": {"all": {"elapsed_seconds": 1800}}, "end": {"milestones": ["responded"]}},
            {"metric": "resolve", "target": {"all": {"elapsed_seconds": 14400}}, "end": {"milestones": ["resolved"]},
             "paused_by": ["awaiting_caller"]}]}]}"#,
    );
    TestDesk::new().with_policy(draft.unwrap().validate().unwrap())
}

#[test]
fn what_clocks_show_can_be_expected() -> testing::Result {
    let desk = promised();
    given(&desk)
        .incident(|incident| incident)
        .later(minutes(30))
        .when(|acting, id| acting.incident(id).hold("awaiting_caller"))
        .later(minutes(60))
        .then()
        .clock("respond", "running")
        .breached("respond")
        .clock("resolve", "paused")
        .used("resolve", 1_800)
        .holds()?;
    let begun = desk.now();
    given(&desk)
        .incident(|incident| incident)
        .when(|acting, id| acting.incident(id).start_work())
        .then()
        .clock("respond", "met")
        .due("resolve", begun + hours(4))
        .holds()
}

#[test]
fn a_story_tells_how_the_clocks_stand() {
    let desk = promised().with_ids(OneSalt::new());
    let story = given(&desk)
        .incident(|incident| incident)
        .later(minutes(31))
        .when(|acting, id| acting.incident(id).start_work())
        .then()
        .clock("respond", "met")
        .clock("restore", "met")
        .used("resolve", 60)
        .holds()
        .unwrap_err();
    insta::assert_snapshot!(story.to_string());
}
