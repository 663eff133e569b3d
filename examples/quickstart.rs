//! One incident from the report to its closure and beyond, at a desk in memory, over a file, or over a database.
//!
//! ```text
//! cargo run --example quickstart
//! cargo run --example quickstart --features sqlite -- --store sqlite:desk.andon
//! cargo run --example quickstart --features postgres -- --store postgres://desk@localhost/itsm
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]

mod store;

use andon::{
    Actor, Desk, Error, Policy, PolicyDraft, Stage,
    actor::ActorId,
    blocking::{ActingDesk, IncidentDesk},
    calendar::{CalendarDraft, Hours, WORKDAYS},
    command::{Assign, Hold, Report, Resolve},
    desk::Outcome,
    event::Body,
    id::SequentialIds,
    incident::{ConfirmedBy, HoldReason, IncidentEvent, Milestone},
    ledger::{Entry, Target, WarnAt},
    sla::{Agreement, CalendarChoice, EndRule, MetricRule, Targets},
    store::Repository,
    time::{ManualTime, Seconds, days, hours, minutes},
};
use chrono::{DateTime, Utc};

use crate::store::Store;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = store()?.open()?;
    // A clock that we turn by hand; `Desk::in_memory()` takes the system's.
    let time = ManualTime::at("2026-03-27T15:30:00Z".parse().unwrap_or_default());
    let desk = Desk::new(store.repository.clone()).with_time(time.clone());
    // Ids that are the same each time do for a store that is empty each time.
    let desk = if store.is_lasting() { desk } else { desk.with_ids(SequentialIds::new()) };
    let acme = andon::blocking::Desk::from(desk.with_policy(policy()?)).tenant("acme")?;
    let bob = acme.acting_as(Actor::person("bob")?.role("caller")?);
    let anna = acme.acting_as(Actor::person("anna")?.role("agent")?.group("Messaging")?);

    println!("Bob cannot send mail, and says so. (Times are UTC.)");
    let outcome = bob.report(Report::new("Outgoing mail is stuck").impact("medium").urgency("high"))?;
    tell(&outcome);
    let id = outcome.id();

    time.advance(minutes(4));
    println!("\nAnna puts it into her group's queue, begins, and has to ask.");
    let at_anna = anna.incident(id);
    tell(&at_anna.assign(Assign::to_group("Messaging"))?);
    time.advance(minutes(6));
    tell(&at_anna.start_work()?);
    tell(&at_anna.add_note("Does it hang with every recipient?")?);
    tell(&at_anna.hold(Hold::new("awaiting_caller").until(time_in(&time, days(3))))?);

    time.advance(hours(2));
    println!("\nBob answers, which ends the hold.");
    tell(&bob.incident(id).add_note("Only outside the company.")?);

    time.advance(minutes(35));
    println!("\nAnna finds the cause.");
    tell(&at_anna.resolve(Resolve::new("fixed").text("The relay's certificate had expired; renewed."))?);

    println!("\nShe tries to close it at once.");
    explain(at_anna.close());
    show_moves(&at_anna)?;

    time.advance(hours(1));
    println!("\nBob says that it is not over, and an hour later that it is.");
    tell(&bob.incident(id).reopen("Mails to one customer still hang.")?);
    time.advance(minutes(50));
    tell(&at_anna.resolve(Resolve::new("fixed").text("That customer's address was on a stale block list."))?);
    time.advance(minutes(10));
    tell(&bob.incident(id).confirm(ConfirmedBy::Caller)?);
    tell(&at_anna.close()?);

    println!("\nNow it is closed for good.");
    explain(at_anna.start_work());
    summary(&anna, id)?;
    if let Some((path, bytes)) = store.close()? {
        println!("\nIt is kept in {}, {} kB.", path.display(), bytes.div_ceil(1_000));
    }
    Ok(())
}

/// The store that was asked for on the command line.
fn store() -> Result<Store, String> {
    let usage = || format!("usage: quickstart [--store {}]", Store::USAGE);
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => Ok(Store::Memory),
        [flag, store] if flag == "--store" => store.parse(),
        _ => Err(usage()),
    }
}

/// ITIL's policy, with office hours and an agreement: an answer within the hour, a solution within two hours.
fn policy() -> Result<Policy, Box<dyn std::error::Error>> {
    let office = [Hours::new("08:00", "18:00")?];
    let office = CalendarDraft::new("Office").zone("UTC").open_on(WORKDAYS, office);
    let within = |hours| Targets::All(Target::BusinessSeconds(Seconds::hours(hours)));
    let until = |milestone| EndRule::Milestones(vec![milestone]);
    let respond = MetricRule::new("respond".try_into()?, within(1), until(Milestone::Responded));
    let resolve = MetricRule {
        paused_by: vec![HoldReason::AwaitingCaller],
        warnings: vec![WarnAt::Percent(75)],
        ..MetricRule::new("resolve".try_into()?, within(2), until(Milestone::Resolved))
    };
    let standard = Agreement {
        calendar: Some(CalendarChoice::Fixed("office".try_into()?)),
        metrics: vec![respond, resolve],
        ..Agreement::new("standard".try_into()?)
    };
    let draft = PolicyDraft {
        calendars: [("office".try_into()?, office)].into(),
        agreements: vec![standard],
        ..PolicyDraft::itil()
    };
    Ok(draft.validate()?)
}

/// What a command did, and where it left the incident.
fn tell(outcome: &Outcome) {
    for event in outcome.events() {
        let Body::Incident(what) = &event.body else { continue };
        println!("{}  {}  {}", event.occurred_at.format("%H:%M"), outcome.number(), said(what, &event.actor));
    }
    if let Some(event) = outcome.events().last() {
        println!("{}  {}  → {}", event.occurred_at.format("%H:%M"), outcome.number(), outcome.incident().stage());
    }
}

/// An event in words.
fn said(what: &IncidentEvent, actor: &ActorId) -> String {
    match what {
        IncidentEvent::Reported(reported) => {
            format!("{actor} reports \"{}\": {}", reported.facts.title, reported.assessment)
        }
        IncidentEvent::Assigned(to) => match &to.group {
            Some(group) => format!("{actor} assigns it to {group}"),
            None => format!("{actor} assigns it"),
        },
        IncidentEvent::Routed(to) => match &to.person {
            Some(person) => format!("{person} takes it"),
            None => format!("{actor} routes it"),
        },
        IncidentEvent::WorkStarted => format!("{actor} starts work"),
        IncidentEvent::NoteAdded(note) => format!("{actor} writes: {}", note.text),
        IncidentEvent::Held(hold) => format!("{actor} puts it on hold: {}", hold.reason),
        IncidentEvent::Resumed(_) => "the hold ends".to_owned(),
        IncidentEvent::Resolved(how) => match &how.text {
            Some(text) => format!("{actor} resolves it, {}: {text}", how.code),
            None => format!("{actor} resolves it, {}", how.code),
        },
        IncidentEvent::Reopened(why) => match &why.reason {
            Some(reason) => format!("{actor} reopens it: {reason}"),
            None => format!("{actor} reopens it"),
        },
        IncidentEvent::Confirmed(_) => format!("{actor} confirms that it works"),
        IncidentEvent::Closed(_) => format!("{actor} closes it"),
        IncidentEvent::Clock(entry) => clock(entry),
        other => format!("{} by {actor}", other.name()),
    }
}

/// What happens to a clock, in words.
fn clock(entry: &Entry) -> String {
    let metric = entry.metric();
    let due =
        |due: Option<DateTime<Utc>>| due.map_or_else(String::new, |at| format!(", due {}", at.format("%a %H:%M")));
    match entry {
        Entry::Started(started) => {
            format!("  the clock {metric} starts, {}{}", started.terms.target, due(started.schedule.due))
        }
        Entry::Paused(_) => format!("  the clock {metric} is paused"),
        Entry::Resumed(resumed) => format!("  the clock {metric} goes on{}", due(resumed.schedule.due)),
        Entry::Revived(revived) => format!("  the clock {metric} goes on{}", due(revived.schedule.due)),
        Entry::Warned(_) => format!("  the clock {metric} warns"),
        Entry::Breached(_) => format!("  the clock {metric} is overdue"),
        Entry::Ended(ended) => format!("  the clock {metric} ends: {:?}", ended.result),
        _ => format!("  the clock {metric} changes"),
    }
}

/// Why a command was refused.
fn explain(result: Result<Outcome, Error>) {
    match result {
        Ok(outcome) => tell(&outcome),
        Err(error) => println!("       refused, {}: {error}", error.code()),
    }
}

/// What could be done now.
fn show_moves<R: Repository>(incident: &IncidentDesk<R>) -> Result<(), Error> {
    let moves = incident.allowed_moves()?;
    let possible: Vec<_> =
        moves.iter().filter(|known| known.is_possible()).map(|known| known.verb().as_str()).collect();
    println!("       possible now: {}", possible.join(", "));
    Ok(())
}

/// What is known at the end.
fn summary<R: Repository>(desk: &ActingDesk<R>, id: andon::Id<andon::Incident>) -> Result<(), Error> {
    let seen = desk.incident(id).get()?;
    let (incident, progress) = (seen.incident(), seen.incident().progress());
    assert_eq!(incident.stage(), Stage::Closed);
    println!("\n{} \"{}\": {}, {}", incident.number(), incident.facts().title, incident.priority(), incident.stage());
    if let (Some(group), Some(person)) = (&incident.assignment().group, &incident.assignment().person) {
        println!("  with {person} of {group}");
    }
    for milestone in
        [Milestone::Reported, Milestone::Responded, Milestone::Resolved, Milestone::Confirmed, Milestone::Closed]
    {
        if let Some(at) = progress.milestones.at(&milestone) {
            println!("  {:<10} {}", milestone.as_str(), at.format("%Y-%m-%d %H:%M"));
        }
    }
    for clock in desk.incident(id).clock_views()? {
        let used = clock.used_seconds.unwrap_or_default().div_euclid(60);
        println!("  {:<10} {}, after {used} minutes of business time", clock.metric, clock.state);
    }
    println!("  reopened {}×, on hold {} minutes", progress.reopenings, progress.on_hold_seconds.div_euclid(60));
    Ok(())
}

fn time_in(time: &ManualTime, span: chrono::TimeDelta) -> chrono::DateTime<chrono::Utc> {
    use andon::time::TimeSource;
    time.now().checked_add_signed(span).unwrap_or_else(|| time.now())
}
