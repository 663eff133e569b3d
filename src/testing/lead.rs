//! How a record is led to a stage: command by command, until it is there.

use super::{Failure, Result, TestDesk};
use crate::{
    actor::Actor,
    decision::Managed,
    desk::{ActingDesk, Outcome},
    error::Error,
    lifecycle::In,
    policy::Policy,
    record::{Kind, RecordStage},
    store::{RecordKey, Repository},
    time::Instant,
};

/// How many commands lead to a stage, at most.
const COMMANDS: usize = 64;

/// Gives a record the next command until there is none, by the agent or, where the policy does not let them, by the
/// library itself.
pub(super) async fn lead<R: Repository, K: Managed>(
    desk: &TestDesk<R>,
    agent: &ActingDesk<R>,
    mut outcome: Outcome<K>,
    next: impl Fn(&K, &Policy, Instant) -> Result<Option<K::Command>>,
) -> Result<Outcome<K>> {
    let system = desk.acting_as_async(Actor::system());
    let policy = system.policy().await?;
    for _ in 0..COMMANDS {
        let key = RecordKey::from(K::key(outcome.id()));
        let seen = system.record::<K>(key.clone()).get().await?;
        let Some(command) = next(&seen.record, &policy, desk.now())? else { return Ok(outcome) };
        let command = std::slice::from_ref(&command);
        outcome = match agent.run_requests::<K>(&key, command).await {
            Err(Error::Refused(_) | Error::NotFound(_)) => system.run_requests::<K>(&key, command).await?,
            done => done?,
        };
    }
    Err(Failure::told(format!("{COMMANDS} commands did not lead there")))
}

/// A stage that a record can be asked for in: each is one, of incidents and of problems.
pub trait TypedStage: RecordStage {
    /// The stage.
    const STAGE: <Self::Kind as Kind>::Stage;

    /// The record, if it is in the stage.
    fn of(record: Self::Kind) -> Option<In<Self>>;
}

/// Ties the stages of a kind of record to their types.
macro_rules! typed {
    ($kind:ident in $room:ident: $($stage:ident),*) => {
        $(impl TypedStage for crate::$room::$stage {
            const STAGE: crate::$room::Stage = crate::$room::Stage::$stage;

            fn of(record: crate::$room::$kind) -> Option<In<Self>> {
                match record {
                    crate::$room::$kind::$stage(record) => Some(record),
                    _ => None,
                }
            }
        })*
    };
}

typed!(Incident in incident: New, Assigned, InProgress, OnHold, Resolved, Closed, Cancelled);
typed!(Problem in problem: New, Assessing, Investigating, FixInProgress, Observing, Resolved, Closed);

/// The record in a stage that its type says.
pub(super) fn in_stage<S: TypedStage>(record: S::Kind) -> Result<In<S>> {
    let stage = Kind::stage(&record);
    S::of(record).ok_or_else(|| Failure::told(format!("it is {stage}, and not {}", S::STAGE)))
}
