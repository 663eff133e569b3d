//! The offsets of one zone over the whole range, as a table: what a compiled calendar keeps of a zone.

use chrono::FixedOffset;

use super::rules::{END_SECONDS, RANGE_END, RANGE_START, ZoneChange, ZoneError, ZoneRules, zone_changes};
use super::walk::DAY;

/// The offsets of a zone, and when they change; all in seconds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offsets {
    first: i64,
    changes: Box<[Change]>,
    told: Box<[ZoneChange]>,
}

/// A change of clocks. The local times from `local_from` to before `local_clear` are skipped by it, or come
/// twice.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    at: i64,
    before: i64,
    after: i64,
    local_from: i64,
    local_clear: i64,
}

impl Offsets {
    pub(super) fn of(rules: &dyn ZoneRules) -> Result<Self, ZoneError> {
        let first = seconds(rules.offset_at(RANGE_START)?);
        let told = zone_changes(rules, RANGE_START, RANGE_END)?;
        let changes = told.iter().map(|change| {
            let (at, before, after) = (change.at.timestamp(), seconds(change.before), seconds(change.after));
            Change {
                at,
                before,
                after,
                local_from: at.saturating_add(before.min(after)),
                local_clear: at.saturating_add(before.max(after)),
            }
        });
        Ok(Self { first, changes: changes.collect(), told: told.into() })
    }

    /// The changes after an instant, in order.
    pub(super) fn changes_after(&self, at: i64) -> &[ZoneChange] {
        let past = self.changes.partition_point(|change| change.at <= at);
        self.told.get(past..).unwrap_or_default()
    }

    /// The offset at an instant.
    pub(super) fn at(&self, instant: i64) -> i64 {
        let past = self.changes.partition_point(|change| change.at <= instant);
        past.checked_sub(1).and_then(|last| self.changes.get(last)).map_or(self.first, |change| change.after)
    }

    /// The instant of a local time: moved forward by a gap, the first one in a fold.
    pub(super) fn instant(&self, local: i64) -> i64 {
        let offset = match self.change_before(local) {
            None => self.first,
            Some(change) if local < change.local_clear => change.before,
            Some(change) => change.after,
        };
        local.saturating_sub(offset)
    }

    /// An instant before which no local time from `local` on lies. It differs from the instant of `local` only
    /// in a gap, of which the end comes before what its parts are moved to.
    pub(super) fn floor(&self, local: i64) -> i64 {
        match self.change_before(local) {
            Some(change) if local < change.local_clear && change.after > change.before => change.at,
            _ => self.instant(local),
        }
    }

    /// The offset by which two days of local time from `local` on are read, if no change comes near.
    pub(super) fn steady(&self, local: i64) -> Option<i64> {
        let past = self.changes.partition_point(|change| change.local_from <= local);
        let clear_after = self.changes.get(past).is_none_or(|next| next.local_from > local.saturating_add(2 * DAY));
        match past.checked_sub(1).and_then(|last| self.changes.get(last)) {
            _ if !clear_after => None,
            None => Some(self.first),
            Some(last) => (last.local_clear <= local).then_some(last.after),
        }
    }

    fn change_before(&self, local: i64) -> Option<&Change> {
        let past = self.changes.partition_point(|change| change.local_from <= local);
        past.checked_sub(1).and_then(|last| self.changes.get(last))
    }
}

fn seconds(offset: FixedOffset) -> i64 {
    i64::from(offset.local_minus_utc())
}

/// The last second of the range.
pub(super) const LAST: i64 = END_SECONDS - 1;
