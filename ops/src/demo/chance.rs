//! Repeatable choices of the demonstration: `SplitMix64`, one stream for each thing that is decided, so that adding a choice here does not move
//! the choices there. Not for secrets.

/// A stream of choices.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of one thing: what is decided, and for which one.
    pub(crate) fn new(seed: u64, what: &str, number: u64) -> Self {
        let start = what.bytes().fold(seed, |state, byte| mix(state ^ u64::from(byte)));
        Self(mix(start ^ number))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to below the bound; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// The same for an index.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap_or(u64::MAX))).unwrap_or(0)
    }

    /// True so many times in ten thousand.
    pub(crate) fn happens(&mut self, basis_points: u64) -> bool {
        self.below(10_000) < basis_points
    }

    /// One of the list, if it has any.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.index(list.len()))
    }
}

const fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
