//! A log that is watched from outside, and that fails when it is told to.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zhixin_engine::log::{AppendFault, EpochRecord, EventLog, LogFault, LogHead, LogKey, LogPurpose, LogReader};
use zhixin_store::feed::{Batch, Feed, FeedFault};
use zhixin_store::segments::EventFrame;

/// What is seen and told.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Events whose commits were read alone.
    pub(crate) read: Mutex<Vec<u64>>,
    /// Single commits cannot be read.
    pub(crate) no_frames: AtomicBool,
    /// The next scan fails, if it has anything to read.
    pub(crate) fail_once: AtomicBool,
    /// The thread of this name panics when it next appends or scans.
    pub(crate) panics_in: Mutex<Option<&'static str>>,
}

impl Watch {
    fn meet(&self) {
        let meant = *self.panics_in.lock().unwrap();
        assert!(meant.is_none() || std::thread::current().name() != meant, "a broken invariant, for this test");
    }
}

/// The log.
#[derive(Debug)]
pub(crate) struct Watched {
    log: Box<dyn EventLog>,
    watch: Arc<Watch>,
}

impl Watched {
    pub(crate) fn over(log: impl EventLog + 'static, watch: &Arc<Watch>) -> Box<dyn EventLog> {
        Box::new(Self { log: Box::new(log), watch: Arc::clone(watch) })
    }
}

struct WatchedReader {
    reader: Arc<dyn LogReader>,
    watch: Arc<Watch>,
}

impl EventLog for Watched {
    fn head(&self) -> LogHead {
        self.log.head()
    }
    fn purpose(&self) -> LogPurpose {
        self.log.purpose()
    }
    fn append(&mut self, body: &[u8]) -> Result<LogHead, AppendFault> {
        self.watch.meet();
        self.log.append(body)
    }
    fn recover(&mut self) -> Result<LogHead, LogFault> {
        self.log.recover()
    }
    fn feed(&self) -> Arc<dyn LogReader> {
        Arc::new(WatchedReader { reader: self.log.feed(), watch: Arc::clone(&self.watch) })
    }
}

impl Feed for WatchedReader {
    fn end(&self) -> u64 {
        self.reader.end()
    }
    fn read(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault> {
        self.watch.meet();
        // Only where there is something to read: what looks whether there is anything must not use the fault up.
        if from < self.end() && self.watch.fail_once.swap(false, Ordering::SeqCst) {
            return Err(FeedFault::Source { position: from, source: "for this test".into() });
        }
        self.reader.read(from, on_batch)
    }
    fn wait_beyond(&self, position: u64, timeout: Duration) -> u64 {
        self.reader.wait_beyond(position, timeout)
    }
}

impl LogReader for WatchedReader {
    fn frame_at(&self, position: u64) -> Result<EventFrame, LogFault> {
        self.watch.read.lock().unwrap().push(position);
        if self.watch.no_frames.load(Ordering::SeqCst) { Err(LogFault::Forged { position }) } else { self.reader.frame_at(position) }
    }
    fn epochs(&self) -> Result<Vec<EpochRecord>, LogFault> {
        self.reader.epochs()
    }
    fn check(&self, key: &LogKey, on_progress: &mut dyn FnMut(u64)) -> Result<LogHead, LogFault> {
        self.reader.check(key, on_progress)
    }
}
