//! Promises: which agreements hold for an incident, and why.

use std::fmt;

use super::{Agreement, CalendarChoice, CalendarOwner, Conditions, MetricRule, Runs};
use crate::{
    incident::{Assignment, Facts, Incident},
    key::{AgreementKey, CalendarKey},
    ledger::{AgreementKind, Target},
    policy::Policy,
    priority::Priority,
};

/// The most clocks that run for an incident at a time. What agreements promise beyond that has none.
pub const MAX_CLOCKS: usize = 32;

/// What an agreement promises for an incident as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Its rule for the metric.
    pub rule: &'a MetricRule,
    /// How long it may take at the present priority.
    pub target: Target,
    /// The calendar that measures it; `None`: around the clock.
    pub calendar: Option<&'a CalendarKey>,
}

impl<'a> Promise<'a> {
    /// What it competes for: of two promises with the same place, the first holds.
    pub(super) fn place(&self) -> (AgreementKind, &'a str, &'a Runs) {
        (self.agreement.kind, self.rule.metric.as_str(), &self.rule.runs)
    }
}

/// What of an incident decides which agreements hold for it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    pub facts: &'s Facts,
    pub priority: &'s Priority,
    pub assignment: &'s Assignment,
}

impl<'s> From<&'s Incident> for Subject<'s> {
    fn from(incident: &'s Incident) -> Self {
        Self { facts: incident.facts(), priority: incident.priority(), assignment: incident.assignment() }
    }
}

/// An agreement that was considered for an incident, in the order of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Which.
    pub agreement: AgreementKey,
    /// The first of its conditions that does not fit; `None` if it holds.
    pub misfit: Option<Misfit>,
}

/// Why an agreement does not hold for an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misfit {
    /// It has none of the services.
    Service,
    /// It is under none of the offerings.
    Offering,
    /// It is of none of the organisations.
    Organisation,
    /// It is in none of the categories.
    Category,
    /// It has none of the priorities.
    Priority,
    /// It is with none of the groups.
    Group,
    /// It bears none of the labels.
    Label,
    /// It starts no new clocks.
    Retired,
    /// Agreements before it promise all that it does.
    Outranked,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "none of its services is concerned",
            Self::Offering => "it is for another offering",
            Self::Organisation => "it is for another organisation",
            Self::Category => "it is for another category",
            Self::Priority => "it is for another priority",
            Self::Group => "it is for another group",
            Self::Label => "none of its labels is borne",
            Self::Retired => "it is no longer in use",
            Self::Outranked => "an agreement before it promises the same",
        })
    }
}

/// What the policy's agreements promise for the incident as it is: of promises of the same kind, metric and
/// running time the first whose agreement fits.
#[must_use]
pub fn promises<'a>(policy: &'a Policy, incident: &Incident) -> Vec<Promise<'a>> {
    held_for(policy, incident.into())
}

/// The promises for what is known of an incident.
pub(super) fn held_for<'a>(policy: &'a Policy, subject: Subject<'_>) -> Vec<Promise<'a>> {
    let mut held: Vec<Promise<'a>> = Vec::new();
    for agreement in &policy.parts().agreements {
        if !agreement.retired && agreement.when.misfit(policy, subject).is_none() {
            held.extend(offered(policy, agreement, subject, &held));
        }
    }
    held.truncate(MAX_CLOCKS);
    held
}

/// Every agreement of the policy, and why it holds for the incident or does not.
#[must_use]
pub fn considered(policy: &Policy, incident: &Incident) -> Vec<Considered> {
    let subject = Subject::from(incident);
    let mut held: Vec<Promise<'_>> = Vec::new();
    let agreements = policy.parts().agreements.iter();
    agreements
        .map(|agreement| {
            let retired = agreement.retired.then_some(Misfit::Retired);
            let misfit = retired.or_else(|| agreement.when.misfit(policy, subject)).or_else(|| {
                let offered = offered(policy, agreement, subject, &held);
                let none = offered.is_empty().then_some(Misfit::Outranked);
                held.extend(offered);
                none
            });
            Considered { agreement: agreement.key.clone(), misfit }
        })
        .collect()
}

/// What an agreement that fits promises, beside what is held already.
fn offered<'a>(
    policy: &'a Policy,
    agreement: &'a Agreement,
    subject: Subject<'_>,
    held: &[Promise<'a>],
) -> Vec<Promise<'a>> {
    let priority = subject.priority.name();
    let rules = agreement.metrics.iter().filter_map(|rule| {
        let target = rule.target.of(priority)?;
        let calendar = agreement.calendar.as_ref().filter(|_| target.needs_calendar());
        let calendar = calendar.map(|choice| choice.of(policy, subject));
        Some(Promise { agreement, rule, target, calendar })
    });
    rules.filter(|promise| held.iter().all(|known| known.place() != promise.place())).collect()
}

impl CalendarChoice {
    /// The calendar for an incident.
    fn of<'a>(&'a self, policy: &'a Policy, subject: Subject<'_>) -> &'a CalendarKey {
        let (owners, facts) = (&policy.parts().calendars_of, subject.facts);
        match self {
            Self::Fixed(key) => key,
            Self::Of { of: CalendarOwner::Organisation, otherwise } => {
                facts.organisation.as_ref().and_then(|owner| owners.organisations.get(owner)).unwrap_or(otherwise)
            }
            Self::Of { of: CalendarOwner::Service, otherwise } => {
                facts.services.iter().find_map(|service| owners.services.get(&service.key)).unwrap_or(otherwise)
            }
        }
    }
}

impl Conditions {
    /// The first of the conditions that the incident does not fit.
    fn misfit(&self, policy: &Policy, subject: Subject<'_>) -> Option<Misfit> {
        fn none<T: PartialEq>(wanted: &[T], mut found: impl Iterator<Item = T>) -> bool {
            !wanted.is_empty() && !found.any(|value| wanted.contains(&value))
        }
        let facts = subject.facts;
        let lineage = || {
            let category = facts.category.as_ref().and_then(|key| policy.category(key.as_str()));
            category.map_or(&[][..], |(_, defaults)| defaults.lineage.as_slice()).iter().cloned()
        };
        let checks = [
            (Misfit::Service, none(&self.services, facts.services.iter().map(|service| service.key.clone()))),
            (Misfit::Offering, none(&self.offerings, facts.offering.iter().map(|offering| offering.key.clone()))),
            (Misfit::Organisation, none(&self.organisations, facts.organisation.iter().cloned())),
            (Misfit::Category, none(&self.categories, lineage())),
            (Misfit::Priority, none(&self.priorities, std::iter::once(subject.priority.name().clone()))),
            (Misfit::Group, none(&self.groups, subject.assignment.group.iter().cloned())),
            (Misfit::Label, none(&self.labels, facts.labels.iter().cloned())),
        ];
        checks.into_iter().find_map(|(misfit, fails)| fails.then_some(misfit))
    }
}
