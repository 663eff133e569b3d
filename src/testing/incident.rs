//! An incident in any stage, made by the commands that lead there.

use super::{
    Failure, Result, TestDesk, TypedStage,
    lead::{in_stage, lead},
    people, sample,
    strategies::Choices,
};
use crate::{
    actor::Actor,
    command::{Assign, Cancel, Hold, IncidentCommand as Command, Override, Report, Resolve},
    desk::Outcome,
    error::ErrorKind,
    field::{FieldName, Severity},
    incident::{Cancellation, ConfirmedBy, Incident, Stage},
    lifecycle::In,
    obligation,
    policy::Policy,
    store::Repository,
    time::Instant,
};

/// An incident: new, reported by `bob`, and whatever else is asked for.
///
/// ```
/// use andon::{Incident, Stage, incident::Resolved, testing::{self, TestDesk, incident}};
///
/// # fn main() -> testing::Result {
/// // Stored at a desk, by the commands that lead there:
/// let desk = TestDesk::new();
/// let held = incident().titled("Till 3 is dead").priority("P1").on_hold("awaiting_vendor").at(&desk)?;
/// assert_eq!(held.number().as_str(), "INC0000001");
///
/// // By itself, for what is tested without a desk:
/// let closed = incident().in_stage(Stage::Closed).build()?;
/// assert!(matches!(closed, Incident::Closed(_)));
/// let resolved = incident().resolved("workaround").typed::<Resolved>()?;
/// assert_eq!(resolved.stage().resolution().code.as_str(), "workaround");
/// # Ok(())
/// # }
/// ```
pub fn incident() -> IncidentBuilder {
    IncidentBuilder {
        report: Report::new("Mail is down").caller("bob"),
        priority: None,
        stage: Stage::New,
        assign: None,
        hold: None,
        resolve: None,
        cancel: None,
        by: None,
    }
}

/// An incident to be made; see [`incident`].
///
/// Whatever the policy asks for on the way is filled in, as far as it is not said. The work is done by the
/// agent `anna`, or by whom [`by`](Self::by) names; what the policy does not let them do is done by the
/// library itself.
#[derive(Debug, Clone)]
#[must_use = "a builder makes nothing until it is built"]
pub struct IncidentBuilder {
    report: Report,
    priority: Option<String>,
    stage: Stage,
    assign: Option<Assign>,
    hold: Option<Hold>,
    resolve: Option<Resolve>,
    cancel: Option<Cancel>,
    by: Option<Actor>,
}

/// Declares what is passed on to the report.
macro_rules! reported {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        impl IncidentBuilder {
            $($(#[$doc])*
            pub fn $name(self, $name: impl Into<String>) -> Self {
                self.reported(|report| report.$name($name))
            })*
        }
    };
}

reported! {
    /// With this description.
    description;
    /// In this category.
    category;
    /// With this impact.
    impact;
    /// With this urgency.
    urgency;
    /// From this caller.
    caller;
    /// With this affected person.
    affected;
    /// Of this organisation.
    organisation;
    /// At this site.
    site;
    /// By this channel.
    channel;
    /// In this group's queue.
    group;
    /// With this person.
    person;
    /// With this label; call it again for another one.
    label;
    /// With this watcher; call it again for another one.
    watcher;
}

impl IncidentBuilder {
    /// With this title.
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.report.title = title.into();
        self
    }

    /// With a report that is changed like this: `.reported(|report| report.service("mail").confidential())`.
    pub fn reported(mut self, change: impl FnOnce(Report) -> Report) -> Self {
        self.report = change(self.report);
        self
    }

    /// Seen only by those who have to do with it.
    pub fn confidential(self) -> Self {
        self.reported(Report::confidential)
    }

    /// With this priority: by an impact and an urgency that give it, or, where none do, by an override.
    pub fn priority(mut self, priority: impl Into<String>) -> Self {
        self.priority = Some(priority.into());
        self
    }

    /// In this stage.
    pub const fn in_stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// Assigned to this group or person, and in the stage Assigned unless another one is asked for.
    pub fn assigned_to(mut self, to: Assign) -> Self {
        self.assign = Some(to);
        self.at_least(Stage::Assigned)
    }

    /// On hold: `.on_hold("awaiting_vendor")`, or with a date and a note.
    pub fn on_hold(mut self, hold: impl Into<Hold>) -> Self {
        self.hold = Some(hold.into());
        self.in_stage(Stage::OnHold)
    }

    /// Resolved like this, and in the stage Resolved unless Closed is asked for.
    pub fn resolved(mut self, resolution: impl Into<Resolve>) -> Self {
        self.resolve = Some(resolution.into());
        let stage = if self.stage == Stage::Closed { Stage::Closed } else { Stage::Resolved };
        self.in_stage(stage)
    }

    /// Cancelled like this.
    pub fn cancelled(mut self, cancel: impl Into<Cancel>) -> Self {
        self.cancel = Some(cancel.into());
        self.in_stage(Stage::Cancelled)
    }

    /// Worked on by this actor.
    pub fn by(mut self, actor: Actor) -> Self {
        self.by = Some(actor);
        self
    }

    const fn at_least(self, stage: Stage) -> Self {
        if matches!(self.stage, Stage::New) { self.in_stage(stage) } else { self }
    }

    /// Makes it, under the ITIL policy and without a desk.
    ///
    /// # Errors
    /// If there is no such incident, as with a title that is none.
    pub fn build(self) -> Result<Incident> {
        self.build_under(&Policy::itil())
    }

    /// Makes it under this policy, without a desk.
    ///
    /// # Errors
    /// If there is no such incident under the policy.
    pub fn build_under(self, policy: &Policy) -> Result<Incident> {
        // A desk of its own is thrown away: so there is one way to make an incident.
        let outcome = self.at(&TestDesk::new().with_policy(policy.clone()))?;
        Ok(outcome.incident().clone())
    }

    /// Makes it under the ITIL policy, in the stage that the type says: `.typed::<Resolved>()`.
    ///
    /// # Errors
    /// If there is no such incident.
    pub fn typed<S: TypedStage<Kind = Incident>>(self) -> Result<In<S>> {
        in_stage(self.in_stage(S::STAGE).build()?)
    }

    /// Makes it at a desk, by the commands that lead there; gives what the last of them came to.
    ///
    /// # Errors
    /// If a command is refused, or none leads to the stage under the policy.
    pub fn at<R: Repository>(self, desk: &TestDesk<R>) -> Result<Outcome> {
        pollster::block_on(self.at_async(desk))
    }

    /// [`at`](Self::at), for asynchronous tests.
    ///
    /// # Errors
    /// As there.
    pub async fn at_async<R: Repository>(self, desk: &TestDesk<R>) -> Result<Outcome> {
        let made = self.made(desk).await;
        made.map_err(|failure| failure.while_doing("the incident could not be made"))
    }

    async fn made<R: Repository>(mut self, desk: &TestDesk<R>) -> Result<Outcome> {
        let system = desk.acting_as_async(Actor::system());
        let policy = system.policy().await?;
        self.rate(&policy);
        sample::fill(&mut self.report, &policy, &mut Choices::first(), |_| true);
        let agent = desk.acting_as_async(self.by.clone().map_or_else(|| people::agent("anna"), Ok)?);
        let reported = match agent.report(self.report.clone()).await {
            Err(error) if error.kind() == ErrorKind::Forbidden => system.report(self.report.clone()).await?,
            reported => reported?,
        };
        lead(desk, &agent, reported, |incident, policy, now| self.next(incident, policy, now)).await
    }

    /// Finds an impact and an urgency for the priority.
    fn rate(&mut self, policy: &Policy) {
        let (Some(priority), matrix) = (&self.priority, policy.matrix()) else { return };
        let pairs =
            matrix.impact.levels.iter().flat_map(|impact| {
                matrix.urgency.levels.iter().map(move |urgency| (impact.as_str(), urgency.as_str()))
            });
        let mut cells = pairs.filter_map(|(impact, urgency)| matrix.cell(impact, urgency));
        let cell = cells.find(|cell| {
            let fits = |said: &Option<String>, level: &str| said.as_ref().is_none_or(|said| said == level);
            cell.priority.name().as_str() == priority
                && fits(&self.report.impact, cell.impact.as_str())
                && fits(&self.report.urgency, cell.urgency.as_str())
        });
        if let Some(cell) = cell {
            self.report.impact = Some(cell.impact.to_string());
            self.report.urgency = Some(cell.urgency.to_string());
        }
    }

    /// The next command on the way; `None` at its end.
    fn next(&self, incident: &Incident, policy: &Policy, now: Instant) -> Result<Option<Command>> {
        let asked = self.priority.as_deref().filter(|asked| *asked != incident.priority().name().as_str());
        if let Some(asked) = asked.filter(|_| incident.stage() == Stage::New) {
            return Ok(Some(Command::OverridePriority(Override::new(asked, "the test asks for it"))));
        }
        let command = match (self.stage, incident.stage()) {
            (wanted, found) if wanted == found => return Ok(None),
            (Stage::Cancelled, found) if found.is_open() => {
                let withdrawn = || Cancel::from(Cancellation::Withdrawn);
                Command::Cancel(self.cancel.clone().unwrap_or_else(withdrawn))
            }
            (wanted, Stage::New) if wanted == Stage::Assigned || self.assign.is_some() => {
                Command::Assign(self.assign.clone().unwrap_or_else(|| Assign::to_group("Network")))
            }
            (_, Stage::New | Stage::Assigned) if self.stage != Stage::Assigned => Command::StartWork {},
            (Stage::OnHold, Stage::InProgress) => Command::Hold(self.hold(policy, now)?),
            (Stage::Resolved | Stage::Closed, Stage::InProgress) => {
                Command::Resolve(self.resolution(incident, policy)?)
            }
            (Stage::Closed, Stage::Resolved) => to_close(incident, policy, now),
            (wanted, found) => {
                return Err(Failure::told(format!("under this policy it is {found}, and does not become {wanted}")));
            }
        };
        Ok(Some(command))
    }

    fn hold(&self, policy: &Policy, now: Instant) -> Result<Hold> {
        if let Some(hold) = &self.hold {
            return Ok(hold.clone());
        }
        let rule = policy.hold_reasons().iter().find(|rule| !rule.retired);
        let rule = rule.ok_or_else(|| Failure::told("the policy has no hold reason"))?;
        Ok(sample::hold(rule, now))
    }

    fn resolution(&self, incident: &Incident, policy: &Policy) -> Result<Resolve> {
        if let Some(resolve) = &self.resolve {
            return Ok(resolve.clone());
        }
        let rule = policy.resolution_codes().iter().find(|rule| !rule.retired);
        let rule = rule.ok_or_else(|| Failure::told("the policy has no resolution code"))?;
        let resolve = sample::resolution(rule);
        let owed = obligation::before_resolution(incident, policy);
        let asked = owed.iter().any(|owed| owed.field() == Some(&FieldName::ResolutionText));
        Ok(if asked { resolve.text("Restarted it.") } else { resolve })
    }
}

/// What leads from Resolved to Closed: a confirmation, or else a waiver, of what is asked for.
fn to_close(incident: &Incident, policy: &Policy, now: Instant) -> Command {
    let (owed, _) = obligation::before_closure(incident, policy, now);
    let Some(owed) = owed.iter().find(|owed| owed.severity() == Severity::Blocking) else { return Command::Close {} };
    let asked = policy.closure().confirmation;
    match owed.code() {
        obligation::CONFIRMATION if asked.caller => Command::Confirm { by: ConfirmedBy::Caller },
        obligation::CONFIRMATION if asked.monitoring => Command::Confirm { by: ConfirmedBy::Monitoring },
        code => Command::Waive {
            code: code.to_owned(),
            field: owed.field().map(ToString::to_string),
            reason: "the test asks for it".to_owned(),
        },
    }
}
