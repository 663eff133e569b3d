//! Waiting until something lands.

use std::pin::pin;

use super::{
    check::{Kept, PATIENCE, WHILE, Why, ensure, look, within},
    feed::{foreign, too_old},
    fixture::{Trial, acme, globex},
};
use crate::store::Repository;

/// How often waiting may end early before it is no waiting.
const EARLY: u32 = 32;

pub(super) async fn what_has_landed_is_told_at_once<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut before = vec![trial.feed_end(&acme()).await?];
    for _ in 0..3 {
        trial.make("landed before").await?;
        for after in &before {
            let told = within(PATIENCE, trial.repository.changed(&acme(), *after)).await;
            ensure!(told.is_some(), "waiting after {after:?} did not end, though something had landed");
            told.transpose()?;
        }
        before.push(trial.feed_end(&acme()).await?);
    }
    Ok(())
}

pub(super) async fn a_landing_ends_the_waiting<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let tenant = acme();
    for _ in 0..5 {
        let end = trial.feed_end(&acme()).await?;
        // Two wait; waiting that ends early begins again.
        let mut one = pin!(trial.repository.changed(&tenant, end));
        let mut two = pin!(trial.repository.changed(&tenant, end));
        let early = [look(one.as_mut()).transpose()?.is_some(), look(two.as_mut()).transpose()?.is_some()];
        trial.make("landing").await?;
        for (waiter, early) in [(one, early[0]), (two, early[1])] {
            if !early {
                let told = within(PATIENCE, waiter).await;
                ensure!(told.is_some(), "waiting did not end, though something landed");
                told.transpose()?;
            }
        }
    }
    Ok(())
}

/// Checks that waiting after the end of the feed lasts for a while, even if it ends early now and then.
async fn lasts<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let end = trial.feed_end(&acme()).await?;
    for _ in 0..EARLY {
        match within(WHILE, trial.repository.changed(&acme(), end)).await {
            None => return Ok(()),
            Some(told) => told?,
        }
    }
    Err(Why::new(format!("waiting ended {EARLY} times, though nothing had landed")))
}

pub(super) async fn nothing_is_waited_for_in_vain<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    lasts(trial).await?;
    trial.make("landed").await?;
    lasts(trial).await
}

pub(super) async fn others_do_not_disturb_the_waiting<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let foreign = || async {
        let theirs = trial.reported_by(&globex(), trial.command(), trial.now(), trial.facts("theirs")?)?;
        trial.put(&theirs).await
    };
    trial.make("landed").await?;
    for _ in 0..5 {
        foreign().await?;
    }
    lasts(trial).await?;
    let (tenant, end) = (acme(), trial.feed_end(&acme()).await?);
    let mut waiter = pin!(trial.repository.changed(&tenant, end));
    let mut early = look(waiter.as_mut());
    for _ in 0..3 {
        foreign().await?;
        // Whoever is woken looks, and waits on.
        if early.is_none() {
            early = within(WHILE, waiter.as_mut()).await;
        }
    }
    trial.make("ours").await?;
    let told = match early {
        Some(early) => Some(early),
        None => within(PATIENCE, waiter).await,
    };
    ensure!(told.is_some(), "waiting did not end when something landed after another tenant's");
    told.transpose()?;
    Ok(())
}

pub(super) async fn waiting_minds_the_position<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    trial.make("landed").await?;
    for (what, after) in foreign(trial.feed_end(&acme()).await?) {
        let told = within(PATIENCE, trial.repository.changed(&acme(), after)).await;
        match told {
            Some(told) => too_old(what, told)?,
            None => return Err(Why::new(format!("{what}: is waited for"))),
        }
    }
    Ok(())
}
