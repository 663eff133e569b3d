//! Within a transaction of the host's: its own rows and what a command changes land together.

use std::fmt;

use tokio_postgres::Transaction;

use super::{PostgresRepository, ask::Within, commit, feed, list, read};
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

/// A [`PostgresRepository`] within a transaction of the host's: what is committed through it lands when the host commits
/// the transaction, together with the host's own rows, or not at all. A desk over it works as usual:
///
/// ```no_run
/// # async fn order(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
/// use andon::{Actor, Desk, store::PostgresOptions};
///
/// let repository = PostgresOptions::new().open_pool(pool.clone()).await?;
/// let mut client = pool.get().await?;
/// let transaction = client.transaction().await?;
/// transaction.execute("INSERT INTO outage (host) VALUES ('mx1')", &[]).await?;
///
/// let desk = Desk::new(repository.within(&transaction));
/// let anna = desk.tenant("acme")?.acting_as(Actor::person("anna")?.role("agent")?);
/// anna.report("Mail is down").await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
///
/// It is a new desk: give it the policy, the directory and the observer of your other one. It keeps no consumers of the feed:
/// acknowledge after your commit, and let your rows be the same if a change comes twice.
///
/// A command that is refused leaves the transaction as it was. [`Backend`](RepositoryError::Backend),
/// [`Unavailable`](RepositoryError::Unavailable) and [`OutcomeUnknown`](RepositoryError::OutcomeUnknown) end it: roll it back,
/// and do all of it, your own rows included, in another transaction with the same id of the command. So too if your commit
/// fails without an answer. After a conflict, commands are tried again within it, which sees what others committed: its
/// isolation must be READ COMMITTED. What lands is told to whoever follows the feed when the transaction is committed. The
/// settings `andon.tenant` and `andon.across` stay set until its end.
///
/// The number of a new record is taken over another connection of the repository's pool, and is a gap if the transaction is
/// rolled back. If that pool is yours, it needs more connections than there are such transactions at once, and a limit on
/// waiting for one. What a command wrote stays locked until you commit: be quick.
pub struct PostgresTransaction<'a, 't> {
    repository: PostgresRepository,
    transaction: &'a Transaction<'t>,
}

impl fmt::Debug for PostgresTransaction<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTransaction").field("repository", &self.repository).finish_non_exhaustive()
    }
}

impl PostgresRepository {
    /// The repository within a transaction on the same database.
    #[must_use]
    pub fn within<'a, 't>(&self, transaction: &'a Transaction<'t>) -> PostgresTransaction<'a, 't> {
        PostgresTransaction { repository: self.clone(), transaction }
    }

    /// Lets a commit land within a transaction of the host's: with it, or not at all. It is for those who have a commit in
    /// hand, as a repository that wraps this one has; who works with a desk takes one over [`within`](Self::within). What
    /// is said of [`PostgresTransaction`] holds here, too.
    ///
    /// # Errors
    /// [`Refused`]; see [`Repository::commit`].
    pub async fn commit_in(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &TenantId,
        commit: Commit,
    ) -> Result<Landed, Refused> {
        self.within(transaction).commit(tenant, commit).await
    }
}

impl<'t> PostgresTransaction<'_, 't> {
    fn ask(&self) -> Within<'_, 't> {
        Within(&self.repository.0, self.transaction)
    }
}

impl Repository for PostgresTransaction<'_, '_> {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        Box::pin(read::load(&self.ask(), scope, key, command)).await
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError> {
        Box::pin(read::load_many(&self.ask(), scope, records)).await
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        let landed = Box::pin(commit::land(&self.ask(), tenant, &commit)).await;
        landed.map_err(|error| Refused { error, commit: Box::new(commit) })
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        self.repository.next_number(tenant, kind).await
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError> {
        Box::pin(read::events(&self.ask(), scope, record, part)).await
    }

    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
        Box::pin(list::page(&self.ask(), scope, request)).await
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError> {
        Box::pin(list::count(&self.ask(), scope, filter, cap)).await
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>, RepositoryError> {
        Box::pin(read::wakes(&self.ask(), &sweep)).await
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError> {
        Box::pin(feed::page(&self.ask(), scope, request)).await
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError> {
        // What has not landed is nothing to wait for.
        self.repository.changed(tenant, after).await
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>, RepositoryError> {
        Box::pin(read::document(&self.ask(), tenant, digest)).await
    }

    async fn published(
        &self,
        tenant: &TenantId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Published>, RepositoryError> {
        Box::pin(read::published(&self.ask(), tenant, before, limit)).await
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        Box::pin(read::forget(&self.ask(), before, limit)).await
    }
}
