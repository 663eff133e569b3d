//! Rows, read column by column. What cannot be read was damaged.

use std::{error::Error as StdError, num::NonZeroU8, str::FromStr};

use super::texts::{ROW_WIDTH, checksum};
use crate::{
    digest::Digest,
    event::{Event, PolicyStamp, RecordId},
    id::{Id, Version},
    incident::Incident,
    priority::Priority,
    problem::Problem,
    record::{AnyStage, RecordKind},
    store::{Answer, IndexRow, Loaded, Published, Record},
    time::Instant,
};

/// What is wrong with something that is stored.
pub(in crate::store) type Damage = Box<dyn StdError + Send + Sync>;

/// A row of an engine's.
pub(in crate::store) trait Columns {
    /// The number in a column, if there is one.
    fn int(&self, column: usize) -> Result<Option<i64>, Damage>;
    /// The text in a column, if there is one.
    fn text(&self, column: usize) -> Result<Option<&str>, Damage>;
    /// The bytes in a column, if there are some.
    fn blob(&self, column: usize) -> Result<Option<&[u8]>, Damage>;

    /// The number in a column.
    fn number(&self, column: usize) -> Result<i64, Damage> {
        self.int(column)?.ok_or_else(missing)
    }

    /// The text in a column.
    fn string(&self, column: usize) -> Result<&str, Damage> {
        self.text(column)?.ok_or_else(missing)
    }

    /// A number that is never negative.
    fn count(&self, column: usize) -> Result<u64, Damage> {
        Ok(u64::try_from(self.number(column)?)?)
    }

    /// An instant, if there is one.
    fn instant(&self, column: usize) -> Result<Option<Instant>, Damage> {
        let beyond = || Damage::from("an instant is out of range");
        self.int(column)?.map(|micros| Instant::from_timestamp_micros(micros).ok_or_else(beyond)).transpose()
    }

    /// An instant.
    fn at(&self, column: usize) -> Result<Instant, Damage> {
        self.instant(column)?.ok_or_else(missing)
    }

    /// A key or another text that is read from its written form, if there is one.
    fn key<T: FromStr<Err: StdError + Send + Sync + 'static>>(&self, column: usize) -> Result<Option<T>, Damage> {
        self.text(column)?.map(|text| text.parse().map_err(Damage::from)).transpose()
    }

    /// What is kept as JSON.
    fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, Damage> {
        Ok(serde_json::from_str(self.string(column)?)?)
    }

    /// So many bytes, if there are some.
    fn array<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, Damage> {
        Ok(self.blob(column)?.map(<[u8; N]>::try_from).transpose()?)
    }

    /// A digest.
    fn digest(&self, column: usize) -> Result<Digest, Damage> {
        self.array(column)?.map(Digest::from_bytes).ok_or_else(missing)
    }

    /// The stamp of a policy in this column and the next, if there is one.
    fn stamp(&self, column: usize) -> Result<Option<PolicyStamp>, Damage> {
        let Some(version) = self.int(column)? else { return Ok(None) };
        let digest = self.digest(column.saturating_add(1))?;
        Ok(Some(PolicyStamp { version: u32::try_from(version)?, digest }))
    }
}

fn missing() -> Damage {
    Damage::from("a column is empty")
}

/// What is kept as JSON is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("the checksum does not fit")]
pub(in crate::store) struct Unfit;

/// The id in two columns: kind and bytes.
pub(in crate::store) fn record_id(row: &impl Columns, first: usize) -> Result<RecordId, Damage> {
    let id = u128::from_be_bytes(row.array(first.saturating_add(1))?.ok_or_else(missing)?);
    match row.number(first)? {
        1 => Ok(Id::<Incident>::from_u128(id).into()),
        2 => Ok(Id::<Problem>::from_u128(id).into()),
        _ => Err("the kind is unknown".into()),
    }
}

fn stage(kind: RecordKind, key: &str) -> Option<AnyStage> {
    AnyStage::all().find(|stage| stage.kind() == kind && stage.key() == key)
}

/// The row whose first columns are those of [`ROW`](super::ROW).
pub(in crate::store) fn index_row(row: &impl Columns) -> Result<IndexRow, Damage> {
    const { assert!(ROW_WIDTH == 17) };
    let id = record_id(row, 0)?;
    let rank = u8::try_from(row.number(6)?)?;
    Ok(IndexRow {
        id,
        number: row.key(2)?.ok_or_else(missing)?,
        version: Version::new(row.count(3)?),
        stage: stage(id.kind(), row.string(4)?).ok_or("the stage is unknown")?,
        label: row.key(5)?,
        priority: Priority {
            rank: NonZeroU8::new(rank).ok_or("there is no such rank")?,
            name: row.key(7)?.ok_or_else(missing)?,
        },
        major: row.number(8)? != 0,
        group: row.key(9)?,
        person: row.key(10)?,
        clock: row.key(11)?,
        due: row.instant(12)?,
        wake_at: row.instant(13)?,
        reported_at: row.at(14)?,
        updated_at: row.at(15)?,
        title: row.json(16)?,
    })
}

/// The record whose version, checksum and snapshot stand in this column and the two after it.
pub(in crate::store) fn loaded(row: &impl Columns, id: RecordId, first: usize) -> Result<Loaded, Damage> {
    let (sum, json) = (row.number(first.saturating_add(1))?, row.string(first.saturating_add(2))?);
    decoded(id, row.count(first)?, sum, json)
}

/// The record with this version whose snapshot has this checksum.
pub(in crate::store) fn decoded(id: RecordId, version: u64, sum: i64, json: &str) -> Result<Loaded, Damage> {
    let json = json.as_bytes();
    if checksum(json) != sum {
        return Err(Unfit.into());
    }
    let record = match id.kind() {
        RecordKind::Incident => Record::from(Incident::from_json(json)?),
        RecordKind::Problem => Record::from(Problem::from_json(json)?),
    };
    if record.id() != id {
        return Err("it is the snapshot of another record".into());
    }
    Ok(Loaded { record, version: Version::new(version) })
}

/// The event whose checksum and JSON stand in this column and the next.
pub(in crate::store) fn event(row: &impl Columns, id: RecordId, sequence: u64, first: usize) -> Result<Event, Damage> {
    let json = row.string(first.saturating_add(1))?.as_bytes();
    if checksum(json) != row.number(first)? {
        return Err(Unfit.into());
    }
    let event = Event::from_json(json)?;
    if event.record != id || event.sequence.get() != sequence {
        return Err("it is the event of another place".into());
    }
    Ok(event)
}

/// The answer whose instant, salt, intent, touched records and policy stand in this column and those after it.
pub(in crate::store) fn answer(row: &impl Columns, first: usize) -> Result<Answer, Damage> {
    let at = |offset: usize| first.saturating_add(offset);
    Ok(Answer {
        at: row.at(at(0))?,
        salt: row.array(at(1))?,
        intent: row.digest(at(2))?,
        touched: row.json(at(3))?,
        published: row.stamp(at(4))?,
    })
}

/// What was published: its version and digest, name, publisher, instant and command stand in the first columns.
pub(in crate::store) fn published(row: &impl Columns) -> Result<Published, Damage> {
    Ok(Published {
        stamp: row.stamp(0)?.ok_or_else(missing)?,
        name: row.string(2)?.into(),
        by: row.json(3)?,
        at: row.at(4)?,
        command: Id::from_u128(u128::from_be_bytes(row.array(5)?.ok_or_else(missing)?)),
    })
}
