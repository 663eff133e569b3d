//! A repository chosen at run time, and repositories behind pointers: each method forwarded.

use std::{future::Future, pin::Pin, sync::Arc};

use super::{
    Commit, Document, EventPage, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded, LogPart,
    PageRequest, Published, RecordKey, RecordKind, Refused, Repository, RepositoryError, RowPage, Scope, Sweep, Wake,
};
use crate::{digest::Digest, event::RecordId, id::CommandId, key::TenantId, time::Instant};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Hands the methods of [`Repository`] to another macro, each with the method of its object-safe twin.
/// An argument is written with its lifetime in front, if it has one.
macro_rules! methods {
    ($use:ident) => {
        $use! {
            load load_dyn(scope: ['a ref Scope], key: ['a option RecordKey], command: [of Option<CommandId>])
                -> Result<Found, RepositoryError>;
            load_many load_many_dyn(scope: ['a ref Scope], records: ['a ref [RecordId]])
                -> Result<Vec<Option<Loaded>>, RepositoryError>;
            commit commit_dyn(tenant: ['a ref TenantId], commit: [of Commit]) -> Result<Landed, Refused>;
            next_number next_number_dyn(tenant: ['a ref TenantId], kind: [of RecordKind]) -> Result<u64, RepositoryError>;
            events events_dyn(scope: ['a ref Scope], record: [of RecordId], part: [of LogPart])
                -> Result<EventPage, RepositoryError>;
            page page_dyn(scope: ['a ref Scope], request: ['a in PageRequest]) -> Result<RowPage, RepositoryError>;
            count count_dyn(scope: ['a ref Scope], filter: ['a ref Filter], cap: [of u64]) -> Result<u64, RepositoryError>;
            wakes wakes_dyn(sweep: [of Sweep]) -> Result<Vec<Wake>, RepositoryError>;
            feed feed_dyn(scope: ['a ref Scope], request: ['a in FeedRequest]) -> Result<FeedPage, RepositoryError>;
            changed changed_dyn(tenant: ['a ref TenantId], after: [of FeedPosition]) -> Result<(), RepositoryError>;
            document document_dyn(tenant: ['a ref TenantId], digest: [of Digest])
                -> Result<Option<Document>, RepositoryError>;
            published published_dyn(tenant: ['a ref TenantId], before: [of Option<u32>], limit: [of usize])
                -> Result<Vec<Published>, RepositoryError>;
            forget forget_dyn(before: [of Instant], limit: [of usize]) -> Result<usize, RepositoryError>;
        }
    };
}

/// The type of an argument.
macro_rules! argument {
    ($life:lifetime ref $type:ty) => { &$life $type };
    ($life:lifetime option $type:ty) => { Option<&$life $type> };
    ($life:lifetime in $type:ident) => { $type<$life> };
    (of $type:ty) => { $type };
}

/// The same without naming the lifetime.
macro_rules! elided {
    ($life:lifetime ref $type:ty) => { &$type };
    ($life:lifetime option $type:ty) => { Option<&$type> };
    ($life:lifetime in $type:ident) => { $type<'_> };
    (of $type:ty) => { $type };
}

macro_rules! erased {
    ($($method:ident $erased:ident($($arg:ident: [$($type:tt)+]),*) -> $output:ty;)*) => {
        /// The object-safe twin of [`Repository`]. Its methods have names of their own: equal ones would be
        /// ambiguous.
        #[allow(clippy::elidable_lifetime_names, reason = "a lifetime is elided for some arguments only")]
        trait Erased: Send + Sync {
            $(fn $erased<'a>(&'a self, $($arg: argument!($($type)+)),*) -> Boxed<'a, $output>;)*
        }

        #[allow(clippy::elidable_lifetime_names, reason = "a lifetime is elided for some arguments only")]
        impl<R: Repository> Erased for R {
            $(fn $erased<'a>(&'a self, $($arg: argument!($($type)+)),*) -> Boxed<'a, $output> {
                Box::pin(self.$method($($arg),*))
            })*
        }

        // `async fn` and not `-> impl Future`: the boxed future's lifetime is the intersection of several.
        impl Repository for AnyRepository {
            $(async fn $method(&self, $($arg: elided!($($type)+)),*) -> $output {
                self.0.$erased($($arg),*).await
            })*
        }

        impl<R: Repository + ?Sized> Repository for &R {
            $(async fn $method(&self, $($arg: elided!($($type)+)),*) -> $output {
                (**self).$method($($arg),*).await
            })*
        }

        impl<R: Repository + ?Sized> Repository for Arc<R> {
            $(async fn $method(&self, $($arg: elided!($($type)+)),*) -> $output {
                (**self).$method($($arg),*).await
            })*
        }
    };
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

methods!(erased);
