//! A worklist on a terminal: what a front-end over the desk looks like.
//!
//! ```text
//! cargo run --example front_end [-- --seed N --pace MILLISECONDS]
//! cargo run --example front_end -- --headless KEYS [--size 110x32]
//! ```
//!
//! examples/README.md says which keys there are and which file has what.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that shows something")]
#![allow(clippy::arithmetic_side_effects, reason = "it counts rows and columns of a screen")]
#![allow(clippy::disallowed_methods, reason = "a program with threads of its own")]

mod app;
mod colleagues;
mod command;
mod desk;
mod draw;
mod draw_incident;
mod form;
mod headless;
mod intents;
mod keys;
mod message;
mod opened;
mod panes;
mod terminal;
mod worklist;

use std::{error::Error, io::IsTerminal, process::ExitCode, time::Duration};

use headless::Headless;

const USAGE: &str =
    "usage: front_end [--seed N] [--pace MILLISECONDS] [--headless KEYS | --script FILE] [--size COLUMNSxLINES]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("front_end: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was asked on the command line.
struct Options {
    seed: u64,
    pace: Duration,
    /// The keys, if there is to be no terminal.
    keys: Option<String>,
    size: (u16, u16),
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = options(std::env::args().skip(1))? else {
        println!("{USAGE}");
        return Ok(());
    };
    let keys = match options.keys {
        Some(keys) => keys,
        None if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() => {
            return terminal::run(options.seed, options.pace);
        }
        None => {
            eprintln!("front_end: this is no terminal; the first screen follows\n{USAGE}");
            String::new()
        }
    };
    let mut headless = Headless::new(options.size, options.seed)?;
    headless.play(&keys)?;
    print!("{}", headless.screen()?);
    Ok(())
}

/// `None` if help was asked for.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { seed: 7, pace: Duration::from_millis(1_500), keys: None, size: (110, 32) };
    while let Some(argument) = arguments.next() {
        if matches!(argument.as_str(), "--help" | "-h") {
            return Ok(None);
        }
        let value = arguments.next().ok_or_else(|| format!("{argument} is not known, or lacks its value\n{USAGE}"))?;
        let number = || value.parse().map_err(|_| format!("{argument} takes a number, and {value} is none"));
        match argument.as_str() {
            "--seed" => options.seed = number()?,
            "--pace" => options.pace = Duration::from_millis(number()?),
            "--headless" => options.keys = Some(value),
            "--script" => {
                let text = std::fs::read_to_string(&value).map_err(|error| format!("{value}: {error}"))?;
                options.keys = Some(text);
            }
            "--size" => {
                let size = value.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
                options.size = size.ok_or_else(|| format!("{value} is no size such as 110x32"))?;
            }
            _ => return Err(format!("{argument} is not known\n{USAGE}")),
        }
    }
    Ok(Some(options))
}
