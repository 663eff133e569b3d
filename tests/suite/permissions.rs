//! Who may do what, and who sees what.

use std::collections::BTreeSet;

use crate::common::{House, every_command, kinds, log};
use andon::{
    Actor, CommandId, Error, Id, Incident, Version,
    command::{Edit, Report},
    desk::{History, OnRefusal},
    error::ErrorKind,
    key::{GroupRef, RoleName},
    permission::{Permission, PermissionScope, Permissions, Stake},
    policy::Policy,
    time::{TimeSource, minutes},
    verb::IncidentVerb,
};

/// What each role of the ITIL policy may do with an incident: `x` with any, `o` with its own, `-` with
/// none.
const GRID: &str = "
                          caller  monitoring  agent  manager  administrator
  read                    o       x           x      x        x
  read_internal           -       -           x      x        x
  read_confidential       -       -           -      x        x
  report                  o       x           x      x        x
  report_for              -       x           x      x        x
  assign                  -       -           x      x        x
  unassign                -       -           x      x        x
  route                   -       x           x      x        x
  start_work              -       -           x      x        x
  enter_phase             -       -           x      x        x
  hold                    -       -           x      x        x
  change_hold             -       -           x      x        x
  resume                  -       -           x      x        x
  resolve                 -       x           x      x        x
  confirm                 o       x           x      x        x
  reopen                  o       x           x      x        x
  close                   -       -           x      x        x
  cancel                  -       -           x      x        x
  merge                   -       -           x      x        x
  undo_merge              -       -           -      x        x
  edit                    -       -           x      x        x
  categorise              -       -           x      x        x
  add_note                o       x           x      x        x
  add_internal_note       -       x           x      x        x
  watch                   o       -           x      x        x
  attach                  o       -           x      x        x
  log_time                -       -           x      x        x
  override_priority       -       -           -      x        x
  set_label               -       -           x      x        x
  record_milestone        -       x           x      x        x
  link                    -       -           x      x        x
  propose_major           -       -           x      x        x
  judge_major             -       -           -      x        x
  manage_major            -       -           -      x        x
  handle_major            -       -           x      x        x
  review_major            -       -           x      x        x
  waive                   -       -           -      x        x
  reissue                 -       -           -      -        x
  reschedule              -       -           -      -        x
  redact                  -       -           -      -        x
  backdate                -       -           x      x        x
  import                  -       -           -      -        x
  correct                 -       -           -      x        x
  publish                 -       -           -      -        x
  problem.read                  -   -   x   x   x
  problem.read_internal         -   -   x   x   x
  problem.read_confidential     -   -   -   x   x
  problem.raise                 -   -   x   x   x
  problem.assess                -   -   x   x   x
  problem.investigate           -   -   x   x   x
  problem.add_hypothesis        -   -   x   x   x
  problem.judge_hypothesis      -   -   x   x   x
  problem.add_finding           -   -   x   x   x
  problem.identify_root_cause   -   -   x   x   x
  problem.record_known_error    -   -   x   x   x
  problem.verify_workaround     -   -   x   x   x
  problem.publish_known_error   -   -   -   x   x
  problem.withdraw_known_error  -   -   -   x   x
  problem.start_fix             -   -   x   x   x
  problem.abandon_fix           -   -   x   x   x
  problem.observe               -   -   x   x   x
  problem.resolve               -   -   x   x   x
  problem.fail_fix              -   -   x   x   x
  problem.close                 -   -   -   x   x
  problem.accept_risk           -   -   -   x   x
  problem.dismiss               -   -   -   x   x
  problem.reanalyse             -   -   -   x   x
  problem.route                 -   -   x   x   x
  problem.edit                  -   -   x   x   x
  problem.add_note              -   -   x   x   x
  problem.add_internal_note     -   -   x   x   x
  problem.watch                 -   -   x   x   x
  problem.attach                -   -   x   x   x
  problem.log_time              -   -   x   x   x
  problem.override_priority     -   -   -   x   x
  problem.cascade               -   -   x   x   x
  problem.redact                -   -   -   -   x
  problem.backdate              -   -   x   x   x
  problem.correct               -   -   -   x   x
";

/// Role, verb and cell of the grid.
fn grid() -> Vec<(&'static str, &'static str, char)> {
    let mut lines = GRID.lines().filter(|line| !line.trim().is_empty());
    let roles: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    lines
        .flat_map(|line| {
            let mut cells = line.split_whitespace();
            let verb = cells.next().unwrap();
            let cells: Vec<char> = cells.map(|cell| cell.chars().next().unwrap()).collect();
            assert_eq!(cells.len(), roles.len(), "{line}");
            roles.clone().into_iter().zip(cells).map(move |(role, cell)| (role, verb, cell)).collect::<Vec<_>>()
        })
        .collect()
}

fn person(name: &str, role: &str) -> Actor {
    Actor::person(name).unwrap().role(role).unwrap()
}

fn role(name: &str) -> RoleName {
    RoleName::new(name).unwrap()
}

#[test]
fn the_roles_of_the_itil_policy_have_what_the_grid_says() {
    let policy = Policy::itil();
    let mut verbs = BTreeSet::new();
    for (role, verb, cell) in grid() {
        let permission = match verb {
            "publish" => Permission::PublishPolicy,
            _ if verb.starts_with("problem.") => Permission::all().find(|known| known.as_str() == verb).unwrap(),
            _ => Permission::Incident(*IncidentVerb::ALL.iter().find(|known| known.as_str() == verb).unwrap()),
        };
        verbs.insert(permission);
        let actor = person("pat", role);
        let pat = actor.id().person().unwrap().clone();
        let own = Stake { people: [Some(&pat), None, None, None], ..Stake::default() };
        let allowed = |stake| policy.permissions().allows(&actor, permission, &stake);
        assert_eq!(allowed(Stake::default()), cell == 'x', "{role}, {verb}, somebody else's");
        assert_eq!(allowed(own), cell != '-', "{role}, {verb}, its own");
    }
    assert_eq!(verbs, Permission::all().collect(), "the grid has every permission");
}

#[test]
fn the_desk_asks_for_the_permission_of_the_verb() {
    for (role, verb, cell) in grid() {
        let commands = every_command().into_iter().filter(|command| command.verb().as_str() == verb);
        for command in commands {
            // Pat has to do with it, so that every role sees it.
            let house = House::new();
            let id = house.anna().report(Report::new("Mail is down").caller("pat")).unwrap().id();
            let refused = format!("incident.{verb}.refused");
            match house.acting("acme", person("pat", role)).incident(id).execute(command) {
                Err(Error::Refused(error)) => {
                    assert_eq!(cell, '-', "{role}, {verb}");
                    assert_eq!(error.permission().as_str(), format!("incident.{verb}"));
                    assert_eq!(Error::from(*error).code(), refused);
                    assert_eq!(house.admin().incident(id).get().unwrap().version(), Version::new(1));
                }
                result => assert_ne!(cell, '-', "{role}, {verb}: {result:?}"),
            }
        }
    }
}

// Reporting and importing.

#[test]
fn a_caller_reports_for_itself_and_an_agent_for_others() {
    let house = House::new();
    house.bob().report(Report::new("Mine")).unwrap();
    let error = house.bob().report(Report::new("Hers").caller("eve")).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("incident.report_for.refused", ErrorKind::Forbidden));
    house.anna().report(Report::new("His").caller("bob")).unwrap();
    let stranger = house.acting("acme", Actor::person("sam").unwrap());
    assert_eq!(stranger.report("Mine").unwrap_err().code(), "incident.report.refused");
}

#[test]
fn only_an_administrator_imports() {
    let house = House::new();
    let history = History {
        from: None,
        report: Report::new("Mail was down"),
        reported_at: house.time.now(),
        reported_by: crate::common::bob().id().clone(),
        steps: Vec::new(),
        on_refusal: OnRefusal::Abort,
    };
    assert_eq!(house.mia().import(&history).unwrap_err().code(), "incident.import.refused");
    assert!(house.admin().import(&history).is_ok());
}

#[test]
fn the_system_may_do_everything() {
    let house = House::new();
    let system = house.acting("acme", Actor::system());
    let id = system.report("Queue is growing").unwrap().id();
    system.incident(id).start_work().unwrap();
}

#[test]
fn a_host_that_authorises_by_itself_lets_everybody_do_everything() {
    let house = House::with(|draft| draft.permissions = Permissions::everything());
    let nobody = house.acting("acme", Actor::person("sam").unwrap());
    let id = nobody.report(Report::new("Mail is down").caller("eve").confidential()).unwrap().id();
    let other = house.acting("acme", Actor::person("kim").unwrap()).incident(id);
    other.add_internal_note("seen").unwrap();
    other.start_work().unwrap();
    assert_eq!(kinds(&log(&other)), ["reported", "note_added", "routed", "work_started"]);
}

// Scopes.

fn scoped(scope: PermissionScope) -> House {
    House::with(|draft| {
        let verbs = [IncidentVerb::Read, IncidentVerb::StartWork, IncidentVerb::Route];
        let reporting = [IncidentVerb::Report, IncidentVerb::ReportFor, IncidentVerb::Route];
        draft.permissions = Permissions::none().grant(role("worker"), scope, verbs).grant(
            role("reporter"),
            PermissionScope::All,
            reporting,
        );
    })
}

/// Whether the worker sees the incident, and whether work can be begun.
fn sees_and_starts(house: &House, worker: Actor, id: Id<Incident>) -> (bool, bool) {
    let desk = house.acting("acme", worker).incident(id);
    let seen = desk.get().is_ok();
    let started = match desk.start_work() {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code(), if seen { "incident.start_work.refused" } else { "record.not_found" });
            false
        }
    };
    (seen, started)
}

fn reported(house: &House, report: Report) -> Id<Incident> {
    house.acting("acme", person("rita", "reporter")).report(report).unwrap().id()
}

#[test]
fn ones_own_are_those_that_one_called_in_suffers_from_opened_or_works_on() {
    let worker = || person("wu", "worker");
    for report in [
        Report::new("x").caller("wu"),
        Report::new("x").caller("bob").affected("wu"),
        Report::new("x").caller("bob").person("wu"),
    ] {
        let house = scoped(PermissionScope::Own);
        let id = reported(&house, report);
        assert_eq!(sees_and_starts(&house, worker(), id), (true, true));
    }
    let house = scoped(PermissionScope::Own);
    let others = reported(&house, Report::new("x").caller("bob").group("Network"));
    assert_eq!(sees_and_starts(&house, worker().group("Network").unwrap(), others), (false, false));
    let for_bob = worker().on_behalf_of("bob").unwrap();
    assert_eq!(sees_and_starts(&house, for_bob, others), (true, true), "on whose behalf one acts counts");
    let watched = reported(&house, Report::new("x").caller("bob").watcher("wu"));
    assert_eq!(sees_and_starts(&house, worker(), watched), (true, false), "a watcher sees and does nothing");
}

#[test]
fn ones_own_groups_are_those_that_it_is_with_now() {
    let house = scoped(PermissionScope::OwnGroup);
    let worker = || person("wu", "worker").group("Network").unwrap();
    let (ours, theirs) =
        (reported(&house, Report::new("x").group("Network")), reported(&house, Report::new("x").group("Mail")));
    assert_eq!(sees_and_starts(&house, worker(), theirs), (false, false));
    assert_eq!(sees_and_starts(&house, worker(), ours), (true, true));
    house.acting("acme", worker()).incident(ours).route_to_group("Mail").unwrap();
    assert!(house.acting("acme", worker().group("Mail").unwrap()).incident(ours).get().is_ok());
    assert_eq!(
        house
            .acting("acme", Actor::person("kim").unwrap().role("worker").unwrap().group("Network").unwrap())
            .incident(ours)
            .get()
            .unwrap_err()
            .code(),
        "record.not_found"
    );
}

#[test]
fn ones_own_organisation_is_the_incidents() {
    let house = scoped(PermissionScope::OwnOrganisation);
    let worker = || person("wu", "worker").organisation("Acme Ltd").unwrap();
    let ours = reported(&house, Report::new("x").organisation("Acme Ltd"));
    let theirs = reported(&house, Report::new("x").organisation("Globex"));
    let nobodys = reported(&house, Report::new("x"));
    assert_eq!(sees_and_starts(&house, worker(), ours), (true, true));
    assert_eq!(sees_and_starts(&house, worker(), theirs), (false, false));
    assert_eq!(sees_and_starts(&house, worker(), nobodys), (false, false));
    let of_none = person("wu", "worker");
    assert_eq!(sees_and_starts(&house, of_none, nobodys), (false, false), "to have none is not to share one");
}

#[test]
fn the_grants_of_several_roles_add_up() {
    let house = House::new();
    let id = house.anna().report(Report::new("x").caller("eve")).unwrap().id();
    let both = person("bob", "caller").role("monitoring").unwrap();
    house.acting("acme", both).incident(id).add_note("still red").unwrap();
}

// Confidential incidents.

#[test]
fn a_confidential_incident_exists_only_for_those_who_have_to_do_with_it() {
    let house = House::new();
    let report = Report::new("Salary leak").caller("bob").group("Network").watcher("eve").confidential();
    let id = house.acting("acme", person("otto", "agent")).report(report).unwrap().id();
    let sees = |actor| house.acting("acme", actor).incident(id).get().is_ok();
    for (actor, expected) in [
        (crate::common::bob(), true),
        (person("eve", "caller"), true),
        (person("otto", "agent"), true),
        (crate::common::anna(), true),
        (person("kim", "agent").group("Mail").unwrap(), false),
        (person("kim", "caller"), false),
        (crate::common::monitoring(), false),
        (crate::common::mia(), true),
        (crate::common::admin(), true),
    ] {
        assert_eq!(sees(actor.clone()), expected, "{actor:?}");
    }
    let outsider = house.acting("acme", person("kim", "agent"));
    let number = house.mia().incident(id).get().unwrap().incident().number().clone();
    for error in [
        outsider.incident(&number).get().unwrap_err(),
        outsider.incident(id).start_work().unwrap_err(),
        outsider.incident(id).events(Version::new(1), 10).unwrap_err(),
    ] {
        assert_eq!(error.code(), "record.not_found");
    }
    let other = house.bob().report("x").unwrap().id();
    let duplicate = outsider.incident(other).cancel(andon::command::Cancel::duplicate_of(id)).unwrap_err();
    assert_eq!(crate::common::faults(&duplicate), [("as", "record.unknown")], "not even as the other of a merge");
}

#[test]
fn what_becomes_confidential_disappears_for_outsiders() {
    let house = House::new();
    let id = house.bob().report(Report::new("Salary leak").organisation("Acme Ltd")).unwrap().id();
    let kim = house.acting("acme", person("kim", "agent"));
    assert!(kim.incident(id).get().is_ok());
    house.mia().incident(id).edit(Edit::new().confidential(true)).unwrap();
    assert_eq!(kim.incident(id).get().unwrap_err().code(), "record.not_found");
    house.mia().incident(id).edit(Edit::new().confidential(false)).unwrap();
    assert!(kim.incident(id).get().is_ok());
}

// Tenants.

#[test]
fn tenants_never_see_each_other() {
    let house = House::new();
    let named = CommandId::named("import:1");
    let report =
        |tenant: &str| house.acting(tenant, crate::common::bob()).with_command(named).report("Mail is down").unwrap();
    let (ours, theirs) = (report("acme"), report("globex"));
    assert!(!theirs.was_repeated(), "a command id of another tenant is unknown here");
    assert_ne!(ours.id(), theirs.id());
    assert_eq!(ours.number(), theirs.number(), "numbers are a tenant's own");
    let at_globex = house.acting("globex", crate::common::admin());
    assert_eq!(at_globex.incident(ours.id()).get().unwrap_err().code(), "record.not_found");
    assert_eq!(at_globex.incident(ours.number()).get().unwrap().incident().id(), theirs.id());
    let system = house.acting("globex", Actor::system());
    assert_eq!(system.incident(ours.id()).get().unwrap_err().code(), "record.not_found");
    house.admin().publish_policy(crate::common::policy(|draft| draft.name = "Acme's own".to_owned())).unwrap();
    assert_eq!(at_globex.policy().unwrap().parts().name, "ITIL");
}

// Notes.

#[test]
fn internal_notes_are_not_in_the_log_that_a_caller_reads() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    house.anna().incident(id).add_internal_note("He forgot his password again.").unwrap();
    house.anna().incident(id).add_note("We are on it.").unwrap();
    assert_eq!(kinds(&log(&house.bob().incident(id))), ["reported", "note_added"]);
    let his = serde_json::to_string(&log(&house.bob().incident(id))).unwrap();
    assert!(his.contains("We are on it.") && !his.contains("password"));
    assert_eq!(kinds(&log(&house.anna().incident(id))), ["reported", "note_added", "note_added"]);
    assert_eq!(
        kinds(&log(&house.monitoring().incident(id))),
        ["reported", "note_added"],
        "it writes them and reads none"
    );
}

// Answers.

#[test]
fn who_hands_an_incident_away_gets_the_answer_to_the_same_command_again() {
    let house = scoped(PermissionScope::OwnGroup);
    let id = reported(&house, Report::new("x").group("Network"));
    let worker = person("wu", "worker").group("Network").unwrap();
    let hand_over = house.acting("acme", worker).incident(id).with_command(CommandId::named("hand-over"));
    let first = hand_over.route_to_group("Mail").unwrap();
    house.time.advance(minutes(1));
    let again = hand_over.route_to_group("Mail").unwrap();
    assert!(again.was_repeated());
    assert_eq!(again.events(), first.events());
    assert_eq!(again.incident().assignment().group, Some(GroupRef::new("Mail").unwrap()));
}

#[test]
fn an_automation_that_reports_what_it_may_not_see_gets_the_same_answer_again() {
    let house = House::new();
    let monitoring = house.monitoring().with_command(CommandId::named("alert:1"));
    let report = Report::new("Intrusion").confidential();
    let first = monitoring.report(report.clone()).unwrap();
    assert_eq!(monitoring.incident(first.id()).get().unwrap_err().code(), "record.not_found");
    assert_eq!(monitoring.report(report).unwrap().id(), first.id());
}
