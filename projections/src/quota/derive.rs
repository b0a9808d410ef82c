//! All figures from facts that are told: each person's changes, sorted by position, appended to the cells of one year after the other.
//!
//! The same fold and the same cells as following the log, in another order: there the event comes first and asks for its person, here the
//! person comes first and asks what each event changed. In memory: the facts of all classes (about 200 bytes a class), what the sorters are
//! given, and the chunks being filled of one year.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zhixin_events::{CivilDate, ClassId};
use zhixin_store::gather::Gatherer;
use zhixin_store::numbers::Numbers;
use zhixin_store::rows::{Row, RowFault};
use zhixin_store::sorter::{Sorted, Sorter};

use super::cell::{Cell, Profile};
use super::cells::{self, Filling};
use super::change::{Change, spread};
use super::fold::{ClassFacts, Entity, Measure, class_facts};
use super::{CLASS, PERSON};
use crate::facts::{self, CORRUPT};

/// Memory in which changes are sorted. Unit: bytes.
const CHANGES_BYTES: usize = 96 << 20;
/// Memory in which chunks are sorted. Unit: bytes.
const CHUNKS_BYTES: usize = 96 << 20;
/// Bytes of a change in the sorter before its day: year and position, so that the changes of a year stand together.
const PLACE_BYTES: usize = 8;
/// Bytes of a change: place, day, measure, delta, cells, and the profile without its year.
const CHANGE_BYTES: usize = PLACE_BYTES + 4 + 1 + 1 + 8 + Profile::BYTES - 2;

fn io_fault(step: &'static str) -> impl FnOnce(io::Error) -> RowFault {
    move |source| RowFault::Io { step, source }
}

/// The rows of all cells, sorted.
pub(super) fn derive(told: &Gatherer, scratch: &Path) -> Result<Sorted, RowFault> {
    let folder = |name: &str| -> Result<PathBuf, RowFault> {
        let path = scratch.join(name);
        fs::create_dir_all(&path).map_err(io_fault("make a folder to sort in"))?;
        Ok(path)
    };
    let mut classes: BTreeMap<ClassId, ClassFacts> = BTreeMap::new();
    each_row(told, CLASS, |(key, value)| {
        classes.insert(ClassId::from_bytes(facts::id_at(&key, 1)?), class_facts(facts::decode(&value)?));
        Ok(())
    })?;
    let mut sorter = Sorter::new(&folder("changes")?, CHANGES_BYTES);
    let mut changes = Vec::new();
    each_row(told, PERSON, |(_, value)| {
        let class = |id: ClassId| Ok::<_, RowFault>(classes.get(&id).cloned().unwrap_or_default());
        let entity = Entity::new(facts::decode(&value)?, class)?;
        for (position, day) in entity.events() {
            entity.changes(position, day, &mut changes);
            for change in changes.drain(..) {
                sorter.push(&to_record(position, &change)).map_err(io_fault("sort changes of figures"))?;
            }
        }
        Ok(())
    })?;
    drop(classes);
    let mut fill = Fill {
        chunks: Sorter::new(&folder("chunks")?, CHUNKS_BYTES),
        numbers: Numbers::default(),
        cells: Vec::new(),
        profiles: Numbers::default(),
        cells_of: Vec::new(),
    };
    fill.all(sorter.sorted().map_err(io_fault("merge changes of figures"))?)?;
    fill.chunks.sorted().map_err(io_fault("merge figures"))
}

fn each_row(told: &Gatherer, space: u8, mut on_row: impl FnMut(Row) -> Result<(), RowFault>) -> Result<(), RowFault> {
    let mut rows = told.rows_from(&[space]).map_err(io_fault("read gathered rows"))?;
    while let Some(row) = rows.next_row().map_err(io_fault("read gathered rows"))? {
        if row.0.first() != Some(&space) {
            break;
        }
        on_row(row)?;
    }
    Ok(())
}

fn to_record(position: u64, change: &Change) -> [u8; CHANGE_BYTES] {
    let profile = change.profile.as_bytes();
    let mut record = [0; CHANGE_BYTES];
    // Positions take 48 bits, as ids do.
    record[..PLACE_BYTES].copy_from_slice(&(position & ((1 << 48) - 1)).to_be_bytes());
    record[..2].copy_from_slice(&profile[..2]);
    record[8..12].copy_from_slice(&change.day.0.to_le_bytes());
    record[12] = change.measure.byte();
    record[13] = u8::from(change.delta > 0);
    record[14..22].copy_from_slice(&change.cells.to_le_bytes());
    record[22..].copy_from_slice(&profile[2..]);
    record
}

fn from_record(record: &[u8]) -> Result<(u64, Change), RowFault> {
    let record: &[u8; CHANGE_BYTES] = record.try_into().map_err(|_| CORRUPT)?;
    let number = |from: usize| -> [u8; 8] { std::array::from_fn(|index| record[from + index]) };
    let mut profile = [0; Profile::BYTES];
    profile[..2].copy_from_slice(&record[..2]);
    profile[2..].copy_from_slice(&record[22..]);
    let change = Change {
        day: CivilDate(i32::from_le_bytes(std::array::from_fn(|index| record[8 + index]))),
        profile: Profile::from_bytes(profile),
        measure: Measure::from_byte(record[12]).ok_or(CORRUPT)?,
        delta: if record[13] == 1 { 1 } else { -1 },
        cells: u64::from_le_bytes(number(14)),
    };
    Ok((u64::from_be_bytes(number(0)) & ((1 << 48) - 1), change))
}

/// Appends changes to cells, one year after the other.
struct Fill {
    chunks: Sorter,
    /// The cells of the year, by number.
    cells: Vec<(Cell, Filling)>,
    numbers: Numbers,
    /// The numbers of the cells of each profile and measure, by their number.
    cells_of: Vec<Arc<[usize]>>,
    profiles: Numbers,
}

impl Fill {
    fn all(&mut self, mut sorted: Sorted) -> Result<(), RowFault> {
        let (mut record, mut place) = (Vec::new(), [0; PLACE_BYTES]);
        let (mut position, mut changes) = (0, Vec::new());
        while sorted.next(&mut record).map_err(io_fault("merge changes of figures"))? {
            if record[..PLACE_BYTES] != place {
                self.append(position, &changes)?;
                changes.clear();
                if record[..2] != place[..2] {
                    self.end_year()?;
                }
                place.copy_from_slice(&record[..PLACE_BYTES]);
            }
            let (at, change) = from_record(&record)?;
            position = at;
            changes.push(change);
        }
        self.append(position, &changes)?;
        self.end_year()
    }

    /// Appends the changes of one event.
    fn append(&mut self, position: u64, changes: &[Change]) -> Result<(), RowFault> {
        let Self { chunks, cells, numbers, cells_of, profiles } = self;
        let mut number = |cell: Cell| {
            let (number, new) = numbers.of(cell.as_bytes());
            if new {
                cells.push((cell, Filling::default()));
            }
            number
        };
        let names = |profile: Profile, measure: Measure| {
            let mut name = [measure.byte(); Profile::BYTES + 1];
            name[..Profile::BYTES].copy_from_slice(profile.as_bytes());
            let (known, new) = profiles.of(&name);
            if new {
                cells_of.push(profile.cells(measure).map(&mut number).into());
            }
            Arc::clone(&cells_of[known])
        };
        let entries = spread(changes, names);
        for ((number, day), delta) in entries {
            let (cell, filling) = &mut cells[number];
            if let Some((first, chunk)) = filling.push(cells::Entry { position, day: day.0, delta })? {
                chunks.push_row(&cells::sealed_key(cell.as_bytes(), first), &chunk).map_err(io_fault("sort figures"))?;
            }
        }
        Ok(())
    }

    fn end_year(&mut self) -> Result<(), RowFault> {
        for (cell, filling) in self.cells.drain(..) {
            let chunk = filling.close();
            if !chunk.is_empty() {
                self.chunks.push_row(&cells::tail_key(cell.as_bytes()), &chunk).map_err(io_fault("sort figures"))?;
            }
        }
        self.numbers.clear();
        self.profiles.clear();
        self.cells_of.clear();
        Ok(())
    }
}
