//! The desk: the thin shell around the decisions. It loads, authorises, catches up, decides and
//! commits.
//!
//! ```text
//! command → load record, policy and any earlier answer → visible? → catch up with what has fallen due →
//! allowed? → decide → one commit → on a conflict the same again → outcome
//! ```

mod due;
mod flow;
mod import;
mod judge;
mod options;
mod outcome;
mod reads;
mod verbs;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

pub use import::{History, HistoryStep, Imported, OnRefusal, RefusedStep};
pub(crate) use options::Options;
pub use outcome::{Outcome, Seen};

use crate::{
    actor::Actor,
    command::{Command, Report},
    directory::AnyDirectory,
    error::{Error, PermissionRefused},
    event::PolicyStamp,
    fault::{Fault, Faults},
    id::{CommandId, IdSource},
    key::TenantId,
    permission::Permission,
    policy::Policy,
    store::{RecordKey, Repository, RepositoryError},
    time::{Instant, TimeSource},
};

/// The desk. Cheap to clone; clones are the same desk.
///
/// It serves any number of tenants. What is the same for all of them, it is given here: the
/// repository, the clock, the source of ids, the directory, and the policy for tenants that have
/// published none.
pub struct Desk<R> {
    repository: Arc<R>,
    time: Arc<dyn TimeSource>,
    pub(crate) ids: Arc<dyn IdSource>,
    directory: Option<AnyDirectory>,
    default_policy: Arc<Policy>,
    /// The policy last seen in force for each tenant.
    policies: Arc<RwLock<HashMap<TenantId, InForce>>>,
    /// Policies that were in force when incidents were resolved which now close by themselves.
    earlier: due::EarlierPolicies,
}

/// A policy and its stamp.
#[derive(Clone)]
pub(crate) struct InForce {
    pub stamp: PolicyStamp,
    pub policy: Arc<Policy>,
}

impl<R> Clone for Desk<R> {
    fn clone(&self) -> Self {
        Self {
            repository: Arc::clone(&self.repository),
            time: Arc::clone(&self.time),
            ids: Arc::clone(&self.ids),
            directory: self.directory.clone(),
            default_policy: Arc::clone(&self.default_policy),
            policies: Arc::clone(&self.policies),
            earlier: due::EarlierPolicies::clone(&self.earlier),
        }
    }
}

impl<R> fmt::Debug for Desk<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Desk<crate::store::MemoryRepository> {
    /// A desk over a new [`MemoryRepository`](crate::store::MemoryRepository), with the system's clock and ids and the ITIL policy.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(crate::store::MemoryRepository::new())
    }
}

impl<R: Repository> Desk<R> {
    /// A desk over this repository, with the system's clock and ids and the ITIL policy.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    #[must_use]
    pub fn new(repository: R) -> Self {
        Self::with_sources(repository, crate::time::SystemTime, crate::id::SystemIds::new())
    }

    /// A desk over this repository, this clock and this source of ids, with the ITIL policy.
    #[must_use]
    pub fn with_sources(repository: R, time: impl TimeSource + 'static, ids: impl IdSource + 'static) -> Self {
        Self {
            repository: Arc::new(repository),
            time: Arc::new(time),
            ids: Arc::new(ids),
            directory: None,
            default_policy: Arc::new(Policy::itil()),
            policies: Arc::default(),
            earlier: due::EarlierPolicies::default(),
        }
    }

    /// With another policy for tenants that have published none. If incidents close by themselves under it
    /// ([`ClosurePolicy::automatic_after_seconds`](crate::policy::ClosurePolicy::automatic_after_seconds)),
    /// publish it before another takes its place: they still close by it, and it is not stored otherwise.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.default_policy = Arc::new(policy);
        self
    }

    /// With this clock.
    #[must_use]
    pub fn with_time(mut self, time: impl TimeSource + 'static) -> Self {
        self.time = Arc::new(time);
        self
    }

    /// With this source of ids.
    #[must_use]
    pub fn with_ids(mut self, ids: impl IdSource + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// With a directory that knows the people.
    #[must_use]
    pub fn with_directory(mut self, directory: impl crate::directory::Directory + 'static) -> Self {
        self.directory = Some(AnyDirectory::new(directory));
        self
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &R {
        &self.repository
    }

    /// The desk for one tenant.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `tenant` is not a key.
    pub fn tenant(&self, tenant: impl AsRef<str>) -> Result<TenantDesk<R>, Error> {
        Ok(TenantDesk { desk: self.clone(), tenant: TenantId::new(tenant)? })
    }

    pub(crate) fn now(&self) -> Instant {
        self.time.now()
    }

    pub(crate) fn mint_command(&self) -> CommandId {
        CommandId::from_u128(self.ids.id(self.now()))
    }

    /// The policy that was last seen in force for the tenant.
    pub(crate) fn known_policy(&self, tenant: &TenantId) -> InForce {
        let known = self.policies.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned();
        known.unwrap_or_else(|| self.default_policy())
    }

    fn default_policy(&self) -> InForce {
        let policy = Arc::clone(&self.default_policy);
        InForce { stamp: policy.stamp(0), policy }
    }

    /// Whether the policy used is the one in force; if not, gets that one.
    pub(crate) async fn learn_policy(
        &self,
        tenant: &TenantId,
        used: PolicyStamp,
        in_force: Option<PolicyStamp>,
    ) -> Result<Option<InForce>, RepositoryError> {
        let Some(stamp) = in_force.filter(|stamp| *stamp != used) else {
            return Ok(None);
        };
        let key = || format!("policy {}", stamp.digest);
        let missing = || RepositoryError::Corrupt { key: key(), source: "the policy in force is not stored".into() };
        let policy = self.repository.policy(tenant, stamp.digest).await?.ok_or_else(missing)?;
        let found = InForce { stamp, policy };
        self.remember(tenant, found.clone());
        Ok(Some(found))
    }

    fn remember(&self, tenant: &TenantId, policy: InForce) {
        self.policies.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone(), policy);
    }
}

/// The desk for one tenant. Nothing of another tenant's can be reached from here.
pub struct TenantDesk<R> {
    desk: Desk<R>,
    tenant: TenantId,
}

impl<R> Clone for TenantDesk<R> {
    fn clone(&self) -> Self {
        Self { desk: self.desk.clone(), tenant: self.tenant.clone() }
    }
}

impl<R> fmt::Debug for TenantDesk<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantDesk({})", self.tenant)
    }
}

impl<R: Repository> TenantDesk<R> {
    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The desk as this actor uses it.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> ActingDesk<R> {
        ActingDesk {
            desk: self.desk.clone(),
            tenant: self.tenant.clone(),
            actor: Arc::new(actor),
            options: Options::default(),
        }
    }
}

/// The desk of one tenant, used by one actor.
pub struct ActingDesk<R> {
    pub(crate) desk: Desk<R>,
    pub(crate) tenant: TenantId,
    pub(crate) actor: Arc<Actor>,
    pub(crate) options: Options,
}

impl<R> Clone for ActingDesk<R> {
    fn clone(&self) -> Self {
        Self {
            desk: self.desk.clone(),
            tenant: self.tenant.clone(),
            actor: Arc::clone(&self.actor),
            options: self.options.clone(),
        }
    }
}

impl<R> fmt::Debug for ActingDesk<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActingDesk({}, {})", self.tenant, self.actor.id())
    }
}

impl<R: Repository> ActingDesk<R> {
    /// Reports an incident.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every field that is wrong, [`Error::ServiceRequest`] if the policy
    /// recognises one, [`Error::Refused`] without the permission `incident.report`, or
    /// `incident.report_for` if somebody else is the caller.
    pub async fn report(&self, report: impl Into<Report>) -> Result<Outcome, Error> {
        self.run_report(report.into()).await
    }

    /// Does what a command asks.
    ///
    /// # Errors
    /// As the method for that command.
    pub async fn execute(&self, command: Command) -> Result<Outcome, Error> {
        match command {
            Command::Report(report) => self.run_report(*report).await,
            Command::Incident { id, request } => self.run_request(&id.into(), &request).await,
        }
    }

    /// One incident, by its id or its number, to do something to it or to read it.
    #[must_use]
    pub fn incident(&self, key: impl Into<RecordKey>) -> IncidentDesk<R> {
        IncidentDesk { acting: self.clone(), key: key.into() }
    }

    /// Puts a policy in force for the tenant.
    ///
    /// # Errors
    /// [`Error::Refused`] without the permission `policy.publish` in the policy that is in force,
    /// [`Error::Policy`] if the new policy would take that permission from the actor.
    pub async fn publish_policy(&self, policy: Policy) -> Result<PolicyStamp, Error> {
        let (in_force, _) = self.load(None, None).await?;
        let permission = Permission::PublishPolicy;
        if in_force.policy.permissions().scopes(&self.actor, permission).is_empty() {
            let actor = self.actor.id().clone();
            return Err(PermissionRefused { code: "policy.publish.refused", permission, actor, number: None }.into());
        }
        // Whoever publishes can publish again: a tenant is not locked out of its own policy by a slip.
        if policy.permissions().scopes(&self.actor, permission).is_empty() {
            let rule = format!("would take `{permission}` from {}, who publishes it", self.actor.id());
            return Err(Faults::one(Fault::new("permissions", "permissions.locked_out", rule)).into());
        }
        let policy = Arc::new(policy);
        let stamp = self
            .desk
            .repository()
            .publish_policy(&self.tenant, Arc::clone(&policy))
            .await
            .map_err(|error| self.failed(error))?;
        self.desk.remember(&self.tenant, InForce { stamp, policy });
        Ok(stamp)
    }

    /// The policy in force for the tenant.
    ///
    /// # Errors
    /// [`Error::Repository`] if it cannot be read.
    pub async fn policy(&self) -> Result<Arc<Policy>, Error> {
        Ok(self.load(None, None).await?.0.policy)
    }
}

/// One incident, to do something to it or to read it.
pub struct IncidentDesk<R> {
    pub(crate) acting: ActingDesk<R>,
    pub(crate) key: RecordKey,
}

impl<R> Clone for IncidentDesk<R> {
    fn clone(&self) -> Self {
        Self { acting: self.acting.clone(), key: self.key.clone() }
    }
}

impl<R> fmt::Debug for IncidentDesk<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IncidentDesk({}, {})", self.key, self.acting.actor.id())
    }
}
