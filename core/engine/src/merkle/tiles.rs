//! Storage of the tree: rows of 16 hashes of one tile level, and the tiles served from them.
//!
//! Only hashes at heights 0, 8, 16, … are kept (32.1 bytes a leaf); those between are hashed again when
//! asked for, at most 128 of them a node. A row's key is the level byte and the block number, big-endian;
//! its value is up to 16 hashes in order, the last row of a level being shorter.
//!
//! Invariants:
//! - Rows depend on the leaves alone. Appending one by one, in batches, or again after a crash gives the
//!   same bytes: a row is cut at the place where the append starts and written on from there.
//! - Rows only grow, so a reader holding an older size may read beside a writer that commits whole appends.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use thiserror::Error;

use super::path::{TileKind, TilePath, hashes_at};
use super::tree::{HASH_LEN, SIZE_MAX, StoredHash, TILE_HEIGHT, TreeBuilder, TreeError, TreeHash, empty_root, fold_edge, node_hash};

/// Hashes in one full row. Why 16: a commit of one event then rewrites at most 512 bytes.
pub const ROW_HASHES: u64 = 16;

/// Bytes of one full row.
const ROW_LEN_MAX: usize = 512;

/// A failure of the storage below.
pub type StoreFault = Box<dyn StdError + Send + Sync>;

/// Read access to the rows, as a consistent view.
pub trait TileSource {
    /// The row stored under the key, or none.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault>;
}

/// Read and write access to the rows.
pub trait TileStore: TileSource {
    /// Stores the row under the key, in place of what was there.
    fn put(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), StoreFault>;
}

/// Why the tree could not be read or written.
#[derive(Debug, Error)]
pub enum TileError {
    /// The storage failed to read a row.
    #[error("could not read block {block} of tree level {level}")]
    Read {
        /// Tile level.
        level: u8,
        /// Block of 16 hashes within the level.
        block: u64,
        /// What the storage said.
        #[source]
        source: StoreFault,
    },
    /// The storage failed to write a row.
    #[error("could not write block {block} of tree level {level}")]
    Write {
        /// Tile level.
        level: u8,
        /// Block of 16 hashes within the level.
        block: u64,
        /// What the storage said.
        #[source]
        source: StoreFault,
    },
    /// A row lacks hashes that the tree size says it has.
    #[error("block {block} of tree level {level} has {found} bytes, but {needed} are needed")]
    MissingHashes {
        /// Tile level.
        level: u8,
        /// Block of 16 hashes within the level.
        block: u64,
        /// Bytes found.
        found: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// A stored hash is not the hash of what lies below it.
    #[error("stored hash {index} of tree level {level} differs from the hash of its subtree")]
    HashDiffers {
        /// Tile level.
        level: u8,
        /// Number of the hash within the level.
        index: u64,
    },
    /// The path names something outside the tree of this size.
    #[error("{path} is not part of a tree of {size} leaves")]
    OutsideTree {
        /// The path asked for.
        path: TilePath,
        /// Published size.
        size: u64,
    },
    /// Entries are not kept here.
    #[error("{path} names entries, not hashes")]
    NotHashes {
        /// The path asked for.
        path: TilePath,
    },
    /// A node that no tree contains was asked for.
    #[error("node {index} at height {height} is beyond the largest tree")]
    NoSuchNode {
        /// Height above the leaves.
        height: u32,
        /// Number of the node at that height.
        index: u64,
    },
    /// The tree itself refuses.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Rows in memory, for tests and small tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStore {
    /// Rows by key.
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl TileSource for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.rows.get(key).cloned())
    }
}

impl TileStore for MemoryStore {
    fn put(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), StoreFault> {
        self.rows.insert(key.to_vec(), value);
        Ok(())
    }
}

/// Key of a row: level byte, then the block number big-endian, so that keys sort in writing order.
pub fn row_key(level: u8, block: u64) -> [u8; 9] {
    let mut key = [level; 9];
    key[1..].copy_from_slice(&block.to_be_bytes());
    key
}

/// Appends leaves to the tree and writes the rows they change, each read and written once.
///
/// The builder advances only when every row was accepted. After an error the rows may be ahead of it;
/// appending the same leaves again repairs that.
pub fn append_leaves<S: TileStore + ?Sized>(
    store: &mut S,
    tree: &mut TreeBuilder,
    leaves: impl IntoIterator<Item = TreeHash>,
) -> Result<(), TileError> {
    let mut grown = tree.clone();
    let mut completed = Vec::new();
    for leaf in leaves {
        grown.append(leaf, &mut completed)?;
    }
    completed.sort_by_key(|stored| (stored.level, stored.index));
    for run in completed.chunk_by(|a, b| (a.level, a.index / ROW_HASHES) == (b.level, b.index / ROW_HASHES)) {
        write_run(store, run)?;
    }
    *tree = grown;
    Ok(())
}

/// The builder of the tree of `size` leaves, its right edge read back from the rows.
pub fn open_tree<S: TileSource + ?Sized>(source: &S, size: u64) -> Result<TreeBuilder, TileError> {
    Ok(TreeBuilder::from_edge(size, range_edge(source, 0, size)?)?)
}

/// Root of the tree at any size up to what the rows hold.
pub fn root_at<S: TileSource + ?Sized>(source: &S, size: u64) -> Result<TreeHash, TileError> {
    if size == 0 { Ok(empty_root()) } else { range_root(source, 0, size) }
}

/// The leaf hash stored for one position.
pub fn leaf_at<S: TileSource + ?Sized>(source: &S, index: u64) -> Result<TreeHash, TileError> {
    node_at(source, 0, index)
}

/// Hash of the complete subtree at `height` above the leaves, the `index`-th there.
///
/// Heights that are no multiple of 8 are hashed again from the tile below.
pub fn node_at<S: TileSource + ?Sized>(source: &S, height: u32, index: u64) -> Result<TreeHash, TileError> {
    let no_such_node = TileError::NoSuchNode { height, index };
    let below = height % TILE_HEIGHT;
    let last = index.checked_add(1).filter(|end| *end <= SIZE_MAX.checked_shr(height).unwrap_or(0));
    let (Some(_), Ok(level)) = (last, u8::try_from(height / TILE_HEIGHT)) else {
        return Err(no_such_node);
    };
    let mut hashes = read_hashes(source, level, index << below, 1 << below)?;
    while hashes.len() > 1 {
        hashes = hashes.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    hashes.first().copied().ok_or(no_such_node)
}

/// Bytes of a hash tile for a tree of `size` leaves. The rows may already hold more.
pub fn tile<S: TileSource + ?Sized>(source: &S, path: &TilePath, size: u64) -> Result<Vec<u8>, TileError> {
    let TileKind::Hashes { level } = path.kind() else {
        return Err(TileError::NotHashes { path: *path });
    };
    if !path.is_within(size) {
        return Err(TileError::OutsideTree { path: *path, size });
    }
    let hashes = read_hashes(source, level, path.start(), u64::from(path.width()))?;
    Ok(hashes.iter().flat_map(TreeHash::as_bytes).copied().collect())
}

/// Hashes everything again from the stored leaf hashes: every stored hash above must agree. Gives the
/// tree, whose root the caller compares with the signed one.
///
/// Memory: one row and the right edge.
pub fn check_rows<S: TileSource + ?Sized>(source: &S, size: u64) -> Result<TreeBuilder, TileError> {
    let mut tree = TreeBuilder::new();
    let mut completed = Vec::new();
    while tree.size() < size {
        for leaf in read_hashes(source, 0, tree.size(), ROW_HASHES.min(size - tree.size()))? {
            tree.append(leaf, &mut completed)?;
        }
        check_stored(source, completed.drain(..).filter(|stored| stored.level > 0))?;
    }
    Ok(tree)
}

/// Holds hashes that an append completed against those that are stored.
pub fn check_stored<S: TileSource + ?Sized>(source: &S, hashes: impl IntoIterator<Item = StoredHash>) -> Result<(), TileError> {
    for StoredHash { level, index, hash } in hashes {
        if read_hashes(source, level, index, 1)? != [hash] {
            return Err(TileError::HashDiffers { level, index });
        }
    }
    Ok(())
}

/// Root over the leaves `start..end`. Both must be where the splits of RFC 6962 fall, so that `start` is a
/// multiple of the largest power of two within the range.
pub(super) fn range_root<S: TileSource + ?Sized>(source: &S, start: u64, end: u64) -> Result<TreeHash, TileError> {
    Ok(fold_edge(&range_edge(source, start, end)?))
}

/// The complete subtrees of a range, from left to right.
fn range_edge<S: TileSource + ?Sized>(source: &S, start: u64, end: u64) -> Result<Vec<TreeHash>, TileError> {
    let mut edge = Vec::new();
    let mut at = start;
    while at < end {
        let height = (end - at).ilog2();
        edge.push(node_at(source, height, at >> height)?);
        at += 1 << height;
    }
    Ok(edge)
}

/// Writes neighbouring hashes of one row.
fn write_run<S: TileStore + ?Sized>(store: &mut S, run: &[StoredHash]) -> Result<(), TileError> {
    let Some(&StoredHash { level, index, .. }) = run.first() else {
        return Ok(());
    };
    let block = index / ROW_HASHES;
    let needed = slot_offset(index);
    let mut row = if needed == 0 { Vec::with_capacity(ROW_LEN_MAX) } else { read_row(store, level, block, needed)? };
    row.truncate(needed);
    row.extend(run.iter().flat_map(|stored| stored.hash.as_bytes()));
    store.put(&row_key(level, block), row).map_err(|source| TileError::Write { level, block, source })
}

/// Reads `count` hashes of a level from `start` on, row by row. `count` is at most a tile's width.
fn read_hashes<S: TileSource + ?Sized>(source: &S, level: u8, start: u64, count: u64) -> Result<Vec<TreeHash>, TileError> {
    let end = start.saturating_add(count).min(hashes_at(0, SIZE_MAX));
    let mut hashes = Vec::new();
    let mut at = start;
    while at < end {
        let block = at / ROW_HASHES;
        let stop = end.min((block + 1) * ROW_HASHES);
        let (from, to) = (slot_offset(at), slot_offset(stop - 1) + HASH_LEN);
        let row = read_row(source, level, block, to)?;
        hashes.extend(row[from..to].as_chunks::<HASH_LEN>().0.iter().copied().map(TreeHash::from_bytes));
        at = stop;
    }
    Ok(hashes)
}

/// Reads a row that must hold at least `needed` bytes.
fn read_row<S: TileSource + ?Sized>(source: &S, level: u8, block: u64, needed: usize) -> Result<Vec<u8>, TileError> {
    let row = source.get(&row_key(level, block)).map_err(|source| TileError::Read { level, block, source })?;
    let row = row.unwrap_or_default();
    if row.len() < needed {
        return Err(TileError::MissingHashes { level, block, found: row.len(), needed });
    }
    Ok(row)
}

/// Byte offset of a hash within its row.
fn slot_offset(index: u64) -> usize {
    // The remainder is below 16, so that the conversion cannot fail.
    usize::try_from(index % ROW_HASHES).unwrap_or(0) * HASH_LEN
}
