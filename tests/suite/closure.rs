//! What is owed before a resolution and a closure, and when a resolution can be taken back.

use crate::common::{House, did, eventful::closes_by_itself};
use andon::{
    CommandId, Desk, Error, Id, Incident, MemoryRepository, PolicyDraft, Repository, Stage,
    actor::ActorId,
    blocking,
    category::Category,
    command::{Correct, CorrectTo, Edit, Report, Resolve},
    desk::Outcome,
    digest::Digest,
    event::{Cause, RecordId},
    field::{FieldName, RequiredBy, Requirement, Severity},
    id::SequentialIds,
    incident::{ClosureBasis, ConfirmedBy, ReplyRule},
    key::{CategoryKey, TenantId},
    obligation::{ANSWER, CONFIRMATION, FIELD_REQUIRED, Obligation, ReopeningLimit},
    permission::PermissionScope,
    policy::ConfirmationRule,
    store::{
        Commit, Document, EventPage, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded, LogPart,
        PageRequest, Published, RecordKey, RecordKind, Refused, RepositoryError, RowPage, Scope, Sweep, Wake,
    },
    time::{Instant, Seconds, TimeSource, days, hours},
    verb::IncidentVerb,
};

/// An incident of Bob's, resolved by Anna.
fn resolved(house: &House) -> Id<Incident> {
    let id = house.bob().report("Mail is down").unwrap().id();
    house.anna().incident(id).resolve("fixed").unwrap();
    id
}

fn owed(error: Error) -> Vec<Obligation> {
    let Error::Blocked(blocked) = error else { panic!("{error} is not about obligations") };
    blocked.obligations().to_vec()
}

fn basis(house: &House, id: Id<Incident>) -> ClosureBasis {
    let Incident::Closed(closed) = house.anna().incident(id).get().unwrap().into_incident() else {
        panic!("it is not closed")
    };
    closed.stage().basis()
}

fn confirmed_by(caller: bool, monitoring: bool, quiet: Option<Seconds>) -> impl FnOnce(&mut PolicyDraft) {
    move |draft| draft.closure.confirmation = ConfirmationRule { caller, monitoring, quiet_seconds: quiet }
}

// Confirmation.

#[test]
fn closure_waits_for_the_callers_word() {
    let house = House::with(confirmed_by(true, false, None));
    let id = resolved(&house);
    let owed = owed(house.anna().incident(id).close().unwrap_err());
    assert_eq!((owed[0].code(), owed[0].field(), owed[0].severity()), (CONFIRMATION, None, Severity::Blocking));
    assert_eq!(owed[0].waivable_by(), Some(IncidentVerb::Waive.into()));
    assert_eq!(owed[0].settles_at(), None, "nothing settles it by itself");
    house.monitoring().incident(id).confirm(ConfirmedBy::Monitoring).unwrap();
    assert!(house.anna().incident(id).close().is_err(), "monitoring's word is not the caller's");
    house.bob().incident(id).confirm(ConfirmedBy::Caller).unwrap();
    house.anna().incident(id).close().unwrap();
    assert_eq!(basis(&house, id), ClosureBasis::Confirmed);
}

#[test]
fn closure_waits_for_monitoring() {
    let house = House::with(confirmed_by(false, true, None));
    let id = resolved(&house);
    house.bob().incident(id).confirm(ConfirmedBy::Caller).unwrap();
    assert!(house.anna().incident(id).close().is_err());
    house.monitoring().incident(id).confirm(ConfirmedBy::Monitoring).unwrap();
    house.anna().incident(id).close().unwrap();
    assert_eq!(basis(&house, id), ClosureBasis::Confirmed);
}

#[test]
fn nobody_confirms_in_anothers_name() {
    let house = House::new();
    let id = resolved(&house);
    for (acting, by) in [(house.bob(), ConfirmedBy::Monitoring), (house.monitoring(), ConfirmedBy::Caller)] {
        let error = acting.incident(id).confirm(by).unwrap_err();
        assert_eq!(crate::common::faults(&error), [("by", "confirmation.not_theirs")]);
    }
    house.anna().incident(id).confirm(ConfirmedBy::Caller).unwrap();
    house.anna().incident(id).close().unwrap();
    assert_eq!(basis(&house, id), ClosureBasis::Confirmed, "the desk may say so at the caller's word");
}

#[test]
fn closure_waits_until_the_caller_has_been_quiet_long_enough() {
    let house = House::with(confirmed_by(false, false, Some(Seconds::hours(48))));
    let id = resolved(&house);
    let quiet_until = house.time.now() + hours(48);
    let owed = owed(house.anna().incident(id).close().unwrap_err());
    assert_eq!(owed[0].settles_at(), Some(quiet_until));
    house.time.set(quiet_until - chrono::TimeDelta::seconds(1));
    assert!(house.anna().incident(id).close().is_err());
    house.time.set(quiet_until);
    house.anna().incident(id).close().unwrap();
    assert_eq!(basis(&house, id), ClosureBasis::QuietTime);
}

#[test]
fn closure_needs_no_word_where_the_policy_asks_for_none() {
    let house = House::with(confirmed_by(false, false, None));
    let id = resolved(&house);
    house.anna().incident(id).close().unwrap();
    assert_eq!(basis(&house, id), ClosureBasis::NotRequired);
}

#[test]
fn a_confirmation_can_be_waived_by_those_who_may() {
    let house = House::with(confirmed_by(true, false, None));
    let id = resolved(&house);
    let refused = house.anna().incident(id).waive(CONFIRMATION, "he is on leave").unwrap_err();
    assert_eq!(refused.code(), "incident.waive.refused");
    let outcome = house.mia().incident(id).waive(CONFIRMATION, "he is on leave").unwrap();
    assert_eq!(did(&outcome), ["obligation_waived"]);
    let waiver = &outcome.incident().progress().waivers[0];
    assert_eq!((&*waiver.code, waiver.by.to_string().as_str()), (CONFIRMATION, "mia"));
    assert!(waiver.reason.says("he is on leave"));
    house.anna().incident(id).close().unwrap();
    assert_eq!(basis(&house, id), ClosureBasis::Waived);
}

#[test]
fn a_waiver_ends_with_the_resolution_that_it_was_for() {
    let house = House::with(confirmed_by(true, false, None));
    let id = resolved(&house);
    house.mia().incident(id).waive(CONFIRMATION, "he is on leave").unwrap();
    house.bob().incident(id).reopen("I am back, and it is not fixed").unwrap();
    house.anna().incident(id).resolve("fixed").unwrap();
    assert_eq!(house.anna().incident(id).close().unwrap_err().code(), "incident.close.blocked");
}

// Fields.

/// A category that asks for the site before the resolution, for items before closure, and would like
/// to know how many people are affected.
fn asking(draft: &mut PolicyDraft) {
    let asks = |field, by, severity| Requirement { field, by, severity };
    draft.categories = vec![Category {
        required: vec![
            asks(FieldName::Site, RequiredBy::Resolution, Severity::Blocking),
            asks(FieldName::Items, RequiredBy::Closure, Severity::Blocking),
            asks(FieldName::PeopleAffected, RequiredBy::Closure, Severity::Advice),
        ],
        ..Category::new(CategoryKey::new("network").unwrap())
    }];
    draft.closure.required = vec![asks(FieldName::ResolutionText, RequiredBy::Resolution, Severity::Blocking)];
    draft.closure.confirmation = ConfirmationRule::default();
}

fn fields(owed: &[Obligation]) -> Vec<String> {
    assert!(owed.iter().all(|obligation| obligation.code() == FIELD_REQUIRED));
    owed.iter().map(|obligation| obligation.field().unwrap().to_string()).collect()
}

#[test]
fn a_category_asks_for_fields_before_resolution_and_before_closure() {
    let house = House::with(asking);
    let id = house.bob().report(Report::new("No network").category("network")).unwrap().id();
    let hers = house.anna().incident(id);
    assert_eq!(fields(&owed(hers.resolve("fixed").unwrap_err())), ["resolution.text", "site"]);
    assert_eq!(hers.get().unwrap().incident().stage(), Stage::New, "nothing of it was stored");
    hers.edit(Edit::new().site("Berlin")).unwrap();
    hers.resolve(Resolve::new("fixed").text("New switch.")).unwrap();
    assert_eq!(fields(&owed(hers.close().unwrap_err())), ["items"], "what is only advised does not block");
    let moves = hers.allowed_moves().unwrap();
    let close = moves.iter().find(|known| known.verb() == IncidentVerb::Close).unwrap();
    assert_eq!(fields(close.obligations()), ["items", "people_affected"], "but it is shown");
    assert!(!close.is_possible());
    hers.edit(Edit::new().items(vec!["switch-12".into()])).unwrap();
    hers.close().unwrap();
}

#[test]
fn a_field_can_be_waived() {
    let house = House::with(asking);
    let id = house.bob().report(Report::new("No network").category("network")).unwrap().id();
    house.mia().incident(id).waive_field(FIELD_REQUIRED, "site", "it is everywhere").unwrap();
    house.anna().incident(id).resolve(Resolve::new("fixed").text("New switch.")).unwrap();
    house.mia().incident(id).waive_field(FIELD_REQUIRED, "items", "it is gone").unwrap();
    house.anna().incident(id).close().unwrap();
    assert_eq!(basis(&house, id), ClosureBasis::NotRequired);
}

#[test]
fn other_categories_are_not_asked() {
    let house = House::with(asking);
    let id = house.bob().report("No network").unwrap().id();
    house.anna().incident(id).resolve(Resolve::new("fixed").text("Nothing to do.")).unwrap();
    house.anna().incident(id).close().unwrap();
}

// The caller's reply to a resolution.

fn replying(rule: ReplyRule) -> impl FnOnce(&mut PolicyDraft) {
    move |draft| draft.closure.on_caller_reply = rule
}

#[test]
fn a_reply_restarts_the_quiet_time() {
    let house = House::with(replying(ReplyRule::RestartQuietTime));
    let id = resolved(&house);
    house.time.advance(days(4));
    assert_eq!(did(&house.bob().incident(id).add_note("It was slow today.").unwrap()), ["note_added"]);
    house.time.advance(days(4));
    let owed = owed(house.anna().incident(id).close().unwrap_err());
    assert_eq!(owed[0].settles_at(), Some(house.time.now() + days(1)));
    house.time.advance(days(1));
    house.anna().incident(id).close().unwrap();
}

#[test]
fn a_reply_can_only_flag() {
    let house = House::with(replying(ReplyRule::Flag));
    let id = resolved(&house);
    house.time.advance(days(4));
    let noted = house.bob().incident(id).add_note("It was slow today.").unwrap();
    let Incident::Resolved(incident) = noted.incident() else { panic!("it stays resolved") };
    assert!(incident.stage().caller_replied());
    let answered = house.anna().incident(id).add_note("We are looking at the load.").unwrap();
    let Incident::Resolved(incident) = answered.incident() else { panic!("it stays resolved") };
    assert!(!incident.stage().caller_replied(), "somebody has answered");
    house.time.advance(days(1));
    house.anna().incident(id).close().unwrap();
    assert_eq!(basis(&house, id), ClosureBasis::QuietTime);
}

#[test]
fn a_reply_can_reopen_as_long_as_the_policy_allows_reopening() {
    let house = House::with(|draft| {
        draft.closure.on_caller_reply = ReplyRule::Reopen;
        draft.reopening.max_times = Some(1);
    });
    let id = resolved(&house);
    let reply = house.bob().incident(id).add_note("It hangs again.").unwrap();
    assert_eq!(did(&reply), ["note_added", "reopened"]);
    house.anna().incident(id).resolve("fixed").unwrap();
    let second = house.bob().incident(id).add_note("And again.").unwrap();
    assert_eq!(did(&second), ["note_added"]);
    let Incident::Resolved(incident) = second.incident() else { panic!("it stays resolved") };
    assert!(incident.stage().caller_replied(), "it is marked instead");
}

#[test]
fn the_desks_own_notes_disturb_no_quiet_time() {
    let house = House::new();
    let id = resolved(&house);
    let since = house.time.now();
    house.time.advance(hours(1));
    let noted = house.anna().incident(id).add_note("Is it all right?").unwrap();
    let Incident::Resolved(incident) = noted.incident() else { panic!("it stays resolved") };
    assert_eq!((incident.stage().quiet_since(), incident.stage().caller_replied()), (since, false));
}

// Reopening.

#[test]
fn a_resolution_can_be_taken_back_until_the_window_ends() {
    let house = House::new();
    let id = resolved(&house);
    let end = house.time.now() + days(30);
    house.time.set(end);
    assert_eq!(did(&house.bob().incident(id).reopen("It is back.").unwrap()), ["reopened"]);
    house.anna().incident(id).resolve("fixed").unwrap();
    house.time.advance(days(30) + chrono::TimeDelta::seconds(1));
    for error in [
        house.bob().incident(id).reopen("It is back.").unwrap_err(),
        house.anna().incident(id).hold("awaiting_vendor").unwrap_err(),
    ] {
        assert_eq!(error.code(), "incident.reopen.over");
        let Error::ReopeningOver(over) = error else { panic!("{error}") };
        assert_eq!(over.limit(), ReopeningLimit::Window(end + days(30)));
    }
}

#[test]
fn what_cannot_be_reopened_any_more_is_followed_by_a_new_incident() {
    let house = House::with(|draft| draft.reopening.max_times = Some(1));
    let report = Report::new("Mail is down")
        .description("All of it.")
        .impact("high")
        .label("mail")
        .group("Messaging")
        .site("HQ");
    let id = house.anna().report(report.caller("bob")).unwrap().id();
    house.anna().incident(id).resolve("fixed").unwrap();
    house.bob().incident(id).reopen("It is back.").unwrap();
    house.anna().incident(id).resolve("fixed").unwrap();
    let over = |desk: crate::common::Acting| match desk.incident(id).reopen("Again.").unwrap_err() {
        Error::ReopeningOver(over) => over,
        other => panic!("it was reopened once: {other}"),
    };
    assert_eq!(over(house.bob()).limit(), ReopeningLimit::Times(1));
    assert!(house.bob().report(over(house.bob()).successor().clone()).is_ok(), "as a caller can report it");
    let successor = house.anna().report(over(house.anna()).successor().clone()).unwrap();
    let (old, new) = (house.anna().incident(id).get().unwrap(), successor.incident());
    assert_eq!(new.facts().follows, Some(id));
    assert_eq!(new.stage(), Stage::New);
    assert!(new.facts().title.says("Mail is down"));
    assert_eq!(new.facts().description.as_ref().unwrap().as_str(), Some("All of it."));
    assert_eq!(
        (&new.facts().labels, &new.facts().site),
        (&old.incident().facts().labels, &old.incident().facts().site)
    );
    assert_eq!((new.priority(), new.assignment()), (old.incident().priority(), old.incident().assignment()));
}

// Who speaks for whom.

/// Somebody of the caller's organisation, who may read and write, and is neither caller nor of the desk.
fn bystander(draft: &mut PolicyDraft) {
    let role = andon::key::RoleName::new("colleague").unwrap();
    let verbs = [IncidentVerb::Read, IncidentVerb::AddNote, IncidentVerb::Confirm];
    draft.permissions = std::mem::take(&mut draft.permissions).grant(role, PermissionScope::OwnOrganisation, verbs);
}

#[test]
fn a_bystander_neither_replies_nor_responds_nor_confirms() {
    let house = House::with(bystander);
    let mallory = || {
        let actor = andon::Actor::person("mallory").unwrap().role("colleague").unwrap().organisation("Acme").unwrap();
        house.acting("acme", actor)
    };
    let id = house.anna().report(Report::new("Mail is down").caller("bob").organisation("Acme")).unwrap().id();
    house.anna().incident(id).hold("awaiting_caller").unwrap();
    let noted = mallory().incident(id).add_note("Just passing.").unwrap();
    assert_eq!(did(&noted), ["note_added"]);
    let progress = noted.incident().progress();
    assert_eq!((progress.last_caller_reply, progress.milestones.responded), (None, None));
    house.anna().incident(id).resolve("fixed").unwrap();
    let error = mallory().incident(id).confirm(ConfirmedBy::Caller).unwrap_err();
    assert_eq!(crate::common::faults(&error), [("by", "confirmation.not_theirs")]);
}

#[test]
fn a_complaint_takes_back_what_was_confirmed() {
    let house = House::new();
    let id = resolved(&house);
    house.bob().incident(id).confirm(ConfirmedBy::Caller).unwrap();
    house.time.advance(hours(1));
    house.bob().incident(id).add_note("No, it is still broken!").unwrap();
    assert_eq!(house.anna().incident(id).close().unwrap_err().code(), "incident.close.blocked");
}

// What closes by itself.

/// ITIL's closure, after seven days, and with the site known.
fn closing(draft: &mut PolicyDraft) {
    closes_by_itself(draft);
    draft.closure.required.clear();
}

fn stage(house: &House, id: Id<Incident>) -> Stage {
    house.anna().incident(id).get().unwrap().incident().stage()
}

/// Kinds and instants of what a command did.
fn told(outcome: &Outcome) -> Vec<(&str, Instant)> {
    did(outcome).into_iter().zip(outcome.events().iter().map(|event| event.occurred_at)).collect()
}

#[test]
fn without_a_word_in_the_policy_nothing_closes_by_itself() {
    let house = House::new();
    let id = resolved(&house);
    house.time.advance(days(400));
    assert_eq!(stage(&house, id), Stage::Resolved);
}

#[test]
fn a_resolved_incident_closes_by_itself_after_quiet_days() {
    let house = House::with(closing);
    let id = resolved(&house);
    let due = house.time.now() + days(7);
    house.time.set(due - chrono::TimeDelta::seconds(1));
    assert_eq!(stage(&house, id), Stage::Resolved);
    house.time.set(due);
    assert_eq!(stage(&house, id), Stage::Closed);
    assert_eq!(basis(&house, id), ClosureBasis::QuietTime);
    house.time.advance(days(30));
    let noted = house.anna().incident(id).add_internal_note("Long over.").unwrap();
    assert_eq!(told(&noted), [("closed", due), ("note_added", house.time.now())]);
    assert_eq!((&noted.events()[0].actor, &noted.events()[0].cause), (&ActorId::System, &Cause::Due));
    assert_eq!(house.bob().incident(id).reopen("No!").unwrap_err().code(), "incident.reopen.illegal");
}

#[test]
fn a_reply_in_time_puts_the_closure_off() {
    let house = House::with(closing);
    let id = resolved(&house);
    house.time.advance(days(6));
    house.bob().incident(id).add_note("Thank you!").unwrap();
    house.time.advance(days(6));
    assert_eq!(stage(&house, id), Stage::Resolved);
    house.time.advance(days(1));
    assert_eq!(stage(&house, id), Stage::Closed, "a reply that restarted the time needs no answer");
}

#[test]
fn what_is_owed_keeps_it_open_is_said_once_and_it_closes_with_the_command_that_settles_it() {
    let house = House::with(closes_by_itself);
    let id = resolved(&house);
    let due = house.time.now() + days(7);
    house.time.set(due + days(1));
    let noted = house.anna().incident(id).add_internal_note("Where was that?").unwrap();
    assert_eq!(told(&noted), [("closure_blocked", due), ("note_added", due + days(1))]);
    let owed = serde_json::to_value(&noted.events()[0]).unwrap();
    assert_eq!(owed["data"], serde_json::json!([{"code": "obligation.field", "field": "site"}]));
    let Incident::Resolved(incident) = noted.incident() else { panic!("it stays resolved") };
    assert!(incident.stage().is_closure_blocked());
    house.time.advance(days(1));
    assert_eq!(did(&house.anna().incident(id).log_time(60).unwrap()), ["time_spent"], "it is said once");
    house.time.advance(days(1));
    let now = house.time.now();
    let edited = house.anna().incident(id).occurring_at(now - hours(2)).edit(Edit::new().site("Berlin")).unwrap();
    assert_eq!(told(&edited), [("edited", now - hours(2)), ("closed", now - hours(2))]);
    assert_eq!(edited.events()[0].command, edited.events()[1].command, "both land in one commit");
    assert_eq!(edited.events()[1].actor, ActorId::System);
}

#[test]
fn what_settles_it_dated_back_before_the_quiet_days_were_over_closes_it_when_they_were() {
    let house = House::with(closes_by_itself);
    let id = resolved(&house);
    let due = house.time.now() + days(7);
    house.time.set(due + days(1));
    let edited = house.anna().incident(id).occurring_at(due - hours(2)).edit(Edit::new().site("Berlin")).unwrap();
    assert_eq!(told(&edited), [("closure_blocked", due), ("edited", due - hours(2)), ("closed", due)]);
}

#[test]
fn a_waiver_settles_it_too() {
    let house = House::with(closes_by_itself);
    let id = resolved(&house);
    house.time.advance(days(8));
    let waived = house.mia().incident(id).waive_field(FIELD_REQUIRED, "site", "it is everywhere").unwrap();
    assert_eq!(did(&waived), ["closure_blocked", "obligation_waived", "closed"]);
}

#[test]
fn a_confirmation_that_nothing_else_stands_in_for_is_waited_for() {
    let house = House::with(|draft| {
        closing(draft);
        confirmed_by(true, false, None)(draft);
    });
    let id = resolved(&house);
    house.time.advance(days(100));
    let confirmed = house.bob().incident(id).confirm(ConfirmedBy::Caller).unwrap();
    assert_eq!(did(&confirmed), ["closure_blocked", "confirmed", "closed"]);
    assert_eq!(basis(&house, id), ClosureBasis::Confirmed);
}

#[test]
fn a_reply_begins_the_wait_anew_although_something_was_owed() {
    let house = House::with(closes_by_itself);
    let id = resolved(&house);
    house.time.advance(days(8));
    let replied = house.bob().incident(id).add_note("It is back, I think.").unwrap();
    assert_eq!(did(&replied), ["closure_blocked", "note_added"]);
    house.anna().incident(id).edit(Edit::new().site("Berlin")).unwrap();
    assert_eq!(stage(&house, id), Stage::Resolved);
    house.time.advance(days(7));
    assert_eq!(stage(&house, id), Stage::Closed);
}

#[test]
fn nothing_closes_by_itself_over_a_flagged_reply_that_nobody_has_answered() {
    let house = House::with(|draft| {
        closing(draft);
        replying(ReplyRule::Flag)(draft);
    });
    let id = resolved(&house);
    let due = house.time.now() + days(7);
    house.time.advance(days(6));
    house.bob().incident(id).add_note("It was slow today.").unwrap();
    house.time.set(due + days(2));
    let noted = house.anna().incident(id).add_internal_note("Was it?").unwrap();
    assert_eq!(told(&noted), [("closure_blocked", due), ("note_added", due + days(2))]);
    assert_eq!(serde_json::to_value(&noted.events()[0]).unwrap()["data"][0]["code"], ANSWER);
    let answered = house.anna().incident(id).add_note("We have added a server.").unwrap();
    assert_eq!(did(&answered), ["note_added", "closed"]);
    assert_eq!(basis(&house, id), ClosureBasis::QuietTime);
}

#[test]
fn a_resolution_that_is_taken_back_does_not_close() {
    let house = House::with(closing);
    let id = resolved(&house);
    house.time.advance(days(6));
    house.bob().incident(id).reopen("It is back.").unwrap();
    house.time.advance(days(6));
    house.anna().incident(id).resolve("fixed").unwrap();
    house.time.advance(days(6));
    assert_eq!(stage(&house, id), Stage::Resolved);
    house.time.advance(days(1));
    assert_eq!(stage(&house, id), Stage::Closed);
}

#[test]
fn a_policy_published_meanwhile_changes_nothing_for_what_was_resolved_before() {
    let house = House::with(closing);
    let id = resolved(&house);
    let due = house.time.now() + days(7);
    let at_first = house.admin().policy().unwrap().digest();
    house.admin().publish_policy(crate::common::policy(closes_by_itself)).unwrap();
    house.admin().publish_policy(crate::common::policy(confirmed_by(true, false, None))).unwrap();
    house.time.set(due + days(3));
    let noted = house.anna().incident(id).add_internal_note("Long over.").unwrap();
    assert_eq!(told(&noted), [("closed", due), ("note_added", due + days(3))]);
    let [closed, note] = noted.events() else { panic!("two events were expected") };
    assert_eq!((closed.policy.digest, closed.policy.version), (at_first, 0), "the policy that decided it");
    assert_eq!(note.policy.version, 2);
}

#[test]
fn a_policy_that_was_published_once_is_found_again() {
    let house = House::new();
    house.admin().publish_policy(crate::common::policy(closes_by_itself)).unwrap();
    let id = resolved(&house);
    house.admin().publish_policy(crate::common::policy(|draft| draft.caps.labels = 7)).unwrap();
    // Another process, which has seen neither policy.
    let other =
        House { desk: Desk::with_sources(house.repository.clone(), house.time.clone(), SequentialIds::new()), ..house };
    other.time.advance(days(8));
    let Incident::Resolved(incident) = other.anna().incident(id).get().unwrap().into_incident() else {
        panic!("the site is asked for")
    };
    assert!(incident.stage().is_closure_blocked());
    assert_eq!(
        did(&other.anna().incident(id).edit(Edit::new().site("HQ")).unwrap()),
        ["closure_blocked", "edited", "closed"]
    );
}

#[test]
fn what_was_put_to_resolved_by_a_correction_closes_too_and_what_was_put_to_closed_stays() {
    let house = House::with(closing);
    let id = house.bob().report("Mail is down").unwrap().id();
    let to_resolved = Correct::new(CorrectTo::Resolved(Resolve::new("fixed")), "it was");
    let corrected = house.mia().incident(id).correct(to_resolved).unwrap();
    assert!(corrected.incident().resolution().unwrap().closes.is_some());
    house.time.advance(days(7));
    assert_eq!(stage(&house, id), Stage::Closed);
    let to_closed = Correct::new(CorrectTo::Closed(Resolve::new("fixed")), "it was");
    let corrected = house.mia().incident(id).correct(to_closed).unwrap();
    assert_eq!(did(&corrected), ["closed", "corrected"]);
    assert_eq!(corrected.incident().resolution().unwrap().closes, None);
}

#[test]
fn after_no_time_at_all_it_closes_as_it_is_resolved() {
    let house = House::with(|draft| {
        confirmed_by(false, false, None)(draft);
        draft.closure.automatic_after_seconds = Some(Seconds::ZERO);
    });
    let id = house.bob().report("Mail is down").unwrap().id();
    assert_eq!(did(&house.anna().incident(id).resolve("fixed").unwrap()), ["resolved", "closed"]);
}

#[test]
fn the_desks_own_policy_decides_although_the_desk_has_another_one_by_now() {
    let house = House::with(closing);
    let id = resolved(&house);
    let due = house.time.now() + days(7);
    let at_first = house.admin().policy().unwrap().digest();
    let desk = Desk::with_sources(house.repository.clone(), house.time.clone(), SequentialIds::new());
    let other = House { desk, ..house };
    assert_ne!(other.admin().policy().unwrap().digest(), at_first);
    other.time.set(due + days(1));
    assert_eq!(stage(&other, id), Stage::Closed);
    let noted = other.anna().incident(id).add_internal_note("Long over.").unwrap();
    assert_eq!(told(&noted), [("closed", due), ("note_added", due + days(1))]);
    assert_eq!((noted.events()[0].policy.digest, noted.events()[0].policy.version), (at_first, 0));
}

/// A repository that has lost its documents.
#[derive(Clone)]
struct Forgetful(MemoryRepository);

/// Methods that go to the repository inside.
macro_rules! forward {
    ($($method:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {$(
        async fn $method(&self, $($arg: $type),*) -> $output {
            self.0.$method($($arg),*).await
        }
    )*};
}

impl Repository for Forgetful {
    async fn document(&self, _: &TenantId, _: Digest) -> Result<Option<Document>, RepositoryError> {
        Ok(None)
    }

    forward! {
        load(scope: &Scope, key: Option<&RecordKey>, command: Option<CommandId>) -> Result<Found, RepositoryError>;
        load_many(scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError>;
        commit(tenant: &TenantId, commit: Commit) -> Result<Landed, Refused>;
        next_number(tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError>;
        events(scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError>;
        page(scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError>;
        count(scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError>;
        wakes(sweep: Sweep) -> Result<Vec<Wake>, RepositoryError>;
        feed(scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError>;
        changed(tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError>;
        published(tenant: &TenantId, before: Option<u32>, limit: usize) -> Result<Vec<Published>, RepositoryError>;
        forget(before: Instant, limit: usize) -> Result<usize, RepositoryError>;
    }
}

#[test]
fn a_policy_that_the_repository_has_lost_is_missed_when_it_is_needed_and_can_be_published_again() {
    let house = House::with(closing);
    let id = resolved(&house);
    let lost = Forgetful(house.repository.clone());
    let desk = Desk::with_sources(lost, house.time.clone(), SequentialIds::new());
    let anna = blocking::Desk::from(desk).tenant("acme").unwrap().acting_as(crate::common::anna()).incident(id);
    house.time.advance(days(6));
    assert_eq!(anna.get().unwrap().incident().stage(), Stage::Resolved, "nothing is due, and nothing is missed");
    house.time.advance(days(1));
    for error in [anna.get().unwrap_err(), anna.log_time(60).unwrap_err()] {
        assert_eq!(error.code(), "repository.corrupt");
    }
    assert_eq!(stage(&house, id), Stage::Closed, "the others still have it");
}

#[test]
fn what_is_reissued_closes_by_the_policy_in_force_and_what_was_kept_open_is_judged_again() {
    let house = House::with(closes_by_itself);
    let id = resolved(&house);
    let due = house.time.now() + days(7);
    house.time.set(due + days(1));
    assert_eq!(did(&house.anna().incident(id).log_time(60).unwrap()), ["closure_blocked", "time_spent"]);
    assert_eq!(did(&house.admin().incident(id).reissue().unwrap()), [""; 0], "the policy is the same");
    house.admin().publish_policy(crate::common::policy(closing)).unwrap();
    let reissued = house.admin().incident(id).reissue().unwrap();
    assert_eq!(did(&reissued), ["closure_reissued", "closed"]);
    assert_eq!(basis(&house, id), ClosureBasis::QuietTime);
    assert_eq!(reissued.events()[1].policy.version, 1);
}

#[test]
fn what_is_reissued_under_a_policy_that_closes_nothing_stays_resolved() {
    let house = House::with(closing);
    let id = resolved(&house);
    house.admin().publish_policy(andon::Policy::itil()).unwrap();
    house.time.advance(days(6));
    assert_eq!(did(&house.admin().incident(id).reissue().unwrap()), ["closure_reissued"]);
    house.time.advance(days(400));
    assert_eq!(stage(&house, id), Stage::Resolved);
    house.admin().publish_policy(crate::common::policy(closing)).unwrap();
    assert_eq!(stage(&house, id), Stage::Resolved, "a policy by itself changes nothing");
    let reissued = house.admin().incident(id).reissue().unwrap();
    assert_eq!(did(&reissued), ["closure_reissued", "closed"]);
    assert_eq!(reissued.events()[1].occurred_at, house.time.now(), "not before it was decided");
}
