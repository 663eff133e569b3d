//! How reads reach the connections: each reader has a thread of its own.

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use futures_channel::oneshot;
use rusqlite::Connection;

use super::{
    error::unavailable,
    writer::{Task, Writes},
};
use crate::store::RepositoryError;

/// What a thread does with its connection.
pub(super) type Read = Box<dyn FnOnce(&Connection) + Send>;

/// Where reads are handed in.
#[derive(Clone)]
pub(super) enum Reads {
    /// To whichever reader is free; or to the writer, if it has nothing to do.
    Among(mpsc::Sender<Read>, Writes),
    /// To the writer: in memory there is one connection.
    By(Writes),
}

impl Reads {
    /// Starts a thread for each connection; each tells when it has ended.
    pub(super) fn start(
        connections: Vec<Connection>,
        writes: Writes,
    ) -> std::io::Result<(Self, Vec<oneshot::Receiver<()>>)> {
        let (hand_in, reads) = mpsc::channel::<Read>();
        let reads = Arc::new(Mutex::new(reads));
        let mut ends = Vec::with_capacity(connections.len());
        for connection in connections {
            let reads = Arc::clone(&reads);
            let (end, ended) = oneshot::channel::<()>();
            ends.push(ended);
            spawn("andon reader", move || {
                loop {
                    let next = reads.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(read) = next else { break };
                    read(&connection);
                }
                drop((connection, end));
            })?;
        }
        Ok((Self::Among(hand_in, writes), ends))
    }

    /// Has something read, and waits for what it comes to.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let (read, told) = waited_for(read);
        let handed_in = match self {
            Self::Among(hand_in, _) => hand_in.send(read).is_ok(),
            Self::By(writes) => writes.hand_in(Task::Read(read)),
        };
        if !handed_in {
            return Err(closed());
        }
        told.await.unwrap_or_else(|_| Err(closed()))
    }

    /// The same for what is read in no time: by the writer, unless it is busy. It has at hand what was written last, while
    /// a reader has to let go of everything that it knows whenever something was written.
    pub(super) async fn run_shortly<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        match self {
            Self::Among(_, writes) if writes.is_idle() => Self::By(writes.clone()).run(read).await,
            _ => self.run(read).await,
        }
    }
}

/// What reads and then tells whoever waits.
fn waited_for<T: Send + 'static>(
    read: impl FnOnce(&Connection) -> Result<T, RepositoryError> + Send + 'static,
) -> (Read, oneshot::Receiver<Result<T, RepositoryError>>) {
    let (tell, told) = oneshot::channel();
    let read: Read = Box::new(move |connection| {
        // Nobody waits any more if the future was dropped.
        if !tell.is_canceled() {
            let _ = tell.send(read(connection));
        }
    });
    (read, told)
}

#[expect(clippy::disallowed_methods, reason = "SQLite blocks: its connections have threads, and nothing else has")]
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
}

pub(super) fn closed() -> RepositoryError {
    unavailable("it was closed")
}
