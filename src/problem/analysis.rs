//! The analysis: hypotheses with their verdicts, the root cause, and the known error.

use serde::{Deserialize, Serialize};

use crate::{actor::ActorId, key::CauseCategory, text::Text, time::Instant};

/// What is known about the cause, in every stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// What the cause may be, in the order in which it was thought of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hypotheses: Vec<Hypothesis>,
    /// How many findings there are in the log.
    #[serde(default, skip_serializing_if = "is_none")]
    pub findings: u32,
    /// The cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<RootCause>,
    /// What those who meet its symptoms should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_error: Option<KnownError>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field like this")]
const fn is_none(count: &u32) -> bool {
    *count == 0
}

/// Something that the cause may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// Its number within the problem, counted from 1.
    pub number: u32,
    /// What it says.
    pub text: Text,
    /// What came of it; `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
}

/// What came of a hypothesis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// Whether it held.
    pub verdict: Verdict,
    /// By what it was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// Whether a hypothesis held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It did.
    Confirmed,
    /// It did not.
    Refuted,
    /// It cannot be said.
    Inconclusive,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::Refuted, Self::Inconclusive];

    /// The verdict as data names it: `confirmed`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::Inconclusive => "inconclusive",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key())
    }
}

/// The cause of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootCause {
    /// What kind of cause it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CauseCategory>,
    /// What it is.
    pub text: Text,
    /// What helped it along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contributing: Vec<Text>,
}

/// What those who meet the symptoms of a problem should know: a problem that has been analysed and is not resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownError {
    /// By what it shows.
    pub symptoms: Text,
    /// How to live with it, if there is a way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workaround: Option<Workaround>,
    /// Whether people are told.
    #[serde(default)]
    pub publication: Publication,
}

impl KnownError {
    /// Whether people are told of it.
    #[must_use]
    pub const fn is_published(&self) -> bool {
        matches!(self.publication, Publication::Published { .. })
    }

    /// The workaround that may be offered to others: of a known error that is published.
    #[must_use]
    pub const fn offered(&self) -> Option<&Workaround> {
        if self.is_published() { self.workaround.as_ref() } else { None }
    }
}

/// A way around the effects of a problem, while its cause remains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workaround {
    /// What to do.
    pub text: Text,
    /// How much it helps.
    pub effect: Effect,
    /// Who found that it works, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

/// How much a workaround helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Work goes on as before.
    Full,
    /// Work goes on, with less.
    #[default]
    Partial,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 2] = [Self::Full, Self::Partial];

    /// The effect as data names it: `partial`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
        }
    }
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key())
    }
}

/// That a workaround was tried and works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// Who found so.
    pub by: ActorId,
    /// When.
    pub at: Instant,
}

/// Whether people are told of a known error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Publication {
    /// Not yet.
    #[default]
    Draft,
    /// They are.
    Published {
        /// By whom.
        by: ActorId,
        /// Since when.
        at: Instant,
    },
    /// They were, and are no more.
    Withdrawn {
        /// By whom.
        by: ActorId,
        /// Since when.
        at: Instant,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Text>,
    },
}

impl Publication {
    /// The word for it: `draft`, `published` or `withdrawn`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published { .. } => "published",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}
