//! The clocks of an incident: what happens to them is an event like others.

use std::sync::Arc;

use super::{Incident, IncidentEvent, IncidentStage};
use crate::{
    ledger::{Entry, Ledger, LedgerError},
    lifecycle::{In, Stamp, Step},
};

impl From<Entry> for IncidentEvent {
    fn from(entry: Entry) -> Self {
        Self::Clock(entry)
    }
}

/// An entry that does not fit the clocks of a record. It gives both back.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct EntryRefused<T> {
    /// The record, unchanged.
    pub record: Box<T>,
    /// What was to happen.
    pub entry: Entry,
    /// Why it cannot.
    #[source]
    pub error: LedgerError,
}

impl Incident {
    /// Its clocks.
    #[must_use]
    pub fn clocks(&self) -> &Ledger {
        &self.progress().clocks
    }
}

impl<S: IncidentStage> In<S> {
    /// Takes note of what happens to a clock, in any stage. Clocks follow from the agreements of the policy;
    /// the desk makes these steps beside others.
    ///
    /// # Errors
    /// [`EntryRefused`], with the incident and the entry, if there is no such clock, or this cannot happen to it
    /// now.
    pub fn keep_clock(mut self, entry: Entry, stamp: &Stamp<'_>) -> Result<Step<Self>, EntryRefused<Self>> {
        match Arc::make_mut(&mut self.shared.progress.clocks).enter(&entry) {
            Ok(()) => {
                self.shared.progress.record(stamp);
                Ok(Step::new(self, entry.into()))
            }
            Err(error) => Err(EntryRefused { record: Box::new(self), entry, error }),
        }
    }
}
