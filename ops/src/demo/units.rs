//! The 32 reporting units by size, and sharing a whole among them.

use zhixin_events::ReportingUnit;

/// Digital technology engineers a year by unit, summing to the 80,000 of the plan. Chongqing (3,000), Hubei (2,000) and Shanxi (500) are as
/// published; the others are ours, made up by rough size.
const WEIGHTS: [(u8, u64); 32] = [
    (11, 5_600),
    (12, 1_900),
    (13, 2_000),
    (14, 500),
    (15, 700),
    (21, 2_200),
    (22, 1_000),
    (23, 1_100),
    (31, 5_600),
    (32, 6_800),
    (33, 6_200),
    (34, 3_000),
    (35, 2_800),
    (36, 1_800),
    (37, 4_800),
    (41, 3_000),
    (42, 2_000),
    (43, 2_600),
    (44, 8_200),
    (45, 1_400),
    (46, 600),
    (50, 3_000),
    (51, 4_000),
    (52, 1_100),
    (53, 1_200),
    (54, 600),
    (61, 2_700),
    (62, 800),
    (63, 600),
    (64, 600),
    (65, 1_000),
    (66, 600),
];

/// The units with their weights, by code.
pub(crate) fn weighted() -> Vec<(ReportingUnit, u64)> {
    WEIGHTS.iter().filter_map(|(code, weight)| Some((ReportingUnit::new(*code).ok()?, *weight))).collect()
}

/// The units with their weights, the heaviest first.
pub(crate) fn heaviest_first() -> Vec<(ReportingUnit, u64)> {
    let mut units = weighted();
    units.sort_by_key(|(unit, weight)| (std::cmp::Reverse(*weight), *unit));
    units
}

/// Shares a whole by weight so that the parts sum to it: the largest remainders are rounded up, the earlier first among equals.
pub(crate) fn share(whole: u32, weights: &[u64]) -> Vec<u32> {
    let sum = weights.iter().sum::<u64>().max(1);
    let part = |weight: &u64| u64::from(whole) * *weight;
    let mut parts: Vec<u32> = weights.iter().map(|weight| u32::try_from(part(weight) / sum).unwrap_or(u32::MAX)).collect();
    let left = whole.saturating_sub(parts.iter().sum());
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(weights.get(*index).map_or(0, |weight| part(weight) % sum)));
    for index in by_remainder.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
        }
    }
    parts
}
