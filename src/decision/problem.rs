//! From a command on a problem to what happens: what the policy has to say before the move; and what falls due on it.

use super::{Context, Course, blocked, changes, facets, illegal, invalid, reading::Reading};
use crate::{
    actor::ActorId,
    command::{CorrectProblemTo, FixInput, KnownErrorInput, ProblemCommand as Command, RootCauseInput},
    error::Error,
    event::Cause,
    field::RequiredBy,
    key::{CauseCategory, ChangeRef},
    lifecycle::Stamp,
    obligation,
    priority::PriorityCause,
    problem::{
        Closure, CorrectedStage, Correction, Dismissed, DismissedAs, Finding, Fix, Hypothesis, HypothesisJudged,
        Judgement, KnownError, KnownErrorContent, Observation, Problem, ProblemEvent as Event, ReanalysedBy,
        Reanalysis, RiskAcceptance, RootCause, Solution, Workaround, next_number,
    },
    record::{Assignment, Facet, Note, Reason},
    text::Text,
    time::Instant,
    verb::ProblemVerb as Verb,
};

/// The most contributing factors of a cause.
const MAX_CONTRIBUTING: usize = 20;

/// The most that falls due on a problem before somebody comes: the end of an override, that of the observation, and
/// the review of an accepted risk.
const MAX_EFFECTS: usize = 3;

/// Decides what a command does to a problem. Permissions and times were judged before.
pub(super) fn decide(
    course: Course<Problem>,
    command: &Command,
    context: &Context<'_>,
) -> Result<Course<Problem>, Error> {
    let verb = command.verb();
    let problem = &course.record;
    if !problem.legal_verbs().any(|legal| legal == verb) {
        return Err(illegal(verb, problem, context));
    }
    let mut read = Reading::new(context);
    let events = events(problem, command, &mut read, context);
    if !read.faults.is_empty() {
        return Err(invalid(read.faults, verb, Some(problem.number())));
    }
    let mut course = course;
    for event in events {
        course = course.happens(event, verb, context)?;
    }
    match command {
        Command::Observe { .. } | Command::Resolve { .. } => {
            owes(&course.record, verb, RequiredBy::Resolution, context)?;
        }
        Command::Close {} => owes(&course.record, verb, RequiredBy::Closure, context)?,
        _ => {}
    }
    match command {
        Command::Edit(edit) if edit.weighs() => reassessed(course, context),
        _ => Ok(course),
    }
}

/// An error if something is owed before the move.
fn owes(problem: &Problem, verb: Verb, by: RequiredBy, context: &Context<'_>) -> Result<(), Error> {
    blocked(problem.number(), verb, obligation::of_problem(problem, context.policy, by))
}

fn reassessed(course: Course<Problem>, context: &Context<'_>) -> Result<Course<Problem>, Error> {
    match changes::reassess(&course.record, PriorityCause::Edited, context) {
        Some(change) => {
            let event = Facet::PriorityChanged(change.into()).into();
            course.happens(event, Verb::Edit, context)
        }
        None => Ok(course),
    }
}

/// What happens, before it is known to be legal; empty if nothing changes.
fn events(problem: &Problem, command: &Command, read: &mut Reading<'_>, context: &Context<'_>) -> Vec<Event> {
    let one = |event: Option<Event>| event.into_iter().collect();
    match command {
        Command::Assess {} => vec![Event::AssessmentStarted],
        Command::Investigate {} => investigate(problem, context),
        Command::AddHypothesis { text } => {
            let (text, number) = (read.text("text", text), next_number(&problem.analysis().hypotheses));
            let hypothesis = text.zip(number).map(|(text, number)| Hypothesis { number, text, judgement: None });
            one(hypothesis.map(Event::HypothesisAdded))
        }
        Command::JudgeHypothesis { number, verdict, reason } => {
            if !problem.analysis().hypotheses.iter().any(|known| known.number == *number) {
                read.fault("number", "hypothesis.unknown", "is the number of no hypothesis of the problem");
            }
            let same =
                |known: &Judgement| known.verdict == *verdict && says_all(known.reason.as_ref(), reason.as_ref());
            let known = problem.analysis().hypotheses.iter().find(|known| known.number == *number);
            if known.and_then(|known| known.judgement.as_ref()).is_some_and(same) {
                return Vec::new();
            }
            let reason = read.maybe_text("reason", reason.as_ref());
            let judgement = Judgement { verdict: *verdict, reason };
            vec![Event::HypothesisJudged(HypothesisJudged { number: *number, judgement })]
        }
        Command::AddFinding { text } => one(read.text("text", text).map(|text| Event::FindingAdded(Finding { text }))),
        Command::IdentifyRootCause(cause) if is_known(problem, cause) => Vec::new(),
        Command::IdentifyRootCause(cause) => one(root_cause(cause, read, context).map(Event::RootCauseIdentified)),
        Command::RecordKnownError(known) => {
            let written = known_error(problem, known, read);
            let same = |known: &KnownError, content: &KnownErrorContent| {
                known.symptoms == content.symptoms && known.workaround == content.workaround
            };
            let news = written.filter(|content| !problem.known_error().is_some_and(|known| same(known, content)));
            one(news.map(Event::KnownErrorRecorded))
        }
        Command::VerifyWorkaround {} => vec![Event::WorkaroundVerified],
        Command::PublishKnownError {} => vec![Event::KnownErrorPublished],
        Command::WithdrawKnownError { reason } => vec![Event::KnownErrorWithdrawn(why(reason.as_ref(), read))],
        Command::StartFix(input) => vec![Event::FixStarted(fix("", input, read))],
        Command::AbandonFix { reason } => vec![Event::FixAbandoned(why(reason.as_ref(), read))],
        Command::Observe { until } => {
            if until.is_some_and(|until| until <= context.occurred_at) {
                read.fault("until", "time.not_future", "must lie after the beginning of the observation");
            }
            vec![Event::FixApplied(Observation { until: *until })]
        }
        Command::Resolve { text } => {
            let text = read.maybe_text("text", text.as_ref());
            vec![Event::Resolved(Solution { fix: problem.fix().cloned().unwrap_or_default(), text })]
        }
        Command::FailFix { reason } => vec![Event::FixFailed(why(reason.as_ref(), read))],
        Command::Close {} => vec![Event::Closed],
        Command::AcceptRisk { reason, review_at } => {
            if *review_at <= context.recorded_at {
                read.fault("review_at", "time.not_future", "must lie in the future");
            }
            let reason = read.text("reason", reason);
            one(reason.map(|reason| Event::RiskAccepted(RiskAcceptance { reason, review_at: *review_at })))
        }
        Command::Dismiss { dismissed, reason } => {
            names_another(problem, *dismissed, "as", read);
            let reason = read.maybe_text("reason", reason.as_ref());
            vec![Event::Dismissed(DismissedAs { dismissed: *dismissed, reason })]
        }
        Command::Reanalyse { reason } => {
            let reason = read.maybe_text("reason", reason.as_ref());
            vec![Event::Reanalysed(Reanalysis { by: ReanalysedBy::Hand, reason })]
        }
        Command::Correct { to, reason } => one(correction(problem, to, reason, read)),
        beside => beside_the_stage(problem, beside, read, context),
    }
}

/// What happens beside the stage.
fn beside_the_stage(problem: &Problem, command: &Command, read: &mut Reading<'_>, context: &Context<'_>) -> Vec<Event> {
    let facts = problem.facts();
    let facet: Option<Facet> = match command {
        Command::Route { group, person } => {
            let to = facets::routed(problem.assignment(), group, person, read);
            (to != *problem.assignment()).then_some(Facet::Routed(to))
        }
        Command::Edit(edit) => {
            let changes = changes::edit(facts, edit, read, context);
            (!changes.is_empty()).then_some(Facet::Edited(changes))
        }
        Command::AddNote { audience, text } => read.text("text", text).map(|text| {
            let from = facets::side(problem, context);
            Facet::NoteAdded(Note { audience: *audience, from, text, on_resolved: None })
        }),
        Command::Watch { person } => facets::watch(facts, person, read, context),
        Command::Unwatch { person } => facets::unwatch(facts, person, read),
        Command::Attach(input) => facets::attach(facts, input, read, context),
        Command::Detach { digest } => facets::detach(facts, *digest),
        Command::LogTime { seconds, note } => facets::log_time(*seconds, note.as_ref(), read),
        Command::OverridePriority(input) => changes::set_override(problem, Some(input), read, context)
            .map(|change| Facet::PriorityChanged(change.into())),
        Command::ClearOverride {} => {
            changes::set_override(problem, None, read, context).map(|change| Facet::PriorityChanged(change.into()))
        }
        Command::Redact { texts, reason } => Some(facets::redact(texts, reason.as_ref(), read, context)),
        // The moves of the stage, which are decided above.
        _ => None,
    };
    facet.map(Event::from).into_iter().collect()
}

/// Begins to look for the cause. A person who takes up what no person has becomes its owner.
fn investigate(problem: &Problem, context: &Context<'_>) -> Vec<Event> {
    let assignment = problem.assignment();
    let taken = match context.actor.id() {
        ActorId::Person(person) if assignment.person.is_none() => {
            let to = Assignment { group: assignment.group.clone(), person: Some(person.clone()) };
            Some(Event::Routed(to))
        }
        _ => None,
    };
    taken.into_iter().chain([Event::InvestigationStarted]).collect()
}

fn why(reason: Option<&String>, read: &mut Reading<'_>) -> Reason {
    Reason { reason: read.maybe_text("reason", reason) }
}

fn fix(path: &str, input: &FixInput, read: &mut Reading<'_>) -> Fix {
    let change = read.maybe_key::<ChangeRef>(&format!("{path}change"), input.change.as_ref());
    Fix { change, text: read.maybe_text(&format!("{path}text"), input.text.as_ref()) }
}

/// Whether the cause is known to be just that.
fn is_known(problem: &Problem, input: &RootCauseInput) -> bool {
    problem.analysis().root_cause.as_ref().is_some_and(|known| {
        let category = known.category.as_ref().map(CauseCategory::as_str);
        category == input.category.as_deref()
            && known.text.says(&input.text)
            && known.contributing.len() == input.contributing.len()
            && known.contributing.iter().zip(&input.contributing).all(|(known, said)| known.says(said))
    })
}

/// Whether a text that may be there says what may have been said.
fn says_all(known: Option<&Text>, said: Option<&String>) -> bool {
    match (known, said) {
        (Some(known), Some(said)) => known.says(said),
        (known, said) => known.is_none() && said.is_none(),
    }
}

fn root_cause(input: &RootCauseInput, read: &mut Reading<'_>, context: &Context<'_>) -> Option<RootCause> {
    let category = read.maybe_key::<CauseCategory>("category", input.category.as_ref());
    let known = &context.policy.parts().problems.cause_categories;
    if let Some(category) = category.as_ref().filter(|category| !known.is_empty() && !known.contains(category)) {
        let list = crate::error::list(known);
        read.fault("category", "cause.unknown", format!("is `{category}`; the categories of causes are {list}"));
    }
    let text = read.text("text", &input.text);
    let mut contributing = Vec::new();
    if read.within("contributing", input.contributing.len(), MAX_CONTRIBUTING) {
        for (index, factor) in input.contributing.iter().enumerate() {
            contributing.extend(read.text(&format!("contributing[{index}]"), factor));
        }
    }
    Some(RootCause { category, text: text?, contributing })
}

/// A known error as it is written down. What reads as it did keeps its text, and so stays verified.
fn known_error(problem: &Problem, input: &KnownErrorInput, read: &mut Reading<'_>) -> Option<KnownErrorContent> {
    let before = problem.known_error();
    let same = |known: Option<&Text>, said: &str| known.filter(|known| known.says(said)).cloned();
    let symptoms = match same(before.map(|known| &known.symptoms), &input.symptoms) {
        Some(known) => Some(known),
        None => read.text("symptoms", &input.symptoms),
    };
    let earlier = before.and_then(|known| known.workaround.as_ref());
    let workaround = match &input.workaround {
        None => None,
        Some(input) => match same(earlier.map(|known| &known.text), &input.text) {
            Some(text) => {
                let verified = earlier.and_then(|known| known.verified.clone());
                Some(Workaround { text, effect: input.effect, verified })
            }
            None => {
                let text = read.text("workaround.text", &input.text)?;
                Some(Workaround { text, effect: input.effect, verified: None })
            }
        },
    };
    Some(KnownErrorContent { symptoms: symptoms?, workaround })
}

fn names_another(problem: &Problem, dismissed: Dismissed, path: &str, read: &mut Reading<'_>) {
    if dismissed.other() == Some(problem.id()) {
        read.fault(path, "record.itself", "must name another problem");
    }
}

fn correction(problem: &Problem, to: &CorrectProblemTo, reason: &str, read: &mut Reading<'_>) -> Option<Event> {
    let solution = |text: Option<&String>, read: &mut Reading<'_>| Solution {
        fix: problem.fix().cloned().unwrap_or_default(),
        text: read.maybe_text("to.text", text),
    };
    let to = match to {
        CorrectProblemTo::New => CorrectedStage::New,
        CorrectProblemTo::Assessing => CorrectedStage::Assessing,
        CorrectProblemTo::Investigating => CorrectedStage::Investigating,
        CorrectProblemTo::FixInProgress(input) => CorrectedStage::FixInProgress(fix("to.", input, read)),
        CorrectProblemTo::Resolved { text } => CorrectedStage::Resolved(solution(text.as_ref(), read)),
        CorrectProblemTo::Closed { text } => CorrectedStage::Closed(Closure::FixApplied(solution(text.as_ref(), read))),
        CorrectProblemTo::Dismissed(dismissed) => {
            names_another(problem, *dismissed, "to", read);
            CorrectedStage::Closed(Closure::Dismissed(*dismissed))
        }
    };
    let reason = read.text("reason", reason)?;
    Some(Event::Corrected(Box::new(Correction { to, reason })))
}

/// When something next falls due on the problem.
pub(super) fn next_due(problem: &Problem) -> Option<Instant> {
    next(problem).map(|(at, _)| at)
}

/// What falls due next, and what happens then.
fn next(problem: &Problem) -> Option<(Instant, Event)> {
    let overridden = problem.progress().assessment.overridden().filter(|_| !problem.stage().is_final());
    let expires = overridden
        .and_then(|set| set.until)
        .map(|at| (at, Facet::PriorityChanged(changes::expired(problem).into()).into()));
    let then = match problem {
        Problem::Observing(observing) => observing.stage().until().map(|until| {
            let fix = observing.stage().fix().clone();
            (until, Event::Resolved(Solution { fix, text: None }))
        }),
        _ => problem
            .review_at()
            .map(|at| (at, Event::Reanalysed(Reanalysis { by: ReanalysedBy::ReviewDate, reason: None }))),
    };
    expires.into_iter().chain(then).min_by_key(|(at, _)| *at)
}

/// Applies what has fallen due by `until`, each at the instant at which it fell due.
pub(super) fn catch_up(mut course: Course<Problem>, until: Instant, recorded_at: Instant) -> Course<Problem> {
    for _ in 0..MAX_EFFECTS {
        let Some((at, event)) = next(&course.record).filter(|(at, _)| *at <= until) else { break };
        // What was due before the problem came to its stage, as after a correction, is due at once.
        let at = at.max(course.record.progress().stage_since);
        let stamp = Stamp { occurred_at: at, recorded_at, actor: &ActorId::System, on_behalf_of: None };
        course = match course.apply(event, &stamp, &Cause::Due) {
            Ok(course) => course,
            Err(course) => return *course,
        };
    }
    course
}
