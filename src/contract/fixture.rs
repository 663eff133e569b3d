//! What cases act with: valid records and commits, made without a desk, and the reads that all need.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::check::{Kept, Racing, Why, ensure, same};
use crate::{
    actor::ActorId,
    digest::Digest,
    event::{Body, Cause, Event, PolicyStamp, RecordId},
    id::{CommandId, Id, IdSource, Number, SequentialIds, Version},
    incident::{
        Assignment, Audience, Facts, Hold, HoldReason, Incident, IncidentEvent as E, Note, NoteFrom, Remedy, Reported,
        Resolution,
    },
    key::{GroupRef, LevelName, PersonRef, ResolutionCode, TenantId},
    lifecycle::{In, Stamp},
    priority::{Assessment, HighEnd, Matrix, Scale, Weights},
    store::{
        Answer, Commit, Expected, FeedEntry, FeedPosition, FeedRequest, Filter, Guard, IndexRow, Landed, Loaded,
        LogPart, PageRequest, Query, Record, RecordKey, Repository, RepositoryError, Scope, Share, Sweep, Term,
        TermChange, Terms, Wake, Write,
    },
    text::{Text, Title},
    time::{Instant, later, minutes},
};

/// The most pages that a case reads before it says that they do not end.
const MOST_PAGES: usize = 5_000;

/// A case at work on a repository of its own.
pub(super) struct Trial<'r, R> {
    pub repository: &'r R,
    pub racing: Racing,
    ids: SequentialIds,
    minted: AtomicU64,
    minute: AtomicU64,
}

/// A record as a case knows it: what was written, or is about to be.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub tenant: TenantId,
    /// The command that leads here.
    pub command: CommandId,
    pub incident: Incident,
    pub row: IndexRow,
    pub terms: Terms,
    /// What that command changes of the terms.
    pub change: TermChange,
    /// The whole log.
    pub log: Vec<Event>,
    /// The version before that command.
    pub base: Version,
}

/// The tenant in which most cases act.
pub(super) fn acme() -> TenantId {
    TenantId::known("acme")
}

/// Another tenant.
pub(super) fn globex() -> TenantId {
    TenantId::known("globex")
}

/// The scope of one who sees everything of the first tenant.
pub(super) fn all() -> Scope {
    Scope::everything(&acme())
}

/// The scope of one who sees what bears one of these terms, and no internals.
pub(super) fn viewer(terms: &[Term]) -> Scope {
    Scope { tenant: acme(), viewer: terms.into(), internal: [].into() }
}

pub(super) fn person(key: &'static str) -> PersonRef {
    PersonRef::known(key)
}

pub(super) fn group(key: &'static str) -> GroupRef {
    GroupRef::known(key)
}

/// Dispatched to a group.
pub(super) fn routed(to: &'static str) -> E {
    E::Routed(Assignment { group: Some(group(to)), person: None })
}

/// On hold for a vendor, with this note.
pub(super) fn held(note: Option<Text>) -> E {
    E::Held(Hold { reason: HoldReason::AwaitingVendor, until: None, wakes_on: Vec::new(), note })
}

/// Resolved with this code.
pub(super) fn resolved(code: &'static str) -> E {
    E::Resolved(Resolution {
        code: ResolutionCode::known(code),
        remedy: Remedy::Fix,
        text: None,
        along_with: None,
        closes: None,
    })
}

/// The beginning of all records: at some microseconds, which no store may round off.
pub(super) fn start() -> Instant {
    later(later(Instant::UNIX_EPOCH, minutes(29_500_000)), chrono::TimeDelta::microseconds(123_456))
}

/// So many minutes after the beginning.
pub(super) fn minute(n: u32) -> Instant {
    later(start(), minutes(n))
}

/// The policy that stands in events of tenants that have published none.
pub(super) fn no_policy() -> PolicyStamp {
    PolicyStamp { version: 0, digest: Digest::of(b"no policy") }
}

/// Scrambles a number: the same each time, and like no other. (`SplitMix64`, Steele, Lea, Flood 2014.)
pub(super) const fn scramble(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// How a priority comes about by the ready-made matrix.
pub(super) fn assessed(facts: &Facts) -> Kept<Arc<Assessment>> {
    assessed_as(&facts.impact, &facts.urgency)
}

/// How a priority comes about by the ready-made matrix, from this impact and this urgency.
pub(super) fn assessed_as(impact: &LevelName, urgency: &LevelName) -> Kept<Arc<Assessment>> {
    let none = Scale::new(Vec::new(), HighEnd::First);
    let assessment = Assessment::of(&Matrix::itil(), &[], &none, impact, urgency, Weights::default());
    assessment.map(Arc::new).ok_or_else(|| Why::new("the case knows no such impact or urgency"))
}

impl Known {
    pub(super) fn id(&self) -> RecordId {
        self.row.id
    }

    pub(super) fn version(&self) -> Version {
        self.row.version
    }

    pub(super) fn record(&self) -> Record {
        Record::from(self.incident.clone())
    }

    pub(super) fn loaded(&self) -> Loaded {
        Loaded { record: self.record(), version: self.version() }
    }

    /// The events that the command adds.
    pub(super) fn added(&self) -> &[Event] {
        let known = usize::try_from(self.base.get()).unwrap_or(usize::MAX);
        self.log.get(known..).unwrap_or_default()
    }

    /// With a clock that falls due then.
    pub(super) fn due(mut self, at: Option<Instant>) -> Self {
        self.row.due = at;
        self
    }

    /// To be woken then.
    pub(super) fn wake(mut self, at: Option<Instant>) -> Self {
        self.row.wake_at = at;
        self
    }

    pub(super) fn write(&self) -> Write {
        Write {
            expected: if self.base == Version::NONE { Expected::Absent } else { Expected::At(self.base) },
            record: self.record(),
            row: self.row.clone(),
            terms: self.change.clone(),
            events: self.added().into(),
        }
    }

    pub(super) fn guard(&self) -> Guard {
        Guard { id: self.id(), version: self.version() }
    }

    pub(super) fn facts(&self) -> &Facts {
        self.incident.facts()
    }
}

impl<'r, R> Trial<'r, R> {
    pub(super) const fn new(repository: &'r R, racing: Racing) -> Self {
        let (minted, minute) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { repository, racing, ids: SequentialIds::new(), minted, minute }
    }

    /// A number that the case has not had before.
    pub(super) fn mint(&self) -> u64 {
        self.minted.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// Bits that look random.
    pub(super) fn bits(&self) -> u128 {
        let n = self.mint();
        (u128::from(scramble(n)) << 64) | u128::from(scramble(!n))
    }

    pub(super) fn command(&self) -> CommandId {
        Id::from_u128(self.bits())
    }

    pub(super) fn salt(&self) -> [u8; 16] {
        self.ids.salt()
    }

    /// A minute later than the last time.
    pub(super) fn now(&self) -> Instant {
        let minutes = self.minute.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        minute(u32::try_from(minutes).unwrap_or(u32::MAX))
    }

    pub(super) fn text(&self, text: &str) -> Kept<Text> {
        Ok(Text::new(text, 10_000, self.salt())?)
    }

    pub(super) fn note(&self, audience: Audience, text: &str) -> Kept<E> {
        Ok(E::NoteAdded(Note { audience, from: NoteFrom::Desk, text: self.text(text)?, on_resolved: None }))
    }

    /// What is known of a new incident: no more than its title.
    pub(super) fn facts(&self, title: &str) -> Kept<Facts> {
        let id = Id::from_u128(self.bits());
        let number = Number::new("INC", 7, self.mint())?;
        let (title, medium) = (Title::new(title, 200, self.salt())?, LevelName::known("medium"));
        Ok(Facts::bare(id, number, title, &medium))
    }

    /// A new incident of the first tenant, to be stored by a command of its own.
    pub(super) fn reported(&self, facts: Facts) -> Kept<Known> {
        self.reported_by(&acme(), self.command(), self.now(), facts)
    }

    /// A new incident.
    pub(super) fn reported_by(&self, tenant: &TenantId, command: CommandId, at: Instant, facts: Facts) -> Kept<Known> {
        let assessment = assessed(&facts)?;
        let facts = Arc::new(facts);
        let assignment = Assignment::default();
        let reported = Reported { facts, assessment, assignment, occurred: None, detected: None };
        let step = In::report(reported, &Stamp::now(at, &ActorId::System));
        let incident = Incident::from(step.next);
        let record = RecordId::from(incident.id());
        let log = self.sealed(tenant, record, command, at, Version::NONE, step.events);
        let terms = Terms::of(&Record::from(incident.clone()));
        let change = TermChange::between(None, &incident);
        let version = Version::new(u64::try_from(log.len()).unwrap_or(u64::MAX));
        let row = IndexRow::of_kind(&incident, version, None);
        Ok(Known { tenant: tenant.clone(), command, incident, row, terms, change, log, base: Version::NONE })
    }

    /// What becomes of a stored record when this happens, by a command of its own.
    pub(super) fn next(&self, known: &Known, events: Vec<E>) -> Kept<Known> {
        self.next_by(self.command(), self.now(), known, events)
    }

    /// What becomes of a stored record when this happens.
    pub(super) fn next_by(&self, command: CommandId, at: Instant, known: &Known, events: Vec<E>) -> Kept<Known> {
        let next = Known {
            command,
            base: known.version(),
            change: TermChange { standing: None, subject: None },
            ..known.clone()
        };
        self.longer(at, next, events)
    }

    /// The same command, with more that happens by it.
    pub(super) fn longer(&self, at: Instant, mut known: Known, events: Vec<E>) -> Kept<Known> {
        let before = known.incident.clone();
        let mut happened = Vec::with_capacity(events.len());
        for event in events {
            let step = known.incident.apply(event, &Stamp::now(at, &ActorId::System))?;
            known.incident = step.next;
            happened.extend(step.events);
        }
        let (id, version) = (known.id(), known.version());
        known.log.extend(self.sealed(&known.tenant, id, known.command, at, version, happened));
        let change = TermChange::between(Some(&before), &known.incident);
        known.change.standing = change.standing.or(known.change.standing);
        known.change.subject = change.subject.or(known.change.subject);
        known.terms = Terms::of(&known.record());
        let version = Version::new(u64::try_from(known.log.len()).unwrap_or(u64::MAX));
        let (due, wake_at) = (known.row.due, known.row.wake_at);
        known.row = IndexRow { due, ..IndexRow::of_kind(&known.incident, version, wake_at) };
        Ok(known)
    }

    pub(super) fn sealed(
        &self,
        tenant: &TenantId,
        record: RecordId,
        command: CommandId,
        at: Instant,
        after: Version,
        events: Vec<impl Into<Body>>,
    ) -> Vec<Event> {
        let mut sequence = after;
        let seal = |body: Body| {
            sequence = sequence.next();
            Event {
                id: Id::from_u128(self.bits()),
                tenant: tenant.clone(),
                record,
                sequence,
                occurred_at: at,
                recorded_at: at,
                actor: ActorId::System,
                on_behalf_of: None,
                command,
                cause: Cause::Command,
                correlation: None,
                policy: no_policy(),
                digest: None,
                body,
            }
        };
        events.into_iter().map(Into::into).map(seal).collect()
    }

    /// A commit that writes these records, by the command of the first.
    pub(super) fn commit(&self, writes: &[&Known]) -> Commit {
        let command = writes.first().map_or_else(|| self.command(), |known| known.command);
        let at = writes.first().map_or_else(|| self.now(), |known| known.row.updated_at);
        Commit {
            command,
            salt: self.salt(),
            intent: Digest::of(&command.as_u128().to_be_bytes()),
            at,
            policy: None,
            writes: writes.iter().map(|known| known.write()).collect(),
            guards: Vec::new(),
            unused: Vec::new(),
            erasures: Vec::new(),
            documents: Vec::new(),
            publication: None,
        }
    }
}

impl<R: Repository> Trial<'_, R> {
    /// Commits what must land now.
    pub(super) async fn land(&self, tenant: &TenantId, commit: Commit) -> Kept {
        let landed = self.repository.commit(tenant, commit).await.map_err(|refused| refused.error)?;
        same("a commit that is in order", &landed, &Landed::Now)
    }

    /// Commits what must be refused, and says why it was.
    pub(super) async fn refused(&self, commit: Commit) -> Kept<RepositoryError> {
        match self.repository.commit(&acme(), commit).await {
            Err(refused) => Ok(refused.error),
            Ok(landed) => Err(Why::new(format!("a commit that must be refused came back as {landed:?}"))),
        }
    }

    /// Stores a record as it is known.
    pub(super) async fn put(&self, known: &Known) -> Kept {
        self.land(&known.tenant, self.commit(&[known])).await
    }

    /// A stored incident with this title.
    pub(super) async fn make(&self, title: &str) -> Kept<Known> {
        let known = self.reported(self.facts(title)?)?;
        self.put(&known).await?;
        Ok(known)
    }

    /// A stored incident after this has happened, too.
    pub(super) async fn change(&self, known: &Known, events: Vec<E>) -> Kept<Known> {
        let next = self.next(known, events)?;
        self.put(&next).await?;
        Ok(next)
    }

    pub(super) async fn load(&self, scope: &Scope, key: impl Into<RecordKey>) -> Kept<Option<Loaded>> {
        Ok(self.repository.load(scope, Some(&key.into()), None).await?.record)
    }

    pub(super) async fn answer(&self, tenant: &TenantId, command: CommandId) -> Kept<Option<Answer>> {
        Ok(self.repository.load(&Scope::everything(tenant), None, Some(command)).await?.answer)
    }

    /// The whole log, read in parts.
    pub(super) async fn log(
        &self,
        scope: &Scope,
        record: RecordId,
        limit: usize,
        newest_first: bool,
    ) -> Kept<Vec<Event>> {
        let mut from = if newest_first { Version::new(u64::MAX) } else { Version::NONE.next() };
        let mut log = Vec::new();
        for _ in 0..MOST_PAGES {
            let part = LogPart { from, limit, newest_first };
            let page = self.repository.events(scope, record, part).await?;
            ensure!(
                page.events.len() <= limit.max(1),
                "{} events came where {limit} were asked for",
                page.events.len()
            );
            log.extend(page.events);
            match page.next {
                Some(next) => from = next,
                None => return Ok(log),
            }
        }
        Err(Why::new("the pages of a log do not end"))
    }

    /// The rows of a list from a key on, page by page.
    pub(super) async fn list_after(
        &self,
        scope: &Scope,
        query: &Query,
        at: Instant,
        after: Option<&IndexRow>,
        limit: usize,
    ) -> Kept<Vec<IndexRow>> {
        let mut after = after.map(|row| query.sort_key(row, at));
        let mut rows = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.repository.page(scope, PageRequest { query, at, after, limit }).await?;
            ensure!(page.rows.len() <= limit.max(1), "{} rows came where {limit} were asked for", page.rows.len());
            ensure!(!page.more || !page.rows.is_empty(), "an empty page says that there are more rows");
            let last = page.rows.last().map(|row| query.sort_key(row, at)).or(after);
            rows.extend(page.rows);
            if !page.more {
                return Ok(rows);
            }
            ensure!(after < last, "the pages of a list do not go on");
            after = last;
        }
        Err(Why::new("the pages of a list do not end"))
    }

    /// The rows of a list.
    pub(super) async fn list(&self, scope: &Scope, query: &Query) -> Kept<Vec<IndexRow>> {
        self.list_after(scope, query, start(), None, 100).await
    }

    /// What comes in the feed after a position, page by page, and where it ends.
    pub(super) async fn follow(
        &self,
        scope: &Scope,
        filter: &Filter,
        after: Option<FeedPosition>,
        limit: usize,
    ) -> Kept<(Vec<FeedEntry>, FeedPosition)> {
        let mut after = after;
        let mut entries = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.repository.feed(scope, FeedRequest { after, filter, limit }).await?;
            let found = page.entries.len();
            ensure!(found <= limit.max(1), "{found} entries came where {limit} were asked for");
            entries.extend(page.entries);
            if !page.more {
                return Ok((entries, page.next));
            }
            ensure!(after != Some(page.next), "the feed says that there is more, and does not go on");
            after = Some(page.next);
        }
        Err(Why::new("the pages of the feed do not end"))
    }

    /// The whole feed of a viewer.
    pub(super) async fn feed(&self, scope: &Scope) -> Kept<Vec<FeedEntry>> {
        Ok(self.follow(scope, &Filter::default(), None, 100).await?.0)
    }

    /// Where the feed of a tenant ends.
    pub(super) async fn feed_end(&self, tenant: &TenantId) -> Kept<FeedPosition> {
        Ok(self.follow(&Scope::everything(tenant), &Filter::default(), None, 1_000).await?.1)
    }

    /// What falls due by then, page by page.
    pub(super) async fn sweep(&self, now: Instant, share: Share, limit: usize) -> Kept<Vec<Wake>> {
        let mut after: Option<Wake> = None;
        let mut wakes: Vec<Wake> = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.repository.wakes(Sweep { now, limit, share, after: after.clone() }).await?;
            ensure!(page.len() <= limit.max(1), "{} wakes came where {limit} were asked for", page.len());
            let Some(last) = page.last() else { return Ok(wakes) };
            ensure!(after.as_ref() < Some(last), "the pages of a sweep do not go on");
            after = Some(last.clone());
            wakes.extend(page);
        }
        Err(Why::new("the pages of a sweep do not end"))
    }

    /// Checks that a record stands, everywhere, as it is known.
    pub(super) async fn stands(&self, known: &Known) -> Kept {
        let scope = Scope::everything(&known.tenant);
        let loaded = known.loaded();
        same("the record by its id", &self.load(&scope, known.id()).await?, &Some(loaded.clone()))?;
        same("the record by its number", &self.load(&scope, &known.row.number).await?, &Some(loaded.clone()))?;
        let many = self.repository.load_many(&scope, &[known.id()]).await?;
        same("the record among many", &many, &vec![Some(loaded)])?;
        same("the log", &self.log(&scope, known.id(), 100, false).await?, &known.log)?;
        let named = Query::all().search(known.row.number.as_str());
        same("the list of what has its number", &self.list(&scope, &named).await?, &vec![known.row.clone()])?;
        let mut wakes = self.sweep(Instant::MAX_UTC, Share::ALL, 100).await?;
        wakes.retain(|wake| wake.record == known.id() && wake.tenant == known.tenant);
        let found: Vec<Instant> = wakes.iter().map(|wake| wake.at).collect();
        same("the wakes", &found, &known.row.wake_at.into_iter().collect())
    }

    /// Checks that nothing of a record is stored, anywhere.
    pub(super) async fn absent(&self, known: &Known) -> Kept {
        let scope = Scope::everything(&known.tenant);
        same("the record by its id", &self.load(&scope, known.id()).await?, &None)?;
        same("the record by its number", &self.load(&scope, &known.row.number).await?, &None)?;
        same("the record among many", &self.repository.load_many(&scope, &[known.id()]).await?, &vec![None])?;
        same("the log", &self.log(&scope, known.id(), 100, false).await?, &Vec::new())?;
        let named = Query::all().search(known.row.number.as_str());
        same("the list of what has its number", &self.list(&scope, &named).await?, &Vec::new())?;
        same("their count", &self.repository.count(&scope, &named.filter, 10).await?, &0)?;
        let wakes = self.sweep(Instant::MAX_UTC, Share::ALL, 100).await?;
        let woken = wakes.iter().any(|wake| wake.record == known.id() && wake.tenant == known.tenant);
        ensure!(!woken, "{} is to be woken, and was never stored", known.id());
        let fed = self.feed(&scope).await?.iter().any(|entry| entry.record == known.id());
        ensure!(!fed, "{} is in the feed, and was never stored", known.id());
        Ok(())
    }
}
