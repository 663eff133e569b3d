//! A problem in any stage, made by the commands that lead there.

use super::{
    Failure, Result, TestDesk, TypedStage,
    lead::{in_stage, lead},
    people,
};
use crate::{
    actor::Actor,
    command::{Edit, FixInput, KnownErrorInput, ProblemCommand as Command, Raise, RootCauseInput},
    desk::Outcome,
    error::ErrorKind,
    field::{FieldName, RequiredBy, Severity},
    id::Id,
    incident::Incident,
    lifecycle::In,
    obligation,
    policy::Policy,
    problem::{Dismissed, Effect, Problem, Stage},
    store::Repository,
    time::Instant,
};

/// A problem: new, raised by the agent `anna`, and whatever else is asked for.
///
/// ```
/// use andon::{Problem, problem::{FixInProgress, Stage}, testing::{self, TestDesk, incident, problem}};
///
/// # fn main() -> testing::Result {
/// // Stored at a desk, by the commands that lead there:
/// let desk = TestDesk::new();
/// let down = incident().titled("Mail is down").at(&desk)?;
/// let fixing = problem().titled("Mail queues fill up").from_incident(down.id()).fixed_by_change("CHG0042").at(&desk)?;
/// assert_eq!(fixing.problem().stage(), Stage::FixInProgress);
///
/// // By itself, for what is tested without a desk:
/// let closed = problem().in_stage(Stage::Closed).build()?;
/// assert!(closed.is_fixed());
/// let known = problem().known_error("Mail is late", "Send it by hand").typed::<FixInProgress>()?;
/// assert!(known.analysis().known_error.as_ref().is_some_and(|known| known.is_published()));
/// # Ok(())
/// # }
/// ```
pub fn problem() -> ProblemBuilder {
    ProblemBuilder {
        raise: Raise::new("Mail queues fill up"),
        stage: Stage::New,
        cause: None,
        known: None,
        fix: None,
        until: None,
        ends: None,
        by: None,
    }
}

/// A problem to be made; see [`problem`].
///
/// Whatever the policy asks for on the way is filled in, as far as it is not said. The work is done by the agent `anna`,
/// or by whom [`by`](Self::by) names; what the policy does not let them do is done by the library itself.
#[derive(Debug, Clone)]
#[must_use = "a builder makes nothing until it is built"]
pub struct ProblemBuilder {
    raise: Raise,
    stage: Stage,
    cause: Option<RootCauseInput>,
    known: Option<KnownErrorInput>,
    fix: Option<FixInput>,
    until: Option<Instant>,
    /// How it is closed without a fix.
    ends: Option<Command>,
    by: Option<Actor>,
}

/// Declares what is passed on to the raising.
macro_rules! raised {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        impl ProblemBuilder {
            $($(#[$doc])*
            pub fn $name(self, $name: impl Into<String>) -> Self {
                self.raised(|raise| raise.$name($name))
            })*
        }
    };
}

raised! {
    /// With this description.
    description;
    /// In this category.
    category;
    /// With this impact.
    impact;
    /// With this urgency.
    urgency;
    /// Of this organisation.
    organisation;
    /// In this group's queue.
    group;
    /// With this person.
    person;
}

impl ProblemBuilder {
    /// With this title.
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.raise.title = title.into();
        self
    }

    /// Raised like this: `.raised(|raise| raise.service("mail").proactive())`.
    pub fn raised(mut self, change: impl FnOnce(Raise) -> Raise) -> Self {
        self.raise = change(self.raise);
        self
    }

    /// Raised from this incident; call it again for another one.
    pub fn from_incident(self, incident: Id<Incident>) -> Self {
        self.raised(|raise| raise.from_incident(incident))
    }

    /// In this stage.
    pub const fn in_stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// With this root cause, and under investigation unless a later stage is asked for.
    pub fn root_cause(mut self, cause: RootCauseInput) -> Self {
        self.cause = Some(cause);
        self.at_least(Stage::Investigating)
    }

    /// With a published known error of these symptoms, and a workaround that helps in full; under investigation unless
    /// a later stage is asked for.
    pub fn known_error(mut self, symptoms: impl Into<String>, workaround: impl Into<String>) -> Self {
        self.known = Some(KnownErrorInput::new(symptoms).workaround(workaround, Effect::Full));
        self.at_least(Stage::Investigating)
    }

    /// With a fix by this change; in progress unless a later stage is asked for.
    pub fn fixed_by_change(mut self, change: impl Into<String>) -> Self {
        self.fix = Some(FixInput::by_change(change));
        self.at_least(Stage::FixInProgress)
    }

    /// Under observation until then.
    pub fn observed_until(mut self, until: Instant) -> Self {
        self.until = Some(until);
        self.in_stage(Stage::Observing)
    }

    /// Closed without a fix.
    pub fn dismissed(mut self, dismissed: Dismissed) -> Self {
        self.ends = Some(Command::Dismiss { dismissed, reason: None });
        self.in_stage(Stage::Closed)
    }

    /// Closed with the risk accepted until then.
    pub fn risk_accepted(mut self, reason: impl Into<String>, review_at: Instant) -> Self {
        self.ends = Some(Command::AcceptRisk { reason: reason.into(), review_at });
        self.in_stage(Stage::Closed)
    }

    /// Worked on by this actor.
    pub fn by(mut self, actor: Actor) -> Self {
        self.by = Some(actor);
        self
    }

    fn at_least(self, stage: Stage) -> Self {
        if self.stage < stage { self.in_stage(stage) } else { self }
    }

    /// Makes it, under the ITIL policy and without a desk.
    ///
    /// # Errors
    /// If there is no such problem, as with a title that is none.
    pub fn build(self) -> Result<Problem> {
        self.build_under(&Policy::itil())
    }

    /// Makes it under this policy, without a desk.
    ///
    /// # Errors
    /// If there is no such problem under the policy.
    pub fn build_under(self, policy: &Policy) -> Result<Problem> {
        let outcome = self.at(&TestDesk::new().with_policy(policy.clone()))?;
        Ok(outcome.problem().clone())
    }

    /// Makes it under the ITIL policy, in the stage that the type says: `.typed::<Observing>()`.
    ///
    /// # Errors
    /// If there is no such problem.
    pub fn typed<S: TypedStage<Kind = Problem>>(self) -> Result<In<S>> {
        in_stage(self.in_stage(S::STAGE).build()?)
    }

    /// Makes it at a desk, by the commands that lead there; gives what the last of them came to.
    ///
    /// # Errors
    /// If a command is refused, or none leads to the stage under the policy.
    pub fn at<R: Repository>(self, desk: &TestDesk<R>) -> Result<Outcome<Problem>> {
        pollster::block_on(self.at_async(desk))
    }

    /// [`at`](Self::at), for asynchronous tests.
    ///
    /// # Errors
    /// As there.
    pub async fn at_async<R: Repository>(self, desk: &TestDesk<R>) -> Result<Outcome<Problem>> {
        let made = self.made(desk).await;
        made.map_err(|failure| failure.while_doing("the problem could not be made"))
    }

    async fn made<R: Repository>(self, desk: &TestDesk<R>) -> Result<Outcome<Problem>> {
        let agent = desk.acting_as_async(self.by.clone().map_or_else(|| people::agent("anna"), Ok)?);
        let raised = match agent.raise(self.raise.clone()).await {
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                desk.acting_as_async(Actor::system()).raise(self.raise.clone()).await?
            }
            raised => raised?,
        };
        lead(desk, &agent, raised, |problem, policy, _| self.next(problem, policy)).await
    }

    /// The next command on the way; `None` at its end.
    fn next(&self, problem: &Problem, policy: &Policy) -> Result<Option<Command>> {
        let (wanted, found) = (self.stage, problem.stage());
        let known = problem.known_error();
        let cause = problem.analysis().root_cause.as_ref();
        Ok(Some(match (found, &self.cause, &self.known) {
            (Stage::Closed, ..) => return ended(wanted, found),
            (Stage::Investigating, Some(asked), _) if cause.is_none() => Command::IdentifyRootCause(asked.clone()),
            (Stage::Investigating, _, Some(asked)) if known.is_none() => Command::RecordKnownError(asked.clone()),
            (Stage::Investigating, _, Some(_)) if known.is_some_and(|known| !known.is_published()) => {
                Command::PublishKnownError {}
            }
            _ if wanted == found => return Ok(None),
            _ => match (found, &self.ends) {
                (Stage::New | Stage::Assessing, Some(dismissal @ Command::Dismiss { .. })) => dismissal.clone(),
                (Stage::New, _) if wanted == Stage::Assessing => Command::Assess {},
                (Stage::New | Stage::Assessing, _) if wanted > found => Command::Investigate {},
                (Stage::Investigating, Some(ends)) => ends.clone(),
                (Stage::Investigating, _) if wanted > found => {
                    Command::StartFix(self.fix.clone().unwrap_or_else(|| FixInput::by_change("CHG0042")))
                }
                (Stage::FixInProgress | Stage::Observing | Stage::Resolved, _) if wanted > found => {
                    let by = if found == Stage::Resolved { RequiredBy::Closure } else { RequiredBy::Resolution };
                    let owed = obligation::of_problem(problem, policy, by);
                    let blocking = owed.iter().find(|owed| owed.severity() == Severity::Blocking);
                    match (blocking.and_then(|owed| owed.field()), found) {
                        (Some(field), _) => filling(field, policy)?,
                        (None, Stage::Resolved) => Command::Close {},
                        (None, _) if wanted == Stage::Observing => Command::Observe { until: self.until },
                        (None, _) => Command::Resolve { text: None },
                    }
                }
                _ => return ended(wanted, found),
            },
        }))
    }
}

/// What there is no way from.
fn ended(wanted: Stage, found: Stage) -> Result<Option<Command>> {
    if wanted == found {
        return Ok(None);
    }
    Err(Failure::told(format!("it is {found}, and does not become {wanted}")))
}

/// The command that fills in what the policy asks for.
fn filling(field: &FieldName, policy: &Policy) -> Result<Command> {
    let edit = |edit: Edit| Command::Edit(Box::new(edit));
    Ok(match field {
        FieldName::RootCause => {
            let category = policy.parts().problems.cause_categories.first();
            Command::IdentifyRootCause(RootCauseInput {
                category: category.map(ToString::to_string),
                ..RootCauseInput::new("It is worn out.")
            })
        }
        FieldName::KnownError => Command::RecordKnownError(KnownErrorInput::new("Mail is late")),
        FieldName::Workaround => {
            Command::RecordKnownError(KnownErrorInput::new("Mail is late").workaround("Send it by hand", Effect::Full))
        }
        FieldName::Description => edit(Edit::new().description("Each Monday")),
        FieldName::Group => Command::Route {
            group: crate::command::Patch::Set("Network".to_owned()),
            person: crate::command::Patch::Keep,
        },
        FieldName::Person => {
            Command::Route { group: crate::command::Patch::Keep, person: crate::command::Patch::Set("anna".to_owned()) }
        }
        other => return Err(Failure::told(format!("the policy asks for {other}: say it when the problem is raised"))),
    })
}
