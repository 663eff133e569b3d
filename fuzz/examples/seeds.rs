//! Writes the seeds of the fuzz targets: what a small life of an incident leaves behind.

use std::{fs, path::Path};

use andon::{
    Actor, Desk, Error, MemoryRepository, Policy, Version,
    command::{Assign, Edit, FixInput, Hold, KnownErrorInput, Override, Report, Resolve, RootCauseInput},
    id::SequentialIds,
    incident::{ConfirmedBy, HoldReason},
    problem::{Effect, Verdict},
    store::{Filter, Query, Sort, Span},
    time::{ManualTime, Seconds, days, minutes},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let rich: Policy = serde_json::from_slice(&fs::read(seeds.join("policy/rich.json"))?)?;
    fs::write(seeds.join("policy/rich.toml"), toml::to_string(&rich)?)?;
    fs::write(seeds.join("policy/itil.toml"), toml::to_string(&Policy::itil())?)?;
    life(&seeds, rich)?;
    problem(&seeds)?;
    // The commands are drawn from bytes; any will do.
    for (index, word) in ["assign hold resume resolve reopen", "correct everything, and back again"].iter().enumerate()
    {
        fs::write(seeds.join(format!("commands/{index}.txt")), word.repeat(40))?;
        fs::write(seeds.join(format!("problems/{index}.txt")), word.repeat(40))?;
    }
    queries(&seeds)?;
    // What kind of cursor, whose, how many rows; then its text, or the places and digits that are altered.
    let cursors: [&[u8]; 4] =
        [b"\0\0\x01page 2", b"\x01\x03\x02", b"\x02\x05\0\x12\x02\x14\xff", b"\x02\x30\x04\x2f\x01"];
    for (index, cursor) in cursors.iter().enumerate() {
        fs::write(seeds.join(format!("cursors/{index}.bin")), cursor)?;
    }
    Ok(())
}

fn queries(seeds: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let from = Some("2026-03-27T08:05:00Z".parse()?);
    let reported = Filter { reported: Span { from, until: None }, unassigned: Some(true), ..Filter::default() };
    let everything = Query::open()
        .priority(1)
        .group("Network".parse()?)
        .person("anna".parse()?)
        .label("vpn".parse()?)
        .category("network".parse()?)
        .caller("bob".parse()?)
        .organisation("Acme Ltd".parse()?)
        .service("vpn".parse()?)
        .item("mx1".parse()?)
        .hold_reason(HoldReason::AwaitingVendor)
        .field("cost".parse()?, "12.50")
        .search("mail do");
    for (name, query) in [
        ("open", Query::open()),
        ("all", Query::all().sorted(Sort::Updated)),
        ("group", Query::open().group("Network".parse()?).sorted(Sort::Priority)),
        ("label", Query::all().label("vpn".parse()?).sorted(Sort::Due)),
        ("search", Query::all().search("mail do").sorted(Sort::Reported)),
        ("reported", Query { filter: reported, ..Query::default() }),
        ("everything", everything),
    ] {
        fs::write(seeds.join(format!("queries/{name}.json")), serde_json::to_vec(&query)?)?;
    }
    Ok(())
}

fn life(seeds: &Path, policy: Policy) -> Result<(), Box<dyn std::error::Error>> {
    let time = ManualTime::at("2026-03-27T08:00:00Z".parse()?);
    let desk = Desk::with_sources(MemoryRepository::new(), time.clone(), SequentialIds::new()).with_policy(policy);
    let desk = andon::blocking::Desk::from(desk).tenant("acme")?.acting_as(Actor::person("anna")?);
    let other = desk.report("The other one")?.id();
    let report = Report::new("Mail is down")
        .description("Since noon.")
        .category("network")
        .caller("bob")
        .people_affected(300)
        .service(andon::command::RatedInput::from("mail").criticality("gold"))
        .field("cost", "12.50")
        .watcher("carl");
    let id = desk.report(report)?.id();
    let incident = desk.incident(id);
    let steps: [&dyn Fn() -> Result<andon::desk::Outcome, Error>; 14] = [
        &|| incident.assign(Assign::to_group("Network").and_person("anna")),
        &|| incident.hold(Hold::new("parts").note("a disk")),
        &|| incident.cancel(andon::command::Cancel::duplicate_of(other).reason("the same")),
        &|| incident.undo_merge("not the same"),
        &|| incident.start_work(),
        &|| incident.edit(Edit::new().impact("low").field("cause", "a disk").clear_description()),
        &|| incident.override_priority(Override::new("P1", "the board meets")),
        &|| incident.set_label("a"),
        &|| incident.clear_label(),
        &|| incident.log_time(900),
        &|| incident.resolve(Resolve::new("fixed").text("A new disk.")),
        &|| incident.waive("obligation.confirmation", "he is away"),
        &|| incident.confirm(ConfirmedBy::Caller),
        &|| incident.close(),
    ];
    for step in steps {
        time.advance(minutes(7));
        let outcome = step()?;
        let name = outcome.incident().stage().key();
        fs::write(seeds.join(format!("snapshot/{name}.json")), serde_json::to_vec(outcome.incident())?)?;
    }
    // Another one would close by itself, but its cause is not known.
    let owing = desk.report(Report::new("The network is down").category("network"))?.id();
    let owing = desk.incident(owing);
    owing.resolve("fixed")?;
    time.advance(days(7));
    let blocked = owing.log_time(60)?;
    fs::write(seeds.join("snapshot/resolved-blocked.json"), serde_json::to_vec(blocked.incident())?)?;
    // And one goes on under another policy, and its title is erased.
    let named = desk.report("Anna's laptop")?;
    let title = named.incident().facts().title.digest();
    let named = desk.incident(named.id());
    named.resolve("fixed")?;
    let mut later = desk.policy()?.to_draft();
    later.closure.automatic_after_seconds = Some(Seconds::days(30));
    desk.publish_policy(later.validate()?)?;
    named.reissue()?;
    named.redact(vec![title], "it names her")?;
    let logs = [
        incident.events(Version::new(1), 100)?.0,
        owing.events(Version::new(3), 1)?.0,
        named.events(Version::new(3), 9)?.0,
    ];
    for event in logs.into_iter().flatten() {
        fs::write(seeds.join(format!("event/{}.json", event.body.name())), serde_json::to_vec(&event)?)?;
    }
    Ok(())
}

/// What a small life of a problem leaves behind.
fn problem(seeds: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let time = ManualTime::at("2026-03-27T08:00:00Z".parse()?);
    let desk = Desk::with_sources(MemoryRepository::new(), time.clone(), SequentialIds::new());
    let desk = andon::blocking::Desk::from(desk).tenant("acme")?.acting_as(Actor::system());
    let raised = desk.raise("Mail queues fill up")?;
    let problem = desk.problem(raised.id());
    let known = KnownErrorInput::new("Mail is late").workaround("Send it by hand", Effect::Full);
    let steps: [&dyn Fn() -> Result<andon::desk::Outcome<andon::Problem>, Error>; 10] = [
        &|| problem.assess(),
        &|| problem.investigate(),
        &|| problem.add_hypothesis("The disk is full"),
        &|| problem.judge_hypothesis(1, Verdict::Confirmed, "It was"),
        &|| problem.identify_root_cause(RootCauseInput::new("Nobody looks").contributing("No alarm")),
        &|| problem.record_known_error(known.clone()),
        &|| problem.start_fix(FixInput::by_change("CHG0042")),
        &|| problem.observe(Some("2026-04-01T08:00:00Z".parse().unwrap_or_default())),
        &|| problem.resolve("It holds"),
        &|| problem.close(),
    ];
    for step in steps {
        time.advance(minutes(7));
        let outcome = step()?;
        let name = outcome.problem().stage().key();
        fs::write(seeds.join(format!("snapshot/problem-{name}.json")), serde_json::to_vec(outcome.problem())?)?;
    }
    for event in problem.events(Version::new(1), 100)?.0 {
        fs::write(seeds.join(format!("event/{}.json", event.body.name())), serde_json::to_vec(&event)?)?;
    }
    Ok(())
}
