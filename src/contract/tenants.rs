//! Tenants: what one stores, no call for another sees.

use super::{
    check::{Kept, ensure, same},
    commits::unexpected,
    documents::{policy, publication},
    fixture::{Known, Trial, acme, globex, minute, routed},
    generated::population,
};
use crate::{
    event::RecordId,
    incident::IncidentEvent as E,
    key::TenantId,
    store::{Commit, FeedRequest, Filter, Landed, LogPart, Query, Repository, RepositoryError, Scope, Share, Sort},
};

pub(super) async fn a_tenant_sees_nothing_of_another<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let theirs = population(trial, 12).await?;
    let published = policy("Theirs")?;
    trial.land(&acme(), Commit { publication: Some(publication(&published, 1)), ..trial.commit(&[]) }).await?;
    // Once as a tenant that stores nothing, once as one that stores something.
    for own in [false, true] {
        let scope = Scope::everything(&globex());
        let mut mine = Vec::new();
        if own {
            let known = trial.reported_by(&globex(), trial.command(), trial.now(), trial.facts("mine")?)?;
            trial.put(&known).await?;
            mine.push(known.id());
        }
        for known in &theirs {
            same("their record by its id", &trial.load(&scope, known.id()).await?, &None)?;
            same("their record by its number", &trial.load(&scope, &known.row.number).await?, &None)?;
            same("their answer", &trial.answer(&globex(), known.command).await?, &None)?;
            for newest_first in [false, true] {
                let part = LogPart { from: known.version(), limit: 10, newest_first };
                let page = trial.repository.events(&scope, known.id(), part).await?;
                ensure!(page.events.is_empty() && page.next.is_none(), "their log is shown: {page:?}");
            }
        }
        let asked: Vec<_> = theirs.iter().map(Known::id).collect();
        let many = trial.repository.load_many(&scope, &asked).await?;
        same("their records together", &many, &vec![None; asked.len()])?;
        for sort in Sort::ALL {
            let query = Query::all().sorted(sort);
            let after = theirs.first().map(|known| &known.row);
            for after in [None, after] {
                let listed = trial.list_after(&scope, &query, minute(0), after, 10).await?;
                let listed: Vec<_> = listed.iter().map(|row| row.id).collect();
                ensure!(listed.iter().all(|id| mine.contains(id)), "a list shows their records: {listed:?}");
            }
        }
        let count = trial.repository.count(&scope, &Filter::default(), 100).await?;
        same("how many there are", &usize::try_from(count)?, &mine.len())?;
        let found = trial.repository.count(&scope, &Query::all().search("vpn").filter, 100).await?;
        same("how many a search finds", &found, &0)?;
        let fed: Vec<_> = trial.feed(&scope).await?.iter().map(|entry| entry.record).collect();
        same("the feed", &fed, &mine)?;
        // Their position is no place of this feed; should it be one, nothing of theirs comes after it.
        let end = trial.feed_end(&acme()).await?;
        for place in [0, 1, end.place] {
            let after = Some(crate::store::FeedPosition { place, ..end });
            let filter = Filter::default();
            match trial.repository.feed(&scope, FeedRequest { after, filter: &filter, limit: 100 }).await {
                Ok(page) => {
                    let foreign = page.entries.iter().find(|entry| !mine.contains(&entry.record));
                    ensure!(foreign.is_none(), "the feed after a position of theirs shows {foreign:?}");
                }
                Err(RepositoryError::CursorTooOld) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let document = trial.repository.document(&globex(), published.digest()).await?;
        ensure!(document.is_none(), "their document is found");
        let listed = trial.repository.published(&globex(), None, 10).await?;
        ensure!(listed.is_empty(), "their publication is listed");
    }
    Ok(())
}

pub(super) async fn a_command_belongs_to_its_tenant<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let command = trial.command();
    let one = trial.reported_by(&acme(), command, trial.now(), trial.facts("one")?)?;
    let two = trial.reported_by(&globex(), command, trial.now(), trial.facts("two")?)?;
    let (first, second) = (trial.commit(&[&one]), trial.commit(&[&two]));
    trial.land(&acme(), first.clone()).await?;
    trial.land(&globex(), second.clone()).await?;
    trial.stands(&one).await?;
    trial.stands(&two).await?;
    for (tenant, commit) in [(acme(), first), (globex(), second)] {
        let answer = commit.answer();
        same("the answer", &trial.answer(&tenant, command).await?, &Some(answer.clone()))?;
        let landed = trial.repository.commit(&tenant, commit).await.map_err(|refused| refused.error)?;
        same("the command again", &landed, &Landed::Before(answer))?;
    }
    Ok(())
}

pub(super) async fn an_id_belongs_to_its_tenant<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut facts = trial.facts("one")?;
    let at = trial.now();
    let make = |tenant: &TenantId, facts| -> Kept<Known> {
        Ok(trial.reported_by(tenant, trial.command(), at, facts)?.wake(Some(minute(5))))
    };
    let one = make(&acme(), facts.clone())?;
    trial.put(&one).await?;
    facts.title = trial.facts("two")?.title;
    let two = make(&globex(), facts)?;
    trial.put(&two).await?;
    trial.stands(&one).await?;
    trial.stands(&two).await?;
    // One goes on; the other stays.
    let next = trial.next(&two, vec![routed("Network"), E::WorkStarted])?.wake(None);
    trial.put(&next).await?;
    trial.stands(&next).await?;
    trial.stands(&one).await?;
    let woken = trial.sweep(minute(5), Share::ALL, 10).await?;
    let woken: Vec<(TenantId, RecordId)> = woken.into_iter().map(|wake| (wake.tenant, wake.record)).collect();
    same("what is woken", &woken, &vec![(acme(), one.id())])
}

pub(super) async fn a_guard_belongs_to_its_tenant<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let theirs = trial.make("theirs").await?;
    let mine = trial.reported_by(&globex(), trial.command(), trial.now(), trial.facts("mine")?)?;
    let commit = Commit { guards: vec![theirs.guard()], ..trial.commit(&[&mine]) };
    match trial.repository.commit(&globex(), commit).await {
        Err(refused) => match refused.error {
            RepositoryError::Conflict { found: None, .. } => trial.absent(&mine).await,
            error => Err(unexpected(&error, "a Conflict that found nothing")),
        },
        Ok(_) => Err(super::check::Why::new("a commit of one tenant was guarded by a record of another")),
    }
}

pub(super) async fn a_policy_belongs_to_its_tenant<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let theirs = policy("Theirs")?;
    trial.land(&acme(), Commit { publication: Some(publication(&theirs, 1)), ..trial.commit(&[]) }).await?;
    let found = trial.repository.load(&Scope::everything(&globex()), None, None).await?;
    same("the policy of another tenant", &found.policy, &None)?;
    let mine = trial.reported_by(&globex(), trial.command(), trial.now(), trial.facts("mine")?)?;
    trial.put(&mine).await?;
    let own = policy("Mine")?;
    trial.land(&globex(), Commit { publication: Some(publication(&own, 1)), ..trial.commit(&[]) }).await?;
    for (tenant, policy) in [(acme(), theirs), (globex(), own)] {
        let found = trial.repository.load(&Scope::everything(&tenant), None, None).await?;
        same("the policy in force", &found.policy, &Some(policy.stamp(1)))?;
    }
    Ok(())
}
