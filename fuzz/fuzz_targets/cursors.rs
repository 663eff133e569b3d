//! Arbitrary texts as cursors, and cursors of others: refused, or a right page. Nobody gets to see with a
//! cursor what is not to be seen without one.

#![no_main]

mod office;

use std::sync::LazyLock;

use andon::{
    Id, Incident, Stage,
    command::IncidentCommand,
    desk::{Change, Cursor, Delivery},
    event::RecordId,
    incident::Audience,
    store::{Filter, Query, Sort},
};
use libfuzzer_sys::fuzz_target;
use office::{OFFICE, Viewer, is_refusal};

/// The length of a whole list.
const ALL: usize = 100;

fn queries() -> Vec<Query> {
    let open = Sort::ALL.map(|sort| Query::open().sorted(sort));
    open.into_iter().chain([Query::all(), Query::all().stage(Stage::New), Query::all().search("mail")]).collect()
}

/// A list or feed of a viewer, whole; and a cursor after its first entry.
struct Known {
    viewer: usize,
    query: Option<Query>,
    whole: Vec<Id<Incident>>,
    cursor: Option<Cursor>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut known = Vec::new();
    for (index, viewer) in OFFICE.viewers.iter().enumerate() {
        for query in queries() {
            let page = viewer.desk.worklist(&query, None, ALL).expect("a list");
            let whole: Vec<_> = page.rows.iter().map(|row| row.id).collect();
            assert!(whole.iter().all(|id| viewer.sees.contains(id)));
            let cursor = viewer.desk.worklist(&query, None, 1).expect("a page").next;
            known.push(Known { viewer: index, query: Some(query), whole, cursor });
        }
        let feed = viewer.desk.feed(None, &Filter::default(), ALL).expect("a feed").deliveries;
        let whole = feed.iter().map(record).collect();
        let cursor = feed.first().map(|delivery| delivery.cursor.clone());
        known.push(Known { viewer: index, query: None, whole, cursor });
    }
    known
});

fn record(delivery: &Delivery) -> Id<Incident> {
    match delivery.record {
        RecordId::Incident(id) => id,
        other => panic!("{other} is no incident"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let [kind, which, limit, rest @ ..] = bytes else { return };
    let limit = usize::from(limit % 5) + 1;
    let genuine: Vec<&Known> = KNOWN.iter().filter(|known| known.cursor.is_some()).collect();
    let of = genuine[usize::from(*which) % genuine.len()];
    let real = of.cursor.as_ref().expect("it has one").as_str();
    let text = match kind % 3 {
        0 => String::from_utf8_lossy(rest).into_owned(),
        1 => real.to_owned(),
        _ => altered(real, rest),
    };
    let (cursor, is_real) = (Cursor::from(text.as_str()), text == real);
    for known in KNOWN.iter() {
        let viewer = &OFFICE.viewers[known.viewer];
        let own = std::ptr::eq(known, of) && is_real;
        match &known.query {
            Some(query) => list(viewer, known, query, &cursor, limit, own),
            None => feed(viewer, known, &cursor, limit, is_real && of.query.is_none()),
        }
    }
});

/// The cursor with some of its digits changed: each two bytes name a place and a digit.
fn altered(real: &str, bytes: &[u8]) -> String {
    let mut digits: Vec<char> = real.chars().collect();
    for pair in bytes.chunks_exact(2) {
        let place = usize::from(pair[0]) % digits.len();
        digits[place] = char::from_digit(u32::from(pair[1]) % 16, 16).expect("a digit");
    }
    digits.into_iter().collect()
}

/// Whether these follow each other in the whole, without a gap.
fn is_part(part: &[Id<Incident>], whole: &[Id<Incident>]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}

fn list(viewer: &Viewer, known: &Known, query: &Query, cursor: &Cursor, limit: usize, own: bool) {
    match viewer.desk.worklist(query, Some(cursor), limit) {
        Ok(page) => {
            let rows: Vec<_> = page.rows.iter().map(|row| row.id).collect();
            assert!(rows.len() <= limit);
            assert!(rows.iter().all(|id| viewer.sees.contains(id)), "a row that is not to be seen");
            assert!(is_part(&rows, &known.whole), "no page of the list: {rows:?}");
            assert!(!own || rows == known.whole[1..known.whole.len().min(limit + 1)], "not the next page");
            let whole = rows.last() == known.whole.last() || rows.is_empty();
            assert_eq!(page.next.is_none(), whole, "it goes on, or ends, too early");
        }
        Err(error) => assert!(is_refusal(&error) && !own, "{}: {error}", error.code()),
    }
    let note = IncidentCommand::AddNote { audience: Audience::Public, text: "We are on it.".to_owned() };
    match viewer.desk.bulk(query.clone(), note).preview(Some(cursor), limit) {
        Ok(batch) => {
            let taken: Vec<_> = batch.answers.iter().map(|answer| answer.id).collect();
            assert!(taken.len() <= limit && taken.iter().all(|id| viewer.sees.contains(id)));
        }
        Err(error) => assert!(is_refusal(&error), "{}: {error}", error.code()),
    }
}

fn feed(viewer: &Viewer, known: &Known, cursor: &Cursor, limit: usize, real: bool) {
    match viewer.desk.feed(Some(cursor), &Filter::default(), limit) {
        Ok(page) => {
            let records: Vec<_> = page.deliveries.iter().map(record).collect();
            assert!(records.len() <= limit && is_part(&records, &known.whole), "no page of the feed: {records:?}");
            for delivery in &page.deliveries {
                let id = record(delivery);
                match &delivery.change {
                    Change::Stands { row, .. } => {
                        assert!(row.incident().is_some_and(|row| row.id == id) && viewer.sees.contains(&id))
                    }
                    Change::Left => assert!(viewer.saw.contains(&id), "{id} was never to be seen"),
                }
            }
        }
        Err(error) => {
            assert!(is_refusal(&error), "{}: {error}", error.code());
            assert!(!real || error.code() == "cursor.elsewhere", "{error}");
        }
    }
}
