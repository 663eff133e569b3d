//! A source of ids under which two desks can be compared.

use crate::{
    id::{IdSource, SequentialIds},
    time::Instant,
};

/// Ids from a counter, and one salt for all texts: two desks on which the same was done hold equal records,
/// however many texts each has read in between.
#[derive(Debug, Default)]
pub struct OneSalt(SequentialIds);

impl OneSalt {
    /// A source that begins with 1.
    #[must_use]
    pub const fn new() -> Self {
        Self(SequentialIds::new())
    }
}

impl IdSource for OneSalt {
    fn id(&self, at: Instant) -> u128 {
        self.0.id(at)
    }

    fn salt(&self) -> [u8; 16] {
        [7; 16]
    }
}
