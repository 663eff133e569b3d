//! `--store memory|sqlite:PATH`: the same program over any repository.

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
}

impl Store {
    /// How a store is named on a command line.
    pub(crate) const USAGE: &str = "memory|sqlite:PATH";

    /// Opens it. A file is made if there is none.
    pub(crate) fn open(&self) -> Result<Opened, Box<dyn Error>> {
        match self {
            Self::Memory => Ok(Opened { repository: AnyRepository::new(MemoryRepository::new()), file: None }),
            Self::Sqlite(path) => sqlite(path.clone()),
        }
    }
}

impl FromStr for Store {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(format!("`{text}` is no store: {}", Self::USAGE)),
        }
    }
}

/// A store that is open.
pub(crate) struct Opened {
    pub repository: AnyRepository,
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
    Ok(Opened { repository: AnyRepository::new(repository), file: Some(file) })
}

#[cfg(not(feature = "sqlite"))]
enum File {}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: PathBuf) -> Result<Opened, Box<dyn Error>> {
    Err("this program was built without SQLite: add `--features sqlite` to the cargo command".into())
}

impl Opened {
    /// Whether what is stored outlives the process, so that it may hold something from before.
    #[allow(dead_code, reason = "not every program minds")]
    pub(crate) const fn is_lasting(&self) -> bool {
        self.file.is_some()
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
