//! What one tenant stores.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    convert::Infallible,
    sync::Arc,
};

use super::{log::Log, orders::Orders};
use crate::{
    digest::Digest,
    event::{Event, PolicyStamp, RecordId},
    id::{CommandId, Number, Version},
    key::{ConsumerName, TenantId},
    store::{
        Answer, Commit, Document, EventPage, Expected, FeedChange, FeedEntry, FeedPosition, Filter, IndexRow, Landed,
        Loaded, LogPart, MAX_PAGE, Matcher, Publication, Published, Record, RecordKey, RecordKind, Refused,
        RepositoryError, Scope, Term, Terms, Wake, Write,
    },
    time::Instant,
};

/// What falls due, across tenants.
pub(super) type Wakes = BTreeSet<Wake>;

/// How many writes one page of the feed looks at: a viewer for whom there is little does not hold up others.
const MAX_SCANNED: usize = 10_000;

/// The place of a row. Rows are never taken away.
pub(super) type Slot = u32;

#[derive(Default)]
pub(super) struct Tenant {
    pub(super) rows: Vec<Row>,
    pub(super) ids: HashMap<RecordId, Slot>,
    pub(super) numbers: HashMap<Number, Slot>,
    pub(super) next: HashMap<RecordKind, u64>,
    pub(super) answers: HashMap<CommandId, Answer>,
    /// The answers that may be forgotten, in the order in which they were recorded: where several machines
    /// record, that is not the order in which they landed.
    pub(super) forgettable: BTreeSet<(Instant, CommandId)>,
    /// Everything that was published, what is in force last.
    pub(super) published: Vec<Published>,
    pub(super) documents: HashMap<Digest, Document>,
    pub(super) orders: Orders,
    feed: VecDeque<Delivery>,
    /// How many entries of the feed were let go of.
    pub(super) feed_floor: u64,
    /// Up to where each consumer has dealt with the feed.
    pub(super) consumers: BTreeMap<ConsumerName, u64>,
}

pub(super) struct Row {
    pub(super) record: Record,
    pub(super) row: IndexRow,
    pub(super) terms: Terms,
    pub(super) log: Log,
}

/// A write, as the feed remembers it.
struct Delivery {
    slot: Slot,
    /// When it was recorded.
    at: Instant,
    first: Version,
    last: Version,
    /// Who could see the record before, if that changed.
    before: Option<Arc<[Term]>>,
}

impl Row {
    pub(super) fn loaded(&self) -> Loaded {
        Loaded { record: self.record.clone(), version: self.row.version }
    }

    pub(super) fn page(&self, scope: &Scope, part: LogPart) -> EventPage {
        if part.newest_first {
            let next = |last: Version| (last.get() > 1).then(|| Version::new(last.get().saturating_sub(1)));
            self.pick(scope, self.log.back_from(part.from), part.limit, next)
        } else {
            let next = |last: Version| (last < self.row.version).then(|| last.next());
            self.pick(scope, self.log.from(part.from), part.limit, next)
        }
    }

    fn pick<'a>(
        &'a self,
        scope: &Scope,
        events: impl Iterator<Item = &'a Event>,
        limit: usize,
        next: impl Fn(Version) -> Option<Version>,
    ) -> EventPage {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut picked = Vec::new();
        for event in events {
            picked.extend(scope.shows(event, &self.terms));
            if picked.len() == limit {
                return EventPage { events: picked, next: next(event.sequence) };
            }
        }
        EventPage { events: picked, next: None }
    }
}

impl Tenant {
    pub(super) fn row(&self, key: &RecordKey) -> Option<&Row> {
        let slot = match key {
            RecordKey::Id(id) => self.ids.get(id),
            RecordKey::Number(number) => self.numbers.get(number),
        };
        self.at(*slot?)
    }

    pub(super) fn at(&self, slot: Slot) -> Option<&Row> {
        self.rows.get(usize::try_from(slot).ok()?)
    }

    pub(super) fn seen(&self, scope: &Scope, id: RecordId) -> Option<&Row> {
        self.at(*self.ids.get(&id)?).filter(|row| scope.sees(&row.terms))
    }

    pub(super) fn in_force(&self) -> Option<PolicyStamp> {
        self.published.last().map(|published| published.stamp)
    }

    pub(super) fn document(&self, digest: Digest) -> Option<&Document> {
        self.documents.get(&digest)
    }

    pub(super) fn published(&self, before: Option<u32>) -> impl Iterator<Item = &Published> {
        self.published.iter().rev().filter(move |known| before.is_none_or(|before| known.stamp.version < before))
    }

    pub(super) fn feed_end(&self) -> u64 {
        self.feed_floor.saturating_add(u64::try_from(self.feed.len()).unwrap_or(u64::MAX))
    }

    /// Where what is kept of the feed begins and ends.
    pub(super) fn feed_bounds(&self) -> (u64, u64) {
        (self.feed_floor, self.feed_end())
    }

    /// Lets go of the beginning of the feed: of what was recorded before an instant and is awaited by no consumer.
    pub(super) fn trim_feed(&mut self, before: Instant, limit: usize) -> usize {
        let awaited = self.consumers.values().min().copied().unwrap_or(u64::MAX);
        let mut trimmed = 0_usize;
        while trimmed < limit && self.feed_floor < awaited && self.feed.front().is_some_and(|entry| entry.at < before) {
            self.feed.pop_front();
            self.feed_floor = self.feed_floor.saturating_add(1);
            trimmed = trimmed.saturating_add(1);
        }
        trimmed
    }

    /// The entries after a place, each with its own, and the place up to which was looked.
    pub(super) fn feed_page(
        &self,
        scope: &Scope,
        filter: &Filter,
        after: u64,
        limit: usize,
    ) -> (Vec<(u64, FeedEntry)>, u64) {
        let matcher = filter.matcher();
        let mut place = after;
        let mut entries = Vec::new();
        let skip = usize::try_from(after.saturating_sub(self.feed_floor)).unwrap_or(usize::MAX);
        for delivery in self.feed.iter().skip(skip).take(MAX_SCANNED) {
            if entries.len() == limit {
                break;
            }
            place = place.saturating_add(1);
            let entry = self.at(delivery.slot).and_then(|row| deliver(row, delivery, scope, &matcher));
            entries.extend(entry.map(|entry| (place, entry)));
        }
        (entries, place)
    }

    pub(super) fn forget(&mut self, before: Instant, limit: usize) -> usize {
        let mut forgotten = 0_usize;
        while forgotten < limit && self.forgettable.first().is_some_and(|(at, _)| *at < before) {
            if let Some((_, command)) = self.forgettable.pop_first() {
                self.answers.remove(&command);
                forgotten = forgotten.saturating_add(1);
            }
        }
        forgotten
    }

    pub(super) fn commit(&mut self, tenant: &TenantId, commit: Commit, wakes: &mut Wakes) -> Result<Landed, Refused> {
        if let Some(answer) = self.answers.get(&commit.command) {
            return Ok(Landed::Before(answer.clone()));
        }
        let erased = match commit.check(tenant).and_then(|()| self.check(&commit)).and_then(|()| self.erased(&commit)) {
            Ok(erased) => erased,
            Err(error) => return Err(Refused { error, commit: Box::new(commit) }),
        };
        for (slot, log) in erased {
            self.replace(slot, log);
        }
        self.remember(commit.command, commit.answer());
        for document in commit.documents {
            self.keep(document);
        }
        if let Some(publication) = commit.publication {
            self.publish(publication, commit.at, commit.command);
        }
        for write in commit.writes {
            self.write(write, tenant, wakes);
        }
        Ok(Landed::Now)
    }

    /// Keeps an answer.
    pub(super) fn remember(&mut self, command: CommandId, answer: Answer) {
        if !answer.made_a_record() {
            self.forgettable.insert((answer.at, command));
        }
        self.answers.insert(command, answer);
    }

    /// Checks the whole commit against what is stored, before anything of it is written.
    fn check(&self, commit: &Commit) -> Result<(), RepositoryError> {
        let in_force = self.in_force();
        if in_force != commit.policy {
            return Err(RepositoryError::PolicyChanged { found: in_force });
        }
        for write in &commit.writes {
            let id = write.id();
            write.expected.met_by(id, self.version(id))?;
            if write.expected == Expected::Absent && self.numbers.contains_key(&write.row.number) {
                return Err(RepositoryError::AlreadyExists { id });
            }
        }
        for guard in &commit.guards {
            Expected::At(guard.version).met_by(guard.id, self.version(guard.id))?;
        }
        if let Some(term) = commit.unused.iter().find(|term| self.orders.bears(term)) {
            return Err(RepositoryError::InUse { term: term.clone() });
        }
        if let Some(publication) = &commit.publication {
            if publication.version != in_force.map_or(0, |stamp| stamp.version).saturating_add(1) {
                return Err(RepositoryError::PolicyChanged { found: in_force });
            }
            if let Some(term) = publication.unused.iter().find(|term| self.orders.bears(term)) {
                return Err(RepositoryError::InUse { term: term.clone() });
            }
        }
        Ok(())
    }

    fn version(&self, id: RecordId) -> Option<Version> {
        self.at(*self.ids.get(&id)?).map(|row| row.row.version)
    }

    /// The logs after the erasures of a commit, what it adds left aside.
    fn erased(&self, commit: &Commit) -> Result<Vec<(Slot, Log)>, RepositoryError> {
        let mut logs = Vec::with_capacity(commit.erasures.len());
        for erasure in &commit.erasures {
            let Some((slot, row)) = self.ids.get(&erasure.record).and_then(|slot| Some((*slot, self.at(*slot)?)))
            else {
                continue;
            };
            let corrupt = |error| RepositoryError::Corrupt { key: erasure.record.to_string(), source: Box::new(error) };
            logs.push((slot, row.log.erased(&erasure.slots).map_err(corrupt)?));
        }
        Ok(logs)
    }

    fn publish(&mut self, publication: Publication, at: Instant, command: CommandId) {
        self.published.push(publication.published(at, command));
        self.keep(publication.document);
    }

    pub(super) fn keep(&mut self, document: Document) {
        self.documents.entry(document.digest()).or_insert(document);
    }

    pub(super) fn write(&mut self, write: Write, tenant: &TenantId, wakes: &mut Wakes) {
        let id = write.id();
        let slot = self.ids.get(&id).copied().unwrap_or_else(|| Slot::try_from(self.rows.len()).unwrap_or(Slot::MAX));
        let index = usize::try_from(slot).unwrap_or(usize::MAX);
        let before = self.rows.get(index);
        // The commit was checked: a new record has all its terms.
        let Some(terms) = Terms::changed(before.map(|row| &row.terms), &write.terms) else { return };
        let delivery = Delivery {
            slot,
            at: write.row.updated_at,
            first: write.events.first().map_or(Version::NONE, |event| event.sequence),
            last: write.row.version,
            before: before.map(|row| &row.terms.standing).filter(|known| **known != terms.standing).map(Arc::clone),
        };
        self.feed.push_back(delivery);
        self.orders.update(slot, before.map(|row| (&row.row, &row.terms)), (&write.row, &terms));
        let woken = before.and_then(|row| row.row.wake_at);
        if woken != write.row.wake_at {
            let wake = |at| Wake { at, record: id, tenant: tenant.clone() };
            woken.map(|at| wakes.remove(&wake(at)));
            write.row.wake_at.map(|at| wakes.insert(wake(at)));
        }
        match self.rows.get_mut(index) {
            Some(row) => {
                row.record = write.record;
                row.row = write.row;
                row.terms = terms;
                row.log.append(write.events);
            }
            None => {
                self.ids.insert(id, slot);
                self.numbers.insert(write.row.number.clone(), slot);
                let log = Log::new(write.events);
                self.rows.push(Row { record: write.record, row: write.row, terms, log });
            }
        }
    }

    /// Puts a log without its erased texts in the place of the old one. Nobody can find out by trying, any
    /// more, what was asked of the record.
    fn replace(&mut self, slot: Slot, log: Log) {
        let Some(row) = usize::try_from(slot).ok().and_then(|index| self.rows.get_mut(index)) else { return };
        row.log = log;
        let id = row.row.id;
        for answer in self.answers.values_mut() {
            if answer.touched.iter().any(|touched| touched.record == id) {
                answer.salt = None;
            }
        }
    }
}

/// What a viewer gets of a write; nothing, if it never saw the record.
fn deliver(row: &Row, delivery: &Delivery, scope: &Scope, matcher: &Matcher<'_>) -> Option<FeedEntry> {
    let added = || {
        let count = delivery.last.get().saturating_sub(delivery.first.get()).saturating_add(1);
        let events = row.log.from(delivery.first).take(usize::try_from(count).unwrap_or(usize::MAX));
        Ok::<_, Infallible>(events.cloned().collect())
    };
    let change = FeedChange::of(scope, matcher, &row.row, &row.terms, delivery.before.as_ref(), added);
    let change = change.unwrap_or_else(|never| match never {})?;
    Some(FeedEntry { position: FeedPosition { epoch: 0, place: 0 }, record: row.row.id, change })
}
