//! The feed: what was committed, in order, for whoever follows.

use std::sync::Arc;

use super::{Filter, IndexRow, Matcher, Scope, Term, Terms};
use crate::event::{Event, RecordId};

/// A place in the feed of a tenant. Positions of one epoch compare as the commits follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPosition {
    /// The life of the store: a store that was restored from a backup, or begun anew, has another one.
    pub epoch: u64,
    /// The place: 0 before the first entry.
    pub place: u64,
}

/// What to read of the feed.
#[derive(Debug, Clone, Copy)]
pub struct FeedRequest<'a> {
    /// What comes after this position; `None`: everything that is kept.
    pub after: Option<FeedPosition>,
    /// Only changes of records that fit.
    pub filter: &'a Filter,
    /// At most so many entries, and at least one.
    pub limit: usize,
}

/// A record that a commit wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedEntry {
    /// Where it stands.
    pub position: FeedPosition,
    /// Which record.
    pub record: RecordId,
    /// What became of it.
    pub change: FeedChange,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedChange {
    /// It fits the filter, and the viewer sees it.
    Stands {
        /// Its row as it is when the feed is read: later than the entry, if the record changed again.
        row: Box<IndexRow>,
        /// What the commit added to its log, without what the viewer may not see.
        events: Vec<Event>,
    },
    /// It no longer fits the filter, or the viewer no longer sees it.
    Left,
}

impl FeedChange {
    /// What a viewer gets of a write: of a record with this row and these terms now, of which others said who sees it
    /// before, if that changed; `added` reads the events that the write added. `None` if the viewer never saw the record.
    ///
    /// # Errors
    /// What `added` fails with.
    pub fn of<E>(
        scope: &Scope,
        matcher: &Matcher<'_>,
        row: &IndexRow,
        terms: &Terms,
        standing_before: Option<&Arc<[Term]>>,
        added: impl FnOnce() -> Result<Vec<Event>, E>,
    ) -> Result<Option<Self>, E> {
        if !scope.sees(terms) {
            let saw = |before: &Arc<[Term]>| scope.sees(&Terms { standing: Arc::clone(before), subject: [].into() });
            return Ok(standing_before.is_some_and(saw).then_some(Self::Left));
        }
        if !matcher.matches(row, terms) {
            return Ok(Some(Self::Left));
        }
        let events = added()?.iter().filter_map(|event| scope.shows(event, terms)).collect();
        Ok(Some(Self::Stands { row: Box::new(row.clone()), events }))
    }
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPage {
    /// The entries, in the order of their commits.
    pub entries: Vec<FeedEntry>,
    /// Where the next page begins.
    pub next: FeedPosition,
    /// Whether there is more now.
    pub more: bool,
}
