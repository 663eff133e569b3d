//! Random reports, commands, histories and policies, for `proptest`.
//!
//! What is drawn fits a policy: levels, categories, fields, reasons and codes are the policy's own. What is
//! drawn shrinks choice by choice, each towards its first and simplest option.
//!
//! ```
//! use andon::{Policy, testing::{TestDesk, strategies}};
//! use proptest::{prelude::*, test_runner::TestRunner};
//!
//! let policy = Policy::itil();
//! let drawn = (strategies::report(&policy), prop::collection::vec(strategies::command(&policy), 0..10));
//! TestRunner::deterministic().run(&drawn, |(report, commands)| {
//!     let desk = TestDesk::new();
//!     let id = desk.agent("anna")?.report(report)?.id();
//!     for command in commands {
//!         let _ = desk.agent("anna")?.incident(id).execute(command); // taken or refused, it never panics
//!     }
//!     Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! People are `bob`, `anna`, `carl`, `vera`, `dora` and `eve`; groups `Network` and `Mail`; organisations
//! `sales` and `plant`. For commands that are to fit the incident that they find (its stage, the present
//! instant, another incident) there is [`Draw`], which draws by [`Choices`]; for problems, [`DrawProblem`].

mod agreements;
mod choices;
mod draw;
mod edits;
mod history;
mod policies;
mod problems;
mod scales;

pub use agreements::calendar;
pub use choices::{Choices, choices};
pub use draw::{Draw, VERBS};
pub use history::history;
pub use policies::{draft, policy};
pub use problems::{DrawProblem, PROBLEM_VERBS};
use proptest::prelude::*;
pub use scales::{matrix, scale};

use crate::{
    command::{IncidentCommand, ProblemCommand, Raise, Report},
    policy::Policy,
};

/// Reports that the policy takes, by whoever may report for others; the instants in them lie before the
/// [start](super::START) of a test desk.
pub fn report(policy: &Policy) -> impl Strategy<Value = Report> + use<> {
    let policy = policy.clone();
    choices().prop_map(move |mut choices| Draw::new(&policy).report(&mut choices))
}

/// Problems that the policy lets be raised, by whoever may route them.
pub fn raise(policy: &Policy) -> impl Strategy<Value = Raise> + use<> {
    let policy = policy.clone();
    choices().prop_map(move |mut choices| DrawProblem::new(&policy).raise(&mut choices))
}

/// Commands of every kind. Seven in eight are such that the policy can take them, if the incident is in a stage
/// that has the move; the others name what the policy does not know, leave out what it asks for, or are wrong
/// under any policy. Dates lie around the [start](super::START) of a test desk.
pub fn command(policy: &Policy) -> impl Strategy<Value = IncidentCommand> + use<> {
    let policy = policy.clone();
    drawn(&VERBS, move |verb, bad, choices| Draw { bad, ..Draw::new(&policy) }.command(verb, choices))
}

/// Commands on a problem of every kind; as [`command`].
pub fn problem_command(policy: &Policy) -> impl Strategy<Value = ProblemCommand> + use<> {
    let policy = policy.clone();
    drawn(&PROBLEM_VERBS, move |verb, bad, choices| {
        DrawProblem { bad, ..DrawProblem::new(&policy) }.command(verb, choices)
    })
}

/// What is drawn by one of the verbs, and bad one time in eight.
fn drawn<V: Copy + std::fmt::Debug + 'static, C: std::fmt::Debug>(
    verbs: &[V],
    draw: impl Fn(V, bool, &mut Choices) -> Option<C>,
) -> impl Strategy<Value = C> {
    let verb = prop::sample::select(verbs.to_vec());
    let bad = prop_oneof![7 => Just(false), 1 => Just(true)];
    (verb, bad, choices()).prop_filter_map("every one of these verbs has a command", move |(verb, bad, mut choices)| {
        draw(verb, bad, &mut choices)
    })
}
