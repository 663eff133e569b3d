//! The worklist: one page of it, kept as it is by what the feed delivers.

use std::collections::BTreeSet;

use andon::{
    Id, Incident,
    actor::Actor,
    desk::{Change, Cursor, Page},
    event::RecordId,
    key::{GroupRef, PersonRef},
    store::{Query, Search, Sort, SortKey},
    time::{Instant, minutes},
    view::ListRow,
};

/// Which incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    Open,
    Mine,
    Unassigned,
    All,
}

impl Show {
    pub const EVERY: [Self; 4] = [Self::Open, Self::Mine, Self::Unassigned, Self::All];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Mine => "Mine",
            Self::Unassigned => "Unassigned in my group",
            Self::All => "All",
        }
    }

    /// The query that finds them.
    pub fn query(self, me: &Me) -> Query {
        match self {
            Self::Open => Query::open(),
            Self::Mine => Query::open().person(me.person.clone()),
            Self::Unassigned => me.groups.iter().cloned().fold(Query::open().unassigned(), Query::group),
            Self::All => Query::all(),
        }
    }
}

/// Who works here.
#[derive(Debug, Clone)]
pub struct Me {
    pub person: PersonRef,
    pub groups: Vec<GroupRef>,
}

impl Me {
    /// `None` for an actor who is no person.
    pub fn of(actor: &Actor) -> Option<Self> {
        Some(Self { person: actor.id().person()?.clone(), groups: actor.groups().to_vec() })
    }
}

/// A page of the worklist.
#[derive(Debug)]
pub struct Worklist {
    pub show: Show,
    pub sort: Sort,
    pub search: String,
    pub rows: Vec<ListRow>,
    pub selected: Option<Id<Incident>>,
    /// What others changed and nobody here has looked at since.
    pub fresh: BTreeSet<Id<Incident>>,
    /// Where the pages up to this one begin; the first begins nowhere.
    begins: Vec<Begin>,
    next: Option<Cursor>,
    /// When what is overdue was judged.
    at: Instant,
}

/// Where a page begins: the cursor to ask for it with, and the place after which its rows stand.
#[derive(Debug, Clone)]
struct Begin {
    cursor: Cursor,
    after: SortKey,
}

impl Worklist {
    pub fn new(now: Instant) -> Self {
        Self {
            show: Show::Open,
            sort: Sort::default(),
            search: String::new(),
            rows: Vec::new(),
            selected: None,
            fresh: BTreeSet::new(),
            begins: Vec::new(),
            next: None,
            at: now,
        }
    }

    pub fn query(&self, me: &Me) -> Query {
        let query = self.show.query(me).sorted(self.sort);
        // A text without a word finds nothing, and whoever types has hardly begun.
        if Search::new(self.search.as_str()).beginning().is_none() { query } else { query.search(self.search.as_str()) }
    }

    /// Where this page begins.
    pub fn cursor(&self) -> Option<Cursor> {
        self.begins.last().map(|begin| begin.cursor.clone())
    }

    pub fn page_number(&self) -> usize {
        self.begins.len() + 1
    }

    pub const fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// Whether something may have become overdue since the list was read, and belongs further up. A page that follows
    /// another is judged as of when that one was.
    pub fn is_outdated(&self, now: Instant) -> bool {
        self.sort == Sort::OverdueFirst && self.begins.is_empty() && now >= self.at + minutes(1)
    }

    /// Another list begins with its first page.
    pub fn begin(&mut self, now: Instant) {
        self.begins.clear();
        self.at = now;
    }

    /// Turns to the next page; says whether there is one.
    pub fn turn(&mut self) -> bool {
        let (Some(cursor), Some(last)) = (self.next.take(), self.rows.last()) else { return false };
        let after = self.place(last);
        self.begins.push(Begin { cursor, after });
        true
    }

    /// Turns back; says whether there is a page before.
    pub fn turn_back(&mut self) -> bool {
        self.begins.pop().is_some()
    }

    /// Shows a page that was read.
    pub fn take(&mut self, page: Page) {
        self.rows = page.rows;
        self.next = page.next;
        self.at = page.at;
        if self.index().is_none() {
            self.selected = self.rows.first().map(|row| row.id);
        }
    }

    /// What the feed delivers: the row goes where it belongs now, or leaves. What belongs to another page is
    /// not shown on this one.
    pub fn deliver(&mut self, record: RecordId, change: &Change) {
        let Some(id) = record.incident() else { return };
        let selected = self.index();
        self.rows.retain(|row| row.id != id);
        if let Change::Stands { row, .. } = change
            && let Some(row) = row.incident()
        {
            let place = self.place(row);
            let after_begin = self.begins.last().is_none_or(|begin| place > begin.after);
            // The page ends with its last row if another one follows.
            let before_end = self.next.is_none() || self.rows.last().is_some_and(|last| place < self.place(last));
            if after_begin && before_end {
                let index = self.rows.partition_point(|known| self.place(known) < place);
                self.rows.insert(index, row.clone());
            }
        }
        if self.index().is_none() {
            let near = selected.unwrap_or(0).min(self.rows.len().saturating_sub(1));
            self.selected = self.rows.get(near).map(|row| row.id);
        }
    }

    /// The place of the selected row.
    pub fn index(&self) -> Option<usize> {
        self.rows.iter().position(|row| Some(row.id) == self.selected)
    }

    pub fn step(&mut self, down: bool) {
        let index = self.index().unwrap_or(0);
        let to = if down { index + 1 } else { index.saturating_sub(1) };
        if let Some(row) = self.rows.get(to) {
            self.selected = Some(row.id);
        }
    }

    pub fn next_sort(&mut self) {
        let index = Sort::ALL.iter().position(|sort| *sort == self.sort).unwrap_or(0);
        self.sort = Sort::ALL.get(index + 1).copied().unwrap_or_default();
    }

    /// Where a row stands in the present order.
    fn place(&self, row: &ListRow) -> SortKey {
        row.sort_key(self.sort, self.at)
    }
}
