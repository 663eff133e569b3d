//! Intake: from a report to an incident, or to a service request that is handed back.

use std::{collections::BTreeMap, sync::Arc};

use super::{Context, Course, invalid, major, reading::Reading};
use crate::{
    command::Report,
    error::{Error, ServiceRequest},
    field::{RequiredBy, Severity},
    id::{Id, Number},
    incident::{Assignment, Facts, Incident, New, Reported},
    key::{GroupRef, OrganisationRef, PersonRef},
    lifecycle::In,
    policy::ServiceRequestRule,
    verb::IncidentVerb,
};

/// A report that was read: everything but id and number, which are only taken for an incident.
pub(crate) struct Intaken {
    facts: Facts,
    assignment: Assignment,
    report: Report,
}

/// Reads a report and fills in what the category, the policy and the directory know.
pub(crate) fn intake(report: Report, context: &Context<'_>) -> Result<Intaken, Error> {
    let policy = context.policy;
    let mut read = Reading::new(context);
    let category = report.category.as_ref().and_then(|key| read.category("category", key));
    let defaults = category.as_ref().and_then(|key| policy.category(key.as_str())).map(|(_, defaults)| defaults);
    let title = read.title("title", &report.title);
    let description = read.maybe_text("description", report.description.as_ref());
    let impact = match &report.impact {
        Some(level) => read.level("impact", level, &policy.matrix().impact),
        None => Some(defaults.and_then(|defaults| defaults.impact.as_ref()).unwrap_or(policy.default_impact()).clone()),
    };
    let urgency = match &report.urgency {
        Some(level) => read.level("urgency", level, &policy.matrix().urgency),
        None => {
            Some(defaults.and_then(|defaults| defaults.urgency.as_ref()).unwrap_or(policy.default_urgency()).clone())
        }
    };
    let actor = context.actor;
    let caller = match &report.caller {
        Some(person) => read.key::<PersonRef>("caller", person),
        None if context.importing => None,
        None => actor.behalf().or_else(|| actor.id().person()).cloned(),
    };
    let affected = match &report.affected {
        Some(person) => read.key::<PersonRef>("affected", person),
        None => caller.clone(),
    };
    let organisation = match &report.organisation {
        Some(organisation) => read.key::<OrganisationRef>("organisation", organisation),
        None => context.affected.and_then(|person| person.organisation.clone()).or_else(|| actor.member_of().cloned()),
    };
    let site = read.maybe_key("site", report.site.as_ref());
    let channel = report.channel.as_ref().and_then(|channel| read.channel("channel", channel));
    let services = read.all_rated("services", &report.services, policy.caps().services);
    let offering = report.offering.as_ref().and_then(|offering| read.rated("offering", offering));
    let items = read.all_rated("items", &report.items, policy.caps().items);
    let mut labels = read.labels("labels", &report.labels);
    for label in defaults.map_or(&[][..], |defaults| defaults.labels.as_slice()) {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    read.within("labels", labels.len(), policy.caps().labels);
    let watchers = read.keys("watchers", &report.watchers, policy.caps().watchers);
    let attachments = read.attachments("attachments", &report.attachments);
    read.within("references", report.references.len(), policy.caps().references);
    let fields = if read.few_fields(report.fields.keys()) { read.fields(&report.fields) } else { BTreeMap::new() };
    let group = match &report.group {
        Some(group) => read.key::<GroupRef>("group", group),
        None => defaults.and_then(|defaults| defaults.group.clone()),
    };
    let person = read.maybe_key::<PersonRef>("person", report.person.as_ref());
    read.within("follows", usize::from(report.follows.is_some()), policy.caps().links);
    read.past("occurred", report.occurred, context.recorded_at);
    read.past("detected", report.detected, context.recorded_at);
    let (Some(title), Some(impact), Some(urgency)) = (title, impact, urgency) else {
        return Err(faulty(read));
    };
    let facts = Facts {
        id: Id::from_u128(0),
        number: Number::untaken(),
        title,
        description,
        category,
        impact,
        urgency,
        caller,
        affected,
        vip: context.affected.is_some_and(|person| person.vip),
        people_affected: report.people_affected,
        opened_by: actor.id().clone(),
        organisation,
        site,
        channel,
        services,
        offering,
        items,
        labels,
        watchers,
        attachments,
        references: report.references.clone(),
        follows: report.follows,
        confidential: report.confidential,
        fields,
    };
    let intaken = Intaken { facts, assignment: Assignment { group, person }, report };
    if !read.faults.is_empty() {
        return Err(faulty(read));
    }
    // What a service request lacks as an incident does not matter: it is recognised first.
    // What was taken for an incident then, was one.
    let mut rules = policy.intake().service_requests.iter().filter(|_| !context.importing);
    if let Some(rule) = rules.find(|rule| intaken.fits(rule)) {
        return Err(ServiceRequest { rule: rule.id.clone(), report: intaken.report }.into());
    }
    intaken.require(&mut read, context)?;
    if read.faults.is_empty() { Ok(intaken) } else { Err(faulty(read)) }
}

fn faulty(read: Reading<'_>) -> Error {
    invalid(read.faults, IncidentVerb::Report, None)
}

impl Intaken {
    /// The report, with an id and a number: the beginning of an incident.
    pub fn begin(mut self, id: Id<Incident>, number: Number, context: &Context<'_>) -> Result<Course, Error> {
        self.facts.id = id;
        self.facts.number = number;
        let event = self.reported(context)?;
        let stamp = context.stamp();
        let course = Course::begin(In::<New>::report(event, &stamp).widen(), &stamp, context.cause, context.clockwork);
        major::proposed(course, context)
    }

    /// What is known, to judge who may report it.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    fn reported(self, context: &Context<'_>) -> Result<Reported, Error> {
        let Some(assessment) = context.policy.assess(&self.facts) else {
            let mut read = Reading::new(context);
            read.fault("impact", "level.unknown", "has no priority in the policy's matrix");
            return Err(faulty(read));
        };
        Ok(Reported {
            facts: Arc::new(self.facts),
            assessment: Arc::new(assessment),
            assignment: self.assignment,
            occurred: self.report.occurred,
            detected: self.report.detected,
        })
    }

    /// Whether every criterion of the rule fits.
    fn fits(&self, rule: &ServiceRequestRule) -> bool {
        fn among<T: PartialEq>(wanted: &[T], found: Option<&T>) -> bool {
            wanted.is_empty() || found.is_some_and(|found| wanted.contains(found))
        }
        let title = self.report.title.to_lowercase();
        among(&rule.categories, self.facts.category.as_ref())
            && among(&rule.offerings, self.facts.offering.as_ref().map(|offering| &offering.key))
            && among(&rule.channels, self.facts.channel.as_ref())
            && (rule.title_contains.is_empty()
                || rule.title_contains.iter().any(|phrase| title.contains(&phrase.trim().to_lowercase())))
    }

    /// Asks for the fields that the policy requires at once.
    fn require(&self, read: &mut Reading<'_>, context: &Context<'_>) -> Result<(), Error> {
        let policy = context.policy;
        let category = self.facts.category.as_ref().and_then(|key| policy.category(key.as_str()));
        let of_category = category.map_or(&[][..], |(_, defaults)| defaults.required.as_slice());
        let asked: Vec<_> = policy
            .closure()
            .required
            .iter()
            .chain(of_category)
            .filter(|requirement| requirement.by == RequiredBy::Report && requirement.severity == Severity::Blocking)
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let probe = Self { facts: self.facts.clone(), assignment: self.assignment.clone(), report: Report::default() };
        let incident = probe.begin(self.facts.id, self.facts.number.clone(), context)?.record;
        for requirement in asked {
            if !requirement.field.is_filled(&incident) {
                read.fault(requirement.field.to_string(), "field.required", "must be filled in");
            }
        }
        Ok(())
    }
}
