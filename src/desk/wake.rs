//! Waking: for the host's scheduler, which comes by and has stored what has fallen due.

use super::{
    ActingDesk, Desk,
    commit::{Committed, Place},
    flow::{CONFLICT_TRIES, busy, repository},
    log::corrupt,
    reads::check_limit,
};
use crate::{
    actor::Actor,
    decision::Managed,
    error::{Error, invalid_read},
    event::RecordId,
    id::Version,
    incident::Incident,
    key::TenantId,
    problem::Problem,
    store::{RecordKey, Repository, Share, Sweep, Wake},
    time::Instant,
};

/// How many pages a sweep reads at most: what cannot be woken does not keep it from what comes after.
const PASSES: usize = 1_000;

/// What a sweep came to. What happened to the records, such as a warning or a breach of which somebody is to be told, comes
/// through the [feed](crate::desk::ActingDesk::feed).
#[derive(Debug, Default)]
pub struct Woken {
    /// The records on which something had fallen due, and was stored now.
    pub records: Vec<WokenRecord>,
    /// The records that could not be woken. They stay due, and the next sweep tries again.
    pub failed: Vec<FailedWake>,
    /// Whether more is due that can be woken: sweep again at once.
    pub more: bool,
}

/// A record that was woken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WokenRecord {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub record: RecordId,
    /// Its version now.
    pub version: Version,
}

/// A record that could not be woken.
#[derive(Debug)]
pub struct FailedWake {
    /// Whose, which, and when something fell due.
    pub wake: Wake,
    /// Why.
    pub error: Error,
}

impl<R: Repository> Desk<R> {
    /// Stores what has fallen due by `now`, of all tenants, on at most `limit` records.
    ///
    /// The host owns the scheduler: it calls this every now and then, from any number of processes. No record
    /// depends on when: what is late is stored with the instant at which it fell due, and whoever opens an
    /// incident sees it even before. Lists, counts and the feed go by what is stored: they are as fresh as the
    /// last wake. A `now` in the past finds less.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `now` lies ahead of the desk's clock, or `limit` is not 1 to
    /// [`MAX_PAGE`](crate::store::MAX_PAGE); [`Error::Repository`] if what is due cannot be found. What
    /// goes wrong with one record is told in [`Woken::failed`] and does not keep others from being woken.
    pub async fn wake(&self, now: Instant, limit: usize) -> Result<Woken, Error> {
        self.wake_share(now, limit, Share::ALL).await
    }

    /// Stores what has fallen due on the records of a share: several sweepers that take one each do not
    /// meet.
    ///
    /// # Errors
    /// As [`wake`](Self::wake).
    pub async fn wake_share(&self, now: Instant, limit: usize, share: Share) -> Result<Woken, Error> {
        check_limit(limit)?;
        let clock = self.now();
        if now > clock {
            let rule = format!("lies ahead of the desk's clock, which says {}", clock.to_rfc3339());
            return Err(invalid_read("now", "time.future", rule));
        }
        let failed = |source| Error::Repository { command: None, source };
        let mut woken = Woken::default();
        let mut after: Option<Wake> = None;
        for _ in 0..PASSES {
            let left = limit.saturating_sub(woken.records.len());
            let sweep = Sweep { now, limit: left, share, after: after.clone() };
            let page = self.repository().wakes(sweep).await.map_err(failed)?;
            let full = page.len() >= left;
            for wake in page {
                // A repository that wakes early, or leads back, is not believed.
                if wake.at > now || after.as_ref().is_some_and(|after| wake <= *after) {
                    return Err(failed(corrupt(wake.record, "it is woken out of turn")));
                }
                after = Some(wake.clone());
                match self.wake_one(&wake).await {
                    Ok(Some(record)) => woken.records.push(record),
                    // Somebody else was first.
                    Ok(None) => {}
                    Err(error) => woken.failed.push(FailedWake { wake, error }),
                }
            }
            woken.more = full && !woken.records.is_empty();
            if !full || woken.records.len() >= limit {
                break;
            }
        }
        Ok(woken)
    }

    /// Stores what has fallen due on a record; `None` if nothing has by now.
    async fn wake_one(&self, wake: &Wake) -> Result<Option<WokenRecord>, Error> {
        let tenant = super::TenantDesk { desk: self.clone(), tenant: wake.tenant.clone() };
        let version = tenant.acting_as(Actor::system()).wake(wake.record).await?;
        Ok(version.map(|version| WokenRecord { tenant: wake.tenant.clone(), record: wake.record, version }))
    }

    /// Lets go of the answers to commands that are older than `before`, of all tenants: at most `limit`, 1 to
    /// [`MAX_PAGE`](crate::store::MAX_PAGE). Says how many.
    ///
    /// A command whose answer is gone can no longer be told from a new one: keep answers for as long as
    /// anybody may send a command again. The answer to a command that made a record is kept as long as the
    /// record, so that a report or an import is never made twice.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another `limit`; [`Error::Repository`] if the repository fails.
    pub async fn forget(&self, before: Instant, limit: usize) -> Result<usize, Error> {
        check_limit(limit)?;
        let forgotten = self.repository().forget(before, limit).await;
        forgotten.map_err(|source| Error::Repository { command: None, source })
    }
}

impl<R: Repository> ActingDesk<R> {
    /// Stores what has fallen due on a record; gives its version then, or `None` if nothing has.
    async fn wake(&self, record: RecordId) -> Result<Option<Version>, Error> {
        match record {
            RecordId::Incident(_) => self.wake_kind::<Incident>(record).await,
            RecordId::Problem(_) => self.wake_kind::<Problem>(record).await,
        }
    }

    async fn wake_kind<K: Managed>(&self, record: RecordId) -> Result<Option<Version>, Error> {
        let key = RecordKey::Id(record);
        let command = self.command_id();
        for _ in 0..CONFLICT_TRIES {
            let (policy, found) = self.load(Some(&key), None).await?;
            let loaded = self.found::<K>(found.record, &key)?;
            let kept = &*loaded.kept;
            let recorded_at = super::judge::recorded_at(kept, &policy.policy, self.desk.now())?;
            let clockwork = self.clockwork(kept, &policy).await?;
            let course = self.caught_up(kept.clone(), clockwork, recorded_at, recorded_at, &policy).await?;
            if course.happenings.is_empty() {
                return Ok(None);
            }
            let attempt = self.attempt(command, &self.asked(Some(record), &"wake"), policy);
            let place = Place { base: Some(loaded), guards: Vec::new(), unused: Vec::new() };
            match self.commit_course(&attempt, course, place, recorded_at).await {
                Ok(Committed::Now(outcome)) => return Ok(Some(outcome.version)),
                Ok(Committed::Before(_)) => return Err(super::flow::reused(command)),
                Err(error) if error.is_overtaken() => {}
                Err(error) => return Err(repository(command, error)),
            }
        }
        Err(busy(command))
    }
}
