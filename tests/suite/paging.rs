//! Paging: while others write, an incident that does not change is on exactly one page, and in its order.

use std::collections::BTreeMap;

use andon::{
    Actor, Id, Incident, Policy, PolicyDraft, Stage,
    command::Report,
    permission::Permissions,
    store::{Filter, Query, Search, Sort, Span},
    testing::{
        START, TestDesk,
        strategies::{Choices, Draw, VERBS, choices},
    },
    time::{Instant, days, hours, minutes},
    view::ListRow,
};
use proptest::{collection::vec, prelude::*};

/// A write between two pages.
#[derive(Debug, Clone)]
struct Write {
    /// On which incident; a new one, if there are fewer.
    on: usize,
    verb: usize,
    wait: u32,
    choices: Choices,
}

fn writes(count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<Write>> {
    let wait = prop_oneof![2 => Just(0), 1 => 0..600_u32];
    let write = (0..40_usize, 0..VERBS.len(), wait, choices());
    vec(write.prop_map(|(on, verb, wait, choices)| Write { on, verb, wait, choices }), count)
}

fn policy() -> Policy {
    let mut draft: PolicyDraft = serde_json::from_value(serde_json::json!({
        "categories": [{ "key": "network", "group": "Network" }, { "key": "hardware" }],
        "fields": [{ "key": "floor", "kind": { "choice": { "options": ["ground", "first"] } } }],
    }))
    .unwrap();
    draft.permissions = Permissions::everything();
    draft.validate().unwrap()
}

/// A part of a filter, or none, out of some choices; and the same by hand, over the record itself.
fn filter(choices: &mut Choices) -> Filter {
    let mut filter = Filter::default();
    for _ in 0..=choices.roll(2) {
        match choices.roll(14) {
            0 => {}
            1 => filter.stages = Stage::ALL.into_iter().filter(|stage| stage.is_open()).collect(),
            2 => filter.stages.extend(choices.of(&Stage::ALL)),
            3 => filter.priorities = vec![choices.pick(3, &[1, 2])],
            4 => filter.groups = vec![choices.pick("Network", &["Mail"]).parse().unwrap()],
            5 => filter.people = vec![choices.pick("anna", &["bob"]).parse().unwrap()],
            6 => filter.unassigned = Some(choices.flip()),
            7 => filter.callers = vec!["bob".parse().unwrap(), "carl".parse().unwrap()],
            8 => filter.categories = vec![choices.pick("network", &["hardware"]).parse().unwrap()],
            9 => filter.labels = vec!["red".parse().unwrap()],
            10 => filter.search = Some(Search::new(choices.pick("mail", &["web sl", "down ma"]))),
            11 => filter.reported = Span { from: Some(START + minutes(5)), until: choices.maybe(|_| START + days(1)) },
            12 => filter.updated = Span { from: None, until: Some(START + hours(choices.pick(1, &[5, 30]))) },
            _ => drop(filter.fields.insert("floor".parse().unwrap(), "ground".into())),
        }
    }
    filter
}

/// Whether the incident fits, by its record alone.
fn fits(filter: &Filter, incident: &Incident) -> bool {
    let (facts, progress) = (incident.facts(), incident.progress());
    let among = |wanted: &[String], found: Option<String>| {
        wanted.is_empty() || found.is_some_and(|found| wanted.contains(&found))
    };
    let texts = |wanted: &[_]| wanted.iter().map(ToString::to_string).collect::<Vec<String>>();
    let within =
        |span: &Span, at: Instant| span.from.is_none_or(|from| from <= at) && span.until.is_none_or(|until| at < until);
    let title = facts.title.as_str().unwrap_or_default().to_lowercase();
    let mut words: Vec<String> = title.split_whitespace().map(str::to_owned).collect();
    words.push(facts.number.to_string().to_lowercase());
    words.extend(facts.description.iter().flat_map(|text| {
        text.as_str()
            .unwrap_or_default()
            .to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    }));
    words.extend(facts.references.iter().flat_map(|reference| {
        reference.key.to_string().to_lowercase().split('-').map(str::to_owned).collect::<Vec<_>>()
    }));
    let found = filter.search.as_ref().is_none_or(|search| {
        let wanted: Vec<_> = search.text().split_whitespace().collect();
        let (last, whole) = wanted.split_last().unwrap();
        whole.iter().all(|wanted| words.iter().any(|word| word == wanted))
            && words.iter().any(|word| word.starts_with(last))
    });
    let stages: Vec<_> = filter.stages.iter().map(|stage| stage.key().to_owned()).collect();
    among(&stages, Some(incident.stage().key().to_owned()))
        && (filter.priorities.is_empty() || filter.priorities.contains(&incident.priority().rank()))
        && among(
            &filter.groups.iter().map(ToString::to_string).collect::<Vec<_>>(),
            progress.assignment.group.as_ref().map(ToString::to_string),
        )
        && among(&texts(&filter.people), progress.assignment.person.as_ref().map(ToString::to_string))
        && filter.unassigned.is_none_or(|nobody| progress.assignment.person.is_none() == nobody)
        && among(&texts(&filter.callers), facts.caller.as_ref().map(ToString::to_string))
        && among(
            &filter.categories.iter().map(ToString::to_string).collect::<Vec<_>>(),
            facts.category.as_ref().map(ToString::to_string),
        )
        && filter.labels.iter().all(|label| facts.labels.contains(label))
        && within(&filter.reported, progress.milestones.reported.unwrap())
        && within(&filter.updated, progress.recorded_at)
        && filter.fields.iter().all(|(key, value)| {
            facts.fields.get(key).is_some_and(|found| format!("{found:?}").contains(&format!("{value:?}")))
        })
        && found
}

/// How the rows follow each other, by the record alone. Nothing has a clock yet.
fn order(sort: Sort, incident: &Incident) -> (u8, i64, Id<Incident>) {
    let reported = incident.progress().milestones.reported.unwrap().timestamp_micros();
    let updated = incident.progress().recorded_at.timestamp_micros();
    let (rank, at) = match sort {
        Sort::OverdueFirst | Sort::Priority => (incident.priority().rank(), reported),
        Sort::Due => (0, reported),
        Sort::Updated => (0, -updated),
        Sort::Reported => (0, -reported),
    };
    (rank, at, incident.id())
}

struct House {
    desk: TestDesk,
    policy: Policy,
    ids: Vec<Id<Incident>>,
}

impl House {
    fn write(&mut self, write: Write) {
        let Write { on, verb, wait, mut choices } = write;
        // What falls due is stored as it does, and is one of the writes between two pages.
        self.desk.advance(minutes(wait)).unwrap();
        let now = self.desk.now();
        let system = self.desk.system();
        let draw = Draw { now, other: self.ids.first().copied().unwrap_or(Draw::UNKNOWN), ..Draw::new(&self.policy) };
        match self.ids.get(on) {
            Some(id) => {
                let command = Draw { id: *id, ..draw }.command(VERBS[verb], &mut choices).unwrap();
                let _ = system.incident(*id).execute(command);
            }
            None => {
                let mut report: Report = draw.report(&mut choices);
                report.labels.extend(choices.maybe(|_| "red".to_owned()));
                report.labels.dedup();
                self.ids.push(system.report(report).unwrap().id());
            }
        }
    }

    /// Every incident as it is, by id.
    fn records(&self) -> BTreeMap<Id<Incident>, Incident> {
        let system = self.desk.system();
        let record = |id: &Id<Incident>| (*id, system.incident(*id).get().unwrap().into_incident());
        self.ids.iter().map(record).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "how much a test run does comes from its environment")]
fn cases() -> u32 {
    std::env::var("ANDON_CASES").ok().and_then(|cases| cases.parse().ok()).map_or(1_000, |cases: u32| cases.max(1_000))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_does_not_change_is_on_exactly_one_page_and_in_order(
        before in writes(1..=40),
        between in vec(writes(0..=4), 12),
        mut filter_choices in choices(),
        sort in prop::sample::select(Sort::ALL.to_vec()),
        size in 1..=7_usize,
    ) {
        let policy = policy();
        let desk = TestDesk::new().with_policy(policy.clone());
        let mut house = House { desk, policy, ids: Vec::new() };
        for write in before {
            house.write(write);
        }
        let query = Query { filter: filter(&mut filter_choices), sort };
        let at_first = house.records();
        let viewer = house.desk.acting_as(Actor::system());
        let mut pages = vec![viewer.worklist(&query, None, size)?];
        let mut between = between.into_iter();
        while let Some(next) = pages.last().and_then(|page| page.next.clone()) {
            for write in between.next().unwrap_or_default() {
                house.write(write);
            }
            // A cursor is a text: it comes back from a front-end as one.
            let next = next.as_str().into();
            pages.push(viewer.worklist(&query, Some(&next), size)?);
            prop_assert!(pages.len() < 400, "the pages have no end");
        }
        let at_last = house.records();
        let rows: Vec<ListRow> = pages.iter().flat_map(|page| page.rows.clone()).collect();
        prop_assert!(pages.iter().all(|page| page.rows.len() <= size));
        prop_assert!(pages.iter().rev().skip(1).all(|page| page.rows.len() == size), "a page before the last is short");

        let unchanged = |id: &Id<Incident>| at_first.get(id) == at_last.get(id);
        let mut expected: Vec<_> = at_first.values().filter(|incident| unchanged(&incident.id())).collect();
        expected.retain(|incident| fits(&query.filter, incident));
        expected.sort_by_key(|incident| order(sort, incident));
        let expected: Vec<_> = expected.into_iter().map(Incident::id).collect();
        let found: Vec<_> = rows.iter().map(|row| row.id).filter(|id| unchanged(id)).collect();
        prop_assert_eq!(found, expected);
        for row in rows.iter().filter(|row| unchanged(&row.id)) {
            let incident = &at_last[&row.id];
            prop_assert_eq!(&row.number, incident.number());
            prop_assert_eq!(row.stage, incident.stage());
            prop_assert_eq!(&*row.title, incident.facts().title.as_str().unwrap_or_default());
        }
        // What the last page says of the feed: nothing has happened since.
        let feed = &pages.last().unwrap().feed;
        prop_assert_eq!(viewer.feed(Some(feed), &Filter::default(), 10)?.deliveries, []);
        // Without writes, the pages are the list by brute force, and so is the count.
        let mut now: Vec<_> = at_last.values().filter(|incident| fits(&query.filter, incident)).collect();
        now.sort_by_key(|incident| order(sort, incident));
        let whole = viewer.worklist(&query, None, 1_000)?;
        prop_assert_eq!(
            whole.rows.iter().map(|row| row.id).collect::<Vec<_>>(),
            now.iter().map(|incident| incident.id()).collect::<Vec<_>>()
        );
        prop_assert_eq!(viewer.count(&query.filter, 100)?.counted, u64::try_from(now.len()).unwrap());
    }
}
