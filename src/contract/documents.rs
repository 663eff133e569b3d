//! Documents: what a tenant publishes, and which policy is in force.

use std::sync::Arc;

use super::{
    check::{Kept, Why, ensure, same},
    commits::unexpected,
    fixture::{Trial, acme, all, globex, minute, no_policy, person},
};
use crate::{
    actor::ActorId,
    event::PolicyStamp,
    incident::{FactChange, IncidentEvent as E},
    key::Label,
    policy::{Policy, PolicyDraft},
    record::Audience,
    store::{Commit, Document, Landed, PageRequest, Publication, Published, Query, Repository, RepositoryError, Term},
};

/// A policy of this name.
pub(super) fn policy(name: &str) -> Kept<Policy> {
    Ok(PolicyDraft { name: name.to_owned(), ..PolicyDraft::itil() }.validate()?)
}

/// That puts a policy in force.
pub(super) fn publication(policy: &Policy, version: u32) -> Publication {
    let by = ActorId::Person(person("anna"));
    Publication { document: Document::Policy(Arc::new(policy.clone())), version, by, unused: Vec::new() }
}

/// A commit that publishes, decided by what is in force.
fn publishing<R>(trial: &Trial<'_, R>, policy: &Policy, version: u32, in_force: Option<PolicyStamp>) -> Commit {
    Commit { publication: Some(publication(policy, version)), policy: in_force, ..trial.commit(&[]) }
}

/// Publishes so many policies, and gives them with their commits.
async fn published<R: Repository>(trial: &Trial<'_, R>, versions: u32) -> Kept<Vec<(Policy, Commit)>> {
    let mut done = Vec::new();
    let mut in_force = None;
    for version in 1..=versions {
        let policy = policy(&format!("Version {version}"))?;
        let at = minute(version);
        let commit = Commit { at, ..publishing(trial, &policy, version, in_force) };
        trial.land(&acme(), commit.clone()).await?;
        in_force = Some(policy.stamp(version));
        done.push((policy, commit));
    }
    Ok(done)
}

pub(super) async fn the_policy_in_force_comes_with_a_load<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let found = trial.repository.load(&all(), None, None).await?;
    same("the policy before any was published", &found.policy, &None)?;
    let known = trial.make("record").await?;
    let mut in_force = None;
    for version in 1..=3 {
        let policy = policy(&format!("Version {version}"))?;
        trial.land(&acme(), publishing(trial, &policy, version, in_force)).await?;
        in_force = Some(policy.stamp(version));
        for key in [None, Some(&known.id().into())] {
            let found = trial.repository.load(&all(), key, Some(trial.command())).await?;
            same("the policy in force", &found.policy, &in_force)?;
        }
        // Whether the list finds something or not.
        for query in [Query::all(), Query::all().search("-")] {
            let (scope, request) = (all(), PageRequest { query: &query, at: minute(1), after: None, limit: 1 });
            let page = trial.repository.page(&scope, request).await?;
            same("the policy in force with a page", &page.policy, &in_force)?;
        }
    }
    Ok(())
}

/// Checks that a commit is refused because another policy is in force.
async fn overtaken<R: Repository>(trial: &Trial<'_, R>, commit: Commit, in_force: Option<PolicyStamp>) -> Kept {
    match trial.refused(commit).await? {
        RepositoryError::PolicyChanged { found } => same("the policy that was found", &found, &in_force),
        error => Err(unexpected(&error, "PolicyChanged")),
    }
}

pub(super) async fn publications_follow_each_other<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (one, two) = (policy("One")?, policy("Two")?);
    for version in [0, 2, u32::MAX] {
        overtaken(trial, publishing(trial, &one, version, None), None).await?;
    }
    overtaken(trial, publishing(trial, &one, 1, Some(no_policy())), None).await?;
    trial.land(&acme(), publishing(trial, &one, 1, None)).await?;
    let first = Some(one.stamp(1));
    for version in [0, 1, 3] {
        overtaken(trial, publishing(trial, &two, version, first), first).await?;
    }
    // One that was decided before the first was published.
    for version in [1, 2] {
        overtaken(trial, publishing(trial, &two, version, None), first).await?;
    }
    trial.land(&acme(), publishing(trial, &two, 2, first)).await?;
    // The same content may come again.
    trial.land(&acme(), publishing(trial, &one, 3, Some(two.stamp(2)))).await?;
    let found = trial.repository.load(&all(), None, None).await?;
    same("the policy in force", &found.policy, &Some(one.stamp(3)))
}

pub(super) async fn a_commit_needs_its_policy<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let stored = trial.make("stored").await?;
    let changed = trial.next(&stored, vec![trial.note(Audience::Internal, "changed")?])?;
    let known = trial.reported(trial.facts("record")?)?;
    // What makes a record, and what changes one.
    let by = |policy| [&known, &changed].map(|write| Commit { policy, ..trial.commit(&[write]) });
    let (one, two) = (policy("One")?, policy("Two")?);
    for commit in by(Some(one.stamp(1))) {
        overtaken(trial, commit, None).await?;
    }
    trial.land(&acme(), publishing(trial, &one, 1, None)).await?;
    let first = Some(one.stamp(1));
    for wrong in [None, Some(no_policy()), Some(one.stamp(2)), Some(two.stamp(1))] {
        for commit in by(wrong) {
            overtaken(trial, commit, first).await?;
        }
    }
    trial.land(&acme(), publishing(trial, &two, 2, first)).await?;
    let second = Some(two.stamp(2));
    for commit in by(first) {
        overtaken(trial, commit, second).await?;
    }
    // A command that changes nothing was decided by a policy, too.
    overtaken(trial, Commit { policy: first, ..trial.commit(&[]) }, second).await?;
    for commit in by(second) {
        trial.land(&acme(), commit).await?;
    }
    trial.stands(&known).await?;
    trial.stands(&changed).await
}

pub(super) async fn what_is_in_use_stays<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (vip, urgent) = (Label::known("vip"), Label::known("urgent"));
    let mut facts = trial.facts("record")?;
    facts.labels = vec![vip.clone()];
    let known = trial.reported(facts)?;
    trial.put(&known).await?;
    let one = policy("One")?;
    let without = |terms: &[&Label]| {
        let unused = terms.iter().map(|label| Term::Label((*label).clone())).collect();
        let publication = Publication { unused, ..publication(&one, 1) };
        Commit { publication: Some(publication), ..trial.commit(&[]) }
    };
    match trial.refused(without(&[&urgent, &vip])).await? {
        RepositoryError::InUse { term } => same("the term in use", &term, &Term::Label(vip.clone()))?,
        error => return Err(unexpected(&error, "InUse")),
    }
    let found = trial.repository.load(&all(), None, None).await?;
    same("the policy in force", &found.policy, &None)?;
    let change = FactChange::Labels { old: vec![vip.clone()], new: vec![urgent] };
    trial.change(&known, vec![E::Edited(vec![change])]).await?;
    trial.land(&acme(), without(&[&vip])).await
}

pub(super) async fn a_document_is_found_by_its_digest<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let never = policy("Never published")?;
    for (policy, _) in published(trial, 3).await? {
        let found = trial.repository.document(&acme(), policy.digest()).await?;
        same("the document", &found, &Some(Document::Policy(Arc::new(policy))))?;
    }
    let found = trial.repository.document(&acme(), never.digest()).await?;
    ensure!(found.is_none(), "a document is found that was never published");
    Ok(())
}

pub(super) async fn a_document_comes_with_a_record<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (brought, refused) = (policy("Brought")?, policy("Refused")?);
    let document = |policy: &Policy| Document::Policy(Arc::new(policy.clone()));
    let known = trial.reported(trial.facts("record")?)?;
    trial.land(&acme(), Commit { documents: vec![document(&brought)], ..trial.commit(&[&known]) }).await?;
    let found = trial.repository.document(&acme(), brought.digest()).await?;
    same("the document", &found, &Some(document(&brought)))?;
    let found = trial.repository.document(&globex(), brought.digest()).await?;
    ensure!(found.is_none(), "the document of another tenant is found");
    let found = trial.repository.load(&all(), None, None).await?;
    same("the policy in force", &found.policy, &None)?;
    same("the publications", &trial.repository.published(&acme(), None, 10).await?, &Vec::new())?;
    // It may come again, and be published.
    let next = trial.next(&known, vec![E::WorkStarted])?;
    trial.land(&acme(), Commit { documents: vec![document(&brought)], ..trial.commit(&[&next]) }).await?;
    trial.land(&acme(), publishing(trial, &brought, 1, None)).await?;
    // What comes with a commit that is refused is not kept.
    let late = trial.next(&known, vec![E::WorkStarted])?;
    let policy = Some(brought.stamp(1));
    trial.refused(Commit { documents: vec![document(&refused)], policy, ..trial.commit(&[&late]) }).await?;
    let found = trial.repository.document(&acme(), refused.digest()).await?;
    ensure!(found.is_none(), "a document is kept that came with a commit that was refused");
    Ok(())
}

/// What a list of publications says of each.
fn listed(published: &[(Policy, Commit)]) -> Kept<Vec<Published>> {
    let list = published.iter().rev().map(|(policy, commit)| {
        let publication = commit.publication.as_ref().ok_or_else(|| Why::new("the case published nothing"))?;
        let (at, command) = (commit.at, commit.command);
        let name = policy.parts().name.clone();
        Ok(Published { stamp: publication.stamp(), name, by: publication.by.clone(), at, command })
    });
    list.collect()
}

pub(super) async fn publications_come_newest_first<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let none = trial.repository.published(&acme(), None, 10).await?;
    ensure!(none.is_empty(), "something is listed before anything was published");
    let all = published(trial, 4).await?;
    same("the publications", &trial.repository.published(&acme(), None, 10).await?, &listed(&all)?)
}

pub(super) async fn publications_come_in_parts<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let all = listed(&published(trial, 5).await?)?;
    for before in [None, Some(0), Some(1), Some(3), Some(5), Some(6), Some(u32::MAX)] {
        for limit in [1, 2, 5, 100] {
            let found = trial.repository.published(&acme(), before, limit).await?;
            let below = all.iter().filter(|known| before.is_none_or(|before| known.stamp.version < before));
            let wanted: Vec<_> = below.take(limit).cloned().collect();
            same(&format!("{limit} publications before {before:?}"), &found, &wanted)?;
        }
    }
    Ok(())
}

pub(super) async fn a_publication_is_a_command<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let one = policy("One")?;
    let commit = publishing(trial, &one, 1, None);
    trial.land(&acme(), commit.clone()).await?;
    let answer = trial.answer(&acme(), commit.command).await?;
    same("the answer", &answer, &Some(commit.answer()))?;
    same("what it says was published", &answer.and_then(|answer| answer.published), &Some(one.stamp(1)))?;
    let again = publishing(trial, &policy("Two")?, 2, Some(one.stamp(1)));
    for again in [commit.clone(), Commit { command: commit.command, ..again }] {
        let landed = trial.repository.commit(&acme(), again).await.map_err(|refused| refused.error)?;
        same("the command again", &landed, &Landed::Before(commit.answer()))?;
    }
    let published = trial.repository.published(&acme(), None, 10).await?;
    same("how many were published", &published.len(), &1)?;
    // A command that left the policy as it was.
    let left = Commit { policy: Some(one.stamp(1)), ..trial.commit(&[]) };
    trial.land(&acme(), left.clone()).await?;
    same("its answer", &trial.answer(&acme(), left.command).await?, &Some(left.answer()))?;
    same("the end of the feed", &trial.feed(&all()).await?.len(), &0)
}
