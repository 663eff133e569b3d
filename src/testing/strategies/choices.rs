//! Choices: what random values are made by.

use std::fmt;

use proptest::prelude::*;

/// Choices, to be made one after the other. Each shrinks by itself, and towards its first option; when they
/// are used up, every further one is the first option.
#[derive(Clone)]
pub struct Choices {
    left: std::array::IntoIter<u16, LENGTH>,
}

/// How many choices there are: more than any one value takes.
const LENGTH: usize = 24;

/// Random choices.
pub fn choices() -> impl Strategy<Value = Choices> {
    prop::array::uniform24(any::<u16>()).prop_map(|choices| Choices { left: choices.into_iter() })
}

/// The choices that are left, without the first options at their end.
impl fmt::Debug for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.left.as_slice();
        let end = left.iter().rposition(|choice| *choice != 0).map_or(0, |last| last.saturating_add(1));
        write!(f, "Choices{:?}", left.get(..end).unwrap_or_default())
    }
}

impl Choices {
    /// The first option of everything.
    #[must_use]
    pub fn first() -> Self {
        Self { left: [0; LENGTH].into_iter() }
    }

    /// The choices that this number comes to: for those who have random numbers of their own.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut state = seed;
        let mut left = [0; LENGTH];
        for choice in &mut left {
            // SplitMix64, https://prng.di.unimi.it/splitmix64.c
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *choice = u16::try_from(mixed >> 48).unwrap_or(0);
        }
        Self { left: left.into_iter() }
    }

    /// One of `sides`, counted from 0, and 0 if there are none.
    pub fn roll(&mut self, sides: usize) -> usize {
        let (chosen, sides) = (u64::from(self.left.next().unwrap_or(0)), u64::try_from(sides).unwrap_or(u64::MAX));
        // In proportion, so that a smaller number is an earlier option.
        usize::try_from(chosen.saturating_mul(sides) >> 16).unwrap_or(0)
    }

    /// Yes or no; no is the first option.
    pub fn flip(&mut self) -> bool {
        self.roll(2) == 1
    }

    /// One of these options; `None` if there are none.
    pub fn of<T: Clone>(&mut self, options: &[T]) -> Option<T> {
        let chosen = self.roll(options.len());
        options.get(chosen).cloned()
    }

    /// The first, or one of the others.
    pub fn pick<T: Clone>(&mut self, first: T, others: &[T]) -> T {
        match self.roll(others.len().saturating_add(1)).checked_sub(1) {
            Some(other) => others.get(other).cloned().unwrap_or(first),
            None => first,
        }
    }

    /// Something or nothing; nothing is the first option.
    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flip().then(|| value(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_chosen_and_a_smaller_number_chooses_an_earlier_one() {
        let roll = |number: u16, sides: usize| {
            let mut left = [0; LENGTH];
            left[0] = number;
            Choices { left: left.into_iter() }.roll(sides)
        };
        for sides in [1, 2, 3, 7, 64] {
            let rolled: Vec<_> = (0..=u16::MAX).step_by(97).map(|number| roll(number, sides)).collect();
            assert!(rolled.is_sorted());
            assert_eq!((rolled.first(), rolled.last()), (Some(&0), Some(&(sides - 1))));
        }
        assert_eq!(roll(9, 0), 0);
        assert_eq!(Choices::first().pick(1, &[2, 3]), 1);
    }
}
