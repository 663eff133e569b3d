//! Random sequences of commands come to the same in every store: records, logs, pages, counts, feeds and exports.

use std::sync::atomic::{AtomicU64, Ordering};

use andon::{
    Actor, CommandId, Id, Incident, Policy, Problem, Repository,
    blocking::ActingDesk,
    digest::Digest,
    key::TenantId,
    store::{FeedRequest, Filter, MAX_PAGE, PageRequest, Portable, Query, Scope, Search, Sort, SqliteRepository},
    testing::{
        TestDesk,
        strategies::{Choices, Draw, DrawProblem, PROBLEM_VERBS, VERBS},
    },
    time::{hours, minutes},
};
use pollster::block_on;

use crate::{common::whole::moved, twin::Twin};

/// One sequence, in a tenant of its own.
struct Sequence<'a, R: Repository> {
    desk: &'a TestDesk<Twin<R>>,
    policy: &'a Policy,
    tenant: TenantId,
    actors: Vec<ActingDesk<Twin<R>>>,
    incidents: Vec<Id<Incident>>,
    problems: Vec<Id<Problem>>,
    choices: Choices,
}

const NOBODY: Id<Incident> = Id::from_u128(1);

impl<'a, R: Portable> Sequence<'a, R> {
    fn begin(desk: &'a TestDesk<Twin<R>>, policy: &'a Policy, seed: u64) -> Self {
        let name = format!("tenant {seed}");
        let tenant = andon::blocking::Desk::from(desk.desk().clone()).tenant(&name).unwrap();
        let person = |key: &str, role: &str| Actor::person(key).unwrap().role(role).unwrap();
        let actors = [
            person("anna", "agent").group("Network").unwrap(),
            person("carl", "manager").group("Mail").unwrap(),
            person("bob", "caller"),
            person("dora", "administrator"),
        ];
        let actors = actors.map(|actor| tenant.acting_as(actor)).into();
        let tenant = name.parse().unwrap();
        let choices = Choices::from_seed(seed);
        Self { desk, policy, tenant, actors, incidents: Vec::new(), problems: Vec::new(), choices }
    }

    /// Does something. What is refused is refused by both.
    fn act(&mut self) {
        let clock = self.desk.clock();
        clock.advance(if self.choices.roll(6) == 0 { hours(30) } else { minutes(3) });
        let now = andon::time::TimeSource::now(clock);
        let at = self.choices.roll(self.actors.len());
        let actor = self.actors[at].clone();
        let texts: Vec<Digest> = Vec::new();
        let some = |choices: &mut Choices, of: &[Id<Incident>]| of.get(choices.roll(of.len().max(1))).copied();
        match self.choices.roll(12) {
            0 | 1 => {
                let report = Draw { now, ..Draw::new(self.policy) }.report(&mut self.choices);
                self.incidents.extend(actor.report(report).ok().map(|outcome| outcome.id()));
            }
            2 => {
                let mut raise = DrawProblem { now, ..DrawProblem::new(self.policy) }.raise(&mut self.choices);
                raise.from.extend(some(&mut self.choices, &self.incidents));
                self.problems.extend(actor.raise(raise).ok().map(|outcome| outcome.id()));
            }
            3 | 4 if !self.problems.is_empty() => {
                let at = self.choices.roll(self.problems.len());
                let id = self.problems[at];
                let verb = self.choices.pick(PROBLEM_VERBS[0], &PROBLEM_VERBS);
                let draw = DrawProblem { now, id, texts: &texts, ..DrawProblem::new(self.policy) };
                if let Some(command) = draw.command(verb, &mut self.choices) {
                    let _ = actor.problem(id).execute(command);
                }
            }
            5 => {
                let _ = block_on(self.desk.desk().wake(now, 100));
            }
            _ => {
                let id = some(&mut self.choices, &self.incidents).unwrap_or(NOBODY);
                let other = some(&mut self.choices, &self.incidents).unwrap_or(NOBODY);
                let verb = self.choices.pick(VERBS[0], &VERBS);
                let texts = self.texts(id);
                let draw = Draw { now, id, other, texts: &texts, ..Draw::new(self.policy) };
                if let Some(command) = draw.command(verb, &mut self.choices) {
                    let command = (command, self.choices.roll(10));
                    let again = CommandId::from_u128(u128::from(u64::MAX) + 1 + u128::try_from(command.1).unwrap());
                    let incident = actor.incident(id);
                    let incident = if command.1 == 0 { incident.with_command(again) } else { incident };
                    let _ = incident.execute(command.0);
                }
            }
        }
    }

    /// The texts of an incident: what can be erased.
    fn texts(&self, id: Id<Incident>) -> Vec<Digest> {
        let seen = self.actors[3].incident(id).get();
        seen.map(|seen| vec![seen.incident().facts().title.digest()]).unwrap_or_default()
    }

    /// Looks at everything there is, as whoever: the twin compares what both say.
    fn look(&mut self) {
        let twin = self.desk.desk().repository();
        let now = andon::time::TimeSource::now(self.desk.clock());
        let at = self.choices.roll(self.actors.len());
        let actor = self.actors[at].actor().clone();
        let permissions = &self.policy.parts().permissions;
        let scopes = [Scope::everything(&self.tenant), Scope::of(&self.tenant, &actor, permissions)];
        for scope in &scopes {
            let query =
                Query { filter: filter(&mut self.choices), sort: *self.choices.of(&Sort::ALL).as_ref().unwrap() };
            let limit = 1 + self.choices.roll(7);
            let mut after = None;
            // A tenant has less than a hundred records.
            for _ in 0..100 {
                let request = PageRequest { query: &query, at: now, after, limit };
                let page = block_on(twin.page(scope, request)).unwrap();
                after = page.rows.last().map(|row| query.sort_key(row, now));
                if !page.more {
                    break;
                }
            }
            block_on(twin.count(scope, &query.filter, 1 + u64::try_from(self.choices.roll(40)).unwrap())).unwrap();
            let mut after = None;
            for _ in 0..100 {
                let limit = 1 + self.choices.roll(30);
                let page = block_on(twin.feed(scope, FeedRequest { after, filter: &query.filter, limit })).unwrap();
                after = Some(page.next);
                if !page.more {
                    break;
                }
            }
        }
        for id in &self.incidents {
            let _ = self.actors[at].incident(*id).events(andon::Version::new(1), MAX_PAGE);
        }
        assert_eq!(moved(&twin.memory, &self.tenant), moved(&twin.other, &self.tenant), "what is exported");
    }
}

/// A filter that says something about one part or two.
fn filter(choices: &mut Choices) -> Filter {
    use andon::{Stage, problem, store::RecordKind};
    let mut filter = Filter::default();
    for _ in 0..choices.roll(3) {
        match choices.roll(14) {
            0 => filter.kind = choices.of(&RecordKind::ALL),
            1 => filter.stages.extend(choices.of(&Stage::ALL)),
            2 => filter.stages = Stage::ALL.into_iter().filter(|stage| stage.is_open()).collect(),
            3 => filter.problem_stages.extend(choices.of(&problem::Stage::ALL)),
            4 => filter.priorities.extend([1, 3]),
            5 => filter.groups.push("Network".parse().unwrap()),
            6 => filter.people.push("anna".parse().unwrap()),
            7 => filter.unassigned = Some(choices.flip()),
            8 => filter.search = Some(Search::new(choices.pick("mail", &["VPN down", "the ", "o", ""]))),
            9 => filter.callers.push("bob".parse().unwrap()),
            10 => filter.major = true,
            11 => filter.services.push("mail".parse().unwrap()),
            12 => filter.groups.extend(["Mail".parse().unwrap(), "Network".parse().unwrap()]),
            _ => filter.known_error = true,
        }
    }
    filter
}

fn sequences(count: u64) -> u64 {
    std::env::var("ANDON_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(count)
}

/// So many sequences follow each other in one store, each in a tenant of its own, before the next store is begun: what
/// falls due comes round for all of them, and in one store the last ones would mostly do what the first ones left.
const IN_ONE_STORE: u64 = 50;

/// Says which sequence it was in which both did not say the same.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was in sequence {}", self.0);
        }
    }
}

/// Some sequences, one after the other, in one store; how many records they made.
fn in_one_store<R: Portable>(store: R, policy: &Policy, seeds: std::ops::Range<u64>) -> u64 {
    let desk = TestDesk::over(block_on(Twin::new(store))).with_policy(policy.clone());
    let mut records = 0;
    for seed in seeds {
        let _told = Told(seed);
        let mut sequence = Sequence::begin(&desk, policy, seed);
        for _ in 0..12 {
            sequence.act();
        }
        sequence.look();
        records += sequence.incidents.len() + sequence.problems.len();
    }
    u64::try_from(records).unwrap()
}

/// So many sequences, in stores that are opened like this; each store is closed with what it is opened with.
fn in_many_stores<R: Portable, G>(count: u64, open: impl Fn() -> (R, G) + Sync) {
    let policy = Policy::itil();
    let (next, records) = (AtomicU64::new(0), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(IN_ONE_STORE, Ordering::Relaxed);
                    if first >= count {
                        break;
                    }
                    let (store, _guard) = open();
                    let made = in_one_store(store, &policy, first..count.min(first + IN_ONE_STORE));
                    records.fetch_add(made, Ordering::Relaxed);
                }
            });
        }
    });
    let records = records.into_inner();
    println!("{count} sequences with {records} records");
    assert!(records > count, "only {records} records: nothing was tried");
}

#[test]
fn random_sequences_come_to_the_same_in_memory_and_in_sqlite() {
    in_many_stores(sequences(10_000), || (SqliteRepository::open_in_memory().unwrap(), ()));
}

#[cfg(feature = "postgres")]
#[test]
fn random_sequences_come_to_the_same_in_memory_and_in_postgresql() {
    use crate::common::cluster::{Schema, shared};

    if shared().is_some() {
        let opened = || {
            let schema = Schema::new().unwrap();
            (schema.open(), schema)
        };
        in_many_stores(sequences(if crate::common::long() { 10_000 } else { 1_000 }), opened);
    }
}
