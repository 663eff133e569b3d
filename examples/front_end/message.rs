//! Messages: what happens, what is asked of the desk, and what came of what was asked.

use andon::{
    Id, Incident, Version,
    desk::{Count, Cursor, Deliveries, Page},
    store::{Filter, Query},
    time::Instant,
};

use super::{
    form::{Answer, Refusal},
    keys::Key,
    opened::{Reading, TimelinePage},
};

/// What happened: at the keyboard, at the desk, in the world.
#[derive(Debug)]
pub enum Message {
    Key(Key),
    Size(u16, u16),
    Now(Instant),
    /// A page of the list, as it was asked for in that turn.
    Listed {
        turn: u64,
        page: Page,
    },
    Counted(Vec<Count>),
    /// Something has happened at the desk.
    Changed,
    Delivered {
        turn: u64,
        deliveries: Deliveries,
    },
    /// The feed no longer goes back so far.
    FeedLost,
    Opened(Box<Reading>),
    Leafed {
        id: Id<Incident>,
        page: TimelinePage,
    },
    Done {
        id: Id<Incident>,
        said: String,
    },
    Refused {
        id: Id<Incident>,
        refusal: Refusal,
    },
    /// Something could not be read.
    Failed(String),
}

/// What is asked of the desk.
#[derive(Debug)]
pub enum Ask {
    List {
        turn: u64,
        query: Query,
        after: Option<Cursor>,
        limit: usize,
    },
    Count(Vec<Query>),
    Feed {
        turn: u64,
        after: Cursor,
        filter: Filter,
    },
    /// Wait until something happens after this; on a thread of its own.
    Await(Cursor),
    Open {
        id: Id<Incident>,
        entries: usize,
    },
    Leaf {
        id: Id<Incident>,
        to: Option<Version>,
        entries: usize,
    },
    Do {
        id: Id<Incident>,
        version: Version,
        command: String,
        said: Vec<Answer>,
    },
}

/// What came of what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done(String),
    Refused(String),
}
