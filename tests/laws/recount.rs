//! A second reckoning: what a log adds up to, counted from its events alone and without any of the
//! library's own arithmetic.

use std::collections::BTreeSet;

use andon::{
    event::{Body, Event},
    incident::{Assignment, Audience, Cancellation, CorrectedStage, IncidentEvent as E, Note, NoteFrom, Progress},
    priority::Priority,
    time::Instant,
};

/// What a log adds up to.
#[derive(Debug, Default)]
pub struct Recount {
    /// The hold intervals that have ended.
    ended: Vec<(Instant, Instant)>,
    /// When the present one began.
    held_since: Option<Instant>,
    /// Whether a hold was cut short by a merge, so that undoing the merge takes it up again.
    merged: bool,
    holds: u32,
    reopenings: u32,
    corrections: u32,
    public_notes: u32,
    internal_notes: u32,
    time_spent: u64,
    group_hops: u32,
    person_hops: u32,
    groups: Vec<String>,
    people: Vec<String>,
    assignment: Assignment,
    watchers: BTreeSet<String>,
    reported: Option<Instant>,
    responded: Option<Instant>,
    priority: Option<Priority>,
}

impl Recount {
    pub fn of(log: &[Event]) -> Result<Self, String> {
        let mut count = Self::default();
        for event in log {
            let Body::Incident(body) = &event.body else { return Err("another kind of record".to_owned()) };
            count.take(body, event).map_err(|error| format!("event {}: {error}", event.sequence))?;
        }
        Ok(count)
    }

    fn take(&mut self, body: &E, event: &Event) -> Result<(), String> {
        let at = event.occurred_at;
        match body {
            E::Reported(reported) => {
                self.reported = Some(at);
                self.priority = Some(reported.assessment.result().clone());
                self.watchers = reported.facts.watchers.iter().map(ToString::to_string).collect();
                self.hand(reported.assignment.clone());
            }
            E::Assigned(to) => {
                self.leave(at)?;
                let Assignment { group, person } = to.clone();
                let keeps_person = person.is_none() && group.is_some() && group == self.assignment.group;
                let person = if keeps_person { self.assignment.person.clone() } else { person };
                self.hand(Assignment { group: group.or_else(|| self.assignment.group.clone()), person });
            }
            E::Routed(to) => self.hand(to.clone()),
            E::Unassigned => self.assignment = Assignment::default(),
            E::WorkStarted => {
                self.leave(at)?;
                if event.actor.is_person() {
                    self.respond(at);
                }
            }
            E::Held(_) => self.hold(at)?,
            E::HoldChanged(_) => {
                self.leave(at)?;
                self.hold(at)?;
            }
            E::Resumed(_) => self.leave(at)?,
            E::Resolved(_) => {
                self.leave(at)?;
                self.respond(at);
            }
            E::Reopened(_) => self.reopenings += 1,
            E::Cancelled(cancelled) => {
                let held = self.held_since.is_some();
                self.leave(at)?;
                self.merged = held && matches!(cancelled.cancellation, Cancellation::Duplicate { .. });
            }
            E::MergeUndone(_) if self.merged => {
                self.merged = false;
                self.held_since = self.ended.pop().map(|(since, _)| since);
            }
            E::PriorityChanged(change) => {
                if self.priority.as_ref() != Some(&change.old) {
                    return Err(format!("the priority was {:?} and not {}", self.priority, change.old));
                }
                if change.assessment.result() != &change.new {
                    return Err(format!("the assessment gives {} and not {}", change.assessment.result(), change.new));
                }
                self.priority = Some(change.new.clone());
            }
            E::NoteAdded(Note { audience: Audience::Internal, .. }) => self.internal_notes += 1,
            E::NoteAdded(Note { from, .. }) => {
                self.public_notes += 1;
                if *from == NoteFrom::Desk {
                    self.respond(at);
                }
            }
            E::Watched(person) => {
                self.watchers.insert(person.to_string());
            }
            E::Unwatched(person) => {
                self.watchers.remove(person.as_str());
            }
            E::TimeSpent(spent) => self.time_spent += spent.seconds.get(),
            E::Corrected(correction) => {
                self.leave(at)?;
                self.merged = false;
                self.corrections += 1;
                match &correction.to {
                    CorrectedStage::OnHold(_) => self.hold(at)?,
                    CorrectedStage::Resolved(_) | CorrectedStage::Closed(_) => self.respond(at),
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn hold(&mut self, at: Instant) -> Result<(), String> {
        if let Some((_, end)) = self.ended.last().filter(|(_, end)| *end > at) {
            return Err(format!("a hold began at {at}, before the last one ended at {end}"));
        }
        self.holds += 1;
        match self.held_since.replace(at) {
            Some(since) => Err(format!("a hold began at {at} within the one that began at {since}")),
            None => Ok(()),
        }
    }

    fn leave(&mut self, at: Instant) -> Result<(), String> {
        let Some(since) = self.held_since.take() else { return Ok(()) };
        if at < since {
            return Err(format!("a hold ended at {at}, before it began at {since}"));
        }
        self.ended.push((since, at));
        Ok(())
    }

    fn respond(&mut self, at: Instant) {
        self.responded = self.responded.into_iter().chain([at]).min();
    }

    fn hand(&mut self, to: Assignment) {
        let note = |log: &mut Vec<String>, hops: &mut u32, to: Option<String>| {
            let Some(to) = to else { return };
            if log.last() != Some(&to) {
                *hops += u32::from(!log.is_empty());
                log.push(to);
            }
        };
        note(&mut self.groups, &mut self.group_hops, to.group.as_ref().map(ToString::to_string));
        note(&mut self.people, &mut self.person_hops, to.person.as_ref().map(ToString::to_string));
        self.assignment = to;
    }

    /// The seconds of all hold intervals that have ended.
    pub fn on_hold_seconds(&self) -> u64 {
        self.ended.iter().map(|(since, end)| u64::try_from((*end - *since).num_seconds()).unwrap()).sum()
    }

    /// Whether the library has counted the same.
    pub fn agrees(&self, progress: &Progress, watchers: usize) -> Result<(), String> {
        let ours = (
            (self.on_hold_seconds(), self.holds, self.time_spent),
            (self.reopenings, self.corrections, self.public_notes, self.internal_notes),
            (self.group_hops, self.person_hops, &self.assignment),
            (self.reported, self.responded, self.watchers.len()),
        );
        let theirs = (
            (progress.on_hold_seconds, progress.holds, progress.time_spent_seconds),
            (progress.reopenings, progress.corrections, progress.public_notes, progress.internal_notes),
            (progress.group_hops, progress.person_hops, &progress.assignment),
            (progress.milestones.reported, progress.milestones.responded, watchers),
        );
        if ours != theirs {
            return Err(format!("counted {ours:?}, but the record has {theirs:?}"));
        }
        if self.priority.as_ref() != Some(progress.assessment.result()) {
            return Err(format!("the log ends with {:?}, the record has {}", self.priority, progress.assessment));
        }
        Ok(())
    }
}
