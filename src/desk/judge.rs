//! What is judged before a decision: permissions, times, and the other records that a command names.

use super::{ActingDesk, reads::incident_of};
use crate::{
    command::{Cancel, Correct, CorrectTo, IncidentCommand, Patch, Report},
    decision::{Context, invalid},
    directory::{Directory, Person},
    error::{ClockBehind, Error, PermissionRefused},
    fault::{Fault, Faults},
    id::{Id, Number},
    incident::{Facts, Incident, OnHold, Stage},
    key::PersonRef,
    permission::{Permission, Stake},
    policy::Policy,
    store::{Guard, RecordKey, Repository},
    time::{Instant, earlier, later},
    verb::IncidentVerb as Verb,
};

impl<R: Repository> ActingDesk<R> {
    /// Whether the actor may do this to the incident.
    pub(super) fn may(&self, verb: Verb, incident: &Incident, policy: &Policy) -> Result<(), Error> {
        self.may_with(verb, &incident.stake(), Some(incident.number()), policy)
    }

    pub(super) fn may_with(
        &self,
        verb: Verb,
        stake: &Stake<'_>,
        number: Option<&Number>,
        policy: &Policy,
    ) -> Result<(), Error> {
        let permission = Permission::Incident(verb);
        if policy.permissions().allows(&self.actor, permission, stake) {
            return Ok(());
        }
        let actor = self.actor.id().clone();
        Err(PermissionRefused { code: verb.refused(), permission, actor, number: number.cloned() }.into())
    }

    /// Whether there is anything that the actor may report, and about others if it names others: asked
    /// before the report is read and the directory is asked, so that a stranger learns nothing from either.
    pub(super) fn may_report_at_all(&self, report: &Report, policy: &Policy) -> Result<(), Error> {
        let scopes = |verb| policy.permissions().scopes(&self.actor, Permission::Incident(verb));
        let mut named = report.caller.iter().chain(&report.affected);
        let foreign = named.any(|name| self.actor.people().all(|person| person.as_str() != name.as_str()));
        let verb = if foreign { Verb::ReportFor } else { Verb::Report };
        if !scopes(verb).is_empty() || (!foreign && !scopes(Verb::ReportFor).is_empty()) {
            return Ok(());
        }
        let actor = self.actor.id().clone();
        let permission = Permission::Incident(verb);
        Err(PermissionRefused { code: verb.refused(), permission, actor, number: None }.into())
    }

    /// Whether the actor may report this: for itself or for somebody else, and to whom it sends it.
    pub(super) fn may_report(&self, report: &Report, facts: &Facts, policy: &Policy) -> Result<(), Error> {
        let mine = |person: Option<&PersonRef>| person.is_none_or(|named| self.actor.people().any(|own| own == named));
        let own = mine(facts.caller.as_ref()) && mine(facts.affected.as_ref());
        let stake = facts.stake();
        self.may_with(if own { Verb::Report } else { Verb::ReportFor }, &stake, None, policy)?;
        if report.group.is_some() || report.person.is_some() {
            self.may_with(Verb::Route, &stake, None, policy)?;
        }
        if self.options.occurred_at.is_some_and(|at| at < self.desk.now()) {
            self.may_with(Verb::Backdate, &stake, None, policy)?;
        }
        Ok(())
    }

    /// Whether something can have happened then: not in the future, and earlier only with permission, not
    /// too far back, and not before the incident came to its stage.
    pub(super) fn check_time(
        &self,
        context: &Context<'_>,
        verb: Verb,
        incident: Option<&Incident>,
    ) -> Result<(), Error> {
        let Some(at) = self.options.occurred_at else {
            return Ok(());
        };
        let now = context.recorded_at;
        let timeliness = context.policy.timeliness();
        let earliest = timeliness.max_backdate_seconds.map(|back| earlier(now, back.span()));
        let fault = if at > now {
            Some(Fault::new("occurred_at", "time.future", format!("lies in the future; now is {}", now.to_rfc3339())))
        } else if let Some(earliest) = earliest.filter(|earliest| at < *earliest) {
            let rule = format!("lies further back than the policy allows, which is {}", earliest.to_rfc3339());
            Some(Fault::new("occurred_at", "time.too_early", rule))
        } else {
            incident
                .map(|incident| {
                    // A change of hold begins a new interval without a new stage: the two must not overlap.
                    let held_since = incident.hold().map(OnHold::since);
                    (incident.stage(), held_since.into_iter().fold(incident.progress().stage_since, Instant::max))
                })
                .filter(|(_, since)| at < *since)
                .map(|(stage, since)| {
                    let rule = format!("lies before the incident became {stage}, which was {}", since.to_rfc3339());
                    Fault::new("occurred_at", "time.before_stage", rule)
                })
        };
        let number = incident.map(Incident::number);
        if let Some(fault) = fault {
            return Err(invalid(Faults::one(fault), verb, number));
        }
        // For a report this is asked with everything else that it needs.
        if let Some(incident) = incident.filter(|_| at < now) {
            self.may(Verb::Backdate, incident, context.policy)?;
        }
        Ok(())
    }

    /// What the directory knows about the affected person; the actor's own, if nobody is named.
    pub(super) async fn person(&self, named: Option<&str>) -> Result<Option<Person>, Error> {
        let Some(directory) = &self.desk.directory else {
            return Ok(None);
        };
        let person = match named {
            Some(name) => PersonRef::new(name).ok(),
            None => self.actor.behalf().or_else(|| self.actor.id().person()).cloned(),
        };
        match person {
            Some(person) => Ok(directory.person(&self.tenant, &person).await?),
            None => Ok(None),
        }
    }

    /// Guards the other incident that a command names: it must exist, be the actor's to see, and not
    /// change until the commit.
    pub(super) async fn guard(
        &self,
        other: Option<Id<Incident>>,
        verb: Verb,
        path: &str,
        incident: Option<&Incident>,
    ) -> Result<Vec<Guard>, Error> {
        let Some(other) = other.filter(|other| incident.is_none_or(|incident| incident.id() != *other)) else {
            return Ok(Vec::new());
        };
        let key = RecordKey::from(other);
        let (_, loaded) = self.load(Some(&key), None).await?;
        let fault = match loaded.record {
            Some(loaded) if verb == Verb::Report || incident_of(&loaded).stage() != Stage::Cancelled => {
                return Ok(vec![Guard { id: other.into(), version: loaded.version }]);
            }
            Some(_) => Fault::new(path, "record.cancelled", "names an incident that is cancelled itself"),
            None => Fault::new(path, "record.unknown", "names an incident that does not exist, or is not yours to see"),
        };
        Err(invalid(Faults::one(fault), verb, incident.map(Incident::number)))
    }
}

/// When something is recorded: now, or when the record was last changed, if that is later.
pub(super) fn recorded_at(incident: &Incident, policy: &Policy, now: Instant) -> Result<Instant, Error> {
    let last = incident.progress().recorded_at;
    if later(now, policy.timeliness().allowed_skew_seconds.span()) < last {
        return Err(ClockBehind { number: incident.number().clone(), now, recorded_at: last }.into());
    }
    Ok(now.max(last))
}

/// The other incident that a command names.
pub(super) fn other_of(request: &IncidentCommand) -> Option<Id<Incident>> {
    match request {
        IncidentCommand::Cancel(Cancel { cancellation, .. }) => cancellation.other(),
        IncidentCommand::Correct(Correct { to, .. }) => other_in(to),
        _ => None,
    }
}

/// The other incident that a correction names.
pub(super) const fn other_in(to: &CorrectTo) -> Option<Id<Incident>> {
    match to {
        CorrectTo::Cancelled(cancellation) => cancellation.other(),
        _ => None,
    }
}

/// The affected person that a command names.
pub(super) fn affected_of(request: &IncidentCommand) -> Option<&str> {
    match request {
        IncidentCommand::Edit(edit) => match &edit.affected {
            Patch::Set(person) => Some(person),
            Patch::Keep | Patch::Clear => None,
        },
        _ => None,
    }
}
