//! Dice that fall the same way each time.

use andon::testing::strategies::Choices;

/// `SplitMix64`.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `sides`, counted from 0.
    pub fn roll(&mut self, sides: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(sides).unwrap()).unwrap()
    }

    pub fn flip(&mut self) -> bool {
        self.roll(2) == 1
    }

    /// Choices for a strategy of the kit's.
    pub fn choices(&mut self) -> Choices {
        Choices::from_seed(self.next())
    }
}

pub fn cases(usual: u64) -> u64 {
    asked("ANDON_CASES").unwrap_or(0).max(usual)
}

pub fn seed() -> u64 {
    asked("ANDON_SEED").unwrap_or(0)
}

#[expect(clippy::disallowed_methods, reason = "how much a test run does comes from its environment")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is to be a number")))
}
