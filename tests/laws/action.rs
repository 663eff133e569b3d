//! Actions: what a sequence is made of. The command that an action comes to is drawn where it stands.

use andon::testing::strategies::{Choices, choices};
use proptest::prelude::*;

/// One step of a sequence. What it comes to depends on where it finds the incident.
#[derive(Debug, Clone)]
pub struct Action {
    pub kind: Kind,
    /// Which verb, actor and arguments.
    pub choices: Choices,
    /// How long before it time passes, as an index of [`WAITS`].
    pub wait: usize,
    pub when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A command by a verb that moves the stage.
    Move,
    /// A command by a verb that the stage has and that leaves it.
    Facet,
    /// A command by any verb.
    Any,
    /// A command with something wrong in it.
    Bad,
    /// An earlier command once more.
    Again,
    /// The id of an earlier command for another one.
    Reuse,
    /// At a version that the record is no longer at.
    Stale,
    /// A read.
    Read,
    /// Another report, bad as often as not.
    Report,
    /// Another policy.
    Publish,
    /// The clock goes back.
    Back,
}

/// When a command is said to have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Now.
    Now,
    /// So many sixteenths of the way back to the beginning of the stage.
    Since(u8),
    /// So many hours ago, whatever the stage.
    Ago(u32),
    /// In the future.
    Future,
}

/// How long time passes, in seconds.
pub const WAITS: [u32; 16] =
    [0, 1, 5, 30, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 86_400, 172_800, 518_400, 1_296_000, 3_456_000];

pub fn actions(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<Action>> {
    prop::collection::vec(action(), length)
}

fn action() -> impl Strategy<Value = Action> {
    let kind = prop_oneof![
        38 => Just(Kind::Move),
        38 => Just(Kind::Facet),
        6 => Just(Kind::Any),
        5 => Just(Kind::Bad),
        3 => Just(Kind::Again),
        1 => Just(Kind::Reuse),
        1 => Just(Kind::Stale),
        3 => Just(Kind::Read),
        2 => Just(Kind::Report),
        4 => Just(Kind::Publish),
        2 => Just(Kind::Back),
    ];
    let when = prop_oneof![
        80 => Just(When::Now),
        12 => (0..=16_u8).prop_map(When::Since),
        5 => prop_oneof![0..=48_u32, 700..=1_000_u32].prop_map(When::Ago),
        1 => Just(When::Future),
    ];
    let wait = prop_oneof![12 => 0..11_usize, 3 => 11..14_usize, 1 => 14..16_usize];
    (kind, choices(), wait, when).prop_map(|(kind, choices, wait, when)| Action { kind, choices, wait, when })
}
