//! Cursors: where a list or the feed goes on, as a text that means nothing to anybody else.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    digest::{Digest, hex, unhex},
    error::CursorError,
    event::RecordId,
    id::Id,
    incident::Incident,
    key::TenantId,
    store::{FeedPosition, Query, Scope, SortKey, Term},
    time::Instant,
};

/// Where a list or the feed goes on. It is bound to what it was given for: a list's to tenant, viewer,
/// filter and order, the feed's to the tenant. Used elsewhere it is refused.
///
/// As data: a text of letters and digits, fit for a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The cursor as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Cursor {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl FromStr for Cursor {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(text))
    }
}

/// What a cursor is bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Binding([u8; 8]);

/// A list begins with these bytes, the feed with those.
const LIST: u8 = b'L';
const FEED: u8 = b'F';
/// And a list that names its records with this one.
const RECORDS: u8 = b'R';

impl Binding {
    /// A list in a scope.
    pub(super) fn of_list(scope: &Scope, query: &Query) -> Self {
        let mut viewer: Vec<&Term> = scope.viewer.iter().collect();
        viewer.sort_unstable();
        let viewer: Vec<Mark<'_>> = viewer.into_iter().map(Mark).collect();
        Self::of(&(LIST, &scope.tenant, viewer, query))
    }

    /// A list that names its records.
    pub(super) fn of_records(tenant: &TenantId, records: &[Id<Incident>]) -> Self {
        Self::of(&(RECORDS, tenant, records))
    }

    /// The feed of a tenant.
    pub(super) fn of_feed(tenant: &TenantId) -> Self {
        Self::of(&(FEED, tenant))
    }

    fn of(what: &impl Serialize) -> Self {
        let digest = Digest::of(&serde_json::to_vec(what).unwrap_or_default());
        Self(digest.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

/// A term by which a viewer sees records, in words.
struct Mark<'a>(&'a Term);

impl Serialize for Mark<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListPlace {
    /// When what is overdue is judged.
    pub at: Instant,
    pub after: SortKey,
}

impl ListPlace {
    pub(super) fn seal(self, binding: Binding) -> Cursor {
        let Self { at, after } = self;
        let (kind, id) = match after.id {
            RecordId::Incident(id) => (0, id.as_u128()),
            RecordId::Problem(id) => (1, id.as_u128()),
        };
        let mut bytes = vec![LIST];
        bytes.extend(binding.0);
        bytes.extend(at.timestamp_micros().to_be_bytes());
        bytes.extend([after.part, after.rank]);
        bytes.extend(after.at.to_be_bytes());
        bytes.push(kind);
        bytes.extend(id.to_be_bytes());
        Cursor(hex(&bytes))
    }

    pub(super) fn open(cursor: &Cursor, binding: Binding) -> Result<Self, CursorError> {
        let mut read = Reader::<44>::open(cursor, LIST, binding)?;
        let at = Instant::from_timestamp_micros(i64::from_be_bytes(read.take()?)).ok_or(CursorError::Malformed)?;
        let [part, rank] = read.take()?;
        // A list has two parts: no page of it ended in a third.
        if part > 1 {
            return Err(CursorError::Malformed);
        }
        let key = i64::from_be_bytes(read.take()?);
        let [kind] = read.take()?;
        let raw = u128::from_be_bytes(read.take()?);
        let id = match kind {
            0 => RecordId::Incident(Id::from_u128(raw)),
            1 => RecordId::Problem(Id::from_u128(raw)),
            _ => return Err(CursorError::Malformed),
        };
        Ok(Self { at, after: SortKey { part, rank, at: key, id } })
    }
}

/// Where a list that names its records goes on: with the one that has this index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordPlace(pub usize);

impl RecordPlace {
    pub(super) fn seal(self, binding: Binding) -> Cursor {
        let mut bytes = vec![RECORDS];
        bytes.extend(binding.0);
        bytes.extend(u64::try_from(self.0).unwrap_or(u64::MAX).to_be_bytes());
        Cursor(hex(&bytes))
    }

    pub(super) fn open(cursor: &Cursor, binding: Binding) -> Result<Self, CursorError> {
        let mut read = Reader::<17>::open(cursor, RECORDS, binding)?;
        usize::try_from(u64::from_be_bytes(read.take()?)).map(Self).map_err(|_| CursorError::Malformed)
    }
}

pub(super) fn seal_feed(position: FeedPosition, binding: Binding) -> Cursor {
    let mut bytes = vec![FEED];
    bytes.extend(binding.0);
    bytes.extend(position.epoch.to_be_bytes());
    bytes.extend(position.place.to_be_bytes());
    Cursor(hex(&bytes))
}

pub(super) fn open_feed(cursor: &Cursor, binding: Binding) -> Result<FeedPosition, CursorError> {
    let mut read = Reader::<25>::open(cursor, FEED, binding)?;
    Ok(FeedPosition { epoch: u64::from_be_bytes(read.take()?), place: u64::from_be_bytes(read.take()?) })
}

/// Takes the bytes of a cursor one after the other.
struct Reader<const N: usize>(std::array::IntoIter<u8, N>);

impl<const N: usize> Reader<N> {
    fn open(cursor: &Cursor, kind: u8, binding: Binding) -> Result<Self, CursorError> {
        let bytes: [u8; N] = unhex(&cursor.0).ok_or(CursorError::Malformed)?;
        let mut read = Self(bytes.into_iter());
        if read.take() != Ok([kind]) || read.take() != Ok(binding.0) {
            return Err(CursorError::Elsewhere);
        }
        Ok(read)
    }

    fn take<const M: usize>(&mut self) -> Result<[u8; M], CursorError> {
        let mut taken = [0; M];
        for byte in &mut taken {
            *byte = self.0.next().ok_or(CursorError::Malformed)?;
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_where_it_belongs_and_nowhere_else() {
        let tenant = |name: &str| TenantId::new(name).unwrap();
        let (acme, other) = (Scope::everything(&tenant("acme")), Scope::everything(&tenant("other")));
        let id = RecordId::Incident(Id::from_u128(7));
        let after = SortKey { part: 1, rank: 3, at: -5, id };
        let place = ListPlace { at: Instant::from_timestamp_micros(1_000_001).unwrap(), after };
        let cursor = place.seal(Binding::of_list(&acme, &Query::open()));
        assert_eq!(ListPlace::open(&cursor, Binding::of_list(&acme, &Query::open())), Ok(place));
        for elsewhere in [Binding::of_list(&other, &Query::open()), Binding::of_list(&acme, &Query::all())] {
            assert_eq!(ListPlace::open(&cursor, elsewhere), Err(CursorError::Elsewhere));
        }
        let cursor = Cursor(cursor.as_str().chars().skip(2).collect());
        assert_eq!(ListPlace::open(&cursor, Binding::of_list(&acme, &Query::open())), Err(CursorError::Malformed));
    }

    #[test]
    fn the_cursor_of_a_list_is_none_of_the_feed() {
        let tenant = TenantId::new("acme").unwrap();
        let position = FeedPosition { epoch: u64::MAX, place: 3 };
        let cursor = seal_feed(position, Binding::of_feed(&tenant));
        assert_eq!(open_feed(&cursor, Binding::of_feed(&tenant)), Ok(position));
        assert!(ListPlace::open(&cursor, Binding::of_feed(&tenant)).is_err());
        assert_eq!(open_feed(&Cursor::from("né"), Binding::of_feed(&tenant)), Err(CursorError::Malformed));
    }
}
