//! Posting lists: growing lists of log positions, kept as rows in chunks of exactly [`CHUNK_ENTRIES`]. The positions that concern one subject,
//! say, in order: its ordinals are the list's indexes.
//!
//! **Keys**: `space byte, length of the list key (one byte), list key, chunk`. The length makes the list key self-delimiting: of two
//! different lists no prefix begins the other's, so chunks never interleave. The space byte is the caller's: all rows that begin with
//! it must be lists. A full chunk is its number (4 bytes, big-endian); the chunk being filled has the single byte 0xFF, which sorts after all.
//!
//! **Values**: a header that does not change while the chunk fills (entries before it), then delta-coded positions; so an append is a push at
//! the end, and rows depend on the sequence of appends alone.

mod positions;
#[cfg(test)]
mod tests;
mod varint;

pub use self::positions::PositionList;

/// Entries in a full chunk.
pub const CHUNK_ENTRIES: u64 = 128;
/// Longest key of a list. Unit: bytes.
pub const LIST_KEY_BYTES_MAX: usize = 255;

/// Chunk part of the key of the chunk being filled. No number or position in use begins with this byte.
const TAIL: u8 = 0xFF;

/// The part of a row's key that all chunks of a list share.
fn list_prefix(space: u8, key: &[u8]) -> Vec<u8> {
    let length = u8::try_from(key.len());
    assert!(length.is_ok(), "a list key has at most {LIST_KEY_BYTES_MAX} bytes, not {}", key.len());
    let mut prefix = Vec::with_capacity(key.len() + 10);
    prefix.push(space);
    prefix.extend(length);
    prefix.extend_from_slice(key);
    prefix
}

fn chunk_key(prefix: &[u8], chunk: &[u8]) -> Vec<u8> {
    [prefix, chunk].concat()
}
