//! What no record may bear when a commit lands: so that no child has children, whatever lands at once.

use super::{
    check::{Kept, ensure, same, step_back},
    commits::unexpected,
    fixture::{Known, Trial, acme, all},
};
use crate::{
    event::RecordId,
    id::Id,
    incident::{Incident, IncidentEvent as E},
    link::{Link, Linking},
    store::{Commit, Filter, Landed, Refused, Repository, RepositoryError, Term},
};

/// How often two race.
const ROUNDS: u32 = 8;

fn id(known: &Known) -> Id<Incident> {
    known.incident.id()
}

/// That it becomes a child of another.
fn adopted(parent: &Known) -> E {
    E::Linked(Linking { link: Link::ChildOf(id(parent)), reason: None })
}

/// The commit by which one becomes a child of another, as long as the other stays as it is, and none is a child of it.
fn adoption<R: Repository>(trial: &Trial<'_, R>, child: &Known, parent: &Known) -> Kept<(Known, Commit)> {
    let next = trial.next(child, vec![adopted(parent)])?;
    let (guards, unused) = (vec![parent.guard()], vec![Term::ChildOf(id(child))]);
    let commit = Commit { guards, unused, ..trial.commit(&[&next]) };
    Ok((next, commit))
}

pub(super) async fn what_none_may_bear_is_looked_for<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (child, parent, other) = (trial.make("child").await?, trial.make("parent").await?, trial.make("other").await?);
    let (child, commit) = adoption(trial, &child, &parent)?;
    trial.land(&acme(), commit).await?;
    let (above, refused) = adoption(trial, &parent, &other)?;
    match trial.refused(refused.clone()).await? {
        RepositoryError::InUse { term } => same("the term in use", &term, &Term::ChildOf(id(&parent)))?,
        error => return Err(unexpected(&error, "InUse")),
    }
    trial.stands(&parent).await?;
    // Several are looked for, and one is enough.
    let several = Commit { unused: vec![Term::ChildOf(id(&other)), Term::ChildOf(id(&parent))], ..refused.clone() };
    ensure!(trial.repository.commit(&acme(), several).await.is_err(), "the second term was not looked for");
    trial.stands(&parent).await?;
    // Another tenant's records bear nothing here, and what is no longer borne is no hindrance.
    trial.change(&child, vec![E::Unlinked(Linking { link: Link::ChildOf(id(&parent)), reason: None })]).await?;
    trial.land(&acme(), refused).await?;
    trial.stands(&above).await
}

pub(super) async fn children_are_found_by_their_parent<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (one, parent, other) = (trial.make("child").await?, trial.make("parent").await?, trial.make("other").await?);
    let (one, commit) = adoption(trial, &one, &parent)?;
    trial.land(&acme(), commit).await?;
    for (of, wanted) in [(&parent, vec![one.id()]), (&other, Vec::<RecordId>::new())] {
        let filter = Filter { child_of: vec![id(of)], ..Filter::default() };
        let query = crate::store::Query { filter: filter.clone(), ..crate::store::Query::all() };
        let rows = trial.list(&all(), &query).await?;
        same("the children", &rows.iter().map(|row| row.id).collect::<Vec<_>>(), &wanted)?;
        let counted = trial.repository.count(&all(), &filter, 100).await?;
        same("how many children there are", &usize::try_from(counted)?, &wanted.len())?;
    }
    Ok(())
}

pub(super) async fn no_child_gets_children_meanwhile<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    for _ in 0..ROUNDS {
        let (child, middle, top) = (trial.make("child").await?, trial.make("middle").await?, trial.make("top").await?);
        let (_, below) = adoption(trial, &child, &middle)?;
        let (_, above) = adoption(trial, &middle, &top)?;
        let send = |commit: Commit| async {
            step_back().await;
            trial.repository.commit(&acme(), commit).await
        };
        let mut landed = 0_u32;
        for outcome in trial.racing.race(vec![send(below), send(above)]).await? {
            match outcome {
                Ok(Landed::Now) => landed = landed.saturating_add(1),
                Ok(before @ Landed::Before(_)) => {
                    return Err(super::check::Why::new(format!("a new command came back as {before:?}")));
                }
                Err(Refused { error: RepositoryError::Conflict { .. } | RepositoryError::InUse { .. }, .. }) => {}
                Err(refused) => return Err(refused.error.into()),
            }
        }
        same("how many of two landed of which each forbids the other", &landed, &1)?;
    }
    Ok(())
}
