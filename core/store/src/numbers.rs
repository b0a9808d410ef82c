//! Numbers for byte strings, in the order in which they first come: 0, 1, 2 …
//!
//! For builds that would otherwise compare long names again and again. What it gives depends on the order of the questions alone.

use std::collections::HashMap;

/// Known byte strings with their numbers.
#[derive(Debug, Default)]
pub struct Numbers {
    known: HashMap<Box<[u8]>, usize>,
}

impl Numbers {
    /// The number of a byte string, and whether it is new.
    pub fn of(&mut self, name: &[u8]) -> (usize, bool) {
        if let Some(number) = self.known.get(name) {
            return (*number, false);
        }
        let number = self.known.len();
        self.known.insert(name.into(), number);
        (number, true)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_order_of_first_questions() {
        let mut numbers = Numbers::default();
        let asked = ["b", "a", "b", "", "a"].map(|name| numbers.of(name.as_bytes()));
        assert_eq!(asked, [(0, true), (1, true), (0, false), (2, true), (1, false)]);
        numbers.clear();
        assert_eq!(numbers.of(b"a"), (0, true));
    }
}
