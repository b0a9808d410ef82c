//! What is known of the log's segments, shared by the writer and the readers of one process.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::SegmentFault;
use super::marks::Marks;
use super::scan::Running;

/// Distance between two entries of the sparse index. Unit: bytes.
pub(super) const INDEX_STEP_BYTES: u64 = 64 * 1024;
pub(super) const SEGMENT_SUFFIX: &str = "seg";

/// Where a record begins, and the position of the next event there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) position: u64,
    pub(super) offset: u64,
}

/// One segment, up to its last durable record.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) first_position: u64,
    pub(super) next_position: u64,
    pub(super) path: PathBuf,
    /// Bytes of durable records.
    pub(super) length: u64,
    pub(super) epoch: u32,
    pub(super) chain_before: Option<[u8; 32]>,
    pub(super) chain_after: Option<[u8; 32]>,
    pub(super) index: Vec<IndexEntry>,
    file: OnceLock<Arc<File>>,
}

impl Segment {
    /// An empty segment that continues a walk.
    pub(super) fn new(dir: &Path, running: &Running) -> Self {
        Self {
            first_position: running.position,
            next_position: running.position,
            path: segment_path(dir, running.position),
            length: 0,
            epoch: running.epoch.unwrap_or_default(),
            chain_before: running.chain,
            chain_after: running.chain,
            index: Vec::new(),
            file: OnceLock::new(),
        }
    }

    pub(super) fn with_file(self, file: Arc<File>) -> Self {
        Self { file: OnceLock::from(file), ..self }
    }

    /// The file, opened to read when first needed.
    pub(super) fn file(&self) -> Result<Arc<File>, SegmentFault> {
        if let Some(file) = self.file.get() {
            return Ok(Arc::clone(file));
        }
        let file = File::open(&self.path).map_err(io_fault("open", &self.path))?;
        Ok(Arc::clone(self.file.get_or_init(|| Arc::new(file))))
    }

    pub(super) fn sidecar_path(&self) -> PathBuf {
        self.path.with_extension("idx")
    }

    pub(super) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    pub(super) fn running(&self) -> Running {
        Running { position: self.next_position, chain: self.chain_after, epoch: Some(self.epoch) }
    }

    /// Takes in a record of `bytes` bytes at the end; `before` and `after` are the walk around it.
    pub(super) fn push(&mut self, bytes: u64, before: &Running, after: &Running, chain_before: [u8; 32]) {
        if self.index.last().is_none_or(|entry| self.length - entry.offset >= INDEX_STEP_BYTES) {
            self.index.push(IndexEntry { position: before.position, offset: self.length });
        }
        self.chain_before.get_or_insert(chain_before);
        self.length += bytes;
        self.next_position = after.position;
        self.chain_after = after.chain;
        self.epoch = after.epoch.unwrap_or(self.epoch);
    }

    pub(super) fn damaged(&self, offset: u64, what: impl Into<String>) -> SegmentFault {
        SegmentFault::Damaged { segment: self.name(), offset, what: what.into() }
    }
}

/// The file of the segment that begins at a position.
pub(super) fn segment_path(dir: &Path, first_position: u64) -> PathBuf {
    dir.join(format!("{first_position:020}.{SEGMENT_SUFFIX}"))
}

pub(super) fn io_fault(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SegmentFault {
    move |source| SegmentFault::Io { step, path: path.to_owned(), source }
}

/// The segments in order, the last being the active one; there is always at least one while a log is open to write.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) dir: PathBuf,
    segments: RwLock<Vec<Segment>>,
    /// Hints for point reads.
    pub(super) marks: Marks,
    end: Mutex<u64>,
    grown: Condvar,
    /// Whether the writer is in this process and announces what it appends.
    pub(super) has_writer: bool,
}

impl Shared {
    pub(super) fn new(dir: &Path, segments: Vec<Segment>, has_writer: bool) -> Self {
        let end = segments.last().map_or(0, |segment| segment.next_position);
        Self {
            dir: dir.to_owned(),
            segments: RwLock::new(segments),
            marks: Marks::default(),
            end: Mutex::new(end),
            grown: Condvar::new(),
            has_writer,
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Vec<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the segments, then tells whoever waits for the end to grow.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut RwLockWriteGuard<'_, Vec<Segment>>) -> R) -> R {
        let mut segments = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut segments);
        let end = segments.last().map_or(0, |segment| segment.next_position);
        drop(segments);
        *self.end() = end;
        self.grown.notify_all();
        outcome
    }

    pub(super) fn end(&self) -> MutexGuard<'_, u64> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the end is beyond `position`, at most `timeout`; returns the end.
    pub(super) fn wait_beyond(&self, position: u64, timeout: std::time::Duration) -> u64 {
        let waited = self.grown.wait_timeout_while(self.end(), timeout, |end| *end <= position);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
