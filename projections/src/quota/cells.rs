//! Cells: running figures that answer for any view (P, E) with one seek.
//!
//! A cell is a list of (position, day, delta) in order of position; its figure in a view is the sum of the deltas of positions below P with
//! days until E. It is kept in chunks. A chunk begins with the sums *by day* of everything before it, so that a query reads one chunk:
//! those sums, then the entries of the chunk. Why sums by day and not by month and year: the days of a plan year are few (some hundred),
//! their sums cost less than keeping every entry twice, and neither axis ever needs a second chunk.
//!
//! **Bytes.** Key: `C`, the cell, then the first position of a sealed chunk (8 bytes, big-endian) or 0xFF for the chunk being filled.
//! Value: `last position, last day` (fixed, little-endian, so that an append need not read the chunk), `len, (day gap, sum)*` for the sums
//! before, `first position, first day`, then entries: `gap << 2 | same day | plus one << 1`, the day's difference unless it is the same,
//! the delta unless it is one. A chunk is sealed by its lengths, so the bytes depend on the entries alone.

use std::cmp::Ordering;
use std::ops::Bound;
use std::ops::ControlFlow;

use zhixin_store::rows::{Direction, RowFault, RowGet as _, RowView as _};
use zhixin_store::table::{Table, TableView};

use super::CELL;
use crate::AsOf;
use crate::facts::{CORRUPT, key};

/// Length at which a chunk is sealed, if at least [`ENTRIES_BYTES_MIN`] of it are entries. Unit: bytes. Why: with the entry that reaches
/// it, a sealed chunk fills the one page that LMDB gives to a value of this size.
const CHUNK_BYTES_MAX: usize = 4_055;
/// Least length of the entries of a sealed chunk. Unit: bytes. Why: with many days, sums would be kept again for a handful of entries.
const ENTRIES_BYTES_MIN: usize = 1_536;
/// What follows the cell in the key of the chunk being filled.
const TAIL: [u8; 1] = [u8::MAX];

/// What is appended to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) position: u64,
    pub(super) day: i32,
    pub(super) delta: i64,
}

/// Bit of an entry: its day is that of the entry before.
const SAME_DAY: u64 = 1;
/// Bit of an entry: its delta is one.
const PLUS_ONE: u64 = 2;

/// Bytes of the last position and day at the beginning of a chunk.
const LAST_BYTES: usize = 12;

/// The parts of a chunk.
struct Chunk<'a> {
    last: (u64, i32),
    sums: &'a [u8],
    first: (u64, i32),
    entries: &'a [u8],
}

impl<'a> Chunk<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, RowFault> {
        let (position, rest) = bytes.split_first_chunk::<8>().ok_or(CORRUPT)?;
        let (day, rest) = rest.split_first_chunk::<4>().ok_or(CORRUPT)?;
        let last = (u64::from_le_bytes(*position), i32::from_le_bytes(*day));
        let mut reader = Reader(rest);
        let len = usize::try_from(reader.unsigned()?).map_err(|_| CORRUPT)?;
        let (sums, rest) = reader.0.split_at_checked(len).ok_or(CORRUPT)?;
        let mut reader = Reader(rest);
        let first = (reader.unsigned()?, reader.day(0)?);
        Ok(Self { last, sums, first, entries: reader.0 })
    }

    fn each_sum(&self, mut on_sum: impl FnMut(i32, i64)) -> Result<(), RowFault> {
        let mut reader = Reader(self.sums);
        let mut day = 0;
        while !reader.0.is_empty() {
            day = reader.day(day)?;
            on_sum(day, reader.signed()?);
        }
        Ok(())
    }

    fn each_entry(&self, mut on_entry: impl FnMut(Entry) -> ControlFlow<()>) -> Result<(), RowFault> {
        let mut reader = Reader(self.entries);
        let (mut position, mut day) = self.first;
        while !reader.0.is_empty() {
            let token = reader.unsigned()?;
            position = position.checked_add(token >> 2).ok_or(CORRUPT)?;
            day = if token & SAME_DAY == 0 { reader.day(day)? } else { day };
            let delta = if token & PLUS_ONE == 0 { reader.signed()? } else { 1 };
            if on_entry(Entry { position, day, delta }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn figure(&self, as_of: AsOf) -> Result<i64, RowFault> {
        let mut figure = 0;
        self.each_sum(|day, sum| {
            if day <= as_of.effective_by.0 {
                figure += sum;
            }
        })?;
        self.each_entry(|entry| {
            if entry.position >= as_of.position {
                return ControlFlow::Break(());
            }
            if entry.day <= as_of.effective_by.0 {
                figure += entry.delta;
            }
            ControlFlow::Continue(())
        })?;
        Ok(figure)
    }

    /// The sums by day after the chunk, as the next one begins with them.
    fn sums_after(&self) -> Result<Vec<u8>, RowFault> {
        let mut sums: Vec<(i32, i64)> = Vec::new();
        self.each_sum(|day, sum| sums.push((day, sum)))?;
        let mut at = 0;
        self.each_entry(|entry| {
            // Most entries are of the day of the one before.
            if sums.get(at).is_none_or(|(day, _)| *day != entry.day) {
                let found = sums.binary_search_by_key(&entry.day, |(day, _)| *day);
                at = found.unwrap_or_else(|at| at);
                if found.is_err() {
                    sums.insert(at, (entry.day, 0));
                }
            }
            sums[at].1 += entry.delta;
            ControlFlow::Continue(())
        })?;
        sums.retain(|(_, sum)| *sum != 0);
        let mut bytes = Vec::with_capacity(sums.len() * 3);
        let mut before = 0;
        for (day, sum) in sums {
            push_signed(&mut bytes, i64::from(day) - i64::from(before));
            push_signed(&mut bytes, sum);
            before = day;
        }
        Ok(bytes)
    }
}

/// Appends entries to a cell; their positions are not less than any before.
pub(super) fn append(table: &Table, cell: &[u8], entries: &[Entry]) -> Result<(), RowFault> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut sealed = Vec::new();
    table.update(&tail_key(cell), |bytes| {
        let mut filling = Filling::open(std::mem::take(bytes))?;
        for entry in entries {
            sealed.extend(filling.push(*entry)?);
        }
        *bytes = filling.close();
        Ok::<(), RowFault>(())
    })??;
    for (first, chunk) in sealed {
        table.put(&sealed_key(cell, first), chunk);
    }
    Ok(())
}

/// The key of the chunk of a cell that is being filled.
pub(super) fn tail_key(cell: &[u8]) -> Vec<u8> {
    key(CELL, &[cell, &TAIL])
}

/// The key of a full chunk of a cell.
pub(super) fn sealed_key(cell: &[u8], first: u64) -> Vec<u8> {
    key(CELL, &[cell, &first.to_be_bytes()])
}

/// The chunk of a cell that is being filled; no bytes = nothing has been appended.
#[derive(Debug, Default)]
pub(super) struct Filling {
    bytes: Vec<u8>,
    last: (u64, i32),
    first: u64,
    /// Where the entries begin.
    entries_at: usize,
}

impl Filling {
    fn open(bytes: Vec<u8>) -> Result<Self, RowFault> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let chunk = Chunk::open(&bytes)?;
        let (last, first, entries_at) = (chunk.last, chunk.first.0, bytes.len() - chunk.entries.len());
        Ok(Self { bytes, last, first, entries_at })
    }

    /// Begins a chunk that goes on from these sums.
    fn begin(sums: &[u8], entry: Entry) -> Self {
        let mut bytes = Vec::with_capacity(LAST_BYTES + sums.len() + 32);
        bytes.extend_from_slice(&[0; LAST_BYTES]);
        push_unsigned(&mut bytes, sums.len() as u64);
        bytes.extend_from_slice(sums);
        push_unsigned(&mut bytes, entry.position);
        push_signed(&mut bytes, i64::from(entry.day));
        Self { entries_at: bytes.len(), bytes, last: (entry.position, entry.day), first: entry.position }
    }

    /// Appends an entry. If the chunk is full, a new one is begun and the full one returned with its first position; it stays open while
    /// entries of one position come, so that no two chunks of a cell begin at the same.
    pub(super) fn push(&mut self, entry: Entry) -> Result<Option<(u64, Vec<u8>)>, RowFault> {
        let mut full = None;
        if self.bytes.is_empty() {
            *self = Self::begin(&[], entry);
        } else if self.is_full() && self.first < entry.position {
            let first = self.first;
            let chunk = std::mem::take(self).close();
            *self = Self::begin(&Chunk::open(&chunk)?.sums_after()?, entry);
            full = Some((first, chunk));
        }
        let same_day = if entry.day == self.last.1 { SAME_DAY } else { 0 };
        let plus_one = if entry.delta == 1 { PLUS_ONE } else { 0 };
        push_unsigned(&mut self.bytes, ((entry.position - self.last.0) << 2) | same_day | plus_one);
        if same_day == 0 {
            push_signed(&mut self.bytes, i64::from(entry.day) - i64::from(self.last.1));
        }
        if plus_one == 0 {
            push_signed(&mut self.bytes, entry.delta);
        }
        self.last = (entry.position, entry.day);
        Ok(full)
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= CHUNK_BYTES_MAX && self.bytes.len() - self.entries_at >= ENTRIES_BYTES_MIN
    }

    /// The bytes of the chunk as far as it is filled.
    pub(super) fn close(mut self) -> Vec<u8> {
        if let Some(last) = self.bytes.get_mut(..LAST_BYTES) {
            last[..8].copy_from_slice(&self.last.0.to_le_bytes());
            last[8..].copy_from_slice(&self.last.1.to_le_bytes());
        }
        self.bytes
    }
}

/// The figure of a cell in a view.
pub(super) fn figure(view: &TableView, cell: &[u8], as_of: AsOf) -> Result<i64, RowFault> {
    let Some(tail) = view.get(&tail_key(cell))? else { return Ok(0) };
    let tail = Chunk::open(&tail)?;
    if tail.first.0 < as_of.position {
        return tail.figure(as_of);
    }
    // The last sealed chunk that begins below the position; its sums are those of all chunks before it.
    let mut found = Ok(0);
    let (from, to) = (key(CELL, &[cell]), sealed_key(cell, as_of.position));
    view.scan(Bound::Included(&from), Bound::Excluded(&to), Direction::Descending, &mut |_, bytes| {
        found = Chunk::open(bytes).and_then(|chunk| chunk.figure(as_of));
        ControlFlow::Break(())
    })?;
    found
}

/// The different values that follow `prefix` in the keys of cells, `len` bytes each, in order.
pub(super) fn values(view: &TableView, prefix: &[u8], len: usize) -> Result<Vec<Vec<u8>>, RowFault> {
    let prefix = key(CELL, &[prefix]);
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut from = prefix.clone();
    loop {
        let mut next = None;
        view.scan(Bound::Included(&from), Bound::Unbounded, Direction::Ascending, &mut |key, _| {
            next = key.strip_prefix(prefix.as_slice()).and_then(|rest| rest.get(..len)).map(<[u8]>::to_vec);
            ControlFlow::Break(())
        })?;
        let Some(value) = next else { return Ok(found) };
        from = [prefix.as_slice(), &value].concat();
        // Past every key of this value: a measure is at most 3, so 0xFF after the value is beyond them.
        from.push(u8::MAX);
        found.push(value);
    }
}

/// Reads numbers, front to back: unsigned LEB128 and zigzag.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn unsigned(&mut self) -> Result<u64, RowFault> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(CORRUPT)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(CORRUPT)
    }

    fn signed(&mut self) -> Result<i64, RowFault> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn day(&mut self, before: i32) -> Result<i32, RowFault> {
        i64::from(before).checked_add(self.signed()?).and_then(|day| i32::try_from(day).ok()).ok_or(CORRUPT)
    }
}

fn push_unsigned(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        match number.cmp(&0) {
            Ordering::Equal => return bytes.push(low & 0x7f),
            Ordering::Less | Ordering::Greater => bytes.push(low | 0x80),
        }
    }
}

fn push_signed(bytes: &mut Vec<u8>, number: i64) {
    push_unsigned(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use zhixin_events::CivilDate;
    use zhixin_store::rows::{Checkpoint, MemoryRows};
    use zhixin_store::table::digest;

    use super::*;

    fn table() -> Table {
        Table::new(Arc::new(MemoryRows::new())).unwrap()
    }

    fn publish(table: &Table) -> TableView {
        table.advance(Checkpoint { position: 1, chain: [0; 32] });
        table.view().unwrap()
    }

    /// Enough entries for several chunks, some of one position, days as in a plan year and far from it.
    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let day = prop_oneof![8 => 20_000..20_400_i32, 1 => any::<i16>().prop_map(i32::from)];
        let one = (0..5_000_u64, day, prop_oneof![8 => Just(1_i64), 1 => -3..3_i64]);
        prop::collection::vec(one, 0..1_500).prop_map(|raw| {
            let mut position = 0;
            raw.into_iter()
                .map(|(gap, day, delta)| {
                    position += if gap < 1_000 { 0 } else { gap };
                    Entry { position, day, delta }
                })
                .collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn figure_is_the_sum_of_what_the_view_shows(entries in entries(), views in prop::collection::vec((any::<u64>(), 19_900..20_500_i32), 8)) {
            let table = table();
            append(&table, b"cell", &entries).unwrap();
            let view = publish(&table);
            let last = entries.last().map_or(0, |entry| entry.position);
            for (position, day) in views {
                let near = entries.get(usize::try_from(position % 2_000).unwrap()).map_or(last, |entry| entry.position);
                let as_of = AsOf { position: near + position % 2, effective_by: CivilDate(day) };
                let shown = entries.iter().filter(|entry| as_of.shows(entry.position, CivilDate(entry.day)));
                prop_assert_eq!(figure(&view, b"cell", as_of).unwrap(), shown.map(|entry| entry.delta).sum::<i64>());
            }
        }

        #[test]
        fn bytes_are_the_same_however_entries_are_appended(entries in entries(), at in any::<usize>()) {
            let (one, other) = (table(), table());
            append(&one, b"cell", &entries).unwrap();
            let (first, second) = entries.split_at(at % (entries.len() + 1));
            for part in [first, second].iter().filter(|part| !part.is_empty()) {
                append(&other, b"cell", part).unwrap();
            }
            prop_assert_eq!(digest(&publish(&one)).unwrap(), digest(&publish(&other)).unwrap());
        }
    }

    #[test]
    fn values_skips_over_the_chunks_of_each_value() {
        let table = table();
        for value in [[1, 9], [2, 0], [2, 255]] {
            for measure in 1..=3 {
                let entry = |position| Entry { position, day: 0, delta: 1 };
                append(&table, &[b"a", value.as_slice(), &[measure]].concat(), &(0..2_000).map(entry).collect::<Vec<_>>()).unwrap();
            }
        }
        append(&table, &[b'b', 1, 1, 1], &[Entry { position: 1, day: 0, delta: 1 }]).unwrap();
        assert_eq!(values(&publish(&table), b"a", 2).unwrap(), [[1, 9], [2, 0], [2, 255]]);
    }
}
