//! What one policy leaves out of another: values that records may bear. They are retired, never removed.

use super::Policy;
use crate::{
    field::{FieldDefinition, FieldKind},
    priority::Scale,
    store::Term,
};

/// The values that `new` leaves out of `old`, each as the term that a record with it bears, and the part of
/// the policy in which it stood.
pub(crate) fn left_out(old: &Policy, new: &Policy) -> Vec<(Term, String)> {
    let (before, after) = (old.parts(), new.parts());
    let mut left = Vec::new();
    for category in &before.categories {
        if !after.categories.iter().any(|known| known.key == category.key) {
            left.push((Term::Category(category.key.clone()), "categories".to_owned()));
        }
    }
    for rule in &before.hold_reasons {
        if new.hold(rule.reason.as_str()).is_none() {
            left.push((Term::HoldReason(rule.reason.clone()), "hold_reasons".to_owned()));
            left.push((Term::FormerHoldReason(rule.reason.clone()), "hold_reasons".to_owned()));
        }
    }
    for rule in &before.resolution_codes {
        if new.resolution(rule.code.as_str()).is_none() {
            left.push((Term::ResolutionCode(rule.code.clone()), "resolution_codes".to_owned()));
        }
    }
    for rule in &before.stage_labels {
        if new.label(rule.stage, rule.key.as_str()).is_none() {
            left.push((Term::StageLabel(rule.stage, rule.key.clone()), "stage_labels".to_owned()));
            left.push((Term::FormerStageLabel(rule.stage, rule.key.clone()), "stage_labels".to_owned()));
        }
    }
    for field in &before.fields {
        of_field(field, new.field(field.key.as_str()), &mut left);
    }
    of_scale(&before.matrix.impact, &after.matrix.impact, "matrix.impact", Term::Impact, &mut left);
    of_scale(&before.matrix.urgency, &after.matrix.urgency, "matrix.urgency", Term::Urgency, &mut left);
    of_scale(&before.criticality, &after.criticality, "criticality", Term::Criticality, &mut left);
    left
}

/// A field that is gone or takes other values, or the options that it no longer has.
fn of_field(old: &FieldDefinition, new: Option<&FieldDefinition>, left: &mut Vec<(Term, String)>) {
    match (&old.kind, new.map(|field| &field.kind)) {
        (FieldKind::Choice { options }, Some(FieldKind::Choice { options: kept })) => {
            for option in options.iter().filter(|option| !kept.contains(option)) {
                let term = Term::Field(old.key.clone(), option.as_str().into());
                left.push((term, format!("fields.{}", old.key)));
            }
        }
        (before, Some(after)) if std::mem::discriminant(before) == std::mem::discriminant(after) => {}
        _ => left.push((Term::HasField(old.key.clone()), format!("fields.{}", old.key))),
    }
}

fn of_scale(
    old: &Scale,
    new: &Scale,
    path: &str,
    term: fn(crate::key::LevelName) -> Term,
    left: &mut Vec<(Term, String)>,
) {
    for level in old.levels.iter().filter(|level| new.find(level.as_str()).is_none()) {
        left.push((term(level.clone()), format!("{path}.levels")));
    }
}
