//! Catching up with what has fallen due, by the policy that decides it.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{ActingDesk, Desk, InForce};
use crate::{
    decision::{Closing, Course, Managed, clock_policies},
    digest::Digest,
    error::Error,
    event::PolicyStamp,
    key::TenantId,
    policy::Policy,
    record::Kind,
    sla::Clockwork,
    store::{Document, Repository, RepositoryError},
    time::Instant,
};

/// How many policies that are no longer in force a desk keeps at hand.
const KEPT: usize = 64;

/// Policies that were in force once, by tenant and digest.
pub(super) type EarlierPolicies = Arc<RwLock<HashMap<(TenantId, Digest), Arc<Policy>>>>;

impl<R: Repository> Desk<R> {
    /// The policy with this stamp, in force or not.
    pub(crate) async fn policy_by(
        &self,
        tenant: &TenantId,
        stamp: PolicyStamp,
    ) -> Result<Arc<Policy>, RepositoryError> {
        let digest = stamp.digest;
        for known in [self.known_policy(tenant).policy, Arc::clone(&self.default_policy)] {
            if known.digest() == digest {
                return Ok(known);
            }
        }
        let key = (tenant.clone(), digest);
        let kept = self.earlier.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let missing = || RepositoryError::Corrupt {
            key: format!("policy {digest}"),
            source: "a record goes by it, but it is not stored".into(),
        };
        let Document::Policy(found) = self.repository.document(tenant, digest).await?.ok_or_else(missing)?;
        if found.digest() != digest {
            return Err(missing());
        }
        let mut earlier = self.earlier.write().unwrap_or_else(PoisonError::into_inner);
        if earlier.len() >= KEPT {
            earlier.clear();
        }
        earlier.insert(key, Arc::clone(&found));
        Ok(found)
    }
}

impl InForce {
    /// What moves the clocks of an incident that has none yet.
    pub(super) fn clockwork(&self) -> Arc<Clockwork> {
        Clockwork::new(Arc::clone(&self.policy), self.stamp, Vec::new())
    }
}

impl<R: Repository> ActingDesk<R> {
    /// The course of a record with everything that has fallen due by `until`.
    pub(super) async fn caught_up<K: Managed>(
        &self,
        record: K,
        clockwork: Arc<Clockwork>,
        until: Instant,
        recorded_at: Instant,
        in_force: &InForce,
    ) -> Result<Course<K>, Error> {
        let policy = if record.ends_by(until) { self.pinned(&record, in_force).await? } else { None };
        let closing = policy.as_deref().map(|policy| Closing { policy, not_before: None });
        Ok(K::catch_up(Course::from(record, clockwork), until, recorded_at, closing))
    }

    /// The policy that a course needs after a command: with it the incident closes where nothing blocks that any
    /// more, or where it has fallen due since.
    pub(super) async fn settling<K: Managed>(
        &self,
        record: &K,
        recorded_at: Instant,
        in_force: &InForce,
    ) -> Result<Option<Arc<Policy>>, Error> {
        let ends = record.is_kept_open() || record.ends_by(recorded_at);
        if ends { self.pinned(record, in_force).await } else { Ok(None) }
    }

    /// What moves the clocks of a record: the policy in force, and those by which its clocks started.
    pub(super) async fn clockwork<K: Kind>(&self, record: &K, in_force: &InForce) -> Result<Arc<Clockwork>, Error> {
        let mut stamps: Vec<PolicyStamp> = Vec::new();
        for stamp in clock_policies(record) {
            if stamp.digest != in_force.stamp.digest && !stamps.iter().any(|known| known.digest == stamp.digest) {
                stamps.push(stamp);
            }
        }
        let mut earlier = Vec::with_capacity(stamps.len());
        for stamp in stamps {
            let found = Box::pin(self.desk.policy_by(&self.tenant, stamp)).await;
            earlier.push(found.map_err(|error| self.failed(error))?);
        }
        Ok(Clockwork::new(Arc::clone(&in_force.policy), in_force.stamp, earlier))
    }

    /// The policy by which the record ends by itself.
    async fn pinned<K: Managed>(&self, record: &K, in_force: &InForce) -> Result<Option<Arc<Policy>>, Error> {
        match record.pinned() {
            None => Ok(None),
            Some(stamp) if stamp.digest == in_force.stamp.digest => Ok(Some(Arc::clone(&in_force.policy))),
            Some(stamp) => {
                let policy = Box::pin(self.desk.policy_by(&self.tenant, stamp)).await;
                policy.map(Some).map_err(|error| self.failed(error))
            }
        }
    }
}
