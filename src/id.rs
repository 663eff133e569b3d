//! Identity: typed ids, human numbers, versions, and where new ids come from.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
    sync::Arc,
    sync::atomic::{self, AtomicU64},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The identifier of a `T`: a UUID that cannot be passed where the id of something else is wanted.
///
/// New ids are UUIDs of version 7 ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562)), so they sort
/// by the time of their making. Text and JSON form: `0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d11`.
///
/// ```compile_fail,E0308
/// # use andon::{Id, incident::Incident, event::Event};
/// fn open(id: Id<Incident>) {}
/// let id: Id<Event> = Id::from_u128(1);
/// open(id);
/// ```
/// ```
/// # use andon::{Id, incident::Incident, event::Event};
/// fn open(id: Id<Incident>) {}
/// let id: Id<Incident> = Id::from_u128(1);
/// open(id);
/// ```
pub struct Id<T: ?Sized> {
    /// As bytes, which stand anywhere: a number would leave gaps in whatever holds an id.
    raw: [u8; 16],
    of: PhantomData<fn() -> T>,
}

impl<T: ?Sized> Id<T> {
    /// The id with these 128 bits.
    #[must_use]
    pub const fn from_u128(raw: u128) -> Self {
        Self { raw: raw.to_be_bytes(), of: PhantomData }
    }

    /// The 128 bits of the id.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        u128::from_be_bytes(self.raw)
    }
}

impl Id<CommandMark> {
    /// The id for a command that has a name of its own, such as `import:INC0042`: the same name gives
    /// the same id, so that doing it again changes nothing. (A UUID of version 8, from the SHA-256 of
    /// the name.)
    #[must_use]
    pub fn named(name: &str) -> Self {
        let digest = crate::digest::Digest::of(name.as_bytes());
        let mut bytes = [0; 16];
        for (byte, digit) in bytes.iter_mut().zip(digest.as_bytes()) {
            *byte = *digit;
        }
        Self::from_u128(uuid::Builder::from_custom_bytes(bytes).into_uuid().as_u128())
    }
}

impl<T: ?Sized> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Id<T> {}

impl<T: ?Sized> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_u128() == other.as_u128()
    }
}

impl<T: ?Sized> Eq for Id<T> {}

impl<T: ?Sized> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: ?Sized> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_u128().cmp(&other.as_u128())
    }
}

impl<T: ?Sized> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_u128().hash(state);
    }
}

impl<T: ?Sized> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&uuid::Uuid::from_bytes(self.raw), f)
    }
}

impl<T: ?Sized> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a UUID, such as 0192f0c4-8d2a-7cc3-9d1e-4f6a2b8c0d11")]
pub struct IdError;

impl<T: ?Sized> FromStr for Id<T> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        uuid::Uuid::try_parse(text).map(|uuid| Self::from_u128(uuid.as_u128())).map_err(|_| IdError)
    }
}

impl<T: ?Sized> Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = uuid::Uuid::encode_buffer();
        serializer.serialize_str(uuid::Uuid::from_bytes(self.raw).hyphenated().encode_lower(&mut buffer))
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for Id<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T: ?Sized>(PhantomData<fn() -> T>);
        impl<T: ?Sized> serde::de::Visitor<'_> for Text<T> {
            type Value = Id<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a UUID")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id<T>, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// Marks the id of a command; see [`CommandId`].
#[derive(Debug)]
#[non_exhaustive]
pub enum CommandMark {}

/// The id of a command. The same id with the same intent gets the same answer, however often it comes.
pub type CommandId = Id<CommandMark>;

/// The version of a record: the sequence number of its last event, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// Before the first event.
    pub const NONE: Self = Self(0);

    /// The version after `events` events.
    #[must_use]
    pub const fn new(events: u64) -> Self {
        Self(events)
    }

    /// The number of events that led to this version.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version after one more event.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number of a record as people say it: `INC0001042`. Unique for a tenant and rising; gaps occur.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Arc<str>", into = "Arc<str>")]
pub struct Number(Arc<str>);

/// A text that is not a record's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number is a prefix of up to 16 letters, digits, '-' or '_', and then 1 to 20 digits")]
pub struct NumberError;

impl Number {
    /// The longest prefix, in bytes.
    pub const MAX_PREFIX: usize = 16;
    /// The most digits.
    pub const MAX_DIGITS: usize = 20;

    /// The number `value` with this prefix, padded with zeros to `width` digits.
    ///
    /// # Errors
    /// [`NumberError`] if the prefix is longer than [`Self::MAX_PREFIX`], contains anything but ASCII
    /// letters, digits, `-` and `_`, or ends with a digit.
    pub fn new(prefix: &str, width: u8, value: u64) -> Result<Self, NumberError> {
        if !Self::is_prefix(prefix) {
            return Err(NumberError);
        }
        let width = usize::from(width).min(Self::MAX_DIGITS);
        Self::try_from(Arc::from(format!("{prefix}{value:0width$}")))
    }

    /// Stands where a number will be taken.
    pub(crate) fn untaken() -> Self {
        Self(Arc::from("0"))
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a prefix can begin a number.
    #[must_use]
    pub fn is_prefix(prefix: &str) -> bool {
        prefix.len() <= Self::MAX_PREFIX
            && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !prefix.ends_with(|c: char| c.is_ascii_digit())
    }
}

impl TryFrom<Arc<str>> for Number {
    type Error = NumberError;

    fn try_from(text: Arc<str>) -> Result<Self, NumberError> {
        let prefix = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = text.len().saturating_sub(prefix.len());
        if Self::is_prefix(prefix) && (1..=Self::MAX_DIGITS).contains(&digits) {
            Ok(Self(text))
        } else {
            Err(NumberError)
        }
    }
}

impl From<Number> for Arc<str> {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::try_from(Arc::from(text))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where new ids and salts come from. Inject [`SequentialIds`] to make a test repeatable.
pub trait IdSource: Send + Sync {
    /// A new id, never given before. `at` is the time that a UUID of version 7 carries.
    fn id(&self, at: DateTime<Utc>) -> u128;

    /// Sixteen bytes that nobody can guess, to salt the digest of an erasable text.
    fn salt(&self) -> [u8; 16];
}

impl<S: IdSource + ?Sized> IdSource for &S {
    fn id(&self, at: DateTime<Utc>) -> u128 {
        (**self).id(at)
    }

    fn salt(&self) -> [u8; 16] {
        (**self).salt()
    }
}

impl<S: IdSource + ?Sized> IdSource for Arc<S> {
    fn id(&self, at: DateTime<Utc>) -> u128 {
        (**self).id(at)
    }

    fn salt(&self) -> [u8; 16] {
        (**self).salt()
    }
}

fn uuid_v7(at: DateTime<Utc>, random: [u8; 10]) -> u128 {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_u128()
}

/// Ids and salts from a counter: the same in every run, for tests and examples.
///
/// The salts can be guessed, so an erased text that was salted with them can be tried out. Do not
/// use it in production.
#[derive(Debug, Default)]
pub struct SequentialIds {
    next: AtomicU64,
}

impl SequentialIds {
    /// A source that begins with 1.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: AtomicU64::new(0) }
    }

    fn step(&self) -> u64 {
        self.next.fetch_add(1, atomic::Ordering::Relaxed).wrapping_add(1)
    }
}

impl IdSource for SequentialIds {
    fn id(&self, at: DateTime<Utc>) -> u128 {
        let mut random = [0; 10];
        for (byte, digit) in random.iter_mut().rev().zip(self.step().to_le_bytes()) {
            *byte = digit;
        }
        uuid_v7(at, random)
    }

    fn salt(&self) -> [u8; 16] {
        u128::from(self.step()).to_be_bytes()
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use system::SystemIds;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod system {
    use std::sync::{Mutex, PoisonError};

    use super::{DateTime, IdSource, Utc, fmt, uuid_v7};

    const POOL: usize = 4096;

    /// Ids and salts from the operating system's randomness. Not on `wasm32-unknown-unknown`, which
    /// has none: inject a source there.
    pub struct SystemIds {
        pool: Mutex<Pool>,
    }

    struct Pool {
        bytes: Box<[u8; POOL]>,
        used: usize,
    }

    impl SystemIds {
        /// A source that asks the operating system in portions of 4 KiB.
        #[must_use]
        pub fn new() -> Self {
            Self { pool: Mutex::new(Pool { bytes: Box::new([0; POOL]), used: POOL }) }
        }

        fn take<const N: usize>(&self) -> [u8; N] {
            let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
            if POOL.saturating_sub(pool.used) < N {
                let refilled = getrandom::fill(&mut pool.bytes[..]).is_ok();
                pool.used = if refilled { 0 } else { POOL };
            }
            let start = pool.used;
            let end = start.saturating_add(N);
            let mut taken = [0; N];
            if let Some(bytes) = pool.bytes.get_mut(start..end) {
                taken.copy_from_slice(bytes);
                bytes.fill(0);
                pool.used = end;
            } else {
                // The operating system gave no randomness. The hasher's keys still differ from
                // process to process and call to call: ids stay unique, which is what they promise.
                for (index, byte) in taken.iter_mut().enumerate() {
                    use std::hash::BuildHasher;
                    let hash = std::collections::hash_map::RandomState::new().hash_one(index);
                    *byte = hash.to_le_bytes()[0];
                }
            }
            taken
        }
    }

    impl Default for SystemIds {
        fn default() -> Self {
            Self::new()
        }
    }

    impl fmt::Debug for SystemIds {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("SystemIds")
        }
    }

    impl IdSource for SystemIds {
        fn id(&self, at: DateTime<Utc>) -> u128 {
            uuid_v7(at, self.take())
        }

        fn salt(&self) -> [u8; 16] {
            self.take()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        let ids = SequentialIds::new();
        let id: Id<str> = Id::from_u128(ids.id(DateTime::UNIX_EPOCH));
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<Id<str>>(&json).unwrap(), id);
        assert!("INC1".parse::<Id<str>>().is_err());
    }

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let ids = SystemIds::new();
        let early = ids.id(DateTime::from_timestamp(1_000, 0).unwrap());
        let late = ids.id(DateTime::from_timestamp(1_001, 0).unwrap());
        assert!(early < late);
        assert_eq!(uuid::Uuid::from_u128(early).get_version_num(), 7);
    }

    #[test]
    fn the_systems_ids_do_not_repeat() {
        let ids = SystemIds::new();
        let mut seen = std::collections::HashSet::new();
        assert!((0..10_000).all(|_| seen.insert(ids.id(DateTime::UNIX_EPOCH))));
        assert!((0..10_000).all(|_| seen.insert(u128::from_be_bytes(ids.salt()))));
    }

    #[test]
    fn a_number_is_a_prefix_and_digits() {
        assert_eq!(Number::new("INC", 7, 1042).unwrap().as_str(), "INC0001042");
        assert_eq!(Number::new("INC", 2, 1042).unwrap().as_str(), "INC1042");
        assert_eq!("INC0001042".parse::<Number>().unwrap().as_str(), "INC0001042");
        assert!("INC".parse::<Number>().is_err());
        assert!("INC 1".parse::<Number>().is_err());
        assert!(Number::new("A2", 3, 7).is_err(), "the prefix would run into the digits");
    }
}
