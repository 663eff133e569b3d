//! Keys: what was pressed, what it means where one is, and a script of keys as text.

use std::str::Chars;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::worklist::Show;

/// A key, as far as it means anything here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Up,
    Down,
    /// Ctrl-C, which ends it from anywhere.
    Quit,
}

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    List,
    Search,
    Incident,
    Form,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    Quit,
    Up,
    Down,
    NextPage,
    PreviousPage,
    Show(Show),
    NextSort,
    Search,
    Open,
    /// To the other pane.
    Over,
    /// Out of where one is.
    Back,
    Move(char),
    Type(char),
    Rub,
    /// Take what is typed, and go on.
    Take,
    /// Send the form with what it has.
    Send,
}

/// The keys that no move gets, because they mean something else beside the moves.
pub const RESERVED: [char; 3] = ['n', 'p', 'q'];

pub fn intent(focus: Focus, key: Key) -> Option<Intent> {
    if key == Key::Quit {
        return Some(Intent::Quit);
    }
    match focus {
        Focus::List => in_list(key),
        Focus::Search => in_search(key),
        Focus::Incident => in_incident(key),
        Focus::Form => in_form(key),
    }
}

fn in_list(key: Key) -> Option<Intent> {
    Some(match key {
        Key::Char('q') => Intent::Quit,
        Key::Char('1') => Intent::Show(Show::Open),
        Key::Char('2') => Intent::Show(Show::Mine),
        Key::Char('3') => Intent::Show(Show::Unassigned),
        Key::Char('4') => Intent::Show(Show::All),
        Key::Char('s') => Intent::NextSort,
        Key::Char('/') => Intent::Search,
        Key::Char('n') => Intent::NextPage,
        Key::Char('p') => Intent::PreviousPage,
        Key::Char('k') | Key::Up => Intent::Up,
        Key::Char('j') | Key::Down => Intent::Down,
        Key::Enter => Intent::Open,
        Key::Tab => Intent::Over,
        Key::Esc => Intent::Back,
        _ => return None,
    })
}

fn in_search(key: Key) -> Option<Intent> {
    Some(match key {
        Key::Char(typed) => Intent::Type(typed),
        Key::Backspace => Intent::Rub,
        Key::Enter => Intent::Take,
        Key::Esc => Intent::Back,
        Key::Up => Intent::Up,
        Key::Down => Intent::Down,
        _ => return None,
    })
}

fn in_incident(key: Key) -> Option<Intent> {
    Some(match key {
        Key::Char('q') => Intent::Quit,
        Key::Char('n') => Intent::NextPage,
        Key::Char('p') => Intent::PreviousPage,
        Key::Char(key) => Intent::Move(key),
        Key::Tab => Intent::Over,
        Key::Esc => Intent::Back,
        _ => return None,
    })
}

fn in_form(key: Key) -> Option<Intent> {
    Some(match key {
        Key::Char(typed) => Intent::Type(typed),
        Key::Backspace => Intent::Rub,
        Key::Enter | Key::Down => Intent::Take,
        Key::Up => Intent::Up,
        Key::Tab => Intent::Send,
        Key::Esc => Intent::Back,
        Key::Quit => return None,
    })
}

impl Key {
    /// A key of the terminal. A release is none: some terminals tell it, too.
    pub fn of_event(event: KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        if event.modifiers.contains(KeyModifiers::CONTROL) {
            return matches!(event.code, KeyCode::Char('c' | 'C')).then_some(Self::Quit);
        }
        Some(match event.code {
            KeyCode::Char(typed) => Self::Char(typed),
            KeyCode::Enter => Self::Enter,
            KeyCode::Esc => Self::Esc,
            KeyCode::Tab => Self::Tab,
            KeyCode::Backspace => Self::Backspace,
            KeyCode::Up => Self::Up,
            KeyCode::Down => Self::Down,
            _ => return None,
        })
    }
}

/// A line of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Key(Key),
    /// A colleague does something.
    Colleague,
    /// A minute passes.
    Minute,
}

/// Reads a script: keys as they are typed, and `<enter>`, `<esc>`, `<tab>`, `<up>`, `<down>`, `<back>`,
/// `<ctrl-c>`, `<colleague>`, `<minute>`. The end of a line is none.
///
/// # Errors
/// The name that is not known.
pub fn script(text: &str) -> Result<Vec<Input>, String> {
    let mut inputs = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' | '\r' => {}
            '<' => inputs.push(named(&name(&mut letters))?),
            letter => inputs.push(Input::Key(Key::Char(letter))),
        }
    }
    Ok(inputs)
}

fn name(letters: &mut Chars<'_>) -> String {
    letters.by_ref().take_while(|letter| *letter != '>').collect()
}

fn named(name: &str) -> Result<Input, String> {
    Ok(match name {
        "enter" => Input::Key(Key::Enter),
        "esc" => Input::Key(Key::Esc),
        "tab" => Input::Key(Key::Tab),
        "up" => Input::Key(Key::Up),
        "down" => Input::Key(Key::Down),
        "back" => Input::Key(Key::Backspace),
        "ctrl-c" => Input::Key(Key::Quit),
        "colleague" => Input::Colleague,
        "minute" => Input::Minute,
        other => return Err(format!("<{other}> is no key")),
    })
}
