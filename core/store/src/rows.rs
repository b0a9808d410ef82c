//! Row stores: sorted keys and values with a checkpoint, the bottom layer of all derived state.
//!
//! Invariants: rows and checkpoint change in one durable transaction or not at all; a view shows one generation; a store that is
//! half loaded shows no rows, and opening one changes nothing. Keys are 1 to [`KEY_BYTES_MAX`] bytes and sort bytewise. Start at [`RowStore`]; [`open_rows`] picks
//! the adapter. Every adapter passes [`crate::conformance::rows`].

mod lmdb;
mod memory;
mod sled;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, ControlFlow};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::lmdb::{LmdbOptions, LmdbRows};
pub use self::memory::MemoryRows;
pub use self::sled::{SledOptions, SledRows};

/// Longest key of a row.
///
/// Unit: bytes. Why: the limit of LMDB as it is built by default, kept for every adapter so that rows stay portable.
pub const KEY_BYTES_MAX: usize = 511;

/// How far into the log derived state reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The next position that is *not* yet reflected; 0 = nothing is.
    pub position: u64,
    /// The log's chain value at that position; zeroes where nothing is reflected.
    pub chain: [u8; 32],
}

impl Checkpoint {
    pub(crate) const BYTES: usize = 40;

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.position.to_be_bytes());
        bytes[8..].copy_from_slice(&self.chain);
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, RowFault> {
        let (position, chain) = bytes
            .split_first_chunk::<8>()
            .and_then(|(position, rest)| Some((*position, <[u8; 32]>::try_from(rest).ok()?)))
            .ok_or(RowFault::Corrupt { what: "checkpoint of a wrong length" })?;
        Ok(Self { position: u64::from_be_bytes(position), chain })
    }
}

/// Order of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// What a scan calls for each row; `Break` ends the scan.
pub type OnRow<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// One durable change of a store.
#[derive(Debug, Default)]
pub struct RowBatch<'a> {
    /// Key and new value; `None` deletes. Fastest in ascending order of keys; a key that occurs twice keeps its last value.
    pub changes: Vec<(&'a [u8], Option<&'a [u8]>)>,
    /// The checkpoint that the store reaches with these changes.
    pub checkpoint: Checkpoint,
}

/// Point reads; all that an index with computable keys needs.
pub trait RowGet {
    /// The value under `key`, if there is one.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault>;
}

/// One generation of a store, unmoved by later commits.
///
/// Limits: LMDB keeps replaced pages as long as a view is open, so views are for one query, not for keeping. The sled adapter has no
/// snapshots: there a commit waits up to one second for open views, then goes on, and older views answer [`RowFault::ViewExpired`].
pub trait RowView: RowGet + Send {
    /// Calls `on_row` for each row between the bounds; a start beyond the end is an empty range.
    fn scan(&self, start: Bound<&[u8]>, end: Bound<&[u8]>, direction: Direction, on_row: &mut OnRow<'_>) -> Result<(), RowFault>;

    /// The checkpoint of this generation.
    fn checkpoint(&self) -> Checkpoint;
}

/// A durable sorted map with a checkpoint.
pub trait RowStore: Debug + Send + Sync {
    /// Opens a view of the newest generation.
    fn view(&self) -> Result<Box<dyn RowView>, RowFault>;

    /// Applies all changes and the checkpoint: after `Ok` they survive loss of power, after `Err` or a crash either all or none are there.
    fn commit(&self, batch: &RowBatch<'_>) -> Result<(), RowFault>;

    /// Fills an empty store from rows in strictly ascending order.
    ///
    /// The checkpoint is written last: a load that did not end leaves a store that shows no rows, and whose next writer empties it. Nobody
    /// in this process may read meanwhile.
    ///
    /// Errors: [`RowFault::NotEmpty`] or [`RowFault::Unsorted`], and those of a commit.
    fn append_sorted(&self, rows: &mut dyn Iterator<Item = Row>, checkpoint: Checkpoint) -> Result<(), RowFault>;

    /// Whether a bulk load has begun and has not ended: another process is at it, or was stopped.
    fn is_half_loaded(&self) -> Result<bool, RowFault> {
        Ok(false)
    }

    /// Bytes this store takes on disk (in memory for the memory adapter).
    fn size_on_disk(&self) -> Result<u64, RowFault>;
}

/// Which product holds derived rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// LMDB through heed: the default, and the only one whose sizes and rates are promised.
    Lmdb,
    /// sled 0.34: asked for, slower, rebuilt when it will not open.
    Sled,
    /// In memory: tests, and one-off computations.
    Memory,
}

/// Opens (or makes) the store of that kind in the folder `path`.
///
/// Errors: [`RowFault::Unopenable`] means: delete the folder and rebuild. [`RowFault::AlreadyOpen`] means that this process has it
/// open. The memory kind ignores the path and starts empty.
pub fn open_rows(kind: RowKind, path: &Path) -> Result<Arc<dyn RowStore>, RowFault> {
    Ok(match kind {
        RowKind::Lmdb => Arc::new(LmdbRows::open(path, &LmdbOptions::default())?),
        RowKind::Sled => Arc::new(SledRows::open(path, &SledOptions::default())?),
        RowKind::Memory => Arc::new(MemoryRows::new()),
    })
}

/// What can go wrong with rows. Derived state can always be rebuilt, so every one of these may be answered by a rebuild.
#[derive(Debug, thiserror::Error)]
pub enum RowFault {
    /// The store's files are damaged, cut short or of another version; delete the folder and rebuild.
    #[error("rows at {path} cannot be opened: {what}")]
    Unopenable {
        /// The store's folder.
        path: PathBuf,
        /// What the adapter said.
        what: String,
    },
    /// This process (or another, for sled) has the same folder open.
    #[error("rows at {path} are already open")]
    AlreadyOpen {
        /// The store's folder.
        path: PathBuf,
    },
    /// A row or the checkpoint does not have the form that this crate writes.
    #[error("rows are corrupt: {what}")]
    Corrupt {
        /// Which form was violated.
        what: &'static str,
    },
    /// The address space or disk given to the store is used up.
    #[error("no room for more rows")]
    Full,
    /// A view outlived the wait of a commit; only sled. Open a new view and repeat the query.
    #[error("the view is older than the rows")]
    ViewExpired,
    /// A bulk load found rows.
    #[error("bulk load into a store that has rows")]
    NotEmpty,
    /// A bulk load met a key that is not greater than the one before.
    #[error("bulk load out of order")]
    Unsorted,
    /// A file operation failed.
    #[error("{step}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The product beneath failed; the message is its own.
    #[error("{step}: {what}")]
    Backend {
        /// What was being done.
        step: &'static str,
        /// What the product said.
        what: String,
    },
}

/// Whether no key lies between the bounds, in which case the products differ (sled and ordered maps may panic).
pub(crate) fn is_empty_range(start: Bound<&[u8]>, end: Bound<&[u8]>) -> bool {
    match (start, end) {
        (Bound::Unbounded, Bound::Included(_) | Bound::Excluded(_) | Bound::Unbounded)
        | (Bound::Included(_) | Bound::Excluded(_), Bound::Unbounded) => false,
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => start >= end,
    }
}

/// Stops a program that made a key no adapter can hold.
pub(crate) fn assert_key(key: &[u8]) {
    assert!(!key.is_empty() && key.len() <= KEY_BYTES_MAX, "a row key has 1 to {KEY_BYTES_MAX} bytes, not {}", key.len());
}
