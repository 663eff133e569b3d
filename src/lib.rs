#![doc = include_str!("../README.md")]

pub mod actor;
pub mod blocking;
pub mod calendar;
pub mod cascade;
pub mod category;
pub mod command;
#[cfg(feature = "contract")]
pub mod contract;
mod decision;
pub mod desk;
pub mod digest;
pub mod directory;
pub mod error;
pub mod event;
pub mod fault;
pub mod field;
pub mod id;
pub mod incident;
pub mod key;
pub mod ledger;
pub mod lifecycle;
pub mod link;
pub mod obligation;
pub mod permission;
pub mod policy;
pub mod priority;
pub mod problem;
pub mod record;
pub mod recurrence;
pub mod sla;
pub mod store;
#[cfg(feature = "test-util")]
pub mod testing;
pub mod text;
pub mod time;
pub mod verb;
pub mod view;
mod waiting;

pub use actor::Actor;
pub use decision::{AllowedMove, MoveField, MoveFieldKind};
pub use desk::Desk;
pub use error::Error;
pub use id::{CommandId, Id, Number, Version};
pub use incident::{Incident, Stage};
pub use policy::{Policy, PolicyDraft};
pub use problem::Problem;
pub use store::{MemoryRepository, Repository};
