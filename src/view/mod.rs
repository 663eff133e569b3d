//! What front-ends get: a record, its timeline, a row of a list, the moves that somebody has.
//!
//! Views are plain data, for reading. They have a version of their own, [`VIEW_SCHEMA`]: snapshots and
//! events may change their form while views stay as they are.
//!
//! Views grow, and do not change otherwise under one schema: members are added, none is renamed or
//! removed, and keys may get new values. So a front-end ignores members that it does not know, as these
//! types do when they read, and takes a key that it does not know as text. Empty options and lists are
//! left out.
//!
//! Texts are what people wrote, and [`ERASED`](crate::text::ERASED) where a text was erased or is
//! withheld. Who may not read internals gets [`RecordView::public`] and [`TimelineEntry::public`].
//!
//! ```
//! use andon::{Actor, Desk, MemoryRepository, blocking, view::RecordView};
//!
//! let desk = blocking::Desk::from(Desk::new(MemoryRepository::new()));
//! let anna = desk.tenant("acme")?.acting_as(Actor::person("anna")?.role("agent")?);
//! let reported = anna.report("Mail is down")?;
//! let view = RecordView::of(reported.incident(), reported.version());
//! assert_eq!((view.stage.as_str(), view.priority.name.as_str()), ("new", "P3"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod clock;
mod major;
mod moves;
mod opened;
mod problem;
mod record;
mod row;
#[cfg(feature = "schema")]
mod schema;
mod timeline;

use std::fmt::Display;

use serde::Serialize;

pub use change::ChangeView;
pub use clock::ClockView;
pub use major::MajorView;
pub use moves::{FieldView, MoveView, ObligationView};
pub use opened::OpenedView;
pub use problem::{FixView, HypothesisView, KnownErrorView, ProblemView, RootCauseView};
pub use record::{
    AttachmentView, CancellationView, CountersView, HoldView, LinkView, PriorityView, RatedView, RecordView,
    ReferenceView, ResolutionView, WaiverView,
};
pub use row::{AnyRow, ListRow, RowPriority};
#[cfg(feature = "schema")]
pub use schema::schemas;
pub use timeline::TimelineEntry;
pub(crate) use timeline::summary;

/// The schema of the views that this version writes.
pub const VIEW_SCHEMA: u16 = 1;

/// As people read it.
fn text(value: impl Display) -> String {
    value.to_string()
}

/// As people read it, if there is anything.
fn text_of(value: Option<&impl Display>) -> Option<String> {
    value.map(ToString::to_string)
}

/// Each as people read it.
fn texts<T: Display>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// As data names it. Taken from the JSON form, so that a key in a view and the same key in a snapshot
/// cannot differ.
fn key(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(key)) => key,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// An instant within an English sentence.
fn moment(at: crate::time::Instant) -> impl Display {
    at.format("%Y-%m-%d %H:%M:%S UTC")
}
