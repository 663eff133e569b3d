//! A desk in memory with a clock turned by hand, and what is stored there.

use std::sync::LazyLock;

use andon::{
    Actor, CommandId, Desk, Id, Incident, MemoryRepository, Policy, Version,
    blocking::ActingDesk,
    directory::{Directory, DirectoryError, Person},
    event::{Event, RecordId},
    key::{OrganisationRef, PersonRef, TenantId},
    store::{LogPart, Record, RecordKey, Repository, Scope},
    testing::OneSalt,
    time::{ManualTime, TimeSource},
};

use crate::policies;

static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(policies::all);

/// A directory in which Vera is a VIP.
struct People;

impl Directory for People {
    async fn person(&self, _: &TenantId, person: &PersonRef) -> Result<Option<Person>, DirectoryError> {
        Ok((person.as_str() == "vera").then(|| Person {
            vip: true,
            organisation: OrganisationRef::new("board").ok(),
            ..Person::default()
        }))
    }
}

pub struct World {
    pub time: ManualTime,
    repository: MemoryRepository,
    desk: Desk<MemoryRepository>,
    desks: Vec<ActingDesk<MemoryRepository>>,
    scope: Scope,
    /// The policy in force, by its index.
    pub policy: usize,
    commands: u128,
}

/// A record as it is stored, with its whole log.
#[derive(Debug, Clone)]
pub struct Stored {
    pub incident: Incident,
    pub version: Version,
    pub log: Vec<Event>,
}

/// The actors: the caller, a colleague, three of the desk, a bot and the system.
pub const ACTORS: usize = 7;

fn actors() -> Vec<Actor> {
    let person = |name: &str, role: &str| Actor::person(name).unwrap().role(role).unwrap();
    vec![
        person("anna", "agent").group("Network").unwrap(),
        person("bob", "caller"),
        person("carl", "manager").group("Mail").unwrap(),
        Actor::automation("probe").unwrap().role("monitoring").unwrap(),
        person("eve", "caller").organisation("sales").unwrap(),
        person("dora", "administrator").on_behalf_of("bob").unwrap(),
        Actor::system(),
    ]
}

impl World {
    pub fn new(policy: usize) -> Self {
        let time = ManualTime::at("2026-03-27T08:00:00Z".parse().unwrap());
        let repository = MemoryRepository::new();
        let desk = Desk::with_sources(repository.clone(), time.clone(), OneSalt::default())
            .with_policy(POLICIES[policy].clone())
            .with_directory(People);
        let tenant = andon::blocking::Desk::from(desk.clone()).tenant("acme").unwrap();
        let desks = actors().into_iter().map(|actor| tenant.acting_as(actor)).collect();
        let scope = Scope::everything(&TenantId::new("acme").unwrap());
        Self { time, repository, desk, desks, scope, policy, commands: 0 }
    }

    /// The desk as one of the actors uses it.
    pub fn desk(&self, actor: usize) -> &ActingDesk<MemoryRepository> {
        &self.desks[actor]
    }

    /// An id that no command had yet.
    pub fn command_id(&mut self) -> CommandId {
        self.commands += 1;
        CommandId::from_u128(self.commands)
    }

    pub fn policy(&self) -> &'static Policy {
        &POLICIES[self.policy]
    }

    /// Puts another of the policies in force.
    pub fn publish(&mut self, policy: usize) {
        self.desks[ACTORS - 1].publish_policy(POLICIES[policy].clone()).unwrap();
        self.policy = policy;
    }

    /// The record and its log, from the repository itself.
    pub fn stored(&self, id: Id<Incident>) -> Stored {
        let (record, version, log) = self.kept(id.into());
        Stored { incident: record.incident().expect("an incident").clone(), version, log }
    }

    /// A record of any kind and its log, from the repository itself.
    pub fn kept(&self, id: RecordId) -> (Record, Version, Vec<Event>) {
        let found = pollster::block_on(self.repository.load(&self.scope, Some(&RecordKey::from(id)), None)).unwrap();
        let loaded = found.record.unwrap();
        let mut log = Vec::new();
        let mut next = Some(Version::new(1));
        while let Some(from) = next {
            let part = LogPart { from, limit: 16, newest_first: false };
            let page = pollster::block_on(self.repository.events(&self.scope, id, part)).unwrap();
            log.extend(page.events);
            next = page.next;
        }
        (loaded.record, loaded.version, log)
    }

    /// Everything that has fallen due is stored.
    pub fn wake(&self) {
        let woken = pollster::block_on(self.desk.wake(self.time.now(), 100)).unwrap();
        assert!(woken.failed.is_empty(), "what fell due could not be stored: {:?}", woken.failed);
    }
}
