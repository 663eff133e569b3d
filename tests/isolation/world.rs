//! Two tenants at one desk, their people and their records.

use std::cell::Cell;

use andon::{
    Actor, CommandId, Id, Incident, Number, Policy, PolicyDraft, Version,
    blocking::ActingDesk,
    command::{Edit, IncidentCommand, Patch, Report},
    desk::Cursor,
    event::RecordId,
    incident::{Audience, ExternalReference},
    key::RoleName,
    permission::{Permission, PermissionScope as Scope, Permissions},
    store::{AnyRepository, Query},
    testing::TestDesk,
    time::{Instant, minutes},
    verb::IncidentVerb as Verb,
};

use crate::dice::Dice;

/// What stands in every internal text.
pub const HUSH: &str = "hush-hush";
/// Ids from here on are those of nothing.
pub const ABSENT: u128 = 1 << 100;

const RECORDS: usize = 40;
const PEOPLE: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];
const GROUPS: [&str; 3] = ["Network", "Mail", "Tills"];
const ORGANISATIONS: [&str; 2] = ["sales", "plant"];

pub struct Viewer {
    pub desk: ActingDesk<AnyRepository>,
    pub read: Option<Scope>,
    pub confidential: Option<Scope>,
    pub internal: Option<Scope>,
    pub people: Vec<String>,
    pub groups: Vec<String>,
    pub organisation: Option<String>,
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { read, confidential, internal, people, groups, organisation, .. } = self;
        write!(
            f,
            "{people:?} of {groups:?} and {organisation:?}, who reads {read:?}, what is confidential \
            {confidential:?}, what is internal {internal:?}"
        )
    }
}

impl Viewer {
    pub const fn may_read_internals(&self) -> bool {
        self.internal.is_some()
    }
}

pub struct Record {
    pub id: Id<Incident>,
    pub number: Number,
    /// A word that stands in its title and in no other's.
    pub word: String,
    /// The version at which it was looked at last.
    version: Version,
    /// The record as it was after each version that was looked at; the last one is what it is.
    lives: Vec<Incident>,
}

impl Record {
    pub fn incident(&self) -> &Incident {
        self.lives.last().unwrap()
    }

    pub fn was_ever(&self, like: impl Fn(&Incident) -> bool) -> bool {
        self.lives.iter().any(like)
    }
}

pub struct Place {
    pub system: ActingDesk<AnyRepository>,
    pub viewers: Vec<Viewer>,
    pub records: Vec<Record>,
    /// Where some stood in the feed.
    pub feeds: Vec<Cursor>,
    /// A command of the system's.
    pub command: CommandId,
}

pub struct House {
    desk: TestDesk<AnyRepository>,
    pub policy: Policy,
    pub places: [Place; 2],
    /// How often somebody asked for what they may see, and for what they may not.
    pub asked: Cell<(u64, u64)>,
}

const READ: [Option<Scope>; 5] =
    [None, Some(Scope::Own), Some(Scope::OwnGroup), Some(Scope::OwnOrganisation), Some(Scope::All)];
const CONFIDENTIAL: [Option<Scope>; 5] =
    [None, Some(Scope::Own), Some(Scope::OwnGroup), Some(Scope::OwnOrganisation), Some(Scope::All)];

/// A role, and in which scope it reads, reads what is confidential, and what is internal.
type Role = (String, Option<Scope>, Option<Scope>, Option<Scope>);

/// A role for each combination of what may be read; every role may do everything else, wherever it sees it.
fn roles() -> Vec<Role> {
    let mut roles = Vec::new();
    for read in READ {
        for confidential in CONFIDENTIAL.into_iter().filter(|_| read.is_some()).chain(read.is_none().then_some(None)) {
            for internal in READ {
                roles.push((format!("role {}", roles.len()), read, confidential, internal));
            }
        }
    }
    roles
}

fn policy() -> Policy {
    let mut permissions = Permissions::none();
    let reads = [Verb::Read, Verb::ReadConfidential, Verb::ReadInternal];
    let others: Vec<_> =
        Verb::ALL.iter().copied().filter(|verb| !reads.contains(verb)).map(Permission::Incident).collect();
    for (name, read, confidential, internal) in roles() {
        let role = RoleName::new(name).unwrap();
        permissions = permissions.grant(role.clone(), Scope::All, others.clone());
        for (verb, scope) in reads.into_iter().zip([read, confidential, internal]) {
            if let Some(scope) = scope {
                permissions = permissions.grant(role.clone(), scope, [verb]);
            }
        }
    }
    let mut draft = PolicyDraft { permissions, ..PolicyDraft::itil() };
    draft.closure.automatic_after_seconds = Some(andon::time::Seconds::days(6));
    draft.validate().unwrap()
}

impl House {
    /// A house over this store, which is empty.
    pub fn over(repository: AnyRepository, dice: &mut Dice) -> Self {
        let policy = policy();
        let desk = TestDesk::over(repository).with_policy(policy.clone());
        let places = ["acme", "beta"].map(|tenant| {
            let desk = desk.tenant(tenant).unwrap();
            let viewers = roles().into_iter().enumerate().map(|(at, role)| viewer(&desk, at, role, dice)).collect();
            let system = desk.system();
            let command = CommandId::from_u128(1);
            let mut place = Place { system, viewers, records: Vec::new(), feeds: Vec::new(), command };
            for at in 0..RECORDS {
                place.command = place.report(tenant, at, dice);
            }
            place
        });
        Self { desk, policy, places, asked: Cell::default() }
    }

    pub fn now(&self) -> Instant {
        self.desk.now()
    }

    /// The system changes something, in either tenant.
    pub fn write(&mut self, dice: &mut Dice) {
        self.desk.clock().advance(minutes(u32::try_from(dice.roll(5)).unwrap()));
        // What has fallen due is stored, and taken down.
        let woken = pollster::block_on(self.desk.desk().wake(self.now(), 1_000)).unwrap();
        for woken in woken.records {
            let RecordId::Incident(id) = woken.record else { panic!("another kind of record") };
            self.places.iter_mut().for_each(|place| place.refresh(id));
        }
        let place = &mut self.places[dice.roll(2)];
        let at = dice.roll(place.records.len());
        let id = place.records[at].id;
        let mut one = |of: &[&str]| of[dice.roll(of.len())].to_owned();
        let (person, group, organisation) = (one(&PEOPLE), one(&GROUPS), one(&ORGANISATIONS));
        let edit = |edit: Edit| IncidentCommand::Edit(Box::new(edit));
        let patch = |value: String, dice: &mut Dice| if dice.roll(4) == 0 { Patch::Clear } else { Patch::Set(value) };
        let note = |audience, text: &str| IncidentCommand::AddNote { audience, text: text.to_owned() };
        let command = match dice.roll(10) {
            0 => IncidentCommand::Route { group: patch(group, dice), person: Patch::Keep },
            1 => IncidentCommand::Route { group: Patch::Keep, person: patch(person, dice) },
            2 => edit(Edit { caller: patch(person, dice), ..Edit::new() }),
            3 => edit(Edit { affected: patch(person, dice), ..Edit::new() }),
            4 => edit(Edit { organisation: patch(organisation, dice), ..Edit::new() }),
            5 => edit(Edit::new().confidential(dice.flip())),
            6 if dice.flip() => IncidentCommand::Watch { person },
            6 => IncidentCommand::Unwatch { person },
            7 => note(Audience::Internal, HUSH),
            8 => IncidentCommand::LogTime { seconds: 60, note: Some(HUSH.to_owned()) },
            _ => note(Audience::Public, "We are on it."),
        };
        // What is closed or cancelled may no longer be changed: another one takes its place.
        if place.system.incident(id).execute(command).is_err() && place.records.len() < 4 * RECORDS {
            let at = place.records.len();
            let tenant = if place.records[0].word.starts_with("acme") { "acme" } else { "beta" };
            place.report(tenant, at, dice);
        }
        place.refresh(id);
    }
}

impl Place {
    /// The record as it is; `None` for what is none of the tenant's.
    pub fn record(&self, id: Id<Incident>) -> Option<&Incident> {
        self.records.iter().find(|record| record.id == id).map(Record::incident)
    }

    /// Looks anew at all of which something was written.
    pub fn refresh_all(&mut self) {
        let rows = self.system.worklist(&Query::all(), None, 1_000).unwrap().rows;
        for row in rows {
            if self.records.iter().any(|record| record.id == row.id && record.version != row.version) {
                self.refresh(row.id);
            }
        }
    }

    /// Looks at a record anew: everything that may have happened to it is taken down.
    pub fn refresh(&mut self, id: Id<Incident>) {
        if self.record(id).is_none() {
            return;
        }
        let log = self.system.incident(id).events(Version::new(1), 1_000).unwrap().0;
        let record = self.records.iter_mut().find(|record| record.id == id).unwrap();
        for end in 1..=log.len() {
            if log[end - 1].recorded_at >= record.incident().progress().recorded_at {
                let (incident, _) = Incident::fold(&log[..end]).unwrap();
                if record.incident() != &incident {
                    record.lives.push(incident);
                }
            }
        }
        let seen = self.system.incident(id).get().unwrap();
        record.version = seen.version();
        let now = seen.into_incident();
        if *record.incident() != now {
            record.lives.push(now);
        }
    }

    pub fn remember(&mut self, feed: Cursor, dice: &mut Dice) {
        if self.feeds.len() < 40 {
            self.feeds.push(feed);
        } else if dice.roll(4) == 0 {
            self.feeds[dice.roll(40)] = feed;
        }
    }

    fn report(&mut self, tenant: &str, at: usize, dice: &mut Dice) -> CommandId {
        let mut maybe = |of: &[&str]| (dice.roll(3) > 0).then(|| of[dice.roll(of.len())].to_owned());
        let word = format!("{tenant}{at:04}word");
        let report = Report {
            caller: maybe(&PEOPLE),
            affected: maybe(&PEOPLE),
            organisation: maybe(&ORGANISATIONS),
            group: maybe(&GROUPS),
            person: maybe(&PEOPLE),
            watchers: maybe(&PEOPLE).into_iter().collect(),
            references: vec![ExternalReference {
                system: "monitoring".parse().unwrap(),
                key: format!("alert-{at}").parse().unwrap(),
            }],
            confidential: maybe(&PEOPLE).is_some_and(|person| person != "p0") && at.is_multiple_of(2),
            ..Report::new(format!("Something about {word}"))
        };
        let made = self.system.report(report).unwrap();
        let (id, number) = (made.id(), made.number().clone());
        self.records.push(Record { id, number, word, version: made.version(), lives: vec![made.incident().clone()] });
        let note = IncidentCommand::AddNote { audience: Audience::Internal, text: HUSH.to_owned() };
        self.system.incident(id).execute(note).unwrap();
        self.refresh(id);
        made.command()
    }
}

fn viewer(desk: &TestDesk<AnyRepository>, at: usize, role: Role, dice: &mut Dice) -> Viewer {
    let (name, read, confidential, internal) = role;
    // Some share their names with callers, some act for them, some are automations, some are strangers.
    let person = PEOPLE[at % PEOPLE.len()];
    let stranger = format!("viewer {at}");
    let (actor, people) = match at % 4 {
        0 => (Actor::person(person).unwrap(), vec![person.to_owned()]),
        1 => {
            let actor = Actor::person(&stranger).unwrap().on_behalf_of(person).unwrap();
            (actor, vec![stranger, person.to_owned()])
        }
        2 => (Actor::automation(person).unwrap(), Vec::new()),
        _ => (Actor::person(&stranger).unwrap(), vec![stranger]),
    };
    let mut actor = actor.role(name).unwrap();
    let groups: Vec<String> = GROUPS.into_iter().filter(|_| dice.roll(3) == 0).map(str::to_owned).collect();
    for group in &groups {
        actor = actor.group(group).unwrap();
    }
    let organisation = (dice.roll(3) > 0).then(|| ORGANISATIONS[dice.roll(2)].to_owned());
    if let Some(organisation) = &organisation {
        actor = actor.organisation(organisation).unwrap();
    }
    Viewer { desk: desk.acting_as(actor), read, confidential, internal, people, groups, organisation }
}
