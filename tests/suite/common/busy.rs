//! A repository in which something else happens before a commit.

use std::sync::{Arc, Mutex};

use andon::{
    Actor, CommandId, Desk, MemoryRepository, Repository,
    blocking::{self, ActingDesk},
    digest::Digest,
    event::RecordId,
    id::SystemIds,
    key::TenantId,
    store::{
        Commit, Document, EventPage, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded, LogPart,
        PageRequest, Published, RecordKey, RecordKind, Refused, RepositoryError, RowPage, Scope, Sweep, Wake,
    },
    time::Instant,
};

use super::House;

type Meanwhile = Box<dyn FnMut() + Send>;

/// Methods that go to the repository inside.
macro_rules! forward {
    ($($method:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {$(
        async fn $method(&self, $($arg: $type),*) -> $output {
            self.inner.$method($($arg),*).await
        }
    )*};
}

/// A repository in which something else happens before a commit.
#[derive(Clone)]
pub struct Busy {
    inner: MemoryRepository,
    meanwhile: Arc<Mutex<Option<Meanwhile>>>,
    times: Arc<Mutex<u32>>,
}

impl Repository for Busy {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        self.inner.load(scope, key, command).await
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        let meanwhile = {
            let mut times = self.times.lock().unwrap();
            let more = *times > 0;
            *times = times.saturating_sub(1);
            more.then(|| self.meanwhile.lock().unwrap().take()).flatten()
        };
        if let Some(mut meanwhile) = meanwhile {
            meanwhile();
            *self.meanwhile.lock().unwrap() = Some(meanwhile);
        }
        self.inner.commit(tenant, commit).await
    }

    forward! {
        load_many(scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError>;
        next_number(tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError>;
        events(scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError>;
        page(scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError>;
        count(scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError>;
        wakes(sweep: Sweep) -> Result<Vec<Wake>, RepositoryError>;
        feed(scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError>;
        changed(tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError>;
        document(tenant: &TenantId, digest: Digest) -> Result<Option<Document>, RepositoryError>;
        published(tenant: &TenantId, before: Option<u32>, limit: usize) -> Result<Vec<Published>, RepositoryError>;
        forget(before: Instant, limit: usize) -> Result<usize, RepositoryError>;
    }
}

/// Somebody at a desk over the house's repository, at which `meanwhile` happens before each of the next commits, so many
/// times.
pub fn interrupted(
    house: &House,
    actor: Actor,
    times: u32,
    meanwhile: impl FnMut() + Send + 'static,
) -> ActingDesk<Busy> {
    let busy = Busy {
        inner: house.repository.clone(),
        meanwhile: Arc::new(Mutex::new(Some(Box::new(meanwhile)))),
        times: Arc::new(Mutex::new(times)),
    };
    let desk = Desk::with_sources(busy, house.time.clone(), SystemIds::new());
    blocking::Desk::from(desk).tenant("acme").unwrap().acting_as(actor)
}
