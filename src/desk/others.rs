//! What is judged of the other records that a command names, or that name its own.

use super::{ActingDesk, InForce, merge::merged_into};
use crate::{
    decision::{Managed, Must, Other, invalid},
    error::Error,
    event::RecordId,
    fault::{Fault, Faults},
    id::{Id, Number},
    incident::{Incident, Stage},
    problem::Closure,
    record::{Kind, RecordKind},
    store::{Filter, Guard, Loaded, Record, RecordKey, Repository, Scope, Term},
};

impl<R: Repository> ActingDesk<R> {
    /// Guards the other record that a command names: it must be there, be the actor's to see, and not change until the
    /// commit.
    pub(super) async fn guard<K: Managed>(
        &self,
        other: Option<Other>,
        verb: K::Verb,
        record: Option<&K>,
    ) -> Result<Vec<Guard>, Error> {
        let itself = |other: &Other| record.is_some_and(|record| K::key(record.id()) == other.record);
        let Some(other) = other.filter(|other| !itself(other)) else {
            return Ok(Vec::new());
        };
        let found = self.seen_by_all(other.record).await?;
        if let Some(loaded) = found.as_ref().filter(|loaded| other.must.holds_for(&loaded.record)) {
            return Ok(vec![Guard { id: other.record, version: loaded.version }]);
        }
        let fault = Box::pin(self.fault_of(other, found.as_ref())).await?;
        Err(invalid(Faults::one(fault), verb, record.map(Kind::number)))
    }

    /// The other record, as it is stored, if there is one that the actor may see.
    pub(super) async fn seen_by_all(&self, other: RecordId) -> Result<Option<Loaded>, Error> {
        Ok(self.load(Some(&RecordKey::Id(other)), None).await?.1.record)
    }

    /// Why the other record will not do.
    pub(super) async fn fault_of(&self, other: Other, found: Option<&Loaded>) -> Result<Fault, Error> {
        let Other { record, path, must } = other;
        // The command names no problem: what it is told about one that it may not see would be news.
        let Some(found) = found else {
            return Ok(match must {
                Must::BeFixed => not_resolved(path, "its problem"),
                _ => unknown(path, record.kind()),
            });
        };
        Ok(match (&found.record, must) {
            (Record::Problem(problem), Must::BeFixed) => {
                not_resolved(path, &format!("{}, which is {}", problem.number(), problem.stage()))
            }
            (Record::Incident(parent), Must::BeResolved) => {
                let rule = format!("names {}, which is {} and not resolved", parent.number(), parent.stage());
                Fault::new(path, "link.parent_open", rule)
            }
            (Record::Incident(named), _) => match (named.links().parent(), merged_into(named)) {
                (_, Some(master)) => {
                    let rule =
                        format!("names {}, which is itself a duplicate{}", named.number(), self.of(master).await?);
                    Fault::new(path, "record.cancelled", rule)
                }
                (Some(parent), _) if named.stage() != Stage::Cancelled => {
                    let rule = format!("names {}, which is itself a child{}", named.number(), self.of(parent).await?);
                    Fault::new(path, "link.third_level", rule)
                }
                _ => {
                    Fault::new(path, "record.cancelled", format!("names {}, which is cancelled itself", named.number()))
                }
            },
            (Record::Problem(named), _) => {
                Fault::new(path, "record.cancelled", format!("names {}, which is dismissed itself", named.number()))
            }
        })
    }

    /// The numbers of these records, of those that the actor may see.
    pub(super) async fn numbers_of(&self, records: Vec<RecordId>) -> Result<Vec<(RecordId, Number)>, Error> {
        let mut numbers = Vec::with_capacity(records.len());
        for record in records {
            numbers.extend(self.seen_by_all(record).await?.map(|loaded| (record, loaded.record.number().clone())));
        }
        Ok(numbers)
    }

    /// ` of INC0000042; name that`, if the actor may see it.
    async fn of(&self, incident: Id<Incident>) -> Result<String, Error> {
        let seen = self.seen_by_all(incident.into()).await?;
        Ok(seen.map_or_else(String::new, |loaded| format!(" of {}; name that", loaded.record.number())))
    }

    /// Whether no record bears a term that none may bear for a command to be taken.
    pub(super) async fn must_be_unused<K: Managed>(
        &self,
        policy: &InForce,
        term: &Term,
        path: &'static str,
        verb: K::Verb,
        record: &K,
    ) -> Result<(), Error> {
        let (filter, rule) = match term {
            Term::ChildOf(parent) => (
                Filter { child_of: vec![*parent], ..Filter::default() },
                "makes it a child, and it has children itself",
            ),
            Term::DuplicateOf(master) => (
                Filter { duplicate_of: vec![*master], ..Filter::default() },
                "makes it a duplicate, and it has duplicates itself: point those to the other incident first, as a merge \
                 of many does",
            ),
            _ => return Ok(()),
        };
        let repository = self.desk.repository();
        let all = repository.count(&Scope::everything(&self.tenant), &filter, MOST_TOLD).await;
        if all.map_err(|error| self.failed(error))? == 0 {
            return Ok(());
        }
        let seen =
            repository.count(&self.scope(policy), &filter, MOST_TOLD).await.map_err(|error| self.failed(error))?;
        let told = if seen == 0 { String::new() } else { format!(" ({seen} that you may see)") };
        let fault = Fault::new(path, "link.third_level", format!("{rule}{told}"));
        Err(invalid(Faults::one(fault), verb, Some(record.number())))
    }
}

/// How many are counted to tell of them.
const MOST_TOLD: u64 = 1_000;

fn not_resolved(path: &'static str, problem: &str) -> Fault {
    let rule = format!("says that {problem} resolved it, whose fix is not known to be applied");
    Fault::new(path, "problem.not_resolved", rule)
}

/// The fault of naming a record that is not there, or not the actor's to see.
pub(super) fn unknown(path: impl Into<String>, kind: RecordKind) -> Fault {
    let kind = match kind {
        RecordKind::Incident => "an incident",
        RecordKind::Problem => "a problem",
    };
    Fault::new(path, "record.unknown", format!("names {kind} that does not exist, or is not yours to see"))
}

impl Must {
    /// Whether a record is what it must be.
    pub(super) fn holds_for(self, record: &Record) -> bool {
        match (self, record) {
            (Self::Exist, _) => true,
            (Self::Live, Record::Incident(incident)) => incident.stage() != Stage::Cancelled,
            (Self::BeNoChild, Record::Incident(incident)) => {
                incident.stage() != Stage::Cancelled && incident.links().parent().is_none()
            }
            (Self::BeNoDuplicate, Record::Incident(incident)) => merged_into(incident).is_none(),
            (Self::BeResolved, Record::Incident(incident)) => {
                matches!(incident.stage(), Stage::Resolved | Stage::Closed)
            }
            (Self::Live, Record::Problem(problem)) => !matches!(problem.closure(), Some(Closure::Dismissed(_))),
            (Self::BeFixed, Record::Problem(problem)) => problem.is_fixed(),
            (Self::BeFixed, Record::Incident(_))
            | (Self::BeNoChild | Self::BeNoDuplicate | Self::BeResolved, Record::Problem(_)) => false,
        }
    }
}
