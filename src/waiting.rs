//! Waiting for a future on the present thread.

use std::{cell::Cell, future::Future};

thread_local! {
    static BLOCKING: Cell<bool> = const { Cell::new(false) };
}

/// Waits on the present thread, and lets whatever is waited for know that it may be done here as well as elsewhere: nothing
/// else is to go on meanwhile.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let _outer = Outer(BLOCKING.replace(true));
    pollster::block_on(future)
}

/// Whether the present thread is blocked until what is asked for is there.
#[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "memory is quick, and a server is elsewhere"))]
pub(crate) fn is_blocking() -> bool {
    BLOCKING.get()
}

/// How it was before, and is to be again.
struct Outer(bool);

impl Drop for Outer {
    fn drop(&mut self) {
        BLOCKING.set(self.0);
    }
}
