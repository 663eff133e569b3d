//! How a durable store is.

use super::RepositoryError;
use crate::{event::RecordId, key::TenantId};

/// How a store is: what a host shows to whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Which kind of store.
    pub backend: &'static str,
    /// The version of its engine.
    pub engine: String,
    /// The file or schema.
    pub place: String,
    /// The version of its schema.
    pub schema: u32,
    /// The version of the schema that this library needs.
    pub needed: u32,
    /// How large it is, its log included.
    pub bytes: u64,
    /// How large its log is, where it has one beside it.
    pub log_bytes: u64,
}

/// What was found when everything was read.
#[derive(Debug, Default)]
pub struct Inspection {
    /// How many records were read.
    pub records: u64,
    /// How many events of sound records were read.
    pub events: u64,
    /// Each record that is not as it was written. The others are readable.
    pub damages: Vec<Inspected>,
    /// Whether there are more damaged records than are told of.
    pub more: bool,
    /// What the engine says about its own structures; nothing if it finds them sound.
    pub engine: Vec<String>,
}

/// A record that is not as it was written.
#[derive(Debug)]
pub struct Inspected {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub record: RecordId,
    /// What is wrong.
    pub error: RepositoryError,
}

impl Inspection {
    /// Whether nothing was found to be wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty() && self.engine.is_empty()
    }
}
