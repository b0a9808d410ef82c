//! Which cells an enrolment counts in, and how a change of a person's enrolments changes them.
//!
//! A cell is named by `year, unit and line, region filter, group, value, measure`. Persons have cells for each line and for all lines, since
//! they cannot be added up; trainings have them for each line. The region filter is the organiser's unit or none; a value has a fixed
//! length in each group, so that the keys of cells never interleave.

use zhixin_events::{Line, ReportingUnit, TalentCategory};

use super::fold::{Counted, Counting, Measure};
use super::key::CountUnit;

/// Longest name of a cell: a direction is an occupation and a hash.
const CELL_BYTES_MAX: usize = 20;

/// The name of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Cell {
    bytes: [u8; CELL_BYTES_MAX],
    len: u8,
}

impl Cell {
    /// The beginning of all cells of a year, unit, line and region filter.
    pub(super) fn start(year: u16, unit: CountUnit, line: Option<Line>, region: Option<ReportingUnit>) -> Self {
        let unit = match unit {
            CountUnit::Persons => 0x10,
            CountUnit::Trainings => 0x20,
        };
        let [high, low] = year.to_be_bytes();
        Self { bytes: [0; CELL_BYTES_MAX], len: 0 }.with(&[
            high,
            low,
            unit | line.map_or(0, Line::code),
            region.map_or(0, ReportingUnit::code),
        ])
    }

    pub(super) fn with(mut self, part: &[u8]) -> Self {
        let from = usize::from(self.len);
        self.bytes[from..from + part.len()].copy_from_slice(part);
        self.len += u8::try_from(part.len()).unwrap_or(u8::MAX);
        self
    }

    pub(super) fn measure(self, measure: Measure) -> Self {
        self.with(&[measure.byte()])
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The groups of cells, by the byte that names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellGroup {
    Total,
    Organiser,
    Place,
    Month,
    Occupation,
    Direction,
    Grade,
    Trainer,
    Category,
}

impl CellGroup {
    /// Those that every region filter has; `Total` and `Organiser` stand without a filter only.
    const FILTERED: [Self; 7] = [Self::Place, Self::Month, Self::Occupation, Self::Direction, Self::Grade, Self::Trainer, Self::Category];

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Total => 0,
            Self::Organiser => 1,
            Self::Place => 2,
            Self::Month => 3,
            Self::Occupation => 4,
            Self::Direction => 5,
            Self::Grade => 6,
            Self::Trainer => 7,
            Self::Category => 8,
        }
    }

    /// Length of its values. Unit: bytes.
    pub(super) const fn value_len(self) -> usize {
        match self {
            Self::Total => 0,
            Self::Organiser | Self::Place | Self::Month | Self::Grade | Self::Category => 1,
            Self::Occupation | Self::Trainer => 6,
            Self::Direction => 14,
        }
    }

    fn cell(self, start: Cell, counting: &Counting, category: Option<TalentCategory>) -> Cell {
        let cell = start.with(&[self.byte()]);
        let plan = &counting.plan;
        match self {
            Self::Total => cell,
            Self::Organiser => cell.with(&[plan.unit.code()]),
            Self::Place => cell.with(&[plan.place]),
            Self::Month => cell.with(&[counting.month]),
            Self::Occupation => cell.with(&plan.occupation.to_bytes()),
            Self::Direction => cell.with(&plan.occupation.to_bytes()).with(&plan.direction),
            Self::Grade => cell.with(&[plan.grade.code()]),
            Self::Trainer => cell.with(&plan.trainer.to_bytes()),
            Self::Category => cell.with(&[category.map_or(0, TalentCategory::code)]),
        }
    }
}

/// Calls `on_cell` with every cell that an enrolment counts in.
fn each_cell(unit: CountUnit, measure: Measure, of: &Counted, mut on_cell: impl FnMut(Cell)) {
    let (counting, category) = (&of.counting, of.standing.category);
    let lines: &[Option<Line>] = match unit {
        CountUnit::Persons => &[None, Some(counting.plan.line)],
        CountUnit::Trainings => &[Some(counting.plan.line)],
    };
    for line in lines {
        let national = Cell::start(counting.year, unit, *line, None);
        let regional = Cell::start(counting.year, unit, *line, Some(counting.plan.unit));
        for group in [CellGroup::Total, CellGroup::Organiser] {
            on_cell(group.cell(national, counting, category).measure(measure));
        }
        for group in CellGroup::FILTERED {
            on_cell(group.cell(national, counting, category).measure(measure));
            on_cell(group.cell(regional, counting, category).measure(measure));
        }
    }
}

/// How the figures of one day change when a person's enrolments change from `before` to `after`: sorted, without zeroes.
pub(super) fn difference(before: &[Counted], after: &[Counted]) -> Vec<(Cell, i64)> {
    let mut changes = Vec::new();
    for measure in Measure::ALL {
        let counts = |one: &&Counted| one.standing.event(measure).is_some();
        let same = |one: &Counted, other: &Counted| {
            one.class == other.class && one.counting == other.counting && one.standing.category == other.standing.category
        };
        let in_list = |list: &[Counted], one: &Counted| list.iter().filter(counts).any(|other| same(one, other));
        let lost: Vec<_> = before.iter().filter(counts).filter(|one| !in_list(after, one)).collect();
        let gained: Vec<_> = after.iter().filter(counts).filter(|one| !in_list(before, one)).collect();
        if lost.is_empty() && gained.is_empty() {
            continue;
        }
        for (list, sign) in [(&lost, -1), (&gained, 1)] {
            for one in list {
                each_cell(CountUnit::Trainings, measure, one, |cell| changes.push((cell, sign)));
            }
        }
        let kept: Vec<_> = before.iter().filter(counts).filter(|one| in_list(after, one)).collect();
        if kept.is_empty() && lost.is_empty() && gained.len() == 1 {
            // The common case, a person's only enrolment: nothing overlaps.
            each_cell(CountUnit::Persons, measure, gained[0], |cell| changes.push((cell, 1)));
            continue;
        }
        let cells = |of: &mut dyn Iterator<Item = &Counted>| {
            let mut cells = Vec::with_capacity(64);
            of.for_each(|one| each_cell(CountUnit::Persons, measure, one, |cell| cells.push(cell)));
            cells.sort_unstable();
            cells.dedup();
            cells
        };
        let kept = cells(&mut kept.into_iter());
        let lost = cells(&mut lost.into_iter());
        let gained = cells(&mut gained.into_iter());
        let only = |cells: &[Cell], others: &[Cell], sign: i64, changes: &mut Vec<(Cell, i64)>| {
            let counted = |cell: &&Cell| kept.binary_search(cell).is_err() && others.binary_search(cell).is_err();
            changes.extend(cells.iter().filter(counted).map(|cell| (*cell, sign)));
        };
        only(&lost, &gained, -1, &mut changes);
        only(&gained, &lost, 1, &mut changes);
    }
    added_up(changes)
}

/// Adds up what concerns the same cell; sorted, without zeroes.
pub(super) fn added_up<K: Ord>(mut changes: Vec<(K, i64)>) -> Vec<(K, i64)> {
    if changes.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        changes.retain(|(_, change)| *change != 0);
        return changes;
    }
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
