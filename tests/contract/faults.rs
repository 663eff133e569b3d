//! What a faulty repository does on command.

use andon::{
    CommandId, Id, MemoryRepository, Repository,
    contract::{Fault, FaultyRepository, Method},
    digest::Digest,
    key::TenantId,
    store::{Commit, Filter, Landed, RecordKind, RepositoryError, Scope},
};

use crate::bent::now;

fn acme() -> TenantId {
    TenantId::new("acme").unwrap()
}

fn empty(command: CommandId) -> Commit {
    Commit {
        command,
        salt: [7; 16],
        intent: Digest::of(b"nothing"),
        at: "2026-03-02T08:00:00Z".parse().unwrap(),
        policy: None,
        writes: Vec::new(),
        guards: Vec::new(),
        unused: Vec::new(),
        erasures: Vec::new(),
        documents: Vec::new(),
        publication: None,
    }
}

#[test]
fn the_nth_call_fails_and_no_other() {
    let faulty = FaultyRepository::new(MemoryRepository::new());
    faulty.plan(Fault::at(3));
    let count = || now(faulty.count(&Scope::everything(&acme()), &Filter::default(), 10));
    let number = || now(faulty.next_number(&acme(), RecordKind::Incident));
    assert!(count().is_ok() && number().is_ok());
    assert!(matches!(count(), Err(RepositoryError::Unavailable { .. })));
    assert!(count().is_ok() && number().is_ok());
    let calls = faulty.calls();
    assert_eq!(calls.iter().map(|call| call.failed).collect::<Vec<_>>(), [false, false, true, false, false]);
    assert_eq!(calls[1].method, Method::NextNumber);
    assert!(!calls[2].reached && calls[3].reached);
}

#[test]
fn calls_of_one_method_are_counted_alone() {
    let faulty = FaultyRepository::new(MemoryRepository::new());
    faulty.plan(Fault::at(2).of(Method::NextNumber).with(RepositoryError::CursorTooOld));
    let number = || now(faulty.next_number(&acme(), RecordKind::Incident));
    assert_eq!(number().unwrap(), 1);
    assert!(now(faulty.forget("2026-03-02T08:00:00Z".parse().unwrap(), 1)).is_ok());
    assert!(matches!(number(), Err(RepositoryError::CursorTooOld)));
    assert_eq!(number().unwrap(), 2, "the call that failed did not take effect");
}

#[test]
fn a_lost_answer_is_settled_by_the_command() {
    let faulty = FaultyRepository::new(MemoryRepository::new());
    faulty.plan(Fault::at(1).of(Method::Commit));
    faulty.plan(Fault::at(2).of(Method::Commit).after());
    let commit = empty(Id::from_u128(1));
    let send = || now(faulty.commit(&acme(), commit.clone()));
    let refused = send().unwrap_err();
    assert!(matches!(refused.error, RepositoryError::Unavailable { .. }));
    assert_eq!(refused.commit.command, commit.command);
    let refused = send().unwrap_err();
    assert!(matches!(refused.error, RepositoryError::OutcomeUnknown { command } if command == commit.command));
    assert_eq!(refused.commit.answer(), commit.answer());
    assert_eq!(send().unwrap(), Landed::Before(commit.answer()));
    assert_eq!(faulty.planned(), 0);
}

#[test]
fn a_delayed_call_lets_others_act_and_a_healed_store_is_well() {
    let faulty = FaultyRepository::new(MemoryRepository::new());
    faulty.plan(Fault::at(1).of(Method::NextNumber).delayed(2));
    let mut polls = 0;
    let tenant = acme();
    let mut slow = Box::pin(faulty.next_number(&tenant, RecordKind::Incident));
    let number = loop {
        polls += 1;
        match slow.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(number) => break number.unwrap(),
            std::task::Poll::Pending => assert!(polls < 10),
        }
    };
    assert_eq!((number, polls), (1, 3));
    faulty.plan(Fault::at(1));
    faulty.heal();
    assert!(now(faulty.next_number(&acme(), RecordKind::Incident)).is_ok());
}
