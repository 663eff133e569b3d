//! A repository in memory: for tests, demonstrations, and hosts that need no durability.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Answer, Commit, EventPage, Expected, Found, IndexRow, Landed, Loaded, Record, RecordKey, RecordKind, Refused,
    Repository, RepositoryError, Scope,
};
use crate::{
    digest::Digest,
    event::{Event, PolicyStamp, RecordId},
    id::{CommandId, Number, Version},
    key::TenantId,
    policy::Policy,
};

/// The most events that one page holds, whatever is asked.
const MAX_PAGE: usize = 1_000;

/// A repository in memory. It keeps every promise of [`Repository`] but that of surviving the process.
/// Clones share what is stored.
#[derive(Clone, Default)]
pub struct MemoryRepository(Arc<Mutex<HashMap<TenantId, Tenant>>>);

#[derive(Default)]
struct Tenant {
    rows: HashMap<RecordId, Row>,
    numbers: HashMap<Number, RecordId>,
    next: HashMap<RecordKind, u64>,
    answers: HashMap<CommandId, Answer>,
    /// Every policy that was published, the one in force last.
    policies: Vec<(PolicyStamp, Arc<Policy>)>,
}

struct Row {
    record: Arc<Record>,
    version: Version,
    index: IndexRow,
    events: Vec<Event>,
}

impl MemoryRepository {
    /// An empty repository.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds the lock for as long as it takes to look something up or to write a commit. A panic under
    /// it cannot leave half a commit: a commit is checked whole before anything is changed.
    fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Tenant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryRepository")
    }
}

impl Repository for MemoryRepository {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        let tenants = self.tenants();
        let Some(tenant) = tenants.get(&scope.tenant) else {
            return Ok(Found::default());
        };
        let row = key.and_then(|key| tenant.row(key)).filter(|row| scope.sees(&row.index.visibility));
        Ok(Found {
            record: row.map(|row| Loaded { record: Arc::clone(&row.record), version: row.version }),
            answer: command.and_then(|command| tenant.answers.get(&command)).cloned(),
            policy: tenant.policies.last().map(|(stamp, _)| *stamp),
        })
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        let mut tenants = self.tenants();
        let foreign = commit.writes.iter().flat_map(|write| &write.events).any(|event| event.tenant != *tenant);
        if foreign {
            let error = RepositoryError::Malformed { reason: "it holds events of another tenant" };
            return Err(Refused { error, commit: Box::new(commit) });
        }
        tenants.entry(tenant.clone()).or_default().commit(commit).map_err(|refused| *refused)
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        let mut tenants = self.tenants();
        let next = tenants.entry(tenant.clone()).or_default().next.entry(kind).or_default();
        *next = next.saturating_add(1);
        Ok(*next)
    }

    async fn events(
        &self,
        scope: &Scope,
        record: RecordId,
        from: Version,
        limit: usize,
    ) -> Result<EventPage, RepositoryError> {
        let tenants = self.tenants();
        let row = tenants
            .get(&scope.tenant)
            .and_then(|tenant| tenant.rows.get(&record))
            .filter(|row| scope.sees(&row.index.visibility));
        let Some(row) = row else {
            return Ok(EventPage::default());
        };
        let skip = usize::try_from(from.get().saturating_sub(1)).unwrap_or(usize::MAX);
        let events: Vec<Event> = row.events.iter().skip(skip).take(limit.clamp(1, MAX_PAGE)).cloned().collect();
        let last = events.last().map(|event| event.sequence);
        Ok(EventPage { next: last.filter(|last| *last < row.version).map(Version::next), events })
    }

    async fn policy(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Arc<Policy>>, RepositoryError> {
        let tenants = self.tenants();
        let policies = tenants.get(tenant).map_or(&[][..], |tenant| tenant.policies.as_slice());
        Ok(policies.iter().find(|(stamp, _)| stamp.digest == digest).map(|(_, policy)| Arc::clone(policy)))
    }

    async fn publish_policy(&self, tenant: &TenantId, policy: Arc<Policy>) -> Result<PolicyStamp, RepositoryError> {
        let mut tenants = self.tenants();
        let policies = &mut tenants.entry(tenant.clone()).or_default().policies;
        let last = policies.last().map(|(stamp, _)| *stamp);
        if let Some(stamp) = last.filter(|stamp| stamp.digest == policy.digest()) {
            return Ok(stamp);
        }
        let stamp = policy.stamp(last.map_or(0, |stamp| stamp.version).saturating_add(1));
        policies.push((stamp, policy));
        Ok(stamp)
    }
}

impl Tenant {
    fn row(&self, key: &RecordKey) -> Option<&Row> {
        match key {
            RecordKey::Id(id) => self.rows.get(id),
            RecordKey::Number(number) => self.rows.get(self.numbers.get(number)?),
        }
    }

    fn commit(&mut self, commit: Commit) -> Result<Landed, Box<Refused>> {
        if let Some(answer) = self.answers.get(&commit.command) {
            return Ok(Landed::Before(answer.clone()));
        }
        if let Err(error) = self.check(&commit) {
            return Err(Box::new(Refused { error, commit: Box::new(commit) }));
        }
        self.answers.insert(commit.command, commit.answer());
        for write in commit.writes {
            self.write(write);
        }
        Ok(Landed::Now)
    }

    /// Checks the whole commit before anything of it is written.
    fn check(&self, commit: &Commit) -> Result<(), RepositoryError> {
        if commit.writes.is_empty() && commit.guards.is_empty() {
            return Err(RepositoryError::Malformed { reason: "it names no record" });
        }
        for (index, write) in commit.writes.iter().enumerate() {
            if commit.writes.iter().take(index).any(|earlier| earlier.id == write.id) {
                return Err(RepositoryError::Malformed { reason: "it writes a record twice" });
            }
            if write.record.id() != write.id || write.index.id != write.id {
                return Err(RepositoryError::Malformed { reason: "it writes one record under another's id" });
            }
            let found = self.rows.get(&write.id).map(|row| row.version);
            let expected = match write.expected {
                Expected::Absent => None,
                Expected::At(version) => Some(version),
            };
            if found != expected {
                return Err(match (found, expected) {
                    (Some(_), None) => RepositoryError::AlreadyExists { id: write.id },
                    _ => RepositoryError::Conflict { id: write.id, expected: write.expected, found },
                });
            }
            if expected.is_none() && self.numbers.contains_key(write.record.number()) {
                return Err(RepositoryError::AlreadyExists { id: write.id });
            }
            let mut version = expected.unwrap_or(Version::NONE);
            if write.events.is_empty() {
                return Err(RepositoryError::Malformed { reason: "it writes a record without an event" });
            }
            for event in &write.events {
                if event.sequence != version.next() || event.record != write.id {
                    return Err(RepositoryError::Malformed {
                        reason: "its events do not follow the version that it expects",
                    });
                }
                version = event.sequence;
            }
        }
        for guard in &commit.guards {
            let found = self.rows.get(&guard.id).map(|row| row.version);
            if found != Some(guard.version) {
                let expected = Expected::At(guard.version);
                return Err(RepositoryError::Conflict { id: guard.id, expected, found });
            }
        }
        Ok(())
    }

    fn write(&mut self, write: super::Write) {
        let version = write.events.last().map_or(Version::NONE, |event| event.sequence);
        match self.rows.get_mut(&write.id) {
            Some(row) => {
                row.record = write.record;
                row.version = version;
                row.index = write.index;
                row.events.extend(write.events);
            }
            None => {
                self.numbers.insert(write.record.number().clone(), write.id);
                let row = Row { record: write.record, version, index: write.index, events: write.events };
                self.rows.insert(write.id, row);
            }
        }
    }
}
