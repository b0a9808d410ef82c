//! Choices that a printed seed repeats.

use zhixin_engine::entropy::{Entropy, SeededEntropy, SystemEntropy};

/// A sequence of choices.
#[derive(Debug)]
pub struct Seed {
    /// Repeats the sequence.
    pub number: u64,
    source: SeededEntropy,
}

impl Seed {
    /// The sequence of a number.
    pub fn new(number: u64) -> Self {
        Self { number, source: SeededEntropy::new(number) }
    }

    /// From the variable `ZHIXIN_CRASH_SEED`, or a new one; printed, so that a failure can be repeated.
    pub fn announced(test: &str) -> Self {
        let given = std::env::var("ZHIXIN_CRASH_SEED").ok().map(|text| text.parse().expect("ZHIXIN_CRASH_SEED is a number"));
        let seed = Self::new(given.unwrap_or_else(|| {
            let fresh: &dyn Entropy = &SystemEntropy::new();
            u64::from(u32::from_le_bytes(fresh.array()))
        }));
        super::say(&format!("{test}: ZHIXIN_CRASH_SEED={}\n", seed.number));
        seed
    }

    /// A number below `end`, which is not 0.
    pub fn below(&self, end: usize) -> usize {
        let source: &dyn Entropy = &self.source;
        let drawn = u64::from_le_bytes(source.array()) % u64::try_from(end).expect("a bound fits 64 bits");
        usize::try_from(drawn).expect("it is below a usize")
    }

    /// Heads or tails.
    pub fn flip(&self) -> bool {
        self.below(2) == 0
    }
}

impl Seed {
    /// How many rounds to run: `ZHIXIN_CRASH_ROUNDS`, or so many.
    pub fn rounds(usual: usize) -> usize {
        std::env::var("ZHIXIN_CRASH_ROUNDS").map_or(usual, |text| text.parse().expect("ZHIXIN_CRASH_ROUNDS is a number"))
    }
}
