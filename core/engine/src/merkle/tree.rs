//! RFC 6962 hashing and the append-only tree builder.
//!
//! A builder holds only the right edge: the roots of the complete subtrees that make up the tree, from the
//! largest to the smallest, one for each bit set in the size. That is enough to append and to compute the
//! root; everything else is read back from stored tiles.
//!
//! Invariant: `edge.len() == size.count_ones()`.

use std::fmt;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::text;

/// Bytes of one hash.
pub const HASH_LEN: usize = 32;

/// Largest tree size handled: 2^63 - 1, the largest signed 64-bit integer, because other verifiers use one.
pub const SIZE_MAX: u64 = u64::MAX >> 1;

/// Tree levels in one tile. Source: C2SP tlog-tiles, which fixes 256 hashes a tile.
pub const TILE_HEIGHT: u32 = 8;

/// One SHA-256 hash of the tree: a leaf, an inner node or a root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash([u8; HASH_LEN]);

impl TreeHash {
    /// Takes the 32 bytes as they are.
    pub const fn from_bytes(bytes: [u8; HASH_LEN]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_LEN] {
        &self.0
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::to_base64(&self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A hash that became final with an append and that the tile layout stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredHash {
    /// Tile level: the hash covers 256^level leaves.
    pub level: u8,
    /// Number of the hash within its level, counted from 0.
    pub index: u64,
    /// The hash itself.
    pub hash: TreeHash,
}

/// Why a tree could not be built or grown.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum TreeError {
    /// The tree would leave the range that all verifiers can represent.
    #[error("tree size {size} is beyond the largest size {SIZE_MAX}")]
    TooLarge {
        /// The size asked for.
        size: u64,
    },
    /// The given right edge does not belong to a tree of this size.
    #[error("a tree of size {size} has {} edge hashes, but {found} were given", size.count_ones())]
    WrongEdge {
        /// The size asked for.
        size: u64,
        /// Hashes given.
        found: usize,
    },
}

/// The growing tree: its size and its right edge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TreeBuilder {
    size: u64,
    edge: Vec<TreeHash>,
}

impl TreeBuilder {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree known only by its right edge: the complete subtrees from left (largest) to right.
    pub fn from_edge(size: u64, edge: Vec<TreeHash>) -> Result<Self, TreeError> {
        if size > SIZE_MAX {
            return Err(TreeError::TooLarge { size });
        }
        if u32::try_from(edge.len()) != Ok(size.count_ones()) {
            return Err(TreeError::WrongEdge { size, found: edge.len() });
        }
        Ok(Self { size, edge })
    }

    /// Appends one leaf hash and adds to `completed` each hash that the tile layout stores because of it:
    /// the leaf, then the root of each tile it fills, lowest first.
    pub fn append(&mut self, leaf: TreeHash, completed: &mut Vec<StoredHash>) -> Result<(), TreeError> {
        if self.size >= SIZE_MAX {
            return Err(TreeError::TooLarge { size: self.size.saturating_add(1) });
        }
        completed.push(StoredHash { level: 0, index: self.size, hash: leaf });
        let (mut hash, mut level) = (leaf, 0_u8);
        // Each trailing one bit of the size is a complete subtree that the new leaf pairs with, as in a
        // binary counter; the edge holds exactly one hash for each bit, so `pop` always gives one.
        for height in 1..=self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                hash = node_hash(&left, &hash);
            }
            if height % TILE_HEIGHT == 0 {
                level += 1;
                completed.push(StoredHash { level, index: self.size >> height, hash });
            }
        }
        self.edge.push(hash);
        self.size += 1;
        Ok(())
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The complete subtrees that make up the tree, from left to right.
    pub fn edge(&self) -> &[TreeHash] {
        &self.edge
    }

    /// The Merkle tree hash of all leaves; for no leaves, the SHA-256 of nothing.
    pub fn root(&self) -> TreeHash {
        fold_edge(&self.edge)
    }
}

/// Hash of a leaf: SHA-256 over a zero byte and the entry. Source: RFC 6962 section 2.1.
pub fn leaf_hash(entry: &[u8]) -> TreeHash {
    TreeHash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// Hash of an inner node: SHA-256 over a one byte and both children. Source: RFC 6962 section 2.1.
pub fn node_hash(left: &TreeHash, right: &TreeHash) -> TreeHash {
    TreeHash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Root of the tree without leaves: SHA-256 of the empty string. Source: RFC 6962 section 2.1.
pub fn empty_root() -> TreeHash {
    TreeHash(Sha256::digest([]).into())
}

/// Root over neighbouring complete subtrees given from left (largest) to right (smallest).
pub(super) fn fold_edge(edge: &[TreeHash]) -> TreeHash {
    edge.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
}
