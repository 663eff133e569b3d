//! The same command on many incidents: planned first, applied in bounded batches.

use super::{
    ActingDesk, Cursor, Outcome, Preview,
    cursor::{Binding, ListPlace, RecordPlace},
    reads::check_limit,
    worklist::Listed,
};
use crate::{
    command::IncidentCommand,
    error::{Error, invalid_read},
    id::{CommandId, Id, Number},
    incident::Incident,
    record::RecordKind,
    store::{Filter, MAX_PAGE, Query, RecordKey, Repository, Sort},
};

/// On which incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// On these, at most [`MAX_PAGE`](crate::store::MAX_PAGE).
    Records(Vec<Id<Incident>>),
    /// On all that fit and that the actor may see.
    Matching(Box<Filter>),
}

impl From<Vec<Id<Incident>>> for Selection {
    fn from(records: Vec<Id<Incident>>) -> Self {
        Self::Records(records)
    }
}

impl From<Filter> for Selection {
    fn from(filter: Filter) -> Self {
        Self::Matching(Box::new(filter))
    }
}

impl From<Query> for Selection {
    fn from(query: Query) -> Self {
        Self::from(query.filter)
    }
}

/// The same command on many incidents.
#[derive(Debug)]
pub struct Bulk<R> {
    acting: ActingDesk<R>,
    selection: Selection,
    request: IncidentCommand,
    command: CommandId,
}

/// What a batch came to, incident by incident.
#[derive(Debug)]
pub struct Batch<T> {
    /// An answer for each incident, in the order in which they were taken.
    pub answers: Vec<BulkAnswer<T>>,
    /// Where the next batch begins; `None` at the end.
    pub next: Option<Cursor>,
}

/// The answer for one incident.
#[derive(Debug)]
pub struct BulkAnswer<T> {
    /// The incident.
    pub id: Id<Incident>,
    /// Its number, as far as the actor may see it.
    pub number: Option<Number>,
    /// What came of it. One that is refused does not keep others from being changed.
    pub result: Result<T, Error>,
}

impl<R: Repository> ActingDesk<R> {
    /// The same command on many incidents: [`preview`](Bulk::preview) shows what would come of it,
    /// [`apply`](Bulk::apply) does it.
    ///
    /// Each incident gets a command id of its own, made of the one of the whole: applying the same again, with
    /// the same [`with_command`](Self::with_command), changes nothing more.
    #[must_use]
    pub fn bulk(&self, selection: impl Into<Selection>, request: IncidentCommand) -> Bulk<R> {
        Bulk { acting: self.clone(), selection: selection.into(), request, command: self.command_id() }
    }
}

impl<R: Repository> Bulk<R> {
    /// The id of the whole: name it to apply the same again.
    #[must_use]
    pub const fn command(&self) -> CommandId {
        self.command
    }

    /// What the command would come to on the next `limit` incidents, 1 to
    /// [`MAX_PAGE`](crate::store::MAX_PAGE). Nothing is stored.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another `limit`, for a `selection` that names more incidents than that (give it in
    /// parts, or as a filter), or a filter with faults;
    /// [`Error::Cursor`] for a cursor of something else.
    pub async fn preview(&self, after: Option<&Cursor>, limit: usize) -> Result<Batch<Preview>, Error> {
        let (taken, next) = self.acting.take(&self.selection, after, limit).await?;
        let mut answers = Vec::with_capacity(taken.len());
        for (id, number) in taken {
            let request = std::slice::from_ref(&self.request);
            let result = self.acting_on(id).preview_requests::<Incident>(&id.into(), request).await;
            let number = number.or_else(|| result.as_ref().ok().map(|preview| preview.incident().number().clone()));
            answers.push(BulkAnswer { id, number, result });
        }
        Ok(Batch { answers, next })
    }

    /// Does it to the next `limit` incidents, each in a commit of its own.
    ///
    /// Those of a filter are taken from the newest on, each at most once, even if what is done makes them fit
    /// no longer.
    ///
    /// # Errors
    /// As [`preview`](Self::preview).
    pub async fn apply(&self, after: Option<&Cursor>, limit: usize) -> Result<Batch<Outcome>, Error> {
        let (taken, next) = self.acting.take(&self.selection, after, limit).await?;
        let mut answers = Vec::with_capacity(taken.len());
        for (id, number) in taken {
            let request = std::slice::from_ref(&self.request);
            let result = self.acting_on(id).run_requests::<Incident>(&RecordKey::from(id), request).await;
            let number = number.or_else(|| result.as_ref().ok().map(|outcome| outcome.number().clone()));
            answers.push(BulkAnswer { id, number, result });
        }
        Ok(Batch { answers, next })
    }

    /// The desk, with the command id for this incident.
    fn acting_on(&self, id: Id<Incident>) -> ActingDesk<R> {
        let mut acting = self.acting.clone();
        acting.options.command = Some(CommandId::named(&format!("{}/{id}", self.command)));
        acting
    }
}

impl<R: Repository> ActingDesk<R> {
    /// The next incidents of a selection.
    pub(super) async fn take(
        &self,
        selection: &Selection,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<(Vec<Taken>, Option<Cursor>), Error> {
        check_limit(limit)?;
        match selection {
            Selection::Records(records) => {
                check_named(records.len())?;
                let mut taken: Vec<Taken> = Vec::with_capacity(records.len());
                for id in records {
                    if !taken.iter().any(|(known, _)| known == id) {
                        taken.push((*id, None));
                    }
                }
                let binding = Binding::of_records(&self.tenant, records);
                let from = after.map(|cursor| RecordPlace::open(cursor, binding)).transpose()?;
                let from = from.map_or(0, |place| place.0);
                let end = from.saturating_add(limit);
                let next = (end < taken.len()).then(|| RecordPlace(end).seal(binding));
                Ok((taken.into_iter().skip(from).take(limit).collect(), next))
            }
            Selection::Matching(filter) => {
                // The order in which they were reported does not change by anything that is done to them.
                let query = Query { filter: (**filter).clone(), sort: Sort::Reported }.of_kind(RecordKind::Incident);
                let Listed { query, binding, page, at, .. } = self.rows(query, after, limit).await?;
                let last = page.rows.last().filter(|_| page.more);
                let next = last.map(|row| ListPlace { at, after: query.sort_key(row, at) }.seal(binding));
                let taken = page.rows.into_iter().filter_map(|row| Some((row.id.incident()?, Some(row.number))));
                Ok((taken.collect(), next))
            }
        }
    }
}

/// How many incidents may be named.
fn check_named(named: usize) -> Result<(), Error> {
    if named <= MAX_PAGE {
        return Ok(());
    }
    let rule = format!(
        "names {named} incidents, and may name {MAX_PAGE}; give it in parts, each as a bulk of its own, or select by a \
         filter"
    );
    Err(invalid_read("selection", "limit.range", rule))
}

/// An incident that was taken, and its number if it is known.
pub(super) type Taken = (Id<Incident>, Option<Number>);
