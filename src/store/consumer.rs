//! Consumers of the feed whose place is kept by the store, and the feed's retention.

use std::future::Future;

use super::{FeedPosition, Repository, RepositoryError};
use crate::{
    key::{ConsumerName, TenantId},
    time::Instant,
};

/// A [`Repository`] that keeps how far named consumers have followed a tenant's feed, and lets go of what all of them
/// have dealt with. Its promises can be run as cases, too: `contract::test_feed_keeper`.
///
/// A consumer whose place is kept here gets every change at least once, whatever becomes of its process: it
/// acknowledges a change when it has dealt with it. What a consumer has not acknowledged is kept for it; one that is no
/// longer needed is [removed](Self::remove_consumer).
pub trait FeedKeeper: Repository {
    /// Up to where a consumer has dealt with the feed; `None` if it never said.
    fn consumer(
        &self,
        tenant: &TenantId,
        name: &ConsumerName,
    ) -> impl Future<Output = Result<Option<FeedPosition>, RepositoryError>> + Send;

    /// Every consumer of a tenant's feed, by name, with its place: who is behind?
    fn consumers(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<(ConsumerName, FeedPosition)>, RepositoryError>> + Send;

    /// Keeps that a consumer has dealt with everything up to this position. One that lies before the place that is
    /// kept changes nothing. A position beyond the end, or of another epoch, is
    /// [`CursorTooOld`](RepositoryError::CursorTooOld).
    fn acknowledge(
        &self,
        tenant: &TenantId,
        name: &ConsumerName,
        upto: FeedPosition,
    ) -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// Forgets a consumer; says whether there was one.
    fn remove_consumer(
        &self,
        tenant: &TenantId,
        name: &ConsumerName,
    ) -> impl Future<Output = Result<bool, RepositoryError>> + Send;

    /// Lets go of the beginnings of feeds, of all tenants: of entries recorded before this instant, but of none that a
    /// consumer has yet to acknowledge, nor of one that comes after an entry that is kept. At most so many; says how many.
    /// A position before what is kept is [`CursorTooOld`](RepositoryError::CursorTooOld) from then on. The records and
    /// their logs stay.
    fn trim_feed(&self, before: Instant, limit: usize) -> impl Future<Output = Result<usize, RepositoryError>> + Send;
}
