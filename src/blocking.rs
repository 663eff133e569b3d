//! The same desk for synchronous code: no runtime, no threads. Every method waits for its
//! asynchronous twin on the present thread.
//!
//! In an asynchronous program use [`desk::Desk`], or call this within `spawn_blocking`: on a thread of the
//! runtime that moves a store's connections it may wait for ever. What is asynchronous of a repository itself, as opening
//! PostgreSQL, `health`, `backup` and `close`, any executor can wait for: `pollster::block_on`.
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
    cascade::{Carried, Plan},
    command::{Command, IncidentCommand, Raise, Report},
    decision::{AllowedMove, Managed},
    desk::{
        self, AnyOutcome, AnyPreview, Applied, Batch, ClockSeen, Count, Cursor, Deliveries, History, Imported, Outcome,
        Page, Preview, Seen, Selection, Woken,
    },
    error::Error,
    event::{Event, PolicyStamp, RecordId},
    id::{CommandId, Version},
    incident::{Incident, IncidentEvent},
    key::{CorrelationKey, RuleId},
    ledger::{ClockId, Explanation},
    lifecycle::{Staged, Step},
    policy::Policy,
    problem::Problem,
    sla::Considered,
    store::{FeedKeeper, Filter, Published, Query, RecordKey, Repository, Share},
    time::Instant,
    view::{ClockView, MoveView, OpenedView, ProblemView, RecordView, TimelineEntry},
    waiting::wait,
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

/// The same command on many incidents; see [`Bulk`](desk::Bulk).
#[derive(Debug)]
pub struct Bulk<R>(desk::Bulk<R>);

/// A consumer of a tenant's feed; see [`FeedConsumer`](desk::FeedConsumer).
///
/// ```
/// use andon::{Actor, blocking::Desk, store::Filter};
///
/// let desk = Desk::in_memory().tenant("acme")?.acting_as(Actor::person("anna")?.role("agent")?);
/// desk.report("Mail is down")?;
///
/// let mailer = desk.consumer("mailer")?;
/// let news = mailer.next(&Filter::default(), 100)?;
/// mailer.acknowledge(&news.next)?;
/// assert!(mailer.next(&Filter::default(), 100)?.deliveries.is_empty());
/// # Ok::<(), andon::Error>(())
/// ```
#[derive(Debug)]
pub struct FeedConsumer<R>(desk::FeedConsumer<R>);

/// One record of the kind `K`; see [`RecordDesk`](desk::RecordDesk).
#[derive(Debug)]
pub struct RecordDesk<R, K>(pub(crate) desk::RecordDesk<R, K>);

/// One incident; see [`IncidentDesk`](desk::IncidentDesk).
pub type IncidentDesk<R> = RecordDesk<R, Incident>;

/// One problem; see [`ProblemDesk`](desk::ProblemDesk).
pub type ProblemDesk<R> = RecordDesk<R, Problem>;

impl<R, K> Clone for RecordDesk<R, K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

macro_rules! clones {
    ($($name:ident),*) => {$(
        impl<R> Clone for $name<R> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }
    )*};
}

clones!(Desk, TenantDesk, ActingDesk);

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
    /// Stores what has fallen due by `now`, of all tenants, on at most `limit` records.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::Desk::wake).
    pub fn wake(&self, now: Instant, limit: usize) -> Result<Woken, Error> {
        wait(self.0.wake(now, limit))
    }

    /// Stores what has fallen due on the records of a share.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::Desk::wake_share).
    pub fn wake_share(&self, now: Instant, limit: usize, share: Share) -> Result<Woken, Error> {
        wait(self.0.wake_share(now, limit, share))
    }

    /// Lets go of the answers to commands that are older than `before`.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::Desk::forget).
    pub fn forget(&self, before: Instant, limit: usize) -> Result<usize, Error> {
        wait(self.0.forget(before, limit))
    }

    /// The desk for one tenant.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `tenant` is not a key.
    pub fn tenant(&self, tenant: impl AsRef<str>) -> Result<TenantDesk<R>, Error> {
        self.0.tenant(tenant).map(TenantDesk)
    }
}

impl<R: FeedKeeper> Desk<R> {
    /// Lets go of what was recorded in the feeds before `before`, and that no consumer has yet to acknowledge.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::Desk::trim_feed).
    pub fn trim_feed(&self, before: Instant, limit: usize) -> Result<usize, Error> {
        wait(self.0.trim_feed(before, limit))
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
        wait(self.0.report(report))
    }

    /// Does what a command asks.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::execute).
    pub fn execute(&self, command: Command) -> Result<AnyOutcome, Error> {
        wait(self.0.execute(command))
    }

    /// What a command would come to. Nothing is stored.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::preview).
    pub fn preview(&self, command: Command) -> Result<AnyPreview, Error> {
        wait(self.0.preview(command))
    }

    /// Commits a step: a move that was made on a typed incident.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::commit).
    pub fn commit<T>(&self, step: Step<T>) -> Result<Outcome, Error>
    where
        T: Staged<Event = IncidentEvent>,
        Incident: From<T>,
    {
        wait(self.0.commit(step))
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        self.0.actor()
    }

    /// The same command on many incidents.
    #[must_use]
    pub fn bulk(&self, selection: impl Into<Selection>, request: IncidentCommand) -> Bulk<R> {
        Bulk(self.0.bulk(selection, request))
    }

    /// Plans what a record carries to other incidents. Nothing is stored.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::plan_cascade).
    pub fn plan_cascade(
        &self,
        source: impl Into<RecordId> + Send,
        selection: impl Into<Selection> + Send,
        carried: &Carried,
    ) -> Result<Plan, Error> {
        wait(self.0.plan_cascade(source, selection, carried))
    }

    /// Does some steps of a plan.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::apply_plan).
    pub fn apply_plan(&self, plan: &Plan, from: usize, limit: usize) -> Result<Applied, Error> {
        wait(self.0.apply_plan(plan, from, limit))
    }

    /// A page of the incidents that match a query and that the actor may see.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::worklist).
    pub fn worklist(&self, query: &Query, after: Option<&Cursor>, limit: usize) -> Result<Page, Error> {
        wait(self.0.worklist(query, after, limit))
    }

    /// How many incidents match and may be seen, up to `cap`.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::count).
    pub fn count(&self, filter: &Filter, cap: u64) -> Result<Count, Error> {
        wait(self.0.count(filter, cap))
    }

    /// How many incidents match each of several queries, up to `cap`.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::counts).
    pub fn counts(&self, queries: &[Query], cap: u64) -> Result<Vec<Count>, Error> {
        wait(self.0.counts(queries, cap))
    }

    /// A page of what happened after a cursor.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::feed).
    pub fn feed(&self, after: Option<&Cursor>, filter: &Filter, limit: usize) -> Result<Deliveries, Error> {
        wait(self.0.feed(after, filter, limit))
    }

    /// Waits until something has happened after a cursor. It holds the thread for as long as nothing does: to wait
    /// for a bounded time, wait for the asynchronous twin with a timer.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::changed).
    pub fn changed(&self, after: &Cursor) -> Result<(), Error> {
        wait(self.0.changed(after))
    }

    /// Imports the history of one incident.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::import).
    pub fn import(&self, history: &History) -> Result<Imported, Error> {
        wait(self.0.import(history))
    }

    /// One incident, by its id or its number.
    #[must_use]
    pub fn incident(&self, key: impl Into<RecordKey>) -> IncidentDesk<R> {
        RecordDesk(self.0.incident(key))
    }

    /// One problem, by its id or its number.
    #[must_use]
    pub fn problem(&self, key: impl Into<RecordKey>) -> ProblemDesk<R> {
        RecordDesk(self.0.problem(key))
    }

    /// Raises a problem, from incidents or by foresight.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::raise).
    pub fn raise(&self, raise: impl Into<Raise>) -> Result<Outcome<Problem>, Error> {
        wait(self.0.raise(raise))
    }

    /// A page of the problems that match a query and that the actor may see.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::problems).
    pub fn problems(&self, query: &Query, after: Option<&Cursor>, limit: usize) -> Result<Page<Problem>, Error> {
        wait(self.0.problems(query, after, limit))
    }

    /// Puts a policy in force for the tenant.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::publish_policy).
    pub fn publish_policy(&self, policy: Policy) -> Result<PolicyStamp, Error> {
        wait(self.0.publish_policy(policy))
    }

    /// The policy in force for the tenant.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::policy).
    pub fn policy(&self) -> Result<Arc<Policy>, Error> {
        wait(self.0.policy())
    }

    /// What was published for the tenant, the newest first.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ActingDesk::policy_history).
    pub fn policy_history(&self, before: Option<u32>, limit: usize) -> Result<Vec<Published>, Error> {
        wait(self.0.policy_history(before, limit))
    }
}

impl<R: FeedKeeper> ActingDesk<R> {
    /// A consumer of the feed with this name.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `name` is not a key.
    pub fn consumer(&self, name: impl AsRef<str>) -> Result<FeedConsumer<R>, Error> {
        self.0.consumer(name).map(FeedConsumer)
    }
}

impl<R: FeedKeeper> FeedConsumer<R> {
    /// The changes after the last one that was acknowledged.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::FeedConsumer::next).
    pub fn next(&self, filter: &Filter, limit: usize) -> Result<Deliveries, Error> {
        wait(self.0.next(filter, limit))
    }

    /// Says that everything up to this cursor is dealt with.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::FeedConsumer::acknowledge).
    pub fn acknowledge(&self, cursor: &Cursor) -> Result<(), Error> {
        wait(self.0.acknowledge(cursor))
    }

    /// The last cursor that was acknowledged; `None` if none was.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::FeedConsumer::acknowledged).
    pub fn acknowledged(&self) -> Result<Option<Cursor>, Error> {
        wait(self.0.acknowledged())
    }

    /// Forgets the consumer, so that the feed is no longer kept for it; says whether there was one.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::FeedConsumer::remove).
    pub fn remove(&self) -> Result<bool, Error> {
        wait(self.0.remove())
    }
}

impl<R: Repository> Bulk<R> {
    /// The id of the whole: name it to apply the same again.
    #[must_use]
    pub const fn command(&self) -> CommandId {
        self.0.command()
    }

    /// What the command would come to on the next incidents. Nothing is stored.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::Bulk::preview).
    pub fn preview(&self, after: Option<&Cursor>, limit: usize) -> Result<Batch<Preview>, Error> {
        wait(self.0.preview(after, limit))
    }

    /// Does it to the next incidents.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::Bulk::apply).
    pub fn apply(&self, after: Option<&Cursor>, limit: usize) -> Result<Batch<Outcome>, Error> {
        wait(self.0.apply(after, limit))
    }
}

#[expect(private_bounds, reason = "only the kinds of the library have it, and no others can be added")]
impl<R: Repository, K: Managed> RecordDesk<R, K> {
    /// The record as it is now.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::RecordDesk::get).
    pub fn get(&self) -> Result<Seen<K>, Error> {
        wait(self.0.get())
    }

    /// The record as it was known then.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::RecordDesk::as_of).
    pub fn as_of(&self, at: Instant) -> Result<Seen<K>, Error> {
        wait(self.0.as_of(at))
    }

    /// A page of its timeline, the newest entries first.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::RecordDesk::timeline).
    pub fn timeline(&self, to: Option<Version>, limit: usize) -> Result<(Vec<TimelineEntry>, Option<Version>), Error> {
        wait(self.0.timeline(to, limit))
    }

    /// A page of its log.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::RecordDesk::events).
    pub fn events(&self, from: Version, limit: usize) -> Result<(Vec<Event>, Option<Version>), Error> {
        wait(self.0.events(from, limit))
    }
}

impl<R: Repository> IncidentDesk<R> {
    /// The incident as a front-end shows it.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::view).
    pub fn view(&self) -> Result<RecordView, Error> {
        wait(self.0.view())
    }
    /// Its clocks as they are now.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::clocks).
    pub fn clocks(&self) -> Result<Vec<ClockSeen>, Error> {
        wait(self.0.clocks())
    }

    /// Its clocks as a front-end shows them.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::clock_views).
    pub fn clock_views(&self) -> Result<Vec<ClockView>, Error> {
        wait(self.0.clock_views())
    }

    /// What counted for a clock of this metric until now, and why.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::explain_clock).
    pub fn explain_clock(&self, metric: &str) -> Result<Option<Explanation>, Error> {
        wait(self.0.explain_clock(metric))
    }

    /// What counted for this clock until now, and why.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::explain_clock_by_id).
    pub fn explain_clock_by_id(&self, clock: impl Into<ClockId>) -> Result<Option<Explanation>, Error> {
        wait(self.0.explain_clock_by_id(clock))
    }

    /// Which agreements hold for it, and why the others do not.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::agreements).
    pub fn agreements(&self) -> Result<Vec<Considered>, Error> {
        wait(self.0.agreements())
    }

    /// The moves that the actor has now.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::allowed_moves).
    pub fn allowed_moves(&self) -> Result<Vec<AllowedMove>, Error> {
        wait(self.0.allowed_moves())
    }

    /// The incident with what its page shows, read at once and at one version.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::open).
    pub fn open(&self, limit: usize) -> Result<OpenedView, Error> {
        wait(self.0.open(limit))
    }

    /// The moves that the actor has now, as a front-end shows them.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::IncidentDesk::move_views).
    pub fn move_views(&self) -> Result<Vec<MoveView>, Error> {
        wait(self.0.move_views())
    }
}

impl<R: Repository> ProblemDesk<R> {
    /// Plans what the problem, as it stands, brings to its incidents.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ProblemDesk::plan_cascade).
    pub fn plan_cascade(&self) -> Result<Plan, Error> {
        wait(self.0.plan_cascade())
    }

    /// Plans to offer the problem's workaround to its incidents.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ProblemDesk::plan_offer).
    pub fn plan_offer(&self) -> Result<Plan, Error> {
        wait(self.0.plan_offer())
    }

    /// The problem as a front-end shows it.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ProblemDesk::view).
    pub fn view(&self) -> Result<ProblemView, Error> {
        wait(self.0.view())
    }

    /// The moves that the actor has now.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ProblemDesk::allowed_moves).
    pub fn allowed_moves(&self) -> Result<Vec<AllowedMove>, Error> {
        wait(self.0.allowed_moves())
    }

    /// The moves that the actor has now, as a front-end shows them.
    ///
    /// # Errors
    /// As [the asynchronous twin](desk::ProblemDesk::move_views).
    pub fn move_views(&self) -> Result<Vec<MoveView>, Error> {
        wait(self.0.move_views())
    }
}

/// The options of a command, as the asynchronous twins have them.
macro_rules! options {
    ($($type:ident $(<$kind:ident>)?),*) => {$(
        impl<R: Repository $(, $kind)?> $type<R $(, $kind)?> {
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

options!(ActingDesk, RecordDesk<K>);
