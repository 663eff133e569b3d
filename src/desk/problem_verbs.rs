//! The commands on problems as methods: sugar over [`execute`](ProblemDesk::execute), for asynchronous and for blocking
//! code alike.

use super::{Outcome, Preview, ProblemDesk};
use crate::{
    blocking,
    command::{AttachmentInput, Edit, FixInput, KnownErrorInput, Override, Patch, ProblemCommand, RootCauseInput},
    digest::Digest,
    error::Error,
    id::Id,
    problem::{Dismissed, Problem, Verdict},
    record::Audience,
    store::Repository,
    time::Instant,
    waiting::wait,
};

impl<R: Repository> ProblemDesk<R> {
    /// Does what the command asks.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such problem that the actor may see, [`Error::Refused`] without the permission,
    /// [`Error::Illegal`] if the stage has no such move, [`Error::Invalid`] with every field that is wrong.
    pub async fn execute(&self, command: ProblemCommand) -> Result<Outcome<Problem>, Error> {
        self.acting.run_requests::<Problem>(&self.key, &[command]).await
    }

    /// What the command would come to. Nothing is stored.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn preview(&self, command: ProblemCommand) -> Result<Preview<Problem>, Error> {
        self.acting.preview_requests::<Problem>(&self.key, &[command]).await
    }
}

impl<R: Repository> blocking::ProblemDesk<R> {
    /// Does what the command asks.
    ///
    /// # Errors
    /// As [the asynchronous twin](super::ProblemDesk::execute).
    pub fn execute(&self, command: ProblemCommand) -> Result<Outcome<Problem>, Error> {
        wait(self.0.execute(command))
    }

    /// What the command would come to.
    ///
    /// # Errors
    /// As [the asynchronous twin](super::ProblemDesk::preview).
    pub fn preview(&self, command: ProblemCommand) -> Result<Preview<Problem>, Error> {
        wait(self.0.preview(command))
    }
}

/// Declares the methods of both desks.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) => $command:expr;)*) => {
        impl<R: Repository> ProblemDesk<R> {
            $($(#[$doc])*
            ///
            /// # Errors
            /// As [`execute`](Self::execute).
            pub async fn $name(&self, $($arg: $type),*) -> Result<Outcome<Problem>, Error> {
                self.execute($command).await
            })*
        }

        impl<R: Repository> blocking::ProblemDesk<R> {
            $($(#[$doc])*
            ///
            /// # Errors
            /// As [the asynchronous twin](super::ProblemDesk::execute).
            pub fn $name(&self, $($arg: $type),*) -> Result<Outcome<Problem>, Error> {
                self.execute($command)
            })*
        }
    };
}

verbs! {
    /// Begins to judge whether it is a problem, and how much it matters.
    assess() => ProblemCommand::Assess {};
    /// Begins to look for the cause. A person who takes up what no person has becomes its owner.
    investigate() => ProblemCommand::Investigate {};
    /// Adds what the cause may be.
    add_hypothesis(text: impl Into<String>) => ProblemCommand::AddHypothesis { text: text.into() };
    /// Judges whether a hypothesis, named by its number, holds.
    judge_hypothesis(number: u32, verdict: Verdict, reason: impl Into<String>) => {
        ProblemCommand::JudgeHypothesis { number, verdict, reason: Some(reason.into()) }
    };
    /// Adds what was found out.
    add_finding(text: impl Into<String>) => ProblemCommand::AddFinding { text: text.into() };
    /// Says what the cause is.
    identify_root_cause(cause: RootCauseInput) => ProblemCommand::IdentifyRootCause(cause);
    /// Writes down what those who meet its symptoms should know.
    record_known_error(known: KnownErrorInput) => ProblemCommand::RecordKnownError(known);
    /// Says that the workaround was tried and works.
    verify_workaround() => ProblemCommand::VerifyWorkaround {};
    /// Publishes the known error.
    publish_known_error() => ProblemCommand::PublishKnownError {};
    /// Withdraws the known error.
    withdraw_known_error(reason: impl Into<String>) => {
        ProblemCommand::WithdrawKnownError { reason: Some(reason.into()) }
    };
    /// Begins to remove the cause.
    start_fix(fix: FixInput) => ProblemCommand::StartFix(fix);
    /// Gives the fix up before it is applied.
    abandon_fix(reason: impl Into<String>) => ProblemCommand::AbandonFix { reason: Some(reason.into()) };
    /// Says that the fix is applied, and is being watched; at `until` it is resolved by itself.
    observe(until: Option<Instant>) => ProblemCommand::Observe { until };
    /// Says that the cause is gone.
    resolve(text: impl Into<String>) => ProblemCommand::Resolve { text: Some(text.into()) };
    /// Says that the fix does not hold.
    fail_fix(reason: impl Into<String>) => ProblemCommand::FailFix { reason: Some(reason.into()) };
    /// Closes it: the fix holds.
    close() => ProblemCommand::Close {};
    /// Closes it without a fix, and bears the risk until it is looked at again.
    accept_risk(reason: impl Into<String>, review_at: Instant) => {
        ProblemCommand::AcceptRisk { reason: reason.into(), review_at }
    };
    /// Closes it without a fix: as no problem, or as not reproducible.
    dismiss(dismissed: Dismissed, reason: impl Into<String>) => {
        ProblemCommand::Dismiss { dismissed, reason: Some(reason.into()) }
    };
    /// Closes it as a duplicate of another problem, which goes on.
    dismiss_as_duplicate(of: Id<Problem>) => {
        ProblemCommand::Dismiss { dismissed: Dismissed::Duplicate { of }, reason: None }
    };
    /// Takes it up again after it was closed.
    reanalyse(reason: impl Into<String>) => ProblemCommand::Reanalyse { reason: Some(reason.into()) };
    /// Puts it into a group's queue. Another group takes it from its person.
    route_to_group(group: impl Into<String>) => {
        ProblemCommand::Route { group: Patch::Set(group.into()), person: Patch::Keep }
    };
    /// Gives it to a person, who owns it then.
    route_to_person(person: impl Into<String>) => {
        ProblemCommand::Route { group: Patch::Keep, person: Patch::Set(person.into()) }
    };
    /// Changes facts.
    edit(edit: Edit) => ProblemCommand::Edit(Box::new(edit));
    /// Writes a note that everybody who may see the problem sees.
    add_note(text: impl Into<String>) => ProblemCommand::AddNote { audience: Audience::Public, text: text.into() };
    /// Writes an internal note.
    add_internal_note(text: impl Into<String>) => {
        ProblemCommand::AddNote { audience: Audience::Internal, text: text.into() }
    };
    /// Adds a watcher.
    watch(person: impl Into<String>) => ProblemCommand::Watch { person: person.into() };
    /// Removes a watcher.
    unwatch(person: impl Into<String>) => ProblemCommand::Unwatch { person: person.into() };
    /// Attaches a reference to a file that the host keeps.
    attach(attachment: AttachmentInput) => ProblemCommand::Attach(attachment);
    /// Takes off the reference to the file with this digest.
    detach(digest: Digest) => ProblemCommand::Detach { digest };
    /// Records time spent, in seconds.
    log_time(seconds: u64) => ProblemCommand::LogTime { seconds, note: None };
    /// Overrides the computed priority.
    override_priority(set: Override) => ProblemCommand::OverridePriority(set);
    /// Lets the computed priority hold again.
    clear_override() => ProblemCommand::ClearOverride {};
    /// Erases texts, here and in the log; their salted digests stay.
    redact(texts: Vec<Digest>, reason: impl Into<String>) => {
        ProblemCommand::Redact { texts, reason: Some(reason.into()) }
    };
}
