//! Raising a problem: from what is asked to the beginning of a problem.

use std::{collections::BTreeMap, sync::Arc};

use super::{Context, Course, invalid, reading::Reading};
use crate::{
    command::{MAX_RAISED_FROM, Raise},
    error::Error,
    id::{Id, Number},
    key::{GroupRef, OrganisationRef, PersonRef},
    lifecycle::In,
    problem::{Facts, New, Problem, Raised},
    record::Assignment,
    verb::ProblemVerb,
};

/// A problem that was read: everything but id and number.
pub(crate) struct Raising {
    facts: Facts,
    raised: Assignment,
    origin: crate::problem::Origin,
}

/// Reads what is asked, and fills in what the category and the policy know.
pub(crate) fn raising(raise: &Raise, context: &Context<'_>) -> Result<Raising, Error> {
    let policy = context.policy;
    let mut read = Reading::new(context);
    let category = raise.category.as_ref().and_then(|key| read.category("category", key));
    let defaults = category.as_ref().and_then(|key| policy.category(key.as_str())).map(|(_, defaults)| defaults);
    let title = read.title("title", &raise.title);
    let description = read.maybe_text("description", raise.description.as_ref());
    let impact = match &raise.impact {
        Some(level) => read.level("impact", level, &policy.matrix().impact),
        None => Some(defaults.and_then(|defaults| defaults.impact.as_ref()).unwrap_or(policy.default_impact()).clone()),
    };
    let urgency = match &raise.urgency {
        Some(level) => read.level("urgency", level, &policy.matrix().urgency),
        None => {
            Some(defaults.and_then(|defaults| defaults.urgency.as_ref()).unwrap_or(policy.default_urgency()).clone())
        }
    };
    let organisation = match &raise.organisation {
        Some(organisation) => read.key::<OrganisationRef>("organisation", organisation),
        None => context.actor.member_of().cloned(),
    };
    let services = read.all_rated("services", &raise.services, policy.caps().services);
    let items = read.all_rated("items", &raise.items, policy.caps().items);
    let labels = read.labels("labels", &raise.labels);
    let watchers = read.keys("watchers", &raise.watchers, policy.caps().watchers);
    read.within("references", raise.references.len(), policy.caps().references);
    if raise.from.len() > MAX_RAISED_FROM {
        let rule =
            format!("names {} incidents, and may name {MAX_RAISED_FROM}; link the others to it", raise.from.len());
        read.fault("from", "cap.exceeded", rule);
    }
    let group = match &raise.group {
        Some(group) => read.key::<GroupRef>("group", group),
        None => defaults.and_then(|defaults| defaults.group.clone()),
    };
    let person = read.maybe_key::<PersonRef>("person", raise.person.as_ref());
    let (Some(title), Some(impact), Some(urgency), true) = (title, impact, urgency, read.faults.is_empty()) else {
        return Err(invalid(read.faults, ProblemVerb::Raise, None));
    };
    let facts = Facts {
        description,
        category,
        urgency,
        people_affected: raise.people_affected,
        opened_by: context.actor.id().clone(),
        organisation,
        services,
        items,
        labels,
        watchers,
        references: raise.references.clone(),
        confidential: raise.confidential,
        fields: BTreeMap::new(),
        ..Facts::bare(Id::from_u128(0), Number::untaken(), title, &impact)
    };
    Ok(Raising { facts, raised: Assignment { group, person }, origin: raise.origin })
}

impl Raising {
    /// What is known, to judge who may raise it.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The problem, with an id and a number.
    pub fn begin(mut self, id: Id<Problem>, number: Number, context: &Context<'_>) -> Result<Course<Problem>, Error> {
        self.facts.id = id;
        self.facts.number = number;
        let Some(assessment) = context.policy.assess(&self.facts) else {
            let mut read = Reading::new(context);
            read.fault("impact", "level.unknown", "has no priority in the policy's matrix");
            return Err(invalid(read.faults, ProblemVerb::Raise, None));
        };
        let raised = Raised {
            facts: Arc::new(self.facts),
            assessment: Arc::new(assessment),
            assignment: self.raised,
            origin: self.origin,
        };
        let stamp = context.stamp();
        let step = In::<New>::raise(raised, &stamp).widen();
        Ok(Course::begin(step, &stamp, context.cause, context.clockwork))
    }
}
