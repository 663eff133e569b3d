//! Laws: what holds for every sequence of commands, every policy and every text.
//!
//! `ANDON_CASES` asks for more sequences than the ordinary 16,000, and `ANDON_SEED` for others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails panics"
)]
#![allow(clippy::print_stdout, reason = "the run tells how often the rarest move was taken")]

mod action;
mod drafts;
mod erasing;
mod grid;
mod lateness;
mod policies;
mod problems;
mod recount;
mod sequences;
mod values;
mod world;
