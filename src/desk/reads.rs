//! Reading: the record as it is now, as it was known, its log, its moves.

use std::sync::Arc;

use super::{
    ActingDesk, InForce, IncidentDesk, Outcome, Preview, Seen,
    flow::{Asked, Decided},
    log::corrupt,
};
use crate::{
    decision::{AllowedMove, Course},
    error::{Error, Happened, NotFound, invalid_read},
    event::{Cause, Event, RecordId},
    id::{CommandId, Version},
    incident::{Audience, Incident},
    permission::Permission,
    store::{Answer, Found, Loaded, LogPart, MAX_PAGE, Record, RecordKey, Repository, RepositoryError, Scope},
    time::Instant,
    verb::IncidentVerb,
    view::{ClockView, MoveView, OpenedView, RecordView, TimelineEntry},
};

/// How often a load follows a policy that changes under it.
const POLICY_TRIES: usize = 4;
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
        Err(self.failed(RepositoryError::Unavailable { backend: "policy", source: "the policy keeps changing".into() }))
    }

    pub(crate) fn scope(&self, policy: &InForce) -> Scope {
        Scope::of(&self.tenant, &self.actor, policy.policy.permissions())
    }

    /// An error of the repository outside a command.
    pub(crate) fn failed(&self, source: RepositoryError) -> Error {
        Error::Repository { command: self.options.command, source }
    }

    /// The incident that was loaded, or the answer that there is none. A repository that gives another one
    /// than was asked for is not believed.
    pub(crate) fn found(&self, loaded: Option<Loaded>, key: &RecordKey) -> Result<Loaded, Error> {
        let loaded = loaded.ok_or_else(|| NotFound { what: key.to_string() })?;
        let is_asked = match key {
            RecordKey::Id(id) => loaded.record.id() == *id,
            RecordKey::Number(number) => loaded.record.number() == number,
        };
        if is_asked && loaded.version > Version::NONE {
            Ok(loaded)
        } else {
            Err(self.failed(corrupt(loaded.record.id(), format!("it was found where {key} was looked for"))))
        }
    }

    /// The incident as it is now, with everything that has fallen due.
    pub(super) async fn effective(
        &self,
        incident: Incident,
        now: Instant,
        in_force: &InForce,
    ) -> Result<Incident, Error> {
        let recorded_at = now.max(incident.progress().recorded_at);
        let clockwork = self.clockwork(&incident, in_force).await?;
        Ok(self.caught_up(incident, clockwork, now, recorded_at, in_force).await?.incident)
    }

    /// Whether the actor reads what is internal to the incident.
    pub(super) fn reads_internals(&self, incident: &Incident, policy: &InForce) -> bool {
        let internal = Permission::Incident(IncidentVerb::ReadInternal);
        policy.policy.permissions().allows(&self.actor, internal, &incident.stake())
    }

    fn without_internals(&self, incident: Incident, policy: &InForce) -> Incident {
        if incident.has_internals() && !self.reads_internals(&incident, policy) {
            incident.withheld()
        } else {
            incident
        }
    }

    /// What a command came to, without what the actor may not read.
    pub(super) fn shown(&self, mut outcome: Outcome) -> Outcome {
        let policy = self.desk.known_policy(&self.tenant);
        if self.reads_internals(outcome.incident(), &policy) {
            return outcome;
        }
        if outcome.incident().has_internals() {
            outcome.record = Arc::new(Record::Incident(outcome.incident().withheld()));
        }
        outcome.events = public(&outcome.events);
        outcome
    }

    /// What a decision would come to, without what the actor may not read: neither now nor by what the decision
    /// itself would make of it.
    pub(super) fn preview_of(
        &self,
        policy: &InForce,
        now: Option<&Incident>,
        decided: Decided,
        version: Version,
    ) -> Preview {
        let Course { incident, happenings, .. } = decided.course;
        let internals = now.into_iter().chain([&incident]).all(|incident| self.reads_internals(incident, policy));
        let incident = if internals { incident } else { incident.withheld() };
        Preview::of(incident, version, happenings, internals)
    }

    /// The preview of a command that has landed: nothing more would happen.
    pub(super) async fn preview_again(
        &self,
        command: CommandId,
        asked: &Asked,
        answer: &Answer,
    ) -> Result<Preview, Error> {
        let outcome = self.shown(self.repeat(command, asked, answer).await?);
        Ok(Preview::of(outcome.incident().clone(), outcome.version(), Vec::new(), true))
    }

    /// Whether nothing has happened to a record since a version but what fell due: whoever saw that version saw
    /// it, too, or would have, so that it does not matter whether somebody came to store it.
    pub(super) async fn only_fell_due(&self, loaded: &Loaded, version: Version) -> Result<bool, Error> {
        if version >= loaded.version {
            return Ok(false);
        }
        let part = LogPart { from: version.next(), limit: TOLD, newest_first: false };
        let scope = Scope::everything(&self.tenant);
        let page = self.desk.repository().events(&scope, loaded.record.id(), part).await;
        let page = page.map_err(|error| self.failed(error))?;
        let all = page.next.is_none() && !page.events.is_empty();
        Ok(all && page.events.iter().all(|event| event.cause == Cause::Due))
    }

    /// What has happened to a record since a version, as far as the actor may see it; and whether there is
    /// more.
    pub(super) async fn since(
        &self,
        policy: &InForce,
        loaded: &Loaded,
        version: Version,
    ) -> Result<(Vec<Happened>, bool), Error> {
        if version >= loaded.version {
            return Ok((Vec::new(), false));
        }
        let part = LogPart { from: version.next(), limit: TOLD, newest_first: false };
        let page = self.desk.repository().events(&self.scope(policy), loaded.record.id(), part).await;
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

pub(crate) fn incident_of(loaded: &Loaded) -> &Incident {
    let Record::Incident(incident) = &*loaded.record;
    incident
}

/// How many entries of a page may be asked for: 1 to [`MAX_PAGE`].
pub(super) fn check_limit(limit: usize) -> Result<(), Error> {
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(());
    }
    Err(invalid_read("limit", "limit.range", format!("is {limit}; a page has 1 to {MAX_PAGE} entries")))
}

impl<R: Repository> IncidentDesk<R> {
    /// The incident as it is now: with everything that has fallen due, stored or not. Who may not read
    /// internals gets it without its internal texts.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn get(&self) -> Result<Seen, Error> {
        let (policy, seen) = self.seen().await?;
        Ok(Seen { incident: self.acting.without_internals(seen.incident, &policy), ..seen })
    }

    /// The incident as a front-end shows it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn view(&self) -> Result<RecordView, Error> {
        let (policy, Seen { incident, version }) = self.seen().await?;
        let internals = self.acting.reads_internals(&incident, &policy);
        Ok(if internals { RecordView::of(&incident, version) } else { RecordView::public(&incident, version) })
    }

    /// The incident as it was known then: with what had been recorded by that instant, and no more.
    ///
    /// Who may see it is judged by what it is now, and so is what is internal.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see, or nothing had been recorded.
    pub async fn as_of(&self, at: Instant) -> Result<Seen, Error> {
        let acting = &self.acting;
        let (policy, found) = acting.load(Some(&self.key), None).await?;
        let loaded = acting.found(found.record, &self.key)?;
        let known = acting.known_at(loaded.record.id(), at).await.map_err(|error| acting.failed(error))?;
        let (incident, version) = known.ok_or_else(|| NotFound { what: self.key.to_string() })?;
        let internals = acting.reads_internals(incident_of(&loaded), &policy);
        Ok(Seen { incident: if internals { incident } else { incident.withheld() }, version })
    }

    /// The moves that the actor has now, with the fields that each needs and the obligations that block
    /// it; see [`Incident::allowed_moves`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn allowed_moves(&self) -> Result<Vec<AllowedMove>, Error> {
        let (policy, seen) = self.seen().await?;
        Ok(seen.incident.allowed_moves(&self.acting.actor, &policy.policy, self.acting.desk.now()))
    }

    /// The moves that the actor has now, as a front-end shows them.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the actor may see.
    pub async fn move_views(&self) -> Result<Vec<MoveView>, Error> {
        Ok(self.allowed_moves().await?.iter().map(MoveView::from).collect())
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
        let (policy, Seen { incident, version }) = self.seen().await?;
        // What lands while this is read stands after that version.
        let part = LogPart { from: version, limit, newest_first: true };
        let (events, earlier) = self.page_of(&policy, incident.id().into(), part).await?;
        let moves = incident.allowed_moves(&acting.actor, &policy.policy, acting.desk.now());
        let (internals, now) = (acting.reads_internals(&incident, &policy), acting.desk.now());
        let clocks = self.clocks_of(&policy, &incident).await?;
        Ok(OpenedView {
            record: if internals { RecordView::of(&incident, version) } else { RecordView::public(&incident, version) },
            moves: moves.iter().map(MoveView::from).collect(),
            clocks: clocks.iter().map(|seen| ClockView::of(seen, now)).collect(),
            timeline: events.iter().map(TimelineEntry::of).collect(),
            earlier,
        })
    }

    async fn log(&self, part: LogPart) -> Result<(Vec<Event>, Option<Version>), Error> {
        check_limit(part.limit)?;
        let (policy, found) = self.acting.load(Some(&self.key), None).await?;
        let record = self.acting.found(found.record, &self.key)?.record.id();
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

    pub(super) async fn seen(&self) -> Result<(InForce, Seen), Error> {
        let (policy, found) = self.acting.load(Some(&self.key), None).await?;
        let loaded = self.acting.found(found.record, &self.key)?;
        let now = self.acting.desk.now();
        let incident = self.acting.effective(incident_of(&loaded).clone(), now, &policy).await?;
        Ok((policy, Seen { incident, version: loaded.version }))
    }
}
