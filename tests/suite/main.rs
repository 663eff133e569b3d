//! The tests of the crate from outside, by what they are about. One program: fifty would take longer to link than
//! to run. Without the time zones, what is told of calendars in zones is left out.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test that fails should say so at once"
)]

mod common;

mod agreements;
mod allowed_moves;
mod bad_input;
mod bad_json;
mod bulk;
mod calendars;
mod cascades;
mod catching_up;
mod closure;
mod concurrency;
mod desk;
mod errors;
mod facts;
mod families;
mod feed;
mod import;
#[cfg(feature = "time-zones")]
mod json;
#[cfg(feature = "test-util")]
mod kit;
mod ledger_corners;
mod liars;
mod lifecycle;
mod link_corners;
mod links;
mod major;
mod major_corners;
mod merge_corners;
mod merging;
mod milestones;
#[cfg(feature = "time-zones")]
mod moved_json;
mod moves;
mod observing;
#[cfg(feature = "test-util")]
mod paging;
mod permissions;
mod plan_corners;
mod policies;
#[cfg(feature = "test-util")]
mod previews;
mod priority;
mod problem_cascades;
#[cfg(feature = "time-zones")]
mod problem_json;
mod problem_lifecycle;
mod problems;
mod publishing;
mod raising;
mod recurrence;
mod redaction;
#[cfg(feature = "test-util")]
mod schedules;
#[cfg(feature = "time-zones")]
mod views;
mod waking;
mod worklists;
#[cfg(feature = "time-zones")]
mod zones;
