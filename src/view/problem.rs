//! The view of a problem: everything about it that a page shows; and what happened to it, in words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    AttachmentView, ChangeView, CountersView, PriorityView, RatedView, ReferenceView, VIEW_SCHEMA, moment, text,
    text_of, texts, timeline,
};
use crate::{
    id::{Id, Number, Version},
    incident::IncidentEvent,
    problem::{
        Closure, CorrectedStage, Fix, Hypothesis, KnownError, Problem, ProblemEvent as E, ReanalysedBy, Reanalysis,
        RootCause, Solution, Stage,
    },
    text::Text,
    time::Instant,
};

/// A problem as a front-end shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProblemView {
    /// The schema of the view; see [`VIEW_SCHEMA`].
    pub schema: u16,
    /// Its id.
    pub id: Id<Problem>,
    /// Its number, as people say it.
    pub number: Number,
    /// Its version: say it with a command, and nothing is overwritten that was not seen.
    pub version: Version,
    /// What is wrong, in a line.
    pub title: String,
    /// The digest of the title: what a `redact` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_digest: Option<String>,
    /// What is wrong, at length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The digest of the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_digest: Option<String>,
    /// The stage: `new`, `assessing`, `investigating`, `fix_in_progress`, `observing`, `resolved` or `closed`.
    pub stage: String,
    /// When the stage was entered.
    pub stage_since: Instant,
    /// The priority that holds.
    pub priority: PriorityView,
    /// How far it reaches, on the policy's scale.
    pub impact: String,
    /// How soon it matters, on the policy's scale.
    pub urgency: String,
    /// The category's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The group that it is with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The person whom it is with: its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// How many people are affected, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_affected: Option<u32>,
    /// Who raised it.
    pub opened_by: String,
    /// The organisation that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The services that suffer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<RatedView>,
    /// The configuration items concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<RatedView>,
    /// Labels, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Who wants to hear of it. Not in the public view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watchers: Vec<String>,
    /// References to files that the host keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentView>,
    /// What it is called in other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceView>,
    /// Whether only those who have to do with it may see it.
    pub confidential: bool,
    /// What the cause may be. Internal: not in the public view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hypotheses: Vec<HypothesisView>,
    /// How many findings there are in the timeline. Not in the public view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<u32>,
    /// The cause, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<RootCauseView>,
    /// What those who meet its symptoms should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_error: Option<KnownErrorView>,
    /// The fix that is in progress or was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<FixView>,
    /// Until when the fix is being watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_until: Option<Instant>,
    /// How it ended, while it is closed: `fix_applied`, `risk_accepted`, `duplicate`, `cancelled` or
    /// `not_reproducible`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_as: Option<String>,
    /// The problem that goes on in its place, if it is a duplicate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<Id<Problem>>,
    /// When an accepted risk is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_at: Option<Instant>,
    /// When each milestone was reached that was: `reported`, `identified`, `resolved`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub milestones: BTreeMap<String, Instant>,
    /// How often and how long.
    pub counters: CountersView,
    /// When its last event was recorded.
    pub updated_at: Instant,
}

/// Something that the cause may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HypothesisView {
    /// Its number within the problem.
    pub number: u32,
    /// What it says.
    pub text: String,
    /// `confirmed`, `refuted` or `inconclusive`; left out while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// By what it was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The cause of a problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RootCauseView {
    /// What kind of cause it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What it is.
    pub text: String,
    /// What helped it along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contributing: Vec<String>,
}

/// What those who meet the symptoms of a problem should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KnownErrorView {
    /// By what it shows.
    pub symptoms: String,
    /// How to live with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workaround: Option<String>,
    /// How much that helps: `full` or `partial`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// Who found that it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Instant>,
    /// Whether people are told: `draft`, `published` or `withdrawn`.
    pub publication: String,
}

/// What is done to remove a cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FixView {
    /// The change by which it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// What is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl ProblemView {
    /// The view for those who may read internals.
    #[must_use]
    pub fn of(problem: &Problem, version: Version) -> Self {
        let (facts, progress, assignment) = (problem.facts(), problem.progress(), problem.assignment());
        let analysis = problem.analysis();
        Self {
            schema: VIEW_SCHEMA,
            id: facts.id,
            number: facts.number.clone(),
            version,
            title: text(&facts.title),
            title_digest: Some(facts.title.digest().to_string()),
            description: text_of(facts.description.as_ref()),
            description_digest: facts.description.as_ref().map(|written| text(written.digest())),
            stage: problem.stage().key().to_owned(),
            stage_since: progress.stage_since,
            priority: PriorityView::of(&progress.assessment),
            impact: text(&facts.impact),
            urgency: text(&facts.urgency),
            category: text_of(facts.category.as_ref()),
            group: text_of(assignment.group.as_ref()),
            person: text_of(assignment.person.as_ref()),
            people_affected: facts.people_affected,
            opened_by: text(&facts.opened_by),
            organisation: text_of(facts.organisation.as_ref()),
            services: facts.services.iter().map(RatedView::of).collect(),
            items: facts.items.iter().map(RatedView::of).collect(),
            labels: texts(&facts.labels),
            watchers: texts(&facts.watchers),
            attachments: facts.attachments.iter().map(AttachmentView::of).collect(),
            references: facts.references.iter().map(ReferenceView::of).collect(),
            confidential: facts.confidential,
            hypotheses: analysis.hypotheses.iter().map(HypothesisView::of).collect(),
            findings: Some(analysis.findings),
            root_cause: analysis.root_cause.as_ref().map(RootCauseView::of),
            known_error: analysis.known_error.as_ref().map(KnownErrorView::of),
            fix: problem.fix().map(FixView::of),
            observed_until: match problem {
                Problem::Observing(observing) => observing.stage().until(),
                _ => None,
            },
            closed_as: problem.closure().map(|closure| closure.key().to_owned()),
            duplicate_of: match problem.closure() {
                Some(Closure::Dismissed(dismissed)) => dismissed.other(),
                _ => None,
            },
            review_at: problem.review_at(),
            milestones: progress.milestones.reached().map(|(name, at)| (name.to_owned(), at)).collect(),
            counters: CountersView::of(progress),
            updated_at: progress.recorded_at,
        }
    }

    /// The view for those who may not read internals: without hypotheses, findings, internal notes, time spent and
    /// corrections.
    #[must_use]
    pub fn public(problem: &Problem, version: Version) -> Self {
        let view =
            if problem.has_internals() { Self::of(&problem.withheld(), version) } else { Self::of(problem, version) };
        let counters =
            CountersView { internal_notes: None, time_spent_seconds: None, corrections: None, ..view.counters };
        Self { hypotheses: Vec::new(), findings: None, counters, ..view }
    }
}

impl HypothesisView {
    fn of(hypothesis: &Hypothesis) -> Self {
        let judged = hypothesis.judgement.as_ref();
        Self {
            number: hypothesis.number,
            text: text(&hypothesis.text),
            verdict: judged.map(|judgement| text(judgement.verdict)),
            reason: judged.and_then(|judgement| text_of(judgement.reason.as_ref())),
        }
    }
}

impl RootCauseView {
    fn of(cause: &RootCause) -> Self {
        Self {
            category: text_of(cause.category.as_ref()),
            text: text(&cause.text),
            contributing: texts(&cause.contributing),
        }
    }
}

impl KnownErrorView {
    fn of(known: &KnownError) -> Self {
        let workaround = known.workaround.as_ref();
        let verified = workaround.and_then(|workaround| workaround.verified.as_ref());
        Self {
            symptoms: text(&known.symptoms),
            workaround: workaround.map(|workaround| text(&workaround.text)),
            effect: workaround.map(|workaround| text(workaround.effect)),
            verified_by: verified.map(|verified| text(&verified.by)),
            verified_at: verified.map(|verified| verified.at),
            publication: known.publication.key().to_owned(),
        }
    }
}

impl FixView {
    fn of(fix: &Fix) -> Self {
        Self { change: text_of(fix.change.as_ref()), text: text_of(fix.text.as_ref()) }
    }
}

/// What was done: what follows the actor's name in a summary.
pub(super) fn what(event: &E) -> String {
    if let Some(facet) = event.facet() {
        return timeline::what(&IncidentEvent::from(facet));
    }
    match event {
        E::Raised(raised) => format!("raised it: {}", raised.facts.title),
        E::AssessmentStarted => "began to assess it".to_owned(),
        E::InvestigationStarted => "began to look for the cause".to_owned(),
        E::HypothesisAdded(hypothesis) => format!("added hypothesis {}", hypothesis.number),
        E::HypothesisJudged(judged) => {
            format!("judged hypothesis {}: {}", judged.number, judged.judgement.verdict)
        }
        E::FindingAdded(_) => "added a finding".to_owned(),
        E::RootCauseIdentified(cause) => match &cause.category {
            Some(category) => format!("identified the root cause ({category}): {}", cause.text),
            None => format!("identified the root cause: {}", cause.text),
        },
        E::KnownErrorRecorded(content) => match &content.workaround {
            Some(workaround) => {
                format!("recorded the known error, with a workaround ({}): {}", workaround.effect, workaround.text)
            }
            None => "recorded the known error, without a workaround".to_owned(),
        },
        E::WorkaroundVerified => "verified the workaround".to_owned(),
        E::KnownErrorPublished => "published the known error".to_owned(),
        E::KnownErrorWithdrawn(_) => "withdrew the known error".to_owned(),
        E::FixStarted(fix) => match &fix.change {
            Some(change) => format!("started a fix by change {change}"),
            None => "started a fix".to_owned(),
        },
        E::FixAbandoned(_) => "abandoned the fix".to_owned(),
        E::FixApplied(observation) => match observation.until {
            Some(until) => format!("applied the fix, to be watched until {}", moment(until)),
            None => "applied the fix, to be watched".to_owned(),
        },
        E::FixFailed(_) => "found that the fix does not hold".to_owned(),
        E::Resolved(_) => "resolved it".to_owned(),
        E::Closed => "closed it: the fix holds".to_owned(),
        E::RiskAccepted(risk) => format!("closed it and accepted the risk until {}", moment(risk.review_at)),
        E::Dismissed(why) => match why.dismissed.other() {
            Some(of) => format!("closed it as a duplicate of {of}"),
            None => format!("closed it as {}", why.dismissed.key()),
        },
        E::Reanalysed(Reanalysis { by: ReanalysedBy::ReviewDate, .. }) => {
            "took it up again: the accepted risk is to be looked at".to_owned()
        }
        E::Reanalysed(_) => "took it up again".to_owned(),
        E::Corrected(correction) => format!("set the stage to {} by hand", corrected_stage(&correction.to)),
        // The facets, which are told above.
        _ => String::new(),
    }
}

const fn corrected_stage(to: &CorrectedStage) -> &'static str {
    match to {
        CorrectedStage::New => Stage::New,
        CorrectedStage::Assessing => Stage::Assessing,
        CorrectedStage::Investigating => Stage::Investigating,
        CorrectedStage::FixInProgress(_) => Stage::FixInProgress,
        CorrectedStage::Resolved(_) => Stage::Resolved,
        CorrectedStage::Closed(_) => Stage::Closed,
    }
    .key()
}

/// What somebody wrote with it.
pub(super) fn words(event: &E) -> Option<Text> {
    if let Some(facet) = event.facet() {
        return timeline::words(&IncidentEvent::from(facet)).cloned();
    }
    match event {
        E::Raised(raised) => raised.facts.description.clone(),
        E::HypothesisAdded(hypothesis) => Some(hypothesis.text.clone()),
        E::HypothesisJudged(judged) => judged.judgement.reason.clone(),
        E::FindingAdded(finding) => Some(finding.text.clone()),
        E::RootCauseIdentified(cause) => Some(cause.text.clone()),
        E::KnownErrorRecorded(content) => Some(content.symptoms.clone()),
        E::KnownErrorWithdrawn(why) | E::FixAbandoned(why) | E::FixFailed(why) => why.reason.clone(),
        E::FixStarted(fix) => fix.text.clone(),
        E::Resolved(solution) => solution.text.clone(),
        E::RiskAccepted(risk) => Some(risk.reason.clone()),
        E::Dismissed(why) => why.reason.clone(),
        E::Reanalysed(why) => why.reason.clone(),
        E::Corrected(correction) => Some(correction.reason.clone()),
        _ => None,
    }
}

/// The texts of a stage that was set by hand.
fn corrected_texts(to: &CorrectedStage) -> Vec<ChangeView> {
    let said = |field: &str, known: Option<&Text>| known.map(|known| ChangeView::to_text(field, known));
    let solved = |solution: &Solution| {
        let texts = [said("solution", solution.text.as_ref()), said("fix", solution.fix.text.as_ref())];
        texts.into_iter().flatten().collect()
    };
    match to {
        CorrectedStage::FixInProgress(fix) => said("fix", fix.text.as_ref()).into_iter().collect(),
        CorrectedStage::Resolved(solution) | CorrectedStage::Closed(Closure::FixApplied(solution)) => solved(solution),
        CorrectedStage::Closed(Closure::RiskAccepted(risk)) => vec![ChangeView::to_text("risk", &risk.reason)],
        CorrectedStage::New
        | CorrectedStage::Assessing
        | CorrectedStage::Investigating
        | CorrectedStage::Closed(Closure::Dismissed(_)) => Vec::new(),
    }
}

pub(super) fn changes(event: &E) -> Vec<ChangeView> {
    if let Some(facet) = event.facet() {
        return timeline::changes(&IncidentEvent::from(facet));
    }
    match event {
        E::Raised(raised) => timeline::assigned(&raised.assignment),
        // An entry has one text of its own; the others are told as changes, each with its digest.
        E::RootCauseIdentified(cause) => {
            cause.contributing.iter().map(|factor| ChangeView::to_text("contributing", factor)).collect()
        }
        E::KnownErrorRecorded(content) => {
            content.workaround.iter().map(|workaround| ChangeView::to_text("workaround", &workaround.text)).collect()
        }
        E::Resolved(solution) => solution.fix.text.iter().map(|fix| ChangeView::to_text("fix", fix)).collect(),
        E::Corrected(correction) => {
            let stage = ChangeView::to("stage", Some(corrected_stage(&correction.to)));
            [stage].into_iter().chain(corrected_texts(&correction.to)).collect()
        }
        _ => Vec::new(),
    }
}
