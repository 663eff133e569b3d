//! Worklists: who finds what, in which order, page by page.

use crate::common::{Acting, House, anna, at, eventful::rich, faults};
use andon::{
    Actor, Stage,
    blocking::ActingDesk,
    command::{Assign, Edit, Hold, Report},
    desk::{Cursor, Page},
    incident::{ExternalReference, HoldReason},
    store::{Filter, Query, Repository, Sort, Span},
    time::{days, hours, minutes},
    view::ListRow,
};

fn numbers(rows: &[ListRow]) -> Vec<u32> {
    rows.iter().map(|row| row.number.as_str().trim_start_matches("INC").parse().unwrap()).collect()
}

fn listed(desk: &Acting, query: &Query) -> Vec<u32> {
    numbers(&desk.worklist(query, None, 100).unwrap().rows)
}

/// All pages of a list, one after the other.
fn pages<R: Repository>(desk: &ActingDesk<R>, query: &Query, limit: usize) -> Vec<Page> {
    let mut pages = vec![desk.worklist(query, None, limit).unwrap()];
    while let Some(cursor) = pages.last().and_then(|page| page.next.clone()) {
        pages.push(desk.worklist(query, Some(&cursor), limit).unwrap());
    }
    pages
}

/// Six incidents, a minute apart: mail, vpn, printer, mail again, badge, phone.
fn office() -> House {
    let house = House::with(rich);
    let bob = house.bob();
    let reports = [
        Report::new("Mail is down").impact("high").urgency("high").label("mail").service("mail").group("Mail"),
        Report::new("VPN outage in Zürich").impact("medium").urgency("high").group("Network").field("floor", "first"),
        Report::new("Printer jams").impact("low").urgency("low").site("HQ").field("cost", "12.50"),
        Report::new("Mail is slow").impact("medium").urgency("medium").label("mail").label("slow").group("Mail"),
        Report::new("Badge reader dead").impact("high").urgency("low").description("The Überwachung shows INC0000001"),
        Report::new("Phone rings").impact("low").urgency("high").organisation("Acme Ltd").channel("phone"),
    ];
    let agent = house.anna();
    for (index, report) in reports.into_iter().enumerate() {
        house.time.advance(minutes(1));
        if index == 2 || index == 4 {
            bob.report(report).unwrap()
        } else {
            agent.report(report.caller("bob")).unwrap()
        };
    }
    house
}

fn stages(stages: &[Stage]) -> Query {
    Query { filter: Filter { stages: stages.to_vec(), ..Filter::default() }, ..Query::default() }
}

#[test]
fn the_sort_orders_of_a_desk() {
    let house = office();
    let anna = house.anna();
    let sorted = |sort| listed(&anna, &Query::open().sorted(sort));
    let by_priority = sorted(Sort::Priority);
    let ranks: Vec<_> = anna
        .worklist(&Query::open().sorted(Sort::Priority), None, 10)
        .unwrap()
        .rows
        .iter()
        .map(|row| row.priority.rank)
        .collect();
    assert!(ranks.is_sorted(), "{ranks:?}");
    assert_eq!(by_priority[0], 1, "the highest comes first");
    assert_eq!(sorted(Sort::Reported), [6, 5, 4, 3, 2, 1]);
    assert_eq!(sorted(Sort::OverdueFirst), by_priority, "no clock runs: nothing is overdue");
    assert_eq!(sorted(Sort::Due), [1, 2, 3, 4, 5, 6], "what has no clock comes by age");
    house.time.advance(minutes(1));
    let third = anna.worklist(&Query::open().search("printer"), None, 1).unwrap().rows[0].id;
    anna.incident(third).start_work().unwrap();
    assert_eq!(sorted(Sort::Updated), [3, 6, 5, 4, 2, 1]);
}

#[test]
fn filters_select_by_what_is_known() {
    let house = office();
    let anna = house.anna();
    let found = |query: Query| {
        let mut found = listed(&anna, &query);
        found.sort_unstable();
        found
    };
    assert_eq!(found(Query::open()), [1, 2, 3, 4, 5, 6]);
    assert_eq!(found(Query::open().group("Mail".parse().unwrap())), [1, 4]);
    assert_eq!(found(Query::open().group("Mail".parse().unwrap()).group("Network".parse().unwrap())), [1, 2, 4]);
    assert_eq!(found(Query::open().label("mail".parse().unwrap())), [1, 4]);
    assert_eq!(found(Query::open().label("mail".parse().unwrap()).label("slow".parse().unwrap())), [4], "all labels");
    assert_eq!(found(Query::open().service("mail".parse().unwrap())), [1]);
    assert_eq!(found(Query::open().field("floor".parse().unwrap(), "first")), [2]);
    assert_eq!(found(Query::open().field("cost".parse().unwrap(), "12.5")), [3], "numbers are equal when they look so");
    assert_eq!(found(Query::open().organisation("Acme Ltd".parse().unwrap())), [6]);
    assert_eq!(found(Query::open().unassigned()), [1, 2, 3, 4, 5, 6]);
    assert_eq!(found(stages(&[Stage::Resolved])), [0; 0]);
    let span = |span| Query { filter: Filter { reported: span, ..Filter::default() }, ..Query::default() };
    let from = at(crate::common::START) + minutes(3);
    assert_eq!(found(span(Span { from: Some(from), until: Some(from + minutes(2)) })), [3, 4]);
    let second = anna.worklist(&Query::open().search("vpn"), None, 1).unwrap().rows[0].id;
    anna.incident(second).hold("awaiting_vendor").unwrap();
    assert_eq!(found(Query::open().hold_reason(HoldReason::AwaitingVendor)), [2]);
    anna.incident(second).assign(Assign::to_person("anna")).unwrap();
    assert_eq!(found(Query::open().person("anna".parse().unwrap())), [2]);
    assert_eq!(found(Query::open().hold_reason(HoldReason::AwaitingVendor)), [0; 0], "it no longer waits");
    assert_eq!(found(Query::open().unassigned()), [1, 3, 4, 5, 6]);
}

#[test]
fn an_alert_finds_the_incident_that_it_made() {
    let house = House::new();
    let reference = ExternalReference { system: "prometheus".parse().unwrap(), key: "fp-4711".parse().unwrap() };
    let report = Report { references: vec![reference.clone()], ..Report::new("Disk is full") };
    let id = house.monitoring().report(report).unwrap().id();
    house.monitoring().report("Disk is slow").unwrap();
    let found = house.monitoring().worklist(&Query::open().reference(reference), None, 10).unwrap();
    assert_eq!(found.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id]);
}

#[test]
fn a_search_wants_every_word_and_the_beginning_of_the_last() {
    let house = office();
    let anna = house.anna();
    let found = |text: &str| {
        let mut found = listed(&anna, &Query::all().search(text));
        found.sort_unstable();
        found
    };
    assert_eq!(found("mail"), [1, 4]);
    assert_eq!(found("MAIL sl"), [4]);
    assert_eq!(found("sl mail"), [0; 0], "only the last word may be begun");
    assert_eq!(found("zurich"), [2], "accents do not matter");
    assert_eq!(found("uberwach"), [5], "descriptions are searched, too");
    assert_eq!(found("inc0000001"), [1, 5], "and numbers");
    house
        .anna()
        .incident("INC0000004".parse::<andon::Number>().unwrap())
        .edit(Edit::new().title("Fax is slow"))
        .unwrap();
    assert_eq!(found("mail"), [1], "what was edited is found by its new words only");
    assert_eq!(found("fax"), [4]);
}

#[test]
fn callers_find_their_own_agents_find_all_and_strangers_nothing() {
    let house = office();
    assert_eq!(listed(&house.bob(), &Query::all().sorted(Sort::Reported)).len(), 6, "he is the caller of all");
    let eve = house.acting("acme", Actor::person("eve").unwrap().role("caller").unwrap());
    assert_eq!(listed(&eve, &Query::all()), [0; 0]);
    let third = house.anna().worklist(&Query::open().search("printer"), None, 1).unwrap().rows[0].id;
    house.anna().incident(third).watch("eve").unwrap();
    assert_eq!(listed(&eve, &Query::all()), [3], "what she watches she sees");
    let nobody = house.acting("acme", Actor::person("mallory").unwrap());
    assert_eq!(listed(&nobody, &Query::all()), [0; 0]);
    assert_eq!(nobody.count(&Filter::default(), 10).unwrap().counted, 0);
    let elsewhere = house.acting("other", anna());
    assert_eq!(listed(&elsewhere, &Query::all()), [0; 0]);
}

#[test]
fn what_is_confidential_is_in_no_list_count_or_search_of_others() {
    let house = office();
    let (anna, mia) = (house.anna(), house.mia());
    let secret = mia.report(Report::new("Salaries leaked").confidential()).unwrap().id();
    assert_eq!(listed(&anna, &Query::all().search("salaries")), [0; 0]);
    assert_eq!(anna.count(&Filter::default(), 100).unwrap().counted, 6);
    assert_eq!(mia.count(&Filter::default(), 100).unwrap().counted, 7);
    mia.incident(secret).watch("anna").unwrap();
    assert_eq!(listed(&anna, &Query::all().search("salaries")), [7], "those who have to do with it see it");
    let dpo = Actor::person("dora").unwrap().role("dpo").unwrap().organisation("Acme Ltd").unwrap();
    let house = House::with(|draft| {
        use andon::{permission::PermissionScope::OwnOrganisation, verb::IncidentVerb as Verb};
        let role = "dpo".parse().unwrap();
        let permissions = std::mem::take(&mut draft.permissions);
        draft.permissions = permissions.grant(role, OwnOrganisation, [Verb::Read, Verb::ReadConfidential]);
    });
    house.mia().report(Report::new("Ours").organisation("Acme Ltd").confidential()).unwrap();
    house.mia().report(Report::new("Theirs").organisation("Other").confidential()).unwrap();
    assert_eq!(listed(&house.acting("acme", dpo), &Query::all()), [1]);
}

#[test]
fn counts_are_capped() {
    let house = office();
    let anna = house.anna();
    let count = |cap| anna.count(&Query::open().filter, cap).unwrap();
    assert_eq!((count(100).counted, count(100).capped), (6, false));
    assert_eq!((count(6).counted, count(6).capped), (6, false));
    assert_eq!((count(5).counted, count(5).capped), (5, true));
    let mail = Query::open().group("Mail".parse().unwrap()).filter;
    assert_eq!(anna.count(&mail, 100).unwrap().counted, 2);
}

#[test]
fn pages_go_on_where_the_one_before_ended() {
    let house = office();
    let anna = house.anna();
    for sort in Sort::ALL {
        let query = Query::open().sorted(sort);
        let whole = listed(&anna, &query);
        for limit in 1..=7 {
            let all = pages(&anna, &query, limit);
            let paged: Vec<u32> = all.iter().flat_map(|page| numbers(&page.rows)).collect();
            assert_eq!(paged, whole, "{sort:?} by {limit}");
            assert_eq!(all.len(), 6_usize.div_ceil(limit), "{sort:?} by {limit}");
        }
    }
}

#[test]
fn a_cursor_is_good_for_its_list_only() {
    let house = office();
    let anna = house.anna();
    let query = Query::open().sorted(Sort::Priority);
    let page = anna.worklist(&query, None, 2).unwrap();
    let cursor = page.next.unwrap();
    let code =
        |desk: &Acting, query: &Query, cursor: &Cursor| desk.worklist(query, Some(cursor), 2).unwrap_err().code();
    assert_eq!(code(&anna, &Query::open().sorted(Sort::Due), &cursor), "cursor.elsewhere");
    assert_eq!(code(&anna, &Query::all().sorted(Sort::Priority), &cursor), "cursor.elsewhere");
    assert_eq!(code(&house.bob(), &query, &cursor), "cursor.elsewhere");
    assert_eq!(code(&house.acting("other", crate::common::anna()), &query, &cursor), "cursor.elsewhere");
    assert_eq!(code(&anna, &query, &page.feed), "cursor.malformed");
    assert_eq!(code(&anna, &query, &Cursor::from("more, please")), "cursor.malformed");
    assert_eq!(anna.feed(Some(&cursor), &Filter::default(), 10).unwrap_err().code(), "cursor.malformed");
    assert!(cursor.as_str().bytes().all(|b| b.is_ascii_alphanumeric()), "it fits into a URL: {cursor}");
}

#[test]
fn pages_and_counts_of_no_size_or_too_large_are_refused() {
    let house = office();
    let anna = house.anna();
    for limit in [0, 1_001, 1_000_000, usize::MAX] {
        let error = anna.worklist(&Query::open(), None, limit).unwrap_err();
        assert_eq!((error.code(), faults(&error)), ("read.invalid", vec![("limit", "limit.range")]));
        assert_eq!(anna.feed(None, &Filter::default(), limit).unwrap_err().code(), "read.invalid");
    }
    for cap in [0, 100_001, u64::MAX] {
        assert_eq!(faults(&anna.count(&Filter::default(), cap).unwrap_err()), [("cap", "limit.range")]);
    }
}

#[test]
fn everything_that_is_wrong_with_a_query_is_said_at_once() {
    let house = office();
    let anna = house.anna();
    let from = at(crate::common::START);
    let filter = Filter {
        labels: (0..101).map(|index| format!("l{index}").parse().unwrap()).collect(),
        due: Span { from: Some(from), until: Some(from) },
        ..Filter::default()
    };
    let query = Query { filter, ..Query::default() }
        .search("… !?")
        .field("height".parse().unwrap(), "1")
        .field("floor".parse().unwrap(), "seventh")
        .field("asset_tag".parse().unwrap(), "A-1");
    let error = anna.worklist(&query, None, 10).unwrap_err();
    assert_eq!(error.code(), "query.invalid");
    assert_eq!(
        faults(&error),
        [
            ("filter.labels", "cap.exceeded"),
            ("filter.search", "query.no_words"),
            ("filter.due", "query.empty_span"),
            ("filter.fields.asset_tag", "query.not_indexed"),
            ("filter.fields.floor", "field.unknown_choice"),
            ("filter.fields.height", "field.unknown"),
        ]
    );
    let long = Query::all().search("word ".repeat(50));
    assert_eq!(faults(&anna.count(&long.filter, 10).unwrap_err()), [("filter.search", "cap.exceeded")]);
}

#[test]
fn a_query_is_data_and_what_cannot_be_read_is_named() {
    let json =
        br#"{"filter": {"stages": ["new"], "search": "vpn", "due": {"until": "2026-06-08T00:00:00Z"}}, "sort": "due"}"#;
    let query = Query::from_json(json).unwrap();
    assert_eq!(query.sort, Sort::Due);
    assert_eq!(Query::from_json(&serde_json::to_vec(&query).unwrap()).unwrap(), query);
    for (json, path) in [
        (r#"{"sort": "loudness"}"#, "sort"),
        (r#"{"filter": {"stages": ["asleep"]}}"#, "filter.stages[0]"),
        (r#"{"filter": {"colour": 1}}"#, "filter.colour"),
        (r#"{"filter": {"groups": [""]}}"#, "filter.groups[0]"),
        (r#"{"filter": {"due": {"from": "yesterday"}}}"#, "filter.due.from"),
        (r#""everything""#, "."),
    ] {
        let error = Query::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
    }
    assert!("loudness".parse::<Sort>().unwrap_err().to_string().contains("overdue_first"));
    assert!(Sort::ALL.into_iter().all(|sort| sort.key().parse() == Ok(sort)));
}

#[test]
fn a_row_on_which_something_fell_due_is_shown_as_it_is_now() {
    let house = House::new();
    let anna = house.anna();
    let id = anna.report("Mail is down").unwrap().id();
    anna.incident(id).hold(Hold::new("awaiting_date").until(at(crate::common::START) + hours(2))).unwrap();
    house.time.advance(days(1));
    let row = &anna.worklist(&Query::open(), None, 10).unwrap().rows[0];
    assert_eq!(row.stage, Stage::New, "nobody woke it, and yet it no longer waits");
    assert_eq!(anna.incident(id).get().unwrap().version(), row.version, "nothing was stored for it");
}

#[test]
fn what_is_overdue_is_judged_once_for_all_pages() {
    // No agreement runs a clock yet: the order by due times is held by the contract.
    let house = office();
    let anna = house.anna();
    let query = Query::open();
    let first = anna.worklist(&query, None, 3).unwrap();
    house.time.advance(days(365));
    let rest = anna.worklist(&query, first.next.as_ref(), 100).unwrap();
    assert_eq!(first.rows.len() + rest.rows.len(), 6);
    assert_eq!(rest.at, first.at, "the cursor keeps the instant");
    assert!(anna.worklist(&query, None, 3).unwrap().at > first.at, "a list that begins anew has its own");
}

#[test]
fn a_list_tells_where_the_feed_stood() {
    let house = office();
    let anna = house.anna();
    let page = anna.worklist(&Query::open(), None, 100).unwrap();
    assert!(anna.feed(Some(&page.feed), &Filter::default(), 10).unwrap().deliveries.is_empty());
    anna.incident(page.rows[0].id).start_work().unwrap();
    let news = anna.feed(Some(&page.feed), &Filter::default(), 10).unwrap();
    assert_eq!(news.deliveries.len(), 1);
}

#[test]
fn whoever_reads_nothing_reads_nothing_confidential() {
    let house = House::with(|draft| {
        use andon::{permission::PermissionScope::All, verb::IncidentVerb::ReadConfidential};
        let permissions = std::mem::take(&mut draft.permissions);
        draft.permissions = permissions.grant("auditor".parse().unwrap(), All, [ReadConfidential]);
    });
    let id = house.mia().report(Report::new("Salaries leaked").confidential()).unwrap().id();
    let eve = house.acting("acme", Actor::person("eve").unwrap().role("auditor").unwrap());
    assert_eq!(eve.incident(id).get().unwrap_err().code(), "record.not_found");
    assert_eq!(listed(&eve, &Query::all()), [0; 0]);
}

#[test]
fn several_counts_come_in_one_call() {
    let house = House::new();
    let anna = house.anna();
    for title in ["one", "two", "three"] {
        anna.report(title).unwrap();
    }
    let first = anna.worklist(&Query::all().search("one"), None, 1).unwrap().rows[0].id;
    anna.incident(first).start_work().unwrap();
    let queries = [Query::open(), Query::all().stage(Stage::New), Query::all().search("four")];
    let counts = anna.counts(&queries, 2).unwrap();
    let told: Vec<_> = counts.iter().map(|count| (count.counted, count.capped)).collect();
    assert_eq!(told, [(2, true), (2, false), (0, false)]);
    for (query, count) in queries.iter().zip(&counts) {
        assert_eq!(anna.count(&query.filter, 2).unwrap(), *count);
    }
    assert_eq!(anna.counts(&[], 2).unwrap(), []);
    let error = anna.counts(&[Query::all(), Query::all().search("…")], 2).unwrap_err();
    assert_eq!(faults(&error), [("queries[1].filter.search", "query.no_words")]);
    assert_eq!(faults(&anna.counts(&vec![Query::all(); 101], 2).unwrap_err()), [("queries", "limit.range")]);
    assert_eq!(faults(&anna.counts(&[], 0).unwrap_err()), [("cap", "limit.range")]);
}
