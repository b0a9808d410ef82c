//! The event log: strictly ordered batches, one writer at a time fenced by epochs, and what a writer may believe after a failure.
//!
//! Contract of [`EventLog`], the same for every backend and checked by [`conformance`]: an append succeeds only on the head that the writer
//! holds; after `Ok` it is durable; a deposed writer gets `Fenced`; after `Unknown` nothing is certain until [`EventLog::recover`] has read
//! back; a reader sees valid batches only, in order, without gap or repeat.
//! A record is valid when its MAC verifies under the log's key and it continues the chain.

pub mod conformance;
mod embedded;
mod memory;

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zhixin_store::feed::Feed;
use zhixin_store::segments::{EventFrame, SegmentFault};

pub use embedded::{EmbeddedLog, Writer, genesis, open_reader};
pub use memory::{MemoryBackend, MemoryLog, Trouble};

/// Identifies a log for its whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogId(pub [u8; 16]);

impl LogId {
    /// The chain before the first batch.
    pub fn chain_origin(&self) -> [u8; 32] {
        zhixin_events::digest::sha256(&[&self.0])
    }
}

impl std::fmt::Display for LogId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a log is for; the genesis record says it, and it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum LogPurpose {
    /// Seeded randomness and a simulated clock; can never become production.
    Demo,
    /// The real thing.
    Production,
}

impl From<LogPurpose> for u8 {
    fn from(purpose: LogPurpose) -> Self {
        match purpose {
            LogPurpose::Demo => 1,
            LogPurpose::Production => 2,
        }
    }
}

impl TryFrom<u8> for LogPurpose {
    type Error = &'static str;
    fn try_from(code: u8) -> Result<Self, Self::Error> {
        match code {
            1 => Ok(Self::Demo),
            2 => Ok(Self::Production),
            _ => Err("unknown purpose of a log"),
        }
    }
}

/// Body of an epoch record: who writes from here on. An event's code version is its epoch's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The log.
    pub log_id: LogId,
    /// The epoch, from 1; the first record of a log is its genesis.
    pub epoch: u32,
    /// What the log is for.
    pub purpose: LogPurpose,
    /// The node that writes.
    pub node: String,
    /// Version of the code that writes.
    pub code_version: String,
    /// When the epoch began. Unit: milliseconds since 1970-01-01 UTC.
    pub started_at_ms: i64,
}

/// Where a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// Position of the next event.
    pub next_position: u64,
    /// Chain after the last batch.
    pub chain: [u8; 32],
    /// The epoch in force.
    pub epoch: u32,
}

/// Authenticates records under the log's key.
#[derive(Clone)]
pub struct LogKey {
    log_id: LogId,
    key: [u8; 32],
}

impl std::fmt::Debug for LogKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogKey({})", self.log_id)
    }
}

impl LogKey {
    /// The key of a log.
    pub const fn new(log_id: LogId, key: [u8; 32]) -> Self {
        Self { log_id, key }
    }
    /// The log.
    pub const fn log_id(&self) -> LogId {
        self.log_id
    }
    /// `HMAC-SHA256(key, "zx-batch" || log id || epoch || chain before || SHA-256(body))`, cut to 16 bytes.
    pub fn mac(&self, epoch: u32, chain_before: &[u8; 32], body_hash: &[u8; 32]) -> [u8; 16] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { zhixin_events::invariant!("HMAC takes a key of any length") };
        for part in [b"zx-batch".as_slice(), &self.log_id.0, &epoch.to_le_bytes(), chain_before, body_hash] {
            mac.update(part);
        }
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        full.first_chunk().copied().unwrap_or_default()
    }
}

/// Why a log cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// The files are damaged, locked or cannot be read.
    #[error("the segment files of the log")]
    Segments(#[from] SegmentFault),
    /// A record was not written by this log's writer.
    #[error("the record before position {position} does not carry the log's MAC")]
    Forged {
        /// Where it stands.
        position: u64,
    },
    /// The log is another one than the vault belongs to.
    #[error("the log is {found}, the vault belongs to {expected}")]
    AnotherLog {
        /// What the vault says.
        expected: LogId,
        /// What the genesis record says.
        found: LogId,
    },
    /// A demo log cannot become production, nor the other way round.
    #[error("the log was made for {found:?} and cannot be opened for {expected:?}")]
    AnotherPurpose {
        /// What the caller wants.
        expected: LogPurpose,
        /// What the genesis record says.
        found: LogPurpose,
    },
    /// An epoch record does not decode.
    #[error("the record of epoch {epoch} does not decode")]
    Epoch {
        /// The epoch.
        epoch: u32,
    },
    /// Another writer has taken a newer epoch.
    #[error("another writer holds epoch {epoch}")]
    Fenced {
        /// The newer epoch.
        epoch: u32,
    },
    /// The log has no room left.
    #[error("no room for the log to grow")]
    Full,
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendFault {
    /// No room; nothing was written, the log stays open.
    #[error("no room for the log to grow")]
    Full,
    /// The world failed before anything was written; the log stays open.
    #[error("nothing could be written")]
    NotWritten(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Longer than a batch may be; nothing was written.
    #[error("the batch is longer than a batch may be")]
    TooLarge,
    /// The log does not end where the writer believes; nothing was written.
    #[error("the log does not end where the writer believes")]
    Conflict,
    /// Another writer has taken a newer epoch; nothing was written.
    #[error("another writer has taken a newer epoch")]
    Fenced,
    /// It may or may not be in the log: recover before believing either.
    #[error("whether the batch is in the log is not known")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AppendFault {
    /// Whether nothing was written and a later append may succeed.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Full | Self::NotWritten(_) | Self::TooLarge => true,
            Self::Conflict | Self::Fenced | Self::Unknown(_) => false,
        }
    }
}

/// One log, held by its writer.
pub trait EventLog: Send + std::fmt::Debug {
    /// Where the log ends, as the writer believes.
    fn head(&self) -> LogHead;
    /// What the genesis record says.
    fn purpose(&self) -> LogPurpose;
    /// Appends the body of a batch after the head. After `Ok` it is durable and the head has moved.
    ///
    /// # Errors
    /// Each variant says what may be believed.
    fn append(&mut self, body: &[u8]) -> Result<LogHead, AppendFault>;
    /// After `Unknown`: takes a new epoch and reads up to it, so that the batch is in the log or dead for good.
    ///
    /// # Errors
    /// The log cannot be read, or another writer holds it.
    fn recover(&mut self) -> Result<LogHead, LogFault>;
    /// A source of the durable batches: catch-up, then live tail.
    fn feed(&self) -> Arc<dyn LogReader>;
}

/// Reads a log from any thread.
pub trait LogReader: Feed {
    /// The commit that holds the event at a position.
    ///
    /// # Errors
    /// The position is beyond the end, or the commit is damaged.
    fn frame_at(&self, position: u64) -> Result<EventFrame, LogFault>;
    /// Says that the commits of these events are about to be read, so that a disk may fetch them all at once. A hint: nothing depends on it.
    fn will_read(&self, _positions: &[u64]) {}
    /// Every epoch record, oldest first.
    ///
    /// # Errors
    /// The log cannot be read.
    fn epochs(&self) -> Result<Vec<EpochRecord>, LogFault>;
    /// Checks the whole log, MACs included; calls back with each position reached.
    ///
    /// # Errors
    /// The first divergence.
    fn check(&self, key: &LogKey, progress: &mut dyn FnMut(u64)) -> Result<LogHead, LogFault>;
}
