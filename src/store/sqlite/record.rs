//! A record that a commit writes: its row, its terms, its events, and its place in the feed.

use std::borrow::Cow;

use rusqlite::{
    Connection, OptionalExtension as _, params, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    columns::{At, Count, bytes, checksum, json, kind, lines, snapshot},
    commit::{exists, write as execute},
    error::During as _,
};
use crate::{
    event::{Event, RecordId},
    id::Version,
    key::{ClockName, StageLabel},
    store::{
        IndexRow, RepositoryError, Terms, Write,
        sql::{Snapshot, listed},
    },
};

/// A write in the form in which it is kept. It is made before it is the writer's turn, which does not wait for it then.
pub(super) struct Texts {
    title: String,
    snapshot: Kept,
    standing: Option<String>,
    subject: Option<String>,
    /// Each with its place in the log.
    events: Vec<(Version, Kept)>,
}

/// Something kept as JSON, with its checksum.
struct Kept {
    checksum: i64,
    json: String,
}

impl Kept {
    fn new(json: String) -> Self {
        Self { checksum: checksum(json.as_bytes()), json }
    }
}

impl Texts {
    pub(super) fn of(write: &Write) -> Result<Self, RepositoryError> {
        let event = |event: &Event| Ok((event.sequence, Kept::new(json(event)?)));
        Ok(Self {
            title: json(&write.row.title)?,
            snapshot: Kept::new(snapshot(&write.record)?),
            standing: write.terms.standing.as_ref().map(|terms| lines(terms)),
            subject: write.terms.subject.as_ref().map(|terms| lines(terms)),
            events: write.events.iter().map(event).collect::<Result<_, _>>()?,
        })
    }

    /// The snapshot of what is written, to be remembered.
    pub(super) fn snapshot_of(&self, write: &Write) -> Snapshot {
        let Kept { checksum, json } = &self.snapshot;
        Snapshot { version: write.row.version, checksum: *checksum, json: json.clone(), record: write.record.clone() }
    }
}

/// A stored record before a write: what decides which indexes are touched.
pub(super) struct Before {
    pub version: Version,
    pub slot: i64,
    standing: String,
    indexed: Indexed<'static>,
}

/// The columns of a row that only some commands change, and on which orders depend: those that stay as they are are left
/// out of an update, so that their indexes are left alone.
#[derive(PartialEq)]
struct Indexed<'a> {
    number: Cow<'a, str>,
    done: bool,
    rank: i64,
    group: Option<Cow<'a, str>>,
    person: Option<Cow<'a, str>>,
    due: Option<i64>,
    wake_at: Option<i64>,
    reported_at: i64,
}

impl<'a> Indexed<'a> {
    fn of(row: &'a IndexRow) -> Self {
        Self {
            number: row.number.as_str().into(),
            done: row.stage.is_final(),
            rank: row.priority.rank().into(),
            group: row.group.as_ref().map(|group| group.as_str().into()),
            person: row.person.as_ref().map(|person| person.as_str().into()),
            due: row.due.map(|at| at.timestamp_micros()),
            wake_at: row.wake_at.map(|at| at.timestamp_micros()),
            reported_at: row.reported_at.timestamp_micros(),
        }
    }

    /// Each with its column.
    fn columns(&self) -> [Column<'_>; 8] {
        [
            ("number", text(Some(&self.number))),
            ("done", self.done.into()),
            ("rank", self.rank.into()),
            ("grp", text(self.group.as_deref())),
            ("person", text(self.person.as_deref())),
            ("due", int(self.due)),
            ("wake_at", int(self.wake_at)),
            ("reported_at", self.reported_at.into()),
        ]
    }
}

/// A column, with its value.
type Column<'a> = (&'static str, ToSqlOutput<'a>);

/// A text, if there is one.
fn text(text: Option<&str>) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())))
}

/// A number, if there is one.
fn int(number: Option<i64>) -> ToSqlOutput<'static> {
    ToSqlOutput::Borrowed(number.map_or(ValueRef::Null, ValueRef::Integer))
}

/// The record as it is stored.
pub(super) fn before(connection: &Connection, tenant: i64, id: RecordId) -> Result<Option<Before>, RepositoryError> {
    let sql = "SELECT slot, version, standing, done, rank, grp, person, due, wake_at, reported_at, number \
               FROM record WHERE tenant = ?1 AND kind = ?2 AND id = ?3";
    let mut statement = connection.prepare_cached(sql).during("commit")?;
    let found = statement.query_row(params![tenant, kind(id.kind()), bytes(id)], |row| {
        Ok(Before {
            slot: row.get(0)?,
            version: Version::new(row.get::<_, Count>(1)?.0),
            standing: row.get(2)?,
            indexed: Indexed {
                done: row.get(3)?,
                rank: row.get(4)?,
                group: row.get::<_, Option<String>>(5)?.map(Cow::Owned),
                person: row.get::<_, Option<String>>(6)?.map(Cow::Owned),
                due: row.get(7)?,
                wake_at: row.get(8)?,
                reported_at: row.get(9)?,
                number: Cow::Owned(row.get(10)?),
            },
        })
    });
    found.optional().during("commit")
}

/// Writes a record whose expectations hold.
pub(super) fn write(
    connection: &Connection,
    tenant: i64,
    write: &Write,
    texts: Texts,
    before: Option<Before>,
) -> Result<(), RepositoryError> {
    let Texts { title, snapshot, standing, subject: subject_terms, events } = texts;
    let always = always(&write.row, &title, &snapshot);
    let (slot, seen_before) = match before {
        None => {
            let standing = standing.unwrap_or_default();
            let slot = insert(connection, tenant, write, always, &standing)?;
            mark(connection, tenant, slot, "", &standing)?;
            (slot, None)
        }
        Some(before) => {
            let changed = standing.filter(|standing| *standing != before.standing);
            let slot = before.slot;
            update(connection, slot, &write.row, always, &before.indexed, changed.as_deref())?;
            if let Some(standing) = &changed {
                mark(connection, tenant, slot, &before.standing, standing)?;
            }
            (slot, changed.map(|_| before.standing))
        }
    };
    if let Some(terms) = subject_terms {
        subject(connection, tenant, slot, &terms)?;
    }
    for (sequence, event) in events {
        append(connection, slot, sequence, &event)?;
    }
    deliver(connection, tenant, slot, write, seen_before.as_deref())
}

/// The columns that every write sets, with what the row says.
fn always<'a>(row: &'a IndexRow, title: &'a str, snapshot: &'a Kept) -> [Column<'a>; 10] {
    [
        ("version", int(Some(i64::try_from(row.version.get()).unwrap_or(i64::MAX)))),
        ("stage", text(Some(row.stage.key()))),
        ("label", text(row.label.as_ref().map(StageLabel::as_str))),
        ("priority", text(Some(row.priority.name().as_str()))),
        ("major", row.major.into()),
        ("clock", text(row.clock.as_ref().map(ClockName::as_str))),
        ("updated_at", row.updated_at.timestamp_micros().into()),
        ("title", text(Some(title))),
        ("checksum", snapshot.checksum.into()),
        ("snapshot", text(Some(&snapshot.json))),
    ]
}

fn insert(
    connection: &Connection,
    tenant: i64,
    write: &Write,
    always: [Column<'_>; 10],
    standing: &str,
) -> Result<i64, RepositoryError> {
    let id = write.id();
    let key = bytes(id);
    let indexed = Indexed::of(&write.row);
    let first = [
        ("tenant", tenant.into()),
        ("kind", kind(id.kind()).into()),
        ("id", ToSqlOutput::Borrowed(ValueRef::Blob(&key))),
        ("standing", text(Some(standing))),
    ];
    let (columns, values): (Vec<_>, Vec<_>) = first.into_iter().chain(indexed.columns()).chain(always).unzip();
    let places = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO record ({}) VALUES ({places})", columns.join(", "));
    let mut statement = connection.prepare_cached(&sql).during("commit")?;
    statement.insert(params_from_iter(values)).during("commit")
}

fn update(
    connection: &Connection,
    slot: i64,
    row: &IndexRow,
    always: [Column<'_>; 10],
    before: &Indexed<'_>,
    standing: Option<&str>,
) -> Result<(), RepositoryError> {
    let after = Indexed::of(row);
    let indexed = after.columns().into_iter().zip(before.columns());
    let moved = indexed.filter(|(after, before)| after != before).map(|(after, _)| after);
    let standing = standing.map(|standing| ("standing", text(Some(standing))));
    let (mut sql, mut values) = (String::with_capacity(256), Vec::with_capacity(20));
    sql.push_str("UPDATE record SET ");
    for (column, value) in always.into_iter().chain(moved).chain(standing) {
        let comma = if values.is_empty() { "" } else { ", " };
        sql.extend([comma, column, " = ?"]);
        values.push(value);
    }
    sql.push_str(" WHERE slot = ?");
    values.push(slot.into());
    execute(connection, &sql, params_from_iter(values))
}

/// Brings the terms by which a record is found from one text to another.
pub(super) fn mark(
    connection: &Connection,
    tenant: i64,
    slot: i64,
    before: &str,
    after: &str,
) -> Result<(), RepositoryError> {
    let (before, after) = (listed(before), listed(after));
    for term in before.iter().filter(|term| !after.contains(term)) {
        let sql = "DELETE FROM term WHERE tenant = ?1 AND term = ?2 AND record = ?3";
        execute(connection, sql, params![tenant, term, slot])?;
    }
    for term in after.iter().filter(|term| !before.contains(term)) {
        let sql = "INSERT INTO term (tenant, term, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        execute(connection, sql, params![tenant, term, slot])?;
    }
    Ok(())
}

/// How many terms of a record do not lead to it.
pub(super) fn unlisted(connection: &Connection, tenant: i64, slot: i64, terms: &Terms) -> Result<u64, RepositoryError> {
    let mut missing = 0_u64;
    for terms in [&terms.standing, &terms.subject] {
        for term in listed(&lines(terms)) {
            let sql = "SELECT 1 FROM term WHERE tenant = ?1 AND term = ?2 AND record = ?3";
            if !exists(connection, sql, params![tenant, term, slot])? {
                missing = missing.saturating_add(1);
            }
        }
    }
    Ok(missing)
}

fn subject(connection: &Connection, tenant: i64, slot: i64, terms: &str) -> Result<(), RepositoryError> {
    let sql = "SELECT terms FROM subject WHERE record = ?1";
    let before = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([slot], |row| row.get::<_, String>(0)).optional());
    let before = before.during("commit")?.unwrap_or_default();
    mark(connection, tenant, slot, &before, terms)?;
    let sql = "INSERT INTO subject (record, terms) VALUES (?1, ?2) \
               ON CONFLICT (record) DO UPDATE SET terms = excluded.terms";
    execute(connection, sql, params![slot, terms])
}

fn append(connection: &Connection, slot: i64, sequence: Version, event: &Kept) -> Result<(), RepositoryError> {
    let sql = "INSERT INTO event (record, sequence, checksum, json) VALUES (?1, ?2, ?3, ?4)";
    execute(connection, sql, params![slot, Count(sequence.get()), event.checksum, event.json])
}

/// Puts the write at the end of the feed.
fn deliver(
    connection: &Connection,
    tenant: i64,
    slot: i64,
    write: &Write,
    standing_before: Option<&str>,
) -> Result<(), RepositoryError> {
    let (Some(first), Some(last)) = (write.events.first(), write.events.last()) else { return Ok(()) };
    let sql = "INSERT INTO feed (tenant, place, record, first, last, at, standing_before) VALUES (?1, \
               1 + coalesce((SELECT max(place) FROM feed WHERE tenant = ?1), \
               (SELECT feed_floor FROM tenant WHERE id = ?1)), ?2, ?3, ?4, ?5, ?6)";
    let (first, last, at) = (Count(first.sequence.get()), Count(last.sequence.get()), At(last.recorded_at));
    execute(connection, sql, params![tenant, slot, first, last, at, standing_before])
}
