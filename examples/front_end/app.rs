//! The state of the front-end, and how it goes on: a message comes in, and what is asked of the desk goes
//! out. Nothing here reads a clock, a desk or a terminal.

use andon::{
    Id, Incident, Version,
    desk::{Change, Count, Cursor, Deliveries, Page},
    event::RecordId,
    store::{Filter, Query},
    time::Instant,
    view::{MoveView, TimelineEntry},
};

use super::{
    form::{Form, Refusal},
    keys::{Focus, Intent, Key, intent},
    opened::{Opened, Reading, TimelinePage},
    panes::Panes,
    worklist::{Me, Show, Worklist},
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
    Count(Vec<Filter>),
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
        said: Vec<(String, String)>,
    },
}

/// What came of what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done(String),
    Refused(String),
}

#[derive(Debug)]
pub struct App {
    pub me: Me,
    pub now: Instant,
    pub list: Worklist,
    pub counts: Vec<Count>,
    pub opened: Option<Opened>,
    pub said: Option<Said>,
    /// What somebody else did last.
    pub news: Option<String>,
    pub quit: bool,
    searching: bool,
    in_list: bool,
    size: (u16, u16),
    /// Which list is shown: what is answered to another turn comes too late.
    turn: u64,
    feed: Option<Cursor>,
    awaiting: bool,
}

impl App {
    /// The front-end as it begins, and what it asks for first.
    pub fn new(me: Me, now: Instant, size: (u16, u16)) -> (Self, Vec<Ask>) {
        let mut app = Self {
            me,
            now,
            list: Worklist::new(now),
            counts: Vec::new(),
            opened: None,
            said: None,
            news: None,
            quit: false,
            searching: false,
            in_list: true,
            size,
            turn: 0,
            feed: None,
            awaiting: false,
        };
        let asks = vec![app.ask_for_list(), app.ask_for_counts()];
        (app, asks)
    }

    /// Where the keys go.
    pub fn focus(&self) -> Focus {
        match &self.opened {
            _ if self.searching => Focus::Search,
            Some(opened) if !self.in_list && opened.form.is_some() => Focus::Form,
            Some(_) if !self.in_list => Focus::Incident,
            _ => Focus::List,
        }
    }

    pub fn panes(&self) -> Panes {
        Panes::of(self.size, self.opened.is_some(), self.focus())
    }

    pub fn update(&mut self, message: Message) -> Vec<Ask> {
        match message {
            Message::Key(key) => {
                // What is wrong with a form stays until the form is sent again.
                if self.focus() != Focus::Form {
                    self.said = None;
                }
                intent(self.focus(), key).map(|wanted| self.intend(wanted)).unwrap_or_default()
            }
            Message::Size(width, height) => self.resize((width, height)),
            Message::Now(now) => {
                self.now = now;
                Vec::new()
            }
            Message::Listed { turn, page } if turn == self.turn => {
                self.feed = Some(page.feed.clone());
                self.list.take(page);
                self.follow()
            }
            Message::Delivered { turn, deliveries } if turn == self.turn => self.deliver(deliveries),
            // Both belong to a list that is no longer shown.
            Message::Listed { .. } | Message::Delivered { .. } => Vec::new(),
            Message::Counted(counts) => {
                self.counts = counts;
                Vec::new()
            }
            Message::Changed => {
                self.awaiting = false;
                self.ask_for_feed().into_iter().collect()
            }
            Message::FeedLost => vec![self.ask_for_list(), self.ask_for_counts()],
            Message::Opened(reading) => {
                self.show(*reading);
                Vec::new()
            }
            Message::Leafed { id, page } => {
                if let Some(opened) = self.at_hand(id) {
                    opened.timeline = page;
                }
                Vec::new()
            }
            Message::Done { id, said } => {
                self.said = Some(Said::Done(said));
                let Some(opened) = self.at_hand(id) else { return Vec::new() };
                opened.form = None;
                vec![self.ask_for_incident(id)]
            }
            Message::Refused { id, refusal } => self.refuse(id, refusal),
            Message::Failed(text) => {
                self.said = Some(Said::Refused(text));
                Vec::new()
            }
        }
    }

    fn intend(&mut self, wanted: Intent) -> Vec<Ask> {
        match wanted {
            Intent::Quit => self.quit = true,
            Intent::Over => self.in_list = !self.in_list,
            Intent::Show(show) => return self.list_anew(|list| list.show = show),
            Intent::NextSort => return self.list_anew(Worklist::next_sort),
            Intent::Search => self.searching = true,
            Intent::Open => return self.open(),
            Intent::Back => return self.back(),
            Intent::Move(key) => return self.begin_move(key),
            Intent::Up | Intent::Down => match self.form() {
                Some(form) => form.back(),
                None => self.list.step(wanted == Intent::Down),
            },
            Intent::NextPage | Intent::PreviousPage => return self.turn_page(wanted == Intent::NextPage),
            Intent::Type(letter) => match self.form() {
                Some(form) => {
                    if form.write(letter) {
                        return self.send();
                    }
                }
                None => return self.list_anew(|list| list.search.push(letter)),
            },
            Intent::Rub => match self.form() {
                Some(form) => form.rub(),
                None => {
                    return self.list_anew(|list| {
                        list.search.pop();
                    });
                }
            },
            Intent::Take => match self.form() {
                Some(form) => {
                    if form.take() {
                        return self.send();
                    }
                }
                None => self.searching = false,
            },
            Intent::Send => {
                if let Some(form) = self.form() {
                    form.take();
                }
                return self.send();
            }
        }
        Vec::new()
    }

    /// The form that the keys go to.
    fn form(&mut self) -> Option<&mut Form> {
        let here = self.focus() == Focus::Form;
        self.opened.as_mut().filter(|_| here)?.form.as_mut()
    }

    fn open(&mut self) -> Vec<Ask> {
        let Some(id) = self.list.selected else { return Vec::new() };
        self.list.fresh.remove(&id);
        self.in_list = false;
        if self.opened.as_ref().is_some_and(|opened| opened.id() != id) {
            self.opened = None;
        }
        vec![self.ask_for_incident(id)]
    }

    fn back(&mut self) -> Vec<Ask> {
        match self.focus() {
            Focus::Form => {
                self.said = None;
                self.opened.iter_mut().for_each(|opened| opened.form = None);
            }
            Focus::Search => {
                self.searching = false;
                return self.list_anew(|list| list.search.clear());
            }
            Focus::Incident | Focus::List => {
                self.opened = None;
                self.in_list = true;
            }
        }
        Vec::new()
    }

    /// A move that asks for nothing is sent at once, and the desk says what stands in its way. For one that
    /// cannot be made now nobody is made to fill in a form.
    fn begin_move(&mut self, key: char) -> Vec<Ask> {
        let Some(opened) = &mut self.opened else { return Vec::new() };
        let Some(wanted) = opened.wanted(key).cloned() else { return Vec::new() };
        if wanted.fields.is_empty() {
            let (id, version) = (opened.id(), opened.record.version);
            return vec![Ask::Do { id, version, command: wanted.command, said: Vec::new() }];
        }
        if wanted.possible {
            opened.form = Some(Form::new(wanted));
        } else {
            self.said = Some(Said::Refused(why_not(&wanted)));
        }
        Vec::new()
    }

    fn send(&self) -> Vec<Ask> {
        let Some(opened) = &self.opened else { return Vec::new() };
        let Some(form) = &opened.form else { return Vec::new() };
        vec![Ask::Do {
            id: opened.id(),
            version: opened.record.version,
            command: form.wanted.command.clone(),
            said: form.said(),
        }]
    }

    fn refuse(&mut self, id: Id<Incident>, refusal: Refusal) -> Vec<Ask> {
        self.said = Some(Said::Refused(refusal.text.clone()));
        let stale = refusal.stale;
        let Some(opened) = self.at_hand(id) else { return Vec::new() };
        if let Some(form) = &mut opened.form {
            form.refuse(refusal);
        }
        if stale { vec![self.ask_for_incident(id)] } else { Vec::new() }
    }

    /// The incident, if it is the one that is opened: by the time of an answer it may be another one.
    fn at_hand(&mut self, id: Id<Incident>) -> Option<&mut Opened> {
        self.opened.as_mut().filter(|opened| opened.id() == id)
    }

    fn turn_page(&mut self, next: bool) -> Vec<Ask> {
        if self.focus() != Focus::Incident {
            let turned = if next { self.list.turn() } else { self.list.turn_back() };
            return turned.then(|| self.ask_for_list()).into_iter().collect();
        }
        let entries = self.timeline_length();
        let Some(opened) = &mut self.opened else { return Vec::new() };
        let id = opened.id();
        opened.leaf(next).map(|to| Ask::Leaf { id, to, entries }).into_iter().collect()
    }

    fn show(&mut self, reading: Reading) {
        match &mut self.opened {
            Some(opened) if opened.id() == reading.record.id => opened.renew(reading),
            // It was closed again before it was read.
            None if self.in_list => {}
            _ => self.opened = Some(Opened::new(reading)),
        }
    }

    /// What the feed delivers goes into the list as it is; only what is opened is read again.
    fn deliver(&mut self, deliveries: Deliveries) -> Vec<Ask> {
        let mut asks = Vec::new();
        if !deliveries.deliveries.is_empty() {
            asks.push(self.ask_for_counts());
        }
        for delivery in deliveries.deliveries {
            let RecordId::Incident(id) = delivery.record else { continue };
            self.list.deliver(delivery.record, &delivery.change);
            let known = self.at_hand(id).map(|opened| opened.record.version);
            let newer = match &delivery.change {
                Change::Stands { row, events } => {
                    if let Some(entry) = events.last().map(TimelineEntry::of).filter(|entry| !self.is_mine(entry)) {
                        self.news = Some(format!("{} {}", row.number, entry.summary));
                        self.list.fresh.insert(id);
                    }
                    known.is_some_and(|known| row.version > known)
                }
                Change::Left => known.is_some(),
            };
            if newer {
                self.list.fresh.remove(&id);
                asks.push(self.ask_for_incident(id));
            }
        }
        self.feed = Some(deliveries.next);
        if deliveries.more {
            asks.extend(self.ask_for_feed());
        } else {
            asks.extend(self.follow());
        }
        asks
    }

    fn is_mine(&self, entry: &TimelineEntry) -> bool {
        entry.actor == self.me.person.as_str()
    }

    /// Waits for what comes after what is known, unless that is waited for already.
    fn follow(&mut self) -> Vec<Ask> {
        if std::mem::replace(&mut self.awaiting, true) {
            return Vec::new();
        }
        self.feed.clone().map(Ask::Await).into_iter().collect()
    }

    fn resize(&mut self, size: (u16, u16)) -> Vec<Ask> {
        let rows = self.list_length();
        self.size = size;
        // A page that has begun stays as long as it is.
        if rows == self.list_length() || self.list.page_number() > 1 { Vec::new() } else { vec![self.ask_for_list()] }
    }

    fn list_anew(&mut self, change: impl FnOnce(&mut Worklist)) -> Vec<Ask> {
        change(&mut self.list);
        self.list.begin(self.now);
        vec![self.ask_for_list()]
    }

    fn ask_for_list(&mut self) -> Ask {
        self.turn += 1;
        let limit = self.list_length();
        Ask::List { turn: self.turn, query: self.list.query(&self.me), after: self.list.cursor(), limit }
    }

    fn ask_for_incident(&self, id: Id<Incident>) -> Ask {
        Ask::Open { id, entries: self.timeline_length() }
    }

    fn ask_for_counts(&self) -> Ask {
        Ask::Count(Show::EVERY.map(|show| show.query(&self.me).filter).to_vec())
    }

    fn ask_for_feed(&self) -> Option<Ask> {
        let after = self.feed.clone()?;
        Some(Ask::Feed { turn: self.turn, after, filter: self.list.query(&self.me).filter })
    }

    /// A page is as long as the list when nothing else is on the screen.
    fn list_length(&self) -> usize {
        Panes::of(self.size, false, Focus::List).list_rows().max(1)
    }

    fn timeline_length(&self) -> usize {
        Panes::of(self.size, true, Focus::Incident).timeline_rows().max(1)
    }
}

/// Why a move cannot be made now.
fn why_not(wanted: &MoveView) -> String {
    if !wanted.permitted {
        return format!("it takes the permission `{}`", wanted.permission);
    }
    let owed = wanted.obligations.iter().filter(|owed| owed.severity == "blocking");
    owed.map(|owed| owed.text.as_str()).collect::<Vec<_>>().join("; ")
}
