//! What the tests share: folders, children, and what must hold in any store at any time.

#[cfg(feature = "postgres")]
pub mod cluster;
pub mod whole;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use andon::{
    Actor, Desk,
    blocking::{self, ActingDesk},
    store::SqliteRepository,
};

/// Whether the long runs were asked for.
pub fn long() -> bool {
    std::env::var_os("ANDON_LONG").is_some()
}

/// A folder of its own for a test. It is removed in the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("andon-test-{}-{made}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("desk.andon")
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The same program as a child, in a role, on a file.
pub fn child(role: &str, file: &Path, seed: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child::child", "--exact", "--ignored", "--nocapture", "--test-threads", "1"]);
    command.env("ANDON_CHILD", role).env("ANDON_FILE", file).env("ANDON_SEED", seed.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Anna, an agent of the tenant `acme`, at a desk over this file.
pub fn anna(repository: &SqliteRepository) -> ActingDesk<SqliteRepository> {
    let desk = blocking::Desk::from(Desk::new(repository.clone()));
    desk.tenant("acme")
        .unwrap()
        .acting_as(Actor::person("anna").unwrap().role("agent").unwrap().group("Network").unwrap())
}

/// Numbers that look random: the same for a seed. (`SplitMix64`, Steele, Lea, Flood 2014.)
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (n ^ (n >> 31)) % sides
    }
}
