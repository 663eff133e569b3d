//! Two repositories that are asked the same, and must say the same: memory is the one that is believed.

use andon::{
    CommandId, MemoryRepository, Repository,
    digest::Digest,
    event::RecordId,
    key::TenantId,
    store::{
        Commit, Document, EventPage, FeedEntry, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded,
        LogPart, PageRequest, Published, Query, RecordKey, RecordKind, Refused, RepositoryError, RowPage, Scope, Sweep,
        Wake,
    },
    time::Instant,
};

type Result<T> = std::result::Result<T, RepositoryError>;

/// Memory beside another repository.
pub struct Twin<R> {
    pub memory: MemoryRepository,
    pub other: R,
    /// The epochs of their feeds.
    epochs: (u64, u64),
}

impl<R: Repository> Twin<R> {
    /// Both must be empty.
    pub async fn new(other: R) -> Self {
        let memory = MemoryRepository::new();
        let scope = Scope::everything(&"nobody".parse().unwrap());
        let query = Query::all();
        let request = PageRequest { query: &query, at: Instant::UNIX_EPOCH, after: None, limit: 1 };
        let epochs = (memory.page(&scope, request).await, other.page(&scope, request).await);
        let epochs = (epochs.0.unwrap().feed.epoch, epochs.1.unwrap().feed.epoch);
        Self { memory, other, epochs }
    }

    /// The same position, as the other one knows it.
    fn there(&self, position: FeedPosition) -> FeedPosition {
        let epoch = if position.epoch == self.epochs.0 { self.epochs.1 } else { !position.epoch };
        FeedPosition { epoch, ..position }
    }

    /// A position of the other one, as memory knows it.
    fn here(&self, position: FeedPosition) -> FeedPosition {
        assert_eq!(position.epoch, self.epochs.1);
        FeedPosition { epoch: self.epochs.0, ..position }
    }
}

/// That both say the same; what went wrong, in words.
#[allow(clippy::needless_pass_by_value, reason = "what is compared is used up")]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, here: Result<T>, there: Result<T>) -> Result<T> {
    match (&here, &there) {
        (Ok(one), Ok(other)) => assert_eq!(one, other, "{what}"),
        (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string(), "{what}"),
        _ => panic!("{what}: {here:?} and {there:?}"),
    }
    here
}

type Parts = (Option<Loaded>, Option<andon::store::Answer>, Option<andon::event::PolicyStamp>);

fn parts(found: Found) -> Parts {
    (found.record, found.answer, found.policy)
}

impl<R: Repository> Repository for Twin<R> {
    async fn load(&self, scope: &Scope, key: Option<&RecordKey>, command: Option<CommandId>) -> Result<Found> {
        let here = self.memory.load(scope, key, command).await.map(parts);
        let there = self.other.load(scope, key, command).await.map(parts);
        let (record, answer, policy) = same("a load", here, there)?;
        Ok(Found { record, answer, policy })
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>> {
        let here = self.memory.load_many(scope, records).await;
        same("a load of many", here, self.other.load_many(scope, records).await)
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> std::result::Result<Landed, Refused> {
        let here = self.memory.commit(tenant, commit.clone()).await;
        let there = self.other.commit(tenant, commit).await;
        let told = |landed: &std::result::Result<Landed, Refused>| match landed {
            Ok(landed) => Ok(landed.clone()),
            Err(refused) => Err(refused.error.to_string()),
        };
        assert_eq!(told(&here), told(&there), "a commit");
        here
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64> {
        let here = self.memory.next_number(tenant, kind).await;
        same("a number", here, self.other.next_number(tenant, kind).await)
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage> {
        let parts = |page: EventPage| (page.events, page.next);
        let here = self.memory.events(scope, record, part).await.map(parts);
        let (events, next) = same("a log", here, self.other.events(scope, record, part).await.map(parts))?;
        Ok(EventPage { events, next })
    }

    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage> {
        let here = self.memory.page(scope, request).await;
        let there = self.other.page(scope, request).await.map(|page| RowPage { feed: self.here(page.feed), ..page });
        same(&format!("a page of {:?}", request.query), here, there)
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64> {
        let here = self.memory.count(scope, filter, cap).await;
        same(&format!("a count of {filter:?}"), here, self.other.count(scope, filter, cap).await)
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>> {
        let here = self.memory.wakes(sweep.clone()).await;
        same("a sweep", here, self.other.wakes(sweep).await)
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage> {
        let here = self.memory.feed(scope, request).await;
        let request = FeedRequest { after: request.after.map(|after| self.there(after)), ..request };
        let there = self.other.feed(scope, request).await.map(|page| FeedPage {
            entries: page
                .entries
                .into_iter()
                .map(|entry| FeedEntry { position: self.here(entry.position), ..entry })
                .collect(),
            next: self.here(page.next),
            ..page
        });
        same("the feed", here, there)
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<()> {
        self.memory.changed(tenant, after).await?;
        self.other.changed(tenant, self.there(after)).await
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>> {
        let here = self.memory.document(tenant, digest).await;
        same("a document", here, self.other.document(tenant, digest).await)
    }

    async fn published(&self, tenant: &TenantId, before: Option<u32>, limit: usize) -> Result<Vec<Published>> {
        let here = self.memory.published(tenant, before, limit).await;
        same("what was published", here, self.other.published(tenant, before, limit).await)
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize> {
        let here = self.memory.forget(before, limit).await;
        same("what is forgotten", here, self.other.forget(before, limit).await)
    }
}
