//! A PostgreSQL server that is thrown away: started from the `initdb` and `postgres` of the machine, or the one that
//! `ANDON_TEST_POSTGRES` names.

use std::{
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use andon::store::{PostgresOptions, PostgresRepository};
use pollster::block_on;

/// A server with an empty database. The role that is given owns the database, and is no superuser: row-level security
/// holds for it.
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    /// Ends the server when its input ends, as it does when the test's process ends, however it ends.
    keeper: Option<Child>,
}

/// Who may own a server: not root.
fn owner() -> Option<(u32, u32)> {
    let id = |args: &[&str]| -> Option<u32> {
        let said = Command::new("id").args(args).output().ok().filter(|said| said.status.success())?;
        String::from_utf8(said.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"])? != 0 {
        return None;
    }
    ["postgres", "nobody"].iter().find_map(|user| Some((id(&["-u", user])?, id(&["-g", user])?)))
}

fn found() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&paths).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort();
    folders.splice(0..0, versions.into_iter().rev());
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn as_owner(command: &mut Command) -> &mut Command {
    match owner() {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

impl Cluster {
    /// Starts one of its own, with these settings; `None` if the machine has no PostgreSQL.
    pub fn start(settings: &[&str]) -> Option<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let bin = found()?;
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("andon-pg-{}-{made}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        if let Some((user, group)) = owner() {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let mut init = Command::new(bin.join("initdb"));
        init.args(["--username", "admin", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "-D"]);
        let made = as_owner(init.arg(folder.join("data")).current_dir(&folder)).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let lines: Vec<String> = settings.iter().map(|line| format!("{line}\n")).collect();
        let usual = format!("listen_addresses = ''\nunix_socket_directories = '{}'\nport = 5432\n", folder.display());
        let fast = "shared_buffers = 256MB\nmax_connections = 400\nlogging_collector = off\n";
        let file = folder.join("data/postgresql.conf");
        let before = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{before}\n{usual}{fast}{}", lines.concat())).unwrap();
        let port = settings.iter().filter_map(|line| line.strip_prefix("port = ")).next_back();
        let port = port.map_or(5432, |port| port.trim().parse().unwrap());
        let mut cluster = Self { folder, bin, port, keeper: None };
        cluster.up();
        cluster.admin("postgres", "CREATE ROLE andon LOGIN; CREATE ROLE other LOGIN");
        cluster.admin("postgres", "CREATE DATABASE andon OWNER andon");
        Some(cluster)
    }

    /// Starts the server, and waits until it answers.
    pub fn up(&mut self) {
        let script = "\"$0\" -D \"$1\" >>\"$2/log\" 2>&1 & pid=$!; read -r how; \
                      if [ \"$how\" = immediate ]; then kill -QUIT $pid; else kill -INT $pid; fi; wait $pid; \
                      if [ -z \"$how\" ]; then rm -rf \"$2\"; fi";
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(script).arg(self.bin.join("postgres")).arg(self.folder.join("data")).arg(&self.folder);
        keeper.stdin(Stdio::piped()).current_dir(&self.folder).process_group(0);
        self.keeper = Some(as_owner(&mut keeper).spawn().unwrap());
        let began = Instant::now();
        while self.try_admin("postgres", "SELECT 1").is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the server at once, as a crash would.
    pub fn down(&mut self) {
        use std::io::Write as _;
        let mut keeper = self.keeper.take().unwrap();
        keeper.stdin.take().unwrap().write_all(b"immediate\n").unwrap();
        keeper.wait().unwrap();
    }

    /// What the server said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The address of the database, for a role.
    pub fn url(&self, role: &str) -> String {
        format!("host={} port={} user={role} dbname=andon", self.folder.display(), self.port)
    }

    /// The socket at which somebody listens.
    pub fn socket(&self, port: u16) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{port}"))
    }

    /// Gives a file to the one who owns servers, for nobody else to read.
    pub fn give(file: &std::path::Path) {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = owner() {
            chown(file, Some(user), Some(group)).unwrap();
        }
    }

    /// What the server's own programs say, run as the one who owns it.
    pub fn program(&self, name: &str) -> Command {
        let mut program = Command::new(self.bin.join(name));
        as_owner(program.current_dir(&self.folder));
        program
    }

    /// What runs as the one who owns the server.
    pub fn as_owner<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        as_owner(command).current_dir(&self.folder)
    }

    fn try_admin(&self, database: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
        let url = format!("host={} port={} user=admin dbname={database}", self.folder.display(), self.port);
        run(&url, sql)
    }

    /// Runs statements as the superuser.
    pub fn admin(&self, database: &str, sql: &str) {
        self.try_admin(database, sql).unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Runs statements at an address.
pub fn run(url: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
        let driver = tokio::spawn(connection);
        client.batch_execute(sql).await?;
        drop(client);
        driver.await.unwrap()
    })
}

/// The address of a database that all tests share; `None`, with a word, if there is none. With `CI` there must be one.
pub fn shared() -> Option<&'static str> {
    static SHARED: OnceLock<Option<(String, Option<Cluster>)>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        if let Ok(url) = std::env::var("ANDON_TEST_POSTGRES") {
            return Some((url, None));
        }
        // The loss of power is no part of these tests.
        let cluster = Cluster::start(&["fsync = off", "full_page_writes = off"])?;
        Some((cluster.url("andon"), Some(cluster)))
    });
    if shared.is_none() {
        skipped();
    }
    shared.as_ref().map(|(url, _)| url.as_str())
}

/// Says that something is skipped; where everything must be tested it fails.
pub fn skipped() {
    assert!(std::env::var_os("CI").is_none(), "no PostgreSQL: install the package postgresql");
    println!("skipped: no PostgreSQL");
}

/// A schema of its own for a test. It is removed in the end.
pub struct Schema {
    pub url: String,
    pub name: String,
}

impl Schema {
    pub fn new() -> Option<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let url = shared()?.to_owned();
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        Some(Self { url, name: format!("andon_test_{}_{made}", std::process::id()) })
    }

    pub fn options(&self) -> PostgresOptions {
        PostgresOptions::new().schema(&self.name).connections(8)
    }

    pub fn open(&self) -> PostgresRepository {
        block_on(self.options().open(&self.url)).unwrap()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // What is left of it is thrown away with its database.
        let _ = run(
            &self.url,
            &format!("SET client_min_messages = error; DROP SCHEMA IF EXISTS \"{}\" CASCADE", self.name),
        );
    }
}
