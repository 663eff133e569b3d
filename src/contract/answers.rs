//! Answers: a command lands once, however often it comes.

use std::pin::pin;

use super::{
    check::{Kept, ensure, look, same},
    fixture::{Trial, acme, all, routed},
};
use crate::{
    digest::Digest,
    incident::{Audience, IncidentEvent as E},
    store::{Commit, Landed, Repository, Scope, Touched},
};

pub(super) async fn a_command_lands_once<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let first = trial.make("first").await?;
    let known = trial.next(&first, vec![routed("Network"), E::WorkStarted])?;
    let commit = trial.commit(&[&known]);
    let answer = commit.answer();
    trial.land(&acme(), commit.clone()).await?;
    let end = trial.feed_end(&acme()).await?;
    // As it was; with other writes that would conflict, and such that would land; with none at all.
    let other = trial.reported_by(&acme(), known.command, trial.now(), trial.facts("other")?)?;
    let more = trial.next_by(known.command, trial.now(), &known, vec![routed("Mail")])?;
    let elsewhere = trial.commit(&[&other]);
    let asked_otherwise = Commit { intent: Digest::of(b"something else"), ..trial.commit(&[&more]) };
    let stale = Commit { guards: vec![first.guard()], ..trial.commit(&[&more]) };
    let nothing = Commit { command: known.command, guards: vec![known.guard()], ..trial.commit(&[]) };
    for again in [commit, elsewhere, asked_otherwise, stale, nothing] {
        let landed = trial.repository.commit(&acme(), again).await.map_err(|refused| refused.error)?;
        same("a command that landed before", &landed, &Landed::Before(answer.clone()))?;
        trial.stands(&known).await?;
        trial.absent(&other).await?;
        same("the end of the feed", &trial.feed_end(&acme()).await?, &end)?;
    }
    same("the answer", &trial.answer(&acme(), known.command).await?, &Some(answer))
}

pub(super) async fn an_answer_is_kept<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let one = trial.reported(trial.facts("one")?)?;
    let made = trial.commit(&[&one]);
    trial.land(&acme(), made.clone()).await?;
    let first = trial.next(&one, vec![routed("Network"), E::WorkStarted])?;
    let second = trial.reported_by(&acme(), first.command, trial.now(), trial.facts("two")?)?;
    let both = trial.commit(&[&first, &second]);
    trial.land(&acme(), both.clone()).await?;
    trial.change(&first, vec![routed("Mail")]).await?;
    for commit in [&made, &both] {
        let expected = Some(commit.answer());
        same("the answer", &trial.answer(&acme(), commit.command).await?, &expected)?;
        // With a record beside it: one that the viewer sees, and one that it does not.
        let found = trial.repository.load(&all(), Some(&one.id().into()), Some(commit.command)).await?;
        same("the answer beside a record", &found.answer, &expected)?;
        let blind = Scope { viewer: [].into(), ..all() };
        let found = trial.repository.load(&blind, Some(&one.id().into()), Some(commit.command)).await?;
        same("the answer beside a record that is not seen", &found.answer, &expected)?;
    }
    same("the answer to a command that never came", &trial.answer(&acme(), trial.command()).await?, &None)?;
    let found = trial.repository.load(&all(), Some(&one.id().into()), None).await?;
    same("the answer where no command is named", &found.answer, &None)
}

pub(super) async fn a_command_without_writes_is_remembered<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = trial.make("first").await?;
    let known = trial.change(&known, vec![routed("Network")]).await?;
    let end = trial.feed_end(&acme()).await?;
    let commit = Commit { guards: vec![known.guard()], ..trial.commit(&[]) };
    trial.land(&acme(), commit.clone()).await?;
    trial.stands(&known).await?;
    same("the end of the feed", &trial.feed_end(&acme()).await?, &end)?;
    let answer = trial.answer(&acme(), commit.command).await?;
    same("the answer", &answer, &Some(commit.answer()))?;
    let left = Touched { record: known.id(), first: known.version().next(), last: known.version() };
    same("what was touched", &answer.map(|answer| answer.touched), &Some(vec![left]))?;
    // The record goes on; the command does not.
    trial.change(&known, vec![E::WorkStarted]).await?;
    let landed = trial.repository.commit(&acme(), commit.clone()).await.map_err(|refused| refused.error)?;
    same("the command again", &landed, &Landed::Before(commit.answer()))
}

pub(super) async fn a_dropped_commit_lands_whole_or_not<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    for round in 0..10 {
        let stored = trial.make("stored").await?;
        let next = trial.next(&stored, vec![trial.note(Audience::Public, "dropped")?, E::WorkStarted])?;
        let new = trial.reported_by(&acme(), next.command, trial.now(), trial.facts("new")?)?;
        let commit = trial.commit(&[&next, &new]);
        let tenant = acme();
        {
            let mut dropped = pin!(trial.repository.commit(&tenant, commit.clone()));
            for _ in 0..=round {
                if look(dropped.as_mut()).is_some() {
                    break;
                }
            }
        }
        // It may land while this is read: what counts is that what is read between two answers fits them.
        let before = trial.answer(&acme(), next.command).await?;
        let versions = trial.repository.load_many(&all(), &[next.id(), new.id()]).await?;
        let found: Vec<_> = versions.iter().map(|known| known.as_ref().map(|known| known.version)).collect();
        let after = trial.answer(&acme(), next.command).await?;
        let (whole, nothing) = (vec![Some(next.version()), Some(new.version())], vec![Some(stored.version()), None]);
        ensure!(before.is_none() || found == whole, "there is an answer, and the records are at {found:?}");
        ensure!(after.is_some() || found == nothing, "there is no answer, and the records are at {found:?}");
        let answer = commit.answer();
        let landed = trial.repository.commit(&acme(), commit).await.map_err(|refused| refused.error)?;
        ensure!(
            landed == Landed::Now || landed == Landed::Before(answer),
            "the command, sent again, came back as {landed:?}"
        );
        trial.stands(&next).await?;
        trial.stands(&new).await?;
    }
    Ok(())
}
