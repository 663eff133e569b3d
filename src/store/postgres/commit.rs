//! A commit as the statement that lets it land.

use std::collections::BTreeSet;

use tokio_postgres::types::Type;

use super::{
    ask::{Ask, Whose},
    columns::{Param, count, small},
    error::{BACKEND, Failure, corrupt},
    read, usual,
};
use crate::{
    event::{Event, PolicyStamp, RecordId},
    id::Version,
    key::TenantId,
    record::RecordKind,
    store::{
        Answer, Commit, Document, Erasure, Expected, Landed, Publication, RepositoryError, Write,
        sql::{self, Columns as _, Recent, Snapshot, bytes, checksum, json, kind, lines, snapshot},
    },
};

const COMMIT: &str = "commit";

/// Lets a commit land whole, or finds why it cannot.
pub(super) async fn land(ask: &impl Ask, tenant: &TenantId, commit: &Commit) -> Result<Landed, RepositoryError> {
    if let Err(malformed) = commit.check(tenant) {
        let before = read::answer(ask, tenant, commit.command).await?;
        return before.map(Landed::Before).ok_or(malformed);
    }
    let parts = Parts::of(ask, tenant, commit).await?;
    let mut landed = parts.send(ask, tenant, commit).await;
    // Two that wait for each other, or make the same record: one of them was undone, and comes again.
    for _ in 0..3 {
        match landed {
            Err(failure) if ask.is_alone() && failure.is_worth_a_try() => {
                landed = parts.send(ask, tenant, commit).await;
            }
            _ => break,
        }
    }
    // It may have landed without anybody having been told, now or before.
    let is_news = matches!(landed, Ok(Ok(_)) | Err(Failure::Lost(_)));
    if is_news && ask.is_alone() && !commit.writes.is_empty() {
        ask.shared().listening.landed(tenant.as_str());
    }
    let landed = landed.map_err(|failure| failure.of_command(commit.command))?;
    if matches!(landed, Ok(Landed::Now)) {
        parts.writes.remember(&commit.writes, &ask.shared().recent);
    }
    landed
}

/// What a commit says, as arrays.
pub(super) struct Parts {
    pub answer: Answer,
    pub touched: String,
    pub writes: Writes,
    held: Held,
    unused: Vec<String>,
    documents: Documents,
    publisher: Option<String>,
    publication_unused: Vec<String>,
    erased: Erased,
}

impl Parts {
    async fn of(ask: &impl Ask, tenant: &TenantId, commit: &Commit) -> Result<Self, RepositoryError> {
        let texts = |terms: &[crate::store::Term]| terms.iter().map(ToString::to_string).collect();
        let answer = commit.answer();
        let publication = commit.publication.as_ref();
        Ok(Self {
            touched: json(BACKEND, &answer.touched)?,
            answer,
            held: Held::of(commit),
            unused: texts(&commit.unused),
            documents: Documents::of(commit.documents.iter().chain(publication.map(|made| &made.document)))?,
            publisher: publication
                .map(|made| json(BACKEND, &made.published(commit.at, commit.command).by))
                .transpose()?,
            publication_unused: publication.map(|made| texts(&made.unused)).unwrap_or_default(),
            erased: Erased::of(ask, tenant, &commit.erasures).await?,
            writes: Writes::of(&commit.writes)?,
        })
    }

    /// Sends the statement, and reads what became of it.
    async fn send(
        &self,
        ask: &impl Ask,
        tenant: &TenantId,
        commit: &Commit,
    ) -> Result<Result<Landed, RepositoryError>, Failure> {
        if usual::land(ask, tenant, commit, self).await? {
            return Ok(Ok(Landed::Now));
        }
        let Self { answer, held, erased, documents, .. } = self;
        let (tenant, told, patience) = (tenant.as_str(), !ask.is_alone(), ask.lock_patience());
        let (command, at) = (sql::command(commit.command).to_vec(), answer.at.timestamp_micros());
        let (salt, intent) = (answer.salt.map(|salt| salt.to_vec()), answer.intent.as_bytes().to_vec());
        let (answer_version, answer_digest) = stamp(answer.published.as_ref());
        let (policy_version, policy_digest) = stamp(commit.policy.as_ref());
        let made = commit.publication.as_ref();
        let made_stamp = made.map(Publication::stamp);
        let (made_version, made_digest) = stamp(made_stamp.as_ref());
        let made_name = made.map(|made| made.published(commit.at, commit.command).name);
        let made_name = made_name.as_deref();
        let maker = i16::from(answer.made_a_record());
        let read = answer.read().map(|id| bytes(id).to_vec());
        let mut values: Vec<Param<'_>> = vec![
            (&tenant, Type::TEXT),
            (&told, Type::BOOL),
            (&patience, Type::INT8),
            (&command, Type::BYTEA),
            (&at, Type::INT8),
            (&salt, Type::BYTEA),
            (&intent, Type::BYTEA),
            (&self.touched, Type::TEXT),
            (&answer_version, Type::INT8),
            (&answer_digest, Type::BYTEA),
            (&maker, Type::INT2),
            (&read, Type::BYTEA),
            (&policy_version, Type::INT8),
            (&policy_digest, Type::BYTEA),
            (&held.kinds, Type::INT2_ARRAY),
            (&held.ids, Type::BYTEA_ARRAY),
            (&held.versions, Type::INT8_ARRAY),
            (&held.numbers, Type::TEXT_ARRAY),
            (&held.written, Type::BOOL_ARRAY),
            (&self.unused, Type::TEXT_ARRAY),
            (&documents.digests, Type::BYTEA_ARRAY),
            (&documents.checksums, Type::INT8_ARRAY),
            (&documents.jsons, Type::TEXT_ARRAY),
            (&made_version, Type::INT8),
            (&made_digest, Type::BYTEA),
            (&made_name, Type::TEXT),
            (&self.publisher, Type::TEXT),
            (&self.publication_unused, Type::TEXT_ARRAY),
            (&erased.kinds, Type::INT2_ARRAY),
            (&erased.ids, Type::BYTEA_ARRAY),
            (&erased.sequences, Type::INT8_ARRAY),
            (&erased.checksums, Type::INT8_ARRAY),
            (&erased.jsons, Type::TEXT_ARRAY),
            (&erased.commands, Type::BYTEA_ARRAY),
            (&erased.records, Type::BYTEA_ARRAY),
        ];
        values.extend(self.writes.params());
        let sql = format!("SELECT * FROM {{schema}}.land({})", places(values.len()));
        let rows = ask.call(&sql, &values).await?;
        Ok(match rows.first() {
            Some(row) => {
                self.outcome(commit, row).map_err(|damage| corrupt(format!("the answer to {}", commit.command), damage))
            }
            None => Err(silent()),
        }
        .and_then(|outcome| outcome))
    }

    /// What the statement says.
    fn outcome(
        &self,
        commit: &Commit,
        row: &tokio_postgres::Row,
    ) -> Result<Result<Landed, RepositoryError>, sql::Damage> {
        Ok(match row.string(0)? {
            "now" => Ok(Landed::Now),
            "before" => Ok(Landed::Before(sql::answer(row, 1)?)),
            "policy" => Err(RepositoryError::PolicyChanged { found: row.stamp(5)? }),
            "used" => Err(RepositoryError::InUse { term: row.key(9)?.ok_or("which one is not said")? }),
            "held" => Err(self.held.unmet(commit, &row.try_get::<_, Vec<i64>>(7)?, &row.try_get::<_, Vec<bool>>(8)?)),
            other => Err(other).map_err(|other: &str| sql::Damage::from(other.to_owned()))?,
        })
    }
}

/// The version and the digest of a policy.
pub(super) fn stamp(stamp: Option<&PolicyStamp>) -> (Option<i64>, Option<Vec<u8>>) {
    (stamp.map(|stamp| i64::from(stamp.version)), stamp.map(|stamp| stamp.digest.as_bytes().to_vec()))
}

fn silent() -> RepositoryError {
    RepositoryError::Backend { backend: BACKEND, operation: COMMIT, source: "the statement said nothing".into() }
}

/// The statement that writes records without an answer: with so many values, of which the first is the tenant.
pub(super) fn write_alone(values: usize) -> String {
    format!("SELECT {{schema}}.write({})", places(values))
}

/// So many places.
fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// The records that must be what is expected, in the order of their ids.
struct Held {
    kinds: Vec<i16>,
    ids: Vec<Vec<u8>>,
    versions: Vec<i64>,
    numbers: Vec<Option<String>>,
    written: Vec<bool>,
    order: Vec<RecordId>,
}

impl Held {
    fn of(commit: &Commit) -> Self {
        let writes = commit.writes.iter().map(|write| {
            let number = (write.expected == Expected::Absent).then(|| write.row.number.to_string());
            (write.id(), write.expected, number, true)
        });
        let guards = commit.guards.iter().map(|guard| (guard.id, Expected::At(guard.version), None, false));
        let mut all: Vec<_> = writes.chain(guards).collect();
        all.sort_by_key(|(id, ..)| *id);
        let mut held = Self {
            kinds: Vec::new(),
            ids: Vec::new(),
            versions: Vec::new(),
            numbers: Vec::new(),
            written: Vec::new(),
            order: Vec::new(),
        };
        for (id, expected, number, written) in all {
            held.order.push(id);
            held.kinds.push(small(kind(id.kind())));
            held.ids.push(bytes(id).to_vec());
            held.versions.push(match expected {
                Expected::Absent => 0,
                Expected::At(version) => count(version.get()),
            });
            held.numbers.push(number);
            held.written.push(written);
        }
        held
    }

    /// The first expectation that does not hold, as the commit says them.
    fn unmet(&self, commit: &Commit, found: &[i64], taken: &[bool]) -> RepositoryError {
        let at = |id: RecordId| self.order.iter().position(|held| *held == id);
        let version = |id: RecordId| {
            let found = at(id).and_then(|at| found.get(at)).copied().and_then(|found| u64::try_from(found).ok());
            found.filter(|version| *version > 0).map(Version::new)
        };
        for write in &commit.writes {
            let id = write.id();
            if let Err(error) = write.expected.met_by(id, version(id)) {
                return error;
            }
            if at(id).and_then(|at| taken.get(at)).copied().unwrap_or(false) {
                return RepositoryError::AlreadyExists { id };
            }
        }
        let unmet = commit.guards.iter().find_map(|guard| {
            let expected = Expected::At(guard.version);
            expected.met_by(guard.id, version(guard.id)).err()
        });
        unmet.unwrap_or_else(silent)
    }
}

/// Documents that are kept.
#[derive(Default)]
struct Documents {
    digests: Vec<Vec<u8>>,
    checksums: Vec<i64>,
    jsons: Vec<String>,
}

impl Documents {
    fn of<'a>(all: impl Iterator<Item = &'a Document>) -> Result<Self, RepositoryError> {
        let mut documents = Self::default();
        for document in all {
            let json = json(BACKEND, document)?;
            documents.digests.push(document.digest().as_bytes().to_vec());
            documents.checksums.push(checksum(json.as_bytes()));
            documents.jsons.push(json);
        }
        Ok(documents)
    }
}

/// Events that lose texts, and the answers that would tell what was asked.
#[derive(Default)]
struct Erased {
    kinds: Vec<i16>,
    ids: Vec<Vec<u8>>,
    sequences: Vec<i64>,
    checksums: Vec<i64>,
    jsons: Vec<String>,
    commands: Vec<Vec<u8>>,
    records: Vec<Vec<u8>>,
}

impl Erased {
    /// The log is read for it. Whatever is added meanwhile changes the record, and the commit with it does not land.
    async fn of(ask: &impl Ask, tenant: &TenantId, erasures: &[Erasure]) -> Result<Self, RepositoryError> {
        let mut all = Self::default();
        let mut commands = BTreeSet::new();
        for erasure in erasures {
            let id = erasure.record;
            all.records.push(bytes(id).to_vec());
            for known in read::log(ask, Whose::Of(tenant), tenant, id).await? {
                commands.insert(known.command);
                let erased = known.erased(&erasure.slots).map_err(|error| corrupt(id.to_string(), error))?;
                if erased != known {
                    all.kinds.push(small(kind(id.kind())));
                    all.ids.push(bytes(id).to_vec());
                    all.sequences.push(count(known.sequence.get()));
                    let json = json(BACKEND, &erased)?;
                    all.checksums.push(checksum(json.as_bytes()));
                    all.jsons.push(json);
                }
            }
        }
        all.commands = commands.into_iter().map(|command| sql::command(command).to_vec()).collect();
        Ok(all)
    }
}

/// The records that are written, column by column, and their events.
#[derive(Default)]
pub(super) struct Writes {
    kinds: Vec<i16>,
    ids: Vec<Vec<u8>>,
    expected: Vec<i64>,
    versions: Vec<i64>,
    numbers: Vec<String>,
    stages: Vec<&'static str>,
    dones: Vec<i16>,
    labels: Vec<Option<String>>,
    ranks: Vec<i16>,
    priorities: Vec<String>,
    majors: Vec<i16>,
    groups: Vec<Option<String>>,
    persons: Vec<Option<String>>,
    clocks: Vec<Option<String>>,
    dues: Vec<Option<i64>>,
    wakes: Vec<Option<i64>>,
    reports: Vec<i64>,
    updates: Vec<i64>,
    titles: Vec<String>,
    standings: Vec<Option<String>>,
    subjects: Vec<Option<String>>,
    checksums: Vec<i64>,
    snapshots: Vec<String>,
    firsts: Vec<Option<i64>>,
    lasts: Vec<Option<i64>>,
    ats: Vec<Option<i64>>,
    event_checksums: Vec<i64>,
    event_jsons: Vec<String>,
}

impl Writes {
    pub(super) fn of(writes: &[Write]) -> Result<Self, RepositoryError> {
        let mut all = Self::default();
        for write in writes {
            all.push(write)?;
        }
        Ok(all)
    }

    fn push(&mut self, write: &Write) -> Result<(), RepositoryError> {
        let (id, row) = (write.id(), &write.row);
        let snapshot = snapshot(BACKEND, &write.record)?;
        self.kinds.push(small(kind(id.kind())));
        self.ids.push(bytes(id).to_vec());
        self.expected.push(match write.expected {
            Expected::Absent => 0,
            Expected::At(version) => count(version.get()),
        });
        self.versions.push(count(row.version.get()));
        self.numbers.push(row.number.to_string());
        self.stages.push(row.stage.key());
        self.dones.push(row.stage.is_final().into());
        self.labels.push(row.label.as_ref().map(ToString::to_string));
        self.ranks.push(row.priority.rank().into());
        self.priorities.push(row.priority.name().to_string());
        self.majors.push(row.major.into());
        self.groups.push(row.group.as_ref().map(ToString::to_string));
        self.persons.push(row.person.as_ref().map(ToString::to_string));
        self.clocks.push(row.clock.as_ref().map(ToString::to_string));
        self.dues.push(row.due.map(|at| at.timestamp_micros()));
        self.wakes.push(row.wake_at.map(|at| at.timestamp_micros()));
        self.reports.push(row.reported_at.timestamp_micros());
        self.updates.push(row.updated_at.timestamp_micros());
        self.titles.push(json(BACKEND, &row.title)?);
        self.standings.push(write.terms.standing.as_deref().map(lines));
        self.subjects.push(write.terms.subject.as_deref().map(lines));
        self.checksums.push(checksum(snapshot.as_bytes()));
        self.snapshots.push(snapshot);
        let sequence = |event: &Event| count(event.sequence.get());
        self.firsts.push(write.events.first().map(sequence));
        self.lasts.push(write.events.last().map(sequence));
        self.ats.push(write.events.last().map(|event| event.recorded_at.timestamp_micros()));
        for event in &*write.events {
            let json = json(BACKEND, event)?;
            self.event_checksums.push(checksum(json.as_bytes()));
            self.event_jsons.push(json);
        }
        Ok(())
    }

    /// Remembers what landed.
    fn remember(self, writes: &[Write], recent: &Recent) {
        for ((checksum, json), write) in self.checksums.into_iter().zip(self.snapshots).zip(writes) {
            recent.keep(Snapshot { version: write.row.version, checksum, json, record: write.record.clone() });
        }
    }

    /// The first of them, column by column as the usual statement takes them: the record, and its events as arrays.
    pub(super) fn first(&self) -> Option<[Param<'_>; 25]> {
        Some([
            (self.kinds.first()?, Type::INT2),
            (self.ids.first()?, Type::BYTEA),
            (self.expected.first()?, Type::INT8),
            (self.versions.first()?, Type::INT8),
            (self.numbers.first()?, Type::TEXT),
            (self.stages.first()?, Type::TEXT),
            (self.dones.first()?, Type::INT2),
            (self.labels.first()?, Type::TEXT),
            (self.ranks.first()?, Type::INT2),
            (self.priorities.first()?, Type::TEXT),
            (self.majors.first()?, Type::INT2),
            (self.groups.first()?, Type::TEXT),
            (self.persons.first()?, Type::TEXT),
            (self.clocks.first()?, Type::TEXT),
            (self.dues.first()?, Type::INT8),
            (self.wakes.first()?, Type::INT8),
            (self.reports.first()?, Type::INT8),
            (self.updates.first()?, Type::INT8),
            (self.titles.first()?, Type::TEXT),
            (self.checksums.first()?, Type::INT8),
            (self.snapshots.first()?, Type::TEXT),
            (self.firsts.first()?, Type::INT8),
            (self.ats.first()?, Type::INT8),
            (&self.event_checksums, Type::INT8_ARRAY),
            (&self.event_jsons, Type::TEXT_ARRAY),
        ])
    }

    /// The arrays, as the functions `land` and `write` take them.
    pub(super) fn params(&self) -> [Param<'_>; 28] {
        [
            (&self.kinds, Type::INT2_ARRAY),
            (&self.ids, Type::BYTEA_ARRAY),
            (&self.expected, Type::INT8_ARRAY),
            (&self.versions, Type::INT8_ARRAY),
            (&self.numbers, Type::TEXT_ARRAY),
            (&self.stages, Type::TEXT_ARRAY),
            (&self.dones, Type::INT2_ARRAY),
            (&self.labels, Type::TEXT_ARRAY),
            (&self.ranks, Type::INT2_ARRAY),
            (&self.priorities, Type::TEXT_ARRAY),
            (&self.majors, Type::INT2_ARRAY),
            (&self.groups, Type::TEXT_ARRAY),
            (&self.persons, Type::TEXT_ARRAY),
            (&self.clocks, Type::TEXT_ARRAY),
            (&self.dues, Type::INT8_ARRAY),
            (&self.wakes, Type::INT8_ARRAY),
            (&self.reports, Type::INT8_ARRAY),
            (&self.updates, Type::INT8_ARRAY),
            (&self.titles, Type::TEXT_ARRAY),
            (&self.standings, Type::TEXT_ARRAY),
            (&self.subjects, Type::TEXT_ARRAY),
            (&self.checksums, Type::INT8_ARRAY),
            (&self.snapshots, Type::TEXT_ARRAY),
            (&self.firsts, Type::INT8_ARRAY),
            (&self.lasts, Type::INT8_ARRAY),
            (&self.ats, Type::INT8_ARRAY),
            (&self.event_checksums, Type::INT8_ARRAY),
            (&self.event_jsons, Type::TEXT_ARRAY),
        ]
    }
}

/// The next number for records of a kind: taken alone, so that it does not wait for a transaction of the host's.
pub(super) async fn next_number(ask: &impl Ask, tenant: &TenantId, of: RecordKind) -> Result<u64, RepositoryError> {
    const NUMBER: &str = "take a number";
    let (tenant, of) = (tenant.as_str(), small(kind(of)));
    let patience = ask.lock_patience();
    let values: [Param<'_>; 3] = [(&tenant, Type::TEXT), (&of, Type::INT2), (&patience, Type::INT8)];
    let rows = ask.call("SELECT {schema}.number($1, $2, $3)", &values).await;
    let rows = rows.map_err(|failure| failure.during(NUMBER))?;
    let next = rows.first().ok_or_else(silent)?.count(0);
    next.map_err(|damage| corrupt("a counter".to_owned(), damage))
}
