//! Sorts more records than memory may hold: runs sorted in memory, written to files without a name, merged on reading.
//!
//! For building derived rows from nothing: sorted rows load many times faster than rows in the order of events, and fill their pages.
//! Invariants: records come out in bytewise order, equal ones as often as they went in; memory stays within what was given (and a buffer
//! of `BUFFER_BYTES` a run); the files are gone when the sorter is. Nothing here is durable, nor needs to be.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::rows::Row;

/// Longest record. Unit: bytes.
pub const RECORD_BYTES_MAX: usize = u16::MAX as usize;
/// Buffer for writing and for reading each run. Unit: bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// A record in memory: its first bytes, to compare without looking further, and where all of it is.
type Entry = (u64, u32, u16);

/// Takes records in any order.
#[derive(Debug)]
pub struct Sorter {
    dir: PathBuf,
    memory_max: usize,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    runs: Vec<File>,
}

impl Sorter {
    /// A sorter that spills to the folder `dir`, which is there, once its records take `memory_max` bytes.
    pub fn new(dir: &Path, memory_max: usize) -> Self {
        // Offsets are 32 bits wide.
        let memory_max = memory_max.min(1 << 30);
        Self { dir: dir.to_owned(), memory_max, bytes: Vec::new(), entries: Vec::new(), runs: Vec::new() }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// A run could not be written.
    ///
    /// # Panics
    /// The record is longer than [`RECORD_BYTES_MAX`].
    pub fn push(&mut self, record: &[u8]) -> io::Result<()> {
        let length = u16::try_from(record.len());
        assert!(length.is_ok(), "a record of {} bytes", record.len());
        if self.bytes.len() + record.len() + (self.entries.len() + 1) * size_of::<Entry>() > self.memory_max && !self.entries.is_empty() {
            self.spill()?;
        }
        let at = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(record);
        self.entries.push((head(record), at, length.unwrap_or_default()));
        Ok(())
    }

    /// Adds a row, to be read by [`Sorted::next_row`]. No key may begin another.
    ///
    /// # Errors
    /// As [`Sorter::push`].
    ///
    /// # Panics
    /// As [`Sorter::push`], for key and value together.
    pub fn push_row(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let length = u16::try_from(key.len()).unwrap_or(u16::MAX);
        self.push(&[key, value, &length.to_le_bytes()].concat())
    }

    /// All records in order.
    ///
    /// # Errors
    /// A run could not be read.
    pub fn sorted(mut self) -> io::Result<Sorted> {
        self.sort();
        let mut sources = Vec::with_capacity(self.runs.len() + 1);
        for mut file in std::mem::take(&mut self.runs) {
            file.rewind()?;
            sources.push(Source::File(BufReader::with_capacity(BUFFER_BYTES, file)));
        }
        sources.push(Source::Memory { bytes: self.bytes, entries: self.entries, next: 0 });
        let mut sorted = Sorted { sources, heads: BinaryHeap::new() };
        for number in 0..sorted.sources.len() {
            let mut record = Vec::new();
            if sorted.sources[number].next(&mut record)? {
                sorted.heads.push(Reverse((record, number)));
            }
        }
        Ok(sorted)
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let record = |entry: &Entry| &bytes[entry.1 as usize..entry.1 as usize + usize::from(entry.2)];
        self.entries.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| record(one).cmp(record(other))));
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let path = self.dir.join(format!("run-{}", self.runs.len()));
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        // Without a name it is gone with the last handle, whatever becomes of this process.
        fs::remove_file(&path)?;
        let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
        for (_, at, length) in &self.entries {
            writer.write_all(&length.to_le_bytes())?;
            writer.write_all(&self.bytes[*at as usize..*at as usize + usize::from(*length)])?;
        }
        self.runs.push(writer.into_inner().map_err(io::IntoInnerError::into_error)?);
        self.bytes.clear();
        self.entries.clear();
        Ok(())
    }
}

/// The first eight bytes as a number that sorts like them.
fn head(record: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = record.len().min(8);
    bytes[..length].copy_from_slice(&record[..length]);
    u64::from_be_bytes(bytes)
}

#[derive(Debug)]
enum Source {
    File(BufReader<File>),
    Memory { bytes: Vec<u8>, entries: Vec<Entry>, next: usize },
}

impl Source {
    /// Reads the next record into the buffer; `false` at the end.
    fn next(&mut self, record: &mut Vec<u8>) -> io::Result<bool> {
        match self {
            Self::File(file) => {
                let mut length = [0; 2];
                match file.read_exact(&mut length) {
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                    read => read?,
                }
                record.resize(usize::from(u16::from_le_bytes(length)), 0);
                file.read_exact(record)?;
            }
            Self::Memory { bytes, entries, next } => {
                let Some((_, at, length)) = entries.get(*next) else { return Ok(false) };
                *next += 1;
                record.clear();
                record.extend_from_slice(&bytes[*at as usize..*at as usize + usize::from(*length)]);
            }
        }
        Ok(true)
    }
}

/// Records in order.
#[derive(Debug)]
pub struct Sorted {
    sources: Vec<Source>,
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl Sorted {
    /// Puts the next record into the buffer; `false`, and nothing put, after the last.
    ///
    /// # Errors
    /// A run could not be read.
    pub fn next(&mut self, record: &mut Vec<u8>) -> io::Result<bool> {
        let Some(mut first) = self.heads.peek_mut() else { return Ok(false) };
        let Reverse((smallest, number)) = &mut *first;
        std::mem::swap(record, smallest);
        if !self.sources[*number].next(smallest)? {
            PeekMut::pop(first);
        }
        Ok(true)
    }

    /// The next of the rows that were pushed as such; none after the last.
    ///
    /// # Errors
    /// As [`Sorted::next`].
    pub fn next_row(&mut self) -> io::Result<Option<Row>> {
        let mut key = Vec::new();
        if !self.next(&mut key)? {
            return Ok(None);
        }
        let length = key.split_off(key.len().saturating_sub(2));
        let length = u16::from_le_bytes(length.try_into().unwrap_or_default());
        let value = key.split_off(usize::from(length).min(key.len()));
        Ok(Some((key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_come_out_sorted_whether_they_were_spilled_or_not(
            records in prop::collection::vec(prop::collection::vec(0..4_u8, 0..12), 0..300),
            memory_max in 1..4_000_usize,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::new(dir.path(), memory_max);
            for record in &records {
                sorter.push(record).unwrap();
            }
            let mut sorted = sorter.sorted().unwrap();
            let (mut found, mut record) = (Vec::new(), Vec::new());
            while sorted.next(&mut record).unwrap() {
                found.push(record.clone());
            }
            let mut expected = records;
            expected.sort();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "no file is left");
        }
    }
}
