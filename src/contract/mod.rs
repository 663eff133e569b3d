//! The contract: what every [`Repository`] promises, as cases that a host runs against its own; and a
//! repository that fails on command.
//!
//! Needs the feature `contract`, which belongs into `[dev-dependencies]`. The whole test of a repository:
//!
//! ```
//! # use andon::MemoryRepository as MyRepository;
//! andon::contract::blocking::test_all(|| async { ((), MyRepository::new()) }).unwrap();
//! ```
//!
//! Each case gets a repository of its own, empty, from a [`Builder`]: any function that gives a future of a
//! guard and a repository is one. The guard is kept until the case ends, and dropped after the repository: a
//! temporary directory, a database to be dropped.
//!
//! To have one test for each case, or to run one alone while a repository is being written:
//!
//! ```
//! # use andon::{MemoryRepository as MyRepository, contract};
//! for (name, promise) in contract::cases() {
//!     println!("{name}: {promise}");
//! }
//! contract::blocking::test_one("a_command_lands_once", || async { ((), MyRepository::new()) })?;
//! # Ok::<(), contract::BrokenPromise>(())
//! ```
//!
//! Where several act at once, [`blocking`] starts threads, each of which waits for its own futures. A
//! repository whose futures need a runtime around them is tested within it by [`test_all`], which starts no
//! such threads and polls the futures of all in turn.
//!
//! How a host's own code gets on with a store that fails is tested with [`FaultyRepository`].

mod answers;
pub mod blocking;
mod check;
mod commits;
mod documents;
mod erasure;
mod families;
mod faulty;
mod feed;
mod fixture;
mod forgetting;
mod generated;
mod internals;
mod keeper;
mod kinds;
mod lists;
mod logs;
mod moving;
mod numbers;
mod pages;
mod promises;
mod racing;
mod reads;
mod search;
mod tenants;
mod visibility;
mod waiting;
mod wakes;

use std::{fmt, future::Future};

pub use faulty::{Call, Fault, FaultyRepository, Method};

use self::{
    check::{Racing, Why},
    fixture::Trial,
    promises::Case,
};
use crate::store::{FeedKeeper, Portable, Repository};

impl Case {
    fn broken(&self, why: &Why) -> BrokenPromise {
        BrokenPromise { case: self.name, promise: self.promise, detail: why.to_string() }
    }
}

/// What builds an empty repository for each case. Every `Fn() -> impl Future<Output = (Guard, Repository)>`
/// is one.
pub trait Builder {
    /// What the repository needs while it is used, such as a temporary directory; `()` if nothing.
    type Guard;
    /// The repository.
    type Repository: Repository;

    /// An empty repository, in which nothing of an earlier case is found.
    fn build(&self) -> impl Future<Output = (Self::Guard, Self::Repository)>;
}

impl<F, B, G, R> Builder for F
where
    F: Fn() -> B,
    B: Future<Output = (G, R)>,
    R: Repository,
{
    type Guard = G;
    type Repository = R;

    fn build(&self) -> impl Future<Output = (G, R)> {
        self()
    }
}

/// A promise that a repository does not keep. It says which, and how that came out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{promise} The case `{case}` found that this does not hold: {detail}")]
pub struct BrokenPromise {
    case: &'static str,
    promise: &'static str,
    detail: String,
}

impl BrokenPromise {
    /// The name of the case.
    #[must_use]
    pub const fn case(&self) -> &'static str {
        self.case
    }

    /// The promise, as a sentence.
    #[must_use]
    pub const fn promise(&self) -> &'static str {
        self.promise
    }

    /// How it came out.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// The promises that a repository keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    cases: Vec<&'static str>,
}

impl Report {
    /// The names of the cases that ran, in their order.
    #[must_use]
    pub fn cases(&self) -> &[&'static str] {
        &self.cases
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} promises are kept", self.cases.len())
    }
}

/// The name of every case, and the promise that it is about.
pub fn cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    promises::CASES.iter().map(|case| (case.name, case.promise))
}

/// Runs every case, each on a repository of its own, until one finds a broken promise.
///
/// # Errors
/// [`BrokenPromise`], the first that was found.
pub async fn test_all<B: Builder>(builder: B) -> Result<Report, BrokenPromise> {
    all(&builder, Racing::InTurn).await
}

/// Runs every case of a [`FeedKeeper`], beside those of [`test_all`], each on a repository of its own.
///
/// # Errors
/// [`BrokenPromise`], the first that was found.
pub async fn test_feed_keeper<B: Builder<Repository: FeedKeeper>>(builder: B) -> Result<Report, BrokenPromise> {
    let mut cases = Vec::with_capacity(promises::FEED_KEEPER_CASES.len());
    for case in promises::FEED_KEEPER_CASES {
        let (guard, repository) = builder.build().await;
        let kept = promises::keep_feed(case.name, &Trial::new(&repository, Racing::InTurn)).await;
        drop(repository);
        drop(guard);
        kept.map_err(|why| case.broken(&why))?;
        cases.push(case.name);
    }
    Ok(Report { cases })
}

/// Runs every case of a [`Portable`], beside those of [`test_all`], each on a repository of its own.
///
/// # Errors
/// [`BrokenPromise`], the first that was found.
pub async fn test_portable<B: Builder<Repository: Portable>>(builder: B) -> Result<Report, BrokenPromise> {
    let mut cases = Vec::with_capacity(promises::PORTABLE_CASES.len());
    for case in promises::PORTABLE_CASES {
        let (guard, repository) = builder.build().await;
        let kept = promises::keep_portable(case.name, &Trial::new(&repository, Racing::InTurn)).await;
        drop(repository);
        drop(guard);
        kept.map_err(|why| case.broken(&why))?;
        cases.push(case.name);
    }
    Ok(Report { cases })
}

/// Runs one case.
///
/// # Errors
/// [`BrokenPromise`] if it is broken; also if there is no case of this name.
pub async fn test_one<B: Builder>(name: &str, builder: B) -> Result<(), BrokenPromise> {
    one(name, &builder, Racing::InTurn).await
}

async fn all<B: Builder>(builder: &B, racing: Racing) -> Result<Report, BrokenPromise> {
    let mut cases = Vec::with_capacity(promises::CASES.len());
    for case in promises::CASES {
        one(case.name, builder, racing).await?;
        cases.push(case.name);
    }
    Ok(Report { cases })
}

async fn one<B: Builder>(name: &str, builder: &B, racing: Racing) -> Result<(), BrokenPromise> {
    let Some(case) = promises::CASES.iter().find(|case| case.name == name) else {
        let promise = "Every case has a name.";
        return Err(BrokenPromise { case: "", promise, detail: format!("there is no case `{name}`") });
    };
    let (guard, repository) = builder.build().await;
    let kept = promises::keep(case.name, &Trial::new(&repository, racing)).await;
    drop(repository);
    drop(guard);
    kept.map_err(|why| case.broken(&why))
}
