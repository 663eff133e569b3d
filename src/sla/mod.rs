//! Service levels: which agreements hold for a record, what they promise, and how its clocks react.
//!
//! An [`Agreement`] stands in the [`Policy`](crate::Policy): with the customer (SLA), with a group of one's own
//! (OLA) or with a vendor (underpinning contract). Its [`Conditions`] say for which records it holds; of those
//! that promise the same, the first that fits. Each of its [`MetricRule`]s is a clock: from when it counts, what
//! ends it, what pauses it, and how long it may take.
//!
//! As part of a policy file, here in TOML:
//!
//! ```
//! let draft: andon::PolicyDraft = toml::from_str(r#"
//!     name = "Acme"
//!
//!     [calendars.desk]
//!     name = "Service desk"
//!     zone = "UTC"                                          # or Europe/Berlin, +05:30
//!     weekly = { mon = [["09:00", "12:00"], ["13:00", "17:00"]], fri = [["22:00", "06:00"]] }
//!
//!     [[agreements]]
//!     key = "gold"
//!     when = { organisations = ["Acme Ltd"], priorities = ["P1", "P2"] }
//!     calendar = "desk"                                     # or { of = "organisation", otherwise = "desk" }
//!
//!     [[agreements.metrics]]
//!     metric = "respond"
//!     target = { all = { elapsed_seconds = 900 } }          # around the clock
//!     end = { milestones = ["responded"] }
//!
//!     [[agreements.metrics]]
//!     metric = "resolve"
//!     end = { milestones = ["resolved"] }
//!     paused_by = ["awaiting_caller"]
//!     on_change = "keep_start"                              # or keep_spent, restart
//!     on_reopening = "resume"                               # or count_as_pause, restart
//!     warnings = [{ percent = 75 }, { seconds_left = 600 }]
//!     [agreements.metrics.target.by_priority]
//!     P1 = { business_seconds = 14_400 }
//!     P2 = { business_days = 1 }                            # or end_of_business_day = 1
//!
//!     [[agreements.metrics]]
//!     metric = "update"                                     # one clock from each update to the next
//!     target = { all = { elapsed_seconds = 3_600 } }
//!     end = "update"
//!
//!     [[agreements]]
//!     key = "network-team"
//!     kind = "ola"
//!     [[agreements.metrics]]
//!     metric = "own"
//!     target = { all = { elapsed_seconds = 7_200 } }
//!     start = { milestone = "assigned" }
//!     end = { milestones = ["started"] }
//!     runs = { with_group = "Network" }                     # or { on_hold_for = ["awaiting_vendor"] }
//! "#)?;
//! let policy = draft.validate()?;
//! assert_eq!(policy.agreement("gold").map(|gold| gold.metrics.len()), Some(3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A clock can count from and to [milestones](crate::incident::Milestone) of the host's own, which the policy declares and
//! people record, and ask for what is owed once it is missed: here the notification of an authority within 72 hours
//! of becoming aware of a breach of personal data, and later than that with the reasons for the delay (GDPR, article 33).
//!
//! ```
//! let draft: andon::PolicyDraft = toml::from_str(r#"
//!     milestones = [{ milestone = "aware" }, { milestone = "authority_notified", label = "Authority notified" }]
//!     fields = [{ key = "reasons_for_delay", kind = { text = { max_chars = 2_000 } } }]
//!
//!     [[agreements]]
//!     key = "gdpr"
//!     [[agreements.metrics]]
//!     metric = "notify_authority"
//!     target = { all = { elapsed_seconds = 259_200 } }
//!     start = { milestone = "aware" }
//!     end = { milestones = ["authority_notified"] }
//!     when_missed = [{ field = "fields.reasons_for_delay", by = "closure" }]
//! "#)?;
//! draft.validate()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Clocks follow the record. After everything that happens to it they are started, paused, resumed, ended and
//! cancelled in the same commit; warnings and breaches [fall due](crate::Desk::wake) by themselves. A clock keeps
//! the terms and the calendar by which it started, whatever is published later, until the record is
//! [issued anew](crate::command::IncidentCommand::Reissue). What of a record changed decides whether another
//! clock takes its place: its priority, or what the conditions look at.
//!
//! What has no clock when something happens cannot tell later what happened then: a clock that starts later than
//! it counts from, as one of an agreement that comes to hold in mid-life, knows no pauses before.

mod agreement;
mod clockwork;
mod hand;
mod promise;
mod validate;

pub use agreement::{
    Agreement, CalendarChoice, CalendarOwner, CalendarsOf, Conditions, EndRule, MetricRule, OnChange, OnReopening,
    Runs, StartRule, Targets,
};
pub(crate) use clockwork::{Before, Clockwork};
pub use promise::{Considered, MAX_CLOCKS, Misfit, Promise, considered, promises};
