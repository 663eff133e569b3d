//! A tenant as JSON Lines: a line for everything that is moved, between a head and an end.

use std::io::{BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Moved, MovedRecord, Portable};
use crate::{
    calendar::ZoneSource,
    event::{DecodeError, Event},
    id::CommandId,
    key::TenantId,
    record::RecordKind,
    store::{
        Answer, Document, FeedPosition, IndexRow, PageRequest, Published, Query, Record, RepositoryError, Scope, Terms,
    },
    time::Instant,
};

/// The schema of what is exported.
const SCHEMA: u16 = 1;
/// How much is read from a store at once.
const PAGE: usize = 100;
/// The longest line that is read.
const MAX_LINE: u64 = 1 << 28;

/// How much was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moves {
    /// Documents.
    pub documents: u64,
    /// Publications.
    pub publications: u64,
    /// Records.
    pub records: u64,
    /// Events of records.
    pub events: u64,
    /// Answers to commands.
    pub answers: u64,
}

/// Why a tenant could not be moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// Reading or writing the lines failed.
    #[error("the export cannot be read or written")]
    Io(#[from] std::io::Error),
    /// A line is not one of an export. Nothing of its part of the export was taken in.
    #[error("line {line} of the export is not as it should be")]
    Line {
        /// Which, counted from 1.
        line: u64,
        /// What is wrong.
        #[source]
        source: DecodeError,
    },
    /// The export ends before its end: it was cut off. What came before was taken in; importing the whole again goes on.
    #[error("the export is cut off after line {lines}")]
    CutOff {
        /// How many lines there are.
        lines: u64,
    },
    /// Something was written while the tenant was exported: the parts of the export may not fit each other. Export again
    /// when nothing writes.
    #[error("something was written while the tenant was exported")]
    Changed,
    /// The store failed, or has something else already; `line` is the last that was read for an import.
    #[error("the repository refuses what comes up to line {line}")]
    Repository {
        /// The last line that was read; for an export, that was written.
        line: u64,
        /// What is wrong.
        #[source]
        source: RepositoryError,
    },
}

/// A line as it is written.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Export { schema: u16, tenant: &'a TenantId },
    Document(&'a Document),
    Published(&'a Published),
    Record { snapshot: &'a Record, row: &'a IndexRow, terms: &'a Terms, events: &'a [Event] },
    Answer { command: CommandId, answer: &'a Answer },
    Counter { kind: RecordKind, last: u64 },
    End(Moves),
}

/// A line as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Read {
    Export { schema: u16, tenant: TenantId },
    Document(Value),
    Published(Published),
    Record { snapshot: Record, row: Box<IndexRow>, terms: Terms, events: Vec<Event> },
    Answer { command: CommandId, answer: Answer },
    Counter { kind: RecordKind, last: u64 },
    End(Moves),
}

impl Moves {
    fn count(&mut self, moved: &Moved) {
        let add = |count: &mut u64, n: usize| *count = count.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        match moved {
            Moved::Document(_) => add(&mut self.documents, 1),
            Moved::Published(_) => add(&mut self.publications, 1),
            Moved::Record(moved) => {
                add(&mut self.records, 1);
                add(&mut self.events, moved.events.len());
            }
            Moved::Answer { .. } => add(&mut self.answers, 1),
            Moved::Counter { .. } => {}
        }
    }
}

/// Writes everything of a tenant but its feed, as JSON Lines. `progress` is told now and then how much is written.
///
/// ```
/// use andon::{Actor, blocking::Desk, calendar::BuiltIn, store::{MemoryRepository, export, import}};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (old, new) = (MemoryRepository::new(), MemoryRepository::new());
/// let anna = Actor::person("anna")?.role("agent")?;
/// let desk = |repository: &MemoryRepository| Desk::from(andon::Desk::new(repository.clone())).tenant("acme");
/// let reported = desk(&old)?.acting_as(anna.clone()).report("Mail is down")?;
///
/// let mut lines = Vec::new(); // Or a file.
/// pollster::block_on(export(&old, &"acme".parse()?, &mut lines, |_| {}))?;
/// let (tenant, moves) = pollster::block_on(import(&new, &lines[..], &BuiltIn, |_| {}))?;
/// assert_eq!((tenant.as_str(), moves.records), ("acme", 1));
/// let moved = desk(&new)?.acting_as(anna).incident(reported.id()).get()?;
/// assert_eq!(moved.incident(), reported.incident());
/// # Ok(())
/// # }
/// ```
///
/// A tenant of which nothing is stored has an empty export.
///
/// Each record is written as it stands when its page is read: nothing should write to the tenant meanwhile. The export
/// shows everything, internal notes and what is confidential; erased texts are gone from it.
///
/// # Errors
/// [`MoveError::Changed`] if something was written meanwhile; [`MoveError::Io`] and [`MoveError::Repository`] if writing
/// the lines or reading the store fails.
pub async fn export<R: Portable>(
    repository: &R,
    tenant: &TenantId,
    mut to: impl Write,
    mut progress: impl FnMut(Moves),
) -> Result<Moves, MoveError> {
    let mut line = 1_u64;
    let failed = |line| move |source| MoveError::Repository { line, source };
    let began = feed_end(repository, tenant).await.map_err(failed(line))?;
    write_line(&mut to, &Line::Export { schema: SCHEMA, tenant })?;
    let (mut moves, mut after) = (Moves::default(), None);
    loop {
        let page = repository.export(tenant, after, PAGE).await.map_err(failed(line))?;
        let Some(last) = page.last().map(Moved::key) else { break };
        if after.is_some_and(|after| last <= after) {
            let source = RepositoryError::Corrupt { key: "the export".to_owned(), source: "it leads back".into() };
            return Err(MoveError::Repository { line, source });
        }
        after = Some(last);
        for moved in &page {
            moves.count(moved);
            write_line(&mut to, &form(moved))?;
            line = line.saturating_add(1);
        }
        progress(moves);
    }
    if feed_end(repository, tenant).await.map_err(failed(line))? != began {
        return Err(MoveError::Changed);
    }
    write_line(&mut to, &Line::End(moves))?;
    to.flush()?;
    Ok(moves)
}

/// Takes in what [`export`] wrote, in parts: each whole or not at all, so that an import that was cut off goes on when it
/// is done again. The calendars of policies have their rules from `zones`. Gives the tenant, and how much was read.
///
/// # Errors
/// [`MoveError::Line`] for a line that is not one of an export; [`MoveError::CutOff`] if its end is missing;
/// [`MoveError::Repository`] if the store fails, has something else of the same id, or finds that the events of a record
/// do not lead to it.
pub async fn import<R: Portable>(
    repository: &R,
    mut from: impl BufRead,
    zones: &dyn ZoneSource,
    mut progress: impl FnMut(Moves),
) -> Result<(TenantId, Moves), MoveError> {
    let mut lines = Lines { line: 0, text: Vec::new() };
    let Some(Read::Export { schema: SCHEMA, tenant }) = lines.next(&mut from)? else {
        return Err(lines.fault(DecodeError::new("export", "an export begins with its schema, 1, and its tenant")));
    };
    let (mut moves, mut part) = (Moves::default(), Vec::new());
    while let Some(read) = lines.next(&mut from)? {
        let thing = match read {
            Read::Export { .. } => return Err(lines.fault(DecodeError::new("export", "an export begins once"))),
            Read::End(counted) => {
                if counted != moves {
                    return Err(lines.fault(DecodeError::new("end", "lines are missing, or too many")));
                }
                take_in(repository, &tenant, part, lines.line).await?;
                progress(moves);
                return Ok((tenant, moves));
            }
            read => read.moved(zones).map_err(|source| lines.fault(source))?,
        };
        moves.count(&thing);
        part.push(thing);
        if part.len() >= PAGE {
            take_in(repository, &tenant, std::mem::take(&mut part), lines.line).await?;
            progress(moves);
        }
    }
    Err(MoveError::CutOff { lines: lines.line })
}

async fn take_in<R: Portable>(repository: &R, tenant: &TenantId, part: Vec<Moved>, line: u64) -> Result<(), MoveError> {
    repository.import(tenant, part).await.map_err(|source| MoveError::Repository { line, source })
}

/// Where the feed of a tenant stands.
async fn feed_end<R: Portable>(repository: &R, tenant: &TenantId) -> Result<FeedPosition, RepositoryError> {
    let query = Query::all();
    let request = PageRequest { query: &query, at: Instant::UNIX_EPOCH, after: None, limit: 1 };
    Ok(repository.page(&Scope::everything(tenant), request).await?.feed)
}

fn form(moved: &Moved) -> Line<'_> {
    match moved {
        Moved::Document(document) => Line::Document(document),
        Moved::Published(published) => Line::Published(published),
        Moved::Record(moved) => {
            let MovedRecord { record, row, terms, events } = &**moved;
            Line::Record { snapshot: record, row, terms, events }
        }
        Moved::Answer { command, answer } => Line::Answer { command: *command, answer },
        Moved::Counter { kind, last } => Line::Counter { kind: *kind, last: *last },
    }
}

fn write_line(to: &mut impl Write, line: &Line<'_>) -> std::io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    to.write_all(&bytes)
}

impl Read {
    /// What is moved. The head and the end of an export are not.
    fn moved(self, zones: &dyn ZoneSource) -> Result<Moved, DecodeError> {
        Ok(match self {
            Self::Document(value) => {
                let json = serde_json::to_vec(&value).map_err(|error| DecodeError::new("document", error))?;
                Moved::Document(Document::from_json(&json, zones)?)
            }
            Self::Published(published) => Moved::Published(published),
            Self::Record { snapshot, row, terms, events } => {
                Moved::Record(Box::new(MovedRecord { record: snapshot, row: *row, terms, events: events.into() }))
            }
            Self::Answer { command, answer } => Moved::Answer { command, answer },
            Self::Counter { kind, last } => Moved::Counter { kind, last },
            Self::Export { .. } | Self::End(_) => {
                return Err(DecodeError::new(".", "it is the head or the end of an export"));
            }
        })
    }
}

/// Reads line by line.
struct Lines {
    line: u64,
    text: Vec<u8>,
}

impl Lines {
    fn next(&mut self, from: &mut impl BufRead) -> Result<Option<Read>, MoveError> {
        self.text.clear();
        let read = from.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.text)?;
        if read == 0 {
            return Ok(None);
        }
        if self.text.last() != Some(&b'\n') {
            // The last line was not written to its end.
            return Err(MoveError::CutOff { lines: self.line });
        }
        self.line = self.line.saturating_add(1);
        crate::event::decode(&self.text).map(Some).map_err(|source| self.fault(source))
    }

    fn fault(&self, source: DecodeError) -> MoveError {
        MoveError::Line { line: self.line, source }
    }
}
