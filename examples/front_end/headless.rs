//! The front-end without a terminal: keys come from a script, and the screen is a text. Every run is the same.

use std::{collections::VecDeque, error::Error};

use andon::{
    Actor,
    time::{Instant, TimeSource, minutes},
};
use ratatui::{Terminal, backend::TestBackend};

use super::{
    app::App,
    colleagues::Colleagues,
    desk::{Clerk, House},
    draw::draw,
    keys::{Input, Key, script},
    message::{Ask, Message},
    worklist::Me,
};

/// When every run begins: a Monday morning.
const START: &str = "2026-06-08T07:00:00Z";
/// How many incidents there are by then.
const BEFORE: usize = 28;

/// A front-end, its desk and its colleagues, with everything on one thread.
#[derive(Debug)]
pub struct Headless {
    pub app: App,
    pub house: House,
    /// How many pages of the list were read.
    pub lists_read: usize,
    pub terminal: Terminal<TestBackend>,
    colleagues: Colleagues,
    clerk: Clerk,
}

impl Headless {
    /// A front-end on a screen of so many columns and lines.
    ///
    /// # Errors
    /// What the desk refuses, which would be a fault of this program.
    pub fn new(size: (u16, u16), seed: u64) -> Result<Self, Box<dyn Error>> {
        let house = House::new(START.parse::<Instant>()?)?;
        let mut colleagues = Colleagues::new(house.clone(), seed);
        colleagues.begin(BEFORE)?;
        let anna = anna()?;
        let me = Me::of(&anna).ok_or("anna is a person")?;
        let (app, asks) = App::new(me, house.time.now(), size);
        let clerk = Clerk::new(&house, anna);
        let terminal = Terminal::new(TestBackend::new(size.0, size.1))?;
        let mut headless = Self { app, house, lists_read: 0, colleagues, clerk, terminal };
        headless.perform(asks);
        Ok(headless)
    }

    /// Plays a script; see [`script`]. It ends early if the front-end is quit.
    ///
    /// # Errors
    /// A key that is none; what the desk refuses the colleagues.
    pub fn play(&mut self, keys: &str) -> Result<(), Box<dyn Error>> {
        for input in script(keys)? {
            match input {
                Input::Key(key) => self.press(key),
                Input::Colleague => {
                    self.colleagues.step()?;
                    self.tell(Message::Changed);
                }
                Input::Minute => {
                    self.house.time.advance(minutes(1));
                    self.tell(Message::Now(self.house.time.now()));
                    self.house.wake()?;
                    self.tell(Message::Changed);
                }
            }
            if self.app.quit {
                break;
            }
        }
        Ok(())
    }

    pub fn press(&mut self, key: Key) {
        self.tell(Message::Key(key));
    }

    /// Tells the front-end something, and does what it asks for until it asks no more.
    pub fn tell(&mut self, message: Message) {
        let asks = self.app.update(message);
        self.perform(asks);
    }

    fn perform(&mut self, asks: Vec<Ask>) {
        let mut asks = VecDeque::from(asks);
        while let Some(ask) = asks.pop_front() {
            self.lists_read += usize::from(matches!(ask, Ask::List { .. }));
            // Nothing happens here by itself: whoever makes a change tells of it.
            if !matches!(ask, Ask::Await(_)) {
                let is_move = matches!(ask, Ask::Do { .. });
                let message = self.clerk.perform(ask);
                asks.extend(self.app.update(message));
                if is_move {
                    asks.extend(self.app.update(Message::Changed));
                }
            }
        }
    }

    /// The screen as text, without spaces at the ends of its lines.
    ///
    /// # Errors
    /// None; drawing into memory does not fail.
    pub fn screen(&mut self) -> Result<String, Box<dyn Error>> {
        self.terminal.draw(|frame| draw(&self.app, frame))?;
        let buffer = self.terminal.backend().buffer();
        let mut text = String::new();
        for line in buffer.content().chunks(usize::from(buffer.area.width.max(1))) {
            let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        Ok(text)
    }
}

/// Who sits at the front-end: an agent of the messaging group.
///
/// # Errors
/// None; her names are keys.
pub fn anna() -> Result<Actor, andon::key::KeyError> {
    Actor::person("anna")?.role("agent")?.group("Messaging")
}
