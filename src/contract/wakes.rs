//! Wakes: what falls due, by then and no earlier, in order, across tenants.

use super::{
    check::{Kept, ensure, same},
    fixture::{Known, Trial, acme, globex, minute, routed},
    generated::population,
};
use crate::{
    event::RecordId,
    store::{BUCKETS, Repository, Share, Sweep, Wake},
    time::{Instant, earlier, later},
};

/// Stored records that wake at these minutes.
async fn waking<R: Repository>(trial: &Trial<'_, R>, minutes: &[u32]) -> Kept<Vec<Known>> {
    let mut stored = Vec::new();
    for at in minutes {
        let known = trial.reported(trial.facts("waiting")?)?.wake(Some(minute(*at)));
        trial.put(&known).await?;
        stored.push(known);
    }
    Ok(stored)
}

/// What a sweep by then is to give.
fn expected(records: &[Known], now: Instant) -> Vec<Wake> {
    let wake = |known: &Known| {
        let at = known.row.wake_at.filter(|at| *at <= now)?;
        Some(Wake { tenant: known.tenant.clone(), record: known.id(), at })
    };
    let mut wakes: Vec<Wake> = records.iter().filter_map(wake).collect();
    wakes.sort();
    wakes
}

fn order(wakes: &[Wake]) -> Vec<(Instant, RecordId)> {
    wakes.iter().map(|wake| (wake.at, wake.record)).collect()
}

pub(super) async fn wakes_come_by_instant_and_id<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    // Stored in no order, and several at one instant.
    let records = waking(trial, &[30, 10, 20, 20, 10, 40, 20, 30, 20, 10]).await?;
    let found = trial.sweep(minute(100), Share::ALL, 100).await?;
    same("the order of a sweep", &order(&found), &order(&expected(&records, minute(100))))?;
    let first = trial.repository.wakes(Sweep { now: minute(100), limit: 4, share: Share::ALL, after: None }).await?;
    same("the first of a sweep", &order(&first), &order(found.get(..4).unwrap_or_default()))
}

pub(super) async fn nothing_wakes_before_it_is_due<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = waking(trial, &[10, 20, 30]).await?;
    let breath = chrono::TimeDelta::microseconds(1);
    for at in [10, 20, 30].map(minute) {
        for now in [earlier(at, breath), at, later(at, breath)] {
            let found = trial.sweep(now, Share::ALL, 10).await?;
            same(&format!("what is woken at {now}"), &order(&found), &order(&expected(&records, now)))?;
        }
    }
    Ok(())
}

pub(super) async fn sweeps_go_on_where_they_ended<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = waking(trial, &[30, 10, 20, 20, 10, 40, 20, 30, 20, 10, 90]).await?;
    let now = minute(50);
    let whole = expected(&records, now);
    for limit in [1, 2, 7, 100] {
        same("the sweep, page by page", &trial.sweep(now, Share::ALL, limit).await?, &whole)?;
    }
    for (cut, wake) in (1_usize..).zip(&whole) {
        let after = Some(wake.clone());
        let rest = trial.repository.wakes(Sweep { now, limit: 3, share: Share::ALL, after }).await?;
        let left = whole.get(cut..).unwrap_or_default();
        same("the rest of a sweep", &rest, &left.get(..3).unwrap_or(left).to_vec())?;
    }
    Ok(())
}

pub(super) async fn shares_divide_the_records<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let records = waking(trial, &[10; 40]).await?;
    let mut whole = expected(&records, minute(10));
    whole.sort_by_key(|wake| wake.record);
    for of in [1, 2, 3, 7, BUCKETS] {
        let mut found = Vec::new();
        for index in 0..of {
            let share = Share::new(index, of)?;
            // A share that has none of the records shows only that it is empty.
            let held = records.iter().any(|known| share.holds(known.id()));
            if !held && index > 40 {
                continue;
            }
            let part = trial.sweep(minute(10), share, 3).await?;
            let foreign = part.iter().find(|wake| !share.holds(wake.record));
            ensure!(foreign.is_none(), "share {index} of {of} has a record of another: {foreign:?}");
            found.extend(part);
        }
        found.sort_by_key(|wake| wake.record);
        same(&format!("the wakes of all {of} shares"), &found, &whole)?;
    }
    Ok(())
}

pub(super) async fn wakes_cross_tenants<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut records = Vec::new();
    for (tenant, at) in [(acme(), 30), (globex(), 20), (acme(), 10), (globex(), 10), (globex(), 40), (acme(), 20)] {
        let facts = trial.facts("waiting")?;
        let known = trial.reported_by(&tenant, trial.command(), trial.now(), facts)?.wake(Some(minute(at)));
        trial.put(&known).await?;
        records.push(known);
    }
    for limit in [1, 100] {
        let found = trial.sweep(minute(30), Share::ALL, limit).await?;
        same("the wakes of both tenants", &found, &expected(&records, minute(30)))?;
    }
    Ok(())
}

pub(super) async fn wakes_of_one_id_come_by_tenant<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut records = Vec::new();
    for at in [20, 10, 20] {
        let facts = trial.facts("waiting")?;
        // Stored in the other order than they come.
        for tenant in [globex(), acme()] {
            let known = trial.reported_by(&tenant, trial.command(), trial.now(), facts.clone())?;
            let known = known.wake(Some(minute(at)));
            trial.put(&known).await?;
            records.push(known);
        }
    }
    let whole = expected(&records, minute(30));
    for limit in [1, 2, 3, 100] {
        let found = trial.sweep(minute(30), Share::ALL, limit).await?;
        same("the wakes of records of one id", &found, &whole)?;
        let first = Sweep { now: minute(30), limit, share: Share::ALL, after: None };
        let expected = whole.get(..limit).unwrap_or(&whole).to_vec();
        same("the first of them", &trial.repository.wakes(first).await?, &expected)?;
    }
    Ok(())
}

pub(super) async fn a_wake_follows_its_record<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut known = trial.reported(trial.facts("restless")?)?.wake(None);
    trial.put(&known).await?;
    for (group, at) in [
        ("Network", Some(20)),
        ("Mail", Some(40)),
        ("Network", Some(40)),
        ("Mail", Some(10)),
        ("Network", None),
        ("Mail", None),
        ("Network", Some(20)),
    ] {
        known = trial.next(&known, vec![routed(group)])?.wake(at.map(minute));
        trial.put(&known).await?;
        for now in [5, 10, 20, 40, 100].map(minute) {
            let found = trial.sweep(now, Share::ALL, 10).await?;
            same("the wakes of a record", &found, &expected(std::slice::from_ref(&known), now))?;
        }
    }
    let records = population(trial, 30).await?;
    let whole: Vec<Known> = records.into_iter().chain([known]).collect();
    let now = minute(250);
    same("the wakes of many", &trial.sweep(now, Share::ALL, 7).await?, &expected(&whole, now))
}
