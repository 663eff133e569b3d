//! Recurrence: incidents that are alike, found by plain counting.
//!
//! [`Recurrences`] counts, rule by rule, how many incidents with the same service, item, category or words came within
//! a window of time. What came often enough is a [`Candidate`] for a problem, and says why: its rule, what its incidents
//! have in common, how many there are, and which. [`SimilarIncidents`] finds, for one incident, those that are like it, and
//! explains each score by what the two share; [`KnownErrors`] finds the published known errors that it shows, likewise. A
//! candidate becomes a problem with [`raise`](crate::desk::ActingDesk::raise), or is
//! [dismissed](Recurrences::dismiss) with a reason and stays quiet.
//!
//! All are values of the host's: they are fed with incidents as these come, so that a question costs no walk through the
//! past, and know nothing of tenants and viewers. Feed one with what its readers may see.
//!
//! ```
//! use andon::{
//!     Actor, Desk, MemoryRepository, blocking,
//!     command::Report,
//!     recurrence::{Aspect, RecurrenceRule, Recurrences},
//!     time::{Seconds, SystemTime, TimeSource},
//! };
//!
//! let desk = blocking::Desk::from(Desk::new(MemoryRepository::new())).tenant("acme")?;
//! let desk = desk.acting_as(Actor::person("anna")?.role("agent")?);
//! let often = RecurrenceRule::new("often".parse()?, [Aspect::Service, Aspect::Words]);
//! let often = often.within(Seconds::days(7)).at_least(3);
//! let mut recurrences = Recurrences::new(vec![often])?;
//! for floor in ["first", "second", "third"] {
//!     let report = Report::new(format!("VPN drops, {floor} floor")).service("vpn");
//!     recurrences.observe(desk.report(report)?.incident());
//! }
//! let found = recurrences.candidates(SystemTime.now(), 10);
//! assert_eq!(found[0].to_string(), "3 incidents within 7 d with service vpn and the words drops, floor, vpn (rule often)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod candidate;
mod feature;
mod rule;
mod similar;

pub use candidate::{Candidate, Dismissal, Recurrences, Signature};
pub use feature::{Aspect, Feature};
pub use rule::RecurrenceRule;
pub use similar::{KnownErrors, Shared, SimilarIncident, SimilarIncidents, SimilarRecord, SimilarRecords};
