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
    /// To whichever reader is free.
    Among(mpsc::Sender<Read>),
    /// To the writer: in memory there is one connection.
    By(Writes),
}

impl Reads {
    /// Starts a thread for each connection; each tells when it has ended.
    pub(super) fn start(connections: Vec<Connection>) -> std::io::Result<(Self, Vec<oneshot::Receiver<()>>)> {
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
        Ok((Self::Among(hand_in), ends))
    }

    /// Has something read, and waits for what it comes to.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let (tell, told) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            // Nobody waits any more if the future was dropped.
            if !tell.is_canceled() {
                let _ = tell.send(read(connection));
            }
        });
        let handed_in = match self {
            Self::Among(hand_in) => hand_in.send(read).is_ok(),
            Self::By(writes) => writes.0.send(Task::Read(read)).is_ok(),
        };
        if !handed_in {
            return Err(closed());
        }
        told.await.unwrap_or_else(|_| Err(closed()))
    }
}

#[expect(clippy::disallowed_methods, reason = "SQLite blocks: its connections have threads, and nothing else has")]
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
}

pub(super) fn closed() -> RepositoryError {
    unavailable("it was closed")
}
