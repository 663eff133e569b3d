//! The parts of the test of isolation.

pub mod dice;
pub mod oracle;
pub mod world;
