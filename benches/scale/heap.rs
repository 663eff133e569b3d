//! Counting what lies on the heap.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What something makes, and by how many bytes the heap grows with it.
pub fn grown<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let region = Region::new(ALLOCATOR);
    let whole = make();
    let change = region.change();
    (whole, change.bytes_allocated.saturating_sub(change.bytes_deallocated))
}
