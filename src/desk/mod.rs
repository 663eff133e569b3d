//! The desk: the thin shell around the decisions. It loads, authorises, catches up, decides and
//! commits.
//!
//! ```text
//! command → load record, policy and any earlier answer → visible? → catch up with what has fallen due →
//! allowed? → decide → one commit → on a conflict the same again → outcome
//! ```

mod bulk;
mod cascade;
mod children;
mod clocks;
mod commit;
mod consumer;
mod cursor;
mod due;
mod feed;
mod flow;
mod import;
mod judge;
mod log;
mod merge;
mod merge_plan;
mod observe;
mod options;
mod others;
mod outcome;
mod problem_cascade;
mod problem_verbs;
mod publish;
mod raise;
mod reads;
mod sight;
mod verbs;
mod wake;
mod worklist;

use std::{
    collections::HashMap,
    fmt,
    marker::PhantomData,
    sync::{Arc, PoisonError, RwLock},
};

pub use bulk::{Batch, Bulk, BulkAnswer, Selection};
pub use cascade::{Applied, StepAnswer, StepResult};
pub use clocks::ClockSeen;
pub use consumer::FeedConsumer;
pub use cursor::Cursor;
pub use feed::{Change, Deliveries, Delivery};
pub use import::{History, HistoryStep, Imported, OnRefusal, RefusedStep};
pub use observe::{Observation, Observer};
pub(crate) use options::Options;
pub use outcome::{AnyOutcome, AnyPreview, Foreseen, Outcome, Preview, Seen};
pub(crate) use sight::Sight;
pub use wake::{FailedWake, Woken, WokenRecord};
pub use worklist::{Count, Page};

use crate::{
    actor::Actor,
    command::{
        Command, Raise, Report,
        intent::{NotAsked, intent},
    },
    directory::AnyDirectory,
    error::{Error, Invalid},
    event::PolicyStamp,
    fault::{Fault, Faults},
    id::{CommandId, IdSource},
    incident::{Incident, IncidentEvent},
    key::TenantId,
    lifecycle::{Staged, Step},
    policy::Policy,
    problem::Problem,
    store::{Document, RecordKey, Repository, RepositoryError},
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
    observer: Option<Arc<dyn Observer>>,
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
            observer: self.observer.clone(),
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
            observer: None,
            default_policy: Arc::new(Policy::itil()),
            policies: Arc::default(),
            earlier: due::EarlierPolicies::default(),
        }
    }

    /// With another policy for tenants that have published none.
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

    /// With an observer that hears of every command.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
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
        let Document::Policy(policy) = self.repository.document(tenant, stamp.digest).await?.ok_or_else(missing)?;
        if policy.digest() != stamp.digest {
            return Err(missing());
        }
        let found = InForce { stamp, policy };
        let mut policies = self.policies.write().unwrap_or_else(PoisonError::into_inner);
        // Another call may have learned of a later one meanwhile.
        if policies.get(tenant).is_none_or(|known| known.stamp == used) {
            policies.insert(tenant.clone(), found.clone());
        }
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
            sight: Arc::default(),
            options: Options::default(),
        }
    }
}

/// The desk of one tenant, used by one actor.
pub struct ActingDesk<R> {
    pub(crate) desk: Desk<R>,
    pub(crate) tenant: TenantId,
    pub(crate) actor: Arc<Actor>,
    pub(crate) sight: Arc<Sight>,
    pub(crate) options: Options,
}

impl<R> Clone for ActingDesk<R> {
    fn clone(&self) -> Self {
        Self {
            desk: self.desk.clone(),
            tenant: self.tenant.clone(),
            actor: Arc::clone(&self.actor),
            sight: Arc::clone(&self.sight),
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
    pub async fn execute(&self, command: Command) -> Result<AnyOutcome, Error> {
        Ok(match command {
            Command::Report(report) => self.run_report(*report).await?.into(),
            Command::Incident { id, request } => self.run_requests::<Incident>(&id.into(), &[request]).await?.into(),
            Command::Raise(raise) => self.run_raise(*raise).await?.into(),
            Command::Problem { id, request } => self.run_requests::<Problem>(&id.into(), &[request]).await?.into(),
        })
    }

    /// Raises a problem, from incidents or by foresight. The incidents stay what they are; each is linked to the problem as
    /// caused by it, in the same commit.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every field that is wrong, an incident that does not exist or is linked to a problem
    /// already among them; [`Error::Refused`] without the permission `problem.raise`, or `incident.link` for an
    /// incident.
    pub async fn raise(&self, raise: impl Into<Raise>) -> Result<Outcome<Problem>, Error> {
        self.run_raise(raise.into()).await
    }

    /// What a command would come to. Nothing is stored, and no number is taken.
    ///
    /// # Errors
    /// As the method for that command.
    pub async fn preview(&self, command: Command) -> Result<AnyPreview, Error> {
        Ok(match command {
            Command::Report(report) => self.preview_report(&report).await?.into(),
            Command::Incident { id, request } => {
                self.preview_requests::<Incident>(&id.into(), &[request]).await?.into()
            }
            Command::Raise(raise) => self.preview_raise(&raise).await?.into(),
            Command::Problem { id, request } => self.preview_requests::<Problem>(&id.into(), &[request]).await?.into(),
        })
    }

    /// Commits a step: a move that was made on a typed incident. It is taken as a wish: the desk loads the
    /// incident anew, authorises, checks and applies what the step asks for, like any command.
    ///
    /// ```
    /// use andon::{Actor, Desk, Incident, blocking, incident::Assignment, lifecycle::Stamp};
    ///
    /// let desk = blocking::Desk::from(Desk::in_memory()).tenant("acme")?;
    /// let anna = desk.acting_as(Actor::person("anna")?.role("agent")?);
    /// let id = anna.report("Mail is down")?.id();
    /// # let at = chrono::DateTime::UNIX_EPOCH;
    /// let Incident::New(new) = anna.incident(id).get()?.into_incident() else { return Ok(()) };
    /// let step = new.assign(Assignment { group: Some("Mail".parse()?), person: None }, &Stamp::now(at, &anna.actor().id()));
    /// assert_eq!(anna.commit(step)?.incident().stage(), andon::Stage::Assigned);
    /// # Ok::<(), andon::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for what nobody can ask for, such as what falls due by itself; else as the methods
    /// for the commands.
    pub async fn commit<T>(&self, step: Step<T>) -> Result<Outcome, Error>
    where
        T: Staged<Event = IncidentEvent>,
        Incident: From<T>,
    {
        let Step { next, events } = step.widen::<Incident>();
        let not_asked = |refused: NotAsked| {
            let path = format!("events[{}]", refused.index);
            let faults = Faults::one(Fault::new(path, "step.not_asked", refused.to_string()));
            Error::from(Invalid { code: "step.invalid", subject: "the step".to_owned(), faults })
        };
        let requests = intent(&events).map_err(not_asked)?;
        self.run_requests::<Incident>(&next.id().into(), &requests).await
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// One incident, by its id or its number, to do something to it or to read it.
    #[must_use]
    pub fn incident(&self, key: impl Into<RecordKey>) -> IncidentDesk<R> {
        self.record(key.into())
    }

    /// One problem, by its id or its number, to do something to it or to read it.
    #[must_use]
    pub fn problem(&self, key: impl Into<RecordKey>) -> ProblemDesk<R> {
        self.record(key.into())
    }

    /// One record of a kind.
    pub(crate) fn record<K>(&self, key: RecordKey) -> RecordDesk<R, K> {
        RecordDesk { acting: self.clone(), key, of: PhantomData }
    }
}

/// One record of the kind `K`, to do something to it or to read it.
pub struct RecordDesk<R, K> {
    pub(crate) acting: ActingDesk<R>,
    pub(crate) key: RecordKey,
    of: PhantomData<fn() -> K>,
}

/// One incident, to do something to it or to read it.
pub type IncidentDesk<R> = RecordDesk<R, Incident>;

/// One problem, to do something to it or to read it.
pub type ProblemDesk<R> = RecordDesk<R, Problem>;

impl<R, K> Clone for RecordDesk<R, K> {
    fn clone(&self) -> Self {
        Self { acting: self.acting.clone(), key: self.key.clone(), of: PhantomData }
    }
}

impl<R, K> fmt::Debug for RecordDesk<R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordDesk({}, {})", self.key, self.acting.actor.id())
    }
}
