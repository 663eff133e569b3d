//! The test kit: for hosts that test their own code against a desk.
//!
//! A [`TestDesk`] is a desk with a clock that is turned by hand; [`incident`] makes an incident in any
//! stage, and [`problem`] a problem;
//! [`given`] … [`when`](Given::when) … [`then`](When::then) judges a rule of the host's and tells the whole story
//! when it does something else; [`strategies`] make random reports, commands, histories and policies for
//! `proptest`. With the feature `test-util`, for development:
//!
//! ```toml
//! [dev-dependencies]
//! andon = { version = "0.1", features = ["test-util"] }
//! ```
//!
//! Nothing here panics: a test gives back a [`Result`], and everything is passed on with `?`.
//!
//! ```
//! use andon::{Stage, testing::{self, TestDesk, given, incident}, time::days};
//!
//! // #[test]
//! fn a_reply_is_awaited_for_two_days() -> testing::Result {
//!     let desk = TestDesk::new();
//!     let held = incident().caller("bob").on_hold("awaiting_caller").at(&desk)?;
//!     desk.advance(days(2))?;
//!     desk.caller("bob")?.incident(held.id()).add_note("It is the printer on the third floor.")?;
//!     assert_eq!(desk.agent("anna")?.incident(held.id()).get()?.incident().stage(), Stage::InProgress);
//!     Ok(())
//! }
//!
//! // #[test]
//! fn what_is_urgent_goes_to_the_network_team() -> testing::Result {
//!     given(&TestDesk::new())
//!         .incident(|incident| incident.priority("P1"))
//!         .when(|acting, id| acting.incident(id).route_to_group("Network"))
//!         .then()
//!         .stage(Stage::New)
//!         .group("Network")
//!         .events(["routed"])
//!         .holds()
//! }
//! # a_reply_is_awaited_for_two_days()?;
//! # what_is_urgent_goes_to_the_network_team()
//! # ; Ok::<(), testing::Failure>(())
//! ```

mod desk;
mod failure;
mod ids;
mod incident;
mod journal;
mod lead;
mod people;
mod problem;
mod sample;
mod story;
pub mod strategies;
mod then;

pub use desk::{START, TestDesk};
pub use failure::Failure;
pub use ids::OneSalt;
pub use incident::{IncidentBuilder, incident};
pub use lead::TypedStage;
pub use people::{administrator, agent, caller, manager, monitoring};
pub use problem::{ProblemBuilder, problem};
pub use story::{Given, When, given};
pub use then::Then;

/// What a test gives back. `#[test] fn name() -> andon::testing::Result` may use `?` on everything here, on
/// everything of the library, and on every other error; if it fails, what is printed is the [`Failure`].
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;
