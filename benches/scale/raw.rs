//! The raw loop: the least that a program must do which keeps the same index sets, answers, feed and event
//! log for the same moves, without a desk: no permissions, no policy, no intent, no salts, no rows to hand
//! out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use andon::{
    CommandId, Id, Incident, Stage, Version,
    actor::ActorId,
    digest::Digest,
    event::{Cause, Event, PolicyStamp, RecordId},
    incident::{Assignment, Hold, HoldReason, IncidentEvent, Remedy, Reopening, Resolution, ResumedBy},
    key::{GroupRef, PersonRef, TenantId},
    lifecycle::Stamp,
    store::{RecordKey, Repository, Scope, SortKey, Term, Terms},
    time::Instant,
    view::{ListRow, RowPriority},
};

use super::{Office, scattered, start};

type Order = BTreeMap<SortKey, u32>;

/// The answer to a command: salt, intent, when, and what it touched.
type Answer = ([u8; 16], Digest, Instant, RecordId, Version, Version);
/// A write as the feed remembers it.
type Delivery = (u32, Version, Version, Option<Arc<[Term]>>);

/// What is kept of an incident.
struct Row {
    incident: Arc<Incident>,
    version: Version,
    terms: Terms,
    keys: Keys,
    stage: Stage,
    group: Option<GroupRef>,
    person: Option<PersonRef>,
    events: Vec<Arc<[Event]>>,
}

/// Where an incident stands in the orders.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Keys {
    priority: SortKey,
    due: SortKey,
    updated: SortKey,
    reported: SortKey,
}

pub struct Raw {
    rows: Vec<Row>,
    ids: HashMap<RecordId, u32>,
    numbers: HashMap<andon::Number, u32>,
    priority: Order,
    due: Order,
    updated: Order,
    reported: Order,
    groups: HashMap<GroupRef, Order>,
    people: HashMap<PersonRef, Order>,
    stages: HashMap<Stage, BTreeSet<u32>>,
    terms: BTreeMap<Term, BTreeSet<u32>>,
    wakes: BTreeMap<(Instant, RecordId), TenantId>,
    answers: HashMap<CommandId, Answer>,
    feed: Vec<Delivery>,
    order: Vec<Id<Incident>>,
    tenant: TenantId,
    actor: ActorId,
    now: Instant,
    minted: u128,
}

impl Raw {
    /// The same incidents as in the office.
    pub fn of(office: &Office) -> Self {
        let tenant = TenantId::new("acme").unwrap();
        let mut raw = Self {
            rows: Vec::new(),
            ids: HashMap::new(),
            numbers: HashMap::new(),
            priority: Order::new(),
            due: Order::new(),
            updated: Order::new(),
            reported: Order::new(),
            groups: HashMap::new(),
            people: HashMap::new(),
            stages: HashMap::new(),
            terms: BTreeMap::new(),
            wakes: BTreeMap::new(),
            answers: HashMap::new(),
            feed: Vec::new(),
            order: office.ids.clone(),
            tenant: tenant.clone(),
            actor: ActorId::Person("anna".parse().unwrap()),
            now: start() + andon::time::hours(1),
            minted: 0,
        };
        let scope = Scope::everything(&tenant);
        for id in &office.ids {
            let found = pollster::block_on(office.repository.load(&scope, Some(&RecordKey::from(*id)), None)).unwrap();
            let andon::store::Record::Incident(stored) = &found.record.unwrap().record else { return raw };
            // Through JSON, so that nothing is shared with the desk's.
            let own: Incident = serde_json::from_value(serde_json::to_value(stored).unwrap()).unwrap();
            let (log, _) = office.desk.incident(*id).events(Version::new(1), 1).unwrap();
            let events = log.iter().map(|event| serde_json::from_value(serde_json::to_value(event).unwrap()).unwrap());
            let events = events.collect();
            raw.insert(own, events);
        }
        raw
    }

    fn insert(&mut self, incident: Incident, events: Vec<Event>) {
        let slot = u32::try_from(self.rows.len()).unwrap();
        let terms = Terms::of(&incident.clone().into());
        let keys = keys(&incident);
        self.priority.insert(keys.priority, slot);
        self.due.insert(keys.due, slot);
        self.updated.insert(keys.updated, slot);
        self.reported.insert(keys.reported, slot);
        let assignment = incident.assignment().clone();
        if let Some(group) = &assignment.group {
            self.groups.entry(group.clone()).or_default().insert(keys.priority, slot);
        }
        if let Some(person) = &assignment.person {
            self.people.entry(person.clone()).or_default().insert(keys.priority, slot);
        }
        self.stages.entry(incident.stage()).or_default().insert(slot);
        for term in terms.iter().filter(|term| **term != Term::Everyone) {
            self.terms.entry(term.clone()).or_default().insert(slot);
        }
        self.ids.insert(incident.id().into(), slot);
        self.numbers.insert(incident.number().clone(), slot);
        self.feed.push((slot, Version::new(1), Version::new(1), None));
        self.minted += 1;
        let answer = ([0; 16], Digest::of(b""), self.now, incident.id().into(), Version::new(1), Version::new(1));
        self.answers.insert(CommandId::from_u128(self.minted), answer);
        self.rows.push(Row {
            version: Version::new(1),
            terms,
            keys,
            stage: incident.stage(),
            group: assignment.group,
            person: assignment.person,
            events: vec![events.into()],
            incident: Arc::new(incident),
        });
    }

    pub fn commands(&mut self, from: usize, count: usize) {
        for index in from / 5..(from + count) / 5 {
            let id = self.order[scattered(index, self.order.len())];
            self.now += chrono::TimeDelta::milliseconds(1);
            (0..5).for_each(|step| self.command(id, step));
        }
    }

    fn command(&mut self, id: Id<Incident>, step: usize) {
        self.minted += 1;
        let command = CommandId::from_u128(self.minted);
        assert!(!self.answers.contains_key(&command));
        let slot = self.ids[&RecordId::from(id)];
        let row = &mut self.rows[usize::try_from(slot).unwrap()];
        let stamp = Stamp { occurred_at: self.now, recorded_at: self.now, actor: &self.actor, on_behalf_of: None };
        let happened = Incident::clone(&row.incident).apply(event(step), &stamp).unwrap();
        let incident = happened.next;
        let first = row.version.next();
        let mut log = Vec::new();
        for body in happened.events {
            row.version = row.version.next();
            self.minted += 1;
            log.push(Event {
                id: Id::from_u128(self.minted),
                tenant: self.tenant.clone(),
                record: id.into(),
                sequence: row.version,
                occurred_at: self.now,
                recorded_at: self.now,
                actor: self.actor.clone(),
                on_behalf_of: None,
                command,
                cause: Cause::Command,
                correlation: None,
                policy: PolicyStamp { version: 0, digest: Digest::from_bytes([0; 32]) },
                digest: None,
                body: body.into(),
            });
        }
        row.events.push(log.into());
        let keys = keys(&incident);
        moved(&mut self.priority, row.keys.priority, keys.priority, slot);
        moved(&mut self.due, row.keys.due, keys.due, slot);
        moved(&mut self.updated, row.keys.updated, keys.updated, slot);
        moved(&mut self.reported, row.keys.reported, keys.reported, slot);
        let assignment = incident.assignment();
        if row.group != assignment.group || row.keys.priority != keys.priority {
            if let Some(order) = row.group.as_ref().and_then(|group| self.groups.get_mut(group)) {
                order.remove(&row.keys.priority);
            }
            if let Some(group) = &assignment.group {
                self.groups.entry(group.clone()).or_default().insert(keys.priority, slot);
            }
            row.group.clone_from(&assignment.group);
        }
        if row.person != assignment.person || row.keys.priority != keys.priority {
            if let Some(order) = row.person.as_ref().and_then(|person| self.people.get_mut(person)) {
                order.remove(&row.keys.priority);
            }
            if let Some(person) = &assignment.person {
                self.people.entry(person.clone()).or_default().insert(keys.priority, slot);
            }
            row.person.clone_from(&assignment.person);
        }
        if row.stage != incident.stage() {
            self.stages.get_mut(&row.stage).unwrap().remove(&slot);
            self.stages.entry(incident.stage()).or_default().insert(slot);
            row.stage = incident.stage();
        }
        let standing = standing(&incident);
        let mut before = None;
        if *standing != *row.terms.standing {
            for term in row.terms.standing.iter().filter(|term| !standing.contains(term)) {
                self.terms.get_mut(term).unwrap().remove(&slot);
            }
            for term in standing.iter().filter(|term| **term != Term::Everyone && !row.terms.standing.contains(term)) {
                self.terms.entry(term.clone()).or_default().insert(slot);
            }
            before = Some(std::mem::replace(&mut row.terms.standing, standing.into()));
        }
        row.keys = keys;
        row.incident = Arc::new(incident);
        self.feed.push((slot, first, row.version, before));
        self.answers.insert(command, ([0; 16], Digest::from_bytes([0; 32]), self.now, id.into(), first, row.version));
        assert!(self.wakes.is_empty());
    }

    pub fn key_of(&self, id: Id<Incident>) -> SortKey {
        self.rows[usize::try_from(self.ids[&RecordId::from(id)]).unwrap()].keys.priority
    }

    /// The next open incidents of a group by priority, with the columns of a list.
    pub fn page(&self, group: &str, after: SortKey, limit: usize) -> Vec<ListRow> {
        let order = &self.groups[group];
        let slots = order.range((Bound::Excluded(after), Bound::Unbounded)).map(|(_, slot)| *slot);
        let rows = slots.map(|slot| &self.rows[usize::try_from(slot).unwrap()]).filter(|row| row.stage.is_open());
        let shown = rows.map(|row| {
            let (incident, progress) = (&*row.incident, row.incident.progress());
            let facts = incident.facts();
            ListRow {
                id: facts.id,
                number: facts.number.clone(),
                title: facts.title.shown(),
                stage: row.stage,
                label: progress.label.clone(),
                priority: RowPriority { rank: incident.priority().rank(), name: incident.priority().name().clone() },
                major: incident.is_running_major(),
                group: row.group.clone(),
                person: row.person.clone(),
                next_clock: None,
                due: None,
                version: row.version,
                updated_at: progress.recorded_at,
                reported_at: progress.milestones.reported.unwrap(),
            }
        });
        shown.take(limit).collect()
    }
}

/// What happens in a step.
fn event(step: usize) -> IncidentEvent {
    match step {
        0 => IncidentEvent::Assigned(Assignment {
            group: Some(GroupRef::new("group-7").unwrap()),
            person: Some(PersonRef::new("anna").unwrap()),
        }),
        1 => IncidentEvent::Held(Hold {
            reason: HoldReason::AwaitingVendor,
            until: None,
            wakes_on: Vec::new(),
            note: None,
        }),
        2 => IncidentEvent::Resumed(ResumedBy::Hand),
        3 => IncidentEvent::Resolved(Resolution {
            code: "fixed".parse().unwrap(),
            remedy: Remedy::Fix,
            text: None,
            along_with: None,
            closes: None,
        }),
        _ => {
            let reason = andon::text::Text::new("It is back", 100, [1; 16]).unwrap();
            IncidentEvent::Reopened(Reopening { reason: Some(reason), by_reply: false })
        }
    }
}

fn keys(incident: &Incident) -> Keys {
    let reported = incident.progress().milestones.reported.unwrap().timestamp_micros();
    let updated = incident.progress().recorded_at.timestamp_micros();
    let key = |part, rank, at| SortKey { part, rank, at, id: incident.id().into() };
    Keys {
        priority: key(0, incident.priority().rank(), reported),
        due: key(1, 0, reported),
        updated: key(0, 0, -updated),
        reported: key(0, 0, -reported),
    }
}

fn moved(order: &mut Order, before: SortKey, after: SortKey, slot: u32) {
    if before != after {
        order.remove(&before);
        order.insert(after, slot);
    }
}

/// The terms that change as an incident goes along.
fn standing(incident: &Incident) -> Vec<Term> {
    let mut terms = vec![Term::Everyone];
    for person in incident.stake().people.into_iter().flatten() {
        let term = Term::Person(person.clone());
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms.extend(incident.assignment().group.clone().map(Term::Group));
    terms.extend(incident.hold().map(|stage| Term::HoldReason(stage.hold().reason.clone())));
    terms.extend(incident.resolution().map(|resolution| Term::ResolutionCode(resolution.code.clone())));
    terms
}
