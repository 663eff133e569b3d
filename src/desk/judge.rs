//! What is judged before a decision: permissions, times, and the other records that a command names.

use super::ActingDesk;
use crate::{
    command::Report,
    decision::{Context, Managed, invalid},
    directory::{Directory, Person},
    error::{ClockBehind, Error, PermissionRefused},
    fault::{Fault, Faults},
    id::Number,
    incident::Facts,
    key::PersonRef,
    permission::{Permission, Stake},
    policy::Policy,
    record::Kind,
    store::Repository,
    time::{Instant, earlier, later},
    verb::{IncidentVerb as Verb, Verb as AnyVerb},
};

impl<R: Repository> ActingDesk<R> {
    /// Whether the actor may do this to the record.
    pub(super) fn may<K: Kind>(&self, verb: K::Verb, record: &K, policy: &Policy) -> Result<(), Error> {
        self.may_with(verb, &record.stake(), Some(record.number()), policy)
    }

    pub(super) fn may_with(
        &self,
        verb: impl Into<AnyVerb>,
        stake: &Stake<'_>,
        number: Option<&Number>,
        policy: &Policy,
    ) -> Result<(), Error> {
        let verb = verb.into();
        let permission = Permission::from(verb);
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
    /// too far back, and not before the record came to its stage.
    pub(super) fn check_time<K: Managed>(
        &self,
        context: &Context<'_>,
        verb: K::Verb,
        record: Option<&K>,
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
            let since = record.map(|record| (record, record.earliest())).filter(|(_, since)| at < *since);
            since.map(|(record, since)| {
                let (kind, stage) = (K::KIND, record.stage());
                let rule = format!("lies before the {kind} became {stage}, which was {}", since.to_rfc3339());
                Fault::new("occurred_at", "time.before_stage", rule)
            })
        };
        let number = record.map(Kind::number);
        if let Some(fault) = fault {
            return Err(invalid(Faults::one(fault), verb, number));
        }
        // For a report this is asked with everything else that it needs.
        if let Some(record) = record.filter(|_| at < now) {
            self.may(K::BACKDATE, record, context.policy)?;
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
}

/// When something is recorded: now, or when the record was last changed, if that is later.
pub(super) fn recorded_at<K: Kind>(record: &K, policy: &Policy, now: Instant) -> Result<Instant, Error> {
    let last = record.progress().recorded_at;
    if later(now, policy.timeliness().allowed_skew_seconds.span()) < last {
        return Err(ClockBehind { number: record.number().clone(), now, recorded_at: last }.into());
    }
    Ok(now.max(last))
}
