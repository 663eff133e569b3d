//! Writes the seeds of the fuzz targets: what a small life of an incident leaves behind.

use std::{fs, path::Path};

use andon::{
    Actor, Desk, Error, MemoryRepository, Policy, Version,
    command::{Assign, Edit, Hold, Override, Report, Resolve},
    id::SequentialIds,
    incident::ConfirmedBy,
    time::{ManualTime, days, minutes},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let rich: Policy = serde_json::from_slice(&fs::read(seeds.join("policy/rich.json"))?)?;
    fs::write(seeds.join("policy/rich.toml"), toml::to_string(&rich)?)?;
    fs::write(seeds.join("policy/itil.toml"), toml::to_string(&Policy::itil())?)?;
    life(&seeds, rich)?;
    // The commands are drawn from bytes; any will do.
    for (index, word) in ["assign hold resume resolve reopen", "correct everything, and back again"].iter().enumerate()
    {
        fs::write(seeds.join(format!("commands/{index}.txt")), word.repeat(40))?;
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
    let logs = [incident.events(Version::new(1), 100)?.0, owing.events(Version::new(3), 1)?.0];
    for event in logs.into_iter().flatten() {
        fs::write(seeds.join(format!("event/{}.json", event.body.name())), serde_json::to_vec(&event)?)?;
    }
    Ok(())
}
