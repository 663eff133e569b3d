//! Every event is asked for by a command, or refused with what to do instead.

use std::{collections::BTreeSet, num::NonZeroU64, sync::Arc};

use serde_json::{Value, json};

use super::*;
use crate::{
    actor::{Actor, ActorId},
    decision::{Context, Course, decide},
    digest::Digest,
    directory::Person,
    event::Cause as BroughtBy,
    id::{Id, IdSource},
    incident::*,
    key::{PersonRef, StageLabel},
    ledger::{ClockRef, ClockWarned},
    lifecycle::{In, Staged, Stamp, Step},
    link::{Link, Linking},
    policy::{Policy, PolicyDraft},
    priority::{Assessment, Override as SetByHand},
    sla::Clockwork,
    text::Title,
    time::Instant,
};

const SALT: [u8; 16] = [7; 16];
const AT: &str = "2026-06-08T07:00:00Z";
const TOMORROW: &str = "2026-06-09T07:00:00Z";
const REFUSED_WITH: &str = "incident.resolve.illegal";

/// Salts that are always the same, so that equal texts make equal events.
struct OneSalt;

impl IdSource for OneSalt {
    fn id(&self, _: Instant) -> u128 {
        1
    }

    fn salt(&self) -> [u8; 16] {
        SALT
    }
}

/// A step on an incident, and the commands that it should ask for.
struct Row {
    before: Incident,
    events: Vec<Event>,
    asks: Value,
}

fn row<S: IncidentStage, T: Staged<Event = Event>>(before: &In<S>, step: Step<T>, asks: Value) -> Row
where
    Incident: From<In<S>>,
{
    Row { before: before.clone().into(), events: step.events, asks }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn at() -> Instant {
    AT.parse().unwrap()
}

fn tomorrow() -> Option<Instant> {
    TOMORROW.parse().ok()
}

fn text(text: &str) -> Text {
    Text::new(text, 80, SALT).unwrap()
}

fn policy() -> Policy {
    let mut draft = PolicyDraft::itil();
    draft.categories = read(json!([{ "key": "network" }, { "key": "mail" }]));
    draft.stage_labels = read(json!([{ "key": "waiting_for_parts", "stage": "in_progress" }]));
    draft.fields = read(json!([
        { "key": "asset_tag", "kind": { "text": { "max_chars": 20 } } },
        { "key": "cost", "kind": { "number": {} } },
        { "key": "floor", "kind": { "choice": { "options": ["ground", "first"] } } },
        { "key": "bought", "kind": "date" },
        { "key": "contract", "kind": "reference" },
    ]));
    draft.validate().unwrap()
}

/// An administrator of the desk, who may do everything and is not the caller.
fn ada() -> Actor {
    Actor::person("ada").unwrap().role("administrator").unwrap()
}

/// The incident after the commands, each decided by the policy, and what happened.
fn decided(before: Incident, commands: &[Command]) -> (Incident, Vec<Event>) {
    let (policy, actor) = (Arc::new(policy()), ada());
    let clockwork = Clockwork::new(Arc::clone(&policy), policy.stamp(1), Vec::new());
    let context = Context {
        policy: &policy,
        policy_stamp: policy.stamp(1),
        ids: &OneSalt,
        actor: &actor,
        occurred_at: at(),
        recorded_at: at(),
        affected: Some(&Person { vip: true, ..Person::default() }),
        brings: &[],
        ends: &[],
        speaks: false,
        cause: &BroughtBy::Command,
        importing: false,
        clockwork: &clockwork,
        texts: &[text("Mail is down").digest()].into(),
    };
    let course = commands.iter().fold(Course::from(before, Arc::clone(&clockwork)), |course, command| {
        decide(course, command, &context).unwrap_or_else(|error| panic!("{command:?}: {error}"))
    });
    (course.record, course.happenings.into_iter().map(|happening| happening.event).collect())
}

fn new(stamp: &Stamp<'_>) -> Step<In<New>> {
    let facts: Facts = read(json!({
        "id": Id::<Incident>::from_u128(1),
        "number": "INC0000001",
        "title": Title::new("Mail is down", 80, SALT).unwrap(),
        "category": "network",
        "impact": "low",
        "urgency": "low",
        "caller": "bob",
        "opened_by": { "person": "bob" },
    }));
    let assessment = Arc::new(policy().assess(&facts).unwrap());
    let facts = Arc::new(facts);
    let reported = Reported { facts, assessment, assignment: Assignment::default(), occurred: None, detected: None };
    In::<New>::report(reported, stamp)
}

/// The assessment with this override, and the change to it.
fn priority(before: &In<InProgress>, cause: Cause, set: Option<SetByHand>) -> PriorityChange {
    let assessment: Assessment = before.progress().assessment.as_ref().clone().with_override(set);
    PriorityChange {
        old: before.progress().assessment.result().clone(),
        new: assessment.result().clone(),
        cause,
        assessment: Arc::new(assessment),
    }
}

fn set_by_hand() -> SetByHand {
    SetByHand {
        priority: policy().matrix().find("P1").unwrap(),
        reason: text("board meeting"),
        by: ada().id().clone(),
        until: tomorrow(),
        policy: Some(policy().stamp(1)),
    }
}

fn file() -> Attachment {
    let name = Title::new("log.txt", 80, SALT).unwrap();
    Attachment { name, media_type: "text/plain".parse().unwrap(), size: 12, digest: Digest::of(b"log") }
}

fn vendor() -> Hold {
    Hold { reason: HoldReason::AwaitingVendor, until: None, wakes_on: Vec::new(), note: Some(text("parts")) }
}

fn fixed() -> Resolution {
    Resolution {
        code: "fixed".parse().unwrap(),
        remedy: Remedy::Workaround,
        text: Some(text("Restarted.")),
        along_with: None,
        closes: None,
    }
}

fn note(audience: Audience) -> Note {
    Note { audience, from: NoteFrom::Desk, text: text("We are on it."), on_resolved: None }
}

fn correction(to: CorrectedStage) -> Correction {
    Correction { to, reason: text("a repair"), instead_of: Some(REFUSED_WITH.to_owned()) }
}

/// A step for each kind of event that can be asked for.
fn asked() -> Vec<Row> {
    let actor = ada();
    let stamp = &Stamp::now(at(), actor.id());
    let new = new(stamp).next;
    let network = || read::<Assignment>(json!({ "group": "Network", "person": "ada" }));
    let assigned = new.clone().assign(network(), stamp).next;
    let working = assigned.clone().start_work(stamp).next;
    let held = working.clone().hold(vendor(), stamp).next;
    let resolved = working.clone().resolve(fixed(), stamp).next;
    let confirmed = resolved.clone().confirm(ConfirmedBy::Monitoring, stamp).next;
    let (other, log) = (Id::from_u128(2), file().digest);
    let duplicate = || CancelledAs {
        cancellation: Cancellation::Duplicate { of: other },
        reason: Some(text("the same")),
        brings: Vec::new(),
    };
    let merged = new.clone().cancel(duplicate(), stamp).next;
    let set = priority(&working, Cause::Overridden, Some(set_by_hand()));
    let overridden = working.clone().change_priority(set.clone(), stamp).next;
    let cleared = priority(&overridden, Cause::OverrideCleared, None);
    let otto: PersonRef = "otto".parse().unwrap();
    let watched = working.clone().watch(otto.clone(), stamp).next;
    let attached = working.clone().attach(file(), stamp).next;
    let parts: StageLabel = "waiting_for_parts".parse().unwrap();
    let labelled = working.clone().set_label(Some(parts.clone()), stamp).next;
    let mail = || vec![read::<FactChange>(json!({ "field": "category", "old": "network", "new": "mail" }))];
    let site = || vec![read::<FactChange>(json!({ "field": "site", "old": null, "new": "HQ" }))];
    let waiver = Waiver {
        code: crate::obligation::CONFIRMATION.into(),
        field: None,
        reason: text("he is on leave"),
        by: actor.id().clone(),
    };
    let acknowledged = MilestoneTime::new(Milestone::Acknowledged, Some(at())).unwrap();
    let spent = TimeSpent { seconds: NonZeroU64::new(60).unwrap(), note: Some(text("reading logs")) };
    let secret = text("Mail is down").digest();
    let redaction = Redaction { texts: vec![secret], reason: Some(text("it names him")) };
    let because = || Reopening { reason: Some(text("It is back.")), by_reply: false };
    let bare = || Reopening { reason: None, by_reply: false };
    /// A row for each move, on an incident by its name; every move takes the stamp last.
    macro_rules! rows {
        ($($before:ident.$step:ident($($arg:expr),*) => $asks:tt;)*) => {
            vec![$(row(&$before, $before.clone().$step($($arg,)* stamp), json!($asks)),)*]
        };
    }
    let mut rows = rows! {
        new.assign(network()) => [{ "command": "assign", "group": "Network", "person": "ada" }];
        assigned.unassign() => [{ "command": "unassign" }];
        working.route(read(json!({ "group": "Network" }))) =>
            [{ "command": "route", "group": "Network", "person": null }];
        assigned.start_work() => [{ "command": "start_work" }];
        working.enter_phase(Phase::Contained) => [{ "command": "enter_phase", "phase": "contained" }];
        working.hold(vendor()) => [{ "command": "hold", "reason": "awaiting_vendor", "note": "parts" }];
        resolved.reopen_on_hold(bare(), vendor()) =>
            [{ "command": "hold", "reason": "awaiting_vendor", "note": "parts" }];
        resolved.reopen_on_hold(because(), vendor()) => [
            { "command": "reopen", "reason": "It is back." },
            { "command": "hold", "reason": "awaiting_vendor", "note": "parts" }
        ];
        held.change_hold(Hold { until: tomorrow(), ..vendor() }) => [{
            "command": "change_hold", "reason": "awaiting_vendor", "until": TOMORROW, "note": "parts"
        }];
        held.resume(ResumedBy::Hand) => [{ "command": "resume" }];
        working.resolve(fixed()) =>
            [{ "command": "resolve", "code": "fixed", "remedy": "workaround", "text": "Restarted." }];
        resolved.confirm(ConfirmedBy::Caller) => [{ "command": "confirm", "by": "caller" }];
        resolved.reopen(because()) => [{ "command": "reopen", "reason": "It is back." }];
        confirmed.close(ClosureBasis::Confirmed) => [{ "command": "close" }];
        new.cancel(duplicate()) =>
            [{ "command": "cancel", "as": { "duplicate": { "of": other } }, "reason": "the same" }];
        working.edit(site()) => [{ "command": "edit", "site": "HQ" }];
        working.edit(mail()) => [{ "command": "categorise", "category": "mail" }];
        working.change_priority(set) => [{
            "command": "override_priority", "priority": "P1", "reason": "board meeting", "until": TOMORROW
        }];
        overridden.change_priority(cleared) => [{ "command": "clear_override" }];
        working.note_publicly(note(Audience::Public)) =>
            [{ "command": "add_note", "audience": "public", "text": "We are on it." }];
        working.note_internally(note(Audience::Internal)) =>
            [{ "command": "add_note", "audience": "internal", "text": "We are on it." }];
        working.watch(otto.clone()) => [{ "command": "watch", "person": "otto" }];
        watched.unwatch(&otto) => [{ "command": "unwatch", "person": "otto" }];
        working.attach(file()) => [{
            "command": "attach", "name": "log.txt", "media_type": "text/plain", "size": 12, "digest": log
        }];
        attached.detach(log) => [{ "command": "detach", "digest": log }];
        working.log_time(spent) => [{ "command": "log_time", "seconds": 60, "note": "reading logs" }];
        working.set_label(Some(parts)) => [{ "command": "set_label", "label": "waiting_for_parts" }];
        labelled.set_label(None) => [{ "command": "set_label", "label": null }];
        working.record_milestone(acknowledged) =>
            [{ "command": "record_milestone", "milestone": "acknowledged", "at": AT }];
        resolved.waive(waiver) =>
            [{ "command": "waive", "code": "obligation.confirmation", "reason": "he is on leave" }];
        working.redact(redaction) => [{ "command": "redact", "texts": [secret], "reason": "it names him" }];
    };
    rows.extend(relations(&working, &merged, stamp));
    rows.extend(majors(&working, stamp));
    rows.extend(corrections(&working, stamp));
    rows
}

/// What an incident has to do with others.
fn relations(working: &In<InProgress>, merged: &In<Cancelled>, stamp: &Stamp<'_>) -> Vec<Row> {
    let problem = Id::from_u128(3);
    let cause = || Linking { link: Link::CausedBy(problem), reason: Some(text("the same trace")) };
    let made = working.clone().link(cause(), stamp);
    let taken = made.next.clone().unlink(cause(), stamp);
    let asked =
        |command: &str| json!([{ "command": command, "link": { "caused_by": problem }, "reason": "the same trace" }]);
    let undone = merged.clone().undo_merge(Reason { reason: Some(text("not the same")) }, stamp).unwrap();
    let elsewhere = Id::from_u128(4);
    let moving = Merging { of: elsewhere, reason: Some(text("of that one")), brings: Vec::new() };
    let moved = merged.clone().move_merge(moving, stamp).unwrap();
    let asks = json!([
        { "command": "cancel", "as": { "duplicate": { "of": elsewhere } }, "reason": "of that one" }
    ]);
    vec![
        row(working, made.clone(), asked("link")),
        row(&made.next, taken, asked("unlink")),
        row(merged, moved, asks),
        row(merged, undone, json!([{ "command": "undo_merge", "reason": "not the same" }])),
    ]
}

/// What is said of an incident as a major one.
fn majors(working: &In<InProgress>, stamp: &Stamp<'_>) -> Vec<Row> {
    let (kim, reason) = (|| "kim".parse::<PersonRef>().unwrap(), || Some(text("the board asks")));
    let why = || Reason { reason: reason() };
    let proposal = MajorProposal { criteria: Vec::new(), reason: reason() };
    let floor = policy().matrix().find("P2");
    let accepted = MajorAcceptance { manager: kim(), floor, update_every: None, needs_review: false, reason: reason() };
    let proposed = working.clone().propose_major(proposal, stamp).unwrap();
    let rejected = proposed.next.clone().reject_major(why(), stamp).unwrap();
    let running = working.clone().accept_major(accepted, stamp).unwrap();
    let handed = running.next.clone().hand_over_major("mia".parse().unwrap(), stamp).unwrap();
    let ended = running.next.clone().stand_down_major(why(), stamp).unwrap();
    let demoted = running.next.clone().demote_major(why(), stamp).unwrap();
    let reviewed = ended.next.clone().review_major(MajorReview { text: text("the board asks") }, stamp).unwrap();
    let asked = |command: &str, more: Value| {
        let mut asked = json!({ "command": command, "reason": "the board asks" });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([asked])
    };
    vec![
        row(working, proposed.clone(), asked("propose_major", json!({}))),
        row(&proposed.next, rejected, asked("reject_major", json!({}))),
        row(&running.next, handed, json!([{ "command": "hand_over_major", "manager": "mia" }])),
        row(&running.next, ended.clone(), asked("stand_down_major", json!({}))),
        row(&running.next, demoted, asked("demote_major", json!({}))),
        row(&ended.next, reviewed, json!([{ "command": "review_major", "text": "the board asks" }])),
    ]
}

/// A correction to each stage.
fn corrections(working: &In<InProgress>, stamp: &Stamp<'_>) -> Vec<Row> {
    let as_fixed = json!({ "code": "fixed", "remedy": "workaround", "text": "Restarted." });
    let stages = [
        (CorrectedStage::New, json!("new")),
        (CorrectedStage::Assigned, json!("assigned")),
        (CorrectedStage::InProgress { phase: None }, json!("in_progress")),
        (CorrectedStage::OnHold(vendor()), json!({ "on_hold": { "reason": "awaiting_vendor", "note": "parts" } })),
        (CorrectedStage::Resolved(fixed()), json!({ "resolved": as_fixed })),
        (CorrectedStage::Closed(fixed()), json!({ "closed": as_fixed })),
        (CorrectedStage::Cancelled(Cancellation::Withdrawn), json!({ "cancelled": "withdrawn" })),
    ];
    let corrected = stages.into_iter().map(|(to, asks)| {
        let asks = json!([{ "command": "correct", "to": asks, "reason": "a repair", "instead_of": REFUSED_WITH }]);
        row(working, working.clone().correct(correction(to), stamp), asks)
    });
    corrected.collect()
}

/// Events that cannot be asked for, and why.
fn clock() -> ClockRef {
    serde_json::from_value(json!({ "id": 1, "metric": "resolve" })).unwrap()
}

fn refused() -> Vec<(Event, NoIntent)> {
    let actor = ada();
    let stamp = &Stamp::now(at(), actor.id());
    let report = new(stamp);
    let working = report.next.clone().start_work(stamp).next;
    let changed = |cause, set| Event::PriorityChanged(Box::new(priority(&working, cause, set)));
    let edited = |change: Value| Event::Edited(vec![read(change)]);
    let text = text("secret").erased();
    let title = Title::new("secret", 80, SALT).unwrap().erased();
    let reason = || Some(text.clone());
    let to_phase = CorrectedStage::InProgress { phase: Some(Phase::Triage) };
    let seconds = NonZeroU64::MIN;
    let cancellation = Cancellation::Withdrawn;
    let (hold, fixed) = (|| Hold { note: reason(), ..vendor() }, || Resolution { text: reason(), ..fixed() });
    let corrected = |to| Event::Corrected(Box::new(correction(to)));
    let erased = [
        Event::Held(hold()),
        Event::HoldChanged(hold()),
        Event::Resolved(fixed()),
        Event::Reopened(Reopening { reason: reason(), by_reply: false }),
        Event::Cancelled(CancelledAs { cancellation, reason: reason(), brings: Vec::new() }),
        Event::MergeMoved(Merging { of: Id::from_u128(3), reason: reason(), brings: Vec::new() }),
        Event::MergeUndone(Reason { reason: reason() }),
        edited(json!({ "field": "title", "old": title, "new": title })),
        edited(json!({ "field": "description", "old": null, "new": text })),
        edited(json!({ "field": "custom", "key": "asset_tag", "old": null, "new": { "text": text } })),
        changed(Cause::Overridden, Some(SetByHand { reason: text.clone(), ..set_by_hand() })),
        Event::NoteAdded(Note { text: text.clone(), ..note(Audience::Public) }),
        Event::Attached(Attachment { name: title.clone(), ..file() }),
        Event::TimeSpent(TimeSpent { seconds, note: reason() }),
        Event::ObligationWaived(Waiver { code: "any".into(), field: None, reason: text.clone(), by: ActorId::System }),
        Event::Linked(Linking { link: Link::CausedBy(Id::from_u128(3)), reason: reason() }),
        Event::Unlinked(Linking { link: Link::CausedBy(Id::from_u128(3)), reason: reason() }),
        Event::Redacted(Redaction { texts: Vec::new(), reason: reason() }),
        Event::Corrected(Box::new(Correction { reason: text.clone(), ..correction(CorrectedStage::New) })),
        corrected(CorrectedStage::OnHold(hold())),
        corrected(CorrectedStage::Resolved(fixed())),
        corrected(CorrectedStage::Closed(fixed())),
    ];
    let criteria = vec!["top".parse().unwrap()];
    let by_criterion = Event::MajorProposed(MajorProposal { criteria, reason: None });
    let manager = "kim".parse().unwrap();
    let accepted = MajorAcceptance { manager, floor: None, update_every: None, needs_review: false, reason: reason() };
    let accepted_without_word = Event::MajorAccepted(accepted);
    let others = [
        (report.events.into_iter().next().unwrap(), NoIntent::Report),
        (Event::Resumed(ResumedBy::Date), NoIntent::ByDate),
        (Event::Resumed(ResumedBy::CallerReply), NoIntent::ByReply),
        (Event::Reopened(Reopening { reason: None, by_reply: true }), NoIntent::ByReply),
        (Event::ClosureBlocked(Vec::new()), NoIntent::ByQuietTime),
        (Event::MajorUpdateMissed(MissedUpdate { due: at() }), NoIntent::ByDate),
        (by_criterion, NoIntent::ByFacts),
        (accepted_without_word, NoIntent::Erased),
        (Event::ClosureReissued(None), NoIntent::ByPolicy),
        (Event::Clock(ClockWarned { clock: clock(), warning: 0 }.into()), NoIntent::Clock),
        (edited(json!({ "field": "vip", "old": false, "new": true })), NoIntent::Vip),
        (changed(Cause::Edited, None), NoIntent::ByFacts),
        (changed(Cause::Categorised, None), NoIntent::ByFacts),
        (changed(Cause::Reissued, None), NoIntent::ByPolicy),
        (changed(Cause::OverrideExpired, None), NoIntent::ByExpiry),
        (changed(Cause::MajorAccepted, None), NoIntent::ByMajor),
        (changed(Cause::MajorEnded, None), NoIntent::ByMajor),
        (changed(Cause::Overridden, None), NoIntent::OverrideUnclear),
        (changed(Cause::OverrideCleared, Some(set_by_hand())), NoIntent::OverrideUnclear),
        (corrected(to_phase), NoIntent::CorrectedPhase),
    ];
    others.into_iter().chain(erased.map(|event| (event, NoIntent::Erased))).collect()
}

#[test]
fn every_kind_of_event_is_asked_for_or_refused() {
    let asked = asked();
    let asked = asked.iter().flat_map(|row| &row.events).map(Event::name);
    let refused = refused();
    let known: BTreeSet<_> = asked.chain(refused.iter().map(|(event, _)| event.name())).collect();
    // What happens to clocks is one arm: one of them stands for all.
    let clocks = |name: &&str| name.starts_with("incident.clock_") && *name != "incident.clock_warned";
    assert_eq!(known, Event::NAMES.iter().copied().filter(|name| !clocks(name)).collect());
}

#[test]
fn a_step_asks_for_the_commands_that_lead_to_the_same_events() {
    for Row { before, events, asks } in asked() {
        let commands = intent(&events).unwrap();
        assert_eq!(commands, read::<Vec<Command>>(asks), "{events:?}");
        assert_eq!(decided(before, &commands).1, events, "{commands:?}");
    }
}

#[test]
fn what_nobody_asks_for_is_refused_with_what_to_do_instead() {
    for (event, why) in refused() {
        let name = event.name();
        let refusal = intent(&[Event::WorkStarted, event]).unwrap_err();
        assert_eq!(refusal, NotAsked { index: 1, event: name, why });
        assert!(refusal.to_string().starts_with(&format!("is `{name}` ")), "{refusal}");
        assert!(refusal.to_string().contains("; "), "it says what to do: {refusal}");
    }
}

#[test]
fn an_edit_sets_and_clears_every_fact_after_the_move_to_another_category() {
    let actor = ada();
    let stamp = &Stamp::now(at(), actor.id());
    let new = new(stamp).next;
    let slot = |text: &str| json!(self::text(text));
    let set = json!([
        { "field": "title", "old": slot("Mail is down"), "new": slot("Mail is slow") },
        { "field": "description", "old": null, "new": slot("Since noon.") },
        { "field": "category", "old": "network", "new": "mail" },
        { "field": "impact", "old": "low", "new": "high" },
        { "field": "urgency", "old": "low", "new": "high" },
        { "field": "caller", "old": "bob", "new": "eve" },
        { "field": "affected", "old": null, "new": "otto" },
        { "field": "vip", "old": false, "new": true },
        { "field": "people_affected", "old": null, "new": 12 },
        { "field": "organisation", "old": null, "new": "acme" },
        { "field": "site", "old": null, "new": "HQ" },
        { "field": "channel", "old": null, "new": "phone" },
        { "field": "services", "old": [], "new": [{ "key": "mail", "criticality": "high" }] },
        { "field": "offering", "old": null, "new": { "key": "gold" } },
        { "field": "items", "old": [], "new": [{ "key": "mx1" }] },
        { "field": "labels", "old": [], "new": ["mail"] },
        { "field": "references", "old": [], "new": [{ "system": "jira", "key": "A-1" }] },
        { "field": "confidential", "old": false, "new": true },
        { "field": "custom", "key": "asset_tag", "old": null, "new": { "text": slot("PC-7") } },
        { "field": "custom", "key": "cost", "old": null, "new": { "number": "12.50" } },
        { "field": "custom", "key": "floor", "old": null, "new": { "choice": "ground" } },
        { "field": "custom", "key": "bought", "old": null, "new": { "date": "2026-03-27" } },
        { "field": "custom", "key": "contract", "old": null, "new": { "reference": "C-1" } },
    ]);
    let clear = json!([
        { "field": "description", "old": slot("Since noon."), "new": null },
        { "field": "category", "old": "mail", "new": null },
        { "field": "site", "old": "HQ", "new": null },
        { "field": "people_affected", "old": 12, "new": null },
        { "field": "offering", "old": { "key": "gold" }, "new": null },
        { "field": "items", "old": [{ "key": "mx1" }], "new": [] },
        { "field": "custom", "key": "floor", "old": { "choice": "ground" }, "new": null },
    ]);
    let mut before = new;
    for changes in [set, clear] {
        let step = before.clone().edit(read(changes), stamp);
        let commands = intent(&step.events).unwrap();
        assert_eq!(commands.iter().map(|command| command.verb().as_str()).collect::<Vec<_>>(), ["categorise", "edit"]);
        assert_eq!(decided(before.into(), &commands).0.facts(), step.next.facts());
        before = step.next;
    }
}

#[test]
fn a_step_without_events_asks_for_nothing_and_an_edit_of_nothing_changes_nothing() {
    assert_eq!(intent(&[]), Ok(Vec::new()));
    let commands = intent(&[Event::Edited(Vec::new())]).unwrap();
    assert_eq!(commands, [Command::Edit(Box::default())]);
    let actor = ada();
    let before = new(&Stamp::now(at(), actor.id())).next;
    assert_eq!(decided(before.into(), &commands).1, []);
}
