//! Obligations: what is still owed before a move, so that a host can render a checklist.

use std::fmt;

use serde::Serialize;

use crate::{
    field::{FieldName, RequiredBy, Requirement, Severity},
    incident::{ClosureBasis, Incident, Major, OpenObligation},
    permission::Permission,
    policy::Policy,
    problem::Problem,
    sla::{Agreement, MetricRule},
    time::{Instant, later},
    verb::IncidentVerb,
};

/// The code of the obligation to fill in a field.
pub const FIELD_REQUIRED: &str = "obligation.field";
/// The code of what stands in the way of a reopening whose time or number is used up.
pub const REOPENING: &str = "obligation.reopening";
/// The code of the obligation to answer a reply, before an incident closes by itself.
pub const ANSWER: &str = "obligation.answer";
/// The code of the obligation to have a resolution confirmed.
pub const CONFIRMATION: &str = "obligation.confirmation";

/// The code of the obligation to stand a major incident down, before it is closed.
pub const MAJOR_RUNNING: &str = "obligation.major_running";
/// The code of the obligation to review a major incident, before it is closed.
pub const MAJOR_REVIEW: &str = "obligation.major_review";

/// Something that is owed before a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obligation {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<FieldName>,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    waivable_by: Option<Permission>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    settles_at: Option<Instant>,
}

impl Obligation {
    /// Its stable code: [`FIELD_REQUIRED`], [`CONFIRMATION`], [`REOPENING`], [`ANSWER`], [`MAJOR_RUNNING`] or
    /// [`MAJOR_REVIEW`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The field that it asks for.
    #[must_use]
    pub const fn field(&self) -> Option<&FieldName> {
        self.field.as_ref()
    }

    /// Whether it blocks the move or is only shown.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The permission with which it can be waived; `None` if it cannot.
    #[must_use]
    pub const fn waivable_by(&self) -> Option<Permission> {
        self.waivable_by
    }

    /// When it settles by itself, if it does.
    #[must_use]
    pub const fn settles_at(&self) -> Option<Instant> {
        self.settles_at
    }

    fn is_waived(&self, incident: &Incident) -> bool {
        incident.progress().waivers.iter().any(|waiver| {
            &*waiver.code == self.code
                && waiver.field.as_deref() == self.field.as_ref().map(ToString::to_string).as_deref()
        })
    }
}

impl fmt::Display for Obligation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Which limit of the reopening policy is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReopeningLimit {
    /// The time ended at this instant.
    Window(Instant),
    /// It was reopened so often already.
    Times(u32),
}

impl fmt::Display for ReopeningLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window(end) => write!(f, "that was possible until {}", end.format("%Y-%m-%d %H:%M:%S UTC")),
            Self::Times(0) => f.write_str("the policy allows no reopening"),
            Self::Times(1) => f.write_str("it was reopened once already"),
            Self::Times(times) => write!(f, "it was reopened {times} times already"),
        }
    }
}

/// What the policy asks before `by` and the incident does not have, waived or not.
fn owed(incident: &Incident, policy: &Policy, by: RequiredBy) -> Vec<Obligation> {
    let asked = requirements(incident, policy).filter(|asked| asked.by <= by && !asked.field.is_filled(incident));
    fields_of(asked, Some(IncidentVerb::Waive.into()))
}

/// What is owed before `by` on a problem: before its fix is applied, or before it is closed. Nobody waives it.
pub(crate) fn of_problem(problem: &Problem, policy: &Policy, by: RequiredBy) -> Vec<Obligation> {
    let required = policy.parts().problems.required.iter();
    fields_of(required.filter(|asked| asked.by <= by && !asked.field.is_filled_of(problem)), None)
}

/// The fields that are asked for, as what is owed.
fn fields_of<'a>(asked: impl Iterator<Item = &'a Requirement>, waivable_by: Option<Permission>) -> Vec<Obligation> {
    let mut owed: Vec<Obligation> = Vec::new();
    for requirement in asked {
        // What several rules ask for is owed once, as hard as the hardest of them asks.
        if let Some(known) = owed.iter_mut().find(|known| known.field.as_ref() == Some(&requirement.field)) {
            known.severity = known.severity.min(requirement.severity);
            continue;
        }
        owed.push(Obligation {
            code: FIELD_REQUIRED,
            field: Some(requirement.field.clone()),
            severity: requirement.severity,
            waivable_by,
            text: format!("{} must be filled in", requirement.field),
            settles_at: None,
        });
    }
    owed
}

/// The fields that must be there from the report on.
pub(crate) fn required_by_report<'a>(
    incident: &'a Incident,
    policy: &'a Policy,
) -> impl Iterator<Item = &'a FieldName> {
    requirements(incident, policy)
        .filter(|asked| asked.by == RequiredBy::Report && asked.severity == Severity::Blocking)
        .map(|asked| &asked.field)
}

/// What stands in the way of a reopening whose time or number is used up. Nobody can waive it.
pub(crate) fn reopening_over(limit: ReopeningLimit) -> Obligation {
    Obligation {
        code: REOPENING,
        field: None,
        severity: Severity::Blocking,
        waivable_by: None,
        text: format!("it cannot be reopened: {limit}"),
        settles_at: None,
    }
}

fn requirements<'a>(incident: &'a Incident, policy: &'a Policy) -> impl Iterator<Item = &'a Requirement> {
    let category = incident.facts().category.as_ref().and_then(|key| policy.category(key.as_str()));
    let of_category = category.map_or(&[][..], |(_, defaults)| defaults.required.as_slice());
    policy.closure().required.iter().chain(of_category).chain(after_misses(incident, policy))
}

/// What the rules of missed clocks ask for.
fn after_misses<'a>(incident: &'a Incident, policy: &'a Policy) -> impl Iterator<Item = &'a Requirement> {
    let clocks = incident.clocks();
    let of_kept = move |agreement: &Agreement, rule: &MetricRule| {
        clocks.missed().any(|terms| terms.agreement == agreement.key && terms.metric == rule.metric)
    };
    let rules = policy.parts().agreements.iter().flat_map(|agreement| {
        agreement.metrics.iter().filter(|rule| !rule.when_missed.is_empty()).map(move |rule| (agreement, rule))
    });
    let missed = rules.filter(move |(agreement, rule)| {
        of_kept(agreement, rule) || clocks.missed_earlier(agreement.kind, &rule.metric)
    });
    missed.flat_map(|(_, rule)| &rule.when_missed)
}

/// What is owed before a resolution.
pub(crate) fn before_resolution(incident: &Incident, policy: &Policy) -> Vec<Obligation> {
    let mut owed = owed(incident, policy, RequiredBy::Resolution);
    owed.retain(|obligation| !obligation.is_waived(incident));
    owed
}

/// What is owed before closure, and on what a closure would rest.
pub(crate) fn before_closure(incident: &Incident, policy: &Policy, at: Instant) -> (Vec<Obligation>, ClosureBasis) {
    let mut owed = owed(incident, policy, RequiredBy::Closure);
    let basis = match confirmation(incident, policy, at) {
        Ok(basis) => basis,
        Err(obligation) => {
            owed.push(obligation);
            ClosureBasis::Waived
        }
    };
    owed.extend(of_major(incident));
    owed.retain(|obligation| !obligation.is_waived(incident));
    (owed, basis)
}

/// What is owed before a cancellation: the review of a major incident. (One that runs is not cancelled at all.)
pub(crate) fn before_cancellation(incident: &Incident) -> Vec<Obligation> {
    let owed = of_major(incident).filter(|owed| owed.code == MAJOR_REVIEW);
    owed.into_iter().filter(|owed| !owed.is_waived(incident)).collect()
}

/// What a major incident owes before it is closed: that it is stood down, and its review.
fn of_major(incident: &Incident) -> Option<Obligation> {
    let (code, waivable_by, text) = match incident.major()? {
        Major::Accepted(_) => (MAJOR_RUNNING, None, "the major incident is to be stood down, or demoted"),
        Major::StoodDown(ended) if ended.owes_review() => {
            (MAJOR_REVIEW, Some(IncidentVerb::Waive.into()), "the major incident is to be reviewed")
        }
        _ => return None,
    };
    let (text, severity) = (text.to_owned(), Severity::Blocking);
    Some(Obligation { code, field: None, severity, waivable_by, text, settles_at: None })
}

/// What blocks an incident that would close by itself, and on what that closure would rest.
pub(crate) fn before_automatic_closure(
    incident: &Incident,
    policy: &Policy,
    at: Instant,
) -> (Vec<OpenObligation>, ClosureBasis) {
    let (mut owed, basis) = before_closure(incident, policy, at);
    owed.retain(|obligation| obligation.severity == Severity::Blocking);
    owed.extend(answer(incident));
    let open = owed.into_iter().map(|obligation| OpenObligation {
        code: obligation.code.into(),
        field: obligation.field.map(|field| field.to_string().into()),
    });
    (open.collect(), basis)
}

/// The obligation to answer the caller's last reply, if it did not restart the quiet time and nobody has
/// answered it: whoever closes by hand has seen it, and nobody has otherwise.
fn answer(incident: &Incident) -> Option<Obligation> {
    let Incident::Resolved(resolved) = incident else {
        return None;
    };
    let stage = resolved.stage();
    let only_flagged = resolved.progress().last_caller_reply.is_some_and(|reply| reply > stage.quiet_since());
    (stage.caller_replied() && only_flagged).then(|| Obligation {
        code: ANSWER,
        field: None,
        severity: Severity::Blocking,
        waivable_by: None,
        text: "the caller's reply is to be answered".to_owned(),
        settles_at: None,
    })
}

/// What confirms the resolution, or the obligation to have it confirmed.
fn confirmation(incident: &Incident, policy: &Policy, at: Instant) -> Result<ClosureBasis, Obligation> {
    let asked = policy.closure().confirmation;
    if !asked.is_asked() {
        return Ok(ClosureBasis::NotRequired);
    }
    let resolved = match incident {
        Incident::Resolved(incident) => Some(incident.stage()),
        _ => None,
    };
    let confirmed = resolved.and_then(|stage| stage.confirmation()).is_some_and(|confirmation| match confirmation.by {
        crate::incident::ConfirmedBy::Caller => asked.caller,
        crate::incident::ConfirmedBy::Monitoring => asked.monitoring,
    });
    if confirmed {
        return Ok(ClosureBasis::Confirmed);
    }
    let quiet_until =
        asked.quiet_seconds.and_then(|quiet| resolved.map(|stage| later(stage.quiet_since(), quiet.span())));
    if quiet_until.is_some_and(|until| until <= at) {
        return Ok(ClosureBasis::QuietTime);
    }
    let mut ways = Vec::new();
    if asked.caller {
        ways.push("the caller confirms".to_owned());
    }
    if asked.monitoring {
        ways.push("monitoring confirms".to_owned());
    }
    match (asked.quiet_seconds, quiet_until) {
        (Some(_), Some(until)) => {
            ways.push(format!("the caller stays quiet until {}", until.format("%Y-%m-%d %H:%M:%S UTC")));
        }
        (Some(quiet), None) => ways.push(format!("the caller stays quiet for {} seconds", quiet.get())),
        (None, _) => {}
    }
    Err(Obligation {
        code: CONFIRMATION,
        field: None,
        severity: Severity::Blocking,
        waivable_by: Some(IncidentVerb::Waive.into()),
        text: format!("the resolution is to be confirmed: {}", ways.join(", or ")),
        settles_at: quiet_until,
    })
}
