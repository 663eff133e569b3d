//! The front-end on a terminal. The screen has a thread, and so have the keys, the desk, the wait for changes
//! and the colleagues: nothing that takes its time holds up the keys.

use std::{
    error::Error,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use andon::time::{SystemTime, TimeSource, hours};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event},
};

use super::{
    app::App,
    colleagues::Colleagues,
    desk::{Clerk, House},
    draw::draw,
    headless::anna,
    keys::Key,
    message::{Ask, Message},
    worklist::Me,
};

/// How often the clock on the screen goes on.
const TICK: Duration = Duration::from_millis(250);
const BEFORE: usize = 40;

/// Works until the front-end is quit. The terminal is given back as it was, also after an error or a panic.
///
/// # Errors
/// What the terminal or the desk does not do.
pub fn run(seed: u64, pace: Duration) -> Result<(), Box<dyn Error>> {
    let now = SystemTime.now();
    let house = House::new(now.checked_sub_signed(hours(8)).unwrap_or(now))?;
    let mut colleagues = Colleagues::new(house.clone(), seed);
    colleagues.begin(BEFORE)?;
    house.time.set(SystemTime.now().max(house.time.now()));
    // From here on a panic gives the terminal back before it says anything.
    let mut terminal = ratatui::try_init()?;
    let ended = work(&mut terminal, &house, colleagues, pace);
    ratatui::try_restore()?;
    ended
}

fn work(
    terminal: &mut DefaultTerminal,
    house: &House,
    mut colleagues: Colleagues,
    pace: Duration,
) -> Result<(), Box<dyn Error>> {
    let anna = anna()?;
    let me = Me::of(&anna).ok_or("anna is a person")?;
    let clerk = Clerk::new(house, anna);
    let (tell, messages) = channel();
    let ((desk, at_desk), (waiter, waiting)) = (serve(clerk.clone(), tell.clone()), serve(clerk, tell.clone()));
    let reading = thread::spawn(move || read_keys(&tell));
    let scheduler = house.clone();
    let working = thread::spawn(move || {
        loop {
            thread::sleep(pace);
            // Somebody else may have been quicker; then nothing is done this time.
            let _ = colleagues.step();
            let _ = scheduler.wake();
        }
    });
    let threads = [at_desk, waiting, reading, working];

    let size = terminal.size()?;
    let (mut app, mut asks) = App::new(me, house.time.now(), (size.width, size.height));
    loop {
        if app.quit {
            return Ok(());
        }
        for ask in asks.drain(..) {
            let whom = if matches!(ask, Ask::Await(_)) { &waiter } else { &desk };
            whom.send(ask).map_err(|_| "the desk has gone away")?;
        }
        // None ends by itself: it has panicked, and what is on the screen would stay as it is.
        if threads.iter().any(JoinHandle::is_finished) {
            return Err("a part of it has failed".into());
        }
        terminal.draw(|frame| draw(&app, frame))?;
        asks = match next(&messages)? {
            Some(message) => app.update(message),
            None => {
                house.time.set(SystemTime.now().max(house.time.now()));
                app.update(Message::Now(house.time.now()))
            }
        };
        // What has come in the meantime is drawn at once.
        while let Ok(message) = messages.try_recv() {
            asks.extend(app.update(message));
        }
    }
}

fn next(messages: &Receiver<Message>) -> Result<Option<Message>, &'static str> {
    match messages.recv_timeout(TICK) {
        Ok(message) => Ok(Some(message)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err("nobody is left who could tell anything"),
    }
}

/// A thread that does what is asked, one thing after the other.
fn serve(clerk: Clerk, tell: Sender<Message>) -> (Sender<Ask>, JoinHandle<()>) {
    let (ask, asks) = channel();
    let thread = thread::spawn(move || {
        for ask in asks {
            if tell.send(clerk.perform(ask)).is_err() {
                return;
            }
        }
    });
    (ask, thread)
}

fn read_keys(tell: &Sender<Message>) {
    loop {
        let message = match event::read() {
            Ok(Event::Key(key)) => Key::of_event(key).map(Message::Key),
            Ok(Event::Resize(width, height)) => Some(Message::Size(width, height)),
            Ok(_) => None,
            // A terminal that can no longer be read has nobody before it.
            Err(_) => Some(Message::Key(Key::Quit)),
        };
        if message.is_some_and(|message| tell.send(message).is_err()) {
            return;
        }
    }
}
