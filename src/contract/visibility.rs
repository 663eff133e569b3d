//! Visibility: what a viewer may not see is like what does not exist, in every read.

use std::collections::BTreeSet;

use super::{
    check::{Kept, ensure, same},
    fixture::{Known, Trial, all, group, person, routed, viewer},
    generated::{MANY, population, viewers},
};
use crate::{
    event::RecordId,
    incident::{FactChange, IncidentEvent as E},
    store::{FeedChange, Filter, Query, Repository, Scope, Sort, Term},
};

/// Checks that of these records every read shows a viewer those that it sees, and no others.
async fn sees<R: Repository>(trial: &Trial<'_, R>, scope: &Scope, records: &[Known]) -> Kept {
    let seen: Vec<&Known> = records.iter().filter(|known| scope.sees(&known.terms)).collect();
    let ids: BTreeSet<RecordId> = seen.iter().map(|known| known.id()).collect();
    let terms = &scope.viewer;
    for known in records {
        let expected = ids.contains(&known.id()).then(|| known.loaded());
        same(&format!("what {terms:?} loads by id"), &trial.load(scope, known.id()).await?, &expected)?;
        same(&format!("what {terms:?} loads by number"), &trial.load(scope, &known.row.number).await?, &expected)?;
        let log = trial.log(scope, known.id(), 100, false).await?;
        let shown: Vec<_> = known.log.iter().filter_map(|event| scope.shows(event, &known.terms)).collect();
        same(&format!("the log that {terms:?} reads"), &log, &shown)?;
    }
    let asked: Vec<_> = records.iter().map(Known::id).collect();
    let many = trial.repository.load_many(scope, &asked).await?;
    let expected: Vec<_> = records.iter().map(|known| ids.contains(&known.id()).then(|| known.loaded())).collect();
    same(&format!("what {terms:?} loads together"), &many, &expected)?;
    for sort in Sort::ALL {
        let query = Query::all().sorted(sort);
        let listed: Vec<_> = trial.list(scope, &query).await?.iter().map(|row| row.id).collect();
        same(&format!("how many {terms:?} lists by {sort:?}"), &listed.len(), &ids.len())?;
        same(&format!("what {terms:?} lists by {sort:?}"), &listed.into_iter().collect(), &ids)?;
    }
    let count = trial.repository.count(scope, &Filter::default(), 10_000).await?;
    same(&format!("how many {terms:?} counts"), &usize::try_from(count)?, &ids.len())?;
    let fed = trial.feed(scope).await?;
    let standing = fed.iter().filter(|entry| matches!(entry.change, FeedChange::Stands { .. }));
    same(&format!("what {terms:?} follows"), &standing.map(|entry| entry.record).collect(), &ids)
}

pub(super) async fn a_viewer_without_terms_sees_nothing<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = population(trial, 12).await?;
    // Not even as one of those who read internals.
    for internal in [&[][..], &[Term::Everyone, Term::Confidential]] {
        let blind = Scope { viewer: [].into(), internal: internal.into(), ..all() };
        sees(trial, &blind, &records).await?;
        let fed = trial.feed(&blind).await?;
        ensure!(fed.is_empty(), "{} entries of the feed come to a viewer without terms", fed.len());
    }
    Ok(())
}

pub(super) async fn a_viewer_sees_what_shares_a_term<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = population(trial, MANY).await?;
    for terms in viewers() {
        sees(trial, &viewer(&terms), &records).await?;
    }
    sees(trial, &all(), &records).await
}

pub(super) async fn sight_follows_the_record<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let hidden = |known: &Known, new: bool| {
        let old = known.facts().confidential;
        E::Edited(vec![FactChange::Confidential { old, new }])
    };
    let mut known = trial.make("now you see it").await?;
    let watchers = [
        viewer(&[Term::Everyone]),
        viewer(&[Term::Confidential]),
        viewer(&[Term::Group(group("Network"))]),
        viewer(&[Term::Group(group("Mail"))]),
        viewer(&[Term::Watcher(person("wanda"))]),
    ];
    let steps: [&dyn Fn(&Known) -> E; 6] = [
        &|_| routed("Network"),
        &|known| hidden(known, true),
        &|_| E::Watched(person("wanda")),
        &|_| routed("Mail"),
        &|_| E::Unwatched(person("wanda")),
        &|known| hidden(known, false),
    ];
    for step in steps {
        known = trial.change(&known, vec![step(&known)]).await?;
        for scope in &watchers {
            sees(trial, scope, std::slice::from_ref(&known)).await?;
        }
    }
    Ok(())
}
