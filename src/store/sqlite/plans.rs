//! How the engine goes about the statements: what they find, they find along an index. The very texts that are run are
//! taken down as they run, in a store with more records than are ever put in order, and in one with few.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use pollster::block_on;
use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};

use super::{commit, feed, list, maintain, moving, read, record, schema};
use crate::{
    Stage,
    actor::Actor,
    calendar::BuiltIn,
    command::{Edit, Raise, Report},
    desk::Desk,
    digest::Digest,
    event::RecordId,
    id::{CommandId, Version},
    incident::HoldReason,
    key::TenantId,
    permission::{Permission, PermissionScope, Permissions},
    policy::{Policy, PolicyDraft},
    record::RecordKind,
    store::{
        Commit, Document, Erasure, Expected, Filter, Guard, Landed, LogPart, MemoryRepository, Moved, MovedRecord,
        PageRequest, Portable as _, Query, RecordKey, Scope, Share, Sort, SortKey, Span, Sweep, Term, Wake, Write,
        sql::Recent,
    },
    time::Instant,
    verb::{IncidentVerb, ProblemVerb},
};

/// More than are ever read and put in order, where a term is rare.
const MANY: usize = 4_100;

/// A store, and what runs in it.
struct Traced {
    connection: Connection,
    tenant: i64,
    /// What is still to be written.
    writes: Vec<Write>,
    ran: Arc<Mutex<BTreeSet<String>>>,
}

fn acme() -> TenantId {
    TenantId::known("acme")
}

/// A tenant with an incident and a problem, of Anna's, about mail; and what two commands write after that.
fn story() -> (Vec<Moved>, Vec<Write>) {
    let repository = MemoryRepository::new();
    let everything = PolicyDraft { permissions: Permissions::everything(), ..PolicyDraft::itil() }.validate().unwrap();
    let desk = Desk::new(repository.clone()).tenant("acme").unwrap();
    let anna = desk.acting_as(Actor::person("anna").unwrap().role("administrator").unwrap());
    let export = || block_on(repository.export(&acme(), None, 100)).unwrap();
    block_on(async {
        anna.publish_policy(everything).await.unwrap();
        let report = Report::new("Mail is down").group("Network").person("anna").caller("bob").service("mail");
        let id = anna.report(report).await.unwrap().id();
        anna.raise(Raise::new("Mail goes down again and again")).await.unwrap();
        let before = export();
        anna.incident(id).edit(Edit::new().title("No mail").confidential(true)).await.unwrap();
        anna.report("Printer on fire").await.unwrap();
        let known: Vec<_> = records(&before).map(|known| (known.row.id, known.row.version)).collect();
        let writes = records(&export()).filter_map(|moved| later(moved, &known)).collect();
        (before, writes)
    })
}

fn records(moved: &[Moved]) -> impl Iterator<Item = &MovedRecord> {
    moved.iter().filter_map(|moved| match moved {
        Moved::Record(record) => Some(&**record),
        _ => None,
    })
}

/// What was written of a record since it was at a version that is known, if anything was.
fn later(moved: &MovedRecord, known: &[(RecordId, Version)]) -> Option<Write> {
    let Some((_, version)) = known.iter().find(|(id, _)| *id == moved.row.id) else { return Some(moved.write()) };
    let events: Vec<_> = moved.events.iter().filter(|event| event.sequence > *version).cloned().collect();
    let write = Write { expected: Expected::At(*version), events: events.into(), ..moved.write() };
    (moved.row.version > *version).then_some(write)
}

impl Traced {
    /// A store in which each record is there so many times.
    fn with_each(times: usize) -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.set_prepared_statement_cache_capacity(1_000);
        schema::migrate(&mut connection, "memory").unwrap();
        schema::epoch(&connection).unwrap();
        let (moved, writes) = story();
        moving::import(&connection, &acme(), &moved).unwrap();
        multiply(&connection, times);
        let ran = Arc::<Mutex<BTreeSet<String>>>::default();
        let told = Arc::clone(&ran);
        let take_down = move |event: TraceEvent<'_>| {
            if let TraceEvent::Stmt(statement, _) = event {
                told.lock().unwrap().insert(statement.sql().into_owned());
            }
        };
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(take_down)).unwrap();
        let tenant = read::tenant_id(&connection, &acme()).unwrap().unwrap();
        ran.lock().unwrap().clear();
        Self { connection, tenant, writes, ran }
    }

    /// What was run since the last time, each text once.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.ran.lock().unwrap()).into_iter().collect()
    }

    /// The steps of the plan of a statement.
    fn plan(&self, sql: &str) -> Vec<String> {
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get::<_, String>(3).unwrap());
        }
        drop(rows);
        self.take();
        steps
    }
}

/// Copies each record under other ids and numbers, with its terms.
fn multiply(connection: &Connection, times: usize) {
    let mut columns = connection.prepare("SELECT name FROM pragma_table_info('record') WHERE name <> 'slot'").unwrap();
    let columns: Vec<String> = columns.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let values: Vec<&str> = columns
        .iter()
        .map(|column| match column.as_str() {
            "id" => "randomblob(16)",
            "number" => "number || '-' || n",
            column => column,
        })
        .collect();
    let sql = format!(
        "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n + 1 < {times}) \
         INSERT INTO record ({}) SELECT {} FROM record, many",
        columns.join(", "),
        values.join(", ")
    );
    if times > 1 {
        connection.execute(&sql, []).unwrap();
        let copies = "JOIN record c ON c.kind = r.kind AND c.slot <> r.slot WHERE r.slot <= 2";
        connection
            .execute(&format!("INSERT INTO subject SELECT c.slot, s.terms FROM record r JOIN subject s ON s.record = r.slot {copies}"), [])
            .unwrap();
        connection
            .execute(&format!("INSERT INTO term SELECT t.tenant, t.term, c.slot FROM record r JOIN term t ON t.record = r.slot {copies}"), [])
            .unwrap();
    }
}

/// Viewers: one who sees everything, and one who sees what is theirs, their groups' and their organisation's.
fn scopes() -> [Scope; 2] {
    let reads = [Permission::Incident(IncidentVerb::Read), Permission::Problem(ProblemVerb::Read)];
    let mut permissions = Permissions::none();
    for scope in [PermissionScope::OwnGroup, PermissionScope::OwnOrganisation] {
        permissions = permissions.grant("agent".parse().unwrap(), scope, reads);
    }
    let anna = Actor::person("anna").unwrap().role("agent").unwrap();
    let anna = anna.group("Network").unwrap().group("Mail").unwrap().organisation("sales").unwrap();
    [Scope::everything(&acme()), Scope::of(&acme(), &anna, &permissions)]
}

fn at() -> Instant {
    "2026-06-08T08:00:00Z".parse().unwrap()
}

/// A filter for each part of it that makes another statement.
fn filters() -> Vec<(&'static str, Filter)> {
    let group = |key: &str| key.parse().unwrap();
    let person = |key: &str| key.parse().unwrap();
    let none = Filter::default;
    let span = Span { from: Some(at()), until: Some("2026-06-09T08:00:00Z".parse().unwrap()) };
    vec![
        ("none", none()),
        ("incidents", Filter { kind: Some(RecordKind::Incident), ..none() }),
        ("open stages", Query::open().filter),
        ("open problems", Query::open_problems().filter),
        ("one stage", Filter { stages: vec![Stage::New], ..none() }),
        ("a stage that nothing is in", Filter { stages: vec![Stage::OnHold], ..none() }),
        ("one group", Filter { groups: vec![group("Network")], ..none() }),
        ("one group's open", Filter { groups: vec![group("Network")], ..Query::open().filter }),
        ("several groups", Filter { groups: vec![group("Network"), group("Mail")], ..none() }),
        ("one person", Filter { people: vec![person("anna")], ..none() }),
        ("one person's open", Filter { people: vec![person("anna")], ..Query::open().filter }),
        ("a person with nothing", Filter { people: vec![person("carl")], ..none() }),
        ("several people", Filter { people: vec![person("anna"), person("bob")], ..none() }),
        ("a group and a person", Filter { groups: vec![group("Network")], people: vec![person("anna")], ..none() }),
        ("priorities", Filter { priorities: vec![1, 3], ..none() }),
        ("a group's priorities", Filter { groups: vec![group("Network")], priorities: vec![2], ..none() }),
        ("a status", Filter { stage_labels: vec!["with_vendor".parse().unwrap()], ..none() }),
        ("a reason of holding", Filter { hold_reasons: vec![HoldReason::AwaitingVendor], ..none() }),
        ("a common term", Filter { callers: vec![person("bob")], ..none() }),
        ("a rare term", Filter { callers: vec![person("carl")], ..none() }),
        ("two terms", Filter { callers: vec![person("bob")], services: vec!["mail".parse().unwrap()], ..none() }),
        ("a major incident", Filter { major: true, ..none() }),
        ("common words", Query::all().search("mail d").filter),
        ("rare words", Query::all().search("printer on f").filter),
        ("one beginning", Query::all().search("ma").filter),
        ("unassigned", Filter { unassigned: Some(true), ..none() }),
        ("assigned", Filter { unassigned: Some(false), ..none() }),
        ("due in a time", Filter { due: span, ..none() }),
        ("reported in a time", Filter { reported: span, ..none() }),
        ("changed in a time", Filter { updated: span, ..none() }),
    ]
}

/// Whether a step looks at a whole table. Subqueries, which have brackets, and values are looked at whole.
fn is_scan(step: &str) -> bool {
    let Some(scanned) = step.strip_prefix("SCAN ") else { return false };
    !(scanned.starts_with('(') || scanned.ends_with("CONSTANT ROW") || scanned.ends_with("VALUES CLAUSE"))
}

fn sorts(step: &str) -> bool {
    step.starts_with("USE TEMP B-TREE")
}

#[test]
fn a_plan_tells_what_is_looked_at_whole_and_what_is_sorted() {
    let store = Traced::with_each(1);
    let whole = store.plan("SELECT id FROM record r WHERE r.priority = ? ORDER BY r.snapshot");
    assert!(whole.iter().any(|step| is_scan(step)) && whole.iter().any(|step| sorts(step)), "{whole:#?}");
}

/// Where a list goes on, in each of its parts.
fn keys() -> [Option<SortKey>; 3] {
    let id = RecordId::Incident(crate::Id::from_u128(7));
    let key = |part| Some(SortKey { part, rank: 2, at: at().timestamp_micros(), id });
    [None, key(0), key(1)]
}

/// Looks at a list in every order, and says which statements were run for it.
fn listed(store: &Traced, scope: &Scope, filter: &Filter, after: Option<SortKey>) -> Vec<(Sort, Vec<String>)> {
    let one = |sort| {
        store.take();
        let query = Query { filter: filter.clone(), sort };
        let request = PageRequest { query: &query, at: at(), after, limit: MANY };
        // More than there are: every walk is begun.
        list::rows(&store.connection, store.tenant, scope, request, 3 * MANY).unwrap();
        (sort, store.take())
    };
    // Only these lists have a second part.
    let has = |sort: &Sort| matches!(sort, Sort::Due | Sort::OverdueFirst) || after.is_none_or(|key| key.part == 0);
    Sort::ALL.into_iter().filter(has).map(one).collect()
}

#[test]
fn every_list_is_walked_along_an_index_in_its_order() {
    let store = Traced::with_each(MANY);
    let (mut walks, mut rare) = (0, 0);
    for ((name, filter), scope) in filters().iter().flat_map(|filter| scopes().map(|scope| (filter, scope))) {
        for after in keys() {
            for (sort, statements) in listed(&store, &scope, filter, after) {
                for sql in statements {
                    let plan = store.plan(&sql);
                    let why = || format!("{name} by {sort:?} after {after:?}: {plan:#?} of {sql}");
                    assert!(!plan.iter().any(|step| is_scan(step)), "{}", why());
                    if sql.contains(" ORDER BY ") && !sql.contains("r.slot IN") {
                        walks += 1;
                        assert!(!plan.iter().any(|step| sorts(step)), "{}", why());
                        // What comes before the key is not met.
                        let bound = after.is_none() || plan.iter().any(|step| step.contains(['<', '>']));
                        assert!(bound || comes_whole(sort, after, &sql), "{}", why());
                    } else {
                        rare += 1;
                    }
                }
            }
        }
    }
    assert!(walks > 2_000 && rare > 500, "{walks} walks and {rare} other statements: what was looked at?");
}

/// Whether everything that a walk meets comes after the key: it is of a later part of the list, or of a lower priority.
fn comes_whole(sort: Sort, after: Option<SortKey>, sql: &str) -> bool {
    let later_part = match sort {
        Sort::Due => sql.contains("INDEXED BY by_undue"),
        Sort::OverdueFirst => sql.contains("r.due IS NULL OR r.due >= "),
        Sort::Priority | Sort::Updated | Sort::Reported => false,
    };
    (later_part && after.is_some_and(|key| key.part == 0)) || sql.contains("r.rank = 3")
}

#[test]
fn what_is_rare_is_found_by_its_term_or_its_column() {
    let store = Traced::with_each(1);
    let mut gathered = 0;
    for ((name, filter), scope) in filters().iter().flat_map(|filter| scopes().map(|scope| (filter, scope))) {
        for (sort, statements) in listed(&store, &scope, filter, None) {
            for sql in statements {
                let plan = store.plan(&sql);
                assert!(!plan.iter().any(|step| is_scan(step)), "{name} by {sort:?}: {plan:#?} of {sql}");
                gathered += usize::from(sql.contains("r.slot IN (SELECT t.record FROM term t"));
            }
        }
    }
    assert!(gathered > 50, "{gathered} lists were gathered by a term");
}

#[test]
fn what_is_counted_is_found_along_an_index() {
    for times in [1, MANY] {
        let store = Traced::with_each(times);
        for ((name, filter), scope) in filters().iter().flat_map(|filter| scopes().map(|scope| (filter, scope))) {
            store.take();
            list::count(&store.connection, store.tenant, &scope, filter, 10_000).unwrap();
            let statements = store.take();
            assert!(!statements.is_empty(), "{name}");
            for sql in statements {
                let plan = store.plan(&sql);
                assert!(!plan.iter().any(|step| is_scan(step)), "{name}: {plan:#?} of {sql}");
            }
        }
    }
}

#[test]
fn a_sweep_meets_what_is_due_and_nothing_else() {
    let store = Traced::with_each(MANY);
    let after = Wake { at: at(), record: RecordId::Incident(crate::Id::from_u128(7)), tenant: acme() };
    for after in [None, Some(after)] {
        read::wakes(&store.connection, &Sweep { now: at(), limit: 100, share: Share::ALL, after }).unwrap();
        let [sql] = &store.take()[..] else { panic!("a sweep is one statement") };
        let plan = store.plan(sql);
        assert!(!plan.iter().any(|step| is_scan(step) || sorts(step)), "{plan:#?}");
        let bounded = |step: &String| step.contains("by_wake") && step.contains('>') && step.contains("wake_at<?");
        assert!(plan.iter().any(bounded), "{plan:#?}");
    }
}

#[test]
fn nothing_else_that_is_read_or_written_looks_at_a_whole_table() {
    let store = Traced::with_each(1);
    let Traced { connection, tenant, .. } = &store;
    let tenant = *tenant;
    for scope in scopes() {
        for filter in [Filter::default(), Query::all().search("mail").filter] {
            let wanted = feed::Wanted { scope: &scope, filter: &filter, after: None, limit: 100, epoch: 1 };
            feed::page(connection, tenant, &wanted).unwrap();
        }
    }
    reads(connection, tenant);
    writes(&store);
    feed::acknowledge(connection, tenant, &"mailer".parse().unwrap(), 1).unwrap();
    feed::consumer(connection, tenant, &"mailer".parse().unwrap()).unwrap();
    feed::consumers(connection, tenant).unwrap();
    let late = "2126-06-08T08:00:00Z".parse().unwrap();
    feed::trim(connection, late, 100).unwrap();
    feed::remove_consumer(connection, tenant, &"mailer".parse().unwrap()).unwrap();
    assert!(feed::trim(connection, late, 100).unwrap() > 0);
    assert!(commit::forget(connection, late, 100).unwrap() > 0);
    commit::next_number(connection, &acme(), RecordKind::Incident).unwrap();
    let statements = store.take();
    assert!(statements.len() > 35, "{statements:#?}");
    for sql in statements {
        let plan = store.plan(&sql);
        assert!(!plan.iter().any(|step| is_scan(step) || sorts(step)), "{plan:#?} of {sql}");
    }
}

fn reads(connection: &Connection, tenant: i64) {
    let [everything, _] = scopes();
    let number = RecordKey::Number("INC0000001".parse().unwrap());
    let command = CommandId::from_u128(7);
    let found = read::load(connection, tenant, &everything, Some(&number), Some(command));
    let found = found.and_then(|found| found.decoded(&Recent::new())).unwrap().record.unwrap();
    let id = found.record.id();
    read::record(connection, tenant, &everything, &id.into()).unwrap();
    for newest_first in [false, true] {
        let part = LogPart { from: Version::new(1), limit: 10, newest_first };
        read::events(connection, tenant, &everything, id, part).unwrap();
    }
    let published = read::published(connection, tenant, None, 10).unwrap();
    read::document(connection, tenant, published[0].stamp.digest, &BuiltIn).unwrap().unwrap();
    moving::export(connection, tenant, None, 3, &BuiltIn).unwrap();
    maintain::rebuild(connection, &acme(), id).unwrap();
}

fn writes(store: &Traced) {
    let Traced { connection, tenant, writes, .. } = store;
    let policy = read::in_force(connection, *tenant).unwrap();
    let problem = list::rows(
        connection,
        *tenant,
        &scopes()[0],
        PageRequest { query: &Query::open_problems(), at: at(), after: None, limit: 1 },
        1,
    );
    let problem = &problem.unwrap()[0];
    let (commit, salt, intent) = (CommandId::from_u128(7), [0; 16], Digest::of(b"something"));
    let erasures = vec![Erasure { record: writes[0].id(), slots: vec![intent] }];
    let commit = Commit {
        command: commit,
        salt,
        intent,
        at: at(),
        policy,
        writes: writes.clone(),
        guards: vec![Guard { id: problem.id, version: problem.version }],
        unused: vec![Term::ChildOf(crate::Id::from_u128(7))],
        erasures,
        documents: vec![Document::Policy(Arc::new(Policy::itil()))],
        publication: None,
    };
    let texts = commit.writes.iter().map(record::Texts::of).collect::<Result<_, _>>().unwrap();
    assert_eq!(commit::land(connection, &acme(), &commit, texts).unwrap(), Landed::Now);
}
