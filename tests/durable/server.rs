//! What happens around a server: crashes, dumps, long transactions, other people's settings, backlogs.

use std::{
    process::Stdio,
    sync::mpsc,
    time::{Duration, Instant},
};

use andon::{
    Actor, CommandId, Desk, Error, MemoryRepository, Repository,
    blocking::{self, ActingDesk},
    calendar::BuiltIn,
    command::{Assign, Raise},
    policy::PolicyDraft,
    store::{
        FeedKeeper as _, Filter, OpenError, PostgresOptions, PostgresRepository, Query, RepositoryError, Share, Sort,
        Sweep, export, import,
    },
    time::{SystemTime, TimeSource as _, hours},
};
use pollster::block_on;
use tokio_postgres::NoTls;

use crate::{
    child::note,
    common::cluster::{Cluster, Schema, run, skipped},
};

fn agent<R: Repository>(repository: R, tenant: &str) -> ActingDesk<R> {
    let desk = blocking::Desk::from(Desk::new(repository)).tenant(tenant).unwrap();
    desk.acting_as(Actor::person("anna").unwrap().role("agent").unwrap().role("administrator").unwrap())
}

fn anna<R: Repository>(repository: R) -> ActingDesk<R> {
    agent(repository, "acme")
}

fn refused<T>(result: Result<T, Error>) -> RepositoryError {
    match result {
        Err(Error::Repository { source, .. }) => source,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// A pool of the host's, with connections on which this was said.
fn pool(url: &str, said: &'static str) -> deadpool_postgres::Pool {
    let manager = deadpool_postgres::Manager::new(url.parse().unwrap(), NoTls);
    let hook = deadpool_postgres::Hook::async_fn(move |client, _| {
        Box::pin(async move { client.batch_execute(said).await.map_err(deadpool_postgres::HookError::Backend) })
    });
    deadpool_postgres::Pool::builder(manager).max_size(4).post_create(hook).build().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_place_that_was_told_is_as_safe_as_what_stands_there() {
    // Nothing of what commits is waited for, and nothing writes it by itself in time.
    let settings = ["synchronous_commit = off", "wal_writer_delay = 10s", "autovacuum = off"];
    let Some(mut cluster) = Cluster::start(&settings) else { return skipped() };
    let repository = block_on(PostgresRepository::open(&cluster.url("andon"))).unwrap();
    let desk = anna(repository);
    let first = desk.report("Mail is down").unwrap().id();
    let page = desk.feed(None, &Filter::default(), 10).unwrap();
    assert_eq!(page.deliveries.len(), 1);
    cluster.down();
    cluster.up();
    // What the reader was told is there; what comes after it is news to the reader.
    let repository = block_on(PostgresRepository::open(&cluster.url("andon"))).unwrap();
    let desk = anna(repository);
    desk.incident(first).get().unwrap();
    let second = desk.report("Printer on fire").unwrap().id();
    let news = desk.feed(Some(&page.next), &Filter::default(), 10).unwrap();
    let told: Vec<_> = news.deliveries.iter().map(|entry| entry.record).collect();
    assert_eq!(told, [second.into()]);
}

#[test]
fn each_restored_dump_has_a_life_of_its_own() {
    let Some(source) = Cluster::start(&["fsync = off"]) else { return skipped() };
    let desk = anna(block_on(PostgresRepository::open(&source.url("andon"))).unwrap());
    desk.report("Mail is down").unwrap();
    let before = desk.feed(None, &Filter::default(), 10).unwrap();
    let dump = source.program("pg_dump").args(["--dbname", &source.url("admin")]).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let file = std::env::temp_dir().join(format!("andon-dump-{}.sql", std::process::id()));
    std::fs::write(&file, dump.stdout).unwrap();
    let restore = || {
        let cluster = Cluster::start(&["fsync = off"]).unwrap();
        let mut psql = cluster.program("psql");
        psql.args(["--quiet", "-v", "ON_ERROR_STOP=1", "--dbname", &cluster.url("admin")]);
        let restored = psql.stdin(std::fs::File::open(&file).unwrap()).stdout(Stdio::null()).output().unwrap();
        assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
        let desk = anna(block_on(PostgresRepository::open(&cluster.url("andon"))).unwrap());
        (cluster, desk)
    };
    let (_one, first) = restore();
    let (_two, second) = restore();
    for desk in [&first, &second] {
        assert_eq!(desk.worklist(&Query::all(), None, 10).unwrap().rows.len(), 1);
        let error = refused(desk.feed(Some(&before.next), &Filter::default(), 10));
        assert!(matches!(error, RepositoryError::CursorTooOld), "{error:?}");
    }
    let cursor = first.feed(None, &Filter::default(), 10).unwrap().next;
    let error = refused(second.feed(Some(&cursor), &Filter::default(), 10));
    assert!(matches!(error, RepositoryError::CursorTooOld), "two restored from one dump are not one: {error:?}");
    std::fs::remove_file(file).unwrap();
}

/// Something that may be refused.
type Attempt<'a> = Box<dyn Fn() -> Result<(), Error> + 'a>;

#[test]
fn a_host_that_holds_a_lock_is_waited_for_in_bounds_and_leaves_nothing_in_doubt() {
    let Some(schema) = Schema::new() else { return };
    let patience = Duration::from_secs(4);
    let repository = block_on(schema.options().patience(patience).open(&schema.url)).unwrap();
    let desk = anna(repository.clone());
    let id = desk.report("Mail is down").unwrap().id();
    let (ready, held) = mpsc::channel();
    let (done, end) = mpsc::channel::<()>();
    let (url, locked) = (schema.url.clone(), schema.name.clone());
    let holder = std::thread::spawn(move || {
        runtime().block_on(async {
            let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            let transaction = client.transaction().await.unwrap();
            let sql = format!("SET andon.tenant = 'acme'; SELECT FROM \"{locked}\".record FOR UPDATE");
            transaction.batch_execute(&sql).await.unwrap();
            let lock = format!("SELECT pg_advisory_xact_lock_shared(hashtextextended('\"{locked}\"' || 'acme', 0))");
            transaction.batch_execute(&lock).await.unwrap();
            ready.send(()).unwrap();
            end.recv().unwrap();
        });
    });
    held.recv().unwrap();
    let policy = PolicyDraft { name: "Another".to_owned(), ..PolicyDraft::itil() }.validate().unwrap();
    let attempts: [(&str, Attempt<'_>); 2] = [
        ("a command", Box::new(|| desk.incident(id).execute(note("a note")).map(drop))),
        ("a policy", Box::new(|| desk.publish_policy(policy.clone()).map(drop))),
    ];
    for (what, attempt) in attempts {
        let began = Instant::now();
        let error = refused(attempt());
        assert!(matches!(error, RepositoryError::Unavailable { .. }), "{what}: the outcome is known: {error:?}");
        assert!(began.elapsed() < patience, "{what} took {:?}", began.elapsed());
        // Nobody queues behind whoever gave up.
        desk.report("Printer on fire").unwrap();
    }
    done.send(()).unwrap();
    holder.join().unwrap();
    desk.incident(id).execute(note("a note")).unwrap();
    desk.publish_policy(policy.clone()).unwrap();
}

#[test]
fn what_a_dba_made_is_taken_and_what_does_not_suit_is_refused() {
    let Some(cluster) = Cluster::start(&["fsync = off"]) else { return skipped() };
    // Somebody who may create nothing but within a schema that was made for them.
    cluster.admin("andon", "CREATE SCHEMA desk AUTHORIZATION other");
    let options = PostgresOptions::new().schema("desk");
    let repository = block_on(options.open(&cluster.url("other"))).unwrap();
    anna(repository).report("Mail is down").unwrap();
    let error = block_on(PostgresOptions::new().schema("another").open(&cluster.url("other"))).unwrap_err();
    assert!(format!("{error:?}").contains("permission denied"), "{error:?}");

    // A pool whose transactions see nothing that is committed after they began.
    let within = runtime();
    let error = within.block_on(async {
        let said = "SET default_transaction_isolation = 'repeatable read'";
        PostgresOptions::new().open_pool(pool(&cluster.url("andon"), said)).await.unwrap_err()
    });
    let OpenError::NotARepository { reason, .. } = error else { panic!("{error:?}") };
    assert!(reason.contains("default_transaction_isolation"), "{reason}");

    // A database that cannot hold every text.
    cluster.admin("postgres", "CREATE DATABASE latin OWNER andon ENCODING 'LATIN1' TEMPLATE template0");
    let url = cluster.url("andon").replace("dbname=andon", "dbname=latin");
    let error = block_on(PostgresRepository::open(&url)).unwrap_err();
    let OpenError::NotARepository { reason, .. } = error else { panic!("{error:?}") };
    assert!(reason.contains("UTF8"), "{reason}");

    // However long or short the patience is, it is one that the server takes.
    for patience in [Duration::MAX, Duration::from_secs(1 << 40)] {
        let repository = block_on(PostgresOptions::new().patience(patience).open(&cluster.url("andon"))).unwrap();
        anna(repository).report("Mail is down").unwrap();
    }
}

#[test]
fn a_role_with_the_rights_that_the_readme_names_does_everything() {
    let Some(cluster) = Cluster::start(&[]) else { return skipped() };
    let owner = block_on(PostgresRepository::open(&cluster.url("andon"))).unwrap();
    let options = PostgresOptions::new().migrate(false);
    block_on(options.open(&cluster.url("other"))).unwrap_err();
    let readme = include_str!("../../README.md");
    let rights = readme.split("```sql").nth(1).and_then(|text| text.split("```").next()).unwrap();
    run(&cluster.url("andon"), &rights.replace("TO desk", "TO other")).unwrap();

    let repository = block_on(options.open(&cluster.url("other"))).unwrap();
    let desk = anna(repository.clone());
    desk.publish_policy(PolicyDraft::itil().validate().unwrap()).unwrap();
    let id = desk.report("Mail is down").unwrap().id();
    desk.incident(id).assign(Assign::to_group("Mail")).unwrap();
    let problem = desk.raise(Raise::new("Relays choke").from_incident(id)).unwrap().id();
    desk.problem(problem).get().unwrap();
    assert_eq!(desk.worklist(&Query::open().search("mail"), None, 10).unwrap().rows.len(), 1);
    assert_eq!(desk.count(&Query::open().filter, 10).unwrap().counted, 1);
    let relay = desk.consumer("relay").unwrap();
    let news = relay.next(&Filter::default(), 10).unwrap();
    relay.acknowledge(&news.next).unwrap();
    assert!(relay.remove().unwrap());
    let later = SystemTime.now() + hours(1);
    block_on(async {
        assert!(repository.trim_feed(later, 100).await.unwrap() > 0);
        assert!(repository.forget(later, 100).await.unwrap() > 0);
        repository.wakes(Sweep { now: later, limit: 10, share: Share::ALL, after: None }).await.unwrap();
        assert!(repository.rebuild(&"acme".parse().unwrap(), id).await.unwrap());
        assert!(repository.inspect(|_| ()).await.unwrap().is_sound());
        repository.health().await.unwrap();
        export(&repository, &"acme".parse().unwrap(), Vec::new(), |_| ()).await.unwrap();
        let (memory, mut lines) = (MemoryRepository::new(), Vec::new());
        agent(memory.clone(), "branch").report("Printer on fire").unwrap();
        export(&memory, &"branch".parse().unwrap(), &mut lines, |_| ()).await.unwrap();
        import(&repository, &*lines, &BuiltIn, |_| ()).await.unwrap();
    });
    // What it did is the owner's, too; the schema is the owner's alone.
    anna(owner).incident(id).get().unwrap();
    run(&cluster.url("other"), "DROP TABLE andon.feed").unwrap_err();
}

#[test]
fn whoever_does_not_listen_tells_nevertheless() {
    let Some(schema) = Schema::new() else { return };
    let listens = schema.open();
    let within = runtime();
    let tells = within.block_on(async { schema.options().open_pool(pool(&schema.url, "")).await.unwrap() });
    let desk = anna(listens.clone());
    desk.report("Mail is down").unwrap();
    let page = desk.feed(None, &Filter::default(), 10).unwrap();
    let began = Instant::now();
    let waiter = std::thread::spawn(move || {
        desk.changed(&page.next).unwrap();
        began.elapsed()
    });
    // News of other tenants are none.
    agent(listens, "beta").report("Nothing to do with acme").unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(!waiter.is_finished());
    anna(tells).report("Printer on fire").unwrap();
    let took = waiter.join().unwrap();
    // Nobody who listens looks by themselves so soon.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_list_within_a_transaction_is_the_one_without() {
    let Some(schema) = Schema::new() else { return };
    let repository = schema.open();
    let desk = anna(repository.clone());
    for n in 0..40_u32 {
        let id = desk.report(format!("Incident {n}")).unwrap().id();
        if n % 3 == 0 {
            desk.incident(id).cancel(andon::incident::Cancellation::NotAnIncident).unwrap();
        } else if n % 3 == 1 {
            desk.incident(id).assign(Assign::to_group("Network")).unwrap();
        }
        for _ in 0..n % 4 {
            desk.incident(id).execute(note("a note")).unwrap();
        }
    }
    let sorts = [Sort::Priority, Sort::Reported, Sort::Updated, Sort::Due, Sort::OverdueFirst];
    let url = schema.url.clone();
    runtime().block_on(async {
        let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let transaction = client.transaction().await.unwrap();
        let within = Desk::new(repository.within(&transaction)).tenant("acme").unwrap();
        let without = Desk::new(repository.clone()).tenant("acme").unwrap();
        let actor = Actor::person("anna").unwrap().role("agent").unwrap();
        let (within, without) = (within.acting_as(actor.clone()), without.acting_as(actor));
        for sort in sorts {
            for query in [Query::all(), Query::open(), Query::all().group("Network".parse().unwrap())] {
                let query = query.sorted(sort);
                let (mut after, mut seen) = (None, 0);
                loop {
                    let one = within.worklist(&query, after.as_ref(), 7).await.unwrap();
                    let other = without.worklist(&query, after.as_ref(), 7).await.unwrap();
                    assert_eq!(one.rows, other.rows, "{query:?}");
                    seen += one.rows.len();
                    after = one.next;
                    if after.is_none() {
                        break;
                    }
                }
                let counted = within.count(&query.filter, 1_000).await.unwrap();
                assert_eq!(counted, without.count(&query.filter, 1_000).await.unwrap());
                assert_eq!(counted.counted, u64::try_from(seen).unwrap(), "{query:?}");
            }
        }
        let id = without.worklist(&Query::all(), None, 1).await.unwrap().rows[0].id;
        let from = andon::Version::new(1);
        let one = within.incident(id).events(from, 3).await.unwrap();
        let other = without.incident(id).events(from, 3).await.unwrap();
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    });
}

#[test]
fn feeds_are_let_go_of_tenant_by_tenant_and_readers_do_not_wait() {
    let Some(schema) = Schema::new() else { return };
    let repository = schema.open();
    let tenants: Vec<String> = (0..50).map(|n| format!("tenant {n:02}")).collect();
    std::thread::scope(|scope| {
        for some in tenants.chunks(13) {
            let repository = &repository;
            scope.spawn(move || {
                for tenant in some {
                    let desk = agent(repository.clone(), tenant);
                    for n in 0..6 {
                        desk.report(format!("Incident {n}")).unwrap();
                    }
                }
            });
        }
    });
    // One is read by a consumer that has dealt with two, one by somebody who keeps no place, the others by nobody.
    let (reader, other) = (agent(repository.clone(), &tenants[7]), agent(repository.clone(), &tenants[9]));
    let mailer = reader.consumer("mailer").unwrap();
    let some = mailer.next(&Filter::default(), 2).unwrap();
    mailer.acknowledge(&some.next).unwrap();
    let cursor = other.feed(None, &Filter::default(), 2).unwrap().next;
    let later = SystemTime.now() + hours(1);
    assert_eq!(block_on(repository.trim_feed(SystemTime.now() - hours(1), 1_000)).unwrap(), 0, "all is of today");
    let mut rounds = Vec::new();
    loop {
        let gone = block_on(repository.trim_feed(later, 100)).unwrap();
        rounds.push(gone);
        assert!(gone <= 100 && rounds.len() < 20, "{rounds:?}");
        if gone == 0 {
            break;
        }
    }
    assert_eq!(rounds.iter().sum::<usize>(), 50 * 6 - 4, "{rounds:?}");
    assert_eq!(mailer.next(&Filter::default(), 10).unwrap().deliveries.len(), 4);
    let error = refused(other.feed(Some(&cursor), &Filter::default(), 10));
    assert!(matches!(error, RepositoryError::CursorTooOld), "{error:?}");
    // From here on, everybody is told of what comes.
    for tenant in &tenants {
        let desk = agent(repository.clone(), tenant);
        let start = desk.feed(None, &Filter::default(), 10).unwrap().next;
        let id = desk.report("One more").unwrap().id();
        let news = desk.feed(Some(&start), &Filter::default(), 10).unwrap();
        assert_eq!(news.deliveries.last().unwrap().record, id.into(), "{tenant}");
    }
}

#[test]
fn a_consumer_that_comes_while_the_feed_is_trimmed_loses_nothing() {
    let Some(schema) = Schema::new() else { return };
    let repository = schema.open();
    let desk = anna(repository.clone());
    for n in 0..6 {
        desk.report(format!("Incident {n}")).unwrap();
    }
    let two = desk.feed(None, &Filter::default(), 2).unwrap().next;
    let (ready, begun) = mpsc::channel();
    let (url, name) = (schema.url.clone(), schema.name.clone());
    let trimming = std::thread::spawn(move || {
        runtime().block_on(async {
            let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            let transaction = client.transaction().await.unwrap();
            let sql = format!("SELECT * FROM \"{name}\".trim({}, 5, '')", i64::MAX);
            transaction.batch_execute(&sql).await.unwrap();
            ready.send(()).unwrap();
            tokio::time::sleep(Duration::from_millis(500)).await;
            transaction.commit().await.unwrap();
        });
    });
    begun.recv().unwrap();
    // It is told that what it has dealt with is no longer the beginning: it does not take its place in vain.
    let mailer = desk.consumer("mailer").unwrap();
    let error = refused(mailer.acknowledge(&two));
    assert!(matches!(error, RepositoryError::CursorTooOld), "{error:?}");
    trimming.join().unwrap();
    assert_eq!(mailer.next(&Filter::default(), 10).unwrap().deliveries.len(), 1);
}

#[test]
fn a_backlog_of_one_tenant_costs_the_others_nothing() {
    let settings = [
        "fsync = off",
        "autovacuum = off",
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_nested_statements = on",
    ];
    let Some(cluster) = Cluster::start(&settings) else { return skipped() };
    let repository = block_on(PostgresRepository::open(&cluster.url("andon"))).unwrap();
    let desk = anna(repository.clone());
    let id = desk.report("Mail is down").unwrap().id();
    let page = desk.feed(None, &Filter::default(), 10).unwrap();
    // A long feed that was read, and one that nobody reads.
    cluster.admin(
        "andon",
        "SET andon.across = 'on'; \
         INSERT INTO andon.feed (tenant, place, kind, id, first, last, at) \
         SELECT 'busy', n, 1, f.id, 1, 1, f.at FROM andon.feed f, generate_series(1, 60000) n; \
         INSERT INTO andon.feed (tenant, kind, id, first, last, at) \
         SELECT 'quiet', 1, f.id, 1, 1, f.at FROM andon.feed f, generate_series(1, 4000) n WHERE f.tenant = 'acme'; \
         ANALYZE",
    );
    let before = cluster.log().len();
    desk.incident(id).execute(note("a note")).unwrap();
    desk.feed(Some(&page.next), &Filter::default(), 10).unwrap();
    desk.worklist(&Query::open(), None, 10).unwrap();
    desk.consumer("mailer").unwrap().acknowledge(&page.next).unwrap();
    let told = cluster.log().split_off(before);
    let plans: Vec<&str> = told.split("duration: ").filter(|told| told.contains("plan:")).collect();
    assert!(plans.iter().any(|plan| plan.contains("unnest(arrivals)")), "a place was given");
    assert!(plans.iter().filter(|plan| plan.contains("unplaced on")).count() >= 3, "it was looked for");
    for plan in plans {
        assert!(!plan.contains("Seq Scan on feed"), "{plan}");
    }
}

#[test]
fn terms_follow_whoever_was_waited_for() {
    // As one who mends the record, whose version stays: how it stood was wrong, or the terms were gone.
    for (repair, fault) in [
        (
            "UPDATE @record SET standing = replace(standing, E'\\ngroup:Network\\n', E'\\ngroup:Other\\n'); \
             UPDATE @term SET term = 'group:Other' WHERE term = 'group:Network'",
            "",
        ),
        (
            "UPDATE @record SET title = title; INSERT INTO @term (tenant, term, kind, id) \
             SELECT tenant, 'group:Network', kind, id FROM @record",
            "DELETE FROM @term WHERE term = 'group:Network'",
        ),
    ] {
        let Some(schema) = Schema::new() else { return };
        let repository = schema.open();
        let desk = anna(repository.clone());
        let id = desk.report("Mail is down").unwrap().id();
        desk.incident(id).assign(Assign::to_group("Network")).unwrap();
        let here = |sql: &str| {
            let sql = sql.replace('@', &format!("\"{}\".", schema.name));
            format!("SET andon.tenant = 'acme'; {sql}")
        };
        run(&schema.url, &here(fault)).unwrap();
        let (ready, held) = mpsc::channel();
        let (url, repair) = (schema.url.clone(), here(repair));
        let mender = std::thread::spawn(move || {
            runtime().block_on(async {
                let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
                tokio::spawn(connection);
                let transaction = client.transaction().await.unwrap();
                transaction.batch_execute(&repair).await.unwrap();
                ready.send(()).unwrap();
                tokio::time::sleep(Duration::from_millis(500)).await;
                transaction.commit().await.unwrap();
            });
        });
        held.recv().unwrap();
        desk.incident(id).assign(Assign::to_group("Mail")).unwrap();
        mender.join().unwrap();
        let inspection = block_on(repository.inspect(|_| {})).unwrap();
        assert!(inspection.is_sound(), "{inspection:?}");
        let sql = "DO $$ BEGIN IF (SELECT array_agg(term) FROM @term WHERE term LIKE 'group:%') \
                   IS DISTINCT FROM ARRAY['group:Mail'] THEN RAISE 'other terms stayed'; END IF; END $$";
        run(&schema.url, &here(sql)).unwrap();
    }
}

#[test]
fn the_usual_command_is_one_statement_and_the_same_again_is_answered() {
    let Some(cluster) = Cluster::start(&["log_statement = all"]) else { return skipped() };
    let repository = block_on(PostgresRepository::open(&cluster.url("andon"))).unwrap();
    let desk = anna(repository);
    let id = desk.report("Mail is down").unwrap().id();
    let calls = |of: &str| cluster.log().matches(of).count();
    let (land, usual) = ("FROM \"andon\".land(", "WITH written AS (");
    assert_eq!((calls(land), calls(usual)), (1, 0));
    let again = desk.clone().with_command(CommandId::named("once"));
    again.incident(id).assign(Assign::to_group("Mail")).unwrap();
    desk.incident(id).start_work().unwrap();
    desk.incident(id).hold("awaiting_caller").unwrap();
    assert!(again.incident(id).assign(Assign::to_group("Mail")).unwrap().was_repeated());
    assert_eq!((calls(land), calls(usual)), (1, 3));
}

#[test]
fn a_statement_that_is_cancelled_leaves_its_connection_as_it_was() {
    let Some(cluster) = Cluster::start(&[]) else { return skipped() };
    let repository = block_on(PostgresOptions::new().connections(1).open(&cluster.url("andon"))).unwrap();
    let desk = anna(repository);
    let id = desk.report("Mail is down").unwrap().id();
    let (end, ended) = mpsc::channel::<()>();
    let url = cluster.url("admin");
    let other = std::thread::spawn(move || {
        let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'andon' AND state <> 'idle'";
        while ended.try_recv().is_err() {
            run(&url, cancel).unwrap();
            std::thread::sleep(Duration::from_millis(3));
        }
    });
    let (mut done, mut cancelled) = (0_u64, 0_u64);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        let command = desk.clone().with_command(CommandId::named(&format!("{}", done + cancelled)));
        match command.incident(id).add_note(format!("Try {}", done + cancelled)) {
            Ok(_) => done += 1,
            Err(error) => {
                // It is known that nothing was done, and the connection is not to blame.
                let source = refused(Err::<(), _>(error));
                assert!(matches!(source, RepositoryError::Unavailable { .. }), "{source:?}");
                cancelled += 1;
            }
        }
    }
    end.send(()).unwrap();
    other.join().unwrap();
    println!("{done} done, {cancelled} cancelled");
    assert!(done > 0 && cancelled > 0);
    assert_eq!(desk.incident(id).get().unwrap().version().get(), done + 1);
    desk.incident(id).assign(Assign::to_group("Mail")).unwrap();
}
