//! Repositories that break one promise each.

mod follow;
mod kinds;
mod lists;
mod reads;
mod writes;

use andon::contract::{self, BrokenPromise};

use crate::bent::{Bent, now};

/// A repository that breaks a promise, and the case that must find it.
pub struct Broken {
    pub case: &'static str,
    /// What it does: "which …".
    pub how: String,
    make: Box<dyn Fn() -> Bent + Send + Sync>,
}

impl Broken {
    /// Runs the case. Whoever races takes turns, so that it comes out the same each time.
    pub fn run(&self) -> Result<(), BrokenPromise> {
        now(contract::test_one(self.case, || async { ((), (self.make)()) }))
    }
}

/// All of them: at least one for each case.
pub fn repositories() -> Vec<Broken> {
    let mut list = List(Vec::new());
    writes::add(&mut list);
    reads::add(&mut list);
    lists::add(&mut list);
    follow::add(&mut list);
    kinds::add(&mut list);
    list.0
}

pub struct List(Vec<Broken>);

impl List {
    fn add(&mut self, case: &'static str, how: impl Into<String>, make: impl Fn() -> Bent + Send + Sync + 'static) {
        self.0.push(Broken { case, how: how.into(), make: Box::new(make) });
    }
}
