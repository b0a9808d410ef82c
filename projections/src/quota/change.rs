//! How an event changes the figures, through the one person it is about: which trainings count that did not, on which days.

use std::sync::Arc;

use zhixin_events::CivilDate;

use super::cell::{Profile, cells_beside};
use super::fold::{Counted, Entity, Measure};

/// A training of a person begins to count in some cells, or ceases to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    /// From this day on.
    pub(super) day: CivilDate,
    pub(super) profile: Profile,
    pub(super) measure: Measure,
    /// One, or minus one.
    pub(super) delta: i64,
    /// The bits of the cells.
    pub(super) cells: u64,
}

impl Entity {
    /// How the event at a position changes what the person contributes: a step function over days, from the day it took place.
    pub(super) fn changes(&self, position: u64, from: CivilDate, changes: &mut Vec<Change>) {
        let mut standing: Vec<Change> = Vec::new();
        for day in self.days(from, position + 1) {
            let now = difference(&self.on(day, position), &self.on(day, position + 1));
            if now != standing {
                changes.extend(now.iter().map(|change| Change { day, ..*change }));
                changes.extend(standing.iter().map(|change| Change { day, delta: -change.delta, ..*change }));
                standing = now;
            }
        }
    }
}

/// How the figures of one day change when the enrolments of a person that count change. The day is left open.
fn difference(before: &[Counted], after: &[Counted]) -> Vec<Change> {
    let mut changes = Vec::new();
    if before == after {
        return changes;
    }
    for measure in Measure::ALL {
        let counts = |one: &&Counted| one.standing.event(measure).is_some();
        let same = |one: &Counted, other: &Counted| {
            one.class == other.class && one.counting == other.counting && one.standing.category == other.standing.category
        };
        let in_list = |list: &[Counted], one: &Counted| list.iter().filter(counts).any(|other| same(one, other));
        let profiles = |list: &[Counted], kept: bool, other: &[Counted]| -> Vec<Profile> {
            let chosen = list.iter().filter(counts).filter(|one| in_list(other, one) == kept);
            chosen.map(|one| Profile::new(&one.counting, one.standing.category)).collect()
        };
        let (lost, gained) = (profiles(before, false, after), profiles(after, false, before));
        if lost.is_empty() && gained.is_empty() {
            continue;
        }
        let kept = profiles(before, true, after);
        for (list, others, delta) in [(&lost, &gained, -1), (&gained, &lost, 1)] {
            changes.extend(list.iter().enumerate().map(|(number, profile)| {
                let cells = cells_beside(profile, kept.iter().chain(others).chain(&list[..number]));
                Change { day: CivilDate::default(), profile: *profile, measure, delta, cells }
            }));
        }
    }
    changes
}

/// What the changes of one event append to cells, each by the name that `names` gives it: sorted and without zeroes where it matters,
/// that is, each cell with each day once.
pub(super) fn spread<K: Ord + Copy>(changes: &[Change], mut names: impl FnMut(Profile, Measure) -> Arc<[K]>) -> Vec<((K, CivilDate), i64)> {
    let mut entries = Vec::with_capacity(changes.iter().map(|change| change.cells.count_ones() as usize).sum());
    for change in changes {
        let names = names(change.profile, change.measure);
        let chosen = names.iter().enumerate().filter(|(number, _)| change.cells >> number & 1 == 1);
        entries.extend(chosen.map(|(_, name)| ((*name, change.day), change.delta)));
    }
    if changes.len() > 1 { added_up(entries) } else { entries }
}

/// Adds up what concerns the same; sorted, without zeroes.
fn added_up<K: Ord>(mut changes: Vec<(K, i64)>) -> Vec<(K, i64)> {
    changes.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    changes.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 += later.1;
        }
        same
    });
    changes.retain(|(_, change)| *change != 0);
    changes
}
