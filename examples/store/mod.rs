//! `--store memory|sqlite:PATH|postgres:URL`: the same program over any repository.

use std::{error::Error, path::PathBuf, str::FromStr};

use andon::{MemoryRepository, store::AnyRepository};

/// Where a program keeps what it does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Store {
    /// In memory: it is gone with the process.
    #[default]
    Memory,
    /// In a file.
    Sqlite(PathBuf),
    /// In a database.
    Postgres(String),
}

impl Store {
    /// How a store is named on a command line.
    pub(crate) const USAGE: &str = "memory|sqlite:PATH|postgres:URL";

    /// Opens it. A file, or a schema in a database, is made if there is none.
    pub(crate) fn open(&self) -> Result<Opened, Box<dyn Error>> {
        match self {
            Self::Memory => {
                Ok(Opened { repository: AnyRepository::new(MemoryRepository::new()), file: None, lasting: false })
            }
            Self::Sqlite(path) => sqlite(path.clone()),
            Self::Postgres(url) => postgres(url),
        }
    }
}

impl FromStr for Store {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            // `postgres://…` is an address by itself; `postgres:host=…` names its parts.
            Some(("postgres", rest)) if rest.starts_with("//") => Ok(Self::Postgres(text.to_owned())),
            Some(("postgres", url)) if !url.is_empty() => Ok(Self::Postgres(url.to_owned())),
            _ => Err(format!("`{text}` is no store: {}", Self::USAGE)),
        }
    }
}

/// A store that is open.
pub(crate) struct Opened {
    pub repository: AnyRepository,
    #[allow(dead_code, reason = "not every program minds")]
    lasting: bool,
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "there are no files without SQLite"))]
    file: Option<File>,
}

#[cfg(feature = "sqlite")]
struct File {
    repository: andon::store::SqliteRepository,
    path: PathBuf,
}

#[cfg(feature = "sqlite")]
fn sqlite(path: PathBuf) -> Result<Opened, Box<dyn Error>> {
    let repository = andon::store::SqliteRepository::open(&path)?;
    let file = File { repository: repository.clone(), path };
    Ok(Opened { repository: AnyRepository::new(repository), file: Some(file), lasting: true })
}

#[cfg(not(feature = "sqlite"))]
enum File {}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: PathBuf) -> Result<Opened, Box<dyn Error>> {
    Err("this program was built without SQLite: add `--features sqlite` to the cargo command".into())
}

#[cfg(feature = "postgres")]
fn postgres(url: &str) -> Result<Opened, Box<dyn Error>> {
    let repository = pollster::block_on(andon::store::PostgresRepository::open(url))?;
    Ok(Opened { repository: AnyRepository::new(repository), file: None, lasting: true })
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str) -> Result<Opened, Box<dyn Error>> {
    Err("this program was built without PostgreSQL: add `--features postgres` to the cargo command".into())
}

impl Opened {
    /// Whether what is stored outlives the process, so that it may hold something from before.
    #[allow(dead_code, reason = "not every program minds")]
    pub(crate) const fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Closes it; for a file, says which one and how large it is.
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "there are no files without SQLite")
    )]
    pub(crate) fn close(self) -> Result<Option<(PathBuf, u64)>, Box<dyn Error>> {
        #[cfg(feature = "sqlite")]
        if let Some(File { repository, path }) = self.file {
            pollster::block_on(repository.close());
            let bytes = std::fs::metadata(&path)?.len();
            return Ok(Some((path, bytes)));
        }
        Ok(None)
    }
}
