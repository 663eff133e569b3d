//! Progress: what the events have added up to. Milestones, counters, assignment, priority.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Assignment, Waiver};
use crate::{
    key::{GroupRef, KeyError, MilestoneKey, PersonRef, StageLabel},
    ledger::Ledger,
    lifecycle::Stamp,
    priority::Assessment,
    time::{Instant, seconds_between},
};

/// Declares the milestones, their names and the table of their times.
macro_rules! milestones {
    ($($(#[$doc:meta])* $variant:ident = $name:ident,)*) => {
        /// Something that happens once in a good incident, and whose time is asked for later. As data:
        /// `responded`, or a key that the policy declares.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Arc<str>", into = "Arc<str>")]
        pub enum Milestone {
            $($(#[$doc])* $variant,)*
            /// One of the host's own, which the policy declares: `aware`, `authority_notified`.
            Own(MilestoneKey),
        }

        impl Milestone {
            /// Every milestone that needs no declaration, in the order in which they are reached.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// The milestone as data names it: `responded`.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => stringify!($name),)*
                    Self::Own(key) => key.as_str(),
                }
            }
        }

        impl TryFrom<Arc<str>> for Milestone {
            type Error = KeyError;

            fn try_from(text: Arc<str>) -> Result<Self, KeyError> {
                match &*text {
                    $(stringify!($name) => Ok(Self::$variant),)*
                    _ => MilestoneKey::try_from(text).map(Self::Own),
                }
            }
        }

        impl From<Milestone> for Arc<str> {
            fn from(milestone: Milestone) -> Self {
                match milestone {
                    Milestone::Own(key) => key.into(),
                    known => known.as_str().into(),
                }
            }
        }

        /// When the milestones were reached. Each is the time at which it happened, not at which it was
        /// recorded.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Milestones {
            $(
                $(#[$doc])*
                #[serde(
                    default,
                    skip_serializing_if = "Option::is_none",
                    serialize_with = "crate::time::write_some"
                )]
                pub $name: Option<Instant>,
            )*
            /// Those of the host's own.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            pub own: BTreeMap<MilestoneKey, Instant>,
        }

        impl Milestones {
            /// When this milestone was reached.
            #[must_use]
            pub fn at(&self, milestone: &Milestone) -> Option<Instant> {
                match milestone {
                    $(Milestone::$variant => self.$name,)*
                    Milestone::Own(key) => self.own.get(key).copied(),
                }
            }

            /// The milestones that were reached, each with its time: first those that need no declaration.
            pub fn reached(&self) -> impl Iterator<Item = (&str, Instant)> {
                let known = [$((stringify!($name), self.$name)),*];
                let known = known.into_iter().filter_map(|(name, at)| Some((name, at?)));
                known.chain(self.own.iter().map(|(key, at)| (key.as_str(), *at)))
            }

            fn set(&mut self, milestone: Milestone, at: Option<Instant>) {
                match (milestone, at) {
                    $((Milestone::$variant, at) => self.$name = at,)*
                    (Milestone::Own(key), Some(at)) => {
                        self.own.insert(key, at);
                    }
                    (Milestone::Own(key), None) => {
                        self.own.remove(&key);
                    }
                }
            }
        }
    };
}

milestones! {
    /// It began.
    Occurred = occurred,
    /// Somebody or something noticed it.
    Detected = detected,
    /// It was reported to the desk.
    Reported = reported,
    /// It was first dispatched to a group or a person.
    Assigned = assigned,
    /// Somebody said that they had seen it.
    Acknowledged = acknowledged,
    /// The desk responded: a person started work, a person of the desk wrote a public note, or it was
    /// resolved by anybody, whichever came first. Routing, logging, and what automations write or begin do
    /// not count.
    Responded = responded,
    /// Work began.
    Started = started,
    /// The cause was known.
    Identified = identified,
    /// It could do no further harm.
    Contained = contained,
    /// Its effect was lessened.
    Mitigated = mitigated,
    /// Service was back.
    Restored = restored,
    /// It was resolved, the last time.
    Resolved = resolved,
    /// The resolution was confirmed.
    Confirmed = confirmed,
    /// It was closed.
    Closed = closed,
}

impl Milestone {
    /// Whether a move sets it, so that nobody can record it by hand.
    #[must_use]
    pub const fn is_set_by_stage(&self) -> bool {
        matches!(self, Self::Reported | Self::Responded | Self::Resolved | Self::Confirmed | Self::Closed)
    }
}

/// What the events have added up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The priority, and how it came about.
    pub assessment: Arc<Assessment>,
    /// With whom it is.
    #[serde(default)]
    pub assignment: Assignment,
    /// The last group that had it, whether or not it has it still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_group: Option<GroupRef>,
    /// The last person who had it, whether or not they have it still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_person: Option<PersonRef>,
    /// The host's own status beneath the stage. Leaving the stage clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<StageLabel>,
    /// When the milestones were reached.
    pub milestones: Milestones,
    /// When the stage was entered, by the time at which it happened.
    #[serde(serialize_with = "crate::time::write")]
    pub stage_since: Instant,
    /// When the last event was recorded.
    #[serde(serialize_with = "crate::time::write")]
    pub recorded_at: Instant,
    /// How often it went from one group to another. The first group is no hop.
    #[serde(default)]
    pub group_hops: u32,
    /// How often it went from one person to another. The first person is no hop.
    #[serde(default)]
    pub person_hops: u32,
    /// How often it was reopened.
    #[serde(default)]
    pub reopenings: u32,
    /// How many hold intervals there have been; a change of reason begins a new one.
    #[serde(default)]
    pub holds: u32,
    /// The seconds spent in hold intervals that have ended.
    #[serde(default)]
    pub on_hold_seconds: u64,
    /// How many public notes there are in the log.
    #[serde(default)]
    pub public_notes: u32,
    /// How many internal notes there are in the log.
    #[serde(default)]
    pub internal_notes: u32,
    /// When the desk last wrote a public note.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::time::write_some")]
    pub last_public_note: Option<Instant>,
    /// When the caller last replied.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::time::write_some")]
    pub last_caller_reply: Option<Instant>,
    /// The seconds that people recorded as spent.
    #[serde(default)]
    pub time_spent_seconds: u64,
    /// The obligations that were waived. Reopening clears them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
    /// How often the stage was set by hand.
    #[serde(default)]
    pub corrections: u32,
    /// When it was recorded here, if that is not when it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::time::write_some")]
    pub(crate) created_at: Option<Instant>,
    /// Its clocks.
    #[serde(default, skip_serializing_if = "has_no_clocks")]
    pub(crate) clocks: Arc<Ledger>,
}

fn has_no_clocks(clocks: &Arc<Ledger>) -> bool {
    clocks.is_empty()
}

impl Progress {
    /// The beginning: reported, and with nobody yet.
    pub(crate) fn begun(assessment: Arc<Assessment>, milestones: Milestones, stamp: &Stamp<'_>) -> Self {
        Self {
            assessment,
            assignment: Assignment::default(),
            last_group: None,
            last_person: None,
            label: None,
            milestones: Milestones { reported: Some(stamp.occurred_at), ..milestones },
            stage_since: stamp.occurred_at,
            recorded_at: stamp.recorded_at,
            group_hops: 0,
            person_hops: 0,
            reopenings: 0,
            holds: 0,
            on_hold_seconds: 0,
            public_notes: 0,
            internal_notes: 0,
            last_public_note: None,
            last_caller_reply: None,
            time_spent_seconds: 0,
            waivers: Vec::new(),
            corrections: 0,
            created_at: Some(stamp.recorded_at).filter(|created| *created != stamp.occurred_at),
            clocks: Arc::new(Ledger::default()),
        }
    }

    /// When it was recorded here. It is later than when it was reported, if it was reported elsewhere before.
    #[must_use]
    pub const fn created_at(&self) -> Option<Instant> {
        match self.created_at {
            Some(at) => Some(at),
            None => self.milestones.reported,
        }
    }

    /// Takes note that something was recorded.
    pub(crate) fn record(&mut self, stamp: &Stamp<'_>) {
        self.recorded_at = self.recorded_at.max(stamp.recorded_at);
    }

    /// Takes note that a stage was entered.
    pub(crate) fn enter(&mut self, stamp: &Stamp<'_>) {
        self.record(stamp);
        self.stage_since = stamp.occurred_at;
        self.label = None;
    }

    /// Takes back what had ended.
    pub(crate) fn reopen(&mut self) {
        self.reopenings = self.reopenings.saturating_add(1);
        self.set(Milestone::Resolved, None);
        self.set(Milestone::Confirmed, None);
        self.set(Milestone::Closed, None);
        self.waivers.clear();
    }

    /// Reaches a milestone; the earliest time counts.
    pub(crate) fn reach(&mut self, milestone: Milestone, at: Instant) {
        let first = self.milestones.at(&milestone).map_or(at, |earlier| earlier.min(at));
        self.milestones.set(milestone, Some(first));
    }

    /// Sets a milestone anew, or clears it.
    pub(crate) fn set(&mut self, milestone: Milestone, at: Option<Instant>) {
        self.milestones.set(milestone, at);
    }

    /// Ends a hold interval.
    pub(crate) fn end_hold(&mut self, since: Instant, at: Instant) {
        self.on_hold_seconds = self.on_hold_seconds.saturating_add(seconds_between(since, at));
    }

    /// Begins a hold interval.
    pub(crate) fn begin_hold(&mut self) {
        self.holds = self.holds.saturating_add(1);
    }

    /// Hands it to somebody, counting the hops.
    pub(crate) fn hand_to(&mut self, to: Assignment) {
        if let Some(group) = &to.group {
            if self.last_group.as_ref().is_some_and(|last| last != group) {
                self.group_hops = self.group_hops.saturating_add(1);
            }
            self.last_group = Some(group.clone());
        }
        if let Some(person) = &to.person {
            if self.last_person.as_ref().is_some_and(|last| last != person) {
                self.person_hops = self.person_hops.saturating_add(1);
            }
            self.last_person = Some(person.clone());
        }
        self.assignment = to;
    }
}
