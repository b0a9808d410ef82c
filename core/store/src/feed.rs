//! The feed: what derived state follows. Whole durable batches, in order, without knowledge of where they are kept.

use std::ops::ControlFlow;
use std::time::Duration;

/// One durable batch of the log.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The epoch whose writer appended it.
    pub epoch: u32,
    /// Position of its first event.
    pub first_position: u64,
    /// Position after its last event: where the next batch begins.
    pub next_position: u64,
    /// Base of the recorded-at times of its commits. Unit: milliseconds since 1970-01-01 UTC.
    pub base_ms: i64,
    /// The log's chain after this batch; with `next_position` it makes a [`crate::rows::Checkpoint`].
    pub chain_after: [u8; 32],
    /// The whole body; [`crate::segments::Body`] reads its frames.
    pub body: &'a [u8],
}

/// A source of durable batches.
pub trait Feed: Send + Sync {
    /// Position after the last durable event.
    fn end(&self) -> u64;

    /// Calls `on_batch` for every durable batch that holds `from` or stands after it, in order, until `Break` or the end.
    ///
    /// The first batch is yielded whole, so it may begin before `from`.
    fn read(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault>;

    /// Waits until the durable end is greater than `position`, at most `timeout`; returns the durable end either way.
    fn wait_beyond(&self, position: u64, timeout: Duration) -> u64;
}

/// Why a feed could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedFault {
    /// The log's files are damaged or cannot be read.
    #[error(transparent)]
    Log(#[from] crate::segments::SegmentFault),
    /// Another source failed.
    #[error("feed at position {position}")]
    Source {
        /// Where reading stopped.
        position: u64,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
