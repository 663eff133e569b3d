//! A small desk with several tenants and viewers, which is only read.

#![allow(dead_code, reason = "each target uses a part")]

use std::{collections::BTreeSet, sync::LazyLock};

use andon::{
    Actor, Desk, Error, Id, Incident, MemoryRepository,
    blocking::{self, ActingDesk},
    command::{Assign, Cancel, Edit, Hold, Report, Resolve},
    error::ErrorKind,
    id::SequentialIds,
    incident::Cancellation,
    time::{ManualTime, minutes},
};

pub type Acting = ActingDesk<MemoryRepository>;

/// Somebody at a tenant's desk, and what there is to be seen.
pub struct Viewer {
    pub desk: Acting,
    pub actor: Actor,
    pub tenant: &'static str,
    pub sees: BTreeSet<Id<Incident>>,
    /// What was to be seen once, and no longer is.
    pub saw: BTreeSet<Id<Incident>>,
}

pub struct Office {
    pub repository: MemoryRepository,
    pub viewers: Vec<Viewer>,
}

pub static OFFICE: LazyLock<Office> = LazyLock::new(|| Office::open().expect("an office"));

fn person(name: &str, role: &str) -> Result<Actor, Error> {
    Ok(Actor::person(name)?.role(role)?)
}

impl Office {
    fn open() -> Result<Self, Error> {
        let time = ManualTime::at("2026-03-27T08:00:00Z".parse().expect("an instant"));
        let repository = MemoryRepository::with_epoch(7);
        let desk = Desk::with_sources(repository.clone(), time.clone(), SequentialIds::new());
        let desk = blocking::Desk::from(desk);
        let mut tenants = Vec::new();
        for tenant in ["acme", "globex"] {
            let at = |actor| Ok::<_, Error>(desk.tenant(tenant)?.acting_as(actor));
            let (bob, anna, ada) =
                (at(person("bob", "caller")?)?, at(person("anna", "agent")?)?, at(person("ada", "administrator")?)?);
            let all = life(&bob, &anna, &ada, &time)?;
            tenants.push((tenant, all));
        }
        let mut viewers = Vec::new();
        for (tenant, all) in tenants {
            for (actor, unseen) in [
                (person("bob", "caller")?, vec![2, 3, 5, 6]),
                (person("anna", "agent")?, vec![3]),
                (person("otto", "agent")?.group("Network")?, vec![6]),
                (person("ada", "administrator")?, vec![]),
                (Actor::person("sam")?, (0..all.len()).collect()),
                (Actor::system(), vec![]),
            ] {
                let sees = all.iter().enumerate().filter(|(index, _)| !unseen.contains(index)).map(|(_, id)| *id);
                // Agents saw what is confidential now; it was none of Bob's from the beginning.
                let was_agent = actor.roles().iter().any(|role| role.as_str() == "agent");
                let saw = if was_agent { BTreeSet::from([all[6]]) } else { BTreeSet::new() };
                let desk = desk.tenant(tenant)?.acting_as(actor.clone());
                let viewer = Viewer { desk, actor, tenant, sees: sees.collect(), saw };
                for id in &all {
                    assert_eq!(viewer.desk.incident(*id).get().is_ok(), viewer.sees.contains(id), "{id}");
                }
                viewers.push(viewer);
            }
        }
        Ok(Self { repository, viewers })
    }
}

/// Seven incidents; the third is none of Bob's, the fourth confidential, the last became so.
fn life(bob: &Acting, anna: &Acting, ada: &Acting, time: &ManualTime) -> Result<Vec<Id<Incident>>, Error> {
    let mut all = Vec::new();
    let mut reported = |acting: &Acting, report: Report| {
        time.advance(minutes(3));
        let id = acting.report(report)?.id();
        all.push(id);
        Ok::<_, Error>(id)
    };
    let mail = reported(bob, Report::new("Mail is down").description("Since noon.").site("HQ"))?;
    let vpn = reported(bob, Report::new("VPN gateway overloaded").label("vpn").service("vpn"))?;
    let disk = reported(anna, Report::new("Disk is full").caller("eve").impact("high").urgency("high"))?;
    reported(ada, Report::new("Salary leak").caller("eve").group("Network").label("vpn").confidential())?;
    let slow = reported(bob, Report::new("Mail is slow").organisation("Acme Ltd").item("mx1"))?;
    let phone = reported(anna, Report::new("Telephone rings twice").caller("eve").channel("phone"))?;
    let gone = reported(anna, Report::new("Password on a note").caller("eve").label("vpn"))?;
    anna.incident(mail).assign(Assign::to_group("Network").and_person("anna"))?;
    anna.incident(vpn).hold(Hold::new("awaiting_vendor").note("a licence"))?;
    anna.incident(disk).resolve(Resolve::new("fixed").text("It is empty again."))?;
    anna.incident(slow).add_internal_note("He says so every day.")?;
    anna.incident(phone).cancel(Cancel::from(Cancellation::Withdrawn))?;
    time.advance(minutes(3));
    ada.incident(gone).edit(Edit::new().confidential(true))?;
    anna.incident(mail).start_work()?;
    Ok(all)
}

/// What a read may be refused with: nothing that is broken.
pub fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Precondition)
}
