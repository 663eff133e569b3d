//! The log of a record, read again: an earlier answer, and the record as it was known at a time.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    ActingDesk, Outcome,
    flow::{Asked, reused},
};
use crate::{
    decision::Managed,
    digest::Digest,
    error::Error,
    event::{Event, RecordId},
    id::{CommandId, Version},
    record::fold,
    store::{Answer, LogPart, Repository, RepositoryError, Scope, Touched},
    text::digests_in,
    time::Instant,
};

/// How many events one page of the log holds when it is read whole.
const PAGE: usize = 500;

impl<R: Repository> ActingDesk<R> {
    /// Gives the answer that the command got when it came before: the record as it was after it. Who asks
    /// is part of what is asked, so nobody gets another's answer.
    pub(super) async fn repeat<K: Managed>(
        &self,
        command: CommandId,
        asked: &Asked,
        answer: &Answer,
    ) -> Result<Outcome<K>, Error> {
        let touched = answer.touched.first().filter(|_| asked.is_of(answer));
        let Touched { record, first, last } = *touched.ok_or_else(|| reused(command))?;
        let mut log =
            self.log_up_to(record, |event| event.sequence <= last).await.map_err(|error| self.failed(error))?;
        let (kept, version) = folded::<K>(record, &log).map_err(|error| self.failed(error))?;
        if version != last {
            return Err(self.failed(corrupt(record, format!("event {last} is missing"))));
        }
        log.retain(|event| event.sequence >= first);
        Ok(Outcome { record: Arc::new(kept), version, events: log.into(), command, repeated: true })
    }

    /// The record as it was known then: what had been recorded by that instant. `None` if nothing had.
    pub(super) async fn known_at<K: Managed>(
        &self,
        record: RecordId,
        at: Instant,
    ) -> Result<Option<(K, Version)>, RepositoryError> {
        let log = self.log_up_to(record, |event| event.recorded_at <= at).await?;
        if log.is_empty() { Ok(None) } else { folded(record, &log).map(Some) }
    }

    /// The digests of the texts in a record's log, erased or not; those of the record are among them.
    pub(super) async fn texts_of(&self, record: RecordId) -> Result<BTreeSet<Digest>, Error> {
        let log = self.log_up_to(record, |_| true).await.map_err(|error| self.failed(error))?;
        let mut texts = BTreeSet::new();
        for event in &log {
            let found = digests_in(event).map_err(|error| self.failed(corrupt(record, error.to_string())))?;
            texts.extend(found);
        }
        Ok(texts)
    }

    /// The whole log, to the last event that is wanted: events that nobody wants come after it.
    async fn log_up_to(
        &self,
        record: RecordId,
        wanted: impl Fn(&Event) -> bool + Send,
    ) -> Result<Vec<Event>, RepositoryError> {
        let scope = Scope::everything(&self.tenant);
        let mut log: Vec<Event> = Vec::new();
        let mut from = Some(Version::NONE.next());
        while let Some(next) = from {
            let part = LogPart { from: next, limit: PAGE, newest_first: false };
            let page = self.desk.repository().events(&scope, record, part).await?;
            let read = page.events.len();
            let expected = (next.get()..).map(Version::new);
            if page.events.iter().zip(expected).any(|(event, expected)| event.sequence != expected) {
                return Err(corrupt(record, format!("an event from {next} on is missing")));
            }
            log.extend(page.events.into_iter().take_while(&wanted));
            let all = log.last().map(|event| event.sequence.next());
            // A page that is empty, or goes back, would be read for ever.
            from = page.next.filter(|then| read > 0 && Some(*then) == all);
        }
        Ok(log)
    }
}

fn folded<K: Managed>(record: RecordId, log: &[Event]) -> Result<(K, Version), RepositoryError> {
    let (kept, version) = fold::<K>(log)
        .map_err(|error| RepositoryError::Corrupt { key: record.to_string(), source: Box::new(error) })?;
    if K::key(kept.id()) == record {
        Ok((kept, version))
    } else {
        Err(corrupt(record, "it is the log of another record"))
    }
}

pub(super) fn corrupt(record: RecordId, what: impl Into<String>) -> RepositoryError {
    RepositoryError::Corrupt { key: record.to_string(), source: what.into().into() }
}
