//! What must hold in a store at any time: nothing is there in part.

use std::collections::BTreeMap;

use andon::{
    CommandId,
    event::RecordId,
    key::TenantId,
    store::{
        Answer, FeedChange, FeedRequest, Filter, Moved, MovedRecord, Portable, Repository, Scope, SqliteRepository,
    },
};
use pollster::block_on;

/// Everything of a tenant, sorted out.
#[derive(Default)]
pub struct Whole {
    pub records: BTreeMap<RecordId, MovedRecord>,
    pub answers: BTreeMap<CommandId, Answer>,
    /// How many writes the feed has of each record.
    pub writes: u64,
}

/// Everything that is stored of a tenant.
pub fn moved<R: Portable>(repository: &R, tenant: &TenantId) -> Vec<Moved> {
    let mut all: Vec<Moved> = Vec::new();
    loop {
        let part = block_on(repository.export(tenant, all.last().map(Moved::key), 1_000)).unwrap();
        if part.is_empty() {
            return all;
        }
        all.extend(part);
    }
}

/// Checks a file, and gives what is in it.
pub fn whole(repository: &SqliteRepository, tenant: &TenantId) -> Whole {
    let inspection = block_on(repository.inspect(|_| {})).unwrap();
    assert!(inspection.is_sound(), "{inspection:?}");
    whole_of(repository, tenant)
}

/// Checks what is stored of a tenant, and gives it.
pub fn whole_of<R: Portable>(repository: &R, tenant: &TenantId) -> Whole {
    let mut whole = Whole::default();
    for moved in moved(repository, tenant) {
        moved.check(tenant).unwrap();
        match moved {
            Moved::Record(record) => {
                whole.records.insert(record.row.id, *record);
            }
            Moved::Answer { command, answer } => {
                whole.answers.insert(command, answer);
            }
            _ => {}
        }
    }
    for (id, record) in &whole.records {
        for event in &*record.events {
            let answer = &whole.answers[&event.command];
            let touched = answer.touched.iter().find(|touched| touched.record == *id);
            let touched = touched.unwrap_or_else(|| panic!("{} does not know of {id}", event.command));
            assert!((touched.first..=touched.last).contains(&event.sequence), "{answer:?} and {}", event.sequence);
        }
    }
    for (command, answer) in &whole.answers {
        for touched in &answer.touched {
            let record = &whole.records[&touched.record];
            assert!(touched.last <= record.row.version, "{answer:?} goes beyond {}", record.row.version);
            let added = record.events.iter().filter(|event| (touched.first..=touched.last).contains(&event.sequence));
            assert!(added.clone().all(|event| event.command == *command), "{answer:?} has another's events");
        }
    }
    whole.writes = feed(repository, tenant, &whole.records);
    whole
}

/// That the feed leads through every version of every record, in order; how many writes there are.
fn feed<R: Repository>(repository: &R, tenant: &TenantId, records: &BTreeMap<RecordId, MovedRecord>) -> u64 {
    let (scope, filter) = (Scope::everything(tenant), Filter::default());
    let mut versions: BTreeMap<RecordId, u64> = BTreeMap::new();
    let (mut after, mut writes) = (None, 0);
    loop {
        let request = FeedRequest { after, filter: &filter, limit: 1_000 };
        let page = block_on(repository.feed(&scope, request)).unwrap();
        for entry in page.entries {
            let FeedChange::Stands { events, .. } = entry.change else { panic!("everything is seen") };
            let version = versions.entry(entry.record).or_default();
            for event in events {
                assert_eq!(event.sequence.get(), *version + 1, "of {}", entry.record);
                *version += 1;
            }
            writes += 1;
        }
        after = Some(page.next);
        if !page.more {
            break;
        }
    }
    let stored = records.iter().map(|(id, record)| (*id, record.row.version.get())).collect();
    assert_eq!(versions, stored, "what the feed leads to");
    writes
}
