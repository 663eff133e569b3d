//! Records of several kinds: problems beside incidents, and commits across both.

use std::sync::Arc;

use super::{
    check::{Kept, Why, ensure, same},
    commits::unexpected,
    fixture::{Known, Trial, acme, all, assessed_as, group, minute, routed, viewer},
};
use crate::{
    event::{Event, RecordId},
    id::{Id, Number, Version},
    incident::IncidentEvent as E,
    key::LevelName,
    lifecycle::{In, Stamp},
    link::{Link, Linking},
    problem::{Problem, ProblemEvent as P, Raised},
    record::{Assignment, Facts, Kind as _},
    store::{
        Commit, Expected, FeedChange, Filter, Guard, IndexRow, Query, Record, RecordKind, Repository, RepositoryError,
        Term, TermChange, Terms, Write,
    },
    text::Title,
};

/// A problem as a case knows it.
#[derive(Debug, Clone)]
struct Cause {
    problem: Problem,
    log: Vec<Event>,
    /// The version before the last command.
    base: Version,
}

impl Cause {
    fn id(&self) -> RecordId {
        Problem::key(self.problem.id())
    }

    fn version(&self) -> Version {
        self.log.last().map_or(Version::NONE, |event| event.sequence)
    }

    fn guard(&self) -> Guard {
        Guard { id: self.id(), version: self.version() }
    }

    fn record(&self) -> Record {
        Record::from(self.problem.clone())
    }

    fn row(&self) -> IndexRow {
        IndexRow::of_kind(&self.problem, self.version(), None)
    }

    fn write(&self) -> Write {
        let terms = Terms::of(&self.record());
        let known = usize::try_from(self.base.get()).unwrap_or(usize::MAX);
        Write {
            expected: if self.base == Version::NONE { Expected::Absent } else { Expected::At(self.base) },
            record: self.record(),
            row: self.row(),
            terms: TermChange { standing: Some(terms.standing), subject: Some(terms.subject) },
            events: self.log.get(known..).unwrap_or_default().into(),
        }
    }
}

impl<R: Repository> Trial<'_, R> {
    /// A new problem with this title, with a group.
    fn cause(&self, title: &str) -> Kept<Cause> {
        let id = Id::from_u128(self.bits());
        let number = Number::new("PRB", 7, self.mint())?;
        let (title, medium) = (Title::new(title, 200, self.salt())?, LevelName::known("medium"));
        let facts: Facts<Problem> = Facts::bare(id, number, title, &medium);
        let raised = Raised {
            assessment: assessed_as(&facts.impact, &facts.urgency)?,
            facts: Arc::new(facts),
            assignment: Assignment { group: Some(group("Mail")), person: None },
            origin: crate::problem::Origin::Reactive,
        };
        let at = self.now();
        let step = In::raise(raised, &Stamp::now(at, &crate::actor::ActorId::System));
        let log = self.sealed(&acme(), Problem::key(id), self.command(), at, Version::NONE, step.events);
        Ok(Cause { problem: step.next.into(), log, base: Version::NONE })
    }

    /// The problem after this has happened, too.
    fn then(&self, cause: &Cause, event: P) -> Kept<Cause> {
        let at = self.now();
        let step = cause.problem.clone().apply(event, &Stamp::now(at, &crate::actor::ActorId::System))?;
        let mut log = cause.log.clone();
        log.extend(self.sealed(&acme(), cause.id(), self.command(), at, cause.version(), step.events));
        Ok(Cause { problem: step.next, log, base: cause.version() })
    }

    /// A commit that writes these.
    fn commit_of(&self, causes: &[&Cause], incidents: &[&Known]) -> Commit {
        let writes = causes.iter().map(|cause| cause.write()).chain(incidents.iter().map(|known| known.write()));
        Commit { writes: writes.collect(), ..self.commit(&[]) }
    }

    /// Checks that the problem is stored as it is known.
    async fn stands_so(&self, cause: &Cause) -> Kept {
        let loaded = self.load(&all(), cause.id()).await?.map(|loaded| (loaded.record, loaded.version));
        same("the problem that is loaded", &loaded, &Some((cause.record(), cause.version())))?;
        let log = self.log(&all(), cause.id(), 100, false).await?;
        same("the log of the problem", &log, &cause.log)
    }
}

/// Linked to this problem.
fn linked(cause: &Cause) -> E {
    E::Linked(Linking { link: Link::CausedBy(cause.problem.id()), reason: None })
}

pub(super) async fn a_problem_comes_back_as_it_was_stored<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let cause = trial.cause("Queues fill up")?;
    trial.land(&acme(), trial.commit_of(&[&cause], &[])).await?;
    trial.stands_so(&cause).await?;
    let next = trial.then(&cause, P::InvestigationStarted)?;
    trial.land(&acme(), trial.commit_of(&[&next], &[])).await?;
    trial.stands_so(&next).await?;
    let log = trial.log(&all(), next.id(), 100, false).await?;
    let (folded, version) = Problem::fold(&log)?;
    same("what the log adds up to", &(folded, version), &(next.problem.clone(), next.version()))?;
    let found = trial.load(&all(), next.problem.number()).await?.map(|loaded| loaded.record);
    same("what is found by the number", &found, &Some(next.record()))?;
    let rows = trial.list(&all(), &Query::all().of_kind(RecordKind::Problem)).await?;
    same("the rows of problems", &rows, &vec![next.row()])
}

pub(super) async fn records_of_two_kinds_land_together<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let incident = trial.make("Mail is down").await?;
    let cause = trial.cause("Queues fill up")?;
    let linked = trial.next(&incident, vec![linked(&cause)])?;
    trial.land(&acme(), trial.commit_of(&[&cause], &[&linked])).await?;
    trial.stands_so(&cause).await?;
    trial.stands(&linked).await?;
    // And not at all, if one of them cannot.
    let late = trial.next(&incident, vec![routed("Network")])?;
    let further = trial.then(&cause, P::InvestigationStarted)?;
    let error = trial.refused(trial.commit_of(&[&further], &[&late])).await?;
    ensure!(matches!(error, RepositoryError::Conflict { .. }), "refused with {error}, and not with a Conflict");
    trial.stands_so(&cause).await?;
    trial.stands(&linked).await
}

pub(super) async fn a_guard_on_another_kind_must_hold<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let incident = trial.make("Mail is down").await?;
    let cause = trial.cause("Queues fill up")?;
    trial.land(&acme(), trial.commit_of(&[&cause], &[])).await?;
    let next = trial.next(&incident, vec![linked(&cause)])?;
    let further = trial.then(&cause, P::InvestigationStarted)?;
    trial.land(&acme(), trial.commit_of(&[&further], &[])).await?;
    match trial.refused(Commit { guards: vec![cause.guard()], ..trial.commit(&[&next]) }).await? {
        RepositoryError::Conflict { id, found, .. } => {
            same("the record of the conflict", &id, &cause.id())?;
            same("what was found", &found, &Some(further.version()))?;
        }
        error => return Err(unexpected(&error, "Conflict")),
    }
    trial.stands(&incident).await?;
    trial.land(&acme(), Commit { guards: vec![further.guard()], ..trial.commit(&[&next]) }).await?;
    trial.stands(&next).await
}

pub(super) async fn each_kind_is_listed_by_itself<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let cause = trial.cause("Queues fill up")?;
    let other = trial.cause("Disks wear out")?;
    trial.land(&acme(), trial.commit_of(&[&cause, &other], &[])).await?;
    let looked = trial.then(&other, P::InvestigationStarted)?;
    trial.land(&acme(), trial.commit_of(&[&looked], &[])).await?;
    let incident = trial.change(&trial.make("Mail is down").await?, vec![linked(&cause)]).await?;
    let alone = trial.make("Printer is down").await?;
    let filter = Filter::default;
    let stage = crate::problem::Stage::Investigating;
    let problems = vec![cause.id(), other.id()];
    for (what, filter, wanted) in [
        ("everything", filter(), vec![cause.id(), other.id(), incident.id(), alone.id()]),
        ("incidents", Filter { kind: Some(RecordKind::Incident), ..filter() }, vec![incident.id(), alone.id()]),
        ("problems", Filter { kind: Some(RecordKind::Problem), ..filter() }, problems),
        ("problems by stage", Filter { problem_stages: vec![stage], ..filter() }, vec![other.id()]),
        ("what a problem caused", Filter { caused_by: vec![cause.problem.id()], ..filter() }, vec![incident.id()]),
        ("what another caused", Filter { caused_by: vec![other.problem.id()], ..filter() }, vec![]),
        ("known errors", Filter { known_error: true, ..filter() }, vec![]),
        ("what is with a group", Filter { groups: vec![group("Mail")], ..filter() }, vec![cause.id(), other.id()]),
    ] {
        let mut wanted = wanted;
        wanted.sort_unstable();
        for sort in crate::store::Sort::ALL {
            let query = Query { filter: filter.clone(), sort };
            let rows = trial.list_after(&all(), &query, minute(150), None, 2).await?;
            let mut found: Vec<_> = rows.iter().map(|row| row.id).collect();
            found.sort_unstable();
            same(&format!("{what}, listed by {sort:?}"), &found, &wanted)?;
        }
        let counted = trial.repository.count(&all(), &filter, 100).await?;
        same(&format!("how many are {what}"), &usize::try_from(counted)?, &wanted.len())?;
    }
    let fed = trial.feed(&all()).await?;
    ensure!(fed.iter().any(|entry| entry.record == cause.id()), "the feed does not tell of problems");
    Ok(())
}

pub(super) async fn problems_are_seen_by_marks_of_their_own<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let cause = trial.cause("Queues fill up")?;
    trial.land(&acme(), trial.commit_of(&[&cause], &[])).await?;
    let incident = trial.change(&trial.make("Mail is down").await?, vec![routed("Mail")]).await?;
    for (terms, sees_incident) in [
        (vec![Term::Everyone], true),
        (vec![Term::Group(group("Mail"))], true),
        (vec![Term::Problem(Box::new(Term::Everyone))], false),
        (vec![Term::Problem(Box::new(Term::Group(group("Mail"))))], false),
    ] {
        let scope = viewer(&terms);
        let (seen, unseen) = if sees_incident { (incident.id(), cause.id()) } else { (cause.id(), incident.id()) };
        ensure!(trial.load(&scope, seen).await?.is_some(), "{terms:?} does not load what it sees");
        ensure!(trial.load(&scope, unseen).await?.is_none(), "{terms:?} loads what it does not see");
        let listed: Vec<_> = trial.list(&scope, &Query::all()).await?.iter().map(|row| row.id).collect();
        same(&format!("what {terms:?} lists"), &listed, &vec![seen])?;
        let counted = trial.repository.count(&scope, &Filter::default(), 100).await?;
        same(&format!("how many {terms:?} counts"), &counted, &1)?;
        let fed = trial.feed(&scope).await?;
        let told = fed.iter().filter(|entry| matches!(entry.change, FeedChange::Stands { .. }));
        ensure!(told.clone().count() > 0, "{terms:?} is not told of what it sees");
        ensure!(told.clone().all(|entry| entry.record == seen), "{terms:?} is told of what it does not see");
        ensure!(
            trial.log(&scope, unseen, 100, false).await?.is_empty(),
            "{terms:?} reads the log of what it does not see"
        );
    }
    Ok(())
}

pub(super) async fn each_kind_has_numbers_of_its_own<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let acme = acme();
    let next = |kind| trial.repository.next_number(&acme, kind);
    let first = next(RecordKind::Incident).await?;
    for _ in 0..20 {
        next(RecordKind::Incident).await?;
    }
    let problem = next(RecordKind::Problem).await?;
    same("the first number of a problem", &problem, &first)?;
    let again = next(RecordKind::Problem).await?;
    if again > problem { Ok(()) } else { Err(Why::new(format!("the number {again} came after {problem}"))) }
}
