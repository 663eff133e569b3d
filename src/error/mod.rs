//! Errors: what was asked, what stands in the way, and what would help.
//!
//! Every error has a stable, dotted [`code`](Error::code), [`params`](Error::params) for a host's own
//! texts, a [`kind`](Error::kind) to map to a status, an answer to "shall I [`retry`](Error::retry)?",
//! and an English text.
//!
#![doc = include_str!("codes.md")]

mod catalogue;
mod detail;

use std::fmt;

pub use catalogue::{CodeEntry, FAULTS, catalogue};
pub use detail::{
    Blocked, ClockBehind, CommandReused, CursorError, Happened, Illegal, Invalid, NotFound, PermissionRefused,
    PolicyConflict, ReopeningOver, ServiceRequest, VersionConflict,
};

use crate::{directory::DirectoryError, fault::Faults, id::CommandId, store::RepositoryError};

/// What a desk answers when it does not do what it was asked. Nothing was stored, unless it says that
/// the outcome is unknown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fields are wrong; it names every one.
    #[error(transparent)]
    Invalid(Box<Invalid>),
    /// There is no such record, or none that the actor may see.
    #[error(transparent)]
    NotFound(Box<NotFound>),
    /// The actor lacks a permission.
    #[error(transparent)]
    Refused(Box<PermissionRefused>),
    /// The record's stage has no such move.
    #[error(transparent)]
    Illegal(Box<Illegal>),
    /// Something is owed before the move.
    #[error(transparent)]
    Blocked(Box<Blocked>),
    /// The time or the number of reopenings is used up. It offers a report that follows.
    #[error(transparent)]
    ReopeningOver(Box<ReopeningOver>),
    /// It is a service request and no incident. It hands the report back.
    #[error(transparent)]
    ServiceRequest(Box<ServiceRequest>),
    /// The record is not at the version that the caller named.
    #[error(transparent)]
    Conflict(Box<VersionConflict>),
    /// Another version of the policy is in force than the caller named.
    #[error(transparent)]
    PolicyConflict(PolicyConflict),
    /// A cursor is none, or belongs to something else.
    #[error(transparent)]
    Cursor(CursorError),
    /// The command id was used for something else.
    #[error(transparent)]
    CommandReused(CommandReused),
    /// `now` lies behind what the record holds, by more than the policy allows.
    #[error(transparent)]
    ClockBehind(Box<ClockBehind>),
    /// A part of what was asked is refused; the path says which: `steps[3]`.
    #[error("{path}: {error}")]
    Within {
        /// The part.
        path: String,
        /// Why it is refused.
        error: Box<Error>,
    },
    /// Others changed the record each time that the command was decided.
    #[error("command {command} was decided {tries} times, and each time others had changed the record first")]
    Busy {
        /// The command.
        command: CommandId,
        /// How often it was tried.
        tries: usize,
    },
    /// The policy is not valid; it names every fault.
    #[error("the policy is not valid: {0}")]
    Policy(Faults),
    /// The directory did not answer.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The repository did not do it.
    #[error("{}{source}", .command.map(|command| format!("command {command}: ")).unwrap_or_default())]
    Repository {
        /// The command, whether the caller named it or the desk did; `None` for a read. With it an unknown
        /// outcome is settled.
        command: Option<CommandId>,
        /// What the repository said.
        source: RepositoryError,
    },
}

/// What kind of answer it is, as a host would map it to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is wrong.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// The actor may not.
    Forbidden,
    /// The record is in no state for it.
    Precondition,
    /// Somebody else was first, or the id was used.
    Conflict,
    /// It belongs elsewhere.
    Elsewhere,
    /// Something that is needed cannot be reached.
    Unavailable,
    /// Something is broken.
    Internal,
}

impl ErrorKind {
    /// The kind as the table of codes names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not found",
            Self::Forbidden => "forbidden",
            Self::Precondition => "precondition",
            Self::Conflict => "conflict",
            Self::Elsewhere => "elsewhere",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// Whether, and how, to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// Not as it stands: change what is asked, or who asks.
    Never,
    /// After what stands in the way is settled.
    WhenSettled,
    /// Load the record and decide again.
    Reloaded,
    /// The same again, with the same command id, a little later.
    SameCommand,
}

impl Retry {
    /// The advice as the table of codes names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::WhenSettled => "when settled",
            Self::Reloaded => "reloaded",
            Self::SameCommand => "same command",
        }
    }
}

impl Error {
    /// The stable code: `incident.close.blocked`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(error) => error.code,
            Self::NotFound(_) => "record.not_found",
            Self::Refused(error) => error.code,
            Self::Illegal(error) => error.verb.illegal(),
            Self::Blocked(error) => error.verb.blocked(),
            Self::ReopeningOver(_) => "incident.reopen.over",
            Self::ServiceRequest(_) => "incident.report.service_request",
            Self::Conflict(_) => "record.conflict",
            Self::PolicyConflict(_) => "policy.conflict",
            Self::Cursor(CursorError::Malformed) => "cursor.malformed",
            Self::Cursor(CursorError::Elsewhere) => "cursor.elsewhere",
            Self::CommandReused(_) => "command.reused",
            Self::ClockBehind(_) => "time.behind",
            Self::Within { error, .. } => error.code(),
            Self::Busy { .. } => "record.busy",
            Self::Policy(_) => "policy.invalid",
            Self::Directory(_) => "directory.unavailable",
            Self::Repository { source, .. } => match source {
                RepositoryError::AlreadyExists { .. } => "repository.already_exists",
                RepositoryError::Conflict { .. } => "repository.conflict",
                RepositoryError::PolicyChanged { .. } => "repository.policy_changed",
                RepositoryError::InUse { .. } => "repository.in_use",
                RepositoryError::CursorTooOld => "cursor.too_old",
                RepositoryError::Malformed { .. } => "repository.malformed",
                RepositoryError::Corrupt { .. } => "repository.corrupt",
                RepositoryError::OutcomeUnknown { .. } => "repository.outcome_unknown",
                RepositoryError::Unavailable { .. } => "repository.unavailable",
                RepositoryError::Backend { .. } => "repository.failed",
            },
        }
    }

    /// What kind of answer it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.entry().map_or(ErrorKind::Internal, |entry| entry.kind)
    }

    /// Whether, and how, to ask again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.entry().map_or(Retry::Never, |entry| entry.retry)
    }

    fn entry(&self) -> Option<CodeEntry> {
        let code = self.code();
        catalogue().find(|entry| entry.code == code)
    }

    /// What a host needs to say it in its own words, by name.
    #[must_use]
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Invalid(error) => error.params(),
            Self::NotFound(error) => vec![("record", error.what.clone())],
            Self::Refused(error) => error.params(),
            Self::Illegal(error) => error.params(),
            Self::Blocked(error) => error.params(),
            Self::ReopeningOver(error) => error.params(),
            Self::ServiceRequest(error) => vec![("rule", error.rule.to_string())],
            Self::Conflict(error) => error.params(),
            Self::PolicyConflict(error) => error.params(),
            Self::CommandReused(error) => vec![("command", error.command.to_string())],
            Self::ClockBehind(error) => error.params(),
            Self::Policy(faults) => vec![("faults", faults.to_string())],
            Self::Cursor(_) | Self::Directory(_) => Vec::new(),
            Self::Within { path, error } => {
                let mut params = error.params();
                params.push(("path", path.clone()));
                params
            }
            Self::Busy { command, tries } => vec![("command", command.to_string()), ("tries", tries.to_string())],
            Self::Repository { command, .. } => {
                command.iter().map(|command| ("command", command.to_string())).collect()
            }
        }
    }

    /// Every field that is wrong; empty for errors that are not about fields.
    #[must_use]
    pub fn faults(&self) -> Option<&Faults> {
        match self {
            Self::Invalid(error) => Some(&error.faults),
            Self::Policy(faults) => Some(faults),
            Self::Within { error, .. } => error.faults(),
            _ => None,
        }
    }

    /// Whether it is about the input, and asking again with the same input is useless.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.kind() == ErrorKind::Invalid
    }
}

impl Error {
    /// The same error of a part of what was asked: faults get the part's path, other errors stand within
    /// it.
    pub(crate) fn below(self, path: &str) -> Self {
        match self {
            Self::Invalid(mut invalid) => {
                let faults = std::mem::take(&mut invalid.faults);
                invalid.faults.nest(path, faults);
                Self::Invalid(invalid)
            }
            other => Self::Within { path: path.to_owned(), error: Box::new(other) },
        }
    }
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Self::Policy(faults)
    }
}

impl From<crate::key::KeyError> for Error {
    fn from(error: crate::key::KeyError) -> Self {
        let fault = crate::fault::Fault::new(error.what(), error.rule().code(), error.rule().to_string());
        Self::Invalid(Box::new(Invalid {
            code: "key.invalid",
            subject: "the key".to_owned(),
            faults: Faults::one(fault),
        }))
    }
}

/// Boxes the detail of an error.
macro_rules! from_detail {
    ($($variant:ident($detail:ty),)*) => {$(
        impl From<$detail> for Error {
            fn from(detail: $detail) -> Self {
                Self::$variant(Box::new(detail))
            }
        }
    )*};
}

from_detail! {
    Invalid(Invalid),
    NotFound(NotFound),
    Refused(PermissionRefused),
    Illegal(Illegal),
    Blocked(Blocked),
    ReopeningOver(ReopeningOver),
    ServiceRequest(ServiceRequest),
    Conflict(VersionConflict),
    ClockBehind(ClockBehind),
}

/// The error for a read that asks for what cannot be had.
pub(crate) fn invalid_read(path: &str, code: &'static str, rule: String) -> Error {
    let faults = Faults::one(crate::fault::Fault::new(path, code, rule));
    Invalid { code: "read.invalid", subject: "the request".to_owned(), faults }.into()
}

/// Writes items with commas between.
pub(crate) fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
