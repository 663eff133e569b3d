//! Every store keeps every promise.

use andon::{
    contract::{self, blocking},
    store::SqliteRepository,
};

use crate::common::Folder;

fn broken<B: contract::Builder>(build: impl Fn() -> B) -> Vec<String> {
    contract::cases()
        .filter_map(|(case, _)| blocking::test_one(case, build()).err())
        .map(|broken| broken.to_string())
        .collect()
}

#[test]
fn a_file_keeps_every_promise() {
    let broken = broken(|| {
        || async {
            let folder = Folder::new();
            let repository = SqliteRepository::open(folder.file()).unwrap();
            (folder, repository)
        }
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn sqlite_in_memory_keeps_every_promise() {
    let broken = broken(|| || async { ((), SqliteRepository::open_in_memory().unwrap()) });
    assert!(broken.is_empty(), "{broken:#?}");
}
