//! Entry bundles: up to 256 entries, each behind its length as a big-endian 16-bit number.
//!
//! Source: C2SP tlog-tiles, "Log entries".

use thiserror::Error;

use super::path::TILE_WIDTH;
use super::tree::{TreeHash, leaf_hash};

/// Why entries cannot be bundled, or bytes are not the bundle asked for.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum BundleError {
    /// A bundle holds 1 to 256 entries.
    #[error("a bundle of {count} entries was asked for; a bundle holds 1 to {TILE_WIDTH}")]
    BadCount {
        /// Entries given or expected.
        count: usize,
    },
    /// The length of an entry must fit 16 bits.
    #[error("entry {entry} of the bundle has {len} bytes, more than 65535")]
    EntryTooLong {
        /// Number of the entry within the bundle.
        entry: usize,
        /// Its length in bytes.
        len: usize,
    },
    /// The bytes end inside an entry or its length.
    #[error("bundle ends within entry {entry} of {expected}")]
    Truncated {
        /// Number of the entry within the bundle.
        entry: usize,
        /// Entries expected.
        expected: usize,
    },
    /// Bytes follow the last entry.
    #[error("bundle has {surplus} bytes after its last entry")]
    SurplusBytes {
        /// How many.
        surplus: usize,
    },
    /// An entry does not hash to its place in the tree.
    #[error("entry {entry} of the bundle does not hash to its leaf")]
    LeafDiffers {
        /// Number of the entry within the bundle.
        entry: usize,
    },
}

/// Writes 1 to 256 entries as a bundle.
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    check_count(entries.len())?;
    let mut bundle = Vec::new();
    for (entry, bytes) in entries.iter().map(AsRef::as_ref).enumerate() {
        let len = u16::try_from(bytes.len()).map_err(|_| BundleError::EntryTooLong { entry, len: bytes.len() })?;
        bundle.extend_from_slice(&len.to_be_bytes());
        bundle.extend_from_slice(bytes);
    }
    Ok(bundle)
}

/// Reads a bundle that must hold exactly `count` entries.
pub fn decode_bundle(bytes: &[u8], count: usize) -> Result<Vec<&[u8]>, BundleError> {
    check_count(count)?;
    let mut entries = Vec::with_capacity(count);
    let mut rest = bytes;
    for entry in 0..count {
        let truncated = BundleError::Truncated { entry, expected: count };
        let (len, tail) = rest.split_first_chunk::<2>().ok_or(truncated)?;
        let (bytes, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*len))).ok_or(truncated)?;
        entries.push(bytes);
        rest = tail;
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::SurplusBytes { surplus: rest.len() }) }
}

/// Reads a bundle and checks every entry against its leaf hash; a tile alone says nothing about entries.
pub fn check_bundle<'b>(bytes: &'b [u8], leaves: &[TreeHash]) -> Result<Vec<&'b [u8]>, BundleError> {
    let entries = decode_bundle(bytes, leaves.len())?;
    match entries.iter().zip(leaves).position(|(entry, leaf)| leaf_hash(entry) != *leaf) {
        Some(entry) => Err(BundleError::LeafDiffers { entry }),
        None => Ok(entries),
    }
}

fn check_count(count: usize) -> Result<(), BundleError> {
    if (1..=usize::from(TILE_WIDTH)).contains(&count) { Ok(()) } else { Err(BundleError::BadCount { count }) }
}
