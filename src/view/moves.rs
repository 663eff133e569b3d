//! The view of a move: a button, what its form asks for, and what stands in its way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{key, text, text_of};
use crate::{
    decision::{AllowedMove, MoveField},
    obligation::Obligation,
    time::Instant,
};

/// A move that the record has now, as [`Incident::allowed_moves`](crate::Incident::allowed_moves) tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MoveView {
    /// The command that asks for it: `{"command": "add_note", …}`.
    pub command: String,
    /// The move: `add_internal_note`, …
    pub verb: String,
    /// The permission that it takes: `incident.add_internal_note`, …
    pub permission: String,
    /// Whether the actor has that permission.
    pub permitted: bool,
    /// Whether nothing stands in its way: it is permitted, and no obligation blocks it.
    pub possible: bool,
    /// What is said with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldView>,
    /// What is owed before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<ObligationView>,
}

/// Something that has to be said, or may be said, with a move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldView {
    /// Its name in the command.
    pub name: String,
    /// What kind of value it takes: `text`, `choice`, `whole_number`, `yes_no`, `instant`, `digest`, `digests`, `texts`,
    /// `rated`, `rated_list`, `references`, `custom_fields`, `cancellation`, `link`, `correction`, `dismissed`,
    /// `problem_correction` or `workaround`, as
    /// [`MoveFieldKind`](crate::MoveFieldKind) explains them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Whether the move cannot do without it.
    pub required: bool,
    /// The values to choose from; none for a free value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What people read for an option, by the option: those to which the policy gives a label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The options of the move's first field with which this one is required, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_with: Vec<String>,
}

/// Something that is owed before a move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObligationView {
    /// Its stable code: `obligation.field`, …
    pub code: String,
    /// The field that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `blocking`, or `advice`: shown, and blocks nothing.
    pub severity: String,
    /// The permission with which it can be waived; left out if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waivable_by: Option<String>,
    /// What is owed, in an English sentence.
    pub text: String,
    /// When it settles by itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles_at: Option<Instant>,
}

impl From<&AllowedMove> for MoveView {
    fn from(allowed: &AllowedMove) -> Self {
        Self {
            command: allowed.command().to_owned(),
            verb: text(allowed.verb()),
            permission: allowed.permission().as_str().to_owned(),
            permitted: allowed.is_permitted(),
            possible: allowed.is_possible(),
            fields: allowed.fields().iter().map(FieldView::from).collect(),
            obligations: allowed.obligations().iter().map(ObligationView::from).collect(),
        }
    }
}

impl From<&MoveField> for FieldView {
    fn from(field: &MoveField) -> Self {
        Self {
            name: field.name().to_owned(),
            kind: key(field.kind()),
            required: field.is_required(),
            options: field.options().to_vec(),
            labels: field.labels().clone(),
            required_with: field.required_with().to_vec(),
        }
    }
}

impl From<&Obligation> for ObligationView {
    fn from(owed: &Obligation) -> Self {
        Self {
            code: owed.code().to_owned(),
            field: text_of(owed.field()),
            severity: key(owed.severity()),
            waivable_by: owed.waivable_by().map(|permission| permission.as_str().to_owned()),
            text: text(owed),
            settles_at: owed.settles_at(),
        }
    }
}
