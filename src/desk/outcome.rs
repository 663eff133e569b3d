//! What a command or a read gives back.

use std::sync::Arc;

use crate::{
    actor::ActorId,
    decision::Happening,
    event::{Body, Cause, Event},
    id::{CommandId, Id, Number, Version},
    incident::{Audience, Incident},
    store::Record,
    time::Instant,
};

/// What a command came to: the record after it, and what happened.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub(crate) record: Arc<Record>,
    pub(crate) version: Version,
    pub(crate) events: Arc<[Event]>,
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

/// What commands would come to, if they were given now. Nothing of it is stored.
///
/// Executing them gives the same, unless something changes before; only the salts of texts, and with them
/// their digests, are others.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    incident: Incident,
    version: Version,
    events: Vec<Foreseen>,
}

/// An event that would happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreseen {
    /// When.
    pub occurred_at: Instant,
    /// Who would have done it.
    pub actor: ActorId,
    /// What would bring it about.
    pub cause: Cause,
    /// What.
    pub body: Body,
}

impl Foreseen {
    /// What would happen, in one line, as a timeline would tell it.
    #[must_use]
    pub fn summary(&self) -> String {
        let Body::Incident(event) = &self.body;
        crate::view::summary(&self.actor, None, event)
    }
}

impl Preview {
    pub(super) fn of(incident: Incident, version: Version, happenings: Vec<Happening>, internals: bool) -> Self {
        let shown =
            happenings.into_iter().filter(|happening| internals || happening.event.audience() == Audience::Public);
        let events = shown.map(|happening| Foreseen {
            occurred_at: happening.occurred_at,
            actor: happening.actor,
            cause: happening.cause,
            body: Body::Incident(if internals { happening.event } else { happening.event.withheld() }),
        });
        Self { events: events.collect(), incident, version }
    }

    /// The incident as it would be. Of a report it has neither id nor number: they are taken when it is made.
    #[must_use]
    pub const fn incident(&self) -> &Incident {
        &self.incident
    }

    /// The version on which it is based; [`Version::NONE`] for a report.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// What would happen: what has fallen due, and what the commands do. Empty if they change nothing.
    #[must_use]
    pub fn events(&self) -> &[Foreseen] {
        &self.events
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
