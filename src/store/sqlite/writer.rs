//! The writer: a connection, and a thread that lets the commands that wait land in one transaction, each with an answer of
//! its own. Whoever may wait on the present thread and finds nobody waiting does so without the thread.

use std::{
    cell::Cell,
    error::Error as StdError,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use futures_channel::oneshot;
use rusqlite::{Connection, ErrorCode};

use super::{
    error::{BACKEND, unavailable},
    queue::{Read, closed},
};
use crate::{id::CommandId, store::RepositoryError, waiting};

/// The most writes that land in one transaction.
const MAX_BATCH: usize = 256;

/// What the writer is given to do.
pub(super) enum Task {
    /// To land for good before anybody is told.
    Write(Box<dyn Work>),
    /// To land without waiting for the disk: a crash may take it away, but then nothing stays that was written after it.
    Unsynced(Box<dyn Work>),
    /// To read, where there is no other connection.
    Read(Read),
}

/// Something to be written, and whoever waits for it.
pub(super) trait Work: Send {
    /// Writes it, within a transaction. Says whether it is to be kept; else it is undone.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Tells whoever waits what it came to, or that its transaction did not land.
    fn tell(self: Box<Self>, failure: Option<&Failure>);
}

/// Why a transaction did not land.
pub(super) struct Failure {
    source: Arc<rusqlite::Error>,
    /// Whether it may turn out, after a crash, to have landed nevertheless.
    unknown: bool,
}

impl Failure {
    /// The failure, for a command, or for something that can be done again.
    fn error(&self, command: Option<CommandId>) -> RepositoryError {
        let source: Box<dyn StdError + Send + Sync> = Box::new(Arc::clone(&self.source));
        match (command, self.source.sqlite_error_code()) {
            (Some(command), _) if self.unknown => RepositoryError::OutcomeUnknown { command },
            (_, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => unavailable(source),
            _ => RepositoryError::Backend { backend: BACKEND, operation: "commit", source },
        }
    }

    /// The transaction was undone before it ended.
    fn undone(error: rusqlite::Error) -> Self {
        Self { source: Arc::new(error), unknown: false }
    }

    /// A commit failed. Where the disk was full or another one wrote, the end of the log was not written. After any other
    /// error it may have been, and may be found there after a crash.
    fn of_commit(error: rusqlite::Error) -> Self {
        let known = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::ReadOnly)
        );
        Self { source: Arc::new(error), unknown: !known }
    }
}

/// A write, of a command if it has one.
struct Job<T, F> {
    command: Option<CommandId>,
    write: Option<F>,
    result: Result<T, RepositoryError>,
    tell: oneshot::Sender<Result<T, RepositoryError>>,
}

impl<T, F> Work for Job<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, RepositoryError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        if let Some(write) = self.write.take() {
            self.result = write(connection);
        }
        self.result.is_ok()
    }

    fn tell(self: Box<Self>, failure: Option<&Failure>) {
        // Nobody waits any more if the future was dropped.
        let _ = self.tell.send(failure.map_or(self.result, |failure| Err(failure.error(self.command))));
    }
}

/// Where writes are handed in.
#[derive(Clone)]
pub(super) struct Writes {
    /// The connection closes before the thread ends, which is why it is let go of first.
    writer: Arc<Mutex<Writer>>,
    queue: mpsc::Sender<Task>,
    waiting: Arc<AtomicUsize>,
}

impl Writes {
    /// With where the thread takes what is handed in.
    pub(super) fn new(writer: Writer) -> (Self, Queue) {
        let (queue, tasks) = mpsc::channel();
        let writer = Arc::new(Mutex::new(writer));
        let waiting = Arc::<AtomicUsize>::default();
        let thread = Queue { writer: Arc::clone(&writer), tasks, waiting: Arc::clone(&waiting) };
        (Self { writer, queue, waiting }, thread)
    }

    /// Whether nothing waits to be done, nor is being done: it may be, in the next moment.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0
    }

    /// Has a task done: by the thread, or at once, where whoever waits blocks the present thread anyway and nobody else
    /// waits. Says whether there is still a writer.
    pub(super) fn hand_in(&self, task: Task) -> bool {
        let alone = waiting::is_blocking() && self.is_idle();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Some(writer) = alone.then(|| self.writer.try_lock().ok()).flatten() {
            writer.work_off(std::iter::once(task), &self.waiting);
            return true;
        }
        self.queue.send(task).is_ok()
    }

    /// Has something written, and waits for what it comes to.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(Box<dyn Work>) -> Task,
        command: Option<CommandId>,
        write: impl FnOnce(&Connection) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let (tell, told) = oneshot::channel();
        let job = Job { command, write: Some(write), result: Err(closed()), tell };
        if !self.hand_in(task(Box::new(job))) {
            return Err(closed());
        }
        let lost = |_| command.map_or_else(closed, |command| RepositoryError::OutcomeUnknown { command });
        told.await.map_err(lost)?
    }
}

/// What the writer's thread takes its tasks from.
pub(super) struct Queue {
    writer: Arc<Mutex<Writer>>,
    tasks: mpsc::Receiver<Task>,
    waiting: Arc<AtomicUsize>,
}

impl Queue {
    /// Works off what comes until nobody can hand in anything any more.
    pub(super) fn work(&self) {
        while let Ok(first) = self.tasks.recv() {
            let writer = self.writer();
            let more = std::iter::once(first).chain(std::iter::from_fn(|| self.tasks.try_recv().ok()));
            writer.work_off(more.take(MAX_BATCH), &self.waiting);
        }
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // One who panicked left nothing open.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What writes.
pub(super) struct Writer {
    connection: Connection,
    /// Whether what is written must be on the disk before anybody is told.
    full: bool,
    /// Whether a commit waits for the disk as things are.
    waits: Cell<bool>,
}

impl Writer {
    /// A writer whose connection is set to wait for the disk, if it ever is to.
    pub(super) const fn new(connection: Connection, full: bool) -> Self {
        Self { connection, full, waits: Cell::new(full) }
    }

    fn work_off(&self, tasks: impl Iterator<Item = Task>, waiting: &AtomicUsize) {
        let (mut synced, mut unsynced, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for task in tasks {
            match task {
                Task::Write(work) => synced.push(work),
                Task::Unsynced(work) => unsynced.push(work),
                Task::Read(read) => reads.push(read),
            }
        }
        self.together(unsynced, false, waiting);
        self.together(synced, true, waiting);
        for read in reads {
            // Whoever is told may ask for the next thing at once.
            waiting.fetch_sub(1, Ordering::Relaxed);
            read(&self.connection);
        }
    }

    /// Lets writes land in one transaction. Whoever waits is told when it has ended, and not before.
    fn together(&self, mut batch: Vec<Box<dyn Work>>, wait: bool, waiting: &AtomicUsize) {
        if batch.is_empty() {
            return;
        }
        let turn = Turn { connection: &self.connection, waiting, size: batch.len() };
        let set = self.wait_for_the_disk(wait).map_err(Failure::undone);
        let failure = set.and_then(|()| transact(&self.connection, &mut batch)).err();
        drop(turn);
        for work in batch {
            work.tell(failure.as_ref());
        }
    }

    /// Sees that commits wait for the disk, or do not. It is one connection that does both: two would each have to let go
    /// of everything that they know whenever the other one writes.
    fn wait_for_the_disk(&self, wait: bool) -> rusqlite::Result<()> {
        if self.full && self.waits.get() != wait {
            self.connection.pragma_update(None, "synchronous", if wait { "FULL" } else { "NORMAL" })?;
            self.waits.set(wait);
        }
        Ok(())
    }
}

/// The turn of some writes. However it ends, nothing is left open, and they wait no more.
struct Turn<'a> {
    connection: &'a Connection,
    waiting: &'a AtomicUsize,
    size: usize,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        give_up(self.connection);
        self.waiting.fetch_sub(self.size, Ordering::Relaxed);
    }
}

fn transact(connection: &Connection, batch: &mut [Box<dyn Work>]) -> Result<(), Failure> {
    execute(connection, "BEGIN IMMEDIATE").map_err(Failure::undone)?;
    let ended = match batch {
        [alone] => Ok(alone.run(connection)),
        several => each_saved(connection, several).map(|()| true),
    };
    match ended {
        Ok(true) if connection.is_autocommit() => Err(Failure::undone(ended_early())),
        Ok(true) => execute(connection, "COMMIT").map_err(|error| {
            give_up(connection);
            Failure::of_commit(error)
        }),
        Ok(false) => {
            give_up(connection);
            Ok(())
        }
        Err(error) => {
            give_up(connection);
            Err(Failure::undone(error))
        }
    }
}

/// Runs each of several writes so that it can be undone by itself.
fn each_saved(connection: &Connection, batch: &mut [Box<dyn Work>]) -> rusqlite::Result<()> {
    for work in batch {
        execute(connection, "SAVEPOINT command")?;
        let keep = work.run(connection);
        if connection.is_autocommit() {
            return Err(ended_early());
        }
        if !keep {
            execute(connection, "ROLLBACK TO command")?;
        }
        execute(connection, "RELEASE command")?;
    }
    Ok(())
}

/// After some errors, as of a full disk, SQLite ends a transaction by itself.
fn ended_early() -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT);
    rusqlite::Error::SqliteFailure(code, Some("another write of its transaction failed".to_owned()))
}

/// Ends a transaction without keeping anything of it.
fn give_up(connection: &Connection) {
    if !connection.is_autocommit() {
        // Were it to fail, the next one could not begin, and would say so.
        let _ = execute(connection, "ROLLBACK");
    }
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
