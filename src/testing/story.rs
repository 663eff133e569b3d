//! Given an incident, when a rule of the host's runs, then this is expected: and the whole story, if not.

use chrono::TimeDelta;

use super::{Failure, IncidentBuilder, Result, TestDesk, Then, incident, people};
use crate::{
    actor::Actor,
    blocking::ActingDesk,
    command::IncidentCommand,
    id::{Id, Version},
    incident::Incident,
    store::{MemoryRepository, Repository},
};

/// Begins a test of a rule of the host's, at a desk.
///
/// The rule is whatever the host does with a desk and an incident. It runs in the name of the agent `anna`,
/// or of whom [`acting_as`](Given::acting_as) names. What is expected is collected, and judged by
/// [`holds`](Then::holds), which tells the whole story of what is otherwise.
///
/// ```
/// use andon::{Error, Id, Incident, MemoryRepository, Stage, blocking::ActingDesk, command::Assign};
/// use andon::testing::{self, TestDesk, given};
///
/// /// The host's rule: what is urgent goes to whoever is on call.
/// fn on_call(desk: &ActingDesk<MemoryRepository>, id: Id<Incident>) -> Result<(), Error> {
///     if desk.incident(id).get()?.incident().priority().name().as_str() == "P1" {
///         desk.incident(id).assign(Assign::to_group("On call"))?;
///     }
///     Ok(())
/// }
///
/// # fn main() -> testing::Result {
/// let desk = TestDesk::new();
/// given(&desk).incident(|i| i.priority("P1")).when(on_call).then().group("On call").events(["assigned"]).holds()?;
/// given(&desk).incident(|i| i.priority("P4")).when(on_call).then().stage(Stage::New).unchanged().holds()?;
/// let wrong = given(&desk).incident(|i| i.priority("P2")).when(on_call).then().group("On call").holds();
/// assert_eq!(
///     wrong.unwrap_err().to_string(),
///     "\
/// given     INC0000003, Mail is down: New, P2, with nobody
/// when      anna asked nothing
/// expected  the group On call
/// found     the group none
/// now       INC0000003, Mail is down: New, P2, with nobody
/// timeline  1  2026-06-08 07:00  anna reported it: Mail is down",
/// );
/// # Ok(())
/// # }
/// ```
pub fn given<R: Repository>(desk: &TestDesk<R>) -> Given<R> {
    let given = Ok(Prepared { desk: desk.clone(), incident: None, actor: None });
    Given { given }
}

/// What is given; see [`given`].
#[derive(Debug)]
#[must_use = "nothing is tested until `then().holds()`"]
pub struct Given<R = MemoryRepository> {
    given: Result<Prepared<R>>,
}

#[derive(Debug)]
struct Prepared<R> {
    desk: TestDesk<R>,
    incident: Option<Id<Incident>>,
    actor: Option<Actor>,
}

/// What was done; see [`given`].
#[derive(Debug)]
#[must_use = "nothing is tested until `then().holds()`"]
pub struct When<R = MemoryRepository> {
    done: Result<Done<R>>,
}

/// A test in which something was done.
#[derive(Debug)]
pub(super) struct Done<R> {
    pub desk: TestDesk<R>,
    pub id: Id<Incident>,
    /// The incident as it was given, and its version.
    pub before: Incident,
    pub version: Version,
    pub actor: Actor,
    /// What was asked of the desk, a line for each command.
    pub asked: Vec<String>,
    /// Why the rule gave up, if it did.
    pub refused: Option<Failure>,
}

impl<R: Repository> Given<R> {
    /// An incident: `|i| i.priority("P1").in_stage(Stage::OnHold)`. It is the one that the rule gets; called
    /// again, the last one is.
    pub fn incident(self, describe: impl FnOnce(IncidentBuilder) -> IncidentBuilder) -> Self {
        self.and(|given| {
            given.incident = Some(describe(incident()).at(&given.desk)?.id());
            Ok(())
        })
    }

    /// An incident that is at the desk already.
    pub fn existing(self, id: Id<Incident>) -> Self {
        self.and(|given| {
            given.incident = Some(id);
            Ok(())
        })
    }

    /// That so much time has passed.
    pub fn later(self, by: TimeDelta) -> Self {
        self.and(|given| given.desk.advance(by))
    }

    /// That this actor acts.
    pub fn acting_as(self, actor: Actor) -> Self {
        self.and(|given| {
            given.actor = Some(actor);
            Ok(())
        })
    }

    /// What is done: the rule of the host's, with the desk as whoever acts uses it, and the incident. It may
    /// give back anything, and any error.
    pub fn when<T, E: Into<Failure>>(
        self,
        rule: impl FnOnce(&ActingDesk<R>, Id<Incident>) -> std::result::Result<T, E>,
    ) -> When<R> {
        When { done: self.given.and_then(|given| given.run(rule)) }
    }

    /// What is done: one command.
    pub fn when_asked(self, command: IncidentCommand) -> When<R> {
        self.when(|acting, id| acting.incident(id).execute(command))
    }

    fn and(mut self, prepare: impl FnOnce(&mut Prepared<R>) -> Result) -> Self {
        self.given = self.given.and_then(|mut given| {
            prepare(&mut given)?;
            Ok(given)
        });
        self
    }
}

impl<R: Repository> Prepared<R> {
    fn run<T, E: Into<Failure>>(
        self,
        rule: impl FnOnce(&ActingDesk<R>, Id<Incident>) -> std::result::Result<T, E>,
    ) -> Result<Done<R>> {
        let Self { desk, incident: given, actor } = self;
        let id = match given {
            Some(id) => id,
            None => incident().at(&desk)?.id(),
        };
        let seen = desk.system().incident(id).get()?;
        let version = seen.version();
        let actor = actor.map_or_else(|| people::agent("anna"), Ok)?;
        desk.journal().listen();
        let result = rule(&desk.acting_as(actor.clone()), id);
        let asked = desk.journal().told();
        let refused = result.err().map(Into::into);
        Ok(Done { desk, id, before: seen.into_incident(), version, actor, asked, refused })
    }
}

impl<R: Repository> When<R> {
    /// So much time passes then.
    pub fn later(mut self, by: TimeDelta) -> Self {
        self.done = self.done.and_then(|done| {
            done.desk.advance(by)?;
            Ok(done)
        });
        self
    }

    /// What is expected.
    pub fn then(self) -> Then<R> {
        Then::of(self.done)
    }
}
