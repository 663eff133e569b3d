//! Whom a merge brings to the incident that goes on, and who leaves it when the merge is undone.

use super::{Context, Course};
use crate::{
    error::Error,
    incident::{Incident, IncidentEvent as Event},
    key::PersonRef,
    verb::IncidentVerb as Verb,
};

/// The people whom an incident concerns: who called, who is affected, who watches; each once.
pub(crate) fn concerned(incident: &Incident) -> Vec<&PersonRef> {
    let facts = incident.facts();
    let mut people: Vec<&PersonRef> = Vec::with_capacity(facts.watchers.len().saturating_add(2));
    for person in facts.caller.iter().chain(&facts.affected).chain(&facts.watchers) {
        if !people.contains(&person) {
            people.push(person);
        }
    }
    people
}

/// Whom a duplicate brings to the incident that goes on: whom it concerns, and who watches that one for the sake of
/// duplicates alone (`borrowed`), or not yet; at most as many as the policy allows to watch. Nobody is brought to what is
/// confidential, for who may know of that is for people to say; nor from what is, for it would be seen who called. (Who came
/// before an incident was made confidential stays, as all who watch it do.)
pub(crate) fn brings(
    duplicate: &Incident,
    master: &Incident,
    borrowed: &[PersonRef],
    context: &Context<'_>,
) -> Vec<PersonRef> {
    if master.facts().confidential || duplicate.facts().confidential {
        return Vec::new();
    }
    let (stake, watchers) = (master.stake(), &master.facts().watchers);
    let mut room = context.policy.caps().watchers.saturating_sub(watchers.len());
    let comes = |person: &&&PersonRef| {
        if stake.people.contains(&Some(**person)) {
            return false;
        }
        if watchers.contains(**person) {
            return borrowed.contains(**person);
        }
        let fits = room > 0;
        room = room.saturating_sub(1);
        fits
    };
    concerned(duplicate).iter().filter(comes).map(|person| PersonRef::clone(person)).collect()
}

/// The incident that goes on, watched by those whom a merge brings. Of who watches it already for the sake of another
/// duplicate that is said once more: whoever undoes the other merge meanwhile meets a conflict, and looks again.
pub(crate) fn join(mut course: Course, people: &[PersonRef], context: &Context<'_>) -> Result<Course, Error> {
    for person in people {
        course = course.happens(Event::Watched(person.clone()), Verb::Merge, context)?;
    }
    Ok(course)
}

/// The incident that goes on, no longer watched by those whom a merge had brought.
pub(crate) fn part<'p>(
    mut course: Course,
    people: impl IntoIterator<Item = &'p PersonRef>,
    context: &Context<'_>,
) -> Result<Course, Error> {
    for person in people {
        if course.record.facts().watchers.contains(person) {
            course = course.happens(Event::Unwatched(person.clone()), Verb::Merge, context)?;
        }
    }
    Ok(course)
}
