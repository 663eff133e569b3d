//! Erasure: texts go, everywhere; their digests stay.

use super::{
    check::{Kept, ensure, same},
    fixture::{Known, Trial, acme, all, held, routed},
};
use crate::{
    digest::Digest,
    event::Event,
    id::CommandId,
    incident::{Audience, FactChange, FieldValue, Incident, IncidentEvent as E, Redaction, TimeSpent},
    key::FieldKey,
    store::{Commit, Erasure, FeedChange, Filter, Query, Repository},
    text::{Text, Title},
};

/// A word that stands in every text that is erased, and in no other.
const WORD: &str = "Sauerkraut";

/// A record before and after the erasure of some of its texts, and the digests of those.
struct Erased {
    before: Known,
    after: Known,
    slots: Vec<Digest>,
    /// The commands that touched the record, the one that erased last.
    commands: Vec<CommandId>,
}

/// A stored record with texts in every place, of which half are to be erased.
async fn wordy<R: Repository>(trial: &Trial<'_, R>) -> Kept<(Known, Vec<Digest>, Vec<CommandId>)> {
    let secret = |what: &str| trial.text(&format!("{WORD} in {what}"));
    let mut facts = trial.facts("plain title")?;
    facts.title = Title::new(&format!("{WORD} in the title"), 200, trial.salt())?;
    let (description, remark) = (secret("the description")?, secret("a field")?);
    facts.description = Some(description.clone());
    facts.fields = [(FieldKey::known("remark"), FieldValue::Text(remark.clone()))].into();
    let title = facts.title.clone();
    let first = trial.reported(facts)?;
    trial.put(&first).await?;
    let note = secret("a note")?;
    let kept = Title::new("plain title", 200, trial.salt())?;
    let retitled = E::Edited(vec![FactChange::Title { old: title.clone(), new: kept }]);
    let said = |text: &Text, audience| {
        let from = crate::incident::NoteFrom::Desk;
        E::NoteAdded(crate::incident::Note { audience, from, text: text.clone(), on_resolved: None })
    };
    let plain = trial.note(Audience::Public, "a plain note")?;
    let second = trial.change(&first, vec![said(&note, Audience::Public), plain, retitled]).await?;
    let spent = secret("a note on time spent")?;
    let waits = secret("the note of a hold")?;
    let time = TimeSpent { seconds: std::num::NonZeroU64::MIN, note: Some(spent.clone()) };
    let third = trial.change(&second, vec![E::TimeSpent(time), held(Some(waits.clone()))]).await?;
    let texts = [description, remark, note, spent, waits];
    let slots = texts.iter().map(Text::digest).chain([title.digest()]).collect();
    Ok((third.clone(), slots, vec![first.command, second.command, third.command]))
}

/// What a record is once these texts of it are erased, by a command of its own.
fn without<R>(trial: &Trial<'_, R>, before: &Known, slots: &[Digest]) -> Kept<Known> {
    let reason = Some(trial.text("asked for by those concerned")?);
    let mut after = trial.next(before, vec![E::Redacted(Redaction { texts: slots.to_vec(), reason })])?;
    after.log = after.log.iter().map(|event| event.erased(slots)).collect::<Result<_, _>>()?;
    Ok(after)
}

async fn erase<R: Repository>(trial: &Trial<'_, R>, before: &Known, slots: &[Digest]) -> Kept<Known> {
    let after = without(trial, before, slots)?;
    let erasures = vec![Erasure { record: before.id(), slots: slots.to_vec() }];
    trial.land(&acme(), Commit { erasures, ..trial.commit(&[&after]) }).await?;
    Ok(after)
}

/// A record of which texts were erased.
async fn erased<R: Repository>(trial: &Trial<'_, R>) -> Kept<Erased> {
    let (before, slots, mut commands) = wordy(trial).await?;
    let after = erase(trial, &before, &slots).await?;
    commands.push(after.command);
    Ok(Erased { before, after, slots, commands })
}

fn says(events: &[Event]) -> Kept<bool> {
    Ok(serde_json::to_string(events)?.contains(WORD))
}

pub(super) async fn erased_texts_leave_the_log<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let Erased { before, after, .. } = erased(trial).await?;
    ensure!(says(&before.log)?, "the case has no text to erase");
    for newest_first in [false, true] {
        let mut log = trial.log(&all(), after.id(), 3, newest_first).await?;
        ensure!(!says(&log)?, "an erased text stands in the log");
        if newest_first {
            log.reverse();
        }
        same("the log", &log, &after.log)?;
    }
    // It stays so when the record goes on.
    let next = trial.change(&after, vec![routed("Network")]).await?;
    same("the log, later", &trial.log(&all(), after.id(), 100, false).await?, &next.log)
}

pub(super) async fn erased_texts_leave_the_record<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    // The title that is erased is the one that it has.
    let mut facts = trial.facts("plain title")?;
    facts.title = Title::new(&format!("{WORD} in the title"), 200, trial.salt())?;
    let title = facts.title.digest();
    let titled = trial.reported(facts)?;
    trial.put(&titled).await?;
    let (wordy, slots, _) = wordy(trial).await?;
    let search = Query::all().search(WORD);
    same("what a search finds before", &trial.list(&all(), &search).await?.len(), &2)?;
    for (before, slots) in [(titled, vec![title]), (wordy, slots)] {
        let after = erase(trial, &before, &slots).await?;
        trial.stands(&after).await?;
        let found: Vec<_> = trial.list(&all(), &search).await?.iter().map(|row| row.id).collect();
        ensure!(!found.contains(&after.id()), "a search finds an erased text");
        let loaded = trial.load(&all(), after.id()).await?.map(|loaded| loaded.record);
        ensure!(!format!("{loaded:?}").contains(WORD), "an erased text stands in the record");
    }
    same("how many a search counts", &trial.repository.count(&all(), &search.filter, 10).await?, &0)
}

pub(super) async fn erased_texts_leave_the_feed<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let Erased { after, .. } = erased(trial).await?;
    let mut log = Vec::new();
    for entry in trial.follow(&all(), &Filter::default(), None, 2).await?.0 {
        if let FeedChange::Stands { row, events } = entry.change {
            same("the title in the feed", &row.title, &after.row.title)?;
            log.extend(events);
        }
    }
    ensure!(!says(&log)?, "an erased text stands in the feed");
    same("the events in the feed", &log, &after.log)
}

pub(super) async fn digests_outlive_the_texts<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let Erased { before, after, .. } = erased(trial).await?;
    let log = trial.log(&all(), after.id(), 100, false).await?;
    let canonical = |events: &[Event]| events.iter().map(Event::canonical).collect::<Result<Vec<_>, _>>();
    let kept = log.get(..before.log.len()).unwrap_or_default();
    ensure!(canonical(kept)? == canonical(&before.log)?, "the canonical form of an event has changed");
    let (folded, version) = Incident::fold(&log)?;
    same("what the erased log adds up to", &(folded, version), &(after.incident.clone(), after.version()))
}

pub(super) async fn answers_lose_their_salts<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (before, slots, mut touching) = wordy(trial).await?;
    let bystander = trial.make("bystander").await?;
    // A command that left it as it was, and one that wrote another, too.
    let kept = Commit { guards: vec![before.guard()], ..trial.commit(&[]) };
    touching.push(kept.command);
    trial.land(&acme(), kept).await?;
    let next = trial.next(&before, vec![routed("Network")])?;
    let also = trial.next_by(next.command, trial.now(), &bystander, vec![routed("Network")])?;
    touching.push(next.command);
    trial.land(&acme(), trial.commit(&[&also, &next])).await?;
    for command in [&bystander.command, &next.command] {
        let answer = trial.answer(&acme(), *command).await?;
        ensure!(answer.is_some_and(|answer| answer.salt.is_some()), "an answer lost its salt, and nothing was erased");
    }
    let after = erase(trial, &next, &slots).await?;
    for command in touching {
        let answer = trial.answer(&acme(), command).await?;
        same("the salt of a command that touched the record", &answer.map(|answer| answer.salt), &Some(None))?;
    }
    // What was asked of another record, and that these texts be erased, can be compared as before.
    for (what, command) in [("a command on another record", bystander.command), ("the erasing command", after.command)]
    {
        let answer = trial.answer(&acme(), command).await?;
        ensure!(answer.is_some_and(|answer| answer.salt.is_some()), "the answer to {what} lost its salt");
    }
    Ok(())
}

pub(super) async fn erasing_spares_other_records<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let Erased { before, slots, commands, .. } = erased(trial).await?;
    ensure!(commands.len() == 4, "the case has other commands than it should");
    // Another record with the very same texts and salts, so that their digests are equal.
    let twin = |title: &str| -> Kept<Known> {
        let mut facts = trial.facts(title)?;
        facts.description.clone_from(&before.facts().description);
        facts.fields.clone_from(&before.facts().fields);
        trial.reported(facts)
    };
    let (one, two) = (twin("one twin")?, twin("another twin")?);
    trial.put(&one).await?;
    trial.put(&two).await?;
    let after = erase(trial, &one, &slots).await?;
    trial.stands(&after).await?;
    trial.stands(&two).await?;
    ensure!(says(&trial.log(&all(), two.id(), 100, false).await?)?, "the text of another record is gone");
    Ok(())
}
