//! What a command or a read gives back.

use std::sync::Arc;

use crate::{
    event::Event,
    id::{CommandId, Id, Number, Version},
    incident::Incident,
    store::Record,
};

/// What a command came to: the record after it, and what happened.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub(crate) record: Arc<Record>,
    pub(crate) version: Version,
    pub(crate) events: Vec<Event>,
    pub(crate) command: CommandId,
    pub(crate) repeated: bool,
}

impl Outcome {
    /// The incident after the command.
    #[must_use]
    pub fn incident(&self) -> &Incident {
        let Record::Incident(incident) = &*self.record;
        incident
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Id<Incident> {
        self.incident().id()
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> &Number {
        self.incident().number()
    }

    /// Its version after the command.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// What happened: what had fallen due before, and what the command did. Empty if it changed nothing.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The command's id, the caller's or the one that the desk took.
    #[must_use]
    pub const fn command(&self) -> CommandId {
        self.command
    }

    /// Whether the command had landed before, and this is its answer once more.
    #[must_use]
    pub const fn was_repeated(&self) -> bool {
        self.repeated
    }
}

/// An incident as somebody sees it now: with everything that has fallen due, stored or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub(crate) incident: Incident,
    pub(crate) version: Version,
}

impl Seen {
    /// The incident.
    #[must_use]
    pub const fn incident(&self) -> &Incident {
        &self.incident
    }

    /// The version that is stored.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The incident itself, to `match` on its stage.
    #[must_use]
    pub fn into_incident(self) -> Incident {
        self.incident
    }
}
