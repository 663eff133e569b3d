//! Commits: versions, what they expect, and that they land whole or not at all.

use super::{
    check::{Kept, Why, ensure, same},
    documents::{policy, publication},
    fixture::{Known, Trial, acme, all, globex, held, minute, no_policy, person, routed},
    generated,
};
use crate::{
    event::Event,
    incident::{Audience, Incident, IncidentEvent as E},
    store::{Answer, Commit, Erasure, Expected, Filter, Guard, Query, Repository, RepositoryError, TermChange},
};

pub(super) async fn versions_follow_events<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let first = trial.reported(trial.facts("first")?)?;
    let first = trial.longer(trial.now(), first, vec![routed("Network"), E::WorkStarted])?;
    trial.put(&first).await?;
    let loaded = trial.load(&all(), first.id()).await?;
    same("the version after three events", &loaded.map(|loaded| loaded.version.get()), &Some(3))?;
    let second = trial.change(&first, vec![held(None), E::Watched(person("anna"))]).await?;
    let loaded = trial.load(&all(), &second.row.number).await?;
    same("the version after two more", &loaded.map(|loaded| loaded.version.get()), &Some(5))?;
    let many = trial.repository.load_many(&all(), &[second.id()]).await?;
    let versions: Vec<_> = many.iter().flatten().map(|loaded| loaded.version.get()).collect();
    same("the version of the record among many", &versions, &vec![5])?;
    let rows: Vec<_> = trial.list(&all(), &Query::all()).await?.iter().map(|row| row.version.get()).collect();
    same("the version of the row", &rows, &vec![5])?;
    let log = trial.log(&all(), second.id(), 100, false).await?;
    let sequences: Vec<_> = log.iter().map(|event| event.sequence.get()).collect();
    same("the sequences of the events", &sequences, &vec![1, 2, 3, 4, 5])
}

pub(super) async fn a_record_comes_back_as_it_was_stored<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    for known in generated::records(trial, 40)? {
        trial.put(&known).await?;
        trial.stands(&known).await?;
        let log = trial.log(&all(), known.id(), 100, false).await?;
        let (folded, version) = Incident::fold(&log)?;
        same("what the log adds up to", &folded, &known.incident)?;
        same("the version of the whole log", &version, &known.version())?;
    }
    Ok(())
}

pub(super) async fn an_id_is_taken_once<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = trial.make("first").await?;
    let mut facts = trial.facts("second")?;
    facts.id = known.facts().id;
    let second = trial.reported(facts)?;
    match trial.refused(trial.commit(&[&second])).await? {
        RepositoryError::AlreadyExists { id } if id == known.id() => trial.stands(&known).await,
        error => Err(unexpected(&error, "AlreadyExists")),
    }
}

pub(super) async fn a_number_is_taken_once<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = trial.make("first").await?;
    let mut facts = trial.facts("second")?;
    facts.number = known.facts().number.clone();
    let second = trial.reported(facts)?;
    match trial.refused(trial.commit(&[&second])).await? {
        RepositoryError::AlreadyExists { .. } => trial.stands(&known).await,
        error => Err(unexpected(&error, "AlreadyExists")),
    }
}

pub(super) async fn a_version_must_be_the_expected_one<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let first = trial.make("first").await?;
    let ahead = trial.next(&first, vec![routed("Mail"), E::WorkStarted])?;
    let too_far = trial.next(&ahead, vec![held(None)])?;
    let second = trial.change(&first, vec![routed("Network")]).await?;
    // From a version that is past, and from one that is yet to come.
    for wrong in [trial.next(&first, vec![E::WorkStarted])?, too_far] {
        let error = trial.refused(trial.commit(&[&wrong])).await?;
        conflict(&error, &wrong, Some(&second))?;
        trial.stands(&second).await?;
    }
    let unknown = trial.reported(trial.facts("never stored")?)?;
    let unknown = trial.next(&unknown, vec![E::WorkStarted])?;
    let error = trial.refused(trial.commit(&[&unknown])).await?;
    conflict(&error, &unknown, None)?;
    trial.absent(&unknown).await
}

fn conflict(error: &RepositoryError, wrong: &Known, found: Option<&Known>) -> Kept {
    let RepositoryError::Conflict { id, expected, found: version } = error else {
        return Err(unexpected(error, "Conflict"));
    };
    same("the record of the conflict", id, &wrong.id())?;
    same("what the write expected", expected, &Expected::At(wrong.base))?;
    same("what was found", version, &found.map(Known::version))
}

pub(super) fn unexpected(error: &RepositoryError, expected: &str) -> Why {
    Why::new(format!("the commit was refused with `{error}`, and not with {expected}"))
}

pub(super) async fn a_guard_must_hold<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let read = trial.make("read").await?;
    let written = trial.make("written").await?;
    let next = trial.next(&written, vec![E::WorkStarted])?;
    trial.land(&acme(), Commit { guards: vec![read.guard()], ..trial.commit(&[&next]) }).await?;
    trial.stands(&next).await?;
    let changed = trial.change(&read, vec![routed("Network")]).await?;
    let last = trial.next(&next, vec![routed("Network")])?;
    // One that is past, beside one that holds; and one that is yet to come.
    let late = Guard { id: read.id(), version: changed.version().next() };
    for wrong in [read.guard(), late] {
        let guards = vec![next.guard(), wrong];
        match trial.refused(Commit { guards, ..trial.commit(&[&last]) }).await? {
            RepositoryError::Conflict { id, expected, found } => {
                same("the record of the conflict", &id, &read.id())?;
                same("what the guard expected", &expected, &Expected::At(wrong.version))?;
                same("what was found", &found, &Some(changed.version()))?;
            }
            error => return Err(unexpected(&error, "Conflict")),
        }
        trial.stands(&next).await?;
    }
    Ok(())
}

pub(super) async fn a_guard_on_nothing_fails<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let unknown = trial.reported(trial.facts("never stored")?)?;
    let written = trial.make("written").await?;
    let next = trial.next(&written, vec![E::WorkStarted])?;
    match trial.refused(Commit { guards: vec![unknown.guard()], ..trial.commit(&[&next]) }).await? {
        RepositoryError::Conflict { id, found: None, .. } if id == unknown.id() => trial.stands(&written).await,
        error => Err(unexpected(&error, "a Conflict that found nothing")),
    }
}

pub(super) async fn a_refusal_hands_the_commit_back<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = trial.make("first").await?;
    trial.change(&known, vec![routed("Network")]).await?;
    let late = trial.next(&known, vec![E::WorkStarted])?;
    let other = trial.reported(trial.facts("other")?)?;
    let commit = Commit { guards: vec![known.guard()], ..trial.commit(&[&other, &late]) };
    let Err(refused) = trial.repository.commit(&acme(), commit.clone()).await else {
        return Err(Why::new("a commit that must be refused landed"));
    };
    // A commit has no equality of its own: what it is about has.
    let parts = |commit: &Commit| {
        let writes = commit.writes.iter().map(|write| (write.expected, write.row.clone(), write.events.clone()));
        let records: Vec<_> = commit.writes.iter().map(|write| (write.record.clone(), write.terms.clone())).collect();
        (commit.command, commit.answer(), writes.collect::<Vec<_>>(), records, commit.guards.clone(), commit.policy)
    };
    same("the commit that came back", &parts(&refused.commit), &parts(&commit))
}

/// Commits that contradict themselves, each in another way.
fn malformed<R>(trial: &Trial<'_, R>, stored: &Known) -> Kept<Vec<(&'static str, Known, Commit)>> {
    let new = || trial.reported(trial.facts("malformed")?);
    let mut commits = Vec::new();
    let mut add = |what, bend: &dyn Fn(&mut Commit)| -> Kept {
        let known = new()?;
        let known = trial.longer(trial.now(), known, vec![E::WorkStarted])?.wake(Some(minute(1)));
        let mut commit = trial.commit(&[&known]);
        bend(&mut commit);
        commits.push((what, known, commit));
        Ok(())
    };
    add("a record twice", &|commit| commit.writes.extend_from_within(..))?;
    add("a record under another's id", &|commit| edit(commit, |write| write.row.id = stored.id()))?;
    add("a new record without its terms", &|commit| edit(commit, |write| write.terms = TermChange::default()))?;
    add("a record without an event", &|commit| edit(commit, |write| write.events = [].into()))?;
    add("an event of another tenant", &|commit| {
        edit_events(commit, |events| events.iter_mut().for_each(|event| event.tenant = globex()));
    })?;
    add("events out of order", &|commit| edit_events(commit, <[Event]>::reverse))?;
    add("a version that is not that of the last event", &|commit| {
        edit(commit, |write| write.row.version = write.row.version.next());
    })?;
    add("an erasure of what is not written", &|commit| {
        commit.erasures.push(Erasure { record: stored.id(), slots: vec![stored.row.title.digest()] });
    })?;
    Ok(commits)
}

fn edit_events(commit: &mut Commit, bend: impl Fn(&mut [Event])) {
    edit(commit, |write| {
        let mut events = write.events.to_vec();
        bend(&mut events);
        write.events = events.into();
    });
}

fn edit(commit: &mut Commit, bend: impl Fn(&mut crate::store::Write)) {
    commit.writes.iter_mut().for_each(bend);
}

pub(super) async fn a_malformed_commit_is_refused<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let stored = trial.make("stored").await?;
    for (what, _, commit) in malformed(trial, &stored)? {
        match trial.repository.commit(&acme(), commit).await.map_err(|refused| refused.error) {
            Err(RepositoryError::Malformed { .. }) => {}
            other => return Err(Why::new(format!("{what}: came back as {other:?}, and not as Malformed"))),
        }
    }
    Ok(())
}

pub(super) async fn a_malformed_commit_stores_nothing<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let stored = trial.make("stored").await?;
    for (_, known, commit) in malformed(trial, &stored)? {
        nothing_lands(trial, commit, &[&known], &[&stored]).await?;
    }
    Ok(())
}

/// Commits what cannot land, and checks that new records were not stored and old ones stand as they did.
async fn nothing_lands<R: Repository>(trial: &Trial<'_, R>, commit: Commit, new: &[&Known], old: &[&Known]) -> Kept {
    let command = commit.command;
    let (before, end) = trial.follow(&all(), &Filter::default(), None, 100).await?;
    let Err(refused) = trial.repository.commit(&acme(), commit).await else {
        return Err(Why::new("a commit that cannot land has landed"));
    };
    for known in new {
        trial.absent(known).await?;
    }
    for known in old {
        trial.stands(known).await?;
    }
    let what = format!("the answer of the command that was refused with `{}`", refused.error);
    same::<Option<Answer>>(&what, &trial.answer(&acme(), command).await?, &None)?;
    let (after, end_after) = trial.follow(&all(), &Filter::default(), None, 100).await?;
    same("the length of the feed", &after.len(), &before.len())?;
    same("the end of the feed", &end_after, &end)
}

/// Three stored records that wait to be woken, what becomes of them, and a new record.
async fn three<R: Repository>(trial: &Trial<'_, R>) -> Kept<([Known; 3], [Known; 3], Known)> {
    let mut stored = Vec::new();
    for (title, at) in [("one", 1), ("two", 2), ("three", 3)] {
        let known = trial.reported(trial.facts(title)?)?.wake(Some(minute(at)));
        trial.put(&known).await?;
        stored.push(known);
    }
    let becomes = |known: &Known| {
        let next = trial.next(known, vec![routed("Network"), E::WorkStarted])?;
        Ok::<_, Why>(next.wake(Some(minute(60))))
    };
    let next = stored.iter().map(becomes).collect::<Kept<Vec<_>>>()?;
    let new = trial.reported(trial.facts("four")?)?.wake(Some(minute(4)));
    match (<[Known; 3]>::try_from(stored), <[Known; 3]>::try_from(next)) {
        (Ok(stored), Ok(next)) => Ok((stored, next, new)),
        _ => Err(Why::new("three are not three")),
    }
}

pub(super) async fn one_bad_write_stores_nothing<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (mut stored, next, new) = three(trial).await?;
    // The bad one first, between the others, and last.
    for bad in 0..3 {
        let writes: Vec<&Known> = next.iter().chain([&new]).collect();
        let mut commit = trial.commit(&writes);
        let victim = stored.get_mut(bad).ok_or_else(|| Why::new("three are not three"))?;
        let others = trial.change(victim, vec![trial.note(Audience::Public, "meanwhile")?]).await?;
        *victim = others;
        // Those that were overtaken before are made to fit again.
        for (write, known) in commit.writes.iter_mut().zip(&stored).take(bad) {
            let fresh = trial.next_by(commit.command, trial.now(), known, vec![routed("Mail")])?.wake(Some(minute(90)));
            *write = fresh.write();
        }
        let [one, two, three] = &stored;
        nothing_lands(trial, commit, &[&new], &[one, two, three]).await?;
    }
    Ok(())
}

pub(super) async fn a_failed_guard_stores_nothing<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let ([one, two, three], [next, other, _], new) = three(trial).await?;
    let unknown = trial.reported(trial.facts("never stored")?)?;
    for wrong in [Guard { id: three.id(), version: three.version().next() }, unknown.guard()] {
        let commit = Commit { guards: vec![three.guard(), wrong], ..trial.commit(&[&new, &next, &other]) };
        nothing_lands(trial, commit, &[&new], &[&one, &two, &three]).await?;
    }
    Ok(())
}

pub(super) async fn another_policy_stores_nothing<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let ([one, two, three], [next, other, _], new) = three(trial).await?;
    let writes = [&new, &next, &other];
    let first = policy("First")?;
    let wrong = Commit { policy: Some(no_policy()), ..trial.commit(&writes) };
    nothing_lands(trial, wrong, &[&new], &[&one, &two, &three]).await?;
    // One that publishes what does not follow, beside its writes.
    let publishing = Commit { publication: Some(publication(&first, 2)), ..trial.commit(&writes) };
    nothing_lands(trial, publishing, &[&new], &[&one, &two, &three]).await?;
    let published = trial.repository.published(&acme(), None, 10).await?;
    ensure!(published.is_empty(), "a publication that was refused is listed");
    trial.land(&acme(), Commit { publication: Some(publication(&first, 1)), ..trial.commit(&[]) }).await?;
    nothing_lands(trial, trial.commit(&writes), &[&new], &[&one, &two, &three]).await
}

pub(super) async fn a_refused_command_may_come_again<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let stale = trial.make("first").await?;
    let wrong = trial.next(&stale, vec![E::WorkStarted])?;
    let stored = trial.change(&stale, vec![routed("Network")]).await?;
    trial.refused(trial.commit(&[&wrong])).await?;
    let right = trial.next_by(wrong.command, trial.now(), &stored, vec![E::WorkStarted])?;
    trial.put(&right).await?;
    trial.stands(&right).await
}

pub(super) async fn several_records_land_together<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let ([_, two, three], [next, ..], new) = three(trial).await?;
    let second = trial.next_by(next.command, trial.now(), &two, vec![routed("Mail")])?.wake(None);
    trial.land(&acme(), Commit { guards: vec![three.guard()], ..trial.commit(&[&next, &new, &second]) }).await?;
    for known in [&next, &new, &second, &three] {
        trial.stands(known).await?;
    }
    // Most of one command are of one record, but a store may be asked for many at once.
    let many = generated::records(trial, 60)?;
    trial.land(&acme(), trial.commit(&many.iter().collect::<Vec<_>>())).await?;
    for known in &many {
        trial.stands(known).await?;
    }
    Ok(())
}
