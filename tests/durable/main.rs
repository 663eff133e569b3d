//! Repositories that outlive the process: they keep the contract, what was answered survives, and they agree with memory.
//!
//! `ANDON_LONG` makes the runs long: a thousand processes killed, a log cut at every frame of five hundred commands, a
//! hundred thousand records swept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that fails should say so at once; tests of stores look at the machine, and children talk"
)]

mod child;
mod common;
mod contract;
mod cuts;
mod damage;
mod differential;
#[cfg(target_os = "linux")]
mod faults;
mod files;
mod kill;
#[cfg(feature = "postgres")]
mod postgres;
mod race;
#[cfg(feature = "postgres")]
mod server;
mod sweepers;
#[cfg(feature = "postgres")]
mod tls;
mod twin;
