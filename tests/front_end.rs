//! The front-end of `examples/front_end`, without a terminal: what is on its screen after these keys.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test that fails should say so at once")]

#[path = "../examples/front_end/app.rs"]
mod app;
#[path = "../examples/front_end/colleagues.rs"]
mod colleagues;
#[path = "../examples/front_end/command.rs"]
mod command;
#[path = "../examples/front_end/desk.rs"]
mod desk;
#[path = "../examples/front_end/draw.rs"]
mod draw;
#[path = "../examples/front_end/draw_incident.rs"]
mod draw_incident;
#[path = "../examples/front_end/form.rs"]
mod form;
#[path = "../examples/front_end/headless.rs"]
mod headless;
#[path = "../examples/front_end/intents.rs"]
mod intents;
#[path = "../examples/front_end/keys.rs"]
mod keys;
#[path = "../examples/front_end/message.rs"]
mod message;
#[path = "../examples/front_end/opened.rs"]
mod opened;
#[path = "../examples/front_end/panes.rs"]
mod panes;
#[path = "../examples/front_end/worklist.rs"]
mod worklist;

use andon::{
    Actor,
    command::{Assign, Resolve},
};
use desk::Acting;
use headless::{Headless, anna};
use insta::assert_snapshot;
use keys::{Focus, Key};
use message::{Message, Said};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const SEED: u64 = 7;

fn front_end() -> Headless {
    Headless::new((110, 32), SEED).unwrap()
}

/// The front-end after these keys.
fn after(keys: &str) -> Headless {
    let mut front_end = front_end();
    front_end.play(keys).unwrap();
    front_end
}

fn carl(front_end: &Headless) -> Acting {
    front_end.house.acting_as(Actor::person("carl").unwrap().role("agent").unwrap())
}

fn numbers(front_end: &Headless) -> Vec<String> {
    front_end.app.list.rows.iter().map(|row| row.number.to_string()).collect()
}

/// The newest line of the opened timeline.
fn newest(front_end: &Headless) -> String {
    let entries = &front_end.app.opened.as_ref().unwrap().timeline.entries;
    entries.iter().find(|entry| !entry.kind.starts_with("incident.clock_")).unwrap().summary.clone()
}

/// Presses the key of a move.
fn make(front_end: &mut Headless, verb: &str) {
    let moves = &front_end.app.opened.as_ref().unwrap().moves;
    let (key, _) = moves.iter().find(|(_, wanted)| wanted.verb == verb).unwrap();
    front_end.press(Key::Char(*key));
}

#[test]
fn it_begins_with_what_is_open() {
    assert_snapshot!(front_end().screen().unwrap());
}

#[test]
fn an_incident_is_opened_with_its_timeline_and_its_moves() {
    assert_snapshot!(after("jj<enter>").screen().unwrap());
}

#[test]
fn a_move_shows_in_the_list_and_in_the_timeline() {
    let mut front_end = after("3<enter>");
    let (read, before) = (front_end.lists_read, numbers(&front_end));
    make(&mut front_end, "start_work");
    assert_eq!(newest(&front_end), "anna started work");
    assert_eq!(front_end.app.opened.as_ref().unwrap().record.person.as_deref(), Some("anna"));
    // It is hers now, and so no longer among those that nobody has.
    assert_eq!(numbers(&front_end), before[1..]);
    assert_eq!(front_end.lists_read, read, "the feed brought it");
    assert_snapshot!(front_end.screen().unwrap());
}

#[test]
fn a_move_asks_for_its_fields_and_shows_what_is_wrong_beside_them() {
    let mut front_end = after("j<enter>");
    make(&mut front_end, "resolve");
    assert_eq!(front_end.app.focus(), Focus::Form);
    front_end.play("1<tab>").unwrap();
    assert_snapshot!(front_end.screen().unwrap());
    front_end.play("Cable was loose<enter><enter>").unwrap();
    assert_eq!(newest(&front_end), "anna resolved it: fixed");
}

#[test]
fn a_move_that_cannot_be_made_says_what_is_owed() {
    let mut front_end = after("j<enter>");
    make(&mut front_end, "resolve");
    front_end.play("3<tab>").unwrap();
    make(&mut front_end, "close");
    assert_snapshot!(front_end.screen().unwrap());
}

#[test]
fn what_a_colleague_does_arrives_by_the_feed() {
    let mut front_end = front_end();
    let (read, row) = (front_end.lists_read, front_end.app.list.rows[1].clone());
    let incident = carl(&front_end);
    let incident = incident.incident(row.id);
    incident.assign(Assign::to_person("carl")).unwrap();
    front_end.tell(Message::Changed);
    let now = &front_end.app.list.rows[1];
    assert_eq!(
        (now.id, now.stage.key(), now.person.as_ref().map(andon::key::PersonRef::as_str)),
        (row.id, "assigned", Some("carl"))
    );
    assert_eq!(front_end.app.news, Some(format!("{} carl assigned it to carl", row.number)));
    assert!(front_end.app.list.fresh.contains(&row.id));

    incident.resolve(Resolve::new("no_fault_found")).unwrap();
    front_end.tell(Message::Changed);
    assert!(!numbers(&front_end).contains(&row.number.to_string()), "it is open no longer");
    assert_eq!(front_end.lists_read, read);
}

#[test]
fn what_is_opened_is_read_again_when_a_colleague_changes_it() {
    let mut front_end = after("j<enter>");
    let id = front_end.app.list.rows[1].id;
    carl(&front_end).incident(id).add_note("Looked at it.").unwrap();
    front_end.tell(Message::Changed);
    assert_eq!(newest(&front_end), "carl wrote a public note");
}

#[test]
fn a_hold_ends_on_the_screen_when_its_date_has_come() {
    let mut front_end = after("j<enter>");
    make(&mut front_end, "hold");
    front_end.play("2+2m<enter><tab>").unwrap();
    assert_eq!(front_end.app.list.rows[1].stage.key(), "on_hold");
    front_end.play("<minute>").unwrap();
    assert_eq!(front_end.app.list.rows[1].stage.key(), "on_hold");
    front_end.play("<minute>").unwrap();
    assert_eq!(front_end.app.list.rows[1].stage.key(), "new", "as it was before");
    assert_eq!(newest(&front_end), "system ended the hold: its date has come");
}

#[test]
fn a_change_that_was_not_seen_is_not_overwritten() {
    let mut front_end = after("j<enter>");
    let id = front_end.app.list.rows[1].id;
    carl(&front_end).incident(id).add_note("Mine, I think.").unwrap();
    // The feed has not been read when she goes on.
    make(&mut front_end, "resolve");
    front_end.play("3<tab>").unwrap();
    let said = front_end.app.said.clone();
    assert_eq!(front_end.app.focus(), Focus::Form, "what she filled in is still there");
    front_end.play("<tab>").unwrap();
    assert_eq!(newest(&front_end), "anna resolved it: no_fault_found");
    let conflict = "INC0000013 is at version 7 and not at 3; since then: incident.clock_breached by system, \
         incident.clock_warned by system, incident.note_added by carl, incident.clock_ended by carl";
    assert_eq!(said, Some(Said::Refused(conflict.to_owned())));
}

#[test]
fn the_picture_in_the_readme_is_the_screen() {
    let screen = after("jjjjjjjj<enter>s<colleague><colleague>h").screen().unwrap();
    let readme = include_str!("../examples/README.md");
    assert!(readme.contains(&format!("```text\n{screen}```")), "{screen}");
}

#[test]
fn another_option_takes_the_place_of_the_one_that_was_taken() {
    let mut front_end = after("j<enter>");
    make(&mut front_end, "resolve");
    front_end.play("1<up>4").unwrap();
    let form = front_end.app.opened.as_ref().unwrap().form.as_ref().unwrap();
    assert_eq!(form.answers.first().unwrap().as_deref(), Some("user_error"));
}

#[test]
fn a_search_finds_while_it_is_typed() {
    let mut front_end = after("/vp");
    assert!(front_end.app.list.rows.iter().all(|row| row.title.contains("VPN")));
    front_end.play("n cert").unwrap();
    assert!(front_end.app.list.rows.iter().all(|row| *row.title == *"VPN certificate is refused"));
    front_end.play("xy").unwrap();
    assert_eq!(numbers(&front_end), [""; 0]);
    front_end.play("<esc>").unwrap();
    assert_eq!(numbers(&front_end), numbers(&self::front_end()));
}

#[test]
fn pages_follow_each_other_and_come_back() {
    let mut front_end = Headless::new((110, 14), SEED).unwrap();
    let first = numbers(&front_end);
    front_end.play("n").unwrap();
    let second = numbers(&front_end);
    assert!(!second.is_empty() && second.iter().all(|number| !first.contains(number)));
    front_end.play("p").unwrap();
    assert_eq!(numbers(&front_end), first);
}

#[test]
fn it_ends_by_a_key_from_anywhere() {
    for keys in ["q", "<enter>q", "/q<ctrl-c>", "<enter>e1q<ctrl-c>"] {
        assert!(after(keys).app.quit, "{keys}");
    }
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(Key::of_event(ctrl_c), Some(Key::Quit));
}

#[test]
fn it_draws_on_a_screen_of_any_size() {
    for width in (0..=24).chain([60, 83, 84, 110]) {
        for height in (0..=24).chain([32]) {
            let mut front_end = Headless::new((60, 20), SEED).unwrap();
            for keys in ["", "<enter>", "d", "<down><down><down><down>", "<tab>", "/vpn"] {
                front_end.play(keys).unwrap();
                front_end.terminal.backend_mut().resize(width, height);
                front_end.tell(Message::Size(width, height));
                front_end.screen().unwrap();
            }
        }
    }
}

/// Whatever is pressed and whatever the colleagues do: the list that the feed kept is the one that a query
/// would find.
#[test]
fn the_list_that_the_feed_keeps_is_the_list() {
    let keys = ["j", "k", "n", "p", "s", "1", "2", "3", "4", "<enter>", "<esc>", "<tab>", "a", "e", "r", "m", "/", "v"];
    for seed in 0..12_u64 {
        let mut front_end = Headless::new((100, 16), seed).unwrap();
        let desk = front_end.house.acting_as(anna().unwrap());
        let mut dice = seed;
        for _ in 0..150 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = keys[usize::try_from(dice >> 33).unwrap() % keys.len()];
            front_end.play(key).unwrap();
            if dice >> 62 == 0 {
                front_end.play("<colleague><minute>").unwrap();
            }
            front_end.app.quit = false;
            let list = &front_end.app.list;
            if list.rows.is_empty() {
                continue;
            }
            let found = desk.worklist(&list.query(&front_end.app.me), list.cursor().as_ref(), list.rows.len()).unwrap();
            assert_eq!(list.rows, found.rows, "seed {seed}");
            assert_eq!(list.has_next(), found.next.is_some(), "seed {seed}");
        }
    }
}
