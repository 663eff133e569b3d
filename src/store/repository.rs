//! The trait that a host implements.

use std::future::Future;

use super::{
    Answer, Commit, Document, FeedPage, FeedPosition, FeedRequest, Filter, Landed, Loaded, PageRequest, Published,
    RecordKey, RecordKind, Refused, RepositoryError, RowPage, Scope, Sweep, Wake,
};
use crate::{
    digest::Digest,
    event::{Event, PolicyStamp, RecordId},
    id::{CommandId, Version},
    key::TenantId,
    time::Instant,
};

/// The most events, rows or entries that a repository gives at once, whatever is asked.
pub const MAX_PAGE: usize = 1_000;

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

/// Which part of a record's log to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPart {
    /// The first event, or the last one when the newest come first.
    pub from: Version,
    /// At most so many, and at least one.
    pub limit: usize,
    /// Whether the newest come first.
    pub newest_first: bool,
}

/// A page of a record's log.
#[derive(Debug, Clone, Default)]
pub struct EventPage {
    /// The events that the viewer may see, in the order that was asked for.
    pub events: Vec<Event>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Version>,
}

/// Where records, events and answers are kept. What every implementation promises is written down as
/// cases that can be run: the module `contract`, with the feature of that name.
///
/// - A commit lands whole or not at all, and only if every record is what it expects, every guard holds,
///   no record bears what none may, and the policy is the one by which it was decided.
/// - A command that landed is remembered with its answer; the same command does not land again.
/// - What one tenant stores, no call for another tenant sees. Only [`wakes`](Self::wakes) and
///   [`forget`](Self::forget) cross tenants, and they carry no content.
/// - A record that the viewer may not see is treated like one that does not exist.
/// - A limit of zero counts as one, and one above [`MAX_PAGE`] as that.
///
/// A future that is dropped leaves an unknown outcome: sending the command again with its id settles it.
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

    /// The records with these ids, in their order; `None` for each that there is not, or that the viewer may
    /// not see.
    fn load_many(
        &self,
        scope: &Scope,
        records: &[RecordId],
    ) -> impl Future<Output = Result<Vec<Option<Loaded>>, RepositoryError>> + Send;

    /// Stores everything in the commit, or nothing. A command that has landed before is not stored again,
    /// whatever the commit says: its answer is given.
    fn commit(&self, tenant: &TenantId, commit: Commit) -> impl Future<Output = Result<Landed, Refused>> + Send;

    /// The next number for records of this kind: higher than any before. Gaps occur.
    fn next_number(
        &self,
        tenant: &TenantId,
        kind: RecordKind,
    ) -> impl Future<Output = Result<u64, RepositoryError>> + Send;

    /// A part of a record's log, without what the viewer may not see: [`Scope::shows`] decides. An empty page
    /// for a record that the viewer may not see.
    fn events(
        &self,
        scope: &Scope,
        record: RecordId,
        part: LogPart,
    ) -> impl Future<Output = Result<EventPage, RepositoryError>> + Send;

    /// A page of the records that match a query and that the viewer may see. A record that does not change
    /// while the pages are read is on exactly one of them.
    fn page(
        &self,
        scope: &Scope,
        request: PageRequest<'_>,
    ) -> impl Future<Output = Result<RowPage, RepositoryError>> + Send;

    /// How many records fit and may be seen; no more than `cap`, at which counting ends.
    fn count(
        &self,
        scope: &Scope,
        filter: &Filter,
        cap: u64,
    ) -> impl Future<Output = Result<u64, RepositoryError>> + Send;

    /// The records on which something falls due, of all tenants: by when it does, then by id, then by
    /// tenant, as [`Wake`]s compare.
    fn wakes(&self, sweep: Sweep) -> impl Future<Output = Result<Vec<Wake>, RepositoryError>> + Send;

    /// A page of what was committed: every write of every commit at least once, those of one record in their
    /// order, and none left out because it landed late.
    ///
    /// A change of a record that the viewer may not see is left out, unless that very commit took it out of
    /// sight. A position beyond the end, or of another epoch, is [`RepositoryError::CursorTooOld`].
    fn feed(
        &self,
        scope: &Scope,
        request: FeedRequest<'_>,
    ) -> impl Future<Output = Result<FeedPage, RepositoryError>> + Send;

    /// Waits until the tenant's feed has something after this position. It may return early; it does not poll,
    /// and needs no runtime.
    fn changed(
        &self,
        tenant: &TenantId,
        after: FeedPosition,
    ) -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// The document with this digest, if it was ever published for the tenant, or kept with a record of its.
    fn document(
        &self,
        tenant: &TenantId,
        digest: Digest,
    ) -> impl Future<Output = Result<Option<Document>, RepositoryError>> + Send;

    /// What was published for the tenant, the newest first: at most `limit`, below version `before` if that is
    /// named.
    fn published(
        &self,
        tenant: &TenantId,
        before: Option<u32>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Published>, RepositoryError>> + Send;

    /// Lets go of answers that were recorded before this instant, of all tenants, at most so many; says how
    /// many. The answer to a command that made a record stays. An answer that is gone can be given no more:
    /// its command, sent again, is a new one.
    fn forget(&self, before: Instant, limit: usize) -> impl Future<Output = Result<usize, RepositoryError>> + Send;
}
