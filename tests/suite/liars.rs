//! Repositories that lie: what they say is not believed, nothing is stored for it, and nothing goes on for
//! ever.

use std::sync::Arc;

use crate::common::{House, at};
use andon::{
    CommandId, Desk, Error, MemoryRepository, Repository, Version,
    blocking::{self, ActingDesk},
    command::{Hold, Report},
    digest::Digest,
    event::RecordId,
    id::SequentialIds,
    key::TenantId,
    store::{
        Commit, Document, EventPage, FeedPage, FeedPosition, FeedRequest, Filter, Found, Landed, Loaded, LogPart,
        PageRequest, Published, Query, RecordKey, RecordKind, Refused, RepositoryError, RowPage, Scope, Sweep, Wake,
    },
    time::{Instant, days, hours},
};

/// What changes an answer.
type Lie<T> = Arc<dyn Fn(&mut T) + Send + Sync>;

/// What is changed in what a memory repository says.
#[derive(Clone, Default)]
struct Lies {
    found: Option<Lie<Found>>,
    events: Option<Lie<EventPage>>,
    page: Option<Lie<RowPage>>,
    wakes: Option<Lie<Vec<Wake>>>,
    feed: Option<Lie<FeedPage>>,
    document: Option<Lie<Option<Document>>>,
}

struct Liar {
    inner: MemoryRepository,
    lies: Lies,
}

fn tell<T>(mut truth: T, lie: Option<&Lie<T>>) -> T {
    if let Some(lie) = lie {
        lie(&mut truth);
    }
    truth
}

impl Repository for Liar {
    async fn load(
        &self,
        scope: &Scope,
        key: Option<&RecordKey>,
        command: Option<CommandId>,
    ) -> Result<Found, RepositoryError> {
        Ok(tell(self.inner.load(scope, key, command).await?, self.lies.found.as_ref()))
    }

    async fn load_many(&self, scope: &Scope, records: &[RecordId]) -> Result<Vec<Option<Loaded>>, RepositoryError> {
        self.inner.load_many(scope, records).await
    }

    async fn commit(&self, tenant: &TenantId, commit: Commit) -> Result<Landed, Refused> {
        self.inner.commit(tenant, commit).await
    }

    async fn next_number(&self, tenant: &TenantId, kind: RecordKind) -> Result<u64, RepositoryError> {
        self.inner.next_number(tenant, kind).await
    }

    async fn events(&self, scope: &Scope, record: RecordId, part: LogPart) -> Result<EventPage, RepositoryError> {
        Ok(tell(self.inner.events(scope, record, part).await?, self.lies.events.as_ref()))
    }

    async fn page(&self, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
        Ok(tell(self.inner.page(scope, request).await?, self.lies.page.as_ref()))
    }

    async fn count(&self, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError> {
        self.inner.count(scope, filter, cap).await
    }

    async fn wakes(&self, sweep: Sweep) -> Result<Vec<Wake>, RepositoryError> {
        Ok(tell(self.inner.wakes(sweep).await?, self.lies.wakes.as_ref()))
    }

    async fn feed(&self, scope: &Scope, request: FeedRequest<'_>) -> Result<FeedPage, RepositoryError> {
        Ok(tell(self.inner.feed(scope, request).await?, self.lies.feed.as_ref()))
    }

    async fn changed(&self, tenant: &TenantId, after: FeedPosition) -> Result<(), RepositoryError> {
        self.inner.changed(tenant, after).await
    }

    async fn document(&self, tenant: &TenantId, digest: Digest) -> Result<Option<Document>, RepositoryError> {
        Ok(tell(self.inner.document(tenant, digest).await?, self.lies.document.as_ref()))
    }

    async fn published(
        &self,
        tenant: &TenantId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Published>, RepositoryError> {
        self.inner.published(tenant, before, limit).await
    }

    async fn forget(&self, before: Instant, limit: usize) -> Result<usize, RepositoryError> {
        self.inner.forget(before, limit).await
    }
}

/// Two incidents with a few events each, one of them due; and a desk that is lied to.
struct Trial {
    house: House,
    one: andon::Id<andon::Incident>,
    two: andon::Id<andon::Incident>,
}

impl Trial {
    fn new() -> Self {
        let house = House::new();
        let anna = house.anna();
        let (one, two) = (anna.report("one").unwrap().id(), anna.report("two").unwrap().id());
        anna.incident(one).start_work().unwrap();
        anna.incident(two).hold(Hold::new("awaiting_date").until(at(crate::common::START) + hours(1))).unwrap();
        house.time.advance(days(1));
        Self { house, one, two }
    }

    fn whole(&self, lies: Lies) -> blocking::Desk<Liar> {
        let liar = Liar { inner: self.house.repository.clone(), lies };
        blocking::Desk::from(Desk::with_sources(liar, self.house.time.clone(), SequentialIds::new()))
    }

    fn anna(&self, lies: Lies) -> ActingDesk<Liar> {
        self.whole(lies).tenant("acme").unwrap().acting_as(crate::common::anna())
    }

    /// How many events there are.
    fn stored(&self) -> usize {
        let log = |id| crate::common::log(&self.house.anna().incident(id)).len();
        log(self.one) + log(self.two)
    }
}

fn corrupt<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert_eq!(result.unwrap_err().code(), "repository.corrupt");
}

#[test]
fn another_record_than_was_asked_for_is_not_taken() {
    let trial = Trial::new();
    let other = trial.house.anna().incident(trial.two).get().unwrap().into_incident();
    let lies = Lies {
        found: Some(Arc::new(move |found| {
            if let Some(loaded) = &mut found.record {
                loaded.record = other.clone().into();
            }
        })),
        ..Lies::default()
    };
    let (anna, before) = (trial.anna(lies), trial.stored());
    corrupt(anna.incident(trial.one).get());
    corrupt(anna.incident(trial.one).resolve("fixed"));
    corrupt(anna.incident("INC0000001".parse::<andon::Number>().unwrap()).resolve("fixed"));
    assert_eq!(trial.stored(), before);
}

#[test]
fn a_wrong_version_ends_in_a_conflict_and_not_in_a_lost_update() {
    let trial = Trial::new();
    for lie in [0, 2, 99] {
        let lies = Lies {
            found: Some(Arc::new(move |found| {
                if let Some(loaded) = &mut found.record {
                    loaded.version = Version::new(lie);
                }
            })),
            ..Lies::default()
        };
        let (anna, before) = (trial.anna(lies), trial.stored());
        let code = anna.incident(trial.one).resolve("fixed").unwrap_err().code();
        assert_eq!(code, if lie == 0 { "repository.corrupt" } else { "record.busy" });
        assert_eq!(trial.stored(), before);
    }
}

#[test]
fn an_answer_that_was_never_given_is_not_repeated() {
    let trial = Trial::new();
    let record = trial.one.into();
    let invented = move |first: u64, last: u64| {
        let touched = andon::store::Touched { record, first: Version::new(first), last: Version::new(last) };
        andon::store::Answer {
            salt: Some([0; 16]),
            intent: Digest::of(b""),
            at: at(crate::common::START),
            touched: vec![touched],
            published: None,
        }
    };
    let lies = Lies { found: Some(Arc::new(move |found| found.answer = Some(invented(1, 2)))), ..Lies::default() };
    let error = trial.anna(lies).incident(trial.one).with_command(CommandId::named("x")).resolve("fixed").unwrap_err();
    assert_eq!(error.code(), "command.reused");
}

#[test]
fn a_log_with_gaps_repetitions_or_foreign_events_is_not_read_as_if_it_were_whole() {
    let trial = Trial::new();
    let foreign = crate::common::log(&trial.house.anna().incident(trial.two));
    let lies: Vec<Lie<EventPage>> = vec![
        Arc::new(|page| page.events.reverse()),
        Arc::new(|page| page.events = page.events.iter().flat_map(|event| [event.clone(), event.clone()]).collect()),
        Arc::new(move |page| page.events.clone_from(&foreign)),
        Arc::new(|page| page.next = Some(Version::new(1))),
        Arc::new(|page| page.events.iter_mut().for_each(|event| event.tenant = TenantId::new("other").unwrap())),
    ];
    for lie in lies {
        let anna = trial.anna(Lies { events: Some(lie), ..Lies::default() });
        corrupt(anna.incident(trial.one).events(Version::new(1), 10));
    }
    let gap: Lie<EventPage> = Arc::new(|page| {
        page.events.remove(0);
    });
    corrupt(
        trial.anna(Lies { events: Some(gap), ..Lies::default() }).incident(trial.one).as_of(at("2030-01-01T00:00:00Z")),
    );
    let endless: Lie<EventPage> = Arc::new(|page| page.next = Some(Version::new(1)));
    let anna = trial.anna(Lies { events: Some(endless), ..Lies::default() });
    assert!(anna.incident(trial.one).as_of(at("2030-01-01T00:00:00Z")).is_ok(), "the log is read once");
}

#[test]
fn a_repeated_command_whose_events_are_gone_says_so() {
    let trial = Trial::new();
    let named = CommandId::named("resolve");
    trial.house.anna().incident(trial.one).with_command(named).resolve("fixed").unwrap();
    let cut: Lie<EventPage> = Arc::new(|page| {
        page.events.pop();
        page.next = None;
    });
    let anna = trial.anna(Lies { events: Some(cut), ..Lies::default() });
    corrupt(anna.incident(trial.one).with_command(named).resolve("fixed"));
    let empty: Lie<EventPage> = Arc::new(|page| page.events.clear());
    let anna = trial.anna(Lies { events: Some(empty), ..Lies::default() });
    corrupt(anna.incident(trial.one).with_command(named).resolve("fixed"));
}

#[test]
fn lists_that_go_round_in_circles_are_refused() {
    let trial = Trial::new();
    let lies: Vec<Lie<RowPage>> = vec![
        Arc::new(|page| page.rows.reverse()),
        Arc::new(|page| page.rows = page.rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect()),
        Arc::new(|page| {
            page.rows.clear();
            page.more = true;
        }),
    ];
    for lie in lies {
        corrupt(trial.anna(Lies { page: Some(lie), ..Lies::default() }).worklist(&Query::all(), None, 10));
    }
    let honest = trial.anna(Lies::default());
    let first = honest.worklist(&Query::all(), None, 1).unwrap();
    let rows = trial.anna(Lies::default()).worklist(&Query::all(), None, 10).unwrap();
    assert_eq!(rows.rows.len(), 2);
    let inner = trial.house.repository.clone();
    let again: Lie<RowPage> = Arc::new(move |page| {
        let scope = Scope::everything(&TenantId::new("acme").unwrap());
        let query = Query::all();
        let request = PageRequest { query: &query, at: at(crate::common::START), after: None, limit: 1 };
        page.rows = pollster::block_on(inner.page(&scope, request)).unwrap().rows;
        page.more = true;
    });
    corrupt(trial.anna(Lies { page: Some(again), ..Lies::default() }).worklist(&Query::all(), first.next.as_ref(), 1));
}

#[test]
fn wakes_before_their_time_or_out_of_turn_are_refused() {
    let trial = Trial::new();
    let now = at(crate::common::START) + days(1);
    let before = trial.stored();
    let early: Lie<Vec<Wake>> = Arc::new(move |wakes| wakes.iter_mut().for_each(|wake| wake.at = now + days(1)));
    corrupt(trial.whole(Lies { wakes: Some(early), ..Lies::default() }).wake(now, 10));
    let absent = RecordId::Incident(andon::Id::from_u128(5));
    let invented: Lie<Vec<Wake>> = Arc::new(move |wakes| wakes.iter_mut().for_each(|wake| wake.record = absent));
    let woken = trial.whole(Lies { wakes: Some(invented), ..Lies::default() }).wake(now, 10).unwrap();
    assert_eq!((woken.records.len(), woken.failed.len()), (0, 1), "told, and not in the way of others");
    let one = trial.one;
    let not_due: Lie<Vec<Wake>> = Arc::new(move |wakes| wakes.iter_mut().for_each(|wake| wake.record = one.into()));
    trial.whole(Lies { wakes: Some(not_due), ..Lies::default() }).wake(now, 10).unwrap();
    assert_eq!(trial.stored(), before, "on a record on which nothing is due, nothing is stored");
    let endless: Lie<Vec<Wake>> = Arc::new(move |wakes| {
        *wakes = vec![Wake { tenant: TenantId::new("acme").unwrap(), record: absent, at: now }; 10];
    });
    corrupt(trial.whole(Lies { wakes: Some(endless), ..Lies::default() }).wake(now, 10));
}

#[test]
fn a_feed_that_leads_back_or_stands_still_is_refused() {
    let trial = Trial::new();
    let lies: Vec<Lie<FeedPage>> = vec![
        Arc::new(|page| page.entries.reverse()),
        Arc::new(|page| page.next.place = 0),
        Arc::new(|page| {
            page.entries.clear();
            page.next.place = 0;
            page.more = true;
        }),
    ];
    let honest = trial.anna(Lies::default()).feed(None, &Filter::default(), 1).unwrap();
    for lie in lies {
        let anna = trial.anna(Lies { feed: Some(lie), ..Lies::default() });
        corrupt(anna.feed(Some(&honest.next), &Filter::default(), 10));
    }
}

#[test]
fn a_policy_that_is_missing_or_another_is_not_used() {
    let trial = Trial::new();
    trial.house.admin().publish_policy(crate::common::policy(|draft| draft.name = "ours".to_owned())).unwrap();
    let other = Document::Policy(Arc::new(crate::common::policy(|draft| draft.name = "theirs".to_owned())));
    let lies: Vec<Lie<Option<Document>>> =
        vec![Arc::new(|document| *document = None), Arc::new(move |document| *document = Some(other.clone()))];
    for lie in lies {
        corrupt(trial.anna(Lies { document: Some(lie), ..Lies::default() }).report(Report::new("three")));
    }
}
