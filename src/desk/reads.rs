//! Reading: the record as it is now, as it was known, its log, its moves.

use std::sync::Arc;

use super::{
    ActingDesk, InForce, IncidentDesk, Outcome, Preview, ProblemDesk, RecordDesk, Seen,
    flow::{Asked, Decided},
    log::corrupt,
};
use crate::{
    decision::{AllowedMove, Course, Managed},
    error::{Error, Happened, NotFound, invalid_read},
    event::{Cause, Event, RecordId},
    id::{CommandId, Version},
    record::Audience,
    store::{Answer, Found, Loaded, LogPart, MAX_PAGE, RecordKey, Repository, RepositoryError, Scope},
    time::Instant,
    verb::Verb,
    view::{ClockView, MoveView, OpenedView, ProblemView, RecordView, TimelineEntry},
};

/// How often a load follows a policy that changes under it.
pub(super) const POLICY_TRIES: usize = 4;
/// How many of the events since a version a conflict tells.
const TOLD: usize = 20;

impl<R: Repository> ActingDesk<R> {
    /// Loads by the policy that is in force: what the actor may see depends on it.
    pub(crate) async fn load(
        &self,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<(InForce, Found), Error> {
        let mut policy = self.desk.known_policy(&self.tenant);
        for _ in 0..POLICY_TRIES {
            let scope = self.scope(&policy);
            let found = self.desk.repository().load(&scope, key, command).await.map_err(|error| self.failed(error))?;
            let newer = self.desk.learn_policy(&self.tenant, policy.stamp, found.policy).await;
            match newer.map_err(|error| self.failed(error))? {
                None => return Ok((policy, found)),
                Some(newer) => policy = newer,
            }
        }
        Err(self.policy_keeps_changing())
    }

    pub(super) fn policy_keeps_changing(&self) -> Error {
        self.failed(RepositoryError::Unavailable { backend: "policy", source: "the policy keeps changing".into() })
    }

    pub(crate) fn scope(&self, policy: &InForce) -> Scope {
        self.sight.under(&policy.policy, &self.tenant, &self.actor)
    }

    /// An error of the repository outside a command.
    pub(crate) fn failed(&self, source: RepositoryError) -> Error {
        Error::Repository { command: self.options.command, source }
    }

    /// The record that was loaded, or the answer that there is none of this kind. A repository that gives another one than
    /// was asked for is not believed.
    pub(crate) fn found<K: Managed>(&self, loaded: Option<Loaded>, key: &RecordKey) -> Result<Known<K>, Error> {
        let missing = || NotFound { what: key.to_string() };
        let Loaded { record, version } = loaded.ok_or_else(missing)?;
        let is_asked = match key {
            RecordKey::Id(id) => record.id() == *id,
            RecordKey::Number(number) => record.number() == number,
        };
        if !is_asked || version == Version::NONE {
            return Err(self.failed(corrupt(record.id(), format!("it was found where {key} was looked for"))));
        }
        let kept = K::of(&record).map(Arc::clone).ok_or_else(missing)?;
        Ok(Known { kept, version })
    }

    /// The record as it is now, with everything that has fallen due.
    pub(super) async fn effective<K: Managed>(&self, record: K, now: Instant, in_force: &InForce) -> Result<K, Error> {
        let recorded_at = now.max(record.progress().recorded_at);
        let clockwork = self.clockwork(&record, in_force).await?;
        Ok(self.caught_up(record, clockwork, now, recorded_at, in_force).await?.record)
    }

    /// Whether the actor reads what is internal to the record.
    pub(super) fn reads_internals<K: Managed>(&self, record: &K, policy: &InForce) -> bool {
        let internal: Verb = K::READ_INTERNAL.into();
        policy.policy.permissions().allows(&self.actor, internal.into(), &record.stake())
    }

    fn without_internals<K: Managed>(&self, record: K, policy: &InForce) -> K {
        if record.has_internals() && !self.reads_internals(&record, policy) { record.withheld() } else { record }
    }

    /// What a command came to, without what the actor may not read.
    pub(super) fn shown<K: Managed>(&self, mut outcome: Outcome<K>) -> Outcome<K> {
        let policy = self.desk.known_policy(&self.tenant);
        if self.reads_internals(&*outcome.record, &policy) {
            return outcome;
        }
        if outcome.record.has_internals() {
            outcome.record = Arc::new(outcome.record.withheld());
        }
        outcome.events = public(&outcome.events);
        outcome
    }

    /// What a decision would come to, without what the actor may not read: neither now nor by what the decision
    /// itself would make of it.
    pub(super) fn preview_of<K: Managed>(
        &self,
        policy: &InForce,
        now: Option<&K>,
        decided: Decided<K>,
        version: Version,
    ) -> Preview<K> {
        let Course { record, happenings, .. } = decided.course;
        let internals = now.into_iter().chain([&record]).all(|record| self.reads_internals(record, policy));
        let record = if internals { record } else { record.withheld() };
        Preview::of(record, version, happenings, internals)
    }

    /// The preview of a command that has landed: nothing more would happen.
    pub(super) async fn preview_again<K: Managed>(
        &self,
        command: CommandId,
        asked: &Asked,
        answer: &Answer,
    ) -> Result<Preview<K>, Error> {
        let outcome = self.shown(self.repeat::<K>(command, asked, answer).await?);
        Ok(Preview::of(outcome.record.as_ref().clone(), outcome.version(), Vec::new(), true))
    }

    /// Whether nothing has happened to a record since a version but what fell due: whoever saw that version saw
    /// it, too, or would have, so that it does not matter whether somebody came to store it.
    pub(super) async fn only_fell_due<K: Managed>(&self, loaded: &Known<K>, version: Version) -> Result<bool, Error> {
        if version >= loaded.version {
            return Ok(false);
        }
        let part = LogPart { from: version.next(), limit: TOLD, newest_first: false };
        let scope = Scope::everything(&self.tenant);
        let page = self.desk.repository().events(&scope, K::key(loaded.kept.id()), part).await;
        let page = page.map_err(|error| self.failed(error))?;
        let all = page.next.is_none() && !page.events.is_empty();
        Ok(all && page.events.iter().all(|event| event.cause == Cause::Due))
    }

    /// What has happened to a record since a version, as far as the actor may see it; and whether there is
    /// more.
    pub(super) async fn since<K: Managed>(
        &self,
        policy: &InForce,
        loaded: &Known<K>,
        version: Version,
    ) -> Result<(Vec<Happened>, bool), Error> {
        if version >= loaded.version {
            return Ok((Vec::new(), false));
        }
        let part = LogPart { from: version.next(), limit: TOLD, newest_first: false };
        let page = self.desk.repository().events(&self.scope(policy), K::key(loaded.kept.id()), part).await;
        let page = page.map_err(|error| self.failed(error))?;
        let told = page.events.iter().take(TOLD).map(|event| Happened {
            sequence: event.sequence,
            kind: event.body.name(),
            actor: event.actor.clone(),
            recorded_at: event.recorded_at,
        });
        Ok((told.collect(), page.next.is_some()))
    }
}

/// The events without those that are internal, and without internal texts.
fn public(events: &[Event]) -> Arc<[Event]> {
    let shown = events.iter().filter(|event| event.audience() == Audience::Public);
    shown.map(|event| event.clone().withheld()).collect()
}

/// A record of this kind, as it was loaded.
pub(crate) struct Known<K> {
    pub kept: Arc<K>,
    pub version: Version,
}

impl<K> Clone for Known<K> {
    fn clone(&self) -> Self {
        Self { kept: Arc::clone(&self.kept), version: self.version }
    }
}

/// How many entries of a page may be asked for: 1 to [`MAX_PAGE`].
pub(super) fn check_limit(limit: usize) -> Result<(), Error> {
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(());
    }
    Err(invalid_read("limit", "limit.range", format!("is {limit}; a page has 1 to {MAX_PAGE} entries")))
}

#[expect(private_bounds, reason = "only the kinds of the library have it, and no others can be added")]
impl<R: Repository, K: Managed> RecordDesk<R, K> {
    /// The record as it is now: with everything that has fallen due, stored or not. Who may not read
    /// internals gets it without its internal texts.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn get(&self) -> Result<Seen<K>, Error> {
        let (policy, seen) = self.seen().await?;
        Ok(Seen { record: self.acting.without_internals(seen.record, &policy), ..seen })
    }

    /// The record as it was known then: with what had been recorded by that instant, and no more.
    ///
    /// Who may see it is judged by what it is now, and so is what is internal.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see, or nothing had been recorded.
    pub async fn as_of(&self, at: Instant) -> Result<Seen<K>, Error> {
        let acting = &self.acting;
        let (policy, found) = acting.load(Some(&self.key), None).await?;
        let loaded = acting.found::<K>(found.record, &self.key)?;
        let record = K::key(loaded.kept.id());
        let known = acting.known_at::<K>(record, at).await.map_err(|error| acting.failed(error))?;
        let (record, version) = known.ok_or_else(|| NotFound { what: self.key.to_string() })?;
        let internals = acting.reads_internals(&*loaded.kept, &policy);
        Ok(Seen { record: if internals { record } else { record.withheld() }, version })
    }

    /// A page of its log, from `from` on: 1 to [`MAX_PAGE`] events, without those that the actor may not see
    /// and without their internal texts. The second value is where the next page begins.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see; [`Error::Invalid`] for another `limit`.
    pub async fn events(&self, from: Version, limit: usize) -> Result<(Vec<Event>, Option<Version>), Error> {
        self.log(LogPart { from, limit, newest_first: false }).await
    }

    /// A page of its timeline, the newest entries first: 1 to [`MAX_PAGE`] entries up to `to`, or up to the last
    /// one. The second value is where the next page begins.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see; [`Error::Invalid`] for another `limit`.
    pub async fn timeline(
        &self,
        to: Option<Version>,
        limit: usize,
    ) -> Result<(Vec<TimelineEntry>, Option<Version>), Error> {
        let from = to.unwrap_or(Version::new(u64::MAX));
        let (events, next) = self.log(LogPart { from, limit, newest_first: true }).await?;
        Ok((events.iter().map(TimelineEntry::of).collect(), next))
    }

    async fn log(&self, part: LogPart) -> Result<(Vec<Event>, Option<Version>), Error> {
        check_limit(part.limit)?;
        let (policy, found) = self.acting.load(Some(&self.key), None).await?;
        let record = K::key(self.acting.found::<K>(found.record, &self.key)?.kept.id());
        self.page_of(&policy, record, part).await
    }

    /// A page of the log of a record that was found.
    async fn page_of(
        &self,
        policy: &InForce,
        record: RecordId,
        part: LogPart,
    ) -> Result<(Vec<Event>, Option<Version>), Error> {
        let acting = &self.acting;
        let scope = acting.scope(policy);
        let page = acting.desk.repository().events(&scope, record, part).await.map_err(|error| acting.failed(error))?;
        let goes_on = |a: &Event, b: &Event| (a.sequence < b.sequence) != part.newest_first && a.sequence != b.sequence;
        let foreign = page.events.iter().any(|event| event.record != record || event.tenant != acting.tenant);
        let ordered = page.events.windows(2).all(|pair| matches!(pair, [a, b] if goes_on(a, b)));
        // The next page goes on in the same direction, or a reader would never come to an end.
        let onwards = page.next.is_none_or(|next| next != part.from && (next > part.from) != part.newest_first);
        if foreign || !ordered || !onwards || page.events.len() > part.limit {
            return Err(acting.failed(corrupt(record, "its log is not in order")));
        }
        Ok((page.events, page.next))
    }

    pub(super) async fn seen(&self) -> Result<(InForce, Seen<K>), Error> {
        let (policy, found) = self.acting.load(Some(&self.key), None).await?;
        let loaded = self.acting.found::<K>(found.record, &self.key)?;
        let now = self.acting.desk.now();
        let record = self.acting.effective(loaded.kept.as_ref().clone(), now, &policy).await?;
        Ok((policy, Seen { record, version: loaded.version }))
    }
}

impl<R: Repository> IncidentDesk<R> {
    /// The incident as a front-end shows it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn view(&self) -> Result<RecordView, Error> {
        let (policy, Seen { record, version }) = self.seen().await?;
        let internals = self.acting.reads_internals(&record, &policy);
        Ok(if internals { RecordView::of(&record, version) } else { RecordView::public(&record, version) })
    }

    /// The moves that the actor has now, with the fields that each needs and the obligations that block
    /// it; see [`Incident::allowed_moves`](crate::Incident::allowed_moves).
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn allowed_moves(&self) -> Result<Vec<AllowedMove>, Error> {
        let (policy, seen) = self.seen().await?;
        Ok(seen.record.allowed_moves(&self.acting.actor, &policy.policy, self.acting.desk.now()))
    }

    /// The moves that the actor has now, as a front-end shows them.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn move_views(&self) -> Result<Vec<MoveView>, Error> {
        Ok(self.allowed_moves().await?.iter().map(MoveView::from).collect())
    }

    /// The incident with what its page shows, read at once and at one version: the record as by
    /// [`view`](Self::view), the moves as by [`move_views`](Self::move_views), the clocks as by
    /// [`clock_views`](Self::clock_views), and the newest entries of the timeline:
    /// 1 to [`MAX_PAGE`]. [`timeline`](Self::timeline) goes on from [`OpenedView::earlier`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see; [`Error::Invalid`] for another `limit`.
    pub async fn open(&self, limit: usize) -> Result<OpenedView, Error> {
        check_limit(limit)?;
        let acting = &self.acting;
        let (policy, Seen { record, version }) = self.seen().await?;
        // What lands while this is read stands after that version.
        let part = LogPart { from: version, limit, newest_first: true };
        let (events, earlier) = self.page_of(&policy, record.id().into(), part).await?;
        let moves = record.allowed_moves(&acting.actor, &policy.policy, acting.desk.now());
        let (internals, now) = (acting.reads_internals(&record, &policy), acting.desk.now());
        let clocks = self.clocks_of(&policy, &record).await?;
        Ok(OpenedView {
            record: if internals { RecordView::of(&record, version) } else { RecordView::public(&record, version) },
            moves: moves.iter().map(MoveView::from).collect(),
            clocks: clocks.iter().map(|seen| ClockView::of(seen, now)).collect(),
            timeline: events.iter().map(TimelineEntry::of).collect(),
            earlier,
        })
    }
}

impl<R: Repository> ProblemDesk<R> {
    /// The problem as a front-end shows it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn view(&self) -> Result<ProblemView, Error> {
        let (policy, Seen { record, version }) = self.seen().await?;
        let internals = self.acting.reads_internals(&record, &policy);
        Ok(if internals { ProblemView::of(&record, version) } else { ProblemView::public(&record, version) })
    }

    /// The moves that the actor has now, with the fields that each needs; see
    /// [`Problem::allowed_moves`](crate::Problem::allowed_moves).
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn allowed_moves(&self) -> Result<Vec<AllowedMove>, Error> {
        let (policy, seen) = self.seen().await?;
        Ok(seen.record.allowed_moves(&self.acting.actor, &policy.policy))
    }

    /// The moves that the actor has now, as a front-end shows them.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn move_views(&self) -> Result<Vec<MoveView>, Error> {
        Ok(self.allowed_moves().await?.iter().map(MoveView::from).collect())
    }
}
