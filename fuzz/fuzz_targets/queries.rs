//! Arbitrary queries: a list, a count and a feed find what a search of everything finds, in its order.

#![no_main]

mod office;

use std::{collections::BTreeMap, sync::LazyLock};

use andon::{
    Incident, Policy, Version,
    desk::Change,
    event::RecordId,
    key::TenantId,
    store::{IndexRow, LogPart, PageRequest, Query, RecordKey, Repository, Scope, SortKey, Terms},
    time::Instant,
};
use libfuzzer_sys::fuzz_target;
use office::{OFFICE, Viewer, is_refusal};
use pollster::block_on;

/// Every record of a tenant: its row and its terms.
static ROWS: LazyLock<BTreeMap<&'static str, Vec<(IndexRow, Terms)>>> = LazyLock::new(|| {
    let rows = |tenant: &'static str| (tenant, rows(tenant));
    ["acme", "globex"].map(rows).into_iter().collect()
});

fn rows(tenant: &str) -> Vec<(IndexRow, Terms)> {
    let scope = Scope::everything(&TenantId::new(tenant).expect("a key"));
    let query = Query::all();
    let request = PageRequest { query: &query, at: now(), after: None, limit: 1_000 };
    let rows = block_on(OFFICE.repository.page(&scope, request)).expect("memory answers").rows;
    let with_terms = rows.into_iter().map(|row| {
        let found = block_on(OFFICE.repository.load(&scope, Some(&RecordKey::Id(row.id)), None));
        let record = found.expect("memory answers").record.expect("it has a row").record;
        let incident = record.incident().expect("an incident");
        let part = LogPart { from: Version::NONE, limit: 1_000, newest_first: false };
        let log = block_on(OFFICE.repository.events(&scope, row.id, part)).expect("memory answers").events;
        let (folded, _) = Incident::fold(&log).expect("what was stored can be folded");
        assert_eq!(folded, *incident);
        (row, Terms::of(&record))
    });
    with_terms.collect()
}

fn now() -> Instant {
    "2026-03-27T12:00:00Z".parse().expect("an instant")
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(query) = Query::from_json(bytes) else { return };
    let json = serde_json::to_vec(&query).expect("every query has a JSON form");
    assert_eq!(Query::from_json(&json).expect("what was written can be read"), query);
    for viewer in &OFFICE.viewers {
        stored(viewer, &query);
        // What the desk makes of the values of fields is its own affair.
        if query.filter.fields.is_empty() {
            asked(viewer, &query);
        } else if let Err(error) = viewer.desk.worklist(&query, None, 10) {
            assert!(is_refusal(&error), "{error}");
        }
    }
});

/// The rows that a viewer is to find, in their order.
fn expected(viewer: &Viewer, query: &Query) -> (Scope, Vec<RecordId>) {
    let tenant = TenantId::new(viewer.tenant).expect("a key");
    let scope = Scope::of(&tenant, &viewer.actor, Policy::itil().permissions());
    let rows = ROWS[viewer.tenant].iter().filter(|(row, terms)| scope.sees(terms) && query.matches(row, terms));
    let mut keys: Vec<SortKey> = rows.map(|(row, _)| query.sort_key(row, now())).collect();
    keys.sort_unstable();
    (scope, keys.into_iter().map(|key| key.id).collect())
}

/// The repository itself, page by page.
fn stored(viewer: &Viewer, query: &Query) {
    let (scope, expected) = expected(viewer, query);
    for limit in [1, 2, 1_000] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let request = PageRequest { query, at: now(), after, limit };
            let page = block_on(OFFICE.repository.page(&scope, request)).expect("memory answers");
            assert!(page.rows.len() <= limit);
            found.extend(page.rows.iter().map(|row| row.id));
            after = page.rows.last().map(|row| query.sort_key(row, now()));
            if !page.more {
                break;
            }
        }
        assert_eq!(found, expected, "by {limit}");
    }
    for cap in [1, 3, 1_000] {
        let counted = block_on(OFFICE.repository.count(&scope, &query.filter, cap)).expect("memory answers");
        assert_eq!(counted, cap.min(expected.len() as u64));
    }
}

/// The desk.
fn asked(viewer: &Viewer, query: &Query) {
    let (_, expected) = expected(viewer, query);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = match viewer.desk.worklist(query, after.as_ref(), 2) {
            Ok(page) => page,
            Err(error) => {
                assert!(is_refusal(&error) && after.is_none(), "{error}");
                assert_eq!(viewer.desk.count(&query.filter, 10).expect_err("as the list").code(), error.code());
                let refused = viewer.desk.feed(None, &query.filter, 10).expect_err("as the list");
                assert_eq!(refused.code(), error.code());
                return;
            }
        };
        found.extend(page.rows.iter().map(|row| RecordId::from(row.id)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
    let count = viewer.desk.count(&query.filter, 2).expect("as the list");
    assert_eq!((count.counted, count.capped), (2.min(found.len() as u64), found.len() > 2));
    let mut deliveries = Vec::new();
    let mut cursor = None;
    loop {
        let page = viewer.desk.feed(cursor.as_ref(), &query.filter, 3).expect("as the list");
        deliveries.extend(page.deliveries);
        cursor = Some(page.next);
        if !page.more {
            break;
        }
    }
    for delivery in &deliveries {
        let stands = matches!(delivery.change, Change::Stands { .. });
        assert_eq!(stands, expected.contains(&delivery.record), "{}", delivery.record);
    }
    assert!(expected.iter().all(|id| deliveries.iter().any(|delivery| delivery.record == *id)));
}
