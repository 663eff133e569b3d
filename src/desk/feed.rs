//! Following what happens: the feed.

use serde::Serialize;

use super::{
    ActingDesk,
    cursor::{Binding, Cursor, open_feed, seal_feed},
    reads::check_limit,
};
use crate::{
    decision::ready,
    error::Error,
    event::{Event, RecordId},
    store::{FeedChange, FeedPosition, FeedRequest, Filter, IndexRow, Query, Repository, RepositoryError, Sort},
    view::{AnyRow, ListRow},
};

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deliveries {
    /// What was committed, in order.
    pub deliveries: Vec<Delivery>,
    /// Where the next page begins.
    pub next: Cursor,
    /// Whether there is more now, which can be so after a page without deliveries, too: a page passes over a
    /// bounded number of changes that are not for the viewer. If not, [`ActingDesk::changed`] waits for it.
    pub more: bool,
}

/// A change of one record: what one commit did to it. It comes at least once; the same again has the same
/// cursor and the same events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delivery {
    /// The feed after this change: to go on from here when the host has dealt with it.
    pub cursor: Cursor,
    /// The record.
    pub record: RecordId,
    /// What became of it.
    pub change: Change,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It fits the filter.
    Stands {
        /// Its row as it is now: no second query is needed to show it.
        row: Box<AnyRow>,
        /// What happened, without what the actor may not read: good for
        /// [`TimelineEntry::of`](crate::view::TimelineEntry::of), whoever the actor is.
        events: Vec<Event>,
    },
    /// It does not fit the filter, or the actor no longer sees it: take it off the list, if it is there.
    Left,
}

impl<R: Repository> ActingDesk<R> {
    /// A page of what happened after a cursor, or of everything that is kept: 1 to
    /// [`MAX_PAGE`](crate::store::MAX_PAGE) changes of incidents that fit the filter and that the actor may see.
    ///
    /// What falls due by itself is told once it is stored: by a command on the incident, or by
    /// [`wake`](super::Desk::wake). Each change comes at least once, none is left out, and those of one incident come in their order.
    /// [`Page::feed`](super::Page::feed) is where to go on after a list was read.
    ///
    /// # Errors
    /// [`Error::Cursor`] for a cursor of a list or of another tenant; [`Error::Repository`] with
    /// [`RepositoryError::CursorTooOld`] if the feed does not go back so far: read the list anew;
    /// [`Error::Invalid`] for another `limit`, or a filter with faults.
    pub async fn feed(&self, after: Option<&Cursor>, filter: &Filter, limit: usize) -> Result<Deliveries, Error> {
        check_limit(limit)?;
        let policy = self.in_force().await?;
        let query = ready(Query { filter: filter.clone(), sort: Sort::default() }, &policy.policy)?;
        let binding = Binding::of_feed(&self.tenant);
        let after = after.map(|cursor| open_feed(cursor, binding)).transpose()?;
        let request = FeedRequest { after, filter: &query.filter, limit };
        let page =
            self.desk.repository().feed(&self.scope(&policy), request).await.map_err(|error| self.failed(error))?;
        let mut place = after;
        for entry in &page.entries {
            self.check_onwards(place, entry.position, true)?;
            place = Some(entry.position);
        }
        // A page without an entry may still go on: what it passed over was not for this viewer.
        self.check_onwards(place, page.next, page.more && page.entries.is_empty())?;
        let mut deliveries = Vec::with_capacity(page.entries.len());
        for entry in page.entries {
            let change = match entry.change {
                FeedChange::Left => Change::Left,
                FeedChange::Stands { row, events } => {
                    let mut rows = self.refreshed(&policy, vec![*row]).await?;
                    let Some(row) = rows.pop().and_then(any_row) else { continue };
                    Change::Stands { row: Box::new(row), events }
                }
            };
            let cursor = seal_feed(entry.position, binding);
            deliveries.push(Delivery { cursor, record: entry.record, change });
        }
        Ok(Deliveries { deliveries, next: seal_feed(page.next, binding), more: page.more })
    }

    /// Waits until something has happened after a cursor; it may end early. It needs no runtime and does not
    /// poll.
    ///
    /// How long to wait is for the host to say, with what its runtime has: put this into a `select` with a timer and
    /// whatever else is waited for (`tokio::time::timeout(span, desk.changed(&cursor))`), and drop it when the time is
    /// over. Nothing is lost by that: the cursor stays good, and the next call ends at once if something has happened
    /// meanwhile. The [blocking twin](crate::blocking::ActingDesk::changed) holds its thread until something happens.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub async fn changed(&self, after: &Cursor) -> Result<(), Error> {
        let after = open_feed(after, Binding::of_feed(&self.tenant))?;
        self.desk.repository().changed(&self.tenant, after).await.map_err(|error| self.failed(error))
    }

    /// A reader that is led back, or stays where it is, would read for ever.
    fn check_onwards(&self, from: Option<FeedPosition>, to: FeedPosition, beyond: bool) -> Result<(), Error> {
        let onwards = from.is_none_or(|from| if beyond { to > from } else { to >= from });
        if onwards {
            return Ok(());
        }
        let source = "positions out of order".into();
        Err(self.failed(RepositoryError::Corrupt { key: "the feed".to_owned(), source }))
    }
}

fn any_row(row: IndexRow) -> Option<AnyRow> {
    match row.id {
        RecordId::Incident(_) => ListRow::of(row).map(AnyRow::Incident),
        RecordId::Problem(_) => ListRow::of(row).map(AnyRow::Problem),
    }
}
