//! The same desk for synchronous code: no runtime, no threads. Every method waits for its
//! asynchronous twin on the present thread.
//!
//! A desk over another repository, clock or policy is built as an asynchronous one and turned round:
//! `blocking::Desk::from(Desk::with_sources(repository, time, ids).with_policy(policy))`.
//!
//! ```
//! use andon::{Actor, blocking::Desk};
//!
//! let desk = Desk::in_memory().tenant("acme")?.acting_as(Actor::person("anna")?.role("agent")?);
//! let incident = desk.report("Mail is down")?;
//! assert_eq!(incident.number().as_str(), "INC0000001");
//! # Ok::<(), andon::Error>(())
//! ```

use std::sync::Arc;

use crate::{
    actor::Actor,
    command::{Command, Report},
    decision::AllowedMove,
    desk::{self, History, Imported, Outcome, Seen},
    error::Error,
    event::{Event, PolicyStamp},
    id::{CommandId, Version},
    key::{CorrelationKey, RuleId},
    policy::Policy,
    store::{RecordKey, Repository},
    time::Instant,
};

/// The desk; see [`Desk`](desk::Desk). Cheap to clone.
#[derive(Debug)]
pub struct Desk<R>(pub(crate) desk::Desk<R>);

/// The desk for one tenant; see [`TenantDesk`](desk::TenantDesk).
#[derive(Debug)]
pub struct TenantDesk<R>(pub(crate) desk::TenantDesk<R>);

/// The desk of one tenant, used by one actor; see [`ActingDesk`](desk::ActingDesk).
#[derive(Debug)]
pub struct ActingDesk<R>(pub(crate) desk::ActingDesk<R>);

/// One incident; see [`IncidentDesk`](desk::IncidentDesk).
#[derive(Debug)]
pub struct IncidentDesk<R>(pub(crate) desk::IncidentDesk<R>);

macro_rules! clones {
    ($($name:ident),*) => {$(
        impl<R> Clone for $name<R> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }
    )*};
}

clones!(Desk, TenantDesk, ActingDesk, IncidentDesk);

impl<R> From<desk::Desk<R>> for Desk<R> {
    fn from(desk: desk::Desk<R>) -> Self {
        Self(desk)
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Desk<crate::store::MemoryRepository> {
    /// A desk in memory, with the system's clock and ids and the ITIL policy.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(desk::Desk::in_memory())
    }
}

impl<R: Repository> Desk<R> {
    /// The desk for one tenant.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `tenant` is not a key.
    pub fn tenant(&self, tenant: impl AsRef<str>) -> Result<TenantDesk<R>, Error> {
        self.0.tenant(tenant).map(TenantDesk)
    }
}

impl<R: Repository> TenantDesk<R> {
    /// The desk as this actor uses it.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> ActingDesk<R> {
        ActingDesk(self.0.acting_as(actor))
    }
}

impl<R: Repository> ActingDesk<R> {
    /// Reports an incident.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::report).
    pub fn report(&self, report: impl Into<Report>) -> Result<Outcome, Error> {
        pollster::block_on(self.0.report(report))
    }

    /// Does what a command asks.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::execute).
    pub fn execute(&self, command: Command) -> Result<Outcome, Error> {
        pollster::block_on(self.0.execute(command))
    }

    /// Imports the history of one incident.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::import).
    pub fn import(&self, history: &History) -> Result<Imported, Error> {
        pollster::block_on(self.0.import(history))
    }

    /// One incident, by its id or its number.
    #[must_use]
    pub fn incident(&self, key: impl Into<RecordKey>) -> IncidentDesk<R> {
        IncidentDesk(self.0.incident(key))
    }

    /// Puts a policy in force for the tenant.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::publish_policy).
    pub fn publish_policy(&self, policy: Policy) -> Result<PolicyStamp, Error> {
        pollster::block_on(self.0.publish_policy(policy))
    }

    /// The policy in force for the tenant.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::policy).
    pub fn policy(&self) -> Result<Arc<Policy>, Error> {
        pollster::block_on(self.0.policy())
    }
}

impl<R: Repository> IncidentDesk<R> {
    /// The incident as it is now.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::get).
    pub fn get(&self) -> Result<Seen, Error> {
        pollster::block_on(self.0.get())
    }

    /// The moves that the actor has now.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::allowed_moves).
    pub fn allowed_moves(&self) -> Result<Vec<AllowedMove>, Error> {
        pollster::block_on(self.0.allowed_moves())
    }

    /// A page of its log.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::events).
    pub fn events(&self, from: Version, limit: usize) -> Result<(Vec<Event>, Option<Version>), Error> {
        pollster::block_on(self.0.events(from, limit))
    }
}

/// The options of a command, as the asynchronous twins have them.
macro_rules! options {
    ($($type:ident),*) => {$(
        impl<R: Repository> $type<R> {
            /// With this command id; see [`with_command`](desk::ActingDesk::with_command).
            #[must_use]
            pub fn with_command(self, id: CommandId) -> Self {
                Self(self.0.with_command(id))
            }

            /// As having happened then; see [`occurring_at`](desk::ActingDesk::occurring_at).
            #[must_use]
            pub fn occurring_at(self, at: Instant) -> Self {
                Self(self.0.occurring_at(at))
            }

            /// Only at this version; see [`if_version`](desk::ActingDesk::if_version).
            #[must_use]
            pub fn if_version(self, version: Version) -> Self {
                Self(self.0.if_version(version))
            }

            /// As a part of something larger; see [`correlated`](desk::ActingDesk::correlated).
            #[must_use]
            pub fn correlated(self, key: CorrelationKey) -> Self {
                Self(self.0.correlated(key))
            }

            /// As brought about by a rule; see [`by_rule`](desk::ActingDesk::by_rule).
            #[must_use]
            pub fn by_rule(self, rule: RuleId) -> Self {
                Self(self.0.by_rule(rule))
            }
        }
    )*};
}

options!(ActingDesk, IncidentDesk);
