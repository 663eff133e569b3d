//! The details of errors: what a host may want to show or act on.

use std::fmt;

use super::list;
use crate::{
    actor::ActorId,
    command::Report,
    fault::Faults,
    id::{CommandId, Number, Version},
    key::RuleId,
    obligation::{Obligation, ReopeningLimit},
    permission::Permission,
    record::AnyStage,
    time::Instant,
    verb::Verb,
};

/// Fields are wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    pub(crate) code: &'static str,
    pub(crate) subject: String,
    pub(crate) faults: Faults,
}

impl Invalid {
    /// Every field that is wrong, and how.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        vec![("subject", self.subject.clone()), ("faults", self.faults.to_string())]
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be taken: {}", self.subject, self.faults)
    }
}

impl std::error::Error for Invalid {}

/// There is no such record, or none that the actor may see: the answer is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound {
    pub(crate) what: String,
}

impl NotFound {
    /// What was asked for.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not exist, or is not yours to see", self.what)
    }
}

impl std::error::Error for NotFound {}

/// The actor lacks a permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionRefused {
    pub(crate) code: &'static str,
    pub(crate) permission: Permission,
    pub(crate) actor: ActorId,
    pub(crate) number: Option<Number>,
}

impl PermissionRefused {
    /// The permission that it takes.
    #[must_use]
    pub const fn permission(&self) -> Permission {
        self.permission
    }

    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        let mut params = vec![("permission", self.permission.to_string()), ("actor", self.actor.to_string())];
        params.extend(self.number.iter().map(|number| ("number", number.to_string())));
        params
    }
}

impl fmt::Display for PermissionRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lacks the permission `{}`", self.actor, self.permission)?;
        match &self.number {
            Some(number) => write!(f, " for {number}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PermissionRefused {}

/// The record's stage has no such move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Illegal {
    pub(crate) verb: Verb,
    pub(crate) number: Number,
    pub(crate) stage: AnyStage,
    pub(crate) legal: Vec<Verb>,
}

impl Illegal {
    /// The record's number.
    #[must_use]
    pub const fn number(&self) -> &Number {
        &self.number
    }

    /// What was asked.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// The stage in which it found the record.
    #[must_use]
    pub const fn stage(&self) -> AnyStage {
        self.stage
    }

    /// What the stage has instead, as far as the lifecycle goes: which of it the actor may do, and what is owed
    /// before, is told by the allowed moves.
    #[must_use]
    pub fn legal(&self) -> &[Verb] {
        &self.legal
    }

    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        vec![
            ("number", self.number.to_string()),
            ("verb", self.verb.to_string()),
            ("stage", self.stage.to_string()),
            ("legal", list(&self.legal)),
        ]
    }
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, number, stage, legal } = self;
        write!(
            f,
            "{number} is {stage}, where `{verb}` is not possible; the stage has {}, each for those who may",
            list(legal)
        )
    }
}

impl std::error::Error for Illegal {}

/// Something is owed before the move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    pub(crate) verb: Verb,
    pub(crate) number: Number,
    pub(crate) obligations: Vec<Obligation>,
}

impl Blocked {
    /// The record's number.
    #[must_use]
    pub const fn number(&self) -> &Number {
        &self.number
    }

    /// What was asked.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// What is owed.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }

    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        vec![
            ("number", self.number.to_string()),
            ("verb", self.verb.to_string()),
            ("obligations", list(&self.obligations)),
        ]
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot {} yet: ", self.number, self.verb)?;
        for (index, obligation) in self.obligations.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{obligation}")?;
            if let Some(permission) = obligation.waivable_by() {
                write!(f, " (`{permission}` can waive it)")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Blocked {}

/// The incident cannot be reopened any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReopeningOver {
    pub(crate) number: Number,
    pub(crate) limit: ReopeningLimit,
    pub(crate) successor: Report,
}

impl ReopeningOver {
    /// The record's number.
    #[must_use]
    pub const fn number(&self) -> &Number {
        &self.number
    }

    /// Which limit is reached.
    #[must_use]
    pub const fn limit(&self) -> ReopeningLimit {
        self.limit
    }

    /// A report with the same facts that follows this incident: report it, and the trouble goes on
    /// there.
    #[must_use]
    pub const fn successor(&self) -> &Report {
        &self.successor
    }

    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        let limit = match self.limit {
            ReopeningLimit::Window(end) => ("until", end.to_rfc3339()),
            ReopeningLimit::Times(times) => ("times", times.to_string()),
        };
        vec![("number", self.number.to_string()), limit]
    }
}

impl fmt::Display for ReopeningOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, limit, .. } = self;
        write!(f, "{number} cannot be reopened: {limit}; report a new incident that follows it")
    }
}

impl std::error::Error for ReopeningOver {}

/// It is a service request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRequest {
    pub(crate) rule: RuleId,
    pub(crate) report: Report,
}

impl ServiceRequest {
    /// The rule of the policy that recognised it.
    #[must_use]
    pub const fn rule(&self) -> &RuleId {
        &self.rule
    }

    /// The report, handed back as it came.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }
}

impl fmt::Display for ServiceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is a service request and no incident, by rule `{}`; nothing was stored", self.rule)
    }
}

impl std::error::Error for ServiceRequest {}

/// The record is not at the version that the caller named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionConflict {
    pub(crate) number: Number,
    pub(crate) expected: Version,
    pub(crate) found: Version,
    pub(crate) since: Vec<Happened>,
    pub(crate) more: bool,
}

/// Something that has happened to a record since the version that a caller named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Its place in the record's log.
    pub sequence: Version,
    /// The kind of event: `incident.resolved`.
    pub kind: &'static str,
    /// Who did it.
    pub actor: ActorId,
    /// When it was recorded.
    pub recorded_at: Instant,
}

impl VersionConflict {
    /// The record's number.
    #[must_use]
    pub const fn number(&self) -> &Number {
        &self.number
    }

    /// The version that the caller named.
    #[must_use]
    pub const fn expected(&self) -> Version {
        self.expected
    }

    /// The version that it has.
    #[must_use]
    pub const fn found(&self) -> Version {
        self.found
    }

    /// What has happened since, as far as the actor may see it: the first twenty events.
    #[must_use]
    pub fn since(&self) -> &[Happened] {
        &self.since
    }

    /// Whether more has happened than [`since`](Self::since) tells.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.more
    }

    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        vec![
            ("number", self.number.to_string()),
            ("expected", self.expected.to_string()),
            ("found", self.found.to_string()),
            ("since", list(&self.since)),
        ]
    }
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.kind, self.actor)
    }
}

impl fmt::Display for VersionConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, expected, found, since, more } = self;
        write!(f, "{number} is at version {found} and not at {expected}")?;
        if since.is_empty() {
            return Ok(());
        }
        write!(f, "; since then: {}{}", list(since), if *more { ", …" } else { "" })
    }
}

impl std::error::Error for VersionConflict {}

/// Another version of the policy is in force than the caller named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("version {found} of the policy is in force and not {expected}; look at what was published since")]
pub struct PolicyConflict {
    pub(crate) expected: Version,
    pub(crate) found: u32,
}

impl PolicyConflict {
    /// The version that the caller named.
    #[must_use]
    pub const fn expected(&self) -> Version {
        self.expected
    }

    /// The version in force; 0 if none was published.
    #[must_use]
    pub const fn found(&self) -> u32 {
        self.found
    }

    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        vec![("expected", self.expected.to_string()), ("found", self.found.to_string())]
    }
}

/// What is wrong with a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CursorError {
    /// It is no cursor. Begin anew without one.
    #[error("this is no cursor; begin at the first page")]
    Malformed,
    /// It belongs to another list, viewer or tenant, or to another filter or order. Begin anew without one.
    #[error("this cursor belongs to another list; begin at the first page")]
    Elsewhere,
}

/// The command id was used for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("command id {command} was used for something else; take a new one")]
pub struct CommandReused {
    pub(crate) command: CommandId,
}

/// `now` lies behind what the record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockBehind {
    pub(crate) number: Number,
    pub(crate) now: Instant,
    pub(crate) recorded_at: Instant,
}

impl ClockBehind {
    /// The record's number.
    #[must_use]
    pub const fn number(&self) -> &Number {
        &self.number
    }

    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        vec![
            ("number", self.number.to_string()),
            ("now", self.now.to_rfc3339()),
            ("recorded_at", self.recorded_at.to_rfc3339()),
        ]
    }
}

impl fmt::Display for ClockBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, now, recorded_at } = self;
        write!(
            f,
            "the clock says {}, but {number} was last changed at {}; set the clock, or allow more skew in the policy",
            now.to_rfc3339(),
            recorded_at.to_rfc3339(),
        )
    }
}

impl std::error::Error for ClockBehind {}
