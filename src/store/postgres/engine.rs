//! The runtime in which connections live, whoever awaits them.

use std::{
    fmt,
    future::{Future, poll_fn},
};

use tokio::runtime::{Builder, Handle, Runtime};

use super::error::unavailable;
use crate::store::RepositoryError;

/// The host's runtime, or one of our own if there is none: futures can be awaited anywhere.
pub(super) struct Engine {
    handle: Handle,
    own: Option<Runtime>,
}

impl Engine {
    /// The runtime that is around, or a new one with two threads.
    pub(super) fn find() -> Result<Self, RepositoryError> {
        if let Ok(handle) = Handle::try_current() {
            return Ok(Self { handle, own: None });
        }
        let own = Builder::new_multi_thread().worker_threads(2).thread_name("andon postgres").enable_all().build();
        let own = own.map_err(unavailable)?;
        Ok(Self { handle: own.handle().clone(), own: Some(own) })
    }

    /// Does something within the runtime. What the host awaits stays small: beside a round trip, a box costs nothing.
    pub(super) async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = Box::pin(future);
        poll_fn(|context| {
            let _within = self.handle.enter();
            future.as_mut().poll(context)
        })
        .await
    }

    /// Does something beside everything else.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(future));
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.own.is_some() { "Engine(its own)" } else { "Engine(the host's)" })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Where a runtime may not be waited for, it cannot simply be dropped.
        if let Some(own) = self.own.take() {
            own.shutdown_background();
        }
    }
}
