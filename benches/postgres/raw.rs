//! The engine alone: a statement that loads and one that writes, made by hand, with the same values, which are made ready
//! beforehand. Each comes within a transaction that says whose rows are meant, and all of that in one round trip.

use std::collections::HashMap;

use andon::{
    CommandId,
    event::RecordId,
    store::{Commit, Expected, Record, Term, Write},
};
use futures_util::future::try_join4;
use tokio_postgres::{Client, NoTls, Statement, types::ToSql};

/// What one commit writes, ready to be bound.
pub struct Ready {
    pub id: Vec<u8>,
    pub command: Vec<u8>,
    expected: i64,
    version: i64,
    stage: String,
    done: i16,
    label: Option<String>,
    rank: i16,
    priority: String,
    major: i16,
    group: Option<String>,
    person: Option<String>,
    clock: Option<String>,
    due: Option<i64>,
    wake_at: Option<i64>,
    reported_at: i64,
    updated_at: i64,
    title: String,
    standing: String,
    snapshot: String,
    gone: Vec<String>,
    come: Vec<String>,
    standing_before: Option<String>,
    sequences: Vec<i64>,
    jsons: Vec<String>,
    at: i64,
    salt: Vec<u8>,
    intent: Vec<u8>,
    touched: String,
    maker: i16,
}

/// The terms of records, as their last writes left them.
#[derive(Default)]
pub struct Standing(HashMap<RecordId, (Vec<String>, Vec<String>)>);

fn listed(terms: &[Term]) -> Vec<String> {
    terms.iter().map(ToString::to_string).collect()
}

fn lines(terms: &[String]) -> String {
    terms.iter().fold("\n".to_owned(), |text, term| format!("{text}{term}\n"))
}

pub fn bytes(id: RecordId) -> Vec<u8> {
    match id {
        RecordId::Incident(id) => id.as_u128().to_be_bytes().to_vec(),
        RecordId::Problem(id) => id.as_u128().to_be_bytes().to_vec(),
        _ => unreachable!("there are two kinds of records"),
    }
}

fn command(id: CommandId) -> Vec<u8> {
    id.as_u128().to_be_bytes().to_vec()
}

impl Standing {
    /// Takes down what a commit leaves, and makes its first write ready.
    pub fn ready(&mut self, commit: &Commit) -> Ready {
        let write = &commit.writes[0];
        let known = self.0.entry(write.id()).or_default();
        let before = known.clone();
        if let Some(standing) = &write.terms.standing {
            known.0 = listed(standing);
        }
        if let Some(subject) = &write.terms.subject {
            known.1 = listed(subject);
        }
        let indexed = |(standing, subject): &(Vec<String>, Vec<String>)| -> Vec<String> {
            let all = standing.iter().chain(subject);
            all.filter(|term| !matches!(term.as_str(), "everyone" | "problem:everyone")).cloned().collect()
        };
        let (old, new) = (indexed(&before), indexed(known));
        let gone = old.iter().filter(|term| !new.contains(term)).cloned().collect();
        let come = new.iter().filter(|term| !old.contains(term)).cloned().collect();
        let changed = (before.0 != known.0).then(|| lines(&before.0));
        ready(commit, write, lines(&known.0), gone, come, changed)
    }
}

fn ready(
    commit: &Commit,
    write: &Write,
    standing: String,
    gone: Vec<String>,
    come: Vec<String>,
    standing_before: Option<String>,
) -> Ready {
    let (row, answer) = (&write.row, commit.answer());
    let snapshot = match &write.record {
        Record::Incident(incident) => serde_json::to_string(&**incident).unwrap(),
        record => panic!("{record:?} is no incident"),
    };
    let count = |number: u64| i64::try_from(number).unwrap();
    Ready {
        id: bytes(row.id),
        command: command(commit.command),
        expected: match write.expected {
            Expected::Absent => 0,
            Expected::At(version) => count(version.get()),
        },
        version: count(row.version.get()),
        stage: row.stage.key().to_owned(),
        done: row.stage.is_final().into(),
        label: row.label.as_ref().map(ToString::to_string),
        rank: row.priority.rank().into(),
        priority: row.priority.name().to_string(),
        major: row.major.into(),
        group: row.group.as_ref().map(ToString::to_string),
        person: row.person.as_ref().map(ToString::to_string),
        clock: row.clock.as_ref().map(ToString::to_string),
        due: row.due.map(|at| at.timestamp_micros()),
        wake_at: row.wake_at.map(|at| at.timestamp_micros()),
        reported_at: row.reported_at.timestamp_micros(),
        updated_at: row.updated_at.timestamp_micros(),
        title: serde_json::to_string(&row.title).unwrap(),
        standing,
        snapshot,
        gone,
        come,
        standing_before,
        sequences: write.events.iter().map(|event| count(event.sequence.get())).collect(),
        jsons: write.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect(),
        at: commit.at.timestamp_micros(),
        salt: commit.salt.to_vec(),
        intent: commit.intent.as_bytes().to_vec(),
        touched: serde_json::to_string(&answer.touched).unwrap(),
        maker: answer.made_a_record().into(),
    }
}

const WHOSE: &str = "SELECT set_config('andon.tenant', $1, true)";

const LOAD: &str = "SELECT r.kind, r.id, r.standing, r.version, r.checksum, r.snapshot, a.at, a.salt, a.intent, a.touched, \
    p.version, p.digest FROM (VALUES (1)) one (n) \
    LEFT JOIN andon.record r ON r.tenant = $1 AND r.kind = 1 AND r.id = $2 \
    LEFT JOIN andon.answer a ON a.tenant = $1 AND a.command = $3 \
    LEFT JOIN LATERAL (SELECT p.version, p.digest FROM andon.publication p WHERE p.tenant = $1 \
                       ORDER BY p.version DESC LIMIT 1) p ON true";

const LAND: &str = "WITH written AS ( \
        UPDATE andon.record SET version = $3, stage = $4, done = $5, label = $6, rank = $7, priority = $8, major = $9, \
            grp = $10, person = $11, clock = $12, due = $13, wake_at = $14, reported_at = $15, updated_at = $16, \
            title = $17, standing = $18, checksum = 0, snapshot = $19 \
        WHERE tenant = $1 AND kind = 1 AND id = $2 AND version = $20 \
          AND NOT EXISTS (SELECT FROM andon.publication p WHERE p.tenant = $1) RETURNING id), \
    answered AS ( \
        INSERT INTO andon.answer (tenant, command, at, salt, intent, touched, maker) \
        SELECT $1, $21, $22, $23, $24, $25, $26 FROM written), \
    left_out AS (DELETE FROM andon.term WHERE tenant = $1 AND kind = 1 AND id = $2 AND term = ANY ($27)), \
    borne AS ( \
        INSERT INTO andon.term (tenant, term, kind, id) SELECT $1, t.term, 1, w.id FROM written w, unnest($28::text[]) t (term) \
        ON CONFLICT DO NOTHING), \
    logged AS ( \
        INSERT INTO andon.event (tenant, kind, id, sequence, checksum, json) \
        SELECT $1, 1, w.id, e.sequence, 0, e.json FROM written w, unnest($29::bigint[], $30::text[]) e (sequence, json)), \
    fed AS ( \
        INSERT INTO andon.feed (tenant, kind, id, first, last, at, standing_before) \
        SELECT $1, 1, w.id, ($29::bigint[])[1], ($29::bigint[])[cardinality($29::bigint[])], $22, $31 FROM written w) \
    SELECT count(*) FROM written";

/// The engine alone, on a database of its own.
pub struct Raw {
    client: Client,
    whose: Statement,
    load: Statement,
    land: Statement,
}

const TENANT: &str = "acme";

impl Raw {
    pub async fn open(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let whose = client.prepare(WHOSE).await.unwrap();
        let load = client.prepare(LOAD).await.unwrap();
        let land = client.prepare(LAND).await.unwrap();
        Self { client, whose, load, land }
    }

    /// Runs a statement within a transaction of its own, in one round trip.
    async fn run(&self, statement: &Statement, values: &[&(dyn ToSql + Sync)]) -> Vec<tokio_postgres::Row> {
        let client = &self.client;
        let whose: [&(dyn ToSql + Sync); 1] = [&TENANT];
        let begun = client.batch_execute("BEGIN");
        let named = client.query(&self.whose, &whose);
        let done = client.query(statement, values);
        let ((), _, rows, ()) = try_join4(begun, named, done, client.batch_execute("COMMIT")).await.unwrap();
        rows
    }

    /// What a command does: two round trips.
    pub async fn command(&self, ready: &Ready) {
        let loaded = self.run(&self.load, &[&TENANT, &ready.id, &ready.command]).await;
        assert_eq!(loaded[0].get::<_, i64>(3), ready.expected);
        let values: [&(dyn ToSql + Sync); 31] = [
            &TENANT,
            &ready.id,
            &ready.version,
            &ready.stage,
            &ready.done,
            &ready.label,
            &ready.rank,
            &ready.priority,
            &ready.major,
            &ready.group,
            &ready.person,
            &ready.clock,
            &ready.due,
            &ready.wake_at,
            &ready.reported_at,
            &ready.updated_at,
            &ready.title,
            &ready.standing,
            &ready.snapshot,
            &ready.expected,
            &ready.command,
            &ready.at,
            &ready.salt,
            &ready.intent,
            &ready.touched,
            &ready.maker,
            &ready.gone,
            &ready.come,
            &ready.sequences,
            &ready.jsons,
            &ready.standing_before,
        ];
        let landed = self.run(&self.land, &values).await;
        assert_eq!(landed[0].get::<_, i64>(0), 1, "it was overtaken");
    }
}
