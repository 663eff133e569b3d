//! A repository that fails on command.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::check::step_back;
use crate::{
    digest::Digest,
    event::RecordId,
    id::CommandId,
    key::TenantId,
    store::{
        Commit, Document, EventPage, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded, LogPart,
        PageRequest, Published, RecordKey, RecordKind, Refused, Repository, RepositoryError, RowPage, Scope, Sweep,
        Wake,
    },
    time::Instant,
};

/// A method of [`Repository`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Method {
    /// [`Repository::load`].
    Load,
    /// [`Repository::load_many`].
    LoadMany,
    /// [`Repository::commit`].
    Commit,
    /// [`Repository::next_number`].
    NextNumber,
    /// [`Repository::events`].
    Events,
    /// [`Repository::page`].
    Page,
    /// [`Repository::count`].
    Count,
    /// [`Repository::wakes`].
    Wakes,
    /// [`Repository::feed`].
    Feed,
    /// [`Repository::changed`].
    Changed,
    /// [`Repository::document`].
    Document,
    /// [`Repository::published`].
    Published,
    /// [`Repository::forget`].
    Forget,
}

/// A call of a [`FaultyRepository`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Of which method.
    pub method: Method,
    /// The command that it was about, for loads and commits.
    pub command: Option<CommandId>,
    /// Whether it reached the repository within. A call that failed before it took effect did not.
    pub reached: bool,
    /// Whether it failed on command.
    pub failed: bool,
}

/// Something that goes wrong: with which call, before or after it takes effect, and as what.
///
/// ```
/// use andon::contract::{Fault, Method};
///
/// let cut_off = Fault::at(3); // the third call from now on does not reach the store
/// let lost_answer = Fault::at(1).of(Method::Commit).after(); // the next commit lands, and nobody is told
/// let slow = Fault::at(2).of(Method::Page).delayed(5); // the second page lets others act five times before
/// ```
pub struct Fault {
    method: Option<Method>,
    left: u64,
    after: bool,
    delay: u32,
    error: Option<RepositoryError>,
    fails: bool,
}

impl Fault {
    /// With the `n`-th call from now on, counted from 1, of any method. It fails as
    /// [`Unavailable`](RepositoryError::Unavailable).
    #[must_use]
    pub const fn at(n: u64) -> Self {
        Self { method: None, left: n, after: false, delay: 0, error: None, fails: true }
    }

    /// Counts the calls of this method only.
    #[must_use]
    pub const fn of(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// After the call has taken effect: its answer is lost. A commit fails as
    /// [`OutcomeUnknown`](RepositoryError::OutcomeUnknown) then.
    #[must_use]
    pub const fn after(mut self) -> Self {
        self.after = true;
        self
    }

    /// Fails with this error.
    #[must_use]
    pub fn with(mut self, error: RepositoryError) -> Self {
        self.error = Some(error);
        self
    }

    /// Lets others act so many times, and does not fail.
    #[must_use]
    pub const fn delayed(mut self, times: u32) -> Self {
        self.delay = times;
        self.fails = false;
        self
    }

    fn error(self, command: Option<CommandId>) -> RepositoryError {
        match (self.error, command) {
            (Some(error), _) => error,
            (None, Some(command)) if self.after => RepositoryError::OutcomeUnknown { command },
            (None, _) => RepositoryError::Unavailable { backend: "faulty", source: "it fails on command".into() },
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("method", &self.method)
            .field("at", &self.left)
            .field("after", &self.after)
            .field("delay", &self.delay)
            .field("fails", &self.fails)
            .finish_non_exhaustive()
    }
}

/// A repository that fails on command, and otherwise does what the one within it does: to test how a host's
/// code, or andon's own, gets on with a store that cannot be reached, that loses answers, or that is slow.
///
/// ```
/// use andon::{MemoryRepository, Repository, contract::{Fault, FaultyRepository, Method}, store::RecordKind};
///
/// # pollster::block_on(async {
/// let repository = FaultyRepository::new(MemoryRepository::new());
/// repository.plan(Fault::at(2).of(Method::NextNumber).after());
///
/// let acme = "acme".parse()?;
/// assert_eq!(repository.next_number(&acme, RecordKind::Incident).await?, 1);
/// assert!(repository.next_number(&acme, RecordKind::Incident).await.is_err()); // 2 is taken, and nobody was told
/// assert_eq!(repository.next_number(&acme, RecordKind::Incident).await?, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FaultyRepository<R> {
    within: R,
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    faults: Vec<Fault>,
    always: u32,
    calls: Vec<Call>,
}

impl<R> FaultyRepository<R> {
    /// A repository to which nothing happens yet.
    #[must_use]
    pub fn new(within: R) -> Self {
        Self { within, script: Mutex::default() }
    }

    /// The repository within, to which nothing ever happens.
    #[must_use]
    pub const fn within(&self) -> &R {
        &self.within
    }

    /// Plans a fault, beside those that are planned. Each happens once.
    pub fn plan(&self, fault: Fault) {
        self.script().faults.push(fault);
    }

    /// Lets others act so many times before and after each call takes effect, from now on.
    pub fn delay_each(&self, times: u32) {
        self.script().always = times;
    }

    /// Drops every fault that is still to come: from now on the store is well again.
    pub fn heal(&self) {
        let mut script = self.script();
        script.faults.clear();
        script.always = 0;
    }

    /// How many faults are still to come.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.script().faults.len()
    }

    /// Every call so far, in the order in which they began.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.script().calls.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a call, and says what becomes of it.
    fn begin(&self, method: Method, command: Option<CommandId>) -> Fate {
        let mut script = self.script();
        let mut fate = Fate { delay: script.always, after: script.always, fault: None };
        let mut coming = Vec::with_capacity(script.faults.len());
        for mut fault in std::mem::take(&mut script.faults) {
            if fault.method.is_none_or(|of| of == method) {
                fault.left = fault.left.saturating_sub(1);
            }
            if fault.left > 0 {
                coming.push(fault);
            } else if !fault.fails {
                let delay = if fault.after { &mut fate.after } else { &mut fate.delay };
                *delay = delay.saturating_add(fault.delay);
            } else if fate.fault.is_none() {
                fate.fault = Some(fault);
            }
        }
        script.faults = coming;
        let reached = fate.fault.as_ref().is_none_or(|fault| fault.after);
        script.calls.push(Call { method, command, reached, failed: fate.fault.is_some() });
        fate
    }
}

/// What becomes of a call.
struct Fate {
    delay: u32,
    after: u32,
    fault: Option<Fault>,
}

impl Fate {
    /// The error, if the call fails before it takes effect.
    async fn before(&mut self, command: Option<CommandId>) -> Option<RepositoryError> {
        for _ in 0..self.delay {
            step_back().await;
        }
        self.fault.take_if(|fault| !fault.after).map(|fault| fault.error(command))
    }

    /// The error, if the answer is lost.
    async fn behind(self, command: Option<CommandId>) -> Option<RepositoryError> {
        for _ in 0..self.after {
            step_back().await;
        }
        self.fault.map(|fault| fault.error(command))
    }
}

impl<R: fmt::Debug> fmt::Debug for FaultyRepository<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyRepository").field("within", &self.within).finish_non_exhaustive()
    }
}

/// Writes the methods that forward to the repository within, each between what goes wrong before and after.
macro_rules! faulty {
    ($($method:ident as $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        $(async fn $method(&self, $($arg: $type),*) -> Result<$output, RepositoryError> {
            let mut fate = self.begin(Method::$name, None);
            if let Some(error) = fate.before(None).await {
                return Err(error);
            }
            let answer = self.within.$method($($arg),*).await;
            match fate.behind(None).await {
                Some(error) => Err(error),
                None => answer,
            }
        })*
    };
}

impl<R: Repository> Repository for FaultyRepository<R> {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        let mut fate = self.begin(Method::Load, command);
        if let Some(error) = fate.before(None).await {
            return Err(error);
        }
        let found = self.within.load(scope, key, command).await;
        match fate.behind(None).await {
            Some(error) => Err(error),
            None => found,
        }
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        let command = Some(commit.command);
        let mut fate = self.begin(Method::Commit, command);
        if let Some(error) = fate.before(command).await {
            return Err(Refused { error, commit: Box::new(commit) });
        }
        let handed_back = fate.fault.is_some().then(|| Box::new(commit.clone()));
        let landed = self.within.commit(tenant, commit).await;
        match (fate.behind(command).await, handed_back) {
            (Some(error), Some(commit)) => Err(Refused { error, commit }),
            _ => landed,
        }
    }

    faulty! {
        load_many as LoadMany(scope: &Scope, records: &[RecordId]) -> Vec<Option<Loaded>>;
        next_number as NextNumber(tenant: &TenantId, kind: RecordKind) -> u64;
        events as Events(scope: &Scope, record: RecordId, part: LogPart) -> EventPage;
        page as Page(scope: &Scope, request: PageRequest<'_>) -> RowPage;
        count as Count(scope: &Scope, filter: &Filter, cap: u64) -> u64;
        wakes as Wakes(sweep: Sweep) -> Vec<Wake>;
        feed as Feed(scope: &Scope, request: FeedRequest<'_>) -> FeedPage;
        changed as Changed(tenant: &TenantId, after: FeedPosition) -> ();
        document as Document(tenant: &TenantId, digest: Digest) -> Option<Document>;
        published as Published(tenant: &TenantId, before: Option<u32>, limit: usize) -> Vec<Published>;
        forget as Forget(before: Instant, limit: usize) -> usize;
    }
}
