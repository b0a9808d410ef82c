//! Counts what happened lately under a key, so that it may not happen too often.

use std::collections::BTreeMap;

use zhixin_events::Timestamp;

/// Keys remembered at most. When there are more, those are dropped whose time is over, then the half that has been quiet the longest: whoever
/// makes up keys chooses nothing of it.
const KEYS_MAX: usize = 50_000;

/// What happened within a window.
#[derive(Debug)]
pub(crate) struct Rate {
    window_ms: i64,
    seen: BTreeMap<String, Vec<i64>>,
}

impl Rate {
    /// Counts within a window. Unit: milliseconds.
    pub(crate) const fn new(window_ms: i64) -> Self {
        Self { window_ms, seen: BTreeMap::new() }
    }

    /// How long to wait until it may happen again; none if it may happen now. Unit: seconds.
    pub(crate) fn wait_s(&self, key: &str, max: usize, now: Timestamp) -> Option<u32> {
        let lately: Vec<i64> = self.seen.get(key)?.iter().copied().filter(|at| now.0.saturating_sub(*at) < self.window_ms).collect();
        let first = lately.len().checked_sub(max).and_then(|at| lately.get(at))?;
        let wait_ms = first.saturating_add(self.window_ms).saturating_sub(now.0);
        u32::try_from(wait_ms.saturating_add(999).div_euclid(1_000)).ok().filter(|seconds| *seconds > 0)
    }

    /// Notes that it happened.
    pub(crate) fn note(&mut self, key: &str, now: Timestamp) {
        let window_ms = self.window_ms;
        if self.seen.len() >= KEYS_MAX {
            self.seen.retain(|_, at| at.last().is_some_and(|last| now.0.saturating_sub(*last) < window_ms));
            if self.seen.len() >= KEYS_MAX {
                let mut lasts: Vec<i64> = self.seen.values().filter_map(|at| at.last().copied()).collect();
                let middle = lasts.len() / 2;
                let (_, median, _) = lasts.select_nth_unstable(middle);
                let median = *median;
                self.seen.retain(|_, at| at.last().is_some_and(|last| *last > median));
            }
        }
        let times = self.seen.entry(key.to_owned()).or_default();
        times.retain(|at| now.0.saturating_sub(*at) < window_ms);
        times.push(now.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_within_the_window_waits_until_the_first_is_out_of_it() {
        let mut rate = Rate::new(10_000);
        for at in 0..5 {
            assert_eq!(rate.wait_s("a", 5, Timestamp(at * 1_000)), None);
            rate.note("a", Timestamp(at * 1_000));
        }
        assert_eq!(rate.wait_s("a", 5, Timestamp(5_000)), Some(5));
        assert_eq!(rate.wait_s("b", 5, Timestamp(5_000)), None);
        assert_eq!(rate.wait_s("a", 5, Timestamp(10_000)), None);
    }

    #[test]
    fn of_too_many_keys_the_quiet_ones_are_forgotten_whatever_they_are_called() {
        let mut rate = Rate::new(1_000_000);
        for key in ["zz, quiet since", "a, noted again"] {
            rate.note(key, Timestamp(0));
        }
        for serial in 1..50_001 {
            rate.note(&serial.to_string(), Timestamp(serial));
            if serial == 49_000 {
                rate.note("a, noted again", Timestamp(serial));
            }
        }
        assert!(rate.seen.len() < KEYS_MAX);
        let known = |key: &str| rate.wait_s(key, 1, Timestamp(60_000)).is_some();
        assert_eq!((known("zz, quiet since"), known("a, noted again"), known("50000")), (false, true, true));
    }
}
