//! Inclusion and consistency proofs: made from stored tiles, checked with nothing but hashes.
//!
//! Makers follow RFC 6962 sections 2.1.1 and 2.1.2 (the tree splits at the largest power of two below its
//! size). Checkers follow RFC 9162 sections 2.1.3.2 and 2.1.4.2 step by step, so that they share no code
//! with the makers.
//!
//! An inclusion proof binds leaf, index and root. It does not always bind the size: trees of several sizes
//! can have the same path for an early leaf, so the size must come from the signed checkpoint.

use thiserror::Error;

use super::tiles::{TileError, TileSource, range_root};
use super::tree::{SIZE_MAX, TreeHash, empty_root, node_hash};

/// Longest possible inclusion proof, one hash for each level of the largest tree.
pub const INCLUSION_LEN_MAX: usize = 63;

/// Why a proof cannot be made or does not hold.
#[derive(Debug, Error)]
pub enum ProofError {
    /// No tree has this size.
    #[error("tree size {size} is beyond the largest size {SIZE_MAX}")]
    SizeTooLarge {
        /// The size given.
        size: u64,
    },
    /// The index is not in the tree.
    #[error("index {index} is not in a tree of {size} leaves")]
    IndexOutsideTree {
        /// The index given.
        index: u64,
        /// The size given.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("old tree size {old} is above new tree size {new}")]
    SizesReversed {
        /// Size of the older tree.
        old: u64,
        /// Size of the newer tree.
        new: u64,
    },
    /// The proof has more or fewer hashes than these numbers need.
    #[error("proof has {found} hashes, which does not fit its index and sizes")]
    WrongLength {
        /// Hashes given.
        found: usize,
    },
    /// The proof leads to another root than the trusted one.
    #[error("proof does not lead to the root of the tree of {size} leaves")]
    RootDiffers {
        /// Size of the (newer) tree.
        size: u64,
    },
    /// The consistency proof does not contain the older tree.
    #[error("proof does not lead to the root of the old tree of {size} leaves")]
    OldRootDiffers {
        /// Size of the older tree.
        size: u64,
    },
    /// The stored tree could not be read.
    #[error(transparent)]
    Tiles(#[from] TileError),
}

/// Proof that the leaf at `index` is in the tree of `size` leaves, from the leaf's sibling upwards.
pub fn inclusion_proof<S: TileSource + ?Sized>(source: &S, index: u64, size: u64) -> Result<Vec<TreeHash>, ProofError> {
    check_index(index, size)?;
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let split = start + split_point(end - start);
        if index < split {
            path.push(range_root(source, split, end)?);
            end = split;
        } else {
            path.push(range_root(source, start, split)?);
            start = split;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proof that the tree of `new` leaves begins with the tree of `old` leaves. Empty when the sizes are equal
/// or the old tree is empty.
pub fn consistency_proof<S: TileSource + ?Sized>(source: &S, old: u64, new: u64) -> Result<Vec<TreeHash>, ProofError> {
    check_sizes(old, new)?;
    if old == 0 {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, new);
    let mut path = Vec::new();
    while end != old {
        let split = start + split_point(end - start);
        if old <= split {
            path.push(range_root(source, split, end)?);
            end = split;
        } else {
            path.push(range_root(source, start, split)?);
            start = split;
        }
    }
    // The last range is the old tree itself (whose root the checker has) unless it begins further right.
    if start > 0 {
        path.push(range_root(source, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is at `index` in the tree of `size` leaves with this `root`. Source: RFC 9162 section
/// 2.1.3.2.
pub fn verify_inclusion(leaf: &TreeHash, index: u64, size: u64, path: &[TreeHash], root: &TreeHash) -> Result<(), ProofError> {
    check_index(index, size)?;
    let wrong_length = ProofError::WrongLength { found: path.len() };
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(wrong_length);
        }
        if is_odd(node) || node == last {
            hash = node_hash(sibling, &hash);
            (node, last) = skip_levels_without_sibling(node, last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::RootDiffers { size }) }
}

/// Checks that the tree of `new` leaves with `new_root` begins with the tree of `old` leaves with
/// `old_root`. Source: RFC 9162 section 2.1.4.2; for an empty old tree only its fixed root and an empty
/// proof are accepted.
pub fn verify_consistency(old: u64, new: u64, old_root: &TreeHash, new_root: &TreeHash, path: &[TreeHash]) -> Result<(), ProofError> {
    check_sizes(old, new)?;
    let wrong_length = ProofError::WrongLength { found: path.len() };
    if old == 0 || old == new {
        return verify_trivial_consistency(old, new, old_root, new_root, path);
    }
    // When the old tree is a complete subtree of the new one, its root is the start and is not sent.
    let (first, rest) = match path.split_first() {
        Some((_, _)) if old.is_power_of_two() => (*old_root, path),
        Some((first, rest)) => (*first, rest),
        None => return Err(wrong_length),
    };
    let below = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> below, (new - 1) >> below);
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if is_odd(node) || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            (node, last) = skip_levels_without_sibling(node, last);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if old_hash != *old_root {
        return Err(ProofError::OldRootDiffers { size: old });
    }
    if new_hash == *new_root { Ok(()) } else { Err(ProofError::RootDiffers { size: new }) }
}

/// The two cases that need no hashes: nothing before, or nothing added.
fn verify_trivial_consistency(old: u64, new: u64, old_root: &TreeHash, new_root: &TreeHash, path: &[TreeHash]) -> Result<(), ProofError> {
    if !path.is_empty() {
        return Err(ProofError::WrongLength { found: path.len() });
    }
    if old == 0 && *old_root != empty_root() {
        return Err(ProofError::OldRootDiffers { size: old });
    }
    if old == new && old_root != new_root {
        return Err(ProofError::RootDiffers { size: new });
    }
    Ok(())
}

/// At the right edge a node without a sibling stands for its parent: go up until it is a right child, or
/// the only node.
const fn skip_levels_without_sibling(mut node: u64, mut last: u64) -> (u64, u64) {
    while !is_odd(node) && node != 0 {
        (node, last) = (node >> 1, last >> 1);
    }
    (node, last)
}

const fn is_odd(number: u64) -> bool {
    number & 1 == 1
}

/// Leaves in the left part of a tree of `size` > 1: the largest power of two below it.
const fn split_point(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

fn check_index(index: u64, size: u64) -> Result<(), ProofError> {
    if size > SIZE_MAX {
        return Err(ProofError::SizeTooLarge { size });
    }
    if index < size { Ok(()) } else { Err(ProofError::IndexOutsideTree { index, size }) }
}

fn check_sizes(old: u64, new: u64) -> Result<(), ProofError> {
    if new > SIZE_MAX {
        return Err(ProofError::SizeTooLarge { size: new });
    }
    if old <= new { Ok(()) } else { Err(ProofError::SizesReversed { old, new }) }
}
