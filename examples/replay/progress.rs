//! Progress on the way: a line that moves on a terminal, a few lines elsewhere.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

pub(crate) struct Progress {
    done: usize,
    all: usize,
    terminal: bool,
    last: Instant,
    /// The part, in percent, at which a line is next due where there is no terminal.
    next: usize,
}

impl Progress {
    pub(crate) fn new(all: usize) -> Self {
        Self { done: 0, all, terminal: std::io::stderr().is_terminal(), last: Instant::now(), next: 25 }
    }

    pub(crate) fn step(&mut self) {
        self.done += 1;
        if !self.done.is_multiple_of(256) {
            return;
        }
        let percent = self.done * 100 / self.all.max(1);
        if self.terminal && self.last.elapsed() > Duration::from_millis(100) {
            self.last = Instant::now();
            eprint!("\r{} of {} incidents, {percent} %", self.done, self.all);
            let _ = std::io::stderr().flush();
        } else if !self.terminal && percent >= self.next {
            eprintln!("{} of {} incidents, {percent} %", self.done, self.all);
            self.next = percent - percent % 25 + 25;
        }
    }

    pub(crate) fn end(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}
