//! Repositories that outlive the process: they keep the contract, and what was answered survives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test that fails should say so at once; tests of stores look at the machine"
)]

mod common;
mod contract;
