//! The state of the front-end, and how it goes on: a message comes in, and what is asked of the desk goes
//! out. Nothing here reads a clock, a desk or a terminal.

use andon::{
    Id, Incident,
    desk::{Change, Count, Cursor, Deliveries},
    event::Event,
    time::Instant,
    view::TimelineEntry,
};

use super::{
    form::Refusal,
    keys::{Focus, intent},
    message::{Ask, Message, Said},
    opened::{Opened, Reading},
    panes::Panes,
    worklist::{Me, Show, Worklist},
};

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
    /// Which pane the keys go to. A form gets them before its incident; while there is no incident the list does.
    pub pane: Focus,
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
            pane: Focus::List,
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
            _ if self.pane == Focus::Search => Focus::Search,
            Some(opened) if self.pane == Focus::Incident && opened.form.is_some() => Focus::Form,
            Some(_) if self.pane == Focus::Incident => Focus::Incident,
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
                if self.list.is_outdated(now) { vec![self.ask_for_list()] } else { Vec::new() }
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
    pub fn at_hand(&mut self, id: Id<Incident>) -> Option<&mut Opened> {
        self.opened.as_mut().filter(|opened| opened.id() == id)
    }

    fn show(&mut self, reading: Reading) {
        match &mut self.opened {
            Some(opened) if opened.id() == reading.record.id => opened.renew(reading),
            // It was closed again before it was read.
            None if self.pane != Focus::Incident => {}
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
            let Some(id) = delivery.record.incident() else { continue };
            self.list.deliver(delivery.record, &delivery.change);
            let known = self.at_hand(id).map(|opened| opened.record.version);
            let newer = match &delivery.change {
                Change::Stands { row, events } => {
                    let Some(row) = row.incident() else { continue };
                    if let Some(entry) = news(events).filter(|entry| !self.is_mine(entry)) {
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

    pub fn ask_for_list(&mut self) -> Ask {
        self.turn += 1;
        let limit = self.list_length();
        Ask::List { turn: self.turn, query: self.list.query(&self.me), after: self.list.cursor(), limit }
    }

    pub fn ask_for_incident(&self, id: Id<Incident>) -> Ask {
        Ask::Open { id, entries: self.timeline_length() }
    }

    fn ask_for_counts(&self) -> Ask {
        Ask::Count(Show::EVERY.map(|show| show.query(&self.me)).to_vec())
    }

    fn ask_for_feed(&self) -> Option<Ask> {
        let after = self.feed.clone()?;
        Some(Ask::Feed { turn: self.turn, after, filter: self.list.query(&self.me).filter })
    }

    /// A page is as long as the list when nothing else is on the screen.
    fn list_length(&self) -> usize {
        Panes::of(self.size, false, Focus::List).list_rows().max(1)
    }

    pub fn timeline_length(&self) -> usize {
        Panes::of(self.size, true, Focus::Incident).timeline_rows().max(1)
    }
}

/// What is worth telling of what has happened: the last of it; what clocks did with it only if there is nothing else.
fn news(events: &[Event]) -> Option<TimelineEntry> {
    let entries = || events.iter().map(TimelineEntry::of);
    entries().rfind(|entry| !entry.kind.starts_with("incident.clock_")).or_else(|| entries().next_back())
}
