//! How a file is opened.

use std::{path::Path, sync::Arc, time::Duration};

use event_listener::Event as Landing;
use futures_channel::oneshot;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    Open, SqliteRepository,
    error::{During as _, unavailable},
    queue::{Reads, spawn},
    schema,
    writer::{Writer, Writes},
};
use crate::{
    calendar::{BuiltIn, ZoneSource},
    store::{Migration, OpenError, RepositoryError},
};

/// What a command that was answered survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// The loss of power: each transaction waits for the disk (`synchronous = FULL`).
    #[default]
    Full,
    /// The end of the process, but not the loss of power, which may take the last commands away; it takes none away that
    /// an earlier one is left without, and the file stays whole (`synchronous = NORMAL`). Two to three times as fast
    /// where commands come one by one.
    Normal,
}

/// How a [`SqliteRepository`] is opened.
///
/// ```no_run
/// use andon::store::{Durability, SqliteOptions};
///
/// let repository = SqliteOptions::new().readers(2).durability(Durability::Normal).open("desk.andon")?;
/// # Ok::<(), andon::store::OpenError>(())
/// ```
#[derive(Clone)]
pub struct SqliteOptions {
    durability: Durability,
    readers: usize,
    patience: Duration,
    migrate: bool,
    zones: Arc<dyn ZoneSource>,
}

impl std::fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { durability, readers, patience, migrate, zones: _ } = self;
        let mut told = f.debug_struct("SqliteOptions");
        told.field("durability", durability).field("readers", readers).field("patience", patience);
        told.field("migrate", migrate).finish_non_exhaustive()
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            readers: 4,
            patience: Duration::from_secs(5),
            migrate: true,
            zones: Arc::new(BuiltIn),
        }
    }
}

impl SqliteOptions {
    /// The usual ones.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a command that was answered survives: [`Durability::Full`] if nothing is said.
    #[must_use]
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How many threads read, each with a connection of its own: 4 if nothing is said, and at least one. What a command
    /// loads is read by the writer, while it has nothing to write; in memory, it reads everything.
    #[must_use]
    pub const fn readers(mut self, readers: usize) -> Self {
        self.readers = readers;
        self
    }

    /// How long to wait for another process that writes, before a call fails as
    /// [`Unavailable`](RepositoryError::Unavailable): 5 seconds if nothing is said.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whether opening applies the [migrations](SqliteRepository::migrations) that are missing: it does if nothing is
    /// said. If not, a file that lacks some is refused as [`OlderSchema`](OpenError::OlderSchema).
    #[must_use]
    pub const fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// The zones by which the calendars of stored policies are read: the [built-in](BuiltIn) ones if nothing is said.
    #[must_use]
    pub fn zones(mut self, zones: impl ZoneSource + 'static) -> Self {
        self.zones = Arc::new(zones);
        self
    }

    /// Applies the migrations that are missing in a file, which is made if there is none, and says which they were. A
    /// process that is killed meanwhile leaves each applied or not: applying them again goes on where it ended.
    ///
    /// # Errors
    /// [`OpenError`] if the file cannot be reached, is none of the library's, or is of a newer version of it.
    pub fn apply_migrations(&self, path: impl AsRef<Path>) -> Result<Vec<&'static Migration>, OpenError> {
        let path = path.as_ref();
        schema::migrate(&mut self.connect(path)?, &path.display().to_string())
    }

    /// Opens the repository in a file, which is made if there is none.
    ///
    /// It blocks for as long as that takes. Several processes may open one file; whoever waits for
    /// [changes](crate::store::Repository::changed) learns of what is committed through the same repository, its clones
    /// included: open a file once in a process.
    ///
    /// # Errors
    /// [`OpenError`] if the file cannot be reached, is none of the library's, is of a newer version of it, or of an
    /// older one and not to be [migrated](Self::migrate).
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SqliteRepository, OpenError> {
        let path = path.as_ref();
        let place = path.display().to_string();
        let mut connection = self.connect(path)?;
        let epoch = self.prepare(&mut connection, &place)?;
        Self::tune(&connection, self.durability)?;
        let reader = || {
            let reader = self.connect(path)?;
            reader.pragma_update(None, "query_only", true).during("open")?;
            reader.pragma_update(None, "cache_size", -16_000_i64).during("open")?;
            Ok::<_, OpenError>(reader)
        };
        let readers = (0..self.readers.clamp(1, 64)).map(|_| reader()).collect::<Result<Vec<_>, _>>()?;
        self.start(Writer::new(connection, self.durability == Durability::Full), readers, epoch, place)
    }

    /// Opens an empty repository in memory. There are no readers then, nor anything that lasts.
    ///
    /// # Errors
    /// [`OpenError`] if the machine has no memory or threads for it.
    pub fn open_in_memory(&self) -> Result<SqliteRepository, OpenError> {
        let place = "memory".to_owned();
        let mut connection = Connection::open_in_memory().during("open")?;
        self.common(&connection)?;
        let epoch = self.prepare(&mut connection, &place)?;
        self.start(Writer::new(connection, false), Vec::new(), epoch, place)
    }

    fn connect(&self, path: &Path) -> Result<Connection, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).during("open")?;
        self.common(&connection)?;
        Ok(connection)
    }

    fn common(&self, connection: &Connection) -> Result<(), RepositoryError> {
        connection.busy_timeout(self.patience).during("open")?;
        connection.set_prepared_statement_cache_capacity(256);
        // Plans go by the statements alone. Were they to go by the values, too, statements would be prepared again and
        // again, whenever values change.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).during("open")?;
        connection.pragma_update(None, "foreign_keys", true).during("open")?;
        connection.pragma_update(None, "temp_store", "MEMORY").during("open")
    }

    /// Sees that the schema is the one that is needed, and says in which epoch the file is.
    fn prepare(&self, connection: &mut Connection, place: &str) -> Result<u64, OpenError> {
        let found = schema::current(connection, place)?;
        if found < schema::known() {
            if !self.migrate {
                return Err(OpenError::OlderSchema { place: place.to_owned(), found, needed: schema::known() });
            }
            schema::migrate(connection, place)?;
        }
        Ok(schema::epoch(connection)?)
    }

    /// How a connection that writes goes about it. The log is written over again and again: growing it costs more than
    /// all else. It is cut off after it had to grow.
    fn tune(connection: &Connection, durability: Durability) -> Result<(), RepositoryError> {
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).during("open")?;
        if mode != "wal" {
            return Err(unavailable("the file cannot be written with a log (WAL) beside it"));
        }
        let level = if durability == Durability::Full { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", level).during("open")?;
        // A page that changes again and again is put back into the file once for all of that. 16 MB of log are read in no
        // time when the file is opened after a crash.
        connection.pragma_update_and_check(None, "wal_autocheckpoint", 4_000, |_| Ok(())).during("open")?;
        connection.pragma_update(None, "journal_size_limit", 64_i64 << 20).during("open")?;
        // The engine walks all pages that it holds after nearly every commit: where a page of an index is split, it counts
        // on others that might have to go. With more than this, that takes longer than to read some again.
        connection.pragma_update(None, "cache_size", -4_000_i64).during("open")
    }

    fn start(
        &self,
        writer: Writer,
        readers: Vec<Connection>,
        epoch: u64,
        place: String,
    ) -> Result<SqliteRepository, OpenError> {
        let no_threads = |error: std::io::Error| OpenError::from(unavailable(error));
        let (end, ended) = oneshot::channel::<()>();
        let (hand_in, queue) = Writes::new(writer);
        spawn("andon writer", move || {
            queue.work();
            drop((queue, end));
        })
        .map_err(no_threads)?;
        let (reads, read) = if readers.is_empty() {
            (Reads::By(hand_in.clone()), Vec::new())
        } else {
            Reads::start(readers, hand_in.clone()).map_err(no_threads)?
        };
        let open = Open { writes: hand_in, reads, written: ended, read };
        Ok(SqliteRepository::new(open, Landing::new(), epoch, Arc::clone(&self.zones), place))
    }
}
