//! Puts the incidents of the log into relation with the problems and changes that it names.

use std::collections::BTreeMap;

use andon::{
    Error, Id, Incident, Problem,
    blocking::ActingDesk,
    command::{IncidentCommand, Raise},
    incident::ExternalReference,
    key::{ExternalKey, SystemName},
    link::Link,
    store::AnyRepository,
};

use super::mapping::Relations;

/// What the log names, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Related {
    named: Vec<(Id<Incident>, Relations)>,
    problems: BTreeMap<String, Id<Problem>>,
    pub links: u64,
    pub change_links: u64,
    pub refused: u64,
}

impl Related {
    /// Takes note of what an incident has to do with.
    pub(crate) fn note(&mut self, incident: Id<Incident>, relations: Relations) {
        if relations.problem.is_some() || !relations.links.is_empty() {
            self.named.push((incident, relations));
        }
    }

    /// How many problems there are.
    pub(crate) fn problems(&self) -> usize {
        self.problems.len()
    }

    /// Raises each problem once, and links its incidents to it.
    pub(crate) fn relate(&mut self, desk: &ActingDesk<AnyRepository>) -> Result<(), Error> {
        for (incident, relations) in std::mem::take(&mut self.named) {
            if let Some(name) = relations.problem {
                let problem = self.problem(desk, &name)?;
                match link(desk, incident, Link::CausedBy(problem)) {
                    Ok(()) => self.links += 1,
                    Err(_) => self.refused += 1,
                }
            }
            for change in relations.links {
                match link(desk, incident, change) {
                    Ok(()) => self.change_links += 1,
                    Err(_) => self.refused += 1,
                }
            }
        }
        Ok(())
    }

    fn problem(&mut self, desk: &ActingDesk<AnyRepository>, name: &str) -> Result<Id<Problem>, Error> {
        if let Some(known) = self.problems.get(name) {
            return Ok(*known);
        }
        let reference = ExternalReference { system: SystemName::new("log")?, key: ExternalKey::new(name)? };
        let raise = Raise { references: vec![reference], ..Raise::new(format!("{name} of the log")) };
        let id = desk.raise(raise)?.id();
        self.problems.insert(name.to_owned(), id);
        Ok(id)
    }
}

fn link(desk: &ActingDesk<AnyRepository>, incident: Id<Incident>, link: Link) -> Result<(), Error> {
    desk.incident(incident).execute(IncidentCommand::Link { link, reason: None }).map(|_| ())
}
