//! The desk: a whole incident through it, and what it promises about every command.

use crate::common::{House, did, faults, kinds, log};
use andon::{
    CommandId, Error, Id, Incident, Stage, Version,
    command::{Assign, Cancel, Command, Edit, Hold, IncidentCommand, Report, Resolve},
    desk::Outcome,
    error::ErrorKind,
    event::Cause,
    incident::{Cancellation, ClosureBasis, ConfirmedBy, ResumedBy},
    key::{CorrelationKey, RuleId},
    store::AnyRepository,
    time::{TimeSource, days, hours, minutes},
};

/// Whether the stored record is what its events add up to.
fn folds(desk: &crate::common::AtIncident) -> bool {
    let seen = desk.get().unwrap();
    Incident::fold(&log(desk)).unwrap() == (seen.incident().clone(), seen.version())
}

#[test]
fn an_incident_goes_from_its_report_to_its_closure() {
    let house = House::new();
    let (bob, anna) = (house.bob(), house.anna());
    let reported = bob.report(Report::new("Mail is down").impact("high").urgency("medium")).unwrap();
    assert_eq!(did(&reported), ["reported"]);
    assert_eq!(reported.number().as_str(), "INC0000001");
    assert_eq!(reported.incident().priority().name().as_str(), "P2");
    let (hers, his) = (anna.incident(reported.id()), bob.incident(reported.id()));

    house.time.advance(minutes(5));
    assert_eq!(did(&hers.assign(Assign::to_group("Network")).unwrap()), ["assigned"]);
    let started = hers.start_work().unwrap();
    assert_eq!(did(&started), ["routed", "work_started"], "who begins work on what nobody has gets it");
    assert_eq!(started.incident().assignment().person.as_ref().unwrap().as_str(), "anna");
    assert_eq!(did(&hers.hold("awaiting_caller").unwrap()), ["held"]);

    house.time.advance(minutes(30));
    assert_eq!(did(&his.add_note("Only outside the company.").unwrap()), ["note_added", "resumed"]);
    assert_eq!(did(&hers.resolve(Resolve::new("fixed").text("New certificate.")).unwrap()), ["resolved"]);
    let Err(Error::Blocked(blocked)) = hers.close() else { panic!("nobody confirmed") };
    assert_eq!(blocked.obligations()[0].code(), "obligation.confirmation");
    assert_eq!(did(&his.confirm(ConfirmedBy::Caller).unwrap()), ["confirmed"]);
    let closed = hers.close().unwrap();
    assert_eq!(did(&closed), ["closed"]);

    let Incident::Closed(incident) = hers.get().unwrap().into_incident() else { panic!("it is closed") };
    assert_eq!(incident.stage().basis(), ClosureBasis::Confirmed);
    assert_eq!(incident.progress().on_hold_seconds, 1_800);
    assert!(folds(&hers));
}

#[test]
fn asynchronous_code_has_the_same_desk() {
    pollster::block_on(async {
        let house = House::new();
        let acme = house.desk.tenant("acme")?;
        let (bob, anna) = (acme.acting_as(crate::common::bob()), acme.acting_as(crate::common::anna()));
        let id = bob.report("Mail is down").await?.id();
        let hers = anna.incident(id);
        assert_eq!(did(&hers.assign(Assign::to_group("Network").and_person("anna")).await?), ["assigned"]);
        assert_eq!(did(&hers.start_work().await?), ["work_started"]);
        assert_eq!(did(&hers.resolve("fixed").await?), ["resolved"]);
        assert_eq!(hers.close().await.unwrap_err().code(), "incident.close.blocked");
        assert_eq!(did(&bob.incident(id).confirm(ConfirmedBy::Caller).await?), ["confirmed"]);
        assert_eq!(did(&hers.close().await?), ["closed"]);
        assert_eq!(hers.get().await?.incident().stage(), Stage::Closed);
        Ok::<(), Error>(())
    })
    .unwrap();
}

#[test]
fn a_command_as_data_does_what_its_method_does() {
    let house = House::new();
    let report = Command::Report(Box::new(Report::new("Mail is down")));
    let id = house.anna().execute(report).unwrap().into_incident().unwrap().id();
    let start = Command::Incident { id, request: IncidentCommand::StartWork {} };
    let outcome = house.anna().execute(start).unwrap();
    assert_eq!((outcome.version().get(), outcome.events().len(), outcome.was_repeated()), (3, 2, false));
    assert_eq!(did(&outcome.into_incident().unwrap()), ["routed", "work_started"]);

    let json = format!(r#"{{"raise": {{"title": "Mail queues fill up", "from": ["{id}"]}}}}"#);
    let raise = Command::from_json(json.as_bytes()).unwrap();
    let raised = house.anna().execute(raise).unwrap();
    assert_eq!(raised.number().as_str(), "PRB0000001");
    let problem = raised.into_problem().unwrap().id();
    assert_eq!(house.anna().incident(id).get().unwrap().incident().links().len(), 1);
    let json = format!(r#"{{"problem": {{"id": "{problem}", "request": {{"command": "investigate"}}}}}}"#);
    let investigate = Command::from_json(json.as_bytes()).unwrap();
    let preview = house.anna().preview(investigate.clone()).unwrap();
    assert_eq!((preview.version().get(), preview.events().len()), (1, 2));
    let outcome = house.anna().execute(investigate).unwrap().into_problem().unwrap();
    assert_eq!(outcome.problem().stage(), andon::problem::Stage::Investigating);
}

#[test]
fn a_repository_can_be_chosen_at_run_time() {
    let house = House::new();
    let desk = andon::Desk::with_sources(
        AnyRepository::new(house.repository.clone()),
        house.time.clone(),
        andon::id::SequentialIds::new(),
    );
    let anna = andon::blocking::Desk::from(desk).tenant("acme").unwrap().acting_as(crate::common::anna());
    let id = anna.report("Mail is down").unwrap().id();
    anna.incident(id).start_work().unwrap();
    assert_eq!(house.anna().incident(id).get().unwrap().version(), Version::new(3));
}

#[test]
fn an_incident_is_found_by_its_number_too() {
    let house = House::new();
    let reported = house.bob().report("Mail is down").unwrap();
    let found = house.anna().incident(reported.number()).get().unwrap();
    assert_eq!(found.incident(), reported.incident());
}

#[test]
fn numbers_rise_and_are_a_tenants_own() {
    let house = House::with(|draft| {
        draft.numbering.incident.prefix = "TICKET-".to_owned();
        draft.numbering.incident.width = 3;
    });
    let number = |tenant| house.acting(tenant, crate::common::bob()).report("x").unwrap().number().to_string();
    assert_eq!([number("acme"), number("acme"), number("globex")], ["TICKET-001", "TICKET-002", "TICKET-001"]);
}

// Versions and events.

#[test]
fn a_version_is_the_sequence_of_the_last_event() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let hers = house.anna().incident(id);
    let outcomes: [Outcome; 3] =
        [hers.start_work().unwrap(), hers.hold("awaiting_vendor").unwrap(), hers.resume().unwrap()];
    for outcome in outcomes {
        assert_eq!(outcome.version(), outcome.events().last().unwrap().sequence);
    }
    let sequences: Vec<u64> = log(&hers).iter().map(|event| event.sequence.get()).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
}

#[test]
fn what_changes_nothing_stores_nothing() {
    let house = House::new();
    let id =
        house.anna().report(Report::new("Mail is down").caller("bob").group("Network").watcher("eve")).unwrap().id();
    let hers = house.anna().incident(id);
    let idle = [
        hers.edit(Edit::new().title("Mail is down").impact("medium").clear_site()),
        hers.watch("eve"),
        hers.unwatch("nobody"),
        hers.route_to_group("Network"),
        hers.clear_label(),
        hers.detach(andon::digest::Digest::of(b"no such file")),
    ];
    for outcome in idle {
        let outcome = outcome.unwrap();
        assert!(outcome.events().is_empty());
        assert_eq!(outcome.version(), Version::new(1));
    }
    assert_eq!(kinds(&log(&hers)), ["reported"]);
}

#[test]
fn events_say_who_for_whom_why_and_by_which_policy() {
    let house = House::new();
    let agent_for_bob = crate::common::anna().on_behalf_of("bob").unwrap();
    let acting = house
        .acting("acme", agent_for_bob)
        .correlated(CorrelationKey::new("outage-7").unwrap())
        .by_rule(RuleId::new("phone").unwrap());
    let reported = acting.report("Mail is down").unwrap();
    let event = &reported.events()[0];
    assert_eq!((event.actor.to_string().as_str(), event.on_behalf_of.as_ref().unwrap().as_str()), ("anna", "bob"));
    assert_eq!(event.cause, Cause::Rule { rule: RuleId::new("phone").unwrap() });
    assert_eq!(event.correlation.as_ref().unwrap().as_str(), "outage-7");
    assert_eq!((event.policy.version, event.policy.digest), (0, andon::Policy::itil().digest()));
    assert_eq!((event.command, event.tenant.as_str()), (reported.command(), "acme"));
    assert_eq!(reported.incident().facts().caller.as_ref().unwrap().as_str(), "bob");
}

#[test]
fn a_caller_may_only_act_on_a_version_that_still_holds() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let hers = house.anna().incident(id);
    hers.clone().if_version(Version::new(1)).assign(Assign::to_group("Network")).unwrap();
    let Err(Error::Conflict(conflict)) = hers.clone().if_version(Version::new(1)).start_work() else {
        panic!("it is at version 2")
    };
    assert_eq!((conflict.expected(), conflict.found()), (Version::new(1), Version::new(2)));
    assert_eq!(kinds(&log(&hers)), ["reported", "assigned"]);
}

// Command ids.

#[test]
fn the_same_command_gets_the_same_answer_and_happens_once() {
    let house = House::new();
    let named = CommandId::named("mail:4711");
    let bob = house.bob().with_command(named);
    let first = bob.report("Mail is down").unwrap();
    house.time.advance(hours(1));
    house.anna().incident(first.id()).start_work().unwrap();
    let again = bob.report("Mail is down").unwrap();
    assert!(again.was_repeated() && !first.was_repeated());
    assert_eq!((again.incident(), again.version()), (first.incident(), first.version()), "as it was after it");
    assert_eq!((again.events(), again.command()), (first.events(), named));
    let next = house.bob().report("Another").unwrap();
    assert_eq!(next.number().as_str(), "INC0000002", "no second incident was made");
}

#[test]
fn a_repeated_command_on_an_incident_changes_nothing_more() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let hers = house.anna().incident(id).with_command(CommandId::named("start"));
    let first = hers.start_work().unwrap();
    house.anna().incident(id).hold("awaiting_vendor").unwrap();
    house.time.advance(hours(1));
    let again = hers.start_work().unwrap();
    assert!(again.was_repeated());
    assert_eq!((again.incident().stage(), again.events()), (Stage::InProgress, first.events()));
    assert_eq!(hers.get().unwrap().incident().stage(), Stage::OnHold);
    assert_eq!(hers.get().unwrap().version(), Version::new(4));
}

#[test]
fn a_command_id_stands_for_one_intent_of_one_actor() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let named = CommandId::named("once");
    let hers = house.anna().incident(id).with_command(named);
    hers.start_work().unwrap();
    let otto = andon::Actor::person("otto").unwrap().role("agent").unwrap();
    let reuses = [
        hers.hold("awaiting_vendor"),
        house.acting("acme", otto).incident(id).with_command(named).start_work(),
        hers.clone().occurring_at(house.time.now() - minutes(1)).start_work(),
        house.anna().with_command(named).report("Another"),
    ];
    for reuse in reuses {
        let error = reuse.unwrap_err();
        assert_eq!((error.code(), error.kind()), ("command.reused", ErrorKind::Conflict));
    }
    assert_eq!(hers.get().unwrap().version(), Version::new(3));
    assert!(house.anna().incident("INC0000002".parse::<andon::Number>().unwrap()).get().is_err());
}

#[test]
fn a_command_that_was_refused_may_be_sent_again() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let hers = house.anna().incident(id).with_command(CommandId::named("close"));
    assert_eq!(hers.close().unwrap_err().code(), "incident.close.illegal");
    house.anna().incident(id).resolve("fixed").unwrap();
    house.time.advance(days(6));
    assert!(!hers.close().unwrap().was_repeated());
}

// Times.

#[test]
fn what_happened_earlier_is_recorded_now() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    house.time.advance(hours(1));
    let now = house.time.now();
    let earlier = now - minutes(40);
    let started = house.anna().incident(id).occurring_at(earlier).start_work().unwrap();
    assert!(started.events().iter().all(|event| (event.occurred_at, event.recorded_at) == (earlier, now)));
    assert_eq!(started.incident().progress().milestones.responded, Some(earlier));
    assert!(folds(&house.anna().incident(id)));
}

#[test]
fn backdating_takes_a_permission_of_its_own() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    house.time.advance(hours(1));
    let his = house.bob().incident(id).occurring_at(house.time.now() - minutes(1));
    assert_eq!(his.add_note("It began a minute ago.").unwrap_err().code(), "incident.backdate.refused");
    assert_eq!(his.get().unwrap().version(), Version::new(1));
    let now = house.bob().incident(id).occurring_at(house.time.now());
    assert_eq!(did(&now.add_note("It is now.").unwrap()), ["note_added"], "now is not backdated");
}

#[test]
fn a_clock_that_lies_a_little_behind_is_pulled_up_to_the_record() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let last = house.time.now();
    house.time.set(last - minutes(5));
    let started = house.anna().incident(id).start_work().unwrap();
    assert!(started.events().iter().all(|event| event.recorded_at == last && event.occurred_at == last));
    house.time.set(last - minutes(5) - chrono::TimeDelta::seconds(1));
    let error = house.anna().incident(id).hold("awaiting_vendor").unwrap_err();
    assert_eq!(error.code(), "time.behind");
    assert_eq!(house.anna().incident(id).get().unwrap().version(), started.version());
}

// Duplicates.

#[test]
fn a_duplicate_names_another_incident_that_the_actor_may_see() {
    let house = House::new();
    let report = |tenant, title| house.acting(tenant, crate::common::bob()).report(title).unwrap().id();
    let (one, other, foreign) = (report("acme", "one"), report("acme", "other"), report("globex", "theirs"));
    let hers = house.anna().incident(one);
    for (of, code) in [(one, "record.itself"), (foreign, "record.unknown"), (Id::from_u128(99), "record.unknown")] {
        let error = hers.cancel(Cancel::duplicate_of(of)).unwrap_err();
        assert_eq!((error.code(), faults(&error)), ("incident.cancel.invalid", vec![("as", code)]));
    }
    assert_eq!(hers.get().unwrap().version(), Version::new(1));
    let cancelled = hers.cancel(Cancel::duplicate_of(other).reason("same relay")).unwrap();
    let Incident::Cancelled(incident) = cancelled.incident() else { panic!("it was cancelled") };
    assert_eq!(incident.stage().cancellation(), &Cancellation::Duplicate { of: other });
    let undone = house.mia().incident(one).undo_merge("other relay").unwrap();
    assert_eq!(undone.incident().stage(), Stage::New);
}

// The caller and the hold.

#[test]
fn only_the_callers_public_reply_ends_a_hold_that_waits_for_it() {
    let house = House::new();
    let id = house.anna().report(Report::new("Mail is down").caller("bob").affected("eve")).unwrap().id();
    let hers = house.anna().incident(id);
    hers.hold("awaiting_caller").unwrap();
    assert_eq!(did(&hers.add_note("Which recipient?").unwrap()), ["note_added"]);
    assert_eq!(did(&house.monitoring().incident(id).add_note("still red").unwrap()), ["note_added"]);
    let eve = andon::Actor::person("eve").unwrap().role("caller").unwrap();
    let reply = house.acting("acme", eve).incident(id).add_note("All of them.").unwrap();
    assert_eq!(did(&reply), ["note_added", "resumed"], "the affected person's reply counts");
    let event = serde_json::to_value(&reply.events()[1]).unwrap();
    assert_eq!(event["data"], serde_json::to_value(ResumedBy::CallerReply).unwrap());
    hers.hold("awaiting_vendor").unwrap();
    assert_eq!(did(&house.bob().incident(id).add_note("Any news?").unwrap()), ["note_added"]);
}

#[test]
fn a_hold_on_what_is_resolved_reopens_it() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let hers = house.anna().incident(id);
    hers.resolve("fixed").unwrap();
    let held = hers.hold(Hold::new("awaiting_vendor")).unwrap();
    assert_eq!(did(&held), ["reopened", "held"]);
    assert_eq!((held.incident().stage(), held.incident().progress().reopenings), (Stage::OnHold, 1));
}

#[test]
fn a_command_that_changed_nothing_changes_nothing_when_it_comes_again() {
    let house = House::new();
    let id = house.bob().report("Mail is down").unwrap().id();
    let watch = house.anna().with_command(CommandId::named("watch")).incident(id);
    house.anna().incident(id).watch("otto").unwrap();
    assert!(watch.watch("otto").unwrap().events().is_empty());
    house.anna().incident(id).unwatch("otto").unwrap();

    let again = watch.watch("otto").unwrap();
    assert!(again.was_repeated() && again.events().is_empty());
    assert_eq!(again.version(), Version::new(2), "as it was when the command first came");
    assert!(house.anna().incident(id).get().unwrap().incident().facts().watchers.is_empty());
}

#[test]
fn the_same_command_by_id_and_by_number_is_the_same() {
    let house = House::new();
    let reported = house.bob().report("Mail is down").unwrap();
    let other = house.bob().report("Printer is on fire").unwrap();
    let anna = house.anna().with_command(CommandId::named("start"));
    let first = anna.incident(reported.id()).start_work().unwrap();
    let second = anna.incident(reported.number()).start_work().unwrap();
    assert!(second.was_repeated());
    assert_eq!((second.version(), second.events()), (first.version(), first.events()));
    let error = anna.incident(other.number()).start_work().unwrap_err();
    assert_eq!(error.code(), "command.reused");
}

#[test]
fn who_may_report_nothing_learns_nothing_from_a_report() {
    let house = House::new();
    let stranger = house.acting("acme", andon::Actor::person("eve").unwrap());
    let error = stranger.report(Report::new("").impact("guess")).unwrap_err();
    assert_eq!(error.code(), "incident.report.refused");
    assert!(error.faults().is_none());
}

#[test]
fn a_duplicate_of_what_is_cancelled_is_refused() {
    let house = House::new();
    let [first, second, third] = ["a", "b", "c"].map(|title| house.bob().report(title).unwrap().id());
    house.anna().incident(second).cancel(Cancel::duplicate_of(first)).unwrap();
    let error = house.anna().incident(third).cancel(Cancel::duplicate_of(second)).unwrap_err();
    assert_eq!(faults(&error), [("as", "record.cancelled")]);
}

#[test]
fn to_hold_what_is_resolved_takes_the_permission_to_reopen() {
    use andon::{key::RoleName, permission::PermissionScope, verb::IncidentVerb as Verb};
    let holder = RoleName::new("holder").unwrap();
    let house = House::with(|draft| {
        draft.permissions =
            std::mem::take(&mut draft.permissions).grant(holder, PermissionScope::All, [Verb::Read, Verb::Hold]);
    });
    let id = house.bob().report("Mail is down").unwrap().id();
    house.anna().incident(id).resolve("fixed").unwrap();
    let hans = house.acting("acme", andon::Actor::person("hans").unwrap().role("holder").unwrap());
    assert_eq!(hans.incident(id).hold("awaiting_vendor").unwrap_err().code(), "incident.reopen.refused");
}

#[test]
fn what_is_foreseen_is_told_in_the_words_of_a_timeline() {
    let house = House::new();
    let anna = house.anna();
    let incident = anna.incident(anna.report("Mail").unwrap().id());
    let preview = incident.preview(IncidentCommand::Resolve("fixed".into())).unwrap();
    let foreseen: Vec<_> = preview.events().iter().map(andon::desk::Foreseen::summary).collect();
    assert_eq!(foreseen, ["anna resolved it: fixed"]);
}
