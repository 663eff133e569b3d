//! A repository that takes down what is committed.

use std::sync::{Arc, Mutex};

use andon::{
    CommandId, Repository,
    digest::Digest,
    event::RecordId,
    key::TenantId,
    store::{
        Commit, Document, EventPage, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded, LogPart,
        PageRequest, Published, RecordKey, RecordKind, Refused, RepositoryError, RowPage, Scope, Sweep, Wake,
    },
    time::Instant,
};

type Result<T> = std::result::Result<T, RepositoryError>;

#[derive(Clone)]
pub struct Recording<R> {
    inner: R,
    /// `None` while nothing is taken down.
    commits: Arc<Mutex<Option<Vec<Commit>>>>,
}

impl<R> Recording<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, commits: Arc::default() }
    }

    /// Takes down what is committed from now on.
    pub fn begin(&self) {
        *self.commits.lock().unwrap() = Some(Vec::new());
    }

    /// What was taken down; nothing more is.
    pub fn end(&self) -> Vec<Commit> {
        self.commits.lock().unwrap().take().unwrap()
    }
}

impl<R: Repository> Repository for Recording<R> {
    async fn load(&self, scope: &Scope, key: Option<&RecordKey>, command: Option<CommandId>) -> Result<Found> {
        self.inner.load(scope, key, command).await
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>> {
        self.inner.load_many(scope, records).await
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> std::result::Result<Landed, Refused> {
        if let Some(commits) = &mut *self.commits.lock().unwrap() {
            commits.push(commit.clone());
        }
        self.inner.commit(tenant, commit).await
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64> {
        self.inner.next_number(tenant, kind).await
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage> {
        self.inner.events(scope, record, part).await
    }

    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage> {
        self.inner.page(scope, request).await
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64> {
        self.inner.count(scope, filter, cap).await
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>> {
        self.inner.wakes(sweep).await
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage> {
        self.inner.feed(scope, request).await
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<()> {
        self.inner.changed(tenant, after).await
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>> {
        self.inner.document(tenant, digest).await
    }

    async fn published(&self, tenant: &TenantId, before: Option<u32>, limit: usize) -> Result<Vec<Published>> {
        self.inner.published(tenant, before, limit).await
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize> {
        self.inner.forget(before, limit).await
    }
}
