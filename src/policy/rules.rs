//! The parts of a policy, each with what it decides.

use serde::{Deserialize, Serialize};

use crate::{
    field::Requirement,
    incident::{HoldReason, ReplyRule, Stage, WakeOn},
    key::{CategoryKey, ContactChannel, MilestoneKey, OfferingRef, ResolutionCode, RuleId, StageLabel},
    time::Seconds,
};

/// Whether a hold needs a date on which it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UntilRule {
    /// It may have one.
    #[default]
    Optional,
    /// It must have one.
    Required,
}

/// A reason for which incidents may wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRule {
    /// The reason.
    pub reason: HoldReason,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it needs a date.
    #[serde(default)]
    pub until: UntilRule,
    /// Whether it needs a note that says what is waited for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_note: bool,
    /// What ends it, beside its date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wakes_on: Vec<WakeOn>,
    /// Takes no new holds; those that are there go on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

impl HoldRule {
    /// A reason that asks for nothing and that nothing ends.
    #[must_use]
    pub const fn new(reason: HoldReason) -> Self {
        Self {
            reason,
            label: None,
            until: UntilRule::Optional,
            needs_note: false,
            wakes_on: Vec::new(),
            retired: false,
        }
    }
}

/// A way in which incidents are resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolutionRule {
    /// The code.
    pub code: ResolutionCode,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it needs a text that says what was done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_text: bool,
    /// Takes no new resolutions; those that are there stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

impl ResolutionRule {
    /// A code that asks for nothing more.
    #[must_use]
    pub const fn new(code: ResolutionCode) -> Self {
        Self { code, label: None, needs_text: false, retired: false }
    }
}

/// A status of the host's own beneath a fixed stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelRule {
    /// Its key.
    pub key: StageLabel,
    /// The stage beneath which it stands.
    pub stage: Stage,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Is not set anew; where it is set it stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

/// A milestone of the host's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MilestoneRule {
    /// Which: a word of the host's own, such as `aware` or `authority_notified`.
    pub milestone: MilestoneKey,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Is not recorded anew; where it was recorded it stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

impl MilestoneRule {
    /// A milestone with this key.
    #[must_use]
    pub const fn new(milestone: MilestoneKey) -> Self {
        Self { milestone, label: None, retired: false }
    }
}

/// What confirms a resolution; any one of these is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmationRule {
    /// The caller's word.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub caller: bool,
    /// Monitoring.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub monitoring: bool,
    /// So long without a reply from the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_seconds: Option<Seconds>,
}

impl ConfirmationRule {
    /// The caller, monitoring, or five quiet days.
    #[must_use]
    pub fn itil() -> Self {
        Self { caller: true, monitoring: true, quiet_seconds: Some(Seconds::days(5)) }
    }

    /// Whether any confirmation is asked for.
    #[must_use]
    pub const fn is_asked(&self) -> bool {
        self.caller || self.monitoring || self.quiet_seconds.is_some()
    }
}

/// What closure asks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosurePolicy {
    /// What confirms a resolution. In a file, left out: as in ITIL; an empty table: nothing is asked for.
    #[serde(default = "ConfirmationRule::itil")]
    pub confirmation: ConfirmationRule,
    /// Fields that are asked for in every category, beside what the category asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<Requirement>,
    /// What a caller's reply does to a resolved incident.
    #[serde(default)]
    pub on_caller_reply: ReplyRule,
    /// After so long without a reply from the caller a resolved incident closes by itself; without it, none
    /// does. At least as long as the quiet time that confirms, if that is asked for.
    ///
    /// What holds for an incident stands in its resolution: it closes, or is kept from it by what is owed,
    /// by the policy by which it was resolved, whatever is published later. If something is owed, that is
    /// said once, and it closes with the command after which nothing is owed any more. A reply that was
    /// only flagged, and that nobody of the desk has answered publicly, keeps it open likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_after_seconds: Option<Seconds>,
}

/// When and how often a resolution can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReopeningPolicy {
    /// How long after the resolution; `None`: as long as it is not closed. In a file, left out: thirty days
    /// as in ITIL; `"unlimited"`: as long as it is not closed.
    #[serde(default = "ReopeningPolicy::thirty_days", with = "unlimited")]
    pub window_seconds: Option<Seconds>,
    /// How often in all; without it, any number of times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_times: Option<u32>,
}

impl ReopeningPolicy {
    /// Thirty days in which to reopen, any number of times.
    #[must_use]
    pub fn itil() -> Self {
        Self { window_seconds: Self::thirty_days(), max_times: None }
    }

    #[expect(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
    fn thirty_days() -> Option<Seconds> {
        Some(Seconds::days(30))
    }
}

/// A limit as a number, or `"unlimited"`.
mod unlimited {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::time::Seconds;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged, expecting = "expected a number of seconds, or \"unlimited\"")]
    enum Limit {
        Seconds(u64),
        Word(String),
    }

    #[expect(clippy::ref_option, reason = "serde passes the field like this")]
    pub(super) fn serialize<S: Serializer>(limit: &Option<Seconds>, serializer: S) -> Result<S::Ok, S::Error> {
        match limit {
            Some(seconds) => Limit::Seconds(seconds.get()),
            None => Limit::Word("unlimited".to_owned()),
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Seconds>, D::Error> {
        match Limit::deserialize(deserializer)? {
            Limit::Seconds(seconds) => Seconds::new(seconds).map(Some).map_err(D::Error::custom),
            Limit::Word(word) if word == "unlimited" => Ok(None),
            Limit::Word(word) => {
                Err(D::Error::custom(format!("`{word}` is neither a number of seconds nor \"unlimited\"")))
            }
        }
    }
}

/// What is recognised when something is reported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// The first rule that fits makes it a service request, which is handed back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_requests: Vec<ServiceRequestRule>,
    /// The contact channels; if there are none here, any is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ContactChannel>,
}

/// A criterion for a service request: every part that is not empty must fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRequestRule {
    /// The name by which the answer points to this rule.
    pub id: RuleId,
    /// One of these categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryKey>,
    /// One of these offerings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offerings: Vec<OfferingRef>,
    /// One of these channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ContactChannel>,
    /// One of these phrases in the title, in any case of letters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub title_contains: Vec<String>,
}

/// How records are numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbering {
    /// Numbers of incidents.
    pub incident: NumberFormat,
    /// Numbers of problems; in a file, left out: `PRB0000001`.
    #[serde(default = "NumberFormat::of_problems")]
    pub problem: NumberFormat,
}

/// The form of a number: a prefix, and digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberFormat {
    /// The letters before the digits.
    pub prefix: String,
    /// The least number of digits, 1 to 20.
    pub width: u8,
}

impl NumberFormat {
    fn of_problems() -> Self {
        Numbering::default().problem
    }
}

/// Caps on sizes and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// Characters of a title.
    pub title_chars: usize,
    /// Characters of a description, a note, a reason.
    pub text_chars: usize,
    /// Labels of a record.
    pub labels: usize,
    /// Watchers of a record.
    pub watchers: usize,
    /// Attachments of a record.
    pub attachments: usize,
    /// Bytes of an attached file.
    pub attachment_bytes: u64,
    /// External references of a record.
    pub references: usize,
    /// Services of a record.
    pub services: usize,
    /// Items of a record.
    pub items: usize,
    /// Links of a record to others: the incident that it follows, or is a duplicate of.
    pub links: usize,
    /// Steps of an imported history.
    pub import_steps: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            title_chars: 200,
            text_chars: 32_000,
            labels: 50,
            watchers: 200,
            attachments: 100,
            attachment_bytes: 100 * 1024 * 1024,
            references: 50,
            services: 50,
            items: 200,
            links: 1_000,
            import_steps: 10_000,
        }
    }
}

/// How late a clock may be, and how far back something may be said to have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeliness {
    /// How far `now` may lie behind what a record already holds, as between two hosts' clocks.
    pub allowed_skew_seconds: Seconds,
    /// How far back something may be said to have happened; imports may go further. `None`, in a file
    /// `"unlimited"`: any time back to when the incident came to its stage.
    #[serde(with = "unlimited")]
    pub max_backdate_seconds: Option<Seconds>,
}

impl Default for Timeliness {
    fn default() -> Self {
        Self { allowed_skew_seconds: Seconds::hours(0), max_backdate_seconds: Some(Seconds::days(30)) }
            .with_skew_minutes(5)
    }
}

impl Timeliness {
    /// The same with another allowed skew.
    #[must_use]
    pub fn with_skew_minutes(mut self, minutes: u16) -> Self {
        self.allowed_skew_seconds = Seconds::new(u64::from(minutes).saturating_mul(60)).unwrap_or(Seconds::ZERO);
        self
    }
}
