//! Moving house: everything of a tenant, out of one store and into another.

use std::sync::Arc;

use super::{
    check::{Kept, Racing, ensure, same},
    documents::{policy, publication},
    fixture::{Known, Trial, acme, all, globex, minute, routed},
};
use crate::{
    digest::Digest,
    incident::Audience,
    key::TenantId,
    store::{
        Commit, Document, Landed, MemoryRepository, Moved, MovedKey, Portable, Query, RecordKind, Repository,
        RepositoryError, Share,
    },
};

/// A tenant with a bit of everything: two policies, a document beside them, records that changed, one with texts erased,
/// commands that changed nothing, and numbers.
async fn settle<R: Repository>(trial: &Trial<'_, R>) -> Kept<Vec<Known>> {
    let (one, two, beside) = (policy("One")?, policy("Two")?, policy("Beside")?);
    let first = Commit { publication: Some(publication(&one, 1)), at: minute(1), ..trial.commit(&[]) };
    trial.land(&acme(), first).await?;
    let second = Commit { publication: Some(publication(&two, 2)), policy: Some(one.stamp(1)), ..trial.commit(&[]) };
    trial.land(&acme(), second).await?;
    let in_force = Some(two.stamp(2));
    let mut stored = Vec::new();
    for title in ["Mail is down", "No network", "Printer on fire"] {
        let known = trial.reported(trial.facts(title)?)?;
        let documents = vec![Document::Policy(Arc::new(beside.clone()))];
        trial.land(&acme(), Commit { policy: in_force, documents, ..trial.commit(&[&known]) }).await?;
        let note = trial.note(Audience::Internal, "Anna is at it")?;
        let next = trial.next(&known, vec![routed("Network"), note])?;
        trial.land(&acme(), Commit { policy: in_force, ..trial.commit(&[&next]) }).await?;
        stored.push(next);
    }
    let unchanged = stored.iter().map(Known::guard).take(1).collect();
    trial.land(&acme(), Commit { policy: in_force, guards: unchanged, ..trial.commit(&[]) }).await?;
    for kind in [RecordKind::Incident, RecordKind::Incident, RecordKind::Problem] {
        trial.repository.next_number(&acme(), kind).await?;
    }
    Ok(stored)
}

/// Everything of a tenant, read in parts of this size.
async fn exported<R: Portable>(repository: &R, tenant: &TenantId, limit: usize) -> Kept<Vec<Moved>> {
    let mut all = Vec::new();
    let mut after = None;
    // There are fewer than a thousand things in any case, and each part brings one at least.
    for _ in 0..1_000 {
        let part = repository.export(tenant, after, limit).await?;
        ensure!(part.len() <= limit.max(1), "{} came, and {limit} were asked for", part.len());
        let Some(last) = part.last().map(Moved::key) else { break };
        after = Some(last);
        all.extend(part);
    }
    Ok(all)
}

/// What a tenant with a bit of everything is exported as from memory.
async fn furniture() -> Kept<(Vec<Known>, Vec<Moved>)> {
    let memory = MemoryRepository::new();
    let stored = settle(&Trial::new(&memory, Racing::InTurn)).await?;
    Ok((stored, exported(&memory, &acme(), 1_000).await?))
}

pub(super) async fn everything_is_moved<R: Portable>(trial: &Trial<'_, R>) -> Kept {
    let (_, furniture) = furniture().await?;
    trial.repository.import(&acme(), furniture.clone()).await?;
    let moved = exported(trial.repository, &acme(), 1_000).await?;
    same("what is exported again", &moved, &furniture)?;
    let memory = MemoryRepository::new();
    memory.import(&acme(), moved.clone()).await?;
    same("what memory exports", &exported(&memory, &acme(), 1_000).await?, &moved)
}

pub(super) async fn what_is_moved_is_alive<R: Portable>(trial: &Trial<'_, R>) -> Kept {
    let (stored, furniture) = furniture().await?;
    // What was moved in was minted by another trial: this one goes on beyond it.
    for _ in 0..1_000 {
        trial.mint();
    }
    let mut in_force = None;
    let mut answers = Vec::new();
    for moved in &furniture {
        match moved {
            Moved::Published(published) => in_force = Some(published.stamp),
            Moved::Answer { command, answer } => answers.push((*command, answer.clone())),
            _ => {}
        }
    }
    trial.repository.import(&acme(), furniture).await?;
    for known in &stored {
        same("a record", &trial.load(&all(), known.id()).await?, &Some(known.loaded()))?;
        same("its log", &trial.log(&all(), known.id(), 2, false).await?, &known.log)?;
        let found = trial.load(&all(), known.row.number.clone()).await?;
        same("the record by its number", &found, &Some(known.loaded()))?;
    }
    let mut listed = trial.list(&all(), &Query::all().search("network")).await?;
    listed.retain(|row| stored.iter().any(|known| known.row == *row));
    same("the records that are found by a word", &listed.len(), &1)?;
    same("what falls due", &trial.sweep(minute(10_000), Share::ALL, 100).await?, &Vec::new())?;
    for (command, answer) in answers {
        same("an answer", &trial.answer(&acme(), command).await?, &Some(answer.clone()))?;
        let again = Commit { command, ..trial.commit(&[]) };
        let landed = trial.repository.commit(&acme(), again).await.map_err(|refused| refused.error)?;
        same("how its command lands", &landed, &Landed::Before(answer))?;
    }
    for known in &stored {
        let next = trial.next(known, vec![routed("Mail")])?;
        trial.land(&acme(), Commit { policy: in_force, ..trial.commit(&[&next]) }).await?;
        trial.stands(&next).await?;
    }
    let next = trial.repository.next_number(&acme(), RecordKind::Incident).await?;
    same("the next number", &next, &3)
}

pub(super) async fn an_export_reads_in_parts<R: Portable>(trial: &Trial<'_, R>) -> Kept {
    settle(trial).await?;
    let whole = exported(trial.repository, &acme(), 1_000).await?;
    let keys: Vec<MovedKey> = whole.iter().map(Moved::key).collect();
    ensure!(keys.is_sorted_by(|one, next| one < next), "the keys are not in order: {keys:?}");
    for limit in [0, 1, 2, 5] {
        same(&format!("the export, {limit} at a time"), &exported(trial.repository, &acme(), limit).await?, &whole)?;
    }
    Ok(())
}

pub(super) async fn importing_again_changes_nothing<R: Portable>(trial: &Trial<'_, R>) -> Kept {
    let (_, furniture) = furniture().await?;
    trial.repository.import(&acme(), furniture.clone()).await?;
    let end = trial.feed_end(&acme()).await?;
    trial.repository.import(&acme(), furniture.clone()).await?;
    same("what is exported", &exported(trial.repository, &acme(), 7).await?, &furniture)?;
    same("where the feed ends", &trial.feed_end(&acme()).await?, &end)
}

pub(super) async fn what_differs_is_refused_whole<R: Portable>(trial: &Trial<'_, R>) -> Kept {
    let (_, furniture) = furniture().await?;
    let mut before = Vec::new();
    for (index, moved) in furniture.iter().enumerate() {
        let Some(other) = altered(moved) else { continue };
        trial.repository.import(&acme(), vec![moved.clone()]).await.or_else(|error| match moved {
            // A publication needs its document.
            Moved::Published(_) => Ok(()),
            _ => Err(error),
        })?;
        before = exported(trial.repository, &acme(), 100).await?;
        let fresh = furniture.get(index.saturating_add(1)..).unwrap_or_default().iter().cloned();
        let part = fresh.take(2).chain([other]).collect();
        let refused = trial.repository.import(&acme(), part).await;
        let differs = matches!(refused, Err(RepositoryError::AlreadyExists { .. } | RepositoryError::Malformed { .. }));
        ensure!(differs, "{:?} came to {refused:?}", moved.key());
        same("what is there", &exported(trial.repository, &acme(), 100).await?, &before)?;
    }
    ensure!(!before.is_empty(), "nothing was compared");
    Ok(())
}

/// Something else under the same key, where there can be.
fn altered(moved: &Moved) -> Option<Moved> {
    let mut other = moved.clone();
    match &mut other {
        Moved::Published(published) => published.name.push('!'),
        Moved::Answer { answer, .. } => answer.intent = Digest::of(b"something else"),
        Moved::Record(record) => {
            // An earlier version of the same.
            let first = record.events.first()?.clone();
            let (incident, version) = crate::incident::Incident::fold([&first]).ok()?;
            record.record = incident.into();
            record.row = crate::store::IndexRow::of(&record.record, version, None);
            record.terms = crate::store::Terms::of(&record.record);
            record.events = [first].into();
        }
        Moved::Document(_) | Moved::Counter { .. } => return None,
    }
    Some(other)
}

pub(super) async fn what_does_not_hold_together_is_refused<R: Portable>(trial: &Trial<'_, R>) -> Kept {
    let (_, furniture) = furniture().await?;
    let records = furniture.iter().filter_map(|moved| match moved {
        Moved::Record(record) => Some(record),
        _ => None,
    });
    for record in records {
        let mut shorter = record.clone();
        shorter.events = record.events.iter().skip(1).cloned().collect();
        let mut changed = record.clone();
        changed.row.group = None;
        let mut seen = record.clone();
        seen.terms.standing = [].into();
        for broken in [shorter, changed, seen] {
            let refused = trial.repository.import(&acme(), vec![Moved::Record(broken)]).await;
            ensure!(matches!(refused, Err(RepositoryError::Malformed { .. })), "it came to {refused:?}");
        }
        let elsewhere = trial.repository.import(&globex(), vec![Moved::Record(record.clone())]).await;
        ensure!(matches!(elsewhere, Err(RepositoryError::Malformed { .. })), "elsewhere it came to {elsewhere:?}");
    }
    same("what is there", &exported(trial.repository, &acme(), 100).await?, &Vec::new())
}

pub(super) async fn an_export_is_of_one_tenant<R: Portable>(trial: &Trial<'_, R>) -> Kept {
    settle(trial).await?;
    same("what another tenant exports", &exported(trial.repository, &globex(), 100).await?, &Vec::new())
}
