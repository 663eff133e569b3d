//! Following what happens.

use std::time::Duration;

use crate::common::{Acting, House, at, kinds};
use andon::{
    Actor, Desk, MemoryRepository, Stage, blocking,
    command::{Assign, Edit, Hold},
    desk::{Change, Cursor, Deliveries},
    id::SequentialIds,
    store::{Filter, Query},
    time::days,
};

/// Every delivery after a cursor, page by page.
fn all(desk: &Acting, after: Option<&Cursor>, filter: &Filter, limit: usize) -> (Vec<(u64, Vec<String>)>, Cursor) {
    let mut told = Vec::new();
    let mut after = after.cloned();
    for _ in 0..1_000 {
        let Deliveries { deliveries, next, more } = desk.feed(after.as_ref(), filter, limit).unwrap();
        assert!(deliveries.len() <= limit);
        for delivery in deliveries {
            told.push(match delivery.change {
                Change::Stands { row, events } => (
                    row.incident().unwrap().number.as_str().trim_start_matches("INC").parse().unwrap(),
                    kinds(&events).into_iter().map(str::to_owned).collect(),
                ),
                Change::Left => (0, vec!["left".to_owned()]),
            });
        }
        after = Some(next);
        if !more {
            break;
        }
    }
    (told, after.unwrap())
}

fn told(number: u64, kinds: &[&str]) -> (u64, Vec<String>) {
    (number, kinds.iter().map(ToString::to_string).collect())
}

#[test]
fn every_commit_is_told_once_and_in_order() {
    let house = House::new();
    let anna = house.anna();
    let (one, two) = (anna.report("one").unwrap().id(), anna.report("two").unwrap().id());
    anna.incident(one).start_work().unwrap();
    anna.incident(two).assign(Assign::to_group("Mail")).unwrap();
    anna.incident(one).resolve("fixed").unwrap();
    let expected = [
        told(1, &["reported"]),
        told(2, &["reported"]),
        told(1, &["routed", "work_started"]),
        told(2, &["assigned"]),
        told(1, &["resolved"]),
    ];
    for limit in [1, 2, 100] {
        assert_eq!(all(&anna, None, &Filter::default(), limit).0, expected);
    }
}

#[test]
fn a_delivery_carries_the_row_and_a_cursor_of_its_own() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("one").unwrap().id();
    anna.incident(id).start_work().unwrap();
    let news = anna.feed(None, &Filter::default(), 100).unwrap();
    let Change::Stands { row, .. } = &news.deliveries[0].change else { panic!() };
    assert_eq!(
        (row.incident().unwrap().stage, row.incident().unwrap().person.as_ref().map(andon::key::PersonRef::as_str)),
        (Stage::InProgress, Some("anna")),
        "as it is now"
    );
    let rest = anna.feed(Some(&news.deliveries[0].cursor), &Filter::default(), 100).unwrap();
    assert_eq!(rest.deliveries, news.deliveries[1..], "the same again from there");
}

#[test]
fn a_viewer_gets_what_it_may_see_and_no_more() {
    let house = House::new();
    let (anna, bob) = (house.anna(), house.bob());
    let his = bob.report("his").unwrap().id();
    anna.report("hers").unwrap();
    anna.incident(his).add_internal_note("He forgot it again").unwrap();
    anna.incident(his).add_note("We are on it").unwrap();
    anna.incident(his).hold(Hold::new("awaiting_vendor").note("case 12")).unwrap();
    let (seen, _) = all(&bob, None, &Filter::default(), 100);
    assert_eq!(seen, [told(1, &["reported"]), told(1, &[]), told(1, &["note_added"]), told(1, &["held"])]);
    let news = bob.feed(None, &Filter::default(), 100).unwrap();
    let text = format!("{news:?}");
    assert!(!text.contains("forgot") && !text.contains("case 12"), "{text}");
    let eve = house.acting("acme", Actor::person("eve").unwrap().role("caller").unwrap());
    assert_eq!(all(&eve, None, &Filter::default(), 100).0, []);
    assert_eq!(all(&house.acting("other", crate::common::anna()), None, &Filter::default(), 100).0, []);
}

#[test]
fn what_leaves_a_viewers_sight_is_said_to_leave_and_not_why() {
    let house = House::new();
    let (anna, mia) = (house.anna(), house.mia());
    let id = mia.report("Salaries").unwrap().id();
    let (_, seen) = all(&anna, None, &Filter::default(), 100);
    mia.incident(id).edit(Edit::new().confidential(true)).unwrap();
    mia.incident(id).add_note("It was the intern").unwrap();
    assert_eq!(all(&anna, Some(&seen), &Filter::default(), 100).0, [told(0, &["left"])]);
    mia.incident(id).edit(Edit::new().confidential(false)).unwrap();
    let (back, _) = all(&anna, Some(&seen), &Filter::default(), 100);
    assert_eq!(back.last(), Some(&told(1, &["edited"])), "and it comes back");
}

#[test]
fn what_no_longer_fits_the_filter_leaves() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report(andon::command::Report::new("one").group("Mail")).unwrap().id();
    let mail = Query::all().group("Mail".parse().unwrap()).filter;
    let (first, after) = all(&anna, None, &mail, 100);
    assert_eq!(first, [told(1, &["reported"])]);
    anna.incident(id).route_to_group("Network").unwrap();
    assert_eq!(all(&anna, Some(&after), &mail, 100).0, [told(0, &["left"])]);
}

#[test]
fn cursors_of_another_tenant_store_or_list_are_refused() {
    let house = House::new();
    let anna = house.anna();
    anna.report("one").unwrap();
    let next = anna.feed(None, &Filter::default(), 10).unwrap().next;
    let other = house.acting("other", crate::common::anna());
    assert_eq!(other.feed(Some(&next), &Filter::default(), 10).unwrap_err().code(), "cursor.elsewhere");
    assert_eq!(other.changed(&next).unwrap_err().code(), "cursor.elsewhere");
    let restored = House::new();
    let error = restored.anna().feed(Some(&next), &Filter::default(), 10).unwrap_err();
    assert_eq!(error.code(), "cursor.too_old", "it is of another life of the store");
    assert_eq!(anna.feed(Some(&Cursor::from("feed")), &Filter::default(), 10).unwrap_err().code(), "cursor.malformed");
}

#[test]
fn whoever_waits_is_told_when_something_happens() {
    let house = House::new();
    let anna = house.anna();
    let end = anna.feed(None, &Filter::default(), 10).unwrap().next;
    let waiting = std::thread::spawn({
        let (bob, end) = (house.bob(), end.clone());
        move || bob.changed(&end).unwrap()
    });
    house.acting("other", crate::common::anna()).report("elsewhere").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert!(!waiting.is_finished(), "what happens to others does not end the wait");
    anna.report("one").unwrap();
    waiting.join().unwrap();
    anna.changed(&end).unwrap();
}

#[test]
fn a_row_that_fell_due_is_delivered_as_it_is_now() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("one").unwrap().id();
    anna.incident(id).hold(Hold::new("awaiting_date").until(at(crate::common::START) + days(1))).unwrap();
    house.time.advance(days(2));
    let news = anna.feed(None, &Filter::default(), 10).unwrap();
    let Change::Stands { row, .. } = &news.deliveries[1].change else { panic!() };
    assert_eq!(row.incident().unwrap().stage, Stage::New);
}

#[test]
fn thousands_of_commits_from_many_threads_are_all_told() {
    let repository = MemoryRepository::new();
    let desk = Desk::with_sources(repository, andon::time::SystemTime, SequentialIds::new());
    let desk = blocking::Desk::from(desk).tenant("acme").unwrap();
    let anna = desk.acting_as(crate::common::anna());
    let ids: Vec<_> = (0..8).map(|index| anna.report(format!("incident {index}")).unwrap().id()).collect();
    let mut versions = vec![0_u64; ids.len()];
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (anna, ids) = (anna.clone(), ids.clone());
            scope.spawn(move || {
                for round in 0..100 {
                    anna.incident(ids[(worker + round) % ids.len()]).log_time(60).unwrap();
                }
            });
        }
        let mut after = None;
        let mut seen = 0;
        while seen < 408 {
            let news = anna.feed(after.as_ref(), &Filter::default(), 7).unwrap();
            for delivery in &news.deliveries {
                let Change::Stands { row, events } = &delivery.change else { panic!() };
                let place = ids.iter().position(|id| *id == row.incident().unwrap().id).unwrap();
                for event in events {
                    versions[place] += 1;
                    assert_eq!(event.sequence.get(), versions[place], "in order, none left out");
                    seen += 1;
                }
            }
            if !news.more && seen < 408 {
                anna.changed(&news.next).unwrap();
            }
            after = Some(news.next);
        }
    });
    assert_eq!(versions.iter().sum::<u64>(), 408);
}

#[test]
fn a_consumer_goes_on_where_it_acknowledged_last() {
    let house = House::new();
    let anna = house.anna();
    anna.report("one").unwrap();
    anna.report("two").unwrap();
    let mailer = anna.consumer("mailer").unwrap();
    assert_eq!(mailer.acknowledged().unwrap(), None);
    let first = mailer.next(&Filter::default(), 1).unwrap();
    // What was not acknowledged comes again.
    let again = mailer.next(&Filter::default(), 1).unwrap();
    assert_eq!(again.deliveries[0].record, first.deliveries[0].record);
    mailer.acknowledge(&first.deliveries[0].cursor).unwrap();
    assert_eq!(mailer.acknowledged().unwrap().as_ref(), Some(&first.deliveries[0].cursor));
    let second = anna.consumer("mailer").unwrap().next(&Filter::default(), 10).unwrap();
    assert_eq!(second.deliveries.len(), 1);
    assert_ne!(second.deliveries[0].record, first.deliveries[0].record);

    // What it has not acknowledged is kept for it, and goes when it is forgotten.
    let (desk, later) = (blocking::Desk::from(house.desk.clone()), at("2026-06-09T07:00:00Z"));
    assert_eq!(desk.trim_feed(later, 10).unwrap(), 1);
    assert_eq!(desk.trim_feed(later, 10).unwrap(), 0);
    assert!(mailer.remove().unwrap());
    assert!(!mailer.remove().unwrap());
    assert_eq!(desk.trim_feed(later, 10).unwrap(), 1);
    assert!(anna.consumer(" ").is_err());
}
