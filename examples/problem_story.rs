//! Forty incidents with one hidden cause among two hundred others: found by counting, raised as a problem, investigated,
//! published as a known error, fixed by a change, and brought to the incidents that waited for it.
//!
//! ```text
//! cargo run --example problem_story
//! ```

#![allow(clippy::arithmetic_side_effects, clippy::print_stdout, reason = "a program that counts and tells a story")]

use std::error::Error;

use andon::{
    Actor, Desk, Id, Incident, MemoryRepository, Stage,
    blocking::{self, ActingDesk, ProblemDesk},
    cascade::Plan,
    command::{FixInput, Hold, KnownErrorInput, Report, Resolve, RootCauseInput},
    id::SequentialIds,
    link::Link,
    problem::{Effect, Verdict},
    recurrence::{Aspect, KnownErrors, RecurrenceRule, Recurrences},
    store::Query,
    time::{ManualTime, Seconds, TimeSource as _, days, hours},
};

type Acting = ActingDesk<MemoryRepository>;

/// How many incidents have the one cause, and how many have others.
const HIDDEN: usize = 40;
const OTHERS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let time = ManualTime::at("2026-03-02T07:00:00Z".parse()?);
    let desk = Desk::with_sources(MemoryRepository::new(), time.clone(), SequentialIds::new());
    let desk = blocking::Desk::from(desk).tenant("acme")?;
    let anna = desk.acting_as(Actor::person("anna")?.role("agent")?);
    let maria = desk.acting_as(Actor::person("maria")?.role("manager")?);

    heading("Three weeks at the desk");
    let often = RecurrenceRule::new("often".parse()?, [Aspect::Service, Aspect::Item]);
    let mut recurrences = Recurrences::new(vec![often.within(Seconds::days(21)).at_least(10)])?;
    for report in reports() {
        time.advance(hours(2));
        let outcome = anna.report(report)?;
        anna.incident(outcome.id()).start_work()?;
        recurrences.observe(anna.incident(outcome.id()).get()?.incident());
    }
    println!("{} incidents were reported, each of them taken up by itself.", HIDDEN + OTHERS);

    heading("What comes again and again");
    let candidates = recurrences.candidates(time.now(), 3);
    for candidate in &candidates {
        println!("urgency {:>3}: {candidate}", candidate.urgency);
    }
    let strongest = candidates.first().ok_or("nothing came often enough")?;

    heading("One call makes a problem of it");
    let problem = maria.raise(strongest)?;
    let (id, number) = (problem.id(), problem.number().clone());
    println!("{number}: {}", problem.problem().facts().title);
    for member in &strongest.members {
        recurrences.forget(*member);
    }
    let linked = maria.count(&Query::all().caused_by(id).filter, 1_000)?;
    println!("{} incidents are linked to it, and stay incidents.", linked.counted);
    println!("{} candidates are left by that rule.", recurrences.candidates(time.now(), 3).len());

    heading("The cause is looked for");
    let work = anna.problem(id);
    work.route_to_group("Storage")?;
    work.investigate()?;
    work.add_hypothesis("The disks of nas-7 wear out")?;
    work.add_hypothesis("The nightly snapshot holds the locks for too long")?;
    work.add_finding("Every one of them was reported between two and three hours after a snapshot")?;
    work.judge_hypothesis(1, Verdict::Refuted, "All disks are healthy")?;
    work.judge_hypothesis(2, Verdict::Confirmed, "The locks are gone once the snapshot is stopped")?;
    let cause =
        RootCauseInput::new("Snapshots of nas-7 hold file locks until they are shipped").category("configuration");
    work.identify_root_cause(cause)?;
    for hypothesis in work.view()?.hypotheses {
        println!("hypothesis {}: {} ({})", hypothesis.number, hypothesis.text, hypothesis.verdict.unwrap_or_default());
    }

    heading("It is a known error, with a workaround");
    let known = KnownErrorInput::new("Files on nas-7 cannot be saved: locked by another user");
    work.record_known_error(
        known.workaround("Save a copy, and rename it after the snapshot is shipped", Effect::Partial),
    )?;
    work.verify_workaround()?;
    maria.problem(id).publish_known_error()?;
    carry_out(&maria, &maria.problem(id).plan_offer()?)?;

    heading("The next one who calls is told at once");
    let mut known_errors = KnownErrors::new();
    known_errors.observe(maria.problem(id).get()?.problem());
    time.advance(hours(1));
    let next = anna.report(Report::new("File locked by another user, cannot save").service("files").item("nas-7"))?;
    for found in known_errors.matching(next.incident().facts(), 1) {
        let shared: Vec<_> = found.shared.iter().map(|shared| shared.feature.to_string()).collect();
        println!("{} fits {number} by {} of 100: {}", next.number(), found.score, shared.join(", "));
    }
    anna.incident(next.id()).link(Link::CausedBy(id))?;

    heading("Most wait for the fix");
    let waiting = wait_for_the_problem(&anna, id)?;
    println!("{waiting} incidents wait for {number}; the others were solved by the workaround.");

    heading("A change removes the cause");
    work.start_fix(FixInput::by_change("CHG0042").text("Ship snapshots from a clone"))?;
    time.advance(days(1));
    work.observe(Some(time.now() + days(7)))?;
    println!("{number} is {}, and is being watched.", work.get()?.problem().stage());

    heading("What waits for it is resolved by a plan");
    carry_out(&anna, &work.plan_cascade()?)?;
    // The same again changes nothing.
    let again = work.plan_cascade()?;
    println!("Planned again, there are {} steps left.", again.steps.len());

    heading("It holds, and is closed");
    time.advance(days(8));
    println!("After a quiet week {number} is {} by itself.", work.get()?.problem().stage());
    maria.problem(id).close()?;
    let resolved = anna.count(&Query::all().caused_by(id).stage(Stage::Resolved).filter, 1_000)?;
    println!("{number} is {}; {} of its incidents are resolved.", work.get()?.problem().stage(), resolved.counted);

    heading("Its timeline");
    timeline(&work)
}

/// Two hundred incidents of all kinds, and forty with one cause among them.
fn reports() -> Vec<Report> {
    let every = (HIDDEN + OTHERS) / HIDDEN;
    let services = ["mail", "files", "vpn", "print", "erp", "phone", "intranet"];
    (0..HIDDEN + OTHERS)
        .map(|index| {
            if index % every == 0 {
                let report = Report::new(format!("File locked, cannot save (room {})", 100 + index));
                return report.caller(format!("caller-{index}")).service("files").item("nas-7");
            }
            let service = services.get(index % services.len()).copied().unwrap_or("mail");
            let report = Report::new(format!("Trouble no. {index} with {service}"));
            report.caller(format!("caller-{index}")).service(service).item(format!("asset-{index}").as_str())
        })
        .collect()
}

/// Shows a plan before it is done, and does it in parts.
fn carry_out(desk: &Acting, plan: &Plan) -> Result<(), Box<dyn Error>> {
    println!(
        "The plan: {} steps, {} incidents left alone, {} not ours to see.",
        plan.steps.len(),
        plan.skipped.len(),
        plan.unseen
    );
    for step in plan.steps.iter().take(3) {
        let verbs: Vec<_> = step.commands.iter().map(|command| command.verb().as_str()).collect();
        println!("  {}: {}", step.number, verbs.join(", "));
    }
    for skipped in plan.skipped.iter().take(3) {
        println!("  {} {}", skipped.number, skipped.reason);
    }
    let (mut from, mut done) = (Some(0), 0);
    while let Some(begin) = from {
        let part = desk.apply_plan(plan, begin, 25)?;
        done += part.answers.iter().filter(|answer| matches!(answer.result, andon::desk::StepResult::Done(_))).count();
        from = part.next;
    }
    println!("Done: {done}.");
    Ok(())
}

/// Three of four incidents wait for the problem; the others were solved by the workaround.
fn wait_for_the_problem(desk: &Acting, problem: Id<andon::Problem>) -> Result<usize, Box<dyn Error>> {
    let linked: Vec<Id<Incident>> =
        desk.worklist(&Query::all().caused_by(problem), None, 1_000)?.rows.iter().map(|row| row.id).collect();
    let mut waiting = 0;
    for (index, id) in linked.into_iter().enumerate() {
        if index % 4 == 3 {
            desk.incident(id).resolve(Resolve::new("workaround").text("Saved a copy").by_workaround())?;
        } else {
            desk.incident(id).hold(Hold::new("awaiting_problem"))?;
            waiting += 1;
        }
    }
    Ok(waiting)
}

fn timeline(problem: &ProblemDesk<MemoryRepository>) -> Result<(), Box<dyn Error>> {
    let (mut entries, _) = problem.timeline(None, 100)?;
    entries.reverse();
    for entry in entries {
        println!("{}  {}", entry.occurred_at.format("%d %b %H:%M"), entry.summary);
    }
    Ok(())
}

fn heading(text: &str) {
    println!("\n== {text}");
}
