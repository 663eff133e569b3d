//! Whether what is moved holds together.

use super::MovedRecord;
use crate::{
    id::Version,
    incident::Incident,
    key::TenantId,
    problem::Problem,
    store::{Expected, IndexRow, Record, TermChange, Terms, Write},
};

/// What does not fit.
pub(super) struct Misfit(pub &'static str);

impl MovedRecord {
    /// What a store writes to take it in.
    pub(crate) fn write(&self) -> Write {
        Write {
            expected: Expected::Absent,
            record: self.record.clone(),
            row: self.row.clone(),
            terms: TermChange {
                standing: Some(self.terms.standing.clone()),
                subject: Some(self.terms.subject.clone()),
            },
            events: self.events.clone(),
        }
    }

    pub(super) fn check(&self, tenant: &TenantId) -> Result<(), Misfit> {
        let Self { record, row, terms, events } = self;
        let mut version = Version::NONE;
        for event in &**events {
            if event.tenant != *tenant {
                return Err(Misfit("it brings events of another tenant"));
            }
            if event.record != record.id() || event.sequence != version.next() {
                return Err(Misfit("the events of a record do not follow each other, or are another's"));
            }
            version = event.sequence;
        }
        let folded = match record {
            Record::Incident(incident) => Incident::fold(&**events).is_ok_and(|(folded, _)| folded == **incident),
            Record::Problem(problem) => Problem::fold(&**events).is_ok_and(|(folded, _)| folded == **problem),
        };
        if !folded {
            return Err(Misfit("the events of a record do not lead to it"));
        }
        if *row != IndexRow::of(record, version, row.wake_at) {
            return Err(Misfit("a row does not say what its record says"));
        }
        if *terms != Terms::of(record) {
            return Err(Misfit("the terms of a record are not its own"));
        }
        Ok(())
    }
}
