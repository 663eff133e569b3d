//! Runs a file of cases of business-time arithmetic, and prints each that differs.
//!
//! `cargo run --release --example business_time -- PATH`; the README of the examples says what a case is.
//! Exit status: 0 if all passed, 1 if any failed, 2 if the file cannot be read.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a person")]

mod case;

use std::{error::Error, fs, process::ExitCode};

use case::{Difference, run};
use serde_json::Value;

fn read(path: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    let text = fs::read(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    Ok(serde_json::from_slice(&text).map_err(|error| format!("{path} is no list of cases: {error}"))?)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: business_time PATH");
        return ExitCode::from(2);
    };
    let cases = match read(&path) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let (mut passed, mut failed) = (0_u32, 0_u32);
    for (index, case) in cases.into_iter().enumerate() {
        match run(index, case) {
            Ok(()) => passed = passed.saturating_add(1),
            Err(Difference { id, expected, got }) => {
                println!("{id}: expected {expected}, got {got}");
                failed = failed.saturating_add(1);
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
