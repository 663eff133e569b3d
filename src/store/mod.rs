//! Repositories: where records, events and answers are kept, atomically and by tenant.
//!
//! A host implements [`Repository`] over whatever it runs, or takes [`MemoryRepository`].

mod any;
mod commit;
mod consumer;
mod document;
mod error;
mod feed;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod health;
mod index;
mod memory;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod migration;
mod moving;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod repository;
mod scope;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod term;
mod wake;

pub use any::AnyRepository;
pub use commit::{
    Answer, Commit, Erasure, Expected, Guard, Landed, Loaded, Record, RecordKey, Refused, Touched, Write,
};
pub use consumer::FeedKeeper;
pub use document::{Document, Publication, Published};
pub use error::RepositoryError;
pub use feed::{FeedChange, FeedEntry, FeedPage, FeedPosition, FeedRequest};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use health::{Health, Inspected, Inspection};
pub use index::IndexRow;
pub use memory::MemoryRepository;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use migration::{Migration, OpenError};
pub use moving::{MoveError, Moved, MovedKey, MovedRecord, Moves, Portable, export, import};
pub use page::{PageRequest, RowPage};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresRepository, PostgresTransaction};
pub(crate) use query::Columns;
pub use query::{Filter, Matcher, Need, Query, Search, Sort, SortKey, Span, UnknownSort};
pub use repository::{EventPage, Found, LogPart, MAX_PAGE, Repository};
pub use scope::Scope;
#[cfg(feature = "sqlite")]
pub use sqlite::{Durability, SqliteOptions, SqliteRepository};
pub(crate) use term::{Indexed, field_term};
pub use term::{MAX_TOKEN_BYTES, MAX_TOKENS, Term, TermChange, TermError, Terms, tokens};
pub use wake::{BUCKETS, Share, ShareError, Sweep, Wake};

pub use crate::record::RecordKind;
