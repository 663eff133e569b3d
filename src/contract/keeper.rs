//! Consumers of the feed whose place the store keeps, and the feed's retention.

use super::{
    check::{Kept, ensure, same},
    fixture::{Known, Trial, acme, all, globex, minute, routed},
};
use crate::{
    key::{ConsumerName, TenantId},
    store::{FeedKeeper, FeedPosition, FeedRequest, Filter, RepositoryError, Scope},
    time::Instant,
};

fn mailer() -> ConsumerName {
    ConsumerName::known("mailer")
}

impl<R: FeedKeeper> Trial<'_, R> {
    /// A record of the tenant with an entry for each minute.
    async fn entries(&self, tenant: &TenantId, minutes: &[u32]) -> Kept<Known> {
        let mut known: Option<Known> = None;
        for at in minutes {
            let next = match &known {
                None => self.reported_by(tenant, self.command(), minute(*at), self.facts("record")?)?,
                Some(known) => self.next_by(self.command(), minute(*at), known, vec![routed("Network")])?,
            };
            self.put(&next).await?;
            known = Some(next);
        }
        known.ok_or_else(|| super::check::Why::new("the case has no minutes"))
    }

    /// The positions of the entries that are kept.
    async fn kept(&self, tenant: &TenantId) -> Kept<Vec<FeedPosition>> {
        let (entries, _) = self.follow(&Scope::everything(tenant), &Filter::default(), None, 2).await?;
        Ok(entries.into_iter().map(|entry| entry.position).collect())
    }

    async fn place(&self, tenant: &TenantId) -> Kept<Option<FeedPosition>> {
        Ok(self.repository.consumer(tenant, &mailer()).await?)
    }

    async fn trim(&self, before: Instant, limit: usize) -> Kept<usize> {
        Ok(self.repository.trim_feed(before, limit).await?)
    }
}

/// The position at this index.
fn at(positions: &[FeedPosition], index: usize) -> Kept<FeedPosition> {
    positions.get(index).copied().ok_or_else(|| super::check::Why::new(format!("the feed has no entry {index}")))
}

pub(super) async fn a_consumer_goes_on_where_it_was<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    trial.entries(&acme(), &[1, 2, 3]).await?;
    let positions = trial.kept(&acme()).await?;
    same("the place of one that never acknowledged", &trial.place(&acme()).await?, &None)?;
    for position in &positions {
        trial.repository.acknowledge(&acme(), &mailer(), *position).await?;
        same("the place that was acknowledged", &trial.place(&acme()).await?, &Some(*position))?;
    }
    let other = ConsumerName::known("index");
    trial.repository.acknowledge(&acme(), &other, at(&positions, 0)?).await?;
    let each = vec![(other, at(&positions, 0)?), (mailer(), at(&positions, 2)?)];
    same("every consumer, by name", &trial.repository.consumers(&acme()).await?, &each)
}

pub(super) async fn a_place_never_goes_back<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    trial.entries(&acme(), &[1, 2, 3]).await?;
    let positions = trial.kept(&acme()).await?;
    for index in [1, 0, 1] {
        trial.repository.acknowledge(&acme(), &mailer(), at(&positions, index)?).await?;
        same("the place", &trial.place(&acme()).await?, &Some(at(&positions, 1)?))?;
    }
    Ok(())
}

pub(super) async fn a_foreign_place_is_not_acknowledged<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    trial.entries(&acme(), &[1, 2]).await?;
    let last = at(&trial.kept(&acme()).await?, 1)?;
    let beyond = FeedPosition { place: last.place.saturating_add(1), ..last };
    let elsewhere = FeedPosition { epoch: last.epoch.wrapping_add(1), ..last };
    for foreign in [beyond, elsewhere] {
        let refused = trial.repository.acknowledge(&acme(), &mailer(), foreign).await;
        ensure!(matches!(refused, Err(RepositoryError::CursorTooOld)), "{foreign:?} came to {refused:?}");
    }
    same("the place", &trial.place(&acme()).await?, &None)
}

pub(super) async fn consumers_belong_to_their_tenant<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    trial.entries(&acme(), &[1, 2]).await?;
    trial.entries(&globex(), &[1]).await?;
    trial.repository.acknowledge(&acme(), &mailer(), at(&trial.kept(&acme()).await?, 1)?).await?;
    same("the place in another tenant", &trial.place(&globex()).await?, &None)?;
    same("the consumers of another tenant", &trial.repository.consumers(&globex()).await?, &Vec::new())?;
    same("what another tenant removes", &trial.repository.remove_consumer(&globex(), &mailer()).await?, &false)
}

pub(super) async fn a_removed_consumer_is_gone<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    trial.entries(&acme(), &[1]).await?;
    same("removing none", &trial.repository.remove_consumer(&acme(), &mailer()).await?, &false)?;
    trial.repository.acknowledge(&acme(), &mailer(), at(&trial.kept(&acme()).await?, 0)?).await?;
    same("removing one", &trial.repository.remove_consumer(&acme(), &mailer()).await?, &true)?;
    same("the place", &trial.place(&acme()).await?, &None)
}

pub(super) async fn old_entries_are_let_go_of<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    trial.entries(&acme(), &[10, 20, 30, 40, 50, 60]).await?;
    let positions = trial.kept(&acme()).await?;
    same("what is old when nothing is", &trial.trim(minute(10), 100).await?, &0)?;
    same("the first two, one at a time", &trial.trim(minute(25), 1).await?, &1)?;
    same("the second", &trial.trim(minute(25), 100).await?, &1)?;
    same("those before minute 41", &trial.trim(minute(41), 100).await?, &2)?;
    same("what is kept", &trial.kept(&acme()).await?, &positions.get(4..).unwrap_or_default().to_vec())?;
    let filter = Filter::default();
    for (index, position) in positions.iter().enumerate() {
        let request = FeedRequest { after: Some(*position), filter: &filter, limit: 10 };
        let page = trial.repository.feed(&all(), request).await;
        if index < 3 {
            ensure!(matches!(page, Err(RepositoryError::CursorTooOld)), "after entry {index}: {page:?}");
        } else {
            same("what comes after a position that is kept", &page?.entries.len(), &5_usize.saturating_sub(index))?;
        }
    }
    Ok(())
}

pub(super) async fn nothing_awaited_is_let_go_of<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    trial.entries(&acme(), &[10, 20, 30, 40]).await?;
    let positions = trial.kept(&acme()).await?;
    trial.repository.acknowledge(&acme(), &ConsumerName::known("index"), at(&positions, 3)?).await?;
    trial.repository.acknowledge(&acme(), &mailer(), at(&positions, 1)?).await?;
    same("what all have dealt with", &trial.trim(minute(99), 100).await?, &2)?;
    same("what is kept", &trial.kept(&acme()).await?, &positions.get(2..).unwrap_or_default().to_vec())?;
    trial.repository.remove_consumer(&acme(), &mailer()).await?;
    same("what is awaited no more", &trial.trim(minute(99), 100).await?, &2)
}

pub(super) async fn trimming_crosses_tenants<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    trial.entries(&acme(), &[10, 20]).await?;
    trial.entries(&globex(), &[10, 20]).await?;
    trial.repository.acknowledge(&acme(), &mailer(), at(&trial.kept(&acme()).await?, 0)?).await?;
    same("the entries of both", &trial.trim(minute(99), 100).await?, &3)?;
    same("what is kept of one", &trial.kept(&acme()).await?.len(), &1)?;
    same("what is kept of the other", &trial.kept(&globex()).await?.len(), &0)
}

pub(super) async fn records_outlive_the_feed<R: FeedKeeper>(trial: &Trial<'_, R>) -> Kept {
    let known = trial.entries(&acme(), &[10, 20]).await?;
    let end = at(&trial.kept(&acme()).await?, 1)?;
    same("all entries", &trial.trim(minute(99), 100).await?, &2)?;
    same("the record", &trial.load(&all(), known.id()).await?, &Some(known.loaded()))?;
    same("its log", &trial.log(&all(), known.id(), 10, false).await?, &known.log)?;
    let next = trial.next_by(trial.command(), minute(30), &known, vec![routed("Network")])?;
    trial.put(&next).await?;
    let (entries, _) = trial.follow(&all(), &Filter::default(), Some(end), 5).await?;
    same("what comes after the end", &entries.len(), &1)?;
    ensure!(entries.iter().all(|entry| entry.position > end), "{:?} is not after {end:?}", entries);
    same("what is kept", &trial.kept(&acme()).await?.len(), &1)
}
