//! A repository in memory of which single methods can be bent.

use std::{future::Future, pin::Pin};

use andon::{
    CommandId, MemoryRepository, Repository,
    digest::Digest,
    event::RecordId,
    key::TenantId,
    store::{
        Commit, Document, EventPage, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded, LogPart,
        PageRequest, Published, RecordKey, RecordKind, Refused, RepositoryError, RowPage, Scope, Sweep, Wake,
    },
    time::Instant,
};

pub type Memory = MemoryRepository;
type Result<T> = std::result::Result<T, RepositoryError>;
type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a future of the repository in memory comes to: none of them waits, but for that of `changed`.
pub fn now<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}

/// Declares the methods that are bent by a function, in place of the method or around it.
macro_rules! bent {
    ($($method:ident as $set:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        #[derive(Default)]
        pub struct Bent {
            inner: Memory,
            $($method: Option<Box<dyn Fn(&Memory, $($type),*) -> $output + Send + Sync>>,)*
            commit: Option<Box<dyn Fn(Memory, TenantId, Commit) -> Boxed<std::result::Result<Landed, Refused>> + Send + Sync>>,
            changed: Option<Box<dyn Fn(Memory, TenantId, FeedPosition) -> Boxed<Result<()>> + Send + Sync>>,
            next_number: Option<Box<dyn Fn(Memory, TenantId, RecordKind) -> Boxed<Result<u64>> + Send + Sync>>,
        }

        impl Bent {
            $(pub fn $set(mut self, how: impl Fn(&Memory, $($type),*) -> $output + Send + Sync + 'static) -> Self {
                self.$method = Some(Box::new(how));
                self
            })*
        }

        impl Repository for Bent {
            $(async fn $method(&self, $($arg: $type),*) -> $output {
                match &self.$method {
                    Some(how) => how(&self.inner, $($arg),*),
                    None => self.inner.$method($($arg),*).await,
                }
            })*

            async fn commit(&self, tenant: &TenantId, commit: Commit) -> std::result::Result<Landed, Refused> {
                match &self.commit {
                    Some(how) => how(self.inner.clone(), tenant.clone(), commit).await,
                    None => self.inner.commit(tenant, commit).await,
                }
            }

            async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<()> {
                match &self.changed {
                    Some(how) => how(self.inner.clone(), tenant.clone(), after).await,
                    None => self.inner.changed(tenant, after).await,
                }
            }

            async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64> {
                match &self.next_number {
                    Some(how) => how(self.inner.clone(), tenant.clone(), kind).await,
                    None => self.inner.next_number(tenant, kind).await,
                }
            }
        }
    };
}

bent! {
    load as on_load(scope: &Scope, key: Option<&RecordKey>, command: Option<CommandId>) -> Result<Found>;
    load_many as on_load_many(scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>>;
    events as on_events(scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage>;
    page as on_page(scope: &Scope, request: PageRequest<'_>) -> Result<RowPage>;
    count as on_count(scope: &Scope, filter: &Filter, cap: u64) -> Result<u64>;
    wakes as on_wakes(sweep: Sweep) -> Result<Vec<Wake>>;
    feed as on_feed(scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage>;
    document as on_document(tenant: &TenantId, digest: Digest) -> Result<Option<Document>>;
    published as on_published(tenant: &TenantId, before: Option<u32>, limit: usize) -> Result<Vec<Published>>;
    forget as on_forget(before: Instant, limit: usize) -> Result<usize>;
}

impl Bent {
    /// Commits in another way, at once.
    pub fn on_commit(
        self,
        how: impl Fn(&Memory, &TenantId, Commit) -> std::result::Result<Landed, Refused> + Send + Sync + 'static,
    ) -> Self {
        self.on_commit_slowly(move |memory, tenant, commit| Box::pin(std::future::ready(how(&memory, &tenant, commit))))
    }

    /// Commits in another way, with pauses.
    pub fn on_commit_slowly(
        mut self,
        how: impl Fn(Memory, TenantId, Commit) -> Boxed<std::result::Result<Landed, Refused>> + Send + Sync + 'static,
    ) -> Self {
        self.commit = Some(Box::new(how));
        self
    }

    /// Changes a commit before it lands.
    pub fn before_commit(self, change: impl Fn(&Memory, &TenantId, &mut Commit) + Send + Sync + 'static) -> Self {
        self.on_commit(move |memory, tenant, mut commit| {
            change(memory, tenant, &mut commit);
            now(memory.commit(tenant, commit))
        })
    }

    /// Says something else when a commit is refused.
    pub fn on_refusal(
        self,
        how: impl Fn(&Memory, &TenantId, Refused) -> std::result::Result<Landed, Refused> + Send + Sync + 'static,
    ) -> Self {
        self.on_commit(move |memory, tenant, commit| {
            now(memory.commit(tenant, commit)).or_else(|refused| how(memory, tenant, refused))
        })
    }

    pub fn on_changed(
        mut self,
        how: impl Fn(Memory, TenantId, FeedPosition) -> Boxed<Result<()>> + Send + Sync + 'static,
    ) -> Self {
        self.changed = Some(Box::new(how));
        self
    }

    pub fn on_next_number(
        mut self,
        how: impl Fn(Memory, TenantId, RecordKind) -> Boxed<Result<u64>> + Send + Sync + 'static,
    ) -> Self {
        self.next_number = Some(Box::new(how));
        self
    }

    /// Changes what a load found.
    pub fn after_load(
        self,
        change: impl Fn(&Memory, &Scope, Option<&RecordKey>, &mut Found) + Send + Sync + 'static,
    ) -> Self {
        self.on_load(move |memory, scope, key, command| {
            let mut found = now(memory.load(scope, key, command))?;
            change(memory, scope, key, &mut found);
            Ok(found)
        })
    }

    /// Changes what a log shows.
    pub fn after_events(self, change: impl Fn(&Scope, LogPart, &mut EventPage) + Send + Sync + 'static) -> Self {
        self.on_events(move |memory, scope, record, part| {
            let mut page = now(memory.events(scope, record, part))?;
            change(scope, part, &mut page);
            Ok(page)
        })
    }

    /// Changes what a page shows.
    pub fn after_page(self, change: impl Fn(&PageRequest<'_>, &mut RowPage) + Send + Sync + 'static) -> Self {
        self.on_page(move |memory, scope, request| {
            let mut page = now(memory.page(scope, request))?;
            change(&request, &mut page);
            Ok(page)
        })
    }

    /// Changes what the feed shows.
    pub fn after_feed(self, change: impl Fn(&Scope, &FeedRequest<'_>, &mut FeedPage) + Send + Sync + 'static) -> Self {
        self.on_feed(move |memory, scope, request| {
            let mut page = now(memory.feed(scope, request))?;
            change(scope, &request, &mut page);
            Ok(page)
        })
    }

    /// Changes what a sweep gives.
    pub fn after_wakes(self, change: impl Fn(Sweep, &mut Vec<Wake>) + Send + Sync + 'static) -> Self {
        self.on_wakes(move |memory, sweep| {
            let mut wakes = now(memory.wakes(sweep.clone()))?;
            change(sweep, &mut wakes);
            Ok(wakes)
        })
    }

    /// Reads as another viewer, or in another tenant, with one of the methods that take a scope.
    pub fn seeing(self, method: &str, other: impl Fn(&Scope) -> Scope + Send + Sync + 'static) -> Self {
        match method {
            "load" => self.on_load(move |memory, scope, key, command| {
                let record = now(memory.load(&other(scope), key, None))?.record;
                Ok(Found { record, ..now(memory.load(scope, None, command))? })
            }),
            "load_many" => self.on_load_many(move |memory, scope, ids| now(memory.load_many(&other(scope), ids))),
            "events" => self.on_events(move |memory, scope, id, part| now(memory.events(&other(scope), id, part))),
            "page" => self.on_page(move |memory, scope, request| now(memory.page(&other(scope), request))),
            "count" => self.on_count(move |memory, scope, filter, cap| now(memory.count(&other(scope), filter, cap))),
            "feed" => self.on_feed(move |memory, scope, request| now(memory.feed(&other(scope), request))),
            _ => panic!("{method} takes no scope"),
        }
    }

    /// Asks lists, counts and the feed for other records than they were asked for.
    pub fn filtering(self, other: impl Fn(&Filter) -> Filter + Send + Sync + Clone + 'static) -> Self {
        let (page, count) = (other.clone(), other.clone());
        self.on_page(move |memory, scope, request| {
            let query = andon::store::Query { filter: page(&request.query.filter), sort: request.query.sort };
            now(memory.page(scope, PageRequest { query: &query, ..request }))
        })
        .on_count(move |memory, scope, filter, cap| now(memory.count(scope, &count(filter), cap)))
        .on_feed(move |memory, scope, request| {
            now(memory.feed(scope, FeedRequest { filter: &other(request.filter), ..request }))
        })
    }
}
