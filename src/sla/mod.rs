//! Service levels: which agreements hold for a record, what they promise, and how its clocks react.
//!
//! An [`Agreement`] stands in the [`Policy`](crate::Policy): with the customer (SLA), with a group of one's own
//! (OLA) or with a vendor (underpinning contract). Its [`Conditions`] say for which records it holds; of those
//! that promise the same, the first that fits. Each of its [`MetricRule`]s is a clock: from when it counts, what
//! ends it, what pauses it, and how long it may take.

mod agreement;
mod promise;
mod react;
mod validate;

pub use agreement::{
    Agreement, CalendarChoice, CalendarOwner, CalendarsOf, Conditions, EndRule, MetricRule, OnChange, OnReopening,
    Runs, StartRule, Targets,
};
pub use promise::{Considered, MAX_CLOCKS, Misfit, Promise, considered, promises};
pub(crate) use react::Clockwork;
