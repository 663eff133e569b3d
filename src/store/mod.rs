//! Repositories: where records, events and answers are kept, atomically and by tenant.
//!
//! A host implements [`Repository`] over whatever it runs, or takes [`MemoryRepository`].

mod any;
mod commit;
mod error;
mod index;
mod memory;
mod repository;

pub use any::AnyRepository;
pub use commit::{
    Answer, Commit, Expected, Guard, Landed, Loaded, Record, RecordKey, RecordKind, Refused, Touched, Write,
};
pub use error::RepositoryError;
pub use index::{IndexRow, Scope, Term};
pub use memory::MemoryRepository;
pub use repository::{EventPage, Found, Repository};
