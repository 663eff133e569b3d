//! The contract for code that does not await: where several act at once, each is a thread.

use super::{BrokenPromise, Builder, Report, check::Racing};

/// Runs every case, each on a repository of its own, until one finds a broken promise.
///
/// # Errors
/// [`BrokenPromise`], the first that was found.
pub fn test_all<B: Builder>(builder: B) -> Result<Report, BrokenPromise> {
    pollster::block_on(async move { super::all(&builder, Racing::Threads).await })
}

/// Runs one case.
///
/// # Errors
/// [`BrokenPromise`] if it is broken; also if there is no case of this name.
pub fn test_one<B: Builder>(name: &str, builder: B) -> Result<(), BrokenPromise> {
    pollster::block_on(async move { super::one(name, &builder, Racing::Threads).await })
}
