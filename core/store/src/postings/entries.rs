//! Lists of (position, day, value) with running totals, for read models.

use std::ops::{Bound, ControlFlow};

use super::varint::{CORRUPT, Reader, push_signed, push_unsigned};
use super::{CHUNK_ENTRIES, TAIL, chunk_key, list_prefix};
use crate::rows::{Direction, Row, RowFault, RowGet, RowView};
use crate::table::Table;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Position of the event that made it.
    pub position: u64,
    /// The day it takes effect; the caller chooses the count (days since 1970-01-01, say).
    pub day: i32,
    /// What it adds; negative to take back. The caller's unit.
    pub value: i64,
}

/// Number and sum of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many entries.
    pub count: u64,
    /// Sum of their values.
    pub sum: i64,
}

impl Totals {
    fn add(&mut self, value: i64) -> Result<(), RowFault> {
        self.count += 1;
        self.sum = self.sum.checked_add(value).ok_or(RowFault::Corrupt { what: "sum of a list beyond 64 bits" })?;
        Ok(())
    }
}

/// One list of entries in order of position. Several entries may share a position, but no more than one chunk holds.
#[derive(Clone, Debug)]
pub struct EntryList {
    prefix: Vec<u8>,
}

/// Reads a chunk entry by entry.
struct Chunk<'a> {
    /// Totals of the chunks before it.
    before: Totals,
    numbers: Reader<'a>,
    last: Entry,
}

impl<'a> Chunk<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, RowFault> {
        let mut numbers = Reader::new(bytes);
        let before = Totals { count: numbers.unsigned()?, sum: numbers.signed()? };
        if numbers.is_empty() {
            return Err(CORRUPT);
        }
        Ok(Self { before, numbers, last: Entry { position: 0, day: 0, value: 0 } })
    }

    fn next(&mut self) -> Result<Option<Entry>, RowFault> {
        if self.numbers.is_empty() {
            return Ok(None);
        }
        let position = self.last.position.checked_add(self.numbers.unsigned()?).ok_or(CORRUPT)?;
        let day = i64::from(self.last.day).checked_add(self.numbers.signed()?).and_then(|day| i32::try_from(day).ok()).ok_or(CORRUPT)?;
        self.last = Entry { position, day, value: self.numbers.signed()? };
        Ok(Some(self.last))
    }
}

impl EntryList {
    /// The list `key` in `space`.
    pub fn new(space: u8, key: &[u8]) -> Self {
        Self { prefix: list_prefix(space, key) }
    }

    /// Adds an entry; its position must not be less than that of any before it.
    ///
    /// # Panics
    ///
    /// If the caller adds more entries at one position than a chunk holds, or a position of 2^56 times 255 and more.
    pub fn append(&self, table: &Table, entry: Entry) -> Result<(), RowFault> {
        if let Some((first_position, full)) = table.update(&self.tail_key(), |bytes| append_to(bytes, entry))?? {
            table.put(&self.key_of(first_position), full);
        }
        Ok(())
    }

    /// The rows that appending all these entries would make; in order of their keys. For bulk loads, as [`super::PositionList::rows_of`].
    ///
    /// # Panics
    ///
    /// As [`EntryList::append`].
    pub fn rows_of(&self, entries: impl IntoIterator<Item = Entry>) -> Result<Vec<Row>, RowFault> {
        let (mut rows, mut tail) = (Vec::new(), Vec::new());
        for entry in entries {
            rows.extend(append_to(&mut tail, entry)?.map(|(first_position, full)| (self.key_of(first_position), full)));
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

    /// Totals of the whole list: one point read.
    pub fn total(&self, rows: &dyn RowGet) -> Result<Totals, RowFault> {
        rows.get(&self.tail_key())?.map_or(Ok(Totals::default()), |bytes| totals_in(&bytes, u64::MAX))
    }

    /// Totals of the entries at or before `position`: one point read and at most one seek.
    pub fn total_at(&self, view: &dyn RowView, position: u64) -> Result<Totals, RowFault> {
        let Some(tail) = view.get(&self.tail_key())? else { return Ok(Totals::default()) };
        if Chunk::open(&tail)?.next()?.is_some_and(|first| first.position <= position) {
            return totals_in(&tail, position);
        }
        let mut totals = Ok(Totals::default());
        let last = chunk_key(&self.prefix, &position.to_be_bytes());
        view.scan(Bound::Included(&self.prefix), Bound::Included(&last), Direction::Descending, &mut |_, bytes| {
            totals = totals_in(bytes, position);
            ControlFlow::Break(())
        })?;
        totals
    }

    /// Totals of the entries at or before `position` whose day is at most `day`: reads all chunks up to the position.
    pub fn total_at_until(&self, view: &dyn RowView, position: u64, day: i32) -> Result<Totals, RowFault> {
        let mut totals = Totals::default();
        let mut added = Ok(());
        self.for_each(view, position, |entry| {
            if entry.day <= day {
                added = totals.add(entry.value);
            }
            if added.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        added.map(|()| totals)
    }

    /// Calls `on_entry` for the entries at or before `position`, in order, until `Break`.
    pub fn for_each(&self, view: &dyn RowView, position: u64, mut on_entry: impl FnMut(&Entry) -> ControlFlow<()>) -> Result<(), RowFault> {
        let mut read = Ok(());
        view.scan(
            Bound::Included(&self.prefix),
            Bound::Included(&self.tail_key()),
            Direction::Ascending,
            &mut |_, bytes| match entries_of(bytes, position, &mut on_entry) {
                Ok(flow) => flow,
                Err(fault) => {
                    read = Err(fault);
                    ControlFlow::Break(())
                }
            },
        )?;
        read
    }

    fn key_of(&self, first_position: u64) -> Vec<u8> {
        assert!(first_position >> 56 != u64::from(TAIL), "position {first_position} is beyond what a chunk's key can name");
        chunk_key(&self.prefix, &first_position.to_be_bytes())
    }

    fn tail_key(&self) -> Vec<u8> {
        chunk_key(&self.prefix, &[TAIL])
    }
}

fn entries_of(bytes: &[u8], position: u64, on_entry: &mut impl FnMut(&Entry) -> ControlFlow<()>) -> Result<ControlFlow<()>, RowFault> {
    let mut chunk = Chunk::open(bytes)?;
    while let Some(entry) = chunk.next()? {
        if entry.position > position || on_entry(&entry).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Totals before a chunk and of its entries at or before `position`.
fn totals_in(bytes: &[u8], position: u64) -> Result<Totals, RowFault> {
    let mut chunk = Chunk::open(bytes)?;
    let mut totals = chunk.before;
    while let Some(entry) = chunk.next()? {
        if entry.position > position {
            break;
        }
        totals.add(entry.value)?;
    }
    Ok(totals)
}

/// Appends to the bytes of the chunk being filled; if that was full, returns its first position and bytes, and begins a new one.
fn append_to(bytes: &mut Vec<u8>, entry: Entry) -> Result<Option<(u64, Vec<u8>)>, RowFault> {
    if bytes.is_empty() {
        begin(bytes, Totals::default(), entry);
        return Ok(None);
    }
    let mut chunk = Chunk::open(bytes)?;
    let mut totals = chunk.before;
    let mut first_position = None;
    while let Some(read) = chunk.next()? {
        first_position.get_or_insert(read.position);
        totals.add(read.value)?;
    }
    let (last, before) = (chunk.last, chunk.before.count);
    if entry.position < last.position {
        return Err(CORRUPT);
    }
    if totals.count - before < CHUNK_ENTRIES {
        push(bytes, last, entry);
        return Ok(None);
    }
    let first_position = first_position.unwrap_or_default();
    assert!(entry.position > first_position, "more than {CHUNK_ENTRIES} entries of one list at position {}", entry.position);
    let full = std::mem::take(bytes);
    begin(bytes, totals, entry);
    Ok(Some((first_position, full)))
}

fn begin(bytes: &mut Vec<u8>, before: Totals, entry: Entry) {
    push_unsigned(bytes, before.count);
    push_signed(bytes, before.sum);
    push(bytes, Entry { position: 0, day: 0, value: 0 }, entry);
}

fn push(bytes: &mut Vec<u8>, last: Entry, entry: Entry) {
    push_unsigned(bytes, entry.position - last.position);
    push_signed(bytes, i64::from(entry.day) - i64::from(last.day));
    push_signed(bytes, entry.value);
}
