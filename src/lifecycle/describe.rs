//! A lifecycle as data and as a diagram.

use std::fmt::Write as _;

use serde::Serialize;

/// One move from one stage to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Transition {
    /// The stage before.
    pub from: &'static str,
    /// The move, by its verb.
    pub verb: &'static str,
    /// The stage after; the same as before for moves that stay.
    pub to: &'static str,
}

/// The states and moves of a kind of record.
///
/// It is not written down anywhere: it is found by trying every move on a record in every stage, so
/// it cannot differ from what the code does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lifecycle {
    pub(crate) stages: Vec<&'static str>,
    pub(crate) begins_by: &'static str,
    pub(crate) initial: &'static str,
    pub(crate) finals: Vec<&'static str>,
    pub(crate) transitions: Vec<Transition>,
}

/// A kind of record whose lifecycle can be described.
pub trait HasLifecycle {
    /// The states and moves.
    fn lifecycle() -> Lifecycle;
}

impl Lifecycle {
    /// The lifecycle of a kind of record.
    ///
    /// ```
    /// use andon::{incident::Incident, lifecycle::Lifecycle};
    ///
    /// let lifecycle = Lifecycle::describe::<Incident>();
    /// assert_eq!(lifecycle.initial(), "New");
    /// assert!(lifecycle.to_mermaid().contains("OnHold --> InProgress: start_work, resume"));
    /// ```
    #[must_use]
    pub fn describe<R: HasLifecycle>() -> Self {
        R::lifecycle()
    }

    /// The stages, in the order of a record's life.
    #[must_use]
    pub fn stages(&self) -> &[&'static str] {
        &self.stages
    }

    /// The verb by which a record begins: `report`, `raise`.
    #[must_use]
    pub const fn begins_by(&self) -> &'static str {
        self.begins_by
    }

    /// The stage in which a record begins.
    #[must_use]
    pub const fn initial(&self) -> &'static str {
        self.initial
    }

    /// The stages that end a record's life.
    #[must_use]
    pub fn finals(&self) -> &[&'static str] {
        &self.finals
    }

    /// Every legal move in every stage, in the order of the stages.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// The moves that change the stage, as a [Mermaid](https://mermaid.js.org) state diagram.
    /// Corrections, which lead from everywhere to everywhere, are left out.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("stateDiagram-v2\n");
        let _ = writeln!(out, "    [*] --> {}: {}", self.initial, self.begins_by);
        let mut arrows: Vec<(&str, &str, Vec<&str>)> = Vec::new();
        for Transition { from, verb, to } in &self.transitions {
            if from == to || *verb == "correct" {
                continue;
            }
            match arrows.iter_mut().find(|(a, b, _)| (a, b) == (from, to)) {
                Some((_, _, verbs)) => verbs.push(verb),
                None => arrows.push((from, to, vec![verb])),
            }
        }
        for (from, to, verbs) in arrows {
            let _ = writeln!(out, "    {from} --> {to}: {}", verbs.join(", "));
        }
        for stage in &self.finals {
            let _ = writeln!(out, "    {stage} --> [*]");
        }
        out
    }
}
