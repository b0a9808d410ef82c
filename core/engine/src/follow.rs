//! The threads that follow: index and tree with checkpoints, and the flushing of derived rows.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zhixin_store::table::Table;

use crate::answer::Unavailable;
use crate::appender::log_chain;
use crate::derived::{Derived, DerivedFault};
use crate::handle::EngineHandle;
use crate::log::LogReader;
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::publisher::Publisher;

/// Derived rows in memory that make a flush due before its time. Unit: bytes.
const FLUSH_BYTES: usize = 64 << 20;
/// How often derived rows are flushed at the latest.
const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// How long events gather before they are indexed while many come, unless somebody waits for them. Why: all that is published at once
/// shares the way down to the changed rows, and the log is read once for it.
const GATHER: Duration = Duration::from_millis(5);
/// Many: so many events indexed at once, or gathered, make the next ones gather.
const MANY: u64 = 16;
/// How long the follower waits for new events before it looks whether to end.
const FOLLOW_WAIT: Duration = Duration::from_millis(100);

/// Follows the log with index and tree, and publishes checkpoints.
pub(crate) struct Follower {
    pub(crate) derived: Derived,
    pub(crate) reader: Arc<dyn LogReader>,
    pub(crate) indexed: Arc<Progress>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) stopping: Arc<AtomicBool>,
    pub(crate) publish_every: Duration,
}

impl Follower {
    pub(crate) fn run(mut self) {
        let mut pause = Pause::new(self.publish_every);
        self.publisher.publish(self.derived.tree());
        let mut indexed_last = 0;
        loop {
            let stopping = self.stopping.load(Ordering::SeqCst);
            let from = self.derived.reached();
            if self.reader.wait_beyond(from, FOLLOW_WAIT) > from && indexed_last >= MANY && !stopping {
                self.indexed.wait_awaited(GATHER);
            }
            let indexed = Arc::clone(&self.indexed);
            let outcome = self.derived.catch_up(self.reader.as_ref(), &mut |derived| {
                indexed.advance(derived.published());
                if pause.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            self.indexed.advance(self.derived.published());
            indexed_last = self.derived.reached() - from;
            if let Err(fault) = outcome {
                // The log is right and the rows are not: nothing that reads them goes on until a restart makes them anew. Deciding reads them.
                tracing::error!(fault = %log_chain(&fault), runbook = "derived", "index and tree cannot follow the log; writing stops");
                self.pipeline.failed(Unavailable::Storage, true);
                return;
            }
            let caught_up = self.derived.reached() >= self.reader.end();
            if pause.is_over() || (stopping && caught_up) {
                self.publisher.publish(self.derived.tree());
                pause.restart();
            }
            if stopping && caught_up {
                return;
            }
        }
    }
}

/// Says when a while is over.
struct Pause {
    length: Duration,
    since: std::time::Instant,
}

impl Pause {
    fn new(length: Duration) -> Self {
        Self { length, since: std::time::Instant::now() }
    }
    fn is_over(&self) -> bool {
        self.since.elapsed() >= self.length
    }
    fn restart(&mut self) {
        *self = Self::new(self.length);
    }
}

/// Writes derived rows to their stores now and then.
pub(crate) struct Flusher {
    pub(crate) tables: Vec<Arc<Table>>,
    pub(crate) handle: EngineHandle,
    pub(crate) stopping: Arc<AtomicBool>,
}

impl Flusher {
    pub(crate) fn run(self) {
        let mut pause = Pause::new(FLUSH_EVERY);
        let mut ended = false;
        while !ended {
            ended = self.stopping.load(Ordering::SeqCst);
            std::thread::park_timeout(FOLLOW_WAIT);
            let due = pause.is_over() || ended || self.tables.iter().any(|table| table.unflushed_bytes() >= FLUSH_BYTES);
            if !due {
                continue;
            }
            // Each, whatever becomes of the others.
            let tables = self.tables.iter().map(|table| table.flush().map_err(DerivedFault::from));
            let outcomes = tables.chain(std::iter::once_with(|| self.handle.read_log().flush()));
            for fault in outcomes.filter_map(Result::err) {
                tracing::error!(fault = %log_chain(&fault), runbook = "derived", "derived rows could not be flushed; they stay in memory");
            }
            pause.restart();
        }
    }
}
