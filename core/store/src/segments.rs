//! The log of record: append-only segment files, written by one process, read by any.
//!
//! `DIR/<first position, 20 digits>.seg` holds records one after another, zeroes behind the last; `.idx` beside a sealed segment is its
//! sidecar (sparse index, chain at both ends, SHA-256 of the segment), which can always be made again from the segment.
//!
//! **Record** = [`Envelope`] (64 bytes) + body (at most [`BODY_BYTES_MAX`]). Integers are little-endian.
//! `magic u16 | format version u8 | kind u8 | body length u32 | epoch u32 | chain before 32 | mac 16 | crc32c u32`; the CRC covers the
//! envelope (its own field zero) and the body. The mac is the caller's: this crate stores it and never checks it.
//! **Body of a batch** = `first position u64 | base ms i64 | frames`; a frame is one commit: `word u32 | crc32c u32 | bytes`, the word
//! holding the number of events (bits 20..30), the length (bits 0..19) and a reserved bit 31; the CRC covers word and bytes. **Body of an epoch record**: opaque.
//!
//! **Chain**: `chain after = SHA-256(chain before || SHA-256(body))` for batches. An epoch record names the running chain and takes no
//! position and no place in the chain, so that each position has one chain value.
//!
//! Invariants: [`SegmentLog::append`] returns `Ok` only after the record is synced; what is synced is never overwritten; after a failed
//! sync nothing more is written; opening cuts off a torn tail (a last append that was never acknowledged) and refuses everything else
//! that does not fit. Start at [`SegmentLog`] to write and [`SegmentReader`] to read.

mod backup;
mod body;
mod log;
mod marks;
mod prepare;
mod reader;
mod record;
mod recover;
mod scan;
mod sidecar;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

pub use self::backup::{SegmentFile, list_files, verify_file};
pub use self::body::{BODY_HEAD_BYTES, Body, BodyBuilder, FRAME_BYTES_MAX, FRAME_EVENTS_MAX, FRAME_HEAD_BYTES, Frame, Frames};
pub use self::log::{AppendFault, OpenReport, SegmentLog, SegmentOptions, TornTail};
pub use self::reader::{EventFrame, LoggedRecord, SegmentReader};
pub use self::record::{ENVELOPE_BYTES, Envelope, Record, RecordKind, chain_after};

/// Longest body of a record. Unit: bytes.
pub const BODY_BYTES_MAX: usize = 512 * 1024;

/// Why the log cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum SegmentFault {
    /// Another process (or another handle of this one) writes this log.
    #[error("the log at {dir} is locked by another writer")]
    Locked {
        /// The log's folder.
        dir: PathBuf,
    },
    /// The files are not an unbroken log. Nothing was changed; restore the segment from a backup or a peer.
    #[error("segment {segment} is damaged at byte {offset}: {what}")]
    Damaged {
        /// Name of the segment file.
        segment: String,
        /// Where in the file. Unit: bytes.
        offset: u64,
        /// What does not fit.
        what: String,
    },
    /// A read asked for a position that is not in the log.
    #[error("position {position} is not in the log, which ends at {end}")]
    OutOfRange {
        /// What was asked for.
        position: u64,
        /// Position after the last event.
        end: u64,
    },
    /// The disk has no room for a segment.
    #[error("no room for a segment of the log")]
    Full,
    /// A file operation failed.
    #[error("{step} {path}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
