//! The contract: the repositories of the library keep it, and each of its cases can fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails should say so at once"
)]

mod bent;
mod broken;
mod faults;

use std::{collections::BTreeSet, sync::Arc};

use andon::{
    MemoryRepository,
    contract::{self, FaultyRepository, blocking},
    store::AnyRepository,
};

#[test]
fn memory_keeps_every_promise() {
    let broken: Vec<_> = contract::cases()
        .filter_map(|(case, _)| blocking::test_one(case, || async { ((), MemoryRepository::new()) }).err())
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let report = blocking::test_all(|| async { ((), MemoryRepository::new()) }).unwrap();
    assert!(report.cases().iter().copied().eq(contract::cases().map(|(case, _)| case)));
    assert_eq!(report.to_string(), format!("{} promises are kept", contract::cases().count()));
}

#[test]
fn memory_keeps_every_promise_to_those_who_take_turns() {
    pollster::block_on(contract::test_all(|| async { ((), MemoryRepository::new()) })).unwrap();
}

#[test]
fn a_repository_behind_a_pointer_keeps_every_promise() {
    blocking::test_all(|| async { ((), Arc::new(MemoryRepository::new())) }).unwrap();
    blocking::test_all(|| async { ((), AnyRepository::new(MemoryRepository::new())) }).unwrap();
}

#[test]
fn a_faulty_repository_without_faults_keeps_every_promise() {
    blocking::test_all(|| async { ((), FaultyRepository::new(MemoryRepository::new())) }).unwrap();
}

#[test]
fn a_slow_repository_keeps_every_promise() {
    let slow = || async {
        let slow = FaultyRepository::new(MemoryRepository::new());
        slow.delay_each(2);
        ((), slow)
    };
    blocking::test_all(slow).unwrap();
    pollster::block_on(contract::test_all(slow)).unwrap();
}

#[test]
fn names_and_promises_are_all_different() {
    let (names, promises): (Vec<_>, Vec<_>) = contract::cases().unzip();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert_eq!(promises.iter().collect::<BTreeSet<_>>().len(), promises.len());
    assert!(promises.iter().all(|promise| promise.ends_with('.')));
}

#[test]
fn an_unknown_case_is_no_kept_promise() {
    let error = blocking::test_one("no_such_case", || async { ((), MemoryRepository::new()) }).unwrap_err();
    assert!(error.to_string().contains("no_such_case"), "{error}");
}

#[test]
fn each_case_can_fail() {
    let broken = broken::repositories();
    let (proved, names): (BTreeSet<_>, Vec<_>) =
        (broken.iter().map(|broken| broken.case).collect(), contract::cases().map(|(case, _)| case).collect());
    let unproved: Vec<_> = names.iter().filter(|case| !proved.contains(*case)).collect();
    assert!(unproved.is_empty(), "nothing shows that these can fail: {unproved:#?}");
    let unknown: Vec<_> = proved.iter().filter(|case| !names.contains(case)).collect();
    assert!(unknown.is_empty(), "there are no such cases: {unknown:#?}");
    // Some wait for what never comes: each has a thread.
    let kept: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = broken.iter().map(|broken| (broken, scope.spawn(|| broken.run()))).collect();
        let kept = |(broken, run): (&broken::Broken, std::thread::ScopedJoinHandle<'_, _>)| {
            let result: Result<(), contract::BrokenPromise> = run.join().expect("the suite panics never");
            match result {
                Ok(()) => Some(format!("{}, which {}", broken.case, broken.how)),
                Err(error) => {
                    assert_eq!(error.case(), broken.case);
                    let says = error.to_string();
                    assert!(says.starts_with(error.promise()) && says.contains(broken.case), "{says}");
                    None
                }
            }
        };
        runs.into_iter().filter_map(kept).collect()
    });
    assert!(kept.is_empty(), "these kept their promise and should not: {kept:#?}");
}
