//! The incident that is opened: its record, a page of its timeline, its moves and their keys.

use andon::{
    Id, Incident, Version,
    view::{ClockView, MoveView, RecordView, TimelineEntry},
};

use super::{form::Form, keys::RESERVED};

/// What is read when an incident is opened.
#[derive(Debug)]
pub struct Reading {
    pub record: RecordView,
    pub clocks: Vec<ClockView>,
    pub moves: Vec<MoveView>,
    pub timeline: TimelinePage,
}

/// A page of a timeline, the newest entries first.
#[derive(Debug)]
pub struct TimelinePage {
    pub entries: Vec<TimelineEntry>,
    /// Where the earlier ones begin.
    pub earlier: Option<Version>,
}

#[derive(Debug)]
pub struct Opened {
    pub record: RecordView,
    pub clocks: Vec<ClockView>,
    pub moves: Vec<(char, MoveView)>,
    pub timeline: TimelinePage,
    pub form: Option<Form>,
    /// Where the pages of the timeline up to this one begin; the newest begins nowhere.
    begins: Vec<Version>,
}

impl Opened {
    pub fn new(reading: Reading) -> Self {
        let Reading { record, clocks, moves, timeline } = reading;
        Self { record, clocks, moves: with_keys(moves), timeline, form: None, begins: Vec::new() }
    }

    pub const fn id(&self) -> Id<Incident> {
        self.record.id
    }

    /// Shows it anew. A form stays as it was filled in, and the timeline where it was leafed to.
    pub fn renew(&mut self, reading: Reading) {
        self.record = reading.record;
        self.clocks = reading.clocks;
        self.moves = with_keys(reading.moves);
        if self.begins.is_empty() {
            self.timeline = reading.timeline;
        }
    }

    pub fn page_number(&self) -> usize {
        self.begins.len() + 1
    }

    pub fn wanted(&self, key: char) -> Option<&MoveView> {
        self.moves.iter().find(|(known, _)| *known == key).map(|(_, wanted)| wanted)
    }

    /// Turns to the earlier entries, or back to later ones; says whether there are any.
    pub fn leaf(&mut self, earlier: bool) -> bool {
        if !earlier {
            return self.begins.pop().is_some();
        }
        self.begins.extend(self.timeline.earlier);
        self.timeline.earlier.is_some()
    }

    /// Where this page of the timeline begins; the newest begins nowhere.
    pub fn begin(&self) -> Option<Version> {
        self.begins.last().copied()
    }
}

/// Gives each move the first letter of its name that is still free, else that letter as a capital.
fn with_keys(moves: Vec<MoveView>) -> Vec<(char, MoveView)> {
    let mut taken: Vec<char> = RESERVED.to_vec();
    let keyed = moves.into_iter().map(|wanted| {
        let letters = || wanted.verb.chars().filter(char::is_ascii_lowercase);
        let free = letters().chain(letters().map(|letter| letter.to_ascii_uppercase())).chain('0'..='9');
        let key = free.into_iter().find(|key| !taken.contains(key)).unwrap_or(' ');
        taken.push(key);
        (key, wanted)
    });
    keyed.collect()
}
