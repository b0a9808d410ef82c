//! Lists of bare positions: the subject index.

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

use super::varint::{CORRUPT, Reader, push_unsigned};
use super::{CHUNK_ENTRIES, TAIL, chunk_key, list_prefix};
use crate::rows::{Row, RowFault, RowGet};
use crate::table::Table;

/// One list of strictly rising positions; the n-th (from 0) has ordinal n.
///
/// Reading needs point reads only, so the writer can read its own [`Table`] and queries a view.
#[derive(Clone, Debug)]
pub struct PositionList {
    prefix: Vec<u8>,
}

/// A decoded chunk.
#[derive(Clone)]
struct Chunk {
    /// Entries in the chunks before it.
    before: u64,
    positions: Vec<u64>,
}

impl Chunk {
    fn decode(bytes: &[u8]) -> Result<Self, RowFault> {
        let mut numbers = Reader::new(bytes);
        let before = numbers.unsigned()?;
        let mut positions = Vec::with_capacity(bytes.len().min(128));
        let mut last = 0_u64;
        while !numbers.is_empty() {
            last = last.checked_add(numbers.unsigned()?).ok_or(CORRUPT)?;
            positions.push(last);
        }
        if positions.is_empty() || positions.len() as u64 > CHUNK_ENTRIES || before % CHUNK_ENTRIES != 0 {
            return Err(CORRUPT);
        }
        Ok(Self { before, positions })
    }

    fn first(&self) -> u64 {
        self.positions[0]
    }

    fn last(&self) -> u64 {
        self.positions[self.positions.len() - 1]
    }

    fn end(&self) -> u64 {
        self.before + self.positions.len() as u64
    }
}

impl PositionList {
    /// The list `key` in `space`.
    pub fn new(space: u8, key: &[u8]) -> Self {
        Self { prefix: list_prefix(space, key) }
    }

    /// Adds a position and returns its ordinal. It must be greater than all before it, or the list is corrupt.
    pub fn append(&self, table: &Table, position: u64) -> Result<u64, RowFault> {
        let (ordinal, full) = table.update(&self.tail_key(), |bytes| append_to(bytes, position))??;
        if let Some(full) = full {
            table.put(&self.key_of(ordinal / CHUNK_ENTRIES - 1), full);
        }
        Ok(ordinal)
    }

    /// The rows that appending all these positions, in strictly rising order, would make; in order of their keys.
    ///
    /// For bulk loads: lists sorted by [`PositionList::prefix`] give rows in ascending order.
    ///
    /// # Errors
    /// The positions do not rise.
    pub fn rows_of(&self, positions: impl IntoIterator<Item = u64>) -> Result<Vec<Row>, RowFault> {
        let (mut rows, mut tail) = (Vec::new(), Vec::new());
        let mut last = 0;
        for (ordinal, position) in (0..).zip(positions) {
            if position <= last && ordinal > 0 {
                return Err(CORRUPT);
            }
            if ordinal % CHUNK_ENTRIES == 0 {
                if !tail.is_empty() {
                    rows.push((self.key_of(ordinal / CHUNK_ENTRIES - 1), std::mem::take(&mut tail)));
                }
                begin(&mut tail, ordinal, position);
            } else {
                push_unsigned(&mut tail, position - last);
            }
            last = position;
        }
        if !tail.is_empty() {
            rows.push((self.tail_key(), tail));
        }
        Ok(rows)
    }

    /// What the keys of all rows of this list begin with.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// How many positions the list has, which is also the next ordinal.
    pub fn len(&self, rows: &dyn RowGet) -> Result<u64, RowFault> {
        Ok(self.tail(rows)?.map_or(0, |tail| tail.end()))
    }

    /// Whether the list has no position.
    pub fn is_empty(&self, rows: &dyn RowGet) -> Result<bool, RowFault> {
        Ok(self.tail(rows)?.is_none())
    }

    /// The last position.
    pub fn last(&self, rows: &dyn RowGet) -> Result<Option<u64>, RowFault> {
        Ok(self.tail(rows)?.map(|tail| tail.last()))
    }

    /// The position with that ordinal.
    pub fn nth(&self, rows: &dyn RowGet, ordinal: u64) -> Result<Option<u64>, RowFault> {
        Ok(self.positions(rows, ordinal..ordinal.saturating_add(1))?.first().copied())
    }

    /// The positions with those ordinals, in order; ordinals beyond the end are left out.
    pub fn positions(&self, rows: &dyn RowGet, ordinals: Range<u64>) -> Result<Vec<u64>, RowFault> {
        let mut found = Vec::new();
        self.for_each(rows, ordinals, |_, position| {
            found.push(position);
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Calls `on_position` with ordinal and position, in order, until `Break` or the end of the list.
    pub fn for_each(
        &self,
        rows: &dyn RowGet,
        ordinals: Range<u64>,
        mut on_position: impl FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<(), RowFault> {
        let Some(tail) = self.tail(rows)? else { return Ok(()) };
        let mut ordinal = ordinals.start;
        let end = ordinals.end.min(tail.end());
        while ordinal < end {
            let chunk = self.chunk_of(rows, &tail, ordinal)?;
            for position in chunk.positions.iter().skip(index_in(chunk.before, ordinal)) {
                if ordinal == end || on_position(ordinal, *position).is_break() {
                    return Ok(());
                }
                ordinal += 1;
            }
        }
        Ok(())
    }

    /// Calls `on_position` with ordinal and position from the ordinal before `end` downwards, until `Break` or the list's beginning.
    pub fn for_each_reverse(
        &self,
        rows: &dyn RowGet,
        end: u64,
        mut on_position: impl FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<(), RowFault> {
        let Some(tail) = self.tail(rows)? else { return Ok(()) };
        let mut end = end.min(tail.end());
        while end > 0 {
            let chunk = self.chunk_of(rows, &tail, end - 1)?;
            for position in chunk.positions[..index_in(chunk.before, end)].iter().rev() {
                end -= 1;
                if on_position(end, *position).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// How many positions of the list are at most `position`. Reads a logarithmic number of chunks.
    pub fn count_at(&self, rows: &dyn RowGet, position: u64) -> Result<u64, RowFault> {
        let Some(tail) = self.tail(rows)? else { return Ok(0) };
        if tail.first() <= position {
            return Ok(count_in(&tail, position));
        }
        // Among the full chunks, the last that begins at or before the position; chunk `low` does, chunk `high` does not.
        let (mut low, mut high) = (None, tail.before / CHUNK_ENTRIES);
        loop {
            let middle = low.as_ref().map_or(0, |chunk: &Chunk| chunk.before / CHUNK_ENTRIES + 1).midpoint(high);
            if middle == high {
                return Ok(low.map_or(0, |chunk| count_in(&chunk, position)));
            }
            let chunk = self.full_chunk(rows, middle)?;
            if chunk.first() <= position {
                low = Some(chunk);
            } else {
                high = middle;
            }
        }
    }

    fn tail(&self, rows: &dyn RowGet) -> Result<Option<Chunk>, RowFault> {
        rows.get(&self.tail_key())?.map(|bytes| Chunk::decode(&bytes)).transpose()
    }

    fn chunk_of<'a>(&self, rows: &dyn RowGet, tail: &'a Chunk, ordinal: u64) -> Result<Cow<'a, Chunk>, RowFault> {
        if ordinal >= tail.before { Ok(Cow::Borrowed(tail)) } else { self.full_chunk(rows, ordinal / CHUNK_ENTRIES).map(Cow::Owned) }
    }

    fn full_chunk(&self, rows: &dyn RowGet, number: u64) -> Result<Chunk, RowFault> {
        let chunk = Chunk::decode(&rows.get(&self.key_of(number))?.ok_or(CORRUPT)?)?;
        if chunk.before == number * CHUNK_ENTRIES && chunk.positions.len() as u64 == CHUNK_ENTRIES { Ok(chunk) } else { Err(CORRUPT) }
    }

    fn tail_key(&self) -> Vec<u8> {
        chunk_key(&self.prefix, &[TAIL])
    }

    fn key_of(&self, number: u64) -> Vec<u8> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        assert!(number < u32::from(TAIL) << 24, "a list has more chunks than its keys can name");
        chunk_key(&self.prefix, &number.to_be_bytes())
    }
}

/// Appends to the bytes of the chunk being filled; returns the ordinal and, if the chunk was full, its bytes (a new one is begun).
fn append_to(bytes: &mut Vec<u8>, position: u64) -> Result<(u64, Option<Vec<u8>>), RowFault> {
    if bytes.is_empty() {
        begin(bytes, 0, position);
        return Ok((0, None));
    }
    let mut numbers = Reader::new(bytes);
    let before = numbers.unsigned()?;
    let (mut count, mut last) = (0, 0_u64);
    while !numbers.is_empty() {
        last = last.checked_add(numbers.unsigned()?).ok_or(CORRUPT)?;
        count += 1;
    }
    let ordinal = before + count;
    if position <= last && count > 0 {
        return Err(CORRUPT);
    }
    if count < CHUNK_ENTRIES {
        push_unsigned(bytes, position - last);
        return Ok((ordinal, None));
    }
    let full = std::mem::take(bytes);
    begin(bytes, ordinal, position);
    Ok((ordinal, Some(full)))
}

fn begin(bytes: &mut Vec<u8>, before: u64, position: u64) {
    push_unsigned(bytes, before);
    push_unsigned(bytes, position);
}

fn count_in(chunk: &Chunk, position: u64) -> u64 {
    chunk.before + chunk.positions.partition_point(|entry| *entry <= position) as u64
}

/// Index in a chunk; the caller has chosen the chunk, so it is at most [`CHUNK_ENTRIES`].
fn index_in(before: u64, ordinal: u64) -> usize {
    usize::try_from(ordinal - before).unwrap_or(usize::MAX)
}
