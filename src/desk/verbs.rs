//! The commands as methods: sugar over [`execute`](IncidentDesk::execute), for asynchronous and for
//! blocking code alike.

use super::{IncidentDesk, Outcome, Preview};
use crate::{
    blocking,
    command::{
        AcceptMajor, Assign, AttachmentInput, Cancel, Correct, Edit, Hold, IncidentCommand, Override, Patch, Resolve,
    },
    digest::Digest,
    error::Error,
    incident::{Audience, ConfirmedBy, Milestone, Phase},
    link::Link,
    store::Repository,
    time::Instant,
    waiting::wait,
};

impl<R: Repository> IncidentDesk<R> {
    /// Does what the command asks.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such incident that the actor may see, [`Error::Refused`]
    /// without the permission, [`Error::Illegal`] if the stage has no such move, [`Error::Blocked`] while
    /// obligations are open, [`Error::Invalid`] with every field that is wrong.
    pub async fn execute(&self, command: IncidentCommand) -> Result<Outcome, Error> {
        self.acting.run_requests(&self.key, &[command]).await
    }

    /// What the command would come to. Nothing is stored.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn preview(&self, command: IncidentCommand) -> Result<Preview, Error> {
        self.acting.preview_requests(&self.key, &[command]).await
    }
}

impl<R: Repository> blocking::IncidentDesk<R> {
    /// Does what the command asks.
    ///
    /// # Errors
    /// As [the asynchronous twin](super::IncidentDesk::execute).
    pub fn execute(&self, command: IncidentCommand) -> Result<Outcome, Error> {
        wait(self.0.execute(command))
    }

    /// What the command would come to.
    ///
    /// # Errors
    /// As [the asynchronous twin](super::IncidentDesk::preview).
    pub fn preview(&self, command: IncidentCommand) -> Result<Preview, Error> {
        wait(self.0.preview(command))
    }
}

/// Declares the methods of both desks.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) => $command:expr;)*) => {
        impl<R: Repository> IncidentDesk<R> {
            $($(#[$doc])*
            ///
            /// # Errors
            /// As [`execute`](Self::execute).
            pub async fn $name(&self, $($arg: $type),*) -> Result<Outcome, Error> {
                self.execute($command).await
            })*
        }

        impl<R: Repository> blocking::IncidentDesk<R> {
            $($(#[$doc])*
            ///
            /// # Errors
            /// As [the asynchronous twin](super::IncidentDesk::execute).
            pub fn $name(&self, $($arg: $type),*) -> Result<Outcome, Error> {
                self.execute($command)
            })*
        }
    };
}

verbs! {
    /// Dispatches it to a group or a person.
    assign(to: Assign) => IncidentCommand::Assign(to);
    /// Takes the assignment back.
    unassign() => IncidentCommand::Unassign {};
    /// Puts it into a group's queue and stays in the stage. Another group takes it from its person.
    route_to_group(group: impl Into<String>) => {
        IncidentCommand::Route { group: Patch::Set(group.into()), person: Patch::Keep }
    };
    /// Gives it to a person and stays in the stage.
    route_to_person(person: impl Into<String>) => {
        IncidentCommand::Route { group: Patch::Keep, person: Patch::Set(person.into()) }
    };
    /// Begins work. A person who takes up what no person has becomes its assignee.
    start_work() => IncidentCommand::StartWork {};
    /// Enters a phase of the work.
    enter_phase(phase: Phase) => IncidentCommand::EnterPhase { phase };
    /// Puts it on hold, for a reason of the policy. A resolved incident is reopened for it.
    hold(hold: impl Into<Hold>) => IncidentCommand::Hold(hold.into());
    /// Changes the reason, date or note of a hold.
    change_hold(hold: impl Into<Hold>) => IncidentCommand::ChangeHold(hold.into());
    /// Ends the hold; it goes back to what it was before.
    resume() => IncidentCommand::Resume {};
    /// Resolves it, with a code of the policy.
    resolve(resolution: impl Into<Resolve>) => IncidentCommand::Resolve(resolution.into());
    /// Confirms that the resolution holds.
    confirm(by: ConfirmedBy) => IncidentCommand::Confirm { by };
    /// Takes the resolution back. When the policy no longer allows it, the error offers a report that
    /// follows.
    reopen(reason: impl Into<String>) => IncidentCommand::Reopen { reason: Some(reason.into()) };
    /// Closes it for good. What is owed before that comes back as obligations.
    close() => IncidentCommand::Close {};
    /// Ends it without a resolution.
    cancel(cancel: impl Into<Cancel>) => IncidentCommand::Cancel(cancel.into());
    /// Undoes the merge of a duplicate: it goes back to what it was, as if there had been no merge.
    undo_merge(reason: impl Into<String>) => IncidentCommand::UndoMerge { reason: Some(reason.into()) };
    /// Changes facts: one event, with old and new of every field that changes.
    edit(edit: Edit) => IncidentCommand::Edit(Box::new(edit));
    /// Moves it to another category and leaves everything else as it is.
    categorise(category: impl Into<String>) => {
        IncidentCommand::Categorise { category: Some(category.into()), apply_defaults: false }
    };
    /// Moves it to another category and applies that category's impact, urgency, group and labels.
    categorise_with_defaults(category: impl Into<String>) => {
        IncidentCommand::Categorise { category: Some(category.into()), apply_defaults: true }
    };
    /// Writes a note that the caller sees. The caller's own note ends a hold that waits for it.
    add_note(text: impl Into<String>) => IncidentCommand::AddNote { audience: Audience::Public, text: text.into() };
    /// Writes a note that the caller does not see.
    add_internal_note(text: impl Into<String>) => {
        IncidentCommand::AddNote { audience: Audience::Internal, text: text.into() }
    };
    /// Adds a watcher.
    watch(person: impl Into<String>) => IncidentCommand::Watch { person: person.into() };
    /// Removes a watcher.
    unwatch(person: impl Into<String>) => IncidentCommand::Unwatch { person: person.into() };
    /// Attaches a reference to a file that the host keeps.
    attach(attachment: AttachmentInput) => IncidentCommand::Attach(attachment);
    /// Takes off the reference to the file with this digest.
    detach(digest: Digest) => IncidentCommand::Detach { digest };
    /// Records time spent, in seconds.
    log_time(seconds: u64) => IncidentCommand::LogTime { seconds, note: None };
    /// Overrides the computed priority.
    override_priority(set: Override) => IncidentCommand::OverridePriority(set);
    /// Lets the computed priority hold again.
    clear_override() => IncidentCommand::ClearOverride {};
    /// Sets the host's own status beneath the stage.
    set_label(label: impl Into<String>) => IncidentCommand::SetLabel { label: Some(label.into()) };
    /// Clears the host's own status beneath the stage.
    clear_label() => IncidentCommand::SetLabel { label: None };
    /// Records when a milestone was reached.
    record_milestone(milestone: Milestone, at: Instant) => IncidentCommand::RecordMilestone { milestone, at: Some(at) };
    /// Waives an obligation, named by its code, that concerns no field.
    waive(code: impl Into<String>, reason: impl Into<String>) => {
        IncidentCommand::Waive { code: code.into(), field: None, reason: reason.into() }
    };
    /// Waives an obligation, named by its code, for a field.
    waive_field(code: impl Into<String>, field: impl Into<String>, reason: impl Into<String>) => {
        IncidentCommand::Waive { code: code.into(), field: Some(field.into()), reason: reason.into() }
    };
    /// Proposes it as a major incident.
    propose_major(reason: impl Into<String>) => IncidentCommand::ProposeMajor { reason: Some(reason.into()) };
    /// Rejects the proposal that it be a major incident.
    reject_major(reason: impl Into<String>) => IncidentCommand::RejectMajor { reason: Some(reason.into()) };
    /// Accepts it as a major incident, proposed or not, led by whoever accepts it or by the manager that is named.
    accept_major(accept: AcceptMajor) => IncidentCommand::AcceptMajor(accept);
    /// Gives the lead of a major incident to somebody else.
    hand_over_major(manager: impl Into<String>) => IncidentCommand::HandOverMajor { manager: manager.into() };
    /// Says that a major incident is over.
    stand_down_major(reason: impl Into<String>) => IncidentCommand::StandDownMajor { reason: Some(reason.into()) };
    /// Says that it is no major incident after all.
    demote_major(reason: impl Into<String>) => IncidentCommand::DemoteMajor { reason: reason.into() };
    /// Writes down the review of a major incident that was stood down.
    review_major(text: impl Into<String>) => IncidentCommand::ReviewMajor { text: text.into() };
    /// Links it to a problem, another incident or a change.
    link(link: Link) => IncidentCommand::Link { link, reason: None };
    /// Links it, and says why.
    link_because(link: Link, reason: impl Into<String>) => IncidentCommand::Link { link, reason: Some(reason.into()) };
    /// Takes a link away.
    unlink(link: Link) => IncidentCommand::Unlink { link, reason: None };
    /// Takes a link away, and says why.
    unlink_because(link: Link, reason: impl Into<String>) => IncidentCommand::Unlink { link, reason: Some(reason.into()) };
    /// Decides anew, by the policy in force, what was decided by an earlier one.
    reissue() => IncidentCommand::Reissue {};
    /// Works out anew when its clocks are due, after an update of the zone data.
    reschedule() => IncidentCommand::Reschedule {};
    /// Erases texts, here and in the log; their salted digests stay. A digest that no text here or in the log has
    /// is refused, and nothing is erased; one of a text that was erased before is taken.
    redact(texts: Vec<Digest>, reason: impl Into<String>) => {
        IncidentCommand::Redact { texts, reason: Some(reason.into()) }
    };
    /// Sets the stage by hand, against the lifecycle: for repairs.
    correct(correction: Correct) => IncidentCommand::Correct(correction);
}
