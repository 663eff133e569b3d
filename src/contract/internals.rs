//! Internals: what those who may not read them do not get.

use super::{
    check::{Kept, ensure, same},
    fixture::{Known, Trial, all, group, held, person, routed},
};
use crate::{
    actor::ActorId,
    event::{Body, Event},
    incident::{Audience, IncidentEvent as E, Waiver},
    store::{FeedChange, Filter, Repository, Scope, Term},
};

/// Viewers of a record that is with the group Network: those who read its internals, and those who do not.
fn readers() -> [(Scope, bool); 5] {
    let scope =
        |viewer: &[Term], internal: &[Term]| Scope { viewer: viewer.into(), internal: internal.into(), ..all() };
    let network = Term::Group(group("Network"));
    [
        (scope(&[Term::Everyone], &[]), false),
        (scope(&[Term::Everyone], &[Term::Everyone]), true),
        (scope(&[Term::Everyone], &[Term::Group(group("Mail"))]), false),
        (scope(&[Term::Everyone], std::slice::from_ref(&network)), true),
        (scope(std::slice::from_ref(&network), &[Term::Person(person("anna"))]), false),
    ]
}

/// A stored record with events that are public, internal, and public with internal texts.
async fn mixed<R: Repository>(trial: &Trial<'_, R>) -> Kept<Known> {
    let known = trial.reported(trial.facts("mixed")?)?;
    let events = vec![
        routed("Network"),
        trial.note(Audience::Internal, "internal one")?,
        trial.note(Audience::Public, "public")?,
        E::Watched(person("wanda")),
        held(Some(trial.text("the vendor is late again")?)),
    ];
    let known = trial.longer(trial.now(), known, events)?;
    trial.put(&known).await?;
    let waiver =
        Waiver { code: "sample".into(), field: None, reason: trial.text("internal two")?, by: ActorId::System };
    trial.change(&known, vec![E::ObligationWaived(waiver), trial.note(Audience::Internal, "internal three")?]).await
}

fn shown(known: &Known, scope: &Scope) -> Vec<Event> {
    known.log.iter().filter_map(|event| scope.shows(event, &known.terms)).collect()
}

pub(super) async fn internal_notes_stay_inside<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = mixed(trial).await?;
    for (scope, reads) in readers() {
        for newest_first in [false, true] {
            let log = trial.log(&scope, known.id(), 100, newest_first).await?;
            let internal = log.iter().any(|event| event.audience() == Audience::Internal);
            same("whether internal events are shown", &internal, &reads)?;
            let mut expected = shown(&known, &scope);
            if newest_first {
                expected.reverse();
            }
            let found: Vec<_> = log.iter().map(|event| event.sequence).collect();
            let expected: Vec<_> = expected.iter().map(|event| event.sequence).collect();
            same("the events that are shown", &found, &expected)?;
        }
    }
    Ok(())
}

fn note_of_hold(events: &[Event]) -> Option<bool> {
    events.iter().find_map(|event| match &event.body {
        Body::Incident(E::Held(hold)) => hold.note.as_ref().map(crate::text::Text::is_erased),
        Body::Incident(_) | Body::Problem(_) => None,
    })
}

pub(super) async fn internal_texts_are_withheld<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = mixed(trial).await?;
    for (scope, reads) in readers() {
        let log = trial.log(&scope, known.id(), 100, false).await?;
        same("whether the note of the hold is withheld", &note_of_hold(&log), &Some(!reads))?;
        for event in log.iter().filter(|event| event.audience() == Audience::Public) {
            let whole = known.log.iter().find(|whole| whole.sequence == event.sequence);
            let expected = whole.and_then(|whole| scope.shows(whole, &known.terms));
            same("a public event", &Some(event.clone()), &expected)?;
        }
    }
    Ok(())
}

pub(super) async fn hidden_events_do_not_end_a_log<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    // Runs of hidden events at the beginning, in the middle and at the end, longer than a part.
    let mut known = trial.reported(trial.facts("hidden")?)?;
    for run in 0..4 {
        let mut notes = Vec::new();
        for n in 0..5 {
            notes.push(trial.note(Audience::Internal, &format!("hidden {run}.{n}"))?);
        }
        if run < 3 {
            notes.push(trial.note(Audience::Public, &format!("seen {run}"))?);
        }
        known = trial.longer(trial.now(), known, notes)?;
    }
    trial.put(&known).await?;
    let [(scope, _), ..] = readers();
    let forwards = shown(&known, &scope);
    let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
    for limit in [1, 2, 3, 100] {
        same("the log", &trial.log(&scope, known.id(), limit, false).await?, &forwards)?;
        same("the log, newest first", &trial.log(&scope, known.id(), limit, true).await?, &backwards)?;
    }
    Ok(())
}

pub(super) async fn the_feed_keeps_internals_back<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let known = mixed(trial).await?;
    for (scope, reads) in readers() {
        let (entries, _) = trial.follow(&scope, &Filter::default(), None, 100).await?;
        let mut log = Vec::new();
        for entry in entries {
            let FeedChange::Stands { events, .. } = entry.change else {
                ensure!(false, "a record that the viewer sees has left");
                continue;
            };
            log.extend(events);
        }
        same("whether the note of the hold is withheld", &note_of_hold(&log), &Some(!reads))?;
        same("the events in the feed", &log, &shown(&known, &scope))?;
    }
    Ok(())
}
