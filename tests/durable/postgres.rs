//! What only a server can do: be stopped in the middle, share transactions, be reached through a pooler, tell others.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use andon::{
    Actor, CommandId, Desk, Error, Id, Incident, Repository,
    blocking::{self, ActingDesk},
    command::Report,
    key::TenantId,
    store::{
        Filter, OpenError, PageRequest, PostgresOptions, PostgresRepository, Query, RepositoryError, Scope, Share,
        Sort, Sweep,
    },
};
use pollster::block_on;

use crate::{
    child::{any, note},
    common::{
        Dice,
        cluster::{Cluster, Schema, run, skipped},
        whole::whole_of,
    },
};

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn anna<R: Repository>(repository: R) -> ActingDesk<R> {
    let desk = blocking::Desk::from(Desk::new(repository)).tenant("acme").unwrap();
    desk.acting_as(Actor::person("anna").unwrap().role("agent").unwrap().group("Network").unwrap())
}

/// What a command that was sent has come to, as far as its writer knows.
#[derive(Debug, Clone, Copy)]
enum Told {
    Landed(u64),
    Unknown,
}

/// Writes until it is told to stop. After an unknown outcome it sends the command again until it knows.
fn write(desk: &ActingDesk<PostgresRepository>, seed: u64, stop: &AtomicBool) -> (Vec<(CommandId, Told)>, u64) {
    let mut dice = Dice(seed);
    let (mut mine, mut told, mut settled): (Vec<Id<Incident>>, Vec<_>, u64) = (Vec::new(), Vec::new(), 0);
    let mut n = 0;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let command = CommandId::named(&format!("{seed}/{n}"));
        let kind = if mine.is_empty() { 0 } else { dice.roll(6) };
        let at = usize::try_from(dice.roll(u64::try_from(mine.len().max(1)).unwrap())).unwrap();
        let what = any(&mut dice);
        let mut doubted = false;
        // A server that is away comes back: each round is a moment later.
        for _ in 0..2_000 {
            let sent = if kind == 0 {
                desk.clone().with_command(command).report(format!("Incident {n} of {seed}"))
            } else {
                desk.incident(mine[at]).with_command(command).execute(what.clone())
            };
            match sent {
                Ok(outcome) => {
                    if outcome.version().get() == 1 {
                        mine.push(outcome.id());
                    }
                    settled += u64::from(doubted);
                    told.push((command, Told::Landed(outcome.version().get())));
                    break;
                }
                Err(Error::Repository { source: RepositoryError::OutcomeUnknown { command: which }, .. }) => {
                    assert_eq!(which, command);
                    if !doubted {
                        told.push((command, Told::Unknown));
                    }
                    doubted = true;
                }
                Err(Error::Repository { source: RepositoryError::Unavailable { .. }, .. }) => {}
                // What an incident does not take is refused, and leaves nothing.
                Err(Error::Repository { source, .. }) => panic!("{source:?}"),
                Err(_) => {
                    settled += u64::from(doubted);
                    break;
                }
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    (told, settled)
}

#[test]
fn what_was_answered_survives_the_server() {
    let Some(mut cluster) = Cluster::start(&["restart_after_crash = off"]) else { return skipped() };
    let url = cluster.url("andon");
    let restarts = if crate::common::long() { 100 } else { 20 };
    let patience = Duration::from_secs(3);
    let repository = block_on(PostgresOptions::new().patience(patience).open(&url)).unwrap();
    let stop = AtomicBool::new(false);
    let all: Vec<(Vec<(CommandId, Told)>, u64)> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|seed| {
                let (repository, stop) = (repository.clone(), &stop);
                scope.spawn(move || write(&anna(repository), seed, stop))
            })
            .collect();
        let mut dice = Dice(7);
        for _ in 0..restarts {
            std::thread::sleep(Duration::from_millis(100 + dice.roll(400)));
            cluster.down();
            cluster.up();
        }
        std::thread::sleep(Duration::from_millis(500));
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let inspection = block_on(repository.inspect(|_| {})).unwrap();
    assert!(inspection.is_sound(), "{inspection:?}");
    let whole = whole_of(&repository, &acme());
    let (mut landed, mut unknown) = (0, 0);
    for (command, told) in all.iter().flat_map(|(told, _)| told) {
        match told {
            Told::Landed(version) => {
                landed += 1;
                let answer =
                    whole.answers.get(command).unwrap_or_else(|| panic!("{command} was answered, and is lost"));
                assert_eq!(answer.touched.first().unwrap().last.get(), *version, "what {command} was answered with");
            }
            Told::Unknown => unknown += 1,
        }
    }
    let settled: u64 = all.iter().map(|(_, settled)| settled).sum();
    println!(
        "{restarts} restarts, {landed} commands answered, {unknown} outcomes unknown, {settled} settled by their ids"
    );
    assert_eq!(settled, unknown, "every unknown outcome is settled");
    assert!(landed > restarts * 10, "only {landed} commands were answered: nothing was tried");
}

#[test]
fn rows_of_the_hosts_and_a_command_land_together_or_not_at_all() {
    let Some(schema) = Schema::new() else { return };
    let repository = schema.open();
    run(&schema.url, &format!("CREATE TABLE \"{}\".outage (host text)", schema.name)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut client, connection) = tokio_postgres::connect(&schema.url, tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        let insert = format!("INSERT INTO \"{}\".outage VALUES ('mx1')", schema.name);
        let count = format!("SELECT count(*) FROM \"{}\".outage", schema.name);
        let desk = Desk::new(repository.clone());
        let outside = desk.tenant("acme").unwrap().acting_as(Actor::person("anna").unwrap().role("agent").unwrap());
        for commits in [false, true] {
            let transaction = client.transaction().await.unwrap();
            transaction.batch_execute(&insert).await.unwrap();
            let within = Desk::new(repository.within(&transaction)).tenant("acme").unwrap();
            let anna = within.acting_as(Actor::person("anna").unwrap().role("agent").unwrap());
            let incident = anna.report("Mail is down").await.unwrap();
            anna.incident(incident.id()).execute(note("mx1 does not answer")).await.unwrap();
            // A command that is refused leaves the transaction as it was.
            let refused = anna.incident(incident.id()).if_version(andon::Version::new(9)).start_work().await;
            assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
            assert!(outside.incident(incident.id()).get().await.is_err(), "it was seen before it landed");
            if commits {
                transaction.commit().await.unwrap();
                assert_eq!(outside.incident(incident.id()).get().await.unwrap().version().get(), 2);
            } else {
                transaction.rollback().await.unwrap();
                assert!(outside.incident(incident.id()).get().await.is_err(), "what was taken back is there");
            }
            let rows: i64 = client.query_one(&count, &[]).await.unwrap().get(0);
            assert_eq!(rows, i64::from(commits));
        }
        // What is checked after a lock would be seen as it was before it.
        let strict = client.build_transaction().isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
        let transaction = strict.start().await.unwrap();
        let within = Desk::new(repository.within(&transaction)).tenant("acme").unwrap();
        let anna = within.acting_as(Actor::person("anna").unwrap().role("agent").unwrap());
        let refused = format!("{:?}", anna.report("Mail is down").await.unwrap_err());
        assert!(refused.contains("READ COMMITTED"), "{refused}");
        transaction.rollback().await.unwrap();
        drop(client);
        driver.await.unwrap().unwrap();
    });
    let whole = whole_of(&repository, &acme());
    assert_eq!((whole.records.len(), whole.answers.len(), whole.writes), (1, 2, 2));
}

#[test]
fn whoever_waits_in_another_process_is_told() {
    let Some(schema) = Schema::new() else { return };
    let (here, there) = (schema.open(), schema.open());
    let desk = anna(here.clone());
    let first = desk.report("Mail is down").unwrap();
    let page = desk.feed(None, &Filter::default(), 10).unwrap();
    let waiting = Arc::new(AtomicBool::new(true));
    let waiter = {
        let (desk, waiting) = (anna(there), Arc::clone(&waiting));
        std::thread::spawn(move || {
            let began = Instant::now();
            desk.changed(&page.next).unwrap();
            waiting.store(false, Ordering::SeqCst);
            began.elapsed()
        })
    };
    std::thread::sleep(Duration::from_millis(700));
    assert!(waiting.load(Ordering::SeqCst), "nothing has happened yet");
    desk.incident(first.id()).execute(note("a note")).unwrap();
    let took = waiter.join().unwrap();
    // Nobody who listens looks by themselves so soon.
    assert!(took < Duration::from_secs(10), "it took {took:?}");
}

#[test]
fn migrations_are_applied_once_and_can_be_run_again_wherever_they_were_killed() {
    let Some(schema) = Schema::new() else { return };
    let refused = block_on(schema.options().migrate(false).open(&schema.url)).unwrap_err();
    assert!(matches!(refused, OpenError::OlderSchema { found: 0, .. }), "{refused:?}");
    let [first, second] = PostgresRepository::migrations() else { panic!("there is another migration to be killed") };
    let named = |sql: &str| sql.replace("{schema}", &format!("\"{}\"", schema.name)).replace("{channel}", "x");
    let begin = named(
        "CREATE SCHEMA {schema}; CREATE TABLE {schema}.migration \
         (version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());",
    );
    // Statements stand in paragraphs. After each, the process is killed.
    let mut killed = 0;
    let mut kill_after_each = |before: &str, sql: &str, found_after: u32| {
        let sql = named(sql);
        let paragraphs: Vec<&str> = sql.split("\n\n").collect();
        for upto in 0..=paragraphs.len() {
            let ran = paragraphs[..upto].join("\n\n");
            let alive =
                run(&schema.url, &format!("BEGIN; {before} {ran}\n; SELECT pg_terminate_backend(pg_backend_pid())"));
            assert!(alive.is_err_and(|error| error.code().is_none_or(|code| code.code() == "57P01")));
            let refused = block_on(schema.options().migrate(false).open(&schema.url)).unwrap_err();
            assert!(matches!(refused, OpenError::OlderSchema { found, .. } if found == found_after), "{refused:?}");
            killed += 1;
        }
    };
    kill_after_each(&begin, first.sql, 0);
    let noted = named("INSERT INTO {schema}.migration (version, name) VALUES (1, 'the first');");
    run(&schema.url, &format!("BEGIN; {begin} {}\n; {noted} COMMIT", named(first.sql))).unwrap();
    kill_after_each("", second.sql, 1);
    assert!(killed > 30, "only {killed} were killed");
    let applied = block_on(schema.options().apply_migrations(&schema.url)).unwrap();
    assert_eq!(applied, [second]);
    run(&schema.url, &named("DROP SCHEMA {schema} CASCADE")).unwrap();
    let applied = block_on(schema.options().apply_migrations(&schema.url)).unwrap();
    assert_eq!(applied.len(), PostgresRepository::migrations().len());
    assert!(block_on(schema.options().apply_migrations(&schema.url)).unwrap().is_empty());
    let repository = block_on(schema.options().migrate(false).open(&schema.url)).unwrap();
    let health = block_on(repository.health()).unwrap();
    assert_eq!((health.schema, health.needed), (2, 2));
    assert!(health.bytes > 0 && health.engine.starts_with(|c: char| c.is_ascii_digit()), "{health:?}");
    // A newer version of the library was here.
    run(&schema.url, &format!("INSERT INTO \"{}\".migration VALUES (99, 'of the future')", schema.name)).unwrap();
    let refused = block_on(schema.options().open(&schema.url)).unwrap_err();
    assert!(matches!(refused, OpenError::NewerSchema { found: 99, known: 2, .. }), "{refused:?}");
}

#[test]
fn what_is_no_repository_is_told_in_time() {
    let Some(schema) = Schema::new() else { return };
    run(&schema.url, &format!("CREATE SCHEMA \"{0}\"; CREATE TABLE \"{0}\".order_line (id int)", schema.name)).unwrap();
    let refused = block_on(schema.options().open(&schema.url)).unwrap_err();
    assert!(
        matches!(&refused, OpenError::NotARepository { place, .. } if place.ends_with(&schema.name)),
        "{refused:?}"
    );
    for name in ["", "Andon", "x y", "1st", "x\"; DROP TABLE record; --"] {
        let refused = block_on(PostgresOptions::new().schema(name).open(&schema.url)).unwrap_err();
        assert!(matches!(refused, OpenError::NotARepository { .. }), "{refused:?}");
    }
    // Nobody is there, or somebody who says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let silent_address = format!("host=127.0.0.1 port={port} user=andon");
    let addresses = [
        ("host=/nowhere user=andon", "No such file"),
        ("host=127.0.0.1 port=1 user=andon", "refused"),
        ("postgres://", "host"),
        ("no address", "invalid connection string"),
        (silent_address.as_str(), "in time"),
    ];
    for (address, why) in addresses {
        let began = Instant::now();
        let opened = block_on(PostgresOptions::new().patience(Duration::from_secs(1)).open(address));
        let refused = opened.unwrap_err();
        let unavailable = matches!(refused, OpenError::Repository(RepositoryError::Unavailable { .. }));
        assert!(unavailable && began.elapsed() < Duration::from_secs(10), "{address}: {refused:?}");
        let told = refused.to_string();
        let cause = told.strip_prefix("the PostgreSQL repository is unavailable: ").unwrap();
        assert!(cause.contains(why), "{address}: {told}");
    }
}

#[test]
fn what_is_damaged_is_told_by_its_key_and_made_anew() {
    let Some(schema) = Schema::new() else { return };
    let repository = schema.open();
    let desk = anna(repository.clone());
    let ids: Vec<_> =
        ["Mail is down", "Printer on fire", "No coffee"].map(|title| desk.report(title).unwrap().id()).into();
    desk.incident(ids[0]).execute(note("a note")).unwrap();
    let damage = |sql: &str| {
        let sql = sql.replace('@', &format!("\"{}\".", schema.name));
        run(&schema.url, &format!("SET andon.across = 'on'; {sql}")).unwrap();
    };
    let corrupt = |result: Result<_, Error>| match result {
        Err(Error::Repository { source: RepositoryError::Corrupt { key, .. }, .. }) => key,
        other => panic!("{other:?}"),
    };
    damage("UPDATE @record SET snapshot = overlay(snapshot placing 'X' from 20 for 1) WHERE number = 'INC0000001'");
    let first = andon::event::RecordId::from(ids[0]);
    assert_eq!(corrupt(desk.incident(ids[0]).get().map(drop)), first.to_string());
    assert!(desk.incident(ids[1]).get().is_ok(), "the others are readable");
    let inspection = block_on(repository.inspect(|_| {})).unwrap();
    assert_eq!(inspection.damages.len(), 1, "{inspection:?}");
    assert!(block_on(repository.rebuild(&acme(), ids[0])).unwrap());
    assert_eq!(desk.incident(ids[0]).get().unwrap().version().get(), 2);
    assert!(block_on(repository.inspect(|_| {})).unwrap().is_sound());
    assert!(!block_on(repository.rebuild(&acme(), Id::<Incident>::from_u128(5))).unwrap());
    // A record that a search would not find.
    damage("DELETE FROM @term WHERE term = 'token:printer'");
    let inspection = block_on(repository.inspect(|_| {})).unwrap();
    let told: Vec<_> = inspection.damages.iter().map(|damage| damage.record).collect();
    assert_eq!(told, [ids[1].into()]);
    assert!(block_on(repository.rebuild(&acme(), ids[1])).unwrap());
    assert!(block_on(repository.inspect(|_| {})).unwrap().is_sound());
    // An event that is damaged cannot be made up for.
    damage("UPDATE @event SET json = json || ' ' WHERE sequence = 2");
    assert_eq!(
        corrupt(desk.incident(ids[0]).events(andon::Version::new(1), 10).map(drop)),
        format!("event 2 of {first}")
    );
    let refused = block_on(repository.rebuild(&acme(), ids[0])).unwrap_err();
    assert!(matches!(refused, RepositoryError::Corrupt { .. }), "{refused:?}");
}

#[test]
fn whoever_names_no_tenant_sees_and_writes_nothing() {
    let Some(schema) = Schema::new() else { return };
    let repository = schema.open();
    anna(repository).report("Mail is down").unwrap();
    let tables = ["record", "event", "feed", "answer", "term", "subject", "counter"];
    for table in tables {
        let table = format!("\"{}\".{table}", schema.name);
        let assert = |setting: &str, rows: bool| {
            let wrong = if rows { "=" } else { ">" };
            let sql = format!(
                "{setting} DO $$ BEGIN IF (SELECT count(*) FROM {table}) {wrong} 0 THEN RAISE 'wrong'; END IF; END $$"
            );
            run(&schema.url, &sql).unwrap_or_else(|error| panic!("{table} {setting}: {error}"));
        };
        assert("", false);
        assert("SET andon.tenant = 'beta';", false);
        assert("SET andon.tenant = 'acme';", true);
    }
    let insert = format!("SET andon.tenant = 'beta'; INSERT INTO \"{}\".counter VALUES ('acme', 2, 7)", schema.name);
    assert!(run(&schema.url, &insert).is_err(), "a row of another tenant's was written");
}

#[test]
fn another_life_of_the_store_is_noticed() {
    let Some(schema) = Schema::new() else { return };
    let repository = schema.open();
    let desk = anna(repository.clone());
    desk.report("Mail is down").unwrap();
    let page = desk.feed(None, &Filter::default(), 10).unwrap();
    desk.feed(Some(&page.next), &Filter::default(), 10).unwrap();
    // As a dump that is restored: the table is another one.
    let sql = "SET andon.across = 'on'; CREATE TABLE @kept AS SELECT * FROM @feed; ALTER TABLE @feed RENAME TO gone; \
               CREATE TABLE @feed (LIKE @gone INCLUDING ALL); \
               INSERT INTO @feed OVERRIDING SYSTEM VALUE SELECT * FROM @kept";
    run(&schema.url, &sql.replace('@', &format!("\"{}\".", schema.name))).unwrap();
    let error = desk.feed(Some(&page.next), &Filter::default(), 10).unwrap_err();
    assert!(format!("{error:?}").contains("CursorTooOld"), "{error:?}");
    assert_eq!(block_on(repository.load(&Scope::everything(&acme()), None, None)).unwrap().policy, None);
}

#[test]
fn row_level_security_alone_is_told_from_nothing_at_all() {
    let Some(cluster) = Cluster::start(&["fsync = off"]) else { return skipped() };
    // Nobody's row-level security holds for a superuser: what it keeps apart elsewhere meets here.
    for (role, meets) in [("andon", false), ("admin", true)] {
        let options = PostgresOptions::new().schema(format!("of_{role}")).row_level_security_alone();
        let repository = block_on(options.open(&cluster.url(role))).unwrap();
        let id = anna(repository.clone()).report("Mail is down").unwrap().id();
        let beta = Scope::everything(&"beta".parse().unwrap());
        let found = block_on(repository.load(&beta, Some(&id.into()), None)).unwrap();
        assert_eq!(found.record.is_some(), meets, "{role}");
    }
}

/// How far away the server seems to be. Whatever is asked at once is sent before the first answer is there.
const DISTANCE: Duration = Duration::from_millis(100);

/// Stands between the library and a server far away, and counts how often the server is asked anew after it answered.
fn counting_proxy(cluster: &Cluster) -> (String, Arc<AtomicU64>) {
    use std::{
        io::{Read as _, Write as _},
        os::unix::net::{UnixListener, UnixStream},
    };

    let (host, turns) = (cluster.socket(5432), Arc::new(AtomicU64::new(0)));
    let listener = UnixListener::bind(cluster.socket(5433)).unwrap();
    let counted = Arc::clone(&turns);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), UnixStream::connect(&host).unwrap());
            let (mut to_client, mut from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let answered = Arc::new(AtomicBool::new(true));
            let (turns, asks) = (Arc::clone(&counted), Arc::clone(&answered));
            std::thread::spawn(move || {
                let mut buffer = vec![0; 65_536];
                while let Ok(read @ 1..) = client.read(&mut buffer) {
                    turns.fetch_add(u64::from(asks.swap(false, Ordering::SeqCst)), Ordering::SeqCst);
                    server.write_all(&buffer[..read]).unwrap();
                }
            });
            std::thread::spawn(move || {
                let mut buffer = vec![0; 65_536];
                while let Ok(read @ 1..) = from_server.read(&mut buffer) {
                    std::thread::sleep(DISTANCE);
                    answered.store(true, Ordering::SeqCst);
                    let _ = to_client.write_all(&buffer[..read]);
                }
            });
        }
    });
    (cluster.url("andon").replace("port=5432", "port=5433"), turns)
}

#[test]
fn a_command_takes_two_round_trips() {
    let Some(cluster) = Cluster::start(&["fsync = off"]) else { return skipped() };
    let (url, turns) = counting_proxy(&cluster);
    // Beside the commands, nobody asks anything.
    let options = PostgresOptions::new().connections(1).listen_at("host=/nowhere");
    let repository = block_on(options.open(&url)).unwrap();
    let desk = anna(repository.clone());
    let id = desk.report("Mail is down").unwrap().id();
    // The first of its kind prepares its statements.
    desk.incident(id).execute(note("the first")).unwrap();
    let count = |what: &dyn Fn()| {
        let before = turns.load(Ordering::SeqCst);
        what();
        turns.load(Ordering::SeqCst) - before
    };
    let note = || drop(desk.incident(id).execute(note("another")).unwrap());
    let list = |query: Query| drop(desk.worklist(&query, None, 10).unwrap());
    // Statements that are usual are prepared when they are first asked.
    [Query::open(), Query::all().person("anna".parse().unwrap())].into_iter().for_each(list);
    let told = [
        ("a command", count(&note), 2),
        ("a report", count(&|| drop(desk.report("Printer on fire").unwrap())), 3),
        ("a read", count(&|| drop(desk.incident(id).get().unwrap())), 1),
        ("a list", count(&|| list(Query::open())), 1),
        ("a list of a few", count(&|| list(Query::all().person("anna".parse().unwrap()))), 1),
    ];
    println!("round trips: {told:?}");
    for (what, counted, most) in told {
        assert!((1..=most).contains(&counted), "{what} took {counted} round trips, and should take {most}");
    }
}

/// A pooler in transaction mode in front of a server; `None`, with a word, if the machine has none.
fn pooler(cluster: &Cluster) -> Option<std::process::Child> {
    let paths = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
    let Some(program) = paths.iter().find(|path| std::path::Path::new(path).exists()) else {
        assert!(std::env::var_os("CI").is_none(), "no PgBouncer: install the package pgbouncer");
        println!("skipped: no PgBouncer");
        return None;
    };
    let folder = cluster.socket(5432).parent().unwrap().to_owned();
    let settings = format!(
        "[databases]\nandon = host={0} port=5432 dbname=andon\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = {0}\n\
         auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 100\nlogfile = {0}/pooler.log\n",
        folder.display()
    );
    // Each user of the pooler is this one of the server's.
    let settings = settings.replace("dbname=andon", "dbname=andon user=andon");
    std::fs::write(folder.join("pooler.ini"), settings).unwrap();
    let mut command = std::process::Command::new(program);
    let child = cluster.as_owner(command.arg("-q").arg(folder.join("pooler.ini"))).spawn().unwrap();
    let began = Instant::now();
    while !cluster.socket(6432).exists() {
        assert!(began.elapsed() < Duration::from_secs(20), "the pooler does not come up");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(child)
}

#[test]
fn it_works_through_a_pooler_that_gives_each_transaction_another_connection() {
    let Some(cluster) = Cluster::start(&["fsync = off"]) else { return skipped() };
    let Some(mut pooler) = pooler(&cluster) else { return };
    let url = cluster.url("andon").replace("port=5432", "port=6432");
    let options = PostgresOptions::new().transaction_pooling(true).connections(16);
    let repository = block_on(options.open(&url)).unwrap();
    std::thread::scope(|scope| {
        for tenant in 0..8 {
            let repository = repository.clone();
            scope.spawn(move || {
                let desk = blocking::Desk::from(Desk::new(repository)).tenant(format!("tenant {tenant}")).unwrap();
                let anna = desk.acting_as(Actor::person("anna").unwrap().role("agent").unwrap());
                for n in 1..=20 {
                    let id = anna.report(format!("Incident {n} of {tenant}")).unwrap().id();
                    anna.incident(id).execute(note("a note")).unwrap();
                    let page = anna.worklist(&Query::open(), None, 100).unwrap();
                    assert_eq!(page.rows.len(), n, "tenant {tenant}");
                }
            });
        }
    });
    let inspection = block_on(repository.inspect(|_| {})).unwrap();
    assert!(inspection.is_sound() && inspection.records == 160, "{inspection:?}");
    pooler.kill().unwrap();
    pooler.wait().unwrap();
}

/// What the server did for some statements: their texts with their plans.
fn plans(cluster: &Cluster, what: impl FnOnce()) -> Vec<String> {
    let before = cluster.log().len();
    what();
    let log = cluster.log();
    let plans = log.get(before..).unwrap().split("duration: ").skip(1).filter(|told| told.contains("plan:"));
    plans.map(|told| told.split("LOG: ").next().unwrap().to_owned()).collect()
}

/// However many records bear what is asked for: a few are gathered as they are counted, more after that, and of many the
/// list goes along its order.
#[test]
fn lists_of_a_few_and_of_many_are_whole() {
    let Some(cluster) = Cluster::start(&["fsync = off"]) else { return skipped() };
    let repository = block_on(PostgresOptions::new().connections(1).open(&cluster.url("andon"))).unwrap();
    anna(repository.clone()).report("Mail is down").unwrap();
    cluster.admin(
        "andon",
        "INSERT INTO andon.record SELECT r.tenant, r.kind, r.done, 1 + n % 4, r.major, decode(md5(n::text), 'hex'), r.version, \
         CASE WHEN n % 3 = 0 THEN r.reported_at + n END, NULL, r.reported_at + n, r.updated_at + n, r.checksum, 'X' || n, \
         r.stage, r.label, r.priority, r.grp, r.person, r.clock, r.title, r.standing, r.snapshot \
         FROM andon.record r, generate_series(1, 5000) n WHERE r.number = 'INC0000001'; \
         INSERT INTO andon.term SELECT r.tenant, 'label:' || size, r.kind, r.id \
         FROM andon.record r, unnest(ARRAY[1, 199, 200, 201, 3999, 4000, 4001]) size \
         WHERE r.number LIKE 'X%' AND substr(r.number, 2)::int <= size; ANALYZE",
    );
    let (now, scope) = (andon::time::TimeSource::now(&andon::time::SystemTime), Scope::everything(&acme()));
    for (size, sort) in [1, 199, 200, 201, 3_999, 4_000, 4_001].into_iter().zip(Sort::ALL.into_iter().cycle()) {
        // A second label narrows down nothing.
        for labels in [vec![size], vec![size, 4_001], vec![4_001, size]] {
            let query =
                labels.iter().fold(Query::all(), |query, label| query.label(label.to_string().parse().unwrap()));
            let query = query.sorted(sort);
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let request = PageRequest { query: &query, at: now, after, limit: 150 };
                let page = block_on(repository.page(&scope, request)).unwrap();
                found.extend(page.rows.iter().map(|row| query.sort_key(row, now)));
                after = found.last().copied();
                if !page.more {
                    break;
                }
            }
            assert!(found.is_sorted() && found.len() == size, "{} of {size} by {sort:?}", found.len());
            let counted = block_on(repository.count(&scope, &query.filter, 10_000)).unwrap();
            assert_eq!(usize::try_from(counted).unwrap(), size);
        }
    }
}

/// Of a word that few records bear, these are gathered: thirty while they are counted, three thousand after that.
fn searches_gather(cluster: &Cluster, repository: &PostgresRepository, now: andon::time::Instant) {
    for (search, bearing) in [("mail tone", 30), ("down is mail fuser", 3_000)] {
        let query = Query::open().search(search).sorted(Sort::Priority);
        let told = plans(cluster, || {
            let request = PageRequest { query: &query, at: now, after: None, limit: 50 };
            for _ in 0..8 {
                let page = block_on(repository.page(&Scope::everything(&acme()), request)).unwrap();
                assert_eq!(page.rows.len(), bearing.min(50));
            }
        });
        let told: Vec<_> = told.iter().filter(|told| told.contains("record r WHERE")).collect();
        assert!(told.len() >= 8, "{told:?}");
        for plan in told {
            for table in ["record", "term", "subject"] {
                assert!(!plan.contains(&format!("Seq Scan on {table}")), "{search}: {plan}");
            }
            assert!(plan.contains("using record_pkey on record r") && plan.contains("term_pkey"), "{plan}");
        }
    }
}

#[test]
fn lists_and_sweeps_go_along_their_indexes() {
    let settings = [
        "fsync = off",
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_nested_statements = on",
    ];
    let Some(cluster) = Cluster::start(&settings) else { return skipped() };
    let repository = block_on(PostgresOptions::new().connections(1).open(&cluster.url("andon"))).unwrap();
    let desk = anna(repository.clone());
    let first = desk.report(Report::new("Mail is down").group("Network").person("anna")).unwrap().id();
    desk.report("Printer on fire").unwrap();
    // Thirty thousand more of the kind, in a hundred groups, of which some have fallen due.
    cluster.admin(
        "andon",
        "INSERT INTO andon.record SELECT r.tenant, r.kind, r.done, 1 + n % 4, r.major, decode(md5(n::text), 'hex'), r.version, \
         CASE WHEN n % 3 = 0 THEN r.reported_at + n END, CASE WHEN n % 300 = 0 THEN r.reported_at + n END, r.reported_at + n, \
         r.updated_at + n, r.checksum, 'X' || n, r.stage, r.label, r.priority, 'group ' || n % 100, 'person ' || n % 1000, \
         r.clock, r.title, r.standing, r.snapshot \
         FROM andon.record r, generate_series(1, 30000) n WHERE r.number = 'INC0000001'; \
         INSERT INTO andon.term SELECT t.tenant, t.term, t.kind, r.id FROM andon.term t, andon.record r \
         WHERE t.id = (SELECT id FROM andon.record WHERE number = 'INC0000001') AND r.number LIKE 'X%'; \
         CREATE TEMP TABLE said AS SELECT s.tenant, s.kind, r.id, CASE WHEN r.number LIKE '%000' THEN 'token:toner' \
         WHEN r.number LIKE '%7_' THEN 'token:fuser' END AS more, s.terms FROM andon.subject s, andon.record r \
         WHERE s.id = (SELECT id FROM andon.record WHERE number = 'INC0000001') AND r.number LIKE 'X%'; \
         INSERT INTO andon.term SELECT tenant, more, kind, id FROM said WHERE more IS NOT NULL; \
         INSERT INTO andon.subject SELECT tenant, kind, id, terms || coalesce(more || E'\n', '') FROM said; ANALYZE",
    );
    let now = andon::time::TimeSource::now(&andon::time::SystemTime);
    let open = Query::open();
    let lists = [
        open.clone().group("group 7".parse().unwrap()),
        open.clone().group("group 7".parse().unwrap()).sorted(Sort::Due),
        open.clone().priority(1).sorted(Sort::Priority),
        open.clone().sorted(Sort::Priority),
        open.clone().sorted(Sort::Due),
        open.clone().sorted(Sort::Reported),
        open.clone().sorted(Sort::Updated),
        open.clone(),
        // Words that everything bears.
        open.clone().search("is down mail").sorted(Sort::Priority),
    ];
    for query in &lists {
        let told = plans(&cluster, || {
            let scope = Scope::everything(&acme());
            let request = PageRequest { query, at: now, after: None, limit: 50 };
            // After five times, a statement has one plan for all values.
            for _ in 0..8 {
                let page = block_on(repository.page(&scope, request)).unwrap();
                assert_eq!(page.rows.len(), 50);
                let after = page.rows.last().map(|row| query.sort_key(row, now));
                block_on(repository.page(&scope, PageRequest { after, ..request })).unwrap();
            }
        });
        let told: Vec<_> = told.iter().filter(|told| told.contains("record r WHERE")).collect();
        assert!(told.len() >= 16, "{query:?}: {told:?}");
        for plan in told {
            // What of one group is never due is few, and put in order; there is no index for it. And so is what is gathered
            // while it is counted.
            let few = !query.filter.groups.is_empty() && plan.contains("r.due IS NULL") || plan.contains("WITH few AS");
            assert!(!plan.contains("Seq Scan") && (few || !plan.contains("Sort ")), "{query:?}: {plan}");
        }
    }
    searches_gather(&cluster, &repository, now);
    // Of what is rare, nothing else is read, and it is read once.
    let rare = open.person("person 7".parse().unwrap());
    let told = plans(&cluster, || {
        let request = PageRequest { query: &rare, at: now, after: None, limit: 50 };
        for _ in 0..8 {
            assert_eq!(block_on(repository.page(&Scope::everything(&acme()), request)).unwrap().rows.len(), 30);
        }
    });
    let told: Vec<_> = told.iter().filter(|told| told.contains("record r WHERE")).collect();
    assert_eq!(told.len(), 8, "{told:?}");
    for plan in told {
        assert!(
            plan.contains("using by_person on record p") && plan.contains("using record_pkey on record r"),
            "{plan}"
        );
        assert!(!plan.contains("Seq Scan on record") && !plan.contains("Join Filter"), "{plan}");
    }
    // A sweep reads what is due, and nothing else: a hundred of thirty thousand.
    let told = plans(&cluster, || {
        let sweep = Sweep { now, limit: 1_000, share: Share::ALL, after: None };
        assert_eq!(block_on(repository.wakes(sweep)).unwrap().len(), 100);
    });
    let sweep = told.iter().find(|told| told.contains("r.wake_at <= now")).unwrap();
    assert!(sweep.contains("using by_wake on record") && !sweep.contains("Sort "), "{sweep}");
    // A command finds everything by its keys.
    let told = plans(&cluster, || drop(desk.incident(first).execute(note("a note")).unwrap()));
    assert!(told.iter().any(|plan| plan.contains("Update on record r")), "{told:?}");
    for plan in &told {
        assert!(!plan.contains("Seq Scan on record") && !plan.contains("Seq Scan on event"), "{plan}");
    }
}
