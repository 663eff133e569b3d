//! A calendar: validated, compiled, and shared by its clones.

use std::{fmt, sync::Arc};

use chrono::{DateTime, FixedOffset};

use super::{
    CalendarDraft, CalendarError, ZoneName,
    dates::Dates,
    index::{Index, WINDOW},
    walk::Walk,
};
use crate::{digest::Digest, time::Instant};

/// A business calendar: when a desk, a customer or a vendor is at work.
///
/// It is made from a [`CalendarDraft`], never changes, and is cheap to clone. Two are equal if they were
/// resolved from the same draft and their zone has the same offsets. [The room](super) says what its answers
/// mean.
#[derive(Clone)]
pub struct Calendar(Arc<Compiled>);

struct Compiled {
    draft: CalendarDraft,
    resolved: CalendarDraft,
    zone: ZoneName,
    zone_data: Box<str>,
    digest: Digest,
    dates: Dates,
    index: Index,
}

impl Calendar {
    pub(super) fn of(
        draft: CalendarDraft,
        resolved: CalendarDraft,
        zone: ZoneName,
        zone_data: &str,
        dates: Dates,
    ) -> Self {
        let digest = Digest::of(&serde_json::to_vec(&resolved).unwrap_or_default());
        let index = Index::of(Walk::new(&dates, WINDOW.0, WINDOW.1));
        Self(Arc::new(Compiled { draft, resolved, zone, zone_data: zone_data.into(), digest, dates, index }))
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.draft.name
    }

    /// The zone in whose local time it is.
    #[must_use]
    pub fn zone(&self) -> &ZoneName {
        &self.0.zone
    }

    /// The version of the zone data by which it was compiled, as their source tells it.
    #[must_use]
    pub fn zone_data(&self) -> &str {
        &self.0.zone_data
    }

    /// What the clock on the wall shows at an instant.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for an instant outside the years 1970 to 2099.
    pub fn local(&self, at: Instant) -> Result<DateTime<FixedOffset>, CalendarError> {
        let offset = self.0.dates.offsets.at(super::seconds::in_range(at.timestamp())?);
        let offset = i32::try_from(offset).ok().and_then(FixedOffset::east_opt).ok_or(CalendarError::BeyondRange)?;
        Ok(at.with_timezone(&offset))
    }

    /// The draft of which it was made.
    #[must_use]
    pub fn draft(&self) -> &CalendarDraft {
        &self.0.draft
    }

    /// The draft with all that it takes from its bases: it stands on nothing, and makes the same calendar.
    #[must_use]
    pub fn resolved(&self) -> &CalendarDraft {
        &self.0.resolved
    }

    /// The SHA-256 digest of the JSON of the [resolved](Self::resolved) draft. It names what was agreed, down
    /// to each holiday, whichever bases that came from; zone data are not in it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// About how many bytes its index takes.
    #[must_use]
    pub fn index_bytes(&self) -> usize {
        self.0.index.bytes()
    }

    pub(super) fn never_opens(&self) -> bool {
        self.index().total() == 0
    }

    #[inline]
    pub(super) fn dates(&self) -> &Dates {
        &self.0.dates
    }

    #[inline]
    pub(super) fn index(&self) -> &Index {
        &self.0.index
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.resolved == other.0.resolved && self.0.dates.offsets == other.0.dates.offsets)
    }
}

impl Eq for Calendar {}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar").field("name", &self.name()).field("zone", self.zone()).finish_non_exhaustive()
    }
}
