//! Wakes: which records something falls due on, across tenants, and how sweepers share them.

use serde::{Deserialize, Serialize};

use crate::{event::RecordId, key::TenantId, time::Instant};

/// Into how many buckets records are divided.
pub const BUCKETS: u16 = 1_024;

/// Which records to wake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Those on which something fell due by then.
    pub now: Instant,
    /// At most so many, those first on which something fell due first.
    pub limit: usize,
    /// Those of this share.
    pub share: Share,
    /// Only those that come after this one.
    pub after: Option<Wake>,
}

/// A record on which something falls due. It carries no content. Wakes compare as they come: by when, then by id,
/// then by tenant, for two tenants may have records of one id. It has a JSON form, for stores that keep it and hosts that put
/// it into a queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wake {
    /// When.
    pub at: Instant,
    /// Which.
    pub record: RecordId,
    /// Whose.
    pub tenant: TenantId,
}

/// A share of the records, so that several sweepers do not get in each other's way. It is only a
/// convenience: records that two of them wake at once are woken once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    index: u16,
    of: u16,
}

/// A share that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a share is one of 1 to {BUCKETS}, counted from 0")]
pub struct ShareError;

impl Share {
    /// All records.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// The share with this index of so many.
    ///
    /// # Errors
    /// [`ShareError`] if there are no shares, more than [`BUCKETS`], or none with this index.
    pub const fn new(index: u16, of: u16) -> Result<Self, ShareError> {
        if of == 0 || of > BUCKETS || index >= of { Err(ShareError) } else { Ok(Self { index, of }) }
    }

    /// Its index, and of how many it is one.
    #[cfg(feature = "postgres")]
    pub(super) const fn parts(self) -> (u16, u16) {
        (self.index, self.of)
    }

    /// Whether a record belongs to it.
    #[must_use]
    pub fn holds(self, record: RecordId) -> bool {
        self.holds_bucket(record.bucket())
    }

    /// Whether the records of a bucket belong to it: for stores that keep the bucket in a column.
    #[must_use]
    pub const fn holds_bucket(self, bucket: u16) -> bool {
        match bucket.checked_rem(self.of) {
            Some(index) => index == self.index,
            None => false,
        }
    }
}

impl RecordId {
    /// The bucket of the record: the last ten bits of its id, which are random in ids of the library's own.
    #[must_use]
    pub fn bucket(self) -> u16 {
        let raw = match self {
            Self::Incident(id) => id.as_u128(),
            Self::Problem(id) => id.as_u128(),
        };
        u16::try_from(raw & u128::from(BUCKETS.saturating_sub(1))).unwrap_or(0)
    }
}
