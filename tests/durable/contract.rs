//! Every store keeps every promise.

use andon::{
    MemoryRepository,
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

#[test]
fn every_store_keeps_the_places_of_its_consumers() {
    pollster::block_on(async {
        contract::test_feed_keeper(|| async { ((), MemoryRepository::new()) }).await.unwrap();
        contract::test_feed_keeper(|| async { ((), SqliteRepository::open_in_memory().unwrap()) }).await.unwrap();
        let report = contract::test_feed_keeper(|| async {
            let folder = Folder::new();
            let repository = SqliteRepository::open(folder.file()).unwrap();
            (folder, repository)
        });
        assert_eq!(report.await.unwrap().cases().len(), 9);
    });
}

#[test]
fn a_tenant_can_be_moved_from_every_store_to_every_other() {
    pollster::block_on(async {
        contract::test_portable(|| async { ((), MemoryRepository::new()) }).await.unwrap();
        contract::test_portable(|| async { ((), SqliteRepository::open_in_memory().unwrap()) }).await.unwrap();
        let report = contract::test_portable(|| async {
            let folder = Folder::new();
            let repository = SqliteRepository::open(folder.file()).unwrap();
            (folder, repository)
        });
        assert_eq!(report.await.unwrap().cases().len(), 7);
    });
}

#[cfg(feature = "postgres")]
#[test]
fn postgresql_keeps_every_promise() {
    use crate::common::cluster::Schema;

    if crate::common::cluster::shared().is_none() {
        return;
    }
    let opened = || async {
        let schema = Schema::new().unwrap();
        let repository = schema.options().open(&schema.url).await.unwrap();
        (schema, repository)
    };
    let broken = broken(|| opened);
    assert!(broken.is_empty(), "{broken:#?}");
    pollster::block_on(async {
        assert_eq!(contract::test_feed_keeper(opened).await.unwrap().cases().len(), 9);
        assert_eq!(contract::test_portable(opened).await.unwrap().cases().len(), 7);
    });
}
