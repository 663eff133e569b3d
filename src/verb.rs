//! Verbs: what can be asked of a record. Commands, permissions and error codes are named by them.

use std::fmt;

/// Declares a verb enum whose names, permission codes and error codes are one text.
macro_rules! verbs {
    (
        $(#[$doc:meta])* pub enum $name:ident of $record:literal;
        $($(#[$vdoc:meta])* $variant:ident = $text:literal,)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// Every verb, in the order of a record's life.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The verb alone, as in a list of moves: `start_work`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The permission that the verb needs: `incident.start_work`.
            #[must_use]
            pub const fn permission(self) -> &'static str {
                match self { $(Self::$variant => concat!($record, ".", $text)),* }
            }

            /// The code of the error when the record's stage has no such move.
            pub(crate) const fn illegal(self) -> &'static str {
                match self { $(Self::$variant => concat!($record, ".", $text, ".illegal")),* }
            }

            /// The code of the error when the actor lacks the permission.
            pub(crate) const fn refused(self) -> &'static str {
                match self { $(Self::$variant => concat!($record, ".", $text, ".refused")),* }
            }

            /// The code of the error when obligations are open.
            pub(crate) const fn blocked(self) -> &'static str {
                match self { $(Self::$variant => concat!($record, ".", $text, ".blocked")),* }
            }

            /// The code of the error when fields are wrong.
            pub(crate) const fn invalid(self) -> &'static str {
                match self { $(Self::$variant => concat!($record, ".", $text, ".invalid")),* }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

verbs! {
    /// What can be asked of an incident.
    pub enum IncidentVerb of "incident";
    /// See the record, its events and its public notes.
    Read = "read",
    /// See internal notes, too.
    ReadInternal = "read_internal",
    /// See confidential records without being part of them: all, or those of the own organisation. Those who
    /// have to do with a record, watch it, or belong to its group see it by `read`; without any `read` this
    /// permission means nothing.
    ReadConfidential = "read_confidential",
    /// Report a new incident for oneself.
    Report = "report",
    /// Report a new incident of which somebody else is the caller.
    ReportFor = "report_for",
    /// Dispatch to a group or a person.
    Assign = "assign",
    /// Take the assignment back.
    Unassign = "unassign",
    /// Set group and person without changing the stage.
    Route = "route",
    /// Begin work.
    StartWork = "start_work",
    /// Enter a phase of the work.
    EnterPhase = "enter_phase",
    /// Put on hold.
    Hold = "hold",
    /// Change why, or until when, it is on hold.
    ChangeHold = "change_hold",
    /// End the hold and go back to what was before it.
    Resume = "resume",
    /// Say that service is restored, and how.
    Resolve = "resolve",
    /// Confirm that the resolution holds.
    Confirm = "confirm",
    /// Take a resolution back.
    Reopen = "reopen",
    /// Close for good.
    Close = "close",
    /// End without a resolution: a duplicate, not an incident, withdrawn, …
    Cancel = "cancel",
    /// Say of which incident it is a duplicate: beside `cancel`, which that needs, too.
    Merge = "merge",
    /// Undo the merge of a duplicate.
    UndoMerge = "undo_merge",
    /// Change facts.
    Edit = "edit",
    /// Move to another category.
    Categorise = "categorise",
    /// Write a public note.
    AddNote = "add_note",
    /// Write an internal note.
    AddInternalNote = "add_internal_note",
    /// Add or remove watchers.
    Watch = "watch",
    /// Attach a reference to a file, or take it off.
    Attach = "attach",
    /// Record time spent.
    LogTime = "log_time",
    /// Override the computed priority, or clear the override.
    OverridePriority = "override_priority",
    /// Set the host's own status beneath the stage.
    SetLabel = "set_label",
    /// Record when something happened: detected, mitigated, restored, …
    RecordMilestone = "record_milestone",
    /// Link to a problem, another incident or a change, or take a link away.
    Link = "link",
    /// Propose it as a major incident.
    ProposeMajor = "propose_major",
    /// Accept it as a major incident, or reject the proposal.
    JudgeMajor = "judge_major",
    /// Hand a major incident over, stand it down or demote it.
    ManageMajor = "manage_major",
    /// Resolve, reopen and close major incidents: beside the permissions to do so, which end users may have.
    HandleMajor = "handle_major",
    /// Write down the review of a major incident.
    ReviewMajor = "review_major",
    /// Waive an obligation.
    Waive = "waive",
    /// Decide anew, by the policy in force, what was decided by an earlier one.
    Reissue = "reissue",
    /// Work out anew, by the zone data at hand, when its clocks are due.
    Reschedule = "reschedule",
    /// Erase texts.
    Redact = "redact",
    /// Say that something happened earlier than now.
    Backdate = "backdate",
    /// Import a history with its original times.
    Import = "import",
    /// Set the stage by hand, against the lifecycle, with a reason.
    Correct = "correct",
}

verbs! {
    /// What can be asked of a problem.
    pub enum ProblemVerb of "problem";
    /// See the record, its events, its known error and its public notes.
    Read = "read",
    /// See hypotheses, findings and internal notes, too.
    ReadInternal = "read_internal",
    /// See confidential problems without being part of them: all, or those of the own organisation. Without any
    /// `read` this permission means nothing.
    ReadConfidential = "read_confidential",
    /// Raise a problem, from incidents or by foresight.
    Raise = "raise",
    /// Begin to judge whether it is a problem, and how much it matters.
    Assess = "assess",
    /// Begin to look for the cause.
    Investigate = "investigate",
    /// Add what the cause may be.
    AddHypothesis = "add_hypothesis",
    /// Judge whether a hypothesis holds.
    JudgeHypothesis = "judge_hypothesis",
    /// Add what was found out.
    AddFinding = "add_finding",
    /// Say what the cause is.
    IdentifyRootCause = "identify_root_cause",
    /// Write down what those who meet its symptoms should know.
    RecordKnownError = "record_known_error",
    /// Say that the workaround was tried and works.
    VerifyWorkaround = "verify_workaround",
    /// Publish the known error.
    PublishKnownError = "publish_known_error",
    /// Withdraw the known error.
    WithdrawKnownError = "withdraw_known_error",
    /// Begin to remove the cause.
    StartFix = "start_fix",
    /// Give a fix up before it is applied.
    AbandonFix = "abandon_fix",
    /// Say that the fix is applied, and is being watched.
    Observe = "observe",
    /// Say that the cause is gone.
    Resolve = "resolve",
    /// Say that a fix does not hold.
    FailFix = "fail_fix",
    /// Close it: the fix holds.
    Close = "close",
    /// Close it without a fix, and bear the risk until a date.
    AcceptRisk = "accept_risk",
    /// Close it as a duplicate, as no problem, or as not reproducible.
    Dismiss = "dismiss",
    /// Take it up again after it was closed.
    Reanalyse = "reanalyse",
    /// Set group and person.
    Route = "route",
    /// Change facts.
    Edit = "edit",
    /// Write a public note.
    AddNote = "add_note",
    /// Write an internal note.
    AddInternalNote = "add_internal_note",
    /// Add or remove watchers.
    Watch = "watch",
    /// Attach a reference to a file, or take it off.
    Attach = "attach",
    /// Record time spent.
    LogTime = "log_time",
    /// Override the computed priority, or clear the override.
    OverridePriority = "override_priority",
    /// Resolve, resume or re-point the incidents that wait for it.
    Cascade = "cascade",
    /// Erase texts.
    Redact = "redact",
    /// Say that something happened earlier than now.
    Backdate = "backdate",
    /// Set the stage by hand, against the lifecycle, with a reason.
    Correct = "correct",
}

/// What can be asked of a record of some kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// Of an incident.
    Incident(IncidentVerb),
    /// Of a problem.
    Problem(ProblemVerb),
}

/// Declares what all verbs have.
macro_rules! of_both {
    ($($(#[$doc:meta])* $vis:vis $name:ident;)*) => {
        impl Verb {
            $($(#[$doc])*
            #[must_use]
            $vis const fn $name(self) -> &'static str {
                match self {
                    Self::Incident(verb) => verb.$name(),
                    Self::Problem(verb) => verb.$name(),
                }
            })*
        }
    };
}

of_both! {
    /// The verb alone, as in a list of moves: `start_work`.
    pub as_str;
    /// The permission that the verb needs: `incident.start_work`.
    pub permission;
    /// The code of the error when the record's stage has no such move.
    pub(crate) illegal;
    /// The code of the error when the actor lacks the permission.
    pub(crate) refused;
    /// The code of the error when obligations are open.
    pub(crate) blocked;
    /// The code of the error when fields are wrong.
    pub(crate) invalid;
}

impl Verb {
    /// The verb, if it is one of incidents.
    #[must_use]
    pub const fn incident(self) -> Option<IncidentVerb> {
        match self {
            Self::Incident(verb) => Some(verb),
            Self::Problem(_) => None,
        }
    }

    /// The verb, if it is one of problems.
    #[must_use]
    pub const fn problem(self) -> Option<ProblemVerb> {
        match self {
            Self::Problem(verb) => Some(verb),
            Self::Incident(_) => None,
        }
    }
}

impl From<IncidentVerb> for Verb {
    fn from(verb: IncidentVerb) -> Self {
        Self::Incident(verb)
    }
}

impl From<ProblemVerb> for Verb {
    fn from(verb: ProblemVerb) -> Self {
        Self::Problem(verb)
    }
}

impl PartialEq<IncidentVerb> for Verb {
    fn eq(&self, verb: &IncidentVerb) -> bool {
        *self == Self::from(*verb)
    }
}

impl PartialEq<ProblemVerb> for Verb {
    fn eq(&self, verb: &ProblemVerb) -> bool {
        *self == Self::from(*verb)
    }
}

impl serde::Serialize for Verb {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
