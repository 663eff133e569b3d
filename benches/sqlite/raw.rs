//! The engine alone: the same statements with the same values, which are made ready beforehand.

use andon::{
    event::RecordId,
    store::{Commit, Expected, Write},
};
use rusqlite::{Connection, OptionalExtension as _, params, types::Value};

/// What one commit writes, ready to be bound.
pub struct Ready {
    command: [u8; 16],
    at: i64,
    salt: [u8; 16],
    intent: Vec<u8>,
    touched: String,
    maker: bool,
    writes: Vec<ReadyWrite>,
}

struct ReadyWrite {
    id: [u8; 16],
    new: bool,
    number: String,
    /// The columns that change, with their values.
    columns: Vec<(&'static str, Value)>,
    standing: Option<String>,
    subject: Option<String>,
    events: Vec<(i64, i64, String)>,
    at: i64,
}

pub fn bytes(id: RecordId) -> [u8; 16] {
    match id {
        RecordId::Incident(id) => id.as_u128().to_be_bytes(),
        RecordId::Problem(id) => id.as_u128().to_be_bytes(),
        _ => unreachable!("there are two kinds of records"),
    }
}

fn lines(terms: &[andon::store::Term]) -> String {
    terms.iter().fold("\n".to_owned(), |text, term| format!("{text}{term}\n"))
}

impl Ready {
    pub fn of(commit: &Commit) -> Self {
        let answer = commit.answer();
        Self {
            command: commit.command.as_u128().to_be_bytes(),
            at: commit.at.timestamp_micros(),
            salt: commit.salt,
            intent: commit.intent.as_bytes().to_vec(),
            touched: serde_json::to_string(&answer.touched).unwrap(),
            maker: answer.made_a_record(),
            writes: commit.writes.iter().map(ready).collect(),
        }
    }
}

fn ready(write: &Write) -> ReadyWrite {
    let row = &write.row;
    let snapshot = match &write.record {
        andon::store::Record::Incident(incident) => serde_json::to_string(&**incident).unwrap(),
        record => panic!("{record:?} is no incident"),
    };
    let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    let micros = |at: Option<andon::time::Instant>| at.map_or(Value::Null, |at| Value::Integer(at.timestamp_micros()));
    let new = write.expected == Expected::Absent;
    let columns = vec![
        ("version", Value::Integer(i64::try_from(row.version.get()).unwrap())),
        ("stage", Value::Text(row.stage.key().to_owned())),
        ("label", text(row.label.as_ref().map(ToString::to_string))),
        ("priority", Value::Text(row.priority.name().to_string())),
        ("major", Value::Integer(row.major.into())),
        ("clock", text(row.clock.as_ref().map(ToString::to_string))),
        ("updated_at", Value::Integer(row.updated_at.timestamp_micros())),
        ("title", Value::Text(serde_json::to_string(&row.title).unwrap())),
        ("checksum", Value::Integer(0)),
        ("snapshot", Value::Text(snapshot)),
        ("done", Value::Integer(row.stage.is_final().into())),
        ("rank", Value::Integer(row.priority.rank().into())),
        ("grp", text(row.group.as_ref().map(ToString::to_string))),
        ("person", text(row.person.as_ref().map(ToString::to_string))),
        ("due", micros(row.due)),
        ("wake_at", micros(row.wake_at)),
        ("reported_at", Value::Integer(row.reported_at.timestamp_micros())),
    ];
    ReadyWrite {
        id: bytes(row.id),
        new,
        number: row.number.to_string(),
        columns,
        standing: write.terms.standing.as_ref().map(|terms| lines(terms)),
        subject: write.terms.subject.as_ref().map(|terms| lines(terms)),
        events: write
            .events
            .iter()
            .map(|event| (i64::try_from(event.sequence.get()).unwrap(), 0, serde_json::to_string(event).unwrap()))
            .collect(),
        at: row.updated_at.timestamp_micros(),
    }
}

/// The columns that every update sets; of the others, those that change.
const ALWAYS: usize = 10;

/// The engine alone, on a file of its own.
pub struct Raw(pub Connection);

impl Raw {
    pub fn open(path: &std::path::Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.set_prepared_statement_cache_capacity(256);
        for (pragma, value) in [("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "ON")] {
            connection
                .pragma_update_and_check(None, pragma, value, |_| Ok(()))
                .or_else(|_| connection.pragma_update(None, pragma, value))
                .unwrap();
        }
        connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        connection.pragma_update(None, "temp_store", "MEMORY").unwrap();
        connection.pragma_update_and_check(None, "wal_autocheckpoint", 4_000, |_| Ok(())).unwrap();
        connection.pragma_update(None, "cache_size", -4_000).unwrap();
        Self(connection)
    }

    fn run(&self, sql: &str, with: impl rusqlite::Params) -> usize {
        self.0.prepare_cached(sql).unwrap().execute(with).unwrap()
    }

    fn found(&self, sql: &str, with: impl rusqlite::Params) -> bool {
        self.0.prepare_cached(sql).unwrap().exists(with).unwrap()
    }

    /// What a command loads.
    pub fn load(&self, id: [u8; 16], command: [u8; 16]) -> usize {
        self.run_nothing("BEGIN");
        self.found("SELECT id FROM tenant WHERE key = ?1", ["acme"]);
        let sql = "SELECT kind, id, standing, version, checksum, snapshot FROM record \
                   WHERE tenant = 1 AND kind = 1 AND id = ?1";
        let mut statement = self.0.prepare_cached(sql).unwrap();
        let length = statement.query_row([id], |row| Ok(row.get_ref(5)?.as_bytes()?.len())).unwrap();
        self.found("SELECT at FROM answer WHERE tenant = 1 AND command = ?1", [command]);
        self.found("SELECT version FROM publication WHERE tenant = 1 ORDER BY version DESC LIMIT 1", []);
        self.run_nothing("COMMIT");
        length
    }

    pub fn run_nothing(&self, sql: &str) {
        self.0.prepare_cached(sql).unwrap().execute([]).unwrap();
    }

    /// What a commit does, within a transaction.
    pub fn commit(&self, ready: &Ready) {
        self.found("SELECT id FROM tenant WHERE key = ?1", ["acme"]);
        self.found("SELECT at FROM answer WHERE tenant = 1 AND command = ?1", [ready.command]);
        self.found("SELECT version FROM publication WHERE tenant = 1 ORDER BY version DESC LIMIT 1", []);
        let before: Vec<_> = ready.writes.iter().map(|write| self.before(write)).collect();
        self.run(
            "INSERT INTO answer (tenant, command, at, salt, intent, touched, policy_version, policy_digest, maker, read) \
             VALUES (1, ?1, ?2, ?3, ?4, ?5, NULL, NULL, ?6, NULL)",
            params![ready.command, ready.at, ready.salt, ready.intent, ready.touched, ready.maker],
        );
        for (write, before) in ready.writes.iter().zip(before) {
            self.write(write, before);
        }
    }

    fn before(&self, write: &ReadyWrite) -> Option<(i64, String, Vec<Value>)> {
        let sql = "SELECT slot, version, standing, done, rank, grp, person, due, wake_at, reported_at, number FROM record \
                   WHERE tenant = 1 AND kind = 1 AND id = ?1";
        let mut statement = self.0.prepare_cached(sql).unwrap();
        let found = statement.query_row([write.id], |row| {
            let values = (3..10).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>()?;
            Ok((row.get(0)?, row.get(2)?, values))
        });
        let found = found.optional().unwrap();
        if found.is_none() {
            self.found("SELECT 1 FROM record WHERE tenant = 1 AND number = ?1", [&write.number]);
        }
        found
    }

    fn write(&self, write: &ReadyWrite, before: Option<(i64, String, Vec<Value>)>) {
        let (slot, standing_before) = match before {
            None => {
                let mut columns = vec!["tenant", "kind", "id", "number", "standing"];
                let mut values = vec![
                    Value::Integer(1),
                    Value::Integer(1),
                    Value::Blob(write.id.to_vec()),
                    Value::Text(write.number.clone()),
                    Value::Text(write.standing.clone().unwrap()),
                ];
                for (column, value) in &write.columns {
                    columns.push(column);
                    values.push(value.clone());
                }
                let places = vec!["?"; columns.len()].join(", ");
                let sql = format!("INSERT INTO record ({}) VALUES ({places})", columns.join(", "));
                let slot = self.0.prepare_cached(&sql).unwrap().insert(rusqlite::params_from_iter(values)).unwrap();
                (slot, None)
            }
            Some((slot, standing, indexed)) => {
                let moved =
                    write.columns[ALWAYS..].iter().zip(&indexed).filter(|((_, after), before)| after != *before);
                let changed = write.standing.clone().filter(|after| *after != standing);
                let (mut sets, mut values) = (Vec::new(), Vec::new());
                for (column, value) in write.columns[..ALWAYS].iter().chain(moved.map(|(after, _)| after)) {
                    sets.push(format!("{column} = ?"));
                    values.push(value.clone());
                }
                if let Some(changed) = &changed {
                    sets.push("standing = ?".to_owned());
                    values.push(Value::Text(changed.clone()));
                }
                values.push(Value::Integer(slot));
                let sql = format!("UPDATE record SET {} WHERE slot = ?", sets.join(", "));
                self.run(&sql, rusqlite::params_from_iter(values));
                (slot, changed.is_some().then_some(standing))
            }
        };
        if write.new || standing_before.is_some() {
            self.mark(
                slot,
                standing_before.as_deref().unwrap_or_default(),
                write.standing.as_deref().unwrap_or_default(),
            );
        }
        if let Some(subject) = &write.subject {
            let sql = "SELECT terms FROM subject WHERE record = ?1";
            self.found(sql, [slot]);
            self.mark(slot, "", subject);
            self.run(
                "INSERT INTO subject (record, terms) VALUES (?1, ?2) \
                 ON CONFLICT (record) DO UPDATE SET terms = excluded.terms",
                params![slot, subject],
            );
        }
        for (sequence, sum, json) in &write.events {
            self.run(
                "INSERT INTO event (record, sequence, checksum, json) VALUES (?1, ?2, ?3, ?4)",
                params![slot, sequence, sum, json],
            );
        }
        let (first, last) = (write.events.first().unwrap().0, write.events.last().unwrap().0);
        self.run(
            "INSERT INTO feed (tenant, place, record, first, last, at, standing_before) VALUES (1, \
             1 + coalesce((SELECT max(place) FROM feed WHERE tenant = 1), \
             (SELECT feed_floor FROM tenant WHERE id = 1)), ?1, ?2, ?3, ?4, ?5)",
            params![slot, first, last, write.at, standing_before],
        );
    }

    fn mark(&self, slot: i64, before: &str, after: &str) {
        let listed = |lines: &str| -> Vec<String> {
            let lines = lines.split('\n').filter(|line| !matches!(*line, "" | "everyone" | "problem:everyone"));
            lines.map(str::to_owned).collect()
        };
        let (before, after) = (listed(before), listed(after));
        for term in before.iter().filter(|term| !after.contains(term)) {
            self.run("DELETE FROM term WHERE tenant = 1 AND term = ?1 AND record = ?2", params![term, slot]);
        }
        for term in after.iter().filter(|term| !before.contains(term)) {
            self.run(
                "INSERT INTO term (tenant, term, record) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING",
                params![term, slot],
            );
        }
    }
}
