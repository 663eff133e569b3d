//! What was asked of a desk while somebody listened.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::desk::{Observation, Observer};

/// Takes down what is asked of a desk, and passes it on to whoever else wants to hear of it.
#[derive(Clone, Default)]
pub(super) struct Journal {
    /// `None` while nobody listens.
    lines: Arc<Mutex<Option<Vec<String>>>>,
    other: Option<Arc<dyn Observer>>,
}

impl Journal {
    /// The same journal, which also tells `other`.
    pub fn with(self, other: impl Observer + 'static) -> Self {
        Self { other: Some(Arc::new(other)), ..self }
    }

    /// Begins anew.
    pub fn listen(&self) {
        *self.lines.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// What was heard since, a line for each command.
    pub fn told(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

impl Observer for Journal {
    fn command(&self, seen: &Observation<'_>) {
        if let Some(lines) = &mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner) {
            lines.push(match (seen.code, seen.events) {
                (Some(code), _) => format!("{}, refused: {code}", seen.asked),
                (None, _) if seen.repeated => format!("{}, which had landed before", seen.asked),
                (None, 0) => format!("{}, which changed nothing", seen.asked),
                (None, 1) => format!("{}: 1 event", seen.asked),
                (None, events) => format!("{}: {events} events", seen.asked),
            });
        }
        if let Some(other) = &self.other {
            other.command(seen);
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}
