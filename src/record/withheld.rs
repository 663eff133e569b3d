//! Texts that are withheld: the erased slot stands in their place.

use std::sync::Arc;

use crate::{priority::Assessment, text::Text};

/// Most assessments have no override: those stay shared.
pub(crate) fn withhold_assessment(assessment: &mut Arc<Assessment>) {
    if assessment.overridden().is_some_and(|set| !set.reason.is_erased())
        && let Some(set) = &mut Arc::make_mut(assessment).set_by_hand
    {
        erase(&mut set.reason);
    }
}

pub(crate) fn erase_any(text: &mut Option<Text>) {
    if let Some(text) = text {
        erase(text);
    }
}

pub(crate) fn erase(text: &mut Text) {
    *text = text.erased();
}
