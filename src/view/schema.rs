//! The JSON Schemas of the views.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};

use super::{ClockView, ListRow, MoveView, OpenedView, ProblemView, RecordView, TimelineEntry};
use crate::{
    id::{Id, Number, Version},
    incident::Stage,
    key::{ClockName, GroupRef, LevelName, PersonRef, StageLabel},
    problem::{self, Problem},
};

/// The JSON Schema (draft 2020-12) of each view, by its name: `record`, `row`, `timeline_entry`, `move`,
/// `clock`, `opened`, which is made of the others, `problem` and `problem_row`.
///
/// They describe what this version writes. Members may be added; no schema forbids them.
///
/// ```
/// let schemas = andon::view::schemas();
/// assert_eq!(schemas["record"]["properties"]["id"]["format"], "uuid");
/// ```
#[must_use]
pub fn schemas() -> BTreeMap<&'static str, serde_json::Value> {
    [
        ("record", schema::<RecordView>()),
        ("row", schema::<ListRow>()),
        ("timeline_entry", schema::<TimelineEntry>()),
        ("move", schema::<MoveView>()),
        ("clock", schema::<ClockView>()),
        ("opened", schema::<OpenedView>()),
        ("problem", schema::<ProblemView>()),
        ("problem_row", schema::<ListRow<Problem>>()),
    ]
    .into()
}

fn schema<T: JsonSchema>() -> serde_json::Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// Declares how a value of the library's own is written, without a definition of its own.
macro_rules! written {
    ($([$($of:tt)*] $name:ty, $said:literal: $schema:tt;)*) => {$(
        impl<$($of)*> JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed($said)
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

written! {
    [T: ?Sized] Id<T>, "Id": { "type": "string", "format": "uuid" };
    [] Number, "Number": { "type": "string", "pattern": "^[A-Za-z0-9_-]{0,16}[0-9]{1,20}$" };
    [] Stage, "Stage": {
        "type": "string",
        "enum": ["new", "assigned", "in_progress", "on_hold", "resolved", "closed", "cancelled"]
    };
    [] problem::Stage, "ProblemStage": {
        "type": "string",
        "enum": ["new", "assessing", "investigating", "fix_in_progress", "observing", "resolved", "closed"]
    };
    [] StageLabel, "StageLabel": { "type": "string" };
    [] LevelName, "LevelName": { "type": "string" };
    [] GroupRef, "GroupRef": { "type": "string" };
    [] PersonRef, "PersonRef": { "type": "string" };
    [] ClockName, "ClockName": { "type": "string" };
    [] Version, "Version": { "type": "integer", "format": "uint64", "minimum": 0 };
}
