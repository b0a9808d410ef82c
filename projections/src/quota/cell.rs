//! Which cells a training counts in.
//!
//! A cell is named by `year, unit and line, region filter, group, value, measure`. Persons have cells for each line and for all lines, since
//! they cannot be added up; trainings have them for each line. The region filter is the organiser's unit or none; a value has a fixed
//! length in each group, so that the keys of cells never interleave.
//!
//! All that a cell's name depends on is the *profile* of a training, and every value is a part of its bytes. So the cells of a profile
//! have numbers, sets of them are bits, and two profiles share the cells in whose parts they agree.

use std::ops::Range;

use zhixin_events::{Line, ReportingUnit, TalentCategory};

use super::fold::{Counting, Measure};
use super::key::CountUnit;

/// Longest name of a cell: a direction is an occupation and a hash.
const CELL_BYTES_MAX: usize = 20;

/// The name of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    bytes: [u8; CELL_BYTES_MAX],
    len: u8,
}

impl Cell {
    /// The beginning of all cells of a year, unit, line and region filter.
    pub(super) fn start(year: u16, unit: CountUnit, line: Option<Line>, region: Option<ReportingUnit>) -> Self {
        Self::begin(year.to_be_bytes(), unit_byte(unit) | line.map_or(0, Line::code), region.map_or(0, ReportingUnit::code))
    }

    fn begin([high, low]: [u8; 2], unit_and_line: u8, region: u8) -> Self {
        Self { bytes: [0; CELL_BYTES_MAX], len: 0 }.with(&[high, low, unit_and_line, region])
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

const fn unit_byte(unit: CountUnit) -> u8 {
    match unit {
        CountUnit::Persons => 0x10,
        CountUnit::Trainings => 0x20,
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
    OccupationGrade,
}

impl CellGroup {
    /// All of them; those from `UNFILTERED` on have cells under every region filter, the ones before without a filter only.
    const ALL: [Self; 10] = [
        Self::Total,
        Self::Organiser,
        Self::Place,
        Self::Month,
        Self::Occupation,
        Self::Direction,
        Self::Grade,
        Self::Trainer,
        Self::Category,
        Self::OccupationGrade,
    ];
    const UNFILTERED: usize = 2;

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
            Self::OccupationGrade => 9,
        }
    }

    /// Length of its values. Unit: bytes.
    pub(super) fn value_len(self) -> usize {
        self.part().len()
    }

    /// Where its value stands in a profile.
    const fn part(self) -> Range<usize> {
        match self {
            Self::Total => 0..0,
            Self::Organiser => UNIT..UNIT + 1,
            Self::Place => 4..5,
            Self::Month => 5..6,
            Self::Category => 6..7,
            Self::Grade => 7..8,
            Self::Occupation => 8..14,
            Self::OccupationGrade => 7..14,
            Self::Direction => 8..22,
            Self::Trainer => 22..28,
        }
    }
}

/// Place of the line in a profile; the year stands before it.
const LINE: usize = 2;
/// Place of the organiser's unit in a profile.
const UNIT: usize = 3;
/// Cells of one unit and line: all groups without a filter, then those that have cells under the organiser's unit.
const CELLS_OF_LINE: usize = 2 * CellGroup::ALL.len() - CellGroup::UNFILTERED;
/// Cells of a profile: of trainings; of persons on all lines; of persons on its line.
const CELLS: usize = 3 * CELLS_OF_LINE;
/// The bits of the cells that count trainings.
const TRAININGS: u64 = (1 << CELLS_OF_LINE) - 1;
/// The bits of all cells.
const ALL_CELLS: u64 = (1 << CELLS) - 1;

/// All by which a training is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Profile([u8; Self::BYTES]);

impl Profile {
    pub(super) const BYTES: usize = 28;

    pub(super) fn new(counting: &Counting, category: Option<TalentCategory>) -> Self {
        let plan = &counting.plan;
        let [high, low] = counting.year.to_be_bytes();
        let category = category.map_or(0, TalentCategory::code);
        let codes = [high, low, plan.line.code(), plan.unit.code(), plan.place, counting.month, category, plan.grade.code()];
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&codes);
        bytes[8..14].copy_from_slice(&plan.occupation.to_bytes());
        bytes[14..22].copy_from_slice(&plan.direction);
        bytes[22..].copy_from_slice(&plan.trainer.to_bytes());
        Self(bytes)
    }

    pub(super) const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    fn part(&self, group: CellGroup) -> &[u8] {
        &self.0[group.part()]
    }

    /// The names of its cells for a measure, by number.
    pub(super) fn cells(&self, measure: Measure) -> [Cell; CELLS] {
        std::array::from_fn(|number| {
            let line = self.0[LINE];
            let unit_and_line = match number / CELLS_OF_LINE {
                0 => unit_byte(CountUnit::Trainings) | line,
                1 => unit_byte(CountUnit::Persons),
                _ => unit_byte(CountUnit::Persons) | line,
            };
            let place = number % CELLS_OF_LINE;
            let (group, region) = match CellGroup::ALL.get(place) {
                Some(group) => (*group, 0),
                None => (CellGroup::ALL[place - CellGroup::ALL.len() + CellGroup::UNFILTERED], self.0[UNIT]),
            };
            Cell::begin([self.0[0], self.0[1]], unit_and_line, region).with(&[group.byte()]).with(self.part(group)).measure(measure)
        })
    }

    /// The cells that two trainings of one person have in common and that count the person once; none of trainings.
    fn shared(&self, other: &Self) -> u64 {
        if self.0[..LINE] != other.0[..LINE] {
            return 0;
        }
        let mut of_line = 0_u64;
        for (place, _) in CellGroup::ALL.into_iter().enumerate().filter(|(_, group)| self.part(*group) == other.part(*group)) {
            of_line |= 1 << place;
            if place >= CellGroup::UNFILTERED && self.0[UNIT] == other.0[UNIT] {
                of_line |= 1 << (place + CellGroup::ALL.len() - CellGroup::UNFILTERED);
            }
        }
        let on_its_line = if self.0[LINE] == other.0[LINE] { of_line << (2 * CELLS_OF_LINE) } else { 0 };
        of_line << CELLS_OF_LINE | on_its_line
    }
}

/// The cells in which a training of this profile adds something, beside others of the same person that count already.
pub(super) fn cells_beside<'a>(profile: &Profile, others: impl Iterator<Item = &'a Profile>) -> u64 {
    let taken = others.fold(0, |taken, other| taken | profile.shared(other));
    debug_assert_eq!(taken & TRAININGS, 0, "trainings are never shared");
    ALL_CELLS & !taken
}
