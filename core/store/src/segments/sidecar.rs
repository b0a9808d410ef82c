//! The sidecar of a sealed segment. Derived: a missing or damaged one is made again from the segment.

use std::fs::File;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::body::{u32_at, u64_at};
use super::state::{IndexEntry, Segment};
use crate::files;

const MAGIC: &[u8; 8] = b"zx-idx-1";
const HEAD_BYTES: usize = 8 + 8 + 8 + 8 + 4 + 32 + 32 + 32;

/// What a sidecar says.
pub(super) struct Sidecar {
    pub(super) first_position: u64,
    pub(super) next_position: u64,
    /// Bytes of records in the segment.
    pub(super) length: u64,
    pub(super) epoch: u32,
    pub(super) chain_before: [u8; 32],
    pub(super) chain_after: [u8; 32],
    pub(super) sha256: [u8; 32],
    pub(super) index: Vec<IndexEntry>,
}

/// Writes the sidecar of a segment whose file holds nothing but its records.
pub(super) fn write(segment: &Segment, file: &File) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + segment.index.len() * 16 + 4);
    bytes.extend_from_slice(MAGIC);
    for number in [segment.first_position, segment.next_position, segment.length] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&segment.epoch.to_le_bytes());
    bytes.extend_from_slice(&segment.chain_before.unwrap_or_default());
    bytes.extend_from_slice(&segment.chain_after.unwrap_or_default());
    bytes.extend_from_slice(&hash_file(file)?);
    for entry in &segment.index {
        bytes.extend_from_slice(&entry.position.to_le_bytes());
        bytes.extend_from_slice(&entry.offset.to_le_bytes());
    }
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    files::replace(&segment.sidecar_path(), &bytes)
}

/// Reads a sidecar; `None` if it is missing or damaged.
pub(super) fn read(path: &Path) -> Option<Sidecar> {
    let bytes = std::fs::read(path).ok()?;
    let (content, crc) = bytes.split_last_chunk::<4>()?;
    let whole = content.len() >= HEAD_BYTES && content.starts_with(MAGIC) && (content.len() - HEAD_BYTES).is_multiple_of(16);
    if !whole || crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
        return None;
    }
    let hash_at = |at: usize| <[u8; 32]>::try_from(&content[at..at + 32]).ok();
    let entries = content[HEAD_BYTES..].chunks_exact(16);
    Some(Sidecar {
        first_position: u64_at(content, 8),
        next_position: u64_at(content, 16),
        length: u64_at(content, 24),
        epoch: u32_at(content, 32),
        chain_before: hash_at(36)?,
        chain_after: hash_at(68)?,
        sha256: hash_at(100)?,
        index: entries.map(|entry| IndexEntry { position: u64_at(entry, 0), offset: u64_at(entry, 8) }).collect(),
    })
}

/// SHA-256 of a whole file.
pub(super) fn hash_file(file: &File) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut offset = 0;
    loop {
        let read = files::read_at(file, &mut buffer, offset)?;
        if read == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&buffer[..read]);
        offset += read as u64;
    }
}
