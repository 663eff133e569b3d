//! Forgetting: old answers go, those of commands that made a record stay.

use super::{
    check::{Kept, ensure, same},
    fixture::{Known, Trial, acme, globex, minute, routed},
};
use crate::{
    id::CommandId,
    key::TenantId,
    store::{Commit, Repository},
    time::{Instant, later},
};

/// A record of the tenant, and commands that changed it or left it as it was, recorded at these minutes.
async fn answered<R: Repository>(
    trial: &Trial<'_, R>,
    tenant: &TenantId,
    minutes: &[u32],
) -> Kept<(Known, Vec<CommandId>)> {
    let mut known = trial.reported_by(tenant, trial.command(), minute(0), trial.facts("record")?)?;
    trial.put(&known).await?;
    let mut commands = Vec::new();
    for (index, at) in minutes.iter().map(|at| minute(*at)).enumerate() {
        let commit = if index.is_multiple_of(2) {
            known = trial.next(&known, vec![routed("Network")])?;
            trial.commit(&[&known])
        } else {
            Commit { guards: vec![known.guard()], ..trial.commit(&[]) }
        };
        commands.push(commit.command);
        trial.land(tenant, Commit { at, ..commit }).await?;
    }
    Ok((known, commands))
}

/// Which of these commands are remembered.
async fn remembered<R: Repository>(trial: &Trial<'_, R>, tenant: &TenantId, commands: &[CommandId]) -> Kept<Vec<bool>> {
    let mut found = Vec::new();
    for command in commands {
        found.push(trial.answer(tenant, *command).await?.is_some());
    }
    Ok(found)
}

pub(super) async fn only_older_answers_are_forgotten<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    // Several machines record: what lands later may have been recorded earlier.
    let minutes = [50, 90, 70, 10, 80, 60, 20];
    let (_, commands) = answered(trial, &acme(), &minutes).await?;
    for before in [5, 10, 50, 70, 200] {
        let moment = chrono::TimeDelta::microseconds(1);
        for before in [minute(before), later(minute(before), moment)] {
            let due = remembered(trial, &acme(), &commands).await?;
            let old = |at: &u32| minute(*at) < before;
            let gone = minutes.iter().zip(&due).filter(|(at, known)| **known && old(at)).count();
            same(
                &format!("how many are forgotten before {before}"),
                &trial.repository.forget(before, 100).await?,
                &gone,
            )?;
            let left: Vec<_> = minutes.iter().map(|at| !old(at)).collect();
            same("which are remembered", &remembered(trial, &acme(), &commands).await?, &left)?;
        }
    }
    Ok(())
}

pub(super) async fn no_more_are_forgotten_than_asked<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (_, mine) = answered(trial, &acme(), &[1, 2, 3, 4, 5, 6]).await?;
    let (_, theirs) = answered(trial, &globex(), &[1, 2, 3]).await?;
    let mut left = 9_usize;
    // A limit of zero counts as one.
    for (limit, gone) in [(2, 2), (1, 1), (0, 1), (4, 4), (100, 1), (100, 0)] {
        same(
            &format!("how many are forgotten of at most {limit}"),
            &trial.repository.forget(minute(100), limit).await?,
            &gone,
        )?;
        left = left.saturating_sub(gone);
        let known = remembered(trial, &acme(), &mine).await?.into_iter().filter(|known| *known).count();
        let others = remembered(trial, &globex(), &theirs).await?.into_iter().filter(|known| *known).count();
        same("how many are remembered", &known.saturating_add(others), &left)?;
    }
    Ok(())
}

pub(super) async fn makers_are_remembered<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (known, others) = answered(trial, &acme(), &[1, 2]).await?;
    // A command that made a record beside changing another one.
    let next = trial.next(&known, vec![routed("Mail")])?;
    let new = trial.reported_by(&acme(), next.command, trial.now(), trial.facts("made beside")?)?;
    let both = trial.commit(&[&next, &new]);
    trial.land(&acme(), both.clone()).await?;
    let maker = trial.answer(&acme(), first_of(&known)).await?;
    same("how many are forgotten", &trial.repository.forget(Instant::MAX_UTC, 100).await?, &2)?;
    same("which others are remembered", &remembered(trial, &acme(), &others).await?, &vec![false, false])?;
    ensure!(maker.is_some(), "the answer of a command that made a record was never there");
    same("the answer of a maker", &trial.answer(&acme(), first_of(&known)).await?, &maker)?;
    same("the answer of the other maker", &trial.answer(&acme(), both.command).await?, &Some(both.answer()))
}

/// The command that made a record.
fn first_of(known: &Known) -> CommandId {
    known.log.first().map_or(known.command, |event| event.command)
}

pub(super) async fn a_forgotten_command_is_new<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (known, commands) = answered(trial, &acme(), &[1, 2, 3]).await?;
    trial.repository.forget(minute(100), 100).await?;
    let mut known = known;
    for command in commands {
        known = trial.next_by(command, trial.now(), &known, vec![routed("Mail")])?;
        let commit = trial.commit(&[&known]);
        trial.land(&acme(), commit.clone()).await?;
        same("the new answer", &trial.answer(&acme(), command).await?, &Some(commit.answer()))?;
    }
    trial.stands(&known).await
}

pub(super) async fn forgetting_crosses_tenants<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (_, mine) = answered(trial, &acme(), &[1, 20]).await?;
    let (_, theirs) = answered(trial, &globex(), &[2, 3, 30]).await?;
    same("how many are forgotten", &trial.repository.forget(minute(10), 100).await?, &3)?;
    same("which of one tenant are remembered", &remembered(trial, &acme(), &mine).await?, &vec![false, true])?;
    same("which of the other are", &remembered(trial, &globex(), &theirs).await?, &vec![false, false, true])
}
