//! The trait that a host implements.

use std::{future::Future, sync::Arc};

use super::{Answer, Commit, Landed, Loaded, RecordKey, RecordKind, Refused, RepositoryError, Scope};
use crate::{
    digest::Digest,
    event::{Event, PolicyStamp, RecordId},
    id::{CommandId, Version},
    key::TenantId,
    policy::Policy,
};

/// What a load found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The record; `None` if there is none that the viewer may see.
    pub record: Option<Loaded>,
    /// The answer that the command got when it came before.
    pub answer: Option<Answer>,
    /// The stamp of the policy in force for the tenant; `None` if none was published.
    pub policy: Option<PolicyStamp>,
}

/// A page of a record's log.
#[derive(Debug, Clone, Default)]
pub struct EventPage {
    /// The events, in the order of their sequence.
    pub events: Vec<Event>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Version>,
}

/// Where records, events and answers are kept.
///
/// Promises that every implementation keeps:
/// - A commit lands whole or not at all, and only if every record is what it expects and every guard
///   holds.
/// - A command that landed is remembered with its answer; the same command does not land again.
/// - What one tenant stores, no call for another tenant sees.
/// - A record that the viewer may not see is treated like one that does not exist.
pub trait Repository: Send + Sync {
    /// The record as this viewer may see it, any earlier answer to `command`, and the policy in force.
    ///
    /// `key` is `None` for a command that makes a new record.
    fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> impl Future<Output = Result<Found, RepositoryError>> + Send;

    /// Stores everything in the commit, or nothing. A command that has landed before is not stored again,
    /// whatever the commit says: its answer is given.
    fn commit(&self, tenant: &TenantId, commit: Commit) -> impl Future<Output = Result<Landed, Refused>> + Send;

    /// The next number for records of this kind: higher than any before. Gaps occur.
    fn next_number(
        &self,
        tenant: &TenantId,
        kind: RecordKind,
    ) -> impl Future<Output = Result<u64, RepositoryError>> + Send;

    /// The events of a record from `from` on, at most `limit` and at least one. An empty page for a record that the
    /// viewer may not see.
    fn events(
        &self,
        scope: &Scope,
        record: RecordId,
        from: Version,
        limit: usize,
    ) -> impl Future<Output = Result<EventPage, RepositoryError>> + Send;

    /// The policy with this digest, if it was ever published for the tenant.
    fn policy(
        &self,
        tenant: &TenantId,
        digest: Digest,
    ) -> impl Future<Output = Result<Option<Arc<Policy>>, RepositoryError>> + Send;

    /// Puts a policy in force for a tenant and gives its stamp. The version is one higher than the last
    /// one's; publishing what is in force changes nothing.
    fn publish_policy(
        &self,
        tenant: &TenantId,
        policy: Arc<Policy>,
    ) -> impl Future<Output = Result<PolicyStamp, RepositoryError>> + Send;
}

/// Forwards every method to what a pointer points to.
macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<R: Repository + ?Sized> Repository for $pointer {
            async fn load(
                &self,
                scope: &Scope,
                key: Option<&RecordKey>,
                command: Option<CommandId>,
            ) -> Result<Found, RepositoryError> {
                (**self).load(scope, key, command).await
            }

            async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
                (**self).commit(tenant, commit).await
            }

            async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
                (**self).next_number(tenant, kind).await
            }

            async fn events(
                &self,
                scope: &Scope,
                record: RecordId,
                from: Version,
                limit: usize,
            ) -> Result<EventPage, RepositoryError> {
                (**self).events(scope, record, from, limit).await
            }

            async fn policy(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Arc<Policy>>, RepositoryError> {
                (**self).policy(tenant, digest).await
            }

            async fn publish_policy(&self, tenant: &TenantId, policy: Arc<Policy>) -> Result<PolicyStamp, RepositoryError> {
                (**self).publish_policy(tenant, policy).await
            }
        }
    )*};
}

forward!(&R, Arc<R>);
