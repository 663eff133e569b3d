//! A desk with a clock that is turned by hand.

use std::sync::Arc;

use super::{Failure, Result, journal::Journal};
use crate::{
    actor::Actor,
    blocking,
    desk::{ActingDesk, Desk, Observer, Options},
    directory::Directory,
    id::{IdSource, SequentialIds},
    key::TenantId,
    policy::Policy,
    store::{MAX_PAGE, MemoryRepository, Repository},
    time::{Instant, ManualTime, TimeSource},
};

/// When a test desk begins: Monday, 8 June 2026, 7:00 UTC.
pub const START: Instant = match chrono::DateTime::from_timestamp(1_780_902_000, 0) {
    Some(start) => start,
    None => Instant::UNIX_EPOCH,
};

/// How often a desk is woken, at most, until nothing is due.
const ROUNDS: usize = 1_000;

/// A desk for tests: over a [`MemoryRepository`] unless another is given, with the ITIL policy, a clock that
/// stands still until it is turned, ids from a counter, and the tenant `acme`. Every run of a test is the
/// same.
///
/// It is used as a blocking desk, by whoever acts; [`acting_as_async`](Self::acting_as_async) gives the other one.
///
/// ```
/// use andon::{Stage, command::Hold, testing::{self, START, TestDesk}, time::{days, hours}};
///
/// # fn main() -> testing::Result {
/// let desk = TestDesk::new();
/// let anna = desk.agent("anna")?;
/// let id = anna.report("Till 3 is dead")?.id();
/// anna.incident(id).hold(Hold::new("awaiting_vendor").until(START + days(2)))?;
///
/// desk.advance(days(2) + hours(1))?; // the clock turns, and what has fallen due is stored
/// assert_eq!(anna.incident(id).get()?.incident().stage(), Stage::New);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestDesk<R = MemoryRepository> {
    desk: Desk<R>,
    time: ManualTime,
    tenant: TenantId,
    journal: Journal,
}

impl<R> Clone for TestDesk<R> {
    fn clone(&self) -> Self {
        Self {
            desk: self.desk.clone(),
            time: self.time.clone(),
            tenant: self.tenant.clone(),
            journal: self.journal.clone(),
        }
    }
}

impl TestDesk {
    /// A desk over an empty [`MemoryRepository`].
    #[must_use]
    pub fn new() -> Self {
        Self::over(MemoryRepository::with_epoch(1))
    }
}

impl Default for TestDesk {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Repository> TestDesk<R> {
    /// A desk over this repository.
    #[must_use]
    pub fn over(repository: R) -> Self {
        let time = ManualTime::at(START);
        let journal = Journal::default();
        let desk = Desk::with_sources(repository, time.clone(), SequentialIds::new()).with_observer(journal.clone());
        Self { desk, time, tenant: TenantId::known("acme"), journal }
    }

    /// With this policy for tenants that have published none.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { desk: self.desk.with_policy(policy), ..self }
    }

    /// With a directory that knows the people.
    #[must_use]
    pub fn with_directory(self, directory: impl Directory + 'static) -> Self {
        Self { desk: self.desk.with_directory(directory), ..self }
    }

    /// With ids from this source.
    #[must_use]
    pub fn with_ids(self, ids: impl IdSource + 'static) -> Self {
        Self { desk: self.desk.with_ids(ids), ..self }
    }

    /// With an observer that hears of every command.
    #[must_use]
    pub fn with_observer(self, observer: impl Observer + 'static) -> Self {
        let journal = self.journal.with(observer);
        Self { desk: self.desk.with_observer(journal.clone()), journal, ..self }
    }

    /// The same desk for another tenant.
    ///
    /// # Errors
    /// If `tenant` is not a key.
    pub fn tenant(&self, tenant: impl AsRef<str>) -> Result<Self> {
        Ok(Self { tenant: TenantId::new(tenant)?, ..self.clone() })
    }

    /// The desk as this actor uses it.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> blocking::ActingDesk<R> {
        blocking::ActingDesk(self.acting_as_async(actor))
    }

    /// The desk as the library itself uses it: it may do and see everything.
    #[must_use]
    pub fn system(&self) -> blocking::ActingDesk<R> {
        self.acting_as(Actor::system())
    }

    /// The asynchronous desk as this actor uses it. [`agent`](super::agent) and its like give the actors:
    /// `desk.acting_as_async(agent("anna")?)`.
    #[must_use]
    pub fn acting_as_async(&self, actor: Actor) -> ActingDesk<R> {
        let (desk, tenant) = (self.desk.clone(), self.tenant.clone());
        ActingDesk { desk, tenant, actor: Arc::new(actor), sight: Arc::default(), options: Options::default() }
    }

    /// The desk itself, for what concerns all tenants.
    #[must_use]
    pub const fn desk(&self) -> &Desk<R> {
        &self.desk
    }

    /// The clock. Turning it here wakes nobody.
    #[must_use]
    pub const fn clock(&self) -> &ManualTime {
        &self.time
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.time.now()
    }

    /// The policy in force for the tenant.
    ///
    /// # Errors
    /// If the repository fails.
    pub fn policy(&self) -> Result<Arc<Policy>> {
        Ok(self.system().policy()?)
    }

    /// Turns the clock on, and wakes the desk until nothing is due.
    ///
    /// # Errors
    /// If something that has fallen due cannot be stored.
    pub fn advance(&self, by: chrono::TimeDelta) -> Result {
        pollster::block_on(self.advance_async(by))
    }

    /// Sets the clock, and wakes the desk until nothing is due.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn at(&self, instant: Instant) -> Result {
        pollster::block_on(self.at_async(instant))
    }

    /// [`advance`](Self::advance), for asynchronous tests.
    ///
    /// # Errors
    /// As there.
    pub async fn advance_async(&self, by: chrono::TimeDelta) -> Result {
        self.time.advance(by);
        self.wake().await
    }

    /// [`at`](Self::at), for asynchronous tests.
    ///
    /// # Errors
    /// As there.
    pub async fn at_async(&self, instant: Instant) -> Result {
        self.time.set(instant);
        self.wake().await
    }

    async fn wake(&self) -> Result {
        for _ in 0..ROUNDS {
            let woken = self.desk.wake(self.now(), MAX_PAGE).await?;
            if let Some(failed) = woken.failed.into_iter().next() {
                let what = format!("{} could not be woken at {}", failed.wake.record, failed.wake.at.to_rfc3339());
                return Err(Failure::from(failed.error).while_doing(&what));
            }
            if woken.records.is_empty() && !woken.more {
                return Ok(());
            }
        }
        Err(Failure::told(format!("something was still due after the desk was woken {ROUNDS} times")))
    }

    pub(super) const fn journal(&self) -> &Journal {
        &self.journal
    }
}
