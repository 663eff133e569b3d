//! A repository chosen at run time.

use std::{future::Future, pin::Pin, sync::Arc};

use super::{Commit, EventPage, Found, Landed, RecordKey, RecordKind, Refused, Repository, RepositoryError, Scope};
use crate::{
    digest::Digest,
    event::{PolicyStamp, RecordId},
    id::{CommandId, Version},
    key::TenantId,
    policy::Policy,
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The object-safe twin of [`Repository`]. Its methods have names of their own: equal ones would be
/// ambiguous.
trait Erased: Send + Sync {
    fn load_dyn<'a>(
        &'a self,
        scope: &'a Scope,
        key: Option<&'a RecordKey>,
        command: Option<CommandId>,
    ) -> Boxed<'a, Result<Found, RepositoryError>>;
    fn commit_dyn<'a>(&'a self, tenant: &'a TenantId, commit: Commit) -> Boxed<'a, Result<Landed, Refused>>;
    fn next_number_dyn<'a>(&'a self, tenant: &'a TenantId, kind: RecordKind)
    -> Boxed<'a, Result<u64, RepositoryError>>;
    fn events_dyn<'a>(
        &'a self,
        scope: &'a Scope,
        record: RecordId,
        from: Version,
        limit: usize,
    ) -> Boxed<'a, Result<EventPage, RepositoryError>>;
    fn policy_dyn<'a>(
        &'a self,
        tenant: &'a TenantId,
        digest: Digest,
    ) -> Boxed<'a, Result<Option<Arc<Policy>>, RepositoryError>>;
    fn publish_policy_dyn<'a>(
        &'a self,
        tenant: &'a TenantId,
        policy: Arc<Policy>,
    ) -> Boxed<'a, Result<PolicyStamp, RepositoryError>>;
}

impl<R: Repository> Erased for R {
    fn load_dyn<'a>(
        &'a self,
        scope: &'a Scope,
        key: Option<&'a RecordKey>,
        command: Option<CommandId>,
    ) -> Boxed<'a, Result<Found, RepositoryError>> {
        Box::pin(self.load(scope, key, command))
    }

    fn commit_dyn<'a>(&'a self, tenant: &'a TenantId, commit: Commit) -> Boxed<'a, Result<Landed, Refused>> {
        Box::pin(self.commit(tenant, commit))
    }

    fn next_number_dyn<'a>(
        &'a self,
        tenant: &'a TenantId,
        kind: RecordKind,
    ) -> Boxed<'a, Result<u64, RepositoryError>> {
        Box::pin(self.next_number(tenant, kind))
    }

    fn events_dyn<'a>(
        &'a self,
        scope: &'a Scope,
        record: RecordId,
        from: Version,
        limit: usize,
    ) -> Boxed<'a, Result<EventPage, RepositoryError>> {
        Box::pin(self.events(scope, record, from, limit))
    }

    fn policy_dyn<'a>(
        &'a self,
        tenant: &'a TenantId,
        digest: Digest,
    ) -> Boxed<'a, Result<Option<Arc<Policy>>, RepositoryError>> {
        Box::pin(self.policy(tenant, digest))
    }

    fn publish_policy_dyn<'a>(
        &'a self,
        tenant: &'a TenantId,
        policy: Arc<Policy>,
    ) -> Boxed<'a, Result<PolicyStamp, RepositoryError>> {
        Box::pin(self.publish_policy(tenant, policy))
    }
}

/// A repository chosen at run time; cheap to clone, and itself a [`Repository`].
#[derive(Clone)]
pub struct AnyRepository(Arc<dyn Erased>);

impl AnyRepository {
    /// Erases the type of `repository`.
    #[must_use]
    pub fn new(repository: impl Repository + 'static) -> Self {
        Self(Arc::new(repository))
    }
}

impl std::fmt::Debug for AnyRepository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnyRepository")
    }
}

// `async fn` and not `-> impl Future`: the boxed future's lifetime is the intersection of several.
impl Repository for AnyRepository {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        self.0.load_dyn(scope, key, command).await
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        self.0.commit_dyn(tenant, commit).await
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        self.0.next_number_dyn(tenant, kind).await
    }

    async fn events(
        &self,
        scope: &Scope,
        record: RecordId,
        from: Version,
        limit: usize,
    ) -> Result<EventPage, RepositoryError> {
        self.0.events_dyn(scope, record, from, limit).await
    }

    async fn policy(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Arc<Policy>>, RepositoryError> {
        self.0.policy_dyn(tenant, digest).await
    }

    async fn publish_policy(&self, tenant: &TenantId, policy: Arc<Policy>) -> Result<PolicyStamp, RepositoryError> {
        self.0.publish_policy_dyn(tenant, policy).await
    }
}
