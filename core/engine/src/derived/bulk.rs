//! All derived rows from nothing: sorted outside memory, then loaded in their order.
//!
//! The rows are those that following the log gives, byte for byte; only the way is another. Ordinals are checked when the events of a subject
//! stand together. Memory stays below 512 MiB, the rest is in files.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::ops::{Bound, ControlFlow};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zhixin_events::{Commit, Position, Subject};
use zhixin_store::feed::{Batch, Feed};
use zhixin_store::postings::PositionList;
use zhixin_store::rows::{Checkpoint, Direction, Row, RowFault, RowKind, RowStore, RowView as _, open_rows};
use zhixin_store::sorter::{Sorted, Sorter};
use zhixin_store::table::{Table, TableView};

use super::{Derived, DerivedFault, SUBJECTS, command_row, command_value, leaves_beside, period_of, tree_row};
use crate::identity::IdentityKeys;
use crate::log::LogId;
use crate::merkle::{self, StoreFault, TileSource, TileStore, TreeBuilder};
use crate::vault_keys::KeyRing;

/// Memory in which entries of the subject index are sorted. Unit: bytes.
const SUBJECT_BYTES: usize = 192 << 20;
/// Memory in which the command ids of a period are sorted; two periods are kept. Unit: bytes.
const COMMAND_BYTES: usize = 32 << 20;
/// Unflushed rows of persons and documents at which they are written out. Unit: bytes.
const FLUSH_BYTES: usize = 32 << 20;
/// Rows read at once from where rows of persons and documents wait.
const ROWS_AT_ONCE: usize = 4_096;
/// Bytes behind a subject in a record of the sorter: position and ordinal.
const PLACE_BYTES: usize = 12;
/// Bytes of the value of a command row.
const COMMAND_VALUE_BYTES: usize = 24;

/// What a build needs beside the log.
#[derive(Debug)]
pub struct BuildInputs {
    /// The vault's keys: registrations are opened for the identity look-up.
    pub keys: Arc<KeyRing>,
    /// Hashes identity numbers.
    pub identities: IdentityKeys,
    /// The log.
    pub log_id: LogId,
    /// A folder for what does not fit into memory; made, and removed at the end.
    pub scratch: PathBuf,
}

/// Fills an empty store with all derived rows of a log, up to its end or to the batch at which `after` breaks; `after` gets the position
/// reached. Rows are in the store when this returns, or none.
///
/// # Errors
/// The first that went wrong; the store is empty then.
pub fn build(
    store: &dyn RowStore,
    feed: &dyn Feed,
    inputs: &BuildInputs,
    after: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<(), DerivedFault> {
    build_within(store, feed, inputs, SUBJECT_BYTES, after)
}

/// The same with another bound for the memory of the subject index.
pub(super) fn build_within(
    store: &dyn RowStore,
    feed: &dyn Feed,
    inputs: &BuildInputs,
    subject_bytes: usize,
    after: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<(), DerivedFault> {
    let scratch = Scratch::make(&inputs.scratch)?;
    let mut build = Build::new(&scratch.0, inputs, subject_bytes)?;
    let mut fault = None;
    feed.read(0, &mut |batch| match build.take(batch) {
        Ok(()) => after(build.reached.position),
        Err(broken) => {
            fault = Some(broken);
            ControlFlow::Break(())
        }
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    build.load_into(store)
}

fn io_fault(step: &'static str) -> impl FnOnce(io::Error) -> DerivedFault {
    move |source| DerivedFault::Rows(RowFault::Io { step, source })
}

/// The folder, gone when the build is.
struct Scratch(PathBuf);

impl Scratch {
    fn make(path: &Path) -> Result<Self, DerivedFault> {
        // What a build that was killed has left.
        if path.exists() {
            fs::remove_dir_all(path).map_err(io_fault("empty the folder of a build"))?;
        }
        fs::create_dir_all(path).map_err(io_fault("make the folder of a build"))?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(fault) = fs::remove_dir_all(&self.0) {
            tracing::warn!(fault = %fault, "the folder of a build could not be removed; the next one removes it");
        }
    }
}

/// Rows on their way.
struct Build {
    dir: PathBuf,
    reached: Checkpoint,
    subjects: Sorter,
    /// Command ids of the last period and the one before it, if commands were recorded in it.
    commands: VecDeque<(u16, Sorter)>,
    tree: TreeBuilder,
    tree_rows: TreeFile,
    /// Rows of persons and documents: few, and some are taken back, so they go the ordinary way.
    special: Derived,
}

impl Build {
    fn new(dir: &Path, inputs: &BuildInputs, subject_bytes: usize) -> Result<Self, DerivedFault> {
        let [special, subjects] = ["special", "subjects"].map(|name| dir.join(name));
        for folder in [&special, &subjects] {
            fs::create_dir_all(folder).map_err(io_fault("make the folder of a build"))?;
        }
        let table = Arc::new(Table::new(open_rows(RowKind::Lmdb, &special)?)?);
        Ok(Self {
            dir: dir.to_owned(),
            reached: Checkpoint::default(),
            subjects: Sorter::new(&subjects, subject_bytes),
            commands: VecDeque::new(),
            tree: TreeBuilder::new(),
            tree_rows: TreeFile::make(&dir.join("tree")).map_err(io_fault("make the file of tree rows"))?,
            special: Derived::new(table, Arc::clone(&inputs.keys), inputs.identities.clone(), inputs.log_id)?,
        })
    }

    fn take(&mut self, batch: &Batch<'_>) -> Result<(), DerivedFault> {
        if batch.first_position != self.reached.position {
            return Err(DerivedFault::AnotherHistory { position: self.reached.position });
        }
        let hashes = leaves_beside(batch, &mut |first, commit| self.take_commit(commit, first))?;
        merkle::append_leaves(&mut self.tree_rows, &mut self.tree, hashes)?;
        self.reached = Checkpoint { position: batch.next_position, chain: batch.chain_after };
        self.special.table.advance(self.reached);
        if self.special.table.unflushed_bytes() >= FLUSH_BYTES {
            self.special.table.flush()?;
        }
        Ok(())
    }

    fn take_commit(&mut self, commit: &Commit, first: Position) -> Result<(), DerivedFault> {
        let mut record = Vec::with_capacity(64);
        for recorded in commit.recorded(first) {
            let recorded = recorded.map_err(|source| DerivedFault::Decode { position: first.0, source })?;
            for (subject, ordinal) in &recorded.record.subjects {
                record.clear();
                record.extend_from_slice(PositionList::new(SUBJECTS, subject.as_bytes()).prefix());
                record.extend_from_slice(&recorded.position.0.to_be_bytes());
                record.extend_from_slice(&ordinal.to_be_bytes());
                self.subjects.push(&record).map_err(io_fault("sort the subject index"))?;
            }
            self.special.apply_special(&recorded)?;
        }
        let period = period_of(commit.recorded_at);
        if self.commands.back().is_none_or(|(last, _)| *last != period) {
            let dir = self.dir.join(format!("commands-{period}"));
            fs::create_dir_all(&dir).map_err(io_fault("make the folder of a build"))?;
            self.commands.push_back((period, Sorter::new(&dir, COMMAND_BYTES)));
            self.commands.retain(|(kept, _)| *kept >= period.saturating_sub(1));
        }
        let Some((_, commands)) = self.commands.back_mut() else { return Ok(()) };
        record.clear();
        record.extend_from_slice(&command_row(period, &commit.command_id));
        record.extend_from_slice(&command_value(commit, first));
        commands.push(&record).map_err(io_fault("sort command ids"))
    }

    fn load_into(self, store: &dyn RowStore) -> Result<(), DerivedFault> {
        self.special.table.flush()?;
        let sorted = |sorter: Sorter| sorter.sorted().map_err(io_fault("merge sorted rows"));
        let mut rows = Rows {
            commands: self.commands.into_iter().map(|(_, sorter)| sorted(sorter)).collect::<Result<_, _>>()?,
            special: self.special.table.view()?,
            // Every key begins with a letter.
            special_after: Some(vec![0]),
            subjects: Some(sorted(self.subjects)?),
            next_subject: Vec::new(),
            tree: self.tree_rows.rewind().map_err(io_fault("read tree rows"))?,
            ready: VecDeque::new(),
            fault: None,
        };
        let loaded = store.append_sorted(&mut rows, self.reached);
        match rows.fault {
            Some(fault) => Err(fault),
            None => Ok(loaded?),
        }
    }
}

/// All rows, by key: command ids, documents, erasures, identities, persons, subjects, tree.
struct Rows {
    commands: VecDeque<Sorted>,
    special: TableView,
    /// The last key that was read; none when all are.
    special_after: Option<Vec<u8>>,
    subjects: Option<Sorted>,
    /// The first record of the next subject.
    next_subject: Vec<u8>,
    tree: TreeRowsOut,
    ready: VecDeque<Row>,
    /// Why it cannot go on.
    fault: Option<DerivedFault>,
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        while self.ready.is_empty() && self.fault.is_none() {
            match self.more() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(fault) => self.fault = Some(fault),
            }
        }
        // After a fault the same row again and again: a store refuses that, and then holds nothing.
        if self.fault.is_some() { Some((vec![0], Vec::new())) } else { self.ready.pop_front() }
    }
}

impl Rows {
    /// Makes some rows ready; `false` when there are no more.
    fn more(&mut self) -> Result<bool, DerivedFault> {
        let merge = || io_fault("merge sorted rows");
        if let Some(commands) = self.commands.front_mut() {
            let mut record = Vec::new();
            if commands.next(&mut record).map_err(merge())? {
                let value = record.split_off(record.len() - COMMAND_VALUE_BYTES);
                self.ready.push_back((record, value));
            } else {
                self.commands.pop_front();
            }
            return Ok(true);
        }
        if let Some(after) = self.special_after.take() {
            let ready = &mut self.ready;
            self.special.scan(Bound::Excluded(&after), Bound::Unbounded, Direction::Ascending, &mut |key, value| {
                ready.push_back((key.to_vec(), value.to_vec()));
                if ready.len() < ROWS_AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            self.special_after = self.ready.back().map(|(key, _)| key.clone());
            return Ok(true);
        }
        if self.subjects.is_some() {
            return self.next_subject().map(|()| true);
        }
        let row = self.tree.next().map_err(io_fault("read tree rows"))?;
        let found = row.is_some();
        self.ready.extend(row);
        Ok(found)
    }

    /// The rows of one subject, whose records stand together.
    fn next_subject(&mut self) -> Result<(), DerivedFault> {
        let Some(sorted) = &mut self.subjects else { return Ok(()) };
        let merge = || io_fault("merge sorted rows");
        if self.next_subject.is_empty() && !sorted.next(&mut self.next_subject).map_err(merge())? {
            self.subjects = None;
            return Ok(());
        }
        let mut record = std::mem::take(&mut self.next_subject);
        let prefix = record[..record.len() - PLACE_BYTES].to_vec();
        let subject = Subject::from_bytes(prefix.get(2..).unwrap_or_default());
        let subject = subject.map_err(|_| RowFault::Corrupt { what: "a sorted record without a subject" })?;
        let mut positions = Vec::new();
        loop {
            let (position, named) = place_of(&record);
            let expected = positions.len() as u64 + 1;
            if u64::from(named) != expected {
                return Err(DerivedFault::Ordinal { position, subject, named, expected });
            }
            positions.push(position);
            if !sorted.next(&mut record).map_err(merge())? {
                break;
            }
            if record[..record.len() - PLACE_BYTES] != prefix {
                self.next_subject = record;
                break;
            }
        }
        self.ready.extend(PositionList::new(SUBJECTS, subject.as_bytes()).rows_of(positions)?);
        Ok(())
    }
}

fn place_of(record: &[u8]) -> (u64, u32) {
    let place = &record[record.len() - PLACE_BYTES..];
    let (position, ordinal) = place.split_at(8);
    (u64::from_be_bytes(position.try_into().unwrap_or_default()), u32::from_be_bytes(ordinal.try_into().unwrap_or_default()))
}

/// Rows of the tree: those of the leaves go to a file, in their order; those above are few enough to keep.
struct TreeFile {
    file: BufWriter<File>,
    /// The last row of leaves, which may grow.
    last: Option<(Vec<u8>, Vec<u8>)>,
    above: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl TreeFile {
    fn make(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(path)?;
        Ok(Self { file: BufWriter::new(file), last: None, above: BTreeMap::new() })
    }

    fn write_last(&mut self) -> io::Result<()> {
        let Some((key, value)) = self.last.take() else { return Ok(()) };
        for part in [&key, &value] {
            self.file.write_all(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes())?;
            self.file.write_all(part)?;
        }
        Ok(())
    }

    fn rewind(mut self) -> io::Result<TreeRowsOut> {
        self.write_last()?;
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(TreeRowsOut { leaves: BufReader::new(file), above: self.above.into_iter() })
    }
}

impl TileSource for TreeFile {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
        let last = self.last.as_ref().filter(|(known, _)| known == key).map(|(_, value)| value.clone());
        Ok(last.or_else(|| self.above.get(key).cloned()))
    }
}

impl TileStore for TreeFile {
    fn put(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), StoreFault> {
        if key.first() != Some(&0) {
            self.above.insert(key.to_vec(), value);
            return Ok(());
        }
        if self.last.as_ref().is_some_and(|(known, _)| known != key) {
            self.write_last()?;
        }
        self.last = Some((key.to_vec(), value));
        Ok(())
    }
}

struct TreeRowsOut {
    leaves: BufReader<File>,
    above: std::collections::btree_map::IntoIter<Vec<u8>, Vec<u8>>,
}

impl TreeRowsOut {
    fn next(&mut self) -> io::Result<Option<Row>> {
        let row = match self.read_part()? {
            Some(key) => Some((key, self.read_part()?.unwrap_or_default())),
            None => self.above.next(),
        };
        Ok(row.map(|(key, value)| (tree_row(&key), value)))
    }

    fn read_part(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        match self.leaves.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let mut part = vec![0; u32::from_le_bytes(length) as usize];
        self.leaves.read_exact(&mut part)?;
        Ok(Some(part))
    }
}

#[cfg(test)]
mod tests;
