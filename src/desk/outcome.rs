//! What a command or a read gives back.

use std::sync::Arc;

use crate::{
    actor::ActorId,
    decision::Happening,
    event::{Body, Cause, Event},
    id::{CommandId, Id, Number, Version},
    incident::Incident,
    problem::Problem,
    record::{Audience, Kind, KindEvent as _},
    time::Instant,
};

/// What a command came to: the record after it, and what happened.
#[derive(Debug, Clone)]
pub struct Outcome<K: Kind = Incident> {
    pub(crate) record: Arc<K>,
    pub(crate) version: Version,
    pub(crate) events: Arc<[Event]>,
    pub(crate) command: CommandId,
    pub(crate) repeated: bool,
}

impl Outcome<Incident> {
    /// The incident after the command.
    #[must_use]
    pub fn incident(&self) -> &Incident {
        &self.record
    }
}

impl Outcome<Problem> {
    /// The problem after the command.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.record
    }
}

impl<K: Kind> Outcome<K> {
    /// The record's id.
    #[must_use]
    pub fn id(&self) -> Id<K> {
        self.record.id()
    }

    /// The record's number.
    #[must_use]
    pub fn number(&self) -> &Number {
        self.record.number()
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
pub struct Preview<K: Kind = Incident> {
    record: K,
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
        crate::view::summary(&self.actor, None, &self.body)
    }
}

impl Preview<Incident> {
    /// The incident as it would be. Of a report it has neither id nor number: they are taken when it is made.
    #[must_use]
    pub const fn incident(&self) -> &Incident {
        &self.record
    }
}

impl Preview<Problem> {
    /// The problem as it would be. Of one that is raised it has neither id nor number: they are taken when it is made.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.record
    }
}

impl<K: Kind> Preview<K> {
    pub(super) fn of(record: K, version: Version, happenings: Vec<Happening<K::Event>>, internals: bool) -> Self {
        let shown =
            happenings.into_iter().filter(|happening| internals || happening.event.audience() == Audience::Public);
        let events = shown.map(|happening| Foreseen {
            occurred_at: happening.occurred_at,
            actor: happening.actor,
            cause: happening.cause,
            body: if internals { happening.event } else { happening.event.withheld() }.into(),
        });
        Self { events: events.collect(), record, version }
    }

    /// The version on which it is based; [`Version::NONE`] for a report, or a problem that is raised.
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

/// Declares what comes back for a command of any kind: that for an incident or that for a problem.
macro_rules! of_any_kind {
    ($(#[$doc:meta])* $name:ident of $of:ident; $($(#[$read_doc:meta])* $read:ident -> $type:ty;)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum $name {
            /// For an incident.
            Incident(Box<$of<Incident>>),
            /// For a problem.
            Problem(Box<$of<Problem>>),
        }

        impl $name {
            $($(#[$read_doc])*
            #[must_use]
            pub fn $read(&self) -> $type {
                match self {
                    Self::Incident(incident) => incident.$read(),
                    Self::Problem(problem) => problem.$read(),
                }
            })*

            /// What came back for an incident, if it was one.
            #[must_use]
            pub fn into_incident(self) -> Option<$of<Incident>> {
                match self {
                    Self::Incident(incident) => Some(*incident),
                    Self::Problem(_) => None,
                }
            }

            /// What came back for a problem, if it was one.
            #[must_use]
            pub fn into_problem(self) -> Option<$of<Problem>> {
                match self {
                    Self::Problem(problem) => Some(*problem),
                    Self::Incident(_) => None,
                }
            }
        }

        impl From<$of<Incident>> for $name {
            fn from(incident: $of<Incident>) -> Self {
                Self::Incident(incident.into())
            }
        }

        impl From<$of<Problem>> for $name {
            fn from(problem: $of<Problem>) -> Self {
                Self::Problem(problem.into())
            }
        }
    };
}

of_any_kind! {
    /// What a [`Command`](crate::command::Command) came to, for the kind of record that it was about.
    AnyOutcome of Outcome;
    /// The record's number.
    number -> &Number;
    /// Its version after the command.
    version -> Version;
    /// What happened. Empty if it changed nothing.
    events -> &[Event];
    /// The command's id.
    command -> CommandId;
    /// Whether the command had landed before, and this is its answer once more.
    was_repeated -> bool;
}

of_any_kind! {
    /// What a [`Command`](crate::command::Command) would come to, for the kind of record that it is about.
    AnyPreview of Preview;
    /// The version on which it is based; [`Version::NONE`] for what is not there yet.
    version -> Version;
    /// What would happen. Empty if it changes nothing.
    events -> &[Foreseen];
}

/// A record as somebody sees it now: with everything that has fallen due, stored or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<K: Kind = Incident> {
    pub(crate) record: K,
    pub(crate) version: Version,
}

impl Seen<Incident> {
    /// The incident.
    #[must_use]
    pub const fn incident(&self) -> &Incident {
        &self.record
    }

    /// The incident itself, to `match` on its stage.
    #[must_use]
    pub fn into_incident(self) -> Incident {
        self.record
    }
}

impl Seen<Problem> {
    /// The problem.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.record
    }

    /// The problem itself, to `match` on its stage.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        self.record
    }
}

impl<K: Kind> Seen<K> {
    /// The version that is stored.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }
}
