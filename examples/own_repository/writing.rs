//! The one writer: first everything that may stand in the way of a commit, then everything that it writes.

use andon::{
    event::{Event, RecordId},
    key::TenantId,
    store::{Answer, Commit, Erasure, Expected, Landed, RepositoryError, Term, Terms, Wake, Write},
    time::Instant,
};
use redb::{Database, ReadableDatabase, WriteTransaction};

use crate::tables::{
    ANSWERS, COUNTERS, DOCUMENTS, Delivery, FEED, FORGETTABLE, Failure, LOG, Listed, NUMBERS, PUBLISHED, RECORDS, ROWS,
    Stored, WAKES, by_instant, corrupt, each, from_json, put,
};

/// A transaction that writes, beside one that reads what is stored. There is one writer at a time, so that what is read
/// stays as it is until this one has committed; over a database with several writers, a host locks what a commit writes
/// and guards before it looks. A transaction that is dropped has written nothing; what one has committed is on the disk.
pub struct Writing {
    stored: Stored,
    transaction: WriteTransaction,
}

impl Writing {
    pub fn begin(database: &Database, tenant: &TenantId) -> Result<Self, Failure> {
        let transaction = database.begin_write()?;
        let stored = Stored { transaction: database.begin_read()?, tenant: tenant.clone() };
        Ok(Self { stored, transaction })
    }

    /// The next number for records of a kind.
    pub fn number(self, kind: &str) -> Result<u64, Failure> {
        let last: Option<u64> = self.stored.find(COUNTERS, kind, from_json)?;
        let next = last.unwrap_or(0).saturating_add(1);
        put(&self.transaction, COUNTERS, (self.stored.tenant.as_str(), kind, 0), &next)?;
        self.transaction.commit()?;
        Ok(next)
    }

    /// A commit, whole or not at all.
    pub fn land(self, commit: &Commit) -> Result<Landed, Failure> {
        if let Some(answer) = self.stored.find(ANSWERS, &commit.command.to_string(), from_json)? {
            return Ok(Landed::Before(answer));
        }
        self.check(commit)?;
        self.write(commit)?;
        // Where a disk fails while it writes, nobody knows what is on it.
        let unknown = |_| Failure(RepositoryError::OutcomeUnknown { command: commit.command });
        self.transaction.commit().map_err(unknown)?;
        Ok(Landed::Now)
    }

    /// Whether the commit holds together and fits what is stored.
    fn check(&self, commit: &Commit) -> Result<(), Failure> {
        commit.check(&self.stored.tenant).map_err(Failure)?;
        let found = self.stored.in_force()?;
        let next = found.map_or(1, |stamp| stamp.version.saturating_add(1));
        if found != commit.policy || commit.publication.as_ref().is_some_and(|published| published.version != next) {
            return Err(Failure(RepositoryError::PolicyChanged { found }));
        }
        let writes = commit.writes.iter().map(|write| (write.id(), write.expected));
        let guards = commit.guards.iter().map(|guard| (guard.id, Expected::At(guard.version)));
        for (id, expected) in writes.chain(guards) {
            let found = self.stored.listed(id)?.map(|listed| listed.row.version);
            expected.met_by(id, found).map_err(Failure)?;
        }
        for write in &commit.writes {
            let taken: Option<RecordId> = self.stored.find(NUMBERS, write.row.number.as_str(), from_json)?;
            if taken.is_some_and(|id| id != write.id()) {
                return Err(Failure(RepositoryError::AlreadyExists { id: write.id() }));
            }
        }
        let left_out = commit.publication.iter().flat_map(|publication| &publication.unused);
        self.unused(&commit.unused.iter().chain(left_out).collect::<Vec<_>>())
    }

    /// Whether no record bears one of these terms. It looks at every row of the tenant; a table with the key
    /// `(tenant, term, record)` would answer at once.
    fn unused(&self, terms: &[&Term]) -> Result<(), Failure> {
        if terms.is_empty() {
            return Ok(());
        }
        for listed in each(self.stored.all(ROWS)?, from_json::<Listed>) {
            let borne = listed?.terms;
            if let Some(&term) = terms.iter().find(|term| borne.bear(term)) {
                return Err(Failure(RepositoryError::InUse { term: term.clone() }));
            }
        }
        Ok(())
    }

    /// Writes all that the commit says.
    fn write(&self, commit: &Commit) -> Result<(), Failure> {
        let (transaction, tenant) = (&self.transaction, self.stored.tenant.as_str());
        for erasure in &commit.erasures {
            self.erase(erasure)?;
        }
        let (answer, command) = (commit.answer(), commit.command.to_string());
        put(transaction, ANSWERS, (tenant, &command, 0), &answer)?;
        if !answer.made_a_record() {
            put(transaction, FORGETTABLE, by_instant(answer.at, &command, tenant), &())?;
        }
        let published = commit.publication.as_ref().map(|publication| &publication.document);
        for document in commit.documents.iter().chain(published) {
            put(transaction, DOCUMENTS, (tenant, &document.digest().to_string(), 0), document)?;
        }
        if let Some(publication) = &commit.publication {
            let published = publication.published(commit.at, commit.command);
            put(transaction, PUBLISHED, (tenant, "", publication.version.into()), &published)?;
        }
        let places = self.stored.feed_end()?.saturating_add(1)..;
        for (place, write) in places.zip(&commit.writes) {
            self.write_record(place, write)?;
        }
        Ok(())
    }

    fn write_record(&self, place: u64, write: &Write) -> Result<(), Failure> {
        let (transaction, tenant, id, row) = (&self.transaction, self.stored.tenant.as_str(), write.id(), &write.row);
        let name = id.to_string();
        let before = self.stored.listed(id)?;
        let Some(terms) = Terms::changed(before.as_ref().map(|before| &before.terms), &write.terms) else {
            return Err(Failure(RepositoryError::Malformed { reason: "it writes a new record without its terms" }));
        };
        put(transaction, RECORDS, (tenant, &name, 0), &write.record)?;
        put(transaction, NUMBERS, (tenant, row.number.as_str(), 0), &id)?;
        for event in &*write.events {
            put(transaction, LOG, (tenant, &name, event.sequence.get()), event)?;
        }
        if let Some(at) = before.as_ref().and_then(|before| before.row.wake_at) {
            transaction.open_table(WAKES)?.remove(by_instant(at, &name, tenant))?;
        }
        if let Some(at) = row.wake_at {
            let wake = Wake { at, record: id, tenant: self.stored.tenant.clone() };
            put(transaction, WAKES, by_instant(at, &name, tenant), &wake)?;
        }
        let delivery = Delivery {
            record: id,
            first: write.events.first().map_or(row.version, |event| event.sequence),
            last: row.version,
            before: before.map(|before| before.terms.standing).filter(|standing| *standing != terms.standing),
        };
        put(transaction, FEED, (tenant, "", place), &delivery)?;
        put(transaction, ROWS, (tenant, &name, 0), &Listed { row: row.clone(), terms })
    }

    /// Takes texts out of the log of a record, and the salts out of the answers that touched it: nobody can find out by
    /// trying, any more, what was asked. For these it looks at every answer of the tenant; a table with the key
    /// `(tenant, record, command)` would name them.
    ///
    /// What was written over stays in the file until its place is used again. A host to whom that matters copies the
    /// tables into a new file, destroys the old one, and deals with its backups likewise.
    fn erase(&self, erasure: &Erasure) -> Result<(), Failure> {
        let (transaction, tenant, name) = (&self.transaction, self.stored.tenant.as_str(), erasure.record.to_string());
        let erased = |json: &[u8]| Event::from_json(json)?.erased(&erasure.slots);
        for event in each(self.stored.places(LOG, &name, 0..=u64::MAX)?, erased) {
            let event = event?;
            put(transaction, LOG, (tenant, &name, event.sequence.get()), &event)?;
        }
        for entry in self.stored.all(ANSWERS)? {
            let (key, json) = entry?;
            let answer: Answer = from_json(json.value()).map_err(|error| corrupt(key.value(), error))?;
            if answer.touched.iter().any(|touched| touched.record == erasure.record) {
                put(transaction, ANSWERS, key.value(), &Answer { salt: None, ..answer })?;
            }
        }
        Ok(())
    }
}

/// Lets go of old answers, of all tenants.
pub fn forget(database: &Database, before: Instant, limit: usize) -> Result<usize, Failure> {
    let transaction = database.begin_write()?;
    let mut forgotten = 0_usize;
    {
        let mut answers = transaction.open_table(ANSWERS)?;
        let mut forgettable = transaction.open_table(FORGETTABLE)?;
        for old in forgettable.extract_from_if(..by_instant(before, "", ""), |_, _| true)?.take(limit) {
            let (key, _) = old?;
            let (_, _, command, tenant) = key.value();
            answers.remove((tenant, command, 0))?;
            forgotten = forgotten.saturating_add(1);
        }
    }
    transaction.commit()?;
    Ok(forgotten)
}
