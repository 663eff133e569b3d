//! What a desk over a database costs, beside the engine alone that runs statements made by hand with the same values.
//!
//! `cargo bench --features postgres --bench postgres` measures lists over 100,000 incidents; `-- --large` over 1,000,000,
//! and `-- --small` over 10,000. A server is started for it, from the `initdb` and `postgres` of the machine. Desk and engine
//! take turns, each on a database of its own that holds the same; figures are medians, for machines are noisy: look at the
//! ratios. The time of the server is that of its processors, of all its processes together.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark that fails panics, and prints what it measured"
)]

#[path = "../../tests/durable/common/cluster.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod cluster;
#[path = "../common/figures.rs"]
mod figures;
mod raw;
#[path = "../common/recording.rs"]
mod recording;

use std::{
    fs::read_to_string,
    time::{Duration, Instant as Stopwatch},
};

use andon::{
    Actor, Desk, Id, Incident, PolicyDraft,
    command::{Assign, Hold, Report},
    desk::ActingDesk,
    permission::Permissions,
    store::{PostgresRepository, Query, Repository as _, Share, Sort, Sweep},
    time::{ManualTime, days},
};
use cluster::Cluster;
use cpu_time::ProcessTime;
use figures::{cycle, median, percentile};
use raw::{Raw, Standing};

type Recording = recording::Recording<PostgresRepository>;
type AtDesk = ActingDesk<Recording>;

const ROUNDS: usize = 9;
/// How many incidents go through five commands in a round.
const CHOSEN: usize = 100;
/// How many incidents are reported one by one. The others are copies of them.
const REPORTED: usize = 1_200;
const GROUPS: usize = 200;

fn now() -> andon::time::Instant {
    "2026-03-27T08:00:00Z".parse().unwrap()
}

fn desk(repository: Recording, time: ManualTime) -> AtDesk {
    let policy = PolicyDraft { permissions: Permissions::everything(), ..PolicyDraft::itil() }.validate().unwrap();
    let desk = Desk::new(repository).with_time(time).with_policy(policy).tenant("acme").unwrap();
    desk.acting_as(Actor::person("anna").unwrap().role("agent").unwrap())
}

async fn fill(desk: &AtDesk) -> Vec<Id<Incident>> {
    let mut ids = Vec::new();
    for index in 0..REPORTED {
        let urgency = ["high", "medium", "low"][index % 3];
        let report = Report::new(format!("Outgoing mail is stuck on relay {index}"))
            .caller(format!("caller-{index}"))
            .impact("medium")
            .urgency(urgency);
        let id = desk.report(report).await.unwrap().id();
        let group = format!("group-{}", index % GROUPS);
        desk.incident(id).assign(Assign::to_group(&group)).await.unwrap();
        if index % 10 == 9 {
            let until = now() + days(3 + u32::try_from(index % 50).unwrap());
            desk.incident(id).hold(Hold::new("awaiting_vendor").until(until)).await.unwrap();
        }
        ids.push(id);
    }
    ids
}

/// Copies what was reported until there are so many.
fn copy(cluster: &Cluster, count: usize) {
    let copies = count / REPORTED;
    cluster.admin(
        "andon",
        &format!(
            "CREATE TEMP TABLE copied AS SELECT r.kind, r.id AS of, n, decode(md5(r.id::text || n), 'hex') AS id \
             FROM andon.record r, generate_series(1, {copies}) n; \
             INSERT INTO andon.record SELECT r.tenant, r.kind, r.done, r.rank, r.major, c.id, r.version, r.due, \
             r.wake_at + c.n * 1000000, r.reported_at + c.n, r.updated_at + c.n, r.checksum, r.number || '-' || c.n, r.stage, \
             r.label, r.priority, r.grp, r.person, r.clock, r.title, r.standing, r.snapshot \
             FROM copied c JOIN andon.record r ON r.tenant = 'acme' AND r.kind = c.kind AND r.id = c.of; \
             INSERT INTO andon.term SELECT t.tenant, \
             CASE WHEN t.term LIKE 'caller:%' THEN t.term || '-' || c.n % 40 ELSE t.term END, t.kind, c.id FROM copied c \
             JOIN andon.term t ON t.tenant = 'acme' AND t.kind = c.kind AND t.id = c.of; \
             INSERT INTO andon.subject SELECT s.tenant, s.kind, c.id, \
             regexp_replace(s.terms, '(caller:[^\n]*)', '\\1-' || c.n % 40) FROM copied c \
             JOIN andon.subject s ON s.tenant = 'acme' AND s.kind = c.kind AND s.id = c.of;"
        ),
    );
    cluster.admin("andon", "VACUUM ANALYZE");
}

/// The time that the processes of a server have run, as far as they live.
fn server_time(cluster: &Cluster) -> Duration {
    let folder = cluster.socket(5432).parent().unwrap().to_owned();
    let pid = read_to_string(folder.join("data/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap();
    let children = read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let ran = |pid: &str| -> u64 {
        let told = read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
        told.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default()
    };
    Duration::from_nanos(children.split_whitespace().map(ran).sum())
}

fn main() {
    let large = std::env::args().any(|argument| argument == "--large");
    let small = std::env::args().any(|argument| argument == "--small");
    let count = match (large, small) {
        (true, _) => 1_000_000,
        (_, true) => 10_000,
        _ => 100_000,
    };
    // What servers are usually given is a quarter of the memory: here, of 24 GB.
    let settings = [
        "autovacuum = off",
        "shared_buffers = 6GB",
        "max_wal_size = 8GB",
        "checkpoint_timeout = 1h",
        "maintenance_work_mem = 512MB",
    ];
    let Some(cluster) = Cluster::start(&settings) else { return println!("skipped: no PostgreSQL") };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();

    let began = Stopwatch::now();
    let mut standing = Standing::default();
    let ids = runtime.block_on(async {
        let repository = PostgresRepository::open(&cluster.url("andon")).await.unwrap();
        let recording = Recording::new(repository.clone());
        recording.begin();
        let ids = fill(&desk(recording.clone(), ManualTime::at(now()))).await;
        for commit in recording.end() {
            standing.ready(&commit);
        }
        repository.close();
        ids
    });
    copy(&cluster, count);
    println!("{count} incidents filled in {:.1} s", began.elapsed().as_secs_f64());
    // A template must not be in use.
    cluster.admin("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'andon'");
    cluster.admin("postgres", "CREATE DATABASE theirs OWNER andon TEMPLATE andon");
    cluster.admin("theirs", "VACUUM ANALYZE");

    runtime.block_on(async {
        let repository = PostgresRepository::open(&cluster.url("andon")).await.unwrap();
        let recording = Recording::new(repository.clone());
        let desk = desk(recording.clone(), ManualTime::at(now()));
        let raw = Raw::open(&cluster.url("andon").replace("dbname=andon", "dbname=theirs")).await;
        commands(&cluster, &desk, &recording, &mut standing, &ids, &raw).await;
        pages(&desk, &repository).await;
        repository.close();
    });
}

/// Commands that each wait for the one before, in turns with the engine.
async fn commands(
    cluster: &Cluster,
    desk: &AtDesk,
    recording: &Recording,
    standing: &mut Standing,
    ids: &[Id<Incident>],
    raw: &Raw,
) {
    let (mut walls, mut servers, mut clients) = (vec![], vec![], vec![]);
    let (mut ours, mut theirs, mut ours_server, mut theirs_server) = (vec![], vec![], vec![], vec![]);
    // Those that are on hold are left alone.
    let mut spread = ids.iter().enumerate().filter(|(index, _)| index % 10 != 9).map(|(_, id)| *id);
    for round in 0..=ROUNDS {
        let chosen: Vec<_> = spread.by_ref().take(CHOSEN).collect();
        let steps = chosen.len() * 5;
        recording.begin();
        let (server, client) = (server_time(cluster), ProcessTime::now());
        let mut latencies = Vec::with_capacity(steps);
        for id in &chosen {
            for step in 0..5 {
                let one = Stopwatch::now();
                cycle(desk, *id, step).await;
                latencies.push(one.elapsed());
            }
        }
        let (client, server) = (client.elapsed(), server_time(cluster).saturating_sub(server));
        let ready: Vec<_> = recording.end().iter().map(|commit| standing.ready(commit)).collect();
        let (raw_server, raw_client) = (server_time(cluster), ProcessTime::now());
        let mut raw_latencies = Vec::with_capacity(steps);
        for one in &ready {
            let began = Stopwatch::now();
            raw.command(one).await;
            raw_latencies.push(began.elapsed());
        }
        let (raw_client, raw_server) = (raw_client.elapsed(), server_time(cluster).saturating_sub(raw_server));
        if round == 0 {
            // The first prepares statements and fills caches.
            continue;
        }
        let (p50, raw_p50) = (percentile(&mut latencies, 50), percentile(&mut raw_latencies, 50));
        walls.push(p50.as_secs_f64() / raw_p50.as_secs_f64());
        servers.push(server.as_secs_f64() / raw_server.as_secs_f64());
        clients.push(client.as_secs_f64() / raw_client.as_secs_f64());
        ours.push(p50.as_secs_f64() * 1e6);
        theirs.push(raw_p50.as_secs_f64() * 1e6);
        ours_server.push(server.as_secs_f64() * 1e6 / steps as f64);
        theirs_server.push(raw_server.as_secs_f64() * 1e6 / steps as f64);
    }
    println!(
        "one command: p50 {:.0} us, the statements alone {:.0} us; server {:.0} us, and {:.0} us",
        median(ours),
        median(theirs),
        median(ours_server),
        median(theirs_server)
    );
    println!(
        "one command: server's CPU {:.2} x the statements alone (bar 1.15), wall p50 {:.2} x, client's CPU {:.2} x",
        median(servers),
        median(walls),
        median(clients)
    );
}

/// Makes the n-th query of a kind.
type Make = Box<dyn Fn(usize) -> Query>;

/// Lists, counts and sweeps.
async fn pages(desk: &AtDesk, repository: &PostgresRepository) {
    let group = |n: usize| format!("group-{}", n % GROUPS).parse().unwrap();
    let lists: Vec<(&str, Make)> = vec![
        ("a group's open incidents, what is overdue first", Box::new(move |n| Query::open().group(group(n)))),
        (
            "a group's, priority 1 and 2",
            Box::new(move |n| Query::open().group(group(n)).priority(1).priority(2).sorted(Sort::Priority)),
        ),
        ("all open, by priority", Box::new(|_| Query::open().sorted(Sort::Priority))),
        ("all, what changed last", Box::new(|_| Query::all().sorted(Sort::Updated))),
        ("what is due next", Box::new(|_| Query::open().sorted(Sort::Due))),
        (
            "on hold, priority 2",
            Box::new(|_| Query::all().stage(andon::Stage::OnHold).priority(2).sorted(Sort::Priority)),
        ),
        (
            "of one caller",
            Box::new(|n| Query::all().caller(format!("caller-{}-{}", n % REPORTED, 1 + n % 8).parse().unwrap())),
        ),
        ("by a word of the title", Box::new(|n| Query::open().search(format!("relay {}", n % REPORTED)))),
    ];
    for (what, query) in lists {
        // For the first time the server fetches what the system has in memory; then it has it itself.
        for time in ["at first", "again"] {
            let mut times = Vec::new();
            for n in 0..200 {
                let query = query(n * 31);
                let one = Stopwatch::now();
                let page = desk.worklist(&query, None, 50).await.unwrap();
                assert!((1..=50).contains(&page.rows.len()));
                times.push(one.elapsed());
            }
            let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
            println!("page of 50: {what}, {time}: p50 {p50:?}, p99 {p99:?}");
        }
    }
    for (what, now) in [("nothing due", now()), ("up to 100 due", now() + days(60))] {
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..200 {
            let one = Stopwatch::now();
            found = repository.wakes(Sweep { now, limit: 100, share: Share::ALL, after: None }).await.unwrap().len();
            times.push(one.elapsed());
        }
        println!("sweep, {what}: {found} found, p50 {:?}", percentile(&mut times, 50));
    }
}
