//! Gathers changes of rows by key, more than memory may hold: for building rows from nothing.
//!
//! Changes of one row are put together in memory as they come. When its owner says so, what is in memory is written as a *run*: rows in
//! order of their keys, with the checkpoint that they reach, made durable before it gets its name. Reading merges the runs. So a build that
//! is killed goes on where its last run ends, and each row costs one look-up for each change and is sorted once a run.
//!
//! Invariants: a row is changed in one way only (see [`Change`]); runs follow one another in the order of their numbers, and a run that
//! has its name is whole; rows come out in order, each once, and none that is not as it was written.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::rows::{Checkpoint, KEY_BYTES_MAX, Row};

/// Buffer for writing and for reading each run. Unit: bytes.
const BUFFER_BYTES: usize = 256 * 1024;
/// Distance of the keys of a run that are kept in memory, for single reads. Unit: bytes.
const INDEX_BYTES: u64 = 32 * 1024;
/// Memory of a row in memory beside key and value, roughly. Unit: bytes.
const ROW_OVERHEAD_BYTES: usize = 128;
/// The beginning of a run: its form. A file of another form is no run.
const FORM: [u8; 8] = *b"zx-run-2";
/// Bytes of a run before its rows: form, checkpoint, length of the file, CRC-32C of these.
const HEAD_BYTES: usize = FORM.len() + Checkpoint::BYTES + 8 + 4;
/// Bytes before key and value of a row: length of the key, change, length of the value, CRC-32C of these and of key and value.
const ROW_HEAD_BYTES: usize = 11;
/// The name of a run that is being written.
const UNFINISHED: &str = "run.new";

/// How a row is changed. Which way is settled by its key, once for all changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The last value stays.
    Put,
    /// The first value stays.
    PutNew,
    /// Values are strung together.
    Append,
}

impl Change {
    /// Its byte in runs and messages.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Put => 0,
            Self::PutNew => 1,
            Self::Append => 2,
        }
    }

    /// The change with this byte.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Put),
            1 => Some(Self::PutNew),
            2 => Some(Self::Append),
            _ => None,
        }
    }

    /// Makes of a value the one after the change.
    fn apply(self, value: &mut Vec<u8>, later: &[u8]) {
        match self {
            Self::Put => later.clone_into(value),
            Self::PutNew => {}
            Self::Append => value.extend_from_slice(later),
        }
    }
}

/// Takes changes of rows in the order in which they come about.
#[derive(Debug)]
pub struct Gatherer {
    dir: PathBuf,
    rows: HashMap<Box<[u8]>, Held>,
    bytes: usize,
    runs: Vec<Run>,
    reached: Checkpoint,
}

/// A row in memory.
#[derive(Debug)]
struct Held {
    change: Change,
    value: Vec<u8>,
}

/// Rows on disk, in order.
#[derive(Debug)]
struct Run {
    file: File,
    /// Some keys and where they stand, for single reads.
    index: Vec<(Box<[u8]>, u64)>,
    length: u64,
}

impl Gatherer {
    /// Goes on with the runs in the folder `dir`, which is made if it is not there.
    ///
    /// A file that is no whole run, and runs after it, are removed: what they held has to be gathered again.
    ///
    /// # Errors
    /// The folder or a file cannot be used.
    pub fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        remove_file(&dir.join(UNFINISHED))?;
        let mut gatherer = Self { dir: dir.to_owned(), rows: HashMap::new(), bytes: 0, runs: Vec::new(), reached: Checkpoint::default() };
        loop {
            match File::open(gatherer.path(gatherer.runs.len())) {
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(gatherer),
                Err(fault) => return Err(fault),
                Ok(file) => match Run::open(file) {
                    Ok((run, reached)) => {
                        gatherer.runs.push(run);
                        gatherer.reached = reached;
                    }
                    Err(fault) if fault.kind() == io::ErrorKind::InvalidData || fault.kind() == io::ErrorKind::UnexpectedEof => {
                        gatherer.remove_from(gatherer.runs.len())?;
                        return Ok(gatherer);
                    }
                    Err(fault) => return Err(fault),
                },
            }
        }
    }

    fn path(&self, number: usize) -> PathBuf {
        self.dir.join(format!("run-{number}"))
    }

    /// Removes the files of runs from a number on, the last first, so that no gap is ever left.
    fn remove_from(&self, first: usize) -> io::Result<()> {
        let mut last = first;
        while self.path(last).exists() {
            last += 1;
        }
        (first..last).rev().try_for_each(|number| remove_file(&self.path(number)))
    }

    /// Forgets everything, also on disk.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn clear(&mut self) -> io::Result<()> {
        self.rows = HashMap::new();
        self.bytes = 0;
        self.runs.clear();
        self.reached = Checkpoint::default();
        self.remove_from(0)
    }

    /// What the runs reach: changes below this position are on disk.
    pub fn reached(&self) -> Checkpoint {
        self.reached
    }

    /// Memory taken by rows that are in no run, roughly. Unit: bytes.
    pub fn memory_bytes(&self) -> usize {
        self.bytes
    }

    /// Changes a row.
    ///
    /// # Panics
    /// The key is longer than a row's may be.
    pub fn change(&mut self, change: Change, key: &[u8], value: &[u8]) {
        if let Some(known) = self.rows.get_mut(key) {
            let before = known.value.capacity();
            change.apply(&mut known.value, value);
            self.bytes += known.value.capacity().saturating_sub(before);
            return;
        }
        assert!(key.len() <= KEY_BYTES_MAX, "a key of {} bytes", key.len());
        self.bytes += key.len() + value.len() + ROW_OVERHEAD_BYTES;
        self.rows.insert(key.into(), Held { change, value: value.to_vec() });
    }

    /// The value of a row so far. Costs a read in every run, so it is for rare questions.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn get(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let mut found: Option<Vec<u8>> = None;
        let mut add = |change: Change, value: &[u8]| match &mut found {
            Some(known) => change.apply(known, value),
            None => found = Some(value.to_vec()),
        };
        for run in &self.runs {
            run.read_row(key, &mut add)?;
        }
        if let Some(held) = self.rows.get(key) {
            add(held.change, &held.value);
        }
        Ok(found)
    }

    /// Writes what is in memory as a run that reaches `checkpoint`: after `Ok` it survives loss of power.
    ///
    /// # Errors
    /// The file cannot be written; the changes stay in memory.
    pub fn spill(&mut self, checkpoint: Checkpoint) -> io::Result<()> {
        let mut order: Vec<_> = self.rows.iter().map(|(key, held)| (head(key), &**key, held)).collect();
        order.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.cmp(other.1)));
        let path = self.dir.join(UNFINISHED);
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
        let length = order.iter().fold(HEAD_BYTES, |sum, (_, key, held)| sum + ROW_HEAD_BYTES + key.len() + held.value.len());
        let head = [FORM.as_slice(), &checkpoint.to_bytes(), &(length as u64).to_le_bytes()].concat();
        writer.write_all(&head)?;
        writer.write_all(&crc32c::crc32c(&head).to_le_bytes())?;
        let mut index = Index::default();
        for (_, key, Held { change, value }) in order {
            index.note(key, value.len());
            let mut head = [0; ROW_HEAD_BYTES - 4];
            head[..2].copy_from_slice(&u16::try_from(key.len()).unwrap_or_default().to_le_bytes());
            head[2] = change.byte();
            head[3..].copy_from_slice(&u32::try_from(value.len()).map_err(|_| invalid())?.to_le_bytes());
            for part in [head.as_slice(), &row_crc(&head, key, value).to_le_bytes(), key, value] {
                writer.write_all(part)?;
            }
        }
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_data()?;
        fs::rename(&path, self.path(self.runs.len()))?;
        File::open(&self.dir)?.sync_all()?;
        self.runs.push(Run { file, length: index.at, index: index.keys });
        self.rows = HashMap::new();
        self.bytes = 0;
        self.reached = checkpoint;
        Ok(())
    }

    /// The rows of all runs in order, beginning at the first key that is not less than `from`. What is in memory is not among them.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn rows_from(&self, from: &[u8]) -> io::Result<Gathered> {
        let mut gathered = Gathered { cursors: Vec::with_capacity(self.runs.len()), heads: BinaryHeap::new() };
        for (number, run) in self.runs.iter().enumerate() {
            let mut cursor = run.cursor(run.block_of(from).0)?;
            let mut key = Vec::new();
            while cursor.next(&mut key)? {
                if key.as_slice() >= from {
                    gathered.heads.push(Reverse((key, number)));
                    break;
                }
            }
            gathered.cursors.push(cursor);
        }
        Ok(gathered)
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a run that does not have its form")
}

/// CRC-32C of a row: of its head up to there, key and value.
fn row_crc(head: &[u8], key: &[u8], value: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(head), key), value)
}

/// The first sixteen bytes as a number that sorts like them.
fn head(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let length = key.len().min(16);
    bytes[..length].copy_from_slice(&key[..length]);
    u128::from_be_bytes(bytes)
}

/// Keys of a run that is being written or read.
struct Index {
    keys: Vec<(Box<[u8]>, u64)>,
    at: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self { keys: Vec::new(), at: HEAD_BYTES as u64 }
    }
}

impl Index {
    fn note(&mut self, key: &[u8], value_len: usize) {
        if self.keys.last().is_none_or(|(_, last)| self.at - last >= INDEX_BYTES) {
            self.keys.push((key.into(), self.at));
        }
        self.at += (ROW_HEAD_BYTES + key.len() + value_len) as u64;
    }
}

impl Run {
    fn open(file: File) -> io::Result<(Self, Checkpoint)> {
        let mut head = [0; HEAD_BYTES];
        file.read_exact_at(&mut head, 0)?;
        let length = file.metadata()?.len();
        let (content, crc) = head.split_last_chunk().ok_or_else(invalid)?;
        let (said, said_length) = content.split_last_chunk().ok_or_else(invalid)?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*crc) || length != u64::from_le_bytes(*said_length) {
            return Err(invalid());
        }
        let checkpoint = said.strip_prefix(&FORM).and_then(|rest| Checkpoint::from_bytes(rest).ok()).ok_or_else(invalid)?;
        let run = Self { file, index: Vec::new(), length };
        let mut cursor = run.cursor(HEAD_BYTES as u64)?;
        let (mut index, mut last, mut key) = (Index::default(), Vec::new(), Vec::new());
        while cursor.next(&mut key)? {
            if last >= key {
                return Err(invalid());
            }
            index.note(&key, cursor.value.len());
            std::mem::swap(&mut last, &mut key);
        }
        Ok((Self { index: index.keys, ..run }, checkpoint))
    }

    /// Where the rows around a key begin and end.
    fn block_of(&self, key: &[u8]) -> (u64, u64) {
        let after = self.index.partition_point(|(first, _)| **first <= *key);
        let at = |number: usize| self.index.get(number).map_or(self.length, |(_, at)| *at);
        if after == 0 { (HEAD_BYTES as u64, HEAD_BYTES as u64) } else { (at(after - 1), at(after)) }
    }

    fn cursor(&self, at: u64) -> io::Result<Cursor<BufReader<FileFrom>>> {
        let from = FileFrom { file: self.file.try_clone()?, at };
        Ok(Cursor { from: BufReader::with_capacity(BUFFER_BYTES, from), change: Change::Put, value: Vec::new() })
    }

    fn read_row(&self, key: &[u8], on_row: &mut dyn FnMut(Change, &[u8])) -> io::Result<()> {
        let (from, to) = self.block_of(key);
        let mut block = vec![0; usize::try_from(to - from).unwrap_or_default()];
        self.file.read_exact_at(&mut block, from)?;
        let mut cursor = Cursor { from: block.as_slice(), change: Change::Put, value: Vec::new() };
        let mut found = Vec::new();
        while cursor.next(&mut found)? {
            if found == key {
                on_row(cursor.change, &cursor.value);
                break;
            }
        }
        Ok(())
    }
}

/// Reads a file from a place on. Why not by seeking: several readers of one run share its handle, and with it where a seek leaves it.
#[derive(Debug)]
struct FileFrom {
    file: File,
    at: u64,
}

impl io::Read for FileFrom {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Reads rows one after another.
#[derive(Debug)]
struct Cursor<R> {
    from: R,
    change: Change,
    value: Vec<u8>,
}

impl<R: io::Read> Cursor<R> {
    /// Puts the key of the next row into the buffer, and its value here; `false` at the end.
    fn next(&mut self, key: &mut Vec<u8>) -> io::Result<bool> {
        let mut head = [0; ROW_HEAD_BYTES];
        let read = self.from.read(&mut head)?;
        if read == 0 {
            return Ok(false);
        }
        self.from.read_exact(&mut head[read..])?;
        let [low, high, change, b0, b1, b2, b3, crc @ ..] = head;
        self.change = Change::from_byte(change).ok_or_else(invalid)?;
        key.resize(usize::from(u16::from_le_bytes([low, high])), 0);
        self.from.read_exact(key)?;
        let length = u64::from(u32::from_le_bytes([b0, b1, b2, b3]));
        self.value.clear();
        if self.from.by_ref().take(length).read_to_end(&mut self.value)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if row_crc(&head[..ROW_HEAD_BYTES - 4], key, &self.value) != u32::from_le_bytes(crc) {
            return Err(invalid());
        }
        Ok(true)
    }
}

/// Rows in order.
#[derive(Debug)]
pub struct Gathered {
    cursors: Vec<Cursor<BufReader<FileFrom>>>,
    /// The next key of each run; of equal ones the older run first.
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl Gathered {
    /// The next row; none after the last.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn next_row(&mut self) -> io::Result<Option<Row>> {
        let mut row: Option<Row> = None;
        while let Some(mut first) = self.heads.peek_mut() {
            let Reverse((key, number)) = &mut *first;
            if row.as_ref().is_some_and(|(known, _)| known != key) {
                break;
            }
            let cursor = &mut self.cursors[*number];
            match &mut row {
                Some((_, value)) => cursor.change.apply(value, &cursor.value),
                None => row = Some((std::mem::take(key), std::mem::take(&mut cursor.value))),
            }
            if !cursor.next(key)? {
                PeekMut::pop(first);
            }
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A row's change is settled by its key.
    fn change_of(key: &[u8]) -> Change {
        Change::from_byte(key[0] % 3).unwrap()
    }

    fn all(gatherer: &Gatherer, from: &[u8]) -> Vec<Row> {
        let mut rows = gatherer.rows_from(from).unwrap();
        std::iter::from_fn(|| rows.next_row().unwrap()).collect()
    }

    #[test]
    fn readers_of_one_run_do_not_disturb_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let mut gatherer = Gatherer::open(dir.path()).unwrap();
        let row = |number: u16| (number.to_be_bytes().to_vec(), vec![7; 1_000]);
        (0..2_000).map(row).for_each(|(key, value)| gatherer.change(Change::Put, &key, &value));
        gatherer.spill(Checkpoint::default()).unwrap();
        let mut first = gatherer.rows_from(&[]).unwrap();
        assert_eq!(first.next_row().unwrap(), Some(row(0)));
        assert_eq!(all(&gatherer, &[0]).len(), 2_000);
        assert!((1..2_000).all(|number| first.next_row().unwrap() == Some(row(number))));
    }

    proptest! {
        #[test]
        fn rows_are_those_of_a_map_wherever_runs_end_and_builds_are_broken_off(
            changes in prop::collection::vec((prop::collection::vec(0..5_u8, 1..4), prop::collection::vec(any::<u8>(), 0..9_000)), 0..120),
            spills in prop::collection::vec(1..40_usize, 1..4),
            from in prop::collection::vec(0..5_u8, 0..3),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut gatherer = Gatherer::open(dir.path()).unwrap();
            let mut expected: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
            let mut lengths = spills.into_iter().cycle();
            let mut left = lengths.next().unwrap();
            for (number, (key, value)) in (1..).zip(&changes) {
                gatherer.change(change_of(key), key, value);
                match (change_of(key), expected.get_mut(key)) {
                    (Change::Append, Some(known)) => known.extend(value),
                    (Change::PutNew, Some(_)) => {}
                    (Change::Put, Some(_)) | (_, None) => drop(expected.insert(key.clone(), value.clone())),
                }
                left -= 1;
                if left == 0 {
                    left = lengths.next().unwrap();
                    gatherer.spill(Checkpoint { position: number, chain: [7; 32] }).unwrap();
                    prop_assert_eq!(gatherer.memory_bytes(), 0);
                    // Broken off here, with a run half written.
                    fs::write(dir.path().join(UNFINISHED), FORM).unwrap();
                    gatherer = Gatherer::open(dir.path()).unwrap();
                    prop_assert_eq!(gatherer.reached(), Checkpoint { position: number, chain: [7; 32] });
                }
                prop_assert_eq!(&gatherer.get(key).unwrap(), &expected.get(key).cloned());
            }
            prop_assert_eq!(gatherer.get(&[9]).unwrap(), None);
            gatherer.spill(Checkpoint::default()).unwrap();
            prop_assert_eq!(all(&gatherer, &[]), expected.clone().into_iter().collect::<Vec<_>>());
            let after: Vec<_> = expected.into_iter().filter(|(key, _)| *key >= from).collect();
            prop_assert_eq!(all(&gatherer, &from), after);
            gatherer.clear().unwrap();
            prop_assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_run_with_any_byte_damaged_or_missing_and_those_after_it_are_gathered_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut gatherer = Gatherer::open(dir.path()).unwrap();
        for number in 1..=3_u8 {
            gatherer.change(Change::Append, b"key", &[number]);
            gatherer.change(Change::Put, b"other", &[0; 30]);
            gatherer.spill(Checkpoint { position: number.into(), chain: [number; 32] }).unwrap();
        }
        let paths = [1, 2].map(|number| gatherer.path(number));
        let whole = paths.each_ref().map(|path| fs::read(path).unwrap());
        let flipped = (0..whole[0].len()).map(|at| {
            let mut bytes = whole[0].clone();
            bytes[at] ^= 0x10;
            bytes
        });
        let shorter = (0..whole[0].len()).map(|length| whole[0][..length].to_vec());
        for damaged in flipped.chain(shorter) {
            fs::write(&paths[0], &damaged).unwrap();
            fs::write(&paths[1], &whole[1]).unwrap();
            gatherer = Gatherer::open(dir.path()).unwrap();
            assert_eq!((gatherer.reached().position, fs::read_dir(dir.path()).unwrap().count()), (1, 1));
        }
        gatherer.change(Change::Append, b"key", &[8]);
        gatherer.spill(Checkpoint { position: 9, chain: [0; 32] }).unwrap();
        assert_eq!(all(&gatherer, &[]), [(b"key".to_vec(), vec![1, 8]), (b"other".to_vec(), vec![0; 30])]);
        // Damaged while it is in use.
        let mut bytes = fs::read(&paths[0]).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&paths[0], bytes).unwrap();
        assert!(gatherer.get(b"key").is_err() && gatherer.rows_from(&[]).is_err());
    }
}
