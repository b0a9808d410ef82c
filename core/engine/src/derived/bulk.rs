//! All derived rows from nothing: sorted outside memory, then loaded in their order.
//!
//! The rows are those that following the log gives, byte for byte; only the way is another. Ordinals are checked when the events of a subject
//! stand together. Memory stays below 512 MiB, the rest is in files.

mod rows;
mod tree_rows;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zhixin_events::{Commit, Position, invariant};
use zhixin_store::feed::{Batch, Feed};
use zhixin_store::postings::PositionList;
use zhixin_store::rows::{Checkpoint, RowFault, RowKind, RowStore, open_rows};
use zhixin_store::sorter::Sorter;
use zhixin_store::table::{Table, TableView};

pub(crate) use self::rows::Rows;
use self::tree_rows::{TreeRows, TreeRowsOut};
use super::{Derived, DerivedFault, SUBJECTS, command_row, command_value, leaves_beside, period_of};
use crate::identity::IdentityKeys;
use crate::log::LogId;
use crate::merkle::{self, TreeBuilder, TreeHash};
use crate::vault_keys::KeyRing;

/// Memory in which entries of the subject index are sorted. Unit: bytes.
pub(crate) const SUBJECT_BYTES: usize = 192 << 20;
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
    let mut build = Build::new(Some(&scratch.0), inputs, subject_bytes)?;
    let mut fault = None;
    feed.read(0, &mut |batch| match build.take(batch) {
        Ok(()) => after(build.reached()),
        Err(broken) => {
            fault = Some(broken);
            ControlFlow::Break(())
        }
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    let reached = build.complete()?;
    build.rows()?.load_into(store, reached)
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

/// Rows on their way: batches are taken up to the position where the rows are to be complete, and further to check ordinals and the tree.
pub(crate) struct Build {
    dir: PathBuf,
    /// Whether the folder is used.
    on_disk: bool,
    reached: Checkpoint,
    subjects: Sorter,
    /// Command ids of the last period and the one before it, if commands were recorded in it.
    commands: VecDeque<(u16, Sorter)>,
    tree: TreeBuilder,
    tree_rows: TreeRows,
    /// Rows of persons and documents: few, and some are taken back, so they go the ordinary way.
    special: Derived,
    /// What does not change any more once the rows are complete: where they end, rows of persons and documents, rows of the tree.
    complete: Option<(u64, TableView, TreeRowsOut)>,
    /// Sizes of the tree at which its root is kept, falling, and the roots.
    sizes: Vec<u64>,
    roots: BTreeMap<u64, TreeHash>,
}

impl Build {
    /// Works in a folder that is there, or in memory.
    pub(crate) fn new(dir: Option<&Path>, inputs: &BuildInputs, subject_bytes: usize) -> Result<Self, DerivedFault> {
        let folder = dir.unwrap_or(&inputs.scratch);
        let [special, subjects] = ["special", "subjects"].map(|name| folder.join(name));
        for folder in dir.iter().flat_map(|_| [&special, &subjects]) {
            fs::create_dir_all(folder).map_err(io_fault("make the folder of a build"))?;
        }
        let kind = if dir.is_some() { RowKind::Lmdb } else { RowKind::Memory };
        let table = Arc::new(Table::new(open_rows(kind, &special)?)?);
        let tree_file = dir.map(|dir| dir.join("tree"));
        Ok(Self {
            dir: folder.to_owned(),
            on_disk: dir.is_some(),
            reached: Checkpoint::default(),
            subjects: Sorter::new(&subjects, subject_bytes),
            commands: VecDeque::new(),
            tree: TreeBuilder::new(),
            tree_rows: TreeRows::make(tree_file.as_deref()).map_err(io_fault("make the file of tree rows"))?,
            special: Derived::new(table, Arc::clone(&inputs.keys), inputs.identities.clone(), inputs.log_id)?,
            complete: None,
            sizes: Vec::new(),
            roots: BTreeMap::new(),
        })
    }

    /// Stops at sealed fields that do not open.
    pub(crate) const fn be_strict(&mut self) {
        self.special.be_strict();
    }

    /// Keeps the root of the tree at these sizes, when it comes to them.
    pub(crate) fn keep_roots(&mut self, sizes: impl IntoIterator<Item = u64>) {
        self.sizes = sizes.into_iter().filter(|size| *size > 0).collect();
        self.sizes.sort_unstable_by(|one, other| other.cmp(one));
        self.sizes.dedup();
        self.roots.insert(0, TreeBuilder::new().root());
    }

    /// The next position to be taken.
    pub(crate) fn reached(&self) -> u64 {
        self.reached.position
    }

    /// The root at a size that was to be kept and is reached, or at the present one.
    pub(crate) fn root_at(&self, size: u64) -> Option<TreeHash> {
        self.roots.get(&size).copied().or_else(|| (size == self.tree.size()).then(|| self.tree.root()))
    }

    /// Takes the next batch.
    pub(crate) fn take(&mut self, batch: &Batch<'_>) -> Result<(), DerivedFault> {
        if batch.first_position != self.reached.position {
            return Err(DerivedFault::AnotherHistory { position: self.reached.position });
        }
        let hashes = leaves_beside(batch, &mut |first, commit| self.take_commit(commit, first))?;
        self.grow(&hashes)?;
        self.reached = Checkpoint { position: batch.next_position, chain: batch.chain_after };
        self.special.table.advance(self.reached);
        if self.special.table.unflushed_bytes() >= FLUSH_BYTES {
            self.special.table.flush()?;
        }
        Ok(())
    }

    fn grow(&mut self, mut hashes: &[TreeHash]) -> Result<(), DerivedFault> {
        while !hashes.is_empty() {
            let until_kept = self.sizes.last().and_then(|size| usize::try_from(size - self.tree.size()).ok());
            let (now, later) = hashes.split_at(until_kept.unwrap_or(usize::MAX).min(hashes.len()));
            if self.complete.is_none() {
                merkle::append_leaves(&mut self.tree_rows, &mut self.tree, now.iter().copied())?;
            } else {
                let mut completed = Vec::new();
                now.iter().try_for_each(|hash| self.tree.append(*hash, &mut completed)).map_err(merkle::TileError::from)?;
            }
            if self.sizes.pop_if(|size| *size == self.tree.size()).is_some() {
                self.roots.insert(self.tree.size(), self.tree.root());
            }
            hashes = later;
        }
        Ok(())
    }

    /// The rows end here: whatever is taken now is checked but makes none. Gives where here is.
    pub(crate) fn complete(&mut self) -> Result<Checkpoint, DerivedFault> {
        self.special.table.flush()?;
        let elsewhere = TreeRows::make(None).map_err(io_fault("make room for tree rows"))?;
        let tree = std::mem::replace(&mut self.tree_rows, elsewhere).rewind().map_err(io_fault("read tree rows"))?;
        self.roots.insert(self.tree.size(), self.tree.root());
        self.complete = Some((self.reached.position, self.special.table.view()?, tree));
        Ok(self.reached)
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
        if self.complete.is_some() {
            return Ok(());
        }
        let period = period_of(commit.recorded_at);
        if self.commands.back().is_none_or(|(last, _)| *last != period) {
            let dir = self.dir.join(format!("commands-{period}"));
            if self.on_disk {
                fs::create_dir_all(&dir).map_err(io_fault("make the folder of a build"))?;
            }
            self.commands.push_back((period, Sorter::new(&dir, COMMAND_BYTES)));
            self.commands.retain(|(kept, _)| *kept >= period.saturating_sub(1));
        }
        let Some((_, commands)) = self.commands.back_mut() else { return Ok(()) };
        record.clear();
        record.extend_from_slice(&command_row(period, &commit.command_id));
        record.extend_from_slice(&command_value(commit, first));
        commands.push(&record).map_err(io_fault("sort command ids"))
    }

    /// The rows, once they are complete: none before.
    pub(crate) fn rows(self) -> Result<Rows, DerivedFault> {
        let sorted = |sorter: Sorter| sorter.sorted().map_err(io_fault("merge sorted rows"));
        let Some((end, special, tree)) = self.complete else { invariant!("rows are asked for before they are complete") };
        let commands = self.commands.into_iter().map(|(_, sorter)| sorted(sorter)).collect::<Result<_, _>>()?;
        Ok(Rows::new(commands, special, sorted(self.subjects)?, tree, end))
    }
}

#[cfg(test)]
mod tests;
